"""Kinks that depend on others: the identities at random points, and each condition broken; in chains, then programs.

How the certificate spells kinks and pieces.
"""

import random
from contextlib import nullcontext
from fractions import Fraction
from typing import Any

import pytest

from symverify.kernel.core.network import Place, Problem, rational
from symverify.kernel.core.text import Read
from symverify.kernel.programs.network import Programmed
from symverify.kernel.programs.parameters import fixed
from symverify.kernel.programs.values import evaluate
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
from tests.kernel.reals.made import Json, Malformed, Rejected, document, problem_of
from tests.kernel.reals.random_programs import located
from tests.kernel.reals.random_programs import random_case as random_program_case
from tests.kernel.reals.test_box import program, sample
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
    ("widths", "place", "reason"),
    [
        ([1, 2, 1], (0, 1, 1), None), ([1, 2, 3, 1], (1, 2, 1), None), ([3, 1, 1], (0, 0, 1), None),
        ([1, 2, 1], (0, 2, 0), "does not exist"), ([3, 1, 1], (0, 1, 0), "does not exist"),
        ([1, 3, 2, 1], (1, 2, 0), "does not exist"), ([1, 2, 1], (1, 0, 0), "does not exist"),
        ([1, 2, 1], (0, 0, 2), "does not exist"), ([1, 2, 1], (0, 0, 5), "does not exist"),
        ([1, 2, 1], (0, 5, 0), "does not exist"), ([1, 2, 1], (5, 0, 0), "does not exist"),
        ([1, 2, 3, 1], (0, 2, 0), "does not exist"),
    ],
)  # fmt: skip
def test_kinks_exist(widths: list[int], place: Place, reason: str | None) -> None:
    problem = problem_of(document(widths, "relu", SUM, [[1] * widths[0], [2] * widths[0]], [[0]] * 2))
    pieces = [[[0, 0]] * width for width in widths[1:-1]]
    with pytest.raises(Rejected, match=f"a pre-activation that {reason}") if reason else nullcontext():
        require_kinks(made(problem, pieces, [place]), "kinks")


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


ROWS = [[1], [1], [1], [-1], [2], [1, 1], [1, -1], [2, -1], [-1, 2]]


def values(problem: Programmed, numbers: list[Fraction], kinks: list[Place]) -> list[Fraction]:
    """The pre-activations at a point."""
    point, found = problem.expand(list(numbers)), []
    for m, j, i in kinks:
        found.append(rational(evaluate(problem, point, i)[problem.bents[m].source][j]))
    return found


def combined(weights: list[int], numbers: list[Fraction]) -> Fraction:
    return sum((a * b for a, b in zip(weights, numbers, strict=True)), Fraction(0))


def test_what_is_accepted_of_programs_is_an_identity_near() -> None:
    """On random programs, for all parameters near a point on many kinks, whatever the side of the kinks."""
    accepted = deep = refused = 0
    for seed in range(1200):
        if (made := random_program_case(seed)) is None:
            continue
        problem, numbers = made
        noise, (pieces, kinks) = random.Random(seed), located(problem, problem.expand(list(numbers)))
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
        if (made := random_program_case(seed)) is None:
            continue
        problem, numbers = made
        noise = random.Random(seed)
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
INNER_PIECES = [[[1, 1, 1, 0, 1]], [[0] * 5] * 2]
DOWN = [[[0] * 5], [[0] * 5] * 2]


def tried_in(doc: Json, c: Place, row: list[int], basis: list[Place] = BASIS, pieces: Json = INNER_PIECES) -> None:
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
    tried_in(doc, c, row, basis, INNER_PIECES if c[0] else DOWN)


UNIT = "depends on kinks of another unit, or on none"
INPUTS = "the inputs do not combine to that of the kink"
INSIDE = "unit 1 of node a is not inside one piece on its samples"
FIRST_OFF, SECOND_OFF, THIRD_OFF = ([[[int(k != off) for k in range(5)]], INNER_PIECES[1]] for off in range(3))


@pytest.mark.parametrize(
    ("doc", "c", "row", "basis", "pieces", "reason"),
    [
        (DEEP, (1, 0, 2), [1, 1], BASIS, INNER_PIECES, INPUTS),  # x alone combines
        (DEEP, (1, 0, 2), [-2, 3], BASIS, INNER_PIECES, INPUTS),  # the 1 alone
        (DEEP, (1, 0, 1), [2], BASIS[:1], INNER_PIECES, INPUTS),
        (DEEP, (1, 0, 4), [2], BASIS[1:], INNER_PIECES, INPUTS),  # of equal input, but twice
        (BARE, (1, 0, 2), [-1, 3], BASIS, INNER_PIECES, INPUTS),
        (DEEP, (1, 0, 2), [0, 0], BASIS, INNER_PIECES, UNIT),
        (DEEP, (1, 0, 2), [-1, 2], [(1, 1, 0), (1, 0, 1)], INNER_PIECES, UNIT),
        (DEEP, (1, 0, 2), [-1, 2], [(1, 0, 0), (1, 1, 1)], INNER_PIECES, UNIT),
        (DEEP, (1, 0, 4), [1], [(1, 1, 1)], INNER_PIECES, UNIT),
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
        tried_in(doc, c, row, basis, pieces)


def test_not_where_a_breakpoint_is_not_at_0() -> None:
    moved = program(
        DATA, *[node | ({"activation": "hardtanh"} if "activation" in node else {}) for node in DEEP["program"]]
    )
    with pytest.raises(Rejected, match="needs activations with one breakpoint, at 0"):
        tried_in(moved, (1, 0, 2), [-1, 2])


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
    assert read_pieces(problem_of(DEEP))(INNER_PIECES, "here") == (((1, 1, 1, 0, 1),), ((0,) * 5,) * 2)
    refused(read_pieces(problem_of(DEEP)), [INNER_PIECES[0], INNER_PIECES[1][:1]], expected)
