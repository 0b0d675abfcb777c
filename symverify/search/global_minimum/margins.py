"""The loops of the certificate that numba compiles: growing groups of leaves, and the step back from their columns.

Sets of rays are bit sets in 64-bit words, as in `sets`; a node's are its rays for σ = + and then those for σ = −.
Float results are guesses: integer vectors made from them are checked exactly. Imported only where numba is installed.
"""

from typing import Any

import numpy as np

from symverify.ground.loops import loop, quick_loop
from symverify.search.global_minimum.compiled import _dot, _enter, copied, nearest, packed, room, workspace
from symverify.search.global_minimum.sets import bits, listed

_FLAT = 1e-7  # a column's distance from the span of lines below which it is in the span
_NEAR = 0.03  # the margin may be missed by columns priced above −_NEAR
_REACH = 40.0  # or above so many times the margin, if that is nearer
_TIGHT = 1e-9  # a column of length 1 with this product with the residual counts as orthogonal to it
_LEAST = 1e-10
_TRIES, _SMALLER = 6, 0.3  # so often the margin is made so many times smaller


@loop
def admitted(rows: Any, places: Any, blocked: Any) -> Any:
    """For each of the bit sets rows[places] the first of the rows of `blocked` that it does not meet, −1 if none."""
    found = np.full(places.shape[0], -1)
    for k in range(places.shape[0]):
        row = rows[places[k]]
        for number in range(blocked.shape[0]):
            other, meets = blocked[number], False
            for w in range(row.shape[0]):
                if row[w] & other[w]:
                    meets = True
                    break
            if not meets:
                found[k] = number
                break
    return found


@quick_loop
def signed(columns: Any, vector: Any, words: int) -> Any:
    """The bit set of the columns on which an integer vector is positive, and then that of those where it is negative.

    Exact where all sums of absolute products are integers below 2^53.
    """
    blocked = np.zeros(2 * words, np.uint64)
    for k in range(columns.shape[0]):
        value = _dot(columns[k], vector)
        if value != 0.0:
            blocked[(0 if value > 0.0 else words) + (k >> 6)] |= np.uint64(1) << np.uint64(k & 63)
    return blocked


@loop
def _alive(reach: Any, start: int, live: Any, offset: int, numbers: Any, count: int) -> int:
    """`listed` for the words from `start` on, of the rays that are live."""
    some = np.empty_like(live)
    for w in range(live.shape[0]):
        some[w] = reach[start + w] & live[w]
    return listed(some, offset, numbers, count)


@quick_loop
def _projected(
    units: Any, target: Any, reach: Any, live: Any, warm: Any, weights: Any, stop: float, allowed: Any, work: Any
) -> int:
    """The projection onto the columns of a node, or what falls to `stop`; the number of passive ones.

    The residual is in `work`.
    """
    state, scratch = work
    words, rays = live.shape[0], units.shape[0]
    count = _alive(reach, 0, live, 0, allowed, 0)
    count = _alive(reach, words, live, rays, allowed, count)
    size = 0
    for k in range(warm.shape[0]):
        ray, half = warm[k] % rays, words if warm[k] >= rays else 0
        inside = (reach[half + (ray >> 6)] >> np.uint64(ray & 63)) & np.uint64(1)
        if inside and _enter(units, target, warm[k], weights[k], 0.0, state, size):
            size += 1
    packed(units, allowed, count, scratch[3])
    return nearest(units, target, allowed, count, size, 0, (0.0, _LEAST, stop), state, scratch)


