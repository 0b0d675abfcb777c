"""The numbers behind the pictures, as floats: slices of the risk, segments, fits. They illustrate and prove nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from symverify.kernel.core.loss import Loss
from symverify.kernel.core.network import Point, Problem
from symverify.report.falls import exact_fall
from symverify.report.net import Array, Net, NoView, along, flat, floats
from symverify.report.scenes import Scene

COLUMNS, ROWS = 97, 73
MAX_WORK = 4_000_000_000  # multiplications for one picture
MAX_HALVINGS = 12  # of a descent curve, to find where the risk is lower
SEEN = 2.0**-30  # the least fall, as a share of the risk, that is above the roundings of a float of the risk
MAX_CREASES = 300
MAX_BOUNDARIES = 2500  # pairs of a hidden unit and a sample, beyond which no cell boundaries are drawn


@dataclass(frozen=True, slots=True)
class Crease:
    """A pre-activation less a breakpoint, on the grid of a slice; 0 on the boundary between cells."""

    name: str
    values: Array


@dataclass(frozen=True, slots=True)
class Slice:
    """The risk on a plane of parameter space, at θ* + x·u + y·w: θ* at (0, 0), the better point at (1, 0).

    `path` is the valley, or the descent curve where the risk is seen to fall; `off` how far it leaves the plane, in
    units of |u|. `stretch` is |u| / |w|. `left_out` creases are not among `creases`.
    """

    xs: Array
    ys: Array
    risk: Array
    level: float
    creases: tuple[Crease, ...]
    left_out: int
    path: tuple[tuple[float, float], ...]
    off: float
    stretch: float
    directions: tuple[str, str]


def slice_view(problem: Problem, scene: Scene) -> Slice:
    """The slice through the scene's points and, if it has one, along its path."""
    net, start = Net.of(problem), flat(scene.at.point)
    route, reach = scene.valley or scene.descent, 1.0
    if scene.descent is not None and route is scene.descent:
        reach = _reach(net, scene.descent, float(scene.at.risk)) or 0.0
    u, w, names = _plane(net, scene, start, reach or 1.0)
    ends = [along(route, t) - start for t in np.linspace(0, reach, 41)] if route is not None and reach else []
    unit, high = float(u @ u), max((abs(float(step @ w)) for step in ends), default=0.0) / float(w @ w)
    stretch = 0.4 / high if 1e-9 < high < 0.12 else 1.0  # so that a short path can be seen
    w = w / stretch
    path = [(float(step @ u) / unit, float(step @ w) / float(w @ w)) for step in ends]
    off = max((float(np.linalg.norm(step - x * u - y * w)) for step, (x, y) in zip(ends, path, strict=True)), default=0)
    xs, ys = _window(scene, path)
    pairs = sum(problem.widths[1:-1]) * len(problem.inputs)
    drawn, rows = pairs <= MAX_BOUNDARIES, []
    stacks: list[list[Array]] = []
    scale = min(1.0, (MAX_WORK / (net.work() * len(xs) * len(ys))) ** 0.5)
    if scale < 0.25:
        raise NoView("the network and its data are too large for this picture")
    xs, ys = (np.linspace(v[0], v[-1], max(int(len(v) * scale), 13)) for v in (xs, ys))
    for y in ys:
        thetas = start + xs[:, None] * u + float(y) * w
        traced = net.traces(thetas)
        rows.append(net.risk(thetas, traced[-1]))
        stacks.append(traced[:-1] if drawn else [])
    creases, left_out = _creases(problem, stacks) if drawn else ((), pairs)
    risk = np.array(rows)
    if not np.isfinite(risk).all():
        raise NoView("its numbers are too large for a picture")
    return Slice(xs, ys, risk, float(scene.at.risk), creases, left_out, tuple(path), off / unit**0.5, stretch, names)


