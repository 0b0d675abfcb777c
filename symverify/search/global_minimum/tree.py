"""The tree of the search as the certificate carries it: integers in preorder, and the few vectors that they name.

An entry e ≥ 0 is a leaf that admits vector e. e < 0 is a split of one unit and all equal ones,
divmod(−1 − e, planes + 1) = (place of the unit, q): q = 0 by the sign of its output weight, q = 1 + i K + p by sample
i's breakpoint p of K (for a linear h 1 + the coordinate). Of c equal units the first k are on the side σ = +, z ≥ t ν
in child k = 0 … c.

What all children of a node admit, the node admits: its units' rays are those of theirs. So a subtree with one vector
for all of it is a leaf.
"""

from collections.abc import Iterator, Mapping, Sequence
from graphlib import TopologicalSorter

import numpy as np

from symverify.search.global_minimum.dual import DualVector
from symverify.search.global_minimum.generators import Generators, Node, Slot
from symverify.search.global_minimum.network import Split
from symverify.search.global_minimum.relaxation import interruptible, large
from symverify.search.global_minimum.tasks import children, compiled, halves, roots

MATCHED = 1 << 30  # bytes of bit sets compared to find all vectors that a leaf admits, at most where it is not compiled
CHOSEN = 1 << 27  # (leaf, vector) pairs up to which a small set of vectors is sought

Vector = tuple[int, ...]


def written(
    model: Generators,
    splits: Mapping[Node, Split],
    served: Mapping[Node, int],
    vectors: Sequence[DualVector],
) -> tuple[tuple[Vector, ...], tuple[int, ...]]:
    """The vectors that are used, in the order of their first use (of large problems: short ones first), and the tree.

    splits: of the nodes that were split. served: for each node that no split is needed for, a vector that it admits.
    """
    below = _subtrees(model, splits, served)
    admitted = _admitted(model, list(below), served, vectors)
    for node in reversed(below):  # children come after their parents
        if below[node]:
            admitted[node] = _common(admitted[child] for child in below[node])
    shared = _common(admitted[node] for node in roots(model.width))
    if shared:
        return (vectors[_least(shared)].vector,), (0,)
    leaves = list(dict.fromkeys(_leaves(model, below, admitted)))
    choice = _few([admitted[node] for node in leaves], len(vectors))
    entries = _entries(model, splits, dict(zip(leaves, choice, strict=True)))
    order = list(entries)
    used = list(dict.fromkeys(entry for entry in order if entry >= 0))
    if large(model):  # vectors of one size are checked at once
        used.sort(key=lambda k: max(map(abs, vectors[k].vector)))
    number = {entry: place for place, entry in enumerate(used)}
    return tuple(vectors[k].vector for k in used), tuple(entry if entry < 0 else number[entry] for entry in order)


def _subtrees(model: Generators, splits: Mapping[Node, Split], served: Mapping[Node, int]) -> dict[Node, list[Node]]:
    """The nodes of the tree with their children, none for served ones; every node comes before its children.

    Two ways to a node give it one entry.
    """
    below: dict[Node, list[Node]] = {}
    waiting = roots(model.width)
    while waiting:
        node = waiting.pop()
        if node not in below:
            below[node] = [] if node in served else children(model, node, splits[node])
            waiting += below[node]
    return {node: below[node] for node in reversed([*TopologicalSorter(below).static_order()])}


def _admitted(
    model: Generators, nodes: Sequence[Node], served: Mapping[Node, int], vectors: Sequence[DualVector]
) -> dict[Node, int]:
    """For each served node the vectors that it admits, as a bit set; only the one known where looking takes long."""
    leaves = [node for node in nodes if node in served]
    pairs = len(leaves) * len(vectors)
    if not leaves or pairs > CHOSEN or (not compiled(model) and pairs * model.count > 4 * MATCHED):
        return {node: 1 << served[node] for node in leaves}
    blocked, rows = np.array([one.blocked for one in vectors]), np.array([model.reach_words(node) for node in leaves])
    if compiled(model):
        from symverify.search.global_minimum.margins import all_admitted

        free = interruptible(all_admitted)(rows, blocked)
    else:
        free = np.array([~(blocked & row).any(axis=1) for row in rows])
    sets = np.packbits(free, axis=1, bitorder="little")
    return {node: int.from_bytes(each.tobytes(), "little") for node, each in zip(leaves, sets, strict=True)}


def _common(sets: Iterator[int]) -> int:
    """The intersection of bit sets."""
    shared = -1
    for bits in sets:
        shared &= bits
    return shared


def _least(bits: int) -> int:
    """The least element of a bit set."""
    return (bits & -bits).bit_length() - 1


def _leaves(model: Generators, below: Mapping[Node, Sequence[Node]], admitted: Mapping[Node, int]) -> Iterator[Node]:
    """The first nodes on every way from the roots that admit a vector."""
    waiting = roots(model.width)
    while waiting:
        node = waiting.pop()
        if admitted[node]:
            yield node
        else:
            waiting += below[node]


def _few(sets: Sequence[int], count: int) -> list[int]:
    """An element of each bit set, few different ones: again and again the one in most of the sets left."""
    if len(sets) * count > CHOSEN:
        return [_least(bits) for bits in sets]
    size = -(-count // 8)
    packed = np.frombuffer(b"".join([bits.to_bytes(size, "little") for bits in sets]), np.uint8).reshape(-1, size)
    inside = np.unpackbits(packed, axis=1, count=count, bitorder="little").astype(bool)
    chosen, left, counts = np.full(len(sets), -1), np.ones(len(sets), dtype=bool), inside.sum(axis=0)
    while left.any():
        best = int(counts.argmax())
        hit = left & inside[:, best]
        chosen[hit] = best
        left &= ~hit
        counts = counts - inside[hit].sum(axis=0)
    return [int(k) for k in chosen]


def _entries(model: Generators, splits: Mapping[Node, Split], leaves: Mapping[Node, int]) -> Iterator[int]:
    """The tree with the vectors' numbers as they are, units in the order in which splits put them."""
    planes = len(model.planes)
    yield -1
    plus: Slot = (1, ())
    minus: Slot = (-1, ())
    waiting: list[list[Slot]] = [[plus] * k + [minus] * (model.width - k) for k in reversed(range(model.width + 1))]
    while waiting:
        units = waiting.pop()
        node = tuple(sorted(units))
        if node in leaves:
            yield leaves[node]
            continue
        place, plane = splits[node]
        slot = node[place]
        low, high = halves(model, slot, plane)
        places = [k for k, unit in enumerate(units) if unit == slot]
        yield -1 - (places[0] * (planes + 1) + 1 + plane)
        for count in reversed(range(len(places) + 1)):
            child = units.copy()
            for k, at in enumerate(places):
                child[at] = high if k < count else low
            waiting.append(child)
