"""Best fits over a span of predictions under logistic, cross-entropy and Poisson loss, with rational dual points.

The convex problem is solved in floats (Newton). Its dual point p is rounded, and a few of its entries are corrected
exactly, so that its moments are the labels'. Where no best fit exists, linear programs over ℚ find the direction in
which the risk falls for ever; the samples (and classes) that drop out along it leave a smaller problem that has one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from symverify.errors import SymverifyError
from symverify.ground.floats import exp, log, product
from symverify.ground.floats import solve as solve_floats
from symverify.ground.linear import independent_rows, solve
from symverify.ground.lp import Constraint, Witness, solve_system
from symverify.kernel.core.activation import ZERO
from symverify.kernel.core.network import Problem, Vector
from symverify.kernel.reals.facts import real_loss
from symverify.kernel.reals.losses import CrossEntropy, Logistic, RealLoss
from symverify.search.float_losses import LARGE, probabilities, real_bends, real_values, targets_of

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Move = tuple[int, int, int | None, float]  # a sample, an output, the one that makes up for it, the room
STEPS, HALVINGS, BITS, SHORT = 200, 40, 60, 36
STILL, POLISH = 1e-13, 3


@dataclass(frozen=True, slots=True)
class SpanFit:
    """Coefficients `near` (d_Y × vectors) and a dual point (n × d_Y) over a span; `direction`, if none is best."""

    near: list[list[Fraction]]
    dual: list[list[Fraction]]
    direction: list[list[Fraction]] | None


class NotFitted(SymverifyError):
    """No dual point was found; the message says why."""


def span_fit(problem: Problem, span: Sequence[Vector]) -> SpanFit:
    """A nearly best fit and a dual point with the labels' moments. Raises NotFitted."""
    loss, n, outputs = real_loss(problem), len(problem.inputs), len(problem.targets[0])
    kept = independent_rows(span)
    basis, y = [span[c] for c in kept], targets_of(problem)
    if not basis:
        raise NotFitted("all that the cell can predict is 0")
    try:
        phi = np.array([[float(v) for v in column] for column in basis]).T
    except OverflowError:
        raise NotFitted("the numbers are beyond the range of floats") from None
    scale = 2.0 ** np.ceil(np.log2(np.maximum(np.abs(phi).max(axis=0), 1e-300)))
    active = np.ones((n, outputs), dtype=bool)
    direction: list[list[Fraction]] | None = None
    beta = shortened(newton(loss, phi / scale, y, active))
    dual = None if beta is None else corrected(problem, basis, phi, beta / scale, active)
    if dual is None:
        direction, active = recession(problem, basis)
        if direction is None:
            raise NotFitted("a dual point was not found in floats")
        beta = shortened(newton(loss, phi / scale, y, active))
        dual = None if beta is None else corrected(problem, basis, phi, beta / scale, active)
    if beta is None or dual is None:
        raise NotFitted("a dual point was not found in floats")

    def spread(rows: Sequence[Sequence[Fraction]]) -> list[list[Fraction]]:
        """The coefficients of the kept vectors as coefficients of all."""
        return [[row[kept.index(c)] if c in kept else ZERO for c in range(len(span))] for row in rows]

    near = [[Fraction(float(v)) for v in row] for row in beta / scale]
    return SpanFit(spread(near), dual, None if direction is None else spread(direction))


def shortened(beta: Array | None) -> Array | None:
    """The coefficients with so few binary places that rounding errors in them do not show."""
    return None if beta is None else np.rint(beta * 2.0**SHORT) / 2.0**SHORT


def masked(loss: RealLoss, f: Array, active: Mask) -> Array:
    """Predictions at which what dropped out has probability 0."""
    return np.where(active, f, -np.inf) if isinstance(loss, CrossEntropy) else f


