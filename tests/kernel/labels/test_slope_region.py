"""The rule `slope_region`: Theorem 1 for all slopes that symbols stand for; checked at many of them."""

import json
import random
from fractions import Fraction

import pytest

import symverify
from symverify.kernel.core.errors import Malformed
from symverify.problem.load import loads
from symverify.report.claims import lines
from symverify.run.verdict import Verdict
from tests.examples import network, samples
from tests.kernel.accepted import case, claim
from tests.kernel.corruption import Json
from tests.kernel.labels.made import evaluated
from tests.kernel.rules import check_step, of, suite

F = Fraction
FIT = ["-1/5", "1/10", "2/5", "7/10"]
STEP: Json = {"rule": "slope_region", "kink": "2", "fit": FIT}


def four(slopes: Json, symbols: Json, **more: Json) -> Json:
    """Four points under an activation of these slopes."""
    h = {"breakpoints": [1], "slopes": slopes, "anchor": [1, 3]}
    return network([1, 2, 1], h, samples([0, 1, 2, 3], [0, 0, 0, 1]), "1/2", symbols=symbols) | more


BOTH = four(["a", "b"], {"a": [-2, 2], "b": [-2, 2]})
ONE = four(["1/2 a", 1], {"a": [0, 1]})
SIDED = four(["a", "a + b"], {"a": [0, 1], "b": [-1, 1]}, where=["b"])
NEGATIVE = four(["a", {"1": 1, "a": -1}], {"a": ["3/4", 1]})


def proved(document: Json, domain: str, better: str, **more: Json) -> Json:
    """The control with this statement."""
    return case(
        document,
        [STEP | more],
        claim("spurious_for_all", 0, domain=domain, risk="3/20", kink="2", better_formula=better),
    )


CONTROLS = {
    "both": proved(BOTH, "a in [-2, 2], b in [-2, 2] with a - b != 0",
                   "3/20 - 9/50 (a - b)^2 / (11 a^2 + 6 a b + 3 b^2)"),
    "one": proved(ONE, "a in [0, 1]", "3/20 - 9/50 (1 - 1/2 a)^2 / (3 + 3 a + 11/4 a^2)"),
    "equal at one end": proved(four(["a", 1], {"a": [0, 1]}), "a in [0, 1] with 1 - a != 0",
                               "3/20 - 9/50 (1 - a)^2 / (3 + 6 a + 11 a^2)"),
    "a side condition": proved(SIDED, "a in [0, 1], b in [-1, 1] with b > 0",
                               "3/20 - 9/50 (b)^2 / (20 a^2 + 12 a b + 3 b^2)", weights=["1"]),
    "apart": proved(NEGATIVE, "a in [3/4, 1]", "3/20 - 9/50 (1 - 2 a)^2 / (3 + 8 a^2)"),
}  # fmt: skip
CORRUPTIONS = of("both", [
    ("no affine fit", "steps[0].fit", ["0", "0", "0", "1"], "Rejected", "is not the best affine fit"),
    ("after all", "steps[0].kink", "3", "Rejected", "gains nothing"),
    ("no kink", "steps[0].kink", ..., "Malformed", "is missing"),
    ("everywhere", "claims[0].domain", "a in [-2, 2], b in [-2, 2]", "Rejected", "with a - b != 0'"),
    ("more", "claims[0].better_formula", "3/20", "Rejected", "claimed '3/20', proved"),
    ("the rule about labels", "steps[0]", {"rule": "spurious_region", "form": [1, 0, -3, 2]}, "Rejected",
     "spurious_region: is not a rule for the squared loss"),
]) + of("a side condition", [
    ("no weights", "steps[0].weights", ..., "Rejected", "with b > 0 and b != 0'"),
    ("a negative weight", "steps[0].weights", ["-1"], "Rejected", "must not be negative"),
    ("too many", "steps[0].weights", ["1", "1"], "Rejected", "more weights than there are side conditions"),
]) + of("one", [
    ("another domain", "claims[0].domain", "a in [0, 2]", "Rejected", "proved 'a in [0, 1]'"),
    ("the rule about one activation", "steps[0].rule", "every_slope", "Rejected", "is not a rule for the squared loss"),
])  # fmt: skip
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


