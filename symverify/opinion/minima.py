"""What is posed for the core's rules about points: a point, local minima, a lower point."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from symverify.cells.pattern import pattern_at
from symverify.kernel.core.activation import ONE, ZERO
from symverify.kernel.core.algebra import dot, sign
from symverify.kernel.core.facts import Evaluated, GlobalMinimum, LocalMinimum, LowerBound, SpuriousMinimum
from symverify.kernel.core.network import Pattern, Place, Problem, Vector, pieces_at, rational, residuals
from symverify.kernel.core.text import canonical, listed
from symverify.opinion.equations import (
    f_names,
    inside,
    of_cell,
    of_point,
    places,
    too_large,
    units,
    whereabouts,
    z_name,
)
from symverify.opinion.losses import minorant, no_lower, risk_at, small, tangents
from symverify.opinion.statement import LINEAR, NONLINEAR, Given, Statement
from symverify.opinion.terms import Terms, compare, polynomial, variable
from symverify.opinion.text import conjunction, disjunction

MAX_VARIABLES = 400  # of an identity over a cell


def predicted(problem: Problem) -> list[list[Terms]]:
    """The variables of all predictions, n × d_Y."""
    return [[variable(name) for name in row] for row in f_names(problem)]


def point(given: Given) -> Iterator[Statement]:
    """The network's equations at θ give f(x_i; θ) and R(θ)."""
    problem, at = given.problem, given.fact(Evaluated)
    if not too_large(problem):
        pattern, f = pattern_at(problem, at.point), predicted(problem)
        made = of_point(problem, at.point, pattern)
        same = [
            compare(x, "=", v) for row, vs in zip(f, at.predictions, strict=True) for x, v in zip(row, vs, strict=True)
        ]
        within, risk = risk_at(problem, f, at.predictions)
        goal = conjunction([*inside(problem, pattern, "<="), *same, *within, compare(risk, "=", at.risk)])
        title = "the network's predictions and its risk at the point"
        yield Statement(title, NONLINEAR, tuple(made.variables), tuple(made.relations), goal)


def interior_minimum(given: Given) -> Iterator[Statement]:
    """θ* is inside the cell, ℓ lies above its tangents, Ψ is constant on the cell; last, no predictions do better."""
    problem, fact = given.problem, given.fact(LocalMinimum)
    if fact.pattern is None:
        raise TypeError("interior_minimum without a pattern")
    if not too_large(problem):
        made = of_point(problem, fact.at.point, fact.pattern)
        title, goal = "the point is strictly inside its cell", conjunction(inside(problem, fact.pattern, "<"))
        yield Statement(title, LINEAR, tuple(made.variables), tuple(made.relations), goal)
    pull = residuals(problem, fact.at.predictions)
    yield tangents(problem, fact.at.predictions, pull)
    title = "the first-order minorant is constant on the cell"
    yield from constant_minorant(problem, fact.at, pull, fact.pattern, title)
    if small(problem, len(problem.inputs) * len(problem.targets[0])):
        title = "no predictions of the cell have lower risk"
        yield no_lower(problem, fact.at.predictions, pull, fact.at.risk, title)


def interior_by_subgradient(given: Given) -> Iterator[Statement]:
    """Where the loss has kinks: θ* is inside the cell, the subgradients are some, and Ψ is constant on the cell."""
    problem, fact = given.problem, given.fact(LocalMinimum)
    if fact.pattern is None:
        raise TypeError("interior_minimum without a pattern")
    if not too_large(problem):
        made = of_point(problem, fact.at.point, fact.pattern)
        title, goal = "the point is strictly inside its cell", conjunction(inside(problem, fact.pattern, "<"))
        yield Statement(title, LINEAR, tuple(made.variables), tuple(made.relations), goal)
    yield from subgradients(given)
    title = "the first-order minorant is constant on the cell"
    yield from constant_minorant(problem, fact.at, fact.pull, fact.pattern, title)


def subgradients(given: Given) -> Iterator[Statement]:
    """Each r_ik is between the one-sided derivatives of the loss at its prediction."""
    problem, at = given.problem, given.premise("point", Evaluated)
    rows = listed(listed(canonical))(given.step.fields["subgradient"], "")
    names, known, goals = list[str](), list[str](), list[str]()
    for i, (row, f, labels) in enumerate(zip(rows, at.predictions, problem.targets, strict=True)):
        for k, (r, x, y) in enumerate(zip(row, f, labels, strict=True)):
            names.append(f"r{i + 1}_{k + 1}")
            known.append(compare(variable(names[-1]), "=", r))
            low, high = (s * problem.loss.factor for s in problem.loss.at(y).slopes(x - y))
            goals += [compare(variable(names[-1]), ">=", low), compare(variable(names[-1]), "<=", high)]
    yield Statement("the subgradients are some of the loss", LINEAR, tuple(names), tuple(known), conjunction(goals))


def constant_minorant(
    problem: Problem,
    at: Evaluated,
    pull: Sequence[Vector],
    pattern: Pattern,
    title: str,
    kept: Mapping[Place, Fraction] | None = None,
) -> Iterator[Statement]:
    """Ψ(θ) = 0 for all θ on these pieces, with these pre-activations as they are, as a polynomial identity."""
    if len(places(problem)) + len(problem.inputs) * units(problem) <= MAX_VARIABLES:
        made = of_cell(problem, pattern)
        face = [compare(variable(z_name(*kink)), "=", t) for kink, t in (kept or {}).items()]
        goal = compare(minorant(at.predictions, pull, predicted(problem)), "=")
        yield Statement(title, NONLINEAR, tuple(made.variables), (*made.relations, *face), goal)


