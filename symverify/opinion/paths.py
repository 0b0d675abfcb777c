"""What is posed for the rules about curves in parameter space: descent, valleys, paths between minima of a cell."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from itertools import pairwise

from symverify.kernel.cells.constant_risk_path import ConstantRiskPath
from symverify.kernel.core.activation import ONE, ZERO
from symverify.kernel.core.algebra import dot, sign
from symverify.kernel.core.errors import Declined
from symverify.kernel.core.facts import LocalMinimum, Minimum, NotLocalMinimum, SpuriousMinimum
from symverify.kernel.core.network import Pattern, Point, Problem, rational, risk_along
from symverify.kernel.core.poly import Poly, around, positive_on_unit_interval
from symverify.kernel.core.proof import polynomial as coefficients
from symverify.kernel.core.proof import read_point
from symverify.kernel.programs.parameters import hidden
from symverify.kernel.programs.values import trace
from symverify.opinion.equations import entry, inside, of_point, places, scalar, too_large
from symverify.opinion.losses import risk_at, same_slope
from symverify.opinion.minima import predicted
from symverify.opinion.statement import LINEAR, NONLINEAR, Given, Statement
from symverify.opinion.terms import Terms, compare, polynomial, variable
from symverify.opinion.text import conjunction, disjunction

T = variable("t")
MAX_NODES = 20  # of a path, that are posed
TIMES = [Fraction(1, k) for k in range(1, 200)]  # more than a polynomial of a path may be equal at


def _path(given: Given, name: str) -> Point:
    return read_point(given.problem, coefficients)(given.step.fields[name], name)


def _traced(problem: Problem, path: Point) -> list[list[list[Poly]]]:
    """Per sample the pre-activations, layer by layer, and the predictions for small t > 0."""
    return [[[Poly(()) + x for x in row] for row in trace(problem, path, i)] for i in range(len(problem.inputs))]


def descent(given: Given) -> Iterator[Statement]:
    """For 0 < t ≤ ε, some ε: the network's equations along the curve give a risk below R(θ*)."""
    problem, at, path = given.problem, given.fact(NotLocalMinimum).at, _path(given, "curve")
    if too_large(problem):
        return
    rows = _traced(problem, path)
    pattern: Pattern = tuple(
        tuple(tuple(around(node.h.breakpoints, row[m][j])[0] for row in rows) for j in range(width))
        for m, (node, width) in enumerate(zip(problem.bents, hidden(problem), strict=True))
    )
    fall = (risk_along(problem, path) - at.risk) * -1
    span = reach([*_margins(problem, rows, pattern), *([fall] if fall.sign_after_zero() > 0 else [])])
    if span is None:
        return
    yield _begins(problem, path, at.point, "the curve begins at the point")
    made, f = of_point(problem, path, pattern), predicted(problem)
    soon = [[_value(p, span) for p in row[-1]] for row in rows]
    within, risk = risk_at(problem, f, list(map(tuple, soon)))
    goal = conjunction([*inside(problem, pattern, "<="), *within, compare(risk, "<", at.risk)])
    premises = (compare(T, ">"), compare(T, "<=", span), *made.relations)
    yield Statement(f"the risk falls for 0 < t <= {span}", NONLINEAR, ("t", *made.variables), premises, goal)


def _begins(problem: Problem, path: Point, start: Point, title: str) -> Statement:
    """At t = 0 every parameter is that of the point."""
    same = [compare(scalar(entry(path, place)), "=", rational(entry(start, place))) for place in places(problem)]
    return Statement(title, NONLINEAR, ("t",), (compare(T, "="),), conjunction(same))


def _leaves(problem: Problem, path: Point) -> Statement:
    """At some t a parameter is not what it is at t = 0; a polynomial that is not constant is so nearly everywhere."""
    moving = [Poly(()) + entry(path, place) for place in places(problem)]
    far = next((t for t in TIMES if any(_value(p, t) != p.at_zero() for p in moving)), ONE)
    other = [compare(scalar(p), "distinct", p.at_zero()) for p in moving if not p.is_constant()]
    title = f"the path is not constant: at t = {far} it is elsewhere"
    return Statement(title, NONLINEAR, ("t",), (compare(T, "=", far),), disjunction(other))


def _value(p: Poly, t: Fraction) -> Fraction:
    return sum((c * t**k for k, c in enumerate(p.coefficients)), ZERO)


def _margins(problem: Problem, rows: Sequence[Sequence[Sequence[Poly]]], pattern: Pattern) -> list[Poly]:
    """The polynomials that are positive while pre-activations and errors stay in their pieces; not those that are 0."""
    found = list[Poly]()
    for i, row in enumerate(rows):
        for m, layer in enumerate(row[:-1]):
            cuts = problem.bents[m].h.breakpoints
            for j, z in enumerate(layer):
                p = pattern[m][j][i]
                found += [z - lower for lower in (cuts[p - 1 : p] if p else ())]
                found += [(z - upper) * -1 for upper in cuts[p : p + 1]]
        for x, y in zip(row[-1], problem.targets[i], strict=True):
            found += [(x - y - cut) * (x - y - cut).sign_after_zero() for cut in problem.loss.cuts]
    return [p for p in found if p.coefficients]


