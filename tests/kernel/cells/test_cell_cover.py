"""The rule `cell_cover`: cells of one unit counted and listed, against formulas and plain enumeration."""

from fractions import Fraction
from itertools import product
from math import comb
from random import Random

import pytest

from symverify.kernel.cells.arrangement import MAX_RESTRICTIONS, arrangement, regions, work
from symverify.kernel.cells.cell_cover import unit_pattern
from symverify.kernel.core.errors import Rejected
from tests.cell_cases import network as problem_of
from tests.examples import network, samples
from tests.kernel.accepted import Case, case, claim, given
from tests.kernel.corruption import Json, certificate, outcome
from tests.kernel.rules import of, suite

FOUR = samples([0, 1, 2, 3], [0, 2, 0, -1])
WITNESSES = [["0", "1"], ["0", "-1"], *([str(s), str(-s * Fraction(k, 2))] for k in (1, 3, 5) for s in (1, -1))]
STEPS2 = {"breakpoints": [-1, 1], "slopes": [0, 1, 0], "anchor": [0, 0]}
SHIFTED = {"breakpoints": [1], "slopes": [0, 1], "anchor": [0, 0]}
Row = list[Fraction]


def counted(document: Json, count: int, witnesses: Json = None) -> Case:
    """The certificate that a unit of the network has so many cells."""
    units = document["layers"][1]
    numbers = {"network_cells": count**units, "network_cells_up_to_permutation": comb(count + units - 1, units)}
    step = {"rule": "cell_cover"} | ({} if witnesses is None else {"witnesses": witnesses})
    return case(document, [step], claim("cells", 0, unit_cells=count, **numbers))


def bits(d: int, bias: Json = True) -> Json:
    """All 0-1 vectors as inputs of one unit."""
    return network([d, 1, 1], "relu", samples([list(x) for x in product((0, 1), repeat=d)], [0] * 2**d), bias=bias)


CONTROLS = {
    "listed": counted(network([1, 2, 1], "relu", FOUR), 8, WITNESSES),
    "counted": counted(network([1, 3, 2], "abs", samples([0, 1], [[0, 0], [1, 1]])), 4),
    "no bias": counted(network([1, 2, 1], "relu", FOUR, bias=False), 2, [["1"], ["-1"]]),
    "only zero rows": counted(network([2, 2, 1], "relu", samples([[0, 0]] * 2, [0, 1]), bias=False), 1, [["0", "0"]]),
    "a breakpoint at 1, no bias": counted(network([1, 1, 1], SHIFTED, samples([1, 2, -1], [0] * 3), bias=False), 4),
    "zero rows below it": counted(network([1, 1, 1], SHIFTED, samples([0, 0], [0, 0]), bias=False), 1, [["7"]]),
    "two breakpoints": counted(
        network([1, 1, 1], STEPS2, samples([1, 1], [0, 0])), 3, [["0", "0"], ["0", "2"], ["-1", "-1"]]
    ),
    "linear": counted(network([3, 2, 1], "identity", samples([[1, 2, 3]], [0])), 1, [["0"] * 4]),
    "opposite and multiple rows": counted(
        network([2, 1, 1], "relu", samples([[1, 2], [-2, -4], ["1/3", "2/3"]], [0] * 3), bias=False), 2
    ),
    "threshold functions of 2": counted(bits(2), 14),
    "threshold functions of 3": counted(bits(3), 104),
    "no output bias": counted(bits(2, {"hidden": True, "output": False}), 14),
}
CORRUPTIONS = of("listed", [
    ("one witness too few", "steps[0].witnesses[7]", ..., "Rejected", "expected one for each of the 8 cells, got 7"),
    ("one twice", "steps[0].witnesses[7]", ["2", "-1"], "Rejected", "two of them lie in the same cell"),
    ("one more", "steps[0].witnesses", [*WITNESSES, ["3", "-1"]], "Rejected", "two of them lie in the same cell"),
    ("none", "steps[0].witnesses", [], "Rejected", "expected one for each of the 8 cells, got 0"),
    ("null", "steps[0].witnesses", None, "Malformed", "steps[0].witnesses: expected a list"),
    ("on a boundary", "steps[0].witnesses[2]", ["1", "-1"], "Rejected",
     "[2]: cell_cover: is on the boundary of sample 2"),
    ("zero", "steps[0].witnesses[2]", ["0", "0"], "Rejected", "[2]: cell_cover: is on the boundary of sample 1"),
    ("too short", "steps[0].witnesses[2]", ["1"], "Rejected", "[2]: cell_cover: expected 2 numbers, got 1"),
    ("too long", "steps[0].witnesses[2]", ["1", "1", "1"], "Rejected", "[2]: cell_cover: expected 2 numbers, got 3"),
    ("empty", "steps[0].witnesses[2]", [], "Rejected", "[2]: cell_cover: expected 2 numbers, got 0"),
    ("a number", "steps[0].witnesses[2]", "1", "Malformed", "steps[0].witnesses[2]: expected a list"),
    ("an integer", "steps[0].witnesses[2][0]", 1, "Malformed", "steps[0].witnesses[2][0]: expected a rational"),
    ("not in lowest terms", "steps[0].witnesses[2][0]", "2/2", "Malformed", "expected a rational in lowest terms"),
    ("unknown key", "steps[0].count", 8, "Malformed", "steps[0].count: unknown key"),
    ("fewer cells", "claims[0].unit_cells", 7, "Rejected", "claims[0].unit_cells: claimed 7, proved 8"),
    ("cells as text", "claims[0].unit_cells", "8", "Rejected", "claimed '8', proved 8"),
    ("other products", "claims[0].network_cells", 36, "Rejected", "claims[0].network_cells: claimed 36, proved 64"),
    ("other multisets", "claims[0].network_cells_up_to_permutation", 64, "Rejected", "claimed 64, proved 36"),
    ("another verdict", "claims[0].verdict", "refuted", "Rejected", "claimed 'refuted', proved 'proved'"),
    ("another claim", "claims[0].claim", "atlas", "Rejected", "proves UnitCells, which does not settle 'atlas'"),
])  # fmt: skip


