"""The rule `face_minimum`: every point of one hidden layer with scalar output, boundaries included."""

import random
from fractions import Fraction
from itertools import combinations_with_replacement, product

import pytest

from symverify.kernel.core.errors import Rejected
from symverify.kernel.core.face_minimum import unit_stays
from tests.examples import layer, network, samples
from tests.kernel.accepted import case, given, point
from tests.kernel.corruption import Json, outcome
from tests.kernel.rules import cases, check_step, suite
from tests.oracles.network import Oracle

BY_RAYS = {"rule": "face_minimum", "from": {"point": 0}, "multipliers": [None]}
MU = "steps[1].multipliers"
CONTROLS = cases("kink", "kink by rays", "kink and idle unit", "origin", "plane", "plane by multipliers")
CORRUPTIONS = [
    ("kink", "no point", "steps[1].from.point", ..., "Malformed", "steps[1].from.point: is missing"),
    ("kink", "itself", "steps[1].from.point", 1, "Rejected", "step 1 does not come before this one"),
    ("kink", "no multipliers", MU, ..., "Malformed", f"{MU}: is missing"),
    ("kink", "null", MU, None, "Malformed", f"{MU}: expected a list"),
    ("kink", "no units", MU, [], "Rejected", f"{MU}: face_minimum: expected 1 entries, got 0"),
    ("kink", "two units", MU, [["0"], ["0"]], "Rejected", "expected 1 entries, got 2"),
    ("kink", "none", MU, [[]], "Rejected", f"{MU}[0]: face_minimum: unit 1 of hidden layer 1 needs 1 multipliers"),
    ("kink", "two", MU, [["0", "0"]], "Rejected", "needs 1 multipliers, got 2"),
    ("kink", "number", MU, [[0]], "Malformed", "expected a rational"),
    ("kink", "+1", MU, [["1"]], "Rejected", "its multipliers do not combine to the gradient"),
    ("kink", "-1", MU, [["-1"]], "Rejected", "its multipliers do not combine to the gradient"),
    ("kink", "unknown key", "steps[1].rays", [], "Malformed", "steps[1].rays: unknown key"),
    ("kink and idle unit", "idle", MU, [["0"], ["0"]], "Rejected",
     f"{MU}[1]: face_minimum: unit 2 of hidden layer 1 needs 0 multipliers, got 1"),
    ("kink and idle unit", "swapped", MU, [[], ["0"]], "Rejected", f"{MU}[0]: face_minimum: unit 1"),
    ("plane by multipliers", "order", MU, [["2", "1", "1"]], "Rejected", "do not combine to the gradient"),
    ("plane by multipliers", "sign", MU, [["-1", "1", "2"]], "Rejected", "do not combine to the gradient"),
    ("plane by multipliers", "short", MU, [["1", "1"]], "Rejected", "needs 3 multipliers, got 2"),
    ("plane by multipliers", "beyond", MU, [["0", "0", "3"]], "Rejected", "a multiplier beyond the bend at its"),
]  # fmt: skip


test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


def test_one_hidden_layer_and_scalar_output() -> None:
    needs = "needs one hidden layer and scalar output"
    deep = network([1, 1, 1, 1], "relu", samples([0], [0]), parameters=[layer([[0]], [0])] * 3)
    vector = network(
        [1, 1, 2], "relu", samples([0], [[0, 0]]), parameters=[layer([[0]], [0]), layer([[0], [0]], [0, 0])]
    )
    check_step(deep, [point(), BY_RAYS], needs)
    check_step(vector, [point(), BY_RAYS], needs)


def small(xs: list[Json], ys: list[Json], w: Json, b: Json, v: Json, c: Json) -> Json:
    parameters = [layer([[w]], [b]), layer([[v]], [c])]
    return network([1, 1, 1], "relu", samples(xs, ys), parameters=parameters)


FAILING = [
    ("output bias", small([0, 1], [0, 1], 0, -1, 1, 0), "the residuals do not sum to 0"),
    ("output weight", small([0, 1], [1, 0], 1, 1, 0, "1/2"), "has a first-order term in its output weight"),
    ("gradient", small([-1, 1], [-1, 1], -1, 0, 0, 0), "has a first-order term in its output weight"),
    ("silent unit", small([-1, 1], [-1, 1], 0, 0, 0, 0), "has output weight 0, but moving its input weights first"),
    ("descent at the kink", small([-1, 0, 1], [1, -2, 1], 0, 0, 1, 0), "has a descent direction among its rays"),
    (
        "unspanned",
        small([1, 2, -1], [0, "5/2", "1/2"], 1, 0, 1, 0),
        "has a gradient that is not spanned by its boundaries",
    ),
]


@pytest.mark.parametrize(("network", "reason"), [c[1:] for c in FAILING], ids=[c[0] for c in FAILING])
def test_points_that_are_no_minima(network: Json, reason: str) -> None:
    check_step(network, [point(), BY_RAYS], reason)


def test_zero_rows_carry_no_sign() -> None:
    """With a zero row among the boundaries every cone would be empty, and anything a minimum."""
    falling = network([1, 1, 1], "relu", samples([0, 1], [0, 1]), bias=False, parameters=[layer([[0]]), layer([[1]])])
    check_step(falling, [point(), BY_RAYS], "has a descent direction among its rays")
    standing = network([1, 1, 1], "relu", samples([0, 1], [0, -1]), bias=False, parameters=[layer([[0]]), layer([[1]])])
    accepted = case(standing, [point(), BY_RAYS], given(1, "1"))
    assert outcome(accepted.network, accepted.proof)[0] == "Accepted"


