"""Exact dual vectors that prove a node's bound, from the float ones of its relaxation.

g with Σ g = 0 (with an output bias) and ⟨g, column⟩ ≤ 0 on the columns of a node has ⟨g, f⟩ ≤ 0 for every f in it. The
columns on which it is 0 in floats are made exactly orthogonal to it: those that depend on them then are, too, and the
others have room.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np

from symverify.ground.floats import product, spanning
from symverify.ground.linear import primitive, solve
from symverify.kernel.core.activation import ONE, ZERO
from symverify.kernel.reals.enclosure import lower_end, plus
from symverify.kernel.reals.facts import real_loss
from symverify.kernel.reals.losses import RealLoss
from symverify.search.global_minimum.dual import DualVector, known
from symverify.search.global_minimum.generators import Flags, Floats, Generators, packed
from symverify.search.loss_tree.relaxation import Relaxed
from symverify.search.span_dual import pivots

NEARNESS = (1e-8, 1e-6, 1e-10)  # shares of the vector's size at which a product with a column of length 1 counts as 0
BITS, LEAST_ROOM = 50, Fraction(1, 2**42)
Row = Sequence[int | Fraction]


@dataclass(frozen=True, slots=True, eq=False)
class Proof(DualVector):
    """A vector with a scale, for losses over the reals, and the bound of Σ ℓ that it proves."""

    scale: Fraction
    gain: Fraction


def proof_of(shape: Generators, ups: Flags, downs: Flags, found: Relaxed, threshold: Fraction) -> Proof | None:
    """A vector that proves Σ ℓ ≥ threshold for the networks whose units have these rays, made from their relaxation."""
    exact = _exactly_of(shape)
    for near in NEARNESS:
        tight = _tight(shape, ups, downs, found, near)
        vector = exact(shape, [*tight, *[[1] * len(shape.labels)] * shape.problem.output_bias], found.residual)
        proof = None if vector is None or not any(vector) else _checked(shape, ups, downs, vector)
        if proof is not None and proof.gain >= threshold:
            return proof
    return None


def _checked(shape: Generators, ups: Flags, downs: Flags, g: Sequence[Fraction]) -> Proof | None:
    """The vector as a proof, if it admits these rays."""
    problem, loss = shape.problem, shape.problem.loss
    real = isinstance(loss, RealLoss)
    scale = Fraction(lcm(*(x.denominator for x in g))) if real else ONE
    vector = [int(x * scale) for x in g] if real else primitive(g)
    if problem.output_bias and sum(vector) != 0:
        return None
    blocked = known(shape, vector).blocked
    if (blocked & np.concatenate([packed(ups), packed(downs)])).any():
        return None
    gain = _real_gain(shape, g) if real else _gain(shape, vector)
    return None if gain is None else Proof(tuple(vector), blocked, scale, gain)


def _gain(shape: Generators, g: Sequence[int]) -> Fraction | None:
    loss, labels = shape.problem.loss, [y for (y,) in shape.problem.targets]
    most = sum((a * y for a, y in zip(g, labels, strict=True)), ZERO)
    ends = [loss.at(y).ends() for y in labels]
    return loss.gain(g, most, sum(a * a for a in g), ends) if most > 0 else None


def _real_gain(shape: Generators, g: Sequence[Fraction]) -> Fraction | None:
    loss = real_loss(shape.problem)
    dual = [[y - x] for x, (y,) in zip(g, shape.problem.targets, strict=True)]
    return lower_end(plus(map(loss.entropy, dual))) if all(loss.inside(p, False) for p in dual) else None


def _tight(shape: Generators, ups: Flags, downs: Flags, found: Relaxed, near: float) -> list[Row]:
    """Independent columns that span those of the node on which the vector is about 0."""
    prices = product(shape.units, found.residual)
    size = float(np.sqrt(product(found.residual, found.residual)))
    small = (np.abs(prices) <= near * size) & (ups | downs) & shape.live
    used = np.zeros(shape.count, dtype=bool)
    used[found.support % max(shape.count, 1)] = True
    rays = np.flatnonzero(small | used)
    chosen, _ = spanning(shape.units[rays])
    return [shape.column(int(rays[k])) for k in sorted(chosen)]


Exactly = Callable[[Generators, Sequence[Row], Floats], list[Fraction] | None]


def _exactly_of(shape: Generators) -> Exactly:
    """How the vector of a loss is made exact."""
    loss = shape.problem.loss
    if isinstance(loss, RealLoss):
        return _moved
    return _projected if loss.smooth else _vertex


def corrected(rows: Sequence[Row], g: list[Fraction], room: Sequence[float]) -> list[Fraction] | None:
    """g with few entries moved so that it is orthogonal to the rows, rather those with much room; none without any."""
    free = [i for i, r in enumerate(room) if r > 0]
    matrix = np.array([[float(row[i]) * room[i] for i in free] for row in rows]).reshape(len(rows), len(free))
    sizes = np.abs(matrix).max(axis=1, initial=0.0)
    chosen = [free[c] for c in pivots(matrix / np.where(sizes > 0, sizes, 1.0)[:, None])]
    goal = [-sum((a * x for a, x in zip(row, g, strict=True) if a and x), ZERO) for row in rows]
    moves = solve([[row[i] for i in chosen] for row in rows], goal, len(chosen)) if rows else []
    if moves is None:
        return None
    for i, move in zip(chosen, moves, strict=True):
        g[i] += move
    return g


def _dyadic(x: float) -> Fraction:
    return Fraction(round(x * 2.0**BITS), 2**BITS)


def _moved(shape: Generators, rows: Sequence[Row], near: Floats) -> list[Fraction] | None:
    """For a loss over the reals: rounded, then moved where the domain leaves room."""
    loss, room = real_loss(shape.problem), list[float]()
    g = [_dyadic(float(x)) for x in near]
    for k, (y,) in enumerate(shape.problem.targets):
        p, width = y - g[k], Fraction(1, 2**20)
        while width > LEAST_ROOM and not (loss.inside([p - width], False) and loss.inside([p + width], False)):
            width /= 8
        if width <= LEAST_ROOM:  # as good as at the end of the domain
            g[k], width = ZERO, ZERO
        room.append(float(width))
    return corrected(rows, g, room)


def _vertex(shape: Generators, rows: Sequence[Row], near: Floats) -> list[Fraction] | None:
    """For a piecewise linear loss: −g is a slope of the loss where the fit is not exact."""
    loss, g, room = shape.problem.loss, list[Fraction](), list[float]()
    for x, (y,) in zip(near, shape.problem.targets, strict=True):
        own = loss.at(y)
        low, high = own.slopes(own.cuts[0])
        ends = [-low, -high]
        end = min(ends, key=lambda e: abs(float(e) - float(x)))
        fixed = abs(float(end) - float(x)) < 1e-7 * float(high - low)
        g.append(end if fixed else _dyadic(float(x)))
        room.append(0.0 if fixed else 1.0)
    found = corrected(rows, g, room)
    return found


def _projected(shape: Generators, rows: Sequence[Row], near: Floats) -> list[Fraction] | None:
    """For Huber's loss: ±δ where the floats say so, elsewhere the labels projected onto what the rows leave."""
    delta, labels = shape.problem.loss.cuts[-1], [y for (y,) in shape.problem.targets]
    fixed = [abs(abs(float(x)) - float(delta)) < 1e-8 * float(delta) for x in near]
    g = [(delta if x > 0 else -delta) if held else y for x, held, y in zip(near, fixed, labels, strict=True)]
    gram = [
        [sum((a * b for a, b, held in zip(u, v, fixed, strict=True) if not held and a and b), ZERO) for v in rows]
        for u in rows
    ]
    goal = [sum((a * x for a, x in zip(row, g, strict=True) if a and x), ZERO) for row in rows]
    weights = solve(gram, goal, len(rows)) if rows else []
    if weights is None:
        return None
    for i in range(len(g)):
        if not fixed[i]:
            g[i] -= sum((w * row[i] for w, row in zip(weights, rows, strict=True) if w and row[i]), ZERO)
    return g
