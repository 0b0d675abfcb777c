"""Where the parameters of a network are, for arithmetic with other numbers than rationals: rows, edges, wires.

A chain and a general program alike: an affine node has rows of edges, each a number or a parameter's number, and wires,
the units of earlier nodes that enter. A place frozen to 0 is no edge.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ..core.network import Affine, Bent, Place, Problem
from ..programs.network import Programmed
from ..programs.parameters import numbered, sizes
from ..programs.places import Slot, Wired, zero

Wire = tuple[int, int]  # a node and one of its units
Edge = tuple[int, Slot]  # a column, and what it holds: a parameter's number, or a number


@dataclass(frozen=True, slots=True)
class Layout:
    """Of each affine node, by its layer, the wires, the rows, and the places of free parameters in them.

    `places` are those of each parameter, `biases` the parameters that decay as biases do.
    """

    wires: list[list[Wire]]
    rows: list[list[list[Edge]]]
    free: list[list[tuple[int, int, int]]]  # unit, column, parameter
    places: list[list[Place]]
    biases: frozenset[int]

    @property
    def edges(self) -> int:
        """The number of products in one evaluation."""
        return sum(len(row) for unit in self.rows for row in unit)


def layout_of(problem: Problem) -> Layout:
    """The layout of a network; a bias is the column after the last."""
    affine = [node for node in problem.program if isinstance(node, Affine)]
    width = sizes(problem)
    wires = [list(wires_of(node, width[node.source])) for node in affine]
    places: list[list[Place]] = [[] for _ in range(problem.size())]
    free: list[list[tuple[int, int, int]]] = [[] for _ in affine]
    for (m, j, c), number in numbered(problem):
        places[number].append((m, j, c))
        free[m].append((j, c, number))
    if isinstance(problem, Programmed):
        rows = [
            [[(c, slot) for c, slot in enumerate(row) if not zero(slot)] for row in problem.slots[node.layer].rows()]
            for node in affine
        ]
        biases = {slot for each in problem.owned for slot in each.bias if slot is not None}
    else:
        rows = [[[] for _ in range(width)] for width in problem.widths[1:]]
        for m, each in enumerate(free):
            for j, c, number in each:
                rows[m][j].append((c, number))
        biases = {number for (m, _, c), number in numbered(problem) if c == problem.widths[m]}
    return Layout(wires, rows, free, places, frozenset(biases))


def wires_of(node: Affine, width: int) -> Iterator[Wire]:
    """What enters an affine node, in order; `width` is that of its source in a chain."""
    if isinstance(node, Wired):
        yield from node.wires
    else:
        yield from ((node.source, c) for c in range(width))


def bent_node(problem: Problem, m: int) -> int:
    """The number of the bent node m among all nodes, the input's being 0."""
    each = enumerate(problem.program, 1)
    return next(k for k, node in each if isinstance(node, Bent) and node.layer == m)
