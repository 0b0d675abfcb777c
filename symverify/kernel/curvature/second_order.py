"""The rule `second_order`: local minima modulo the symmetries of a cell."""

from collections.abc import Sequence
from fractions import Fraction

from ..core.algebra import rank
from ..core.errors import Rejected, within_budget
from ..core.facts import Evaluated, LocalMinimum
from ..core.network import cell_of
from ..core.proof import Reading
from .flows import symmetries
from .hessian import derivatives, second_derivatives


def second_order(step: Reading) -> LocalMinimum:
    """
    θ* strictly inside a cell, ℓ twice differentiable at f(θ*)      ∇R = 0, H = ∇²R ⪰ 0
    dim ker H = dimension of the span of the cell's symmetries at θ*
    ----------------------------------------------------------------------------------- [second_order]
      θ* is a local minimum

    Sound (Morse and Bott): the orbit N of θ* under the flows of the symmetries consists of critical points of
    equal risk, and its tangent space lies in ker H; so it is ker H, H is positive definite across N, and remains
    so at the points of N near θ*.
    """
    problem, at = step.proof.problem, step.premise("point", Evaluated)
    pattern, bends = cell_of(problem, at.point), second_derivatives(problem, at.predictions)
    if any(bend is None for row in bends for bend in row):
        raise Rejected(step.where, "the loss is not twice differentiable at a prediction")
    first, hessian = derivatives(problem, at.point, pattern)
    if any(first):
        raise Rejected(step.where, "the gradient is not 0")
    nullity = len(hessian) - semidefinite_rank(hessian, step.where)
    span = rank(symmetries(problem, at.point, pattern))
    if span != nullity:
        raise Rejected(step.where, f"the Hessian's kernel has dimension {nullity}, the cell's symmetries span {span}")
    return LocalMinimum(at, None)


def semidefinite_rank(matrix: Sequence[Sequence[Fraction]], where: str) -> int:
    """The rank of a symmetric positive semidefinite matrix, by elimination on positive diagonal entries.

    A negative diagonal entry, or a zero one in a non-zero row, refutes semidefiniteness.
    """
    left = [list(row) for row in matrix]
    for count in range(len(left) + 1):
        p = next((i for i, row in enumerate(left) if row[i] > 0), None)
        if p is None:
            if any(map(any, left)):
                raise Rejected(where, "the Hessian is not positive semidefinite")
            return count
        pivot = left.pop(p)
        lead, rest = pivot[p], pivot[:p] + pivot[p + 1 :]
        left = [
            [
                within_budget(x - row[p] * y / lead, x, row[p], y, lead)
                for x, y in zip(row[:p] + row[p + 1 :], rest, strict=True)
            ]
            for row in left
        ]
    raise Rejected(where, "the Hessian is not positive semidefinite")