@loop
def grow(units: Any, target: Any, live: Any, rows: Any, fit: Any, share: float, most: int, clear: float) -> Any:
    """See `tasks.grow`: which of the nodes rows[1:] one vector may cover together with rows[0]; the support.

    fit: the support and weights of rows[0].
    """
    support, weights = fit
    rays, samples, words = units.shape[0], units.shape[1], live.shape[0]
    work = workspace(units, support.shape[0]), room(np.empty(samples), 2 * rays)
    (numbers, _, _, _, amounts, _), residual = work[0], work[1][0]
    allowed, together, tried = np.empty(2 * rays, np.int64), rows[0].copy(), rows[0].copy()
    taken, left, blocked = np.empty(most, np.int64), np.ones(rows.shape[0], np.bool_), np.zeros(2 * words, np.uint64)
    size = _projected(units, target, together, live, support, weights, -1.0, allowed, work)
    found, kept, count, value = numbers[:size].copy(), amounts[:size].copy(), 0, _dot(residual, residual)
    least, left[0] = share + 0.1 * (value - share), False
    while count < most and value > share:
        bar = clear * np.sqrt(value)
        for w in range(2 * words):
            blocked[w] = 0
        for k in range(rays):
            price = _dot(units[k], residual)
            if abs(price) > bar:
                blocked[(0 if price > 0.0 else words) + (k >> 6)] |= np.uint64(1) << np.uint64(k & 63)
        place, fewest = -1, 2 * rays + 1
        for k in range(rows.shape[0]):
            if left[k]:
                clash = 0
                for w in range(2 * words):
                    clash += bits(blocked[w] & rows[k, w])
                    if clash >= fewest:
                        break
                if clash < fewest:
                    place, fewest = k, clash
        if place < 0:
            break
        for w in range(2 * words):
            tried[w] = together[w] | rows[place, w]
        size = _projected(units, target, tried, live, found, kept, least, allowed, work)
        value = _dot(residual, residual)
        if value <= least:
            break
        copied(tried, 2 * words, together)
        found, kept = numbers[:size].copy(), amounts[:size].copy()
        left[place], taken[count] = False, place - 1
        count += 1
    return taken[:count], found


@quick_loop
def spanned(rows: Any, basis: Any, known: int, chosen: Any) -> int:
    """Extend an orthonormal basis by the rows, each time the one farthest from the span; how many it has then.

    chosen: the numbers of the rows that were taken, from `known` on. The rows become their parts outside the span.
    """
    count, size = rows.shape
    sizes = np.empty(count)
    for k in range(count):
        for b in range(known):
            part = _dot(rows[k], basis[b])
            for i in range(size):
                rows[k, i] -= part * basis[b, i]
        sizes[k] = _dot(rows[k], rows[k])
    while known < basis.shape[0]:
        best = -1
        for k in range(count):
            if best < 0 or sizes[k] > sizes[best]:
                best = k
        if best < 0 or sizes[best] < _FLAT * _FLAT:
            break
        length = np.sqrt(sizes[best])
        for i in range(size):
            basis[known, i] = rows[best, i] / length
        for k in range(count):
            part = _dot(rows[k], basis[known])
            for i in range(size):
                rows[k, i] -= part * basis[known, i]
            sizes[k] = _dot(rows[k], rows[k])
        chosen[known], sizes[best] = best, 0.0
        known += 1
    return known


@loop
def _lines(units: Any, tight: Any, count: int, allowed: Any, work: Any, opposite: Any) -> int:
    """See `dual._lines`: keep those of the columns `tight` whose opposite is in their cone; how many."""
    (state, scratch), rays = work, units.shape[0]
    while count:
        for i in range(units.shape[1]):
            opposite[i] = 0.0
        for k in range(count):
            sign = -1.0 if tight[k] < rays else 1.0
            for i in range(units.shape[1]):
                opposite[i] += sign * units[tight[k] % rays, i]
            allowed[k] = tight[k]
        packed(units, allowed, count, scratch[3])
        nearest(units, opposite, allowed, count, 0, 0, (0.0, _LEAST, -1.0), state, scratch)
        residual, kept = scratch[0], 0
        small = _dot(residual, residual) < _TIGHT * count
        for k in range(count):
            price = _dot(units[tight[k] % rays], residual)
            if small or (price if tight[k] < rays else -price) > -_TIGHT:
                tight[kept] = tight[k]
                kept += 1
        if kept == count:
            break
        count = kept
    return count


@quick_loop
def _outside(units: Any, numbers: Any, count: int, basis: Any, lines: int, columns: Any) -> int:
    """The parts of columns outside the span of lines, of length 1; how many are left, whose numbers come first."""
    rays, kept = units.shape[0], 0
    for k in range(count):
        sign = 1.0 if numbers[k] < rays else -1.0
        for i in range(units.shape[1]):
            columns[kept, i] = sign * units[numbers[k] % rays, i]
        for b in range(lines):
            part = _dot(columns[kept], basis[b])
            for i in range(units.shape[1]):
                columns[kept, i] -= part * basis[b, i]
        length = np.sqrt(_dot(columns[kept], columns[kept]))
        if length > _FLAT:
            for i in range(units.shape[1]):
                columns[kept, i] /= length
            numbers[kept] = numbers[k]
            kept += 1
    return kept


