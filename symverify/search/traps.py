"""The local minimum in a cell with all units alike, for any labels: two units of opposite signs predict any fit there.

A unit's vectors |v| (w, 1) in a cell are an open convex cone, whose differences are all of space.
"""

from collections.abc import Sequence
from fractions import Fraction

from symverify.ground.linear import solve
from symverify.ground.lp import dot
from symverify.kernel.cells.cell_cover import unit_pattern
from symverify.kernel.core.activation import ONE, ZERO
from symverify.kernel.core.errors import Rejected
from symverify.kernel.core.network import Layer, Point, Problem, features

from .kinked_fit import kinked_fit
from .strata import Strata
from .subgradient import orthogonal

Row = tuple[Fraction, ...]


def best_fit(problem: Problem, pieces: Sequence[int]) -> Row:
    """The best predictions in the span of one cell's features."""
    if problem.loss.smooth:
        return Strata.of(problem, ((tuple(pieces),),)).best()
    span = features(problem, ((tuple(pieces),),))
    rows = list(zip(*span, strict=True)) if span else [(ZERO,)] * len(problem.inputs)
    found = kinked_fit(rows, [y for (y,) in problem.targets], problem.loss)
    return tuple(dot(row, found) for row in rows)


def subgradient(problem: Problem, pieces: Sequence[int], best: Row) -> list[list[Fraction]] | None:
    """Where the loss is not differentiable, numbers that prove that these predictions are best; else None."""
    if problem.loss.smooth:
        return None
    return orthogonal(problem, [(f,) for f in best], features(problem, ((tuple(pieces),),)))


def trap(problem: Problem, weights: Row, best: Row) -> Point:
    """The point with these predictions, all units in the cell of a unit with these input weights (bias last)."""
    pieces, h = unit_pattern(problem, list(weights), ""), problem.activations[0]
    rows = [
        [*(h.slopes[p] * x for x in problem.row(i)), h.offsets[p], *[ONE] * problem.output_bias]
        for i, p in enumerate(pieces)
    ]
    found = solve(rows, best, len(rows[0]))
    if found is None:
        raise ArithmeticError("the predictions are not in the features' span")
    size = len(weights)
    u, nu, shift = found[:size], found[size], found[size + 1] if problem.output_bias else ZERO
    scale = ONE
    while True:  # (scale·w + u)/(scale + ν) tends to w
        if (top := scale + nu) > 0:
            first = tuple((scale * a + b) / top for a, b in zip(weights, u, strict=True))
            if _inside(problem, first, pieces):
                break
        scale *= 2
    parts, width = problem.widths[1] - 1, problem.widths[0]
    units = [*[first] * parts, weights]
    last = (*[top / parts] * parts, -scale)
    bias = tuple(w[-1] for w in units) if problem.hidden_bias else None
    return Layer(tuple(w[:width] for w in units), bias), Layer((last,), (shift,) if problem.output_bias else None)


def _inside(problem: Problem, weights: Row, pieces: Sequence[int]) -> bool:
    try:
        return unit_pattern(problem, list(weights), "") == pieces
    except Rejected:
        return False
