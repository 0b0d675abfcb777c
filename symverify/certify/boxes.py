"""The claim `minimum_in_box`: near a trained point, which is never exactly stationary, a local minimum exists."""

import time
from fractions import Fraction

from symverify.certify import reals
from symverify.certify.session import Outcome, Proved, Session, Undecided
from symverify.kernel.core.network import Point
from symverify.kernel.reals.losses import RealLoss
from symverify.kernel.reals.minimum_in_box import BoxMinimum
from symverify.search.better import better_point
from symverify.search.box import NotEnclosed, enclose
from symverify.search.float_network import FloatNetwork, as_floats

RULE, SHARE = "minimum_in_box", 0.6


def minimum_in_box(session: Session) -> Outcome:
    """A local minimum reached from the given parameters, its risk, and a point of lower risk if one is found."""
    problem, certificate, start = session.problem, session.certificate, session.problem.parameters
    if start is None:
        return Undecided("the network file gives no parameters")
    if RULE not in problem.loss.rules:
        return Undecided(f"the {problem.loss.name} loss is not twice differentiable")
    session.progress("following the given point to a local minimum")
    deadline = time.monotonic() + session.remaining() * SHARE
    try:
        found = enclose(problem, start, lambda fields: certificate.step(RULE, {}, **fields), deadline)
    except NotEnclosed as error:
        return _in_cell(session, str(error))
    fact = certificate.fact(found.step)
    if not isinstance(fact, BoxMinimum):
        raise TypeError("the rule minimum_in_box proves a minimum in a box")
    shaken = f", after {found.shakes} perturbations" if found.shakes else ""
    given = FloatNetwork(problem).risk(as_floats(start))
    words = f"at distance {found.distance:.3g} from the given point, whose risk is {given:.9g}{shaken}"
    better = None if problem.decays else _lower(session, found.centre, fact.risk.lower)
    if better is None:
        return Proved(found.step, (("reason", words),))
    at = certificate.point(better)
    step = certificate.step("spurious_real", {"minimum": found.step, "better": at})
    return Proved(step, (("reason", words),))


def _in_cell(session: Session, reason: str) -> Outcome:
    """Where no box is found: the minimum in the cell of the given point that another last layer makes."""
    real = isinstance(session.problem.loss, RealLoss) and not session.problem.decays
    step = reals.in_given_cell(session) if real else None
    if step is None or session.certificate.fact(step).settles("valley") is None:
        return Undecided(reason)
    spurious = reals.spurious(session, step)
    return Proved(step if spurious is None else spurious, claim="valley")


def _lower(session: Session, start: Point, risk: Fraction) -> Point | None:
    """A point whose risk is below."""
    problem = session.problem
    if isinstance(problem.loss, RealLoss):
        witness = reals.lowest(session, risk)
        return witness.point if witness is not None and witness.risk.upper < risk else None
    budget = time.monotonic() + session.remaining() / 2
    found = better_point(problem, start, budget)
    return found.point if found is not None and found.risk < risk else None
