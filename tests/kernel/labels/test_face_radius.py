"""The rule `face_radius`: linear forms in the labels that keep a minimum on its face; by hand, and their limits."""

import copy
import random
from fractions import Fraction
from typing import Any

import pytest

from symverify.kernel.labels.face_radius import FaceRadius
from symverify.kernel.labels.forms import room
from tests.examples import layer, network, samples
from tests.kernel.accepted import case, claim, point
from tests.kernel.corruption import Json, certificate, checked, outcome
from tests.kernel.rules import check_step, of, suite
from tests.oracles.network import Oracle

F = Fraction
ON = [layer([["1"]]), layer([["1"]])]
ONE = network([1, 1, 1], "relu", samples([1], [1]), bias=False, parameters=ON)
SLIDE: Json = {"rule": "face_radius", "from": {"point": 0}, "moves": [[["1"], ["0"]]], "multipliers": [[]]}
KINK = network([1, 1, 1], "relu", samples([5, 4, 3, 1, -1], [2, 1, 0, -3, 3]),
               parameters=[layer([["1"]], ["-3"]), layer([["1"]], ["0"])])  # fmt: skip
# f = c + u (x − 3)₊: p = (2, 1, 0, 0, 0), centred (7, 2, −3, −3, −3)/5, so u moves by (7, 2, −3, −3, −3)·d/16
BENT: Json = {
    "rule": "face_radius", "from": {"point": 0},
    "moves": [[["7/16", "1/8", "-3/16", "-3/16", "-3/16"], ["-21/16", "-3/8", "9/16", "9/16", "9/16"], ["0"] * 5]],
    "shift": ["-1/16", "1/8", "5/16", "5/16", "5/16"],
    "multipliers": [[["0", "3/16", "-3/8", "1/16", "1/16", "1/16"]]],  # −(f_1 − y_1)
}  # fmt: skip
NEAR = {"neighbour": ["-1", "1", "-1", "1", "1"]}
IDLE = network([1, 2, 1], "relu", samples([0, 1, 2], [0, 1, 1]),
               parameters=[layer([["1"], ["0"]], ["1", "1"]), layer([["1/2", "0"]], ["-1/3"])])  # fmt: skip

PAIR = network([1, 2, 1], "relu", samples([1], [1]), bias=False,
               parameters=[layer([["1/4"], ["3/4"]]), layer([["1", "1"]])])  # fmt: skip

DEAD = network([1, 2, 1], "relu", samples([1], [1]), bias=False,
               parameters=[layer([["1"], ["-1/2"]]), layer([["1", "1"]])])  # fmt: skip
DOUBLE = network([1, 1, 1], "relu", samples([5, 4, 3, 3, 1, -1], ["1/2", 4, -2, -2, 1, "3/2"]),
                 parameters=KINK["parameters"])  # fmt: skip
# f as for BENT, with errors (3/2, −3, 2, 2, −1, −3/2); the multipliers add up to −(f_1 − y_1)
SHARED: Json = {
    "rule": "face_radius", "from": {"point": 0},
    "moves": [[["3/7", "1/7", *["-1/7"] * 4], ["-9/7", "-3/7", *["3/7"] * 4], ["0"] * 6]],
    "shift": ["-1/21", "2/21", *["5/21"] * 4],
    "multipliers": [[["-3/2", "4/21", "-8/21", *["1/21"] * 4], ["0"] * 7]],
}  # fmt: skip


def stated(risk: str, radius: str | None, exact: bool, vanishing: int = 0, **more: Json) -> Json:
    """The claim's statement."""
    known = {"given": True, "risk": risk, "radius": radius, "exact": exact, "vanishing": vanishing}
    none = dict.fromkeys(("spurious_radius", "better_risk", "neighbour", "neighbour_radius"))
    return claim("face_radius", 1, **(known | none | more))


