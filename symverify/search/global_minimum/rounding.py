"""Integer vectors near a real one and exactly orthogonal to a few given integer vectors."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from flint import fmpz_mat

from symverify.ground import linear
from symverify.ground.floats import spanning
from symverify.search.global_minimum.generators import Floats

EXTRA = 8  # coordinates that the correction may use beyond those that it needs
WEIGHT = 1 << 40  # makes lattice reduction remove the products before anything else
MARK = 4  # marks the row of the lattice that carries the correction


class Rounding:
    """Rounding orthogonally to q independent integer vectors `lines` of n entries."""

    def __init__(self, lines: Sequence[Sequence[int]], count: int) -> None:
        self.lines = [[int(x) for x in line] for line in lines]
        self.order = list(range(count))
        if len(lines) > 1:
            scaled = np.array([[x / top for x in line] for line in self.lines for top in (max(map(abs, line)),)])
            first, _ = spanning(scaled.T)
            self.order = [*first, *sorted(set(range(count)) - set(first))]

    def __call__(self, real: Floats) -> list[int]:
        """An integer vector near a multiple of `real`, which is nearly orthogonal to the lines itself."""
        vector = [int(x) for x in np.rint(real)]
        products = [sum(a * g for a, g in zip(line, vector, strict=True)) for line in self.lines]
        if not any(products):
            return vector
        if len(self.lines) == 1 and len(set(self.lines[0])) == 1:
            return _balanced(vector, real)
        return self._reduced(vector, products) or self._solved(vector)

    def _reduced(self, vector: list[int], products: list[int]) -> list[int] | None:
        """A short correction on a few coordinates: a short vector of a lattice that has it as one (embedding)."""
        chosen = self.order[: len(self.lines) + EXTRA]
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
    gap = sum(vector)
    step = 1 if gap > 0 else -1
    order = np.argsort(step * (real - np.rint(real)), kind="stable")
    for k in range(abs(gap)):
        vector[int(order[k % len(vector)])] -= step
    return vector
