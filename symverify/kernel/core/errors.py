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
MAX_WORK = 24 * 10**8  # for one certificate, in units of about 4 ns on a processor of 2020: less than 10 s
_LEFT: ContextVar[list[int] | None] = ContextVar("left", default=None)


class KernelError(Exception):
    """Any outcome of the kernel other than a theorem; and the root of what the package around it raises on purpose."""


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
    """Count work, before it is done; Declined where the budget is used up. Unmetered it is no limit."""
    if (left := _LEFT.get()) is not None:
        left[0] -= work
        if left[0] < 0:
            raise Declined("the certificate takes more work than the kernel's budget allows")


def size(x: Fraction | int) -> int:
    """The bits of a rational."""
    return x.numerator.bit_length() + x.denominator.bit_length()


def effort(bits: int) -> int:
    """The work of an operation on rationals of so many bits in all: gcds are quadratic, and none is free."""
    words = bits >> 5
    return 1000 + 16 * words + (words * words >> 4)


def elimination(bits: int) -> int:
    """The work of a x − b y, and of dividing it by a gcd, for integers of so many bits each."""
    return 100 + (bits >> 5) * (10 + (bits >> 5))


def multiplication(bits: int, size: int) -> int:
    """The work of a product of two integers of so many bits, and of adding it to a sum."""
    return 25 + (1 + (bits >> 5)) * (1 + (size >> 5))


def within_budget(x: Fraction, *factors: Fraction) -> Fraction:
    """x itself, counted as the result of an operation on the factors; Declined where it outgrew the budget on numbers.

    The factors count, too: they may be long where x is short.
    """
    if (bits := size(x)) > MAX_BITS:
        raise Declined(f"a number grew beyond {MAX_BITS} bits")
    spend(effort(bits + sum(map(size, factors))))
    return x


def printable(x: Fraction) -> Fraction:
    """x itself, unless it has too many digits to be stated."""
    if max(x.numerator.bit_length(), x.denominator.bit_length()) > MAX_PRINTED:
        raise Declined(f"a number of more than {MAX_PRINTED} bits to be stated")
    return x
