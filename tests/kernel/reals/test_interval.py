"""Intervals: each operation gives the least interval, rounded outward, that holds all its values."""

import random
from fractions import Fraction
from itertools import product
from math import ceil, floor

import pytest

from symverify.kernel.core.errors import Declined, Rejected
from symverify.kernel.reals.enclosure import UNIT
from symverify.kernel.reals.interval import (
    NONE,
    WHOLE,
    Interval,
    deviations,
    inner,
    interval,
    require_positive,
    summed,
)

ENDS = [-3, -1, 0, 1, 2, Fraction(1, 3), Fraction(-5, 7)]
PAIRS = [Interval(floor(a * UNIT), ceil(b * UNIT)) for a, b in product(ENDS, ENDS) if a <= b]


def hull(values: list[Fraction]) -> Interval:
    """In units, rounded outward."""
    return Interval(floor(min(values) * UNIT), ceil(max(values) * UNIT))


def ends(x: Interval) -> tuple[Fraction, Fraction]:
    return Fraction(x.lo, UNIT), Fraction(x.hi, UNIT)


def test_arithmetic_is_the_hull_of_the_ends() -> None:
    """Sum, difference and product are monotone in each end, or extreme at ends; so is a quotient."""
    for x, y in product(PAIRS, PAIRS):
        both = list(product(ends(x), ends(y)))
        assert x + y == summed([x, y]) == hull([a + b for a, b in both])
        assert x - y == hull([a - b for a, b in both])
        assert x * y == hull([a * b for a, b in both])
        if y.lo > 0:
            assert x.over(y) == hull([a / b for a, b in both])
        else:
            with pytest.raises(ValueError, match="may not be positive"):
                x.over(y)


@pytest.mark.parametrize("q", [0, 1, -1, 2, Fraction(1, 3), Fraction(-7, 3)])
def test_multiples_and_negatives(q: Fraction | int) -> None:
    for x in PAIRS:
        assert x.times(Fraction(q)) == hull([q * a for a in ends(x)])
        assert -x == hull([-a for a in ends(x)])
        assert (x.lower, x.upper) == ends(x) == tuple(Fraction(a, UNIT) for a in x.bounds)
        assert x.size == max(map(abs, ends(x)))


def test_a_rational_with_a_radius() -> None:
    third = Fraction(1, 3)
    assert interval(third) == hull([third])
    assert interval(third, Fraction(1)) == hull([Fraction(-2, 3), Fraction(4, 3)])
    assert interval(Fraction(2**128 - 1)).lo == (2**128 - 1) * UNIT
    for q, radius in ((2**128, 0), (-(2**128), 0), (0, 2**128), (2**127, 2**127)):
        with pytest.raises(Declined, match="beyond 2\\^128"):
            interval(Fraction(q), Fraction(radius))


def test_inner_products_leave_out_only_zeros() -> None:
    rng = random.Random(3)
    for _ in range(50):
        u, v = ([rng.choice([*PAIRS, NONE]) for _ in range(3)] for _ in range(2))
        assert inner(u, v) == summed([a * b for a, b in zip(u, v, strict=True)])
    with pytest.raises(ValueError, match="zip"):
        inner([WHOLE], [WHOLE, WHOLE])


def test_deviations_are_sums_over_rows() -> None:
    """|left · right − 1|: rows of the left matrix, columns of the right."""
    left = [[interval(Fraction(x)) for x in row] for row in ((1, 2), (0, 3))]
    right = [[interval(Fraction(x)) for x in row] for row in ((1, 0), (4, 1))]
    assert deviations(left, right) == [8 + 2, 12 + 2]  # (9, 2), (12, 3)
    assert deviations(left, [[WHOLE, NONE], [NONE, WHOLE]]) == [2, 2]


def numbers(rows: list[list[int]]) -> list[list[Interval]]:
    return [[interval(Fraction(x)) for x in row] for row in rows]


@pytest.mark.parametrize(
    ("rows", "positive"),
    [
        ([], True), ([[1]], True), ([[0]], False), ([[-1]], False),
        ([[2, 1], [1, 1]], True), ([[1, 1], [1, 1]], False), ([[1, 2], [2, 1]], False), ([[1, -2], [-2, 5]], True),
        ([[2, -1, 0], [-1, 2, -1], [0, -1, 2]], True), ([[1, -1, 0], [-1, 2, -1], [0, -1, 1]], False),
        ([[1, 0, 2], [0, 1, 1], [2, 1, 5]], False), ([[1, 0, 2], [0, 1, 1], [2, 1, 6]], True),
        ([[1, 2, 3], [2, 5, 7], [3, 7, 11]], True), ([[1, 2, 3], [2, 5, 7], [3, 7, 10]], False),
    ],
)  # fmt: skip
def test_positive_definite_matrices(rows: list[list[int]], positive: bool) -> None:
    if positive:
        require_positive(numbers(rows), "", "it")
    else:
        with pytest.raises(Rejected, match="it is not positive definite on the box"):
            require_positive(numbers(rows), "", "it")


def test_positive_on_all_of_an_interval() -> None:
    """[a, 2]: positive from below 1 on only if a is; [[2, r], [r, 2]] for |r| < 2."""
    for low, high, positive in ((1, 2 * UNIT, True), (0, 2 * UNIT, False), (-1, 2 * UNIT, False)):
        if positive:
            require_positive([[Interval(low, high)]], "", "it")
        else:
            with pytest.raises(Rejected, match="not positive definite"):
                require_positive([[Interval(low, high)]], "", "it")
    two = interval(Fraction(2))
    for radius, positive in ((Fraction(199, 100), True), (Fraction(2), False), (Fraction(3), False)):
        off = interval(Fraction(0), radius)
        if positive:
            require_positive([[two, off], [off, two]], "", "it")
        else:
            with pytest.raises(Rejected, match="not positive definite"):
                require_positive([[two, off], [off, two]], "", "it")


@pytest.mark.parametrize(
    ("middle", "radius", "sign"),
    [
        (1, 0, 1),
        (-1, 0, -1),
        (2, 1, 1),
        (-2, 1, -1),
        (1, 1, 0),
        (-1, 1, 0),
        (1, 2, 0),
        (-1, 2, 0),
        (0, 0, 0),
        (0, 1, 0),
    ],
)
def test_a_sign_is_that_of_all_numbers(middle: int, radius: int, sign: int) -> None:
    assert interval(Fraction(middle), Fraction(radius)).sign == sign
