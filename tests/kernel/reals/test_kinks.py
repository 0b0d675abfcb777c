"""Kinks that depend on others: the identities at random points, and each condition broken."""

import random
from contextlib import nullcontext
from fractions import Fraction
from typing import Any

import pytest

from symverify.kernel.core.network import Place, Problem, evaluate
from symverify.kernel.reals.kinks import Kinks, require_dependents, require_kinks
from tests.kernel.reals.made import Json, Rejected, document, problem_of
from tests.kernel.reals.test_fields import as_point, on_m, random_case

SUM = {"name": "squared", "reduction": "sum"}


def made(problem: Problem, pieces: Json, basis: list[Place], *dependents: tuple[Place, list[int]]) -> Kinks:
    frozen = tuple(tuple(map(tuple, layer)) for layer in pieces)
    return Kinks(problem, frozen, basis, [(c, list(map(Fraction, row))) for c, row in dependents], "here")


def test_what_is_accepted_is_an_identity_near() -> None:
    """On random networks with many kinks: for all parameters near the point, whatever the side of the kinks."""
    accepted = refused = deep = through = 0
    for seed in range(1500):
        problem, numbers = random_case(seed, "")
        noise, found = random.Random(seed), on_m(problem, numbers)
        if found is None or len(found[1]) < 2:
            continue
        pieces, kinks = found
        c, *others = noise.sample(kinks, len(kinks))
        basis = [b for b in others if b[:2] == c[:2]][: noise.randint(1, 2)]
        if not basis:
            continue
        row = noise.choice([[1, 0], [0, 1], [2, -1], [-1, 2], [1, 1], [-1, 0]])[: len(basis)]
        lower = [k for k in kinks if k[0] < c[0]]  # what is not named here condition 1 refuses
        weights = [Fraction(x) for x in [*row, *[0] * len(lower)]]
        try:
            require_dependents(Kinks(problem, pieces, [*basis, *lower], [(c, weights)], "here"), "it")
        except Rejected:
            refused += 1
            continue
        accepted += 1
        through += any(k[2] == c[2] for k in lower)
        deep += c[0] > 0
        for _ in range(5):
            moved = [x + Fraction(noise.randint(-9, 9), 10**6) for x in numbers]
            values = [evaluate(problem, as_point(problem, moved), i) for i in range(len(problem.inputs))]

            def z(k: Place, values: Any = values) -> Fraction:
                return Fraction(values[k[2]][2 * k[0] + 1][k[1]])

            assert z(c) == sum(a * z(b) for a, b in zip(row, basis, strict=True)), seed
    assert accepted > 30
    assert deep > 5
    assert through > 2  # equal inputs
    assert refused > 30


LINE = document([1, 1, 1, 1], "relu", SUM, [1, 2, 3, -1, 3], [[0]] * 5)
PIECES = [[[1, 1, 1, 0, 1]], [[0, 0, 0, 1, 0]]]
BASIS: list[Place] = [(1, 0, 0), (1, 0, 1)]


def tried(doc: Json, pieces: Json, c: Place, row: list[int], basis: list[Place] = BASIS) -> None:
    given = made(problem_of(doc), pieces, basis, (c, row))
    require_kinks(given, "kinks")
    require_dependents(given, "it")


def test_a_deep_kink_may_depend_on_several() -> None:
    """x̃ = (3, 1) = 2 (2, 1) − (1, 1), all strictly active below."""
    tried(LINE, PIECES, (1, 0, 2), [-1, 2])
    tried(LINE, PIECES, (1, 0, 4), [1], [(1, 0, 2)])


OTHER = "need not be this combination of the others"


@pytest.mark.parametrize(
    ("doc", "pieces", "c", "row", "basis", "reason"),
    [
        (LINE, PIECES, (1, 0, 2), [1, 1], BASIS, OTHER),
        (LINE, PIECES, (1, 0, 2), [0, 3], BASIS, OTHER),  # x alone does, x̃ does not
        (LINE | {"bias": {"hidden": True, "output": False}}, PIECES, (1, 0, 2), [0, 3], BASIS, OTHER),
        (LINE, [[[1, 1, 0, 0, 1]], PIECES[1]], (1, 0, 2), [-1, 2], BASIS, OTHER),
        (LINE, [[[0, 1, 1, 0, 1]], PIECES[1]], (1, 0, 2), [-1, 2], BASIS, OTHER),
        (
            LINE, [[[0, 0, 0, 0, 1]], PIECES[1]], (1, 0, 2), [-1, 2, 0], [*BASIS, (0, 0, 0)],
            OTHER,
        ),
        (LINE, [[[1, 0, 1, 0, 1]], PIECES[1]], (1, 0, 2), [-1, 2], [(1, 0, 0), (0, 0, 1)], "another unit"),
        (
            LINE | {"activation": {"breakpoints": [0], "slopes": [0, 1], "anchor": [0, 1]}},
            PIECES, (1, 0, 2), [-1, 2], BASIS, "needs activations with one breakpoint",
        ),
        (
            LINE | {"activation": {"breakpoints": [1], "slopes": [0, 1], "anchor": [0, 0]}},
            PIECES, (1, 0, 2), [-1, 2], BASIS, "needs activations with one breakpoint",
        ),
    ],
)  # fmt: skip
def test_a_dependence_that_is_none(
    doc: Json, pieces: Json, c: Place, row: list[int], basis: list[Place], reason: str
) -> None:
    with pytest.raises(Rejected, match=reason):
        tried(doc, pieces, c, row, basis)


