"""Is a rational point a local minimum under logistic or Poisson loss? Decided for one hidden layer and scalar output.

As for losses over the rationals (`decide`), with residuals that are not rational: equalities by collecting like terms,
signs by enclosures. What fails gives a curve along which the risk falls.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from symverify.kernel.core.activation import ONE, ZERO
from symverify.kernel.core.algebra import Direction, rays, sign
from symverify.kernel.core.errors import Declined, KernelError, Rejected
from symverify.kernel.core.network import Point, Problem, cell_of, features, rational
from symverify.kernel.core.poly import Poly
from symverify.kernel.curvature.hessian import slope
from symverify.kernel.reals.combination import Residuals
from symverify.kernel.reals.facts import EnclosedPoint, real_loss
from symverify.kernel.reals.real_descent import falls
from symverify.kernel.reals.real_face_minimum import Linear, combined, linear_kinks, null_space
from symverify.search.answers import Descends, Unknown
from symverify.search.decide import Place, moved
from symverify.search.descent import Velocity, adjacent_patterns, along, random_velocities
from symverify.search.float_losses import real_slopes, targets_of

NEGLIGIBLE = Fraction(1, 10**12)  # gradients up to it are rounding errors


@dataclass(frozen=True, slots=True)
class Holds:
    """A local minimum by this rule."""

    rule: str


def decide_real(problem: Problem, at: EnclosedPoint) -> Holds | Descends | Unknown:
    """Decide a point, or say why not."""
    try:
        residuals = Residuals.of(problem, at.predictions)
    except Rejected:
        return Unknown(
            f"whether a point's derivatives are exactly 0 is not decided under the {problem.loss.name} loss; "
            "--claims minimum_in_box looks for a local minimum in a small box near it"
        )
    try:
        span = features(problem, cell_of(problem, at.point))
        if all(r.vanishes(phi) for r in residuals for phi in span):
            return Holds("real_interior_minimum")
    except KernelError:
        pass
    if not problem.shallow:
        return _deep(problem, at)
    try:
        return _shallow(problem, at, residuals[0])
    except Declined as error:
        return Unknown(str(error))


def _deep(problem: Problem, at: EnclosedPoint) -> Descends | Unknown:
    """Descent against the gradients of the adjacent cells, and along curves found by search."""
    for velocity, why in _velocities(problem, at):
        curve = along(problem, at.point, velocity)
        try:
            if any(map(any, velocity)) and falls(problem, at, curve):
                return Descends(curve, why)
        except Declined:
            continue
    return Unknown("the first-order minorant is not constant on a cell of the point, and no descent was found")


def _velocities(problem: Problem, at: EnclosedPoint) -> Iterator[tuple[Velocity, str]]:
    f = np.array([[float(x) for x in row] for row in at.predictions])
    pull = [[Fraction(float(x)) for x in row] for row in real_slopes(real_loss(problem), f, targets_of(problem))]
    for pattern in adjacent_patterns(problem, at.point):
        uphill = slope(problem, at.point, pattern, pull)
        largest = max(map(abs, uphill), default=ZERO)
        for resolution in (1, 64, 4096) if largest > NEGLIGIBLE else ():
            yield [(-Fraction(round(x / largest * resolution)),) for x in uphill], "a one-sided gradient is not zero"
    for velocity in random_velocities(problem):
        yield velocity, "a curve found by search"


def _shallow(problem: Problem, at: EnclosedPoint, r: Residuals) -> Holds | Descends:
    ones = [ONE] * len(problem.inputs)
    if problem.output_bias and not r.vanishes(ones):
        push = Fraction(-r.sign(ones))
        curve = moved(at.point, {(1, 0, None): Poly.of([ZERO, push])})
        return Descends(curve, "the output bias has a non-zero derivative")
    for j, weight in enumerate(at.point[1].weight[0]):
        v = sign(rational(weight))
        value, g, bends = linear_kinks(problem, at, j)
        if not r.vanishes(value):
            curve = moved(at.point, {(1, 0, j): Poly.of([ZERO, Fraction(-r.sign(value))])})
            return Descends(curve, f"the output weight of unit {j + 1} has a non-zero derivative")
        found = _moving(r, g, bends, v)
        if found is not None:
            direction, side = found
            return Descends(_push(at.point, j, v, direction, side), f"the input weights of unit {j + 1} can be moved")
    return Holds("real_face_minimum")


def _slope(r: Residuals, g: Sequence[Linear], bends: Mapping[Direction, Linear], delta: Sequence[Fraction]) -> int:
    """The sign of ⟨g, δ⟩ + Σ_u a_u |⟨u, δ⟩|."""
    heights = [abs(sum((a * b for a, b in zip(u, delta, strict=True)), ZERO)) for u in bends]
    return r.sign(combined([*delta, *heights], [*g, *bends.values()]))


def _moving(
    r: Residuals, g: Sequence[Linear], bends: Mapping[Direction, Linear], v: int
) -> tuple[Sequence[Fraction], int] | None:
    """A δ along which v times the slope falls (v = 0: it is not 0), and the sign of the slope; None if none."""
    width = len(g)
    candidates: list[Sequence[Fraction]] = [
        *null_space(list(bends), width),
        *(list(map(Fraction, ray)) for ray in rays(list(bends))),
    ]
    if not v:
        candidates += _generic(bends, width)
    for line in candidates:
        for side in (1, -1):
            delta = [side * x for x in line]
            slope = _slope(r, g, bends, delta)
            if v * slope < 0 or (not v and slope):
                return delta, slope
    return None


def _generic(bends: Mapping[Direction, Linear], width: int) -> list[list[Fraction]]:
    """Enough points that a sum ⟨g, δ⟩ + Σ a_u |⟨u, δ⟩| which is 0 at all of them, mirrored, is 0.

    For each u a point of its hyperplane on no other, and both of its neighbours across: there the sum bends by a_u.
    """
    found: list[list[Fraction]] = [[Fraction(c == k) for c in range(width)] for k in range(width)]
    for u in bends:
        plane = null_space([u], width)
        for weight in range(1, 2 + 2 * len(bends) * width):
            base = [sum((Fraction(weight) ** c * b[i] for c, b in enumerate(plane)), ZERO) for i in range(width)]
            others = [abs(sum((a * b for a, b in zip(w, base, strict=True)), ZERO)) for w in bends if w != u]
            if all(others):
                reach = max(sum(abs(a * b) for a, b in zip(w, u, strict=True)) for w in bends)
                step = min(others, default=ONE) / (2 * reach)
                found += [base, *([b + s * step * c for b, c in zip(base, u, strict=True)] for s in (1, -1))]
                break
    return found


def _push(point: Point, j: int, v: int, delta: Sequence[Fraction], slope: int) -> Point:
    """The curve that moves w_j along tδ and, where v_j = 0, lets v_j follow at ∓t²."""
    columns = len(point[0].weight[j])
    moves: dict[Place, Poly] = {
        (0, j, c if c < columns else None): Poly.of([ZERO, x]) for c, x in enumerate(delta) if x
    }
    if v == 0:
        moves[1, 0, j] = Poly.of([ZERO, ZERO, Fraction(-slope)])
    return moved(point, moves)
