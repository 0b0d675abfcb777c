"""The rule `descent`, which refutes a local minimum."""

from .errors import Rejected
from .facts import Evaluated, NotLocalMinimum
from .network import risk_along
from .proof import Reading, curve


def descent(step: Reading) -> NotLocalMinimum:
    """
    γ(t) polynomial, γ(0) = θ*      R(γ(t)) = R(θ*) + a t^m + O(t^(m+1)) for small t > 0, a < 0
    ------------------------------------------------------------------------------------------ [descent]
      θ* is not a local minimum

    Sound: for small t > 0 each pre-activation along γ has the sign, relative to a breakpoint, of its first
    non-zero coefficient, so R ∘ γ is one polynomial there; where it stays at a breakpoint both pieces agree.
    """
    problem, at = step.proof.problem, step.premise("point", Evaluated)
    path = curve(problem, step, "curve", at.point)
    if (risk_along(problem, path) - at.risk).sign_after_zero() >= 0:
        raise Rejected(step.at("curve"), "the risk does not fall along the curve")
    return NotLocalMinimum(at)
