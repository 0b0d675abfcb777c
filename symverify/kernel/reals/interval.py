"""Intervals with ends in units of 2^-PLACES, rounded outward; matrices of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..core.errors import Declined, Rejected, spend
from .enclosure import PLACES, UNIT, Bounds, exact, up

MAX_SIZE = 1 << 128  # of the numbers that intervals are made of
PRODUCT = 400  # the work of one product of intervals


@dataclass(frozen=True, slots=True)
class Interval:
    """lo ≤ 2^PLACES · x ≤ hi."""

    lo: int
    hi: int

    def __add__(self, other: "Interval") -> "Interval":
        return Interval(self.lo + other.lo, self.hi + other.hi)

    def __sub__(self, other: "Interval") -> "Interval":
        return Interval(self.lo - other.hi, self.hi - other.lo)

    def __neg__(self) -> "Interval":
        return Interval(-self.hi, -self.lo)

    def __mul__(self, other: "Interval") -> "Interval":
        a, b, c, d = self.lo, self.hi, other.lo, other.hi
        if a >= 0 and c >= 0:
            low, high = a * c, b * d
        else:
            ends = (a * c, a * d, b * c, b * d)
            low, high = min(ends), max(ends)
        return Interval(low >> PLACES, -(-high >> PLACES))

    def over(self, other: "Interval") -> "Interval":
        """The quotient by an interval of positive numbers."""
        if other.lo <= 0:
            raise ValueError("a divisor that may not be positive")
        low, high = min(self.lo * UNIT, 0), max(self.hi * UNIT, 0)
        below = low // other.lo if self.lo < 0 else self.lo * UNIT // other.hi
        above = up(high, other.lo) if self.hi > 0 else up(self.hi * UNIT, other.hi)
        return Interval(below, above)

    def times(self, q: Fraction) -> "Interval":
        """A rational multiple."""
        if q == 1:
            return self
        low, high = (self.lo, self.hi) if q >= 0 else (self.hi, self.lo)
        return Interval(low * q.numerator // q.denominator, up(high * q.numerator, q.denominator))

    @property
    def bounds(self) -> Bounds:
        """The two ends."""
        return self.lo, self.hi

    @property
    def lower(self) -> Fraction:
        """The lower end."""
        return Fraction(self.lo, UNIT)

    @property
    def upper(self) -> Fraction:
        """The upper end."""
        return Fraction(self.hi, UNIT)

    @property
    def size(self) -> Fraction:
        """The largest |x|."""
        return Fraction(max(-self.lo, self.hi), UNIT)

    @property
    def sign(self) -> int:
        """−1 or 1, 0 where it may be either."""
        return (self.lo > 0) - (self.hi < 0)


NONE, WHOLE = Interval(0, 0), Interval(UNIT, UNIT)
Matrix = Sequence[Sequence[Interval]]


def interval(q: Fraction, radius: Fraction = Fraction(0)) -> Interval:
    """[q − radius, q + radius]."""
    if abs(q) + radius >= MAX_SIZE:
        raise Declined("a number beyond 2^128 in an enclosure")
    return Interval(exact(q - radius)[0], exact(q + radius)[1])


def summed(terms: Iterable[Interval]) -> Interval:
    """The sum."""
    lo = hi = 0
    for each in terms:
        lo, hi = lo + each.lo, hi + each.hi
    return Interval(lo, hi)


def inner(u: Sequence[Interval], v: Sequence[Interval]) -> Interval:
    """The inner product; factors that are 0 cost nothing."""
    return summed(a * b for a, b in zip(u, v, strict=True) if (a.lo or a.hi) and (b.lo or b.hi))


def deviations(left: Matrix, right: Matrix) -> list[Fraction]:
    """Upper bounds of Σ_c |(left · right − 1)_ac| for each row a of square matrices."""
    spend(PRODUCT * len(left) ** 3)
    columns, found = list(zip(*right, strict=True)), []
    for a, row in enumerate(left):
        entries = (inner(row, column) - (WHOLE if a == c else NONE) for c, column in enumerate(columns))
        found.append(sum((entry.size for entry in entries), Fraction(0)))
    return found


def require_positive(matrix: Matrix, where: str, what: str) -> None:
    """All symmetric matrices in an interval matrix are positive definite: eliminated, every pivot is positive.

    Only the upper triangle is read. For each matrix its pivots lie in the intervals computed. The empty one is.
    """
    size = len(matrix)
    spend(PRODUCT * size**3)
    left = [list(row) for row in matrix]
    for p in range(size):
        if left[p][p].lo <= 0:
            raise Rejected(where, f"{what} is not positive definite on the box")
        for a in range(p + 1, size):
            ratio = left[p][a].over(left[p][p])
            for b in range(a, size):
                left[a][b] = left[a][b] - ratio * left[p][b]
