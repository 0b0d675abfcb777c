"""The projection of `relaxation` as plain loops, compiled by numba where that is installed.

The passive columns are kept with the Cholesky factor of their Gram matrix, which a column that enters or leaves changes
by one row. Prices are computed for all columns only when none of those that were near to being violated is. Float
results are guesses; nothing rests on them.
"""

from typing import Any

import numpy as np

from symverify.ground.loops import loop, quick_loop

_WAITING = 48  # how many violated columns one pricing keeps for the next steps
_NEAR = 0.1  # columns priced above −_NEAR times the worst price are looked at again
_DEPENDENT = 1e-11  # squared distance from the span of the others


@loop
def copied(source: Any, count: int, target: Any) -> None:
    """The first entries of one vector into another; assigning slices takes long to compile."""
    for k in range(count):
        target[k] = source[k]


@quick_loop
def _dot(a: Any, b: Any) -> float:
    total = 0.0
    for i in range(a.shape[0]):
        total += a[i] * b[i]
    return total


@quick_loop
def _price(units: Any, number: int, residual: Any, margin: float) -> float:
    count = units.shape[0]
    if number < count:
        return _dot(units[number], residual) + margin
    return margin - _dot(units[number - count], residual)


@loop
def workspace(units: Any, extra: int) -> Any:
    """numbers, columns, factor, its solution with the moments, weights, and room for the next weights."""
    samples = units.shape[1]
    size = samples + extra + 2
    return (
        np.empty(size, np.int64),
        np.empty((size, samples)),
        np.empty((size, size)),
        np.empty(size),
        np.zeros(size),
        np.empty(size),
    )


@loop
def room(residual: Any, count: int) -> Any:
    """The `scratch` of `nearest` for so many columns."""
    return residual, np.empty(max(count, _WAITING)), np.empty(count, np.int64), np.empty(_WAITING, np.int64)


@quick_loop
def _enter(units: Any, target: Any, number: int, weight: float, margin: float, state: Any, size: int) -> bool:
    """Append a passive column; False if it depends on the others (then its row of the factor says how)."""
    numbers, columns, factor, solution, weights, _ = state
    count, samples = units.shape
    sign = 1.0 if number < count else -1.0
    for i in range(samples):
        columns[size, i] = sign * units[number % count, i]
    left, moment = _dot(columns[size], columns[size]), _dot(columns[size], target) + margin
    for k in range(size):
        value = _dot(columns[k], columns[size])
        for j in range(k):
            value -= factor[k, j] * factor[size, j]
        value /= factor[k, k]
        factor[size, k] = value
        left -= value * value
        moment -= value * solution[k]
    if left < _DEPENDENT:
        return False
    factor[size, size] = np.sqrt(left)
    solution[size] = moment / factor[size, size]
    numbers[size] = number
    weights[size] = weight
    return True


@quick_loop
def _leave(state: Any, place: int, size: int) -> None:
    """Remove a passive column; rotations make the factor triangular again."""
    numbers, columns, factor, solution, weights, _ = state
    for k in range(place, size - 1):
        numbers[k] = numbers[k + 1]
        weights[k] = weights[k + 1]
        for i in range(columns.shape[1]):
            columns[k, i] = columns[k + 1, i]
        for j in range(k + 2):
            factor[k, j] = factor[k + 1, j]
    for k in range(place, size - 1):
        x, y = factor[k, k], factor[k, k + 1]
        length = np.sqrt(x * x + y * y)
        c, s = x / length, y / length
        factor[k, k], factor[k, k + 1] = length, 0.0
        for i in range(k + 1, size - 1):
            x, y = factor[i, k], factor[i, k + 1]
            factor[i, k], factor[i, k + 1] = c * x + s * y, c * y - s * x
        x, y = solution[k], solution[k + 1]
        solution[k], solution[k + 1] = c * x + s * y, c * y - s * x


