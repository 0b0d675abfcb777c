"""Strong branching as plain loops, compiled by numba: the children of the splits of one node, with their bounds.

Sets of rays are bit sets in 64-bit words, the lowest bit first. Imported only where numba is installed.
"""

from typing import Any

import numba
import numpy as np

from symverify.search.global_minimum.compiled import _enter, nearest, workspace

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
def branch(
    units: Any,
    target: Any,
    closed: Any,
    words: Any,
    signs: Any,
    groups: Any,
    places: Any,
    planes: Any,
    support: Any,
    weights: Any,
    value: float,
    cut: float,
    patience: int,
    least: float,
) -> tuple[int, Any, Any, Any, Any]:
    """See `tasks.best_split`: the number of the best split; for its children support, weights, residual and sizes."""
    rays, samples, slots = units.shape[0], units.shape[1], words.shape[0]
    state = workspace(units, support.shape[0])
    room = state[0].shape[0]
    supports, amounts = np.empty((2, slots + 1, room), np.int64), np.empty((2, slots + 1, room))
    residuals, sizes = np.empty((2, slots + 1, samples)), np.zeros((2, slots + 1), np.int64)
    plus, minus = np.zeros(words.shape[1], np.uint64), np.zeros(words.shape[1], np.uint64)
    allowed, prices, pool = np.empty(2 * rays, np.int64), np.empty(2 * rays + 64), np.empty(2 * rays, np.int64)
    gap, slight = cut - value, value + 1e-6 * max(cut - value, 0.0)
    best, chosen, copies, now, vain = -1.0, -1, 0, 0, 0
    for trial in range(places.shape[0]):
        place, plane = places[trial], planes[trial]
        copies = 0
        for j in range(slots):
            if groups[j] == groups[place]:
                copies += 1
        low, most = gap, 1e-12
        better = True
        for high in range(copies + 1):
            _child(words, signs, groups, closed, place, plane, high, plus, minus)
            count = _listed(minus, rays, allowed, _listed(plus, 0, allowed, 0))
            size = 0
            for k in range(support.shape[0]):
                ray = support[k] % rays
                inside = _has(plus if support[k] < rays else minus, ray)
                if inside and _enter(units, target, support[k], weights[k], 0.0, state, size):
                    size += 1
            stop = max(value + best / max(gap, 1e-300), slight)
            size = nearest(
                units, target, allowed, count, size, 0, 0.0, least, stop, state, residuals[now, high], prices, pool
            )
            sizes[now, high] = size
            for k in range(size):
                supports[now, high, k], amounts[now, high, k] = state[0][k], state[4][k]
            reached = 0.0
            for i in range(samples):
                reached += residuals[now, high, i] * residuals[now, high, i]
            gain = max(min(reached - value, gap), 1e-12)
            low, most = min(low, gain), max(most, gain)
            if low * gap <= best:
                better = False
                break
        if better and low * most > best:
            best, chosen, now, vain = low * most, trial, 1 - now, 0
        else:
            vain += 1
        if low == gap or vain == patience:
            break
    kept = 1 - now
    return chosen, supports[kept], amounts[kept], residuals[kept], sizes[kept]


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
