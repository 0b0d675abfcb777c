"""The one table of losses: how each is made, what options it has, and the rules that are proved for it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from .core.activation import ONE, ZERO
from .core.errors import Malformed
from .core.loss import Loss
from .core.text import Read, liberal
from .reals.losses import cross_entropy, logistic, poisson

POINTS = frozenset({"point", "interior_minimum", "face_minimum", "descent", "cell_cover"})
THEOREMS = frozenset({"spurious_minimum", "function_minimum", "valley", "assumptions"})
BOUNDS = frozenset({"function_bound", "global_lower_bound", "global_minimum", "bracket", "limit", "infimum"})
CONVEX = POINTS | THEOREMS | BOUNDS
KINKED = CONVEX | {"cell_traps"}
CELLS = frozenset({"cell_minima", "cell_infimum", "constant_risk_path", "atlas", "face_atlas"})
CURVED = frozenset({"critical_point", "adjacent_cells", "second_order", "cell_kkt"})
BOXES = frozenset({"minimum_in_box", "face_span", "spurious_real", "enclosed_point"})
RADII = frozenset({"spurious_radius", "face_radius", "cell_radius", "global_radius"})
LABELS = RADII | {"spurious_labels", "every_slope"}  # predictions that are linear in the labels
SMOOTH = CONVEX | CELLS | CURVED | BOXES | {"linear_collapse", "cell_traps"}


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
        return "expected -1 or 1 for the hinge loss" + ("; for labels 0 and 1 write -1 and 1" if zero_one else "")

    def named(self, place: int, names: int, outputs: int) -> list[Fraction] | None:
        return [Fraction(2 * place - 1)] if names == 2 and outputs == 1 else None


def squared(factor: Fraction) -> Loss:
    """ℓ(e) = e²."""
    rules = SMOOTH | LABELS | {"not_attained", "tree_bound", "decay_bound"}
    return Loss("squared", factor, (), ((ONE, ZERO, ZERO),), rules, True)


def huber(factor: Fraction, delta: Fraction) -> Loss:
    """ℓ(e) = e²/2 for |e| ≤ delta, else delta (|e| − delta/2)."""
    tail = -delta * delta / 2
    parts = ((ZERO, -delta, tail), (ONE / 2, ZERO, ZERO), (ZERO, delta, tail))
    return Loss("huber", factor, (-delta, delta), parts, SMOOTH, True)


def absolute(factor: Fraction) -> Loss:
    """ℓ(e) = |e|."""
    return Loss("absolute", factor, (ZERO,), ((ZERO, -ONE, ZERO), (ZERO, ONE, ZERO)), KINKED, False)


def quantile(factor: Fraction, tau: Fraction) -> Loss:
    """ℓ = tau (y − f) for f ≤ y, (1 − tau)(f − y) for f ≥ y."""
    return Loss("quantile", factor, (ZERO,), ((ZERO, -tau, ZERO), (ZERO, 1 - tau, ZERO)), KINKED, False)


def hinge(factor: Fraction) -> Loss:
    """ℓ = max(0, 1 − y f)."""
    return Hinge("hinge", factor, (), (), KINKED, False)


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


def part_of_one(value: object, where: str) -> Fraction:
    """A number from 0 to below 1."""
    if not 0 <= (number := liberal(value, where)) < 1:
        raise Malformed((where, "must be at least 0 and below 1"))
    return number


@dataclass(frozen=True, slots=True)
class Kind:
    """How a loss is made from its factor and its options, each with its reader and what it is where it is not given."""

    of: Callable[..., Loss]
    options: Mapping[str, tuple[Read[Fraction], Fraction]] = field(default_factory=dict)


TAU = {"tau": (fraction_of_one, ONE / 2)}
SMOOTHING = {"label_smoothing": (part_of_one, ZERO)}
RATIONAL_LOSSES: Mapping[str, Kind] = {
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
LOSSES: Mapping[str, Kind] = {
    **RATIONAL_LOSSES,
    "logistic": Kind(logistic),
    "cross_entropy": Kind(cross_entropy, SMOOTHING),
    "poisson": Kind(poisson),
    "bce": Kind(logistic),
    "bce_with_logits": Kind(logistic),
    "ce": Kind(cross_entropy, SMOOTHING),
}
