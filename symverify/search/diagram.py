"""The phase diagram of label space: on which faces there are local minima, as the labels turn; three or four of them.

With an output bias nothing depends on a shift of all labels, and never on a factor other than 0: what is left are
directions, a circle or a half sphere. The walls between regions are linear forms, exactly.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cmp_to_key

import numpy as np
from numpy.typing import NDArray

from symverify.errors import Declined
from symverify.ground.linear import nullspace, primitive
from symverify.ground.lp import dot
from symverify.kernel.core.network import Problem
from symverify.kernel.core.units import Units
from symverify.kernel.labels.closed_list import State

from .half_sphere import Region, frame, regions
from .label_cones import LabelCone, Vector, label_cone, projection
from .regions import strata

MAX_STRATA = 3_000
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A stratum with local minima for an open set of labels."""

    stratum: tuple[State, ...]
    cone: LabelCone

    @property
    def name(self) -> str:
        """The faces and signs, "01[12]+" for each unit."""
        return ", ".join(
            "".join(str(p // 2) if p % 2 == 0 else f"[{p // 2}{p // 2 + 1}]" for p in face)
            + {1: "+", -1: "−", 0: "0"}[s]
            for face, s in self.stratum
        )


@dataclass(frozen=True, slots=True)
class Arc:
    """Directions between two walls, exact labels up to shift and factor, with the sheets that have minima there."""

    start: Vector
    end: Vector
    inside: Vector
    sheets: tuple[int, ...]
    levels: int


@dataclass(frozen=True, slots=True)
class Diagram:
    """All sheets with interior, orthogonal axes of the directions, and a circle's arcs or a half sphere's regions."""

    problem: Problem
    sheets: tuple[Sheet, ...]
    axes: tuple[Vector, ...]
    affine: Floats
    arcs: tuple[Arc, ...]
    regions: tuple[Region, ...]

    @property
    def basis(self) -> Floats:
        """The axes, each of length 1 (rows)."""
        rows = np.array(self.axes, dtype=float)
        return np.asarray(rows / np.linalg.norm(rows, axis=1)[:, None], dtype=np.float64)

    def levels(self, sheets: Sequence[int]) -> int:
        """How many different risks the minima of these sheets have, but on quadrics, where two may agree."""
        return len({self.sheets[k].cone.project for k in sheets})

    @property
    def dimension(self) -> int:
        """Two: a circle; three: a half sphere."""
        return len(self.axes)

    def at(self, directions: Floats) -> tuple[NDArray[np.int64], NDArray[np.bool_], Floats]:
        """For each direction (rows): how many levels of risk, whether the affine fit is the least, the least Σ e²."""
        y = directions @ self.basis
        risks = np.full((len(self.sheets), len(y)), np.nan)
        for k, sheet in enumerate(self.sheets):
            held = np.ones(len(y), dtype=bool)
            for part, slack in ((sheet.cone.strict, 1e-9), (sheet.cone.weak, -1e-9)):
                if part:
                    held &= (y @ np.array(part, dtype=float).T > slack).all(axis=1)
            if held.any():
                errors = y[held] - y[held] @ np.array(sheet.cone.project, dtype=float).T
                risks[k, held] = (errors**2).sum(axis=1)
        ordered = np.sort(risks, axis=0)
        gaps = np.diff(ordered, axis=0)
        levels = (~np.isnan(ordered)).any(axis=0) + (gaps > 1e-9).sum(axis=0)
        least = np.nanmin(np.where(np.isnan(risks), np.inf, risks), axis=0)
        errors = y - y @ self.affine.T
        affine = (errors**2).sum(axis=1)  # below the least where the network cannot predict it
        return levels.astype(np.int64), np.abs(affine - least) <= 1e-9, least


def diagram(problem: Problem) -> Diagram:
    """The phase diagram. Raises Declined for other than two or three dimensions, or too many faces."""
    n = len(problem.inputs)
    size = n - problem.output_bias
    if not problem.shallow or not problem.loss.quadratic or problem.decays:
        raise Declined("needs one hidden layer, scalar output and squared loss without weight decay")
    ends = problem.activations[0].slopes[0], problem.activations[0].slopes[-1]
    if Units.of(problem).cone and any(ends):
        raise Declined("needs an activation with which the least risk is attained for all labels: positively "
                       "homogeneous about a point that the biases can move to 0, or constant at both ends")  # fmt: skip
    if size not in (2, 3):
        raise Declined("needs three or four labels with an output bias, two or three without")
    found = list[Sheet]()
    for number, stratum in enumerate(strata(problem)):
        if number >= MAX_STRATA:
            raise Declined(f"more than {MAX_STRATA} choices of faces and signs")
        cone = label_cone(problem, stratum)
        if not cone.equal and open_cone(cone):
            found.append(Sheet(stratum, cone))
    distinct = {(each.cone.strict, each.cone.weak, each.cone.project): each for each in reversed(found)}
    sheets = tuple(sorted(distinct.values(), key=lambda each: each.name))
    axes = frame(problem)
    affine = np.array(projection(problem.affine_features(), n), dtype=float)
    arcs = tuple(around(problem, sheets)) if size == 2 else ()
    found_regions = tuple(regions(axes, [each.cone for each in sheets])) if size == 3 else ()
    return Diagram(problem, sheets, axes, affine, arcs, found_regions)


def open_cone(cone: LabelCone) -> bool:
    """Whether the labels of a cone without equations have interior: no form is the negative of another."""
    forms = {*cone.strict, *cone.weak}
    return not any(tuple(-x for x in g) in forms for g in forms)


def around(problem: Problem, sheets: Sequence[Sheet]) -> list[Arc]:
    """The circle cut at all walls, in order, with exact labels at its cuts."""
    plane = nullspace([[1] * len(problem.inputs)], len(problem.inputs)) if problem.output_bias else [
        [Fraction(i == k) for i in range(2)] for k in range(2)
    ]  # fmt: skip
    walls = dict[tuple[int, int], None]()
    for sheet in sheets:
        for g in (*sheet.cone.strict, *sheet.cone.weak):
            a, b = (dot(g, line) for line in plane)
            for side in (1, -1):
                x, y = primitive([side * -b, side * a])
                walls[x, y] = None
    cuts = sorted(walls, key=cmp_to_key(_turn))
    arcs = list[Arc]()
    for (p, q), (c, d) in zip(cuts, [*cuts[1:], *cuts[:1]], strict=True):
        start, end = _labels(plane, p, q), _labels(plane, c, d)
        middle = tuple(primitive([x + y for x, y in zip(start, end, strict=True)]))
        labels = [Fraction(x) for x in middle]
        there = tuple(k for k, sheet in enumerate(sheets) if sheet.cone.holds(labels))
        levels = len({sheets[k].cone.distance(labels) for k in there})
        arcs.append(Arc(start, end, middle, there, levels))
    return _merged(arcs)


def _merged(arcs: list[Arc]) -> list[Arc]:
    """Neighbours with the same sheets as one, as long as it stays below half a turn."""
    found = list[Arc]()
    for arc in arcs:
        if (
            found
            and found[-1].sheets == arc.sheets
            and sum(a * b for a, b in zip(found[-1].start, arc.end, strict=True)) > 0
        ):
            last = found.pop()
            found.append(Arc(last.start, arc.end, last.end, last.sheets, last.levels))
        else:
            found.append(arc)
    return found


def _labels(plane: Sequence[Sequence[Fraction]], p: int, q: int) -> Vector:
    return tuple(primitive([p * a + q * b for a, b in zip(*plane, strict=True)]))


def _turn(u: tuple[int, int], v: tuple[int, int]) -> int:
    """The order of directions in the plane, by angle from the first coordinate's axis."""

    def half(w: tuple[int, int]) -> int:
        return 0 if w[1] > 0 or (w[1] == 0 and w[0] > 0) else 1

    if half(u) != half(v):
        return half(u) - half(v)
    cross = u[0] * v[1] - u[1] * v[0]
    return -1 if cross > 0 else int(cross < 0)
