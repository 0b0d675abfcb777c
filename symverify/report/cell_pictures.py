"""The cells of one hidden unit as a picture: where its pre-activations are at a breakpoint, for one or two inputs."""

from dataclasses import dataclass
from math import atan2, cos, pi, sin

import numpy as np

from symverify.kernel.core.network import Point, Problem
from symverify.report.net import Array, NoView, in_floats
from symverify.report.pictures import Picture
from symverify.report.svg import Canvas

MAX_LINES = 400


@dataclass(frozen=True, slots=True)
class Boundary:
    """A curve of the picture: where the pre-activation of a sample is at a breakpoint."""

    name: str
    curve: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class CellsView:
    """The boundaries between a unit's cells, the axes, and the hidden units of a point as (x, y, number).

    `scaled`: these are positive multiples of the units, whose numbers are not those at the axes.
    """

    xs: tuple[float, float]
    ys: tuple[float, float]
    axes: tuple[str, str]
    boundaries: tuple[Boundary, ...]
    units: tuple[tuple[float, float, int], ...]
    scaled: bool
    about: str


def cells_view(problem: Problem, point: Point | None = None) -> CellsView:
    """For one input with bias, or two without: the plane of the unit's parameters; for two with bias: angle and offset.

    A unit of a point whose breakpoints are all 0 is shown as a multiple of it, in the same cell. Raises NoView.
    """
    d, biased = problem.widths[0], problem.hidden_bias
    if d + biased not in (2, 3) or d not in (1, 2):
        raise NoView("cells are drawn for one or two inputs")
    t = [float(x) for x in problem.activations[0].breakpoints]
    rows = np.array([[float(x) for x in problem.row(i)] for i in range(len(problem.inputs))])
    if len(rows) * len(t) > MAX_LINES:
        raise NoView("there are too many cells for a picture")
    units = [] if point is None else [_weights(point, j) for j in range(problem.widths[1])]
    return _cylinder(rows, t, units) if d + biased == 3 else _plane(rows, t, units, biased)


def _weights(point: Point, j: int) -> Array:
    layer = point[0]
    row = [*layer.weight[j], *([] if layer.bias is None else [layer.bias[j]])]
    return np.array([float(x) for x in row])  # type: ignore[arg-type]


def _plane(rows: Array, t: list[float], units: list[Array], biased: bool) -> CellsView:
    """Straight lines ⟨w, x̃_i⟩ = t_p in the plane of the unit's two parameters."""
    central = not any(t)
    far = max([1.0, *(float(np.linalg.norm(u, np.inf)) for u in units)]) * 1.25 if not central else 1.0
    reach = float(np.abs(rows[:, 0]).max()) if biased else 1.0
    xs, ys = (-far, far), (-far * max(reach, 1.0) * 1.2, far * max(reach, 1.0) * 1.2)
    found = []
    for i, (a, b) in enumerate(rows.tolist(), 1):
        for p in t:
            ends = [(x, (p - a * x) / b) for x in xs] if b else [(p / a, y) for y in ys] if a else []
            if ends:
                found.append(Boundary(_name(i, p, len(t)), tuple(ends)))
    shown = [
        (u / (max(float(abs(u[0]) / xs[1]), float(abs(u[1]) / ys[1])) / 0.6 or 1.0) if central else u) for u in units
    ]
    places = tuple((float(u[0]), float(u[1]), j) for j, u in enumerate(shown, 1))
    scaled = any(not np.array_equal(u, s) for u, s in zip(units, shown, strict=True))
    names = ("weight w", "bias b") if biased else ("weight w₁", "weight w₂")
    axes = (f"{names[0]}, up to a factor", f"{names[1]}, up to the same") if scaled else names
    about = "Each line is where the unit's pre-activation on one sample is at a breakpoint."
    return CellsView(xs, ys, axes, tuple(found), places, scaled, about)


def _cylinder(rows: Array, t: list[float], units: list[Array]) -> CellsView:
    """Weights of length 1 by their angle, and the bias: the boundaries are sine curves."""
    angles = np.linspace(-pi, pi, 121)
    found = []
    for i, (a, b, _) in enumerate(rows.tolist(), 1):
        for p in t:
            curve = tuple((float(s), p - a * cos(s) - b * sin(s)) for s in angles)
            found.append(Boundary(_name(i, p, len(t)), curve))
    reach = max((abs(y) for each in found for _, y in each.curve), default=1.0) * 1.1 or 1.0
    scaled = [(u, float(np.hypot(u[0], u[1]))) for u in units]
    kept = [(u, size, j) for j, (u, size) in enumerate(scaled, 1) if size and (not any(t) or abs(size - 1) < 1e-9)]
    places = tuple((atan2(u[1], u[0]), float(u[2] / size), j) for u, size, j in kept)
    about = (
        "Weights of length 1, by their angle, and the bias. Each curve is where the unit's pre-activation on one "
        "sample is at a breakpoint."
    )
    axes, moved = ("angle of the weights", "bias b"), any(abs(size - 1) >= 1e-9 for _, size, _ in kept)
    return CellsView((-pi, pi), (-reach, reach), axes, tuple(found), places, moved, about)


def _name(i: int, p: float, count: int) -> str:
    return f"sample {i}" + (f" at breakpoint {p:.4g}" if count > 1 else "")


@in_floats
def cells_picture(problem: Problem, point: Point | None, name: str, key: str) -> Picture:
    """The boundaries as lines, and the hidden units of a point as marks. Raises NoView."""
    view = cells_view(problem, point)
    count = len(view.boundaries)
    title = "The cells of a hidden unit"
    said = f"{count} curves divide the plane into cells; horizontal axis {view.axes[0]}, vertical axis {view.axes[1]}."
    canvas = Canvas(view.xs, view.ys, title, said, key)
    canvas.axes(*view.axes)
    canvas.clip()
    for each in view.boundaries:
        canvas.path([each.curve], "crease" + " many0" * (count > 16), each.name)
    canvas.unclip()
    inside = [u for u in view.units if view.xs[0] <= u[0] <= view.xs[1] and view.ys[0] <= u[1] <= view.ys[1]]
    for x, y, j in inside:
        canvas.dot(x, y, "at", f"unit {j} at {name}", 5, focus=True)
        canvas.mark_label(x, y, str(j))
    legend = [("s-crease", "boundaries between cells")]
    if inside:
        width = problem.widths[1]
        some = f"{len(inside)} of {width} " * (len(inside) < width)
        legend.append(("s-at", f"{some}hidden units at {name}" + ", scaled within their cells" * view.scaled))
    return Picture(canvas.svg(), f"{title}. {view.about}", tuple(legend))
