"""Kinks of general programs that depend on others: identities at random points, both ways where they are affine;

each condition broken; and how the certificate spells kinks and pieces.
"""

from fractions import Fraction
from random import Random
from typing import Any

import pytest

from symverify.kernel.core.network import Place, evaluate, rational
from symverify.kernel.core.text import Read
from symverify.kernel.programs.network import Programmed
from symverify.kernel.programs.parameters import fixed
from symverify.kernel.reals.interval import interval
from symverify.kernel.reals.kinks import (
    Following,
    Kinks,
    affine_sum,
    dependent,
    follower,
    kink,
    read_pieces,
    require_dependents,
    require_following,
    require_kinks,
)
from symverify.kernel.reals.rise import openings
from tests.kernel.reals.made import Json, Malformed, Rejected, document, problem_of
from tests.kernel.reals.random_programs import located, random_case
from tests.kernel.reals.test_box import program, sample

ROWS = [[1], [1], [1], [-1], [2], [1, 1], [1, -1], [2, -1], [-1, 2]]


def values(problem: Programmed, numbers: list[Fraction], kinks: list[Place]) -> list[Fraction]:
    """The pre-activations at a point."""
    point, found = problem.expand(list(numbers)), []
    for m, j, i in kinks:
        found.append(rational(evaluate(problem, point, i)[problem.bents[m].source][j]))
    return found


def combined(weights: list[int], numbers: list[Fraction]) -> Fraction:
    return sum((a * b for a, b in zip(weights, numbers, strict=True)), Fraction(0))


def test_what_is_accepted_is_an_identity_near() -> None:
    """On random programs, for all parameters near a point on many kinks, whatever the side of the kinks."""
    accepted = deep = refused = 0
    for seed in range(1200):
        if (made := random_case(seed)) is None:
            continue
        problem, numbers = made
        noise, (pieces, kinks) = Random(seed), located(problem, problem.expand(list(numbers)))
        for _ in range(6 if len(kinks) > 1 else 0):
            row = noise.choice(ROWS)
            if len(kinks) <= len(row):
                continue
            c, *basis = noise.sample(kinks, len(row) + 1)
            lower = [k for k in kinks if k not in (c, *basis)]
            weights = [Fraction(x) for x in [*row, *[0] * len(lower)]]
            try:
                require_dependents(Kinks(problem, pieces, [*basis, *lower], [(c, weights)], "here"), "it")
            except Rejected:
                refused += 1
                continue
            accepted += 1
            deep += not problem.linear(*c)
            for _ in range(4):
                moved = [x + Fraction(noise.randint(-9, 9), 10**6) for x in numbers]
                z, *others = values(problem, moved, [c, *basis])
                assert z == combined(row, others), (seed, c, basis, row)
    assert accepted > 60
    assert deep > 5
    assert refused > 500


def test_affine_pre_activations_depend_exactly_where_they_are_equal() -> None:
    """At random points, far away too: frozen numbers, shared parameters, kinks of several units."""
    held = refused = 0
    for seed in range(700):
        if (made := random_case(seed)) is None:
            continue
        problem, numbers = made
        noise = Random(seed)
        kinks = [
            c for c in located(problem, problem.expand(list(numbers)))[1] if problem.linear(*c)
        ]  # fmt: skip
        for _ in range(6):
            row = noise.choice(ROWS)
            if len(kinks) <= len(row):
                continue
            c, *basis = noise.sample(kinks, len(row) + 1)
            true = True
            for _ in range(4):
                moved = [Fraction(noise.randint(-(10**6), 10**6)) for _ in numbers]
                z, *others = values(problem, moved, [c, *basis])
                true = true and z == combined(row, others)
            used = [(b, Fraction(x)) for b, x in zip(basis, row, strict=True)]
            assert affine_sum(problem, c, used) == true, (seed, c, used)
            held += true
            refused += not true
    assert held > 40
    assert refused > 100


# z = w x + b on x = 1, 2, 3, then u = v relu(z) + c: ẑ is (x, 1).
DATA = [sample([x], 0) for x in (1, 2, 3, -1, 2)]
DEEP = program(
    DATA,
    {"name": "x", "op": "input", "shape": [1]},
    {"name": "z", "op": "affine", "from": "x", "units": 1},
    {"name": "a", "op": "activation", "from": "z", "activation": "relu"},
    {"name": "u", "op": "affine", "from": "a", "units": 2},
    {"name": "r", "op": "activation", "from": "u", "activation": "relu"},
    {"name": "f", "op": "affine", "from": "r", "units": 1},
)
BARE = program(DATA, *[node | ({"bias": False} if node["op"] == "affine" else {}) for node in DEEP["program"]])
PIECES = [[[1, 1, 1, 0, 1]], [[0] * 5] * 2]
DOWN = [[[0] * 5], [[0] * 5] * 2]
BASIS: list[Place] = [(1, 0, 0), (1, 0, 1)]


