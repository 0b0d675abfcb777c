"""The rule `atlas`: the minima of every cell of the network, up to exchanging units, each cell once."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations_with_replacement, permutations

import pytest

from symverify.certify import cell_minima as emit
from symverify.certify.certificate import parameters
from symverify.kernel import rules, strata
from symverify.kernel.cells.cell_cover import UnitCells, cell_cover
from symverify.kernel.core.errors import Declined, KernelError, Rejected
from symverify.search.cell_minima import CellMinima, cell_minima
from tests.cell_cases import network as problem_of
from tests.cell_cases import run
from tests.examples import layer, network, samples
from tests.kernel.accepted import case, claim, point
from tests.kernel.corruption import Json, edited, mutations, outcome

ON, OFF = layer([["1"]]), layer([["-1"]])
ONE = network([1, 1, 1], "relu", samples([1], [1]), bias=False)  # cells: on (v w = 1 is best), off (f = 0)
MINUS_OR_NONE = {"vector": ["-1"], "multipliers": [None, ["0", "1"]]}
ATLAS = {"rule": "atlas", "from": {"cells": 0, "minima": [2, 4]}}
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
        ATLAS,
    ],
    claim("atlas", 5, cells=2, cells_with_minima=2, distinct_risks=2, valleys=2, lowest="0", highest="1"),
    claim("cell_minima", 2, cell="1", components=1, orbits=1, risk="0"),
)  # fmt: skip
MINIMA = "steps[5].from.minima"
CORRUPTIONS = [
    ("a cell left out", MINIMA, [2], "Rejected", "minima: atlas: expected all 2 cells, got 1"),
    ("none", MINIMA, [], "Rejected", "minima: atlas: expected all 2 cells, got 0"),
    ("a cell twice", MINIMA, [2, 2], "Rejected", "minima: atlas: name a cell twice, up to exchanging units"),
    ("one more", MINIMA, [2, 4, 2], "Rejected", "name a cell twice"),
    ("a point", MINIMA, [2, 3], "Rejected", "minima[1]: atlas: step 3 proves Evaluated, expected CellMinima"),
    ("the cover", MINIMA, [0, 2], "Rejected", "minima[0]: atlas: step 0 proves UnitCells, expected CellMinima"),
    ("itself", MINIMA, [2, 5], "Rejected", "minima[1]: atlas: step 5 does not come before this one"),
    ("negative", MINIMA, [2, -1], "Malformed", "steps[5].from.minima[1]: expected a whole number"),
    ("text", MINIMA, ["2", 4], "Malformed", "steps[5].from.minima[0]: expected a whole number"),
    ("true", MINIMA, [2, True], "Malformed", "steps[5].from.minima[1]: expected a whole number"),
    ("nested", MINIMA, [[2], 4], "Malformed", "steps[5].from.minima[0]: expected a whole number"),
    ("null", MINIMA, None, "Malformed", "steps[5].from.minima: expected a list"),
    ("missing", MINIMA, ..., "Malformed", "steps[5].from.minima: is missing"),
    ("no cells", "steps[5].cells", ..., "Malformed", "steps[5].cells: is missing"),
    ("minima as cells", "steps[5].cells", 2, "Rejected", "cells: atlas: step 2 proves CellMinima, expected UnitCells"),
    ("unknown key", "steps[5].count", 2, "Malformed", "steps[5].count: unknown key"),
    ("the same cell by another point", "steps[3].parameters", [layer([["7"]]), layer([["0"]])], "Rejected",
     "are not the best predictions in the features' span"),
    ("more cells", "claims[0].cells", 3, "Rejected", "claims[0].cells: claimed 3, proved 2"),
    ("fewer with minima", "claims[0].cells_with_minima", 1, "Rejected", "claimed 1, proved 2"),
    ("more valleys", "claims[0].valleys", 3, "Rejected", "claims[0].valleys: claimed 3, proved 2"),
    ("one risk", "claims[0].distinct_risks", 1, "Rejected", "claims[0].distinct_risks: claimed 1, proved 2"),
    ("lowest", "claims[0].lowest", "1", "Rejected", "claims[0].lowest: claimed '1', proved '0'"),
    ("highest", "claims[0].highest", None, "Rejected", "claims[0].highest: claimed None, proved '1'"),
    ("another cell", "claims[1].cell", "0", "Rejected", "claims[1].cell: claimed '0', proved '1'"),
    ("components", "claims[1].components", 2, "Rejected", "claims[1].components: claimed 2, proved 1"),
    ("a cell as an atlas", "claims[0].step", 2, "Rejected", "proves CellMinima, which does not settle 'atlas'"),
]  # fmt: skip


def test_accepted() -> None:
    assert outcome(CONTROL.network, CONTROL.proof)[0] == "Accepted"


def test_the_order_of_the_cells_does_not_matter() -> None:
    assert outcome(CONTROL.network, edited(CONTROL.proof, MINIMA, [4, 2]))[0] == "Accepted"


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


def proof_of(problem: Json, patterns: Sequence[tuple[tuple[int, ...], ...]]) -> tuple[rules.Proof, list[int]]:
    """A proof with the cells of a unit, and minima of the network's cells of these patterns, by their steps."""
    proof, places = rules.Proof(problem, [], set()), []
    run(proof, cell_cover)
    for pattern in patterns:
        found = cell_minima(problem, (pattern,))
        assert isinstance(found, CellMinima)
        run(proof, rules.point, parameters=parameters(found.interior))
        places.append(len(proof.facts))
        run(proof, strata.cell_minima, point=len(proof.facts) - 1, **emit.cell_minima(found))
    return proof, places


