"""Elimination and rays over the rationals, against FLINT and against counting."""

import random
import tracemalloc
from fractions import Fraction
from itertools import combinations, product
from math import comb

import flint
import pytest

from symverify.kernel.cells.strata import nullspace
from symverify.kernel.core.algebra import dot, echelon, integral, rank, rays, sign, total
from symverify.kernel.core.errors import Declined, metered


def rows(rng: random.Random, count: int, width: int) -> list[list[Fraction]]:
    """Rows that are often dependent."""
    base = [[Fraction(rng.randint(-2, 2), rng.randint(1, 3)) for _ in range(width)] for _ in range(max(1, width - 1))]
    return [
        [sum((c * row[k] for c, row in zip(mix, base, strict=True)), Fraction(0)) for k in range(width)]
        for mix in ([rng.randint(-1, 1) for _ in base] for _ in range(count))
    ]


def flint_rank(matrix: list[list[Fraction]]) -> int:
    return int(flint.fmpq_mat([[flint.fmpq(x.numerator, x.denominator) for x in row] for row in matrix]).rank())


@pytest.mark.parametrize("seed", range(100))
def test_rank_and_span(seed: int) -> None:
    rng = random.Random(seed)
    matrix = rows(rng, rng.randint(1, 6), rng.randint(1, 5))
    basis = echelon(matrix)
    assert rank(matrix) == len(basis) == flint_rank(matrix)
    assert rank([*matrix, *[[Fraction(x) for x in row] for row in basis]]) == len(basis)
    leads = [next(c for c, x in enumerate(row) if x) for row in basis]
    assert leads == sorted(set(leads))


@pytest.mark.parametrize("seed", range(50))
def test_nullspace(seed: int) -> None:
    rng = random.Random(seed)
    width = rng.randint(1, 5)
    matrix = rows(rng, rng.randint(0, 4), width)
    basis = nullspace(matrix, width)
    assert len(basis) == rank(basis) == width - flint_rank(matrix) if matrix else len(basis) == width
    assert not any(dot(row, vector) for row in matrix for vector in basis)


def test_of_nothing() -> None:
    assert nullspace([], 2) == [[1, 0], [0, 1]]
    assert (rank([]), rank([[]]), rank([[Fraction(0)] * 3])) == (0, 0, 0)
    assert integral([Fraction(0), Fraction(0)]) == [0, 0]
    assert integral([]) == []
    assert list(rays([])) == []
    assert [sign(x) for x in (-3, 0, Fraction(1, 2))] == [-1, 0, 1]


def test_integral_keeps_the_direction() -> None:
    assert integral([Fraction(-2, 3), Fraction(4, 5), Fraction(0)]) == [-5, 6, 0]
    assert integral([Fraction(-4), Fraction(-6)]) == [-2, -3]


def test_ragged_rows_are_an_error() -> None:
    with pytest.raises(ValueError, match="zip"):
        dot([Fraction(1)], [Fraction(1), Fraction(2)])
    with pytest.raises(ValueError, match="zip"):
        echelon([[Fraction(1), Fraction(1)], [Fraction(1)]])


def test_budgets() -> None:
    primes = [3, 5, 7, 11, 13, 17, 19, 23]
    with pytest.raises(Declined, match="no common multiple within the budget"):
        integral([Fraction(1, p**40_000) for p in primes])
    with pytest.raises(Declined, match="no common multiple within the budget"):
        total(Fraction(1, p**40_000) for p in primes)
    with pytest.raises(Declined, match="beyond 100000 bits"):
        total([Fraction(3**70_000)])
    with pytest.raises(Declined, match="beyond 100000 bits"):
        dot([Fraction(3**40_000)], [Fraction(3**40_000)])
    with pytest.raises(Declined, match="too many intersections"):
        list(rays([tuple(k**power for power in range(8)) for k in range(40)]))


def test_long_denominators_are_counted_before_they_are_written_out() -> None:
    row = [Fraction(1, 3**60_000), *[Fraction(1)] * 2000]
    tracemalloc.start()
    with pytest.raises(Declined, match="more work"), metered(10**7):
        total(row)
    assert tracemalloc.get_traced_memory()[1] < 10**6
    tracemalloc.stop()


def primitive(vector: list[int]) -> tuple[int, ...]:
    lead = next(x for x in vector if x)
    return tuple(vector) if lead > 0 else tuple(-x for x in vector)


