"""Solver processes: right on small queries; never a false answer or a lost process when something breaks."""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from symverify.errors import NoSolver
from symverify.opinion import solve
from symverify.opinion.solve import Answer, Name, Solver, available
from symverify.opinion.text import Polynomial, Script, name_of, relation
from tests.opinion.names import HOSTILE

SOLVERS: list[Name] = [name for name in ("z3", "cvc5") if available(name)]
POSIX = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals and limits")

X, Y = (("x", 1),), (("y", 1),)
XX, XY, YY = (("x", 2),), (("x", 1), ("y", 1)), (("y", 2),)


def script(logic: str, *relations: tuple[Polynomial, str]) -> str:
    return Script(logic, "xy", [relation(poly, op) for poly, op in relations]).text()  # type: ignore[arg-type]


ONE = Fraction(1)
SATISFIABLE = script("QF_LRA", ({X: ONE, (): Fraction(-3, 2)}, "="))
# x³ + y³ + z³ = 33: the smallest solution known has 16 digits.
HARD = (
    "(set-logic QF_NIA)(declare-const x Int)(declare-const y Int)(declare-const z Int)"
    "(assert (= (+ (* x x x) (* y y y) (* z z z)) 33))(check-sat)"
)
BIG = (
    "(set-logic QF_LRA)"
    + "".join(f"(declare-const x{i} Real)" for i in range(200))
    + "".join(f"(assert (or (< x{i} x{j}) (> x{i} (+ 1.0 x{j}))))" for i in range(200) for j in range(i))
    + "(check-sat)"
)

# (script, expected answer): the known answers that every solver has to give
TABLE: list[tuple[str, Answer]] = [
    (SATISFIABLE, Answer.SAT),
    (script("QF_LRA"), Answer.SAT),
    (script("QF_LRA", ({}, "distinct")), Answer.UNSAT),
    (script("QF_LRA", ({X: ONE}, ">"), ({X: Fraction(2), (): Fraction(-1, 10**30)}, "<")), Answer.SAT),
    (script("QF_LRA", ({X: ONE, Y: ONE}, ">"), ({X: ONE}, "<="), ({Y: ONE}, "<=")), Answer.UNSAT),
    ("(set-logic QF_LIA)(declare-const x Int)(assert (= (* 2 x) 3))(check-sat)", Answer.UNSAT),
    ("(set-logic QF_LIA)(declare-const x Int)(assert (= (* 2 x) 12))(check-sat)", Answer.SAT),
    (script("QF_NRA", ({XX: ONE, (): Fraction(-2)}, "=")), Answer.SAT),
    (script("QF_NRA", ({XX: ONE, (): Fraction(1, 10**9)}, "=")), Answer.UNSAT),
    (script("QF_NRA", ({XX: ONE, YY: ONE, XY: Fraction(-2)}, "<")), Answer.UNSAT),
    (script("QF_NRA", ({XY: ONE, (): Fraction(-1)}, "="), ({X: ONE, Y: ONE}, "<")), Answer.SAT),
]


@pytest.fixture(scope="module", params=SOLVERS)
def solver(request: pytest.FixtureRequest) -> Iterator[Solver]:
    with Solver(request.param, seconds=10.0) as running:
        yield running


def worker_id(running: Solver) -> int:
    if running._worker is None:
        raise LookupError("no worker")
    return running._worker.process.pid


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


# Answers


@pytest.mark.parametrize(("text", "answer"), TABLE)
def test_known_answer(solver: Solver, text: str, answer: Answer) -> None:
    reply = solver.solve(text)
    assert (reply.answer, reply.reason, reply.model) == (answer, "", None)
    assert 0 <= reply.seconds < 10


def test_queries_do_not_see_each_other(solver: Solver) -> None:
    for text, answer in (TABLE + TABLE[::-1])[::3]:
        assert solver.solve(text).answer is answer


def test_model_is_exact_and_names_every_declared_constant(solver: Solver) -> None:
    reply = solver.solve(script("QF_LRA", ({X: Fraction(7), (): Fraction(22)}, "=")), model=True)
    assert reply.model is not None
    assert set(reply.model) == {"x", "y"}
    assert reply.model["x"] == "-22/7"
    Fraction(reply.model["y"])


def test_model_of_long_integers_is_exact(solver: Solver) -> None:
    big = 10**4000
    text = script("QF_LRA", ({X: Fraction(3), (): Fraction(big)}, "="), ({Y: ONE, X: Fraction(big)}, "="))
    model = solver.solve(text, model=True).model
    assert model is not None
    assert Fraction(model["x"]) == Fraction(-big, 3)
    assert model["y"] == "1" + "0" * 8000 + "/3"  # more digits than Python reads


