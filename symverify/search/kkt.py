"""A point of any network, cell by cell around it: entries for the rule `cell_kkt`, a curve of descent, or what is open.

Multipliers come from exact linear programs, eigenvectors and directions from floats; every entry has passed the rule's
own check, and every curve has been evaluated exactly.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, combinations, islice

import numpy as np

from symverify.ground.floats import eigenvectors
from symverify.ground.linear import nullspace, solve
from symverify.ground.lp import Farkas, solve_system
from symverify.kernel.core.activation import ZERO
from symverify.kernel.core.algebra import dot
from symverify.kernel.core.errors import Rejected
from symverify.kernel.core.facts import Evaluated
from symverify.kernel.core.interior_minimum import flat
from symverify.kernel.core.network import Point, Problem, predictions, residuals, risk
from symverify.kernel.curvature.cell_kkt import (
    Cell,
    cells,
    flat_on_face,
    no_point,
    second_order_holds,
    smooth,
    stationary,
)
from symverify.kernel.curvature.forms import restricted
from symverify.kernel.curvature.hessian import slope
from symverify.search.answers import Descends, Unknown
from symverify.search.flat_directions import Entry, Vector, eliminate, fall

MAX_CELLS, MAX_FACES = 512, 32


@dataclass(frozen=True, slots=True)
class Minimum:
    """The entries of all cells around the point, in the kernel's order."""

    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Pending:
    """A cell with its multipliers, where the second order does not decide."""

    cell: Cell
    number: int
    several: Sequence[Vector]


def decide_by_cells(
    problem: Problem, point: Point, expired: Callable[[], bool] = lambda: False
) -> Minimum | Descends | Unknown:
    """Every cell around the point; the first curve of descent ends it. Raises Declined where they are too many.

    First what is cheap, in all cells; then flat directions of higher order, where there are some.
    """
    f = predictions(problem, point)
    at = Evaluated(point, f, risk(problem, f), point == problem.parameters)
    count, around = cells(problem, at)
    if count > MAX_CELLS:
        return Unknown(f"{count} cells meet at the point")
    entries, pending, wanting = list[Entry | None](), list[Pending](), ""
    for k, cell in enumerate(around):
        found = Unknown("not looked at in time") if expired() else _cell(cell, k)
        match found:
            case Descends():
                return found
            case Unknown(reason):
                wanting = wanting or f"cell {k + 1} of {count} around the point: {reason}"
            case Pending():
                pending.append(found)
        entries.append(found if isinstance(found, Entry) else None)
    for each in pending:
        more = Unknown("not looked at in time") if expired() else _higher(each, expired)
        if isinstance(more, Descends):
            return more
        if isinstance(more, Unknown):
            wanting = wanting or f"cell {each.number + 1} of {count} around the point: {more.reason}"
        else:
            entries[each.number] = more
    proved = [entry for entry in entries if entry is not None]
    if wanting or all(each.kind == "empty" for each in proved):
        return Unknown(wanting or "all cells around the point look empty")
    return Minimum(tuple(proved))


def _cell(cell: Cell, number: int) -> Entry | Descends | Unknown | Pending:
    """The cheapest entry for a cell, or a fall into it; or its multipliers."""
    problem, at = cell.problem, cell.at
    pull = residuals(problem, at.predictions)
    with suppress(Rejected):
        flat(problem, cell.pattern, pull, "")
        return Entry("flat")
    if (nowhere := _empty(cell)) is not None:
        return nowhere
    normals = [cell.kink(b)[0] for b in range(len(cell.kinks))]
    uphill = slope(problem, at.point, cell.pattern, list(zip(*pull, strict=True)))
    several = _multipliers(uphill, normals)
    if not several:
        return _first_order(cell, uphill, normals)
    for given in several:
        with suppress(Rejected):
            flat_on_face(cell, given, "")
            return Entry("face", tuple(given))
    try:
        smooth(problem, at, "")
    except Rejected as error:
        return Unknown(error.reason)
    for given in several:
        with suppress(Rejected):
            second_order_holds(cell, given, "")
            return Entry("multipliers", tuple(given))
    for given in several:
        if (down := _curved(cell, given)) is not None:
            return down
    return Pending(cell, number, several)


def _empty(cell: Cell) -> Entry | None:
    """Multipliers on kinks that show the cell empty, if there are some."""
    forms = {b: form for b in range(len(cell.kinks)) if (form := cell.form(b)) is not None and any(form[1])}
    widths = {kind: len(row) for kind, row in forms.values()}
    if not forms:
        return None
    rows = [[x for kind, width in widths.items() for x in (row if kind == own else [ZERO] * width)]
            for own, row in forms.values()]  # fmt: skip
    found = solve_system([], [], [(row, ZERO) for row in rows], sum(widths.values()))
    if not isinstance(found, Farkas):
        return None
    numbers = [ZERO] * len(cell.kinks)
    for b, weight in zip(forms, found.strict, strict=True):
        numbers[b] = weight
    no_point(cell, numbers, "")
    return Entry("empty", tuple(numbers))


