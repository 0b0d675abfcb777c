"""The local minima strictly inside a cell of one hidden layer with scalar output, and the infimum over the cell.

A local minimum inside the cell has predictions of least risk in the span of the cell's features, and every point of
the cell with such predictions is one. Split by the signs of the output weights, they are convex sets; how these
touch gives the connected components. He, Wang and Tao (2020), Theorem 2, states one connected valley per cell: that
holds for each choice of the signs, and this module decides whether it holds for the cell. On a face of a cell
it is the same, but that only some signs of the output weights make a local minimum.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, product

from symverify.ground.lp import Farkas
from symverify.kernel.cells.cell_minima import choices, joined, level
from symverify.kernel.cells.strata import MAX_TYPES, dimension, face_of, loss_gradient, signs_held, types
from symverify.kernel.core.activation import ZERO
from symverify.kernel.core.errors import Declined
from symverify.kernel.core.network import Layer, Pattern, Point, Problem, risk

from .answers import Unknown
from .strata import Dual, Reached, Row, Strata, slots_of

MAX_SUBSETS = 256


@dataclass(frozen=True, slots=True)
class EmptyCell:
    """The multipliers κ ≥ 0, κ ≠ 0, κA = 0 prove the cell of one unit empty, so the network's is."""

    unit: int
    multipliers: tuple[Fraction, ...]


@dataclass(frozen=True, slots=True)
class Orbit:
    """Components of the minima that exchanging units with equal pieces carries into one another.

    `types` are the types of signs that occur (see symverify.kernel.strata), `witness` a point where the dimension
    is largest, `dimension` that dimension (None where a Huber loss leaves predictions free). Each pair of units
    in `pairs` always has opposite signs; which of them is positive tells the components apart.
    """

    types: tuple[int, ...]
    witness: Point
    dimension: int | None
    pairs: tuple[tuple[int, int], ...]

    @property
    def components(self) -> int:
        """How many components there are in the orbit."""
        return int(2 ** len(self.pairs))

    def witnesses(self) -> Iterator[Point]:
        """A point of each component, the witness first."""
        for exchanged in product((False, True), repeat=len(self.pairs)):
            order = list(range(len(self.witness[0].weight)))
            for (a, b), swap in zip(self.pairs, exchanged, strict=True):
                if swap:
                    order[a], order[b] = b, a
            yield permuted(self.witness, order)


@dataclass(frozen=True, slots=True)
class Infimum:
    """The infimum of the risk over the cell, where it is approached, and the bounds that prove it.

    `limit` gives vectors of closed cones whose predictions have this risk. `attained` is a point of the closed cell
    with it; None if `certain` and the cell's closure has none, or else if none was found. Each bound's vector
    is predictions b whose loss gradient r admits some signs: R ≥ R(b) − ⟨r, b⟩ for all of these.
    """

    risk: Fraction
    limit: Reached
    attained: Point | None
    certain: bool
    bounds: tuple[Dual, ...]


@dataclass(frozen=True, slots=True)
class FaceMinima:
    """The minima on a face or in a cell: a point on it, the best predictions, and as in CellMinima what is reached."""

    strata: Strata
    interior: Point
    best: Row
    reached: Mapping[int, Point]
    separators: tuple[Dual, ...]


@dataclass(frozen=True, slots=True)
class CellMinima:
    """What is known of a cell: a point strictly inside, the best predictions of its features, its minima.

    `risk` is that of the best predictions: a lower bound, and the value of every local minimum strictly inside.
    `reached` has a point strictly inside for every type of signs with local minima; a separator proves each other
    type to have none. All local minima inside are global in the cell and have the predictions `best`
    (with a Huber loss, the same loss gradient).
    """

    strata: Strata
    interior: Point
    best: Row
    risk: Fraction
    reached: Mapping[int, Point]
    separators: tuple[Dual, ...]
    orbits: tuple[Orbit, ...]
    infimum: Infimum

    @property
    def inside(self) -> bool:
        """Whether a local minimum is strictly inside the cell."""
        return bool(self.orbits)

    @property
    def components(self) -> int:
        """How many connected components the local minima strictly inside the cell form."""
        return sum(orbit.components for orbit in self.orbits)


