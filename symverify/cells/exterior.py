"""Exact vectorised exterior algebra over the integers: wedge products, primitive vectors, signs of products.

Vectors are stored coordinate first: an array (C, N) holds N vectors of C coordinates. Arrays are int64 while the
actual size of their entries proves that no intermediate result overflows, and hold Python integers otherwise.
"""

from collections.abc import Sequence
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symverify.ground.time_limit import on_time, timed

IntArray = NDArray[Any]  # dtype int64 or object (Python integers)
Signs = NDArray[np.int8]
Indices = NDArray[np.int64]

_CHUNK = 1 << 19  # matrix entries handled at once, so that the temporaries stay in the cache
_FEW = 1 << 13  # of them where they may be large numbers, so that none takes long


def integers(rows: Sequence[Sequence[int]], width: int) -> IntArray:
    """The (len(rows), width) array of `rows`, int64 if they fit."""
    exact = np.array(rows, dtype=object).reshape(len(rows), width)
    return narrowed(exact)


def largest(array: IntArray) -> int:
    """The largest absolute value in `array` (0 if it is empty)."""
    return max(int(array.max()), -int(array.min())) if array.size else 0


def narrowed(array: IntArray) -> IntArray:
    """`array` as int64 if its entries fit with room for one addition, else as Python integers."""
    if array.dtype == np.int64:
        return array
    return array.astype(np.int64) if largest(array) < 1 << 62 else array


def safe(terms: int, *factors: IntArray) -> bool:
    """Whether sums of `terms` products of one entry of each factor fit into int64."""
    bound = terms
    for factor in factors:
        if factor.dtype != np.int64:
            return False
        bound *= largest(factor)
    return bound < 1 << 63


@cache
def _wedge_terms(dimension: int, grade: int) -> tuple[tuple[tuple[int, int, bool], ...], ...]:
    """For each (grade + 1)-subset S of the axes the terms (index of S minus s, s, is the sign negative)."""
    index = {subset: i for i, subset in enumerate(combinations(range(dimension), grade))}
    return tuple(
        tuple(
            (index[target[:place] + target[place + 1 :]], axis, (grade - place) % 2 == 1)
            for place, axis in enumerate(target)
        )
        for target in combinations(range(dimension), grade + 1)
    )


def wedge(omega: IntArray, vectors: IntArray, grade: int) -> IntArray:
    """ω ∧ a, coordinate first: ω is (C(r, grade), …), a is (r, …), the result (C(r, grade + 1), …).

    Coordinates are indexed by the subsets of the axes in lexicographic order. The trailing shapes broadcast.
    """
    if not safe(grade + 1, omega, vectors):
        omega, vectors = omega.astype(object), vectors.astype(object)
    coordinates = []
    for terms in timed(_wedge_terms(len(vectors), grade)):
        total: IntArray | None = None
        for source, axis, negative in terms:
            product = omega[source] * vectors[axis]
            if total is None:
                total = -product if negative else product
            else:
                total = total - product if negative else total + product
        coordinates.append(total)
    return np.array(coordinates, dtype=omega.dtype)


def null_vectors(omega: IntArray) -> IntArray:
    """The vectors x with ⟨x, a⟩ = ω ∧ a for all a, where ω has grade r − 1: (r, N) to (r, N)."""
    null = omega[::-1].copy()
    null[-2::-2] = -null[-2::-2]
    return null


def signs_of(array: IntArray) -> Signs:
    """The signs of the entries, as int8."""
    result: Signs = (array > 0).view(np.int8) - (array < 0).view(np.int8)
    return result


def leading_signs(vectors: IntArray) -> Signs:
    """The sign of each vector's first non-zero coordinate (0 for the zero vector): (C, N) to (N,)."""
    leading = signs_of(vectors[0])
    for coordinate in vectors[1:]:
        undecided = leading == 0
        if not undecided.any():
            break
        leading = np.where(undecided, signs_of(coordinate), leading)
    return leading


