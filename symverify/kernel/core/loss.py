"""Losses: each is an object that owns its calculus, and names the rules that are proved for it (kernel/losses.py).

R(θ) = factor · Σ_i Σ_k ℓ(f_ik − y_ik), ℓ convex and, between its cuts, quadratic; it may depend on the label. Losses
that are not over the rationals are subclasses in another storey, without parts: the kernel refuses the rules of
this one for them.
"""

from bisect import bisect, bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from .activation import ZERO
from .algebra import total
from .errors import within_budget
from .poly import Poly, around

Quadratic = tuple[Fraction, Fraction, Fraction]  # a, b, c of a e² + b e + c
Ends = tuple[Fraction | None, Fraction | None]
S = TypeVar("S", Fraction, Poly)


def value_on(part: Quadratic, e: S) -> S:
    """a e² + b e + c."""
    a, b, c = part
    square = (e if a == 1 else e * a) * e
    return square + e * b + c if b or c else square


def slope_on(part: Quadratic, e: Fraction) -> Fraction:
    """2 a e + b."""
    a, b, _ = part
    return 2 * (e if a == 1 else e * a) + b if b or a != 1 else e + e


@dataclass(frozen=True, slots=True)
class Loss:
    """ℓ(e) = a e² + b e + c on each piece between the cuts; `factor` > 0 multiplies the sum over samples and outputs.

    `rules` are the rules whose soundness is proved for this loss: the kernel refuses every other one. `sharp` is
    whether ∂ℓ/∂f exists everywhere and is 0 only at f = y (assumption AL).
    """

    name: str
    factor: Fraction
    cuts: tuple[Fraction, ...]
    parts: tuple[Quadratic, ...]
    rules: frozenset[str]
    sharp: bool

    @property
    def quadratic(self) -> bool:
        """Whether ℓ is one quadratic polynomial: best fits are linear algebra."""
        return len(self.parts) == 1

    @property
    def smooth(self) -> bool:
        """Whether ℓ has a rational slope everywhere."""
        return bool(self.parts) and all(low == high for low, high in map(self.slopes, self.cuts))

    def at(self, label: Fraction) -> "Loss":
        """ℓ as it is for this label."""
        return self

    def fault(self, label: Sequence[Fraction]) -> str | None:
        """What is wrong with a sample's labels, one per output; None if they are in the loss's domain."""
        return None

    def shape_fault(self, outputs: int) -> str | None:
        """What is wrong with a network of so many outputs."""
        return None

    def named(self, place: int, names: int, outputs: int) -> list[Fraction] | None:
        """The labels that stand for class `place` of so many; None if the loss has no classes."""
        return None

    def target(self, label: Sequence[Fraction]) -> list[Fraction]:
        """The labels that the loss compares with, made from those in the file."""
        return list(label)

    def part(self, e: Fraction) -> Quadratic:
        """a, b, c around e, those below it at a cut."""
        if not self.parts:
            raise TypeError(f"the {self.name} loss has no value over the rationals")
        return self.parts[bisect_left(self.cuts, e)]

    def value(self, e: Fraction) -> Fraction:
        """ℓ(e), without the factor."""
        return within_budget(value_on(self.part(e), e), e)

    def slopes(self, e: Fraction) -> tuple[Fraction, Fraction]:
        """The left and the right derivative of ℓ at e, without the factor."""
        below, above = self.part(e), self.parts[bisect(self.cuts, e)]
        return (low := slope_on(below, e)), low if above is below else slope_on(above, e)

    def slope(self, e: Fraction) -> Fraction:
        """ℓ'(e), without the factor, where it exists."""
        low, high = self.slopes(e)
        if low != high:
            raise ValueError(f"the {self.name} loss has no derivative at {e}")
        return low

    def after_zero(self, e: Poly) -> Poly:
        """ℓ(e(t)) as a polynomial that is right for all small t ≥ 0."""
        return value_on(self.parts[around(self.cuts, e)[0]], e)

    def ends(self) -> Ends:
        """ℓ' at −∞ and at ∞, None where it is infinite."""
        (a, b, _), (c, d, _) = self.parts[0], self.parts[-1]
        return None if a else b, None if c else d

    def gain(self, g: Sequence[int], product: Fraction, square: int, ends: Sequence[Ends]) -> Fraction:
        """max over t ≥ 0 of t ⟨g, y⟩ − Σ ℓ*(−t g), for ⟨g, y⟩ = product > 0 and ⟨g, g⟩ = square.

        `ends` are those of ℓ at each label, or none. t is limited by −t g lying between them, and there ℓ*(s) is
        s²/(4a) for the only quadratic part a e², or 0 if there is none.
        """
        bend = next((a for a, _, _ in self.parts if a), ZERO)
        if not ends:
            return within_budget(bend * product * product / square, product, Fraction(square))
        pulled = ((x, pair[x < 0]) for x, pair in zip(g, ends, strict=True) if x)
        t = min([2 * bend * product / square] * bool(bend) + [end / -x for x, end in pulled if end is not None])
        return within_budget(t * product - (t * t * square / (4 * bend) if bend else ZERO), product, Fraction(square))

    def least(self, labels: Sequence[Sequence[Fraction]]) -> Fraction:
        """A lower bound of Σ ℓ for one prediction on samples with these labels, without the factor; exact here."""
        columns = [(column, self.best(column)) for column in zip(*labels, strict=True)]
        return total(self.at(y).value(m - y) for column, m in columns for y in column)

    def best(self, labels: Sequence[Fraction]) -> Fraction:
        """Some number m with least Σ ℓ(m − y): there the sum of the slopes, which increases, changes its sign."""

        def slopes(m: Fraction) -> tuple[Fraction, Fraction]:
            low, high = zip(*(self.at(y).slopes(m - y) for y in labels), strict=True)
            return total(low), total(high)

        marks = sorted({y + cut for y in labels for cut in self.at(y).cuts})
        k = bisect_left(marks, True, key=lambda m: slopes(m)[1] >= 0)
        if k < len(marks) and slopes(marks[k])[0] <= 0:
            return marks[k]
        ends = marks[max(k - 1, 0) : k + 1] or [ZERO]
        inside = (ends[0] + ends[-1]) / 2 if len(ends) > 1 else ends[0] + (1 if k else -1)
        bend = total(2 * loss.part(inside - y)[0] for loss, y in ((self.at(y), y) for y in labels))
        return inside - slopes(inside)[0] / bend
