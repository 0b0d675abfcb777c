"""Flows on the face of kinks: along each there is a curve on which no prediction and no kink moves, to second order."""

import random
from collections.abc import Mapping, Sequence
from fractions import Fraction

import pytest

from symverify.kernel.core.activation import ZERO
from symverify.kernel.core.facts import Evaluated
from symverify.kernel.core.network import Place, pieces_at, predictions, risk
from symverify.kernel.core.proof import read_point
from symverify.kernel.core.text import liberal
from symverify.kernel.curvature.cell_kkt import Cell, cells, face_of, sharp
from symverify.kernel.curvature.face_flows import Face, generic, on_face, solution
from symverify.kernel.network_file import read_problem
from tests.examples import layer, network, samples
from tests.kernel.corruption import Json, no_data, text
from tests.kernel.curvature.pieces import along, slopes_of, values
from tests.oracles.network import Oracle, matrix_rank

SHAPES = ([1, 2, 1], [2, 2, 2], [1, 1, 1, 1], [1, 2, 2, 1], [2, 2, 2, 2], [1, 1, 2, 2])
LEAKY = {"breakpoints": [0], "slopes": [2, -3], "anchor": [0, 0]}
STEPS = {"breakpoints": [-1, 1], "slopes": [0, 1, 0], "anchor": [0, 0]}


def drawn(rng: random.Random) -> tuple[Cell, Oracle, Json] | None:
    """A cell at a point with small weights, many of them 0, on at most six kinks."""
    widths, bias = rng.choice(SHAPES), rng.random() < 0.5
    share = rng.choice([0.1, 0.4])

    def number() -> int:
        return 0 if rng.random() < share else rng.choice([-2, -1, 1, 2])

    parameters = [
        layer([[number() for _ in range(widths[m])] for _ in range(widths[m + 1])],
              [number() for _ in range(widths[m + 1])] if bias else None)
        for m in range(len(widths) - 1)
    ]  # fmt: skip
    xs = [[rng.randint(-2, 2) for _ in range(widths[0])] for _ in range(3)]
    xs.append(rng.choice(xs))
    ys = [[rng.randint(-2, 2) for _ in range(widths[-1])] for _ in xs]
    activation = rng.choice(["relu", LEAKY, STEPS, "abs"])
    document = network(list(widths), activation, samples(xs, ys), bias=bias, parameters=parameters)
    problem = read_problem(text(document), no_data)
    point = read_point(problem, liberal)(parameters, "")
    if sum(len(pieces) > 1 for layer in pieces_at(problem, point) for unit in layer for pieces in unit) > 6:
        return None
    f = predictions(problem, point)
    _, around = cells(problem, Evaluated(point, f, risk(problem, f), False))
    return rng.choice(list(around)), Oracle(document), parameters


def held(rng: random.Random, cell: Cell) -> Face | None:
    """A sharp face of some of the kinks."""
    chosen = [b for b in range(len(cell.kinks)) if rng.random() < 0.7]
    active = [(cell.kink(b)[0], cell.kinks[b]) for b in chosen]
    return face_of(cell, active) if sharp(cell, active) else None


def watched(oracle: Oracle, face: Face, parameters: Json) -> list[Fraction]:
    """All predictions, then all kinks of the face."""
    found = [values(oracle, face.pattern, parameters, i) for i in range(len(face.problem.inputs))]
    return [x for each in found for x in each[-1]] + [found[i][m][j] for m, j, i in face.kinks]


def seconds(oracle: Oracle, face: Face, parameters: Json, velocity: Sequence[Fraction]) -> list[Fraction]:
    """The coefficients of t² of what is watched, of degree at most 4 along a line."""
    lines = [watched(oracle, face, along(parameters, [t * x for x in velocity])) for t in range(-2, 3)]
    return [Fraction(-a + 16 * b - 30 * c + 16 * d - e, 24) for a, b, c, d, e in zip(*lines, strict=True)]


@pytest.mark.parametrize("seed", range(40))
def test_each_velocity_is_that_of_a_curve_on_which_nothing_moves(seed: int) -> None:
    """J v = 0, and J a + v ∇²F v / 2 = 0 has a solution a, for the velocities and for a combination of them."""
    rng = random.Random(seed)
    case = drawn(rng)
    face = held(rng, case[0]) if case else None
    if case is None or face is None:
        return
    _, oracle, parameters = case
    found = list(on_face(face))
    weights = [rng.randint(-2, 2) for _ in found]
    mixed = [sum((w * x for w, x in zip(weights, column, strict=True)), ZERO) for column in zip(*found, strict=True)]
    count = len(watched(oracle, face, parameters))
    jacobian = [slopes_of(lambda there: watched(oracle, face, there)[k], parameters) for k in range(count)]  # noqa: B023
    columns = list(zip(*jacobian, strict=True))
    for velocity in [*found, *[mixed] * bool(found)]:
        assert not any(sum((a * b for a, b in zip(row, velocity, strict=True)), ZERO) for row in jacobian)
        bent = seconds(oracle, face, parameters, velocity)
        assert matrix_rank([*columns, bent]) == matrix_rank(columns)


