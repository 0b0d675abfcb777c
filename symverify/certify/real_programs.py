"""Claims about general programs under logistic, cross-entropy and Poisson loss."""

import time

from symverify.certify.program_points import lower_real, program_of
from symverify.certify.reals import bracketed, decided, least_of_all
from symverify.certify.session import Outcome, Proved, Session, Skipped, Undecided
from symverify.errors import cause
from symverify.kernel.core.errors import Declined, Rejected
from symverify.kernel.reals.facts import RealMinimum
from symverify.search.affine_minimum import NotConstructible
from symverify.search.programs.real_points import linear_place


def constructed(session: Session) -> int:
    """The step of the minimum in a cell where the program is linear on the data. Raises NotConstructible."""
    session.progress("constructing a cell in which the program is linear on the data")
    place = linear_place(program_of(session), time.monotonic() + max(session.remaining() / 2, 0))
    at = session.certificate.point(place.point)
    try:
        return session.certificate.step("span_minimum", {"point": at}, dual=[[str(x) for x in p] for p in place.dual])
    except (Rejected, Declined) as error:
        raise NotConstructible(cause(error)) from error


def against(session: Session, minimum: int) -> int | None:
    """The step that a minimum is spurious, if a better point is found."""
    fact = session.certificate.fact(minimum)
    if not isinstance(fact, RealMinimum):
        raise TypeError("only a local minimum can be spurious")
    better = lower_real(session, fact.enclosed.lower)
    if better is None:
        return None
    return session.certificate.step("spurious_real", {"minimum": minimum, "better": session.certificate.point(better)})


def linear(session: Session, claim: str) -> Outcome:
    """The local minima of that cell, and a better point."""
    try:
        minimum = constructed(session)
    except NotConstructible as error:
        return Undecided(str(error)) if session.insist else Skipped(str(error))
    step = against(session, minimum)
    if step is None and claim != "valley":
        return Undecided("no point of lower risk than the constructed minimum was found within the budget")
    found = minimum if step is None else step
    if session.certificate.fact(found).settles(claim) is None:
        return Undecided("the program does not reach all affine fits in that cell: see the claim valley")
    return Proved(found)


def valley(session: Session) -> Outcome:
    """Those minima, spurious where a better point is found."""
    return linear(session, "valley")


def spurious_minimum(session: Session) -> Outcome:
    """The best affine fit is among them, and a better point is found."""
    return linear(session, "spurious_minimum")


def point(session: Session) -> Outcome:
    """Whether the given parameters are a local minimum, and a spurious one."""
    return decided(session, against)


def global_minimum(session: Session) -> Outcome:
    """The infimum: 0 where a point predicts every label with a margin, else between a bound and the best point."""
    certificate = session.certificate
    lower_real(session, None)
    witness = session.lowest_real
    if witness is None:
        return Undecided("no point was found within the budget")
    at = certificate.point(witness.point)
    if witness.wins:
        return Proved(certificate.step("zero_infimum", {"point": at}), claim="infimum")
    bound = certificate.step("function_bound")
    certificate.claim("global_bounds", certificate.step("bracket", {"bound": bound, "point": at}))
    if (least := least_of_all(session, at)) is not None:
        return Proved(least, claim="global_minimum")
    reason = "the infimum is only bounded by that over all functions, and by the best point found"
    return Undecided(reason) if session.insist else Skipped(reason)


def global_bounds(session: Session) -> Outcome:
    """The same, where a bracket is asked for, of any width."""
    return bracketed(session, global_minimum)
