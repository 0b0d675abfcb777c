"""The pure work of the search: functions of their arguments only, run here or in worker processes.

Workers get the problem and small nodes; the generators is rebuilt once per process.
"""

import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from math import prod, sqrt
from types import ModuleType
from typing import TypeVar

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from symverify.ground.floats import product
from symverify.kernel.core.network import Problem
from symverify.search.global_minimum.dual import DualVector, dual_vector
from symverify.search.global_minimum.generators import (
    Flags,
    Floats,
    Generators,
    Indices,
    Node,
    Slot,
    bit_set,
    generators,
)
from symverify.search.global_minimum.network import SPLITS, Share, Split, conflicts, local_search, shares, start_units
from symverify.search.global_minimum.relaxation import LEAST, Projection, interruptible, large, project

GROUP = 12  # leaves that one dual vector is grown to cover, besides the first
PATIENCE = 3  # so many splits in a row that are not better end the trials
CLEAR = 0.005  # of the residual's length: a product above this is in the way
T = TypeVar("T")
Guess = tuple[float, tuple[Share, ...]]  # a value (share of the labels' square) and the parts that reach it


@dataclass(frozen=True, slots=True)
class Solved:
    """A node with its bound.

    value: the bound, as a share of the labels' square (a float guess). support, weights: of the projection. splits: to
    try; none for a leaf, or if the projection is a network's. parts: that network's rays, else empty. weight: the
    node's share of all tuples, estimated.
    """

    value: float
    node: Node
    support: tuple[int, ...]
    weights: tuple[float, ...]
    splits: tuple[Split, ...]
    parts: tuple[Share, ...]
    weight: float


Branch = tuple[Split, list[Solved]]  # how a node is split, and its children


@lru_cache(maxsize=2)
def _received(pickled: bytes) -> Problem:
    """The problem that a worker process was sent. The process does its linear algebra in one thread from now on."""
    threadpool_limits(limits=1, user_api="blas")
    received: Problem = pickle.loads(pickled)
    return received


def remote(pickled: bytes, work: Callable[..., T], part: object, *rest: object) -> T:
    """work(problem, part, *rest), the problem pickled: each process unpacks it once."""
    return work(_received(pickled), part, *rest)


def roots(width: int) -> list[Node]:
    """All units in one cone, one node for each number of positive output weights."""
    every: tuple[Node, ...] = tuple(tuple([(-1, ())] * (width - k) + [(1, ())] * k) for k in range(width + 1))
    return list(every)


def halves(shape: Generators, slot: Slot, plane: int) -> tuple[Slot, Slot]:
    """The parts of a slot on the closed negative and positive side of a hyperplane."""
    low, high = shape.halves(slot[1], plane)
    return (slot[0], low), (slot[0], high)


def children(shape: Generators, node: Node, split: Split) -> list[Node]:
    """Cut one slot by a hyperplane; equal slots together, since their order does not matter."""
    place, plane = split
    slot = node[place]
    copies = node.count(slot)
    rest = [other for other in node if other != slot]
    low, high = halves(shape, slot, plane)
    return [tuple(sorted([*rest, *[low] * (copies - k), *[high] * k])) for k in range(copies + 1)]


def solve(shape: Generators, node: Node, found: Projection, least: float, cut: float, weight: float) -> Solved:
    """A node with its projection and its parent's bound `least`; it is a leaf if its own is at least `cut`."""
    splits: tuple[Split, ...] = ()
    parts: tuple[Share, ...] = ()
    value = found.value if found.value > _hopeless(least, cut) else least
    if value < cut:
        splits = conflicting(shape, node, found)
        parts = () if splits else tuple(shares(shape, node, [shape.cone(slot) for slot in node], found.support))
    support, weights = tuple(found.support.tolist()), tuple(found.weights.tolist())
    return Solved(value, node, support, weights, splits, parts, weight)


