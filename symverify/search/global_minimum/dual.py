"""Dual vectors: short integers that prove the bound of a node, exactly.

g ≠ 0 with Σ g_i = 0 (if there is an output bias) and ⟨g, column⟩ ≤ 0 on all columns of a node has ⟨g, f⟩ ≤ 0 for
every f in the node, so Σ(f − y)² ≥ ⟨g, y − f⟩² / ⟨g, g⟩ ≥ ⟨g, y⟩² / ⟨g, g⟩ where ⟨g, y⟩ > 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import inf, sqrt
from operator import mul

import numpy as np

from symverify.ground import linear
from symverify.ground.floats import product, spanning
from symverify.ground.qp import ConeProjection, cone_projection
from symverify.search.global_minimum.generators import (
    EXACT,
    Flags,
    Floats,
    Generators,
    Indices,
    Signs,
    Words,
    packed,
)
from symverify.search.global_minimum.relaxation import Projection, compiling, interruptible, nearest, project
from symverify.search.global_minimum.rounding import Rounding

NEAR = 1e-9  # a column of length 1 with this product with the residual counts as orthogonal to it
COARSE = 4.0  # the margin in the units of the coarsest rounding
SCALES = np.array([1.0, 4.0, 16.0, 2.0**10, 2.0**18])  # what the coarsest rounding is made finer by
SMALLER = 0.3
TIGHT = 1e-7  # a relative slack below this needs the exact optimum


@dataclass(frozen=True, slots=True, eq=False)
class DualVector:
    """vector: n integers. blocked: the rays with σ = + and then those with σ = − on which it is positive, as words."""

    vector: tuple[int, ...]
    blocked: Words


def proves(model: Generators, vector: Sequence[int], threshold: Fraction) -> bool:
    """Whether the vector's bound reaches `threshold`, a bound of Σ(F − Y)² for the integer labels Y."""
    gain: int = sum(map(mul, vector, model.labels))
    square = sum([g * g for g in vector])
    return gain > 0 and gain * gain * threshold.denominator >= threshold.numerator * square


def accepted(
    model: Generators, vector: Sequence[int], reach: Words, threshold: Fraction, blocked: Words | None = None
) -> DualVector | None:
    """The vector, if it is admissible on all these columns and its bound reaches the threshold. Exact.

    blocked: as a `DualVector` has it, where that is known.
    """
    if (model.problem.output_bias and sum(vector) != 0) or not proves(model, vector, threshold):
        return None
    found = known(model, vector) if blocked is None else DualVector(tuple(vector), blocked)
    return None if (found.blocked & reach).any() else found


def known(model: Generators, vector: Sequence[int]) -> DualVector:
    """The vector with the columns on which it is positive. Exact."""
    if compiling(model) and model.whole is not None and max(map(abs, vector)) * model.norm < EXACT:
        from symverify.search.global_minimum.lattice import signed

        return DualVector(tuple(vector), signed(model.whole, np.array(vector, dtype=float), len(model.live_packed)))
    signs: Signs = model.products(vector)
    return DualVector(tuple(vector), packed(np.stack([signs > 0, signs < 0])).ravel())


def dual_vector(model: Generators, reach: Words, warm: Indices, threshold: Fraction) -> DualVector | None:
    """A vector that proves `threshold` for all networks of these columns; None if their exact bound is lower.

    They may be those of several nodes (see `Generators.reach_words`): then each of these is covered.
    """
    if compiling(model):
        found = _stepped(model, reach, warm, threshold)
        if found is not None:
            return found
    plus, minus = np.unpackbits(reach.reshape(2, -1).view(np.uint8), axis=1, count=model.count, bitorder="little") > 0
    found = _rounded(model, plus, minus, reach, warm, threshold)
    if found is not None:
        return found
    exact = exact_projection(model, plus, minus, warm)
    return accepted(model, linear.primitive(exact.residual), reach, threshold) if any(exact.residual) else None


def _rounded(
    model: Generators, plus: Flags, minus: Flags, reach: Words, warm: Indices, threshold: Fraction
) -> DualVector | None:
    """Step back from the node's columns by a margin that the slack pays for, then round inside the margin.

    Where the node's cone contains lines there is no margin: the vector must be orthogonal to them exactly.
    """
    share = model.share(threshold / model.label_scale**2)
    ups, downs = np.flatnonzero(plus & model.live), np.flatnonzero(minus & model.live)
    first = project(model, ups, downs, warm)
    slack = first.value - share
    if slack < TIGHT * (share + 1e-3):
        return None
    prices = np.abs(product(model.units, first.residual))
    tight = np.concatenate([ups[prices[ups] < NEAR], downs[prices[downs] < NEAR] + model.count])
    lines = _lines(model, tight)
    chosen, basis = spanning(model.units[lines])
    free = lines[sorted(chosen)]
    if len(free):
        loose = np.zeros(2 * model.count, dtype=bool)
        loose[tight] = _spanned(model.units[tight % model.count], basis)
        ups, downs = ups[~loose[ups]], downs[~loose[downs + model.count]]
        first = project(model, ups, downs, first.support[~loose[first.support]], free)
    cost = float(first.weights[len(free) :].sum())
    margin = min(0.25 * slack / max(cost, 1e-9), 0.3 * sqrt(first.value))
    exact, biased = [model.column(int(k)) for k in free], model.problem.output_bias
    if biased:
        exact.append([1] * len(model.labels))
    zero = (basis * basis).sum(axis=0) > 1.0 - biased / len(model.labels) - NEAR  # coordinates that are 0 on the lines
    rounding = Rounding(exact, zero)
    moved = first
    for _ in range(6):
        moved = project(model, ups, downs, moved.support[len(free) :], free, margin)
        if _bound(model, moved) > share + 0.2 * slack:
            found = _round(model, moved.residual, 0.35 / margin, rounding, reach, threshold)
            if found is not None:
                return found
        cost = max(moved.value - first.value, 1e-300)  # grows with the square of the margin where it starts
        margin *= min(0.25, sqrt(0.3 * slack / cost))
    return None


