"""The rule `valley`: a path of minima with equal predictions, and the dimension of the set it runs in."""

import pytest

from tests.examples import layer, network, samples
from tests.kernel.accepted import BETTER, FIT, FOUR, case, claim, point
from tests.kernel.corruption import outcome
from tests.kernel.rules import cases, of, suite

AT = "steps[5].path"
W, B, C = f"{AT}[0].weight", f"{AT}[0].bias", f"{AT}[1].bias[0]"
CONTROLS = cases("theorem 1", "deep", "dead")
CORRUPTIONS = of("theorem 1", [
    ("no minimum", "steps[5].from.minimum", ..., "Malformed", "steps[5].from.minimum: is missing"),
    ("a point", "steps[5].from.minimum", 1, "Rejected", "steps[5].from.minimum: valley: step 1 proves Evaluated"),
    ("itself", "steps[5].from.minimum", 5, "Rejected", "step 5 does not come before this one"),
    ("no path", AT, ..., "Malformed", f"{AT}: is missing"),
    ("layers", AT, [FIT[0]], "Malformed", f"{AT}: expected 2 layers of parameters, got 1"),
    ("bias", B, ["1"], "Malformed", f"{B}: expected 2 numbers, got 1"),
    ("constant", AT, FIT, "Rejected", f"{AT}: valley: is constant"),
    ("of another point", AT, BETTER, "Rejected", f"{AT}: valley: does not start at the point"),
    ("starts elsewhere", f"{B}[1]", ["2", "1"], "Rejected", "does not start at the point"),
    ("ends after the point", f"{B}[0]", ["9/5", "1"], "Rejected", "does not start at the point"),
    ("predictions", C, "-3", "Rejected", f"{AT}: valley: the prediction of sample 1 changes along it"),
    ("opposite shift", C, ["-3", "1"], "Rejected", "the prediction of sample 1 changes along it"),
    ("second order", C, ["-3", "-1", "1/100"], "Rejected", "the prediction of sample 1 changes along it"),
    ("slope", f"{W}[0][0]", ["3/10", "1"], "Rejected", "the prediction of sample 2 changes along it"),
    ("onto the boundary at the end", f"{B}[1]", ["1", "-1"], "Rejected",
     f"{AT}: valley: unit 2 of hidden layer 1 leaves its piece on sample 1"),
    ("out and back", f"{B}[1]", ["1", "-6", "6"], "Rejected", "unit 2 of hidden layer 1 leaves its piece"),
    ("touches", f"{B}[1]", ["1", "-4", "4"], "Rejected", "unit 2 of hidden layer 1 leaves its piece"),
    ("on the third sample only", f"{W}[1][0]", ["0", "-1/2"], "Rejected", "leaves its piece on sample 3"),
    ("too close to tell", f"{B}[1]", ["1", "-6", f"{10**300 * 9 + 1}/{10**300}"], "Declined", "too close to zero"),
    ("degree", f"{B}[1]", ["1"] * 300, "Declined", "a polynomial of degree above 128"),
    ("one coefficient", f"{B}[1]", ["1"], "Malformed", "expected at least two coefficients"),
    ("last is 0", f"{B}[1]", ["1", "0"], "Malformed", "the last one not 0"),
    ("unknown key", "steps[5].dimension", 5, "Malformed", "steps[5].dimension: unknown key"),
    ("dimension", "claims[2].dimension", 6, "Rejected", "claims[2].dimension: claimed 6, proved 5"),
    ("exact", "claims[2].exact", False, "Rejected", "claims[2].exact: claimed false, proved true"),
    ("spurious", "claims[2].better_risk", None, "Rejected", "claims[2].better_risk: claimed null, proved '0'"),
])  # fmt: skip


