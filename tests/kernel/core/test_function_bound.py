"""The rule `function_bound`: what no function of the inputs can go below, for the squared loss."""

from fractions import Fraction
from random import Random

import pytest

from symverify.kernel.check import apply
from symverify.kernel.core.facts import LowerBound
from symverify.kernel.core.proof import Proof
from symverify.kernel.network_file import read_problem
from tests.examples import layer, network, samples
from tests.kernel.accepted import case, claim, given, point
from tests.kernel.corruption import Json, certificate, no_data, outcome, text
from tests.kernel.rules import of, suite
from tests.oracles.network import Oracle, least_of_functions

BOUND = {"rule": "function_bound"}
TWINS = network([1, 2, 1], "relu", samples([0, 0, 1], [0, 1, 5]), 2, parameters=[
    layer([["9/2"], [0]], ["1/2", -1]), layer([[1, 1]], [0])
])  # fmt: skip
ZERO = [layer([["0"], ["0"]], ["0", "0"]), layer([["0", "0"]], ["1"])]
REACHED = {"rule": "global_minimum", "from": {"bound": 0, "point": 1}}
CONTROLS = {
    "twins": case(
        TWINS, [BOUND, point(), REACHED], claim("global_minimum", 2, risk="1", attained=True),
        given(2, "1", spurious=False),
    ),
    "deep and vector-valued": case(
        network([1, 1, 1, 2], "abs", samples([3, 3], [[0, 1], [2, 5]]), parameters=[
            layer([[0]], [0]), layer([[0]], [0]), layer([[0], [0]], [1, 3])
        ]),
        [BOUND, point(), REACHED], claim("global_minimum", 2, risk="10", attained=True),
    ),
}  # fmt: skip
CORRUPTIONS = of("twins", [
    ("a risk", "steps[0].risk", "1", "Malformed", "steps[0].risk: unknown key; the keys here are rule, from"),
    ("a premise", "steps[0].from", {"point": 0}, "Malformed",
     "steps[0].from.point: unknown key; the keys here are none"),
    ("premises in a list", "steps[0].from", [], "Malformed", "steps[0].from: expected an object, got []"),
    ("a point of higher risk", "steps[1].parameters", ZERO, "Rejected", "its risk 34 is not the bound 1"),
    ("a higher bound", "claims[0].risk", "2", "Rejected", "claims[0].risk: claimed '2', proved '1'"),
    ("a claim of the bound alone", "claims[0].step", 0, "Rejected", "step 0 proves LowerBound, which does not settle"),
])  # fmt: skip
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


def test_it_is_the_least_of_all_functions() -> None:
    rng = Random(5)
    for _ in range(60):
        outputs, n = rng.choice([1, 2]), rng.randint(1, 5)
        xs = [[rng.randint(0, 1), rng.randint(0, 1)] for _ in range(n)]
        document = network([2, 1, 1, outputs], "relu", samples(xs, [[rng.randint(-3, 3)] * outputs for _ in xs]), "2/7")
        least = str(least_of_functions(Oracle(document)))
        zero = [layer([["0", "0"]], ["0"]), layer([["0"]], ["0"]), layer([["0"]] * outputs, ["0"] * outputs)]
        upper = str(Oracle(document).risk(zero))
        steps = [BOUND, point(zero), {"rule": "bracket", "from": {"bound": 0, "point": 1}}]
        proof = certificate(document, steps, [claim("global_bounds", 2, lower=least, upper=upper)])
        assert outcome(document, proof)[0] == "Accepted"


@pytest.mark.parametrize("ys", [["7" * 3990, "1"], ["1/" + "7" * 3990, "1"]])
def test_a_bound_too_long_to_state_is_declined(ys: Json) -> None:
    document = network([1, 1, 1], "relu", samples([0, 0], ys))
    verdict, what = outcome(document, certificate(document, [BOUND], [claim("global_minimum", 0)]))
    assert (verdict, what) == ("Declined", "a number of more than 12000 bits to be stated")


@pytest.mark.parametrize("name", ["squared", "huber", "absolute"])
def test_residuals_of_the_means_for_the_squared_loss_alone(name: str) -> None:
    """y − f on three samples, two of equal inputs, with two outputs; another loss may have many best constants."""
    document = network([1, 1, 2], "relu", samples([1, 0, 1], [[0, 5], [7, 8], [3, 1]]), loss={"name": name})
    proof = Proof(read_problem(text(document), no_data))
    bound = apply(proof, BOUND, "steps[0]").fact
    assert isinstance(bound, LowerBound)
    expected = tuple(Fraction(x, 2) for x in (-3, 4, 0, 0, 3, -4))
    assert bound.residuals == ((expected,) if name == "squared" else ())
