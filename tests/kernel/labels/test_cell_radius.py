"""The rule `cell_radius`: the same components for all labels in a box, by its corners."""

import copy
from fractions import Fraction

import pytest

from tests.examples import layer, network, samples
from tests.kernel.accepted import case, claim, point
from tests.kernel.cells.test_cell_minima import CONTROLS as NO_MINIMA
from tests.kernel.corruption import Json, certificate, outcome
from tests.kernel.rules import check_step, of, suite
from tests.oracles.strata import Strata

F = Fraction
ONE = network([1, 1, 1], "relu", samples([1], [1]), bias=False)
MINUS: Json = {"vector": ["-1"], "multipliers": [None, ["0", "1"]]}
INSIDE = [point([layer([["1"]]), layer([["0"]])]), {
    "rule": "cell_minima", "from": {"point": 0}, "best": ["1"], "separators": [MINUS],
    "witnesses": [[layer([["1"]]), layer([["1"]])]],
}]  # fmt: skip
STEP: Json = {
    "rule": "cell_radius", "from": {"minima": 1}, "radius": "1", "separators": [dict(MINUS)],
    "reached": [{"slots": [0], "corners": [[["2", "1"]], [["0", "1"]]]}],
}  # fmt: skip
STATED = claim("cell_radius", 2, cell="1", components=1, orbits=1, radius="1", exact=False)
OFF = [point([layer([["-1"]]), layer([["0"]])]), {
    "rule": "cell_minima", "from": {"point": 0}, "best": ["0"], "separators": [],
    "witnesses": [[layer([["-1"]]), layer([[v]])] for v in ("0", "1", "-1")],
}]  # fmt: skip
# on the other side nothing depends on the labels: any radius will do, all three types are there
ALL: Json = {
    "rule": "cell_radius", "from": {"minima": 1}, "radius": "100", "separators": [],
    "reached": [{"slots": [], "corners": [[], []]}, {"slots": [0], "corners": [[["-1", "1"]]] * 2},
                {"slots": [1], "corners": [[["-1", "1"]]] * 2}],
}  # fmt: skip
# Two classes: unit 1 on at x = 1, unit 2 at x = −1; only + of the first and − of the second predict (1, −1).
TWO = network([1, 2, 1], "relu", samples([1, -1], [1, -1]), bias=False)
FIRST: Json = {"vector": ["-1", "0"], "multipliers": [None, ["0", "1", "0"], ["0"] * 3, ["0"] * 3]}
SECOND: Json = {"vector": ["0", "1"], "multipliers": [["0"] * 3, ["0"] * 3, ["0", "1", "0"], None]}
APART = [point([layer([["1"], ["-1"]]), layer([["1", "-1"]])]), {
    "rule": "cell_minima", "from": {"point": 0}, "best": ["1", "-1"], "separators": [FIRST, SECOND],
    "witnesses": [[layer([["1"], ["-1"]]), layer([["1", "-1"]])]],
}]  # fmt: skip
BOTH: Json = {
    "rule": "cell_radius", "from": {"minima": 1}, "radius": "1", "separators": [FIRST, SECOND],
    "reached": [{"slots": [0, 3], "corners": [
        [["2", "1"], ["0", "1"]], [["2", "1"], ["-2", "1"]], [["0", "1"], ["0", "2"]], [["0", "0"], ["-2", "0"]],
    ]}],
}  # fmt: skip
# With an output bias: on at x = 1, off at x = −1; f = (c + w v, c).
LEVEL = network([1, 1, 1], "relu", samples([1, -1], [1, 0]), bias={"hidden": False, "output": True})
DOWN: Json = {"vector": ["-1", "1"], "multipliers": [None, ["0", "1", "0"]]}
ABOVE = [point([layer([["1"]]), layer([["0"]], ["0"])]), {
    "rule": "cell_minima", "from": {"point": 0}, "best": ["1", "0"], "separators": [DOWN],
    "witnesses": [[layer([["1"]]), layer([["1"]], ["0"])]],
}]  # fmt: skip
RAISED: Json = {
    "rule": "cell_radius", "from": {"minima": 1}, "radius": "1/2", "separators": [DOWN],
    "reached": [{"slots": [0], "corners": [
        [["1", "1"], ["1/2"]], [["2", "1"], ["-1/2"]], [["0", "3"], ["1/2"]], [["1", "0"], ["-1/2"]],
    ]}],
}  # fmt: skip
LOST: Json = {"slots": [0], "corner": 1, "vector": ["1"], "multipliers": [["0", "1"], None]}  # at y − 1 = 0
GAINED: Json = {"slots": [], "labels": ["-1"], "vectors": []}
# y = 0 at a corner of the first label, of the second: there the weight of this unit is lost.
ENDS: Json = {
    "slots": [0, 3],
    "corner": 3,
    "vector": ["1", "0"],
    "multipliers": [["0", "1", "0"], None, ["0"] * 3, ["0"] * 3],
}
# Two inputs: the closed cone holds a line.
PLANE = network([2, 1, 1], "relu", samples([[1, 1]], [1]), bias=False)
ACROSS = [point([layer([["1", "1"]]), layer([["0"]])]), INSIDE[1] | {
    "witnesses": [[layer([["2", "-1"]]), layer([["1"]])]]}]  # fmt: skip
