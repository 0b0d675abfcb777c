"""The lower bound of networks with two hidden layers, each second unit with first units of its own."""

import json
from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from symverify.certify.certificate import Certificate
from symverify.ground.time_limit import OutOfTime, within
from symverify.kernel.cells.tree_bound import alone, cases
from symverify.kernel.core.errors import Rejected
from symverify.kernel.core.facts import LowerBound
from symverify.kernel.core.network import Problem
from symverify.problem.load import loads
from symverify.run.check import check
from symverify.run.verdict import Verdict
from symverify.search.float_network import FloatNetwork
from symverify.search.tree_dual import posed
from symverify.search.untied import apart, misfit, untied_bound
from tests.kernel.reals.made import document

HALF = {"name": "squared", "reduction": "sum", "factor": "1/2"}


def problem(layers: list[int], ys: list[int], **more: Any) -> Problem:
    return loads(json.dumps(document(layers, "relu", HALF, list(range(len(ys))), [[y] for y in ys], **more))).problem


def bound(given: Problem) -> Fraction | None:
    """What is found, once the kernel has accepted it, and refused it for anything more."""
    found = untied_bound(given, lambda _: None)
    if found is None:
        return None
    certificate, fields = Certificate(given), {"vectors": found.vectors, "cases": found.cases}
    fact = certificate.fact(certificate.step("tree_bound", {}, risk=str(found.risk), **fields))
    assert isinstance(fact, LowerBound)
    assert fact.risk == found.risk
    with pytest.raises(Rejected, match="proves less than the claimed bound"):
        certificate.step("tree_bound", {}, risk=str(found.risk + Fraction(1, 10**9)), **fields)
    return found.risk


def test_it_is_the_least_risk_of_two_networks_together() -> None:
    """Against the convex program of every pair of cases."""
    given = problem([1, 1, 2, 1], [1, 2, -3], bias={"hidden": False, "output": True})
    one = alone(given)
    parts = [posed(one, case) for case in cases(one)[1]]
    every = [misfit(given, list(pair)) for pair in combinations(parts, 2)]
    least = min(sum((e * e for e in left), Fraction(0)) / 2 for left in every)
    assert least > 0
    assert bound(given) == least


def test_posing_the_cases_ends_when_the_time_is_up() -> None:
    """There are 29,568 of them, and each is asked for the time."""
    given, left = problem([1, 2, 2, 1], [0, 3, -1, 2, 0, 4]), iter(range(100, -2, -1))
    with within(left.__next__), pytest.raises(OutOfTime):
        untied_bound(given, lambda _: None)


def test_no_training_ends_below() -> None:
    given = problem([1, 1, 2, 1], [2, -2, 3, -1])
    least = bound(given)
    assert least is None or least >= 0
    given = problem([1, 1, 2, 1], [3, -3, 3, -3, 3], bias={"hidden": True, "output": False})
    least = bound(given)
    assert least is not None
    net, noise = FloatNetwork(given), np.random.default_rng(1)
    for _ in range(20):
        v = noise.normal(size=net.size) * 2
        for t in range(400):
            v = v - 0.02 / (1 + t / 100) * net.gradient(v, net.pieces(v))[0] / max(1.0, float(np.abs(v).max()))
        assert net.risk(v) >= float(least)


@pytest.mark.parametrize(
    ("masks", "together", "found"),
    [([0, 0], 2, True), ([1, 2], 2, True), ([3, 6], 2, False), ([3, 6, 5], 2, False), ([3, 6, 5], 3, True)],
)
def test_cases_without_a_common_vector(masks: list[int], together: int, found: bool) -> None:
    chosen = apart(masks, together)
    assert (chosen is not None) == found
    if chosen is not None:
        common = -1
        for k in chosen:
            common &= masks[k]
        assert common == 0


def test_labels_that_it_fits() -> None:
    assert bound(problem([1, 1, 2, 1], [1, 0, 1])) is None


@pytest.mark.long
def test_check_has_it_in_the_bracket() -> None:
    """Unasked, as the cases are few."""
    form = document([1, 1, 2, 1], "relu", HALF, list(range(5)), [[y] for y in (2, -2, 3, -1, 2)])
    result = check(loads(json.dumps(form)), timeout=200, smt=False)
    claim = result["global_bounds"]
    assert claim.verdict is Verdict.PROVED
    assert claim.statement["lower"] == "9/4"
