"""A tree that proves a face's minimum a global one for all values of symbols, by exact programs at their box's corners.

At a node each unit is in a region; relaxed, the network predicts any cone combination of the regions' rays. Where the
residuals of the best such predictions at the corners prove enough the node is a leaf, else a region is split.
"""

import time
from collections.abc import Sequence
from fractions import Fraction
from itertools import product

from symverify.errors import Declined
from symverify.ground.cone_qp import minimise_over_cone
from symverify.kernel.core.activation import ONE, ZERO
from symverify.kernel.core.algebra import dot
from symverify.kernel.core.global_lower_bound import children, directions, sides_of, signs
from symverify.kernel.core.network import Problem, Vector
from symverify.kernel.core.units import Units
from symverify.kernel.labels.forms import Form, value
from symverify.kernel.labels.global_region import heights, opposed, pairs, proves
from symverify.kernel.labels.symbols import Family

MAX_NODES = 3_000
Group = list[Vector] | None  # vectors for the corners; None: minus the errors


class RegionTree:
    """The search; `vectors` and `tree` as the kernel's rule reads them."""

    def __init__(self, problem: Problem, family: Family, errors: Sequence[Form], deadline: float) -> None:
        corners = [
            [h * s for h, s in zip(family.half, signs, strict=True)] for signs in product((1, -1), repeat=family.size)
        ]
        self.problem, self.deadline = problem, deadline
        self.labels = [tuple(value(form, d) for form in family.labels) for d in corners]
        self.errors = [tuple(value(form, d) for form in errors) for d in corners]
        self.units = Units.of(problem)
        self.closed = directions(self.units)
        self.seen = [heights(self.units, ray) for ray in self.closed]
        self.sides = sides_of(len(self.units.planes), signs(self.units.planes, self.closed))
        self.vectors, self.tree, self.fails = list[Group](), list[int](), list[int]()

    def run(self) -> None:
        """Fill the tree. Raises Declined with the reason where it cannot be done."""
        self._add(None, [tuple(-x for x in e) for e in self.errors])
        count = min(self.problem.widths[1], len(self.problem.inputs))
        self._serve([(1 << 2 * len(self.closed)) - 1] * count)
        if 0 not in self.tree:
            self.vectors, self.tree = self.vectors[1:], [e - (e > 0) for e in self.tree]

    def _add(self, group: Group, vectors: list[Vector]) -> int:
        self.vectors.append(group)
        self.fails.append(opposed(self.units, self.closed, vectors))
        return len(self.fails) - 1

    def _serve(self, node: list[int]) -> None:
        if len(self.tree) > MAX_NODES or time.monotonic() > self.deadline:
            raise Declined(f"no tree of at most {MAX_NODES} nodes was found in the time")
        region = 0
        for unit in node:
            region |= unit
        leaf = next((k for k, fails in enumerate(self.fails) if not fails & region), None)
        if leaf is None:
            fits = [self._fit(region, y) for y in self.labels]
            vectors = [g for g, _ in fits]
            if all(proves(*pair) for pair in pairs(vectors, self.labels, self.errors)):
                leaf = self._add(vectors, vectors)
        if leaf is not None:
            self.tree.append(leaf)
            return
        short = [dot(e, e) - dot(g, g) for e, (g, _) in zip(self.errors, fits, strict=True)]
        order = sorted(range(len(fits)), key=lambda k: -short[k])
        split = next((found for k in order if (found := self._split(node, fits[k][1])) is not None), None)
        if split is None:
            raise Declined(
                "for some values another face is lower" if max(short) > 0 else
                "the vectors at the corners do not prove enough between them: try smaller intervals"
            )  # fmt: skip
        j, q = split
        self.tree.append(-1 - (j * len(self.sides) + q))
        high, low = (node[j] & side for side in self.sides[q])
        for child in children(node, node[j], high, low):
            self._serve(child)

    def _fit(self, region: int, labels: Vector) -> tuple[Vector, dict[int, Fraction]]:
        """The residual of the best predictions that these signed rays have, and their weights."""
        rays = [k for k in range(2 * len(self.closed)) if region >> k & 1]
        bias = self.problem.output_bias
        columns = [
            tuple((1 if k < len(self.closed) else -1) * x for x in self.seen[k % len(self.closed)]) for k in rays
        ]
        columns += [(ONE,) * len(labels)] * bias
        width = len(columns)
        matrix = [list(row) for row in zip(*columns, strict=True)] or [[] for _ in labels]
        cone = [[Fraction(c == k) for c in range(width)] for k in range(len(rays))]
        found = minimise_over_cone(matrix, labels, [ZERO] * width, cone, width)
        fit = [sum((a * x for a, x in zip(row, found.x, strict=True)), ZERO) for row in matrix]
        used = {k: x for k, x in zip(rays, found.x, strict=False) if x}
        return tuple(y - f for y, f in zip(labels, fit, strict=True)), used

    def _split(self, node: list[int], used: dict[int, Fraction]) -> tuple[int, int] | None:
        """The unit and the side that cut these rays most evenly; None if no side cuts them."""
        best: tuple[Fraction, int, int] | None = None
        for j, unit in enumerate(node):
            if unit in node[:j]:
                continue
            for q, (first, second) in enumerate(self.sides):
                high, low = unit & first, unit & second
                if unit in (high, low):
                    continue
                masses = [
                    sum((x for k, x in used.items() if unit >> k & 1 and not side >> k & 1), ZERO)
                    for side in (high, low)
                ]
                if min(masses) and (best is None or min(masses) > best[0]):
                    best = min(masses), j, q
        return None if best is None else best[1:]
