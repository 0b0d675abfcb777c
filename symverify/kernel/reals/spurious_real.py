"""The rule `spurious_real`."""

from ..core.errors import Rejected
from ..core.proof import Reading
from .facts import EnclosedPoint, RealMinimum, SpuriousReal


def spurious_real(step: Reading) -> SpuriousReal:
    """
    a local minimum of risk ≥ L      a point of risk ≤ U < L
    -------------------------------------------------------- [spurious_real]
      it is a spurious local minimum
    """
    minimum, better = step.premise("minimum", RealMinimum), step.premise("better", EnclosedPoint)
    if better.risk.upper >= minimum.enclosed.lower:
        raise Rejected(step.roles.at("better"), f"its risk {better.risk} is not below {minimum.enclosed}")
    return SpuriousReal(minimum, better)
