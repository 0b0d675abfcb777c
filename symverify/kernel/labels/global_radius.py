"""The rule `global_radius`: how far all labels may move together, and a face has a global minimum."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from operator import mul

from ..core.algebra import Direction, dot
from ..core.errors import Declined, Rejected, printable, spend, within_budget
from ..core.facts import Evaluated
from ..core.global_lower_bound import arranged, failing, sides_of, walk
from ..core.proof import Fact, Reading, Statement
from ..core.text import canonical, integer, listed
from ..core.units import Units
from .cell_radius import MAX_CORNERS
from .face_radius import FaceRadius
from .forms import Form, combined, norm
from .global_region import heights


@dataclass(frozen=True, slots=True)
class GlobalRadius(Fact):
    """For all labels nearer than `radius` in every sample (None: no limit) a global minimum is on the face of `at`.

    It has output weights of the same signs. `exact`: at every greater distance some labels have no local minimum there
    with these signs. `beyond`: for some labels that far away another point is lower than all of these.
    """

    at: Evaluated
    radius: Fraction | None
    exact: bool
    beyond: Fraction | None

    def settles(self, claim: str) -> tuple[str, Statement] | None:
        if claim != "global_radius":
            return None
        radius = None if self.radius is None else str(self.radius)
        beyond = None if self.beyond is None else str(self.beyond)
        return "proved", {"risk": str(self.at.risk), "radius": radius, "exact": self.exact, "beyond": beyond}


def global_radius(step: Reading) -> GlobalRadius:
    """
    θ(d) a local minimum on a face for |d_i| < ρ, with errors e(d) = y + d − f linear in d (face_radius)
    e = 0 for all d; or a tree as in global_lower_bound, its leaves served by e(d), admissible for all |d_i| < ρ, or by
    fixed g: at all corners d ∈ {ρ, −ρ}ⁿ  ⟨g, y + d⟩ ≥ 0 and ⟨g, y + d⟩² ≥ ⟨g, g⟩ |e(d)|²
    if given, θ' and "beyond", d' with |f(θ') − y − d'|² < |e(d')|²
    ------------------------------------------------------------------------------------------ [global_radius]
      for all labels y + d, |d_i| < ρ, θ(d) is a global minimum; for y + d' no point of the face with these signs is

    Sound: ⟨e, y + d⟩ = |e|², as e is orthogonal to the predictions of its face, so a leaf that e serves has R/c ≥ |e|².
    |e(d)| |g| − ⟨g, y + d⟩ is convex in d: it is largest at a corner. So R ≥ c |e(d)|² at every leaf, and θ(d) has it.
    For all labels c |e(d)|² is the least risk over the span of the face's features, which the signs restrict further.
    """
    problem, face = step.proof.problem, step.premise("face", FaceRadius)
    if not any(map(any, face.errors)):
        if face.radius == 0:
            raise Rejected(step.roles.at("face"), "its radius is 0, so it says nothing of other labels")
        return GlobalRadius(face.at, face.radius, face.exact and face.radius is not None, None)
    rho = step.need("radius", canonical)
    vectors, tree = step.need("vectors", listed(listed(integer))), step.need("tree", listed(integer))
    n = len(problem.inputs)
    if rho <= 0 or (face.radius is not None and rho > face.radius):
        raise Rejected(step.at("radius"), "is not positive, or beyond that of the face")
    if 1 << n > MAX_CORNERS:
        raise Declined(f"the labels' box has more than {MAX_CORNERS} corners")
    for k, g in enumerate(vectors):
        if len(g) != n or not any(g) or sum(g) * problem.output_bias:
            raise Rejected(f"{step.at('vectors')}[{k}]", f"needs {n} integers, with an output bias of sum 0")
    corners = [[rho * s for s in signs] for signs in product((1, -1), repeat=n)]
    for d in corners if vectors else ():
        labels = [within_budget(y + x, y, x) for x, (y,) in zip(d, problem.targets, strict=True)]
        errors = [e[0] + dot(e[1:], d) for e in face.errors]
        size = dot(errors, errors)
        for k, g in enumerate(vectors):
            height = dot(g, labels)
            if height < 0 or height * height < size * sum(map(mul, g, g)):
                raise Rejected(f"{step.at('vectors')}[{k}]", "proves less than the claimed bound for some labels")
    units = Units.of(problem)
    placed = arranged(units)
    fails = [rejected(units, [ray for _, _, ray in placed], face.errors, rho)]
    fails += failing(units, placed, vectors) if vectors else []
    root = [(1 << 2 * len(placed)) - 1] * min(problem.widths[1], n)
    walk(tree, root, sides_of(len(units.planes), placed), fails, step)
    return GlobalRadius(face.at, printable(rho), face.exact and rho == face.radius, lower_beyond(step, face, n))


def lower_beyond(step: Reading, face: FaceRadius, n: int) -> Fraction | None:
    """The size of the labels' changes "beyond", for which the point "better" is lower than the face's best fit."""
    d = step.take("beyond", listed(canonical, n, "changes, one per sample"), None)
    if d is None:
        return None
    better = step.premise("better", Evaluated)
    labels = [y + x for (y,), x in zip(step.proof.problem.targets, d, strict=True)]
    other = [f - y for (f,), y in zip(better.predictions, labels, strict=True)]
    errors = [e[0] + dot(e[1:], d) for e in face.errors]
    if dot(other, other) >= dot(errors, errors):
        raise Rejected(step.at("beyond"), "is no label vector for which the other point is lower")
    return printable(max(map(abs, d)))


def rejected(units: Units, closed: Sequence[Direction], errors: Sequence[Form], rho: Fraction) -> int:
    """The signed rays with σ ⟨y + d − f(d), H(ray)⟩ > 0 for some |d_i| < ρ, as a set; the errors are f − y."""
    found, size = 0, len(errors[0]) - 1
    for k, ray in enumerate(closed):
        spend(200 * len(units.planes))
        pull = combined(zip([-x for x in heights(units, ray)], errors, strict=True), size)
        slack = rho * norm(pull)
        found |= (pull[0] + slack > 0) << k | (slack - pull[0] > 0) << k + len(closed)
    return found
