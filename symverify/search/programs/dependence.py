"""Kinks of a general program that depend on held ones: equal inputs, or equal affine functions of the parameters."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from symverify.ground.linear import solve
from symverify.kernel.core.network import Place
from symverify.kernel.programs.network import Programmed
from symverify.kernel.programs.parameters import hidden
from symverify.kernel.programs.terms import Activity, activity

Row = dict[Place, Fraction]


def forms_of(problem: Programmed) -> dict[Place, Activity]:
    """The pre-activations that are affine functions of the free parameters, and not the same number everywhere."""
    found = dict[Place, Activity]()
    for m, width in enumerate(hidden(problem)):
        for j in range(width):
            for i in range(len(problem.inputs)):
                if problem.linear(m, j, i) and not problem.dead(m, j, i):
                    found[m, j, i] = activity(problem, (m, j), i, "")
    return found


def candidates(problem: Programmed, basis: Sequence[Place], forms: dict[Place, Activity]) -> Iterator[Place]:
    """The pre-activations that may depend on kinks of the basis."""
    slots = {slot for b in basis if b in forms for slot in forms[b].rates}
    yield from (c for c, form in forms.items() if set(form.rates) <= slots)
    units = {b[:2] for b in basis if b not in forms}
    yield from ((*unit, i) for unit in units for i in range(len(problem.inputs)))


def as_combination(basis: Sequence[Place], kink: Place, forms: dict[Place, Activity]) -> Row:
    """z_c = Σ α z_b as affine functions of the free parameters; empty if it is none."""
    own = [b for b in basis if b in forms]
    if kink not in forms or not own:
        return {}
    slots = sorted({slot for b in (kink, *own) for slot in forms[b].rates})
    columns = [[forms[b].start, *(forms[b].rates.get(s, Fraction(0)) for s in slots)] for b in own]
    right = [forms[kink].start, *(forms[kink].rates.get(s, Fraction(0)) for s in slots)]
    weights = solve([list(row) for row in zip(*columns, strict=True)], right, len(own))
    return {} if weights is None else {b: x for b, x in zip(own, weights, strict=True) if x}