def conflicting(shape: Generators, node: Node, found: Projection) -> tuple[Split, ...]:
    """`conflicts`, compiled where that pays."""
    loops = compiled(shape)
    if loops is None:
        cones = [shape.cone(slot) for slot in node]
        return conflicts(shape, node, cones, found.support, found.weights, found.residual)
    words, signs = shape.words(node)
    importance = shape.margins, shape.kinks, shape.samples
    best = loops.conflicts(words, signs, found.support, found.weights, found.residual, *importance, SPLITS)
    pairs = (divmod(int(k), len(shape.planes)) for k in best)
    return tuple(dict.fromkeys((place, shape.same[plane]) for place, plane in pairs))


def compiled(shape: Generators) -> ModuleType | None:
    """The compiled loops, where there is numba and compiling pays."""
    return _loops() if large(shape) else None


@cache
def _loops() -> ModuleType | None:
    try:
        from symverify.search.global_minimum import branching
    except ImportError:
        return None
    return branching


def _hopeless(least: float, cut: float) -> float:
    """A value so near to that of the parent that it need not be known better."""
    return least + 1e-6 * max(cut - least, 0.0)


def bound(
    shape: Generators, node: Node, warm: Sequence[int], weights: Sequence[float], stop: float = -1.0
) -> Projection:
    """The projection onto the columns of a node; not the nearest point if the value falls to `stop`."""
    return relaxed(shape, *shape.reach(node), np.array(warm, dtype=np.int64), np.array(weights, dtype=float), stop)


def relaxed(
    shape: Generators, plus: Flags, minus: Flags, warm: Indices, weights: Floats, stop: float = -1.0
) -> Projection:
    """The projection onto the columns of these rays; `warm` may have other ones, too."""
    inside = np.concatenate([plus, minus])[warm]
    ups, downs = np.flatnonzero(plus & shape.live), np.flatnonzero(minus & shape.live)
    return project(shape, ups, downs, warm[inside], stop=stop, weights=weights[inside])


def expand(problem: Problem, batch: Sequence[Solved], cut: float) -> tuple[list[Branch], list[Guess]]:
    """Every node's split and children, and a network near the projection of the first child that is open.

    `cut` is the incumbent's value: guesses that are not better are not returned.
    """
    shape = generators(problem)
    found_splits, guesses = list[Branch](), list[Guess]()
    for parent in batch:
        split, nodes, bounds = best_split(shape, parent, cut)
        solved = list[Solved]()
        sizes = {slot: float(np.count_nonzero(shape.cone(slot))) for node in nodes for slot in node}
        volumes = [prod(sizes[slot] for slot in node) for node in nodes]
        for node, found, volume in zip(nodes, bounds, volumes, strict=True):
            child = solve(shape, node, found, parent.value, cut, parent.weight * volume / (sum(volumes) or 1.0))
            solved.append(child)
            if not guesses and child.splits:
                value, parts = local_search(shape, start_units(shape, node, found))
                guesses.append((value, tuple(parts)))
        found_splits.append((split, solved))
    return found_splits, [guess for guess in guesses if guess[0] < cut]


def best_split(shape: Generators, parent: Solved, cut: float) -> tuple[Split, list[Node], list[Projection]]:
    """The split that raises the children's bounds most, the children, and these (strong branching).

    A bound above `cut` is as good as one there. The score of a split is the product of its least and its greatest gain.
    Both are at most cut − the parent's bound, which tells early that a split is not better.
    """
    loops = compiled(shape)
    if loops is not None:
        return _compiled_split(loops, shape, parent, cut)
    gap, best, vain = cut - parent.value, -1.0, 0
    chosen: tuple[Split, list[Node], list[Projection]] = parent.splits[0], [], []
    for split in parent.splits:
        nodes, bounds, least, most = children(shape, parent.node, split), list[Projection](), gap, 1e-12
        for node in nodes:
            stop = max(parent.value + best / max(gap, 1e-300), _hopeless(parent.value, cut))
            bounds.append(bound(shape, node, parent.support, parent.weights, stop))
            gain = max(min(bounds[-1].value - parent.value, gap), 1e-12)
            least, most = min(least, gain), max(most, gain)
            if least * gap <= best:
                break
        if least * most > best and len(bounds) == len(nodes):
            best, chosen, vain = least * most, (split, nodes, bounds), 0
        else:
            vain += 1
        if least == gap or vain == PATIENCE:
            break
    return chosen