def _plane(net: Net, scene: Scene, start: Array, reach: float = 1.0) -> tuple[Array, Array, tuple[str, str]]:
    """Two orthogonal vectors of equal length, and what each is; a descent curve is followed up to t = `reach`."""
    wanted: list[tuple[str, Array]] = []
    if scene.better is not None:
        wanted.append((f"towards {scene.better_name}", flat(scene.better.point) - start))
    if scene.valley is not None:
        across = "across, in the valley's plane"
        wanted.append((across if wanted else "along the valley", along(scene.valley, 1.0) - start))
    if scene.descent is not None:
        wanted.append(("along the descent curve's chord", along(scene.descent, reach) - start))
    wanted += list(zip(("most sensitive direction", "next most sensitive"), _sensitive(net, start), strict=False))
    wanted += [("a parameter", v) for v in np.eye(len(start))[:4]]
    if not all(np.isfinite(v).all() for _, v in wanted):
        raise NoView("its numbers are too large for a picture")
    chosen: list[tuple[str, Array]] = []
    for name, v in wanted:
        rest = v - sum((float(v @ e) * e for _, e in chosen), np.zeros_like(v))
        size = float(np.linalg.norm(rest))
        if size > 1e-6 * max(float(np.linalg.norm(v)), 1e-12):
            chosen.append((name, rest / size))
        if len(chosen) == 2:
            break
    if len(chosen) < 2:
        raise NoView("there is only one parameter")
    length = _apart(wanted[0][1], start) if scene.better or scene.valley or scene.descent else 1.0
    return length * chosen[0][1], length * chosen[1][1], (chosen[0][0], chosen[1][0])


def _apart(way: Array, start: Array) -> float:
    """The length of a way; NoView where floats near its start can hardly show it."""
    length = float(np.linalg.norm(way))
    if length < 1e-12 * max(1.0, float(np.linalg.norm(start))):
        raise NoView("what it would show is too small for floats")
    return length


def _sensitive(net: Net, start: Array) -> list[Array]:
    """The directions in which the predictions change most, by central differences, signs made definite."""
    if len(start) > 400 or net.work() * len(start) > MAX_WORK // 4:
        return []
    step = 1e-4 * max(1.0, float(np.abs(start).max()))
    moves = step * np.eye(len(start))
    change = net.traces(start + moves)[-1] - net.traces(start - moves)[-1]
    left, _, _ = np.linalg.svd(change.reshape(len(start), -1), full_matrices=False)
    columns = left.T[:2]
    return [v if v[np.abs(v).argmax()] > 0 else -v for v in columns]


def _window(scene: Scene, path: Sequence[tuple[float, float]]) -> tuple[Array, Array]:
    x0, x1 = (-0.5, 1.5) if scene.better is not None else (-1.0, 1.0)
    height = (x1 - x0) * (ROWS - 1) / (COLUMNS - 1)
    top = max((y for _, y in path), default=0.0)
    share = 0.5 if top < 0.02 else 0.3
    return np.linspace(x0, x1, COLUMNS), np.linspace(-share * height, (1 - share) * height, ROWS)


def _creases(problem: Problem, stacks: list[list[Array]]) -> tuple[tuple[Crease, ...], int]:
    found: list[Crease] = []
    total = 0
    for m, h in enumerate(problem.activations):
        grid = np.array([row[m] for row in stacks])  # rows × columns × samples × units
        for p, t in enumerate(floats(h.breakpoints)):
            side = grid > t
            crossing = side.any(axis=(0, 1)) & ~side.all(axis=(0, 1))
            for i, j in np.argwhere(crossing).tolist():
                total += 1
                if len(found) < MAX_CREASES:
                    at = f"layer {m + 1}, unit {j + 1}, sample {i + 1} at breakpoint {h.breakpoints[p]}"
                    found.append(Crease(at, grid[:, :, i, j] - t))
    return tuple(found), total - len(found)


