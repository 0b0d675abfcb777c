"""The rule `spurious_region`: Theorem 1 for all values of the symbols."""

import pytest

from tests.examples import network, samples
from tests.kernel.accepted import case, claim, point
from tests.kernel.corruption import Json, outcome
from tests.kernel.labels.made import FOUR, F, at, drawn
from tests.kernel.rules import check_step, of, suite
from tests.oracles.network import matrix_rank

STEP: Json = {"rule": "spurious_region", "form": [1, 0, -3, 2]}
SIDED = FOUR | {"symbols": {"a": ["-1/2", 1]}, "where": ["a"]}
OPEN = FOUR | {"symbols": {"a": ["-1/2", 1]}, "where": ["1/2 + a"]}
SQUARE = network([2, 3, 1], "relu", samples([[0, 0], [1, 0], [0, 1], [1, 1]], [0, 0, 0, "1 + 2 a"]), "1/2",
                 symbols={"a": [0, 1]})  # fmt: skip
CONTROLS = {
    "two inputs": case(SQUARE, [STEP | {"form": [1, -1, -1, 1]}],
                       claim("spurious_for_all", 0, domain="a in [0, 1]", form="1 + 2 a")),
    "a label": case(FOUR, [STEP], claim("spurious_for_all", 0, domain="a in [0, 1]", form="1 + 2 a")),
    "on one side of the centre": case(
        FOUR | {"where": ["1/4 - a"]}, [STEP],
        claim("spurious_for_all", 0, domain="a in [0, 1] with 1/4 - a > 0", form="1 + 2 a")),
    "on the other": case(
        FOUR | {"where": ["a - 3/4"]}, [STEP],
        claim("spurious_for_all", 0, domain="a in [0, 1] with -3/4 + a > 0", form="1 + 2 a")),
    "a side condition": case(
        OPEN, [STEP | {"weights": ["2"]}],
        claim("spurious_for_all", 0, domain="a in [-1/2, 1] with 1/2 + a > 0", form="1 + 2 a"),
    ),
}  # fmt: skip
CORRUPTIONS = of("a label", [
    ("negative", "steps[0].form", [-1, 0, 3, -2], "Rejected", "is not shown to be positive for all values"),
    ("not orthogonal", "steps[0].form", [1, 0, 0, 0], "Rejected", "is not orthogonal to 1 and the inputs"),
    ("0 for all labels", "steps[0].form", [1, -2, 1, 0], "Rejected", "is not shown to be positive for all values"),
    ("weights of nothing", "steps[0].weights", ["1"], "Rejected", "is not shown to be positive"),
    ("no form", "steps[0].form", ..., "Malformed", "steps[0].form: is missing"),
    ("short", "steps[0].form", [1, 0, -3], "Malformed", "steps[0].form: expected 4"),
    ("another domain", "claims[0].domain", "a in [0, 2]", "Rejected", "proved 'a in [0, 1]'"),
]) + of("two inputs", [
    ("not orthogonal to the second", "steps[0].form", [-1, 1, -1, 1], "Rejected", "is not orthogonal to 1 and the inp"),
    ("more weights than conditions", "steps[0].weights", ["0"], "Rejected", "is not shown to be positive"),
]) + of("a side condition", [
    ("a weight too many", "steps[0].weights", ["2", "0"], "Rejected", "is not shown to be positive"),
    ("none", "steps[0].weights", [], "Rejected", "is not shown to be positive"),
    ("no weight", "steps[0].weights", ["0"], "Rejected", "is not shown to be positive"),
    ("too much", "steps[0].weights", ["3"], "Rejected", "is not shown to be positive"),
    ("a negative weight", "steps[0].weights", ["-1"], "Rejected", "must not be negative"),
])  # fmt: skip
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


def test_without_symbols_it_is_no_rule() -> None:
    check_step(at(FOUR, {"a": F(0)}), [STEP], "is not a rule for the squared loss")


@pytest.mark.parametrize("rule", ["spurious_radius", "spurious_labels", "function_bound", "assumptions", "cell_cover"])
def test_with_symbols_rules_about_one_label_vector_are_refused(rule: str) -> None:
    check_step(FOUR, [{"rule": rule}], "is not a rule for the squared loss")
    check_step(FOUR, [point([])], "point: is not a rule for the squared loss")


def test_symbols_are_looked_for_at_the_middles_of_edges_too() -> None:
    """Near a = 1, b = 1/2 only: no line to a corner of the box meets it."""
    sides = ["a - 7/8", "b - 7/16", "9/16 - b"]
    narrow = FOUR | {"symbols": {"a": [0, 1], "b": [0, 1]}, "where": sides}
    stated = claim("spurious_for_all", 0, domain="a in [0, 1], b in [0, 1] with -7/8 + a > 0 and -7/16 + b > 0 "
                   "and 9/16 - b > 0", form="1 + 2 a")  # fmt: skip
    again = case(narrow, [STEP], stated)
    assert outcome(again.network, again.proof)[0] == "Accepted"


