"""Points of general programs: the best one known, searched once."""

import time
from fractions import Fraction

from symverify.certify.session import Session
from symverify.kernel.core.network import Point
from symverify.kernel.programs.network import Programmed
from symverify.search.better import Witness
from symverify.search.programs.better import better_point


def program_of(session: Session) -> Programmed:
    """The session's problem; these claims are tried for no other."""
    if not isinstance(session.problem, Programmed):
        raise TypeError("a claim about programs, and a chain of layers")
    return session.problem


def lower(session: Session, start: Point, risk: Fraction) -> Witness | None:
    """A point of lower risk, searched once."""
    known = session.lowest_point
    if risk <= 0:
        return None
    if known is None or known.risk >= risk:
        session.progress("searching for a point of lower risk")
        deadline = time.monotonic() + max(session.remaining() / 2, 0)
        found = better_point(program_of(session), start, deadline)
        if found is not None and (known is None or found.risk < known.risk):
            session.lowest_point = known = found
    return known if known is not None and known.risk < risk else None
