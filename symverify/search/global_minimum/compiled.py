"""The projection of `relaxation` as plain loops, compiled by numba where that is installed.

Float results are guesses; nothing rests on them.
"""

from typing import Any

import numba
import numpy as np

_WAITING = 48  # how many violated columns one pricing keeps for the next steps


@numba.njit(cache=True, fastmath=True)
def _dot(a: Any, b: Any) -> float:
    total = 0.0
    for i in range(a.shape[0]):
        total += a[i] * b[i]
    return total


@numba.njit(cache=True)
def _solve(gram: Any, rhs: Any, factor: Any, z: Any, size: int) -> int:
    """Cholesky: z with gram·z = rhs and −1, or the number of a column that depends on the ones before it."""
    for i in range(size):
        for j in range(i):
            value = gram[i, j]
            for k in range(j):
                value -= factor[i, k] * factor[j, k]
            factor[i, j] = value / factor[j, j]
        value = gram[i, i]
        for k in range(i):
            value -= factor[i, k] * factor[i, k]
        if value < 1e-11:
            return i
        factor[i, i] = np.sqrt(value)
    for i in range(size):
        value = rhs[i]
        for k in range(i):
            value -= factor[i, k] * z[k]
        z[i] = value / factor[i, i]
    for i in range(size - 1, -1, -1):
        value = z[i]
        for k in range(i + 1, size):
            value -= factor[k, i] * z[k]
        z[i] = value / factor[i, i]
    return -1


@numba.njit(cache=True)
def _append(state: Any, units: Any, target: Any, number: int, margin: float, size: int) -> None:
    numbers, columns, gram, rhs, weights = state
    count = units.shape[0]
    numbers[size] = number
    sign = 1.0 if number < count else -1.0
    for i in range(units.shape[1]):
        columns[size, i] = sign * units[number % count, i]
    for k in range(size + 1):
        gram[size, k] = gram[k, size] = _dot(columns[k], columns[size])
    rhs[size] = _dot(columns[size], target) + margin
    weights[size] = 0.0


@numba.njit(cache=True)
def _remove(state: Any, place: int, size: int) -> None:
    numbers, columns, gram, rhs, weights = state
    for k in range(place, size - 1):
        numbers[k] = numbers[k + 1]
        columns[k] = columns[k + 1]
        rhs[k] = rhs[k + 1]
        weights[k] = weights[k + 1]
    for k in range(place, size - 1):
        for j in range(size):
            gram[k, j] = gram[k + 1, j]
    for k in range(place, size - 1):
        for j in range(size):
            gram[j, k] = gram[j, k + 1]


@numba.njit(cache=True)
def _subtract(state: Any, target: Any, residual: Any, size: int) -> None:
    _, columns, _, _, weights = state
    residual[:] = target
    for k in range(size):
        for i in range(residual.shape[0]):
            residual[i] -= weights[k] * columns[k, i]


@numba.njit(cache=True)
def _replace(factor: Any, weights: Any, z: Any, fixed: int, newest: int) -> int:
    """Give weight to the newest column, a combination of the ones before, until one of them has none left: which.

    −1 if that never happens: then their margins contradict each other.
    """
    step, leaving = 0.0, -1
    for k in range(newest - 1, -1, -1):
        value = factor[newest, k]
        for j in range(k + 1, newest):
            value -= factor[j, k] * z[j]
        z[k] = value / factor[k, k]
        if k >= fixed and z[k] > 1e-9 and (leaving < 0 or weights[k] < step * z[k]):
            step, leaving = weights[k] / z[k], k
    if leaving >= 0:
        for k in range(newest):
            weights[k] -= step * z[k]
        weights[newest] = step
    return leaving


