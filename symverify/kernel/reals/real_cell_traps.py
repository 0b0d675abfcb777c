"""The rule `real_cell_traps`: every cell of a unit holds local minima of the network, where best fits are real."""

from dataclasses import dataclass
from functools import partial

from ..cells.cell_cover import UnitCells, unit_pattern
from ..cells.strata import spelled
from ..core.algebra import rank
from ..core.errors import Rejected
from ..core.network import Problem, features
from ..core.proof import Fact, Reading, Statement
from ..core.text import Fields, canonical, listed, natural
from .enclosed_point import enclosed_risk
from .enclosure import Enclosure
from .facts import EnclosedPoint, real_loss
from .no_minimum import receding
from .span import Span, combined, dual_bound

Trap = tuple[tuple[int, ...], Enclosure | None]  # a cell's pieces; the risk of its best fit, None if it has none


@dataclass(frozen=True, slots=True)
class RealCellTraps(Fact):
    """Each of the `count` cells of a unit holds a local minimum with all `units` in it, for all labels strictly inside.

    `inner` says what these are. `traps` are the cells with the labels in the file, () if they are not listed; `shown`
    is one of their numbers.
    """

    count: int
    units: int
    inner: str
    traps: tuple[Trap, ...]
    better: EnclosedPoint | None
    shown: int | None

    @property
    def risks(self) -> list[Enclosure]:
        """Those of the cells that have a minimum with the labels in the file."""
        return [risk for _, risk in self.traps if risk is not None]

    @property
    def ends(self) -> tuple[Enclosure, Enclosure] | None:
        """The lowest and the highest of the risks."""
        if not self.risks:
            return None
        lower, upper = [each.lower for each in self.risks], [each.upper for each in self.risks]
        return Enclosure(min(lower), min(upper)), Enclosure(max(lower), max(upper))

    @property
    def spurious(self) -> int:
        """How many of the cells have a minimum above the better point."""
        return 0 if self.better is None else sum(each.lower > self.better.risk.upper for each in self.risks)

    @property
    def one(self) -> tuple[str, Enclosure | None] | None:
        """The cell that is shown, and its risk."""
        if self.shown is None:
            return None
        pieces, risk = self.traps[self.shown]
        return spelled((tuple(2 * p for p in pieces),) * self.units), risk

    def settles(self, claim: str) -> tuple[str, Statement] | None:
        if claim != "cell_traps":
            return None
        cell, risk = self.one or (None, None)
        lowest, highest = self.ends or (None, None)
        known: Statement = {"labels": self.inner, "cells_with_minima": len(self.risks) if self.traps else None}
        span: Statement = {"cell": cell, "risk": risk, "lowest": lowest, "highest": highest}
        lower: Statement = {"spurious_cells": None, "better_risk": None}
        if self.better is not None:
            lower = {"spurious_cells": self.spurious, "better_risk": self.better.risk}
        return "proved", {"cells": self.count, **known, **span, **lower}


def real_cell_traps(step: Reading) -> RealCellTraps:
    """
    one hidden layer, width > outputs − gauge; a unit has u cells; L_p = span of s_i x̃_i, o_i, 1 (with output bias)
    if given: for each of the u cells p, no two the same, a dual point over L_p, strictly inside (dual_bound), with
      "near"; or a direction of recession in L_p along which the risk falls (no_minimum)
    ------------------------------------------------------------------------------------------ [real_cell_traps]
      for all labels strictly inside the loss's domain each cell (p, …, p) has a local minimum inside, of the risk of
      a best fit in L_p; with the labels in the file those with a dual point, in these bounds

    Sound: labels strictly inside are a dual point, so a best fit in L_p exists (dual_bound). With u = |v| (w, b),
    ν = |v| > 0 the (u, ν) of a cell are an open convex cone K, K − K is all of space: a unit of u_0 far inside K, with
    weight −1 to all outputs but the gauge's, and for each of these a unit u_0 + g_k predict any g_k ∈ L_p; other units
    share the first one's work. There r_k ⊥ L_p for every output k, and interior_minimum has no other premise.
    """
    problem, cover = step.proof.problem, step.premise("cells", UnitCells)
    loss = real_loss(problem)
    given: list[Trap] = step.take("traps", listed(partial(trap, problem)), [])
    better = step.premise("better", EnclosedPoint) if "better" in step.roles.left else None
    shown = step.take("shown", natural, None)
    if cover.units <= problem.widths[-1] - loss.gauge:
        raise Rejected(step.where, f"needs more than {problem.widths[-1] - loss.gauge} hidden units")
    if given and len(given) != cover.count:
        raise Rejected(step.at("traps"), f"expected one for each of the {cover.count} cells, got {len(given)}")
    if len({pieces for pieces, _ in given}) != len(given):
        raise Rejected(step.at("traps"), "two of them lie in the same cell")
    if better is not None and not given:
        raise Rejected(step.roles.at("better"), "is of no use without the cells")
    if shown is not None and shown >= len(given):
        raise Rejected(step.at("shown"), "there is no such cell")
    return RealCellTraps(cover.count, cover.units, loss.inner, tuple(given), better, shown)


def trap(problem: Problem, value: object, where: str) -> Trap:
    """{"weights": [w, …, bias]} with "dual" and "near", or with "direction": coefficients over L_p."""
    fields = Fields(value, where)
    pieces = unit_pattern(problem, fields.need("weights", listed(canonical)), fields.at("weights"))
    phis = features(problem, ((pieces,),))
    span = Span(tuple(phis), rank(phis), False)
    if "direction" in fields.left:
        receding(problem, fields, span)
        fields.done()
        return pieces, None
    lower = dual_bound(problem, fields, span, True)
    upper = enclosed_risk(problem, combined(problem, fields, "near", span)).upper
    fields.done()
    return pieces, Enclosure(lower, upper)
