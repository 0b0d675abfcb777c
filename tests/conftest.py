"""Compiles the loops of the search once, before workers of the tests would do so side by side.

A loop that was compiled together with another one may round differently from one that found it compiled.
"""

import json

import pytest

from symverify import loads
from symverify.search.global_minimum import global_minimum


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        for n, d in ((30, 2), (31, 3)):
            X = [[(7 * i * i + 3 * i + k * i**3) % 101 for k in range(d)] for i in range(n)]
            data = [{"x": x, "y": [(11 * i * i + i) % 19]} for i, x in enumerate(X)]
            network = {"format": "symverify-network/1", "layers": [d, 2, 1], "activation": "relu", "loss": "squared"}
            global_minimum(loads(json.dumps({**network, "data": data})).problem, deadline=120.0)
