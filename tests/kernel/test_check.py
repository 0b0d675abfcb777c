"""Walking a certificate: its head, its steps and what they refer to, its claims and their statements."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from symverify.kernel import Malformed, Rejected, Theorem, check
from symverify.kernel.__main__ import verify
from tests.examples import layer, network, samples
from tests.kernel.accepted import CASES, FOUR, case, claim, point, proof
from tests.kernel.corruption import Json, certificate, edited, outcome, text, theorems
from tests.kernel.rules import check as check_corruption

HASH = CASES["theorem 1"].proof["problem"]
OTHER = hashlib.sha256(b"another problem").hexdigest()
HEAD = [
    ("no format", "format", ..., "Malformed", "format: is missing"),
    ("other format", "format", "symverify-certificate/3", "Malformed",
     "the certificate is 'symverify-certificate/3': use its version"),
    ("old format", "format", "symverify-certificate/1", "Malformed", 'make it again with "symverify check"'),
    ("network format", "format", "symverify-network/1", "Malformed", "'symverify-network/1': swap the two files"),
    ("format number", "format", 1, "Malformed", "format: expected text"),
    ("no problem", "problem", ..., "Malformed", "problem: is missing"),
    ("another problem", "problem", OTHER, "Rejected", f"the certificate is about another problem, '{OTHER[:40]}"),
    ("upper case", "problem", HASH.upper(), "Rejected", "the certificate is about another problem"),
    ("shortened", "problem", HASH[:-1], "Rejected", "the certificate is about another problem"),
    ("empty", "problem", "", "Rejected", "the certificate is about another problem"),
    ("null", "problem", None, "Malformed", "problem: expected text"),
    ("no claims", "claims", ..., "Malformed", "claims: is missing"),
    ("claims object", "claims", {}, "Malformed", "claims: expected a list"),
    ("no steps", "steps", ..., "Malformed", "steps: is missing"),
    ("steps null", "steps", None, "Malformed", "steps: expected a list"),
    ("unknown key", "author", "me", "Malformed", "author: unknown key; the keys here are format, problem"),
    ("empty claims", "claims", [], "Rejected", "claims: there is no claim"),
    ("empty steps", "steps", [], "Rejected", "claims[0].step: there is no step 0"),
]  # fmt: skip
STEPS = [
    ("text", "steps[0]", "assumptions", "Malformed", "steps[0]: expected an object"),
    ("null", "steps[0]", None, "Malformed", "steps[0]: expected an object"),
    ("no rule", "steps[0]", {}, "Malformed", "steps[0].rule: is missing"),
    ("rule null", "steps[0].rule", None, "Malformed", "steps[0].rule: expected text, got null"),
    ("rule list", "steps[0].rule", ["assumptions"], "Malformed", "steps[0].rule: expected text, got ['assumptions']"),
    ("rule object", "steps[0].rule", {}, "Malformed", "steps[0].rule: expected text, got {}"),
    ("unknown rule", "steps[0].rule", "axiom", "Malformed", "steps[0].rule: unknown rule 'axiom'"),
    ("attribute", "steps[0].rule", "__class__", "Malformed", "unknown rule '__class__'"),
    ("upper case", "steps[0].rule", "Assumptions", "Malformed", "unknown rule 'Assumptions'"),
    ("claim key", "steps[0].claim", "assumptions", "Malformed", "steps[0].claim: unknown key"),
    ("unused", "steps", lambda steps: [*steps, {"rule": "assumptions"}], "Rejected",
     "steps[9]: no claim depends on this step"),
    ("unused chain", "steps", lambda s: [*s, point(), {"rule": "interior_minimum", "from": {"point": 9}}], "Rejected",
     ": no claim depends on this step"),
    ("dropped", "steps", lambda steps: steps[:-1], "Rejected", "claims[3].step: there is no step 8"),
    ("one before", "steps", lambda steps: [steps[1], *steps], "Rejected", "step 1 proves Assumptions, expected"),
]  # fmt: skip
CLAIMS = [
    ("text", "claims[1]", "spurious_minimum", "Malformed", "claims[1]: expected an object"),
    ("no name", "claims[1].claim", ..., "Malformed", "claims[1].claim: is missing"),
    ("name null", "claims[1].claim", None, "Malformed", "claims[1].claim: expected text"),
    ("unknown", "claims[1].claim", "riemann", "Rejected", "which does not settle 'riemann'"),
    ("no step", "claims[1].step", ..., "Malformed", "claims[1].step: is missing"),
    ("step too large", "claims[1].step", 9, "Rejected", "claims[1].step: there is no step 9"),
    ("step negative", "claims[1].step", -5, "Malformed", "claims[1].step: expected a whole number"),
    ("step of a premise", "claims[1].step", 2, "Rejected", "step 2 proves LocalMinimum, which does not settle"),
    ("no verdict", "claims[1].verdict", ..., "Malformed", "claims[1].verdict: is missing"),
    ("refuted", "claims[1].verdict", "refuted", "Rejected", "claims[1].verdict: claimed 'refuted', proved 'proved'"),
    ("verdict true", "claims[1].verdict", True, "Rejected", "claims[1].verdict: claimed true, proved 'proved'"),
    ("no risk", "claims[1].risk", ..., "Malformed", "claims[1].risk: is missing"),
    ("risk as a number", "claims[1].better_risk", 0, "Rejected", "claims[1].better_risk: claimed 0, proved '0'"),
    ("risk spelled otherwise", "claims[1].risk", "6/40", "Rejected", "claims[1].risk: claimed '6/40', proved '3/20'"),
    ("risk decimal", "claims[1].risk", 0.15, "Rejected", "claims[1].risk: claimed 0.15, proved '3/20'"),
    ("unknown key", "claims[1].note", "", "Malformed", "claims[1].note: unknown key"),
    ("dimension true", "claims[2].dimension", True, "Rejected", "claims[2].dimension: claimed true, proved 5"),
    ("dimension text", "claims[2].dimension", "5", "Rejected", "claims[2].dimension: claimed '5', proved 5"),
    ("exact 1", "claims[2].exact", 1, "Rejected", "claims[2].exact: claimed 1, proved true"),
    ("not the given point", "claims[3].step", 4, "Rejected", "which does not settle 'point'"),
    ("not said to be spurious", "claims[3].spurious", None, "Rejected", "claimed null, proved true"),
]  # fmt: skip
CORRUPTIONS = [*HEAD, *STEPS, *CLAIMS]


@pytest.mark.parametrize(
    ("path", "new", "kind", "reason"), [c[1:] for c in CORRUPTIONS], ids=[c[0] for c in CORRUPTIONS]
)
def test_corrupted_certificates(path: str, new: Json, kind: str, reason: str) -> None:
    check_corruption(CASES, ("theorem 1", "", path, new, kind, reason))


@pytest.mark.parametrize("name", [name for name in CASES if name != "theorem 1"])
def test_the_hash_of_another_problem(name: str) -> None:
    """A certificate carried over to another network, with its own hash or with the other's."""
    elsewhere = CASES["theorem 1"].network
    verdict, what = outcome(elsewhere, proof(name))
    assert (verdict, what[:53]) == (
        "Rejected",
        "problem: the certificate is about another problem, 'x"[:53][:-1] + what[52],
    )
    carried = proof(name) | {"problem": HASH}
    verdict, what = outcome(elsewhere, carried)
    assert verdict in ("Rejected", "Malformed")
    assert what.startswith(("steps[", "claims["))


