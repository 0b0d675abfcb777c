"""Critical points of a cell: known answers, the kernel on every witness, and Newton's method in floats as an oracle."""

import json
import random
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from symverify.certify.certificate import parameters
from symverify.errors import Declined, Rejected
from symverify.kernel.core.network import Layer, Pattern, Point, Problem, cell_of, predictions, risk
from symverify.kernel.core.proof import Proof
from symverify.kernel.curvature.hessian import derivatives
from symverify.kernel.network_file import read_problem
from symverify.report.critical import listing
from symverify.search.answers import Unknown
from symverify.search.cell_minima import CellMinima, EmptyCell, cell_minima
from symverify.search.critical import Algebraic, Families, Family, Search, critical_points, number
from symverify.search.decide import Stays, decide_shallow
from symverify.search.expand import parse_pattern
from tests import examples
from tests.cell_cases import network, random_case, run

TENT = ([0, 1, 2, 3], [0, 2, 0, -1])
LINE = ([0, 1, 2], [0, 1, 2])
LATE = {"breakpoints": ["1"], "slopes": ["0", "1"], "anchor": ["0", "0"]}


def found(problem: Problem, pattern: Pattern) -> tuple[Family, ...]:
    """The families of a cell, checked one by one."""
    families = critical_points(problem, pattern)
    assert isinstance(families, Families)
    rng = random.Random(0)
    for family in families.families:
        accept(problem, families.pattern, family, family.witness)
        near = inside(rng, problem, families.pattern, family)
        if near is not None:
            accept(problem, families.pattern, replace(family, curve=None), near)
    return families.families


def accept(problem: Problem, pattern: Pattern, family: Family, theta: Point) -> None:
    """A point of a family: in the cell, critical by the kernel and by exact differences, and of the stated kind."""
    assert cell_of(problem, theta) == pattern
    assert risk(problem, predictions(problem, theta)) == family.risk
    if theta == family.witness:
        gradient, hessian = derivatives(problem, theta, pattern)
        assert not any(gradient)
        rank = np.linalg.matrix_rank(np.array([[float(x) for x in row] for row in hessian]))
        assert family.dimension <= problem.size() - rank
    proof = Proof(problem)
    run(proof, "point", parameters=parameters(theta))
    run(proof, "critical_point", {"point": 0})
    assert isinstance(decide_shallow(problem, theta), Stays) == (family.character == "local minimum")
    if family.character == "local minimum":
        run(proof, "interior_minimum", {"point": 0})
    elif family.curve is not None:
        run(proof, "descent", {"point": 0}, curve=parameters(family.curve))


def inside(rng: random.Random, problem: Problem, pattern: Pattern, family: Family) -> Point | None:
    """Another point of the family, a random step along its directions; None if that leaves the cell."""

    def somewhere(base: Any, directions: Any) -> list[Fraction]:
        weights = [Fraction(rng.randint(-3, 3), 50) for _ in directions]
        return [x + sum(a * row[c] for a, row in zip(weights, directions, strict=True)) for c, x in enumerate(base)]

    d, size = problem.widths[0], problem.widths[0] + problem.hidden_bias
    at = iter(somewhere(family.products.base, family.products.directions))
    idle = {j: somewhere(space.base, space.directions) for j, space in family.idle}
    rows, v = [], []
    for j, sign in enumerate(family.signs):
        *p, nu = [next(at) for _ in range(size + 1)] if sign else [*idle[j], Fraction(0)]
        if nu * sign < 0 or (sign and not nu):
            return None
        rows.append([x / nu for x in p] if sign else p)
        v.append(nu)
    bias = tuple(row[d] for row in rows) if problem.hidden_bias else None
    output = Layer((tuple(v),), tuple(at) if problem.output_bias else None)
    theta = (Layer(tuple(tuple(row[:d]) for row in rows), bias), output)
    try:
        return theta if cell_of(problem, theta) == pattern else None
    except Rejected:
        return None


