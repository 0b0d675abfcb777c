"""The rule `no_minimum`: separable labels, where no best fit exists."""

from ..core.errors import Rejected
from ..core.network import Problem, Vector
from ..core.proof import Reading
from ..core.text import Fields
from .enclosure import Enclosure, plus, scaled
from .facts import NoMinimum, real_loss
from .span import Span, combined, dual_bound, span_of


def no_minimum(step: Reading) -> NoMinimum:
    """
    a place with span Φ      "direction" β:  t_i = Σ β φ_i is a direction of recession of ℓ(·, y_i) for every i
    some ℓ(·, y_i) changes along t_i      p in the closed domain, with the labels' moments over Φ      "near" β̂
    ----------------------------------------------------------------------------------------------- [no_minimum]
      no best fit over Φ exists; the infimum of R over Φ is at least the dual bound of p, at most lim R(β̂ + sβ)

    Sound: along t every summand falls or is constant, and one strictly falls, from every start (ψ is strictly convex
    modulo the gauge).
    """
    problem, loss = step.proof.problem, real_loss(step.proof.problem)
    span, _ = span_of(step)
    lower = dual_bound(problem, step, span, False)
    moves, near = receding(problem, step, span), combined(problem, step, "near", span)
    ends = (loss.limit(f, t, y) for f, t, y in zip(near, moves, problem.targets, strict=True))
    return NoMinimum(Enclosure(lower, scaled(loss.factor, plus(ends)).upper), span.affine)


def receding(problem: Problem, fields: Fields, span: Span) -> list[Vector]:
    """The predictions in the field "direction", along which no loss grows and the risk falls for ever."""
    loss, moves = real_loss(problem), combined(problem, fields, "direction", span)
    for i, (t, y) in enumerate(zip(moves, problem.targets, strict=True)):
        if not loss.recedes(t, y):
            raise Rejected(fields.at("direction"), f"the loss of sample {i + 1} grows along it")
    if not any(map(loss.changes, moves)):
        raise Rejected(fields.at("direction"), "the risk is constant along it")
    return moves
