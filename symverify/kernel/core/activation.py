"""Continuous piecewise linear activations."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from .algebra import common
from .errors import within_budget
from .poly import Poly, Scalar

ZERO, ONE = Fraction(0), Fraction(1)


@dataclass(frozen=True, slots=True)
class Activation:
    """On piece p, between breakpoints p−1 and p, h(z) = slopes[p]·z + offsets[p]; neighbouring slopes differ."""

    breakpoints: tuple[Fraction, ...]
    slopes: tuple[Fraction, ...]
    offsets: tuple[Fraction, ...]

    @staticmethod
    def of(breakpoints: Sequence[Fraction], slopes: Sequence[Fraction], x: Fraction, y: Fraction) -> "Activation":
        """The activation through (x, y); a breakpoint between equal slopes is none and is dropped."""
        real = [p for p in range(len(breakpoints)) if slopes[p] != slopes[p + 1]]
        at = [breakpoints[p] for p in real]
        rate = [slopes[p] for p in real] + [slopes[-1]]
        shape = [ZERO]
        for p, t in enumerate(at):
            shape.append(within_budget(shape[-1] + (rate[p] - rate[p + 1]) * t))
        piece = bisect_left(at, x)
        shift = y - rate[piece] * x - shape[piece]
        return Activation(tuple(at), tuple(rate), tuple(o + shift for o in shape))

    def pieces(self, z: Scalar) -> tuple[int, ...]:
        """The piece that z is strictly inside, or the two that meet at z; of a polynomial z(t), for all small t > 0."""
        start = z.at_zero() if isinstance(z, Poly) else z
        p = bisect_left(self.breakpoints, start)
        if p == len(self.breakpoints) or self.breakpoints[p] != start:
            return (p,)
        rate = (z - start).sign_after_zero() if isinstance(z, Poly) else 0
        return (p + (rate > 0),) if rate else (p, p + 1)

    def on(self, piece: int, z: Scalar) -> Scalar:
        """h as it is on the piece, continued to all z."""
        return z * self.slopes[piece] + self.offsets[piece]

    def whole(self, over: int) -> tuple["Activation", int]:
        """In integers: what takes d · over · z to d² · over · h(z), and d."""
        d = common((*self.breakpoints, *self.slopes, *self.offsets))
        parts = ((self.breakpoints, d * over), (self.slopes, d), (self.offsets, d * d * over))
        return Activation(*(tuple((x * scale).numerator for x in part) for part, scale in parts)), d  # type: ignore[arg-type]
