"""Results: what they say in a line, their points, words, pages, pictures and files; the functions beside check."""

import inspect
import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import symverify
from symverify.api.tasks import ProblemLike
from symverify.errors import NotWritable, UnknownClaim, Usage

ROOT = Path(__file__).parents[2]
FOUR = ROOT / "examples" / "four-points.json"
LONG = Fraction(10**200 + 1, 3**300)


@pytest.fixture(scope="module")
def four():
    return symverify.check(FOUR, smt=False)


def network(**changes):
    document = {
        "format": "symverify-network/1", "layers": [1, 2, 1], "activation": "relu", "loss": "squared",
        "data": [{"x": [x], "y": [y]} for x, y in ((0, 0), (1, 0), (2, 0), (3, 1))],
    }  # fmt: skip
    return document | changes


@pytest.mark.parametrize("limit", [-1, 0, float("nan"), float("inf"), 10**400, True, "60"])
def test_a_time_limit_is_a_number_of_seconds(limit):
    for function in (symverify.check, symverify.atlas, symverify.snap, symverify.global_minimum):
        with pytest.raises(Usage, match="is not a number of seconds above 0"):
            function(ROOT / "examples" / "dead-unit.json", timeout=limit)


def test_a_problem_comes_in_every_form(four):
    for given in (FOUR, str(FOUR), FOUR.read_bytes(), FOUR.read_text(), symverify.load(FOUR)):
        assert symverify.check(given, "point", smt=False).problem.sha256 == four.problem.sha256
    assert symverify.check(network(), ["spurious_minimum"], smt=False).proved
    with pytest.raises(symverify.Malformed, match=r"problem: expected a problem, a path or a dict, got int"):
        symverify.check(3)
    with pytest.raises(symverify.Malformed, match=r"nowhere\.json"):
        symverify.check("nowhere.json")


def test_claims_are_a_list_or_joined_by_commas(four):
    found = symverify.check(FOUR, "assumptions, point", smt=False)
    assert [claim.name for claim in found.claims] == ["assumptions", "point"]
    with pytest.raises(UnknownClaim):
        symverify.check(FOUR, "assumption")


def test_what_a_result_says(four):
    assert (four.proved, four.risk, four.bounds) == (True, Fraction(3, 20), (Fraction(3, 20), Fraction(3, 20)))
    assert repr(four) == "<CheckResult four points 1-2-1: PROVED (point risk 3/20 better 0); 5 of 5 claims settled>"
    assert "global_minimum: a point, of risk 0, is a global minimum" in four.words
    assert four.told("point").splitlines()[0] in four.words
    assert repr(four["point"]) == "<ClaimResult point: proved, risk 3/20, spurious True, better_risk 0>"


def test_a_refutation_is_not_proved():
    found = symverify.check(network(parameters=[{"weight": [[1], [1]], "bias": [0, 0]},
                                                {"weight": [[1, 1]], "bias": [0]}]), "point", smt=False)  # fmt: skip
    assert not found.proved
    assert found.verdict is symverify.Verdict.REFUTED
    assert repr(found).startswith("<CheckResult 1-2-1: REFUTED (point risk ")


def test_a_question_that_was_skipped_is_not_called_none(four):
    skipped = replace(
        four, claims=four.claims[:1], asked=("global_minimum",), skipped=(("global_minimum", "too large"),)
    )
    assert repr(skipped) == "<CheckResult four points 1-2-1: UNDECIDED (global_minimum skipped); 1 of 1 claims settled>"
    assert "(nothing was asked)" in repr(replace(skipped, asked=(), skipped=()))


def test_how_near_a_minimum_is_said_to_be_is_rounded_up(four):
    near = symverify.ExactPoint(four.problem.problem.parameters, Fraction(1), radius=Fraction(1, 2**50))
    assert repr(near) == "<ExactPoint 1-2-1, risk 1, within ≈ 8.88179e−16 of a minimum>"


def test_no_line_of_a_result_is_long():
    data = [{"x": [str(LONG * x)], "y": [str(y / LONG)]} for x, y in ((0, 0), (1, 0), (2, 0), (3, 1))]
    found = symverify.check(network(data=data, name="n" * 500), smt=False)
    point = found.point()
    for each in (found, *found.claims, point, found.problem, symverify.cells(found.problem)):
        assert len(repr(each)) < 260
        assert "\n" not in repr(each)
    assert "≈" in repr(point)


