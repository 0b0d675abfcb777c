"""Local minima by second order, modulo the symmetries of a cell; and by flatness on all cells around a point."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import product
from math import prod

from .errors import Declined, Rejected
from .facts import Evaluated, LocalMinimum
from .linear import rank
from .model import (
    ONE,
    ZERO,
    Layer,
    Pattern,
    Point,
    Problem,
    cell_of,
    rational,
    residuals,
    risk_along,
    trace,
)
from .poly import Poly
from .read import Fields
from .rules import Proof, flat

MAX_HESSIAN, MAX_CELLS = 80, 4096
Place = tuple[int, int, int]  # affine map, row, column; the bias is the column after the last


def second_order(proof: Proof, step: Fields) -> LocalMinimum:
    """
    θ* strictly inside a cell, ℓ twice differentiable at f(θ*)      ∇R = 0, H = ∇²R ⪰ 0
    dim ker H = dimension of the span of the cell's symmetries at θ*
    ----------------------------------------------------------------------------------- [second_order]
      θ* is a local minimum

    Sound (Morse and Bott): the orbit N of θ* under the flows of the symmetries consists of critical points of
    equal risk, and its tangent space lies in ker H; so it is ker H, H is positive definite across N, and remains
    so at the points of N near θ*.
    """
    problem, at = proof.problem, proof.premise(step, "point", Evaluated)
    step.check()
    pattern = cell_of(problem, at.point)
    if problem.loss.name == "huber" and any(
        abs(a - b) == problem.loss.delta
        for f, y in zip(at.predictions, problem.targets, strict=True)
        for a, b in zip(f, y, strict=True)
    ):
        raise Rejected(step.where, "the loss is not twice differentiable at a prediction")
    gradient, hessian = derivatives(problem, at.point)
    if any(gradient):
        raise Rejected(step.where, "the gradient is not 0")
    nullity = len(hessian) - semidefinite_rank(hessian, step.where)
    span = rank(symmetries(problem, at.point, pattern))
    if span != nullity:
        raise Rejected(step.where, f"the Hessian's kernel has dimension {nullity}, the cell's symmetries span {span}")
    return LocalMinimum(at, None)


def derivatives(problem: Problem, point: Point) -> tuple[list[Fraction], list[list[Fraction]]]:
    """The gradient and the Hessian of R at an interior point, from the coefficients of R along e_a and e_a + e_b."""
    where = list(places(problem))
    if len(where) > MAX_HESSIAN:
        raise Declined(f"a Hessian of more than {MAX_HESSIAN} parameters")

    def along(*moving: Place) -> tuple[Fraction, Fraction]:
        c = risk_along(problem, shifted(problem, point, moving)).coefficients + (ZERO,) * 3
        return c[1], c[2]

    single = [along(place) for place in where]
    hessian = [[2 * second] * len(where) for _, second in single]
    for a, place in enumerate(where):
        for b in range(a):
            mixed = along(place, where[b])[1] - single[a][1] - single[b][1]
            hessian[a][b] = hessian[b][a] = mixed
    return [first for first, _ in single], hessian


def places(problem: Problem) -> Iterator[Place]:
    """All parameters, in the order of the model's coordinates."""
    for m in range(len(problem.widths) - 1):
        for j in range(problem.widths[m + 1]):
            yield from ((m, j, c) for c in range(problem.widths[m] + problem.has_bias(m)))


def shifted(problem: Problem, point: Point, moving: Sequence[Place]) -> Point:
    """The line from the point along the sum of some coordinate directions."""
    step = Poly.of([ZERO, ONE])
    layers = []
    for m, layer in enumerate(point):
        rows = [
            [Poly(()) + x + (step if (m, j, c) in moving else ZERO) for c, x in enumerate(row)]
            for j, row in enumerate(layer.weight)
        ]
        at = problem.widths[m]
        bias = (
            None
            if layer.bias is None
            else tuple(Poly(()) + x + (step if (m, j, at) in moving else ZERO) for j, x in enumerate(layer.bias))
        )
        layers.append(Layer(tuple(map(tuple, rows)), bias))
    return tuple(layers)


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
        pivot = left[p]
        left = [
            [x - row[p] * y / pivot[p] for c, (x, y) in enumerate(zip(row, pivot, strict=True)) if c != p]
            for i, row in enumerate(left)
            if i != p
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


def adjacent_cells(proof: Proof, step: Fields) -> LocalMinimum:
    """
    for every choice of a piece at each pre-activation of θ* at a breakpoint: Ψ is constant on that cell
    ------------------------------------------------------------------------------------------------ [adjacent_cells]
      θ* is a local minimum

    Sound: near θ* every point has one of these patterns; there R(θ) − R(θ*) ≥ Ψ(θ) = Ψ(θ*) = 0, since at a
    breakpoint both pieces agree.
    """
    problem, at = proof.problem, proof.premise(step, "point", Evaluated)
    step.check()
    choices: list[tuple[int, ...]] = []
    for i in range(len(problem.inputs)):
        for m, z in enumerate(list(trace(problem, at.point, i))[:-1]):
            for x in z:
                pieces = problem.activations[m].pieces(rational(x))
                choices.append(pieces[:1] if m == 0 and problem.dead_row(i) else pieces)
    if prod(map(len, choices)) > MAX_CELLS:
        raise Declined("too many cells meet at the point")
    pull, hidden = residuals(problem, at.predictions), problem.widths[1:-1]
    for choice in product(*choices):
        pieces_of = iter(choice)
        table = [[[next(pieces_of) for _ in range(width)] for width in hidden] for _ in problem.inputs]
        pattern = tuple(
            tuple(tuple(sample[m][j] for sample in table) for j in range(width)) for m, width in enumerate(hidden)
        )
        flat(problem, pattern, pull, step.where)
    return LocalMinimum(at, None)