@pytest.mark.parametrize(
    ("data", "activation", "piece", "width", "expected"),
    [
        (LINE, "identity", (0, 0, 0), 1, ["0 2 + 1 m", "0 2 - 1 m", "1 1 0 1 s"]),
        (LINE, "relu", (1, 1, 1), 1, ["0 2 + 1 m", "0 2 - 1 m", "1 1 0 1 s"]),
        (LINE, "relu", (0, 0, 0), 1, ["1 3 + 1 m", "1 3 - 1 m", "1 2 0 1 m"]),
        (TENT, "relu", (0, 1, 1, 1), 1, []),
        (TENT, "relu", (0, 1, 1, 1), 2, ["1/12 4 +- 2 m"]),
        (TENT, "relu", (0, 1, 1, 1), 3, ["1/12 7 ++- 3 m", "1/12 7 +-- 3 m", "1/12 6 +-0 6 m"]),
        (([0, 1], [1, 1]), "identity", (0, 0), 1, ["0 2 + 1 m", "0 2 - 1 m", "0 2 0 1 m"]),
    ],
)
def test_known_families(data, activation, piece, width, expected):
    families = found(network(*data, width, activation), ((piece,) * width,))
    told = [
        f"{x.risk} {x.dimension} {''.join('0+-'[s] for s in x.signs)} {x.copies} {x.character[0].replace('l', 'm')}"
        for x in families
    ]
    assert sorted(told) == sorted(expected)


def test_the_linear_saddle():
    (saddle,) = [x for x in found(network(*LINE, 1, "identity"), (((0, 0, 0),),)) if x.character == "saddle"]
    ((unit, space),) = saddle.idle
    assert (unit, space.base[0], space.directions) == (0, 0, ((0, 1),))  # w = 0, the hidden bias is free
    assert saddle.products.base == (1,)  # the mean of the targets
    assert saddle.curve is not None


def test_all_copies_of_a_family_are_counted():
    families = found(network(*LINE, 3), (((1, 1, 1),) * 3,))
    assert sum(x.copies for x in families) == 3**3  # every choice of signs has critical points here
    assert len(families) == 10


def test_random_cells_against_the_minima_that_the_kernel_proves():
    rng, kinds = random.Random(3), Counter[str]()
    for _ in range(40):
        problem, pattern = random_case(rng, widest=3, samples=4)
        if problem.loss.name != "squared":
            assert isinstance(critical_points(problem, pattern), Unknown)
            continue
        families, minima = found(problem, pattern), cell_minima(problem, pattern)
        assert isinstance(minima, CellMinima)
        lowest = [x for x in families if x.character == "local minimum"]
        kinds += Counter(x.character for x in families)
        assert all(x.risk == minima.risk for x in lowest)
        assert all(x.risk > minima.risk for x in families if x.character == "saddle")
        slot = {j: 2 * k for k, each in enumerate(minima.strata.classes) for j in each.units}
        types = {sum({1 << slot[j] + (s < 0) for j, s in enumerate(x.signs) if s}) for x in lowest}
        assert types == set(minima.reached)
        sizes = {orbit.dimension for orbit in minima.orbits}
        assert max((x.dimension for x in lowest), default=None) == max(sizes, default=None)
    assert min(kinds["local minimum"], kinds["saddle"]) > 5, kinds