def test_points_are_exact_and_arrays(four):
    at, better = four.point(), four.point(which="better")
    assert at.exact == four.problem.problem.parameters
    assert (at.risk, better.risk) == (Fraction(3, 20), 0)
    (weight, bias), (last, end) = at.numpy()
    assert weight.dtype == np.float64
    assert (weight.tolist(), bias.tolist(), last.tolist(), end.tolist()) == (
        [[0.3], [0.0]],
        [0.8, 1.0],
        [[1.0, 0.0]],
        [-1.0],
    )
    assert list(at.arrays()) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert four.point("global_minimum").risk == 0
    assert four.point("valley").risk == Fraction(3, 20)
    with pytest.raises(Usage, match=r"no point is written down for the claim assumptions; `.claims` lists"):
        four.point("assumptions")
    with pytest.raises(KeyError):
        four.point("nonsense")


def test_a_point_is_the_parameters_of_another_problem(four):
    again = symverify.problem([0, 1, 2, 3], [0, 0, 0, 1], parameters=four.point(which="better"))
    assert symverify.check(again, "global_minimum", smt=False).risk == 0
    assert again.problem.parameters == four.point(which="better").exact


def test_a_point_beyond_floats_is_refused_by_name():
    made = symverify.problem([1], [1], parameters=[[[10**400]], [[1]]])
    point = symverify.ExactPoint(made.problem.parameters, Fraction(0))
    with pytest.raises(Usage, match=r"a parameter is beyond the range of floats; use \.exact"):
        point.numpy()


@pytest.mark.parametrize(
    ("loss", "claim"), [("logistic", "valley"), ("logistic", "cell_traps"), ("squared", "cell_traps")]
)
def test_a_better_point_is_not_the_minimum_that_is_not_written_down(loss, claim):
    data = [{"x": [x], "y": [y]} for x, y in ((0, "1/2"), (1, "1/3"), (2, "3/4"))]
    result = symverify.check(network(loss=loss, data=data), claim, smt=False)
    better = result.point(which="better").risk
    assert better in (result[claim].better_risk, result[claim].statement["better_risk"])
    with pytest.raises(Usage, match=f"no point is written down for the claim {claim}"):
        result.point(claim)


def test_bounds_where_a_risk_is_not_rational():
    found = symverify.check(ROOT / "examples" / "logistic-line.json", smt=False)
    low, high = found.bounds
    assert found.risk is None
    assert 0 < low <= high
    assert high - low < Fraction(1, 10**6)


