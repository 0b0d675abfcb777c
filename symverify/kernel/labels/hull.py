"""The rule `hull`: local minima on one face are spurious for all values of the symbols, by those on another."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations_with_replacement, product

from ..core.activation import ONE, ZERO
from ..core.algebra import dot, total
from ..core.errors import Rejected, within_budget
from ..core.proof import Fact, Reading, Statement
from .face_region import FaceRegion, spelled_square
from .forms import Form, value

MAX_CORNERS = 64


@dataclass(frozen=True, slots=True)
class SpuriousHull(Fact):
    """For all values of the symbols the minimum on the face of `minimum` has a higher risk than that of `better`."""

    minimum: FaceRegion
    better: FaceRegion

    def settles(self, claim: str) -> tuple[str, Statement] | None:
        if claim != "spurious_face_for_all":
            return None
        found, other = self.minimum, self.better
        lower = spelled_square(other.family, other.errors, other.factor)
        risk = spelled_square(found.family, found.errors, found.factor)
        return "proved", {"domain": found.family.domain(), "face": found.face, "formula": risk, "better_formula": lower}


def hull(step: Reading) -> SpuriousHull:
    """
    local minima on two faces for all values of the symbols (face_region); their errors e and e' at the corners of the
    box, labelled by α: D_αβ = ⟨e_α, e_β⟩ − ⟨e'_α, e'_β⟩ ≥ 0, and D_αα > 0
    with more than 64 corners instead: |e|² − |e'|² = q_00 + 2 Σ q_0k δ_k + Σ q_jk δ_j δ_k, a_k = centre_k + half_k δ_k,
    and q_00 > 2 Σ |q_0k| + Σ |q_jk|
    ------------------------------------------------------------------------------------ [hull]
      for all values of the symbols the first has a higher risk than the second: it is spurious

    Sound: any values are Σ t_α α with t ≥ 0, Σ t_α = 1; errors are affine in them, so the difference of the risks is
    c Σ t_α t_β D_αβ > 0. In the box all |δ_k| ≤ 1.
    """
    first, second = step.premise("minimum", FaceRegion), step.premise("better", FaceRegion)
    family = first.family
    if 1 << family.size > MAX_CORNERS:
        if least_gap(family.half, first.errors, second.errors) <= 0:
            raise Rejected(step.roles.at("better"), "is not shown to be lower for all values of so many symbols")
        return SpuriousHull(first, second)
    corners = [
        [h * s for h, s in zip(family.half, signs, strict=True)] for signs in product((1, -1), repeat=family.size)
    ]
    ends = [(at_corner(first.errors, d), at_corner(second.errors, d)) for d in corners]
    for (a, b), (c, e) in combinations_with_replacement(ends, 2):
        gap = dot(a, c) - dot(b, e)
        if gap < 0 or (gap == 0 and (a, b) == (c, e)):
            raise Rejected(step.roles.at("better"), "is not shown to be lower for all values of the symbols")
    return SpuriousHull(first, second)


def least_gap(half: Sequence[Fraction], first: Sequence[Form], second: Sequence[Form]) -> Fraction:
    """A lower bound of |e|² − |e'|² on the box: q_00 − 2 Σ |q_0k| − Σ |q_jk|."""
    scales, low = (ONE, *half), ZERO
    for j, a in enumerate(scales):
        for k, b in enumerate(scales):
            plus, minus = (total(form[j] * form[k] for form in errors) for errors in (first, second))
            size = within_budget(a * b * (plus - minus), a, b, plus)
            low = within_budget(low + size if j == k == 0 else low - abs(size), size)
    return low


def at_corner(errors: tuple[Form, ...], d: list[Fraction]) -> list[Fraction]:
    """The errors for these values."""
    return [value(form, d) for form in errors]
