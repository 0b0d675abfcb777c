"""Phase diagrams of label space as SVG, PNG and JSON. Drawn from the search's forms; nothing here is certified."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from symverify.errors import Usage
from symverify.report.escape import terminal
from symverify.search.diagram import Diagram, Floats, Sheet

SIZE, MIDDLE, MAX_NAMED = 720, (300.0, 330.0), 24
COLOURS = ("#ffffe0", "#d9f0c1", "#b2e0bd", "#8ccbc4", "#6fb3d2", "#8f9fd8", "#b08fd0", "#d18fc0", "#e8a0a0", "#f0bd9a",
           "#cfcfcf", "#9f9f9f")  # fmt: skip
GOLD, INK = "#e6a700", "#222222"
NOTE = "drawn from linear forms that the search found; observed, not certified"
Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Shape:
    """A filled polygon, or an open line where `fill` is None; `title` is what hovering shows."""

    points: Points
    fill: str | None
    line: str | None
    title: str = ""
    width: float = 1.0


@dataclass(frozen=True, slots=True)
class Label:
    """Text at a place; `anchor` is start, middle or end."""

    at: tuple[float, float]
    text: str
    size: int = 13
    anchor: str = "start"


def colour(levels: int) -> str:
    """Of a region with so many levels of risk."""
    return COLOURS[min(max(levels - 1, 0), len(COLOURS) - 1)]


def spelled(labels: Sequence[int]) -> str:
    """Labels up to shift and factor."""
    return "(" + ", ".join(map(str, labels)) + ")"


def picture(found: Diagram) -> tuple[list[Shape], list[Label]]:
    """What is drawn."""
    shapes, used = circle(found) if found.dimension == 2 else half_sphere(found)
    labels = [Label((24, 34), heading(found), 17), Label((24, 56), subtitle(found), 12)]
    x, y = 600.0, 150.0
    labels.append(Label((x - 4, y - 16), "levels of risk of", 12))
    labels.append(Label((x - 4, y - 2), "local minima", 12))
    for row, levels in enumerate(sorted(used)):
        top = y + 12 + 26 * row
        box = [(x, top), (x + 20, top), (x + 20, top + 18), (x, top + 18)]
        shapes.append(Shape(box, colour(levels), INK, "", 0.5))
        labels.append(Label((x + 28, top + 14), str(levels)))
    top = y + 30 + 26 * len(used)
    shapes.append(Shape([(x, top), (x + 20, top), (x + 20, top + 18), (x, top + 18)], GOLD, INK, "", 0.5))
    labels += [Label((x + 28, top + 8), "affine fit is", 11), Label((x + 28, top + 20), "the global minimum", 11)]
    labels.append(Label((24, 648), NOTE, 11))
    return shapes, [*labels, *axes(found)]


def heading(found: Diagram) -> str:
    """The network, in a line."""
    problem = found.problem
    return f"Local minima by labels: {'-'.join(map(str, problem.widths))}, {len(problem.inputs)} samples"


def subtitle(found: Diagram) -> str:
    """What a point of the picture is."""
    what = "Each direction of the circle" if found.dimension == 2 else "Each point of the half sphere, seen from above,"
    return f"{what} is a label vector, up to {'a shift and ' * found.problem.output_bias}a factor."


def axes(found: Diagram) -> list[Label]:
    """What the horizontal and the vertical direction are."""
    (cx, cy), r = MIDDLE, 262
    names = []
    for arc in found.arcs if len(found.arcs) <= MAX_NAMED else ():
        turn = angle(found, arc.start)
        side = "start" if np.cos(turn) > 0.2 else "end" if np.cos(turn) < -0.2 else "middle"
        place = (float(cx + 238 * np.cos(turn)), float(cy - 240 * np.sin(turn) + 4))
        names.append(Label(place, spelled(arc.start), 10, side))
    return [
        *names,
        Label((cx, cy + r + 36), "left and right: straight lines" if found.dimension == 2 else
              "right: straight lines; up: bends; middle: zigzags", 12, "middle"),
        *([Label((cx, cy), "up and down: bends", 12, "middle")] if found.dimension == 2 else []),
    ]  # fmt: skip


def circle(found: Diagram) -> tuple[list[Shape], set[int]]:
    """A ring of arcs, and outside it where the affine fit is the least."""
    shapes, used = list[Shape](), set[int]()
    for arc in found.arcs:
        begin, end = (angle(found, labels) for labels in (arc.start, arc.end))
        end += 2 * np.pi * (end <= begin)
        used.add(arc.levels)
        title = "\n".join([
            f"labels between {spelled(arc.start)} and {spelled(arc.end)}", f"{arc.levels} levels of risk", "minima on:",
            *(told(found.sheets[k]) for k in arc.sheets),
        ])  # fmt: skip
        shapes.append(Shape(ring(begin, end, 130, 215), colour(arc.levels), INK, title, 0.8))
    turns = np.linspace(0, 2 * np.pi, 1441)
    _, affine, _ = found.at(np.stack([np.cos(turns), np.sin(turns)], axis=1))
    for a, b, here, there in zip(turns, turns[1:], affine, affine[1:], strict=False):
        if here and there:
            shapes.append(Shape(ring(a, b, 219, 229), GOLD, None, "here the affine fit is the global minimum"))
    return shapes, used


def told(sheet: Sheet) -> str:
    """A stratum with its forms."""
    strict = ", ".join(f"{spelled(g)}·y > 0" for g in sheet.cone.strict)
    weak = ", ".join(f"{spelled(g)}·y ≥ 0" for g in sheet.cone.weak)
    return f"{sheet.name}: {'; '.join(filter(None, (strict, weak))) or 'all labels'}"


def angle(found: Diagram, labels: Sequence[int]) -> float:
    """The direction of labels on the circle."""
    x, y = found.basis @ np.array(labels, dtype=float)
    return float(np.arctan2(y, x))


def ring(begin: float, end: float, inner: float, outer: float) -> list[tuple[float, float]]:
    """A piece of a ring."""
    turns = np.linspace(begin, end, max(2, int((end - begin) * 40)))
    (cx, cy) = MIDDLE
    out = [(cx + outer * np.cos(t), cy - outer * np.sin(t)) for t in turns]
    back = [(cx + inner * np.cos(t), cy - inner * np.sin(t)) for t in reversed(turns)]
    return [(float(x), float(y)) for x, y in (*out, *back)]


def half_sphere(found: Diagram, grid: int = 150) -> tuple[list[Shape], set[int]]:
    """Small squares coloured by levels, and the walls of all regions as arcs of great circles."""
    shapes, radius, (cx, cy) = list[Shape](), 245.0, MIDDLE
    step = 2 / grid
    ticks = -1 + step * (np.arange(grid) + 0.5)
    u, v = (a.ravel() for a in np.meshgrid(ticks, ticks))
    on = u * u + v * v < 1
    u, v = u[on], v[on]
    points = np.stack([u, v, np.sqrt(1 - u * u - v * v)], axis=1)
    levels, affine, _ = found.at(points)
    half = radius * step / 2 + 0.3
    for x, y, count, best, p in zip(u, v, levels, affine, points, strict=True):
        px, py = cx + radius * x, cy - radius * y
        square = [(px - half, py - half), (px + half, py - half), (px + half, py + half), (px - half, py + half)]
        near = "(" + ", ".join(f"{t:.2f}" for t in p @ found.basis) + ")"
        title = f"labels near {near}\n{count} levels of risk" + "\nthe affine fit is the global minimum" * bool(best)
        shapes.append(Shape(square, GOLD if best else colour(int(count)), None, title))
    for sheet in found.sheets:
        shapes += walls(found, sheet, radius)
    edge = [(cx + radius * np.cos(t), cy - radius * np.sin(t)) for t in np.linspace(0, 2 * np.pi, 200)]
    shapes.append(Shape([(float(x), float(y)) for x, y in edge], None, INK, "", 1.5))
    return shapes, {int(x) for x in set(levels.tolist())}


def walls(found: Diagram, sheet: Sheet, radius: float) -> list[Shape]:
    """The boundary of a region: of each form's great circle the part where the other forms hold."""
    exact = (*sheet.cone.strict, *sheet.cone.weak)
    if not exact:
        return []
    forms = np.array(exact, dtype=float) @ found.basis.T
    shapes, (cx, cy), turns = list[Shape](), MIDDLE, np.linspace(0, 2 * np.pi, 721)
    for k, g in enumerate(forms):
        if not np.linalg.norm(g):
            continue
        g = np.asarray(g / np.linalg.norm(g), dtype=np.float64)
        a: Floats = np.cross(g, [0.0, 0.0, 1.0] if abs(g[2]) < 0.9 else [1.0, 0.0, 0.0])
        a = np.asarray(a / np.linalg.norm(a), dtype=np.float64)
        b = np.cross(g, a)
        line = np.cos(turns)[:, None] * a + np.sin(turns)[:, None] * b
        others = np.delete(forms, k, axis=0)
        held = (line @ others.T >= -1e-9).all(axis=1) if len(others) else np.ones(len(line), dtype=bool)
        for side in (1, -1):  # the antipode of a label vector has the same picture
            seen = held & (side * line[:, 2] >= 0)
            for run in runs(seen):
                path = [(float(cx + radius * side * x), float(cy - radius * side * y)) for x, y, _ in line[run]]
                title = f"wall of {sheet.name}: {spelled(exact[k])}·y = 0"
                shapes.append(Shape(path, None, INK, title, 0.8))
    return shapes


