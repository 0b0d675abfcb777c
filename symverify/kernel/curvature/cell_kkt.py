"""The rule `cell_kkt`: any network, any point; first and second order in every cell around it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from ..core.activation import ZERO
from ..core.algebra import Row, dot, total
from ..core.errors import Declined, Malformed, Rejected, spend
from ..core.facts import Evaluated, LocalMinimum
from ..core.interior_minimum import flat
from ..core.network import Pattern, Place, Problem, pieces_at, residuals
from ..core.proof import Reading, curve
from ..core.text import Fields, anything, canonical, integer, listed
from ..programs.moves import Unit
from ..programs.parameters import linear
from .eliminate import Stationary, eliminated
from .flows import flows
from .forms import nullspace, require_definite, restricted
from .hessian import derivatives, kink_derivatives, second_derivatives

MAX_CELLS = 4096


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell around a point: one side of each kink, +1 the upper piece at the breakpoint, −1 the lower."""

    problem: Problem
    at: Evaluated
    kinks: tuple[Place, ...]  # (hidden layer, unit, sample)
    signs: tuple[int, ...]
    pattern: Pattern

    def kink(self, b: int) -> tuple[list[Fraction], list[list[Fraction]]]:
        """N_b = s_b ∇z_b and s_b ∇²z_b, on the cell's pieces."""
        first, second = kink_derivatives(self.problem, self.at.point, self.pattern, self.kinks[b])
        s = self.signs[b]
        return [s * x for x in first], [[s * x for x in row] for row in second]

    def threshold(self, b: int) -> Fraction:
        """The breakpoint that kink b is at."""
        (m, j, i), s = self.kinks[b], self.signs[b]
        piece = self.pattern[m][j][i]
        return self.problem.bents[m].h.breakpoints[piece - 1 if s > 0 else piece]


def cell_kkt(step: Reading) -> LocalMinimum:
    """
    for every choice s of a side of each kink b (a pre-activation z_b of θ* at a breakpoint), one of
      flat         Ψ is constant on the cell
      empty        μ ≥ 0, ≠ 0, on kinks affine in the free parameters, as a first layer's are, with N_b ≠ 0:
                   Σ μ_b N_b = 0,  N_b = s_b ∇z_b
      multipliers  λ ≥ 0:  ∇R_s = Σ λ_b N_b, and with S = {b: λ_b > 0} the Hessian of R_s − Σ λ_b s_b z_b is positive
                   definite on the vectors orthogonal to all N_b, b ∈ S, and to the flows of the cell and S
      eliminate    see `eliminated`
    not all are empty; where a cell is not flat or empty ℓ is twice differentiable at every prediction
    ----------------------------------------------------------------------------------------------- [cell_kkt]
      θ* is a local minimum

    Sound: the closed cells {s_b z_b ≥ t_b} cover a neighbourhood of θ*, and R = R_s on each. Flows leave R_s and the
    signs of z_b, b ∈ S, as they are, and move every θ near θ* into θ* + a complement of their span. Were R_s(θ_k) <
    R(θ*) with θ_k → θ* there, a limit direction δ would have ⟨∇R_s, δ⟩ ≤ 0 ≤ ⟨N_b, δ⟩, so ⟨N_b, δ⟩ = 0 on S; but
    R_s ≥ R_s − Σ λ_b s_b (z_b − t_b) = R(θ*) + ½ τ² δᵀHδ + o(τ²).
    """
    problem, at = step.proof.problem, step.premise("point", Evaluated)
    entries = step.need("cells", listed(anything))
    (count, around), empty = cells(problem, at), 0
    if len(entries) != count:
        raise Rejected(step.at("cells"), f"expected an entry for each of {count} cells, got {len(entries)}")
    for k, (cell, entry) in enumerate(zip(around, entries, strict=True)):
        where = f"{step.at('cells')}[{k}]"
        fields = Fields(entry, where)
        match list(fields.left):
            case ["flat"]:
                if fields.need("flat", anything) is not True:
                    raise Malformed((fields.at("flat"), "expected true"))
                flat(problem, cell.pattern, residuals(problem, at.predictions), where)
            case ["empty"]:
                no_point(cell, fields.need("empty", listed(canonical, len(cell.kinks), "numbers, one per kink")), where)
                empty += 1
            case ["multipliers"]:
                smooth(problem, at, where)
                given = fields.need("multipliers", listed(canonical, len(cell.kinks), "numbers, one per kink"))
                second_order_holds(cell, given, where)
            case ["eliminate"]:
                smooth(problem, at, where)
                by_elimination(cell, Fields(fields.need("eliminate", anything), fields.at("eliminate")), where)
            case _:
                raise Malformed((where, 'expected one of "flat", "empty", "multipliers", "eliminate"'))
    if empty == count:
        raise Rejected(step.at("cells"), "all are empty, and some cell is around every point")
    return LocalMinimum(at, None)


