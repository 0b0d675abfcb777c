"""What is posed of general programs: of a chain the same text; ties, skips and pooling confirmed, and contradicted."""

import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from symverify.kernel import check
from symverify.kernel.core.facts import Evaluated
from symverify.opinion.discharge import Opinion, discharge
from symverify.opinion.obligations import POSED_OF_PROGRAMS, posed
from tests.as_program import program_of, translated
from tests.opinion.posed import CASES, walked

PROOFS = Path(__file__).parents[2] / "proofs"
CHAINS = [
    name
    for name, case in CASES.items()
    if case.rule in POSED_OF_PROGRAMS and {step["rule"] for step in case.steps} <= POSED_OF_PROGRAMS
]


@pytest.mark.parametrize("name", CHAINS)
def test_a_chain_as_a_program_is_posed_alike(name: str) -> None:
    case = CASES[name]
    program = replace(case, network=program_of(case.network), steps=tuple(translated(list(case.steps))))
    known = [(each.rule, each.statement) for each in posed(*walked(case))]
    assert [(each.rule, each.statement) for each in posed(*walked(program))] == known


def test_that_there_are_such_chains() -> None:
    assert {CASES[name].rule for name in CHAINS} >= {"point", "interior_minimum", "spurious_minimum", "valley"}


@pytest.mark.parametrize("name", ["residual", "convolution", "one-frozen"])
def test_proofs_about_programs_are_confirmed(name: str) -> None:
    folder = PROOFS / name
    found = check((folder / "network.json").read_bytes(), (folder / "network.symcert.json").read_bytes(), bytes)
    made = posed(found.problem, found.steps)
    assert made
    opinions = discharge(made, "z3", seconds=20.0, deadline=time.monotonic() + 120.0)
    assert set(opinions.values()) == {Opinion(confirmed=1)}


def test_a_false_prediction_is_contradicted() -> None:
    """Of a convolution with ties and a pooling."""
    folder = PROOFS / "convolution"
    found = check((folder / "network.json").read_bytes(), (folder / "network.symcert.json").read_bytes(), bytes)
    index = next(k for k, step in enumerate(found.steps) if isinstance(step.fact, Evaluated))
    at = found.steps[index].fact
    assert isinstance(at, Evaluated)
    wrong = replace(at, predictions=((at.predictions[0][0] + Fraction(1, 7),), *at.predictions[1:]))
    made = posed(found.problem, [replace(found.steps[index], fact=wrong)])
    opinions = discharge(made, "z3", seconds=20.0, deadline=time.monotonic() + 60.0)
    assert list(opinions.values()) == [Opinion(contradicted=1)]
