"""The rule `cell_infimum`: a point of the closed cell, and bounds for all choices of signs."""

import random
from fractions import Fraction

import pytest

from tests.examples import layer, network, samples
from tests.kernel.accepted import Case, case, claim, point
from tests.kernel.corruption import Json, certificate, mutations, outcome
from tests.kernel.rules import check_step, of, suite
from tests.oracles.problems import drawn
from tests.oracles.strata import Strata, infimum

TENT = samples([0, 1, 2, 3], [0, 2, 0, -1])
STEP = {"rule": "cell_infimum", "from": {"point": 0}}
ONE = network([1, 1, 1], "relu", TENT, "1/2")
TWO = ONE | {"layers": [1, 2, 1]}
FAR = network([1, 1, 1], "relu", samples([0, 1, 2, 3], [0, 5, 0, -1]), loss={
    "name": "huber", "delta": "1/2", "reduction": "sum"
})  # fmt: skip
BEYOND = network([1, 1, 1], "relu", samples([1], [2]), "1/2", bias=False)
ON = [layer([["1"]]), layer([["0"]])]


def alike(width: int, w: str, b: str) -> Json:
    """A point whose units are all the same."""
    return [layer([[w]] * width, [b] * width), layer([["0"] * width], ["0"])]


def infimum_of(document: Json, at: Json, cell: str, risk: str) -> Case:
    """The oracle's step."""
    least, fields = infimum(document, at)
    assert str(least) == risk
    return case(document, [point(at), STEP | fields], claim("cell_infimum", 1, cell=cell, risk=risk))


PLANE = network([2, 1, 1], "relu", samples([[1, 2], [2, -1]], [2, 3]), "1/2")
CONTROLS = {
    "two inputs": infimum_of(PLANE, [layer([["1", "0"]], ["0"]), layer([["0"]], ["0"])], "11", "0"),
    "two inputs, no bias": infimum_of(
        PLANE | {"bias": False}, [layer([["-1", "1"]]), layer([["0"]])], "10", "9/2"),
    "one unit": infimum_of(ONE, alike(1, "2", "-1"), "0111", "1"),
    "two units": infimum_of(TWO, alike(2, "2", "-1"), "0111,0111", "1/12"),
    "huber": infimum_of(FAR, alike(1, "0", "1"), "1111", "71/28"),
    "no bias": infimum_of(BEYOND, ON, "1", "0"),
    "units in two cells": infimum_of(
        TWO, [layer([["2"], ["-2"]], ["-1", "3"]), layer([["0", "0"]], ["0"])], "0111,1100", "1/12"
    ),
}  # fmt: skip
L, B = "steps[1].limit", "steps[1].bounds"
CORRUPTIONS = of("one unit", [
    ("a limit outside the cone", L, [["1", "-1", "-1"], None], "Rejected",
     f"{L}[0]: cell_infimum: is not in the closed cone of its class"),
    ("a limit of another shape", L, [["1", "-1"], None], "Rejected", "is not in the closed cone of its class"),
    ("two signs of one unit", L, [["1", "0", "1"], ["1", "0", "1"]], "Rejected",
     f"{L}[0]: cell_infimum: one unit cannot have both signs"),
    ("too few slots", L, [], "Rejected", f"{L}: cell_infimum: expected 2 vectors or nulls, got 0"),
    ("no limit", L, ..., "Malformed", f"{L}: is missing"),
    ("no bias", "steps[1].bias", ..., "Malformed", "steps[1].bias: is missing"),
    ("a limit of higher risk", "steps[1].bias", "9", "Rejected", f"{B}[0]: cell_infimum: proves a risk of at least"),
    ("no bounds", B, [], "Rejected", f"{B}: cell_infimum: leave out the signs 01"),
    ("a choice of signs left out", f"{B}[1]", ..., "Rejected", "leave out the signs"),
    ("a bound of other predictions", f"{B}[0].vector[0]", "77", "Rejected", "its vector does not sum to 0"),
    ("a bound of too few predictions", f"{B}[0].vector", ["0"], "Rejected",
     f"{B}[0]: cell_infimum: expected 4 predictions, got 1"),
    ("unknown key", "steps[1].risk", "1", "Malformed", "steps[1].risk: unknown key"),
    ("no point", "steps[1].from.point", ..., "Malformed", "steps[1].from.point: is missing"),
    ("itself", "steps[1].from.point", 1, "Rejected", "step 1 does not come before this one"),
    ("another risk", "claims[0].risk", "1/2", "Rejected", "claims[0].risk: claimed '1/2', proved '1'"),
    ("another cell", "claims[0].cell", "1111", "Rejected", "claims[0].cell: claimed '1111', proved '0111'"),
    ("on a boundary", "steps[0].parameters[0].bias", ["0"], "Rejected",
     "steps[1]: cell_infimum: unit 1 of hidden layer 1 is at a breakpoint on sample 1"),
]) + of("no bias", [
    ("a bias where there is none", "steps[1].bias", "0", "Malformed", "steps[1].bias: unknown key"),
])  # fmt: skip
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


