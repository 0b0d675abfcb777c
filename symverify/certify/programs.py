"""Claims about general programs: how each is tried, or why it stays open."""

import time

from symverify.certify.certificate import spelled
from symverify.certify.decisions import by_cells, by_full_network, fall
from symverify.certify.program_points import lower, program_of
from symverify.certify.session import Decision, Outcome, Proved, Session, Skipped, Undecided
from symverify.kernel.core.activation import ZERO
from symverify.kernel.core.errors import Declined, Rejected
from symverify.kernel.core.facts import Evaluated, GlobalMinimum
from symverify.kernel.core.network import Point
from symverify.kernel.programs.network import Programmed
from symverify.search.affine_minimum import NotConstructible
from symverify.search.answers import Descends
from symverify.search.better import Witness
from symverify.search.decide import Stays
from symverify.search.programs.decide import decide_face
from symverify.search.programs.linear_place import linear_minimum
from symverify.search.programs.signed_tree import Bound, signed_bound


def constructed(session: Session) -> tuple[int, int, Point | None]:
    """The steps of the constructed point and of its being a local minimum, and a path. Raises NotConstructible."""
    if session.linear is None:
        session.progress("constructing a minimum at which the program is linear on the data")
        try:
            deadline = time.monotonic() + max(session.remaining() / 2, 0)
            session.linear = linear_minimum(program_of(session), deadline)
        except NotConstructible as error:
            session.linear = str(error)
    if isinstance(session.linear, str):
        raise NotConstructible(session.linear)
    point = session.certificate.point(session.linear.point)
    return point, session.certificate.step("interior_minimum", {"point": point}), session.linear.path


def everywhere(session: Session, point: int) -> int | None:
    """The step that proves a point global, if the bound for all functions or for these signs shows it."""
    certificate = session.certificate
    if not session.problem.loss.smooth:  # the rule needs subgradients, which are not searched in general programs
        return met(session, point)
    try:
        return certificate.step("function_minimum", {"point": point})
    except Rejected:
        return met(session, point)


def met(session: Session, point: int) -> int | None:
    """The step that proves a point global by the bound of a tree, where one was found."""
    answer, fact = bound_of(session), session.certificate.fact(point)
    if answer is None or not isinstance(fact, Evaluated) or fact.risk != answer.risk:
        return None
    bound = session.certificate.step(
        "restricted_lower_bound", risk=str(answer.risk), vectors=answer.vectors, tree=answer.tree
    )
    return session.certificate.step("global_minimum", {"bound": bound, "point": point})


def bound_of(session: Session) -> Bound | None:
    """The exact global minimum of a program whose units have frozen or free signs, searched once."""
    if session.signed is False:
        session.progress("the global minimum, by splits of the units' regions")
        deadline = time.monotonic() + max(session.remaining() * 0.4, 0)
        try:
            session.signed = signed_bound(program_of(session), deadline)
        except Declined:
            session.signed = None
        if isinstance(session.signed, Bound):
            session.lowest_point = Witness(session.signed.point, session.signed.risk)
    return session.signed or None


def linear_spurious(session: Session, claim: str) -> Outcome:
    """The construction is a local minimum, and another point is strictly better."""
    try:
        point, minimum, _ = constructed(session)
    except NotConstructible as error:
        return Undecided(str(error)) if session.insist else Skipped(str(error))
    fact = session.certificate.fact(point)
    if (known := everywhere(session, point)) is not None:
        if isinstance(session.certificate.fact(known), GlobalMinimum) and claims(session, known, claim):
            return Proved(known, (("reason", "nothing of this program has lower risk than the linear fit"),))
        why = "the constructed minimum is global: see global_minimum"
        return Undecided(why) if session.insist else Skipped(why)
    if not isinstance(fact, Evaluated) or (better := lower(session, fact.point, fact.risk)) is None:
        return Undecided("no point of lower risk than the constructed minimum was found within the budget")
    premises = {"minimum": minimum, "better": session.certificate.point(better.point)}
    step = session.certificate.step("spurious_minimum", premises)
    if not claims(session, step, claim):
        return Undecided("the program does not reach the best affine fit there: see spurious_linear_minimum")
    return Proved(step)


def spurious_minimum(session: Session) -> Outcome:
    """The same, where the construction reaches the best affine fit."""
    return linear_spurious(session, "spurious_minimum")


def spurious_linear_minimum(session: Session) -> Outcome:
    """The same, where it is the best fit of the linear piece that it lies on."""
    return linear_spurious(session, "spurious_linear_minimum")


def claims(session: Session, step: int, claim: str) -> bool:
    """Whether a step settles a claim."""
    return session.certificate.fact(step).settles(claim) is not None


