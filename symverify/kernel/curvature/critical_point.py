"""The rule `critical_point`: the gradient of the risk is exactly 0."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..core.activation import ZERO
from ..core.errors import Rejected, within_budget
from ..core.facts import Evaluated
from ..core.network import Pattern, Point, Problem, cell_of, pullback, residuals
from ..core.proof import Fact, Reading, Statement


@dataclass(frozen=True, slots=True)
class CriticalPoint(Fact):
    """`at` is strictly inside a cell, and the gradient of the risk is 0 there."""

    at: Evaluated

    def settles(self, claim: str) -> tuple[str, Statement] | None:
        return ("proved", {"risk": str(self.at.risk)}) if claim == "critical_point" and self.at.given else None


def critical_point(step: Reading) -> CriticalPoint:
    """
    θ* strictly inside a cell      ∂R/∂θ = 0 at θ*, for every parameter
    ------------------------------------------------------------------- [critical_point]
      θ* is a critical point of R

    Sound: on the cell every f_k(x_i; ·) is a polynomial and ℓ is C¹, so R is; the chain rule gives its gradient.
    """
    problem, at = step.proof.problem, step.premise("point", Evaluated)
    pull = list(zip(*residuals(problem, at.predictions), strict=True))
    if any(gradient(problem, at.point, cell_of(problem, at.point), pull)):
        raise Rejected(step.where, "the gradient is not 0")
    return CriticalPoint(at)


def gradient(problem: Problem, point: Point, pattern: Pattern, pull: Sequence[Sequence[Fraction]]) -> list[Fraction]:
    """The derivatives of Σ_ik pull_ik f_ik by all parameters, on the pieces of `pattern`."""
    found = [ZERO] * problem.size()
    for i, back in enumerate(pull):
        row = pullback(problem, point, i, pattern, back)
        found = [within_budget(a + b) for a, b in zip(found, row, strict=True)]
    return found