def permuted(point: Point, order: list[int]) -> Point:
    """The point with hidden unit j replaced by unit order[j]."""
    first, last = point
    bias = None if first.bias is None else tuple(first.bias[j] for j in order)
    (v,) = last.weight
    return Layer(tuple(first.weight[j] for j in order), bias), Layer((tuple(v[j] for j in order),), last.bias)


def named_pattern(problem: Problem, pattern: Pattern) -> Pattern:
    """The pattern as the kernel names its cell: a zero input row without hidden bias is at 0 in every cell.

    Raises ValueError for a pattern of another shape, or one with 0 in a piece that it is not in.
    """
    h, n = problem.activations[0], len(problem.inputs)
    if len(pattern) != 1 or len(pattern[0]) != problem.widths[1] or any(len(unit) != n for unit in pattern[0]):
        raise ValueError(f"expected the pieces of {problem.widths[1]} units on {n} samples")
    zero = h.pieces(ZERO)
    for unit in pattern[0]:
        for i, p in enumerate(unit):
            if not 0 <= p <= len(h.breakpoints) or (problem.dead_row(i) and p not in zero):
                raise ValueError(f"a pre-activation of sample {i + 1} cannot be in piece {p}")
    return (tuple(tuple(zero[0] if problem.dead_row(i) else p for i, p in enumerate(unit)) for unit in pattern[0]),)


