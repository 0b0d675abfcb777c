"""The rule `substitution`: what is proved of the full network holds for the restricted one."""

from symverify.kernel.curvature.substitution import as_chain, full
from symverify.kernel.network_file import read_problem
from symverify.kernel.programs.network import Programmed
from tests.examples import network as chain
from tests.kernel.accepted import FIT, FOUR, Case, case, claim, given, point
from tests.kernel.corruption import Json, no_data, text
from tests.kernel.programs.test_restricted_face_minimum import TWO, network
from tests.kernel.rules import check_step, of, suite

CURVE = "steps[1].step.cells[0].eliminate.curve"
STEP: Json = {"rule": "substitution", "from": {"point": 0}}


def minimum() -> Case:
    """w v = 1 is a local minimum of the free network, whose rescaling is its only flat direction."""
    document = network(1, "relu", 1, TWO, {"z": {"weight": [["1"]]}})
    inner: Json = {"rule": "second_order"}
    return case(document, [point(), STEP | {"step": inner}], given(1, "4"))


def bound() -> Case:
    """The free network has R ≥ 1."""
    document = network(1, "relu", 1, TWO, {"z": {"weight": [["1"]]}})
    lower: Json = {"rule": "global_lower_bound", "risk": "1", "vectors": [[-1, 0], [0, 1]], "tree": [-1, 1, 0]}
    steps: list[Json] = [point(), {"rule": "substitution", "step": lower}, BRACKET]
    return case(document, steps, claim("global_bounds", 2, lower="1", upper="4"))


def beside() -> Case:
    """f = relu(w x) + s x fits both labels; freely weighted, the unit's rescaling is the only flat direction."""
    document = network(1, "relu", [[1, None]], [{"x": [-1], "y": [-2]}, {"x": [1], "y": [3]}],
                       {"z": {"weight": [["1"]]}, "f": {"weight": [[None, "2"]]}})  # fmt: skip
    document["program"].insert(3, {"name": "j", "op": "concat", "from": ["a", "x"]})
    document["program"][4]["from"] = "j"
    return case(document, [point(), STEP | {"step": {"rule": "second_order"}}], given(1, "0"))


def eliminated() -> Case:
    """f = v w x + c, w frozen at 1, beside an x that is not used: in the free network a curve through w = 1, v = 0."""
    data = [{"x": [1], "y": [2]}]
    document = network(1, "identity", [[None, 0]], data, {"f": {"weight": [["0", None]], "bias": ["2"]}}, weight=1)
    document["program"].insert(3, {"name": "j", "op": "concat", "from": ["a", "x"]})
    document["program"][4] |= {"from": "j", "bias": True}
    curve = {"map 1": {"weight": [["1"]]}, "map 2": {"weight": [[["0", "1"], None]], "bias": [["2", "-1"]]}}
    entry = {"eliminate": {"multipliers": [], "held": [0], "place": 1, "curve": curve}}
    return case(document, [point(), STEP | {"step": {"rule": "cell_kkt", "cells": [entry]}}], given(1, "0"))


BRACKET: Json = {"rule": "bracket", "from": {"bound": 1, "point": 0}}
CONTROLS = {"minimum": minimum(), "bound": bound(), "beside": beside(), "eliminated": eliminated()}
CORRUPTIONS = of("minimum", [
    ("no step", "steps[1].step", ..., "Malformed", "steps[1].step: is missing"),
    ("text", "steps[1].step", "second_order", "Malformed", "expected an object"),
    ("another rule", "steps[1].step.rule", "descent", "Rejected", "'descent' does not carry over"),
    ("a premise inside", "steps[1].step.from", {"point": 0}, "Rejected", "names premises of its own"),
    ("more inside", "steps[1].step.more", 1, "Malformed", "unknown key"),
    ("no point", "steps[1].from", ..., "Malformed", "from.point: is missing"),
    ("not stationary", "steps[0].parameters", {"z": {"weight": [["2"]]}}, "Rejected", "the gradient is not 0"),
]) + of("bound", [
    ("too high", "steps[1].step.risk", "2", "Rejected", "proves less than the claimed bound"),
]) + of("eliminated", [
    ("another start", f"{CURVE}.map 2.bias[0]", ["1", "-1"], "Rejected", "does not start at the point"),
    ("another end", f"{CURVE}.map 2.bias[0]", "2", "Rejected", "risk along the curve has order 2, the pull order 1"),
    ("a number for no edge", f"{CURVE}.map 2.weight[0][1]", "0", "Malformed", "is frozen or tied: expected null"),
    ("a map left out", f"{CURVE}.map 1", ..., "Malformed", "map 1: is missing"),
])  # fmt: skip
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


