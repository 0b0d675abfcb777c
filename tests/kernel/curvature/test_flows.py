"""The flows of a cell: they move no prediction and no kink that is kept, and none of those listed is missing."""

import random
from collections.abc import Mapping, Set
from fractions import Fraction

import pytest

from symverify.kernel.core.proof import read_point
from symverify.kernel.core.text import liberal
from symverify.kernel.curvature.flows import Unit, flows, moves_of, seen_by
from symverify.kernel.curvature.hessian import Place
from symverify.kernel.network_file import read_problem
from tests.examples import network, samples
from tests.kernel.corruption import Json, no_data, text
from tests.kernel.curvature.pieces import drawn, slopes_of, values

ZERO = Fraction(0)
AT_0, AT_1 = frozenset({ZERO}), frozenset({Fraction(1)})
WIDTHS = ([1, 2, 1], [2, 2, 2], [1, 1, 1, 1], [1, 2, 2, 1])


@pytest.mark.parametrize("seed", range(24))
def test_no_prediction_moves_and_no_kept_kink(seed: int) -> None:
    """z of a unit with kinks at 0 grows by itself or stays; with one elsewhere, or above, it stays."""
    rng = random.Random(seed)
    problem, oracle, parameters, pattern = drawn(rng, WIDTHS[seed % 4])
    if rng.random() < 0.7:  # equal pieces, so that units have equal slopes
        pattern = tuple((layer[0],) * len(layer) for layer in pattern)
    units = [(m, j) for m, layer in enumerate(pattern) for j in range(len(layer))]
    kinked: Mapping[Unit, Set[Fraction]] = {unit: rng.choice([AT_0, AT_1]) for unit in units if rng.random() < 0.4}
    found = flows(problem, read_point(problem, liberal)(parameters, ""), pattern, kinked)
    for i in range(2):
        for k in range(problem.widths[-1]):
            slope = slopes_of(lambda there: values(oracle, pattern, there, i)[-1][k], parameters)  # noqa: B023
            assert not any(product(slope, flow) for flow in found)
        for (m, j), thresholds in kinked.items():
            slope = slopes_of(lambda there: values(oracle, pattern, there, i)[m][j], parameters)  # noqa: B023
            z = values(oracle, pattern, parameters, i)[m][j]
            assert {product(slope, flow) for flow in found} <= ({ZERO, z} if thresholds == AT_0 else {ZERO})


def product(u: list[Fraction], v: list[Fraction]) -> Fraction:
    return sum((a * b for a, b in zip(u, v, strict=True)), ZERO)


TWO, ONE = ((1, 1), (1, 1)), ((1, 1),)
COUNTS: dict[str, tuple[list[int], str, bool, Json, Mapping[Unit, Set[Fraction]], Set[Place] | None, int]] = {
    "two equal units": ([1, 2, 1], "relu", False, [TWO], {}, None, 4),
    "a kink at 0: no row is added to its unit's": ([1, 2, 1], "relu", False, [TWO], {(0, 0): AT_0}, None, 3),
    "kinks at 0 of both": ([1, 2, 1], "relu", False, [TWO], {(0, 0): AT_0, (0, 1): AT_0}, None, 2),
    "a kink elsewhere": ([1, 2, 1], "relu", False, [TWO], {(0, 0): AT_1}, None, 2),
    "in every cell: both must be free": ([1, 2, 1], "relu", False, [TWO], {(0, 0): AT_0}, frozenset(), 2),
    "units of unequal slopes": ([1, 2, 1], "relu", False, [((1, 1), (1, 0))], {}, None, 2),
    "offsets of the first": ([1, 2, 1], "hardtanh", False, [((2, 1), (1, 1))], {}, None, 1),
    "biases": ([1, 1, 1], "relu", True, [ONE], {}, None, 2),
    "biases and a kink": ([1, 1, 1], "relu", True, [ONE], {(0, 0): AT_0}, None, 1),
    "two slopes": ([1, 1, 1], "relu", True, [((0, 1),)], {}, None, 1),
    "off": ([1, 1, 1], "relu", True, [((0, 0),)], {}, None, 5),
    "off, two outputs": ([1, 1, 2], "relu", True, [((0, 0),)], {}, None, 6),
    "off, a kink": ([1, 1, 1], "relu", True, [((0, 0),)], {(0, 0): AT_0}, None, 2),
    "off, a kink, in every cell": ([1, 1, 1], "relu", True, [((0, 0),)], {(0, 0): AT_0}, frozenset(), 1),
    "constant": ([1, 1, 1], "hardtanh", True, [((2, 2),)], {}, None, 3),
    "constant, a kink": ([1, 1, 1], "hardtanh", True, [((2, 2),)], {(0, 0): AT_1}, None, 0),
    "deep": ([1, 1, 1, 1], "relu", True, [((0, 1),), ((0, 1),)], {}, None, 2),
    "deep, a sample that is not seen": ([1, 1, 1, 1], "relu", True, [((0, 1),), ((0, 1),)], {}, frozenset(), 3),
    "deep, seen at a kink": (
        [1, 1, 1, 1], "relu", True, [((0, 1),), ((0, 1),)], {(1, 0): AT_0}, frozenset({(1, 0, 0)}), 2,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", COUNTS)
def test_how_many(name: str) -> None:
    widths, activation, bias, pattern, kinked, kept, count = COUNTS[name]
    data = samples([[1] * widths[0], [2] * widths[0]], [[0] * widths[-1]] * 2)
    problem = read_problem(text(network(widths, activation, data, bias=bias)), no_data)
    assert len(list(moves_of(problem, tuple(pattern), kinked, kept))) == count


def test_a_shift_of_one_bias_only_is_none() -> None:
    """Hidden biases without output bias, and the reverse: nothing can make up for the shift."""
    for bias in ({"hidden": True, "output": False}, {"hidden": False, "output": True}):
        problem = read_problem(text(network([1, 1, 1], "relu", samples([1, 2], [0, 0]), bias=bias)), no_data)
        assert len(list(moves_of(problem, (ONE,), {}))) == 1


def test_what_is_seen() -> None:
    document = network([1, 1, 2, 1], "relu", samples([1, 2, 3], [0, 0, 0]))
    problem = read_problem(text(document), no_data)
    pattern = (((1, 1, 1),), ((0, 0, 1), (0, 0, 0)))
    assert list(seen_by(problem, pattern, 1, frozenset())) == [2]
    assert list(seen_by(problem, pattern, 1, frozenset({(1, 1, 0), (0, 0, 1)}))) == [0, 2]
    assert list(seen_by(problem, pattern, 2, frozenset())) == [0, 1, 2]
