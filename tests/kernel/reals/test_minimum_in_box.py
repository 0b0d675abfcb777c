"""The rule `minimum_in_box`: boxes worked out by hand; each condition broken; counterexamples to weaker versions."""

from fractions import Fraction

import mpmath
import pytest

from symverify.kernel.reals.minimum_in_box import BoxMinimum
from tests.kernel.reals.by_hand import box_step
from tests.kernel.reals.made import (
    Declined,
    Json,
    Malformed,
    Rejected,
    checked,
    control,
    corruption,
    document,
    edited,
    layer,
    mp,
    problem_of,
    refused,
)
from tests.kernel.rules import suite

SUM = {"name": "squared", "reduction": "sum"}
SMALL = "1/1024"


def box(centre: Json, pieces: Json, inverse: Json, **more: Json) -> Json:
    """A step without kinks and without held parameters, but for what is given."""
    plain = {
        "dependents": [],
        "kinks": [],
        "multipliers": [],
        "held": [],
        "flows": [],
        "across": [],
        "tau": "0",
        "radius": SMALL,
    }
    return {"rule": "minimum_in_box", "centre": centre, "pieces": pieces, "inverse": inverse} | plain | more


# f = v w x at x = 1, 2 with y = 1, 3: the slice w = 1 has its minimum at v = 7/5, of risk 1/5; ∂²R/∂v² = 10.
LINE = document([1, 1, 1], "relu", SUM, [1, 2], [[1], [3]], bias=False)
ON_LINE = box([layer([["1"]]), layer([["7/5"]])], [[[1, 1]]], [["1/10"]], held=[0], flows=[0], across=[["1"]])
# f = v h(w x + b) + c at x = -1, 0, 1, 2; w = v = 1, b = c = 0, errors -1, 2, -2, 1: a kink at x = 0, and w held by the
# rescaling. λ = 2v(-2 + 1) = -2, p = 2v·2 = 4. F by b, v, c and z has the derivative
# ((4, 4, 4, -1), (4, 10, 6, 0), (4, 6, 8, 0), (1, 0, 0, 0)).
KINK = document([1, 1, 1], "relu", SUM, [-1, 0, 1, 2], [[1], [-2], [3], [1]])
INVERSE = [
    ["0", "0", "0", "1"],
    ["0", "2/11", "-3/22", "-2/11"],
    ["0", "-3/22", "5/22", "-4/11"],
    ["-1", "2/11", "4/11", "20/11"],
]
ON_KINK = box(
    [layer([["1"]], ["0"]), layer([["1"]], ["0"])],
    [[[0, 0, 1, 1]]],
    INVERSE,
    kinks=[[0, 0, 1]],
    multipliers=["-2"],
    held=[0],
    flows=[0],
    across=[["1"]],
)
HUBER = document([1, 1, 1], "relu", {"name": "huber", "delta": 1, "reduction": "sum"}, [1, 2], [[1], [3]], bias=False)
ON_HUBER = edited(ON_LINE, ["inverse"], [["1/5"]])
# σ(v) = 1/3 at v = -log 2, where ∂²R/∂v² = 2/9 and R = log 3 - 2/3 log 2; e^v = 1/2 for Poisson's.
LOGISTIC = document([1, 1, 1], "relu", "logistic", [1], [["1/3"]], bias=False)
NEAR = [layer([["1"]]), layer([["-6931471805599453/10000000000000000"]])]
ON_LOGISTIC = box(NEAR, [[[1]]], [["9/2"]], held=[0], flows=[0], across=[["1"]], radius="1/1048576")
POISSON = document([1, 1, 1], "relu", "poisson", [1], [["1/2"]], bias=False)
ON_POISSON = edited(ON_LOGISTIC, ["inverse"], [["2"]])
# f = (v₁, v₂) w x with softmax: p = (1/3, 2/3) at v₁ - v₂ = -log 2; the rescaling and the common row hold w and v₂.
SOFTMAX = document([1, 1, 2], "relu", "cross_entropy", [1], [["1/3", "2/3"]], bias=False)
ON_SOFTMAX = box(
    [layer([["1"]]), layer([["-6931471805599453/10000000000000000"], ["0"]])],
    [[[1]]],
    [["9/2"]],
    held=[0, 2],
    flows=[0, 1],
    across=[["1", "0"], ["0", "1"]],
    radius="1/1048576",
)
BOXES = {
    "inside": (LINE, ON_LINE, "mpf(1)/5"),
    "kink": (KINK, ON_KINK, "10"),
    "huber": (HUBER, ON_HUBER, "mpf(1)/10"),
    "logistic": (LOGISTIC, ON_LOGISTIC, "log(3) - 2*log(2)/3"),
    "poisson": (POISSON, ON_POISSON, "(1 + log(2))/2"),
    "softmax": (SOFTMAX, ON_SOFTMAX, "log(3) - 2*log(2)/3"),
}


