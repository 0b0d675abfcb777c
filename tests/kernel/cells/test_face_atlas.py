"""The rule `face_atlas`: the minima on every face of the network, each face once, and how they hang together."""

from fractions import Fraction
from itertools import combinations_with_replacement, product

import pytest

from symverify.kernel.cells import face_atlas as face_atlas_module
from symverify.kernel.cells.face_atlas import FaceAtlas, unit_faces
from symverify.kernel.network_file import read_problem
from tests.examples import layer, network, samples
from tests.kernel.accepted import case, claim, point
from tests.kernel.corruption import Json, certificate, checked, edited, no_data, outcome, text
from tests.kernel.rules import check_step, of, suite
from tests.oracles.strata import at_faces, minima, whole

F = Fraction
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
        {"rule": "cell_minima", "from": {"point": 4}, "best": ["0"], "separators": [],
        "witnesses": [[AT, layer([["-2"]])]]},
        {"rule": "face_atlas", "from": {"minima": [1, 3, 5]}},
    ],
    claim("face_atlas", 6, faces=3, faces_with_minima=3, distinct_risks=2, valleys=2, components=2, lowest="0",
          highest="1"),
    claim("cell_minima", 5, cell="[01]", components=1, orbits=1, risk="1"),
)  # fmt: skip
CONTROLS = {"three faces": CONTROL}
MINIMA, WITNESSES = "steps[6].from.minima", "steps[5].witnesses"
HELD = "unit 1 of hidden layer 1 has an output weight of a sign that no local minimum has"
CORRUPTIONS = of("three faces", [
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
    ("a separator that is not strict", "steps[5]",
     {"rule": "cell_minima", "from": {"point": 4}, "best": ["0"], "witnesses": [],
     "separators": [{"vector": ["-1"], "multipliers": [None, ["0"]]}]}, "Rejected", "type 10 has neither"),
    ("multipliers of a cell", "steps[5].separators", [MINUS_OR_NONE], "Rejected", "multipliers[1] must be 1 numbers"),
    ("more faces", "claims[0].faces", 4, "Rejected", "claims[0].faces: claimed 4, proved 3"),
    ("fewer with minima", "claims[0].faces_with_minima", 2, "Rejected", "claimed 2, proved 3"),
    ("more valleys", "claims[0].valleys", 3, "Rejected", "claims[0].valleys: claimed 3, proved 2"),
    ("components not counted", "claims[0].components", None, "Rejected", "claimed null, proved 2"),
    ("one risk", "claims[0].distinct_risks", 1, "Rejected", "claims[0].distinct_risks: claimed 1, proved 2"),
    ("lowest", "claims[0].lowest", "1", "Rejected", "claims[0].lowest: claimed '1', proved '0'"),
    ("highest", "claims[0].highest", "2", "Rejected", "claims[0].highest: claimed '2', proved '1'"),
    ("as the atlas of the cells", "claims[0].claim", "atlas", "Rejected", "FaceAtlas, which does not settle 'atlas'"),
    ("the face as a cell", "claims[1].cell", "0", "Rejected", "claims[1].cell: claimed '0', proved '[01]'"),
    ("a premise outside", "steps[6].minima", [1, 3, 5], "Malformed", "steps[6].minima: unknown key"),
])  # fmt: skip
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


def test_the_order_of_the_faces_does_not_matter() -> None:
    assert outcome(CONTROL.network, edited(CONTROL.proof, MINIMA, [5, 1, 3]))[0] == "Accepted"


def test_a_cell_is_not_replaced_by_a_face_in_the_atlas_of_the_cells() -> None:
    steps = [
        *CONTROL.proof["steps"][:6],
        {"rule": "cell_cover"},
        {"rule": "atlas", "from": {"cells": 6, "minima": [1, 5]}},
    ]
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
    found = face_atlas_module.covectors(rows)
    assert len(found) == count
    grid = product(range(-3, 4), repeat=len(rows[0]) if rows else 1)
    seen = {
        tuple((s > 0) - (s < 0) for s in (sum(a * b for a, b in zip(row, x, strict=True)) for row in rows))
        for x in grid
    }
    assert found == seen


def test_thousands_of_faces_take_a_second() -> None:
    """Planes in space, no three through one line: n (n − 1) rays, twice as many walls, n (n − 1) + 2 cells, and 0."""
    assert len(face_atlas_module.covectors([(1, k, k * k) for k in range(30)])) == 4 * 30 * 29 + 3


