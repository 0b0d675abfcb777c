"""Expansion on a cell: exact agreement with the network itself, multilinearity, the region, the three outputs."""

import json
import random
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from symverify.errors import Declined, NoCell
from symverify.kernel.core.network import Pattern, Point, Problem, cell_of, coordinates, predictions, risk
from symverify.kernel.programs.values import trace
from symverify.problem import loads
from symverify.search.expand import (
    Expansion,
    expand,
    parse_pattern,
    pattern_of_point,
    pattern_text,
    variables,
)
from tests.examples import EXAMPLES, FOUR_PIECES, changed

SHAPES: dict[str, dict[str, Any]] = {
    "shallow": {},
    "deep-vector": {"layers": [2, 3, 2, 3, 2], "activation": {"name": "leaky_relu", "negative_slope": "1/3"}},
    "hardtanh": {"layers": [2, 3, 1], "activation": "hardtanh"},
    "hardsigmoid-deep": {"layers": [1, 2, 2, 2], "activation": ["hardsigmoid", FOUR_PIECES]},
    "no-bias": {"layers": [2, 3, 2, 1], "bias": False, "activation": "abs"},
    "output-bias-only": {"layers": [2, 2, 2], "bias": {"hidden": False}, "activation": "relu6"},
    "identity": {"layers": [2, 2, 2, 1], "activation": "identity"},
    "mean": {"loss": {"name": "squared", "factor": "3/7"}},
    "huber": {"loss": {"name": "huber", "delta": "1/2"}},
}


def rational(rng: random.Random, scale: int = 9) -> Fraction:
    return Fraction(rng.randint(-scale, scale), rng.randint(1, 5))


def random_point(problem: Problem, rng: random.Random) -> Point:
    document = [
        {"weight": [[rational(rng) for _ in range(a)] for _ in range(b)]}
        | ({"bias": [rational(rng) for _ in range(b)]} if problem.has_bias(m) else {})
        for m, (a, b) in enumerate(zip(problem.widths, problem.widths[1:], strict=False))
    ]
    network = changed(EXAMPLES["linear"], layers=list(problem.widths), name=..., activation="identity")
    bias = {"hidden": problem.hidden_bias, "output": problem.output_bias}
    data = [{"x": [0] * problem.widths[0], "y": [0] * problem.widths[-1]}]
    point = loads(network | {"bias": bias, "parameters": document, "data": data}).problem.parameters
    assert point is not None
    return point


def problem_of(shape: str, seed: int = 0) -> Problem:
    rng, fields = random.Random(seed), dict(SHAPES[shape])
    layers = fields.setdefault("layers", [1, 2, 1])
    rows = [
        {"x": [rational(rng) for _ in range(layers[0])], "y": [rational(rng) for _ in range(layers[-1])]}
        for _ in range(4)
    ]
    return loads(changed(EXAMPLES["four-points"], **{"data": rows} | fields)).problem


def value(polynomial: list[dict[str, Any]], at: dict[str, Fraction]) -> Fraction:
    """A polynomial of the JSON document at a point: nothing shared with what wrote it."""
    total = Fraction(0)
    for term in polynomial:
        product = Fraction(term["coefficient"])
        for name, exponent in term["monomial"].items():
            product *= at[name] ** exponent
        total += product
    return total


def interior_points(problem: Problem, count: int) -> list[tuple[Point, Pattern]]:
    """Random points, each with the pattern of the cell that it is in."""
    rng = random.Random(len(problem.inputs))
    found: list[tuple[Point, Pattern]] = []
    while len(found) < count:
        point = random_point(problem, rng)
        try:
            found.append((point, pattern_of_point(problem, point)))
        except NoCell:
            continue
    return found


@pytest.mark.parametrize("shape", SHAPES)
def test_agrees_with_the_network_at_points_of_the_cell(shape: str) -> None:
    problem = problem_of(shape)
    for point, pattern in interior_points(problem, 5):
        document = json.loads(expand(problem, pattern).json())
        at = dict(zip(variables(problem), map(Fraction, map(str, coordinates(point))), strict=True))
        exact = predictions(problem, point)
        assert [[value(f, at) for f in row] for row in document["predictions"]] == [list(row) for row in exact]
        if shape == "huber":
            assert document["risk"] is None
        else:
            assert value(document["risk"], at) == risk(problem, exact)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_region_is_the_cell(shape: str) -> None:
    """Its inequalities hold at a point exactly when the point's pattern is the region's."""
    problem = problem_of(shape)
    points = interior_points(problem, 6)
    for _, pattern in points[:3]:
        region = expand(problem, pattern).document()["region"]
        assert isinstance(region, list)
        for other, its_pattern in points:
            at = dict(zip(variables(problem), map(Fraction, map(str, coordinates(other))), strict=True))
            inside = all(
                (c["above"] is None or value(c["polynomial"], at) > Fraction(c["above"]))
                and (c["below"] is None or value(c["polynomial"], at) < Fraction(c["below"]))
                for c in region
            )
            assert inside == (its_pattern == pattern)


