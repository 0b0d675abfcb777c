"""The closed cells of a unit by their rays: against formulas, sampling, and the rays that each must know."""

import json
from itertools import product
from math import comb
from random import Random

import pytest

from symverify.kernel.cells.chambers import around, chambers, closed_cells
from symverify.kernel.core.algebra import rays
from symverify.kernel.core.global_lower_bound import signs
from symverify.kernel.core.units import Units
from symverify.kernel.network_file import read_problem
from tests.examples import network, samples
from tests.kernel.core.test_global_lower_bound import document_of
from tests.kernel.corruption import Json, no_data


def units(document: Json) -> Units:
    """The units of a problem."""
    return Units.of(read_problem(json.dumps(document).encode(), no_data))


def distinct(shape: Units) -> list[tuple[int, ...]]:
    """The hyperplanes, each once, zero rows left out."""
    return list(dict.fromkeys(primitive(plane) for plane in shape.walls if any(plane)))


def primitive(row: tuple[int, ...]) -> tuple[int, ...]:
    """The row divided by its content, first non-zero entry positive."""
    scale = max(k for k in range(1, max(map(abs, row)) + 1) if all(x % k == 0 for x in row))
    lead = next(x for x in row if x)
    return tuple(x // scale if lead > 0 else -x // scale for x in row)


@pytest.mark.parametrize(("n", "d"), [(1, 1), (3, 1), (5, 1), (5, 2), (7, 2), (5, 3)])
def test_general_position(n: int, d: int) -> None:
    rng = Random(n + d)
    xs = [[rng.randint(-(10**3), 10**3) for _ in range(d)] for _ in range(n)]
    shape = units(network([d, 1, 1], "relu", samples(xs, [0] * n)))
    expected = 2 * sum(comb(n - 1, k) for k in range(d + 1)) if n > d else 2**n
    assert len(chambers(shape.planes, shape.dimension)) == expected
    assert len(closed_cells(shape)[1]) == expected


@pytest.mark.parametrize(("d", "count"), [(1, 4), (2, 14), (3, 104)])
def test_linear_threshold_functions(d: int, count: int) -> None:
    xs = [list(bits) for bits in product((0, 1), repeat=d)]
    shape = units(network([d, 1, 1], "relu", samples(xs, [0] * 2**d)))
    assert len(chambers(shape.planes, shape.dimension)) == count


def test_degenerate_hyperplanes_against_sampling() -> None:
    for seed in range(20):
        rng = Random(seed)
        xs = [[rng.randint(-1, 1) for _ in range(2)] for _ in range(6)]
        shape = units(network([2, 1, 1], "relu", samples(xs, [0] * 6), bias=bool(seed % 2)))
        planes = [plane for plane in shape.planes if any(plane)]
        found = chambers(planes, shape.dimension)
        for _ in range(400):
            u = [rng.gauss(0, 1) for _ in range(shape.dimension)]
            above = [sum(a * b for a, b in zip(plane, u, strict=True)) > 0 for plane in planes]
            assert sum(s << k for k, s in enumerate(above)) in found


def test_every_ray_of_a_chamber_knows_it() -> None:
    planes = [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (1, 1, 1), (1, 0, -1)]
    both = [*(lines := rays(planes)), *(tuple(-x for x in line) for line in lines)]
    known = {ray: set(around(planes, ray, up, down)) for up, down, ray in signs(planes, both)}
    for chamber in chambers(planes, 3):
        for ray in both:
            products = [sum(a * x for a, x in zip(plane, ray, strict=True)) for plane in planes]
            inside = all(p >= 0 if chamber >> k & 1 else p <= 0 for k, p in enumerate(products))
            assert inside == (chamber in known[ray])


def test_closed_cells_of_any_unit_are_their_rays() -> None:
    """On degenerate problems: each cell lists exactly the rays in its closure; with ν only cells with ν > 0 count."""
    rng = Random(4)
    for _ in range(60):
        shape = units(document_of(rng, 1))
        planes = distinct(shape)
        closed, cells = closed_cells(shape)
        seen = set()
        for _ in range(60):
            u = [rng.gauss(0, 1) for _ in range(shape.dimension)]
            if shape.cone:
                u[-1] = abs(u[-1])
            sides = [sum(a * b for a, b in zip(plane, u, strict=True)) > 0 for plane in planes]
            inside = [
                k
                for k, ray in enumerate(closed)
                if all(
                    (s := sum(a * b for a, b in zip(plane, ray, strict=True))) == 0 or (s > 0) == side
                    for plane, side in zip(planes, sides, strict=True)
                )
            ]
            seen.add(tuple(inside))
            assert inside in cells
        assert len(seen) <= len(cells)
