"""The rule `real_lower_bound`: trees of splits under the logistic loss."""

from fractions import Fraction

import mpmath

from symverify.kernel.reals.enclosure import Enclosure
from tests.kernel.reals.made import (
    Malformed,
    Rejected,
    checked,
    control,
    corruption,
    document,
    edited,
    layer,
    mp,
    refused,
)
from tests.kernel.rules import suite

# x = 1, 2, labels 1, 0, no biases: f ∝ (1, 2) on either side; g = (1, −1) serves σ = +, (−1, 1)… none serves σ = −:
# with g = (2, −1) all networks have ⟨g, f⟩ = 0.
RAMP = document([1, 1, 1], "relu", {"name": "logistic", "reduction": "sum"}, [1, 2], [["1"], ["0"]], bias=False)
STEP = {"rule": "real_lower_bound", "risk": "1", "vectors": [[2, -1]], "scales": ["4"], "tree": [0]}


def entropy(p: Fraction) -> mpmath.mpf:
    return -mp(p) * mpmath.log(mp(p)) - (1 - mp(p)) * mpmath.log(1 - mp(p))


def test_a_bound() -> None:
    zero = {"rule": "enclosed_point", "parameters": [layer([["0"]]), layer([["0"]])]}
    bracket = {"rule": "bracket", "from": {"bound": 0, "point": 1}}
    (theorem,) = checked(RAMP, [STEP, zero, bracket], {"global_bounds": 2}).theorems
    risk = dict(theorem.statement)["risk"]
    assert isinstance(risk, Enclosure)
    assert risk.lower == 1
    assert Fraction(risk.upper) > 1
    with mpmath.workdps(40):
        best = entropy(Fraction(1, 2)) + entropy(Fraction(1, 4))
        assert best > 1
        close = str(Fraction(int(best * 10**15), 10**15))
    checked(RAMP, [STEP | {"risk": close}, zero, bracket], {"global_bounds": 2})


def test_other_networks() -> None:
    refused(RAMP | {"layers": [1, 1, 1, 1]}, [STEP], "needs one hidden layer and scalar output")
    refused(RAMP | {"bias": {"hidden": False, "output": True}}, [STEP], "with an output bias of sum 0")
    refused(RAMP, [edited(STEP, ["scales"], ...)], "scales: is missing", Malformed)


NOTHING = {"rule": "enclosed_point", "parameters": [layer([["0"]]), layer([["0"]])]}
BETWEEN = [STEP, NOTHING, {"rule": "bracket", "from": {"bound": 0, "point": 1}}]
PLANE = RAMP | {"layers": [2, 1, 1], "data": [{"x": [1, 3], "y": ["1"]}, {"x": [2, 6], "y": ["0"]}]}
AT_REST = {"rule": "enclosed_point", "parameters": [layer([["0", "0"]]), layer([["0"]])]}
CONTROLS = {
    "two inputs on a line": control(PLANE, [STEP, AT_REST, BETWEEN[2]], {"global_bounds": 2}),
    "ramp": control(RAMP, BETWEEN, {"global_bounds": 2}),
}
CORRUPTIONS = [
    corruption("two inputs on a line", 0, ["vectors"], [[2, -2]], Rejected, "does not admit all regions of the leaf"),
    corruption("ramp", 0, ["vectors"], [[2]], Rejected, "needs 2 integers"),
    corruption("ramp", 0, ["vectors"], [[2, -1, 0]], Rejected, "needs 2 integers"),
    corruption("ramp", 0, ["scales"], ["4", "4"], Rejected, "expected 1 numbers"),
    corruption("ramp", 0, ["scales"], ["0"], Rejected, "must be positive"),
    corruption("ramp", 0, ["risk"], "13/10", Rejected, "proves less than the claimed bound"),
    corruption("ramp", 0, ["vectors"], [[1, -1]], Rejected, "does not admit all regions of the leaf"),
    corruption("ramp", 0, ["vectors"], [[-2, 1]], Rejected, "does not leave the dual point in the domain"),
    corruption("ramp", 0, ["scales"], ["1"], Rejected, "does not leave the dual point in the domain"),
    corruption("ramp", 0, ["scales"], ["-4"], Rejected, "must be positive"),
    corruption("ramp", 0, ["scales"], [], Rejected, "expected 1 numbers"),
    corruption("ramp", 0, ["scales"], ..., Malformed, "scales: is missing"),
    corruption("ramp", 0, ["tree"], [], Rejected, "ends too early"),
    corruption("ramp", 0, ["tree"], [0, 0], Rejected, "the tree ends before"),
]
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)
