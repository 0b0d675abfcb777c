"""Pictures: their numbers agree with the kernel's, they are well-formed, and what cannot be drawn is said."""

import json
import re
from dataclasses import replace
from fractions import Fraction
from itertools import combinations, pairwise
from math import cos, sin
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import symverify
from symverify.kernel import Theorem, check
from symverify.kernel.core.facts import Evaluated
from symverify.kernel.core.network import Layer, Point, Problem, predictions
from symverify.kernel.core.network import risk as exact_risk
from symverify.kernel.core.poly import Poly
from symverify.kernel.reals.enclosed_point import penalty
from symverify.kernel.reals.enclosure import Enclosure
from symverify.problem.load import LoadedProblem, load, loads
from symverify.report.atlas import Mark
from symverify.report.atlas_pictures import MAX_CARDS, atlas_picture, cards
from symverify.report.cell_pictures import cells_picture, cells_view
from symverify.report.contours import level_lines, outlines
from symverify.report.diagram import diagram_picture
from symverify.report.explain import Scene, explain
from symverify.report.net import Net, NoView, along, flat
from symverify.report.pictures import Picture, pictures
from symverify.report.svg import Canvas, meet, number, ticks
from symverify.report.views import MAX_BOUNDARIES, fit_view, segment_view, slice_view
from tests.examples import EXAMPLES, layer, network, samples, text
from tests.kernel.accepted import CASES
from tests.report.told import accepted, told

THEOREM = "theorem 1"
WITH_SCENES = [name for name in CASES if told(name).scenes]


def scene(name: str = THEOREM) -> Scene:
    """The first scene with a valley, or else the first."""
    scenes = told(name).scenes
    return next((each for each in scenes if each.valley is not None), scenes[0])


@pytest.mark.parametrize("name", [name for name, each in EXAMPLES.items() if "parameters" in each.document])
def test_the_float_network_agrees_with_the_exact_one(name: str) -> None:
    problem = loads(text(EXAMPLES[name])).problem
    assert problem.parameters is not None
    net = Net.of(problem)
    exact = predictions(problem, problem.parameters)
    found = net.traces(flat(problem.parameters)[None])[-1]
    assert np.allclose(found[0], [[float(x) for x in row] for row in exact])
    assert np.isclose(net.risk(flat(problem.parameters)[None], found)[0], float(exact_risk(problem, exact)))


@pytest.mark.parametrize("decay", [None, "1/4", {"weights": "1/4", "biases": "3"}])
def test_the_penalty_of_weight_decay_is_part_of_what_is_drawn(decay: object) -> None:
    given = [layer([[2], [-1]], [1, 3]), layer([[1, "1/2"]], ["-1/2"])]
    document = network([1, 2, 1], "relu", samples([0, 1], [0, 1]), parameters=given)
    problem = loads(json.dumps(document | ({} if decay is None else {"weight_decay": decay}))).problem
    assert problem.parameters is not None
    f = predictions(problem, problem.parameters)
    extra = penalty(problem, problem.parameters)
    assert (extra == 0) == (decay is None)
    value = exact_risk(problem, f) + extra
    drawn = Scene(Evaluated(problem.parameters, f, value, True), "θ", "a point", None, "", None, None)
    line, plane = segment_view(problem, drawn), slice_view(problem, drawn)
    assert np.interp(0.0, line.ts, line.risk) == pytest.approx(float(value))
    nearest = np.ix_([np.abs(plane.ys).argmin()], [np.abs(plane.xs).argmin()])
    assert plane.risk[nearest] == pytest.approx(float(value), rel=0.05)


def test_the_slice_goes_through_both_points_and_along_the_valley() -> None:
    problem = accepted(THEOREM)[0].problem
    view = slice_view(problem, scene())
    assert view.off < 1e-12
    assert view.path[0] == (0.0, 0.0)
    assert view.level == 0.15
    assert view.risk.min() < view.level
    row = int(np.abs(view.ys).argmin())
    column = int(np.abs(view.xs - 1).argmin())
    assert view.risk[row, column] < 0.05
    assert view.creases
    assert not view.left_out


def test_creases_are_where_a_pre_activation_meets_a_breakpoint() -> None:
    problem = accepted(THEOREM)[0].problem
    for crease in slice_view(problem, scene()).creases:
        assert (crease.values > 0).any()
        assert (crease.values <= 0).any()
        assert re.fullmatch(r"layer 1, unit \d, sample \d at breakpoint 0", crease.name)


