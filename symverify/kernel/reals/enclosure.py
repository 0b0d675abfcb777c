"""Rigorous enclosures of exp, log, log-sum-exp and square roots of rationals, in integers.

A `Bounds` (lo, hi) says lo ≤ 2^PLACES · x ≤ hi. All roundings are outward: floors for lo, ceilings for hi. An equality
never rests on an enclosure: one that contains 0 decides nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import isqrt

from ..core.errors import Declined, spend
from ..core.proof import Quantity

PLACES, STATED, EXPONENT = 256, 128, 2**13
UNIT = 1 << PLACES
TERMS, ODD_TERMS = 50, 82  # (1/2)^50/50! < 2^-263, (1/3)^165 < 2^-261
DIGITS = 20
Bounds = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Enclosure(Quantity):
    """A real number between two rationals."""

    lower: Fraction
    upper: Fraction

    def stated(self) -> dict[str, str]:
        return {"lower": str(self.lower), "upper": str(self.upper)}

    def __str__(self) -> str:
        return decimals(self.lower, self.upper)


def decimals(lower: Fraction, upper: Fraction, most: int = DIGITS) -> str:
    """The decimal digits that both ends share, cut off, with ".." after them; the number if the ends are equal.

    Where the ends have different signs or share no digit but zeros: the ends, rounded outward.
    """
    if lower == upper:
        return str(lower)
    minus = "-" if upper < 0 else ""
    near, far = (abs(x) for x in ((upper, lower) if minus else (lower, upper)))
    if lower * upper > 0 and far < Fraction(1, 10**6):  # in units of a power of ten
        power = len(str(far.denominator // far.numerator))
        digits = decimals(near * 10**power, far * 10**power, most)
        if digits[0] != "[":
            return f"{minus}{digits}e-{power}"
    low, high = (x.numerator * 10**most // x.denominator for x in (near, far))
    for places in range(most, -1, -1):
        if low == high and low and (minus or lower >= 0):
            text = f"{minus}{low:0{places + 1}d}"
            return f"{text[:-places]}.{text[-places:]}.." if places else f"{text}.."
        low, high = low // 10, high // 10
    return f"[{_end(lower, False)}, {_end(upper, True)}]"


def _end(x: Fraction, above: bool) -> str:
    """A number rounded to that side: to six places; below 1/1000, to four digits."""
    if not x:
        return "0"
    small = abs(x) < Fraction(1, 1000)
    power = len(str(x.denominator // abs(x.numerator))) if small else 3  # |x| 10^power is in (1, 10] where it is small
    scaled = x.numerator * 10 ** (power + 3)
    digits = abs(-(-scaled // x.denominator) if above else scaled // x.denominator)
    if small and digits == 10**4:
        digits, power = 10**3, power - 1
    whole, rest = divmod(digits, 10**3 if small else 10**6)
    return f"{'-' * (x < 0)}{whole}.{rest:03d}e-{power}" if small else f"{'-' * (x < 0)}{whole}.{rest:06d}"


def up(a: int, b: int) -> int:
    """⌈a/b⌉."""
    return -(-a // b)


def exact(q: Fraction) -> Bounds:
    """A rational, rounded outward to the unit."""
    return (q.numerator << PLACES) // q.denominator, up(q.numerator << PLACES, q.denominator)


def plus(terms: Iterable[Bounds]) -> Bounds:
    """The sum."""
    lo = hi = 0
    for a, b in terms:
        lo, hi = lo + a, hi + b
    return lo, hi


def times(q: Fraction, x: Bounds) -> Bounds:
    """A rational multiple."""
    ends = x if q >= 0 else x[::-1]
    return ends[0] * q.numerator // q.denominator, up(ends[1] * q.numerator, q.denominator)


def lower_end(x: Bounds) -> Fraction:
    """A rational below, with STATED binary places."""
    return Fraction(x[0] >> PLACES - STATED, 1 << STATED)


def scaled(q: Fraction, x: Bounds) -> Enclosure:
    """A rational multiple, rounded outward to STATED binary places."""
    below, above = times(q, x)
    return Enclosure(lower_end((below, above)), -lower_end((-above, -below)))


def exp(q: Fraction) -> Bounds:
    """e^q; Declined for q > EXPONENT.

    q ≥ 0: q = 2^s x with 0 ≤ x < 1/2. All terms x^k/k! are ≥ 0, so floors (ceilings) of the operands give floors
    (ceilings) of the terms; the terms from N = TERMS on add up to at most 2 x^N/N!, as their ratios are < 1/2. Then s
    squarings, each rounded the same way. q < 0: the reciprocal; e^q < 2^-PLACES for q < -EXPONENT.
    """
    if q < -EXPONENT:
        return 0, 1
    if q > EXPONENT:
        raise Declined(f"the exponential of a number beyond {EXPONENT}")
    if q < 0:
        lo, hi = exp(-q)
        return (UNIT * UNIT) // hi, up(UNIT * UNIT, lo)
    s = (2 * q.numerator // q.denominator).bit_length()
    spend(6000 + 60 * s * s + q.denominator.bit_length())
    x, y = (q.numerator << PLACES) // (q.denominator << s), up(q.numerator << PLACES, q.denominator << s)
    term, above, lo, hi = UNIT, UNIT, 0, 0
    for k in range(1, TERMS + 1):
        lo, hi = lo + term, hi + above
        term, above = (term * x // k) >> PLACES, up(above * y, k << PLACES)
    hi += 2 * above
    for _ in range(s):
        lo, hi = lo * lo >> PLACES, up(hi * hi, UNIT)
    return lo, hi


def area_tangent(t: Fraction) -> Bounds:
    """artanh t = Σ t^(2k+1)/(2k+1) for 0 ≤ t ≤ 1/3.

    The terms from N = ODD_TERMS on add up to at most t^(2N+1)/(2N+1) · 1/(1 − t²) ≤ t^(2N+1); powers are rounded down
    (up), so their quotients are, too.
    """
    spend(8000 + t.denominator.bit_length())
    x, y = exact(t)
    power, above, lo, hi = x, y, 0, 0
    square, square_above = x * x >> PLACES, up(y * y, UNIT)
    for k in range(1, 2 * ODD_TERMS, 2):
        lo, hi = lo + power // k, hi + up(above, k)
        power, above = power * square >> PLACES, up(above * square_above, UNIT)
    return lo, hi + above


@cache
def log_two() -> Bounds:
    """log 2 = 2 artanh(1/3)."""
    lo, hi = area_tangent(Fraction(1, 3))
    return 2 * lo, 2 * hi


def log(y: Fraction) -> Bounds:
    """log y for y > 0: y = 2^k μ with 1 ≤ μ < 2, log μ = 2 artanh((μ − 1)/(μ + 1)), whose argument is < 1/3."""
    if y <= 0:
        raise ValueError("the logarithm of a number that is not positive")
    k = y.numerator.bit_length() - y.denominator.bit_length()
    top, bottom = (y.numerator, y.denominator << k) if k >= 0 else (y.numerator << -k, y.denominator)
    if top < bottom:
        k, top = k - 1, 2 * top
    lo, hi = area_tangent(Fraction(top - bottom, top + bottom))
    two = log_two() if k >= 0 else log_two()[::-1]
    return k * two[0] + 2 * lo, k * two[1] + 2 * hi


def log_sum_exp(z: Sequence[Fraction]) -> Bounds:
    """log Σ e^z: the largest z, exactly, and the logarithm of a sum between 1 and their number."""
    most = max(z)
    lo, hi = plus(exp(each - most) for each in z)
    return plus([(log(Fraction(lo, UNIT))[0], log(Fraction(hi, UNIT))[1]), exact(most)])


def root(q: Fraction) -> Bounds:
    """√q of a rational q ≥ 0: ⌊√⌊4^PLACES q⌋⌋ is ⌊2^PLACES √q⌋."""
    below = isqrt((q.numerator << 2 * PLACES) // q.denominator)
    return below, below + (below * below * q.denominator != q.numerator << 2 * PLACES)
