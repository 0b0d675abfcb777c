"""The rule `global_region`: a global minimum on one face for all values of the symbols."""

import json
import random
from fractions import Fraction

import pytest

import symverify
from symverify.kernel.core.global_lower_bound import arranged, failing
from symverify.kernel.core.units import Units
from symverify.kernel.labels.global_region import opposed
from symverify.problem.load import loads
from symverify.report.claims import lines
from symverify.run.verdict import Verdict
from tests.certify.test_regions import polynomial
from tests.examples import layer, network, samples
from tests.kernel.accepted import case, claim
from tests.kernel.corruption import Json, certificate, outcome
from tests.kernel.labels.made import FOUR, ONE, at, drawn
from tests.kernel.rules import check_step, of, suite

F = Fraction
TWO = network([1, 1, 1], "identity", samples([1, 0], ["a", "a"]), bias=False, symbols={"a": [1, 2]})
AT = {"rule": "face_region", "parameters": [layer([["3/2"]]), layer([["1"]])], "moves": [[["1"], ["0"]]],
      "multipliers": [[]]}  # fmt: skip
STEP: Json = {"rule": "global_region", "from": {"minimum": 0}, "vectors": [None], "tree": [0]}
CORNERS: Json = STEP | {"vectors": [[["0", "2"], ["0", "1"]]]}  # −e at a = 2, then at a = 1
RELU = network([1, 1, 1], "relu", samples([1, -1], ["a", "a"]), bias=False, symbols={"a": [1, 2]})
ON = {"rule": "face_region", "parameters": [layer([["3/2"]]), layer([["1"]])], "moves": [[["1"], ["0"]]],
      "multipliers": [[]]}  # fmt: skip


def stated(domain: str, face: str, formula: str) -> Json:
    """The claim about the step 1."""
    return claim("global_minimum_for_all", 1, domain=domain, face=face, formula=formula)


DIAGONAL = network([2, 1, 1], "relu", samples([[1, 1], [-1, -1]], ["a", "a"]), bias=False, symbols={"a": [1, 2]})
HALVED = ON | {"parameters": [layer([["3/4", "3/4"]]), layer([["1"]])], "moves": [[["1/2"], ["1/2"], ["0"]]]}
CONTROLS = {
    "two inputs on a line": case(
        DIAGONAL, [HALVED, STEP | {"vectors": [None, [["2", "0"], ["1", "0"]]], "tree": [-2, 1, 0]}],
        stated("a in [1, 2]", "10", "a^2"),
    ),
    "own residuals": case(TWO, [AT, STEP], stated("a in [1, 2]", "00", "a^2")),
    "vectors at the corners": case(TWO, [AT, CORNERS], stated("a in [1, 2]", "00", "a^2")),
    "an exact fit": case(
        ONE, [AT, {"rule": "global_region", "from": {"minimum": 0}}], stated("a in [1, 2]", "1", "0")
    ),
    # By sign, first −: what fits the first label serves it, and the residuals serve +, though not −.
    "two signs": case(
        RELU | {"data": samples([1, -1], ["a", "-a"])},
        [ON, STEP | {"vectors": [None, [["2", "0"], ["1", "0"]]], "tree": [-1, 1, 0]}],
        stated("a in [1, 2]", "10", "a^2"),
    ),
    "two leaves": case(
        RELU, [ON, STEP | {"vectors": [None, [["2", "0"], ["1", "0"]]], "tree": [-2, 1, 0]}],
        stated("a in [1, 2]", "10", "a^2"),
    ),
}  # fmt: skip
CORRUPTIONS = of("vectors at the corners", [
    ("in another order", "steps[1].vectors[0]", [["0", "1"], ["0", "2"]], "Rejected", "proves less than the risk"),
    ("too short at one corner", "steps[1].vectors[0][1]", ["0", "1/2"], "Rejected", "proves less than the risk"),
    ("too long", "steps[1].vectors[0][1]", ["0", "4"], "Rejected", "proves less than the risk"),
    ("not admissible", "steps[1].vectors[0][0]", ["1", "2"], "Rejected", "does not admit all regions"),
    ("one corner", "steps[1].vectors[0]", [["0", "2"]], "Malformed", "expected 2 vectors, one for each corner"),
    ("a number too few", "steps[1].vectors[0][0]", ["0"], "Malformed", "expected 2 numbers"),
    ("no vector", "steps[1].vectors", [], "Rejected", "there is no vector 0"),
    ("one that is not used", "steps[1].vectors", [None, None], "Rejected", "not all are used"),
    ("no tree", "steps[1].tree", ..., "Malformed", "tree: is missing"),
    ("an empty tree", "steps[1].tree", [], "Rejected", "ends too early"),
    ("no minimum", "steps[1].from.minimum", 1, "Rejected", "does not come before"),
    ("a lower risk", "claims[0].formula", "0", "Rejected", "claimed '0', proved 'a^2'"),
]) + of("an exact fit", [
    ("a tree for nothing", "steps[1].tree", [0], "Malformed", "unknown key"),
]) + of("two leaves", [
    ("a factor too many", "steps[1].vectors[1]", [["4", "0"], ["2", "0"]], "Rejected", "proves less than the risk"),
    ("the leaves exchanged", "steps[1].tree", [-2, 0, 1], "Rejected", "does not admit all regions"),
    ("no split", "steps[1].tree", [0], "Rejected", "does not admit all regions"),
    ("of sum 0, with a bias", "steps[1].vectors[1][0]", ["3", "0"], "Rejected", "proves less than the risk"),
])  # fmt: skip
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


