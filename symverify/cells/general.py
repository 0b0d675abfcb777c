"""Chambers of an arrangement in general position (every r of its n rows independent), each found exactly once.

Choose a flag of linear forms f_0, f_1, … with f_0 the first row and the others generic. For k ≤ r − 1 and a
k-subset S of the other rows let p_S be the point where S and f_0 … f_{r-2-k} vanish, oriented by f_{r-1-k} > 0.
The chambers with f_0 > 0 are in bijection with the subsets S: on the slice f_0 = 1 a chamber on which f_1 is
bounded above has a unique highest point, p_S with |S| = r − 1; the others are those that meet f_0 = 0 < f_1 (no
row but the first vanishes identically there), and so on downwards. The chamber of S has the signs of p_S outside
S and, for i in S, the opposite of the sign of row i at p_{S − i}: that is the direction in which the edge of S − i
goes up, and the chamber lies below.
"""

from dataclasses import dataclass
from math import comb, gcd

import numpy as np

from symverify.cells.exterior import (
    Indices,
    IntArray,
    Signs,
    narrowed,
    null_vectors,
    primitive,
    product_signs,
    safe,
    signs_of,
    wedge,
)
from symverify.cells.flats import Stars, boolean_words
from symverify.cells.words import Words, bit_table, pack
from symverify.ground.time_limit import on_time

_LARGEST = 1 << 27  # coordinates of rays to hold at once; beyond, the lattice of flats is walked instead
_MANY = 4000  # with more rays than this, first look at
_PREFIX = 8  # the first r + 8 rows, where degenerate data mostly show


@dataclass(frozen=True, slots=True, eq=False)
class _Level:
    """The points p_S of the k-subsets S of rows 1 … n − 1, in colexicographic order.

    subsets: (k, N). points: (N, k + 1), on the subspace f_0 = … = f_{r-2-k} = 0. signs: (N, n), of the rows there.
    """

    subsets: Indices
    points: IntArray
    signs: Signs


def general_position(rows: IntArray) -> tuple[IntArray, Signs, Words] | None:
    """(rays (R, r), ray signs (R, n), chambers (W, C/2) with row 0 positive) of n rows (n, r), or None if they are
    not in general position or too many. Rays are primitive, in no particular order and orientation."""
    count, rank = rows.shape
    rays = comb(count, rank - 1)
    if rank == 1 or rays * rank > _LARGEST:
        return None
    if rays > _MANY and count > rank + _PREFIX and general_position(rows[: rank + _PREFIX]) is None:
        return None
    levels: list[_Level] = []
    coordinates = rows
    for size in range(rank - 1, -1, -1):
        subsets, points = _points(coordinates, size)
        chart, orientation = _generic_form(points) if levels else (rows[0], _form_signs(points, rows[0]))
        points = points * orientation[:, None]
        signs = product_signs(points, coordinates)
        # Each point lies on the rows of its subset. In general position it lies on no other but the first.
        if not orientation.all() or np.count_nonzero(signs[:, 1:]) != len(points) * (count - 1 - size):
            return None
        levels.append(_Level(subsets, points, signs))
        coordinates = _primitive_rows(_product(coordinates, _kernel(chart)))
    points = np.concatenate([levels[0].points, _product(levels[1].points, _kernel(rows[0]).T)])
    words = [_chambers(*pair) for pair in zip(levels, [*levels[1:], None], strict=True)]
    ray_signs = np.concatenate([levels[0].signs, levels[1].signs])
    return _primitive_rows(points), ray_signs, np.concatenate(words, axis=1)


def _points(coordinates: IntArray, size: int) -> tuple[Indices, IntArray]:
    """The `size`-subsets (size, N) of the rows but the first, and the points (N, size + 1) where they vanish."""
    normals = np.ascontiguousarray(coordinates.T)
    omega: IntArray = np.ones((1, 1), dtype=np.int64)
    subsets = np.zeros((0, 1), dtype=np.int64)
    for grade in range(size):
        sizes = np.array([comb(row - 1, grade) for row in range(1, len(coordinates))])
        last = np.repeat(np.arange(1, len(coordinates)), sizes)
        parent = np.arange(len(last)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        omega = wedge(omega[:, parent], normals[:, last], grade)
        subsets = np.concatenate([subsets[:, parent], last[None]])
    return subsets, np.ascontiguousarray(null_vectors(omega).T)


def _kernel(form: IntArray) -> IntArray:
    """A matrix (k + 1, k) whose integer columns span the kernel of a form on k + 1 coordinates."""
    entries = [int(x) for x in form]
    pivot = min((i for i, x in enumerate(entries) if x), key=lambda i: abs(entries[i]))
    columns = []
    for i, entry in enumerate(entries):
        if i != pivot:
            common = gcd(entry, entries[pivot])
            column = [0] * len(entries)
            column[i], column[pivot] = entries[pivot] // common, -entry // common
            columns.append(column)
    return narrowed(np.array(columns, dtype=object).reshape(-1, len(entries)).T)


def _product(left: IntArray, right: IntArray) -> IntArray:
    on_time()
    if safe(left.shape[1], left, right):
        return left @ right
    return narrowed(np.asarray(left.astype(object) @ right.astype(object)))


def _primitive_rows(rows: IntArray) -> IntArray:
    return np.ascontiguousarray(primitive(rows.T).T)


def _form_signs(points: IntArray, form: IntArray) -> Signs:
    return signs_of(_product(points, form[:, None])[:, 0])


def _generic_form(points: IntArray) -> tuple[IntArray, Signs]:
    """A linear form that is non-zero at all points (N, k + 1), and its signs there: small integers, found by trial."""
    width = points.shape[1]
    random = np.random.default_rng(width)
    size = 4
    while True:
        form = np.append(random.integers(-size, size + 1, width - 1), 1)
        signs = _form_signs(points, form)
        if signs.all():
            return form, signs
        size += size // 2


def _chambers(level: _Level, lower: _Level | None) -> Words:
    """The chamber (W, N) of each subset of the level: signs of p_S, and of p_{S − i} for i in S."""
    bits = bit_table(level.signs.shape[1])
    words = pack(level.signs > 0)
    words |= bits[:, :1]
    if lower is None:
        return words
    size = len(level.subsets)
    rows = np.arange(level.signs.shape[1])
    # The colexicographic rank of {s_0 < s_1 < …} in 1 … n − 1 is Σ_t C(s_t − 1, t + 1).
    ranks = [np.array([comb(int(s) - 1, t) if s else 0 for s in rows]) for t in range(size + 1)]
    for removed, row in enumerate(level.subsets):
        face = np.zeros(len(row), dtype=np.int64)
        for place, other in enumerate(level.subsets):
            if place != removed:
                face += ranks[place + 1 if place < removed else place][other]
        positive = lower.signs[face, row] < 0
        words |= np.where(positive, bits[:, row], np.uint64(0))
    return words


def simple_stars(ray_signs: Signs) -> Stars:
    """The stars of rays in general position: all sign vectors on the r − 1 hyperplanes of each occur."""
    masks = pack(ray_signs == 0)
    words = boolean_words(masks, int(np.count_nonzero(ray_signs[0] == 0)))
    return Stars(np.arange(len(ray_signs) + 1) * words.shape[2], words.reshape(len(masks), -1), masks)
