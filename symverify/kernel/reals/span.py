"""Cells as spans of predictions: what a place in parameter space can predict, and dual points over it.

A *place* is either a piece for each hidden layer, on which all its units are at all samples, or the cell of a point.
Φ is the span over the samples of `Span.vectors`: on the cell every output column f_k is in Φ.
"""

from dataclasses import dataclass
from fractions import Fraction

from ..core.activation import ONE, ZERO
from ..core.algebra import dot, rank
from ..core.errors import Rejected
from ..core.network import Affine, Problem, Vector, cell_of, features
from ..core.proof import Reading
from ..core.text import Fields, canonical, listed, natural
from ..curvature.substitution import as_chain
from ..programs.network import Programmed
from ..programs.values import columns
from .enclosure import plus, scaled
from .facts import EnclosedPoint, real_loss


@dataclass(frozen=True, slots=True)
class Span:
    """Vectors over the samples that span Φ, its dimension, and whether it is that of the inputs and 1."""

    vectors: tuple[Vector, ...]
    rank: int
    affine: bool


def span_of(step: Reading) -> tuple[Span, EnclosedPoint | None]:
    """
    "pieces" p_l, biases everywhere, all slopes ≠ 0, all hidden widths ≥ min(outputs − gauge, rank x̃ − 1): Φ = span x̃
    "pieces" p_l, biases everywhere, some slope 0: Φ = span(1)
    θ̂ strictly inside C; [last hidden activations, 1 with an output bias] has the rank it has with features(C) added:
      Φ = span features(C)
    ------------------------------------------------------------------------------------------------------ [span_of]
      some point of the cell has any given output columns in Φ, modulo the loss's gauge; the cell has no others

    Sound: hidden layers carry the outputs or the input coordinates, whichever are fewer, scaled and shifted into
    their pieces; or the last layer takes any column of Φ from the activations.
    """
    problem = step.proof.problem
    if "point" in step.roles.left:
        at = step.premise("point", EnclosedPoint)
        return span_of_point(problem, at, step.roles.at("point")), at
    if isinstance(problem, Programmed):
        problem = unrestricted(problem, step.at("pieces"))
    given = step.need("pieces", listed(natural, len(problem.activations), "pieces, one per hidden layer"))
    if not (problem.hidden_bias and problem.output_bias):
        raise Rejected(step.at("pieces"), "needs hidden biases and an output bias")
    slopes = []
    for m, (h, p) in enumerate(zip(problem.activations, given, strict=True)):
        if p >= len(h.slopes):
            raise Rejected(f"{step.at('pieces')}[{m}]", "the activation has no such piece")
        slopes.append(h.slopes[p])
    inputs, ones = problem.affine_features(), [(ONE,) * len(problem.inputs)]
    full = rank(inputs)
    if not all(slopes):
        return Span(tuple(ones), 1, full == 1), None
    carried = min(problem.widths[-1] - real_loss(problem).gauge, full - 1)
    if min(problem.widths[1:-1]) < carried:
        raise Rejected(step.at("pieces"), f"a hidden layer has fewer than {carried} units to carry the affine map")
    return Span(tuple(inputs), full, True), None


def unrestricted(problem: Programmed, where: str) -> Problem:
    """The chain that the program is, with all parameters free."""
    chain = as_chain(problem)
    if chain is None or not all(map(problem.loose, range(len(problem.slots)))):
        raise Rejected(where, "needs a chain of dense layers with all parameters free")
    return chain


def span_of_point(problem: Problem, at: EnclosedPoint, where: str) -> Span:
    """The span of the features of the point's cell, which the last layer must reach."""
    try:
        phis = features(problem, cell_of(problem, at.point))
    except Rejected as error:
        raise Rejected(where, error.reason) from None
    columns = last_activations(problem, at)
    reached = rank(columns)
    if rank([*columns, *phis]) > reached:
        raise Rejected(where, "the last layer does not reach all predictions that its cell can make")
    inputs = problem.affine_features()
    full = rank(inputs)
    size = rank(phis)
    return Span(tuple(phis), size, size == full == rank([*inputs, *phis]))


def last_activations(problem: Problem, at: EnclosedPoint) -> list[Vector]:
    """What enters the last layer, as vectors over the samples, and 1 where it has a bias."""
    last = problem.program[-1]
    if not isinstance(last, Affine):
        raise Rejected("", "the last layer is not affine")
    if isinstance(problem, Programmed) and not problem.loose(last.layer):
        raise Rejected("", "a parameter of the last affine map is frozen or tied")
    return columns(problem, at.point, last)


def dual_bound(problem: Problem, fields: Fields, span: Span, strictly: bool) -> Fraction:
    """
    "dual" p (n × d_Y) in the loss's domain, strictly inside it      Σ_i (p_ik − y_ik) φ_i = 0 for all k and φ in Φ
    ----------------------------------------------------------------------------------------------- [dual_bound]
      R ≥ factor · Σ −ℓ*(p_i − y_i) for predictions in Φ;  with p strictly inside, the minimum over Φ is attained

    Sound: Fenchel and Young. Attained: R + const = factor · Σ ψ(f_i) − ⟨p_i, f_i⟩ on Φ, of which each summand grows
    in every direction but the gauge's when p_i is strictly inside the domain.
    """
    loss, n, outputs = real_loss(problem), len(problem.inputs), len(problem.targets[0])
    given = fields.need("dual", listed(listed(canonical, outputs, "numbers, one per output"), n, "rows"))
    for i, p in enumerate(given):
        if not loss.inside(p, strictly):
            what = "strictly inside" if strictly else "in"
            raise Rejected(f"{fields.at('dual')}[{i}]", f"is not {what} the domain of the conjugate of the loss")
    for k in range(outputs):
        off = [p[k] - y[k] for p, y in zip(given, problem.targets, strict=True)]
        if any(dot(off, phi) for phi in span.vectors):
            raise Rejected(fields.at("dual"), f"a moment of p is not that of the labels (output {k + 1})")
    return scaled(loss.factor, plus(map(loss.entropy, given))).lower


def combined(problem: Problem, fields: Fields, name: str, span: Span) -> list[Vector]:
    """The predictions Σ β_kc φ_c (n × d_Y) of the coefficients in a field, d_Y × as many as the span has vectors."""
    size, outputs = len(span.vectors), len(problem.targets[0])
    rows = fields.need(name, listed(listed(canonical, size, "coefficients"), outputs, "rows, one per output"))
    if not span.vectors:
        return [(ZERO,) * outputs for _ in problem.inputs]
    return [tuple(dot(row, at) for row in rows) for at in zip(*span.vectors, strict=True)]