def runs(mask: NDArray[np.bool_]) -> list[slice]:
    """The stretches of True, two or more long."""
    found, start = list[slice](), None
    for k, on in enumerate([*mask.tolist(), False]):
        if on and start is None:
            start = k
        elif not on and start is not None:
            found += [slice(start, k)] if k - start > 1 else []
            start = None
    return found


def svg(found: Diagram) -> str:
    """The picture as a self-contained SVG file."""
    shapes, labels = picture(found)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE + 60} 670" font-family="sans-serif">',
             '<rect width="100%" height="100%" fill="white"/>']  # fmt: skip
    for shape in shapes:
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in shape.points)
        stroke = f' stroke="{shape.line}" stroke-width="{shape.width}"' if shape.line else ""
        title = f"<title>{escape(shape.title)}</title>" if shape.title else ""
        kind = "polyline" if shape.fill is None else "polygon"
        parts.append(f'<{kind} points="{path}" fill="{shape.fill or "none"}"{stroke}>{title}</{kind}>')
    for label in labels:
        (x, y) = label.at
        parts.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{label.size}" text-anchor="{label.anchor}" '
                     f'fill="{INK}">{escape(terminal(label.text, 200))}</text>')  # fmt: skip
    return "\n".join([*parts, "</svg>", ""])


