"""Who works for a search besides this thread: others of this process where its loops are compiled, else processes.

Threads have the problem, its rays and the loops already; compiled loops run side by side. Processes are asked for once
the search has shown to be long, and used once they know the problem.
"""

import pickle
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from dataclasses import dataclass, field
from typing import Self, TypeVar

from symverify.kernel.core.network import Problem
from symverify.search.global_minimum import tasks
from symverify.search.global_minimum.generators import generators

SHORT, LONG = 0.05, 3.0  # seconds after which a search is worth threads, and after which it is long
LARGE = 100_000  # entries of all rays' columns from which it is worth threads at once
LOSSES = 3  # so often workers that were lost are replaced
T = TypeVar("T")
Opened = Callable[[], AbstractContextManager[Executor | None]]


@dataclass(slots=True)
class Helpers:
    """So many threads when the search has taken SHORT seconds or is LARGE, if it is compiled.

    Else what `opened` opens when it has taken `after` seconds; at once, and used at once, where that is None. Until a
    worker is ready, and where workers are lost, the work is done here: results do not depend on who did it.
    """

    opened: Opened = nullcontext
    after: float | None = LONG
    threads: int = 1
    count: int = 2  # workers that get ready at first
    begun: float = field(default_factory=time.monotonic)
    losses: int = 0
    executor: Executor | None = None
    ready: list[Future[None]] = field(default_factory=list)
    pickled: bytes = b""
    stack: ExitStack = field(default_factory=ExitStack)
    beside: ThreadPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.withdraw()
        self.stack.close()

    def submit(self, problem: Problem, work: Callable[..., T], part: object, *rest: object) -> Callable[[], T]:
        """work(problem, part, *rest), begun by a worker if one is ready; call what it returns for the result."""

        def here() -> T:
            return work(problem, part, *rest)

        elapsed = time.monotonic() - self.begun
        if self.threads > 1 and tasks.compiled(shape := generators(problem)):
            return self.threaded(here) if elapsed > SHORT or shape.units.size > LARGE else here
        executor = self.asked(problem, elapsed)
        if executor is None:
            return here
        try:
            running = executor.submit(tasks.remote, self.pickled, work, part, *rest)
        except BrokenExecutor:
            self.lost(executor)
            return here

        def result() -> T:
            try:
                return running.result()
            except (BrokenExecutor, CancelledError):
                self.lost(executor)
                return here()

        return result

    def threaded(self, here: Callable[[], T]) -> Callable[[], T]:
        """Work begun by another thread; call what it returns for the result."""
        if self.beside is None:
            self.beside = ThreadPoolExecutor(self.threads, "search")
        try:
            running = self.beside.submit(here)
        except RuntimeError:  # no thread can be started
            self.threads = 1
            return here

        def result() -> T:
            try:
                return running.result()
            except CancelledError:
                return here()

        return result

    def withdraw(self) -> None:
        """What no thread has begun is left to who asks for its result: something else comes first."""
        if self.beside is not None:
            self.beside.shutdown(wait=False, cancel_futures=True)
            self.beside = None

    def asked(self, problem: Problem, elapsed: float) -> Executor | None:
        """The executor, if it is time for it and one of its workers is ready."""
        if self.after is not None and elapsed < self.after:
            return None
        if self.executor is None and self.losses <= LOSSES:
            self.executor, self.pickled = self.stack.enter_context(self.opened()), pickle.dumps(problem)
            self.losses += self.executor is None and LOSSES + 1  # there are none
            if self.after is not None and self.executor is not None:
                self.ready = [self.executor.submit(tasks.warm, self.pickled) for _ in range(self.count)]
        if self.ready and not any(each.done() for each in self.ready):
            return None
        return self.executor

    def lost(self, executor: Executor) -> None:
        """Workers of this executor have died: others are asked for, not too often."""
        if executor is self.executor:
            self.executor, self.ready, self.losses = None, [], self.losses + 1
            with suppress(Exception):
                self.stack.close()
