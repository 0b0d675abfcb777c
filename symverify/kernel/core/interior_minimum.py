"""The rule `interior_minimum`: the first-order minorant is constant on the cell."""

from collections.abc import Sequence

from .errors import Rejected
from .facts import Evaluated, LocalMinimum
from .minorant import minorant
from .network import Pattern, Problem, Vector, cell_of
from .proof import Reading


def interior_minimum(step: Reading) -> LocalMinimum:
    """
    θ* strictly inside a cell C      Σ_i r_ik φ_i = 0 for every output k and every φ in features(C)
    --------------------------------------------------------------------------------------------- [interior_minimum]
      θ* is a local minimum, and R(θ) ≥ R(θ*) on the closure of C

    Sound: ℓ is convex, so R(θ) − R(θ*) ≥ Ψ(θ) = Σ_ik r_ik (f_ik(θ) − f_ik(θ*)) with r = factor · ∂ℓ/∂f at θ*.
    On C the coefficients of the polynomial Ψ are the inner products of r_k with the coefficients of f_k, which
    the features span; all vanish, so Ψ is constant, and Ψ(θ*) = 0.
    """
    problem, at = step.proof.problem, step.premise("point", Evaluated)
    pattern = cell_of(problem, at.point)
    flat(problem, pattern, pull := minorant(step, at), step.where)
    return LocalMinimum(at, pattern, pull)


def flat(problem: Problem, pattern: Pattern, pull: Sequence[Vector], where: str) -> None:
    """The minorant Ψ is constant on the cell: the residuals are orthogonal to all coefficients of f."""
    if (tilted := problem.tilted(pattern, pull)) is not None:
        raise Rejected(where, f"the first-order minorant is not constant on the cell ({tilted})")
