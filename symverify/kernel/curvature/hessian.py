"""First and second derivatives of the risk, and of pre-activations, on the pieces of a cell.

On a cell every value is a polynomial of degree at most 1 in each entry of an affine map, so a second derivative
∂_a ∂_b g is ∂_b g(θ + e_a) − ∂_b g(θ), exactly; of a parameter that several entries hold, the sum over them.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from ..core.activation import ONE, ZERO
from ..core.errors import Declined, within_budget
from ..core.network import (
    Bent,
    Layer,
    Pattern,
    Place,
    Point,
    Problem,
    predictions,
    pullback,
    rational,
    residuals,
)
from ..core.poly import Scalar
from ..programs.parameters import numbered
from ..programs.values import evaluate

MAX_HESSIAN, MAX_TERMS = 80, 200_000
Vector = list[Fraction]


def places(problem: Problem) -> Iterator[Place]:
    """All parameters, in the order of `coordinates`."""
    for m in range(len(problem.widths) - 1):
        for j in range(problem.widths[m + 1]):
            yield from ((m, j, c) for c in range(problem.widths[m] + problem.has_bias(m)))


def moved(point: Point, place: Place) -> Point:
    """The point with 1 added to one parameter."""
    m, j, c = place
    weight, bias = [list(row) for row in point[m].weight], list(point[m].bias or ())
    row, at = (weight[j], c) if c < len(weight[j]) else (bias, j)
    row[at] += ONE
    layer = Layer(tuple(map(tuple, weight)), None if point[m].bias is None else tuple(bias))
    return (*point[:m], layer, *point[m + 1 :])


def gradient(problem: Problem, point: Point, pattern: Pattern, pull: Sequence[Sequence[Scalar]]) -> list[Scalar]:
    """The derivatives of Σ_ik pull_ik f_ik by all parameters, on the pieces of `pattern`."""
    found: list[Scalar] = [ZERO] * problem.size()
    for i, back in enumerate(pull):
        row = pullback(problem, point, i, pattern, back)
        found = [a + b for a, b in zip(found, row, strict=True)]
    return found


def slope(problem: Problem, point: Point, pattern: Pattern, pull: Sequence[Sequence[Fraction]]) -> Vector:
    """The same at a rational point."""
    return [rational(x) for x in gradient(problem, point, pattern, pull)]


def second_derivatives(problem: Problem, f: Sequence[Sequence[Fraction]]) -> list[list[Fraction | None]]:
    """factor · ∂²ℓ/∂f_ik², None where ℓ is not twice differentiable."""
    loss = problem.loss
    return [
        [None if a - b in loss.cuts else loss.factor * 2 * loss.part(a - b)[0] for a, b in zip(u, v, strict=True)]
        for u, v in zip(f, problem.targets, strict=True)
    ]


def derivatives(problem: Problem, point: Point, pattern: Pattern) -> tuple[Vector, list[Vector]]:
    """The gradient and the Hessian of the risk at a point, on the pieces of a cell whose closure it is in.

    By the chain rule ∂_a ∂_b R = Σ (ℓ''(f) ∂_a f) ∂_b f + Σ ℓ'(f) ∂_a ∂_b f.
    """
    where, f, size = list(numbered(problem)), predictions(problem, point), problem.size()
    if size > MAX_HESSIAN or len(where) * size * len(f) > MAX_TERMS:
        raise Declined(f"a Hessian of more than {MAX_HESSIAN} parameters, or on too many samples")
    pull, bends = list(zip(*residuals(problem, f), strict=True)), second_derivatives(problem, f)
    first, hessian = slope(problem, point, pattern, pull), [[ZERO] * size for _ in range(size)]
    for place, number in where:
        there = moved(point, place)
        change = [
            [
                (bend or ZERO) * (rational(b) - a)
                for bend, a, b in zip(*each, evaluate(problem, there, i, pattern)[-1], strict=True)
            ]
            for i, each in enumerate(zip(bends, f, strict=True))
        ]
        parts = zip(slope(problem, point, pattern, change), slope(problem, there, pattern, pull), first, strict=True)
        hessian[number] = [within_budget(h + x + y - z) for h, (x, y, z) in zip(hessian[number], parts, strict=True)]
    return first, hessian


def kink_derivatives(problem: Problem, point: Point, pattern: Pattern, kink: Place) -> tuple[Vector, list[Vector]]:
    """The gradient and the Hessian of the pre-activation of unit j of hidden layer m on sample i, kink = (m, j, i)."""
    m, j, i = kink
    node = below = problem.bents[m].source
    while below and isinstance(above := problem.program[below - 1], Bent):  # an activation of an activation
        below = above.source
    last = problem.program[below - 1].layer if below else -1  # the last affine map that the pre-activation comes from
    back = [Fraction(j == k) for k in range(len(evaluate(problem, point, i, pattern)[node]))]

    def at(theta: Point) -> Vector:
        return [rational(x) for x in pullback(problem, theta, i, pattern, back, node)]

    first = at(point)
    hessian = [[ZERO] * len(first) for _ in first]
    for place, number in list(numbered(problem)):
        if place[0] <= last:
            there = zip(hessian[number], at(moved(point, place)), first, strict=True)
            hessian[number] = [within_budget(h + a - b) for h, a, b in there]
    return first, hessian
