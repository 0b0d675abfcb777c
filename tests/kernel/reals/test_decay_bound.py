"""The rule `decay_bound`: bounds worked out by hand; each condition broken; random networks of any width above it."""

import random
from contextlib import nullcontext
from fractions import Fraction
from typing import Any

import pytest

from symverify.kernel.cells.sides import sides_of
from symverify.kernel.check import apply
from symverify.kernel.core.facts import LowerBound
from symverify.kernel.core.network import predictions
from symverify.kernel.core.proof import Proof
from symverify.kernel.reals.decay_bound import is_within
from symverify.kernel.reals.enclosed_point import enclosed_risk, penalty
from symverify.kernel.reals.enclosure import Enclosure
from tests.kernel.reals.made import (
    Json,
    Malformed,
    Rejected,
    checked,
    control,
    corruption,
    document,
    layer,
    problem_of,
    refused,
)
from tests.kernel.reals.test_fields import as_point
from tests.kernel.rules import suite

SUM = {"name": "squared", "reduction": "sum"}
# (v w - 1)² + ¼ (w² + v²) is least, 7/16, at v w = 3/4, for any number of units: g = 2 (1 - 3/4)
ONE = document([1, 1, 1], "relu", SUM, [1], [[1]], bias=False, weight_decay="1/2")
# (a + o - 1)² + ½ a + ¼ o² for a = v w ≥ 0: a = 0, o = 4/5, of risk 1/5; g = 2/5
BIASED = document([1, 1, 1], "relu", SUM, [1], [[1]], bias={"hidden": False, "output": True}, weight_decay="1/2")
# |z|, x̃ = (1, 0) and (1, 1): w = (1, −1/2)·c has heights c, c/2; a sum of both sides' chambers
FOLD = document([1, 2, 1], "abs", SUM, [0, 1], [[1], [-1]], bias={"hidden": True, "output": False}, weight_decay=2)


def step(g: list[str], multipliers: Json) -> Json:
    return {"rule": "decay_bound", "vector": g, "multipliers": multipliers}


def bound(network: Json, given: Json) -> Fraction:
    fact = apply(Proof(problem_of(network)), given, "steps[0]").fact
    assert isinstance(fact, LowerBound)
    return fact.risk


NONE: Json = [[], [], [], []]
BRACKET = {"rule": "bracket", "from": {"bound": 0, "point": 1}}
ON_ONE = [step(["1/2"], NONE), {"rule": "enclosed_point", "parameters": [layer([["7/8"]]), layer([["6/7"]])]}, BRACKET]
ON_BIASED = [
    step(["2/5"], NONE),
    {"rule": "enclosed_point", "parameters": [layer([["0"]]), layer([["0"]], ["4/5"])]},
    BRACKET,
]


def test_exact_bounds() -> None:
    assert bound(ONE, step(["1/2"], NONE)) == Fraction(7, 16)
    assert bound(ONE | {"layers": [1, 7, 1]}, step(["1/2"], NONE)) == Fraction(7, 16)
    assert bound(BIASED, step(["2/5"], NONE)) == Fraction(1, 5)
    assert bound(ONE, step(["0"], NONE)) == 0
    assert bound(ONE, step(["1/2"], [[[0, "0"]], [], [], []])) == Fraction(7, 16)
    # 2 (a − 1)² + ½ a is least, 15/32, at a = 7/8; and ½ (a − 1)² + ½ a at 0; with the output bias as above
    assert bound(ONE | {"loss": SUM | {"factor": 2}}, step(["1/2"], NONE)) == Fraction(15, 32)
    assert bound(ONE | {"loss": SUM | {"factor": "1/2"}}, step(["1/2"], NONE)) == Fraction(3, 8)
    assert bound(BIASED | {"loss": SUM | {"factor": "1/2"}}, step(["1/3"], NONE)) == Fraction(1, 6)
    found = checked(BIASED, ON_BIASED, {"global_bounds": 2})
    stated = dict(found.theorems[0].statement)["risk"]
    assert isinstance(stated, Enclosure)
    assert stated.lower == Fraction(1, 5)
    assert 0 <= stated.upper - Fraction(1, 5) < Fraction(1, 2**100)


