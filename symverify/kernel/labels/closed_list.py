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
from .forms import Form, combined, read_form
from .symbols import Family, family_of

MAX_STRATA = 20_000
State = tuple[tuple[int, ...], int]  # per sample as in strata.Face, and the sign


@dataclass(frozen=True, slots=True)
class NoSpurious(Fact):
    """For no value of the symbols is there a spurious local minimum; all have predictions labels + `errors`.

    Of `strata` up to exchanging units `excluded` have no local minima.
    """

    family: Family
    errors: tuple[Form, ...]
    factor: Fraction
    strata: int
    excluded: int

    def settles(self, claim: str) -> tuple[str, Statement] | None:
        if claim != "no_spurious_for_all":
            return None
        counts: Statement = {"strata": self.strata, "excluded": self.excluded}
        risk = spelled_square(self.family, self.errors, self.factor)
        return "proved", {"domain": self.family.domain(), "formula": risk, **counts}


def closed_list(step: Reading) -> NoSpurious:
    """
    h positively homogeneous about a point that the biases can move to 0: the least risk is attained
    each stratum, up to exchanging units: predictions f(a) ∈ span, f − y ⊥ span; they are those of the others; or
      a g that admits its units, not all of them with κ = 0, and ⟨g, f(a)⟩ ≤ 0 on the domain; or
      a unit and δ: σ times the first-order change of φ = Σ (f_i − y_i) h along δ is < 0 on the domain
    --------------------------------------------------------------------------------------- [closed_list]
      for no value of the symbols is there a spurious local minimum

    Sound: a local minimum on a stratum predicts the best fit f in its span. With g: Σ σ ⟨g, F z⟩ > 0 on the stratum,
    and ⟨g, f⟩ ≤ 0. With δ: it contradicts face_minimum (for σ = 0 a change of either sign does). So all local minima
    have one risk, and the global minima are among them.
    """
    problem, family = step.proof.problem, family_of(step.proof.problem)
    if Units.of(problem).cone:
        raise Rejected(step.where, "the least risk need not be attained with this activation and these biases")
    faces, units = named_faces(problem), problem.widths[1]
    states = [(face, s) for face in faces for s in (0, 1, -1)]
    if (count := comb(len(states) + units - 1, units)) > MAX_STRATA:
        raise Declined(f"more than {MAX_STRATA} strata")
    common = tuple(step.need("fit", listed(read_form(family.size), len(problem.inputs), "forms")))
    given = step.need("strata", listed(Fields))
    if len(given) != count:
        raise Rejected(step.at("strata"), f"expected one entry for each of the {count} strata, got {len(given)}")
    excluded, kept = 0, 0
    for k, (stratum, fields) in enumerate(zip(combinations_with_replacement(states, units), given, strict=True)):
        fields.where = f"{step.at('strata')}[{k}]"
        spend(1000 * len(problem.inputs))
        if judged(problem, family, list(stratum), fields, common):
            excluded += 1
        else:
            kept += 1
        fields.done()
    if not kept:
        raise Rejected(step.at("strata"), "leaves no stratum, and so no local minimum at all")
    errors = tuple(combined([(ONE, f), (-ONE, y)], family.size) for f, y in zip(common, family.labels, strict=True))
    return NoSpurious(family, errors, problem.loss.factor, count, excluded)


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
    """Per live sample and breakpoint the sign of the canonical row of `arrangement` to (x̃, −t)."""
    t = problem.activations[0].breakpoints
    cone = not (len(t) <= 1 and (problem.hidden_bias or not any(t)))
    found = list[int]()
    for i in range(len(problem.inputs)):
        row = problem.row(i)
        if any(row):
            found += [sign(next(x for x in ((*row, -p) if cone else row) if x)) for p in t]
    return found


def judged(problem: Problem, family: Family, stratum: list[State], fields: Fields, common: Sequence[Form]) -> bool:
    """Whether the entry excludes the stratum; else it has the common predictions."""
    where, size = fields.where, family.size
    given = fields.take("fit", listed(read_form(size), len(problem.inputs), "forms"), list(common))
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
    if list(common) != f:
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