def test_the_hash_is_of_the_bytes() -> None:
    case_ = CASES["kink"]
    respelled = json.dumps(case_.network, indent=1)
    assert json.loads(respelled) == case_.network
    certificate_bytes = json.dumps(case_.proof).encode()
    with pytest.raises(Rejected, match="about another problem"):
        check(respelled.encode(), certificate_bytes, lambda _: b"")


def test_claims_may_share_steps_and_come_twice() -> None:
    whole = proof("theorem 1")
    whole["claims"].append(whole["claims"][0])
    assert outcome(CASES["theorem 1"].network, whole)[0] == "Accepted"


def settles(name: str, step: int) -> bool:
    """Whether a step of the usual certificate settles a claim of that name, whatever the statement."""
    whole = proof("theorem 1")
    whole["claims"].append(claim(name, step))
    return "does not settle" not in outcome(CASES["theorem 1"].network, whole)[1]


def test_which_claims_which_steps_settle() -> None:
    names = ("assumptions", "spurious_minimum", "valley", "linear_collapse", "point", "global_minimum", "cells")
    assert {(name, step) for name in names for step in range(9) if settles(name, step)} == {
        ("assumptions", 0), ("spurious_minimum", 4), ("valley", 5), ("point", 7), ("spurious_minimum", 8), ("point", 8)
    }  # fmt: skip


def test_only_the_minimum_of_the_affine_fit_settles_spurious_minimum() -> None:
    """x = y = 0, 1, 2: the fit is global, a dead layer is spurious; no certificate must prove both verdicts."""
    document = network([1, 2, 1], "relu", samples([0, 1, 2], [0, 1, 2]))
    fit = [layer([["1"], ["0"]], ["1", "1"]), layer([["1", "0"]], ["-1"])]
    dead = [layer([["0"], ["0"]], ["-1", "-1"]), layer([["1", "1"]], ["1"])]
    steps = [
        point(fit),
        point(dead),
        {"rule": "interior_minimum", "from": {"point": 1}},
        {"rule": "spurious_minimum", "from": {"minimum": 2, "better": 0}},
        {"rule": "function_minimum", "from": {"point": 0}},
    ]
    proved = claim("spurious_minimum", 3, risk="2", better_risk="0")
    refuted = claim("spurious_minimum", 4, "refuted", risk="0")
    fit_alone = case(document, [steps[0], {**steps[4]}], {**refuted, "step": 1})
    assert outcome(fit_alone.network, fit_alone.proof)[0] == "Accepted"
    dead_alone = case(document, steps[:4], proved)
    assert "does not settle" in outcome(dead_alone.network, dead_alone.proof)[1]
    both = case(document, steps, proved, refuted)
    assert outcome(both.network, both.proof)[0] == "Rejected"