def test_pages_words_and_pictures(four, tmp_path):
    pytest.importorskip("matplotlib", reason="the extra [plot] is not installed")
    assert four.explain().startswith("PROVED: four points")
    assert four.explain("markdown").startswith("#")
    page = four.html(tmp_path / "page.html")
    assert page == (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    drawing = four.plot(tmp_path / "figure.png", "fit")
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in drawing._repr_svg_()
    assert "<table>" in four._repr_html_()


def test_nothing_proved_is_told():
    found = symverify.check(network(), "point", smt=False)
    assert not found.proved
    assert found.words == "point: the network file gives no parameters"
    assert (found.risk, found.bounds, found.certificate) == (None, None, None)
    for show in (found.explain, found.html, found.plot, lambda: found.save("x")):
        with pytest.raises(Usage, match=r"nothing is proved, so there is no certificate; `.words` says what is open"):
            show()


# saving


def test_what_is_saved_is_found_again(four, tmp_path):
    path = four.save(tmp_path / "proof")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["proof.json", "proof.symcert.json"]
    again = symverify.verify(path)
    assert again.proved
    assert [theorem.claim for theorem in again.theorems] == [theorem.claim for theorem in four.checked.theorems]
    assert four.save(path) == path == four.save(tmp_path / "proof.json")
    (tmp_path / "proof.json").write_text("{}")
    with pytest.raises(NotWritable, match=r"proof.json' exists, and is another file; choose another place"):
        four.save(path)


def test_what_is_saved_over_a_proof_is_added_to_it(four, tmp_path):
    path = four.save(tmp_path / "proof")
    one = symverify.check(four.problem, "cells", smt=False)
    both = {theorem.claim for theorem in symverify.verify(one.save(path)).theorems}
    assert both == {"cells", *(theorem.claim for theorem in four.checked.theorems)}
    assert [theorem.claim for theorem in symverify.verify(one.save(path, fresh=True)).theorems] == ["cells"]
    path.write_text("my notes")
    with pytest.raises(NotWritable, match="exists, and is no certificate"):
        one.save(path)
    assert path.read_text() == "my notes"


def test_the_data_file_goes_with_it(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "a" / "train.csv").write_text("u,v\n0,0\n1,0\n2,0\n3,1\n")
    data = {"csv": "train.csv", "inputs": ["u"], "targets": ["v"]}
    (tmp_path / "a" / "net.json").write_text(json.dumps(network(data=data)))
    found = symverify.check(tmp_path / "a" / "net.json", "spurious_minimum", smt=False)
    assert symverify.verify(found.save(tmp_path / "b" / "proof")).proved
    assert (tmp_path / "b" / "train.csv").exists()


# the functions beside check


def test_verify_tells_what_is_wrong(four, tmp_path):
    path = four.save(tmp_path / "proof")
    path.write_bytes(path.read_bytes().replace(b'"3/20"', b'"3/19"'))
    found = symverify.verify(path)
    assert (found.proved, found.exit_code, found.theorems) == (False, 11, ())
    assert repr(found).endswith("proof.symcert.json rejected>")
    assert "claimed '3/19', proved '3/20'" in found.words
    assert symverify.verify(tmp_path / "nowhere").exit_code == 2


def test_snap_and_then_check():
    rough = symverify.problem([0, 1, 2, 3], [0, 0, 0, 1], parameters=[([[0.31], [0]], [0.8, 1]), ([[1, 0]], [-1.01])])
    found = symverify.snap(rough)
    assert found.exact
    assert 0 < found.distance < 0.1
    assert found.risk < found.given_risk
    assert repr(found).startswith("<SnapResult: a local minimum at distance 0.0")
    assert symverify.check(found.problem, "point", smt=False).proved
    assert found.point().exact == found.problem.problem.parameters
    with pytest.raises(Usage, match=r"the problem has no parameters; give them"):
        symverify.snap(network())
    with pytest.raises(
        Usage, match=r"minima of the logistic loss are hardly ever rational; enclose one: check\(problem"
    ):
        symverify.snap(symverify.problem([0, 1], [0, 1], loss="logistic", parameters=[([[1]], [0]), ([[1]], [0])]))


@pytest.mark.parametrize(("loss", "exact"), [("huber", True), ("absolute", False)])
def test_snap_is_for_differentiable_losses(loss, exact):
    """As its docstring says: only losses with logarithms, and weight decay, are refused."""
    rough = symverify.problem([0, 1], [1, -1], loss=loss, parameters=[([[1]], [-1]), ([["1/3"]], [0])])
    assert symverify.snap(rough).exact == exact


def test_help_says_that_check_takes_a_problem_in_every_form():
    assert "dict" in inspect.getdoc(symverify.check)
    assert inspect.signature(symverify.check).parameters["problem"].annotation == ProblemLike


def test_the_atlas_is_a_list_of_dicts():
    one = network(layers=[1, 1, 1], bias=False, data=[{"x": [1], "y": [1]}])
    inside, faces = symverify.atlas(one), symverify.atlas(one, faces=True)
    assert inside.proved
    assert [each["risk"] for each in inside.minima] == [0, 1]
    assert [(each["risk"], each["dimension"], each["spurious"]) for each in faces.valleys] == [
        (0, 1, False),
        (1, 2, True),
    ]
    assert faces.valleys[0]["point"].risk == 0
    assert repr(faces) == "<AtlasResult 1-1-1: PROVED (face_atlas); 2 of 2 claims settled>"


def test_cells_are_counted_and_listed():
    found = symverify.cells(FOUR)
    assert (len(found), found.network, found.up_to_permutation) == (8, 64, 36)
    assert found.patterns == ["0000", "0001", "0011", "0111", "1000", "1100", "1110", "1111"]
    assert len(found.witnesses) == 8
    assert repr(found) == "<Cells: 8 of a unit, 36 of the network up to exchanging units>"


def test_the_global_minimum_and_a_bracket():
    found = symverify.global_minimum(FOUR)
    assert (found.proved, found.risk) == (True, 0)
    rows = [[(7 * i) % 5, (3 * i * i) % 11] for i in range(30)]
    late = symverify.problem(rows, [(i * i) % 7 for i in range(30)], layers=[2, 4, 1])
    for timeout in (0.5, 4.0, 32.0):  # more where a busy machine finds no bracket
        open_ = symverify.global_minimum(late, timeout=timeout)
        if open_.bounds is not None:
            break
    assert not open_.proved
    assert 0 <= open_.bounds[0] < open_.bounds[1]


def test_a_bracket_of_real_numbers_has_two_ends():
    found = symverify.check(ROOT / "examples" / "classes.json", "global_minimum", smt=False)
    assert (found.proved, found.risk) == (False, None)
    low, high = found.bounds
    assert low == 0 < high < 1
    assert str(found["global_bounds"].statement["risk"]) == "[0, 0.359197]"


def test_the_public_names_are_there():
    for name in symverify.__all__:
        assert getattr(symverify, name) is not None
    assert set(symverify.__all__) <= set(dir(symverify))
    assert symverify.__version__.count(".") == 2
