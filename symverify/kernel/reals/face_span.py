"""The rule `face_span`: predictions near a trained point stay in a span to which the residuals are orthogonal."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..core.errors import Rejected, spend
from ..core.network import Vector
from ..core.proof import Reading
from ..core.text import canonical, listed, natural
from ..curvature.forms import nullspace
from ..programs.network import Programmed
from .box import Box
from .enclosure import scaled
from .interval import NONE, PRODUCT, Interval, deviations, inner, interval
from .kinks import Kinks, homogeneous
from .losses import RealLoss
from .minimum_in_box import BoxMinimum, Candidate, Rows, inside_pieces, read_candidate, require_shape
from .on_face import carried
from .program_span import columns_of
from .rise import require_rise

Direction = dict[int, Vector]  # a vector over the samples for each of some outputs


@dataclass(frozen=True, slots=True)
class Equations:
    """Σ_ik φ_ik ∂ℓ/∂f_ik for the φ of a basis of V, then z_B; their rows of F'."""

    values: list[Interval]
    rows: list[list[Interval]]


def face_span(step: Reading) -> BoxMinimum:
    """
    B ⊆ C, z_c = Σ α_cb z_b, s and h homogeneous as in minimum_in_box; no weight decay; held parameters, ξ the others
    V the span over the samples, for each output, of products of slopes along a path times ⟨c, x̃_i⟩ or 1, with slope 0
      at C, c·x̃_b = 0 for the kinks b of C in the path's first unit; in a general program the span,
      over samples and outputs, of coefficients of non-constant monomials of free parameters, affine kinks of B solved
    where all parameters are within ρ of the centre: every other pre-activation is in its closed piece
    on the box |ξ − centre| ≤ ρ:
      ℓ is convex and twice continuously differentiable
      F = (Σ_ik φ_ik ∂ℓ/∂f_ik for a basis φ of V; z_B):   |Y F(centre)|_a + Σ_c |Y F' − 1|_ac ρ < ρ
      in |B| coordinates, N = ∂z_B and e = Y_N Nᵀ − 1:   |e|_∞ < 1,   λ_a within Σ|e_a| |Y_N ∇R_s|_∞ / (1 − |e|_∞) of
        (Y_N ∇R_s)_a
      with those λ, L = R_s − Σ λ_b z_b: the condition of minimum_in_box on directions
    ------------------------------------------------------------------------------------------- [face_span]
      R has a local minimum in the box

    Sound: by Krawczyk F = 0 for some ξ, where N has full rank. On M = {z_B = 0} all z_C = 0, so near that point
    f(θ) − f(θ°) is in V and R(θ) ≥ R(θ°) + Σ_k ⟨r_k, f_k(θ) − f_k(θ°)⟩ = R(θ°). So ∇R_s is a combination of the
    rows of N, by those λ, and the condition on directions gives R ≥ R∘π + ε |z_B| with π a retraction onto M.
    """
    given = read_candidate(step, multiplied=False)
    if not homogeneous(given.problem):
        raise Rejected(step.where, "needs activations with one breakpoint, at 0, and h(0) = 0")
    inverse, chosen = step.need("inverse", listed(listed(canonical))), step.need("columns", listed(natural))
    across, kinks = step.need("across", listed(listed(canonical))), given.kinks
    if kinks.following:
        raise Rejected(step.where, "takes no kinks that follow others")
    span = span_of_face(kinks)
    box, _ = given.box(given.radius)
    inside_pieces(given)
    found = equations(kinks, span, box, given.free)
    if len(found.rows) != len(given.free):
        raise Rejected(step.at("held"), f"{len(given.free)} parameters are left for {len(found.rows)} equations")
    require_shape(inverse, len(found.rows), step.at("inverse"))
    require_shape(across, len(kinks.basis), step.at("across"))
    has_zero(given, equations(kinks, span, given.box(Fraction(0))[0], ()), found, inverse)
    plain = box.lagrangian(kinks.every, [NONE] * len(kinks.every))
    multipliers = enclosed_multipliers(kinks, plain.gradient, plain.normals, chosen, across)
    weights = kinks.multipliers(multipliers)
    require_rise(kinks, weights, box.lagrangian(kinks.every, weights).pulls)
    risk = scaled(Fraction(1), plain.risk.bounds)
    return BoxMinimum(given.centre, given.radius, risk, tuple(kinks.every), tuple(given.held))


