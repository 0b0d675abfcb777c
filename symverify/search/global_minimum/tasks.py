"""The pure work of the search: functions of their arguments only, run here or in worker processes.

Workers get the problem and small nodes; the generators is rebuilt once per process.
"""

import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from math import prod
from types import ModuleType
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from symverify.kernel.core.network import Problem
from symverify.search.global_minimum.generators import (
    Flags,
    Floats,
    Generators,
    Indices,
    Node,
    Slot,
    generators,
)
from symverify.search.global_minimum.network import (
    SPLITS,
    Share,
    Split,
    conflicts,
    local_search,
    random_units,
    shares,
    start_units,
)
from symverify.search.global_minimum.relaxation import LEAST, Projection, compiling, interruptible, project

DESCENTS = 100, 150, 100  # compiled ones of a task: fresh, near the best one, and how many of those may fail in a row
FEWER, EASY = (50, 75, 50), 1_000_000  # the same, of problems with so many tuples of rays at most
BURST, WORK = 32, 8_000_000  # splits by compiled loops in one task: as many, and with all rays priced so much work
PATIENCE = 3  # so many splits in a row that are not better end the trials
T = TypeVar("T")


class Fitted(NamedTuple):
    """Columns and their weights."""

    support: Indices
    weights: Floats


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

    def __lt__(self, other: "Solved") -> bool:
        """The order of nodes whose bounds and serial numbers are equal."""
        return self.node < other.node


Branch = tuple[Node, Split, list[Solved]]  # a node, how it is split, and its children
# The nodes that were split, parents before children; those of the batch that were not; networks near open ones.
Expanded = tuple[list[Branch], list[Solved], list[Guess]]


@lru_cache(maxsize=2)
def _received(pickled: bytes) -> Problem:
    """The problem that a worker process was sent. The process does its linear algebra in one thread from now on."""
    threadpool_limits(limits=1, user_api="blas")
    received: Problem = pickle.loads(pickled)
    return received


def remote(pickled: bytes, work: Callable[..., T], part: object, *rest: object) -> T:
    """work(problem, part, *rest), the problem pickled: each process unpacks it once."""
    return work(_received(pickled), part, *rest)


def warm(pickled: bytes) -> None:
    """Make ready for tasks: the problem's columns, and the loops."""
    shape = generators(_received(pickled))
    if compiled(shape):
        bound(shape, roots(shape.width)[0], (), ())


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
    words, best = np.stack([shape.words(cuts) for _, cuts in node]), np.empty(SPLITS, dtype=np.int64)
    signs = np.array([sign for sign, _ in node], dtype=np.int64)
    importance = shape.margins, shape.kinks, shape.samples
    count = loops.conflicts(words, signs, found.support, found.weights, found.residual, importance, shape.same, best)
    return tuple(divmod(k, len(shape.planes)) for k in best[:count].tolist())


def compiled(shape: Generators) -> ModuleType | None:
    """The compiled loops, where there is numba and time for it and compiling pays."""
    return _loops() if compiling(shape) else None


def kept() -> bool:
    """Whether the loops need not be compiled any more."""
    from symverify.ground.loops import kept
    from symverify.search.global_minimum.lattice import rounded

    return kept(rounded)


def keeping() -> bool:
    """Whether what is compiled can be kept."""
    from symverify.ground.loops import keeping
    from symverify.search.global_minimum.lattice import rounded

    return keeping(rounded)


def keep() -> None:
    """Note that all of them are compiled."""
    from symverify.ground.loops import keep
    from symverify.search.global_minimum.lattice import rounded

    keep(rounded)


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


def expand(problem: Problem, batch: Sequence[Solved], cut: float, most: int = BURST) -> Expanded:
    """Split nodes.

    `cut` is the incumbent's value: guesses that are not better are not returned. Compiled loops go on below the batch,
    to so many splits at most.
    """
    shape = generators(problem)
    loops = compiled(shape)
    if loops:
        found, kept = _grown(loops, shape, batch, cut, most)
    else:
        found, kept = [_split(shape, parent, cut) for parent in batch], []
    split = {node for node, _, _ in found}
    left = (child for _, _, solved in found for child in solved if child.splits and child.node not in split)
    guesses = list[Guess]()
    if nearest := min(left, key=lambda child: (child.value, child.node), default=None):
        fit = Fitted(np.array(nearest.support, dtype=np.int64), np.array(nearest.weights))
        value, parts = local_search(shape, start_units(shape, nearest.node, fit))
        guesses.append((value, tuple(parts)))
    return found, kept, [guess for guess in guesses if guess[0] < cut]


