"""Continuous piecewise linear activations."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from .errors import within_budget
from .poly import Scalar
from .values import Values

ZERO, ONE = Fraction(0), Fraction(1)


@dataclass(frozen=True)
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

    def pieces(self, z: Fraction) -> tuple[int, ...]:
        """The piece that z is strictly inside, or the two that meet at z."""
        p = bisect_left(self.breakpoints, z)
        return (p, p + 1) if p < len(self.breakpoints) and self.breakpoints[p] == z else (p,)

    @cached_property
    def whole(self) -> tuple[Values, Values, Values]:
        """Breakpoints, slopes and offsets as integers; the slopes and offsets over one denominator."""
        lines = Values.of((*self.slopes, *self.offsets))
        (numbers,), count = lines.parts, len(self.slopes)
        return Values.of(self.breakpoints), Values([numbers[:count]], lines.over), Values([numbers[count:]], lines.over)

    def around(self, z: Values) -> list[tuple[int, ...]]:
        """`pieces` of all values, at t = 0."""
        breakpoints = self.whole[0]
        cuts, last = [t * z.over for t in breakpoints.parts[0]], len(self.breakpoints)
        scaled = ((x := a * breakpoints.over, bisect_left(cuts, x)) for a in z.parts[0])
        return [(p, p + 1) if p < last and cuts[p] == x else (p,) for x, p in scaled]

    def after_zero(self, z: Values) -> list[int]:
        """The pieces of all values for small t > 0; the lower where one stays at a breakpoint."""
        at = self.around(z)
        rates = [next(filter(None, rest), 0) for rest in zip(*z.parts[1:], strict=True)] or [0] * len(at)
        return [pieces[-1 if rate > 0 else 0] for pieces, rate in zip(at, rates, strict=True)]

    def bend(self, z: Values, at: Sequence[int]) -> Values:
        """h of all values as it is on these pieces."""
        _, slopes, offsets = self.whole
        rates = [slopes.parts[0][p] for p in at]
        parts = [[a * rate for a, rate in zip(part, rates, strict=True)] for part in z.parts]
        parts[0] = [a + offsets.parts[0][p] * z.over for a, p in zip(parts[0], at, strict=True)]
        return Values(parts, z.over * slopes.over)

    def on(self, piece: int, z: Scalar) -> Scalar:
        """h as it is on the piece, continued to all z."""
        return z * self.slopes[piece] + self.offsets[piece]
