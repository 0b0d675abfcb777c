"""The rule `face_span`: boxes worked out by hand; each condition broken; the span against exact predictions."""

import random
from fractions import Fraction
from typing import Any

import pytest
import sympy

from symverify.kernel.core.algebra import rank
from symverify.kernel.core.network import rational
from symverify.kernel.programs.values import evaluate
from symverify.kernel.reals.face_span import enclosed_multipliers, span_of_chain
from symverify.kernel.reals.interval import Interval, interval
from symverify.kernel.reals.kinks import Kinks
from symverify.kernel.reals.minimum_in_box import BoxMinimum
from tests.kernel.reals.made import (
    Json,
    Malformed,
    Rejected,
    checked,
    control,
    corruption,
    document,
    edited,
    layer,
    problem_of,
    refused,
)
from tests.kernel.reals.test_fields import as_point, on_m, random_case
from tests.kernel.rules import suite

SUM = {"name": "squared", "reduction": "sum"}
NO_ZERO = "no zero of the equations is shown to be in the box"


def box(centre: Json, pieces: Json, inverse: Json, **more: Json) -> Json:
    plain = {"kinks": [], "dependents": [], "held": [], "columns": [], "across": [], "radius": "1/1024"}
    return {"rule": "face_span", "centre": centre, "pieces": pieces, "inverse": inverse} | plain | more


# f = v w x at x = 1, 2 with y = 1, 3 and w held: Σ x e = 0 at v = 7/5, where R = 1/5; its derivative 2 Σ x² is 10.
LINE = document([1, 1, 1], "relu", SUM, [1, 2], [[1], [3]], bias=False)
ON_LINE = box([layer([["1"]]), layer([["7/5"]])], [[[1, 1]]], [["1/10"]], held=[0])
# f = v h(w x + b) + c at x = -1, 0, 1, 2; w = v = 1, b = c = 0, errors -1, 2, -2, 1, a kink at x = 0. V is spanned by
# (1, 1, 1, 1) and (0, 0, 1, 2); F by b, v, c has the derivative ((4, 6, 8), (6, 10, 6), (1, 0, 0)).
KINK = document([1, 1, 1], "relu", SUM, [-1, 0, 1, 2], [[1], [-2], [3], [1]])
ON_KINK = box(
    [layer([["1"]], ["0"]), layer([["1"]], ["0"])],
    [[[0, 0, 1, 1]]],
    [["0", "0", "1"], ["-3/22", "2/11", "-6/11"], ["5/22", "-3/22", "-1/11"]],
    kinks=[[0, 0, 1]],
    held=[0],
    columns=[1],
    across=[["1"]],
)
# f = (v₁, v₂) w x with softmax: p = (1/3, 2/3) at v₁ - v₂ = -log 2, where R = log 3 - 2/3 log 2.
SOFTMAX = document([1, 1, 2], "relu", "cross_entropy", [1], [["1/3", "2/3"]], bias=False)
ON_SOFTMAX = box(
    [layer([["1"]]), layer([["-6931471805599453/10000000000000000"], ["0"]])],
    [[[1]]],
    [["9/2"]],
    held=[0, 2],
    radius="1/1048576",
)
# Three samples and as many features at least: the errors are 0, and the Hessian has no rank to speak of.
FIT = document([1, 3, 1], "relu", SUM, [1, 2, 4], [["3/2"], ["3"], ["6"]])
ON_FIT = box(
    [layer([["1"], ["1"], ["1"]], ["0", "-3/2", "-3"]), layer([["1", "1", "-1"]], ["1/2"])],
    [[[1, 1, 1], [0, 1, 1], [0, 0, 1]]],
    [],
    held=[0, 1, 2, 3, 4, 5, 9],
)
# A kink of the second layer that is 0 where another of its unit is.
DEEP = document([1, 1, 1, 1], "relu", SUM, [-1, 0, 1], [[0]] * 3)
FOLLOWED = box(
    [layer([["1"]], ["0"])] * 3,
    [[[0, 0, 1]], [[0, 0, 1]]],
    [],
    kinks=[[0, 0, 1], [1, 0, 0]],
    following=[{"kink": [1, 0, 1], "multiplier": "-1"}],
)
BOXES: dict[str, tuple[Json, Json, Any]] = {
    "inside": (LINE, ON_LINE, Fraction(1, 5)),
    "kink": (KINK, ON_KINK, Fraction(10)),
    "softmax": (SOFTMAX, ON_SOFTMAX, Fraction("0.6365141682948128184504")),
}


def test_kinks_that_follow_others_are_refused() -> None:
    refused(DEEP, [FOLLOWED], "takes no kinks that follow others")


@pytest.mark.parametrize("name", BOXES)
def test_the_risk_is_enclosed(name: str) -> None:
    network, step, risk = BOXES[name]
    found = checked(network, [step], {"minimum_in_box": 0})
    fact = found.steps[0].fact
    assert isinstance(fact, BoxMinimum)
    assert fact.risk.lower <= risk <= fact.risk.upper
    assert fact.risk.upper - fact.risk.lower < Fraction(1, 4)
    assert found.theorems[0].storey == "reals"


