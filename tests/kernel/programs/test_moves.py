"""The flows of a program: they move no prediction and no kink that is kept, and none of those listed is missing."""

import random
from collections.abc import Mapping, Set
from fractions import Fraction
from typing import Any

import pytest

from symverify.kernel.core.network import Pattern
from symverify.kernel.core.poly import Poly
from symverify.kernel.curvature.flows import flows
from symverify.kernel.programs.moves import Unit, moves_of
from symverify.kernel.programs.network import Programmed
from symverify.kernel.programs.values import evaluate
from tests.kernel.programs.drawn import random_pattern, random_problem, rate
from tests.kernel.programs.test_nodes import document, node, read

Json = Any
ZERO, ONE = Fraction(0), Fraction(1)
AT_0, AT_1 = frozenset({ZERO}), frozenset({ONE})
Kinked = Mapping[Unit, Set[Fraction]]


def network(*nodes: Json, outputs: int = 1, h: Json = "relu") -> Programmed:
    """x = 1, 2 and these nodes; activations are "h"."""
    given = [each | ({"activation": h} if each["op"] == "activation" else {}) for each in nodes]
    return read(document([1], *given, outputs=outputs, samples=2))


def z(units: int = 2, source: str = "x", name: str = "z", **more: Json) -> Json:
    return node(name, "affine", source, units=units, **{"bias": False} | more)


def a(source: str = "z", name: str = "a") -> Json:
    return node(name, "activation", source)


def f(source: str = "a", units: int = 1, **more: Json) -> Json:
    return z(units, source, "f", **more)


def pair(*pieces: int) -> Pattern:
    """One bent node, these pieces of its units, on both samples."""
    return (tuple((p, p) for p in pieces),)


JOIN = node("j", "concat", ["a", "x"])
STEP: Json = {"breakpoints": [0, 1], "slopes": [0, 1, 0], "anchor": [0, 0]}
PARTS = (z(3), a(), node("r", "reshape", "a", shape=[1, 3]),
         node("p", "max_pool1d", "r", kernel=2, stride=2, padding=1))  # fmt: skip
