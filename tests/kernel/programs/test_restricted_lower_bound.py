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


def program(last: Json, data: Json, *more: Json, units: int = 1, loss: Json = None, **hidden: Json) -> Json:
    """x → z → a, perhaps more nodes, → f; the sum of squares."""
    return {
        "format": "symverify-network/1",
        "program": [
            {"name": "x", "op": "input", "shape": [len(data[0]["x"])]},
            {"name": "z", "op": "affine", "from": "x", "units": units, "bias": False, **hidden},
            {"name": "a", "op": "activation", "from": "z", "activation": "relu"},
            *more,
            {"name": "f", "op": "affine", "from": "a", "units": 1, "bias": False} | last,
        ],
        "loss": loss or {"name": "squared", "reduction": "sum"},
        "data": data,
    }


def lies(document: Json, at: Json, risk: str, upper: str, vectors: Json, tree: Json = (0,)) -> Case:
    """The bound and a point above it."""
    steps = [bound(risk, vectors, list(tree)), point(at), {"rule": "bracket", "from": {"bound": 0, "point": 1}}]
    return case(document, steps, claim("global_bounds", 2, lower=risk, upper=upper))


def data(xs: Json, ys: Json) -> Json:
    """One input each."""
    return [{"x": [x], "y": [y]} for x, y in zip(xs, ys, strict=True)]


