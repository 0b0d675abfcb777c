"""Every name that stands beside a verdict can be asked for."""

import json
from pathlib import Path

import pytest

import symverify
from symverify.certify.emitters import CLAIMS
from symverify.run.verdict import Verdict

ROOT = Path(__file__).parents[2]


def test_what_certificates_state_can_be_asked_for() -> None:
    stated = {
        claim["claim"]
        for path in (ROOT / "proofs").glob("*/network.symcert.json")
        for claim in json.loads(path.read_text())["claims"]
    }
    assert stated
    assert stated <= set(CLAIMS)


@pytest.mark.parametrize(
    ("name", "example", "risk"),
    [
        ("global_bounds", "two-valleys", None),
        ("cell_infimum", "two-valleys", "1/12"),
        ("affine_infimum", "separable", None),
    ],
)
def test_a_claim_that_another_states_on_its_way(name: str, example: str, risk: str | None) -> None:
    problem = symverify.load(ROOT / "examples" / f"{example}.json")
    cell = "0111,0111" if name == "cell_infimum" else None
    claim = symverify.check(problem, [name], cell=cell, smt=False)[name]
    assert claim.verdict is Verdict.PROVED
    assert risk is None or claim.statement["risk"] == risk


@pytest.mark.parametrize("name", ["affine_infimum", "constant_risk_path"])
def test_one_that_there_is_none_of_says_so(name: str) -> None:
    problem = symverify.load(ROOT / "examples" / "two-valleys.json")
    claim = symverify.check(problem, [name], cell="0111,0111", smt=False)[name]
    assert claim.verdict is Verdict.UNDECIDED
    assert claim.reason


def test_a_question_that_was_skipped_is_not_answered() -> None:
    """A deep network without biases and without a point: no default claim is settled, and a bracket is no proof."""
    document = {
        "format": "symverify-network/1",
        "layers": [1, 2, 2, 2],
        "activation": "relu",
        "bias": False,
        "loss": "squared",
        "data": [{"x": [x], "y": [y, y]} for x, y in ((0, 1), (1, 0), (2, 1))],
    }
    result = symverify.check(symverify.loads(document), smt=False)
    assert result["assumptions"].verdict is Verdict.PROVED
    assert result.verdict is Verdict.UNDECIDED
