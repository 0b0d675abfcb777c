"""`not_attained`: the extracted checker's verdicts are the kernel's; Coq proves what is accepted and nothing else."""

from fractions import Fraction
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest

from symverify.problem.load import loads
from tests.campaigns.test_attainment import CONES, limit_step
from tests.campaigns.tree.oracle import Cells
from tests.campaigns.tree.problems import random_problem
from tests.campaigns.tree.prover import prove
from tests.kernel.cells.test_not_attained import ATTAINED, CONTROLS, CORRUPTIONS, approached, steps
from tests.kernel.corruption import Json, certificate, edited, text
from tests.rocq.agreement import accepted, agree, extracted, refused
from tests.rocq.cases import from_seeds
from tests.rocq.test_export import as_one, exports, failing_at, proved

CHANGED = {f"{each[0]}: {each[1]}": each for each in CORRUPTIONS}


@pytest.mark.parametrize("name", CONTROLS)
def test_accepted(checker: Path, tmp_path: Path, name: str) -> None:
    accepted(checker, tmp_path, CONTROLS[name])


@pytest.mark.parametrize("name", CHANGED)
def test_corrupted(checker: Path, tmp_path: Path, name: str) -> None:
    control, _, path, new, _, _ = CHANGED[name]
    refused(checker, tmp_path, CONTROLS[control].network, edited(CONTROLS[control].proof, path, new))


@pytest.mark.parametrize("name", ATTAINED)
def test_attained(checker: Path, tmp_path: Path, name: str) -> None:
    case, _ = ATTAINED[name]
    assert extracted(checker, tmp_path, case.network, case.proof).code == 11


def whole_proof(rng: Random) -> tuple[Json, Json] | None:
    """A random problem with a proof that its infimum is not attained, right or wrong; None where there is no bound."""
    late = rng.random() < 0.6
    document = random_problem(rng, 4, [5, 16] if late else CONES, hidden=rng.random() < 0.1, output=rng.random() < 0.2)
    document["layers"][1] = 1 if late else min(document["layers"][1], 2)
    cells = Cells(document)
    if (least := cells.infimum()) is None:
        return None
    bound: dict[str, Any] = {"rule": "function_bound"}
    residuals = [[Fraction(0)] * cells.n]
    if least:
        if (tree := prove(cells, least)) is None:
            return None
        bound, found = tree.step(), dict[tuple[Fraction, ...], None]()
        for g in bound["vectors"]:
            product_, square = sum(x * y for x, y in zip(g, cells.labels, strict=True)), sum(x * x for x in g)
            if square and product_ and loads(text(document)).problem.loss.factor * product_**2 == least * square:
                found[tuple(product_ * Fraction(x) / square for x in g)] = None
        residuals = [list(r) for r in found]
    separators = []
    for r in residuals:
        goal = [y - a for y, a in zip(cells.labels, r, strict=True)]
        every = [
            list(q)
            for q in product(range(-2, 3), repeat=cells.n)
            if not (cells.output and sum(q)) and sum(a * b for a, b in zip(q, goal, strict=True)) <= 0
        ]
        separators.append(rng.sample(every, min(len(every), rng.choice([2, 4, 8, 16, 40]))))
    made = steps(bound, limit_step(cells)[0], separators)
    return document, certificate(document, made, [approached(str(least))])


def test_agreement(checker: Path, tmp_path: Path) -> None:
    agree(checker, tmp_path, from_seeds(range(60), 3, whole_proof), {0: 3, 11: 20})


@pytest.mark.long
def test_agreement_at_length(checker: Path, tmp_path: Path) -> None:
    agree(checker, tmp_path, from_seeds(range(1000, 3500), 4, whole_proof), {0: 150})


REFUSED = {  # of the theorem of not_attained: a control, one text, another
    "an entry": ("one unit", "[(-2); 1]%Z", "[(-3); 1]%Z"),
    "one less": ("one unit", "[[(-2); 1]%Z; ", "["),
    "turned round": ("one unit", "[(-1); 0]%Z", "[1; 0]%Z"),
    "another function": ("one unit", "[1; 2] [[(-2)", "[1; 1] [[(-2)"),
    "more units": ("one unit", "p 1 (1, 1, 1)%Z [] 1", "p 1 (1, 1, 1)%Z [] 0"),
    "other fits": ("equal inputs", "[1; 2; 2]", "[1; 2; 1]"),
    "another residual's": ("two residuals", "1; 2]%Z, [[(-2); 1; 0; 0]%Z", "1; 2]%Z, [[0; 0; (-2); 1]%Z"),
    "a leaf": ("two residuals", "(-3); 1; 0]%Z", "(-3); 0; 0]%Z"),
    "not centred": ("output bias", "[[(-1); 0; 0; 1; 0]%Z]", "[[(-1); 0; 0; 2; 0]%Z]"),
}  # fmt: skip


def test_coq(built: Path, tmp_path: Path) -> None:
    """All controls are proved; with any one thing wrong in the theorem `Qed` fails."""
    written = exports(CONTROLS, tmp_path, built)
    parts = [failing_at(written[name], "Theorem step3 ", old, new) for name, old, new in REFUSED.values()]
    proved(tmp_path, built, as_one([*written.values(), *parts]))
