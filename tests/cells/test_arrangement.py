"""Chambers against an independent brute force, known counts, degenerate rows and integers of any size."""

import itertools
import random
from math import comb, gcd

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symverify.cells import exterior, flats
from symverify.cells.arrangement import (
    Arrangement,
    arrangement,
    count_chambers,
    witness,
    witnesses,
)
from symverify.cells.flats import stars_and_rays
from symverify.cells.general import general_position
from symverify.cells.hyperplanes import hyperplanes
from symverify.kernel.core.algebra import directed, rank
from symverify.kernel.core.algebra import rays as kernel_rays
from symverify.kernel.core.errors import Declined

Rows = list[list[int]]


# The independent answer: a tree over the signs, each prefix decided by Fourier-Motzkin elimination over ℚ.


def is_open_cone(rows: Rows) -> bool:
    """Whether some x has ⟨row, x⟩ > 0 for all rows."""
    system = {tuple(row) for row in rows}
    for _ in range(len(rows[0]) if rows else 0):
        if any(not any(row) for row in system):
            return False
        positive = [row for row in system if row[0] > 0]
        negative = [row for row in system if row[0] < 0]
        system = {row[1:] for row in system if row[0] == 0}
        for p, q in itertools.product(positive, negative):
            combined = [p[0] * y - q[0] * x for x, y in zip(p[1:], q[1:], strict=True)]
            common = gcd(*combined) or 1
            system.add(tuple(x // common for x in combined))
    return not system


def sign_tree(rows: Rows) -> list[list[int]]:
    """All sign vectors, in lexicographic order."""
    prefixes: list[list[int]] = [[]]
    for length in range(1, len(rows) + 1):
        longer = [[*prefix, sign] for prefix in prefixes for sign in (-1, 1)]
        prefixes = [
            signs
            for signs in longer
            if is_open_cone([[s * x for x in row] for s, row in zip(signs, rows[:length], strict=True)])
        ]
    return prefixes


def dot(row: list[int], vector: tuple[int, ...] | list[int]) -> int:
    return sum(x * y for x, y in zip(row, vector, strict=True))


def sign(x: int) -> int:
    return (x > 0) - (x < 0)


def check(rows: Rows, positive: int | None = None) -> Arrangement:
    """Everything that an arrangement promises, except that no chamber is missing."""
    found = arrangement(rows, positive)
    signs = found.signs.tolist()
    assert found.signs.dtype == np.int8
    assert found.signs.shape == (len(found), len(rows))
    assert signs == sorted(signs)
    assert len({tuple(vector) for vector in signs}) == len(found) == count_chambers(rows, positive)
    rays = found.rays.tolist()
    assert rays == sorted(rays)
    distinct = list(dict.fromkeys(directed(row) for row in rows if any(row)))
    if rank(rows) == len(rows[0]):
        assert {tuple(ray) for ray in rays} == {directed(ray) for ray in kernel_rays(distinct)}
    assert len({tuple(ray) for ray in rays}) == len(rays)
    assert all(type(x) is int and gcd(*ray) == 1 for ray in rays for x in ray)
    assert all(next(x for x in ray if x) > 0 for ray in rays)
    assert found.ray_signs.tolist() == [[sign(dot(row, ray)) for row in rows] for ray in rays]
    off = set(range(len(rows[0]))) - set(found.columns)
    assert all(ray[column] == 0 for ray in rays for column in off)
    incidence = found.chamber_rays()
    assert [list(witness(found, chamber)) for chamber in range(len(found))] == witnesses(found).tolist()
    for chamber, vector in enumerate(signs):
        inside = witness(found, chamber)
        assert [sign(dot(row, inside)) for row in rows] == vector
        agreeing = [
            (ray, side)
            for ray, values in enumerate(found.ray_signs.tolist())
            for side in (-1, 1)
            if all(side * v * s >= 0 for v, s in zip(values, vector, strict=True))
        ]
        part = slice(incidence.indptr[chamber], incidence.indptr[chamber + 1])
        listed = zip(incidence.ray[part].tolist(), incidence.signs[part].tolist(), strict=True)
        assert list(listed) == agreeing
    return found


def random_rows(seed: int) -> Rows:
    """Up to eight rows of length up to four, often degenerate: parallel, opposite, equal, of low rank."""
    source = random.Random(seed)
    width, size = source.randint(1, 4), source.choice([1, 2, 9])
    rows: Rows = []
    while len(rows) < source.randint(1, 6):
        row = [source.randint(-size, size) for _ in range(width)]
        if any(row):
            rows.append(row)
    for factor in (-3, 1, 2):
        if source.random() < 0.3:
            rows.append([factor * x for x in source.choice(rows)])
    if source.random() < 0.4:
        place = source.randint(0, width)
        rows = [[*row[:place], sum(row), *row[place:]] for row in rows]
    return rows


@pytest.mark.parametrize("seed", range(120))
def test_the_sign_tree_finds_the_same_chambers(seed: int) -> None:
    rows = random_rows(seed)
    expected = sign_tree(rows)
    assert check(rows).signs.tolist() == expected
    positive = seed % len(rows)
    half = check(rows, positive)
    assert half.signs.tolist() == [signs for signs in expected if signs[positive] > 0]


entry = st.integers(-3, 3) | st.integers(-(10**12), 10**12)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(1, 3).flatmap(lambda d: st.lists(st.lists(entry, min_size=d, max_size=d), min_size=1, max_size=6)))
def test_any_integers(rows: Rows) -> None:
    rows = [row if any(row) else [1] * len(row) for row in rows]
    assert check(rows).signs.tolist() == sign_tree(rows)


def with_bias(points: list[tuple[int, ...]]) -> Rows:
    return [[*point, 1] for point in points]


def grid(side: int, dimension: int) -> Rows:
    return with_bias(list(itertools.product(range(side), repeat=dimension)))


def moment_curve(count: int, dimension: int) -> Rows:
    """Points in general position."""
    return with_bias([tuple((t - count // 2) ** k for k in range(1, dimension + 1)) for t in range(count)])


@pytest.mark.parametrize(("dimension", "expected"), [(1, 4), (2, 14), (3, 104), (4, 1882), (5, 94572)])
def test_linear_threshold_functions(dimension: int, expected: int) -> None:
    rows = grid(2, dimension)
    assert count_chambers(rows) == expected
    found = arrangement(rows)
    assert found.signs.shape == (expected, 2**dimension)
    assert len(np.unique(found.signs, axis=0)) == expected


@pytest.mark.parametrize(("count", "dimension", "expected"), [(6, 2, 32), (10, 2, 92), (10, 4, 512), (40, 3, 19840)])
def test_general_position_with_bias(count: int, dimension: int, expected: int) -> None:
    assert expected == 2 * sum(comb(count - 1, k) for k in range(dimension + 1))
    rows = moment_curve(count, dimension)
    found = arrangement(rows)
    assert (len(found), len(found.rays)) == (expected, comb(count, dimension))
    assert count_chambers(rows) == expected == len(np.unique(found.signs, axis=0))


def test_three_hundred_thousand_chambers() -> None:
    rows = with_bias(np.random.default_rng(1).integers(-1000, 1001, (100, 3)).tolist())
    found = arrangement(rows)
    assert found.signs.shape == (323600, 100)
    assert count_chambers(rows) == 323600
    packed = np.packbits(found.signs > 0, axis=1)
    assert (np.lexsort(packed.T[::-1]) == np.arange(323600)).all()
    assert (packed[1:] != packed[:-1]).any(axis=1).all()
    for chamber in (0, 161799, 323599):
        inside = witness(found, chamber)
        assert [sign(dot(row, inside)) for row in rows] == found.signs[chamber].tolist()


def test_affine_hyperplanes_of_several_breakpoints() -> None:
    """Breakpoints 0 and 1 on the line, without hidden bias: w < 0, 0 < w < 1, w > 1 for x = 1, cut by x = 2."""
    rows = [[1, 0], [2, 0], [1, -1], [2, -1], [0, 1]]
    found = check(rows, positive=4)
    assert found.signs.tolist() == [
        [-1, -1, -1, -1, 1],
        [1, 1, -1, -1, 1],
        [1, 1, -1, 1, 1],
        [1, 1, 1, 1, 1],
    ]


@pytest.mark.parametrize(
    "rows",
    [
        [[5]],
        [[-2]],
        [[1], [-1], [3]],
        [[0, 0, -7]],
        [[1, 2], [-1, -2], [2, 4]],
        [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        [[0, 0, 1], [1, 0, 1], [2, 0, 1]],
        [[2, 4, 6, 8], [1, 1, 1, 1], [3, 5, 7, 9], [0, 2, 4, 6]],
        [[1, 1, 1], [1, 1, 1], [-1, -1, -1], [1, 0, 0]],
    ],
)
def test_special_rows(rows: Rows) -> None:
    assert check(rows).signs.tolist() == sign_tree(rows)
    for row in range(len(rows)):
        assert check(rows, row).signs.tolist() == [s for s in sign_tree(rows) if s[row] > 0]


def sheared(rows: Rows, factor: int) -> Rows:
    """The rows in other coordinates of the parameter space: the same sign vectors, other rays."""
    return [[row[0], *(x + factor * row[0] + (factor + 1) * y for x, y in itertools.pairwise(row))] for row in rows]


@pytest.mark.parametrize("rows", [grid(3, 2), grid(2, 3), moment_curve(9, 3), moment_curve(12, 2)])
def test_integers_beyond_any_machine_word(rows: Rows) -> None:
    expected = arrangement(rows).signs
    scaled = [[x * 10**40 for x in row] for row in rows]
    assert np.array_equal(arrangement(scaled).signs, expected)
    assert np.array_equal(arrangement(scaled).rays, arrangement(rows).rays)
    for factor in (10**6, 10**9, 10**18, 10**40):
        found = arrangement(sheared(rows, factor))
        assert np.array_equal(found.signs, expected)
        assert count_chambers(sheared(rows, factor)) == len(found)
    assert found.rays.dtype == object


def test_big_integers_keep_every_promise() -> None:
    check(sheared(grid(3, 2), 10**40))
    check(sheared(moment_curve(7, 2), 10**40), positive=3)


@pytest.mark.parametrize("seed", range(20))
def test_both_methods_agree_in_general_position(seed: int) -> None:
    source = np.random.default_rng(seed)
    count, rank = int(source.integers(5, 12)), int(source.integers(2, 5))
    normals = hyperplanes(tuple(map(tuple, source.integers(-99, 100, (count, rank)).tolist()))).normals
    simple = general_position(normals)
    assert simple is not None
    rays, signs, chambers = simple
    other_rays, other_signs, _, other_chambers = stars_and_rays(normals)
    both = [{tuple(np.sign(next(x for x in ray if x)) * ray) for ray in part} for part in (rays, other_rays)]
    assert both[0] == both[1]
    assert len(signs) == len(other_signs)
    assert {*chambers[0].tolist()} == {*other_chambers[0].tolist()}


@pytest.mark.parametrize("rows", [grid(3, 2), [*moment_curve(30, 2), [1, 3, 2]], [*moment_curve(9, 3), [0, 0, 0, 1]]])
def test_degenerate_rows_are_noticed(rows: Rows) -> None:
    degenerate = [*rows, [x + y for x, y in zip(rows[-1], rows[-2], strict=True)]]
    assert general_position(hyperplanes(tuple(map(tuple, degenerate))).normals) is None


@pytest.mark.parametrize("size", [1, 7, 64, 1000])
def test_blocks_do_not_show(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [*grid(3, 2), *grid(2, 2), [1, 2, 0]]
    expected = check(rows)
    monkeypatch.setattr(flats, "_CHUNK", size)
    monkeypatch.setattr(exterior, "_CHUNK", size)
    found = check(rows)
    assert np.array_equal(found.signs, expected.signs)
    assert np.array_equal(found.rays, expected.rays)


def test_more_than_one_word_of_degenerate_rows() -> None:
    rows = grid(12, 2)
    found = arrangement(rows)
    assert len(found) == count_chambers(rows) == len(np.unique(found.signs, axis=0))
    incidence = found.chamber_rays()
    values = found.ray_signs[incidence.ray] * incidence.signs[:, None]
    chamber = np.repeat(np.arange(len(found)), np.diff(incidence.indptr))
    assert (values * found.signs[chamber] >= 0).all()
    sums = np.add.reduceat(found.rays[incidence.ray] * incidence.signs[:, None], incidence.indptr[:-1], axis=0)
    assert np.array_equal(np.sign(sums @ np.array(rows).T), found.signs)


@pytest.mark.parametrize(
    ("rows", "positive", "message"),
    [
        ([], None, "at least one row"),
        ([[1, 2], [0, 0]], None, "zero row"),
        ([[1, 2], [1]], None, "different lengths"),
        ([[1, 2]], 1, "no row 1"),
        ([[1, 2]], -1, "no row -1"),
    ],
)
def test_malformed_rows(rows: Rows, positive: int | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        arrangement(rows, positive)
    with pytest.raises(ValueError, match=message):
        count_chambers(rows, positive)


@pytest.mark.parametrize(("count", "dimension"), [(24, 24), (60, 12)])
def test_what_would_fill_the_memory_is_declined(count: int, dimension: int) -> None:
    rows = [[(i == k) + (i >= dimension) * (i + 1) ** k for k in range(dimension)] for i in range(count)]
    for work in (count_chambers, arrangement):
        with pytest.raises(Declined, match=rf"too many chambers: {count} hyperplanes in {dimension} dimensions"):
            work(rows)


def test_chambers_may_be_counted_where_they_are_too_many_to_list() -> None:
    rows = [[1, k, k * k] for k in range(2000)]
    assert count_chambers(rows) == 2 * sum(comb(1999, k) for k in range(3))
    with pytest.raises(Declined, match="too many chambers to list: up to 3998002 of 2000 hyperplanes"):
        arrangement(rows)


def test_only_integers_are_rows() -> None:
    with pytest.raises(TypeError, match="float"):
        arrangement([[0.5, 1]])  # type: ignore[list-item]


def test_results_are_read_only() -> None:
    found = arrangement(grid(2, 2))
    for array in (found.signs, found.rays, found.ray_signs, *found.chamber_rays()):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_the_same_call_gives_the_same_answer() -> None:
    rows = grid(3, 3)
    first, second = arrangement(rows), arrangement(rows)
    assert np.array_equal(first.rays, second.rays)
    assert np.array_equal(first.signs, second.signs)


# The arithmetic below, where a wrong bound would be silent.


@pytest.mark.parametrize("bits", [3, 20, 26, 30, 31, 40, 62, 63, 64, 200])
def test_products_are_exact_at_every_size(bits: int) -> None:
    source = random.Random(bits)
    vectors = [[source.randint(-(1 << bits), 1 << bits) for _ in range(4)] for _ in range(30)]
    # Orthogonal up to one unit: any rounding shows.
    others = [[y, -x, w + source.randint(-1, 1), -z] for x, y, z, w in vectors]
    left, right = exterior.integers(vectors, 4), exterior.integers(others, 4)
    exact = [[sign(dot(v, w)) for w in others] for v in vectors]
    assert exterior.product_signs(left, right).tolist() == exact
    minors = exterior.wedge(left.T[:, :, None], right.T[:, None, :], 1)
    pairs = list(itertools.combinations(range(4), 2))
    assert minors[:, 3, 5].tolist() == [vectors[3][i] * others[5][j] - vectors[3][j] * others[5][i] for i, j in pairs]


@pytest.mark.parametrize("dimension", [1, 2, 3, 4, 5])
def test_null_vectors_are_determinants(dimension: int) -> None:
    source = np.random.default_rng(dimension)
    matrix = source.integers(-5, 6, (dimension, dimension))
    omega = np.ones((1, 1), dtype=np.int64)
    for grade, row in enumerate(matrix[:-1]):
        omega = exterior.wedge(omega, row[:, None], grade)
    null = exterior.null_vectors(omega)[:, 0]
    assert int(null @ matrix[-1]) == round(np.linalg.det(matrix))
    assert not (matrix[:-1] @ null).any()


def test_primitive_keeps_directions() -> None:
    for scale in (1, 10**40):
        vectors = exterior.integers([[-6 * scale, 0, 4 * scale]], 3)
        assert exterior.primitive(vectors).tolist() == [[-1, 0, 1]]
        assert exterior.primitive(vectors.T).T.tolist() == [[-3, 0, 2]]


def test_distinct_compares_exactly() -> None:
    source = np.random.default_rng(0)
    columns = source.integers(0, 4, (3, 500))
    first, number = exterior.distinct([*columns])
    assert len(first) == len(np.unique(columns, axis=1).T)
    assert np.array_equal(columns[:, first][:, number], columns)
    big = columns.astype(object) * 10**40
    assert len(exterior.distinct([*big])[0]) == len(first)


def test_equal_hashes_are_an_error_not_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exterior, "mixed_hash", lambda columns, seed: np.zeros(len(columns[0]), dtype=np.uint64))
    with pytest.raises(ArithmeticError, match="collided"):
        exterior.distinct([np.arange(5)])
