"""Claims about cells of one hidden layer with scalar output: minima, components, infimum; all cells, all faces."""

from collections.abc import Sequence
from itertools import combinations_with_replacement
from math import comb

from symverify.cells.faces import unit_faces
from symverify.cells.unit import unit_cells
from symverify.certify.cell_minima import cell_infimum as infimum_fields
from symverify.certify.cell_minima import cell_minima as minima_fields
from symverify.certify.cell_minima import constant_risk_path as path_fields
from symverify.certify.session import Outcome, Proved, Session, Undecided, beside
from symverify.errors import NotShallow
from symverify.kernel.cells.cell_cover import UnitCells
from symverify.kernel.core.errors import Rejected
from symverify.kernel.core.network import Pattern, Point, cell_of
from symverify.search.affine_minimum import NotConstructible
from symverify.search.answers import Unknown
from symverify.search.cell_minima import CellMinima, EmptyCell, FaceMinima, cell_minima, face_minima, named_pattern
from symverify.search.constant_risk_path import constant_risk_path as path_at_risk
from symverify.search.expand import pattern_text
from symverify.search.strata import Row

MAX_WITNESSES, MAX_ATLAS = 400, 5_000


def cells(session: Session) -> Outcome:
    """How many cells a hidden unit has, and the network; with a witness in each where they are few."""
    try:
        step = cover(session)
    except NotShallow as error:
        return Undecided(str(error))
    fact = session.certificate.fact(step)
    if isinstance(fact, UnitCells) and fact.count <= MAX_WITNESSES:
        found = unit_cells(session.problem)
        witnesses = [[str(x) for x in found.witness(k)] for k in range(len(found))]
        step = session.certificate.step("cell_cover", witnesses=witnesses)
    return Proved(step)


def cover(session: Session) -> int:
    """The step that counts the cells of a unit. Raises NotShallow."""
    if len(session.problem.widths) != 3:
        raise NotShallow("cells are counted for networks with one hidden layer")
    session.progress("counting the cells of a hidden unit")
    return session.certificate.step("cell_cover")


def minima_of_cell(session: Session) -> Outcome:
    """The local minima inside one cell: their risk, components and orbits; and the infimum over the cell."""
    chosen = named(session)
    if isinstance(chosen, Undecided):
        return chosen
    session.progress("the local minima of one cell, by the signs of the output weights")
    found = cell_minima(session.problem, chosen)
    if isinstance(found, EmptyCell):
        return Undecided(f"the cell is empty: no weights give unit {found.unit + 1} these pieces")
    if isinstance(found, Unknown):
        return Undecided(found.reason)
    step = _minima_step(session, found)
    at = session.certificate.point(found.interior)
    lowest = session.certificate.step("cell_infimum", {"point": at}, **infimum_fields(found))
    session.certificate.claim("cell_infimum", lowest)
    _join(session, found)
    return Proved(step, (("reason", _told(found)),))


def _join(session: Session, found: CellMinima) -> None:
    """Where the given point is one of the minima: a path of constant risk from it to a witness of its component."""
    start = session.problem.parameters
    if start is None or not found.inside or start in [each for o in found.orbits for each in o.witnesses()]:
        return
    try:
        minimum = session.certificate.step("interior_minimum", {"point": session.certificate.point(start)})
    except Rejected:
        return
    try:
        if cell_of(session.problem, start) != found.strata.pattern:
            return
    except Rejected:
        return
    for goal in (each for orbit in found.orbits for each in orbit.witnesses()):
        nodes = path_at_risk(found, start, goal)
        if nodes is not None:
            step = session.certificate.step("constant_risk_path", {"minimum": minimum}, **path_fields(nodes))
            session.certificate.claim("constant_risk_path", step)
            return


def named(session: Session) -> Pattern | Undecided:
    """The cell asked for, or that of the given point, or that of the constructed minimum."""
    if session.cell is not None:
        return session.cell
    theta: Point | None = session.problem.parameters
    try:
        return cell_of(session.problem, theta if theta is not None else session.affine().point)
    except Rejected as error:
        return Undecided(f"name a cell by its pattern: {error.reason}, so the given point is in no cell")
    except NotConstructible as error:
        return Undecided(f"name a cell by its pattern: {error}")


def spelled_cell(session: Session) -> str | None:
    """The cell that a claim about one cell is about, as statements spell it; None if there is none."""
    chosen = named(session)
    try:
        return None if isinstance(chosen, Undecided) else pattern_text(named_pattern(session.problem, chosen))
    except ValueError:
        return None


def _minima_step(session: Session, found: CellMinima | FaceMinima) -> int:
    at = session.certificate.point(found.interior)
    return session.certificate.step("cell_minima", {"point": at}, **minima_fields(found))


def _told(found: CellMinima) -> str:
    """What the search sees of a cell without minima."""
    if found.inside:
        return ""
    held = "attained on its boundary" if found.infimum.attained is not None else "not seen to be attained"
    return f"the infimum over the cell is {held}"


def atlas(session: Session) -> Outcome:
    """All cells, up to exchanging units, with the local minima inside each."""
    if session.problem.widths[-1] != 1:
        return Undecided("the atlas is made for scalar output")
    try:
        counted = cover(session)
    except NotShallow as error:
        return Undecided(str(error))
    cells = unit_cells(session.problem)
    steps = _everywhere(session, [cells.witness(k) for k in range(len(cells))], "cells")
    if isinstance(steps, Undecided):
        return steps
    return Proved(session.certificate.step("atlas", {"cells": counted, "minima": steps}))


def face_atlas(session: Session) -> Outcome:
    """All local minima: those on every face, up to exchanging units, grouped into connected valleys."""
    if len(session.problem.widths) != 3 or session.problem.widths[-1] != 1:
        return Undecided("the atlas is made for one hidden layer and scalar output")
    session.progress("listing the faces of a hidden unit")
    steps = _everywhere(session, unit_faces(session.problem), "faces")
    if isinstance(steps, Undecided):
        return steps
    session.progress("joining the minima into valleys")
    return Proved(session.certificate.step("face_atlas", {"minima": steps}))


def _everywhere(session: Session, places: Sequence[Row], what: str) -> list[int] | Undecided:
    """The steps of the minima in all cells or on all faces of the network, given weights in each one of a unit."""
    units, steps = session.problem.widths[1], list[int]()
    if (every := comb(len(places) + units - 1, units)) > MAX_ATLAS:
        return Undecided(f"there are more than {MAX_ATLAS} {what} up to exchanging units")
    for number, rows in enumerate(combinations_with_replacement(places, units)):
        if session.remaining() < 0:
            return Undecided(f"stopped after {number} of {every} {what}, as the time was up")
        if number % 20 == 0:
            session.progress(f"the atlas: {number} of {every} {what}")
        found = face_minima(session.problem, rows)
        if isinstance(found, Unknown):
            return Undecided(found.reason)
        steps.append(_minima_step(session, found))
    return steps


cell_infimum = beside(minima_of_cell, "cell_infimum")
constant_risk_path = beside(
    minima_of_cell,
    "constant_risk_path",
    "none is sought: the given point is no minimum inside the cell, or is what its component is named by",
)