@quick_loop
def _move(state: Any, fixed: int, size: int, fresh: bool) -> int:
    """Move to the least squares of the passive columns, dropping those whose weight would turn negative.

    Returns the new number of passive columns; −1 if the last one, `fresh`, cannot take a positive weight.
    """
    _, _, factor, solution, weights, z = state
    while size > 0:
        for i in range(size - 1, -1, -1):
            value = solution[i]
            for k in range(i + 1, size):
                value -= factor[k, i] * z[k]
            z[i] = value / factor[i, i]
        if fresh and z[size - 1] <= 0.0:
            return -1
        fresh = False
        step, leaving = 1.0, -1
        for k in range(fixed, size):
            if z[k] <= 0.0:
                length = weights[k] / max(weights[k] - z[k], 1e-300)
                if leaving < 0 or length < step:
                    step, leaving = length, k
        for k in range(size):
            weights[k] += step * (z[k] - weights[k])
        if leaving < 0:
            return size
        _leave(state, leaving, size)
        size -= 1
    return size


@quick_loop
def _replace(state: Any, fixed: int, size: int) -> float:
    """Give weight to the column after the passive ones, a combination of them, until one of those has none left.

    That one leaves. Returns the weight; −1 if it never happens: then their margins contradict each other.
    """
    _, _, factor, _, weights, z = state
    step, leaving = 0.0, -1
    for k in range(size - 1, -1, -1):
        value = factor[size, k]
        for j in range(k + 1, size):
            value -= factor[j, k] * z[j]
        z[k] = value / factor[k, k]
        if k >= fixed and z[k] > 1e-9 and (leaving < 0 or weights[k] < step * z[k]):
            step, leaving = weights[k] / z[k], k
    if leaving < 0:
        return -1.0
    for k in range(size):
        weights[k] -= step * z[k]
    _leave(state, leaving, size)
    return step


@quick_loop
def _add(units: Any, target: Any, number: int, margin: float, state: Any, fixed: int, size: int) -> int:
    """Take a violated column in and move; the new number of passive columns, −1 if nothing has changed."""
    if _enter(units, target, number, 0.0, margin, state, size):
        return _move(state, fixed, size + 1, True)
    if margin == 0.0:  # violated only by rounding
        return -1
    step = _replace(state, fixed, size)
    if step < 0.0:
        return -1
    size -= 1
    if _enter(units, target, number, step, margin, state, size):
        size += 1
    return _move(state, fixed, size, False)


@quick_loop
def _subtract(state: Any, target: Any, residual: Any, size: int) -> None:
    _, columns, _, _, weights, _ = state
    for i in range(residual.shape[0]):
        residual[i] = target[i]
    for k in range(size):
        for i in range(residual.shape[0]):
            residual[i] -= weights[k] * columns[k, i]


@quick_loop
def _violated(units: Any, residual: Any, numbers: Any, count: int, margin: float, least: float, prices: Any) -> int:
    """The prices of these columns; which is the worst violated one, −1 if none is."""
    top, worst = least, -1
    for place in range(count):
        price = _price(units, numbers[place], residual, margin)
        prices[place] = price
        if price > top:
            top, worst = price, place
    return worst


@quick_loop
def _first(allowed: Any, count: int, worst: int, prices: Any, pool: Any) -> int:
    """Put the columns that are near to being violated, or are, into the pool, with their prices; how many."""
    bar, near = -_NEAR * prices[worst], 0
    for place in range(count):
        if prices[place] > bar:
            pool[near] = allowed[place]
            prices[near] = prices[place]
            near += 1
    return near


@quick_loop
def _queued(pool: Any, near: int, first: int, top: float, prices: Any, waiting: Any) -> int:
    """Put column `first`, of price `top`, and others that are violated about as much into the queue; how many."""
    waiting[0], kept = first, 1
    for place in range(near):
        if kept < waiting.shape[0] and prices[place] > 0.5 * top and pool[place] != first:
            waiting[kept] = pool[place]
            kept += 1
    return kept


