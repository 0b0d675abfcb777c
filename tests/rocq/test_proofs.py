"""The proofs compile, rest on the axioms of the classical reals alone, and pass Coq's independent checker."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[2] / "proofs" / "rocq"
CLASSICAL_REALS = {
    "ClassicalDedekindReals.sig_forall_dec",
    "ClassicalDedekindReals.sig_not_dec",
    "FunctionalExtensionality.functional_extensionality_dep",
    "Classical_Prop.classic",
}


def test_every_headline_rests_on_the_classical_reals_alone(built: Path) -> None:
    printed = (built / "axioms.txt").read_text()
    groups = [
        set(re.findall(r"^([A-Za-z_][\w.']*)\s*(?::|$)", part, re.MULTILINE)) for part in printed.split("Axioms:\n")
    ]
    assert groups[0] == set()
    assert len(groups) == 4, printed
    for named in groups[1:]:
        assert named, printed
        assert named <= CLASSICAL_REALS, printed
    # completeness, exp and ln need more: Huber's loss, logistic loss, cross-entropy
    assert groups[1] | groups[2] == CLASSICAL_REALS - {"ClassicalDedekindReals.sig_not_dec", "Classical_Prop.classic"}


def test_every_theorem_of_main_is_among_the_headlines() -> None:
    theorems = set()
    for name in ("Main.v", "ProgramRules.v", "RankRules.v", "Theorem1Proof.v", "Theorem1Losses.v"):
        theorems |= set(re.findall(r"^(?:Theorem|Corollary) (\w+)", (SOURCES / name).read_text(), re.MULTILINE))
    listed = set(re.findall(r"\w+", (SOURCES / "Assumptions.v").read_text()))
    assert theorems
    assert theorems <= listed, theorems - listed


@pytest.mark.parametrize("path", sorted(SOURCES.glob("*.v")), ids=lambda path: path.name)
def test_nothing_is_assumed(path: Path) -> None:
    text = re.sub(r"\(\*.*?\*\)", "", path.read_text(), flags=re.DOTALL)
    assumed = (
        r"\b(Admitted|admit|give_up|Axioms?|Conjecture|Parameters?|bypass_check|Unset (Guard|Positivity|Universe))\b"
    )
    assert re.search(assumed, text) is None


def test_independent_checker(built: Path) -> None:
    if shutil.which("coqchk") is None:
        pytest.skip("not installed: coqchk")
    done = subprocess.run(
        ["coqchk", "-silent", "-o", "-Q", ".", "Symverify", "Symverify.RankRules", "Symverify.Theorem1Proof"],
        cwd=built,
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    summary = done.stdout + done.stderr
    axioms = set(re.findall(r"Coq\.[\w.]*\.(\w+\.\w+)$", summary.split("* Axioms:")[1].split("* Constants")[0], re.M))
    assert axioms <= CLASSICAL_REALS, summary
    assert summary.count("<none>") == 3, summary
