"""Network files with symbols for the tests of this storey, and what they are at values of the symbols."""

import copy
import random
from collections.abc import Iterator
from fractions import Fraction

from tests.examples import network, samples
from tests.kernel.corruption import Json

F = Fraction
FOUR = network([1, 2, 1], "relu", samples([0, 1, 2, 3], [0, 0, 0, "1/2 + a"]), "1/2", symbols={"a": [0, 1]})
ONE = network([1, 1, 1], "relu", samples([1], ["a"]), bias=False, symbols={"a": [1, 2]})
SIDED = network([1, 1, 1], "relu", samples([1], ["a - b"]), bias=False, symbols={"a": [0, 1], "b": [0, 1]}) | {
    "where": ["a - b"]
}


def at(document: Json, values: dict[str, Fraction]) -> Json:
    """The network file with these values of the symbols; labels are sums of terms "q s" with signs between."""
    new = {key: copy.deepcopy(value) for key, value in document.items() if key not in ("symbols", "where")}
    for each in new["data"]:
        each["y"] = [str(evaluated(str(each["y"][0]), values))]
    return new


def evaluated(text: str, values: dict[str, Fraction]) -> Fraction:
    """An affine text at values of the symbols."""
    total, sign = F(0), 1
    term: list[Fraction] = []
    for word in [*text.replace("+", " + ").replace("-", " - ").split(), "+"]:
        if word in "+-":
            if term:
                product = F(1)
                for x in term:
                    product *= x
                total += sign * product
            sign, term = (1 if word == "+" else -1), []
        else:
            term.append(values[word] if word in values else F(word))
    return total


def drawn(document: Json, count: int) -> Iterator[dict[str, Fraction]]:
    """Values of the symbols in the domain, their ends too."""
    rng = random.Random(1)
    while count:
        values = {
            name: F(low) + (F(high) - F(low)) * rng.choice([F(0), F(1), F(rng.randint(0, 100), 100)])
            for name, (low, high) in document["symbols"].items()
        }
        if all(evaluated(side, values) > 0 for side in document.get("where", [])):
            count -= 1
            yield values
