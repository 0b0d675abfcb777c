"""The rule `global_minimum`."""

from .errors import Rejected
from .facts import Evaluated, GlobalMinimum, LowerBound
from .minorant import minorant
from .proof import Reading
from .spurious_minimum import affine_optimum


def global_minimum(step: Reading) -> GlobalMinimum:
    """
    R ≥ ρ      R(θ*) = ρ
    ---------------------- [global_minimum]
      θ* is a global minimum

    A "subgradient" may show that it predicts the best affine fit, where the loss is not differentiable.
    """
    bound, at = step.premise("bound", LowerBound), step.premise("point", Evaluated)
    if at.risk != bound.risk:
        raise Rejected(step.roles.at("point"), f"its risk {at.risk} is not the bound {bound.risk}")
    problem = step.proof.problem
    known = problem.loss.smooth or "subgradient" in step.left
    return GlobalMinimum(at, known and affine_optimum(problem, at, minorant(step, at)))
