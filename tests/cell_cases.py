"""Random small problems with a cell each, and steps run through their kernel rules, for the tests about cells."""

import json
import random
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from symverify.kernel.check import apply
from symverify.kernel.core.errors import Rejected
from symverify.kernel.core.network import Layer, Pattern, Point, Problem, cell_of
from symverify.kernel.core.proof import Proof, Rule
from symverify.kernel.network_file import read_problem

ACTIVATIONS: list[Any] = [
    "relu",
    "relu",
    "abs",
    "identity",
    "hardtanh",
    "hardsigmoid",
    {"name": "leaky_relu", "negative_slope": "1/4"},
    {"breakpoints": ["1"], "slopes": ["0", "1"], "anchor": ["0", "0"]},
    {"breakpoints": ["-1", "0", "2"], "slopes": ["1", "0", "2", "-1"], "anchor": ["0", "1"]},
]
ROLES = frozenset({"point", "minimum", "better", "bound", "limit", "infimum", "cells", "minima"})
HALF_SQUARES = {"name": "squared", "reduction": "sum", "factor": "1/2"}


def network(
    inputs: Any, targets: Any, width: int, activation: Any = "relu", bias: Any = True, loss: Any = None
) -> Problem:
    """A problem with one hidden layer and scalar output; numbers or vectors as inputs, sum of half squares."""
    rows = [[x] if isinstance(x, int) else list(x) for x in inputs]
    document = {
        "format": "symverify-network/1",
        "layers": [len(rows[0]), width, 1],
        "activation": activation,
        "bias": bias,
        "loss": loss or HALF_SQUARES,
        "data": [{"x": list(map(str, x)), "y": [str(y)]} for x, y in zip(rows, targets, strict=True)],
    }
    return read_problem(json.dumps(document).encode(), lambda _: b"")


def random_point(rng: random.Random, problem: Problem) -> Point:
    """A point whose units often agree, so that classes of several units occur."""
    d, width, _ = problem.widths

    def number() -> Fraction:
        return Fraction(rng.randint(-9, 9), rng.choice([2, 3, 4]))

    kinds = [[number() for _ in range(d + 1)] for _ in range(rng.choice([1, 2, width]))]
    rows = [rng.choice(kinds) for _ in range(width)]
    bias = tuple(row[d] for row in rows) if problem.hidden_bias else None
    first = Layer(tuple(tuple(row[:d]) for row in rows), bias)
    return first, Layer((tuple(number() for _ in range(width)),), (number(),) if problem.output_bias else None)


def random_case(rng: random.Random, widest: int = 4, samples: int = 5) -> tuple[Problem, Pattern]:
    """A small, often degenerate problem, and a cell of it."""
    while True:
        d, n = rng.choice([1, 1, 2]), rng.randint(1, samples)
        huber = {"name": "huber", "delta": rng.choice(["1/2", "1", "2"])}
        problem = network(
            [[rng.randint(-2, 3) for _ in range(d)] for _ in range(n)],
            [rng.randint(-3, 3) for _ in range(n)],
            rng.randint(1, widest),
            rng.choice(ACTIVATIONS),
            {"hidden": rng.random() < 0.6, "output": rng.random() < 0.6},
            rng.choice([HALF_SQUARES, HALF_SQUARES, huber]),
        )
        try:
            return problem, cell_of(problem, random_point(rng, problem))
        except Rejected:
            continue


def run(proof: Proof, rule: Rule | str, premises: Mapping[str, int | list[int]] | None = None, **fields: Any) -> Any:
    """Put a step of this rule, as it comes back from a file, at the end of a proof, and give its fact.

    Step numbers under the name of a role are premises, beside those given as such.
    """
    named = {role: value for role, value in fields.items() if role in ROLES and numbers(value)}
    own = {key: value for key, value in fields.items() if key not in named}
    roles, name = {**named, **(premises or {})}, rule if isinstance(rule, str) else rule.__name__
    step = {"rule": name, **own} | ({"from": roles} if roles else {})
    proof.steps.append(apply(proof, json.loads(json.dumps(step)), f"steps[{len(proof.steps)}]"))
    return proof.steps[-1].fact


def numbers(value: Any) -> bool:
    """Whether this is a step number, or a list of them."""
    return type(value) is int or (isinstance(value, list) and all(type(each) is int for each in value))
