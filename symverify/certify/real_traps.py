"""The claim that every cell traps, where best fits are real: a dual point, or a direction, for each cell of a unit."""

from collections.abc import Sequence
from fractions import Fraction

from symverify.cells.unit import unit_cells
from symverify.certify.reals import lowest
from symverify.certify.session import Outcome, Proved, Session, Undecided
from symverify.certify.theorem2 import cover
from symverify.errors import NotShallow
from symverify.kernel.core.errors import Rejected
from symverify.kernel.core.network import Problem, Vector, features
from symverify.kernel.reals.facts import real_loss
from symverify.kernel.reals.real_cell_traps import RealCellTraps
from symverify.search.cell_minima import named_pattern
from symverify.search.span_dual import NotFitted, span_fit

MAX_TRAPS = 100


def cell_traps(session: Session) -> Outcome:
    """Every cell of a unit holds local minima for all labels inside the loss's domain; those of the labels given."""
    problem, certificate = session.problem, session.certificate
    try:
        premises = {"cells": cover(session)}
        certificate.step("real_cell_traps", premises)
    except NotShallow as error:
        return Undecided(str(error))
    except Rejected as error:
        return Undecided(error.reason)
    cells = unit_cells(problem)
    if len(cells) > MAX_TRAPS:
        why = f"the risks of more than {MAX_TRAPS} minima are not listed"
        return Proved(certificate.step("real_cell_traps", premises), (("reason", why),))
    place: dict[str, object] = {}
    if session.cell is not None:
        (units,) = named_pattern(problem, session.cell)
        rows = [tuple(int(p) for p in row) for row in cells.pieces]
        if len(set(units)) != 1 or units[0] not in rows:
            return Undecided("the cell is empty, or its units are not all alike: only such cells hold minima always")
        place = {"shown": rows.index(units[0])}
    session.progress("the best fit in every cell of a unit")
    traps = list[dict[str, object]]()
    for k in range(len(cells)):
        weights, pieces = cells.witness(k), tuple(int(p) for p in cells.pieces[k])
        found = fitted(problem, features(problem, ((pieces,),)))
        if isinstance(found, str):
            why = f"the risks are not listed: {found}"
            return Proved(certificate.step("real_cell_traps", premises), (("reason", why),))
        traps.append({"weights": [str(x) for x in weights], **found})
    step = certificate.step("real_cell_traps", premises, traps=traps, **place)
    fact = certificate.fact(step)
    if not isinstance(fact, RealCellTraps) or fact.ends is None:
        return Proved(step)
    better = lowest(session, fact.ends[1].lower)
    if better is None or better.risk.upper >= fact.ends[1].lower:
        return Proved(step)
    premises["better"] = certificate.point(better.point)
    return Proved(certificate.step("real_cell_traps", premises, traps=traps, **place))


def fitted(problem: Problem, span: Sequence[Vector]) -> dict[str, object] | str:
    """A cell's dual point and nearly best coefficients, or the direction in which its risk falls for ever."""
    loss, outputs = real_loss(problem), problem.widths[-1]
    if not span:  # all units dead, no output bias: the predictions are 0, whose own dual point is ψ'(0)
        rows = [[Fraction(1, k)] * outputs for k in (1, 2, outputs)]
        best = next(row for row in rows if loss.inside(row, True))
        return {"dual": [[str(x) for x in best]] * len(problem.inputs), "near": [[]] * outputs}
    try:
        fit = span_fit(problem, span)
    except NotFitted as error:
        return str(error)
    if fit.direction is not None:
        return {"direction": [[str(x) for x in row] for row in fit.direction]}
    return {"dual": [[str(x) for x in row] for row in fit.dual], "near": [[str(x) for x in row] for row in fit.near]}
