"""Exact linear algebra over the rationals, on python-flint's matrices.

Matrices are sequences of rows of `Fraction` (or `int`); results are `Fraction`s. The kernel has its own,
independent elimination; nothing here is trusted.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import gcd, lcm

from flint import fmpq, fmpq_mat, nmod_mat

from .time_limit import on_time

Number = Fraction | int
Matrix = Sequence[Sequence[Number]]
PRIME = (1 << 61) - 1


def _matrix(rows: Matrix) -> fmpq_mat:
    """The flint matrix of `rows`; raises ValueError if they are ragged."""
    on_time()
    width = len(rows[0]) if rows else 0
    if any(len(row) != width for row in rows):
        raise ValueError("ragged matrix")
    return fmpq_mat(len(rows), width, [fmpq(x.numerator, x.denominator) for row in rows for x in row])


def _fraction(x: fmpq) -> Fraction:
    return Fraction(int(x.p), int(x.q))


def _reduced(rows: Matrix) -> tuple[list[list[Fraction]], list[int]]:
    """The non-zero rows of the reduced row echelon form, and their pivot columns."""
    if not rows or not rows[0]:
        return [], []
    form, rank = _matrix(rows).rref()
    reduced = [[_fraction(form[i, j]) for j in range(form.ncols())] for i in range(rank)]
    return reduced, [next(j for j, x in enumerate(row) if x) for row in reduced]


def rank(rows: Matrix) -> int:
    """The rank of the m × n matrix `rows` (0 for an empty one)."""
    return int(_matrix(rows).rref()[1]) if rows and rows[0] else 0


def nullspace(rows: Matrix, width: int) -> list[list[Fraction]]:
    """A basis of {x ∈ ℚ^width : rows · x = 0}; `width` matters when `rows` is empty."""
    reduced, pivots = _reduced(rows)
    basis = []
    for free in sorted(set(range(width)) - set(pivots)):
        vector = [Fraction(0)] * width
        vector[free] = Fraction(1)
        for row, pivot in zip(reduced, pivots, strict=True):
            vector[pivot] = -row[free]
        basis.append(vector)
    return basis


def solve(rows: Matrix, rhs: Sequence[Number], width: int) -> list[Fraction] | None:
    """Some x ∈ ℚ^width with rows · x = rhs (free variables 0), or None if there is none."""
    augmented = [[*row, b] for row, b in zip(rows, rhs, strict=True)]
    reduced, pivots = _reduced(augmented)
    if width in pivots:
        return None
    x = [Fraction(0)] * width
    for row, pivot in zip(reduced, pivots, strict=True):
        x[pivot] = row[width]
    return x


def independent_rows(rows: Matrix) -> list[int]:
    """Indices of the first maximal linearly independent subset of `rows`, in order."""
    return _reduced(list(zip(*rows, strict=True)))[1] if rows else []


def independent_columns(rows: Matrix) -> list[int]:
    """Indices of the first maximal independent subset of the columns, in order, by elimination modulo a prime.

    What is independent modulo a prime is independent. Some may be missing, for one prime in about 2^60.
    """
    return independent_integers([primitive(row) for row in rows])


def independent_integers(rows: Sequence[Sequence[int]]) -> list[int]:
    """`independent_columns` of integers."""
    if not rows or not rows[0]:
        return []
    form, count = nmod_mat(len(rows), len(rows[0]), [x % PRIME for row in rows for x in row], PRIME).rref()
    return [next(c for c in range(form.ncols()) if form[r, c]) for r in range(count)]


def least_squares(rows: Matrix, targets: Matrix) -> list[list[Fraction]]:
    """The B minimising Σ‖rows·B − targets‖² that is 0 beside the first independent columns of rows.

    rows is n × p, targets n × q, the result p × q.
    """
    kept = independent_columns(rows)
    found = [[Fraction(0)] * len(targets[0]) for _ in rows[0]]
    design, moments = _matrix([[row[c] for c in kept] for row in rows]), _matrix(targets)
    if len(kept) < len(rows):
        across = design.transpose()
        design, moments = across * design, across * moments
    for c, row in zip(kept, _rows(design.solve(moments)) if kept else (), strict=True):
        found[c] = row
    return found


def _rows(matrix: fmpq_mat) -> list[list[Fraction]]:
    return [[_fraction(matrix[i, j]) for j in range(matrix.ncols())] for i in range(matrix.nrows())]


def primitive(vector: Sequence[Number]) -> list[int]:
    """The integer multiple of `vector` by a positive factor with coprime entries (0 stays 0)."""
    on_time()
    scale = lcm(*(x.denominator for x in vector))
    whole = [x.numerator * (scale // x.denominator) for x in vector]
    common = gcd(*whole) or 1
    return [x // common for x in whole]
