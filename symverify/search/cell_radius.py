"""How far labels may move, all at once, until a cell has minima of other signs of the output weights.

Which signs a cell's minima can have is decided by polyhedral cones in the space of labels: the nearest wall of one is
found by exact linear programs, one for each corner of the labels' box and type that has minima, and one for each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from symverify.ground.linear import least_squares, primitive
from symverify.ground.lp import dot
from symverify.ground.simplex import free, maximise
from symverify.kernel.core.activation import ONE, ZERO

from .cell_minima import CellMinima
from .strata import Dual, Reached, Row, Strata, slots_of

MAX_SAMPLES = 8


@dataclass(frozen=True, slots=True)
class Lost:
    """The type, the corner, and a vector that is negative on the best fit beyond it."""

    mask: int
    corner: int
    dual: Dual


@dataclass(frozen=True, slots=True)
class Gained:
    """The type, changes of the labels, and vectors in its closed cones for these labels."""

    mask: int
    labels: list[Fraction]
    vectors: list[Row]


@dataclass(frozen=True, slots=True)
class Robust:
    """The radius; per type with minima its vectors at every corner of the box; and separators of the other types.

    Why the radius is no larger: a type that is lost beyond a corner (its number), or one that is reached at labels.
    """

    radius: Fraction
    corners: dict[int, list[list[Row]]]
    separators: tuple[Dual, ...]
    edge: Lost | Gained


def projected(strata: Strata) -> list[list[Fraction]]:
    """The n × n matrix of the best fit in the cell's span, by labels."""
    n = len(strata.problem.inputs)
    effects = [list(row) for row in strata.effects(range(0, 2 * len(strata.classes), 2))]
    found = least_squares(effects, [[Fraction(i == k) for k in range(n)] for i in range(n)])
    return [[dot(row, column) for column in zip(*found, strict=True)] for row in effects]


def cell_radius(minima: CellMinima, masks: list[int]) -> Robust | str:
    """The radius for all of these types, or why there is none."""
    strata, n = minima.strata, len(minima.best)
    if n > MAX_SAMPLES:
        return f"the box of {n} labels has too many corners: at most {MAX_SAMPLES} samples"
    project, sizes, duals = projected(strata), list[tuple[Fraction, Lost | Gained]](), list[Dual]()
    for mask in masks:
        if mask in minima.reached or any(dual.admits(mask) and not _slope(project, dual.vector) for dual in duals):
            continue
        found = _enters(strata, project, minima.best, slots_of(mask))
        if found is None:
            return "the radius is 0: minima with other signs of the output weights are at the boundary of the cell"
        dual, reached = found
        duals.append(dual)
        sizes += [] if reached is None else [(reached[0], Gained(mask, *reached[1:]))]
    leaving = {mask: _leaves(strata, project, minima.best, slots_of(mask)) for mask in minima.reached}
    for mask, paths in leaving.items():
        sizes += [(size, Lost(mask, k, g)) for k, (size, _, _, g) in enumerate(paths) if size is not None and g]
    if not sizes:
        return "for all labels the cell has the same types of minima"
    radius, edge = min(sizes, key=lambda each: each[0])
    if not radius:
        return "the radius is 0: for labels close by there are no minima with some of the signs of output weights"
    corners = {
        mask: [
            _split(strata, slots_of(mask), [a + radius / (size or ONE) * b for a, b in zip(start, step, strict=True)])
            for size, start, step, _ in paths
        ]
        for mask, paths in leaving.items()
    }
    return Robust(radius, corners, tuple(duals), edge)


def _dual(strata: Strata, raw: Sequence[Fraction]) -> Dual:
    """The vector, whole, with the slots that it admits."""
    g = tuple(map(Fraction, primitive(raw)))
    return Dual(g, tuple(strata.admission(g, slot) for slot in range(2 * len(strata.classes))))


def _slope(project: list[list[Fraction]], g: Row) -> Fraction:
    return sum((abs(dot(row, g)) for row in project), ZERO)


