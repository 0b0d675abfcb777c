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
