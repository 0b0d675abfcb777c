"""The lattice of flats of a central arrangement, rank by rank, and what follows from it in every position.

A flat of rank k is the set of all hyperplanes that contain a given intersection of codimension k. It is stored
as the primitive Plücker vector ω of its normals (C(r, k) integers, the first non-zero one positive): hyperplane
i belongs to the flat iff ω ∧ a_i = 0, and two flats are equal iff their vectors are. Rows here are the primitive
normals of distinct hyperplanes, (n, r) of rank r.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import comb

import numpy as np

from symverify.cells.exterior import (
    Indices,
    IntArray,
    Signs,
    distinct,
    leading_signs,
    null_vectors,
    primitive,
    product_signs,
    wedge,
)
from symverify.cells.words import Words, bit_table, lowest_bits, pack

_CHUNK = 1 << 20  # Plücker coordinates, or emitted sign vectors, handled at once
_FEW = 1 << 14  # of them where they are large numbers, so that none takes long


@dataclass(frozen=True, slots=True, eq=False)
class Joins:
    """Pairs (flat F, hyperplane i not in F): ω_F ∧ a_i = signs · (positive factor) · joined.

    flats, hyperplanes, signs: (P,), sorted by flat and then hyperplane; joined: (C(r, k + 1), P), normalised.
    """

    flats: Indices
    hyperplanes: Indices
    signs: Signs
    joined: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Covers:
    """Pairs F ⋖ G of flats of consecutive rank, sorted by G.

    lower, upper: (P,) flat numbers. positive: (W, P), the hyperplanes i with ω_F ∧ a_i a positive multiple of
    ω_G. members: (W, P), all hyperplanes in G but not in F.
    """

    lower: Indices
    upper: Indices
    positive: Words
    members: Words


@dataclass(frozen=True, slots=True, eq=False)
class Stars:
    """For each flat the chambers of its own arrangement, one of each ± pair (its first hyperplane is +).

    Those of flat f are words[:, indptr[f]:indptr[f + 1]], zero outside the flat. indptr: (F + 1,), words: (W, N),
    masks: (W, F), the hyperplanes in each flat.
    """

    indptr: Indices
    words: Words
    masks: Words

    def reordered(self, order: Indices) -> "Stars":
        """The same stars, with flat order[f] as flat f."""
        sizes = np.diff(self.indptr)[order]
        indptr = np.concatenate([[0], np.cumsum(sizes)])
        source = np.repeat(self.indptr[order] - indptr[:-1], sizes) + np.arange(indptr[-1])
        return Stars(indptr, self.words[:, source], self.masks[:, order])


def _joins(omega: IntArray, rows: IntArray, grade: int, limits: Indices) -> Iterator[Joins]:
    """The joins of all flats with the hyperplanes i < limits[F], in blocks of flats."""
    normals = np.ascontiguousarray(rows.T)
    size = _FEW if object in (omega.dtype, rows.dtype) else _CHUNK
    step = max(1, size // (comb(rows.shape[1], grade + 1) * len(rows)))
    for start in range(0, omega.shape[1], step):
        sizes = limits[start : start + step]
        flat = np.repeat(np.arange(start, start + len(sizes)), sizes)
        hyperplane = np.arange(len(flat)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        joined = wedge(omega[:, flat], normals[:, hyperplane], grade)
        signs = leading_signs(joined)
        kept = signs != 0
        signs = signs[kept]
        yield Joins(flat[kept], hyperplane[kept], signs, primitive(joined[:, kept] * signs))


def _merged(blocks: list[Joins]) -> tuple[Joins, IntArray, Indices]:
    """All blocks as one (without `joined`), the distinct joined flats, and the number of each pair's flat."""
    found, numbers, offset = [], [], 0
    for block in blocks:
        first, number = distinct(list(block.joined))
        found.append(block.joined[:, first])
        numbers.append(number + offset)
        offset += len(first)
    flats = np.concatenate(found, axis=1)
    first, number = distinct(list(flats))
    upper = number[np.concatenate(numbers)]
    whole = Joins(
        np.concatenate([block.flats for block in blocks]),
        np.concatenate([block.hyperplanes for block in blocks]),
        np.concatenate([block.signs for block in blocks]),
        flats[:, :0],
    )
    return whole, flats[:, first], upper


def _runs(*keys: Indices) -> Indices:
    """The starts of the runs of equal key tuples."""
    new = np.ones(len(keys[0]), dtype=bool)
    new[1:] = np.logical_or.reduce([key[1:] != key[:-1] for key in keys])
    return np.flatnonzero(new)


def _covers(joins: Joins, upper: Indices, count: int) -> Covers:
    """The pairs F ⋖ G, from all pairs (F, i) and the number of F ∨ i."""
    order = np.lexsort((joins.flats, upper))
    lower, upper = joins.flats[order], upper[order]
    bits = bit_table(count)[:, joins.hyperplanes[order]]
    starts = _runs(lower, upper)
    positive = np.bitwise_or.reduceat(np.where(joins.signs[order] > 0, bits, np.uint64(0)), starts, axis=1)
    return Covers(lower[starts], upper[starts], positive, np.bitwise_or.reduceat(bits, starts, axis=1))


def boolean_words(masks: Words, rank: int) -> Words:
    """All sign vectors on each mask (W, N) of `rank` hyperplanes, one of each ± pair: (W, N, 2 ** (rank − 1))."""
    first = lowest_bits(masks)
    words, rest = first[:, :, None], masks ^ first
    for _ in range(rank - 1):
        bit = lowest_bits(rest)
        rest = rest ^ bit
        words = np.concatenate([words, words | bit[:, :, None]], axis=2)
    return words