def face_minimum(given: Given) -> Iterator[Statement]:
    """At θ* Σ r_i h(z_ij) = 0 for every unit j (and Σ r_i = 0); around it no unit has a direction of descent."""
    problem, at = given.problem, given.fact(LocalMinimum).at
    if too_large(problem):
        return
    (r,) = pull = residuals(problem, at.predictions)
    pattern, h = pattern_at(problem, at.point), problem.activations[0]
    made, first = of_point(problem, at.point, pattern), list[str]()
    for j, unit in enumerate(pattern[0]):
        parts = ((variable(f"z1_{j + 1}_{i + 1}") * h.slopes[p] + h.offsets[p]) * r[i] for i, p in enumerate(unit))
        first.append(compare(sum(parts, polynomial(0)), "="))
    if problem.output_bias:
        first.append(compare(sum(r, ZERO), "="))
    goal = conjunction([*whereabouts(problem, at.point), *first])
    title = "no first-order change in the output weights, and the boundaries"
    yield Statement(title, LINEAR, tuple(made.variables), tuple(made.relations), goal)
    yield tangents(problem, at.predictions, pull)
    for j in range(problem.widths[1]):
        yield _no_descent(problem, at, r, j)


def _no_descent(problem: Problem, at: Evaluated, r: Vector, j: int) -> Statement:
    """sign(v_j) Σ_i r_i (h(⟨w_j + δ, x̃_i⟩) − h(⟨w_j, x̃_i⟩)) ≥ 0 for small δ, as a cone: = 0 for v_j = 0."""
    h, v = problem.activations[0], sign(rational(at.point[1].weight[0][j]))
    names = [f"d{c + 1}" for c in range(len(problem.row(0)))]
    sizes, premises, change = list[str](), list[str](), polynomial(0)
    for i, pieces in enumerate(pieces_at(problem, at.point)[0][j]):
        along = sum((variable(d) * x for d, x in zip(names, problem.row(i), strict=True)), polynomial(0))
        if len(pieces) == 1:
            change += along * (h.slopes[pieces[0]] * r[i])
            continue
        sizes.append(f"m{i + 1}")
        bent, sides = variable(sizes[-1]), zip(("<=", ">="), pieces, strict=True)
        cases = [[compare(along, op), compare(bent, "=", along * h.slopes[p])] for op, p in sides]
        premises.append(disjunction(map(conjunction, cases)))
        change += bent * r[i]
    title, goal = f"unit {j + 1} has no direction of descent", compare(change * (v or 1), ">=" if v else "=")
    return Statement(title, LINEAR, (*names, *sizes), tuple(premises), goal)


def spurious_minimum(given: Given) -> Iterator[Statement]:
    """R(θ') < R(θ*); and if θ* is said to be the best affine fit: no affine map changes the minorant there."""
    fact = given.fact(SpuriousMinimum)
    yield from _risk_is(given.problem, fact.better, "<", fact.at.risk, "the other point has lower risk")
    if fact.affine:
        yield _affine(given.problem, fact.at)


def global_minimum(given: Given) -> Iterator[Statement]:
    """R(θ*) is no higher than the bound."""
    fact, bound = given.fact(GlobalMinimum), given.premise("bound", LowerBound)
    yield from _risk_is(given.problem, fact.at, "<=", bound.risk, "the point's risk is no higher than the bound")
    if fact.affine:
        yield _affine(given.problem, fact.at)


def _risk_is(problem: Problem, at: Evaluated, op: str, other: Fraction, title: str) -> Iterator[Statement]:
    if not too_large(problem):
        pattern, f = pattern_at(problem, at.point), predicted(problem)
        made = of_point(problem, at.point, pattern)
        within, risk = risk_at(problem, f, at.predictions)
        goal = conjunction([*inside(problem, pattern, "<="), *within, compare(risk, op, other)])
        yield Statement(title, NONLINEAR, tuple(made.variables), tuple(made.relations), goal)


def _affine(problem: Problem, at: Evaluated) -> Statement:
    """Σ_i r_ik x̃_i = 0 for every output k: Σ r_ik ⟨A_k, x̃_i⟩ = 0 for every affine map A."""
    names, total = list[str](), polynomial(0)
    for k, r in enumerate(residuals(problem, at.predictions)):
        for c, phi in enumerate(problem.affine_features()):
            names.append(f"a{k + 1}_{c + 1}")
            total += variable(names[-1]) * dot(r, phi)
    return Statement("no affine map is better, to first order", LINEAR, tuple(names), (), compare(total, "="))


def no_affine_fit(problem: Problem) -> Statement:
    """The equations A x_i + a = y_i have no solution."""
    names = [f"a{k + 1}_{c + 1}" for k in range(problem.widths[-1]) for c in range(problem.widths[0] + 1)]
    equations = []
    for x, y in zip(problem.inputs, problem.targets, strict=True):
        for k, label in enumerate(y):
            parts = (variable(f"a{k + 1}_{c + 1}") * v for c, v in enumerate((*x, ONE)))
            equations.append(compare(sum(parts, polynomial(0)), "distinct", label))
    return Statement("no affine map has the labels as its values", LINEAR, tuple(names), (), disjunction(equations))
