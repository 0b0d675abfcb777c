"""The global minimum of one hidden layer and scalar output under Huber, absolute, quantile and hinge loss.

The kernel's own tree of splits, grown depth first. A node gives each unit a region of signed rays; the best
non-negative combination of all of them bounds its networks from below: a linear program, or for Huber the projection
of the labels on a polyhedron, in floats. Where that value is no less than the lowest risk known, a vector that proves
it is found in exact arithmetic and ends the branch; where its rays fall into few enough chambers, they are a network.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog

from symverify.errors import SymverifyError
from symverify.ground.floats import nonnegative
from symverify.ground.linear import primitive, solve
from symverify.kernel.cells.not_attained import values
from symverify.kernel.core.activation import ONE, ZERO
from symverify.kernel.core.algebra import sign
from symverify.kernel.core.global_lower_bound import children, directions, sides_of
from symverify.kernel.core.network import Layer, Point, Problem, predictions, risk
from symverify.kernel.core.units import Units
from symverify.search.global_minimum.candidate import Candidate, Chart, heights
from symverify.search.kinked_fit import kinked_fit
from symverify.search.subgradient import feasible

Array = npt.NDArray[np.float64]
NEAR, MAX_COLUMNS = 1e-9, 4000


class Unfinished(SymverifyError):
    """The search ended without a proof; the message says why."""


@dataclass(frozen=True, slots=True)
class Tree:
    """The lowest risk, a point that has it, and the vectors and the tree that prove that none is lower."""

    risk: Fraction
    point: Point
    vectors: list[list[int]]
    tree: list[int]


@dataclass(frozen=True, slots=True)
class Relaxed:
    """The least loss of non-negative combinations, in floats; the signed rays used; the dual vector."""

    loss: float
    used: list[int]
    dual: Array


@dataclass(slots=True)
class Grower:
    """The problem in the kernel's signed rays, and the tree so far. `deadline` is a time.monotonic() value."""

    problem: Problem
    best: Point
    deadline: float
    least: Fraction = field(init=False)
    units: Units = field(init=False)
    rays: list[tuple[int, ...]] = field(init=False)
    columns: list[list[int]] = field(init=False)
    vectors: list[list[int]] = field(default_factory=list)
    fails: list[int] = field(default_factory=list)
    tree: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        problem = self.problem
        self.least = risk(problem, predictions(problem, self.best))
        self.units = Units.of(problem)
        self.rays = directions(self.units)
        plus = [values(self.units, ray) for ray in self.rays]
        self.columns = [*plus, *([-x for x in column] for column in plus)]
        if len(self.columns) * len(problem.inputs) > MAX_COLUMNS:
            raise Unfinished("too many rays to search under this loss")
        self.floats = np.array([[float(x) for x in column] for column in self.columns])
        self.sizes = np.maximum(np.abs(self.floats).max(axis=1, initial=0.0), 1.0)
        self.planes = [[sign(sum(a * b for a, b in zip(plane, ray, strict=True))) for plane in self.units.planes]
                       for ray in self.rays]  # fmt: skip

    floats: Array = field(init=False)
    sizes: Array = field(init=False)
    planes: list[list[int]] = field(init=False)

    def grow(self) -> Tree:
        """The whole tree. Raises Unfinished."""
        _, sides = sides_of(self.units, self.rays)
        root = [(1 << len(self.columns)) - 1] * min(self.problem.widths[1], len(self.problem.inputs))
        stack: list[Iterator[list[int]]] = [iter([root])]
        while stack:
            node = next(stack[-1], None)
            if node is None:
                stack.pop()
                continue
            if time.monotonic() > self.deadline:
                raise Unfinished("the search ran out of time")
            entry = self.leaf(node)
            if entry is not None:
                self.tree.append(entry)
                continue
            j, q = self.split(node, sides)
            self.tree.append(-1 - (j * len(sides) + q))
            stack.append(children(node, node[j], *(node[j] & side for side in sides[q])))
        return self.done()

    def done(self) -> Tree:
        """The vectors that the tree uses, numbered by first use."""
        used = dict.fromkeys(entry for entry in self.tree if entry >= 0)
        number = {old: new for new, old in enumerate(used)}
        tree = [number[entry] if entry >= 0 else entry for entry in self.tree]
        return Tree(self.least, self.best, [self.vectors[k] for k in used], tree)

    def leaf(self, node: Sequence[int]) -> int | None:
        """The number of a vector that serves the node; None if it has to be split."""
        union = 0
        for region in node:
            union |= region
        for k in reversed(range(len(self.vectors))):
            if not union & self.fails[k]:
                return k
        chosen = [k for k in range(len(self.columns)) if union >> k & 1]
        relaxed = self.relax(chosen)
        goal = float(self.least / self.problem.loss.factor)
        if relaxed.loss < goal * (1 - NEAR):
            self.realise(relaxed)
            goal = float(self.least / self.problem.loss.factor)
            if relaxed.loss < goal * (1 - NEAR):
                return None
        vector = self.proving(chosen, relaxed)
        if vector is None:
            return None
        self.vectors.append(vector)
        products = [sum(a * b for a, b in zip(vector, column, strict=True)) for column in self.columns]
        self.fails.append(sum(1 << k for k, p in enumerate(products) if p > 0))
        return len(self.vectors) - 1

    def split(self, node: Sequence[int], sides: Sequence[tuple[int, int]]) -> tuple[int, int]:
        """The unit and the side that divide its rays most evenly. Raises Unfinished where none divides any."""
        found: tuple[int, int, int] | None = None
        for j, region in enumerate(node):
            if region in node[:j]:
                continue
            for q, (high, low) in enumerate(sides):
                a, b = region & high, region & low
                if a not in (region, 0) and b not in (region, 0):
                    worth = min((region & ~high).bit_count(), (region & ~low).bit_count())
                    if found is None or worth > found[0]:
                        found = worth, j, q
        if found is None:
            raise Unfinished("no exact vector was found for a tuple of cells")
        return found[1], found[2]

    def relax(self, chosen: Sequence[int]) -> Relaxed:
        """min Σ ℓ(c0 + Σ λ col − y) over λ ≥ 0."""
        labels, biased = [y for (y,) in self.problem.targets], self.problem.output_bias
        columns = self.floats[chosen] / self.sizes[chosen][:, None]
        if self.problem.loss.smooth:
            return self.projected(chosen, columns)
        return self.programmed(chosen, columns, labels, biased)

    def programmed(self, chosen: Sequence[int], columns: Array, labels: Sequence[Fraction], biased: bool) -> Relaxed:
        """By a linear program."""
        n, loss = len(labels), self.problem.loss
        lines = [[(float(b), float(c - b * y)) for _, b, c in loss.at(y).parts] for y in labels]
        design = np.hstack([columns.T, np.ones((n, 1))]) if biased else columns.T
        parts = np.array(lines)
        above = np.vstack([np.hstack([parts[:, p, :1] * design, -np.eye(n)]) for p in range(parts.shape[1])])
        cost = np.concatenate([np.zeros(design.shape[1]), np.ones(n)])
        bounds = [(0.0, None)] * len(chosen) + [(None, None)] * (biased + n)
        outcome = linprog(cost, above, np.concatenate([-parts[:, p, 1] for p in range(parts.shape[1])]), bounds=bounds)
        if outcome.x is None:
            raise Unfinished("a linear program was not solved in floats")
        weights = outcome.x[: len(chosen)]
        pull = (outcome.ineqlin.marginals.reshape(parts.shape[1], n) * parts[:, :, 0].T).sum(axis=0)
        used = [chosen[int(k)] for k in np.flatnonzero(weights > NEAR)]
        return Relaxed(float(cost @ outcome.x), used, np.asarray(pull))

    def projected(self, chosen: Sequence[int], columns: Array) -> Relaxed:
        """For Huber: the vector nearest to the labels with |w| ≤ δ, ⟨w, col⟩ ≤ 0, Σ w = 0 (least distance, by NNLS)."""
        y = np.array([float(label) for (label,) in self.problem.targets])
        rows, ends = self.polyhedron(columns)
        target = np.zeros(len(y) + 1)
        target[-1] = 1.0
        multipliers = nonnegative(np.hstack([rows, (ends - rows @ y)[:, None]]), target)
        rest = np.hstack([rows, (ends - rows @ y)[:, None]]).T @ multipliers - target
        w = y - rest[:-1] / rest[-1] if abs(rest[-1]) > 1e-14 else np.zeros(len(y))
        used = [chosen[k] for k in range(len(chosen)) if multipliers[k] > 1e-12]
        return Relaxed(float(w @ y - w @ w / 2), used, w)

    def polyhedron(self, columns: Array) -> tuple[Array, Array]:
        """rows · w ≥ ends."""
        n, delta = columns.shape[1], float(self.problem.loss.cuts[-1])
        ones = np.ones((1, n))
        parts = [-columns, np.eye(n), -np.eye(n), *([ones, -ones] if self.problem.output_bias else [])]
        rows = np.vstack(parts)
        ends = np.zeros(len(rows))
        ends[len(columns) : len(columns) + 2 * n] = -delta
        return rows, ends

    def proving(self, chosen: Sequence[int], relaxed: Relaxed) -> list[int] | None:
        """An integer vector that admits these rays and proves the least risk known."""
        found = self.nearest(chosen, relaxed) if self.problem.loss.smooth else self.linear(chosen)
        if found is None or not any(found):
            return None
        g, loss = primitive(found), self.problem.loss
        labels = [y for (y,) in self.problem.targets]
        product = sum((a * y for a, y in zip(g, labels, strict=True)), ZERO)
        ends = [loss.at(y).ends() for y in labels]
        if product <= 0 or loss.gain(g, product, sum(a * a for a in g), ends) * loss.factor < self.least:
            return None
        return g

    def linear(self, chosen: Sequence[int]) -> list[Fraction] | None:
        """For a piecewise linear loss: −g in its slopes, ⟨g, col⟩ ≤ 0, ⟨g, y⟩ ≥ the least loss: a feasible system."""
        labels, loss = [y for (y,) in self.problem.targets], self.problem.loss
        ends = [(low or ZERO, high or ZERO) for low, high in (loss.at(y).ends() for y in labels)]
        above = [([Fraction(x) for x in self.columns[k]], ZERO) for k in chosen]
        above.append(([-y for y in labels], self.least / loss.factor))
        level = [([ONE] * len(labels), ZERO)] if self.problem.output_bias else []
        found = feasible(ends, level, above)
        return None if found is None else [-x for x in found]

    def nearest(self, chosen: Sequence[int], relaxed: Relaxed) -> list[Fraction] | None:
        """For Huber: the projection exactly, from the constraints that are tight in floats; or a vector close to it."""
        n, delta = len(self.problem.inputs), self.problem.loss.cuts[-1]
        labels = [y for (y,) in self.problem.targets]
        rows: list[tuple[list[Fraction], Fraction]] = []
        for k in relaxed.used:
            rows.append(([Fraction(x) for x in self.columns[k]], ZERO))
        if self.problem.output_bias:
            rows.append(([ONE] * n, ZERO))
        for i, x in enumerate(relaxed.dual):
            if abs(abs(float(x)) - float(delta)) < 1e-7 * float(delta):
                rows.append(([Fraction(i == c) for c in range(n)], delta if x > 0 else -delta))
        gram = [[sum((a * b for a, b in zip(u, v, strict=True)), ZERO) for v, _ in rows] for u, _ in rows]
        right = [end - sum((a * y for a, y in zip(u, labels, strict=True)), ZERO) for u, end in rows]
        multipliers = solve(gram, right, len(rows)) if rows else []
        if multipliers is not None:
            w = [
                y + sum((m * u[i] for m, (u, _) in zip(multipliers, rows, strict=True)), ZERO)
                for i, y in enumerate(labels)
            ]
            good = max(map(abs, w)) <= delta and all(
                sum((a * x for a, x in zip(self.columns[k], w, strict=True)), ZERO) <= 0 for k in chosen
            )
            if good:
                return w
        near = [Fraction(round(float(x) * 2**40), 2**40) for x in relaxed.dual]
        slack = delta / 2**20
        ends = [(-min(x + slack, delta), -max(x - slack, -delta)) for x in near]
        above = [([Fraction(x) for x in self.columns[k]], ZERO) for k in chosen]
        found = feasible(ends, [([ONE] * n, ZERO)] if self.problem.output_bias else [], above)
        return None if found is None else [-x for x in found]

    def realise(self, relaxed: Relaxed) -> None:
        """Where the rays used are in at most as many chambers as there are units: their network, if it is lower."""
        groups = list[list[int]]()
        for k in relaxed.used:
            for group in groups:
                if all(self.together(k, other) for other in group):
                    group.append(k)
                    break
            else:
                groups.append([k])
        if len(groups) > self.problem.widths[1] or (fitted := self.fitted(relaxed)) is None:
            return
        point = self.network(groups, *fitted)
        if point is not None and (value := risk(self.problem, predictions(self.problem, point))) < self.least:
            self.best, self.least = point, value

    def together(self, a: int, b: int) -> bool:
        """Whether two signed rays have one sign and one closed chamber."""
        count = len(self.rays)
        pairs = zip(self.planes[a % count], self.planes[b % count], strict=True)
        return (a < count) == (b < count) and all(s * t >= 0 for s, t in pairs)

    def fitted(self, relaxed: Relaxed) -> tuple[dict[int, Fraction], Fraction] | None:
        """The best weights of the rays used, exactly, if they are not negative; and the first sample's prediction."""
        labels, biased = [y for (y,) in self.problem.targets], self.problem.output_bias
        rows = [[*(Fraction(self.columns[k][i]) for k in relaxed.used), *[ONE] * biased] for i in range(len(labels))]
        if not rows[0]:
            return {}, ZERO
        smooth = self.problem.loss.smooth
        found = self.huber_fit(rows, labels, relaxed) if smooth else kinked_fit(rows, labels, self.problem.loss)
        if found is None or min(found[: len(relaxed.used)], default=ZERO) < 0:
            return None
        first = sum((a * b for a, b in zip(rows[0], found, strict=True)), ZERO)
        return dict(zip(relaxed.used, found, strict=False)), first

    def huber_fit(self, rows: list[list[Fraction]], labels: list[Fraction], relaxed: Relaxed) -> list[Fraction] | None:
        """Normal equations with the pieces of the loss that the dual vector says."""
        delta, width = self.problem.loss.cuts[-1], len(rows[0])
        inner = [abs(abs(float(x)) - float(delta)) >= 1e-7 * float(delta) for x in relaxed.dual]
        gram = [[ZERO] * width for _ in range(width)]
        moment = [ZERO] * width
        for row, y, x, quadratic in zip(rows, labels, relaxed.dual, inner, strict=True):
            for a in range(width):
                moment[a] += row[a] * (y if quadratic else delta if x > 0 else -delta)
                for b in range(width if quadratic else 0):
                    gram[a][b] += row[a] * row[b]
        return solve(gram, moment, width)

    def network(self, groups: Sequence[Sequence[int]], weights: dict[int, Fraction], first: Fraction) -> Point | None:
        """The network whose units are the groups' combinations, and which predicts `first` on the first sample."""
        problem, count, chart = self.problem, len(self.rays), Chart.of(self.problem, self.units)
        units = []
        for group in groups:
            place = [
                chart.q * sum((weights[k] * self.rays[k % count][c] for k in group), ZERO)
                for c in range(self.units.dimension)
            ]
            units.append(chart.unit_at(1 if group[0] < count else -1, place, problem.hidden_bias))
        rest = first - sum((unit[0] * heights(problem, unit)[0] for unit in units), ZERO)
        return Candidate(ZERO, tuple(units), rest if problem.output_bias else ZERO).point(problem)


def zero_point(problem: Problem) -> Point:
    """All parameters 0."""
    d, h = problem.widths[:2]
    hidden = Layer(((ZERO,) * d,) * h, (ZERO,) * h if problem.hidden_bias else None)
    return hidden, Layer(((ZERO,) * h,), (ZERO,) if problem.output_bias else None)
