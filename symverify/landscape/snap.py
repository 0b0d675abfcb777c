"""From a trained float point, which is never exactly stationary, to exact local minima near it.

Inside a cell the best predictions f* that any local minimum there must have (with one output; with more, those that
interior_minimum can prove) are the projection of the targets onto the span of the cell's features. The point nearest
to the given one with predictions f* is approached in floats, rounded, and repaired exactly by linear equations. Where
the cell holds no minimum, the same is done on faces: some pre-activations are held exactly at their breakpoints.
Every minimum returned has passed the kernel's rule.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, islice

import numpy as np
import numpy.typing as npt

from symverify.certify.certificate import Certificate
from symverify.ground.linear import solve
from symverify.kernel.errors import Declined, KernelError
from symverify.kernel.model import (
    ZERO,
    Layer,
    Pattern,
    Point,
    Problem,
    coordinates,
    predictions,
    rational,
    risk,
    trace,
)
from symverify.landscape.decide import Descends, Stays, Unknown, decide_shallow
from symverify.landscape.snap_region import Held, Region, Vector, best_predictions, minimum_by_lp, shallow

MAX_NEAR, MAX_REGIONS, MAX_ROUNDS, MAX_SIZE = 4, 24, 60, 600
LEVELS = (0, 5, 10, 20, 32)
Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Snapped:
    """What was found in one region: an exact local minimum by `rule` of the kernel, or `reason` why there is none.

    `where` names the region in words. Risks are in the problem's own units; the distance from the given point is
    Euclidean over all parameters. `multipliers` are those of face_minimum.
    """

    where: str
    given_risk: Fraction
    point: Point | None = None
    rule: str = ""
    reason: str = ""
    risk: Fraction | None = None
    squared_distance: Fraction | None = None
    multipliers: tuple[list[Fraction] | None, ...] = ()

    @property
    def distance(self) -> float | None:
        """The distance from the given point, rounded; `squared_distance` is exact."""
        return None if self.squared_distance is None else math.sqrt(self.squared_distance)


def snap(problem: Problem, point: Point, tolerance: float = 0.02) -> list[Snapped]:
    """Exact local minima near a point, the nearest first; then why its own cell has none, if none was found there.

    Looked at: the point's cell; faces of it; neighbouring cells across breakpoints that a pre-activation is near
    to, within `tolerance` times the largest of its unit (a bounded number of them). For squared loss.
    """
    given_risk = risk(problem, predictions(problem, point))
    if problem.loss.name != "squared":
        return [Snapped("the cell of the point", given_risk, reason="undecided: snapping needs the squared loss")]
    if problem.size() > MAX_SIZE or len(problem.inputs) * problem.widths[-1] > MAX_SIZE:
        return [Snapped("the cell of the point", given_risk, reason=f"undecided: larger than {MAX_SIZE}")]
    search = _Search(problem, point, given_risk)
    own = search.try_region(search.home)
    results = [own]
    regions = _neighbours(search.home, search.near(tolerance))
    if shallow(problem):
        results += [] if own.point is not None else search.within(search.home)
        results += search.faces(search.home)
    results += [search.try_region(region) for region in islice(regions, MAX_REGIONS)]
    found = {tuple(map(rational, coordinates(each.point))): each for each in reversed(results) if each.point}
    nearest = sorted(found.values(), key=lambda each: each.squared_distance or ZERO)
    return nearest + [each for each in results if each.point is None and (each is own or not nearest)][:3]


def _neighbours(home: Region, near: Sequence[Held]) -> Iterator[Region]:
    """Faces and cells next to the home cell: one or two of the near pre-activations held, or across."""
    for size in (1, 2):
        for chosen in combinations(near, size):
            yield home.across(chosen)
            if all(layer == 0 for layer, *_ in chosen):
                yield home.held_at(chosen)
    if len(near) > 2 and all(layer == 0 for layer, *_ in near):
        yield home.held_at(near)


class _Search:
    """The given point in exact and in float numbers, and the ways to look for minima near it."""

    def __init__(self, problem: Problem, point: Point, given_risk: Fraction) -> None:
        self.problem, self.point, self.given_risk = problem, point, given_risk
        self.start = [rational(x) for x in coordinates(point)]
        self.floats = np.array([float(x) for x in self.start])
        self.home = Region(pattern_at(problem, point), frozenset(), "the cell of the point")

    def near(self, tolerance: float) -> list[Held]:
        """The pre-activations closest to a breakpoint, at most MAX_NEAR, the closest first."""
        problem, found = self.problem, list[tuple[float, Held]]()
        rows = [list(trace(problem, self.point, i)) for i in range(len(problem.inputs))]
        for m, h in enumerate(problem.activations):
            for j in range(problem.widths[m + 1]):
                column = [float(rational(row[m][j])) for row in rows]
                scale = max(map(abs, column)) or 1.0
                for i, z in enumerate(column):
                    for p, t in enumerate(h.breakpoints):
                        gap = abs(z - float(t)) / scale
                        if gap <= tolerance and not (m == 0 and problem.dead_row(i)):
                            found.append((gap, (m, j, i, p)))
        return [held for _, held in sorted(found)[:MAX_NEAR]]

    def try_region(self, region: Region) -> Snapped:
        """The minimum with the region's best predictions that is nearest to the given point, if it is inside."""
        try:
            target = best_predictions(self.problem, region)
            aimed = self.approach(region, target)
            for level in () if aimed is None else LEVELS:
                candidate = self.repaired(region, target, aimed, level)
                if candidate is not None and region.contains(self.problem, candidate):
                    return self.proved(region, candidate)
        except (KernelError, OverflowError, np.linalg.LinAlgError) as error:
            return self.failed(region, f"undecided: {error}")
        if aimed is None:
            return self.failed(region, "undecided: no point with the best predictions there was found near")
        return self.failed(region, "the nearest point with the best predictions lies outside it")

    def within(self, region: Region) -> list[Snapped]:
        """By exact linear programming: some minimum in a region with the same signs of the output weights, or none."""
        target = best_predictions(self.problem, region)
        found = minimum_by_lp(self.problem, region, target, self.point)
        if found is None:
            why = "no local minimum lies inside it with these signs of the output weights (exact linear programming)"
            return [self.failed(region, why)]
        return [self.proved(region, found)]

    def faces(self, region: Region) -> list[Snapped]:
        """Faces reached by holding, one after the other, the first pre-activation that leaves the cell on the way."""
        tried = []
        for _ in range(MAX_ROUNDS):
            try:
                aimed = self.approach(region, best_predictions(self.problem, region))
            except (Declined, OverflowError, np.linalg.LinAlgError):
                break
            leaving = None if aimed is None else self.first_leaving(region, aimed)
            if leaving is None:
                break
            region = region.held_at([leaving])
            tried.append(self.try_region(region))
            if tried[-1].point is not None:
                break
        return tried

    def proved(self, region: Region, point: Point) -> Snapped:
        """The minimum with the kernel's rule that proves it, or what refutes it."""
        certificate = Certificate(self.problem)
        try:
            at = certificate.point(point)
            rule, multipliers = "interior_minimum", tuple[list[Fraction] | None, ...]()
            if region.held:
                decision = decide_shallow(self.problem, point)
                if isinstance(decision, Unknown):
                    return self.failed(region, f"undecided: {decision.reason}")
                if isinstance(decision, Descends):
                    return self.failed(region, f"its best point is not a local minimum: {decision.why}")
                rule, multipliers = "face_minimum", _stays(decision)
                spelled = [None if mu is None else [str(x) for x in mu] for mu in multipliers]
                certificate.step(rule, point=at, multipliers=spelled)
            else:
                certificate.step(rule, point=at)
        except KernelError as error:
            return self.failed(region, f"undecided: {error}")
        apart = [rational(a) - b for a, b in zip(coordinates(point), self.start, strict=True)]
        there = risk(self.problem, predictions(self.problem, point))
        total = sum((x * x for x in apart), ZERO)
        return Snapped(region.where, self.given_risk, point, rule, "", there, total, multipliers)

    def failed(self, region: Region, reason: str) -> Snapped:
        """The record of a region without a minimum."""
        return Snapped(region.where, self.given_risk, reason=reason)

    def approach(self, region: Region, target: Sequence[Vector]) -> Array | None:
        """The nearest float parameters with predictions `target` (n × d_Y) on the region's pieces, None if none.

        Each round solves the equations, linearised where it stands, with the least step from the given point; if
        that does not settle, with the least step from where it stands.
        """
        goal = np.array([[float(x) for x in row] for row in target])
        tiny = 1e-11 * (1 + float(np.abs(goal).max()))
        for anchored in (True, False):
            theta = self.floats
            for _ in range(MAX_ROUNDS):
                gap, jacobian = linearised(self.problem, region, theta, goal)
                back = jacobian @ (theta - self.floats) if anchored else 0.0
                move = np.linalg.lstsq(jacobian, back - gap, rcond=1e-9)[0]
                aimed = (self.floats if anchored else theta) + move
                settled = bool(np.abs(aimed - theta).max() <= 1e-10 * (1 + np.abs(theta).max()))
                theta = aimed
                if not np.isfinite(theta).all() or np.abs(theta).max() > 1e9:
                    break
                if settled:
                    break
            else:
                continue
            if np.isfinite(theta).all() and np.abs(linearised(self.problem, region, theta, goal)[0]).max() <= tiny:
                return theta
        return None

    def repaired(self, region: Region, target: Sequence[Vector], aimed: Array, level: int) -> Point | None:
        """The float parameters, rounded, with one block of them moved so that the predictions are exactly `target`."""
        moved = float(np.linalg.norm(aimed - self.floats))
        bits = min(max(math.ceil(math.log2(64 * math.sqrt(len(aimed)) / max(moved, 1e-9))), 3), 44) + level
        rounded = [
            exact if float(exact) == x else Fraction(round(x * 2**bits), 2**bits)
            for exact, x in zip(self.start, aimed.tolist(), strict=True)
        ]
        for block in range(1 if shallow(self.problem) else len(self.problem.widths) - 1):
            repaired = repair(self.problem, region, rounded, target, block)
            if repaired is not None:
                return as_point(self.problem, repaired)
        return None

    def first_leaving(self, region: Region, aimed: Array) -> Held | None:
        """The first-layer pre-activation that crosses its piece's end first on the way to `aimed`."""
        first: tuple[float, Held] | None = None
        h = self.problem.activations[0]
        stride = self.problem.widths[0] + self.problem.hidden_bias
        held = {(j, i) for _, j, i, _ in region.held}
        for i, x in enumerate(self.problem.inputs):
            row = np.array([float(v) for v in x] + [1.0] * self.problem.hidden_bias)
            for j, unit in enumerate(region.pattern[0]):
                at = slice(j * stride, (j + 1) * stride)
                before, after = float(self.floats[at] @ row), float(aimed[at] @ row)
                for p, end in ((unit[i] - 1, -1), (unit[i], 1)):
                    if not 0 <= p < len(h.breakpoints) or (j, i) in held or self.problem.dead_row(i):
                        continue
                    room, gone = (float(h.breakpoints[p]) - before) * end, (after - before) * end
                    if gone >= room and gone > 0 and (first is None or room / gone < first[0]):
                        first = (room / gone, (0, j, i, p))
        return None if first is None else first[1]


