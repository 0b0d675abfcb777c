"""Worker processes of a search: asked for late, killed on the way, or never there: the result is the same."""

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager, nullcontext
from multiprocessing import get_context
from typing import Any

import pytest

from symverify.kernel.core.network import Problem
from symverify.run.cluster import Cluster
from symverify.search.global_minimum import Helpers, global_minimum
from symverify.search.global_minimum.helpers import LOSSES
from tests.shallow import shallow

KILLED_AT = 4


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
    alone, opened = global_minimum(problem()), list[Dying]()

    @contextmanager
    def pools() -> Iterator[Executor]:
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            opened.append(Dying(pool))
            yield opened[-1]

    with Helpers(pools, None) as helpers:
        found = global_minimum(problem(), helpers=helpers)
    assert [len(each.killed) for each in opened[:2]] == [1, 1]
    assert helpers.losses >= 2
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
    helpers = Helpers(lambda: nullcontext(executor), None)
    found = global_minimum(problem(10), helpers=helpers)
    assert (found.lower, found.vectors, found.tree) == (alone.lower, alone.vectors, alone.tree)
    assert helpers.losses == LOSSES + 1
    assert executor.asked < 50


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
    helpers = Helpers(lambda: nullcontext(executor), 0.0)
    inst = problem(10)
    assert [helpers.submit(inst, count, k)() for k in range(3)] == [10, 11, 12]
    assert executor.count == 2
    executor.first.set_result(None)
    assert helpers.submit(inst, count, 3)() == 13
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
