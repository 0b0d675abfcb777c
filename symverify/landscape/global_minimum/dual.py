"""Dual vectors: short integers that prove the bound of a node, exactly.

g ≠ 0 with Σ g_i = 0 (if there is an output bias) and ⟨g, column⟩ ≤ 0 on all columns of a node has ⟨g, f⟩ ≤ 0 for
every f in the node, so Σ(f − y)² ≥ ⟨g, y − f⟩² / ⟨g, g⟩ ≥ ⟨g, y⟩² / ⟨g, g⟩ where ⟨g, y⟩ > 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from symverify.ground import linear
from symverify.ground.qp import ConeProjection, cone_projection
from symverify.landscape.global_minimum.model import Flags, Floats, Indices, Model, Signs, Slot
from symverify.landscape.global_minimum.relaxation import Projection, project
from symverify.landscape.global_minimum.rounding import Rounding

TIGHT = 1e-7  # a relative slack below this needs the exact optimum


@dataclass(frozen=True, slots=True)
class DualVector:
    """vector: n integers. blocked: bit set of the column numbers on which it is positive (see `bit_set`)."""

    vector: tuple[int, ...]
    blocked: int


def bit_set(plus: Flags, minus: Flags) -> int:
    """The column numbers (those of +rays, then of −rays) as one integer, for fast intersections."""
    return int.from_bytes(np.packbits(np.concatenate([plus, minus])).tobytes(), "big")


def proves(model: Model, vector: Sequence[int], threshold: Fraction) -> bool:
    """Whether the vector's bound reaches `threshold`, a bound of Σ(F − Y)² for the integer labels Y."""
    product = sum(g * y for g, y in zip(vector, model.labels, strict=True))
    square = sum([g * g for g in vector])
    return product > 0 and product * product >= threshold * square


def accepted(model: Model, vector: Sequence[int], plus: Flags, minus: Flags, threshold: Fraction) -> DualVector | None:
    """The vector, if it is admissible on all these columns and its bound reaches the threshold. Exact."""
    if (model.instance.output_bias and sum(vector) != 0) or not proves(model, vector, threshold):
        return None
    signs: Signs = model.products(vector)
    above, below = signs > 0, signs < 0
    if (above & plus).any() or (below & minus).any():
        return None
    return DualVector(tuple(vector), bit_set(above, below))


def dual_vector(model: Model, slots: Sequence[Slot], warm: Indices, threshold: Fraction) -> DualVector | None:
    """A vector that proves `threshold` for all networks with units in the slots; None if their exact bound is lower.

    The slots may be those of several nodes: then each of these is covered.
    """
    plus, minus = model.reach(slots, [model.cone(slot) for slot in slots])
    found = _rounded(model, plus, minus, warm, threshold)
    if found is not None:
        return found
    exact = exact_projection(model, plus, minus, warm)
    return accepted(model, linear.primitive(exact.residual), plus, minus, threshold) if any(exact.residual) else None


def _rounded(model: Model, plus: Flags, minus: Flags, warm: Indices, threshold: Fraction) -> DualVector | None:
    """Step back from the node's columns by a margin that the slack pays for, then round inside the margin.

    Where the node's cone contains lines there is no margin: the vector must be orthogonal to them exactly. Columns
    that may be used with both signs are lines, others show up when the step back fails.
    """
    share = float(threshold) / (model.size * model.label_scale) ** 2
    both = np.flatnonzero(plus & minus & model.live)
    free = both[_independent(model.units[both])]
    for _ in model.labels:
        firm = model.live & (plus | minus)
        firm[firm] = ~_spanned(model.units[firm], model.units[free])
        ups, downs = np.flatnonzero(plus & firm), np.flatnonzero(minus & firm)
        starts = warm[firm[warm % max(model.count, 1)]]
        first = project(model, ups, downs, starts, free)
        slack = first.value - share
        if slack < TIGHT * (share + 1e-3):
            return None
        cost = float(first.weights[len(free) :].sum())
        margin = min(0.25 * slack / max(cost, 1e-9), 0.3 * first.value**0.5)
        moved = project(model, ups, downs, first.support[len(free) :], free, margin)
        more = _lines(model, moved, ups, downs, len(free), margin)
        if not len(more):
            break
        free = np.concatenate([free, more])
        free = free[_independent(model.units[free])]
    lines = [model.column(int(k)) for k in free]
    if model.instance.output_bias:
        lines.append([1] * len(model.labels))
    rounding = Rounding(lines, len(model.labels))
    for _ in range(6):
        if _bound(model, moved) > share + 0.2 * slack:
            found = _round(model, moved.residual, 0.35 / margin, rounding, plus, minus, threshold)
            if found is not None:
                return found
        margin /= 4
        moved = project(model, ups, downs, moved.support[len(free) :], free, margin)
    return None


