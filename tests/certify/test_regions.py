"""Theorems for all values of symbols: the known ones, and that what is printed about them is so at many values."""

import json
import random
import re
from fractions import Fraction
from typing import Any

import pytest

import symverify
from symverify.report.claims import lines
from symverify.run.verdict import Verdict
from tests.examples import network, samples
from tests.kernel.labels.made import FOUR, at, drawn

F = Fraction
Json = Any
CONE = network(
    [1, 1, 1], {"name": "leaky_relu", "negative_slope": "1/4"},
    samples([0, 1, 2], ["32 a + 8 c + 8 d", "11 a + b + 11 c - d", "8 a + 32 c + 8 d"]),
    bias={"hidden": True, "output": False}, symbols={name: [0, 1] for name in "abcd"}, where=list("abcd"),
)  # fmt: skip


def tried(document: Json, *claims: str, cell: str | None = None) -> Any:
    return symverify.check(symverify.loads(json.dumps(document)), list(claims) or None, cell=cell, smt=False)


def test_a_cone_of_labels_without_spurious_minima() -> None:
    """The cone over (32, 11, 8), (0, 1, 0), (8, 11, 32), (8, −1, 8): 39 choices, 2 with minima, of one prediction."""
    found = tried(CONE, "no_spurious_for_all")["no_spurious_for_all"]
    assert found.verdict is Verdict.PROVED
    assert (found.statement["strata"], found.statement["excluded"]) == (39, 37)
    for values in drawn(CONE, 3):
        atlas = tried(at(CONE, values), "face_atlas")["face_atlas"]
        assert atlas.statement["distinct_risks"] == 1
        assert F(str(atlas.statement["lowest"])) == polynomial(str(found.statement["formula"]), values)


def polynomial(text: str, values: dict[str, Fraction]) -> Fraction:
    """A polynomial of a statement at values of the symbols."""
    total = F(0)
    for sign, term in re.findall(r"(^|[-+] )([^-+]+)", text):
        product = F(1)
        for word in term.split():
            name, _, power = word.partition("^")
            product *= values[name] ** int(power or 1) if name in values else F(word)
        total += product * (-1 if sign.startswith("-") else 1)
    return total


def test_a_label_in_an_interval() -> None:
    result = tried(FOUR)
    assert [claim.verdict for claim in result.claims] == [Verdict.PROVED] * 3
    spurious = result["spurious_face_for_all"].statement
    for values in drawn(FOUR, 4):
        there = tried(at(FOUR, values), "spurious_minimum")["spurious_minimum"]
        assert there.verdict is Verdict.PROVED
        assert F(str(there.statement["risk"])) == polynomial(str(spurious["formula"]), values)
    assert lines(result, result["minimum_for_all"]) == [
        "for all a in [0, 1]: there is a local minimum on the face 00[01]1,[01][01][01][01], of risk 0"
    ]


def test_what_fails_for_some_values_is_not_proved() -> None:
    wide = FOUR | {"symbols": {"a": [-2, 2]}}  # at a = −1/2 the labels are affine
    result = tried(wide)
    assert result["spurious_for_all"].verdict is Verdict.UNDECIDED
    assert result["spurious_face_for_all"].verdict is Verdict.UNDECIDED


@pytest.mark.parametrize("claim", ["point", "spurious_minimum", "global_minimum", "cells", "cell_traps", "face_radius"])
def test_claims_about_one_label_vector_are_refused(claim: str) -> None:
    found = tried(FOUR, claim)[claim]
    assert found.verdict is Verdict.UNDECIDED
    assert "claims for it: spurious_for_all" in found.reason


@pytest.mark.parametrize("more", [{"layers": [1, 2, 2, 1]}, {"loss": "huber"}])
def test_other_networks_and_losses_are_left_open_for_the_reason(more: Json) -> None:
    bend = {"breakpoints": [0], "slopes": ["a", 2], "anchor": [0, 0]}
    slopes = FOUR | {"activation": bend, "data": samples([0, 1, 2], [0, 1, 0])}
    for document, count in ((FOUR | more, 3), (slopes | more, 1)):
        reasons = [claim.reason for claim in tried(document).claims]
        assert reasons == ["with symbols only one hidden layer, scalar output and squared loss are decided"] * count
    (claim,) = tried(slopes).claims
    assert claim.verdict is Verdict.PROVED


def test_claims_about_symbols_need_some() -> None:
    found = tried(at(FOUR, {"a": F(1, 2)}), "minimum_for_all")["minimum_for_all"]
    assert (found.verdict, "the network file has none" in found.reason) == (Verdict.UNDECIDED, True)


SHARP = {"name": "leaky_relu", "negative_slope": "1/4"}
PAIR = network([1, 1, 1], SHARP, samples([0, 1], ["a", "b"]), bias={"hidden": True, "output": False},
               symbols={"a": [-1, 1], "b": [-1, 1]})  # fmt: skip