TENT = problem_of([0, 1, 2], [0, 2, 0], 2)
UNIT = [(0, 0, 0), (0, 0, 1), (0, 1, 1), (1, 1, 1), (1, 1, 0), (1, 0, 0)]


def test_two_units_up_to_exchange() -> None:
    """21 of the 36 cells; each of them may be named by either order of its units."""
    patterns = [tuple(reversed(pair)) for pair in combinations_with_replacement(UNIT, 2)]
    proof, places = proof_of(TENT, patterns)
    fact = run(proof, strata.atlas, cells=0, minima=places)
    assert isinstance(fact, strata.Atlas)
    assert (fact.cells, min(each.risk for each in fact.minima if each.components)) == (21, 0)
    assert fact.words().startswith("of the 21 cells up to exchanging units, ")
    with pytest.raises(Rejected, match="expected all 21 cells, got 20"):
        run(proof, strata.atlas, cells=0, minima=places[1:])


def test_exchanged_units_are_the_same_cell() -> None:
    proof, places = proof_of(TENT, list(permutations(UNIT[:2])))
    with pytest.raises(Rejected, match="name a cell twice, up to exchanging units"):
        run(proof, strata.atlas, cells=0, minima=places)


def test_a_zero_row_makes_no_second_cell() -> None:
    """Without biases the unit is at 0 on x = 0 at every point: cells differ on x = 1 alone."""
    proof, places = proof_of(problem_of([0, 1], [5, 1], 1, bias=False), [((0, 0),), ((0, 1),)])
    fact = run(proof, strata.atlas, cells=0, minima=places)
    assert [each.risk for each in fact.minima] == [13, Fraction(25, 2)]
    assert {each.face[0][0] for each in fact.minima} == {0}


@pytest.mark.parametrize(("count", "units"), [(10**6, 10**5), (2, 10**5), (1, 10**6)])
def test_counts_of_any_size(count: int, units: int) -> None:
    """How many cells there should be is counted at once, or declined if it is too long to write."""
    proof = rules.Proof(TENT, [UnitCells(count, units, False)], set())
    with pytest.raises(KernelError, match=r"too many cells to be stated|expected all (100001|1) cells, got 0") as error:
        run(proof, strata.atlas, cells=0, minima=[])
    assert isinstance(error.value, Declined) == (count > 2)
