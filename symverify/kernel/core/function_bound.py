"""The rule `function_bound`: what no function of the inputs can go below."""

from .algebra import total
from .errors import printable
from .facts import LowerBound
from .network import Problem, Vector
from .proof import Reading


def function_bound(step: Reading) -> LowerBound:
    """
    the samples in groups of equal inputs
    -------------------------------------------------------------------------- [function_bound]
      R ≥ factor · Σ over the groups of the least loss of a constant prediction

    Sound: a function of the inputs is constant on equal ones. Under the squared loss the mean is the only best
    constant, so that a point of this risk has one vector of residuals.
    """
    problem, loss = step.proof.problem, step.proof.problem.loss
    bound = loss.factor * total(loss.least([problem.targets[i] for i in group]) for group in problem.groups)
    return LowerBound(printable(bound), (mean_residuals(problem),) if loss.quadratic else ())


def mean_residuals(problem: Problem) -> Vector:
    """y − f, all outputs of a sample in a row, for the mean targets f of the samples with equal inputs."""
    best: dict[int, Vector] = {}
    for group in problem.groups:
        columns = zip(*(problem.targets[i] for i in group), strict=True)
        best |= dict.fromkeys(group, tuple(total(column) / len(group) for column in columns))
    return tuple(a - b for i, y in enumerate(problem.targets) for a, b in zip(y, best[i], strict=True))
