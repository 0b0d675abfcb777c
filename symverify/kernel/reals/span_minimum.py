"""The rule `span_minimum`: Theorem 1 where the best fit is not rational, and need not be known."""

from ..core.proof import Reading
from .enclosed_point import enclosed_risk
from .enclosure import Enclosure
from .facts import SpanMinimum, real_loss
from .span import combined, dual_bound, span_of


def span_minimum(step: Reading) -> SpanMinimum:
    """
    a place with span Φ      p strictly inside the domain, with the labels' moments over Φ      "near" β̂, or θ̂ itself
    ----------------------------------------------------------------------------------------------- [span_minimum]
      some θ° strictly inside the place's cell has the best predictions over Φ; it is a local minimum, R ≥ R(θ°) on
      the closure of the cell, and R(θ°) is at least the dual bound of p and at most R(Σ β̂ φ), R(θ̂)

    Sound: the minimum over Φ is attained (dual_bound), at predictions that some θ° has (span_of). There Σ_i r_ik φ_i
    = 0 for φ in Φ ⊇ features(C), the premise of interior_minimum. Modulo the gauge the predictions of the cell are
    (outputs − gauge) · rank Φ free coordinates at θ°: near it the points of the cell of that risk are a manifold of
    the remaining dimension.
    """
    problem = step.proof.problem
    span, at = span_of(step)
    lower = dual_bound(problem, step, span, True)
    upper = enclosed_risk(problem, combined(problem, step, "near", span)).upper if at is None else at.risk.upper
    outputs = len(problem.targets[0]) - real_loss(problem).gauge
    return SpanMinimum(Enclosure(lower, upper), problem.size() - outputs * span.rank, span.affine)
