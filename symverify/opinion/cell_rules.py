"""What is posed for the rules about cells and faces of one hidden layer: lists, minima and infima of them."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from symverify.cells.pattern import pattern_at
from symverify.kernel.cells.cell_infimum import CellInfimum
from symverify.kernel.cells.cell_minima import CellMinima, level
from symverify.kernel.cells.strata import Slots, UnitClass, dual, face_of, features, loss_gradient, unit_classes
from symverify.kernel.core.activation import ZERO
from symverify.kernel.core.algebra import dot, sign
from symverify.kernel.core.network import Problem, Vector, residuals
from symverify.kernel.core.proof import read_point
from symverify.kernel.core.text import canonical, listed, optional
from symverify.opinion import losses
from symverify.opinion.equations import f_names, of_point, too_large, whereabouts
from symverify.opinion.minima import predicted
from symverify.opinion.statement import LINEAR, NONLINEAR, Given, Statement
from symverify.opinion.terms import along, compare, polynomial, variable
from symverify.opinion.text import conjunction, disjunction

MAX_CELL_SIGNS = 400  # of a list of cells: cells times samples
MAX_DUALS = 20  # bounds or separators of a cell that are posed
SIDES = {-1: "<", 0: "=", 1: ">"}


def cell_cover(given: Given) -> Iterator[Statement]:
    """Weights on no boundary have the pattern of one of the witnesses. Without witnesses nothing is posed."""
    problem, witnesses = given.problem, given.step.fields.get("witnesses")
    rows = [(i, problem.row(i)) for i in range(len(problem.inputs)) if not problem.dead_row(i)]
    if witnesses is None:
        return
    units = listed(listed(canonical))(witnesses, "witnesses")
    if len(units) * len(rows) > MAX_CELL_SIGNS:
        return
    names = [f"w{c + 1}" for c in range(len(problem.row(0)))]
    cuts = problem.activations[0].breakpoints
    z = {i: sum((variable(w) * v for v, w in zip(x, names, strict=True)), polynomial(0)) for i, x in rows}
    off = [compare(z[i], "distinct", t) for i in z for t in cuts]
    patterns = [conjunction(compare(z[i], SIDES[sign(dot(w, x) - t)], t) for i, x in rows for t in cuts) for w in units]
    yield Statement("there are no other cells", LINEAR, tuple(names), tuple(off), disjunction(patterns))


def cell_minima(given: Given) -> Iterator[Statement]:
    """The best predictions, a witness for each type that has minima, and the separators of the others."""
    problem, fact, fields = given.problem, given.fact(CellMinima), given.step.fields
    if too_large(problem):
        return
    best = listed(canonical)(fields["best"], "best")
    classes = unit_classes(problem, fact.face)
    rows = [(f,) for f in best]
    yield losses.tangents(problem, rows, residuals(problem, rows))
    yield from best_in_span(problem, features(problem, classes), best, "cell" if fact.is_cell else "face")
    yield losses.priced(problem, rows, fact.risk, "the best predictions' risk")
    for number, theta in enumerate(listed(read_point(problem, canonical))(fields["witnesses"], "")[:MAX_DUALS], 1):
        made = of_point(problem, theta, pattern_at(problem, theta))
        held = [
            each
            for (f,), b, (y,) in zip(predicted(problem), best, problem.targets, strict=True)
            for each in losses.same_slope(problem, f, b, y)
        ]
        goal = conjunction([*whereabouts(problem, fact.cell.point), *held])
        title = f"witness {number} is on the face and has best predictions"
        yield Statement(title, LINEAR, tuple(made.variables), tuple(made.relations), goal)
    duals: list[tuple[list[Fraction], Slots]] = listed(dual)(fields["separators"], "")
    for number, (g, slots) in enumerate(duals[:MAX_DUALS], 1):
        yield from _admitted(problem, classes, g, slots, f"separator {number}")
        yield _separates(problem, g, best, number, any(map(_strict, slots)))


def best_in_span(
    problem: Problem, span: Sequence[Vector], best: Sequence[Fraction], where: str = "cell"
) -> Iterator[Statement]:
    """Predictions in the features' span do not change the minorant; the best ones are in it."""
    names = [f"c{k + 1}" for k in range(len(span))]
    r, total = loss_gradient(problem, best), polynomial(0)
    for name, phi in zip(names, span, strict=True):
        total += variable(name) * dot(r, phi)
    title = f"predictions of the {where} do not change the minorant"
    yield Statement(title, LINEAR, tuple(names), (), compare(total, "="))
    g = [f"g{i + 1}" for i in range(len(best))]
    across = tuple(compare(along(g, phi), "=") for phi in span)
    title = f"what is orthogonal to all predictions of the {where} is so to the best ones"
    yield Statement(title, LINEAR, tuple(g), across, compare(along(g, best), "="))


def _strict(kappa: Sequence[Fraction] | None) -> bool:
    return kappa is not None and any(kappa)


