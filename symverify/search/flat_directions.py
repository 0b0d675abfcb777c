"""Cells where a higher order decides: curves as power series along flat directions, and what is found about a cell."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice

import numpy as np

from symverify.ground.linear import solve
from symverify.kernel.core.activation import ONE, ZERO
from symverify.kernel.core.algebra import rank
from symverify.kernel.core.errors import Declined, Rejected
from symverify.kernel.core.network import Point, risk_along
from symverify.kernel.core.poly import Poly, Scalar
from symverify.kernel.curvature.cell_kkt import Cell
from symverify.kernel.curvature.eliminate import Slice, Stationary, eliminated
from symverify.kernel.curvature.forms import restricted
from symverify.kernel.curvature.hessian import gradient
from symverify.kernel.programs.parameters import linear, values_of
from symverify.kernel.programs.values import evaluate
from symverify.search.answers import Descends, Unknown
from symverify.search.snap_equations import as_point

MAX_ORDERS, MAX_DEGREE, MAX_TRIES = 6, 8, 40
Vector = Sequence[Fraction]


@dataclass(frozen=True, slots=True)
class Entry:
    """What proves one cell: "flat", "empty" or "multipliers" with the numbers, or "eliminate" with all its parts."""

    kind: str
    numbers: tuple[Fraction, ...] = ()
    held: tuple[int, ...] = ()
    place: int = 0
    curve: Point = ()


def eliminate(cell: Cell, given: Vector, found: Stationary, expired: Callable[[], bool]) -> Entry | Descends | Unknown:
    """One flat direction beside the flows: its curve as a power series, for several choices of coordinates."""
    size, normals = cell.problem.size(), [normal for normal, _ in found.active]
    if not all(linear(cell.problem, kink) for _, kink in found.active):
        return Unknown("flat directions of higher order, with an active kink beyond the first layer")
    if rank(normals) < len(normals):
        return Unknown("flat directions of higher order, with active kinks that depend on each other")
    made: Entry | Descends | Unknown = Unknown("flat directions of higher order")
    rng = np.random.default_rng(0)
    orders = [list(range(size)), list(reversed(range(size)))]
    orders += [[int(c) for c in rng.permutation(size)] for _ in range(MAX_ORDERS - 2)]
    for order in orders:
        if expired():
            return Unknown("flat directions of higher order, not all looked at in time")
        held = pivots(found.moves, order)
        flat_ones = _flat_coordinates(found, normals, held, order)
        if flat_ones is None:
            return Unknown("the Lagrangian has negative curvature along its active kinks, no descent is found")
        fixed = tuple(sorted(held))
        if len(flat_ones) == 1:
            made = _series(cell, given, found, fixed, flat_ones[0])
        else:
            made = _several(cell, found, fixed, flat_ones, expired)
        if not isinstance(made, Unknown):
            return made
    return made


def pivots(rows: Sequence[Vector], order: Sequence[int]) -> list[int]:
    """Columns, taken in an order, on which the rows have their full rank."""
    left, found = [list(row) for row in rows], list[int]()
    for c in order:
        row = next((row for row in left if row[c]), None)
        if row is not None:
            left.remove(row)
            found.append(c)
            left = [[x - other[c] / row[c] * y for x, y in zip(other, row, strict=True)] for other in left]
    return found


def _flat_coordinates(
    found: Stationary, normals: Sequence[Vector], held: Sequence[int], order: Sequence[int]
) -> list[int] | None:
    """Coordinates of the slice that are left once curved ones are eliminated; None for negative curvature."""
    size = len(order)
    try:
        face = Slice.of(normals, held, size, "")
    except Rejected:
        return []
    free = [c for c in order if c not in held and c not in face.pivots]
    form = restricted(found.hessian, [face.tangent(c) for c in free])
    left = dict(zip(free, form, strict=True))
    index = {c: k for k, c in enumerate(free)}
    for c in free:
        pivot, k = left[c], index[c]
        if pivot[k] < 0:
            return None
        if pivot[k] > 0:
            rates = {d: row[k] / pivot[k] for d, row in left.items()}
            left = {d: [x - rates[d] * y for x, y in zip(row, pivot, strict=True)] for d, row in left.items()}
            index.pop(c)
    flat_ones = [c for c in free if c in index]
    return None if any(left[c][index[d]] for c in flat_ones for d in flat_ones) else flat_ones


def _series(
    cell: Cell, given: Vector, found: Stationary, held: tuple[int, ...], place: int
) -> Entry | Descends | Unknown:
    """One flat direction: the rule's own check of ever longer curves along it, or a fall along one of them."""
    reason = "the risk along its flat direction is flat to high order"
    curves = _curves(cell, found, (*held, place), {place: ONE})
    for curve in curves:
        try:
            eliminated(cell.problem, cell.at, cell.pattern, found, held, place, curve, "")
            return Entry("eliminate", tuple(given), held, place, curve)
        except Rejected as error:
            reason = error.reason
        if (down := _either_way(cell, curve)) is not None:
            return down
    return Unknown(reason)