def _split(strata: Strata, slots: list[int], x: list[Fraction]) -> list[Row]:
    """Coordinates of `Strata.effects` as one vector per slot, and the bias."""
    found, place = list[Row](), 0
    for slot in slots:
        width = len(strata.classes[slot // 2].basis)
        found.append(tuple(x[place : place + width]))
        place += width
    return [*found, *[tuple(x[place:])] * strata.problem.output_bias]


def _leaves(
    strata: Strata, project: list[list[Fraction]], best: Row, slots: list[int]
) -> list[tuple[Fraction | None, list[Fraction], list[Fraction], Dual | None]]:
    """Per corner s the largest ρ with vectors in the closed cones for y + ρ s, vectors for y, and the step to those.

    None where there is no largest: then the step is for ρ = 1. Else a vector that is 0 on the best fit there.
    """
    n, effects, cone = len(best), strata.effects(slots), strata.cone(slots)
    reached = strata.reach(best, slots)
    if not isinstance(reached, Reached):
        raise TypeError("the type has minima")
    start = [x for slot in slots for x in reached.vectors[slot]] + [reached.bias] * strata.problem.output_bias
    slack = [dot(row, start) for row in cone]
    found = list[tuple[Fraction | None, list[Fraction], list[Fraction], Dual | None]]()
    for signs in product((1, -1), repeat=n):
        goal = [dot(row, signs) for row in project]
        columns = free([
            [*(row[c] for row in effects), *(-row[c] for row in effects), *(-row[c] for row in cone)]
            for c in range(len(start))
        ])  # fmt: skip
        columns.append([*(-x for x in goal), *goal, *[0] * len(cone)])
        right = [*[ZERO] * (2 * n), *slack]
        price: list[Fraction | int] = [*[0] * (len(columns) - 1), 1]
        top = maximise(price, list(zip(*columns, strict=True)), right)
        size = None if top is None else top.value
        wall = None if top is None else [a - b for a, b in zip(top.dual[:n], top.dual[n : 2 * n], strict=True)]
        if top is None:  # no wall in that direction: any step will do, one for ρ = 1 kept inside for every ρ
            rows = [*zip(*columns, strict=True), price]
            ahead = maximise(price, rows, [*[ZERO] * (2 * n + len(cone)), ONE])
            if ahead is None or not ahead.value:
                raise ArithmeticError("an unbounded program has a direction")
            top = ahead
        step = [a - b for a, b in zip(top.x[:-1:2], top.x[1:-1:2], strict=True)]
        found.append((size, start, step, None if wall is None else _dual(strata, wall)))
    return found


def _enters(
    strata: Strata, project: list[list[Fraction]], best: Row, slots: list[int]
) -> tuple[Dual, tuple[Fraction, list[Fraction], list[Row]] | None] | None:
    """A separator of a type; for which ρ it holds, and changes of labels that far away with vectors of the type.

    None if it holds for all; no pair if there is none for a ρ > 0.

    g is any vector with s g F = κ A, κ ≥ 0 for the slots; for labels y + d, ⟨g, best fit⟩ = ⟨g, best⟩ + ⟨P g, d⟩.
    """
    n, effects, cone = len(best), strata.effects(slots), strata.cone(slots)
    width = len(effects[0])
    equal = [[*(effects[i][c] for c in range(width)), *(project[k][i] for k in range(n))] for i in range(n)]
    held = [[*(-x for x in row), *[0] * n] for row in cone]
    rest = [[*[0] * width, *(-side * (k == i) for k in range(n))] for i in range(n) for side in (1, -1)]
    columns = [*free(equal), *held, *rest]
    none, rays, ends = [0] * (2 * n), [1] * len(cone), [1] * (2 * n)
    always: list[Fraction | int] = [*none, *rays, *none]
    fall: list[Fraction | int] = [*(side * -x for x in best for side in (1, -1)), *[0] * len(cone), *none]
    moved = [*none, *[0] * len(cone), *ends]
    programs = (always, moved, always), (fall, [0] * len(fall), moved)
    for price, forbidden, limited in programs:
        equations = list(zip(*columns, strict=True))
        rows = [*equations, *[[-x for x in row] for row in equations], limited, forbidden]
        found = maximise(price, rows, [*[0] * (len(rows) - 2), 1, 0])
        if found is None or found.value <= 0:
            continue
        pairs = zip(found.x[: 2 * n : 2], found.x[1 : 2 * n : 2], strict=True)
        g = tuple(map(Fraction, primitive([a - b for a, b in pairs])))
        slope = _slope(project, g)
        if not slope:
            return _dual(strata, g), None
        half = width + n
        prices = [a - b for a, b in zip(found.dual[:half], found.dual[half : 2 * half], strict=True)]
        vectors = _split(strata, slots, [-x for x in prices[:width]])
        return _dual(strata, g), (-dot(g, best) / slope, prices[width:], vectors)
    return None
