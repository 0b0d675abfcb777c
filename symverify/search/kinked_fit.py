"""The best linear fit under a loss that is piecewise linear: a linear program, with an exact vertex.

HiGHS guesses which samples are at a kink of the loss; those equations are solved exactly. That the vertex is
optimal shows in its subgradient, which the caller needs anyway.
"""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from symverify.ground.linear import independent_rows, solve
from symverify.ground.lp import Constraint, Witness, solve_system
from symverify.kernel.core.activation import ONE, ZERO
from symverify.kernel.core.loss import Loss
from symverify.search.subgradient import balanced

NEAR = 1e-7


def kinked_fit(
    rows: Sequence[Sequence[Fraction]], labels: Sequence[Fraction], loss: Loss, exactly: bool = True
) -> list[Fraction]:
    """β with least Σ ℓ(⟨row, β⟩ − label); without `exactly` the vertex that floats find, whatever it is."""
    lines = [
        [(b, c - b * y) for _, b, c in loss.at(y).parts]  # ℓ = max of b f + c
        for y in labels
    ]
    found = _vertex(rows, labels, lines)
    if found is not None and (not exactly or _optimal(rows, labels, loss, found)):
        return found
    return _by_exact_program(rows, lines)


def _vertex(
    rows: Sequence[Sequence[Fraction]], labels: Sequence[Fraction], lines: Sequence[Sequence[tuple[Fraction, Fraction]]]
) -> list[Fraction] | None:
    from scipy.optimize import linprog  # SciPy loads slowly, and most problems do without it

    n, width = len(rows), len(rows[0])
    try:
        x = np.array([[float(v) for v in row] for row in rows])
        ends = np.array([[[float(b), float(c)] for b, c in line] for line in lines])
    except OverflowError:
        return None
    parts = ends.shape[1]
    above = np.vstack([np.hstack([ends[:, p, :1] * x, -np.eye(n)]) for p in range(parts)])
    limits = np.concatenate([-ends[:, p, 1] for p in range(parts)])
    cost = np.concatenate([np.zeros(width), np.ones(n)])
    outcome = linprog(cost, above, limits, bounds=(None, None), method="highs-ds")
    if outcome.x is None:
        return None
    beta = outcome.x[:width]
    errors = x @ beta - np.array([float(y) for y in labels])
    touching = [i for i in range(n) if abs(errors[i]) < NEAR * (1 + abs(float(labels[i])))]
    still = [c for c in range(width) if abs(beta[c]) < NEAR]
    equations = [(list(rows[i]), labels[i]) for i in touching]
    equations += [([Fraction(c == k) for k in range(width)], ZERO) for c in still]
    chosen = [equations[k] for k in independent_rows([row for row, _ in equations])] if equations else []
    return solve([row for row, _ in chosen], [rhs for _, rhs in chosen], width) if chosen else None


def _optimal(
    rows: Sequence[Sequence[Fraction]], labels: Sequence[Fraction], loss: Loss, beta: Sequence[Fraction]
) -> bool:
    """Whether some subgradients are orthogonal to all columns."""
    fitted = [sum((a * b for a, b in zip(row, beta, strict=True)), ZERO) for row in rows]
    ends = [loss.at(y).slopes(f - y) for f, y in zip(fitted, labels, strict=True)]
    return balanced(ends, list(zip(*rows, strict=True))) is not None


def _by_exact_program(
    rows: Sequence[Sequence[Fraction]], lines: Sequence[Sequence[tuple[Fraction, Fraction]]]
) -> list[Fraction]:
    """β with s ≥ b f + c for every line, and weights μ ≥ 0 of the lines that prove Σ s least: one feasible system."""
    n, width, parts = len(rows), len(rows[0]), len(lines[0])
    size = width + n + n * parts
    equalities: list[Constraint] = []
    inequalities: list[Constraint] = []

    def row(entries: dict[int, Fraction]) -> list[Fraction]:
        return [entries.get(k, ZERO) for k in range(size)]

    def weight(i: int, p: int) -> int:
        return width + n + i * parts + p

    for i, line in enumerate(lines):
        for p, (b, c) in enumerate(line):
            inequalities.append((row({k: -b * v for k, v in enumerate(rows[i])} | {width + i: ONE}), c))
            inequalities.append((row({weight(i, p): ONE}), ZERO))
        equalities.append((row({weight(i, p): ONE for p in range(parts)}), ONE))
    for k in range(width):
        pull = {weight(i, p): b * rows[i][k] for i, line in enumerate(lines) for p, (b, _) in enumerate(line)}
        equalities.append((row(pull), ZERO))
    gap = {weight(i, p): c for i, line in enumerate(lines) for p, (_, c) in enumerate(line)}
    inequalities.append((row(gap | {width + i: -ONE for i in range(n)}), ZERO))
    found = solve_system(equalities, inequalities, [], size)
    if not isinstance(found, Witness):
        raise ArithmeticError("a piecewise linear loss that is bounded below has a best fit")
    return list(found.x[:width])
