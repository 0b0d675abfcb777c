"""Claims for all values of the symbols of a network file."""

import time
from dataclasses import replace
from fractions import Fraction
from math import comb

from symverify.certify.certificate import parameters
from symverify.certify.labels import every_slope, spelled_moves
from symverify.certify.session import Outcome, Proved, Session, Undecided
from symverify.ground.linear import primitive
from symverify.ground.simplex import maximise
from symverify.kernel.core.activation import ZERO
from symverify.kernel.core.errors import Rejected
from symverify.kernel.core.network import Point
from symverify.kernel.labels.closed_list import MAX_STRATA, State, named_faces
from symverify.kernel.labels.face_region import FaceRegion
from symverify.kernel.labels.hull import MAX_CORNERS
from symverify.kernel.labels.symbols import Family, SymbolicProblem, family_of
from symverify.search.affine_minimum import NotConstructible
from symverify.search.cell_minima import CellMinima, cell_minima
from symverify.search.global_minimum import global_minimum
from symverify.search.radius import all_used, face_moves
from symverify.search.region_tree import RegionTree
from symverify.search.regions import Excluded, Form, bound, excluded, sides, strata, weights
from symverify.search.splits import best_split

MAX_NODES = 200
NOT_SHOWN = "the face of the minimum at the centre is not shown to have a local minimum for all values"


def spurious_for_all(session: Session) -> Outcome:
    """Theorem 1 for all values of the symbols: one vector that is positive on all their labels."""
    family = family_of(session.problem)
    if (found := _positive_form(session, family)) is None:
        return Undecided("no linear form that vanishes on affine labels keeps its sign for all values of the symbols")
    g, given = found
    fields: dict[str, object] = {"form": g}
    if family.where:
        fields["weights"] = [str(x) for x in given]
    try:
        return Proved(session.certificate.step("spurious_region", {}, **fields))
    except Rejected as error:
        return Undecided(error.reason)


def spurious_for_all_slopes(session: Session) -> Outcome:
    """Theorem 1 for all slopes that the symbols stand for, but for equal ones if there are such."""
    family = family_of(session.problem)
    first, second = family.slopes
    bend = tuple(a - b for a, b in zip(first, second, strict=True))
    given = [weights(family, form) for form in (bend, tuple(-x for x in bend))] if family.where and any(bend) else []
    found = next(filter(None, given), None)
    more = {} if found is None else {"weights": [str(x) for x in found]}
    return every_slope(session, "slope_region", **more)


def _positive_form(session: Session, family: Family) -> tuple[list[int], list[Fraction]] | None:
    """g ⊥ 1 and the inputs with ⟨g, y(a)⟩ ≥ t > 0 on the domain, |g|₁ ≤ 1: a linear program in g, λ, p and t.

    Where ⟨g, y(a)⟩ > 0 has 0 as its infimum, at the edge of the side conditions, t = 0 and some λ > 0: the second one.
    """
    problem, m = session.problem, family.size
    n = len(problem.inputs)
    ortho = [list(phi) for phi in problem.affine_features()]
    ortho += [[ZERO + (i == group[0]) - (i == j) for i in range(n)] for group in problem.groups for j in group[1:]]

    columns = list[list[Fraction | int]]()
    for i in range(n):
        line = [row[i] for row in ortho]
        base = [*line, *(-x for x in line), *sides(family.labels[i])]
        columns += [[*base, 1], [*(-x for x in base), 1]]
    wide = 2 * len(ortho)
    columns += [[*[0] * wide, *sides(tuple(-x for x in each)), 0] for each in family.where]
    for k in range(m):
        columns.append([*[0] * wide, *bound(family, k, [ZERO])])
    columns.append([*[0] * wide, 1, *[0] * (2 * m), 0])
    rows = list(zip(*columns, strict=True))
    prices = [[0] * (len(columns) - 1) + [1]]
    if family.where:
        prices.append([*[0] * (2 * n), *[1] * len(family.where), *[0] * (m + 1)])
    for price in prices:
        found = maximise(price, rows, [*[0] * (len(rows) - 1), 1])
        raw = [ZERO] if found is None else [found.x[2 * i] - found.x[2 * i + 1] for i in range(n)]
        if not any(raw):
            continue
        g = primitive(raw)
        form = tuple(sum((a * label[k] for a, label in zip(g, family.labels, strict=True)), ZERO) for k in range(m + 1))
        if (given := weights(family, form)) is not None:
            return g, given
    return None