WIDE: Json = STEP | {"reached": [{"slots": [0], "corners": [[["3", "-1", "1"]], [["5", "-5", "1"]]]}]}
CONTROLS = {
    "two inputs": case(PLANE, [*ACROSS, WIDE], STATED),
    "apart, lost": case(TWO, [*APART, BOTH | {"edge": ENDS}], STATED | {"cell": "10,01", "exact": True}),
    "an output bias": case(
        LEVEL, [*ABOVE, RAISED], STATED | {"cell": "10", "radius": "1/2"}),
    "apart": case(TWO, [*APART, BOTH], STATED | {"cell": "10,01"}),
    "on": case(ONE, [*INSIDE, STEP], STATED),
    "on, lost": case(ONE, [*INSIDE, STEP | {"edge": LOST}], STATED | {"exact": True}),
    "on, of the other sign": case(ONE, [*INSIDE, STEP | {"edge": {
        "slots": [1], "labels": ["-1"], "vectors": [["0", "1"]]}}], STATED | {"exact": True}),
    "on, another": case(ONE, [*INSIDE, STEP | {"edge": GAINED}], STATED | {"exact": True}),
    "nearer": case(ONE, [*INSIDE, STEP | {"radius": "1/2", "reached": [
        {"slots": [0], "corners": [[["3/2", "1"]], [["1/2", "7"]]]}]}],
        STATED | {"radius": "1/2"}),
    "off": case(ONE, [*OFF, ALL], claim("cell_radius", 2, cell="0", components=1, orbits=1, radius="100", exact=False)),
}  # fmt: skip
CORNERS = "steps[2].reached[0].corners"
CORRUPTIONS = of("on", [
    ("a larger radius", "steps[2].radius", "2", "Rejected", "does not predict the best fit"),
    ("no radius", "steps[2].radius", "0", "Rejected", "is not positive"),
    ("another fit", f"{CORNERS}[0]", [["1", "1"]], "Rejected", "[0]: cell_radius: does not predict the best fit"),
    ("outside the cone", f"{CORNERS}[1]", [["-1", "1"]], "Rejected", "has a vector outside its closed cone"),
    ("a negative weight", f"{CORNERS}[0]", [["2", "-1"]], "Rejected", "has a vector outside its closed cone"),
    ("a corner left out", CORNERS, [[["2", "1"]]], "Malformed", "expected 2 corners, got 1"),
    ("two vectors", f"{CORNERS}[0]", [["2", "1"], ["0", "0"]], "Rejected", "has not one vector for each slot"),
    ("another type", "steps[2].reached[0].slots", [1], "Rejected", "type 10 has no minima, or is named twice"),
    ("a slot twice", "steps[2].reached[0].slots", [0, 0], "Rejected", "names a slot that there is not, or one twice"),
    ("no slot", "steps[2].reached[0].slots", [2], "Rejected", "names a slot that there is not, or one twice"),
    ("a type left out", "steps[2].reached", [], "Rejected", "leaves out 1 types with minima"),
    ("no separator", "steps[2].separators", [], "Rejected", "leave out the type 00"),
    ("a separator of nothing", "steps[2].separators[0].multipliers", [None, None], "Rejected", "leave out the type 10"),
    ("a separator that is 0", "steps[2].separators", [MINUS | {"multipliers": [None, None]}, {"vector": ["0"],
     "multipliers": [["0", "0"], ["0", "0"]]}], "Rejected", "leave out the type 10"),
    ("a separator with a wrong sign", "steps[2].separators[0].vector", ["1"], "Rejected",
     "multipliers[1] do not combine to the vector's pull"),
    ("far beyond", "steps[2].reached[0].slots", [5], "Rejected", "names a slot that there is not, or one twice"),
    ("one that the best fit crosses", "steps[2].separators", [dict(MINUS), {"vector": ["1/4"], "multipliers": [
        ["0", "1/4"], None]}], "Rejected", "separators[1]: cell_radius: is positive on the best fit for some labels"),
    ("a point as minima", "steps[2].from.minima", 0, "Rejected", "expected CellMinima"),
    ("other components", "claims[0].components", 2, "Rejected", "claimed 2, proved 1"),
    ("unknown key", "steps[2].best", ["1"], "Malformed", "unknown key"),
]) + of("on, lost", [
    ("the other corner", "steps[2].edge.corner", 0, "Rejected", "does not lose the type beyond the corner"),
    ("no corner", "steps[2].edge.corner", 2, "Rejected", "has no such corner"),
    ("a type without minima", "steps[2].edge.slots", [1], "Rejected", "or no vector that admits a type with minima"),
    ("a type without units", "steps[2].edge.slots", [], "Rejected", "or no vector that admits a type with minima"),
    ("a vector that does not admit it", "steps[2].edge", LOST | {"vector": ["-1"], "multipliers": MINUS["multipliers"]},
     "Rejected", "or no vector that admits a type with minima"),
    ("a vector of nothing", "steps[2].edge", LOST | {"vector": ["0"], "multipliers": [["0", "0"]] * 2}, "Rejected",
     "does not lose the type"),
    ("wrong multipliers", "steps[2].edge.multipliers", [["1", "1"], None], "Rejected", "do not combine"),
    ("both kinds", "steps[2].edge.labels", ["-1"], "Malformed", "unknown key"),
    ("not said", "claims[0].exact", False, "Rejected", "claimed false, proved true"),
]) + of("two inputs", [
    ("a vector of two numbers", f"{CORNERS}[0]", [["2", "1"]], "Rejected", "has not one vector for each slot"),
    ("of four", f"{CORNERS}[0]", [["2", "0", "1", "0"]], "Rejected", "has not one vector for each slot"),
    ("another fit", f"{CORNERS}[0]", [["3", "1", "1"]], "Rejected", "does not predict the best fit"),
]) + of("apart, lost", [
    ("a corner of a larger label", "steps[2].edge.corner", 1, "Rejected", "does not lose the type beyond the corner"),
    ("no corner", "steps[2].edge.corner", 4, "Rejected", "has no such corner"),
    ("far beyond", "steps[2].edge.corner", 9, "Rejected", "has no such corner"),
    ("wrong multipliers", "steps[2].edge.multipliers[0]", ["0", "2", "0"], "Rejected", "do not combine"),
]) + of("nearer", [
    ("not lost so near", "steps[2].edge", LOST, "Rejected", "does not lose the type beyond the corner"),
    # One unit has one sign: 2 w − w fits the label, but no network does so, and the radius is 1.
    ("of two signs of one unit", "steps[2].edge", {"slots": [0, 1], "labels": ["0"],
     "vectors": [["2", "1"], ["1", "1"]]}, "Rejected", "is about a type that takes more units than there are"),
    ("farther than the radius", "steps[2].edge", GAINED, "Rejected", "or labels farther away"),
]) + of("on, another", [
    ("one with minima", "steps[2].edge.slots", [0], "Rejected", "is about a type with minima"),
    ("not the best fit", "steps[2].edge.labels", ["-1/2"], "Rejected", "edge: cell_radius: does not predict"),
    ("farther away", "steps[2].edge.labels", ["-2"], "Rejected", "or labels farther away"),
    ("a vector of no slot", "steps[2].edge.vectors", [["0", "1"]], "Rejected", "has not one vector for each slot"),
    ("outside the cone", "steps[2].edge", GAINED | {"slots": [1], "vectors": [["-1", "0"]]}, "Rejected",
     "outside its closed cone"),
]) + of("off", [
    ("a type left out", "steps[2].reached", ALL["reached"][1:], "Rejected", "leaves out 1 types"),
    ("a type twice", "steps[2].reached", [*ALL["reached"], ALL["reached"][0]], "Rejected", "or is named twice"),
]) + of("an output bias", [
    ("another bias", "steps[2].reached[0].corners[1][1]", ["0"], "Rejected", "does not predict the best fit"),
    ("no bias", "steps[2].reached[0].corners[1]", [["2", "1"]], "Rejected", "has not one vector for each slot"),
    ("two numbers as bias", "steps[2].reached[0].corners[1][1]", ["-1/2", "0"], "Rejected", "has not one vector"),
]) + of("apart", [
    ("farther", "steps[2].radius", "2", "Rejected", "corners[0]: cell_radius: does not predict the best fit"),
    ("the other order of slots", "steps[2].reached[0].corners[0]", [["0", "1"], ["2", "1"]], "Rejected",
     "corners[0]: cell_radius: has a vector outside its closed cone"),
    ("the wrong signs", "steps[2].reached[0].slots", [1, 2], "Rejected", "type 0110 has no minima"),
    ("a slot beyond", "steps[2].reached[0].slots", [0, 4], "Rejected", "names a slot that there is not, or one twice"),
    ("a negative slot", "steps[2].reached[0].slots", [0, -1], "Malformed", "expected a whole number"),
    ("without the first separator", "steps[2].separators", [SECOND], "Rejected", "leave out the type 1000"),
    ("without the second", "steps[2].separators", [FIRST], "Rejected", "leave out the type 0001"),
])  # fmt: skip
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


