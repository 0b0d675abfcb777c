"""The rule `cell_kkt`: every cell around a point by a flat minorant, by emptiness, by multipliers, by elimination."""

from fractions import Fraction
from random import Random

import pytest

from symverify.kernel.core.errors import Rejected
from symverify.kernel.core.facts import Evaluated
from symverify.kernel.core.network import Problem
from symverify.kernel.core.point import point as point_rule
from symverify.kernel.core.proof import Proof, Reading
from symverify.kernel.core.text import Fields
from symverify.kernel.curvature.cell_kkt import MAX_CELLS, cells, no_point, stationary
from symverify.kernel.network_file import read_problem
from tests.examples import layer, network, samples
from tests.kernel.accepted import Case, case, given, point
from tests.kernel.corruption import Json, certificate, no_data, outcome, text
from tests.kernel.curvature.pieces import bends_of, drawn, risk, slopes_of, values
from tests.kernel.rules import check_step, of, suite
from tests.oracles.network import Oracle

EMPTY = {"empty": ["1", "1"]}
HUBER = {"name": "huber", "delta": 1, "reduction": "sum"}


def kkt(document: Json, parameters: Json, risk: str, *cells: Json) -> Case:
    """The certificate that the given point is a minimum, cell by cell."""
    steps = [point(), {"rule": "cell_kkt", "from": {"point": 0}, "cells": list(cells)}]
    return case(document | {"parameters": parameters}, steps, given(1, risk))


