"""Theorem 1 on the published examples and beyond: the affine fit's minimum, its valley, and better points."""

import json
from fractions import Fraction
from pathlib import Path

import pytest

import symverify
from symverify.run.verdict import Verdict

EXAMPLES = Path(__file__).parents[2] / "examples"
HALF = {"name": "squared", "reduction": "sum", "factor": "1/2"}
FOUR = ([[0], [1], [2], [3]], [[0], [0], [0], [1]])
CORNERS = ([[1, 0], [0, 1], ["1/2", "1/2"]], [[0], [0], [1]])
VECTOR = ([[0, 0], [1, 0], [0, 1], [1, 1], [2, 1]], [[0, 1], [1, 0], [1, 0], [0, 2], [1, 1]])
FLAT_PIECE = {"breakpoints": ["-2", "0", "1"], "slopes": ["0", "-1", "2", "1/2"], "anchor": ["0", "0"]}


def two_piece(negative: str, positive: str) -> dict[str, str]:
    return {"name": "two_piece", "negative_slope": negative, "positive_slope": positive}


def problem(layers, activation, data, loss=HALF, **more):
    samples = [{"x": x, "y": y} for x, y in zip(*data, strict=True)]
    document = {"format": "symverify-network/1", "layers": layers, "activation": activation, "loss": loss}
    return symverify.loads(json.dumps({**document, "data": samples, **more}))


@pytest.mark.parametrize(
    ("layers", "activation", "data", "risk", "at_most"),
    [
        ([1, 2, 1], "relu", FOUR, "3/20", "93/800"),
        ([1, 2, 1], two_piece("1/10", "1"), FOUR, "3/20", "2337/19360"),
        ([1, 2, 1], two_piece("1", "11/10"), FOUR, "3/20", "5797/39200"),
        ([2, 2, 1], "relu", CORNERS, "1/3", "1/3"),
        ([2, 2, 1], two_piece("1/10", "1"), CORNERS, "1/3", "1/3"),
        ([2, 2, 1], two_piece("1", "11/10"), CORNERS, "1/3", "1/3"),
        ([2, 4, 3, 2], {"name": "leaky_relu", "negative_slope": "1/3"}, VECTOR, "26/15", "26/15"),
        ([1, 2, 1], "abs", FOUR, "3/20", "3/20"),
        ([1, 2, 1], "hardtanh", FOUR, "3/20", "3/20"),
        ([1, 2, 1], "relu6", FOUR, "3/20", "3/20"),
        ([1, 2, 1], "hardsigmoid", FOUR, "3/20", "3/20"),
        ([1, 2, 1], FLAT_PIECE, FOUR, "3/20", "3/20"),
        ([2, 3, 3, 3, 3, 2], "relu", VECTOR, "26/15", "26/15"),
        ([2, 3, 3, 3, 3, 2], "hardtanh", VECTOR, "26/15", "26/15"),
        ([2, 3, 3, 3, 3, 2], FLAT_PIECE, VECTOR, "26/15", "26/15"),
        ([1, 3, 2, 3, 2, 1], ["relu", "hardtanh", "abs", "relu6"], FOUR, "3/20", "3/20"),
    ],
)
def test_the_affine_fit_is_a_spurious_minimum_with_a_valley(layers, activation, data, risk, at_most):
    result = symverify.check(problem(layers, activation, data), ["valley", "spurious_minimum"], smt=False)
    spurious, valley = result["spurious_minimum"], result["valley"]
    assert result.verdict is Verdict.PROVED
    assert spurious.risk == valley.risk == Fraction(risk)
    assert spurious.better_risk < Fraction(risk)
    assert spurious.better_risk <= Fraction(at_most)
    assert valley.statement["exact"] is True


def test_the_mean_is_the_default_reduction():
    result = symverify.check(problem([1, 2, 1], "relu", FOUR, loss="squared"), ["spurious_minimum"], smt=False)
    assert result["spurious_minimum"].risk == Fraction(3, 40)


def test_huber_loss_has_its_own_affine_fit():
    loss = {"name": "huber", "delta": "1/4", "reduction": "sum"}
    result = symverify.check(problem([1, 2, 1], "relu", FOUR, loss=loss), ["spurious_minimum", "valley"], smt=False)
    assert result.verdict is Verdict.PROVED


