"""From a trained float point, which is never exactly stationary, to exact local minima near it.

Inside a cell the best predictions f* that any local minimum there must have (with one output; with more, those that
interior_minimum can prove) are the projection of the targets onto the span of the cell's features. The point nearest
to the given one with predictions f* is approached in floats, rounded, and repaired exactly by linear equations. Where
the cell holds no minimum, the same is done on faces: some pre-activations are held exactly at their breakpoints.
Every minimum returned has passed the kernel's rule.
"""

import math
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import combinations, islice

import numpy as np

from symverify.cells.pattern import pattern_at
from symverify.certify.certificate import Certificate
from symverify.certify.decisions import entry_fields
from symverify.ground.floats import least_norm, norm, product, quiet
from symverify.ground.time_limit import OVERTIME, until
from symverify.kernel.core.activation import ZERO
from symverify.kernel.core.errors import Declined, KernelError
from symverify.kernel.core.network import Point, Problem, coordinates, predictions, rational, risk
from symverify.kernel.programs.values import trace
from symverify.search.active_set import descend
from symverify.search.affine_minimum import NotConstructible
from symverify.search.answers import Descends, Unknown
from symverify.search.decide import Stays, decide_shallow
from symverify.search.distances import root
from symverify.search.float_network import FloatNetwork
from symverify.search.kkt import Minimum, decide_by_cells
from symverify.search.snap_equations import Array, as_point, leaves, levelled, linearised, repair
from symverify.search.snap_region import Held, Region, Vector, best_predictions, minimum_by_lp, one_hidden, shallow

MAX_NEAR, MAX_REGIONS, MAX_ROUNDS, MAX_SIZE = 4, 24, 60, 600
FARTHEST = Fraction(sys.float_info.max)
LEVELS = (0, 5, 10, 20, 32)  # more and more bits beyond those that the distance asks for
MAX_WEIGHT, CLOSE = 1e9, 1e-9


@dataclass(frozen=True, slots=True)
class Snapped:
    """What was found in one region: an exact local minimum by `rule` of the kernel, or `reason` why there is none.

    `where` names the region in words. Risks are in the problem's own units; the distance from the given point is
    Euclidean over all parameters. `fields` are those of the rule's step, beside the point.
    """

    where: str
    given_risk: Fraction
    point: Point | None = None
    rule: str = ""
    reason: str = ""
    risk: Fraction | None = None
    squared_distance: Fraction | None = None
    fields: Mapping[str, object] = field(default_factory=dict)

    @property
    def distance(self) -> float | None:
        """The distance from the given point, rounded; `squared_distance` is exact."""
        return None if self.squared_distance is None else float(min(root(self.squared_distance), FARTHEST))


def snap(problem: Problem, point: Point, *, tolerance: float = 0.02, deadline: float = math.inf) -> list[Snapped]:
    """Exact local minima near a point, the nearest first; then why its own cell has none, if none was found there.

    Looked at: the point's cell; faces of it; neighbouring cells across breakpoints that a pre-activation is near
    to, within `tolerance` times the largest of its unit; where all that fails, the face where a descent from the point
    ends, which may be far. They are a bounded number, and none but the first is begun after `deadline`, a
    time.monotonic() value. For losses that are differentiable and quadratic between their cuts.
    """
    with quiet(), until(max(deadline, time.monotonic()) + OVERTIME):
        return _snapped(problem, point, tolerance, deadline)


def _snapped(problem: Problem, point: Point, tolerance: float, deadline: float) -> list[Snapped]:
    given_risk = risk(problem, predictions(problem, point))
    if not problem.loss.smooth:
        reason = f"undecided: snapping needs a differentiable loss, the {problem.loss.name} loss is none"
        return [Snapped("the cell of the point", given_risk, reason=reason)]
    if problem.size() > MAX_SIZE or len(problem.inputs) * problem.widths[-1] > MAX_SIZE:
        return [Snapped("the cell of the point", given_risk, reason=f"undecided: larger than {MAX_SIZE}")]
    try:
        search = _Search(problem, point, given_risk, deadline)
        near = search.near(tolerance)
    except OverflowError:
        return [Snapped("the cell of the point", given_risk, reason="undecided: beyond the range of floats")]
    own = search.try_region(search.home)
    regions = _neighbours(search.home, near, faces=one_hidden(problem))
    if own.point is None and shallow(problem):
        own = search.within(search.home)
    results = [own, *(search.faces(search.home, deadline) if one_hidden(problem) else [])]
    for region in islice(regions, MAX_REGIONS):
        if time.monotonic() < deadline:
            results.append(search.try_region(region))
    if not any(each.point for each in results) and time.monotonic() < deadline:
        results += search.below(deadline)
    found = {tuple(map(rational, coordinates(each.point))): each for each in reversed(results) if each.point}
    nearest = sorted(found.values(), key=lambda each: each.squared_distance or ZERO)
    return nearest + [each for each in results if each.point is None and (each is own or not nearest)][:3]


