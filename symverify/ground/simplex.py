"""Small linear programs over the rationals, exactly: the simplex method with Bland's rule, which always ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from .linear import Number
from .time_limit import on_time

ZERO, ONE = Fraction(0), Fraction(1)


@dataclass(frozen=True, slots=True)
class Optimum:
    """max ⟨c, x⟩ = `value`, attained at `x`, and proved by `dual` ≥ 0: dual·A ≥ c, ⟨dual, b⟩ = value."""

    value: Fraction
    x: list[Fraction]
    dual: list[Fraction]


def maximise(c: Sequence[Number], rows: Sequence[Sequence[Number]], b: Sequence[Number]) -> Optimum | None:
    """max ⟨c, x⟩ over x ≥ 0 with rows·x ≤ b, where b ≥ 0, so that x = 0 is a start; None if it is unbounded."""
    count, width = len(rows), len(c)
    if min(b, default=0) < 0:
        raise ValueError("0 is not feasible")
    table = [
        [*map(Fraction, row), *(ONE if k == i else ZERO for k in range(count)), Fraction(right)]
        for i, (row, right) in enumerate(zip(rows, b, strict=True))
    ]
    price, basis = [*(-Fraction(x) for x in c), *[ZERO] * (count + 1)], list(range(width, width + count))
    while (enter := next((j for j, x in enumerate(price[:-1]) if x < 0), None)) is not None:
        on_time()
        ratios = [(row[-1] / row[enter], basis[i], i) for i, row in enumerate(table) if row[enter] > 0]
        if not ratios:
            return None
        *_, leave = min(ratios)
        pivot = [x / table[leave][enter] if x else x for x in table[leave]]
        table[leave], basis[leave] = pivot, enter
        for row in (*table[:leave], *table[leave + 1 :], price):
            if factor := row[enter]:
                row[:] = [x - factor * y if y else x for x, y in zip(row, pivot, strict=True)]
    x = [ZERO] * (width + count)
    for variable, row in zip(basis, table, strict=True):
        x[variable] = row[-1]
    return Optimum(price[-1], x[:width], price[width : width + count])


def free(columns: Sequence[Sequence[Number]]) -> list[list[Number]]:
    """The columns of variables of any sign, each as the difference of two that are not negative: x₁, −x₁, x₂, …"""
    return [part for column in columns for part in ([*column], [-x for x in column])]
