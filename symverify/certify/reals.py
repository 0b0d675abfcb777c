"""Claims under logistic, cross-entropy and Poisson loss: the best fit is real, its risk an enclosure."""

import time
from collections.abc import Callable, Sequence
from fractions import Fraction

from symverify.certify.certificate import spelled
from symverify.certify.global_minimum import estimate
from symverify.certify.session import Outcome, Proved, Session, Skipped, Undecided
from symverify.errors import cause
from symverify.kernel.core.activation import ONE
from symverify.kernel.core.errors import Declined, Rejected
from symverify.kernel.core.facts import Bracket
from symverify.kernel.core.network import Point, Problem, cell_of, features
from symverify.kernel.reals.facts import EnclosedPoint, RealMinimum
from symverify.search.affine_minimum import NotConstructible, carrying
from symverify.search.answers import Descends, Unknown
from symverify.search.better_real import RealWitness, evaluated, lowest_point, refitted
from symverify.search.loss_tree import Unfinished
from symverify.search.real_points import Holds, decide_real
from symverify.search.span_dual import NotFitted, SpanFit, span_fit

MAX_SHARE = 0.5  # of the time that is left, for one search
FINE = 48  # binary places of a last layer


def _text(rows: Sequence[Sequence[Fraction]]) -> list[list[str]]:
    return [[str(x) for x in row] for row in rows]


def sloped_pieces(problem: Problem) -> list[int] | None:
    """A piece of non-zero slope for each hidden layer, the last one; None if a layer has none."""
    chosen = []
    for h in problem.activations:
        pieces = [p for p, s in enumerate(h.slopes) if s]
        if not pieces:
            return None
        chosen.append(pieces[-1])
    return chosen


def flat_pieces(problem: Problem) -> list[int] | None:
    """The same, but of slope 0 in the first layer that has such a piece; None if none has."""
    pieces = [next((p for p, s in enumerate(h.slopes) if not s), None) for h in problem.activations]
    if all(p is None for p in pieces):
        return None
    return [0 if p is None else p for p in pieces]


def _affine_fit(session: Session) -> SpanFit | str:
    """The best affine fit, or why there is no dual point."""
    try:
        return span_fit(session.problem, session.problem.affine_features())
    except NotFitted as error:
        return str(error)


def _start(problem: Problem, near: Sequence[Sequence[Fraction]]) -> Point | None:
    """A point that carries nearly the best affine fit, from which better ones are looked for."""
    try:
        short = [[Fraction(round(x * 2**20), 2**20) for x in row] for row in near]
        wide = min(problem.widths[1:-1]) >= problem.widths[-1] and problem.hidden_bias and problem.output_bias
        return carrying(problem, short).point if wide else None
    except NotConstructible:
        return None


def _minimum(session: Session) -> tuple[int, str] | Undecided:
    """The step of the minimum of the best affine fit; or why not, of the best constant on a piece of slope 0."""
    problem, certificate = session.problem, session.certificate
    session.progress("the best affine fit")
    fit, pieces = _affine_fit(session), sloped_pieces(problem)
    reason = fit if isinstance(fit, str) else ""
    if isinstance(fit, SpanFit) and pieces is not None:
        try:
            if fit.direction is None:
                fields = {"pieces": pieces, "near": _text(fit.near), "dual": _text(fit.dual)}
                return certificate.step("span_minimum", {}, **fields), ""
            fields = {"pieces": pieces, "near": _text(fit.near), "dual": _text(fit.dual)}
            step = certificate.step("no_minimum", {}, direction=_text(fit.direction), **fields)
            certificate.claim("affine_infimum", step)
            reason = f"no best affine fit exists: the risk falls for ever along {_spelled(fit.direction)}"
        except Rejected as error:
            reason = error.reason
    flat = flat_pieces(problem)
    if flat is not None:
        try:
            constant = span_fit(problem, [(ONE,) * len(problem.inputs)])
            if constant.direction is None:
                fields = {"pieces": flat, "near": _text(constant.near), "dual": _text(constant.dual)}
                return certificate.step("span_minimum", {}, **fields), reason or "an activation is constant"
        except (NotFitted, Rejected) as error:
            reason = reason or cause(error)
    own = in_given_cell(session)
    reason = reason or "an activation is constant"
    return Undecided(reason) if own is None else (own, reason)


