"""Short integer vectors near a real one and orthogonal to given integer vectors, by loops that numba compiles.

All integers are in floats, exact below 2^53; beyond, or where no such vector is found, what is returned is wrong: the
caller checks. `rounding` does the same for integers of any size, on every processor alike. Imported only where numba is
installed.
"""

from typing import Any

import numpy as np

from symverify.ground.loops import dot, loop, quick_loop
from symverify.search.global_minimum.compiled import copied
from symverify.search.global_minimum.sets import meet

_FLAT = 1e-7  # of a line's largest entry: what counts as 0
_NEAR = 1e-9  # a coordinate's square in the span of the lines may miss 1 by this where it is 0 off them
_EXTRA, _MORE = 6, 20  # coordinates that corrections may use beyond those that they need; where these are too few
_REDUCED = 0.9  # Lovász's condition
_LARGE, _EXACT = 2.0**30, 2.0**53  # entries above are not tried; integers above may not be exact


@loop
def _kept(basis: Any, biased: bool, kept: Any) -> int:
    """The coordinates that may be other than 0 off the lines of this orthonormal basis; how many."""
    width, samples = 0, kept.shape[0]
    for i in range(samples):
        part = 0.0
        for k in range(basis.shape[0]):
            part += basis[k, i] * basis[k, i]
        if part <= 1.0 - biased / samples - _NEAR:
            kept[width], width = i, width + 1
    return width


@loop
def _divisor(a: Any, b: Any) -> Any:
    """The greatest common divisor of two integers, the first of them ≥ 0."""
    b = abs(b)
    while b:
        a, b = b, a % b
    return a


@loop
def _restricted(columns: Any, chosen: Any, biased: bool, kept: Any, width: int, found: Any) -> int:
    """The lines, and (1, …, 1) if `biased`, on those coordinates and over their common divisors; how many are not 0."""
    total = 0
    for k in range(-1 if biased else 0, chosen.shape[0]):
        divisor = np.int64(0)
        for i in range(width):
            entry = np.int64(1 if k < 0 else columns[chosen[k], kept[i]])
            found[total, i], divisor = entry, _divisor(divisor, entry)
        for i in range(width):
            found[total, i] /= max(divisor, 1)
        total += int(divisor > 0)
    return total


@quick_loop
def _pivoted(lines: Any, total: int, width: int, order: Any) -> int:
    """Put independent lines first, and first in `order` coordinates on which these are so, too; how many they are."""
    left, rank = np.empty((total, width)), 0
    for k in range(total):
        top = 0.0
        for i in range(width):
            top = max(top, abs(lines[k, i]))
        for i in range(width):
            left[k, i] = lines[k, i] / top
    for i in range(width):
        order[i] = i
    while rank < min(total, width):
        top, row, place = _FLAT, -1, -1
        for k in range(rank, total):
            for i in range(rank, width):
                if abs(left[k, i]) > top:
                    top, row, place = abs(left[k, i]), k, i
        if row < 0:
            break
        for i in range(width):
            lines[rank, i], lines[row, i] = lines[row, i], lines[rank, i]
            left[rank, i], left[row, i] = left[row, i], left[rank, i]
        order[rank], order[place] = order[place], order[rank]
        for k in range(rank, total):
            left[k, rank], left[k, place] = left[k, place], left[k, rank]
        for k in range(rank + 1, total):
            part = left[k, rank] / left[rank, rank]
            for i in range(rank, width):
                left[k, i] -= part * left[rank, i]
        rank += 1
    return rank


@loop
def _coprime(lines: Any, rank: int, width: int, order: Any) -> None:
    """Put coordinates next in `order` that leave a line's entries on the first ones no divisor that others lack.

    Else its products with rounded vectors may be no multiples of that.
    """
    first = rank
    for k in range(rank):
        divisor = np.int64(0)
        for i in range(first):
            divisor = _divisor(divisor, np.int64(lines[k, order[i]]))
        for i in range(first, width):
            less = _divisor(divisor, np.int64(lines[k, order[i]]))
            if less < divisor:
                order[first], order[i] = order[i], order[first]
                divisor, first = less, first + 1


