"""Trees of splits for `global_lower_bound`, grown by brute force: all rays of all sets of planes, every vector tried.

A region of a unit is the set of its signed rays; everything is derived from the network file by the oracle.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations
from math import gcd, lcm
from typing import Any

import flint

from tests.oracles.network import Oracle

Json = Any
Ray = tuple[int, ...]
Region = frozenset[tuple[Ray, int]]


class Unit:
    """The planes, rays and values of one unit of one hidden layer with scalar output."""

    def __init__(self, document: Json) -> None:
        self.oracle, bias = Oracle(document), document.get("bias", True)
        both_ways = {"hidden": bias, "output": bias} if isinstance(bias, bool) else bias
        hidden, output = (both_ways.get(part, True) for part in ("hidden", "output"))
        cuts, slopes, _ = self.oracle.activation(0)
        bends = [p for p, t in enumerate(cuts) if slopes[p] != slopes[p + 1]]
        cuts, self.ends = [cuts[p] for p in bends], (slopes[0], slopes[-1])
        lone = hidden and len(cuts) == 1
        if hidden and not cuts and slopes[0]:
            self.shift = -self.oracle.apply(0, Fraction(0)) / slopes[0]
        else:
            self.shift = cuts[0] if lone else Fraction(0)
        self.cuts = [t - self.shift for t in cuts]
        at_zero = self.oracle.apply(0, self.shift)
        self.level = at_zero if output else Fraction(0)
        self.cone = any(self.cuts) or self.h(Fraction(0)) != 0
        rows = [[*x, Fraction(1)] if hidden else list(x) for x, _ in self.oracle.samples()]
        columns = [list(column) for column in zip(*rows, strict=True)]
        kept: list[list[Fraction]] = []
        for column in columns:
            if rank([*kept, column]) > len(kept):
                kept.append(column)
        self.rows = [[column[i] for column in kept] for i in range(len(rows))]
        size = len(kept) + self.cone
        self.planes = [[*row, *[-t] * self.cone] for row in self.rows for t in self.cuts]
        if not cuts:
            self.planes = [[Fraction(i == k) for i in range(size)] for k in range(len(kept))]
        walls = [*self.planes, *[[Fraction(i == size - 1) for i in range(size)]] * self.cone]
        self.rays = [ray for ray in both(lines(walls, size)) if not self.cone or ray[-1] >= 0]

    def h(self, z: Fraction) -> Fraction:
        """The activation, moved so that its only kink is at 0 and, with an output bias, its value there is 0."""
        return self.oracle.apply(0, z + self.shift) - self.level

    def value(self, ray: Ray) -> list[Fraction]:
        """H on the samples."""
        nu = Fraction(ray[-1]) if self.cone else Fraction(1)
        z = [sum((a * b for a, b in zip(row, ray, strict=False)), Fraction(0)) for row in self.rows]
        return [nu * self.h(a / nu) if nu else a * self.ends[a > 0] for a in z]

    def sides(self, region: Region, q: int) -> tuple[Region, Region]:
        """The parts on the two closed sides of the sign (q = 0) or of plane q − 1."""
        if not q:
            plus = frozenset(each for each in region if each[1] > 0)
            return plus, region - plus
        at = {each: sum(a * b for a, b in zip(self.planes[q - 1], each[0], strict=True)) for each in region}
        return frozenset(r for r in region if at[r] >= 0), frozenset(r for r in region if at[r] <= 0)


def rank(rows: Sequence[Sequence[Fraction]]) -> int:
    """The rank, by FLINT."""
    return int(flint.fmpq_mat([[flint.fmpq(x.numerator, x.denominator) for x in row] for row in rows]).rank())


def lines(walls: Sequence[Sequence[Fraction]], size: int) -> set[Ray]:
    """The lines in which size − 1 of the walls meet, each by a primitive vector."""
    found: set[Ray] = set()
    whole = [[int(x * lcm(*(y.denominator for y in wall))) for x in wall] for wall in walls if any(wall)]
    for chosen in combinations(whole, size - 1) if size else ():
        null, nullity = flint.fmpz_mat(list(chosen) or [[0] * size]).nullspace()
        if nullity == 1:
            vector = [int(null[i, 0]) for i in range(size)]
            ray = tuple(x // gcd(*vector) for x in vector)
            found.add(ray if next(filter(None, ray)) > 0 else tuple(-x for x in ray))
    return found


def both(found: set[Ray]) -> Iterator[Ray]:
    """Each line in both directions."""
    for ray in sorted(found):
        yield from (ray, tuple(-x for x in ray))


def grown(document: Json, vectors: Sequence[Sequence[int]]) -> tuple[list[list[int]], list[int]] | None:
    """The vectors that serve, in the order of their first use, and a tree; None where some node has no vector."""
    unit, used, tree = Unit(document), list[int](), list[int]()
    fails = []
    for g in vectors:
        pulls = {ray: sum(a * b for a, b in zip(g, unit.value(ray), strict=True)) for ray in unit.rays}
        fails.append({(ray, s) for ray in unit.rays for s in (1, -1) if s * pulls[ray] > 0})
    count = len(unit.planes) + 1

    def grow(node: list[Region]) -> bool:
        for k, bad in enumerate(fails):
            if not any(bad & region for region in node):
                if k not in used:
                    used.append(k)
                tree.append(used.index(k))
                return True
        best = None
        for j, region in enumerate(node):
            for q in range(count):
                high, low = unit.sides(region, q)
                if region not in (high, low) and (best is None or max(len(high), len(low)) < best[0]):
                    best = max(len(high), len(low)), j, q, high, low
        if best is None:
            return False
        _, j, q, high, low = best
        tree.append(-1 - (j * count + q))
        places = [k for k, other in enumerate(node) if other == node[j]]
        for first in range(len(places) + 1):
            child = list(node)
            for k, place in enumerate(places):
                child[place] = high if k < first else low
            if not grow(child):
                return False
        return True

    root = frozenset((ray, s) for ray in unit.rays for s in (1, -1))
    samples = len(unit.oracle.samples())
    if not grow([root] * min(document["layers"][1], samples)):
        return None
    return [list(vectors[k]) for k in used], tree


def bound(document: Json, risk: str, vectors: Sequence[Sequence[int]]) -> Json:
    """The step `global_lower_bound` with a tree over these vectors."""
    found = grown(document, vectors)
    if found is None:
        raise ValueError("the vectors do not serve every region")
    return {"rule": "global_lower_bound", "risk": risk, "vectors": found[0], "tree": found[1]}