def test_many_symbols_are_looked_for_at_the_corners() -> None:
    names = list("abcdfghi")
    many = FOUR | {"symbols": {name: [0, 1] for name in names}}
    domain = ", ".join(f"{name} in [0, 1]" for name in names)
    for side, told in (("1/4 - a", "1/4 - a"), ("a - 3/4", "-3/4 + a")):
        stated = claim("spurious_for_all", 0, domain=f"{domain} with {told} > 0", form="1 + 2 a")
        again = case(many | {"where": [side]}, [STEP], stated)
        assert outcome(again.network, again.proof)[0] == "Accepted"
    for side in ("-1/8 - a", "a - 9/8"):
        verdict, what = outcome(many | {"where": [side]}, CONTROLS["a label"].proof)
        assert (verdict, "no symbols were found" in what) == ("Malformed", True)


def test_the_labels_are_not_affine() -> None:
    for values in drawn(FOUR, 40):
        data = at(FOUR, values)["data"]
        assert matrix_rank([[F(each["x"][0]), F(1), F(each["y"][0])] for each in data]) == 3


@pytest.mark.parametrize(("change", "reason"), [
    ({"symbols": {}}, "symbols: expected an object of 1 to 12 symbols"),
    ({"symbols": {"a": [1, 1]}}, "symbols.a: the lower end is not below the upper one"),
    ({"symbols": {"a": [1]}}, "symbols.a: expected 2 ends of an interval, got 1"),
    ({"symbols": {"1a": [0, 1]}}, "not a name of a symbol"),
    ({"symbols": {"b": [0, 1]}}, "unknown symbol 'a'"),
    ({"where": ["c"]}, "where[0]: unknown symbol 'c'"),
    ({"where": "a"}, "where: expected a list"),
    ({"data": {"csv": "x.csv", "inputs": ["x"], "targets": ["y"]}}, "data: expected a list"),
    ({"parameters": []}, "a fixed point is a local minimum for a null set of labels only (radius 0)"),
    ({"data": samples([0], ["a a"])}, "expected an affine expression"),
    ({"data": samples([0], ["a + "])}, "expected an affine expression"),
    ({"data": samples([0], ["2 * * a"])}, "expected an affine expression"),
    ({"data": samples([0], ["2 * -a"])}, "expected an affine expression"),
    ({"data": samples([0], ["2 * + a"])}, "expected an affine expression"),
    ({"symbols": {"e": [0, 1]}}, "not a name of a symbol"),
    ({"symbols": {"e1": [0, 1]}}, "not a name of a symbol"),
    ({"where": ["a - 2"]}, "where: no symbols were found that satisfy it"),
    ({"where": ["-1/8 - a"]}, "where: no symbols were found that satisfy it"),
    ({"where": ["a - 3/4", "1/4 - a"]}, "where: no symbols were found that satisfy it"),
    ({"data": samples([0], ["a * 2"])}, "expected an affine expression"),
    ({"data": samples([0], ["a^2"])}, "expected an affine expression"),
    ({"data": samples([0], [""])}, "expected an affine expression"),
    ({"data": samples([0], ["1/0"])}, "the denominator is zero"),
    ({"data": samples(["a"], ["a"])}, "data[0].x[0]: expected a number"),
    ({"data": samples([0], [[0, 1]])}, "expected 1 label, as symbols need one output, got 2"),
])  # fmt: skip
def test_malformed_symbols(change: Json, reason: str) -> None:
    verdict, what = outcome(FOUR | change, CONTROLS["a label"].proof)
    assert (verdict, reason if reason in what else what) == ("Malformed", reason)


@pytest.mark.parametrize(
    "label", ["1/2 + a", "a+1/2", "0.5 + 1 a", {"1": "1/2", "a": 1}, "1/4 + 1/4 + 2*a - a", " a + 1/2 "]
)
def test_spellings_of_one_form(label: Json) -> None:
    document = network([1, 2, 1], "relu", samples([0, 1, 2, 3], [0, 0, 0, 1]), "1/2", symbols={"a": [0, 1]})
    document["data"][3]["y"] = [label]
    again = case(document, [STEP], claim("spurious_for_all", 0, domain="a in [0, 1]", form="1 + 2 a"))
    assert outcome(again.network, again.proof)[0] == "Accepted"


def test_depth_vector_outputs_and_other_losses_have_no_rules() -> None:
    for change in ({"layers": [1, 2, 2, 1]}, {"loss": "huber"}, {"weight_decay": "1/10"}):
        check_step(FOUR | change, [STEP], "is not a rule for the")
