"""Fields on M along which rows of a layer move at right angles to what enters on some samples, wherever that is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import comb

from ..core.activation import ZERO
from ..core.errors import spend
from ..core.network import Pattern, Place, Problem
from ..programs.network import Programmed
from .box import Box
from .fields import Layered
from .interval import PRODUCT, WHOLE, Interval, summed
from .kinks import homogeneous

MOST_SAMPLES, MOST_MINORS = 4, 100


@dataclass(frozen=True, slots=True)
class RowField:
    """
    h homogeneous, no weight decay; q the r × r minors, with alternate signs, of r + 1 columns of ã_i, i in `samples`
    data: row j of hidden layer m gains q; samples are all where it is held, or seen and of a slope other than 0
    exchange: with one unit above, of weights v:  row j gains v_k q, row k loses ρ v_j q;  samples are all where one of
      them is held, and those seen where not s_ij = ρ s_ik
    ---------------------------------------------------------------------------------------------- [row_field]
      on M = {z_C = 0} all z_C and all predictions stay as they are

    Sound: q·ã_i = 0 on the samples, as a determinant with two equal rows. On the others the activation of unit j does
    not change or is not seen; or v_j s_ij v_k q·ã_i = v_k s_ik ρ v_j q·ã_i. What is held and nothing below is changed.
    """

    layer: int
    unit: int
    samples: tuple[int, ...]
    columns: tuple[int, ...]
    other: int = 0
    ratio: Fraction = ZERO

    def velocities(self, box: Box) -> dict[Place, Interval]:
        """How fast each place moves, on the box."""
        m, rows = self.layer, [entering(box, self.layer, i) for i in self.samples]
        across = [
            determinant([[row[c] for c in self.columns if c != own] for row in rows]).times(Fraction((-1) ** place))
            for place, own in enumerate(self.columns)
        ]
        if not self.ratio:
            return {(m, self.unit, c): x for c, x in zip(self.columns, across, strict=True)}
        at = {places[0]: x for places, x in zip(box.layout.places, box.parameters, strict=True)}
        gain, loss = at[m + 1, 0, self.other], at[m + 1, 0, self.unit].times(-self.ratio)
        return {
            (m, j, c): x * rate
            for j, rate in ((self.unit, gain), (self.other, loss))
            for c, x in zip(self.columns, across, strict=True)
        }


def entering(box: Box, m: int, i: int) -> list[Interval]:
    """What enters hidden layer m on a sample, and 1 for a bias."""
    values = box.values(i)
    return [*values[box.after(m - 1) if m else 0], *[WHOLE] * box.problem.has_bias(m)]


def determinant(rows: Sequence[Sequence[Interval]]) -> Interval:
    """By the first row."""
    if not rows:
        return WHOLE
    spend(PRODUCT * len(rows))
    first, *rest = rows
    minors = (determinant([[*row[:c], *row[c + 1 :]] for row in rest]) for c in range(len(first)))
    return summed(x * minor.times(Fraction((-1) ** c)) for c, (x, minor) in enumerate(zip(first, minors, strict=True)))


def row_fields(problem: Problem, pieces: Pattern, kinks: Sequence[Place]) -> Iterator[RowField]:
    """Those of few samples and columns, in order: by layers, units, other units, ratios, columns."""
    if isinstance(problem, Programmed) or problem.decays or not homogeneous(problem):
        return
    for m in range(len(pieces)):
        layer = Layered(problem, pieces, kinks, m)
        for j in layer.units:
            if m:
                felt = [i for i in layer.seen if layer.slope(j, i)]
                yield from across(layer, j, [*felt, *layer.held[j]], j, ZERO)
            for k in layer.units[j + 1 :] if len(layer.above) == 1 else ():
                ratios = {layer.slope(j, i) / s for i in layer.seen if (s := layer.slope(k, i))} - {ZERO}
                for ratio in sorted(ratios):
                    unlike = [i for i in layer.seen if layer.slope(j, i) != ratio * layer.slope(k, i)]
                    yield from across(layer, j, [*unlike, *layer.held[j], *layer.held[k]], k, ratio)


def across(layer: Layered, j: int, felt: Sequence[int], k: int, ratio: Fraction) -> Iterator[RowField]:
    """The fields of these samples, of equal inputs one, for all choices of columns."""
    inputs = layer.problem.inputs
    samples = tuple(sorted({inputs[i]: i for i in sorted(felt, reverse=True)}.values()))
    size = len(samples) + 1
    if len(samples) <= MOST_SAMPLES and size <= layer.columns and comb(layer.columns, size) <= MOST_MINORS:
        for columns in combinations(range(layer.columns), size):
            yield RowField(layer.m, j, samples, columns, k, ratio)