@numba.njit(cache=True)
def _settle(state: Any, factor: Any, z: Any, fixed: int, size: int, newest: int, margin: float) -> int:
    """Move to the least squares of the passive columns, dropping those whose weight would turn negative.

    Returns the new number of passive columns; −1 if the newest column cannot take a positive weight.
    """
    _, _, gram, rhs, weights = state
    while size > 0:
        dependent = _solve(gram, rhs, factor, z, size)
        if dependent >= 0:
            if dependent == newest:
                if margin == 0.0:  # violated only by rounding
                    return -1
                dependent = _replace(factor, weights, z, fixed, newest)
                if dependent < 0:
                    return -1
            _remove(state, dependent, size)
            size -= 1
            newest = newest - 1 if newest > dependent else newest
            continue
        if newest >= 0 and newest == size - 1 and weights[newest] == 0.0 and z[newest] <= 0.0:
            return -1
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
        _remove(state, leaving, size)
        size -= 1
        newest = newest - 1 if newest > leaving else (-1 if newest == leaving else newest)
    return size


@numba.njit(cache=True)
def _price(
    units: Any, residual: Any, plus: Any, minus: Any, margin: float, least: float, waiting: Any, prices: Any
) -> int:
    """Put the numbers of the most violated columns into `waiting`, the worst first; how many."""
    count, top, worst = units.shape[0], least, -1
    for place in range(plus.shape[0]):
        price = _dot(units[plus[place]], residual) + margin
        prices[place] = price
        if price > top:
            top, worst = price, plus[place]
    start = plus.shape[0]
    for place in range(minus.shape[0]):
        price = margin - _dot(units[minus[place]], residual)
        prices[start + place] = price
        if price > top:
            top, worst = price, minus[place] + count
    if worst < 0:
        return 0
    waiting[0], kept = worst, 1
    for share in (0.9, 0.7, 0.5):
        for place in range(start + minus.shape[0]):
            if kept < waiting.shape[0] and prices[place] > share * top:
                prices[place] = 0.0
                waiting[kept] = plus[place] if place < start else minus[place - start] + count
                kept += 1
    return kept


@numba.njit(cache=True)
def project(
    units: Any, target: Any, plus: Any, minus: Any, warm: Any, free: Any, margin: float, least: float, stop: float
) -> tuple[Any, Any, Any]:
    """See `relaxation.project`."""
    count, samples = units.shape
    room = samples + free.shape[0] + warm.shape[0] + 2
    state = (
        np.empty(room, np.int64),
        np.empty((room, samples)),
        np.empty((room, room)),
        np.empty(room),
        np.zeros(room),
    )
    factor, z, residual = np.empty((room, room)), np.empty(room), target.copy()
    prices, waiting = np.empty(plus.shape[0] + minus.shape[0]), np.empty(_WAITING, np.int64)
    fixed, size = free.shape[0], 0
    for number in free:
        _append(state, units, target, number, 0.0, size)
        size += 1
    for number in warm:
        _append(state, units, target, number, margin, size)
        state[4][size] = 1e-9
        size += 1
    if size:
        size = _settle(state, factor, z, fixed, size, -1, margin)
        _subtract(state, target, residual, size)
    left = 10 * samples + 100  # columns that may enter: an end, should rounding make them go in circles
    while left > 0 and _dot(residual, residual) > stop:
        kept = _price(units, residual, plus, minus, margin, least, waiting, prices)
        moved = False
        while kept > 0 and left > 0 and size < room - 1:
            top, place = least, -1
            for k in range(kept):
                sign = 1.0 if waiting[k] < count else -1.0
                price = sign * _dot(units[waiting[k] % count], residual) + margin
                if price > top:
                    top, place = price, k
            if place < 0:
                break
            number = waiting[place]
            kept -= 1
            left -= 1
            waiting[place] = waiting[kept]
            _append(state, units, target, number, margin, size)
            settled = _settle(state, factor, z, fixed, size + 1, size, margin)
            if settled >= 0:
                size, moved = settled, True
                _subtract(state, target, residual, size)
                if _dot(residual, residual) <= stop:
                    break
        if not moved:
            break
    return state[0][:size].copy(), state[4][:size].copy(), residual