def test_below() -> None:
    """A face with its sign is above the same sign, or 0, on the faces of its closure, and above no other."""
    cell, wall, next_cell = (0, 2), (1, 2), (2, 2)
    assert face_atlas_module.below((cell, 1), (wall, 1))
    assert face_atlas_module.below((cell, 1), (wall, 0))
    assert face_atlas_module.below((cell, 0), (cell, 0))
    assert not face_atlas_module.below((cell, 1), (wall, -1))
    assert not face_atlas_module.below((cell, 0), (wall, 1))
    assert not face_atlas_module.below((wall, 1), (cell, 1))
    assert face_atlas_module.below((wall, 1), ((1, 1), 0))
    assert not face_atlas_module.below((cell, 1), (next_cell, 1))
    assert not face_atlas_module.below((cell, 1), ((3, 2), 1))


TENT = network([1, 2, 1], "relu", samples([0, 1, 2], [0, 2, 0]), "1/2")
FACES = [  # of a unit on x = 0, 1, 2: six cells, the walls between them, and 0
    *([F(w), F(b)] for w, b in ((0, -1), (1, -2), (0, 1), (-1, 2), (1, 0), (-1, 0), (1, -1), (-1, 1), (0, 0))),
    *([F(w), F(b, 2)] for w, b in ((1, -3), (1, -1), (-1, 3), (-1, 1))),
]


def steps_of(document: Json, faces: list[list[Fraction]]) -> list[Json]:
    """The minima on all faces of the network, and the atlas of them."""
    steps: list[Json] = []
    for rows in combinations_with_replacement(faces, document["layers"][1]):
        at = at_faces(document, rows)
        steps += [point(at), {"rule": "cell_minima", "from": {"point": len(steps)}} | minima(document, at)]
    return [*steps, {"rule": "face_atlas", "from": {"minima": list(range(1, len(steps), 2))}}]


def atlas_of(document: Json, faces: list[list[Fraction]]) -> FaceAtlas:
    """What the kernel makes of them, if the oracle finds the same numbers, and the same valleys."""
    steps, valleys = steps_of(document, faces), whole(document, faces)
    levels, met = sorted({risk for risk, *_ in valleys}), {face for *_, met in valleys for face in met}
    statement = {
        "faces": (len(steps) - 1) // 2, "faces_with_minima": len(met), "distinct_risks": len(levels),
        "valleys": len(valleys), "components": sum(count for _, _, count, _ in valleys),
        "lowest": str(levels[0]) if levels else None, "highest": str(levels[-1]) if levels else None,
    }  # fmt: skip
    found = checked(document, certificate(document, steps, [claim("face_atlas", len(steps) - 1, **statement)]))
    fact = found.steps[-1].fact
    assert isinstance(fact, FaceAtlas)
    mine = sorted((each.risk, each.dimension or 0, each.components or 0, each.faces) for each in fact.valleys)
    assert mine == sorted((risk, dimension, count, len(met)) for risk, dimension, count, met in valleys)
    listed = [(each.risk, -(each.dimension or 0), each.faces) for each in fact.valleys]
    assert listed == sorted(listed)  # the lowest first, of those the largest
    return fact


@pytest.mark.long
def test_two_units_on_three_samples() -> None:
    """Thirteen faces of a unit, 91 of two."""
    fact = atlas_of(TENT, FACES)
    assert (fact.faces, fact.valleys[0].risk) == (91, 0)


PAIR = network([1, 2, 1], "relu", samples([0, 1], [-1, 2]), "1/2", bias={"hidden": True, "output": False})
JOINS = 1112  # pairs of strata of PAIR, one below the other
NINE = [[F(w), F(b)] for w, b in ((0, 1), (2, -1), (0, -1), (-2, 1), (1, 0), (-1, 0), (1, -1), (-1, 1), (0, 0))]


@pytest.fixture(scope="module")
def pair() -> tuple[list[Json], Json]:
    """The steps for two units on two samples, nine faces of a unit, and the oracle's numbers."""
    valleys = whole(PAIR, NINE)
    levels, met = sorted({risk for risk, *_ in valleys}), {face for *_, met in valleys for face in met}
    return steps_of(PAIR, NINE), {
        "faces": 45, "faces_with_minima": len(met), "distinct_risks": len(levels), "valleys": len(valleys),
        "components": sum(count for _, _, count, _ in valleys), "lowest": str(levels[0]), "highest": str(levels[-1]),
    }  # fmt: skip


