"""The rule `face_radius`: how far all labels may move together, and a face has a local minimum."""

from dataclasses import dataclass
from fractions import Fraction

from ..cells.strata import spelled
from ..core.algebra import total
from ..core.errors import Rejected, printable
from ..core.facts import Evaluated
from ..core.proof import Fact, Reading, Statement
from ..core.text import canonical, listed
from .face import read_moving
from .forms import Condition, Form, room, value


@dataclass(frozen=True, slots=True)
class FaceRadius(Fact):
    """For all labels nearer than `radius` (None: for all) in every sample the face of `at` has a local minimum.

    It has output weights of the same signs; that is so where the `conditions` hold. Its predictions less the labels are
    `errors`, forms in the labels' changes. `exact`: at every greater distance some labels have none there with these
    signs. `spurious`: nearer than this `better` is a lower point. `neighbour`: labels, as changes, at which the radius
    is the number beside them.
    """

    at: Evaluated
    face: str
    radius: Fraction | None
    exact: bool
    conditions: tuple[Condition, ...]
    errors: tuple[Form, ...]
    better: Evaluated | None
    spurious: Fraction | None
    neighbour: tuple[tuple[Fraction, ...], Fraction | None] | None

    @property
    def binding(self) -> Condition | None:
        """A condition that the radius is due to."""
        return next((each for each in self.conditions if any(each.form[1:]) and room(each.form) == self.radius), None)

    @property
    def vanishing(self) -> int:
        """How many different forms that depend on the labels are 0 at the given ones."""
        return len({each.form for each in self.conditions if any(each.form[1:]) and not each.form[0]})

    def settles(self, claim: str) -> tuple[str, Statement] | None:
        if claim != "face_radius":
            return None
        better = None if self.better is None else str(self.better.risk)
        size: Statement = {"radius": spelled_or_none(self.radius), "exact": self.exact}
        lower: Statement = {"spurious_radius": spelled_or_none(self.spurious), "better_risk": better}
        near = self.neighbour
        other: Statement = {
            "neighbour": near and ",".join(map(str, near[0])),
            "neighbour_radius": near and spelled_or_none(near[1]),
        }
        known: Statement = {"given": self.at.given, "face": self.face, "risk": str(self.at.risk)}
        return "proved", {**known, **size, "vanishing": self.vanishing, **lower, **other}


def spelled_or_none(x: Fraction | None) -> str | None:
    """A number as statements have it."""
    return None if x is None else str(x)


def face_radius(step: Reading) -> FaceRadius:
    """
    θ(d), linear in the labels' changes d, θ(0) = θ*, satisfies the equations of `conditions`
    ρ = the least of (value at d = 0) / (sum of |coefficients|) of its forms
    if given: R(θ') < R(θ*), ρ' ≤ ρ with (R(θ*) − R(θ'))/c ≥ 2 ρ' Σ |f_i(θ') − f_i(θ*)| + n ρ'²
    ------------------------------------------------------------------------------------ [face_radius]
      for all labels y + d, |d_i| < ρ, θ(d) is a local minimum on the face of θ*; for |d_i| < ρ' spurious

    Sound: a form falls by at most Σ |coefficients| max |d_i|. With f the best fit in the span of the face, e = y − f:
    |e(d)|² ≥ |e|² + 2⟨e, d⟩, and |y + d − f(θ')|² = |y − f(θ')|² + 2⟨y − f(θ'), d⟩ + |d|².
    """
    problem, at = step.proof.problem, step.premise("point", Evaluated)
    better = step.premise("better", Evaluated) if "better" in step.roles.left else None
    if not problem.shallow:
        raise Rejected(step.where, "needs one hidden layer and scalar output")
    n = len(problem.inputs)
    labels = [(y, *(Fraction(i == k) for k in range(n))) for i, (y,) in enumerate(problem.targets)]
    moving = read_moving(step, at.point, labels)
    near = step.take("neighbour", listed(canonical, n, "changes, one per sample"), None)
    found = list(moving.conditions())
    for each in found:
        if each.form[0] < 0 or (each.form[0] == 0 and each.strict):
            raise Rejected(step.where, f"{each.what} does not fit the face at the given labels")
    bound = [(size, each) for each in found if (size := room(each.form)) is not None]
    radius = min((size for size, _ in bound), default=None)
    spurious: Fraction | None = None
    if better is not None:
        spurious = step.need("spurious", canonical)
        change = total(abs(f - g) for (f,), (g,) in zip(at.predictions, better.predictions, strict=True))
        gap = (at.risk - better.risk) / problem.loss.factor
        if spurious <= 0 or (radius is not None and spurious > radius) or gap < spurious * (2 * change + n * spurious):
            raise Rejected(step.at("spurious"), "is beyond what the better point proves")
    neighbour: tuple[tuple[Fraction, ...], Fraction | None] | None = None
    if near is not None:
        if any(value(each.form, near) <= 0 for _, each in bound):
            raise Rejected(step.at("neighbour"), "is no label vector at which the minimum is robust")
        rooms = [(value(each.form, near), *each.form[1:]) for _, each in bound]
        least = min((size for form in rooms if (size := room(form)) is not None), default=None)
        neighbour = tuple(near), None if least is None else printable(least)
    known = (at, spelled(moving.face), None if radius is None else printable(radius), moving.unique)
    return FaceRadius(*known, tuple(found), moving.errors, better, spurious, neighbour)
