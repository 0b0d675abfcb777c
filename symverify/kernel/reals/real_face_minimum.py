"""The rule `real_face_minimum`: face_minimum at rational points of losses over the reals."""

from collections.abc import Sequence
from fractions import Fraction

from ..core.activation import ONE, ZERO
from ..core.algebra import Direction, dot, echelon, rays, sign, total
from ..core.errors import Rejected, spend
from ..core.face_minimum import kinks
from ..core.network import Problem, Vector, rational
from ..core.proof import Reading
from .combination import Residuals
from .facts import EnclosedPoint, RationalMinimum

Linear = tuple[Fraction, ...]  # a rational combination of the residuals, by its weights


def real_face_minimum(step: Reading) -> RationalMinimum:
    """
    one hidden layer, scalar output, logistic or Poisson loss      Σ_i r_i = 0 (with output bias)
    for every unit j:  φ_j(w_j) = 0;  v_j = 0: g = 0 and all a_u = 0;  v_j ≠ 0: g vanishes where all u do, and
      v_j (⟨g, ρ⟩ + Σ_u a_u |⟨u, ρ⟩|) ≥ 0 for every ray ±ρ of the hyperplanes u
    ------------------------------------------------------------------------------ [real_face_minimum]
      θ* is a local minimum

    Sound as face_minimum, with g, a_u of its `kinks`: they are rational combinations of the residuals.
    """
    problem, at = step.proof.problem, step.premise("point", EnclosedPoint)
    if not problem.shallow:
        raise Rejected(step.where, "needs one hidden layer and scalar output")
    (r,) = Residuals.of(problem, at.predictions)
    if problem.output_bias and not r.vanishes([ONE] * len(problem.inputs)):
        raise Rejected(step.where, "the residuals do not sum to 0")
    for j, v in enumerate(at.point[1].weight[0]):
        try:
            unit_stays(r, *linear_kinks(problem, at, j), sign(rational(v)))
        except Rejected as error:
            raise Rejected(step.where, f"{problem.unit_name(0, j)} {error.reason}") from None
    return RationalMinimum(at, None)


def linear_kinks(problem: Problem, at: EnclosedPoint, j: int) -> tuple[Linear, list[Linear], dict[Direction, Linear]]:
    """φ_j(w_j), g and the a_u of `kinks` by their weights on the residuals."""
    n = len(problem.inputs)
    spend(n * n * (problem.widths[0] + 2))
    units: list[Vector] = [tuple(ONE if i == k else ZERO for i in range(n)) for k in range(n)]
    found = [kinks(problem, at.point, j, unit) for unit in units]
    value = tuple(each[0] for each in found)
    g = [tuple(each[1][c] for each in found) for c in range(len(found[0][1]))]
    return value, g, {u: tuple(each[2][u] for each in found) for u in found[0][2]}


def unit_stays(r: Residuals, value: Linear, g: list[Linear], bends: dict[Direction, Linear], v: int) -> None:
    """v (⟨g, δ⟩ + Σ_u a_u |⟨u, δ⟩|) ≥ 0 for every δ (= 0 for v = 0), and φ_j(w_j) = 0; see face_minimum."""
    if not r.vanishes(value):
        raise Rejected("", "has a first-order term in its output weight")
    if not v:
        if not all(map(r.vanishes, [*g, *bends.values()])):
            raise Rejected("", "has output weight 0, but moving its input weights first makes a difference")
        return
    for line in null_space(list(bends), len(g)):
        if not r.vanishes(combined(line, g)):
            raise Rejected("", "has a gradient that is not spanned by its boundaries")
    for ray in rays(list(bends)):
        along = combined([abs(dot(u, ray)) for u in bends], list(bends.values()))
        across = combined(list(map(Fraction, ray)), g)
        for side in (1, -1):
            if v * r.sign([a + side * b for a, b in zip(along, across, strict=True)]) < 0:
                raise Rejected("", "has a descent direction among its rays")


def combined(weights: Sequence[Fraction], parts: Sequence[Linear]) -> Linear:
    """Σ weights_k parts_k."""
    return tuple(dot(weights, column) for column in zip(*parts, strict=True))


def null_space(rows: Sequence[Direction], width: int) -> list[list[Fraction]]:
    """A basis of {δ : ⟨row, δ⟩ = 0 for all rows}, by back substitution."""
    form = echelon(rows)
    pivots = [next(c for c, x in enumerate(row) if x) for row in form]
    basis = []
    for free in sorted(set(range(width)) - set(pivots)):
        line = [ZERO] * width
        line[free] = ONE
        for row, pivot in zip(reversed(form), reversed(pivots), strict=True):
            line[pivot] = -total(a * x for a, x in zip(row, line, strict=True)) / row[pivot]
        basis.append(line)
    return basis