def minimum_for_all(session: Session) -> Outcome:
    """A local minimum on one face for all values: in the cell that was asked for, or where the least risk is."""
    start = _start(session)
    if isinstance(start, Undecided):
        return start
    step = _region(session, start)
    return step if isinstance(step, Undecided) else Proved(step)


def spurious_face_for_all(session: Session) -> Outcome:
    """The minimum of the cell that was asked for, or of the affine fit, has a higher risk than the least one."""
    if session.cell is not None:
        start = _start(session)
    else:
        try:
            start = session.affine().point
        except NotConstructible as error:
            start = Undecided(str(error))
    if isinstance(start, Undecided):
        return start
    first, lower = _region(session, start), _least(session)
    if isinstance(first, Undecided) or isinstance(lower, Undecided):
        return first if isinstance(first, Undecided) else lower if isinstance(lower, Undecided) else Undecided("")
    second = _region(session, lower)
    if isinstance(second, Undecided):
        return Undecided(f"the face of the least risk at the centre: {second.reason}")
    try:
        return Proved(session.certificate.step("hull", {"minimum": first, "better": second}))
    except Rejected as error:
        return Undecided(error.reason)


def global_minimum_for_all(session: Session) -> Outcome:
    """The face of the least risk at the centre has it for all values: one tree, with vectors at the box's corners."""
    start = _least(session)
    step = start if isinstance(start, Undecided) else _region(session, start)
    if isinstance(step, Undecided):
        return step
    fact = session.certificate.fact(step)
    if not isinstance(fact, FaceRegion):
        raise TypeError("face_region proves a FaceRegion")
    fields: dict[str, object] = {}
    if any(map(any, fact.errors)):
        if 1 << fact.family.size > MAX_CORNERS:
            return Undecided(f"the symbols' box has more than {MAX_CORNERS} corners")
        session.progress("a tree of splits with vectors at the corners of the symbols' box")
        deadline = time.monotonic() + max(session.remaining(), 0.1)
        found = RegionTree(session.problem, fact.family, fact.errors, deadline)
        found.run()
        groups = [None if each is None else [[str(x) for x in g] for g in each] for each in found.vectors]
        fields = {"vectors": groups, "tree": found.tree}
    try:
        return Proved(session.certificate.step("global_region", {"minimum": step}, **fields))
    except Rejected as error:
        return Undecided(error.reason)


def _start(session: Session) -> Point | Undecided:
    """A local minimum for the labels at the centre of the symbols' intervals."""
    if session.cell is None:
        return _least(session)
    found = cell_minima(session.problem, session.cell)
    if not isinstance(found, CellMinima) or not found.inside:
        return Undecided("at the centre of the symbols' intervals the cell has no minima inside")
    return found.reached[max(found.reached)]


def _least(session: Session) -> Point | Undecided:
    try:
        with session.prepared():
            found = global_minimum(session.problem, deadline=max(session.remaining(), 0.1))
    except Exception as error:  # declined for its size
        return Undecided(str(error))
    return Undecided("the least risk at the centre is not known to be attained") if found.point is None else found.point


def _region(session: Session, start: Point) -> int | Undecided:
    """The step that a face has a local minimum for all values, from one at the centre; perhaps with all units used."""
    found = _region_of(session, start)
    if not isinstance(found, Undecided) or (shared := all_used(start)) is None:
        return found
    other = _region_of(session, shared)
    return found if isinstance(other, Undecided) else other


