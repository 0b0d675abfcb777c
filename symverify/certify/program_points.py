"""Points of general programs: the best one known, searched once."""

import time
from fractions import Fraction

from symverify.certify.session import Session
from symverify.kernel.core.network import Point, predictions
from symverify.kernel.core.network import risk as exact_risk
from symverify.kernel.programs.network import Programmed
from symverify.search.better import Witness
from symverify.search.programs.better import better_point
from symverify.search.programs.real_points import lowest_point, witness


def program_of(session: Session) -> Programmed:
    """The session's problem; these claims are tried for no other."""
    if not isinstance(session.problem, Programmed):
        raise TypeError("a claim about programs, and a chain of layers")
    return session.problem


def lower(session: Session, start: Point, risk: Fraction) -> Witness | None:
    """A point of lower risk, among the witnesses first; searched once."""
    problem, known = program_of(session), session.lowest_point
    if risk <= 0:
        return None
    for point in problem.witnesses:
        found = Witness(point, exact_risk(problem, predictions(problem, point)))
        if known is None or found.risk < known.risk:
            session.lowest_point = known = found
    if known is None or known.risk >= risk:
        session.progress("searching for a point of lower risk")
        deadline = time.monotonic() + max(session.remaining() / 2, 0)
        lower_still = better_point(problem, start, deadline)
        if lower_still is not None and (known is None or lower_still.risk < known.risk):
            session.lowest_point = known = lower_still
    return known if known is not None and known.risk < risk else None


def lower_real(session: Session, ceiling: Fraction | None) -> Point | None:
    """The same under a loss over the reals: a point of risk below `ceiling`, any if it is None; searched once."""
    problem, known = program_of(session), session.lowest_real
    theta = problem.parameters
    for point in (*problem.witnesses, *([] if theta is None else [theta])):
        own = witness(problem, point)
        if own is not None and (known is None or own.risk.upper < known.risk.upper):
            known = session.lowest_real = own
    if known is None or ceiling is None or known.risk.upper >= ceiling:
        session.progress("searching for a point of lower risk")
        found = lowest_point(problem, ceiling, time.monotonic() + max(session.remaining() / 2, 0))
        if found is not None and (known is None or found.risk.upper < known.risk.upper):
            known = session.lowest_real = found
    return None if known is None or (ceiling is not None and known.risk.upper >= ceiling) else known.point
