"""The rule `restricted_face_minimum`: one layer of bent units, parameters frozen or tied; a point anywhere."""

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from random import Random

from symverify.kernel import Rejected
from symverify.kernel.core.network import predictions, rational, residuals
from symverify.kernel.programs.network import Programmed
from symverify.kernel.programs.restricted_face_minimum import groups
from tests.kernel.accepted import Case, case, given, point
from tests.kernel.corruption import Json, outcome
from tests.kernel.programs.drawn import shallow_program, spelled, stationary
from tests.kernel.rules import check_step, of, suite
from tests.oracles.programs import squared_risk


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


def together() -> Case:
    """f = relu(w x) + relu(u x), the affine maps first: at w = u = 1/2 the first label costs 4, the second nothing."""
    document = network(1, "relu", 1, TWO, {"z": {"weight": [["1/2"]]}, "y": {"weight": [["1/2"]]}})
    document["program"][2:3] = [
        {"name": "y", "op": "affine", "from": "x", "units": 1, "bias": False},
        {"name": "a", "op": "activation", "from": "z", "activation": "relu"},
        {"name": "b", "op": "activation", "from": "y", "activation": "relu"},
        {"name": "s", "op": "concat", "from": ["a", "b"]},
    ]
    document["program"][-1]["from"] = "s"
    return case(document, [point(), STEP | {"multipliers": [[], []]}], given(1, "4"))


STEP: Json = {"rule": "restricted_face_minimum", "from": {"point": 0}}
CONTROLS = {"frozen": frozen(), "kinked": kinked(), "tied": tied(), "skip": skip(), "together": together()}
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


def test_products_of_free_parameters_are_refused() -> None:
    """f = v₁ w₁ x₁ + v₂ w₂ x₂ = 0 at x = (1, −1): the pulls of the two products cancel, and a larger w₁ is better."""
    ones = {"z": {"weight": [["1", None], [None, "1"]]}, "f": {"weight": [["1", "1"]]}}
    document = network(2, "relu", True, [{"x": [1, -1], "y": [1]}], ones, weight=[[None, 0], [0, None]])
    document["program"].pop(2)
    document["program"][2]["from"] = "z"
    check_step(document, [point(), STEP | {"multipliers": []}], "two free parameters are multiplied")


def problems(count: int) -> Iterator[tuple[int, Json, Programmed]]:
    """Points, most of them on kinks and stationary on a cell around them."""
    found = 0
    for seed in range(10 * count):
        rng = Random(seed)
        if found < count and (made := stationary(rng, shallow_program(rng), rng.randint(2, 4))) is not None:
            found += 1
            yield seed, *made
    assert found == count


OTHER_FORM = ("two free parameters are multiplied", "is of two kinds", "has another weight", "shares parameters")


def test_what_rays_decide_is_so() -> None:
    """Accepted: nothing is lower near; refused, but not for its form: something is. By the exact risk of the file."""
    counts = Counter[str]()
    for seed, document, problem in problems(70):
        rng, values = Random(seed), [rational(x) for x in problem.free(problem.parameters or ())]
        try:
            units = groups(problem, residuals(problem, predictions(problem, problem.parameters or ())), "")
        except Rejected as error:
            counts["of another form" if any(each in str(error) for each in OTHER_FORM) else "refused"] += 1
            lower = None if any(each in str(error) for each in OTHER_FORM) else True
        else:
            steps = [point(), STEP | {"multipliers": [None] * len(units)}]
            accepted = case(document, steps, given(1, str(squared_risk(document, document["parameters"]))))
            verdict, _ = outcome(accepted.network, accepted.proof)
            counts[verdict] += 1
            lower = verdict == "Rejected"
        if lower is not None:
            assert lower_nearby(rng, document, problem, values) is lower, seed
    assert min(counts[each] for each in ("Accepted", "Rejected", "refused", "of another form")) > 3, counts


def lower_nearby(rng: Random, document: Json, problem: Programmed, values: list[Fraction]) -> bool:
    """Whether one of many points close by is lower, steps of two sizes among them."""
    here = squared_risk(document, document["parameters"])
    for _ in range(120):
        scale = Fraction(1, 2 ** rng.choice((6, 12, 20)))
        move = [rng.randint(-3, 3) * scale * rng.choice((0, 1, 1, scale)) for _ in values]
        moved = spelled(problem, [a + b for a, b in zip(values, move, strict=True)])
        if squared_risk(document, moved) < here:
            return True
    return False


def test_a_free_weight_stands_alone() -> None:
    """Beside a frozen one of the same unit, in one output or another, or of a unit that shares its row: refused."""
    both = network(1, "relu", [[None, 1]], TWO, {"z": {"weight": [["0"]]}, "f": {"weight": [["0", None]]}})
    both["program"].insert(3, {"name": "j", "op": "concat", "from": ["a", "a"]})
    both["program"][4]["from"] = "j"
    check_step(both, [point(), STEP | {"multipliers": [None]}], "a unit with a free weight has another weight")
    outputs = [each | {"y": [*each["y"], 0]} for each in TWO]
    two = network(1, "relu", [[None], [1]], outputs, {"z": {"weight": [["0"]]}, "f": {"weight": [["0"], [None]]}})
    two["program"][3]["units"] = 2
    check_step(two, [point(), STEP | {"multipliers": [None]}], "a unit with a free weight has another weight")
    for last, own in ([[1, None]], [[None, "0"]]), ([[None, 1]], [["0", None]]):
        shared = network(2, "relu", last, TWO, {"z": {"weight": [["0"], [None]]}, "f": {"weight": own}},
                         weight=[["w"], ["w"]])  # fmt: skip
        check_step(shared, [point(), STEP | {"multipliers": [None]}], "a unit with a free weight shares parameters")


def test_bends_count_by_how_fast_their_kinks_are_crossed() -> None:
    """Σ r h(w x) at w = 0 with x = −1 and 2: it rises both ways exactly if both r are not negative."""
    data = [{"x": [-1], "y": ["-1/2"]}, {"x": [2], "y": [-2]}]  # r = (1, 4): g = 7/2, and a bend of 9/2
    document = network(1, "relu", 1, data, {"z": {"weight": [["0"]]}})
    for multipliers in (["7/2"], None):
        good = case(document, [point(), STEP | {"multipliers": [multipliers]}], given(1, "17/4"))
        assert outcome(good.network, good.proof)[0] == "Accepted"
    data[0]["y"] = ["1/2"]  # r = (−1, 4): g = 9/2, a bend of 7/2; it falls below 0
    falling = network(1, "relu", 1, data, {"z": {"weight": [["0"]]}})
    check_step(falling, [point(), STEP | {"multipliers": [["9/2"]]}], "has a multiplier beyond the bend")
    check_step(falling, [point(), STEP | {"multipliers": [None]}], "has a descent direction among its rays")
