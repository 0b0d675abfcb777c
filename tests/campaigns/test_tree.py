"""The tree of dual vectors under attack: honest proofs, mutants, hidden holes, raised bounds, planted faults.

Every statement is held against the exact infimum, which `tree.oracle` finds by itself. Figures are printed (-s).
"""

import copy
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from types import ModuleType
from typing import Any

import pytest

from symverify.kernel.check import apply
from symverify.kernel.core.errors import KernelError, Rejected
from symverify.kernel.core.facts import LowerBound
from symverify.kernel.core.network import Problem
from symverify.kernel.core.proof import Proof, Reading
from symverify.kernel.core.text import Fields
from symverify.kernel.network_file import read_problem
from tests.campaigns.tree.adversary import BREAKS, Adversary
from tests.campaigns.tree.faults import FAULTS, Fault, faulty
from tests.campaigns.tree.oracle import Cells
from tests.campaigns.tree.problems import random_problem
from tests.campaigns.tree.prover import Tree, prove
from tests.examples import Document

MUTANTS = 12  # of every honest certificate
MOST_SEEDS = 400  # problems until a fault must be caught


def no_data(name: str) -> bytes:
    """For network files that name no data file."""
    raise FileNotFoundError(name)


@dataclass(frozen=True, slots=True)
class Posed:
    """A problem, its cells as the oracle sees them, and the infimum of its risk."""

    document: Document
    problem: Problem
    cells: Cells
    infimum: Fraction

    def fact(self, step: dict[str, object]) -> LowerBound:
        """What the kernel makes of a step; raises what it raises."""
        fact = apply(Proof(self.problem), step, "step").fact
        if not isinstance(fact, LowerBound):
            raise TypeError("no lower bound")
        return fact

    def accepted(self, step: dict[str, object]) -> bool:
        """Whether the kernel accepts a step."""
        try:
            self.fact(step)
        except KernelError:
            return False
        return True


def posed(seed: int, **focus: Any) -> Posed | None:
    """The problem of a seed, unless it has too many cells for the oracle."""
    document = random_problem(Random(seed), **focus)
    cells = Cells(document)
    least = cells.infimum()
    return (
        None if least is None else Posed(document, read_problem(json.dumps(document).encode(), no_data), cells, least)
    )


def raised(least: Fraction, by: Fraction) -> Fraction:
    """A false bound, a little above the infimum."""
    return least * (1 + by) if least else by


def mutated(rng: Random, step: dict[str, object]) -> dict[str, object]:
    """One small change of a certificate."""
    step = copy.deepcopy(step)
    vectors, tree = step["vectors"], step["tree"]
    if not isinstance(vectors, list) or not isinstance(tree, list):
        raise TypeError("not a step")
    g, place = rng.choice(vectors), rng.randrange(len(tree))
    match rng.randrange(11):
        case 0:
            g[rng.randrange(len(g))] += rng.choice([-1, 1])
        case 1:
            i, j = rng.randrange(len(g)), rng.randrange(len(g))
            g[i], g[j] = g[j], g[i]
        case 2:
            i = rng.randrange(len(g))
            g[i], g[i - 1] = g[i] + 1, g[i - 1] - 1
        case 3:
            tree[place] += rng.choice([-2, -1, 1, 2])
        case 4:
            del tree[place]
        case 5:
            tree.insert(place, rng.choice(tree))
        case 6:
            other = rng.randrange(len(tree))
            tree[place], tree[other] = tree[other], tree[place]
        case 7:
            del tree[place : place + 1 + rng.randrange(len(tree) - place)]
        case 8:
            step["risk"] = str(Fraction(str(step["risk"])) * Fraction(rng.choice(["3/2", "1001/1000", "2"])))
        case 9:
            vectors[vectors.index(g)] = [-x for x in g]
        case _:
            step["vectors"] = [*vectors, list(g)]
    return step


def holes(rng: Random, case: Posed) -> Iterator[Tree]:
    """False certificates that are right but for the tuples of cells below the bound, where some vector stands."""
    for by in (Fraction(1, 8), Fraction(1, 10**6)):
        tree = prove(case.cells, raised(case.infimum, by), limit=400, hide=True)
        if tree is not None and tree.holes:
            if len(tree.vectors) > 1 and rng.random() < 0.5:
                last = len(tree.vectors) - 1
                tree.entries = [rng.randrange(last) if e == last else e for e in tree.entries]
                tree.vectors.pop()
            yield tree


