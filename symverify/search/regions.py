"""Certificates for all values of the symbols of a network file: weights of side conditions, excluded strata.

All by exact linear programs that start at 0.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations_with_replacement

from symverify.ground.linear import least_squares, nullspace, primitive
from symverify.ground.lp import dot
from symverify.ground.simplex import free, maximise
from symverify.kernel.cells.strata import UnitClass, features, unit_classes
from symverify.kernel.core.activation import ONE, ZERO
from symverify.kernel.core.algebra import integral, rays
from symverify.kernel.core.network import Problem
from symverify.kernel.labels.closed_list import State, named_faces
from symverify.kernel.labels.symbols import Family, family_of

Form = tuple[Fraction, ...]


def weights(family: Family, form: Form, strict: bool = True) -> list[Fraction] | None:
    """λ ≥ 0 of the side conditions that show a form to be > 0, or ≥ 0, on the domain; None if there are none.

    A linear program in λ, a multiple τ ≥ 0 of the form, Σ λ + τ ≤ 1, the least value m, and p_k ≥ |rest_k|, rest =
    τ form − Σ λ side: rest_0 ≥ m + Σ half_k p_k. Unless the domain is empty m > 0 or a weight of a strict side needs
    τ > 0.
    """
    conditions, m = (*family.where, *family.weak), family.size
    if family.positive(form, strict):
        return [ZERO] * len(conditions)
    columns = [[*sides(tuple(-x for x in each)), ONE] for each in conditions] + [[*sides(form), ONE]]
    columns += [[ONE, *[ZERO] * (2 * m), ZERO]] + [bound(family, k, [ZERO]) for k in range(m)]
    gain = [ONE] * len(family.where) + [ZERO] * len(family.weak)
    price = [*gain, ZERO, ONE, *[ZERO] * m] if strict else [*[ZERO] * len(conditions), ONE, ZERO, *[ZERO] * m]
    found = maximise(price, list(zip(*columns, strict=True)), [*[ZERO] * (1 + 2 * m), ONE])
    if found is None or not found.value:
        return None
    lam, tau = found.x[: len(conditions)], found.x[len(conditions)]
    if not tau:  # the domain is empty: enough of what shows that makes any form positive
        low = family.least((ZERO,) * (m + 1), lam)[0]
        most = abs(form[0]) + dot([abs(x) for x in form[1:]], family.half)
        tau = low / (most + ONE) if low else ONE
    given = [x / tau for x in lam]
    return given if family.positive(form, strict, given) else None


def sides(form: Form) -> list[Fraction]:
    """What a form adds to the rows of: −rest_0 + Σ half_k p_k ≤ 0, ±rest_k − p_k ≤ 0."""
    return [-form[0], *(side * x for x in form[1:] for side in (1, -1))]


def bound(family: Family, k: int, after: list[Fraction]) -> list[Fraction]:
    """The column of p_k in these rows."""
    return [family.half[k], *(-ONE * (j == k) for j in range(family.size) for _ in (1, -1)), *after]


@dataclass(frozen=True, slots=True)
class Excluded:
    """Why a stratum has no minima: a vector with multipliers per slot, or a unit with a direction and a sign."""

    fit: list[Form]
    vector: tuple[int, ...] | None
    multipliers: list[list[Fraction] | None]
    unit: int
    direction: list[Fraction]
    sign: int
    weights: list[Fraction]


def strata(problem: Problem) -> Iterator[tuple[State, ...]]:
    """As the kernel's rule lists them."""
    states = [(face, s) for face in named_faces(problem) for s in (0, 1, -1)]
    yield from combinations_with_replacement(states, problem.widths[1])


def best_forms(problem: Problem, family: Family, span: Sequence[Sequence[Fraction]]) -> list[Form]:
    """The best fit in a span, for all labels of the family."""
    rows = [list(row) for row in zip(*span, strict=True)] if span else [[ZERO]] * len(family.labels)
    found = least_squares(rows, [list(form) for form in family.labels])
    return [tuple(dot(row, column) for column in zip(*found, strict=True)) for row in rows]


