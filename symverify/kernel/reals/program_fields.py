"""Fields of a general program for `minimum_in_box`: those of chains, dropped by place, and scalings through ties.

A scaling lets every free parameter θ_s grow at ρ_s θ_s so that every value a of a node grows at κ a, and no
prediction changes: with κ = 0 at inputs, frozen numbers' own sums and outputs, and ρ_s = κ of the row − κ of the column
at *every* place of s. It is one of the program as it is, at all parameters, and keeps the signs of pre-activations.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from fractions import Fraction

from ..core.activation import ONE, ZERO
from ..core.errors import spend
from ..core.network import Affine, Pattern, Place
from ..curvature.forms import nullspace
from ..programs.moves import Between, Formula, Moves, between, gained, leaving, shifted
from ..programs.network import Programmed
from ..programs.places import wired, zero
from .kinks import at_zero, homogeneous

Held = Mapping[tuple[int, int], Set[int]]  # bent node, unit: the samples on which it is held
Sum = dict[int, int]  # Σ of rates κ, by class; the class of 0 is left out


def symmetries_of_program(problem: Programmed, pieces: Pattern, kinks: Sequence[Place]) -> Iterator[Moves]:
    """The fields for the kinks C but for scalings: bent node by bent node, then rows of affine nodes.

    1. mix, rescale: row j gains row k, column k loses column j.   2. bias: j without kinks, of one slope: its bias
    gains 1, the next biases make up for it.   4. dead out: j of slope 0 but where it is held: each outgoing entry.
    3. data: row j gains c with ⟨c, a_i⟩ = 0 for what enters it, the same at all parameters, on all samples; before a
    bent unit only where that is held or of a slope other than 0; any entry, if there is no such sample.
    Where h is not homogeneous, units with kinks, or with offsets other than 0, are in 3, and rescaled at 0, only.
    """
    held = dict[tuple[int, int], set[int]]()
    for m, j, i in kinks:
        held.setdefault((m, j), set()).add(i)
    nodes = list(between(problem))
    for node in nodes:
        yield from of_node(problem, pieces, held, node)
    behind = {node.first: node.layer for node in nodes}
    for each in problem.program:
        if isinstance(each, Affine):
            yield from rows_of(problem, pieces, held, each, behind.get(each.layer))


def of_node(problem: Programmed, pieces: Pattern, held: Held, node: Between) -> Iterator[Moves]:
    """The fields 1, 2, 4 of a bent node."""
    units, h, smooth = pieces[node.layer], problem.bents[node.layer].h, homogeneous(problem)
    slopes = [[h.slopes[p] for p in unit] for unit in units]
    still = [not any(h.offsets[p] for p in unit) for unit in units]
    own = [held.get((node.layer, j), set()) for j in range(len(units))]

    def mixes(j: int, k: int) -> bool:
        """Whether row j may gain row k: where j is held z_k = 0, and elsewhere z_k = 0 or the slopes are equal."""
        if smooth:
            pairs = enumerate(zip(slopes[j], slopes[k], strict=True))
            return j == k or (own[j] <= own[k] and all(i in own[k] or a == b for i, (a, b) in pairs))
        apart = not own[j] | own[k] if j != k else not any(h.breakpoints[units[j][i]] for i in own[j])
        return apart and still[j] and still[k] and slopes[j] == slopes[k]

    for j in range(len(units)):
        found = [gained(problem, node, j, k) for k in range(len(units)) if mixes(j, k)]
        if not own[j] and problem.has_bias(node.first) and len(set(slopes[j])) == 1:
            found.append(shifted(problem, node, j, slopes[j][0]))
        dead = not any(s for i, s in enumerate(slopes[j]) if i not in own[j])
        if dead and (smooth or (still[j] and not own[j])):
            found += [alone(problem, place) for place, _ in leaving(problem, node, j)]
        yield from (formula.moves for formula in found if formula.whole and formula.moves)


def alone(problem: Programmed, place: Place) -> Formula:
    """A place that moves by itself."""
    formula = Formula(problem)
    formula.add(place, ONE)
    return formula


def rows_of(problem: Programmed, pieces: Pattern, held: Held, node: Affine, bent: int | None) -> Iterator[Moves]:
    """The fields 3 of an affine node, which only the bent node `bent` reads, if it is given."""
    samples, formula = range(len(problem.inputs)), Formula(problem)
    entering = [[*wired(node).entering(problem.constants(i)), *[ONE] * node.biased] for i in samples]
    for j in range(len(problem.slots[node.layer].weight)):
        felt = list(samples)
        if bent is not None:
            slopes, own = problem.bents[bent].h.slopes, held.get((bent, j), set())
            felt = [i for i in samples if i in own or slopes[pieces[bent][j][i]]]
        columns = [c for c in range(len(entering[0])) if formula.movable((node.layer, j, c))]
        columns = [c for c in columns if all(entering[i][c] is not None for i in felt)]
        rows = [[entering[i][c] or ZERO for c in columns] for i in felt]
        for row in nullspace(rows, len(columns)):
            yield {(node.layer, j, c): (x, None) for c, x in zip(columns, row, strict=True) if x}


def scalings(problem: Programmed) -> Iterator[Moves]:
    """A basis of the scalings; a slot moves at its first place."""
    first = dict[int, Place]()
    for place, slot in problem.places:
        first.setdefault(slot, place)
    rates, equations = rates_of(problem)
    classes = sorted({c for each in (*equations, *rates.values()) for c in each})
    rows = [[Fraction(each.get(c, 0)) for c in classes] for each in equations]
    for kappa in nullspace(rows, len(classes)):
        at = dict(zip(classes, kappa, strict=True))
        speeds = {slot: sum((x * at[c] for c, x in each.items()), ZERO) for slot, each in rates.items()}
        moves: Moves = {first[slot]: (x, first[slot]) for slot, x in speeds.items() if x}
        if moves:
            yield moves


class Classes:
    """Units whose values grow at one rate, merged step by step; the class 0 does not grow."""

    def __init__(self) -> None:
        self.parents = [0]

    def fresh(self) -> int:
        """A new class."""
        self.parents.append(len(self.parents))
        return len(self.parents) - 1

    def of(self, unit: int) -> int:
        """The class, as its least member."""
        while self.parents[unit] != unit:
            unit = self.parents[unit]
        return unit

    def merge(self, a: int, b: int) -> None:
        """The two grow at one rate."""
        low, high = sorted((self.of(a), self.of(b)))
        self.parents[high] = low

    def difference(self, a: int, b: int) -> Sum:
        """κ_a − κ_b."""
        return self.reduced({a: 1, b: -1} if a != b else {})

    def reduced(self, each: Sum) -> Sum:
        """The same by classes."""
        found: Sum = {}
        for unit, x in each.items():
            found[self.of(unit)] = found.get(self.of(unit), 0) + x
        return {c: x for c, x in sorted(found.items()) if x and c}


def rates_of(problem: Programmed) -> tuple[dict[int, Sum], list[Sum]]:
    """ρ of each slot in terms of the κ of classes of units, and what the κ must satisfy: sums that are 0."""
    classes, rates, equations = Classes(), dict[int, Sum](), list[Sum]()
    known: list[list[int]] = [[0] * len(problem.inputs[0])]
    for node in problem.program:
        if not isinstance(node, Affine):
            for unit in () if at_zero(node.h) else known[node.source]:
                classes.merge(unit, 0)
            known.append(known[node.source])
            continue
        entering, units = [*wired(node).entering(known), *[0] * node.biased], list[int]()
        for row in problem.slots[node.layer].rows():
            unit = classes.fresh()
            spend(20 * len(row))
            for slot, source in zip(row, entering, strict=True):
                if isinstance(slot, int):
                    rate = classes.difference(unit, source)
                    equations.append(minus(rate, rates.setdefault(slot, rate)))
                elif not zero(slot):
                    classes.merge(unit, source)
            units.append(unit)
        known.append(units)
    for unit in known[-1]:
        classes.merge(unit, 0)
    return merged(classes, rates, equations)


def minus(u: Sum, v: Sum) -> Sum:
    """u − v."""
    return {c: u.get(c, 0) - v.get(c, 0) for c in {**u, **v} if u.get(c, 0) != v.get(c, 0)}


def merged(classes: Classes, rates: dict[int, Sum], equations: list[Sum]) -> tuple[dict[int, Sum], list[Sum]]:
    """The same after all equations that say that one rate is another, or 0, are used."""
    while True:
        left = {tuple(classes.reduced(each).items()): None for each in equations}
        plain = [each for each in left if len(each) == 1 or (len(each) == 2 and each[0][1] == -each[1][1])]
        if not plain:
            equations = [dict(each) for each in left if each]
            return {slot: classes.reduced(each) for slot, each in rates.items()}, equations
        spend(100 * len(left))
        for each in plain:
            classes.merge(each[0][0], each[1][0] if len(each) > 1 else 0)
        equations = [dict(each) for each in left if each]
