"""The rule `linear_collapse`: a linear network is one cell, without spurious minima."""

from dataclasses import dataclass

from ..core.activation import ONE
from ..core.algebra import rank
from ..core.errors import Rejected
from ..core.proof import Fact, Reading, Statement

SHALLOW = "converse of interior_minimum; no rank condition"


@dataclass(frozen=True, slots=True)
class LinearCollapse(Fact):
    """All activations are affine: one cell, and every local minimum is global, by `theorem`."""

    theorem: str

    def settles(self, claim: str) -> tuple[str, Statement] | None:
        return ("proved", {"theorem": self.theorem}) if claim == "linear_collapse" else None


def linear_collapse(step: Reading) -> LinearCollapse:
    """
    every activation is affine; and one of the cases below
    ------------------------------------------------------ [linear_collapse]
      parameter space is one cell, and every local minimum is a global one

    Sound, for one hidden layer and scalar output, by the converse of interior_minimum (a local minimum inside a
    cell has constant Ψ and so minimises R over it). Otherwise a bias of the last layer absorbs all the others, and
    the statement is Laurent and von Brecht's (2018) for widths ≥ min(inputs, outputs), or, for squared loss, Lu
    and Kawaguchi's (2017) where the centred inputs and targets have full row rank.
    """
    problem = step.proof.problem
    bent = [m for m, h in enumerate(problem.activations, 1) if h.breakpoints]
    if bent:
        raise Rejected(step.where, f"the activation of hidden layer {bent[0]} is not affine")
    inner = problem.widths[1:-1]
    if len(inner) == 1 and problem.widths[-1] == 1:
        return LinearCollapse(SHALLOW)
    if not problem.output_bias and (problem.hidden_bias or any(o for h in problem.activations for o in h.offsets)):
        raise Rejected(step.where, "deep or vector-valued with an inner shift and no output bias: no theorem applies")
    if min(inner) >= min(problem.widths[0], problem.widths[-1]):
        return LinearCollapse(
            "Laurent and von Brecht 2018; hidden widths at least min(inputs, outputs), no rank condition"
        )
    if problem.loss.quadratic:
        ones = [(ONE,) * len(problem.inputs)] if problem.output_bias else []
        for part, rows in (("inputs", problem.inputs), ("targets", problem.targets)):
            if rank([*zip(*rows, strict=True), *ones]) < len(rows[0]) + len(ones):
                raise Rejected(step.where, f"narrow layers, and the {part} do not have full rank: no theorem applies")
        return LinearCollapse("Lu and Kawaguchi 2017; squared loss, inputs and targets of full row rank")
    raise Rejected(step.where, "narrow layers and a loss other than the squared: no theorem applies")
