"""The rule `closed_list`: for no value of the symbols is there a spurious local minimum.

A state of a unit is a face and the sign of its output weight (0: none), a stratum a state for each unit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations_with_replacement
from math import comb

from ..cells.arrangement import arrangement
from ..cells.face_atlas import unit_faces
from ..cells.strata import Slots, UnitClass, admitted, features, unit_classes
from ..core.activation import ONE, ZERO
from ..core.algebra import dot, rank, sign
from ..core.errors import Declined, Malformed, Rejected, spend
from ..core.network import Problem, Vector
from ..core.proof import Fact, Reading, Statement
from ..core.text import Fields, canonical, integer, listed, natural, optional
from ..core.units import Units
from .face_region import spelled_square
from .forms import Form, combined, read_form, stateable
from .symbols import Family, family_of

MAX_STRATA = 20_000
State = tuple[tuple[int, ...], int]  # per sample as in strata.Face, and the sign
Strata = Sequence[tuple[State, ...]]
Sides = tuple[tuple[Form, bool], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the domain, where the forms in `sides` are ≥ 0, or > 0 where it says so; there all local minima have
    predictions labels + `errors`, None if no symbols are in it. `excluded` strata have none.
    """

    family: Family
    sides: Sides
    errors: tuple[Form, ...] | None
    excluded: int

    def has(self, errors: tuple[Form, ...]) -> bool:
        """Whether they are those of the local minima on this part."""
        return self.errors is not None and all(map(self.family.same, self.errors, errors))

    @property
    def words(self) -> str:
        """The sides, as a text."""
        kept = [each for each in self.sides if each[1] or (each[0], True) not in self.sides]
        return " and ".join(f"{self.family.spelled(form)} {'>' if strict else '>='} 0" for form, strict in kept)


@dataclass(frozen=True, slots=True)
class NoSpurious(Fact):
    """For no value of the symbols is there a spurious local minimum.

    All have the predictions that their part of the domain says. Of `strata` up to exchanging units on each part at
    least `excluded` have none.
    """

    family: Family
    parts: tuple[Part, ...]
    factor: Fraction
    strata: int

    @property
    def excluded(self) -> int:
        """The least number of strata without local minima, of all parts."""
        return min(each.excluded for each in self.parts)

    @property
    def formula(self) -> str:
        """The risk of all local minima: a polynomial, or several with the parts of the domain where they hold.

        One that holds on many parts is taken before others that are equal to it on some of these.
        """
        left = [each for each in self.parts if each.errors is not None]
        said = list[str]()
        while left:
            best = max((part.errors for part in left if part.errors), key=lambda e: sum(each.has(e) for each in left))
            where = " or ".join(f"({each.words})" for each in left if each.has(best))
            left = [each for each in left if not each.has(best)]
            risk = spelled_square(self.family, best, self.factor)
            said.append(f"{risk} where {where}" if left or said else risk)
        return "; ".join(said)

    def settles(self, claim: str) -> tuple[str, Statement] | None:
        if claim != "no_spurious_for_all":
            return None
        counts: Statement = {"strata": self.strata, "excluded": self.excluded}
        return "proved", {"domain": self.family.domain(), "formula": self.formula, **counts}


def closed_list(step: Reading) -> NoSpurious:
    """
    h positively homogeneous about a point that the biases can move to 0: the least risk is attained
    a binary tree of linear forms in the symbols, which cuts the domain into parts; on each of these
    each stratum, up to exchanging units: predictions f(a) ∈ span, f − y ⊥ span; there they are those of the others; or
      a g that admits its units, not all of them with κ = 0, and ⟨g, f(a)⟩ ≤ 0 on the part; or
      a unit and δ: σ times the first-order change of φ = Σ (f_i − y_i) h along δ is < 0 on the part
    --------------------------------------------------------------------------------------- [closed_list]
      for no value of the symbols is there a spurious local minimum

    Sound: a local minimum on a stratum predicts the best fit f in its span. With g: Σ σ ⟨g, F z⟩ > 0 on the stratum,
    and ⟨g, f⟩ ≤ 0. With δ: it contradicts face_minimum (for σ = 0 a change of either sign does). So for each value all
    local minima have one risk, and the global minima are among them.
    """
    problem, family = step.proof.problem, family_of(step.proof.problem)
    if Units.of(problem).cone:
        raise Rejected(step.where, "the least risk need not be attained with this activation and these biases")
    faces, units = named_faces(problem), problem.widths[1]
    states = [(face, s) for face in faces for s in (0, 1, -1)]
    if (count := comb(len(states) + units - 1, units)) > MAX_STRATA:
        raise Declined(f"more than {MAX_STRATA} strata")
    strata = list(combinations_with_replacement(states, units))
    if "cover" in step.left:
        parts = covered(problem, family, strata, step.need("cover", listed(Fields)), step.at("cover"))
    else:
        parts = [part(problem, family, (), strata, step)]
    if all(each.errors is None for each in parts):
        raise Rejected(step.where, "leaves no stratum, and so no local minimum at all")
    return stateable(NoSpurious(family, tuple(parts), problem.loss.factor, count), "no_spurious_for_all")