def tried(doc: Json, c: Place, row: list[int], basis: list[Place] = BASIS, pieces: Json = PIECES) -> None:
    frozen = tuple(tuple(map(tuple, layer)) for layer in pieces)
    given = Kinks(problem_of(doc), frozen, basis, [(c, list(map(Fraction, row)))], "here")
    require_kinks(given, "kinks")
    require_dependents(given, "it")


@pytest.mark.parametrize(
    ("doc", "c", "row", "basis"),
    [
        (DEEP, (1, 0, 2), [-1, 2], BASIS),
        (DEEP, (1, 0, 4), [1], [(1, 0, 1)]),
        (DEEP, (1, 1, 2), [0, 2, -1], [(1, 0, 4), (1, 1, 1), (1, 1, 0)]),
        (BARE, (1, 0, 1), [2], [(1, 0, 0)]),
        (BARE, (1, 0, 2), [1, 1], BASIS),
        (DEEP, (0, 0, 2), [-1, 2], [(0, 0, 0), (0, 0, 1)]),
    ],
)
def test_deep_kinks_that_depend(doc: Json, c: Place, row: list[int], basis: list[Place]) -> None:
    tried(doc, c, row, basis, PIECES if c[0] else DOWN)


UNIT = "depends on kinks of another unit, or on none"
INPUTS = "the inputs do not combine to that of the kink"
INSIDE = "unit 1 of node a is not inside one piece on its samples"
FIRST_OFF, SECOND_OFF, THIRD_OFF = ([[[int(k != off) for k in range(5)]], PIECES[1]] for off in range(3))


@pytest.mark.parametrize(
    ("doc", "c", "row", "basis", "pieces", "reason"),
    [
        (DEEP, (1, 0, 2), [1, 1], BASIS, PIECES, INPUTS),  # x alone combines
        (DEEP, (1, 0, 2), [-2, 3], BASIS, PIECES, INPUTS),  # the 1 alone
        (DEEP, (1, 0, 1), [2], BASIS[:1], PIECES, INPUTS),
        (DEEP, (1, 0, 4), [2], BASIS[1:], PIECES, INPUTS),  # of equal input, but twice
        (BARE, (1, 0, 2), [-1, 3], BASIS, PIECES, INPUTS),
        (DEEP, (1, 0, 2), [0, 0], BASIS, PIECES, UNIT),
        (DEEP, (1, 0, 2), [-1, 2], [(1, 1, 0), (1, 0, 1)], PIECES, UNIT),
        (DEEP, (1, 0, 2), [-1, 2], [(1, 0, 0), (1, 1, 1)], PIECES, UNIT),
        (DEEP, (1, 0, 4), [1], [(1, 1, 1)], PIECES, UNIT),
        (DEEP, (1, 0, 4), [1], [(0, 0, 1)], DOWN, UNIT),
        (DEEP, (1, 0, 2), [-1, 2], BASIS, FIRST_OFF, INSIDE),
        (DEEP, (1, 0, 2), [-1, 2], BASIS, SECOND_OFF, INSIDE),
        (DEEP, (1, 0, 2), [-1, 2], BASIS, THIRD_OFF, INSIDE),
        (DEEP, (1, 0, 2), [-1, 2, 0], [*BASIS, (0, 0, 0)], FIRST_OFF, INSIDE),  # held there
        (DEEP, (1, 0, 2), [-1, 2, 0], [*BASIS, (0, 0, 0)], DOWN, INSIDE),
        (DEEP, (0, 0, 2), [-1, 3], [(0, 0, 0), (0, 0, 1)], DOWN, INPUTS),
    ],
)
def test_deep_kinks_that_do_not(
    doc: Json, c: Place, row: list[int], basis: list[Place], pieces: Json, reason: str
) -> None:
    with pytest.raises(Rejected, match=reason):
        tried(doc, c, row, basis, pieces)


def test_not_where_a_breakpoint_is_not_at_0() -> None:
    moved = program(
        DATA, *[node | ({"activation": "hardtanh"} if "activation" in node else {}) for node in DEEP["program"]]
    )
    with pytest.raises(Rejected, match="needs activations with one breakpoint, at 0"):
        tried(moved, (1, 0, 2), [-1, 2])


