"""Losses: each is an object that owns its calculus, and names the rules that are proved for it.

R(θ) = factor · Σ_i Σ_k ℓ(f_ik − y_ik), ℓ convex and, between its cuts, quadratic; it may depend on the label. Losses
that are not over the rationals are subclasses in another storey, without parts: the kernel refuses the rules of
this one for them.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from .algebra import total
from .errors import Malformed, within_budget
from .poly import Poly
from .text import Read, liberal

ZERO, ONE = Fraction(0), Fraction(1)
Quadratic = tuple[Fraction, Fraction, Fraction]  # a, b, c of a e² + b e + c
Vector = tuple[Fraction, ...]
Ends = tuple[Fraction | None, Fraction | None]


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

    def piece(self, e: Fraction) -> int:
        """The piece of e, the lower one at a cut."""
        if not self.parts:
            raise TypeError(f"the {self.name} loss has no value over the rationals")
        return bisect_left(self.cuts, e)

    def value(self, e: Fraction) -> Fraction:
        """ℓ(e), without the factor."""
        a, b, c = self.parts[self.piece(e)]
        return (a * e + b) * e + c

    def slopes(self, e: Fraction) -> tuple[Fraction, Fraction]:
        """The left and the right derivative of ℓ at e, without the factor."""
        piece = self.piece(e)
        (a, b, _), (c, d, _) = self.parts[piece], self.parts[piece + (e in self.cuts)]
        return 2 * a * e + b, 2 * c * e + d

    def slope(self, e: Fraction) -> Fraction:
        """ℓ'(e), without the factor, where it exists."""
        low, high = self.slopes(e)
        if low != high:
            raise ValueError(f"the {self.name} loss has no derivative at {e}")
        return low

    def after_zero(self, e: Poly) -> Poly:
        """ℓ(e(t)) as a polynomial that is right for all small t ≥ 0."""
        piece = self.piece(e.at_zero())
        if piece < len(self.cuts) and (e - self.cuts[piece]).sign_after_zero() > 0:
            piece += 1
        a, b, c = self.parts[piece]
        return (e * a + b) * e + c

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
        limits = [2 * bend * product / square] if bend else []
        for x, (low, high) in zip(g, ends, strict=True) if ends else ():
            end = high if x < 0 else low
            if x and end is not None:
                limits.append(end / -x)
        t = min(limits)
        return within_budget(t * product - (t * t * square / (4 * bend) if bend else ZERO), product, Fraction(square))

    def least(self, labels: Sequence[Vector]) -> Fraction:
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
        bend = total(2 * loss.parts[loss.piece(inside - y)][0] for loss, y in ((self.at(y), y) for y in labels))
        return inside - slopes(inside)[0] / bend


@dataclass(frozen=True, slots=True)
class Hinge(Loss):
    """max(0, 1 − y f) for y = ±1, which is max(0, −y (f − y))."""

    def at(self, label: Fraction) -> Loss:
        falling, flat = (ZERO, -label, ZERO), (ZERO, ZERO, ZERO)
        parts = (falling, flat) if label > 0 else (flat, falling)
        return Loss(self.name, self.factor, (ZERO,), parts, self.rules, False)

    def fault(self, label: Sequence[Fraction]) -> str | None:
        if all(abs(y) == 1 for y in label):
            return None
        zero_one = all(y in (0, 1) for y in label)
        return "expected −1 or 1 for the hinge loss" + ("; for labels 0 and 1 write −1 and 1" if zero_one else "")

    def named(self, place: int, names: int, outputs: int) -> list[Fraction] | None:
        return [Fraction(2 * place - 1)] if names == 2 and outputs == 1 else None


POINTS = frozenset({"point", "interior_minimum", "face_minimum", "descent", "cell_cover"})
THEOREMS = frozenset({"spurious_minimum", "function_minimum", "valley", "assumptions"})
BOUNDS = frozenset({"function_bound", "global_lower_bound", "global_minimum", "bracket", "limit", "infimum"})
CONVEX = POINTS | THEOREMS | BOUNDS
CELLS = frozenset({"cell_minima", "cell_infimum", "constant_risk_path", "atlas", "face_atlas"})
RADII = frozenset({"spurious_radius", "face_radius", "cell_radius", "global_radius"})
LABELS = RADII | {"spurious_labels", "every_slope"}  # predictions that are linear in the labels
CURVED = frozenset({"critical_point", "adjacent_cells", "second_order", "cell_kkt"})
BOXES = frozenset({"minimum_in_box", "spurious_real"})
UNDER_DECAY = frozenset({"minimum_in_box"})  # all that is proved with a penalty on the parameters
SCALAR = CONVEX | CELLS | CURVED | BOXES | {"linear_collapse", "cell_traps"}


def squared(factor: Fraction) -> Loss:
    """ℓ(e) = e²."""
    rules = SCALAR | LABELS | {"not_attained"}
    return Loss("squared", factor, (), ((ONE, ZERO, ZERO),), rules, True)


def huber(factor: Fraction, delta: Fraction) -> Loss:
    """ℓ(e) = e²/2 for |e| ≤ delta, else delta (|e| − delta/2)."""
    tail = -delta * delta / 2
    parts = ((ZERO, -delta, tail), (ONE / 2, ZERO, ZERO), (ZERO, delta, tail))
    return Loss("huber", factor, (-delta, delta), parts, SCALAR, True)


def absolute(factor: Fraction) -> Loss:
    """ℓ(e) = |e|."""
    return Loss("absolute", factor, (ZERO,), ((ZERO, -ONE, ZERO), (ZERO, ONE, ZERO)), CONVEX, False)


def quantile(factor: Fraction, tau: Fraction) -> Loss:
    """ℓ = tau (y − f) for f ≤ y, (1 − tau)(f − y) for f ≥ y."""
    return Loss("quantile", factor, (ZERO,), ((ZERO, -tau, ZERO), (ZERO, 1 - tau, ZERO)), CONVEX, False)


def hinge(factor: Fraction) -> Loss:
    """ℓ = max(0, 1 − y f)."""
    return Hinge("hinge", factor, (), (), CONVEX, False)


def positive(value: object, where: str) -> Fraction:
    """A number above 0."""
    if (number := liberal(value, where)) <= 0:
        raise Malformed((where, "must be positive"))
    return number


def fraction_of_one(value: object, where: str) -> Fraction:
    """A number strictly between 0 and 1."""
    if not 0 < (number := liberal(value, where)) < 1:
        raise Malformed((where, "must be strictly between 0 and 1"))
    return number


@dataclass(frozen=True, slots=True)
class Kind:
    """How a loss is made from its factor and its options, each with its reader and what it is where it is not given."""

    of: Callable[..., Loss]
    options: Mapping[str, tuple[Read[Fraction], Fraction]] = field(default_factory=dict)


Kinds = Mapping[str, Kind]
TAU = {"tau": (fraction_of_one, ONE / 2)}
LOSSES: Kinds = {
    "squared": Kind(squared),
    "huber": Kind(huber, {"delta": (positive, ONE)}),
    "absolute": Kind(absolute),
    "quantile": Kind(quantile, TAU),
    "hinge": Kind(hinge),
    "mse": Kind(squared),
    "mae": Kind(absolute),
    "l1": Kind(absolute),
    "smooth_l1": Kind(lambda factor, beta: huber(factor / beta, beta), {"beta": (positive, ONE)}),
    "pinball": Kind(quantile, TAU),
}
