"""The rule `function_bound`: what no function of the inputs can go below."""

from .algebra import total
from .errors import printable
from .facts import LowerBound
from .network import Problem, Vector, risk
from .proof import Reading


def function_bound(step: Reading) -> LowerBound:
    """
    squared loss
    ------------------------------------------------------------------------------------ [function_bound]
      R ≥ factor · Σ of the targets' squared deviations from their mean over equal inputs

    Sound: a function of the inputs is constant on equal ones, and the mean is the only best constant.
    """
    problem = step.proof.problem
    means = group_means(problem)
    residual = tuple(a - b for y, f in zip(problem.targets, means, strict=True) for a, b in zip(y, f, strict=True))
    return LowerBound(printable(risk(problem, means)), (residual,))


def group_means(problem: Problem) -> list[Vector]:
    """For each sample the mean target of the samples with its inputs."""
    best: dict[int, Vector] = {}
    for group in problem.groups:
        columns = zip(*(problem.targets[i] for i in group), strict=True)
        best |= dict.fromkeys(group, tuple(total(column) / len(group) for column in columns))
    return [best[i] for i in range(len(problem.inputs))]
