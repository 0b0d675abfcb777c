"""Continuous piecewise linear activations."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from .algebra import whole
from .poly import Whole, around

ZERO, ONE = Fraction(0), Fraction(1)


@dataclass(frozen=True)
class Activation:
    """On piece p, between breakpoints p−1 and p, h(z) = slopes[p]·z + offsets[p]; neighbouring slopes differ."""

    breakpoints: tuple[Fraction, ...]
    slopes: tuple[Fraction, ...]
    offsets: tuple[Fraction, ...]

    @cached_property
    def parts(self) -> tuple[list[int], list[int], list[int], int, int]:
        """Breakpoints, slopes and offsets in integers, their denominator, and the most bits of an integer."""
        (row, unit, bits), n = whole((*self.breakpoints, *self.slopes, *self.offsets)), len(self.slopes)
        return row[: n - 1], row[n - 1 : -n], row[-n:], unit, bits

    def pieces(self, z: Fraction) -> tuple[int, ...]:
        """The piece that z is strictly inside, or the two that meet at z."""
        return around(self.breakpoints, z)

    def pieces_of(self, row: Whole) -> list[tuple[int, ...]]:
        """The pieces of each value of a row, those of a polynomial for all small t ≥ 0; two where one stays between."""
        (breakpoints, *_, unit, _), (values, over, _) = self.parts, row
        cuts = [t * over for t in breakpoints]
        return [around(cuts, x) for x in (values if unit == 1 else [x * unit for x in values])]

    def bend(self, row: Whole, pieces: Sequence[int]) -> Whole:
        """h, as it is on these pieces, of a row."""
        (_, slopes, offsets, unit, grown), (values, over, bits) = self.parts, row
        made = [slopes[p] * x + offsets[p] * over for p, x in zip(pieces, values, strict=True)]
        return made, over * unit, bits + grown + 1