def span_of_face(kinks: Kinks) -> list[Direction]:
    """A basis of V, modulo what the loss does not see; in a program the reduced one."""
    problem, outputs = kinks.problem, len(kinks.problem.targets[0])
    gauge = isinstance(problem.loss, RealLoss) and problem.loss.gauge > 0
    counted = range(outputs - gauge)
    if not isinstance(problem, Programmed):
        return [{k: phi} for phi in span_of_chain(kinks) for k in counted]
    rows = list[list[Fraction]]()
    for columns in columns_of(kinks, problem):
        last = columns[-1] if gauge else (Fraction(0),) * len(columns[-1])  # Σ_k ∂ℓ/∂f_k = 0 then
        rows.append([a - b for k in counted for a, b in zip(columns[k], last, strict=True)])
    n = len(problem.inputs)
    width = n * len(counted)
    basis = [tuple(row) for row in nullspace(nullspace(rows, width), width)]  # reduced: 1 in a column of its own
    return [{k: row[k * n : (k + 1) * n] for k in counted} for row in basis]


def span_of_chain(kinks: Kinks) -> list[Vector]:
    """A basis of the vectors over the samples that an output can be, in a chain."""
    return carried(kinks.problem, kinks.pieces, kinks.every)[-1][0]


def equations(kinks: Kinks, span: Sequence[Direction], box: Box, free: Sequence[int]) -> Equations:
    """F on a box, with the columns `free` of F'."""
    problem, outputs = kinks.problem, range(len(kinks.problem.targets[0]))
    spend(PRODUCT * len(problem.inputs) * (problem.size() + len(span) * (1 + len(free))) * len(outputs))
    values = [NONE] * len(span)
    rows = [[NONE] * len(free) for _ in span]
    held = dict[tuple[int, int, int], tuple[Interval, list[Interval]]]()
    for i in range(len(problem.inputs)):
        at = box.values(i)
        local, bent = box.jet(at[-1], i), list[list[Interval]]()
        slopes = [box.derivative(i, at, len(at) - 1, k) for k in outputs] if free else []
        for k in outputs if free else ():
            bent.append([inner(local.bends[k], [slopes[q][c] for q in outputs]) for c in free])
        for row, phi in enumerate(span):
            for k, column in phi.items():
                if column[i]:
                    values[row] += local.slopes[k].times(column[i])
                    if free:
                        rows[row] = [x + g.times(column[i]) for x, g in zip(rows[row], bent[k], strict=True)]
        for b in (b for b in kinks.basis if b[2] == i):
            node = box.before(b[0])
            held[b] = at[node][b[1]], [box.derivative(i, at, node, b[1])[c] for c in free]
    return Equations(values + [held[b][0] for b in kinks.basis], rows + [held[b][1] for b in kinks.basis])


def has_zero(given: Candidate, here: Equations, found: Equations, inverse: Rows) -> None:
    """Krawczyk's test."""
    left = [[interval(x) for x in row] for row in inverse]
    for a, (row, spread) in enumerate(zip(left, deviations(left, found.rows), strict=True)):
        if not inner(row, here.values).size + spread * given.radius < given.radius:
            raise Rejected(given.where, f"no zero of the equations is shown to be in the box (row {a + 1})")


def enclosed_multipliers(
    kinks: Kinks, gradient: Sequence[Interval], normals: Sequence[Sequence[Interval]], chosen: Sequence[int], left: Rows
) -> list[Interval]:
    """λ with Nᵀ λ = ∇R_s, from |B| coordinates in which N is regular on the box."""
    count = len(kinks.basis)
    if len(chosen) != count or any(c >= len(gradient) for c in chosen):
        raise Rejected(kinks.where, f"expected {count} numbers of parameters, one per kink")
    transposed = [[normal[c] for normal in normals[:count]] for c in chosen]
    by = [[interval(x) for x in row] for row in left]
    spread = deviations(by, transposed)
    worst = max(spread, default=Fraction(0))
    if worst >= 1:
        raise Rejected(kinks.where, "the gradients of the kinks are not shown to be independent")
    near = [inner(row, [gradient[c] for c in chosen]) for row in by]
    size = max((x.size for x in near), default=Fraction(0)) / (1 - worst)
    return [x + interval(Fraction(0), each * size) for x, each in zip(near, spread, strict=True)]