def test_a_minimum_of_the_restricted_network_alone_does_not_carry_up() -> None:
    """w = 0 is one where v = 1 is frozen (restricted_face_minimum), and moves with v in the free network."""
    data = [{"x": [-1], "y": [-2]}, {"x": [1], "y": [-1]}]
    document = network(1, "relu", 1, data, {"z": {"weight": [["0"]]}})
    check_step(document, [point(), STEP | {"step": {"rule": "adjacent_cells"}}], "minorant is not constant")


def test_it_is_a_rule_of_programs_alone() -> None:
    check_step(chain([1, 2, 1], "relu", FOUR), [point(FIT), STEP | {"step": {"rule": "second_order"}}],
               "substitution: is not a rule for the squared loss")  # fmt: skip


def test_a_rule_that_is_not_for_the_loss_does_not_carry_over() -> None:
    document = minimum().network | {"loss": "absolute"}
    for rule in ("second_order", "cell_kkt", "adjacent_cells"):
        reason = f"'{rule}' does not carry over, or not with this loss"
        check_step(document, [point(), STEP | {"step": {"rule": rule}}], reason)


def deep(*biases: bool, turned: bool = False) -> Programmed:
    """Three affine maps with activations between; the second reads four units, perhaps in another order."""
    moved: list[Json] = [
        {"name": "square", "op": "reshape", "from": "a", "shape": [2, 2]},
        {"name": "turned", "op": "permute", "from": "square", "axes": [1, 0]},
        {"name": "j", "op": "flatten", "from": "turned"},
    ]
    nodes: list[Json] = [
        {"name": "x", "op": "input", "shape": [1]},
        {"name": "z", "op": "affine", "from": "x", "units": 4, "bias": biases[0]},
        {"name": "a", "op": "activation", "from": "z", "activation": "relu"},
        *(moved if turned else []),
        {"name": "y", "op": "affine", "from": "j" if turned else "a", "units": 2, "bias": biases[1]},
        {"name": "b", "op": "activation", "from": "y", "activation": "relu"},
        {"name": "f", "op": "affine", "from": "b", "units": 1, "bias": biases[2]},
    ]
    document = {"format": "symverify-network/1", "program": nodes, "loss": "squared", "data": [{"x": [1], "y": [1]}]}
    found = read_problem(text(document), no_data)
    assert isinstance(found, Programmed)
    return found


def test_what_is_a_chain() -> None:
    """Hidden layers have biases all or none, and each map reads the layer before it, in its order."""
    for biases in ((True, True, True), (True, True, False), (False, False, True), (False, False, False)):
        full = as_chain(deep(*biases))
        assert full is not None
        assert (full.widths, full.hidden_bias, full.output_bias) == ((1, 4, 2, 1), biases[0], biases[2])
    assert as_chain(deep(True, False, True)) is None
    assert as_chain(deep(False, True, True)) is None
    assert as_chain(deep(True, True, True, turned=True)) is None


def test_each_place_is_free_but_for_edges_that_there_are_not() -> None:
    document = beside().network
    document["program"][1] |= {"units": 2, "weight": [["w"], ["w"]], "bias": ["w", 3]}
    document["program"][4] |= {"weight": [[0, 2, "w"]], "bias": [0]}
    problem = read_problem(text({k: v for k, v in document.items() if k != "parameters"}), no_data)
    assert isinstance(problem, Programmed)
    assert problem.size() == 1
    free = full(problem)
    assert isinstance(free, Programmed)
    assert [(each.weight, each.bias) for each in free.slots] == [(((0,), (2,)), (1, 3)), (((0, 4, 5),), (0,))]
    assert [type(slot).__name__ for slot in (*free.slots[1].weight[0], *(free.slots[1].bias or ()))] == [
        "Fraction", "int", "int", "Fraction"]  # fmt: skip
    assert free.size() == 6
    assert (free.inputs, free.targets, free.loss) == (problem.inputs, problem.targets, problem.loss)