# f = v |w| x + c on x = 1, 1 (y = −1) and x = 0 (y = 2, a dead row); at w = 0 every change of w raises the risk.
CREST = network([1, 1, 1], "abs", samples([1, 1, 0], [-1, -1, 2]), bias={"hidden": False, "output": True})
UP = {"multipliers": ["2", "2"]}
CREST_3 = network([1, 1, 1], "abs", samples([1, 1, 2, 0], [-1, -1, -1, 3]), bias={"hidden": False, "output": True})
FIRST_TWO, OUTER = {"empty": ["1", "1", "0"]}, {"empty": ["2", "0", "1"]}
# f = v w x + c on x = 1: at w = 1, v = 0, c = y the minima v w + c = y are flat of any order.
FLAT = network([1, 1, 1], "identity", samples([1], [2]), bias={"hidden": False, "output": True})
CURVE = [layer([["1"]]), layer([[["0", "1"]]], [["2", "-1"]])]
ALONG = {"eliminate": {"multipliers": [], "held": [0], "place": 1, "curve": CURVE}}
DEEP = network([1, 1, 1, 1], "relu", samples([0, 1, 2], [0, 0, 3]))
# f = v₁ (w₁ x)⁺ + v₂ (w₂ x)⁺ + c on x = 1 (y = 1), 0 (y = 3), −1 (y = 2), at w = (0, −1), v = (1, 0), c = 2: residuals
# 2, −2, 0, and a kink of unit 1 at x = 1 and at x = −1. w₂ is free, and so is v₁ where w₁ = 0.
CROSSED = network([1, 2, 1], "relu", samples([1, 0, -1], [1, 3, 2]), bias={"hidden": False, "output": True})
STAYS = [layer([["0"], [["-1", "1"]]]), layer([["1", "0"]], ["2"])]
ACROSS = {"eliminate": {"multipliers": ["2", "0"], "held": [2], "place": 1, "curve": STAYS}}
# f = v w x + c on x = 1, and c on x = 0: along c the pull on v may vanish to a higher order than the risk.
PAIR = network([1, 1, 1], "identity", samples([1, 0], [2, 2]), bias={"hidden": False, "output": True})
BENT = {
    "eliminate": {
        "multipliers": [],
        "held": [0],
        "place": 2,
        "curve": [layer([["1"]]), layer([[["0", "-1", "1"]]], [["2", "1"]])],
    }
}
# f = v |⟨w, x⟩| + c on e₁, e₂, e₁ + e₂ and 0; at w = 0 three kinks in the plane: six cells are, two are not.
PLANES = network(
    [2, 1, 1], "abs", samples([[1, 0], [0, 1], [1, 1], [0, 0]], [-1, -1, -1, 3]), bias={"hidden": False, "output": True}
)
# f = v (w x + b) on x = 0 and 1, labels 0: at v = 0 all points are minima, and the scale alone is a flow.
SILENT = network([1, 1, 1], "identity", samples([0, 1], [0, 0]), bias={"hidden": True, "output": False})
TILT = {
    "eliminate": {"multipliers": [], "held": [0], "place": 1, "curve": [layer([["1"]], [["1", "1"]]), layer([["0"]])]}
}
# f = v (w₂ w₁ x + b₂)⁺ + c on x = 1, 1 (y = −1) and x = 0 (y = 2), the second layer's unit being 0 on the first two.
EDGE = network([1, 1, 1, 1], ["identity", "relu"], samples([1, 1, 0], [-1, -1, 2]))
ON_EDGE = [layer([[1]], [0]), layer([[1]], [-1]), layer([[1]], [0])]
# f = v (w₂ (x₁ + x₂) + b₂)⁺ at w₂ = b₂ = 0: three kinks whose gradients depend on each other at this point alone.
BOTTLE = network(
    [2, 1, 1, 1], ["identity", "relu"], samples([[1, 0], [0, 1], [-1, 0]], [-1, -1, -1]),
    bias={"hidden": True, "output": False},
)  # fmt: skip
NECK = [layer([[1, 1]], [0]), layer([[0]], [0]), layer([[1]])]
# Two layers of |z|: on x = 2, 2 the first is at 0 and the second at |0| − 0.
NESTED = network([1, 1, 1, 1], "abs", samples([2, 2, 0], [-1, -1, 2]))
IN_NEST = [layer([[1]], [-2]), layer([[0]], [0]), layer([[1]], [0])]
PLANE = network([2, 1, 2], "identity", samples([[1, 0], [0, 1]], [[2, 0], [0, 1]]), bias=False)
CONTROLS = {
    "a crest": kkt(CREST, [layer([[0]]), layer([[1]], [0])], "6", UP, EMPTY, EMPTY, UP),
    "a crest of three": kkt(
        CREST_3, [layer([[0]]), layer([[1]], [0])], "12", {"multipliers": ["2", "2", "2"]}, OUTER, *[FIRST_TWO] * 4,
        OUTER, {"multipliers": ["4", "4", "0"]},
    ),
    "flat, deep": kkt(
        DEEP, [layer([[1]], [0]), layer([[-1]], [-1]), layer([[1]], [1])], "6", {"flat": True}, {"flat": True}
    ),
    "inside a cell": kkt(PLANE, [layer([[1, 0]]), layer([[2], [0]])], "1", {"multipliers": []}),
    "eliminated": kkt(FLAT, [layer([[1]]), layer([[0]], [2])], "0", ALONG),
    "eliminated, where nothing is felt": kkt(SILENT, [layer([[1]], [1]), layer([[0]])], "0", TILT),
    "a crest, by its face": kkt(
        CREST, [layer([[0]]), layer([[1]], [0])], "6", {"face": ["2", "2"]}, EMPTY, EMPTY, {"face": ["2", "2"]}
    ),
    "an edge in the second layer": kkt(EDGE, ON_EDGE, "6", {"flat": True}, EMPTY, EMPTY, {"face": ["2", "2"]}),
    "huber, flat": kkt(
        network([1, 1, 1], "relu", samples([0, 0], [0, 4]), loss=HUBER), [layer([[1]], [0]), layer([[1]], [2])], "3",
        {"flat": True}, EMPTY, EMPTY, {"flat": True},
    ),
    "eliminated across a kink": kkt(
        CROSSED, [layer([[0], [-1]]), layer([[1, 0]], [2])], "2", EMPTY, {"flat": True}, ACROSS, EMPTY
    ),
    "across a kink": kkt(
        CROSSED, [layer([[0], [-1]]), layer([[1, 0]], [2])], "2", EMPTY, {"flat": True}, {"multipliers": ["0", "2"]},
        EMPTY,
    ),
    "eliminated, with a later pull": kkt(PAIR, [layer([[1]]), layer([[0]], [2])], "0", BENT),
    "three kinks": kkt(
        PLANES, [layer([[0, 0]]), layer([[1]], [0])], "12",
        *({"multipliers": ["2", "2", "2"]} if k not in (1, 6) else {"empty": ["1", "1", "1"]} for k in range(8)),
    ),
}  # fmt: skip
C, E, D = "steps[1].cells", "steps[1].cells[0].eliminate", "steps[1].cells[2].eliminate"
WHICH = 'expected one of "flat", "empty", "face", "multipliers", "eliminate"'
CORRUPTIONS = of("a crest", [
    ("a cell left out", f"{C}[3]", ..., "Rejected", f"{C}: cell_kkt: expected an entry for each of 4 cells, got 3"),
    ("one more", C, [UP, EMPTY, EMPTY, UP, UP], "Rejected", "expected an entry for each of 4 cells, got 5"),
    ("none", C, [], "Rejected", "expected an entry for each of 4 cells, got 0"),
    ("missing", C, ..., "Malformed", f"{C}: is missing"),
    ("null", f"{C}[0]", None, "Malformed", f"{C}[0]: expected an object"),
    ("nothing", f"{C}[0]", {}, "Malformed", f"{C}[0]: {WHICH}"),
    ("another word", f"{C}[0]", {"convex": True}, "Malformed", WHICH),
    ("two words", f"{C}[0]", UP | {"flat": True}, "Malformed", WHICH),
    ("flat false", f"{C}[0]", {"flat": False}, "Malformed", f"{C}[0].flat: expected true"),
    ("flat 1", f"{C}[0]", {"flat": 1}, "Malformed", f"{C}[0].flat: expected true"),
    ("not flat", f"{C}[0]", {"flat": True}, "Rejected", f"{C}[0]: cell_kkt: the first-order minorant is not constant"),
    ("all empty", C, [EMPTY] * 4, "Rejected", f"{C}[0]: cell_kkt: its multipliers do not combine to 0"),
    ("a cell that is not empty", f"{C}[0]", EMPTY, "Rejected", "its multipliers do not combine to 0"),
    ("an empty cell by no multiplier", f"{C}[1].empty", ["0", "0"], "Rejected",
     f"{C}[1]: cell_kkt: needs multipliers that are not negative, not all 0, and 0 on kinks not affine in parameters"),
    ("by negative ones", f"{C}[1].empty", ["-1", "-1"], "Rejected", "needs multipliers that are not negative"),
    ("by unequal ones", f"{C}[1].empty", ["1", "2"], "Rejected", "its multipliers do not combine to 0"),
    ("by too few", f"{C}[1].empty", ["1"], "Malformed", f"{C}[1].empty: expected 2 numbers, one per kink, got 1"),
    ("other multipliers", f"{C}[0].multipliers", ["3", "2"], "Rejected",
     f"{C}[0]: cell_kkt: its multipliers do not combine to the gradient"),
    ("a negative one", f"{C}[0].multipliers", ["5", "-1"], "Rejected", f"{C}[0]: cell_kkt: a multiplier is negative"),
    ("no multiplier", f"{C}[0].multipliers", ["0", "0"], "Rejected", "its multipliers do not combine to the gradient"),
    ("too many", f"{C}[0].multipliers", ["2", "2", "0"], "Malformed", "expected 2 numbers, one per kink, got 3"),
    ("integers", f"{C}[0].multipliers", [2, 2], "Malformed", f"{C}[0].multipliers[0]: expected a rational"),
    ("no point", "steps[1].from.point", ..., "Malformed", "steps[1].from.point: is missing"),
    ("itself", "steps[1].from.point", 1, "Rejected", "step 1 does not come before this one"),
    ("unknown key", "steps[1].kinks", [], "Malformed", "steps[1].kinks: unknown key"),
    ("a valley by it", "steps[1].rule", "interior_minimum", "Rejected", "is at a breakpoint on sample 1"),
    ("another risk", "claims[0].risk", "5", "Rejected", "claims[0].risk: claimed '5', proved '6'"),
]) + of("eliminated", [
    ("a straight curve", f"{E}.curve[1].bias[0]", "2", "Rejected",
     f"{C}[0]: cell_kkt: the risk along the curve has order 2, the pull order 1: no minimum follows"),
    ("a curve that bends away", f"{E}.curve[1].bias[0]", ["2", "-1", "1"], "Rejected", "has order 4, the pull order 2"),
    ("another start", f"{E}.curve[1].bias[0]", ["1", "-1"], "Rejected", "does not start at the point"),
    ("a curve of another parameter", f"{E}.place", 2, "Rejected", "its parameter is not the one named"),
            ("twice as fast", f"{E}.curve", [layer([["1"]]), layer([[["0", "2"]]], [["2", "-2"]])], "Rejected",
     "the curve moves a held parameter, or its parameter is not the one named"),
    ("a held parameter that moves", f"{E}.curve[0].weight[0][0]", ["1", "1"], "Rejected", "moves a held parameter"),
    ("nothing held", f"{E}.held", [], "Rejected",
     "the Hessian along the eliminated parameters is not positive definite"),
    ("held twice", f"{E}.held", [0, 0], "Rejected", "held and place must be different numbers of parameters"),
    ("held and place", f"{E}.held", [1], "Rejected", "held and place must be different numbers of parameters"),
    ("a place outside", f"{E}.place", 3, "Rejected", "held and place must be different numbers of parameters"),
    ("a negative place", f"{E}.place", -1, "Rejected", "held and place must be different numbers of parameters"),
    ("unknown key", f"{E}.order", 2, "Malformed", f"{E}.order: unknown key"),
    ("no curve", f"{E}.curve", ..., "Malformed", f"{E}.curve: is missing"),
    ("a multiplier", f"{E}.multipliers", ["1"], "Malformed", "expected 0 numbers, one per kink, got 1"),
]) + of("eliminated, where nothing is felt", [
    ("no elimination", f"{C}[0]", {"multipliers": []}, "Rejected",
     f"{C}[0]: cell_kkt: the Lagrangian across flows and active kinks is not positive definite"),
    ("held freely that is not", f"{E}.held", [2], "Rejected", "the flows do not move the held parameters freely"),
]) + of("a crest, by its face", [
    ("other multipliers", f"{C}[0].face", ["3", "2"], "Rejected",
     f"{C}[0]: cell_kkt: its multipliers do not combine to the gradient"),
    ("a negative one", f"{C}[0].face", ["5", "-1"], "Rejected", f"{C}[0]: cell_kkt: a multiplier is negative"),
    ("too few", f"{C}[0].face", ["4"], "Malformed", f"{C}[0].face: expected 2 numbers, one per kink, got 1"),
    ("none", f"{C}[0].face", ..., "Malformed", f"{C}[0]: {WHICH}"),
]) + of("an edge in the second layer", [
    ("other multipliers", f"{C}[3].face", ["3", "2"], "Rejected", "its multipliers do not combine to the gradient"),
    ("flat off the face", f"{C}[3]", {"flat": True}, "Rejected", "the first-order minorant is not constant"),
    ("an empty cell by unequal ones", f"{C}[1].empty", ["1", "2"], "Rejected", "its multipliers do not combine to 0"),
    ("an empty cell by one kink", f"{C}[1].empty", ["1", "0"], "Rejected", "its multipliers do not combine to 0"),
    ("a cell that is not empty", f"{C}[3]", EMPTY, "Rejected", "its multipliers do not combine to 0"),
    ("the flat one said to be empty", f"{C}[0]", EMPTY, "Rejected", "its multipliers do not combine to 0"),
    ("a face that is not needed", f"{C}[0]", {"face": ["1", "1"]}, "Rejected",
     "its multipliers do not combine to the gradient"),
]) + of("eliminated across a kink", [
    ("the curve leaves it", f"{D}.curve[0].weight[0][0]", ["0", "1"], "Rejected", "the curve leaves an active kink"),
    ("a held weight", f"{D}.curve[1].weight[0][0]", ["1", "1"], "Rejected", "moves a held parameter"),
    ("its weight is the place", f"{D}.place", 0, "Rejected",
     "the active kinks have no pivots outside the held parameters and the place"),
    ("both kinks", f"{D}.multipliers", ["1", "1"], "Rejected",
     "active kinks must be affine in the parameters, and independent"),
    ("no kink", f"{D}.multipliers", ["0", "0"], "Rejected", "its multipliers do not combine to the gradient"),
    ("nothing held", f"{D}.held", [], "Rejected",
     "the Hessian along the eliminated parameters is not positive definite"),
    ("what the flows do not move", f"{D}.held", [4], "Rejected", "the flows do not move the held parameters freely"),
    ("the place does not move", f"{D}.curve[0].weight[1][0]", "-1", "Rejected", "its parameter is not the one named"),
    ("flat, and it is not", f"{C}[2]", {"flat": True}, "Rejected", "the first-order minorant is not constant"),
    ("empty, by one of two kinks", f"{C}[0].empty", ["1", "0"], "Rejected", "its multipliers do not combine to 0"),
]) + of("eliminated, with a later pull", [
    ("a pull of half the order", f"{E}.curve[1].weight[0][0]", "0", "Rejected",
     "the risk along the curve has order 2, the pull order 1: no minimum follows"),
]) + of("three kinks", [
    ("by two of them", f"{C}[1].empty", ["1", "1", "0"], "Rejected", "its multipliers do not combine to 0"),
    ("by other signs", f"{C}[1].empty", ["1", "1", "-1"], "Rejected", "needs multipliers that are not negative"),
    ("another cell", f"{C}[2]", {"empty": ["1", "1", "1"]}, "Rejected", "its multipliers do not combine to 0"),
]) + of("inside a cell", [
    ("no face is flat", f"{C}[0]", {"face": []}, "Rejected",
     f"{C}[0]: cell_kkt: the first-order minorant is not constant on the face: output 2"),
    ("the lesser singular value", "network", None, "Malformed", "network: unknown key"),
    ("another point", "steps[0].parameters", [layer([["0", "1"]]), layer([["0"], ["1"]])], "Rejected",
     "the Lagrangian across flows and active kinks is not positive definite"),
    ("not stationary", "steps[0].parameters", [layer([["1", "0"]]), layer([["1"], ["0"]])], "Rejected",
     "its multipliers do not combine to the gradient"),
])  # fmt: skip
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


