"""The pattern of a point: which piece each unit is on, for each sample."""

from symverify.kernel.core.network import Pattern, Point, Problem, pieces_at


def pattern_at(problem: Problem, point: Point) -> Pattern:
    """The pattern of the point's cell; where it is exactly at a breakpoint, of the cell below."""
    found = pieces_at(problem, point)
    return tuple(tuple(tuple(at[0] for at in unit) for unit in layer) for layer in found)
