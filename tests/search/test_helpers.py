"""Threads and processes of a search: asked for late, killed on the way, or never there: the result is the same."""

import itertools
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from multiprocessing import get_context
from typing import Any

import pytest

from symverify.kernel.core.network import Problem
from symverify.run.cluster import Cluster
from symverify.run.local import processes
from symverify.search.global_minimum import Helpers, Result, covering, global_minimum, helpers, tasks
from symverify.search.global_minimum import search as searching
from symverify.search.global_minimum.generators import generators
from symverify.search.global_minimum.helpers import LOSSES
from tests.shallow import shallow

KILLED_AT = 2


def problem(n: int = 16) -> Problem:
    return shallow([[k * k % 17, k * k * k % 23] for k in range(n)], [k * k % 11 for k in range(n)], 2)


class Dying(Executor):
    """A pool that loses a process, by SIGKILL, once so many tasks were begun."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self.pool, self.count, self.killed = pool, 0, list[int]()

    def submit(self, work: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        self.count += 1
        running = self.pool.submit(work, *args, **named)
        if self.count == KILLED_AT:
            self.killed.append(next(iter(self.pool._processes)))
            os.kill(self.killed[-1], signal.SIGKILL)
        return running


def test_a_killed_worker_changes_nothing() -> None:
    """Two pools one after the other lose a worker; the third search of the same problem has none."""
    alone, opened = global_minimum(problem(18)), list[Dying]()

    @contextmanager
    def pools() -> Iterator[Executor]:
        pool = ProcessPoolExecutor(2, mp_context=get_context("spawn"))
        opened.append(Dying(pool))
        try:
            yield opened[-1]
        finally:  # one that began while another died may wait for a lock that the dead one held
            for process in list((pool._processes or {}).values()):
                process.kill()
            pool.shutdown()

    with Helpers(pools, None) as workers:
        found = global_minimum(problem(18), helpers=workers)
    assert [len(each.killed) for each in opened[:2]] == [1, 1]
    assert workers.losses >= 2
    assert (found.lower, found.vectors, found.tree, found.upper) == (
        alone.lower,
        alone.vectors,
        alone.tree,
        alone.upper,
    )


class Broken(Executor):
    """One whose workers have all died, at once or when they are asked for results."""

    def __init__(self, at_once: bool) -> None:
        self.at_once, self.asked = at_once, 0

    def submit(self, work: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        self.asked += 1
        if self.at_once:
            raise BrokenExecutor("no process is left")
        lost: Future[Any] = Future()
        lost.set_exception(BrokenExecutor("no process is left"))
        return lost


@pytest.mark.parametrize("at_once", [True, False])
def test_workers_that_always_die_are_not_asked_for_ever(at_once: bool) -> None:
    executor, alone = Broken(at_once), global_minimum(problem(10))
    workers = Helpers(lambda: nullcontext(executor), None)
    found = global_minimum(problem(10), helpers=workers)
    assert (found.lower, found.vectors, found.tree) == (alone.lower, alone.vectors, alone.tree)
    assert workers.losses == LOSSES + 1
    assert executor.asked < 50


def test_a_worker_that_waits_for_ever_does_not_keep_python() -> None:
    """As one that began while another died may, for a lock that the dead one held: Python waits for it at its exit."""
    with processes(2) as pool:
        assert isinstance(pool, ProcessPoolExecutor)
        lock = pool._call_queue._rlock  # type: ignore[attr-defined]
        assert lock.acquire(timeout=60)
        pool.submit(int)
        manager: Any = pool._executor_manager_thread
    try:
        assert manager is not None
        manager.join(60)
        assert not manager.is_alive()
    finally:
        lock.release()


def test_a_short_search_opens_nothing() -> None:
    def never() -> Any:
        raise AssertionError("a short search asked for workers")

    assert global_minimum(problem(10), helpers=Helpers(never, 1000.0)).closed


def test_work_is_done_here_until_a_worker_is_ready() -> None:
    """The first tasks, while workers start; and all of them where there are none."""

    class Starting(Executor):
        """The first task, which makes a worker ready, ends when it is told to."""

        def __init__(self) -> None:
            self.first: Future[Any] = Future()
            self.count = 0

        def submit(self, work: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
            self.count += 1
            if self.count <= 2:
                return self.first
            done: Future[Any] = Future()
            done.set_result(work(*args, **named))
            return done

    executor = Starting()
    workers = Helpers(lambda: nullcontext(executor), 0.0)
    inst = problem(10)
    assert [workers.submit(inst, count, k)() for k in range(3)] == [10, 11, 12]
    assert executor.count == 2
    executor.first.set_result(None)
    assert workers.submit(inst, count, 3)() == 13
    assert executor.count == 3
    none = Helpers(nullcontext, 0.0)
    assert [none.submit(inst, count, k)() for k in range(2)] == [10, 11]


def count(inst: Problem, more: int) -> int:
    return len(inst.inputs) + more


def test_what_a_cluster_gives_up_is_broken_and_errors_of_the_work_are_themselves() -> None:
    class Lost(Exception):
        pass

    Lost.__module__ = "distributed.scheduler"

    class Inner(Executor):
        def submit(self, work: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
            done: Future[Any] = Future()
            try:
                done.set_result(work(*args, **named))
            except Exception as error:
                done.set_exception(error)
            return done

    def fails(error: Exception) -> None:
        raise error

    cluster = Cluster(Inner())
    assert cluster.submit(max, 1, 2).result() == 2
    with pytest.raises(BrokenExecutor, match="lost it: Lost"):
        cluster.submit(fails, Lost()).result()
    with pytest.raises(ArithmeticError, match="wrong"):
        cluster.submit(fails, ArithmeticError("wrong")).result()
    gone: Future[Any] = Future()
    gone.cancel()
    cluster.inner = Given(gone)
    with pytest.raises(BrokenExecutor, match="CancelledError"):
        cluster.submit(max, 1, 2).result()


class Given(Executor):
    def __init__(self, future: Future[Any]) -> None:
        self.future = future

    def submit(self, work: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        return self.future


# Threads


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiled searches use threads from their first task on, and tasks are many."""
    pytest.importorskip("numba")
    monkeypatch.setattr(helpers, "SHORT", -1.0)
    monkeypatch.setattr(covering, "SLICE", 10)