# The same with |x| = 1 in the plane, w along it.
PLANE = document([2, 1, 1], "relu", SUM, [["3/5", "4/5"]], [[1]], bias=False, weight_decay="1/2")
ON_PLANE = [
    step(["1/2"], NONE),
    {"rule": "enclosed_point", "parameters": [layer([["21/40", "7/10"]]), layer([["6/7"]])]},
    BRACKET,
]
CONTROLS = {
    "two inputs": control(PLANE, ON_PLANE, {"global_bounds": 2}),
    "one": control(ONE, ON_ONE, {"global_bounds": 2}),
    "biased": control(BIASED, ON_BIASED, {"global_bounds": 2}),
}
LONG = "is longer than weight decay allows"
COUNTED = "expected numbers of samples, with multipliers that are not negative"
CORRUPTIONS = [
    corruption("two inputs", 0, ["vector"], ["51/100"], Rejected, LONG),
    corruption("two inputs", 0, ["vector"], ["-51/100"], Rejected, LONG),
    corruption("one", 0, ["vector", 0], "51/100", Rejected, LONG),
    corruption("one", 0, ["vector", 0], "-51/100", Rejected, LONG),
    corruption("one", 0, ["multipliers", 2], [[0, "1/100"]], Rejected, LONG),
    corruption("one", 0, ["multipliers", 2], [[0, "-1/100"]], Rejected, COUNTED),
    corruption("one", 0, ["multipliers", 0], [[1, "1"]], Rejected, COUNTED),
    corruption("one", 0, ["multipliers"], NONE[:3], Rejected, "expected 4 lists, two per chamber, got 3"),
    corruption("one", 0, ["multipliers"], [*NONE, []], Rejected, "expected 4 lists, two per chamber, got 5"),
    corruption("one", 0, ["multipliers", 0], [[7, "1"]], Rejected, COUNTED),
    corruption("one", 0, ["multipliers", 0], [{"0": "0", "1": "0"}], Malformed, "expected a sample and a number"),
    corruption("one", 0, ["multipliers", 0], ["00"], Malformed, "expected a sample and a number"),
    corruption("one", 0, ["multipliers", 0], [[0, "0", 0]], Malformed, "expected a sample and a number"),
    corruption("one", 0, ["multipliers", 0], [[0]], Malformed, "expected a sample and a number"),
    corruption("one", 0, ["vector"], ["1/2", "0"], Malformed, "expected 1 numbers, one per sample, got 2"),
    corruption("biased", 0, ["vector", 0], "3/4", Rejected, LONG),
]
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"weight_decay": {"weights": "1/2"}}, "its sum is not 0, and the output bias does not decay"),
        ({"weight_decay": {"biases": "1/2"}}, "needs weight decay"),
        ({"weight_decay": 0}, "needs weight decay"),
        ({"bias": True, "weight_decay": "1/4"}, LONG),  # b = (g, g) now
        ({"layers": [1, 1, 1, 1]}, "needs one hidden layer, scalar output"),
        ({"layers": [1, 1, 2], "data": [{"x": [1], "y": [1, 1]}]}, "needs one hidden layer, scalar output"),
        ({"activation": "hardtanh"}, "one breakpoint at 0, and h\\(0\\) = 0"),
        ({"loss": {"name": "huber", "delta": 1}}, "is not a rule for the huber loss"),
    ],
)
def test_other_networks(change: Json, reason: str) -> None:
    refused(BIASED | change, [step(["2/5"], NONE)], reason)


def test_a_hidden_bias_that_does_not_decay() -> None:
    """b = (g, g) on (1, 1) has a part along the bias; multipliers that take it away take all."""
    network = ONE | {"bias": {"hidden": True, "output": False}, "weight_decay": {"weights": "1/2"}}
    refused(network, [step(["1/4"], NONE)], "leaves a part along the bias, which does not decay")
    refused(network, [step(["1/4"], [[], [], [], [[0, "1/4"]]])], "leaves a part along the bias")
    assert bound(network, step(["0"], NONE)) == 0


