"""A better lower bound than that for all functions of the inputs, for networks with two hidden layers."""

import time

from symverify.certify.session import Session
from symverify.ground.time_limit import until
from symverify.kernel.cells.tree_bound import alone, cases
from symverify.kernel.core.errors import Declined
from symverify.kernel.core.facts import LowerBound
from symverify.search.tree_dual import NotFinished
from symverify.search.untied import untied_bound, widened

UNASKED, SHARE = 1500, 0.5  # cases of sides and signs; of the time that is left


def raised(session: Session, bound: int) -> int:
    """The step of the bound, or of a higher one: each unit of the second hidden layer gets first units of its own."""
    problem, fact = session.problem, session.certificate.fact(bound)
    if "tree_bound" not in problem.loss.rules or not widened(problem) or not isinstance(fact, LowerBound):
        return bound
    try:
        count, _ = cases(alone(problem))
        if count > UNASKED and not session.insist:
            return bound
        with until(time.monotonic() + session.remaining() * SHARE):
            found = untied_bound(problem, session.progress)
        if found is None or found.risk <= fact.risk:
            return bound
        return session.certificate.step(
            "tree_bound", {}, risk=str(found.risk), vectors=found.vectors, cases=found.cases
        )
    except (NotFinished, Declined):
        return bound
