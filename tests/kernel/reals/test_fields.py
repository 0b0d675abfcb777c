"""Fields on M = {z_C = 0}: exact derivatives along them, on random degenerate networks; where none is offered."""

import random
from fractions import Fraction
from typing import Any

import pytest

from symverify.kernel.core.network import Layer, Place, Point, Problem
from symverify.kernel.core.poly import Poly, Scalar
from symverify.kernel.curvature.hessian import places
from symverify.kernel.programs.moves import Moves
from symverify.kernel.programs.values import evaluate
from symverify.kernel.reals.fields import symmetries
from tests.kernel.reals.made import document, problem_of

SUM = {"name": "squared", "reduction": "sum"}
ACTIVATIONS: list[Any] = ["relu", "abs", {"name": "leaky_relu", "negative_slope": "1/2"}]


def random_case(seed: int, decay: str) -> tuple[Problem, list[Fraction]]:
    """Small integers, so that many pre-activations are 0, units equal or dead, inputs collinear or equal."""
    noise = random.Random(seed)
    widths = [noise.randint(1, 2), noise.randint(1, 3), *([noise.randint(1, 2)] * (seed % 2)), noise.randint(1, 2)]
    samples = noise.randint(2, 4)
    xs = [[noise.randint(-1, 2) for _ in range(widths[0])] for _ in range(samples)]
    ys = [[noise.randint(-2, 2) for _ in range(widths[-1])] for _ in range(samples)]
    bias = noise.choice([True, True, False, {"hidden": True, "output": False}])
    if seed % 9 == 8:
        bias = {"hidden": False, "output": True}
    if seed % 12 == 11:
        widths.insert(-1, 1)
    more = {"weight_decay": decay} if decay else {}
    problem = problem_of(document(widths, noise.choice(ACTIVATIONS), SUM, xs, ys, bias=bias, **more))
    return problem, [Fraction(noise.randint(-1, 1)) for _ in range(problem.size())]


def as_point(problem: Problem, numbers: list[Any]) -> Point:
    at = dict(zip(places(problem), numbers, strict=True))
    return tuple(
        Layer(
            tuple(tuple(at[m, j, c] for c in range(a)) for j in range(b)),
            tuple(at[m, j, a] for j in range(b)) if problem.has_bias(m) else None,
        )
        for m, (a, b) in enumerate(zip(problem.widths[:-1], problem.widths[1:], strict=True))
    )


def on_m(problem: Problem, numbers: list[Fraction]) -> tuple[Any, list[Place]] | None:
    """The lower pieces at the point and all kinks there; None where some pre-activation is 0 at every point."""
    point, kinks = as_point(problem, numbers), list[Place]()
    pieces = [[[0] * len(problem.inputs) for _ in range(b)] for b in problem.widths[1:-1]]
    for i in range(len(problem.inputs)):
        values = evaluate(problem, point, i)
        for m in range(len(problem.widths) - 2):
            for j, z in enumerate(values[2 * m + 1]):
                assert isinstance(z, Fraction)
                if z == 0 and problem.dead_row(i):
                    return None
                pieces[m][j][i] = int(z > 0)
                kinks += [(m, j, i)] if z == 0 else []
    return tuple(tuple(map(tuple, layer)) for layer in pieces), kinks


def rate(z: Scalar) -> Fraction:
    return z.coefficients[1] if isinstance(z, Poly) and len(z.coefficients) > 1 else Fraction(0)


def derivatives(problem: Problem, numbers: list[Fraction], pieces: Any, moves: Moves) -> list[list[list[Fraction]]]:
    """Of all nodes on all samples, along a field, on these pieces."""
    at = dict(zip(places(problem), numbers, strict=True))
    speeds = {place: q if source is None else q * at[source] for place, (q, source) in moves.items()}
    curve = [Poly.of([x, speeds.get(place, Fraction(0))]) for place, x in at.items()]
    found = []
    for i in range(len(problem.inputs)):
        values = evaluate(problem, as_point(problem, curve), i, pieces)
        row = [
            [(z.coefficients[1:2] or [Fraction(0)])[0] if isinstance(z, Poly) else Fraction(0) for z in node]
            for node in values
        ]
        found.append(row)
    return found


