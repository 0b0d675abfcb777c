"""The rule `constant_risk_path`: local minima of one cell, joined by a curve of them."""

from dataclasses import dataclass

from ..core.errors import Rejected
from ..core.facts import LocalMinimum
from ..core.network import Point, rational, residuals
from ..core.proof import Fact, Reading, Statement
from .strata import face_of, inside


@dataclass(frozen=True, slots=True)
class ConstantRiskPath(Fact):
    """A curve of local minima of equal risk, inside one cell, from `minimum` through the nodes to the last one."""

    minimum: LocalMinimum
    nodes: tuple[Point, ...]

    def settles(self, claim: str) -> tuple[str, Statement] | None:
        if claim != "constant_risk_path":
            return None
        return "proved", {"risk": str(self.minimum.at.risk), "nodes": len(self.nodes)}


def constant_risk_path(step: Reading) -> ConstantRiskPath:
    """
    θ_0 a local minimum by interior_minimum in C      θ_1, …, θ_m strictly inside C, with θ_0's loss gradient
    between neighbours no output weight changes its sign to the opposite, and where it is 0 at one of them only,
    the unit's input weights are the same at both
    ------------------------------------------------------------------------------------ [constant_risk_path]
      the curve θ_0 … θ_m, linear between neighbours in (v w, v, c), and in w where v = 0 at both, consists of
      local minima of equal risk

    Sound: these coordinates determine w where v ≠ 0 and predictions are linear in them; a unit's (|v| w, |v|) stays
    in the convex cone of its cell; {f : ℓ'(f − y_i) = const} is an interval.
    """
    problem, minimum = step.proof.problem, step.premise("minimum", LocalMinimum)
    if minimum.pattern is None or not problem.shallow:
        raise Rejected(step.roles.at("minimum"), "needs interior_minimum, one hidden layer and scalar output")
    (r,), nodes = residuals(problem, minimum.at.predictions), [minimum.at.point]
    for here, theta in inside(problem, face_of(problem, minimum.at.point), r, step, "nodes"):
        for j, ends in enumerate(zip(nodes[-1][1].weight[0], theta[1].weight[0], strict=True)):
            w, w_next = ((p[0].weight[j], p[0].bias and p[0].bias[j]) for p in (nodes[-1], theta))
            v, v_next = map(rational, ends)
            if v * v_next < 0 or (bool(v) != bool(v_next) and w != w_next):
                raise Rejected(
                    here, f"{problem.unit_name(0, j)} changes sign, or its input weights move where its sign appears"
                )
        nodes.append(theta)
    if nodes[-1] == nodes[0]:
        raise Rejected(step.at("nodes"), "leads nowhere")
    return ConstantRiskPath(minimum, tuple(nodes))