@loop
def _within(vector: Any, bound: float) -> bool:
    """Whether all entries are numbers of less than this size."""
    within = True
    for i in range(vector.shape[0]):
        within = within and abs(vector[i]) < bound
    return within


@quick_loop
def _reduce(rows: Any, start: int, stars: Any, norms: Any) -> bool:
    """Lattice reduction (Lenstra, Lenstra, Lovász) of the rows from `start` on; their orthogonal parts, and norms.

    False where they are too large for it.
    """
    size, k = rows.shape[0], start
    for _ in range(100 * size):
        if k >= size:
            break
        for j in range(k - 1, start - 1, -1):
            part = np.rint(dot(rows[k], stars[j]) / norms[j])
            if part != 0.0:
                for i in range(size):
                    rows[k, i] -= part * rows[j, i]
        copied(rows[k], size, stars[k])
        part = 0.0
        for j in range(start, k):
            part = dot(stars[k], stars[j]) / norms[j]
            for i in range(size):
                stars[k, i] -= part * stars[j, i]
        norms[k] = dot(stars[k], stars[k])
        if not _within(rows[k], _EXACT) or norms[k] < _FLAT:
            return False
        if k > start and norms[k] + part * part * norms[k - 1] < _REDUCED * norms[k - 1]:
            for i in range(size):
                rows[k, i], rows[k - 1, i] = rows[k - 1, i], rows[k, i]
            k -= 1
        else:
            k += 1
    return bool(k >= size)


@quick_loop
def _pulled(vector: Any, aim: Any, rows: Any, start: int, stars: Any, norms: Any) -> None:
    """Move a vector by a lattice, of basis rows[start:], near to an aim: Babai's nearest plane."""
    size = rows.shape[0]
    off = np.empty(size)
    for _ in range(2):  # the first time from far away
        for i in range(size):
            off[i] = aim[i] - vector[i]
        for k in range(size - 1, start - 1, -1):
            part = np.rint(dot(off, stars[k]) / norms[k])
            if part != 0.0:
                for i in range(size):
                    off[i] -= part * rows[k, i]
                    vector[i] += part * rows[k, i]


@quick_loop
def _solved(lines: Any, rank: int, order: Any, basis: Any) -> bool:
    """Bases of the integer vectors on the first coordinates of `order` that are orthogonal to the first lines.

    Of basis k, row k < rank is orthogonal to the lines before line k, and its product with that is steps[k]; the rows
    behind it are a reduced basis of what is orthogonal to line k, too. False if the lines depend on each other there,
    or integers are too large.
    """
    rows, steps, stars, norms = basis
    size = rows.shape[1]
    amounts, nothing = np.zeros(size), np.zeros(size)
    for k in range(rank):
        for j in range(size):
            for i in range(size):
                rows[k, j, i] = rows[k - 1, j, i] if k else (1.0 if i == j else 0.0)
        for j in range(k, size):
            amounts[j] = 0.0
            for i in range(size):
                amounts[j] += lines[k, order[i]] * rows[k, j, i]
        for _ in range(100 * size):  # Euclid's algorithm with the two largest
            most, second = k, -1
            for j in range(k + 1, size):
                if abs(amounts[j]) > abs(amounts[most]):
                    most, second = j, most
                elif second < 0 or abs(amounts[j]) > abs(amounts[second]):
                    second = j
            if second < 0 or amounts[second] == 0.0:
                break
            part = np.rint(amounts[most] / amounts[second])
            amounts[most] -= part * amounts[second]
            for i in range(size):
                rows[k, most, i] -= part * rows[k, second, i]
        if amounts[most] == 0.0:
            return False
        for i in range(size):
            rows[k, k, i], rows[k, most, i] = rows[k, most, i], rows[k, k, i]
        steps[k] = amounts[most]
        if not _within(rows[k, k], _EXACT) or not _reduce(rows[k], k + 1, stars[k], norms[k]):
            return False
        _pulled(rows[k, k], nothing, rows[k], k + 1, stars[k], norms[k])
    return True


@quick_loop
def _balanced(real: Any, vector: Any) -> None:
    """Make the sum of a rounded vector 0, at the entries that were rounded most in that direction."""
    total = 0.0
    for i in range(real.shape[0]):
        total += vector[i]
    step = 1.0 if total > 0.0 else -1.0
    while total != 0.0:
        most = 0
        for i in range(1, real.shape[0]):
            if step * (vector[i] - real[i]) > step * (vector[most] - real[most]):
                most = i
        vector[most] -= step
        total -= step