def test_no_kink_of_a_program_follows() -> None:
    given = Kinks(
        problem_of(DEEP),
        (((1, 1, 1, 0, 1),), ((0,) * 5,) * 2),
        BASIS,
        [],
        "here",
        (Following((1, 0, 4), Fraction(-1)),),
    )
    with pytest.raises(Rejected, match="needs a chain of layers"):
        require_following(given, "following")


# z₁ = w x + 2, z₂ = w x − 1 (frozen biases), z₃ = w y + 2 w x: frozen numbers count, and so does a shared parameter.
SHARED = program(
    [sample([1, 2], 0), sample([2, 2], 0), sample([0, 1], 0)],
    {"name": "x", "op": "input", "shape": [2]},
    {"name": "z", "op": "affine", "from": "x", "units": 3, "weight": [["w", 0], ["w", 0], [3, "w"]], "bias": [2, 2, 0]},
    {"name": "a", "op": "activation", "from": "z", "activation": "relu"},
    {"name": "f", "op": "affine", "from": "a", "units": 1},
)


@pytest.mark.parametrize(
    ("c", "used", "true"),
    [
        ((0, 0, 0), [((0, 1, 0), 1)], True),
        ((0, 0, 0), [((0, 1, 1), 1)], False),  # w + 2 and 2 w + 2
        ((0, 0, 1), [((0, 1, 0), 2)], False),  # 2 w + 2 and 2 w + 4
        ((0, 0, 1), [((0, 1, 0), 2), ((0, 0, 2), -1)], True),
        ((0, 0, 2), [((0, 1, 0), 2), ((0, 0, 1), -1)], True),
        ((0, 0, 2), [((0, 1, 0), 2), ((0, 0, 1), 1)], False),
        ((0, 2, 0), [((0, 0, 1), 1)], False),  # 3 + 2 w and 2 + 2 w
        ((0, 2, 0), [((0, 2, 1), 1), ((0, 0, 0), 1)], False),
        ((0, 2, 1), [((0, 0, 1), 1), ((0, 0, 2), 2)], True),  # 6 + 2 w
        ((0, 0, 2), [((0, 1, 2), 1)], True),
        ((0, 0, 2), [((0, 1, 2), 2)], False),
    ],
)
def test_affine_sums(c: Place, used: list[tuple[Place, int]], true: bool) -> None:
    problem = problem_of(SHARED)
    assert affine_sum(problem, c, [(b, Fraction(x)) for b, x in used]) == true  # type: ignore[arg-type]


def test_deep_kinks_are_no_affine_sums() -> None:
    problem: Any = problem_of(DEEP)
    assert affine_sum(problem, (0, 0, 2), [((0, 0, 0), Fraction(-1)), ((0, 0, 1), Fraction(2))])
    assert not affine_sum(problem, (1, 0, 4), [((1, 0, 1), Fraction(1))])
    assert not affine_sum(problem, (0, 0, 4), [((0, 0, 1), Fraction(1)), ((1, 0, 1), Fraction(0))])
    assert fixed(problem, (1, 0, 1)) is None


def test_a_multiplier_for_each_kink() -> None:
    """In the order of the kinks: B, what depends on it, what follows it."""
    problem = problem_of(document([1, 1, 1], "relu", "squared", [1, 2, 3, 4], [[0]] * 4))
    rows = [((0, 0, 2), [Fraction(2), Fraction(-1)]), ((0, 0, 3), [Fraction(0), Fraction(1)])]
    given = Kinks(
        problem, (((0, 0, 0, 0),),), [(0, 0, 0), (0, 0, 1)], rows, "here", (Following((1, 0, 0), Fraction(7)),)
    )
    assert given.every == [(0, 0, 0), (0, 0, 1), (0, 0, 2), (0, 0, 3), (1, 0, 0)]
    own = [interval(Fraction(5)), interval(Fraction(6))]
    found = given.multipliers(own)
    assert [(each.lower, each.upper) for each in found] == [(x, x) for x in (5, 6, 0, 0, 7)]


