"""What steps establish: one frozen class per kind of fact, and the words in which each is told."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from .model import Pattern, Point, Vector


class Fact:
    """What a step of a proof establishes."""

    __slots__ = ()

    def words(self) -> str:
        """The statement in plain words."""
        raise NotImplementedError


class Minimum(Fact):
    """A local minimum, known to be spurious or not."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Evaluated(Fact):
    """A point with its predictions (n × d_Y) and risk; `given` if it is the point in the network file."""

    point: Point
    predictions: tuple[Vector, ...]
    risk: Fraction
    given: bool

    def words(self) -> str:
        return f"{'the given point' if self.given else 'a point'} of risk {self.risk}"


@dataclass(frozen=True, slots=True)
class LocalMinimum(Minimum):
    """`at` is a local minimum; with `pattern`, by interior_minimum in the cell of that pattern."""

    at: Evaluated
    pattern: Pattern | None

    def words(self) -> str:
        where = "" if self.pattern is None else ": strictly inside its cell, where no point has lower risk"
        return f"{self.at.words()} is a local minimum{where}"


@dataclass(frozen=True, slots=True)
class NotLocalMinimum(Fact):
    """Along a curve from `at` the risk strictly falls at once."""

    at: Evaluated

    def words(self) -> str:
        return f"{self.at.words()} is not a local minimum: along a polynomial curve from it the risk strictly falls"


@dataclass(frozen=True, slots=True)
class SpuriousMinimum(Minimum):
    """`minimum` is a local minimum and `better` a point of lower risk; `affine` as for GlobalMinimum."""

    minimum: LocalMinimum
    better: Evaluated
    affine: bool

    def words(self) -> str:
        return f"{self.minimum.words()}; it is spurious: another point has risk {self.better.risk}"


@dataclass(frozen=True, slots=True)
class GlobalMinimum(Fact):
    """`at` minimises the risk; `affine` if its predictions are those of the best affine fit of the data."""

    at: Evaluated
    affine: bool

    def words(self) -> str:
        fit = ", and predicts what the best affine fit does" if self.affine else ""
        return f"{self.at.words()} is a global minimum{fit}"


@dataclass(frozen=True, slots=True)
class Valley(Fact):
    """A path of local minima with the risk and predictions of `minimum`."""

    minimum: Minimum
    dimension: int
    exact: bool

    def words(self) -> str:
        size = f"{'' if self.exact else 'at most '}{self.dimension}"
        return (
            f"infinitely many: {self.minimum.words()}, and so is every point of a path through it, of the same risk; "
            f"the set of points of the cell with these predictions has local dimension {size}"
        )


@dataclass(frozen=True, slots=True)
class Assumptions(Fact):
    """Which assumptions of the theorem hold, each with its evidence in words."""

    holds: tuple[tuple[Literal["A1", "A2", "A3", "A4", "AL"], bool, str], ...]

    def words(self) -> str:
        return "; ".join(f"{name} {'holds' if is_so else 'fails'}: {why}" for name, is_so, why in self.holds)


@dataclass(frozen=True, slots=True)
class LinearCollapse(Fact):
    """All activations are affine: one cell, and every local minimum is global, by `theorem`."""

    theorem: str

    def words(self) -> str:
        return f"the network is linear: one cell, and every local minimum is global ({self.theorem})"


@dataclass(frozen=True, slots=True)
class UnitCells(Fact):
    """How many cells one unit has on the data, in a hidden layer of `units`; `listed` if each has a witness."""

    count: int
    units: int
    listed: bool

    def words(self) -> str:
        return f"one hidden unit has {self.count} cells on the data" + ("; a witness in each is given" * self.listed)


@dataclass(frozen=True, slots=True)
class LowerBound(Fact):
    """No point has risk below `risk`; one of that risk has one of the residuals y − f (all outputs in a row)."""

    risk: Fraction
    residuals: tuple[Vector, ...]

    def words(self) -> str:
        return f"no point of parameter space has risk below {self.risk}"


@dataclass(frozen=True, slots=True)
class Limit(Fact):
    """Some points come arbitrarily close to the risk `risk` or below it."""

    risk: Fraction

    def words(self) -> str:
        return f"some points come arbitrarily close to risk {self.risk}"


@dataclass(frozen=True, slots=True)
class Infimum(Fact):
    """The infimum of the risk over all parameters, approached by a limit of points; residuals as for LowerBound."""

    risk: Fraction
    residuals: tuple[Vector, ...]

    def words(self) -> str:
        return f"the infimum of the risk over all parameters is {self.risk}, approached by a limit of points"


@dataclass(frozen=True, slots=True)
class NotAttained(Fact):
    """`risk` is the infimum of the risk over all parameters, and no point has it."""

    risk: Fraction

    def words(self) -> str:
        return f"the infimum of the risk over all parameters is {self.risk}, and no parameters attain it"


@dataclass(frozen=True, slots=True)
class Bracket(Fact):
    """The infimum of the risk lies in [lower, upper]."""

    lower: Fraction
    upper: Fraction

    def words(self) -> str:
        return f"the infimum of the risk over all parameters is between {self.lower} and {self.upper}"
