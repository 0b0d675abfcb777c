"""The rule `spurious_radius`: Theorem 1 for all labels in a box, and why no larger box will do."""

import random
from fractions import Fraction

import pytest

from tests.examples import network, samples
from tests.kernel.accepted import case, claim
from tests.kernel.corruption import Json
from tests.kernel.rules import check_step, of, suite
from tests.oracles.network import matrix_rank

F = Fraction
FOUR = network([1, 2, 1], "relu", samples([0, 1, 2, 3], [0, 0, 0, 1]), "1/2")
STEP: Json = {"rule": "spurious_radius", "form": [1, 0, -3, 2], "affine": ["1/3", "-1/3"]}
REPEATED = network([1, 3, 1], "abs", samples([0, 0, 1, 2], [0, 2, 0, 0]))
SQUARE = network([2, 2, 1], "relu", samples([[0, 0], [1, 0], [0, 1], [1, 1]], [0, 0, 0, 1]), "1/2")
ACROSS: Json = {"rule": "spurious_radius", "form": [1, -1, -1, 1], "affine": ["1/2", "1/2", "-1/4"]}
CONTROLS = {
    "two inputs": case(SQUARE, [ACROSS], claim("spurious_radius", 0, radius="1/4", form="1,-1,-1,1")),
    "four points": case(FOUR, [STEP], claim("spurious_radius", 0, radius="1/3", form="1,0,-3,2")),
    "repeated inputs": case(
        REPEATED, [{"rule": "spurious_radius", "form": [1, 1, -4, 2], "affine": ["-1/2", "3/4"]}],
        claim("spurious_radius", 0, radius="1/4", form="1,1,-4,2"),
    ),
}  # fmt: skip
CORRUPTIONS = of("four points", [
    ("not orthogonal to 1", "steps[0].form", [1, 0, -3, 3], "Rejected", "is not orthogonal to 1 and the inputs"),
    ("not orthogonal to x", "steps[0].form", [1, -3, 0, 2], "Rejected", "is not orthogonal to 1 and the inputs"),
    ("a multiple", "steps[0].form", [2, 0, -6, 4], "Rejected", "have a common factor"),
    ("zero", "steps[0].form", [0, 0, 0, 0], "Rejected", "is not positive at the labels"),
    ("negative", "steps[0].form", [-1, 0, 3, -2], "Rejected", "is not positive at the labels"),
    ("a worse form", "steps[0].form", [0, 1, -2, 1], "Rejected", "is farther than 1/4 from the label of sample 1"),
    ("another edge", "steps[0].affine", ["1/3", "0"], "Rejected", "is farther than 1/3 from the label of sample 3"),
    ("too short", "steps[0].form", [1, -2, 1], "Malformed", "expected 4 integers, one per sample, got 3"),
    ("not integers", "steps[0].form", ["1", 0, -3, 2], "Malformed", "expected a whole number"),
    ("a larger radius", "claims[0].radius", "1/2", "Rejected", "claimed '1/2', proved '1/3'"),
    ("unknown key", "steps[0].radius", "1/3", "Malformed", "unknown key"),
]) + of("two inputs", [
    ("not orthogonal to the second", "steps[0].form", [1, -1, 1, -1], "Rejected", "is not orthogonal to 1 and the"),
    ("not orthogonal to the first", "steps[0].form", [1, 1, -1, -1], "Rejected", "is not orthogonal to 1 and the"),
    ("too few numbers", "steps[0].affine", ["1/2", "-1/4"], "Malformed", "expected 3 numbers"),
    ("too many", "steps[0].affine", ["1/2", "1/2", "-1/4", "0"], "Malformed", "expected 3 numbers"),
    ("another edge", "steps[0].affine[1]", "1/3", "Rejected", "is farther than 1/4 from the label of sample 4"),
    ("a larger one", "steps[0].affine[0]", "2/3", "Rejected", "is farther than 1/4 from the label of sample 2"),
]) + of("repeated inputs", [
    ("different on equal inputs", "steps[0].form", [1, 0, -2, 1], "Rejected", "differs on equal inputs"),
])  # fmt: skip
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


@pytest.mark.parametrize("change", [
    {"layers": [1, 1, 1]}, {"layers": [1, 2, 2, 1]}, {"bias": False}, {"bias": {"hidden": True, "output": False}},
])  # fmt: skip
def test_where_theorem_1_is_another_it_is_refused(change: Json) -> None:
    check_step(FOUR | change, [STEP], "needs one hidden layer of two or more units, scalar output and all biases")


def test_affine_activations_and_other_losses_are_refused() -> None:
    check_step(FOUR | {"activation": "identity"}, [STEP], "the activation is affine")
    check_step(FOUR | {"loss": "huber"}, [STEP], "is not a rule for the huber loss")


def test_labels_in_the_box_are_not_affine_and_the_edge_is() -> None:
    rng, rows = random.Random(1), [[F(x), F(1)] for x in range(4)]
    for _ in range(300):
        y = [F(y) + F(rng.randint(-999, 999), 3000) for y in (0, 0, 0, 1)]
        assert matrix_rank([[*row, v] for row, v in zip(rows, y, strict=True)]) == 3
    edge = [F(x, 3) - F(1, 3) for x in range(4)]
    assert max(abs(a - b) for a, b in zip(edge, (0, 0, 0, 1), strict=True)) == F(1, 3)
