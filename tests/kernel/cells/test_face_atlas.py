"""The rule `face_atlas`: the minima on every face of the network, each face once, and how they hang together."""

import json
import random
from fractions import Fraction
from itertools import combinations, product

import pytest

from symverify.cells.faces import unit_faces as points_on_faces
from symverify.certify import cell_minima as emit
from symverify.certify.certificate import Certificate, parameters
from symverify.kernel import faces, rules
from symverify.kernel.cells.cell_minima import CellMinima, cell_minima
from symverify.kernel.core.errors import Declined, KernelError
from symverify.kernel.core.network import Problem
from symverify.search.cell_minima import FaceMinima, face_minima
from tests.cell_cases import network as problem_of
from tests.cell_cases import random_case, run
from tests.examples import layer, network, samples
from tests.kernel.accepted import case, claim, point
from tests.kernel.corruption import Json, edited, mutations, outcome

ON, OFF, AT = layer([["1"]]), layer([["-1"]]), layer([["0"]])
# One unit without biases has the faces w > 0 (v w = 1 is best), w < 0 (f = 0) and w = 0, where f = 0, too: a local
# minimum for v < 0, as then f ≤ 0 near it. This joins w < 0.
ONE = network([1, 1, 1], "relu", samples([1], [1]), bias=False)
MINUS_OR_NONE = {"vector": ["-1"], "multipliers": [None, ["0", "1"]]}
CONTROL = case(
    ONE,
    [
        point([ON, layer([["1"]])]),
        {"rule": "cell_minima", "from": {"point": 0}, "best": ["1"], "separators": [MINUS_OR_NONE],
         "witnesses": [[ON, layer([["1"]])]]},
        point([OFF, layer([["0"]])]),
        {"rule": "cell_minima", "from": {"point": 2}, "best": ["0"], "separators": [],
         "witnesses": [[OFF, layer([[v]])] for v in ("0", "1", "-1")]},
        point([AT, layer([["3"]])]),
        {"rule": "cell_minima", "from": {"point": 4}, "best": ["0"], "separators": [], "witnesses": [[AT, layer([["-2"]])]]},
        {"rule": "face_atlas", "from": {"minima": [1, 3, 5]}},
    ],
    claim("face_atlas", 6, faces=3, faces_with_minima=3, distinct_risks=2, valleys=2, components=2, lowest="0",
          highest="1"),
    claim("cell_minima", 5, cell="[01]", components=1, orbits=1, risk="1"),
)  # fmt: skip
MINIMA, WITNESSES = "steps[6].from.minima", "steps[5].witnesses"
HELD = "unit 1 of hidden layer 1 has an output weight of a sign that no local minimum has"
CORRUPTIONS = [
    ("a face left out", MINIMA, [1, 3], "Rejected", "minima: face_atlas: expected all 3 faces, got 2"),
    ("none", MINIMA, [], "Rejected", "minima: face_atlas: expected all 3 faces, got 0"),
    ("a face twice", MINIMA, [1, 3, 3], "Rejected", "minima: face_atlas: name a face twice, up to exchanging units"),
    ("one more", MINIMA, [1, 3, 5, 5], "Rejected", "name a face twice"),
    ("a point", MINIMA, [1, 3, 4], "Rejected", "minima[2]: face_atlas: step 4 proves Evaluated, expected CellMinima"),
    ("itself", MINIMA, [1, 3, 6], "Rejected", "minima[2]: face_atlas: step 6 does not come before this one"),
    ("negative", MINIMA, [1, 3, -1], "Malformed", "steps[6].from.minima[2]: expected a whole number"),
    ("null", MINIMA, None, "Malformed", "steps[6].from.minima: expected a list"),
    ("missing", MINIMA, ..., "Malformed", "steps[6].from.minima: is missing"),
    ("unknown key", "steps[6].faces", 3, "Malformed", "steps[6].faces: unknown key"),
    ("the same face by another point", "steps[4].parameters", [layer([["7"]]), layer([["0"]])], "Rejected",
     "are not the best predictions in the features' span"),
    ("best predictions off the face", "steps[5].best", ["1"], "Rejected", "are not the best predictions"),
    ("a witness of the other sign", WITNESSES, [[AT, layer([["2"]])]], "Rejected", HELD),
    ("a witness of weight 0", WITNESSES, [[AT, layer([["0"]])]], "Rejected", HELD),
    ("one more witness, of weight 0", WITNESSES, [[AT, layer([["-2"]])], [AT, layer([["0"]])]], "Rejected", HELD),
    ("a witness in a cell", WITNESSES, [[ON, layer([["-2"]])]], "Rejected", "is in another cell or on another face"),
    ("no witness", WITNESSES, [], "Rejected", "type 10 has neither a witness nor a separator"),
    ("a separator that is not strict", "steps[5]", {"rule": "cell_minima", "from": {"point": 4}, "best": ["0"], "witnesses": [],
     "separators": [{"vector": ["-1"], "multipliers": [None, ["0"]]}]}, "Rejected", "type 10 has neither"),
    ("multipliers of a cell", "steps[5].separators", [MINUS_OR_NONE], "Rejected", "multipliers[1] must be 1 numbers"),
    ("more faces", "claims[0].faces", 4, "Rejected", "claims[0].faces: claimed 4, proved 3"),
    ("fewer with minima", "claims[0].faces_with_minima", 2, "Rejected", "claimed 2, proved 3"),
    ("more valleys", "claims[0].valleys", 3, "Rejected", "claims[0].valleys: claimed 3, proved 2"),
    ("components not counted", "claims[0].components", None, "Rejected", "claimed None, proved 2"),
    ("one risk", "claims[0].distinct_risks", 1, "Rejected", "claims[0].distinct_risks: claimed 1, proved 2"),
    ("lowest", "claims[0].lowest", "1", "Rejected", "claims[0].lowest: claimed '1', proved '0'"),
    ("highest", "claims[0].highest", "2", "Rejected", "claims[0].highest: claimed '2', proved '1'"),
    ("as the atlas of the cells", "claims[0].claim", "atlas", "Rejected", "FaceAtlas, which does not settle 'atlas'"),
    ("the face as a cell", "claims[1].cell", "0", "Rejected", "claims[1].cell: claimed '0', proved '[01]'"),
]  # fmt: skip