def campaign(seeds: range) -> Counter[str]:
    """Honest proofs are accepted, with the residual of the optimum; whatever else is accepted is true."""
    seen = Counter[str]()
    for seed in seeds:
        case, rng = posed(seed), Random(-seed)
        if case is None:
            seen["too many cells"] += 1
            continue
        for tree in holes(rng, case):
            assert not case.accepted(tree.step()), (seed, tree.step())
            seen["hidden holes rejected"] += 1
        if not case.infimum:
            seen["infimum 0"] += 1
            continue
        honest = prove(case.cells, case.infimum)
        assert honest is not None, seed
        step = honest.step()
        assert case.fact(step).residuals, (seed, step)
        seen["honest proofs accepted"] += 1
        for by in (Fraction(1, 8), Fraction(1, 10**12)):
            higher = {**step, "risk": str(raised(case.infimum, by))}
            with pytest.raises(Rejected, match="proves less than the claimed bound"):
                case.fact(higher)
            seen["raised bounds rejected"] += 1
        for _ in range(MUTANTS):
            mutant = mutated(rng, step)
            kept = case.accepted(mutant)
            assert not kept or Fraction(str(mutant["risk"])) <= case.infimum, (seed, mutant)
            seen["mutants accepted, and true" if kept else "mutants rejected"] += 1
    return seen


def takes(rule: ModuleType, problem: Problem, step: dict[str, object]) -> bool:
    """Whether a copy of the rule accepts a step."""
    fields = Fields({key: value for key, value in step.items() if key != "rule"}, "")
    try:
        rule.global_lower_bound(Reading(Proof(problem), fields))
    except BREAKS:
        return False
    return True


def false_bounds(rule: ModuleType, case: Posed, seed: int, packed: bool) -> list[dict[str, object]]:
    """False bounds that a copy of the rule accepts, found with its own functions."""
    risk = raised(case.infimum, Fraction(1, 64))
    try:
        steps = list(Adversary(rule, case.problem, risk, Random(seed), packed=packed).attacks())
    except BREAKS:
        return []
    return [step for step in steps if takes(rule, case.problem, step)]


def caught(fault: Fault, seeds: range) -> int | None:
    """The first problem on which the faulty rule accepts a false bound, which the right one always rejects."""
    wrong = faulty(fault)
    for seed in seeds:
        case = posed(seed, **fault.focus)
        if case is None:
            continue
        if found := false_bounds(wrong, case, seed, "single" in fault.focus):
            assert not any(case.accepted(step) for step in found)
            return seed
    return None


def test_proofs_mutants_holes_and_raised_bounds() -> None:
    seen = campaign(range(25))
    print(dict(seen))
    assert min(seen[name] for name in ("honest proofs accepted", "hidden holes rejected")) > 5
    assert seen["mutants rejected"] > 10 * seen["honest proofs accepted"] // 2


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_planted_fault_is_caught(fault: Fault) -> None:
    assert caught(fault, range(fault.seed, fault.seed + 3)) is not None


def test_the_copy_without_a_fault_is_not_fooled() -> None:
    right = faulty(None)
    for seed in range(20):
        case = posed(seed)
        assert case is None or not false_bounds(right, case, seed, False), seed
    for seed in range(3):
        case = posed(seed, single=True)
        assert case is None or not false_bounds(right, case, seed, True), seed


def test_a_split_must_cut() -> None:
    """`not_attained` needs that regions have an interior: a cell in a region then has no ray where a vector fails."""
    document = random_problem(Random(5))
    case = posed(5)
    assert case is not None
    honest = prove(case.cells, case.infimum)
    assert honest is not None, document
    step = honest.step()
    with pytest.raises(Rejected, match="does not cut"):
        case.fact({**step, "tree": [-1, *[-1] * 3, *honest.entries]})


@pytest.mark.long
def test_proofs_mutants_holes_and_raised_bounds_at_length() -> None:
    seen = campaign(range(1000, 4000))
    print(dict(seen))
    assert seen["honest proofs accepted"] > 1000


@pytest.mark.long
def test_every_planted_fault_is_caught_again_and_the_rule_is_never_fooled() -> None:
    for fault in FAULTS:
        seed = caught(fault, range(10_000, 10_000 + MOST_SEEDS))
        print(f"{fault.name}: problem {seed}")
    right, tried = faulty(None), 0
    for seed in range(10_000, 10_000 + MOST_SEEDS):
        for single in (False, True):
            case = posed(seed, single=single)
            if case is not None:
                tried += 1
                assert not false_bounds(right, case, seed, single), seed
    print(f"{tried} problems on which the rule without a fault was not fooled")
