"""Values of programs in integers: what long denominators cost is counted before it is paid."""

from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest

from symverify.kernel.core.errors import Declined, metered
from symverify.kernel.core.network import pullback, run
from symverify.kernel.network_file import read_problem
from symverify.kernel.programs.network import Programmed
from symverify.kernel.programs.places import Wired
from symverify.kernel.programs.values import height
from tests.kernel.corruption import no_data, text

Json = Any


def program(x: Json, *nodes: Json) -> Programmed:
    """One input, these nodes after it, and one sample, of label 0."""
    form = {"format": "symverify-network/1", "loss": "squared", "data": [{"x": [x], "y": [0]}]}
    document = form | {"program": [{"name": "x", "op": "input", "shape": [1]}, *nodes]}
    problem = read_problem(text(document), no_data)
    assert isinstance(problem, Programmed)
    return problem


def test_what_enters_has_a_common_denominator_within_the_budget() -> None:
    joint = Wired(2, 0, False, ((0, 0), (1, 0), (2, 0)))
    assert joint.arriving([([1], 2, 2), ([5], 3, 3), ([1], 4, 3)]) == ([6, 20, 3], 12, 6)
    with pytest.raises(Declined, match="no common multiple"):
        joint.arriving([([1], 3**30_000, 50_000), ([1], 5**20_000, 50_000), ([1], 7**10_000, 30_000)])
    with pytest.raises(Declined, match="more work"), metered(10**6):
        joint.arriving([([1] * 1000, 3**10_000, 16_000), ([1], 5, 3), ([1], 7, 3)])


def test_what_a_unit_is_that_no_parameter_moves() -> None:
    """z = w x is 0 at x = 0; h(z) = 1 + max(0, z) is 1 there, and moves what comes after it."""
    raised = {"breakpoints": ["0"], "slopes": ["0", "1"], "anchor": ["0", "1"]}
    problem = program(
        0,
        {"name": "z", "op": "affine", "from": "x", "units": 1, "bias": False},
        {"name": "a", "op": "activation", "from": "z", "activation": raised},
        {"name": "f", "op": "affine", "from": "a", "units": 1, "bias": False},
    )
    assert problem.constants(0) == [[0], [0], [1], [None]]
    h = problem.bents[0].h
    assert [height(h, Fraction(z, 2)) for z in (-1, 0, 1)] == [1, 1, Fraction(3, 2)]


def test_activations_of_activations_are_metered() -> None:
    bent: Json = {"op": "activation", "activation": {
        "breakpoints": ["0"], "slopes": [f"1/{3**8000}", "1"], "anchor": ["0", "0"]
    }}  # fmt: skip
    names = ["z", *[f"a{k}" for k in range(40)]]
    problem = program(
        1,
        {"name": "z", "op": "affine", "from": "x", "units": 1},
        *[{"name": name, "from": source, **bent} for source, name in pairwise(names)],
    )
    with pytest.raises(Declined, match="more work"), metered(10**8):
        run(problem, problem.expand([Fraction(-1), Fraction(0)]), 0)
    h = problem.bents[0].h
    with pytest.raises(Declined, match="beyond 100000 bits"):
        height(h, Fraction(-1, 2**100_000))


def test_derivatives_go_through_an_affine_map_of_an_affine_map() -> None:
    """f = w (w x + b) with the same w twice: by w it is 2 w x + b, by b it is w."""
    problem = program(
        "1/5",
        {"name": "z", "op": "affine", "from": "x", "units": 1, "weight": [["w"]]},
        {"name": "f", "op": "affine", "from": "z", "units": 1, "weight": [["w"]], "bias": False},
    )
    w, b = Fraction(2, 3), Fraction(-1, 7)
    assert pullback(problem, problem.expand([w, b]), 0, (), [Fraction(1)]) == [2 * w / 5 + b, w]


def test_derivatives_add_up_where_a_node_goes_into_several() -> None:
    """f = h(z) / 2 + 3 z at z = w x + b, with h' = 1/3 where z < 0."""
    problem = program(
        "1/5",
        {"name": "z", "op": "affine", "from": "x", "units": 1},
        {
            "name": "a",
            "op": "activation",
            "from": "z",
            "activation": {"name": "leaky_relu", "negative_slope": "1/3"},
        },
        {"name": "both", "op": "concat", "from": ["a", "z"]},
        {"name": "f", "op": "affine", "from": "both", "units": 1, "weight": [["1/2", 3]], "bias": False},
    )
    for piece, rate in ((0, Fraction(1, 6) + 3), (1, Fraction(1, 2) + 3)):
        point = problem.expand([Fraction(2, 3), Fraction(-1, 7)])
        assert pullback(problem, point, 0, (((piece,),),), [Fraction(1)]) == [rate / 5, rate]
