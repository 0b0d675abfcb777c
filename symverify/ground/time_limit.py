"""The time limit of a run: exact arithmetic on numbers of thousands of digits may take longer than any search.

Whoever has a limit computes in `within`; exact arithmetic asks `on_time`, its loops are `timed`, and what the search
calls of the kernel asks as it counts its work.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import TypeVar

from symverify.kernel.core.errors import MAX_WORK, Declined, metered

OVERTIME = 1.0  # seconds that what is nearly done when the time of a search is up may still take
UNLIMITED = 1 << 100  # of the kernel's units of work
EVERY = 10**6  # of them, some milliseconds: how often the time is asked for
PATIENCE = 2.0  # seconds that a step of the kernel may take beyond that, in which it is read back, too
T = TypeVar("T")
Left = Callable[[], float]
_LEFT: ContextVar[tuple[Left, ...]] = ContextVar("left", default=())


class OutOfTime(Declined):
    """The time is up; what was computed so far is lost."""

    remedy = "give it longer with --timeout, or use numbers with fewer digits"


class _Clock(int):
    """A budget of the kernel's meter that is used up when the time is, too."""

    def __sub__(self, work: int) -> "_Clock":
        left = int.__sub__(self, work)
        if left // EVERY != self // EVERY:
            on_time()
        return _Clock(left)


@contextmanager
def within(left: Left) -> Iterator[None]:
    """What computes in here ends with OutOfTime once `left`, the seconds that are left, is below 0."""
    token = _LEFT.set((*_LEFT.get(), left))
    try:
        with metered(_Clock(UNLIMITED)):
            yield
    finally:
        _LEFT.reset(token)


@contextmanager
def finishing() -> Iterator[None]:
    """Around a step of the kernel, as it is when it reads the file; only where it takes long it is ended, too."""
    begun, limits = time.monotonic(), _LEFT.get()

    def left() -> float:
        return min(limit() for limit in limits) + PATIENCE - (time.monotonic() - begun)

    token = _LEFT.set((left,) if limits else ())
    try:
        with metered(_Clock(MAX_WORK) if limits else MAX_WORK):
            yield
    finally:
        _LEFT.reset(token)


def until(deadline: float) -> AbstractContextManager[None]:
    """The same up to a time.monotonic() value."""
    return within(lambda: deadline - time.monotonic())


def on_time() -> None:
    """Raises OutOfTime where the time is up."""
    for left in _LEFT.get():
        if left() < 0:
            raise OutOfTime("out of time")


def timed(items: Iterable[T]) -> Iterator[T]:
    """The items, one after the other while there is time. Raises OutOfTime."""
    for item in items:
        on_time()
        yield item
