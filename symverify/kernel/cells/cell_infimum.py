"""The rule `cell_infimum`: the infimum of the risk over one cell."""

from dataclasses import dataclass
from fractions import Fraction

from ..core.activation import ZERO
from ..core.algebra import dot
from ..core.errors import Rejected, printable, spend, within_budget
from ..core.facts import Evaluated
from ..core.network import Pattern, cell_of, risk
from ..core.proof import Fact, Reading, Statement
from ..core.text import canonical, listed, optional
from .strata import Slots, admitted, dual, loss_gradient, named_face, spelled, types


@dataclass(frozen=True, slots=True)
class CellInfimum(Fact):
    """The infimum of the risk over the cell of the point `cell`."""

    cell: Evaluated
    pattern: Pattern
    risk: Fraction

    def settles(self, claim: str) -> tuple[str, Statement] | None:
        if claim != "cell_infimum":
            return None
        face = tuple(tuple(2 * p for p in unit) for unit in self.pattern[0])
        return "proved", {"cell": spelled(face), "risk": str(self.risk)}


def cell_infimum(step: Reading) -> CellInfimum:
    """
    A_k z_q ≥ 0 for some slots q (one only of a class of one unit); f = c + Σ_q s F_k z_q; ρ = R(f)
    every choice of signs has a b, r = factor · ∂ℓ/∂f at b, that admits its slots, with R(b) − ⟨r, b⟩ ≥ ρ
    ------------------------------------------------------------------------------------------ [cell_infimum]
      inf of R over the cell = ρ

    A choice is both signs of a class of several units, one sign of a class of one unit. Sound: points strictly
    inside the cell, which is not empty, have predictions as near to f as wanted; and where the signs are those of
    a choice or 0, R(θ) ≥ R(b) + ⟨r, f(θ) − b⟩ ≥ ρ.
    """
    problem, (at, _, classes) = step.proof.problem, named_face(step)
    pattern = cell_of(problem, at.point)
    limit: Slots = step.need("limit", listed(optional(listed(canonical))))
    f = [step.need("bias", canonical) if problem.output_bias else ZERO] * len(problem.inputs)
    duals: list[tuple[list[Fraction], Slots]] = step.need("bounds", listed(dual))
    if len(limit) != 2 * len(classes):
        raise Rejected(step.at("limit"), f"expected {2 * len(classes)} vectors or nulls, got {len(limit)}")
    for slot, z in enumerate(limit):
        if z is not None:
            k, s, here = classes[slot // 2], 1 - 2 * (slot % 2), f"{step.at('limit')}[{slot}]"
            if len(k.units) == 1 and limit[slot ^ 1] is not None:
                raise Rejected(here, "one unit cannot have both signs")
            if len(z) != len(k.columns) or any(dot(row, z) < 0 for row in k.rows):
                raise Rejected(here, "is not in the closed cone of its class")
            f = [within_budget(a + s * dot(row, z)) for a, row in zip(f, zip(*k.columns, strict=True), strict=True)]
    least, covers = printable(risk(problem, [(x,) for x in f])), list[int]()
    for index, (b, given) in enumerate(duals):
        here = f"{step.at('bounds')}[{index}]"
        if len(b) != len(f):
            raise Rejected(here, f"expected {len(f)} predictions, got {len(b)}")
        r = loss_gradient(problem, b)
        covers.append(admitted(problem, classes, r, given, here)[0])
        if (bound := risk(problem, [(x,) for x in b]) - dot(r, b)) < least:
            raise Rejected(here, f"proves a risk of at least {printable(bound)}, not {least}")
    for each in types([(3,) if len(k.units) > 1 else (1, 2) for k in classes]):
        spend(60 * (2 + len(covers)))
        if all(each & ~allowed for allowed in covers):
            raise Rejected(step.at("bounds"), f"leave out the signs {each:0{2 * len(classes)}b}")
    return CellInfimum(at, pattern, least)
