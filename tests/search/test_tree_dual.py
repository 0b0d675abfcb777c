"""Exact global minima of deep networks with one unit in each layer after the first."""

import json
from fractions import Fraction

import pytest

from symverify.problem.load import loads
from symverify.run.check import check
from symverify.run.verdict import Verdict
from tests.kernel.reals.made import Json, document

HALF = {"name": "squared", "reduction": "sum", "factor": "1/2"}


def network(layers: list[int], ys: list[int], **more: Json) -> Json:
    return document(layers, more.pop("activation", "relu"), HALF, list(range(len(ys))), [[y] for y in ys], **more)


@pytest.mark.parametrize(
    ("layers", "ys", "least"),
    [
        ([1, 1, 1, 1], [2, -2, -3, -1], None),
        pytest.param([1, 1, 1, 1], [2, -2, -3, -1, -1], "11/8", marks=pytest.mark.long),
        pytest.param([1, 1, 1, 1], [2, 0, -3, -1, 1, 2], "13/2", marks=pytest.mark.long),
        pytest.param([1, 2, 1, 1], [2, 3, -2, 3], "1/4", marks=pytest.mark.long),
    ],
)
def test_known_minima(layers: list[int], ys: list[int], least: str | None) -> None:
    problem = loads(json.dumps(network(layers, ys)))
    claim = check(problem, ["global_minimum"], timeout=200, smt=False)["global_minimum"]
    assert claim.verdict is Verdict.PROVED
    assert claim.statement["attained"] is True
    assert least is None or claim.risk == Fraction(least)


def test_a_point_is_compared_with_it() -> None:
    """Unasked where the cases are few; else it says so, or the time is over."""
    problem = loads(json.dumps(network([1, 1, 1, 1], [1, 0, 2])))
    result = check(problem, timeout=60, smt=False)
    assert result["global_minimum"].verdict is Verdict.PROVED
    assert result["global_minimum"].risk == Fraction(1, 4)
    other = loads(json.dumps(network([1, 1, 1, 1], [1, 0, 1, 0])))
    claim = check(other, ["global_minimum"], timeout=2, smt=False)["global_minimum"]
    assert claim.verdict in (Verdict.PROVED, Verdict.UNDECIDED)


def test_without_biases_and_deeper() -> None:
    problem = loads(json.dumps(network([1, 1, 1, 1, 1], [0, 1, -1], bias=False)))
    claim = check(problem, ["global_minimum"], timeout=100, smt=False)["global_minimum"]
    assert claim.risk == Fraction(9, 10)
