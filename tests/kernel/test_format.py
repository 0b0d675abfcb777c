"""FORMAT.md describes the kernel that is here: figures equal to the docstrings, accepted examples, limits in force."""

import inspect
import json
import re
from itertools import takewhile
from pathlib import Path

import pytest

import symverify.kernel
from symverify.kernel.cells import face_atlas, strata, tree_bound
from symverify.kernel.check import FORMAT
from symverify.kernel.core import algebra, errors, poly, text
from symverify.kernel.core.proof import Fact
from symverify.kernel.curvature import cell_kkt, hessian
from symverify.kernel.labels import cell_radius, closed_list, hull
from symverify.kernel.table import RULES, STOREY, STOREYS
from tests.kernel.corruption import Json, certificate, outcome
from tests.kernel.rules import of_rule

TEXT = (Path(symverify.kernel.__file__).parent / "FORMAT.md").read_text(encoding="utf-8")
STOREY_TEXTS = {part.partition("`")[0]: part for part in re.split(r"^## Storey `", TEXT, flags=re.MULTILINE)[1:]}
SECTIONS = {part.partition("`")[0]: part for part in re.split(r"^### `", TEXT, flags=re.MULTILINE)[1:]}
EXAMPLES = {
    rule: json.loads(block)
    for rule, part in SECTIONS.items()
    for block in re.findall(r"^```json\n(.*?)^```$", part, flags=re.MULTILINE | re.DOTALL)
}


def figure(rule: str) -> str:
    """The inference figure in a rule's docstring: all of it up to the first blank line."""
    return (inspect.getdoc(RULES[rule]) or "").partition("\n\n")[0]


def test_every_rule_has_a_section_under_its_storey_in_the_order_of_the_table() -> None:
    assert list(SECTIONS) == list(RULES)
    assert list(STOREY_TEXTS) == list(STOREYS)
    for rule, storey in STOREY.items():
        assert f"\n### `{rule}`\n" in STOREY_TEXTS[storey]


@pytest.mark.parametrize("rule", RULES)
def test_the_figure_is_that_of_the_docstring(rule: str) -> None:
    """Not a second copy that drifts: the same lines, indented."""
    lines = SECTIONS[rule].split("\n")[2:]
    shown = takewhile(lambda line: line.startswith("    "), lines)
    assert inspect.cleandoc("\n" + "\n".join(shown)) == figure(rule)
    assert f"[{rule}]" in figure(rule)


@pytest.mark.parametrize("rule", RULES)
def test_the_rule_is_shown_at_work(rule: str) -> None:
    """Its own example, or the one of the rule that the section names."""
    other = re.search(r"example is that\s+of `(\w+)`", SECTIONS[rule])
    steps = EXAMPLES[other[1] if other else rule]["steps"]
    assert rule in {step["rule"] for step in steps}


@pytest.mark.parametrize("rule", EXAMPLES)
def test_examples_are_accepted(rule: str) -> None:
    example: Json = EXAMPLES[rule]
    assert set(example) == {"network", "claims", "steps"}
    whole = certificate(example["network"], example["steps"], example["claims"])
    assert outcome(example["network"], whole)[0] == "Accepted"


@pytest.mark.parametrize("rule", RULES)
def test_every_field_and_role_is_named(rule: str) -> None:
    """The fields and premises that the rule's controls use, but for the premise `point`, are named in its section."""
    known = {"rule", "from", "point"}
    for case in of_rule(rule)[0].values():
        for step in case.proof["steps"]:
            for name in ({*step, *step.get("from", {})} if step["rule"] == rule else set()) - known:
                assert f"`{name}`" in SECTIONS[rule], name


def claims(kind: type) -> set[str]:
    """The names of the claims that facts settle, read off their sources."""
    found = set(re.findall(r'claim [!=]= "(\w+)"', inspect.getsource(kind))) if kind is not Fact else set()
    return found.union(*map(claims, kind.__subclasses__()))


def test_every_claim_is_in_the_table() -> None:
    table = TEXT.partition("| Claim |")[2].partition("\n\n")[0]
    assert claims(Fact) == set(re.findall(r"^\| `(\w+)`", table, flags=re.MULTILINE))


def test_version_and_limits() -> None:
    assert f'`"{FORMAT}"`' in TEXT
    budget = TEXT.partition("## The budget")[2].partition("##")[0]
    limits = [poly.MAX_DEGREE, poly.MAX_PIECES, algebra.MAX_RAYS, cell_kkt.MAX_CELLS, hessian.MAX_HESSIAN]
    limits += [face_atlas.MAX_FACES, face_atlas.MAX_STRATA, face_atlas.MAX_JOINS, errors.MAX_BITS]
    limits += [tree_bound.MAX_CASES, cell_radius.MAX_CORNERS, hull.MAX_CORNERS, closed_list.MAX_STRATA]
    limits += [strata.MAX_TYPES, text.MAX_DIGITS, text.MAX_DEPTH, text.MAX_BYTES >> 20, errors.MAX_PRINTED]
    for limit in limits:
        assert f"{limit:,}" in budget, limit
