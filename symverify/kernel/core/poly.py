"""Univariate polynomials over the rationals: what a curve or a path in parameter space is made of."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise, product, zip_longest
from math import factorial, gcd

from .algebra import sign, whole
from .errors import MAX_BITS, Declined, effort, elimination, multiplication, spend

MAX_DEGREE, MAX_PIECES = 128, 256


@dataclass(frozen=True, slots=True)
class Poly:
    """c_0 + c_1 t + … as integers over a denominator, in lowest terms, the last not 0; the zero polynomial is ()."""

    numerators: tuple[int, ...]
    over: int = 1

    @staticmethod
    def of(coefficients: Iterable[Fraction]) -> "Poly":
        """The polynomial with these coefficients, trailing zeros dropped."""
        return reduced(*whole([*coefficients])[:2])

    @property
    def coefficients(self) -> tuple[Fraction, ...]:
        """The c_k."""
        return tuple([Fraction(x, self.over) for x in self.numerators])

    def __add__(self, other: "Scalar | int") -> "Poly":
        (a, m), (b, k) = terms(self), terms(other)
        return reduced([x * k + y * m for x, y in zip_longest(a, b, fillvalue=0)], m * k) if other else self

    def __mul__(self, other: "Scalar | int") -> "Poly":
        (a, m), (b, k) = terms(self), terms(other)
        bits, size = (max([x.bit_length() for x in each], default=0) for each in (a, b))
        spend(len(a) * len(b) * multiplication(bits, size))
        found = [0] * (len(a) + len(b) - 1)
        for (i, x), (j, y) in product(enumerate(a), enumerate(b)):
            found[i + j] += x * y
        return reduced(found, m * k)

    __radd__ = __add__
    __rmul__ = __mul__

    def __sub__(self, other: "Scalar | int") -> "Poly":
        return self + other * -1

    def at_zero(self) -> Fraction:
        """The value at t = 0."""
        return Fraction(self.numerators[0], self.over) if self.numerators else Fraction(0)

    def is_constant(self) -> bool:
        """Whether no power of t occurs."""
        return len(self.numerators) <= 1

    def sign_after_zero(self) -> int:
        """The sign for all small t > 0: that of the first non-zero coefficient."""
        return sign(next(filter(None, self.numerators), 0))


Scalar = Fraction | Poly
Whole = tuple[Sequence[int | Poly], int, int]  # numbers times a common denominator, that, and their most bits


def terms(x: Scalar | int) -> tuple[tuple[int, ...], int]:
    """The coefficients in integers, and their denominator."""
    return (x.numerators, x.over) if isinstance(x, Poly) else ((x.numerator,), x.denominator)


def reduced(row: list[int], over: int) -> Poly:
    """The polynomial with the coefficients row / over."""
    while row and not row[-1]:
        row.pop()
    if len(row) > MAX_DEGREE + 1:
        raise Declined(f"a polynomial of degree above {MAX_DEGREE}")
    spend(len(row) * (75 + elimination(bits := max([over.bit_length(), *[x.bit_length() for x in row]])) // 4))
    if bits - (common := gcd(over, *row)).bit_length() >= MAX_BITS:
        raise Declined(f"a number grew beyond {MAX_BITS} bits")
    return Poly(tuple([x // common for x in row] if common > 1 else row), over // common)


def lifted(row: Sequence[Scalar]) -> Whole:
    """The row times the common denominator of its numbers."""
    numbers, over, bits = whole([x for x in row if not isinstance(x, Poly)])
    left = iter(numbers)
    return [x * over if isinstance(x, Poly) else next(left) for x in row], over, bits


def apart(row: Whole) -> list[Scalar]:
    """The numbers themselves."""
    spend(len(row[0]) * effort(2 * row[2]))
    return [x * Fraction(1, row[1]) if isinstance(x, Poly) else Fraction(x, row[1]) for x in row[0]]


def around(cuts: Sequence[int | Fraction], z: int | Scalar) -> tuple[int, ...]:
    """The piece that z, or z(t) for all small t > 0, is strictly inside, or the two that meet there."""
    start, turn = (z.at_zero(), (z - z.at_zero()).sign_after_zero()) if isinstance(z, Poly) else (z, 0)
    p = bisect_left(cuts, start)
    return (p, p + 1)[turn > 0 : 2 - (turn < 0)] if p < len(cuts) and cuts[p] == start else (p,)


def summed(row: list[int]) -> list[list[int]]:
    """The row, and below it the sums of neighbours, row by row, down to one number."""
    spend(len(row) ** 2 * (20 + max(x.bit_length() for x in row) // 256))
    return list(accumulate(row[1:], lambda above, _: [a + b for a, b in pairwise(above)], initial=row))


def positive_on_unit_interval(p: Poly) -> bool:
    """Whether p(t) > 0 for every t in [0, 1].

    Bernstein: p lies in the hull of its Bernstein coefficients (here times a common positive factor, in integers),
    the end ones are p(0) and p(1). All positive proves it; an end that is not positive refutes it; otherwise halve
    the interval (de Casteljau) and repeat, up to a number of pieces at which the question is declined.
    """
    scaled = [c * factorial(k) * factorial(len(p.numerators) - 1 - k) for k, c in enumerate(p.numerators)] or [0]
    pending, visited = [[row[0] for row in summed(scaled)]], 0  # Σ_k C(i, k) scaled_k
    while pending:
        bernstein, visited = pending.pop(), visited + 1
        if bernstein[0] <= 0 or bernstein[-1] <= 0:
            return False
        if min(bernstein) > 0:
            continue
        if visited > MAX_PIECES:
            raise Declined("a polynomial comes too close to zero on [0, 1] to decide its sign")
        rows = summed(bernstein)  # each row lacks one factor 2 less than the one before
        pending += [[row[0] << len(row) for row in rows], [row[-1] << len(row) for row in reversed(rows)]]
    return True
