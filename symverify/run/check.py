"""The main job: problem → claims → certificate → kernel → second opinion → report.

The verdicts are the kernel's on the certificate as written; the solver's answers stand beside them.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from pathlib import Path

from symverify.certify.certificate import Certificate
from symverify.certify.emitters import CLAIMS, attempt, default_claims
from symverify.certify.global_minimum import Options
from symverify.certify.session import Outcome, Proved, Session, Skipped, Undecided
from symverify.kernel import Checked, Theorem
from symverify.kernel.check import check as kernel_check
from symverify.opinion.discharge import NO_OPINION, Opinion, discharge, per_claim
from symverify.opinion.obligations import obligations
from symverify.opinion.solve import Name
from symverify.problem.load import LoadedProblem
from symverify.problem.write import write_atomically
from symverify.run.local import processes
from symverify.run.verdict import Verdict, worst
from symverify.search.expand import parse_pattern

Value = str | int | bool | None


class UnknownClaim(ValueError):
    """There is no claim of that name."""


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """One claim's outcome. `statement` is what the kernel proved, `notes` what the search adds for the reader.

    `seconds` is the time spent on finding the proof.
    """

    name: str
    verdict: Verdict
    reason: str
    seconds: float
    statement: dict[str, Value] = field(default_factory=dict)
    notes: dict[str, Value] = field(default_factory=dict)
    theorem: Theorem | None = None
    smt: Opinion = NO_OPINION

    @property
    def line(self) -> str:
        """The kernel's verdict line; "" where nothing is proved."""
        return "" if self.theorem is None else self.theorem.line()

    @property
    def risk(self) -> Fraction | None:
        """The risk that the claim states, in the problem's own factor and reduction."""
        return _fraction(self.statement.get("risk"))

    @property
    def better_risk(self) -> Fraction | None:
        """The risk of the strictly better point, where there is one."""
        return _fraction(self.statement.get("better_risk"))