def test_failing_a4_is_reported_and_not_depended_on():
    result = symverify.check(symverify.load(EXAMPLES / "absolute.json"), smt=False)
    assert result["assumptions"].statement["A4"] is False
    assert result["spurious_minimum"].verdict is Verdict.PROVED


def test_equal_inputs_make_the_affine_fit_global():
    result = symverify.check(symverify.load(EXAMPLES / "twins.json"), smt=False)
    held = result["assumptions"].statement
    assert (held["A1"], held["A2"]) == (True, False)
    assert result["spurious_minimum"].verdict is Verdict.REFUTED
    assert result["spurious_minimum"].risk == Fraction(1, 2)
    assert "no function of the inputs" in result["spurious_minimum"].reason
    assert result["valley"].better_risk is None


def test_width_of_the_output_may_be_too_little():
    narrow = ([[0], [1], [2], [3]], [["-1/10"], ["13/10"], ["17/10"], ["31/10"]])
    given = problem([1, 1, 1], "relu", narrow, loss={"name": "huber", "delta": 5})
    result = symverify.check(given, ["spurious_minimum"], smt=False, timeout=20)
    assert result.verdict is Verdict.REFUTED
    assert "no network of this architecture has lower risk" in result["spurious_minimum"].reason


@pytest.mark.parametrize("claim", ["valley", "spurious_minimum"])
def test_without_biases_the_construction_is_not_available(claim):
    result = symverify.check(problem([1, 2, 1], "relu", FOUR, bias=False), [claim], smt=False)
    assert result.verdict is Verdict.UNDECIDED
    assert "without all biases no minimum that" in result[claim].reason


def test_without_biases_dead_units_of_deeper_layers_are_on_breakpoints():
    """At the input 0 every pre-activation is 0 everywhere; the same data elsewhere have the minimum."""
    bias = {"hidden": False, "output": True}
    for inputs, verdict in (([[0], [0], [-2]], Verdict.UNDECIDED), ([[1], [1], [2]], Verdict.PROVED)):
        given = problem([1, 1, 1, 1], "abs", (inputs, [[2], [0], [1]]), bias=bias)
        result = symverify.check(given, ["valley"], smt=False)
        assert result.verdict is verdict, result["valley"].reason


def test_linear_collapse_states_the_condition_that_it_uses():
    result = symverify.check(symverify.load(EXAMPLES / "linear.json"), smt=False)
    assert result.verdict is Verdict.PROVED
    assert "no rank condition" in result.told("linear_collapse")
    narrow = symverify.check(problem([2, 1, 2], "identity", VECTOR), ["linear_collapse"], smt=False)
    assert "full row rank" in narrow.told("linear_collapse")
    bent = symverify.check(problem([1, 2, 1], "relu", FOUR), ["linear_collapse"], smt=False)
    assert bent["linear_collapse"].reason == "the activation of hidden layer 1 is not affine"


def test_given_points_are_proved_refuted_or_left_open():
    corners = symverify.check(symverify.load(EXAMPLES / "three-corners.json"), ["point"], smt=False)
    assert corners["point"].risk == Fraction(1, 3)
    assert corners["point"].statement["spurious"] is True
    zero = [{"weight": [[0, 1], [-1, 1]], "bias": [0, 0]}, {"weight": [[2, -2]], "bias": [0]}]
    perfect = symverify.check(problem([2, 2, 1], "relu", CORNERS, parameters=zero), ["point"], smt=False)
    assert perfect["point"].risk == 0
    assert perfect["point"].statement["spurious"] is False
    wrong = symverify.check(symverify.load(EXAMPLES / "dead-unit.json"), ["point"], smt=False)
    assert wrong["point"].verdict is Verdict.REFUTED
    assert '"rule": "descent"' in wrong.certificate.decode()


def test_the_solver_confirms_every_step():
    result = symverify.check(symverify.load(EXAMPLES / "four-points.json"))
    assert all(claim.smt.confirmed and not claim.smt.unanswered for claim in result.claims)
    assert not result.alarms


def test_certificates_are_the_same_bytes_every_time():
    first, second = (symverify.check(symverify.load(EXAMPLES / "four-points.json"), smt=False) for _ in range(2))
    assert first.certificate == second.certificate
