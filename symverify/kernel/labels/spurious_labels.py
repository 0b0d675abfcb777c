"""The rule `spurious_labels`: for exactly which labels Theorem 1 holds."""

from dataclasses import dataclass
from fractions import Fraction

from ..core.algebra import dot, integral
from ..core.errors import Rejected
from ..core.network import Vector
from ..core.proof import Fact, Reading, Statement
from ..curvature.forms import nullspace
from .forms import numeral, stateable


@dataclass(frozen=True, slots=True)
class SpuriousLabels(Fact):
    """For all labels y: a local minimum that predicts the best affine fit is spurious if and only if ⟨g, y⟩ ≠ 0 for
    one of these `forms` g. There are none if an affine map fits all labels as well as a function of the inputs can.
    """

    forms: tuple[tuple[int, ...], ...]

    def settles(self, claim: str) -> tuple[str, Statement] | None:
        if claim != "spurious_labels":
            return None
        return "proved", {"forms": "; ".join(",".join(map(numeral, form)) for form in self.forms)}


def spurious_labels(step: Reading) -> SpuriousLabels:
    """
    one hidden layer of two or more units, scalar output, both biases, h not affine, squared loss
    g_1 … g_m a basis of the vectors equal on equal inputs and ⊥ 1 and every coordinate of x
    ---------------------------------------------------------------------------------------- [spurious_labels]
      for all labels y: a local minimum that predicts the best affine fit is spurious, if ⟨g_k, y⟩ ≠ 0 for some k;
      if not, a function of the inputs is no better than that fit

    Sound: the first as in spurious_radius. If all ⟨g_k, y⟩ = 0, the means of the labels over equal inputs are affine;
    the best affine fit predicts them, and the residuals of equal inputs sum to 0 (function_minimum).
    """
    problem = step.proof.problem
    if not problem.shallow or problem.widths[1] < 2 or not (problem.hidden_bias and problem.output_bias):
        raise Rejected(step.where, "needs one hidden layer of two or more units, scalar output and all biases")
    if not problem.activations[0].breakpoints:
        raise Rejected(step.where, "the activation is affine")
    ones = [tuple(Fraction(i in group) for i in range(len(problem.inputs))) for group in problem.groups]
    rows: list[Vector] = [tuple(dot(phi, one) for one in ones) for phi in problem.affine_features()]
    forms = []
    for weights in nullspace(rows, len(ones)):
        values = [
            sum((w * one[i] for w, one in zip(weights, ones, strict=True)), Fraction(0)) for i in range(len(ones[0]))
        ]
        forms.append(tuple(integral(values)))
    return stateable(SpuriousLabels(tuple(forms)), "spurious_labels")