TWO = network([2, 1, 1], "relu", samples([[1, 0], [0, 2]], [1, 2]), bias=False)
TURN: Json = SLIDE | {"moves": [[["1", "0"], ["0", "1/2"], ["0", "0"]]]}
CONTROLS = {
    "two inputs": case(TWO, [point([layer([["1", "1"]]), layer([["1"]])]), TURN],
                       stated("0", "1", True, face="11") | {"given": False}),
    "one sample": case(ONE, [point(), SLIDE], stated("0", "1", True, face="1")),
    "a kink": case(KINK, [point(), BENT], stated("18", "0", True, 2, face="11[01]00")),
    "a kink, with a neighbour": case(
        KINK, [point(), BENT | NEAR],
        stated("18", "0", True, 2, face="11[01]00", neighbour="-1,1,-1,1,1", neighbour_radius="4/9"),
    ),
    "an idle unit": case(
        IDLE, [point(), {"rule": "face_radius", "from": {"point": 0}, "multipliers": [[], []],
                         "moves": [[["-1/2", "0", "1/2"], ["0"] * 3, ["0"] * 3], None],
                         "shift": ["5/6", "1/3", "-1/6"]}],
        stated("1/6", "3/4", False, face="111,111"),
    ),
    # the first stays at 1/4 and the second gives way at 3/4, but together they reach as far as one unit does: 1
    "two units on one face": case(
        PAIR, [point(), SLIDE | {"moves": [[["0"], ["0"]], [["1"], ["0"]]], "multipliers": [[], []]}],
        stated("0", "3/4", False, face="1,1"),
    ),
    # it could stay at −1/2, so that the radius would be 1
    "a dead unit that moves": case(
        DEAD, [point(), SLIDE | {"moves": [SLIDE["moves"][0], [["1"], ["0"]]], "multipliers": [[], []]}],
        stated("0", "1/2", False, face="1,0"),
    ),
    # |v| could stay at 1
    "|v| moves where nothing depends on it": case(
        ONE, [point(), SLIDE | {"moves": [[["1"], ["2"]]]}], stated("0", "1/2", False, face="1")
    ),
    # of both samples at the kink the first bears it all; shared, it could be borne farther
    "two samples at a kink": case(
        DOUBLE, [point(), SHARED], stated("45/2", "1/4", False, face="11[01][01]00")
    ),
}  # fmt: skip
LOWER = [layer([["-1"]], ["1"]), layer([["3/2"]], ["0"])]
CORRUPTIONS = of("one sample", [
    ("slower than the best fit", "steps[1].moves[0][0]", ["1/2"], "Rejected", "do not combine to its gradient"),
    ("the weight moves instead", "steps[1].moves[0]", [["0"], ["1"]], "Rejected", "do not combine to its gradient"),
    ("a multiplier without a kink", "steps[1].multipliers", [[["0", "0"]]], "Rejected", "needs 0 multipliers"),
    ("no moves", "steps[1].moves", [None], "Rejected", "is null exactly where the output weight is 0"),
    ("too few coefficients", "steps[1].moves[0][0]", [], "Malformed", "expected 1 coefficients, got 0"),
    ("a bias that there is not", "steps[1].shift", ["0"], "Malformed", "unknown key"),
    ("spurious without a point", "steps[1].spurious", "1", "Malformed", "unknown key"),
    ("a larger radius", "claims[0].radius", "2", "Rejected", "claimed '2', proved '1'"),
    ("not exact", "claims[0].exact", False, "Rejected", "proved true"),
]) + of("two inputs", [
    ("too few rows", "steps[1].moves[0]", [["1", "0"], ["0", "1/2"]], "Malformed", "expected 3 rows: of u, then of ν"),
    ("too many", "steps[1].moves[0]", [*TURN["moves"][0], ["0", "0"]], "Malformed", "expected 3 rows"),
    ("slower in the second", "steps[1].moves[0][1]", ["0", "1"], "Rejected", "do not combine to its gradient"),
    ("too many coefficients", "steps[1].moves[0][0]", ["1", "0", "0"], "Malformed", "expected 2 coefficients, got 3"),
]) + of("a kink", [
    ("a wrong bias", "steps[1].shift[0]", "0", "Rejected", "the residuals do not sum to 0 for all labels"),
    ("it leaves the kink", "steps[1].moves[0][1][0]", "0", "Rejected", "for all labels"),
    ("no multiplier", "steps[1].multipliers[0][0]", ["0"] * 6, "Rejected", "do not combine to its gradient"),
    ("a shifted multiplier", "steps[1].multipliers[0][0][0]", "1", "Rejected", "do not combine to its gradient"),
    ("the multiplier is missing", "steps[1].multipliers[0]", [], "Rejected", "needs 1 multipliers"),
    ("one vanishing form", "claims[0].vanishing", 1, "Rejected", "claimed 1, proved 2"),
]) + of("a kink, with a neighbour", [
    ("the labels themselves", "steps[1].neighbour", ["0"] * 5, "Rejected", "is no label vector at which the minimum"),
    ("on the other side", "steps[1].neighbour", ["1", "-1", "1", "-1", "-1"], "Rejected", "is no label vector"),
    ("its radius", "claims[0].neighbour_radius", "1", "Rejected", "proved '4/9'"),
]) + of("an idle unit", [
    ("the idle unit moves", "steps[1].moves[1]", [["0"] * 3] * 3, "Rejected", "is null exactly where"),
])  # fmt: skip
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


