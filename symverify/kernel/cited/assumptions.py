"""The claim's assumptions in the paper, each decided from the problem alone."""

from dataclasses import dataclass

from ..core.activation import ZERO
from ..core.algebra import rank
from ..core.proof import Fact, Reading, Statement


@dataclass(frozen=True, slots=True)
class Assumptions(Fact):
    """Which of A1–A4 and AL hold, each with its evidence: numbers of samples or layers, from 1, where it fails."""

    holds: tuple[tuple[str, bool, tuple[int, ...]], ...]

    def settles(self, claim: str) -> tuple[str, Statement] | None:
        return ("proved", {name: is_so for name, is_so, _ in self.holds}) if claim == "assumptions" else None


def assumptions(step: Reading) -> Assumptions:
    """
    A1  no affine map has the labels as its values     A2  inputs are distinct
    A3  every hidden layer is wider than the output    A4  some breakpoint's two slopes do not cancel, in each layer
    AL  ℓ is differentiable, and stationary only at the target
    ------------------------------------------------------------------------------------------------- [assumptions]
      each holds or fails, as found
    """
    problem, affine = step.proof.problem, step.proof.problem.affine_features()
    misfit = rank([*affine, *zip(*problem.targets, strict=True)]) - rank(affine)
    twins = next((group[:2] for group in problem.groups if len(group) > 1), ())
    narrow = [m for m, width in enumerate(problem.widths[1:-1], 1) if width <= problem.widths[-1]]
    even = [
        m
        for m, h in enumerate(problem.activations, 1)
        if all(a + b == ZERO for a, b in zip(h.slopes, h.slopes[1:], strict=False))
    ]
    return Assumptions(
        (
            ("A1", misfit > 0, ()),
            ("A2", not twins, tuple(i + 1 for i in twins)),
            ("A3", not narrow, tuple(narrow[:1])),
            ("A4", not even, tuple(even[:1])),
            ("AL", problem.loss.sharp, ()),
        )
    )
