"""From trained float points to exact local minima: proved by the kernel, near, and in the region that is named."""

import json
import random
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from symverify import check, load, loads
from symverify.cells.pattern import pattern_at
from symverify.certify.certificate import Certificate, parameters
from symverify.certify.snap import snap
from symverify.kernel.core.activation import ZERO
from symverify.kernel.core.network import cell_of, coordinates, predictions, risk
from symverify.run.snap import snapped_network, told
from symverify.search import snap_region
from symverify.search.affine_minimum import affine_minimum
from symverify.search.snap_equations import as_point, levelled, linearised
from tests.examples import EXAMPLES, changed, network, samples

EXAMPLE = Path(__file__).parents[2] / "examples" / "train"


def floats(problem, point, size, seed=0):
    """The point moved by noise, in dyadic rationals of 24 bits after the point."""
    rng = random.Random(seed)
    return as_point(
        problem, [Fraction(round((float(x) + rng.gauss(0, size)) * 2**24), 2**24) for x in coordinates(point)]
    )


def found(problem, given, **options):
    """What snap finds, each minimum proved once more from the beginning, each number recomputed."""
    results = snap(problem, given, **options)
    for each in results:
        assert each.given_risk == risk(problem, predictions(problem, given))
        if each.point is None:
            assert each.reason
            continue
        certificate = Certificate(problem)
        certificate.step(each.rule, {"point": certificate.point(each.point)}, **each.fields)
        assert each.risk == risk(problem, predictions(problem, each.point))
        apart = [a - b for a, b in zip(coordinates(each.point), coordinates(given), strict=True)]
        assert each.squared_distance == sum(x * x for x in apart)
        assert each.distance == pytest.approx(float(each.squared_distance) ** 0.5)
    distances = [each.squared_distance for each in results if each.point is not None]
    assert distances == sorted(distances)
    assert len(told(results)) == len(results)
    return results


def test_a_point_near_an_interior_minimum_snaps_into_its_own_cell():
    problem = loads(EXAMPLES["four-points-given"].document).problem
    given = floats(problem, problem.parameters, 1e-4)
    nearest = found(problem, given)[0]
    assert (nearest.where, nearest.rule, nearest.risk) == ("the cell of the point", "interior_minimum", Fraction(3, 20))
    assert 0 < nearest.distance < 1e-3
    assert cell_of(problem, nearest.point) == cell_of(problem, given)
    assert max(len(str(x)) for x in coordinates(nearest.point)) < 60


def test_an_exact_minimum_stays_where_it_is():
    problem = loads(EXAMPLES["four-points-given"].document).problem
    nearest = found(problem, problem.parameters)[0]
    assert (nearest.point, nearest.squared_distance) == (problem.parameters, 0)


def test_a_minimum_on_a_boundary_is_found_from_either_side():
    problem = loads(EXAMPLES["boundary"].document).problem
    for seed in range(4):
        results = found(problem, floats(problem, problem.parameters, 1e-4, seed))
        nearest = results[0]
        assert (nearest.where, nearest.rule) == ("the face with unit 1 at a breakpoint on sample 3", "face_minimum")
        assert nearest.risk == 18
        assert nearest.distance < 1e-3
        own = [each for each in results if each.where == "the cell of the point"]
        assert [each.reason for each in own] == [
            "no local minimum lies inside it with these signs of the output weights"
        ]


def test_a_neighbouring_cell_is_looked_into():
    hidden = {"weight": [["0"], ["1"]], "bias": ["-1", "-1.999"]}  # the second unit is just on at sample 3, x = 2
    last = {"weight": [["1", "1.01"]], "bias": ["0"]}
    problem = loads(changed(EXAMPLES["four-points"], parameters=[hidden, last])).problem
    places = {each.where: each for each in found(problem, problem.parameters) if each.point is not None}
    across = places["the neighbouring cell with unit 2 of layer 1 on sample 3 across"]
    assert (across.rule, across.risk) == ("interior_minimum", 0)
    assert pattern_at(problem, problem.parameters)[0][1] == (0, 0, 1, 1)
    assert pattern_at(problem, across.point)[0][1] == (0, 0, 0, 1)


