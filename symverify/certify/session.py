"""One run of proving: the certificate so far, the deadline, and the parts that several claims share."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from symverify.certify.certificate import Certificate
from symverify.certify.global_minimum import (
    Options,
    applicable,
    estimate,
    limit_step,
)
from symverify.ground.time_limit import OVERTIME, OutOfTime
from symverify.kernel.cells.limit import Limit
from symverify.kernel.core.activation import ZERO
from symverify.kernel.core.errors import Declined, Rejected
from symverify.kernel.core.facts import Evaluated, LocalMinimum, LowerBound
from symverify.kernel.core.network import Pattern, Point, Problem, Vector, predictions, risk
from symverify.kernel.reals.losses import RealLoss
from symverify.search.affine_minimum import AffineMinimum, NotConstructible, affine_minimum
from symverify.search.better import Witness, better_point, tries_few, zero_point
from symverify.search.global_minimum import LONG, Helpers, Result, bulky, global_minimum, plainly, prepare
from symverify.search.global_minimum import Progress as SearchProgress
from symverify.search.subgradient import Rows, on_affine, on_groups
from symverify.text import lasting

if TYPE_CHECKING:  # what only some problems need is loaded by the methods that need it
    from symverify.search.better_real import RealWitness
    from symverify.search.loss_tree import Outcome as Searched
    from symverify.search.programs.linear_place import LinearMinimum
    from symverify.search.programs.signed_tree import Bound

UNASKED = 600  # cases of sides and signs
Progress = Callable[[str], None]
Watch = Callable[[int, Fraction | None, Fraction | None], None]
MAX_SEARCHED = 4000  # parameters · samples of a chain without biases whose affine minimum is searched
Find = Callable[[Problem, Sequence[Vector]], Rows | None]


@dataclass(frozen=True, slots=True)
class Proved:
    """A claim settled, proved or refuted, by a step of the certificate; `notes` are for the reader, not trusted.

    `claim` is the name of what is proved, where it is not the claim that was tried.
    """

    step: int
    notes: tuple[tuple[str, str | int | bool | None], ...] = ()
    claim: str | None = None


@dataclass(frozen=True, slots=True)
class Undecided:
    """A claim left open, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A claim that nobody asked for and that is too much to settle unasked, and why."""

    reason: str


Outcome = Proved | Undecided | Skipped


@dataclass(frozen=True, slots=True)
class Decision:
    """A step about a point, whether it refutes that it is a local minimum, and the reason or the kind in words."""

    step: int
    refuted: bool
    why: str


@dataclass(frozen=True, slots=True)
class GlobalAnswer:
    """The steps of a lower bound and of the lowest point or limit; `closed` if they meet; `skipped` if not tried."""

    bound: int | None
    reached: int | None
    closed: bool
    skipped: bool
    reason: str
    result: Result | None = None


@dataclass(slots=True)
class Session:
    """What the claims of one run share. `deadline` is a time.monotonic() value."""

    problem: Problem
    deadline: float
    begun: float = field(default_factory=time.monotonic, init=False)
    progress: Progress = lambda _: None
    certificate: Certificate = field(init=False)
    options: Options = field(default_factory=Options)
    cell: Pattern | None = None  # the cell that claims about one cell are about; default: that of a point
    insist: bool = True  # whether the claims were asked for by name
    gap: Fraction = Fraction(1, 10**6)  # how wide, as a share of its value, an infimum that is not rational may stay
    witnesses: Sequence[Point] = ()  # points that the user names, to be compared with
    watch: Watch = lambda _nodes, _lower, _upper: None  # is told the bounds of the risk that a search has so far
    _global: "GlobalAnswer | None" = None
    _quick: bool | None = None  # whether searches are compiled
    _affine: AffineMinimum | str | None = None
    _better: dict[Point, Witness | None] = field(default_factory=dict)
    _lowest: Witness | None = None
    lowest_real: "RealWitness | None" = None
    linear: "LinearMinimum | str | None" = None  # of a general program: its constructed minimum, or why there is none
    lowest_point: Witness | None = None  # of a general program
    signed: "Bound | Literal[False] | None" = False  # of a general program: its global minimum, None if not found

    def __post_init__(self) -> None:
        self.certificate = Certificate(self.problem)

    def remaining(self) -> float:
        """Seconds left, without those that the kernel will take to read back what it has verified."""
        return self.deadline - time.monotonic() - self.certificate.seconds

    def overtime(self) -> float:
        """Seconds until exact arithmetic ends, too, which has OVERTIME where there was no time to begin with."""
        return self.remaining() + max(self.begun - self.deadline, 0.0) + OVERTIME

    def affine(self) -> AffineMinimum:
        """The constructed minimum of the affine fit. Raises NotConstructible."""
        if self._affine is None:
            self.progress("constructing the local minimum of the affine fit")
            try:
                self._affine = affine_minimum(self.problem)
            except NotConstructible as error:
                self._affine = self._without_biases() or str(error)
        if isinstance(self._affine, str):
            raise NotConstructible(self._affine)
        return self._affine

    def reference(self) -> Point:
        """The given point, the constructed one, or all parameters 0: what better points are compared with."""
        try:
            return self.problem.parameters or self.affine().point
        except NotConstructible:
            return zero_point(self.problem)

    def _without_biases(self) -> AffineMinimum | None:
        """The minimum of the affine fit in a chain without some biases, where one is found."""
        problem = self.problem
        if (problem.hidden_bias and problem.output_bias) or not problem.loss.smooth:
            return None
        if problem.size() * len(problem.inputs) > MAX_SEARCHED:
            return None
        from symverify.search.programs.chains import without_biases

        try:
            return without_biases(problem, time.monotonic() + max(self.remaining() / 4, 0))
        except NotConstructible:
            return None

    def lower_than(self, point: Point, risk: Fraction) -> Witness | None:
        """The lowest point found so far or now, if its risk is strictly below; None if none is found in time."""
        self.global_answer()
        if self._lowest is not None and self._global is not None and self._global.closed:
            return self._lowest if self._lowest.risk < risk else None
        named = self.lowest_named()
        if named is not None and (self._lowest is None or named.risk < self._lowest.risk):
            self._lowest = named
        spared = named is not None and named.risk < risk  # a search is for those who know no such point
        if self._lowest and self._lowest.risk < risk and (spared or (not self.insist and tries_few(self.problem))):
            return self._lowest
        if point not in self._better:
            self.progress("searching for a point of lower risk")
            budget = time.monotonic() + max(self.remaining() / 2, 0)
            found = better_point(self.problem, point, budget)
            self._better[point] = found
            if found is not None and (self._lowest is None or found.risk < self._lowest.risk):
                self._lowest = found
        best = self._lowest
        return best if best is not None and best.risk < risk else None

    def lowest_named(self) -> Witness | None:
        """The lowest of the points that the user names; the first of those of equal risk."""
        known = [Witness(each, risk(self.problem, predictions(self.problem, each))) for each in self.witnesses]
        return min(known, key=lambda each: each.risk, default=None)

    def lowest(self, reached: int) -> int:
        """The step of the lowest point found, where it is lower than what this step reaches."""
        fact = self.certificate.fact(reached)
        if self._lowest is not None and isinstance(fact, Evaluated | Limit) and self._lowest.risk < fact.risk:
            return self.certificate.point(self._lowest.point)
        return reached

    def everywhere(self, point_step: int) -> int | None:
        """The step that proves a point global, if it is known to be."""
        extra = self.subgradient(point_step, on_groups)
        try:
            if extra is not None:
                return self.certificate.step("function_minimum", {"point": point_step}, **extra)
        except Rejected:
            pass
        answer = self.global_answer()
        extra = self.subgradient(point_step, on_affine) or {}
        try:
            if answer.bound is not None and answer.closed:
                return self.certificate.step("global_minimum", {"bound": answer.bound, "point": point_step}, **extra)
        except Rejected:
            pass
        return None

    def subgradient(self, point_step: int, find: Find) -> dict[str, object] | None:
        """The field "subgradient" of a step about a point: none where the loss is differentiable; None if none fits."""
        if self.problem.loss.smooth:
            return {}
        fact = self.certificate.fact(point_step)
        rows = find(self.problem, fact.predictions) if isinstance(fact, Evaluated) else None
        return None if rows is None else {"subgradient": [[str(x) for x in row] for row in rows]}

    def global_answer(self, insist: bool = False) -> "GlobalAnswer":
        """The global minimum or a bracket, searched once where it is affordable, or where it is insisted on."""
        if self._global is None or (insist and self._global.skipped):
            self._global = self._search(insist)
        return self._global

    def _search(self, insist: bool) -> "GlobalAnswer":
        problem, certificate = self.problem, self.certificate
        reason = applicable(problem)
        if reason is None and not problem.loss.quadratic:
            return self._by_loss_tree(insist)
        if reason is not None:
            return self._case_by_case(insist, reason)
        size = estimate(problem)
        if not (size.affordable or insist):
            return GlobalAnswer(None, None, False, True, f"too large to search unasked (--claims): {size.words}")
        # The kernel verifies twice what is found; where that is a bracket from a part of the samples, within no time.
        share = (0.9 if bulky(problem) else 0.8) if insist else 0.4
        self.progress("searching for the global minimum")
        try:
            with self.prepared() as quick:
                several = self.options.executor if quick and (size.large or self.options.always) else nullcontext
                after = None if self.options.always else LONG
                with Helpers(several, after, self.options.threads) as helpers:
                    result = global_minimum(
                        problem,
                        incumbent=problem.parameters,
                        helpers=helpers,
                        progress=self._bracket,
                        deadline=max(self.remaining() * share, 0.1),
                        checkpoint=self.options.checkpoint,
                    )
        except Declined as error:
            return GlobalAnswer(None, None, False, False, str(error))
        self.watch(result.statistics.nodes, result.lower_risk, result.upper_risk)
        if result.closed and self.options.checkpoint is not None:
            self.options.checkpoint.unlink(missing_ok=True)
        try:
            bound, closed = self._bound(result), result.closed
        except Declined as error:
            why = "" if isinstance(error, OutOfTime) else "the kernel declined the proof: "
            return GlobalAnswer(None, None, False, False, f"{why}{error}")
        if result.point is not None:
            if self._lowest is None or result.upper_risk < self._lowest.risk:
                self._lowest = Witness(result.point, result.upper_risk)
            reached = certificate.point(result.point)
        else:
            reached = certificate.step("limit", {}, **limit_step(result.best))
        reason = f"the search ended with a bracket: {size.words}"
        if result.complete:
            reason = "the search is over, but there was not enough time for its certificate"
        if not quick:
            reason += (
                "; there was no time to compile the search, which takes about a minute of CPU time, once on a machine"
            )
        if self.options.checkpoint is not None:
            reason += "; --resume continues, best with a longer --timeout"
        return GlobalAnswer(bound, reached, closed, False, reason, result)

    @contextmanager
    def prepared(self) -> Iterator[bool]:
        """Searches in here are compiled; False where there is no time to do so, and they do without."""
        if self._quick is None:
            self._quick = prepare(self.problem, self.progress, self.remaining())
        with nullcontext() if self._quick else plainly():
            yield self._quick

    def _case_by_case(self, insist: bool, reason: str) -> "GlobalAnswer":
        """The same for deep networks with one unit in each layer after the first; others stay open, for the reason."""
        from symverify.kernel.cells.tree_bound import cases
        from symverify.search.tree_dual import NotFinished, applies, tree_minimum

        if "tree_bound" not in self.problem.loss.rules or not applies(self.problem):
            return GlobalAnswer(None, None, False, True, reason)
        try:
            count, _ = cases(self.problem)
            if count > UNASKED and not insist:
                return GlobalAnswer(None, None, False, True, f"too large to search unasked (--claims): {count} cases")
            found = tree_minimum(self.problem, time.monotonic() + self.remaining() * 0.9, self.progress)
            bound = self.certificate.step("function_bound")
            fact = self.certificate.fact(bound)
            if not isinstance(fact, LowerBound) or fact.risk != found.risk:
                fields: dict[str, object] = {"vectors": found.vectors, "cases": found.cases}
                bound = self.certificate.step("tree_bound", {}, risk=str(found.risk), **fields)
        except NotFinished:
            return GlobalAnswer(None, None, False, False, "the cases of sides and signs were not all searched in time")
        except Declined as error:
            return GlobalAnswer(None, None, False, False, str(error))
        self._lowest = Witness(found.point, found.risk)
        return GlobalAnswer(bound, self.certificate.point(found.point), True, False, "")

    def _by_loss_tree(self, insist: bool) -> "GlobalAnswer":
        """The same for losses other than the squared."""
        from symverify.search.loss_tree import Unfinished

        problem, certificate = self.problem, self.certificate
        size = estimate(problem)
        if not (size.affordable or insist):
            return GlobalAnswer(None, None, False, True, f"too large to search unasked (--claims): {size.words}")
        start = self.reference()
        share = self.remaining() * (0.9 if insist else 0.4)
        try:
            bound, searched = self.by_loss_tree(start, time.monotonic() + share)
        except (Unfinished, Declined, ArithmeticError) as error:
            return GlobalAnswer(None, None, False, False, str(error))
        value = risk(problem, predictions(problem, searched.point))
        if self._lowest is None or value < self._lowest.risk:
            self._lowest = Witness(searched.point, value)
        reached, closed = certificate.point(searched.point), searched.lower == value
        return GlobalAnswer(bound, reached, closed, False, "" if closed else f"the search ended early: {size.words}")

    def by_loss_tree(self, start: Point, deadline: float) -> "tuple[int, Searched]":
        """A lower bound's step and what the search found, for one hidden layer, scalar output and no squared loss.

        Raises Unfinished, Declined.
        """
        from symverify.search.loss_tree import Search

        self.progress("the global minimum")
        bound = self.certificate.step("function_bound")
        fact = self.certificate.fact(bound)
        least = fact.risk if isinstance(fact, LowerBound) else ZERO
        search = Search(self.problem, start, self.gap, self.progress, self.watch)
        found = search.run(least, deadline)
        self.watch(search.nodes, found.lower, search.most)
        if found.lower > least:
            real = isinstance(self.problem.loss, RealLoss)
            fields: dict[str, object] = {"risk": str(found.lower), "tree": list(found.tree)}
            fields["vectors"] = [list(g) for g in found.vectors]
            if real:
                fields["scales"] = [str(q) for q in found.scales]
            bound = self.certificate.step("real_lower_bound" if real else "global_lower_bound", {}, **fields)
        return bound, found

    def _bound(self, result: Result) -> int:
        """The step that proves the result's lower bound."""
        step = self.certificate.step("function_bound")
        fact = self.certificate.fact(step)
        if isinstance(fact, LowerBound) and fact.risk == result.lower_risk:
            return step
        vectors, tree = [list(g) for g in result.vectors], list(result.tree)
        return self.certificate.step("global_lower_bound", risk=str(result.lower_risk), vectors=vectors, tree=tree)

    def _bracket(self, seen: SearchProgress) -> None:
        bracket = [x * self.problem.loss.factor for x in (seen.lower, seen.upper)]
        self.watch(seen.nodes, *bracket)
        low, high = (Decimal(x.numerator) / Decimal(x.denominator) for x in bracket)  # floats may overflow
        gap = f" ({(high - low) / high * 100:.2g} % apart)" if high else ""
        rest = "" if seen.left is None else f", about {lasting(seen.left)} left"
        done = f"{seen.nodes} nodes in {lasting(seen.elapsed)}{rest}"
        self.progress(f"the global minimum is between {low:.6g} and {high:.6g}{gap}; {done}")

    def spurious(self, minimum_step: int) -> int | None:
        """The step that proves a local minimum spurious by a better point, if one is found."""
        fact = self.certificate.fact(minimum_step)
        if not isinstance(fact, LocalMinimum):
            raise TypeError("only a local minimum can be spurious")
        at = fact.at
        if at.risk == ZERO:
            return None
        witness = self.lower_than(at.point, at.risk)
        if witness is None:
            return None
        better = self.certificate.point(witness.point)
        return self.certificate.step("spurious_minimum", {"minimum": minimum_step, "better": better})


def beside(
    emitter: Callable[[Session], Outcome], name: str, otherwise: str = "there is none here"
) -> Callable[[Session], Outcome]:
    """The emitter of a claim that another one states on its way; `otherwise`: why it may not."""

    def settle(session: Session) -> Outcome:
        outcome = emitter(session)
        if (stated := session.certificate.stated(name)) is not None:
            return Proved(stated)
        return Undecided(outcome.reason if not isinstance(outcome, Proved) else otherwise)

    return settle
