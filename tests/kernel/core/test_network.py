"""Values in integers over a common denominator: what they say of themselves, and what is refused."""

from fractions import Fraction
from itertools import product
from random import Random

import pytest

from symverify.kernel.core.algebra import whole
from symverify.kernel.core.errors import Declined
from symverify.kernel.core.network import Layer, pieces_at, risk_along, run
from symverify.kernel.core.poly import Poly
from symverify.kernel.core.proof import polynomial, read_point
from symverify.kernel.network_file import read_problem
from tests.examples import Number, layer, network, samples
from tests.kernel.corruption import Json, no_data, text
from tests.oracles.network import Oracle, at, mapped

F = Fraction
STEPS = {"breakpoints": ["-1/3", "1/2"], "slopes": ["1/5", "-2/7", "3"], "anchor": ["1/11", "5/13"]}


def test_a_layer_needs_what_it_is_as_wide_as() -> None:
    narrow, ragged = Layer(((F(1),),), (F(1),)), Layer(((F(1), F(1)), (F(1),), (F(1),) * 3), None)
    for each, entering in product((narrow, ragged), ([F(1)] * 3, [F(1)] * 5)):
        with pytest.raises(ValueError, match="another width"):
            each.apply(whole(entering))
    with pytest.raises(ValueError, match="argument"):
        Layer(((F(1), F(1)), (F(1),)), None).apply(whole([F(1), F(1)]))


def test_numbers_that_outgrow_the_budget_are_declined() -> None:
    with pytest.raises(Declined, match="beyond 100000 bits"):
        Layer(((F(3**40_000),),), None).apply(whole([F(1, 3**40_000)]))


@pytest.mark.parametrize("seed", range(10))
def test_no_integer_is_longer_than_is_said(seed: int) -> None:
    rng = Random(seed)

    def row() -> list[Number]:
        return [f"{rng.randint(-9, 9)}/{rng.randint(1, 9)}" for _ in range(2)]

    parameters = [layer([row(), row()], row()) for _ in range(3)]
    document = network([2, 2, 2, 2], STEPS, samples([["7/3", 10**9]], [[0, 0]]), parameters=parameters)
    problem = read_problem(text(document), no_data)
    assert problem.parameters is not None
    for integers, over, bits in run(problem, problem.parameters, 0):
        assert all(isinstance(x, int) and x.bit_length() <= bits for x in (*integers, over))
        assert over > 0


@pytest.mark.parametrize(
    ("at", "pieces"),
    [("-1/2", (0,)), ("-1/3", (0, 1)), ("0", (1,)), ("1/2", (1, 2)), (f"{2**70 + 1}/{2**71}", (2,))],
)
def test_pieces_at_breakpoints_that_are_no_integers(at: str, pieces: tuple[int, ...]) -> None:
    """Whatever the denominators of what enters: 1/7 and 6/7 of it."""
    parameters = [layer([["1/7", "6/7"]], ["0"]), layer([["1"]], ["0"])]
    problem = read_problem(text(network([2, 1, 1], STEPS, samples([[at, at]], [0]), parameters=parameters)), no_data)
    assert problem.parameters is not None
    assert pieces_at(problem, problem.parameters) == [[[pieces]]]


@pytest.mark.parametrize("seed", range(40))
def test_the_risk_along_a_curve_is_that_of_the_network(seed: int) -> None:
    """Shortly after a start on breakpoints; curves stay there, or leave to either side, at once or at second order."""
    rng = Random(seed)

    def number(*more: str) -> str:
        return rng.choice(("0", "1", "-1", "-1/3", "1/2", "2/3", *more))

    def moving(x: str) -> Json:
        return rng.choice((x, [x, number("5/7")], [x, "0", number("5/7")]))

    point = [
        {"weight": [[number() for _ in range(2)] for _ in range(2)], "bias": [number() for _ in range(2)]}
        for _ in range(3)
    ]
    document = network([2, 2, 2, 2], STEPS, samples([["0", "1/2"], ["-1/3", "2/3"]], [["0", "1/7"], ["1/3", "1"]]))
    document["loss"] = {"name": "huber", "delta": "1/3", "factor": "2/5"}
    oracle = Oracle(document)
    _, row = oracle.pre_activations(point, [F(0), F(1, 2)])[:2]
    for j, z in enumerate(row):  # a second layer on breakpoints, too
        point[1]["bias"][j] = str(F(point[1]["bias"][j]) - z + rng.choice((F(-1, 3), F(1, 2))))
    path, soon = mapped(point, moving), F(1, 10**40)
    problem = read_problem(text(document), no_data)
    along = risk_along(problem, read_point(problem, polynomial)(cleaned(path), "path"))
    assert sum(c * soon**k for k, c in enumerate(along.coefficients)) == oracle.risk(at(path, soon))
    assert along.at_zero() == oracle.risk(point)


def cleaned(path: Json) -> Json:
    """As certificates spell it, without zeros at the end."""

    def spelled(x: Json) -> Json:
        found = Poly.of(map(F, x if isinstance(x, list) else [x])).coefficients
        return [str(c) for c in found] if len(found) > 1 else str(sum(found))

    return mapped(path, spelled)
