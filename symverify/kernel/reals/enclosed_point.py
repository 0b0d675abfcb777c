"""The rule `enclosed_point`: a rational point under a loss over the reals."""

from collections.abc import Sequence

from ..core.errors import Rejected
from ..core.network import Problem, Vector, predictions
from ..core.proof import Reading
from .enclosure import Enclosure, plus, scaled
from .facts import EnclosedPoint, real_loss


def enclosed_point(step: Reading) -> EnclosedPoint:
    """
    parameters θ of the problem's architecture
    ---------------------------------------------------------- [enclosed_point]
      f(x_i; θ), computed exactly, and an interval that has R(θ) in it

    "given" stands for the parameters in the network file.
    """
    problem, given = step.proof.problem, step.left.get("parameters") == "given"
    theta = step.take("parameters", lambda *_: problem.parameters, None) if given else step.point("parameters")
    if theta is None:
        raise Rejected(step.at("parameters"), "the network file gives no parameters")
    f = predictions(problem, theta)
    return EnclosedPoint(theta, f, enclosed_risk(problem, f), given)


def enclosed_risk(problem: Problem, f: Sequence[Vector]) -> Enclosure:
    """R of the predictions f (n × d_Y)."""
    loss = real_loss(problem)
    return scaled(loss.factor, plus(loss.enclosed(u, y) for u, y in zip(f, problem.targets, strict=True)))
