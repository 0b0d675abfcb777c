"""Rank and spans over the rationals, by fraction-free elimination on integer rows."""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from math import comb, gcd, lcm
from operator import mul

from .errors import MAX_BITS, Declined, within_budget

Row = Sequence[Fraction]
Direction = tuple[int, ...]
MAX_RAYS = 40_000


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


def directed(row: Sequence[int]) -> Direction:
    """The primitive multiple of a non-zero row whose first non-zero entry is positive."""
    common = gcd(*row) if next(filter(None, row)) > 0 else -gcd(*row)
    return tuple(x // common for x in row)


def rays(rows: Sequence[Direction]) -> list[Direction]:
    """The rays, up to sign, of the central arrangement of the hyperplanes ⟨row, x⟩ = 0, modulo its lineality space.

    The lineality space is complemented by the coordinate subspace of the pivot columns, on which the rows keep
    their rank D; there a ray is orthogonal to D − 1 independent rows: eliminate one at a time.
    """
    pivots = [next(c for c, x in enumerate(row) if x) for row in echelon(map(fractions, rows))]
    if not pivots:
        return []
    if comb(len(rows), len(pivots) - 1) > MAX_RAYS:
        raise Declined("too many intersections of hyperplanes")

    def descend(start: int, basis: list[Direction]) -> Iterator[Direction]:
        if len(basis) == 1:
            yield directed(basis[0])
            return
        for i in range(start, len(rows)):
            products = [sum(map(mul, rows[i], v)) for v in basis]
            k = next((k for k, p in enumerate(products) if p), None)
            if k is not None:
                p, pivot = products[k], basis[k]
                rest = [(q, v) for j, (q, v) in enumerate(zip(products, basis, strict=True)) if j != k]
                yield from descend(
                    i + 1, [directed([p * a - q * b for a, b in zip(v, pivot, strict=True)]) for q, v in rest]
                )

    units = [tuple(int(i == c) for i in range(len(rows[0]))) for c in pivots]
    return list(dict.fromkeys(descend(0, units)))
