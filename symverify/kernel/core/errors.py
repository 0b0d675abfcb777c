"""The kernel's outcomes that are not theorems, and its budgets: the size of a number, and the work in all.

KernelError
├── Malformed   a text is not a well-formed problem or certificate
├── Rejected    the certificate is well formed and does not prove what it claims
└── Declined    deciding would exceed a budget: neither a theorem nor a rejection
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from fractions import Fraction

MAX_BITS, MAX_PRINTED = 100_000, 12_000
MAX_WORK = 4 * 10**9  # word operations for one certificate
_LEFT: ContextVar[list[int] | None] = ContextVar("left", default=None)


class KernelError(Exception):
    """Any outcome of the kernel other than a theorem."""


class Malformed(KernelError):
    """The text is not a well-formed problem or certificate; `faults` are (path in the file, what is wrong)."""

    def __init__(self, *faults: tuple[str, str]) -> None:
        super().__init__(*faults)
        self.faults = faults

    def __str__(self) -> str:
        return "; ".join(f"{where}: {what}" if where else what for where, what in self.faults)


class Rejected(KernelError):
    """The certificate is well formed and does not prove what it claims; `where` is a path in it."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(where, reason)
        self.where, self.reason = where, reason

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}" if self.where else self.reason


class Declined(KernelError):
    """Deciding would exceed the kernel's budget: neither a theorem nor a rejection."""


@contextmanager
def metered(budget: int = MAX_WORK) -> Iterator[None]:
    """Within it all work counts against one budget, the same on every machine."""
    token = _LEFT.set([budget])
    try:
        yield
    finally:
        _LEFT.reset(token)


def spend(work: int) -> None:
    """Count word operations, before they are done; Declined where the budget is used up. Unmetered it is no limit."""
    if (left := _LEFT.get()) is not None:
        left[0] -= work
        if left[0] < 0:
            raise Declined("the certificate takes more work than the kernel's budget allows")


def within_budget(x: Fraction) -> Fraction:
    """x itself, counted as the result of an operation; Declined where it has outgrown the budget on numbers."""
    bits = x.numerator.bit_length() + x.denominator.bit_length()
    if bits > MAX_BITS:
        raise Declined(f"a number grew beyond {MAX_BITS} bits")
    spend(40 + (bits >> 5) ** 2)
    return x


def printable(x: Fraction) -> Fraction:
    """x itself, unless it has too many digits to be stated."""
    if max(x.numerator.bit_length(), x.denominator.bit_length()) > MAX_PRINTED:
        raise Declined(f"a number of more than {MAX_PRINTED} bits to be stated")
    return x