def newton(problem: Problem, pattern: Pattern, rng: np.random.Generator) -> tuple[float, list[int]] | None:
    """The risk and the signs of v at a critical point that damped Newton steps reach strictly inside the cell."""
    d, h, bias, out = problem.widths[0], problem.widths[1], int(problem.hidden_bias), int(problem.output_bias)
    X = np.array([[float(x) for x in row] + [1.0] * bias for row in problem.inputs])
    y = np.array([float(t) for (t,) in problem.targets])
    act, c = problem.activations[0], 2 * float(problem.loss.factor)
    S, C = (np.array([[float(part[p]) for p in unit] for unit in pattern[0]]) for part in (act.slopes, act.offsets))
    ends = [-np.inf, *map(float, act.breakpoints), np.inf]
    D = d + bias
    theta = rng.normal(size=h * (D + 1) + out) * rng.choice([0.3, 1, 3])
    if rng.random() < 0.6:
        theta[h * D : h * D + h] *= rng.random(h) < 0.5

    def parts(t):
        W, v = t[: h * D].reshape(h, D), t[h * D : h * D + h]
        A = S * (W @ X.T) + C
        f = v @ A + (t[-1] if out else 0.0)
        J = np.hstack([*(v[j] * S[j][:, None] * X for j in range(h)), A.T, np.ones((len(y), out))])
        return W, v, f, J

    for _ in range(60):
        W, v, f, J = parts(theta)
        r = c * (f - y)
        H = c * J.T @ J
        for j in range(h):
            cross = X.T @ (S[j] * r)
            H[j * D : (j + 1) * D, h * D + j] += cross
            H[h * D + j, j * D : (j + 1) * D] += cross
        theta = theta - np.linalg.lstsq(H, J.T @ r, rcond=1e-9)[0]
        if not np.isfinite(theta).all() or np.abs(theta).max() > 1e6:
            return None
    W, v, f, J = parts(theta)
    if np.abs(J.T @ (c * (f - y))).max() > 1e-9:
        return None
    for j in range(h):
        for i, z in enumerate(W[j] @ X.T):
            p = pattern[0][j][i]
            if X[i].any() and not ends[p] + 1e-3 < z < ends[p + 1] - 1e-3:
                return None
    if any(1e-8 < abs(x) < 1e-3 for x in v):
        return None
    return float(problem.loss.factor) * float((f - y) @ (f - y)), [int(np.sign(x)) if abs(x) > 1e-3 else 0 for x in v]


def test_what_newton_finds_in_a_cell_lies_in_one_of_its_families():
    rng, floats, hits = random.Random(5), np.random.default_rng(5), Counter[str]()
    for _ in range(40):
        problem, pattern = random_case(rng, widest=3, samples=4)
        if problem.loss.name != "squared":
            continue
        result = critical_points(problem, pattern)
        assert isinstance(result, Families)
        units = [
            sorted(j for j, other in enumerate(result.pattern[0]) if other == unit) for unit in set(result.pattern[0])
        ]

        def type_of(signs, units=units):
            return sorted((tuple(class_), tuple(sorted(signs[j] for j in class_))) for class_ in units)

        for _ in range(25):
            hit = newton(problem, pattern, floats)
            if hit is None:
                continue
            same = [x for x in result.families if type_of(x.signs) == type_of(hit[1])]
            assert len(same) == 1, (problem, pattern, hit)
            assert abs(float(same[0].risk) - hit[0]) < 1e-6
            hits[same[0].character] += 1
    assert min(hits["local minimum"], hits["saddle"]) > 20, hits


def test_empty_budget_time_and_loss():
    problem = network(*TENT, 2)
    empty = critical_points(problem, (((0, 1, 1, 1), (0, 1, 0, 1)),))
    assert isinstance(empty, EmptyCell)
    assert empty.unit == 1
    cell = (((0, 1, 1, 1),) * 2,)
    assert critical_points(problem, cell, budget=5) == Unknown(
        "6 choices of signs of the output weights are more than the budget of 5"
    )
    assert critical_points(problem, cell, seconds=0) == Unknown("out of time")
    huber = critical_points(network(*TENT, 2, loss="huber"), cell)
    assert huber == Unknown("the risk is a polynomial on the whole cell for the squared loss only")
    for each in (cell, (((0, 0, 0, 0),) * 2,)):  # one without critical points and one with some, if nothing decays
        decaying = critical_points(replace(problem, decay=(Fraction(1, 10),) * 2), each)
        assert decaying == Unknown("critical points are listed without weight decay only")
    with pytest.raises(ValueError, match="expected the pieces of 2 units on 4 samples"):
        critical_points(problem, (((0, 1, 1, 1),),))


def test_many_equal_units():
    families = critical_points(network(*TENT, 12), (((0, 1, 1, 1),) * 12,))
    assert isinstance(families, Families)
    assert {x.risk for x in families.families} == {Fraction(1, 12)}
    assert len(families.families) == sum(12 - p for p in range(1, 12))


