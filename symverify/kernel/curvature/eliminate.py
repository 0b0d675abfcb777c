"""Cells where a higher order decides: one direction is left once the curved ones are eliminated."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..core.activation import ONE, ZERO
from ..core.algebra import Row, rank
from ..core.errors import Rejected
from ..core.facts import Evaluated
from ..core.network import Pattern, Place, Point, Problem
from ..core.poly import Poly, Scalar
from ..programs.parameters import linear, values_of
from ..programs.values import evaluate
from .forms import require_definite, restricted
from .hessian import gradient


@dataclass(frozen=True, slots=True)
class Stationary:
    """A cell with multipliers: the Hessian of R_s − Σ λ_b s_b z_b, the N_b with λ_b > 0 and their kinks, the flows."""

    hessian: Sequence[Row]
    active: Sequence[tuple[Row, Place]]
    moves: Sequence[Row]


def eliminated(
    problem: Problem,
    at: Evaluated,
    pattern: Pattern,
    found: Stationary,
    held: Sequence[int],
    place: int,
    path: Point,
    where: str,
) -> None:
    """
    λ as for `multipliers`; every kink of S affine in the free parameters, N_S of full rank; coordinates: held ones, one
    y, pivots P of N_S, and the rest U. T_u is 1 at u, 0 at held, y and the rest of U, and orthogonal to N_S.
    the flows, restricted to the held coordinates, have full rank; T_uᵀ ∇²R_s T_u' is positive definite
    γ(0) = θ*, γ holds the held coordinates, moves y as y* + t, and keeps all kinks of S
    g = R_s ∘ γ − R(θ*), q = the least order of ⟨∇R_s ∘ γ, T_u⟩:  g = 0 and q = ∞, or g = a t^d + …, a > 0, d even
    and 2q > d
    --------------------------------------------------------------------------------------------------- [eliminated]
      R_s ≥ R(θ*) near θ* where s_b z_b ≥ t_b on S

    Sound: the face z_S = t_S is linear, and R_s does not rise from a point near θ* on the cell to one of it (`sharp`);
    the flows move every point of it into the slice of fixed held coordinates. There R_s is strictly convex in u at
    fixed y, so its least value is g(t) less at most a constant times t^(2q), and that is ≥ 0.
    """
    size, normals = problem.size(), [normal for normal, _ in found.active]
    if not all(linear(problem, kink) for _, kink in found.active) or rank(normals) < len(normals):
        raise Rejected(where, "active kinks must be affine in the parameters, and independent")
    slots = [*held, place]
    if len(set(slots)) < len(slots) or not all(0 <= c < size for c in slots):
        raise Rejected(where, "held and place must be different numbers of parameters")
    if rank([[move[c] for c in held] for move in found.moves]) < len(held):
        raise Rejected(where, "the flows do not move the held parameters freely")
    face = Slice.of(normals, slots, size, where)
    tangents = face.tangents(slots)
    require_definite(restricted(found.hessian, tangents), where, "the Hessian along the eliminated parameters")
    start, along = values_of(problem, at.point), [Poly(()) + x for x in values_of(problem, path)]
    moved = [x - y for x, y in zip(along, start, strict=True)]
    if any(moved[c].coefficients for c in held) or moved[place] != Poly.of([ZERO, ONE]):
        raise Rejected(where, "the curve moves a held parameter, or its parameter is not the one named")
    if any(sum((move * x for move, x in zip(moved, normal, strict=True)), Poly(())).coefficients for normal in normals):
        raise Rejected(where, "the curve leaves an active kink")
    orders(problem, at, pattern, path, tangents, where)


@dataclass(frozen=True, slots=True)
class Slice:
    """The active kinks' face in coordinates: each row has 1 at its own pivot and 0 at the others'."""

    rows: tuple[Row, ...]
    pivots: tuple[int, ...]
    size: int

    @staticmethod
    def of(normals: Sequence[Row], fixed: Sequence[int], size: int, where: str) -> "Slice":
        """Pivots of the normals, none of them a fixed coordinate."""
        left, pivots = [list(normal) for normal in normals], list[int]()
        for k in range(len(left)):
            pivot = next((c for c in range(size) if left[k][c] and c not in fixed), None)
            if pivot is None:
                raise Rejected(where, "the active kinks have no pivots outside the held parameters and the place")
            pivots.append(pivot)
            left[k] = [x / left[k][pivot] for x in left[k]]
            for other, row in enumerate(left):
                if other != k and row[pivot]:
                    left[other] = [x - row[pivot] * y for x, y in zip(row, left[k], strict=True)]
        return Slice(tuple(left), tuple(pivots), size)

    def tangent(self, c: int) -> list[Fraction]:
        """The vector in the face with 1 at coordinate c, no pivot, and 0 at every other but the pivots."""
        vector = [Fraction(c == k) for k in range(self.size)]
        for row, pivot in zip(self.rows, self.pivots, strict=True):
            vector[pivot] = -row[c]
        return vector

    def tangents(self, fixed: Sequence[int]) -> list[list[Fraction]]:
        """Those of all coordinates but the fixed ones and the pivots."""
        return [self.tangent(c) for c in range(self.size) if c not in fixed and c not in self.pivots]


def orders(problem: Problem, at: Evaluated, pattern: Pattern, path: Point, tangents: Sequence[Row], where: str) -> None:
    """g and q: the risk along the curve, and the pull on the eliminated parameters along it."""
    risk, pull = Poly(()), list[list[Scalar]]()
    for i, target in enumerate(problem.targets):
        errors = [Poly(()) + f - y for f, y in zip(evaluate(problem, path, i, pattern)[-1], target, strict=True)]
        near = [(problem.loss.part(e.at_zero()), e) for e in errors]
        risk += sum(((e * a + b) * e + c for (a, b, c), e in near), Poly(()))
        pull.append([(e * (2 * a) + b) * problem.loss.factor for (a, b, _), e in near])
    g = risk * problem.loss.factor - at.risk
    slopes = gradient(problem, path, pattern, pull)
    along = [sum((Poly(()) + x * y for x, y in zip(slopes, tangent, strict=True)), Poly(())) for tangent in tangents]
    q = min((order for p in along if (order := lowest(p)) is not None), default=None)
    d = lowest(g)
    if d is None and q is not None:
        raise Rejected(where, "the risk is constant along the curve, and the eliminated parameters are pulled")
    if d is not None and (d % 2 or g.coefficients[d] < 0 or (q is not None and 2 * q <= d)):
        raise Rejected(where, f"the risk along the curve has order {d}, the pull order {q}: no minimum follows")


def lowest(p: Poly) -> int | None:
    """The order of the first non-zero coefficient."""
    return next((k for k, c in enumerate(p.coefficients) if c), None)
