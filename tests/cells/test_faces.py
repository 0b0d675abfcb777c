"""The faces of a unit: a point on each, all different, and every one that random weights on few hyperplanes meet."""

import random
from fractions import Fraction

import pytest

from symverify.cells.faces import unit_faces
from symverify.cells.unit import unit_cells
from symverify.ground.linear import nullspace
from symverify.kernel.cells.strata import face_of
from symverify.kernel.core.network import Layer, Problem
from tests.cell_cases import ACTIVATIONS, network

DATA = {
    "square": [[0, 0], [1, 0], [0, 1], [1, 1]],
    "a line in the plane": [[0, 0], [1, 1], [2, 2]],
    "repeated": [[1, 2], [1, 2], [3, 1]],
    "one": [[0, 2]],
    "zero": [[0, 0]],
}


def place(problem: Problem, w: tuple[Fraction, ...]) -> tuple[int, ...]:
    """The position of each sample for a unit with these weights."""
    d = problem.widths[0]
    return face_of(problem, (Layer((tuple(w[:d]),), (w[d],) if problem.hidden_bias else None),))[0]


@pytest.mark.parametrize("data", DATA.values(), ids=DATA)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("activation", [ACTIVATIONS[k] for k in (0, 4, 7)], ids=["relu", "hardtanh", "late"])
def test_every_face_once(data, bias, activation):
    problem = network(data, [0] * len(data), 1, activation, bias)
    points = unit_faces(problem)
    places = {place(problem, w) for w in points}
    assert len(places) == len(points)
    cells = unit_cells(problem)
    inside = {at for at in places if not any(p % 2 for p in at)}
    assert {place(problem, cells.witness(k)) for k in range(len(cells))} == inside
    rng = random.Random(0)
    rows = [[*x, Fraction(1)] if bias else [*x] for x in problem.inputs]
    for _ in range(200):
        met = rng.sample(rows, rng.randint(0, min(2, len(rows))))
        thresholds = [rng.choice(problem.activations[0].breakpoints) for _ in met]
        free = nullspace([[*row, -t] for row, t in zip(met, thresholds, strict=True)], len(rows[0]) + 1)
        mixed = [rng.randint(-5, 5) for _ in free]
        z = [sum(m * b[c] for m, b in zip(mixed, free, strict=True)) for c in range(len(rows[0]) + 1)]
        if z[-1] > 0:
            assert place(problem, tuple(x / z[-1] for x in z[:-1])) in places
