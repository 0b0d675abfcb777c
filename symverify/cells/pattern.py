"""The pattern of a point: which piece each unit is on, for each sample."""

from symverify.kernel.core.network import Pattern, Point, Problem, rational
from symverify.kernel.programs.values import trace


def pattern_at(problem: Problem, point: Point) -> Pattern:
    """The pattern of the point's cell; where it is exactly at a breakpoint, of the cell below."""
    rows = [list(trace(problem, point, i)) for i in range(len(problem.inputs))]
    return tuple(
        tuple(tuple(node.h.pieces(rational(row[m][j]))[0] for row in rows) for j in range(len(rows[0][m])))
        for m, node in enumerate(problem.bents)
    )