@pytest.mark.parametrize("name", BOXES)
def test_the_risk_is_enclosed(name: str) -> None:
    network, step, risk = BOXES[name]
    found = checked(network, [step], {"minimum_in_box": 0})
    stated = dict(found.theorems[0].statement)
    mpmath.mp.prec = 300
    exact = eval(risk, {"mpf": mpmath.mpf, "log": mpmath.log})
    fact = found.steps[0].fact
    assert isinstance(fact, BoxMinimum)
    assert mp(fact.risk.lower) <= exact <= mp(fact.risk.upper)
    assert fact.risk.upper - fact.risk.lower < Fraction(1, 4)
    assert (stated["radius"], stated["spurious"], stated["better_risk"]) == (step["radius"], None, None)
    assert found.theorems[0].storey == "reals"


NO_ZERO = "no zero of the gradient is shown to be in the box"
REJECTED: list[tuple[str, str, list[Json], Json, str]] = [
    ("inside", "centre moved", ["centre", 1, "weight", 0, 0], "141/100", NO_ZERO),
    ("kink", "centre moved", ["centre", 1, "bias", 0], "1/100", NO_ZERO),
    ("logistic", "centre moved", ["centre", 1, "weight", 0, 0], "-17/25", NO_ZERO),
    (
        "kink",
        "side flipped",
        ["pieces", 0, 0, 1],
        1,
        "unit 1 of hidden layer 1: no breakpoint ends its piece on sample 2",
    ),
    ("kink", "another piece", ["pieces", 0, 0, 2], 0, "unit 1 of hidden layer 1 may leave its piece on sample 3"),
    ("inside", "another piece", ["pieces", 0, 0, 0], 0, "may leave its piece on sample 1"),
    ("kink", "another kink", ["kinks", 0], [0, 0, 0], "may leave its piece on sample 2"),
    ("kink", "no such sample", ["kinks", 0], [0, 0, 4], "names a pre-activation that does not exist"),
    ("kink", "no such unit", ["kinks", 0], [0, 1, 1], "names a pre-activation that does not exist"),
    ("kink", "no such layer", ["kinks", 0], [1, 0, 1], "names a pre-activation that does not exist"),
    ("kink", "multiplier of the other side", ["multipliers", 0], "2", NO_ZERO),
    ("inside", "inverse of another matrix", ["inverse", 0, 0], "1/4", NO_ZERO),
    ("inside", "no inverse", ["inverse", 0, 0], "0", NO_ZERO),
    ("inside", "another flow", ["flows", 0], 1, "expected 1 numbers of flows, one per held parameter"),
    ("inside", "no flow", ["flows"], [], "expected 1 numbers of flows, one per held parameter"),
    ("inside", "flows that do not move it", ["across", 0, 0], "0", "do not move the held parameters freely"),
    ("inside", "flows the other way", ["across", 0, 0], "-1", "do not move the held parameters freely"),
    ("kink", "held twice", ["held"], [0, 0], "must be different numbers of parameters"),
    *(("kink", f"held at {c}", ["held"], [c], "must be different numbers of parameters") for c in (4, 400)),
    ("inside", "no radius", ["radius"], "0", "must be positive"),
    ("inside", "a negative radius", ["radius"], "-1/1024", "must be positive"),
    ("inside", "a negative tau", ["tau"], "-1", "must not be negative"),
    ("huber", "a cut in the box", ["radius"], "1", "the huber loss is not twice differentiable on the box"),
    ("logistic", "too large a box", ["radius"], "4", "unit 1 of hidden layer 1 may leave its piece on sample 1"),
]
MALFORMED: list[tuple[str, list[Json], Json, str]] = [
    ("kink", ["inverse"], [["1"]], "expected 4 rows of 4 numbers"),
    ("kink", ["across"], [], "expected 1 rows of 1 numbers"),
    ("kink", ["multipliers"], [], "expected 1 numbers, one per kink, got 0"),
    ("kink", ["pieces"], [[[0, 0, 1]]], "expected a piece for each hidden layer, unit and sample"),
    ("kink", ["pieces", 0, 0, 0], 2, "there is no such piece"),
    ("kink", ["kinks", 0], [0, 0], "expected 3 numbers: hidden layer, unit, sample, got 2"),
    ("kink", ["radius"], ..., "radius: is missing"),
    ("kink", ["side"], "below", "unknown key"),
]


