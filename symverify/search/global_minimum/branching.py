"""Strong branching as plain loops, compiled by numba: the children of the splits of one node, with their bounds.

Sets of rays are bit sets in 64-bit words, the lowest bit first. Imported only where numba is installed.
"""

from typing import Any

import numba
import numpy as np

from symverify.search.global_minimum.compiled import _enter, nearest, room, workspace

_ONE = np.uint64(1)


@numba.njit(cache=True)
def _has(words: Any, ray: int) -> bool:
    return bool((words[ray >> 6] >> np.uint64(ray & 63)) & _ONE)


@numba.njit(cache=True)
def _listed(words: Any, offset: int, numbers: Any, count: int) -> int:
    """Append the elements of a bit set, plus `offset`, to the first `count` numbers; the new count."""
    for place in range(words.shape[0]):
        word = words[place]
        while word:
            low = word & (~word + _ONE)
            bit = 0
            if low & np.uint64(0xFFFFFFFF00000000):
                bit += 32
            if low & np.uint64(0xFFFF0000FFFF0000):
                bit += 16
            if low & np.uint64(0xFF00FF00FF00FF00):
                bit += 8
            if low & np.uint64(0xF0F0F0F0F0F0F0F0):
                bit += 4
            if low & np.uint64(0xCCCCCCCCCCCCCCCC):
                bit += 2
            if low & np.uint64(0xAAAAAAAAAAAAAAAA):
                bit += 1
            numbers[count] = offset + 64 * place + bit
            count += 1
            word ^= low
    return count


@numba.njit(cache=True)
def _child(
    words: Any, signs: Any, groups: Any, closed: Any, place: int, plane: int, high: int, plus: Any, minus: Any
) -> None:
    """The rays for σ = + and − of the child with the first `high` of the slots equal to one above the plane."""
    for w in range(words.shape[1]):
        plus[w] = minus[w] = 0
    done = 0
    for j in range(words.shape[0]):
        cut = groups[j] == groups[place]
        side = 1 if done < high else 0
        for w in range(words.shape[1]):
            word = words[j, w]
            if cut:
                word &= closed[side, plane, w]
            if signs[j] > 0:
                plus[w] |= word
            else:
                minus[w] |= word
        if cut:
            done += 1


@numba.njit(cache=True)
def _begun(units: Any, target: Any, support: Any, weights: Any, plus: Any, minus: Any, state: Any) -> int:
    """Make those of a parent's passive columns that a child has, too, the passive ones; how many."""
    rays, size = units.shape[0], 0
    for k in range(support.shape[0]):
        inside = _has(plus if support[k] < rays else minus, support[k] % rays)
        if inside and _enter(units, target, support[k], weights[k], 0.0, state, size):
            size += 1
    return size


@numba.njit(cache=True)
def branch(
    units: Any, target: Any, closed: Any, slots: Any, splits: Any, start: Any, value: float, cut: float, limits: Any
) -> tuple[int, Any, Any, Any, Any]:
    """See `tasks.best_split`: the number of the best split; for its children support, weights, residual and sizes.

    slots: their words, signs, and for each the first one equal to it. splits: slots and hyperplanes. start: the
    parent's support and weights. limits: patience, and the least violation.
    """
    (words, signs, groups), (places, planes), (support, weights), (patience, least) = slots, splits, start, limits
    rays, samples, most_children = units.shape[0], units.shape[1], words.shape[0] + 1
    state = workspace(units, support.shape[0])
    supports = np.empty((2, most_children, state[0].shape[0]), np.int64)
    amounts, residuals = np.empty(supports.shape), np.empty((2, most_children, samples))
    sizes, allowed = np.zeros((2, most_children), np.int64), np.empty(2 * rays, np.int64)
    plus, minus = np.zeros(words.shape[1], np.uint64), np.zeros(words.shape[1], np.uint64)
    gap, slight, scratch = cut - value, value + 1e-6 * max(cut - value, 0.0), room(np.empty(samples), 2 * rays)
    best, chosen, now, vain = -1.0, -1, 0, 0
    for trial in range(places.shape[0]):
        low, most, high, left = gap, 1e-12, 0, (groups == groups[places[trial]]).sum() + 1
        while high < left and (low * gap > best or high == 0):
            _child(words, signs, groups, closed, places[trial], planes[trial], high, plus, minus)
            count = _listed(minus, rays, allowed, _listed(plus, 0, allowed, 0))
            size = _begun(units, target, support, weights, plus, minus, state)
            stop = max(value + best / max(gap, 1e-300), slight)
            size = nearest(units, target, allowed, count, size, 0, (0.0, least, stop), state, scratch)
            reached, sizes[now, high] = 0.0, size
            for k in range(size):
                supports[now, high, k], amounts[now, high, k] = state[0][k], state[4][k]
            for i in range(samples):
                residuals[now, high, i] = scratch[0][i]
                reached += scratch[0][i] * scratch[0][i]
            gain = max(min(reached - value, gap), 1e-12)
            low, most, high = min(low, gain), max(most, gain), high + 1
        if high == left and low * gap > best and low * most > best:
            best, chosen, now, vain = low * most, trial, 1 - now, 0
        else:
            vain += 1
        if low == gap or vain == patience:
            break
    return chosen, supports[1 - now], amounts[1 - now], residuals[1 - now], sizes[1 - now]


@numba.njit(cache=True)
def conflicts(
    words: Any, signs: Any, support: Any, weights: Any, residual: Any, margins: Any, kinks: Any, samples: Any, most: int
) -> Any:
    """See `network.conflicts`: slot · (number of hyperplanes) + hyperplane of the best splits, the best first."""
    slots, planes, rays = words.shape[0], margins.shape[1], margins.shape[0]
    owner = np.full(support.shape[0], -1)
    for k in range(support.shape[0]):
        ray, sign = support[k] % rays, 1 if support[k] < rays else -1
        for j in range(slots):
            if signs[j] == sign and _has(words[j], ray):
                owner[k] = j
                break
    top = 0.0
    for i in range(residual.shape[0]):
        top = max(top, abs(residual[i]))
    score = np.zeros(slots * planes)
    for j in range(slots):
        for p in range(planes):
            above, below = 0.0, 0.0
            for k in range(support.shape[0]):
                if owner[k] == j:
                    height = margins[support[k] % rays, p] * weights[k]
                    if height > 0.0:
                        above += height
                    else:
                        below -= height
            error = min(above, below)
            if error > 0.0:
                score[j * planes + p] = error * kinks[p] * (abs(residual[samples[p]]) + 1e-6 * (top + 1e-300)) + 1e-300
    found = np.empty(most, np.int64)
    count = 0
    while count < most:
        best = int(score.argmax())
        if not score[best] > 0.0:
            break
        found[count] = best
        score[best] = 0.0
        count += 1
    return found[:count]
