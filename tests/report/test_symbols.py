"""Explanations of files with symbols show the symbols, and not the numbers at the centre of their intervals."""

import json
from pathlib import Path
from typing import Any

import pytest

import symverify
from symverify.kernel.check import spelled
from symverify.report.context import context_words
from symverify.report.explain import FORMS, Form, explain, render
from tests.examples import network, samples
from tests.kernel.labels.made import FOUR


def told(document: dict[str, Any], form: Form) -> str:
    """The page of what `check` proves, escapes and places for line breaks undone."""
    loaded = symverify.loads(json.dumps(document))
    result = symverify.check(loaded, smt=False)
    assert result.certificate is not None
    text = render(explain(loaded, result.certificate), form)
    for shown, meant in ((r"{[}", "["), (r"{]}", "]"), (r"{-}", "-"), (r"\_", "_"), (r"\[", "["), ("<wbr>", "")):
        text = text.replace(shown, meant)
    return " ".join(text.split())


@pytest.mark.parametrize("form", FORMS)
def test_labels_are_told_as_they_are_written(form: Form) -> None:
    text = told(FOUR | {"symbols": {"a_1": [0, "4/7"]}, "data": samples([0, 1, 2, 3], [0, 0, 0, "1/2 + a_1"])}, form)
    start = text.index("The data, ")
    data = text[start : text.index("The proof", start)]
    assert "for all values of the symbols: " in data
    assert "a_1 in [0, 4/7]" in data
    assert "1/2 + a_1" in data
    assert "14" not in data, "the label at the centre, 11/14"


@pytest.mark.parametrize("form", FORMS)
def test_slopes_are_told_as_they_are_written(form: Form) -> None:
    slopes = {"breakpoints": ["0"], "slopes": ["a", "1/2 + b"], "anchor": ["0", "0"]}
    ends = {"a": ["-2", "2"], "b": ["-2", "2"]}
    data = samples([0, 1, 2, 3], [0, 0, 0, 1])
    document = network([1, 2, 1], slopes, data, loss={"name": "squared", "factor": "1/2"}, symbols=ends)
    text = told(document, form)
    start = text.index("piecewise linear activation")
    said = text[start : text.index("The data", start)]
    assert "1/2 + b" in said
    assert "a in [-2, 2], b in [-2, 2]" in said
    assert "for z" not in said
    assert "cases" not in said
    assert "of slope" in said


def test_without_symbols_the_numbers_are_told() -> None:
    plain = {key: value for key, value in FOUR.items() if key != "symbols"}
    text = told(plain | {"data": samples([0, 1, 2, 3], [0, 0, 0, 1])}, "text")
    assert "The data. i xᵢ yᵢ" in text
    assert "symbols" not in text[: text.index("The proof")]


@pytest.mark.parametrize("form", FORMS)
def test_a_label_and_a_condition_of_many_digits(form: Form) -> None:
    """More than Python spells: the statement, of risk 0, has none of them."""
    data = [{"x": ["1e-3990"], "y": [{"a": f"1.{'3' * 400}e-3990"}]}]
    document = network([1, 1, 1], "relu", data, bias=False, symbols={"a": [1, 2]})
    loaded = symverify.loads(json.dumps(document))
    result = symverify.check(loaded, "minimum_for_all", smt=False)
    assert result["minimum_for_all"].statement["formula"] == "0"
    assert result.certificate is not None
    text = " ".join(render(explain(loaded, result.certificate), form).split())
    assert text.count("affine, of too many digits to be shown") == 2


def test_slopes_of_many_digits() -> None:
    steep = {"breakpoints": ["0"], "slopes": ["a", {"a": f"1.{'3' * 400}e-3990"}], "anchor": ["0", "0"]}
    document = network([1, 2, 1], steep, samples([0, 1, 2, 3], [0, 0, 0, 1]), symbols={"a": [-1, 1]})
    problem = symverify.loads(json.dumps(document)).problem
    assert "slopes affine in the symbols" in context_words(problem)
    with pytest.raises(symverify.Declined):  # at the centre
        symverify.loads(json.dumps(document | {"symbols": {"a": [1, 2]}}))


def test_a_verdict_line_tells_a_name_from_a_product() -> None:
    """A blank is _ in it, so that the _ of a name is not."""
    text = (Path(__file__).parents[2] / "examples" / "slopes.json").read_text()
    renamed = text.replace('"a"', '"a_1"')
    (line,) = [claim.line for claim in symverify.check(symverify.loads(renamed), smt=False).claims if claim.line]
    assert r"domain=a\_1_in_[-2,_2],_b_in_[-2,_2]_with_a\_1_-_b_!=_0 " in line
    assert spelled("2 a b") != spelled("2 a_b")
