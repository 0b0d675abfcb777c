"""That the risk rises from kinks that open together: sides at random points near, each condition broken, directions."""

import random
from contextlib import nullcontext
from fractions import Fraction

import pytest

from symverify.kernel.core.network import Layer, Place
from symverify.kernel.core.poly import Poly
from symverify.kernel.curvature.hessian import places
from symverify.kernel.programs.values import evaluate
from symverify.kernel.reals import minimum_in_box
from symverify.kernel.reals.box import Box
from symverify.kernel.reals.interval import interval
from symverify.kernel.reals.kinks import Following, Kinks, require_following
from symverify.kernel.reals.rise import Sides, openings, require_rise, sides_of_followers
from tests.kernel.reals.made import Json, Rejected, document, problem_of, refused
from tests.kernel.reals.test_fields import SUM, as_point, on_m, random_case, rate
from tests.kernel.reals.test_kinks import made
from tests.kernel.reals.test_minimum_in_box import ON_LINE

ONE_SIDE = "need not be on one side of that combination"


def test_sides_at_random_points_near() -> None:
    """Exactly, on random networks with many kinks: z_c − Σ α z_b has the sign that is told, and sometimes is not 0."""
    accepted = refused = moved = 0
    seen = set[int]()
    for seed in range(1, 6000, 2):
        problem, numbers = random_case(seed, "")
        noise, found = random.Random(seed), on_m(problem, numbers)
        if found is None:
            continue
        pieces, kinks = found
        deep = [c for c in kinks if c[0] > 0]
        if not deep:
            continue
        c, *others = noise.sample(deep, len(deep))
        own = [b for b in others if b[:2] == c[:2]][:2]
        basis = [b for b in kinks if b[0] < c[0]] + own
        row = noise.choice([[1, 0], [1, 0], [2, -1], [-1, 2], [0, 0], [1, 1]])[: len(own)]
        weights = tuple(map(Fraction, [*[0] * (len(basis) - len(own)), *row]))
        if not weights:
            continue
        given = Kinks(problem, pieces, basis, [], "here", (Following(c, Fraction(-1), weights),))
        at = dict(zip(places(problem), numbers, strict=True))
        try:
            (side,) = sides_of_followers(given, lambda p, at=at: (at[p] > 0) - (at[p] < 0), "it").values()
        except Rejected:
            refused += 1
            continue
        accepted += 1
        seen.add(side)
        for _ in range(8):
            near = [x + Fraction(noise.randint(-9, 9), 10**6) for x in numbers]
            values = [evaluate(problem, as_point(problem, near), i) for i in range(len(problem.inputs))]

            def z(k: Place, values: Json = values) -> Fraction:
                return Fraction(values[k[2]][2 * k[0] + 1][k[1]])

            off = side * (z(c) - sum(a * z(b) for a, b in zip(weights, basis, strict=True)))
            assert off >= 0, seed
            moved += off > 0
    assert accepted > 25
    assert moved > 25
    assert seen == {-1, 1}
    assert refused > 100