def covered(problem: Problem, family: Family, strata: Strata, nodes: list[Fields], where: str) -> list[Part]:
    """The parts of a tree: nodes in prefix order, {"split": form}, its part ≥ 0 first, or what a part has."""
    open_parts, found = list[tuple[Family, Sides]]([(family, ())]), list[Part]()
    for node in nodes:
        if not open_parts:
            raise Rejected(node.where, "comes after the end of the tree")
        there, sides = open_parts.pop()
        if "split" in node.left:
            form = node.need("split", read_form(family.size))
            node.done()
            above, below = there.split(form)
            open_parts += [(below, (*sides, (below.where[-1], True))), (above, (*sides, (form, False)))]
        else:
            found.append(part(problem, there, sides, strata, node))
            node.done()
    if open_parts:
        raise Rejected(where, "ends before all parts are covered")
    return found


def part(problem: Problem, family: Family, sides: Sides, strata: Strata, fields: Fields) -> Part:
    """The fields "fit" and "strata" on a part of the domain."""
    common = fields.take("fit", listed(read_form(family.size), len(problem.inputs), "forms"), None)
    given = fields.need("strata", listed(Fields))
    if len(given) != len(strata):
        what = f"expected one entry for each of the {len(strata)} strata, got {len(given)}"
        raise Rejected(fields.at("strata"), what)
    excluded = 0
    for k, (stratum, each) in enumerate(zip(strata, given, strict=True)):
        each.where = f"{fields.at('strata')}[{k}]"
        spend(1000 * len(problem.inputs))
        excluded += judged(problem, family, list(stratum), each, common)
        each.done()
    if excluded == len(strata):  # the least risk is attained, so that there are no such symbols
        return Part(family, sides, None, excluded)
    if common is None:
        raise Rejected(fields.at("strata"), "leaves strata, and there is no common fit")
    pairs = zip(common, family.labels, strict=True)
    return Part(family, sides, tuple(combined([(ONE, f), (-ONE, y)], family.size) for f, y in pairs), excluded)


def named_faces(problem: Problem) -> list[tuple[int, ...]]:
    """The faces of a unit by the pieces of the samples, in lexicographic order."""
    rows, half = arrangement(problem)
    distinct = {row: k for k, row in enumerate(dict.fromkeys(rows))}
    live, per, found = [i for i in range(len(problem.inputs)) if any(problem.row(i))], list[int](), []
    per = [distinct[row] for row in (rows[:-1] if half else rows)]
    cuts = len(problem.activations[0].breakpoints)
    zero = problem.activations[0].pieces(ZERO)[0]
    flips = orientation(problem)
    for signs in unit_faces(problem):
        place = [2 * zero] * len(problem.inputs)
        for k, i in enumerate(live):
            above = [signs[per[k * cuts + p]] * flips[k * cuts + p] for p in range(cuts)]
            p = sum(s > 0 for s in above)
            place[i] = 2 * p + (0 in above)
        found.append(tuple(place))
    return sorted(found)


def orientation(problem: Problem) -> list[int]:
    """Per live sample and breakpoint the sign of the canonical row of `arrangement` to (x̃, −t): that of x̃ alone."""
    rows = [problem.row(i) for i in range(len(problem.inputs))]
    leading = [next(filter(None, row)) for row in rows if any(row)]
    return [sign(x) for x in leading for _ in problem.activations[0].breakpoints]


