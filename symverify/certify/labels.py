"""Claims about all labels, or those near the given ones: every cell traps; how robust a theorem is."""

from collections.abc import Sequence
from fractions import Fraction

from symverify.cells.unit import UnitCells, unit_cells
from symverify.certify.cell_minima import spelled_dual, vector
from symverify.certify.session import Outcome, Proved, Session, Undecided
from symverify.certify.theorem2 import cover, minima_of_cell, named
from symverify.errors import NotShallow
from symverify.ground.linear import least_squares, primitive
from symverify.ground.time_limit import on_time, timed
from symverify.kernel.cells.cell_cover import unit_pattern
from symverify.kernel.cells.cell_minima import choices
from symverify.kernel.cells.strata import types
from symverify.kernel.core.errors import Rejected
from symverify.kernel.core.facts import Evaluated
from symverify.kernel.core.network import Point, Problem, predictions, risk
from symverify.kernel.labels.every_slope import EverySlope
from symverify.kernel.labels.face_radius import FaceRadius
from symverify.kernel.labels.slope_region import SlopeRegion
from symverify.search.affine_minimum import NotConstructible
from symverify.search.beyond import lower_beyond
from symverify.search.cell_minima import CellMinima, cell_minima, named_pattern
from symverify.search.cell_radius import Gained, Lost
from symverify.search.cell_radius import cell_radius as least_radius
from symverify.search.radius import Moves, face_moves, nearest_affine, robust_neighbour, spurious_within
from symverify.search.strata import slots_of
from symverify.search.traps import Row, best_fit, subgradient, trap

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
    listed = [_spelled_trap(problem, w, f) for w, f in fits]
    chosen = _chosen(session, cells, fits)
    if isinstance(chosen, Undecided):
        return chosen
    premises = {"cells": counted} | ({} if chosen is None else {"minimum": chosen})
    if (better := _lowest(session, fits)) is not None:
        premises["better"] = better
    return Proved(session.certificate.step("cell_traps", premises, traps=listed))


def _spelled_trap(problem: Problem, weights: Row, best: Row) -> dict[str, object]:
    """As a certificate has it."""
    spelled: dict[str, object] = {"weights": [str(x) for x in weights], "best": [str(x) for x in best]}
    rows = subgradient(problem, unit_pattern(problem, list(weights), ""), best)
    return spelled | ({} if rows is None else {"subgradient": [str(r) for (r,) in rows]})


def _chosen(session: Session, cells: UnitCells, fits: list[tuple[Row, Row]]) -> int | Undecided | None:
    """The step of the local minimum in the cell that was asked for; None if none was."""
    problem, certificate = session.problem, session.certificate
    if session.cell is None:
        return None
    (units,) = named_pattern(problem, session.cell)
    if len(set(units)) != 1:
        return Undecided("it is about the cells with all units alike: name one of these")
    place = next((k for k in range(len(cells)) if tuple(int(p) for p in cells.pieces[k]) == units[0]), None)
    if place is None:
        return Undecided("the cell is empty")
    weights = cells.witness(place)
    best = fits[place][1] if fits else best_fit(problem, units[0])
    at = certificate.point(trap(problem, weights, best))
    rows = subgradient(problem, units[0], best)
    more = {} if rows is None else {"subgradient": [[str(r)] for (r,) in rows]}
    return certificate.step("interior_minimum", {"point": at}, **more)


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


def spurious_radius(session: Session) -> Outcome:
    """How far the labels may move before the minimum of the affine fit need not be spurious."""
    problem = session.problem
    if not problem.loss.quadratic or problem.widths[-1] != 1:
        return Undecided("needs scalar output and squared loss: else predictions move otherwise")
    found = nearest_affine(problem)
    if found is None:
        return Undecided("the labels are affine, up to repeated inputs")
    affine = [str(x) for x in found.affine]
    try:
        return Proved(session.certificate.step("spurious_radius", form=list(found.form), affine=affine))
    except Rejected as error:
        return Undecided(error.reason)


