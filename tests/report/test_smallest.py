"""The smallest cases of a rule are told as they are: one cell, one chamber, one vector, nothing that is kept."""

import json
from functools import cache

import pytest

from symverify.problem.load import loads
from symverify.report.explain import explain, render
from symverify.run.check import check
from tests.examples import network, samples
from tests.kernel.corruption import Json, certificate
from tests.kernel.reals.test_face_span import CONTROLS
from tests.kernel.test_format import EXAMPLES

LAST = {"hidden": False, "output": True}
DECAYED = network([1, 1, 1], "relu", samples([0, 0], [1, 3]), bias=LAST) | {"weight_decay": "1/2"}


@cache
def told(rule: str) -> str:
    """The example of a rule in the format's specification, explained."""
    example: Json = EXAMPLES[rule]
    made = certificate(example["network"], example["steps"], example["claims"])
    problem = loads(json.dumps(example["network"]))
    whole = json.dumps({**made, "problem": problem.sha256}).encode()
    return " ".join(render(explain(problem, whole), "text").split())


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("tree_bound", "In each of them the vector g makes no positive product with any prediction"),
        ("face_span", "no pre-activation passes a breakpoint: the risk is smooth there"),
        ("face_span", "The span. All that the network can predict near the point lies in a vector space V"),
        ("face_span", "At one point of the box the residuals are orthogonal to V: 1 equation for as many"),
        ("cell_kkt", "On this cell predictions are polynomials"),
        (
            "cell_kkt",
            "1 cell: the gradient is a combination, with multipliers that are not negative, of",
        ),
        (
            "adjacent_cells",
            "Near it each of them is on one side, on the other, or still at it, where both pieces agree",
        ),
        ("decay_bound", "In each of the 2 chambers of a unit's input weights"),
    ],
)
def test_an_example_is_told_as_it_is(rule: str, said: str) -> None:
    assert said in told(rule)


def test_one_kink_is_told_in_the_singular_and_its_multiplier_as_enclosed() -> None:
    control = CONTROLS["kink"]
    page = explain(loads(json.dumps(control.network)), json.dumps(control.proof).encode())
    said = " ".join(render(page, "text").split())
    assert "is a local minimum; at least 1 of its pre-activations is at a breakpoint" in said
    assert "The multiplier, which the kernel encloses, is the rate of the risk" in said


def test_a_bound_without_splits_is_told_as_one_leaf() -> None:
    problem = loads(json.dumps(network([1, 1, 1], "relu", samples([0, 1, 2], [0, 0, 5]), bias=False)))
    found = check(problem, ["global_minimum"], smt=False)
    assert found.certificate is not None
    page = " ".join(render(explain(problem, found.certificate), "text").split())
    assert "At its root 1 unit may be anywhere, and no split follows: it is the one leaf." in page


def test_one_chamber_is_not_told_in_the_plural() -> None:
    problem = loads(json.dumps(DECAYED))
    found = check(problem, ["global_bounds"], smt=False)
    assert found.certificate is not None
    page = " ".join(render(explain(problem, found.certificate), "text").split())
    assert "In the one chamber of a unit's input weights" in page


def test_an_output_bias_drops_out_of_a_separation() -> None:
    """With it a vector refutes predictions only if its entries sum to 0, and that is said."""
    late = {"breakpoints": [1], "slopes": [0, 1], "anchor": [0, 0]}
    with_bias = network([1, 1, 1], late, samples([0, 1, 2], [0, 1, 2]), bias=LAST)
    problem = loads(json.dumps(with_bias))
    found = check(problem, ["infimum"], smt=False)
    assert found.certificate is not None
    page = " ".join(render(explain(problem, found.certificate), "text").split())
    assert "or 0 with f, though a unit on one of the faces adds something positive" in page
    assert "The entries of each q sum to 0, so that the output bias drops out." in page
