"""Every small change of every accepted certificate, and of its network file: never is a false claim accepted.

The controls and corruptions of the rules' own test files are counted here: none is without.
"""

import hashlib

import pytest

from symverify.kernel.table import RULES, STOREY
from tests.kernel.accepted import CASES, proof
from tests.kernel.corruption import Json, falsehoods, mutations, outcome, text
from tests.kernel.rules import of_rule

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
FEW, MOST = 80, 250  # mutations of a control, evenly spread over all of them


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


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_controls_and_corruptions_of_its_own_steps(rule: str) -> None:
    controls, corruptions = of_rule(rule)
    assert controls
    assert all(rule in [step["rule"] for step in case.proof["steps"]] for case in controls.values())
    kinds = {kind for name, _, path, _, kind, reason in corruptions if name in controls and path and reason}
    assert {"Rejected", "Malformed"} <= kinds, "a malformed step, and one that does not follow"
    assert any(rule in reason or path.startswith("steps") for _, _, path, _, kind, reason in corruptions)
    assert len({each[:2] for each in corruptions}) == len(corruptions), "each has a name of its own"


@pytest.mark.parametrize("most", [FEW, pytest.param(MOST, marks=pytest.mark.long)])
@pytest.mark.parametrize("rule", RULES)
def test_no_mutation_proves_anything_else(rule: str, most: int) -> None:
    """Of the controls that are no shared certificates: whatever is still accepted proves what the control proves."""
    for name, case in of_rule(rule)[0].items():
        if name in CASES:
            continue
        right = set(outcome(case.network, case.proof)[1].splitlines())
        every = list(mutations(case.proof))
        for where, changed in every[:: 1 + (1 if len(str(case.proof)) < 20_000 else 8) * len(every) // most]:
            verdict, what = outcome(case.network, changed)
            assert verdict in ("Rejected", "Malformed", "Declined") or set(what.splitlines()) <= right, where


def test_how_many_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    counts = {rule: tuple(map(len, of_rule(rule))) for rule in RULES}
    with capsys.disabled():
        print("\naccepted controls and corruptions:", ", ".join(f"{rule} {a}+{b}" for rule, (a, b) in counts.items()))
    assert min(a for a, _ in counts.values()) >= 1
    assert min(b for _, b in counts.values()) >= 4
    assert set(counts) == set(STOREY)
