"""What kind of local minimum a point is: why it is there, whether it is strict, the dimension of its valley.

Exact, for readers; none of it is part of a certificate's claims.
"""

from dataclasses import dataclass

from symverify.kernel.core.activation import ONE
from symverify.kernel.core.algebra import dot, rank
from symverify.kernel.core.errors import Rejected
from symverify.kernel.core.network import (
    Pattern,
    Point,
    Problem,
    cell_of,
    features,
    jacobian_rank,
    predictions,
    rational,
    residuals,
    trace,
)


@dataclass(frozen=True, slots=True)
class Character:
    """`kind` in one or two words, `why` in a sentence; `strict` None where unknown; the valley's `dimension`.

    `dimension` is that of the points of equal risk around it: exact, or a lower bound if not `exact`.
    """

    kind: str
    why: str
    strict: bool | None
    dimension: int
    exact: bool


def character(problem: Problem, point: Point) -> Character:
    """Describe a point that is a local minimum."""
    try:
        pattern = cell_of(problem, point)
    except Rejected:
        pattern = None
    kind, why = _reason(problem, point, pattern)
    if pattern is not None and problem.loss.quadratic:
        attained = jacobian_rank(problem, point, pattern)
        if attained == problem.widths[-1] * rank(features(problem, pattern)):
            dimension = problem.size() - attained
            return Character(kind, why, dimension == 0, dimension, True)
    dimension = _moves(problem, point)
    return Character(kind, why, False if dimension else None, dimension, False)


def _moves(problem: Problem, point: Point) -> int:
    """The dimension of an obvious family of equal networks through the point, whatever the cell.

    Rescaling of each unit of a positively homogeneous layer; for a unit that nothing reads, its input weights.
    """
    count = 0
    for m in range(len(point) - 1):
        h = problem.activations[m]
        homogeneous = not any(h.breakpoints) and not any(h.offsets)
        for j, row in enumerate(point[m].weight):
            read = any(rational(after[j]) for after in point[m + 1].weight)
            count += int(homogeneous) if read else len(row) + problem.has_bias(m)
    return count


def _reason(problem: Problem, point: Point, pattern: Pattern | None) -> tuple[str, str]:
    f = predictions(problem, point)
    rows = residuals(problem, f)
    if not any(map(any, rows)):
        return "interpolation", "it fits the data exactly"
    affine = [*zip(*problem.inputs, strict=True), (ONE,) * len(problem.inputs)]
    outputs = list(zip(*f, strict=True))
    fits = rank([*affine, *outputs]) == rank(affine) and all(not dot(r, phi) for r in rows for phi in affine)
    dead = _dead(problem, point)
    idle = "" if not dead else "; dead on all data: " + ", ".join(f"unit {j + 1} of layer {m + 1}" for m, j in dead)
    if any(sum(m == layer for m, _ in dead) == problem.widths[layer + 1] for layer in range(len(problem.activations))):
        return "dead layer", "all units of a layer are constant on the data, so the network is"
    if fits:
        return "affine fit", "its predictions are those of the best affine fit" + idle
    if dead:
        return "dead units", "the units that respond fit the data as well as they can" + idle
    if pattern is None:
        return "boundary", "some samples lie exactly where a unit bends, and every side of that rises"
    return "misallocated units", "each unit bends among the data, and within its cell the fit is the best possible"


def _dead(problem: Problem, point: Point) -> list[tuple[int, int]]:
    """(layer, unit) of the units on a piece of slope 0 on all samples."""
    alive: set[tuple[int, int]] = set()
    for i in range(len(problem.inputs)):
        for m, z in enumerate(list(trace(problem, point, i))[:-1]):
            h = problem.activations[m]
            alive |= {(m, j) for j, x in enumerate(z) if any(h.slopes[p] for p in h.pieces(rational(x)))}
    hidden = enumerate(problem.widths[1:-1])
    return [(m, j) for m, width in hidden for j in range(width) if (m, j) not in alive]