MIRRORED = data([-1, 1], [2, -1])
RAMP = data([1, 2], [2, 1])
PEAK = data([-1, 0, 1], [-1, 2, -1])
TWICE: Json = {"name": "t", "op": "batch_norm", "from": "a", "scale": [-2], "shift": [0]}
ADDED: Json = {"name": "s", "op": "sum", "from": ["a", "t"]}
SKIP: Json = {"name": "j", "op": "concat", "from": ["a", "x"]}
OTHER: Json = {"name": "y", "op": "affine", "from": "x", "units": 1}
BENT: Json = {"name": "b", "op": "activation", "from": "y", "activation": "relu"}
BOTH: Json = {"name": "j", "op": "concat", "from": ["a", "b"]}
PLUS: Json = {"weight": 1}
Z = {"z": {"weight": [["0"]]}}
MEET: Json = {"rule": "global_minimum", "from": {"bound": 1, "point": 0}}
MINIMUM: Json = claim("global_minimum", 2, attained=True)
CONTROLS = {
    "frozen": frozen(),
    "below": lies(program({"weight": -1}, MIRRORED), Z, "4", "5", [[1, 0]]),
    # What it is multiplied by in all decides: 1 − 2.
    "two paths": lies(program(PLUS | {"from": "s"}, MIRRORED, TWICE, ADDED), Z, "4", "5", [[1, 0]]),
    "paths that cancel": lies(
        program(
            {"from": "s", "weight": [[1, 2]]},
            TWO,
            {"name": "t", "op": "batch_norm", "from": "a", "scale": [-1, 1], "shift": [0, 0]},
            {"name": "s", "op": "sum", "from": ["a", "t"]},
            units=2,
        ),
        {"z": {"weight": [["0"], ["0"]]}},
        "4",
        "5",
        [[-1, 0]],
    ),
    "no bias": lies(program(PLUS, RAMP), Z, "9/5", "5", [[2, -1]]),
    "both signs": lies(program({}, RAMP), Z | {"f": {"weight": [["0"]]}}, "9/5", "5", [[2, -1]]),
    # f = relu(w x) + s x + c: the vector sees neither x nor 1.
    "beside the input": lies(
        program({"from": "j", "weight": [[1, None]], "bias": True}, PEAK, SKIP),
        Z | {"f": {"weight": [[None, "0"]], "bias": ["0"]}},
        "6",
        "6",
        [[-1, 2, -1]],
    ),
    "a product beside it": lies(
        program(
            {"from": "j", "weight": [[1, 1]]},
            data([-1, 0, 1], [1, 4, 1]),
            {"name": "y", "op": "affine", "from": "x", "units": 1, "bias": False},
            {"name": "u", "op": "affine", "from": "y", "units": 1, "bias": False},
            {"name": "j", "op": "concat", "from": ["a", "u"]},
        ),
        Z | {"y": {"weight": [["0"]]}, "u": {"weight": [["0"]]}},
        "16",
        "18",
        [[0, 1, 0]],
    ),
    "two nodes": lies(
        program({"from": "j", "weight": 1}, TWO, OTHER, BENT, BOTH),
        Z | {"y": {"weight": [["0"]], "bias": ["0"]}},
        "4",
        "5",
        [[-1, 0]],
    ),
    # Three units of a sign: two on two samples; a split by the first side of a unit has three children.
    "more units than samples": lies(
        program({"weight": 1}, RAMP, units=3), {"z": {"weight": [["0"]] * 3}}, "9/5", "5", [[2, -1]], [-2, 0, 0, 0]
    ),
    "fewer units than samples": lies(program({"weight": 1}, RAMP), Z, "9/5", "5", [[2, -1]], [-2, 0, 0]),
    "the mean": lies(program(PLUS, TWO, loss="squared"), Z, "2", "5/2", [[-1, 0]]),
    "absolute": lies(program(PLUS, TWO, loss={"name": "absolute", "reduction": "sum"}), Z, "2", "3", [[-1, 0]]),
    "small labels": lies(program(PLUS, data([-1, 1], ["-1/2", "1/4"])), Z, "1/4", "5/16", [[-1, 0]]),
    "two vectors": lies(program(PLUS, TWO), Z, "4", "5", [[-1, 0], [-2, 0]], [-2, 0, 1]),
}
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
    ("no vector", "steps[1].vectors", [], "Rejected", "there is no vector 0"),
]) + of("two paths", [
    ("one path", "steps[0].vectors[0]", [-1, 0], "Rejected", "proves less than the claimed bound"),
]) + of("more units than samples", [
    ("as if one", "steps[0].tree", [-2, 0, 0], "Rejected", "ends too early"),
    ("as if three", "steps[0].tree", [-2, 0, 0, 0, 0], "Rejected", "the tree ends before"),
    ("a third unit", "steps[0].tree", [-8, 0, 0], "Rejected", "there is no unit 2"),
]) + of("fewer units than samples", [
    ("as if two", "steps[0].tree", [-2, 0, 0, 0], "Rejected", "the tree ends before"),
]) + of("beside the input", [
    ("sees the input", "steps[0].vectors[0]", [-2, 2, 0], "Rejected", "is not orthogonal to what enters the predict"),
    ("sees 1", "steps[0].vectors[0]", [-1, 3, -1], "Rejected", "is not orthogonal to what enters the prediction"),
    ("too high", "steps[0].risk", "13/2", "Rejected", "proves less than the claimed bound"),
]) + of("a product beside it", [
    ("sees the input", "steps[0].vectors[0]", [0, 1, -1], "Rejected", "is not orthogonal to what enters the predict"),
]) + of("the mean", [
    ("as if summed", "steps[0].risk", "4", "Rejected", "proves less than the claimed bound"),
    ("slightly more", "steps[0].risk", "2001/1000", "Rejected", "proves less than the claimed bound"),
]) + of("absolute", [
    ("as if squared", "steps[0].risk", "4", "Rejected", "proves less than the claimed bound"),
    ("slightly more", "steps[0].risk", "2001/1000", "Rejected", "proves less than the claimed bound"),
]) + of("no bias", [
    ("zero", "steps[0].vectors[0]", [0, 0], "Rejected", "proves less than the claimed bound"),
    ("negative", "steps[0].risk", "-1", "Rejected", "needs no proof"),
    ("slightly more", "steps[0].risk", "1801/1000", "Rejected", "proves less than the claimed bound"),
    ("orthogonal to the labels", "steps[0].vectors[0]", [1, -2], "Rejected", "proves less than the claimed bound"),
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
    apart = program({"from": "j", "weight": 1}, TWO, OTHER, BENT | {"activation": "abs"}, BOTH)
    check_step(apart, [bound("4", [[-1, 0]], [0])], "needs one activation")
    deep = program({"from": "b", "weight": 1}, TWO, OTHER | {"from": "a"}, BENT)
    check_step(deep, [bound("4", [[-1, 0]], [0])], "needs pre-activations that are affine in the inputs")
    vector = program({"units": 2, "weight": 1}, [{"x": [-1], "y": [-2, -2]}, {"x": [1], "y": [1, 1]}])
    check_step(vector, [bound("4", [[-1, 0]], [0])], "needs scalar output")
    bent = program({"from": "b", "weight": [[1]]}, TWO, BENT | {"from": "a"})
    check_step(bent, [bound("4", [[-1, 0]], [0])], "node b does not follow an affine map")
    linear = program({"from": "x"}, RAMP)
    linear["program"][1:3] = []
    check_step(linear, [bound("9/5", [[2, -1]], [0])], "needs a bent unit whose output weight is not 0")
    nothing = network(1, "relu", 0, TWO, {"z": {"weight": [["1"]]}})
    check_step(nothing, [point(), bound("4", [[-1, 0]], [0])], "needs a bent unit whose output weight is not 0")


def test_units_that_are_subtracted_or_biased_reach_more() -> None:
    """Each of these networks has risk 0 or less than claimed; the controls above lack one sign, one bias, one path."""
    minus = program({"weight": [[1, -1]]}, TWO, units=2)
    check_step(minus, [bound("4", [[-1, 0]], [0])], "does not admit all regions of the leaf")
    path = program({"from": "j", "weight": [[1, -1]]}, TWO, OTHER | {"bias": False}, BENT, BOTH)
    check_step(path, [bound("4", [[-1, 0]], [0])], "does not admit all regions of the leaf")
    free = program({"from": "s"}, MIRRORED, TWICE, ADDED)
    check_step(free, [bound("4", [[1, 0]], [0])], "does not admit all regions of the leaf")
    biased = program(PLUS, RAMP, bias=True)
    check_step(biased, [bound("9/5", [[2, -1]], [0])], "does not admit all regions of the leaf")
    second = program({"from": "j", "weight": 1}, RAMP, OTHER, BENT, BOTH)
    check_step(second, [bound("9/5", [[2, -1]], [0])], "does not admit all regions of the leaf")
    first = program({"from": "j", "weight": 1}, RAMP, OTHER | {"bias": False}, BENT, BOTH, bias=True)
    check_step(first, [bound("9/5", [[2, -1]], [0])], "does not admit all regions of the leaf")
