"""The atlas as pictures: the valleys by risk and dimension, and for each what the network predicts in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from symverify.kernel.core.network import Problem
from symverify.report.atlas import Mark
from symverify.report.contours import outlines
from symverify.report.net import Array, NoView, in_floats
from symverify.report.pictures import Picture
from symverify.report.rationals import short
from symverify.report.svg import Canvas
from symverify.report.views import Fit, fits
from symverify.report.words import counted

MAX_CARDS = 24
RADIUS, LANE, MARGIN = 9.0, 22.0, 14.0
KINDS = {True: "spurious", False: "global", None: "not known whether spurious"}
STYLES = {True: "at", False: "better", None: "sample"}


@dataclass(frozen=True, slots=True)
class Card:
    """One valley: a small picture of its predictions, without words, and the words for below it."""

    svg: str
    risk: Fraction
    kind: str
    words: str


def words(mark: Mark) -> str:
    """Dimension, components and faces of a valley, as far as they are known."""
    parts = ["dimension unknown" if mark.dimension is None else f"dimension {mark.dimension}"]
    parts.append("components not counted" if mark.components is None else counted(mark.components, "component"))
    if mark.faces is not None:
        parts.append(f"on {counted(mark.faces, 'face')}")
    return ", ".join(parts)


@in_floats
def atlas_picture(entries: Sequence[Mark]) -> Picture:
    """Every valley a mark, by risk and dimension, side by side where they would overlap; with its components inside."""
    if not entries:
        raise NoView("there are no minima")
    placed = places(entries)
    marks = [each for each, _ in placed.marks]
    risks = [float(each.risk) for each in marks]
    pad = 0.08 * (max(risks) - min(risks)) or max(abs(risks[0]), 1.0) * 0.1
    canvas = Canvas(
        (min(risks) - pad, max(risks) + pad),
        (0.0, placed.height),
        "Valleys of local minima by risk",
        f"{counted(len(marks), 'valley')} by risk and dimension; the least risk is {short(marks[0].risk)}.",
        "atlas",
        height=int(placed.height) + 58,
        rows=placed.rows,
    )
    canvas.axes("risk", "dimension")
    for y in placed.borders:
        canvas.line((canvas.xs[0], y), (canvas.xs[1], y), "rule-line")
    for each, y in placed.marks:
        tip = f"risk {short(each.risk)}, {KINDS[each.spurious]}, {words(each)}"
        mark = canvas.star if each.spurious is False else canvas.dot
        mark(float(each.risk), y, STYLES[each.spurious], tip, RADIUS + 2 * (each.spurious is False))
        if each.components is not None and each.components > 1:
            canvas.label(canvas.x(float(each.risk)), canvas.y(y) + 4, str(each.components), "inside", "middle")
    rows = tuple(
        (short(each.risk), KINDS[each.spurious], _known(each.dimension), _known(each.components), _known(each.faces))
        for each in marks
    )
    legend = [
        (f"s-{STYLES[kind]}", KINDS[kind]) for kind in (True, False, None) if any(e.spurious is kind for e in marks)
    ]
    caption = (
        "Each mark is a valley of local minima; the number in it is that of its connected components, where several."
    )
    return Picture(canvas.svg(), caption, tuple(legend), ("risk", "kind", "dimension", "components", "faces"), rows)


def _known(count: int | None) -> str:
    return "?" if count is None else str(count)


@dataclass(frozen=True, slots=True)
class Placed:
    """The marks by risk with a height each; bands, one for each dimension, with their middles, names and borders."""

    marks: tuple[tuple[Mark, float], ...]
    rows: tuple[tuple[float, str], ...]
    borders: tuple[float, ...]
    height: float


def places(entries: Sequence[Mark]) -> Placed:
    """Marks of one dimension in one band, in as many lanes as keep them apart."""
    marks = sorted(entries, key=lambda each: (each.risk, each.dimension or 0, each.components or 0))
    risks = [float(each.risk) for each in marks]
    gap = 1.16 * (max(risks) - min(risks)) * (2 * RADIUS + 4) / 390 or 1.0
    ends = dict[int | None, list[float]]()
    lanes = []
    for each, risk in zip(marks, risks, strict=True):
        used = ends.setdefault(each.dimension, [])
        lane = next((k for k, last in enumerate(used) if risk - last >= gap), len(used))
        used[lane : lane + 1] = [risk]
        lanes.append(lane)
    bottoms, top = dict[int | None, float](), 0.0
    for size in sorted(ends, key=lambda each: -1 if each is None else each):
        bottoms[size], top = top, top + len(ends[size]) * LANE + MARGIN
    first = {size: bottom + (LANE + MARGIN) / 2 for size, bottom in bottoms.items()}
    return Placed(
        tuple((each, first[each.dimension] + lane * LANE) for each, lane in zip(marks, lanes, strict=True)),
        tuple((first[k] + (len(ends[k]) - 1) * LANE / 2, "?" if k is None else str(k)) for k in bottoms),
        tuple(bottoms.values())[1:],
        top,
    )


@in_floats
def cards(problem: Problem, entries: Sequence[Mark]) -> list[Card]:
    """What the network predicts at a point of each valley, lowest risk first, at most MAX_CARDS. Raises NoView."""
    marks = [each for each in sorted(entries, key=lambda each: each.risk) if each.point is not None][:MAX_CARDS]
    if not marks:
        return []
    view = fits(problem, [each.point for each in marks if each.point is not None], [""] * len(marks))
    drawn = [_card(view, p) for p in range(len(marks))]
    return [
        Card(svg, each.risk, KINDS[each.spurious], words(each)) for svg, each in zip(drawn, marks, strict=True) if svg
    ]


def _card(view: Fit, p: int) -> str:
    """A small picture of the first output: a curve, a map, or predictions against targets."""
    y = view.targets[:, 0]
    if len(view.xs) == 1:
        box = _box((float(view.xs[0][0]), float(view.xs[0][-1])), view.span(0))
        curve = zip(view.xs[0].tolist(), view.values[p][:, 0].tolist(), strict=True)
        box.path([list(curve)], "fit thumb")
        spots = zip(view.inputs[:, 0].tolist(), y.tolist(), strict=True)
    elif len(view.xs) == 2:
        (xs, ys) = view.xs
        box = _box((float(xs[0]), float(xs[-1])), (float(ys[0]), float(ys[-1])))
        steps = np.linspace(float(y.min()), float(y.max()) or 1.0, 7)
        _bands(box, xs, ys, view.values[p][:, :, 0], steps)
        spots = zip(view.inputs[:, 0].tolist(), view.inputs[:, 1].tolist(), strict=True)
    else:
        box = _box(view.span(0), view.span(0))
        box.path([[(view.span(0)[0],) * 2, (view.span(0)[1],) * 2]], "level")
        spots = zip(y.tolist(), view.at_data[p][:, 0].tolist(), strict=True)
    for a, b in spots:
        box.dot(a, b, "sample", radius=3)
    return box.svg()


def _bands(box: Canvas, xs: Array, ys: Array, values: Array, steps: Array) -> None:
    box.fill("m0")
    for band, level in enumerate(steps.tolist()[:-1], 1):
        box.path(outlines(xs, ys, values, level), f"band m{band}", close=True)


def _box(xs: tuple[float, float], ys: tuple[float, float]) -> Canvas:
    return Canvas(xs, ys, "", "", "", 160, 96, bare=True)
