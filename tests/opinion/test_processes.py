"""Solver processes: none outlives its solver object, its parent or its time."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from symverify.opinion import solve
from symverify.opinion.solve import Name, Solver
from tests.opinion.test_solve import HARD, POSIX, SATISFIABLE, SOLVERS, alive, worker_id


def test_no_solver_is_imported_here() -> None:
    code = (
        "import sys; from symverify.opinion.solve import Solver, available\n"
        f"with Solver() as s: s.solve({SATISFIABLE!r}); available('cvc5')\n"
        "print(sorted({'z3', 'cvc5'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


@POSIX
def test_closing_ends_the_worker() -> None:
    with Solver() as running:
        running.solve(SATISFIABLE)
        process = worker_id(running)
        assert alive(process)
    assert not alive(process)


PARENT = textwrap.dedent(
    f"""
    import signal, sys
    from symverify.opinion.solve import Solver
    signal.signal(signal.SIGINT, signal.default_int_handler)
    solver = Solver(sys.argv[1], seconds=60)
    print(solver._worker.process.pid, solver.solve({SATISFIABLE!r}).answer.name, flush=True)
    try:
        solver.solve({HARD!r})
    except KeyboardInterrupt:
        print("interrupted", solver._worker, flush=True)
    """
)


def parent_in_a_hard_query(name: Name) -> tuple[subprocess.Popen[str], int]:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, name], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    if parent.stdout is None:
        raise LookupError("no pipe")
    process, answer = parent.stdout.readline().split()
    assert answer == "SAT"
    time.sleep(0.3)
    return parent, int(process)


@POSIX
@pytest.mark.parametrize("name", SOLVERS)
def test_ctrl_c_raises_and_leaves_no_process(name: Name) -> None:
    parent, process = parent_in_a_hard_query(name)
    assert alive(process)
    start = time.monotonic()
    os.killpg(parent.pid, signal.SIGINT)  # what a terminal does
    assert parent.communicate(timeout=5)[0] == "interrupted None\n"
    assert time.monotonic() - start < 1
    assert not alive(process)


@POSIX
@pytest.mark.parametrize("name", SOLVERS)
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere the worker's alarm ends it later")
def test_worker_dies_with_its_parent(name: Name) -> None:
    parent, process = parent_in_a_hard_query(name)
    parent.kill()
    parent.communicate()
    state = Path(f"/proc/{process}/stat")
    for _ in range(100):
        # A process that has ended stays as a zombie (Z) until the system's first process collects it.
        if not state.exists() or state.read_text().split(") ")[-1].startswith("Z"):
            return
        time.sleep(0.02)
    pytest.fail("the worker outlives its parent")


@POSIX
def test_alarm_ends_a_worker_that_nobody_watches() -> None:
    worker = solve._Worker("z3", 2048)
    try:
        worker.wait(60.0)
        message = json.dumps({"script": HARD, "seconds": -1.7, "declared": None}).encode() + b"\n"
        with pytest.raises(solve._Lost, match=rf"died \(status -{int(signal.SIGALRM)}\)"):
            worker._line(5.0, message)
    finally:
        worker.stop()
