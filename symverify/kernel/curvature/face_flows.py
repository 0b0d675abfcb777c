"""Flows of a chain on the face of some kinks: fields along which the risk stays as it is while the kinks do not move.

Only what is felt counts. The value of a unit on a sample is *felt* if it is a kink of the face, or if its slope is not
0 and some value of the next layer on the sample is felt that is not cut off from it; predictions are. What is not felt
may change. A weight is *cut* if it is 0 on the face: it alone enters a kink at 0, its unit's value there not being 0.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from ..core.activation import ONE, ZERO
from ..core.algebra import rank
from ..core.errors import spend
from ..core.network import Pattern, Place, Point, Problem, features, rational
from ..programs.values import evaluate
from .forms import nullspace


class Face:
    """Where kinks (hidden layer, unit, sample) of a cell, given with their breakpoints, stay there; near a point."""

    def __init__(self, problem: Problem, point: Point, pattern: Pattern, kinks: Mapping[Place, Fraction]) -> None:
        self.problem, self.point, self.pattern, self.kinks = problem, point, pattern, kinks
        spend(200 * len(problem.inputs) * sum(a * b for a, b in pairwise([*problem.widths, 1])))
        self.values = [list(map(list, evaluate(problem, point, i, pattern))) for i in range(len(problem.inputs))]
        self.cuts = {(m, q, k) for (m, q, i) in kinks if (k := self.alone(m, q, i)) is not None}
        every = list(range(len(problem.inputs)))
        self.felt, self.above = [[every] * problem.widths[-1]], list[list[set[int]]]()
        """[m][q]: where unit q of affine map m is felt; [m][j]: where something above unit j is, by weights not cut."""
        for m in reversed(range(len(pattern))):
            slopes, after = problem.activations[m].slopes, list(enumerate(self.felt[0]))
            above = [
                {i for q, samples in after if (m + 1, q, j) not in self.cuts for i in samples}
                for j in range(len(pattern[m]))
            ]
            units = list(zip(pattern[m], above, strict=True))
            rows = [
                [i for i in every if (m, j, i) in kinks or (i in seen and slopes[unit[i]])]
                for j, (unit, seen) in enumerate(units)
            ]
            self.felt.insert(0, rows)
            self.above.insert(0, above)

    def still(self, m: int, j: int, i: int) -> bool:
        """Whether a unit's value on a sample is 0 on the face: that of h at a kink at 0, or its piece's."""
        h, piece = self.problem.activations[m], self.pattern[m][j][i]
        return not h.offsets[piece] and (not h.slopes[piece] or self.kinks.get((m, j, i)) == 0)

    def entering(self, m: int, i: int) -> list[int]:
        """The units of the layer before hidden layer m > 0 whose values on a sample are not 0 on the face."""
        return [k for k in range(self.problem.widths[m]) if not self.still(m - 1, k, i)]

    def alone(self, m: int, q: int, i: int) -> int | None:
        """The one unit that enters a kink at 0, if there is but one, no bias, and its value is not 0 at the point."""
        if not m or self.problem.has_bias(m) or self.kinks[m, q, i]:
            return None
        units = self.entering(m, i)
        return units[0] if len(units) == 1 and self.values[i][2 * m][units[0]] != 0 else None

    def centre(self, m: int, j: int, k: int) -> tuple[Fraction, Fraction] | None:
        """(ζ, κ) such that row j may gain row k less ζ, while column k of the next layer loses column j, whose κ-fold

        its bias gains: z_k = ζ at the kinks of unit j, and σ_j (z_k − ζ) = h(z_k) − κ where unit j is felt above.
        """
        h, rows, equations = self.problem.activations[m], self.pattern[m], list[tuple[Fraction, Fraction, Fraction]]()
        for i in range(len(rows[j])):
            if (m, j, i) in self.kinks:
                if (m, k, i) not in self.kinks:
                    return None
                equations.append((ONE, ZERO, self.kinks[m, k, i]))
        for i in self.above[m][j]:
            own, slope, offset = h.slopes[rows[j][i]], h.slopes[rows[k][i]], h.offsets[rows[k][i]]
            if (m, k, i) in self.kinks:
                z = self.kinks[m, k, i]
                equations.append((own, -ONE, (own - slope) * z - offset))
            elif own == slope:
                equations.append((own, -ONE, -offset))
            else:
                return None
        if not self.problem.has_bias(m):
            equations.append((ONE, ZERO, ZERO))
        if not self.problem.has_bias(m + 1):
            equations.append((ZERO, ONE, ZERO))
        return solution(list(dict.fromkeys(equations)))


def solution(equations: Sequence[tuple[Fraction, Fraction, Fraction]]) -> tuple[Fraction, Fraction] | None:
    """(x, y) with a x + b y = c for all (a, b, c), if there is one; 0 where it is free."""
    a, b, c = next((row for row in equations if row[0] or row[1]), (ZERO, ONE, ZERO))
    x, y = (ZERO, c / b) if b else (c / a, ZERO)
    other = next((row for row in equations if a * row[1] != b * row[0]), None)
    if other is not None:
        d, e, f = other
        det = a * e - b * d
        x, y = (c * e - b * f) / det, (a * f - c * d) / det
    return (x, y) if all(p * x + q * y == r for p, q, r in equations) else None


def on_face(face: Face) -> Iterator[list[Fraction]]:
    """The fields' velocities at the point."""
    yield from of_units(face)
    yield from of_rows(face)


