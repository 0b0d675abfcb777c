"""The minima of a cell: known answers, z3 on all sign vectors as an oracle, and the kernel on everything."""

import random
from fractions import Fraction
from itertools import pairwise, permutations, product

import pytest
import z3

from symverify.certify import cell_minima as emit
from symverify.certify.certificate import parameters
from symverify.kernel.cells.cell_infimum import CellInfimum as KernelInfimum
from symverify.kernel.cells.cell_minima import CellMinima as KernelMinima
from symverify.kernel.cells.strata import unit_classes
from symverify.kernel.core.network import Pattern, Problem, cell_of, predictions, residuals, risk
from symverify.kernel.core.proof import Proof
from symverify.search.answers import Unknown
from symverify.search.cell_minima import CellMinima, EmptyCell, cell_minima, permuted
from symverify.search.constant_risk_path import between, constant_risk_path
from tests.cell_cases import network, random_case, random_point, run

TENT = ([0, 1, 2, 3], [0, 2, 0, -1])
LINE = ([0, 1, 2], [0, 1, 2])
LATE = {"breakpoints": ["1"], "slopes": ["0", "1"], "anchor": ["0", "0"]}


def decided(problem: Problem, *units: tuple[int, ...]) -> CellMinima:
    """What is found for a cell, which the kernel has accepted."""
    found = cell_minima(problem, (units,))
    assert isinstance(found, CellMinima)
    accept(problem, found)
    return found


def accept(problem: Problem, found: CellMinima) -> None:
    proof = Proof(problem)
    run(proof, "point", parameters=parameters(found.interior))
    fact = run(proof, "cell_minima", {"point": 0}, **emit.cell_minima(found))
    assert isinstance(fact, KernelMinima)
    assert (fact.risk, fact.components, len(fact.orbits)) == (found.risk, found.components, len(found.orbits))
    assert sorted(map(str, (size for _, size in fact.orbits))) == sorted(str(o.dimension) for o in found.orbits)
    least = run(proof, "cell_infimum", {"point": 0}, **emit.cell_infimum(found))
    assert isinstance(least, KernelInfimum)
    assert least.risk == found.infimum.risk >= found.risk
    assert (least.risk == found.risk) or not found.inside


@pytest.mark.parametrize(
    ("data", "activation", "piece", "width", "components", "orbits", "least"),
    [
        (TENT, "relu", (0, 1, 1, 1), 1, 0, 0, Fraction(1)),
        (TENT, "relu", (0, 1, 1, 1), 2, 2, 1, Fraction(1, 12)),
        (TENT, "relu", (0, 1, 1, 1), 3, 1, 1, Fraction(1, 12)),
        (TENT, "relu", (0, 1, 1, 1), 20, 1, 1, Fraction(1, 12)),
        (LINE, "relu", (1, 1, 1), 1, 2, 2, Fraction(0)),
        (LINE, "relu", (1, 1, 1), 2, 1, 1, Fraction(0)),
        (LINE, "relu", (0, 0, 0), 2, 1, 1, Fraction(1)),
        (LINE, "identity", (0, 0, 0), 1, 2, 2, Fraction(0)),
        (LINE, "identity", (0, 0, 0), 2, 1, 1, Fraction(0)),
        (([0, 1, 2], [1, 1, 1]), "identity", (0, 0, 0), 1, 1, 1, Fraction(0)),
    ],
)
def test_known_answers(data, activation, piece, width, components, orbits, least):
    found = decided(network(*data, width, activation), *[piece] * width)
    assert (found.components, len(found.orbits), found.infimum.risk) == (components, orbits, least)
    assert found.inside == (components > 0)


def test_two_components_that_exchanging_the_units_swaps():
    found = decided(network(*TENT, 2), (0, 1, 1, 1), (0, 1, 1, 1))
    (orbit,) = found.orbits
    assert (orbit.pairs, orbit.dimension) == (((0, 1),), 4)
    one, other = orbit.witnesses()
    assert other == permuted(one, [1, 0])
    assert constant_risk_path(found, one, one) == (one,)
    assert constant_risk_path(found, one, other) is None


def test_a_path_exchanges_the_units_of_a_class_of_three():
    problem = network(*TENT, 3)
    found = decided(problem, *[(0, 1, 1, 1)] * 3)
    (orbit,) = found.orbits
    for order in permutations(range(3)):
        check_path(random.Random(0), problem, found, orbit.witness, permuted(orbit.witness, list(order)))


