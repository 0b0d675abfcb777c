"""The rule `second_order`: local minima modulo the symmetries of a cell."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from fractions import Fraction

from ..core.activation import ONE, ZERO
from ..core.algebra import rank
from ..core.errors import Declined, Rejected, within_budget
from ..core.facts import Evaluated, LocalMinimum
from ..core.network import Layer, Pattern, Point, Problem, cell_of, evaluate, predictions, rational, residuals
from ..core.proof import Reading
from .critical_point import gradient

MAX_HESSIAN, MAX_TERMS = 80, 200_000
Place = tuple[int, int, int]  # affine map, row, column; the bias is the column after the last


def second_order(step: Reading) -> LocalMinimum:
    """
    θ* strictly inside a cell, ℓ twice differentiable at f(θ*)      ∇R = 0, H = ∇²R ⪰ 0
    dim ker H = dimension of the span of the cell's symmetries at θ*
    ----------------------------------------------------------------------------------- [second_order]
      θ* is a local minimum

    Sound (Morse and Bott): the orbit N of θ* under the flows of the symmetries consists of critical points of
    equal risk, and its tangent space lies in ker H; so it is ker H, H is positive definite across N, and remains
    so at the points of N near θ*.
    """
    problem, at = step.proof.problem, step.premise("point", Evaluated)
    pattern, bends = cell_of(problem, at.point), second_derivatives(problem, at.predictions)
    if any(bend is None for row in bends for bend in row):
        raise Rejected(step.where, "the loss is not twice differentiable at a prediction")
    first, hessian = derivatives(problem, at.point)
    if any(first):
        raise Rejected(step.where, "the gradient is not 0")
    nullity = len(hessian) - semidefinite_rank(hessian, step.where)
    span = rank(symmetries(problem, at.point, pattern))
    if span != nullity:
        raise Rejected(step.where, f"the Hessian's kernel has dimension {nullity}, the cell's symmetries span {span}")
    return LocalMinimum(at, None)


def derivatives(problem: Problem, point: Point) -> tuple[list[Fraction], list[list[Fraction]]]:
    """The gradient and the Hessian of R at an interior point.

    On its cell f is affine in each parameter, so ∂_a f is f(θ + e_a) − f(θ) on the pieces of the cell, and ∂_a ∂_b f
    is ∂_b f(θ + e_a) − ∂_b f(θ). By the chain rule ∂_a ∂_b R = Σ (ℓ''(f) ∂_a f) ∂_b f + Σ ℓ'(f) ∂_a ∂_b f.
    """
    where, pattern, f = list(places(problem)), cell_of(problem, point), predictions(problem, point)
    if len(where) > MAX_HESSIAN or len(where) ** 2 * len(f) > MAX_TERMS:
        raise Declined(f"a Hessian of more than {MAX_HESSIAN} parameters, or on too many samples")
    pull, bends = list(zip(*residuals(problem, f), strict=True)), second_derivatives(problem, f)

    def slope(at: Point, weights: Sequence[Sequence[Fraction]]) -> list[Fraction]:
        return gradient(problem, at, pattern, weights)

    first, hessian = slope(point, pull), []
    for place in where:
        there = moved(point, place)
        change = [
            [
                (bend or ZERO) * (rational(b) - a)
                for bend, a, b in zip(*each, evaluate(problem, there, i, pattern)[-1], strict=True)
            ]
            for i, each in enumerate(zip(bends, f, strict=True))
        ]
        parts = zip(slope(point, change), slope(there, pull), first, strict=True)
        hessian.append([x + y - z for x, y, z in parts])
    return first, hessian


def second_derivatives(problem: Problem, f: Sequence[Sequence[Fraction]]) -> list[list[Fraction | None]]:
    """factor · ∂²ℓ/∂f_ik², None where ℓ is not twice differentiable."""
    loss = problem.loss
    return [
        [
            None if a - b in loss.cuts else loss.factor * 2 * loss.parts[bisect_left(loss.cuts, a - b)][0]
            for a, b in zip(u, v, strict=True)
        ]
        for u, v in zip(f, problem.targets, strict=True)
    ]


def places(problem: Problem) -> Iterator[Place]:
    """All parameters, in the order of the model's coordinates."""
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


def semidefinite_rank(matrix: Sequence[Sequence[Fraction]], where: str) -> int:
    """The rank of a symmetric positive semidefinite matrix, by elimination on positive diagonal entries.

    A negative diagonal entry, or a zero one in a non-zero row, refutes semidefiniteness.
    """
    left = [list(row) for row in matrix]
    for count in range(len(left) + 1):
        p = next((i for i, row in enumerate(left) if row[i] > 0), None)
        if p is None:
            if any(map(any, left)):
                raise Rejected(where, "the Hessian is not positive semidefinite")
            return count
        pivot = left.pop(p)
        lead, rest = pivot[p], pivot[:p] + pivot[p + 1 :]
        left = [
            [within_budget(x - row[p] * y / lead) for x, y in zip(row[:p] + row[p + 1 :], rest, strict=True)]
            for row in left
        ]
    raise Rejected(where, "the Hessian is not positive semidefinite")


def symmetries(problem: Problem, point: Point, pattern: Pattern) -> list[list[Fraction]]:
    """Velocities at the point of flows that leave all predictions on the cell as they are.

    Units j, k of a layer with the same slopes and all offsets 0: row j of the layer gains ε row k, and column k of
    the next loses ε column j (j = k: rescaling). A unit of one slope on all samples, biases on both sides: its bias
    gains ε, the next biases make up for it. A unit of slope 0: its row moves freely, and its column if h is 0 there.
    """
    index = {place: c for c, place in enumerate(places(problem))}
    found: list[list[Fraction]] = []

    def flow(moves: dict[Place, Fraction]) -> None:
        velocity = [ZERO] * len(index)
        for place, speed in moves.items():
            velocity[index[place]] += speed
        found.append(velocity)

    for m, layer in enumerate(pattern):
        h, columns, below = problem.activations[m], problem.widths[m], problem.widths[m + 2]
        slopes = [[h.slopes[p] for p in unit] for unit in layer]
        zero = [not any(h.offsets[p] for p in unit) for unit in layer]
        width = columns + problem.has_bias(m)
        rows = [list(map(rational, r)) for r in point[m].weight]
        full = [
            row + ([rational((point[m].bias or ())[j])] if problem.has_bias(m) else []) for j, row in enumerate(rows)
        ]
        after = [list(map(rational, r)) for r in point[m + 1].weight]
        for j in range(len(layer)):
            for k in range(len(layer)):
                if zero[j] and zero[k] and slopes[j] == slopes[k]:
                    gained = {(m, j, c): full[k][c] for c in range(width)}
                    flow(gained | {(m + 1, i, k): -after[i][j] for i in range(below)})
            if problem.has_bias(m) and problem.has_bias(m + 1) and len(set(slopes[j])) == 1:
                made_up = {(m + 1, i, problem.widths[m + 1]): -slopes[j][0] * after[i][j] for i in range(below)}
                flow({(m, j, columns): ONE} | made_up)
            if not any(slopes[j]):
                for c in range(width):
                    flow({(m, j, c): ONE})
                for i in range(below) if zero[j] else ():
                    flow({(m + 1, i, j): ONE})
    return found
