"""Exact quadratic programs over cones: the optimality conditions prove each answer, whatever the guess was."""

import random
from fractions import Fraction

import pytest

from symverify.ground import cone_qp
from symverify.ground.cone_qp import minimise_over_cone


def dot(u, v):
    return sum((a * b for a, b in zip(u, v, strict=True)), Fraction(0))


def random_program(rng):
    """A program with repeated, opposite and zero rows, and a linear part that keeps it bounded."""
    width = rng.randint(1, 5)

    def rows(most):
        made = [[Fraction(rng.randint(-2, 2)) for _ in range(width)] for _ in range(rng.randint(0, most))]
        return made + [[-x for x in row] for row in made if rng.random() < 0.2]

    matrix, cone = rows(5), rows(7)
    target = [Fraction(rng.randint(-3, 3), rng.choice([1, 2])) for _ in matrix]
    linear = [Fraction(0)] * width
    for row in cone:
        factor = rng.choice([0, 0, 1, 2])
        linear = [a + factor * b for a, b in zip(linear, row, strict=True)]
    return matrix, target, linear, cone, width


@pytest.mark.parametrize("guess", ["float", "origin"])
def test_the_optimality_conditions_hold(guess, monkeypatch):
    if guess == "origin":
        monkeypatch.setattr(cone_qp, "_guess", lambda *rest: [Fraction(0)] * rest[-1])
    rng = random.Random(7)
    for _ in range(250):
        matrix, target, linear, cone, width = random_program(rng)
        found = minimise_over_cone(matrix, target, linear, cone, width)
        error = [dot(row, found.x) - y for row, y in zip(matrix, target, strict=True)]
        gradient = [linear[j] + sum(e * row[j] for e, row in zip(error, matrix, strict=True)) for j in range(width)]
        pull = [sum(m * row[j] for m, row in zip(found.multipliers, cone, strict=True)) for j in range(width)]
        assert gradient == pull
        assert min(found.multipliers, default=0) >= 0
        slacks = [dot(row, found.x) for row in cone]
        assert min(slacks, default=0) >= 0
        assert not any(m and slack for m, slack in zip(found.multipliers, slacks, strict=True))


def test_a_value_without_a_lower_bound_is_an_error():
    one = [Fraction(1)]
    with pytest.raises(ArithmeticError, match="unbounded"):
        minimise_over_cone([], [], [Fraction(-1)], [one], 1)


def test_numbers_beyond_floating_point():
    huge = Fraction(10) ** 400
    found = minimise_over_cone([[huge]], [huge * huge], [Fraction(0)], [[Fraction(1)]], 1)
    assert (found.x, found.multipliers) == ([huge], [0])