def _several(
    cell: Cell, found: Stationary, held: tuple[int, ...], flat_ones: Sequence[int], expired: Callable[[], bool]
) -> Descends | Unknown:
    """Several flat directions: combinations of them are tried for a fall at higher order."""
    rng = np.random.default_rng(1)
    trials = [[Fraction(c == d) for d in flat_ones] for c in flat_ones]
    trials += [[Fraction(int(x)) for x in rng.integers(-2, 3, len(flat_ones))] for _ in range(MAX_TRIES)]
    for trial in trials:
        if expired():
            break
        along = {c: x for c, x in zip(flat_ones, trial, strict=True) if x}
        for curve in islice(_curves(cell, found, (*held, *flat_ones), along), 3):
            if (down := _either_way(cell, curve)) is not None:
                return down
    return Unknown(f"{len(flat_ones)} flat directions beside the flows")


def _curves(cell: Cell, found: Stationary, slots: tuple[int, ...], along: Mapping[int, Fraction]) -> Iterator[Point]:
    """γ = θ* + t Σ x_c T_c + Σ c_u(t) T_u with ⟨∇R_s ∘ γ, T_u⟩ of ever higher order, by Newton's method on series.

    `slots` are the coordinates that are not eliminated; those in `along` move.
    """
    problem, size = cell.problem, cell.problem.size()
    try:
        face = Slice.of([normal for normal, _ in found.active], slots, size, "")
    except Rejected:
        return
    tangents = face.tangents(slots)
    forward = [sum((x * face.tangent(c)[k] for c, x in along.items()), ZERO) for k in range(size)]
    form = restricted(found.hessian, tangents)
    inverse = [solve(form, [Fraction(a == b) for a in range(len(form))], len(form)) for b in range(len(form))]
    steps = [Poly.of([ZERO, ONE]), *[Poly(())] * len(tangents)]
    if any(column is None for column in inverse):
        return
    for degree in range(2, MAX_DEGREE + 1):
        moves = [Poly(())] * size
        for amount, tangent in zip(steps, [forward, *tangents], strict=True):
            moves = [move + amount * x if x else move for move, x in zip(moves, tangent, strict=True)]
        curve = as_point(problem, _along(values_of(cell.problem, cell.at.point), moves))
        yield curve
        try:
            pull = _pull(cell, curve)
            pulls = [sum((g * x for g, x in zip(pull, t, strict=True) if x), Poly(())) for t in tangents]
            for u, column in enumerate(inverse):
                change = sum((p * -x for p, x in zip(pulls, column or (), strict=True)), Poly(()))
                steps[u + 1] = Poly.of(islice((steps[u + 1] + change).coefficients, degree + 1))
        except Declined:
            return


def _either_way(cell: Cell, curve: Point) -> Descends | None:
    """The curve, or the one that runs the other way, if the risk falls along it."""
    start = values_of(cell.problem, cell.at.point)
    moves = [Poly(()) + x - y for x, y in zip(values_of(cell.problem, curve), start, strict=True)]
    for side in (1, -1):
        turned = as_point(cell.problem, _along(start, [_turned(move, side) for move in moves]))
        with suppress(Declined):
            if (risk_along(cell.problem, turned) - cell.at.risk).sign_after_zero() < 0:
                return Descends(turned, "the risk falls at higher order along a flat direction")
    return None


def _along(start: Sequence[Scalar], moves: Sequence[Poly]) -> list[Scalar]:
    """The coordinates of a curve."""
    return [Poly(()) + x + move for x, move in zip(start, moves, strict=True)]


def _turned(p: Poly, side: int) -> Poly:
    """p(side · t)."""
    return Poly.of(c * side**k for k, c in enumerate(p.coefficients))


def _pull(cell: Cell, curve: Point) -> list[Poly]:
    """∇R_s along a curve, on the cell's pieces and the loss's pieces at t = 0."""
    problem, pull = cell.problem, list[list[Poly]]()
    for i, target in enumerate(problem.targets):
        errors = [Poly(()) + f - y for f, y in zip(evaluate(problem, curve, i, cell.pattern)[-1], target, strict=True)]
        near = [(problem.loss.part(e.at_zero()), e) for e in errors]
        pull.append([(e * (2 * a) + b) * problem.loss.factor for (a, b, _), e in near])
    return [Poly(()) + x for x in gradient(problem, curve, cell.pattern, pull)]


def fall(cell: Cell, moves: Sequence[Sequence[Fraction]], why: str) -> Descends | None:
    """θ* + Σ moves t^k, if the risk strictly falls along it."""
    start = values_of(cell.problem, cell.at.point)
    curve = as_point(cell.problem, _along(start, [Poly.of([ZERO, *move]) for move in moves]))
    with suppress(Declined):
        if (risk_along(cell.problem, curve) - cell.at.risk).sign_after_zero() < 0:
            return Descends(curve, why)
    return None