@pytest.mark.parametrize("name", CONTROLS)
def test_nothing_near_is_lower(name: str) -> None:
    each = CONTROLS[name]
    assert Oracle(each.network).lower_nearby(each.network["parameters"], trials=300) is None


@pytest.mark.parametrize(("width", "verdict"), [(12, "Accepted"), (13, "Declined")])
def test_many_cells_are_declined(width: int, verdict: str) -> None:
    assert MAX_CELLS == 2**12
    parameters = [layer([[0]] * width, [0] * width), layer([[0] * width], [0])]
    document = network([1, width, 1], "relu", samples([1], [0]), parameters=parameters)
    steps = [point(), {"rule": "cell_kkt", "from": {"point": 0}, "cells": [{"flat": True}] * 2**12}]
    found, what = outcome(document, certificate(document, steps, [given(1, "0")]))
    assert found == verdict
    assert found == "Accepted" or what == "too many cells meet at the point"


def test_a_loss_with_a_kink_in_its_slope_at_a_prediction() -> None:
    """Huber's loss exactly at delta is not twice differentiable: multipliers are refused, a flat minorant is not."""
    document = network([1, 1, 1], "relu", samples([0, 0], [0, 2]), loss=HUBER)
    at = [layer([[1]], [1]), layer([[0]], [1])]
    flat = kkt(document, at, "1", {"flat": True})
    assert outcome(flat.network, flat.proof)[0] == "Accepted"
    curved = kkt(document, at, "1", {"multipliers": []})
    verdict, what = outcome(curved.network, curved.proof)
    assert (verdict, "the loss is not twice differentiable at a prediction" in what) == ("Rejected", True)


