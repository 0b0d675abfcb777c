"""Exact projection onto a polyhedral cone that is given by generators."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import fmpq, fmpq_mat, fmpz_mat

from symverify.ground import linear
from symverify.ground.time_limit import on_time, timed

Column = Sequence[int]


@dataclass(frozen=True, slots=True)
class ConeProjection:
    """target = Σ weights[k] · column(k) + residual, weights > 0, residual orthogonal to those columns."""

    weights: dict[int, Fraction]
    residual: list[Fraction]


def cone_projection(
    target: Column,
    column: Callable[[int], Column],
    worst: Callable[[list[int]], int | None],
    warm: Sequence[int] = (),
) -> ConeProjection:
    """The point of {Σ x_k column(k) : x ≥ 0} nearest to `target`, by Lawson and Hanson's method over ℚ.

    `worst(g)` names a column with ⟨column, g⟩ > 0, where g is a positive multiple of the residual, or is None if
    there is none: then the residual is optimal. `warm` are columns to start with. Every step lowers the distance,
    and each distance belongs to one of finitely many supports, so the method ends.
    """
    weights = _positive_start(target, column, warm)
    while True:
        residual = _residual(target, column, weights)
        entering = worst(linear.primitive(residual)) if any(residual) else None
        if entering is None:
            return ConeProjection(weights, residual)
        weights[entering] = Fraction(0)
        weights = _settled(target, column, weights)


def _residual(target: Column, column: Callable[[int], Column], weights: dict[int, Fraction]) -> list[Fraction]:
    on_time()
    if not weights:
        return [Fraction(t) for t in target]
    row = fmpq_mat(1, len(weights), [fmpq(w.numerator, w.denominator) for w in weights.values()])
    fit = row * fmpq_mat(fmpz_mat([list(column(k)) for k in weights]))
    return [t - Fraction(int(x.p), int(x.q)) for t, x in zip(target, fit.entries(), strict=True)]


def least_squares(target: Column, columns: Sequence[Column]) -> list[Fraction]:
    """The weights of the least squares fit of `target` by integer columns; ZeroDivisionError if they are dependent."""
    on_time()
    if not columns:
        return []
    rows = fmpz_mat([list(c) for c in columns])
    gram = rows * rows.transpose()
    moments = rows * fmpz_mat([[t] for t in target])
    solution = fmpq_mat(gram).solve(fmpq_mat(moments))
    return [Fraction(int(x.p), int(x.q)) for x in solution.entries()]


def _positive_start(target: Column, column: Callable[[int], Column], warm: Sequence[int]) -> dict[int, Fraction]:
    """A least squares fit with positive weights on some of the columns `warm`."""
    kept = list(warm)
    while kept:
        try:
            best = least_squares(target, [column(k) for k in kept])
        except ZeroDivisionError:
            kept = [kept[k] for k in linear.independent_rows([column(k) for k in kept])]
            continue
        if min(best) > 0:
            return dict(zip(kept, best, strict=True))
        kept = [k for k, weight in zip(kept, best, strict=True) if weight > 0]
    return {}


def _settled(target: Column, column: Callable[[int], Column], weights: dict[int, Fraction]) -> dict[int, Fraction]:
    """Move towards the least squares fit, dropping columns as they reach 0, until all weights are positive."""
    while True:
        best = dict(zip(weights, least_squares(target, [column(k) for k in weights]), strict=True))
        steps = {k: w / (w - best[k]) for k, w in timed(weights.items()) if best[k] <= 0}
        if not steps:
            return best
        step = min(steps.values())
        weights = {k: w + step * (best[k] - w) for k, w in weights.items() if steps.get(k) != step}
