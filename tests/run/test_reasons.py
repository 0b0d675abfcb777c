"""What is said of a claim that is not proved is true, and problems at the edge end in a verdict."""

import json
from pathlib import Path

import numpy as np
import pytest

import symverify
from symverify.search.diagram import diagram

CASES = json.loads(Path(__file__).with_name("reasons.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["what"])
def test_the_reason_is_true(case):
    result = symverify.check(case["network"], case["claims"], smt=False)
    (claim,) = (each for each in result.claims if each.name in case["claims"])
    assert result.verdict.exit_code == case["exit"], claim.reason
    assert case["says"] in claim.reason
    assert "steps[" not in claim.reason


def test_an_observation_beside_a_theorem_is_named_as_one():
    """A proved row has no reason: what was seen besides is observed."""
    rows = symverify.check(CASES[9]["network"], smt=False).records()
    for row in rows:
        assert ("reason" in row) == (row["verdict"] == "undecided")
        assert "reason" not in row or "observed_reason" not in row


def test_an_affine_fit_that_the_network_cannot_predict_is_not_called_global():
    """Without biases the fit is below everything that the network reaches."""
    data = [{"x": [1], "y": [1]}, {"x": [2], "y": [0]}]
    network = {"format": "symverify-network/1", "layers": [1, 1, 1], "activation": "relu", "bias": False}
    found = diagram(symverify.loads({**network, "loss": "squared", "data": data}).problem)
    turn = np.linspace(0.1, 3, 50)  # 0 and π are labels that the network fits
    _, affine, least = found.at(np.column_stack([np.cos(turn), np.sin(turn)]))
    assert least.max() > 0.1
    assert not affine.any()