def _raised(stars: Stars, covers: Covers, rank: int) -> Stars:
    """The chambers of the flats of `rank`, from those one rank below.

    In the arrangement of G the flat F ⋖ G is a ± pair of rays; the chambers around it have the ray's sign outside
    F and any chamber of F inside, and every chamber touches a ray. On independent hyperplanes all signs occur.
    """
    starts = _runs(covers.upper)
    masks = stars.masks[:, covers.lower[starts]] | covers.members[:, starts]
    independent = np.bitwise_count(masks).sum(axis=0) == rank
    simple = np.flatnonzero(independent)
    words = [boolean_words(masks[:, simple], rank).reshape(len(masks), -1)]
    owners = [np.repeat(simple, 1 << (rank - 1))]
    pairs = np.flatnonzero(~independent[covers.upper])
    sizes = np.diff(stars.indptr)[covers.lower[pairs]]
    for part in _blocks(sizes, covers.upper[pairs]):
        emitted, owner = _emitted(stars, covers, masks, pairs[part], sizes[part])
        kept, _ = distinct([*emitted, owner])
        words.append(emitted[:, kept])
        owners.append(owner[kept])
    chambers, owner = np.concatenate(words, axis=1), np.concatenate(owners)
    if len(starts) == 1 and len(words) > 2:
        kept, _ = distinct([*chambers])
        chambers, owner = chambers[:, kept], owner[kept]
    order = np.argsort(owner, kind="stable")
    indptr = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(starts)))])
    return Stars(indptr, chambers[:, order], masks)


def _blocks(sizes: Indices, upper: Indices) -> list[Indices]:
    """The pairs in blocks of some size. The pairs of one flat stay together, unless it is the only one."""
    total = np.cumsum(sizes)
    if len(upper) and upper[0] != upper[-1]:
        starts = _runs(upper)
        total = np.repeat(total[starts], np.diff(np.append(starts, len(upper))))
    return np.split(np.arange(len(sizes)), _runs(total // _CHUNK)[1:])


def _emitted(stars: Stars, covers: Covers, masks: Words, pairs: Indices, sizes: Indices) -> tuple[Words, Indices]:
    """The chambers of G around each ray F, with the first hyperplane of G turned to +, and the number of G."""
    pair = np.repeat(pairs, sizes)
    ramp = np.arange(len(pair)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    lower, upper = covers.lower[pair], covers.upper[pair]
    inside = stars.words[:, stars.indptr[lower] + ramp]
    outside = covers.positive[:, pair]
    emitted = np.concatenate([outside | inside, outside | (inside ^ stars.masks[:, lower])], axis=1)
    owner = np.tile(upper, 2)
    positive = (emitted & lowest_bits(masks)[:, owner]).any(axis=0)
    emitted ^= np.where(positive, np.uint64(0), masks[:, owner])
    return emitted, owner


def stars_and_rays(rows: IntArray) -> tuple[IntArray, Signs, Stars, Words]:
    """(rays (R, r), ray signs (R, n), the stars of the rays, the chambers (W, C/2) with hyperplane 0 positive).

    The rays are primitive, one of each ± pair, in no particular order.
    """
    count, dimension = rows.shape
    omega: IntArray = np.ones((1, 1), dtype=np.int64)
    none = np.zeros((-(-count // 64), 1), dtype=np.uint64)
    stars = Stars(np.array([0, 1]), none, none)
    for grade in range(dimension - 1):
        joins, omega, upper = _next_rank(omega, rows, grade)
        stars = _raised(stars, _covers(joins, upper, count), grade + 1)
    rays = np.ascontiguousarray(null_vectors(omega).T)
    signs = product_signs(rays, rows)
    index = np.arange(len(rays))
    top = Covers(index, np.zeros_like(index), pack(signs > 0), pack(signs != 0))
    return rays, signs, stars, _raised(stars, top, dimension).words


def _next_rank(omega: IntArray, rows: IntArray, grade: int) -> tuple[Joins, IntArray, Indices]:
    """All pairs (F, i), the flats one rank up, and the number of F ∨ i for each pair."""
    return _merged(list(_joins(omega, rows, grade, np.full(omega.shape[1], len(rows)))))


def count_regions(rows: IntArray) -> int:
    """The number of chambers, r(A) = Σ_F |μ(F)| over all flats (Zaslavsky 1975), without listing them.

    Weisner: |μ(G)| = Σ |μ(F)| over the F ⋖ G that do not contain the first hyperplane of G. So G is reached from
    the pairs (F, i) with i < min F alone. The signed sum over all flats is 0, which gives the top rank for free.
    """
    count, dimension = rows.shape
    number = np.int64 if comb(count, min(dimension - 1, count // 2)) < 1 << 62 else object
    omega: IntArray = np.ones((1, 1), dtype=np.int64)
    mobius, first = np.ones(1, dtype=number), np.array([count])
    totals = [1]
    for grade in range(dimension - 1):
        blocks = _joins(omega, rows, grade, first)
        if grade == dimension - 2:
            totals.append(sum(_weighted_classes(block, mobius) for block in blocks))
            break
        joins, omega, upper = _merged(list(blocks))
        order = np.lexsort((joins.flats, upper))
        flats, upper, least = joins.flats[order], upper[order], joins.hyperplanes[order]
        pairs = _runs(flats, upper)  # several hyperplanes may join F to G: count F once
        starts = _runs(upper[pairs])
        mobius, first = np.add.reduceat(mobius[flats[pairs]], starts), least[pairs][starts]
        totals.append(int(mobius.sum()))
    return 2 * sum(totals[::-2])


def _weighted_classes(joins: Joins, mobius: IntArray) -> int:
    """Σ |μ(F)| over the distinct pairs (F, F ∨ i)."""
    kept, _ = distinct([*joins.joined, joins.flats])
    return int(mobius[joins.flats[kept]].sum())
