"""The rule `limit`: units whose output weight goes to 0 while their input weights grow."""

import json
from fractions import Fraction
from random import Random

import pytest

from symverify.kernel.cells.limit import Limit, limit
from symverify.kernel.core.proof import Proof
from symverify.kernel.network_file import read_problem
from tests.cell_cases import run
from tests.examples import network, samples
from tests.kernel.accepted import case, claim
from tests.kernel.core.test_global_lower_bound import document_of, number
from tests.kernel.corruption import Json, certificate, no_data, outcome
from tests.kernel.rules import check_step, of, suite
from tests.oracles.network import Oracle

LATE = {"breakpoints": [1], "slopes": [0, 1], "anchor": [0, 0]}
CUT = network([1, 1, 1], LATE, samples([1, 2], [1, 2]), bias=False)
GROWS = {"rule": "limit", "constant": "0", "units": [{"sign": "1", "u": ["1"], "nu": "0"}]}
BELOW = {"rule": "bracket", "from": {"bound": 0, "point": 1}}
BENT = {"breakpoints": [-1, 2], "slopes": [1, 0, -2], "anchor": [0, 1]}


def between(document: Json, step: Json, upper: str) -> Json:
    """The certificate of the bracket [0, upper]."""
    return case(document, [{"rule": "function_bound"}, step, BELOW], claim("global_bounds", 2, lower="0", upper=upper))


# z = (5/3, 13/6), f = 3/2 − (z − ν) with ν = 1/2
PLANE = network([2, 1, 1], LATE, samples([[1, 2], [2, 1]], [1, 2]))
TURNED = {"rule": "limit", "constant": "3/2", "units": [{"sign": "-1", "u": ["1", "1/2", "-1/3"], "nu": "1/2"}]}
CONTROLS = {
    "two inputs": between(PLANE, TURNED, "185/36"),
    "two inputs, no biases": between(PLANE | {"bias": False}, GROWS | {"units": [
        {"sign": "1", "u": ["1", "1/2"], "nu": "0"}]}, "5/4"),
    "one unit at infinity": between(CUT, GROWS, "0"),
    "no unit": between(CUT, GROWS | {"units": []}, "5"),
    "a unit that is none at infinity": between(CUT, {"rule": "limit", "constant": "0", "units": [
        {"sign": "1", "u": ["2"], "nu": "1/2"}]}, "5/2"),
    "two of three units, biases": between(
        network([1, 3, 1], BENT, samples([0, 1], [2, 3])),
        {"rule": "limit", "constant": "1", "units": [
            {"sign": "-1", "u": ["1", "-2"], "nu": "0"}, {"sign": "1", "u": ["1", "0"], "nu": "1/3"}]},
        "32/9",
    ),
}  # fmt: skip
UNIT = "steps[1].units[0]"
CORRUPTIONS = of("one unit at infinity", [
    ("elsewhere", f"{UNIT}.u", ["2"], "Rejected", "claims[0].upper: claimed '0', proved '5'"),
    ("inside", f"{UNIT}.nu", "1", "Rejected", "claims[0].upper: claimed '0', proved '2'"),
    ("nu negative", f"{UNIT}.nu", "-1", "Malformed", f"{UNIT}.nu: must not be negative"),
    ("no nu", f"{UNIT}.nu", ..., "Malformed", f"{UNIT}.nu: is missing"),
    ("sign 0", f"{UNIT}.sign", "0", "Malformed", f'{UNIT}.sign: expected "1" or "-1"'),
    ("sign 2", f"{UNIT}.sign", "2", "Malformed", f'{UNIT}.sign: expected "1" or "-1"'),
    ("a half", f"{UNIT}.sign", "1/2", "Malformed", f'{UNIT}.sign: expected "1" or "-1"'),
    ("other sign", f"{UNIT}.sign", "-1", "Rejected", "claimed '0', proved '20'"),
    ("u empty", f"{UNIT}.u", [], "Rejected", f"{UNIT}.u: limit: expected 1 numbers, got 0"),
    ("a bias", f"{UNIT}.u", ["1", "0"], "Rejected", "expected 1 numbers, got 2"),
    ("two units", "steps[1].units", GROWS["units"] * 2, "Rejected",
     "steps[1]: limit: needs more units, or an output bias that is not there"),
    ("a constant", "steps[1].constant", "1", "Rejected", "or an output bias that is not there"),
    ("no constant", "steps[1].constant", ..., "Malformed", "steps[1].constant: is missing"),
    ("units null", "steps[1].units", None, "Malformed", "steps[1].units: expected a list"),
    ("unknown key", f"{UNIT}.w", "1", "Malformed", f"{UNIT}.w: unknown key"),
    ("a premise", "steps[1].from", {"point": 0}, "Malformed", "steps[1].from.point: unknown key"),
    ("no point", "steps[2]", {"rule": "global_minimum", "from": {"bound": 0, "point": 1}}, "Rejected",
     "step 1 proves Limit, expected Evaluated"),
]) + of("two inputs", [
    ("without its bias", f"{UNIT}.u", ["1", "1/2"], "Rejected", "expected 3 numbers, got 2"),
    ("too many", f"{UNIT}.u", ["1", "1/2", "0", "0"], "Rejected", "expected 3 numbers, got 4"),
    ("another weight", f"{UNIT}.u[1]", "1", "Rejected", "claims[0].upper: claimed '185/36'"),
]) + of("two inputs, no biases", [
    ("a bias", f"{UNIT}.u", ["1", "1/2", "0"], "Rejected", "expected 2 numbers, got 3"),
])  # fmt: skip
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


