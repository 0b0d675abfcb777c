"""What is said about a claim, word for word, where something false was tempting; and that every fact has words."""

import ast
import json
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

import pytest

import symverify
from symverify.kernel import Checked
from symverify.kernel import check as kernel_check
from symverify.kernel.core.proof import Fact, Value
from symverify.kernel.reals.enclosure import Enclosure
from symverify.kernel.table import RULES
from symverify.problem.load import load, loads
from symverify.report import claims, render
from symverify.report.render import as_json
from symverify.report.words import flat, height_words, sayer, theorem_words, told
from symverify.run.check import CheckResult, check
from symverify.run.verdict import Verdict
from tests.examples import layer, network, samples

Json = Any
ROOT = Path(__file__).parents[2]
SIX = samples([0, 1, 2, 3, 4, 5], [0, 4, 2, 8, 2, 14])
LATE = {"breakpoints": [1], "slopes": [0, 1], "anchor": [0, 0]}
OUTER = {"hidden": True, "output": False}


def mean(layers: list[int], activation: Json, data: Json, *point: Json, **more: Json) -> Json:
    """A network file with the mean squared loss and a given point."""
    return network(layers, activation, data, parameters=list(point), **more) | {"loss": "squared"}


PROBLEMS = {
    "saturated": mean([1, 1, 1], "hardtanh", samples([-2, -1, 1, 2], [0, 2, 5, 9]),
                      layer([[10]], [0]), layer([[3]], [4])),
    "flat side": mean([1, 1, 1], "relu", samples([1, 0], [-1, -3]), layer([[1]], [-1]), layer([[1]]), bias=OUTER),
    "not attained": mean([1, 1, 1], LATE, samples([1, 2], [1, 2]), layer([[0]]), layer([[0]]), bias=False),
    "never bends": mean([1, 2, 1], "relu", SIX, layer([[1], [1]], [1, "-5/2"]), layer([[1, 2]], [0])),
    "global": mean([1, 1, 1], "relu", samples([0, 0, 1, 2, 3], [0, 2, 2, 4, 6]),
                   layer([[1]], ["-1/2"]), layer([[2]], [1])),
    "idle unit": mean([1, 3, 1], "relu", SIX,
                      layer([[1], [1], [-1]], [1, "-5/2", -1]), layer([[1, 2, 1]], [0])),
    "two points": mean([1, 1, 1], "relu", samples([0, 1, 2], [0, 1, 2]), layer([[0]], [-1]), layer([[1]], [1])),
    "linear": mean([2, 1, 2], "identity", samples([[1, 0], [0, 1], [1, 1]], [[1, 0], [0, 2], [1, 1]]),
                   layer([[1, 0]], [0]), layer([[1], [0]], [0, 0])),
}  # fmt: skip


@cache
def result(name: str, *names: str) -> CheckResult:
    """The claims, tried."""
    return check(loads(json.dumps(PROBLEMS[name])), list(names), smt=False)


def said(name: str, *names: str) -> list[list[str]]:
    """What is said about each claim."""
    found = result(name, *names)
    return [claims.lines(found, claim) for claim in found.claims]


def test_units_on_different_flat_pieces_are_not_called_constant() -> None:
    assert said("saturated", "point") == [[
        "the given point, of risk 5/2, is a spurious local minimum: another point has risk 25/56",
        "observed, not certified: all units of hidden layer 1 have slope 0 on all samples; it is strictly inside a "
        "cell; not a strict minimum; around it the points of equal risk have dimension 2",
    ]]  # fmt: skip


def test_a_side_that_is_flat_is_not_said_to_rise() -> None:
    assert said("flat side", "point") == [[
        "the given point, of risk 5, is a spurious local minimum: another point has risk 0",
        "observed, not certified: some pre-activations are exactly at a breakpoint; not a strict minimum; around it "
        "the points of equal risk have dimension at least 1",
    ]]  # fmt: skip


def test_an_infimum_that_is_not_attained_is_no_global_minimum() -> None:
    point, infimum = said("not attained", "point", "global_minimum")
    assert point[0].startswith("the given point, of risk 5/2, is a spurious local minimum: another point has risk 1/")
    assert point[0].endswith("the risk 5/2 is above the infimum of the risk over all parameters by exactly 5/2")
    assert infimum == [
        "the infimum of the risk over all parameters is 0, and no parameters attain it: there is no global minimum"
    ]
    found = result("not attained", "point", "global_minimum")
    assert [claim.name for claim in found.claims] == ["point", "infimum"]
    fields = json.loads(as_json(found))["claims"]
    assert (fields[0]["gap"], fields[0]["gap_above"], fields[1]["attained"]) == ("5/2", "infimum", False)


@pytest.mark.parametrize(("name", "words", "risks"), [
    ("never bends", "it is strictly inside a cell", ("10", "4")),
    ("idle unit", "unit 3 of hidden layer 1 has slope 0 on all samples; it is strictly inside a cell", ("10", "1")),
])  # fmt: skip
def test_nothing_is_said_about_how_well_some_units_fit(name: str, words: str, risks: tuple[str, str]) -> None:
    ((proved, seen),) = said(name, "point")
    assert proved.startswith(
        f"the given point, of risk {risks[0]}, is a spurious local minimum: another point has risk "
    )
    assert seen.startswith(f"observed, not certified: {words}; not a strict minimum; ")


def test_a_global_minimum_is_not_called_misallocated() -> None:
    assert said("global", "point") == [[
        "the given point, of risk 2/5, is a global minimum: no parameters have lower risk",
        "observed, not certified: it is strictly inside a cell; not a strict minimum; around it the points of equal "
        "risk have dimension 1",
    ]]  # fmt: skip


