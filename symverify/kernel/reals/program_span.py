"""What a general program can predict near a point where kinks are held: coefficients of monomials, by columns."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from ..core.activation import ONE, ZERO
from ..core.algebra import echelon
from ..core.errors import effort, spend, within_budget
from ..core.network import Bent, Vector
from ..programs.network import Monomial, Programmed
from ..programs.places import Slot, wired, zero
from ..programs.terms import activity
from .kinks import Kinks

Terms = dict[Monomial, Vector]  # coefficients, vectors over the samples
Affine = dict[int | None, Fraction]  # Σ x θ_slot, and a number at None


def columns_of(kinks: Kinks, problem: Programmed) -> list[list[Vector]]:
    """The coefficients of f − f(θ°) on {z_C = 0}, of each monomial that is not constant: a vector for each output.

    Activations at C are 0. Kinks that are affine in the free parameters are solved for some of them.
    """
    n, held, solved = len(problem.inputs), set(kinks.every), solutions(kinks, problem)
    one: Terms = {(): (ONE,) * n}
    known: list[list[Terms]] = [[{(): column} for column in zip(*problem.inputs, strict=True)]]
    for node in problem.program:
        if isinstance(node, Bent):
            m, units = node.layer, list[Terms]()
            for j, (z, pieces) in enumerate(zip(known[node.source], kinks.pieces[node.layer], strict=True)):
                slopes = [ZERO if (m, j, i) in held else node.h.slopes[p] for i, p in enumerate(pieces)]
                units.append(bent(z, slopes))
            known.append(units)
            continue
        entering = [*wired(node).entering(known), *[one] * node.biased]
        known.append([mixed(row, entering, solved) for row in problem.slots[node.layer].rows()])
    names = dict.fromkeys(name for output in known[-1] for name in output if name)
    nothing = (ZERO,) * n
    return [[output.get(name, nothing) for output in known[-1]] for name in names]


def solutions(kinks: Kinks, problem: Programmed) -> dict[int, Affine]:
    """Free parameters as affine functions of the others, wherever the kinks that are affine in them are at 0."""
    rows = list[list[Fraction]]()
    for b in kinks.basis:
        if problem.linear(*b):
            form = activity(problem, b[:2], b[2], kinks.where)
            rows.append([*(form.rates.get(s, ZERO) for s in range(problem.count)), form.start])
    found = dict[int, Affine]()
    for row in reversed(echelon(rows)):
        lead = next(c for c, x in enumerate(row) if x)
        if lead == problem.count:
            continue
        each: Affine = {}
        for c, x in enumerate(row):
            if x and c != lead:
                add(each, None if c == problem.count else c, Fraction(-x, row[lead]), found)
        found[lead] = each
    return found


def add(each: Affine, slot: int | None, x: Fraction, solved: Mapping[int, Affine]) -> None:
    """Add x θ_slot, or what that is."""
    parts: Affine = {slot: ONE}
    if slot is not None:
        parts = solved.get(slot, parts)
    for s, y in parts.items():
        each[s] = within_budget(each.get(s, ZERO) + x * y, x, y)


def bent(z: Terms, slopes: Sequence[Fraction]) -> Terms:
    """The slopes times a unit's coefficients, sample by sample."""
    spend(len(z) * len(slopes) * effort(64))
    found = {name: tuple(within_budget(s * x, s, x) for s, x in zip(slopes, c, strict=True)) for name, c in z.items()}
    return {name: column for name, column in found.items() if any(column)}


def mixed(row: Sequence[Slot], entering: Sequence[Terms], solved: Mapping[int, Affine]) -> Terms:
    """Σ slot · what enters."""
    found: Terms = {}
    for slot, terms in zip(row, entering, strict=True):
        if zero(slot):
            continue
        each: Affine = {}
        add(each, None if isinstance(slot, Fraction) else slot, slot if isinstance(slot, Fraction) else ONE, solved)
        for s, q in each.items():
            for name, column in terms.items():
                spend(200 + len(column) * effort(64))
                whole = name if s is None else tuple(sorted((*name, s)))
                before = found.get(whole, (ZERO,) * len(column))
                found[whole] = tuple(within_budget(a + q * x, q, x) for a, x in zip(before, column, strict=True))
    return found
