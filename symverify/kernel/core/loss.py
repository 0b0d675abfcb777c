"""Losses: each is an object that owns its calculus, and names the rules that are proved for it.

R(θ) = factor · Σ_i Σ_k ℓ(f_ik − y_ik), ℓ convex, continuously differentiable and, between its cuts, quadratic.
"""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from .poly import Poly

ZERO, ONE = Fraction(0), Fraction(1)
Quadratic = tuple[Fraction, Fraction, Fraction]  # a, b, c of a e² + b e + c


@dataclass(frozen=True, slots=True)
class Loss:
    """ℓ(e) = a e² + b e + c on each piece between the cuts; `factor` > 0 multiplies the sum over samples and outputs.

    `rules` are the rules whose soundness is proved for this loss: the kernel refuses every other one.
    """

    name: str
    factor: Fraction
    cuts: tuple[Fraction, ...]
    parts: tuple[Quadratic, ...]
    rules: frozenset[str]

    @property
    def quadratic(self) -> bool:
        """Whether ℓ is one quadratic polynomial: best fits are linear algebra."""
        return not self.cuts

    def value(self, e: Fraction) -> Fraction:
        """ℓ(e), without the factor."""
        a, b, c = self.parts[bisect_left(self.cuts, e)]
        return (a * e + b) * e + c

    def slope(self, e: Fraction) -> Fraction:
        """ℓ'(e), without the factor."""
        a, b, _ = self.parts[bisect_left(self.cuts, e)]
        return 2 * a * e + b

    def after_zero(self, e: Poly) -> Poly:
        """ℓ(e(t)) as a polynomial that is right for all small t ≥ 0."""
        piece = bisect_left(self.cuts, e.at_zero())
        if piece < len(self.cuts) and (e - self.cuts[piece]).sign_after_zero() > 0:
            piece += 1
        a, b, c = self.parts[piece]
        return (e * a + b) * e + c


POINTS = frozenset(
    {"point", "interior_minimum", "adjacent_cells", "face_minimum", "critical_point", "second_order", "cell_kkt"}
)
CURVED = frozenset({"adjacent_cells", "second_order", "cell_kkt"})
THEOREMS = frozenset({"descent", "spurious_minimum", "function_minimum", "valley", "assumptions", "linear_collapse"})
BOUNDS = frozenset({"global_minimum", "bracket", "limit", "infimum"})
CELLS = frozenset({"cell_cover", "cell_minima", "cell_infimum", "constant_risk_path", "atlas", "face_atlas"})
SCALAR = POINTS | CURVED | THEOREMS | BOUNDS | CELLS
EXACT = frozenset({"function_bound", "global_lower_bound", "not_attained"})


def squared(factor: Fraction) -> Loss:
    """ℓ(e) = e²."""
    return Loss(
        "squared", factor, (), ((ONE, ZERO, ZERO),), SCALAR | {"function_bound", "global_lower_bound", "not_attained"}
    )


def huber(factor: Fraction, delta: Fraction) -> Loss:
    """ℓ(e) = e²/2 for |e| ≤ delta, else delta (|e| − delta/2)."""
    tail = -delta * delta / 2
    parts = ((ZERO, -delta, tail), (ONE / 2, ZERO, ZERO), (ZERO, delta, tail))
    return Loss("huber", factor, (-delta, delta), parts, SCALAR)


@dataclass(frozen=True, slots=True)
class Kind:
    """How a loss is made from its factor and its options, positive numbers that are 1 where they are not given."""

    of: Callable[..., Loss]
    options: tuple[str, ...] = ()


LOSSES = {"squared": Kind(squared), "huber": Kind(huber, ("delta",))}
