"""Which split of a node raises the bounds of its children most: strong branching in plain loops that numba compiles.

Sets of rays, slots and models are as in `branching`. Imported only where numba is installed.
"""

from typing import Any

import numpy as np

from symverify.ground.loops import loop
from symverify.search.global_minimum.compiled import (
    BARRED,
    _enter,
    _priced,
    copied,
    nearest,
    packed,
    room,
    workspace,
)
from symverify.search.global_minimum.sets import bits, has, listed

_NEAR, _MANY = 512, 6000  # columns by which splits are compared where there are more than so many
_LONGER = 5  # then so many splits in a row that are not better end the trials, as they are cheap
_LOWER = 0.7  # by what the bar for these is lowered


@loop
def copies(groups: Any, place: int) -> int:
    """How many slots are equal to one."""
    count = 0
    for j in range(groups.shape[0]):
        if groups[j] == groups[place]:
            count += 1
    return count


@loop
def _child(words: Any, signs: Any, groups: Any, closed: Any, live: Any, cut: Any, high: int, reach: Any) -> float:
    """The live rays for σ = + and − of the child with the first `high` of the slots equal to one above the plane.

    Returns the product of the numbers of rays of its slots.
    """
    (place, plane), (plus, minus) = cut, reach
    for w in range(words.shape[1]):
        plus[w] = minus[w] = 0
    done, volume = 0, 1.0
    for j in range(words.shape[0]):
        inside, size = groups[j] == groups[place], 0
        side = closed[1 if done < high else 0, plane]
        for w in range(words.shape[1]):
            word = words[j, w] & live[w]
            if inside:
                word &= side[w]
            size += bits(word)
            if signs[j] > 0:
                plus[w] |= word
            else:
                minus[w] |= word
        volume *= size
        if inside:
            done += 1
    return volume


@loop
def _joined(words: Any, signs: Any, live: Any, plus: Any, minus: Any) -> None:
    """The live rays for σ = + and − of a node."""
    for w in range(words.shape[1]):
        plus[w] = minus[w] = 0
        for j in range(words.shape[0]):
            if signs[j] > 0:
                plus[w] |= words[j, w] & live[w]
            else:
                minus[w] |= words[j, w] & live[w]


@loop
def _begun(units: Any, target: Any, support: Any, weights: Any, plus: Any, minus: Any, state: Any) -> int:
    """Make those of a parent's passive columns that a child has, too, the passive ones; how many."""
    rays, size = units.shape[0], 0
    for k in range(support.shape[0]):
        inside = has(plus if support[k] < rays else minus, support[k] % rays)
        if inside and _enter(units, target, support[k], weights[k], 0.0, state, size):
            size += 1
    return size


@loop
def _near(columns: Any, count: int, residual: Any, room: Any, numbers: Any, near: Any) -> int:
    """Of the packed columns, with these numbers, those of the greatest prices, at most as many as `near` has room for.

    The numbers of these into `near`; how many. They are what a split may violate.
    """
    length, short, prices, places = 0.0, room[1], room[2], room[5]
    for i in range(residual.shape[0]):
        short[i] = residual[i]
        length += residual[i] * residual[i]
    for k in range(count):
        room[4][k], places[k] = 0.0, k
    _priced(columns, room[4], short, count, np.float32(0.0), prices)
    kept, bar = count, -np.sqrt(length)
    while kept > near.shape[0] and bar < -1e-9:
        before, kept, bar = kept, 0, _LOWER * bar
        for k in range(before):
            place = places[k]
            places[kept] = place
            kept += int(prices[place] > bar)  # no branch, which could not be foreseen
    found: int = min(kept, near.shape[0])
    for k in range(found):
        near[k] = numbers[places[k]]
    return found


@loop
def _projected(model: Any, reach: Any, some: Any, begun: Any, limits: Any, state: Any, child: Any) -> tuple[int, float]:
    """The projection onto those of some columns that a child has: how many are passive, and the squared distance.

    reach: the child's rays for σ = + and −. some: the columns' numbers, how many, and the `room` where they are packed.
    begun: the support to begin with, and its weights; child: where those that are found go. limits: see `nearest`.
    """
    (units, target, _, _), (plus, minus), (numbers, count, room) = model, reach, some
    (support, weights), (kept, amounts), rays = begun, child, units.shape[0]
    for k in range(count):
        inside = has(plus if numbers[k] < rays else minus, numbers[k] % rays)
        room[4][k] = 0.0 if inside else BARRED
    size, square = _begun(units, target, support, weights, plus, minus, state), 0.0
    size = nearest(units, target, numbers, count, size, 0, limits, state, room)
    copied(state[0], size, kept)
    copied(state[4], size, amounts)
    for i in range(target.shape[0]):
        square += room[0][i] * room[0][i]
    return size, square


