"""The local minima on all faces: known answers, and every point that they are said to be, or not to be, decided.

The oracle shares no code with the atlas: it lists faces by linear programs on every combination of positions, units
without classes, predictions without bases, and asks `decide_shallow` about the points that it finds.
"""

import random
from fractions import Fraction
from itertools import combinations_with_replacement, permutations, product

import pytest

from symverify.cells.faces import unit_faces
from symverify.certify import cell_minima as emit
from symverify.certify.certificate import Certificate
from symverify.ground.linear import least_squares, nullspace
from symverify.ground.lp import Farkas, solve_system
from symverify.kernel.cells.cell_minima import CellMinima
from symverify.kernel.cells.face_atlas import FaceAtlas, strata
from symverify.kernel.cells.strata import Face, face_of
from symverify.kernel.core.activation import ONE
from symverify.kernel.core.network import Layer, Point, Problem, predictions, risk
from symverify.search.cell_minima import FaceMinima, face_minima
from symverify.search.decide import Stays, decide_shallow
from symverify.search.global_minimum import global_minimum
from tests.cell_cases import HALF_SQUARES, network

TENT = ([0, 1, 2, 3], [0, 2, 0, -1])
LINE = ([0, 1, 2], [0, 1, 2])
Place = tuple[int, ...]


def atlas(problem: Problem) -> tuple[FaceAtlas, list[CellMinima]]:
    """The atlas over all faces, and the minima on each, as the kernel accepts them."""
    certificate, steps = Certificate(problem), []
    for rows in combinations_with_replacement(unit_faces(problem), problem.widths[1]):
        found = face_minima(problem, rows)
        assert isinstance(found, FaceMinima)
        at = certificate.point(found.interior)
        steps.append(certificate.step("cell_minima", {"point": at}, **emit.cell_minima(found)))
    fact = certificate.fact(certificate.step("face_atlas", {"minima": steps}))
    minima = [certificate.fact(step) for step in steps]
    assert isinstance(fact, FaceAtlas)
    return fact, [each for each in minima if isinstance(each, CellMinima)]


@pytest.mark.parametrize(
    ("data", "width", "faces", "valleys"),
    [
        (TENT, 1, 17, [("1", 1, 1), ("4/3", 2, 1), ("7/4", 2, 1), ("7/4", 2, 1), ("7/3", 2, 1), ("19/8", 3, 1)]),
        (LINE, 1, 13, [("0", 2, 1), ("0", 2, 1), ("1/4", 2, 1), ("1/4", 2, 1), ("1", 3, 1)]),
        (LINE, 2, 91, [("0", 5, 1), ("1/4", 5, 1), ("1/4", 5, 1), ("1", 6, 1)]),
    ],
)
def test_known_answers(data, width, faces, valleys):
    found, _ = atlas(network(*data, width))
    assert found.faces == faces
    assert [(str(each.risk), each.dimension, each.components) for each in found.valleys] == valleys


def test_the_two_components_of_a_cell_stay_apart_over_its_faces():
    """No path over the boundary of the cell 0111,0111 joins its two components either: in each valley they are two."""
    found, minima = atlas(network(*TENT, 2))
    assert (found.faces, len(found.valleys), found.components) == (153, 15, 25)
    (inside,) = [each for each in minima if each.face == ((0, 2, 2, 2),) * 2]
    assert inside.components == 2
    assert [each.components for each in found.valleys if each.risk == Fraction(1, 12)] == [2] * 4


# the oracle


def positions(problem: Problem) -> list[tuple[Place, list[Fraction]]]:
    """Every combination of positions that some weights have, with such weights."""
    h, found = problem.activations[0], []
    rows = [[*x, ONE] if problem.hidden_bias else [*x] for x in problem.inputs]
    options = [range(2 * len(h.breakpoints) + 1) if any(row) else [2 * h.pieces(Fraction(0))[0]] for row in rows]
    for place in product(*options):
        equal, strict = conditions(problem, place)
        solved = solve_system([(row, 0) for row in equal], [], [(row, 0) for row in strict], len(rows[0]) + 1)
        if not isinstance(solved, Farkas):
            found.append((place, [x / solved.x[-1] for x in solved.x[:-1]]))
    return found


