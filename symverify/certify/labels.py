"""Claims about all labels, or those near the given ones: every cell traps; how robust a theorem is."""

from fractions import Fraction

from symverify.cells.unit import UnitCells, unit_cells
from symverify.certify.session import Outcome, Proved, Session, Undecided
from symverify.certify.theorem2 import cover
from symverify.errors import NotShallow
from symverify.kernel.cells.cell_cover import unit_pattern
from symverify.kernel.core.network import predictions, risk
from symverify.search.cell_minima import named_pattern
from symverify.search.traps import Row, best_fit, trap

MAX_TRAPS = 1_000


def cell_traps(session: Session) -> Outcome:
    """Every cell of a unit holds local minima, whatever the labels; with these, their risks and who is spurious."""
    problem = session.problem
    if problem.widths[-1] != 1 or len(problem.widths) != 3 or problem.widths[1] < 2:
        return Undecided("needs one hidden layer of two or more units, and scalar output")
    try:
        counted = cover(session)
    except NotShallow as error:
        return Undecided(str(error))
    cells = unit_cells(problem)
    if len(cells) > MAX_TRAPS:
        chosen = _chosen(session, cells, [])
        if isinstance(chosen, Undecided):
            return chosen
        premises = {"cells": counted} | ({} if chosen is None else {"minimum": chosen})
        why = f"the risks of more than {MAX_TRAPS} minima are not listed"
        return Proved(session.certificate.step("cell_traps", premises), (("reason", why),))
    session.progress("the best fit in every cell of a unit")
    fits = list[tuple[Row, Row]]()
    for k in range(len(cells)):
        weights = cells.witness(k)
        fits.append((weights, best_fit(problem, unit_pattern(problem, list(weights), ""))))
    listed = [{"weights": [str(x) for x in w], "best": [str(x) for x in f]} for w, f in fits]
    chosen = _chosen(session, cells, fits)
    if isinstance(chosen, Undecided):
        return chosen
    premises = {"cells": counted} | ({} if chosen is None else {"minimum": chosen})
    if (better := _lowest(session, fits)) is not None:
        premises["better"] = better
    return Proved(session.certificate.step("cell_traps", premises, traps=listed))


def _chosen(session: Session, cells: UnitCells, fits: list[tuple[Row, Row]]) -> int | Undecided | None:
    """The step of the local minimum in the cell that was asked for; None if none was."""
    problem, certificate = session.problem, session.certificate
    if session.cell is None:
        return None
    (units,) = named_pattern(problem, session.cell)
    if len(set(units)) != 1:
        return Undecided("for all labels only the cells with all units alike hold minima: name one of these")
    place = next((k for k in range(len(cells)) if tuple(int(p) for p in cells.pieces[k]) == units[0]), None)
    if place is None:
        return Undecided("the cell is empty")
    weights = cells.witness(place)
    best = fits[place][1] if fits else best_fit(problem, units[0])
    at = certificate.point(trap(problem, weights, best))
    return certificate.step("interior_minimum", {"point": at})


def _lowest(session: Session, fits: list[tuple[Row, Row]]) -> int | None:
    """The step of the lowest point that is known, if one of these minima is above it."""
    problem = session.problem

    def height(fit: tuple[Row, Row]) -> Fraction:
        return risk(problem, [(f,) for f in fit[1]])

    highest, lowest = trap(problem, *max(fits, key=height)), trap(problem, *min(fits, key=height))
    top, bottom = (risk(problem, predictions(problem, each)) for each in (highest, lowest))
    found = session.lower_than(highest, top) if top else None
    point, least = (lowest, bottom) if found is None or found.risk > bottom else (found.point, found.risk)
    return session.certificate.point(point) if least < top else None