def test_with_an_output_bias_vectors_have_sum_0() -> None:
    """Of the labels a, 0 with a bias: the residuals are 0; a vector of sum 1 proves nothing."""
    affine = network([1, 1, 1], "identity", samples([0, 0], ["a", 0]), symbols={"a": [1, 2]})
    start = {"rule": "face_region", "moves": [None], "multipliers": [[]], "shift": ["1/2"],
             "parameters": [layer([["0"]], ["0"]), layer([["0"]], ["3/4"])]}  # fmt: skip
    check_step(affine, [start, STEP | {"vectors": [[["1", "0"], ["1", "0"]]]}], "whose sum is not 0")


def test_one_unit_of_the_other_sign_is_enough_to_be_lower() -> None:
    """The labels above 0 are fitted, the one below 0 costs more, and no unit of sign + helps there; one of − does."""
    for xs, labels, bias, point, moves in (
        ([-1, 1], ["-2 a", "a"], False, layer([["3/2"]]), [["1"], ["0"]]),
        ([0, 1, 2], ["5 a", "2 a", "-10 a"], {"hidden": True, "output": False}, layer([["-9/2"]], ["15/2"]),
         [["-3"], ["5"], ["0"]]),
    ):  # fmt: skip
        sided = network([1, 1, 1], "relu", samples(xs, labels), bias=bias, symbols={"a": [1, 2]})
        face = {"rule": "face_region", "parameters": [point, layer([["1"]])], "moves": [moves], "multipliers": [[]]}
        check_step(sided, [face, STEP], "does not admit all regions of the leaf")


def made(seed: int) -> Json:
    """Random labels around whole ones."""
    rng = random.Random(seed)
    n, width = rng.choice([(2, 1), (3, 1), (3, 2), (4, 1)])
    h = rng.choice(["relu", "abs", "hardtanh", {"name": "leaky_relu", "negative_slope": "1/4"}])
    labels = [f"{rng.randint(-3, 3)} + {rng.choice('ab')}" for _ in range(n)]
    return network([1, width, 1], h, samples(rng.sample(range(-3, 4), n), labels),
                   bias={"hidden": rng.random() < 0.8, "output": rng.random() < 0.8},
                   symbols={"a": ["-1/4", "1/4"], "b": ["-1/4", "1/8"]})  # fmt: skip


@pytest.mark.parametrize("seed", range(10))
def test_the_formula_is_the_least_risk_at_values_of_the_symbols(seed: int) -> None:
    document = made(seed)
    result = symverify.check(loads(json.dumps(document)), ["global_minimum_for_all"], smt=False, timeout=60)
    found = result["global_minimum_for_all"]
    if found.verdict is not Verdict.PROVED:
        assert found.reason
        return
    assert "there is a global minimum on the face" in lines(result, found)[0]
    for values in drawn(document, 4):
        least = symverify.check(loads(json.dumps(at(document, values))), ["global_minimum"], smt=False)[
            "global_minimum"
        ]
        assert F(str(least.statement["risk"])) == polynomial(str(found.statement["formula"]), values)


