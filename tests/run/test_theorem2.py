"""Theorem 2 as theorems and counterexamples: cells, the minima inside them, their components, the atlas."""

import json
from fractions import Fraction
from pathlib import Path

import pytest

import symverify
from symverify.run.verdict import Verdict

EXAMPLES = Path(__file__).parents[2] / "examples"
HALF = {"name": "squared", "reduction": "sum", "factor": "1/2"}
SUM = {"name": "squared", "reduction": "sum"}
ZIGZAG = ([[0], [1], [2], [3]], [[0], [2], [0], [-1]])


def problem(layers, activation, data, loss=HALF, **more):
    samples = [{"x": x, "y": y} for x, y in zip(*data, strict=True)]
    document = {"format": "symverify-network/1", "layers": layers, "activation": activation, "loss": loss}
    return symverify.loads(json.dumps({**document, "data": samples, **more}))


@pytest.mark.parametrize(
    ("layers", "activation", "data", "cell", "components", "orbits", "risk"),
    [
        ([1, 2, 1], "relu", ZIGZAG, "0111,0111", 2, 1, "1/12"),
        ([1, 3, 1], "relu", ZIGZAG, "0111,0111,0111", 1, 1, "1/12"),
        ([1, 1, 1], "relu", ([[0], [1], [2]], [[0], [1], [2]]), "111", 2, 2, "0"),
        ([1, 2, 1], "relu", ([[0], [1], [2]], [[0], [1], [2]]), "111,111", 1, 1, "0"),
        ([1, 1, 1], "identity", ([[0], [1], [2]], [[0], [1], [3]]), "000", 2, 2, "1/12"),
        ([1, 1, 1], "relu", ZIGZAG, "0111", 0, 0, None),
    ],
)
def test_components_of_the_minima_in_a_cell(layers, activation, data, cell, components, orbits, risk):
    result = symverify.check(problem(layers, activation, data), ["cell_minima"], cell=cell, smt=False)
    found = result["cell_minima"].statement
    assert (found["cell"], found["components"], found["orbits"], found["risk"]) == (cell, components, orbits, risk)
    assert result["cell_infimum"].verdict is Verdict.PROVED
    if risk is not None:
        assert result["cell_infimum"].risk == Fraction(risk)


def test_two_components_contradict_the_one_valley_statement_in_words():
    result = symverify.check(
        symverify.load(EXAMPLES / "two-valleys.json"), ["cell_minima"], cell="0111,0111", smt=False
    )
    size = "not one valley but 2 components (1 orbit under exchanging units on equal pieces); dimension 4"
    assert result.told("cell_minima").endswith(size)


@pytest.mark.parametrize(
    ("inputs", "unit"),
    [
        ([[x, x * x % 7] for x in range(6)], 32),
        ([[a, b] for a in (0, 1) for b in (0, 1)], 14),
        ([[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)], 104),
        ([[0], [0], [1]], 4),
    ],
)
def test_cells_are_counted_and_listed(inputs, unit):
    width = len(inputs[0])
    given = problem([width, 2, 1], "relu", (inputs, [[0]] * len(inputs)))
    result = symverify.check(given, ["cells"], smt=False)
    assert result["cells"].statement["unit_cells"] == unit
    assert result["cells"].statement["network_cells"] == unit**2
    assert result["cells"].statement["network_cells_up_to_permutation"] == unit * (unit + 1) // 2
    assert "a witness in each" in result.told("cells")


def test_a_point_on_a_boundary_is_decided_with_its_character():
    result = symverify.check(symverify.load(EXAMPLES / "boundary.json"), ["point"], smt=False)
    claim = result["point"]
    assert (claim.risk, claim.better_risk) == (18, 14)
    assert claim.notes["strict"] is False
    assert claim.notes["kind"] == "boundary"
    assert claim.statement["spurious"] is True


def test_the_atlas_lists_every_cell_once():
    result = symverify.check(symverify.load(EXAMPLES / "two-valleys.json"), ["atlas", "global_minimum"], smt=False)
    found = result["atlas"].statement
    assert (found["cells"], found["lowest"], found["distinct_risks"]) == (36, "0", 8)
    from symverify.report.atlas import entries

    by_cell = {entry.cell: entry for entry in entries(result)}
    assert by_cell["0111,0111"].risk == Fraction(1, 12)
    assert by_cell["0111,0111"].components == 2
    assert by_cell["0111,0111"].spurious is True
    assert [entry.spurious for entry in entries(result)].count(False) == 2