def valley(session: Session) -> Outcome:
    """A path of local minima through the construction, spurious ones where a better point is known."""
    try:
        point, minimum, path = constructed(session)
    except NotConstructible as error:
        return Undecided(str(error)) if session.insist else Skipped(str(error))
    if path is None:
        return Undecided("no line of minima through the constructed one was found")
    fact, known = session.certificate.fact(point), everywhere(session, point)
    if known is None and isinstance(fact, Evaluated) and (better := lower(session, fact.point, fact.risk)) is not None:
        premises = {"minimum": minimum, "better": session.certificate.point(better.point)}
        minimum = session.certificate.step("spurious_minimum", premises)
    line = spelled(session.problem, path)
    try:
        return Proved(session.certificate.step("valley", {"minimum": minimum}, path=line))
    except Rejected:
        return Undecided("no line of minima through the constructed one was found")


def point(session: Session) -> Outcome:
    """Whether the given parameters are a local minimum, and a spurious one."""
    problem, theta = program_of(session), session.problem.parameters
    if theta is None:
        return Undecided("the network file gives no parameters")
    at = session.certificate.point(theta)
    if (known := everywhere(session, at)) is not None:
        return Proved(known)
    session.progress("deciding whether the given point is a local minimum")
    decision = decided(session, problem, at, theta)
    if isinstance(decision, Undecided):
        return decision
    if decision.refuted:
        return Proved(decision.step, (("reason", decision.why),))
    fact = session.certificate.fact(at)
    if isinstance(fact, Evaluated) and (better := lower(session, theta, fact.risk)) is not None:
        premises = {"minimum": decision.step, "better": session.certificate.point(better.point)}
        return Proved(session.certificate.step("spurious_minimum", premises))
    return Proved(decision.step)


def decided(session: Session, problem: Programmed, at: int, theta: Point) -> Decision | Undecided:
    """Prove or refute that a point is a local minimum, by the rules in order of their simplicity."""
    certificate, reason = session.certificate, ""

    def tried(rule: str, **fields: object) -> Decision | None:
        try:
            return Decision(certificate.step(rule, {"point": at}, **fields), False, rule)
        except (Rejected, Declined):
            return None

    if not problem.loss.smooth:
        return fall(session, at, theta) or Undecided("subgradients are not searched in general programs")
    if (found := tried("interior_minimum")) is not None:
        return found
    match decide_face(problem, theta):
        case Stays(multipliers):
            told = [None if mu is None else [str(x) for x in mu] for mu in multipliers]
            if (found := tried("restricted_face_minimum", multipliers=told)) is not None:
                return found
        case Descends(curve, why):
            step = certificate.step("descent", {"point": at}, curve=spelled(problem, curve))
            return Decision(step, True, why)
    for rule in ("adjacent_cells", "second_order"):
        if (found := tried(rule)) is not None:
            return found
    around = by_cells(session, at, theta)
    if isinstance(around, Decision):
        return around
    for rule in ("second_order", "interior_minimum"):  # of the full network, which has more symmetries
        if (found := tried("substitution", step={"rule": rule})) is not None:
            return found
    reason = around.reason
    if (found := fall(session, at, theta) or by_full_network(session, problem, at, theta)) is not None:
        return found
    return Undecided(f"{reason}, and no descent was found")


def global_minimum(session: Session) -> Outcome:
    """Proved where a point meets a bound; else the bracket, where it was asked for."""
    answer, certificate = bound_of(session), session.certificate
    if answer is not None:
        found = met(session, certificate.point(answer.point))
        if found is not None:
            return Proved(found)
    bound = certificate.step("function_bound")
    start = reference(session)
    at = certificate.point(start)
    fact = certificate.fact(at)
    better = lower(session, start, fact.risk) if isinstance(fact, Evaluated) else None
    lowest = at if better is None else certificate.point(better.point)
    try:
        return Proved(certificate.step("global_minimum", {"bound": bound, "point": lowest}))
    except Rejected:
        reason = "the best point found does not meet the bound for all functions of the inputs"
        if session.insist:
            certificate.claim("global_bounds", certificate.step("bracket", {"bound": bound, "point": lowest}))
            return Undecided(reason)
        return Skipped(reason)


def reference(session: Session) -> Point:
    """The given point, the constructed one, or all parameters 0."""
    problem = program_of(session)
    if problem.parameters is not None:
        return problem.parameters
    try:
        fact = session.certificate.fact(constructed(session)[0])
        if isinstance(fact, Evaluated):
            return fact.point
    except NotConstructible:
        pass
    return problem.expand([ZERO] * problem.size())


def global_bounds(session: Session) -> Outcome:
    """A bracket of the infimum, of width 0 where it is known."""
    insisted, session.insist = session.insist, True
    outcome = global_minimum(session)
    session.insist = insisted
    if isinstance(outcome, Proved):
        return Proved(session.certificate.met(outcome.step))
    stated = session.certificate.stated("global_bounds")
    return outcome if stated is None else Proved(stated)
