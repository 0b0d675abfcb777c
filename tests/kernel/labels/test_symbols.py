"""Network files with symbols: what affine texts mean, each fault of the reader, and what is shown on a domain."""

from fractions import Fraction
from itertools import product
from random import Random

import pytest

from symverify.kernel import Malformed, Rejected
from symverify.kernel.labels.symbols import (
    FOR_ALL,
    FOR_ALL_SLOPES,
    MAX_SYMBOLS,
    Family,
    SymbolicProblem,
    affine,
    family_of,
    read_slopes,
    read_symbols,
    require_inhabited,
    without_symbols,
)
from symverify.kernel.network_file import read_problem
from tests.examples import network, samples
from tests.kernel.corruption import Json, no_data, text

F = Fraction
NAMES = ("a", "b", "long_2")


@pytest.mark.parametrize(
    ("given", "form"),
    [
        ("0", (0, 0, 0, 0)), ("-3/2", ("-3/2", 0, 0, 0)), ("0.25", ("1/4", 0, 0, 0)), (7, (7, 0, 0, 0)),
        ("a", (0, 1, 0, 0)), ("- b", (0, 0, -1, 0)), ("2 a", (0, 2, 0, 0)), ("2*a", (0, 2, 0, 0)),
        ("1/2 + 3 a - b", ("1/2", 3, -1, 0)), ("-b+1/3 long_2", (0, 0, -1, "1/3")), ("a - a", (0, 0, 0, 0)),
        ("1 - 2 + a + a", (-1, 2, 0, 0)), (" 5 long_2 - 7 ", (-7, 0, 0, 5)), ("+a", (0, 1, 0, 0)),
        ({"1": "1/2", "a": 3}, ("1/2", 3, 0, 0)), ({"long_2": "-1", "b": 2}, (0, 0, 2, -1)), ({}, (0, 0, 0, 0)),
    ],
)  # fmt: skip
def test_affine_texts(given: Json, form: tuple[Json, ...]) -> None:
    assert affine(given, "here", NAMES) == tuple(map(F, form))


AFFINE = "expected an affine expression in the symbols"


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("c", "unknown symbol 'c'"), ("a + c", "unknown symbol 'c'"), ({"c": 1}, "unknown symbol 'c'"),
        ({"a": 1, "2": 1}, "unknown symbol '2'"), ("a b", AFFINE), ("a 2", AFFINE), ("2 a b", AFFINE), ("", AFFINE),
        ("+", AFFINE), ("a +", AFFINE), ("a + + b", AFFINE), ("a * b", AFFINE), ("2 *", AFFINE), ("* a", AFFINE),
        ("a^2", AFFINE), ("(a)", AFFINE), ("2 * 3", AFFINE), (None, "here"), ([1], "here"), (True, "here"),
    ],
)  # fmt: skip
def test_what_is_not_affine(given: Json, reason: str) -> None:
    with pytest.raises(Malformed, match=reason.replace("+", r"\+").replace("*", r"\*")):
        affine(given, "here", NAMES)


def test_intervals_of_symbols() -> None:
    assert read_symbols({"a": [0, "1/2"], "b_1": ["-1", "0.5"]}, "symbols") == {
        "a": (F(0), F(1, 2)),
        "b_1": (F(-1), F(1, 2)),
    }
    many = {f"a{k}": [0, 1] for k in range(MAX_SYMBOLS)}
    assert len(read_symbols(many, "symbols")) == MAX_SYMBOLS
    count = f"expected an object of 1 to {MAX_SYMBOLS} symbols with their intervals"
    for value, reason in (
        ([], count), ({}, count), (many | {"more": [0, 1]}, count), ({"2a": [0, 1]}, "not a name of a symbol"),
        ({"a": [0]}, "expected 2 ends of an interval"), ({"a": [0, 1, 2]}, "expected 2 ends of an interval"),
        ({"a": [1, 1]}, "the lower end is not below"), ({"a": [1, 0]}, "the lower end is not below"),
        ({"a": 1}, "symbols.a"),
    ):  # fmt: skip
        with pytest.raises(Malformed, match=reason):
            read_symbols(value, "symbols")


FILE = network([1, 2, 1], "relu", samples([1, 2], ["1 + a", "b"]), symbols={"a": [0, 1], "b": ["-1", 2]}) | {
    "where": ["a - b"]
}


