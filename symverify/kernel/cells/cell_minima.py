"""The rule `cell_minima`: the local minima in a cell or on a face, by the signs of the output weights."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..core.activation import ZERO
from ..core.algebra import dot, rank, sign
from ..core.errors import Rejected, printable, spend
from ..core.facts import Evaluated
from ..core.network import Point, Problem, Vector, rational, risk
from ..core.proof import Fact, Reading, Statement
from ..core.text import canonical, listed
from .strata import (
    Face,
    Slots,
    UnitClass,
    admitted,
    dimension,
    dual,
    features,
    inside,
    loss_gradient,
    named_face,
    signs_held,
    spelled,
    types,
)

Level = tuple[Fraction | None, Fraction | None]  # the ends of an interval of predictions, None at infinity


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

    def settles(self, claim: str) -> tuple[str, Statement] | None:
        if claim != "cell_minima":
            return None
        risk = str(self.risk) if self.orbits else None
        found: Statement = {"components": self.components, "orbits": len(self.orbits), "risk": risk}
        return "proved", {"cell": spelled(self.face), **found}


def cell_minima(step: Reading) -> CellMinima:
    """
    C a cell or a face    f* in span(features(C)), r = factor · ∂ℓ/∂f at f* orthogonal to it
    every type of signs that r holds is one of: that of a point on C with f_i ∈ I_i = {f : factor · ℓ'(f − y_i) = r_i};
    or separated by a g that admits its slots and has sup {⟨g, f⟩ : f_i ∈ I_i} ≤ 0, < 0 if no slot of it is strict
    --------------------------------------------------------------------------------------------- [cell_minima]
      the local minima on C are its points with f_i ∈ I_i and signs that r holds: in a cell, all signs. They form Σ 2^p
      components: one term for each component of the graph of the non-empty types, joined by inclusion (an orbit of
      components under exchanging units of a class); p counts the classes of two units with both signs in all its types

    Sound: at a local minimum on C each φ_j, affine on the face of w_j, is 0 at w_j and of one sign around, so 0 on the
    face: Σℓ is minimal over the span, and its gradient is r. A separated type is empty: ⟨g, f⟩ ≥ 0 on it. In
    (v w, v, c) the minima with given signs σ are a convex set, times the faces of the units with v = 0, so
    connected; a segment joins σ' ≤ σ (some signs set to 0), and a path on C changes signs in no other way. All sign
    vectors of a type are joined through it, except (+, −) and (−, +) of a class of two units, which are joined
    exactly through types that lack one of these signs. A class that holds one sign only has it in every type.
    """
    problem, (at, face, classes) = step.proof.problem, named_face(step)
    best: list[Fraction] = step.need("best", listed(canonical, len(problem.inputs), "predictions"))
    duals: list[tuple[list[Fraction], Slots]] = step.need("separators", listed(dual))
    r, span = loss_gradient(problem, best), features(problem, classes)
    if any(dot(r, phi) for phi in span) or rank(span) != rank([*span, best]):
        raise Rejected(step.at("best"), "are not the best predictions in the features' span")
    held = tuple(signs_held(problem, at.point, each.units[0], r) for each in classes)
    reached = witnessed(step, face, classes, r, held)
    ends = [level(problem, f, y) for f, (y,) in zip(best, problem.targets, strict=True)]
    covers = separated(step, classes, duals, ends)
    for each in types([choices(signs, len(k.units)) for signs, k in zip(held, classes, strict=True)]):
        spend(60 * (2 + len(covers)))
        if each not in reached and not any(
            not each & ~allowed and (below or each & strict) for allowed, strict, below in covers
        ):
            raise Rejected(step.where, f"type {each:0{2 * len(classes)}b} has neither a witness nor a separator")
    components, orbits, fixed = 0, list[tuple[Point, int | None]](), all(low == high for low, high in ends)
    parts = tuple(map(frozenset, joined(set(reached))))
    for orbit in parts:
        pairs = [
            k for k, each in enumerate(classes) if len(each.units) == 2 and all(t >> 2 * k & 3 == 3 for t in orbit)
        ]
        size, largest = max((dimension(problem, classes, t), t) for t in orbit)
        components += 2 ** len(pairs)
        orbits.append((reached[largest], size if fixed else None))
    least = printable(risk(problem, [(f,) for f in best]))
    return CellMinima(at, face, least, components, tuple(orbits), parts, held)


def witnessed(
    step: Reading, face: Face, classes: Sequence[UnitClass], r: Vector, held: Sequence[tuple[int, ...]]
) -> dict[int, Point]:
    """The first witness of each type that has one."""
    problem, reached = step.proof.problem, dict[int, Point]()
    member = {j: k for k, each in enumerate(classes) for j in each.units}
    for here, theta in inside(problem, face, r, step, "witnesses"):
        signs = [sign(rational(v)) for v in theta[1].weight[0]]
        for j, s in enumerate(signs):
            if s not in held[member[j]]:
                raise Rejected(
                    here, f"{problem.unit_name(0, j)} has an output weight of a sign that no local minimum has"
                )
        reached.setdefault(sum({1 << 2 * member[j] + (s < 0) for j, s in enumerate(signs) if s}), theta)
    return reached


def separated(
    step: Reading, classes: Sequence[UnitClass], duals: Sequence[tuple[list[Fraction], Slots]], ends: Sequence[Level]
) -> list[tuple[int, int, bool]]:
    """Per separator the slots that it admits, those that are strict, and whether it is < 0 at best predictions."""
    covers = []
    for index, (g, given) in enumerate(duals):
        here = f"{step.at('separators')}[{index}]"
        allowed, strict = admitted(step.proof.problem, classes, g, given, here)
        tops = [high if x > 0 else low for x, (low, high) in zip(g, ends, strict=True)]
        top = dot(g, [end or ZERO for end in tops])
        if top > 0 or any(x and end is None for x, end in zip(g, tops, strict=True)):
            raise Rejected(here, "its products with best predictions are not bounded by 0")
        covers.append((allowed, strict, top < 0))
    return covers


def choices(held: Sequence[int], units: int) -> Sequence[int]:
    """The signs that a class can show in a type: as in `types`. Where 0 is not held, every unit has the one sign."""
    return (0, 1, 2, 3)[: 3 + (units > 1)] if 0 in held else [1 if s > 0 else 2 for s in held]


def level(problem: Problem, f: Fraction, y: Fraction) -> Level:
    """The I_i of a best prediction f: the ends of the interval of predictions with its slope, None at infinity."""
    loss, e = problem.loss, f - y
    piece, slope, cuts = bisect_left(loss.cuts, e), loss.slope(e), (None, *loss.cuts, None)
    for p in (piece, piece + (e in loss.cuts)):
        if loss.parts[p][:2] == (ZERO, slope):
            low, high = cuts[p : p + 2]
            return None if low is None else y + low, None if high is None else y + high
    return f, f


def joined(left: set[int]) -> Iterator[set[int]]:
    """The classes of types that chains of inclusions join."""
    while left:
        front = [max(left)]
        orbit = set(front)
        while front:
            one = front.pop()
            spend(60 * len(left))
            fresh = {t for t in left - orbit if t & one in (t, one)}
            orbit |= fresh
            front += fresh
        left = left - orbit
        yield orbit
