"""The rule `zero_infimum`."""

from ..core.errors import Rejected
from ..core.proof import Reading
from .facts import EnclosedPoint, ZeroInfimum, real_loss


def zero_infimum(step: Reading) -> ZeroInfimum:
    """
    a point that predicts every label, all of them hard, with a positive margin
    --------------------------------------------------------------------------- [zero_infimum]
      inf R = 0, and no point attains it

    Sound: the last layer times s makes the predictions s f, and R(s f) → 0 as s → ∞; R > 0 everywhere. So every local
    minimum is spurious, by its whole risk.
    """
    at, loss = step.premise("point", EnclosedPoint), real_loss(step.proof.problem)
    for i, (f, y) in enumerate(zip(at.predictions, step.proof.problem.targets, strict=True)):
        if not loss.wins(f, y):
            raise Rejected(step.roles.at("point"), f"does not predict the label of sample {i + 1} with a margin")
    return ZeroInfimum()
