"""The rule `face_region`: a local minimum on one face for all values of the symbols."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..cells.strata import spelled
from ..core.algebra import total
from ..core.errors import Rejected, within_budget
from ..core.network import Point
from ..core.proof import Fact, Reading, Statement
from ..core.text import canonical, listed
from .face import read_moving
from .forms import Condition, Form, numeral, stateable
from .symbols import Family, family_of


@dataclass(frozen=True, slots=True)
class FaceRegion(Fact):
    """For all values of the symbols the face has a local minimum with output weights of the signs of `point`.

    `errors` are its predictions less the labels; `factor` is c.
    """

    family: Family
    point: Point
    face: str
    conditions: tuple[Condition, ...]
    errors: tuple[Form, ...]
    factor: Fraction

    def settles(self, claim: str) -> tuple[str, Statement] | None:
        if claim != "minimum_for_all":
            return None
        risk = spelled_square(self.family, self.errors, self.factor)
        return "proved", {"domain": self.family.domain(), "face": self.face, "formula": risk}


def face_region(step: Reading) -> FaceRegion:
    """
    labels y(a), affine in the symbols; θ(a), linear in them, satisfies the equations of `conditions`
    its forms are > 0, or ≥ 0 if not strict, on the symbols' domain
    --------------------------------------------------------------------------------- [face_region]
      for all values of the symbols θ(a) is a local minimum, all on one face

    Sound by `conditions`, which is face_minimum with linear forms for numbers.
    """
    problem, family = step.proof.problem, family_of(step.proof.problem)
    moving = read_moving(step, step.point("parameters"), family.labels)
    weights: list[list[Fraction]] = step.take("weights", listed(listed(canonical)), [])
    found = list(moving.conditions())
    if weights and len(weights) != len(found):
        raise Rejected(step.at("weights"), f"expected one list for each of the {len(found)} conditions")
    for k, each in enumerate(found):
        given = weights[k] if weights else []
        if len(given) > len(family.where) or not family.positive(each.form, each.strict, given):
            raise Rejected(step.where, f"{each.what} may give way")
    face = spelled(moving.face)
    fact = FaceRegion(family, moving.start, face, tuple(found), moving.errors, problem.loss.factor)
    return stateable(fact, "minimum_for_all")


def spelled_square(family: Family, errors: Sequence[Form], factor: Fraction) -> str:
    """factor · Σ e_i², as a polynomial in the symbols."""
    return spelled_products(family, [(factor, form, form) for form in errors])


def spelled_products(family: Family, terms: Sequence[tuple[Fraction, Form, Form]]) -> str:
    """Σ factor · form · form', as a polynomial in the symbols."""
    found = dict[tuple[int, ...], Fraction]()
    for factor, *pair in terms:
        first, second = (
            (form[0] - total(c * x for c, x in zip(family.centre, form[1:], strict=True)), *form[1:]) for form in pair
        )
        for j, a in enumerate(first):
            for k, b in enumerate(second):
                key = tuple(sorted((j, k)))
                found[key] = within_budget(found.get(key, Fraction(0)) + factor * a * b, a, b, factor)
    parts = list[str]()
    for key in sorted(found, key=lambda each: (sum(k > 0 for k in each), each)):
        x = found[key]
        names = [family.names[k - 1] for k in key if k]
        power = f"{names[0]}^2" if len(names) == 2 and names[0] == names[1] else " ".join(names)
        size = numeral(abs(x)) if not power else power if abs(x) == 1 else f"{numeral(abs(x))} {power}"
        parts += [f"{'- ' if x < 0 else '+ ' if parts else ''}{size}"] if x else []
    return " ".join(parts) or "0"
