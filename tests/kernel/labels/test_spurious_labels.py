"""The rule `spurious_labels`: a basis of the forms that vanish on affine labels, by hand."""

import pytest

from tests.examples import network, samples
from tests.kernel.accepted import case, claim
from tests.kernel.corruption import Json
from tests.kernel.rules import check_step, of, suite

STEP: Json = {"rule": "spurious_labels"}
FOUR = network([1, 2, 1], "relu", samples([0, 1, 2, 3], [0, 0, 0, 1]))
SQUARE = samples([[0, 0], [1, 0], [0, 1], [1, 1]], [0, 0, 0, 1])
CONTROLS = {
    "two inputs": case(network([2, 3, 1], "relu", SQUARE), [STEP], claim("spurious_labels", 0, forms="1,-1,-1,1")),
    "four points": case(FOUR, [STEP], claim("spurious_labels", 0, forms="1,-2,1,0; 2,-3,0,1")),
    "equal inputs": case(
        network([1, 2, 1], "abs", samples([0, 0, 1, 2], [0, 1, 0, 0])), [STEP],
        claim("spurious_labels", 0, forms="1,1,-4,2"),
    ),
    "none": case(network([1, 2, 1], "abs", samples([0, 1], [0, 1])), [STEP], claim("spurious_labels", 0, forms="")),
}  # fmt: skip
CORRUPTIONS = of("four points", [
    ("one form", "claims[0].forms", "1,-2,1,0", "Rejected", "proved '1,-2,1,0; 2,-3,0,1'"),
    ("another sign", "claims[0].forms", "-1,2,-1,0; 2,-3,0,1", "Rejected", "proved '1,-2,1,0; 2,-3,0,1'"),
    ("a premise", "steps[0].from", {"point": 0}, "Malformed", "steps[0].from"),
    ("refuted", "claims[0].verdict", "refuted", "Rejected", "claims[0]"),
    ("unknown key", "steps[0].forms", [], "Malformed", "unknown key"),
])  # fmt: skip
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


@pytest.mark.parametrize("change", [{"layers": [1, 1, 1]}, {"layers": [1, 2, 2, 1]}, {"bias": False}])
def test_other_networks_are_refused(change: Json) -> None:
    check_step(FOUR | change, [STEP], "needs one hidden layer of two or more units, scalar output and all biases")


def test_affine_activations_and_other_losses_are_refused() -> None:
    check_step(FOUR | {"activation": "identity"}, [STEP], "the activation is affine")
    check_step(FOUR | {"loss": "huber"}, [STEP], "is not a rule for the huber loss")
