"""The second opinion: obligations run through a solver, counted as confirmed, unanswered or contradicted."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from symverify.ground.time_limit import OutOfTime, until
from symverify.kernel import Checked, Theorem
from symverify.opinion.solve import Answer, Name, Solver
from symverify.opinion.statement import Obligation


@dataclass(frozen=True, slots=True)
class Opinion:
    """How many statements a solver confirmed, did not answer within its budget, or contradicted.

    `unposed` is how many steps have no statement that was put to it.
    """

    confirmed: int = 0
    unanswered: int = 0
    contradicted: int = 0
    unposed: int = 0

    def __add__(self, other: "Opinion") -> "Opinion":
        return Opinion(
            self.confirmed + other.confirmed,
            self.unanswered + other.unanswered,
            self.contradicted + other.contradicted,
            self.unposed + other.unposed,
        )


NO_OPINION = Opinion()


def discharge(
    obligations: Iterable[Obligation],
    solver: Name,
    *,
    seconds: float,
    deadline: float,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[Obligation, Opinion]:
    """Put each obligation to the solver, `seconds` a query, all by `deadline` (time.monotonic), whatever it does.

    Confirmed: the refutation is unsat and the premises, if any, are sat. Contradicted: the refutation is sat or
    the premises are unsat. Raises NoSolver.
    """
    opinions: dict[Obligation, Opinion] = {}
    with Solver(solver, seconds=seconds) as running, until(deadline):

        def ask(script: str) -> Answer:
            return running.solve(script, deadline=deadline).answer

        for obligation in obligations:
            progress(f"{solver}: {obligation.rule}, {obligation.name}")
            answers = Answer.NO_ANSWER, Answer.NO_ANSWER
            with suppress(OutOfTime):
                vacuity = obligation.vacuity()
                answers = ask(obligation.refutation()), Answer.SAT if vacuity is None else ask(vacuity)
            if answers[0] is Answer.SAT or answers[1] is Answer.UNSAT:
                opinions[obligation] = Opinion(contradicted=1)
            elif answers == (Answer.UNSAT, Answer.SAT):
                opinions[obligation] = Opinion(confirmed=1)
            else:
                opinions[obligation] = Opinion(unanswered=1)
    return opinions


def per_claim(checked: Checked, opinions: Mapping[Obligation, Opinion]) -> list[tuple[Theorem, Opinion]]:
    """Each theorem with the opinions on all steps that it rests on, and how many of these have none."""
    found, asked = [], {made.step for made in opinions}
    for theorem in checked.theorems:
        needed = set(checked.support(theorem))
        found.append(
            (
                theorem,
                sum((o for made, o in opinions.items() if made.step in needed), Opinion(unposed=len(needed - asked))),
            )
        )
    return found
