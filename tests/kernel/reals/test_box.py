"""Boxes of general programs, worked out by hand; each condition broken; and derivatives against exact ones."""

import copy
from fractions import Fraction
from random import Random
from typing import Any

import pytest

from symverify.kernel.core.network import Layer, cell_of
from symverify.kernel.curvature.hessian import derivatives
from symverify.kernel.reals.box import Box
from symverify.kernel.reals.fields import symmetries
from symverify.kernel.reals.interval import Interval, interval
from symverify.kernel.reals.kinks import Kinks
from symverify.kernel.reals.minimum_in_box import BoxMinimum, Candidate, inside_pieces
from tests.as_program import program_of, spelled
from tests.kernel.reals.by_hand import box_step
from tests.kernel.reals.made import Rejected, checked, document, edited, layer, problem_of, refused
from tests.kernel.reals.random_programs import random_case
from tests.kernel.reals.test_minimum_in_box import BOXES, DECAY, INVERSE, LINE, NO_ZERO, ON_DECAY, ON_LINE, SUM, box

Json = Any


def program(data: Json, *nodes: Json, loss: Json = SUM) -> Json:
    return {"format": "symverify-network/1", "program": list(nodes), "loss": loss, "data": data}


def sample(x: list[Any], *y: Any) -> Json:
    return {"x": x, "y": list(y)}


# f = v (relu(s x₁) + relu(s x₂)) with s and v tied: x₁ + x₂ = 3 both times, s v = 1, errors 2 and −2; ∂²R/∂v² = 36.
TIED = program(
    [sample([1, 2], 1), sample([2, 1], 5)],
    {"name": "x", "op": "input", "shape": [1, 2]},
    {"name": "c", "op": "conv1d", "from": "x", "channels": 1, "kernel": 1, "bias": False},
    {"name": "a", "op": "activation", "from": "c", "activation": "relu"},
    {"name": "u", "op": "flatten", "from": "a"},
    {"name": "f", "op": "affine", "from": "u", "units": 1, "weight": [["v", "v"]], "bias": False},
)
ON_TIED = box(
    {"c": {"weight": [[["1"]]]}, "f": {"weight": [["1", None]]}},
    [[[1, 1], [1, 1]]],
    [["1/36"]],
    held=[0],
    flows=[0],
    across=[["1"]],
)
# f = relu(w x), the output weight frozen at 1: w = 7/5 of risk 1/5 at x = 1, 2 with y = 1, 3.
FROZEN = program(
    [sample([1], 1), sample([2], 3)],
    {"name": "x", "op": "input", "shape": [1]},
    {"name": "z", "op": "affine", "from": "x", "units": 1, "bias": False},
    {"name": "a", "op": "activation", "from": "z", "activation": "relu"},
    {"name": "f", "op": "affine", "from": "a", "units": 1, "weight": 1, "bias": False},
)
ON_FROZEN = box({"z": {"weight": [["7/5"]]}}, [[[1, 1]]], [["1/10"]])
# f = v max(relu(w₁ x₁), relu(w₂ x₂)): both are dead at (−1, −1), where the comparison is 0 − 0 at all parameters near.
POOLED = program(
    [sample([1, 0], 1), sample([1, 0], 2), sample([0, 1], 3), sample([-1, -1], 2)],
    {"name": "x", "op": "input", "shape": [2]},
    {"name": "z", "op": "affine", "from": "x", "units": 2, "weight": [[None, 0], [0, None]], "bias": False},
    {"name": "a", "op": "activation", "from": "z", "activation": "relu"},
    {"name": "t", "op": "maxout", "from": "a", "pieces": 2},
    {"name": "f", "op": "affine", "from": "t", "units": 1, "bias": False},
)
ON_POOLED = box(
    {"z": {"weight": [["3/2", None], [None, "3"]]}, "f": {"weight": [["1"]]}},
    [[[1, 1, 0, 0], [0, 0, 1, 0]], [[0, 0, 1, 0]]],
    [["1/4", "0"], ["0", "1/2"]],
    held=[2],
    flows=[0],
    across=[["-1"]],
)
CASES: dict[str, tuple[Json, Json, Fraction]] = {
    "tied": (TIED, ON_TIED, Fraction(8)),
    "frozen": (FROZEN, ON_FROZEN, Fraction(1, 5)),
    "pooled": (POOLED, ON_POOLED, Fraction(9, 2)),
}