CONTROLS = {name: control(network, [step], {"minimum_in_box": 0}) for name, (network, step, _) in BOXES.items()}
CORRUPTIONS = [
    *(corruption(name, 0, path, new, Rejected, reason) for name, _, path, new, reason in REJECTED),
    *(corruption(name, 0, path, new, Malformed, reason) for name, path, new, reason in MALFORMED),
]
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


def test_a_kink_that_is_not_held() -> None:
    free = ON_KINK | {"kinks": [], "multipliers": [], "inverse": [row[:3] for row in INVERSE[:3]]}
    refused(KINK, [free], "unit 1 of hidden layer 1 may leave its piece on sample 2")


def test_a_kink_named_twice() -> None:
    twice = ON_KINK | {"kinks": [[0, 0, 1]] * 2, "multipliers": ["-1", "-1"], "inverse": [["0"] * 5] * 5}
    refused(KINK, [twice], "names a kink twice")


@pytest.mark.parametrize("inverse", [[["1", "0"], ["0", "1/10"]], [["0", "0"], ["0", "1/10"]]])
def test_a_slice_coordinate_that_is_freed(inverse: Json) -> None:
    """Without the slice minima are not isolated, and no inverse exists."""
    refused(LINE, [ON_LINE | {"held": [], "flows": [], "across": [], "inverse": inverse}], NO_ZERO)


def test_a_huge_number() -> None:
    refused(LINE, [edited(ON_LINE, ["inverse", 0, 0], str(2**128))], "a number beyond 2\\^128", Declined)


def test_a_saddle() -> None:
    """At w = v = 0 of f = v w x + c, y = 1, 3 on x = 1, -1 the Hessian is indefinite: a zero of F, and no minimum."""
    network = document([1, 1, 1], "identity", SUM, [1, -1], [[1], [3]], bias={"hidden": False, "output": True})
    centre = [layer([["0"]]), layer([["0"]], ["2"])]
    # ∂w∂v R = 2 Σ e x = 2 (1 - (-1)) = 4
    inverse = [["0", "1/4", "0"], ["1/4", "0", "0"], ["0", "0", "1/4"]]
    refused(network, [box(centre, [[[0, 0]]], inverse)], "the Hessian of the Lagrangian is not positive definite")


def test_a_kink_beyond_which_the_risk_falls() -> None:
    """The error at the kink is -3 instead of 2, and the first one makes up for it: λ + p = -2 - 6."""
    network = document([1, 1, 1], "relu", SUM, [-1, 0, 1, 2], [[-4], [3], [3], [1]])
    refused(network, [ON_KINK], "the risk need not rise above the breakpoint of unit 1 of hidden layer 1 on sample 2")


def test_a_kink_below_which_the_risk_falls() -> None:
    """The errors are -3, 2, 2, -1, so that λ = 2, and F' has the rows (4, 8, 4, -1) and (8, 10, 6, 0)."""
    network = document([1, 1, 1], "relu", SUM, [-1, 0, 1, 2], [[3], [-2], [-1], [3]])
    inverse = [
        ["0", "0", "0", "1"],
        ["0", "2/11", "-3/22", "-10/11"],
        ["0", "-3/22", "5/22", "2/11"],
        ["-1", "10/11", "-2/11", "-28/11"],
    ]
    step = ON_KINK | {"multipliers": ["2"], "inverse": inverse}
    refused(network, [step], "the Hessian of the Lagrangian is not positive definite")
    below = "the risk need not rise below the breakpoint of unit 1 of hidden layer 1 on sample 2"
    refused(network, [step | {"tau": "4"}], below)


