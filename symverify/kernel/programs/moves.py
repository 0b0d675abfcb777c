"""Flows of a program: symmetries of a cell that move free parameters of one place only.

A flow is dropped, whole, where its formula touches a place that is frozen to a number or tied to another: by place, not
by the velocity that it happens to have. A place frozen to 0 is no edge: it has nothing to move, and nothing to give.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from fractions import Fraction

from ..core.activation import ONE
from ..core.errors import spend
from ..core.network import Affine, Bent, Pattern, Place
from .network import Programmed
from .places import Wired, zero

Moves = dict[Place, tuple[Fraction, Place | None]]  # a velocity is a number, or a multiple of a parameter
Unit = tuple[int, int]  # bent node, unit


@dataclass(frozen=True, slots=True)
class Between:
    """A bent node `layer` that only affine nodes read, and whose source nothing else reads.

    `first` is the affine node before it; `after` are those that read it, each with the column of each unit, if any.
    """

    layer: int
    first: int
    after: tuple[tuple[int, tuple[int | None, ...]], ...]


def between(problem: Programmed) -> Iterator[Between]:
    """The bent nodes of that kind, of which no unit enters an affine node twice."""
    program = problem.program
    for k, node in enumerate(program, 1):
        source = problem.before(node.layer) if isinstance(node, Bent) else None
        if not isinstance(node, Bent) or not isinstance(source, Affine) or k == len(program):
            continue
        affine = [each for each in program if isinstance(each, Wired)]
        bent = [each.source for each in program if isinstance(each, Bent)]
        if k in bent or bent.count(node.source) > 1 or any(node.source in each.sources for each in affine):
            continue
        after, once = list[tuple[int, tuple[int | None, ...]]](), True
        for each in affine:
            places = [c for c, wire in enumerate(each.wires) if wire[0] == k]
            at = {each.wires[c][1]: c for c in places}
            once &= len(at) == len(places)
            if at:
                after.append((each.layer, tuple(at.get(j) for j in range(len(problem.slots[source.layer].weight)))))
        if once:
            yield Between(node.layer, source.layer, tuple(after))


class Formula:
    """A flow being written down; `whole` until it touches a place that is frozen or tied."""

    def __init__(self, problem: Programmed) -> None:
        self.problem, self.moves, self.whole = problem, Moves(), True

    def movable(self, place: Place) -> bool:
        """Whether a place holds a free parameter that no other place holds."""
        slot = self.problem.slot(place)
        return isinstance(slot, int) and slot not in self.problem.tied

    def add(self, place: Place, rate: Fraction, source: Place | None = None) -> None:
        """The place moves with the rate, or with the rate times what `source` holds."""
        spend(50)
        if source is not None and zero(self.problem.slot(source)):
            return
        self.whole &= self.movable(place) and (source is None or self.movable(source))
        self.moves[place] = rate, source


def moves_of(problem: Programmed, pattern: Pattern, kinked: Mapping[Unit, Set[Fraction]]) -> Iterator[Moves]:
    """The flows of a cell, as velocities; `kinked` are the units with kinks to be kept, and their breakpoints.

    The kinds are those of chains, of units of one bent node and of all affine nodes that read it.
    """
    for node in between(problem):
        for formula in of_node(problem, pattern[node.layer], kinked, node):
            if formula.whole and formula.moves:
                yield formula.moves


def of_node(
    problem: Programmed, units: Sequence[Sequence[int]], kinked: Mapping[Unit, Set[Fraction]], node: Between
) -> Iterator[Formula]:
    """The formulas of one bent node, on the pieces of its units."""
    h = problem.bents[node.layer].h
    slopes = [[h.slopes[p] for p in unit] for unit in units]
    still = [not any(h.offsets[p] for p in unit) for unit in units]
    for j in range(len(units)):
        free = (node.layer, j) not in kinked
        for k in range(len(units)):
            rescaled = j == k and not any(kinked.get((node.layer, j), ()))
            if still[j] and still[k] and slopes[j] == slopes[k] and (free or rescaled):
                yield gained(problem, node, j, k)
        if free and problem.has_bias(node.first) and len(set(slopes[j])) == 1:
            yield shifted(problem, node, j, slopes[j][0])
        if not any(slopes[j]):
            columns = len(problem.slots[node.first].weight[j]) + problem.has_bias(node.first)
            alone = [(node.first, j, c) for c in range(columns) if free]
            if still[j]:
                alone += [place for place, _ in leaving(problem, node, j)]
            for place in alone:
                formula = Formula(problem)
                formula.add(place, ONE)
                yield formula


def leaving(problem: Programmed, node: Between, unit: int) -> Iterator[tuple[Place, int]]:
    """The places that a unit's value is multiplied by, and the row's number among those of its affine node."""
    for number, (layer, columns) in enumerate(node.after):
        if (column := columns[unit]) is not None:
            yield from (((layer, i, column), number) for i in range(len(problem.slots[layer].weight)))


def gained(problem: Programmed, node: Between, j: int, k: int) -> Formula:
    """Row j gains row k; wherever unit j goes, the place of unit k loses that of unit j."""
    formula = Formula(problem)
    for c in range(len(problem.slots[node.first].weight[j]) + problem.has_bias(node.first)):
        formula.add((node.first, j, c), ONE, (node.first, k, c))
    for place, number in leaving(problem, node, j):
        column = node.after[number][1][k]
        if column is not None:
            formula.add((place[0], place[1], column), -ONE, place)
        elif not zero(problem.slot(place)):
            formula.whole = False
    return formula


def shifted(problem: Programmed, node: Between, j: int, slope: Fraction) -> Formula:
    """The bias of unit j gains 1, and the biases of all units that it goes to make up for it."""
    formula = Formula(problem)
    formula.add((node.first, j, len(problem.slots[node.first].weight[j])), ONE)
    for place, _ in leaving(problem, node, j):
        layer, i, _ = place
        if not slope or zero(problem.slot(place)):
            continue
        if problem.has_bias(layer):
            formula.add((layer, i, len(problem.slots[layer].weight[i])), -slope, place)
        else:
            formula.whole = False
    return formula
