"""Collapsed units: a layer of which weight decay leaves nothing; each condition broken; chambers and bounds."""

import random
from fractions import Fraction
from typing import Any

import pytest

from symverify.kernel.core.network import coordinates
from symverify.kernel.programs.values import evaluate
from symverify.kernel.reals.box import Box
from symverify.kernel.reals.collapsed import (
    around,
    kept,
    of_chambers,
    require_collapsed,
    require_small,
    widened,
    without,
)
from symverify.kernel.reals.enclosure import Enclosure
from symverify.kernel.reals.interval import Interval, interval
from symverify.kernel.reals.kinks import Following, Kinks
from symverify.kernel.reals.minimum_in_box import BoxMinimum, in_whole
from tests.kernel.reals.made import Json, Rejected, checked, document, edited, layer, problem_of, refused
from tests.kernel.reals.test_fields import as_point

SUM = {"name": "squared", "reduction": "sum"}
BIAS = {"hidden": False, "output": True}
# f = v h(w x) + c with v = w = 0: R = Σ (c - y)² + ¼ c², y = ±1/8, so c = 0, R'' = 9/2; |Σ p̂ h(± x)| = 1/4 < 1/2.
GONE = document([1, 1, 1], "relu", SUM, [1, -1], [["1/8"], ["-1/8"]], bias=BIAS, weight_decay="1/2")
ON_GONE: Json = {
    "rule": "minimum_in_box",
    "collapsed": [[0, 0]],
    "centre": [layer([]), layer([[]], ["0"])],
    "radius": "1/1024",
    "kinks": [],
    "multipliers": [],
    "dependents": [],
    "pieces": [[]],
    "held": [],
    "flows": [],
    "inverse": [["2/9"]],
    "across": [],
    "tau": "0",
}
COMES_BACK = "what keeps the collapsed units of hidden layer 1 at 0 is not positive definite on the box"


def test_a_layer_that_is_gone() -> None:
    fact = checked(GONE, [ON_GONE], {"minimum_in_box": 0}).steps[0].fact
    assert isinstance(fact, BoxMinimum)
    assert fact.risk.lower <= Fraction(1, 32) <= fact.risk.upper
    assert fact.collapsed == ((0, 0),)
    assert fact.centre == as_point(problem_of(GONE), [Fraction(0)] * 3)


def test_several_units_and_layers() -> None:
    """Three units in two layers, all gone; one that is left out twice, or does not exist, or is still there."""
    deep = GONE | {"layers": [1, 2, 1, 1]}
    step = ON_GONE | {
        "collapsed": [[0, 0], [0, 1], [1, 0]],
        "centre": [layer([]), layer([]), layer([[]], ["0"])],
        "pieces": [[], []],
    }
    fact = checked(deep, [step], {"minimum_in_box": 0}).steps[0].fact
    assert isinstance(fact, BoxMinimum)
    assert fact.centre == as_point(problem_of(deep), [Fraction(0)] * 6)
    refused(deep, [edited(step, ["collapsed", 1], [0, 0])], "names a unit twice")
    refused(deep, [edited(step, ["collapsed", 1], [0, 2])], "names a unit that does not exist")
    refused(deep, [edited(step, ["collapsed", 1], [2, 0])], "names a unit that does not exist")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"data": [{"x": [1], "y": ["1/4"]}, {"x": [-1], "y": ["-1/4"]}]}, COMES_BACK),
        ({"data": [{"x": [2], "y": ["1/8"]}, {"x": [-1], "y": ["-1/8"]}]}, COMES_BACK),
        ({"weight_decay": {"weights": "1/4", "biases": "1/2"}}, COMES_BACK),
        ({"weight_decay": {"biases": "1/2"}}, "not every entry of a unit of hidden layer 1 decays"),
        ({"bias": True, "weight_decay": {"weights": 20}}, "not every entry of a unit of hidden layer 1 decays"),
        ({"activation": "hardtanh"}, "collapsed units need activations with one breakpoint"),
    ],
)
def test_units_that_may_come_back(change: dict[str, Any], reason: str) -> None:
    """On its boundary, κ = μ, and beyond; a bias that does not decay lets (v h(w x + b) − 1)² + … fall along b."""
    network = GONE | change
    biased = {"centre": [layer([], []), layer([[]], ["0"])], "inverse": [["1/4"]]}
    step = ON_GONE | (biased if change.get("bias") else {})
    refused(network, [step], reason)