def _region_of(session: Session, start: Point) -> int | Undecided:
    """The same of one face."""
    family = family_of(session.problem)
    changes = [tuple(form[k + 1] for form in family.labels) for k in range(family.size)]
    found = face_moves(session.problem, start, changes)
    if isinstance(found, str):
        return Undecided(f"{NOT_SHOWN}: {found}")
    fields = spelled_moves(found) | {"parameters": parameters(start)}
    if family.where:
        try:
            conditions = list(found.moving(session.problem, start, family.labels).conditions())
        except Rejected as error:
            return Undecided(error.reason)
        given = [weights(family, each.form, each.strict) for each in conditions]
        fields["weights"] = [[str(x) for x in each or []] for each in given]
    try:
        return session.certificate.step("face_region", {}, **fields)
    except Rejected as error:
        return Undecided(f"{NOT_SHOWN}: {error.reason}")


def no_spurious_for_all(session: Session) -> Outcome:
    """For no value is there a spurious minimum: all faces and signs but some with one prediction are excluded.

    Where that is not so on the whole domain, on each part of a tree of linear splits.
    """
    problem = session.problem
    if not isinstance(problem, SymbolicProblem):
        raise TypeError("a claim for files with symbols")
    count = comb(3 * len(named_faces(problem)) + problem.widths[1] - 1, problem.widths[1])
    if count > MAX_STRATA:
        return Undecided(f"there are {count} choices of faces and signs, more than {MAX_STRATA}")
    nodes, todo = list[dict[str, object]](), [problem]
    while todo:
        there = todo.pop()
        session.progress(f"faces and signs on {len(nodes) + 1} nodes of a tree")
        if len(nodes) > MAX_NODES or session.remaining() < 0:
            return Undecided(f"stopped after {len(nodes)} nodes of a tree of splits, as that was too many or too long")
        found = _part(session, there)
        if isinstance(found, Undecided):
            return found
        if isinstance(found, dict):
            nodes.append(found)
            continue
        if (form := best_split(there, found)) is None:
            return Undecided("two faces may have local minima with different predictions for the same values")
        nodes.append({"split": [str(x) for x in form]})
        above, below = there.family.split(form)
        todo += [replace(there, family=below), replace(there, family=above)]
    try:
        if len(nodes) == 1:
            return Proved(session.certificate.step("closed_list", {}, **nodes[0]))
        return Proved(session.certificate.step("closed_list", {}, cover=nodes))
    except Rejected as error:
        return Undecided(error.reason)


def _part(session: Session, problem: SymbolicProblem) -> dict[str, object] | list[tuple[State, ...]] | Undecided:
    """The fields of a part of the domain; or where its faces have several predictions, those that are not excluded."""
    fits, entries, left = list[list[Form]](), list[dict[str, object]](), list[tuple[State, ...]]()
    for stratum in strata(problem):
        if session.remaining() < 0:
            return Undecided("the time was up before all choices of faces and signs were looked at")
        found = excluded(problem, stratum)
        if isinstance(found, Excluded):
            entries.append(_spelled(found, bool(problem.family.where or problem.family.weak)))
            continue
        if not any(all(map(problem.family.same, found, other)) for other in fits):
            fits.append(found)
        entries.append({"fit": [[str(x) for x in form] for form in found]})
        left.append(stratum)
    if len(fits) > 1:
        return left
    common = [[str(x) for x in form] for form in fits[0]] if fits else None
    rest = [{key: value for key, value in each.items() if key != "fit" or value != common} for each in entries]
    return {"strata": rest} if common is None else {"fit": common, "strata": rest}


def _spelled(found: Excluded, sided: bool) -> dict[str, object]:
    fields: dict[str, object] = {"fit": [[str(x) for x in form] for form in found.fit]}
    if found.vector is not None:
        fields["vector"] = [str(x) for x in found.vector]
        fields["multipliers"] = [None if k is None else [str(x) for x in k] for k in found.multipliers]
    else:
        fields |= {"unit": found.unit, "direction": [str(x) for x in found.direction]}
        fields |= {"sign": found.sign} if found.sign else {}
    return fields | ({"weights": [str(x) for x in found.weights]} if sided else {})
