"""The main job: problem → claims → certificate → kernel → second opinion → report.

The verdicts are the kernel's on the certificate as written; the solver's answers stand beside them. A certificate that
is there already, about the same problem, is added to: what it proves stays.
"""

import os
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from pathlib import Path

from symverify.certify.emitters import CLAIMS, ROBUST, answers, attempt, default_claims
from symverify.certify.global_minimum import Options
from symverify.certify.session import Outcome, Proved, Session, Skipped, Undecided
from symverify.errors import NoSolver, Rejected, UnknownClaim, Usage
from symverify.ground.floats import quiet
from symverify.ground.time_limit import until
from symverify.kernel import Checked, Theorem
from symverify.kernel.core.network import Pattern, Point
from symverify.kernel.core.proof import Value
from symverify.opinion.discharge import NO_OPINION, Opinion, discharge, per_claim
from symverify.opinion.solve import Name, available
from symverify.problem.load import LoadedProblem
from symverify.problem.shape import same_shape
from symverify.problem.write import clean, destination, is_file, write_atomically
from symverify.run import checkpoints
from symverify.run.bounds import Log, log_failed, log_place
from symverify.run.limits import seconds
from symverify.run.local import processes
from symverify.run.merge import SOLVED, Stored, fitting, replaceable, settling, store
from symverify.run.verdict import Verdict, worst
from symverify.search.global_minimum.checkpoint import bad
from symverify.text import meant, plain

MAIN = (  # what a run without named claims is about: the first of these that was tried
    "point",
    "spurious_minimum",
    "spurious_linear_minimum",
    "spurious_for_all",
    "linear_collapse",
    "global_minimum",
    "minimum_in_box",
)
TOO_MUCH = "with all others it takes more work than the kernel's budget allows: name it alone with --claims"


@dataclass(frozen=True, slots=True, repr=False)
class ClaimResult:
    """One claim's outcome. `statement` is what the kernel proved, `notes` what the search adds for the reader.

    `reason` is why the claim is open, or what the search observed beside the proof. `seconds` is the time spent on
    finding the proof; `before`: the proof is that of an earlier run, as this one left the claim open or proved less.
    """

    name: str
    verdict: Verdict
    reason: str
    seconds: float
    statement: dict[str, Value] = field(default_factory=dict)
    notes: dict[str, Value] = field(default_factory=dict)
    theorem: Theorem | None = None
    smt: Opinion = NO_OPINION
    before: bool = False

    @property
    def line(self) -> str:
        """The kernel's verdict line; "" where nothing is proved."""
        return "" if self.theorem is None else self.theorem.line()

    @property
    def risk(self) -> Fraction | None:
        """The risk that the claim states, in the problem's own factor and reduction; None if none, or an enclosure."""
        return _fraction(self.statement.get("risk"))

    @property
    def better_risk(self) -> Fraction | None:
        """The risk of the strictly better point, where there is one that is no enclosure."""
        return _fraction(self.statement.get("better_risk"))

    def __repr__(self) -> str:
        numbers = [f"{key} {_short(value)}" for key, value in self.statement.items() if value is not None]
        return f"<ClaimResult {', '.join([f'{self.name}: {self.verdict.value}', *numbers[:4]])}>"


def _short(value: Value) -> str:
    """A number of a statement, in a few characters."""
    text = str(value)
    return text if len(text) <= 24 else f"{text[:20]}... ({len(text)} characters)"