def test_a_box_too_large_for_what_enters() -> None:
    """[1, 1, 1, 1] with the second layer gone: what enters it moves in the box."""
    deep = document([1, 1, 1, 1], "relu", SUM, [1, -1], [["1/8"], ["-1/8"]], bias=BIAS, weight_decay="1/2")
    problem = problem_of(deep)
    small = without(problem, [(1, 0)], "here")
    assert (small.widths, kept(problem, [(1, 0)])) == ((1, 1, 0, 1), [[0], [0], [], [0]])
    kinks = Kinks(small, (((1, 0),), ()), [], [], "here")
    for radius, fits in ((Fraction(1, 1024), True), (Fraction(4), False)):
        box = Box(
            small, [interval(Fraction(1), radius), interval(Fraction(0), Fraction(1, 1024))], kinks.pieces, "here"
        )
        if fits:
            require_small(kinks, box, [], 1, Fraction(1, 4))
        else:
            with pytest.raises(Rejected, match="the box is too large for the collapsed units of hidden layer 2"):
                require_small(kinks, box, [], 1, Fraction(1, 4))


def test_kinks_above_that_depend_on_others() -> None:
    """Of equal input they are fine; others would no longer depend on each other once the unit is back."""
    network = document([1, 1, 1, 1], "relu", SUM, [1, 2, 3, 1], [[0]] * 4, weight_decay="1/2")
    problem = without(problem_of(network | {"layers": [1, 2, 1, 1]}), [(0, 1)], "here")
    pieces = (((1, 1, 1, 1),), ((0, 0, 0, 0),))
    three = Kinks(problem, pieces, [(1, 0, 0), (1, 0, 1)], [((1, 0, 2), [Fraction(-1), Fraction(2)])], "here")
    box = Box(problem, [interval(Fraction(0))] * problem.size(), pieces, "here")
    with pytest.raises(Rejected, match="has a kink that depends on others of unequal input"):
        require_collapsed([(0, 1)], three, box, [interval(Fraction(0))] * 2)
    equal = Kinks(problem, pieces, [(1, 0, 0)], [((1, 0, 3), [Fraction(1)])], "here")
    require_collapsed([(0, 1)], equal, box, [interval(Fraction(0))])
    follows = Kinks(problem, pieces, [(1, 0, 0)], [], "here", (Following((1, 0, 3), Fraction(-1)),))
    with pytest.raises(Rejected, match="collapsed units need kinks that follow no others"):
        require_collapsed([(0, 1)], follows, box, [interval(Fraction(0))])


def test_the_whole_point() -> None:
    problem = problem_of(document([1, 3, 2, 1], "relu", SUM, [1], [[0]], weight_decay="1/2"))
    gone = [(0, 1), (1, 0)]
    small = without(problem, gone, "here")
    point = widened(problem, gone, as_point(small, [Fraction(k + 1) for k in range(small.size())]))
    rows = [[*map(str, row)] for each in point for row in each.weight]
    assert rows == [["1"], ["0"], ["3"], ["0", "0", "0"], ["5", "0", "6"], ["0", "8"]]
    assert [each.bias for each in point] == [(2, 0, 4), (0, 7), (9,)]


def test_what_is_held_keeps_its_place_in_the_whole_network() -> None:
    """Of w₁, b₁, v₁, c, and of a kink of the unit that is left, behind one that is gone."""
    whole = problem_of(document([1, 2, 1], "relu", SUM, [1], [[0]], weight_decay="1/2"))
    small = as_point(without(whole, [(0, 0)], "here"), [Fraction(k) for k in range(1, 5)])
    none = Enclosure(Fraction(0), Fraction(1))
    for gone, numbers, unit in (([(0, 0)], (2, 3, 5, 6), 1), ([(0, 1)], (0, 1, 4, 6), 0)):
        found = in_whole(whole, gone, BoxMinimum(small, Fraction(1), none, ((0, 0, 0),), (0, 1, 2, 3)))
        assert (found.held, found.kinks, found.collapsed) == (numbers, ((0, unit, 0),), tuple(gone))
        assert [coordinates(found.centre)[k] for k in numbers] == [1, 2, 3, 4]


def test_every_chamber_is_seen() -> None:
    """Slopes at random w, degenerate rows included, are among those listed; each bound holds there."""
    noise = random.Random(5)
    problem = problem_of(document([1, 1, 1], "relu", SUM, [1], [[0]], bias=False))
    for _ in range(60):
        width, count = noise.randint(1, 3), noise.randint(1, 6)
        rows = [[Fraction(noise.randint(-2, 2)) for _ in range(width)] for _ in range(count)]
        listed = {tuple(each) for each in of_chambers(problem, 0, rows)}
        for _ in range(200):
            w = [Fraction(noise.randint(-99, 99), 7) for _ in range(width)]
            values = [sum(a * b for a, b in zip(w, row, strict=True)) for row in rows]
            if all(values[k] or not any(row) for k, row in enumerate(rows)):
                assert tuple(Fraction(z > 0) for z in values) in listed


