"""Enclosures of exp, log, log-sum-exp and roots against mpmath at 300 bits and more."""

import random
import re
from collections.abc import Callable
from fractions import Fraction

import mpmath
import pytest

from symverify.kernel.core.errors import Declined
from symverify.kernel.reals.enclosure import (
    EXPONENT,
    PLACES,
    UNIT,
    Bounds,
    decimals,
    exact,
    exp,
    log,
    log_sum_exp,
    plus,
    root,
    times,
)

BITS = 800


def rational(rng: random.Random, positive: bool) -> Fraction:
    """Short and long ones, large and small ones, near 0 and near 1."""
    bits = rng.choice([2, 8, 64, 300])
    q = Fraction(rng.getrandbits(bits) + 1, rng.getrandbits(rng.choice([2, 8, 64, 300])) + 1)
    q = rng.choice([q, 1 + q / 2**bits, q / 2 ** rng.randrange(200), Fraction(rng.randrange(1, 90))])
    return q if positive or rng.random() < 0.5 else -q


def encloses(bounds: Bounds, value: mpmath.mpf) -> bool:
    with mpmath.workprec(BITS + 12_000):
        return bool(bounds[0] <= value * mpmath.mpf(2) ** PLACES <= bounds[1])


def in_mp(q: Fraction) -> mpmath.mpf:
    return mpmath.mpf(q.numerator) / q.denominator


def one_campaign(count: int, seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(count // 2):
        q = rational(rng, False)
        if abs(q) > EXPONENT:
            q = Fraction(rng.randrange(-EXPONENT, EXPONENT))
        with mpmath.workprec(BITS):
            encloses_exp, value = exp(q), mpmath.exp(in_mp(q))
        assert encloses(encloses_exp, value), q
        width, size = encloses_exp[1] - encloses_exp[0], max(encloses_exp[0] >> PLACES - 30, 1)
        assert width <= max(size, 1 << 20), q
        y = rational(rng, True)
        with mpmath.workprec(BITS):
            found, value = log(y), mpmath.log(in_mp(y))
        assert encloses(found, value), y
        assert found[1] - found[0] < 2**20, y


def test_exp_and_log() -> None:
    one_campaign(3_000, 1)


@pytest.mark.long
def test_exp_and_log_on_a_hundred_thousand() -> None:
    for part in range(20):
        one_campaign(5_000, 100 + part)


@pytest.mark.parametrize("q", ["0", "1", "-1", "1/2", "-1/2", "8192", "-8192", "1/99999999999999999999"])
def test_exp_at_the_edges(q: str) -> None:
    with mpmath.workprec(13_000):
        assert encloses(exp(Fraction(q)), mpmath.exp(in_mp(Fraction(q))))


def test_exp_beyond_the_budget() -> None:
    assert exp(Fraction(-EXPONENT - 1)) == (0, 1)
    assert exp(Fraction(EXPONENT))[0] > 0
    with pytest.raises(Declined, match="beyond 8192"):
        exp(Fraction(EXPONENT) + Fraction(1, 7))


def test_log_of_one_is_zero_and_of_nothing_is_refused() -> None:
    assert log(Fraction(1))[0] == 0
    assert log(Fraction(1))[1] <= 2**10
    with pytest.raises(ValueError, match="not positive"):
        log(Fraction(0))


def test_log_sum_exp() -> None:
    rng = random.Random(4)
    for _ in range(200):
        z = [rational(rng, False) for _ in range(rng.randrange(1, 6))]
        with mpmath.workprec(40_000 if max(z) > 20_000 else 4_000):
            shift = max(z)
            value = mpmath.log(sum(mpmath.exp(in_mp(each - shift)) for each in z)) + in_mp(shift)
        assert encloses(log_sum_exp(z), value), z


def test_root() -> None:
    rng = random.Random(5)
    for _ in range(500):
        q = rational(rng, True)
        lo, hi = root(q)
        assert Fraction(lo, UNIT) ** 2 <= q <= Fraction(hi, UNIT) ** 2
        assert hi - lo <= 1
    assert root(Fraction(9, 4)) == (3 * UNIT // 2, 3 * UNIT // 2)


def test_rational_multiples_and_sums_round_outward() -> None:
    third = exact(Fraction(1, 3))
    assert third[1] - third[0] == 1
    for q in (Fraction(2, 7), Fraction(-2, 7), Fraction(0)):
        lo, hi = times(q, third)
        assert Fraction(lo, UNIT) <= q / 3 <= Fraction(hi, UNIT)
    lo, hi = plus([third, third, third])
    assert lo < UNIT < hi


@pytest.mark.parametrize(
    ("lower", "upper", "text"),
    [
        ("1/2", "1/2", "1/2"),
        ("1/3", "33334/100000", "0.3333.."),
        ("199/100", "201/100", "[1.990000, 2.010000]"),
        ("120", "1201/10", "120.."),
        ("-33334/100000", "-1/3", "-0.3333.."),
        ("-1", "1", "[-1.000000, 1.000000]"),
        ("1/1000000007", "1/1000000006", "9.9999999..e-10"),
        ("1/1000000007", "2/1000000006", "[9.999e-10, 2.000e-9]"),
        ("-2/1000000006", "-1/1000000007", "[-2.000e-9, -9.999e-10]"),
        ("1/500", "3/1000", "[0.002000, 0.003000]"),
        ("1/10000", "2/10000", "[1.000e-4, 2.000e-4]"),
        ("99999999/100000000000000", "1/1000", "[9.999e-7, 0.001000]"),
        ("0", "1/3", "[0, 0.333334]"),
        ("-1/1000000006", "-1/1000000007", "-9.9999999..e-10"),
    ],
)
def test_decimals(lower: str, upper: str, text: str) -> None:
    low: Callable[[str], Fraction] = Fraction
    assert decimals(low(lower), low(upper)) == text


def test_a_number_that_may_be_0_has_no_sign() -> None:
    tiny = Fraction(1, 10**30)
    assert decimals(-tiny, Fraction(0)) == "[-1.000e-30, 0]"
    assert decimals(Fraction(0), tiny) == "[0, 1.000e-30]"
    assert decimals(-tiny, tiny) == "[-1.000e-30, 1.000e-30]"


def test_the_ends_are_rounded_outward_and_read_as_no_0() -> None:
    chosen = random.Random(3)
    for _ in range(300):
        low, high = sorted(
            Fraction(chosen.randint(-(10**6), 10**6), chosen.randint(1, 10**6) * 10 ** chosen.choice((0, 3, 40)))
            for _ in range(2)
        )
        text = decimals(low, high)
        if text.startswith("["):
            ends = [Fraction(end) for end in text.strip("[]").split(", ")]
            assert ends[0] <= low <= high <= ends[1]
            assert [bool(end) for end in ends] == [bool(low), bool(high)]
        else:
            assert low == high or re.search("[1-9]", text.split("e")[0])