@pytest.mark.parametrize("name", CASES)
def test_the_risk_is_enclosed(name: str) -> None:
    network, step, risk = CASES[name]
    found = checked(network, [step], {"minimum_in_box": 0})
    fact = found.steps[0].fact
    assert isinstance(fact, BoxMinimum)
    assert fact.risk.lower <= risk <= fact.risk.upper
    assert found.theorems[0].storey == "programs+reals"


NO_FLOW = "expected 1 numbers of flows, one per held parameter"
NOT_FREELY = "the flows do not move the held parameters freely"
CORRUPTED: list[tuple[str, list[Json], Json, str]] = [
    ("tied", ["centre", "c", "weight", 0, 0, 0], "99/100", NO_ZERO),
    ("tied", ["flows", 0], 1, NO_FLOW),
    ("tied", ["across", 0, 0], "-1", NOT_FREELY),
    ("tied", ["inverse", 0, 0], "1/9", NO_ZERO),  # of one of the two places of v
    ("tied", ["pieces", 0, 1, 0], 0, "unit 2 of node a may leave its piece on sample 1"),
    ("tied", ["kinks"], [[0, 2, 0]], "names a pre-activation that does not exist"),
    ("frozen", ["centre", "z", "weight", 0, 0], "141/100", NO_ZERO),
    ("pooled", ["centre", "z", "weight", 1, 1], "301/100", NO_ZERO),
    ("pooled", ["pieces", 1, 0, 2], 0, "unit 1 of node t may leave its piece on sample 3"),
    ("pooled", ["pieces", 0, 1, 0], 1, "unit 2 of node a is on another piece on sample 1"),
    ("pooled", ["kinks"], [[0, 1, 0]], "holds a pre-activation that is 0 at every point, on sample 1"),
]


@pytest.mark.parametrize(("name", "path", "new", "reason"), CORRUPTED)
def test_corrupted(name: str, path: list[Json], new: Json, reason: str) -> None:
    network, step, _ = CASES[name]
    changed = edited(step, path, new)
    if path == ["kinks"]:
        changed["multipliers"] = ["0"]
    refused(network, [changed], reason)


def test_no_piece_is_wrong_where_a_comparison_never_moves() -> None:
    """0 − 0 is on both pieces, and both give 0."""
    checked(POOLED, [edited(ON_POOLED, ["pieces", 1, 0, 3], 1)], {"minimum_in_box": 0})


def test_no_flow_touches_a_frozen_place() -> None:
    """With a free output weight w may be held, by the rescaling; with a frozen one nothing moves it."""
    free = copy.deepcopy(FROZEN)
    free["program"][3]["weight"] = True
    held = ON_FROZEN | {"held": [0], "flows": [0], "across": [["1"]]}
    both = edited(held, ["centre"], {"z": {"weight": [["1"]]}, "f": {"weight": [["7/5"]]}})
    checked(free, [both], {"minimum_in_box": 0})
    refused(FROZEN, [held | {"inverse": []}], NO_FLOW)


@pytest.mark.parametrize("held", [[], [1]])
def test_the_restricted_flow_counterexample_is_refused(held: list[int]) -> None:
    """R = ½(1 + x)² + ½(x + x y₁ y₂ − 1)² with y₁ = y₂ = y: falls like −y⁴/4 along x = y²/2. ∂²R/∂x² = 2."""
    network = program(
        [sample([1], -1, 1)],
        {"name": "one", "op": "input", "shape": [1]},
        {"name": "p", "op": "affine", "from": "one", "units": 1, "bias": False},
        {"name": "h", "op": "activation", "from": "p", "activation": "identity"},
        {"name": "q", "op": "affine", "from": "h", "units": 1, "weight": [["y"]], "bias": False},
        {"name": "g", "op": "activation", "from": "q", "activation": "identity"},
        {"name": "r", "op": "affine", "from": "g", "units": 1, "weight": [["y"]], "bias": False},
        {"name": "s", "op": "sum", "from": ["h", "r"]},
        {"name": "f", "op": "concat", "from": ["h", "s"]},
        loss={"name": "squared", "reduction": "sum", "factor": "1/2"},
    )
    centre = {"p": {"weight": [["0"]]}, "q": {"weight": [["0"]]}}
    size = 2 - len(held)
    inverse = [["1/2" if a == b == 0 else "1" if a == b else "0" for b in range(size)] for a in range(size)]
    step = box(centre, [[[0]], [[0]]], inverse, held=held, flows=[0] * len(held), across=[["1"]] * len(held))
    refused(network, [step], NO_FLOW if held else NO_ZERO)


