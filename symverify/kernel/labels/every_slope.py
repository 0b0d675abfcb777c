"""The rule `every_slope`: Theorem 1 on one input for every activation with two slopes, with the better risk."""

from dataclasses import dataclass
from fractions import Fraction

from ..cells.strata import loss_gradient
from ..core.activation import ZERO
from ..core.algebra import dot, integral, total
from ..core.errors import Rejected, printable, within_budget
from ..core.network import residuals, risk
from ..core.proof import Fact, Reading, Statement
from ..core.text import canonical, listed
from .cell_traps import is_best
from .forms import numeral, stateable


@dataclass(frozen=True, slots=True)
class EverySlope(Fact):
    """For every h with slopes a ≠ b that meet at a point: the affine fit's local minimum, of risk `risk`, is spurious.

    A network with a kink at `kink` has the risk `risk` − `gain` (a − b)² / (p a² + 2 q a b + r b²), `form` = (p, q, r);
    p, 2 q, r are whole.
    """

    risk: Fraction
    kink: Fraction
    gain: Fraction
    form: tuple[Fraction, Fraction, Fraction]

    @property
    def better(self) -> str:
        """The better risk, as a text in the slopes."""
        p, q, r = self.form
        square, middle, last = (f"{numeral(x)} " if x != 1 else "" for x in (p, 2 * q, r))
        return f"{self.risk} - {self.gain} (a - b)^2 / ({square}a^2 + {middle}a b + {last}b^2)"

    def settles(self, claim: str) -> tuple[str, Statement] | None:
        if claim != "every_slope":
            return None
        return "proved", {"risk": str(self.risk), "kink": str(self.kink), "better_formula": self.better}


def every_slope(step: Reading) -> EverySlope:
    """
    one input, one hidden layer of two or more units, scalar output, both biases, squared loss; f the best affine fit,
    r = 2c (f − y), M = Σ_{x_i > τ} r_i (x_i − τ) ≠ 0; V(a, b) the squared deviation of h(x_i − τ) from its mean, a form
    in the slopes that is positive definite
    ---------------------------------------------------------------------------------------------- [every_slope]
      for every h with slopes a ≠ b, a left of its kink, a local minimum that predicts f is spurious: some network has
      risk R(f) − (a − b)² M² / (4c V(a, b))

    Sound: a or b is not 0, so units inside that piece predict f (interior_minimum). Put the kink at 0. As r ⊥ 1, x:
    Σ r_i h(x_i − τ) = (b − a) M. A second unit h(x − τ) with output weight v, the bias tuned with it, changes the risk
    by v (b − a) M + c v² V, least at v = −(b − a) M / (2c V).
    """
    problem, kink = step.proof.problem, step.need("kink", canonical)
    fit: list[Fraction] = step.need("fit", listed(canonical, len(problem.inputs), "predictions"))
    if not problem.shallow or problem.widths[0] != 1 or problem.widths[1] < 2:
        raise Rejected(step.where, "needs one input, one hidden layer of two or more units and scalar output")
    if not (problem.hidden_bias and problem.output_bias):
        raise Rejected(step.where, "needs all biases")
    if not is_best(problem.affine_features(), fit, loss_gradient(problem, fit)):
        raise Rejected(step.at("fit"), "is not the best affine fit")
    c, n = problem.loss.factor, len(fit)
    (r,) = residuals(problem, [(f,) for f in fit])
    left = [min(x - kink, ZERO) for (x,) in problem.inputs]
    right = [max(x - kink, ZERO) for (x,) in problem.inputs]
    moment = dot(r, right)
    if not moment:
        raise Rejected(step.at("kink"), "gains nothing: the moment of the residuals beyond it is 0")

    def deviation(u: list[Fraction], v: list[Fraction]) -> Fraction:
        return within_budget(dot(u, v) - total(u) * total(v) / n)

    form = deviation(left, left), deviation(left, right), deviation(right, right)
    if form[0] <= 0 or within_budget(form[0] * form[2] - form[1] * form[1]) <= 0:
        raise Rejected(step.at("kink"), "leaves too few different inputs on a side")
    gain = within_budget(moment * moment / (4 * c), moment, c)
    whole = list(map(Fraction, integral([form[0], 2 * form[1], form[2]])))
    gain = printable(within_budget(gain * whole[0] / form[0], gain))
    least = printable(risk(problem, [(f,) for f in fit]))
    return stateable(EverySlope(least, kink, gain, (whole[0], whole[1] / 2, whole[2])), "every_slope")
