"""One run of proving: the certificate so far, the deadline, and the parts that several claims share."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

from symverify.certify.certificate import Certificate
from symverify.kernel.errors import Rejected
from symverify.kernel.facts import GlobalMinimum, LocalMinimum
from symverify.kernel.model import ZERO, Point, Problem
from symverify.landscape.affine_minimum import AffineMinimum, NotConstructible, affine_minimum
from symverify.landscape.better import Witness, better_point

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Proved:
    """A claim settled, proved or refuted, by a step of the certificate; `notes` are for the reader, not trusted."""

    step: int
    notes: tuple[tuple[str, str | int | bool | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Undecided:
    """A claim left open, and why."""

    reason: str


Outcome = Proved | Undecided


@dataclass(slots=True)
class Session:
    """What the claims of one run share. `deadline` is a time.monotonic() value."""

    problem: Problem
    deadline: float
    progress: Progress = lambda _: None
    certificate: Certificate = field(init=False)
    _affine: AffineMinimum | str | None = None
    _better: dict[Point, Witness | None] = field(default_factory=dict)
    _lowest: Witness | None = None

    def __post_init__(self) -> None:
        self.certificate = Certificate(self.problem)

    def remaining(self) -> float:
        """Seconds left."""
        return self.deadline - time.monotonic()

    def affine(self) -> AffineMinimum:
        """The constructed minimum of the affine fit. Raises NotConstructible."""
        if self._affine is None:
            self.progress("constructing the local minimum of the affine fit")
            try:
                self._affine = affine_minimum(self.problem)
            except NotConstructible as error:
                self._affine = str(error)
        if isinstance(self._affine, str):
            raise NotConstructible(self._affine)
        return self._affine

    def lower_than(self, point: Point, risk: Fraction) -> Witness | None:
        """The lowest point found so far or now, if its risk is strictly below; None if none is found in time."""
        if point not in self._better:
            self.progress("searching for a point of lower risk")
            budget = min(self.deadline, time.monotonic() + max(self.remaining() / 2, 0))
            found = better_point(self.problem, point, budget)
            self._better[point] = found
            if found is not None and (self._lowest is None or found.risk < self._lowest.risk):
                self._lowest = found
        best = self._lowest
        return best if best is not None and best.risk < risk else None

    def global_by_data(self, point_step: int) -> int | None:
        """The step that proves a point global because no function of the inputs is better, if that is so."""
        try:
            return self.certificate.step("function_minimum", point=point_step)
        except Rejected:
            return None

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
        return self.certificate.step(
            "spurious_minimum", minimum=minimum_step, better=self.certificate.point(witness.point)
        )

    def is_global(self, step: int) -> bool:
        """Whether a step proves its point a global minimum."""
        return isinstance(self.certificate.fact(step), GlobalMinimum)
