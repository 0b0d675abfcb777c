"""The pure work of the search: functions of their arguments only, run here or in worker processes.

Workers get the instance and small nodes; the model (rays, columns) is rebuilt once per process.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from math import prod

import numpy as np

from symverify.landscape.global_minimum.dual import DualVector, bit_set, dual_vector
from symverify.landscape.global_minimum.instance import Instance
from symverify.landscape.global_minimum.model import Flags, Model, Node, Slot, model
from symverify.landscape.global_minimum.network import Share, conflict, local_search, shares, start_units
from symverify.landscape.global_minimum.relaxation import LEAST, Projection, project

GROUP = 6  # leaves that one dual vector is grown to cover, besides the first
Guess = tuple[float, tuple[Share, ...]]  # a value (share of the labels' square) and the parts that reach it


@dataclass(frozen=True, slots=True)
class Solved:
    """A node with its bound.

    value: the bound, as a share of the labels' square (a float guess). support: column numbers. split: (slot,
    hyperplane) to split on, None if the projection is a network's. parts: that network's rays, else empty.
    weight: the node's share of all tuples, estimated.
    """

    value: float
    node: Node
    support: tuple[int, ...]
    split: tuple[int, int] | None
    parts: tuple[Share, ...]
    weight: float


def roots(width: int) -> list[Node]:
    """All units in one cone, one node for each number of positive output weights."""
    every: tuple[Node, ...] = tuple(tuple([(-1, ())] * (width - k) + [(1, ())] * k) for k in range(width + 1))
    return list(every)


def children(node: Node, split: tuple[int, int]) -> list[Node]:
    """Cut one slot by a hyperplane; equal slots together, since their order does not matter."""
    place, plane = split
    slot = node[place]
    copies = node.count(slot)
    rest = [other for other in node if other != slot]
    halves: list[Slot] = [(slot[0], tuple(sorted((*slot[1], (plane, side))))) for side in (0, 1)]
    return [tuple(sorted([*rest, *[halves[0]] * (copies - k), *[halves[1]] * k])) for k in range(copies + 1)]


def solve(
    shape: Model, node: Node, cones: Sequence[Flags], warm: Sequence[int], weight: float
) -> tuple[Solved, Projection]:
    """The bound of a node and how to split it; cones are those of its slots."""
    plus, minus = shape.reach(node, cones)
    starts = np.array([k for k in warm if (plus if k < shape.count else minus)[k % shape.count]], dtype=np.int64)
    found = project(
        shape,
        np.flatnonzero(plus & shape.live),
        np.flatnonzero(minus & shape.live),
        starts,
    )
    split = conflict(shape, node, cones, found.support, found.weights, found.residual)
    parts = tuple(shares(shape, node, cones, found.support)) if split is None else ()
    solved = Solved(found.value, node, tuple(int(k) for k in found.support), split, parts, weight)
    return solved, found


def expand(inst: Instance, batch: Sequence[Solved], cut: float, search: bool) -> tuple[list[Solved], list[Guess]]:
    """The children of every node of the batch; with `search` also networks near the first one's projection.

    `cut` is the incumbent's value: guesses that are not better are not returned.
    """
    shape = model(inst)
    solved, guesses = [], []
    for parent in batch:
        nodes = children(parent.node, parent.split) if parent.split is not None else [parent.node]
        cones = {slot: shape.cone(slot) for slot in dict.fromkeys(chain.from_iterable(nodes))}
        sizes = {slot: float(np.count_nonzero(cone)) for slot, cone in cones.items()}
        volumes = [prod(sizes[slot] for slot in node) for node in nodes]
        for node, volume in zip(nodes, volumes, strict=True):
            share = parent.weight * volume / (sum(volumes) or 1.0)
            child, projection = solve(shape, node, [cones[slot] for slot in node], parent.support, share)
            solved.append(child)
            if search and child.value < cut and child.split is not None:
                search = False
                value, parts = local_search(shape, start_units(shape, node, projection))
                guesses.append((value, tuple(parts)))
    return solved, [guess for guess in guesses if guess[0] < cut]


def explore(inst: Instance, seeds: Sequence[int], width: int) -> list[Guess]:
    """Networks found by descent from seeded random units."""
    shape = model(inst)
    found = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        units = []
        for _ in range(width):
            few = rng.integers(0, shape.count, 8) if shape.count else np.zeros(0, dtype=np.int64)
            point = rng.standard_normal(len(few)) @ shape.directions[few]
            if shape.form.perspective:
                point[-1] = abs(point[-1])
            units.append((int(rng.integers(0, 2)) * 2 - 1, point))
        value, parts = local_search(shape, units)
        found.append((value, tuple(parts)))
    return found


def certify(
    inst: Instance, groups: Sequence[tuple[Sequence[Slot], Sequence[int]]], threshold: Fraction
) -> list[DualVector | None]:
    """For each (slots, support) a dual vector that proves the threshold (of Σ(F − Y)², integer labels), or None."""
    shape = model(inst)
    return [dual_vector(shape, slots, np.array(support, dtype=np.int64), threshold) for slots, support in groups]


def grow(
    shape: Model, head: Solved, rivals: Sequence[tuple[Solved, int]], share: float
) -> tuple[list[int], tuple[int, ...]]:
    """Which rivals (by place) one dual vector may cover together with the leaf `head`; and its support.

    Rivals come with their columns as bit sets. The one with the fewest columns above the current residual is
    tried, until one fails to leave a fair part of the slack over the incumbent's `share`.
    """
    cones = [shape.cone(slot) for slot in head.node]
    plus, minus = shape.reach(head.node, cones)
    found = solve(shape, head.node, cones, head.support, 0.0)[1]
    least = share + 0.3 * (found.value - share)
    taken: list[int] = []
    left = dict(enumerate(bits for _, bits in rivals))
    while left and len(taken) < GROUP and found.value > share:
        prices = shape.units @ found.residual
        blocked = bit_set(prices > LEAST, prices < -LEAST)
        place = min(left, key=lambda k: (blocked & left[k]).bit_count())
        node = rivals[place][0].node
        more_plus, more_minus = shape.reach(node, [shape.cone(slot) for slot in node])
        ups, downs = np.flatnonzero((plus | more_plus) & shape.live), np.flatnonzero((minus | more_minus) & shape.live)
        tried = project(shape, ups, downs, found.support)
        if tried.value < least:
            break
        plus, minus, found = plus | more_plus, minus | more_minus, tried
        taken.append(place)
        del left[place]
    return taken, tuple(int(k) for k in found.support)
