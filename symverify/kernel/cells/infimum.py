"""The rule `infimum`."""

from dataclasses import dataclass
from fractions import Fraction

from ..core.errors import Rejected
from ..core.facts import LowerBound
from ..core.network import Vector
from ..core.proof import Fact, Reading, Statement
from .limit import Limit


@dataclass(frozen=True, slots=True)
class Infimum(Fact):
    """The infimum of the risk over all parameters, approached by a limit of points; residuals as for LowerBound."""

    risk: Fraction
    residuals: tuple[Vector, ...]

    def settles(self, claim: str) -> tuple[str, Statement] | None:
        return ("proved", {"risk": str(self.risk), "attained": None}) if claim == "infimum" else None


def infimum(step: Reading) -> Infimum:
    """
    R ≥ ρ      a limit of points has risk ρ
    ---------------------------------------- [infimum]
      inf R = ρ
    """
    bound, reached = step.premise("bound", LowerBound), step.premise("limit", Limit)
    if reached.risk != bound.risk:
        raise Rejected(step.roles.at("limit"), f"its risk {reached.risk} is not the bound {bound.risk}")
    return Infimum(bound.risk, bound.residuals)
