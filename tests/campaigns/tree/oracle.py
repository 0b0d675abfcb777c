"""The true infimum of the risk of a small problem, through all tuples of cells; shares nothing with the kernel.

A unit is (u, ν), ν ≥ 0, in coordinates of independent columns of the data and ν, for every activation alike:
H(u, ν)_i = s_p z_i + o_p ν on the piece p of z_i against t ν. Its cells are cut out by z_i = t_p ν and ν = 0. Bit k
of a set of signed rays is the ray k with σ = +, bit (number of rays) + k is the ray k with σ = −.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations, combinations_with_replacement
from math import gcd, lcm

import numpy as np
from scipy.optimize import nnls

from tests.examples import Document

Row = list[Fraction]
TRIED = 200_000


def whole(row: Sequence[Fraction]) -> tuple[int, ...]:
    """The primitive integer vector in the direction of a row."""
    scale = lcm(*(x.denominator for x in row))
    entries = [int(x * scale) for x in row]
    return tuple(x // (gcd(*entries) or 1) for x in entries)


def solved(rows: Sequence[Sequence[Fraction]], width: int) -> tuple[list[int], list[Row]]:
    """Gauss and Jordan: the pivot columns, and the reduced rows."""
    left, pivots, reduced = [list(row) for row in rows], list[int](), list[Row]()
    for c in range(width):
        k = next((k for k, row in enumerate(left) if row[c]), None)
        if k is None:
            continue
        pivot = left.pop(k)
        pivot = [x / pivot[c] for x in pivot]
        left, reduced = (
            [[x - row[c] * p for x, p in zip(row, pivot, strict=True)] for row in part] for part in (left, reduced)
        )
        reduced.append(pivot)
        pivots.append(c)
    return pivots, reduced


def null_vector(rows: Sequence[Sequence[Fraction]], width: int) -> Row | None:
    """The vector orthogonal to rows of rank width − 1; None if the rank is another one."""
    pivots, reduced = solved(rows, width)
    if len(pivots) != width - 1:
        return None
    free = next(c for c in range(width) if c not in pivots)
    vector = [Fraction(c == free) for c in range(width)]
    for c, row in zip(pivots, reduced, strict=True):
        vector[c] = -row[free]
    return vector


class Cells:
    """Rays, planes and closed cells of a unit; columns of the least squares problem that a tuple of units is."""

    def __init__(self, document: Document) -> None:
        shape, bias, data = document["activation"], document["bias"], document["data"]
        self.cuts, slopes = ([Fraction(t) for t in shape[name]] for name in ("breakpoints", "slopes"))
        inputs = [[Fraction(x) for x in sample["x"]] + [Fraction(1)] * bias["hidden"] for sample in data]
        self.labels = [Fraction(sample["y"][0]) for sample in data]
        self.n, self.output, self.width = len(data), bool(bias["output"]), int(document["layers"][1])
        self.factor = Fraction(document["loss"].get("factor", 1))
        anchor, at = (Fraction(x) for x in shape["anchor"])
        lines = [(slopes[0], Fraction(0))]
        for p, t in enumerate(self.cuts):
            lines.append((slopes[p + 1], lines[-1][1] + (slopes[p] - slopes[p + 1]) * t))
        s, o = lines[sum(t < anchor for t in self.cuts)]
        self.pieces = [(a, b + at - (s * anchor + o)) for a, b in lines]
        self.kept, self.inputs = solved(inputs, len(inputs[0]))[0], len(inputs[0])
        self.rows = [[x[c] for c in self.kept] for x in inputs]
        self.dimension = len(self.kept) + 1
        self.best: tuple[list[int], dict[int, Fraction]] = [], {}  # units of an optimal tuple, and their rays' weights
        self.planes = [[*row, -t] for row in self.rows for t in self.cuts]
        self.rays = self._rays()
        self.columns = [self.value(ray) for ray in self.rays]
        signs = [[self._dot(plane, ray) for plane in self.planes] for ray in self.rays]
        size = len(self.rays)
        self.everything = (1 << 2 * size) - 1
        self.sides = [((1 << size) - 1, ((1 << size) - 1) << size)]
        for k in range(len(self.planes)):
            high, low = (sum(1 << r for r in range(size) if s * signs[r][k] >= 0) for s in (1, -1))
            self.sides.append((high | high << size, low | low << size))

    @staticmethod
    def _dot(a: Sequence[Fraction | int], b: Sequence[Fraction | int]) -> Fraction:
        return sum((Fraction(x) * y for x, y in zip(a, b, strict=True)), Fraction(0))

    def _rays(self) -> list[tuple[int, ...]]:
        """All rays with ν ≥ 0."""
        top = [Fraction(c == self.dimension - 1) for c in range(self.dimension)]
        walls = [*self.planes, top]
        if not self.cuts:
            walls += [[Fraction(c == k) for c in range(self.dimension)] for k in range(self.dimension - 1)]
        found = dict[tuple[int, ...], None]()
        lines = {whole(w) for w in walls if any(w)}
        lines = {x for x in lines if tuple(-e for e in x) not in lines or x > tuple(-e for e in x)}
        for chosen in combinations(sorted(lines), self.dimension - 1):
            vector = null_vector([[Fraction(x) for x in row] for row in chosen], self.dimension)
            if vector is not None:
                ray = whole(vector)
                for side in (ray, tuple(-x for x in ray)):
                    if side[-1] >= 0:
                        found[side] = None
        return list(found)

    def value(self, ray: Sequence[int]) -> Row:
        """H on the samples, centred if there is an output bias."""
        column = []
        for row in self.rows:
            z, nu = self._dot(row, ray[:-1]), ray[-1]
            s, o = self.pieces[sum(t * nu < z for t in self.cuts)]
            column.append(s * z + o * nu)
        return self.centred(column)

    def centred(self, column: Sequence[Fraction]) -> Row:
        """The column less its mean, if there is an output bias."""
        mean = sum(column, Fraction(0)) / self.n if self.output else Fraction(0)
        return [x - mean for x in column]

    def cells(self) -> list[int]:
        """The closed cells with ν > 0, each as the set of its rays: all compositions of the rays' signs."""
        size = len(self.rays)
        walls = [*self.planes, [Fraction(c == self.dimension - 1) for c in range(self.dimension)]]
        if not self.cuts:
            walls += [[Fraction(c == k) for c in range(self.dimension)] for k in range(self.dimension - 1)]
        walls = [wall for wall in walls if any(wall)]
        signs = [tuple((v > 0) - (v < 0) for v in (self._dot(w, ray) for w in walls)) for ray in self.rays]
        zero = (0,) * len(walls)
        found, front = {zero}, [zero]
        while front:
            x = front.pop()
            for y in set(signs):
                both = tuple(a or b for a, b in zip(x, y, strict=True))
                if both not in found:
                    found.add(both)
                    front.append(both)
        whole_cells = [x for x in found if all(x)]
        return [sum(1 << r for r in range(size) if all(b in (a, 0) for a, b in zip(x, signs[r], strict=True)))
                for x in whole_cells]  # fmt: skip

    def columns_of(self, units: Sequence[int]) -> list[int]:
        """The signed rays that occur in units."""
        union = 0
        for unit in units:
            union |= unit
        return [k for k in range(2 * len(self.rays)) if union >> k & 1]

    def column(self, k: int) -> Row:
        """The column of a signed ray."""
        size = len(self.rays)
        return self.columns[k] if k < size else [-x for x in self.columns[k - size]]

    def least(self, units: Sequence[int]) -> tuple[Fraction, Row, dict[int, Fraction]]:
        """min |y − A x|², x ≥ 0, over the columns of the units: exactly. The value, y − A x, and x without zeros."""
        names, goal = self.columns_of(units), self.centred(self.labels)
        chosen = self._support(names, goal)
        return non_negative({k: self.column(k) for k in names}, goal, chosen)

    def _support(self, names: Sequence[int], goal: Row) -> list[int]:
        """A guess of where the solution is not 0."""
        if not names or not any(goal):
            return []
        columns = np.array([[float(x) for x in self.column(k)] for k in names]).T
        norms = np.linalg.norm(columns, axis=0)
        norms[norms == 0] = 1
        try:
            found, _ = nnls(columns / norms, np.array([float(y) for y in goal]) / max(abs(float(y)) for y in goal))
        except RuntimeError:
            return []
        return [names[k] for k in np.flatnonzero(found > 1e-9)]

    def infimum(self) -> Fraction | None:
        """inf R, exactly; None if there are too many tuples. What it returns is always approached by some points."""
        size, cells = len(self.rays), self.cells()
        units = [cell << size * side for cell in cells for side in (0, 1)] or [0]
        count = min(self.width, self.n)
        tuples = list(combinations_with_replacement(range(len(units)), count)) if len(units) ** count < TRIED else None
        if tuples is None:
            return None
        goal = self.centred(self.labels)
        top = max(abs(float(y)) for y in goal) or 1.0
        y = np.array([float(x) / top for x in goal])
        matrix = np.array([[float(x) for x in self.column(k)] for k in range(2 * size)]).reshape(2 * size, self.n).T
        norms = np.linalg.norm(matrix, axis=0)
        norms[norms == 0] = 1
        matrix = matrix / norms
        places = [[k for k in range(2 * size) if unit >> k & 1] for unit in units]
        values = []
        for chosen in tuples:
            columns = sorted({k for u in chosen for k in places[u]})
            try:
                x, _ = nnls(matrix[:, columns], y) if columns else (np.zeros(0), 0.0)
                values.append(float(np.sum((y - matrix[:, columns] @ x) ** 2)))
            except RuntimeError:
                values.append(0.0)
        edge = min(values) + 1e-9
        best = [chosen for chosen, value in zip(tuples, values, strict=True) if value <= edge][:5]
        found = []
        for chosen in best:
            value, _, x = self.least([units[u] for u in chosen])
            found.append((value, [units[u] for u in chosen], x))
        least = min(found, key=lambda each: each[0])
        self.best = least[1], least[2]
        return self.factor * least[0]

    def unit(self, unit: int, x: dict[int, Fraction]) -> tuple[int, Row, Fraction]:
        """(sign, u, ν) of the combination of signed rays, in all input coordinates."""
        size, u, nu = len(self.rays), [Fraction(0)] * self.inputs, Fraction(0)
        sides = {1 if k < size else -1 for k in x if unit >> k & 1}
        for k, c in x.items():
            if unit >> k & 1:
                ray = self.rays[k % size]
                for place, entry in zip(self.kept, ray, strict=False):
                    u[place] += c * entry
                nu += c * ray[-1]
        return (sides.pop() if sides else 1), u, nu