def _compiled_split(
    loops: ModuleType, shape: Generators, parent: Solved, cut: float
) -> tuple[Split, list[Node], list[Projection]]:
    """`best_split` by compiled loops."""
    node, (words, signs) = parent.node, shape.words(parent.node)
    slots = words, signs, np.array([node.index(slot) for slot in node])
    places, planes = (np.array(part) for part in zip(*parent.splits, strict=True))
    start = np.array(parent.support, dtype=np.int64), np.array(parent.weights, dtype=float)
    where = slots, (places, planes), start, parent.value, cut, (PATIENCE, LEAST)
    branch = interruptible(loops.branch)
    number, supports, amounts, residuals, sizes = branch(shape.units, shape.target, shape.closed_packed, *where)
    nodes = children(shape, node, parent.splits[number])
    bounds = [
        Projection(supports[k, :size].copy(), amounts[k, :size].copy(), residuals[k].copy())
        for k, size in enumerate(sizes[: len(nodes)])
    ]
    return parent.splits[number], nodes, bounds


def explore(problem: Problem, seeds: Sequence[int], width: int) -> list[Guess]:
    """Networks found by descent from seeded random units."""
    shape = generators(problem)
    found = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        units = []
        for _ in range(width):
            few = rng.integers(0, shape.count, 8) if shape.count else np.zeros(0, dtype=np.int64)
            point = product(rng.standard_normal(len(few)), shape.directions[few])
            if shape.form.cone:
                point[-1] = abs(point[-1])
            units.append((int(rng.integers(0, 2)) * 2 - 1, point))
        value, parts = local_search(shape, units)
        found.append((value, tuple(parts)))
    return found


def certify(problem: Problem, group: tuple[Sequence[Slot], Sequence[int]], threshold: Fraction) -> DualVector | None:
    """For (slots, support) a dual vector that proves the threshold (of Σ(F − Y)², integer labels), or None."""
    slots, support = group
    return dual_vector(generators(problem), slots, np.array(support, dtype=np.int64), threshold)


def grow(
    shape: Generators, head: Solved, rivals: Sequence[tuple[Solved, int]], share: float
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Which rivals (by place) one dual vector may cover together with the leaf `head`; and its support.

    Rivals come with their columns as bit sets. The one with the fewest columns clearly above the current residual
    is tried, until one fails to leave a part of the slack over the incumbent's `share`.
    """
    plus, minus = shape.reach(head.node)
    found = relaxed(shape, plus, minus, np.array(head.support, dtype=np.int64), np.array(head.weights, dtype=float))
    least = share + 0.1 * (found.value - share)
    taken: list[int] = []
    left = dict(enumerate(bits for _, bits in rivals))
    while left and len(taken) < GROUP and found.value > share:
        prices = product(shape.units, found.residual)
        clear = CLEAR * sqrt(found.value)
        blocked = bit_set(prices > clear, prices < -clear)
        place = min(left, key=lambda k: (blocked & left[k]).bit_count())
        node = rivals[place][0].node
        more_plus, more_minus = shape.reach(node)
        tried = relaxed(shape, plus | more_plus, minus | more_minus, found.support, found.weights)
        if tried.value < least:
            break
        plus, minus, found = plus | more_plus, minus | more_minus, tried
        taken.append(place)
        del left[place]
    return tuple(taken), tuple(int(k) for k in found.support)