def test_two_units_and_the_limits(pair: tuple[list[Json], Json], monkeypatch: pytest.MonkeyPatch) -> None:
    """Components are not counted, or nothing is joined, where it is too long."""
    steps, numbers = pair

    def found(order: int = 1, **other: Json) -> tuple[str, str]:
        turned = [*steps[:-1], {"rule": "face_atlas", "from": {"minima": list(range(1, 91, 2))[::order]}}]
        claimed = claim("face_atlas", len(steps) - 1, **numbers | other)
        return outcome(PAIR, certificate(PAIR, turned, [claimed]))

    assert numbers["valleys"] > 2
    assert found(-1)[0] == "Accepted"
    with monkeypatch.context() as limited:
        limited.setattr(face_atlas_module, "MAX_JOINS", JOINS)
        assert found(components=None)[0] == "Accepted"
        limited.setattr(face_atlas_module, "MAX_JOINS", 2 * JOINS)
        assert found()[0] == "Accepted"
    for limit, value, reason in (
        ("MAX_JOINS", JOINS - 1, "too many strata with minima to join them"),
        ("MAX_JOINS", 3, "too many faces of a unit with minima to compare"),
        ("MAX_STRATA", 3, "too many strata of faces and signs"),
        ("MAX_FACES", 3, "a unit has more than 3 faces"),
    ):
        with monkeypatch.context() as limited:
            limited.setattr(face_atlas_module, limit, value)
            verdict, what = found()
            assert (verdict, what[: len(reason)]) == ("Declined", reason)


@pytest.mark.parametrize(
    "document",
    [
        network([1, 1, 1], "relu", TENT["data"], "1/2"),
        network([1, 1, 1], "abs", samples([0, 1, 2], [1, -1, 3])),
        network([1, 1, 1], {"name": "leaky_relu", "negative_slope": "1/4"}, samples([0, 1, 2], [2, 0, 1])),
        network([1, 1, 1], "relu", samples([0, 1, 2], [-1, 2, -1]), bias={"hidden": True, "output": False}),
    ],
    ids=["relu", "abs", "leaky", "no output bias"],
)
def test_one_unit(document: Json) -> None:
    assert atlas_of(document, FACES).faces == 13


@pytest.mark.parametrize("width", [2, pytest.param(3, marks=pytest.mark.long)])
def test_units_without_biases(width: int) -> None:
    document = network([1, width, 1], "relu", samples([1, -2], [1, 3]), bias=False)
    assert atlas_of(document, [[F(1)], [F(0)], [F(-1)]]).faces == (6, 10)[width - 2]


def test_two_breakpoints_and_a_dead_row() -> None:
    bent = {"breakpoints": [-1, 1], "slopes": [0, 1, 0], "anchor": [0, 0]}
    document = network([1, 1, 1], bent, samples([0, 1], [3, 1]), bias=False)
    assert atlas_of(document, [[F(k)] for k in (-2, -1, 0, 1, 2)]).faces == 5


@pytest.mark.parametrize(("xs", "count"), [([[1, 0], [0, 1]], 25), ([[1, 0], [0, 0]], 5), ([[1, 0], [2, 0]], 9)])
def test_faces_of_two_breakpoints_are_those_above_nu_0(xs: list[list[int]], count: int) -> None:
    """Two parallel lines for each direction and breakpoint: products of the faces of points on a line."""
    document = network([2, 1, 1], "hardtanh", samples(xs, [0, 0]), bias=False)
    assert len(unit_faces(read_problem(text(document), no_data))) == count


def test_hubers_loss_leaves_the_dimension_open() -> None:
    """Where the loss is linear at a sample, predictions can move along: the dimension is not stated."""
    loss = {"name": "huber", "delta": "1", "reduction": "sum"}
    far = network([1, 1, 1], "relu", samples([0, 1], [0, 9]), loss=loss, bias=False)
    steps = steps_of(far, [[F(1)], [F(0)], [F(-1)]])
    statement = {"faces": 3, "faces_with_minima": 3, "distinct_risks": 2, "valleys": 2, "components": 2, "lowest": "0",
                 "highest": "17/2"}  # fmt: skip
    found = checked(far, certificate(far, steps, [claim("face_atlas", len(steps) - 1, **statement)]))
    fact = found.steps[-1].fact
    assert isinstance(fact, FaceAtlas)
    assert [(each.risk, each.dimension) for each in fact.valleys] == [(Fraction(0), 1), (Fraction(17, 2), None)]


def test_it_is_for_one_layer_and_one_output() -> None:
    deep = network([1, 1, 1, 1], "relu", samples([1], [1]))
    check_step(deep, [{"rule": "face_atlas", "from": {"minima": []}}], "needs one hidden layer and scalar output")
