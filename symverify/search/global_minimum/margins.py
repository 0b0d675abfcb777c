"""The loops of the certificate that numba compiles: growing groups of leaves, and the step back from their columns.

Sets of rays are bit sets in 64-bit words, as in `sets`; a node's are its rays for σ = + and then those for σ = −.
Float results are guesses: integer vectors made from them are checked exactly. Imported only where numba is installed.
"""

from typing import Any

import numpy as np

from symverify.ground.loops import dot, loop, quick_loop
from symverify.search.global_minimum.compiled import _enter, copied, nearest, packed, room, workspace
from symverify.search.global_minimum.sets import bits, listed, meet

_FLAT = 1e-7  # a column's distance from the span of lines below which it is in the span
_NEAR = 0.03  # the margin may be missed by columns priced above −_NEAR
_REACH = 40.0  # or above so many times the margin, if that is nearer
_TIGHT = 1e-9  # a column of length 1 with this product with the residual counts as orthogonal to it
_LEAST = 1e-10
_BARS = 0.3, 0.01, _FLAT  # how far off the span of a basis columns are taken into it
_SEEN = 0.01  # of a distance: less of it makes a probe (below) see nothing
_TRIES, _SMALLER = 6, 0.3  # so often the margin is made so many times smaller


@loop
def admitted(rows: Any, places: Any, blocked: Any) -> Any:
    """For each of the bit sets rows[places] the first of the rows of `blocked` that it does not meet, −1 if none."""
    found = np.full(places.shape[0], -1)
    for k in range(places.shape[0]):
        for number in range(blocked.shape[0]):
            if not meet(rows[places[k]], blocked[number]):
                found[k] = number
                break
    return found


@loop
def all_admitted(rows: Any, blocked: Any) -> Any:
    """Which of the rows of `blocked` each of the bit sets does not meet, (rows, blocked)."""
    found = np.empty((rows.shape[0], blocked.shape[0]), np.bool_)
    for k in range(rows.shape[0]):
        for number in range(blocked.shape[0]):
            found[k, number] = not meet(rows[k], blocked[number])
    return found


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
def _add_to(words: Any, support: Any, rays: int) -> None:
    """Put these columns into a node's bit set."""
    for k in range(support.shape[0]):
        ray, half = support[k] % rays, words.shape[0] // 2 if support[k] >= rays else 0
        words[half + (ray >> 6)] |= np.uint64(1) << np.uint64(ray & 63)


@quick_loop
def _in_the_way(units: Any, residual: Any, bar: float, blocked: Any) -> None:
    """The bit set of the columns priced above a bar."""
    words = blocked.shape[0] // 2
    for w in range(2 * words):
        blocked[w] = 0
    for k in range(units.shape[0]):
        price = dot(units[k], residual)
        if abs(price) > bar:
            blocked[(0 if price > 0.0 else words) + (k >> 6)] |= np.uint64(1) << np.uint64(k & 63)


@loop
def grow(units: Any, target: Any, live: Any, rows: Any, fit: Any, share: float, most: int, clear: float) -> Any:
    """See `covering.grow`: which of the nodes rows[1:] one vector may cover together with rows[0]; the support.

    fit: the support and weights of rows[0]. Most fail already with the few columns that are in the way.
    """
    found, kept = fit
    rays, samples, words = units.shape[0], units.shape[1], live.shape[0]
    work = workspace(units, found.shape[0]), room(np.empty(samples), 2 * rays)
    (numbers, _, _, _, amounts, _), residual = work[0], work[1][0]
    allowed, together, tried = np.empty(2 * rays, np.int64), rows[0].copy(), np.zeros(2 * words, np.uint64)
    taken, left, blocked = np.empty(most, np.int64), np.ones(rows.shape[0], np.bool_), np.empty(2 * words, np.uint64)
    _add_to(tried, found, rays)
    _projected(units, target, tried, live, found, kept, -1.0, allowed, work)
    value, count, left[0] = dot(residual, residual), 0, False
    least = share + 0.1 * (value - share)
    while count < most and value > share:
        _in_the_way(units, residual, clear * np.sqrt(value), blocked)
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
            tried[w] = blocked[w] & rows[place, w]
        _add_to(tried, found, rays)
        size = _projected(units, target, tried, live, found, kept, least, allowed, work)
        if dot(residual, residual) <= least:
            break
        for w in range(2 * words):
            tried[w] = together[w] | rows[place, w]
        size = _projected(
            units, target, tried, live, numbers[:size].copy(), amounts[:size].copy(), least, allowed, work
        )
        value = dot(residual, residual)
        if value <= least:
            break
        copied(tried, 2 * words, together)
        found, kept = numbers[:size].copy(), amounts[:size].copy()
        left[place], taken[count] = False, place - 1
        count += 1
    return taken[:count], found


