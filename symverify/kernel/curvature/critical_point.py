"""The rule `critical_point`: the gradient of the risk is exactly 0."""

from dataclasses import dataclass

from ..core.errors import Rejected
from ..core.facts import Evaluated
from ..core.network import cell_of, residuals
from ..core.proof import Fact, Reading, Statement
from .hessian import slope


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
    if any(slope(problem, at.point, cell_of(problem, at.point), pull)):
        raise Rejected(step.where, "the gradient is not 0")
    return CriticalPoint(at)
