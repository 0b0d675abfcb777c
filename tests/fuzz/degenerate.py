"""Small degenerate problems: several outputs, deep, tied, frozen, with skips, with symbols, under every loss."""

from itertools import pairwise
from random import Random
from typing import Any

Json = Any
BENT = [
    "relu", "abs", "hardtanh", "identity", "relu6", {"name": "leaky_relu", "negative_slope": "1/5"},
    {"name": "two_piece", "negative_slope": 0, "positive_slope": 0},
    {"breakpoints": ["1"], "slopes": ["0", "1"], "anchor": ["0", "2"]},
    {"breakpoints": ["-1", "0", "2"], "slopes": ["0", "-1", "2", "0"], "anchor": ["0", "0"]},
]  # fmt: skip
SCALED = {"name": "squared", "reduction": "sum", "factor": "1/2"}
LOSSES: list[Json] = [
    "squared", SCALED, "huber", {"name": "huber", "delta": "1/3"}, "absolute", {"name": "quantile", "tau": "1/4"},
    "hinge", "logistic", "poisson",
]  # fmt: skip
LABELS = {"hinge": [-1, 1], "logistic": [0, 1, "1/2"], "poisson": [0, 0, 1, 3]}
BIASES: list[Json] = [True, True, False, {"hidden": True, "output": False}, {"hidden": False, "output": True}]
SYMBOLIC = [0, 1, "2", "a", "1/2 + a", "b", "a - 1"]
DOMAINS = [["0", "1"], ["-1", "1"], ["-2", "-1"], ["1/10", "1/5"]]


def problem(rng: Random) -> Json:
    """A network file."""
    return rng.choice([chain, chain, program, program, labels, slopes])(rng)


def _numbers(rng: Random, *shape: int) -> Json:
    """Entries with many zeros."""
    if not shape:
        return rng.choice([0, 0, 1, -1, 2, "1/2", "-1/3"])
    return [_numbers(rng, *shape[1:]) for _ in range(shape[0])]


def _fit(rng: Random, inputs: int, outputs: int) -> Json:
    """A loss, and data with zeros and equal samples."""
    loss = rng.choice([*LOSSES, *["cross_entropy"] * (2 * (outputs > 1))])
    name = loss if isinstance(loss, str) else loss["name"]

    def label() -> Json:
        if name == "cross_entropy":
            return rng.choice([rng.randrange(outputs), ["1/2"] * 2 + [0] * (outputs - 2)])
        return [rng.choice(LABELS.get(name, [0, 0, 1, -1, 2, "1/3", 5])) for _ in range(outputs)]

    rows = [[rng.choice([0, 0, 1, 1, 2, -1]) for _ in range(inputs)] for _ in range(rng.randint(1, 4))]
    return {"format": "symverify-network/1", "loss": loss, "data": [{"x": row, "y": label()} for row in rows]}


def _point(rng: Random, widths: list[int], bias: Json) -> Json:
    """Parameters of a chain."""
    kinds = [bias, bias] if isinstance(bias, bool) else [bias["hidden"], bias["output"]]
    found: list[Json] = []
    for k, (columns, rows) in enumerate(pairwise(widths)):
        biased = kinds[k == len(widths) - 2]
        found.append({"weight": _numbers(rng, rows, columns), **({"bias": _numbers(rng, rows)} if biased else {})})
    return found


def chain(rng: Random) -> Json:
    """Up to three hidden layers and outputs, perhaps with a point or weight decay."""
    depth = rng.choice([1, 1, 2, 3])
    widths = [rng.randint(1, 3), *(rng.randint(1, 3) for _ in range(depth)), rng.choice([1, 1, 2, 3])]
    bias, bent = rng.choice(BIASES), [rng.choice(BENT) for _ in range(depth)]
    document = _fit(rng, widths[0], widths[-1]) | {"layers": widths, "activation": bent, "bias": bias}
    if document["loss"] == "squared" and rng.random() < 0.3:
        document["weight_decay"] = rng.choice(["1/2", "1/100"])
    return document | ({"parameters": _point(rng, widths, bias)} if rng.random() < 0.5 else {})


