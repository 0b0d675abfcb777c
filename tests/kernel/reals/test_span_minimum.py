"""The rule `span_minimum`: fits known in closed form, and everything that may be wrong with a dual point."""

import time
from fractions import Fraction

import mpmath
import pytest

from tests.kernel.reals.made import (
    LEAKY,
    Json,
    Malformed,
    Rejected,
    checked,
    control,
    corruption,
    document,
    layer,
    mp,
    problem_of,
    refused,
)
from tests.kernel.rules import suite

XOR = [[0, 0], [0, 1], [1, 0], [1, 1]]
HALVES, ZEROS = [["1/2"]] * 4, [["0", "0", "0"]]
STUCK = {"rule": "span_minimum", "pieces": [1], "near": ZEROS, "dual": HALVES}
HARDTANH = "hardtanh"


def xor(layers: list[int], loss: Json = "logistic", activation: Json = "relu", **more: Json) -> Json:
    return document(layers, activation, loss, XOR, [[0], [1], [1], [0]], **more)


def spread(loss: Json, ys: list[Json], width: int, outputs: int = 1) -> Json:
    return document([1, width, outputs], "relu", loss, [0, 1, 2], ys)


def constant(p: str, near: str, outputs: int = 1) -> Json:
    rows = [["0", near]] * outputs
    return {"rule": "span_minimum", "pieces": [1], "near": rows, "dual": [[p] * outputs] * 3}


