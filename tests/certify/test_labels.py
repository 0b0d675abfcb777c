"""Radii in label space: the known ones; claims hold just inside, and fail, or the face is left, just outside."""

import copy
import json
import random
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import pytest

import symverify
from symverify.kernel.labels.face_radius import FaceRadius
from symverify.run.verdict import Verdict
from tests.examples import layer, network, samples
from tests.oracles.network import Oracle
from tests.oracles.strata import Strata
from tests.report.judgements import beyond, signs_of, slid
from tests.report.truth import Judge

F = Fraction
EXAMPLES = Path(__file__).parents[2] / "examples"
Json = Any


def example(name: str) -> Json:
    return json.loads((EXAMPLES / f"{name}.json").read_text())


def tried(document: Json, claim: str, cell: str | None = None) -> Any:
    return symverify.check(symverify.loads(json.dumps(document)), [claim], cell=cell, smt=False)


def relabelled(document: Json, d: Any) -> Json:
    new = copy.deepcopy(document)
    for each, change in zip(new["data"], d, strict=True):
        each["y"] = [str(Fraction(each["y"][0]) + change)]
    return new


@pytest.mark.parametrize(("name", "claim", "cell", "radius"), [
    ("four-points", "spurious_radius", None, "1/3"),
    ("two-valleys", "cell_radius", "0111,0111", "11/14"),
    ("boundary", "face_radius", None, "0"),
])  # fmt: skip
def test_known_radii(name: str, claim: str, cell: str | None, radius: str) -> None:
    found = tried(example(name), claim, cell)[claim]
    assert found.verdict is Verdict.PROVED
    assert found.statement["radius"] == radius


def test_theorem_1_holds_just_inside_and_fails_at_the_edge() -> None:
    four = example("four-points")
    del four["parameters"]
    edge = [F(x, 3) - F(1, 3) - y for x, y in enumerate((0, 0, 0, 1))]
    inside = tried(relabelled(four, [d * 99 / 100 for d in edge]), "spurious_minimum")["spurious_minimum"]
    assert inside.verdict is Verdict.PROVED
    assert tried(relabelled(four, edge), "spurious_minimum")["spurious_minimum"].verdict is Verdict.REFUTED


def test_two_valleys_are_two_just_inside_and_not_just_outside() -> None:
    document = example("two-valleys")
    at = [layer([["2"], ["2"]], ["-1", "-1"]), layer([["0", "0"]], ["0"])]
    corners = list(product((1, -1), repeat=4))
    for size, same in ((F(11, 14) - F(1, 1000), True), (F(11, 14) + F(1, 1000), False)):
        found = {Strata(relabelled(document, [size * s for s in corner]), at).components() for corner in corners}
        assert (found == {(2, 1)}) == same


def test_boundary_is_at_an_edge_and_its_neighbour_is_not() -> None:
    statement = tried(example("boundary"), "face_radius")["face_radius"].statement
    assert (statement["vanishing"], statement["exact"]) == (2, True)
    there = relabelled(example("boundary"), [F(x) for x in str(statement["neighbour"]).split(",")])
    del there["parameters"]
    assert F(str(statement["neighbour_radius"])) > 0


@pytest.mark.parametrize("seed", range(12))
def test_faces_of_random_points_are_left_just_beyond_exact_radii(seed: int) -> None:
    """With the binding form just below 0 the point that moves along is no local minimum on its face any more."""
    rng = random.Random(seed)
    n = rng.randint(3, 5)
    document = network([1, 1, 1], rng.choice(["relu", "abs", {"name": "leaky_relu", "negative_slope": "1/4"}]),
                       samples(rng.sample(range(-4, 5), n), [rng.randint(-4, 4) for _ in range(n)]))  # fmt: skip
    steps = json.loads(tried(document, "global_minimum").certificate)["steps"]
    document["parameters"] = next(
        (each["parameters"] for each in reversed(steps) if each["rule"] == "point"), layer([["0"]], ["0"])
    )
    result = tried(document, "face_radius")
    if result["face_radius"].verdict is not Verdict.PROVED:
        return
    entry = json.loads(result.certificate)["steps"][-1]
    fact = next(step.fact for step in reversed(result.checked.steps) if isinstance(step.fact, FaceRadius))
    if fact.radius is None:
        return
    for _ in range(10):
        d = [fact.radius * F(rng.choice([-999, 999]), 1000) for _ in range(n)]
        there = slid(entry, document["parameters"], d)
        assert Oracle(relabelled(document, d)).lower_nearby(there) is None
    assert fact.binding is not None
    slope = fact.binding.form[1:]
    beyond = [-(fact.radius + F(1, 1000)) * ((a > 0) - (a < 0)) for a in slope]
    assert fact.binding.form[0] + sum(a * b for a, b in zip(slope, beyond, strict=True)) < 0


@pytest.mark.parametrize("seed", range(6))
def test_components_of_random_cells_are_the_same_in_the_box(seed: int) -> None:
    rng = random.Random(seed)
    document = network(
        [1, 2, 1], rng.choice(["relu", "abs"]), samples([0, 1, 2], [rng.randint(-3, 3) for _ in range(3)])
    )
    cells = rng.choice(["011,011", "111,111", "001,011", "011,111"])
    result = tried(document, "cell_radius", cells)
    if result["cell_radius"].verdict is not Verdict.PROVED:
        return
    statement = result["cell_radius"].statement
    at = json.loads(result.certificate)["steps"][0]["parameters"]
    for corner in product((1, -1), repeat=3):
        d = [F(str(statement["radius"])) * F(rng.randint(900, 999), 1000) * s for s in corner]
        found = Strata(relabelled(document, d), at).components()
        assert found == (statement["components"], statement["orbits"])
    assert statement["exact"] is True
    step = json.loads(result.certificate)["claims"][-1]["step"]
    out = beyond(Judge(document, json.loads(result.certificate)), step, F(str(statement["radius"])), at)
    assert signs_of(document, at) != signs_of(relabelled(document, out), at)