@pytest.mark.parametrize("document", [BOTH, ONE, SIDED, NEGATIVE])
def test_the_better_risk_is_that_of_a_network(document: Json) -> None:
    """At values of the symbols: the best v and c of f + v h(x − 2) + c by least squares, for these labels."""
    found = symverify.check(loads(json.dumps(document)), ["spurious_for_all"], smt=False)["spurious_for_all"]
    start, _, rest = str(found.statement["better_formula"]).partition(" - ")
    top, _, below = rest.partition("^2 / ")
    gain, _, bend = top.partition(" ")
    rng = random.Random(1)
    for _ in range(20):
        values = {name: F(rng.randint(-8, 8), 4) for name in document["symbols"]}
        a, b = (slope(each, values) for each in document["activation"]["slopes"])
        if a == b:
            continue
        h = [a * min(x - 2, 0) + b * max(x - 2, 0) for x in range(4)]
        bent = [x - sum(h) / 4 for x in h]
        e = [F(f) - y for f, y in zip(FIT, (0, 0, 0, 1), strict=True)]
        v = -sum(x * y for x, y in zip(e, bent, strict=True)) / sum(x * x for x in bent)
        risk = sum((x + v * y) ** 2 for x, y in zip(e, bent, strict=True)) / 2
        assert risk == F(start) - F(gain) * evaluated(bend.strip("()"), values) ** 2 / quadratic(
            below.strip("()"), values
        )


def slope(text: Json, values: dict[str, Fraction]) -> Fraction:
    """A slope of a file at values of the symbols."""
    if isinstance(text, dict):
        return sum((F(x) * values.get(name, F(1)) for name, x in text.items()), F(0))
    return evaluated(str(text), values)


def quadratic(text: str, values: dict[str, Fraction]) -> Fraction:
    """The same of a quadratic polynomial."""
    squares = {f"{name}^2": x * x for name, x in values.items()}
    return evaluated(text, values | squares)


def test_its_words() -> None:
    result = symverify.check(loads(json.dumps(BOTH)), smt=False)
    assert result["spurious_for_all"].verdict is Verdict.PROVED
    told = "with an activation of slopes a and b, left and right of its one breakpoint, a local minimum"
    assert told in lines(result, result.claims[0])[0]


@pytest.mark.parametrize(("change", "reason"), [
    ({"layers": [1, 1, 1]}, "needs one input, one hidden layer of two or more units"),
    ({"bias": {"hidden": True, "output": False}}, "needs all biases"),
    ({"loss": "huber"}, "is not a rule for the huber loss"),
    ({"layers": [1, 2, 2, 1]}, "is not a rule for the squared loss"),
    ({"activation": {"breakpoints": [1], "slopes": ["a", "a"], "anchor": [0, 0]}}, "the two slopes are the same"),
])  # fmt: skip
def test_refused(change: Json, reason: str) -> None:
    check_step(BOTH | change, [STEP], reason)


@pytest.mark.parametrize(("document", "reason"), [
    (four(["a", "c"], {"a": [0, 1]}), "activation.slopes[1]: unknown symbol 'c'"),
    (four(["a"], {"a": [0, 1]}), "expected 2 slopes, got 1"),
    (four(["a", 1, 2], {"a": [0, 1]}), "expected 2 slopes, got 3"),
    (four(["a a", 1], {"a": [0, 1]}), "expected an affine expression"),
    (four([0, 1], {"a": [0, 1]}) | {"data": samples([0, 1], ["b", 0])}, "unknown symbol 'b'"),
    (four(["a", 1], {"a": [0, 1]}) | {"data": samples([0, 1], ["a", 0])}, "either the labels or the slopes"),
    (four(["a", 1], {"a": [0, 1]}) | {"activation": {"breakpoints": [], "slopes": ["a", 1], "anchor": [0, 0]}},
     "expected 1, one more than breakpoints, got 2"),
])  # fmt: skip
def test_malformed(document: Json, reason: str) -> None:
    with pytest.raises(Malformed) as caught:
        loads(json.dumps(document))
    assert reason in str(caught.value)


def test_other_claims_are_refused_with_the_reason() -> None:
    found = symverify.check(loads(json.dumps(BOTH)), ["minimum_for_all", "point"], smt=False)
    assert "with slopes as symbols there is spurious_for_all only" in found["minimum_for_all"].reason
    assert "claims for it: spurious_for_all" in found["point"].reason
