"""The rule `tree_bound`: sixteen cases by hand; each condition broken; random networks above the bound."""

import random
from fractions import Fraction
from itertools import product
from typing import Any

import pytest

from symverify.kernel.cells.tree_bound import Case, alone, cases, entry, require_common, serves, untied
from symverify.kernel.core.network import Problem, predictions, risk
from symverify.kernel.curvature.forms import nullspace
from tests.kernel.reals.made import (
    Declined,
    Json,
    Malformed,
    Rejected,
    checked,
    control,
    corruption,
    document,
    layer,
    problem_of,
    refused,
)
from tests.kernel.reals.test_fields import as_point
from tests.kernel.rules import suite

SUM = {"name": "squared", "reduction": "sum"}
# f(1) = a, f(2) = 2 a for a real a, as x > 0 and there are no biases: (a - 1)² + (2 a + 1)² ≥ 9/5, at a = -1/5.
LINE = document([1, 1, 1, 1], "relu", SUM, [1, 2], [[1], [-1]], bias=False)
G = (2, -1)


def entries(low: Fraction = Fraction(0)) -> Json:
    """Of every case in the kernel's order: one unit, on at both samples, and a later unit; all in one number P ≥ 0.

    u = s P (1, 2), f = t h(u) with the slopes `low` and 1; rows: P x ≥ 0 of the unit, then side · u ≥ 0 of the later.
    """
    found: list[Any] = []
    for s in (1, -1):
        for sides in product((1, -1), repeat=2):
            for t in (1, -1):
                part = sum(
                    t * s * x * g * (1 if side > 0 else low) for x, side, g in zip((1, 2), sides, G, strict=True)
                )
                rows = [1, 2, *(side * s * x for side, x in zip(sides, (1, 2), strict=True))]
                row = next((k for k, c in enumerate(rows) if c * part < 0), None)
                assert part == 0 or row is not None
                found.append([0, [] if row is None or not part else [[row, str(Fraction(-part, rows[row]))]]])
    return found


ON_LINE = {"rule": "tree_bound", "risk": "9/5", "vectors": [list(G)], "cases": entries()}
POINT = {"rule": "point", "parameters": [layer([["1/5"]]), layer([["1"]]), layer([["-1"]])]}
LAST = {"rule": "global_minimum", "from": {"bound": 0, "point": 1}}
# With k second units f(2) = 2 f(1) all the same: the vector serves all cases of one of them.
WIDE = LINE | {"layers": [1, 1, 2, 1]}
ON_WIDE = ON_LINE | {"cases": [[each] for each in entries()]}
WIDE_POINT = {"rule": "point", "parameters": [layer([["1/5"]]), layer([["1"], ["0"]]), layer([["-1", "0"]])]}
LEAKY = LINE | {"activation": ["relu", {"name": "leaky_relu", "negative_slope": "1/2"}]}  # the later unit's
ON_LEAKY = ON_LINE | {"cases": entries(Fraction(1, 2))}
CONTROLS = {
    "line": control(LINE, [ON_LINE, POINT, LAST], {"global_minimum": 2}),
    "leaky": control(LEAKY, [ON_LEAKY, POINT, LAST], {"global_minimum": 2}),
    "wide": control(WIDE, [ON_WIDE, WIDE_POINT, LAST], {"global_minimum": 2}),
}
TOGETHER = "no vector serves some 2 of them together"
BALANCE = "the vector and its multipliers do not balance"
FILLED = next(k for k, each in enumerate(ON_LINE["cases"]) if each[1])
CORRUPTIONS = [
    corruption("line", 0, ["risk"], "2", Rejected, "proves less than the claimed bound"),
    corruption("line", 0, ["vectors", 0], [-2, 1], Rejected, "proves less than the claimed bound"),
    corruption("line", 0, ["vectors", 0], [0, 0], Rejected, "proves less than the claimed bound"),
    corruption("line", 0, ["vectors", 0], [1, -1], Rejected, BALANCE),
    corruption("line", 0, ["vectors", 0], [2], Malformed, "expected 2 integers"),
    corruption("line", 0, ["cases"], entries()[:15], Rejected, "expected 16, got 15"),
    corruption("line", 0, ["vectors", 0], [2, -1, 0], Malformed, "expected 2 integers"),
    corruption("line", 0, ["cases"], [*entries(), entries()[0]], Rejected, "expected 16, got 17"),
    corruption("line", 0, ["cases", 3, 0], 1, Rejected, "there is no such vector"),
    corruption("line", 0, ["cases", 3, 0], 3, Rejected, "there is no such vector"),
    corruption("line", 0, ["cases", FILLED, 1], [], Rejected, BALANCE),
    corruption("line", 0, ["cases", FILLED, 1, 0, 1], "7", Rejected, BALANCE),
    corruption("line", 0, ["cases", FILLED, 1, 0, 1], "-1", Rejected, "with multipliers that are not negative"),
    corruption("line", 0, ["cases", FILLED, 1, 0, 0], 4, Rejected, "expected numbers of rows"),
    corruption("line", 0, ["cases", FILLED, 1, 0, 0], 9, Rejected, "expected numbers of rows"),
    corruption("leaky", 0, ["cases"], entries(), Rejected, BALANCE),
    corruption("line", 0, ["cases"], entries(Fraction(1, 2)), Rejected, BALANCE),
    corruption("line", 0, ["cases", 0], [0], Malformed, "expected the number of a vector, and multipliers"),
    corruption("line", 0, ["cases", FILLED, 1, 0], [0], Malformed, "expected a row and a number"),
    corruption("wide", 0, ["risk"], "2", Rejected, "proves less than the claimed bound"),
    corruption("wide", 0, ["cases", 3], [], Rejected, TOGETHER),
    corruption("wide", 0, ["cases", FILLED, 0, 1], [], Rejected, BALANCE),
    corruption("wide", 0, ["cases", 3, 0, 0], 1, Rejected, "there is no such vector"),
    corruption("wide", 0, ["cases"], [[each] for each in entries()[:15]], Rejected, "expected 16, got 15"),
    corruption("wide", 0, ["cases", 3], [0, []], Malformed, "expected the number of a vector, and multipliers"),
]
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


