"""The rule `real_descent`, which refutes a local minimum under a loss over the reals."""

from fractions import Fraction

from ..core.activation import ZERO
from ..core.errors import Rejected
from ..core.network import Point, Problem
from ..core.poly import Poly
from ..core.proof import Reading, curve
from ..programs.values import evaluate
from .combination import Residuals
from .facts import EnclosedPoint, NotRealMinimum


def real_descent(step: Reading) -> NotRealMinimum:
    """
    γ(t) polynomial, γ(0) = θ*, f_i(γ(t)) = f_i + Σ_m f_im t^m for small t ≥ 0, q the least m with some f_im ≠ 0
    Σ_i r_i f_im = 0 for m < p,  Σ_i r_i f_ip < 0,  p < 2q
    -------------------------------------------------------------------------------------- [real_descent]
      θ* is not a local minimum

    Sound: ℓ is twice differentiable, so R(γ(t)) − R(θ*) = Σ_i r_i (f_i(γ(t)) − f_i) + O(t^(2q)).
    """
    problem, at = step.proof.problem, step.premise("point", EnclosedPoint)
    if not falls(problem, at, curve(problem, step, "curve", at.point)):
        raise Rejected(step.at("curve"), "the risk is not seen to fall along the curve")
    return NotRealMinimum(at)


def falls(problem: Problem, at: EnclosedPoint, path: Point) -> bool:
    """Whether the first product with the residuals that is not 0 is negative, and comes before those of order 2q."""
    moves = [Poly(()) + x for i in range(len(problem.inputs)) for x in evaluate(problem, path, i)[-1]]
    degree, r = max(len(x.coefficients) for x in moves), Residuals.joined(problem, at.predictions)
    first = next((m for m in range(1, degree) if any(coefficient(x, m) for x in moves)), degree)
    for m in range(first, min(degree, 2 * first)):
        weights = [coefficient(x, m) for x in moves]
        if not r.vanishes(weights):
            return r.sign(weights) < 0
    return False


def coefficient(x: Poly, m: int) -> Fraction:
    """Of t^m."""
    return x.coefficients[m] if m < len(x.coefficients) else ZERO