@quick_loop
def stepped(units: Any, target: Any, live: Any, reach: Any, warm: Any, share: float, tight: float, cap: float) -> Any:
    """A residual that keeps a margin, at most `cap`, from all columns of a node but its lines, and proves the share.

    Returns the margin, 0 if there is none (a slack below `tight` or no room), the residual; an orthonormal basis of the
    lines, how many it has, and their rays.
    """
    rays, samples = units.shape
    state, scratch = workspace(units, warm.shape[0] + samples), room(np.empty(samples), 2 * rays)
    work, allowed = (state, scratch), np.empty(2 * rays, np.int64)
    basis, chosen, residual = np.empty((samples, samples)), np.empty(samples, np.int64), np.empty(samples)
    size = _projected(units, target, reach, live, warm, np.full(warm.shape[0], 1e-9), -1.0, allowed, work)
    copied(scratch[0], samples, residual)
    value = _dot(residual, residual)
    slack, count, flat, total = value - share, 0, 0, 0.0
    near, lying = np.empty(2 * rays, np.int64), np.empty(2 * rays, np.int64)
    if slack < tight:
        return 0.0, residual, basis, 0, chosen
    support, amounts = state[0][:size].copy(), state[4][:size].copy()
    for k in range(size):
        total += amounts[k]
    close = min(_NEAR, _REACH * min(0.2 * slack / max(total, 1e-9), cap))
    for half in range(2):
        sign, words = 1.0 - 2.0 * half, live.shape[0]
        columns = _alive(reach, half * words, live, 0, allowed, 0)
        for k in range(columns):
            price = sign * _dot(units[allowed[k]], residual)
            if price > -close:
                near[count], count = allowed[k] + half * rays, count + 1
            if price > -_TIGHT:
                lying[flat], flat = allowed[k] + half * rays, flat + 1
    flat = _lines(units, lying, flat, allowed, work, np.empty(samples))
    rows, known, different = np.empty((flat, samples)), np.zeros(rays, np.bool_), 0
    for k in range(flat):
        ray = lying[k] % rays
        if not known[ray]:  # most are there with both signs
            copied(units[ray], samples, rows[different])
            lying[different], different, known[ray] = ray, different + 1, True
    lines = spanned(rows[:different], basis, 0, chosen)
    for k in range(lines):
        chosen[k] = lying[chosen[k]]
    outside, cost, begun = np.empty((count, samples)), 0.0, np.empty(size, np.int64)
    count = _outside(units, near, count, basis, lines, outside)
    fresh = 0
    for place in range(count):
        for k in range(size):
            if near[place] == support[k]:
                cost += amounts[k]
                begun[fresh], fresh = place, fresh + 1
    start = target.copy()
    for b in range(lines):
        part = _dot(start, basis[b])
        for i in range(samples):
            start[i] -= part * basis[b, i]
    margin = min(0.2 * slack / max(cost, 1e-9), 0.3 * np.sqrt(value), cap)
    signed = outside[:count]
    for k in range(count):
        allowed[k] = k
    packed(signed, allowed, count, scratch[3])
    for _ in range(_TRIES):
        size = 0
        for k in range(fresh):
            if _enter(signed, start, begun[k], 1e-9, margin, state, size):
                size += 1
        nearest(signed, start, allowed, count, size, 0, (margin, _LEAST, -1.0), state, scratch)
        moved, kept = scratch[0], True
        for k in range(count):
            if _dot(signed[k], moved) > -0.5 * margin:
                kept = False
                break
        gain = _dot(moved, start)
        if kept and gain > 0.0 and gain * gain / _dot(moved, moved) > share + 0.2 * slack:
            return margin, moved, basis, lines, chosen
        margin *= _SMALLER
    return 0.0, residual, basis, lines, chosen
