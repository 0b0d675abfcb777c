"""What is posed for the rules of first and second order in the cells around a point, of any network."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import islice

from symverify.cells.pattern import pattern_at
from symverify.kernel.core.errors import Rejected
from symverify.kernel.core.facts import Evaluated, LocalMinimum
from symverify.kernel.core.network import Pattern, Place, Point, Problem, residuals
from symverify.kernel.core.poly import Poly
from symverify.kernel.core.proof import polynomial as coefficients
from symverify.kernel.core.proof import read_point
from symverify.kernel.core.text import Fields, canonical, listed, natural
from symverify.kernel.curvature.cell_kkt import Cell, cells, stationary
from symverify.kernel.curvature.critical_point import CriticalPoint
from symverify.kernel.curvature.eliminate import Slice, Stationary
from symverify.kernel.curvature.flows import symmetries
from symverify.kernel.curvature.forms import nullspace, restricted
from symverify.kernel.curvature.hessian import derivatives, second_derivatives
from symverify.kernel.programs.values import evaluate
from symverify.opinion.equations import (
    inside,
    of_change,
    of_point,
    parameter_name,
    places,
    too_large,
    whereabouts,
    z_name,
)
from symverify.opinion.losses import risk_at, tangents
from symverify.opinion.minima import constant_minorant, predicted
from symverify.opinion.paths import reach
from symverify.opinion.statement import LINEAR, NONLINEAR, Given, Statement
from symverify.opinion.terms import Series, Terms, along, compare, polynomial, variable
from symverify.opinion.text import conjunction, disjunction

MAX_PARAMETERS = 30  # of a statement about all directions at once
MAX_CELLS = 16  # around a point, that are posed
Weights = Sequence[tuple[Place, Fraction]]
"""Kinks (hidden layer, unit, sample) with their multipliers s_b λ_b."""
Matrix = Sequence[Sequence[Fraction]]


def adjacent_cells(given: Given) -> Iterator[Statement]:
    """Which pieces meet at θ*, ℓ lies above its tangents, Ψ is constant on each choice of pieces."""
    problem, at = given.problem, given.fact(LocalMinimum).at
    yield from _boundaries(problem, at)
    pull = residuals(problem, at.predictions)
    yield tangents(problem, at.predictions, pull)
    for number, cell in enumerate(islice(cells(problem, at)[1], MAX_CELLS), 1):
        title = f"the first-order minorant is constant on adjacent cell {number}"
        yield from constant_minorant(problem, at, pull, cell.pattern, title)


def _boundaries(problem: Problem, at: Evaluated) -> Iterator[Statement]:
    if not too_large(problem):
        made = of_point(problem, at.point, pattern_at(problem, at.point))
        goal = conjunction(whereabouts(problem, at.point))
        title = "which pre-activations are at a breakpoint"
        yield Statement(title, LINEAR, tuple(made.variables), tuple(made.relations), goal)


def critical_point(given: Given) -> Iterator[Statement]:
    """θ* is inside its cell, and Σ r_ik df_ik = 0 along every direction."""
    yield from _inside(given.problem, given.fact(CriticalPoint).at)


def _inside(problem: Problem, at: Evaluated) -> Iterator[Statement]:
    if not too_large(problem):
        pattern = pattern_at(problem, at.point)
        made = of_point(problem, at.point, pattern)
        title, goal = "the point is strictly inside its cell", conjunction(inside(problem, pattern, "<"))
        yield Statement(title, LINEAR, tuple(made.variables), tuple(made.relations), goal)
        yield _first_order(problem, at, pattern, (), "the risk does not change to first order in any direction")


def second_order(given: Given) -> Iterator[Statement]:
    """As for critical_point; the change of second order is a sum of squares, which vanish along the flows only."""
    problem, at = given.problem, given.fact(LocalMinimum).at
    yield from _inside(problem, at)
    if too_large(problem) or problem.size() > MAX_PARAMETERS:
        return
    pattern = pattern_at(problem, at.point)
    moves = symmetries(problem, at.point, pattern)
    squares = _squares(derivatives(problem, at.point, pattern)[1])
    unit = nullspace([], problem.size())
    yield _sum_of_squares(problem, at, pattern, (), unit, squares, "the change of second order is a sum of squares")
    names = _directions(problem)
    flat = [compare(along(names, row), "=") for row in (*(row for _, row in squares), *moves)]
    title = "a direction without change of second order, across all symmetries, is 0"
    yield Statement(title, LINEAR, tuple(names), tuple(flat), _zero(names))
    yield _kept(problem, at, pattern, (), moves, "the symmetries change no prediction, to first order")


def cell_kkt(given: Given) -> Iterator[Statement]:
    """Which pieces meet at θ*; and cell by cell what its entry says (but for the orders of `eliminate`)."""
    problem, at = given.problem, given.fact(LocalMinimum).at
    yield from _boundaries(problem, at)
    pull = residuals(problem, at.predictions)
    yield tangents(problem, at.predictions, pull)
    entries = given.step.fields["cells"]
    if too_large(problem) or not isinstance(entries, list):
        return
    for number, (cell, entry) in enumerate(islice(zip(cells(problem, at)[1], entries, strict=True), MAX_CELLS), 1):
        where = f"cell {number}"
        match entry:
            case {"flat": _}:
                yield from constant_minorant(problem, at, pull, cell.pattern, f"{where}: the minorant is constant")
            case {"empty": mu}:
                yield _empty(cell, listed(canonical)(mu, ""), f"{where}: no direction leads into it")
            case {"face": weights}:
                multipliers = listed(canonical)(weights, "")
                yield _multiplied(cell, multipliers, where)
                kept = {kink: cell.threshold(b) for b, kink in enumerate(cell.kinks) if multipliers[b]}
                title = f"{where}: the minorant is constant on the face"
                yield from constant_minorant(problem, at, pull, cell.pattern, title, kept)
            case {"multipliers": weights}:
                yield from _held_down(cell, listed(canonical)(weights, ""), where)
            case {"eliminate": inner}:
                yield from _eliminated(cell, Fields(inner, ""), where)
            case _:
                raise TypeError(f"not an entry of cell_kkt: {entry!r}")


def _empty(cell: Cell, mu: Sequence[Fraction], title: str) -> Statement:
    """Not all s_b dz_b > 0, of the kinks with μ_b > 0."""
    made, _ = of_change(cell.problem, cell.at.point, cell.pattern, 1)
    used = [(kink, s) for kink, s, m in zip(cell.kinks, cell.signs, mu, strict=True) if m]
    goal = disjunction(compare(_moved(kink, 1) * s, "<=") for kink, s in used)
    return Statement(title, LINEAR, tuple(made.variables), tuple(made.relations), goal)


def _multiplied(cell: Cell, given: Sequence[Fraction], where: str) -> Statement:
    weights = _weights(cell, given)
    title = f"{where}: the multipliers combine to the risk's change, and none is negative"
    made = _first_order(cell.problem, cell.at, cell.pattern, weights, title)
    signs = [compare(x, ">=") for x in given]
    return Statement(title, LINEAR, made.variables, made.premises, conjunction([made.goal, *signs]))


def _weights(cell: Cell, given: Sequence[Fraction]) -> Weights:
    return [(kink, s * x) for kink, s, x in zip(cell.kinks, cell.signs, given, strict=True) if x]


def _held_down(cell: Cell, given: Sequence[Fraction], where: str) -> Iterator[Statement]:
    """R_s − Σ λ_b s_b z_b is stationary, and of second order a sum of squares across the flows and active kinks."""
    yield _multiplied(cell, given, where)
    found = _stationary(cell, given)
    if found is None:
        return
    problem, weights = cell.problem, _weights(cell, given)
    basis = nullspace([*(normal for normal, _ in found.active), *found.moves], problem.size())
    made, _ = of_change(problem, cell.at.point, cell.pattern, 1)
    names = _directions(problem)
    flat = [compare(_moved(kink, 1), "=") for kink, _ in weights]
    flat += [compare(along(names, row), "=") for row in (*found.moves, *basis)]
    title = f"{where}: a direction across flows, active kinks and those of the squares is 0"
    yield Statement(title, LINEAR, tuple(made.variables), (*made.relations, *flat), _zero(names))
    yield from _definite(cell, weights, found, basis, where)


def _stationary(cell: Cell, given: Sequence[Fraction]) -> Stationary | None:
    """The kernel's Hessian, kinks and flows, unless there are too many parameters."""
    if cell.problem.size() > MAX_PARAMETERS:
        return None
    try:
        return stationary(cell, given, "")
    except Rejected:  # then the statement about the multipliers is false
        return None


