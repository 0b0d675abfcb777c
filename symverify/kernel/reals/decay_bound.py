"""The rule `decay_bound`: what no network of one hidden layer, of any width, can go below under weight decay."""

from collections.abc import Sequence
from fractions import Fraction

from ..cells.sides import sides_of
from ..core.activation import ZERO
from ..core.algebra import dot, total
from ..core.errors import Malformed, Rejected, printable, spend, within_budget
from ..core.facts import LowerBound
from ..core.network import Problem
from ..core.proof import Reading
from ..core.text import canonical, listed, natural
from .kinks import homogeneous

Sparse = list[tuple[int, Fraction]]


def decay_bound(step: Reading) -> LowerBound:
    """
    one hidden layer, scalar output, R = factor · Σ (f − y)² + ½ μ |weights|² + ½ ν |biases|², μ > 0, h homogeneous
    Σ g = 0 if there is an output bias that does not decay
    for each chamber of the hyperplanes w·x̃_i = 0, on its closure, with the sides s_i, and for σ = ±1:
      m ≥ 0,   b = Σ_i (σ g_i h'(s_i) + m_i s_i) x̃_i,   |b_weights|²/μ + b_bias²/ν ≤ μ, with b_bias = 0 where ν = 0
    ------------------------------------------------------------------------------------------- [decay_bound]
      R ≥ ⟨g, y⟩ − ⟨g, g⟩/(4 factor) − (Σ g)²/(2 ν), for any number of units; the last term with an output bias only

    Sound: in a chamber σ ⟨g, h(X̃w)⟩ ≤ b·w ≤ √μ √(μ |w_weights|² + ν w_bias²), so units of weights w and v add at least
    √μ |v| √(μ |w_weights|² + ν w_bias²) ≥ v ⟨g, h(X̃w)⟩ to the penalty, together ⟨g, f − o⟩ for an output bias o, and
    factor · Σ (f − y)² + ⟨g, f⟩ ≥ ⟨g, y⟩ − ⟨g, g⟩/(4 factor), ½ ν o² − o Σ g ≥ −(Σ g)²/(2 ν).
    """
    problem, n = step.proof.problem, len(step.proof.problem.inputs)
    weights, biases = problem.decay
    if not problem.shallow or not homogeneous(problem):
        raise Rejected(step.where, "needs one hidden layer, scalar output, one breakpoint at 0, and h(0) = 0")
    if not weights:
        raise Rejected(step.where, "needs weight decay")
    g = step.need("vector", listed(canonical, n, "numbers, one per sample"))
    given = step.need("multipliers", listed(listed(sparse)))
    if problem.output_bias and not biases and total(g):
        raise Rejected(step.at("vector"), "its sum is not 0, and the output bias does not decay")
    rows = [problem.row(i) for i in range(n)]
    cells = [(sides, sign) for sides in sides_of(rows) for sign in (1, -1)]
    if len(given) != len(cells):
        raise Rejected(step.at("multipliers"), f"expected {len(cells)} lists, two per chamber, got {len(given)}")
    spend(2000 * len(cells) * n * len(rows[0]))
    for k, ((sides, sign), row) in enumerate(zip(cells, given, strict=True)):
        where = f"{step.at('multipliers')}[{k}]"
        is_within(problem, combined(problem, rows, sides, [sign * x for x in g], row, where), where)
    lost = total(g) ** 2 / (2 * biases) if problem.output_bias and biases else ZERO
    labels = [y for (y,) in problem.targets]
    return LowerBound(printable(dot(g, labels) - dot(g, g) / (4 * problem.loss.factor) - lost), ())


def sparse(value: object, where: str) -> tuple[int, Fraction]:
    """[sample, number], samples from 0."""
    if not isinstance(value, list) or len(value) != 2:
        raise Malformed((where, "expected a sample and a number"))
    return natural(value[0], f"{where}[0]"), canonical(value[1], f"{where}[1]")


def combined(
    problem: Problem,
    rows: Sequence[Sequence[Fraction]],
    sides: Sequence[int],
    g: Sequence[Fraction],
    given: Sparse,
    where: str,
) -> list[Fraction]:
    """b = Σ_i (g_i h'(s_i) + m_i s_i) x̃_i."""
    slopes = problem.activations[0].slopes
    slope = {1: slopes[-1], -1: slopes[0], 0: ZERO}
    scale = [x * slope[side] for x, side in zip(g, sides, strict=True)]
    for i, m in given:
        if i >= len(rows) or m < 0:
            raise Rejected(where, "expected numbers of samples, with multipliers that are not negative")
        scale[i] += m * sides[i]
    return [dot(scale, column) for column in zip(*rows, strict=True)]


def is_within(problem: Problem, b: Sequence[Fraction], where: str) -> None:
    """|b_weights|²/μ + b_bias²/ν ≤ μ."""
    weights, biases = problem.decay
    own, extra = (b[:-1], b[-1]) if problem.hidden_bias else (b, ZERO)
    if extra and not biases:
        raise Rejected(where, "leaves a part along the bias, which does not decay")
    square = dot(own, own) / weights + (within_budget(extra * extra / biases, extra) if extra else ZERO)
    if square > weights:
        raise Rejected(where, "is longer than weight decay allows")
