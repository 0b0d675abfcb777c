"""The claim `minimum_in_box`: near a trained point, which is never exactly stationary, a local minimum exists."""

import time
from fractions import Fraction

from symverify.certify import reals
from symverify.certify.program_points import lower, lower_real
from symverify.certify.session import Outcome, Proved, Session, Skipped, Undecided
from symverify.kernel.core.activation import ZERO
from symverify.kernel.core.errors import Declined, Rejected
from symverify.kernel.core.facts import LowerBound
from symverify.kernel.core.network import Point, predictions
from symverify.kernel.core.network import risk as risk_of
from symverify.kernel.programs.network import Programmed
from symverify.kernel.reals.enclosed_point import enclosed_risk, penalty
from symverify.kernel.reals.kinks import homogeneous
from symverify.kernel.reals.losses import RealLoss
from symverify.kernel.reals.minimum_in_box import BoxMinimum
from symverify.search.better import better_point
from symverify.search.box import enclose
from symverify.search.box_numbers import NotEnclosed
from symverify.search.decay_dual import best_dual
from symverify.search.lower_minima import lower_point, lowest_point

RULE, SHARE = "minimum_in_box", 0.6


def minimum_in_box(session: Session) -> Outcome:
    """A local minimum reached from the given parameters, its risk, and a point of lower risk if one is found."""
    problem, certificate, start = session.problem, session.certificate, session.problem.parameters
    faults = [f"the {problem.loss.name} loss is not twice differentiable"] * (RULE not in problem.loss.rules)
    faults += ["the network file gives no parameters"] * (start is None)
    if faults or start is None:
        return Undecided("; ".join(faults))
    session.progress("following the given point to a local minimum")
    deadline = time.monotonic() + session.remaining() * SHARE
    try:
        found = enclose(problem, start, certificate.centred, deadline)
    except NotEnclosed as error:
        return _in_cell(session, str(error))
    fact = certificate.fact(found.step)
    if not isinstance(fact, BoxMinimum):
        raise TypeError("the rule minimum_in_box proves a minimum in a box")
    shaken = f", after {found.shakes} perturbations" if found.shakes else ""
    words = f"at distance {_digits(found.distance, 3)} from the given point{_given(session, start)}{shaken}"
    better = _lower(session, found.centre, fact.risk.lower)
    if better is None:
        return Proved(found.step, (("reason", words),))
    at = certificate.point(better)
    step = certificate.step("spurious_real", {"minimum": found.step, "better": at})
    return Proved(step, (("reason", words),))


def _digits(x: Fraction, count: int) -> str:
    """So many digits of a number, which is not said to be 0 where it is not."""
    if x > 10**300:
        return "more than 1e300"
    near = float(x)
    return f"{near:.{count}g}" if near or not x else "less than 1e-300"


def _given(session: Session, at: Point) -> str:
    """Nine digits of the given point's risk; floats may have none of them, where it is a small part of its terms."""
    problem = session.problem
    try:
        f = predictions(problem, at)
        if not (isinstance(problem.loss, RealLoss) or problem.decays):
            return f", whose risk is {_digits(risk_of(problem, f), 9)}"
        near = enclosed_risk(problem, f, penalty(problem, at))
    except Declined:
        return ""
    if near.upper - near.lower > abs(near.lower) / 10**10:
        return f", whose risk is at most {_digits(near.upper * Fraction(101, 100), 3)}"  # above, once rounded
    return f", whose risk is {_digits(near.lower, 9)}"


def _in_cell(session: Session, reason: str) -> Outcome:
    """Where no box is found: the minimum in the cell of the given point that another last layer makes."""
    problem = session.problem
    real = isinstance(problem.loss, RealLoss) and not problem.decays and not isinstance(problem, Programmed)
    step = reals.in_given_cell(session) if real else None
    if step is None or session.certificate.fact(step).settles("valley") is None:
        return Undecided(reason)
    spurious = reals.spurious(session, step)
    return Proved(step if spurious is None else spurious, claim="valley")


def _lower(session: Session, start: Point, risk: Fraction) -> Point | None:
    """A point whose risk is below."""
    problem = session.problem
    if isinstance(problem, Programmed) and not problem.decays:
        if isinstance(problem.loss, RealLoss):
            return lower_real(session, risk)
        known = lower(session, start, risk)
        return None if known is None else known.point
    if problem.decays:
        session.progress("searching for a point of lower risk")
        budget = time.monotonic() + session.remaining() / 2
        below = lower_point(problem, risk, session.witnesses, budget)
        return None if below is None else below[0]
    if isinstance(problem.loss, RealLoss):
        witness = reals.lowest(session, risk)
        return witness.point if witness is not None and witness.risk.upper < risk else None
    named = session.lowest_named()
    if named is not None and named.risk < risk:
        return named.point
    budget = time.monotonic() + session.remaining() / 2
    found = better_point(problem, start, budget)
    return found.point if found is not None and found.risk < risk else None


def decayed_bounds(session: Session) -> Outcome:
    """Under weight decay: no network of any width goes below a bound, and a point found is not far above it."""
    problem, certificate = session.problem, session.certificate
    if "decay_bound" not in problem.loss.rules or not problem.shallow or not homogeneous(problem):
        why = "a bound needs one hidden layer, scalar output, squared loss, one breakpoint at 0, and h(0) = 0"
        return _open(session, why)
    session.progress("a bound for all widths")
    dual = best_dual(problem, time.monotonic() + session.remaining() / 2)
    if dual is None:
        return _open(session, "no dual vector was found")
    try:
        multipliers = [[[i, str(m)] for i, m in row] for row in dual.multipliers]
        bound = certificate.step("decay_bound", {}, vector=[str(x) for x in dual.g], multipliers=multipliers)
    except Rejected as error:
        return _open(session, error.reason)
    known = (dual.attained, problem.parameters)
    named = [*session.witnesses, *(point for point in known if point is not None)]
    fact = certificate.fact(bound)
    floor = fact.risk if isinstance(fact, LowerBound) else ZERO
    lowest = lowest_point(problem, floor, named, time.monotonic() + session.remaining() / 2)
    if lowest is None:
        return _open(session, "no point was found within the budget")
    return Proved(certificate.step("bracket", {"bound": bound, "point": certificate.point(lowest)}))


def _open(session: Session, reason: str) -> Outcome:
    return Undecided(reason) if session.insist else Skipped(reason)