def test_negative_output_weight_turns_the_condition_round() -> None:
    for sign, verdict in (("1", "Accepted"), ("-1", "Rejected")):
        bias = {"hidden": True, "output": False}
        document = network([1, 1, 1], "relu", samples([0, 1, 2], [-1, -1, -1]), bias=bias)
        document["parameters"] = [layer([[0]], [0]), layer([[sign]])]
        accepted = case(document, [point(), BY_RAYS], given(1, "3"))
        assert outcome(accepted.network, accepted.proof)[0] == verdict


RNG = random.Random(7)
ACTIVATIONS: list[Json] = [
    "relu",
    "abs",
    "hardtanh",
    {"name": "two_piece", "negative_slope": -1, "positive_slope": "1/2"},
    {"breakpoints": [0, 1], "slopes": [1, 0, 2], "anchor": [0, 1]},
]
BIASES: list[Json] = [True, False, {"hidden": True, "output": False}, {"hidden": False, "output": True}]


def stationary(activation: Json, bias: Json) -> Json | None:
    """A random small network at a random point, its targets chosen so that the point passes the smooth conditions."""
    width, inputs, count = RNG.randint(1, 2), RNG.randint(1, 2), RNG.randint(2, 5)
    hidden = bias if isinstance(bias, bool) else bias["hidden"]
    output = bias if isinstance(bias, bool) else bias["output"]
    xs = [[RNG.randint(-1, 2) for _ in range(inputs)] for _ in range(count)]
    rows = [[RNG.randint(-1, 1) for _ in range(inputs)] for _ in range(width)]
    biases = [RNG.randint(-1, 1) for _ in range(width)]
    last = [RNG.choice([-1, 0, 1, 1]) for _ in range(width)]
    parameters = [layer(rows, biases if hidden else None), layer([last], [0] if output else None)]
    document = network([inputs, width, 1], activation, samples(xs, [0] * count), bias=bias, parameters=parameters)
    f = [row[0] for row in Oracle(document).predictions(parameters)]
    r = [RNG.randint(-1, 2) for _ in range(count)]
    if output:
        r[-1] -= sum(r)
    document["data"] = samples(xs, [str(a - Fraction(b, 2)) for a, b in zip(f, r, strict=True)])
    return document


def candidates() -> list[Json]:
    return [stationary(h, bias) for _, h, bias in product(range(25), ACTIVATIONS, BIASES)]


@pytest.mark.parametrize("document", candidates())
def test_accepted_points_are_minima_and_rejected_ones_can_fall(document: Json) -> None:
    """By rays the rule decides every point: an exact search nearby agrees with it."""
    oracle, width = Oracle(document), document["layers"][1]
    steps = [point(), BY_RAYS | {"multipliers": [None] * width}]
    risk = str(oracle.risk(document["parameters"]))
    accepted = case(document, steps, given(1, risk))
    verdict, what = outcome(accepted.network, accepted.proof)
    lower = oracle.lower_nearby(document["parameters"], trials=60 if verdict == "Accepted" else 600)
    assert (verdict == "Accepted") == (lower is None), what


@pytest.mark.parametrize("multipliers", list(combinations_with_replacement(["-1", "0", "1"], 2)))
def test_dependent_boundaries_merge(multipliers: tuple[str, ...]) -> None:
    """Two samples on one line through the origin are one boundary, so two multipliers are one too many."""
    document = network(
        [1, 1, 1], "relu", samples([1, -2], [-1, -1]), bias=False, parameters=[layer([[0]]), layer([[1]])]
    )
    steps = [point(), BY_RAYS | {"multipliers": [list(multipliers)]}]
    check_step(document, steps, "needs 1 multipliers, got 2")


def test_a_negative_multiplier_is_bounded_by_the_bend_too() -> None:
    """r ReLU(δ) with r = −2: −1 combines to the gradient −1, but the bend is −1 as well: w can grow."""
    parameters = [layer([[0]]), layer([[1]])]
    document = network([1, 1, 1], "relu", samples([1], [1]), bias=False, parameters=parameters)
    steps = [point(), BY_RAYS | {"multipliers": [["-1"]]}]
    check_step(document, steps, "has a multiplier beyond the bend at its boundary")
    assert Oracle(document).lower_nearby(parameters) is not None


@pytest.mark.parametrize(("across", "verdict"), [(0, True), (1, False)])
def test_kinks_that_depend_on_each_other_do_not_span_a_gradient_out_of_their_plane(across: int, verdict: bool) -> None:
    """Three lines in a plane of space: as many as there are dimensions, and yet nothing bends along the third."""
    bends = {(0, 1, 0): Fraction(2), (1, 0, 0): Fraction(2), (1, 1, 0): Fraction(2)}
    g = [Fraction(1), Fraction(-1), Fraction(across)]
    if verdict:
        unit_stays(Fraction(0), g, bends, 1, None)
    else:
        with pytest.raises(Rejected, match="not spanned by its boundaries"):
            unit_stays(Fraction(0), g, bends, 1, None)
