"""The rule `spurious_region`: Theorem 1 for all values of the symbols."""

from dataclasses import dataclass
from fractions import Fraction

from ..core.activation import ZERO
from ..core.errors import Rejected
from ..core.proof import Fact, Reading, Statement
from ..core.text import canonical, integer, listed
from .forms import Form, combined, stateable
from .spurious_radius import read_affine_form
from .symbols import Family, family_of


@dataclass(frozen=True, slots=True)
class SpuriousRegion(Fact):
    """For all values of the symbols a local minimum that predicts the best affine fit is spurious: `form` is > 0."""

    family: Family
    form: Form

    def settles(self, claim: str) -> tuple[str, Statement] | None:
        if claim != "spurious_for_all":
            return None
        return "proved", {"domain": self.family.domain(), "form": self.family.spelled(self.form)}


def spurious_region(step: Reading) -> SpuriousRegion:
    """
    one hidden layer of two or more units, scalar output, both biases, h not affine, squared loss
    g, equal on equal inputs, ⊥ 1 and every coordinate of x;  ⟨g, y(a)⟩ > 0 on the symbols' domain
    ----------------------------------------------------------------------------------------- [spurious_region]
      for all values of the symbols a local minimum that predicts the best affine fit is spurious

    Sound as spurious_radius is: it needs of the labels that ⟨g, y⟩ ≠ 0.
    """
    problem, family = step.proof.problem, family_of(step.proof.problem)
    g = read_affine_form(step, step.need("form", listed(integer, len(problem.inputs), "integers, one per sample")))
    form = combined(zip(map(Fraction, g), family.labels, strict=True), family.size)
    weights = step.take("weights", listed(canonical), [ZERO] * len(family.where))
    if len(weights) != len(family.where) or not family.positive(form, True, weights):
        raise Rejected(step.at("form"), "is not shown to be positive for all values of the symbols")
    return stateable(SpuriousRegion(family, form), "spurious_for_all")
