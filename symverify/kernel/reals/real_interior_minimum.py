"""The rule `real_interior_minimum`: interior_minimum at rational points of losses over the reals."""

from ..core.errors import Rejected
from ..core.network import cell_of, features
from ..core.proof import Reading
from .combination import Residuals
from .facts import EnclosedPoint, RationalMinimum


def real_interior_minimum(step: Reading) -> RationalMinimum:
    """
    logistic or Poisson loss      θ* rational, strictly inside a cell C
    Σ_i r_ik φ_i = 0 for every output k and every φ in features(C), by collecting like terms
    ----------------------------------------------------------------------- [real_interior_minimum]
      θ* is a local minimum, and R(θ) ≥ R(θ*) on the closure of C

    Sound as interior_minimum: ℓ is convex and the minorant is constant on C.
    """
    problem, at = step.proof.problem, step.premise("point", EnclosedPoint)
    pattern = cell_of(problem, at.point)
    span = features(problem, pattern)
    for k, r in enumerate(Residuals.of(problem, at.predictions)):
        if not all(map(r.vanishes, span)):
            raise Rejected(step.where, f"the first-order minorant is not constant on the cell (output {k + 1})")
    return RationalMinimum(at, pattern)
