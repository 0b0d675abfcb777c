"""The rule `every_slope`: the better risk as a function of two slopes, checked at many of them."""

from fractions import Fraction

import pytest

from tests.examples import network, samples
from tests.kernel.accepted import case, claim
from tests.kernel.corruption import Json
from tests.kernel.rules import check_step, of, suite

F = Fraction
FOUR = network([1, 2, 1], "relu", samples([0, 1, 2, 3], [0, 0, 0, 1]), "1/2")
NEAR = network([1, 2, 1], "relu", samples(["0", "1/10", "1/5", "3/10"], [0, 0, 0, 1]), "1/2")
FIT = ["-1/5", "1/10", "2/5", "7/10"]
STEP: Json = {"rule": "every_slope", "kink": "2", "fit": FIT}
BETTER = "3/20 - 9/50 (a - b)^2 / (11 a^2 + 6 a b + 3 b^2)"
CONTROLS = {
    "at 2": case(FOUR, [STEP], claim("every_slope", 0, risk="3/20", kink="2", better_formula=BETTER)),
    "at 1": case(
        FOUR, [STEP | {"kink": "1"}], claim("every_slope", 0, risk="3/20", kink="1",
        better_formula="3/20 - 2/25 (a - b)^2 / (3 a^2 + 6 a b + 11 b^2)"),
    ),
    "near each other": case(
        NEAR, [STEP | {"kink": "1/5"}], claim("every_slope", 0, risk="3/20", kink="1/5",
        better_formula="3/20 - 9/50 (a - b)^2 / (11 a^2 + 6 a b + 3 b^2)"),
    ),
}  # fmt: skip
CORRUPTIONS = of("at 2", [
    ("no affine fit", "steps[0].fit", ["0", "0", "0", "1"], "Rejected", "is not the best affine fit"),
    ("another affine fit", "steps[0].fit", ["0", "0", "0", "0"], "Rejected", "is not the best affine fit"),
    ("before all", "steps[0].kink", "-1", "Rejected", "gains nothing"),
    ("after all", "steps[0].kink", "3", "Rejected", "gains nothing"),
    ("the gain", "claims[0].better_formula", "0", "Rejected", "claimed '0', proved"),
    ("no fit", "steps[0].fit", ..., "Malformed", "is missing"),
    ("unknown key", "steps[0].slopes", [], "Malformed", "unknown key"),
])  # fmt: skip
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


@pytest.mark.parametrize("change", [{"layers": [1, 1, 1]}, {"layers": [1, 2, 2, 1]}])
def test_other_networks_are_refused(change: Json) -> None:
    check_step(FOUR | change, [STEP], "needs one input, one hidden layer of two or more units")


def test_two_inputs_are_refused() -> None:
    plane = FOUR | {"layers": [2, 2, 1], "data": samples([[x, 0] for x in range(4)], [0, 0, 0, 1])}
    check_step(plane, [STEP], "needs one input, one hidden layer of two or more units")


def test_biases_and_the_loss() -> None:
    check_step(FOUR | {"bias": {"hidden": True, "output": False}}, [STEP], "needs all biases")
    check_step(FOUR | {"loss": "huber"}, [STEP], "is not a rule for the huber loss")


@pytest.mark.parametrize("slopes", [("0", "1"), ("1", "0"), ("-1", "1"), ("1/4", "1"), ("2", "3"), ("-1/2", "-1/3")])
def test_the_better_risk_is_that_of_a_network(slopes: tuple[str, str]) -> None:
    """Least squares by hand: f + v h(x − 2) + c, for the labels (0, 0, 0, 1)."""
    a, b = map(F, slopes)
    h = [a * min(x - 2, 0) + b * max(x - 2, 0) for x in range(4)]
    mean = sum(h) / 4
    e = [F(f) - y for f, y in zip(FIT, (0, 0, 0, 1), strict=True)]
    bent = [x - mean for x in h]
    v = -sum(x * y for x, y in zip(e, bent, strict=True)) / sum(x * x for x in bent)
    risk = sum((x + v * y) ** 2 for x, y in zip(e, bent, strict=True)) / 2
    assert risk == F(3, 20) - 9 * (a - b) ** 2 / (50 * (11 * a * a + 6 * a * b + 3 * b * b))
