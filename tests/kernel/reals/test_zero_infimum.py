"""The rule `zero_infimum`: a point that predicts all labels with a margin."""

import pytest

from symverify.kernel.reals.zero_infimum import scalable
from tests.as_program import program_of, spelled
from tests.kernel.reals.made import (
    Json,
    Malformed,
    Rejected,
    checked,
    control,
    corruption,
    document,
    layer,
    problem_of,
    refused,
)
from tests.kernel.rules import suite


def theta(bias: list[str], rows: list[list[str]]) -> Json:
    return [layer([["1"], ["1"]], ["0", "-1"]), layer(rows, bias)]


def steps(point: Json) -> list[Json]:
    return [{"rule": "enclosed_point", "parameters": point}, {"rule": "zero_infimum", "from": {"point": 0}}]


HAT = document([1, 2, 1], "relu", "logistic", [0, 1, 2], [[0], [1], [0]])
CLASSES = document([1, 2, 2], "relu", "cross_entropy", [0, 1, 2], [0, 1, 0])
NONE = document([1, 2, 1], "relu", "poisson", [0, 1, 2], [[0], [0], [0]])


def test_statements() -> None:
    for doc, point in (
        (HAT, theta(["-1"], [["2", "-4"]])),
        (CLASSES, theta(["1", "0"], [["-2", "4"], ["0", "0"]])),
        (NONE, theta(["-1"], [["0", "0"]])),
    ):
        (theorem,) = checked(doc, steps(point), {"infimum": 1}).theorems
        assert dict(theorem.statement) == {"risk": "0", "attained": False}


def test_refused() -> None:
    refused(HAT, steps(theta(["-2"], [["2", "-4"]])), "does not predict the label of sample 2 with a margin")
    refused(HAT, steps(theta(["0"], [["2", "-4"]])), "sample 1")
    refused(CLASSES, steps(theta(["0", "0"], [["-2", "4"], ["0", "0"]])), "sample 1")
    refused(CLASSES, steps(theta(["-1", "0"], [["-2", "4"], ["0", "0"]])), "sample 1")
    refused(NONE, steps(theta(["1"], [["0", "0"]])), "sample 1")
    soft = document([1, 2, 1], "relu", "logistic", [0, 1, 2], [["1/10"], [1], [0]])
    refused(soft, steps(theta(["-1"], [["2", "-4"]])), "sample 1")
    softer = document([1, 2, 2], "relu", {"name": "ce", "label_smoothing": "1/10"}, [0, 1, 2], [0, 1, 0])
    refused(softer, steps(theta(["1", "0"], [["-2", "4"], ["0", "0"]])), "sample 1")
    counts = document([1, 2, 1], "relu", "poisson", [0, 1, 2], [[0], [0], [1]])
    refused(counts, steps(theta(["-1"], [["0", "0"]])), "sample 3")


GROWS = program_of(HAT)
AT = spelled(theta(["-1"], [["2", "-4"]]))


def last_map(**more: Json) -> Json:
    """HAT as a program with restrictions of its last map."""
    return GROWS | {"program": [*GROWS["program"][:-1], GROWS["program"][-1] | more]}


TIED_BEFORE = GROWS | {
    "program": [
        GROWS["program"][0],
        GROWS["program"][1] | {"weight": [["w"], [None]]},
        GROWS["program"][2],
        GROWS["program"][3] | {"weight": [["w", None]]},
    ]
}
BENT = GROWS | {"program": [*GROWS["program"], {"name": "o", "op": "activation", "from": "z1", "activation": "abs"}]}


@pytest.mark.parametrize(
    ("network", "grows"),
    [
        (GROWS, True),
        (last_map(weight=[[None, "v"]]), True),
        (last_map(weight=[["v", "v"]], bias=["v"]), True),
        (last_map(weight=[["v", "v"]], bias=False), True),
        (last_map(weight=[[None, 0]], bias=0), True),
        (last_map(weight=[[2, None]]), False),
        (last_map(bias=-1), False),
        (TIED_BEFORE, False),
        (BENT, False),
    ],
)
def test_which_last_maps_grow_by_themselves(network: Json, grows: bool) -> None:
    """Ties within the last map grow together; frozen entries, ties to another map, activations do not."""
    assert scalable(problem_of(network)) is grows


def test_a_last_map_that_does_not_grow() -> None:
    point = {"z0": AT["z0"], "z1": {"weight": [["2", "-4"]]}}
    refused(last_map(bias=-1), steps(point), "the last affine map does not grow by itself")


CONTROLS = {
    "a program": control(GROWS, steps(AT), {"infimum": 1}),
    "hat": control(HAT, steps(theta(["-1"], [["2", "-4"]])), {"infimum": 1}),
    "classes": control(CLASSES, steps(theta(["1", "0"], [["-2", "4"], ["0", "0"]])), {"infimum": 1}),
    "no counts": control(NONE, steps(theta(["-1"], [["0", "0"]])), {"infimum": 1}),
}
CORRUPTIONS = [
    corruption("hat", 0, ["parameters", 1, "bias", 0], "0", Rejected, "does not predict the label of sample 1"),
    corruption("classes", 0, ["parameters", 1, "bias", 0], "0", Rejected, "does not predict the label of sample 1"),
    corruption("no counts", 0, ["parameters", 1, "bias", 0], "0", Rejected, "does not predict the label of sample 1"),
    corruption("hat", 1, ["from", "point"], 1, Rejected, "step 1 does not come before this one"),
    corruption("hat", 1, ["from"], ..., Malformed, "point: is missing"),
]
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)
