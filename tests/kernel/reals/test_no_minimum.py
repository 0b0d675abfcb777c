"""The rule `no_minimum`: separable labels, wholly or in part."""

import mpmath
import pytest

from tests.kernel.reals.made import (
    Json,
    Malformed,
    Rejected,
    checked,
    control,
    corruption,
    document,
    mp,
    refused,
)
from tests.kernel.rules import suite

# x = 0 1 2 3, labels 0 1|0 1 ... : the two samples at x = 1 conflict, the others are separated by x = 1.
QUASI = document([1, 2, 1], "relu", {"name": "logistic", "reduction": "sum"}, [0, 1, 1, 2], [[0], [1], [0], [1]])
STEP = {
    "rule": "no_minimum",
    "pieces": [1],
    "direction": [["1", "-1"]],
    "near": [["0", "0"]],
    "dual": [["0"], ["1/2"], ["1/2"], ["1"]],
}
WHOLE = document([1, 2, 1], "relu", "logistic", [0, 1], [[0], [1]])
CLASSES = document([1, 2, 2], "relu", {"name": "cross_entropy", "reduction": "sum"}, [0, 1, 1, 2], [0, 1, 0, 1])
COUNTS = document([1, 2, 1], "relu", {"name": "poisson", "reduction": "sum"}, [0, 1, 2], [[0], [1], [3]])
CASES: dict[str, tuple[Json, Json, str]] = {
    "quasi": (QUASI, STEP, "2*log(2)"),
    "two inputs": (
        document([2, 2, 1], "relu", QUASI["loss"], [[0, -1], [1, 1], [1, 1], [2, 3]], [[0], [1], [0], [1]]),
        STEP | {"direction": [["1", "0", "-1"]], "near": [["0", "0", "0"]]}, "2*log(2)"),
    "whole": (WHOLE, STEP | {"direction": [["2", "-1"]], "dual": [["0"], ["1"]]}, "0"),
    "classes": (
        CLASSES,
        STEP | {"direction": [["0", "0"], ["1", "-1"]], "near": [["0", "0"]] * 2,
                "dual": [["1", "0"], ["1/2", "1/2"], ["1/2", "1/2"], ["0", "1"]]},
        "2*log(2)",
    ),
    "one class only": (
        document([1, 2, 1], "relu", "logistic", [0, 1, 5], [[1], [1], [1]]),
        STEP | {"direction": [["0", "1"]], "dual": [["1"]] * 3}, "0"),
    "one sample": (document([1, 2, 1], "relu", "logistic", [3], [[0]]),
                   STEP | {"direction": [["0", "-1"]], "dual": [["0"]]}, "0"),
    "no counts": (document([1, 2, 1], "relu", "poisson", [0, 1], [[0], [0]]),
                  STEP | {"direction": [["0", "-1"]], "dual": [["0"]] * 2}, "0"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_closed_forms(name: str) -> None:
    doc, step, value = CASES[name]
    (theorem,) = checked(doc, [step], {"affine_infimum": 0}).theorems
    statement = dict(theorem.statement)
    assert statement["attained"] is False
    with mpmath.workdps(40):
        exact = eval(value, {"log": mpmath.log})  # the table's own text
        assert mp(statement["risk"].lower) <= exact <= mp(statement["risk"].upper)


CHANGES: list[tuple[str, list[Json], Json, type[Exception], str]] = [
    ("quasi", ["direction"], [["-1", "1"]], Rejected, "the loss of sample 1 grows along it"),
    ("quasi", ["direction"], [["1", "0"]], Rejected, "the loss of sample 3 grows along it"),
    ("quasi", ["direction"], [["0", "0"]], Rejected, "the risk is constant along it"),
    ("quasi", ["direction"], [["1"]], Malformed, "expected 2 coefficients"),
    ("quasi", ["direction"], ..., Malformed, "direction: is missing"),
    ("quasi", ["dual"], [["1/2"], ["1/2"], ["1/2"], ["1/2"]], Rejected, "a moment of p"),
    ("quasi", ["dual"], [["-1/2"], ["1"], ["1"], ["1/2"]], Rejected, "is not in the domain"),
    ("quasi", ["near"], ..., Malformed, "near: is missing"),
    ("two inputs", ["direction"], [["2", "-1", "-1"]], Rejected, "the risk is constant along it"),
    ("two inputs", ["direction"], [["1", "-1"]], Malformed, "expected 3 coefficients"),
    ("two inputs", ["near"], [["0"] * 4], Malformed, "expected 3 coefficients"),
    ("classes", ["direction"], [["1", "-1"], ["1", "-1"]], Rejected, "the risk is constant along it"),
    ("classes", ["direction"], [["1", "-1"], ["0", "0"]], Rejected, "the loss of sample 1 grows along it"),
    ("no counts", ["direction"], [["0", "1"]], Rejected, "the loss of sample 1 grows along it"),
]


CONTROLS = {name: control(doc, [step], {"affine_infimum": 0}) for name, (doc, step, _) in CASES.items()}
CORRUPTIONS = [corruption(name, 0, *change) for name, *change in CHANGES]
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


def test_soft_labels_and_counts_have_a_best_fit() -> None:
    soft = document([1, 2, 1], "relu", "logistic", [0, 1], [["1/10"], [1]])
    refused(soft, [STEP | {"direction": [["2", "-1"]], "dual": [["1/10"], ["1"]]}], "the loss of sample 1 grows")
    refused(COUNTS, [STEP | {"direction": [["1", "-1"]], "dual": [["0"], ["1"], ["3"]]}], "the loss of sample 3 grows")
