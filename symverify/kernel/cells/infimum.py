"""The rule `infimum`."""

from ..core.errors import Rejected
from ..core.facts import Infimum, Limit, LowerBound
from ..core.proof import Reading


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
