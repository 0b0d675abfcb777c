"""One walk: a proof of k steps runs k rules when it is read back, and none when something is done with the result."""

import json
from collections import Counter
from pathlib import Path

import pytest

from symverify.kernel import Checked
from symverify.kernel.check import needed, rests_on
from symverify.kernel.core.proof import Fact, Reading
from symverify.kernel.table import RULES
from symverify.opinion.obligations import obligations
from symverify.problem import load
from symverify.report.explain import explain
from symverify.run.diff import diff
from tests.kernel.accepted import CASES
from tests.kernel.corruption import checked, outcome, text
from tests.kernel.rules import Controls, of_rule

ROOT = Path(__file__).parents[2]
PROOFS = sorted(path.parent for path in (ROOT / "proofs").glob("*/network.json"))


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each rule of the table has been run."""
    counted = Counter[str]()

    def counting(name: str) -> None:
        rule = RULES[name]

        def run(step: Reading) -> Fact:
            counted[name] += 1
            return rule(step)

        monkeypatch.setitem(RULES, name, run)

    for name in list(RULES):
        counting(name)
    return counted


@pytest.mark.parametrize("rule", RULES)
def test_a_proof_of_k_steps_runs_k_rules(rule: str, runs: Counter[str]) -> None:
    controls: Controls = of_rule(rule)[0]
    for case in controls.values():
        runs.clear()
        checked(case.network, case.proof)
        assert runs == Counter(step["rule"] for step in case.proof["steps"])


def test_nothing_is_run_by_what_reads_the_result(runs: Counter[str]) -> None:
    for case in CASES.values():
        found = checked(case.network, case.proof)
        runs.clear()
        obligations(found)
        for theorem in found.theorems:
            assert found.support(theorem)[-1] == theorem.step
            assert theorem.line()
        assert not runs


@pytest.mark.parametrize("folder", PROOFS, ids=[folder.name for folder in PROOFS])
def test_an_explanation_runs_each_step_once(folder: Path, runs: Counter[str]) -> None:
    """`explain` reads the file back itself: k steps, k rules."""
    (certificate,) = folder.glob("*.symcert.json")
    explain(load(folder / "network.json"), certificate.read_bytes())
    assert sum(runs.values()) == len(json.loads(certificate.read_bytes())["steps"])


def test_a_comparison_runs_each_step_of_both_once(runs: Counter[str], tmp_path: Path) -> None:
    case = CASES["theorem 1"]
    (tmp_path / "network.json").write_bytes(text(case.network))
    for name in ("old", "new"):
        (tmp_path / f"{name}.symcert.json").write_text(json.dumps(case.proof))
    diff(tmp_path / "old.symcert.json", tmp_path / "new.symcert.json", [tmp_path / "network.json"])
    assert sum(runs.values()) == 2 * len(case.proof["steps"])


def test_a_step_says_what_it_rests_on() -> None:
    found = checked(CASES["theorem 1"].network, CASES["theorem 1"].proof)
    assert [rests_on(step) for step in found.steps] == [(), (), (1,), (), (2, 3), (4,), (), (6,), (7, 3)]
    assert [dict(step.premises) for step in found.steps][4] == {"minimum": (2,), "better": (3,)}
    assert [found.support(theorem) for theorem in found.theorems] == [
        [0], [1, 2, 3, 4], [1, 2, 3, 4, 5], [3, 6, 7, 8]
    ]  # fmt: skip
    assert needed(found.steps, []) == []
    assert [theorem.storey for theorem in found.theorems] == ["cited", "core", "core", "core"]


def test_only_the_kernel_makes_a_checked() -> None:
    with pytest.raises(TypeError, match="only the kernel makes a Checked"):
        Checked(checked(CASES["kink"].network, CASES["kink"].proof).problem, (), ())


def test_a_step_that_nothing_uses_is_refused_wherever_it_stands() -> None:
    whole = json.loads(json.dumps(CASES["theorem 1"].proof))
    del whole["claims"][0]
    assert outcome(CASES["theorem 1"].network, whole) == ("Rejected", "steps[0]: no claim depends on this step")