POOLED, UNUSED = network(*PARTS, f("p")), network(*PARTS, f("p", weight=[[0, None]]))
# The network, the pieces, the units with kinks and their breakpoints, and how many flows there are.
COUNTS: dict[str, tuple[Programmed, Pattern, Kinked, int]] = {
    # Two scalings, and each row gains the other.
    "two equal units": (network(z(), a(), f()), pair(1, 1), {}, 4),
    "a kink of the first": (network(z(), a(), f()), pair(1, 1), {(0, 0): AT_0}, 3),
    "a kink of the second": (network(z(), a(), f()), pair(1, 1), {(0, 1): AT_0}, 3),
    "kinks of both": (network(z(), a(), f()), pair(1, 1), {(0, 0): AT_0, (0, 1): AT_0}, 2),
    "a kink elsewhere": (network(z(), a(), f(), h=STEP), pair(1, 1), {(0, 0): AT_1}, 2),
    "unequal slopes": (network(z(), a(), f(), h="abs"), pair(0, 1), {}, 2),
    "an offset of the first": (network(z(), a(), f(), h=STEP), pair(2, 1), {}, 2),
    "an offset of the second": (network(z(), a(), f(), h=STEP), pair(1, 2), {}, 2),
    # Of a constant unit the row is free; of one that is 0 what it goes to, too.
    "off": (network(z(1), a(), f()), pair(0), {}, 3),
    "off, with a bias": (network(z(1, bias=True), a(), f()), pair(0), {}, 5),
    "off, a kink": (network(z(1), a(), f()), pair(0), {(0, 0): AT_0}, 2),
    "constant": (network(z(1), a(), f(), h=STEP), pair(2), {}, 1),
    "constant, a kink": (network(z(1), a(), f(), h=STEP), pair(2), {(0, 0): AT_1}, 0),
    "off, two places to go to": (network(z(1), a(), f(units=2), outputs=2), pair(0), {}, 4),
    # A bias is shifted where all biases that it reaches make up for it.
    "biases": (network(z(1, bias=True), a(), f(bias=True)), pair(1), {}, 2),
    "biases, two slopes": (network(z(1, bias=True), a(), f(bias=True)), (((0, 1),),), {}, 1),
    "biases and a kink": (network(z(1, bias=True), a(), f(bias=True)), pair(1), {(0, 0): AT_0}, 1),
    "no bias after": (network(z(1, bias=True), a(), f()), pair(1), {}, 1),
    "no bias before": (network(z(1), a(), f(bias=True)), pair(1), {}, 1),
    "the bias after is frozen": (network(z(1, bias=True), a(), f(bias=[3])), pair(1), {}, 1),
    "the bias before is frozen": (network(z(1, bias=[3]), a(), f(bias=True)), pair(1), {}, 0),
    "one bias after, and one place to go to": (
        network(z(1, bias=True), a(), f(units=2, weight=[[None], [0]], bias=[None, 3]), outputs=2), pair(1), {}, 2),
    # Skips: the node is read by an affine node with other units, by two affine nodes, or in part.
    "beside the input": (network(z(), a(), JOIN, f("j")), pair(1, 1), {}, 4),
    "two readers": (network(z(), a(), f(), z(1, "a", "g"), node("s", "sum", ["f", "g"])), pair(1, 1), {}, 4),
    "a frozen sum reads it, too": (network(z(), a(), f("a", 2), node("s", "sum", ["a", "f"]), outputs=2),
                                   pair(1, 1), {}, 0),
    # Nothing is known of a node whose values, or whose source's, go elsewhere.
    "twice into one node": (network(z(), a(), node("j", "concat", ["a", "a"]), f("j")), pair(1, 1), {}, 0),
    "its source is read by an affine node": (network(z(), a(), node("j", "concat", ["z", "a"]), f("j")),
                                             pair(1, 1), {}, 0),
    "its source is bent twice": (network(z(), a(), a("z", "b"), node("j", "concat", ["a", "b"]), f("j")),
                                 pair(1, 1) * 2, {}, 0),
    "it is bent again": (network(z(), a(), a("a", "b"), f("b")), pair(1, 1) * 2, {}, 0),
    "it is the prediction": (network(z(), a(), outputs=2), pair(1, 1), {}, 0),
    "inputs are bent": (network(a("x"), f()), pair(1), {}, 0),
    # Of three units the first passes the pooling alone: another row may join its own only where it goes nowhere.
    "one that goes on alone": (POOLED, (((1, 1),) * 3, ((1, 1),)), {}, 1),
    "one that goes nowhere": (UNUSED, (((1, 1),) * 3, ((1, 1),)), {}, 3),
    # Places that are frozen or tied.
    "a row is frozen": (network(z(weight=[[None], [2]]), a(), f()), pair(1, 1), {}, 1),
    "rows of no edges": (network(z(weight=[[None], [0]]), a(), f()), pair(1, 1), {}, 3),
    "the places after are frozen": (network(z(), a(), f(weight=[[None, 2]])), pair(1, 1), {}, 1),
    "no edge after the second": (network(z(), a(), f(weight=[[None, 0]])), pair(1, 1), {}, 3),
    "tied": (network(z(weight=[["w"], [None]]), a(), f(weight=[[None, "w"]])), pair(1, 1), {}, 0),
    "deep": (network(z(), a(), z(2, "a", "y"), a("y", "b"), f("b")), pair(1, 1) * 2, {}, 8),
}  # fmt: skip


@pytest.mark.parametrize("name", COUNTS)
def test_how_many(name: str) -> None:
    problem, pattern, kinked, count = COUNTS[name]
    assert len(list(moves_of(problem, pattern, kinked))) == count
    require_symmetries(problem, pattern, kinked)


def require_symmetries(problem: Programmed, pattern: Pattern, kinked: Kinked) -> None:
    """To first order no prediction moves at any point, nor a kept kink; z of one at 0 may grow by itself."""
    rng = random.Random(1)
    for _ in range(3):
        values = [Fraction(rng.randint(-4, 4), rng.randint(1, 3)) for _ in range(problem.size())]
        for velocity in flows(problem, problem.expand(values), pattern, kinked):
            moved = problem.expand([Poly.of((x, v)) for x, v in zip(values, velocity, strict=True)])
            for i in range(len(problem.inputs)):
                nodes = evaluate(problem, moved, i, pattern)
                assert not any(rate(each) for each in nodes[-1])
                for (m, j), thresholds in kinked.items():
                    height = Poly(()) + nodes[problem.bents[m].source][j]
                    assert rate(height) in ({ZERO, height.at_zero()} if thresholds == AT_0 else {ZERO})


@pytest.mark.parametrize("seed", range(20))
def test_no_prediction_moves_in_random_programs(seed: int) -> None:
    """Masks, shared and frozen places, skips; any pieces, kinks of some units."""
    rng = random.Random(seed)
    problem = random_problem(rng)
    pattern = random_pattern(rng, problem)
    if rng.random() < 0.7:  # equal pieces, so that units have equal slopes
        pattern = tuple((layer[0],) * len(layer) for layer in pattern)
    units = [(m, j) for m, layer in enumerate(pattern) for j in range(len(layer))]
    require_symmetries(problem, pattern, {unit: rng.choice([AT_0, AT_1]) for unit in units if rng.random() < 0.3})