def test_of_three_classes_one_is_not_counted() -> None:
    """p = (1/2, 1/4, 1/4) of one sample: equations for two outputs, by the first two weights of the last layer."""
    three = document([1, 1, 3], "relu", "cross_entropy", [1], [["1/2", "1/4", "1/4"]], bias=False)
    centre = [layer([["1"]]), layer([["6931471805599453/10000000000000000"], ["0"], ["0"]])]
    # ∂(p₁, p₂) by (v₁, v₂) is ((1/4, −1/8), (−1/8, 3/16))
    step = box(centre, [[[1]]], [["6", "4"], ["4", "8"]], held=[0, 3], radius="1/1048576")
    fact = checked(three, [step], {"minimum_in_box": 0}).steps[0].fact
    assert isinstance(fact, BoxMinimum)
    assert fact.risk.lower <= Fraction("1.0397207708399179641") <= fact.risk.upper
    refused(three, [step | {"held": [0]}], "3 parameters are left for 2 equations")


REJECTED: list[tuple[str, str, list[Json], Json, str]] = [
    ("inside", "centre moved", ["centre", 1, "weight", 0, 0], "141/100", NO_ZERO),
    ("kink", "centre moved", ["centre", 1, "bias", 0], "1/100", NO_ZERO),
    ("kink", "kink moved", ["centre", 0, "bias", 0], "1/100", NO_ZERO),
    ("softmax", "centre moved", ["centre", 1, "weight", 0, 0], "-17/25", NO_ZERO),
    ("kink", "side flipped", ["pieces", 0, 0, 1], 1, "no breakpoint ends its piece on sample 2"),
    ("kink", "another piece", ["pieces", 0, 0, 2], 0, "unit 1 of hidden layer 1 may leave its piece on sample 3"),
    ("kink", "another kink", ["kinks", 0], [0, 0, 0], "may leave its piece on sample 2"),
    ("kink", "a coordinate freed", ["held"], [], "4 parameters are left for 3 equations"),
    ("kink", "one more held", ["held"], [0, 1], "2 parameters are left for 3 equations"),
    ("inside", "a coordinate freed", ["held"], [], "2 parameters are left for 1 equations"),
    ("inside", "no inverse", ["inverse", 0, 0], "0", NO_ZERO),
    ("inside", "another inverse", ["inverse", 0, 0], "1/4", NO_ZERO),
    ("inside", "a parameter of the multipliers", ["columns"], [0], "expected 0 numbers of parameters, one per kink"),
    ("kink", "no parameter", ["columns"], [4], "expected 1 numbers of parameters, one per kink"),
    ("kink", "none", ["columns"], [], "expected 1 numbers of parameters, one per kink"),
    ("kink", "two", ["columns"], [1, 1], "expected 1 numbers of parameters, one per kink"),
    ("kink", "far beyond", ["columns"], [9], "expected 1 numbers of parameters, one per kink"),
    ("kink", "another parameter", ["columns"], [0], "the gradients of the kinks are not shown to be independent"),
    ("kink", "not its inverse", ["across", 0, 0], "-1", "the gradients of the kinks are not shown to be independent"),
    ("kink", "held outside", ["held"], [4], "must be different numbers of parameters"),
    ("inside", "no radius", ["radius"], "0", "must be positive"),
    ("kink", "too large a box", ["radius"], "2", "unit 1 of hidden layer 1 may leave its piece on sample 1"),
]
MALFORMED: list[tuple[str, list[Json], Json, str]] = [
    ("kink", ["inverse"], [["1"]], "expected 3 rows of 3 numbers"),
    ("kink", ["across"], [], "expected 1 rows of 1 numbers"),
    ("kink", ["columns"], ..., "columns: is missing"),
    ("kink", ["multipliers"], ["-2"], "unknown key"),
]
CONTROLS = {name: control(network, [step], {"minimum_in_box": 0}) for name, (network, step, _) in BOXES.items()}
CORRUPTIONS = [
    *(corruption(name, 0, path, new, Rejected, reason) for name, _, path, new, reason in REJECTED),
    *(corruption(name, 0, path, new, Malformed, reason) for name, path, new, reason in MALFORMED),
]
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


def test_a_kink_that_is_not_held() -> None:
    free = ON_KINK | {"kinks": [], "columns": [], "across": []}
    refused(KINK, [free], "unit 1 of hidden layer 1 may leave its piece on sample 2")


def test_kinks_beyond_which_the_risk_falls() -> None:
    """Errors 4, −3, −2, 1 and −3, 2, 2, −1: orthogonal to V as before, with λ + p < 0, or λ > 0."""
    above = document([1, 1, 1], "relu", SUM, [-1, 0, 1, 2], [[-4], [3], [3], [1]])
    refused(above, [ON_KINK], "the risk need not rise above the breakpoint of unit 1 of hidden layer 1 on sample 2")
    below = document([1, 1, 1], "relu", SUM, [-1, 0, 1, 2], [[3], [-2], [-1], [3]])
    refused(below, [ON_KINK], "the risk need not rise below the breakpoint of unit 1 of hidden layer 1 on sample 2")


