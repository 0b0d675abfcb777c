"""For which labels a face or cell, with given signs of the output weights, has local minima: linear forms, exactly.

One hidden layer, scalar output, squared loss. Predictions of a stratum are the sums of one positive combination of
columns for each unit, the rays of its face's cone of (|v| w, |v|) seen through h; the cone of the predictions is turned
into its facets by trying all subsets, so this is for few samples.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import combinations
from operator import mul

from symverify.errors import Declined
from symverify.ground.linear import least_squares, nullspace, primitive, rank
from symverify.ground.lp import dot
from symverify.kernel.cells.strata import features, unit_classes
from symverify.kernel.core.activation import ONE, ZERO, Activation
from symverify.kernel.core.algebra import integral, rays, sign
from symverify.kernel.core.network import Problem
from symverify.kernel.labels.closed_list import State

from .regions import directions, falling

Row = tuple[Fraction, ...]
Vector = tuple[int, ...]
MAX_SUBSETS = 200_000


@dataclass(frozen=True, slots=True)
class LabelCone:
    """Local minima for exactly the labels with all `equal` forms 0, all `strict` > 0 and all `weak` ≥ 0.

    `project` is the matrix of their predictions, by labels.
    """

    equal: tuple[Vector, ...]
    strict: tuple[Vector, ...]
    weak: tuple[Vector, ...]
    project: tuple[Row, ...]

    def holds(self, y: Sequence[Fraction]) -> bool:
        """Whether these labels have local minima here."""
        return (
            not any(dot(g, y) for g in self.equal)
            and all(dot(g, y) > 0 for g in self.strict)
            and all(dot(g, y) >= 0 for g in self.weak)
        )

    def distance(self, y: Sequence[Fraction]) -> Fraction:
        """Σ (f − y)²."""
        errors = [dot(row, y) - x for row, x in zip(self.project, y, strict=True)]
        return dot(errors, errors)


def projection(span: Sequence[Sequence[Fraction]], n: int) -> tuple[Row, ...]:
    """The matrix of the best fit in a span, by labels."""
    rows = [list(row) for row in zip(*span, strict=True)] if span else [[ZERO]] * n
    found = least_squares(rows, [[Fraction(i == k) for k in range(n)] for i in range(n)])
    return tuple(tuple(dot(row, column) for column in zip(*found, strict=True)) for row in rows)


def facets(generators: Sequence[Vector], lines: Sequence[Vector], n: int) -> tuple[list[Vector], list[Vector]]:
    """The relative interior of a cone with lines: forms that are 0 on it, and forms that are > 0."""
    distinct = [g for g in dict.fromkeys(tuple(primitive(g)) for g in generators) if any(g)]
    whole = [*lines, *distinct]
    equal = [tuple(primitive(g)) for g in nullspace(whole, n)] if whole else [
        tuple(int(i == k) for i in range(n)) for k in range(n)
    ]  # fmt: skip
    size = (rank(whole) if whole else 0) - (rank(lines) if lines else 0)
    found = dict[Vector, None]()
    if not size:
        return equal, []
    for number, chosen in enumerate(combinations(distinct, size - 1)):
        if number > MAX_SUBSETS:
            raise Declined("too many samples or units for the facets of a cone of predictions")
        normals = nullspace([*lines, *chosen, *equal], n) if (lines or chosen or equal) else []
        if not normals and n == 1:
            normals = [[ONE]]
        if len(normals) != 1:
            continue
        g = primitive(normals[0])
        signs = {sign(sum(map(mul, g, each))) for each in distinct}
        if signs <= {0, 1} and 1 in signs:
            found[tuple(g)] = None
        elif signs <= {0, -1} and -1 in signs:
            found[tuple(-x for x in g)] = None
    return equal, list(found)


def columns(problem: Problem, face: Sequence[int], side: int) -> list[Vector]:
    """What the rays of a closed face add to the predictions, with output weights of a sign."""
    return [tuple(side * x for x in column) for column in _columns(problem, tuple(face))]


@cache
def _columns(problem: Problem, face: Vector) -> list[Vector]:
    """Per ray (u, ν) of {ν ≥ 0, u/ν on the closed face}: s ⟨u, x̃_i⟩ + o ν."""
    h, table = problem.activations[0], [problem.row(i) for i in range(len(problem.inputs))]
    top = (*[0] * len(table[0]), 1)
    planes = [tuple(integral([*row, -t])) for row in table if any(row) for t in h.breakpoints]
    found = list[Vector]()
    for line in rays([*dict.fromkeys(planes), top]):
        for ray in (line, tuple(-x for x in line)):
            heights, nu = [dot(row, ray[:-1]) for row in table], ray[-1]
            there = zip(face, heights, table, strict=True)
            if nu >= 0 and all(_closed(h, place, z, nu) for place, z, row in there if any(row)):
                parts = zip((place // 2 for place in face), heights, strict=True)
                found.append(tuple(primitive([h.slopes[p] * z + h.offsets[p] * nu for p, z in parts])))
    return found


def _closed(h: Activation, place: int, z: Fraction, nu: int) -> bool:
    """Whether the pre-activation z/ν is in the closure of its place."""
    p = place // 2
    if place % 2:
        return z == h.breakpoints[p] * nu
    above = all(z >= t * nu for t in h.breakpoints[max(p - 1, 0) : p])
    return above and all(z <= t * nu for t in h.breakpoints[p : p + 1])


def composed(forms: Sequence[Vector], project: Sequence[Row]) -> tuple[Vector, ...]:
    """The forms of the projection, as forms of the labels, each once, without 0."""
    moved = (tuple(primitive([dot(g, column) for column in zip(*project, strict=True)])) for g in forms)
    return tuple(dict.fromkeys(g for g in moved if any(g)))


def label_cone(problem: Problem, stratum: Sequence[State]) -> LabelCone:
    """The labels for which a stratum, a face and a sign for each unit, has local minima. Raises Declined."""
    n, used = len(problem.inputs), [(face, s) for face, s in stratum if s]
    classes = unit_classes(problem, tuple(face for face, _ in used)) if used else []
    span = features(problem, classes) if used else [(ONE,) * n] * problem.output_bias
    project = projection(span, n)
    lines: list[Vector] = [(1,) * n] * problem.output_bias
    _, strict = facets([c for face, s in used for c in columns(problem, face, s)], lines, n)
    errors = [tuple(x - (i == k) for k, x in enumerate(row)) for i, row in enumerate(project)]
    equal, weak = list[Vector](), list[Vector]()
    for face, s in dict.fromkeys(stratum):
        for delta in directions(problem, face):
            form = primitive([-x for x in falling(problem, face, s or 1, delta, errors)])
            if any(form):
                (weak if s else equal).append(tuple(form))
        if not s:  # a local minimum needs Σ r_i h = 0, too: a sum of all rays is on the face
            values = [sum(column[i] for column in _columns(problem, tuple(face))) for i in range(n)]
            equal += composed([tuple(values)], errors)
    return LabelCone(tuple(dict.fromkeys(equal)), composed(strict, project), tuple(dict.fromkeys(weak)), project)


def type_cones(problem: Problem, cell: Sequence[Vector]) -> Iterator[tuple[int, LabelCone]]:
    """For each type of signs of a cell's classes of units the labels with such local minima in the cell."""
    n = len(problem.inputs)
    classes = unit_classes(problem, tuple(cell))
    project = projection(features(problem, classes), n)
    lines: list[Vector] = [(1,) * n] * problem.output_bias
    faces = [cell[each.units[0]] for each in classes]
    for mask in range(4 ** len(classes)):
        if any(mask >> 2 * k & 3 == 3 and len(each.units) == 1 for k, each in enumerate(classes)):
            continue
        slots = [slot for slot in range(2 * len(classes)) if mask >> slot & 1]
        made = [c for slot in slots for c in columns(problem, faces[slot // 2], 1 - 2 * (slot % 2))]
        equal, strict = facets(made, lines, n)
        yield mask, LabelCone(composed(equal, project), composed(strict, project), (), project)
