"""The rule `enclosed_point`: a rational point under a loss over the reals, or under weight decay."""

from collections.abc import Sequence
from fractions import Fraction

from ..core.activation import ZERO
from ..core.errors import Rejected, within_budget
from ..core.network import Point, Problem, Vector, predictions, rational
from ..core.network import risk as exact_risk
from ..core.proof import Reading
from ..programs.parameters import values_of
from .enclosure import Enclosure, exact, plus, scaled
from .facts import EnclosedPoint
from .layout import layout_of
from .losses import RealLoss


def enclosed_point(step: Reading) -> EnclosedPoint:
    """
    parameters θ of the problem's architecture
    ---------------------------------------------------------- [enclosed_point]
      f(x_i; θ), computed exactly, and an interval that has R(θ) in it

    "given" stands for the parameters in the network file. The penalty of weight decay is part of R.
    """
    problem, given = step.proof.problem, step.left.get("parameters") == "given"
    theta = step.take("parameters", lambda *_: problem.parameters, None) if given else step.point("parameters")
    if theta is None:
        raise Rejected(step.at("parameters"), "the network file gives no parameters")
    if not (isinstance(problem.loss, RealLoss) or problem.decays):
        raise Rejected(step.where, "is not a rule where risks are rational")
    f = predictions(problem, theta)
    return EnclosedPoint(
        theta, f, enclosed_risk(problem, f, penalty(problem, theta) if problem.decays else ZERO), given
    )


def enclosed_risk(problem: Problem, f: Sequence[Vector], penalty: Fraction = ZERO) -> Enclosure:
    """R of the predictions f (n × d_Y), and a penalty."""
    loss = problem.loss
    if not isinstance(loss, RealLoss):
        return scaled(Fraction(1), exact(exact_risk(problem, f) + penalty))
    found = plus(loss.enclosed(u, y) for u, y in zip(f, problem.targets, strict=True))
    return scaled(loss.factor, plus((found, exact(penalty / loss.factor))))


def penalty(problem: Problem, theta: Point) -> Fraction:
    """½ μ |weights|² + ½ ν |biases|² over the free parameters."""
    value, own = ZERO, layout_of(problem).biases if problem.decays else ()
    for number, x in enumerate(map(rational, values_of(problem, theta)) if problem.decays else ()):
        rate = problem.decay[number in own]
        value = within_budget(value + rate * x * x / 2, rate, x)
    return value
