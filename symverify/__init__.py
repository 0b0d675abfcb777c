"""symverify: statements about the loss surfaces of small piecewise linear networks, proved.

    import symverify

    problem = symverify.from_torch(module, X, y)    # or from_sklearn, from_onnx, problem(X, y, layers=[2, 3, 1]), load
    result = symverify.check(problem)               # result.words, .risk, .point(), .html("page.html"), .save("proof")

problem/    network.json → the problem; reading files; problems from arrays and frameworks
cells/      sign patterns: the cells of parameter space
search/     minima, valleys, descent curves, better points: the search, untrusted
certify/    from claims to proof steps
kernel/     the trusted checker, standard library only; FORMAT.md
opinion/    obligations and solvers: the second opinion
run/        check: all of it in one run
report/     tables, JSON, pages
api/        the functions and results of this module
"""

TYPE_CHECKING = False  # importing typing costs milliseconds; type checkers take the name
if TYPE_CHECKING:
    from symverify.api.points import ExactPoint
    from symverify.api.results import AtlasResult, Cells, CheckResult, SnapResult, Verification
    from symverify.api.tasks import atlas, cells, check, global_minimum, snap, verify
    from symverify.errors import SymverifyError
    from symverify.kernel import Declined, Malformed, Rejected, Theorem
    from symverify.problem.imports.keras import from_keras
    from symverify.problem.imports.model import from_onnx, from_safetensors
    from symverify.problem.imports.sklearn import from_sklearn
    from symverify.problem.imports.torch import from_torch
    from symverify.problem.load import LoadedProblem, load, loads
    from symverify.problem.make import problem
    from symverify.run.check import ClaimResult
    from symverify.run.verdict import Verdict

__version__ = "0.1.0"

_HOME = {
    "AtlasResult": "symverify.api.results",
    "Cells": "symverify.api.results",
    "CheckResult": "symverify.api.results",
    "ClaimResult": "symverify.run.check",
    "Declined": "symverify.kernel",
    "ExactPoint": "symverify.api.points",
    "LoadedProblem": "symverify.problem.load",
    "Malformed": "symverify.kernel",
    "Rejected": "symverify.kernel",
    "SnapResult": "symverify.api.results",
    "SymverifyError": "symverify.errors",
    "Theorem": "symverify.kernel",
    "Verdict": "symverify.run.verdict",
    "Verification": "symverify.api.results",
    "atlas": "symverify.api.tasks",
    "check": "symverify.api.tasks",
    "from_keras": "symverify.problem.imports.keras",
    "from_onnx": "symverify.problem.imports.model",
    "from_safetensors": "symverify.problem.imports.model",
    "from_sklearn": "symverify.problem.imports.sklearn",
    "from_torch": "symverify.problem.imports.torch",
    "global_minimum": "symverify.api.tasks",
    "load": "symverify.problem.load",
    "loads": "symverify.problem.load",
    "snap": "symverify.api.tasks",
    "verify": "symverify.api.tasks",
}
_CALLED = ("cells", "problem")  # functions that are subpackages, too: see symverify.called

__all__ = [
    "AtlasResult",
    "Cells",
    "CheckResult",
    "ClaimResult",
    "Declined",
    "ExactPoint",
    "LoadedProblem",
    "Malformed",
    "Rejected",
    "SnapResult",
    "SymverifyError",
    "Theorem",
    "Verdict",
    "Verification",
    "atlas",
    "cells",
    "check",
    "from_keras",
    "from_onnx",
    "from_safetensors",
    "from_sklearn",
    "from_torch",
    "global_minimum",
    "load",
    "loads",
    "problem",
    "snap",
    "verify",
]


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    if name in _CALLED:
        return import_module(f"symverify.{name}")
    raise AttributeError(f"module 'symverify' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