def test_dead_rows_and_nested_kinks() -> None:
    dead = document([1, 1, 1], "relu", SUM, [0, 1], [[1], [3]], bias=False)
    step = box([layer([["1"]]), layer([["3"]])], [[[0, 1]]], [["0"] * 2] * 2, kinks=[[0, 0, 0]], multipliers=["0"])
    refused(
        dead, [step | {"held": [0], "flows": [0], "across": [["1"]]}], "holds a pre-activation that is 0 at every point"
    )
    deep = document([1, 1, 1, 1], {"breakpoints": [0], "slopes": [0, 1], "anchor": [0, 1]}, SUM, [0, 1], [[1], [3]])
    centre = [layer([["1"]], ["0"])] * 3
    nested = box(centre, [[[0, 1]], [[0, 1]]], [], kinks=[[0, 0, 0], [1, 0, 0]], multipliers=["-1", "-1"])
    refused(deep, [nested], "holds kinks of sample 1 in two layers")


def test_a_dead_row_on_the_upper_piece() -> None:
    """Its value is the same, but a cell that claims slope 1 there is none."""
    dead = document([1, 1, 1], "relu", SUM, [0, 1, 2], [[0], [1], [3]], bias=False)
    good = edited(ON_LINE, ["pieces"], [[[0, 1, 1]]])
    checked(dead, [good], {"minimum_in_box": 0})
    refused(dead, [edited(good, ["pieces"], [[[1, 1, 1]]])], "is on another piece on sample 1")


BRANCHES = document([1, 1, 1], "relu", SUM, [1, -1], [[1], [3]], bias=False)
ON_BRANCH = ON_LINE | {"centre": [layer([["1"]]), layer([["1"]])], "pieces": [[[1, 0]]], "inverse": [["1/2"]]}
LAST = {"rule": "spurious_real", "from": {"minimum": 0, "better": 1}}


def test_spurious() -> None:
    """One unit fits one of two samples: the risk is 9 or 1."""
    better = {"rule": "point", "parameters": [layer([["-1"]]), layer([["3"]])]}
    found = checked(BRANCHES, [ON_BRANCH, better, LAST], {"minimum_in_box": 2})
    stated = dict(found.theorems[0].statement)
    assert (stated["spurious"], stated["better_risk"]) == (True, "1")
    same = edited(better, ["parameters"], ON_BRANCH["centre"])
    refused(BRANCHES, [ON_BRANCH, same, LAST], "its risk 9 is not below")
    bound = {"rule": "function_bound"}
    refused(BRANCHES, [ON_BRANCH, bound, LAST], "step 1 proves LowerBound, expected Reached")


def doubled(first: int, second: int, before: int) -> Json:
    """KINK with two samples at x = 0, of these errors, and an error at x = -1 that makes up for them."""
    return document([1, 1, 1], "relu", SUM, [-1, 0, 0, 1, 2], [[-before], [-first], [-second], [3], [1]])


TWICE = ON_KINK | {
    "pieces": [[[0, 0, 0, 1, 1]]],
    "dependents": [{"kink": [0, 0, 2], "weights": ["1"]}],
    "inverse": [
        ["0", "0", "0", "1"],
        ["0", "5/32", "-3/32", "-1/4"],
        ["0", "-3/32", "5/32", "-1/4"],
        ["-1", "1/4", "1/4", "2"],
    ],
}


@pytest.mark.parametrize("errors", [(1, 1), (4, -2), (-2, 4)])
def test_a_kink_that_depends_on_another(errors: tuple[int, int]) -> None:
    """Equal inputs open together: p = 2e of both count, also where λ + p of one alone is negative."""
    found = checked(doubled(*errors, -1), [TWICE], {"minimum_in_box": 0}).steps[0].fact
    assert isinstance(found, BoxMinimum)
    exact = 6 + sum(e * e for e in errors)
    assert found.risk.lower <= exact <= found.risk.upper
    assert found.kinks == ((0, 0, 1), (0, 0, 2))


