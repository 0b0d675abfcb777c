"""Exact convex quadratic programs over a polyhedral cone that is given by inequalities."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .floats import Cholesky, least_norm, nonnegative, product, triangular
from .linear import nullspace, primitive, solve
from .lp import Farkas, dot, solve_system

Vector = list[Fraction]
Rows = Sequence[Sequence[Fraction]]
Array = NDArray[Any]
ROUNDS, GRID = 8, 2**20


@dataclass(frozen=True, slots=True)
class ConeOptimum:
    """A minimiser x, and μ ≥ 0 with M^T(Mx − y) + q = μ·G and μ_i = 0 where (Gx)_i > 0: together a proof."""

    x: Vector
    multipliers: Vector


def minimise_over_cone(
    matrix: Rows, target: Sequence[Fraction], linear: Sequence[Fraction], cone: Rows, width: int
) -> ConeOptimum:
    """The least ½‖Mx − y‖² + q·x over {x ∈ ℚ^width : G x ≥ 0}; M is matrix, y target, q linear, G cone.

    The value must be bounded below; raises ArithmeticError if it is not. Each round ends at the least value on the
    span of a face of the cone, below the round before, so no face comes back; floating point only guesses where to
    start. Whether a point is optimal is an exact linear feasibility question, so degenerate faces do no harm.
    """
    x = _down_the_face(matrix, target, linear, cone, _guess(matrix, target, linear, cone, width))
    while True:
        gradient = _gradient(matrix, target, linear, x)
        active = [i for i, row in enumerate(cone) if not dot(row, x)]
        falling = solve_system([], [(cone[i], 0) for i in active], [([-g for g in gradient], 0)], width)
        if isinstance(falling, Farkas):
            weights = dict(zip(active, falling.inequalities, strict=True))
            scale = falling.strict[0]
            return ConeOptimum(x, [weights.get(i, Fraction(0)) / scale for i in range(len(cone))])
        x = _onward(matrix, gradient, cone, x, _short(falling.x))
        x = _down_the_face(matrix, target, linear, cone, x)


def _guess(matrix: Rows, target: Sequence[Fraction], linear: Sequence[Fraction], cone: Rows, width: int) -> Vector:
    """A point of the cone near the optimum: 0, or rounded on the face that floating point believes to be optimal."""
    origin = [Fraction(0)] * width
    try:
        with np.errstate(over="raise", invalid="raise"):
            x, active = _float_optimum(matrix, target, linear, cone, width)
    except (ArithmeticError, RuntimeError, np.linalg.LinAlgError):
        return origin
    for _ in range(ROUNDS):
        basis = nullspace([cone[i] for i in active], width) if active else None
        if basis == []:
            return origin
        inside = x if basis is None else least_norm(np.array(basis, dtype=float).T, x, 1e-12)
        if not np.isfinite(inside).all():
            return origin
        short = [Fraction(round(value * GRID), GRID) for value in inside.tolist()]
        point = short if basis is None else [dot(short, column) for column in zip(*basis, strict=True)]
        outside = [i for i, row in enumerate(cone) if dot(row, point) < 0]
        if not outside:
            return point
        active = [*active, *(i for i in outside if i not in active)]
    return origin


def _float_optimum(
    matrix: Rows, target: Sequence[Fraction], linear: Sequence[Fraction], cone: Rows, width: int
) -> tuple[Array, list[int]]:
    """The optimum of the slightly regularised program, and its rows with positive multipliers, by the dual."""
    m = np.array(matrix, dtype=float).reshape(len(matrix), width)
    moment = product(m.T, np.array(target, dtype=float)) - np.array(linear, dtype=float)
    hessian = product(m.T, m)
    hessian += np.eye(width) * 1e-10 * max(1.0, float(np.trace(hessian)))
    root = Cholesky()
    if not all(root.push(row, 0.0) for row in hessian.tolist()):
        raise ArithmeticError("not positive definite in floats")
    free = triangular(root, moment[:, None])[:, 0]
    rows = np.array(cone, dtype=float).reshape(len(cone), width)
    rows /= np.maximum(np.abs(rows).max(axis=1, initial=0.0), 1e-300)[:, None]
    pulls = triangular(root, rows.T)
    weights = nonnegative(pulls.T.copy(), -free) if len(cone) else np.zeros(0)
    x = np.array(root.solve((moment + product(rows.T, weights)).tolist()))
    return x, np.flatnonzero(weights).tolist()


def _short(direction: Sequence[Fraction]) -> Vector:
    return [Fraction(a) for a in primitive(direction)]


def _gradient(matrix: Rows, target: Sequence[Fraction], linear: Sequence[Fraction], x: Vector) -> Vector:
    """M^T(Mx − y) + q."""
    error = [dot(row, x) - y for row, y in zip(matrix, target, strict=True)]
    gradient = list(linear)
    for e, row in zip(error, matrix, strict=True):
        if e:
            gradient = [g + e * a for g, a in zip(gradient, row, strict=True)]
    return gradient


def _onward(matrix: Rows, gradient: Vector, cone: Rows, x: Vector, direction: Vector) -> Vector:
    """From x along a descent direction to the least value on that ray of the cone."""
    moved = [dot(row, direction) for row in matrix]
    curvature = dot(moved, moved)
    steps = [-dot(gradient, direction) / curvature] if curvature else []
    for row in cone:
        if (rate := dot(row, direction)) < 0:
            steps.append(dot(row, x) / -rate)
    if not steps:
        raise ArithmeticError("the quadratic program is unbounded")
    step = min(steps)
    return [a + step * d for a, d in zip(x, direction, strict=True)]


def _down_the_face(
    matrix: Rows, target: Sequence[Fraction], linear: Sequence[Fraction], cone: Rows, x: Vector
) -> Vector:
    """From x to a point that is the least on the span of its face; each step but the last reaches a smaller face."""
    while True:
        basis = nullspace([row for row in cone if not dot(row, x)], len(x))
        gradient = _gradient(matrix, target, linear, x)
        slope = [dot(gradient, step) for step in basis]
        if not any(slope):
            return x
        moves = [[dot(row, step) for row in matrix] for step in basis]
        gram = [[dot(a, b) for b in moves] for a in moves]
        along = solve(gram, [-s for s in slope], len(basis))
        if along is None:  # the value falls for ever along a direction that M does not see
            flat = nullspace(gram, len(basis))
            fall = next(s for s in flat if dot(s, slope))
            along = [-a for a in fall] if dot(fall, slope) > 0 else fall
        direction = [
            sum((a * step[j] for a, step in zip(along, basis, strict=True)), Fraction(0)) for j in range(len(x))
        ]
        x = _onward(matrix, gradient, cone, x, _short(direction))
