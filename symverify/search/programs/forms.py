"""What a program computes as affine functions of the parameters of some of its affine nodes, all others held."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from symverify.errors import SymverifyError
from symverify.kernel.core.activation import ONE, ZERO
from symverify.kernel.core.network import Affine, Bent
from symverify.kernel.programs.network import Programmed
from symverify.kernel.programs.places import wired, zero

Pieces = Sequence[Sequence[int]]  # per bent node and unit one piece, on all samples


class NotAffine(SymverifyError):
    """A parameter that moves is multiplied by another one."""


@dataclass(frozen=True, slots=True)
class Form:
    """start + Σ rates · moving parameters."""

    start: Fraction
    rates: Mapping[int, Fraction]


Forms = list[list[Form]]  # per node and unit; [] where a parameter of it is neither held nor moving


def forms(problem: Programmed, i: int, held: Mapping[int, Fraction], moving: frozenset[int], pieces: Pieces) -> Forms:
    """The values of all nodes on sample i. Raises NotAffine where two moving parameters are multiplied."""
    known: Forms = [[Form(x, {}) for x in problem.inputs[i]]]
    for node in problem.program:
        if not all(known[k] for k in ((node.source,) if isinstance(node, Bent) else wired(node).sources)):
            known.append([])
            continue
        if isinstance(node, Bent):
            entering, h = known[node.source], node.h
            known.append(
                [
                    Form(h.slopes[p] * z.start + h.offsets[p], {s: h.slopes[p] * x for s, x in z.rates.items()})
                    for p, z in zip(pieces[node.layer], entering, strict=True)
                ]
            )
            continue
        rows = list(problem.slots[node.layer].rows())
        unknown = any(isinstance(s, int) and s not in held and s not in moving for row in rows for s in row)
        ends = [*wired(node).entering(known), *[Form(ONE, {})] * node.biased]
        known.append([] if unknown else [combined(row, ends, held) for row in rows])
    return known


def combined(row: Sequence[int | Fraction], entering: Sequence[Form], held: Mapping[int, Fraction]) -> Form:
    """Σ slot · what enters."""
    start, rates = ZERO, dict[int, Fraction]()
    for slot, form in zip(row, entering, strict=True):
        if zero(slot):
            continue
        if isinstance(slot, Fraction) or slot in held:
            factor = slot if isinstance(slot, Fraction) else held[slot]
            start += factor * form.start
            for s, x in form.rates.items():
                rates[s] = rates.get(s, ZERO) + factor * x
        else:
            if form.rates:
                raise NotAffine
            rates[slot] = rates.get(slot, ZERO) + form.start
    return Form(start, {s: x for s, x in rates.items() if x})


def free_nodes(problem: Programmed) -> list[tuple[int, frozenset[int]]]:
    """The affine nodes that have free parameters, in order, each with those that no earlier node has."""
    seen, found = set[int](), list[tuple[int, frozenset[int]]]()
    for node in problem.program:
        if isinstance(node, Affine):
            own = {s for row in problem.slots[node.layer].rows() for s in row if isinstance(s, int)} - seen
            if own:
                found.append((node.layer, frozenset(own)))
                seen |= own
    return found


def tail(problem: Programmed) -> frozenset[int]:
    """The parameters of the last affine nodes: no path goes through two of them, and none is elsewhere, too."""
    free = {m for (m, _, _), _ in problem.places}
    behind = [set[int]()]  # per node, the affine nodes with free parameters that its values depend on
    for node in problem.program:
        above = {node.source} if isinstance(node, Bent) else set(wired(node).sources)
        found = set().union(*(behind[k] for k in above))
        if isinstance(node, Affine) and node.layer in free:
            found = found | {node.layer}
        behind.append(found)
    inner = set[int]()  # nodes that another free node depends on
    for node, each in zip(problem.program, behind[1:], strict=True):
        if isinstance(node, Affine) and node.layer in each:
            inner |= each - {node.layer}
    chosen = behind[-1] - inner
    slots = {s for m in chosen for row in problem.slots[m].rows() for s in row if isinstance(s, int)}
    elsewhere = {s for m in behind[-1] - chosen for row in problem.slots[m].rows() for s in row if isinstance(s, int)}
    return frozenset(slots - elsewhere)
