"""Brackets under weight decay: exact where the network is as wide as the best of all widths; against SciPy."""

import json
import time
from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import minimize

from symverify.kernel.reals.enclosure import Enclosure
from symverify.problem.load import loads
from symverify.run.check import check
from symverify.run.verdict import Verdict
from symverify.search.decay_dual import best_dual
from symverify.search.float_network import FloatNetwork
from tests.kernel.reals.made import Json, document

SUM = {"name": "squared", "reduction": "sum"}
XS = [-2, -1, 0, 1, 2]
LEAKY = {"name": "leaky_relu", "negative_slope": "1/4"}


def network(width: int, ys: list[int], activation: Json = "relu", **more: Json) -> Json:
    return document([1, width, 1], activation, SUM, XS, [[y] for y in ys], **more)


@pytest.mark.parametrize(
    ("width", "ys", "activation", "more"),
    [
        (4, [0, 1, 0, 1, 0], "relu", {"weight_decay": "1/5"}),
        (6, [1, -1, 2, 0, 1], "relu", {"weight_decay": "1/5"}),
        (6, [1, -1, 2, 0, 1], LEAKY, {"weight_decay": {"weights": "1/5", "biases": "1/10"}}),
        (5, [1, 0, 0, 0, 1], "abs", {"weight_decay": "1/5", "bias": False}),
    ],
)
def test_brackets_are_tight_where_the_network_is_wide_enough(
    width: int, ys: list[int], activation: Json, more: Json
) -> None:
    """And no training in SciPy goes below."""
    problem = loads(json.dumps(network(width, ys, activation, **more)))
    claim = check(problem, ["global_bounds"], timeout=20, smt=False)["global_bounds"]
    assert claim.verdict is Verdict.PROVED
    found = claim.statement["risk"]
    assert isinstance(found, Enclosure)
    lower, upper = found.lower, found.upper
    assert 0 <= upper - lower < Fraction(1, 10**6)
    net = FloatNetwork(problem.problem)
    for seed in range(6):
        start = np.random.default_rng(seed).normal(size=net.size)
        trained = minimize(lambda v: (net.risk(v), net.gradient(v, net.pieces(v))[0]), start, jac=True)
        assert trained.fun >= float(lower) - 1e-9


def test_a_bias_that_does_not_decay() -> None:
    problem = loads(json.dumps(network(3, [0, 1, 0, 1, 0], weight_decay={"weights": "1/5"})))
    claim = check(problem, timeout=10, smt=False)["global_bounds"]
    assert claim.verdict is Verdict.PROVED
    found = claim.statement["risk"]
    assert isinstance(found, Enclosure)
    assert 0 < found.lower <= found.upper


def test_the_network_of_the_bound_is_given_where_it_fits() -> None:
    problem = loads(json.dumps(network(4, [0, 1, 0, 1, 0], weight_decay="1/5"))).problem
    dual = best_dual(problem, time.monotonic() + 10)
    assert dual is not None
    assert dual.attained is not None
    narrow = loads(json.dumps(network(1, [1, -1, 2, 0, 1], weight_decay="1/5"))).problem
    other = best_dual(narrow, time.monotonic() + 10)
    assert other is not None
    assert other.attained is None


@pytest.mark.parametrize("layers", [[1, 2, 2, 1], [1, 2, 2]])
def test_networks_that_it_is_not_for(layers: list[int]) -> None:
    ys = [[y] * layers[-1] for y in (0, 1, 0, 1, 0)]
    problem = loads(json.dumps(document(layers, "relu", SUM, XS, ys, weight_decay="1/5")))
    claim = check(problem, ["global_bounds"], timeout=5, smt=False)["global_bounds"]
    assert (
        claim.reason == "a bound needs one hidden layer, scalar output, squared loss, one breakpoint at 0, and h(0) = 0"
    )


def test_a_unit_that_is_not_used_says_nothing() -> None:
    """The last unit that was added may have the multiple 0."""
    two = {"name": "two_piece", "negative_slope": "-1/2", "positive_slope": "-2"}
    xs, ys = [[2, 0], [0, 0], [2, 0], [2, 1]], [[-3], [-2], [0], [-1]]
    decay = {"weights": "1/4", "biases": 3}
    bias = {"hidden": False, "output": True}
    given = document([2, 4, 1], two, "squared", xs, ys, bias=bias, weight_decay=decay)
    found = check(loads(json.dumps(given)), ["global_bounds"], smt=False, timeout=30)
    assert found["global_bounds"].verdict is Verdict.PROVED