@pytest.mark.parametrize(
    ("path", "new", "reason"),
    [
        (["dependents"], [], "unit 1 of hidden layer 1 may leave its piece on sample 3"),
        (["dependents", 0, "weights", 0], "2", "need not be this combination of the others"),
        (["dependents", 0, "weights", 0], "0", "depends on kinks of another unit, or on none"),
        (["dependents", 0, "kink", 2], 0, "need not be this combination of the others"),
        (["dependents", 0, "kink", 2], 1, "names a kink twice"),
        (["dependents", 0, "kink", 1], 1, "names a pre-activation that does not exist"),
        (["pieces", 0, 0, 2], 1, "no breakpoint ends its piece on sample 3"),
    ],
)
def test_a_dependent_kink_corrupted(path: list[Json], new: Json, reason: str) -> None:
    refused(doubled(1, 1, -1), [edited(TWICE, path, new)], reason)


def test_one_kink_alone_does_not_decide() -> None:
    """λ + p = 6 for the held kink, and the other one takes 6 away: the risk is level beyond, to first order."""
    refused(doubled(4, -3, 0), [TWICE], "the risk need not rise above the breakpoint of unit 1")


def test_dependent_kinks_need_one_breakpoint_at_0() -> None:
    network = doubled(1, 1, -1) | {"activation": {"breakpoints": [0], "slopes": [0, 1], "anchor": [0, 1]}}
    refused(network, [TWICE], "needs activations with one breakpoint, at 0, and h\\(0\\) = 0")


# R = (v w - 1)² + ¼ (w² + v²): w = v = √3/2, where R = 7/16.
DECAY = document([1, 1, 1], "relu", SUM, [1], [[1]], bias=False, weight_decay="1/2")
ROOT = str(Fraction(8660254037844386, 10**16))
ON_DECAY = box([layer([[ROOT]]), layer([[ROOT]])], [[[1]]], [["2/3", "-1/3"], ["-1/3", "2/3"]])


def test_weight_decay() -> None:
    found = checked(DECAY, [ON_DECAY], {"minimum_in_box": 0}).steps[0].fact
    assert isinstance(found, BoxMinimum)
    assert found.risk.lower <= Fraction(7, 16) <= found.risk.upper
    slice_ = {"held": [0], "flows": [0], "across": [["1"]], "inverse": [["1/2"]]}
    refused(DECAY, [ON_DECAY | slice_], "expected 1 numbers of flows, one per held parameter")
    refused(DECAY | {"weight_decay": {"weights": "1/4"}}, [ON_DECAY], NO_ZERO)
    plain = {name: value for name, value in DECAY.items() if name != "weight_decay"}
    refused(plain, [ON_DECAY], NO_ZERO)
    point = {"rule": "point", "parameters": ON_DECAY["centre"]}
    refused(DECAY, [point], "is not a rule for the squared loss with weight decay")


@pytest.mark.parametrize(("decay", "reason"), [("-1", "must not be negative"), ({"all": 1}, "unknown key")])
def test_a_decay_that_is_none(decay: Json, reason: str) -> None:
    with pytest.raises(Malformed, match=reason):
        problem_of(DECAY | {"weight_decay": decay})


# f = v h(u h(w x + b) + c) + d at w = u = v = 1, b = c = d = 0, both units kinked at x = 0; h(z) = z or z/2.
HALF = {"name": "leaky_relu", "negative_slope": "1/2"}
SHARED = [[[0, 0, 0, 1, 1]]] * 2
SLICE = {"held": [0, 2], "flows": [0, 1], "across": [["1", "1"], ["0", "1"]]}


def nested(errors: list[int]) -> Json:
    """The network whose predictions at the centre are −1/2, −1/4, 0, 1, 2 and have these errors."""
    ys = [[str(Fraction(f) - e)] for f, e in zip(("-1/2", "-1/4", "0", "1", "2"), errors, strict=True)]
    return document([1, 1, 1, 1], HALF, SUM, [-2, -1, 0, 1, 2], ys)


