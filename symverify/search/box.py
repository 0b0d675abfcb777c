"""From a trained point to a local minimum in a box: a search in floats, then the numbers of a certificate."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial

import numpy as np

from symverify.errors import cause
from symverify.ground.floats import finite
from symverify.kernel.core.activation import ZERO
from symverify.kernel.core.errors import KernelError
from symverify.kernel.core.network import Point, Problem
from symverify.kernel.reals.box import Lagrangian
from symverify.kernel.reals.collapsed import widened
from symverify.kernel.reals.fields import symmetries
from symverify.kernel.reals.kinks import Kinks, homogeneous
from symverify.kernel.reals.layout import layout_of
from symverify.kernel.reals.minimum_in_box import Candidate
from symverify.search.active_set import State
from symverify.search.box_numbers import (
    PLACES,
    RADII,
    Fields,
    NotEnclosed,
    inverted,
    matrix,
    middle,
    spelled,
    spelled_kinks,
)
from symverify.search.collapse import Left, left
from symverify.search.distances import distance
from symverify.search.float_network import Array, as_floats, frozen
from symverify.search.following import followed
from symverify.search.programs.float_program import float_network
from symverify.search.recession import runs_away
from symverify.search.snap_equations import as_point
from symverify.search.span_box import spanned

ROUNDS = 30
SHAKES = 4
Try = Callable[[str, Point, Fields], int]  # a rule, the centre, and the other fields of the step


@dataclass(frozen=True, slots=True)
class Enclosed:
    """The step that proves the minimum, its centre, and the Euclidean distance of that from the given point."""

    step: int
    centre: Point
    distance: Fraction
    shakes: int


def enclose(problem: Problem, point: Point, prove: Try, deadline: float) -> Enclosed:
    """A local minimum reached from the point, by `prove`, which runs a rule of the kernel on the parts of a step.

    Raises NotEnclosed.
    """
    try:
        start, net = as_floats(problem, point), float_network(problem)
    except OverflowError:
        raise NotEnclosed("its numbers are beyond the range of floats") from None
    noise = np.random.default_rng(1)
    at, reasons = start, list[str]()
    for shake in range(SHAKES + 1):
        found = left(problem, at, min(deadline, time.monotonic() + (deadline - time.monotonic()) / 2))
        state = found.state
        try:
            if state.status != "stationary":
                raise NotEnclosed(f"the search ended: {state.status}")
            step, centre = proved(found, prove)
        except (NotEnclosed, np.linalg.LinAlgError) as error:
            reasons.append(str(error))
            if (away := runs_away(found)) is not None:
                raise NotEnclosed(away) from error
            if time.monotonic() > deadline:
                break
            at = start + noise.normal(size=net.size) * 10 ** (-3 + shake / 2)
            continue
        whole = widened(problem, found.gone, centre)
        return Enclosed(step, whole, distance(problem, whole, point), shake)
    raise NotEnclosed(reasons[0])


def proved(found: Left, prove: Try) -> tuple[int, Point]:
    """The step that the kernel accepts for a stationary state, and the centre of its box (without collapsed units)."""
    problem, state = found.problem, found.state
    collapsed: Fields = {"collapsed": [list(unit) for unit in found.gone]} if found.gone else {}
    dependents = [(c, [row.get(b, ZERO) for b in state.kinks]) for c, row in state.dependents.items()]
    kinks = followed(Kinks(problem, frozen(state.pieces), list(state.kinks), dependents, "the box"), state)

    def tried(at: Point, fields: Fields) -> int:
        return prove("minimum_in_box", at, {**fields, **collapsed})

    try:
        return isolated(kinks, state, tried)
    except (NotEnclosed, np.linalg.LinAlgError) as first:
        if "face_span" not in problem.loss.rules or problem.decays or not homogeneous(problem):
            raise
        with suppress(NotEnclosed, KernelError, np.linalg.LinAlgError):
            return spanned(kinks, [Fraction(x) for x in state.v.tolist()], partial(prove, "face_span"))
        raise first from None


def isolated(kinks: Kinks, state: State, prove: Callable[[Point, Fields], int]) -> tuple[int, Point]:
    """By `minimum_in_box`: in a slice across the symmetries the minimum is isolated."""
    problem = kinks.problem
    numbers = [Fraction(x) for x in state.v.tolist()]
    if len(state.multipliers) != len(state.kinks):
        raise NotEnclosed("kinks that depend on each other")
    known = dict(zip(state.kinks, map(Fraction, state.multipliers.tolist()), strict=True))
    weights = [known[b] for b in kinks.basis]
    chosen, held = slice_of(kinks, state.v)
    require_isolated(kinks, state, held)

    def candidate() -> Candidate:
        return Candidate(kinks, as_point(problem, numbers), ZERO, weights, held)

    try:
        inverse, tau = newton(candidate, numbers, weights)
    except KernelError as error:
        raise NotEnclosed(str(error)) from error
    across = inverted(velocity_rows(kinks, numbers, chosen)[:, held])
    fields: Fields = {
        **spelled_kinks(kinks),
        "multipliers": [str(x) for x in weights],
        "held": held,
        "flows": chosen,
        "inverse": spelled(inverse),
        "across": spelled(across),
        "tau": str(tau),
    }
    reason, centre = "", as_point(problem, numbers)
    for k in RADII:
        try:
            return prove(centre, {**fields, "radius": str(Fraction(1, 2**k))}), centre
        except KernelError as error:
            reason = cause(error)
    raise NotEnclosed(reason)


def require_isolated(kinks: Kinks, state: State, held: Sequence[int]) -> None:
    """In floats F' is regular: intervals, which take long, would not find otherwise. Raises LinAlgError."""
    net, weights = float_network(kinks.problem), dict(zip(state.kinks, state.multipliers.tolist(), strict=True))
    free = [c for c in range(net.size) if c not in set(held)]
    hessian = net.hessian(state.v, state.pieces, weights)[np.ix_(free, free)]
    normals = net.kinks(state.v, state.pieces, kinks.basis)[1][:, free]
    inverted(np.block([[hessian, -normals.T], [normals, np.zeros((len(normals), len(normals)))]]))