def _fraction(value: Value) -> Fraction | None:
    return Fraction(value) if isinstance(value, str) else None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """All claims of one run, the certificate (its bytes, and where it was written), and the overall verdict.

    `skipped` are the claims that were not asked for by name and would cost too much, with the reasons. `asked` are the
    claims that the verdict is about: those named, else the one that the problem is mainly about. `kept` are claims that
    the certificate proved before this run, which did not try them.
    """

    problem: LoadedProblem
    claims: tuple[ClaimResult, ...]
    certificate: bytes | None
    path: Path | None = None
    checked: Checked | None = None
    alarms: tuple[str, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    asked: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of the claims that were asked for; CONTRADICTED if a solver disagrees with the kernel."""
        if self.alarms:
            return Verdict.CONTRADICTED
        return worst([claim.verdict for claim in self.claims if claim.name in self.asked])

    def __getitem__(self, name: str) -> ClaimResult:
        """The claim of that name. Raises KeyError."""
        for claim in self.claims:
            if claim.name == name:
                return claim
        raise KeyError(name)

    def records(self) -> list[dict[str, Value]]:
        """One flat dict a claim, rationals as text: rows for a data frame. What is not proved is named observed_…"""
        return [
            {
                "claim": claim.name,
                "verdict": claim.verdict.value,
                **claim.statement,
                **{f"observed_{key}": value for key, value in claim.notes.items()},
                ("observed_reason" if claim.theorem is not None else "reason"): claim.reason,
            }
            for claim in self.claims
        ]


def check(
    problem: LoadedProblem,
    claims: Sequence[str] | str | None = None,
    *,
    timeout: float = 60.0,
    begun: float | None = None,
    smt: bool = True,
    solver: Name = "z3",
    output: str | os.PathLike[str] | None = None,
    workers: int = 1,
    executor: Callable[[], AbstractContextManager[Executor | None]] | None = None,
    resume: bool = False,
    fresh: bool = False,
    cell: str | None = None,
    witnesses: Sequence[LoadedProblem] = (),
    robust: bool = False,
    gap: Fraction = Fraction(1, 10**6),
    log: str | os.PathLike[str] | None = None,
    progress: Callable[[str], None] = lambda _: None,
    stopped: Callable[[], bool] = lambda: False,
) -> CheckResult:
    """Try the claims (by default those that fit the problem), write the certificate to `output` if given.

    Claims are names in a list, or joined by commas. A certificate about this problem that is there already is added to;
    with `fresh` it is replaced. `timeout` is in seconds from now, or from the time.monotonic() value `begun`, until the
    kernel has verified what was found; a solver has as much again. A large search for the global minimum runs in
    `workers` threads where it is compiled, else in as many processes, or on the executor that `executor` opens, with
    the same result; where it ends early it leaves a checkpoint beside `output`, from which `resume` continues. Ctrl-C
    ends the search, and so does `stopped` once it is true; what is proved by then is checked and told. `cell` names the
    cell that claims about one are about, as a pattern like "0111,0011" (pieces per sample, "," between units). The
    points of `witnesses`, problems of the same shape, are compared with, where a point of lower risk is needed. `gap`
    is how wide the bracket of an infimum may be, as a share of it, where that is not rational. With `robust` each claim
    that allows it is followed by how far the labels may move, at least, before it fails. `log` is a file for the bounds
    that a search for the global minimum saw as it went, observed and not certified. Raises Usage (UnknownClaim, NoCell,
    NoSolver, BadCheckpoint, NotWritable), OSError where the certificate cannot be written.
    """
    begun, timeout = time.monotonic() if begun is None else begun, seconds(timeout)
    names = default_claims(problem.problem) if claims is None else _known(claims)
    wanted = _with_robust(names) if robust else names
    target = None if output is None else Path(output)
    place = (
        None
        if log is None
        else log_place(log, target, *(name for each in (problem, *witnesses) for name in each.files))
    )
    if smt and not available(solver):
        raise NoSolver(f"the solver {solver} is not installed", "install it, choose another with --solver, or --no-smt")
    pattern = None if cell is None else _pattern(problem, cell)
    checkpoint, taken = (None, None) if target is None else _prepared(target, problem, resume, fresh)
    if executor is None:
        options = Options(partial(processes, workers), workers, checkpoint)
    else:
        options = Options(executor, checkpoint=checkpoint, always=True)
    session = Session(problem.problem, begun + timeout, progress, options, pattern, claims is not None, gap)
    seen = Log(problem.sha256)
    session.watch = seen.watch if place is not None else session.watch
    session.witnesses = [*problem.problem.witnesses, *(_parameters_of(each, problem) for each in witnesses)]
    try:
        with quiet():
            results, skipped, called = _attempted(session, wanted, stopped)
        main = _main(called, [name for name, _ in skipped]) if claims is None else names
        asked = tuple(called.get(name, name) for name in main)
        whole, results = _settled(session, results, asked, target, problem, fresh)
    except (ArithmeticError, LookupError, TypeError, ValueError, Rejected) as error:
        if taken is None:
            raise
        raise bad(taken, error) from error  # what it says cannot be continued
    if place is not None:
        _write_log(place, seen)
    found = _concluded(problem, target, whole, results, skipped, asked)
    if whole is None or not smt or stopped():
        return found
    return _with_opinion(found, whole.checked, solver, timeout, progress)


def _with_robust(names: Sequence[str]) -> list[str]:
    """The claims, each that allows it followed by how far the labels may move, at least, before it fails."""
    return list(dict.fromkeys(each for name in names for each in (name, ROBUST.get(name, name))))


def _concluded(
    problem: LoadedProblem,
    target: Path | None,
    whole: Stored | None,
    results: Sequence[ClaimResult],
    skipped: Sequence[tuple[str, str]],
    asked: tuple[str, ...],
) -> CheckResult:
    """The result as far as the kernel goes; checkpoints that are of no more use are removed."""
    if target is not None:
        solved = whole is not None and any(theorem.claim in SOLVED for theorem in whole.checked.theorems)
        checkpoints.tidy(target, problem.problem, solved)
    if whole is None:
        return CheckResult(problem, tuple(results), None, skipped=tuple(skipped), asked=asked)
    tried = {result.name for result in results}
    kept = tuple(dict.fromkeys(theorem.claim for theorem in whole.checked.theorems if theorem.claim not in tried))
    settled = tuple(_with_gaps(results))
    return CheckResult(problem, settled, whole.text, target, whole.checked, (), tuple(skipped), asked, kept)


def _write_log(place: Path, seen: Log) -> None:
    """Raises NotWritable."""
    try:
        write_atomically(place, seen.text())
    except OSError as error:
        raise log_failed(place, error) from None


def _parameters_of(other: LoadedProblem, problem: LoadedProblem) -> Point:
    """The parameters of another network file, as a point of this problem. Raises Usage."""
    theirs, ours = other.problem, problem.problem
    if theirs.parameters is None:
        raise Usage(f"the witness {plain(other.name)} gives no parameters")
    if not same_shape(theirs, ours):
        raise Usage(f"the witness {plain(other.name)} is a network of another shape")
    return theirs.parameters


def _pattern(problem: LoadedProblem, cell: str) -> Pattern:
    """The cell of that name. Raises NoCell."""
    from symverify.search.expand import parse_pattern

    return parse_pattern(problem.problem, cell)


def _known(claims: Sequence[str] | str) -> list[str]:
    """The names of claims, each once. Raises UnknownClaim."""
    claims = [name.strip() for name in claims.split(",")] if isinstance(claims, str) else claims
    for name in claims:
        if name not in CLAIMS:
            raise UnknownClaim(f"unknown claim {name!a:.60}", f"known: {', '.join(CLAIMS)}{meant(name, CLAIMS)}")
    return list(dict.fromkeys(claims))


def _prepared(output: Path, problem: LoadedProblem, resume: bool, fresh: bool) -> tuple[Path | None, Path | None]:
    """Make sure that a certificate can be written; this run's checkpoint, and what it was called if it is continued."""
    clean(destination(output).parent)
    replaceable(output, problem, fresh)
    if not is_file(output):
        return None, None
    if fresh:
        checkpoints.remove(output)
    own = checkpoints.own(output)
    return own, checkpoints.take_over(output, problem.problem, own) if resume else None


def _main(tried: Mapping[str, str], skipped: Collection[str]) -> Sequence[str]:
    """Of the default claims the one that the verdict is about: one that was tried, or else one that was skipped."""
    return next(([name] for names in (tried, skipped) for name in MAIN if name in names), [])


def _attempted(
    session: Session, names: Sequence[str], stopped: Callable[[], bool]
) -> tuple[list[ClaimResult], list[tuple[str, str]], dict[str, str]]:
    """What the search makes of each claim, all undecided as far as the kernel is concerned; and what it skipped.

    Last, each claim that was tried with the name of the one that it has become.
    """
    results, skipped, called, interrupted = list[ClaimResult](), list[tuple[str, str]](), dict[str, str](), False
    for name in names:
        started = time.monotonic()
        outcome: Outcome = Undecided("interrupted")
        if not (interrupted or stopped()):
            try:
                outcome = attempt(session, name)
            except KeyboardInterrupt:  # what is proved by then counts
                interrupted = True
        if isinstance(outcome, Skipped):
            skipped.append((name, outcome.reason))
            continue
        notes: dict[str, Value] = {"reason": outcome.reason} if isinstance(outcome, Undecided) else dict(outcome.notes)
        reason = str(notes.pop("reason", ""))
        called[name] = outcome.claim or name if isinstance(outcome, Proved) else name
        seconds = time.monotonic() - started
        results.append(ClaimResult(called[name], Verdict.UNDECIDED, reason, seconds, notes=notes))
    return results, skipped, called


def _settled(
    session: Session,
    results: list[ClaimResult],
    asked: Sequence[str],
    output: Path | None,
    problem: LoadedProblem,
    fresh: bool,
) -> tuple[Stored | None, list[ClaimResult]]:
    """The certificate as it is on disk now, None without one; and the results with what it proves."""
    session.progress("the kernel verifies the certificate")
    new = fitting(session.certificate, problem, asked)
    whole = new if output is None else store(output, problem, new, fresh)
    if whole is None:
        return None, results
    tried = dict.fromkeys(result.name for result in results)
    mine = new.checked.theorems if new is not None else ()
    sides = dict.fromkeys(theorem.claim for theorem in mine if theorem.claim not in tried)
    results = [*results, *(ClaimResult(name, Verdict.UNDECIDED, "", 0.0) for name in sides)]
    found = [(result, settling(whole, mine, result.name, partial(answers, session))) for result in results]
    left = {claim["claim"] for claim in session.certificate.claims}
    return whole, [
        _with_theorem(result, *settled)
        if settled is not None
        else replace(result, reason=TOO_MUCH, notes={})
        if result.name in left
        else result
        for result, settled in found
        if settled is not None or result.name in tried
    ]


def _with_theorem(result: ClaimResult, theorem: Theorem, before: bool) -> ClaimResult:
    """The result with the kernel's theorem on it; `before`: an earlier run has proved it."""
    return replace(
        result,
        verdict=Verdict(theorem.verdict),
        reason="" if before else result.reason,
        notes={} if before else result.notes,
        statement=dict(theorem.statement),
        theorem=theorem,
        before=before,
    )


def _with_gaps(results: Sequence[ClaimResult]) -> Sequence[ClaimResult]:
    """Local minima with their exact height above the global minimum, where that is known."""
    least = next((result.risk for result in results if result.name == "global_minimum"), None)
    if least is None:
        return results
    above = {"spurious_minimum", "valley", "point"}
    return [
        replace(result, notes={**result.notes, "gap": str(result.risk - least)})
        if result.name in above and result.risk is not None and result.verdict is Verdict.PROVED
        else result
        for result in results
    ]


def _with_opinion(
    found: CheckResult, checked: Checked, solver: Name, timeout: float, progress: Callable[[str], None]
) -> CheckResult:
    """The result with the solver's answers, and where they contradict the kernel."""
    from symverify.opinion.obligations import obligations

    deadline = time.monotonic() + timeout
    with until(deadline):
        todo = obligations(checked)
    opinions = discharge(todo, solver, seconds=min(5.0, timeout), deadline=deadline, progress=progress)
    of = {theorem.line(): opinion for theorem, opinion in per_claim(checked, opinions)}
    alarms = tuple(
        f"{solver} contradicts step {made.step} ({made.rule}: {made.name})"
        for made, opinion in opinions.items()
        if opinion.contradicted
    )
    claims = tuple(replace(result, smt=of.get(result.line, NO_OPINION)) for result in found.claims)
    return replace(found, claims=claims, alarms=alarms)
