"""Random degenerate general programs at points of small integers: many kinks, dead units, ties, equal inputs."""

import json
from fractions import Fraction
from random import Random
from typing import Any

from symverify.kernel import Malformed
from symverify.kernel.core.network import Pattern, Place, Point, rational
from symverify.kernel.core.poly import Poly, Scalar
from symverify.kernel.network_file import read_problem
from symverify.kernel.programs.network import Programmed
from symverify.kernel.programs.parameters import fixed, hidden
from symverify.kernel.programs.values import evaluate
from tests.kernel.reals.made import no_data
from tests.oracles.programs import random_program

Json = Any


def random_case(seed: int) -> tuple[Programmed, list[Fraction]] | None:
    """A program and numbers for its free parameters; None where nothing is free."""
    rng = Random(seed)
    nodes = random_program(rng)
    outputs = next(node["units"] for node in nodes if node["name"] == "f")
    xs = [[rng.randint(-1, 2) for _ in range(nodes[0]["shape"][0])] for _ in range(rng.randint(2, 4))]
    document: Json = {
        "format": "symverify-network/1",
        "program": nodes,
        "loss": {"name": "squared", "reduction": "sum"},
        "data": [{"x": x, "y": [rng.randint(-2, 2) for _ in range(outputs)]} for x in xs],
    }
    try:
        problem = read_problem(json.dumps(document).encode(), no_data)
    except Malformed:
        return None
    assert isinstance(problem, Programmed)
    return problem, [Fraction(rng.randint(-1, 1)) for _ in range(problem.size())]


def located(problem: Programmed, point: Point) -> tuple[Pattern, list[Place]]:
    """The lower pieces at a point, and all kinks there but those that no parameter moves."""
    pieces = [[[0] * len(problem.inputs) for _ in range(width)] for width in hidden(problem)]
    kinks = list[Place]()
    for i in range(len(problem.inputs)):
        values = evaluate(problem, point, i)
        for node in problem.bents:
            for j, z in enumerate(values[node.source]):
                at = node.h.pieces(rational(z))
                pieces[node.layer][j][i] = at[0]
                if len(at) > 1 and fixed(problem, (node.layer, j, i)) is None:
                    kinks.append((node.layer, j, i))
    return tuple(tuple(map(tuple, layer)) for layer in pieces), kinks


def rate(z: Scalar) -> Fraction:
    """The coefficient of t."""
    return z.coefficients[1] if isinstance(z, Poly) and len(z.coefficients) > 1 else Fraction(0)


def rates(problem: Programmed, numbers: list[Fraction], speeds: dict[int, Fraction], pieces: Pattern) -> list[Any]:
    """The derivatives of all nodes on all samples, as parameters move at these speeds, on these pieces."""
    curve = [Poly.of([x, speeds.get(slot, Fraction(0))]) for slot, x in enumerate(numbers)]
    point = problem.expand(list(curve))
    return [
        [[rate(z) for z in node] for node in evaluate(problem, point, i, pieces)] for i in range(len(problem.inputs))
    ]