CASES = {
    # name: (network file, step, exact risk, dimension)
    "xor": (xor([2, 2, 1]), STUCK, "log(2)", 9 - 3),
    "xor, deep": (xor([2, 2, 2, 1], activation=LEAKY), STUCK | {"pieces": [0, 1]}, "log(2)", 15 - 3),
    "xor, bounded piece": (xor([2, 1, 1], activation=HARDTANH), STUCK, "log(2)", 5 - 3),
    "xor, dead": (
        xor([2, 1, 1]),
        {"rule": "span_minimum", "pieces": [0], "near": [["0"]], "dual": HALVES},
        "log(2)",
        5 - 1,
    ),
    "one of three": (spread("logistic", [[0], [1], [0]], 1), constant("1/3", "-693147/1000000"),
                     "log(3) - 2*log(2)/3", 4 - 2),
    "soft labels": (spread("logistic", [["1/2"], ["0"], ["1/2"]], 1), constant("1/3", "-693147/1000000"),
                    "log(3) - 2*log(2)/3", 4 - 2),
    "counts": (spread("poisson", [[1], [2], [1]], 1), constant("4/3", "143841/500000"),
               "4*(1 - log(mpf(4)/3))/3", 4 - 2),
    "two outputs": (
        spread({"name": "logistic", "reduction": "sum"}, [[0, 1], [1, 0], [0, 1]], 2, 2),
        {"rule": "span_minimum", "pieces": [1], "near": [["0", "-693147/1000000"], ["0", "693147/1000000"]],
         "dual": [["1/3", "2/3"]] * 3},
        "6*(log(3) - 2*log(2)/3)", 10 - 4),
    "classes": (
        document([2, 1, 2], "relu", "cross_entropy", XOR, [0, 1, 1, 0]),
        STUCK | {"near": [["0", "0", "0"]] * 2, "dual": [["1/2", "1/2"]] * 4},
        "log(2)", 7 - 3),
    "smoothed classes": (
        document([2, 1, 2], "relu", {"name": "ce", "label_smoothing": "1/5"}, XOR, [0, 1, 1, 0]),
        STUCK | {"near": [["0", "0", "0"]] * 2, "dual": [["1/2", "1/2"]] * 4},
        "log(2)", 7 - 3),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_closed_forms(name: str) -> None:
    doc, step, value, dimension = CASES[name]
    if "reduction" not in doc["loss"]:
        assert problem_of(doc).loss.factor == Fraction(1, len(doc["data"]))
    (theorem,) = checked(doc, [step], {"valley": 0}).theorems
    statement = dict(theorem.statement)
    assert (statement["dimension"], statement["exact"], statement["better_risk"]) == (dimension, True, None)
    risk = statement["risk"]
    with mpmath.workdps(60):
        exact = eval(value, {"log": mpmath.log, "mpf": mpmath.mpf})  # the table's own text
        assert mp(risk.lower) <= exact <= mp(risk.upper)
        assert mp(risk.upper - risk.lower) < 1e-11
    assert "storey=reals" in theorem.line()


def test_at_a_point_only_the_last_layer_is_unknown() -> None:
    """Two units that respond at x = 2 and at x = 0: any predictions on the three inputs."""
    theta = [layer([["1"], ["-1"]], ["-3/2", "1/2"]), layer([["0", "0"]], ["-693147/1000000"])]
    doc = spread("logistic", [["1/3"], ["1/2"], ["1/4"]], 2)
    steps = [
        {"rule": "enclosed_point", "parameters": theta},
        {"rule": "span_minimum", "from": {"point": 0}, "dual": [["1/3"], ["1/2"], ["1/4"]]},
    ]
    (theorem,) = checked(doc, steps, {"valley": 1}).theorems
    risk = dict(theorem.statement)["risk"]
    with mpmath.workdps(40):
        entropy = sum(-p * mpmath.log(p) - (1 - p) * mpmath.log(1 - p) for p in (1 / mpmath.mpf(k) for k in (3, 2, 4)))
        assert mp(risk.lower) <= entropy / 3 <= mp(risk.upper)
    assert dict(theorem.statement)["dimension"] == 7 - 3
    on_kink = [layer([["1"], ["-1"]], ["-2", "1/2"]), theta[1]]
    refused(doc, [steps[0] | {"parameters": on_kink}, steps[1]], "unit 1 of hidden layer 1 is at a breakpoint")
    shared = [layer([["1"], ["1"]], ["-1/2", "-1/2"]), theta[1]]
    refused(doc, [steps[0] | {"parameters": shared}, steps[1]], "does not reach all predictions")
    refused(doc, [steps[0], steps[1] | {"pieces": [1]}], "unknown key", Malformed)


CHANGES: list[tuple[str, list[Json], Json, type[Exception], str]] = [
    ("xor", ["dual"], ..., Malformed, "dual: is missing"),
    ("xor", ["near"], ..., Malformed, "near: is missing"),
    ("xor", ["pieces"], ..., Malformed, "pieces: is missing"),
    ("xor", ["pieces"], [2], Rejected, "has no such piece"),
    ("xor", ["pieces"], [1, 1], Malformed, "expected 1 pieces"),
    ("xor", ["pieces"], [-1], Malformed, "expected a whole number"),
    ("xor", ["dual", 0, 0], "1/3", Rejected, "a moment of p is not that of the labels"),
    ("xor", ["dual"], [["1/2"]] * 3, Malformed, "expected 4 rows"),
    ("xor", ["dual", 0], ["1/2", "1/2"], Malformed, "expected 1 numbers, one per output"),
    ("xor", ["dual"], [["0"], ["1"], ["1"], ["0"]], Rejected, "is not strictly inside the domain"),
    ("xor", ["dual"], [["3/2"], ["-1/2"], ["-1/2"], ["3/2"]], Rejected, "is not strictly inside the domain"),
    ("xor", ["near"], [["0", "0"]], Malformed, "expected 3 coefficients"),
    ("xor", ["near"], [["0", "0", "0"]] * 2, Malformed, "expected 1 rows"),
    ("xor", ["rays"], [], Malformed, "unknown key"),
    ("classes", ["dual"], [["2/3", "2/3"]] * 4, Rejected, "is not strictly inside the domain"),
    ("classes", ["dual"], [["1/3", "2/3"]] * 4, Rejected, "a moment of p is not that of the labels"),
    ("classes", ["dual"], [["1", "0"], ["0", "1"], ["0", "1"], ["1", "0"]], Rejected, "not strictly inside"),
    ("counts", ["dual"], [["0"], ["4"], ["0"]], Rejected, "is not strictly inside the domain"),
    ("counts", ["dual", 1], ["1"], Rejected, "a moment of p is not that of the labels"),
    ("two outputs", ["dual"], [["2/3", "1/3"]] * 3, Rejected, "a moment of p is not that of the labels"),
]


CONTROLS = {name: control(doc, [step], {"valley": 0}) for name, (doc, step, _, _) in CASES.items()}
CORRUPTIONS = [corruption(name, 0, *change) for name, *change in CHANGES]
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


@pytest.mark.parametrize(
    ("doc", "step", "reason"),
    [
        (xor([2, 2, 1], bias={"hidden": False}), STUCK, "needs hidden biases and an output bias"),
        (xor([2, 2, 1], bias={"output": False}), STUCK, "needs hidden biases and an output bias"),
        (document([2, 1, 2], "relu", "logistic", XOR, [[0, 1], [1, 0], [1, 0], [0, 1]]),
         STUCK | {"near": ZEROS * 2, "dual": [["1/2", "1/2"]] * 4}, "fewer than 2 units"),
        (document([2, 1, 3], "relu", "cross_entropy", XOR, [0, 1, 2, 0]), STUCK, "fewer than 2 units"),
        (xor([2, 2, 1], "squared"), STUCK, "is not a rule for the squared loss"),
        (xor([2, 2, 1], "absolute"), STUCK, "is not a rule for the absolute loss"),
    ],
)  # fmt: skip
def test_refused_networks(doc: Json, step: Json, reason: str) -> None:
    refused(doc, [step], reason)


def programmed(*more: Json, **last: Json) -> Json:
    """`spread` with two units as a general program, with nodes behind it."""
    found = spread("logistic", [["1/3"], ["1/2"], ["1/4"]], 2)
    nodes: Json = [
        {"name": "x", "op": "input", "shape": [1]},
        {"name": "z", "op": "affine", "from": "x", "units": 2},
        {"name": "a", "op": "activation", "from": "z", "activation": "relu"},
        {"name": "f", "op": "affine", "from": "a", "units": 1, **last},
    ]
    return {key: found[key] for key in ("format", "loss", "data")} | {"program": [*nodes, *more]}


def test_programs_whose_last_map_is_not_free_are_refused() -> None:
    """With its second weight frozen to 0 the output cannot have every feature; nor can it behind an activation."""
    unit = {"weight": [["1"], ["-1"]], "bias": ["-3/2", "1/2"]}
    free, frozen = ({"z": unit, "f": {"weight": [["0", v]], "bias": ["-1"]}} for v in ("0", None))
    at = {"rule": "span_minimum", "from": {"point": 0}, "dual": [["1/3"], ["1/2"], ["1/4"]]}
    checked(programmed(), [{"rule": "enclosed_point", "parameters": free}, at], {"valley": 1})
    some = programmed(weight=[[None, 0]])
    refused(some, [{"rule": "enclosed_point", "parameters": frozen}, at], "of the last affine map is frozen or tied")
    bent = programmed({"name": "o", "op": "activation", "from": "f", "activation": "abs"})
    refused(bent, [{"rule": "enclosed_point", "parameters": free}, at], "the last layer is not affine")
    pieces = {"rule": "span_minimum", "pieces": [1], "near": [["0", "0"]], "dual": [["13/36"]] * 3}
    refused(some, [pieces], "needs a chain of dense layers with all parameters free")


def test_a_piece_of_slope_zero_is_no_affine_fit() -> None:
    """The dead minimum exists, but does not settle the claim about the affine fit, though a better point is known."""
    ys = [[0], [0], [1]]
    doc = spread("logistic", ys, 1)
    dead = {"rule": "span_minimum", "pieces": [0], "near": [["-693147/1000000"]], "dual": [["1/3"]] * 3}
    better = {"rule": "enclosed_point", "parameters": [layer([["1"]], ["1"]), layer([["9"]], ["-22"])]}
    steps = [dead, better, {"rule": "spurious_real", "from": {"minimum": 0, "better": 1}}]
    (theorem,) = checked(doc, steps, {"valley": 2}).theorems
    assert dict(theorem.statement)["better_risk"] is not None
    with pytest.raises(AssertionError):
        checked(doc, steps, {"spurious_minimum": 2})


def test_size() -> None:
    """n = 200, d = 10: less than one second of processor time."""
    n, d = 200, 10
    xs = [[((i + 1) * (c + 3) * 7919 + i * i * 31) % 41 - 20 for c in range(d)] for i in range(n // 2)]
    xs = [x for x in xs for _ in range(2)]
    doc = document([d, 3, 1], "relu", "logistic", xs, [[k % 2] for k in range(n)])
    step = {"rule": "span_minimum", "pieces": [1], "near": [["0"] * (d + 1)], "dual": [["1/2"]] * n}
    begun = time.process_time()
    checked(doc, [step], {"valley": 0})
    assert time.process_time() - begun < 2  # the rule runs twice here