def program(rng: Random) -> Json:
    """A general program: a skip, tied or frozen weights, a concatenation, maxout, a layer used twice."""
    inputs, units, outputs = rng.choice([1, 1, 2]), rng.randint(1, 2), rng.randint(1, 2)
    first: Json = {"name": "h", "op": "affine", "from": "x", "units": units, "bias": rng.random() < 0.5}
    bent: Json = {"name": "a", "op": "activation", "from": "h", "activation": rng.choice(BENT)}
    last: Json = {"name": "f", "op": "affine", "from": "a", "units": outputs, "bias": rng.random() < 0.5}
    match rng.choice(["skip", "tied", "frozen", "concat", "maxout", "twice"]):
        case "skip":
            skip = {"name": "s", "op": "affine", "from": "x", "units": outputs, "bias": False}
            nodes = [first, bent, last | {"name": "t"}, skip, {"name": "f", "op": "sum", "from": ["t", "s"]}]
        case "tied":
            twin = first | {"name": "g", "weight": {"like": "h"}, "bias": False}
            other = bent | {"name": "c", "from": "g", "activation": rng.choice(BENT)}
            nodes = [first, bent, twin, other, {"name": "m", "op": "sum", "from": ["a", "c"]}, last | {"from": "m"}]
        case "frozen":
            held = [[rng.choice([None, 0, 1]) for _ in range(inputs)] for _ in range(units)]
            free = any(entry is None for row in held for entry in row)
            nodes = [first | {"weight": held}, bent, last | {"weight": rng.choice([True, 1]) if free else True}]
        case "concat":
            nodes = [first, bent, {"name": "j", "op": "concat", "from": ["a", "x"]}, last | {"from": "j"}]
        case "maxout":
            most = {"name": "a", "op": "maxout", "from": "h", "pieces": 2}
            nodes = [first | {"units": 2 * units}, most, last]
        case _:
            deeper = first | {"name": "h2", "from": "a", "weight": {"like": "h"} if units == inputs else True}
            nodes = [first, bent, deeper, bent | {"name": "a2", "from": "h2"}, last | {"from": "a2"}]
    return _fit(rng, inputs, outputs) | {"program": [{"name": "x", "op": "input", "shape": [inputs]}, *nodes]}


def labels(rng: Random) -> Json:
    """Labels affine in symbols, perhaps with a condition."""
    widths = [rng.randint(1, 2), rng.randint(1, 3), 1]
    document = _fit(rng, widths[0], 1) | {"loss": rng.choice(["squared", SCALED]), "layers": widths}
    document |= {"activation": rng.choice(BENT[:5]), "bias": rng.choice(BIASES)}
    for sample in document["data"]:
        sample["y"] = [rng.choice(SYMBOLIC)]
    document["symbols"] = {name: rng.choice(DOMAINS) for name in "ab"}
    return document | ({"where": [rng.choice(["3/2 + a", "2 - a - b", "5/2 + b"])]} if rng.random() < 0.4 else {})


def slopes(rng: Random) -> Json:
    """Slopes that are symbols."""
    document = chain(rng) | {"layers": [rng.randint(1, 2), rng.randint(1, 2), 1]}
    document |= _fit(rng, document["layers"][0], 1) | {"loss": "squared"}
    for sample in document["data"]:
        sample["y"] = [rng.choice([0, 1, -1, 2])]
    for key in ("parameters", "weight_decay"):
        document.pop(key, None)
    pair = rng.choice([["a", "b"], ["a", "1"], ["0", "a"]])
    symbols = {name: rng.choice(DOMAINS) for name in pair if name in "ab"}
    return document | {"activation": {"breakpoints": ["0"], "slopes": pair, "anchor": ["0", "0"]}, "symbols": symbols}
