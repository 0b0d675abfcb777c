"""Every point of a one-hidden-layer network is decided, and no verdict is wrong.

Problems are planted so that points are nearly stationary: the residuals are drawn orthogonal to what stationarity
needs, and the targets follow from them. The oracle is a random exact search for lower points nearby.
"""

import json
import random
from fractions import Fraction
from functools import partial

import pytest

from symverify.certify.certificate import Certificate, parameters
from symverify.ground.linear import nullspace
from symverify.kernel.core.facts import LocalMinimum, NotLocalMinimum
from symverify.kernel.core.network import Layer, predictions, rational, risk
from symverify.kernel.network_file import read_problem
from symverify.kernel.programs.values import trace
from symverify.search.answers import Descends
from symverify.search.decide import Stays, decide_shallow

ACTIVATIONS = [
    "relu",
    "abs",
    "hardtanh",
    {"name": "leaky_relu", "negative_slope": "1/3"},
    {"name": "two_piece", "negative_slope": "2", "positive_slope": "-1"},
    {"breakpoints": ["-2", "0", "1"], "slopes": ["0", "-1", "2", "1/2"], "anchor": ["0", "0"]},
    {"breakpoints": ["1"], "slopes": ["0", "1"], "anchor": ["0", "0"]},
]
BIASES = [True, True, False, {"hidden": False}, {"output": False}]


def network(layers, activation, bias, loss, inputs, targets, theta):
    document = {
        "format": "symverify-network/1",
        "layers": layers,
        "activation": activation,
        "bias": bias,
        "loss": loss,
        "data": [{"x": list(map(str, x)), "y": list(map(str, y))} for x, y in zip(inputs, targets, strict=True)],
        "parameters": parameters(theta),
    }
    return read_problem(json.dumps(document).encode(), lambda _: b"")


def planted(rng):
    """A problem whose given point is stationary in its output weights, often in all directions, often on a boundary."""
    d, width, n = rng.choice([1, 1, 2]), rng.randint(1, 3), rng.randint(1, 6)
    activation, bias = rng.choice(ACTIVATIONS), rng.choice(BIASES)
    hidden = bias if isinstance(bias, bool) else bias.get("hidden", True)
    output = bias if isinstance(bias, bool) else bias.get("output", True)
    draw = partial(rng.choice, [-2, -1, -1, 0, 0, 1, 1, 2])
    inputs = [[draw() for _ in range(d)] for _ in range(n)]
    theta = (
        Layer(
            tuple(tuple(Fraction(draw()) for _ in range(d)) for _ in range(width)),
            tuple(Fraction(draw()) for _ in range(width)) if hidden else None,
        ),
        Layer((tuple(Fraction(draw()) for _ in range(width)),), (Fraction(draw()),) if output else None),
    )
    loss = rng.choice([{"name": "squared", "reduction": "sum"}, "squared", {"name": "huber", "delta": "3"}])
    layers = [d, width, 1]
    blank = network(layers, activation, bias, loss, inputs, [[0]] * n, theta)
    h, columns = blank.activations[0], [[1] * n] if output else []
    for j in range(width):
        z = [rational(trace(blank, theta, i)[0][j]) for i in range(n)]
        columns.append([h.slopes[h.pieces(x)[0]] * x + h.offsets[h.pieces(x)[0]] for x in z])
        if rng.random() < 0.8:
            side = rng.choice([0, -1])
            slopes = [h.slopes[h.pieces(x)[side]] for x in z]
            rows = [[*x, 1] if hidden else x for x in inputs]
            columns += [[s * row[c] for s, row in zip(slopes, rows, strict=True)] for c in range(d + hidden)]
    basis = nullspace([[Fraction(x) for x in column] for column in columns], n)
    weights = [rng.randint(-2, 2) for _ in basis]
    pull = [sum((w * b[i] for w, b in zip(weights, basis, strict=True)), Fraction(0)) for i in range(n)]
    targets = [[f[0] - r] for f, r in zip(predictions(blank, theta), pull, strict=True)]
    return network(layers, activation, bias, loss, inputs, targets, theta)


