"""Rank and spans over the rationals, by fraction-free elimination on integer rows."""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import combinations
from math import comb, gcd, lcm

from .errors import MAX_BITS, Declined, within_budget

Row = Sequence[Fraction]
Direction = tuple[int, ...]
MAX_RAYS = 20_000


def integral(row: Row) -> list[int]:
    """The positive multiple of a rational row with coprime integer entries (the zero row stays zero)."""
    scale = 1
    for x in row:
        scale = lcm(scale, x.denominator)
        if scale.bit_length() > MAX_BITS:
            raise Declined("the denominators of a row have no common multiple within the budget on numbers")
    whole = [x.numerator * (scale // x.denominator) for x in row]
    common = gcd(*whole) or 1
    return [x // common for x in whole]


def echelon(rows: Iterable[Row]) -> list[list[int]]:
    """Rows in echelon form that span the same space: as many as the rank, with distinct leading columns."""
    basis: dict[int, list[int]] = {}
    for row in rows:
        left = integral(row)
        for column in range(len(left)):
            if not left[column]:
                continue
            if column not in basis:
                basis[column] = left
                break
            pivot = basis[column]
            a, b = pivot[column], left[column]
            left = [a * y - b * x for x, y in zip(pivot, left, strict=True)]
            common = gcd(*left) or 1
            left = [x // common for x in left]
            if max(x.bit_length() for x in left) > MAX_BITS:
                raise Declined("an elimination outgrew the budget on numbers")
    return [basis[column] for column in sorted(basis)]


def rank(rows: Iterable[Row]) -> int:
    """The rank of a matrix given by its rows."""
    return len(echelon(rows))


def total(terms: Iterable[Fraction]) -> Fraction:
    """The sum; every partial sum stays within the budget on numbers."""
    value = Fraction(0)
    for term in terms:
        value = within_budget(value + term)
    return value


def dot(u: Row, v: Row) -> Fraction:
    """The inner product; vectors of unequal length are an error."""
    return total(a * b for a, b in zip(u, v, strict=True))


def fractions(row: Sequence[int]) -> list[Fraction]:
    """The row as fractions."""
    return [Fraction(x) for x in row]


def sign(x: Fraction | int) -> int:
    """−1, 0 or 1."""
    return (x > 0) - (x < 0)


def nullspace(rows: Iterable[Row], width: int) -> list[list[Fraction]]:
    """A basis of the vectors orthogonal to all rows; without rows, the unit vectors."""
    basis, found = echelon(rows), []
    leads = [next(c for c in range(width) if row[c]) for row in basis]
    for free in (c for c in range(width) if c not in leads):
        vector = [Fraction(c == free) for c in range(width)]
        for row, lead in zip(reversed(basis), reversed(leads), strict=True):
            vector[lead] = -sum((row[c] * vector[c] for c in range(lead + 1, width)), Fraction(0)) / row[lead]
        found.append(vector)
    return found


def null_vector(rows: Sequence[Sequence[int]], width: int) -> list[int] | None:
    """The primitive integer vector, unique up to sign, that is orthogonal to width − 1 independent rows; else None."""
    found = nullspace(map(fractions, rows), width)
    return integral(found[0]) if len(found) == 1 else None


def rays(rows: Sequence[Direction]) -> Iterator[list[int]]:
    """The rays, up to sign, of the central arrangement of the hyperplanes ⟨row, x⟩ = 0, modulo its lineality space.

    The lineality space is complemented by the coordinate subspace of the pivot columns, on which the rows keep
    their rank D; there a ray is the null vector of D − 1 independent rows. Some rays may come more than once.
    """
    basis = echelon(map(fractions, rows))
    pivots = [next(c for c in range(len(row)) if row[c]) for row in basis]
    if comb(len(rows), max(len(pivots) - 1, 0)) > MAX_RAYS:
        raise Declined("too many boundaries meet at a point to visit their rays")
    for chosen in combinations(rows, max(len(pivots) - 1, 0)):
        ray = null_vector([[row[c] for c in pivots] for row in chosen], len(pivots)) if pivots else None
        if ray is not None:
            full = dict(zip(pivots, ray, strict=True))
            yield [full.get(c, 0) for c in range(len(rows[0]))]