def test_the_segment_joins_the_points() -> None:
    view = segment_view(accepted(THEOREM)[0].problem, scene())
    assert view.marks == ((0.0, "θ₁", 0.15), (1.0, "θ₂", 0.0))
    assert np.interp(0.0, view.ts, view.risk) == pytest.approx(0.15)
    assert np.interp(1.0, view.ts, view.risk) == pytest.approx(0.0, abs=1e-12)
    assert len(view.meets)


def test_along_a_descent_curve_the_risk_falls() -> None:
    name = next(name for name in CASES if told(name).scenes and scene(name).descent is not None)
    view = segment_view(accepted(name)[0].problem, scene(name))
    assert view.risk.min() < view.marks[0][2]


def falling(above: Fraction, kink: Fraction) -> tuple[Problem, Scene]:
    """The constant 1/2 + `above` through labels 0 and 1; a unit of value `kink` carries it down until it is 0."""
    given = [layer([[0]], [str(kink)]), layer([[1]], [str(Fraction(1, 2) + above - kink)])]
    problem = loads(json.dumps(network([1, 1, 1], "relu", samples([0, 1], [0, 1]), parameters=given))).problem
    assert problem.parameters is not None
    first, last = problem.parameters
    f = predictions(problem, problem.parameters)
    at = Evaluated(problem.parameters, f, exact_risk(problem, f), True)
    return problem, Scene(
        at, "θ", "no minimum", None, "", None, (Layer(first.weight, (Poly.of((kink, Fraction(-1))),)), last)
    )


@pytest.mark.parametrize(
    ("above", "kink", "reach"),
    [(2**-30, 1, 2.0**-30), (2**-200, 1, 2.0**-200), (2**-30, 2**-34, 2.0**-35)],
)
def test_a_fall_below_the_roundings_of_the_risk_is_drawn_from_exact_differences(
    above: float, kink: float, reach: float
) -> None:
    problem, drawn = falling(Fraction(above), Fraction(kink))
    view = segment_view(problem, drawn)
    assert view.ts[-1] == reach
    assert view.vertical == "risk less that of θ"
    assert view.marks == ((0.0, "θ", 0.0),)
    assert (np.diff(view.risk) < 0).all()
    for t, change in list(zip(view.ts.tolist(), view.risk.tolist(), strict=True))[::32]:
        (first, last), moved = drawn.at.point, Fraction(kink) - Fraction(t)
        there = exact_risk(problem, predictions(problem, (Layer(first.weight, (moved,)), last)))
        assert float(there - drawn.at.risk) == change
    found = [each for each in pictures(problem, drawn, "k") if isinstance(each, Picture)]
    line = next(each for each in found if each.headings[:1] == ("t",))
    assert line.caption.endswith("less that of θ: the difference is computed exactly, then rounded.")
    assert all(float(value.replace("−", "-")) <= 0 for _, value in line.rows)
    assert not any(words == "the descent curve" for each in found for _, words in each.legend)


def test_a_fall_that_floats_show_is_drawn_as_the_risk() -> None:
    problem, drawn = falling(Fraction(1, 4), Fraction(1))
    view = segment_view(problem, drawn)
    assert (view.vertical, view.ts[-1], view.risk.min()) == ("risk", 0.25, 0.5)
    assert slice_view(problem, drawn).path


def test_a_fall_beyond_floats_is_said_and_not_drawn() -> None:
    shown = pictures(*falling(Fraction(1, 2**600), Fraction(1)), "k")
    said = "There is no picture of the risk along a line: the risk falls along the curve by less than floats can show."
    assert said in shown


def test_the_fit_has_what_the_network_predicts() -> None:
    view = fit_view(accepted(THEOREM)[0].problem, scene())
    assert view.at_data[0][:, 0].tolist() == pytest.approx([-0.2, 0.1, 0.4, 0.7])
    assert view.at_data[1][:, 0].tolist() == pytest.approx([0, 0, 0, 1])
    assert set(view.inputs[:, 0]) <= set(view.xs[0])


def test_paths_are_polynomials_in_t() -> None:
    path = scene().valley
    assert path is not None
    assert along(path, 0.0).tolist() == pytest.approx(flat(scene().at.point).tolist())
    assert not np.allclose(along(path, 0.5), along(path, 0.0))