@pytest.mark.parametrize("seed", range(60))
def test_rays_are_all_lines_in_which_hyperplanes_meet(seed: int) -> None:
    """Every direction on which D − 1 independent rows vanish, and nothing else, modulo the lineality space."""
    rng = random.Random(seed)
    width, count = rng.randint(1, 3), rng.randint(1, 5)
    drawn = ([rng.randint(-1, 1) for _ in range(width)] for _ in range(count))
    chosen = sorted({primitive(row) for row in drawn if any(row)})
    found = {tuple(s for s in signs(chosen, ray)) for ray in rays(chosen)}
    depth = rank([[Fraction(x) for x in row] for row in chosen])
    grid = [v for v in product(range(-3, 4), repeat=width) if any(signs(chosen, v))]
    lines = set()
    for v in grid:
        zero = [row for row, s in zip(chosen, signs(chosen, v), strict=True) if not s]
        if rank([[Fraction(x) for x in row] for row in zero]) == depth - 1:
            lines.add(tuple(signs(chosen, v)))
    both = found | {tuple(-s for s in ray) for ray in found}
    assert len(both) == 2 * len(rays(chosen)), "one of each two directions"
    assert lines <= both
    for ray in rays(chosen):
        zero = [row for row, s in zip(chosen, signs(chosen, ray), strict=True) if not s]
        assert rank([[Fraction(x) for x in row] for row in zero]) == depth - 1


@pytest.mark.parametrize("seed", range(60))
def test_rays_in_more_dimensions_are_solved_for_one_by_one(seed: int) -> None:
    """The null vector of each D − 1 independent rows; some rows are sums of others, some numbers are long."""
    rng = random.Random(seed)
    width, wide = rng.choice([2, 3, 4, 4, 5, 5, 6]), rng.choice([1, 2, 20, 10**12])
    drawn = [[rng.randint(-wide, wide) for _ in range(width)] for _ in range(width + rng.randint(0, 2))]
    drawn += [[a + rng.randint(-1, 1) * b for a, b in zip(*rng.sample(drawn, 2), strict=True)] for _ in range(2)]
    chosen = list(dict.fromkeys(primitive(integral([Fraction(x) for x in row])) for row in drawn if any(row)))
    rows = [[Fraction(x) for x in row] for row in chosen]
    if rank(rows) < width:
        return
    lines = {
        primitive(integral(vectors[0]))
        for few in combinations(rows, width - 1)
        if len(vectors := nullspace(list(few), width)) == 1
    }
    found = rays(chosen)
    assert {primitive(list(ray)) for ray in found} == lines
    assert len(found) == len(lines)


@pytest.mark.parametrize("width", [14, 20])
def test_rays_of_few_more_rows_than_dimensions_are_soon_found(width: int) -> None:
    """No way of eliminating is begun that too few rows are left for."""
    chosen = [tuple(int(i == k) for i in range(width)) for k in range(width)]
    with metered():
        assert len(rays([*chosen, tuple(range(1, width + 1))])) == comb(width + 1, 2)


def test_a_line_that_several_planes_share_is_found_once() -> None:
    """Two ways of eliminating come upon (0, 1, 0) with different signs."""
    found = rays([(1, -1, -2), (2, 1, 2), (1, 0, 0), (1, 0, -1), (1, 0, 1)])
    assert len({primitive(list(ray)) for ray in found}) == len(found) == 6


def signs(chosen: list[tuple[int, ...]], v: tuple[int, ...] | list[int]) -> list[int]:
    return [sign(sum(a * b for a, b in zip(row, v, strict=True))) for row in chosen]


@pytest.mark.parametrize("seed", range(40))
def test_a_sum_of_absolute_values_is_decided_on_rays(seed: int) -> None:
    """⟨g, δ⟩ + Σ a_u |⟨u, δ⟩| with g in the span: non-negative on all rays is non-negative on a grid."""
    rng = random.Random(seed)
    width = rng.randint(1, 3)
    chosen = sorted({primitive(list(v)) for v in combinations(range(-1, 3), width) if any(v)})[:4]
    bends = [rng.randint(-1, 3) for _ in chosen]
    mix = [rng.randint(-1, 1) for _ in chosen]
    g = [sum(m * u[c] for m, u in zip(mix, chosen, strict=True)) for c in range(width)]

    def slope(v: list[int]) -> int:
        straight = sum(a * b for a, b in zip(g, v, strict=True))
        values = [sum(a * b for a, b in zip(u, v, strict=True)) for u in chosen]
        return straight + sum(a * abs(x) for a, x in zip(bends, values, strict=True))

    good = all(slope(ray) >= 0 and slope([-x for x in ray]) >= 0 for ray in rays(chosen))
    assert good == all(slope(list(v)) >= 0 for v in product(range(-4, 5), repeat=width))