@pytest.mark.parametrize(
    ("name", "what"),
    [("one sample", "the pre-activation of unit 1 at sample 1"), ("a kink", "the multiplier of unit 1 at sample 3"),
     ("an idle unit", "the pre-activation of unit 1 at sample 3")],
)  # fmt: skip
def test_what_the_radius_is_due_to(name: str, what: str) -> None:
    fact = checked(CONTROLS[name].network, CONTROLS[name].proof).steps[1].fact
    assert isinstance(fact, FaceRadius)
    assert fact.binding is not None
    assert (fact.binding.what, room(fact.binding.form)) == (what, fact.radius)


def relabelled(document: Json, change: list[Fraction]) -> Any:
    """The same network with changed labels."""
    new = copy.deepcopy(document)
    for each, d in zip(new["data"], change, strict=True):
        each["y"] = [str(Fraction(each["y"][0]) + d)]
    return new


def moved(step: Json, start: Json, d: list[Fraction]) -> Json:
    """The point for changed labels, from the step's fields."""
    first, last = start
    weights, biases, outer = [], [], []
    for j, moves in enumerate(step["moves"]):
        w, b, v = (
            [F(x) for x in first["weight"][j]],
            [F(x) for x in first.get("bias", [])[j : j + 1]],
            F(last["weight"][0][j]),
        )
        if moves is not None:
            z = [abs(v) * x for x in (*w, *b, F(1))]
            z = [a + sum(F(m) * x for m, x in zip(row, d, strict=True)) for a, row in zip(z, moves, strict=True)]
            w, b, v = (
                [x / z[-1] for x in z[: len(w)]],
                [x / z[-1] for x in z[len(w) : -1]],
                z[-1] * (1 if v > 0 else -1),
            )
        weights.append([str(x) for x in w])
        biases += [str(x) for x in b]
        outer.append(str(v))
    c = (
        [str(F(last["bias"][0]) + sum(F(m) * x for m, x in zip(step["shift"], d, strict=True)))]
        if "bias" in last
        else None
    )
    return [layer(weights, biases or None), layer([outer], c)]


@pytest.mark.parametrize(("name", "radius"), [("one sample", F(1)), ("an idle unit", F(3, 4))])
def test_inside_it_is_a_local_minimum(name: str, radius: Fraction) -> None:
    each, rng = CONTROLS[name], random.Random(3)
    for _ in range(30):
        d = [radius * F(rng.randint(-999, 999), 1000) for _ in each.network["data"]]
        there = moved(each.proof["steps"][1], each.network["parameters"], d)
        assert Oracle(relabelled(each.network, d)).lower_nearby(there) is None


def test_around_the_neighbour_it_is_one_and_on_the_other_side_it_is_not() -> None:
    rng = random.Random(4)
    for _ in range(30):
        d = [F(x) + F(4, 9) * F(rng.randint(-999, 999), 1000) for x in NEAR["neighbour"]]
        there = moved(BENT, KINK["parameters"], d)
        assert Oracle(relabelled(KINK, d)).lower_nearby(there) is None
    away = [-F(x) / 100 for x in NEAR["neighbour"]]
    there = moved(BENT, KINK["parameters"], away)
    assert Oracle(relabelled(KINK, away)).lower_nearby(there) is not None


def test_no_minimum_at_the_given_labels() -> None:
    """The equations hold there, the signs at the kink do not; beside it the neighbour, where they do."""
    for d, reason in (
        ([F(x) / 100 for x in NEAR["neighbour"]], None),
        ([-F(x) / 100 for x in NEAR["neighbour"]], "the multiplier of unit 1 at sample 3 does not fit the face"),
    ):
        there = relabelled(KINK, d) | {"parameters": moved(BENT, KINK["parameters"], d)}
        ((constant, *form),) = BENT["multipliers"][0]
        start = F(constant) + sum(F(a) * b for a, b in zip(form, d, strict=True))
        step = BENT | {"multipliers": [[[str(start), *form]]]}
        if reason is None:
            assert claims_alone_fail(there, [point(), step])
        else:
            check_step(there, [point(), step], reason)