def whole(result: Result) -> tuple[object, ...]:
    return result.lower, result.upper, result.vectors, result.tree, result.point, result.complete


def busy(monkeypatch: pytest.MonkeyPatch) -> dict[str, set[int]]:
    """The threads that split nodes, and those that cover leaves, as they come."""
    seen: dict[str, set[int]] = {}

    def told(owner: Any, name: str) -> None:
        work = getattr(owner, name)

        def watched(*arguments: Any) -> Any:
            seen.setdefault(name, set()).add(threading.get_ident())
            return work(*arguments)

        monkeypatch.setattr(owner, name, watched)

    told(tasks, "expand")
    told(searching, "cover")
    return seen


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("large", [False, True])
def test_threads_and_processes_find_the_same(large: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where tasks are long they are cut shorter as long as few nodes are open: for everybody alike."""
    if large:
        monkeypatch.setattr(tasks, "WORK", 100_000)
    inst = problem(26)
    assert tasks.compiled(generators(inst)) is not None
    alone, seen = whole(global_minimum(inst)), busy(monkeypatch)
    for count in (1, 2, 5):
        seen.clear()
        with Helpers(threads=count) as workers:
            assert whole(global_minimum(inst, helpers=workers)) == alone
        assert {name: len(found - {threading.get_ident()}) > 0 for name, found in seen.items()} == {
            "expand": count > 1,
            "cover": count > 1,
        }
    monkeypatch.undo()
    monkeypatch.setattr(helpers, "SHORT", -1.0)
    alone = whole(global_minimum(inst))
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        assert whole(global_minimum(inst, executor=pool)) == alone


@pytest.mark.usefixtures("at_once")
def test_plain_searches_ask_for_processes_and_not_for_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    small, seen = problem(10), busy(monkeypatch)
    assert tasks.compiled(generators(small)) is None
    with Helpers(threads=2) as workers:
        assert global_minimum(small, helpers=workers).closed
    assert workers.beside is None
    assert set.union(*seen.values()) == {threading.get_ident()}


@pytest.mark.usefixtures("at_once")
def test_where_no_thread_starts_the_work_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    inst = problem(26)
    alone = whole(global_minimum(inst))
    monkeypatch.setattr(threading.Thread, "start", refused)
    with Helpers(threads=2) as workers:
        assert whole(global_minimum(inst, helpers=workers)) == alone
    assert workers.threads == 1


@pytest.mark.usefixtures("at_once")
def test_work_that_is_withdrawn_is_done_by_who_asks_for_it() -> None:
    inst, begun, free = problem(26), threading.Event(), threading.Event()

    def waiting(given: Problem, number: int) -> int:
        begun.set()
        assert free.wait(60)
        return number

    with Helpers(threads=1) as workers:
        workers.threads = 2
        results = [workers.submit(inst, waiting, 0), workers.submit(inst, waiting, 1)]
        later = [workers.submit(inst, count, k) for k in range(3)]
        assert begun.wait(60)
        workers.withdraw()
        assert [result() for result in later] == [26, 27, 28]  # nobody else is free
        free.set()
        assert [result() for result in results] == [0, 1]
        assert workers.submit(inst, count, 5)() == 31


@pytest.mark.usefixtures("at_once")
def test_an_interruption_while_threads_work_gives_a_bracket_and_leaves_none(monkeypatch: pytest.MonkeyPatch) -> None:
    inst, calls, expand = problem(40), itertools.count(1), tasks.expand
    alone = global_minimum(inst)

    def interrupting(*arguments: Any) -> Any:
        if next(calls) == 3:
            signal.raise_signal(signal.SIGINT)  # Python tells the main thread
        return expand(*arguments)

    monkeypatch.setattr(tasks, "WORK", 100_000)
    monkeypatch.setattr(tasks, "expand", interrupting)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it for what it puts behind
    try:
        with Helpers(threads=2) as workers:
            part = global_minimum(inst, helpers=workers)
    finally:
        signal.signal(signal.SIGINT, before)
    assert next(calls) > 3
    assert not part.complete
    assert 0 <= part.lower <= alone.lower == alone.upper <= part.upper
    assert workers.beside is None


@pytest.mark.usefixtures("at_once")
def test_a_search_keeps_its_rays_while_another_has_the_latest() -> None:
    first, second = problem(26), problem(25)
    shape = generators(first)
    other = generators(second)
    assert generators(first) is shape
    assert generators(second) is other is not shape
    assert generators(replace(second)).units is other.units  # of an equal problem
    assert generators(second) is other
