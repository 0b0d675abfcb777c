"""The rule `spurious_minimum`: a local minimum, and a point of strictly lower risk."""

import pytest

from symverify.kernel.core.network import residuals
from symverify.kernel.core.point import point as point_rule
from symverify.kernel.core.proof import Proof, Reading
from symverify.kernel.core.spurious_minimum import affine_optimum
from symverify.kernel.core.text import Fields
from symverify.kernel.network_file import read_problem
from tests.examples import layer, network, samples
from tests.kernel.accepted import FIT
from tests.kernel.corruption import Json, no_data, text
from tests.kernel.rules import cases, of, suite

CONTROLS = cases("theorem 1", "origin")
CORRUPTIONS = of("theorem 1", [
    ("no minimum", "steps[4].from.minimum", ..., "Malformed", "steps[4].from.minimum: is missing"),
    ("no better point", "steps[4].from.better", ..., "Malformed", "steps[4].from.better: is missing"),
    ("null", "steps[4].from.better", None, "Malformed", "steps[4].from.better: expected a whole number"),
    ("a point is no minimum", "steps[4].from.minimum", 1, "Rejected",
     "steps[4].from.minimum: spurious_minimum: step 1 proves Evaluated, expected LocalMinimum"),
    ("assumptions", "steps[4].from.minimum", 0, "Rejected", "step 0 proves Assumptions, expected LocalMinimum"),
    ("itself", "steps[4].from.minimum", 4, "Rejected", "step 4 does not come before this one"),
    ("later", "steps[4].from.minimum", 7, "Rejected", "step 7 does not come before this one"),
    ("a minimum is no point", "steps[4].from.better", 2, "Rejected", "step 2 proves LocalMinimum, expected Evaluated"),
    ("the point itself", "steps[4].from.better", 1, "Rejected",
     "steps[4].from.better: spurious_minimum: its risk 3/20 is not below 3/20"),
    ("of equal risk", "steps[3].parameters", FIT, "Rejected", "its risk 3/20 is not below 3/20"),
    ("worse", "steps[3].parameters[1].bias[0]", "1", "Rejected", "its risk 2 is not below 3/20"),
    ("unknown key", "steps[4].risk", "3/20", "Malformed", "steps[4].risk: unknown key"),
    ("the claimed risk", "claims[1].risk", "3/10", "Rejected", "claims[1].risk: claimed '3/10', proved '3/20'"),
    ("the claimed better risk", "claims[1].better_risk", "1/20", "Rejected", "claimed '1/20', proved '0'"),
])  # fmt: skip


test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


@pytest.mark.parametrize(
    ("ys", "parameters"),
    [
        ([0, 0, 1], [layer([["1"], ["1"]], ["-1", "-1"]), layer([["1", "0"]], ["0"])]),  # a perfect fit that bends
        ([0, 0, 1], [layer([["0"], ["0"]], ["-1", "-1"]), layer([["1", "1"]], ["1/3"])]),  # affine, but not the best
    ],
    ids=["stationary, not affine", "affine, not stationary"],
)
def test_only_the_best_affine_fit_is_the_minimum_of_theorem_1(ys: Json, parameters: Json) -> None:
    """Predictions must be affine in the inputs, and the residuals orthogonal to all affine maps."""
    document = network([1, 2, 1], "relu", samples([0, 1, 2], ys))
    problem = read_problem(text(document), no_data)
    at = point_rule(Reading(Proof(problem), Fields({"parameters": parameters}, "")))
    assert not affine_optimum(problem, at, residuals(problem, at.predictions))
    fit = [layer([["1/2"], ["0"]], ["1", "-1"]), layer([["1", "0"]], ["-7/6"])]
    best = point_rule(Reading(Proof(problem), Fields({"parameters": fit}, "")))
    assert affine_optimum(problem, best, residuals(problem, best.predictions))