def in_given_cell(session: Session) -> int | None:
    """The step of the minimum in the cell of the given point that its last layer reaches; None where that fails."""
    problem, theta = session.problem, session.problem.parameters
    if theta is None:
        return None
    try:
        fit = span_fit(problem, features(problem, cell_of(problem, theta)))
        near = refitted(problem, theta, FINE)
        if fit.direction is not None or near is None:
            return None
        at = session.certificate.point(near.point)
        return session.certificate.step("span_minimum", {"point": at}, dual=_text(fit.dual))
    except (NotFitted, Rejected, Declined):
        return None


def _spelled(direction: Sequence[Sequence[Fraction]]) -> str:
    return "; ".join(f"({', '.join(str(x) for x in row)})" for row in direction)


def spurious_minimum(session: Session) -> Outcome:
    """Infinitely many local minima at the best affine fit, and a better point."""
    found = _minimum(session)
    if isinstance(found, Undecided):
        return found
    minimum, why = found
    step = spurious(session, minimum)
    if step is not None and session.certificate.fact(step).settles("spurious_minimum") is not None:
        return Proved(step)
    witness = lowest(session, None)
    least = None if witness is None else least_of_all(session, session.certificate.point(witness.point))
    if least is not None and session.certificate.fact(least).settles("spurious_minimum") is not None:
        return Proved(least)
    if why:
        return Undecided(f"{why}; see the claim valley for another minimum")
    return Undecided("no point of lower risk than the affine fit was found within the budget")


def valley(session: Session) -> Outcome:
    """The same as a set of local minima with its dimension."""
    found = _minimum(session)
    if isinstance(found, Undecided):
        return found
    step = spurious(session, found[0])
    return Proved(found[0] if step is None else step)


def spurious(session: Session, minimum: int) -> int | None:
    fact = session.certificate.fact(minimum)
    if not isinstance(fact, RealMinimum):
        raise TypeError("only a local minimum can be spurious")
    witness = lowest(session, fact.enclosed.lower)
    if witness is None or witness.risk.upper >= fact.enclosed.lower:
        return None
    better = session.certificate.point(witness.point)
    return session.certificate.step("spurious_real", {"minimum": minimum, "better": better})


def least_of_all(session: Session, at: int) -> int | None:
    """The step that no function of the inputs has lower risk than a point, if the kernel accepts it."""
    try:
        return session.certificate.step("real_function_minimum", {"point": at})
    except (Rejected, Declined):
        return None


def lowest(session: Session, ceiling: Fraction | None) -> RealWitness | None:
    """The lowest point found so far, or now where none below `ceiling` is known."""
    known = session.lowest_real
    if known is not None and (ceiling is None or known.risk.upper < ceiling):
        return known
    theta = session.problem.parameters
    for point in (*session.witnesses, *([] if theta is None else [theta])):
        own = evaluated(session.problem, point)
        if own is not None and (known is None or own.risk.upper < known.risk.upper):
            known = session.lowest_real = own
    if known is not None and ceiling is not None and known.risk.upper < ceiling:
        return known
    session.progress("searching for a point of lower risk")
    fit = _affine_fit(session)
    start = None if isinstance(fit, str) else _start(session.problem, fit.near)
    share = time.monotonic() + session.remaining() * (1 - MAX_SHARE)
    found = lowest_point(session.problem, start, ceiling, share)
    if found is not None and (known is None or found.risk.upper < known.risk.upper):
        known = session.lowest_real = found
    return known


