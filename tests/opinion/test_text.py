"""SMT-LIB text: exact, deterministic, and well-formed whatever the names are."""

import itertools
import random
from fractions import Fraction

import pytest

from symverify.opinion.text import (
    Polynomial,
    Script,
    conjunction,
    disjunction,
    name_of,
    negation,
    number,
    polynomial,
    relation,
    symbol,
)
from tests.opinion.names import HOSTILE


@pytest.mark.parametrize("name", ["x", "w_1_2", "W1[0,1]", "b2"])
def test_an_ordinary_name_is_kept(name: str) -> None:
    assert symbol(name) == f"|{name}|"


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_is_one_printable_quoted_symbol_that_can_be_read_back(name: str) -> None:
    text = symbol(name)
    assert text[0] == text[-1] == "|"
    assert all(" " <= c <= "~" and c not in "|\\" for c in text[1:-1])
    assert name_of(text) == name_of(text[1:-1]) == name


def test_different_names_have_different_symbols() -> None:
    names = {"".join(letters) for n in range(5) for letters in itertools.product("x|%.'7c", repeat=n)}
    assert len({symbol(name) for name in names}) == len(names)


@pytest.mark.parametrize(
    ("value", "text"),
    [(3, "3.0"), (-3, "(- 3.0)"), (0, "0.0")],
)
def test_number(value: int, text: str) -> None:
    assert number(value) == text


X, Y, XXY = (("x", 1),), (("y", 1),), (("x", 2), ("y", 1))


@pytest.mark.parametrize(
    ("poly", "text"),
    [
        ({}, "0.0"),
        ({X: Fraction(0)}, "0.0"),
        ({(): Fraction(1, 2)}, "1.0"),
        ({X: Fraction(1)}, "|x|"),
        ({X: Fraction(-1)}, "(* (- 1.0) |x|)"),
        ({X: Fraction(1, 2), (): Fraction(-1, 3)}, "(+ (- 2.0) (* 3.0 |x|))"),
        ({XXY: Fraction(1), Y: Fraction(2)}, "(+ (* 2.0 |y|) (* |x| |x| |y|))"),
    ],
)
def test_polynomial_has_integer_coefficients(poly: Polynomial, text: str) -> None:
    assert polynomial(poly) == text


def test_relation() -> None:
    assert relation({X: Fraction(1, 2), (): 1}, "<=") == "(<= (+ 2.0 |x|) 0.0)"
    assert relation({X: 2, (): Fraction(-1)}, "distinct") == "(distinct (+ (- 1.0) (* 2.0 |x|)) 0.0)"
    with pytest.raises(ValueError, match="not a relation"):
        relation({}, "!=")


def test_inexact_or_meaningless_polynomials_are_errors() -> None:
    with pytest.raises(TypeError, match="not an exact coefficient"):
        polynomial({X: 0.5})  # type: ignore[dict-item]
    with pytest.raises(ValueError, match="exponent"):
        polynomial({(("x", -1),): 1})


def test_connectives_of_no_part_and_of_one() -> None:
    assert [conjunction([]), disjunction([])] == ["true", "false"]
    assert [conjunction(["a"]), disjunction(["a"])] == ["a", "a"]
    assert conjunction(["a", negation("b")]) == "(and a (not b))"
    assert disjunction(["a", "b"]) == "(or a b)"


def test_script() -> None:
    script = Script("QF_NRA", ["y", "x"], ["true"], ["one\n(assert false)", "é"])
    assert script.text() == (
        "; one\\u{a}(assert false)\n"
        "; \\u{e9}\n"
        "(set-logic QF_NRA)\n"
        "(declare-const |x| Real)\n"
        "(declare-const |y| Real)\n"
        "(assert true)\n"
        "(check-sat)\n"
    )


def test_the_logic_is_checked() -> None:
    with pytest.raises(ValueError, match="not a logic"):
        Script("QF_LRA)(reset", [], [])


def test_text_does_not_depend_on_the_order_of_mappings() -> None:
    terms = [((("x", i), ("y", j)), Fraction(i - 2, j)) for i in range(1, 5) for j in range(1, 5)]
    variables = [f"v{i}" for i in range(20)]
    texts = set()
    for seed in range(5):
        random.Random(seed).shuffle(terms)
        random.Random(seed).shuffle(variables)
        script = Script("QF_NRA", variables, [relation(dict(terms), "<")])
        texts.add(script.text())
    assert len(texts) == 1


def test_no_division_and_no_decimal_fraction_is_written() -> None:
    rng = random.Random(0)
    for _ in range(100):
        poly = {X: Fraction(rng.randint(-9, 9), rng.randint(1, 9)), (): Fraction(rng.randint(-9, 9), 7)}
        text = relation(poly, "<")
        assert "/" not in text
        assert text.count(".") == text.count(".0")
