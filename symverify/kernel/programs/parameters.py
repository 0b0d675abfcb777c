"""The free parameters of any network, a chain or a general program: where they are, and what is affine in them."""

from collections.abc import Iterator

from ..core.network import Place, Point, Problem, coordinates
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
