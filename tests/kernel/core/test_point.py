"""The rule `point`: parameters of the architecture's shape, and the risk there."""

from tests.examples import layer, network, samples
from tests.kernel.accepted import FIT, FOUR, given, point
from tests.kernel.corruption import certificate, outcome
from tests.kernel.rules import cases, check_step, of, suite

AT = "steps[1].parameters"
CONTROLS = cases("theorem 1", "kink", "vector")
CORRUPTIONS = of("theorem 1", [
    ("no parameters", AT, ..., "Malformed", f"{AT}: is missing"),
    ("null", AT, None, "Malformed", f"{AT}: expected a list"),
    ("other word", AT, "Given", "Malformed", f"{AT}: expected a list"),
    ("unknown key", "steps[1].risk", "3/20", "Malformed", "steps[1].risk: unknown key"),
    ("too few layers", AT, FIT[:1], "Malformed", f"{AT}: expected 2 layers of parameters, got 1"),
    ("too many layers", AT, [*FIT, FIT[1]], "Malformed", "expected 2 layers of parameters, got 3"),
    ("no layers", AT, [], "Malformed", "expected 2 layers of parameters, got 0"),
    ("rows", f"{AT}[0].weight", [["1"]], "Malformed", f"{AT}[0].weight: expected 2 rows, one per unit, got 1"),
    ("columns", f"{AT}[1].weight[0]", ["1"], "Malformed", f"{AT}[1].weight[0]: expected 2 numbers, got 1"),
    ("wide row", f"{AT}[0].weight[1]", ["1", "2"], "Malformed", "expected 1 numbers, got 2"),
    ("bias missing", f"{AT}[0].bias", ..., "Malformed", f"{AT}[0].bias: is missing"),
    ("bias short", f"{AT}[0].bias", ["1"], "Malformed", f"{AT}[0].bias: expected 2 numbers, got 1"),
    ("bias null", f"{AT}[0].bias", None, "Malformed", f"{AT}[0].bias: expected a list"),
    ("weight missing", f"{AT}[1].weight", ..., "Malformed", f"{AT}[1].weight: is missing"),
    ("number", f"{AT}[0].bias[0]", 3, "Malformed", "expected a rational in lowest terms"),
    ("float", f"{AT}[0].bias[0]", 2.8, "Malformed", "expected a rational in lowest terms"),
    ("decimal", f"{AT}[0].bias[0]", "2.8", "Malformed", "expected a rational in lowest terms"),
    ("true", f"{AT}[0].bias[0]", True, "Malformed", "expected a rational in lowest terms"),
    ("not lowest", f"{AT}[0].bias[0]", "28/10", "Malformed", "expected a rational in lowest terms"),
    ("over one", f"{AT}[0].bias[1]", "1/1", "Malformed", "expected a rational in lowest terms"),
    ("minus zero", f"{AT}[0].weight[1][0]", "-0", "Malformed", "expected a rational in lowest terms"),
    ("plus", f"{AT}[0].bias[1]", "+1", "Malformed", "expected a rational in lowest terms"),
    ("leading zero", f"{AT}[0].bias[1]", "01", "Malformed", "expected a rational in lowest terms"),
    ("negative denominator", f"{AT}[0].bias[0]", "14/-5", "Malformed", "expected a rational in lowest terms"),
    ("over zero", f"{AT}[0].bias[0]", "14/0", "Malformed", "expected a rational in lowest terms"),
    ("other digits", f"{AT}[0].bias[1]", "١", "Malformed", "expected a rational in lowest terms"),
    ("newline", f"{AT}[0].bias[1]", "1\n", "Malformed", "expected a rational in lowest terms"),
    ("a path", f"{AT}[0].bias[1]", ["1", "1"], "Malformed", "expected a rational in lowest terms"),
    ("5000 digits", f"{AT}[0].bias[1]", "7" * 5000, "Malformed", "expected a rational in lowest terms"),
    ("huge", f"{AT}[0].bias[1]", "7" * 4000, "Rejected", "steps[5].path: valley: does not start at the point"),
    ("too wide to state", f"{AT}[0].weight[0][0]", "7" * 4000, "Declined", "12000 bits to be stated"),
])  # fmt: skip


test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


def test_given_needs_parameters() -> None:
    check_step(network([1, 2, 1], "relu", FOUR), [point()], "the network file gives no parameters")


def test_bias_where_there_is_none() -> None:
    document = network([1, 2, 1], "relu", FOUR, bias=False)
    for bias in (["1", "1"], []):
        parameters = [layer([["1"], ["1"]], bias), layer([["1", "1"]])]
        found = outcome(document, certificate(document, [point(parameters)], [given(0, "0")]))
        assert found == ("Malformed", "steps[0].parameters[0].bias: unknown key; the keys here are weight")


def test_a_point_equal_to_the_given_one_is_not_called_given() -> None:
    document = network([1, 1, 1], "relu", samples([0], [0]), parameters=[layer([["1"]], ["1"]), layer([["0"]], ["0"])])
    steps = [point(document["parameters"]), {"rule": "interior_minimum", "from": {"point": 0}}]
    claim = {"claim": "point", "verdict": "proved", "step": 1, "risk": "0", "spurious": None, "better_risk": None}
    verdict, what = outcome(document, certificate(document, steps, [claim]))
    assert (verdict, "does not settle 'point'" in what) == ("Rejected", True)
    assert outcome(document, certificate(document, [point(), steps[1]], [claim]))[0] == "Accepted"


def test_a_risk_too_long_to_print_is_declined() -> None:
    parameters = [layer([["7" * 4000]], ["0"]), layer([["7" * 4000]], ["0"])]
    document = network([1, 1, 1], "relu", FOUR)
    verdict, what = outcome(document, certificate(document, [point(parameters)], [given(0, "0")]))
    assert (verdict, what) == ("Declined", "a number of more than 12000 bits to be stated")
