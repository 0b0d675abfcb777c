"""What can go wrong, as one tree; `except SymverifyError` catches everything that the package raises on purpose.

    SymverifyError              the root; its class is `symverify.kernel.core.errors.KernelError`, because the kernel,
    │                           which must be readable by itself, imports nothing from the rest of the package
    ├── Malformed               a network file, data file or certificate is not well formed; `.faults` are all
    │   │                       (path in the file, what was expected)
    │   ├── Unreadable          a file could not be read at all; `.path`
    │   ├── NotLoaded           the network file of a command cannot be read; `.network`
    │   └── NoProblem           no network file has the hash that a certificate is about
    ├── Rejected                a well-formed certificate does not prove its claims, or a point lies in no cell
    ├── Declined                deciding would exceed a budget: neither a theorem nor a rejection
    │   └── OutOfTime           a time limit is over (symverify.ground.time_limit)
    ├── NotConstructible        the construction of Theorem 1 does not apply (symverify.search.affine_minimum)
    ├── NotAffine               parameters of a program that move are multiplied (symverify.search.programs.forms)
    ├── NotFitted               no dual point of a loss over the reals was found (symverify.search.span_dual)
    ├── NotEnclosed             no local minimum near a point was enclosed in a box (symverify.search.box)
    ├── Unfinished              a search for a global minimum ended without a proof (symverify.search.loss_tree)
    ├── NotFinished             the time for a deep global minimum is over (symverify.search.tree_dual)
    ├── TooLong                 a number has too many digits for a solver (symverify.opinion.text); also a ValueError
    ├── NoView                  there is no such picture of the problem (symverify.report.views)
    └── Usage                   what was asked for cannot be done as it was asked; `.problem`, `.remedy`
        ├── UnknownClaim        there is no claim of that name; also a ValueError
        ├── NoCell              what was given to name a cell names none; also a ValueError
        ├── NotShallow          a network with one hidden layer was expected; also a ValueError
        ├── NotChain            a chain of dense layers was expected, not a general program; also a ValueError
        ├── NotWritable         a file cannot be written where it was asked for
        ├── BadCheckpoint       a file is no checkpoint of this search
        ├── ClusterMissing      Dask is not installed, or no scheduler answers
        ├── NoSolver            the solver for the second opinion is not installed
        ├── NotImportable       a trained model cannot be read (symverify.problem.imports)
        └── CannotPlot          there is nothing to draw, or nothing to draw with (symverify.report.plots)

On the command line Malformed and Usage exit with 2, Rejected with 11, Declined with 3. `remedy(error)` is the next
thing to try, in a sentence, for any of them.
"""

from pathlib import Path

from .kernel.core.errors import Declined, KernelError, Malformed, Rejected

__all__ = [
    "BadCheckpoint",
    "ClusterMissing",
    "Declined",
    "Malformed",
    "NoCell",
    "NoProblem",
    "NoSolver",
    "NotChain",
    "NotShallow",
    "NotWritable",
    "Rejected",
    "SymverifyError",
    "UnknownClaim",
    "Unreadable",
    "Usage",
    "remedy",
]

SymverifyError = KernelError


class Unreadable(Malformed):
    """A file could not be read: it is missing, forbidden, too large, or not a regular file."""

    def __init__(self, path: str, problem: str, remedy: str) -> None:
        super().__init__(("", f"cannot read {path}: {problem}; {remedy}"))
        self.path, self.problem, self.remedy = path, problem, remedy

    def __reduce__(self) -> tuple[type["Unreadable"], tuple[str, str, str]]:
        return type(self), (self.path, self.problem, self.remedy)


class NotLoaded(Malformed):
    """The network file of a command cannot be read; `network` is its path."""

    def __init__(self, network: Path, *faults: tuple[str, str]) -> None:
        super().__init__(*faults)
        self.network = network


class NoProblem(Malformed):
    """No network file has the hash that a certificate is about; the message says what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(("problem", message))

    def __reduce__(self) -> tuple[type["NoProblem"], tuple[str]]:
        return type(self), (self.faults[0][1],)


class Usage(SymverifyError):
    """What was asked for cannot be done as it was asked; `problem` says why, `remedy` what to try, "" if nothing."""

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(problem, remedy)
        self.problem, self.remedy = problem, remedy

    def __str__(self) -> str:
        return f"{self.problem}; {self.remedy}" if self.remedy else self.problem


class UnknownClaim(Usage, ValueError):
    """There is no claim of that name."""


class NoCell(Usage, ValueError):
    """A pattern has the wrong form for the problem, or a point is on an activation boundary."""


class NotShallow(Usage, ValueError):
    """The network has more than one hidden layer."""


class NotChain(Usage, ValueError):
    """The network is a general program, and the command is for chains of dense layers."""


class NotWritable(Usage):
    """A file cannot be written where it was asked for."""


class BadCheckpoint(Usage):
    """A file is no checkpoint of this search."""


class ClusterMissing(Usage):
    """Dask is not installed, or no scheduler answers."""


class NoSolver(Usage):
    """The solver for the second opinion is not installed."""


def unspelled(error: BaseException) -> bool:
    """Whether Python did not spell a whole number, as it has more than 4,300 digits."""
    return isinstance(error, ValueError) and "integer string conversion" in str(error)


def cause(error: KernelError) -> str:
    """What went wrong, without the place in a certificate that no reader has."""
    return error.reason if isinstance(error, Rejected) else str(error)


def remedy(error: SymverifyError) -> str:
    """What to try next: the error's own remedy if it has one."""
    own = getattr(error, "remedy", None)
    if isinstance(own, str) and own:
        return own
    match error:
        case Malformed():
            return "correct the places listed; `symverify schema` prints the format of network files"
        case Rejected():
            return "make the certificate again with `symverify check`, from this very network file"
        case Declined():
            return "use numbers with fewer digits, a smaller network or fewer samples"
        case Usage():
            return "`symverify --help` lists the commands and their options"
        case _:
            return "report this as a bug, with the network file"
