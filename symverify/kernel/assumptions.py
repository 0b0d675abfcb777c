"""What depends on the problem alone: the theorem's assumptions, and the collapse of linear networks to one cell."""

from .errors import Rejected
from .facts import Assumptions, LinearCollapse
from .linear import rank
from .model import ONE, Vector
from .read import Fields
from .rules import Proof


def assumptions(proof: Proof, step: Fields) -> Assumptions:
    """The theorem's assumptions, each decided from the problem alone."""
    problem, n = proof.problem, len(proof.problem.inputs)
    affine = [*zip(*problem.inputs, strict=True), (ONE,) * n]
    misfit = rank([*affine, *zip(*problem.targets, strict=True)]) - rank(affine)
    first: dict[Vector, int] = {}
    twins = [(first[x], i) for i, x in enumerate(problem.inputs) if first.setdefault(x, i) != i]
    narrow = [m for m, width in enumerate(problem.widths[1:-1], 1) if width <= problem.widths[-1]]
    even = [
        m
        for m, h in enumerate(problem.activations, 1)
        if not any(a + b for a, b in zip(h.slopes, h.slopes[1:], strict=False))
    ]
    return Assumptions(
        (
            ("A1", misfit > 0, f"{'no' if misfit else 'an'} affine map fits the data"),
            (
                "A2",
                not twins,
                f"samples {twins[0][0] + 1} and {twins[0][1] + 1} have equal inputs"
                if twins
                else "inputs are distinct",
            ),
            (
                "A3",
                not narrow,
                f"hidden layer {narrow[0]} is not wider than the output"
                if narrow
                else "every hidden layer is wider than the output",
            ),
            (
                "A4",
                not even,
                f"in hidden layer {even[0]} no breakpoint has slopes that do not cancel"
                if even
                else "every activation has a breakpoint whose slopes do not cancel",
            ),
            ("AL", True, "the loss is differentiable and stationary only at the target"),
        )
    )


def linear_collapse(proof: Proof, step: Fields) -> LinearCollapse:
    """
    every activation is affine; and one of the cases below
    ------------------------------------------------------ [linear_collapse]
      parameter space is one cell, and every local minimum is a global one

    Sound, for one hidden layer and scalar output, by the converse of interior_minimum (a local minimum inside a
    cell has constant Ψ and so minimises R over it). Otherwise a bias of the last layer absorbs all the others, and
    the statement is Laurent and von Brecht's (2018) for widths ≥ min(inputs, outputs), or, for squared loss, Lu
    and Kawaguchi's (2017) where the centred inputs and targets have full row rank.
    """
    problem = proof.problem
    bent = [m for m, h in enumerate(problem.activations, 1) if h.breakpoints]
    if bent:
        raise Rejected(step.where, f"the activation of hidden layer {bent[0]} is not affine")
    inner = problem.widths[1:-1]
    if len(inner) == 1 and problem.widths[-1] == 1:
        return LinearCollapse("converse of interior_minimum; no rank condition")
    if not problem.output_bias and (problem.hidden_bias or any(o for h in problem.activations for o in h.offsets)):
        raise Rejected(step.where, "deep or vector-valued with an inner shift and no output bias: no theorem applies")
    if min(inner) >= min(problem.widths[0], problem.widths[-1]):
        return LinearCollapse(
            "Laurent and von Brecht 2018; hidden widths at least min(inputs, outputs), no rank condition"
        )
    if problem.loss.name == "squared":
        ones = [(ONE,) * len(problem.inputs)] if problem.output_bias else []
        for part, rows in (("inputs", problem.inputs), ("targets", problem.targets)):
            if rank([*zip(*rows, strict=True), *ones]) < len(rows[0]) + len(ones):
                raise Rejected(step.where, f"narrow layers, and the {part} do not have full rank: no theorem applies")
        return LinearCollapse("Lu and Kawaguchi 2017; squared loss, inputs and targets of full row rank")
    raise Rejected(step.where, "narrow layers and a loss other than the squared: no theorem applies")
