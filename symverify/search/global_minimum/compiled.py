"""The projection of `relaxation` as plain loops, compiled by numba where that is installed.

The passive columns are kept with the Cholesky factor of their Gram matrix, which a column that enters or leaves changes
by one row. Float results are guesses; nothing rests on them.
"""

from typing import Any

import numpy as np

from symverify.ground.loops import dot, loop, quick_loop

_POOL = 64  # violated columns that are looked at before all are again
_SHARE = 0.1  # of the greatest price, above which columns come into the pool, and to which it is brought down
_RAISED = 20  # so often at most the bar is raised for the pool
BARRED = 1e9  # above all prices
_NOISE = 1e-6  # of the residual's length: what prices in short floats may be wrong by
_TOGETHER = 1024  # columns priced at once: their prices stay in the fastest memory
_DEPENDENT = 1e-11  # squared distance from the span of the others


@loop
def copied(source: Any, count: int, target: Any) -> None:
    """The first entries of one vector into another; assigning slices takes long to compile."""
    for k in range(count):
        target[k] = source[k]


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
    """The `scratch` of `nearest` for so many columns.

    The residual, which is found, and in short floats; in these the prices, the columns as `packed` has them, and for
    each 0, or what bars it. Then their places, the same for a pool of a few, and prices of these.
    """
    samples, short = residual.shape[0], np.float32
    prices, columns, barred = np.empty(count, short), np.empty((samples, count + 16), short), np.zeros(count, short)
    places, pool = np.empty(count + 1, np.int64), np.empty(_POOL, np.int64)
    few, out, exact = np.empty((samples, _POOL)), np.zeros(_POOL), np.empty(_POOL)
    return residual, np.empty(samples, short), prices, columns, barred, places, pool, few, out, exact


@quick_loop
def _enter(units: Any, target: Any, number: int, weight: float, margin: float, state: Any, size: int) -> bool:
    """Append a passive column; False if it depends on the others (then its row of the factor says how)."""
    numbers, columns, factor, solution, weights, _ = state
    count, samples = units.shape
    sign = 1.0 if number < count else -1.0
    for i in range(samples):
        columns[size, i] = sign * units[number % count, i]
    left, moment = dot(columns[size], columns[size]), dot(columns[size], target) + margin
    for k in range(size):
        value = dot(columns[k], columns[size]) - dot(factor[k, :k], factor[size, :k])
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
def packed(units: Any, numbers: Any, count: int, columns: Any) -> None:
    """These columns, one sample after the other: so all are priced at once."""
    rays = units.shape[0]
    for place in range(count):
        ray, sign = (numbers[place], 1.0) if numbers[place] < rays else (numbers[place] - rays, -1.0)
        for i in range(units.shape[1]):
            columns[i, place] = sign * units[ray, i]


@quick_loop
def _priced(columns: Any, barred: Any, residual: Any, count: int, margin: Any, prices: Any) -> float:
    """The prices of packed columns but those that are barred, and the greatest."""
    samples, top = residual.shape[0], -BARRED
    for start in range(0, count, _TOGETHER):
        size = min(_TOGETHER, count - start)
        out, bar = prices[start : start + size], barred[start : start + size]
        for k in range(size):
            out[k] = margin - bar[k]
        i = 0
        while i + 4 <= samples:
            a, b, c, d = residual[i], residual[i + 1], residual[i + 2], residual[i + 3]
            first, second = columns[i, start : start + size], columns[i + 1, start : start + size]
            third, fourth = columns[i + 2, start : start + size], columns[i + 3, start : start + size]
            for k in range(size):  # slices and four rows at once: this is what all the time is spent with
                out[k] += a * first[k] + b * second[k] + c * third[k] + d * fourth[k]
            i += 4
        while i < samples:
            a, first = residual[i], columns[i, start : start + size]
            for k in range(size):
                out[k] += a * first[k]
            i += 1
        for k in range(size):
            top = max(top, out[k])
    return top


@quick_loop
def _above(allowed: Any, count: int, top: float, prices: Any, noise: float, places: Any, pool: Any) -> int:
    """Put the columns of the greatest prices into the pool, if they are above −noise; how many."""
    bar, kept = _SHARE * top if top > noise else -noise, 0
    for place in range(count):
        places[kept] = place
        kept += int(prices[place] > bar)  # no branch, which could not be foreseen
    for _ in range(_RAISED):
        if kept <= pool.shape[0]:
            break
        before, some, bar = kept, 0, bar + 2.0 * _SHARE * (top - bar)
        for k in range(before):
            place = places[k]
            places[some] = place
            some += int(prices[place] > bar)
        if some == 0:
            break
        kept = some
    if kept > pool.shape[0]:
        kept = pool.shape[0]
    for k in range(kept):
        pool[k] = allowed[places[k]]
    return kept


@quick_loop
def _worst(prices: Any, count: int, least: float) -> int:
    """The place of the greatest price above `least`, −1 if there is none."""
    top, worst = least, -1
    for place in range(count):
        if prices[place] > top:
            top, worst = prices[place], place
    return worst


@quick_loop
def nearest(
    units: Any, target: Any, allowed: Any, count: int, size: int, fixed: int, limits: Any, state: Any, scratch: Any
) -> int:
    """The projection onto the cone of the first `count` columns `allowed`, from `size` passive ones.

    Returns the number of passive columns at the end. The first `fixed` ones may have any weight. limits: margin, least,
    stop (see `relaxation.project`). scratch: see `room`.
    """
    (margin, least, stop), (residual, short, rough, columns, barred, places, pool, few, out, prices) = limits, scratch
    size = _move(state, fixed, size, False)
    _subtract(state, target, residual, size)
    left = 10 * units.shape[1] + 100  # columns that may enter: an end, should rounding make them go in circles
    while left > 0 and dot(residual, residual) > stop:
        noise, moved = _NOISE * (np.sqrt(dot(residual, residual)) + margin), False
        for i in range(residual.shape[0]):
            short[i] = residual[i]
        top = _priced(columns, barred, short, count, np.float32(margin), rough)
        near = _above(allowed, count, top, rough, noise, places, pool)
        packed(units, pool, near, few)
        for k in range(near):
            out[k] = 0.0
        while left > 0 and size < state[0].shape[0] - 1:
            if _priced(few, out, residual, near, margin, prices) <= max(least, _SHARE * top):
                break
            worst = _worst(prices, near, least)
            found = _add(units, target, pool[worst], margin, state, fixed, size)
            left -= 1
            if found < 0:
                out[worst] = BARRED
                continue
            size, moved = found, True
            _subtract(state, target, residual, size)
            if dot(residual, residual) <= stop:
                return size
        if not moved:
            break
    return size


@quick_loop
def _refine(target: Any, residual: Any, margin: float, fixed: int, state: Any, size: int) -> None:
    """One step of iterative refinement of the weights: the factor has gone through many changes."""
    _, columns, factor, _, weights, z = state
    for i in range(size):
        value = dot(columns[i], residual) + (margin if i >= fixed else 0.0) - dot(factor[i, :i], z[:i])
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
    packed(units, allowed, count, scratch[3])
    size = nearest(units, target, allowed, count, size, fixed, (margin, least, stop), state, scratch)
    _refine(target, residual, margin, fixed, state, size)
    numbers, amounts = np.empty(size, np.int64), np.empty(size)
    for k in range(size):
        numbers[k], amounts[k] = state[0][k], state[4][k]
    return numbers, amounts, residual