@loop
def branched(
    model: Any, slots: Any, splits: Any, count: int, begun: Any, bounds: Any, patience: int, scratch: Any, trial: Any
) -> tuple[int, int]:
    """Strong branching: the number of the best split, and in which of the two places of `trial` its children are.

    slots: their words and signs, and for each the first one equal to it. begun: the node's support and weights.
    bounds: the node's, the cut, and the least violation. scratch, trial: see `rooms`. The score of a split is the
    product of the least and the greatest gain of its children; both are at most the gap, which tells early that one is
    not better. Many columns are left out at first, except those that splits may violate first: others rarely matter.
    The children of the best one go on with all of theirs.
    """
    (units, _, closed, live), (value, cut, least), (words, signs, groups) = model, bounds, slots
    state, wide, narrow, allowed, near, plus, minus, residual = scratch
    supports, amounts, sizes, values, volumes = trial
    planes, reach = closed.shape[1], (plus, minus)
    gap, slight = cut - value, value + 1e-6 * max(cut - value, 0.0)
    best, chosen, now, vain = -1.0, -1, 0, 0
    _joined(words, signs, live, plus, minus)
    columns = listed(minus, units.shape[0], allowed, listed(plus, 0, allowed, 0))
    packed(units, allowed, columns, wide[3])
    every = allowed, columns, wide
    some = every
    if columns > _MANY:
        patience, few = _LONGER, _near(wide[3], columns, residual, wide, allowed, near)
        packed(units, near, few, narrow[3])
        some = near, few, narrow
    for number in range(count):
        where = splits[number] // planes, splits[number] % planes
        low, most, high, left = gap, 1e-12, 0, copies(groups, where[0]) + 1
        while high < left and (low * gap > best or high == 0):
            volumes[now, high] = _child(words, signs, groups, closed, live, where, high, reach)
            limits, child = (
                (0.0, least, max(value + best / max(gap, 1e-300), slight)),
                (supports[now, high], amounts[now, high]),
            )
            size, reached = _projected(model, reach, some, begun, limits, state, child)
            sizes[now, high], values[now, high] = size, reached if reached > slight else value
            gain = max(min(reached - value, gap), 1e-12)
            low, most, high = min(low, gain), max(most, gain), high + 1
        if high == left and low * gap > best and low * most > best:
            best, chosen, now, vain = low * most, number, 1 - now, 0
        else:
            vain += 1
        if low == gap or vain == patience:
            break
    now = 1 - now
    if columns > _MANY:
        where = splits[chosen] // planes, splits[chosen] % planes
        for high in range(copies(groups, where[0]) + 1):
            _child(words, signs, groups, closed, live, where, high, reach)
            size, child = sizes[now, high], (supports[now, high], amounts[now, high])
            start = supports[now, high, :size], amounts[now, high, :size]
            size, reached = _projected(model, reach, every, start, (0.0, least, slight), state, child)
            sizes[now, high], values[now, high] = size, reached if reached > slight else value
    return chosen, now


@loop
def rooms(units: Any, closed: Any, width: int, length: int) -> Any:
    """What `grow` needs no result of: `scratch`, and `trial`, the children of two splits."""
    samples, words = units.shape[1], closed.shape[2]
    state, allowed, near = workspace(units, length), np.empty(2 * units.shape[0], np.int64), np.empty(_NEAR, np.int64)
    wide, narrow = room(np.empty(samples), 2 * units.shape[0]), room(np.empty(samples), _NEAR)
    some, other = np.empty(words, np.uint64), np.empty(words, np.uint64)
    scratch = state, wide, narrow, allowed, near, some, other, np.empty(samples)
    shape = (2, width + 1)
    supports, amounts = (
        np.empty((2, width + 1, samples + length + 2), np.int64),
        np.empty((2, width + 1, samples + length + 2)),
    )
    return scratch, (supports, amounts, np.zeros(shape, np.int64), np.empty(shape), np.empty(shape))