def test_groups_join_what_is_tied() -> None:
    """Kinks 1 and 3 by the first dependence, 2 by itself; a second joins 2 and 4; a third joins all."""
    problem = problem_of(document([1, 1, 1], "relu", "squared", [1, 2, 3, 4, 5, 6, 7], [[0]] * 7))
    basis: list[Place] = [(0, 0, k) for k in range(4)]
    rows = [((0, 0, 4), [1, 0, 2, 0]), ((0, 0, 5), [0, -1, 0, 1]), ((0, 0, 6), [1, 1, 0, 0])]
    for count, parts in (
        (0, [[0], [1], [2], [3]]), (1, [[1], [0, 2], [3]]), (2, [[0, 2], [1, 3]]), (3, [[0, 1, 2, 3]]),
    ):  # fmt: skip
        tied = [(c, list(map(Fraction, row))) for c, row in rows[:count]]
        found = openings(Kinks(problem, (((0,) * 7,),), basis, tied, "here"), {})
        assert sorted(sorted(b[2] for b in part.own) for part in found) == sorted(parts)


@pytest.mark.parametrize("m", [0, 1])
def test_how_much_the_slope_grows(m: int) -> None:
    given = {"breakpoints": [-1, 2], "slopes": ["1/2", 3, -1], "anchor": [0, 0]}
    problem = problem_of(document([1, 1, 1, 1], ["relu", given][:: 1 - 2 * m], "squared", [1, 2], [[0]] * 2))
    pieces: Any = [[[0, 0]], [[0, 0]]]
    pieces[1 - m] = [[0, 1]]
    found = Kinks(problem, tuple(tuple(map(tuple, layer)) for layer in pieces), [], [], "here")
    assert [found.bend((1 - m, 0, 0)), found.bend((1 - m, 0, 1)), found.bend((m, 0, 0))] == [Fraction(5, 2), -4, 1]


def refused(read: Read[Any], value: Json, reason: str) -> None:
    with pytest.raises(Malformed, match=reason):
        read(value, "here")


def test_how_kinks_are_spelled() -> None:
    assert kink([1, 2, 3], "here") == (1, 2, 3)
    for wrong in ([1, 2], [1, 2, 3, 4], [1, 2, -3], [1, 2, "3"], {}):
        refused(kink, wrong, "here")
    assert dependent(2)({"kink": [0, 1, 2], "weights": ["1/2", "-1"]}, "here") == ((0, 1, 2), [Fraction(1, 2), -1])
    half = {"kink": [0, 1, 2], "multiplier": "-1/2"}
    assert follower(2)(half, "here") == Following((0, 1, 2), Fraction(-1, 2), ())
    assert follower(2)(half | {"weights": ["1", "0"]}, "here") == Following((0, 1, 2), Fraction(-1, 2), (1, 0))
    for wrong in (["1"], ["1"] * 3, [1, 2]):
        refused(dependent(2), {"kink": [0, 1, 2], "weights": wrong}, "weights")
    for more in ({}, {"multiplier": 1}, {"multiplier": "1", "weight": "1"}, {"multiplier": "1", "weights": ["1"]}):
        refused(follower(2), {"kink": [0, 1, 2]} | more, "here")
    refused(follower(1), half | {"weights": ["1", "1"]}, "expected 1 numbers")
    refused(dependent(0), {"kink": [0, 1, 2], "weights": [], "more": 1}, "here")


def test_how_pieces_are_spelled() -> None:
    """One for each hidden layer, unit and sample, among those of the activation."""
    chain = problem_of(document([1, 2, 1, 1], ["hardtanh", "relu"], "squared", [1, 2, 3], [[0]] * 3))
    good = [[[0, 1, 2], [2, 2, 2]], [[0, 1, 1]]]
    assert read_pieces(chain)(good, "here") == (((0, 1, 2), (2, 2, 2)), ((0, 1, 1),))
    expected = "expected a piece for each hidden layer, unit and sample"
    for wrong in (
        good[:1], [*good, good[1]], [good[0][:1], good[1]], [[*good[0], good[0][0]], good[1]],
        [[good[0][0], [2, 2]], good[1]], [[good[0][0], [2] * 4], good[1]], [good[0], good[1] * 2], [good[1], good[0]],
    ):  # fmt: skip
        refused(read_pieces(chain), wrong, expected)
    for wrong in (
        [good[0], [[0, 1, 2]]], [good[0], [[3, 1, 1]]], [[[0, 3, 2], [2] * 3], good[1]],
        [[[0, 1, 2], [2, 2, 9]], good[1]],
    ):  # fmt: skip
        refused(read_pieces(chain), wrong, "there is no such piece")
    assert read_pieces(problem_of(DEEP))(PIECES, "here") == (((1, 1, 1, 0, 1),), ((0,) * 5,) * 2)
    refused(read_pieces(problem_of(DEEP)), [PIECES[0], PIECES[1][:1]], expected)
