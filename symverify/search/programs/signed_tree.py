"""The exact global minimum of a program with one layer of bent units, of which some have frozen output weights.

Squared loss. A tree of splits as the rule `restricted_lower_bound` reads it, grown depth first: the best non-negative
combination of the rays of a node bounds its networks from below, in floats; the vectors that end a branch are exact.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from symverify.ground.floats import nonnegative
from symverify.ground.linear import primitive, solve
from symverify.kernel.cells.not_attained import values
from symverify.kernel.core.activation import ZERO
from symverify.kernel.core.algebra import sign
from symverify.kernel.core.errors import Rejected
from symverify.kernel.core.global_lower_bound import children, directions, sides_of, signs
from symverify.kernel.core.network import Point, Problem, predictions, risk
from symverify.kernel.core.units import Units
from symverify.kernel.programs.network import Programmed
from symverify.kernel.programs.places import Wired
from symverify.kernel.programs.restricted_lower_bound import relaxed
from symverify.kernel.programs.terms import terms_of
from symverify.search.global_minimum.candidate import Chart
from symverify.search.programs.better import trained

MAX_COLUMNS, MAX_NODES, SEEDS, NEAR = 4000, 20_000, 8, 1e-9


@dataclass(frozen=True, slots=True)
class Bound:
    """A point that has the least risk, and what proves that none is lower."""

    risk: Fraction
    point: Point
    vectors: list[list[int]]
    tree: list[int]


def signed_bound(problem: Programmed, deadline: float) -> Bound | None:
    """The global minimum; None where the rule or this search does not apply, or the time is over.

    Raises Declined where the kernel would.
    """
    if not problem.loss.quadratic or "restricted_lower_bound" not in problem.loss.rules:
        return None
    try:
        view, signs, free = relaxed(problem, "")
    except Rejected:
        return None
    units = Units.of(view)
    rays = directions(units)
    if 2 * len(rays) * len(problem.inputs) > MAX_COLUMNS:
        return None
    return Grower(problem, view, units, rays, signs, [list(column) for column in free], deadline).grow()


class Grower:
    """The program in the kernel's signed rays, and the tree so far. `deadline` is a time.monotonic() value."""

    def __init__(
        self,
        problem: Programmed,
        view: Problem,
        units: Units,
        rays: list[tuple[int, ...]],
        signs: list[int],
        free: list[list[Fraction]],
        deadline: float,
    ) -> None:
        self.problem, self.view, self.units, self.rays = problem, view, units, rays
        self.signs, self.free, self.deadline = signs, free, deadline
        plus = [[Fraction(x) for x in values(units, ray)] for ray in rays]
        self.columns = [*plus, *([-x for x in column] for column in plus)]
        self.labels = [y for (y,) in problem.targets]
        self.planes = [
            [sign(sum(a * b for a, b in zip(plane, ray, strict=True))) for plane in units.planes] for ray in rays
        ]
        self.vectors, self.fails, self.tree = list[list[int]](), list[int](), list[int]()
        self.best = problem.parameters or problem.expand([ZERO] * problem.size())
        self.least = risk(problem, predictions(problem, self.best))
        for point in trained(problem, SEEDS):
            self.offer(point)

    def offer(self, point: Point) -> None:
        """Keep the point if its risk is the lowest."""
        if (value := risk(self.problem, predictions(self.problem, point))) < self.least:
            self.best, self.least = point, value

    def grow(self) -> Bound | None:
        """The whole tree; None where no exact vector or no time is left, or the least risk is 0."""
        sides = sides_of(len(self.units.planes), signs(self.units.planes, self.rays))
        one, n = (1 << len(self.rays)) - 1, len(self.labels)
        regions = {1: one, -1: one << len(self.rays), 0: one | one << len(self.rays)}
        root = [regions[s] for s in (1, -1, 0) for _ in range(min(self.signs.count(s), n))]
        stack: list[Iterator[list[int]]] = [iter([root])]
        while stack:
            node = next(stack[-1], None)
            if node is None:
                stack.pop()
                continue
            if time.monotonic() > self.deadline or len(self.tree) > MAX_NODES:
                return None
            entry = self.leaf(node)
            if entry is not None:
                self.tree.append(entry)
                continue
            chosen = self.split(node, sides)
            if chosen is None or not self.least:
                return None
            j, q = chosen
            self.tree.append(-1 - (j * len(sides) + q))
            stack.append(children(node, node[j], *(node[j] & side for side in sides[q])))
        used = dict.fromkeys(entry for entry in self.tree if entry >= 0)
        number = {old: new for new, old in enumerate(used)}
        tree = [number[entry] if entry >= 0 else entry for entry in self.tree]
        goal = self.least / self.problem.loss.factor
        if any(self.gain(self.vectors[k]) < goal for k in used):  # made before the least risk was known
            self.tree.clear()
            self.vectors, self.fails = [], []
            return self.grow()
        return Bound(self.least, self.best, [self.vectors[k] for k in used], tree)

    def gain(self, g: Sequence[int]) -> Fraction:
        """⟨g, y⟩²/⟨g, g⟩ where ⟨g, y⟩ > 0."""
        product = sum((a * y for a, y in zip(g, self.labels, strict=True)), ZERO)
        return product * product / sum(a * a for a in g) if product > 0 else ZERO

    def leaf(self, node: Sequence[int]) -> int | None:
        """The number of a vector that serves the node; None if it has to be split."""
        union, goal = 0, self.least / self.problem.loss.factor
        for region in node:
            union |= region
        for k in reversed(range(len(self.vectors))):
            if not union & self.fails[k] and self.gain(self.vectors[k]) >= goal:
                return k
        chosen = [k for k in range(len(self.columns)) if union >> k & 1]
        used = self.relax(chosen)
        found = self.exact(used)
        if found is None:
            return None
        weights, rest = found
        if sum(x * x for x in rest) < goal:
            self.realise(dict(zip(used, weights, strict=False)), weights[len(used) :])
            goal = self.least / self.problem.loss.factor
        if not any(rest):
            return None
        g = primitive(rest)
        products = [sum((a * b for a, b in zip(g, column, strict=True)), ZERO) for column in self.columns]
        if self.gain(g) < goal or any(products[k] > 0 for k in chosen):
            return None
        self.vectors.append(g)
        self.fails.append(sum(1 << k for k, p in enumerate(products) if p > 0))
        return len(self.vectors) - 1

    def relax(self, chosen: Sequence[int]) -> list[int]:
        """The rays that the best non-negative combination uses, in floats."""
        columns = [self.columns[k] for k in chosen] + self.free + [[-x for x in column] for column in self.free]
        if not columns:
            return []
        floats = np.array([[float(x) for x in column] for column in columns])
        floats /= np.maximum(np.abs(floats).max(axis=1, initial=0.0), 1.0)[:, None]
        weights = nonnegative(floats, np.array([float(y) for y in self.labels]))
        return [k for k, weight in zip(chosen, weights, strict=False) if weight > NEAR]

    def exact(self, used: Sequence[int]) -> tuple[list[Fraction], list[Fraction]] | None:
        """The best weights of these rays and of the free columns, exactly, and what is left of the labels."""
        rows = [self.columns[k] for k in used] + self.free
        gram = [[sum((a * b for a, b in zip(u, v, strict=True)), ZERO) for v in rows] for u in rows]
        right = [sum((a * y for a, y in zip(u, self.labels, strict=True)), ZERO) for u in rows]
        weights = solve(gram, right, len(rows)) if rows else []
        if weights is None:
            return None
        rest = [
            y - sum((w * row[i] for w, row in zip(weights, rows, strict=True)), ZERO) for i, y in enumerate(self.labels)
        ]
        return weights, rest

    def split(self, node: Sequence[int], sides: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
        """The unit and the side that divide its rays most evenly; None where none divides any."""
        found: tuple[int, int, int] | None = None
        for j, region in enumerate(node):
            if region in node[:j]:
                continue
            for q, (high, low) in enumerate(sides):
                if region & high not in (region, 0) and region & low not in (region, 0):
                    worth = min((region & ~high).bit_count(), (region & ~low).bit_count())
                    if found is None or worth > found[0]:
                        found = worth, j, q
        return None if found is None else found[1:]

    def together(self, a: int, b: int) -> bool:
        """Whether two signed rays have one sign and one closed chamber."""
        count = len(self.rays)
        pairs = zip(self.planes[a % count], self.planes[b % count], strict=True)
        return (a < count) == (b < count) and all(s * t >= 0 for s, t in pairs)

    def realise(self, weights: dict[int, Fraction], free: Sequence[Fraction]) -> None:
        """A point of the program with these rays, where they are in few enough chambers and the places are free."""
        groups = list[list[int]]()
        if min(weights.values(), default=ZERO) < 0:
            return
        for k in weights:
            group = next((each for each in groups if all(self.together(k, other) for other in each)), None)
            if group is None:
                groups.append([k])
            else:
                group.append(k)
        count, chart = len(self.rays), Chart.of(self.view, self.units)
        made = list[tuple[int, Sequence[Fraction], Fraction]]()
        for group in groups:
            total = [
                chart.q * sum((weights[k] * self.rays[k % count][c] for k in group), ZERO)
                for c in range(self.units.dimension)
            ]
            made.append(chart.unit_at(1 if group[0] < count else -1, total, self.view.hidden_bias))
        values = placed(self.problem, made, self.units.cone, self.view.hidden_bias)
        if values is None:
            return
        for column, weight in zip(self.free, free, strict=True):
            slot = linear_slot(self.problem, column)
            if slot is None:
                return
            values[slot[0]] = weight / slot[1]
        self.offer(self.problem.expand(values))


def placed(
    problem: Programmed, made: Sequence[tuple[int, Sequence[Fraction], Fraction]], cone: bool, biased: bool
) -> list[Fraction] | None:
    """Values of the free parameters with these units (σ, u, ν), each in one of its sign; None where they do not fit."""
    values, left = [ZERO] * problem.size(), list(made)
    weights = dict[tuple[int, int], list[tuple[Fraction, int | None]]]()
    for t in terms_of(problem, ""):
        if isinstance(t.column, tuple):
            weights.setdefault(t.column, []).append((t.factor, t.slot))
    frozen_first = sorted(weights.items(), key=lambda item: (item[1][0][1] is not None, item[0]))
    for (m, j), given in frozen_first:
        node = problem.before(m)
        ((factor, slot), *more) = given
        if more or not isinstance(node, Wired) or (slot is None and cone):
            return None
        fits = next((k for k, (s, _, _) in enumerate(left) if slot is not None or s * factor > 0), None)
        if fits is None:
            continue
        s, u, nu = left.pop(fits)
        weight = abs(factor) if slot is None else nu
        if not weight:  # a unit at infinity, which no parameters have
            return None
        if slot is not None:
            values[slot] = s * nu / factor
        row = problem.slots[node.layer].weight[j]
        wanted = [u[c] / weight for _, c in node.wires] + [u[-1] / weight] * biased
        places = (*row, *(problem.slots[node.layer].bias or (ZERO,) * biased)[j : j + 1]) if biased else row
        for place, x in zip(places, wanted, strict=True):
            if isinstance(place, int):
                values[place] = x
            elif place != x:
                return None
    return None if left else values


def linear_slot(problem: Programmed, column: Sequence[Fraction]) -> tuple[int, Fraction] | None:
    """A free parameter that this column enters the prediction with alone, and its factor."""
    for t in terms_of(problem, ""):
        if isinstance(t.column, tuple) or t.slot is None or t.slot < 0:
            continue
        theirs = [x[t.column] for x in problem.inputs] if isinstance(t.column, int) else [Fraction(1)] * len(column)
        if theirs == list(column):
            return t.slot, t.factor
    return None
