"""Every small change of every accepted certificate, and of its network file: never is a false claim accepted."""

import hashlib

import pytest

from tests.kernel.accepted import CASES, proof
from tests.kernel.corruption import Json, falsehoods, mutations, outcome, text

CORRUPTED = [
    pytest.param(name, changed, id=f"{name}{where}")
    for name, case in CASES.items()
    for where, changed in mutations(case.proof)
]
USUAL = ("theorem 1", "kink", "plane", "bent", "function")
OTHER_NETWORKS = [
    pytest.param(name, changed, id=f"{name}{where}", marks=() if name in USUAL else pytest.mark.long)
    for name, case in CASES.items()
    for where, changed in mutations(case.network)
]


@pytest.mark.parametrize("name", CASES)
def test_the_control_is_accepted_and_true(name: str) -> None:
    case = CASES[name]
    assert outcome(case.network, case.proof)[0] == "Accepted"
    assert falsehoods(case.network, case.proof) == []


@pytest.mark.parametrize(("name", "changed"), CORRUPTED)
def test_no_corrupted_certificate_proves_a_false_claim(name: str, changed: Json) -> None:
    kind, what = outcome(CASES[name].network, changed)
    assert kind in ("Rejected", "Malformed") or falsehoods(CASES[name].network, changed) == []
    assert what


@pytest.mark.parametrize(("name", "network"), OTHER_NETWORKS)
def test_no_certificate_proves_a_false_claim_about_another_network(name: str, network: Json) -> None:
    kind, what = outcome(network, CASES[name].proof)
    assert kind == "Malformed" or what.startswith("problem: the certificate is about another problem")
    adapted = proof(name) | {"problem": hashlib.sha256(text(network)).hexdigest()}
    kind, _ = outcome(network, adapted)
    assert kind in ("Rejected", "Malformed") or falsehoods(network, adapted) == []