def test_model_of_an_algebraic_number_is_text(solver: Solver) -> None:
    reply = solver.solve(script("QF_NRA", ({XX: ONE, (): Fraction(-2)}, "=")), model=True)
    assert reply.model is not None
    assert "root-obj" in reply.model["x"] or "real_algebraic_number" in reply.model["x"]


def test_model_of_booleans_and_integers(solver: Solver) -> None:
    text = "(set-logic QF_LIA)(declare-const b Bool)(declare-fun |n| () Int)(assert (and b (= n (- 5))))"
    assert solver.solve(text + "(check-sat)", model=True).model == {"b": "true", "n": "-5"}


def test_no_model_of_an_unsatisfiable_script(solver: Solver) -> None:
    assert solver.solve(script("QF_LRA", ({}, "<")), model=True).model is None


def test_hostile_names_are_ordinary_variables(solver: Solver) -> None:
    poly: Polynomial = {((name, 1),): 1 for name in HOSTILE}
    text = Script("QF_LRA", HOSTILE, [relation(poly, ">")], HOSTILE).text()
    reply = solver.solve(text, model=True)
    assert reply.model is not None
    values = {name_of(key): Fraction(value) for key, value in reply.model.items()}
    assert set(values) == set(HOSTILE)
    assert sum(values.values()) > 0


# No answer


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no (check-sat)"),
        ("(set-logic QF_LRA)", "no (check-sat)"),
        ("(check-sat", "unbalanced"),
        ("(check-sat))", "unbalanced"),
        ("check-sat", "unbalanced"),
        ("(check-sat)(check-sat)", "after (check-sat)"),
        ("(check-sat)(assert false)", "after (check-sat)"),
        ("(assert false)\0(check-sat)", "unexpected character"),
        ("(assert true)(check-sat); \x85", "unexpected character"),
        ('(echo "sat")(check-sat)', "unexpected character"),
        ("(declare-const |a\\|b| Real)(check-sat)", "unexpected character"),
        ("(declare-const |a Real)(check-sat)", "unexpected character"),
        ("(push 1)(assert false)(pop 1)(check-sat)", "not supported: push 1"),
        ("(set-option :timeout 1)(check-sat)", "not supported"),
        ("(declare-fun f (Real) Real)(check-sat)", "not supported"),
        ("(declare-const x (_ BitVec 8))(check-sat)", "not supported"),
        ("(declare-const x Real)(declare-const |x| Int)(check-sat)", "declared twice"),
    ],
)
def test_script_of_another_shape_is_refused(solver: Solver, text: str, reason: str) -> None:
    reply = solver.solve(text)
    assert reply.answer is Answer.NO_ANSWER
    assert reason in reply.reason


@pytest.mark.parametrize(
    "text",
    [
        "(set-logic QF_LRA)(assert (> x 0.0))(assert false)(check-sat)",
        "(set-logic QF_LRA)(declare-const x Real)(assert x)(assert false)(check-sat)",
        "(set-logic QF_LRA)(assert false)(assert)(check-sat)",
        "(set-logic QF_LRA)(assert (foo))(check-sat)",
        "(set-logic QF_LRA)(declare-const x Real)(assert (= (* x x) 2.0))(check-sat)",
    ],
)
def test_what_the_solver_cannot_read_is_no_answer(solver: Solver, text: str) -> None:
    reply = solver.solve(text)
    assert reply.answer is Answer.NO_ANSWER
    assert reply.reason
    assert "\n" not in reply.reason
    assert solver.solve(SATISFIABLE).answer is Answer.SAT


def test_a_solver_that_gives_up_is_no_answer() -> None:
    with Solver("z3", seconds=5.0) as running:
        reply = running.solve("(declare-const x Real)(assert (= (^ 2.0 x) 3.0))(check-sat)", model=True)
        assert (reply.answer, reply.reason, reply.model) == (Answer.NO_ANSWER, "unknown", None)


@pytest.mark.parametrize("name", SOLVERS)
def test_hard_query_ends_in_time_and_the_next_is_answered(name: Name) -> None:
    with Solver(name, seconds=0.5) as running:
        assert running.solve(SATISFIABLE).answer is Answer.SAT
        start = time.monotonic()
        reply = running.solve(HARD)
        assert 0.5 <= time.monotonic() - start < 1.5
        assert (reply.answer, reply.reason) == (Answer.NO_ANSWER, "no answer within 0.5 s")
        assert running.solve(SATISFIABLE).answer is Answer.SAT


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the address space is limited on Linux only")
@pytest.mark.parametrize("name", SOLVERS)
def test_memory_is_limited(name: Name) -> None:
    with Solver(name, seconds=60.0, memory_mb=100) as running:
        reply = running.solve(BIG)
        assert reply.answer is Answer.NO_ANSWER
        assert "within" not in reply.reason
        assert running.solve(SATISFIABLE).answer is Answer.SAT


