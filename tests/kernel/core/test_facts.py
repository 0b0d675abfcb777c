"""Which claims a fact settles: those of its kind and, about the given point, "point"; no other name."""

from fractions import Fraction

import pytest

from symverify.kernel.core.facts import (
    Bracket,
    Evaluated,
    GlobalMinimum,
    LocalMinimum,
    LowerBound,
    NotLocalMinimum,
    SpuriousMinimum,
    Valley,
)
from symverify.kernel.core.proof import Fact

NAMES = (
    "", "assumptions", "atlas", "cells", "critical_point", "global_bounds", "global_minimum", "linear_collapse", "poin",
    "point", "points", "spurious_minimum", "valley", "valleys",
)  # fmt: skip
GIVEN, OTHER = (Evaluated((), (), Fraction(3, 2), known) for known in (True, False))
LOWER = Evaluated((), (), Fraction(1, 2), False)
MINIMUM = LocalMinimum(GIVEN, None)


def said(verdict: str, spurious: bool | None = None, better: str | None = None) -> tuple[str, dict[str, object]]:
    """The verdict on the given point."""
    return verdict, {"risk": "3/2", "spurious": spurious, "better_risk": better}


SPURIOUS = ("proved", {"risk": "3/2", "better_risk": "1/2"})
LEAST = {"global_minimum": ("proved", {"risk": "3/2", "attained": True})}
SIZE = {"dimension": 3, "exact": False}
SETTLED: dict[str, tuple[Fact, dict[str, object]]] = {
    "a point": (GIVEN, {}),
    "a minimum": (MINIMUM, {"point": said("proved")}),
    "a minimum elsewhere": (LocalMinimum(OTHER, None), {}),
    "no minimum": (NotLocalMinimum(GIVEN), {"point": said("refuted")}),
    "no minimum elsewhere": (NotLocalMinimum(OTHER), {}),
    "spurious": (SpuriousMinimum(MINIMUM, LOWER, False), {"point": said("proved", True, "1/2")}),
    "spurious elsewhere": (SpuriousMinimum(LocalMinimum(OTHER, None), LOWER, False), {}),
    "the affine fit": (
        SpuriousMinimum(MINIMUM, LOWER, True), {"point": said("proved", True, "1/2"), "spurious_minimum": SPURIOUS}
    ),
    "the affine fit elsewhere": (
        SpuriousMinimum(LocalMinimum(OTHER, None), LOWER, True), {"spurious_minimum": SPURIOUS}
    ),
    "global": (GlobalMinimum(GIVEN, False), {**LEAST, "point": said("proved", False)}),
    "global elsewhere": (GlobalMinimum(OTHER, False), LEAST),
    "global, the affine fit": (
        GlobalMinimum(OTHER, True), {**LEAST, "spurious_minimum": ("refuted", {"risk": "3/2"})}
    ),
    "a valley": (
        Valley(MINIMUM, 3, False), {"valley": ("proved", {"risk": "3/2", "better_risk": None, **SIZE})}
    ),
    "a spurious valley": (
        Valley(SpuriousMinimum(MINIMUM, LOWER, False), 3, False),
        {"valley": ("proved", {"risk": "3/2", "better_risk": "1/2", **SIZE})},
    ),
    "a bound": (LowerBound(Fraction(1), ()), {}),
    "a bracket": (
        Bracket(Fraction(1), Fraction(2)), {"global_bounds": ("proved", {"lower": "1", "upper": "2"})}
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SETTLED)
def test_settled(name: str) -> None:
    fact, expected = SETTLED[name]
    assert {claim: found for claim in NAMES if (found := fact.settles(claim)) is not None} == expected
