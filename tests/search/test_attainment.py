"""Whether an infimum is attained: known answers, the kernel on every proof, and brute force over all tuples of cells.

The oracle finds cells and decides the linear systems with z3, in the units' own coordinates, and shares no code with
the search or the kernel.
"""

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations, combinations_with_replacement
from random import Random
from typing import Any

import numpy as np
import pytest
import z3
from scipy.optimize import lsq_linear, nnls

from symverify.certify.certificate import Certificate
from symverify.certify.global_minimum import limit_step
from symverify.kernel.core.facts import LowerBound
from symverify.kernel.core.network import Problem
from symverify.search.global_minimum import Result, attain, global_minimum
from symverify.search.global_minimum.generators import generators
from tests.shallow import height, labels, loss, shallow, table

F = Fraction
FREE = {"hidden_bias": False, "output_bias": False}
LATE = {"breakpoints": [1]}
STEPS = [
    LATE,
    {"breakpoints": [1], "slopes": [F(1, 2), 2]},
    {"breakpoints": [-1, 1], "slopes": [-1, F(1, 2), 2]},
    {"breakpoints": [-1, 1], "slopes": [F(1, 4), 1, F(1, 4)]},
    {"breakpoints": [-1, 1], "slopes": [1, 0, 1]},
    {"breakpoints": [0, 1], "slopes": [0, 1, 2]},
    {"breakpoints": [-1, 2], "slopes": [1, 0, -2], "anchor": (0, 1)},
    {"breakpoints": [1], "slopes": [F(1, 3), 1], "anchor": (0, -1)},
    {"breakpoints": [0], "slopes": [-1, 2], "anchor": (0, -1)},
    {"breakpoints": [], "slopes": [1], "anchor": (0, 1)},
    {"breakpoints": [-1, 1], "slopes": [0, 1, 0]},
]
Unit = tuple[int, tuple[int, ...], Any]  # σ, the sides of the hyperplanes, the columns of the rays of the cell


def proved(inst: Problem, result: Result) -> None:
    """The kernel's rules on what the search says about attainment; raises what they raise."""
    certificate = Certificate(inst)
    bound = certificate.step("function_bound")
    fact = certificate.fact(bound)
    assert isinstance(fact, LowerBound)
    if fact.risk != result.lower_risk:
        vectors, tree = [list(g) for g in result.vectors], list(result.tree)
        bound = certificate.step("global_lower_bound", risk=str(result.lower_risk), vectors=vectors, tree=tree)
    limit = certificate.step("limit", {}, **limit_step(result.best))
    infimum = certificate.step("infimum", {"bound": bound, "limit": limit})
    separators = [[list(q) for q in part] for part in result.separators or ()]
    certificate.step("not_attained", {"infimum": infimum}, separators=separators)


def decided(inst: Problem) -> Result:
    """The result, its network exact, or its separators accepted by the kernel."""
    result = global_minimum(inst)
    assert result.closed
    assert result.attained is (result.point is not None)
    if result.point is None:
        proved(inst, result)
    else:
        assert loss(inst, result.point) == result.upper
        assert result.separators is None
    return result


def random_problem(seed: int, n: int) -> Problem:
    """Small integers; labels often those of a limit of units, with a little noise on equal inputs, so that ν = 0."""
    rng = Random(seed)
    hidden, output, d = rng.random() < 0.25, rng.random() < 0.25, rng.choice([1, 1, 2])
    width = rng.choice([1, 1, 2]) if d + hidden == 1 else 1
    n = min(n, rng.randint(2, 5 if width == 1 else 4))
    X = [[rng.randint(rng.choice([-3, 1]), 4) for _ in range(d)] for _ in range(n)]
    step = rng.choice(STEPS)
    slopes, w, a = (
        step.get("slopes", [0, 1]),
        [rng.choice([-2, -1, 1, 2]) for _ in range(d)],
        rng.randint(-1, 1) * hidden,
    )
    z = [sum(b * c for b, c in zip(w, x, strict=True)) + a for x in X]
    y: list[Fraction | int] = [slopes[-1 if b > 0 else 0] * b + 2 * output for b in z]
    if rng.random() < 0.15:
        y = [rng.randint(-3, 3) for _ in range(n)]
    elif rng.random() < 0.5:
        X, y = [*X, X[0], X[0]], [*y, y[0] + 1, y[0] - 1]
    return shallow(X, y, width, **step, hidden_bias=hidden, output_bias=output)