def test_kinks_whose_gradients_depend_on_each_other_at_the_point_alone() -> None:
    """Their face is no manifold: two kinks at x₁ + x₂ = 1 are two functions with one gradient there."""
    faces = [{"face": ["2" if bit == "1" else "0" for bit in f"{k:03b}"]} for k in range(8)]
    held = kkt(BOTTLE, NECK, "3", *faces)
    verdict, what = outcome(held.network, held.proof)
    reason = "active kinks beyond the first layer depend on each other or on the others"
    assert (verdict, f"{C}[6]: cell_kkt: {reason}" in what) == ("Rejected", True)


def test_kinks_on_equal_inputs_with_kinks_before() -> None:
    """Sixteen cells of two samples with one input and a kink in either layer: twelve are empty, by the first twins that

    are on different sides; a kink of one layer and one of the other say nothing together.
    """
    document = NESTED | {"parameters": IN_NEST}
    problem = read_problem(text(document), no_data)
    for cell in cells(problem, evaluated(problem))[1]:
        pairs = [(cell.signs[a], cell.signs[a + 1]) for a in (0, 2)]
        for a, (s, t) in zip((0, 2), pairs, strict=True):
            twins = [Fraction(b in (a, a + 1)) for b in range(4)]
            if s != t and (a == 0 or pairs[0][0] == pairs[0][1]):
                no_point(cell, twins, "")
            else:
                with pytest.raises(Rejected, match="do not combine to 0"):
                    no_point(cell, twins, "")
        for b, c in ((0, 2), (1, 3)):
            with pytest.raises(Rejected, match="do not combine to 0"):
                no_point(cell, [Fraction(k in (b, c)) for k in range(4)], "")