@quick_loop
def _off(vector: Any, basis: Any, count: int) -> float:
    """Take the part in the span of an orthonormal basis from a vector; the length of what is left.

    Four at once, so that none waits for the one before; behind the basis there are three vectors 0.
    """
    samples = vector.shape[0]
    for k in range(0, count, 4):
        first, second, third, fourth = basis[k], basis[k + 1], basis[k + 2], basis[k + 3]
        a, b, c, d = 0.0, 0.0, 0.0, 0.0
        for i in range(samples):
            a += first[i] * vector[i]
            b += second[i] * vector[i]
            c += third[i] * vector[i]
            d += fourth[i] * vector[i]
        for i in range(samples):
            vector[i] -= a * first[i] + b * second[i] + c * third[i] + d * fourth[i]
    return float(np.sqrt(dot(vector, vector)))


@quick_loop
def _probe(basis: Any, count: int, salt: float) -> Any:
    """A vector of length 1 orthogonal to a basis, with something of every other direction: it sees all that is off."""
    probe = np.empty(basis.shape[1])
    for i in range(probe.shape[0]):
        probe[i] = np.sin(salt + 0.7 * (i + 1) * (i + 2))
    length = _off(probe, basis, count)
    for i in range(probe.shape[0]):
        probe[i] /= max(length, 1e-300)
    return probe


@quick_loop
def spanned(units: Any, numbers: Any, count: int, basis: Any, known: int, chosen: Any) -> int:
    """Extend an orthonormal basis to span these columns, too; how many vectors it has then. See `_off`.

    chosen: the columns that were taken, from `known` on: first those far from the span of the earlier ones.
    """
    samples, rays = units.shape[1], units.shape[0]
    rest = np.empty(samples)
    for bar in _BARS:
        probe = _probe(basis, known, bar)
        for place in range(count):
            ray = numbers[place] % rays
            if abs(dot(units[ray], probe)) < _SEEN * bar or known > samples:
                continue
            copied(units[ray], samples, rest)
            length = _off(rest, basis, known)
            if length > bar:
                length = max(_off(rest, basis, known), bar)
                for i in range(samples):
                    basis[known, i] = rest[i] / length
                part = dot(probe, basis[known])
                for i in range(samples):
                    probe[i] -= part * basis[known, i]
                chosen[known], known = ray, known + 1
    return known


@quick_loop
def _opposed(columns: Any, count: int, allowed: Any, work: Any) -> int:
    """See `dual._lines`: the columns whose opposite is in their cone, first in `allowed`; how many."""
    (state, scratch), opposite = work, np.empty(columns.shape[1])
    for k in range(count):
        allowed[k] = k
    while count:
        for i in range(opposite.shape[0]):
            opposite[i] = 0.0
        for k in range(count):
            for i in range(opposite.shape[0]):
                opposite[i] -= columns[allowed[k], i]
        packed(columns, allowed, count, scratch[3])
        nearest(columns, opposite, allowed, count, 0, 0, (0.0, _LEAST, -1.0), state, scratch)
        residual, kept = scratch[0], 0
        if dot(residual, residual) < _TIGHT * count:
            break
        for k in range(count):
            if dot(columns[allowed[k]], residual) > -_TIGHT:
                allowed[kept], kept = allowed[k], kept + 1
        if kept == count:
            break
        count = kept
    return count


@quick_loop
def _outside(units: Any, numbers: Any, count: int, basis: Any, lines: int, columns: Any) -> int:
    """The parts of columns outside the span of lines, of length 1; how many are left, whose numbers come first."""
    rays, kept = units.shape[0], 0
    probe = _probe(basis, lines, 0.0)
    for k in range(count):
        sign = 1.0 if numbers[k] < rays else -1.0
        if abs(dot(units[numbers[k] % rays], probe)) < _SEEN * _FLAT:
            continue
        for i in range(units.shape[1]):
            columns[kept, i] = sign * units[numbers[k] % rays, i]
        length = _off(columns[kept], basis, lines)
        if length > _FLAT:
            for i in range(units.shape[1]):
                columns[kept, i] /= length
            numbers[kept], kept = numbers[k], kept + 1
    return kept


@quick_loop
def _close(units: Any, residual: Any, reach: Any, live: Any, close: float, top: float, near: Any, both: Any) -> int:
    """The columns of a node that are priced above −close, first in `near`; how many, −1 if one is priced above `top`.

    both: for each ray 1 if its column with σ = + is orthogonal to the residual, 2 if that with σ = − is, 3 if both.
    """
    rays, count = units.shape[0], 0
    allowed = np.empty(rays, np.int64)
    for half in range(2):
        sign = 1.0 - 2.0 * half
        columns = _alive(reach, half * live.shape[0], live, 0, allowed, 0)
        for k in range(columns):
            price = sign * dot(units[allowed[k]], residual)
            if price > top:
                return -1
            if price > -close:
                near[count], count = allowed[k] + half * rays, count + 1
                both[allowed[k]] += (half + 1) * (price > -_TIGHT)
    return count


