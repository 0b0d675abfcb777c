"""The rule `real_function_minimum`: function_minimum at rational points of losses over the reals."""

from ..core.activation import ONE
from ..core.algebra import rank
from ..core.errors import Rejected
from ..core.proof import Reading
from .combination import Residuals
from .facts import EnclosedPoint, RealGlobalMinimum


def real_function_minimum(step: Reading) -> RealGlobalMinimum:
    """
    logistic or Poisson loss      θ* rational
    Σ_{i in G} r_ik = 0 for every output k and every group G of samples with equal inputs, by collecting like terms
    --------------------------------------------------------------------------------------- [real_function_minimum]
      no function of the inputs, so no network, has risk below R(θ*)

    Sound as function_minimum: ℓ is convex, and a function of the inputs is constant on each group. So Σ_i r_ik φ_i = 0
    for every function φ of the inputs, and where the predictions are affine no affine fit is better.
    """
    problem, at = step.proof.problem, step.premise("point", EnclosedPoint)
    for r in Residuals.of(problem, at.predictions):
        for group in problem.groups:
            own = Residuals(tuple(r.f[i] for i in group), tuple(r.y[i] for i in group), r.symmetric)
            if not own.vanishes([ONE] * len(group)):
                raise Rejected(step.where, f"the residuals of the samples equal to sample {group[0] + 1} do not cancel")
    affine = problem.affine_features()
    return RealGlobalMinimum(at, rank(affine) == rank([*affine, *zip(*at.predictions, strict=True)]))
