"""Univariate polynomials over the rationals: what a curve or a path in parameter space is made of."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise, zip_longest
from math import comb

from .algebra import dot, integral, sign
from .errors import Declined, effort, size, spend, within_budget

MAX_DEGREE, MAX_PIECES = 128, 256


@dataclass(frozen=True, slots=True)
class Poly:
    """c_0 + c_1 t + … as its coefficients, the last one non-zero; the zero polynomial is ()."""

    coefficients: tuple[Fraction, ...]

    @staticmethod
    def of(coefficients: Iterable[Fraction]) -> "Poly":
        """The polynomial with these coefficients, trailing zeros dropped."""
        kept = list(coefficients)
        while kept and not kept[-1]:
            kept.pop()
        if len(kept) > MAX_DEGREE + 1:
            raise Declined(f"a polynomial of degree above {MAX_DEGREE}")
        for c in kept:
            within_budget(c)
        return Poly(tuple(kept))

    def __add__(self, other: "Poly | Fraction | int") -> "Poly":
        more = other.coefficients if isinstance(other, Poly) else (Fraction(other),) * bool(other)
        return Poly.of(a + b for a, b in zip_longest(self.coefficients, more, fillvalue=Fraction(0))) if more else self

    def __mul__(self, other: "Poly | Fraction | int") -> "Poly":
        if not isinstance(other, Poly):
            return Poly.of(within_budget(c * other, c, Fraction(other)) for c in self.coefficients)
        bits = [max(map(size, p.coefficients), default=0) for p in (self, other)]
        spend(len(self.coefficients) * len(other.coefficients) * 2 * effort(sum(bits)))
        product = [Fraction(0)] * (len(self.coefficients) + len(other.coefficients) - 1)
        for i, a in enumerate(self.coefficients):
            for j, b in enumerate(other.coefficients):
                product[i + j] += a * b
        return Poly.of(product)

    __radd__ = __add__
    __rmul__ = __mul__

    def __sub__(self, other: "Poly | Fraction | int") -> "Poly":
        return self + other * -1

    def at_zero(self) -> Fraction:
        """The value at t = 0."""
        return self.coefficients[0] if self.coefficients else Fraction(0)

    def is_constant(self) -> bool:
        """Whether no power of t occurs."""
        return len(self.coefficients) <= 1

    def sign_after_zero(self) -> int:
        """The sign for all small t > 0: that of the first non-zero coefficient."""
        return sign(next(filter(None, self.coefficients), 0))


Scalar = Fraction | Poly


def positive_on_unit_interval(p: Poly) -> bool:
    """Whether p(t) > 0 for every t in [0, 1].

    Bernstein: p lies in the hull of its Bernstein coefficients (here times a common positive factor, in integers),
    the end ones are p(0) and p(1). All positive proves it; an end that is not positive refutes it; otherwise halve
    the interval (de Casteljau) and repeat, up to a number of pieces at which the question is declined.
    """
    degree = max(len(p.coefficients) - 1, 0)
    powers = [*p.coefficients] or [Fraction(0)]
    shares = ([Fraction(comb(i, k), comb(degree, k)) for k in range(i + 1)] for i in range(degree + 1))
    pending, visited = [integral([dot(powers[: len(row)], row) for row in shares])], 0
    while pending:
        bernstein, visited = pending.pop(), visited + 1
        if bernstein[0] <= 0 or bernstein[-1] <= 0:
            return False
        if min(bernstein) > 0:
            continue
        if visited > MAX_PIECES:
            raise Declined("a polynomial comes too close to zero on [0, 1] to decide its sign")
        spend(degree * degree * (20 + max(x.bit_length() for x in bernstein) // 256))
        rows = [bernstein]
        while len(rows[-1]) > 1:  # each row lacks one factor 2 less than the one before
            rows.append([a + b for a, b in pairwise(rows[-1])])
        pending += [[row[0] << len(row) for row in rows], [row[-1] << len(row) for row in reversed(rows)]]
    return True
