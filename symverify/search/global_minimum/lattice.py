"""Integer vectors near a real one, 0 at some coordinates and exactly orthogonal to given integer vectors: for many
vectors at speed. `rounding` does the same on every processor alike.
"""

from typing import Any

import numpy as np
from flint import fmpz_mat
from numpy.typing import NDArray

from symverify.search.global_minimum.generators import Flags, Floats

EXTRA = 6  # coordinates that the correction may use beyond those that it needs
MORE = 20  # where those are too few
WEIGHT = 1 << 40  # makes lattice reduction remove the products before anything else
MARK = 1 << 10  # marks the row of the lattice that carries the correction


class Lattice:
    """The integer vectors that are 0 where `zero` says and orthogonal to `lines` (q, n), and to (1, …, 1) if `biased`.

    The lines need be nearly independent only before coordinates were set to 0.
    """

    def __init__(self, lines: NDArray[Any], zero: Flags, biased: bool) -> None:
        from symverify.search.global_minimum.margins import spanned

        self.kept = np.flatnonzero(~zero)
        rows = lines[:, self.kept]
        if biased:
            rows = np.concatenate([rows, np.ones((1, len(self.kept)), dtype=rows.dtype)])
        scaled = np.array(rows / np.maximum(np.abs(rows).max(axis=1, initial=0), 1)[:, None], dtype=float)
        scaled /= np.maximum(np.sqrt((scaled * scaled).sum(axis=1)), 1e-300)[:, None]
        basis, chosen = np.empty((min(scaled.shape), len(self.kept))), np.empty(len(scaled), dtype=np.int64)
        count = spanned(scaled.copy(), basis, 0, chosen)
        self.lines = rows[np.sort(chosen[:count])]
        self.lines = self.lines // np.gcd.reduce(self.lines, axis=1)[:, None] if count else self.lines
        order = np.empty(len(self.kept), dtype=np.int64)
        first = spanned(np.ascontiguousarray(basis[:count].T), np.empty((count, count)), 0, order)
        rest = np.ones(len(self.kept), dtype=bool)
        rest[order[:first]] = False
        self.order = [*order[:first].tolist(), *rest.nonzero()[0].tolist()]

    def __call__(self, real: Floats) -> list[int]:
        """An integer vector near `real`, which is nearly orthogonal to the lines itself; 0 if none was found."""
        near, found = real[self.kept], np.zeros(len(real), dtype=object)
        vector: NDArray[Any] = np.rint(near).astype(np.int64)
        products = self.lines @ vector
        if products.any() and len(self.lines) == 1 and (self.lines[0] == self.lines[0, 0]).all():
            vector = _balanced(vector, near)
        elif products.any():
            moved = self._reduced(vector, products, EXTRA)
            moved = self._reduced(vector, products, MORE) if moved is None else moved
            vector = 0 * vector if moved is None else moved
        found[self.kept] = vector
        whole: list[int] = [int(x) for x in found]
        return whole

    def _reduced(self, vector: NDArray[Any], products: NDArray[Any], extra: int) -> NDArray[Any] | None:
        """A short correction on a few coordinates: a short vector of a lattice that has it as one (embedding)."""
        chosen = self.order[: len(self.lines) + extra]
        width, size = len(chosen), len(self.lines)
        rows = []
        for i, entries in enumerate(self.lines[:, chosen].T.tolist()):
            rows.append([*[0] * i, 1, *[0] * (width - 1 - i), *[WEIGHT * x for x in entries], 0])
        rows.append([*[0] * width, *[WEIGHT * x for x in products.tolist()], MARK])
        entries, step = fmpz_mat(rows).lll().entries(), width + size + 1
        for start in range(0, len(entries), step):
            mark = entries[start + step - 1]
            if (mark == MARK or mark == -MARK) and not any(entries[start + width : start + step - 1]):
                moved = vector.copy()
                moved[chosen] += (1 if mark > 0 else -1) * np.array([int(x) for x in entries[start : start + width]])
                return moved
        return None


def _balanced(vector: NDArray[Any], real: Floats) -> NDArray[Any]:
    """Make the sum 0, at the entries that were rounded most in that direction."""
    each, rest = divmod(abs(int(vector.sum())), len(vector))
    step = 1 if vector.sum() > 0 else -1
    order = np.argsort(step * (real - np.rint(real)), kind="stable")
    moved = vector - step * each
    moved[order[:rest]] -= step
    return moved
