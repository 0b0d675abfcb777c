"""The first-order minorant of the risk at a point: R(θ) − R(θ*) ≥ Ψ(θ) = Σ_ik r_ik (f_ik(θ) − f_ik(θ*))."""

from .errors import Rejected
from .facts import Evaluated
from .network import Vector, residuals
from .proof import Reading
from .text import canonical, listed


def minorant(step: Reading, at: Evaluated) -> tuple[Vector, ...]:
    """
    ℓ differentiable:  r_ik = factor · ∂ℓ/∂f
    else:  "subgradient" n × d_Y,  factor · left derivative ≤ r_ik ≤ factor · right derivative
    ------------------------------------------------------------------------------------------ [minorant]
      Ψ(θ) ≤ R(θ) − R(θ*), by the convexity of ℓ

    r_k over the samples, for each output k.
    """
    problem = step.proof.problem
    if problem.loss.smooth:
        return tuple(residuals(problem, at.predictions))
    n, outputs = len(problem.inputs), len(problem.targets[0])
    given = step.need("subgradient", listed(listed(canonical, outputs, "numbers, one per output"), n, "rows"))
    for i, (row, f, y) in enumerate(zip(given, at.predictions, problem.targets, strict=True)):
        for k, r in enumerate(row):
            low, high = problem.loss.at(y[k]).slopes(f[k] - y[k])
            if not low * problem.loss.factor <= r <= high * problem.loss.factor:
                raise Rejected(f"{step.at('subgradient')}[{i}][{k}]", "is not a subgradient of the loss there")
    return tuple(zip(*given, strict=True))
