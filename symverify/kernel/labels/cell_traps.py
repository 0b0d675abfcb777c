"""The rule `cell_traps`: every cell of a unit holds local minima of the network, whatever the labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from ..cells.cell_cover import UnitCells, unit_pattern
from ..cells.strata import loss_gradient, spelled
from ..core.algebra import dot, rank
from ..core.errors import Rejected, printable
from ..core.facts import Evaluated, LocalMinimum
from ..core.network import Problem, Vector, features, risk
from ..core.proof import Fact, Reading, Statement
from ..core.text import Fields, canonical, listed

Pieces = tuple[int, ...]  # per sample


@dataclass(frozen=True, slots=True)
class CellTraps(Fact):
    """Each of the `count` cells of a unit holds a local minimum with all `units` in it, for all labels.

    `traps` are the cells' pieces and, with the labels in the file, their minima's risks; () if they are not listed.
    `minimum` is such a minimum, that of one cell.
    """

    count: int
    units: int
    traps: tuple[tuple[Pieces, Fraction], ...]
    better: Evaluated | None
    minimum: LocalMinimum | None

    @property
    def spurious(self) -> int:
        """How many of the cells have a minimum above the better point."""
        return 0 if self.better is None else sum(risk > self.better.risk for _, risk in self.traps)

    @property
    def shown(self) -> tuple[str, Fraction] | None:
        """The cell of `minimum`, and its risk."""
        if self.minimum is None or self.minimum.pattern is None:
            return None
        return spelled(tuple(tuple(2 * p for p in unit) for unit in self.minimum.pattern[0])), self.minimum.at.risk

    def settles(self, claim: str) -> tuple[str, Statement] | None:
        if claim != "cell_traps":
            return None
        values, shown = sorted({risk for _, risk in self.traps}), self.shown
        one: Statement = {"cell": shown and shown[0], "risk": shown and str(shown[1])}
        ends = (str(values[0]), str(values[-1])) if values else (None, None)
        span: Statement = {"distinct_risks": len(values) or None, "lowest": ends[0], "highest": ends[1]}
        lower: Statement = {"spurious_cells": None, "better_risk": None}
        if self.better is not None:
            lower = {"spurious_cells": self.spurious, "better_risk": str(self.better.risk)}
        return "proved", {"cells": self.count, **one, **span, **lower}


def cell_traps(step: Reading) -> CellTraps:
    """
    one hidden layer, scalar output, width ≥ 2; a unit has u cells; L_p = span of s_i x̃_i, o_i, 1 (with output bias)
    if given: for each of the u cells p a point in it, no two in the same, and f ∈ L_p with r ⊥ L_p
    -------------------------------------------------------------------------------------------- [cell_traps]
      for all labels each cell (p, …, p) has a local minimum inside, of the risk of the best fit in L_p: that of f

    Sound: with u = |v| (w, b), ν = |v| > 0 a unit of sign σ in the cell adds σ (s u·x̃ + o ν). The (u, ν) of a cell are
    an open convex cone K, and K − K is all of space: two units of signs + and −, the first cut into as many equal parts
    as it takes, predict any f ∈ L_p. A loss that is quadratic between its cuts, convex and bounded from below has a
    best fit in L_p, also for other labels; and the predictions of (p, …, p) are in L_p. Where ℓ has no derivative r is
    a "subgradient".
    """
    problem, cover = step.proof.problem, step.premise("cells", UnitCells)
    given: list[tuple[Pieces, Fraction]] = step.take("traps", listed(partial(trap, problem)), [])
    better = step.premise("better", Evaluated) if "better" in step.roles.left else None
    minimum = step.premise("minimum", LocalMinimum) if "minimum" in step.roles.left else None
    if problem.widths[-1] != 1 or cover.units < 2:
        raise Rejected(step.where, "needs scalar output and two hidden units")
    if given and len(given) != cover.count:
        raise Rejected(step.at("traps"), f"expected one for each of the {cover.count} cells, got {len(given)}")
    if len({pieces for pieces, _ in given}) != len(given):
        raise Rejected(step.at("traps"), "two of them lie in the same cell")
    if better is not None and not given:
        raise Rejected(step.roles.at("better"), "is of no use without the cells")
    found = CellTraps(cover.count, cover.units, tuple(given), better, minimum)
    if minimum is not None and (minimum.pattern is None or len(set(minimum.pattern[0])) != 1):
        raise Rejected(step.roles.at("minimum"), "is not inside a cell with all units alike")
    return found


def trap(problem: Problem, value: object, where: str) -> tuple[Pieces, Fraction]:
    """{"weights": [w, …, bias], "best": [f, …]}: the cell's pieces, and the risk of the best fit in its span."""
    fields = Fields(value, where)
    pieces = unit_pattern(problem, fields.need("weights", listed(canonical)), fields.at("weights"))
    best: list[Fraction] = fields.need("best", listed(canonical, len(problem.inputs), "predictions"))
    r = loss_gradient(problem, best) if problem.loss.smooth else subgradient(problem, best, fields)
    fields.done()
    if not is_best(features(problem, ((pieces,),)), best, r):
        raise Rejected(fields.at("best"), "are not the best predictions in the features' span")
    return pieces, printable(risk(problem, [(f,) for f in best]))


def subgradient(problem: Problem, f: Sequence[Fraction], fields: Fields) -> Vector:
    """The field "subgradient": numbers between the one-sided derivatives of the risk at the predictions f."""
    given: list[Fraction] = fields.need("subgradient", listed(canonical, len(f), "numbers"))
    for i, (r, a, (y,)) in enumerate(zip(given, f, problem.targets, strict=True)):
        low, high = problem.loss.at(y).slopes(a - y)
        if not low * problem.loss.factor <= r <= high * problem.loss.factor:
            raise Rejected(f"{fields.at('subgradient')}[{i}]", "is not a subgradient of the loss there")
    return tuple(given)


def is_best(span: Sequence[Vector], f: Sequence[Fraction], r: Vector) -> bool:
    """Whether f has least risk in a span: it is in it, and the loss gradient r there is orthogonal to it."""
    return not any(dot(r, phi) for phi in span) and rank(span) == rank([*span, f])