def test_spurious_within() -> None:
    """(18 − 14) ≥ 2 ρ |f' − f|₁ + 5 ρ²."""
    at = IDLE | {"parameters": [layer([["0"], ["0"]], ["-1", "-1"]), layer([["1", "1"]], ["2/3"])]}
    fit = {"rule": "face_radius", "from": {"point": 0, "better": 1}, "multipliers": [[], []],
           "moves": [[["0"] * 3] * 3] * 2, "shift": ["1/3"] * 3}  # fmt: skip
    lower = [layer([["1"], ["0"]], ["1", "1"]), layer([["1/2", "0"]], ["-1/3"])]
    # risks 2/3 and 1/6: f' − f = (−1/2, 0, 1/2)
    good = certificate(at, [point(), point(lower), fit | {"spurious": "1/7"}], [
        claim("face_radius", 2, given=True, face="000,000", risk="2/3", radius=None, exact=False, vanishing=0,
              spurious_radius="1/7", better_risk="1/6", neighbour=None, neighbour_radius=None)])  # fmt: skip
    assert outcome(at, good)[0] == "Accepted"
    for wrong in ("1/4", "0", "-1"):
        check_step(at, [point(), point(lower), fit | {"spurious": wrong}], "is beyond what the better point proves")
    lowest = [layer([["0"], ["0"]], ["-1", "-1"]), layer([["1", "1"]], ["1"])]
    check_step(at, [point(), point(lowest), fit | {"spurious": "1/100"}], "is beyond what the better point proves")


def test_spurious_exactly_as_far_as_the_better_point_proves() -> None:
    """f' − f = (−2/3, 0, 0): 4/9 = 2/9 (4/3 + 3 · 2/9)."""
    at = IDLE | {"parameters": [layer([["0"], ["0"]], ["-1", "-1"]), layer([["1", "1"]], ["2/3"])]}
    better = [layer([["1"], ["1"]], ["0", "-1"]), layer([["2/3", "-2/3"]], ["0"])]
    fit = {"rule": "face_radius", "from": {"point": 0, "better": 1}, "multipliers": [[], []],
           "moves": [[["0"] * 3] * 3] * 2, "shift": ["1/3"] * 3, "spurious": "2/9"}  # fmt: skip
    assert claims_alone_fail(at, [point(), point(better), fit])
    check_step(at, [point(), point(better), fit | {"spurious": "2223/10000"}], "is beyond what the better point proves")


def test_spurious_no_farther_than_it_is_a_minimum() -> None:
    """The pre-activation at the first sample is 1/50 and falls by 4/3 ρ; the better point alone proves more."""
    at = IDLE | {"parameters": [layer([["1"], ["0"]], ["1/25", "1"]), layer([["1/2", "0"]], ["11/75"])]}
    better = [layer([["1"], ["1"]], ["0", "-1"]), layer([["1", "-1"]], ["0"])]
    moves = [[["-1/2", "0", "1/2"], ["5/6", "1/3", "-1/6"], ["0"] * 3], None]
    fit = {"rule": "face_radius", "from": {"point": 0, "better": 1}, "multipliers": [[], []],
           "moves": moves, "shift": ["0"] * 3}  # fmt: skip
    assert claims_alone_fail(at, [point(), point(better), fit | {"spurious": "3/200"}])
    check_step(at, [point(), point(better), fit | {"spurious": "1/50"}], "is beyond what the better point proves")


def claims_alone_fail(document: Json, steps: list[Json]) -> bool:
    """The steps follow, and nothing is wrong but a claim that is none."""
    unused = {"claim": "point", "verdict": "proved", "step": len(steps) - 1}
    verdict, why = outcome(document, certificate(document, steps, [unused]))
    return verdict == "Rejected" and why.startswith("claims[0]")


def test_vector_outputs_depth_and_moving_predictions_are_refused() -> None:
    deep = network([1, 1, 1, 1], "relu", samples([1], [1]), parameters=[layer([["1"]], ["0"])] * 3)
    check_step(deep, [point(), SLIDE], "needs one hidden layer and scalar output")
    check_step(ONE | {"loss": "huber"}, [point(), SLIDE], "is not a rule for the huber loss")
