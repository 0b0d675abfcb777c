"""Phase diagrams of label space as SVG, PNG and JSON. Drawn from the search's forms; nothing here is certified."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np

from symverify.errors import Usage
from symverify.report.escape import terminal
from symverify.report.region_shapes import GOLD, INK, MIDDLE, Shape, colour, half_sphere, minima, spelled
from symverify.report.words import counted
from symverify.search.diagram import Diagram, Floats
from symverify.search.half_sphere import labels_of

WIDTH, HEIGHT, MAX_NAMED = 940, 690, 24
LEGEND = 640.0  # where its text begins
NOTE = "drawn from linear forms that the search found; observed, not certified"


@dataclass(frozen=True, slots=True)
class Label:
    """Text at a place; `anchor` is start, middle or end."""

    at: tuple[float, float]
    text: str
    size: int = 13
    anchor: str = "start"


def picture(found: Diagram) -> tuple[list[Shape], list[Label]]:
    """What is drawn."""
    shapes, used = circle(found) if found.dimension == 2 else half_sphere(found)
    labels = [Label((24, 34), heading(found), 18), Label((24, 58), subtitle(found), 13)]
    top = 120.0
    labels.append(Label((LEGEND, top), "Colour: how many different risks", 14))
    labels.append(Label((LEGEND, top + 18), "the local minima have", 14))
    for row, levels in enumerate(sorted(used)):
        shapes.append(box(top + 32 + 26 * row, colour(levels)))
        labels.append(Label((LEGEND + 32, top + 47 + 26 * row), counted(levels, "risk"), 14))
    top += 46 + 26 * len(used)
    best = any(shape.fill == GOLD for shape in shapes)
    if best:
        shapes.append(box(top, GOLD))
        labels += [Label((LEGEND + 32, top + 14), "the affine fit is the global", 14),
                   Label((LEGEND + 32, top + 32), "minimum: nothing is better", 14)]  # fmt: skip
    top += 74 if best else 20
    for line in reading(found, best):
        labels.append(Label((LEGEND, top), line, 13))
        top += 20
    labels.append(Label((24, HEIGHT - 16), NOTE, 12))
    return shapes, [*labels, *axes(found)]


def box(top: float, fill: str) -> Shape:
    """A sample of a colour in the legend."""
    return Shape([(LEGEND, top), (LEGEND + 22, top), (LEGEND + 22, top + 18), (LEGEND, top + 18)], fill, INK, "", 0.5)


def reading(found: Diagram, best: bool) -> list[str]:
    """How the picture is read, in lines."""
    shapes = ("a straight line", "a bend", "a zigzag")
    where = ("right", "up", "middle")
    lines = [f"{place}: {spelled(axis)}, {what}" for place, axis, what in zip(where, found.axes, shapes, strict=False)]
    if len(found.problem.inputs[0]) > 1:
        lines = [f"{place}: {spelled(axis)}" for place, axis in zip(where, found.axes, strict=False)]
    quadrics = ["Gold: on a grid; its edges are quadrics."] * (best and found.dimension == 3)
    return ["Labels (up to a factor)", *lines, "", "Lines: there minima appear or vanish",
            "on some face. Hover: which faces,", "and for exactly which labels.", *quadrics]  # fmt: skip


def heading(found: Diagram) -> str:
    """The network, in a line."""
    problem = found.problem
    return f"Local minima by labels: {'-'.join(map(str, problem.widths))}, {counted(len(problem.inputs), 'sample')}"


def subtitle(found: Diagram) -> str:
    """What a point of the picture is."""
    what = "Each direction of the circle" if found.dimension == 2 else "Each point of the half sphere, seen from above,"
    return f"{what} is a label vector, up to {'a shift and ' * found.problem.output_bias}a factor."


def axes(found: Diagram) -> list[Label]:
    """The label vectors at the walls of a circle, if they are few."""
    (cx, cy), names = MIDDLE, list[Label]()
    for arc in found.arcs if len(found.arcs) <= MAX_NAMED else ():
        turn = angle(found, arc.start)
        side = "start" if np.cos(turn) > 0.2 else "end" if np.cos(turn) < -0.2 else "middle"
        place = (float(cx + 238 * np.cos(turn)), float(cy - 240 * np.sin(turn) + 4))
        names.append(Label(place, spelled(arc.start), 11, side))
    return names


def circle(found: Diagram) -> tuple[list[Shape], set[int]]:
    """A ring of arcs, and outside it where the affine fit is the least."""
    shapes, used = list[Shape](), set[int]()
    for arc in found.arcs:
        begin, end = (angle(found, labels) for labels in (arc.start, arc.end))
        end += 2 * np.pi * (end <= begin)
        used.add(arc.levels)
        title = "\n".join([
            f"labels between {spelled(arc.start)} and {spelled(arc.end)}",
            f"{arc.levels} {'different risks' if arc.levels != 1 else 'risk'}",
            *minima(found, arc.sheets),
        ])  # fmt: skip
        shapes.append(Shape(ring(begin, end, 130, 215), colour(arc.levels), INK, title, 0.8))
    turns = np.linspace(0, 2 * np.pi, 1441)
    _, affine, _ = found.at(np.stack([np.cos(turns), np.sin(turns)], axis=1))
    for a, b, here, there in zip(turns, turns[1:], affine, affine[1:], strict=False):
        if here and there:
            shapes.append(Shape(ring(a, b, 219, 229), GOLD, None, "here the affine fit is the global minimum"))
    return shapes, used


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


def svg(found: Diagram) -> str:
    """The picture as a self-contained SVG file."""
    shapes, labels = picture(found)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">',
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
        raise Usage("PNG needs Matplotlib", "pip install matplotlib, or write .svg") from None
    shapes, labels = picture(found)
    figure = Figure(figsize=(WIDTH / 80, HEIGHT / 80), dpi=110)
    FigureCanvasAgg(figure)
    axis = figure.add_axes((0, 0, 1, 1))
    axis.set_xlim(0, WIDTH)
    axis.set_ylim(HEIGHT, 0)
    axis.axis("off")
    for shape in shapes:
        if shape.fill is None:
            axis.plot(*zip(*shape.points, strict=True), color=shape.line, linewidth=shape.width)
        else:
            axis.add_patch(Polygon(list(shape.points), facecolor=shape.fill, edgecolor=shape.line or shape.fill,
                                   linewidth=shape.width if shape.line else 0))  # fmt: skip
    where = {"start": "left", "middle": "center", "end": "right"}
    for label in labels:
        axis.text(*label.at, terminal(label.text, 200), fontsize=label.size * 0.9, ha=where[label.anchor], color=INK)
    figure.savefig(target, format="png")


def as_json(found: Diagram) -> str:
    """The sheets with their exact forms, and arcs or regions with exact ends or corners."""
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
    regions = [
        {
            "corners": [list(labels_of(found.axes, each)) for each in region.corners],
            "inside": list(labels_of(found.axes, region.inside)),
            "levels": found.levels(region.sheets),
            "sheets": list(region.sheets),
        }
        for region in found.regions
    ]
    return json.dumps(document | ({"arcs": arcs} if found.dimension == 2 else {"regions": regions}), indent=1)


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
    lines = [f"{counted(len(found.sheets), 'choice')} of faces and signs with local minima for an open set of labels"]
    parts = len(found.arcs or found.regions)
    what, where = ("arc", "circle") if found.dimension == 2 else ("region", "half sphere")
    lines += [f"{counted(parts, what)} of the {where} of labels"]
    for count in sorted(set(levels.tolist())):
        lines.append(f"{counted(count, 'level')} of risk: about {np.mean(levels == count):.1%} of the directions")
    lines.append(f"the affine fit is the global minimum: about {affine.mean():.1%} of the directions")
    return [*lines, f"observed, not certified: {NOTE.partition(';')[0]}"]
