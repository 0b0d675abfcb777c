"""The rule `function_minimum`: nothing beats a point whose residuals cancel on equal inputs."""

from tests.examples import layer, network, samples
from tests.kernel.accepted import case, given, point
from tests.kernel.corruption import Json, outcome
from tests.kernel.rules import cases, check_step, of, suite

STEP = {"rule": "function_minimum", "from": {"point": 0}}
CANCEL = "the residuals of the samples equal to sample 1 do not cancel"
CONTROLS = cases("function")
CORRUPTIONS = of("function", [
    ("no point", "steps[1].from.point", ..., "Malformed", "steps[1].from.point: is missing"),
    ("itself", "steps[1].from.point", 1, "Rejected",
     "steps[1].from.point: function_minimum: step 1 does not come before"),
    ("unknown key", "steps[1].bound", "0", "Malformed", "steps[1].bound: unknown key"),
    ("not spurious", "claims[0].spurious", None, "Rejected", "claims[0].spurious: claimed null, proved false"),
    ("spurious", "claims[0].spurious", True, "Rejected", "claimed true, proved false"),
    ("0 for false", "claims[0].spurious", 0, "Rejected", "claims[0].spurious: claimed 0, proved false"),
    ("not a point", "steps[0]", {"rule": "assumptions"}, "Rejected", "step 0 proves Assumptions, expected Evaluated"),
    ("another fit", "steps[0].parameters", [layer([["9/2"], ["0"]], ["1/2", "-1"]), layer([["1", "1"]], ["1/9"])],
     "Rejected", "steps[1]: function_minimum: the residuals of the samples equal to sample 1 do not cancel"),
])  # fmt: skip


test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


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
