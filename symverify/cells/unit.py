"""The cells of one hidden unit of a one-hidden-layer problem: which samples lie on which piece.

With x̃_i = (x_i, 1), or x_i without hidden bias, a unit's cells are the regions of the hyperplanes ⟨w, x̃_i⟩ = t_p.
If a bias moves the only breakpoint to 0, or it is 0, these are central; otherwise one takes the cone over them,
with a coordinate ν > 0, and w = u/ν.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from symverify.cells.arrangement import Arrangement, arrangement, witness
from symverify.errors import NotShallow
from symverify.ground.linear import primitive
from symverify.kernel.core.activation import ONE, ZERO
from symverify.kernel.core.network import Problem


@dataclass(frozen=True, slots=True)
class UnitCells:
    """All cells of one unit. `signs` belong to (sample, breakpoint) pairs, `pieces` (C, n) to samples."""

    problem: Problem
    chambers: Arrangement | None  # None without hyperplanes: one cell
    pieces: NDArray[np.int8]
    shift: Fraction
    cone: bool

    def __len__(self) -> int:
        return len(self.pieces)

    def pattern(self, cell: int) -> str:
        """One digit per sample: the piece that it lies on, counted from the left from 0."""
        return "".join(map(str, self.pieces[cell].tolist()))

    def weights(self, vector: tuple[int, ...]) -> tuple[Fraction, ...]:
        """A vector of the arrangement's space as weights, bias last; in a cone its last coordinate is ν."""
        w = [Fraction(x) for x in vector]
        if self.cone:
            *w, nu = w
            w = [x / nu for x in w]
        if self.problem.hidden_bias:
            w[-1] += self.shift
        return tuple(w)

    def witness(self, cell: int) -> tuple[Fraction, ...]:
        """Weights strictly inside the cell, the bias last."""
        width = self.problem.widths[0] + self.problem.hidden_bias
        if self.chambers is None:
            return (ZERO,) * width
        return self.weights(witness(self.chambers, cell))

    def rays(self) -> Iterator[list[tuple[int, ...]]]:
        """Per cell the extreme rays of its closure, in the arrangement's space."""
        if self.chambers is None:
            yield from ([] for _ in range(len(self)))
            return
        found = self.chambers.chamber_rays()
        for cell in range(len(self)):
            span = range(found.indptr[cell], found.indptr[cell + 1])
            yield [tuple(int(found.signs[k]) * int(x) for x in self.chambers.rays[found.ray[k]]) for k in span]


def planes(problem: Problem) -> tuple[list[list[int]], bool]:
    """The hyperplanes of one unit as integer rows, and whether they are a cone's (then the last row is ν > 0).

    One row per live sample (x̃_i ≠ 0) and breakpoint, in that order; no rows at all without breakpoints.
    """
    t = problem.activations[0].breakpoints
    rows = [row for row in _inputs(problem) if any(row)]
    if not t or not rows:
        return [], False
    if len(t) == 1 and (problem.hidden_bias or not t[0]):
        return [primitive(row) for row in rows], False
    return [primitive([*row, -p]) for row in rows for p in t] + [[0] * len(rows[0]) + [1]], True


def _inputs(problem: Problem) -> list[list[Fraction]]:
    return [[*x, ONE] if problem.hidden_bias else [*x] for x in problem.inputs]


def unit_cells(problem: Problem) -> UnitCells:
    """The cells of one hidden unit, each once, in a fixed order. Raises NotShallow."""
    if len(problem.widths) != 3:
        raise NotShallow("cells are listed for networks with one hidden layer")
    h = problem.activations[0]
    live = [i for i, row in enumerate(_inputs(problem)) if any(row)]
    still = np.zeros(len(problem.inputs), dtype=np.int8)
    for i in set(range(len(still))) - set(live):
        still[i] = h.pieces(ZERO)[0]
    rows, cone = planes(problem)
    if not rows:
        return UnitCells(problem, None, still[None, :], ZERO, False)
    chambers = arrangement(rows, positive=len(rows) - 1 if cone else None)
    above = chambers.signs[:, : len(live) * len(h.breakpoints)] > 0
    pieces = np.repeat(still[None, :], len(chambers), axis=0)
    pieces[:, live] = above.reshape(len(chambers), len(live), len(h.breakpoints)).sum(axis=2, dtype=np.int8)
    return UnitCells(problem, chambers, pieces, ZERO if cone else h.breakpoints[0], cone)