def test_a_claim_about_another_point_names_it() -> None:
    point, fit = said("two points", "point", "spurious_minimum")
    assert point[0].startswith("the given point, of risk 2/3, is a spurious local minimum: another point has risk 0")
    assert fit[0] == (
        "a best affine fit gives no spurious minimum here: the affine fit, of risk 0, is a global minimum: no "
        "parameters have lower risk"
    )


def test_a_cited_theorem_is_named_in_the_sentence() -> None:
    ((words,),) = said("linear", "linear_collapse")
    assert words == (
        "every activation is affine: one cell, and every local minimum is a global one, by Lu and Kawaguchi 2017 "
        "(squared loss, inputs and targets of full row rank)"
    )


def test_a_theorem_of_our_own_is_told_with_what_it_says() -> None:
    problem = loads(json.dumps(network([1, 2, 1], "identity", SIX)))
    found = check(problem, ["linear_collapse"], smt=False)
    assert claims.proved_words(found, found["linear_collapse"]) == (
        "every activation is affine: one cell, and every local minimum is a global one, by the converse of "
        "interior_minimum (with one hidden layer and one output, any local minimum inside a cell is least there; no "
        "rank condition)"
    )


def test_what_is_observed_stands_apart_in_json() -> None:
    (claim,) = json.loads(as_json(result("idle unit", "point")))["claims"]
    seen = {"kind", "strict", "valley_dimension", "valley_dimension_exact", "reason"}
    assert set(claim["observed"]) == seen
    assert not seen & (set(claim) - {"reason"})
    assert claim["reason"] == ""
    assert claim["words"].startswith("the given point, of risk 10, is a spurious local minimum")


def test_an_open_claim_has_a_reason_and_no_words() -> None:
    found = check(loads(json.dumps(PROBLEMS["linear"])), ["face_atlas"], smt=False)
    (claim,) = json.loads(as_json(found))["claims"]
    assert found["face_atlas"].verdict is Verdict.UNDECIDED
    assert (claim["words"], claim["observed"]) == ("", {})
    assert claim["reason"] == "the atlas is made for one hidden layer and scalar output"


@pytest.mark.parametrize("rule", RULES)
def test_what_every_rule_establishes_has_words(rule: str) -> None:
    kind = get_type_hints(RULES[rule])["return"]
    assert issubclass(kind, Fact)
    assert any(sayer(each) is not None for each in (kind, *kind.__subclasses__()))


def test_a_fact_without_words_is_an_error() -> None:
    class Unheard(Fact):
        __slots__ = ()

    with pytest.raises(TypeError, match="no words for Unheard"):
        told(Unheard())


BELOW = ("kernel", "ground", "problem", "cells", "opinion", "search", "certify", "run")


@pytest.mark.parametrize("part", BELOW)
def test_nothing_below_imports_report(part: str) -> None:
    """Not even inside functions."""
    home = Path(symverify.__file__).parent / part
    for path in home.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert not (node.module or "").startswith("symverify.report"), path
            if isinstance(node, ast.Import):
                assert not any(name.name.startswith("symverify.report") for name in node.names), path


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Enclosure(Fraction(69314718055994, 10**14), Fraction(69314718055995, 10**14)), "0.6931471805.."),
        (Enclosure(Fraction(-2), Fraction(3)), "[-2.000000, 3.000000]"),
        ("1/3", "1/3"),
        (None, ""),
    ],
)
def test_tables_show_enclosures_by_the_digits_that_are_sure(value: Value, shown: str) -> None:
    assert render.number(value) == shown


def test_a_linear_minimum_is_told_as_one() -> None:
    """The claim says more than that the minimum is spurious."""
    checked = proved("convolution")
    said = {theorem.claim: flat(theorem_words(checked, theorem)) for theorem in checked.theorems}
    assert said["spurious_linear_minimum"].endswith(
        "; at the minimum every unit is on one piece on all samples, so that predictions are affine there"
    )
    assert "one piece" not in said["valley"]


def test_every_claim_about_a_minimum_says_how_high_it_is() -> None:
    checked = proved("residual")
    above = {theorem.claim: flat(height_words(checked, theorem)) for theorem in checked.theorems}
    words = "the risk 1/4 is above the global minimum by exactly 1/4"
    about = ("spurious_linear_minimum", "valley", "point")
    assert [above[claim] for claim in about if claim in above] == [words] * len(about)


def proved(name: str) -> Checked:
    """What the kernel makes of a certificate in proofs."""
    folder = ROOT / "proofs" / name
    problem = load(folder / "network.json")
    return kernel_check(problem.network, (folder / "network.symcert.json").read_bytes(), problem.open_data)


def test_a_single_minimum_is_not_called_a_valley() -> None:
    """Four samples on three pieces fix all four parameters."""
    four = network([1, 1, 1], "hardtanh", samples([-2, "-1/4", "1/4", 2], [-1, "-1/2", "1/2", 1]))
    found = check(loads(json.dumps(four)), ["cell_minima"], cell="0112", smt=False)
    assert claims.lines(found, found["cell_minima"])[0] == (
        "exactly one point is a local minimum strictly inside the cell 0112, of risk 0, the least there"
    )


def test_one_is_not_told_in_the_plural() -> None:
    """Verbs and nouns beside a count of 1, where claims count what they find."""
    one = network([1, 1, 1], "identity", samples([0, 1, 2], [0, 1, 1]))
    found = check(loads(json.dumps(one)), ["atlas", "face_atlas", "cell_minima"], cell="000", smt=False)
    words = " ".join(line for claim in found.claims for line in claims.lines(found, claim))
    assert "of the 1 cell up to exchanging units, 1 has local minima strictly inside, of 1 risk" in words
    assert "cells included, 1 has local minima" in words
