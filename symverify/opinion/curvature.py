"""What is posed for the rules of second order: how the risk changes along every line from the point."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from symverify.kernel.core.facts import Evaluated, LocalMinimum
from symverify.kernel.core.network import Pattern, Problem, cell_of, residuals
from symverify.kernel.curvature.critical_point import CriticalPoint
from symverify.kernel.curvature.second_order import derivatives, second_derivatives, symmetries
from symverify.opinion.equations import inside, of_change, of_point, parameter_name, places, too_large
from symverify.opinion.statement import LINEAR, NONLINEAR, Given, Statement
from symverify.opinion.terms import Series, Terms, compare, polynomial, variable
from symverify.opinion.text import conjunction

MAX_PARAMETERS = 30  # of a statement about all directions at once


def critical_point(given: Given) -> Iterator[Statement]:
    """θ* is inside its cell, and Σ r_ik df_ik = 0 along every direction."""
    yield from _stationary(given.problem, given.fact(CriticalPoint).at)


def _stationary(problem: Problem, at: Evaluated) -> Iterator[Statement]:
    if too_large(problem):
        return
    pattern = cell_of(problem, at.point)
    made = of_point(problem, at.point, pattern)
    title, goal = "the point is strictly inside its cell", conjunction(inside(problem, pattern, "<"))
    yield Statement(title, LINEAR, tuple(made.variables), tuple(made.relations), goal)
    made, f = of_change(problem, at.point, pattern, 1)
    goal = compare(_pulled(problem, at, f, 1), "=")
    title = "the risk does not change to first order in any direction"
    yield Statement(title, LINEAR, tuple(made.variables), tuple(made.relations), goal)


def _pulled(problem: Problem, at: Evaluated, f: Sequence[Sequence[Series]], order: int) -> Terms:
    """Σ r_ik times the change of f_ik of this order."""
    total = polynomial(0)
    for k, r in enumerate(residuals(problem, at.predictions)):
        for i, pull in enumerate(r):
            total += f[i][k].of[order] * pull
    return total


def second_order(given: Given) -> Iterator[Statement]:
    """As for critical_point; the change of second order is a sum of squares, which vanish along the symmetries only."""
    problem, at = given.problem, given.fact(LocalMinimum).at
    yield from _stationary(problem, at)
    if too_large(problem) or len(places(problem)) > MAX_PARAMETERS:
        return
    pattern, squares = cell_of(problem, at.point), _squares(derivatives(problem, at.point)[1])
    yield _sum_of_squares(problem, at, pattern, squares)
    names = [f"d{parameter_name(place)}" for place in places(problem)]
    flows = symmetries(problem, at.point, pattern)
    flat = [compare(_along(names, row), "=") for row in (*(row for _, row in squares), *flows)]
    none = conjunction(compare(variable(name), "=") for name in names)
    title = "a direction without change of second order, across all symmetries, is 0"
    yield Statement(title, LINEAR, tuple(names), tuple(flat), none)
    yield _symmetric(problem, at, pattern, flows)


def _along(names: Sequence[str], row: Sequence[Fraction]) -> Terms:
    return sum((variable(name) * x for name, x in zip(names, row, strict=True)), polynomial(0))


def _squares(matrix: Sequence[Sequence[Fraction]]) -> list[tuple[Fraction, list[Fraction]]]:
    """δᵀMδ = Σ_k d_k ⟨row_k, δ⟩², by elimination on positive diagonal entries, of a semidefinite matrix M."""
    left, found = [list(row) for row in matrix], list[tuple[Fraction, list[Fraction]]]()
    while (p := next((i for i, row in enumerate(left) if row[i] > 0), None)) is not None:
        pivot, lead = left[p], left[p][p]
        row = [x / lead for x in pivot]
        found.append((lead, row))
        left = [[x - lead * a * b for x, b in zip(other, row, strict=True)] for other, a in zip(left, row, strict=True)]
    return found


def _sum_of_squares(
    problem: Problem, at: Evaluated, pattern: Pattern, squares: Sequence[tuple[Fraction, Sequence[Fraction]]]
) -> Statement:
    """c Σ ℓ'' (df)² + 2 Σ r d²f = Σ_k d_k s_k², with f = f* + t df + t² d²f and s_k = ⟨row_k, δ⟩; all d_k > 0."""
    made, f = of_change(problem, at.point, pattern, 2)
    names = [f"d{parameter_name(place)}" for place in places(problem)]
    change, total = _pulled(problem, at, f, 2) * 2, polynomial(0)
    for changes, bends in zip(f, second_derivatives(problem, at.predictions), strict=True):
        for x, bend in zip(changes, bends, strict=True):
            if bend is None:
                raise TypeError("a loss without second derivative")
            change += x.of[1] * x.of[1] * bend
    for k, (weight, row) in enumerate(squares):
        s = made.define(f"s{k + 1}", _along(names, row))
        total += s * s * weight
    title = "the change of second order is a sum of squares"
    return Statement(title, NONLINEAR, tuple(made.variables), tuple(made.relations), compare(change, "=", total))


def _symmetric(problem: Problem, at: Evaluated, pattern: Pattern, flows: Sequence[Sequence[Fraction]]) -> Statement:
    """Combinations δ = Σ μ_s · flow_s change no prediction to first order."""
    made, f = of_change(problem, at.point, pattern, 1)
    mu = [f"u{s + 1}" for s in range(len(flows))]
    for c, place in enumerate(places(problem)):
        moved = _along(mu, [flow[c] for flow in flows])
        made.relations.append(compare(variable(f"d{parameter_name(place)}"), "=", moved))
    goal = conjunction(compare(x.of[1], "=") for row in f for x in row)
    title = "the symmetries change no prediction, to first order"
    return Statement(title, LINEAR, (*made.variables, *mu), tuple(made.relations), goal)
