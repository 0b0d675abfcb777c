"""The rule `restricted_lower_bound`: a tree of splits where the signs of frozen output weights are known."""

from tests.kernel.accepted import Case, case, claim, point
from tests.kernel.corruption import Json
from tests.kernel.programs.test_restricted_face_minimum import TWO, network, skip
from tests.kernel.rules import check_step, of, suite


def frozen() -> Case:
    """v = 1: the unit adds nothing negative, so that the label −2 costs 4."""
    document = network(1, "relu", 1, TWO, {"z": {"weight": [["1"]]}})
    return case(document, [point(), bound("4", [[-1, 0]], [0]), MEET], MINIMUM | {"risk": "4"})


def bound(risk: str, vectors: Json, tree: Json) -> Json:
    """The step."""
    return {"rule": "restricted_lower_bound", "risk": risk, "vectors": vectors, "tree": tree}


MEET: Json = {"rule": "global_minimum", "from": {"bound": 1, "point": 0}}
MINIMUM: Json = claim("global_minimum", 2, attained=True)
CONTROLS = {"frozen": frozen()}
CORRUPTIONS = of("frozen", [
    ("too high", "steps[1].risk", "9/2", "Rejected", "proves less than the claimed bound"),
    ("no risk", "steps[1].risk", ..., "Malformed", "steps[1].risk: is missing"),
    ("not positive", "steps[1].risk", "0", "Rejected", "needs no proof"),
    ("another vector", "steps[1].vectors[0]", [-1, 1], "Rejected", "does not admit all regions"),
    ("short vector", "steps[1].vectors[0]", [-1], "Rejected", "needs 2 integers"),
    ("upwards", "steps[1].vectors[0]", [1, 0], "Rejected", "proves less than the claimed bound"),
    ("no leaf", "steps[1].tree", [], "Rejected", "ends too early"),
    ("too much", "steps[1].tree", [0, 0], "Rejected", "the tree ends before"),
    ("unused vector", "steps[1].vectors", [[-1, 0], [-1, 0]], "Rejected", "not all are used"),
])  # fmt: skip
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


def test_a_free_weight_has_both_signs() -> None:
    """The same vector does not serve a unit that may be subtracted."""
    free = network(1, "relu", True, TWO, {"z": {"weight": [["1"]]}, "f": {"weight": [["1"]]}})
    check_step(free, [point(), bound("4", [[-1, 0]], [0])], "does not admit all regions of the leaf")
    below = network(1, "relu", -1, TWO, {"z": {"weight": [["1"]]}})
    check_step(below, [point(), bound("4", [[-1, 0]], [0])], "does not admit all regions of the leaf")


def test_what_enters_linearly_must_not_see_the_vector() -> None:
    check_step(skip().network, [point(), bound("1", [[1, -2, 2]], [0])], "is not orthogonal to what enters the predict")
    check_step(skip().network, [point(), bound("1", [[1, 0, -1]], [0])], "is not orthogonal to what enters the predict")


def test_programs_of_another_form_are_refused() -> None:
    two = network(1, "relu", 1, TWO, {"z": {"weight": [["1"]]}})
    two["program"][3]["bias"] = [3]
    check_step(two, [point(), bound("4", [[-1, 0]], [0])], "a number that is not free is added to the prediction")
    nothing = network(1, "relu", 0, TWO, {"z": {"weight": [["1"]]}})
    check_step(nothing, [point(), bound("4", [[-1, 0]], [0])], "needs a bent unit whose output weight is not 0")