def newton(
    candidate: Callable[[], Candidate], numbers: list[Fraction], weights: list[Fraction]
) -> tuple[Array, Fraction]:
    """Move the numbers and multipliers to a zero of F, by chords; the inverse of F' there, and τ.

    Each round the error shrinks by the error of the inverse in floats, so that long numbers need many rounds.
    """
    free, inverse, tau = candidate().free, None, ZERO
    for turn in range(ROUNDS):
        box, multipliers = candidate().box(ZERO)
        kinks, count = candidate().kinks, len(multipliers)
        found = box.lagrangian(kinks.every, kinks.multipliers(multipliers), free if turn < 3 else ())
        found = replace(found, kinks=found.kinks[:count], normals=found.normals[:count])
        if turn < 3:
            derivative, tau = derivative_of(found, free)
            inverse = inverted(derivative)
        value = np.array([middle(x) for x in [*(found.gradient[c] for c in free), *found.kinks]])
        if inverse is None or not len(value) or np.abs(value).max() < 2.0**-180:
            break
        change = -inverse @ value
        if not np.isfinite(change).all() or np.abs(change).max() > 1:
            raise NotEnclosed("Newton's method leaves the point")
        for a, x in enumerate(change.tolist()):
            at, where = (numbers, free[a]) if a < len(free) else (weights, a - len(free))
            at[where] = Fraction(round((at[where] + Fraction(x)) * 2**PLACES), 2**PLACES)
    if inverse is None:
        raise NotEnclosed("Newton's method did not begin")
    return inverse, tau


def derivative_of(found: Lagrangian, free: Sequence[int]) -> tuple[Array, Fraction]:
    """F' in floats, and a τ with which the Hessian is positive definite if it is so on the held kinks."""
    hessian = matrix([[row[c] for c in free] for row in found.hessian]).reshape(len(free), len(free))
    normals = matrix([[row[c] for c in free] for row in found.normals]).reshape(len(found.normals), len(free))
    count = len(normals)
    whole = np.block([[hessian, -normals.T], [normals, np.zeros((count, count))]])
    tau, square = 0, normals.T @ normals
    while count and tau < 2**40 and np.linalg.eigvalsh(finite(hessian + tau * square))[0] <= 1e-9:
        tau = 4 * tau or 1
    return whole, Fraction(4 * tau)


def velocity_rows(kinks: Kinks, numbers: Sequence[Fraction], chosen: Sequence[int] | None) -> Array:
    """The velocities of fields at a point, one a row; of those chosen, or of all."""
    where = [each[0] for each in layout_of(kinks.problem).places]
    at, rows = dict(zip(where, map(float, numbers), strict=True)), []
    for moves in symmetries(kinks.problem, kinks.pieces, kinks.every):
        speeds = {p: float(q) * (1 if source is None else at[source]) for p, (q, source) in moves.items()}
        rows.append([speeds.get(place, 0.0) for place in where])
    kept = rows if chosen is None else [rows[k] for k in chosen]
    return np.array(kept).reshape(len(kept), len(where))


def slice_of(kinks: Kinks, v: Array) -> tuple[list[int], list[int]]:
    """Independent fields and as many parameters that they move freely: elimination, the largest pivot first."""
    left = velocity_rows(kinks, [Fraction(x) for x in v.tolist()], None)
    rows, columns = list[int](), list[int]()
    while left.size:
        row, column = np.unravel_index(int(np.abs(left).argmax()), left.shape)
        pivot = left[row, column]
        if abs(pivot) < 1e-7:
            break
        rows.append(int(row))
        columns.append(int(column))
        left = left - np.outer(left[:, column] / pivot, left[row])
        left[row], left[:, column] = 0, 0
    order = sorted(range(len(rows)), key=columns.__getitem__)
    return [rows[k] for k in order], [columns[k] for k in order]