def test_region_polynomials_are_the_pre_activations() -> None:
    problem = problem_of("deep-vector")
    ((point, pattern),) = interior_points(problem, 1)
    at = dict(zip(variables(problem), map(Fraction, map(str, coordinates(point))), strict=True))
    region = expand(problem, pattern).document()["region"]
    assert isinstance(region, list)
    exact = [list(trace(problem, point, i)) for i in range(4)]
    assert len(region) == 4 * (3 + 2 + 3)
    for c in region:
        assert value(c["polynomial"], at) == exact[c["sample"] - 1][c["layer"] - 1][c["unit"] - 1]


@pytest.mark.parametrize("shape", SHAPES)
def test_predictions_are_multilinear_in_the_layers(shape: str) -> None:
    problem = problem_of(shape)
    ((_, pattern),) = interior_points(problem, 1)
    document = json.loads(expand(problem, pattern).json())
    for term in (term for row in document["predictions"] for f in row for term in f):
        layers = [name[1:].split("_")[0] for name in term["monomial"]]
        assert len(set(layers)) == len(layers)
        assert set(term["monomial"].values()) <= {1}


def test_known_polynomials() -> None:
    problem = loads(changed(EXAMPLES["four-points"], layers=[1, 1, 1])).problem
    expansion = expand(problem, parse_pattern(problem, "0011"))
    assert expansion.text().splitlines() == [
        "predictions",
        "  f1(x1) = b2_1",
        "  f1(x2) = b2_1",
        "  f1(x3) = 2*w1_1_1*w2_1_1 + b1_1*w2_1_1 + b2_1",
        "  f1(x4) = 3*w1_1_1*w2_1_1 + b1_1*w2_1_1 + b2_1",
        "risk",
        "  R = 13/2*w1_1_1**2*w2_1_1**2 + 5*w1_1_1*b1_1*w2_1_1**2 + 5*w1_1_1*w2_1_1*b2_1 - 3*w1_1_1*w2_1_1"
        " + b1_1**2*w2_1_1**2 + 2*b1_1*w2_1_1*b2_1 - b1_1*w2_1_1 + 2*b2_1**2 - b2_1 + 1/2",
        "region",
        "  z1_1(x1): b1_1 < 0",
        "  z1_1(x2): w1_1_1 + b1_1 < 0",
        "  z1_1(x3): 0 < 2*w1_1_1 + b1_1",
        "  z1_1(x4): 0 < 3*w1_1_1 + b1_1",
    ]
    latex = expansion.latex()
    assert latex.startswith("\\begin{align*}\nf_{1}(x_{1}) &= b^{(2)}_{1} \\\\\n")
    assert "\\tfrac{13}{2} \\left(w^{(1)}_{1,1}\\right)^{2} \\left(w^{(2)}_{1,1}\\right)^{2} + 5" in latex
    assert latex.endswith("& 0 < 3 w^{(1)}_{1,1} + b^{(1)}_{1}\n\\end{align*}")


def test_the_risk_has_the_weight_decay() -> None:
    decay = {"weights": "1/3", "biases": "1/5"}
    plain = loads(changed(EXAMPLES["four-points"], layers=[1, 1, 1])).problem
    problem = loads(changed(EXAMPLES["four-points"], layers=[1, 1, 1], weight_decay=decay)).problem
    found, without = expand(problem, parse_pattern(problem, "0011")), expand(plain, parse_pattern(plain, "0011"))
    assert found.risk is not None
    assert without.risk is not None
    w, b, v, c = found.risk.ring.gens
    third, fifth = (found.risk.ring.domain(1, k) for k in (6, 10))
    assert found.risk - without.risk == (w**2 + v**2) * third + (b**2 + c**2) * fifth


def test_a_risk_that_is_no_polynomial_is_said_in_words() -> None:
    problem = loads(changed(EXAMPLES["four-points"], layers=[1, 1, 1], loss="huber")).problem
    assert "  R is not written as one polynomial" in expand(problem, parse_pattern(problem, "0011")).text().splitlines()


def test_offsets_of_bounded_pieces() -> None:
    problem = loads(changed(EXAMPLES["four-points-hardtanh"], layers=[1, 1, 1])).problem
    lines = expand(problem, parse_pattern(problem, "0122")).text().splitlines()
    assert lines[1] == "  f1(x1) = -w2_1_1 + b2_1"
    assert lines[3] == "  f1(x3) = w2_1_1 + b2_1"
    assert lines[-3] == "  z1_1(x2): -1 < w1_1_1 + b1_1 < 1"


def test_no_breakpoints_and_dead_rows_bound_nothing() -> None:
    linear = loads(EXAMPLES["linear"].document).problem
    assert expand(linear, parse_pattern(linear, "0000,0000")).text().endswith("region\n  all parameters")
    bare = loads(changed(EXAMPLES["origin-no-bias"], parameters=...)).problem
    expansion = expand(bare, parse_pattern(bare, "01"))
    assert [c.sample for c in expansion.region] == [2]
    assert expansion.text().splitlines()[1] == "  f1(x1) = 0"