CORRUPTIONS += of("deep", [
    ("no return", "steps[2].path[1].bias[0]", "0", "Rejected", "the prediction of sample 1 changes"),
    ("half the way", "steps[2].path[2].bias[0]", ["-3", "-1", "-1"], "Rejected", "the prediction of sample 1 changes"),
    ("deep unit leaves", "steps[2].path[1].bias[1]", ["1", "-5", "5"], "Rejected",
     "unit 2 of hidden layer 2 leaves its piece"),
])  # fmt: skip
CORRUPTIONS += of("dead", [
    ("the other unit", "steps[2].path[0].bias", ["-1", ["-2", "-1"]], "Accepted", "s PROVED valley"),
    ("onto the boundary from below", "steps[2].path[0].bias[0]", ["-1", "1"], "Rejected",
     "unit 1 of hidden layer 1 leaves its piece on sample 1"),
    ("across it from below", "steps[2].path[0].bias[0]", ["-1", "2"], "Rejected", "unit 1 of hidden layer 1 leaves"),
    ("almost to it", "steps[2].path[0].bias[0]", ["-1", "999/1000"], "Accepted", "s PROVED valley"),
])  # fmt: skip
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


ZERO = network([1, 1, 1], "relu", samples([0, 1, 2], [0, 0, 0]))


def shifting(weight: str, dimension: int, exact: bool) -> tuple[str, str]:
    """1-1-1 with output weight 0 on labels 0; the hidden bias grows."""
    steps = [
        point([layer([[weight]], ["1"]), layer([["0"]], ["0"])]),
        {"rule": "interior_minimum", "from": {"point": 0}},
        {"rule": "valley", "from": {"minimum": 1}, "path": [layer([[weight]], [["1", "1"]]), layer([["0"]], ["0"])]},
    ]
    statement = {"risk": "0", "better_risk": None, "dimension": dimension, "exact": exact}
    accepted = case(ZERO, steps, claim("valley", 2, **statement))
    return outcome(accepted.network, accepted.proof)


def test_dimension_is_exact_where_the_rank_is_the_largest_on_the_cell() -> None:
    assert shifting("1", 2, True)[0] == "Accepted"
    assert shifting("1", 1, True)[1] == "claims[0].dimension: claimed 1, proved 2"


def test_where_the_rank_is_smaller_the_dimension_is_only_a_bound() -> None:
    """At w = v = 0 the predictions v (w x + b) + c have a Jacobian of rank 1, not 2."""
    assert shifting("0", 3, False)[0] == "Accepted"
    assert shifting("0", 3, True)[1] == "claims[0].exact: claimed true, proved false"


def test_needs_a_minimum_inside_a_cell() -> None:
    document = network([1, 1, 1], "relu", samples([5, 4, 3, 1, -1], [2, 1, 0, -3, 3]))
    parameters = [layer([["1"]], ["-3"]), layer([["1"]], ["0"])]
    path = [layer([[["1", "1"]]], [["-3", "-3"]]), layer([["1"]], ["0"])]
    steps = [
        point(parameters),
        {"rule": "face_minimum", "from": {"point": 0}, "multipliers": [["0"]]},
        {"rule": "valley", "from": {"minimum": 1}, "path": path},
    ]
    rejected = case(document, steps, claim("valley", 2))
    assert outcome(rejected.network, rejected.proof) == (
        "Rejected", "steps[2].from.minimum: valley: is not proved by interior_minimum"
    )  # fmt: skip


def test_of_a_minimum_that_is_not_known_to_be_spurious() -> None:
    steps = [
        point(FIT),
        {"rule": "interior_minimum", "from": {"point": 0}},
        {"rule": "valley", "from": {"minimum": 1}, "path": [
            layer([["3/10"], ["0"]], [["14/5", "1"], "1"]), layer([["1", "0"]], [["-3", "-1"]])
        ]},
    ]  # fmt: skip
    statement = {"risk": "3/20", "better_risk": None, "dimension": 5, "exact": True}
    document = network([1, 2, 1], "relu", FOUR, "1/2")
    accepted = case(document, steps, claim("valley", 2, **statement))
    assert outcome(accepted.network, accepted.proof)[0] == "Accepted"
    wrong = case(document, steps, claim("valley", 2, **statement | {"better_risk": "0"}))
    assert outcome(wrong.network, wrong.proof)[1] == "claims[0].better_risk: claimed '0', proved null"