def test_the_atlas_over_the_faces_lists_all_local_minima():
    """On (0,0),(1,2),(2,0),(3,−1) with one unit; the least of them is the global minimum."""
    given = problem([1, 1, 1], "relu", ZIGZAG)
    result = symverify.check(given, ["face_atlas", "global_minimum"], smt=False)
    found = result["face_atlas"].statement
    assert (found["faces"], found["faces_with_minima"], found["valleys"], found["components"]) == (17, 9, 6, 6)
    assert found["lowest"] == str(result["global_minimum"].risk)
    assert result.told("face_atlas").startswith("of the 17 faces up to exchanging units, cells")
    from symverify.report.atlas import valley_rows, valleys

    assert [known for _, known in valleys(result)] == [False, True, True, True, True, True]
    assert valley_rows(result)[0] == ("1", "1", "1", "1", "no, global")
    alone = symverify.check(given, ["face_atlas"], smt=False)
    assert [known for _, known in valleys(alone)] == [None, True, True, True, True, True]


@pytest.mark.parametrize(
    ("layers", "timeout", "reason"),
    [
        ([1, 2, 1], 1e-9, "stopped after 0 of 91 faces, as the time was up"),
        ([1, 9, 1], 10, "there are more than 5000 faces up to exchanging units"),
        ([1, 2, 2, 1], 10, "the atlas is made for one hidden layer and scalar output"),
        ([1, 2, 2], 10, "the atlas is made for one hidden layer and scalar output"),
    ],
)
def test_an_atlas_over_the_faces_that_is_not_made_says_why(layers, timeout, reason):
    given = problem(layers, "relu", ([[0], [1], [2]], [[0] * layers[-1], [2] * layers[-1], [0] * layers[-1]]))
    claim = symverify.check(given, ["face_atlas"], smt=False, timeout=timeout)["face_atlas"]
    assert (claim.verdict, claim.reason) == (Verdict.UNDECIDED, reason)


def deep_point(first, second, third):
    return [{"weight": [[w]], "bias": [b]} for w, b in (first, second, third)]


def test_deep_points_by_second_order_curvature_and_flatness():
    data = ([[1], [2], [3]], [[1], [2], [3]])
    fits = problem([1, 1, 1, 1], "relu", data, SUM, parameters=deep_point((1, 1), (1, 1), (1, -2)))
    assert symverify.check(fits, ["point"], smt=False)["point"].statement["spurious"] is False
    saddle = problem([1, 1, 1, 1], "identity", data, SUM, parameters=deep_point((0, 0), (0, 0), (0, 2)))
    assert symverify.check(saddle, ["point"], smt=False)["point"].verdict is Verdict.REFUTED
    dead = problem([1, 1, 1, 1], "relu", data, SUM, parameters=deep_point((1, 0), (-1, 0), (1, 2)))
    assert symverify.check(dead, ["point"], smt=False)["point"].verdict is Verdict.PROVED


def test_vector_output_minimum_by_second_order():
    data = ([[1, 0], [0, 1]], [[1, 0], [0, 0]])
    rank_one = [{"weight": [[1, 0]]}, {"weight": [[1], [0]]}]
    given = problem([2, 1, 2], "identity", data, SUM, bias=False, parameters=rank_one)
    assert symverify.check(given, ["point"], smt=False)["point"].verdict is Verdict.PROVED
    data = ([[1, 0], [0, 1]], [[1, 0], [0, 2]])
    spurious = [{"weight": [[1, 0]]}, {"weight": [[1], [0]]}]
    given = problem([2, 1, 2], "identity", data, SUM, bias=False, parameters=spurious)
    assert symverify.check(given, ["point"], smt=False)["point"].verdict is Verdict.REFUTED
    kept = [{"weight": [[0, 1]]}, {"weight": [[0], [2]]}]
    given = problem([2, 1, 2], "identity", data, SUM, bias=False, parameters=kept)
    claim = symverify.check(given, ["point"], smt=False)["point"]
    assert claim.verdict is Verdict.PROVED
    assert claim.risk == 1