def test_where_another_face_is_lower_for_some_values_it_is_not_proved() -> None:
    wide = FOUR | {"data": samples([0, 1, 2, 3], [0, "a", "-1", 2]), "layers": [1, 1, 1], "symbols": {"a": [-3, 3]}}
    found = symverify.check(loads(json.dumps(wide)), ["global_minimum_for_all"], smt=False)["global_minimum_for_all"]
    assert found.verdict is Verdict.UNDECIDED


@pytest.mark.parametrize("seed", range(12))
def test_the_rays_that_a_vector_does_not_admit_are_those_of_the_lower_bound(seed: int) -> None:
    """Counted one by one here, and packed into long integers there."""
    rng = random.Random(seed)
    problem = loads(json.dumps(at(made(seed), {"a": F(0), "b": F(0)}))).problem
    units = Units.of(problem)
    placed = arranged(units)
    closed = [ray for _, _, ray in placed]
    vectors = [[rng.randint(-5, 5) for _ in problem.inputs] for _ in range(4)]
    vectors = [g if any(g) else [1] * len(g) for g in vectors]
    found = [opposed(units, closed, [tuple(map(F, g))]) for g in vectors]
    assert found == failing(units, placed, vectors)
    together = 0
    for each in found:
        together |= each
    assert opposed(units, closed, [tuple(map(F, g)) for g in vectors]) == together


def test_each_pair_of_corners_counts() -> None:
    """One sign fits (2 − s, 1 + s), the other one −11/5: that is lower at both ends, 5 − 2s + 2s² between them."""
    plane = network([2, 1, 1], "relu", samples([[1, 0], [0, 1], [-1, -1]], ["2 - s", "1 + s", "-11/5"]), bias=False,
                    symbols={"s": [0, 1]})  # fmt: skip
    first = {"rule": "face_region", "parameters": [layer([["3/2", "3/2"]]), layer([["1"]])],
             "moves": [[["-1"], ["1"], ["0"]]], "multipliers": [[]]}  # fmt: skip
    step = STEP | {"vectors": [None, [["1", "2", "0"], ["2", "1", "0"]]], "tree": [-1, 0, 1]}
    check_step(plane, [first, step], "vectors[1]: global_region: proves less than the risk")


@pytest.mark.parametrize("label", ["3 - s", "3 + s"])
def test_with_an_output_bias_the_vectors_of_all_corners_have_sum_0(label: str) -> None:
    """The input 0 shows the bias only: every two labels are fitted; the mean does so at one end."""
    dead = network([1, 1, 1], "relu", samples([1, 0], [label, 2]), bias={"hidden": False, "output": True},
                   symbols={"s": [-1, 1]})  # fmt: skip
    move = "1/2" if "+" in label else "-1/2"
    mean = {"rule": "face_region", "parameters": [layer([["-1"]]), layer([["0"]], ["5/2"])], "moves": [None],
            "multipliers": [[]], "shift": [move]}  # fmt: skip
    vectors = [["0", "2"], ["0", "0"]] if "+" in label else [["0", "0"], ["0", "2"]]
    check_step(dead, [mean, STEP | {"vectors": [vectors]}], "has a vector whose sum is not 0")


IDLE: Json = {"rule": "face_region", "parameters": [layer([["3/2"], ["1"]]), layer([["1", "0"]])],
              "moves": [[["1"], ["0"]], None], "multipliers": [[], []]}  # fmt: skip


def test_every_unit_is_served() -> None:
    """A second unit fits the second label."""
    second = RELU | {"layers": [1, 2, 1]}
    step = STEP | {"vectors": [None, [["2", "0"], ["1", "0"]]], "tree": [-2, 1, 0]}
    check_step(second, [IDLE, step], "does not admit all regions of the leaf")


def test_without_vectors_the_fit_is_exact_at_all_values() -> None:
    """An error that is 0 at the centre only, and one that is the same at all values."""
    off = {"rule": "face_region", "parameters": [layer([["-1"]]), layer([["1"]])], "moves": [[["0"], ["0"]]],
           "multipliers": [[]]}  # fmt: skip
    for document, face in (
        (ONE | {"data": samples([1], ["a"]), "symbols": {"a": [-1, 1]}}, off),
        (RELU | {"layers": [1, 2, 1], "data": samples([1, -1], ["a", 1])}, IDLE),
    ):
        unused = [{"claim": "used", "verdict": "proved", "step": 1}]
        proof = certificate(document, [face, {"rule": "global_region", "from": {"minimum": 0}}], unused)
        verdict, reason = outcome(document, proof)
        assert (verdict, reason.partition("vectors")[2]) == ("Malformed", ": is missing")
