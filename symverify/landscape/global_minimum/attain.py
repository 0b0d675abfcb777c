"""Is the infimum attained, when the best candidate found needs ν = 0?

A unit at (u, 0) is the limit v → 0, w → ∞. The infimum is attained iff some tuple of closed cells with the optimal
value has weights λ ≥ 0 on its rays with the optimal predictions such that every unit has ν_j > 0 or is zero. For
fixed cells and a fixed set of zero units the weights are a polyhedron, so the ν_j > 0 may be asked for one by one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

import numpy as np

from symverify.ground.qp import cone_projection
from symverify.landscape.global_minimum.dual import exact_projection
from symverify.landscape.global_minimum.model import Flags, Model, Node
from symverify.landscape.global_minimum.network import Candidate, conflict, evaluated
from symverify.landscape.global_minimum.tasks import Solved, children

LIMIT = 2000  # nodes visited before the question is left open

Key = tuple[int, int]  # (slot, ray)
Weights = dict[Key, Fraction]


@dataclass(frozen=True, slots=True)
class Optimal:
    """A node with the cones of its slots and the exact optimal predictions on it (scaled integers)."""

    node: Node
    cones: list[Flags]
    goal: list[int]


def always_attained(model: Model) -> bool:
    """Whether no unit with ν = 0 contributes anything."""
    return not model.form.perspective or not (model.form.slopes[0] or model.form.slopes[-1])


def attained(model: Model, leaves: Sequence[Solved], best: Candidate) -> Candidate | None:
    """A candidate of the same loss with ν > 0 in every unit that contributes, or None if there is none.

    `leaves` cover all tuples of units. Raises TimeoutError if the search for one grows too large.
    """
    share = float(best.loss) / model.size**2
    stack = [leaf.node for leaf in leaves if leaf.value <= share * (1 + 1e-6) + 1e-10]
    for _ in range(LIMIT):
        if not stack:
            return None
        node = stack.pop()
        found, split = _examined(model, node, best.loss)
        if found is not None:
            return found
        if split is not None:
            stack += children(node, split)
    raise TimeoutError("too many optimal tuples to decide whether the infimum is attained")


def _examined(model: Model, node: Node, loss: Fraction) -> tuple[Candidate | None, tuple[int, int] | None]:
    """(an attaining candidate, None), or (None, where to split the node), or (None, None) if it has none."""
    cones = [model.cone(slot) for slot in node]
    plus, minus = model.reach(node, cones)
    exact = exact_projection(model, plus, minus, np.zeros(0, dtype=np.int64))
    count = len(model.labels) if model.instance.output_bias else 1
    scale = Fraction(count * model.label_scale)
    if sum(((r / scale) ** 2 for r in exact.residual), Fraction(0)) > loss:
        return None, None
    labels = [Fraction(y) for y in model.labels]
    mean = sum(labels, Fraction(0)) / len(labels) if model.instance.output_bias else Fraction(0)
    f = [y - mean - r / count for y, r in zip(labels, exact.residual, strict=True)]
    common = np.lcm.reduce(np.array([x.denominator for x in f], dtype=object))
    goal = Optimal(node, cones, [int(x * int(common)) for x in f])
    split = _cut(model, node, cones)
    for zero in product((False, True), repeat=len(node)):
        weights = _weights(model, goal, zero)
        if weights is not None:
            return (_network(model, node, weights, int(common)), None) if split is None else (None, split)
    return None, None


def _cut(model: Model, node: Node, cones: Sequence[Flags]) -> tuple[int, int] | None:
    """A slot and a hyperplane with rays of the slot strictly on both sides; None if all slots are cells."""
    for place, cone in enumerate(cones):
        support = np.flatnonzero(cone)
        alone = ((node[place][0], node[place][1]),)
        numbers = support if node[place][0] > 0 else support + model.count
        found = conflict(model, alone, [cone], numbers, np.ones(len(support)), np.ones(len(model.labels)))
        if found is not None:
            return place, found[1]
    return None


def _weights(model: Model, goal: Optimal, zero: Sequence[bool]) -> Weights | None:
    """Weights with the goal's predictions and ν_j > 0 for all slots j but the `zero` ones."""
    keys = [(j, int(k)) for j, cone in enumerate(goal.cones) if not zero[j] for k in np.flatnonzero(cone)]
    count = len(model.labels)

    def column(key: Key, wanted: int | None) -> list[int]:
        sign = goal.node[key[0]][0]
        values = [sign * int(x) for x in model.columns[key[1]]]
        if model.instance.output_bias:
            total = sum(values)
            values = [count * x - total for x in values]
        return values if wanted is None else [*values, int(model.rays[key[1]][-1]) if key[0] == wanted else 0]

    target = [count * x for x in goal.goal] if model.instance.output_bias else goal.goal
    base = _feasible(target, [column(key, None) for key in keys])
    if base is None:
        return None
    found = [dict(zip(keys, base, strict=True))]
    for j in (j for j, is_zero in enumerate(zero) if not is_zero):
        columns = [column(key, j) for key in keys]
        solved = _feasible([0] * len(target) + [1], [*columns, [-x for x in target] + [0]])
        if solved is None:
            return None
        *raw, factor = solved
        shifted = [x / factor for x in raw] if factor else [x + y for x, y in zip(raw, base, strict=True)]
        found.append(dict(zip(keys, shifted, strict=True)))
    return {key: sum((one[key] for one in found), Fraction(0)) / len(found) for key in keys}


def _feasible(target: list[int], columns: list[list[int]]) -> list[Fraction] | None:
    """Some x ≥ 0 with Σ x_k columns_k = target, exactly, or None."""

    def worst(vector: list[int]) -> int | None:
        prices: Iterator[tuple[int, int]] = (
            (sum(g * c for g, c in zip(vector, column, strict=True)), -k) for k, column in enumerate(columns)
        )
        price, k = max(prices, default=(0, 0))
        return -k if price > 0 else None

    found = cone_projection(target, columns.__getitem__, worst)
    if any(found.residual):
        return None
    return [found.weights.get(k, Fraction(0)) for k in range(len(columns))]


def _network(model: Model, node: Node, weights: Weights, common: int) -> Candidate:
    scale = Fraction(model.form.pieces[3], model.label_scale * common)
    units = []
    for j, slot in enumerate(node):
        point = [Fraction(0)] * model.form.dimension
        for (place, ray), weight in weights.items():
            if place == j and weight:
                point = [p + scale * weight * int(r) for p, r in zip(point, model.rays[ray], strict=True)]
        units.append((slot[0], tuple(point)))
    return evaluated(model, units)