def _stepped(model: Generators, reach: Words, warm: Indices, threshold: Fraction) -> DualVector | None:
    """`_rounded` by compiled loops, with margins as shares of the columns' parts outside the lines."""
    from symverify.search.global_minimum.lattice import rounded
    from symverify.search.global_minimum.margins import stepped

    share, cap = model.share(threshold / model.label_scale**2), inf
    biased, search, tight = model.problem.output_bias, interruptible(stepped), TIGHT * (share + 1e-3)
    node, short, found, beyond = (reach, model.target), interruptible(rounded), None, 0
    for _ in range(3):
        margin, residual, basis, count, rays = search(
            model.units, model.target, model.live_packed, reach, warm, share, tight, cap
        )
        if not margin:
            return None
        lines, scales = (basis[:count], rays[:count]), SCALES * (COARSE / margin)
        if model.whole is not None:
            limits = share, EXACT / model.norm
            vector, blocked, beyond = short(model.whole, node, lines, residual, scales, biased, limits)
            tried = vector.astype(np.int64).tolist()
            found = accepted(model, tried, reach, threshold, blocked) if any(tried) else None
        if found is None and beyond >= 0:
            found = _large(model, residual, lines, scales[beyond:], reach, threshold)
        if found is not None or (beyond >= 0 and model.whole is not None):  # it takes long vectors, whatever the margin
            return found
        cap = SMALLER * margin
    return None


def _large(
    model: Generators,
    residual: Floats,
    lines: tuple[Floats, Indices],
    scales: Floats,
    reach: Words,
    threshold: Fraction,
) -> DualVector | None:
    """What `lattice.rounded` finds, with integers of any size."""
    (basis, rays), biased = lines, model.problem.output_bias
    exact = [*model.columns[rays].tolist(), *[[1] * len(residual)] * biased]
    zero = (basis * basis).sum(axis=0) > 1.0 - biased / len(residual) - NEAR
    rounding = Rounding(exact, zero, short=True)
    tried = (rounding(residual * scale) for scale in scales)
    found = (accepted(model, vector, reach, threshold) for vector in tried if any(vector))
    return next((each for each in found if each is not None), None)


def _spanned(rows: Floats, basis: Floats) -> Flags:
    """Which unit rows are in the span of an orthonormal basis."""
    left = rows - product(product(rows, basis.T.copy()), basis)
    flat: Flags = (left * left).sum(axis=1) < 1e-18
    return flat


def _lines(model: Generators, tight: Indices) -> Indices:
    """The rays of those of these columns whose opposite is in their cone, too.

    A vector that is ≤ 0 on all columns is 0 on these. One that separates the columns' opposite sum from the cone is
    negative on others, which are left out, until there is none.
    """
    while len(tight):
        signed = _signed(model, tight)
        up = tight < model.count
        residual = nearest(model, -signed.sum(axis=0), tight[up], tight[~up] - model.count)
        kept = product(signed, residual) > -NEAR
        if kept.all() or product(residual, residual) < NEAR * len(tight):
            break
        tight = tight[kept]
    rays: Indices = np.unique(tight % max(model.count, 1))
    return rays


def _signed(model: Generators, numbers: Indices) -> Floats:
    """The unit columns of these column numbers."""
    return np.where(numbers < model.count, 1.0, -1.0)[:, None] * model.units[numbers % max(model.count, 1)]


def _bound(model: Generators, projection: Projection) -> float:
    gain = float(product(projection.residual, model.target))
    return gain * gain / projection.value if gain > 0 else 0.0


def _round(
    model: Generators,
    residual: Floats,
    scale: float,
    rounding: Rounding,
    reach: Words,
    threshold: Fraction,
) -> DualVector | None:
    """The coarsest tried rounding of `residual` that proves the threshold."""
    for finer in (1, 2, 4, 8, 16, 64, 256, 2**12, 2**20):
        vector = rounding(residual * (finer * scale))
        found = accepted(model, vector, reach, threshold) if any(vector) else None
        if found is not None:
            return found
    return None


def exact_projection(model: Generators, plus: Flags, minus: Flags, warm: Indices) -> ConeProjection:
    """The labels Y, centred with an output bias, projected onto the cone of these columns; exact.

    With an output bias columns and labels are n times the centred ones, so weights fit Y and the residual is n·(Y − F).
    """
    count = len(model.labels)

    def centred(values: Sequence[int]) -> list[int]:
        total = sum(values)
        return [count * x - total for x in values] if model.problem.output_bias else list(values)

    used = plus | minus

    def worst(vector: list[int]) -> int | None:
        signs = model.products(vector, used)
        top = max(map(abs, vector))
        prices = product(model.units, np.array([x / top for x in vector]))
        prices = np.concatenate(
            [np.where((signs > 0) & plus, prices, -1.0), np.where((signs < 0) & minus, -prices, -1.0)]
        )
        allowed = np.concatenate([(signs > 0) & plus, (signs < 0) & minus])
        if not allowed.any():
            return None
        candidates = np.flatnonzero(allowed)
        return int(candidates[prices[candidates].argmax()])

    starts = [int(k) for k in warm if (plus if k < model.count else minus)[k % model.count]]
    return cone_projection(centred(model.labels), lambda k: centred(model.column(k)), worst, starts)