def excluded(problem: Problem, stratum: Sequence[State]) -> Excluded | list[Form]:
    """Why a stratum has no local minima for any value of the symbols; else its best fit."""
    family = family_of(problem)
    used = [(face, s) for face, s in stratum if s]
    classes = unit_classes(problem, tuple(face for face, _ in used)) if used else []
    span = features(problem, classes) if used else [(ONE,) * len(problem.inputs)] * problem.output_bias
    fit = best_forms(problem, family, span)
    errors = [tuple(a - b for a, b in zip(f, y, strict=True)) for f, y in zip(fit, family.labels, strict=True)]
    for j, (face, s) in enumerate(stratum):
        for delta in directions(problem, face):
            for side in [s] if s else [1, -1]:
                form = falling(problem, face, side, delta, errors)
                given = weights(family, form)
                if given is not None:
                    return Excluded(fit, None, [], j, delta, 0 if s else side, given)
    return by_vector(problem, family, classes, used, fit) or fit


def falling(
    problem: Problem, face: Sequence[int], side: int, delta: Sequence[Fraction], errors: Sequence[Form]
) -> Form:
    """−σ times the change of φ along δ."""
    total, h = [ZERO] * len(errors[0]), problem.activations[0]
    for i, place in enumerate(face):
        along = dot(problem.row(i), delta)
        slope = h.slopes[place // 2 + (place % 2 and along > 0)]
        total = [a - side * slope * along * b for a, b in zip(total, errors[i], strict=True)]
    return tuple(total)


def directions(problem: Problem, face: Sequence[int]) -> Iterator[list[Fraction]]:
    """Rays of the kinks' hyperplanes, and directions in all of them, with both signs."""
    rows = [problem.row(i) for i, place in enumerate(face) if place % 2]
    found = [list(map(Fraction, ray)) for ray in rays([tuple(integral(row)) for row in rows])] if rows else []
    found += nullspace([list(row) for row in rows], len(problem.row(0)))
    for ray in found:
        yield ray
        yield [-x for x in ray]


def by_vector(
    problem: Problem, family: Family, classes: Sequence[UnitClass], used: Sequence[State], fit: list[Form]
) -> Excluded | None:
    """g with s g F = κ A, κ ≥ 0, not 0, and ⟨g, f⟩ ≤ 0 on the domain: a linear program in g, κ, λ and sizes p."""
    conditions = (*family.where, *family.weak)
    n, m, count = len(problem.inputs), family.size, len(conditions)
    member = {j: k for k, each in enumerate(classes) for j in each.units}
    slots = sorted({(member[j], s) for j, (_, s) in enumerate(used)}, key=lambda slot: (slot[0], -slot[1]))
    pulls = [(s, classes[k]) for k, s in slots]
    equal = [
        [*(s * column[i] for s, each in pulls for column in each.columns), *[ONE] * problem.output_bias]
        for i in range(n)
    ]
    held, width = list[list[Fraction]](), len(equal[0]) if equal else 0
    before = 0
    for _, each in pulls:
        size = len(each.columns)
        for row in each.rows:
            held.append([*[ZERO] * before, *(-x for x in row), *[ZERO] * (width - before - size)])
        before += size
    if not held:
        return None

    columns = free([[*equal[i], *(-x for x in equal[i]), *sides(tuple(-x for x in fit[i])), ZERO] for i in range(n)])
    columns += [[*row, *(-x for x in row), *[ZERO] * (1 + 2 * m), ONE] for row in held]
    columns += [[*[ZERO] * (2 * width), *sides(tuple(-x for x in each)), ZERO] for each in conditions]
    columns += [[*[ZERO] * (2 * width), *bound(family, k, [ZERO])] for k in range(m)]
    rows = list(zip(*columns, strict=True))
    price = [*[0] * (2 * n), *[1] * len(held), *[0] * (count + m)]
    found = maximise(price, rows, [*[ZERO] * (len(rows) - 1), ONE])
    if found is None or found.value <= 0:
        return None
    raw = [a - b for a, b in zip(found.x[: 2 * n : 2], found.x[1 : 2 * n : 2], strict=True)]
    g = primitive(raw)
    scale = next(Fraction(a) / b for a, b in zip(g, raw, strict=True) if b)
    kappas, place = dict[tuple[int, int], list[Fraction]](), 2 * n
    for slot, (_, each) in zip(slots, pulls, strict=True):
        kappas[slot] = [scale * x for x in found.x[place : place + len(each.rows)]]
        place += len(each.rows)
    multipliers = [kappas.get((k, s)) for k in range(len(classes)) for s in (1, -1)]
    lam = [scale * x for x in found.x[place : place + count]]
    return Excluded(fit, tuple(g), multipliers, 0, [], 0, lam)