test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


def test_deep_networks_are_rejected() -> None:
    document = network([1, 1, 1, 1], "relu", FOUR)
    verdict, what = outcome(document, certificate(document, [{"rule": "cell_cover"}], [given(0, "0")]))
    assert (verdict, what) == ("Rejected", "steps[0]: cell_cover: needs one hidden layer")


def test_products_too_long_to_write_are_left_out() -> None:
    document = network([1, 5000, 1], "relu", FOUR)
    statement = {"unit_cells": 8, "network_cells": None, "network_cells_up_to_permutation": None}
    proof = certificate(document, [{"rule": "cell_cover"}], [claim("cells", 0, **statement)])
    assert outcome(document, proof)[0] == "Accepted"


@pytest.mark.parametrize(("n", "d"), [(30, 29), (30, 60), (300, 3)])
def test_too_many_hyperplanes_are_declined(n: int, d: int) -> None:
    """Independent rows, and more dimensions than rows: 2^n cells."""
    rows = [[(k == j) + k ** (j % 4) for j in range(d)] for k in range(n)]
    document = network([d, 1, 1], "relu", samples(rows, [0] * n))
    verdict, what = outcome(document, certificate(document, [{"rule": "cell_cover"}], [given(0, "0")]))
    assert (verdict, what) == ("Declined", "too many hyperplanes in too many dimensions to count the regions")


def test_the_work_is_that_of_counting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The estimate bounds the restrictions that are made, also for independent rows."""
    seen = [0]

    def counting(*arguments: Json) -> Json:
        seen[0] += 1
        return restricted(*arguments)

    restricted = regions.__globals__["restricted"]
    monkeypatch.setitem(regions.__globals__, "restricted", counting)
    for n, d in ((3, 2), (8, 3), (7, 7), (6, 9), (9, 5), (12, 4)):
        rng = Random(n)
        rows = [(1, *(rng.randint(-99, 99) for _ in range(d - 1))) for _ in range(n)]
        seen[0] = 0
        regions(rows)
        assert seen[0] <= work(rows) < MAX_RESTRICTIONS


@pytest.mark.parametrize(("n", "d"), [(1, 1), (5, 1), (4, 2), (9, 2), (7, 3), (6, 4)])
def test_general_position(n: int, d: int) -> None:
    rng = Random(10 * n + d)
    xs = [[rng.randint(-(10**6), 10**6) for _ in range(d)] for _ in range(n)]
    for activation, bias, expected in (
        ("relu", True, 2 * sum(comb(n - 1, k) for k in range(d + 1))),
        ("relu", False, 2 * sum(comb(n - 1, k) for k in range(d))),
        (SHIFTED, False, sum(comb(n, k) for k in range(d + 1))),
        (SHIFTED, True, 2 * sum(comb(n - 1, k) for k in range(d + 1))),
    ):
        assert cells(problem_of(xs, [0] * n, 1, activation, bias)) == expected


def cells(problem: Json) -> int:
    """The kernel's count."""
    rows, half = arrangement(problem)
    return regions(rows) // (2 if half else 1)


