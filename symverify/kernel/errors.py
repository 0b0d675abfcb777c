"""The kernel's outcomes that are not theorems, and the budget on the size of numbers."""

from fractions import Fraction

MAX_BITS, MAX_PRINTED = 100_000, 12_000


class KernelError(Exception):
    """Any outcome of the kernel other than a theorem."""


class Malformed(KernelError):
    """The text is not a well-formed problem or certificate; `faults` are all (path in the file, what is wrong)."""

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


def within_budget(x: Fraction) -> Fraction:
    """x itself, unless its numerator or denominator has outgrown the budget."""
    if x.numerator.bit_length() > MAX_BITS or x.denominator.bit_length() > MAX_BITS:
        raise Declined(f"a number grew beyond {MAX_BITS} bits")
    return x


def printable(x: Fraction) -> Fraction:
    """x itself, unless it has too many digits to be stated."""
    if max(x.numerator.bit_length(), x.denominator.bit_length()) > MAX_PRINTED:
        raise Declined(f"a number of more than {MAX_PRINTED} bits to be stated")
    return x
