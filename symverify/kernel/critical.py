"""Critical points: the gradient of the risk, by backpropagation through the pieces of a cell, is exactly 0."""

from collections.abc import Sequence
from fractions import Fraction

from .errors import Rejected, within_budget
from .facts import CriticalPoint, Evaluated
from .linear import dot
from .model import ONE, ZERO, Pattern, Point, Problem, cell_of, rational, residuals, trace
from .read import Fields
from .rules import Proof


def critical_point(proof: Proof, step: Fields) -> CriticalPoint:
    """
    θ* strictly inside a cell      ∂R/∂θ = 0 at θ*, for every parameter
    ------------------------------------------------------------------- [critical_point]
      θ* is a critical point of R

    Sound: on the cell every f_k(x_i; ·) is a polynomial and ℓ is C¹, so R is; the chain rule gives its gradient.
    """
    problem, at = proof.problem, proof.premise(step, "point", Evaluated)
    pull = list(zip(*residuals(problem, at.predictions), strict=True))
    for m, rows in enumerate(gradient(problem, at.point, cell_of(problem, at.point), pull)):
        if any(map(any, rows)):
            raise Rejected(step.where, f"the gradient in layer {m + 1} is not 0")
    return CriticalPoint(at)


def gradient(
    problem: Problem, point: Point, pattern: Pattern, pull: Sequence[Sequence[Fraction]]
) -> list[list[list[Fraction]]]:
    """The derivatives of Σ_ik pull_ik f_ik by (weight | bias) of every affine map, on the pieces of `pattern`."""
    sums = [[[ZERO] * (len(row) + problem.has_bias(m)) for row in layer.weight] for m, layer in enumerate(point)]
    for i, (x, back) in enumerate(zip(problem.inputs, pull, strict=True)):
        before, rates = [[*x, *[ONE] * problem.has_bias(0)]], list[list[Fraction]]()
        for m, z in enumerate(list(trace(problem, point, i, pattern))[:-1]):
            h, pieces = problem.activations[m], [unit[i] for unit in pattern[m]]
            rates.append([h.slopes[p] for p in pieces])
            after = [h.slopes[p] * rational(a) + h.offsets[p] for p, a in zip(pieces, z, strict=True)]
            before.append(after + [ONE] * problem.has_bias(m + 1))
        for m in reversed(range(len(point))):
            for row, g in zip(sums[m], back, strict=True):
                row[:] = [within_budget(total + g * a) for total, a in zip(row, before[m], strict=True)]
            if m:
                columns = zip(rates[m - 1], zip(*point[m].weight, strict=True), strict=True)
                back = [rate * dot(back, list(map(rational, column))) for rate, column in columns]
    return sums
