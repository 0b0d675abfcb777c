"""What is posed: a statement about real numbers; an obligation, which is one of a step; what a poser gets."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from symverify.kernel.core.network import Problem
from symverify.kernel.core.proof import Fact, Step
from symverify.opinion.text import Script, negation

LINEAR, NONLINEAR = "QF_LRA", "QF_NRA"
F = TypeVar("F")


@dataclass(frozen=True, slots=True)
class Statement:
    """For all real values of `variables`, the premises imply the goal."""

    name: str
    logic: str
    variables: tuple[str, ...]
    premises: tuple[str, ...]
    goal: str


@dataclass(frozen=True, slots=True)
class Obligation:
    """One statement of step `step`, by its rule."""

    step: int
    rule: str
    statement: Statement

    @property
    def name(self) -> str:
        """What it states, in words."""
        return self.statement.name

    def refutation(self) -> str:
        """The script whose `unsat` confirms the statement."""
        made = self.statement
        return self._script((*made.premises, negation(made.goal)), "unsat confirms it")

    def vacuity(self) -> str | None:
        """The script whose `sat` shows that the premises can hold; None if there are none."""
        made = self.statement
        return self._script(made.premises, "sat: the premises can hold") if made.premises else None

    def _script(self, assertions: Sequence[str], expected: str) -> str:
        made = self.statement
        comments = (f"{self.rule}: {made.name}", expected)
        return Script(made.logic, made.variables, tuple(assertions), comments).text()


@dataclass(frozen=True, slots=True)
class Given:
    """What a poser gets: the problem, the step, and the facts of its premises by role."""

    problem: Problem
    step: Step
    premises: Mapping[str, tuple[Fact, ...]]

    def fact(self, kind: type[F]) -> F:
        """What the step proves, of the kind that its rule proves."""
        return _of_kind(self.step.fact, kind)

    def premise(self, role: str, kind: type[F]) -> F:
        """The fact of the one premise with this role."""
        (fact,) = self.premises[role]
        return _of_kind(fact, kind)


def _of_kind(fact: Fact, kind: type[F]) -> F:
    if not isinstance(fact, kind):
        raise TypeError(f"{type(fact).__name__} where the rule has {kind.__name__}")
    return fact


Poser = Callable[[Given], Iterator[Statement]]


@dataclass(frozen=True, slots=True)
class Unposed:
    """No statement is posed for a rule, for this reason."""

    reason: str
