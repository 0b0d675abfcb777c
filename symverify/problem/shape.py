"""A network's architecture in a few words."""

from symverify.kernel.core.network import Problem
from symverify.kernel.programs.network import Programmed


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