def _neighbours(home: Region, near: Sequence[Held], faces: bool) -> Iterator[Region]:
    """Cells and faces next to the home cell: one or two of the near pre-activations across, or held."""
    for size in (1, 2):
        for chosen in combinations(near, size):
            yield home.across(chosen)
            if faces:
                yield home.held_at(chosen)
    if faces and len(near) > 2:
        yield home.held_at(near)


class _Search:
    """The given point in exact and in float numbers, and the ways to look for minima near it."""

    def __init__(self, problem: Problem, point: Point, given_risk: Fraction, deadline: float) -> None:
        self.problem, self.point, self.given_risk, self.deadline = problem, point, given_risk, deadline
        self.start, self.given = [rational(x) for x in coordinates(point)], predictions(problem, point)
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
            target = best_predictions(self.problem, region, self.given)
            aimed = self.approach(region, target)
            if aimed is None:
                return self.failed(region, "undecided: no point with the best predictions there was found near")
            for level in () if leaves(self.problem, region, aimed) else LEVELS:
                candidate = self.repaired(region, target, aimed, level)
                if candidate is not None and region.contains(self.problem, candidate):
                    return self.proved(region, candidate)
        except (KernelError, NotConstructible, OverflowError, np.linalg.LinAlgError) as error:
            return self.failed(region, f"undecided: {error}")
        return self.failed(region, "undecided: the nearest point with the best predictions lies outside it")

    def within(self, region: Region) -> Snapped:
        """By exact linear programming: some minimum in a cell with the same signs of the output weights, or none."""
        try:
            target = best_predictions(self.problem, region, self.given)
            found = minimum_by_lp(self.problem, region, target, self.point)
        except (KernelError, NotConstructible, ArithmeticError) as error:
            return self.failed(region, f"undecided: {error}")
        if found is not None:
            return self.proved(region, found)
        return self.failed(region, "no local minimum lies inside it with these signs of the output weights")

    def faces(self, region: Region, deadline: float) -> list[Snapped]:
        """Faces reached by holding, one after the other, the first pre-activation that leaves the cell on the way."""
        tried = list[Snapped]()
        while len(tried) < MAX_ROUNDS and time.monotonic() < deadline:
            try:
                aimed = self.approach(region, best_predictions(self.problem, region, self.given))
            except (Declined, NotConstructible, OverflowError, np.linalg.LinAlgError):
                break
            leaving = None if aimed is None else self.first_leaving(region, aimed)
            if leaving is None:
                break
            region = region.held_at([leaving])
            tried.append(self.try_region(region))
            if tried[-1].point is not None:
                break
        return tried

    def below(self, deadline: float) -> list[Snapped]:
        """The face where a descent of the piecewise smooth risk from the given point ends, if it ends in time."""
        try:
            state = descend(FloatNetwork(self.problem), self.floats, deadline)
        except OverflowError:
            return []
        if state.status != "stationary":
            return []
        net, problem = FloatNetwork(self.problem), self.problem
        pattern = [[[int(p) for p in unit] for unit in layer.T] for layer in state.pieces]
        held = list[Held]()
        for m, (z, breaks) in enumerate(zip(net.forward(state.v, state.pieces)[1], net.breaks, strict=False)):
            for i, j in np.ndindex(z.shape):
                for p, t in enumerate(breaks.tolist()):
                    near = abs(z[i, j] - t) < CLOSE * max(1, np.abs(z[:, j]).max())
                    if near and not (m == 0 and problem.dead_row(i)):
                        held.append((m, j, i, p))
                        pattern[m][j][i] = p
        self.floats, self.given = (
            state.v,
            tuple(tuple(map(Fraction, row)) for row in net.forward(state.v)[1][-1].tolist()),
        )
        frozen = tuple(tuple(map(tuple, layer)) for layer in pattern)
        region = Region(frozen, frozenset(), "the cell where a descent from the point ends")
        found = self.try_region(region.held_at(held) if held else region)
        return [found] if found.point is not None else []

    def proved(self, region: Region, point: Point) -> Snapped:
        """The minimum with the kernel's rule that proves it, or what refutes it."""
        certificate = Certificate(self.problem)
        try:
            at = certificate.point(point)
            rule, fields = self.decided(region, point)
            if not rule:
                return self.failed(region, str(fields["reason"]))
            certificate.step(rule, {"point": at}, **fields)
        except KernelError as error:
            return self.failed(region, f"undecided: {error}")
        apart = [rational(a) - b for a, b in zip(coordinates(point), self.start, strict=True)]
        there = risk(self.problem, predictions(self.problem, point))
        total = sum((x * x for x in apart), ZERO)
        return Snapped(region.where, self.given_risk, point, rule, "", there, total, fields)

    def decided(self, region: Region, point: Point) -> tuple[str, dict[str, object]]:
        """The kernel's rule for a region's best point with the fields of its step; or "" and the reason."""
        if not region.held:
            return "interior_minimum", {}
        if shallow(self.problem):
            around: Stays | Minimum | Descends | Unknown = decide_shallow(self.problem, point)
        else:
            around = decide_by_cells(self.problem, point, lambda: time.monotonic() > self.deadline)
        match around:
            case Stays(multipliers):
                spelled = [None if mu is None else [str(x) for x in mu] for mu in multipliers]
                return "face_minimum", {"multipliers": spelled}
            case Minimum(entries):
                return "cell_kkt", {"cells": [entry_fields(self.problem, entry) for entry in entries]}
            case Descends(_, why):
                return "", {"reason": f"its best point is not a local minimum: {why}"}
            case Unknown(why):
                return "", {"reason": f"undecided: {why}"}

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
        with np.errstate(all="ignore"):
            for anchored in (True, False):
                theta = self._settled(region, goal, anchored)
                if theta is not None and np.abs(linearised(self.problem, region, theta, goal)[0]).max() <= tiny:
                    return theta
        return None

    def _settled(self, region: Region, goal: Array, anchored: bool) -> Array | None:
        theta: Array = self.floats
        for _ in range(MAX_ROUNDS):
            gap, jacobian = linearised(self.problem, region, theta, goal)
            origin = self.floats if anchored else theta
            aimed = origin + least_norm(jacobian, product(jacobian, theta - origin) - gap, 1e-9)
            if not np.isfinite(aimed).all() or np.abs(aimed).max() > MAX_WEIGHT:
                return None
            if np.abs(aimed - theta).max() <= 1e-10 * (1 + np.abs(theta).max()):
                return np.asarray(aimed)
            theta = aimed
        return None

    def repaired(self, region: Region, target: Sequence[Vector], aimed: Array, level: int) -> Point | None:
        """The float parameters, rounded, with one block of them moved so that the predictions are exactly `target`."""
        moved = norm(aimed - self.floats)
        bits = min(max(math.ceil(math.log2(64 * math.sqrt(len(aimed)) / max(moved, 1e-9))), 3), 44) + level
        rounded = [
            exact if float(exact) == x else Fraction(round(x * 2**bits), 2**bits)
            for exact, x in zip(self.start, aimed.tolist(), strict=True)
        ]
        for block in range(1 if shallow(self.problem) else len(self.problem.widths) - 1):
            begun = levelled(self.problem, region, rounded, target, block)
            repaired = None if begun is None else repair(self.problem, region, begun, target, block)
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
                before, after = float(product(self.floats[at], row)), float(product(aimed[at], row))
                for p, end in ((unit[i] - 1, -1), (unit[i], 1)):
                    if not 0 <= p < len(h.breakpoints) or (j, i) in held or self.problem.dead_row(i):
                        continue
                    room, gone = (float(h.breakpoints[p]) - before) * end, (after - before) * end
                    if gone >= room and gone > 0 and (first is None or room / gone < first[0]):
                        first = (room / gone, (0, j, i, p))
        return None if first is None else first[1]