def sent(problem: Problem, case: Case, z: list[Fraction]) -> tuple[list[Fraction], list[Fraction]]:
    """f = A z and C z: z the first rows with their biases, the later biases, the output's, the units on these sides."""
    n, numbers, sides = len(problem.inputs), iter(z), list[Fraction]()
    slopes, last = [h.slopes for h in problem.activations], len(problem.widths) - 2
    value = [Fraction(0)] * n
    for own, sign in case.first:
        row = [next(numbers) for _ in problem.row(0)]
        for i in range(n):
            u = sum((a * b for a, b in zip(row, problem.row(i), strict=True)), Fraction(0))
            value[i] += sign * slopes[0][-1 if own[i] > 0 else 0] * u
            sides.append(own[i] * u)
    for k, (later, sign) in enumerate(case.later, 1):
        bias = next(numbers) if problem.has_bias(k) else 0
        value = [v + bias for v in value]
        sides += [s * v for s, v in zip(later, value, strict=True)]
        value = [sign * slopes[k][-1 if s > 0 else 0] * v for s, v in zip(later, value, strict=True)]
    bias = next(numbers) if problem.has_bias(last) else 0
    return [v + bias for v in value], sides


def test_a_vector_serves_a_case_exactly_where_it_balances() -> None:
    """Aᵀg + Cᵀm = 0 by columns of A and C from evaluations: random networks of one or two first and later units."""
    noise, served, spoiled, at_inputs = random.Random(11), 0, 0, 0
    leaky = {"name": "leaky_relu", "negative_slope": "1/3"}
    for _ in range(120):
        widths = [noise.randint(1, 2), noise.randint(1, 2), *[1] * noise.randint(1, 3), 1]
        n = noise.randint(2, 3)
        xs = [[noise.randint(-2, 2) for _ in range(widths[0])] for _ in range(n)]
        bias = noise.choice([True, False, {"hidden": True, "output": False}, {"hidden": False, "output": True}])
        bent = [noise.choice(["relu", "abs", leaky, leaky]) for _ in widths[1:-1]]
        problem = problem_of(document(widths, bent, SUM, xs, [[0]] * n, bias=bias))
        still = [not any(problem.row(i)) for i in range(n)]
        for _ in range(3):
            first, later = (
                [(tuple(noise.choice((1, -1)) for _ in range(n)), noise.choice((1, -1))) for _ in range(count)]
                for count in (widths[1], len(widths) - 3)
            )
            own = [(tuple(0 if off else s for off, s in zip(still, each, strict=True)), t) for each, t in first]
            case = Case(tuple(own), tuple(later))
            size = len(case.first) * len(problem.row(0)) + sum(map(problem.has_bias, range(1, len(widths) - 1)))
            units = [[Fraction(a == b) for b in range(size)] for a in range(size)]
            columns = [[*f, *c] for f, c in (sent(problem, case, z) for z in units)]
            count = len(columns[0]) - n if columns else 0
            rows = noise.sample(range(count), min(count, size + 1))
            ways = nullspace([[*c[:n], *(c[n + k] for k in rows)] for c in columns], n + len(rows))
            for _ in range(6):
                sizes = [Fraction(noise.randint(-2, 2)) for _ in ways]
                way = [
                    sum((a * w[c] for a, w in zip(sizes, ways, strict=True)), Fraction(0)) for c in range(n + len(rows))
                ]
                if any(x < 0 for x in way[n:]) or not any(way):
                    continue
                scale = 1
                for x in way[:n]:
                    scale *= x.denominator
                g = [int(x * scale) for x in way[:n]]
                m = [(k, x * scale) for k, x in zip(rows, way[n:], strict=True) if x]
                serves(problem, case, g, m, "here")
                served += 1
                at_inputs += any(still)
                spoilt = [([x + (i == k) for i, x in enumerate(g)], m) for k in range(n)]
                spoilt += [(g, [*m, (k, Fraction(1, 2))]) for k in range(count)]
                for other, more in spoilt:
                    total = [
                        sum(a * b for a, b in zip(c[:n], other, strict=True)) + sum(c[n + k] * x for k, x in more)
                        for c in columns
                    ]
                    if not any(total):
                        serves(problem, case, other, more, "here")
                        continue
                    spoiled += 1
                    with pytest.raises(Rejected, match=BALANCE):
                        serves(problem, case, other, more, "here")
    assert served > 60
    assert at_inputs > 5
    assert spoiled > 300


