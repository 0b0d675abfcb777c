"""First and second derivatives on the pieces of a cell, against exact differences."""

import random
from fractions import Fraction

import pytest

from symverify.kernel.core.network import pieces_at
from symverify.kernel.core.proof import read_point
from symverify.kernel.core.text import liberal
from symverify.kernel.curvature.hessian import derivatives, kink_derivatives, places, second_derivatives
from symverify.kernel.network_file import read_problem
from tests.examples import layer, network, samples
from tests.kernel.corruption import no_data, text
from tests.kernel.curvature.pieces import bends_of, drawn, risk, slopes_of, values
from tests.oracles.network import numbers

WIDTHS = ([1, 2, 1], [2, 1, 2], [1, 1, 1, 1], [1, 2, 1, 2])


@pytest.mark.parametrize("seed", range(16))
def test_pre_activations(seed: int) -> None:
    """On any pieces, in any layer."""
    rng = random.Random(seed)
    problem, oracle, parameters, pattern = drawn(rng, WIDTHS[seed % 4])
    point = read_point(problem, liberal)(parameters, "")
    m = rng.randrange(len(pattern))
    j, i = rng.randrange(problem.widths[m + 1]), rng.randrange(2)
    first, second = kink_derivatives(problem, point, pattern, (m, j, i))

    def z(there: object) -> Fraction:
        return values(oracle, pattern, there, i)[m][j]

    assert first == slopes_of(z, parameters)
    assert second == bends_of(z, parameters)


@pytest.mark.parametrize("seed", range(12))
def test_the_risk(seed: int) -> None:
    """On the pieces of a cell whose closure the point is in: at a breakpoint either of the two."""
    rng = random.Random(seed)
    problem, oracle, parameters, _ = drawn(rng, WIDTHS[seed % 4])
    point = read_point(problem, liberal)(parameters, "")
    around = pieces_at(problem, point)
    pattern = tuple(tuple(tuple(rng.choice(at) for at in unit) for unit in layer) for layer in around)
    first, second = derivatives(problem, point, pattern)
    assert first == slopes_of(lambda there: risk(oracle, pattern, there), parameters)
    assert second == bends_of(lambda there: risk(oracle, pattern, there), parameters)
    assert len(list(places(problem))) == len(numbers(parameters))


def test_the_second_derivative_of_a_loss_is_that_of_its_piece_and_none_at_a_cut() -> None:
    loss = {"name": "huber", "delta": 2, "reduction": "sum", "factor": "1/3"}
    document = network([1, 1, 1], "relu", samples([0] * 5, [5, 0, 1, 0, 0]), loss=loss)
    document["parameters"] = [layer([[0]], [0]), layer([[0]], [0])]
    problem = read_problem(text(document), no_data)
    errors = [[Fraction(x)] for x in (1, 1, -1, 3, 2)]
    assert second_derivatives(problem, errors) == [[Fraction(0)], [Fraction(1, 3)], [None], [Fraction(0)], [None]]
