"""Linear forms in the changes d_1 … d_m of what is variable: the constant first, then the coefficients."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from ..core.algebra import dot, total
from ..core.errors import Declined, within_budget
from ..core.proof import Fact
from ..core.text import Read, canonical, listed

Form = tuple[Fraction, ...]
F = TypeVar("F", bound=Fact)
MAX_SPELLED = 14_000


@dataclass(frozen=True, slots=True)
class Condition:
    """A form that has to be positive, or not negative if it is not `strict`; in words what it is."""

    what: str
    form: Form
    strict: bool


def read_form(size: int) -> Read[Form]:
    """Reads the constant and `size` coefficients."""
    read = listed(canonical, size + 1, "numbers: a constant, then the coefficients")
    return lambda value, where: tuple(read(value, where))


def combined(terms: Iterable[tuple[Fraction, Form]], size: int) -> Form:
    """Σ factor · form, in `size` variables."""
    found = [Fraction(0)] * (size + 1)
    for factor, form in terms:
        if factor:
            found = [within_budget(a + factor * b, factor, b) for a, b in zip(found, form, strict=True)]
    return tuple(found)


def norm(form: Form) -> Fraction:
    """The sum of the coefficients' sizes: how fast the form can fall as all d_k change at once."""
    return total(map(abs, form[1:]))


def room(form: Form) -> Fraction | None:
    """ρ with form > 0 wherever all |d_k| < ρ, the largest; None if the form is constant."""
    slope = norm(form)
    return within_budget(form[0] / slope, form[0], slope) if slope else None


def value(form: Form, d: Sequence[Fraction]) -> Fraction:
    """The form at d."""
    return form[0] + dot(form[1:], d)


def numeral(x: Fraction | int) -> str:
    """A number in a text of a statement; Declined if Python would not spell it (it spells 4,300 digits)."""
    if max(x.numerator.bit_length(), x.denominator.bit_length()) > MAX_SPELLED:
        raise Declined(f"a number of more than {MAX_SPELLED} bits to be stated")
    return str(x)


def stateable(fact: F, claim: str) -> F:
    """The fact, if its statement can be spelled; else Declined, before anything is told of it."""
    fact.settles(claim)
    return fact