def test_an_infimum_that_is_approached_only():
    found = decided(network([1, 2], [1, 2], 1, LATE, bias=False), (1, 1))
    assert (found.inside, found.infimum.risk) == (False, 0)
    assert (found.infimum.attained, found.infimum.certain) == (None, True)


def test_the_boundary_minimum_of_a_cell():
    found = decided(network(*TENT, 1), (0, 1, 1, 1))
    assert found.infimum.attained is not None
    assert risk(found.strata.problem, predictions(found.strata.problem, found.infimum.attained)) == 1


def test_an_empty_cell_and_its_proof():
    problem = network([0, 1, 2], [0, 0, 1], 2)
    found = cell_minima(problem, (((0, 0, 0), (1, 0, 1)),))
    assert isinstance(found, EmptyCell)
    assert found.unit == 1
    rows = unit_classes(problem, ((0, 0, 0), (2, 0, 2)))[1].rows
    assert min(found.multipliers) >= 0 < max(found.multipliers)
    assert not any(sum(m * row[c] for m, row in zip(found.multipliers, rows, strict=True)) for c in range(3))


def test_a_zero_row_without_hidden_bias_is_in_every_cell():
    problem = network([0, 1], [3, 1], 1, bias={"hidden": False, "output": True})
    cells = [cell_minima(problem, (((p, 1),),)) for p in (0, 1)]
    assert all(isinstance(cell, CellMinima) and cell.components == 1 for cell in cells)
    assert cells[0].strata.pattern == cells[1].strata.pattern
    late = network([0, 1], [3, 1], 1, LATE, bias={"hidden": False, "output": True})
    with pytest.raises(ValueError, match="sample 1 cannot be in piece 1"):
        cell_minima(late, (((1, 1),),))


def test_what_is_left_undecided():
    problem = network(*TENT, 2)
    assert isinstance(cell_minima(problem, (((0, 1, 1, 1), (1, 1, 1, 1)),), budget=8), Unknown)
    found = cell_minima(network(*TENT, 8), (tuple((0,) * k + (1,) * (4 - k) for k in (0, 0, 1, 1, 2, 2, 3, 3)),))
    assert isinstance(found, CellMinima)
    lines = [tuple(int(x > t) for x in range(12)) for t in range(9)]
    many = network(list(range(12)), [0] * 12, 9)
    assert cell_minima(many, (tuple(lines),)) == Unknown("the cell has more than 4096 types of signs")
    with pytest.raises(ValueError, match="pieces of 2 units on 4 samples"):
        cell_minima(problem, (((0, 1, 1, 1),),))


def oracle(problem: Problem, pattern: Pattern, best: list[Fraction]) -> tuple[int, int]:
    """Components and orbits, from every sign vector and z3, written from the definitions again."""
    h, width, n = problem.activations[0], problem.widths[1], len(problem.inputs)
    rows = [(*x, Fraction(1)) if problem.hidden_bias else x for x in problem.inputs]

    def number(x: Fraction) -> z3.RatNumRef:
        return z3.RealVal(str(x))

    def feasible(signs: tuple[int, ...]) -> bool:
        solver = z3.SimpleSolver()
        outputs = [z3.Real("c") if problem.output_bias else number(Fraction(0))] * n
        for j, s in enumerate(signs):
            if not s:
                continue
            nu, p = z3.Real(f"nu{j}"), [z3.Real(f"p{j},{k}") for k in range(len(rows[0]))]
            solver.add(s * nu > 0)
            for i, row in enumerate(rows):
                z = z3.Sum([number(a) * b for a, b in zip(row, p, strict=True)])
                piece = pattern[0][j][i]
                outputs[i] = outputs[i] + number(h.slopes[piece]) * z + number(h.offsets[piece]) * nu
                if any(row):
                    if piece:
                        solver.add(s * (z - number(h.breakpoints[piece - 1]) * nu) > 0)
                    if piece < len(h.breakpoints):
                        solver.add(s * (z - number(h.breakpoints[piece]) * nu) < 0)
        for i, f in enumerate(outputs):
            e, delta = best[i] - problem.targets[i][0], (problem.loss.cuts or (0,))[-1]
            if problem.loss.name == "huber" and abs(e) >= delta:
                far = number(problem.targets[i][0] + (delta if e > 0 else -delta))
                solver.add(f >= far if e > 0 else f <= far)
            else:
                solver.add(f == number(best[i]))
        return bool(solver.check() == z3.sat)

    left = {signs for signs in product((0, 1, -1), repeat=width) if feasible(signs)}
    components: list[frozenset[tuple[int, ...]]] = []
    while left:
        part, front = set(), [min(left)]
        while front:
            one = front.pop()
            part.add(one)
            near = {b for b in left - part if below(one, b) or below(b, one)}
            part |= near
            front += near
        left -= part
        components.append(frozenset(part))
    orbits = {
        frozenset(
            frozenset(tuple(signs[j] for j in order) for signs in part)
            for order in permutations(range(width))
            if all(pattern[0][order[j]] == pattern[0][j] for j in range(width))
        )
        for part in components
    }
    return len(components), len(orbits)


