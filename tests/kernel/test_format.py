"""FORMAT.md describes the kernel that is here: a section for each rule, accepted examples, the limits in force."""

import json
import re
from pathlib import Path

import pytest

import symverify.kernel
from symverify.kernel import check, errors, faces, linear, poly, read, second_order, strata
from symverify.kernel.core.file import FORMAT
from symverify.kernel.table import RULES
from tests.kernel.corruption import Json, certificate, outcome

TEXT = (Path(symverify.kernel.__file__).parent / "FORMAT.md").read_text(encoding="utf-8")
SECTIONS = {part.partition("`")[0]: part for part in re.split(r"^### `", TEXT, flags=re.MULTILINE)[1:]}
EXAMPLES = {
    rule: json.loads(block)
    for rule, part in SECTIONS.items()
    for block in re.findall(r"^```json\n(.*?)^```$", part, flags=re.MULTILINE | re.DOTALL)
}


def test_every_rule_has_a_section_and_every_section_a_rule() -> None:
    assert set(SECTIONS) == set(RULES)


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
    assert (
        outcome(example["network"], certificate(example["network"], example["steps"], example["claims"]))[0]
        == "Accepted"
    )


@pytest.mark.parametrize("rule", RULES)
def test_sections_have_the_inference_figure(rule: str) -> None:
    assert re.search(r"^    -{10,}$", SECTIONS[rule], flags=re.MULTILINE)


def test_every_claim_is_in_the_table() -> None:
    source = Path(check.__code__.co_filename).read_text(encoding="utf-8")
    table = TEXT.partition("| Claim |")[2].partition("\n\n")[0]
    assert set(re.findall(r'case "(\w+)",', source)) == set(re.findall(r"^\| `(\w+)`", table, flags=re.MULTILINE))


def test_version_and_limits() -> None:
    assert f'`"{FORMAT}"`' in TEXT
    budget = TEXT.partition("## The budget")[2].partition("##")[0]
    limits = [poly.MAX_DEGREE, poly.MAX_PIECES, linear.MAX_RAYS, second_order.MAX_CELLS, second_order.MAX_HESSIAN]
    limits += [faces.MAX_FACES, faces.MAX_STRATA, faces.MAX_JOINS]
    limits += [strata.MAX_TYPES, read.MAX_DIGITS, read.MAX_DEPTH, read.MAX_BYTES >> 20, errors.MAX_PRINTED]
    for limit in limits:
        assert f"{limit:,}" in budget