@pytest.mark.parametrize("name", WITH_SCENES)
def test_pictures_are_well_formed_and_described(name: str) -> None:
    seen: set[str] = set()
    for picture in pictures(accepted(name)[0].problem, scene(name), "k"):
        if isinstance(picture, str):
            assert picture.startswith("There is no picture")
            continue
        root = ElementTree.fromstring(picture.svg)
        ids = {node.get("id") for node in root.iter() if node.get("id")}
        assert set(root.get("aria-labelledby", "").split()) <= ids
        assert root.find("{*}title") is not None
        assert (root.findtext("{*}desc") or "").strip()
        assert not seen & {str(i) for i in ids}
        seen |= {str(i) for i in ids}
        assert "nan" not in picture.svg
        assert "inf" not in re.sub(r"<(title|desc).*?</\1>", "", picture.svg).replace("infer", "")
        assert picture.caption.endswith(".")
        assert all(len(row) == len(picture.headings) for row in picture.rows)


def test_pictures_are_deterministic_and_hover_tells_numbers() -> None:
    problem = accepted(THEOREM)[0].problem
    first, second = (pictures(problem, scene(), "k") for _ in range(2))
    assert first == second
    svg = "".join(picture.svg for picture in first if isinstance(picture, Picture))
    assert "θ₁, spurious local minimum: risk 3/20" in svg
    assert re.search(r"cell boundary: layer 1, unit \d, sample \d at breakpoint 0", svg)
    assert "sample 4: x = 3, y = 1; θ₁ predicts 0.7; θ₂ predicts 1" in svg


@pytest.mark.parametrize("name", ["deep", "triangle-given"])
def test_two_inputs_are_maps_one_for_each_point_and_output(name: str) -> None:
    problem = loads(text(EXAMPLES[name])).problem
    point = problem.parameters or _zero(problem)
    f = predictions(problem, point)
    at = type(scene().at)(point, f, exact_risk(problem, f), True)
    drawn = pictures(problem, Scene(at, "θ₁", "local minimum", None, "", None, None), "k")
    maps = [picture for picture in drawn if isinstance(picture, Picture) and "Heat map" in picture.svg]
    assert len(maps) == problem.widths[-1]
    assert all(isinstance(each, Picture) for each in drawn)  # nothing is missed where no better point is known


def test_samples_are_coloured_by_class_where_the_loss_has_classes() -> None:
    data = [{"x": [a, b], "y": [int(a == b)]} for a in (0, 1) for b in (0, 1)]
    document = {"format": "symverify-network/1", "layers": [2, 2, 1], "activation": "relu", "data": data}
    point = [{"weight": [[1, 0], [0, 1]], "bias": [0, 0]}, {"weight": [[1000, -90]], "bias": [5]}]

    def fills(loss: str) -> list[str]:
        problem = loads(document | {"loss": loss, "parameters": point}).problem
        assert problem.parameters is not None
        f = predictions(problem, problem.parameters)
        at = type(scene().at)(problem.parameters, f, Fraction(0), True)
        drawn = pictures(problem, Scene(at, "θ₁", "point", None, "", None, None), "k")
        (made,) = [each.svg for each in drawn if isinstance(each, Picture) and "Heat map" in each.svg]
        return re.findall(r'class="spot (m\d)"', made)

    assert fills("logistic") == ["m7", "m0", "m0", "m7"]
    assert len(set(fills("squared"))) == 1  # on the scale of the predictions, where 0 and 1 are one colour


def _zero(problem: Problem) -> Point:
    zero = Fraction(0)
    return tuple(
        Layer(tuple((zero,) * a for _ in range(b)), (zero,) * b if problem.has_bias(m) else None)
        for m, (a, b) in enumerate(zip(problem.widths, problem.widths[1:], strict=False))
    )


def test_more_inputs_are_predictions_against_targets() -> None:
    document = EXAMPLES["triangle-given"].document
    data = [{"x": [*sample["x"], 1], "y": sample["y"]} for sample in document["data"]]
    layers = [{"weight": [[*row, 0] for row in document["parameters"][0]["weight"]], "bias": [0, 0]}]
    wide = document | {"data": data, "layers": [3, 2, 1], "parameters": [*layers, document["parameters"][1]]}
    problem = loads(wide).problem
    assert problem.parameters is not None
    f = predictions(problem, problem.parameters)
    at = type(scene().at)(problem.parameters, f, exact_risk(problem, f), True)
    drawn = pictures(problem, Scene(at, "θ₁", "local minimum", None, "", None, None), "k")
    assert any(isinstance(each, Picture) and "diagonal" in each.svg for each in drawn)


