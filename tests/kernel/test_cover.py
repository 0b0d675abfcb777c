"""The rule `global_lower_bound`: accepted and corrupted covers; cells against formulas, covers against brute force."""

from fractions import Fraction
from itertools import combinations, product
from math import comb
from random import Random

import pytest

from symverify.kernel import cover
from symverify.kernel.cells.chambers import around, chambers
from symverify.kernel.core.activation import Activation
from symverify.kernel.core.errors import Rejected

F = Fraction
RELU = Activation.of([F(0)], [F(0), F(1)], F(0), F(0))
BEST = F(9, 2)
LINE = [[F(k)] for k in range(4)]
LABELS = [F(0), F(3), F(-1), F(2)]
COVER = [[-1, 1, 0, 0], [-1, 2, -1, 0], [0, 0, -1, 1], [0, 1, -2, 1], [0, 1, -1, 0]]


def check(vectors: list[list[int]], rho: Fraction = BEST, y: list[Fraction] | None = None, width: int = 2) -> None:
    lower_bound(LINE, LABELS if y is None else y, RELU, (True, True), width, vectors, rho)


def test_accepted() -> None:
    check(COVER)
    check(COVER[::-1])
    check(COVER, F(4))
    check([], F(0))


@pytest.mark.parametrize(
    ("vectors", "rho", "message"),
    [
        ([*COVER[:4], [0, 1, -1, 1]], BEST, r"vectors\[4\]: the entries do not sum to 0"),
        ([*COVER[:3], [0, 2, -3, 1], COVER[4]], BEST, "do not cover"),
        (COVER[:2] + COVER[3:], F(9, 2), "do not cover"),
        (COVER[1:], F(9, 2), "do not cover"),
        ([], F(9, 2), "do not cover"),
        ([*COVER, [0, 0, 0, 0]], F(9, 2), r"vectors\[5\]: is zero"),
        ([*COVER, [1, -1, 0, 0]], F(9, 2), r"vectors\[5\]: the product with the labels is not positive"),
        ([*COVER, [0, 1, -1]], F(9, 2), r"vectors\[5\]: expected 4 integers, got 3"),
        (COVER, F(9, 2) + F(1, 10**9), r"vectors\[\d\]: proves less than the claimed bound"),
    ],
)
def test_corrupted(vectors: list[list[int]], rho: Fraction, message: str) -> None:
    with pytest.raises(Rejected, match=message):
        check(vectors, rho)


def test_another_problem() -> None:
    with pytest.raises(Rejected, match="proves less than the claimed bound"):
        check(COVER, y=[F(0), F(3), F(-1), F(1)])
    with pytest.raises(Rejected, match="do not cover"):
        check(COVER, width=3)


@pytest.mark.parametrize(("n", "d"), [(1, 1), (3, 1), (5, 1), (5, 2), (7, 2), (5, 3)])
def test_chambers_in_general_position(n: int, d: int) -> None:
    rng = Random(n + d)
    X = [[F(rng.randint(-(10**6), 10**6)) for _ in range(d)] for _ in range(n)]
    shape = units(X, RELU, True, True)
    if n > d:
        assert len(chambers(shape.planes(), shape.dimension)) == 2 * sum(comb(n - 1, k) for k in range(d + 1))
    else:
        assert len(chambers(shape.planes(), shape.dimension)) == 2**n


@pytest.mark.parametrize(("d", "count"), [(1, 4), (2, 14), (3, 104)])
def test_linear_threshold_functions(d: int, count: int) -> None:
    shape = units([[F(b) for b in bits] for bits in product((0, 1), repeat=d)], RELU, True, True)
    assert len(chambers(shape.planes(), shape.dimension)) == count


def test_chambers_of_degenerate_hyperplanes_match_sampling() -> None:
    for seed in range(20):
        rng = Random(seed)
        X = [[F(rng.randint(-1, 1)) for _ in range(2)] for _ in range(6)]
        shape = units(X, RELU, bool(seed % 2), True)
        planes = shape.planes()
        if not shape.dimension:
            continue
        found = chambers(planes, shape.dimension)
        for _ in range(400):
            u = [rng.gauss(0, 1) for _ in range(shape.dimension)]
            signs = [sum(a * b for a, b in zip(plane, u, strict=True)) > 0 for plane in planes]
            assert sum(s << k for k, s in enumerate(signs)) in found


def test_every_ray_of_a_chamber_knows_it() -> None:
    planes = [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (1, 1, 1), (1, 0, -1)]
    for chamber in chambers(planes, 3):
        for ray in both_ways(planes, 3):
            products = [sum(a * x for a, x in zip(plane, ray, strict=True)) for plane in planes]
            inside = all(p >= 0 if chamber >> k & 1 else p <= 0 for k, p in enumerate(products))
            assert inside == (chamber in set(around(Signs(planes), ray)))


def test_packed_signs() -> None:
    rng = Random(0)
    for size in (1, 5, 40, 200):
        columns = [[rng.randint(-(10**size), 10**size) for _ in range(5)] for _ in range(30)]
        columns += [[0] * 5, [1, -1, 0, 0, 0]]
        signs = Signs(columns)
        for big in (1, 3, 60):
            g = [rng.randint(-(10**big), 10**big) for _ in range(4)] + [7]
            products = [sum(a * b for a, b in zip(g, c, strict=True)) for c in columns]
            expected = bytes(p > 0 for p in products), bytes(p < 0 for p in products)
            assert signs(g) == expected
        assert signs([0] * 5) == (bytes(32), bytes(32))
        assert Signs(columns)([0] * 5) == (bytes(32), bytes(32))


def test_covered_is_brute_force() -> None:
    for seed in range(300):
        rng = Random(seed)
        n, size = rng.randint(1, 6), rng.randint(1, 3)
        bars = [rng.getrandbits(n) & rng.getrandbits(n) for _ in range(rng.randint(0, 6))]
        subsets = [sum(1 << k for k in chosen) for chosen in combinations(range(n), min(size, n))]
        expected = all(any(not bar & subset for bar in bars) for subset in subsets)
        assert covered(bars, (1 << n) - 1, min(size, n)) == expected


def test_covered_pairs_by_halves_are_those_of_brute_force(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cover, "FEW", 2)
    seen = [0, 0]
    for seed in range(200):
        rng = Random(seed)
        n, size = rng.randint(8, 24), rng.choice([2, 2, 3])
        subsets, bars = [sum(1 << k for k in chosen) for chosen in combinations(range(n), size)], list[int]()
        while (open_ := [s for s in subsets if all(bar & s for bar in bars)]) and len(bars) < 10 * n:
            bars.append(rng.getrandbits(n) & ~open_[0])
        for some in (bars, bars[:-1]):
            expected = all(any(not bar & s for bar in some) for s in subsets)
            assert covered(some, (1 << n) - 1, size) == expected
            seen[expected] += 1
    assert min(seen) > 50


def test_the_bound_holds_only_with_its_biases() -> None:
    """g = (−1, 1) for data (1, 2), (2, 1) without an output bias: units with f ∝ x are not covered."""
    X, y = [[F(1)], [F(2)]], [F(2), F(1)]
    lower_bound(X, y, RELU, (False, False), 1, [[2, -1], [1, 0], [1, 1]][:1], F(9, 5))
    with pytest.raises(Rejected, match="proves less"):
        lower_bound(X, y, RELU, (False, False), 1, [[2, -1]], F(9, 5) + F(1, 10**9))
    with pytest.raises(Rejected, match="do not sum to 0"):
        lower_bound(X, y, RELU, (False, True), 1, [[2, -1]], F(1, 100))