def _definite(cell: Cell, weights: Weights, found: Stationary, basis: Matrix, where: str) -> Iterator[Statement]:
    """On the span of the basis the change of second order is a sum of squares, 0 at 0 only; what the flows keep."""
    squares, own = _squares(restricted(found.hessian, basis)), [f"e{k + 1}" for k in range(len(basis))]
    title = f"{where}: the change of second order is a sum of squares"
    yield _sum_of_squares(cell.problem, cell.at, cell.pattern, weights, basis, squares, title)
    title, flat = f"{where}: the squares vanish at 0 only", tuple(compare(along(own, row), "=") for _, row in squares)
    yield Statement(title, LINEAR, tuple(own), flat, _zero(own))
    title = f"{where}: the flows change no prediction and no active kink, to first order"
    yield _kept(cell.problem, cell.at, cell.pattern, weights, found.moves, title)


def _eliminated(cell: Cell, fields: Fields, where: str) -> Iterator[Statement]:
    """As _held_down, for the eliminated parameters; and R_s rises along the curve, both ways, or is constant."""
    given = fields.need("multipliers", listed(canonical))
    yield _multiplied(cell, given, where)
    found = _stationary(cell, given)
    if found is None:
        return
    slots = [*fields.need("held", listed(natural)), fields.need("place", natural)]
    face = Slice.of([normal for normal, _ in found.active], slots, cell.problem.size(), "")
    tangent = face.tangents(slots)
    yield from _definite(cell, _weights(cell, given), found, tangent, where)
    path = fields.need("curve", read_point(cell.problem, coefficients))
    yield from _rises(cell, path, where)


