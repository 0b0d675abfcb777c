"""Is a point a local minimum? For one hidden layer and scalar output, decided at every point by linear algebra.

R(θ) − R(θ*) ≥ Σ_j v_j φ_j(w_j) + c_0 Σ_i r_i near θ*, φ_j(w) = Σ_i r_i h(⟨w, x̃_i⟩), and θ* is a local minimum exactly
when each term is ≥ 0 near θ*. What fails gives an exact curve of descent. For other networks: constant
minorant in the cell, descent along gradients and negative curvature, else undecided with the reason.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import mul

from symverify.ground.linear import nullspace, primitive, solve
from symverify.kernel.core.activation import ZERO
from symverify.kernel.core.algebra import rays, sign
from symverify.kernel.core.errors import Declined
from symverify.kernel.core.face_minimum import kinks
from symverify.kernel.core.network import Layer, Point, Problem, predictions, rational, residuals
from symverify.kernel.core.poly import Poly
from symverify.search.answers import Descends, Unknown

Direction = tuple[int, ...]
Bends = Mapping[Direction, Fraction]


@dataclass(frozen=True, slots=True)
class Stays:
    """A local minimum by face_minimum; per hidden unit the multipliers, or None where its rays are visited."""

    multipliers: tuple[list[Fraction] | None, ...]


def decide_shallow(problem: Problem, point: Point) -> Stays | Descends | Unknown:
    """Decide a point of a network with one hidden layer and scalar output (any differentiable convex loss)."""
    (r,) = residuals(problem, predictions(problem, point))
    if problem.output_bias and sum(r, ZERO):
        push = Fraction(-sign(sum(r, ZERO)))
        return Descends(
            moved(point, {(1, 0, None): Poly.of([ZERO, push])}), "the output bias has a non-zero derivative"
        )
    found: list[list[Fraction] | None] = []
    for j in range(problem.widths[1]):
        v = sign(rational(point[1].weight[0][j]))
        value, g, bends = kinks(problem, point, j, r)
        if value:
            curve = moved(point, {(1, 0, j): Poly.of([ZERO, Fraction(-sign(value))])})
            return Descends(curve, f"the output weight of unit {j + 1} has a non-zero derivative")
        try:
            outcome = still(g, bends) if v == 0 else rises([v * x for x in g], {u: v * a for u, a in bends.items()})
        except Declined as error:
            return Unknown(f"unit {j + 1}: {error}")
        match outcome:
            case Down(delta):
                return Descends(_push(point, j, v, delta, g, bends), _reason(j, v, bends))
            case Held(multipliers):
                found.append(multipliers)
    return Stays(tuple(found))


@dataclass(frozen=True, slots=True)
class Down:
    delta: Sequence[Fraction | int]


@dataclass(frozen=True, slots=True)
class Held:
    multipliers: list[Fraction] | None


def sloped(g: Sequence[Fraction], bends: Bends, delta: Sequence[Fraction | int]) -> Fraction:
    """⟨g, δ⟩ + Σ_u a_u |⟨u, δ⟩|."""
    return sum(map(mul, g, delta), ZERO) + sum((a * abs(sum(map(mul, u, delta))) for u, a in bends.items()), ZERO)


def still(g: Sequence[Fraction], bends: Bends) -> Down | Held:
    """Whether ⟨g, δ⟩ + Σ_u a_u |⟨u, δ⟩| vanishes identically; else a δ where it does not."""
    bent = [u for u, a in bends.items() if a]
    if not bent:
        return Down([-x for x in g]) if any(g) else Held([])
    # Across a generic point δ of one hyperplane the sum bends, so it is not 0 at all of δ, δ ± εu.
    u = bent[0]
    for weight in range(1, 2 + 2 * len(bends) * len(u)):
        free = nullspace([u], len(u))
        base = [sum((Fraction(weight) ** c * b[i] for c, b in enumerate(free)), ZERO) for i in range(len(u))]
        others = [abs(sum(map(mul, w, base))) for w in bends if w != u]
        if all(others):
            reach = max(sum(map(abs, map(mul, w, u))) for w in bends)
            step = min(others, default=Fraction(1)) / (2 * reach)
            for delta in (
                base,
                [b + step * c for b, c in zip(base, u, strict=True)],
                [b - step * c for b, c in zip(base, u, strict=True)],
            ):
                if sloped(g, bends, delta):
                    return Down(delta)
    raise ArithmeticError("a bend of a piecewise linear function was not found")


def rises(g: Sequence[Fraction], bends: Bends) -> Down | Held:
    """Whether ⟨g, δ⟩ + Σ_u a_u |⟨u, δ⟩| ≥ 0 for all δ; else a δ where it is negative."""
    width, rows = len(g), list(bends)
    free = nullspace(rows, width)
    for b in free:
        along = sum(map(mul, g, b), ZERO)
        if along:
            return Down([-sign(along) * x for x in b])
    mu = solve(list(zip(*rows, strict=True)), g, len(rows)) if rows else []
    if mu is None:
        raise ArithmeticError("orthogonal to the lineality space, so spanned")
    if all(abs(m) <= a for m, a in zip(mu, bends.values(), strict=True)):
        return Held(mu)
    if len(free) + len(rows) == width:
        worst = next(c for c, (m, a) in enumerate(zip(mu, bends.values(), strict=True)) if abs(m) > a)
        dual = solve(rows, [Fraction(c == worst) for c in range(len(rows))], width) or []
        return Down([-x for x in dual] if sloped(g, bends, [-x for x in dual]) < 0 else dual)
    for ray in rays(rows):
        for delta in (ray, [-x for x in ray]):
            if sloped(g, bends, delta) < 0:
                return Down(delta)
    return Held(None)


def _push(point: Point, j: int, v: int, delta: Sequence[Fraction | int], g: Sequence[Fraction], bends: Bends) -> Point:
    """The curve that moves w_j along tδ and, where v_j = 0, lets v_j follow at ∓t²."""
    direction = primitive([Fraction(x) for x in delta])
    columns = len(point[0].weight[j])
    moves: dict[Place, Poly] = {
        (0, j, c if c < columns else None): Poly.of([ZERO, Fraction(x)]) for c, x in enumerate(direction)
    }
    if v == 0:
        moves[1, 0, j] = Poly.of([ZERO, ZERO, Fraction(-sign(sloped(g, bends, direction)))])
    return moved(point, moves)


def _reason(j: int, v: int, bends: Bends) -> str:
    if v == 0:
        return f"unit {j + 1} has output weight 0: moving its input weights first makes that weight worth changing"
    return f"the input weights of unit {j + 1} have a descent direction" + (
        f" among the {len(bends)} boundaries they lie on" if bends else ""
    )


Place = tuple[int, int, int | None]  # (affine map, row, column; None for the bias)


def moved(point: Point, moves: Mapping[Place, Poly]) -> Point:
    """The curve point + moves; a move is a polynomial that vanishes at t = 0."""
    return tuple(
        Layer(
            tuple(
                tuple(Poly(()) + x + moves[m, j, c] if (m, j, c) in moves else x for c, x in enumerate(row))
                for j, row in enumerate(layer.weight)
            ),
            None
            if layer.bias is None
            else tuple(
                Poly(()) + x + moves[m, j, None] if (m, j, None) in moves else x for j, x in enumerate(layer.bias)
            ),
        )
        for m, layer in enumerate(point)
    )


def places(problem: Problem) -> Iterator[Place]:
    """All parameters, in the order of the model's coordinates."""
    for m in range(len(problem.widths) - 1):
        for j in range(problem.widths[m + 1]):
            yield from ((m, j, c) for c in range(problem.widths[m]))
            if problem.has_bias(m):
                yield (m, j, None)