def test_the_problem_at_the_centre() -> None:
    """The forms are about the distances from it: a = 1/2 + d₁, b = 1/2 + d₂."""
    plain, family = without_symbols(FILE)
    assert family == Family(
        ("a", "b"), (F(1, 2), F(1, 2)), (F(1, 2), F(3, 2)), ((F(0), F(1), F(-1)),),
        ((F(3, 2), F(1), F(0)), (F(1, 2), F(0), F(1))),
    )  # fmt: skip
    assert isinstance(plain, dict)
    assert {"symbols", "where"}.isdisjoint(plain)
    assert [each["y"] for each in plain["data"]] == [[0], [0]]
    problem = read_problem(text(FILE), no_data)
    assert problem.targets == ((F(3, 2),), (F(1, 2),))
    assert problem.parameters is None
    assert family_of(problem) == family
    assert problem.loss.rules == FOR_ALL
    ordinary = network([1, 1, 1], "relu", samples([1], [1]))
    assert without_symbols(ordinary) == (ordinary, None)
    assert without_symbols([1]) == ([1], None)
    with pytest.raises(Rejected, match="needs a network file with symbols"):
        family_of(read_problem(text(ordinary), no_data))


def test_slopes_in_symbols() -> None:
    bent = {"breakpoints": [0], "slopes": ["a", "1 + b"], "anchor": [0, 0]}
    given = FILE | {"activation": bent, "data": samples([1, 2], [1, 2])}
    problem = read_problem(text(given), no_data)
    assert family_of(problem).slopes == ((F(1, 2), F(1), F(0)), (F(3, 2), F(0), F(1)))
    assert problem.activations[0].slopes == (F(1, 2), F(3, 2))
    assert problem.loss.rules == FOR_ALL_SLOPES
    assert read_slopes(bent | {"slopes": [{"a": 1}, 2]}, "activation", NAMES) == [(0, 1, 0, 0), (2, 0, 0, 0)]
    assert read_slopes(bent | {"slopes": ["1/2", 2]}, "activation", NAMES) == []
    assert read_slopes("relu", "activation", NAMES) == []
    with pytest.raises(Malformed, match="expected 2 slopes"):
        read_slopes(bent | {"slopes": ["a", 1, 2]}, "activation", NAMES)
    with pytest.raises(Malformed, match="either the labels or the slopes may be affine in them, not both"):
        read_problem(text(given | {"data": samples([1, 2], [1, "b"])}), no_data)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"parameters": []}, "parameters: a fixed point is a local minimum for a null set of labels only"),
        ({"witnesses": []}, "witnesses: a file with symbols is about a chain"),
        ({"program": []}, "program: a file with symbols is about a chain"),
        ({"data": [{"x": [1], "y": ["a", "b"]}]}, "expected 1 label"),
        ({"data": [{"x": [1], "y": []}]}, "expected 1 label"),
        ({"data": [{"x": [1], "y": ["c"]}]}, "unknown symbol"),
        ({"data": [{"x": [1], "y": ["a"], "z": 1}]}, "unknown key"),
        ({"data": [{"x": [1]}]}, "y: is missing"),
        ({"data": [{"y": ["a"]}]}, "x: is missing"),
        ({"where": ["c"]}, "unknown symbol"),
        ({"where": "a"}, "where: expected a list"),
        ({"where": ["a - 1"]}, "where: no symbols were found that satisfy it"),
        ({"where": ["a - b", "b - a"]}, "where: no symbols were found that satisfy it"),
    ],
)
def test_faults_of_a_file(change: Json, reason: str) -> None:
    with pytest.raises(Malformed, match=reason):
        read_problem(text(FILE | change), no_data)


@pytest.mark.parametrize(
    "change",
    [
        {"loss": "huber"}, {"loss": "absolute"}, {"layers": [1, 2, 2, 1]}, {"weight_decay": "1/2"},
        {"loss": {"name": "quantile", "tau": "1/3"}},
    ],
)  # fmt: skip
def test_rules_hold_for_shallow_networks_of_squared_loss_without_decay(change: Json) -> None:
    problem = read_problem(text(FILE | change), no_data)
    assert isinstance(problem, SymbolicProblem)
    assert problem.loss.rules == frozenset()