def lower_nearby(problem, rng, tries):
    """A random exact search for a lower point close to the given one."""
    theta = problem.parameters
    here = risk(problem, predictions(problem, theta))
    for _ in range(tries):
        scale = Fraction(1, 10 ** rng.randint(2, 5))
        sparse = rng.random()

        def moved(x, scale=scale, sparse=sparse):
            return x + scale * rng.randint(-9, 9) * (rng.random() < sparse) * rng.choice([1, 1, Fraction(1, 30)])

        near = tuple(
            Layer(
                tuple(tuple(moved(x) for x in row) for row in layer.weight),
                None if layer.bias is None else tuple(moved(x) for x in layer.bias),
            )
            for layer in theta
        )
        if risk(problem, predictions(problem, near)) < here:
            return near
    return None


def decided(problem):
    """What the kernel makes of the decision: LocalMinimum or NotLocalMinimum."""
    certificate = Certificate(problem)
    at = certificate.point(problem.parameters)
    match decide_shallow(problem, problem.parameters):
        case Stays(found):
            spelled = [None if mu is None else [str(x) for x in mu] for mu in found]
            return certificate.fact(certificate.step("face_minimum", {"point": at}, multipliers=spelled))
        case Descends(curve, _):
            return certificate.fact(certificate.step("descent", {"point": at}, curve=parameters(curve)))
    raise AssertionError("undecided")


@pytest.mark.parametrize("block", range(12))
def test_planted_points_are_decided_rightly(block):
    rng = random.Random(1000 + block)
    minima = boundary = 0
    for _ in range(45):
        problem = planted(rng)
        fact = decided(problem)
        if isinstance(fact, LocalMinimum):
            minima += 1
            assert lower_nearby(problem, rng, 12) is None
        else:
            assert isinstance(fact, NotLocalMinimum)
        boundary += any(
            len(problem.activations[0].pieces(rational(z))) > 1
            for i in range(len(problem.inputs))
            for z in trace(problem, problem.parameters, i)[0]
        )
    assert minima >= 5
    assert boundary >= 10


@pytest.mark.long
def test_many_planted_points():
    rng = random.Random(7)
    for _ in range(5000):
        problem = planted(rng)
        if isinstance(decided(problem), LocalMinimum):
            assert lower_nearby(problem, rng, 100) is None


def given(layers, activation, data, theta, bias=True, loss=None):
    inputs, targets = data
    loss = loss or {"name": "squared", "reduction": "sum"}
    fractions = [
        Layer(tuple(tuple(map(Fraction, row)) for row in w), None if b is None else tuple(map(Fraction, b)))
        for w, b in theta
    ]
    return network(layers, activation, bias, loss, inputs, targets, tuple(fractions))


CASES = {
    "a pre-activation exactly at the kink": (
        given(
            [1, 1, 1], "relu", ([[5], [4], [3], [1], [-1]], [[2], [1], [0], [-3], [3]]), [([[1]], [-3]), ([[1]], [0])]
        ),
        LocalMinimum,
    ),
    "zero input row, no biases, all parameters 0": (
        given([1, 1, 1], "relu", ([[0], [1]], [[0], [1]]), [([[0]], None), ([[0]], None)], bias=False),
        NotLocalMinimum,
    ),
    "all parameters zero": (
        given([1, 2, 1], "relu", ([[0], [1], [2]], [[0], [1], [0]]), [([[0], [0]], [0, 0]), ([[0, 0]], ["1/3"])]),
        NotLocalMinimum,
    ),
    "all units dead, the mean": (
        given([1, 2, 1], "relu", ([[0], [1], [2]], [[0], [1], [0]]), [([[0], [0]], [-1, -1]), ([[1, 1]], ["1/3"])]),
        LocalMinimum,
    ),
    "one sample fitted": (
        given([1, 1, 1], "relu", ([[1]], [[2]]), [([[0]], [0]), ([[0]], [2])]),
        LocalMinimum,
    ),
    "equal inputs with different labels": (
        given([1, 1, 1], "relu", ([[0], [0]], [[0], [1]]), [([[3]], [0]), ([[5]], ["1/2"])]),
        LocalMinimum,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_known_points(name):
    problem, expected = CASES[name]
    assert isinstance(decided(problem), expected)
