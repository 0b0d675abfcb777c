"""The rule `function_minimum`: nothing beats a point whose residuals cancel on equal inputs."""

import pytest

from tests.examples import layer, network, samples
from tests.kernel.accepted import case, check_corruption, check_step, given, point
from tests.kernel.corruption import Json, outcome

STEP = {"rule": "function_minimum", "point": 0}
CANCEL = "the residuals of the samples equal to sample 1 do not cancel"
CORRUPTIONS = [
    ("no point", "steps[1].point", ..., "Malformed", "steps[1].point: is missing"),
    ("itself", "steps[1].point", 1, "Rejected", "steps[1].point: function_minimum: step 1 does not come before"),
    ("unknown key", "steps[1].bound", "0", "Malformed", "steps[1].bound: unknown key"),
    ("not spurious", "claims[0].spurious", None, "Rejected", "claims[0].spurious: claimed None, proved False"),
    ("spurious", "claims[0].spurious", True, "Rejected", "claimed True, proved False"),
    ("0 for false", "claims[0].spurious", 0, "Rejected", "claims[0].spurious: claimed 0, proved False"),
]


@pytest.mark.parametrize(
    ("path", "new", "kind", "reason"), [c[1:] for c in CORRUPTIONS], ids=[c[0] for c in CORRUPTIONS]
)
def test_corrupted_steps(path: str, new: Json, kind: str, reason: str) -> None:
    check_corruption("function", path, new, kind, reason)


def constant(ys: list[Json], xs: list[Json], at: list[Json]) -> Json:
    """A network whose prediction is the constant `at`."""
    parameters = [layer([[0]], [0]), layer([[0]] * len(at), at)]
    return network([1, 1, len(at)], "relu", samples(xs, ys), parameters=parameters)


def test_each_group_and_each_output_must_cancel() -> None:
    check_step(constant([0, 1, 2], [0, 1, 2], [1]), [point(), STEP], CANCEL)
    check_step(constant([0, 1], [0, 0], [1]), [point(), STEP], CANCEL)
    check_step(constant([[0, 0], [0, 1]], [0, 0], [0, 0]), [point(), STEP], CANCEL)
    check_step(constant([1, 0, 2], [0, 1, 1], [0]), [point(), STEP], CANCEL)


def test_sums_over_different_inputs_are_not_enough() -> None:
    """The residuals of a constant fit sum to 0, but the inputs are distinct: a function could do better."""
    check_step(constant([0, 1], [0, 1], ["1/2"]), [point(), STEP], CANCEL)


def test_equal_inputs_in_any_order() -> None:
    document = constant([[0, 5], [2, 1], [1, 3]], [7, 7, 7], [1, 3])
    accepted = case(document, [point(), STEP], given(1, "10", spurious=False))
    assert outcome(accepted.network, accepted.proof)[0] == "Accepted"
