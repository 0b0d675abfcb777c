"""A network's architecture in a few words."""

from symverify.kernel.core.network import Problem
from symverify.kernel.programs.network import Programmed


def architecture(problem: Problem, between: str = "-") -> str:
    """The widths of a chain; of a general program its nodes and its free parameters."""
    if isinstance(problem, Programmed):
        return f"program of {len(problem.program) + 1} nodes with {problem.size()} free parameters"
    return between.join(map(str, problem.widths))