@pytest.mark.parametrize(
    ("widths", "activation", "fits"),
    [
        ([1, 1, 1, 1], "relu", True), ([2, 3, 1, 1], "abs", True), ([2, 3, 4, 1], "relu", True),
        ([1, 2, 1, 1, 1], "relu", True), ([1, 2, 1, 1, 1, 1], "identity", True),
        ([1, 2, 1], "relu", False), ([1, 2, 1, 2], "relu", False), ([1, 2, 3, 2], "relu", False),
        ([1, 2, 2, 1, 1], "relu", False), ([1, 2, 1, 2, 1], "relu", False), ([1, 2, 1, 1, 2], "relu", False),
        ([1, 1, 1, 1], ["relu", "hardtanh"], False), ([1, 1, 1, 1], ["hardtanh", "relu"], False),
        ([1, 1, 1, 1], {"breakpoints": [0], "slopes": [0, 1], "anchor": [0, 1]}, False),
        ([1, 1, 1, 1], {"breakpoints": [1], "slopes": [0, 1], "anchor": [0, 0]}, False),
    ],
)  # fmt: skip
def test_of_which_networks_it_speaks(widths: list[int], activation: Json, fits: bool) -> None:
    problem = problem_of(document(widths, activation, SUM, [[1] * widths[0]], [[0] * widths[-1]]))
    assert untied(problem) is fits


@pytest.mark.parametrize(("widths", "one"), [([2, 3, 4, 1], (2, 3, 1, 1)), ([2, 3, 1, 1, 1], (2, 3, 1, 1, 1))])
def test_one_second_unit(widths: list[int], one: tuple[int, ...]) -> None:
    problem = problem_of(document(widths, "relu", SUM, [[1] * widths[0]], [[0]]))
    assert tuple(alone(problem).widths) == one


def test_how_entries_are_spelled() -> None:
    assert entry([3, [[0, "1/2"], [7, "2"]]], "here") == (3, [(0, Fraction(1, 2)), (7, Fraction(2))])
    for wrong in ([3], [3, [], 1], {"3": []}, "3"):
        with pytest.raises(Malformed, match="expected the number of a vector, and multipliers"):
            entry(wrong, "here")
    for each in ([0], [0, "1", "2"], {"0": "1"}, "0"):
        with pytest.raises(Malformed, match="expected a row and a number"):
            entry([3, [each]], "here")
    for wrong in ([-1, []], [3, [[-1, "1"]]], [3, [[0, 1]]], [3, {}]):
        with pytest.raises(Malformed):
            entry(wrong, "here")


def test_the_global_minimum() -> None:
    stated = dict(checked(LINE, [ON_LINE, POINT, LAST], {"global_minimum": 2}).theorems[0].statement)
    assert stated == {"risk": "9/5", "attained": True}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"layers": [1, 1, 1]}, "needs layers d, h, 1"),
        ({"layers": [1, 1, 1, 2, 1]}, "needs layers d, h, 1"),
        ({"layers": [1, 1, 2, 1, 1]}, "needs layers d, h, 1"),
        ({"activation": "hardtanh"}, "one breakpoint at 0, and h\\(0\\) = 0"),
        ({"loss": {"name": "huber", "delta": 1}}, "is not a rule for the huber loss"),
        ({"bias": True}, "expected 48, got 16"),
        ({"bias": {"hidden": False, "output": True}}, BALANCE),
        ({"layers": [1, 1, 1, 1, 1]}, "expected 128, got 16"),
        ({"activation": {"name": "leaky_relu", "negative_slope": "1/2"}}, "expected 32, got 16"),
    ],
)
def test_other_networks(change: Json, reason: str) -> None:
    refused(LINE | change, [ON_LINE], reason)


