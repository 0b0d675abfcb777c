"""A network's architecture in a few words."""

from symverify.errors import NotChain
from symverify.kernel.core.network import Problem
from symverify.kernel.programs.network import Programmed


def require_chain(problem: Problem, what: str) -> None:
    """Raises NotChain for a general program."""
    if isinstance(problem, Programmed):
        told = "the network is a general program, and this command is for chains of dense layers"
        raise NotChain(f"{what}: {told}", "use check, verify and explain")


def architecture(problem: Problem, between: str = "-") -> str:
    """The widths of a chain; of a general program its nodes and its free parameters."""
    if isinstance(problem, Programmed):
        return f"program of {len(problem.program) + 1} nodes with {problem.size()} free parameters"
    return between.join(map(str, problem.widths))


def same_shape(one: Problem, other: Problem) -> bool:
    """Whether the points of one network are points of the other, too."""
    if isinstance(one, Programmed) or isinstance(other, Programmed):
        return isinstance(one, Programmed) and isinstance(other, Programmed) and one.slots == other.slots
    shapes = [(each.widths, each.hidden_bias, each.output_bias) for each in (one, other)]
    return shapes[0] == shapes[1]