def reach(positive: Sequence[Poly]) -> Fraction | None:
    """Some ε such that the polynomials, positive for small t > 0, are so on (0, ε]; None if it would be tiny."""
    epsilon = ONE
    for _ in range(60):
        scaled = []
        for p in positive:
            order = next(power for power, c in enumerate(p.coefficients) if c)
            scaled.append(Poly.of([c * epsilon**power for power, c in enumerate(p.coefficients)][order:]))
        with suppress(Declined):  # too close to 0 to tell: a smaller ε helps
            if all(map(positive_on_unit_interval, scaled)):
                return epsilon
        epsilon /= 2
    return None


def valley(given: Given) -> Iterator[Statement]:
    """For 0 ≤ t ≤ 1 the network's equations along the path keep it in the cell, with the same predictions."""
    problem, minimum, path = given.problem, given.premise("minimum", Minimum), _path(given, "path")
    if not isinstance(minimum, LocalMinimum | SpuriousMinimum) or minimum.pattern is None:
        raise TypeError("a valley from a minimum without a pattern")
    if too_large(problem):
        return
    yield _begins(problem, path, minimum.at.point, "the path begins at the minimum")
    yield _leaves(problem, path)
    made, f = of_point(problem, path, minimum.pattern), predicted(problem)
    variables, premises = ("t", *made.variables), (compare(T, ">="), compare(T, "<=", 1), *made.relations)
    held = conjunction(inside(problem, minimum.pattern, "<"))
    yield Statement("the path stays strictly inside the cell", NONLINEAR, variables, premises, held)
    same = [
        compare(x, "=", v)
        for row, vs in zip(f, minimum.at.predictions, strict=True)
        for x, v in zip(row, vs, strict=True)
    ]
    yield Statement("the predictions do not change along it", NONLINEAR, variables, premises, conjunction(same))


def constant_risk_path(given: Given) -> Iterator[Statement]:
    """Each node is in the cell and has θ_0's loss gradient; between neighbours the units and predictions stay there."""
    problem, fact = given.problem, given.fact(ConstantRiskPath)
    pattern = fact.minimum.pattern
    if pattern is None:
        raise TypeError("a path from a minimum without a pattern")
    if too_large(problem):
        return
    best, nodes = fact.minimum.at.predictions, fact.nodes[: MAX_NODES + 1]
    for number, node in enumerate(nodes):
        made = of_point(problem, node, pattern)
        held = [
            each
            for row, (b,), (y,) in zip(predicted(problem), best, problem.targets, strict=True)
            for each in same_slope(problem, row[0], b, y)
        ]
        goal = conjunction([*inside(problem, pattern, "<"), *held])
        title = f"node {number} is in the cell and has the best predictions"
        yield Statement(title, LINEAR, tuple(made.variables), tuple(made.relations), goal)
    for number, ends in enumerate(pairwise(nodes), 1):
        yield _between(problem, pattern, ends, best, number)


def _mixed(a: Fraction, b: Fraction) -> Terms:
    """a at t = 0, b at t = 1."""
    return T * (b - a) + a


def _between(
    problem: Problem, pattern: Pattern, ends: tuple[Point, Point], best: Sequence[Sequence[Fraction]], number: int
) -> Statement:
    """On 0 ≤ t ≤ 1: (v w, v, c) of each unit is a mixture; |v| z, or z where v = 0 at an end, stays in its piece."""
    h, goals = problem.activations[0], list[str]()
    biases = [rational(p[1].bias[0]) if p[1].bias is not None else ZERO for p in ends]
    f = [_mixed(biases[0], biases[1]) for _ in problem.inputs]
    for j in range(problem.widths[1]):
        v = [rational(p[1].weight[0][j]) for p in ends]
        w = [
            [*map(rational, p[0].weight[j]), *([rational(p[0].bias[j])] if p[0].bias is not None else [])] for p in ends
        ]
        scale = [abs(x) for x in v] if all(v) else [ONE, ONE]
        if bool(v[0]) != bool(v[1]):  # w is that of the end with v ≠ 0 all along
            goals += [compare(polynomial(a - b), "=") for a, b in zip(*w, strict=True)]
        for i in range(len(problem.inputs)):
            z = [dot(each, problem.row(i)) for each in w]
            p = pattern[0][j][i]
            linear = _mixed(v[0] * z[0], v[1] * z[1]) * h.slopes[p] + _mixed(v[0], v[1]) * h.offsets[p]
            f[i] += linear
            if problem.dead_row(i):
                continue
            sides = [(1, t) for t in (h.breakpoints[p - 1 : p] if p else ())]
            sides += [(-1, t) for t in h.breakpoints[p : p + 1]]
            for side, t in sides:
                goals.append(compare(_mixed(*(side * s * (x - t) for s, x in zip(scale, z, strict=True))), ">"))
        goals.append(compare(polynomial(sign(v[0]) * sign(v[1])), ">="))
    for x, (b,), (y,) in zip(f, best, problem.targets, strict=True):
        goals += same_slope(problem, x, b, y)
    title, interval = f"the path from node {number - 1} to node {number}", (compare(T, ">="), compare(T, "<=", 1))
    return Statement(title, LINEAR, ("t",), interval, conjunction(goals))
