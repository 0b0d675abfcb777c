"""The rule `substitution`: what is proved of the full network holds for the restricted one."""

from tests.examples import network as chain
from tests.kernel.accepted import FIT, FOUR, Case, case, claim, given, point
from tests.kernel.corruption import Json
from tests.kernel.programs.test_restricted_face_minimum import TWO, network
from tests.kernel.rules import check_step, of, suite

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


BRACKET: Json = {"rule": "bracket", "from": {"bound": 1, "point": 0}}
CONTROLS = {"minimum": minimum(), "bound": bound()}
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
