"""What a node computes, as integers over one common denominator."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import mul

from .activation import Activation
from .algebra import common
from .errors import MAX_BITS, Declined, elimination, size, spend
from .poly import Poly, Scalar


@dataclass(frozen=True, slots=True)
class Values:
    """whole[j] / over is the value of unit j: an integer of at most `bits` bits, or on a curve a polynomial in t."""

    whole: Sequence[int | Poly]
    over: int
    bits: int

    @staticmethod
    def of(values: Sequence[Scalar]) -> "Values":
        """These values."""
        over = common(x for x in values if not isinstance(x, Poly))
        spend(len(values) * elimination(over.bit_length()))
        whole = [x * over if isinstance(x, Poly) else x.numerator * (over // x.denominator) for x in values]
        return Values(whole, over, max([over, *(abs(x) for x in whole if isinstance(x, int))]).bit_length())

    def __iter__(self) -> Iterator[Scalar]:
        return (x * Fraction(1, self.over) if isinstance(x, Poly) else Fraction(x, self.over) for x in self.whole)

    def through(self, matrix: "Values", height: int) -> "Values":
        """matrix · (values, 1), its rows one after the other; Declined where the numbers outgrow their budget."""
        entering, width = [*self.whole, self.over], len(self.whole) + 1
        if (bits := self.bits + matrix.bits + width.bit_length()) > MAX_BITS:
            raise Declined(f"a number grew beyond {MAX_BITS} bits")
        if len(matrix.whole) != height * width:
            raise ValueError("a matrix of another shape")
        spend(height * (100 + width * elimination(bits) // 4))
        rows = (matrix.whole[start : start + width] for start in range(0, height * width, width))
        return Values([sum(map(mul, row, entering)) for row in rows], self.over * matrix.over, bits)

    def pieces(self, h: Activation) -> list[tuple[int, ...]]:
        """Those that the values are strictly inside for all small t ≥ 0, or the two at whose breakpoint they stay."""
        g, d = h.whole(self.over)
        return [g.pieces(x * d) for x in self.whole]

    def bent(self, h: Activation, at: Sequence[int]) -> "Values":
        """h of the values, on these pieces."""
        g, d = h.whole(self.over)
        bits = self.bits + 2 * d.bit_length() + max(map(size, (*h.slopes, *h.offsets)))
        return Values([g.on(p, x * d) for p, x in zip(at, self.whole, strict=True)], self.over * d * d, bits + 1)