def test_bounds_over_one_sign_at_a_time_are_none_for_two_units() -> None:
    one = CONTROLS["one unit"].proof["steps"][1]
    steps = [point(alike(2, "2", "-1")), one]
    check_step(TWO, steps, "steps[1].bounds: cell_infimum: leave out the signs 11")


@pytest.mark.parametrize("change", [lambda x: str(Fraction(x) + 1), lambda x: "-1"])
def test_multipliers_are_checked(change: Json) -> None:
    control = CONTROLS["two units"]
    bounds = [dict(each) for each in control.proof["steps"][1]["bounds"]]
    kappa = bounds[0]["multipliers"][0]
    bounds[0]["multipliers"] = [[change(kappa[0]), *kappa[1:]], *bounds[0]["multipliers"][1:]]
    steps = [control.proof["steps"][0], control.proof["steps"][1] | {"bounds": bounds}]
    check_step(TWO, steps, "do not combine to the vector's pull" if change("1") != "-1" else "none negative")


def test_a_bound_counts_down_to_predictions_of_zero() -> None:
    """From predictions above the target, positive outputs are admitted, but the risk falls towards them."""
    bounds = [
        {"vector": ["10"], "multipliers": [["0", "8"], None]},
        {"vector": ["0"], "multipliers": [None, ["0", "2"]]},
    ]
    wrong = STEP | {"limit": [None, None], "bounds": bounds}
    check_step(BEYOND, [point(ON), wrong], "bounds[0]: cell_infimum: proves a risk of at least -48, not 2")
    right = STEP | {"limit": [["2", "1"], None], "bounds": [{"vector": ["2"], "multipliers": [["0", "0"]] * 2}]}
    proof = certificate(BEYOND, [point(ON), right], [claim("cell_infimum", 1, cell="1", risk="0")])
    assert outcome(BEYOND, proof)[0] == "Accepted"


def test_it_is_for_one_layer_and_one_output() -> None:
    deep = network([1, 1, 1, 1], "relu", samples([1], [1]), parameters=[layer([["1"]], ["1"])] * 3)
    check_step(deep, [point(), STEP | {"limit": [], "bounds": []}], "needs one hidden layer and scalar output")


@pytest.mark.parametrize("seed", range(4))
def test_the_oracle_is_believed_and_no_mutation_of_it_proves_another_number(seed: int) -> None:
    rng, counts = random.Random(seed), {"Accepted": 0, "Rejected": 0, "Malformed": 0}
    for _ in range(6):
        document, at = drawn(rng, 3, 3, False)
        least, fields = infimum(document, at)
        strata = Strata(document, at)
        place = {j: each.place for each in strata.classes for j in each.units}
        cell = ",".join("".join(str(p // 2) for p in place[j]) for j in sorted(place))
        statement = claim("cell_infimum", 1, cell=cell, risk=str(least))
        right = outcome(document, certificate(document, [point(at), STEP | fields], [statement]))
        assert right[0] == "Accepted"
        every = [changed for _, changed in mutations(fields) if isinstance(changed, dict)]
        for changed in rng.sample(every, min(40, len(every))):
            found = outcome(document, certificate(document, [point(at), STEP | changed], [statement]))
            counts[found[0]] += 1
            assert found == right or found[0] != "Accepted"
    assert min(counts.values()) > 0
