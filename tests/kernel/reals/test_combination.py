"""Zero tests and signs of rational combinations of residuals."""

import random
from fractions import Fraction

import mpmath
import pytest

from symverify.kernel.core.errors import Declined
from symverify.kernel.reals.combination import Residuals
from tests.kernel.reals.made import mp


def number(rng: random.Random) -> Fraction:
    return Fraction(rng.randrange(-6, 7), rng.choice([1, 1, 2, 3]))


def value(r: Residuals, weights: list[Fraction]) -> mpmath.mpf:
    curve = (lambda a: 1 / (1 + mpmath.exp(-a))) if r.symmetric else mpmath.exp
    return sum((mp(w) * (curve(mp(f)) - mp(y)) for w, f, y in zip(weights, r.f, r.y, strict=True)), mpmath.mpf(0))


@pytest.mark.parametrize("symmetric", [True, False])
def test_against_sixty_digits(symmetric: bool) -> None:
    rng, zeros = random.Random(7), 0
    for _ in range(1500):
        n = rng.randrange(1, 7)
        f = tuple(rng.choice([Fraction(0), Fraction(1), Fraction(-1), Fraction(1, 2), number(rng)]) for _ in range(n))
        y = tuple(Fraction(rng.randrange(0, 3), 2) for _ in range(n))
        r, weights = Residuals(f, y, symmetric), [Fraction(rng.randrange(-2, 3)) for _ in range(n)]
        with mpmath.workdps(60):
            exact = value(r, weights)
            sign = 0 if abs(exact) < mpmath.mpf(10) ** -50 else int(mpmath.sign(exact))
        assert r.sign(weights) == sign
        assert r.vanishes(weights) == (sign == 0)
        zeros += sign == 0 and any(weights)
    assert zeros > 15


def test_symmetry_of_the_logistic_curve() -> None:
    r = Residuals((Fraction(1, 3), Fraction(-1, 3)), (Fraction(1, 2), Fraction(1, 2)), True)
    assert r.vanishes([Fraction(1), Fraction(1)])
    assert not r.vanishes([Fraction(1), Fraction(-1)])
    assert r.sign([Fraction(1), Fraction(-1)]) == 1
    assert not Residuals(r.f, r.y, False).vanishes([Fraction(1), Fraction(1)])


def test_too_close_to_zero() -> None:
    r = Residuals((Fraction(1), Fraction(1) + Fraction(1, 2**300)), (Fraction(0), Fraction(0)), True)
    with pytest.raises(Declined, match="too close to 0"):
        r.sign([Fraction(1), Fraction(-1)])
