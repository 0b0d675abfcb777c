"""Quadratic forms over the rationals: null spaces, definiteness."""

from collections.abc import Iterable, Sequence
from fractions import Fraction

from ..core.algebra import Row, dot, echelon, total
from ..core.errors import Rejected, within_budget

Matrix = Sequence[Row]


def nullspace(rows: Iterable[Row], width: int) -> list[list[Fraction]]:
    """A basis of the vectors orthogonal to all rows; without rows, the unit vectors."""
    basis, found = echelon(rows), []
    leads = [next(c for c in range(width) if row[c]) for row in basis]
    for free in (c for c in range(width) if c not in leads):
        vector = [Fraction(c == free) for c in range(width)]
        for row, lead in zip(reversed(basis), reversed(leads), strict=True):
            terms = (within_budget(row[c] * vector[c]) for c in range(lead + 1, width) if row[c] and vector[c])
            vector[lead] = within_budget(-total(terms) / row[lead])
        found.append(vector)
    return found


def restricted(matrix: Matrix, basis: Matrix) -> list[list[Fraction]]:
    """The form on the span of the basis: ZᵀHZ."""
    images = [[dot(row, z) for row in matrix] for z in basis]
    return [[dot(z, image) for image in images] for z in basis]


def require_definite(matrix: Matrix, where: str, what: str) -> None:
    """A symmetric matrix is positive definite: eliminated in order, every pivot is positive. The empty one is."""
    left = [list(row) for row in matrix]
    while left:
        pivot, *rest = left
        if pivot[0] <= 0:
            raise Rejected(where, f"{what} is not positive definite")
        left = [
            [
                within_budget(x - row[0] * y / pivot[0], x, row[0], y, pivot[0])
                for x, y in zip(row[1:], pivot[1:], strict=True)
            ]
            for row in rest
        ]