def test_accepted() -> None:
    assert outcome(CONTROL.network, CONTROL.proof)[0] == "Accepted"
    assert outcome(CONTROL.network, edited(CONTROL.proof, MINIMA, [5, 1, 3]))[0] == "Accepted"


@pytest.mark.parametrize(
    ("path", "new", "kind", "reason"), [c[1:] for c in CORRUPTIONS], ids=[c[0] for c in CORRUPTIONS]
)
def test_corrupted(path: str, new: Json, kind: str, reason: str) -> None:
    verdict, what = outcome(CONTROL.network, edited(CONTROL.proof, path, new))
    assert (verdict, reason if reason in what else what) == (kind, reason)


def test_no_mutation_proves_anything_else() -> None:
    right = set(outcome(CONTROL.network, CONTROL.proof)[1].splitlines())
    for where, changed in mutations(CONTROL.proof):
        verdict, what = outcome(CONTROL.network, changed)
        assert verdict in ("Rejected", "Malformed") or set(what.splitlines()) <= right, where


def test_a_face_where_no_sign_makes_a_minimum() -> None:
    """Two samples that pull in both directions: near w = 0 the risk can fall whatever the sign of the output weight."""
    both_ways = network([2, 1, 1], "relu", samples([[1, 0], [0, 1]], [1, -1]), bias=False)
    step = {"rule": "cell_minima", "from": {"point": 0}, "best": ["0", "0"], "separators": [], "witnesses": []}
    statement = claim("cell_minima", 1, cell="[01][01]", components=0, orbits=0, risk=None)
    found = case(both_ways, [point([layer([["0", "0"]]), AT]), step], statement)
    verdict, line = outcome(found.network, found.proof)
    assert (verdict, "PROVED cell_minima cell=[01][01] components=0 orbits=0" in line) == ("Accepted", True)
    for v in ("0", "1", "-1"):
        witness = [[layer([["0", "0"]]), layer([[v]])]]
        verdict, what = outcome(found.network, edited(found.proof, "steps[1].witnesses", witness))
        assert (verdict, HELD in what) == ("Rejected", True)


def test_a_cell_is_not_replaced_by_a_face_in_the_atlas_of_the_cells() -> None:
    steps = [*CONTROL.proof["steps"][:6], {"rule": "cell_cover"}, {"rule": "atlas", "from": {"cells": 6, "minima": [1, 5]}}]
    statement = {"cells": 2, "cells_with_minima": 2, "distinct_risks": 2, "valleys": 2, "lowest": "0", "highest": "1"}
    wrong = case(ONE, steps, claim("atlas", 7, **statement))
    assert outcome(wrong.network, wrong.proof) == (
        "Rejected",
        "steps[7].from.minima: atlas: name a face that is no cell",
    )


@pytest.mark.parametrize(
    ("rows", "count"),
    [
        ([], 1),
        ([(1,)], 3),
        ([(1, 0, 0), (0, 1, 0), (0, 0, 1)], 27),
        ([(1, 0), (0, 1), (1, 1), (1, 2)], 17),
        ([(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1)], 51),
        ([(1, 1, 0), (0, 0, 1)], 9),  # not of full rank
    ],
)
def test_faces_of_arrangements(rows: list[tuple[int, ...]], count: int) -> None:
    """Against all sign vectors of the points of a grid that is fine enough to meet every face."""
    found = faces.covectors(rows)
    assert len(found) == count
    grid = product(range(-3, 4), repeat=len(rows[0]) if rows else 1)
    seen = {
        tuple((s > 0) - (s < 0) for s in (sum(a * b for a, b in zip(row, x, strict=True)) for row in rows))
        for x in grid
    }
    assert found == seen


def test_thousands_of_faces_take_a_second() -> None:
    """Planes in space, no three through one line: n (n − 1) rays, twice as many walls, n (n − 1) + 2 cells, and 0."""
    assert len(faces.covectors([(1, k, k * k) for k in range(30)])) == 4 * 30 * 29 + 3