def face_radius(session: Session) -> Outcome:
    """How far the labels may move, and the face of the given local minimum, or the affine fit's, has one."""
    problem = session.problem
    if not problem.loss.quadratic or not problem.shallow:
        return Undecided("needs one hidden layer, scalar output and squared loss: else predictions move otherwise")
    try:
        theta = problem.parameters if problem.parameters is not None else session.affine().point
    except NotConstructible as error:
        return Undecided(str(error))
    fields = _face(session, theta)
    if isinstance(fields, Undecided):
        return fields
    fact, premises = _of_face(session, theta, fields), {"point": session.certificate.point(theta)}
    forms = [each.form for each in fact.conditions if any(each.form[1:])]
    if fact.radius == 0:
        near = robust_neighbour(forms)
        if near is not None:
            fields["neighbour"] = [str(x) for x in near]
    elif fact.at.risk and (lower := session.lower_than(theta, fact.at.risk)) is not None:
        size = spurious_within(problem, theta, lower.point, fact.radius)
        if size:
            premises["better"] = session.certificate.point(lower.point)
            fields["spurious"] = str(size)
    return Proved(session.certificate.step("face_radius", premises, **fields))


def _face(session: Session, theta: Point) -> dict[str, object] | Undecided:
    """The fields of a step face_radius about a point, if it is one of best fits that move with the labels."""
    found = face_moves(session.problem, theta)
    if isinstance(found, str):
        return Undecided(found)
    fields = spelled_moves(found)
    try:
        session.certificate.step("face_radius", {"point": session.certificate.point(theta)}, **fields)
    except Rejected as error:
        return Undecided(error.reason)
    return fields


def _of_face(session: Session, theta: Point, fields: dict[str, object]) -> FaceRadius:
    step = session.certificate.step("face_radius", {"point": session.certificate.point(theta)}, **fields)
    fact = session.certificate.fact(step)
    if not isinstance(fact, FaceRadius):
        raise TypeError("face_radius proves a FaceRadius")
    return fact


def spelled_moves(found: Moves) -> dict[str, object]:
    """As a certificate has it."""
    fields: dict[str, object] = {
        "moves": [None if unit is None else [[str(x) for x in row] for row in unit] for unit in found.moves],
        "multipliers": [[[str(x) for x in row] for row in unit] for unit in found.multipliers],
    }
    return fields | ({} if found.shift is None else {"shift": [str(x) for x in found.shift]})


def cell_radius(session: Session) -> Outcome:
    """How far the labels may move before the signs of output weights among the cell's minima may change."""
    problem = session.problem
    if not problem.loss.quadratic:
        return Undecided("needs the squared loss: else predictions move otherwise")
    outcome = minima_of_cell(session)
    if not isinstance(outcome, Proved):
        return outcome
    chosen = named(session)
    found = chosen if isinstance(chosen, Undecided) else cell_minima(problem, chosen)
    if not isinstance(found, CellMinima) or not found.inside:
        return Undecided("the cell has no minima inside")
    masks = list(types([choices((0, 1, -1), len(each.units)) for each in found.strata.classes]))
    robust = least_radius(found, masks)
    if isinstance(robust, str):
        return Undecided(robust)
    reached = [
        {
            "slots": slots_of(mask),
            "corners": [[vector(part) for part in corner] for corner in corners],
        }
        for mask, corners in sorted(robust.corners.items())
    ]
    fields = {
        "radius": str(robust.radius),
        "reached": reached,
        "separators": [spelled_dual(d) for d in robust.separators],
        "edge": _spelled_edge(robust.edge),
    }
    return Proved(session.certificate.step("cell_radius", {"minima": outcome.step}, **fields))


def _spelled_edge(edge: Lost | Gained) -> dict[str, object]:
    """As a certificate has it."""
    if isinstance(edge, Lost):
        return {"slots": slots_of(edge.mask), "corner": edge.corner, **spelled_dual(edge.dual)}
    vectors = [vector(part) for part in edge.vectors]
    return {"slots": slots_of(edge.mask), "labels": vector(edge.labels), "vectors": vectors}


