"""Where the parameters of a network are: by hand, for a chain and for a program with ties and frozen places."""

from fractions import Fraction

from symverify.kernel.programs.network import Programmed
from symverify.kernel.reals.enclosed_point import penalty
from symverify.kernel.reals.layout import bent_node, layout_of
from tests.kernel.reals.made import Json, document, problem_of
from tests.kernel.reals.test_fields import as_point

DECAY = {"weights": 2, "biases": 6}
CHAIN = document([2, 2, 1], "relu", "squared", [[1, 2]], [[0]], weight_decay=DECAY)
PROGRAM: Json = {
    "format": "symverify-network/1",
    "program": [
        {"name": "x", "op": "input", "shape": [2]},
        {"name": "z", "op": "affine", "from": "x", "units": 2, "weight": [["w", None], [0, None]], "bias": ["w", None]},
        {"name": "a", "op": "activation", "from": "z", "activation": "relu"},
        {"name": "j", "op": "concat", "from": ["x", "a"]},
        {"name": "f", "op": "affine", "from": "j", "units": 1, "weight": [[0, None, 5, "w"]], "bias": [None]},
    ],
    "loss": "squared",
    "weight_decay": DECAY,
    "data": [{"x": [1, 2], "y": [0]}],
}


def test_a_chain() -> None:
    problem = problem_of(CHAIN)
    found = layout_of(problem)
    assert found.wires == [[(0, 0), (0, 1)], [(2, 0), (2, 1)]]
    assert found.rows == [[[(0, 0), (1, 1), (2, 2)], [(0, 3), (1, 4), (2, 5)]], [[(0, 6), (1, 7), (2, 8)]]]
    assert found.free[1] == [(0, 0, 6), (0, 1, 7), (0, 2, 8)]
    assert found.places[4] == [(0, 1, 1)]
    assert (found.biases, found.edges, bent_node(problem, 0)) == ({2, 5, 8}, 9, 2)
    bare = layout_of(problem_of(CHAIN | {"bias": {"hidden": False, "output": True}}))
    assert (bare.biases, bare.edges) == ({6}, 7)


def test_a_program() -> None:
    """A parameter is a bias where it is first met as one: w is a weight."""
    problem = problem_of(PROGRAM)
    found = layout_of(problem)
    assert found.wires == [[(0, 0), (0, 1)], [(0, 0), (0, 1), (2, 0), (2, 1)]]
    assert found.rows == [[[(0, 0), (1, 1), (2, 0)], [(1, 2), (2, 3)]], [[(1, 4), (2, Fraction(5)), (3, 0), (4, 5)]]]
    assert found.free == [[(0, 0, 0), (0, 1, 1), (0, 2, 0), (1, 1, 2), (1, 2, 3)], [(0, 1, 4), (0, 3, 0), (0, 4, 5)]]
    assert found.places[0] == [(0, 0, 0), (0, 0, 2), (1, 0, 3)]
    assert (found.biases, found.edges, bent_node(problem, 0)) == ({3, 5}, 9, 2)


def test_weights_and_biases_decay_at_their_own_rates() -> None:
    """Σ w² + 3 Σ b², each parameter once, at 1, 2, 3, …"""
    chain, program = problem_of(CHAIN), problem_of(PROGRAM)
    assert isinstance(program, Programmed)
    weights, biases = (1, 2, 4, 5, 7, 8), (3, 6, 9)
    point = as_point(chain, [Fraction(k) for k in range(1, 10)])
    assert penalty(chain, point) == sum(x * x for x in weights) + 3 * sum(x * x for x in biases)
    there = program.expand([Fraction(k) for k in range(1, 7)])
    assert penalty(program, there) == 1 + 4 + 9 + 25 + 3 * (16 + 36)
