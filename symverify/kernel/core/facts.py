"""What the core's rules establish: one frozen class per kind of fact, with the claims that it settles."""

from dataclasses import dataclass
from fractions import Fraction

from .network import Pattern, Point, Vector
from .proof import Fact, Statement

Verdict = tuple[str, Statement] | None


class Minimum(Fact):
    """A local minimum, known to be spurious or not."""

    __slots__ = ()


class Reached(Fact):
    """Some points have a risk of at most `most`, or come arbitrarily close to it."""

    __slots__ = ()

    @property
    def most(self) -> Fraction:
        """An upper bound of the infimum of the risk."""
        raise NotImplementedError

    def bracket(self, lower: Fraction) -> "Bracket":
        """The infimum of the risk, from here and a lower bound."""
        return Bracket(lower, self.most)


@dataclass(frozen=True, slots=True)
class Evaluated(Reached):
    """A point with its predictions (n × d_Y) and risk; `given` if it is the point in the network file."""

    point: Point
    predictions: tuple[Vector, ...]
    risk: Fraction
    given: bool

    @property
    def most(self) -> Fraction:
        return self.risk

    def as_point(self, claim: str, verdict: str, spurious: bool | None, better: Fraction | None = None) -> Verdict:
        """The verdict on the claim "point", if it is the given one."""
        if claim != "point" or not self.given:
            return None
        lower = None if better is None else str(better)
        return verdict, {"risk": str(self.risk), "spurious": spurious, "better_risk": lower}


@dataclass(frozen=True, slots=True)
class LocalMinimum(Minimum):
    """`at` is a local minimum; with `pattern`, by interior_minimum in the cell of that pattern.

    `pull` are the subgradients r_k over the samples that prove it, where the loss is not differentiable.
    """

    at: Evaluated
    pattern: Pattern | None
    pull: tuple[Vector, ...] = ()

    def settles(self, claim: str) -> Verdict:
        return self.at.as_point(claim, "proved", None)


@dataclass(frozen=True, slots=True)
class NotLocalMinimum(Fact):
    """Along a curve from `at` the risk strictly falls at once."""

    at: Evaluated

    def settles(self, claim: str) -> Verdict:
        return self.at.as_point(claim, "refuted", None)


@dataclass(frozen=True, slots=True)
class SpuriousMinimum(Minimum):
    """`minimum` is a local minimum and `better` a point of lower risk; `affine` as for GlobalMinimum."""

    minimum: LocalMinimum
    better: Evaluated
    affine: bool

    @property
    def at(self) -> Evaluated:
        """The minimum itself."""
        return self.minimum.at

    @property
    def pattern(self) -> Pattern | None:
        """As for the local minimum."""
        return self.minimum.pattern

    def settles(self, claim: str) -> Verdict:
        if claim == "spurious_minimum" and self.affine:
            return "proved", {"risk": str(self.at.risk), "better_risk": str(self.better.risk)}
        return self.at.as_point(claim, "proved", True, self.better.risk)


@dataclass(frozen=True, slots=True)
class GlobalMinimum(Fact):
    """`at` minimises the risk; `affine` if its predictions are those of the best affine fit of the data."""

    at: Evaluated
    affine: bool

    def settles(self, claim: str) -> Verdict:
        if claim == "global_minimum":
            return "proved", {"risk": str(self.at.risk), "attained": True}
        if claim == "spurious_minimum" and self.affine:
            return "refuted", {"risk": str(self.at.risk)}
        return self.at.as_point(claim, "proved", False)


@dataclass(frozen=True, slots=True)
class Valley(Fact):
    """A path of local minima with the risk and predictions of `minimum`, spurious ones if it is; and its dimension."""

    minimum: LocalMinimum | SpuriousMinimum
    dimension: int
    exact: bool

    def settles(self, claim: str) -> Verdict:
        if claim != "valley":
            return None
        better = str(self.minimum.better.risk) if isinstance(self.minimum, SpuriousMinimum) else None
        size: Statement = {"dimension": self.dimension, "exact": self.exact}
        return "proved", {"risk": str(self.minimum.at.risk), "better_risk": better, **size}


@dataclass(frozen=True, slots=True)
class LowerBound(Fact):
    """No point has risk below `risk`; one of that risk has one of the residuals y − f (all outputs in a row)."""

    risk: Fraction
    residuals: tuple[Vector, ...]


@dataclass(frozen=True, slots=True)
class Bracket(Fact):
    """The infimum of the risk lies in [lower, upper]."""

    lower: Fraction
    upper: Fraction

    def settles(self, claim: str) -> Verdict:
        return ("proved", {"lower": str(self.lower), "upper": str(self.upper)}) if claim == "global_bounds" else None
