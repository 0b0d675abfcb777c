"""Losses are objects that own their calculus: nobody else tests a loss's name, or its class."""

import ast
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

import symverify
from symverify.kernel import Malformed
from symverify.kernel import losses as table
from symverify.kernel.core import loss as calculus
from symverify.kernel.core.loss import Loss
from symverify.kernel.core.poly import Poly
from symverify.kernel.losses import LOSSES, RATIONAL_LOSSES, huber, squared
from symverify.kernel.network_file import read_problem
from symverify.kernel.table import RULES
from tests.examples import network, samples
from tests.kernel.corruption import no_data, text

PACKAGE = Path(symverify.__file__).parent
OWN = {Path(calculus.__file__), Path(table.__file__)}
SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if path not in OWN)
CLASSES = {"Loss", "Kind"}
F = Fraction


def name_tests(tree: ast.AST) -> list[str]:
    """Where a name of a loss is compared, matched or looked up, or a class of losses is asked for."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            parts = [node.left, *node.comparators]
            literals = [leaf.value for part in parts for leaf in ast.walk(part) if isinstance(leaf, ast.Constant)]
            named = any(ast.unparse(part).endswith("loss.name") for part in parts)
            if named or set(LOSSES) & {each for each in literals if isinstance(each, str)}:
                found.append(ast.unparse(node))
        if isinstance(node, ast.MatchValue) and ast.unparse(node.value).strip("'\"") in LOSSES:
            found.append(ast.unparse(node))
        if isinstance(node, ast.MatchClass) and ast.unparse(node.cls).rpartition(".")[2] in CLASSES:
            found.append(ast.unparse(node))
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ("isinstance", "issubclass")
        ):
            asked = {leaf.id for leaf in ast.walk(node.args[1]) if isinstance(leaf, ast.Name)}
            if asked & CLASSES:
                found.append(ast.unparse(node))
    return found


@pytest.mark.parametrize("path", SOURCES, ids=[path.relative_to(PACKAGE).as_posix() for path in SOURCES])
def test_nobody_tests_a_losss_name(path: Path) -> None:
    assert name_tests(ast.parse(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "source",
    [
        'if loss.name == "squared": pass', 'x = problem.loss.name in names', '"huber" != kind',
        'match n:\n    case "squared": pass', "isinstance(loss, Loss)", 'kind in ("squared", "l1")',
        "match x:\n    case Loss(): pass",
    ],
)  # fmt: skip
def test_the_test_would_see_it(source: str) -> None:
    assert len(name_tests(ast.parse(source))) == 1


def test_rules_are_allowed_one_by_one() -> None:
    """A rule that no loss allows, or an allowance of no rule, is a slip."""
    every = [LOSSES[name].of(*[F(1)] * (1 + len(LOSSES[name].options))) for name in LOSSES]
    assert set().union(*(each.rules for each in every)) <= set(RULES)
    for rule in RULES:
        assert any(rule in each.rules for each in every) or rule not in squared(F(1)).rules


EVERY = [squared(F(2)), huber(F(1), F(1)), huber(F(3), F(1, 2))]


@pytest.mark.parametrize("loss", EVERY, ids=["squared", "huber 1", "huber 1/2"])
def test_values_and_slopes_fit_together(loss: Loss) -> None:
    """Convex, continuously differentiable, slope 0 at error 0 only: from values alone, on a fine grid."""
    step = F(1, 8)
    grid = [k * step for k in range(-24, 25)]
    values = [loss.value(e) for e in grid]
    assert loss.value(F(0)) == 0 == loss.slope(F(0))
    assert all(loss.value(e) > 0 and loss.slope(e) * e > 0 for e in grid if e)
    assert all(a + c >= 2 * b for a, b, c in zip(values, values[1:], values[2:], strict=False))
    for e, d in pairwise(grid):
        rise = (loss.value(d) - loss.value(e)) / step
        assert loss.slope(e) <= rise <= loss.slope(d)
        assert rise == (loss.slope(e) + loss.slope(d)) / 2  # the cuts are on the grid: slopes are linear between
    assert loss.value(F(1, 4)) == loss.value(F(-1, 4))


@pytest.mark.parametrize(("e", "value", "slope"), [
    ("0", "0", "0"), ("1/4", "1/32", "1/4"), ("1/2", "1/8", "1/2"), ("-1/2", "1/8", "-1/2"), ("3", "11/8", "1/2"),
    ("-3", "11/8", "-1/2"),
])  # fmt: skip
def test_hubers_loss_by_hand(e: str, value: str, slope: str) -> None:
    half = huber(F(1), F(1, 2))
    assert (half.value(F(e)), half.slope(F(e))) == (F(value), F(slope))


@pytest.mark.parametrize("loss", EVERY, ids=["squared", "huber 1", "huber 1/2"])
@pytest.mark.parametrize("start", ["0", "1", "-1", "1/2", "-1/2", "3/4", "-2"])
@pytest.mark.parametrize("rest", [[1], [-1], [0, 1], [0, -2, 1], [0]])
def test_along_a_curve_it_is_the_loss_of_the_values(loss: Loss, start: str, rest: list[int]) -> None:
    e = Poly.of([F(start), *map(F, rest)])
    found = loss.after_zero(e)
    for t in (F(1, 2**20), F(1, 2**40)):
        at, value = (sum((c * t**k for k, c in enumerate(p.coefficients)), F(0)) for p in (e, found))
        assert value == loss.value(at)


def test_classes_of_the_hinge_loss_are_minus_1_and_1() -> None:
    """In their order, of two classes and one output; any other number has none."""
    loss = table.RATIONAL_LOSSES["hinge"].of(F(1))
    assert [loss.named(place, 2, 1) for place in (0, 1)] == [[-1], [1]]
    assert [loss.named(0, names, outputs) for names, outputs in ((1, 1), (3, 1), (2, 2), (2, 0))] == [None] * 4
    assert [loss.fault([F(y)]) is None for y in ("-1", "1", "0", "1/2", "2")] == [True, True, False, False, False]


NAMED: dict[str, tuple[list[Fraction], Callable[[Fraction, Fraction], Fraction]]] = {
    "squared": ([], lambda f, y: (f - y) ** 2),
    "mse": ([], lambda f, y: (f - y) ** 2),
    "absolute": ([], lambda f, y: abs(f - y)),
    "mae": ([], lambda f, y: abs(f - y)),
    "l1": ([], lambda f, y: abs(f - y)),
    "huber": ([F(2, 3)], lambda f, y: (f - y) ** 2 / 2 if abs(f - y) < F(2, 3) else F(2, 3) * (abs(f - y) - F(1, 3))),
    "smooth_l1": ([F(2, 3)], lambda f, y: (f - y) ** 2 / 2 / F(2, 3) if abs(f - y) < F(2, 3) else abs(f - y) - F(1, 3)),
    "quantile": ([F(1, 4)], lambda f, y: max((y - f) / 4, (f - y) * 3 / 4)),
    "pinball": ([F(1, 4)], lambda f, y: max((y - f) / 4, (f - y) * 3 / 4)),
    "hinge": ([], lambda f, y: max(F(0), 1 - y * f)),
}


@pytest.mark.parametrize("name", RATIONAL_LOSSES)
def test_values_by_name_and_option(name: str) -> None:
    options, formula = NAMED[name]
    loss = RATIONAL_LOSSES[name].of(F(3), *options)
    for y in (F(-1), F(1)):
        for k in range(-30, 31):
            assert loss.factor * loss.at(y).value(F(k, 6) - y) == 3 * formula(F(k, 6), y)


def test_options_are_what_they_must_be() -> None:
    def document(name: str, option: str, value: str) -> bytes:
        return text(network([1, 1, 1], "relu", samples([1], [1])) | {"loss": {"name": name, option: value}})

    allowed = {
        ("huber", "delta"): ("1/9", "7"), ("smooth_l1", "beta"): ("1/9", "7"), ("squared", "factor"): ("1/9", "7"),
        ("quantile", "tau"): ("1/9", "8/9"), ("pinball", "tau"): ("1/9", "8/9"),
    }  # fmt: skip
    for (name, option), values in allowed.items():
        for value in values:
            read_problem(document(name, option, value), no_data)
        for value in ["0", "-1/9", "-1", *(["1", "9/8"] if option == "tau" else [])]:
            with pytest.raises(Malformed, match=rf"loss\.{option}: must be "):
                read_problem(document(name, option, value), no_data)


def test_smoothed_labels() -> None:
    """From 0 to below 1: the classes' labels are mixed with 1/K."""
    for value, expected in (("0", (0, 1)), ("1/2", (F(1, 4), F(3, 4)))):
        document = network([1, 1, 2], "relu", samples([1], [[0, 1]]))
        document["loss"] = {"name": "cross_entropy", "label_smoothing": value}
        assert read_problem(text(document), no_data).targets == (expected,)
    for value in ("1", "-1/9"):
        document["loss"] = {"name": "cross_entropy", "label_smoothing": value}
        with pytest.raises(Malformed, match=r"loss\.label_smoothing: must be at least 0 and below 1"):
            read_problem(text(document), no_data)
