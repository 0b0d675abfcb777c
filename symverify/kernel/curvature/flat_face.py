"""The minorant on the face of active kinks: where it is constant there, multipliers make the point a minimum."""

from collections.abc import Sequence
from fractions import Fraction

from ..core.activation import ONE, ZERO
from ..core.algebra import dot, echelon
from ..core.errors import Rejected, spend, within_budget
from ..core.network import Layer, Place, Point, Vector, rational
from ..core.poly import apart, lifted
from .face_flows import Face
from .forms import nullspace

Pieces = list[list[list[tuple[Fraction, Fraction]]]]  # [m][j][i]: a slope and an offset


def flat_face(face: Face, point: Point, pull: Sequence[Vector], weights: dict[Place, Fraction], where: str) -> None:
    """
    ∇R_s = Σ_S λ_b N_b, λ > 0; the face of S is `sharp`: in the cell its distance is at most C |z_S(θ) − t_S|
    on the cell, with other slopes at the kinks of S beyond the first layer, and the first layer's rows such that its
    kinks of S do not move, Ψ = Σ ⟨r_i, f_i(θ) − f_i(θ*)⟩ is constant
    ------------------------------------------------------------------------------------------- [flat_face]
      R_s ≥ R(θ*) near θ* on the cell

    `weights` are the s_b λ_b. Sound: let π(θ) be near θ, on the face M = {z_S = t_S}, at most C |z_S(θ) − t_S| away.
    Then R_s(θ) − R_s(π(θ)) ≥ Σ λ_b s_b (z_b − t_b) − o(1) |z_S − t_S| ≥ 0 on the cell. On M no slope at a kink of S
    counts, and Ψ = 0; so R_s ≥ R(θ*) + Ψ is at least R(θ*) there, by convexity of ℓ.
    """
    pieces = replaced(face, point, list(zip(*pull, strict=True)), weights)
    span = on_face(face, point, pieces)
    for k, r in enumerate(pull, 1):
        if any(dot(r, phi) for phi in span):
            raise Rejected(where, f"the first-order minorant is not constant on the face: output {k}")


def replaced(face: Face, point: Point, pull: Sequence[Vector], weights: dict[Place, Fraction]) -> Pieces:
    """Slopes and offsets of the cell; at the kinks beyond the first layer those for which Ψ is stationary.

    The derivative of Ψ by the unit's value, times the change of the slope, is −s_b λ_b: layer by layer from above.
    """
    acts = face.problem.activations
    spend(100 * len(pull) * sum(map(len, face.pattern)))
    found = [[[(h.slopes[p], h.offsets[p]) for p in unit] for unit in layer]
             for h, layer in zip(acts, face.pattern, strict=True)]  # fmt: skip
    for i, row in enumerate(pull):
        back = list(row)
        for m in reversed(range(len(found))):
            turned = Layer(tuple(zip(*point[m + 1].weight, strict=True)), None)
            back = list(map(rational, apart(turned.apply(lifted(back)))))
            for j, unit in enumerate(found[m]):
                weight, (slope, offset) = weights.get((m, j, i), ZERO), unit[i]
                if m and weight and back[j]:
                    change = within_budget(-weight / back[j], weight, back[j])
                    unit[i] = slope + change, offset - change * face.kinks[m, j, i]
                back[j] = within_budget(back[j] * unit[i][0], back[j], unit[i][0])
    return found


def on_face(face: Face, point: Point, pieces: Pieces) -> list[Vector]:
    """Vectors over the samples that span every coefficient of f, with the first layer's kinks kept.

    There row j is that of the point plus any vector orthogonal to all x̃_i of its kinks.
    """
    problem, spans = face.problem, list[Vector]()
    rows, ones = [problem.row(i) for i in range(len(problem.inputs))], [(ONE,) * len(problem.inputs)]
    for j, unit in enumerate(pieces[0]):
        here = [*map(rational, point[0].weight[j]), *map(rational, (point[0].bias or ())[j : j + 1])]
        free = nullspace([row for i, row in enumerate(rows) if (0, j, i) in face.kinks], len(rows[0]))
        spans += [applied(unit, [dot(c, row) for row in rows], ZERO) for c in free]
        spans.append(applied(unit, [dot(here, row) for row in rows], ONE))
    for layer in pieces[1:]:
        entering = [*([Fraction(x) for x in row] for row in echelon(spans)), *ones * problem.hidden_bias]
        spans = [applied(unit, phi, ZERO) for unit in layer for phi in entering]
        spans += [tuple(offset for _, offset in unit) for unit in layer]
    return [*spans, *ones * problem.output_bias]


def applied(unit: Sequence[tuple[Fraction, Fraction]], phi: Sequence[Fraction], one: Fraction) -> Vector:
    """Slope times value, sample by sample, and `one` times the offset."""
    pairs = zip(unit, phi, strict=True)
    return tuple(within_budget(slope * x + one * offset, slope, x, offset) for (slope, offset), x in pairs)
