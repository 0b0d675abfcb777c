"""The search for a minimum in a box: from points that were trained, near or far; what it says where there is none."""

import copy
import json
import re
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import mpmath
import numpy as np
import pytest

from symverify.certify.certificate import Certificate
from symverify.kernel import Rejected
from symverify.kernel.check import apply
from symverify.kernel.core.network import Problem
from symverify.kernel.core.proof import Proof
from symverify.kernel.reals.minimum_in_box import BoxMinimum
from symverify.problem.load import loads
from symverify.report.explain import explain, render
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
    with pytest.raises(
        NotEnclosed, match="the last layer lowers the risk for ever, on samples 1, 2: it seems to run to infinity"
    ):
        found(network, 6)


def test_the_claim(tmp_path: Path) -> None:
    path = tmp_path / "certificate.json"
    result = check(loads(json.dumps(KINK)), ["minimum_in_box"], timeout=10, smt=False, output=path)
    claim = result["minimum_in_box"]
    assert claim.verdict is Verdict.PROVED
    assert "at distance" in claim.reason
    assert claim.line.startswith("s PROVED minimum_in_box radius=1/")


@pytest.mark.parametrize("digits", [16, 36])
def test_a_distance_is_not_said_to_be_0(digits: int) -> None:
    """The minimum v = -log 2 is not rational: no point of a file is at distance 0 from it, or from the centre."""
    with mpmath.workdps(50):
        v = mpmath.nstr(-mpmath.log(2), digits)
    given = [{"weight": [[1]]}, {"weight": [[v]]}]
    network = document([1, 1, 1], "relu", "poisson", [1], [["1/2"]], bias=False) | {"parameters": given}
    result = check(loads(json.dumps(network)), ["minimum_in_box"], timeout=10, smt=False)
    assert re.match(r"at distance \d\.\d+e-\d+ from", result["minimum_in_box"].reason)
    assert result.certificate is not None
    told = render(explain(loads(json.dumps(network)), result.certificate), "text")
    assert re.search(r"file are at distance \d\.\d+\.\.e-\d+ from the\s+centre", told)


def test_the_risk_of_the_given_point_is_not_that_of_floats() -> None:
    """e^v - y v at v = 1, where y has the first digits of e: in floats a difference of two numbers that are equal."""
    given = [{"weight": [[1]]}, {"weight": [[1]]}]
    network = document([1, 1, 1], "relu", "poisson", [1], [["2.718281828459045235"]], bias=False)
    result = check(loads(json.dumps(network | {"parameters": given})), ["minimum_in_box"], timeout=10, smt=False)
    assert result["minimum_in_box"].reason.endswith("from the given point, whose risk is 3.60287471e-19")


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


def boxed(name: str) -> tuple[Problem, Json, BoxMinimum]:
    """The step by `minimum_in_box` near the point of a file beside this one, and its fact."""
    problem = loads((Path(__file__).parent / name).read_text()).problem
    certificate = Certificate(problem)
    assert problem.parameters is not None
    step = enclose(problem, problem.parameters, certificate.centred, time.monotonic() + 100).step
    fact = certificate.fact(step)
    assert isinstance(fact, BoxMinimum)
    return problem, certificate.steps[step], fact


def rejected(problem: Problem, step: Json, change: Callable[[Json], None], reason: str) -> None:
    """The step is accepted, and once it is changed rejected for the reason."""
    apply(Proof(problem), copy.deepcopy(step), "steps[0]")
    other = copy.deepcopy(step)
    change(other)
    with pytest.raises(Rejected, match=reason):
        apply(Proof(problem), other, "steps[0]")


@pytest.fixture(scope="module")
def following() -> tuple[Problem, Json]:
    """The step near the end of a training of 1-4-4-1, n = 30, weight decay: eight kinks, and three that follow."""
    problem, step, fact = boxed("following_kinks.json")
    assert fact.risk.lower < Fraction("1.47275566") < fact.risk.upper + Fraction(1, 10**8)
    return problem, step


def test_kinks_that_follow_others_through_lower_ones(following: tuple[Problem, Json]) -> None:
    step = following[1]
    assert (len(step["kinks"]), len(step["following"])) == (8, 3)
    assert all(each["kink"][0] == 1 for each in step["following"])


def moved(step: Json) -> None:
    bias = step["centre"][0]["bias"]
    bias[0] = str(Fraction(bias[0]) + Fraction(1, 100))


