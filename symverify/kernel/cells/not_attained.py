"""The rule `not_attained`: a few integer vectors show that no network has the risk that its lower bound allows.

Everything but the vectors is derived here: predictions, cells, rays, faces.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import repeat
from operator import mul

from ..core.algebra import Direction, Row, integral, sign
from ..core.errors import Declined, Rejected, elimination, spend
from ..core.network import Problem
from ..core.proof import Fact, Reading, Statement
from ..core.text import integer, listed
from ..core.units import Units
from .chambers import closed_cells
from .infimum import Infimum

MAX_FACES, MAX_SEPARATORS, MAX_VISITS, MAX_DEPTH, MAX_COLUMNS = 2**27, 2**34, 2**30, 400, 2**22
Reach = tuple[int, int]  # (0 for σ = +1, 1 for σ = −1; the set of its rays)


@dataclass(frozen=True, slots=True)
class NotAttained(Fact):
    """`risk` is the infimum of the risk over all parameters, and no point has it."""

    risk: Fraction

    def settles(self, claim: str) -> tuple[str, Statement] | None:
        return ("proved", {"risk": str(self.risk), "attained": False}) if claim == "infimum" else None


def not_attained(step: Reading) -> NotAttained:
    """
    for each residual r = y − f that a network of risk ρ can have: each set of at most min(width, n) faces is refuted
      by some q with Σ q = 0 (with an output bias) and σ ⟨q, H⟩ ≥ 0 on its faces: ⟨q, f⟩ < 0, or ⟨q, f⟩ = 0 and
      σ ⟨q, H⟩ > 0 on all rays with ν > 0 of one of its faces
    ----------------------------------------------------------------------------------------------- [not_attained]
    no network of this width has risk ρ

    A face is a sign σ with the rays of a closed cell on which ⟨r, H⟩ = 0; on its other rays σ ⟨r, H⟩ < 0. r is a
    positive multiple of the g at a leaf (every split has rays strictly on both sides, so a region is a union of closed
    cells, and a unit is in one with σ ⟨g, H⟩ ≤ 0 on all rays), or 0, or the residual of the means over equal inputs, to
    which all H are orthogonal. In each case the network's units have σ ⟨r, H⟩ ≤ 0, and these add up to
    ⟨r, f − c0⟩ = 0: all are 0, so
    each unit is a non-negative combination of the rays of a face, with ν > 0. Units of one face add up to one, and n
    of them suffice (Carathéodory, on the units' own contributions, so ν stays positive). If q refutes their faces,
    ⟨q, f⟩ = Σ σ ⟨q, H⟩ ≥ 0, and > 0 if one of them is strict, as that unit has a ray with ν > 0: a contradiction.
    """
    problem, least = step.proof.problem, step.premise("infimum", Infimum)
    separators = step.need("separators", listed(listed(listed(integer))))
    found = Attainment(problem)
    if found.homogeneous:
        raise Rejected(step.where, "the units are positively homogeneous, so the infimum is attained")
    if not least.residuals or len(separators) != len(least.residuals):
        what = f"expected {len(least.residuals)} lists, one for each residual, got {len(separators)}"
        raise Rejected(step.at("separators"), what)
    for index, (residual, vectors) in enumerate(zip(least.residuals, separators, strict=True)):
        refute(problem, found, residual, vectors, f"{step.at('separators')}[{index}]")
    return NotAttained(least.risk)


def refute(problem: Problem, found: "Attainment", residual: Row, vectors: list[list[int]], where: str) -> None:
    """No network has this residual: the separators refute every set of faces that its units can be on."""
    goal, faces, n = found.goal(residual), found.faces(residual), len(problem.inputs)
    if len(vectors) * len(faces) * len(found.directions) > MAX_SEPARATORS:
        raise Declined("too many separators")
    sure, open_ = list[int](), list[tuple[int, int]]()
    for k, q in enumerate(vectors):
        here = f"{where}[{k}]"
        if len(q) != n:
            raise Rejected(here, f"expected {n} integers, got {len(q)}")
        if problem.output_bias and sum(q) != 0:
            raise Rejected(here, "the entries do not sum to 0, and there is an output bias")
        if (product := sum(map(mul, q, goal))) > 0:
            raise Rejected(here, "the product with the predictions is positive")
        both = found.separates(q, faces)
        if product:
            sure.append(both[0])
        else:
            open_.append(both)
    steps = repeat(None, MAX_VISITS // (len(vectors) + 1))
    if unrefuted(sure, open_, (1 << len(faces)) - 1, min(problem.widths[1], n), steps) is not None:
        raise Rejected(where, "leave a set of units possible")


class Attainment:
    """What the units of a network with a given residual y − f can be; `homogeneous` if H does not depend on ν."""

    def __init__(self, problem: Problem) -> None:
        units = Units.of(problem)
        self.labels, self.homogeneous = [y for (y,) in problem.targets], not units.cone
        self.directions, self.cells = closed_cells(units)
        if len(self.directions) * len(self.labels) > MAX_COLUMNS:
            raise Declined("too many rays on too many samples to see whether the infimum is attained")
        spend(len(self.directions) * (len(self.labels) + len(units.planes)) * (50 + 25 * units.dimension))
        self.columns = [values(units, ray) for ray in self.directions]
        self.bits = max((x.bit_length() for column in self.columns for x in column), default=0)
        self.inner = sum(1 << k for k, ray in enumerate(self.directions) if ray[-1] > 0)

    def goal(self, residual: Row) -> list[int]:
        """A positive multiple of the predictions."""
        return integral([a - r for a, r in zip(self.labels, residual, strict=True)])

    def signs(self, vector: Sequence[int]) -> list[int]:
        """Per ray the sign of ⟨vector, H(ray)⟩."""
        bits = max([x.bit_length() for x in vector] + [self.bits])
        spend(len(self.columns) * len(vector) * elimination(bits) // 4)
        return [sign(sum(map(mul, vector, column))) for column in self.columns]

    def faces(self, residual: Row) -> list[Reach]:
        """What one unit may combine: the rays of a closed cell with ⟨residual, H⟩ = 0, where all have σ ⟨…⟩ ≤ 0.

        Left out are those without a ray with ν > 0: every unit has ν > 0.
        """
        found, signs = dict[Reach, None](), self.signs(integral(residual))
        for cell in self.cells:
            spend(200 + len(cell) * (40 + len(self.directions) // 128))
            rays = sum(1 << k for k in cell if not signs[k])
            if rays & self.inner:
                present = {signs[k] for k in cell}
                found |= {(side, rays): None for side, bad in ((0, 1), (1, -1)) if bad not in present}
            if len(found) * len(self.directions) > MAX_FACES:
                raise Declined("too many faces to see whether the infimum is attained")
        return list(found)

    def separates(self, q: Sequence[int], faces: Sequence[Reach]) -> tuple[int, int]:
        """The faces with σ ⟨q, H⟩ ≥ 0, and those of them where it is positive on all rays with ν > 0; as bit sets."""
        signs = self.signs(q)
        up, down = (sum(1 << k for k, s in enumerate(signs) if s == side) for side in (1, -1))
        spend((len(faces) + len(signs)) * (60 + len(signs) // 128))
        admitted = strict = 0
        for k, (side, rays) in enumerate(faces):
            if not rays & (up if side else down):
                admitted |= 1 << k
                strict |= (not rays & self.inner & ~(down if side else up)) << k
        return admitted, strict


def values(units: Units, ray: Direction) -> list[int]:
    """H on the samples, up to the factor of `Units`."""
    z = [sum(map(mul, row, ray)) for row in units.rows]  # a row has no entry for ν
    linear = [units.start[0] * x + units.start[1] * ray[-1] * units.cone for x in z]
    per = len(units.kinks)
    for k, plane in enumerate(units.planes if per else ()):
        linear[k // per] += units.kinks[k % per] * max(0, sum(map(mul, plane, ray)))
    return linear


def unrefuted(
    sure: list[int], open_: list[tuple[int, int]], left: int, size: int, steps: Iterator[None], chosen: int = 0
) -> int | None:
    """A set that no separator refutes, of the `chosen` elements and at most `size` of those `left`; None if none.

    A set is refuted by a `sure` bit set that contains it, and by a pair of `open_` if the first contains it and the
    second meets it; all given here contain `chosen`. The sets inside the largest sure one are refuted, any other
    has an element outside it; once all sets with that element are done, it leaves those that are left.
    """
    if not sure:
        return chosen
    if next(steps, steps) is steps or size > MAX_DEPTH:
        raise Declined("too many sets of units to see whether the infimum is attained")
    outside = left & ~max(sure, key=lambda one: (one & left).bit_count())
    cost = 200 + (len(sure) + 2 * len(open_)) * (30 + left.bit_length() // 128)
    while size and outside:
        spend(cost)
        element = outside & -outside
        outside, left = outside ^ element, left ^ element
        meets = [one for one in sure if one & element] + [one for one, other in open_ if other & element]
        rest = [both for both in open_ if both[0] & element and not both[1] & element]
        found = unrefuted(meets, rest, left, size - 1, steps, chosen | element)
        if found is not None:
            return found
    return None
