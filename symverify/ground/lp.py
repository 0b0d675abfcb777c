"""Exact linear feasibility over the rationals.

{x : A x = a, B x ≥ b, C x > c} either has a point, or multipliers prove that it has none (Motzkin): λ free, μ ≥ 0,
κ ≥ 0 with λA + μB + κC = 0 and λa + μb + κc ≥ 0, where κ ≠ 0 or that constant is positive. After the equalities are
solved, both come out of one non-negative least squares problem: SciPy guesses its support, python-flint solves the
support exactly, and where the guess fails the same active-set method goes on in exact arithmetic, so it terminates.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import mul

import numpy as np

from .floats import nonnegative
from .linear import Number, nullspace, primitive, solve
from .qp import cone_projection
from .time_limit import on_time, timed

Constraint = tuple[Sequence[Number], Number]
Constraints = Sequence[Constraint]
Vector = list[Fraction]
GRID = 44  # binary places of a rounded point


@dataclass(frozen=True, slots=True)
class Witness:
    """A point of the system."""

    x: Vector


@dataclass(frozen=True, slots=True)
class Farkas:
    """Multipliers of the equalities, inequalities and strict inequalities that prove the system empty."""

    equalities: Vector
    inequalities: Vector
    strict: Vector


def dot(u: Sequence[Number], v: Sequence[Number]) -> Fraction:
    """The inner product of two vectors of equal length."""
    on_time()
    return Fraction(sum(a * b for a, b in zip(u, v, strict=True) if a and b))


def refutes(proof: Farkas, equalities: Constraints, inequalities: Constraints, strict: Constraints) -> bool:
    """Whether the multipliers prove the system empty."""
    groups = ((proof.equalities, equalities), (proof.inequalities, inequalities), (proof.strict, strict))
    terms = [(weight, *term) for weights, part in groups for weight, term in zip(weights, part, strict=True)]
    if min([*proof.inequalities, *proof.strict], default=Fraction(0)) < 0:
        return False
    used = [(weight, row) for weight, row, _ in terms if weight]
    if any(dot([w for w, _ in used], column) for column in zip(*(row for _, row in used), strict=True)):
        return False
    constant = sum((weight * rhs for weight, _, rhs in terms), Fraction(0))
    return constant > 0 or (constant == 0 and any(proof.strict))


def solve_system(
    equalities: Constraints, inequalities: Constraints, strict: Constraints, width: int
) -> Witness | Farkas:
    """A point of {x ∈ ℚ^width : row·x = / ≥ / > rhs}, or the multipliers that prove it empty."""
    rows = [row for row, _ in equalities]
    base = solve(rows, [rhs for _, rhs in equalities], width)
    if base is None:
        return _farkas(equalities, inequalities, strict, {}, width)
    # A point is (start τ + Σ z_k basis_k) / (bottom τ) with τ > 0: every constraint is homogeneous in (z, τ).
    *start, bottom = primitive([*base, 1])
    basis = [primitive(step) for step in nullspace(rows, width)] if rows else None
    whole, columns, scales = [], [], []
    for index, (row, rhs) in enumerate([*inequalities, *strict]):
        (*coefficients, right), scale = _integral([*row, rhs])
        inside = coefficients if basis is None else [sum(map(mul, coefficients, step)) for step in basis]
        column, again = _integral([*inside, sum(map(mul, coefficients, start)) - right * bottom])
        whole.append((coefficients, right))
        columns.append([*column, int(index >= len(inequalities))])
        scales.append(scale * again)
    free = width if basis is None else len(basis)
    columns.append([0] * free + [1, 1])  # τ > 0
    weights, residual = _projected(columns, [0] * (free + 1) + [1])
    if not any(residual):
        scaled = {k: weight * scales[k] for k, weight in weights.items() if k < len(scales)}
        return _farkas(equalities, inequalities, strict, scaled, width)
    # The residual makes a non-positive product with every column, and its last coordinate is positive, so minus
    # its other coordinates satisfy every constraint, the strict ones strictly.
    *z, tau, _ = [-value for value in primitive(residual)]
    moves = (
        [sum(map(mul, z, move)) for move in zip(*basis, strict=True)] if basis else z if basis is None else [0] * width
    )
    top, below = [tau * a + b for a, b in zip(start, moves, strict=True)], tau * bottom
    slack = [sum(map(mul, row, top)) - right * below for row, right in whole]
    split = len(inequalities)
    if below <= 0 or min(slack[:split], default=0) < 0 or min(slack[split:], default=1) <= 0:
        raise ArithmeticError("the point found does not satisfy the system")
    return Witness([Fraction(a, below) for a in top])


def _integral(row: Sequence[Number]) -> tuple[list[int], Fraction]:
    """The primitive integer multiple of a row, and the positive factor."""
    whole = primitive(row)
    return whole, next((Fraction(a) / b for a, b in zip(whole, row, strict=True) if b), Fraction(1))


def _farkas(
    equalities: Constraints, inequalities: Constraints, strict: Constraints, weights: dict[int, Fraction], width: int
) -> Farkas:
    """The refutation with these weights on the inequalities (none: the equalities alone are inconsistent)."""
    several = [*inequalities, *strict]
    used = [several[k][0] for k in weights]
    goal = [-dot(list(weights.values()), column) for column in zip(*used, strict=True)] or [Fraction(0)] * width
    columns = [[row[j] for row, _ in equalities] for j in range(width)]
    if not weights:
        columns, goal = [*columns, [rhs for _, rhs in equalities]], [*goal, Fraction(1)]
    multipliers = solve(columns, goal, len(equalities)) if equalities else []
    dense = [weights.get(k, Fraction(0)) for k in range(len(several))]
    proof = Farkas(multipliers or [], dense[: len(inequalities)], dense[len(inequalities) :])
    if multipliers is None or not refutes(proof, equalities, inequalities, strict):
        raise ArithmeticError("the multipliers found do not refute the system")
    return proof


def _projected(columns: Sequence[Sequence[int]], target: Sequence[int]) -> tuple[dict[int, Fraction], list[Fraction]]:
    """The weights of the point of the columns' cone nearest to `target`, and the residual that proves it nearest."""
    norms = [sum(map(mul, column, column)) or 1 for column in columns]

    def worst(g: Sequence[int]) -> int | None:
        gains = [sum(map(mul, column, g)) for column in timed(columns)]
        # Any positive gain makes progress; the steepest makes most.
        best = max(timed(range(len(columns))), key=lambda k: (gains[k] > 0, gains[k] * gains[k] // norms[k]))
        return best if gains[best] > 0 else None

    nearest = cone_projection(target, columns.__getitem__, worst, _guess(columns, target))
    return nearest.weights, nearest.residual


def _guess(columns: Sequence[Sequence[int]], target: Sequence[int]) -> list[int]:
    """The support that floating point finds, largest weights first."""
    try:
        floats = np.array([[float(x) for x in column] for column in columns])
        floats /= np.maximum(np.abs(floats).max(axis=1), 1.0)[:, None]
        weights = nonnegative(floats, np.array(target, dtype=float))
    except (OverflowError, RuntimeError):
        return []
    support: list[int] = np.flatnonzero(weights).tolist()
    return sorted(support, key=lambda k: -weights[k])


def roomy_point(equalities: Constraints, strict: Constraints, centre: Sequence[Number], width: int) -> Vector | None:
    """A point of {x ∈ ℚ^width : row·x = rhs, row·x > rhs} near a centre, for large systems: None if none was found.

    HiGHS finds one in floats that keeps away from the strict ends, in a growing box; rounded, it is checked exactly.
    """
    from scipy.optimize import linprog  # SciPy loads slowly, and most problems do without it

    base = solve([row for row, _ in equalities], [rhs for _, rhs in equalities], width)
    if base is None:
        return None
    steps = nullspace([row for row, _ in equalities], width)
    basis = np.array([[float(x) for x in step] for step in steps]).reshape(len(steps), width)
    start, middle = (np.array([float(x) for x in row]) for row in (base, centre))
    rows = np.array([[float(x) for x in row] for row, _ in strict]).reshape(len(strict), width)
    lengths = np.linalg.norm(rows, axis=1)
    rows, room = rows / lengths[:, None], rows @ start / lengths - np.array([float(x) for _, x in strict]) / lengths
    for exponent in range(-10, 12, 3):
        reach = (1 + np.abs(middle)) * 2.0**exponent
        above = np.block(
            [
                [-rows @ basis.T, np.ones((len(rows), 1))],
                [basis.T, np.zeros((width, 1))],
                [-basis.T, np.zeros((width, 1))],
            ]
        )
        ends = np.concatenate([room, middle - start + reach, start - middle + reach])
        aim = np.append(np.zeros(len(basis)), -1.0)
        limits = [(None, None)] * len(basis) + [(None, 1.0)]
        found = linprog(aim, above, ends, bounds=limits, method="highs", options={"time_limit": 10.0})
        if found.x is None or found.x[-1] <= 0:
            continue
        sizes = [Fraction(round(x * 2**GRID), 2**GRID) for x in found.x[:-1].tolist()]
        moves = [dot(sizes, column) for column in zip(*steps, strict=True)] if steps else [Fraction(0)] * width
        x = [Fraction(b + move) for b, move in zip(base, moves, strict=True)]
        if all(dot(row, x) > rhs for row, rhs in strict):
            return x
    return None
