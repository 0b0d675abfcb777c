"""Pictures as inline SVG, from the numbers of `views`: the risk on a plane, along a line, the fits, the atlas."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np

from symverify.kernel.core.network import Problem
from symverify.report.contours import level_lines, outlines
from symverify.report.net import Array, NoView, in_floats
from symverify.report.rationals import short
from symverify.report.scenes import Scene
from symverify.report.svg import Canvas, number
from symverify.report.views import Fit, Segment, Slice, fit_view, levels, segment_view, slice_view

MAX_PANELS = 4
CROWDS = (16, 48)  # creases beyond which they are drawn fainter, so that the risk under them is seen


@dataclass(frozen=True, slots=True)
class Picture:
    """An SVG element, its caption, its legend as (class of the swatch, words), and its numbers as a table."""

    svg: str
    caption: str
    legend: tuple[tuple[str, str], ...]
    headings: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def pictures(problem: Problem, scene: Scene, key: str) -> list[Picture | str]:
    """All pictures of a scene; a sentence where one cannot be drawn. `key` makes ids unique on the page."""
    draw: list[Callable[[], list[Picture]]] = [
        lambda: [slice_picture(scene, slice_view(problem, scene), f"{key}-slice")],
        lambda: [segment_picture(scene, segment_view(problem, scene), f"{key}-line")],
        lambda: fit_pictures(fit_view(problem, scene), f"{key}-fit"),
    ]
    found: list[Picture | str] = []
    for name, make in zip(("risk on a plane", "risk along a line", "fits"), draw, strict=True):
        try:
            found += in_floats(make)()
        except NoView as reason:
            found.append(f"There is no picture of the {name}: {reason}.")
    return found


def risk_words(x: Fraction) -> str:
    """An exact risk for a tooltip."""
    return short(x)


# the risk on a plane


def slice_picture(scene: Scene, view: Slice, key: str) -> Picture:
    """Bands of risk, cell boundaries, the path, and the two points."""
    better = "" if scene.better is None else f" and {scene.better_name}"
    canvas = Canvas(
        (float(view.xs[0]), float(view.xs[-1])),
        (float(view.ys[0]), float(view.ys[-1])),
        f"The risk on a plane through {scene.name}{better}",
        f"Contour map. Horizontal axis {view.directions[0]}, vertical axis {view.directions[1]}. {scene.name} is at "
        f"(0, 0) with risk {risk_words(scene.at.risk)}. {len(view.creases)} cell boundaries are drawn.",
        key,
    )
    canvas.clip()
    floor = float(scene.at.risk if scene.better is None else scene.better.risk)
    low, high = _bands(canvas, view, floor)
    kind = "crease" + "".join(f" many{k}" for k, few in enumerate(CROWDS) if len(view.creases) > few)
    for crease in view.creases:
        canvas.path(level_lines(view.xs, view.ys, crease.values, 0.0), kind, f"cell boundary: {crease.name}")
    _route(canvas, scene, view)
    canvas.unclip()
    canvas.axes(view.directions[0], view.directions[1])
    if scene.better is not None:
        canvas.star(1, 0, "better", f"{scene.better_name}: risk {risk_words(scene.better.risk)}")
        canvas.mark_label(1, 0, scene.better_name)
    canvas.dot(0, 0, "at", f"{scene.name}, {scene.kind}: risk {risk_words(scene.at.risk)}", 6, focus=True)
    canvas.mark_label(0, 0, scene.name)
    legend = [
        ("s-at", f"{scene.name}, {scene.kind}, risk {risk_words(scene.at.risk)}"),
        *([("s-better", f"{scene.better_name}, risk {risk_words(scene.better.risk)}")] if scene.better else []),
        *([("s-below", f"risk below that of {scene.name}, down to {number(low)}")] if low < view.level else []),
        ("s-above", f"risk above it, up to {number(high)} (beyond: the same colour)"),
        *([("s-crease", "cell boundaries: creases, where the risk may not be differentiable")] if view.creases else []),
        *([("s-valley", "the valley: local minima, all of the same risk")] if scene.valley else []),
        *([("s-valley", "the descent curve")] if scene.descent and view.path else []),
    ]
    return Picture(canvas.svg(), _slice_caption(scene, view), tuple(legend))


def _slice_caption(scene: Scene, view: Slice) -> str:
    better = f" and {scene.better_name}" if scene.better is not None else ""
    said = f"The risk on a plane in parameter space through {scene.name}{better}. "
    same = "Both axes have the same scale."
    said += same if view.stretch == 1 else f"The vertical axis is stretched {number(view.stretch)}-fold."
    if view.path:
        what = "valley's path" if scene.valley is not None else "curve"
        said += f" The {what} {'lies in this plane' if view.off < 1e-9 else 'is projected onto it'}."
    if view.left_out:
        said += f" {view.left_out} more cell boundaries are not drawn."
    return said


def _bands(canvas: Canvas, view: Slice, floor: float) -> tuple[float, float]:
    """Filled contours, lowest first; the least risk in the plane, not above `floor`, and the highest level."""
    low = min(float(view.risk.min()), floor)
    high = float(np.quantile(view.risk, 0.9))
    spread = max(high - low, abs(view.level), 1e-300)
    under, over = levels(low, view.level, high) if low < view.level - 1e-9 * spread else ([], levels(low, low, high)[1])
    low = low if under else view.level
    edges = [low, *under, *over]
    kinds = [f"b{5 - len(under) + k - 1}" for k in range(len(under) + 1)] if under else ["a0"]
    kinds += [f"a{k}" for k in range(len(over))]
    names = [*pairwise(edges), (edges[-1], float(view.risk.max()))]
    for index, (kind, (a, b)) in enumerate(zip(kinds, names, strict=True)):
        tip = f"risk {number(a)} to {number(b)}"
        if index == 0:
            canvas.fill(kind, tip)
        else:
            fudge = 1e-7 * spread if index == len(under) + 1 else 0.0
            canvas.path(outlines(view.xs, view.ys, view.risk, a - fudge), f"band {kind}", tip, close=True)
    return low, high


def _route(canvas: Canvas, scene: Scene, view: Slice) -> None:
    if len(view.path) > 1:
        what = f"the valley: risk {risk_words(scene.at.risk)} all along" if scene.valley else "the descent curve"
        canvas.path([view.path], "valley-case")
        canvas.path([view.path], "valley", what)


# the risk along a line


def segment_picture(scene: Scene, view: Segment, key: str) -> Picture:
    """The risk as a graph, the points, and where cells meet."""
    low, high = view.span()
    line = "the descent curve" if scene.descent is not None else f"a straight line through {scene.name}"
    if scene.descent is None and scene.better is not None:
        line = f"the straight line from {scene.name} to {scene.better_name}"
    canvas = Canvas(
        (float(view.ts[0]), float(view.ts[-1])),
        (low, high),
        f"The risk along {line}",
        f"Line graph. The {view.vertical} lies between {number(float(view.risk.min()))} and "
        f"{number(float(view.risk.max()))}; "
        f"{len(view.meets)} cell boundaries are met.",
        key,
    )
    canvas.axes(view.horizontal, view.vertical)
    level, shown = view.marks[0][2], number(view.marks[0][2]) if not view.less else risk_words(scene.at.risk)
    canvas.line((canvas.xs[0], level), (canvas.xs[1], level), "level", f"the risk of {scene.name}, {shown}")
    for t in view.meets.tolist()[:400]:
        canvas.line((t, canvas.ys[0]), (t, low + 0.07 * (high - low)), "meet", f"meets a cell boundary at {number(t)}")
    canvas.clip()
    canvas.path([list(zip(view.ts.tolist(), view.risk.tolist(), strict=True))], "graph")
    step = max(len(view.ts) // 65, 1)
    for t, risk in zip(view.ts.tolist()[::step], view.risk.tolist()[::step], strict=True):
        canvas.dot(t, risk, "probe", f"at {number(t)}: {view.vertical} {number(risk)}", 5)
    canvas.unclip()
    for index, (t, name, risk) in enumerate(view.marks):
        mark = canvas.dot if index == 0 else canvas.star
        told = shown if index == 0 else number(risk)
        mark(t, risk, "at" if index == 0 else "better", f"{name}: risk {told}", 6)
        canvas.mark_label(t, risk, name)
    chosen = np.linspace(0, len(view.ts) - 1, 11).round().astype(int)
    rows = tuple((number(float(view.ts[i])), number(float(view.risk[i]))) for i in chosen)
    legend = [("s-level", f"the risk of {scene.name}")] + ([("s-meet", "cell boundaries")] if len(view.meets) else [])
    headings = (view.horizontal.split(",")[0], view.vertical)
    exact = f", less that of {scene.name}: the difference is computed exactly, then rounded" if view.less else ""
    return Picture(canvas.svg(), f"The risk along {line}{exact}.", tuple(legend), headings, rows)


# the fits


def fit_pictures(view: Fit, key: str) -> list[Picture]:
    """A picture for each output, of a kind that depends on how many inputs there are."""
    make = {1: _curves, 2: _maps}.get(len(view.xs), _parity)
    outputs = view.targets.shape[1]
    found: list[Picture] = []
    for k in range(min(outputs, MAX_PANELS)):
        name = "" if outputs == 1 else f", output {k + 1}"
        found += make(view, k, name, f"{key}{k + 1}")
    return found


def _curves(view: Fit, k: int, name: str, key: str) -> list[Picture]:
    x, y = view.inputs[:, 0], view.targets[:, k]
    who = " and ".join(view.names)
    canvas = Canvas(
        (float(view.xs[0][0]), float(view.xs[0][-1])),
        view.span(k),
        f"The data and the predictions at {who}{name}",
        f"{len(x)} samples as dots; what the network predicts at {who} as lines.",
        key,
    )
    canvas.axes("x", "y" if not name else f"y{name}")
    canvas.clip()
    for p in reversed(range(len(view.names))):
        curve = list(zip(view.xs[0].tolist(), view.values[p][:, k].tolist(), strict=True))
        canvas.path([curve], f"fit fit{p}", f"predictions at {view.names[p]}")
    canvas.unclip()
    rows = []
    steps = np.linspace(*view.span(k), 9)
    for i in range(len(x)):
        told = [f"{n} predicts {number(float(view.at_data[p][i, k]))}" for p, n in enumerate(view.names)]
        tip = f"sample {i + 1}: x = {number(float(x[i]))}, y = {number(float(y[i]))}; {'; '.join(told)}"
        look = f"spot m{view.band(float(y[i]), k, steps)}" if view.classes else "sample"
        canvas.dot(float(x[i]), float(y[i]), look, tip, 4, focus=len(x) <= 40)
        told = [number(float(values[i, k])) for values in view.at_data]
        rows.append((str(i + 1), number(float(x[i])), number(float(y[i])), *told))
    ends = zip(("s-m0", "s-m7"), view.classes[k], strict=True) if view.classes else ()
    data = [(look, f"data, label {number(end)}") for look, end in ends] or [("s-sample", "data")]
    legend = [*data, *((f"s-fit{p}", f"predictions at {n}") for p, n in enumerate(view.names))]
    heads = ("sample", "x", "y", *(f"at {n}" for n in view.names))
    caption = f"The data and the predictions at {who}{name}."
    return [Picture(canvas.svg(), caption, tuple(legend), heads, tuple(rows[:40]))]


def _maps(view: Fit, k: int, name: str, key: str) -> list[Picture]:
    every = np.concatenate([view.targets[:, k], *(values[:, :, k].ravel() for values in view.values)])
    steps = np.linspace(float(every.min()), float(every.max()) or 1.0, 9)
    return [_map(view, p, k, name, steps, f"{key}-{p}") for p in range(len(view.names))]


def _map(view: Fit, p: int, k: int, name: str, steps: Array, key: str) -> Picture:
    (xs, ys), values = view.xs, view.values[p][:, :, k]
    title = f"What the network predicts at {view.names[p]}{name}, and the data"
    scale = "class" if view.classes else "target on the same scale"
    said = f"Heat map over the two inputs; dots are samples, coloured by {scale}."
    canvas = Canvas((float(xs[0]), float(xs[-1])), (float(ys[0]), float(ys[-1])), title, said, key)
    canvas.clip()
    for band in range(8):
        tip = f"prediction {number(float(steps[band]))} to {number(float(steps[band + 1]))}"
        if band == 0:
            canvas.fill("m0", tip)
        else:
            canvas.path(outlines(xs, ys, values, float(steps[band])), f"band m{band}", tip, close=True)
    canvas.unclip()
    canvas.axes("x₁", "x₂")
    for i, (x, y) in enumerate(zip(view.inputs, view.targets[:, k].tolist(), strict=True)):
        band = view.band(y, k, steps)
        told = f"sample {i + 1}: x = ({number(float(x[0]))}, {number(float(x[1]))}), y = {number(y)}, prediction "
        canvas.dot(float(x[0]), float(x[1]), f"spot m{band}", told + number(float(view.at_data[p][i, k])), 6)
    ends = [number(float(step)) for step in (steps[0], steps[-1])]
    if view.classes:
        ends = [f"prediction {end}; data, label {number(y)}" for end, y in zip(ends, view.classes[k], strict=True)]
    return Picture(canvas.svg(), title + ".", tuple(zip(("s-m0", "s-m7"), ends, strict=True)))


def _parity(view: Fit, k: int, name: str, key: str) -> list[Picture]:
    y = view.targets[:, k]
    span = view.span(k)
    title = f"Predictions against targets{name}"
    said = "Samples by their labels." if view.classes else "A sample on the diagonal is predicted exactly."
    canvas = Canvas(span, span, title, said, key)
    canvas.axes("target", "prediction")
    if not view.classes:
        canvas.line((span[0], span[0]), (span[1], span[1]), "level")
    for p, who in enumerate(view.names):
        for i in range(len(y)):
            value = float(view.at_data[p][i, k])
            tip = f"sample {i + 1}: y = {number(float(y[i]))}, {who} predicts {number(value)}"
            (canvas.dot if p == 0 else canvas.star)(float(y[i]), value, f"fitted{p}", tip, 5)
    legend = tuple((f"s-fitted{p}", f"predictions at {who}") for p, who in enumerate(view.names))
    return [Picture(canvas.svg(), title + ".", legend)]