def _admitted(
    problem: Problem, classes: Sequence[UnitClass], g: Sequence[Fraction], slots: Slots, title: str
) -> Iterator[Statement]:
    """s ⟨g, F_k y⟩ ≥ 0 where A_k y ≥ 0, for the slots that are given; and > 0 where A_k y > 0, for the strict ones.

    With an output bias ⟨g, c⟩ = 0 for all constants c.
    """
    for strict, sides, words in ((False, (">=", ">="), "admits"), (True, (">", ">"), "is positive inside")):
        names, premises, goals = list[str](), list[str](), list[str]()
        if problem.output_bias and not strict:
            names.append("c1")
            goals.append(compare(variable("c1") * sum(g, ZERO), "="))
        for slot, kappa in enumerate(slots):
            if kappa is None or (strict and not _strict(kappa)):
                continue
            k = classes[slot // 2]
            y = [f"y{slot + 1}_{c + 1}" for c in range(len(k.columns))]
            names += y
            premises += [compare(along(y, row), sides[0]) for row in k.rows]
            pull = along(y, [dot(g, column) for column in k.columns]) * (1 - 2 * (slot % 2))
            goals.append(compare(pull, sides[1]))
        if goals:
            yield Statement(f"{title} {words} its signs", LINEAR, tuple(names), tuple(premises), conjunction(goals))


def _separates(
    problem: Problem, g: Sequence[Fraction], best: Sequence[Fraction], number: int, strict: bool
) -> Statement:
    """⟨g, f⟩ ≤ 0 for all f with the best predictions' loss gradient; < 0 if its supremum is, or no slot is strict."""
    names = [name for (name,) in f_names(problem)]
    held, top = list[str](), ZERO
    for x, name, b, (y,) in zip(g, names, best, problem.targets, strict=True):
        held += losses.same_slope(problem, variable(name), b, y)
        low, high = level(problem, b, y)
        top += x * ((high if x > 0 else low) or ZERO)
    op, words = ("<=", "not positive") if strict and top >= 0 else ("<", "negative")
    title, goal = f"separator {number} is {words} on best predictions", compare(along(names, g), op)
    return Statement(title, LINEAR, tuple(names), tuple(held), goal)


def cell_infimum(given: Given) -> Iterator[Statement]:
    """The limit is in the closed cones and has the risk; each bound admits its signs and bounds the risk."""
    problem, fact, fields = given.problem, given.fact(CellInfimum), given.step.fields
    if too_large(problem):
        return
    classes = unit_classes(problem, face_of(problem, fact.cell.point))
    yield _limit(given, classes, fact.risk)
    duals: list[tuple[list[Fraction], Slots]] = listed(dual)(fields["bounds"], "")
    for number, (b, slots) in enumerate(duals[:MAX_DUALS], 1):
        r = loss_gradient(problem, b)
        yield losses.tangents(problem, [(x,) for x in b], [r])
        yield from _admitted(problem, classes, r, slots, f"bound {number}")
        yield _bounds(problem, b, fact.risk, f"bound {number} proves the risk")


def _limit(given: Given, classes: Sequence[UnitClass], risk: Fraction) -> Statement:
    """f = c + Σ_q s F_k z_q, z_q in the closed cone, has the risk."""
    problem, fields = given.problem, given.step.fields
    slots: Slots = listed(optional(listed(canonical)))(fields["limit"], "")
    shift = canonical(fields["bias"], "") if problem.output_bias else ZERO
    values, names, premises, goals = [shift] * len(problem.inputs), list[str](), list[str](), list[str]()
    f = [polynomial(shift)] * len(problem.inputs)
    for slot, z in enumerate(slots):
        if z is None:
            continue
        k, s, y = classes[slot // 2], 1 - 2 * (slot % 2), [f"y{slot + 1}_{c + 1}" for c in range(len(z))]
        names += y
        premises += [compare(variable(name), "=", x) for name, x in zip(y, z, strict=True)]
        goals += [compare(along(y, row), ">=") for row in k.rows]
        effects = list(zip(*k.columns, strict=True))
        f = [a + along(y, row) * s for a, row in zip(f, effects, strict=True)]
        values = [a + s * dot(z, row) for a, row in zip(values, effects, strict=True)]
    premises += [compare(a, "=", b) for (b,), a in zip(predicted(problem), f, strict=True)]
    within, total = losses.risk_at(problem, predicted(problem), [(x,) for x in values])
    goal = conjunction([*goals, *within, compare(total, "=", risk)])
    names += [name for (name,) in f_names(problem)]
    return Statement("the risk of the limit", NONLINEAR, tuple(names), tuple(premises), goal)


def _bounds(problem: Problem, b: Sequence[Fraction], risk: Fraction, title: str) -> Statement:
    """⟨r, f⟩ ≥ 0, and losses q_i above the tangents at b, give at least the risk."""
    names = [name for (name,) in f_names(problem)]
    premises, total = [compare(along(names, loss_gradient(problem, b)), ">=")], polynomial(0)
    for i, (name, x, (y,)) in enumerate(zip(names, b, problem.targets, strict=True)):
        q, e = variable(f"q{i + 1}"), x - y
        line = (variable(name) - x) * problem.loss.slope(e) + problem.loss.value(e)
        premises.append(compare(q, ">=", line))
        total += q * problem.loss.factor
    everything = (*names, *(f"q{i + 1}" for i in range(len(names))))
    return Statement(title, LINEAR, everything, tuple(premises), compare(total, ">=", risk))