def test_deep_and_vector_networks_snap_inside_cells():
    for name, value in (("deep", Fraction(26, 15)), ("four-points-depth-5", Fraction(3, 20))):
        problem = loads(EXAMPLES[name].document).problem
        given = floats(problem, affine_minimum(problem).point, 1e-4)
        nearest = found(problem, given)[0]
        assert (nearest.rule, nearest.risk) == ("interior_minimum", value)
        assert nearest.distance < 1e-2


def test_what_cannot_be_snapped_says_so():
    linear = loads(EXAMPLES["vector-linear"].document).problem  # minima with a minorant that is not constant
    (result,) = found(linear, as_point(linear, [Fraction(x, 10) for x in (9, 3, 9, 3)]))
    assert result.point is None
    assert result.reason == "undecided: no point with the best predictions there was found near"
    document = changed(EXAMPLES["four-points-given"], loss="absolute")
    absolute = loads(document).problem
    (result,) = found(absolute, absolute.parameters)
    assert result.reason == "undecided: snapping needs a differentiable loss, the absolute loss is none"
    problem = loads(EXAMPLES["four-points"].document).problem
    (result,) = found(problem, as_point(problem, [Fraction(10**400)] * problem.size()))
    assert result.reason == "undecided: beyond the range of floats"


def test_a_minimum_far_away_in_the_same_cell_is_found_by_linear_programming(monkeypatch):
    problem = loads(EXAMPLES["four-points-given"].document).problem
    given = floats(problem, problem.parameters, 0.01)
    region = snap_region.Region(pattern_at(problem, given), frozenset(), "")
    target = snap_region.best_predictions(problem, region, predictions(problem, given))
    assert [x for (x,) in target] == [Fraction(k, 10) for k in (-2, 1, 4, 7)]
    point = snap_region.minimum_by_lp(problem, region, target, given)
    assert region.contains(problem, point)
    assert [list(f) for f in predictions(problem, point)] == target
    monkeypatch.setattr(snap_region, "MAX_CONSTRAINTS", 5)
    point = snap_region.minimum_by_lp(problem, region, target, given)
    assert region.contains(problem, point)
    assert [list(f) for f in predictions(problem, point)] == target
    monkeypatch.setattr(snap_region, "roomy_point", lambda *_: None)
    with pytest.raises(Exception, match="more than 5 constraints, and linear programming in floats finds no point"):
        snap_region.minimum_by_lp(problem, region, target, given)


def test_a_cell_of_many_constraints():
    """480 of them: labels off the predictions of a point by what is orthogonal to its cell's features."""
    rng = random.Random(3)
    xs = [[rng.randint(-20, 20), rng.randint(-20, 20)] for _ in range(60)]
    problem = loads(network([2, 8, 1], "relu", samples(xs, [[0]] * 60))).problem
    planted = as_point(problem, [rng.choice([-1, 1]) * Fraction(rng.randint(7, 30), 7) for _ in range(problem.size())])
    region = snap_region.Region(pattern_at(problem, planted), frozenset(), "")
    noise = replace(problem, targets=tuple((Fraction(rng.randint(-9, 9)),) for _ in xs))
    within = snap_region.best_predictions(noise, region, noise.targets)
    rows = zip(predictions(problem, planted), noise.targets, within, strict=True)
    problem = replace(problem, targets=tuple((f + y - near,) for (f,), (y,), (near,) in rows))
    target = snap_region.best_predictions(problem, region, predictions(problem, planted))
    given = floats(problem, planted, 0.2)
    point = snap_region.minimum_by_lp(problem, region, target, given)
    assert region.contains(problem, point)
    assert [list(f) for f in predictions(problem, point)] == target