def _rises(cell: Cell, path: Point, where: str) -> Iterator[Statement]:
    """On the cell's pieces, and those of the loss at θ*: R > R(θ*) for 0 < |t| ≤ ε, or R = R(θ*)."""
    problem, at, g = cell.problem, cell.at, Poly(())
    for i, labels in enumerate(problem.targets):
        for x, y in zip(evaluate(problem, path, i, cell.pattern)[-1], labels, strict=True):
            e = Poly(()) + x - y
            a, b, c = problem.loss.part(e.at_zero())
            g += ((e * a + b) * e + c) * problem.loss.factor
    g, t = g - at.risk, variable("t")
    made = of_point(problem, path, cell.pattern)
    risk = risk_at(problem, predicted(problem), at.predictions)[1]
    if not g.coefficients:
        everything, title = ("t", *made.variables), f"{where}: the risk is constant along the curve"
        yield Statement(title, NONLINEAR, everything, tuple(made.relations), compare(risk, "=", at.risk))
        return
    back = Poly(tuple(c * (-1) ** k for k, c in enumerate(g.numerators)), g.over)
    span = reach([each for each in (g, back) if each.sign_after_zero() > 0])
    if span is not None:
        title = f"{where}: the risk is higher along the curve, for 0 < |t| <= {span}"
        near = (compare(t, "distinct"), compare(t, ">=", -span), compare(t, "<=", span), *made.relations)
        yield Statement(title, NONLINEAR, ("t", *made.variables), near, compare(risk, ">", at.risk))


def _directions(problem: Problem) -> list[str]:
    """The variables δ of all parameters' changes."""
    return [f"d{parameter_name(place)}" for place in places(problem)]


