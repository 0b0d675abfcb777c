"""The minorant on a face: constant exactly where random points of the face say so, whatever slopes its kinks have."""

import random
from collections.abc import Sequence
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest

from symverify.kernel.core.activation import ZERO
from symverify.kernel.core.errors import Rejected
from symverify.kernel.core.network import Layer, residuals
from symverify.kernel.curvature.cell_kkt import Cell, face_of
from symverify.kernel.curvature.face_flows import Face
from symverify.kernel.curvature.flat_face import flat_face, on_face, replaced
from symverify.kernel.curvature.forms import nullspace
from symverify.kernel.network_file import read_activation
from tests.kernel.corruption import Json
from tests.kernel.curvature.pieces import along, values
from tests.kernel.curvature.test_face_flows import drawn
from tests.oracles.network import Oracle


def holding(cell: Cell, rng: random.Random) -> Face:
    """Some of the first layer's kinks."""
    chosen = [(cell.kink(b)[0], kink) for b, kink in enumerate(cell.kinks) if kink[0] == 0 and rng.random() < 0.7]
    return face_of(cell, chosen)


def combined(rng: random.Random, rows: Sequence[Sequence[Fraction]], width: int) -> list[Fraction]:
    """A random combination of the rows, 0 of none."""
    weights = [rng.randint(-3, 3) for _ in rows]
    return [sum((w * row[c] for w, row in zip(weights, rows, strict=True)), ZERO) for c in range(width)]


def minorant(oracle: Oracle, cell: Cell, pull: Sequence[Sequence[Fraction]], there: Json) -> Fraction:
    """Σ r_ik f_ik on the cell's pieces."""
    f = [values(oracle, cell.pattern, there, i)[-1] for i in range(len(cell.problem.inputs))]
    return sum((r * row[k] for k, each in enumerate(pull) for r, row in zip(each, f, strict=True)), ZERO)


@pytest.mark.parametrize("seed", range(60))
def test_as_points_of_the_face_say(seed: int) -> None:
    """The face of first-layer kinks is affine: Ψ at ten random points of it, with pulls that vanish on it or any."""
    rng = random.Random(seed)
    case = drawn(rng)
    if case is None:
        return
    cell, oracle, parameters = case
    face, n, outputs = holding(cell, rng), len(cell.problem.inputs), cell.problem.widths[-1]
    nothing = [(ZERO,) * outputs] * n
    free = nullspace(on_face(face, cell.at.point, replaced(face, cell.at.point, nothing, {})), n)
    r = combined(rng, free, n) if rng.random() < 0.7 else [Fraction(rng.randint(-2, 2)) for _ in range(n)]
    pull = [tuple(r)] + [(ZERO,) * n] * (outputs - 1)
    size = cell.problem.size()
    ways = nullspace([cell.kink(cell.kinks.index(kink))[0] for kink in face.kinks], size)
    here, constant = minorant(oracle, cell, pull, parameters), True
    for _ in range(10):
        constant &= minorant(oracle, cell, pull, along(parameters, combined(rng, ways, size))) == here
    if constant:
        flat_face(face, cell.at.point, pull, {}, "")
    else:
        with pytest.raises(Rejected, match="the first-order minorant is not constant on the face: output 1"):
            flat_face(face, cell.at.point, pull, {}, "")


@pytest.mark.parametrize("seed", range(60))
def test_on_the_face_other_slopes_give_the_same_values(seed: int) -> None:
    """With weights at any kinks the pieces of later layers are turned about their breakpoints: h is as it was there."""
    rng = random.Random(seed)
    case = drawn(rng)
    if case is None:
        return
    cell, _, _ = case
    face = face_of(cell, [(cell.kink(b)[0], kink) for b, kink in enumerate(cell.kinks)])
    weights = {kink: Fraction(rng.randint(-2, 2)) for kink in face.kinks}
    pull = list(zip(*residuals(cell.problem, cell.at.predictions), strict=True))
    for m, layer in enumerate(replaced(face, cell.at.point, pull, weights)):
        h = cell.problem.activations[m]
        for j, unit in enumerate(layer):
            for i, (slope, offset) in enumerate(unit):
                piece = cell.pattern[m][j][i]
                if m and weights.get((m, j, i)):
                    t = face.kinks[m, j, i]
                    assert slope * t + offset == h.slopes[piece] * t + h.offsets[piece]
                else:
                    assert (slope, offset) == (h.slopes[piece], h.offsets[piece])


def test_a_slope_changes_by_the_multiplier_over_the_derivative() -> None:
    """By the kinked unit's value Ψ has the derivative (1/3) (1/2): a multiplier of 1/4 takes 3/2 off its slope 1."""
    relu = read_activation("relu", "")
    face: Any = SimpleNamespace(
        problem=SimpleNamespace(activations=(relu, relu)), pattern=(((1,),), ((1,),)), kinks={(1, 0, 0): Fraction(2, 7)}
    )
    point = tuple(Layer(((Fraction(1, k),),), (Fraction(0),)) for k in (5, 5, 3))
    assert replaced(face, point, [(Fraction(1, 2),)], {(1, 0, 0): Fraction(1, 4)}) == [
        [[(1, 0)]],
        [[(Fraction(-1, 2), Fraction(3, 7))]],
    ]