def test_zero_is_the_empty_sum() -> None:
    bare = loads(changed(EXAMPLES["origin-no-bias"], parameters=...)).problem
    document = json.loads(expand(bare, parse_pattern(bare, "00")).json())
    assert document["predictions"] == [[[]], [[]]]
    assert document["risk"] == [{"coefficient": "1", "monomial": {}}]


def test_pattern_text_is_read_back() -> None:
    for shape in SHAPES:
        problem = problem_of(shape)
        for _, pattern in interior_points(problem, 3):
            assert parse_pattern(problem, pattern_text(pattern)) == pattern
    with pytest.raises(ValueError, match="a piece beyond 35 has no digit"):
        pattern_text((((36,),),))


def test_letters_follow_nine() -> None:
    many = {"breakpoints": list(range(11)), "slopes": [0, 1] * 6, "anchor": [0, 0]}
    problem = loads(changed(EXAMPLES["four-points"], layers=[1, 1, 1], activation=many)).problem
    assert parse_pattern(problem, " 09ab ") == (((0, 9, 10, 11),),)
    with pytest.raises(NoCell, match=r"sample 4: there is no piece 12; .* the pieces 0 to 11"):
        parse_pattern(problem, "000c")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "layer 1: expected 2 units separated by ',', got 1"),
        ("0111", "layer 1: expected 2 units separated by ',', got 1"),
        ("0111,0111,0111", "layer 1: expected 2 units separated by ',', got 3"),
        ("0111,0111;0111", "expected 1 hidden layers separated by ';', got 2"),
        ("011,0111", "layer 1, unit 1: expected 4 digits, one for each sample, got 3"),
        ("0111,01111", "layer 1, unit 2: expected 4 digits, one for each sample, got 5"),
        ("0111,0121", "layer 1, unit 2, sample 3: there is no piece 2"),
        ("0111,01+1", r"layer 1, unit 2, sample 3: '\+' is not a digit"),
        ("0111,01٣1", r"sample 3: '\\u0663' is not a digit"),
        ("0111,01A1", "sample 3: 'A' is not a digit"),
    ],
)
def test_wrong_pattern_text(text: str, message: str) -> None:
    problem = loads(EXAMPLES["four-points"].document).problem
    with pytest.raises(NoCell, match=message) as caught:
        parse_pattern(problem, text)
    assert caught.value.remedy


def test_wrong_patterns_from_python() -> None:
    problem = loads(EXAMPLES["four-points"].document).problem
    good: Pattern = ((((0, 1, 1, 1)), ((0, 1, 1, 1))),)
    assert isinstance(expand(problem, good), Expansion)
    for bad in ((), good + good, (good[0][:1],), ((good[0][0][:3], good[0][1]),)):
        with pytest.raises(NoCell, match="does not have the problem's shape"):
            expand(problem, bad)
    with pytest.raises(NoCell, match="there is no piece -1"):
        expand(problem, ((((0, 1, 1, -1)), good[0][1]),))


def test_boundary_point_names_no_cell() -> None:
    problem = loads(EXAMPLES["boundary"].document).problem
    assert problem.parameters is not None
    with pytest.raises(NoCell, match=r"in no cell: unit 1 of hidden layer 1 is at a breakpoint on sample 3.*--pattern"):
        pattern_of_point(problem, problem.parameters)
    given = loads(EXAMPLES["four-points-given"].document).problem
    assert given.parameters is not None
    assert pattern_of_point(given, given.parameters) == cell_of(given, given.parameters)


def test_too_large_is_declined() -> None:
    wide = loads(changed(EXAMPLES["four-points"], layers=[1, 3000, 1])).problem
    with pytest.raises(Declined, match="too large to write out"):
        expand(wide, (((0,) * 4,) * 3000,))
    middle = loads(changed(EXAMPLES["four-points"], layers=[1, 250, 1])).problem
    with pytest.raises(Declined, match="too large to write out"):
        expand(middle, (((1,) * 4,) * 250,))


@pytest.mark.parametrize("ground", [None, "python", "flint", "nonsense"])
def test_any_ground_types_without_a_warning(ground: str | None) -> None:
    """The same polynomials whatever numbers SymPy uses, and SymPy is not loaded before it is needed."""
    code = (
        "import sys; from symverify.search.expand import expand, parse_pattern; from symverify.problem import loads;"
        "from tests.examples import EXAMPLES; assert 'sympy' not in sys.modules;"
        "p = loads(EXAMPLES['deep'].document).problem;"
        "print(expand(p, parse_pattern(p, '00000,10101,01011,11111;01010,10101,11111')).json());"
        "from sympy.external.gmpy import GROUND_TYPES; print(GROUND_TYPES)"
    )
    environment = {"SYMPY_GROUND_TYPES": ground} if ground else {}
    command, root = [sys.executable, "-W", "error", "-c", code], Path(__file__).parents[2]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=root)
    assert (done.returncode, done.stderr) == (0, "")
    polynomials, used = done.stdout.splitlines()
    deep = loads(EXAMPLES["deep"].document).problem
    here = expand(deep, parse_pattern(deep, "00000,10101,01011,11111;01010,10101,11111")).json()
    assert json.loads(polynomials) == json.loads(here)
    assert used == ("flint" if ground in (None, "flint") else "python")