def _zero(names: Sequence[str]) -> str:
    return conjunction(compare(variable(name), "=") for name in names)


def _moved(kink: Place, order: int) -> Terms:
    """The change of a pre-activation."""
    return variable("d" * order + z_name(*kink))


def _pulled(problem: Problem, at: Evaluated, f: Sequence[Sequence[Series]], weights: Weights, order: int) -> Terms:
    """Σ r_ik f_ik − Σ s_b λ_b z_b, of their changes of this order."""
    total = polynomial(0)
    for k, r in enumerate(residuals(problem, at.predictions)):
        for i, pull in enumerate(r):
            total += f[i][k].of[order] * pull
    for kink, weight in weights:
        total -= _moved(kink, order) * weight
    return total


def _first_order(problem: Problem, at: Evaluated, pattern: Pattern, weights: Weights, title: str) -> Statement:
    made, f = of_change(problem, at.point, pattern, 1)
    goal = compare(_pulled(problem, at, f, weights, 1), "=")
    return Statement(title, LINEAR, tuple(made.variables), tuple(made.relations), goal)


def _squares(matrix: Matrix) -> list[tuple[Fraction, list[Fraction]]]:
    """δᵀMδ = Σ_k d_k ⟨row_k, δ⟩², by elimination on positive diagonal entries, of a semidefinite matrix M."""
    left, found = [list(row) for row in matrix], list[tuple[Fraction, list[Fraction]]]()
    while (p := next((i for i, row in enumerate(left) if row[i] > 0), None)) is not None:
        pivot, lead = left[p], left[p][p]
        row = [x / lead for x in pivot]
        found.append((lead, row))
        left = [[x - a * b for x, b in zip(other, row, strict=True)] for other, a in zip(left, pivot, strict=True)]
    return found


def _sum_of_squares(
    problem: Problem,
    at: Evaluated,
    pattern: Pattern,
    weights: Weights,
    basis: Matrix,
    squares: Sequence[tuple[Fraction, Sequence[Fraction]]],
    title: str,
) -> Statement:
    """c Σ ℓ'' (df)² + 2 Σ r d²f − 2 Σ s_b λ_b d²z_b = Σ_k d_k s_k², all d_k > 0, where δ = Σ_k η_k basis_k.

    f = f* + t df + t² d²f, and so z; s_k = ⟨row_k, η⟩.
    """
    made, f = of_change(problem, at.point, pattern, 2)
    own = [f"e{k + 1}" for k in range(len(basis))]
    made.variables += own
    for c, name in enumerate(_directions(problem)):
        made.relations.append(compare(variable(name), "=", along(own, [row[c] for row in basis])))
    change, total = _pulled(problem, at, f, weights, 2) * 2, polynomial(0)
    for changes, bends in zip(f, second_derivatives(problem, at.predictions), strict=True):
        for x, bend in zip(changes, bends, strict=True):
            if bend is None:
                raise TypeError("a loss without second derivative")
            change += x.of[1] * x.of[1] * bend
    for k, (weight, row) in enumerate(squares):
        s = made.define(f"s{k + 1}", along(own, row))
        total += s * s * weight
    return Statement(title, NONLINEAR, tuple(made.variables), tuple(made.relations), compare(change, "=", total))


def _kept(problem: Problem, at: Evaluated, pattern: Pattern, weights: Weights, moves: Matrix, title: str) -> Statement:
    """Combinations δ = Σ μ_s · move_s change no prediction, and no kink with a weight, to first order."""
    made, f = of_change(problem, at.point, pattern, 1)
    mu = [f"u{s + 1}" for s in range(len(moves))]
    for c, name in enumerate(_directions(problem)):
        made.relations.append(compare(variable(name), "=", along(mu, [move[c] for move in moves])))
    same = [compare(x.of[1], "=") for row in f for x in row] + [compare(_moved(kink, 1), "=") for kink, _ in weights]
    return Statement(title, LINEAR, (*made.variables, *mu), tuple(made.relations), conjunction(same))
