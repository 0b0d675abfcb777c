"""The rule `restricted_face_minimum`: one layer of bent units, parameters frozen or tied; a point anywhere."""

from tests.kernel.accepted import Case, case, given, point
from tests.kernel.corruption import Json
from tests.kernel.rules import check_step, of, suite


def network(units: int, h: str, last: Json, data: Json, parameters: Json, **hidden: Json) -> Json:
    """x → affine → activation → affine."""
    return {
        "format": "symverify-network/1",
        "program": [
            {"name": "x", "op": "input", "shape": [len(data[0]["x"])]},
            {"name": "z", "op": "affine", "from": "x", "units": units, "bias": False, **hidden},
            {"name": "a", "op": "activation", "from": "z", "activation": h},
            {"name": "f", "op": "affine", "from": "a", "units": 1, "bias": False, "weight": last},
        ],
        "loss": {"name": "squared", "reduction": "sum"},
        "data": data,
        "parameters": parameters,
    }


TWO = [{"x": [-1], "y": [-2]}, {"x": [1], "y": [1]}]


def frozen() -> Case:
    """v = 1: w = 1 is a local minimum of risk 4; of risk 4 it is the global one, too."""
    document = network(1, "relu", 1, TWO, {"z": {"weight": [["1"]]}})
    return case(document, [point(), STEP | {"multipliers": [[]]}], given(1, "4"))


def kinked() -> Case:
    """v = 1: w = 0 is on both kinks; Ψ rises both ways: r = (4, 2)."""
    data = [{"x": [-1], "y": [-2]}, {"x": [1], "y": [-1]}]
    document = network(1, "relu", 1, data, {"z": {"weight": [["0"]]}})
    return case(document, [point(), STEP | {"multipliers": [["-1"]]}], given(1, "5"))


def tied() -> Case:
    """f = |w x| + |w x|, one parameter, at its kink."""
    data = [{"x": [1], "y": [-1]}]
    document = network(2, "abs", [[1, 1]], data, {"z": {"weight": [["0"], [None]]}}, weight=[["w"], ["w"]])
    return case(document, [point(), STEP | {"multipliers": [["0"]]}], given(1, "1"))


def skip() -> Case:
    """A unit with a free weight 0, and a free skip connection whose pull is 0."""
    document: Json = {
        "format": "symverify-network/1",
        "program": [
            {"name": "x", "op": "input", "shape": [1]},
            {"name": "z", "op": "affine", "from": "x", "units": 1},
            {"name": "a", "op": "activation", "from": "z", "activation": "relu"},
            {"name": "j", "op": "concat", "from": ["a", "x"]},
            {"name": "f", "op": "affine", "from": "j", "units": 1},
        ],
        "loss": "squared",
        "data": [{"x": [k], "y": [y]} for k, y in zip((-1, 0, 1), (1, -2, 1), strict=True)],
        "parameters": {"z": {"weight": [["1"]], "bias": ["5"]}, "f": {"weight": [["0", "0"]], "bias": ["0"]}},
    }
    return case(document, [point(), STEP | {"multipliers": [[]]}], given(1, "2"))


STEP: Json = {"rule": "restricted_face_minimum", "from": {"point": 0}}
CONTROLS = {"frozen": frozen(), "kinked": kinked(), "tied": tied(), "skip": skip()}
CORRUPTIONS = of("kinked", [
    ("no multipliers", "steps[1].multipliers", ..., "Malformed", "multipliers: is missing"),
    ("too many groups", "steps[1].multipliers", [["1"], []], "Rejected", "expected 1 entries, got 2"),
    ("too few kinks", "steps[1].multipliers", [[]], "Rejected", "needs 1 multipliers, got 0"),
    ("another multiplier", "steps[1].multipliers[0][0]", "2", "Rejected", "do not combine to the gradient"),
    ("moved off the kink", "steps[0].parameters", {"z": {"weight": [["1"]]}}, "Rejected",
     "unit 1 of node a needs 0 multipliers, got 1"),
    ("a layer list", "steps[0].parameters", [{"weight": [["1"]]}], "Malformed", "expected an object"),
    ("a frozen node", "steps[0].parameters", {"z": {"weight": [["1"]]}, "f": {"weight": [["1"]]}}, "Malformed",
     "parameters.f: unknown key"),
]) + of("tied", [
    ("twice the tied one", "steps[0].parameters", {"z": {"weight": [["0"], ["0"]]}}, "Malformed",
     "steps[0].parameters.z.weight[1][0]: is frozen or tied: expected null"),
]) + of("skip", [
    ("unit at work", "steps[0].parameters", {"z": {"weight": [["1"]], "bias": ["0"]}, "f": {"weight": [["0", "0"]],
     "bias": ["0"]}}, "Rejected", "unit 1 of node a"),
    ("tilted", "steps[0].parameters", {"z": {"weight": [["1"]], "bias": ["5"]}, "f": {"weight": [["0", "1"]],
     "bias": ["0"]}}, "Rejected", "which enters the prediction linearly, has a pull"),
])  # fmt: skip
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


def test_the_condition_of_free_weights_is_not_asked_of_frozen_ones() -> None:
    """At w = 1/2 the free weight falls at first order; the frozen one does not, but w does."""
    free = network(1, "relu", True, TWO, {"z": {"weight": [["1/2"]]}, "f": {"weight": [["1"]]}})
    check_step(free, [point(), STEP | {"multipliers": [[]]}], "has a first-order term in its output weight")
    fixed = network(1, "relu", 1, TWO, {"z": {"weight": [["1/2"]]}})
    check_step(fixed, [point(), STEP | {"multipliers": [[]]}], "its multipliers do not combine to the gradient")


def test_programs_of_another_form_are_refused() -> None:
    deep: Json = {
        "format": "symverify-network/1",
        "program": [
            {"name": "x", "op": "input", "shape": [1]},
            {"name": "z", "op": "affine", "from": "x", "units": 1},
            {"name": "a", "op": "activation", "from": "z", "activation": "relu"},
            {"name": "y", "op": "affine", "from": "a", "units": 1},
            {"name": "b", "op": "activation", "from": "y", "activation": "relu"},
            {"name": "f", "op": "affine", "from": "b", "units": 1},
        ],
        "loss": "squared",
        "data": [{"x": [1], "y": [0]}],
        "parameters": {n: {"weight": [["0"]], "bias": ["0"]} for n in "zyf"},
    }
    check_step(deep, [point(), STEP | {"multipliers": [[]]}], "unit 1 of node b is not an affine function of the free")
    both = network(2, "relu", [["s", "s"]], TWO, {"z": {"weight": [["0"], ["0"]]}, "f": {"weight": [["0", None]]}})
    check_step(both, [point(), STEP | {"multipliers": [[], []]}], "a free parameter is of two kinds, or the weight")
    shared = network(2, "relu", True, TWO, {"z": {"weight": [["0"], [None]]}, "f": {"weight": [["0", "0"]]}},
                     weight=[["w"], ["w"]])  # fmt: skip
    check_step(shared, [point(), STEP | {"multipliers": [[]]}], "a unit with a free weight shares parameters")