def judged(
    problem: Problem, family: Family, stratum: list[State], fields: Fields, common: Sequence[Form] | None
) -> bool:
    """Whether the entry excludes the stratum; else it has the common predictions."""
    where, size = fields.where, family.size
    given = fields.take("fit", listed(read_form(size), len(problem.inputs), "forms"), common)
    if given is None:
        raise Rejected(fields.at("fit"), "is missing, as there is no common one")
    f = [tuple(form) for form in given]
    used = [face for face, s in stratum if s]
    classes = unit_classes(problem, tuple(used)) if used else []
    span = features(problem, classes) if used else [(ONE,) * len(problem.inputs)] * problem.output_bias
    errors = [combined([(ONE, a), (-ONE, y)], size) for a, y in zip(f, family.labels, strict=True)]
    for phi in span:
        if any(combined(zip(phi, errors, strict=True), size)):
            raise Rejected(where, "has predictions that are not the best for all labels")
    in_span(span, f, fields)
    if "vector" in fields.left:
        by_vector(problem, family, classes, stratum, f, fields)
        return True
    if "direction" in fields.left:
        by_direction(problem, family, stratum, errors, fields)
        return True
    if common is None or not all(map(family.same, common, f)):
        raise Rejected(where, "is not excluded, and has other predictions")
    return False


def in_span(span: Sequence[Vector], f: Sequence[Form], fields: Fields) -> None:
    """The predictions are combinations of the features: f = Σ coefficient · φ, for the constant and each symbol."""
    columns = [[form[k] for form in f] for k in range(len(f[0]))]
    if rank(span) != rank([*span, *columns]):
        raise Rejected(fields.where, "has predictions that are not in the span")


def by_vector(
    problem: Problem,
    family: Family,
    classes: Sequence[UnitClass],
    stratum: list[State],
    f: Sequence[Form],
    fields: Fields,
) -> None:
    """⟨g, f⟩ ≤ 0 on the domain, and > 0 on the stratum."""
    g: list[Fraction] = fields.need("vector", listed(canonical))
    slots: Slots = fields.need("multipliers", listed(optional(listed(canonical))))
    weights: list[Fraction] = fields.take("weights", listed(canonical), [])
    allowed, strict = admitted(problem, classes, g, slots, fields.where)
    used = [face for face, s in stratum if s]
    signs = [s for _, s in stratum if s]
    member = {j: k for k, each in enumerate(classes) for j in each.units}
    mask = sum({1 << 2 * member[j] + (signs[j] < 0) for j in range(len(used))})
    if mask & ~allowed or not mask & strict:
        raise Rejected(fields.where, "has a vector that does not admit the stratum, or only with multipliers 0")
    form = combined([(-a, b) for a, b in zip(g, f, strict=True)], family.size)
    if not family.positive(form, False, weights):
        raise Rejected(fields.where, "has a vector that may be positive on the best fit")


def by_direction(
    problem: Problem, family: Family, stratum: list[State], errors: Sequence[Form], fields: Fields
) -> None:
    """σ times the change of φ along δ is negative on the domain; for σ = 0 it is not 0."""
    j = fields.need("unit", natural)
    delta: list[Fraction] = fields.need("direction", listed(canonical, len(problem.row(0)), "numbers"))
    weights: list[Fraction] = fields.take("weights", listed(canonical), [])
    side = fields.take("sign", integer, 0)
    if j >= len(stratum) or side not in (-1, 0, 1):
        raise Malformed((fields.where, "there is no such unit, or no such sign"))
    face, s = stratum[j]
    if bool(side) == bool(s):
        raise Rejected(fields.where, "a sign is given exactly where the output weight is 0")
    h, terms = problem.activations[0], list[tuple[Fraction, Form]]()
    for i, place in enumerate(face):
        along = dot(problem.row(i), delta)
        piece = place // 2 + (place % 2 and along > 0)
        terms.append((-Fraction(s or side) * h.slopes[piece] * along, errors[i]))
    form = combined(terms, family.size)
    if not family.positive(form, True, weights):
        raise Rejected(fields.where, "has a direction along which it need not fall")
