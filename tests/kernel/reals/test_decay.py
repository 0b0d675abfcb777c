"""How a penalty on the parameters is read, and which rules it leaves."""

from fractions import Fraction

import pytest

from symverify.kernel.core.errors import Malformed
from symverify.kernel.reals.decay import RULES, read_decay
from tests.kernel.reals.made import Json, document, problem_of


@pytest.mark.parametrize(
    ("value", "weights", "biases"),
    [
        ("1/3", "1/3", "1/3"), (0, "0", "0"), ({"weights": 2, "biases": "1/2"}, "2", "1/2"), ({"weights": 2}, "2", "0"),
        ({"biases": 2}, "0", "2"), ({}, "0", "0"),
    ],
)  # fmt: skip
def test_read(value: Json, weights: str, biases: str) -> None:
    expected = Fraction(weights), Fraction(biases)
    assert read_decay(value, "") == expected
    problem = problem_of(document([1, 1, 1], "relu", {"name": "huber"}, [0], [[0]], weight_decay=value))
    assert problem.decay == expected
    assert problem.decays == any(expected)
    assert (problem.loss.rules <= RULES) == any(expected)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (-1, "must not be negative"), ({"weights": 1, "biases": -1}, "must not be negative"),
        ({"weights": -1, "biases": 1}, "must not be negative"), ({"weight": 1}, "unknown key"), (None, "a number"),
    ],
)  # fmt: skip
def test_not_a_penalty(value: Json, reason: str) -> None:
    with pytest.raises(Malformed, match=reason):
        read_decay(value, "weight_decay")
