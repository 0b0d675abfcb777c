"""Continuous piecewise linear activations."""

from bisect import bisect_left
from dataclasses import dataclass
from fractions import Fraction

from .poly import Poly, Scalar

ZERO, ONE = Fraction(0), Fraction(1)


@dataclass(frozen=True, slots=True)
class Activation:
    """On piece p, between breakpoints p−1 and p, h(z) = slopes[p]·z + offsets[p]; neighbouring slopes differ."""

    breakpoints: tuple[Fraction, ...]
    slopes: tuple[Fraction, ...]
    offsets: tuple[Fraction, ...]

    def pieces(self, z: Fraction) -> tuple[int, ...]:
        """The piece that z is strictly inside, or the two that meet at z."""
        p = bisect_left(self.breakpoints, z)
        return (p, p + 1) if p < len(self.breakpoints) and self.breakpoints[p] == z else (p,)

    def piece_after_zero(self, z: Scalar) -> int:
        """The piece of z, or of the polynomial z(t) for all small t > 0; the lower where z stays at a breakpoint."""
        if not isinstance(z, Poly):
            return self.pieces(z)[0]
        start = z.at_zero()
        return self.pieces(start)[-1 if (z - start).sign_after_zero() > 0 else 0]

    def on(self, piece: int, z: Scalar) -> Scalar:
        """h as it is on the piece, continued to all z."""
        steep = z if (slope := self.slopes[piece]) == 1 else z * slope if slope else ZERO
        return steep + offset if (offset := self.offsets[piece]) else steep
