"""The rule `adjacent_cells`: the first-order minorant is constant on every cell around the point."""

from itertools import product
from math import prod

from .errors import Declined
from .facts import Evaluated, LocalMinimum
from .interior_minimum import flat
from .network import pieces_at, residuals
from .proof import Reading

MAX_CELLS = 4096


def adjacent_cells(step: Reading) -> LocalMinimum:
    """
    for every choice of a piece at each pre-activation of θ* at a breakpoint: Ψ is constant on that cell
    ------------------------------------------------------------------------------------------------ [adjacent_cells]
      θ* is a local minimum

    Sound: near θ* every point has one of these patterns; there R(θ) − R(θ*) ≥ Ψ(θ) = Ψ(θ*) = 0, since at a
    breakpoint both pieces agree.
    """
    problem, at = step.proof.problem, step.premise("point", Evaluated)
    around = pieces_at(problem, at.point)
    if prod(len(pieces) for layer in around for unit in layer for pieces in unit) > MAX_CELLS:
        raise Declined("too many cells meet at the point")
    pull = residuals(problem, at.predictions)
    for pattern in product(*(product(*(product(*unit) for unit in layer)) for layer in around)):
        flat(problem, pattern, pull, step.where)
    return LocalMinimum(at, None)