@pytest.mark.parametrize("decay", ["", "1/2"])
def test_predictions_and_kinks_stay(decay: str) -> None:
    """And under weight decay the penalty; so it does along rotations, and rescaling is not among them."""
    offered = 0
    for seed in range(400):
        problem, numbers = random_case(seed, decay)
        if (found := on_m(problem, numbers)) is None:
            continue
        pieces, kinks = found
        for moves in symmetries(problem, pieces, kinks):
            offered += 1
            rates = derivatives(problem, numbers, pieces, moves)
            assert not any(x for row in rates for x in row[-1]), (seed, moves)
            assert not any(rates[i][2 * m + 1][j] for m, j, i in kinks), (seed, moves)
            if decay:
                at = dict(zip(places(problem), numbers, strict=True))
                fall = sum(at[p] * q * (1 if s is None else at[s]) for p, (q, s) in moves.items())
                assert fall == 0
    assert offered > (40 if decay else 800)


def named(problem: Problem, pieces: Any, kinks: list[Place]) -> list[set[Place]]:
    return [set(moves) for moves in symmetries(problem, pieces, kinks)]


def test_a_unit_gains_another_only_where_its_kinks_allow_it() -> None:
    """Unit 1 is held at x = 0, unit 2 is not: row 2 may gain row 1, never the other way about."""
    problem = problem_of(document([1, 2, 1], "relu", SUM, [0, 1], [[1], [3]]))
    pieces = (((0, 1), (1, 1)),)
    found = named(problem, pieces, [(0, 0, 0)])
    assert {(0, 1, 0), (0, 1, 1), (1, 0, 0)} in found
    assert {(0, 0, 0), (0, 0, 1), (1, 0, 1)} not in found
    assert {(0, 0, 0), (0, 0, 1), (1, 0, 1)} in named(problem, pieces, [(0, 0, 0), (0, 1, 0)])


def test_no_bias_of_a_held_unit_moves() -> None:
    problem = problem_of(document([1, 1, 1], "relu", SUM, [0, 1], [[1], [3]]))
    bias = {(0, 0, 1), (1, 0, 1)}
    assert bias in named(problem, (((1, 1),),), [])
    assert bias not in named(problem, (((0, 1),),), [(0, 0, 0)])
    assert bias not in named(problem, (((0, 1),),), [])  # two slopes


def test_a_row_moves_only_where_nobody_feels_it() -> None:
    """Row 1 on x̃ = (0, 1) held and (1, 1) inactive: along (1, 0); where it is active, not at all."""
    problem = problem_of(document([1, 1, 1], "relu", SUM, [0, 1], [[1], [3]]))
    assert {(0, 0, 0)} in named(problem, (((0, 0),),), [(0, 0, 0)])
    assert {(0, 0, 1)} not in named(problem, (((0, 0),),), [(0, 0, 0)])
    assert {(0, 0, 0)} not in named(problem, (((0, 1),),), [(0, 0, 0)])


def test_an_outgoing_weight_moves_only_where_its_unit_is_0() -> None:
    problem = problem_of(document([1, 1, 1], "relu", SUM, [0, 1], [[1], [3]]))
    assert {(1, 0, 0)} in named(problem, (((0, 0),),), [(0, 0, 0)])
    assert {(1, 0, 0)} not in named(problem, (((0, 1),),), [(0, 0, 0)])


