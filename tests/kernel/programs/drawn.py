"""Random general programs, and pieces of their units that need not be those of any point; points on kinks."""

import random
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from symverify.kernel import Malformed
from symverify.kernel.core.network import Pattern, pieces_at, predictions, pullback, rational
from symverify.kernel.core.poly import Poly
from symverify.kernel.curvature.forms import nullspace
from symverify.kernel.network_file import read_problem
from symverify.kernel.programs.network import Programmed
from tests.kernel.corruption import no_data, text
from tests.oracles.programs import random_program, restriction

Json = Any


def random_problem(rng: random.Random, samples: int = 3) -> Programmed:
    """With small whole inputs, zeros among them."""
    while True:
        nodes = random_program(rng)
        outputs = next(node["units"] for node in nodes if node["name"] == "f")
        data = [
            {"x": [rng.randint(-2, 2) for _ in range(nodes[0]["shape"][0])], "y": [0] * outputs} for _ in range(samples)
        ]
        document = {"format": "symverify-network/1", "program": nodes, "loss": "squared", "data": data}
        try:
            problem = read_problem(text(document), no_data)
        except Malformed:  # nothing is free
            continue
        if isinstance(problem, Programmed):
            return problem


def random_pattern(rng: random.Random, problem: Programmed) -> Pattern:
    """A piece for each bent node, unit and sample."""
    widths = {node.layer: len(problem.constants(0)[node.source]) for node in problem.bents}
    return tuple(
        tuple(
            tuple(rng.randrange(len(node.h.slopes)) for _ in problem.inputs) for _ in range(widths[node.layer])
        )
        for node in problem.bents
    )  # fmt: skip


def rate(x: Fraction | Poly) -> Fraction:
    """The coefficient of t."""
    return x.coefficients[1] if isinstance(x, Poly) and len(x.coefficients) > 1 else Fraction(0)


def spelled(problem: Programmed, values: Sequence[Fraction]) -> Json:
    """A point as the file has it."""

    def nested(shape: Sequence[int], entries: Sequence[int | None]) -> Json:
        if not shape:
            return None if entries[0] is None else str(values[entries[0]])
        step = len(entries) // shape[0]
        return [nested(shape[1:], entries[k * step : (k + 1) * step]) for k in range(shape[0])]

    found: Json = {}
    for each in problem.owned:
        parts = {"weight": (each.weight_shape, each.weight), "bias": ((len(each.bias),), each.bias)}
        found[each.name] = {
            name: nested(shape, own) for name, (shape, own) in parts.items() if any(s is not None for s in own)
        }
    return found


def shallow_program(rng: random.Random) -> list[Json]:
    """One layer of bent units between affine maps, with masks, frozen and shared places, perhaps beside the inputs."""
    inputs, units, outputs = rng.randint(1, 2), rng.randint(1, 3), 1 if rng.random() < 0.8 else 2
    h = rng.choice(["relu", "relu", "abs", "hardtanh", "leaky_relu"])
    nodes: list[Json] = [
        {"name": "x", "op": "input", "shape": [inputs]},
        {"name": "z", "op": "affine", "from": "x", "units": units, **restriction(rng, units, inputs)},
        {"name": "a", "op": "activation", "from": "z", "activation": h},
    ]
    last, width = "a", units
    if rng.random() < 0.3:
        nodes.append({"name": "j", "op": "concat", "from": ["a", "x"]})
        last, width = "j", units + inputs
    nodes.append({"name": "f", "op": "affine", "from": last, "units": outputs, **restriction(rng, outputs, width)})
    return nodes


def stationary(rng: random.Random, nodes: list[Json], samples: int) -> tuple[Json, Programmed] | None:
    """At a point on kinks, mostly with labels that make it stationary on a cell around it; None if nothing is free."""
    inputs = nodes[0]["shape"][0]
    outputs = next(node["units"] for node in nodes if node["name"] == "f")
    data = [{"x": [rng.randint(-2, 2) for _ in range(inputs)], "y": [0] * outputs} for _ in range(samples)]
    document: Json = {"format": "symverify-network/1", "program": nodes, "loss": "squared", "data": data}
    try:
        problem = read_problem(text(document), no_data)
    except Malformed:
        return None
    assert isinstance(problem, Programmed)
    values = [Fraction(rng.randint(-1, 1)) for _ in range(problem.size())]
    point = problem.expand(values)
    pattern = tuple(
        tuple(tuple(rng.choice(at) for at in unit) for unit in layer) for layer in pieces_at(problem, point)
    )
    backs = [[Fraction(j == k) for j in range(outputs)] for k in range(outputs)]
    rows = [[rational(x) for x in pullback(problem, point, i, pattern, back)] for i in range(samples) for back in backs]
    basis = nullspace([tuple(column) for column in zip(*rows, strict=True)], len(rows))
    weights = [rng.randint(-2, 2) for _ in basis]
    errors = [sum((w * row[c] for w, row in zip(weights, basis, strict=True)), Fraction(0)) for c in range(len(rows))]
    errors[0] += rng.choice((0, 0, 0, 1))
    for i, (sample, f) in enumerate(zip(data, predictions(problem, point), strict=True)):
        sample["y"] = [str(a - e) for a, e in zip(f, errors[i * outputs : (i + 1) * outputs], strict=True)]
    document["parameters"] = spelled(problem, values)
    found = read_problem(text(document), no_data)
    assert isinstance(found, Programmed)
    return document, found
