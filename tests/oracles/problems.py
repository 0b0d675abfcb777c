"""Small random problems of one hidden layer with scalar output, often degenerate, with a point each."""

import random
from fractions import Fraction
from typing import Any

from tests.examples import layer, network, samples
from tests.oracles.network import Json
from tests.oracles.strata import Strata

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


def drawn(rng: random.Random, widest: int, most: int, faces: bool) -> tuple[Json, Json]:
    """A problem and a point, some of whose units agree: on faces of every kind, or strictly inside a cell."""
    while True:
        d, n, width = rng.choice([1, 1, 2]), rng.randint(1, most), rng.randint(1, widest)
        hidden, output = rng.random() < 0.6, rng.random() < 0.6
        huber = {"name": "huber", "reduction": "sum", "delta": rng.choice(["1/2", "1", "2"])}
        more = {"loss": huber} if rng.random() < 0.3 else {}
        xs = [[rng.randint(-2, 3) for _ in range(d)] for _ in range(n)]
        document = network(
            [d, width, 1], rng.choice(ACTIVATIONS), samples(xs, [rng.randint(-3, 3) for _ in xs]), "1/2",
            bias={"hidden": hidden, "output": output},
        ) | more  # fmt: skip

        def number() -> str:
            return str(Fraction(rng.randint(-2, 2) if faces else rng.randint(-9, 9), 1 if faces else rng.randint(2, 4)))

        kinds = [[number() for _ in range(d + 1)] for _ in range(rng.choice([1, 2, width]))]
        rows = [rng.choice(kinds) for _ in range(width)]
        first = layer([row[:d] for row in rows], [row[d] for row in rows] if hidden else None)
        point = [first, layer([[number() for _ in rows]], [number()] if output else None)]
        if faces or not any(at % 2 for each in Strata(document, point).classes for at in each.place):
            return document, point