def test_a_hidden_layer_whose_minimum_is_approached_only():
    assert found(network([1, 2], [1, 2], 1, LATE, bias=False), (((1, 1),),)) == ()


# Deep networks and vector outputs


def deep(widths: list[int], activation: Any, data: Any, **more: Any) -> Problem:
    document = examples.network(widths, activation, data, "1/2", **more)
    return read_problem(json.dumps(document).encode(), lambda _: b"")


def searched(problem: Problem, cell: str, seconds: float = 20) -> Search:
    """What the solver finds; rational points checked by the kernel's rules and by exact differences."""
    result = critical_points(problem, parse_pattern(problem, cell), seconds)
    assert isinstance(result, Search)
    for each in result.solutions:
        if each.point is not None:
            assert cell_of(problem, each.point) == result.pattern
            assert not any(derivatives(problem, each.point, result.pattern)[0])
            proof = Proof(problem)
            run(proof, "point", parameters=parameters(each.point))
            run(proof, "critical_point", {"point": 0})
            if each.character == "saddle":
                assert each.curve is not None
                run(proof, "descent", {"point": 0}, curve=parameters(each.curve))
    return result


BUMP = examples.samples([0, 1, 2], [0, 2, 1])


@pytest.mark.parametrize(
    ("activation", "data", "cell", "bias", "expected"),
    [
        ("identity", examples.samples([1, 2], [1, 3]), "00;00", False, {"5": "saddle", "1/10": "local minimum"}),
        ("relu", examples.samples([1, 2], [1, 3]), "11;11", False, {"1/10": "local minimum"}),
        ("relu", BUMP, "111;111", True, {"1": "saddle", "3/4": "local minimum"}),
        ("relu", BUMP, "011;111", True, {"1": "saddle"}),
        ("relu", BUMP, "011;011", True, {}),
    ],
)
def test_three_layers_of_one_unit(activation, data, cell, bias, expected):
    result = searched(deep([1, 1, 1, 1], activation, data, bias=bias), cell)
    assert {str(each.risk): each.character for each in result.solutions} == expected
    assert result.closed


def test_irrational_critical_points_come_as_isolated_roots():
    data = examples.samples([[1, 0], [0, 1]], [[2, 1], [0, 1]])
    result = searched(deep([2, 1, 2], "identity", data, bias=False), "00")
    golden = [each for each in result.solutions if isinstance(each.risk, Algebraic)]
    assert [(each.risk.polynomial, each.risk.root) for each in sorted(golden, key=lambda each: each.risk.root)] == [
        ((1, -3, 1), 1),
        ((1, -3, 1), 2),
    ]
    for each in golden:
        assert each.point is None
        assert each.character == "unknown"
        for x in [each.risk, *each.values.values()]:
            if isinstance(x, Algebraic):
                assert 0 <= x.high - x.low <= Fraction(1, 2**40)
                low, high = (sum(a * end**e for e, a in enumerate(x.polynomial)) for end in (x.low, x.high))
                assert low * high <= 0
    assert [each.risk for each in result.solutions if each.point] == [3]


def test_the_first_layer_of_an_empty_deep_cell_is_refuted_exactly():
    assert isinstance(critical_points(deep([1, 1, 1, 1], "relu", BUMP), (((0, 1, 0),), ((1, 1, 1),))), EmptyCell)


def test_a_search_out_of_time_says_so():
    problem = deep([2, 3, 3, 1], "relu", examples.samples([[0, 1], [1, 0], [2, 2]], [0, 1, 5]))
    result = critical_points(problem, parse_pattern(problem, "111,111,111;111,111,111"), 0.2)
    if isinstance(result, Search):
        assert not result.closed
        assert any(reason in result.reason for reason in ("no answer within", "no time is left", "out of time"))
    else:
        assert isinstance(result, Unknown)