def cells(problem: Problem, at: Evaluated) -> tuple[int, Iterator[Cell]]:
    """The number of cells around a point; the cells, by the signs of its kinks in the order of layer, unit, sample."""
    found = pieces_at(problem, at.point)
    kinks = tuple(
        (m, j, i)
        for m, layer in enumerate(found)
        for j, unit in enumerate(layer)
        for i, pieces in enumerate(unit)
        if len(pieces) > 1
    )
    if 2 ** len(kinks) > MAX_CELLS:
        raise Declined("too many cells meet at the point")

    def cell(signs: tuple[int, ...]) -> Cell:
        spend(60 * sum(len(unit) for layer in found for unit in layer))
        side = dict(zip(kinks, signs, strict=True))
        pattern = tuple(
            tuple(
                tuple(pieces[side.get((m, j, i), -1) > 0] for i, pieces in enumerate(unit))
                for j, unit in enumerate(layer)
            )
            for m, layer in enumerate(found)
        )
        return Cell(problem, at, kinks, signs, pattern)

    return 2 ** len(kinks), map(cell, product((-1, 1), repeat=len(kinks)))


def smooth(problem: Problem, at: Evaluated, where: str) -> None:
    """ℓ is twice differentiable at every prediction."""
    if any(bend is None for row in second_derivatives(problem, at.predictions) for bend in row):
        raise Rejected(where, "the loss is not twice differentiable at a prediction")


def no_point(cell: Cell, mu: Sequence[Fraction], where: str) -> None:
    """
    μ ≥ 0, ≠ 0, only on kinks affine in the free parameters, with N_b ≠ 0      Σ μ_b N_b = 0
    ------------------------------------------------------------------- [no_point]
      no θ has s_b (z_b(θ) − t_b) > 0 for all of these: linear forms that vanish at θ*
    """
    used = [b for b, m in enumerate(mu) if m]
    if not used or min(mu) < 0 or not all(linear(cell.problem, cell.kinks[b]) for b in used):
        raise Rejected(
            where,
            "needs multipliers that are not negative, not all 0, and 0 on kinks not affine in parameters",
        )
    normals = [cell.kink(b)[0] for b in used]
    if not all(map(any, normals)):
        raise Rejected(where, "has a multiplier on a kink that does not move")
    if any(total(mu[b] * x for b, x in zip(used, column, strict=True)) for column in zip(*normals, strict=True)):
        raise Rejected(where, "its multipliers do not combine to 0")


def stationary(cell: Cell, given: Sequence[Fraction], where: str) -> Stationary:
    """∇R_s = Σ λ_b N_b, λ ≥ 0."""
    if min(given, default=ZERO) < 0:
        raise Rejected(where, "a multiplier is negative")
    first, hessian = derivatives(cell.problem, cell.at.point, cell.pattern)
    active, kinked = list[tuple[Row, Place]](), dict[Unit, set[Fraction]]()
    for b, weight in enumerate(given):
        if weight:
            normal, bend = cell.kink(b)
            first = [x - weight * y for x, y in zip(first, normal, strict=True)]
            hessian = [
                [x - weight * y for x, y in zip(row, bent, strict=True)]
                for row, bent in zip(hessian, bend, strict=True)
            ]
            active.append((normal, cell.kinks[b]))
            kinked.setdefault(cell.kinks[b][:2], set()).add(cell.threshold(b))
    if any(first):
        raise Rejected(where, "its multipliers do not combine to the gradient")
    if any(list(column) != row for column, row in zip(zip(*hessian, strict=True), hessian, strict=True)):
        raise ArithmeticError("second derivatives are not symmetric")
    moves = flows(cell.problem, cell.at.point, cell.pattern, kinked)
    if any(dot(normal, move) for normal, _ in active for move in moves):
        raise ArithmeticError("a flow moves a kink that it should keep")
    return Stationary(hessian, active, moves)


def by_elimination(cell: Cell, given: Fields, where: str) -> None:
    """See `eliminated`."""
    problem, at = cell.problem, cell.at
    multipliers = given.need("multipliers", listed(canonical, len(cell.kinks), "numbers, one per kink"))
    held, place = given.need("held", listed(integer)), given.need("place", integer)
    path = curve(problem, given, "curve", at.point)
    given.done()
    eliminated(problem, at, cell.pattern, stationary(cell, multipliers, where), held, place, path, where)


def second_order_holds(cell: Cell, given: Sequence[Fraction], where: str) -> None:
    """The Lagrangian is positive definite on the vectors orthogonal to the N_b of S and to the flows."""
    found = stationary(cell, given, where)
    basis = nullspace([*(normal for normal, _ in found.active), *found.moves], cell.problem.size())
    require_definite(restricted(found.hessian, basis), where, "the Lagrangian across flows and active kinks")
