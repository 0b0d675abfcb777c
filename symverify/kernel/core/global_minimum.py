"""The rule `global_minimum`."""

from .errors import Rejected
from .facts import Evaluated, GlobalMinimum, LowerBound
from .proof import Reading
from .spurious_minimum import affine_optimum


def global_minimum(step: Reading) -> GlobalMinimum:
    """
    R ≥ ρ      R(θ*) = ρ
    ---------------------- [global_minimum]
      θ* is a global minimum
    """
    bound, at = step.premise("bound", LowerBound), step.premise("point", Evaluated)
    if at.risk != bound.risk:
        raise Rejected(step.roles.at("point"), f"its risk {at.risk} is not the bound {bound.risk}")
    return GlobalMinimum(at, affine_optimum(step.proof.problem, at))