def test_below() -> None:
    """A face with its sign is above the same sign, or 0, on the faces of its closure, and above no other."""
    cell, wall, next_cell = (0, 2), (1, 2), (2, 2)
    assert faces.below((cell, 1), (wall, 1))
    assert faces.below((cell, 1), (wall, 0))
    assert faces.below((cell, 0), (cell, 0))
    assert not faces.below((cell, 1), (wall, -1))
    assert not faces.below((cell, 0), (wall, 1))
    assert not faces.below((wall, 1), (cell, 1))
    assert faces.below((wall, 1), ((1, 1), 0))
    assert not faces.below((cell, 1), (next_cell, 1))
    assert not faces.below((cell, 1), ((3, 2), 1))


def test_spelled() -> None:
    assert spelled_face(((0, 1, 2), (3, 4, 5))) == "0[01]1,[12]2[23]"
    assert spelled_face(((70,),)) == "z"
    with pytest.raises(Declined, match="more than 36 pieces"):
        spelled_face(((71,),))


def certified(problem: Problem) -> tuple[Certificate, list[int]]:
    """All steps of the minima on faces, for a problem with one unit or two."""
    certificate, steps, units = Certificate(problem), list[int](), points_on_faces(problem)
    pairs = [(w,) for w in units] if problem.widths[1] == 1 else [*combinations(units, 2), *((w, w) for w in units)]
    for rows in pairs:
        found = face_minima(problem, rows)
        assert isinstance(found, FaceMinima)
        at = certificate.point(found.interior)
        steps.append(certificate.step("cell_minima", point=at, **emit.cell_minima(found)))
    return certificate, steps


TENT = problem_of([0, 1, 2], [0, 2, 0], 2)


def test_two_units_and_the_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirteen faces of a unit, 91 of two. Components are not counted, or nothing is joined, where it is too long."""
    certificate, steps = certified(TENT)
    fact = certificate.fact(certificate.step("face_atlas", minima=steps))
    assert isinstance(fact, faces.FaceAtlas)
    assert (fact.faces, fact.valleys[0].risk) == (91, 0)
    assert fact.components == sum(each.components or 0 for each in fact.valleys)
    assert f"({fact.components} connected components)" in fact.words()
    with monkeypatch.context() as limited:
        limited.setattr(faces, "MAX_JOINS", 2_000)
        uncounted = certificate.fact(certificate.step("face_atlas", minima=steps[::-1]))
    assert isinstance(uncounted, faces.FaceAtlas)
    assert uncounted.components is None
    assert "connected components" not in uncounted.words()
    assert [each.risk for each in uncounted.valleys] == [each.risk for each in fact.valleys]
    for limit, value, reason in (
        ("MAX_JOINS", 1_400, "too many strata with minima to join them"),
        ("MAX_JOINS", 3, "too many faces of a unit with minima to compare"),
        ("MAX_STRATA", 3, "too many strata of faces and signs"),
        ("MAX_FACES", 3, "a unit has more than 3 faces"),
    ):
        monkeypatch.setattr(faces, limit, value)
        with pytest.raises(Declined, match=reason):
            certificate.step("face_atlas", minima=steps[1:] + steps[:1])


def test_hubers_loss_leaves_the_dimension_open() -> None:
    """Where the loss is linear at a sample, predictions can move along: the dimension is not stated."""
    far = problem_of([0, 1], [0, 9], 1, loss={"name": "huber", "delta": "1", "reduction": "sum"}, bias=False)
    certificate, steps = certified(far)
    fact = certificate.fact(certificate.step("face_atlas", minima=steps))
    assert isinstance(fact, faces.FaceAtlas)
    assert [(each.risk, each.dimension) for each in fact.valleys] == [(Fraction(0), 1), (Fraction(17, 2), None)]


@pytest.mark.parametrize("seed", range(4))
def test_no_mutation_on_a_face_gets_another_number_accepted(seed: int) -> None:
    """Numbers changed, items dropped or doubled, in the minima on random faces: rejected, or the very same theorem."""
    rng, counts = random.Random(seed), {"accepted": 0, "rejected": 0}
    for _ in range(12):
        problem, _ = random_case(rng, widest=2, samples=3)
        points = points_on_faces(problem)
        found = face_minima(problem, [rng.choice(points) for _ in range(problem.widths[1])])
        assert isinstance(found, FaceMinima)
        proof, fields = rules.Proof(problem, [], set()), emit.cell_minima(found)
        run(proof, rules.point, parameters=parameters(found.interior))
        right = run(proof, cell_minima, point=0, **fields)
        assert isinstance(right, CellMinima)
        every = [changed for _, changed in mutations(json.loads(json.dumps(fields))) if isinstance(changed, dict)]
        for changed in rng.sample(every, min(40, len(every))):
            try:
                fact = run(proof, cell_minima, point=0, **changed)
            except KernelError:
                counts["rejected"] += 1
                continue
            assert isinstance(fact, CellMinima)
            assert (fact.risk, fact.components, fact.held) == (right.risk, right.components, right.held)
            assert fact.types == right.types
            counts["accepted"] += 1
    assert counts["rejected"] > 100