def test_the_bound_holds_for_every_small_unit() -> None:
    """Where it is accepted, no w on a fine grid has |Σ p̂ h(w·x̃)| ≥ μ |w|; where it is refused, some matrix has."""
    noise, accepted = random.Random(7), 0
    for _ in range(80):
        xs = [[noise.randint(-2, 2), noise.randint(-2, 2)] for _ in range(4)]
        ys = [[str(Fraction(noise.randint(-4, 4), 32)), str(Fraction(noise.randint(-4, 4), 32))] for _ in xs]
        network = document([2, 1, 2], "relu", SUM, xs, ys, bias=False, weight_decay="1")
        problem = without(problem_of(network), [(0, 0)], "here")
        box = Box(problem, [], ((),), "here")
        try:
            require_small(Kinks(problem, ((),), [], [], "here"), box, [], 0, Fraction(1))
        except Rejected:
            continue
        accepted += 1
        for _ in range(300):
            w = [noise.uniform(-1, 1), noise.uniform(-1, 1)]
            felt = [max(0.0, w[0] * x[0] + w[1] * x[1]) for x in xs]
            sums = [sum(-2 * float(Fraction(y[k])) * z for y, z in zip(ys, felt, strict=True)) for k in (0, 1)]
            assert sums[0] ** 2 + sums[1] ** 2 < w[0] ** 2 + w[1] ** 2
    assert 5 < accepted < 75


def rest(kinks: Kinks, weights: list[Fraction], point: Any, i: int, m: int, z: list[Fraction]) -> Fraction:
    """The loss of sample i and −Σ λ z, from the pre-activations z of layer m on, on the given pieces."""
    problem, found = kinks.problem, Fraction(0)
    for k in range(m, len(problem.widths) - 2):
        found -= sum(
            w * z[j] for w, (layer, j, sample) in zip(weights, kinks.basis, strict=True) if (layer, sample) == (k, i)
        )
        a = [problem.activations[k].slopes[kinks.pieces[k][j][i]] * x for j, x in enumerate(z)]
        bias = point[k + 1].bias or [Fraction(0)] * len(point[k + 1].weight)
        z = [
            sum((w * x for w, x in zip(row, a, strict=True)), b)
            for row, b in zip(point[k + 1].weight, bias, strict=True)
        ]
    return found + sum((x - y) ** 2 for x, y in zip(z, problem.targets[i], strict=True))


def near(found: Interval, exact: Fraction) -> bool:
    return found.lower <= exact <= found.upper and found.upper - found.lower < Fraction(1, 2**100)


def test_what_enters_a_layer_and_what_the_next_one_is_worth() -> None:
    """On random networks of up to three hidden layers, every layer; ∂L/∂z by differences of R − Σ λ z."""
    noise, kinked = random.Random(7), 0
    for _ in range(60):
        widths = [noise.randint(1, 2), *(noise.randint(1, 2) for _ in range(noise.randint(1, 3))), noise.randint(1, 2)]
        xs = [[noise.randint(-2, 2) for _ in range(widths[0])] for _ in range(3)]
        ys = [[noise.randint(-2, 2) for _ in range(widths[-1])] for _ in range(3)]
        bias = noise.choice([True, False, {"hidden": True, "output": False}, {"hidden": False, "output": True}])
        leaky = {"name": "leaky_relu", "negative_slope": "1/3"}
        problem = problem_of(document(widths, noise.choice(["abs", leaky]), SUM, xs, ys, bias=bias))
        numbers = [Fraction(noise.randint(-9, 9), 4) or Fraction(1, 2) for _ in range(problem.size())]
        point = as_point(problem, numbers)
        values: list[Any] = [evaluate(problem, point, i) for i in range(3)]
        last = len(widths) - 2
        pieces = tuple(
            tuple(tuple(int(values[i][2 * m + 1][j] > 0) for i in range(3)) for j in range(widths[m + 1]))
            for m in range(last)
        )
        every = [(m, j, i) for m in range(last) for j in range(widths[m + 1]) for i in range(3)]
        kinks = Kinks(problem, pieces, noise.sample(every, noise.randint(0, 2)), [], "here")
        weights = [Fraction(noise.randint(-5, 5), 3) for _ in kinks.basis]
        box = Box(problem, [interval(x) for x in numbers], pieces, "here")
        for m in range(last):
            entering, pulls = around(kinks, box, [interval(w) for w in weights], m)
            kinked += any(c[0] > m for c in kinks.basis)
            for i in range(3):
                assert all(map(near, entering[i], [*values[i][2 * m], *[Fraction(1)] * problem.has_bias(m)]))
                assert (len(entering[i]), len(pulls[i])) == (widths[m] + problem.has_bias(m), widths[m + 2])
                z = values[i][2 * m + 3]
                for q, pull in enumerate(pulls[i]):
                    up, down = ([x + e * (k == q) for k, x in enumerate(z)] for e in (1, -1))
                    change = rest(kinks, weights, point, i, m + 1, up) - rest(kinks, weights, point, i, m + 1, down)
                    assert near(pull, change / 2)
    assert kinked > 15
