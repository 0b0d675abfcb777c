"""The rule `global_minimum`: a lower bound, and a point that has it."""

from tests.examples import layer, network, samples
from tests.kernel.accepted import case, claim, given, point
from tests.kernel.corruption import outcome
from tests.kernel.rules import of, suite

RAMP = network([1, 1, 1], "relu", samples([1, 2], [2, 1]), bias=False)
TREE = {"rule": "global_lower_bound", "risk": "9/5", "vectors": [[2, -1]], "tree": [0]}
REACHED = {"rule": "global_minimum", "from": {"bound": 0, "point": 1}}
LINE = network([1, 2, 1], "relu", samples([0, 0, 2], [0, 2, 5]), parameters=[
    layer([["1"], ["0"]], ["0", "-1"]), layer([["2", "0"]], ["1"])
])  # fmt: skip
CONTROLS = {
    "a tree": case(
        RAMP, [TREE, point([layer([["1"]]), layer([["4/5"]])]), REACHED],
        claim("global_minimum", 2, risk="9/5", attained=True),
    ),
    "a function bound": case(
        LINE, [{"rule": "function_bound"}, point(), REACHED], claim("global_minimum", 2, risk="2", attained=True),
        given(2, "2", spurious=False),
    ),
}  # fmt: skip
CORRUPTIONS = of("a function bound", [
    ("a point of higher risk", "steps[1].parameters", [layer([["0"], ["0"]], ["0", "0"]), layer([["0", "0"]], ["1"])],
     "Rejected", "steps[2].from.point: global_minimum: its risk 18 is not the bound 2"),
    ("no point", "steps[2].from.point", ..., "Malformed", "steps[2].from.point: is missing"),
    ("no premises", "steps[2].from", ..., "Malformed", "steps[2].from.bound: is missing"),
    ("bound null", "steps[2].from.bound", None, "Malformed", "steps[2].from.bound: expected a whole number"),
    ("the point as bound", "steps[2].from.bound", 1, "Rejected", "proves Evaluated, expected LowerBound"),
    ("the bound as point", "steps[2].from.point", 0, "Rejected", "proves LowerBound, expected Evaluated"),
    ("itself", "steps[2].from.bound", 2, "Rejected", "step 2 does not come before this one"),
    ("one premise more", "steps[2].from.better", 1, "Malformed",
     "steps[2].from.better: unknown key; the keys here are bound, point"),
    ("a premise outside", "steps[2].point", 1, "Malformed", "steps[2].point: unknown key"),
    ("not attained", "claims[0].attained", False, "Rejected", "claimed false, proved true"),
    ("attained as 1", "claims[0].attained", 1, "Rejected", "claimed 1, proved true"),
    ("left open", "claims[0].attained", None, "Rejected", "claimed null, proved true"),
    ("risk as number", "claims[0].risk", 2, "Rejected", "claimed 2, proved '2'"),
    ("as an infimum", "claims[0].claim", "infimum", "Rejected",
     "proves GlobalMinimum, which does not settle 'infimum'"),
    ("spurious", "claims[1].spurious", None, "Rejected", "claimed null, proved false"),
    ("with a better point", "claims[1].better_risk", "0", "Rejected", "claimed '0', proved null"),
]) + of("a tree", [
    ("a smaller bound", "steps[0].risk", "1", "Rejected", "its risk 9/5 is not the bound 1"),
    ("not the given point", "claims[0].claim", "point", "Rejected", "GlobalMinimum, which does not settle 'point'"),
])  # fmt: skip
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


def test_the_best_affine_fit_refutes_the_spurious_minimum() -> None:
    """Only a global minimum that predicts the best affine fit says anything about the minimum of Theorem 1."""
    flat = network([1, 1, 1], "relu", samples([0, 0], [0, 2]))
    steps = [{"rule": "function_bound"}, point([layer([["0"]], ["-1"]), layer([["0"]], ["1"])]), REACHED]
    fit = case(flat, steps, claim("spurious_minimum", 2, "refuted", risk="2"))
    assert outcome(fit.network, fit.proof)[0] == "Accepted"
    bent = network([1, 1, 1], "relu", samples([-1, 0, 1], [0, 0, 1]))
    steps = [{"rule": "function_bound"}, point([layer([["1"]], ["0"]), layer([["1"]], ["0"])]), REACHED]
    other = case(bent, steps, claim("spurious_minimum", 2, "refuted", risk="0"))
    verdict, what = outcome(other.network, other.proof)
    assert (verdict, "GlobalMinimum, which does not settle 'spurious_minimum'" in what) == ("Rejected", True)