def test_kinks_of_one_sample_in_two_layers() -> None:
    """λ = −2 for both: with S = e₄ + e₅ they are S < 0 < (S + e₃)/2 and S < 0 < S + e₃."""
    network, centre = nested([-4, 0, 6, -2, 0]), [layer([["1"]], ["0"])] * 3
    step = box_step(network, centre, SHARED, [(0, 0, 2), (1, 0, 2)], **SLICE)
    assert step["multipliers"] == ["-2", "-2"]
    found = checked(network, [step], {"minimum_in_box": 0}).steps[0].fact
    assert isinstance(found, BoxMinimum)
    assert found.risk.lower <= 56 <= found.risk.upper
    refused(network, [edited(step, ["multipliers", 1], "-3")], NO_ZERO)
    refused(network, [edited(step, ["pieces", 1, 0, 2], 1)], "no breakpoint ends its piece on sample 3")
    lower = box_step(network, centre, SHARED, [(0, 0, 2)], **SLICE)
    refused(network, [lower], "unit 1 of hidden layer 2 may leave its piece on sample 3")
    falling = nested([-4, 0, 2, -2, 4])
    step = box_step(falling, centre, SHARED, [(0, 0, 2), (1, 0, 2)], **SLICE)
    refused(falling, [step], NO_ZERO)  # the errors do not balance


def absolute(errors: list[str]) -> Json:
    """|·| twice at w = v = 1, u = −1 without an output bias: the predictions are |x|."""
    ys = [[str(abs(x) - Fraction(e))] for x, e in zip((-2, -1, 0, 1, 2), errors, strict=True)]
    bias = {"hidden": True, "output": False}
    return document([1, 1, 1, 1], "abs", SUM, [-2, -1, 0, 1, 2], ys, bias=bias)


def test_the_pull_of_a_lower_kink_is_that_of_the_lagrangian() -> None:
    """With e₋ and e₊ the errors at x < 0 and x > 0, λ₁ = 4 Σ e₊, and ∂L/∂a = 2 e₃ − 2 Σ e where ∂R/∂a = 2 e₃.

    The condition on the first unit is Σ e₋ < 0 then; by ∂R/∂a it would be Σ e₊ + e₃ > 0, which holds for both.
    """
    centre = [layer([["1"]], ["0"]), layer([["-1"]], ["0"]), layer([["1"]])]
    pieces = [[[0, 0, 0, 1, 1]], [[0, 0, 0, 0, 0]]]
    slice_ = {"held": [0, 2], "flows": [0, 1], "across": [["1", "1"], ["0", "-1"]]}
    good, bad = absolute(["1", "-3/2", "3", "-1/2", "0"]), absolute(["0", "1", "3", "-1", "0"])
    kinks = [(0, 0, 2), (1, 0, 2)]
    checked(good, [box_step(good, centre, pieces, kinks, **slice_)], {"minimum_in_box": 0})
    refused(
        bad,
        [box_step(bad, centre, pieces, kinks, **slice_)],
        "the risk need not rise above the breakpoint of unit 1 of hidden layer 1 on sample 3",
    )


def test_parallel_units_under_weight_decay_are_rotated() -> None:
    """(Σ v_j w_j − 5/4)² + ¼ (|w|² + |v|²) is least, 9/16, where w = v has length 1."""
    network = document([1, 2, 1], "relu", SUM, [1], [["5/4"]], bias=False, weight_decay="1/2")
    centre = [layer([["3/5"], ["4/5"]]), layer([["3/5", "4/5"]])]
    step = box_step(network, centre, [[[1], [1]]], held=[0], flows=[0], across=[["5/4"]])
    found = checked(network, [step], {"minimum_in_box": 0}).steps[0].fact
    assert isinstance(found, BoxMinimum)
    assert found.risk.lower <= Fraction(9, 16) <= found.risk.upper
    refused(network, [step | {"flows": [1]}], "expected 1 numbers of flows")
    refused(network, [step | {"across": [["-5/4"]]}], "the flows do not move the held parameters freely")
    # f = v h(w x) with x = 1, −1 and units of opposite signs: nothing is rotated
    apart = document([1, 2, 1], "relu", SUM, [1, -1], [["5/4"], ["5/4"]], bias=False, weight_decay="1/2")
    one = [layer([["1"], ["-1"]]), layer([["1", "1"]])]
    checked(apart, [box_step(apart, one, [[[1, 0], [0, 1]]])], {"minimum_in_box": 0})
    held = box_step(apart, one, [[[1, 0], [0, 1]]], held=[0], flows=[0], across=[["1"]])
    refused(apart, [held], "expected 1 numbers of flows, one per held parameter")