@pytest.mark.parametrize(
    "changed", [network([1, 1, 1, 1], "relu", CUT["data"]), network([1, 1, 2], "relu", samples([1], [[1, 2]]))]
)
def test_it_is_for_one_layer_and_one_output(changed: Json) -> None:
    check_step(changed, [GROWS], "needs one hidden layer and scalar output")


@pytest.mark.parametrize(
    "unit",
    [{"sign": "1", "u": ["7" * 3990], "nu": "1"}, {"sign": "1", "u": ["1"], "nu": "1/" + "7" * 3990}],
)
def test_risks_too_long_to_state_are_declined(unit: Json) -> None:
    verdict, what = outcome(CUT, certificate(CUT, [GROWS | {"units": [unit]}], [claim("infimum", 0)]))
    assert (verdict, what) == ("Declined", "a number of more than 12000 bits to be stated")


def parameters(document: Json, units: list[tuple[int, list[Fraction], Fraction]], constant: Fraction) -> Json:
    """The network of these units, (σ, u, ν) as v = σν, w = u/ν."""
    bias = document["bias"]
    rows = [[str(x / nu) for x in u] for _, u, nu in units]
    first: Json = {"weight": [row[: document["layers"][0]] for row in rows]}
    second: Json = {"weight": [[str(side * nu) for side, _, nu in units]]}
    if bias["hidden"]:
        first["bias"] = [row[-1] for row in rows]
    if bias["output"]:
        second["bias"] = [str(constant)]
    return [first, second]


def test_limits_are_limits() -> None:
    """Units with ν = 0 taken at ν = 10^-30 instead: the risk differs by little; with ν > 0 it is the very same."""
    rng = Random(9)
    for _ in range(150):
        document = document_of(rng, 2)
        size = document["layers"][0] + document["bias"]["hidden"]
        units = [
            (rng.choice([1, -1]), [number(rng) for _ in range(size)], abs(number(rng)) * rng.randint(0, 1))
            for _ in "ab"
        ]
        constant = number(rng) * document["bias"]["output"]
        given_units = [{"sign": str(side), "u": list(map(str, u)), "nu": str(nu)} for side, u, nu in units]
        problem = read_problem(json.dumps(document).encode(), no_data)
        fact = run(Proof(problem), limit, units=given_units, constant=str(constant))
        assert isinstance(fact, Limit)
        near = [(side, u, nu or Fraction(1, 10**30)) for side, u, nu in units]
        difference = Oracle(document).risk(parameters(document, near, constant)) - fact.risk
        assert abs(difference) < Fraction(1, 10**15) if any(not nu for _, _, nu in units) else difference == 0
