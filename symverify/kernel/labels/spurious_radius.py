"""The rule `spurious_radius`: how far all labels may move together before Theorem 1 fails."""

from dataclasses import dataclass
from fractions import Fraction

from ..core.algebra import dot, primitive, total
from ..core.errors import Rejected, printable, within_budget
from ..core.proof import Fact, Reading, Statement
from ..core.text import canonical, integer, listed


@dataclass(frozen=True, slots=True)
class SpuriousRadius(Fact):
    """Theorem 1 holds for all labels y' with |y'_i − y_i| < radius for all i, and fails for some with ≤.

    `form` is g: ⟨g, y'⟩ vanishes for all affine labels; with the labels in the file it is radius · |g|₁.
    """

    radius: Fraction
    form: tuple[int, ...]

    def settles(self, claim: str) -> tuple[str, Statement] | None:
        if claim != "spurious_radius":
            return None
        return "proved", {"radius": str(self.radius), "form": ",".join(map(str, self.form))}


def spurious_radius(step: Reading) -> SpuriousRadius:
    """
    one hidden layer of two or more units, scalar output, both biases, h not affine, squared loss
    g, equal on equal inputs, ⊥ 1 and every coordinate of x, ⟨g, y⟩ > 0      ρ = ⟨g, y⟩ / |g|₁
    an affine map with |A x + a − ȳ| ≤ ρ for the mean label ȳ of every input x
    ------------------------------------------------------------------------------------------ [spurious_radius]
      for all labels y', |y'_i − y_i| < ρ: a local minimum that predicts the best affine fit of y' is spurious
      at distance ρ there are labels for which none is

    Sound: ⟨g, y'⟩ ≥ ⟨g, y⟩ − |g|₁ max |y'_i − y_i| > 0. The residuals r of the best affine fit have ⟨g, r⟩ =
    −2c ⟨g, y'⟩ ≠ 0, so those of some group of equal inputs do not sum to 0. Units inside one piece of slope ≠ 0 predict
    that fit; r ⊥ x̃ makes this a local minimum (interior_minimum). With w general b ↦ Σ r_i h(⟨w, x_i⟩ + b) has a kink
    for that group and a breakpoint, so it is ≠ 0 for some b: a second unit (w, b) with small v of the right sign is
    better. Labels moved so that their means are A x + a have an affine fit that no function of the inputs beats.
    """
    problem = step.proof.problem
    g = step.need("form", listed(integer, len(problem.inputs), "integers, one per sample"))
    edge: list[Fraction] = step.need("affine", listed(canonical, problem.widths[0] + 1, "numbers: A, then a"))
    form = read_affine_form(step, g)
    labels = [y for (y,) in problem.targets]
    if (height := dot(form, labels)) <= 0:
        raise Rejected(step.at("form"), "is not positive at the labels")
    radius = printable(within_budget(height / sum(map(abs, form)), height))
    for group in problem.groups:
        mean, x = total(labels[i] for i in group) / len(group), problem.inputs[group[0]]
        if abs(dot(edge, (*x, Fraction(1))) - mean) > radius:
            raise Rejected(step.at("affine"), f"is farther than {radius} from the label of sample {group[0] + 1}")
    return SpuriousRadius(radius, tuple(g))


def read_affine_form(step: Reading, g: list[int]) -> list[int]:
    """g, if it is orthogonal to affine labels and the network is one that Theorem 1 is about."""
    problem = step.proof.problem
    if not problem.shallow or problem.widths[1] < 2 or not (problem.hidden_bias and problem.output_bias):
        raise Rejected(step.where, "needs one hidden layer of two or more units, scalar output and all biases")
    if not problem.activations[0].breakpoints:
        raise Rejected(step.where, "the activation is affine")
    if any(dot(g, phi) for phi in problem.affine_features()) or tuple(g) != primitive(g):
        raise Rejected(step.at("form"), "is not orthogonal to 1 and the inputs, or its entries have a common factor")
    if any(len({g[i] for i in group}) > 1 for group in problem.groups):
        raise Rejected(step.at("form"), "differs on equal inputs")
    return g