# h(z) = 1 + max(0, z), no biases: x = 0 is a dead row, 1 after the first layer whatever the weights, and z = w_1 + w_2
# in the second, where it has cells as any other sample has.
RAISED = {"breakpoints": [0], "slopes": [0, 1], "anchor": [0, 1]}


def test_a_dead_row_can_leave_its_piece_in_the_second_layer() -> None:
    """z on x = 0 goes from −1 to 1, on x = 1 from −3 to −1; predictions on the cell's pieces do not change."""
    document = network([1, 2, 1, 1], RAISED, samples([0, 1], [0, 2]), bias=False)
    steps = [
        point([layer([["1"], ["-1"]]), layer([["-2", "1"]]), layer([["1"]])]),
        {"rule": "interior_minimum", "from": {"point": 0}},
    ]
    for end, verdict in ("1/2", "Accepted"), ("2", "Rejected"):
        path = [layer([["1"], ["-1"]]), layer([["-2", ["1", end]]]), layer([["1"]])]
        valley = {"rule": "valley", "from": {"minimum": 1}, "path": path}
        statement = {"risk": "2", "better_risk": None, "dimension": 4, "exact": True}
        whole = case(document, [*steps, valley], claim("valley", 2, **statement))
        found, what = outcome(whole.network, whole.proof)
        assert found == verdict, what
        assert found == "Accepted" or "unit 1 of hidden layer 2 leaves its piece on sample 1" in what


@pytest.mark.parametrize(
    ("start", "speed", "verdict"),
    [
        ("0", "1/2", "Accepted"), ("0", "-1/2", "Accepted"), ("0", "1", "Rejected"), ("0", "-1", "Rejected"),
        ("2", "1", "Accepted"), ("2", "-1", "Rejected"), ("-2", "-1", "Accepted"), ("-2", "1", "Rejected"),
    ],
)  # fmt: skip
def test_both_ends_of_each_piece_are_kept(start: str, speed: str, verdict: str) -> None:
    """Hard tanh, of breakpoints -1 and 1, at pre-activation `start`, which moves while its output weight is 0."""
    steps = [
        point([layer([["1"]], [start]), layer([["0"]], ["0"])]),
        {"rule": "interior_minimum", "from": {"point": 0}},
        {"rule": "valley", "from": {"minimum": 1}, "path": [layer([["1"]], [[start, speed]]), layer([["0"]], ["0"])]},
    ]
    statement = {"risk": "0", "better_risk": None, "dimension": 3, "exact": True}
    whole = case(network([1, 1, 1], "hardtanh", samples([0], [0])), steps, claim("valley", 2, **statement))
    found, what = outcome(whole.network, whole.proof)
    assert found == verdict, what
    assert found == "Accepted" or "unit 1 of hidden layer 1 leaves its piece on sample 1" in what


@pytest.mark.parametrize(
    ("start", "speed", "verdict"),
    [("0", "2", "Accepted"), ("0", "3", "Rejected"), ("2", "-2", "Accepted"), ("2", "-9/2", "Rejected")],
)
def test_margins_are_in_the_units_of_what_enters(start: str, speed: str, verdict: str) -> None:
    """Hard tanh at start + speed · t / 3, as the input is 1/3: with breakpoints, and not three times that."""
    steps = [
        point([layer([["0"]], [start]), layer([["0"]], ["0"])]),
        {"rule": "interior_minimum", "from": {"point": 0}},
        {"rule": "valley", "from": {"minimum": 1}, "path": [layer([[["0", speed]]], [start]), layer([["0"]], ["0"])]},
    ]
    statement = {"risk": "0", "better_risk": None, "dimension": 3, "exact": True}
    whole = case(network([1, 1, 1], "hardtanh", samples(["1/3"], [0])), steps, claim("valley", 2, **statement))
    found, what = outcome(whole.network, whole.proof)
    assert found == verdict, what
    assert found == "Accepted" or "unit 1 of hidden layer 1 leaves its piece on sample 1" in what