def test_multipliers_help_and_the_right_chamber_counts() -> None:
    """x̃ = (0, 1), (1, 1), |z| and g = (1, -1): where both are active a = ∓(1, 0), allowed by μ = 2 alone."""
    cells = sides_of([(Fraction(0), Fraction(1)), (Fraction(1), Fraction(1))])
    assert sorted(map(tuple, cells)) == [(-1, -1), (-1, 1), (1, -1), (1, 1)]
    g = ["3/2", "-3/2"]  # a = σ 3/2 (s₁ − s₂, −s₂)-like vectors: (−s₂, s₁ − s₂) 3/2
    refused(FOLD, [step(g, [[] for _ in range(8)])], LONG)
    multipliers: list[Any] = []
    for s, t in cells:
        for sign in (1, -1):
            a = (-sign * t * Fraction(3, 2), sign * (s - t) * Fraction(3, 2))
            if sum(x * x for x in a) <= 4:
                multipliers.append([])
                continue
            best = least(a, s, t)
            multipliers.append([[i, str(m)] for i, m in enumerate(best) if m])
    assert bound(FOLD, step(g, multipliers)) == 3 - Fraction(9, 8)


def least(a: tuple[Fraction, Fraction], s: int, t: int) -> tuple[Fraction, Fraction]:
    """m ≥ 0 on a grid with |a + m₁ s (0, 1) + m₂ t (1, 1)|² ≤ 4."""
    grid = [Fraction(k, 4) for k in range(17)]
    fits = [(m, n) for m in grid for n in grid if (a[0] + n * t) ** 2 + (a[1] + m * s + n * t) ** 2 <= 4]
    assert fits, (a, s, t)
    return fits[0]


def test_no_network_is_below() -> None:
    """Random points of networks with up to six units, of the same data, against accepted vectors."""
    noise = random.Random(11)
    for network, given in ((ONE, step(["1/2"], NONE)), (BIASED, step(["2/5"], NONE)), (BIASED, step(["1/3"], NONE))):
        least_risk = bound(network, given)
        for _ in range(300):
            problem = problem_of(network | {"layers": [1, noise.randint(1, 6), 1]})
            theta = as_point(problem, [Fraction(noise.randint(-20, 20), 16) for _ in range(problem.size())])
            assert enclosed_risk(problem, predictions(problem, theta), penalty(problem, theta)).upper >= least_risk


@pytest.mark.parametrize(
    ("b", "long"),
    [
        (("2", "0", "0"), False), (("0", "-2", "0"), False), (("6/5", "8/5", "0"), False),
        (("6/5", "801/500", "0"), True), (("201/100", "0", "0"), True),
        (("1", "1", "1/2"), False), (("1", "1", "-1/2"), False), (("1", "1", "51/100"), True),
        (("0", "0", "5/7"), True),
    ],
)  # fmt: skip
def test_how_long_it_may_be(b: tuple[str, ...], long: bool) -> None:
    """(b₁² + b₂²)/2 + 4 b₃² ≤ 2."""
    problem = problem_of(
        document([2, 1, 1], "relu", SUM, [[1, 2]], [[1]], weight_decay={"weights": 2, "biases": "1/4"})
    )
    vector = list(map(Fraction, b))
    with pytest.raises(Rejected, match=LONG) if long else nullcontext():
        is_within(problem, vector, "here")
    bare = problem_of(document([3, 1, 1], "relu", SUM, [[1, 2, 3]], [[1]], bias=False, weight_decay=2))
    with pytest.raises(Rejected, match=LONG) if sum(x * x for x in vector) > 4 else nullcontext():
        is_within(bare, vector, "here")


def test_an_output_bias_that_decays_otherwise() -> None:
    """⟨g, y⟩ − |g|²/(4 c) − (Σ g)²/(2 ν) for c = 3, ν = 2/7."""
    decayed = BIASED | {"weight_decay": {"weights": "3/2", "biases": "2/7"}, "loss": SUM | {"factor": 3}}
    exact = Fraction(2, 5) - Fraction(4, 25) / 12 - Fraction(4, 25) / Fraction(4, 7)
    assert bound(decayed, step(["2/5"], NONE)) == exact
