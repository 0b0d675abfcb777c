"""Compiling by a process of its own: it is gone when its time is over, at Ctrl-C, and when nobody waits for it."""

import json
import math
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

import symverify
from symverify.certify.session import Session
from symverify.run.verdict import Verdict
from symverify.search.global_minimum import preparation, prepare, relaxation, tasks
from symverify.search.global_minimum.generators import generators
from tests.shallow import shallow

ROOT = Path(__file__).parents[2]
LARGE = shallow([[7 * k % 20, k * k % 19] for k in range(20)], [k * k % 11 for k in range(20)], 2)
SMALL = shallow([[0], [1], [2]], [0, 1, 0], 1)
SLEEPING = "print('compiling', flush=True); import time; time.sleep(3600)"
FAILING = "raise SystemExit(1)"
ANNOUNCED = "compiling the search, once on this machine"
AMPLE = 1e6


@pytest.fixture
def cold(monkeypatch: pytest.MonkeyPatch) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """Nothing is compiled, as far as one is told; the processes that are begun."""
    pytest.importorskip("numba")
    begun = list["subprocess.Popen[bytes]"]()

    def recorded(seconds: float, what: str) -> "subprocess.Popen[bytes]":
        begun.append(original(seconds, what))
        return begun[-1]

    original = preparation._begun
    monkeypatch.setattr(preparation, "_begun", recorded)
    monkeypatch.setattr(preparation, "_several", lambda: False)
    monkeypatch.setattr(tasks, "kept", lambda: False)
    monkeypatch.setattr(tasks, "keeping", lambda: True)
    yield begun
    for process in begun:
        process.kill()


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What this process compiles itself."""
    done = list[str]()
    monkeypatch.setattr(preparation, "compile_all", lambda: done.append("here"))
    return done


def test_what_is_small_or_compiled_needs_none(
    cold: list["subprocess.Popen[bytes]"], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = list[str]()
    assert prepare(SMALL, told.append, 0.0)
    assert not prepare(LARGE, told.append, preparation.COMPILING - 1)
    monkeypatch.setattr(tasks, "kept", lambda: True)
    assert prepare(LARGE, told.append, 0.0)
    assert (told, cold) == ([], [])


def test_numba_is_missed_once(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(preparation, "compiling", lambda _: False)
    preparation._lacking.cache_clear()
    told = list[str]()
    for _ in range(2):
        assert prepare(LARGE, told.append, 1.0)
    assert [each.getMessage() for each in caplog.records] == [
        "numba is not installed: large searches take ten to thirty times as long without it"
    ]
    assert not told


def test_the_process_is_gone_when_its_share_is_over(
    cold: list["subprocess.Popen[bytes]"],
    here: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    told = list[str]()
    monkeypatch.setattr(preparation, "COMPILING", 0.0)
    monkeypatch.setattr(preparation, "_COMMAND", SLEEPING)
    assert not prepare(LARGE, told.append, 0.5)
    (process,) = cold
    assert process.returncode == -signal.SIGKILL if os.name == "posix" else process.returncode is not None
    assert process.stdin is not None
    assert process.stdin.closed
    assert (told, here) == ([ANNOUNCED], [])
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_ctrl_c_ends_it(
    cold: list["subprocess.Popen[bytes]"], here: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparation, "_COMMAND", SLEEPING)
    soon = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it for what it puts behind
    try:
        soon.start()
        with pytest.raises(KeyboardInterrupt):
            prepare(LARGE, lambda _: None, AMPLE)
        soon.join()
    finally:
        signal.signal(signal.SIGINT, before)
    (process,) = cold
    assert process.returncode == -signal.SIGKILL
    assert os.getsid(0) != process.pid
    assert not here


def test_it_ends_where_nobody_waits_for_it() -> None:
    """Its input ends with the process that has begun it, however that ends."""
    script = f"import {preparation.__name__} as p, time; p.compile_all = lambda: time.sleep(3600); p.work()"
    command = [sys.executable, "-c", script, "[]", "3600", preparation.ALL]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=environment) as process:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait() == 1


@pytest.mark.parametrize(("had", "code"), [(1.9, [preparation._GIVEN_UP]), (2.1, [])])
def test_on_a_busy_machine_it_gives_up_early(had: float, code: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    slept, ended = list[float](), list[int]()
    monkeypatch.setattr(preparation.time, "sleep", slept.append)
    monkeypatch.setattr(preparation.time, "process_time", lambda: had)
    monkeypatch.setattr(preparation.os, "_exit", ended.append)
    preparation._give_up(4.0)
    assert (slept, ended) == ([4.0], code)


def test_the_search_goes_on_where_it_gives_up(
    cold: list["subprocess.Popen[bytes]"], here: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has half of the time, a tenth of a second here, and is not waited for any longer."""
    seconds = "import sys; assert 0.9 < float(sys.argv[2]) / 5e5 <= 1; sys.argv[2] = '0.1'; "
    slow = f"import {preparation.__name__} as p, time; p.compile_all = lambda: time.sleep(3600); "
    slow += "time.process_time = lambda: 0.0; "
    monkeypatch.setattr(preparation, "_COMMAND", seconds + preparation._COMMAND.replace("from", slow + "from"))
    assert not prepare(LARGE, lambda _: None, AMPLE)
    (process,) = cold
    assert (process.returncode, here) == (preparation._GIVEN_UP, [])


