"""Dual vectors for leaves: again and again one for a leaf and as many others as it can cover.

Large problems have their leaves cut into slices of neighbours, as one vector rarely covers others. So the slices may be
covered anywhere, in any order.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import sqrt

import numpy as np

from symverify.ground.floats import product
from symverify.kernel.core.network import Problem
from symverify.search.global_minimum import tasks
from symverify.search.global_minimum.dual import DualVector, dual_vector
from symverify.search.global_minimum.generators import Generators, Node, Words, generators, packed
from symverify.search.global_minimum.relaxation import interruptible, large
from symverify.search.global_minimum.tasks import Solved

SLICE, SMALL, WORK = 100, 16, 50_000_000  # leaves in a slice at most; at least; times the entries of all rays' columns
RIVALS = 200  # leaves considered for the dual vector of another one
GROUP = 12  # leaves that one dual vector is grown to cover, besides the first
CLEAR = 0.005  # of the residual's length: a product above this is in the way

Covering = tuple[DualVector, ...]  # what covers a slice, as far as something does


def slices(shape: Generators, leaves: Sequence[Solved]) -> list[list[Solved]]:
    """The leaves as they are covered together; in a slice the lowest bounds come first."""
    if not large(shape):
        return [sorted(leaves, key=_order)]
    most = min(SLICE, max(SMALL, WORK // (shape.count * len(shape.labels)))) if tasks.compiled(shape) else SMALL
    near, count = sorted(leaves, key=lambda leaf: leaf.node), -(-len(leaves) // most)
    ends = [len(near) * k // count for k in range(count + 1)]
    return [sorted(near[start:end], key=_order) for start, end in pairwise(ends)]


def _order(leaf: Solved) -> tuple[float, Node]:
    return leaf.value, leaf.node


def cover(problem: Problem, leaves: Sequence[Solved], threshold: Fraction) -> Covering:
    """Dual vectors that prove the threshold (of Σ(F − Y)², integer labels) for the leaves whose exact bound reaches it.

    In the order of their bounds, one vector often covers later leaves.
    """
    shape, vectors = generators(problem), list[DualVector]()
    share = shape.share(threshold / shape.label_scale**2)
    rows, waiting = reached(shape, leaves), list(range(len(leaves)))
    while waiting:
        near = waiting[: 1 + RIVALS]
        head, rivals = leaves[near[0]], [leaves[k] for k in near[1:]]
        taken, support = grow(shape, head, rivals, rows[near], share)
        found = None
        if taken:
            together = np.bitwise_or.reduce(rows[[near[0], *(near[1 + place] for place in taken)]])
            found = dual_vector(shape, together, np.array(support, dtype=np.int64), threshold)
        if found is None:
            found = dual_vector(shape, rows[near[0]], np.array(head.support, dtype=np.int64), threshold)
        waiting = waiting[1:]
        if found is not None:
            vectors.append(found)
            admits = admitted(shape, rows, waiting, [found])
            waiting = [k for k, number in zip(waiting, admits, strict=True) if number < 0]
    return tuple(vectors)


def reached(shape: Generators, leaves: Sequence[Solved]) -> Words:
    """The rays that each of the leaves may use, as words."""
    return np.array([shape.reach_words(leaf.node) for leaf in leaves])


def admitted(shape: Generators, rows: Words, places: Sequence[int], vectors: Sequence[DualVector]) -> list[int]:
    """For each of the nodes with these rows of rays the first of the vectors that it admits, −1 if none."""
    if not vectors or not places:
        return [-1] * len(places)
    if tasks.compiled(shape):
        from symverify.search.global_minimum import margins

        blocked = np.array([each.blocked for each in vectors])
        numbers: list[int] = margins.admitted(rows, np.array(places, dtype=np.int64), blocked).tolist()
        return numbers
    met = np.array([(rows[places] & each.blocked).any(axis=1) for each in vectors])
    return [int(row.argmin()) if not row.all() else -1 for row in met.T]


def grow(
    shape: Generators, head: Solved, rivals: Sequence[Solved], rows: Words, share: float
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Which rivals (by place) one dual vector may cover together with the leaf `head`; and its support.

    rows: the rays of the head and then of the rivals. The rival with the fewest columns clearly above the current
    residual is tried, until one fails to leave a part of the slack over the incumbent's `share`.
    """
    if tasks.compiled(shape):
        from symverify.search.global_minimum import margins

        fit = np.array(head.support, dtype=np.int64), np.array(head.weights, dtype=float)
        where = shape.units, shape.target, shape.live_packed, rows
        places, numbers = interruptible(margins.grow)(*where, fit, share, GROUP, CLEAR)
        return tuple(places.tolist()), tuple(numbers.tolist())
    plus, minus = shape.reach(head.node)
    found = tasks.relaxed(
        shape, plus, minus, np.array(head.support, dtype=np.int64), np.array(head.weights, dtype=float)
    )
    least = share + 0.1 * (found.value - share)
    taken, left = list[int](), list(range(len(rivals)))
    while left and len(taken) < GROUP and found.value > share:
        prices = product(shape.units, found.residual)
        clear = CLEAR * sqrt(found.value)
        blocked = np.concatenate([packed(prices > clear), packed(prices < -clear)])
        clashes = np.bitwise_count(rows[1:][left] & blocked).sum(axis=1)
        place = left[int(clashes.argmin())]
        more_plus, more_minus = shape.reach(rivals[place].node)
        tried = tasks.relaxed(shape, plus | more_plus, minus | more_minus, found.support, found.weights)
        if tried.value < least:
            break
        plus, minus, found = plus | more_plus, minus | more_minus, tried
        taken.append(place)
        left.remove(place)
    return tuple(taken), tuple(int(k) for k in found.support)
