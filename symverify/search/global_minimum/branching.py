"""The search's tree below a few nodes, grown by plain loops that numba compiles: best bound first, strong branching.

Sets of rays are bit sets in 64-bit words, the lowest bit first. A slot is its sign and its facets, coded as
2 · hyperplane + side, as `generators` names them. Imported only where numba is installed.
"""

from typing import Any

import numpy as np

from symverify.ground.loops import loop
from symverify.search.global_minimum.compiled import copied
from symverify.search.global_minimum.sets import has
from symverify.search.global_minimum.trials import branched, copies, rooms

OPEN, LEAF, SPLIT, NETWORK, KEPT = 0, 1, 2, 3, 4  # what has become of a node; KEPT: open, and its splits are known


@loop
def _region(closed: Any, cuts: Any, count: int, left_out: int, words: Any) -> None:
    """The rays on the closed sides of the first `count` cuts, except cut number `left_out` (−1: of all)."""
    for w in range(words.shape[0]):
        words[w] = ~np.uint64(0)
    for k in range(count):
        if k != left_out:
            side = closed[cuts[k] & 1, cuts[k] >> 1]
            for w in range(words.shape[0]):
                words[w] &= side[w]


@loop
def _cut(closed: Any, cuts: Any, count: int, code: int, found: Any, some: Any, other: Any) -> int:
    """The facets of a cone with one more cut, sorted, into `found`; how many. As `Generators.halves` finds them."""
    total, place = 0, -1
    for k in range(count):
        if place < 0 and cuts[k] > code:
            found[total], place = code, total
            total += 1
        found[total] = cuts[k]
        total += 1
    if place < 0:
        found[total] = code
        total += 1
    _region(closed, found, total, -1, some)
    k = 0
    while k < total:
        redundant = found[k] != code
        if redundant:
            _region(closed, found, total, k, other)
            for w in range(some.shape[0]):
                if some[w] != other[w]:
                    redundant = False
                    break
        if redundant:
            for later in range(k, total - 1):
                found[later] = found[later + 1]
            total -= 1
        else:
            k += 1
    return total


@loop
def _grouped(words: Any, signs: Any, groups: Any) -> None:
    """For each slot the first one equal to it."""
    for j in range(words.shape[0]):
        groups[j] = j
        for k in range(j):
            equal = signs[k] == signs[j]
            for w in range(words.shape[1]):
                equal = equal and words[k, w] == words[j, w]
            if equal:
                groups[j] = k
                break


@loop
def _subtracted(units: Any, target: Any, support: Any, weights: Any, residual: Any) -> None:
    """The target less a combination of columns."""
    rays = units.shape[0]
    for i in range(target.shape[0]):
        residual[i] = target[i]
    for k in range(support.shape[0]):
        amount = weights[k] if support[k] < rays else -weights[k]
        for i in range(target.shape[0]):
            residual[i] -= amount * units[support[k] % rays, i]


@loop
def conflicts(
    words: Any, signs: Any, support: Any, weights: Any, residual: Any, importance: Any, same: Any, found: Any
) -> int:
    """See `network.conflicts`: slot · (number of hyperplanes) + hyperplane of the best splits, the best first, into
    `found`; how many. importance: margins, kinks and samples of the hyperplanes.
    """
    margins, kinks, samples = importance
    slots, planes, rays = words.shape[0], margins.shape[1], margins.shape[0]
    top, score = 0.0, np.zeros(slots * planes)
    for i in range(residual.shape[0]):
        top = max(top, abs(residual[i]))
    above, below = np.zeros((slots, planes)), np.zeros((slots, planes))
    for k in range(support.shape[0]):
        ray, sign = support[k] % rays, 1 if support[k] < rays else -1
        for j in range(slots):
            if signs[j] == sign and has(words[j], ray):
                for p in range(planes):
                    height = margins[ray, p] * weights[k]
                    if height > 0.0:
                        above[j, p] += height
                    else:
                        below[j, p] -= height
                break
    for j in range(slots):
        for p in range(planes):
            error = min(above[j, p], below[j, p])
            if error > 0.0:
                score[j * planes + p] = error * kinks[p] * (abs(residual[samples[p]]) + 1e-6 * (top + 1e-300)) + 1e-300
    count = 0
    while count < found.shape[0]:
        best = 0
        for k in range(score.shape[0]):
            if score[k] > score[best]:
                best = k
        if not score[best] > 0.0:
            break
        j, first = best // planes, same[best % planes]
        found[count] = j * planes + first
        for p in range(planes):
            if same[p] == first:
                score[j * planes + p] = 0.0
        count += 1
    return count


