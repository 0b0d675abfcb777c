"""Level lines of a function on a grid, by marching squares, and the closed outlines of where it exceeds a level."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Grid = NDArray[np.float64]
Curve = list[tuple[float, float]]
_Edge = tuple[int, int, int]  # row, column, 0 along a row or 1 along a column
# For each set of corners above the level (bits: top left, top right, bottom right, bottom left) the edges joined.
_TOP, _RIGHT, _BOTTOM, _LEFT = range(4)
_JOINED: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((_LEFT, _TOP),), 2: ((_TOP, _RIGHT),), 3: ((_LEFT, _RIGHT),), 4: ((_RIGHT, _BOTTOM),),
    6: ((_TOP, _BOTTOM),), 7: ((_LEFT, _BOTTOM),), 8: ((_BOTTOM, _LEFT),), 9: ((_TOP, _BOTTOM),),
    11: ((_RIGHT, _BOTTOM),), 12: ((_LEFT, _RIGHT),), 13: ((_TOP, _RIGHT),), 14: ((_LEFT, _TOP),),
}  # fmt: skip
_APART, _TOGETHER = ((_LEFT, _TOP), (_RIGHT, _BOTTOM)), ((_TOP, _RIGHT), (_BOTTOM, _LEFT))


def level_lines(xs: Grid, ys: Grid, values: Grid, level: float) -> list[Curve]:
    """The curves values = level; values[row, column] is the value at (xs[column], ys[row])."""
    links: dict[_Edge, list[_Edge]] = {}
    for a, b in _segments(values, level):
        links.setdefault(a, []).append(b)
        links.setdefault(b, []).append(a)
    return [[_point(xs, ys, values, level, edge) for edge in chain] for chain in _chains(links)]


def outlines(xs: Grid, ys: Grid, values: Grid, level: float) -> list[Curve]:
    """Closed curves around where values ≥ level, to be filled by the even-odd rule."""
    low = min(float(values.min()), level) - 1.0
    inner = np.pad(values, 1, constant_values=low)
    return level_lines(np.pad(xs, 1, mode="edge"), np.pad(ys, 1, mode="edge"), inner, level)


def _segments(values: Grid, level: float) -> Iterator[tuple[_Edge, _Edge]]:
    above = values >= level
    code = above[:-1, :-1] + 2 * above[:-1, 1:] + 4 * above[1:, 1:] + 8 * above[1:, :-1]
    for row, column in np.argwhere((code > 0) & (code < 15)).tolist():
        kind = int(code[row, column])
        edges: tuple[_Edge, ...] = ((row, column, 0), (row, column + 1, 1), (row + 1, column, 0), (row, column, 1))
        if kind in (5, 10):
            middle = values[row : row + 2, column : column + 2].mean() >= level
            joined: tuple[tuple[int, int], ...] = _APART if (kind == 5) != bool(middle) else _TOGETHER
        else:
            joined = _JOINED[kind]
        for a, b in joined:
            yield edges[a], edges[b]


def _chains(links: dict[_Edge, list[_Edge]]) -> Iterator[list[_Edge]]:
    """Open chains first, from an end; then the loops, closed by their first edge."""
    left = {edge: list(others) for edge, others in links.items()}
    for start in sorted(left, key=lambda edge: (len(links[edge]), edge)):
        chain = [start]
        while left[chain[-1]]:
            following = left[chain[-1]].pop()
            left[following].remove(chain[-1])
            chain.append(following)
        if len(chain) > 1:
            yield chain


def _point(xs: Grid, ys: Grid, values: Grid, level: float, edge: _Edge) -> tuple[float, float]:
    row, column, upright = edge
    a, b = float(values[row, column]), float(values[row + upright, column + 1 - upright])
    share = min(max((level - a) / (b - a), 0.0), 1.0) if a != b else 0.5
    x, y = float(xs[column]), float(ys[row])
    if upright:
        return x, y + share * (float(ys[row + 1]) - y)
    return x + share * (float(xs[column + 1]) - x), y
