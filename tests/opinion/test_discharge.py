"""The solver's time is bounded by the caller's deadline, whatever the solver does."""

import json
import time
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from symverify.kernel import FORMAT, check
from symverify.opinion import solve
from symverify.opinion.discharge import Opinion, discharge, per_claim
from symverify.opinion.obligations import obligations, posed
from symverify.opinion.solve import Answer, Solver
from symverify.problem.load import load, loads
from symverify.report.render import opinion
from symverify.run.check import check as run_check
from tests.examples import layer, network, samples
from tests.opinion.posed import CASES, no_data, walked

READY = 'print(\'{"id": 0, "answer": "sat", "reason": "", "model": null}\', flush=True)\n'
SLEEP = "import time\ntime.sleep(600)\n"


@pytest.mark.parametrize(
    ("program", "seconds"),
    [(SLEEP, 5.0), (READY + SLEEP, 5.0), (READY + SLEEP, 0.2), ("import sys\nsys.exit(3)\n", 5.0)],
    ids=["never starts", "never answers", "never answers in many queries", "dies at once"],
)
def test_a_hanging_solver_ends_at_the_deadline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, seconds: float
) -> None:
    worker = tmp_path / "worker.py"
    worker.write_text(program)
    monkeypatch.setattr(solve, "WORKER", worker)
    problem, steps = walked(CASES["interior"])
    todo = posed(problem, steps)
    start = time.monotonic()
    opinions = discharge(todo, "z3", seconds=seconds, deadline=start + 1.0)
    assert time.monotonic() - start < 2.0
    assert list(opinions.values()) == [Opinion(unanswered=1)] * len(todo)


def test_a_hanging_solver_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = tmp_path / "worker.py"
    worker.write_text(SLEEP)
    monkeypatch.setattr(solve, "WORKER", worker)
    solver = Solver()
    assert solver._worker is not None
    process = solver._worker.process
    reply = solver.solve("(check-sat)", deadline=time.monotonic() + 0.2)
    assert reply.answer is Answer.NO_ANSWER
    assert process.poll() is not None


def test_after_the_deadline_nothing_is_asked() -> None:
    with Solver() as solver:
        reply = solver.solve("(check-sat)", deadline=time.monotonic() - 1.0)
        assert (reply.answer, reply.reason) == (Answer.NO_ANSWER, "no time is left")
        assert solver.solve("(check-sat)").answer is Answer.SAT


def test_a_hanging_solver_does_not_hold_up_a_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--timeout` is for the search, and as much again for the solver; the proof stands without an opinion."""
    worker, network = tmp_path / "worker.py", tmp_path / "network.json"
    worker.write_text(READY + SLEEP)
    network.write_text(json.dumps(CASES["spurious"].network))
    monkeypatch.setattr(solve, "WORKER", worker)
    start = time.monotonic()
    result = run_check(load(network), ["spurious_minimum"], timeout=1.0)
    assert time.monotonic() - start < 4.0
    claim = result["spurious_minimum"]
    assert claim.verdict.value == "proved"
    assert (claim.smt.confirmed, claim.smt.contradicted) == (0, 0)
    assert claim.smt.unanswered > 4


def test_a_claims_opinions_are_those_of_the_steps_that_it_rests_on() -> None:
    case = CASES["spurious"]
    network = json.dumps(case.network).encode()
    claims = [
        {"claim": "spurious_minimum", "verdict": "proved", "step": 3, "risk": "3/20", "better_risk": "0"},
        {"claim": "assumptions", "verdict": "proved", "step": 4} | dict.fromkeys(["A1", "A2", "A3", "A4", "AL"], True),
    ]
    proof = {"format": FORMAT, "problem": sha256(network).hexdigest(), "claims": claims}
    checked = check(network, json.dumps({**proof, "steps": [*case.steps, {"rule": "assumptions"}]}).encode(), no_data)
    opinions = dict.fromkeys(obligations(checked), Opinion(confirmed=1))
    steps = [made.step for made in opinions]
    told = [(theorem.claim, opinion.confirmed) for theorem, opinion in per_claim(checked, opinions)]
    assert told == [("spurious_minimum", len(steps) - 1), ("assumptions", 1)]
    assert steps.count(4) == 1


def test_steps_that_are_not_posed_are_counted_and_shown() -> None:
    """Of a global radius only its premises' statements are put to a solver: what it confirms is not the claim."""
    sign = network([1, 1, 1], "relu", samples([1, 2], [1, 3]), bias=False,
                   parameters=[layer([[1]]), layer([["7/5"]])])  # fmt: skip
    result = run_check(loads(json.dumps(sign)), ["global_radius", "face_radius"], smt=False)
    assert result.checked is not None
    opinions = dict.fromkeys(obligations(result.checked), Opinion(confirmed=1))
    found = {theorem.claim: of for theorem, of in per_claim(result.checked, opinions)}
    assert (found["global_radius"].unposed, found["face_radius"].unposed) == (1, 0)
    shown = {name: opinion(replace(result[name], smt=smt)) for name, smt in found.items()}
    assert shown["global_radius"].endswith(" confirmed, 1 step not posed")
    assert shown["face_radius"].endswith(" confirmed")
    assert opinion(result["global_radius"]) == ""
