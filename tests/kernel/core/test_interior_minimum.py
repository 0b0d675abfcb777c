"""The rule `interior_minimum`: strictly inside a cell, with a constant first-order minorant."""

import pytest

from tests.examples import layer, network, samples
from tests.kernel.accepted import FIT, FOUR, Case, case, given, point
from tests.kernel.corruption import Json, outcome
from tests.kernel.rules import cases, check_step, of, suite

STEP = {"rule": "interior_minimum", "from": {"point": 0}}
CONTROLS = cases("theorem 1", "deep", "vector", "dead", "hardtanh", "huber", "mean")
CORRUPTIONS = of("theorem 1", [
    ("no point", "steps[2].from.point", ..., "Malformed", "steps[2].from.point: is missing"),
    ("null", "steps[2].from.point", None, "Malformed", "steps[2].from.point: expected a whole number"),
    ("negative", "steps[2].from.point", -1, "Malformed", "expected a whole number"),
    ("true", "steps[2].from.point", True, "Malformed", "expected a whole number"),
    ("text", "steps[2].from.point", "1", "Malformed", "expected a whole number"),
    ("decimal", "steps[2].from.point", 1.0, "Malformed", "expected a whole number"),
    ("itself", "steps[2].from.point", 2, "Rejected",
     "steps[2].from.point: interior_minimum: step 2 does not come before"),
    ("later", "steps[2].from.point", 3, "Rejected", "step 3 does not come before this one"),
    ("not a point", "steps[2].from.point", 0, "Rejected", "step 0 proves Assumptions, expected Evaluated"),
    ("unknown key", "steps[2].pattern", "11", "Malformed", "steps[2].pattern: unknown key"),
    ("not stationary", "steps[1].parameters[1].bias[0]", "-2", "Rejected", "the first-order minorant is not constant"),
    ("slope moved", "steps[1].parameters[0].weight[0][0]", "1/3", "Rejected", "minorant is not constant on the cell"),
    ("unit 1 at its breakpoint", "steps[1].parameters[0].bias[0]", "0", "Rejected",
     "steps[2]: interior_minimum: unit 1 of hidden layer 1 is at a breakpoint on sample 1"),
    ("unit 2 at its breakpoint", "steps[1].parameters[0].bias[1]", "0", "Rejected",
     "unit 2 of hidden layer 1 is at a breakpoint on sample 1"),
    ("other cell", "steps[1].parameters[0].bias[0]", "-14/5", "Rejected", "minorant is not constant"),
])  # fmt: skip


DEEP = of("deep", [
    ("layer 2 at its breakpoint", "steps[0].parameters[1].bias[1]", "0", "Rejected",
     "unit 2 of hidden layer 2 is at a breakpoint"),
    ("a second path", "steps[0].parameters[1].weight[0][1]", "1", "Rejected", "minorant is not constant"),
    ("a layer off", "steps[0].parameters[1].bias[0]", "-20", "Rejected", "minorant is not constant"),
])  # fmt: skip
CORRUPTIONS += DEEP
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


def test_cancelling_paths_are_not_constant_terms() -> None:
    """Two units that cancel at the point: the polynomial Ψ has non-zero coefficients, and the point can fall."""
    zero = [layer([["1"], ["1"]], ["1", "1"]), layer([["1", "-1"]], ["1/4"])]
    check_step(network([1, 2, 1], "relu", FOUR), [point(zero), STEP], "minorant is not constant")


def dead_rows(bias: Json, second: str) -> Case:
    """A zero input without hidden bias: the first layer is 0 on it, whatever the weights."""
    document = network([1, 1, 1, 1], "relu", samples([0, 1], [1, 1]), bias=bias)
    document["parameters"] = [layer([["1"]]), layer([[second]]), layer([["0"]], ["1"])]
    return case(document, [point(), STEP], given(1, "0"))


