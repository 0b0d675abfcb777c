"""The rule `face_region`: one face for all values of the symbols."""

import pytest

from tests.examples import layer, network, samples
from tests.kernel.accepted import case, claim
from tests.kernel.corruption import Json
from tests.kernel.labels.made import FOUR, ONE, SIDED, at, drawn
from tests.kernel.labels.test_face_radius import moved
from tests.kernel.rules import check_step, of, suite
from tests.oracles.network import Oracle

SLIDE: Json = {"rule": "face_region", "parameters": [layer([["3/2"]]), layer([["1"]])], "moves": [[["1"], ["0"]]],
               "multipliers": [[]]}  # fmt: skip
FIT: Json = {
    "rule": "face_region", "parameters": [layer([["3/10"], ["0"]], ["14/5", "1"]), layer([["1", "0"]], ["-3"])],
    "moves": [[["3/10"], ["-1/5"], ["0"]], None], "multipliers": [[], []], "shift": ["0"],
}  # fmt: skip
BENT: Json = {
    "rule": "face_region", "parameters": [layer([["-1"], ["-1"]], ["2", "3"]), layer([["1", "-1"]], ["1"])],
    "moves": [[["-1"], ["2"], ["0"]], [["-1"], ["3"], ["0"]]], "multipliers": [[["0", "0"]], [["0", "0"]]],
    "shift": ["1"],
}  # fmt: skip
EDGE: Json = {"rule": "face_region", "parameters": [layer([["1"]]), layer([["1"]])], "multipliers": [[]],
              "moves": [[["1", "-1"], ["0", "0"]]], "weights": [[], ["1"]]}  # fmt: skip
SHIFTED = SIDED | {"data": [{"x": [1], "y": ["1 + a - b"]}]}
# Two samples at one place: f is the mean of 1 + a and b.
PAIR = network([1, 1, 1], "relu", samples([1, 1], ["1 + a", "b"]), "1/2", bias=False,
               symbols={"a": [1, 2], "b": [1, 2]})  # fmt: skip
MEAN: Json = {"rule": "face_region", "parameters": [layer([["2"]]), layer([["1"]])], "multipliers": [[]],
              "moves": [[["1/2", "1/2"], ["0", "0"]]]}  # fmt: skip
# On the last piece of three: one condition for each end of a piece, of which there is one.
FLAT = network([1, 1, 1], "hardtanh", samples([1], ["a"]), bias=False, symbols={"a": [1, 2]})
LEVEL: Json = {"rule": "face_region", "parameters": [layer([["2"]]), layer([["3/2"]])], "multipliers": [[]],
               "moves": [[["2"], ["1"]]], "weights": [[], []]}  # fmt: skip
# f = v h(x/2) at x = 1, 2, 4: z = 1 on the second sample, 1 beyond; errors 2, −2, 1 pull at the kink with −1.
UPPER = network([1, 1, 1], "hardtanh", samples([1, 2, 4], ["1/2 a - 2", "a + 2", "a - 1"]), "1/2", bias=False,
                symbols={"a": [1, 2]})  # fmt: skip
BEYOND: Json = {"rule": "face_region", "parameters": [layer([["1/2"]]), layer([["3/2"]])],
                "multipliers": [[["-1", "0"]]], "moves": [[["1/2"], ["1"]]]}  # fmt: skip
TWO = network([2, 1, 1], "relu", samples([[1, 0], [0, 2]], ["a", "a"]), bias=False, symbols={"a": [1, 2]})
TURN: Json = {"rule": "face_region", "parameters": [layer([["3/2", "3/4"]]), layer([["1"]])], "multipliers": [[]],
              "moves": [[["1"], ["1/2"], ["0"]]]}  # fmt: skip