def test_the_derivative_that_the_directions_are_about() -> None:
    """Exactly, on random networks: R' along δ is ⟨∇L, δ⟩ + Σ λ t + (σ⁺ − σ⁻) Σ p max(0, t), t the true derivatives."""
    tried = nested = 0
    for seed in range(1, 500, 2):
        problem, numbers = random_case(seed, "")
        noise, found = random.Random(seed), on_m(problem, numbers)
        if found is None or not found[1]:
            continue
        pieces, kinks = found
        weights = [Fraction(noise.randint(-3, 3)) for _ in kinks]
        box = Box(problem, list(map(interval, numbers)), pieces, "it")
        there = box.lagrangian(kinks, list(map(interval, weights)))
        way = [Fraction(noise.randint(-3, 3)) for _ in numbers]
        curve = as_point(problem, [Poly.of([x, d]) for x, d in zip(numbers, way, strict=True)])
        values = [evaluate(problem, curve, i) for i in range(len(problem.inputs))]
        true = {(m, j, i): rate(values[i][2 * m + 1][j]) for m, j, i in kinks}
        told = sum(((g.lower + g.upper) / 2 * d for g, d in zip(there.gradient, way, strict=True)), Fraction(0))
        for c, weight, pull in zip(kinks, weights, there.pulls, strict=True):
            bend = Kinks(problem, pieces, kinks, [], "it").bend(c)
            told += weight * true[c] + bend * (pull.lower + pull.upper) / 2 * max(Fraction(0), true[c])
        risk = Fraction(0)
        for value, y in zip(values, problem.targets, strict=True):
            for f, label in zip(value[-1], y, strict=True):
                start = f.at_zero() if isinstance(f, Poly) else f
                risk += 2 * (start - label) * rate(f) * problem.loss.factor
        assert abs(risk - told) < Fraction(1, 10**60), seed
        tried += 1
        nested += len({(m, i) for m, _, i in kinks}) > len({i for _, _, i in kinks})
    assert tried > 60
    assert nested > 20


# x = -1, 0, 1: the first unit is off, at its kink, on; so z₂(0) = z₂(-1) + w₂ max(0, z₁(0)).
LINE = document([1, 1, 1, 1], "relu", SUM, [-1, 0, 1, -2], [[0]] * 4)
PIECES = (((0, 0, 1, 0),), ((0, 0, 1, 0),))
OWN: list[Place] = [(0, 0, 1), (1, 0, 0)]


def held(
    doc: Json = LINE, pieces: Json = PIECES, basis: list[Place] = OWN, weights: tuple[int, ...] = (0, 1), at: int = 1
) -> Kinks:
    follows = Following((1, 0, at), Fraction(-1), tuple(map(Fraction, weights)))
    return Kinks(problem_of(doc), pieces, basis, [], "here", (follows,))


def side(kinks: Kinks, sign: int = 1) -> Sides:
    return sides_of_followers(kinks, lambda _: sign, "it")


def test_the_side_is_that_of_the_weight_between() -> None:
    assert side(held()) == {(1, 0, 1): 1}
    assert side(held(), -1) == {(1, 0, 1): -1}
    concave = LINE | {"activation": {"name": "two_piece", "negative_slope": 0, "positive_slope": -1}}
    assert side(held(concave)) == {(1, 0, 1): -1}
    other_way = held(basis=[(0, 0, 1), (1, 0, 1)], at=0)
    require_following(other_way, "following")
    assert side(other_way) == {(1, 0, 0): -1}
    bare = LINE | {"bias": {"hidden": False, "output": False}}
    assert side(held(bare, weights=(0, 0))) == {(1, 0, 1): 1}  # alone: z₂(0) ≥ 0
    assert side(held(weights=())) == {}


TWO = document([1, 2, 1, 1], "relu", SUM, [-1, 0, 1, -2], [[0]] * 4)