def _stays(decision: Stays) -> tuple[list[Fraction] | None, ...]:
    return decision.multipliers


def pattern_at(problem: Problem, point: Point) -> Pattern:
    """The pattern of the point's cell; where it is exactly at a breakpoint, of the cell below."""
    rows = [list(trace(problem, point, i)) for i in range(len(problem.inputs))]
    return tuple(
        tuple(tuple(h.pieces(rational(row[m][j]))[0] for row in rows) for j in range(problem.widths[m + 1]))
        for m, h in enumerate(problem.activations)
    )


def as_point(problem: Problem, values: Sequence[Fraction]) -> Point:
    """Parameters in the model's order of coordinates as a point."""
    rest, layers = iter(values), []
    for m in range(len(problem.widths) - 1):
        width, biased = problem.widths[m], problem.has_bias(m)
        rows = [tuple(islice(rest, width + biased)) for _ in range(problem.widths[m + 1])]
        layers.append(Layer(tuple(row[:width] for row in rows), tuple(row[-1] for row in rows) if biased else None))
    return tuple(layers)


def linearised(problem: Problem, region: Region, theta: Array, goal: Array) -> tuple[Array, Array]:
    """f − goal and the held pre-activations minus their breakpoints, with the Jacobian; on the region's pieces.

    Works on floats and, with arrays of Fractions (dtype object), exactly. Rows: sample by sample the outputs, then
    the held ones; columns: the model's order of coordinates.
    """
    exact = theta.dtype == object

    def array(values: Sequence[Sequence[Fraction]]) -> Array:
        return np.array(values if exact else [[float(x) for x in row] for row in values], dtype=theta.dtype)

    a, at, tables = array(problem.inputs), 0, list[tuple[Array, Array, Array | None]]()
    ones = np.full((len(a), 1), 1 if not exact else Fraction(1), dtype=theta.dtype)
    first = ones
    for m in range(len(problem.widths) - 1):
        entering = np.hstack([a, ones]) if problem.has_bias(m) else a
        rows, columns = problem.widths[m + 1], entering.shape[1]
        weight = theta[at : at + rows * columns].reshape(rows, columns)
        at += rows * columns
        a, slopes = entering @ weight.T, None
        first = a if m == 0 else first
        if m < len(region.pattern):
            h, pieces = problem.activations[m], list(zip(*region.pattern[m], strict=True))
            slopes = array([[h.slopes[p] for p in row] for row in pieces])
            a = a * slopes + array([[h.offsets[p] for p in row] for row in pieces])
        tables.append((entering, weight, slopes))
    n, outputs = a.shape
    jacobian = np.zeros((n * outputs + len(region.held), len(theta)), dtype=theta.dtype)
    for k in range(outputs):
        back = np.zeros((n, outputs), dtype=theta.dtype)
        back[:, k] = ones[:, 0]
        stop = len(theta)
        for m in reversed(range(len(tables))):
            entering, weight, _ = tables[m]
            block = (back[:, :, None] * entering[:, None, :]).reshape(n, -1)
            jacobian[k : n * outputs : outputs, stop - block.shape[1] : stop] = block
            stop -= block.shape[1]
            if m:
                slopes = tables[m - 1][2]
                back = (back @ weight[:, : problem.widths[m]]) * slopes
    gap = list((a - goal).reshape(-1))
    for index, (_, j, i, p) in enumerate(sorted(region.held)):
        columns = tables[0][0].shape[1]
        jacobian[n * outputs + index, j * columns : (j + 1) * columns] = tables[0][0][i]
        t = problem.activations[0].breakpoints[p]
        gap.append(first[i, j] - (t if exact else float(t)))
    return np.array(gap, dtype=theta.dtype), jacobian