def test_no_memory_at_all_is_no_answer() -> None:
    with Solver(memory_mb=1) as running:
        assert running.solve(SATISFIABLE).answer is Answer.NO_ANSWER


@POSIX
@pytest.mark.parametrize("name", SOLVERS)
def test_worker_killed_midway_is_no_answer(name: Name) -> None:
    with Solver(name, seconds=5.0) as running:
        running.solve(SATISFIABLE)
        threading.Timer(0.2, os.kill, (worker_id(running), signal.SIGKILL)).start()
        reply = running.solve(HARD)
        assert (reply.answer, reply.reason) == (Answer.NO_ANSWER, "the worker died (status -9)")
        assert reply.seconds < 2
        assert running.solve(SATISFIABLE).answer is Answer.SAT


@POSIX
def test_worker_killed_between_queries_is_replaced() -> None:
    with Solver() as running:
        running.solve(SATISFIABLE)
        os.kill(worker_id(running), signal.SIGKILL)
        time.sleep(0.1)
        assert running.solve(SATISFIABLE).answer is Answer.SAT


@POSIX
def test_worker_that_stands_still_is_no_answer() -> None:
    with Solver(seconds=0.3) as running:
        running.solve(SATISFIABLE)
        os.kill(worker_id(running), signal.SIGSTOP)
        reply = running.solve(Script("QF_LRA", [], [], ["x" * 10**6]).text())
        assert (reply.answer, reply.reason) == (Answer.NO_ANSWER, "no answer within 0.3 s")


@pytest.mark.parametrize(
    ("writes", "reason"),
    [
        ("sat", "not a message"),
        ('{"id": 1, "answer": "sat"', "not a message"),
        ("[" * 100_000, "not a message"),
        ("[1]", "no query"),
        ('{"id": 2, "answer": "unsat", "reason": "", "model": null}', "no query"),
        ('{"id": 1, "answer": "maybe", "reason": "", "model": null}', "does not fit"),
        ('{"id": 1, "answer": "unsat", "reason": ""}', "does not fit"),
        ('{"id": 1, "answer": "sat", "reason": "", "model": {}}', "does not fit"),
        ("", "died (status 0)"),
    ],
)
def test_worker_that_writes_garbage_is_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: str, reason: str
) -> None:
    ready = '{"id": 0, "answer": "sat", "reason": "", "model": null}'
    program = tmp_path / "worker.py"
    program.write_text(f"print({ready!r}, flush=True); input(); print({writes!r}, end='')\n")
    monkeypatch.setattr(solve, "WORKER", program)
    with Solver() as running:
        reply = running.solve(SATISFIABLE)
        assert reply.answer is Answer.NO_ANSWER
        assert reason in reply.reason


def test_model_with_other_constants_is_no_answer() -> None:
    line = b'{"id": 1, "answer": "sat", "reason": "", "model": {"y": "1"}}'
    with pytest.raises(solve._Lost, match="does not fit"):
        solve._reply(line, 1, {"x": "Real"})
    assert solve._reply(line, 1, {"y": "Real"}) == (Answer.SAT, "", {"y": "1"})


def test_solver_whose_package_is_broken_is_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "z3").mkdir()
    (tmp_path / "z3" / "__init__.py").write_text("raise ImportError('no library')")
    monkeypatch.setattr(solve, "_package_folder", lambda name: str(tmp_path))
    with Solver() as running:
        reply = running.solve(SATISFIABLE)
    assert reply.answer is Answer.NO_ANSWER
    assert "did not start: ImportError: no library" in reply.reason


def test_missing_package_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solve, "_package_folder", lambda name: None)
    assert not available("cvc5")
    with pytest.raises(NoSolver, match=r"pip install cvc5$"):
        Solver("cvc5")


def test_limits_and_names_are_checked() -> None:
    for seconds, memory in ((0.0, 1), (float("nan"), 1), (float("inf"), 1), (1.0, 0)):
        with pytest.raises(ValueError, match="limits"):
            Solver(seconds=seconds, memory_mb=memory)
    with pytest.raises(ValueError, match="not a solver"):
        Solver("sh")  # type: ignore[arg-type]
