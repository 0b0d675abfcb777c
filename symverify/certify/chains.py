"""The claims about a chain under a loss with rational risks: how each is proved or refuted, or why it stays open."""

from functools import partial

from symverify.certify.certificate import parameters
from symverify.certify.session import Decision, Outcome, Proved, Session, Skipped, Undecided
from symverify.kernel.cells.limit import Limit
from symverify.kernel.core.algebra import total
from symverify.kernel.core.errors import Declined, Rejected
from symverify.kernel.core.facts import Evaluated, LowerBound
from symverify.kernel.core.network import Point, Problem, cell_of, residuals
from symverify.kernel.core.proof import Fact
from symverify.search.affine_minimum import NotConstructible
from symverify.search.better import Witness
from symverify.search.character import character
from symverify.search.subgradient import at_face, in_cell, on_affine


def assumptions(session: Session) -> Outcome:
    """A1–A4 and AL, as the kernel finds them."""
    return Proved(session.certificate.step("assumptions"))


def linear_collapse(session: Session) -> Outcome:
    """Affine activations: one cell and no spurious minimum."""
    try:
        return Proved(session.certificate.step("linear_collapse"))
    except Rejected as error:
        return Undecided(error.reason.removeprefix("linear_collapse: "))


def _affine_minimum(session: Session) -> tuple[int, int]:
    """The steps of the constructed point and of its being a local minimum."""
    point = session.certificate.point(session.affine().point)
    extra = session.subgradient(point, on_affine) or {}
    return point, session.certificate.step("interior_minimum", {"point": point}, **extra)


def _not_constructed(session: Session, error: NotConstructible) -> Outcome:
    """Why the construction fails; a claim that was not asked for does not fit a problem without biases."""
    biased = session.problem.hidden_bias and session.problem.output_bias
    return Undecided(str(error)) if biased or session.insist else Skipped(str(error))


def spurious_minimum(session: Session) -> Outcome:
    """The construction is a local minimum, and another point is strictly better."""
    try:
        point, minimum = _affine_minimum(session)
    except NotConstructible as error:
        return _not_constructed(session, error)
    everywhere = session.everywhere(point)
    if everywhere is not None:
        by_data = session.certificate.steps[everywhere]["rule"] == "function_minimum"
        what = "no function of the inputs" if by_data else "no network of this architecture"
        return Proved(everywhere, (("reason", f"{what} has lower risk than the affine fit"),))
    step = session.spurious(minimum)
    if step is not None:
        return Proved(step)
    narrow = min(session.problem.widths[1:-1]) <= session.problem.widths[-1]
    why = " (a hidden layer is only as wide as the output, so the theorem promises none)" if narrow else ""
    return Undecided(f"no point of lower risk than the affine fit was found within the budget{why}")


def valley(session: Session) -> Outcome:
    """A path of local minima through the construction, spurious ones where a better point is known."""
    try:
        point, minimum = _affine_minimum(session)
        path = parameters(session.affine().path)
    except NotConstructible as error:
        return _not_constructed(session, error)
    step = minimum if session.everywhere(point) is not None else session.spurious(minimum)
    return Proved(session.certificate.step("valley", {"minimum": minimum if step is None else step}, path=path))


def point(session: Session) -> Outcome:
    """Whether the given parameters are a local minimum, and a spurious one."""
    problem, theta = session.problem, session.problem.parameters
    if theta is None:
        return Undecided("the network file gives no parameters")
    at = session.certificate.point(theta)
    everywhere = session.everywhere(at)
    if everywhere is not None:
        return Proved(everywhere, _described(problem, theta))
    session.progress("deciding whether the given point is a local minimum")
    minimum = local_minimum(session, at, theta)
    if isinstance(minimum, Undecided):
        return minimum
    if minimum.refuted:
        return Proved(minimum.step, (("reason", minimum.why),))
    step = session.spurious(minimum.step)
    return Proved(minimum.step if step is None else step, _described(problem, theta))


def _described(problem: Problem, theta: Point) -> tuple[tuple[str, str | int | bool | None], ...]:
    """What the report says about a local minimum beyond the claim."""
    if not problem.loss.smooth:
        return ()
    found = character(problem, theta)
    return (
        ("kind", found.kind),
        ("strict", found.strict),
        ("valley_dimension", found.dimension),
        ("valley_dimension_exact", found.exact),
        ("reason", found.why),
    )


def local_minimum(session: Session, at: int, theta: Point) -> Decision | Undecided:
    """Prove or refute that a point is a local minimum, by the rules in order of their simplicity."""
    problem, certificate = session.problem, session.certificate
    if not problem.loss.smooth:
        return _by_subgradient(session, at, theta, strictly_inside(problem, theta))
    if _balanced(problem, certificate.fact(at)) and strictly_inside(problem, theta):
        try:
            return Decision(certificate.step("interior_minimum", {"point": at}), False, "interior")
        except Rejected:
            pass
    if len(problem.widths) == 3 and problem.widths[-1] == 1:
        from symverify.search.answers import Descends, Unknown
        from symverify.search.decide import Stays, decide_shallow

        match decide_shallow(problem, theta):
            case Stays(found):
                spelled = [None if mu is None else [str(x) for x in mu] for mu in found]
                return Decision(certificate.step("face_minimum", {"point": at}, multipliers=spelled), False, "boundary")
            case Descends(curve, why):
                return Decision(certificate.step("descent", {"point": at}, curve=parameters(curve)), True, why)
            case Unknown(reason):
                return Undecided(reason)
    for rule in ("adjacent_cells", "second_order"):
        try:
            return Decision(certificate.step(rule, {"point": at}), False, rule)
        except (Rejected, Declined):
            continue
    from symverify.certify.decisions import by_cells, fall  # what most points do not need

    around = by_cells(session, at, theta)
    if isinstance(around, Decision):
        return around
    return fall(session, at, theta) or Undecided(f"{around.reason}, and no descent was found")


