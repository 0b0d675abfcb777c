"""The rule `bracket`."""

from .facts import Bracket, LowerBound, Reached
from .proof import Reading


def bracket(step: Reading) -> Bracket:
    """
    R ≥ ρ      a point, or a limit of points, of risk ρ' ≥ ρ
    --------------------------------------------------------- [bracket]
      ρ ≤ inf R ≤ ρ'
    """
    bound, upper = step.premise("bound", LowerBound), step.premise("point", Reached)
    return upper.bracket(bound.risk)