def test_residuals_that_are_not_orthogonal() -> None:
    refused(edited(KINK, ["data", 0, "y", 0], 2), [ON_KINK], NO_ZERO)


def test_networks_and_losses_that_it_is_not_for() -> None:
    refused(LINE | {"weight_decay": "1/2"}, [ON_LINE], "is not a rule for the squared loss with weight decay")
    shifted = LINE | {"activation": {"breakpoints": [0], "slopes": [0, 1], "anchor": [0, 1]}}
    refused(shifted, [ON_LINE], "needs activations with one breakpoint, at 0, and h\\(0\\) = 0")
    refused(LINE | {"loss": "absolute"}, [ON_LINE], "is not a rule for the absolute loss")


def test_more_flat_directions_than_symmetries() -> None:
    """V is everything, so at errors 0 three free parameters are enough, whatever the others do."""
    seen = ((1, 2, 4), (0, Fraction(1, 2), Fraction(5, 2)), (0, 0, 1))  # the units on the samples
    pieces = tuple(map(tuple, ON_FIT["pieces"][0]))
    basis = sympy.Matrix(span_of_chain(Kinks(problem_of(FIT), (pieces,), [], [], "here")))
    rows = 2 * basis * sympy.Matrix(seen).T
    step = ON_FIT | {"inverse": [[str(x) for x in row] for row in rows.inv().tolist()]}
    found = checked(FIT, [step], {"minimum_in_box": 0}).steps[0].fact
    assert isinstance(found, BoxMinimum)
    assert found.risk.lower <= 0 <= found.risk.upper


def test_which_biases_add_a_constant() -> None:
    """f = v h(w x + b) + c with slopes 0, 1: 1 is in V by an output bias, and (0, 1) by a hidden one."""
    for hidden, output in ((True, True), (True, False), (False, True), (False, False)):
        bias = {"hidden": hidden, "output": output}
        problem = problem_of(document([1, 1, 1], "relu", SUM, [-1, 1, 2, 4], [[0]] * 4, bias=bias))
        span = span_of_chain(Kinks(problem, (((0, 1, 1, 1),),), [], [], "here"))
        vectors = [(0, 1, 2, 4), *[(0, 1, 1, 1)] * hidden, *[(1, 1, 1, 1)] * output]
        assert rank(span) == len(span) == len(vectors)
        assert rank([*span, *([Fraction(x) for x in v] for v in vectors)]) == len(vectors)


def test_predictions_on_the_face_are_in_the_span() -> None:
    """On random degenerate networks, at the point and at others with the same pieces and zeros."""
    seen = kinked = 0
    for seed in range(400):
        problem, numbers = random_case(seed, "")
        if (found := on_m(problem, numbers)) is None:
            continue
        pieces, kinks = found
        span = span_of_chain(Kinks(problem, pieces, kinks, [], "here"))
        assert rank(span) == len(span)
        noise = random.Random(seed)
        for turn in range(4):
            moved = [x * noise.randint(1, 5) if turn else x for x in numbers]
            if on_m(problem, moved) != found:
                continue
            values = [evaluate(problem, as_point(problem, moved), i)[-1] for i in range(len(problem.inputs))]
            columns = [list(map(rational, column)) for column in zip(*values, strict=True)]
            assert rank([*span, *columns]) == len(span), seed
            seen += 1
            kinked += bool(kinks)
    assert seen > 200
    assert kinked > 100


def test_multipliers_are_enclosed() -> None:
    """λ of Nᵀ λ = g for intervals of N and g, against solutions inside."""
    problem = problem_of(document([1, 1, 1], "relu", SUM, [1, 2, 3], [[0]] * 3))
    kinks = Kinks(problem, (((0, 0, 0),),), [(0, 0, 0), (0, 0, 1)], [], "here")
    noise, width = random.Random(3), Fraction(1, 50)

    def around(x: Fraction) -> Interval:
        return interval(x, width)

    for _ in range(50):
        a, b, c, d, g, h = (Fraction(noise.randint(-9, 9), 3) for _ in range(6))
        if not (det := a * d - b * c) or abs(det) < 1:
            continue
        normals = [[around(a), around(c)], [around(b), around(d)]]  # the rows of N: ∂z by the two coordinates
        left = [[d / det, -b / det], [-c / det, a / det]]
        try:
            found = enclosed_multipliers(kinks, [around(g), around(h)], normals, [0, 1], left)
        except Rejected:
            continue
        for _ in range(20):
            p, q, r, s, u, v = (x + width * noise.randint(-5, 5) / 5 for x in (a, b, c, d, g, h))
            solved = ((s * u - q * v) / (p * s - q * r), (p * v - r * u) / (p * s - q * r))
            assert all(x.lower <= y <= x.upper for x, y in zip(found, solved, strict=True))