def newton(loss: RealLoss, phi: Array, y: Array, active: Mask, cap: float | None = None) -> Array | None:
    """β (d_Y × width) near the minimum of Σ ℓ over the active entries; None where it does not settle.

    With `cap`, what is reached once an entry is beyond it.
    """
    outputs, width = y.shape[1], phi.shape[1]
    beta = np.zeros((outputs, width))
    value, vain = _risk(loss, product(phi, beta.T), y, active), 0
    for _ in range(STEPS):
        p = np.where(active, probabilities(loss, masked(loss, product(phi, beta.T), active)), 0.0)
        off = np.where(active, p - y, 0.0)
        slope = product(off.T, phi)
        flat = _hessian(loss, phi, p, active)
        # no step along what has no curvature: the loss's gauge, and what dropped out
        lengths = np.sqrt(np.where(np.diag(flat) > 0, np.diag(flat), 1.0))
        scaled = solve_floats(flat / lengths[:, None] / lengths[None, :], -slope.ravel() / lengths)
        step = (scaled / lengths).reshape(outputs, width)
        rate = float((step * slope).sum())
        if not np.isfinite(step).all():
            return None
        length = 1.0
        for _ in range(HALVINGS):
            tried = _risk(loss, product(phi, (beta + length * step).T), y, active)
            if np.isfinite(tried) and tried <= value + 1e-4 * length * rate + 1e-15 * abs(value):
                break
            length /= 2
        else:
            return np.asarray(beta)
        vain += tried >= value  # what is gained is below the last digit
        beta, value = np.asarray(beta + length * step), tried
        if vain == POLISH:
            return np.asarray(beta)
        if cap is not None and np.abs(beta).max() > cap:
            return np.asarray(beta)
        if np.abs(beta).max() > 1e8:
            return None
        if np.abs(step).max() * length <= STILL * (1 + np.abs(beta).max()):
            return np.asarray(beta)
    return beta


def _risk(loss: RealLoss, f: Array, y: Array, active: Mask) -> float:
    """Σ ℓ of predictions over the active entries."""
    if isinstance(loss, CrossEntropy):
        e = np.where(active, f, -np.inf)
        most = e.max(axis=1, keepdims=True)
        above = most[:, 0] + log(np.where(active, exp(np.maximum(e - most, -LARGE)), 0.0).sum(axis=1))
        return float((above - np.where(active, y * f, 0.0).sum(axis=1)).sum())
    return float(sum(real_values(loss, f[:, [k]], y[:, [k]])[active[:, k]].sum() for k in range(y.shape[1])))


def _hessian(loss: RealLoss, phi: Array, p: Array, active: Mask) -> Array:
    """The second derivatives of Σ ℓ by β, outputs × width in one axis, where the dual point is p."""
    outputs, width = p.shape[1], phi.shape[1]
    bends = real_bends(loss, p) * (active[:, :, None] & active[:, None, :])
    hessian = np.zeros((outputs, width, outputs, width))
    for a in range(outputs):
        for b in range(outputs):
            if isinstance(loss, CrossEntropy) or a == b:
                hessian[a, :, b, :] = product(phi.T * bends[:, a, b], phi)
    return hessian.reshape(outputs * width, outputs * width)


def corrected(
    problem: Problem, basis: Sequence[Vector], phi: Array, beta: Array, active: Mask
) -> list[list[Fraction]] | None:
    """The dual point p of β, rounded, with a few entries moved so that Σ_i (p_ik − y_ik) φ_i = 0 exactly.

    Moved are entries far from the boundary of the domain, with a sample's largest class making up for each. None if
    p is not strictly inside the domain where it is active.
    """
    loss, outputs = real_loss(problem), len(problem.targets[0])
    p = np.where(active, probabilities(loss, masked(loss, product(phi, beta.T), active)), 0.0)
    exact, moves = _movable(problem, p, active)
    columns = np.zeros((outputs * len(basis), len(moves)))
    for c, (i, k, top, room) in enumerate(moves):
        columns[k * len(basis) : (k + 1) * len(basis), c] = phi[i] * room
        if top is not None:
            columns[top * len(basis) : (top + 1) * len(basis), c] = -phi[i] * room
    chosen = pivots(columns)
    goal = [
        -sum(((row[k] - y[k]) * v for row, y, v in zip(exact, problem.targets, vector, strict=True)), ZERO)
        for k in range(outputs)
        for vector in basis
    ]
    matrix = [[ZERO] * len(chosen) for _ in goal]
    for c, place in enumerate(chosen):
        i, k, top, _ = moves[place]
        for b, vector in enumerate(basis):
            matrix[k * len(basis) + b][c] += vector[i]
            if top is not None:
                matrix[top * len(basis) + b][c] -= vector[i]
    found = solve(matrix, goal, len(chosen))
    if found is None:
        return None
    for place, delta in zip(chosen, found, strict=True):
        i, k, top, _ = moves[place]
        exact[i][k] += delta
        if top is not None:
            exact[i][top] -= delta
    whole = bool(active.all())
    return exact if all(loss.inside(row, whole) for row in exact) else None


