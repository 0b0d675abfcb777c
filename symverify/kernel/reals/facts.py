"""What the rules of this storey establish about points and minima whose risk is enclosed, not known exactly."""

from dataclasses import dataclass
from fractions import Fraction

from ..core.facts import Bracket, Evaluated, Minimum, Reached, Verdict
from ..core.network import Pattern, Point, Problem, Vector
from ..core.proof import Fact, Statement, Value
from .enclosure import Enclosure
from .losses import RealLoss


def real_loss(problem: Problem) -> RealLoss:
    """The problem's loss; the kernel applies the rules of this storey to no other."""
    if not isinstance(problem.loss, RealLoss):
        raise TypeError(f"a rule for losses over the reals, and the {problem.loss.name} loss")
    return problem.loss


@dataclass(frozen=True, slots=True)
class EnclosedPoint(Reached):
    """A rational point with its predictions (n × d_Y), exact, and its risk; `given` as for Evaluated."""

    point: Point
    predictions: tuple[Vector, ...]
    risk: Enclosure
    given: bool

    @property
    def most(self) -> Fraction:
        return self.risk.upper

    def bracket(self, lower: Fraction) -> Bracket:
        return RealBracket(lower, self.most)

    def as_point(self, claim: str, verdict: str, spurious: bool | None, better: Value = None) -> Verdict:
        """The verdict on the claim "point", if it is the given one."""
        if claim != "point" or not self.given:
            return None
        return verdict, {"risk": self.risk, "spurious": spurious, "better_risk": better}


class RealMinimum(Minimum):
    """A local minimum with its enclosed risk."""

    __slots__ = ()

    @property
    def enclosed(self) -> Enclosure:
        """Its risk."""
        raise NotImplementedError

    def with_better(self, claim: str, better: Value) -> Verdict:
        """What is settled once a point of lower risk is known, or None."""
        raise NotImplementedError

    def settles(self, claim: str) -> Verdict:
        return self.with_better(claim, None)


@dataclass(frozen=True, slots=True)
class SpanMinimum(RealMinimum):
    """Some point of a cell, real, has the best predictions over a span and is a local minimum; not written down.

    `affine`: the span is that of the inputs and 1, so that it predicts the best affine fit. `dimension` is that of
    the set of such points of the cell near it, `valley` whether it is known to be more than one point.
    """

    risk: Enclosure
    dimension: int
    affine: bool

    @property
    def enclosed(self) -> Enclosure:
        return self.risk

    def with_better(self, claim: str, better: Value) -> Verdict:
        if claim == "spurious_minimum" and self.affine and better is not None:
            return "proved", {"risk": self.risk, "better_risk": better}
        if claim != "valley" or not self.dimension:
            return None
        size: Statement = {"dimension": self.dimension, "exact": True}
        return "proved", {"risk": self.risk, "better_risk": better, **size}


@dataclass(frozen=True, slots=True)
class RationalMinimum(RealMinimum):
    """`at` is a local minimum; with `pattern`, strictly inside the cell of that pattern."""

    at: EnclosedPoint
    pattern: Pattern | None

    @property
    def enclosed(self) -> Enclosure:
        return self.at.risk

    def with_better(self, claim: str, better: Value) -> Verdict:
        return self.at.as_point(claim, "proved", None if better is None else True, better)


@dataclass(frozen=True, slots=True)
class RealGlobalMinimum(Fact):
    """`at` minimises the risk; `affine` if its predictions are those of a best affine fit of the data."""

    at: EnclosedPoint
    affine: bool

    def settles(self, claim: str) -> Verdict:
        if claim == "global_minimum":
            return "proved", {"risk": self.at.risk, "attained": True}
        if claim == "spurious_minimum" and self.affine:
            return "refuted", {"risk": self.at.risk}
        return self.at.as_point(claim, "proved", False)


@dataclass(frozen=True, slots=True)
class NotRealMinimum(Fact):
    """Along a curve from `at` the risk strictly falls at once."""

    at: EnclosedPoint

    def settles(self, claim: str) -> Verdict:
        return self.at.as_point(claim, "refuted", None)


@dataclass(frozen=True, slots=True)
class SpuriousReal(Minimum):
    """`minimum` is a local minimum, and `better` a point of lower risk."""

    minimum: RealMinimum
    better: EnclosedPoint | Evaluated

    def settles(self, claim: str) -> Verdict:
        risk = self.better.risk
        return self.minimum.with_better(claim, str(risk) if isinstance(risk, Fraction) else risk)


@dataclass(frozen=True, slots=True)
class NoMinimum(Fact):
    """The infimum of the risk over predictions in a span is `risk`, and not attained; `affine` as for SpanMinimum."""

    risk: Enclosure
    affine: bool

    def settles(self, claim: str) -> Verdict:
        return ("proved", {"risk": self.risk, "attained": False}) if claim == "affine_infimum" and self.affine else None


@dataclass(frozen=True, slots=True)
class RealBracket(Bracket):
    """A bracket of the infimum whose upper end is that of an enclosure."""

    @property
    def risk(self) -> Enclosure:
        """The infimum."""
        return Enclosure(self.lower, self.upper)

    def settles(self, claim: str) -> Verdict:
        return ("proved", {"risk": self.risk}) if claim == "global_bounds" else None


@dataclass(frozen=True, slots=True)
class ZeroInfimum(Fact):
    """The infimum of the risk over all parameters is 0, and no point attains it."""

    def settles(self, claim: str) -> Verdict:
        return ("proved", {"risk": "0", "attained": False}) if claim == "infimum" else None
