"""What can go wrong, as one tree; `except SymverifyError` catches everything that the package raises on purpose.

    SymverifyError          the root; its class is `symverify.kernel.core.errors.KernelError`, because the kernel,
    │                       which must be readable by itself, imports nothing from the rest of the package
    ├── Malformed           a network file, data file or certificate is not well formed; `.faults` are all
    │   │                   (path in the file, what was expected)
    │   └── Unreadable      a file could not be read at all; `.path`
    ├── Rejected            a well-formed certificate does not prove its claims, or a point lies in no cell
    ├── Declined            deciding would exceed a budget: neither a theorem nor a rejection
    ├── NoCell              what was given to name a cell names none; `.remedy`; also a ValueError
    ├── NotImportable       a trained model cannot be read (symverify.problem.imports); `.remedy`
    └── CannotPlot          there is nothing to draw, or nothing to draw with (symverify.report.plots); `.remedy`

`remedy(error)` is the next thing to try, in a sentence, for any of them.
"""

from .kernel.core.errors import Declined, KernelError, Malformed, Rejected

__all__ = ["Declined", "Malformed", "NoCell", "Rejected", "SymverifyError", "Unreadable", "remedy"]

SymverifyError = KernelError


class Unreadable(Malformed):
    """A file could not be read: it is missing, forbidden, too large, or not a regular file."""

    def __init__(self, path: str, problem: str, remedy: str) -> None:
        super().__init__(("", f"cannot read {path}: {problem}; {remedy}"))
        self.path, self.problem, self.remedy = path, problem, remedy

    def __reduce__(self) -> tuple[type["Unreadable"], tuple[str, str, str]]:
        return type(self), (self.path, self.problem, self.remedy)


class NoCell(SymverifyError, ValueError):
    """A pattern has the wrong form for the problem, or a point is on an activation boundary."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem, remedy)
        self.problem, self.remedy = problem, remedy

    def __str__(self) -> str:
        return f"{self.problem}; {self.remedy}"


def remedy(error: SymverifyError) -> str:
    """What to try next: the error's own remedy if it has one."""
    own = getattr(error, "remedy", None)
    if isinstance(own, str):
        return own
    match error:
        case Malformed():
            return "correct the places listed; `symverify schema` prints the format of network files"
        case Rejected():
            return "make the certificate again with `symverify check`, from this very network file"
        case Declined():
            return "use numbers with fewer digits, a smaller network or fewer samples"
        case _:
            return "report this as a bug, with the network file"