def _movable(problem: Problem, p: Array, active: Mask) -> tuple[list[list[Fraction]], list[Move]]:
    """The dual point, rounded, and the entries of it that may be moved."""
    loss, several = real_loss(problem), isinstance(real_loss(problem), CrossEntropy)
    exact, moves = list[list[Fraction]](), list[Move]()
    for i, row in enumerate(p):
        rounded = [
            _rounded(float(v), loss) if active[i, k] else (ZERO if several else problem.targets[i][k])
            for k, v in enumerate(row)
        ]
        top = int(np.argmax(row)) if several else None
        if top is not None:
            rounded[top] = 1 - sum(rounded[:top], ZERO) - sum(rounded[top + 1 :], ZERO)
        exact.append(rounded)
        for k, v in enumerate(row):
            room = float(min(v, row[top])) if top is not None else _room(loss, float(v))
            if active[i, k] and k != top:
                moves.append((i, k, top, room))
    return exact, moves


def _rounded(v: float, loss: RealLoss) -> Fraction:
    """A short rational near a probability; 0 and 1 only where floats say so."""
    bits = BITS if v > 2.0**-BITS else 2 * BITS
    return Fraction(round(Fraction(v) * 2**bits), 2**bits) if np.isfinite(v) else ZERO


def _room(loss: RealLoss, v: float) -> float:
    """How far the entry is from the boundary of the domain."""
    return min(v, 1 - v) if isinstance(loss, Logistic) else v


def pivots(columns: Array) -> list[int]:
    """Columns that span the rest: the longest remaining one at a time (Gram and Schmidt)."""
    left, chosen = columns.copy(), list[int]()
    scale = float(np.abs(columns).max(initial=0.0))
    for _ in range(min(columns.shape)):
        lengths = (left * left).sum(axis=0)
        best = int(np.argmax(lengths))
        if lengths[best] <= (1e-11 * scale) ** 2:
            break
        chosen.append(best)
        unit = left[:, best] / np.sqrt(lengths[best])
        for _ in range(2):
            left = left - unit[:, None] * product(unit, left)[None, :]
    return sorted(chosen)


def recession(problem: Problem, basis: Sequence[Vector]) -> tuple[list[list[Fraction]] | None, Mask]:
    """A direction β of recession that as many summands as possible fall along, and what does not drop out along it.

    Linear in β: per sample equalities (t = 0, or equal classes) and inequalities whose slack makes an entry drop out.
    Directions are found one at a time, each with new slack, and added.
    """
    outputs, width = len(problem.targets[0]), len(basis)
    equalities, inequalities = _cone(problem, basis)
    active = np.ones((len(problem.inputs), outputs), dtype=bool)
    total = [ZERO] * (outputs * width)
    still = list(range(len(inequalities)))
    while still:
        rows = [inequalities[c][0] for c in still]
        pull: Constraint = ([sum(column, ZERO) for column in zip(*rows, strict=True)], ZERO)
        found = solve_system(equalities, [(row, ZERO) for row, _, _ in inequalities], [pull], outputs * width)
        if not isinstance(found, Witness):
            break
        total = [a + b for a, b in zip(total, found.x, strict=True)]
        for c in list(still):
            row, i, k = inequalities[c]
            if sum((a * b for a, b in zip(row, total, strict=True)), ZERO) > 0:
                still.remove(c)
                active[i, k] = False
    if not any(total):
        return None, active
    return [total[k * width : (k + 1) * width] for k in range(outputs)], active


def _cone(problem: Problem, basis: Sequence[Vector]) -> tuple[list[Constraint], list[tuple[list[Fraction], int, int]]]:
    """Equalities, and inequalities ≥ 0 with the (sample, output) that drops out where they are strict."""
    loss, outputs, width = real_loss(problem), len(problem.targets[0]), len(basis)
    equalities: list[Constraint] = []
    inequalities: list[tuple[list[Fraction], int, int]] = []

    def row(i: int, weights: dict[int, int]) -> list[Fraction]:
        return [weights.get(k, 0) * basis[b][i] for k in range(outputs) for b in range(width)]

    for i, y in enumerate(problem.targets):
        if isinstance(loss, CrossEntropy):
            first = next(k for k in range(outputs) if y[k])
            for k in range(outputs):
                if k != first and y[k]:
                    equalities.append((row(i, {first: 1, k: -1}), ZERO))
                elif k != first:
                    inequalities.append((row(i, {first: 1, k: -1}), i, k))
            continue
        for k in range(outputs):
            sides = [s for s in (1, -1) if loss.recedes([Fraction(s)], [y[k]])]
            if sides:
                inequalities.append((row(i, {k: sides[0]}), i, k))
            else:
                equalities.append((row(i, {k: 1}), ZERO))
    return equalities, inequalities
