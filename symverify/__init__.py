"""symverify: statements about the loss surfaces of small piecewise linear networks, proved.

problem/    network.json → the problem; reading files
cells/      sign patterns: the cells of parameter space
search/     minima, valleys, descent curves, better points: the search, untrusted
certify/    from claims to proof steps
kernel/     the trusted checker, standard library only; FORMAT.md
opinion/    obligations and solvers: the second opinion
run/        check: all of it in one run
report/     tables, JSON, pages
"""

TYPE_CHECKING = False  # importing typing costs milliseconds; type checkers take the name
if TYPE_CHECKING:
    from symverify.kernel import Declined, Malformed, Rejected, Theorem
    from symverify.problem.load import LoadedProblem, load, loads
    from symverify.report.notebook import CheckResult, check
    from symverify.run.check import ClaimResult
    from symverify.run.verdict import Verdict

_HOME = {
    "CheckResult": "symverify.report.notebook",
    "ClaimResult": "symverify.run.check",
    "Declined": "symverify.kernel",
    "LoadedProblem": "symverify.problem.load",
    "Malformed": "symverify.kernel",
    "Rejected": "symverify.kernel",
    "Theorem": "symverify.kernel",
    "Verdict": "symverify.run.verdict",
    "check": "symverify.report.notebook",
    "load": "symverify.problem.load",
    "loads": "symverify.problem.load",
}

__all__ = [
    "CheckResult",
    "ClaimResult",
    "Declined",
    "LoadedProblem",
    "Malformed",
    "Rejected",
    "Theorem",
    "Verdict",
    "check",
    "load",
    "loads",
]


def __getattr__(name: str) -> object:
    if name in _HOME:
        from importlib import import_module

        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'symverify' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