def deep_face():
    """A network of three layers with whole numbers as parameters, and a face with kinks in both hidden layers."""
    rng = random.Random(5)
    xs = [[rng.randint(-3, 3), rng.randint(-3, 3)] for _ in range(5)]
    problem = loads(network([2, 2, 2, 1], "relu", samples(xs, [[0]] * 5))).problem
    theta = [Fraction(rng.randint(-3, 3)) for _ in range(problem.size())]
    region = snap_region.Region(pattern_at(problem, as_point(problem, theta)), frozenset(), "")
    return problem, theta, region.held_at([(0, 1, 2, 0), (1, 0, 3, 0), (1, 1, 0, 0)])


def test_what_is_held_beyond_the_first_layer_is_linearised_exactly():
    """On fixed pieces predictions and pre-activations are affine in each parameter alone."""
    problem, theta, region = deep_face()
    goal = np.array([[ZERO]] * 5, dtype=object)
    gap, jacobian = linearised(problem, region, np.array(theta, dtype=object), goal)
    assert len(gap) == 8
    for c in range(len(theta)):
        moved = [x + (k == c) for k, x in enumerate(theta)]
        there = linearised(problem, region, np.array(moved, dtype=object), goal)[0]
        assert (there - gap).tolist() == jacobian[:, c].tolist()
    rounded = linearised(problem, region, np.array(theta, dtype=float), goal.astype(float))[1]
    assert np.abs(rounded - jacobian.astype(float)).max() < 1e-12


def test_what_is_held_below_a_block_is_levelled_before_it():
    problem, theta, region = deep_face()
    goal = [[ZERO]] * 5
    for block, exact in ((0, 0), (1, 1), (2, 3)):
        found = levelled(problem, region, theta, goal, block)
        gap = linearised(problem, region, np.array(found, dtype=object), np.array(goal, dtype=object))[0]
        assert [not x for x in gap[5:]] == [k < exact for k in range(3)]
    assert "unit 1 of layer 2 at a breakpoint on sample 4" in region.where


def test_nothing_new_begins_after_the_deadline():
    problem = loads(EXAMPLES["boundary"].document).problem
    given = floats(problem, problem.parameters, 1e-4)
    assert len(found(problem, given, deadline=0.0)) == 1


ACTIVATIONS = [
    "relu",
    "hardtanh",
    {"name": "leaky_relu", "negative_slope": "1/3"},
    {"breakpoints": ["-2", "0", "1"], "slopes": ["0", "-1", "2", "1/2"], "anchor": ["0", "0"]},
]


@pytest.mark.parametrize("seed", range(12))
def test_whatever_the_start_all_that_is_returned_is_proved(seed):
    rng = random.Random(seed)
    h, d, n = rng.randint(1, 3), rng.randint(1, 2), rng.randint(3, 7)
    xs = [[rng.randint(-9, 9) for _ in range(d)] for _ in range(n)]
    ys = [f"{rng.randint(-30, 30)}/10" for _ in range(n)]
    bias = rng.choice([True, True, False, {"hidden": False, "output": True}])
    document = network([d, h, 1], ACTIVATIONS[seed % 4], samples(xs, ys), bias=bias)
    problem = loads(document).problem
    given = as_point(problem, [Fraction(round(rng.gauss(0, 1) * 2**20), 2**20) for _ in range(problem.size())])
    results = found(problem, given)
    assert results
    for each in results:
        if each.rule == "interior_minimum":
            cell_of(problem, each.point)


def test_the_trained_example_is_spurious(tmp_path):
    imports = pytest.importorskip("symverify.problem.imports")
    pytest.importorskip("safetensors", reason="the extra [safetensors] is not installed")
    output = tmp_path / "network.json"
    imports.import_model(EXAMPLE / "model.safetensors", EXAMPLE / "train.csv", output)
    loaded = load(output)
    nearest = found(loaded.problem, loaded.problem.parameters)[0]
    assert (nearest.rule, nearest.risk) == ("interior_minimum", Fraction(488519, 15870000))
    assert nearest.distance == pytest.approx(3.6931e-6, rel=1e-3)
    (tmp_path / "exact.json").write_bytes(snapped_network(loaded, nearest.point, tmp_path / "exact.json"))
    exact = load(tmp_path / "exact.json")
    assert exact.problem.parameters == nearest.point
    assert exact.problem.inputs == loaded.problem.inputs
    point = check(exact, ["point"], smt=False, timeout=20)["point"]
    assert (point.verdict.value, point.statement["spurious"]) == ("proved", True)


