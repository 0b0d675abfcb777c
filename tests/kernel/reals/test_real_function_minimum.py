"""The rule `real_function_minimum`: nothing beats a point whose residuals cancel on equal inputs."""

import math
import random

import pytest

from tests.kernel.reals.made import Malformed, Rejected, checked, control, corruption, document, layer, refused
from tests.kernel.rules import suite

STEPS = [{"rule": "enclosed_point", "parameters": "given"}, {"rule": "real_function_minimum", "from": {"point": 0}}]
DEAD = [layer([[0]], [0]), layer([[0]], [0])]
CLAIMS = {"point": 1, "global_minimum": 1, "spurious_minimum": 1}


def twins(labels: object, theta: object = DEAD, loss: object = "logistic") -> object:
    return document([1, 1, 1], "relu", loss, [0, 0, 1, 1], labels, parameters=theta)


def test_log_two_is_the_least_where_labels_differ_on_equal_inputs() -> None:
    found = checked(twins([[0], [1], [1], [0]]), STEPS, CLAIMS)
    point, least, _ = (dict(theorem.statement) for theorem in found.theorems)
    assert point["spurious"] is False
    assert str(least["risk"]) == "0.69314718055994530941.."
    assert least["attained"] is True
    assert [theorem.verdict for theorem in found.theorems] == ["proved", "proved", "refuted"]


def test_an_affine_fit_is_claimed_of_affine_predictions_alone() -> None:
    """The predictions are 0 on all samples, so affine; where they are not all 0 the rule does not apply."""
    bent = [layer([[1]], [0]), layer([[1]], [0])]
    refused(twins([[0], [1], [1], [0]], bent), STEPS, "the residuals of the samples equal to sample 3 do not cancel")


def test_one_group_that_does_not_cancel() -> None:
    refused(twins([[0], [1], [1], [1]]), STEPS, "equal to sample 3 do not cancel")
    refused(twins([[0], [0], [1], [1]]), STEPS, "equal to sample 1 do not cancel")


def test_each_output_by_itself() -> None:
    theta = [layer([[0]], [0]), layer([[0], [0]], [0, 0])]
    good = document([1, 1, 2], "relu", "logistic", [0, 0], [[1, 0], [0, 1]], parameters=theta)
    checked(good, STEPS, {"point": 1, "global_minimum": 1})
    crossed = document([1, 1, 2], "relu", "logistic", [0, 0], [[1, 0], [1, 0]], parameters=theta)
    refused(crossed, STEPS, "do not cancel")


def test_other_losses() -> None:
    checked(twins([[1], [1], [0], [2]], loss="poisson"), STEPS, CLAIMS)
    refused(twins([[1], [1], [0], [1]], loss="poisson"), STEPS, "equal to sample 3 do not cancel")
    theta = [layer([[0]], [0]), layer([[0], [0]], [0, 0])]
    classes = document([1, 1, 2], "relu", "cross_entropy", [0, 0], [0, 1], parameters=theta)
    refused(classes, STEPS, "is not a rule for the cross_entropy loss")
    decayed = document([1, 1, 1], "relu", "logistic", [0, 0], [[0], [1]], parameters=DEAD, weight_decay="1/2")
    refused(decayed, STEPS, "is not a rule for the logistic loss with weight decay")


@pytest.mark.parametrize("loss", ["logistic", "poisson"])
def test_against_the_least_risk_of_each_group(loss: str) -> None:
    """Accepted exactly where each group's constant prediction is its best one, by floats."""
    rng, seen = random.Random(loss), set()
    curve = math.exp if loss == "poisson" else lambda f: 1 / (1 + math.exp(-f))
    for _ in range(60):
        x = [rng.randint(0, 1) for _ in range(4)]
        y = [rng.randint(0, 2 if loss == "poisson" else 1) for _ in x]
        weight, bias = rng.choice([0, 0, 1]), rng.choice([0, 0, 0, 1])
        theta = [layer([[1]], [0]), layer([[weight]], [bias])]
        doc = document([1, 1, 1], "relu", loss, x, [[a] for a in y], parameters=theta)
        f = [weight * max(0, a) + bias for a in x]
        sums = [sum(curve(f[i]) - y[i] for i in range(4) if x[i] == a) for a in set(x)]
        least = max(map(abs, sums)) < 1e-9
        seen.add(least)
        if least:
            checked(doc, STEPS, {"point": 1})
        else:
            refused(doc, STEPS, "do not cancel")
    assert seen == {True, False}


CONTROLS = {"twins": control(twins([[0], [1], [1], [0]]), STEPS, {"point": 1})}
CORRUPTIONS = [
    corruption("twins", 0, ["parameters"], [layer([["0"]], ["0"]), layer([["0"]], ["1/9"])],
               Rejected, "the residuals of the samples equal to sample 1 do not cancel"),
    corruption("twins", 1, ["from", "point"], 1, Rejected, "step 1 does not come before this one"),
    corruption("twins", 1, ["from"], ..., Malformed, "point: is missing"),
    corruption("twins", 1, ["subgradient"], [], Malformed, "unknown key"),
]  # fmt: skip
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)