def test_two_equal_units_are_one_case() -> None:
    """With two units: the pair of different options, (on, +) and (on, −), covers each of them alone."""
    assert cases(problem_of(LINE))[0] == 16
    assert cases(problem_of(LINE | {"layers": [1, 2, 1, 1]}))[0] == 8
    assert cases(problem_of(LINE | {"layers": [1, 9, 1, 1]}))[0] == 8


def test_too_many_cases() -> None:
    many = document([1, 1, 1, 1], "relu", SUM, list(range(1, 20)), [[0]] * 19)
    with pytest.raises(Declined, match="cases of sides and signs"):
        cases(problem_of(many))


def test_every_network_is_one_of_the_cases() -> None:
    """The sides and signs of random networks, degenerate ones too, are among those listed."""
    noise = random.Random(3)
    for seed in range(40):
        widths = [noise.randint(1, 2), noise.randint(1, 2), 1, *([1] * (seed % 2)), 1]
        xs = [[noise.randint(-2, 2) for _ in range(widths[0])] for _ in range(3)]
        bias = noise.choice([True, False])
        problem = problem_of(document(widths, noise.choice(["relu", "abs"]), SUM, xs, [[0]] * 3, bias=bias))
        listed = {(frozenset(case.first), tuple(case.later)) for case in cases(problem)[1]}
        for _ in range(20):
            numbers = [Fraction(noise.randint(-50, 50), 7) or Fraction(1) for _ in range(problem.size())]
            point = as_point(problem, numbers)
            used = set()
            for j in range(widths[1]):
                row = [*point[0].weight[j], *([point[0].bias[j]] if point[0].bias else [])]
                z = [sum(a * b for a, b in zip(row, problem.row(i), strict=True)) for i in range(3)]
                if any(not v and any(problem.row(i)) for i, v in enumerate(z)):
                    break
                sides = tuple((v > 0) - (v < 0) for v in z)
                if problem.activations[0].slopes[0] or any(s > 0 for s in sides):
                    used.add((sides, 1 if point[1].weight[0][j] > 0 else -1))
            else:
                arriving = [layer_values(problem, point, i) for i in range(3)]
                later = tuple(
                    (tuple(1 if z[k] >= 0 else -1 for z in arriving), 1 if point[k + 2].weight[0][0] > 0 else -1)
                    for k in range(len(widths) - 3)
                )
                assert any(used <= first and rest == later for first, rest in listed), (seed, used, later)


def layer_values(problem: Any, point: Any, i: int) -> list[Fraction]:
    """The pre-activations of the later units on sample i."""
    values, found = list(problem.inputs[i]), []
    for m, each in enumerate(point[:-1]):
        biases = each.bias or [Fraction(0)] * len(each.weight)
        z = [
            sum(a * b for a, b in zip(row, values, strict=True)) + c for row, c in zip(each.weight, biases, strict=True)
        ]
        if m:
            found.append(z[0])
        low = problem.activations[m].slopes[0]
        values = [v if v > 0 else low * v for v in z]
    return found


@pytest.mark.parametrize(
    ("masks", "together", "accepted"),
    [
        ([0b011, 0b110], 2, True),
        ([0b001, 0b010], 2, False),
        ([0b001, 0b001], 2, True),
        ([0b011, 0b110, 0b101], 2, True),
        ([0b011, 0b110, 0b101], 3, False),  # two by two, not all three
        ([0b111, 0b110, 0b100], 5, True),
        ([0b111, 0], 2, False),
        ([0], 2, False),
    ],
)
def test_so_many_cases_have_a_vector_in_common(masks: list[int], together: int, accepted: bool) -> None:
    if accepted:
        require_common(masks, together, "cases")
        return
    with pytest.raises(Rejected, match=f"no vector serves some {together} of them together"):
        require_common(masks, together, "cases")


def test_no_network_with_two_units_is_below() -> None:
    noise, problem = random.Random(6), problem_of(WIDE)
    for _ in range(500):
        theta = as_point(problem, [Fraction(noise.randint(-20, 20), 8) for _ in range(5)])
        assert risk(problem, predictions(problem, theta)) >= Fraction(9, 5)


def test_no_network_is_below() -> None:
    noise, problem = random.Random(5), problem_of(LINE)
    for _ in range(500):
        theta = as_point(problem, [Fraction(noise.randint(-20, 20), 8) for _ in range(3)])
        assert risk(problem, predictions(problem, theta)) >= Fraction(9, 5)
