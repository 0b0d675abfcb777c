"""The free parameters of any network, a chain or a general program: where they are, and what is affine in them."""

from collections.abc import Iterator
from fractions import Fraction

from ..core.activation import ZERO
from ..core.network import Affine, Place, Point, Problem, coordinates
from ..core.poly import Scalar
from .network import Programmed


def numbered(problem: Problem) -> Iterator[tuple[Place, int]]:
    """The places of all free parameters, each with the parameter's number."""
    if isinstance(problem, Programmed):
        yield from problem.places
        return
    number = 0
    for m in range(len(problem.widths) - 1):
        for j in range(problem.widths[m + 1]):
            for c in range(problem.widths[m] + problem.has_bias(m)):
                yield (m, j, c), number
                number += 1


def values_of(problem: Problem, point: Point) -> list[Scalar]:
    """The values of the free parameters at a point, in the order of their numbers."""
    return problem.free(point) if isinstance(problem, Programmed) else coordinates(point)


def linear(problem: Problem, kink: Place) -> bool:
    """Whether a pre-activation (bent node, unit, sample) is known to be an affine function of the free parameters."""
    return problem.linear(*kink) if isinstance(problem, Programmed) else kink[0] == 0


def sizes(problem: Problem) -> list[int]:
    """The number of units of each node, the input first."""
    found = [len(problem.inputs[0])]
    for node in problem.program:
        if not isinstance(node, Affine):
            found.append(found[node.source])
        elif isinstance(problem, Programmed):
            found.append(len(problem.slots[node.layer].weight))
        else:
            found.append(problem.widths[node.layer + 1])
    return found


def hidden(problem: Problem) -> list[int]:
    """The number of units of each bent node."""
    found = sizes(problem)
    return [found[node.source] for node in problem.bents]


def fixed(problem: Problem, kink: Place) -> Fraction | None:
    """The value of a pre-activation (bent node, unit, sample) that no parameter changes, None if some may."""
    m, j, i = kink
    if isinstance(problem, Programmed):
        return problem.constants(i)[problem.bents[m].source][j]
    return ZERO if m == 0 and problem.dead_row(i) else None