@loop
def _lowest(kind: Any, values: Any, used: int) -> int:
    """The first open node of lowest bound, −1 if none is open."""
    lowest = -1
    for k in range(used):
        if kind[k] == OPEN and (lowest < 0 or values[k] < values[lowest]):
            lowest = k
    return lowest


@loop
def _append(nodes: Any, node: int, used: int, closed: Any, groups: Any, cut: Any, trial: Any, scratch: Any) -> int:
    """Append the children of a node. cut: slot, hyperplane, and where in `trial` they are. How many there are."""
    _, values, share, signs, cuts, numbers, supports, amounts, sizes, _, _ = nodes
    (place, plane, kept), (_, _, _, _, _, some, other, _) = cut, scratch
    children, total = copies(groups, place) + 1, 0.0
    for high in range(children):
        total += trial[4][kept, high]
    for high in range(children):
        above, child = 0, used + high
        for j in range(groups.shape[0]):
            signs[child, j], numbers[child, j] = signs[node, j], numbers[node, j]
            if groups[j] == groups[place]:
                code = 2 * plane + (1 if above < high else 0)
                numbers[child, j] = _cut(closed, cuts[node, j], numbers[node, j], code, cuts[child, j], some, other)
                above += 1
            else:
                copied(cuts[node, j], numbers[node, j], cuts[child, j])
        values[child], sizes[child] = max(trial[3][kept, high], values[node]), trial[2][kept, high]
        copied(trial[0][kept, high], sizes[child], supports[child])
        copied(trial[1][kept, high], sizes[child], amounts[child])
        share[child] = share[node] * (trial[4][kept, high] / total if total > 0.0 else 1.0 / children)
    return children


@loop
def grow(model: Any, importance: Any, same: Any, nodes: Any, used: int, most: int, limits: Any) -> int:
    """Split the open node of lowest bound until none is open or `most` have been split; the number of nodes then.

    model: units, target, closed and live words. importance, same: see `conflicts`. limits: the cut, the least
    violation, patience. nodes: arrays with room for `most` splits, the first `used` of which are filled: kind; value,
    weight as a share of all tuples; signs, cuts, their numbers (see above); supports, the weights of these columns,
    their numbers; the splits (the one made, or those worth trying, −1 for none), and the first child of each, which are
    together.
    """
    (units, target, closed, _), (cut, least, patience) = model, limits
    kind, values, _, signs, cuts, numbers, supports, amounts, sizes, splits, first = nodes
    planes, width, done = closed.shape[1], signs.shape[1], 0
    scratch, trial = rooms(units, closed, width, supports.shape[1])
    words, groups, residual = np.empty((width, closed.shape[2]), np.uint64), np.empty(width, np.int64), scratch[7]
    while True:
        node = _lowest(kind, values, used)
        if node < 0:
            return used
        if values[node] >= cut:
            kind[node] = LEAF
            continue
        for j in range(width):
            _region(closed, cuts[node, j], numbers[node, j], -1, words[j])
        begun = supports[node, : sizes[node]], amounts[node, : sizes[node]]
        _subtracted(units, target, begun[0], begun[1], residual)
        count = conflicts(words, signs[node], begun[0], begun[1], residual, importance, same, splits[node])
        if not count:
            kind[node] = NETWORK
            cut = min(cut, values[node] * (1 - 1e-9) - 1e-13)
        elif done == most:
            kind[node] = KEPT
        else:
            _grouped(words, signs[node], groups)
            slots, bounds = (words, signs[node], groups), (values[node], cut, least)
            chosen, kept = branched(model, slots, splits[node], count, begun, bounds, patience, scratch, trial)
            splits[node, 0] = splits[node, chosen]
            where = splits[node, 0] // planes, splits[node, 0] % planes, kept
            kind[node], first[node], done = SPLIT, used, done + 1
            used += _append(nodes, node, used, closed, groups, where, trial, scratch)
