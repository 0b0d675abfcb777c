"""On random small problems z3 confirms what the kernel accepts, and contradicts what it refuses, posed all the same."""

import json
import random
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from symverify.kernel import Rejected
from symverify.kernel.check import apply
from symverify.kernel.core.facts import Evaluated, GlobalMinimum, LocalMinimum
from symverify.kernel.core.network import Problem
from symverify.kernel.core.proof import Fact, Proof, Step
from symverify.kernel.curvature.cell_kkt import cells
from symverify.kernel.curvature.critical_point import CriticalPoint
from symverify.kernel.network_file import read_problem
from symverify.opinion.obligations import posed
from symverify.opinion.solve import Answer, Solver
from tests.examples import layer, samples
from tests.opinion.posed import no_data

Json = Any
ACTIVATIONS: list[Json] = ["relu", "abs", "hardtanh", "identity", {"name": "leaky_relu", "negative_slope": "1/3"}]
LOSSES: list[Json] = [
    {"name": "squared", "reduction": "sum"},
    {"name": "huber", "reduction": "mean", "delta": "3/2"},
]
NOT_ABOUT_NUMBERS = ("one hidden layer", "twice differentiable", "needs multipliers")


def drawn(rng: random.Random) -> tuple[Problem, Step]:
    """A problem, and a point step whose errors are 0 or small integers."""
    widths = [rng.choice([1, 2]), *(rng.choice([1, 2]) for _ in range(rng.choice([1, 1, 2]))), rng.choice([1, 1, 2])]
    hidden, output = rng.choice([(True, True), (False, False), (False, True)])
    theta = []
    for m, (columns, rows) in enumerate(pairwise(widths)):
        biased = output if m == len(widths) - 2 else hidden
        weight: Json = [[str(rng.choice([0, 1, -1, 2])) for _ in range(columns)] for _ in range(rows)]
        theta.append(layer(weight, [str(rng.choice([0, 0, 1, -1])) for _ in range(rows)] if biased else None))
    xs = [[rng.randint(-2, 2) for _ in range(widths[0])] for _ in range(rng.randint(1, 4))]
    network: Json = {"format": "symverify-network/1", "layers": widths, "activation": rng.choice(ACTIVATIONS)}
    network |= {"bias": {"hidden": hidden, "output": output}, "loss": rng.choice(LOSSES)}

    def at(ys: Json) -> tuple[Problem, Step]:
        problem = read_problem(json.dumps(network | {"data": samples(xs, ys)}).encode(), no_data)
        return problem, apply(Proof(problem), {"rule": "point", "parameters": theta}, "steps[0]")

    fact = at([[0] * widths[-1]] * len(xs))[1].fact
    assert isinstance(fact, Evaluated)
    noise = rng.choice([[0], [0, 0, 1, -1, 2]])
    return at([[str(f + rng.choice(noise)) for f in row] for row in fact.predictions])


def tried(rng: random.Random, problem: Problem, at: Evaluated) -> Iterator[tuple[Json, Fact]]:
    """Steps from the point, with the facts that they would prove."""
    minimum = LocalMinimum(at, None)
    yield {"rule": "second_order"}, minimum
    yield {"rule": "critical_point"}, CriticalPoint(at)
    yield {"rule": "adjacent_cells"}, minimum
    yield {"rule": "function_minimum"}, GlobalMinimum(at, False)
    yield {"rule": "face_minimum", "multipliers": [None] * problem.widths[1]}, minimum
    around = list(cells(problem, at)[1])
    for kind in ("same", "any", "any") if len(around) <= 8 else ():
        weight = str(rng.randint(0, 2))
        entries: list[Json] = []
        for cell in around:
            entry: Json = {"multipliers": [weight] * len(cell.kinks)}
            if kind == "any":
                weights = [str(rng.randint(0, 2)) for _ in cell.kinks]
                empty = {"empty": [str(rng.randint(0, 1)) for _ in cell.kinks]}
                entry = rng.choice([{"multipliers": weights}, empty, {"flat": True}])
            entries.append(entry)
        yield {"rule": "cell_kkt", "cells": entries}, minimum


def asked(solver: Solver, problem: Problem, steps: list[Step]) -> set[tuple[Answer, Answer]]:
    """The answers to the last step's statements, refuted and for their premises."""
    found = set()
    for made in posed(problem, steps):
        if made.step == 1:
            vacuity = made.vacuity()
            premises = Answer.SAT if vacuity is None else solver.solve(vacuity).answer
            found.add((solver.solve(made.refutation()).answer, premises))
    return found


@pytest.mark.parametrize("count", [12, pytest.param(150, marks=pytest.mark.long)])
def test_the_solver_agrees_with_the_kernel(count: int) -> None:
    seen = Counter[tuple[str, bool]]()
    with Solver(seconds=20.0) as solver:
        for seed in range(count):
            rng = random.Random(seed)
            problem, first = drawn(rng)
            assert isinstance(first.fact, Evaluated)
            for fields, fact in tried(rng, problem, first.fact):
                proof, step, refused = Proof(problem, [first]), {**fields, "from": {"point": 0}}, ""
                try:
                    made = apply(proof, step, "steps[1]")
                except Rejected as error:
                    made, refused = Step(fields["rule"], fields, {"point": (0,)}, fact), error.reason
                if any(part in refused for part in NOT_ABOUT_NUMBERS):
                    continue
                answers = asked(solver, problem, [first, made])
                if refused:
                    assert any(refuted is Answer.SAT for refuted, _ in answers), (seed, step, refused)
                else:
                    assert answers <= {(Answer.UNSAT, Answer.SAT)}, (seed, step)
                seen[fields["rule"], not refused] += 1
    rules = ("second_order", "critical_point", "adjacent_cells", "function_minimum", "face_minimum", "cell_kkt")
    assert set(seen) >= {(rule, accepted) for rule in rules for accepted in (True, False)}, seen