@quick_loop
def nearest(
    units: Any, target: Any, allowed: Any, count: int, size: int, fixed: int, limits: Any, state: Any, scratch: Any
) -> int:
    """The projection onto the cone of the first `count` columns `allowed`, from `size` passive ones.

    Returns the number of passive columns at the end. The first `fixed` ones may have any weight. limits: margin, least,
    stop (see `relaxation.project`). scratch: the residual, which is found, and room for prices, pool and queue.
    """
    (margin, least, stop), (residual, prices, pool, waiting) = limits, scratch
    size = _move(state, fixed, size, False)
    _subtract(state, target, residual, size)
    left = 10 * units.shape[1] + 100  # columns that may enter: an end, should rounding make them go in circles
    near, stuck = -1, False
    while left > 0 and _dot(residual, residual) > stop:
        whole = near < 0
        among, asked = (allowed, count) if whole else (pool, near)
        worst = _violated(units, residual, among, asked, margin, least, prices)
        if worst < 0 and whole:
            break
        if worst < 0:
            near = -1
            continue
        first, top, moved = among[worst], prices[worst], False
        if whole:
            near = _first(allowed, count, worst, prices, pool)
        kept = _queued(pool, near, first, top, prices, waiting)
        while kept > 0 and left > 0 and size < state[0].shape[0] - 1:
            worst = _violated(units, residual, waiting, kept, margin, least, prices)
            if worst < 0:
                break
            number = waiting[worst]
            kept -= 1
            left -= 1
            waiting[worst] = waiting[kept]
            found = _add(units, target, number, margin, state, fixed, size)
            if found >= 0:
                size, moved = found, True
                _subtract(state, target, residual, size)
                if _dot(residual, residual) <= stop:
                    break
        if not moved and (stuck or near == count):
            break
        if not moved:
            near = -1
        stuck = not moved
    return size


@quick_loop
def _refine(target: Any, residual: Any, margin: float, fixed: int, state: Any, size: int) -> None:
    """One step of iterative refinement of the weights: the factor has gone through many changes."""
    _, columns, factor, _, weights, z = state
    for i in range(size):
        value = _dot(columns[i], residual) + (margin if i >= fixed else 0.0)
        for k in range(i):
            value -= factor[i, k] * z[k]
        z[i] = value / factor[i, i]
    for i in range(size - 1, -1, -1):
        for k in range(i + 1, size):
            z[i] -= factor[k, i] * z[k]
        z[i] /= factor[i, i]
    for i in range(size):
        weights[i] += z[i]
    _subtract(state, target, residual, size)


@loop
def project(
    units: Any,
    target: Any,
    plus: Any,
    minus: Any,
    warm: Any,
    weights: Any,
    free: Any,
    margin: float,
    least: float,
    stop: float,
) -> tuple[Any, Any, Any]:
    """See `relaxation.project`."""
    rays, count = units.shape[0], plus.shape[0] + minus.shape[0]
    state, residual = workspace(units, free.shape[0] + warm.shape[0]), np.empty(units.shape[1])
    allowed, scratch = np.empty(count, np.int64), room(residual, count)
    for k in range(plus.shape[0]):
        allowed[k] = plus[k]
    for k in range(minus.shape[0]):  # loops compile faster than array expressions
        allowed[plus.shape[0] + k] = minus[k] + rays
    size = 0
    for k in range(free.shape[0]):
        if _enter(units, target, free[k], 0.0, 0.0, state, size):
            size += 1
    fixed = size
    for k in range(warm.shape[0]):
        if _enter(units, target, warm[k], weights[k], margin, state, size):
            size += 1
    size = nearest(units, target, allowed, count, size, fixed, (margin, least, stop), state, scratch)
    _refine(target, residual, margin, fixed, state, size)
    numbers, amounts = np.empty(size, np.int64), np.empty(size)
    for k in range(size):
        numbers[k], amounts[k] = state[0][k], state[4][k]
    return numbers, amounts, residual
