"""The rule `adjacent_cells`: a constant minorant on every cell around the point, however deep the network."""

import pytest

from symverify.kernel.core.adjacent_cells import MAX_CELLS
from tests.examples import layer, network, samples
from tests.kernel.accepted import Case, case, given, point
from tests.kernel.corruption import Json, certificate, outcome
from tests.kernel.rules import check_step, of, suite
from tests.oracles.network import Oracle

STEPS = [point(), {"rule": "adjacent_cells", "from": {"point": 0}}]
BENT = samples([0, 1, 2, 3], [0, "1/2", 3, "5/2"])  # residuals 0, 1, −2, 1 of y = x: orthogonal to 1 and x
ONES = [layer([[1]], [0])] * 3
EVEN = [layer([[1]]), layer([[1]])]
KINK = samples([5, 4, 3, 1, -1], [2, 1, 0, -3, 3])


def flat(document: Json, parameters: Json, risk: str) -> Case:
    """The certificate that the point is a minimum as all cells around it are flat."""
    return case(document | {"parameters": parameters}, STEPS, given(1, risk))


CONTROLS = {
    "two layers, both at their breakpoint": flat(network([1, 1, 1, 1], "relu", BENT), ONES, "3/2"),
    "inside a cell": flat(network([1, 1, 1], "relu", samples([1, 1], [0, 2])), ONES[:2], "2"),
    "a bend, off elsewhere": flat(network([1, 1, 1], "relu", KINK), [layer([[1]], [-3]), ONES[0]], "18"),
    "vector output": flat(
        network([1, 2, 2], "abs", samples([0, 1, 2, 3], [[0, "1/2"], ["1/2", 0], [3, "3/2"], ["5/2", 0]])),
        [layer([[1], [1]], [0, 0]), layer([[1, 0], [0, 0]], [0, "1/2"])],
        "3",
    ),
    "zero rows count once": flat(
        network([1, 13, 1], "relu", samples([0, 0], [1, -1]), bias=False), [layer([[1]] * 13), layer([[1] * 13])], "2"
    ),
    "a zero row away from 0": flat(
        network(
            [1, 1, 1], {"breakpoints": [0], "slopes": [0, 1], "anchor": [0, 1]}, samples([0] * 2, [0, 2]), bias=False
        ),
        EVEN,
        "2",
    ),
    "two breakpoints": flat(
        network([1, 1, 1], "hardtanh", samples([0, 1, 2, 3], ["-1/2", 2, "3/2", 3])),
        [layer([["1/3"]], [0]), layer([[3]], [0])],
        "3/2",
    ),
    "huber": flat(network([1, 1, 1], "relu", BENT, loss={"name": "huber", "reduction": "sum"}), ONES[:2], "3/4"),
}
CORRUPTIONS = of("two layers, both at their breakpoint", [
    ("no point", "steps[1].from.point", ..., "Malformed", "steps[1].from.point: is missing"),
    ("null", "steps[1].from.point", None, "Malformed", "steps[1].from.point: expected a whole number"),
    ("true", "steps[1].from.point", False, "Malformed", "expected a whole number"),
    ("itself", "steps[1].from.point", 1, "Rejected", "step 1 does not come before this one"),
    ("unknown key", "steps[1].cells", [], "Malformed", "steps[1].cells: unknown key"),
    ("not a point", "steps[0]", {"rule": "assumptions"}, "Rejected", "proves Assumptions, expected Evaluated"),
    ("another risk", "claims[0].risk", "1", "Rejected", "claims[0].risk: claimed '1', proved '3/2'"),
    ("another verdict", "claims[0].verdict", "refuted", "Rejected", "claimed 'refuted', proved 'proved'"),
    ("a valley by it", "steps", [*STEPS, {"rule": "valley", "from": {"minimum": 1}, "path": ONES}], "Rejected",
     "is not proved by interior_minimum"),
])  # fmt: skip


@pytest.mark.parametrize("name", CONTROLS)
def test_nothing_near_is_lower(name: str) -> None:
    each = CONTROLS[name]
    assert Oracle(each.network).lower_nearby(each.network["parameters"], trials=300) is None


test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


REFUTED = {
    "one cell of two is not flat": (
        network([1, 1, 1], "relu", samples([0, 0, 1, 2], [1, 0, 0, 0])), [layer([[-1]], [0]), layer([[0]], ["1/4"])],
        "the first-order minorant is not constant on the cell (output 1)",
    ),
    "the second layer's cell is not flat": (
        network([1, 1, 1, 1], "relu", samples([0, 1], [-1, 1])),
        [layer([[0]], [1]), layer([[1]], [-1]), layer([[0]], [0])],
        "the first-order minorant is not constant on the cell (output 1)",
    ),
    "the second output": (
        network([1, 1, 2], "relu", samples([0, 1], [[0, -1], [0, 1]])), [layer([[0]], [0]), layer([[0], [0]], [0, 0])],
        "the first-order minorant is not constant on the cell (output 2)",
    ),
    "the last of the pieces": (
        network([1, 1, 1], "hardtanh", samples([1, 2, 3], [0, 1, -1])), [layer([[0]], [-1]), layer([[0]], [0])],
        "the first-order minorant is not constant on the cell (output 1)",
    ),
    "a bend that is a minimum": (
        network([1, 1, 1], "relu", samples([0, 1, 2], [-1, -1, -1]), bias={"hidden": True, "output": False}),
        [layer([[0]], [0]), layer([[1]])],
        "the first-order minorant is not constant on the cell (output 1)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUTED)
def test_refuted(name: str) -> None:
    document, parameters, reason = REFUTED[name]
    check_step(document | {"parameters": parameters}, STEPS, reason)


@pytest.mark.parametrize(("width", "verdict"), [(12, "Accepted"), (13, "Declined")])
def test_many_cells_are_declined(width: int, verdict: str) -> None:
    """2 to the width cells."""
    assert MAX_CELLS == 2**12
    parameters = [layer([[0]] * width, [0] * width), layer([[0] * width], [0])]
    document = network([1, width, 1], "relu", samples([1], [0]), parameters=parameters)
    found, what = outcome(document, certificate(document, STEPS, [given(1, "0")]))
    assert found == verdict
    assert found == "Accepted" or what == "too many cells meet at the point"


# h(z) = 1 + max(0, z), no biases: x = 0 is a dead row, 1 after the first layer whatever the weights, and z = w_1 + w_2
# in the second, where it has cells as any other sample has.
RAISED = {"breakpoints": [0], "slopes": [0, 1], "anchor": [0, 1]}


def test_a_dead_row_has_both_sides_in_the_second_layer() -> None:
    """At w_1 + w_2 = 0: Ψ is constant on the lower side only."""
    parameters = [layer([[1], [-1]]), layer([[-1, 1]]), layer([[1]])]
    document = network([1, 2, 1, 1], RAISED, samples([0, 1], [0, 2]), bias=False, parameters=parameters)
    check_step(document, STEPS, "the first-order minorant is not constant on the cell (output 1)")
