"""The rule `descent`: a polynomial curve along which the risk falls at once."""

import pytest

from tests.examples import layer, network, samples
from tests.kernel.accepted import case, given, point
from tests.kernel.corruption import Json, outcome
from tests.kernel.rules import cases, check_step, suite

AT = "steps[1].curve"
CONTROLS = cases("straight", "bent", "leaves a breakpoint")
CORRUPTIONS = [
    ("straight", "no point", "steps[1].from.point", ..., "Malformed", "steps[1].from.point: is missing"),
    ("straight", "no curve", AT, ..., "Malformed", f"{AT}: is missing"),
    ("straight", "null", AT, None, "Malformed", f"{AT}: expected a list"),
    ("straight", "layers", AT, [], "Malformed", f"{AT}: expected 2 layers of parameters, got 0"),
    ("straight", "bias", f"{AT}[0].bias", ["2"], "Malformed", f"{AT}[0].bias: expected 2 numbers, got 1"),
    ("straight", "up", f"{AT}[1].bias[0]", ["0", "1"], "Rejected", f"{AT}: descent: the risk does not fall"),
    ("straight", "constant", f"{AT}[1].bias[0]", "0", "Rejected", "the risk does not fall along the curve"),
    ("straight", "elsewhere", f"{AT}[1].bias[0]", ["1", "-1"], "Rejected", f"{AT}: descent: does not start at"),
    ("straight", "one coefficient", f"{AT}[1].bias[0]", ["0"], "Malformed", "expected at least two coefficients"),
    ("straight", "none", f"{AT}[1].bias[0]", [], "Malformed", "expected at least two coefficients"),
    ("straight", "last is 0", f"{AT}[1].bias[0]", ["0", "-1", "0"], "Malformed", "the last one not 0"),
    ("straight", "nested", f"{AT}[1].bias[0]", ["0", ["-1"]], "Malformed", "expected a rational"),
    ("straight", "number", f"{AT}[1].bias[0]", ["0", -1], "Malformed", "expected a rational"),
    ("straight", "degree", f"{AT}[1].bias[0]", ["0"] + ["1"] * 200, "Declined", "a polynomial of degree above 128"),
    ("straight", "unknown key", "steps[1].until", "1", "Malformed", "steps[1].until: unknown key"),
    ("bent", "one factor stays", f"{AT}[0].weight[0][0]", "0", "Rejected", "the risk does not fall"),
    ("bent", "opposite factors", f"{AT}[1].weight[0][0]", ["0", "-1"], "Rejected", "the risk does not fall"),
    ("bent", "into the dead side", f"{AT}[0].weight[0][0]", ["0", "-1"], "Rejected", "the risk does not fall"),
    ("leaves a breakpoint", "to the dead side", f"{AT}[0].weight[0][0]", ["0", "-1"], "Rejected", "does not fall"),
]  # fmt: skip


test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


def refuted(document: Json, curve: Json, risk: str) -> tuple[str, str]:
    steps = [point(), {"rule": "descent", "from": {"point": 0}, "curve": curve}]
    refutation = case(document, steps, given(1, risk, "refuted"))
    return outcome(refutation.network, refutation.proof)


def test_a_pre_activation_may_stay_at_its_breakpoint() -> None:
    """The second unit stays at 0 on all samples along the curve: either of its pieces gives the same."""
    document = network([1, 2, 1], "relu", samples([0, 1], [0, 1]), parameters=[
        layer([[1], [0]], [0, 0]), layer([["1/2", 1]], [0])
    ])  # fmt: skip
    curve = [layer([["1"], ["0"]], ["0", "0"]), layer([[["1/2", "1"], ["1", "5"]]], ["0"])]
    assert refuted(document, curve, "1/4")[0] == "Accepted"


def test_the_first_coefficient_decides_also_when_the_curve_turns_back() -> None:
    """Risk (t² − t³)-like: rising first is no descent, falling first is, whatever comes later."""
    document = network([1, 1, 1], "identity", samples([1], [1]), parameters=[layer([[1]], [0]), layer([[0]], [0])])
    for coefficients, verdict in ((["0", "1", "-99"], "Accepted"), (["0", "-1", "99"], "Rejected")):
        curve = [layer([["1"]], ["0"]), layer([[coefficients]], ["0"])]
        assert refuted(document, curve, "1")[0] == verdict


@pytest.mark.parametrize(("start", "risk"), [("3", "5/2"), ("1", "1/2"), ("1/2", "1/8")])
def test_huber_pieces_along_a_curve(start: str, risk: str) -> None:
    """Beyond delta, exactly at delta, and within: the piece of the loss is the one that the curve enters."""
    document = network([1, 1, 1], "relu", samples([0], [0]), parameters=[layer([[0]], [-1]), layer([[0]], [start])])
    document["loss"] = {"name": "huber", "reduction": "sum", "delta": 1}
    for step, verdict in (("-1", "Accepted"), ("1", "Rejected")):
        curve = [layer([["0"]], ["-1"]), layer([["0"]], [[start, step]])]
        assert refuted(document, curve, risk)[0] == verdict


@pytest.mark.parametrize(
    ("loss", "label", "risk", "down"),
    [
        ({"name": "quantile", "tau": "1/4"}, "1/2", "1/12", "1"),
        ({"name": "quantile", "tau": "1/4"}, "-1/6", "1/4", "-1"),
        ({"name": "hinge"}, "1", "5/6", "1"),
        ({"name": "hinge"}, "-1", "7/6", "-1"),
    ],
)
def test_losses_with_two_sides_fall_towards_the_label(loss: Json, label: str, risk: str, down: str) -> None:
    """From f = 1/6: errors are f − y, not y − f."""
    document = network([1, 1, 1], "relu", samples([0], [label]), parameters=[layer([[0]], [1]), layer([[0]], ["1/6"])])
    document["loss"] = loss | {"reduction": "sum"}
    for step in ("1", "-1"):
        curve = [layer([["0"]], ["1"]), layer([["0"]], [["1/6", step]])]
        assert refuted(document, curve, risk)[0] == ("Accepted" if step == down else "Rejected")


def test_a_minimum_has_no_descent() -> None:
    document = network([1, 1, 1], "relu", samples([0, 1], [0, 1]), parameters=[layer([[1]], [0]), layer([[1]], [0])])
    curve = [layer([["1"]], ["0"]), layer([[["1", "1"]]], ["0"])]
    check_step(document, [point(), {"rule": "descent", "from": {"point": 0}, "curve": curve}], "the risk does not fall")
