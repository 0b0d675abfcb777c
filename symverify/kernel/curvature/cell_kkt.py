"""The rule `cell_kkt`: any network, any point; first and second order in every cell around it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from ..core.activation import ONE, ZERO
from ..core.algebra import Row, dot, rank, total
from ..core.errors import Declined, Malformed, Rejected, spend, within_budget
from ..core.facts import Evaluated, LocalMinimum
from ..core.interior_minimum import flat
from ..core.network import Pattern, Place, Problem, pieces_at, residuals
from ..core.proof import Reading, curve
from ..core.text import Fields, anything, canonical, integer, listed
from ..programs.moves import Unit
from ..programs.network import Programmed
from ..programs.parameters import linear
from .eliminate import Stationary, eliminated
from .face_flows import Face
from .flat_face import flat_face
from .flows import flows
from .forms import nullspace, require_definite, restricted
from .hessian import derivatives, kink_derivatives, second_derivatives, slope

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

    def form(self, b: int) -> tuple[object, Row] | None:
        """s_b times the form that z_b is, and what that is applied to; None for a program's that is not affine in θ.

        All parameters, if z_b is affine in them; in a deeper layer of a chain z_b = ⟨w, (x, 1)⟩ for a w that all kinks
        of the unit share whose samples are strictly inside the same pieces before, or, after a layer whose pieces have
        slope 0 on the sample, from there on; else all with the same input and pieces before share their z.
        """
        (m, j, i), problem = self.kinks[b], self.problem
        if linear(problem, self.kinks[b]):
            return "parameters", self.kink(b)[0]
        if isinstance(problem, Programmed):
            return None
        before = [tuple(unit[i] for unit in layer) for layer in self.pattern[:m]]
        dead = [k for k in range(m) if not any(problem.activations[k].slopes[p] for p in before[k])]
        start = dead[-1] if dead else 0
        if any(start <= kink[0] < m and kink[2] == i for kink in self.kinks):
            return ("input", m, j, problem.inputs[i], *before), [Fraction(self.signs[b])]
        if dead:
            return ("dead", m, j, *before[start:]), [Fraction(self.signs[b])]
        offset = any(h.offsets[p] for h, row in zip(problem.activations[:m], before, strict=True) for p in row)
        row = [*problem.inputs[i], *[ONE] * (problem.hidden_bias or offset)]
        return ("pieces", m, j, *before), [self.signs[b] * x for x in row]

    def threshold(self, b: int) -> Fraction:
        """The breakpoint that kink b is at."""
        (m, j, i), s = self.kinks[b], self.signs[b]
        piece = self.pattern[m][j][i]
        return self.problem.bents[m].h.breakpoints[piece - 1 if s > 0 else piece]


def cell_kkt(step: Reading) -> LocalMinimum:
    """
    for every choice s of a side of each kink b (a pre-activation z_b of θ* at a breakpoint), one of
      flat         Ψ is constant on the cell
      empty        μ ≥ 0, ≠ 0, on kinks with a form: the forms of each kind, times s_b μ_b, add up to 0; see `no_point`
      face         λ ≥ 0:  ∇R_s = Σ λ_b N_b,  N_b = s_b ∇z_b, and Ψ is constant on the face of S = {b: λ_b > 0}; see
                   `flat_face`
      multipliers  λ as before, and the Hessian of R_s − Σ λ_b s_b z_b is positive definite on the vectors orthogonal to
                   all N_b, b ∈ S, and to the flows of the cell and S
      eliminate    see `eliminated`
    not all are empty; for `multipliers` and `eliminate` ℓ is twice differentiable at every prediction
    ----------------------------------------------------------------------------------------------- [cell_kkt]
      θ* is a local minimum

    Sound: the closed cells {s_b z_b ≥ t_b} cover a neighbourhood of θ*, and R = R_s on each. Flows leave R_s and the
    signs of z_b, b ∈ S, as they are, or R_s on the face M = {z_S = t_S}, where that is `sharp`: R_s does not rise from
    θ to a point of M at most C |z_S(θ) − t_S| away. They move every θ near θ*, or in M, into θ* + a complement of their
    span. Were R_s(θ_k) < R(θ*) with θ_k → θ* there, a limit direction δ would have ⟨∇R_s, δ⟩ ≤ 0 ≤ ⟨N_b, δ⟩, so
    ⟨N_b, δ⟩ = 0 on S; but R_s ≥ R_s − Σ λ_b s_b (z_b − t_b) = R(θ*) + ½ τ² δᵀHδ + o(τ²).
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
            case ["face"]:
                given = fields.need("face", listed(canonical, len(cell.kinks), "numbers, one per kink"))
                flat_on_face(cell, given, where)
            case ["multipliers"]:
                smooth(problem, at, where)
                given = fields.need("multipliers", listed(canonical, len(cell.kinks), "numbers, one per kink"))
                second_order_holds(cell, given, where)
            case ["eliminate"]:
                smooth(problem, at, where)
                by_elimination(cell, Fields(fields.need("eliminate", anything), fields.at("eliminate")), where)
            case _:
                raise Malformed((where, 'expected one of "flat", "empty", "face", "multipliers", "eliminate"'))
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
    μ ≥ 0, ≠ 0, only on kinks with a form that is not 0      the forms of each kind, times s_b μ_b, add up to 0
    ---------------------------------------------------------------------------------------- [no_point]
      every θ near θ* is in a closed cell for which there is no such μ

    Sound: a side may be chosen where z_b(θ) = t_b, and R = R_s on every closed cell with θ. Choose for each kind by a
    change of what the forms are applied to, so small that it keeps the other sides, and so that no form stays at t_b.
    Then s_b (form_b − t_b) > 0 for all kinks of the kind, so that no such sum is 0.
    """
    used = [b for b, m in enumerate(mu) if m]
    forms = [cell.form(b) for b in used]
    if not used or min(mu) < 0 or None in forms:
        raise Rejected(
            where,
            "needs multipliers that are not negative, not all 0, and 0 on kinks not affine in parameters",
        )
    kinds = dict[object, list[Row]]()
    for b, form in zip(used, forms, strict=True):
        kind, row = form or (None, ())
        if not any(row):
            raise Rejected(where, "has a multiplier on a kink that does not move")
        kinds.setdefault(kind, []).append([mu[b] * x for x in row])
    if any(total(column) for rows in kinds.values() for column in zip(*rows, strict=True)):
        raise Rejected(where, "its multipliers do not combine to 0")


def stationary(cell: Cell, given: Sequence[Fraction], where: str) -> Stationary:
    """∇R_s = Σ λ_b N_b, λ ≥ 0; the second order of the Lagrangian, and the flows."""
    problem, active = cell.problem, tangent(cell, given, where)
    hessian = derivatives(problem, cell.at.point, cell.pattern)[1]
    kinked = dict[Unit, set[Fraction]]()
    for b, weight in enumerate(given):
        if weight:
            hessian = [
                [x - weight * y for x, y in zip(row, bent, strict=True)]
                for row, bent in zip(hessian, cell.kink(b)[1], strict=True)
            ]
            kinked.setdefault(cell.kinks[b][:2], set()).add(cell.threshold(b))
    if any(list(column) != row for column, row in zip(zip(*hessian, strict=True), hessian, strict=True)):
        raise ArithmeticError("second derivatives are not symmetric")
    face = face_of(cell, active) if not isinstance(problem, Programmed) and sharp(cell, active) else None
    moves = flows(problem, cell.at.point, cell.pattern, kinked, face)
    if any(dot(normal, move) for normal, _ in active for move in moves):
        raise ArithmeticError("a flow moves a kink that it should keep")
    return Stationary(hessian, active, moves)


def tangent(cell: Cell, given: Sequence[Fraction], where: str) -> list[tuple[Row, Place]]:
    """∇R_s = Σ λ_b N_b, λ ≥ 0: the N_b with λ_b > 0, and their kinks."""
    if min(given, default=ZERO) < 0:
        raise Rejected(where, "a multiplier is negative")
    problem, at = cell.problem, cell.at
    active: list[tuple[Row, Place]] = [(cell.kink(b)[0], kink) for b, kink in enumerate(cell.kinks) if given[b]]
    first = slope(problem, at.point, cell.pattern, list(zip(*residuals(problem, at.predictions), strict=True)))
    for weight, (normal, _) in zip(filter(None, given), active, strict=True):
        first = [within_budget(x - weight * y, x, weight, y) for x, y in zip(first, normal, strict=True)]
    if any(first):
        raise Rejected(where, "its multipliers do not combine to the gradient")
    return active


def face_of(cell: Cell, active: Sequence[tuple[Row, Place]]) -> Face:
    """Where the active kinks are at their breakpoints."""
    kept = {kink for _, kink in active}
    kinks = {kink: cell.threshold(b) for b, kink in enumerate(cell.kinks) if kink in kept}
    return Face(cell.problem, cell.at.point, cell.pattern, kinks)


def sharp(cell: Cell, active: Sequence[tuple[Row, Place]]) -> bool:
    """Whether the active kinks' face is a manifold off which the risk rises at least like its distance in the cell.

    Kinks affine in the parameters may depend on each other. The others may not, but in these ways: a pre-activation is
    0 where others of the face are, for nothing enters it; it is so exactly where one weight is 0; it is a combination
    of others of its unit, see `Cell.form`.
    """
    problem, face, straight, bent = cell.problem, face_of(cell, active), list[Row](), list[Row]()
    kinds = dict[object, list[Row]]()
    for row, kink in active:
        m, j, i = kink
        if linear(problem, kink):
            straight.append(row)
        elif problem.has_bias(m) or face.entering(m, i):
            bent.append(row)
            kind, form = cell.form(cell.kinks.index(kink)) or (None, ())
            alone = face.alone(m, j, i)
            kind, form = (kind, form) if alone is None else (("weight", m, j, alone), [ONE])
            kinds.setdefault(kind, []).append(form)
    return rank([*straight, *bent]) == rank(straight) + sum(map(rank, kinds.values()))


def flat_on_face(cell: Cell, given: Sequence[Fraction], where: str) -> None:
    """See `flat_face`."""
    problem, at = cell.problem, cell.at
    active = tangent(cell, given, where)
    if isinstance(problem, Programmed):
        raise Rejected(where, "is for chains")
    if not sharp(cell, active):
        raise Rejected(where, "active kinks beyond the first layer depend on each other or on the others")
    weights = {kink: cell.signs[b] * given[b] for b, kink in enumerate(cell.kinks) if given[b]}
    flat_face(face_of(cell, active), at.point, residuals(problem, at.predictions), weights, where)


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
