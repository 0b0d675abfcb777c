"""Rank and spans over the rationals, by fraction-free elimination on integer rows."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import gcd, lcm

from .errors import MAX_BITS, Declined

Row = Sequence[Fraction]


def integral(row: Row) -> list[int]:
    """The positive multiple of a rational row with coprime integer entries (the zero row stays zero)."""
    scale = lcm(*(x.denominator for x in row))
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


def dot(u: Row, v: Row) -> Fraction:
    """The inner product; vectors of unequal length are an error."""
    return sum((a * b for a, b in zip(u, v, strict=True)), Fraction(0))
