"""The half sphere of label directions cut into convex regions on which the same sheets have minima: exact corners.

Labels are α A + β B + γ C with orthogonal A, B, C: along the inputs, what bends, what zigzags. A region is a polygon
between great circles, given by the directions (α, β, γ) of its corners in order; γ ≥ 0.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import mul

from symverify.errors import Declined
from symverify.ground.linear import primitive
from symverify.ground.lp import dot
from symverify.ground.time_limit import timed
from symverify.kernel.core.activation import ONE
from symverify.kernel.core.network import Problem

from .label_cones import LabelCone, Vector

MAX_REGIONS = 6_000
Polygon = list[Vector]
QUARTERS: tuple[Polygon, ...] = tuple([(a, 0, 0), (0, b, 0), (0, 0, 1)] for a in (1, -1) for b in (1, -1))


@dataclass(frozen=True, slots=True)
class Region:
    """The corners, as directions; and which sheets have minima there, by number."""

    corners: tuple[Vector, ...]
    sheets: tuple[int, ...]

    @property
    def inside(self) -> Vector:
        """A direction strictly inside."""
        return tuple(primitive([Fraction(sum(column)) for column in zip(*self.corners, strict=True)]))


def frame(problem: Problem) -> tuple[Vector, ...]:
    """A, B, C: orthogonal to each other and, with an output bias, to a shift of all labels; whole numbers."""
    n = len(problem.inputs)
    rows = [[ONE] * n] * problem.output_bias
    rows += [[Fraction(x) for x in column] for column in zip(*problem.inputs, strict=True)]
    rows += [[Fraction(x[0]) ** k for x in problem.inputs] for k in range(n)]
    rows += [[Fraction(i == k) for i in range(n)] for k in range(n)]
    found = list[list[Fraction]]()
    for row in rows:
        left = list(row)
        for each in found:
            share = dot(left, each) / dot(each, each)
            left = [a - share * b for a, b in zip(left, each, strict=True)]
        if any(left):
            found.append(left)
    return tuple(tuple(primitive(row)) for row in found[problem.output_bias : n])


def labels_of(axes: Sequence[Vector], direction: Sequence[int]) -> Vector:
    """The label vector of a direction, up to a factor."""
    rows = zip(*axes, strict=True)
    return tuple(primitive([Fraction(sum(map(mul, row, direction))) for row in rows]))


def turned(axes: Sequence[Vector], form: Vector) -> Vector:
    """A form of the labels as one of directions."""
    return tuple(primitive([Fraction(sum(map(mul, form, axis))) for axis in axes]))


def cut(polygon: Polygon, form: Vector) -> tuple[Polygon, Polygon]:
    """The parts of a convex polygon where a form is ≥ 0 and ≤ 0; without area they have less than three corners."""
    heights = [sum(map(mul, form, corner)) for corner in polygon]
    sides: tuple[Polygon, Polygon] = ([], [])
    for k, (here, a) in enumerate(zip(polygon, heights, strict=True)):
        there, b = polygon[(k + 1) % len(polygon)], heights[(k + 1) % len(polygon)]
        for part, sign in zip(sides, (1, -1), strict=True):
            part += [here] * (sign * a >= 0)
        if a * b < 0:
            crossing = [Fraction(abs(b) * x + abs(a) * y) for x, y in zip(here, there, strict=True)]
            for part in sides:
                part.append(tuple(primitive(crossing)))
    return sides


def part_of(axes: Sequence[Vector], cone: LabelCone) -> list[Polygon]:
    """The closed region of one sheet, in quarters."""
    forms, found = [turned(axes, g) for g in (*cone.strict, *cone.weak)], list[Polygon]()
    for quarter in QUARTERS:
        polygon = quarter
        for form in forms:
            polygon = cut(polygon, form)[0]
        if len(polygon) > 2:
            found.append(polygon)
    return found


def regions(axes: Sequence[Vector], cones: Sequence[LabelCone]) -> list[Region]:
    """All of them, each quarter cut only by forms that decide about sheets there. Raises Declined for too many."""
    forms = {k: [turned(axes, g) for g in (*cone.strict, *cone.weak)] for k, cone in enumerate(cones)}
    todo = [(quarter, frozenset[int](), frozenset(forms)) for quarter in QUARTERS]
    found = list[Region]()
    while todo:
        polygon, inside, open_ones = todo.pop()
        votes, still = Counter[Vector](), set[int]()
        for k in timed(sorted(open_ones)):
            crossing = list[Vector]()
            for form in forms[k]:
                heights = [sum(map(mul, form, corner)) for corner in polygon]
                if max(heights) <= 0:
                    break
                if min(heights) < 0:
                    crossing.append(form)
            else:
                votes.update(crossing)
                if crossing:
                    still.add(k)
                else:
                    inside |= {k}
        if not votes:
            found.append(Region(tuple(polygon), tuple(sorted(inside))))
            if len(found) > MAX_REGIONS:
                raise Declined(f"more than {MAX_REGIONS} regions")
            continue
        form = min(votes, key=lambda each: (-votes[each], sum(map(abs, each)), each))
        todo += [(part, inside, frozenset(still)) for part in cut(polygon, form)]
    return found
