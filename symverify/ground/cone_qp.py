"""Exact convex quadratic programs over a polyhedral cone that is given by inequalities."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from .linear import nullspace, primitive, solve
from .lp import Farkas, dot, solve_system

Vector = list[Fraction]
Rows = Sequence[Sequence[Fraction]]


@dataclass(frozen=True, slots=True)
class ConeOptimum:
    """A minimiser x, and μ ≥ 0 with M^T(Mx − y) + q = μ·G and μ_i = 0 where (Gx)_i > 0: together a proof."""

    x: Vector
    multipliers: Vector


def minimise_over_cone(
    matrix: Rows, target: Sequence[Fraction], linear: Sequence[Fraction], cone: Rows, width: int
) -> ConeOptimum:
    """The least ½‖Mx − y‖² + q·x over {x ∈ ℚ^width : G x ≥ 0}; M is matrix, y target, q linear, G cone.

    The value must be bounded below. Each round ends at the least value on the span of a face of the cone, below
    the round before, so no face comes back; whether a point is optimal is an exact linear feasibility question,
    so degenerate faces do no harm. Raises ArithmeticError if the value is unbounded.
    """
    x = [Fraction(0)] * width
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
