"""The rule `slope_region`: Theorem 1 on one input for all values of symbols that the slopes are affine in."""

from dataclasses import dataclass
from fractions import Fraction

from ..core.activation import ONE
from ..core.errors import Rejected
from ..core.proof import Fact, Reading, Statement
from ..core.text import canonical, listed
from .every_slope import EverySlope, every_slope
from .face_region import spelled_products
from .forms import Form, combined, stateable
from .symbols import Family, family_of


@dataclass(frozen=True, slots=True)
class SlopeRegion(Fact):
    """For all values of the symbols with different slopes the affine fit's local minimum is spurious.

    `bend` is the difference of the slopes, a form in the symbols. `whole`: it is not 0 on the whole domain.
    """

    family: Family
    slope: EverySlope
    bend: Form
    whole: bool

    @property
    def domain(self) -> str:
        """For which values."""
        if self.whole:
            return self.family.domain()
        return f"{self.family.domain()} {'and' if self.family.where else 'with'} {self.family.spelled(self.bend)} != 0"

    @property
    def better(self) -> str:
        """The better risk, as a text in the symbols."""
        (a, b), (p, q, r) = self.family.slopes, self.slope.form
        below = spelled_products(self.family, [(p, a, a), (2 * q, a, b), (r, b, b)])
        return f"{self.slope.risk} - {self.slope.gain} ({self.family.spelled(self.bend)})^2 / ({below})"

    def settles(self, claim: str) -> tuple[str, Statement] | None:
        if claim != "spurious_for_all":
            return None
        known: Statement = {"risk": str(self.slope.risk), "kink": str(self.slope.kink), "better_formula": self.better}
        return "proved", {"domain": self.domain, **known}


def slope_region(step: Reading) -> SlopeRegion:
    """
    the premises of every_slope; slopes a, b, affine in the symbols, a ≠ b for some of them; if "weights" λ ≥ 0 of the
    side conditions show a − b or b − a to be > 0 (as in spurious_region), for all of them
    --------------------------------------------------------------------------------------- [slope_region]
      for all values of the symbols with a ≠ b a local minimum that predicts f is spurious: as every_slope says

    Sound by every_slope, which is about all slopes. The activation of the problem, that of one value, is not used.
    """
    family = family_of(step.proof.problem)
    slope = every_slope(step)
    (a, b) = family.slopes
    first, second = (combined([(s, b), (-s, a)], family.size) for s in (ONE, -ONE))
    if not any(first):
        raise Rejected(step.where, "the two slopes are the same for all values of the symbols")
    bend = min(first, second, key=lambda form: family.spelled(form).startswith("-"))
    weights: list[Fraction] = step.take("weights", listed(canonical), [])
    whole = any(family.positive(form, True, weights) for form in (first, second))
    return stateable(SlopeRegion(family, slope, bend, whole), "spurious_for_all")
