"""The rule `global_region`: a face holds the global minimum for all values of the symbols."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations_with_replacement, product
from operator import mul

from ..core.algebra import Direction, dot, total
from ..core.errors import Declined, Rejected, spend
from ..core.global_lower_bound import directions, sides_of, signs, walk
from ..core.network import Vector
from ..core.proof import Fact, Reading, Statement
from ..core.text import canonical, integer, listed, optional
from ..core.units import Units
from .face_region import FaceRegion, spelled_square
from .forms import value
from .hull import MAX_CORNERS


@dataclass(frozen=True, slots=True)
class GlobalRegion(Fact):
    """For all values of the symbols the local minimum on the face of `minimum` is a global one."""

    minimum: FaceRegion

    def settles(self, claim: str) -> tuple[str, Statement] | None:
        if claim != "global_minimum_for_all":
            return None
        found = self.minimum
        risk = spelled_square(found.family, found.errors, found.factor)
        return "proved", {"domain": found.family.domain(), "face": found.face, "formula": risk}


def global_region(step: Reading) -> GlobalRegion:
    """
    a local minimum on one face for all values of the symbols (face_region), with errors e_α and labels y_α at the
    corners α of their box; e = 0, or a tree as in global_lower_bound, its leaves served by vectors g_α for all corners:
    admissible there, with an output bias of sum 0,  ⟨g_α, y_β⟩ + ⟨g_β, y_α⟩ − ⟨g_α, g_β⟩ ≥ ⟨e_α, e_β⟩ for all α, β
    ------------------------------------------------------------------------------------------ [global_region]
      for all values of the symbols that local minimum is a global minimum

    Sound: values are Σ t_α α with t ≥ 0, Σ t_α = 1; then y = Σ t_α y_α, e = Σ t_α e_α, and g = Σ t_α g_α is admissible
    at the leaf: ⟨g, f⟩ ≤ 0. So |y − f|² ≥ 2 ⟨g, y − f⟩ − |g|² ≥ Σ t_α t_β (2 ⟨g_α, y_β⟩ − ⟨g_α, g_β⟩) ≥ |e|².
    """
    problem, found = step.proof.problem, step.premise("minimum", FaceRegion)
    family, n = found.family, len(problem.inputs)
    if not any(map(any, found.errors)):
        return GlobalRegion(found)
    if 1 << family.size > MAX_CORNERS:
        raise Declined(f"the symbols' box has more than {MAX_CORNERS} corners")
    corners = [
        [h * s for h, s in zip(family.half, signs, strict=True)] for signs in product((1, -1), repeat=family.size)
    ]
    labels, errors = (
        [tuple(value(form, d) for form in forms) for d in corners] for forms in (family.labels, found.errors)
    )
    read = listed(optional(listed(listed(canonical, n, "numbers"), len(corners), "vectors, one for each corner")))
    groups, tree = step.need("vectors", read), step.need("tree", listed(integer))
    units = Units.of(problem)
    closed = directions(units)
    sides = sides_of(len(units.planes), signs(units.planes, closed))
    fails = list[int]()
    for k, given in enumerate(groups):
        where = f"{step.at('vectors')}[{k}]"
        vectors = [tuple(-x for x in e) for e in errors] if given is None else list(map(tuple, given))
        if problem.output_bias and any(map(total, vectors)):
            raise Rejected(where, "has a vector whose sum is not 0, with an output bias")
        if not all(proves(pair[0], pair[1]) for pair in pairs(vectors, labels, errors)):
            raise Rejected(where, "proves less than the risk of the minimum")
        fails.append(opposed(units, closed, vectors))
    walk(tree, [(1 << 2 * len(closed)) - 1] * min(problem.widths[1], n), sides, fails, step)
    return GlobalRegion(found)


Corner = tuple[Vector, Vector, Vector]


def pairs(vectors: Sequence[Vector], labels: Sequence[Vector], errors: Sequence[Vector]) -> list[tuple[Corner, Corner]]:
    """All pairs of corners, each with its vector, labels and errors."""
    return list(combinations_with_replacement(zip(vectors, labels, errors, strict=True), 2))


def proves(first: Corner, second: Corner) -> bool:
    """⟨g_α, y_β⟩ + ⟨g_β, y_α⟩ − ⟨g_α, g_β⟩ ≥ ⟨e_α, e_β⟩."""
    (g, y, e), (h, z, d) = first, second
    return dot(g, z) + dot(h, y) - dot(g, h) >= dot(e, d)


def opposed(units: Units, closed: Sequence[Direction], vectors: Sequence[Vector]) -> int:
    """The signed rays with σ ⟨g, H(ray)⟩ > 0 for some of the vectors g, as a set."""
    found = 0
    for k, ray in enumerate(closed):
        spend(200 * len(units.planes) + 100 * len(vectors) * len(units.rows))
        seen = heights(units, ray)
        for g in vectors:
            pull = dot(g, seen)
            found |= (pull > 0) << k | (pull < 0) << k + len(closed)
    return found


def heights(units: Units, ray: Direction) -> Vector:
    """H(ray): what a unit of these weights adds to the predictions, up to the factor of all H."""
    steps = [0] * len(units.rows)
    for index, plane in enumerate(units.planes if units.kinks else ()):
        sample, p = divmod(index, len(units.kinks))
        steps[sample] += units.kinks[p] * max(0, sum(map(mul, plane, ray)))
    nu = ray[-1] if units.cone else 0
    slope, offset = units.start
    pairs = zip(units.rows, steps, strict=True)
    return tuple(Fraction(slope * sum(map(mul, row, ray)) + offset * nu + more) for row, more in pairs)