def test_a_zero_row_bounds_no_cell_in_the_first_layer_but_does_in_the_second() -> None:
    bias = {"hidden": False, "output": True}
    shallow = network([1, 1, 1], "relu", samples([0, 1], [1, 1]), bias=bias)
    shallow["parameters"] = [layer([["1"]]), layer([["0"]], ["1"])]
    accepted = case(shallow, [point(), STEP], given(1, "0"))
    assert outcome(accepted.network, accepted.proof)[0] == "Accepted"
    check_step(dead_rows(bias, "1").network, [point(), STEP], "unit 1 of hidden layer 2 is at a breakpoint on sample 1")


def test_a_breakpoint_between_equal_slopes_is_none() -> None:
    straight = {"breakpoints": [0], "slopes": [1, 1], "anchor": [0, 0]}
    document = network([1, 2, 1], straight, FOUR)
    document["parameters"] = [layer([["3/10"], [0]], [0, 0]), layer([[1, 0]], ["-1/5"])]
    accepted = case(document, [point(), STEP], given(1, "3/10"))
    assert outcome(accepted.network, accepted.proof)[0] == "Accepted"


def test_each_output_is_checked() -> None:
    document = CONTROLS["vector"].network
    parameters = [
        layer([["1"], ["0"], ["0"]], ["1", "1", "1"]), layer([["0", "0", "0"], ["0", "1", "2"]], ["1/2", "-2"])
    ]  # fmt: skip
    check_step(document, [point(parameters), STEP], "minorant is not constant on the cell (output 2)")


def test_huber_residuals_are_clipped() -> None:
    """Residuals 1/2, 1/2, −1 sum to 0 at 1/2 only: beyond delta the third stays −1."""
    parameters = [layer([["1"], ["1"]], ["1", "1"]), layer([["1", "1"]], ["-1"])]
    check_step(CONTROLS["huber"].network, [point(parameters), STEP], "minorant is not constant")


def test_the_fit_is_no_minimum_of_other_data() -> None:
    check_step(network([1, 2, 1], "relu", samples([0, 1, 2, 3], [0, 0, 1, 1])), [point(FIT), STEP], "not constant")


BIASES: list[tuple[Json, Json, str, dict[tuple[bool, bool], bool]]] = [
    # residuals (2, −1) on x = 1, 2 are orthogonal to x and not to 1: only without any bias
    ([1, 2], ["-1", "1/2"], "1", {(h, o): not h and not o for h in (True, False) for o in (True, False)}),
    # off, the prediction is the output bias alone
    ([-1, -2], ["-1", "1/2"], "1", {(h, o): not o for h in (True, False) for o in (True, False)}),
]


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize(("xs", "ys", "weight", "accepted"), BIASES, ids=["on", "off"])
def test_each_bias_counts_where_it_is(
    depth: int, xs: Json, ys: Json, weight: str, accepted: dict[tuple[bool, bool], bool]
) -> None:
    """Output weight 0, so that the prediction is 0, with and without biases of hidden layers and of the output."""
    for (hidden, output), flat in accepted.items():
        inner = [layer([[weight]], [0] if hidden else None)] * depth
        if depth == 2 and xs[0] < 0:  # the second layer is off by itself
            inner = [layer([[-1]], [0] if hidden else None), layer([[-1]], [0] if hidden else None)]
        parameters = [*inner, layer([[0]], [0] if output else None)]
        document = network(
            [1] * (depth + 2), "relu", samples(xs, ys), bias={"hidden": hidden, "output": output},
            parameters=parameters,
        )  # fmt: skip
        whole = case(document, [point(), {"rule": "interior_minimum", "from": {"point": 0}}], given(1, "5/4"))
        verdict, what = outcome(whole.network, whole.proof)
        assert verdict == ("Accepted" if flat else "Rejected"), (hidden, output, what)
        assert flat or "the first-order minorant is not constant on the cell (output 1)" in what