@quick_loop
def _off_lines(units: Any, near: Any, count: int, both: Any, basis: Any, chosen: Any, work: Any) -> Any:
    """The lines of a cone of columns, and the parts of those that are near outside their span; see `_close`.

    Returns how many vectors the basis of that span has, how many columns are outside, and the parts, of length 1.
    """
    rays, samples = units.shape
    lying, allowed, flat = np.empty(count, np.int64), np.empty(count, np.int64), 0
    for k in range(count):
        if near[k] >= rays and both[near[k] - rays] == 3:  # most lines are there with both signs
            lying[flat], flat = near[k], flat + 1
    lines, flat = spanned(units, lying, flat, basis, 0, chosen), 0
    for k in range(count):
        if 0 < both[near[k] % rays] < 3:
            lying[flat], flat = near[k], flat + 1
    columns = np.empty((flat, samples))
    for k in range(flat):
        both[lying[k] % rays] = 3
    flat = _outside(units, lying, flat, basis, lines, columns)
    opposed = _opposed(columns[:flat], flat, allowed, work)
    for k in range(flat):
        both[lying[k] % rays] = 1
    for k in range(opposed):
        allowed[k] = lying[allowed[k]]
        both[allowed[k] % rays] = 3
    lines, kept = spanned(units, allowed, opposed, basis, lines, chosen), 0
    for k in range(count):
        if both[near[k] % rays] < 3:
            near[kept], kept = near[k], kept + 1
    outside = np.empty((kept, samples))
    return lines, _outside(units, near, kept, basis, lines, outside), outside


@quick_loop
def stepped(units: Any, target: Any, live: Any, reach: Any, warm: Any, share: float, tight: float, cap: float) -> Any:
    """A residual that keeps a margin, at most `cap`, from all columns of a node but its lines, and proves the share.

    Returns the margin, 0 if there is none (a slack below `tight` or no room), the residual; an orthonormal basis of the
    lines, how many it has, and their rays.
    """
    rays, samples = units.shape
    state, scratch = workspace(units, warm.shape[0] + samples), room(np.empty(samples), 2 * rays)
    work, allowed = (state, scratch), np.empty(2 * rays, np.int64)
    basis, chosen = np.zeros((samples + 4, samples)), np.empty(samples + 1, np.int64)
    node, near, top = np.zeros(reach.shape[0], np.uint64), np.empty(2 * rays, np.int64), _TIGHT
    _add_to(node, warm, rays)
    while True:  # mostly the first columns are all that it takes
        size = _projected(units, target, node, live, warm, np.full(warm.shape[0], 1e-9), -1.0, allowed, work)
        residual, value = scratch[0].copy(), dot(scratch[0], scratch[0])
        slack, total = value - share, 0.0
        if slack < tight:
            return 0.0, residual, basis, 0, chosen
        support, amounts = state[0][:size].copy(), state[4][:size].copy()
        for k in range(size):
            total += amounts[k]
        close = min(_NEAR, _REACH * min(0.2 * slack / max(total, 1e-9), cap))
        both = np.zeros(rays, np.int8)
        count = _close(units, residual, reach, live, close, top, near, both)
        if count >= 0:
            break
        node, top = reach, 1.0
    lines, count, outside = _off_lines(units, near, count, both, basis, chosen, work)
    cost, begun, fresh = 0.0, np.empty(size, np.int64), 0
    for place in range(count):
        for k in range(size):
            if near[place] == support[k]:
                cost += amounts[k]
                begun[fresh], fresh = place, fresh + 1
    start = target.copy()
    _off(start, basis, lines)
    margin = min(0.2 * slack / max(cost, 1e-9), 0.3 * np.sqrt(value), cap)
    least = share + 0.2 * slack
    margin = _margin(outside[:count], start, begun[:fresh], margin, least, allowed, work)
    if margin:
        copied(scratch[0], samples, residual)
    return margin, residual, basis, lines, chosen


@quick_loop
def _margin(columns: Any, start: Any, begun: Any, margin: float, least: float, allowed: Any, work: Any) -> float:
    """A margin that a residual of at least this bound keeps from columns, 0 if there is none. It is in `work`.

    Half of the margin is enough for those that rounding made miss it.
    """
    (state, scratch), count = work, columns.shape[0]
    for k in range(count):
        allowed[k] = k
    packed(columns, allowed, count, scratch[3])
    for _ in range(_TRIES):
        size = 0
        for k in range(begun.shape[0]):
            if _enter(columns, start, begun[k], 1e-9, margin, state, size):
                size += 1
        nearest(columns, start, allowed, count, size, 0, (margin, _LEAST, -1.0), state, scratch)
        moved, kept = scratch[0], True
        for k in range(count):
            if dot(columns[k], moved) > -0.5 * margin:
                kept = False
                break
        gain = dot(moved, start)
        if kept and gain > 0.0 and gain * gain / dot(moved, moved) > least:
            return margin
        margin *= _SMALLER
    return 0.0
