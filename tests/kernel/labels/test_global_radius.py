"""The rule `global_radius`: the tree of a global minimum for all labels in a box."""

import copy
import json
import random
from fractions import Fraction

from symverify import loads
from symverify.certify.certificate import Certificate
from symverify.kernel.labels.face_radius import FaceRadius
from tests.examples import layer, network, samples
from tests.kernel.accepted import case, claim, point
from tests.kernel.corruption import Json
from tests.kernel.rules import check_step, of, suite

F = Fraction
PAIR = network([1, 1, 1], "relu", samples([1, -1], [2, -1]), "1/2", bias=False)  # one of the two is fitted: the first
AT = [layer([["2"]]), layer([["1"]])]
FACE: Json = {"rule": "face_radius", "from": {"point": 0}, "moves": [[["1", "0"], ["0", "0"]]], "multipliers": [[]]}
STEP: Json = {"rule": "global_radius", "from": {"face": 1}, "radius": "1/2", "vectors": [[1, 0]], "tree": [-1, 1, 0]}
ONE = network([1, 1, 1], "relu", samples([1], [1]), bias=False)
ON = [layer([["1"]]), layer([["1"]])]
SLIDE: Json = {"rule": "face_radius", "from": {"point": 0}, "moves": [[["1"], ["0"]]], "multipliers": [[]]}
# h is odd: f = v h(w) (1, −1), and the errors are the mean of the labels, on both samples alike.
ODD = network([1, 1, 1], "hardtanh", samples([1, -1], [2, -1]), "1/2", bias=False)
MIDDLE: list[Json] = [
    point([layer([["1/2"]]), layer([["3"]])]),
    {"rule": "face_radius", "from": {"point": 0}, "moves": [[["1/2", "-1/2"], ["0", "0"]]], "multipliers": [[]]},
    {"rule": "global_radius", "from": {"face": 1}, "radius": "3/2", "vectors": [], "tree": [0]},
]
# And even: f = v |w| (1, 1), and the errors are opposite.
EVEN = ODD | {"activation": "abs"}
MEAN: list[Json] = [
    point([layer([["1/2"]]), layer([["1"]])]),
    {"rule": "face_radius", "from": {"point": 0}, "moves": [[["1/2", "1/2"], ["0", "0"]]], "multipliers": [[]]},
    {"rule": "global_radius", "from": {"face": 1}, "radius": "1/2", "vectors": [], "tree": [0]},
]


def stated(step: int, risk: str, radius: str, exact: bool = False, beyond: str | None = None) -> Json:
    """The claim."""
    return claim("global_radius", step, risk=risk, radius=radius, exact=exact, beyond=beyond)


LINE = network([2, 1, 1], "relu", samples([[1, 1], [-1, -1]], [2, -1]), "1/2", bias=False)
HALVED = FACE | {"moves": [[["1/2", "0"], ["1/2", "0"], ["0", "0"]]]}
# An affine unit and an output bias: what both leave is (1, −2, 1), the direction of the errors.
AFFINE = network([1, 1, 1], "identity", samples([-1, 0, 1], [1, 0, 2]), "1/2", bias={"hidden": False, "output": True})
LEVEL: list[Json] = [
    point([layer([["1/2"]]), layer([["1"]], ["1"])]),
    {"rule": "face_radius", "from": {"point": 0}, "moves": [[["-1/2", "0", "1/2"], ["0"] * 3]],
     "shift": ["1/3"] * 3, "multipliers": [[]]},
    {"rule": "global_radius", "from": {"face": 1}, "radius": "1/2", "vectors": [[1, -2, 1]], "tree": [-1, 1, 0]},
]  # fmt: skip
BEYOND: Json = STEP | {"from": {"face": 1, "better": 2}, "beyond": ["-51/100", "-51/100"]}
CONTROLS = {
    "an output bias": case(AFFINE, LEVEL, stated(2, "3/4", "1/2")),
    "two inputs on a line": case(
        LINE, [point([layer([["1", "1"]]), layer([["1"]])]), HALVED, STEP], stated(2, "1/2", "1/2")),
    "an even activation": case(EVEN, MEAN, stated(2, "9/4", "1/2", exact=True)),
    "beyond": case(
        PAIR, [point(AT), FACE, point([layer([["-151/100"]]), layer([["-1"]])]), BEYOND],
        stated(3, "1/2", "1/2", beyond="51/100"),
    ),
    "an odd activation": case(ODD, MIDDLE, stated(2, "1/4", "3/2")),
    "two samples": case(PAIR, [point(AT), FACE, STEP], stated(2, "1/2", "1/2")),
    "nearer": case(
        PAIR, [point(AT), FACE, STEP | {"radius": "1/3"}], stated(2, "1/2", "1/3")
    ),
    "no errors": case(
        ONE, [point(ON), SLIDE, {"rule": "global_radius", "from": {"face": 1}}],
        stated(2, "0", "1", exact=True),
    ),
}  # fmt: skip
CORRUPTIONS = of("two samples", [
    ("farther", "steps[2].radius", "51/100", "Rejected", "global_radius: proves less than the claimed bound"),
    ("none", "steps[2].radius", "0", "Rejected", "is not positive, or beyond that of the face"),
    ("beyond the face", "steps[2].radius", "3", "Rejected", "is not positive, or beyond that of the face"),
    ("a worse vector", "steps[2].vectors", [[1, -1]], "Rejected", "or it does not admit all regions of the leaf"),
    ("another vector", "steps[2].vectors", [[0, -1]], "Rejected", "does not admit all regions of the leaf"),
    ("zero", "steps[2].vectors", [[0, 0]], "Rejected", "needs 2 integers"),
    ("too long", "steps[2].vectors", [[1, 0, 0]], "Rejected", "needs 2 integers"),
    ("too short", "steps[2].vectors", [[1]], "Rejected", "needs 2 integers"),
    ("leaves exchanged", "steps[2].tree", [-1, 0, 1], "Rejected", "does not admit all regions of the leaf"),
    ("the errors everywhere", "steps[2].tree", [0], "Rejected", "does not admit all regions of the leaf"),
    ("a leaf left out", "steps[2].tree", [-1, 1], "Rejected", "ends too early"),
    ("a vector too many", "steps[2].vectors", [[1, 0], [1, 0]], "Rejected", "not all are used"),
    ("no tree", "steps[2].tree", ..., "Malformed", "is missing"),
    ("a point as face", "steps[2].from.face", 0, "Rejected", "expected FaceRadius"),
    ("a larger radius", "claims[0].radius", "1", "Rejected", "claimed '1', proved '1/2'"),
]) + of("an output bias", [
    ("of sum 1", "steps[2].vectors", [[1, -1, 1]], "Rejected", "with an output bias of sum 0"),
    ("the other way", "steps[2].vectors", [[-1, 2, -1]], "Rejected", "proves less than the claimed bound for some"),
    ("farther", "steps[2].radius", "4/5", "Rejected", "proves less than the claimed bound for some labels"),
]) + of("beyond", [
    ("labels at which it is not lower", "steps[3].beyond", ["1/2", "-1/2"], "Rejected", "is no label vector for which"),
    ("labels at which it is as low", "steps[3].beyond", ["-49/100", "-51/100"], "Rejected", "is no label vector for"),
    ("one label", "steps[3].beyond", ["-51/100"], "Malformed", "expected 2 changes, one per sample"),
    ("no labels", "steps[3].beyond", ..., "Malformed", "unknown key"),
    ("no point", "steps[3].from.better", 1, "Rejected", "expected Evaluated"),
    ("nearer", "claims[0].beyond", "1/2", "Rejected", "claimed '1/2', proved '51/100'"),
]) + of("no errors", [
    ("a tree of no use", "steps[2].tree", [0], "Malformed", "unknown key"),
])  # fmt: skip
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