def of_units(face: Face) -> Iterator[list[Fraction]]:
    """Fields that concern two layers.

    1. Row j gains row k less ζ, and column k of the next layer loses column j, see `centre`; j = k changes the scale.
    2. A unit with no kink of the face, one slope where it is felt above, and biases in both layers: its bias gains 1,
       and the next biases make up for it.
    3. A unit that is 0 wherever a value of row q of the next layer is felt: that row's entry for it moves.
    """
    problem, point = face.problem, face.point
    for m, layer in enumerate(face.pattern):
        h, row, after = problem.activations[m], Entries(problem, m), Entries(problem, m + 1)
        for j, unit in enumerate(layer):
            column = [
                ZERO if (m + 1, q, j) in face.cuts else rational(each[j]) for q, each in enumerate(point[m + 1].weight)
            ]
            for k in range(len(layer)):
                if (centre := face.centre(m, j, k)) is not None:
                    zeta, kappa = centre
                    move = {row.at(j, c): rational(x) for c, x in enumerate(point[m].weight[k])}
                    move |= {after.at(q, k): -x for q, x in enumerate(column)}
                    if problem.has_bias(m):
                        move[row.at(j)] = rational((point[m].bias or ())[k]) - zeta
                    if problem.has_bias(m + 1):
                        move |= {after.at(q): kappa * x for q, x in enumerate(column)}
                    yield velocity(problem, move)
            slopes = {h.slopes[unit[i]] for i in face.above[m][j]}
            held = any((m, j, i) in face.kinks for i in range(len(unit)))
            if problem.has_bias(m) and problem.has_bias(m + 1) and len(slopes) == 1 and not held:
                (slope,) = slopes
                yield velocity(problem, {row.at(j): ONE} | {after.at(q): -slope * x for q, x in enumerate(column)})
            for q, samples in enumerate(face.felt[m + 1]):
                if all(face.still(m, j, i) for i in samples):
                    yield velocity(problem, {after.at(q, j): ONE})


class Entries:
    """The numbers of an affine map's parameters."""

    def __init__(self, problem: Problem, m: int) -> None:
        self.size = problem.widths[m] + problem.has_bias(m)
        self.start = sum(problem.widths[k + 1] * (problem.widths[k] + problem.has_bias(k)) for k in range(m))

    def at(self, q: int, c: int = -1) -> int:
        """Row q, column c; the bias without one."""
        return self.start + q * self.size + (c if c >= 0 else self.size - 1)


def velocity(problem: Problem, move: Mapping[int, Fraction]) -> list[Fraction]:
    """As a vector."""
    return [move.get(c, ZERO) for c in range(problem.size())]


def of_rows(face: Face) -> Iterator[list[Fraction]]:
    """
    row q of affine map m; I: the samples on which its value is felt; ã_i: what enters the map, and 1 for a bias
    ⟨c, ã_i⟩ = 0 for i in I, at θ*      the rank of (ã_i), i in I, is as large as it is anywhere on the cell
    --------------------------------------------------------------------------------------- [of_rows]
      c is the velocity of a field that moves row q alone, and nothing that is felt

    Sound: the rank is constant near θ*, so that the projection of c onto the vectors orthogonal to all ã_i(θ), i in I,
    is smooth; ã stays along it. On the other samples nothing that is felt depends on the value.
    """
    problem = face.problem
    for m, rows in enumerate(face.felt):
        places = Entries(problem, m)
        entering = [[*map(rational, each[2 * m]), *[ONE] * problem.has_bias(m)] for each in face.values]
        for q, samples in enumerate(rows):
            seen = [entering[i] for i in samples]
            if not m or rank(seen) == generic(problem, face.pattern, m, samples):
                for c in nullspace(seen, places.size):
                    yield velocity(problem, {places.at(q, at): x for at, x in enumerate(c)})


def generic(problem: Problem, pattern: Pattern, m: int, samples: Sequence[int]) -> int:
    """An upper bound of the rank, at all points of a cell, of what enters affine map m on some samples.

    The entries are combinations of features over the samples; and some units are 0 on all of these.
    """
    below = replace(
        problem, widths=(*problem.widths[: m + 1], 1), activations=problem.activations[:m],
        output_bias=problem.has_bias(m),
    )  # fmt: skip
    spans, h = features(below, pattern[:m]), problem.activations[m - 1]
    alive = sum(any(h.slopes[unit[i]] or h.offsets[unit[i]] for i in samples) for unit in pattern[m - 1])
    return min(alive + problem.has_bias(m), rank([phi[i] for i in samples] for phi in spans))
