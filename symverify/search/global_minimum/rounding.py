"""Integer vectors near a real one and exactly orthogonal to a few given integer vectors."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from flint import fmpz_mat

from symverify.ground import linear
from symverify.ground.floats import spanning
from symverify.kernel.core.algebra import primitive
from symverify.search.global_minimum.generators import Flags, Floats

EXTRA = 6  # coordinates that the correction may use beyond those that it needs
MORE = 20  # where those are too few
WEIGHT = 1 << 40  # makes lattice reduction remove the products before anything else
MARK = 1 << 10  # marks the row of the lattice that carries the correction


class Rounding:
    """Rounding orthogonally to integer vectors `lines` of n entries, with 0 at some coordinates.

    Most lines only force a coordinate to be 0; what is left to do for the others are lattices of few dimensions.
    Where these have no vector a long one is found; if `short`, more dimensions are tried, and what is found is else 0.
    """

    def __init__(self, lines: Sequence[Sequence[int]], zero: Flags, short: bool = False) -> None:
        self.short = short
        self.kept: list[int] = np.flatnonzero(~zero).tolist()
        shorter = [[line[k] for k in self.kept] for line in lines]
        rows = list({tuple(primitive(line)) for line in shorter if any(line)})
        rows.sort(key=lambda row: (max(map(abs, row)), row))
        scaled = np.array([[x / top for x in row] for row in rows for top in (max(map(abs, row)),)])
        scaled = scaled.reshape(len(rows), len(self.kept))
        chosen, _ = spanning(scaled)
        self.lines, self.order = [list(rows[k]) for k in sorted(chosen)], list(range(len(self.kept)))
        if len(self.lines) > 1:
            first, _ = spanning(scaled[sorted(chosen)].T.copy())
            self.order = [*first, *sorted(set(self.order) - set(first))]

    def __call__(self, real: Floats) -> list[int]:
        """An integer vector near a multiple of `real`, which is nearly orthogonal to the lines itself."""
        vector = [0] * len(real)
        for k, x in zip(self.kept, self.rounded(real[self.kept]), strict=True):
            vector[k] = x
        return vector

    def rounded(self, real: Floats) -> list[int]:
        """The same for the coordinates that are not 0."""
        vector = [int(x) for x in np.rint(real)]
        products = [sum(a * g for a, g in zip(line, vector, strict=True)) for line in self.lines]
        if not any(products):
            return vector
        if len(self.lines) == 1 and len(set(self.lines[0])) == 1:
            return _balanced(vector, real)
        found = self._reduced(vector, products, EXTRA)
        if self.short:
            return found or self._reduced(vector, products, MORE) or [0] * len(vector)
        return found or self._solved(vector)

    def _reduced(self, vector: list[int], products: list[int], extra: int) -> list[int] | None:
        """A short correction on a few coordinates: a short vector of a lattice that has it as one (embedding)."""
        chosen = self.order[: len(self.lines) + extra]
        width, size = len(chosen), len(self.lines)
        rows = []
        for i, k in enumerate(chosen):
            rows.append([int(i == j) for j in range(width)] + [WEIGHT * line[k] for line in self.lines] + [0])
        rows.append([0] * width + [WEIGHT * p for p in products] + [MARK])
        for row in fmpz_mat(rows).lll().tolist():
            if abs(int(row[-1])) == MARK and not any(int(x) for x in row[width : width + size]):
                sign = 1 if row[-1] > 0 else -1
                for k, x in zip(chosen, row, strict=False):
                    vector[k] += sign * int(x)
                return vector
        return None

    def _solved(self, vector: list[int]) -> list[int]:
        """The multiple by a common denominator of the solution for the first q coordinates of `order`."""
        pivots = self.order[: len(self.lines)]
        rest = [k for k in range(len(vector)) if k not in set(pivots)]
        moments = [-sum(line[k] * vector[k] for k in rest) for line in self.lines]
        solved = linear.solve([[line[k] for k in pivots] for line in self.lines], moments, len(pivots))
        exact = [Fraction(x) for x in vector]
        for k, x in zip(pivots, solved or [Fraction(0)] * len(pivots), strict=True):
            exact[k] = x
        return linear.primitive(exact)


def _balanced(vector: list[int], real: Floats) -> list[int]:
    """Make the sum 0, at the entries that were rounded most in that direction."""
    each, rest = divmod(abs(sum(vector)), len(vector))
    step = 1 if sum(vector) > 0 else -1
    order = np.argsort(step * (real - np.rint(real)), kind="stable")
    for k in range(len(vector)):
        vector[int(order[k])] -= step * (each + (k < rest))
    return vector