@pytest.mark.parametrize("why", ["it fails", "it cannot be begun", "nothing is kept", "no interpreter", "frozen"])
def test_where_no_process_can_this_one_compiles(
    why: str, cold: list["subprocess.Popen[bytes]"], here: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    match why:
        case "it fails":
            monkeypatch.setattr(preparation, "_COMMAND", FAILING)
        case "it cannot be begun":
            monkeypatch.setattr(subprocess, "Popen", refuse)
        case "nothing is kept":
            monkeypatch.setattr(tasks, "keeping", lambda: False)
        case "no interpreter":
            monkeypatch.setattr(sys, "executable", "")
        case "frozen":
            monkeypatch.setattr(sys, "frozen", True, raising=False)
    told = list[str]()
    assert prepare(LARGE, told.append, math.inf)
    assert (told, here, len(cold)) == ([ANNOUNCED], ["here"], int(why == "it fails"))


def refuse(*_: object, **__: object) -> None:
    raise PermissionError("no processes here")


def test_a_process_that_fails_late_leaves_no_time(
    cold: list["subprocess.Popen[bytes]"], here: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparation, "_COMMAND", FAILING)
    assert not prepare(LARGE, lambda _: None, preparation.COMPILING)
    assert (len(cold), here) == (1, [])


@pytest.mark.parametrize("second", ["works", "fails", "cannot be begun"])
def test_a_second_process_does_a_part_where_there_is_a_second_processor(
    second: str, cold: list["subprocess.Popen[bytes]"], here: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one is waited for, and both are gone with it."""
    recorded, asked = preparation._begun, list[str]()

    def begun(seconds: float, what: str) -> "subprocess.Popen[bytes]":
        asked.append(what)
        if what == preparation.LEAVES and second == "cannot be begun":
            raise OSError
        alone = SLEEPING if second == "works" else FAILING
        monkeypatch.setattr(preparation, "_COMMAND", alone if what == preparation.LEAVES else "pass")
        return recorded(seconds, what)

    monkeypatch.setattr(preparation, "_begun", begun)
    monkeypatch.setattr(preparation, "_several", lambda: True)
    noted = iter([False, True])
    monkeypatch.setattr(tasks, "kept", lambda: next(noted))
    assert prepare(LARGE, lambda _: None, AMPLE)
    assert (asked, here) == ([preparation.ALL, preparation.LEAVES], [])
    assert [process.returncode is None for process in cold] == [False] * (1 + (second != "cannot be begun"))


def test_the_second_process_searches_without_compiling_and_then_certifies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its search is complete, so that all leaves are certified."""
    pytest.importorskip("numba")
    done = list[tuple[str, bool, bool]]()

    class Watched(preparation.Search):
        def step(self) -> None:
            done.append(("step", relaxation.plain(), self.unfinished))
            super().step()

        def close(self, floor: Fraction, until: float | None = None) -> None:
            done.append(("close", relaxation.plain(), self.unfinished))
            super().close(floor, until)
            assert self.best.loss > floor
            assert len(self.written()[0]) > 1

    monkeypatch.setattr(preparation, "Search", Watched)
    preparation.compile_leaves()
    assert done[-1] == ("close", False, False)
    assert len(done) > 2
    assert set(done[:-1]) == {("step", True, True)}


def test_what_the_process_compiles_this_one_has(tmp_path: Path) -> None:
    """Packages that only this process's path has are found there, and neither start-up files nor `__main__` are run."""
    pytest.importorskip("numba")
    script = (
        f"import {preparation.__name__} as p\n"
        "from tests.search.test_preparation import LARGE\n"
        "less = f'import {p.__name__} as p; p.global_minimum = lambda _: None; work()'\n"
        "p._COMMAND = p._COMMAND.replace('work()', less)\n"
        "p.compile_all = None\n"
        "print(p.tasks.kept(), p.prepare(LARGE, print, 1e6), p.tasks.kept())\n"
    )
    (tmp_path / "run.py").write_text(script)
    (tmp_path / "sitecustomize.py").write_text(f"open({str(tmp_path / 'started')!r}, 'a').write('.')")
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": path}
    command = [sys.executable, str(tmp_path / "run.py")]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == [ANNOUNCED, "False True True"]
    assert (tmp_path / "started").read_text() == "."  # by this process


def test_a_run_whose_time_compiling_takes_is_over_in_time(
    cold: list["subprocess.Popen[bytes]"], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And says so; what else of it is proved is told."""
    monkeypatch.setattr(preparation, "COMPILING", 0.0)
    monkeypatch.setattr(preparation, "_COMMAND", SLEEPING)
    data = [{"x": [(7 * i * i + 3 * i) % 101, (i * i * i + 5) % 97], "y": [(11 * i * i + i) % 19]} for i in range(30)]
    document = {"format": "symverify-network/1", "layers": [2, 3, 1], "activation": "relu", "data": data}
    given = symverify.loads(json.dumps(document | {"loss": "squared"}))
    result = symverify.check(given, ["global_minimum"], smt=False, timeout=3.0)
    (process,) = cold
    assert process.returncode is not None
    assert "there was no time to compile the search" in result["global_minimum"].reason
    assert result["global_bounds"].verdict is Verdict.PROVED


def test_a_session_asks_once(cold: list["subprocess.Popen[bytes]"], monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[float]()
    session = Session(LARGE, 0.0)
    monkeypatch.setattr("symverify.certify.session.prepare", lambda *_: bool(asked.append(1.0)))
    for _ in range(2):
        with session.prepared() as quick:
            assert not quick
            assert relaxation.plain()
        assert not relaxation.plain()
    assert len(asked) == 1


def test_the_sample_is_one_for_which_compiling_pays() -> None:
    pytest.importorskip("numba")
    assert relaxation.compiling(generators(preparation.sample()))
