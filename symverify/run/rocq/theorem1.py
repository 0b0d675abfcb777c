"""Theorem 1 for the losses with logarithms: what the verified checker `ok_theorem1` wants to be proposed."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from symverify.kernel.core.activation import Activation
from symverify.kernel.core.network import Problem
from symverify.kernel.programs.values import height
from symverify.kernel.reals.losses import Poisson

from .terms import listing, number, vectors


def obstacle(problem: Problem) -> str | None:
    """Which assumption of the theorem in Rocq the problem misses; the moments are checked there."""
    outputs = problem.widths[-1]
    if isinstance(problem.loss, Poisson):
        return "is not proved for the Poisson loss"
    if not (problem.hidden_bias and problem.output_bias):
        return "has no verified checker without biases"
    if min(problem.widths[1:-1]) <= outputs:
        return f"has a verified checker only where every hidden layer has more than {outputs} units"
    if len(set(problem.inputs)) < len(problem.inputs):
        return "has a verified checker only for distinct inputs"
    if not any(y <= 0 or y >= 1 for row in problem.targets for y in row):
        return "has a verified checker only where some label is 0 or 1"
    if not problem.activations[0].breakpoints or not all(h.breakpoints or h.slopes[0] for h in problem.activations):
        return "has no verified checker for an affine activation"
    return None


def bend(h: Activation) -> str:
    """Three numbers at which h is not affine, the first two with different values; of an affine h only the latter."""
    ends = [*h.breakpoints[:1], *h.breakpoints[-1:]] or [Fraction(0)] * 2
    at = [ends[0] - 1, *h.breakpoints, ends[1] + 1]
    values = [height(h, z) for z in at]
    first = next(k for k, (a, b) in enumerate(pairwise(values)) if a != b)
    beyond = at[first + 2] if first + 2 < len(at) else at[first - 1]
    return f"({number(at[first])}, {number(at[first + 1])}, {number(beyond)})"


def arguments(problem: Problem, dual: Sequence[Sequence[Fraction]]) -> str:
    """Widths and bends of the hidden layers from the last to the first, and the probabilities."""
    widths = listing([f"{width}%nat" for width in reversed(problem.widths[1:-1])])
    bends = listing([bend(h) for h in reversed(problem.activations)])
    return f"{widths} {bends}\n   {vectors(dual)}"
