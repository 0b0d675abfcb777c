"""A prover that knows its kernel: it searches for a false bound with the kernel's own functions.

Its vectors and splits are whatever the given module admits, so any fault that lets a hole through is one it can use.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm
from random import Random
from types import ModuleType
from typing import Any

import numpy as np
from scipy.optimize import nnls

from symverify.kernel.core.errors import KernelError
from symverify.kernel.core.network import Problem
from symverify.kernel.core.proof import Proof, Reading
from symverify.kernel.core.text import Fields

from .prover import renumbered

Node = list[int]
Leaf = Callable[[Iterable[int]], object]
LEAVES: tuple[Leaf, ...] = (any, all, lambda found: next(iter(found), 0))  # when a vector fails at a leaf
BREAKS = (KernelError, OverflowError, ValueError, IndexError, LookupError)  # what a faulty kernel may raise


@dataclass
class Adversary:
    """The search for a tree that proves R ≥ risk in the module's eyes."""

    rule: ModuleType
    problem: Problem
    risk: Fraction
    rng: Random
    limit: int = 150
    packed: bool = False  # look for vectors that overflow packed fields
    left: int = 0
    fixed: bool = False  # the vectors are given, and the leaves use them in this order
    leaf: Leaf = any
    labels: list[int] = field(default_factory=list)
    vectors: list[tuple[int, ...]] = field(default_factory=list)
    offered: list[tuple[int, ...]] = field(default_factory=list)  # also those that break a field alone in its block
    fails: list[int] = field(default_factory=list)
    entries: list[int] = field(default_factory=list)

    def attacks(self) -> Iterator[dict[str, object]]:
        """Steps to try: a whole tree, or one that ends where the search failed, for each reading of a leaf."""
        self._shape()
        for k, g in enumerate(self._guesses()):
            self._offer(g, 3 if k < 3 or self.packed else 0)
        for self.leaf in LEAVES:
            self.entries, self.left = [], self.limit
            self._grow(list(self.root))
            yield self.step()
        self.leaf, self.fixed, pool = any, True, self.offered
        for block in blocks(self.rng, pool, 60 if self.packed else 12):
            self.vectors, self.entries, self.left = block, [], 60
            try:
                self.fails = probed(self.rule, self.problem, self.risk, block)[2]
            except BREAKS:
                continue
            if self._grow(list(self.root)):
                yield self.step()

    def step(self) -> dict[str, object]:
        """The vectors and the tree found."""
        vectors, tree = renumbered(self.vectors, self.entries)
        return {"rule": "global_lower_bound", "risk": str(self.risk), "vectors": vectors, "tree": tree}

    def _shape(self) -> None:
        problem, rule = self.problem, self.rule
        self.units = rule.Units.of(problem)
        self.closed = [ray for _, _, ray in rule.arranged(self.units)]
        self.root, self.sides, _ = probed(rule, problem, self.risk, [])
        scale = lcm(*(y.denominator for (y,) in problem.targets))
        self.labels = [int(y * scale) for (y,) in problem.targets]
        size = len(self.closed)
        columns = [[float(x) for x in _value(self.units, ray)] for ray in self.closed]
        table = np.array([*columns, *[[-x for x in c] for c in columns]]).reshape(2 * size, len(self.labels))
        if problem.output_bias:
            table = table - table.mean(axis=1, keepdims=True)
        norms = np.linalg.norm(table, axis=1, keepdims=True)
        norms[norms == 0] = 1
        self.table = table / norms
        self.goal = np.array([float(y) for y in self.labels])
        if problem.output_bias:
            self.goal = self.goal - self.goal.mean()
        self.goal = self.goal / (np.abs(self.goal).max() or 1)

    def _guesses(self) -> Iterator[list[int]]:
        """Vectors that would prove a lot if they were admissible, small ones, and multiples of them."""
        n, total = len(self.labels), sum(self.labels)
        centred = [n * y - total for y in self.labels] if self.problem.output_bias else self.labels
        yield centred
        yield [-x for x in centred]
        yield self.labels
        for _ in range(12):
            yield [x * self.rng.choice([0, 1, 1, 1, 2]) for x in centred]
            yield self._balanced([self.rng.randint(-2, 2) for _ in range(n)])

    def _balanced(self, g: list[int]) -> list[int]:
        if self.problem.output_bias and len(g) > 1:
            k = self.rng.randrange(len(g))
            g[k] -= sum(g)
        return g

    def _offer(self, g: Sequence[int], multiples: int = 0) -> None:
        """Take a vector, and multiples that fill packed fields, if the module's gains admit them."""
        for factor in [1, *(round(2 ** self.rng.uniform(1, 24)) for _ in range(multiples))]:
            h = tuple(x * factor for x in g)
            if h in self.vectors:
                continue
            try:
                _, _, (fails,) = probed(self.rule, self.problem, self.risk, [h])
            except OverflowError:
                self.offered.append(h)
                continue
            except BREAKS:
                continue
            self.offered.append(h)
            self.vectors.append(h)
            self.fails.append(fails)

    def _relaxed(self, node: Node) -> np.ndarray:
        """y − f at the least squares solution over the rays of all units."""
        union = 0
        for unit in node:
            union |= unit
        places = [k for k in range(len(self.table)) if union >> k & 1]
        if not places:
            return self.goal
        try:
            x, _ = nnls(self.table[places].T, self.goal)
        except RuntimeError:
            return self.goal
        left: np.ndarray = self.goal - self.table[places].T @ x
        return left

    def _grow(self, node: Node) -> bool:
        self.left -= 1
        if self.left < 0:
            return False
        served = self._serving(node)
        if served is None and not self.fixed:
            left = self._relaxed(node)
            top = np.abs(left).max()
            for digits in (1, 3, 12, 200, 10**6) if top > 1e-9 else ():
                self._offer(self._balanced([round(float(x)) for x in left / top * digits]))
            served = self._serving(node)
        if served is not None:
            self.entries.append(served)
            return True
        options = []
        for j, unit in enumerate(node):
            for q, (high, low) in enumerate(self.sides):
                parts = unit & high, unit & low
                if unit not in parts:
                    options.append((q == 0, min(part.bit_count() for part in parts), self.rng.random(), j, q))
        if not options:
            return False
        *_, j, q = max(options)
        self.entries.append(-1 - (j * len(self.sides) + q))
        high, low = (node[j] & side for side in self.sides[q])
        return all(self._grow(child) for child in self.rule.children(node, node[j], high, low))

    def _serving(self, node: Node) -> int | None:
        """A vector that the module's own walk admits at a leaf."""
        serving = [e for e, fails in enumerate(self.fails) if not self.leaf(unit & fails for unit in node)]
        if self.fixed and not self.entries:  # a leaf alone would leave the other vectors unused
            return None
        if self.fixed:
            used = max(self.entries, default=-1) + 1
            return next((e for e in (used, *range(max(used, 0))) if e in serving), None)
        return serving[0] if serving else None


