"""What a node computes, as integers over one common denominator: numbers, or polynomials in t."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from operator import mul

from .algebra import common
from .errors import MAX_BITS, Declined, elimination, spend
from .poly import Poly, Scalar


@dataclass(frozen=True)
class Values:
    """parts[k][j] / over is the coefficient of t^k in the value of unit j; over > 0."""

    parts: list[list[int]]
    over: int

    @staticmethod
    def of(values: Iterable[Scalar]) -> "Values":
        """These values."""
        table = [x.coefficients if isinstance(x, Poly) else (x,) for x in values]
        over, powers = common(c for x in table for c in x), range(max([1, *map(len, table)]))
        spend(len(powers) * len(table) * elimination(over.bit_length()))
        whole = [[c.numerator * (over // c.denominator) for c in x] for x in table]
        return Values([[x[k] if k < len(x) else 0 for x in whole] for k in powers], over)

    def __iter__(self) -> Iterator[Scalar]:
        for column in zip(*self.parts, strict=True):
            found = [Fraction(x, self.over) for x in column]
            yield found[0] if len(found) == 1 else Poly.of(found)

    @cached_property
    def bits(self) -> int:
        """The length of the longest integer."""
        return max([self.over, *(abs(x) for part in self.parts for x in part)]).bit_length()

    def through(self, matrix: "Values", height: int) -> "Values":
        """matrix · (values, 1), its rows one after the other; Declined where the numbers outgrow their budget."""
        bits, width = matrix.bits + self.bits, len(self.parts[0]) + 1
        if any(len(part) != height * width for part in matrix.parts):
            raise ValueError("a matrix of another width than the values")
        if bits > MAX_BITS:
            raise Declined(f"a number grew beyond {MAX_BITS} bits")
        spend(len(self.parts) * len(matrix.parts) * height * (100 + width * elimination(bits) // 4))
        found = [[0] * height for _ in range(len(matrix.parts) + len(self.parts) - 1)]
        for k, part in enumerate(self.parts):
            entering = [*part, 0 if k else self.over]
            for power, flat in enumerate(matrix.parts, k):
                for j in range(height):
                    found[power][j] += sum(map(mul, flat[j * width : (j + 1) * width], entering))
        return Values(found, self.over * matrix.over)
