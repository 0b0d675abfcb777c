"""Flows of a chain on the face of some kinks: fields along which the risk stays as it is while the kinks do not move.

Only what is felt counts. The value of a unit on a sample is *felt* if it is a kink of the face, or if its slope is not
0 and some value of the next layer on the sample is felt; predictions are. What is not felt may change.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from ..core.activation import ONE, ZERO
from ..core.algebra import rank
from ..core.network import Pattern, Place, Point, Problem, evaluate, features, rational
from ..programs.moves import Moves
from .forms import nullspace

Felt = Sequence[Sequence[Sequence[int]]]


@dataclass(frozen=True, slots=True)
class Face:
    """Kinks (hidden layer, unit, sample) of a cell that are kept, each at its breakpoint."""

    problem: Problem
    pattern: Pattern
    kinks: Mapping[Place, Fraction]

    def felt(self) -> Felt:
        """[m][q]: the samples on which the value of unit q of affine map m is felt, whatever the weights above are."""
        every = list(range(len(self.problem.inputs)))
        found = [[every] * self.problem.widths[-1]]
        for m in reversed(range(len(self.pattern))):
            slopes, above = self.problem.activations[m].slopes, set[int]().union(*found[0])
            units = list(enumerate(self.pattern[m]))
            rows = [[i for i in every if (m, j, i) in self.kinks or (i in above and slopes[u[i]])] for j, u in units]
            found.insert(0, rows)
        return found

    def still(self, m: int, j: int, i: int) -> bool:
        """Whether a unit's value on a sample is 0 on the face: that of h at a kink at 0, or its piece's."""
        h, piece = self.problem.activations[m], self.pattern[m][j][i]
        return not h.offsets[piece] and (not h.slopes[piece] or self.kinks.get((m, j, i)) == 0)

    def mixes(self, m: int, j: int, k: int, above: Sequence[int]) -> bool:
        """Whether row j may gain row k while column k of the next layer loses column j.

        That adds z_k to z_j, which must be 0 where z_j is to stay; and elsewhere be seen through the slope of unit k.
        """
        h, rows = self.problem.activations[m], self.pattern[m]
        stays = all(self.kinks.get((m, k, i)) == 0 for i in range(len(rows[j])) if (m, j, i) in self.kinks)
        return stays and all(
            not h.offsets[rows[k][i]]
            and (h.slopes[rows[j][i]] == h.slopes[rows[k][i]] or self.kinks.get((m, k, i)) == 0)
            for i in above
        )


def of_units(face: Face) -> Iterator[Moves]:
    """Fields that concern two layers.

    1. Row j gains row k, and column k of the next layer loses column j: see `mixes`; j = k is a change of scale.
    2. A unit with no kink of the face, one slope where it is felt above, and biases in both layers: its bias gains 1,
       and the next biases make up for it.
    3. A unit that is 0 wherever a value of row q of the next layer is felt: that row's entry for it moves.
    """
    problem, felt = face.problem, face.felt()
    for m, layer in enumerate(face.pattern):
        h, columns, below = problem.activations[m], problem.widths[m], problem.widths[m + 2]
        above = sorted(set[int]().union(*felt[m + 1]))
        for j, unit in enumerate(layer):
            for k in range(len(layer)):
                if face.mixes(m, j, k, above):
                    gained: Moves = {(m, j, c): (ONE, (m, k, c)) for c in range(columns + problem.has_bias(m))}
                    yield gained | {(m + 1, q, k): (-ONE, (m + 1, q, j)) for q in range(below)}
            slopes, held = {h.slopes[unit[i]] for i in above}, any((m, j, i) in face.kinks for i in range(len(unit)))
            if problem.has_bias(m) and problem.has_bias(m + 1) and len(slopes) == 1 and not held:
                bias = problem.widths[m + 1]
                made_up: Moves = {(m + 1, q, bias): (-h.slopes[unit[above[0]]], (m + 1, q, j)) for q in range(below)}
                yield {(m, j, columns): (ONE, None)} | made_up
            for q in range(below):
                if all(face.still(m, j, i) for i in felt[m + 1][q]):
                    yield {(m + 1, q, j): (ONE, None)}


def of_rows(face: Face, point: Point) -> Iterator[list[Fraction]]:
    """
    row q of affine map m; I: the samples on which its value is felt; ã_i: what enters the map, and 1 for a bias
    ⟨c, ã_i⟩ = 0 for i in I, at θ*      the rank of (ã_i), i in I, is as large as it is anywhere on the cell
    --------------------------------------------------------------------------------------- [of_rows]
      c is the velocity of a field that moves row q alone, and nothing that is felt

    Sound: the rank is constant near θ*, so that the projection of c onto the vectors orthogonal to all ã_i(θ), i in I,
    is smooth; ã stays along it. On the other samples nothing that is felt depends on the value.
    """
    problem, pattern = face.problem, face.pattern
    values, start = [evaluate(problem, point, i, pattern) for i in range(len(problem.inputs))], 0
    for m, rows in enumerate(face.felt()):
        biased = problem.has_bias(m)
        entering = [[*map(rational, each[2 * m]), *[ONE] * biased] for each in values]
        for samples in rows:
            seen, size = [entering[i] for i in samples], len(entering[0])
            if not m or rank(seen) == generic(problem, pattern, m, samples):
                for c in nullspace(seen, size):
                    yield [*[ZERO] * start, *c, *[ZERO] * (problem.size() - start - size)]
            start += size


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
