"""What is said about radii in label space: whose signs, to which side numbers are rounded, what is a lower bound."""

import json
import re
from fractions import Fraction
from typing import Any

import pytest

import symverify
from symverify.report import claims
from symverify.report.glossary import GLOSSARY
from symverify.report.tellers import TELLINGS
from symverify.run.check import CheckResult
from tests.examples import layer, network, samples
from tests.oracles.network import Oracle

F = Fraction
Json = Any
SIGN = network([1, 1, 1], "relu", samples([1, 2], [1, 3]), parameters=[layer([[1]]), layer([["7/5"]])], bias=False)
LONG = network([1, 2, 1], "relu", samples(["0.1237", "1.7771", "2.31313", "3.9191"],
                                          ["0.33391", "2.00131", "0.71717", "-1.137"]))  # fmt: skip
FREE = network([1, 1, 1], "hardtanh", samples([1], [1]), bias=False)
HINGES = network([1, 2, 1], "relu", samples([0, 1, 2], [0, 1, 1]))
SIGNS = "some labels have no local minimum there with output weights of these signs"


def tried(document: Json, claim: str, cell: str | None = None) -> CheckResult:
    return symverify.check(symverify.loads(json.dumps(document)), [claim], cell=cell, smt=False)


def said(result: CheckResult, claim: str) -> str:
    return claims.lines(result, result[claim])[0]


@pytest.mark.parametrize("claim", ["face_radius", "global_radius"])
def test_a_face_that_keeps_a_minimum_of_other_signs_is_not_said_to_have_none(claim: str) -> None:
    """f = s x, the best slope s: beyond 7/3 it is negative for some labels, and with v < 0 there still is a minimum."""
    result = tried(SIGN, claim)
    assert (result[claim].statement["radius"], result[claim].statement["exact"]) == ("7/3", True)
    assert said(result, claim).endswith(f"; at every distance above 7/3 {SIGNS}")
    labels = [F(1) - F(5, 2), F(3) - F(5, 2)]
    beyond = Oracle(SIGN | {"data": samples([1, 2], [str(y) for y in labels])})
    slope = (labels[0] + 2 * labels[1]) / 5
    assert slope < 0
    other = [layer([[str(-slope)]]), layer([[-1]])]
    assert beyond.lower_nearby(other, trials=200) is None
    same = [layer([[str(-slope)]]), layer([[1]])]
    assert beyond.lower_nearby(same, trials=200) is not None


@pytest.mark.parametrize("claim", ["spurious_radius", "global_radius"])
def test_a_rounded_radius_is_rounded_to_both_sides(claim: str) -> None:
    """No number between the two that are printed makes the sentence false."""
    result = tried(LONG, claim)
    radius, words = F(str(result[claim].statement["radius"])), said(result, claim)
    low = re.search(r"nearer than ≈ ([\d.]+) to the one in the file", words)
    high = re.search(r"; (?:at every distance above|for some labels, each at most) ≈ ([\d.]+) ", words)
    assert low is not None
    assert high is not None
    assert F(low[1]) < radius < F(high[1])


def test_the_labels_that_join_a_cell_may_be_at_the_radius_only() -> None:
    """With the label 0 the minima join through v = 0; farther away, at −1 say, they are two components as before."""
    result = tried(FREE, "cell_radius", "1")
    assert (result["cell_radius"].statement["radius"], result["cell_radius"].statement["components"]) == ("1", 2)
    assert "; within every distance above 1 some labels have minima there with other signs" in said(
        result, "cell_radius"
    )
    farther = FREE | {"data": samples([1], [-1])}
    assert tried(farther, "cell_radius", "1")["cell_radius"].statement["components"] == 2


@pytest.mark.parametrize("claim", ["face_radius", "cell_radius", "global_radius"])
def test_a_radius_that_may_be_a_lower_bound_is_called_so(claim: str) -> None:
    assert "at least" in GLOSSARY[claim]
    assert "signs" in GLOSSARY[claim]
    assert "at least" in TELLINGS[claim].heading


def test_the_slopes_of_a_formula_are_told_apart() -> None:
    """A form in a and b that is not symmetric says which of them is left; two slopes alone are also a, b, a."""
    result = tried(HINGES, "every_slope")
    head = "for every activation with one breakpoint, of slope a left of it and b right of it, a ≠ b, a local minimum"
    assert said(result, "every_slope").startswith(head)


def test_one_cell_and_one_risk_are_singular() -> None:
    result = tried(network([1, 2, 1], "identity", samples([0, 1, 2], [0, 1, 1])), "cell_traps")
    assert said(result, "cell_traps").startswith("whatever the labels, the one cell of a hidden unit, with all units")
    assert "; with the labels of the file these have risk 1/" in said(result, "cell_traps")


def test_symbols_in_slopes_are_told_by_their_side() -> None:
    known = {"breakpoints": [0], "slopes": ["a", "1"], "anchor": [0, 0]}
    document = network([1, 2, 1], known, samples([0, 1, 2], [0, 1, 1])) | {"symbols": {"a": ["0", "1/2"]}}
    words = said(tried(document, "spurious_for_all"), "spurious_for_all")
    assert "with an activation of slopes a and 1, left and right of its one breakpoint, a local minimum" in words
