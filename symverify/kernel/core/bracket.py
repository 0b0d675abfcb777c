"""The rule `bracket`."""

from .errors import Rejected
from .facts import Bracket, Evaluated, Limit, LowerBound
from .proof import Fact, Reading


def bracket(step: Reading) -> Bracket:
    """
    R ≥ ρ      a point, or a limit of points, of risk ρ' ≥ ρ
    --------------------------------------------------------- [bracket]
      ρ ≤ inf R ≤ ρ'
    """
    bound, upper = step.premise("bound", LowerBound), step.premise("point", Fact)
    if not isinstance(upper, Evaluated | Limit):
        raise Rejected(step.roles.at("point"), "is neither a point nor a limit")
    return Bracket(bound.risk, upper.risk)