CONTROLS = {
    "two inputs": case(TWO, [TURN], claim("minimum_for_all", 0, domain="a in [1, 2]", face="11", formula="0")),
    "a kink at the second breakpoint": case(
        UPPER, [BEYOND], claim("minimum_for_all", 0, domain="a in [1, 2]", face="1[12]2", formula="9/2")),
    "two symbols": case(PAIR, [MEAN], claim(
        "minimum_for_all", 0, domain="a in [1, 2], b in [1, 2]", face="11",
        formula="1/4 + 1/2 a - 1/2 b + 1/4 a^2 - 1/2 a b + 1/4 b^2")),
    "the last of three pieces": case(
        FLAT, [LEVEL], claim("minimum_for_all", 0, domain="a in [1, 2]", face="2", formula="0")),
    "one sample": case(
        ONE, [SLIDE], claim("minimum_for_all", 0, domain="a in [1, 2]", face="1", formula="0")
    ),
    "the affine fit": case(FOUR, [FIT], claim("minimum_for_all", 0, domain="a in [0, 1]", face="1111,1111",
                                             formula="3/80 + 3/20 a + 3/20 a^2")),
    "two kinks": case(
        FOUR, [BENT], claim("minimum_for_all", 0, domain="a in [0, 1]", face="11[01]0,111[01]", formula="0")
    ),
    "side conditions": case(SHIFTED, [EDGE], claim(
        "minimum_for_all", 0, domain="a in [0, 1], b in [0, 1] with a - b > 0", face="1", formula="0")),
}  # fmt: skip
CORRUPTIONS = of("one sample", [
    ("it does not move", "steps[0].moves[0][0]", ["0"], "Rejected", "do not combine to its gradient for all labels"),
    ("another start", "steps[0].parameters[0].weight", [["1"]], "Rejected", "do not combine to its gradient"),
    ("a wrong cell", "steps[0].parameters[0].weight", [["-1"]], "Rejected", "claimed '1', proved '0'"),
    ("no parameters", "steps[0].parameters", ..., "Malformed", "is missing"),
    ("weights of nothing", "steps[0].weights", [["1"], []], "Rejected", "may give way"),
    ("too few weights", "steps[0].weights", [[]], "Rejected", "expected one list for each of the 2 conditions"),
    ("another face", "claims[0].face", "0", "Rejected", "proved '1'"),
]) + of("the affine fit", [
    ("slower", "steps[0].moves[0][0]", ["1/5"], "Rejected", "for all labels"),
    ("the idle unit moves", "steps[0].moves[1]", [["0"]] * 3, "Rejected", "is null exactly where"),
    ("the risk", "claims[0].formula", "3/20", "Rejected", "claimed '3/20', proved"),
]) + of("two kinks", [
    ("a multiplier", "steps[0].multipliers[0][0]", ["1", "0"], "Rejected", "do not combine to its gradient"),
    ("it leaves its kink", "steps[0].moves[0][1]", ["3"], "Rejected", "for all labels"),
]) + of("side conditions", [
    ("no weights", "steps[0].weights", ..., "Rejected", "the pre-activation of unit 1 at sample 1 may give way"),
    ("a negative weight", "steps[0].weights[1]", ["-1"], "Rejected", "must not be negative"),
    ("weights of too many", "steps[0].weights[1]", ["1", "1"], "Rejected", "may give way"),
]) + of("a kink at the second breakpoint", [
    ("no pull", "steps[0].multipliers[0][0]", ["0", "0"], "Rejected", "do not combine to its gradient"),
    ("it leaves the kink", "steps[0].moves[0]", [["1/2"], ["0"]], "Rejected",
     "has a first-order term in its output weight for some labels"),
])  # fmt: skip
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


def test_for_many_values_it_is_a_local_minimum() -> None:
    centre = 1 / 2
    for step in (FIT, BENT):
        for values in drawn(FOUR, 25):
            there = moved(step, step["parameters"], [values["a"] - type(values["a"])(centre)])
            assert Oracle(at(FOUR, values)).lower_nearby(there) is None
    for values in drawn(UPPER, 10):
        there = moved(BEYOND, BEYOND["parameters"], [values["a"] - type(values["a"])(3, 2)])
        assert Oracle(at(UPPER, values)).lower_nearby(there) is None


IDLE = "has output weight 0, and a kink that some labels pull at"
OFF: Json = [layer([["1"]], ["0"]), layer([["0"]])]
HIDDEN: Json = {"hidden": True, "output": False}


@pytest.mark.parametrize(
    ("document", "step", "reason"),
    [
        (  # an error at the kink at all labels but one
            network([1, 1, 1], "relu", samples([0], ["a"]), bias=HIDDEN, symbols={"a": [-1, 1]}),
            {"parameters": OFF, "multipliers": [[["0", "0"]]]}, IDLE,
        ),
        (  # the same error at all labels
            network([1, 1, 1], "relu", samples([0, -1], [1, "a"]), bias=HIDDEN, symbols={"a": [-1, 1]}),
            {"parameters": OFF, "multipliers": [[["0", "0"]]]}, IDLE,
        ),
        (  # a multiplier alone: the others' errors pull at the kink
            network([2, 1, 1], "relu", samples([[1, 0], [1, 1], [0, 1]], [0, "-a", "a"]), bias=False,
                    symbols={"a": [1, 2]}),
            {"parameters": [layer([["0", "1"]]), layer([["0"]])], "multipliers": [[["3/2", "1"]]]}, IDLE,
        ),
        (  # the same mean error at all labels
            network([1, 1, 1], "relu", samples([0], ["a"]), symbols={"a": [1, 2]}),
            {"parameters": [layer([["0"]], ["-1"]), layer([["0"]], ["5"])], "multipliers": [[]], "shift": ["1"]},
            "the residuals do not sum to 0 for all labels",
        ),
    ],
)  # fmt: skip
def test_with_output_weight_0(document: Json, step: Json, reason: str) -> None:
    """None of these points is a local minimum for all labels."""
    check_step(document, [{"rule": "face_region", "moves": [None]} | step], reason)