def solvable(strict: list[tuple[Row, Fraction]]) -> bool:
    """Whether some w has ⟨a, w⟩ > b for all (a, b): Fourier and Motzkin, one coordinate after the other."""
    left = {(tuple(a), b) for a, b in strict}
    for k in range(len(strict[0][0]) if strict else 0):
        sides: dict[int, list[tuple[Row, Fraction]]] = {1: [], -1: []}
        rest = set()
        for a, b in left:
            if a[k]:
                sides[1 if a[k] > 0 else -1].append(([x / abs(a[k]) for x in a], b / abs(a[k])))
            else:
                rest.add((a, b))
        for a, b in sides[1]:
            for c, e in sides[-1]:
                row = [x + y for x, y in zip(a, c, strict=True)]
                scale = max(map(abs, [*row, b + e])) or Fraction(1)
                rest.add((tuple(x / scale for x in row), (b + e) / scale))
        left = rest
    return all(b < 0 for _, b in left)


def enumerated(xs: list[Row], breakpoints: list[int], bias: bool) -> int:
    """The cells by a tree over the samples: one branch for each piece that leaves the inequalities solvable."""
    leaves: list[list[tuple[Row, Fraction]]] = [[]]
    for row in [[*x, Fraction(1)] if bias else x for x in xs]:
        if not any(row):
            continue
        grown = []
        for leaf in leaves:
            for piece in range(len(breakpoints) + 1):
                lower = [(row, Fraction(t)) for t in breakpoints[max(piece - 1, 0) : piece]]
                upper = [([-x for x in row], Fraction(-t)) for t in breakpoints[piece : piece + 1]]
                if solvable([*leaf, *lower, *upper]):
                    grown.append([*leaf, *lower, *upper])
        leaves = grown
    return len(leaves)


def test_degenerate_data_against_plain_enumeration() -> None:
    """Equal, opposite, proportional, zero and dependent rows; none to three breakpoints; with and without bias."""
    rng = Random(3)
    for _ in range(150):
        d, n, bias = rng.choice([1, 2, 2, 3]), rng.randint(1, 4), rng.random() < 0.5
        xs = [[Fraction(rng.randint(-1, 2), rng.choice([1, 2])) for _ in range(d)] for _ in range(n)]
        if rng.random() < 0.4:
            xs = [[x * rng.choice([-2, -1, 0, 1, 2]) for x in rng.choice(xs)] for _ in range(n)]
        breakpoints = sorted(
            rng.sample([-2, -1, 0, 1, 3], rng.choice([0, 1, 1, 2, 3]) if n < 4 else rng.choice([1, 2]))
        )
        activation = {"breakpoints": breakpoints, "slopes": list(range(len(breakpoints) + 1)), "anchor": [0, 1]}
        assert cells(problem_of(xs, [0] * n, 1, activation, bias)) == enumerated(xs, breakpoints, bias)


def test_a_zero_row_carries_no_sign() -> None:
    """Without bias the unit is at ReLU's breakpoint there whatever its weights; the other rows decide."""
    problem = problem_of([[0, 0], [1, 0]], [0, 0], 1, "relu", False)
    assert unit_pattern(problem, [Fraction(1), Fraction(5)], "") != unit_pattern(
        problem, [Fraction(-1), Fraction(5)], ""
    )
    with pytest.raises(Rejected, match="is on the boundary of sample 2"):
        unit_pattern(problem, [Fraction(0), Fraction(5)], "")