@pytest.mark.parametrize("name", BOXES)
def test_a_chain_as_a_program_has_the_same_box(name: str) -> None:
    """The fields of one hidden layer have the same numbers."""
    network, step, _ = BOXES[name]
    known = checked(network, [step], {"minimum_in_box": 0}).theorems[0].statement
    translated = step | {"centre": spelled(step["centre"])}
    assert checked(program_of(network), [translated], {"minimum_in_box": 0}).theorems[0].statement == known


def filtered(first: str, second: str) -> Json:
    """f = v (relu(w x₁ + b) + relu(w x₂ + b)) + c at w = v = 1, b = c = 0, of errors first, second, −2, 1.

    At x = (0, 0) both pre-activations are b. With the lower pieces λ = 2v(−2 + 1) = −2, and p = 2v · second for each.
    """
    labels = [str(-Fraction(first)), str(-Fraction(second)), "3", "1"]
    return program(
        [sample(x, y) for x, y in zip(([-1, -1], [0, 0], [1, -1], [2, -1]), labels, strict=True)],
        {"name": "x", "op": "input", "shape": [1, 2]},
        {"name": "c", "op": "conv1d", "from": "x", "channels": 1, "kernel": 1},
        {"name": "a", "op": "activation", "from": "c", "activation": "relu"},
        {"name": "u", "op": "flatten", "from": "a"},
        {"name": "f", "op": "affine", "from": "u", "units": 1, "weight": [["v", "v"]]},
    )


ON_FILTER = box(
    {"c": {"weight": [[["1"]]], "bias": ["0"]}, "f": {"weight": [["1", None]], "bias": ["0"]}},
    [[[0, 0, 1, 1], [0, 0, 0, 0]]],
    INVERSE,
    kinks=[[0, 0, 1]],
    multipliers=["-2"],
    dependents=[{"kink": [0, 1, 1], "weights": ["1"]}],
    held=[0],
    flows=[0],
    across=[["1"]],
)


@pytest.mark.parametrize(("first", "second"), [("-1", "2"), ("1/4", "3/4")])
def test_kinks_of_two_units_that_are_one_number(first: str, second: str) -> None:
    """They open together: λ + 2p > 0 decides, also where λ + p is negative."""
    found = checked(filtered(first, second), [ON_FILTER], {"minimum_in_box": 0}).steps[0].fact
    assert isinstance(found, BoxMinimum)
    exact = 5 + Fraction(first) ** 2 + Fraction(second) ** 2
    assert found.risk.lower <= exact <= found.risk.upper
    assert found.kinks == ((0, 0, 1), (0, 1, 1))


def test_kinks_of_two_units_corrupted() -> None:
    falls = "the risk need not rise above the breakpoint of unit 1 of node a on sample 2"
    refused(filtered("3/4", "1/4"), [ON_FILTER], falls)
    good = filtered("-1", "2")
    for path, new, reason in (
        (["dependents"], [], "unit 2 of node a may leave its piece on sample 2"),
        (["dependents", 0, "weights", 0], "2", "depends on kinks of another unit, or on none"),
        (["dependents", 0, "kink"], [0, 1, 0], "depends on kinks of another unit, or on none"),
        (["dependents", 0, "kink"], [0, 0, 1], "names a kink twice"),
    ):
        refused(good, [edited(ON_FILTER, path, new)], reason)


# R = (w v − 1)² + ¼ (w² + v²) with v frozen at 2, which does not decay: 4 (2w − 1) + ½ w = 0, w = 8/17, and R = 1/17.
DECAYED = program(
    [sample([1], 1)],
    {"name": "x", "op": "input", "shape": [1]},
    {"name": "z", "op": "affine", "from": "x", "units": 1, "bias": False},
    {"name": "a", "op": "activation", "from": "z", "activation": "relu"},
    {"name": "f", "op": "affine", "from": "a", "units": 1, "weight": 2, "bias": False},
) | {"weight_decay": "1/2"}