def _multipliers(uphill: Vector, normals: Sequence[Vector]) -> list[list[Fraction]]:
    """λ ≥ 0 with Σ λ_b N_b = ∇R_s: one of largest support, then one of few."""
    count = len(normals)
    if not count:
        return [] if any(uphill) else [[]]
    equal = [(column, g) for *column, g in zip(*normals, uphill, strict=True) if g or any(column)]
    signs = [([Fraction(a == b) for a in range(count)], ZERO) for b in range(count)]
    equal += [(row, ZERO) for (row, _), normal in zip(signs, normals, strict=True) if not any(normal)]
    base = solve_system(equal, signs, [], count)
    if isinstance(base, Farkas):
        return []
    found = [base.x]
    for b in range(count):
        more = solve_system(equal, signs, [signs[b]], count)
        if not isinstance(more, Farkas):
            found.append(more.x)
    widest = [sum(column, ZERO) / len(found) for column in zip(*found, strict=True)]
    return [list(x) for x in dict.fromkeys([tuple(widest), tuple(base.x)])]


def _first_order(cell: Cell, uphill: Vector, normals: Sequence[Vector]) -> Descends | Unknown:
    """No multipliers: a direction strictly into the cell along which the risk falls at first order, if any."""
    strict = [(normal, ZERO) for normal in normals]
    inward = solve_system([], [], [*strict, ([-x for x in uphill], ZERO)], len(uphill))
    if not isinstance(inward, Farkas):
        found = fall(cell, [(x,) for x in inward.x], "the risk falls at first order into a cell around it")
        if found is not None:
            return found
    return Unknown("its gradient is no combination of its kinks' gradients with weights ≥ 0")


def _curved(cell: Cell, given: Vector) -> Descends | None:
    """A fall along a direction of negative curvature of the Lagrangian on the active kinks' face.

    On the cone of those that lead into the cell, the other kinks' sides too, the least curvature is that of an
    eigenvector of the form on the span of one of the cone's faces: on each, those are tried that are in the cone. Then
    any on the whole face, along which the next cell may be entered.
    """
    found, size = stationary(cell, given, ""), cell.problem.size()
    active = [normal for normal, _ in found.active]
    sides = [cell.kink(b)[0] for b, weight in enumerate(given) if not weight]
    sides = [normal for normal in sides if any(normal)]
    for held in islice(chain.from_iterable(combinations(sides, k) for k in range(len(sides) + 1)), MAX_FACES):
        for direction in _negative(found.hessian, nullspace([*active, *held], size), size):
            if all(dot(normal, direction) >= 0 for normal in sides):
                down = _bent(cell, given, direction)
                if down is not None:
                    return down
    for direction in _negative(found.hessian, nullspace(active, size), 2) if sides else ():
        if (down := _bent(cell, given, direction)) is not None:
            return down
    return None


def _higher(each: Pending, expired: Callable[[], bool]) -> Entry | Descends | Unknown:
    """Flat directions of higher order."""
    wanting: Descends | Unknown = Unknown("the second order does not decide")
    for given in each.several:
        found = eliminate(each.cell, given, stationary(each.cell, given, ""), expired)
        if not isinstance(found, Unknown):
            return found
        wanting = found
    return wanting


def _negative(hessian: Sequence[Vector], basis: Sequence[Vector], most: int) -> Iterator[list[Fraction]]:
    """Directions in a span of negative curvature, the most negative first, rounded more and more finely, both ways."""
    form = restricted(hessian, basis)
    if not form:
        return
    try:
        values, vectors = eigenvectors(np.array([[float(x) for x in row] for row in form]))
    except (OverflowError, np.linalg.LinAlgError):
        return
    scale = max(1.0, float(np.abs(values).max()))
    for index in range(min(most, len(values))):
        if values[index] < -1e-10 * scale:
            vector = vectors[:, index] / np.abs(vectors[:, index]).max()
            for bits in (0, 2, 4, 8, 16, 28, 40):
                whole = [round(float(x) * 2**bits) for x in vector]
                move = [sum((c * z[a] for c, z in zip(whole, basis, strict=True)), ZERO) for a in range(len(hessian))]
                yield move
                yield [-x for x in move]


def _bent(cell: Cell, given: Vector, direction: Vector) -> Descends | None:
    """The curve θ* + t δ + t² ε with the active kinks held to the third order."""
    normals, sides = list[Vector](), list[Fraction]()
    for b, weight in enumerate(given):
        if weight:
            normal, bend = cell.kink(b)
            normals.append(normal)
            pulled = [sum((x * y for x, y in zip(row, direction, strict=True)), ZERO) for row in bend]
            sides.append(-sum((x * y for x, y in zip(pulled, direction, strict=True)), ZERO) / 2)
    second = solve(normals, sides, len(direction)) if normals else [ZERO] * len(direction)
    if second is None:
        return None
    why = "the Lagrangian of a cell around it has negative curvature along the active kinks"
    return fall(cell, list(zip(direction, second, strict=True)), why)