def test_where_symbols_are_looked_for() -> None:
    """At every eighth of the lines to corners and, with few symbols, to the middles of edges."""
    half, flat = [F(1), F(1)], (F(1, 2), F(-1), F(0))
    near = (F(-6, 8), F(1), F(0)), (F(8, 8), F(-1), F(0))  # 6/8 < d₁ < 1: 7/8 alone
    require_inhabited(near, half)
    require_inhabited([*near, (F(1, 8), F(0), F(-1)), (F(1, 8), F(0), F(1))], half)  # |d₂| < 1/8, at a middle
    require_inhabited([], half)
    require_inhabited([flat, (F(-3, 8), F(0), F(1))], half)
    for sides in ([(F(-7, 8), F(1), F(0)), (F(1), F(-1), F(0))], [(F(-1), F(1), F(0))], [(F(0), F(0), F(0))]):
        with pytest.raises(Malformed, match="no symbols were found"):
            require_inhabited(sides, half)


def test_what_is_shown_holds_on_the_domain() -> None:
    """`least` is the least value at the corners of what is left; on the domain the form is at least that."""
    noise, shown, strictly = Random(2), 0, 0
    for _ in range(300):
        half = tuple(F(noise.randint(1, 4), 2) for _ in range(2))
        where, weak = (tuple(tuple(F(noise.randint(-2, 2)) for _ in range(3)) for _ in range(k)) for k in (1, 1))
        family = Family(("a", "b"), (F(0), F(0)), half, where, (), (), weak)
        form = tuple(F(noise.randint(-3, 5)) for _ in range(3))
        weights = [F(noise.randint(0, 2)) for _ in range(noise.randint(0, 2))]
        low, more = family.least(form, weights)
        rest = [
            x - sum(w * side[k] for w, side in zip(weights, (*where, *weak), strict=False)) for k, x in enumerate(form)
        ]
        corners = [
            rest[0] + s * rest[1] * half[0] + t * rest[2] * half[1] for s, t in product((1, -1), repeat=2)
        ]  # fmt: skip
        assert low == min(corners)
        assert more == any(weights[:1])
        assert family.positive(form, False, weights) == (low >= 0)
        assert family.positive(form, True, weights) == (low > 0 or (low == 0 and more))
        shown += low >= 0
        strictly += low == 0 and more
    assert shown > 40
    assert strictly > 3
    family = Family(("a",), (F(0),), (F(1),), ((F(0), F(1)),), (), (), ((F(1), F(1)),))
    with pytest.raises(Rejected, match="has more weights than there are side conditions"):
        family.least((F(1), F(0)), [F(0)] * 3)
    for weights in ([F(-1)], [F(0), F(-1)]):
        with pytest.raises(Rejected, match="weights of side conditions must not be negative"):
            family.least((F(1), F(0)), weights)


def test_the_parts_of_a_domain() -> None:
    whole = Family(("a", "b"), (F(0), F(0)), (F(1), F(1)), ((F(1), F(0), F(1)),), ())
    a = (F(0), F(1), F(0))
    above, below = whole.split(a)
    assert (above.where, above.weak) == (whole.where, (a,))
    assert (below.where, below.weak) == ((*whole.where, (F(0), F(-1), F(0))), ())
    both = above.split((F(0), F(-1), F(0)))[0]
    assert both.weak == (a, (F(0), F(-1), F(0)))
    first, second = (F(1), F(2), F(3)), (F(1), F(7), F(3))
    assert both.same(first, second)  # a = 0 there
    assert not above.same(first, second)
    assert above.same(first, first)
    assert not both.same(first, (F(1), F(2), F(4)))
    assert not both.same(first, (F(2), F(2), F(3)))


def test_how_a_domain_and_forms_are_told() -> None:
    family = Family(("a", "b"), (F(1, 2), F(-1)), (F(1, 2), F(2)), ((F(0), F(1), F(-1)),), ())
    assert family.domain() == "a in [0, 1], b in [-3, 1] with -3/2 + a - b > 0"
    assert Family(("a",), (F(1, 2),), (F(1, 2),), (), ()).domain() == "a in [0, 1]"
    assert family.spelled((F(1, 2), F(1), F(0))) == "a"
    assert family.spelled((F(0), F(0), F(0))) == "0"
    assert family.spelled((F(0), F(-2), F(1, 3))) == "4/3 - 2 a + 1/3 b"