def primitive(vectors: IntArray) -> IntArray:
    """Each vector (C, N) divided by the gcd of its coordinates; 0 stays 0."""
    on_time()
    common = np.gcd.reduce(vectors, axis=0, initial=0)  # without `initial` a single coordinate keeps its sign
    if np.all(common == 1):
        return vectors
    return narrowed(vectors // np.where(common == 0, 1, common))


def mixed_hash(columns: Sequence[NDArray[Any]], seed: int) -> NDArray[np.uint64]:
    """A 64-bit hash of each N-tuple over `columns` (unsigned or signed 64-bit). Equal tuples, equal hashes."""
    weights = np.random.default_rng(seed).integers(0, 1 << 63, size=(len(columns), 2), dtype=np.uint64)
    state = np.zeros(len(columns[0]), dtype=np.uint64)
    for column, weight in zip(columns, weights * 2 + 1, strict=True):
        state ^= column.view(np.uint64)
        state *= weight[0]
        state ^= state >> np.uint64(32)  # brings the high bits down, so that the next product spreads them
        state *= weight[1]
        state ^= state >> np.uint64(29)
    return state


def distinct(columns: Sequence[NDArray[Any]]) -> tuple[Indices, Indices]:
    """(index of one representative of each distinct tuple, for each tuple the number of its representative).

    Hashes only bring equal tuples together; the classes are then compared exactly.
    """
    on_time()
    words = [_hash_word(column) for column in columns]
    for seed in range(64):
        hashes = mixed_hash(words, seed)
        order = np.argsort(hashes)
        new = np.ones(len(order), dtype=bool)
        new[1:] = hashes[order[1:]] != hashes[order[:-1]]
        first = order[new]
        number = np.empty(len(order), dtype=np.int64)
        number[order] = np.cumsum(new) - 1
        if all(np.array_equal(column, column[first][number]) for column in columns):
            return first, number
    raise ArithmeticError("64 hash functions collided on the same data")


def _hash_word(column: NDArray[Any]) -> NDArray[Any]:
    """`column` itself, or its Python integers reduced to 61 bits."""
    if column.dtype != object:
        return np.ascontiguousarray(column)
    reduced: NDArray[np.int64] = (column % ((1 << 61) - 1)).astype(np.int64)
    return reduced


def lexicographic_order(columns: NDArray[Any]) -> Indices:
    """The order that sorts the vectors (C, N), all different, lexicographically."""
    leading = columns[0]
    if columns.dtype == np.int64 and len(columns) > 1 and largest(columns[:2]) < 1 << 30:
        leading = (columns[0] << 31) + columns[1]
    order: Indices = np.argsort(leading)
    same = leading[order[1:]] == leading[order[:-1]]
    if same.any():
        tied = np.zeros(len(order), dtype=bool)
        tied[1:] |= same
        tied[:-1] |= same
        few = order[tied]
        order[tied] = few[np.lexsort(columns[::-1, few])]
    return order


def product_signs(left: IntArray, right: IntArray) -> Signs:
    """The signs of ⟨left_i, right_j⟩: (N, r), (n, r) to (N, n)."""
    result = np.empty((len(left), len(right)), dtype=np.int8)
    exact_floats, exact_integers = _exactness(left, right)
    if not (exact_floats or exact_integers):
        return _filtered_product_signs(left, right)
    dtype = np.float64 if exact_floats else np.int64
    factor = np.ascontiguousarray(right.T, dtype=dtype)
    step = max(1, _CHUNK // max(1, len(right)))
    for start in timed(range(0, len(left), step)):
        product = left[start : start + step].astype(dtype) @ factor
        np.subtract((product > 0).view(np.int8), (product < 0).view(np.int8), out=result[start : start + step])
    return result


def _exactness(left: IntArray, right: IntArray) -> tuple[bool, bool]:
    """Whether all partial sums of the products are exact in float64 (below 2⁵³), and in int64."""
    if not safe(left.shape[1], left, right):
        return False, False
    return left.shape[1] * largest(left) * largest(right) < 1 << 53, True


def _filtered_product_signs(left: IntArray, right: IntArray) -> Signs:
    """As `product_signs` for big integers: floats with a proved error bound, exact where that is undecided."""
    width = left.shape[1]
    # Entries are cut to integers of at most 52 bits with an error below 1, so the cut product differs from the
    # scaled true one by less than width·(2⁵² + 2⁵² + 1), and its rounding errors stay below width²·2⁵².
    slack = float((width * width + 2 * width + 4) << 53)
    factor = _cut(right).T
    result = np.empty((len(left), len(right)), dtype=np.int8)
    step = max(1, _FEW // max(1, len(right)))
    for start in timed(range(0, len(left), step)):
        part = left[start : start + step]
        product = _cut(part) @ factor
        signs = (product > slack).view(np.int8) - (product < -slack).view(np.int8)
        i, j = np.nonzero(signs == 0)
        exact = (part[i].astype(object) * right[j].astype(object)).sum(axis=1)
        signs[i, j] = signs_of(exact)
        result[start : start + step] = signs
    return result


def _cut(vectors: IntArray) -> NDArray[np.float64]:
    """Each vector (row) shifted right until its entries have at most 52 bits, as exact floats."""
    exact = vectors.astype(object)
    cut = [[x >> max(0, max(abs(y) for y in row).bit_length() - 52) for x in row] for row in exact.tolist()]
    return np.array(cut, dtype=np.float64).reshape(vectors.shape)
