"""Critical points: the gradient of the risk, by backpropagation through the pieces of a cell, is exactly 0."""

from dataclasses import dataclass
from fractions import Fraction

from .errors import Rejected, within_budget
from .facts import Evaluated, Fact
from .linear import dot
from .model import ONE, ZERO, Pattern, Problem, cell_of, rational, residuals, trace
from .read import Fields
from .rules import Proof


@dataclass(frozen=True, slots=True)
class CriticalPoint(Fact):
    """`at` is strictly inside a cell, and the gradient of the risk is 0 there."""

    at: Evaluated

    def words(self) -> str:
        return f"{self.at.words()} is a critical point: strictly inside its cell, with gradient 0"


def critical_point(proof: Proof, step: Fields) -> CriticalPoint:
    """
    θ* strictly inside a cell      ∂R/∂θ = 0 at θ*, for every parameter
    ------------------------------------------------------------------- [critical_point]
      θ* is a critical point of R

    Sound: on the cell every f_k(x_i; ·) is a polynomial and ℓ is C¹, so R is; the chain rule gives its gradient.
    """
    problem, at = proof.problem, proof.premise(step, "point", Evaluated)
    step.check()
    for m, rows in enumerate(gradient(problem, at, cell_of(problem, at.point))):
        for j, row in enumerate(rows):
            for c, slope in enumerate(row):
                if slope:
                    name = f"weight[{j}][{c}]" if c < problem.widths[m] else f"bias[{j}]"
                    raise Rejected(step.where, f"the derivative of the risk in layer {m}'s {name} is {slope}, not 0")
    return CriticalPoint(at)


def gradient(problem: Problem, at: Evaluated, pattern: Pattern) -> list[list[list[Fraction]]]:
    """∂R/∂(weight | bias) of every affine map, with the activations' pieces as in `pattern`."""
    sums = [[[ZERO] * (len(row) + problem.has_bias(m)) for row in layer.weight] for m, layer in enumerate(at.point)]
    pull = residuals(problem, at.predictions)
    for i, x in enumerate(problem.inputs):
        entering, rates = [list(x)], list[list[Fraction]]()
        for h, layer, z in zip(problem.activations, pattern, trace(problem, at.point, i, pattern), strict=False):
            rates.append([h.slopes[unit[i]] for unit in layer])
            entering.append([h.slopes[u[i]] * rational(a) + h.offsets[u[i]] for u, a in zip(layer, z, strict=True)])
        back = [r[i] for r in pull]
        for m in reversed(range(len(at.point))):
            for row, g in zip(sums[m], back, strict=True):
                row[:] = [within_budget(s + g * a) for s, a in zip(row, [*entering[m], ONE][: len(row)], strict=True)]
            columns = zip(*at.point[m].weight, strict=True) if m else ()
            back = [s * dot(back, list(map(rational, w))) for s, w in zip(rates[m - 1] if m else (), columns, strict=True)]
    return sums