def burst(shape: Generators) -> int:
    """How many splits a compiled task makes."""
    return min(BURST, WORK // (shape.count * len(shape.labels)))


def _split(shape: Generators, parent: Solved, cut: float) -> Branch:
    """One node's best split, and its children."""
    split, nodes, bounds = best_split(shape, parent, cut)
    sizes = {slot: float(np.count_nonzero(shape.cone(slot))) for node in nodes for slot in node}
    volumes = [prod(sizes[slot] for slot in node) for node in nodes]
    shares = [parent.weight * volume / (sum(volumes) or 1.0) for volume in volumes]
    parts = zip(nodes, bounds, shares, strict=True)
    return parent.node, split, [solve(shape, node, found, parent.value, cut, share) for node, found, share in parts]


def best_split(shape: Generators, parent: Solved, cut: float) -> tuple[Split, list[Node], list[Projection]]:
    """The split that raises the children's bounds most, the children, and these (strong branching).

    A bound above `cut` is as good as one there. The score of a split is the product of its least and its greatest gain.
    Both are at most cut − the parent's bound, which tells early that a split is not better.
    """
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


def _grown(
    loops: ModuleType, shape: Generators, batch: Sequence[Solved], cut: float, most: int
) -> tuple[list[Branch], list[Solved]]:
    """The tree below a batch of nodes after so many splits, by compiled loops; the nodes of the batch not split."""
    model = shape.units, shape.target, shape.closed_packed, shape.live_packed
    importance, limits = (shape.margins, shape.kinks, shape.samples), (cut, LEAST, PATIENCE)
    splits = min(most, max(len(batch), burst(shape)))
    arrays, grow = _packed(batch, shape, splits), interruptible(loops.grow)
    used = grow(model, importance, shape.same, arrays, len(batch), splits, limits)
    nodes = _unpacked(loops, shape, [array[:used].tolist() for array in arrays])
    first, kinds = arrays[-1][:used], arrays[0][:used].tolist()
    ends = [*sorted(first[first > 0].tolist()), used]
    below = {start: nodes[start:end] for start, end in pairwise(ends)}
    found = [
        (nodes[k].node, nodes[k].splits[0], below[first[k]]) for k, kind in enumerate(kinds) if kind == loops.SPLIT
    ]
    return found, [nodes[k] for k in range(len(batch)) if kinds[k] != loops.SPLIT]


def _packed(batch: Sequence[Solved], shape: Generators, more: int) -> tuple[NDArray[Any], ...]:
    """The `nodes` of `branching.grow`, with room for so many splits."""
    width, samples = shape.width, len(shape.labels)
    room, whole, real = len(batch) + more * (width + 1), np.dtype(np.int64), np.dtype(np.float64)
    deepest = max(len(cuts) for parent in batch for _, cuts in parent.node) + more
    length = max(*(len(parent.support) for parent in batch), samples) + 2
    numbers, sizes, first = np.zeros((room, width), whole), np.zeros(room, whole), np.zeros(room, whole)
    signs, cuts, splits = (
        np.zeros((room, width), whole),
        np.zeros((room, width, deepest), whole),
        np.full((room, SPLITS), -1),
    )
    values, share = np.zeros(room, real), np.zeros(room, real)
    supports, amounts = np.zeros((room, length), whole), np.zeros((room, length), real)
    for k, parent in enumerate(batch):
        for j, (sign, facets) in enumerate(parent.node):
            signs[k, j], numbers[k, j] = sign, len(facets)
            cuts[k, j, : len(facets)] = [2 * plane + side for plane, side in facets]
        values[k], share[k], sizes[k] = parent.value, parent.weight, len(parent.support)
        supports[k, : sizes[k]], amounts[k, : sizes[k]] = parent.support, parent.weights
    return np.zeros(room, np.int8), values, share, signs, cuts, numbers, supports, amounts, sizes, splits, first


def _unpacked(loops: ModuleType, shape: Generators, arrays: Sequence[list[Any]]) -> list[Solved]:
    """The nodes of `branching.grow`; those that were split have that split alone."""
    nodes, planes, (*arrays, _) = list[Solved](), len(shape.planes), arrays
    for kind, value, share, signs, cuts, numbers, support, amounts, size, options in zip(*arrays, strict=True):
        order = [
            (sign, tuple([(code >> 1, code & 1) for code in codes[:number]]))
            for sign, codes, number in zip(signs, cuts, numbers, strict=True)
        ]
        node, tried, parts = tuple(sorted(order)), tuple[Split, ...](), tuple[Share, ...]()
        if kind == loops.NETWORK:
            cones = [shape.cone(slot) for slot in node]
            parts = tuple(shares(shape, node, cones, np.array(support[:size], dtype=np.int64)))
        elif kind != loops.LEAF:
            some = options[:1] if kind == loops.SPLIT else options
            tried = tuple([(node.index(order[number // planes]), number % planes) for number in some if number >= 0])
        nodes.append(Solved(value, node, tuple(support[:size]), tuple(amounts[:size]), tried, parts, share))
    return nodes


def explore(problem: Problem, seeds: Sequence[int], width: int) -> list[Guess]:
    """Networks found by descent from seeded random units; many more of them by compiled loops."""
    shape = generators(problem)
    if compiled(shape) and shape.form.kinks and not shape.form.cone:
        return [_descended(shape, seeds[0], width)]
    found = []
    for seed in seeds:
        value, parts = local_search(shape, random_units(shape, seed, width))
        found.append((value, tuple(parts)))
    return found


def _descended(shape: Generators, seed: int, width: int) -> Guess:
    """The best of many compiled descents from random units, which are positively homogeneous."""
    from symverify.search.global_minimum.descents import descents

    rows = np.array(shape.form.rows, dtype=float)
    tops = np.abs(rows).max(axis=0)
    bend = float(shape.form.start[0]), float(shape.form.kinks[0]), float(shape.problem.output_bias)
    counts = FEWER if shape.count**width <= EASY else DESCENTS
    units, signs, _ = interruptible(descents)(rows / tops, shape.target, bend, width, seed, counts)
    value, parts = local_search(shape, [(int(sign), unit / tops) for sign, unit in zip(signs, units, strict=True)])
    return value, tuple(parts)
