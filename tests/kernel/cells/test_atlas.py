"""The rule `atlas`: the minima of every cell of the network, up to exchanging units, each cell once."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations_with_replacement, permutations
from math import comb

import pytest

from symverify.kernel.cells.atlas import Atlas, all_of
from symverify.kernel.core.errors import Declined, KernelError
from tests.examples import layer, network, samples
from tests.kernel.accepted import case, claim, point
from tests.kernel.corruption import Json, certificate, checked, edited, outcome
from tests.kernel.rules import check_step, of, suite
from tests.oracles.strata import Strata, at_faces, minima

ON, OFF = layer([["1"]]), layer([["-1"]])
ONE = network([1, 1, 1], "relu", samples([1], [1]), bias=False)  # cells: on (v w = 1 is best), off (f = 0)
MINUS_OR_NONE = {"vector": ["-1"], "multipliers": [None, ["0", "1"]]}
CONTROL = case(
    ONE,
    [
        {"rule": "cell_cover"},
        point([ON, layer([["1"]])]),
        {"rule": "cell_minima", "from": {"point": 1}, "best": ["1"], "separators": [MINUS_OR_NONE],
         "witnesses": [[ON, layer([["1"]])]]},
        point([OFF, layer([["0"]])]),
        {"rule": "cell_minima", "from": {"point": 3}, "best": ["0"], "separators": [],
         "witnesses": [[OFF, layer([[v]])] for v in ("0", "1", "-1")]},
        {"rule": "atlas", "from": {"cells": 0, "minima": [2, 4]}},
    ],
    claim("atlas", 5, cells=2, cells_with_minima=2, distinct_risks=2, valleys=2, lowest="0", highest="1"),
    claim("cell_minima", 2, cell="1", components=1, orbits=1, risk="0"),
)  # fmt: skip
PLANE = network([2, 1, 1], "relu", samples([[1, 1]], [1]), bias=False)
ACROSS, BELOW = layer([["2", "-1"]]), layer([["-1", "0"]])
PLANE_CONTROL = case(
    PLANE,
    [
        {"rule": "cell_cover"},
        point([ACROSS, layer([["1"]])]),
        {"rule": "cell_minima", "from": {"point": 1}, "best": ["1"], "separators": [MINUS_OR_NONE],
         "witnesses": [[ACROSS, layer([["1"]])]]},
        point([BELOW, layer([["0"]])]),
        {"rule": "cell_minima", "from": {"point": 3}, "best": ["0"], "separators": [],
         "witnesses": [[BELOW, layer([[v]])] for v in ("0", "1", "-1")]},
        {"rule": "atlas", "from": {"cells": 0, "minima": [2, 4]}},
    ],
    claim("atlas", 5, cells=2, cells_with_minima=2, distinct_risks=2, valleys=2, lowest="0", highest="1"),
)  # fmt: skip
TENT = network([1, 2, 1], "relu", samples([0, 1, 2], [0, 2, 0]), "1/2")
F = Fraction
UNIT = {
    "000": [F(0), F(-1)], "001": [F(1), F(-3, 2)], "011": [F(1), F(-1, 2)], "111": [F(0), F(1)],
    "110": [F(-1), F(3, 2)], "100": [F(-1), F(1, 2)],
}  # fmt: skip


def atlas_steps(document: Json, cells: Sequence[Sequence[list[Fraction]]]) -> list[Json]:
    """The minima of these cells, each named by the input weights of its units, and the atlas of them."""
    steps: list[Json] = [{"rule": "cell_cover"}]
    for rows in cells:
        at = at_faces(document, rows)
        steps += [point(at), {"rule": "cell_minima", "from": {"point": len(steps)}} | minima(document, at)]
    return [*steps, {"rule": "atlas", "from": {"cells": 0, "minima": list(range(2, len(steps), 2))}}]


PAIRS = [tuple(reversed(pair)) for pair in combinations_with_replacement(UNIT.values(), 2)]
WHOLE = atlas_steps(TENT, PAIRS)
CONTROLS = {
    "two inputs": PLANE_CONTROL,
    "two cells": CONTROL,
    "two units": case(TENT, WHOLE, claim("atlas", len(WHOLE) - 1, cells=21, cells_with_minima=19, distinct_risks=3,
                                          valleys=23, lowest="0", highest="4/3")),
}  # fmt: skip
MINIMA = "steps[5].from.minima"
CORRUPTIONS = of("two cells", [
    ("a cell left out", MINIMA, [2], "Rejected", f"{MINIMA}: atlas: expected all 2 cells, got 1"),
    ("none", MINIMA, [], "Rejected", "minima: atlas: expected all 2 cells, got 0"),
    ("a cell twice", MINIMA, [2, 2], "Rejected", "minima: atlas: name a cell twice, up to exchanging units"),
    ("one more", MINIMA, [2, 4, 2], "Rejected", "name a cell twice"),
    ("a point", MINIMA, [2, 3], "Rejected", "minima[1]: atlas: step 3 proves Evaluated, expected CellMinima"),
    ("the cover", MINIMA, [0, 2], "Rejected", "minima[0]: atlas: step 0 proves UnitCells, expected CellMinima"),
    ("itself", MINIMA, [2, 5], "Rejected", "minima[1]: atlas: step 5 does not come before this one"),
    ("negative", MINIMA, [2, -1], "Malformed", f"{MINIMA}[1]: expected a whole number"),
    ("text", MINIMA, ["2", 4], "Malformed", f"{MINIMA}[0]: expected a whole number"),
    ("true", MINIMA, [2, True], "Malformed", f"{MINIMA}[1]: expected a whole number"),
    ("nested", MINIMA, [[2], 4], "Malformed", f"{MINIMA}[0]: expected a whole number"),
    ("null", MINIMA, None, "Malformed", f"{MINIMA}: expected a list"),
    ("missing", MINIMA, ..., "Malformed", f"{MINIMA}: is missing"),
    ("no cells", "steps[5].from.cells", ..., "Malformed", "steps[5].from.cells: is missing"),
    ("minima as cells", "steps[5].from.cells", 2, "Rejected",
     "cells: atlas: step 2 proves CellMinima, expected UnitCells"),
    ("unknown key", "steps[5].count", 2, "Malformed", "steps[5].count: unknown key"),
    ("the same cell by another point", "steps[3].parameters", [layer([["7"]]), layer([["0"]])], "Rejected",
     "are not the best predictions in the features' span"),
    ("more cells", "claims[0].cells", 3, "Rejected", "claims[0].cells: claimed 3, proved 2"),
    ("fewer with minima", "claims[0].cells_with_minima", 1, "Rejected", "claimed 1, proved 2"),
    ("more valleys", "claims[0].valleys", 3, "Rejected", "claims[0].valleys: claimed 3, proved 2"),
    ("one risk", "claims[0].distinct_risks", 1, "Rejected", "claims[0].distinct_risks: claimed 1, proved 2"),
    ("lowest", "claims[0].lowest", "1", "Rejected", "claims[0].lowest: claimed '1', proved '0'"),
    ("highest", "claims[0].highest", None, "Rejected", "claims[0].highest: claimed null, proved '1'"),
    ("another cell", "claims[1].cell", "0", "Rejected", "claims[1].cell: claimed '0', proved '1'"),
    ("components", "claims[1].components", 2, "Rejected", "claims[1].components: claimed 2, proved 1"),
    ("a cell as an atlas", "claims[0].step", 2, "Rejected", "proves CellMinima, which does not settle 'atlas'"),
]) + of("two units", [
    ("a cell left out", f"steps[{len(WHOLE) - 1}].from.minima[0]", ..., "Rejected", "expected all 21 cells, got 20"),
])  # fmt: skip
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


def test_the_order_of_the_cells_does_not_matter() -> None:
    assert outcome(CONTROL.network, edited(CONTROL.proof, MINIMA, [4, 2]))[0] == "Accepted"


@pytest.mark.long
def test_the_numbers_are_those_of_brute_force() -> None:
    strata = [Strata(TENT, at_faces(TENT, pair)) for pair in PAIRS]
    counts = [each.components() for each in strata]
    risks = [each.oracle.risk_of([[x] for x in each.best()[0]]) for each in strata]
    seen = [risk for risk, (components, _) in zip(risks, counts, strict=True) if components]
    assert (len(seen), len(set(seen)), sum(orbits for _, orbits in counts)) == (19, 3, 23)
    assert (min(seen), max(seen)) == (0, F(4, 3))


def test_exchanged_units_are_the_same_cell() -> None:
    steps = atlas_steps(TENT, list(permutations([UNIT["000"], UNIT["001"]])))
    check_step(TENT, steps, "name a cell twice, up to exchanging units")


def test_a_face_is_no_cell() -> None:
    steps = atlas_steps(ONE, [[[F(1)]], [[F(0)]]])
    check_step(ONE, steps, "minima: atlas: name a face that is no cell")


def test_a_zero_row_makes_no_second_cell() -> None:
    """Without biases the unit is at 0 on x = 0 at every point: cells differ on x = 1 alone."""
    document = network([1, 1, 1], "relu", samples([0, 1], [5, 1]), "1/2", bias=False)
    steps = atlas_steps(document, [[[F(-1)]], [[F(1)]]])
    statement = {
        "cells": 2,
        "cells_with_minima": 2,
        "distinct_risks": 2,
        "valleys": 2,
        "lowest": "25/2",
        "highest": "13",
    }
    found = checked(document, certificate(document, steps, [claim("atlas", 5, **statement)]))
    fact = found.steps[-1].fact
    assert isinstance(fact, Atlas)
    assert {each.face[0][0] for each in fact.minima} == {0}


@pytest.mark.parametrize(("count", "units"), [(10**6, 10**5), (2, 10**5), (1, 10**6), (3, 4)])
def test_counts_of_any_size(count: int, units: int) -> None:
    """How many cells there should be is counted at once, or declined if it is too long to write."""
    with pytest.raises(KernelError) as error:
        all_of([], count, units, "here", "cell")
    if count == 10**6:
        assert isinstance(error.value, Declined)
        assert str(error.value) == "too many cells to be stated"
    else:
        assert str(error.value) == f"here: expected all {comb(count + units - 1, units)} cells, got 0"
