"""The exact global minimum of deep networks with one unit in each layer after the first: a convex program a case."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from symverify.errors import SymverifyError
from symverify.ground.cone_qp import minimise_over_cone
from symverify.ground.linear import primitive
from symverify.ground.time_limit import on_time
from symverify.kernel.cells.tree_bound import Case, cases, slope, straight
from symverify.kernel.core.activation import ZERO
from symverify.kernel.core.network import Point, Problem
from symverify.search.snap_equations import as_point

Row = list[Fraction]


class NotFinished(SymverifyError):
    """The time is over."""


@dataclass(frozen=True, slots=True)
class TreeMinimum:
    """The least risk, a point of it, and the vectors and multipliers of `tree_bound`."""

    risk: Fraction
    point: Point
    vectors: list[list[int]]
    cases: list[list[object]]


def applies(problem: Problem) -> bool:
    """Whether the layers are d, h, 1, …, 1, and h is homogeneous."""
    return len(problem.widths) > 3 and set(problem.widths[2:]) == {1} and straight(problem)


def tree_minimum(problem: Problem, deadline: float, progress: Callable[[str], None]) -> TreeMinimum:
    """Case by case. Raises NotFinished, Declined."""
    count, every = cases(problem)
    best: tuple[Fraction, Row, Case] | None = None
    places, entries = dict[tuple[int, ...], int](), list[list[object]]()
    for k, case in enumerate(every):
        if time.monotonic() > deadline:
            raise NotFinished
        if k % 200 == 0:
            progress(f"the global minimum, case {k} of {count}")
        matrix, cone = posed(problem, case)
        width, labels = len(matrix[0]), [y for (y,) in problem.targets]
        found = minimise_over_cone(matrix, labels, [ZERO] * width, cone, width)
        left = [
            y - sum((a * x for a, x in zip(row, found.x, strict=True)), ZERO)
            for row, y in zip(matrix, labels, strict=True)
        ]
        risk = problem.loss.factor * sum((e * e for e in left), ZERO)
        if best is None or risk < best[0]:
            best = risk, found.x, case
        short = primitive(left)
        scale = next((Fraction(a) / b for a, b in zip(short, left, strict=True) if b), Fraction(1))
        place = places.setdefault(tuple(short), len(places))
        entries.append([place, [[row, str(m * scale)] for row, m in enumerate(found.multipliers) if m]])
    if best is None:
        raise NotFinished
    return TreeMinimum(best[0], lifted(problem, best[2], best[1]), [list(g) for g in places], entries)


def posed(problem: Problem, case: Case) -> tuple[list[Row], list[Row]]:
    """A and C, as rows in z: the first units' rows, the biases of later units, the output bias."""
    on_time()  # there may be tens of thousands of cases
    n, rows = len(problem.inputs), [list(problem.row(i)) for i in range(len(problem.inputs))]
    columns, biases = len(rows[0]), len(case.later) * problem.hidden_bias + problem.output_bias
    width = len(case.first) * columns + biases
    cone, arriving = list[Row](), [[ZERO] * width for _ in range(n)]
    for j, (sides, sign) in enumerate(case.first):
        for i, (row, side) in enumerate(zip(rows, sides, strict=True)):
            own = [ZERO] * width
            own[j * columns : (j + 1) * columns] = row
            cone.append([side * x for x in own])
            scale = sign * slope(problem, 0, side) if side else ZERO
            arriving[i] = [a + scale * x for a, x in zip(arriving[i], own, strict=True)]
    at = len(case.first) * columns
    for k, (sides, sign) in enumerate(case.later):
        for i, side in enumerate(sides):
            if problem.hidden_bias:
                arriving[i][at] += 1
            cone.append([side * x for x in arriving[i]])
            scale = sign * slope(problem, k + 1, side)
            arriving[i] = [scale * x for x in arriving[i]]
        at += problem.hidden_bias
    if problem.output_bias:
        for row in arriving:
            row[at] += 1
    return arriving, cone


def lifted(problem: Problem, case: Case, z: Row) -> Point:
    """The network with these rows and biases, all other weights ±1; units that are not needed are 0."""
    columns = problem.widths[0] + problem.hidden_bias
    first = [z[j * columns : (j + 1) * columns] for j in range(len(case.first))]
    missing = problem.widths[1] - len(first)
    numbers = [x for row in first for x in row] + [ZERO] * (missing * columns)
    weights = [[Fraction(sign) for _, sign in case.first] + [ZERO] * missing]
    weights += [[Fraction(sign)] for _, sign in case.later]
    biases = iter(z[len(first) * columns :])
    for m, row in enumerate(weights, 1):
        numbers += [*row, *([next(biases)] if problem.has_bias(m) else [])]
    return as_point(problem, numbers)