def repair(
    problem: Problem, region: Region, theta: Sequence[Fraction], target: Sequence[Vector], block: int
) -> list[Fraction] | None:
    """The parameters with one affine map, and the output bias, moved so that the predictions are exactly `target`.

    The predictions are affine in those. With one hidden layer and one output, all parameters may move: with
    u_j = (v_j + δv_j) δw_j the predictions are affine in (u, δv, δc_0), and so are the held pre-activations. The
    parameters that move are chosen for their conditioning, and as few as there are equations.
    """
    exact = np.array(theta, dtype=object)
    goal = np.array([list(row) for row in target], dtype=object)
    gap, jacobian = linearised(problem, region, exact, goal)  # type: ignore[arg-type]
    sizes = [problem.widths[m + 1] * (problem.widths[m] + problem.has_bias(m)) for m in range(len(problem.widths) - 1)]
    joint, samples = shallow(problem), len(problem.inputs) * problem.widths[-1]
    stride, v = problem.widths[0] + problem.hidden_bias, exact[sizes[0] :]
    rows = jacobian.copy()
    if joint:  # columns of u: those of w divided by v; where held, all divided through
        for j in range(problem.widths[1]):
            at = slice(j * stride, (j + 1) * stride)
            rows[:samples, at] = rows[:samples, at] / v[j] if v[j] else ZERO
        for index, (_, j, _i, _p) in enumerate(sorted(region.held), start=samples):
            rows[index, sizes[0] + j] = gap[index]
            gap[index] = gap[index] * v[j]
        movable = list(range(len(theta)))
    else:
        start = sum(sizes[:block])
        movable = list(range(start, start + sizes[block]))
        if problem.output_bias and block < len(sizes) - 1:
            per = problem.widths[-2] + 1
            movable += [len(theta) - sizes[-1] + (k + 1) * per - 1 for k in range(problem.widths[-1])]
    order = _by_conditioning(rows[:, movable])
    movable = [movable[c] for c in order]
    step = solve([[row[c] for c in movable] for row in rows.tolist()], [-x for x in gap.tolist()], len(movable))
    if step is None:
        return None
    delta = [ZERO] * len(theta)
    for c, x in zip(movable, step, strict=True):
        delta[c] = x
    for j in range(problem.widths[1] if joint else 0):
        after = v[j] + delta[sizes[0] + j]
        for c in range(j * stride, (j + 1) * stride):
            if delta[c] and not after:
                return None
            delta[c] = delta[c] / after if delta[c] else ZERO
    return [x + d for x, d in zip(theta, delta, strict=True)]


def _by_conditioning(rows: npt.NDArray[np.object_]) -> list[int]:
    """The columns in the order of pivoted QR: the first ones span all, and well."""
    from scipy.linalg import qr

    _, _, order = qr(rows.astype(float), mode="economic", pivoting=True)
    return [int(c) for c in order]
