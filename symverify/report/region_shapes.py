"""Shapes of phase diagrams of label space, and the half sphere of four labels: regions with exact corners."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul

import numpy as np

from symverify.search.diagram import Diagram, Floats, Sheet
from symverify.search.half_sphere import Polygon, labels_of, part_of, turned
from symverify.search.label_cones import Vector

MIDDLE, RADIUS = (320.0, 356.0), 268.0
COLOURS = ("#ffffe0", "#d9f0c1", "#b2e0bd", "#8ccbc4", "#6fb3d2", "#8f9fd8", "#b08fd0", "#d18fc0", "#e8a0a0", "#f0bd9a",
           "#cfcfcf", "#9f9f9f")  # fmt: skip
GOLD, INK = "#e6a700", "#222222"
MAX_TOLD, STEP, GRID = 16, 0.03, 300
Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Shape:
    """A filled polygon, or an open line where `fill` is None; `title` is what hovering shows."""

    points: Points
    fill: str | None
    line: str | None
    title: str = ""
    width: float = 1.0


def colour(levels: int) -> str:
    """Of a region with so many levels of risk."""
    return COLOURS[min(max(levels - 1, 0), len(COLOURS) - 1)]


def spelled(labels: Sequence[int]) -> str:
    """Labels up to shift and factor."""
    return "(" + ", ".join(map(str, labels)) + ")"


def told(sheet: Sheet) -> str:
    """A stratum with its forms."""
    strict = ", ".join(f"{spelled(g)}·y > 0" for g in sheet.cone.strict)
    weak = ", ".join(f"{spelled(g)}·y ≥ 0" for g in sheet.cone.weak)
    return f"{sheet.name}: {'; '.join(filter(None, (strict, weak))) or 'all labels'}"


def minima(found: Diagram, sheets: Sequence[int]) -> list[str]:
    """The strata with minima, one a line."""
    said = ["minima on:", *(told(found.sheets[k]) for k in sheets[:MAX_TOLD])]
    return [*said, *([f"and {len(sheets) - MAX_TOLD} more"] if len(sheets) > MAX_TOLD else [])]


def half_sphere(found: Diagram) -> tuple[list[Shape], set[int]]:
    """The regions coloured by levels, the walls of all sheets between them, and where the affine fit is the least."""
    lengths = np.linalg.norm(np.array(found.axes, dtype=float), axis=1)
    shapes, used = list[Shape](), set[int]()
    for region in found.regions:
        levels = found.levels(region.sheets)
        used.add(levels)
        corners = ", ".join(spelled(labels_of(found.axes, each)) for each in region.corners)
        lines = [f"{levels} different risks; corners {corners}", *minima(found, region.sheets)]
        shapes.append(Shape(outline(region.corners, lengths), colour(levels), colour(levels), "\n".join(lines), 0.6))
    shapes += gold(found)
    drawn = set[tuple[Vector, Vector]]()
    for sheet in found.sheets:
        forms = {turned(found.axes, g): g for g in (*sheet.cone.strict, *sheet.cone.weak)}
        for polygon in part_of(found.axes, sheet.cone):
            shapes += walls(polygon, forms, sheet, lengths, drawn)
    turns = np.linspace(0, 2 * np.pi, 241)
    rim = np.stack([np.cos(turns), np.sin(turns), np.zeros(len(turns))], axis=1)
    shapes.append(Shape(seen(rim), None, INK, "", 1.5))
    return shapes, used


def walls(
    polygon: Polygon, forms: dict[Vector, Vector], sheet: Sheet, lengths: Floats, drawn: set[tuple[Vector, Vector]]
) -> list[Shape]:
    """The sides of a sheet's polygon on which one of its forms is 0; each arc once."""
    shapes = list[Shape]()
    for here, there in zip(polygon, [*polygon[1:], *polygon[:1]], strict=True):
        wall = next((form for form in forms if not any(sum(map(mul, form, end)) for end in (here, there))), None)
        if wall is None or (key := (min(here, there), max(here, there))) in drawn:
            continue
        drawn.add(key)
        title = f"wall of {sheet.name}: {spelled(forms[wall])}·y = 0"
        shapes.append(Shape(seen(arc(here, there, lengths)), None, INK, title, 0.8))
    return shapes


def arc(here: Vector, there: Vector, lengths: Floats) -> Floats:
    """Points of the great circle between two directions less than half a turn apart, both among them."""
    a, b = (np.array(each, dtype=float) * lengths for each in (here, there))
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    turn = float(np.arccos(np.clip(a @ b, -1.0, 1.0)))
    share = np.linspace(0, 1, max(2, int(turn / STEP)))[:, None]
    if turn < 1e-6:
        return np.stack([a, b])
    return np.asarray((np.sin((1 - share) * turn) * a + np.sin(share * turn) * b) / np.sin(turn), dtype=np.float64)


def outline(corners: Sequence[Vector], lengths: Floats) -> Points:
    """A polygon's boundary, seen from above."""
    sides = zip(corners, [*corners[1:], *corners[:1]], strict=True)
    return [point for here, there in sides for point in seen(arc(here, there, lengths)[:-1])]


def seen(points: Floats) -> list[tuple[float, float]]:
    """Directions of length 1, seen from above."""
    cx, cy = MIDDLE
    return [(float(cx + RADIUS * x), float(cy - RADIUS * y)) for x, y, _ in points]


def gold(found: Diagram) -> list[Shape]:
    """Where the affine fit is the global minimum, on a grid: a bar for a stretch of a row. Its walls are quadrics."""
    ticks = -1 + 2 / GRID * (np.arange(GRID) + 0.5)
    shapes, half, (cx, cy) = list[Shape](), RADIUS / GRID, MIDDLE
    for v in ticks:
        u = ticks[ticks * ticks + v * v < 1]
        _, best, _ = found.at(np.stack([u, np.full(len(u), v), np.sqrt(1 - u * u - v * v)], axis=1))
        edges = np.flatnonzero(np.diff(np.concatenate([[0], best.astype(int), [0]])))
        for first, last in zip(edges[::2], edges[1::2], strict=True):
            left, right = cx + RADIUS * u[first] - half, cx + RADIUS * u[last - 1] + half
            low, high = cy - RADIUS * v + half, cy - RADIUS * v - half
            bar = [(left, low), (right, low), (right, high), (left, high)]
            title = "here the affine fit is the global minimum (on a grid)"
            shapes.append(Shape([(float(x), float(y)) for x, y in bar], GOLD, GOLD, title, 0.3))
    return shapes