class Oracle:
    """All cells of one unit in (u, ν), u on an independent part of the coordinates of x̃."""

    def __init__(self, inst: Problem) -> None:
        self.inst = inst
        kept: list[int] = []
        for k in range(len(table(inst)[0])):
            columns = np.array([[float(x[c]) for c in (*kept, k)] for x in table(inst)])
            if np.linalg.matrix_rank(columns) > len(kept):
                kept.append(k)
        self.rows = [[x[k] for k in kept] for x in table(inst)]
        at = inst.activations[0].breakpoints
        planes = [(i, p, [*row, -at[p]]) for i, row in enumerate(self.rows) for p in range(len(at)) if any(row)]
        self.planes = planes
        self.size = len(kept) + 1
        self.variables = [z3.Real(f"u{k}") for k in range(self.size)]

    def linear(self, row: list[Fraction], variables: list[Any]) -> Any:
        return z3.Sum([z3.Q(a.numerator, a.denominator) * v for a, v in zip(map(F, row), variables, strict=True)])

    def cells(self) -> list[tuple[int, ...]]:
        """The sign vectors with an inner point, by extension."""
        solver = z3.Solver()
        solver.add(self.variables[-1] > 0)
        found: list[tuple[int, ...]] = []

        def extend(signs: tuple[int, ...]) -> None:
            if len(signs) == len(self.planes):
                found.append(signs)
                return
            z = self.linear(self.planes[len(signs)][2], self.variables)
            for sign in (-1, 1):
                solver.push()
                solver.add(sign * z > 0)
                if solver.check() == z3.sat:
                    extend((*signs, sign))
                solver.pop()

        extend(())
        return found

    def row(self, signs: tuple[int, ...], i: int) -> list[Fraction]:
        """H_i on a closed cell as a linear function of (u, ν)."""
        inst, at = self.inst, self.inst.activations[0].breakpoints
        sides = [sign for (k, _, _), sign in zip(self.planes, signs, strict=True) if k == i]
        piece = sum(s > 0 for s in sides) if any(self.rows[i]) else sum(t < 0 for t in at)
        z = at[max(piece - 1, 0)] if at else F(0)
        slope = inst.activations[0].slopes[piece]
        return [*(slope * x for x in self.rows[i]), height(inst, z) - slope * z]

    def matrix(self, signs: tuple[int, ...]) -> list[list[Fraction]]:
        return [self.row(signs, i) for i in range(len(self.rows))]

    def rays(self) -> list[list[Fraction]]:
        """The null vectors of size − 1 of the hyperplanes, by cofactors, both ways."""
        rows = [row for _, _, row in self.planes] + [[F(0)] * (self.size - 1) + [F(1)]]
        if not self.inst.activations[0].breakpoints:
            rows += [[F(j == k) for j in range(self.size)] for k in range(self.size - 1)]
        vectors = [cofactors(list(some)) for some in combinations(rows, self.size - 1)] or [[F(1)]]
        return [[sign * x for x in vector] for vector in vectors if any(vector) for sign in (1, -1)]

    def units(self) -> Iterator[Unit]:
        rays = [ray for ray in self.rays() if ray[-1] >= 0]
        for signs in self.cells():
            inside = [
                ray
                for ray in rays
                if all(s * dot(row, ray) >= 0 for s, (_, _, row) in zip(signs, self.planes, strict=True))
            ]
            matrix = self.matrix(signs)
            block = np.array([[float(dot(row, ray)) for row in matrix] for ray in inside])
            for sigma in (1, -1):
                yield sigma, signs, sigma * block

    def attained(self, least: Fraction) -> bool:
        """Whether some tuple of closed cells has the least loss with ν > 0 in all its units."""
        inst = self.inst
        units = list(self.units())
        y = np.array([float(a) for a in labels(inst)])
        middle = y.mean() if inst.output_bias else 0.0
        for size in range(inst.widths[1] + 1):
            for chosen in combinations_with_replacement(units, size):
                f = np.full(len(y), middle)
                if chosen:
                    A = np.concatenate([block for _, _, block in chosen])
                    if inst.output_bias:
                        A = A - A.mean(axis=1, keepdims=True)
                    f = nearest(A, y - middle) + middle
                if ((f - y) ** 2).sum() > float(least) + 1e-9:
                    continue
                goal = [F(float(x)).limit_denominator(10**6) for x in f]
                assert sum((a - b) ** 2 for a, b in zip(goal, labels(inst), strict=True)) == least
                if self.feasible(goal, chosen):
                    return True
        return False

    def feasible(self, goal: list[Fraction], chosen: tuple[Unit, ...]) -> bool:
        solver, total = z3.Solver(), [z3.Real("c0") if self.inst.output_bias else z3.RealVal(0)] * len(goal)
        for j, (sigma, signs, _) in enumerate(chosen):
            variables = [z3.Real(f"u{j}_{k}") for k in range(self.size)]
            solver.add(variables[-1] > 0)
            for sign, (_, _, row) in zip(signs, self.planes, strict=True):
                solver.add(sign * self.linear(row, variables) >= 0)
            matrix = self.matrix(signs)
            total = [t + sigma * self.linear(row, variables) for t, row in zip(total, matrix, strict=True)]
        for t, a in zip(total, goal, strict=True):
            solver.add(t == z3.Q(a.numerator, a.denominator))
        return bool(solver.check() == z3.sat)