@quick_loop
def _near(real: Any, lines: Any, rank: int, order: Any, basis: Any, vector: Any) -> bool:
    """Make a rounded vector orthogonal to the lines, near the real one; False if it takes more room."""
    rows, steps, stars, norms = basis
    size = rows.shape[1]
    some, aim = np.empty(size), np.empty(size)
    for i in range(size):
        some[i], aim[i] = vector[order[i]], real[order[i]]
    for k in range(rank):
        amount, most = 0.0, 0.0
        for i in range(vector.shape[0]):
            amount += lines[k, i] * vector[i]
            most += abs(lines[k, i] * vector[i])
        part = np.rint(amount / steps[k])
        if part * steps[k] != amount or most > _EXACT:
            return False
        for i in range(size):
            some[i] -= part * rows[k, k, i]
        _pulled(some, aim, rows[k], k + 1, stars[k], norms[k])
        for i in range(size):
            vector[order[i]] = some[i]
    return True


@loop
def _basis(rank: int, size: int) -> Any:
    """Room for what `_solved` finds: rows, steps, the rows' orthogonal parts, and their norms."""
    return np.empty((rank, size, size)), np.empty(rank), np.empty((rank, size, size)), np.empty((rank, size))


@quick_loop
def signed(columns: Any, vector: Any, words: int) -> Any:
    """The bit set of the columns on which an integer vector is positive, and then that of those where it is negative.

    Exact where all sums of absolute products are integers below 2^53.
    """
    blocked = np.zeros(2 * words, np.uint64)
    for k in range(columns.shape[0]):
        value = dot(columns[k], vector)
        if value != 0.0:
            blocked[(0 if value > 0.0 else words) + (k >> 6)] |= np.uint64(1) << np.uint64(k & 63)
    return blocked


@quick_loop
def rounded(columns: Any, node: Any, lines: Any, residual: Any, scales: Any, biased: bool, limits: Any) -> Any:
    """The first of the multiples of a residual that, rounded orthogonally to the lines, proves the share for a node.

    columns: (N, n) integers. node: its rays, and the target. lines: an orthonormal basis of their span, and the numbers
    of as many columns that span it. limits: the share; and the size from which on entries are not exact in `signed`.
    Returns the vector, or 0 for all entries if there is none, what `signed` says of it, and the number of the first
    multiple for which integers were too large for floats, −1 if for none.
    """
    (reach, target), (basis, chosen), (share, largest), samples = node, lines, limits, residual.shape[0]
    kept, order = np.empty(samples, np.int64), np.empty(samples, np.int64)
    found = np.empty((chosen.shape[0] + 1, samples))
    width = _kept(basis, biased, kept)
    total = _restricted(columns, chosen, biased, kept, width, found)
    rank = _pivoted(found, total, width, order)
    _coprime(found, rank, width, order)
    straight, even = np.ascontiguousarray(found[:rank, :width]), rank == 1
    for i in range(width):
        even = even and straight[0, i] == straight[0, 0]
    vector, real, near, beyond = np.zeros(samples), np.empty(width), np.empty(width), -1
    for extra in (_EXTRA, _MORE):
        work, beyond = _basis(rank, min(width, rank + extra)), -1
        if not even and not _solved(straight, rank, order, work):
            beyond = 0
            continue
        for place in range(scales.shape[0]):
            scale = scales[place]
            for i in range(width):
                real[i] = scale * residual[kept[i]]
                near[i] = np.rint(real[i])
            if not _within(real, _LARGE):
                break
            if even:
                _balanced(real, near)
            elif not _near(real, straight, rank, order, work, near):
                beyond = place
                break
            for i in range(width):
                vector[kept[i]] = near[i]
            gain = dot(vector, target)
            if gain > 0.0 and gain * gain >= share * dot(vector, vector) and _within(near, largest):
                blocked = signed(columns, vector, reach.shape[0] // 2)
                if not meet(blocked, reach):
                    return vector, blocked, -1
    return np.zeros(samples), np.zeros(reach.shape[0], np.uint64), beyond