def test_the_snapped_file_keeps_the_rest(tmp_path):
    (tmp_path / "p.csv").write_text("x,y\n0,0\n1,1\n2,0.5\n")
    document = {
        "format": "symverify-network/1",
        "layers": [1, 1, 1],
        "activation": {"name": "leaky_relu", "negative_slope": 0.1},
        "loss": {"name": "squared", "reduction": "sum", "factor": 0.5},
        "data": {"csv": "p.csv", "inputs": ["x"], "targets": ["y"]},
    }
    (tmp_path / "a.json").write_text(json.dumps(document))
    before = load(tmp_path / "a.json")
    point = as_point(before.problem, [Fraction(1, 3), Fraction(2), Fraction(-1, 7), Fraction(0)])
    (tmp_path / "b.json").write_bytes(snapped_network(before, point, tmp_path / "b.json"))
    after = load(tmp_path / "b.json").problem
    assert (after.inputs, after.loss, after.activations) == (
        before.problem.inputs,
        before.problem.loss,
        before.problem.activations,
    )
    assert after.parameters == point
    assert parameters(point)[0] == {"weight": [["1/3"]], "bias": ["2"]}


def trained(layers, xs, ys, *parameters, loss="squared"):
    """A network file with the end of a training, as decimals."""
    layered = [
        {"weight": [list(map(str, row)) for row in weight], "bias": list(map(str, bias))} for weight, bias in parameters
    ]
    return network(layers, "relu", samples(xs, ys), loss=loss, parameters=layered)


SQUARE = [[0, 0], [0, 1], [1, 0], [1, 1]]
CIRCLE = [
    [0, 0],
    *([3 * a, 4 * b] for a in (1, -1) for b in (1, -1)),
    *([4 * a, 3 * b] for a in (1, -1) for b in (1, -1)),
]
CIRCLE += [[5, 0], [-5, 0], [0, 5], [0, -5]]
TRAINED = {
    "linear parts of the Huber loss": (
        trained(
            [2, 2, 1], SQUARE, [[0], [1], [1], [0]],
            ([[0.901874, -0.912581], [-0.417268, 0.229076]], [-0.033684, -0.31304]), ([[1.007844, -0.12805]], [0.125]),
            loss={"name": "huber", "delta": "1/4"},
        ),
        "interior_minimum", Fraction(13, 256), 1e-5,
    ),
    "several outputs, exactly fitted at three kinks": (
        trained(
            [1, 3, 2], [[-2], [-1], [0], [1], [3]], [[0, 2], [0, 1], [0, 0], [1, 1], [3, 3]],
            ([[1.08339], [0.757983], [-0.83793]], [0, "1/1000000", 0]),
            ([[0.400839, 0.746369, 0], [0.854533, 0.097901, 1.193417]], [0, 0]),
        ),
        "cell_kkt", Fraction(0), 1e-4,
    ),
    "a training that had not ended": (
        trained(
            [2, 3, 1], CIRCLE, [[0], *[[5]] * 12],
            ([[0.48362, 1.572761], [-0.198167, -0.587564], [-0.173457, -0.520371]], [0, -1.327086, 2.601834]),
            ([[0.848607, -1.405817, 1.620867]], [-1.156629]),
        ),
        "face_minimum", Fraction(1600, 1807), 6,
    ),
    "two kinks at one sample in a network of three layers": (
        (Path(__file__).parent / "deep_face.json").read_text(), "cell_kkt", Fraction(529153998563, 684722848304), 1e-3,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TRAINED)
def test_ends_of_trainings(name):
    document, rule, least, near = TRAINED[name]
    problem = loads(document).problem
    nearest = found(problem, problem.parameters)[0]
    assert (nearest.rule, nearest.risk) == (rule, least)
    assert 0 < nearest.distance < near