def _fraction(value: Value) -> Fraction | None:
    return Fraction(value) if isinstance(value, str) else None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """All claims of one run, the certificate (its bytes, and where it was written), and the overall verdict.

    `skipped` are the claims that were not asked for by name and would cost too much, with the reasons.
    """

    problem: LoadedProblem
    claims: tuple[ClaimResult, ...]
    certificate: bytes | None
    path: Path | None = None
    checked: Checked | None = None
    alarms: tuple[str, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of the claims; CONTRADICTED if a solver disagrees with the kernel."""
        if self.alarms:
            return Verdict.CONTRADICTED
        return worst([claim.verdict for claim in self.claims])

    def __getitem__(self, name: str) -> ClaimResult:
        """The claim of that name. Raises KeyError."""
        for claim in self.claims:
            if claim.name == name:
                return claim
        raise KeyError(name)

    def records(self) -> list[dict[str, Value]]:
        """One flat dict a claim, rationals as text: rows for a data frame."""
        return [
            {
                "claim": claim.name,
                "verdict": claim.verdict.value,
                **claim.statement,
                **claim.notes,
                "reason": claim.reason,
            }
            for claim in self.claims
        ]

    def _repr_html_(self) -> str:
        from symverify.report.html import claims_table

        return claims_table(self)


def check(
    problem: LoadedProblem,
    claims: Sequence[str] | None = None,
    *,
    timeout: float = 60.0,
    smt: bool = True,
    solver: Name = "z3",
    output: Path | None = None,
    workers: int = 1,
    executor: Callable[[], AbstractContextManager[Executor | None]] | None = None,
    resume: bool = False,
    cell: str | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> CheckResult:
    """Try the claims (by default those that fit the problem), write the certificate to `output` if given.

    `timeout` is in seconds for the search; the kernel's check and the solver have as much again each. A search for
    the global minimum runs in `workers` processes if it is large, or on the executor that `executor` opens, with the
    same result; where it ends early it leaves a checkpoint beside `output`, from which `resume` continues. Ctrl-C ends
    the search; what is proved by then is checked and told. `cell` names the cell that cell_minima is about, as a
    pattern like "0111,0011" (pieces per sample, "," between units). Raises UnknownClaim, BadCheckpoint, OSError where
    the certificate cannot be written.
    """
    names = default_claims(problem.problem) if claims is None else list(dict.fromkeys(claims))
    for name in names:
        if name not in CLAIMS:
            raise UnknownClaim(f"unknown claim {name!r}; known: {', '.join(CLAIMS)}")
    checkpoint = None if output is None else output.with_name(f"{output.name}.search")
    if checkpoint is not None and not resume:
        checkpoint.unlink(missing_ok=True)
    own = partial(processes, workers)
    options = Options(own if executor is None else executor, checkpoint, executor is not None)
    pattern = None if cell is None else parse_pattern(problem.problem, cell)
    session = Session(problem.problem, time.monotonic() + timeout, progress, options, pattern, claims is not None)
    results, skipped, interrupted = list[ClaimResult](), list[tuple[str, str]](), False
    for name in names:
        started = time.monotonic()
        outcome: Outcome = Undecided("interrupted")
        if not interrupted:
            try:
                outcome = attempt(session, name)
            except KeyboardInterrupt:  # what is proved by then counts
                interrupted = True
        if isinstance(outcome, Skipped):
            skipped.append((name, outcome.reason))
            continue
        notes: dict[str, Value] = {"reason": outcome.reason} if isinstance(outcome, Undecided) else dict(outcome.notes)
        reason = str(notes.pop("reason", ""))
        name = outcome.claim or name if isinstance(outcome, Proved) else name
        results.append(ClaimResult(name, Verdict.UNDECIDED, reason, time.monotonic() - started, notes=notes))
    if not session.certificate.claims:
        return CheckResult(problem, tuple(results), None, skipped=tuple(skipped))
    progress("the kernel verifies the certificate")
    text, checked = _verified(problem, session.certificate, output)
    theorems, known = checked.theorems, {result.name for result in results}
    extra = [theorem.claim for theorem in theorems if theorem.claim not in known]
    results += [ClaimResult(name, Verdict.UNDECIDED, "", 0.0) for name in extra]
    settled = _with_gaps([_settled(result, theorems) for result in results])
    alarms: tuple[str, ...] = ()
    if smt:
        settled, alarms = _second_opinion(checked, settled, solver, timeout, progress)
    return CheckResult(problem, tuple(settled), text, output, checked, alarms, tuple(skipped))


def _verified(problem: LoadedProblem, certificate: Certificate, output: Path | None) -> tuple[bytes, Checked]:
    """The certificate as written, and what the kernel says that it proves."""
    text = certificate.text()
    if output is not None:
        write_atomically(output, text)
        text = output.read_bytes()
    return text, kernel_check(problem.network, text, problem.open_data)


def _settled(result: ClaimResult, theorems: Sequence[Theorem]) -> ClaimResult:
    """The result with the kernel's theorem on it, if there is one."""
    for theorem in theorems:
        if theorem.claim == result.name:
            return replace(
                result,
                verdict=Verdict(theorem.verdict),
                statement=dict(theorem.statement),
                theorem=theorem,
            )
    return result


def _with_gaps(results: list[ClaimResult]) -> list[ClaimResult]:
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


def _second_opinion(
    checked: Checked,
    results: list[ClaimResult],
    solver: Name,
    timeout: float,
    progress: Callable[[str], None],
) -> tuple[list[ClaimResult], tuple[str, ...]]:
    todo = obligations(checked)
    deadline = time.monotonic() + timeout
    opinions = discharge(todo, solver, seconds=min(5.0, timeout), deadline=deadline, progress=progress)
    of = {theorem.claim: opinion for theorem, opinion in per_claim(checked, opinions)}
    alarms = tuple(
        f"{solver} contradicts step {made.step} ({made.rule}: {made.name})"
        for made, opinion in opinions.items()
        if opinion.contradicted
    )
    return [replace(result, smt=of.get(result.name, NO_OPINION)) for result in results], alarms
