"""Programs with one layer of bent units between affine maps, written out as terms.

f_k = Σ_t q_t · θ_t · column_t over the terms of output k: q_t a number, θ_t a free parameter or 1, and the column a
bent unit, an input coordinate or 1. A unit's pre-activation is affine in the free parameters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..core.activation import ONE, ZERO
from ..core.errors import Rejected, spend, within_budget
from ..core.network import Affine, Bent
from .network import Programmed
from .places import wired, zero

Unit = tuple[int, int]  # bent node, unit
Column = Unit | int | None  # a bent unit, an input coordinate, or 1
MAX_TERMS = 2**16


@dataclass(frozen=True, slots=True)
class Term:
    """factor · θ_slot · column, without a parameter where `slot` is None, in one output."""

    output: int
    factor: Fraction
    slot: int | None
    column: Column


@dataclass(frozen=True, slots=True)
class Activity:
    """A pre-activation on a sample: its constant part, and the coefficients of the free parameters that are not 0."""

    start: Fraction
    rates: dict[int, Fraction]


def terms_of(problem: Programmed, where: str) -> list[Term]:
    """The terms of all outputs; Rejected where the program is not of this kind."""
    known: list[list[list[Term]]] = [[[Term(0, ONE, None, c)] for c in range(len(problem.inputs[0]))]]
    for node in problem.program:
        if isinstance(node, Bent):
            source = problem.before(node.layer)
            if isinstance(source, Affine):
                width = len(problem.slots[source.layer].weight)
                known.append([[Term(0, ONE, None, (node.layer, j))] for j in range(width)])
                continue
            raise Rejected(where, f"node {problem.bent[node.layer]} does not follow an affine map")
        entering = wired(node).entering(known)
        ends = [*entering, *[[Term(0, ONE, None, None)]] * node.biased]
        known.append([joined(row, ends, where) for row in problem.slots[node.layer].rows()])
        if sum(map(len, known[-1])) > MAX_TERMS:
            raise Rejected(where, "the program has too many paths")
    return [Term(k, t.factor, t.slot, t.column) for k, each in enumerate(known[-1]) for t in each]


def joined(row: Sequence[int | Fraction], entering: Sequence[Sequence[Term]], where: str) -> list[Term]:
    """Σ slot · what enters, as terms; a second parameter on a path is marked by −1."""
    found = list[Term]()
    for slot, terms in zip(row, entering, strict=True):
        if zero(slot):
            continue
        spend(200 * len(terms))
        for t in terms:
            if isinstance(slot, Fraction):
                found.append(Term(0, within_budget(t.factor * slot, t.factor, slot), t.slot, t.column))
            else:
                found.append(Term(0, t.factor, slot if t.slot is None else -1, t.column))
    return found


def activity(problem: Programmed, unit: Unit, i: int, where: str) -> Activity:
    """A unit's pre-activation on a sample; Rejected where it is not affine in the free parameters."""
    node = problem.before(unit[0])
    if not isinstance(node, Affine):
        raise Rejected(where, f"node {problem.bent[unit[0]]} does not follow an affine map")
    start, rates = ZERO, dict[int, Fraction]()
    entering = [*wired(node).entering(problem.constants(i)), *[ONE] * node.biased]
    slots = problem.slots[node.layer]
    row = (*slots.weight[unit[1]], *(slots.bias or ())[unit[1] : unit[1] + 1])
    for slot, x in zip(row, entering, strict=True):
        if zero(slot) or x == 0:
            continue
        if x is None:
            raise Rejected(where, f"{problem.unit_name(*unit)} is not an affine function of the free parameters")
        if isinstance(slot, Fraction):
            start = within_budget(start + slot * x, slot, x)
        else:
            rates[slot] = within_budget(rates.get(slot, ZERO) + x, x)
    return Activity(start, {slot: x for slot, x in rates.items() if x})