def test_free_parameters_decay_once() -> None:
    """And tied ones, too: with f = w x₁ + w x₂ at x = (1, 1) the penalty is ¼ w², w = 8/17 once more."""
    step = box({"z": {"weight": [["8/17"]]}}, [[[1]]], [["2/17"]])
    fact = checked(DECAYED, [step], {"minimum_in_box": 0}).steps[0].fact
    assert isinstance(fact, BoxMinimum)
    assert fact.risk.lower <= Fraction(1, 17) <= fact.risk.upper
    refused(DECAYED, [step | {"held": [0], "flows": [0], "across": [["1"]], "inverse": []}], NO_FLOW)
    refused(DECAYED | {"weight_decay": {"biases": 1}}, [step], NO_ZERO)
    tied = program(
        [sample([1, 1], 1)],
        {"name": "x", "op": "input", "shape": [2]},
        {"name": "f", "op": "affine", "from": "x", "units": 1, "weight": [["w", "w"]], "bias": False},
    ) | {"weight_decay": "1/2"}
    both = box({"f": {"weight": [["8/17", None]]}}, [], [["2/17"]])
    fact = checked(tied, [both], {"minimum_in_box": 0}).steps[0].fact
    assert isinstance(fact, BoxMinimum)
    assert fact.risk.lower <= Fraction(1, 17) <= fact.risk.upper


def test_no_scaling_under_weight_decay() -> None:
    """Nothing moves the held parameter: what was a symmetry changes the penalty."""
    pieces = (((1, 1), (1, 1)),)
    assert len(list(symmetries(problem_of(TIED), pieces, []))) == 1
    assert list(symmetries(problem_of(TIED | {"weight_decay": "1/2"}), pieces, [])) == []


# A collapsed unit feeds a pre-activation that is 0 = w₂ relu(−w₁) at all parameters near: relu passes what it adds.
THREE = ["1", "1", "1"]
DEEP = document([1, 1, 1, 1], "relu", SUM, [1, -1], [["5/4"], [10]], bias=False, weight_decay="1/2")
ON_DEEP = box(
    [layer([[w]]) for w in THREE],
    [[[1, 0]], [[1, 0]]],
    [["8/11" if a == b else "-3/11" for b in range(3)] for a in range(3)],
)


def test_collapsed_units_need_the_others_strictly_inside() -> None:
    checked(DEEP, [ON_DEEP], {"minimum_in_box": 0})
    wide = DEEP | {"layers": [1, 2, 1, 1]}
    collapsed = ON_DEEP | {"collapsed": [[0, 1]]}
    refused(wide, [collapsed], "unit 1 of hidden layer 2 may leave its piece on sample 2")


def test_derivatives_are_enclosed() -> None:
    """The gradient and the Hessian at a point, of random programs with ties, masks and skips."""
    count = 0
    for seed in range(150):
        if (made := random_case(seed)) is None:
            continue
        problem, _ = made
        rng = Random(seed)
        numbers = [Fraction(rng.randint(-9, 9), 7) + Fraction(1, 11 + k) for k in range(problem.size())]
        point = problem.expand(list(numbers))
        try:
            pattern = cell_of(problem, point)
        except Rejected:
            continue
        first, second = derivatives(problem, point, pattern)
        box_ = Box(problem, [interval(x) for x in numbers], pattern, "here")
        found = box_.lagrangian([], [], range(problem.size()))
        assert all(map(within, first, found.gradient)), seed
        assert all(
            within(x, y)
            for row, near in zip(second, found.hessian, strict=True)
            for x, y in zip(row, near, strict=True)
        )
        count += 1
    assert count > 60


def within(x: Fraction, near: Interval) -> bool:
    return near.lower <= x <= near.upper and near.upper - near.lower < Fraction(1, 2**200)


# The conditions of `minimum_in_box` on the box, each broken where all others hold.
PIECES: Json = [[[0, 0, 1, 1]]]
HELD: Json = {"held": [0], "flows": [0], "across": [["1"]]}


def bent(bias: str, errors: list[Fraction]) -> tuple[Json, Json]:
    """f = v h(w x + b) + c at w = v = 1, c = 0, with the lower piece at x = 0, and these errors there."""
    ahead = [Fraction(0), Fraction(0), 1 + Fraction(bias), 2 + Fraction(bias)]
    ys = [[str(f - e)] for f, e in zip(ahead, errors, strict=True)]
    return document([1, 1, 1], "relu", SUM, [-1, 0, 1, 2], ys), [layer([["1"]], [bias]), layer([["1"]], ["0"])]


