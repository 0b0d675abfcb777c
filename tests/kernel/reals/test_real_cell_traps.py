"""The rule `real_cell_traps`: minima in all cells for all labels inside the domain; these labels' risks are checked."""

import mpmath

from tests.kernel.reals.made import (
    Json,
    Malformed,
    Rejected,
    checked,
    control,
    corruption,
    document,
    layer,
    mp,
    refused,
)
from tests.kernel.rules import suite

SUM = {"name": "logistic", "reduction": "sum"}
SOFT = document([1, 2, 1], "relu", SUM, [1, 2], [["1/2"], ["1/2"]], bias=False)  # cells: on, span (1, 2); off, span 0
ON = {"weights": ["1"], "dual": [["1/2"], ["1/2"]], "near": [["0"]]}
OFF = {"weights": ["-1"], "dual": [["1/2"], ["1/2"]], "near": [[]]}
HARD = document([1, 2, 1], "relu", SUM, [1, 2], [[1], [1]], bias=False)
RISES = {"weights": ["1"], "direction": [["1"]]}
CLASSES = document([1, 2, 2], "relu", {"name": "cross_entropy", "reduction": "sum"}, [1, 1], [0, 1], bias=False)
BOTH = {"weights": ["2"], "dual": [["1/2", "1/2"]] * 2, "near": [["0"], ["0"]]}
NONE = {"weights": ["-1"], "dual": [["1/2", "1/2"]] * 2, "near": [[], []]}
COUNTS = document([1, 2, 1], "relu", {"name": "poisson", "reduction": "sum"}, [1], [[1]], bias=False)
COVER = {"rule": "cell_cover"}
BETTER = {"rule": "enclosed_point", "parameters": [layer([["1"], ["0"]]), layer([["1", "0"]])]}


def steps(*traps: Json, **more: Json) -> list[Json]:
    """The cells, perhaps a better point, and the rule."""
    listed = {"traps": list(traps)} if traps else {}
    roles = {"cells": 0} | ({"better": 1} if more.pop("better", False) else {})
    rule = {"rule": "real_cell_traps", "from": roles, **listed, **more}
    return [COVER, *([BETTER] if "better" in roles else []), rule]


PLANE = SOFT | {"layers": [2, 2, 1], "data": [{"x": [1, 3], "y": ["1/2"]}, {"x": [2, 6], "y": ["1/2"]}]}
CONTROLS = {
    "two inputs": control(
        PLANE,
        steps(ON | {"weights": ["2", "-1/3"], "near": [["0", "0"]]}, OFF | {"weights": ["0", "-1"], "near": [[]]}),
        {"cell_traps": 1},
    ),
    "soft": control(SOFT, steps(ON, OFF), {"cell_traps": 1}),
    "hard": control(HARD, steps(RISES, OFF, better=True, shown=1), {"cell_traps": 2}),
    "classes": control(CLASSES, steps(NONE, BOTH, shown=1), {"cell_traps": 1}),
    "not listed": control(HARD, steps(), {"cell_traps": 1}),
    "counts": control(
        COUNTS, steps({"weights": ["1"], "dual": [["1"]], "near": [["0"]]},
                      {"weights": ["-1"], "dual": [["3"]], "near": [[]]}), {"cell_traps": 1}
    ),
}  # fmt: skip
CORRUPTIONS = [
    corruption("soft", 1, ["traps"], [ON], Rejected, "expected one for each of the 2 cells, got 1"),
    corruption("soft", 1, ["traps"], [ON, ON], Rejected, "two of them lie in the same cell"),
    corruption("soft", 1, ["traps", 0, "weights"], ["0"], Rejected, "is on the boundary of sample 1"),
    corruption("soft", 1, ["traps", 0, "dual"], [["1/2"], ["1/3"]], Rejected, "a moment of p is not that"),
    corruption("soft", 1, ["traps", 1, "dual"], [["1"], ["1/2"]], Rejected, "is not strictly inside the domain"),
    corruption("soft", 1, ["traps", 1, "near"], [["0"]], Malformed, "expected 0 coefficients"),
    corruption("soft", 1, ["traps", 0, "near"], ..., Malformed, "near: is missing"),
    corruption("soft", 1, ["traps", 0, "direction"], [["1"]], Rejected, "the loss of sample 1 grows along it"),
    corruption("soft", 1, ["traps", 0, "risk"], "0", Malformed, "unknown key"),
    corruption("soft", 1, ["shown"], 2, Rejected, "there is no such cell"),
    corruption("hard", 2, ["traps", 0, "direction"], [["-1"]], Rejected, "the loss of sample 1 grows along it"),
    corruption("hard", 2, ["traps", 0, "direction"], [["0"]], Rejected, "the risk is constant along it"),
    corruption("hard", 2, ["traps", 0], ON, Rejected, "a moment of p is not that"),
    corruption("hard", 2, ["traps", 1], RISES | {"weights": ["-1"], "direction": [[]]}, Rejected, "is constant along"),
    corruption("hard", 2, ["traps"], ..., Rejected, "is of no use without the cells"),
    corruption("hard", 2, ["from", "better"], 0, Rejected, "expected EnclosedPoint"),
    corruption("hard", 2, ["from", "cells"], 1, Rejected, "expected UnitCells"),
    corruption("classes", 1, ["traps", 1, "dual"], [["1/2", "1/2"], ["1", "1"]], Rejected, "is not strictly inside"),
    ("hard", "more spurious", "claims[0].spurious_cells", 2, "Rejected", "claimed 2, proved 1"),
    ("hard", "more minima", "claims[0].cells_with_minima", 2, "Rejected", "claimed 2, proved 1"),
    ("hard", "other labels", "claims[0].labels", "all", "Rejected", "proved 'strictly between 0 and 1'"),
]  # fmt: skip
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


