"""Polynomials in one variable, and their sign on [0, 1]."""

import random
import time
from fractions import Fraction

import pytest
import sympy

from symverify.kernel.core.errors import Declined
from symverify.kernel.core.poly import MAX_DEGREE, MAX_PIECES, Poly, apart, around, lifted, positive_on_unit_interval

T = sympy.Symbol("t")


def poly(*coefficients: int | str) -> Poly:
    return Poly.of(Fraction(c) for c in coefficients)


def value(p: Poly, t: Fraction) -> Fraction:
    return sum((c * t**k for k, c in enumerate(p.coefficients)), Fraction(0))


def some(rng: random.Random, size: int = 4) -> Poly:
    return Poly.of(Fraction(rng.randint(-4, 4), rng.randint(1, 3)) for _ in range(rng.randint(0, size)))


@pytest.mark.parametrize("seed", range(50))
def test_arithmetic_agrees_with_values(seed: int) -> None:
    rng = random.Random(seed)
    p, q, c = some(rng), some(rng), Fraction(rng.randint(-3, 3), 2)
    for t in (Fraction(0), Fraction(-2), Fraction(7, 3)):
        assert value(p + q, t) == value(p, t) + value(q, t)
        assert value(p - q, t) == value(p, t) - value(q, t)
        assert value(p * q, t) == value(p, t) * value(q, t)
        assert value(p + c, t) == value(c + p, t) == value(p, t) + c
        assert value(p - c, t) == value(p, t) - c
        assert value(p * c, t) == value(c * p, t) == value(p, t) * c


def test_what_is_constant() -> None:
    assert [poly(*each).is_constant() for each in ((), (3,), (0, 1), (3, 1), (0, 0, 1))] == [
        True,
        True,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize("seed", range(20))
def test_no_trailing_zeros(seed: int) -> None:
    rng = random.Random(seed)
    p = some(rng)
    for q in (p - p, p * 0, p + p * -1, Poly(()) * p):
        assert q == Poly(())
        assert (q.is_constant(), q.at_zero(), q.sign_after_zero()) == (True, 0, 0)


@pytest.mark.parametrize(
    ("p", "sign"), [(poly(), 0), (poly(2), 1), (poly(-2, 9), -1), (poly(0, 0, 3, -9), 1), (poly(0, -1, 99), -1)]
)
def test_sign_after_zero(p: Poly, sign: int) -> None:
    assert p.sign_after_zero() == sign


@pytest.mark.parametrize(
    ("p", "pieces"),
    [
        (poly("1/2", 1), (1,)), (poly("1/2", -1), (0,)), (poly("1/2", 0, "-1/9"), (0,)), (poly("1/2"), (0, 1)),
        (poly(3, -5), (1,)), (poly(3, 5), (2,)), (poly(3), (1, 2)), (poly(2, -9), (1,)), (poly(), (0,)),
    ],
)  # fmt: skip
def test_the_pieces_after_zero(p: Poly, pieces: tuple[int, ...]) -> None:
    assert around([Fraction(1, 2), 3], p) == pieces
    if p.is_constant():
        assert around([Fraction(1, 2), 3], p.at_zero()) == pieces


def test_a_row_over_one_denominator_is_the_row() -> None:
    row = [Fraction(1, 6), poly("1/5", 2), Fraction(-3, 4), poly()]
    assert lifted(row) == ([2, poly("12/5", 24), -9, poly()], 12, 4)
    assert apart(lifted(row)) == row


SIGNS = [
    (poly(), False),
    (poly(0), False),
    (poly(1), True),
    (poly(-1), False),
    (poly(0, 1), False),
    (poly(1, -1), False),
    (poly("1/1000000", 1), True),
    (poly(1, -4, 4), False),
    (poly(1, -4, 5), True),
    (poly(1, -6, 9), False),
    (poly(1, -6, "9001/1000"), True),
    (poly(1, -8, 8), False),
    (poly(1, 1, -2), False),
    (poly(2, 1, -2), True),
    (poly(1, -100, 10000), True),
    (poly(0, 1, -1), False),
]


@pytest.mark.parametrize(("p", "positive"), SIGNS)
def test_known_signs(p: Poly, positive: bool) -> None:
    if p == poly(1, -6, 9):
        with pytest.raises(Declined, match="comes too close to zero"):
            positive_on_unit_interval(p)
    else:
        assert positive_on_unit_interval(p) is positive


@pytest.mark.parametrize("seed", range(150))
def test_random_signs_agree_with_sturm(seed: int) -> None:
    rng = random.Random(seed)
    p = some(rng, 7) + Fraction(rng.randint(0, 5))
    expression = sympy.Poly([sympy.Rational(c.numerator, c.denominator) for c in reversed(p.coefficients)] or [0], T)
    expected = value(p, Fraction(1)) > 0 and (expression.is_zero or expression.count_roots(0, 1) == 0)
    try:
        assert positive_on_unit_interval(p) == expected
    except Declined:
        assert not expected  # a double root inside
        assert sympy.discriminant(expression) == 0


@pytest.mark.parametrize("roots", [10, 60])
def test_many_near_double_roots_are_declined_in_time(roots: int) -> None:
    p = poly(1)
    for k in range(1, roots + 1):
        root = poly(Fraction(-k, roots + 1) - Fraction(1, 10**6), 1)
        p *= root * root + Fraction(1, 2**80)
    started = time.process_time()
    with pytest.raises(Declined, match="comes too close to zero"):
        positive_on_unit_interval(p)
    assert time.process_time() - started < 20


def test_budgets() -> None:
    Poly.of([Fraction(1)] * (MAX_DEGREE + 1))
    with pytest.raises(Declined, match="degree above 128"):
        Poly.of([Fraction(1)] * (MAX_DEGREE + 2))
    with pytest.raises(Declined, match="degree above 128"):
        Poly.of([Fraction(1)] * 100) * Poly.of([Fraction(1)] * 100)
    with pytest.raises(Declined, match="bits"):
        poly(2) * Fraction(2**1_000_000)
    assert MAX_PIECES == 256