def nearest(A: Any, y: Any) -> Any:
    """The point of the cone of the rows nearest to y; nnls alone may fail where rows are dependent."""
    for solve in (nnls, lambda M, b: (lsq_linear(M, b, (0, np.inf), "bvls", 1e-15).x, None)):
        f = A.T @ solve(A.T, y)[0]
        if (A @ (y - f)).max() <= 1e-9 * (1 + np.abs(A).max()) * (1 + np.abs(y).max()):
            return f
    raise ArithmeticError("not the nearest point")


def dot(u: list[Fraction], v: list[Fraction]) -> Fraction:
    return sum((a * b for a, b in zip(u, v, strict=True)), F(0))


def determinant(rows: list[list[Fraction]]) -> Fraction:
    if not rows:
        return F(1)
    return sum(
        ((-1) ** k * a * determinant([[*row[:k], *row[k + 1 :]] for row in rows[1:]]) for k, a in enumerate(rows[0])),
        F(0),
    )


def cofactors(rows: list[list[Fraction]]) -> list[Fraction]:
    return [(-1) ** k * determinant([[*row[:k], *row[k + 1 :]] for row in rows]) for k in range(len(rows) + 1)]


KNOWN: dict[str, tuple[Problem, Fraction, bool]] = {
    "a line": (shallow([[1], [2]], [1, 2], 1, **LATE, **FREE), F(0), False),
    "a line, by two units": (shallow([[1], [2]], [1, 2], 2, **LATE, **FREE), F(0), True),
    "one point of it": (shallow([[2]], [2], 1, **LATE, **FREE), F(0), True),
    "a late unit": (shallow([[1], [2]], [0, 1], 1, **LATE, **FREE), F(0), True),
    "equal inputs": (shallow([[1], [2], [2]], [1, 1, 3], 1, **LATE, **FREE), F(2), False),
    "either side": (shallow([[1], [2], [-1], [-2]], [1, 2, 1, 2], 1, **LATE, **FREE), F(5), False),
    "both sides": (shallow([[1], [2], [-1], [-2]], [1, 2, -2, -4], 2, **LATE, **FREE), F(0), False),
    "constant": (shallow([[1], [2]], [3, 3], 1, **LATE, hidden_bias=False), F(0), True),
    "zero": (shallow([[1], [2]], [0, 0], 2, **LATE, **FREE), F(0), True),
    "nothing fits": (shallow([[1], [2]], [-1, 0], 1, breakpoints=[1], slopes=[0, -1], anchor=(0, -1), **FREE),
                     F(1, 2), True),
    "one kink at the origin": (
        shallow([[k] for k in range(-3, 4)], [2 * max(k, 0) - min(k, 0) for k in range(-3, 4)], 1,
                 breakpoints=[-1, 1], slopes=[-1, F(1, 2), 2], **FREE), F(0), False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", KNOWN)
def test_known_answers(name: str) -> None:
    inst, least, attained = KNOWN[name]
    result = decided(inst)
    assert (result.upper, result.attained) == (least, attained)


@pytest.mark.parametrize("block", range(3))
def test_against_all_tuples_of_cells(block: int) -> None:
    campaign(range(50 * block, 50 * block + 50), 3)


@pytest.mark.long
@pytest.mark.parametrize("block", range(12))
def test_against_all_tuples_of_cells_of_larger_problems(block: int) -> None:
    campaign(range(1000 + 100 * block, 1100 + 100 * block), 5)


def campaign(seeds: range, n: int) -> None:
    """No answer differs from the oracle's, and both answers occur."""
    seen = {True: 0, False: 0}
    for seed in seeds:
        inst = random_problem(seed, n)
        result = decided(inst)
        assert result.attained == Oracle(inst).attained(result.upper), seed
        seen[bool(result.attained)] += 1
    assert min(seen.values()) > 2


def test_exact_answers_where_floats_find_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attain.Decision, "guesses", lambda *_: iter(()))
    for seed in range(40):
        decided(random_problem(seed, 4))


def test_the_question_is_left_open_beyond_the_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    inst = KNOWN["both sides"][0]
    for limit in ("MAX_FACES", "MAX_SEPARATORS"):
        with monkeypatch.context() as patch:
            patch.setattr(attain, limit, 1)
            result = global_minimum(inst)
        assert (result.closed, result.attained, result.separators) == (True, None, None)
    shape = generators(inst)
    with pytest.raises(TimeoutError, match="too many sets of faces"):
        attain.attained(shape, [[F(0)] * 4], F(0), until=0.0)
