"""The loss as a solver sees it: quadratic pieces between cuts, and tangents below it."""

from bisect import bisect_left
from collections.abc import Sequence
from fractions import Fraction

from symverify.kernel.cells.cell_minima import level
from symverify.kernel.core.loss import Loss
from symverify.kernel.core.network import Problem, Vector
from symverify.opinion.equations import f_names
from symverify.opinion.statement import NONLINEAR, Statement
from symverify.opinion.terms import Terms, compare, polynomial, variable
from symverify.opinion.text import conjunction, disjunction

MAX_PREDICTIONS = 12  # of an end-to-end statement, for a loss of one piece


def _piece(loss: Loss, error: Terms, piece: int) -> tuple[list[str], Terms]:
    """That an error is in a closed piece of the loss, and the loss there."""
    within = [compare(error, ">=", cut) for cut in (loss.cuts[piece - 1 : piece] if piece else ())]
    within += [compare(error, "<=", cut) for cut in loss.cuts[piece : piece + 1]]
    a, b, c = loss.parts[piece]
    return within, error * error * a + error * b + c


def risk_at(problem: Problem, f: Sequence[Sequence[Terms]], near: Sequence[Vector]) -> tuple[list[str], Terms]:
    """The risk of predictions whose errors are in the pieces of the loss that those at `near` are in; that they are."""
    within, total, loss = list[str](), polynomial(0), problem.loss
    for row, values, labels in zip(f, near, problem.targets, strict=True):
        for x, value, y in zip(row, values, labels, strict=True):
            held, price = _piece(loss, x - y, bisect_left(loss.cuts, value - y))
            within, total = within + held, total + price
    return within, total * loss.factor


def risk_of(problem: Problem, f: Sequence[Sequence[Terms]]) -> tuple[tuple[str, ...], tuple[str, ...], Terms]:
    """The risk of any predictions, with the variables and premises that it takes (none for a loss of one piece)."""
    names, premises, total, loss = list[str](), list[str](), polynomial(0), problem.loss
    for i, (row, labels) in enumerate(zip(f, problem.targets, strict=True)):
        for k, (x, y) in enumerate(zip(row, labels, strict=True)):
            pieces = [_piece(loss, x - y, p) for p in range(len(loss.parts))]
            price = pieces[0][1]
            if len(pieces) > 1:
                names.append(f"q{i + 1}_{k + 1}")
                price = variable(names[-1])
                cases = [conjunction([*held, compare(price, "=", value)]) for held, value in pieces]
                premises.append(disjunction(cases))
            total += price
    return tuple(names), tuple(premises), total * loss.factor


def small(problem: Problem, predictions: int) -> bool:
    """Whether a statement about the risk of so many free predictions is one that solvers answer."""
    return predictions * len(problem.loss.parts) <= MAX_PREDICTIONS


def tangents(problem: Problem, f: Sequence[Vector], pull: Sequence[Vector]) -> Statement:
    """factor · ℓ(a) ≥ factor · ℓ(e) + r (a − e) for every real a, at each prediction's error e; piece by piece of ℓ.

    `pull` are the r: one vector over the samples for each output.
    """
    loss, lines, goals = problem.loss, dict[tuple[Fraction, Fraction], None](), list[str]()
    for row, labels, slopes in zip(f, problem.targets, zip(*pull, strict=True), strict=True):
        lines |= {(x - y, r): None for x, y, r in zip(row, labels, slopes, strict=True)}
    for number, (e, r) in enumerate(lines, 1):
        a = variable(f"a{number}")
        line = (a - e) * r + loss.value(e) * loss.factor
        for p in range(len(loss.parts)):
            _, value = _piece(loss, a, p)
            ends = [compare(a, "<", cut) for cut in (loss.cuts[p - 1 : p] if p else ())]
            ends += [compare(a, ">", cut) for cut in loss.cuts[p : p + 1]]
            goals.append(disjunction([*ends, compare(value * loss.factor, ">=", line)]))
    names = tuple(f"a{k}" for k in range(1, len(lines) + 1))
    return Statement("the loss lies above its tangents", NONLINEAR, names, (), conjunction(goals))


def minorant(at: Sequence[Vector], pull: Sequence[Vector], f: Sequence[Sequence[Terms]]) -> Terms:
    """Ψ = Σ r_ik (f_ik − at_ik)."""
    total = polynomial(0)
    for k, r in enumerate(pull):
        for i, slope in enumerate(r):
            total += (f[i][k] - at[i][k]) * slope
    return total


def no_lower(problem: Problem, at: Sequence[Vector], pull: Sequence[Vector], risk: Fraction, title: str) -> Statement:
    """Predictions that do not change the minorant at `at` have no lower risk."""
    names = f_names(problem)
    f = [[variable(name) for name in row] for row in names]
    more, premises, total = risk_of(problem, f)
    everything = (*(name for row in names for name in row), *more)
    flat = compare(minorant(at, pull, f), "=")
    return Statement(title, NONLINEAR, everything, (flat, *premises), compare(total, ">=", risk))


def same_slope(problem: Problem, f: Terms, near: Fraction, y: Fraction) -> list[str]:
    """That ℓ' at a prediction is what it is at `near`."""
    low, high = level(problem, near, y)
    if low is not None and low == high:
        return [compare(f, "=", low)]
    ends = [(">=", low), ("<=", high)]
    return [compare(f, op, end) for op, end in ends if end is not None]


def priced(problem: Problem, f: Sequence[Vector], risk: Fraction, title: str) -> Statement:
    """These predictions have this risk."""
    names = f_names(problem)
    rows = [[variable(name) for name in row] for row in names]
    given = tuple(
        compare(x, "=", v) for row, values in zip(rows, f, strict=True) for x, v in zip(row, values, strict=True)
    )
    within, total = risk_at(problem, rows, f)
    goal = conjunction([*within, compare(total, "=", risk)])
    return Statement(title, NONLINEAR, tuple(name for row in names for name in row), given, goal)