@dataclass(frozen=True, slots=True)
class Segment:
    """The risk along a curve in parameter space: at `ts`, with the t at which it meets another cell."""

    ts: Array
    risk: Array
    meets: Array
    marks: tuple[tuple[float, str, float], ...]  # t, name, risk
    horizontal: str
    less: str = ""  # the point whose risk is taken off, where the risk falls by less than floats of it can show

    @property
    def vertical(self) -> str:
        """What is drawn, in words."""
        return f"risk less that of {self.less}" if self.less else "risk"

    def span(self) -> tuple[float, float]:
        """The risks to show: those between the points, and some of what rises beyond them."""
        inside = self.risk[(self.ts >= (0 if len(self.marks) > 1 else self.ts[0])) & (self.ts <= 1)]
        low, high = min(float(self.risk.min()), *(r for _, _, r in self.marks)), float(inside.max())
        high = min(float(self.risk.max()), high + 0.5 * (high - low))
        margin = 0.06 * (high - low) or max(1.0, 1e-6 * abs(high))
        return low - margin, high + margin


def segment_view(problem: Problem, scene: Scene) -> Segment:
    """Along the descent curve, along the straight line to the better point, or else along a line through the point."""
    net, start = Net.of(problem), flat(scene.at.point)
    level = float(scene.at.risk)
    if scene.descent is not None:
        curve = scene.descent
        reach = _reach(net, curve, level)
        if reach is None:
            return _exact_segment(problem, scene, curve)
        ts = np.linspace(0, reach, 241)
        thetas = np.array([along(curve, t) for t in ts])
        marks: tuple[tuple[float, str, float], ...] = ((0.0, scene.name, level),)
        label = "t, along the curve γ(t)"
    elif scene.better is not None:
        ts = np.linspace(-0.15, 1.15, 261)
        way = flat(scene.better.point) - start
        _apart(way, start)
        thetas = start + ts[:, None] * way
        marks = ((0.0, scene.name, level), (1.0, scene.better_name, float(scene.better.risk)))
        label = f"s, from {scene.name} (0) to {scene.better_name} (1)"
    else:
        u, _, names = _plane(net, scene, start)
        ts = np.linspace(-1, 1, 261)
        thetas = start + ts[:, None] * u
        marks, label = ((0.0, scene.name, level),), f"distance from {scene.name}, {names[0]}"
    traced = net.traces(thetas)
    risk = net.risk(thetas, traced[-1])
    if not np.isfinite(risk).all():
        raise NoView("its numbers are too large for a picture")
    return Segment(ts, risk, _meets(problem, ts, traced), marks, label)


def _reach(net: Net, curve: Point, level: float) -> float | None:
    """How far along a descent curve the fall is seen best; None where floats of the risk do not show that it falls."""
    reaches = [2.0**-k for k in range(MAX_HALVINGS + 1)]
    thetas = np.array([along(curve, t) for t in reaches])
    risks = net.risk(thetas, net.traces(thetas)[-1])
    least = int(np.argmin(np.where(np.isfinite(risks), risks, np.inf)))
    return reaches[least] if level - risks[least] > SEEN * abs(level) else None


def _exact_segment(problem: Problem, scene: Scene, curve: Point) -> Segment:
    """The change of the risk along a descent curve, from exact values; up to where another cell is met at the most."""
    found = exact_fall(problem, curve)
    if found is None:
        raise NoView("the risk falls along the curve by less than floats can show")
    ts, changes = map(np.array, found)
    return Segment(ts, changes, np.zeros(0), ((0.0, scene.name, 0.0),), "t, along the curve γ(t)", scene.name)


def _meets(problem: Problem, ts: Array, traced: Sequence[Array]) -> Array:
    """Where some pre-activation crosses a breakpoint, interpolated."""
    found: list[Array] = []
    for h, z in zip(problem.activations, traced, strict=False):
        for t in floats(h.breakpoints):
            v = (z - t).reshape(len(ts), -1)
            row, column = np.nonzero((v[:-1] > 0) != (v[1:] > 0))
            a, b = v[row, column], v[row + 1, column]
            found.append(ts[row] + (ts[row + 1] - ts[row]) * a / (a - b))
    return np.unique(np.round(np.concatenate(found), 9)) if found else np.zeros(0)


