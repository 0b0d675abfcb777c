"""The network as a diagram: its units in layers and, at a point, its weights as edges."""

from collections.abc import Sequence
from fractions import Fraction

from symverify.kernel.core.network import Point, Problem, rational
from symverify.report.pictures import Picture
from symverify.report.rationals import short
from symverify.report.svg import Canvas

SHOWN, SIDE, STEP, RADIUS = 8, 46, 44, 13.0
MAX_COLUMNS = 9


def diagram_picture(problem: Problem, point: Point | None, name: str, key: str) -> Picture:
    """Circles for inputs, units and outputs; edges as thick as their weights are large, with the numbers on hover."""
    columns = [min(width, SHOWN) for width in problem.widths]
    height = STEP * max(columns) + 64
    size = (0.0, float(height))
    title = f"The network, {'-'.join(map(str, problem.widths))}"
    at = "" if point is None else f" at {name}"
    said = f"Units in {len(columns)} columns, inputs at the left, joined by the weights{at}."
    canvas = Canvas((0.0, 480.0), size, title, said, key, 480, height)
    places = [_column(problem, m, height) for m in range(len(columns))]
    for m in range(len(columns) - 1):
        _edges(canvas, problem, m, places, None if point is None else point[m].weight)
    for m, column in enumerate(places):
        for j, (x, y) in enumerate(column):
            canvas.circle(x, y, RADIUS, "unit", _unit_tip(problem, m, j, point))
            canvas.label(x, y + 4.5, str(j + 1), "unit-name", "middle")
        canvas.label(column[0][0], 20, _heading(problem, m), "axis", "middle")
        if problem.widths[m] > SHOWN:
            canvas.label(column[0][0], height - 6, f"of {problem.widths[m]}", "axis", "middle")
    caption = f"The network{at}." if point is None else f"The network{at}: edges are as thick as the weights are large."
    legend = (("s-plus", "positive weight"), ("s-minus", "negative weight"), ("s-none", "0")) if point else ()
    return Picture(canvas.svg(), caption, legend)


def _column(problem: Problem, m: int, height: int) -> list[tuple[float, float]]:
    """Where the units of a layer are, in the picture's coordinates."""
    count, layers = min(problem.widths[m], SHOWN), len(problem.widths)
    x = SIDE + m * (480 - 2 * SIDE) / max(layers - 1, 1)
    top = 34 + (height - 64 - STEP * (count - 1)) / 2
    return [(x, top + STEP * j) for j in range(count)]


def _heading(problem: Problem, m: int) -> str:
    last = len(problem.widths) - 1
    if last > 4:
        return "x" if m == 0 else "f" if m == last else str(m)
    if m in (0, last):
        name = "output" if m else "input"
        return f"{name}s" if problem.widths[m] > 1 else name
    return "hidden" if last == 2 else f"hidden {m}"


def _unit_tip(problem: Problem, m: int, j: int, point: Point | None) -> str:
    what = f"input {j + 1}" if m == 0 else f"unit {j + 1} of {_heading(problem, m)}"
    bias = None if point is None or m == 0 else point[m - 1].bias
    return what if bias is None else f"{what}: bias {short(rational(bias[j]))}"


def _edges(
    canvas: Canvas,
    problem: Problem,
    m: int,
    places: Sequence[Sequence[tuple[float, float]]],
    weight: Sequence[Sequence[object]] | None,
) -> None:
    """The edges of one affine map; the thickest is that of its largest weight."""
    values = None if weight is None else [[x for x in row if isinstance(x, Fraction)] for row in weight]
    largest = max((abs(x) for row in values or () for x in row), default=Fraction(0))
    for j, (x1, y1) in enumerate(places[m + 1]):
        for k, (x0, y0) in enumerate(places[m]):
            w = None if values is None else values[j][k]
            tip = "" if w is None else f"weight from {k + 1} to {j + 1}: {short(w)}"
            kind = "edge" if w is None else f"edge {'plus' if w > 0 else 'minus' if w else 'none'}"
            share = 0 if not w else min(int(8 * abs(w) / largest), 7)
            canvas.edge((x0, y0), (x1, y1), f"{kind} e{share}" if w else kind, tip)