def test_the_risks_are_log_2_for_each_sample() -> None:
    for doc, traps in ((SOFT, (ON, OFF)), (CLASSES, (NONE, BOTH))):
        statement = dict(checked(doc, steps(*traps), {"cell_traps": 1}).theorems[0].statement)
        for end in ("lowest", "highest"):
            with mpmath.workdps(40):
                exact = 2 * mpmath.log(2)
                assert mp(statement[end].lower) <= exact <= mp(statement[end].upper)


def test_the_cell_that_is_shown_and_its_risk() -> None:
    """Its pieces, the same for all units; none where it has no minimum with the labels in the file."""
    three = SOFT | {"layers": [1, 3, 1], "activation": "hardtanh"}  # 1, 2: five cells, on pieces 22, 12, 11, 10 and 00
    weights = {"22": "2", "12": "3/4", "11": "1/4", "10": "-3/4", "00": "-2"}
    dual = {"dual": [["1/2"], ["1/2"]]}
    sizes = {"22": 1, "12": 2, "11": 1, "10": 2, "00": 1}
    traps = [{"weights": [w], **dual, "near": [["0"] * sizes[cell]]} for cell, w in weights.items()]
    for k, cell in enumerate(weights):
        found = dict(checked(three, steps(*traps, shown=k), {"cell_traps": 1}).theorems[0].statement)
        assert found["cell"] == ",".join([cell] * 3)
        with mpmath.workdps(40):
            assert mp(found["risk"].lower) <= 2 * mpmath.log(2) <= mp(found["risk"].upper)
    none = dict(checked(HARD, steps(RISES, OFF, shown=0), {"cell_traps": 1}).theorems[0].statement)
    assert (none["cell"], none["risk"], none["cells"], none["cells_with_minima"]) == ("11,11", None, 2, 1)
    plain = dict(checked(HARD, steps(), {"cell_traps": 1}).theorems[0].statement)
    assert (plain["cell"], plain["risk"], plain["cells"], plain["cells_with_minima"]) == (None, None, 2, None)


def test_more_units_than_outputs_beyond_the_gauge_are_needed() -> None:
    refused(SOFT | {"layers": [1, 1, 1]}, steps(), "needs more than 1 hidden units")
    two = document([1, 2, 2], "relu", "logistic", [1], [[1, 0]], bias=False)
    refused(two, steps(), "needs more than 2 hidden units")
    checked(two | {"layers": [1, 3, 2]}, steps(), {"cell_traps": 1})
    refused(CLASSES | {"layers": [1, 1, 2]}, steps(), "needs more than 1 hidden units")


def test_losses_over_the_rationals_have_a_rule_of_their_own() -> None:
    refused(SOFT | {"loss": "squared"}, steps(), "is not a rule for the squared loss")
