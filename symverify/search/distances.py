"""How far two points are from each other, exactly enough to tell different ones apart."""

from fractions import Fraction
from math import isqrt

from symverify.kernel.core.activation import ZERO
from symverify.kernel.core.network import Point, Problem, rational
from symverify.kernel.programs.parameters import values_of


def distance(problem: Problem, a: Point, b: Point) -> Fraction:
    """The Euclidean distance in the free parameters, cut off; 0 for equal points alone."""
    pairs = zip(values_of(problem, a), values_of(problem, b), strict=True)
    return root(sum(((rational(x) - rational(y)) ** 2 for x, y in pairs), ZERO))


def root(square: Fraction) -> Fraction:
    """The square root, cut off after 120 binary places or more: as many as its size asks for."""
    small = max(0, square.denominator.bit_length() - square.numerator.bit_length())
    return Fraction(isqrt((square.numerator << 240 + 2 * small) // square.denominator), 1 << 120 + small)