@pytest.mark.parametrize("seed", range(6))
def test_the_global_minimum_stays_where_it_is_said_to(seed: int) -> None:
    rng = random.Random(100 + seed)
    document = network([1, 1, 1], "relu", samples([0, 1, 2, 3], [rng.randint(-3, 3) for _ in range(4)]))
    result = tried(document, "global_radius")
    if result["global_radius"].verdict is not Verdict.PROVED:
        return
    steps = json.loads(result.certificate)["steps"]
    face = next(each for each in steps if each["rule"] == "face_radius")
    start = steps[face["from"]["point"]]["parameters"]
    radius = F(str(result["global_radius"].statement["radius"] or 3))
    for corner in product((1, -1), repeat=4):
        d = [radius * F(99, 100) * s for s in corner]
        there = relabelled(document, d)
        least = tried(there, "global_minimum")["global_minimum"].statement["risk"]
        assert F(str(least)) == Oracle(there).risk(slid(face, start, d))


def test_just_outside_a_known_radius_another_face_has_the_global_minimum() -> None:
    """Of the labels 2 and −1 one is fitted, the larger: for all nearer than 1/2 the first."""
    document = network([1, 1, 1], "relu", samples([1, -1], [2, -1]), bias=False)
    statement = tried(document, "global_radius")["global_radius"].statement
    assert (statement["radius"], statement["beyond"]) == ("1/2", "65/128")
    for size, lower in ((F(499, 1000), False), (F(501, 1000), True)):
        there = relabelled(document, [-size, -size])
        least = tried(there, "global_minimum")["global_minimum"].statement["risk"]
        assert (F(str(least)) < (1 + size) ** 2) == lower


def test_theorem_1_is_exact_at_every_distance_of_random_data() -> None:
    """Just inside it is proved anew, at the edge refuted."""
    rng = random.Random(11)
    for _ in range(4):
        document = network([1, 2, 1], "relu", samples([0, 1, 2, 3], [rng.randint(-3, 3) for _ in range(4)]))
        result = tried(document, "spurious_radius")
        if result["spurious_radius"].verdict is not Verdict.PROVED:
            continue
        a, c = map(F, json.loads(result.certificate)["steps"][-1]["affine"])
        edge = [a * x + c - F(each["y"][0]) for x, each in enumerate(document["data"])]
        assert max(map(abs, edge)) == F(str(result["spurious_radius"].statement["radius"]))
        inside = relabelled(document, [d * F(999, 1000) for d in edge])
        assert tried(inside, "spurious_minimum")["spurious_minimum"].verdict is Verdict.PROVED
        outside = tried(relabelled(document, edge), "spurious_minimum")["spurious_minimum"]
        assert outside.verdict is Verdict.REFUTED


def test_robust_adds_radii_and_answers_the_same_question() -> None:
    problem = symverify.load(EXAMPLES / "four-points.json")
    result = symverify.check(problem, ["spurious_minimum"], robust=True, smt=False)
    assert result.asked == ("spurious_minimum",)
    assert [claim.name for claim in result.claims] == ["spurious_minimum", "spurious_radius"]
    assert result.verdict is Verdict.PROVED


def test_what_moves_otherwise_is_refused_with_the_reason() -> None:
    deep = network([1, 2, 2, 1], "relu", samples([0, 1, 2], [0, 0, 1]))
    for claim in ("spurious_radius", "face_radius", "global_radius"):
        found = tried(deep, claim)[claim]
        assert found.verdict is Verdict.UNDECIDED
        assert "one hidden layer" in found.reason
    huber = network([1, 2, 1], "relu", samples([0, 1, 2], [0, 0, 1])) | {"loss": "huber"}
    assert "squared loss" in tried(huber, "face_radius")["face_radius"].reason


def test_a_point_that_is_no_minimum_is_not_said_to_have_output_weight_0() -> None:
    """The reason for no radius: here a gradient that is not 0, there a weight 0 that only some labels keep."""
    off = network([1, 1, 1], "relu", samples([1, 2], [1, 3]), parameters=[layer([[1]]), layer([[5]])], bias=False)
    found = tried(off, "face_radius")["face_radius"]
    assert found.verdict is Verdict.UNDECIDED
    assert found.reason == "the point is no local minimum with the labels as they are: unit 1 can lower the risk"
    idle = network([1, 1, 1], "relu", samples([1], [0]), parameters=[layer([[1]]), layer([[0]])], bias=False)
    found = tried(idle, "face_radius")["face_radius"]
    assert found.verdict is Verdict.UNDECIDED
    assert found.reason == "unit 1 has output weight 0, and the labels near these for which it stays are a null set"


@pytest.mark.parametrize(
    "claim",
    ["every_slope", "spurious_labels", "spurious_radius", "face_radius", "cell_traps", "spurious_minimum",
     "global_minimum"],
)  # fmt: skip
def test_numbers_that_no_certificate_can_state_leave_a_claim_open(claim: str) -> None:
    """Inputs of 2,500 digits: what is made of two of them has more than Python spells."""
    far = "7" * 2500
    document = network([1, 2, 1], "relu", samples([far, 1, 2, f"1/{'3' * 2501}"], [0, 0, 1, 5]))
    found = symverify.check(symverify.loads(json.dumps(document)), claim, smt=False)[claim]
    assert found.verdict is Verdict.UNDECIDED
    assert "digits" in found.reason or "bits to be stated" in found.reason