def cell_minima(problem: Problem, pattern: Pattern, budget: int = MAX_TYPES) -> CellMinima | EmptyCell | Unknown:
    """Everything about the local minima in the cell of `pattern`, unless it has more than `budget` types of signs."""
    if len(problem.widths) != 3 or problem.widths[-1] != 1:
        return Unknown("the components are only known for one hidden layer and scalar output")
    strata = Strata.of(problem, named_pattern(problem, pattern))
    interiors = list[Row]()
    for k, each in enumerate(strata.classes):
        found = strata.interior(k)
        if isinstance(found, Farkas):
            return EmptyCell(each.units[0], tuple(found.strict))
        interiors.append(found)
    solved = _minima(strata, interiors, budget)
    if isinstance(solved, Unknown):
        return solved
    minima, vectors = solved
    best, points = minima.best, minima.reached
    least = risk(problem, [(f,) for f in best])
    orbits = tuple(_orbit(strata, best, points, orbit) for orbit in joined(set(points)))
    if orbits:
        flat = tuple((ZERO,) * len(strata.classes[slot // 2].rows) for slot in range(2 * len(strata.classes)))
        top = max(points)
        infimum = Infimum(least, vectors[top], points[top], True, (Dual(best, flat),))
    else:
        infimum = _infimum(
            strata, interiors, list(types([(3,) if len(k.units) > 1 else (1, 2) for k in strata.classes]))
        )
    return CellMinima(strata, minima.interior, best, least, points, minima.separators, orbits, infimum)


def face_minima(problem: Problem, rows: Sequence[Row], budget: int = MAX_TYPES) -> FaceMinima | Unknown:
    """The local minima on the face, or in the cell, of points with these input weights (for each unit, bias last)."""
    theta = Layer(
        tuple(tuple(row[: problem.widths[0]]) for row in rows),
        tuple(row[-1] for row in rows) if problem.hidden_bias else None,
    )
    last = Layer(((ZERO,) * problem.widths[1],), (ZERO,) if problem.output_bias else None)
    strata = Strata.on(problem, face_of(problem, (theta, last)))
    solved = _minima(strata, [rows[each.units[0]] for each in strata.classes], budget)
    return solved if isinstance(solved, Unknown) else solved[0]


def _minima(
    strata: Strata, interiors: Sequence[Row], budget: int
) -> tuple[FaceMinima, Mapping[int, Reached]] | Unknown:
    """The minima on a face, given input weights on it for each class; and the vectors of the reached types."""
    best, interior = strata.best(), strata.point(Reached({}, ZERO), interiors)
    r, options = loss_gradient(strata.problem, best), list[Sequence[int]]()
    try:
        for each in strata.classes:
            options.append(choices(signs_held(strata.problem, interior, each.units[0], r), len(each.units)))
            if not options[-1]:  # no sign of the output weight makes a minimum here
                return FaceMinima(strata, interior, best, {}, ()), {}
        masks = list(types(options))
    except Declined as error:
        return Unknown(str(error))
    if len(masks) > budget:
        return Unknown(f"{len(masks)} types of signs are more than the budget of {budget}")
    reached, separators = _decided(strata, best, masks)
    points = {mask: strata.point(found, interiors) for mask, found in reached.items()}
    return FaceMinima(strata, interior, best, points, separators), reached


def _decided(strata: Strata, best: Row, masks: list[int]) -> tuple[dict[int, Reached], tuple[Dual, ...]]:
    """For every type either vectors with the best predictions, or a separator that covers it; large types first."""
    reached, separators = dict[int, Reached](), list[tuple[Dual, int, bool]]()
    ends = [level(strata.problem, f, y) for f, (y,) in zip(best, strata.problem.targets, strict=True)]
    for mask in sorted(masks, key=lambda mask: (-mask.bit_count(), mask)):
        if any(dual.admits(mask) and (below or mask & strict) for dual, strict, below in separators):
            continue
        found = strata.reach(best, slots_of(mask))
        if isinstance(found, Farkas):
            dual = strata.separator(best, found)
            strict = sum(1 << slot for slot, kappa in enumerate(dual.multipliers) if any(kappa or ()))
            top = sum(
                (g * ((high if g > 0 else low) or ZERO) for g, (low, high) in zip(dual.vector, ends, strict=True)), ZERO
            )
            separators.append((dual, strict, top < 0))
        else:
            reached[mask] = found
    return reached, tuple(dual for dual, _, _ in separators)


def _orbit(strata: Strata, best: Row, points: Mapping[int, Point], orbit: set[int]) -> Orbit:
    problem, classes = strata.problem, strata.classes
    pairs = tuple(
        (each.units[0], each.units[1])
        for k, each in enumerate(classes)
        if len(each.units) == 2 and all(mask >> 2 * k & 3 == 3 for mask in orbit)
    )
    size, largest = max((dimension(problem, classes, mask), mask) for mask in orbit)
    ends = (level(problem, f, y) for f, (y,) in zip(best, problem.targets, strict=True))
    free = any(low != high for low, high in ends)
    return Orbit(tuple(sorted(orbit)), points[largest], None if free else size, pairs)


def _infimum(strata: Strata, interiors: list[Row], masks: list[int]) -> Infimum:
    """The least risk over all choices of signs; a choice that an earlier bound covers is not solved."""
    problem = strata.problem
    bounds, solved = list[tuple[Fraction, Dual]](), list[tuple[Fraction, Reached]]()
    for mask in masks:
        incumbent = min((value for value, _ in solved), default=None)
        if incumbent is not None and any(value >= incumbent and dual.admits(mask) for value, dual in bounds):
            continue
        limit, dual = strata.least(slots_of(mask))
        value = risk(problem, [(f,) for f in dual.vector])
        r = loss_gradient(problem, dual.vector)
        more = [strata.admission(r, slot) if kappa is None else kappa for slot, kappa in enumerate(dual.multipliers)]
        bounds.append((value, Dual(dual.vector, tuple(more))))
        solved.append((value, limit))
    least, limit = min(solved, key=lambda pair: pair[0])
    optimal = [dual for value, dual in bounds if value == least]
    attained, certain = _attained(strata, interiors, masks, optimal)
    if attained is not None:
        limit = attained
    point = None if attained is None else strata.point(attained, interiors)
    return Infimum(least, limit, point, certain, tuple(dual for _, dual in bounds))


def _attained(
    strata: Strata, interiors: list[Row], masks: list[int], optimal: list[Dual]
) -> tuple[Reached | None, bool]:
    """Vectors of least risk with η > 0, that is a point of the closed cell; and whether the search was exhaustive.

    Points of least risk with signs that a bound admits have its loss gradient r, and ⟨r, f⟩ = 0. With η = 0 and
    u ≠ 0 a unit's output weight tends to 0 and its input weights to infinity; units with u = η = 0 are left out.
    """
    tried = set[tuple[int, int]]()
    for number, dual in enumerate(optimal):
        for mask in masks:
            if not dual.admits(mask):
                continue
            slots = slots_of(mask)
            for size in range(len(slots), -1, -1):
                for kept in combinations(slots, size):
                    key = (number, sum(1 << slot for slot in kept))
                    if key in tried:
                        continue
                    if len(tried) == MAX_SUBSETS:
                        return None, False
                    tried.add(key)
                    found = strata.reach(dual.vector, kept, closed=True)
                    if isinstance(found, Reached):
                        return found, True
    return None, True