def test_units_that_are_off_let_nothing_pass() -> None:
    """At x = -1 and -3 the first unit is off: what is left is the second layer's bias, whatever the inputs."""
    off = document([1, 1, 1, 1], "relu", SUM, [-1, -3, 2], [[0]] * 3)
    tried(off, [[[0, 0, 1]], [[0, 0, 0]]], (1, 0, 1), [1], [(1, 0, 0)])
    for pieces, row in (([[0, 0, 1]], [2]), ([[0, 1, 1]], [1]), ([[1, 1, 1]], [1])):
        with pytest.raises(Rejected, match=OTHER):
            tried(off, [pieces, [[0, 0, 0]]], (1, 0, 1), row, [(1, 0, 0)])
    leaky = off | {"activation": {"name": "leaky_relu", "negative_slope": "1/2"}}
    with pytest.raises(Rejected, match=OTHER):
        tried(leaky, [[[0, 0, 1]], [[0, 0, 0]]], (1, 0, 1), [1], [(1, 0, 0)])


@pytest.mark.parametrize(
    ("widths", "kink", "reason"),
    [
        ([1, 2, 1], (0, 1, 1), None), ([1, 2, 3, 1], (1, 2, 1), None), ([3, 1, 1], (0, 0, 1), None),
        ([1, 2, 1], (0, 2, 0), "does not exist"), ([3, 1, 1], (0, 1, 0), "does not exist"),
        ([1, 3, 2, 1], (1, 2, 0), "does not exist"), ([1, 2, 1], (1, 0, 0), "does not exist"),
        ([1, 2, 1], (0, 0, 2), "does not exist"), ([1, 2, 1], (0, 0, 5), "does not exist"),
        ([1, 2, 1], (0, 5, 0), "does not exist"), ([1, 2, 1], (5, 0, 0), "does not exist"),
        ([1, 2, 3, 1], (0, 2, 0), "does not exist"),
    ],
)  # fmt: skip
def test_kinks_exist(widths: list[int], kink: Place, reason: str | None) -> None:
    problem = problem_of(document(widths, "relu", SUM, [[1] * widths[0], [2] * widths[0]], [[0]] * 2))
    pieces = [[[0, 0]] * width for width in widths[1:-1]]
    with pytest.raises(Rejected, match=f"a pre-activation that {reason}") if reason else nullcontext():
        require_kinks(made(problem, pieces, [kink]), "kinks")


def test_kinks_are_named_once_at_upper_ends_and_move() -> None:
    problem = problem_of(document([1, 1, 1], "relu", SUM, [0, 1], [[0]] * 2, bias=False))
    require_kinks(made(problem, [[[0, 0]]], [(0, 0, 1)]), "kinks")
    for pieces, kinks, reason in (
        ([0, 0], [(0, 0, 1)] * 2, "names a kink twice"),
        ([0, 1], [(0, 0, 1)], "no breakpoint ends its piece on sample 2"),
        ([0, 9], [(0, 0, 1)], "no breakpoint ends its piece on sample 2"),
        ([0, 0], [(0, 0, 1), (0, 0, 0)], "holds a pre-activation that is 0 at every point, on sample 1"),
        ([0, 0], [(0, 0, 0)], "holds a pre-activation that is 0 at every point, on sample 1"),
    ):
        with pytest.raises(Rejected, match=reason):
            require_kinks(made(problem, [[pieces]], list(kinks)), "kinks")
    deep = problem_of(document([1, 1, 1, 1], "hardtanh", SUM, [1, 2], [[0]] * 2))
    require_kinks(made(deep, [[[0, 0]], [[0, 0]]], [(0, 0, 0), (1, 0, 1)]), "kinks")
    for both in ([(0, 0, 0), (1, 0, 0)], [(1, 0, 0), (0, 0, 0)]):
        with pytest.raises(Rejected, match="holds kinks of sample 1 in two layers"):
            require_kinks(made(deep, [[[0, 0]], [[0, 0]]], list(both)), "kinks")


def test_a_bias_in_a_deeper_layer_counts() -> None:
    """Without one, x̂ = x, and z(2) = 2 z(1): with one, no longer (z₂(2) = 2 z₂(1) − b₂)."""
    bare = document([1, 1, 1, 1], "relu", SUM, [1, 2, 3], [[0]] * 3, bias=False)
    pieces = [[[1, 1, 1]], [[0, 0, 0]]]
    tried(bare, pieces, (1, 0, 1), [2], [(1, 0, 0)])
    with pytest.raises(Rejected, match="need not be this combination of the others"):
        tried(bare | {"bias": True}, pieces, (1, 0, 1), [2], [(1, 0, 0)])