def let_go(step: Json) -> None:
    del step["following"][0]


def flipped(step: Json) -> None:
    m, j, i = step["following"][0]["kink"]
    step["pieces"][m][j][i] = 1


def other_multiplier(step: Json) -> None:
    step["following"][0]["multiplier"] = "1/100"


def freed(step: Json) -> None:
    step["held"], step["flows"] = step["held"][1:], step["flows"][1:]
    step["across"] = [row[1:] for row in step["across"][1:]]
    for row in step["inverse"]:
        row.insert(0, "0")
    step["inverse"].insert(0, ["1", *["0"] * (len(step["inverse"][0]) - 1)])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (moved, "no zero of the gradient is shown to be in the box|may leave its piece"),
        (let_go, "may leave its piece on sample"),
        (flipped, "no breakpoint ends its piece on sample"),
        (other_multiplier, "no zero of the gradient is shown to be in the box"),
        (freed, "no zero of the gradient is shown to be in the box"),
    ],
)
def test_the_same_box_changed(following: tuple[Problem, Json], change: Callable[[Json], None], reason: str) -> None:
    rejected(*following, change, reason)


@pytest.fixture(scope="module")
def joint() -> tuple[Problem, Json]:
    """For a training of 2-2-2-1, n = 20, logistic loss, weight decay: two kinks that open after another one."""
    problem, step, fact = boxed("joint_kinks.json")
    assert Fraction("0.52835498") < fact.risk.lower < fact.risk.upper < Fraction("0.52835499")
    return problem, step


def test_kinks_that_open_on_one_side_of_others(joint: tuple[Problem, Json]) -> None:
    """The two depend on the other through lower kinks; alone they could go down, and the risk with them."""
    step = joint[1]
    assert [each["kink"] for each in step["following"]] == [[1, 1, 4], [1, 1, 12]]
    assert all(each["weights"] == ["0", "1", "0", "0"] for each in step["following"])


def free(step: Json) -> None:
    for each in step["following"]:
        del each["weights"]


def elsewhere(step: Json) -> None:
    step["following"][0]["weights"] = ["0", "0", "1", "0"]


def doubled(step: Json) -> None:
    step["following"][0]["weights"] = ["0", "2", "0", "0"]


def upwards(step: Json) -> None:
    """The sum of the multipliers stays."""
    for each, change in zip(step["following"], (1, -1), strict=True):
        each["multiplier"] = str(Fraction(each["multiplier"]) + Fraction(change, 10))


def other_basis(step: Json) -> None:
    step["kinks"][0], step["multipliers"][0] = [0, 1, 8], step["multipliers"][2]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (moved, "no zero of the gradient is shown to be in the box|may leave its piece"),
        (let_go, "may leave its piece on sample"),
        (flipped, "no breakpoint ends its piece on sample"),
        (other_multiplier, "no zero of the gradient is shown to be in the box"),
        (free, "the risk need not rise above the breakpoint of unit 2 of hidden layer 2 on sample 1"),
        (elsewhere, "has weights for kinks of another unit"),
        (doubled, "is not a combination whose weights add up to 1"),
        (upwards, "the risk need not rise|no zero of the gradient"),
        (other_basis, "names a kink twice"),
    ],
)
def test_the_joint_box_changed(joint: tuple[Problem, Json], change: Callable[[Json], None], reason: str) -> None:
    rejected(*joint, change, reason)


@pytest.mark.parametrize(("place", "risk", "better"), [(0, "0.693147", "0.01"), (1, "0.040535", "0.0293")])
def test_plateaus_of_xor_as_classes(place: int, risk: str, better: str) -> None:
    """2-3-2 under cross-entropy where Adam stopped, without and with weight decay: minima, and not the best ones."""
    networks = json.loads((Path(__file__).parent / "xor_classes.json").read_text())
    claim = check(loads(json.dumps(networks[place])), ["minimum_in_box"], timeout=60, smt=False)["minimum_in_box"]
    assert claim.verdict is Verdict.PROVED
    assert claim.statement["spurious"] is True
    least, lower = claim.statement["risk"], claim.statement["better_risk"]
    assert Fraction(risk) < Fraction(least.lower) < Fraction(least.upper) < Fraction(risk) + Fraction(1, 10**6)
    assert Fraction(lower.upper) < Fraction(better)