# Nets, a point, kinks with their breakpoints, at which the upper piece is taken, and the dimension of the flows' span.
SPANS: dict[str, tuple[Json, Json, Mapping[Place, int], int]] = {
    "scale": (network([1, 1, 1], "identity", samples([1, 2], [0, 0]), bias=False), [layer([[1]]), layer([[1]])], {}, 1),
    "one sample, all that is felt": (
        network([2, 1, 1], "identity", samples([[1, 2]], [0]), bias=False), [layer([[1, 1]]), layer([[1]])], {}, 2,
    ),
    "held at 0, its weight is not felt": (
        network([2, 1, 1], "relu", samples([[1, -1]], [0]), bias=False), [layer([[1, 1]]), layer([[1]])],
        {(0, 0, 0): 0}, 2,
    ),
    "two units held on the same sample mix": (
        network([2, 2, 1], "relu", samples([[1, 0], [1, 1]], [0, 0]), bias=False),
        [layer([[0, 1], [0, 2]]), layer([[1, 1]])], {(0, 0, 0): 0, (0, 1, 0): 0}, 3,
    ),
    "a free unit gains a held row, not the reverse": (
        network([2, 2, 1], "relu", samples([[1, 0], [1, 1]], [0, 0]), bias=False),
        [layer([[0, 1], [1, 2]]), layer([[1, 1]])], {(0, 0, 0): 0}, 3,
    ),
    "scale about a breakpoint": (
        network([1, 1, 1], "hardtanh", samples([0, 1, 3], [0, 0, 0])), [layer([[1]], [0]), layer([[1]], [0])],
        {(0, 0, 1): 1}, 1,
    ),
    "no scale between two constants": (
        network([1, 1, 1], "hardtanh", samples([0, "1/2", 3, -3], [0] * 4)),
        [layer([[1]], [0]), layer([[1]], [0])], {}, 0,
    ),
    "without output bias no scale about a breakpoint": (
        network([1, 1, 1], "hardtanh", samples([0, "1/2", 3], [0] * 3), bias={"hidden": True, "output": False}),
        [layer([[1]], [0]), layer([[1]])], {}, 0,
    ),
    "a sample that is dead above": (
        network([1, 1, 1, 1], "relu", samples([1, 2], [0, 0])),
        [layer([[1]], [0]), layer([[-1]], ["3/2"]), layer([[1]], [0])], {}, 4,
    ),
    "where the rank falls at the point, no row moves": (
        network([1, 1, 2], "identity", samples([1, 2], [[0, 0], [0, 0]])),
        [layer([[0]], [1]), layer([[1], [1]], [0, 0])], {}, 2,
    ),
    "two units enter a kink: no weight is cut": (
        network([1, 2, 1, 1], ["identity", "relu"], samples([1, 2], [0, 0]), bias=False),
        [layer([[1], [1]]), layer([[1, -1]]), layer([[1]])],
        {(1, 0, 0): 0, (1, 0, 1): 0},
        4,
    ),
    "with a bias no weight is cut": (
        network([1, 1, 1, 1], ["identity", "relu"], samples([1, 2], [0, 0]), bias={"hidden": True, "output": False}),
        [layer([[1]], [0]), layer([[0]], [0]), layer([[1]])],
        {(1, 0, 0): 0, (1, 0, 1): 0},
        3,
    ),
    "what enters is 0 at the point: no weight is cut": (
        network([1, 1, 1, 1], ["identity", "relu"], samples([1, 2], [0, 0]), bias=False),
        [layer([[0]]), layer([[1]]), layer([[1]])],
        {(1, 0, 0): 0, (1, 0, 1): 0},
        2,
    ),
    "a cut weight": (
        network([1, 1, 1, 1], ["identity", "relu"], samples([1, 2], [0, 0]), bias=False),
        [layer([[1]]), layer([[0]]), layer([[1]])], {(1, 0, 0): 0, (1, 0, 1): 0}, 2,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SPANS)
def test_how_many(name: str) -> None:
    document, parameters, kinks, count = SPANS[name]
    problem = read_problem(text(document), no_data)
    point = read_point(problem, liberal)(parameters, "")
    pattern = tuple(
        tuple(
            tuple(pieces[-1] if (m, j, i) in kinks else pieces[0] for i, pieces in enumerate(unit))
            for j, unit in enumerate(units)
        )
        for m, units in enumerate(pieces_at(problem, point))
    )
    face = Face(problem, point, pattern, {kink: Fraction(t) for kink, t in kinks.items()})
    assert matrix_rank([*on_face(face), [ZERO] * problem.size()]) == count


def test_an_upper_bound_of_a_rank() -> None:
    """By the features over the samples, by the units that are not 0, and by the bias."""
    document = network([1, 3, 1, 1], "relu", samples([1, 2, 3], [0, 0, 0]))
    problem = read_problem(text(document), no_data)

    def bound(on: tuple[int, int, int], samples: Sequence[int]) -> int:
        pattern = (((1, 1, 1), (on[0],) * 3, (0, 0, on[2])), ((1, 1, 1),))
        return generic(problem, pattern, 1, samples)

    assert [bound((1, 0, 0), [0, 1, 2][:n]) for n in range(4)] == [0, 1, 2, 2]
    assert [bound((0, 0, 0), [0, 1, 2][:n]) for n in range(4)] == [0, 1, 2, 2]
    assert [bound((1, 0, 1), [0, 1, 2][:n]) for n in range(4)] == [0, 1, 2, 3]


def test_two_unknowns() -> None:
    def solved(*equations: tuple[int, int, int]) -> tuple[Fraction, Fraction] | None:
        return solution([(Fraction(a), Fraction(b), Fraction(c)) for a, b, c in equations])

    assert solved() == (0, 0)
    assert solved((0, 0, 0)) == (0, 0)
    assert solved((0, 0, 1)) is None
    assert solved((2, 0, 6)) == (3, 0)
    assert solved((0, -1, 2)) == (0, -2)
    assert solved((1, 1, 3), (2, 2, 6)) == (0, 3)
    assert solved((1, 1, 3), (2, 2, 7)) is None
    assert solved((1, 1, 3), (1, -1, 1)) == (2, 1)
    assert solved((1, 1, 3), (1, -1, 1), (1, 0, 2)) == (2, 1)
    assert solved((1, 1, 3), (1, -1, 1), (1, 0, 1)) is None


@pytest.mark.parametrize(
    ("first", "second", "bias", "pieces", "kinks", "cuts"),
    [
        (["1", "-1"], ["0", "5"], None, [1, 0], {(1, 0, 0): 0}, {(1, 0, 0)}),  # w₂ ≠ 0 is cut: unit 2 is off
        (["-1", "1"], ["5", "0"], None, [0, 1], {(1, 0, 0): 0}, {(1, 0, 1)}),
        (["1", "1"], ["1", "-1"], None, [1, 1], {(1, 0, 0): 0}, set()),  # two enter, and only their sum is 0
        (["2", "1"], ["0", "0"], None, [1, 1], {(1, 0, 0): 0}, set()),
        (["-1", "-1"], ["3", "4"], None, [0, 0], {(1, 0, 0): 0}, set()),  # none does
        (["1", "-1"], ["0", "5"], "0", [1, 0], {(1, 0, 0): 0}, set()),  # and a bias
        (["0", "-1"], ["3", "5"], None, [1, 0], {(1, 0, 0): 0}, set()),  # it is 0 itself
        (["1", "0"], ["0", "5"], None, [1, 1], {(1, 0, 0): 0, (0, 1, 0): 0}, {(1, 0, 0)}),  # the other is held at 0
        (["1", "-1"], ["0", "5"], None, [1, 0], {(1, 0, 0): 1}, set()),  # not at 0
        (["1", "0"], ["0", "5"], None, [1, 1], {(0, 1, 0): 0}, set()),
    ],
)  # fmt: skip
def test_which_weights_are_cut(
    first: list[str], second: list[str], bias: str | None, pieces: list[int], kinks: Json, cuts: set[Place]
) -> None:
    """z = v₁ a₁ + v₂ a₂ = 0 at a kink of the second layer, on one sample."""
    biases = [None if bias is None else [bias] * count for count in (2, 1, 1)]
    weights = [[w] for w in first], [second], [["1"]]
    parameters = [layer(weight, own) for weight, own in zip(weights, biases, strict=True)]
    document = network([1, 2, 1, 1], "relu", samples([1], [0]), bias=bias is not None, parameters=parameters)
    problem = read_problem(text(document), no_data)
    pattern = (tuple((p,) for p in pieces), ((1,),))
    held = {place: Fraction(t) for place, t in kinks.items()}
    assert Face(problem, read_point(problem, liberal)(parameters, ""), pattern, held).cuts == cuts


def test_a_centre_is_any_solution_of_its_equations() -> None:
    """By elimination, and quick for many parallel equations."""
    rng = random.Random(5)
    for _ in range(3000):
        rows = [tuple(Fraction(rng.randint(-2, 2)) for _ in range(3)) for _ in range(rng.randint(0, 4))]
        equations = [(a, b, c) for a, b, c in rows]
        matrix, whole = [list(row[:2]) for row in rows], [list(row) for row in rows]
        found = solution(equations)
        assert (found is not None) == (matrix_rank(matrix) == matrix_rank(whole))
        assert found is None or all(a * found[0] + b * found[1] == c for a, b, c in equations)
    parallel = [(Fraction(0), Fraction(1), Fraction(2))] * 10**5
    assert solution(parallel) == (0, 2)  # in one pass: in pairs it would take hours