def test_numbers_beyond_floats_are_no_picture_but_a_sentence() -> None:
    document = EXAMPLES["four-points-given"].document
    huge = document | {"data": [{"x": [f"1{'0' * 400}"], "y": [0]}, {"x": [1], "y": [1]}]}
    problem = loads(huge).problem
    assert problem.parameters is not None
    f = predictions(problem, problem.parameters)
    at = type(scene().at)(problem.parameters, f, exact_risk(problem, f), True)
    drawn = pictures(problem, Scene(at, "θ₁", "local minimum", None, "", None, None), "k")
    assert all(isinstance(each, str) for each in drawn)
    assert "too large or too small for a picture" in str(drawn[0])


def test_many_boundaries_are_left_out_and_said() -> None:
    document = EXAMPLES["four-points-given"].document
    many = [{"x": [i], "y": [0]} for i in range(MAX_BOUNDARIES // 2 + 1)]
    problem = loads(document | {"data": many}).problem
    assert problem.parameters is not None
    f = predictions(problem, problem.parameters)
    at = type(scene().at)(problem.parameters, f, exact_risk(problem, f), True)
    view = slice_view(problem, Scene(at, "θ₁", "local minimum", None, "", None, None))
    assert not view.creases
    assert view.left_out == 2 * len(many)


def test_level_lines_of_a_disc() -> None:
    xs = ys = np.linspace(-2, 2, 81)
    values = 1 - xs[None, :] ** 2 - ys[:, None] ** 2
    (circle,) = level_lines(xs, ys, values, 0.0)
    assert circle[0] == circle[-1]
    assert all(abs(x * x + y * y - 1) < 2e-3 for x, y in circle)
    assert len(outlines(xs, ys, values, 0.0)) == 1


def test_outlines_follow_the_border() -> None:
    xs, ys = np.linspace(0, 1, 5), np.linspace(0, 2, 4)
    (box,) = outlines(xs, ys, np.ones((4, 5)), 0.0)
    assert {x for x, _ in box} | {0.0, 1.0} == {0.0, 0.25, 0.5, 0.75, 1.0}
    assert min(y for _, y in box) == 0.0
    assert max(y for _, y in box) == 2.0
    assert outlines(xs, ys, np.zeros((4, 5)), 1.0) == []


def test_saddles_are_resolved_by_their_middle() -> None:
    xs = ys = np.array([0.0, 1.0])
    for values in ([[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [1.0, 0.0]]):
        for level in (0.4, 0.6):
            lines = level_lines(xs, ys, np.array(values), level)
            assert len(lines) == 2
            assert all(len(line) == 2 for line in lines)


def test_ticks_and_numbers() -> None:
    assert ticks(0, 1) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])
    assert ticks(-0.5, 1.5) == pytest.approx([-0.5, 0, 0.5, 1, 1.5])
    assert ticks(3, 3) == [3]
    assert number(-0.15) == "−0.15"
    assert number(1e-9) == "1e−9"


def test_the_atlas_shows_every_valley_and_none_over_another() -> None:
    entries = [
        Mark(Fraction(3, 20), 5, 1, True), Mark(Fraction(0), 3, 2, False, 4), Mark(Fraction(1, 7), None, 4, None),
        *(Mark(Fraction(1, 7), 4, k, True) for k in range(1, 9)), Mark(Fraction(10**20 + 1, 7 * 10**20), 4, 12, True),
    ]  # fmt: skip
    picture = atlas_picture(entries)
    root = ElementTree.fromstring(picture.svg)
    circles = [(float(c.get("cx", "")), float(c.get("cy", ""))) for c in root.findall("{*}circle")]
    assert len(circles) == 11
    assert len(root.findall("{*}polygon")) == 1
    assert all(abs(a - c) >= 18 or abs(b - d) >= 18 for (a, b), (c, d) in combinations(circles, 2))
    assert "risk 3/20, spurious, dimension 5, 1 component" in picture.svg
    assert "risk 0, global, dimension 3, 2 components, on 4 faces" in picture.svg
    assert "≈ 0.142857" in picture.svg
    assert picture.rows[0] == ("0", "global", "3", "2", "4")
    assert len(picture.rows) == len(entries)
    with pytest.raises(NoView, match="no minima"):
        atlas_picture([])


def test_each_valley_has_a_card_with_its_fit() -> None:
    problem = loads(text(EXAMPLES["four-points-given"])).problem
    assert problem.parameters is not None
    marks = [Mark(Fraction(k, 20), 5, None, True, None, problem.parameters) for k in range(MAX_CARDS + 3)]
    drawn = cards(problem, [*marks, Mark(Fraction(-1), 1, 1, None)])
    assert [card.risk for card in drawn] == [Fraction(k, 20) for k in range(MAX_CARDS)]
    assert drawn[0].words == "dimension 5, components not counted"
    root = ElementTree.fromstring(drawn[0].svg)
    assert len(root.findall("{*}circle")) == 4
    assert len(root.findall("{*}path")) == 1


def test_the_diagram_has_every_unit_and_weight() -> None:
    for name in ("four-points-given", "deep"):
        problem = loads(text(EXAMPLES[name])).problem
        root = ElementTree.fromstring(diagram_picture(problem, problem.parameters, "θ₁", "d").svg)
        assert len(root.findall("{*}circle")) == sum(problem.widths)
        assert len(root.findall("{*}line")) == sum(a * b for a, b in pairwise(problem.widths))
    svg = diagram_picture(
        problem := loads(text(EXAMPLES["four-points-given"])).problem, problem.parameters, "θ", "d"
    ).svg
    assert "weight from 1 to 1: 3/10" in svg
    assert "unit 1 of hidden: bias 4/5" in svg


def test_wide_layers_are_cut_and_say_so() -> None:
    wide = network([1, 30, 1], "relu", samples([0, 1], [0, 1]))
    svg = diagram_picture(loads(wide).problem, None, "", "d").svg
    assert ElementTree.fromstring(svg).findall("{*}circle")[8:] != []
    assert "of 30" in svg


@pytest.mark.parametrize(("inputs", "biased", "curves"), [(1, True, 3), (2, False, 3), (2, True, 3)])
def test_the_cells_of_a_unit_are_drawn_where_its_pre_activations_vanish(inputs: int, biased: bool, curves: int) -> None:
    data = samples([[1, 2][:inputs], [-1, 3][:inputs], [2, -1][:inputs]], [0, 1, 2])
    problem = loads(network([inputs, 2, 1], "relu", data, bias={"hidden": biased, "output": True})).problem
    view = cells_view(problem)
    assert len(view.boundaries) == curves
    for each, x in zip(view.boundaries, problem.inputs, strict=True):
        for a, b in each.curve:
            weights = (cos(a), sin(a), b) if inputs + biased == 3 else (a, b)
            assert abs(sum(float(u) * w for u, w in zip((*x, 1), weights, strict=False))) < 1e-9


def test_units_are_in_their_cells() -> None:
    problem = loads(text(EXAMPLES["four-points-given"])).problem
    assert problem.parameters is not None
    for x, y, j in cells_view(problem, problem.parameters).units:
        w, b = problem.parameters[0].weight[j - 1][0], problem.parameters[0].bias[j - 1]  # type: ignore[index]
        for (at,) in problem.inputs:
            assert (float(at) * x + y > 0) == (at * w + b > 0)


def test_units_that_are_drawn_scaled_or_not_at_all_are_told() -> None:
    """Where all breakpoints are 0 a unit is drawn as a multiple of it; else only if the picture has its place."""
    problem = loads(text(EXAMPLES["four-points-given"])).problem
    said = dict(cells_picture(problem, problem.parameters, "θ", "c").legend)["s-at"]
    assert said == "hidden units at θ, scaled within their cells"
    view = cells_view(problem, problem.parameters)
    assert view.axes == ("weight w, up to a factor", "bias b, up to the same")
    assert cells_view(problem).axes == ("weight w", "bias b")
    away = [layer([["2"], ["1"]], ["0", "5"]), layer([["1", "1"]], ["0"])]
    tanh = loads(network([1, 2, 1], "hardtanh", samples([0, 1], [0, 1]), parameters=away)).problem
    assert dict(cells_picture(tanh, tanh.parameters, "θ", "c").legend)["s-at"] == "hidden units at θ"
    assert cells_view(tanh, tanh.parameters).axes == ("weight w", "bias b")
    away = [layer([["1", "0"], ["3", "0"]], ["0", "0"]), layer([["1", "1"]], ["0"])]
    flat = loads(network([2, 2, 1], "hardtanh", samples([[0, 1], [1, 0]], [0, 1]), parameters=away)).problem
    assert dict(cells_picture(flat, flat.parameters, "θ", "c").legend)["s-at"] == "1 of 2 hidden units at θ"


def test_no_cells_are_drawn_beyond_two_inputs() -> None:
    problem = loads(network([3, 2, 1], "relu", samples([[1, 2, 3]], [1]))).problem
    with pytest.raises(NoView, match="one or two inputs"):
        cells_view(problem)


def test_labels_keep_clear_of_marks_and_of_each_other() -> None:
    canvas = Canvas((0, 1), (0, 1), "t", "d", "k")
    for x in (0.5, 0.52, 0.54, 0.99):
        canvas.dot(x, 0.5, "at")
        canvas.mark_label(x, 0.5, "θ₁₂")
    boxes = [box for box, _ in canvas.placed()]
    assert len(boxes) == 4
    for a, b in combinations([*boxes, *canvas.marks], 2):
        assert (a in canvas.marks and b in canvas.marks) or not meet(a, b)
    assert all(box[2] <= canvas.frame[2] for box in boxes)


def test_a_hostile_name_is_not_in_any_picture() -> None:
    assert all("four" not in str(each) for each in pictures(accepted(THEOREM)[0].problem, scene(), "k"))
    assert explain(*accepted(THEOREM)).scenes == told(THEOREM).scenes


PROOFS = Path(__file__).parents[2] / "proofs"


@pytest.mark.parametrize("name", ["logistic-line", "logistic-xor", "separable", "counts", "classes"])
def test_minima_that_are_not_written_down_are_shown_by_points_near_them(name: str) -> None:
    """Their risk is that of the enclosure, as far as a picture shows it, and the picture is drawn."""
    problem = load(PROOFS / name / "network.json")
    found = explain(problem, (PROOFS / name / "network.symcert.json").read_bytes())
    shown = found.scenes[0]
    stated = [dict(theorem.statement)["risk"] for theorem in found_theorems(problem, name)]
    assert any(isinstance(risk, Enclosure) and abs(risk.lower - shown.at.risk) < Fraction(1, 10**9) for risk in stated)
    view = slice_view(problem.problem, shown)
    assert view.level == pytest.approx(float(shown.at.risk))
    net = Net.of(problem.problem)
    theta = flat(shown.at.point)[None]
    assert net.risk(theta, net.traces(theta)[-1])[0] == pytest.approx(float(shown.at.risk), abs=1e-9)


def found_theorems(problem: LoadedProblem, name: str) -> list[Theorem]:
    checked = check(problem.network, (PROOFS / name / "network.symcert.json").read_bytes(), lambda _: b"")
    return [theorem for theorem in checked.theorems if theorem.claim in ("valley", "spurious_minimum", "point")]


@pytest.mark.parametrize(("loss", "label"), [("poisson", "3"), ("logistic", "1/3")])
def test_a_point_that_is_hardly_above_a_minimum_is_not_called_better(loss: str, label: str) -> None:
    """The given point, 10⁻³⁶ from the minimum, has more risk than it, and less than the middle of its enclosure."""
    v = {"poisson": "1.09861228866810969139524523692252570", "logistic": "-0.693147180559945309417232121458176568"}
    given = [{"weight": [[1]]}, {"weight": [[v[loss]]]}]
    data = [{"x": [1], "y": [label]}]
    document = {"format": "symverify-network/1", "layers": [1, 1, 1], "activation": "relu", "bias": False}
    problem = loads(json.dumps(document | {"loss": loss, "data": data, "parameters": given}))
    result = symverify.check(problem, ["minimum_in_box", "point"], timeout=10, smt=False)
    assert result["minimum_in_box"].theorem is not None
    assert "a better point" not in result.html()


def test_what_floats_cannot_show_is_no_picture() -> None:
    problem = told(THEOREM).problem
    at = scene().at
    (first, *rest) = at.point
    moved = Layer(tuple(tuple(x + Fraction(1, 10**40) for x in row) for row in first.weight), first.bias)
    better = replace(at, point=(moved, *rest))
    drawn = pictures(problem, Scene(at, "θ", "a point", better, "another", None, None), "k")
    assert [each for each in drawn if isinstance(each, str)] == [
        f"There is no picture of the risk {what}: what it would show is too small for floats."
        for what in ("on a plane", "along a line")
    ]
