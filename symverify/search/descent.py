"""Descent curves at points of any network: gradients of the adjacent cells, negative curvature, and a bounded search.

Every curve returned has been evaluated exactly: the risk strictly falls along it for small t > 0.
"""

from collections.abc import Iterator
from fractions import Fraction
from itertools import product

import numpy as np

from symverify.ground.floats import eigenvectors
from symverify.kernel.core.activation import ZERO
from symverify.kernel.core.errors import Declined
from symverify.kernel.core.network import (
    Pattern,
    Point,
    Problem,
    cell_of,
    pieces_at,
    predictions,
    residuals,
    risk,
    risk_along,
)
from symverify.kernel.core.poly import Poly
from symverify.kernel.curvature.hessian import MAX_HESSIAN, derivatives
from symverify.kernel.curvature.hessian import slope as pulled
from symverify.kernel.programs.parameters import values_of
from symverify.search.snap_equations import as_point
from symverify.search.subgradient import intervals

MAX_CELLS, MAX_TRIES = 64, 400
Velocity = list[tuple[Fraction, ...]]  # per parameter the coefficients of t, t², …


def descent(problem: Problem, point: Point) -> tuple[Point, str] | None:
    """A curve along which the risk strictly falls, and why in words; None if none of those tried does."""
    here = risk(problem, predictions(problem, point))
    for velocity, why in _candidates(problem, point):
        curve = along(problem, point, velocity)
        try:
            if any(map(any, velocity)) and (risk_along(problem, curve) - here).sign_after_zero() < 0:
                return curve, why
        except Declined:
            continue
    return None


def along(problem: Problem, point: Point, velocity: Velocity) -> Point:
    """The curve of a velocity."""
    start = values_of(problem, point)
    pairs = zip(start, velocity, strict=True)
    return as_point(problem, [Poly.of([ZERO, *rates]) + x if any(rates) else x for x, rates in pairs])


def _candidates(problem: Problem, point: Point) -> Iterator[tuple[Velocity, str]]:
    patterns = adjacent_patterns(problem, point)
    for pattern in patterns if not problem.loss.smooth else ():
        for uphill in steepest(problem, point, pattern):
            yield [(-g,) for g in uphill], "a one-sided gradient is not zero"
    for pattern in patterns if problem.loss.smooth else ():
        uphill = slope(problem, point, pattern)
        if any(uphill):
            yield [(-g,) for g in uphill], "a one-sided gradient is not zero"
    if problem.loss.smooth and len(patterns) == 1 and problem.size() <= MAX_HESSIAN:
        for direction in _curvature(problem, point):
            yield [(x,) for x in direction], "the Hessian has a negative eigenvalue"
    for velocity in random_velocities(problem):
        yield velocity, "a curve found by search"


def random_velocities(problem: Problem) -> Iterator[Velocity]:
    """Few parameters moving along small multiples of t and t², from a fixed seed."""
    rng = np.random.default_rng(0)
    for _ in range(MAX_TRIES):
        sparse = rng.random(problem.size()) < rng.choice([0.1, 0.3, 0.6])
        first = rng.integers(-2, 3, problem.size()) * sparse
        order = rng.integers(1, 3, problem.size())
        yield [
            (Fraction(int(x)),) if power == 1 else (ZERO, Fraction(int(x)))
            for x, power in zip(first, order, strict=True)
        ]


def adjacent_patterns(problem: Problem, point: Point) -> list[Pattern]:
    """Patterns of the cells around a point, at most MAX_CELLS: every choice of piece at a breakpoint.

    Not every choice need be realised near the point; a wrong one only gives a curve that is tried in vain.
    """
    around = pieces_at(problem, point)
    hidden = list(map(len, around))
    choices = [unit[i] for i in range(len(problem.inputs)) for layer in around for unit in layer]
    found = []
    for number, choice in enumerate(product(*choices)):
        if number == MAX_CELLS:
            break
        pieces, found_one = iter(choice), [[[0] * len(problem.inputs) for _ in range(width)] for width in hidden]
        for i in range(len(problem.inputs)):
            for m, width in enumerate(hidden):
                for j in range(width):
                    found_one[m][j][i] = next(pieces)
        found.append(tuple(tuple(tuple(unit) for unit in layer) for layer in found_one))
    return found


def slope(problem: Problem, point: Point, pattern: Pattern) -> list[Fraction]:
    """The gradient of the risk at the point, with the activations' pieces as in `pattern`; order of `places`."""
    pull = list(zip(*residuals(problem, predictions(problem, point)), strict=True))
    return pulled(problem, point, pattern, pull)


def steepest(problem: Problem, point: Point, pattern: Pattern) -> Iterator[list[Fraction]]:
    """For a loss with kinks: the least combination of the gradients that its subgradients give, rounded, in floats.

    The risk falls along minus it, and from every other subgradient's too, if it is not 0.
    """
    ends = intervals(problem, predictions(problem, point))
    outputs = len(problem.targets[0])
    fixed = pulled(problem, point, pattern, [[low for low, _ in row] for row in ends])
    rows: list[list[float]] = []
    for i, row in enumerate(ends):
        for k, (low, high) in enumerate(row):
            if low < high:
                unit = [[(high - low) * (k == o) for o in range(outputs)]]
                back = [[ZERO] * outputs] * i + unit + [[ZERO] * outputs] * (len(ends) - i - 1)
                rows.append([float(x) for x in pulled(problem, point, pattern, back)])
    base = np.array([float(x) for x in fixed])
    if rows:
        from scipy.optimize import lsq_linear  # SciPy loads slowly, and most problems do without it

        base = base + np.array(rows).T @ lsq_linear(np.array(rows).T, -base, (0.0, 1.0), tol=1e-14).x
    largest = float(np.abs(base).max(initial=0.0))
    for resolution in (1, 4, 64, 4096) if largest > 1e-9 else ():
        yield [Fraction(round(float(x) / largest * resolution)) for x in base]


def _curvature(problem: Problem, point: Point) -> Iterator[list[Fraction]]:
    """Directions of most negative curvature in floats, rounded; their worth is decided exactly by the caller."""
    try:
        hessian = np.array([[float(x) for x in row] for row in derivatives(problem, point, cell_of(problem, point))[1]])
        values, vectors = eigenvectors(hessian)
    except (Declined, OverflowError, np.linalg.LinAlgError):
        return
    for index in range(min(3, len(values))):
        if values[index] < -1e-12 * max(1.0, float(np.abs(values).max())):
            largest = np.abs(vectors[:, index]).max()
            for resolution in (1, 4, 64, 4096):
                yield [Fraction(round(float(x) / largest * resolution)) for x in vectors[:, index]]