def global_minimum(session: Session) -> Outcome:
    """The infimum: 0 where a point predicts every label with a margin, else between a bound and the best point."""
    certificate, left_open = session.certificate, Undecided if session.insist else Skipped
    witness = lowest(session, None)
    if witness is None:
        return left_open("no point was found within the budget")
    if not witness.wins:
        bound, why = _bound(session, witness)
        witness = session.lowest_real or witness
    at = certificate.point(witness.point)
    if witness.wins:
        return Proved(certificate.step("zero_infimum", {"point": at}), claim="infimum")
    if (least := least_of_all(session, at)) is not None:
        certificate.claim("global_bounds", certificate.step("bracket", {"bound": bound, "point": at}))
        return Proved(least, claim="global_minimum")
    step = certificate.step("bracket", {"bound": bound, "point": at})
    fact = certificate.fact(step)
    if isinstance(fact, Bracket) and fact.upper - fact.lower <= session.gap * max(abs(fact.lower), abs(fact.upper)):
        return Proved(step, claim="global_bounds")
    certificate.claim("global_bounds", step)
    return left_open(f"{why}; its bracket is wider than --gap {float(session.gap):g} of the value")


def _bound(session: Session, witness: RealWitness) -> tuple[int, str]:
    """The step of the best lower bound, by search where there is one; and why it may be far from the infimum."""
    problem, certificate = session.problem, session.certificate
    if not problem.shallow or "real_lower_bound" not in problem.loss.rules:
        why = "the network is not shallow with scalar output" if not problem.shallow else "no tree for this loss"
        return certificate.step("function_bound"), f"the infimum is only bounded by that over all functions: {why}"
    size = estimate(problem)
    if not (size.affordable or session.insist):
        return certificate.step("function_bound"), f"too large to search unasked (--claims): {size.words}"
    share = session.remaining() * (0.9 if session.insist else 0.4)
    try:
        bound, found = session.by_loss_tree(witness.point, time.monotonic() + share)
    except (Unfinished, Declined, ArithmeticError) as error:
        return certificate.step("function_bound"), str(error)
    better = evaluated(problem, found.point)
    if better is not None and (better.wins or better.risk.upper < witness.risk.upper):
        session.lowest_real = better
    return bound, f"the search ended early: {size.words}"


def global_bounds(session: Session) -> Outcome:
    """The same, where a bracket is asked for, of any width."""
    return bracketed(session, global_minimum)


def bracketed(session: Session, settle: Callable[[Session], Outcome]) -> Outcome:
    """The bracket that settling the global minimum leaves; what that says, where it leaves none."""
    outcome = settle(session)
    stated = session.certificate.stated("global_bounds")
    return outcome if stated is None else Proved(stated)


def point(session: Session) -> Outcome:
    """Whether the given parameters are a local minimum, and a spurious one."""
    return decided(session, spurious)


def decided(session: Session, against: Callable[[Session, int], int | None]) -> Outcome:
    """The same for any network; `against` makes the step that proves a local minimum spurious, if it can."""
    problem, certificate, theta = session.problem, session.certificate, session.problem.parameters
    if theta is None:
        return Undecided("the network file gives no parameters")
    at = certificate.point(theta)
    session.progress("deciding whether the given point is a local minimum")
    fact = certificate.fact(at)
    if not isinstance(fact, EnclosedPoint):
        raise TypeError("a point under a loss over the reals is enclosed")
    if (least := least_of_all(session, at)) is not None:
        return Proved(least)
    match decide_real(problem, fact):
        case Unknown(why):
            return Undecided(why)
        case Descends(curve, why):
            step = certificate.step("real_descent", {"point": at}, curve=spelled(problem, curve))
            return Proved(step, (("reason", why),))
        case Holds(rule):
            minimum = certificate.step(rule, {"point": at})
            step_or_none = against(session, minimum)
            return Proved(minimum if step_or_none is None else step_or_none)


def affine_infimum(session: Session) -> Outcome:
    """Where no best affine fit exists: the infimum over affine maps."""
    found = _minimum(session)
    if (stated := session.certificate.stated("affine_infimum")) is not None:
        return Proved(stated)
    reason = found.reason if isinstance(found, Undecided) else found[1]
    return Undecided(reason or "a best affine fit exists: see spurious_minimum")