@pytest.mark.parametrize(
    ("text", "polynomial", "root", "near"),
    [
        ("(root-obj (+ (^ x 2) (- 2)) 1)", (-2, 0, 1), 1, -1.41421356),
        ("(root-obj (+ (* 8 (^ x 3)) (* (- 12) x) 1) 3)", (1, -12, 0, 8), 3, 1.18073438),
        ("(root-obj (+ (^ x 2)\n   (- x)\n   (- 1)) 2)", (-1, -1, 1), 2, 1.61803399),
    ],
)
def test_numbers_in_the_solvers_notation(text, polynomial, root, near):
    x = number(text)
    assert isinstance(x, Algebraic)
    assert (x.polynomial, x.root) == (polynomial, root)
    assert float(x.low) <= float(x.high)
    assert float(x.low) == pytest.approx(near, abs=1e-7)


@pytest.mark.parametrize(
    "text", ["", "x", "(root-obj x)", "(root-obj (sin x) 1)", "(root-obj (^ x 2) 2)", "((", "1.5", '"']
)
def test_other_texts_are_declined(text):
    with pytest.raises(Declined, match="cannot be read"):
        number(text)


def test_rational_numbers():
    assert [number(text) for text in ("-3/2", "7")] == [Fraction(-3, 2), Fraction(7)]


# The report


def shown(*arguments):
    return listing(*arguments)


def test_the_listing_of_families():
    problem, cell = network(*LINE, 2), (((1, 1, 1),) * 2,)
    text = shown(problem, cell, False, 10).splitlines()
    assert text[0].startswith(
        "observed, not certified: cell 111,111: all critical points strictly inside, by exact algebra, in 9 affine"
    )
    assert text[1].split() == ["risk", "dimension", "signs", "copies", "character", "witness"]
    assert text[-1].split()[:5] == ["1", "2", "00", "1", "saddles"]
    document = json.loads(shown(problem, cell, True, 10))
    assert (document["status"], document["reason"], document["points"]) == ("complete", "", [])
    assert document["pattern"] == [[[1, 1, 1], [1, 1, 1]]]
    saddle = document["families"][-1]
    assert (saddle["risk"], saddle["signs"], saddle["copies"]) == ("1", [0, 0], 1)
    assert saddle["idle"][0] == {"unit": 1, "weights": {"base": ["0", "1"], "directions": [["0", "1"]]}}
    assert saddle["products"] == {"base": ["1"], "directions": []}
    assert len(saddle["descent"]) == len(saddle["witness"]) == 2


def test_the_listing_without_families():
    problem = network(*TENT, 1)
    none = "observed, not certified: cell 0111: no critical point is strictly inside, by exact algebra"
    assert shown(problem, (((0, 1, 1, 1),),), False, 10) == none
    empty = shown(problem, (((0, 1, 0, 1),),), False, 10)
    assert (
        empty == "observed, not certified: cell 0101: empty: no input weights of unit 1 of hidden layer 1 are inside it"
    )
    assert json.loads(shown(problem, (((0, 1, 0, 1),),), True, 10))["status"] == "empty"
    assert json.loads(shown(problem, (((0, 1, 1, 1),),), True, 0))["reason"] == "out of time"


def test_the_listing_of_a_search_names_the_solvers_word():
    problem = deep([1, 1, 1, 1], "relu", BUMP)
    none = shown(problem, parse_pattern(problem, "011;011"), False, 20)
    assert none.endswith("that there is no critical point of any kind in the cell is the solver's word, not a proof")
    assert json.loads(shown(problem, parse_pattern(problem, "011;011"), True, 20))["status"] == "undecided"
    document = json.loads(shown(problem, parse_pattern(problem, "111;111"), True, 20))
    assert (document["status"], [x["verified"] for x in document["points"]]) == ("found", [True, True])
    golden = deep([2, 1, 2], "identity", examples.samples([[1, 0], [0, 1]], [[2, 1], [0, 1]]), bias=False)
    text = shown(golden, (((0, 0),),), False, 20)
    assert "about 2.618033989 (root 2 of +1*x^2 -3*x^1 +1)" in text
    risks = [x["risk"] for x in json.loads(shown(golden, (((0, 0),),), True, 20))["points"]]
    assert {"polynomial": ["1", "-3", "1"], "root": 2} in [
        {key: x[key] for key in ("polynomial", "root")} for x in risks if isinstance(x, dict)
    ]