def test_an_entry_of_a_deeper_row_moves_only_where_it_is_not_felt() -> None:
    """Of the units below the first is on at x = 2, where their reader is off, and the second at x = −1."""
    problem = problem_of(document([1, 2, 1, 1], "relu", SUM, [2, -1], [[1], [3]]))
    below = ((1, 0), (0, 1))
    assert {(1, 0, 0)} in named(problem, (below, ((0, 1),)), [])
    assert {(1, 0, 1)} not in named(problem, (below, ((0, 1),)), [])
    assert {(1, 0, 2)} not in named(problem, (below, ((0, 1),)), [])
    assert {(1, 0, 0)} not in named(problem, (below, ((1, 0),)), [])
    assert {(1, 0, 0)} not in named(problem, (below, ((0, 1),)), [(1, 0, 0)])  # held at x = 2, and it is felt
    assert {(1, 0, 0)} in named(problem, (((1, 0), (0, 1)), ((0, 0),)), [(1, 0, 1)])
    assert {(1, 0, 1)} in named(problem, (((1, 0), (0, 0)), ((0, 1),)), [(0, 1, 1)])  # 0 at its kink
    leaky = problem_of(document([1, 2, 1, 1], "abs", SUM, [2, -1], [[1], [3]]))
    assert {(1, 0, 0)} not in named(leaky, (below, ((0, 1),)), [])


def test_below_a_dead_layer_everything_moves() -> None:
    """With the second layer dead all places but the last bias are free; a kink there is felt."""
    problem = problem_of(document([1, 1, 1, 1], "relu", SUM, [1, 2], [[1], [3]]))
    every = {(0, 0, 0), (0, 0, 1), (1, 0, 0), (1, 0, 1), (2, 0, 0)}

    def alone(kinks: list[Place]) -> set[Place]:
        return set().union(*(moved for moved in named(problem, (((0, 1),), ((0, 0),)), kinks) if len(moved) == 1))

    assert alone([]) == every
    assert alone([(1, 0, 1)]) == {(2, 0, 0)}


def test_what_softmax_does_not_see() -> None:
    """All outputs may move alike: a column of the last layer, or its bias, after one hidden layer or several."""
    for widths in ([1, 2, 3], [1, 1, 1, 2, 3], [1, 1, 2, 2]):
        last, outputs = len(widths) - 2, range(widths[-1])
        network = document(widths, "relu", "cross_entropy", [1, 2], [[1] + [0] * (widths[-1] - 1)] * 2)
        problem = problem_of(network)
        pieces = tuple(tuple((1, 1) for _ in range(width)) for width in widths[1:-1])
        found = list(symmetries(problem, pieces, []))
        columns = [{(last, k, c): (Fraction(1), None) for k in outputs} for c in range(widths[-2] + 1)]
        assert found[-len(columns) :] == columns
        plain = problem_of(network | {"loss": "squared", "data": [{"x": [1], "y": [0] * widths[-1]}] * 2})
        assert not any(each in list(symmetries(plain, pieces, [])) for each in columns)


def test_rescaling_at_a_breakpoint_that_is_not_0() -> None:
    """Hard tanh at its breakpoint 1: rescaling would leave the cell, and no flow is offered."""
    xs = [[1, 1], [1, "-1/2"], ["-1/2", 1]]
    problem = problem_of(document([2, 1, 1], "hardtanh", SUM, xs, [[0], [0], [0]], bias=False))
    assert not named(problem, (((1, 1, 1),),), [(0, 0, 0)])
    assert len(named(problem, (((1, 1, 1),),), [])) == 1


def test_rotations() -> None:
    """Under weight decay only units that are alike are rotated, and none with breakpoints elsewhere."""
    two = document([1, 2, 1], "relu", SUM, [0, 1], [[1], [3]], weight_decay="1/2")
    turned = {(0, 0, 0), (0, 0, 1), (0, 1, 0), (0, 1, 1), (1, 0, 0), (1, 0, 1)}
    assert named(problem_of(two), (((1, 1), (1, 1)),), []) == [turned]
    assert named(problem_of(two), (((0, 1), (0, 1)),), [(0, 0, 0), (0, 1, 0)]) == [turned]
    assert named(problem_of(two), (((0, 1), (1, 1)),), [(0, 0, 0)]) == []
    assert named(problem_of(two), (((0, 1), (1, 1)),), []) == []
    assert named(problem_of(two | {"activation": "hardtanh"}), (((1, 1), (1, 1)),), []) == []