def _value(units: object, ray: Sequence[int]) -> list[int]:
    """H on the samples as the units' fields say."""
    start, kinks, planes = units.start, units.kinks, units.planes  # type: ignore[attr-defined]
    found = []
    for i, row in enumerate(units.rows):  # type: ignore[attr-defined]
        z = sum(a * b for a, b in zip(row, ray, strict=False))
        total = start[0] * z + (start[1] * ray[-1] if units.cone else 0)  # type: ignore[attr-defined]
        for p, kink in enumerate(kinks):
            total += kink * max(0, sum(a * b for a, b in zip(planes[i * len(kinks) + p], ray, strict=True)))
        found.append(total)
    return found


def blocks(rng: Random, pool: Sequence[tuple[int, ...]], most: int) -> Iterator[list[tuple[int, ...]]]:
    """Blocks of vectors of different sizes; what overflows a field silently is never in the last one."""
    for _ in range(most if len(pool) > 1 else 0):
        small, large = sorted(rng.sample(pool, 2), key=lambda g: max(map(abs, g)))
        yield rng.choice([[large, small], [small, large, tuple(2 * x for x in small)]])


class Probe(Exception):
    """Ends a call of the rule once the arguments of its walk are known."""


def probed(
    rule: ModuleType, problem: Problem, risk: Fraction, vectors: Sequence[Sequence[int]]
) -> tuple[Node, list[tuple[int, int]], list[int]]:
    """What the module's rule hands to its walk for these vectors: root, sides, where they fail; or what it raises."""
    found: list[Any] = []
    kept = rule.walk

    def walk(tree: list[int], root: Node, sides: list[tuple[int, int]], fails: list[int], *_: object) -> None:
        found.extend((root, sides, fails))
        raise Probe

    rule.walk = walk  # type: ignore[attr-defined]
    try:
        planes = len(problem.inputs) * len(problem.activations[0].breakpoints)
        every = [-1 - q for q in range(planes + 1)]  # names all samples, so that none is left out
        step = {"risk": str(risk), "vectors": [list(g) for g in vectors], "tree": every}
        rule.global_lower_bound(Reading(Proof(problem), Fields(step, "")))
    except Probe:
        return found[0], found[1], found[2]
    finally:
        rule.walk = kept  # type: ignore[attr-defined]
    raise LookupError("the rule did not come to its walk")