def below(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    """Whether a is b with some signs set to 0."""
    return all(x in (0, y) for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("seed", range(4))
def test_against_z3_on_every_sign_vector(seed):
    rng, several = random.Random(seed), 0
    for _ in range(35):
        problem, pattern = random_case(rng, widest=3, samples=4)
        found = cell_minima(problem, pattern)
        assert isinstance(found, CellMinima)
        accept(problem, found)
        assert oracle(problem, pattern, list(found.best)) == (found.components, len(found.orbits))
        several += found.components != 1
    assert several >= 3


@pytest.mark.parametrize("seed", range(3))
def test_no_point_of_the_cell_is_lower(seed):
    rng = random.Random(50 + seed)
    for _ in range(60):
        problem, pattern = random_case(rng)
        found = cell_minima(problem, pattern)
        assert isinstance(found, CellMinima)
        for orbit in found.orbits:
            for witness in orbit.witnesses():
                assert cell_of(problem, witness) == pattern
                assert risk(problem, predictions(problem, witness)) == found.risk
        if found.infimum.attained is not None:
            assert risk(problem, predictions(problem, found.infimum.attained)) == found.infimum.risk
        for _ in range(20):
            v, c = random_point(rng, problem)[1], found.interior[0]
            assert risk(problem, predictions(problem, (c, v))) >= found.infimum.risk


def check_path(rng, problem, found, start, goal):
    """Every node and points between them are in the cell and have the best predictions; the kernel agrees."""
    path = constant_risk_path(found, start, goal)
    assert path is not None
    assert (path[0], path[-1]) == (start, goal)
    proof = Proof(problem)
    run(proof, "point", parameters=parameters(start))
    run(proof, "interior_minimum", {"point": 0})
    if len(path) > 1:
        run(proof, "constant_risk_path", {"minimum": 1}, **emit.constant_risk_path(path))
    gradient = residuals(problem, [(f,) for f in found.best])
    for a, b in pairwise(path):
        assert between(found, a, b, Fraction(0)) == a
        assert between(found, a, b, Fraction(1)) == b
        middle = between(found, a, b, Fraction(rng.randint(1, 99), 100))
        assert cell_of(problem, middle) == found.strata.pattern
        assert residuals(problem, predictions(problem, middle)) == gradient


@pytest.mark.parametrize("seed", range(3))
def test_paths_of_constant_risk(seed):
    """Between points of one component, however their units are permuted; none between the components."""
    rng, joined, apart = random.Random(80 + seed), 0, 0
    for _ in range(40):
        problem, pattern = random_case(rng)
        found = cell_minima(problem, pattern)
        assert isinstance(found, CellMinima)
        points = [point for orbit in found.orbits for point in orbit.witnesses()]
        for a in points:
            for b in points:
                assert (constant_risk_path(found, a, b) is not None) == (a == b)
        if found.components != 1:
            apart += 1
            continue
        points += rng.sample(list(found.reached.values()), min(3, len(found.reached)))
        for point in points[1:]:
            order = list(range(problem.widths[1]))
            for each in found.strata.classes:
                for j, k in zip(each.units, rng.sample(each.units, len(each.units)), strict=True):
                    order[j] = k
            check_path(rng, problem, found, points[0], permuted(point, order))
            joined += 1
    assert min(joined, 10 * apart) >= 20


def test_a_path_needs_local_minima():
    problem = network(*LINE, 2)
    found = decided(problem, (1, 1, 1), (1, 1, 1))
    with pytest.raises(ValueError, match="not a local minimum strictly inside the cell"):
        constant_risk_path(found, found.interior, found.orbits[0].witness)
