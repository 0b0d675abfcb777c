"""The rule `spurious_minimum`."""

from collections.abc import Sequence

from .algebra import dot, rank
from .errors import Rejected
from .facts import Evaluated, LocalMinimum, SpuriousMinimum
from .network import Problem, Vector, residuals
from .proof import Reading


def spurious_minimum(step: Reading) -> SpuriousMinimum:
    """
    θ* is a local minimum      R(θ') < R(θ*)
    ---------------------------------------- [spurious_minimum]
      θ* is a spurious local minimum
    """
    minimum, better = step.premise("minimum", LocalMinimum), step.premise("better", Evaluated)
    if better.risk >= minimum.at.risk:
        raise Rejected(step.roles.at("better"), f"its risk {better.risk} is not below {minimum.at.risk}")
    pull = minimum.pull or residuals(step.proof.problem, minimum.at.predictions)
    return SpuriousMinimum(minimum, better, affine_optimum(step.proof.problem, minimum.at, pull))


def affine_optimum(problem: Problem, at: Evaluated, pull: Sequence[Vector]) -> bool:
    """Whether the predictions are an affine function of the inputs, and the best one (Σ r_i x̃_i = 0)."""
    affine = problem.affine_features()
    stationary = not any(dot(r, phi) for r in pull for phi in affine)
    return stationary and rank(affine) == rank([*affine, *zip(*at.predictions, strict=True)])