def test_the_multipliers_are_as_wide_as_the_box() -> None:
    """λ = 1/5000 is not below 0; the given −1/10000 is within the radius of it."""
    t = Fraction(1, 10000)
    network, centre = bent("0", [Fraction(-1), 1 - t, 2 * t, -t])
    step = box_step(network, centre, PIECES, [(0, 0, 1)], **HELD, radius="1/1024")
    assert step["multipliers"] == ["1/5000"]
    below = "the risk need not rise below the breakpoint of unit 1 of hidden layer 1 on sample 2"
    refused(network, [edited(step, ["multipliers", 0], "-1/10000")], below)


def test_the_kinks_are_held_at_the_centre() -> None:
    """The gradient of L is 0 where z_b = 1/100, far outside of the box from z_b = 0."""
    ahead = Fraction(-201, 101)
    network, centre = bent("1/100", [-(3 + ahead), Fraction(2), ahead, Fraction(1)])
    step = box_step(network, centre, PIECES, [(0, 0, 1)], **HELD)
    assert step["multipliers"] == ["-200/101"]
    refused(network, [step], NO_ZERO)


def test_weights_and_biases_decay_by_their_own_numbers() -> None:
    """(v w − 1)² + ¼ (w² + v²) is no risk of decayed biases; with c there, and not decayed, c = 1 is best."""
    refused(DECAY | {"weight_decay": {"biases": "1/2"}}, [ON_DECAY], NO_ZERO)
    shifted = document([1, 1, 1], "identity", SUM, [1], [[1]], bias={"hidden": False, "output": True},
                       weight_decay={"weights": "1/2"})  # fmt: skip
    inverse = [["50/9", "40/9", "0"], ["40/9", "50/9", "0"], ["0", "0", "2/5"]]
    step = box([layer([["0"]]), layer([["0"]], ["4/5"])], [[[0]]], inverse)
    refused(shifted, [step], NO_ZERO)
    checked(shifted | {"weight_decay": "1/2"}, [step], {"minimum_in_box": 0})


def test_the_risk_and_its_gradient_have_their_factor() -> None:
    """Half the squares and the same decay are least where v w = 1/2, not at 3/4."""
    inverse = [["5/6", "-1/6"], ["-1/6", "5/6"]]
    refused(DECAY | {"loss": SUM | {"factor": "1/2"}}, [ON_DECAY | {"inverse": inverse}], NO_ZERO)
    halved = LINE | {"loss": SUM | {"factor": "1/2"}}
    found = checked(halved, [edited(ON_LINE, ["inverse"], [["1/5"]])], {"minimum_in_box": 0}).steps[0].fact
    assert isinstance(found, BoxMinimum)
    assert found.risk.lower <= Fraction(1, 10) <= found.risk.upper < Fraction(1, 8)


@pytest.mark.parametrize(("x", "piece"), [(1, 1), (-1, 0)])
def test_strictly_inside_is_not_at_an_end(x: int, piece: int) -> None:
    """w within 1 of 1: the pre-activation may be 0."""
    problem = problem_of(document([1, 1, 1], "relu", SUM, [x], [[1]], bias=False))
    one = Layer(((Fraction(1),),), None)
    kinks = Kinks(problem, (((piece,),),), [], [], "here")
    given = Candidate(kinks, (one, one), Fraction(1), [], [])
    inside_pieces(given)
    with pytest.raises(Rejected, match="may leave its piece"):
        inside_pieces(given, strictly=True)


def test_beyond_a_kink_both_sides_are_enclosed() -> None:
    """z₁ = b in [−1, 1] at x = 0, so that z₂ = max(0, z₁) is all of [0, 1]."""
    problem = problem_of(document([1, 1, 1, 1], "relu", SUM, [0], [[0]]))
    numbers = [
        interval(Fraction(1)),
        interval(Fraction(0), Fraction(1)),
        *(interval(Fraction(x)) for x in (1, 0, 1, 0)),
    ]
    there = dict(Box(problem, numbers, (((0,),), ((0,),)), "here").pre_activations({(0, 0, 0)}))
    assert (there[0, 0, 0].lower, there[0, 0, 0].upper) == (-1, 1)
    assert (there[1, 0, 0].lower, there[1, 0, 0].upper) == (0, 1)
