"""The rule `point`."""

from .errors import Rejected, printable
from .facts import Evaluated
from .network import predictions, risk
from .proof import Reading


def point(step: Reading) -> Evaluated:
    """
    parameters θ of the problem's architecture
    ------------------------------------------ [point]
      f(x_i; θ) and R(θ), computed exactly

    "given" stands for the parameters in the network file.
    """
    problem, given = step.proof.problem, step.left.get("parameters") == "given"
    theta = step.take("parameters", lambda *_: problem.parameters, None) if given else step.point("parameters")
    if theta is None:
        raise Rejected(step.at("parameters"), "the network file gives no parameters")
    f = predictions(problem, theta)
    return Evaluated(theta, f, printable(risk(problem, f)), given)
