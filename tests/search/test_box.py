"""The search for a minimum in a box: from points that were trained, near or far; what it says where there is none."""

import json
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from symverify.certify.certificate import Certificate
from symverify.kernel.reals.minimum_in_box import BoxMinimum
from symverify.problem.load import loads
from symverify.run.check import check
from symverify.run.verdict import Verdict
from symverify.search.box import Enclosed, enclose
from symverify.search.box_numbers import NotEnclosed
from symverify.search.float_network import FloatNetwork, as_floats
from tests.kernel.reals.made import Json, document, layer

SUM = {"name": "squared", "reduction": "sum"}
NEAR = [layer([["21/20"]], ["1/50"]), layer([["9/10"]], ["1/30"])]
KINK = document([1, 1, 1], "relu", SUM, [-1, 0, 1, 2], [[1], [-2], [3], [1]], parameters=NEAR)
TWICE = document([1, 1, 1], "relu", SUM, [-1, 0, 0, 1, 2], [[1], [-1], [-1], [3], [1]], parameters=NEAR)
DECAY = document(
    [1, 1, 1], "relu", SUM, [1], [[1]], bias=False, weight_decay="1/2", parameters=[layer([["1"]]), layer([["3/4"]])]
)
SOFTMAX = document(
    [1, 2, 2], "relu", "cross_entropy", [0, 1, 1, 3], [0, 1, 0, 1],
    parameters=[layer([["1"], ["-1"]], ["1", "1/2"]), layer([["1", "0"], ["0", "1"]], ["0", "0"])],
)  # fmt: skip


def found(network: Json, seconds: float = 20) -> tuple[Enclosed, BoxMinimum]:
    problem = loads(json.dumps(network)).problem
    certificate = Certificate(problem)
    assert problem.parameters is not None
    result = enclose(
        problem,
        problem.parameters,
        certificate.centred,
        time.monotonic() + seconds,
    )
    fact = certificate.fact(result.step)
    assert isinstance(fact, BoxMinimum)
    return result, fact


@pytest.mark.parametrize(
    ("network", "risk", "kinks"), [(KINK, Fraction(10), 1), (TWICE, Fraction(8), 2), (DECAY, Fraction(7, 16), 0)]
)
def test_known_minima(network: Json, risk: Fraction, kinks: int) -> None:
    result, fact = found(network)
    assert fact.risk.lower <= risk <= fact.risk.upper
    assert fact.risk.upper - fact.risk.lower < Fraction(1, 10**9)
    assert len(fact.kinks) == kinks
    assert 0 < result.distance < 1


@pytest.mark.parametrize("network", [KINK, TWICE, DECAY, SOFTMAX])
def test_gradients(network: Json) -> None:
    """Against differences of the risk, on fixed pieces; and the Hessian against those of the gradient."""
    problem = loads(json.dumps(network)).problem
    assert problem.parameters is not None
    net, v, step = FloatNetwork(problem), as_floats(problem, problem.parameters), 1e-5
    pieces = net.pieces(v)
    first, second = net.gradient(v, pieces)[0], net.hessian(v, pieces, {})
    for c, way in enumerate(np.eye(net.size)):
        rate = (net.risk(v + step * way, pieces) - net.risk(v - step * way, pieces)) / (2 * step)
        assert rate == pytest.approx(first[c], abs=1e-7)
        bend = (net.gradient(v + step * way, pieces)[0] - net.gradient(v - step * way, pieces)[0]) / (2 * step)
        assert bend == pytest.approx(second[c], abs=1e-7)


def test_a_run_to_infinity() -> None:
    """Separable classes have no minimum: whatever stops the search, nothing is proved."""
    network = document(
        [1, 1, 1], "relu", "logistic", [0, 1], [[0], [1]], parameters=[layer([["1"]], ["0"]), layer([["1"]], ["0"])]
    )
    with pytest.raises(NotEnclosed, match=r"it seems to run to infinity|leaves the point|singular"):
        found(network, 6)


def test_the_claim(tmp_path: Path) -> None:
    path = tmp_path / "certificate.json"
    result = check(loads(json.dumps(KINK)), ["minimum_in_box"], timeout=10, smt=False, output=path)
    claim = result["minimum_in_box"]
    assert claim.verdict is Verdict.PROVED
    assert "at distance" in claim.reason
    assert claim.line.startswith("s PROVED minimum_in_box radius=1/")


def test_the_claims_with_weight_decay() -> None:
    result = check(loads(json.dumps(DECAY)), timeout=10, smt=False)
    assert [claim.name for claim in result.claims] == ["minimum_in_box", "global_bounds"]
    assert result.verdict is Verdict.PROVED
    other = check(loads(json.dumps(DECAY)), ["point"], timeout=10, smt=False)["point"]
    assert (
        other.reason
        == "not a claim for the squared loss with weight decay; claims for it: minimum_in_box, global_bounds"
    )


FIT = document(
    [1, 3, 1], "relu", SUM, [1, 2, 4], [["3/2"], ["3"], ["6"]],
    parameters=[layer([["1"], ["101/100"], ["99/100"]], ["0", "-3/2", "-3"]), layer([["1", "1", "-1"]], ["1/2"])],
)  # fmt: skip


def test_where_predictions_have_fewer_degrees_of_freedom() -> None:
    """Three units with three patterns on three samples: no slice is isolated, and predictions reach all labels."""
    problem = loads(json.dumps(FIT)).problem
    certificate = Certificate(problem)
    assert problem.parameters is not None
    step = enclose(problem, problem.parameters, certificate.centred, time.monotonic() + 20).step
    assert certificate.steps[step]["rule"] == "face_span"
    fact = certificate.fact(step)
    assert isinstance(fact, BoxMinimum)
    assert fact.risk.lower <= 0 <= fact.risk.upper
