"""Losses with exponentials and logarithms: logistic, softmax cross-entropy, Poisson. Their values are enclosures.

With ψ(f) = log(1 + e^f), log Σ_k e^(f_k), e^f and ℓ(f, y) = ψ(f) − ⟨y, f⟩, duality gives (Fenchel and Young)

    ℓ(f, y) − ⟨p − y, f⟩ ≥ −ψ*(p) = −ℓ*(p − y) for every p in the domain of ψ*,

and −ψ*(p) is the entropy −p log p − (1 − p) log(1 − p), −Σ_k p_k log p_k, or p − p log p. 0 log 0 = 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..core.activation import ONE, ZERO
from ..core.algebra import total
from ..core.loss import Loss
from .enclosure import Bounds, exact, exp, log, log_sum_exp, lower_end, plus, times
from .interval import NONE, Interval, inner, interval
from .jet import Jet, from_parts, rising, softmax


@dataclass(frozen=True, slots=True)
class RealLoss(Loss):
    """ℓ(f, y) = ψ(f) − ⟨y, f⟩ for a sample's predictions f and labels y.

    `gauge` is the number of directions in which f may move without changing ℓ. Directions t of recession have
    ℓ(f + st, y) bounded above as s → ∞.
    """

    @property
    def gauge(self) -> int:
        """The dimension of {t : ℓ(f + t, y) = ℓ(f, y)}."""
        return 0

    @property
    def inner(self) -> str:
        """What labels are that are strictly inside the domain, in words."""
        raise NotImplementedError

    def enclosed(self, f: Sequence[Fraction], y: Sequence[Fraction]) -> Bounds:
        """ℓ(f, y), without the factor."""
        raise NotImplementedError

    def entropy(self, p: Sequence[Fraction]) -> Bounds:
        """−ℓ*(p − y), without the factor, for p in the closed domain."""
        raise NotImplementedError

    def inside(self, p: Sequence[Fraction], strictly: bool) -> bool:
        """Whether p is in the domain of ℓ*(· − y); strictly: in its (relative) interior."""
        raise NotImplementedError

    def jet(self, f: Sequence[Interval], y: Sequence[Fraction]) -> Jet:
        """ℓ with its first and second derivatives, without the factor, on a box of predictions."""
        raise NotImplementedError

    def recedes(self, t: Sequence[Fraction], y: Sequence[Fraction]) -> bool:
        """Whether t is a direction of recession of ℓ(·, y)."""
        raise NotImplementedError

    def limit(self, f: Sequence[Fraction], t: Sequence[Fraction], y: Sequence[Fraction]) -> Bounds:
        """lim ℓ(f + st, y) as s → ∞, for a direction t of recession."""
        raise NotImplementedError

    def changes(self, t: Sequence[Fraction]) -> bool:
        """Whether ℓ changes along t."""
        return any(t)

    def wins(self, f: Sequence[Fraction], y: Sequence[Fraction]) -> bool:
        """Whether ℓ(sf, y) → 0 as s → ∞, and ℓ > 0 everywhere: a hard label, predicted with a positive margin."""
        raise NotImplementedError

    def least(self, labels: Sequence[Sequence[Fraction]]) -> Fraction:
        """Σ ℓ ≥ Σ entropy(p) for p the mean label of the samples, as then Σ (p − y) = 0."""
        p = [total(column) / len(labels) for column in zip(*labels, strict=True)]
        return lower_end(times(Fraction(len(labels)), self.entropy(p)))


@dataclass(frozen=True, slots=True)
class Logistic(RealLoss):
    """Σ_k log(1 + e^(f_k)) − y_k f_k, y_k in [0, 1]."""

    @property
    def inner(self) -> str:
        return "strictly between 0 and 1"

    def fault(self, label: Sequence[Fraction]) -> str | None:
        if all(0 <= y <= 1 for y in label):
            return None
        signs = "; for labels -1 and 1 write 0 and 1" if all(abs(y) == 1 for y in label) else ""
        return f"expected labels between 0 and 1 for the logistic loss{signs}"

    def named(self, place: int, names: int, outputs: int) -> list[Fraction] | None:
        return [Fraction(place)] if names == 2 and outputs == 1 else None

    def enclosed(self, f: Sequence[Fraction], y: Sequence[Fraction]) -> Bounds:
        linear = exact(-total(a * b for a, b in zip(f, y, strict=True)))
        return plus([linear, *(log_sum_exp([ZERO, a]) for a in f)])

    def jet(self, f: Sequence[Interval], y: Sequence[Fraction]) -> Jet:
        found = [softmax([NONE, each]) for each in f]
        slopes, bends = [p for _, (_, p) in found], [q * p for _, (q, p) in found]
        return from_parts([value for value, _ in found], f, y, slopes, bends)

    def entropy(self, p: Sequence[Fraction]) -> Bounds:
        return plus(times(-a, log(a)) for q in p for a in (q, 1 - q) if a)

    def inside(self, p: Sequence[Fraction], strictly: bool) -> bool:
        return all(0 < q < 1 or (not strictly and 0 <= q <= 1) for q in p)

    def recedes(self, t: Sequence[Fraction], y: Sequence[Fraction]) -> bool:
        return all(a == 0 or b == (a > 0) for a, b in zip(t, y, strict=True))

    def limit(self, f: Sequence[Fraction], t: Sequence[Fraction], y: Sequence[Fraction]) -> Bounds:
        return plus(self.enclosed([a], [c]) for a, b, c in zip(f, t, y, strict=True) if not b)

    def wins(self, f: Sequence[Fraction], y: Sequence[Fraction]) -> bool:
        return all((a > 0 and b == 1) or (a < 0 and b == 0) for a, b in zip(f, y, strict=True))


@dataclass(frozen=True, slots=True)
class CrossEntropy(RealLoss):
    """log Σ_k e^(f_k) − ⟨y, f⟩ for a distribution y; `smoothing` s replaces y by (1 − s) y + s/K."""

    smoothing: Fraction

    @property
    def gauge(self) -> int:
        return 1

    @property
    def inner(self) -> str:
        return "above 0 for every class"

    def shape_fault(self, outputs: int) -> str | None:
        return None if outputs > 1 else "the cross_entropy loss needs an output per class, at least two; see logistic"

    def fault(self, label: Sequence[Fraction]) -> str | None:
        if all(y >= 0 for y in label) and sum(label) == 1:
            return None
        return "expected a class, or numbers >= 0 that sum to 1, for the cross_entropy loss"

    def named(self, place: int, names: int, outputs: int) -> list[Fraction] | None:
        return [Fraction(k == place) for k in range(outputs)] if names == outputs else None

    def target(self, label: Sequence[Fraction]) -> list[Fraction]:
        return [(1 - self.smoothing) * y + self.smoothing / len(label) for y in label]

    def enclosed(self, f: Sequence[Fraction], y: Sequence[Fraction]) -> Bounds:
        return plus([exact(-total(a * b for a, b in zip(f, y, strict=True))), log_sum_exp(f)])

    def jet(self, f: Sequence[Interval], y: Sequence[Fraction]) -> Jet:
        (value, p), labels = softmax(f), [interval(each) for each in y]
        bends = tuple(tuple((a if k == j else NONE) - a * b for j, b in enumerate(p)) for k, a in enumerate(p))
        return Jet(value - inner(f, labels), tuple(a - b for a, b in zip(p, labels, strict=True)), bends)

    def entropy(self, p: Sequence[Fraction]) -> Bounds:
        return plus(times(-q, log(q)) for q in p if q)

    def inside(self, p: Sequence[Fraction], strictly: bool) -> bool:
        return sum(p) == 1 and all(q > 0 or (not strictly and q == 0) for q in p)

    def recedes(self, t: Sequence[Fraction], y: Sequence[Fraction]) -> bool:
        return all(a == max(t) for a, b in zip(t, y, strict=True) if b)

    def limit(self, f: Sequence[Fraction], t: Sequence[Fraction], y: Sequence[Fraction]) -> Bounds:
        kept = [(a, c) for a, b, c in zip(f, t, y, strict=True) if b == max(t)]
        return self.enclosed([a for a, _ in kept], [c for _, c in kept])

    def changes(self, t: Sequence[Fraction]) -> bool:
        return min(t) < max(t)

    def wins(self, f: Sequence[Fraction], y: Sequence[Fraction]) -> bool:
        return max(y) == 1 and all(b == 1 or a < f[list(y).index(ONE)] for a, b in zip(f, y, strict=True))


@dataclass(frozen=True, slots=True)
class Poisson(RealLoss):
    """Σ_k e^(f_k) − y_k f_k, y_k ≥ 0."""

    @property
    def inner(self) -> str:
        return "above 0"

    def fault(self, label: Sequence[Fraction]) -> str | None:
        return None if all(y >= 0 for y in label) else "expected labels >= 0 for the poisson loss"

    def enclosed(self, f: Sequence[Fraction], y: Sequence[Fraction]) -> Bounds:
        return plus([exact(-total(a * b for a, b in zip(f, y, strict=True))), *map(exp, f)])

    def jet(self, f: Sequence[Interval], y: Sequence[Fraction]) -> Jet:
        rates = [rising(each) for each in f]
        return from_parts(rates, f, y, rates, rates)

    def entropy(self, p: Sequence[Fraction]) -> Bounds:
        return plus([exact(total(p)), *(times(-q, log(q)) for q in p if q)])

    def inside(self, p: Sequence[Fraction], strictly: bool) -> bool:
        return all(q > 0 or (not strictly and q == 0) for q in p)

    def recedes(self, t: Sequence[Fraction], y: Sequence[Fraction]) -> bool:
        return all(a == 0 or (a < 0 and b == 0) for a, b in zip(t, y, strict=True))

    def limit(self, f: Sequence[Fraction], t: Sequence[Fraction], y: Sequence[Fraction]) -> Bounds:
        return plus(self.enclosed([a], [c]) for a, b, c in zip(f, t, y, strict=True) if not b)

    def wins(self, f: Sequence[Fraction], y: Sequence[Fraction]) -> bool:
        return all(a < 0 and b == 0 for a, b in zip(f, y, strict=True))


BOXES = frozenset({"minimum_in_box", "face_span", "spurious_real"})
DUAL = BOXES | {"enclosed_point", "span_minimum", "no_minimum", "zero_infimum", "real_cell_traps"}
COMMON = frozenset({"function_bound", "bracket", "assumptions", "linear_collapse", "cell_cover"})
EXACT = frozenset(
    {"real_interior_minimum", "real_face_minimum", "real_function_minimum", "real_descent", "real_lower_bound"}
)


def logistic(factor: Fraction) -> Loss:
    """log(1 + e^f) − y f: the cross-entropy of a label in [0, 1] with the probability 1/(1 + e^(−f))."""
    return Logistic("logistic", factor, (), (), DUAL | COMMON | EXACT, False)


def cross_entropy(factor: Fraction, smoothing: Fraction) -> Loss:
    """log Σ e^f − ⟨y, f⟩: the cross-entropy of y with softmax f."""
    return CrossEntropy("cross_entropy", factor, (), (), DUAL | COMMON, False, smoothing)


def poisson(factor: Fraction) -> Loss:
    """e^f − y f: the negative logarithm of the likelihood of y with rate e^f, but for log y!."""
    return Poisson("poisson", factor, (), (), DUAL | COMMON | EXACT, False)
