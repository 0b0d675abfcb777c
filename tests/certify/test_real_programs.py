"""Claims about general programs under logistic loss and cross-entropy: Theorem 1 by spans, points, bounds, boxes."""

import json
from typing import Any

import pytest

from symverify.problem.load import loads
from symverify.run.check import CheckResult, check
from symverify.run.verdict import Verdict

Json = Any
XS = [[-2, 1], [-1, 0], [0, 2], [1, -1], [2, 0], [0, -1], [1, 1], [-1, -1]]
YS = [0, 1, 1, 0, 1, 0, 0, 1]


def residual(loss: Json = "logistic", outputs: int = 1, **last: Json) -> Json:
    """x + relu(z) → f, of labels that no line separates."""
    return {
        "format": "symverify-network/1",
        "program": [
            {"name": "x", "op": "input", "shape": [2]},
            {"name": "z", "op": "affine", "from": "x", "units": 2},
            {"name": "a", "op": "activation", "from": "z", "activation": "relu"},
            {"name": "s", "op": "sum", "from": ["a", "x"]},
            {"name": "f", "op": "affine", "from": "s", "units": outputs, **last},
        ],
        "loss": loss,
        "data": [{"x": x, "y": y if outputs > 1 else [y]} for x, y in zip(XS, YS, strict=True)],
    }


def proved(network: Json, claims: list[str] | None = None) -> CheckResult:
    return check(loads(json.dumps(network)), claims, timeout=20, smt=False)


@pytest.mark.parametrize(("loss", "outputs"), [("logistic", 1), ("cross_entropy", 2)])
def test_theorem_1_without_knowing_the_optimum(loss: str, outputs: int) -> None:
    result = proved(residual(loss, outputs), ["valley", "spurious_minimum"])
    assert [claim.verdict for claim in result.claims] == [Verdict.PROVED] * 2
    assert result["spurious_minimum"].line.startswith("s PROVED spurious_minimum at=affine_fit")
    assert "programs+reals" in result["valley"].line


def test_a_frozen_last_map_is_told() -> None:
    reason = proved(residual(weight=[[1, None]]), ["valley"])["valley"].reason
    assert reason == "the prediction is not that of an affine map with all entries free"


def test_bounds_and_points() -> None:
    point = {
        "z": {"weight": [["1", "0"], ["0", "1"]], "bias": ["0", "0"]},
        "f": {"weight": [["1", "0"]], "bias": ["0"]},
    }
    result = proved(residual() | {"parameters": point}, ["point", "global_bounds"])
    assert result["point"].verdict is Verdict.REFUTED
    assert result["global_bounds"].verdict is Verdict.PROVED
    same = residual() | {"parameters": point, "data": [{"x": [0, 0], "y": ["1/2"]}, {"x": [1, 1], "y": ["1/2"]}]}
    stuck = {
        "z": {"weight": [["1", "0"], ["0", "1"]], "bias": ["1", "1"]},
        "f": {"weight": [["0", "0"]], "bias": ["0"]},
    }
    result = proved(same | {"parameters": stuck}, ["point", "global_minimum"])
    assert result["point"].verdict is result["global_minimum"].verdict is Verdict.PROVED
    assert "spurious=false" in result["point"].line


def test_labels_that_are_separated() -> None:
    """Four units fit eight labels: the infimum is 0 and not attained."""
    network = residual()
    network["program"][1:4] = [
        {"name": "z", "op": "affine", "from": "x", "units": 8},
        {"name": "a", "op": "activation", "from": "z", "activation": "relu"},
        {"name": "s", "op": "concat", "from": ["a", "x"]},
    ]
    claim = proved(network, ["infimum"])["infimum"]
    assert claim.verdict is Verdict.PROVED
    assert "risk=0 attained=false" in claim.line


def test_a_box_under_logistic_loss() -> None:
    network = residual()
    network["parameters"] = {
        "z": {"weight": [["0", "0"], ["0", "0"]], "bias": ["-1", "-1"]},
        "f": {"weight": [["1/10", "0"]], "bias": ["0"]},
    }
    claim = proved(network, ["minimum_in_box"])["minimum_in_box"]
    assert claim.verdict is Verdict.PROVED, claim.reason


def test_other_claims_are_named() -> None:
    reason = proved(residual(), ["critical_point"])["critical_point"].reason
    assert reason.startswith("not a claim for general programs under the logistic loss; claims for them: valley")
