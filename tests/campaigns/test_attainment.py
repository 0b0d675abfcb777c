"""Infima of random problems: those that some network has are never refuted, and those refuted no network has.

The proof is whole: a tree or a function bound, a limit, the infimum, and all short vectors as separators. Whether a
network attains the infimum is decided by linear programs over all tuples of the oracle's cells.
"""

import json
from collections import Counter
from fractions import Fraction
from itertools import combinations_with_replacement, product
from random import Random
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

from symverify.kernel.check import apply
from symverify.kernel.core.errors import Declined, Rejected
from symverify.kernel.core.proof import Proof
from symverify.kernel.network_file import read_problem
from tests.campaigns.tree.oracle import Cells
from tests.campaigns.tree.problems import random_problem
from tests.campaigns.tree.prover import prove
from tests.examples import Document

CONES = [5, 6, 7, 8, 9, 10, 11, 15]  # activations that are not positively homogeneous, at least without biases


def no_data(name: str) -> bytes:
    """For network files that name no data file."""
    raise FileNotFoundError(name)


def limit_step(cells: Cells) -> tuple[dict[str, Any], bool]:
    """The optimum that the oracle found, as a limit; and whether it is a network: ν > 0 wherever a unit is used."""
    (chosen, x), left, units, attained = cells.best, dict[int, Fraction](cells.best[1]), [], True
    for each in chosen:
        part = {k: left.pop(k) for k in list(left) if each >> k & 1}
        sign, u, nu = cells.unit(each, part)
        if part:
            units.append({"sign": str(sign), "u": [str(a) for a in u], "nu": str(nu)})
            attained &= nu > 0
    if left or not set(x) >= set(left):
        raise ArithmeticError("a ray of no unit")
    constant = Fraction(0)
    if cells.output:
        plain = [Fraction(0)] * cells.n
        for unit in units:
            u, nu = [Fraction(a) for a in unit["u"]], Fraction(unit["nu"])
            for i, row in enumerate(cells.rows):
                z = sum((a * u[c] for a, c in zip(row, cells.kept, strict=True)), Fraction(0))
                s, o = cells.pieces[sum(t * nu < z for t in cells.cuts)]
                plain[i] += int(unit["sign"]) * (s * z + o * nu)
        constant = (sum(cells.labels) - sum(plain)) / cells.n
    return {"rule": "limit", "constant": str(constant), "units": units}, attained


def attainable(cells: Cells, goal: list[Fraction]) -> bool:
    """Whether a network has these (centred) predictions: a tuple of cells, all units with ν > 0, by floating LPs."""
    size = len(cells.rays)
    units = [cell << size * side for cell in cells.cells() for side in (0, 1)]
    y = np.array([float(a) for a in goal])
    for count in range(min(cells.width, cells.n) + 1):
        for chosen in combinations_with_replacement(units, count):
            if count == 0:
                if not y.any():
                    return True
                continue
            names = [(j, k) for j, unit in enumerate(chosen) for k in range(2 * size) if unit >> k & 1]
            columns = np.array([[float(a) for a in cells.column(k)] for _, k in names]).T
            heights = np.array(
                [[float(cells.rays[k % size][-1]) * (j == place) for j, k in names] for place in range(count)]
            )
            # maximise t with ν_j ≥ t, t ≤ 1
            cost = np.zeros(len(names) + 1)
            cost[-1] = -1
            result = linprog(
                cost,
                A_ub=np.hstack([-heights, np.ones((count, 1))]),
                b_ub=np.zeros(count),
                A_eq=np.hstack([columns, np.zeros((len(y), 1))]),
                b_eq=y,
                bounds=[(0, None)] * len(names) + [(None, 1)],
            )
            if result.status == 0 and -result.fun > 1e-7:
                return True
    return False


def judged(document: Document, seen: Counter[str]) -> None:
    """One problem: what the kernel says about attainment, and what is so."""
    cells = Cells(document)
    least = cells.infimum()
    problem = read_problem(json.dumps(document).encode(), no_data)
    if least is None:
        return
    bound: dict[str, Any] = {"rule": "function_bound"}
    if least:
        tree = prove(cells, least)
        if tree is None:
            return
        bound = tree.step()
    reached, attained = limit_step(cells)
    proof = Proof(problem)
    for k, step in enumerate((bound, reached)):
        proof.steps.append(apply(proof, step, f"steps[{k}]"))
    try:
        proof.steps.append(apply(proof, {"rule": "infimum", "from": {"bound": 0, "limit": 1}}, "steps[2]"))
    except Rejected:
        seen["repeated inputs: the infimum is above the function bound"] += not least
        return
    residuals = proof.steps[0].fact.residuals  # type: ignore[attr-defined]
    separators = []
    for r in residuals:
        goal = [y - a for y, a in zip(cells.labels, r, strict=True)]
        separators.append(
            [
                list(q)
                for q in product(range(-2, 3), repeat=cells.n)
                if not (cells.output and sum(q)) and sum(a * b for a, b in zip(q, goal, strict=True)) <= 0
            ]
        )
    try:
        apply(proof, {"rule": "not_attained", "from": {"infimum": 2}, "separators": separators}, "steps[3]")
    except Rejected as error:
        seen["homogeneous" if "homogeneous" in str(error) else "attained" if attained else "left open"] += 1
    except Declined:
        seen["declined"] += 1
    else:
        assert not attained, document
        goals = [cells.centred([y - a for y, a in zip(cells.labels, r, strict=True)]) for r in residuals]
        assert not any(attainable(cells, goal) for goal in goals), document
        seen["refuted, and not attained"] += 1


def campaign(seeds: range) -> Counter[str]:
    """Random problems with few samples and units."""
    seen = Counter[str]()
    for seed in seeds:
        rng = Random(seed)
        late = rng.random() < 0.6  # one late breakpoint, one unit, no biases: often not attained
        document = random_problem(
            rng, 4, [5, 16] if late else CONES, hidden=rng.random() < 0.1, output=rng.random() < 0.2
        )
        document["layers"][1] = 1 if late else min(document["layers"][1], 2)
        judged(document, seen)
    print(dict(seen))
    return seen


def test_infima_that_are_attained_are_not_refuted() -> None:
    seen = campaign(range(60))
    assert seen["attained"] > 10
    assert seen["refuted, and not attained"] > 2


@pytest.mark.long
def test_infima_at_length() -> None:
    seen = campaign(range(1000, 6000))
    assert seen["attained"] > 1000