def project(columns: Sequence[Row], goal: Row) -> list[Fraction] | None:
    """The exact least squares coefficients; None if the columns are dependent."""
    m = len(columns)
    grams = [[Cells._dot(a, b) for b in columns] + [Cells._dot(a, goal)] for a in columns]
    pivots, reduced = solved(grams, m)
    if len(pivots) < m:
        return None
    return [row[m] for row in reduced]


def non_negative(columns: dict[int, Row], goal: Row, guess: Sequence[int]) -> tuple[Fraction, Row, dict[int, Fraction]]:
    """Lawson and Hanson's method in rational arithmetic, from a guessed support."""
    passive = list[int]()
    for k in guess:
        trial = project([columns[j] for j in [*passive, k]], goal)
        if trial is not None:
            passive.append(k)
    x: dict[int, Fraction] = {}
    first = project([columns[j] for j in passive], goal) if passive else []
    if first is None or any(c < 0 for c in first):
        passive, first = [], []
    x = dict(zip(passive, first, strict=True))
    while True:
        f = [sum((c * columns[k][i] for k, c in x.items()), Fraction(0)) for i in range(len(goal))]
        left = [a - b for a, b in zip(goal, f, strict=True)]
        pulls = {k: Cells._dot(left, column) for k, column in columns.items() if k not in x}
        enter = next((k for k, pull in pulls.items() if pull > 0), None)  # the first: no cycles
        if enter is None:
            return Cells._dot(left, left), left, {k: c for k, c in x.items() if c}
        x[enter] = Fraction(0)
        while True:
            passive = list(x)
            target = project([columns[k] for k in passive], goal)
            if target is None:
                raise ArithmeticError("dependent columns")
            new = dict(zip(passive, target, strict=True))
            if min(new.values()) >= 0:
                x = new
                break
            step = min(x[k] / (x[k] - new[k]) for k in passive if new[k] < 0)
            x = {k: x[k] + step * (new[k] - x[k]) for k in passive}
            x = {k: c for k, c in x.items() if c > 0 or (k == enter and step == 0 and new[k] > 0)}
