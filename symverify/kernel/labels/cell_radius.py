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
from ..core.text import Fields, canonical, listed, natural, optional

MAX_CORNERS = 1024


@dataclass(frozen=True, slots=True)
class CellRadius(Fact):
    """For all labels nearer than `radius` in every sample the cell's minima have the same signs and components.

    `exact`: within every greater distance some labels have minima of other signs, or none of some of these.
    """

    minima: CellMinima
    radius: Fraction
    exact: bool

    def settles(self, claim: str) -> tuple[str, Statement] | None:
        if claim != "cell_radius":
            return None
        count: Statement = {"components": self.minima.components, "orbits": len(self.minima.orbits)}
        return "proved", {"cell": spelled(self.minima.face), **count, "radius": str(self.radius), "exact": self.exact}


def cell_radius(step: Reading) -> CellRadius:
    """
    the minima in a cell (cell_minima); squared loss; labels y + ρ s, s ∈ {1, −1}ⁿ
    a type with minima: for each s vectors in its closed cones that predict the best fit in the cell's span
    each other type: a g that admits its slots, ⟨g, best fit⟩ ≤ 0 for every s, and at y < 0, or a slot is strict
    if given, an "edge": a type with minima, a g that admits its slots, ⟨g, best fit⟩ > 0 at y and ≤ 0 for some s; or
      another type, labels y + b, |b_i| ≤ ρ, and vectors in its closed cones that predict the best fit there
    -------------------------------------------------------------------------------------------- [cell_radius]
      for all labels y', |y'_i − y_i| < ρ, the same types have minima in the cell, so these form as many components;
      with an edge that is not so at any greater distance

    Sound: the best fit is linear in the labels, and cones are convex. Labels inside the box are t y + (1 − t) y'' with
    t > 0 and y'' a mean of corners: with a vector in the open cones at y those of the corners make one in the open
    cones; and ⟨g, best fit⟩ is at most its largest value at a corner, and less than that where it is < 0 at y.
    In a cell all signs are held (r ⊥ features), so that types are all that components depend on. Edge: on the ray from
    y through y + ρ s ⟨g, best fit⟩ is < 0 beyond; labels from y + b towards the predictions of any vector in the open
    cones have vectors in these.
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
    corners = [
        [within_budget(y + rho * s, y, rho) for s, (y,) in zip(signs, problem.targets, strict=True)]
        for signs in product((1, -1), repeat=n)
    ]
    every = frozenset(mask for part in found.types for mask in part)
    fits = reached_fits(step, classes, every, corners)
    covers = separators(step, classes, fits)
    for each in types([choices((0, 1, -1), len(k.units)) for k in classes]):
        if each not in every and not any(
            not each & ~allowed and (below or each & strict) for allowed, strict, below in covers
        ):
            raise Rejected(step.at("separators"), f"leave out the type {each:0{2 * len(classes)}b}")
    edge = step.take("edge", Fields, None)
    if edge is not None:
        at_edge(step, classes, every, fits, rho, edge)
    return CellRadius(found, printable(rho), edge is not None)


def reached_fits(
    step: Reading, classes: Sequence[UnitClass], every: frozenset[int], corners: Sequence[Sequence[Fraction]]
) -> list[Vector]:
    """The best fits at the corners, which vectors in the closed cones of every type with minima predict."""
    problem, span, reached, fits = step.proof.problem, features(step.proof.problem, classes), every, list[Vector]()
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
    return fits


def at_edge(
    step: Reading,
    classes: Sequence[UnitClass],
    every: frozenset[int],
    fits: Sequence[Vector],
    rho: Fraction,
    edge: Fields,
) -> None:
    """That the types with minima change at the distance ρ: one is lost beyond a corner, or another one is reached."""
    problem = step.proof.problem
    mask = read_type(edge, len(classes))
    if "vector" in edge.left:
        k = edge.need("corner", natural)
        g: list[Fraction] = edge.need("vector", listed(canonical))
        slots: Slots = edge.need("multipliers", listed(optional(listed(canonical))))
        allowed, _ = admitted(problem, classes, g, slots, edge.where)
        if mask not in every or mask & ~allowed or k >= len(fits):
            raise Rejected(edge.where, "has no such corner, or no vector that admits a type with minima")
        here, there = dot(g, fits[k]), dot(g, fits[-1 - k])
        if here > 0 or here + there <= 0:  # at y it is half the sum of those at opposite corners
            raise Rejected(edge.where, "has a vector that does not lose the type beyond the corner")
    else:
        change = edge.need("labels", listed(canonical, len(problem.inputs), "changes, one per sample"))
        vectors = edge.need("vectors", listed(listed(canonical)))
        if mask in every or any(abs(x) > rho for x in change):
            raise Rejected(edge.where, "is about a type with minima, or labels farther away")
        if mask not in types([choices((0, 1, -1), len(each.units)) for each in classes]):
            raise Rejected(edge.where, "is about a type that takes more units than there are")
        f = fit(problem, classes, mask, vectors, edge.where)
        errors = [a - y - x for a, (y,), x in zip(f, problem.targets, change, strict=True)]
        if any(dot(errors, phi) for phi in features(problem, classes)):
            raise Rejected(edge.where, "does not predict the best fit")
    edge.done()


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