def _spanned(rows: Floats, free: Floats) -> Flags:
    """Which unit rows are combinations of the independent rows `free`."""
    if not len(free):
        return np.zeros(len(rows), dtype=bool)
    basis = np.linalg.qr(free.T)[0]
    left = rows - (rows @ basis) @ basis.T
    flat: Flags = np.einsum("ij,ij->i", left, left) < 1e-18
    return flat


def _lines(model: Model, moved: Projection, ups: Indices, downs: Indices, fixed: int, margin: float) -> Indices:
    """Rays of columns that add up to 0 (modulo the first `fixed` ones), if the step back by `margin` failed.

    The column that failed is then a combination of the support; it and those of negative weight are taken for lines
    (if they are not, the vector is orthogonal to more than it needs, which is no error).
    """
    numbers = np.concatenate([ups, downs + model.count])
    over = np.concatenate([model.units[ups] @ moved.residual, model.units[downs] @ -moved.residual]) + margin
    if not len(over) or over.max() < 0.5 * margin:
        return np.zeros(0, dtype=np.int64)
    worst = np.argsort(-over, kind="stable")[:3]
    failed = numbers[worst[over[worst] >= 0.5 * margin]]
    support = _signed(model, moved.support)
    used: Flags = np.zeros(len(support), dtype=bool)
    if len(support):
        weights = np.linalg.lstsq(support.T, _signed(model, failed).T, rcond=None)[0]
        used = np.any(weights < -1e-7, axis=1, keepdims=False)
        used[:fixed] = False
    found: Indices = np.concatenate([moved.support[used], failed]) % model.count
    return found


def _signed(model: Model, numbers: Indices) -> Floats:
    """The unit columns of these column numbers."""
    return np.where(numbers < model.count, 1.0, -1.0)[:, None] * model.units[numbers % max(model.count, 1)]


def _bound(model: Model, projection: Projection) -> float:
    product = float(projection.residual @ model.target)
    return product * product / projection.value if product > 0 else 0.0


def _round(
    model: Model,
    residual: Floats,
    scale: float,
    rounding: Rounding,
    plus: Flags,
    minus: Flags,
    threshold: Fraction,
) -> DualVector | None:
    """The coarsest tried rounding of `residual` that proves the threshold."""
    for finer in (1, 2, 4, 8, 16, 64, 256, 2**12, 2**20):
        vector = rounding(residual * (finer * scale))
        found = accepted(model, vector, plus, minus, threshold) if any(vector) else None
        if found is not None:
            return found
    return None


def _independent(rows: Floats) -> Indices:
    """A maximal independent subset of unit rows (or zero rows), greedily."""
    if not len(rows):
        return np.zeros(0, dtype=np.int64)
    left = rows.copy()
    chosen: list[int] = []
    while True:
        lengths = np.einsum("ij,ij->i", left, left)
        best = int(lengths.argmax())
        if lengths[best] < 1e-18:
            return np.sort(np.array(chosen, dtype=np.int64))
        direction = left[best] / lengths[best] ** 0.5
        left -= np.outer(left @ direction, direction)
        chosen.append(best)


def exact_projection(model: Model, plus: Flags, minus: Flags, warm: Indices) -> ConeProjection:
    """The labels Y, centred with an output bias, projected onto the cone of these columns; exact.

    With an output bias columns and labels are n times the centred ones, so weights fit Y and the residual is n·(Y − F).
    """
    count = len(model.labels)

    def centred(values: Sequence[int]) -> list[int]:
        total = sum(values)
        return [count * x - total for x in values] if model.instance.output_bias else list(values)

    def worst(vector: list[int]) -> int | None:
        signs = model.products(vector)
        top = max(map(abs, vector))
        prices = model.units @ np.array([x / top for x in vector])
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