@pytest.mark.parametrize(("document", "parameters", "mu"), [
    # Two units on one sample; samples on different pieces before, though 2 · 1 + 1 · (−2) = 0.
    (network([1, 1, 2, 1], ["identity", "relu"], samples([1], [0]), bias=False), [[[1]], [[0], [0]], [[1, 1]]], [1, 1]),
    (network([1, 1, 1, 1], ["abs", "relu"], samples([1, -2], [0, 0]), bias=False), [[[1]], [[0]], [[1]]], [2, 1]),
    (network([1, 1, 1, 1], "abs", samples([0, 0], [0, 0]), bias=False), [[[1]], [[0]], [[1]]], [1, 1]),
])  # fmt: skip
def test_kinks_that_have_nothing_in_common_do_not_make_a_cell_empty(document: Json, parameters: Json, mu: Json) -> None:
    problem = read_problem(text(document | {"parameters": list(map(layer, parameters))}), no_data)
    count, around = cells(problem, evaluated(problem))
    assert count == 4
    for cell in around:
        with pytest.raises(Rejected, match=r"do not combine to 0|a kink that does not move"):
            no_point(cell, list(map(Fraction, mu)), "")


@pytest.mark.parametrize(("first", "second", "mu"), [("identity", "relu", [2, 1]), ("relu", "relu", [1, 1])])
def test_kinks_with_one_affine_map_before_make_cells_empty(first: str, second: str, mu: list[int]) -> None:
    """On x = 1, −2 through the identity z(−2) = −2 z(1); where the first layer is off, both see its bias alone."""
    off = first == "relu"
    document = network([1, 1, 1, 1], [first, second], samples([1, -2], [0, 0]), bias=off)
    bias = [[-5], [0], [0]] if off else [None] * 3
    at = [layer([[w]], b) for w, b in zip([1, 0, 1], bias, strict=True)]
    problem = read_problem(text(document | {"parameters": at}), no_data)
    empty = [(1, 1), (-1, -1)] if not off else [(1, -1), (-1, 1)]
    for cell in cells(problem, evaluated(problem))[1]:
        if cell.signs in empty:
            no_point(cell, list(map(Fraction, mu)), "")
        else:
            with pytest.raises(Rejected, match="do not combine to 0"):
                no_point(cell, list(map(Fraction, mu)), "")