@pytest.mark.parametrize(
    ("kinks", "sign", "reason"),
    [
        (held(), 0, ONE_SIDE),
        (held(weights=(0, 2)), 1, "is not a combination whose weights add up to 1"),
        (held(weights=(0, 0)), 1, "is not a combination whose weights add up to 1"),
        (held(weights=(1, 1)), 1, "has weights for kinks of another unit"),
        (held(pieces=(((1, 0, 1, 0),), PIECES[1])), 1, "need not be that combination of the others"),
        (held(LINE | {"activation": "abs"}), 1, "need not be that combination of the others"),
        (held(basis=[(1, 0, 0)], weights=(1,), at=3), 1, ONE_SIDE),  # equal near: it depends on it
        (held(basis=[(0, 0, 1), (0, 0, 0), (1, 0, 0)], weights=(0, 0, 1)), 1, ONE_SIDE),  # kinks at both samples
        (
            Kinks(
                problem_of(TWO), (((0, 0, 1, 0), (0, 0, 1, 0)), ((0, 0, 1, 0),)), [(0, 0, 1), (0, 1, 0), (1, 0, 0)],
                [], "here", (Following((1, 0, 1), Fraction(-1), (Fraction(0), Fraction(0), Fraction(1))),),
            ), 1, ONE_SIDE,
        ),  # two lower kinks, of which one raises it and the other lowers the combination
    ],
)  # fmt: skip
def test_no_side(kinks: Kinks, sign: int, reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        side(kinks, sign)


@pytest.mark.parametrize("other", [(1, 1, 0), (2, 0, 0)])
def test_weights_are_for_kinks_of_its_unit_alone(other: Place) -> None:
    """Neither of the next unit nor of the next layer, whose rows have other weights between."""
    wide = problem_of(document([1, 1, 2, 1, 1], "relu", SUM, [-1, 0, 1, -2], [[0]] * 4))
    follows = Following((1, 0, 1), Fraction(-1), (Fraction(0), Fraction(1)))
    pieces: Json = (PIECES[0], ((0, 0, 1, 0),) * 2, ((0,) * 4,))
    with pytest.raises(Rejected, match="has weights for kinks of another unit"):
        side(Kinks(wide, pieces, [(0, 0, 1), other], [], "here", (follows,)))


@pytest.mark.parametrize(("below", "told"), [("relu", True), ("leaky_relu", False)])
def test_the_slopes_are_those_of_the_layer_below(below: str, told: bool) -> None:
    """As on the line, between the third and the fourth hidden layer: with leaky ReLU z₄(−1) has a part of z₃(−1)."""
    other = "leaky_relu" if told else "relu"
    deep = document([1, 1, 1, 1, 1, 1], [other, other, below, other], SUM, [-1, 0, 1, -2], [[0]] * 4)
    pieces: Json = (((1,) * 4,), ((1,) * 4,), *PIECES)
    follows = Following((3, 0, 1), Fraction(-1), (Fraction(0), Fraction(1)))
    kinks = Kinks(problem_of(deep), pieces, [(2, 0, 1), (3, 0, 0)], [], "here", (follows,))
    with nullcontext() if told else pytest.raises(Rejected, match="need not be that combination of the others"):
        assert side(kinks) == {(3, 0, 1): 1}


def rises(weights: list[int], pulls: list[int], side: int = 1) -> None:
    kinks = held()
    numbers = ([interval(Fraction(x)) for x in row] for row in (weights, pulls))
    require_rise(kinks, *numbers, {(1, 0, 1): side})


def test_directions_on_one_side() -> None:
    """t_c ≥ t_b: along (t_b, t_c) = ±(1, 1), (0, 1) and (−1, 0)."""
    (lower, upper) = openings(held(), {(1, 0, 1): 1})
    assert lower.own == [(0, 0, 1)]
    assert not lower.walls
    assert upper.own == [(1, 0, 0), (1, 0, 1)]
    assert {tuple(t) for t, _ in upper.directions()} == {(1, 1), (-1, -1), (0, 1), (-1, 0)}
    rises([-1, -3, 1], [2, 4, 4])
    rises([-1, -3, 1], [2, 1, 4])
    rises([-1, 1, -3], [2, 4, 4], -1)


@pytest.mark.parametrize(
    ("weights", "pulls", "side"),
    [
        ([-1, -3, 1], [2, 4, 4], -1),  # (0, −1)
        ([-1, -3, 4], [2, 4, 4], 1),  # (−1, −1)
        ([-1, 1, -3], [2, 4, 4], 1),  # (−1, 0)
        ([-1, -3, 1], [2, 9, -1], 1),  # (0, 1)
        ([-1, -3, 1], [2, -3, 5], 1),  # (1, 1)
    ],
)
def test_directions_in_which_it_need_not_rise(weights: list[int], pulls: list[int], side: int) -> None:
    with pytest.raises(Rejected, match="the risk need not rise"):
        rises(weights, pulls, side)


def together(weights: list[int], pulls: list[int], *dependents: tuple[Place, list[int]]) -> None:
    """Two kinks of a unit in the first layer, and others that depend on them."""
    problem = problem_of(document([1, 1, 1], "relu", SUM, [1, 2, 3, -1], [[0]] * 4))
    given = made(problem, [[[0, 0, 0, 0]]], [(0, 0, 0), (0, 0, 1)], *dependents)
    multipliers = given.multipliers([interval(Fraction(x)) for x in weights])
    require_rise(given, multipliers, [interval(Fraction(x)) for x in pulls])


def test_all_directions_count_where_kinks_open_together() -> None:
    """λ t + Σ p max(0, α·t): with (−1, 2) a third kink opens, too, and one between them."""
    together([-1, -1], [2, 2])
    together([-1, -4], [3, 7])
    with pytest.raises(Rejected, match="the risk need not rise"):
        together([-1, -4], [7, 3])
    together([-1, -1], [2, 2, 1], ((0, 0, 2), [-1, 2]))
    together([-1, -4], [3, 7, 1], ((0, 0, 2), [-1, 2]))
    with pytest.raises(Rejected, match="the risk need not rise"):
        together([-1, -4], [3, 7, -2], ((0, 0, 2), [-1, 2]))


@pytest.mark.parametrize(
    ("weights", "pulls", "reason"),
    [
        ([1, -1], [2, 2], "below the breakpoint of unit 1 of hidden layer 1 on sample 1"),
        ([-1, -3], [2, 2], "above the breakpoint of unit 1 of hidden layer 1 on sample 2"),
        ([-1, 0], [2, 2], "below the breakpoint of unit 1 of hidden layer 1 on sample 2"),
        ([-2, -1], [2, 2], "above the breakpoint of unit 1 of hidden layer 1 on sample 1"),
    ],
)
def test_directions_in_which_it_does_not(weights: list[int], pulls: list[int], reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        together(weights, pulls)


def test_two_coordinate_planes_alone_do_not_decide() -> None:
    """λ = (−1, −1), p = (3, 3) rise along all ±e_b; a third kink at t₁ + t₂ takes 5 away along (1, 1)."""
    with pytest.raises(Rejected, match="the risk need not rise above the breakpoint"):
        together([-1, -1], [3, 3, -5], ((0, 0, 2), [1, 1]))


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


def test_equal_inputs_count_together() -> None:
    """z₂ at three samples of x = 0 with weights 1, −3, 1, which are −1 times w₂ max(0, z₁(0)), and one at x = −1."""
    equal = document([1, 1, 1, 1], "relu", SUM, [0, 0, 0, -1], [[0]] * 4)
    basis: list[Place] = [(0, 0, 0), (0, 0, 1), (0, 0, 2), (1, 0, 1), (1, 0, 2), (1, 0, 3)]
    kinks = held(equal, (((0, 0, 0, 0),), ((0, 0, 0, 0),)), basis, (0, 0, 0, 3, -1, -1), 0)
    assert side(kinks) == {(1, 0, 0): -1}


def test_each_wall_is_that_of_its_own_kink() -> None:
    """Two that follow: t_c − t_b ≥ 0 and t_b − t_d ≥ 0, none with the other."""
    more = document([1, 1, 1, 1], "relu", SUM, [-1, 0, 1, -2, "1/2"], [[0]] * 5)
    follows = [Following((1, 0, i), Fraction(-1), (Fraction(0), Fraction(1))) for i in (1, 4)]
    kinks = Kinks(problem_of(more), (((0, 0, 1, 0, 1),), ((0,) * 5,)), OWN, [], "here", tuple(follows))
    _, upper = openings(kinks, {(1, 0, 1): 1, (1, 0, 4): -1})
    assert upper.own == [(1, 0, 0), (1, 0, 1), (1, 0, 4)]
    assert upper.walls == [(-1, 1, 0), (1, 0, -1)]


def test_the_rise_is_that_of_all_numbers_in_the_intervals() -> None:
    """λ in [−2, 0], λ + p in [0, 2]: 1 at the middles, 0 at the ends."""
    kinks = made(problem_of(document([1, 1, 1], "relu", SUM, [1], [[0]])), [[[0]]], [(0, 0, 0)])
    require_rise(kinks, [interval(Fraction(-1))], [interval(Fraction(2))])
    require_rise(kinks, [interval(Fraction(-1, 2**256))], [interval(Fraction(2))])  # by a unit of the intervals
    for radius in (Fraction(1), Fraction(2)):
        with pytest.raises(Rejected, match="the risk need not rise below"):
            require_rise(kinks, [interval(Fraction(-1), radius)], [interval(Fraction(5))])
        with pytest.raises(Rejected, match="the risk need not rise above"):
            require_rise(kinks, [interval(Fraction(-3))], [interval(Fraction(4), radius)])


@pytest.mark.parametrize(("slope", "pull"), [("1/2", 2), (2, 2), (3, 1), (2, 9)])
def test_the_bend_is_that_of_the_activation(slope: int | str, pull: int) -> None:
    """λ = −1, and p (σ⁺ − σ⁻) is at most 1: the slope is 1 above 0, and 1/2, 2 or 3 below."""
    bent = {"name": "two_piece", "negative_slope": slope, "positive_slope": 1}
    kinks = made(problem_of(document([1, 1, 1], bent, SUM, [1], [[0]])), [[[0]]], [(0, 0, 0)])
    with pytest.raises(Rejected, match="the risk need not rise above"):
        require_rise(kinks, [interval(Fraction(-1))], [interval(Fraction(pull))])


def test_a_kink_that_opens_twice_as_fast_counts_twice() -> None:
    """Along (0, 1) the third one, at −t₁ + 2 t₂, takes 2 away of what is 2 without it."""
    with pytest.raises(Rejected, match="the risk need not rise above"):
        together([-2, -1], [4, 3, -1], ((0, 0, 2), [-1, 2]))


@pytest.mark.parametrize(("weight", "known"), [("1/1024", False), ("1/1025", False), ("1/512", True)])
def test_the_weight_between_has_one_sign_on_the_box(weight: str, known: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within 1/1024 of its centre; the other conditions on the box are left out, and the rise."""
    for name in ("is_zero", "is_lowest", "require_rise"):
        monkeypatch.setattr(minimum_in_box, name, lambda *_: None)
    w, zero, one = Fraction(weight), (Fraction(0),), ((Fraction(1),),)
    centre = (Layer(one, zero), Layer(((w,),), zero), Layer(one, zero))
    given = minimum_in_box.Candidate(held(), centre, Fraction(1, 1024), [Fraction(-1)] * 2, [])
    box, multipliers = given.box(given.radius)
    with nullcontext() if known else pytest.raises(Rejected, match=ONE_SIDE):
        minimum_in_box.is_least(given, box, multipliers, [], Fraction(0))


def test_a_certificate_whose_follower_does_not_follow() -> None:
    """At w = v = 1 the unit is on at x = 2, and the risk falls; as a kink there it would be off, and R = 9 least."""
    wrong = document([1, 1, 1], "relu", SUM, [1, 2], [[1], [-3]], bias=False)
    own: Json = {"kink": [0, 0, 1], "multiplier": "-1"}
    box: Json = {"centre": [{"weight": [["1"]]}] * 2, "pieces": [[[1, 0]]], "inverse": [["1/2"]], "following": [own]}
    refused(wrong, [ON_LINE | box], "a kink of the first layer may depend on others, not follow them")
