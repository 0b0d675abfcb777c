"""The numbers that obligations calculate with: sparse polynomials in named variables, and truncated series of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from symverify.opinion.text import Monomial, relation

Number = Fraction | int
CONSTANT: Monomial = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """A polynomial: monomial -> coefficient. With numbers and each other they form a ring under + and *."""

    of: Mapping[Monomial, Fraction]

    def __add__(self, other: "Terms | Number") -> "Terms":
        total = dict(self.of)
        for term, x in polynomial(other).of.items():
            total[term] = total.get(term, Fraction(0)) + x
        return Terms({term: x for term, x in total.items() if x})

    def __mul__(self, other: "Terms | Number") -> "Terms":
        if not isinstance(other, Terms):
            return Terms({term: x * other for term, x in self.of.items()} if other else {})
        total: dict[Monomial, Fraction] = {}
        for a, x in self.of.items():
            for b, y in other.of.items():
                term = _product(a, b)
                total[term] = total.get(term, Fraction(0)) + x * y
        return Terms({term: x for term, x in total.items() if x})

    __radd__ = __add__
    __rmul__ = __mul__

    def __neg__(self) -> "Terms":
        return self * -1

    def __sub__(self, other: "Terms | Number") -> "Terms":
        return self + other * -1

    def __rsub__(self, other: Number) -> "Terms":
        return other + self * -1


def _product(a: Monomial, b: Monomial) -> Monomial:
    powers = dict(a)
    for name, power in b:
        powers[name] = powers.get(name, 0) + power
    return tuple(sorted(powers.items()))


def polynomial(x: Terms | Number) -> Terms:
    """A number as the constant polynomial."""
    return x if isinstance(x, Terms) else Terms({CONSTANT: Fraction(x)} if x else {})


def variable(name: str) -> Terms:
    """One variable."""
    return Terms({((name, 1),): Fraction(1)})


def along(names: Sequence[str], row: Sequence[Fraction]) -> Terms:
    """The inner product of variables and numbers."""
    return sum((variable(name) * x for name, x in zip(names, row, strict=True)), polynomial(0))


def power(name: str, exponent: int) -> Terms:
    """A power of one variable."""
    return Terms({((name, exponent),): Fraction(1)}) if exponent else polynomial(1)


def compare(a: Terms | Number, op: str, b: Terms | Number = 0) -> str:
    """The formula a op b, for op one of = < <= > >= distinct."""
    return relation((polynomial(a) - b).of, op)


@dataclass(frozen=True, slots=True)
class Series:
    """x_0 + x_1 t + … + x_k t^k, higher powers of t left out: a change of order k along a line."""

    of: tuple[Terms, ...]

    def __add__(self, other: "Series | Number") -> "Series":
        if not isinstance(other, Series):
            return Series((self.of[0] + other, *self.of[1:]))
        return Series(tuple(a + b for a, b in zip(self.of, other.of, strict=True)))

    def __mul__(self, other: "Series | Number") -> "Series":
        if not isinstance(other, Series):
            return Series(tuple(a * other for a in self.of))
        pairs = [(i, j) for i in range(len(self.of)) for j in range(len(self.of) - i)]
        total = [polynomial(0)] * len(self.of)
        for i, j in pairs:
            total[i + j] += self.of[i] * other.of[j]
        return Series(tuple(total))

    __radd__ = __add__
    __rmul__ = __mul__