def conditions(problem: Problem, place: Place) -> tuple[list[list[Fraction]], list[list[Fraction]]]:
    """The rows that are 0, and those that are positive, on (|v| w, |v|) of a unit in this position."""
    t = problem.activations[0].breakpoints
    width = problem.widths[0] + problem.hidden_bias
    equal, strict = [], [[Fraction(0)] * width + [ONE]]
    for x, at in zip(problem.inputs, place, strict=True):
        row = [*x, ONE] if problem.hidden_bias else [*x]
        if any(row):
            equal += [[*row, -t[at // 2]]] if at % 2 else []
            strict += [[*row, -s] for s in t[: at // 2]] if at % 2 == 0 else []
            strict += [[-a for a in row] + [s] for s in t[at // 2 :]] if at % 2 == 0 else []
    return equal, strict


def placed(problem: Problem, face: Face, signs: tuple[int, ...], f: list[Fraction], bare: list[list[Fraction]]):
    """A point on the face with these signs and predictions; None if there is none. Units with sign 0 are at `bare`."""
    h, size = problem.activations[0], problem.widths[0] + problem.hidden_bias + 1
    used = [j for j, s in enumerate(signs) if s]
    total = size * len(used) + problem.output_bias
    equalities, inequalities, strict = [], [], []
    for i, x in enumerate(problem.inputs):
        row = [*x, ONE] if problem.hidden_bias else [*x]
        line = []
        for j in used:
            p = face[j][i] // 2
            line += [signs[j] * h.slopes[p] * a for a in row] + [signs[j] * h.offsets[p]]
        line += [ONE] * problem.output_bias
        (y,), delta = problem.targets[i], (problem.loss.cuts or (0,))[-1]
        if problem.loss.name == "huber" and abs(f[i] - y) >= delta:  # linear there: as good further away
            side = 1 if f[i] > y else -1
            inequalities.append(([side * a for a in line], side * y + delta))
        else:
            equalities.append((line, f[i]))
    for place, j in enumerate(used):
        pad = [Fraction(0)] * (size * place), [Fraction(0)] * (total - size * (place + 1))
        zero, positive = conditions(problem, face[j])
        equalities += [([*pad[0], *row, *pad[1]], Fraction(0)) for row in zero]
        strict += [([*pad[0], *row, *pad[1]], Fraction(0)) for row in positive]
    solved = solve_system(equalities, inequalities, strict, total)
    if isinstance(solved, Farkas):
        return None
    rows, v = [list(w) for w in bare], [Fraction(0)] * len(signs)
    for place, j in enumerate(used):
        *u, eta = solved.x[size * place : size * (place + 1)]
        rows[j], v[j] = [a / eta for a in u], signs[j] * eta
    return assembled(problem, rows, v, solved.x[-1] if problem.output_bias else Fraction(0))


def assembled(problem: Problem, rows: list[list[Fraction]], v: list[Fraction], bias: Fraction) -> Point:
    d = problem.widths[0]
    first = Layer(tuple(tuple(w[:d]) for w in rows), tuple(w[d] for w in rows) if problem.hidden_bias else None)
    return first, Layer((tuple(v),), (bias,) if problem.output_bias else None)


def best_fit(problem: Problem, face: Face) -> list[Fraction]:
    """The least squares predictions over the span of the features of a face."""
    h, columns = problem.activations[0], []
    for place in set(face):
        equal, _ = conditions(problem, place)
        size = problem.widths[0] + problem.hidden_bias + 1
        rng, free = random.Random(0), nullspace(equal, size)
        for _ in range(2 * size):
            mixed = [Fraction(rng.randint(-9, 9)) for _ in free]
            z = [sum((m * b[c] for m, b in zip(mixed, free, strict=True)), Fraction(0)) for c in range(size)]
            column = []
            for x, at in zip(problem.inputs, place, strict=True):
                row = [*x, ONE] if problem.hidden_bias else [*x]
                p = at // 2
                inner = sum((a * b for a, b in zip(row, z, strict=False)), Fraction(0))
                column.append(h.slopes[p] * inner + h.offsets[p] * z[-1])
            columns.append(column)
    columns += [[ONE] * len(problem.inputs)] * problem.output_bias
    weights = [b for (b,) in least_squares(list(zip(*columns, strict=True)), problem.targets)]
    return [sum((b * c[i] for b, c in zip(weights, columns, strict=True)), Fraction(0)) for i in range(len(columns[0]))]


def random_problem(rng: random.Random) -> Problem:
    """At most four samples in one dimension, often with repeated inputs or zero rows."""
    n = rng.choice([1, 2, 3, 3])
    shapes = ["relu", "relu", "abs", {"name": "leaky_relu", "negative_slope": "1/4"}]
    late = {"breakpoints": ["1"], "slopes": ["0", "1"], "anchor": ["0", "0"]}
    bend = rng.choice([*shapes, late, "hardtanh"] if n < 3 else shapes)
    return network(
        [rng.randint(-1, 2) for _ in range(n)],
        [rng.randint(-2, 3) for _ in range(n)],
        1 if bend == "hardtanh" else rng.choice([1, 2]) if n < 3 else 1 + (rng.random() < 0.3),
        bend,
        {"hidden": rng.random() < 0.6, "output": rng.random() < 0.6},
        rng.choice([HALF_SQUARES, HALF_SQUARES, {"name": "huber", "delta": "1"}]),
    )


def compare(rng: random.Random, problem: Problem) -> None:
    found, minima = atlas(problem)
    places = positions(problem)
    assert sorted(p for p, _ in places) == sorted(
        face_of(problem, (Layer((tuple(w[:1]),), (w[1],) if problem.hidden_bias else None),))[0]
        for w in unit_faces(problem)
    )
    claimed = {each for face in minima for _, each in strata(face)}
    values, held = {each.risk for each in found.valleys}, dict[object, Point]()
    for chosen in combinations_with_replacement(places, problem.widths[1]):
        face, rows = tuple(p for p, _ in chosen), [w for _, w in chosen]
        if problem.loss.name == "squared":
            f = best_fit(problem, face)
        else:  # the search's, which the kernel has seen to be the best
            found_here = face_minima(problem, rows)
            assert isinstance(found_here, FaceMinima)
            f = list(found_here.best)
        for signs in product((0, 1, -1), repeat=len(face)):
            point = placed(problem, face, signs, f, rows)
            stratum = tuple(sorted(zip(face, signs, strict=True)))
            stays = point is not None and isinstance(decide_shallow(problem, point), Stays)
            assert stays == (stratum in claimed), (face, signs)
            if stays:
                assert risk(problem, predictions(problem, point)) in values
                for order in permutations(range(len(face))):
                    held[tuple((face[j], signs[j]) for j in order)] = permuted(point, order)
        # points at random on the face, the output weights the best for them: minima only in strata
        v = [Fraction(rng.randint(-2, 2)) for _ in face]
        for theta in (assembled(problem, rows, v, Fraction(rng.randint(-1, 1))), tuned(problem, rows)):
            if isinstance(decide_shallow(problem, theta), Stays):
                signs = tuple((x > 0) - (x < 0) for x in theta[1].weight[0])
                assert tuple(sorted(zip(face, signs, strict=True))) in claimed
                assert risk(problem, predictions(problem, theta)) in values
    assert found.components == pieces_of(rng, problem, held)
    if problem.loss.name == "squared":
        least = global_minimum(problem)
        assert least.closed
        if least.point is not None:  # attained: the lowest valley; otherwise every minimum is above
            assert min(values) == least.upper_risk
        else:
            assert all(value > least.lower_risk for value in values)


def permuted(point: Point, order: tuple[int, ...]) -> Point:
    first, last = point
    bias = None if first.bias is None else tuple(first.bias[j] for j in order)
    weight = tuple(first.weight[j] for j in order)
    return Layer(weight, bias), Layer((tuple(last.weight[0][j] for j in order),), last.bias)


def tuned(problem: Problem, rows: list[list[Fraction]]) -> Point:
    """The point with these input weights and the best output weights for them."""
    h, design = problem.activations[0], []
    for x in problem.inputs:
        row = [*x, ONE] if problem.hidden_bias else [*x]
        line = []
        for w in rows:
            z = sum((a * b for a, b in zip(w, row, strict=True)), Fraction(0))
            p = h.pieces(z)[0]
            line.append(h.slopes[p] * z + h.offsets[p])
        design.append(line + [ONE] * problem.output_bias)
    weights = [b for (b,) in least_squares(design, problem.targets)]
    return assembled(problem, rows, weights[: len(rows)], weights[-1])


def pieces_of(rng: random.Random, problem: Problem, held: dict) -> int:
    """Components of the minima: two strata are joined where one is below the other, all pairs compared; and on the
    way between two minima of joined strata every point is one (some pairs are tried)."""
    nodes = list(held)
    group, states = {node: {node} for node in nodes}, {state for node in nodes for state in node}
    close = {(x, y) for x in states for y in states if near(x, y)}
    for a in nodes:
        for b in nodes:
            if a != b and all(pair in close for pair in zip(a, b, strict=True)):
                for t in (Fraction(1, 7), Fraction(5, 6)) if rng.random() * len(nodes) < 10 else ():
                    assert isinstance(decide_shallow(problem, between(held[a], held[b], t)), Stays)
                if group[a] is not group[b]:
                    group[a] |= group[b]
                    for each in group[b]:
                        group[each] = group[a]
    return len({id(each) for each in group.values()})


def near(low, high) -> bool:
    """Whether one unit's face is in the closure of another's, and its sign is the same or 0."""
    (place, s), (other, t) = low, high
    closed = all(a in ((b,) if b % 2 else (b - 1, b, b + 1)) for a, b in zip(place, other, strict=True))
    return closed and s in (t, 0)


def between(a: Point, b: Point, t: Fraction) -> Point:
    """A point of the way from a to b in (v w, v, c), where v = 0 at a with the input weights of b."""
    rows, biases, v = [], [], []
    for j, (x, y) in enumerate(zip(a[1].weight[0], b[1].weight[0], strict=True)):
        first, last = ((1 - t) * abs(x), t * abs(y)) if x else (Fraction(0), ONE) if y else (1 - t, t)
        mean = [(first * p + last * q) / (first + last) for p, q in zip(a[0].weight[j], b[0].weight[j], strict=True)]
        rows.append(tuple(mean))
        if a[0].bias is not None and b[0].bias is not None:
            biases.append((first * a[0].bias[j] + last * b[0].bias[j]) / (first + last))
        v.append((1 - t) * x + t * y)
    bias = None if a[1].bias is None else ((1 - t) * a[1].bias[0] + t * b[1].bias[0],)
    return Layer(tuple(rows), tuple(biases) if a[0].bias is not None else None), Layer((tuple(v),), bias)


@pytest.mark.parametrize("seed", range(12))
def test_against_deciding_every_stratum(seed):
    rng = random.Random(seed)
    for _ in range(2):
        compare(rng, random_problem(rng))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 160))
def test_against_deciding_every_stratum_at_length(seed):
    rng = random.Random(seed)
    for _ in range(4):
        compare(rng, random_problem(rng))
