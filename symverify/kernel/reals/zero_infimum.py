"""The rule `zero_infimum`."""

from ..core.errors import Rejected
from ..core.network import Affine, Problem
from ..core.proof import Reading
from ..programs.network import Programmed
from ..programs.places import zero
from .facts import EnclosedPoint, ZeroInfimum, real_loss


def zero_infimum(step: Reading) -> ZeroInfimum:
    """
    a point that predicts every label, all of them hard, with a positive margin
    in a general program: a last affine map, each of whose places but frozen zeros is free, and tied to no other map's
    --------------------------------------------------------------------------- [zero_infimum]
      inf R = 0, and no point attains it

    Sound: the last layer times s makes the predictions s f, and R(s f) → 0 as s → ∞; R > 0 everywhere. So every local
    minimum is spurious, by its whole risk.
    """
    at, loss = step.premise("point", EnclosedPoint), real_loss(step.proof.problem)
    if not scalable(step.proof.problem):
        raise Rejected(step.where, "the last affine map does not grow by itself")
    for i, (f, y) in enumerate(zip(at.predictions, step.proof.problem.targets, strict=True)):
        if not loss.wins(f, y):
            raise Rejected(step.roles.at("point"), f"does not predict the label of sample {i + 1} with a margin")
    return ZeroInfimum()


def scalable(problem: Problem) -> bool:
    """Whether the parameters of the last affine map, the prediction's, may grow together while all others stay."""
    last = problem.program[-1]
    if not isinstance(problem, Programmed) or not isinstance(last, Affine):
        return not isinstance(problem, Programmed)
    held = [slot for row in problem.slots[last.layer].rows() for slot in row if not zero(slot)]
    own = {slot for slot in held if isinstance(slot, int)}
    return all(isinstance(slot, int) for slot in held) and all(
        place[0] == last.layer for place, slot in problem.places if slot in own
    )