def test_all_cells_empty_is_refused() -> None:
    """Dead rows alone make no cell empty, and kinks that cannot move have no multiplier."""
    document = network([1, 1, 1, 1], "relu", samples([0], [1]), bias=False)
    at = [layer([[1]]), layer([[1]]), layer([[1]])]
    stuck = kkt(document, at, "1", {"empty": ["1"]}, {"empty": ["1"]})
    verdict, what = outcome(stuck.network, stuck.proof)
    assert (verdict, "its multipliers do not combine to 0" in what) == ("Rejected", True)


@pytest.mark.parametrize("seed", range(24))
def test_kinks_on_each_side(seed: int) -> None:
    """Gradient and Hessian of s z in a cell, by differences of z on its pieces; the breakpoint is z itself."""
    rng = Random(seed)
    problem, oracle, parameters, _ = drawn(rng, ([1, 2, 1], [1, 1, 1, 1], [1, 2, 1, 1])[seed % 3])
    count, around = cells(problem, evaluated(problem))
    if count > 16:
        return
    for cell in around:
        for b, ((m, j, i), s) in enumerate(zip(cell.kinks, cell.signs, strict=True)):

            def z(there: Json) -> Fraction:
                return s * values(oracle, cell.pattern, there, i)[m][j]  # noqa: B023

            assert cell.kink(b) == (slopes_of(z, parameters), bends_of(z, parameters))
            assert cell.threshold(b) == s * z(parameters)