def _balanced(problem: Problem, fact: Fact) -> bool:
    """Whether the derivatives by the output biases are 0, which takes no cell to see."""
    if not (problem.output_bias and isinstance(fact, Evaluated)):
        return True
    return not any(total(row) for row in residuals(problem, fact.predictions))


def _by_subgradient(session: Session, at: int, theta: Point, interior: bool) -> Decision | Undecided:
    """The same where the loss is not differentiable: subgradients prove, curves refute."""
    problem, certificate = session.problem, session.certificate
    if interior:
        extra = session.subgradient(at, partial(in_cell, point=theta))
        if extra is not None:
            return Decision(certificate.step("interior_minimum", {"point": at}, **extra), False, "interior")
    if problem.shallow and (found := at_face(problem, theta)) is not None:
        rows, multipliers = ([[str(x) for x in row] for row in part] for part in found)
        step = certificate.step("face_minimum", {"point": at}, multipliers=multipliers, subgradient=rows)
        return Decision(step, False, "boundary")
    from symverify.certify.decisions import fall

    reason = "no subgradients prove it a local minimum, and no descent was found"
    return fall(session, at, theta) or Undecided(reason)


def strictly_inside(problem: Problem, theta: Point) -> bool:
    """Whether a point is strictly inside a cell."""
    try:
        cell_of(problem, theta)
    except Rejected:
        return False
    return True


def global_minimum(session: Session) -> Outcome:
    """The infimum of the risk over all parameters, and whether it is attained."""
    answer = session.global_answer(insist=session.insist)
    if answer.bound is None or answer.reached is None:
        return _met_bound(session, answer.reason)
    if not answer.closed:
        lowest = session.lowest(answer.reached)
        step = session.certificate.step("bracket", {"bound": answer.bound, "point": lowest})
        session.certificate.claim("global_bounds", step)
        return Undecided(answer.reason)
    reached = session.certificate.fact(answer.reached)
    if isinstance(reached, Limit):
        infimum = session.certificate.step("infimum", {"bound": answer.bound, "limit": answer.reached})
        separators = None if answer.result is None else answer.result.separators
        try:
            if separators is not None:
                vectors = [[list(q) for q in part] for part in separators]
                lost = session.certificate.step("not_attained", {"infimum": infimum}, separators=vectors)
                return Proved(lost, claim="infimum")
        except Declined:
            pass
        return Proved(infimum, (("reason", "whether it is attained is open"),), claim="infimum")
    step = session.certificate.step("global_minimum", {"bound": answer.bound, "point": answer.reached})
    return Proved(step, claim="global_minimum")


def _met_bound(session: Session, reason: str) -> Outcome:
    """Any network: proved where a point found meets a bound, that for all functions of the inputs or a higher one.

    Else a bracket; of one hidden layer and one output, which have a search of their own, only if it was asked for.
    """
    open_claim = Undecided if session.insist else Skipped
    try:
        bound = session.certificate.step("function_bound")
    except Rejected:  # another loss
        return open_claim(reason)
    start = session.reference()
    fact = session.certificate.fact(session.certificate.point(start))
    if not isinstance(fact, Evaluated):
        return open_claim(reason)
    lowest = session.lower_than(start, fact.risk) or Witness(start, fact.risk)
    words = "the bound for all functions of the inputs"
    if _met(session, bound, lowest):
        return _least(session, bound, lowest)
    from symverify.certify.deep_bounds import raised

    if (higher := raised(session, bound)) != bound:
        bound, words = higher, "the lower bound found"
        if _met(session, bound, lowest):
            return _least(session, bound, lowest)
    if session.insist or not session.problem.shallow:
        ends = {"bound": bound, "point": session.certificate.point(lowest.point)}
        session.certificate.claim("global_bounds", session.certificate.step("bracket", ends))
    return open_claim(f"{reason}; the best point found does not meet {words}")


def _met(session: Session, bound: int, lowest: Witness) -> bool:
    """Whether a point has the risk of a lower bound."""
    fact = session.certificate.fact(bound)
    return isinstance(fact, LowerBound) and lowest.risk == fact.risk


def _least(session: Session, bound: int, lowest: Witness) -> Proved:
    """The global minimum at a point that has the risk of a lower bound."""
    ends = {"bound": bound, "point": session.certificate.point(lowest.point)}
    return Proved(session.certificate.step("global_minimum", ends), claim="global_minimum")


def global_bounds(session: Session) -> Outcome:
    """A bracket of the infimum, of width 0 where it is known."""
    outcome, certificate = global_minimum(session), session.certificate
    answer = session.global_answer(insist=session.insist)
    if answer.bound is not None and answer.reached is not None:
        ends = {"bound": answer.bound, "point": session.lowest(answer.reached)}
        return Proved(certificate.step("bracket", ends))
    if isinstance(outcome, Proved):  # the bound for all functions, or a higher one, is met
        return Proved(certificate.met(outcome.step))
    stated = certificate.stated("global_bounds")
    return Undecided(outcome.reason) if stated is None else Proved(stated)


def affine_infimum(session: Session) -> Outcome:
    """For losses that need not attain their least risk over affine maps; over the rationals all do."""
    return Undecided(f"the {session.problem.loss.name} loss has a best affine fit: see spurious_minimum")


def spurious_linear_minimum(session: Session) -> Outcome:
    """For general programs; in a chain the linear minimum is that of the best affine fit."""
    return Undecided("a claim about general programs: for chains see spurious_minimum")