def test_only_the_kernel_makes_theorems() -> None:
    with pytest.raises(TypeError, match="only the kernel makes a Theorem"):
        Theorem("spurious_minimum", "proved", (), 0, "core", "")
    (theorem,) = theorems(CASES["kink"].network, CASES["kink"].proof)
    with pytest.raises(AttributeError):
        theorem.verdict = "refuted"  # type: ignore[misc]


RAW = [
    (b"", "not JSON"),
    (b"null", "expected an object"),
    (b"[]", "expected an object"),
    (b"{}", "format: is missing"),
    (b'{"format": "symverify-certificate/2", "format": "symverify-certificate/2"}', "occurs twice"),
    (b"[" * 100_000, "nested deeper than 32 levels"),
    (b'{"steps": ' + b"[" * 40 + b"]" * 40 + b"}", "nested deeper than 32 levels"),
    (b'{"steps": NaN}', "NaN is not a number"),
    (b"\xff", "not UTF-8 text"),
    (b'{"a": "\\ud800"}', "half of a surrogate pair"),
    (b'{"claims": ' + b"9" * 5000 + b"}", "more than 4000 digits"),
]


@pytest.mark.parametrize(("data", "reason"), RAW, ids=range(len(RAW)))
def test_text_that_is_no_certificate(data: bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(Malformed) as error:
        check(text(CASES["kink"].network), data, lambda _: b"")
    assert reason in str(error.value)
    (tmp_path / "n.json").write_bytes(text(CASES["kink"].network))
    (tmp_path / "c.json").write_bytes(data)
    code, lines = verify(tmp_path / "n.json", tmp_path / "c.json")
    assert (code, lines[-1]) == (2, "s MALFORMED")


@pytest.mark.parametrize(
    ("name", "path", "new", "code", "last"),
    [
        ("kink", "format", "symverify-certificate/2", 0, "s PROVED point at=given risk=18 storey=core problem="),
        ("bent", "format", "symverify-certificate/2", 10, "s REFUTED point at=given risk=1 storey=core problem="),
        ("kink", "problem", OTHER, 11, "s REJECTED"),
        ("kink", "claims", [], 11, "s REJECTED"),
        ("kink", "steps", ..., 2, "s MALFORMED"),
        ("bent", "steps[1].curve[0].weight[0][0]", ["0"] * 130 + ["1"], 3, "s UNDECIDED"),
    ],
)
def test_exit_codes(name: str, path: str, new: Json, code: int, last: str, tmp_path: Path) -> None:
    (tmp_path / "n.json").write_bytes(text(CASES[name].network))
    (tmp_path / "c.json").write_text(json.dumps(edited(proof(name), path, new)))
    command = [sys.executable, "-m", "symverify.kernel", str(tmp_path / "n.json"), str(tmp_path / "c.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1][: len(last)]) == (code, last)
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_output_that_cannot_be_written_is_an_internal_error(tmp_path: Path) -> None:
    (tmp_path / "n.json").write_bytes(text(CASES["kink"].network))
    (tmp_path / "c.json").write_text(json.dumps(proof("kink")))
    command = [sys.executable, "-m", "symverify.kernel", str(tmp_path / "n.json"), str(tmp_path / "c.json")]
    with open("/dev/full", "w") as full:
        assert subprocess.run(command, stdout=full, stderr=subprocess.DEVNULL, check=False, env={}).returncode == 70


def test_a_refuted_claim_comes_last_and_decides_the_code(tmp_path: Path) -> None:
    whole = proof("bent")
    whole["steps"].append({"rule": "assumptions"})
    whole["claims"].append(claim("assumptions", 2, A1=False, A2=True, A3=False, A4=True, AL=True))
    (tmp_path / "n.json").write_bytes(text(CASES["bent"].network))
    (tmp_path / "c.json").write_text(json.dumps(whole))
    code, lines = verify(tmp_path / "n.json", tmp_path / "c.json")
    assert code == 10
    assert lines[-1].startswith("s REFUTED point")
    assert lines[-2].startswith("s PROVED assumptions")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    code, lines = verify(tmp_path / "none.json", tmp_path / "none.symcert.json")
    assert (code, lines[-1]) == (2, "s MALFORMED")
    code, lines = verify(tmp_path, tmp_path)
    assert (code, lines[-1]) == (2, "s MALFORMED")


@pytest.mark.parametrize("size", [2_000, 20_000])
def test_many_steps_and_claims_take_linear_time(size: int) -> None:
    steps = [point(), *[{"rule": "interior_minimum", "from": {"point": 0}}] * size]
    document = network([1, 1, 1], "relu", FOUR[:1], parameters=[layer([[0]], [1]), layer([[0]], [0])])
    claims = [claim("point", k + 1, risk="0", spurious=None, better_risk=None) for k in range(size)]
    assert outcome(document, certificate(document, steps, claims))[0] == "Accepted"