def evaluated(problem: Problem) -> Evaluated:
    """The given point."""
    return point_rule(Reading(Proof(problem), Fields({"parameters": "given"}, "")))


@pytest.mark.parametrize("s", [1, -1])
def test_the_lagrangian_bends_as_the_risk_less_the_kinks(s: int) -> None:
    """v |w₂ w₁ x| at w₂ = 0, y = −1: ∇R_s = Σ 2 s ∇z, and z = w₂ w₁ x bends."""
    document = network([1, 1, 1, 1], ["identity", "abs"], samples([1, 2], [-1, -1]), bias=False)
    parameters = [layer([[1]]), layer([[0]]), layer([[1]])]
    oracle, problem = Oracle(document), read_problem(text(document | {"parameters": parameters}), no_data)
    cell = next(each for each in cells(problem, evaluated(problem))[1] if each.signs == (s, s))

    def lagrangian(there: Json) -> Fraction:
        kinks = sum(s * values(oracle, cell.pattern, there, i)[1][0] for i in range(2))
        return risk(oracle, cell.pattern, there) - 2 * kinks

    found = stationary(cell, [Fraction(2)] * 2, "")
    assert found.hessian == bends_of(lagrangian, parameters)
    assert not any(slopes_of(lagrangian, parameters))
    assert [normal for normal, _ in found.active] == [cell.kink(b)[0] for b in range(2)]
    assert [kink for _, kink in found.active] == [(1, 0, 0), (1, 0, 1)]


def test_a_point_that_can_fall_has_no_multipliers() -> None:
    """The crest with output weight −1 instead: moving w lowers the risk at once."""
    turned = kkt(CREST, [layer([[0]]), layer([[-1]], [0])], "6", UP, EMPTY, EMPTY, UP)
    verdict, what = outcome(turned.network, turned.proof)
    assert (verdict, "its multipliers do not combine to the gradient" in what) == ("Rejected", True)
    assert Oracle(turned.network).lower_nearby(turned.network["parameters"]) is not None


def bent_twice(label: Json) -> Json:
    """x = 1; z = b a − a b + c through identity and ReLU; outputs a/4, b/4, relu(z), c and a b."""
    taken = ((0, "1/4"), (1, "1/4"), (2, 1), (4, 1), (5, 1))
    last = [[each if k == column else 0 for k in range(6)] for column, each in taken]
    return {
        "format": "symverify-network/1",
        "program": [
            {"name": "x", "op": "input", "shape": [1]},
            {"name": "ab", "op": "affine", "from": "x", "units": 2, "weight": [["a"], ["b"]], "bias": False},
            {"name": "flip", "op": "affine", "from": "ab", "units": 2, "weight": [[1, 0], [0, -1]], "bias": False},
            {"name": "z", "op": "affine", "from": "flip", "units": 2, "weight": [["b", "a"], [0, 0]], "bias": ["c", 5]},
            {"name": "same", "op": "activation", "from": "z", "activation": "identity"},
            {"name": "h", "op": "activation", "from": "same", "activation": "relu"},
            {"name": "product", "op": "affine", "from": "ab", "units": 1, "weight": [["b", 0]], "bias": False},
            {"name": "c", "op": "affine", "from": "x", "units": 1, "weight": [["c"]], "bias": False},
            {"name": "all", "op": "concat", "from": ["ab", "h", "c", "product"]},
            {"name": "f", "op": "affine", "from": "all", "units": 5, "bias": False, "weight": last},
        ],
        "loss": {"name": "squared", "reduction": "sum"},
        "data": [{"x": [1], "y": [0, 0, -1, "1/2", label]}],
        "parameters": {"ab": {"weight": [[0], [0]]}, "z": {"bias": [0, None]}},
    }


def test_an_activation_of_an_activation() -> None:
    """R falls by 3t²/8 − t⁴ along a = b = t if the label of a b is 1/4; with label 0 the point is a minimum."""
    steps: list[Json] = [point(), {"rule": "cell_kkt", "from": {"point": 0}, "cells": [{"multipliers": ["1"]}] * 2}]
    check_step(bent_twice("1/4"), steps, "across flows and active kinks is not positive definite")
    flat = bent_twice(0)
    proof = certificate(flat, steps, [given(1, "5/4")])
    assert outcome(flat, proof)[0] == "Accepted"