def png(found: Diagram, target: Path) -> None:
    """The picture as PNG, with Matplotlib. Raises Usage without it."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
        from matplotlib.patches import Polygon
    except ImportError:
        raise Usage("PNG needs Matplotlib", "pip install 'symverify[plot]', or write .svg") from None
    shapes, labels = picture(found)
    figure = Figure(figsize=(10.4, 8.9), dpi=110)
    FigureCanvasAgg(figure)
    axis = figure.add_axes((0, 0, 1, 1))
    axis.set_xlim(0, SIZE + 60)
    axis.set_ylim(670, 0)
    axis.axis("off")
    for shape in shapes:
        if shape.fill is None:
            axis.plot(*zip(*shape.points, strict=True), color=shape.line, linewidth=shape.width)
        else:
            axis.add_patch(Polygon(list(shape.points), facecolor=shape.fill, edgecolor=shape.line or shape.fill,
                                   linewidth=shape.width if shape.line else 0))  # fmt: skip
    where = {"start": "left", "middle": "center", "end": "right"}
    for label in labels:
        axis.text(*label.at, terminal(label.text, 200), fontsize=label.size * 0.85, ha=where[label.anchor], color=INK)
    figure.savefig(target, format="png")


def as_json(found: Diagram) -> str:
    """The sheets with their exact forms, and on a circle its arcs with exact ends."""
    sheets = [
        {
            "name": each.name,
            "positive": [list(g) for g in each.cone.strict],
            "not_negative": [list(g) for g in each.cone.weak],
            "predictions": [[str(x) for x in row] for row in each.cone.project],
        }
        for each in found.sheets
    ]
    arcs = [
        {
            "from": list(a.start),
            "to": list(a.end),
            "inside": list(a.inside),
            "levels": a.levels,
            "sheets": list(a.sheets),
        }
        for a in found.arcs
    ]
    document = {"certified": False, "inputs": [[str(v) for v in x] for x in found.problem.inputs], "sheets": sheets}
    return json.dumps(document | ({"arcs": arcs} if found.dimension == 2 else {}), indent=1)


def summary(found: Diagram) -> list[str]:
    """What the diagram shows, in lines; the shares are counted on a grid."""
    if found.dimension == 2:
        turns = 2 * np.pi * (np.arange(20_000) + 0.5) / 20_000
        points: Floats = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    else:  # by a Fibonacci lattice
        z = 1 - (np.arange(20_000) + 0.5) / 20_000
        turns = np.asarray(np.pi * (3 - 5**0.5) * np.arange(20_000), dtype=np.float64)
        rim = np.sqrt(1 - z * z)
        points = np.asarray(np.stack([rim * np.cos(turns), rim * np.sin(turns), z], axis=1), dtype=np.float64)
    levels, affine, _ = found.at(points)
    lines = [f"{len(found.sheets)} faces and signs have local minima for an open set of labels"]
    lines += [f"{len(found.arcs)} arcs on the circle of labels"] if found.dimension == 2 else []
    for count in sorted(set(levels.tolist())):
        lines.append(f"{count} levels of risk: about {np.mean(levels == count):.1%} of the directions")
    lines.append(f"the affine fit is the global minimum: about {affine.mean():.1%} of the directions")
    return [*lines, f"observed, not certified: {NOTE.partition(';')[0]}"]
