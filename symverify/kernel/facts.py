"""What steps establish: one frozen class per kind of fact, and the words in which each is told."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from .model import Face, Pattern, Point, Vector


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


@dataclass(frozen=True, slots=True)
class CriticalPoint(Fact):
    """`at` is strictly inside a cell, and the gradient of the risk is 0 there."""

    at: Evaluated

    def words(self) -> str:
        return f"{self.at.words()} is a critical point: strictly inside its cell, with gradient 0"


@dataclass(frozen=True, slots=True)
class CellMinima(Fact):
    """How many components the local minima strictly inside a cell, or on a face, form; 0 if there are none.

    `cell` is a point that names the cell or face. Per orbit of components under exchanging units of a class: a point
    of it, and its dimension (None where a Huber loss, linear at some sample, leaves predictions free); and its types.
    `held` are the signs that local minima can have, for each class.
    """

    cell: Evaluated
    face: Face
    risk: Fraction
    components: int
    orbits: tuple[tuple[Point, int | None], ...]
    types: tuple[frozenset[int], ...]
    held: tuple[tuple[int, ...], ...]

    @property
    def is_cell(self) -> bool:
        """Whether the face is a cell."""
        return not any(at % 2 for unit in self.face for at in unit)

    def words(self) -> str:
        where = f"{'strictly inside the cell' if self.is_cell else 'on the face'} of {self.cell.words()}"
        if not self.components:
            above = f": the risks there are all above {self.risk}" * self.is_cell
            return f"no local minimum is {where}{above}"
        size = "one connected valley" if self.components == 1 else f"not one valley but {self.components} components"
        least = f"the least {'in the cell' if self.is_cell else 'there'}"
        orbits = f"{len(self.orbits)} up to exchanging units with equal pieces"
        return f"the local minima {where} have risk {self.risk}, {least}, and are {size} ({orbits})"


@dataclass(frozen=True, slots=True)
class CellInfimum(Fact):
    """The infimum of the risk over the cell of the point `cell`."""

    cell: Evaluated
    pattern: Pattern
    risk: Fraction

    def words(self) -> str:
        return f"the infimum of the risk over the cell of {self.cell.words()} is {self.risk}"


@dataclass(frozen=True, slots=True)
class ConstantRiskPath(Fact):
    """A curve of local minima of equal risk, inside one cell, from `minimum` through the nodes to the last one."""

    minimum: LocalMinimum
    nodes: tuple[Point, ...]

    def words(self) -> str:
        return f"{self.minimum.words()}, joined to another one by a path of such minima, all of that risk"


@dataclass(frozen=True, slots=True)
class Atlas(Fact):
    """All cells of the network up to exchanging units: how many, and the risks and orbits of minima inside them."""

    cells: int
    minima: tuple[CellMinima, ...]

    def words(self) -> str:
        found = [each for each in self.minima if each.components]
        values = sorted({each.risk for each in found})
        orbits = sum(len(each.orbits) for each in found)
        several = sum(len(each.orbits) > 1 or each.components > 1 for each in found)
        return (
            f"of the {self.cells} cells up to exchanging units, {len(found)} have local minima strictly inside, in "
            f"{orbits} valleys of {len(values)} different risks; in {several} cells they are not one valley"
        )


@dataclass(frozen=True, slots=True)
class WholeValley:
    """A connected component of the set of all local minima, together with those that exchanging units makes of it.

    `components` counts these (None: too many strata), `faces` the faces of the network that meet them, up to
    exchanging units. `point` is a point of the largest dimension (None where a Huber loss leaves predictions free).
    """

    risk: Fraction
    dimension: int | None
    components: int | None
    faces: int
    point: Point


@dataclass(frozen=True, slots=True)
class FaceAtlas(Fact):
    """All faces of the network up to exchanging units, how many of them have minima, and the valleys by risk."""

    faces: int
    with_minima: int
    valleys: tuple[WholeValley, ...]

    @property
    def components(self) -> int | None:
        """How many components all local minima form."""
        counts = [each.components for each in self.valleys if each.components is not None]
        return sum(counts) if len(counts) == len(self.valleys) else None

    def words(self) -> str:
        risks, components = len({each.risk for each in self.valleys}), self.components
        counted = "" if components is None else f" ({components} connected components)"
        return (
            f"all local minima of the network: of its {self.faces} faces up to exchanging units, cells included, "
            f"{self.with_minima} have some, and they form {len(self.valleys)} valleys up to exchanging units{counted} "
            f"of {risks} different risks"
        )