def test_a_face_is_no_cell() -> None:
    origin = [point([layer([["0"]]), layer([["0"]])]), {
        "rule": "cell_minima", "from": {"point": 0}, "best": ["0"], "separators": [],
        "witnesses": [[layer([["0"]]), layer([["-1"]])]],
    }]  # fmt: skip
    check_step(ONE, [*origin, STEP], "is about no cell with minima")
    empty = NO_MINIMA["one unit"]
    check_step(empty.network, [*empty.proof["steps"], STEP | {"reached": []}], "is about no cell with minima")


def test_other_losses_are_refused() -> None:
    huber = ONE | {"loss": {"name": "huber", "reduction": "sum", "delta": 5}}
    check_step(huber, [*INSIDE, STEP], "is not a rule for the huber loss")


def test_many_samples_are_declined() -> None:
    many, none = network([1, 1, 1], "relu", samples([1] * 11, [1] * 11), bias=False), ["0"] * 11
    steps = [OFF[0], OFF[1] | {"best": none}, ALL]
    proof = certificate(many, steps, [{"claim": "x", "verdict": "proved", "step": 2}])
    assert outcome(many, proof) == ("Declined", "the labels' box has more than 1024 corners")


@pytest.mark.parametrize(("size", "same"), [("99/100", True), ("101/100", False)])
def test_just_inside_the_signs_are_the_same_and_just_outside_not(size: str, same: bool) -> None:
    """At 1 − size the only label changes its sign: then no weight of sign + fits it, but one of sign − does."""
    found = copy.deepcopy(ONE)
    found["data"][0]["y"] = [str(1 - F(size))]
    signs = Strata(found, [layer([["1"]]), layer([["1"]])]).sign_vectors([1 - F(size)], [F(0)])
    assert (signs == [(1,)]) == same
