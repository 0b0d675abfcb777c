"""The rule `cell_radius`: how far all labels may move together and the minima in a cell hang together the same way."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from ..cells.cell_minima import CellMinima, choices
from ..cells.strata import Slots, UnitClass, admitted, dual, features, spelled, types, unit_classes
from ..core.activation import ONE, ZERO
from ..core.algebra import dot
from ..core.errors import Declined, Rejected, printable, within_budget
from ..core.network import Problem, Vector
from ..core.proof import Fact, Reading, Statement
from ..core.text import Fields, canonical, listed, natural

MAX_CORNERS = 1024


@dataclass(frozen=True, slots=True)
class CellRadius(Fact):
    """For all labels nearer than `radius` in every sample the cell's minima have the same signs and components."""

    minima: CellMinima
    radius: Fraction

    def settles(self, claim: str) -> tuple[str, Statement] | None:
        if claim != "cell_radius":
            return None
        count: Statement = {"components": self.minima.components, "orbits": len(self.minima.orbits)}
        return "proved", {"cell": spelled(self.minima.face), **count, "radius": str(self.radius)}


def cell_radius(step: Reading) -> CellRadius:
    """
    the minima in a cell (cell_minima); squared loss; labels y + ρ s, s ∈ {1, −1}ⁿ
    a type with minima: for each s vectors in its closed cones that predict the best fit in the cell's span
    each other type: a g that admits its slots, ⟨g, best fit⟩ ≤ 0 for every s, and at y < 0, or a slot is strict
    -------------------------------------------------------------------------------------------- [cell_radius]
      for all labels y', |y'_i − y_i| < ρ, the same types have minima in the cell, so these form as many components

    Sound: the best fit is linear in the labels, and cones are convex. Labels inside the box are t y + (1 − t) y'' with
    t > 0 and y'' a mean of corners: with a vector in the open cones at y those of the corners make one in the open
    cones; and ⟨g, best fit⟩ is at most its largest value at a corner, and less than that where it is < 0 at y.
    In a cell all signs are held (r ⊥ features), so that types are all that components depend on.
    """
    problem, found = step.proof.problem, step.premise("minima", CellMinima)
    n, rho = len(problem.inputs), step.need("radius", canonical)
    if not found.is_cell or not found.components:
        raise Rejected(step.roles.at("minima"), "is about no cell with minima")
    if rho <= 0:
        raise Rejected(step.at("radius"), "is not positive")
    if 1 << n > MAX_CORNERS:
        raise Declined(f"the labels' box has more than {MAX_CORNERS} corners")
    classes = unit_classes(problem, found.face)
    span = features(problem, classes)
    corners = [
        [within_budget(y + rho * s, y, rho) for s, (y,) in zip(signs, problem.targets, strict=True)]
        for signs in product((1, -1), repeat=n)
    ]
    every, fits = frozenset(mask for part in found.types for mask in part), list[Vector]()
    reached = every
    given = step.need("reached", listed(Fields))
    for where, fields in ((f"{step.at('reached')}[{k}]", each) for k, each in enumerate(given)):
        mask = read_type(fields, len(classes))
        if mask not in reached:
            raise Rejected(where, f"type {mask:0{2 * len(classes)}b} has no minima, or is named twice")
        reached -= {mask}
        points = fields.need("corners", listed(listed(listed(canonical)), len(corners), "corners"))
        fields.done()
        for k, (labels, vectors) in enumerate(zip(corners, points, strict=True)):
            at = f"{where}.corners[{k}]"
            f = fit(problem, classes, mask, vectors, at)
            if any(dot([a - b for a, b in zip(f, labels, strict=True)], phi) for phi in span):
                raise Rejected(at, "does not predict the best fit")
            fits += [f] * (len(fits) < len(corners))
    if reached:
        raise Rejected(step.at("reached"), f"leaves out {len(reached)} types with minima")
    covers = separators(step, classes, fits)
    for each in types([choices((0, 1, -1), len(k.units)) for k in classes]):
        if each not in every and not any(
            not each & ~allowed and (below or each & strict) for allowed, strict, below in covers
        ):
            raise Rejected(step.at("separators"), f"leave out the type {each:0{2 * len(classes)}b}")
    return CellRadius(found, printable(rho))


def read_type(fields: Fields, classes: int) -> int:
    """A type by its slots, each "+" or "−" of a class: the field "slots" is a list of their numbers."""
    slots: list[int] = fields.need("slots", listed(natural))
    mask = sum(1 << slot for slot in set(slots) if 0 <= slot < 2 * classes)
    if mask.bit_count() != len(slots):
        raise Rejected(fields.at("slots"), "names a slot that there is not, or one twice")
    return mask


def fit(problem: Problem, classes: Sequence[UnitClass], mask: int, vectors: list[list[Fraction]], where: str) -> Vector:
    """The predictions of vectors in the closed cones of a type's slots, in order; last, with an output bias, [c_0]."""
    slots = [slot for slot in range(2 * len(classes)) if mask >> slot & 1]
    if [len(v) for v in vectors] != [*(len(classes[s // 2].columns) for s in slots), *[1] * problem.output_bias]:
        raise Rejected(where, "has not one vector for each slot, and the output bias")
    total = [vectors[-1][0] if problem.output_bias else ZERO] * len(problem.inputs)
    for slot, z in zip(slots, vectors[: len(slots)], strict=True):
        k, s = classes[slot // 2], 1 - 2 * (slot % 2)
        if any(dot(row, z) < 0 for row in k.rows):
            raise Rejected(where, "has a vector outside its closed cone")
        total = [a + s * dot(z, row) for a, row in zip(total, zip(*k.columns, strict=True), strict=True)]
    return tuple(total)


def separators(step: Reading, classes: Sequence[UnitClass], fits: Sequence[Vector]) -> list[tuple[int, int, bool]]:
    """Per separator the slots that it admits, those that are strict, and whether it is < 0 at the given labels."""
    covers, given = list[tuple[int, int, bool]](), step.need("separators", listed(dual))
    pairs: list[tuple[list[Fraction], Slots]] = given
    for index, (g, slots) in enumerate(pairs):
        where = f"{step.at('separators')}[{index}]"
        allowed, strict = admitted(step.proof.problem, classes, g, slots, where)
        tops = [dot(g, f) for f in fits]
        if max(tops, default=ONE) > 0:
            raise Rejected(where, "is positive on the best fit for some labels")
        covers.append((allowed, strict, min(tops) < 0))
    return covers
