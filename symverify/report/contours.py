"""Level lines of a function on a grid, and the closed outlines of where it exceeds a level, by contourpy."""

from typing import cast

import numpy as np
from contourpy import contour_generator
from numpy.typing import NDArray

Grid = NDArray[np.float64]
Curve = list[tuple[float, float]]


def level_lines(xs: Grid, ys: Grid, values: Grid, level: float) -> list[Curve]:
    """The curves values = level; values[row, column] is the value at (xs[column], ys[row])."""
    lines = contour_generator(xs, ys, values, name="serial").lines(level)
    return [curve(line) for line in cast(list[Grid], lines)]


def outlines(xs: Grid, ys: Grid, values: Grid, level: float) -> list[Curve]:
    """Closed curves around where values ≥ level, to be filled by the even-odd rule."""
    parts = contour_generator(xs, ys, values, name="serial", fill_type="OuterOffset").filled(level, np.inf)
    found: list[Curve] = []
    for points, offsets in zip(*parts, strict=True):
        rings = zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)
        found += [curve(points[start:end]) for start, end in rings]
    return found


def curve(points: Grid) -> Curve:
    """The rows of an array of points."""
    return [(x, y) for x, y in points.tolist()]
