"""What is seen at a local minimum beyond what is proved: where it lies, which units react, how large its valley is.

Exact, for readers; none of it is part of a certificate's claims. Each word is one that can be checked by itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from symverify.kernel.core.activation import ONE, ZERO
from symverify.kernel.core.algebra import dot, rank
from symverify.kernel.core.errors import Rejected
from symverify.kernel.core.network import (
    Pattern,
    Point,
    Problem,
    cell_of,
    jacobian_rank,
    predictions,
    rational,
    residuals,
)
from symverify.kernel.programs.values import trace


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
    kind, why = _seen(problem, point, pattern)
    if pattern is not None and problem.loss.quadratic:
        most = problem.reach(pattern)
        attained = jacobian_rank(problem, point, pattern, most)
        if attained == most:
            dimension = problem.size() - attained
            return Character(kind, why, dimension == 0, dimension, True)
    dimension = rank(_moves(problem, point))
    return Character(kind, why, False if dimension else None, dimension, False)


def _moves(problem: Problem, point: Point) -> Iterator[list[Fraction]]:
    """Velocities of families of networks with equal predictions through the point, whatever the cell.

    Rescaling of each unit of a positively homogeneous layer; for a unit that nothing reads, its input weights. They
    generate a group of linear maps and translations, so that its orbit has the dimension of their span.
    """
    rows = [
        [[*map(rational, row), *map(rational, (layer.bias or ())[j : j + 1])] for j, row in enumerate(layer.weight)]
        for layer in point
    ]

    def velocity(moves: dict[tuple[int, int, int], Fraction]) -> list[Fraction]:
        return [
            moves.get((m, j, c), ZERO)
            for m, layer in enumerate(rows)
            for j, row in enumerate(layer)
            for c in range(len(row))
        ]

    for m, h in enumerate(problem.activations):
        homogeneous = not any(h.breakpoints) and not any(h.offsets)
        for j, row in enumerate(rows[m]):
            out = {(m + 1, i, j): after[j] for i, after in enumerate(rows[m + 1]) if after[j]}
            if not out:
                yield from (velocity({(m, j, c): ONE}) for c in range(len(row)))
            elif homogeneous:
                grown = {(m, j, c): x for c, x in enumerate(row)}
                yield velocity(grown | {place: -x for place, x in out.items()})


def _seen(problem: Problem, point: Point, pattern: Pattern | None) -> tuple[str, str]:
    """The kind: the first of what is seen, in a word; and all of it."""
    f, flat = predictions(problem, point), _flat(problem, point)
    found: list[tuple[str, str]] = []
    if f == problem.targets:
        found.append(("interpolation", "it fits the data exactly"))
    elif _fits(problem, f):
        found.append(("affine fit", "it predicts what a best affine fit does"))
    for m, width in enumerate(problem.widths[1:-1], 1):
        units = [j + 1 for layer, j in flat if layer + 1 == m]
        if len(units) == width:
            found.append(("flat layer", f"all units of hidden layer {m} have slope 0 on all samples"))
        elif units:
            which = f"unit {units[0]} of hidden layer {m} has" if len(units) == 1 else _several(units, m)
            found.append(("flat units", f"{which} slope 0 on all samples"))
    found.sort(key=lambda each: each[0] == "flat units")  # the others are said first
    if pattern is None:
        found.append(("boundary", "some pre-activations are exactly at a breakpoint"))
    else:
        found.append(("interior", "it is strictly inside a cell"))
    return found[0][0], "; ".join(words for _, words in found)


def _several(units: list[int], layer: int) -> str:
    return f"units {', '.join(map(str, units[:-1]))} and {units[-1]} of hidden layer {layer} have"


def _fits(problem: Problem, f: tuple[tuple[Fraction, ...], ...]) -> bool:
    """Whether the predictions are affine in the inputs, and the best that are."""
    affine = problem.affine_features()
    stationary = not any(dot(r, phi) for r in residuals(problem, f) for phi in affine)
    return stationary and rank(affine) == rank([*affine, *zip(*f, strict=True)])


def _flat(problem: Problem, point: Point) -> list[tuple[int, int]]:
    """(layer, unit) of the units on pieces of slope 0 on all samples, on both sides where they are at a breakpoint."""
    alive: set[tuple[int, int]] = set()
    for i in range(len(problem.inputs)):
        for m, z in enumerate(list(trace(problem, point, i))[:-1]):
            h = problem.activations[m]
            alive |= {(m, j) for j, x in enumerate(z) if any(h.slopes[p] for p in h.pieces(rational(x)))}
    hidden = enumerate(problem.widths[1:-1])
    return [(m, j) for m, width in hidden for j in range(width) if (m, j) not in alive]