def least(y: list[Fraction]) -> Fraction:
    """Of PAIR with these labels: a unit is on at one of the samples, with a weight of any sign."""
    return min(y[1] * y[1], y[0] * y[0]) / 2


def test_inside_it_is_the_least_risk_and_outside_not() -> None:
    rng = random.Random(5)
    for _ in range(100):
        y = [F(2) + F(rng.randint(-499, 499), 1000), F(-1) + F(rng.randint(-499, 499), 1000)]
        assert least(y) == y[1] * y[1] / 2
    beyond = [F(2) - F(51, 100), F(-1) - F(51, 100)]
    assert least(beyond) < beyond[1] * beyond[1] / 2


def test_many_samples_are_declined() -> None:
    from tests.kernel.corruption import certificate, outcome

    n = 11
    many = network([1, 1, 1], "identity", samples([1] * n, [2, *[1] * (n - 1)]), bias=False)
    at = [layer([["12/11"]]), layer([["1"]])]
    face = FACE | {"moves": [[["1/11"] * n, ["0"] * n]]}
    steps = [point(at), face, STEP | {"vectors": [], "tree": [0], "radius": "1/10"}]
    verdict, why = outcome(many, certificate(many, steps, [{"claim": "x", "verdict": "proved", "step": 2}]))
    assert (verdict, "corners" in why) == ("Declined", True)


def test_other_losses_are_refused() -> None:
    huber = copy.deepcopy(PAIR) | {"loss": "huber"}
    check_step(huber, [point(AT), FACE], "is not a rule for the huber loss")


def test_a_face_without_room_says_nothing_of_other_labels() -> None:
    """Collinear kinks of the unit that is off: the multipliers d · (1, −2, 1) keep their signs for no d but 0."""
    three = network([1, 3, 1], "relu", samples([0, 1, 2], [1, 2, 4]), bias={"hidden": True, "output": False})
    at = [layer([["0"], ["2"], ["0"]], ["1", "-1", "0"]), layer([["1", "1", "1"]])]
    zero = ["0"] * 3
    moves = [
        [["0", "-1", "1"], ["1", "0", "0"], zero], [zero, ["-1", "2", "-1"], zero], [zero, zero, zero]
    ]  # fmt: skip
    multipliers = [[], [], [["0", "1", "0", "0"], ["0", "-2", "0", "0"], ["0", "1", "0", "0"]]]
    face = {"rule": "face_radius", "from": {"point": 0}, "moves": moves, "multipliers": multipliers}
    made = Certificate(loads(json.dumps(three)).problem)
    start = made.step("point", parameters=at)
    room = made.fact(made.step("face_radius", {"point": start}, moves=moves, multipliers=multipliers))
    assert isinstance(room, FaceRadius)
    assert (room.radius, any(map(any, room.errors))) == (0, False)
    steps = [point(at), face, {"rule": "global_radius", "from": {"face": 1}}]
    check_step(three, steps, "its radius is 0, so it says nothing of other labels")
