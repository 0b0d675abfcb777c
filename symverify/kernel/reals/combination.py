"""Rational combinations of the residuals at a rational point: exact tests for 0, and signs.

For the logistic loss r_i = factor · (σ(f_i) − y_i), for Poisson's factor · (e^(f_i) − y_i), with rational f_i. e is
transcendental, so e^a for distinct rational a, and 1/(1 + e^(−a)) for distinct a > 0 with 1, are independent over ℚ
(in t = e^(1/N) they are rational functions; the one with the largest a has a pole that no other has). With
σ(−a) = 1 − σ(a) and σ(0) = 1/2 a combination vanishes iff all its coefficients do once like terms are collected.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..core.activation import ZERO
from ..core.algebra import sign
from ..core.errors import Declined, Rejected, within_budget
from ..core.network import Problem, Vector
from .enclosure import UNIT, Bounds, exact, exp, plus, times, up
from .losses import Logistic, Poisson


def logistic_bounds(a: Fraction) -> Bounds:
    """σ(a) = 1/(1 + e^(−a))."""
    lo, hi = exp(-a)
    return UNIT * UNIT // (UNIT + hi), up(UNIT * UNIT, UNIT + lo)


@dataclass(frozen=True, slots=True)
class Residuals:
    """The residuals of one output, without the loss's factor: `curve`(f_i) − y_i."""

    f: Vector
    y: Vector
    symmetric: bool  # the curve is σ, else exp

    @staticmethod
    def of(problem: Problem, predictions: Sequence[Vector]) -> list["Residuals"]:
        """One for each output."""
        if not isinstance(problem.loss, Logistic | Poisson):
            raise Rejected("", f"residuals of the {problem.loss.name} loss have no exact test for 0")
        columns = zip(zip(*predictions, strict=True), zip(*problem.targets, strict=True), strict=True)
        return [Residuals(f, y, isinstance(problem.loss, Logistic)) for f, y in columns]

    @staticmethod
    def joined(problem: Problem, predictions: Sequence[Vector]) -> "Residuals":
        """Those of all outputs, sample by sample."""
        rows = list(zip(*((each.f, each.y) for each in Residuals.of(problem, predictions)), strict=True))
        f, y = (tuple(x for row in zip(*columns, strict=True) for x in row) for columns in rows)
        return Residuals(f, y, isinstance(problem.loss, Logistic))

    def collected(self, weights: Sequence[Fraction]) -> tuple[Fraction, dict[Fraction, Fraction]]:
        """Σ weights_i r_i as a constant and the coefficients of the curve at distinct points, none of them 0."""
        constant, found = ZERO, dict[Fraction, Fraction]()
        for w, f, y in zip(weights, self.f, self.y, strict=True):
            constant = within_budget(constant - w * y)
            if f == 0:
                constant += w / 2 if self.symmetric else w
            elif f < 0 and self.symmetric:
                constant += w
                found[-f] = found.get(-f, ZERO) - w
            else:
                found[f] = found.get(f, ZERO) + w
        return constant, {a: within_budget(w) for a, w in found.items() if w}

    def sign(self, weights: Sequence[Fraction]) -> int:
        """The sign of Σ weights_i r_i: 0 exactly where all collected coefficients are, else by enclosure."""
        constant, found = self.collected(weights)
        if not found:
            return sign(constant)
        curve = logistic_bounds if self.symmetric else exp
        lo, hi = plus([exact(constant), *(times(w, curve(a)) for a, w in found.items())])
        if lo <= 0 <= hi:
            raise Declined("a combination of residuals is too close to 0 to decide its sign")
        return 1 if lo > 0 else -1

    def vanishes(self, weights: Sequence[Fraction]) -> bool:
        """Whether Σ weights_i r_i = 0."""
        constant, found = self.collected(weights)
        return not constant and not found
