"""The table of examples says the truth where that is cheap to see: risks at points, best affine fits, assumptions."""

from fractions import Fraction
from itertools import combinations, pairwise

import flint
import pytest

from symverify.kernel.core.network import Point, Problem, predictions, risk
from symverify.problem import loads
from tests.examples import EXAMPLES, Example, changed


def problem_of(example: Example, **fields: object) -> Problem:
    return loads(changed(example, **fields)).problem


def affine_risk(problem: Problem) -> Fraction:
    """The least risk of an affine map, by the normal equations; independent columns of the inputs are enough."""
    rows = [[*x, Fraction(1)] for x in problem.inputs]
    columns = [list(column) for column in zip(*rows, strict=True)]
    kept: list[list[Fraction]] = []
    for column in reversed(columns):
        if matrix([*kept, column]).rank() == len(kept) + 1:
            kept.append(column)
    design = matrix(kept).transpose()
    targets = matrix([list(y) for y in problem.targets])
    fit = (design.transpose() * design).solve(design.transpose() * targets)
    errors = (design * fit - targets).entries()
    return problem.loss.factor * sum((Fraction(int(e.p), int(e.q)) ** 2 for e in errors), Fraction(0))


def matrix(rows: list[list[Fraction]]) -> flint.fmpq_mat:
    return flint.fmpq_mat([[flint.fmpq(x.numerator, x.denominator) for x in row] for row in rows])


def risk_of(problem: Problem, point: Point) -> Fraction:
    return risk(problem, predictions(problem, point))


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_example_is_consistent(example: Example) -> None:
    problem = problem_of(example)
    if example.affine is not None:
        assert affine_risk(problem) == example.affine
    if example.point_risk is not None:
        assert problem.parameters is not None
        assert risk_of(problem, problem.parameters) == example.point_risk
    if example.better is not None:
        above = example.affine if example.affine is not None else example.point_risk
        assert above is not None
        assert example.better < above
    if example.better_point is not None:
        parameters = problem_of(example, parameters=example.better_point).parameters
        assert parameters is not None
        assert risk_of(problem, parameters) == example.better
    if example.infimum is not None:
        known = [r for r in (example.affine, example.better, example.point_risk) if r is not None]
        assert all(r >= example.infimum for r in known)


@pytest.mark.parametrize("example", [e for e in EXAMPLES.values() if e.assumptions], ids=lambda e: e.name)
def test_assumptions(example: Example) -> None:
    problem = problem_of(example)
    adjacent = [pair for h in problem.activations for pair in pairwise(h.slopes)]
    assert example.assumptions == {
        "A1": affine_risk(problem) != 0,
        "A2": all(a != b for a, b in combinations(problem.inputs, 2)),
        "A3": min(problem.widths[1:-1]) > problem.widths[-1],
        "A4": any(a + b != 0 for a, b in adjacent),
    }