@dataclass(frozen=True, slots=True)
class Fit:
    """Data, and what the network predicts at each of the points: curves (one input), maps (two), values (more).

    `xs`: the grid of inputs, per input; `values[p]`: predictions of point p on the grid, last axis the output.
    `at_data[p]`: on the samples. `classes`: per output the label of a sample outside its class, and of one in it, for a
    loss with classes, whose predictions are on another scale; () for others.
    """

    inputs: Array
    targets: Array
    names: tuple[str, ...]
    xs: tuple[Array, ...]
    values: tuple[Array, ...]
    at_data: tuple[Array, ...]
    classes: tuple[tuple[float, float], ...] = ()

    def band(self, y: float, k: int, steps: Array) -> int:
        """Which of the stretches between steps of predictions a label is coloured as: of classes by the class alone."""
        steps = np.linspace(*self.classes[k], len(steps)) if self.classes else steps
        return min(max(int(np.searchsorted(steps, y, side="right")) - 1, 0), len(steps) - 2)

    def span(self, k: int) -> tuple[float, float]:
        """The values of output k to show: data, predictions on it and between, and some of what lies beyond."""
        parts = [self.targets[:, k], *(values[:, k] for values in self.at_data)]
        if len(self.xs) == 1:
            x = self.xs[0]
            between = (x >= self.inputs.min()) & (x <= self.inputs.max())
            parts += [values[between, k] for values in self.values]
        every = np.concatenate(parts)
        margin = 0.1 * float(every.max() - every.min()) or max(1.0, 1e-6 * float(abs(every[0])))
        return float(every.min()) - margin, float(every.max()) + margin


def fit_view(problem: Problem, scene: Scene) -> Fit:
    """What the scene's point, and the better one, predict."""
    points = [scene.at] + ([scene.better] if scene.better is not None else [])
    return fits(problem, [each.point for each in points], (scene.name, scene.better_name)[: len(points)])


def fits(problem: Problem, points: Sequence[Point], names: Sequence[str]) -> Fit:
    """What the network predicts at some points. Raises NoView."""
    net = Net.of(problem)
    low, high = net.inputs.min(axis=0), net.inputs.max(axis=0)
    margin = np.where(high > low, 0.08 * (high - low), 1.0)
    low, high = low - margin, high + margin
    axes: list[Array] = []
    if len(low) == 1:
        axes = [np.unique(np.concatenate([np.linspace(low[0], high[0], 401), net.inputs[:, 0]]))]
        grid = axes[0][:, None]
    elif len(low) == 2:
        axes = [np.linspace(low[c], high[c], 61) for c in (0, 1)]
        grid = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
    else:
        grid = net.inputs[:0]
    values, at_data = [], []
    for point in points:
        theta = flat(point)[None]
        shape = (*(len(axis) for axis in reversed(axes)), -1)
        values.append(net.traces(theta, grid)[-1][0].reshape(shape) if axes else np.zeros((0, net.targets.shape[1])))
        at_data.append(net.traces(theta)[-1][0])
    if not all(np.isfinite(v).all() for v in (*values, *at_data)):
        raise NoView("its numbers are too large for a picture")
    classes = label_ends(problem.loss, net.targets.shape[1])
    return Fit(net.inputs, net.targets, tuple(names), tuple(axes), tuple(values), tuple(at_data), classes)


def label_ends(loss: Loss, outputs: int) -> tuple[tuple[float, float], ...]:
    """Per output the least and the greatest label that a class has; () where the loss has no classes."""
    names = max(outputs, 2)
    rows = [row for place in range(names) if (row := loss.named(place, names, outputs)) is not None]
    return tuple((float(min(column)), float(max(column))) for column in zip(*rows, strict=True))


def levels(low: float, level: float, high: float, below: int = 4, above: int = 7) -> tuple[list[float], list[float]]:
    """Levels under the risk of the point, evenly; and from it upward, closer together near it."""
    under = [low + (level - low) * k / (below + 1) for k in range(1, below + 1)] if level > low else []
    top = max(high, level + 1e-12 * max(1.0, abs(level)))
    return under, [level + (top - level) * (k / above) ** 3 for k in range(above)]