def global_radius(session: Session) -> Outcome:
    """How far the labels may move, and a face keeps the least risk; the tree is that of the global minimum."""
    problem, certificate = session.problem, session.certificate
    if not problem.loss.quadratic or not problem.shallow:
        return Undecided("needs one hidden layer, scalar output and squared loss: else predictions move otherwise")
    answer = session.global_answer(insist=session.insist)
    reached = None if answer.reached is None else certificate.fact(answer.reached)
    if not answer.closed or not isinstance(reached, Evaluated):
        return Undecided(answer.reason or "no point has the least risk")
    fields = _face(session, reached.point)
    if isinstance(fields, Undecided):
        return fields
    face = _of_face(session, reached.point, fields)
    at = certificate.step("face_radius", {"point": certificate.point(reached.point)}, **fields)
    if face.radius == 0:
        return Undecided("no radius above 0 was found: the point found is at the edge of its face")
    if not any(map(any, face.errors)):
        return Proved(certificate.step("global_radius", {"face": at}))
    if answer.result is None or not any(e[0] for e in face.errors):
        return Undecided("no radius above 0 was found: the least risk is 0, and not that of the labels around")
    tree = _tree(face, answer.result.vectors, answer.result.tree)
    low, high = Fraction(0), min(face.radius or Fraction(1), Fraction(10**6))
    for round in range(14):
        if low and session.remaining() < 0:  # a smaller radius is one, too
            break
        on_time()
        size = high if round == 0 else (low + high) / 2
        size = size if round == 0 else Fraction(int(size * 4096), 4096) or size
        try:
            proved = certificate.step("global_radius", {"face": at}, radius=str(size), **tree)
        except Rejected:
            high = size
        else:
            low, best = size, proved
            if round == 0:
                break
    if not low:
        return Undecided("no radius above 0 was found with the tree of the global minimum")
    kept = [
        list(g) for k, g in enumerate(answer.result.vectors) if primitive(g) != primitive([-e[0] for e in face.errors])
    ]
    with session.prepared():
        further = lower_beyond(problem, face.errors, kept, low)
    if further is not None:
        premises = {"face": at, "better": certificate.point(further[1])}
        changes = [str(x) for x in further[0]]
        best = certificate.step("global_radius", premises, radius=str(low), beyond=changes, **tree)
    return Proved(best)


def _tree(face: FaceRadius, vectors: Sequence[Sequence[int]], tree: Sequence[int]) -> dict[str, object]:
    """The tree with the face's own errors as vector 0."""
    errors = primitive([-e[0] for e in face.errors])
    number, kept = dict[int, int](), list[list[int]]()
    for k, g in enumerate(vectors):
        if primitive(g) == errors:
            number[k] = 0
        else:
            kept.append(list(g))
            number[k] = len(kept)
    return {"vectors": kept, "tree": [e if e < 0 else number[e] for e in tree]}


def spurious_labels(session: Session) -> Outcome:
    """For exactly which labels the minimum of the affine fit is spurious."""
    try:
        return Proved(session.certificate.step("spurious_labels"))
    except Rejected as error:
        return Undecided(error.reason)


def every_slope(session: Session, rule: str = "every_slope", **more: object) -> Outcome:
    """Theorem 1 on one input for all two slopes, with the kink that gains most where they are 0 and 1."""
    problem = session.problem
    if not problem.loss.quadratic or problem.widths[0] != 1 or problem.widths[-1] != 1:
        return Undecided("needs one input, scalar output and the squared loss")
    rows = [(*x, Fraction(1)) for x in problem.inputs]
    (fit,) = zip(*least_squares(rows, problem.targets), strict=True)
    values = [sum((a * b for a, b in zip(row, fit, strict=True)), Fraction(0)) for row in rows]
    reason, best = "no kink at an input gains anything", None
    for kink in timed(sorted({x for (x,) in problem.inputs})):
        fields = {"kink": str(kink), "fit": [str(f) for f in values]}
        try:
            step = session.certificate.step(rule, {}, **fields, **more)
        except Rejected as error:
            reason = error.reason if best is None else reason
            continue
        fact = session.certificate.fact(step)
        fact = fact.slope if isinstance(fact, SlopeRegion) else fact
        if isinstance(fact, EverySlope) and (best is None or fact.gain / fact.form[2] > best[0]):
            best = fact.gain / fact.form[2], step
    return Undecided(reason) if best is None else Proved(best[1])