ALONG = network([1, 1, 1], "identity", samples([0, 1, 2], ["a", "b", 0]), symbols={"a": [-1, 1], "b": [-1, 1]})


@pytest.mark.parametrize(("document", "formula"), [
    (PAIR, "0"), (ALONG, "1/6 a^2 - 2/3 a b + 2/3 b^2"),
    (PAIR | {"where": ["a + b", "a - b"]}, "0"),
])  # fmt: skip
def test_a_tree_of_splits_covers_labels_with_minima_on_other_faces(document: Json, formula: str) -> None:
    """Two leaky samples, or a line: no label vector at all has a spurious minimum, but the faces change."""
    result = tried(document, "no_spurious_for_all")
    found = result["no_spurious_for_all"]
    assert found.verdict is Verdict.PROVED
    assert found.statement["formula"] == formula
    assert json.loads(result.certificate)["steps"][0]["cover"][0].keys() == {"split"}
    for values in drawn(document, 4):
        atlas = tried(at(document, values), "face_atlas")["face_atlas"]
        assert atlas.statement["distinct_risks"] == 1
        assert F(str(atlas.statement["lowest"])) == polynomial(formula, values)
    assert f"no local minimum is spurious; all have risk {formula}" in lines(result, found)[0]


@pytest.mark.parametrize("seed", range(6))
def test_no_tree_is_found_where_the_atlas_has_two_risks(seed: int) -> None:
    """On random domains: what is proved is so at many values; where some value has two risks nothing is."""
    rng = random.Random(seed)
    h = rng.choice([SHARP, "abs", "identity"])
    n = rng.choice([2, 2, 3])
    labels = ["a", *[str(rng.randint(-2, 2)) for _ in range(n - 1)]]
    document = network([1, 1, 1], h, samples(rng.sample(range(-2, 4), n), labels),
                       bias={"hidden": rng.random() < 0.7, "output": rng.random() < 0.4},
                       symbols={"a": [rng.randint(-3, 0), rng.randint(1, 3)]})  # fmt: skip
    found = tried(document, "no_spurious_for_all")["no_spurious_for_all"]
    risks = [tried(at(document, values), "face_atlas")["face_atlas"].statement["distinct_risks"]
             for values in drawn(document, 8)]  # fmt: skip
    if any(count != 1 for count in risks):
        assert found.verdict is Verdict.UNDECIDED
    elif found.verdict is not Verdict.PROVED:
        assert found.reason


def test_without_named_claims_the_answer_is_theorem_1_for_all_values() -> None:
    """Labels or slopes as symbols; and where it is not proved, what is proved beside it does not stand in for it."""
    first = tried(FOUR)
    assert (first.asked, first.verdict) == (("spurious_for_all",), Verdict.PROVED)
    slopes = {"breakpoints": [0], "slopes": ["a", "b"], "anchor": [0, 0]}
    bent = FOUR | {"activation": slopes, "symbols": {"a": [-2, 2], "b": [-2, 2]}}
    bent["data"] = samples([0, 1, 2, 3], [0, 0, 0, 1])
    second = tried(bent)
    assert (second.asked, second.verdict) == (("spurious_for_all",), Verdict.PROVED)
    open_one = tried(CONE)
    assert open_one["minimum_for_all"].verdict is Verdict.PROVED
    assert (open_one.asked, open_one.verdict) == (("spurious_for_all",), Verdict.UNDECIDED)


def test_a_face_that_fails_for_some_values_is_only_not_shown() -> None:
    labels = network([1, 1, 1], {"name": "leaky_relu", "negative_slope": "1/4"}, samples([0, 1], ["a", "b"]),
                     symbols={"a": [0, 1], "b": [0, 1]})  # fmt: skip
    reason = tried(labels, "minimum_for_all")["minimum_for_all"].reason
    assert reason.startswith(
        "the face of the minimum at the centre is not shown to have a local minimum for all values: "
    )


@pytest.mark.parametrize(("labels", "where", "proved"), [
    (["0", "a", "0"], ["a"], True),
    (["0", "a", "b"], ["2 a - b"], True),
    (["0", "a - b", "0"], ["a - b"], True),
    (["0", "a", "b", "0"], ["2 a - b", "a - b"], True),
    (["0", "a", "0"], ["b"], False),
    (["0", "a", "b"], ["a - b"], False),
])  # fmt: skip
def test_a_form_that_is_0_only_at_the_edge_of_the_domain(labels: list[str], where: list[str], proved: bool) -> None:
    document = network([1, 2, 1], "relu", samples(list(range(len(labels))), labels), where=where,
                       symbols={"a": ["-1/2", 1], "b": ["-1/2", 1]})  # fmt: skip
    found = tried(document, "spurious_for_all")["spurious_for_all"]
    assert found.verdict is (Verdict.PROVED if proved else Verdict.UNDECIDED)
    for values in drawn(document, 6) if proved else ():
        assert polynomial(str(found.statement["form"]), values) > 0
