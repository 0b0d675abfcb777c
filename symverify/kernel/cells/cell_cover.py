"""The rule `cell_cover`: how many cells one hidden unit has, and complete lists of them."""

from dataclasses import dataclass
from fractions import Fraction
from math import comb

from ..core.algebra import dot
from ..core.errors import Declined, Rejected
from ..core.network import Problem
from ..core.proof import Fact, Reading, Statement
from ..core.text import MAX_DIGITS, canonical, listed
from .arrangement import MAX_RESTRICTIONS, arrangement, regions, work


@dataclass(frozen=True, slots=True)
class UnitCells(Fact):
    """How many cells one unit has on the data, in a hidden layer of `units`; `listed` if each has a witness."""

    count: int
    units: int
    listed: bool

    def settles(self, claim: str) -> tuple[str, Statement] | None:
        if claim != "cells":
            return None
        fits = self.units * self.count.bit_length() < 3 * MAX_DIGITS
        product = self.count**self.units if fits else None
        multisets = comb(self.count + self.units - 1, self.units) if fits else None
        numbers: Statement = {"network_cells": product, "network_cells_up_to_permutation": multisets}
        return "proved", {"unit_cells": self.count, **numbers}


def cell_cover(step: Reading) -> UnitCells:
    """
    one hidden layer      u = number of regions of the arrangement of one unit
    witnesses, if given: u weight vectors, on no boundary, with pairwise different patterns
    ------------------------------------------------------------------------------------- [cell_cover]
      a unit has u cells (and these are all of them); the network u^h, and C(u + h − 1, h) up to permutation

    Sound: cells of the network are products of cells of the units, which share data and activation.
    """
    problem, witnesses = step.proof.problem, step.take("witnesses", listed(listed(canonical)), None)
    if len(problem.widths) != 3:
        raise Rejected(step.where, "needs one hidden layer")
    rows, half = arrangement(problem)
    if work(rows) > MAX_RESTRICTIONS:
        raise Declined("too many hyperplanes in too many dimensions to count the regions")
    count = regions(rows) // (2 if half else 1)
    if witnesses is not None:
        patterns = {unit_pattern(problem, w, f"{step.at('witnesses')}[{k}]") for k, w in enumerate(witnesses)}
        if len(patterns) != len(witnesses):
            raise Rejected(step.at("witnesses"), "two of them lie in the same cell")
        if len(witnesses) != count:
            raise Rejected(step.at("witnesses"), f"expected one for each of the {count} cells, got {len(witnesses)}")
    return UnitCells(count, problem.widths[1], witnesses is not None)


def unit_pattern(problem: Problem, w: list[Fraction], where: str) -> tuple[int, ...]:
    """The pieces of a unit with weights w (bias last) on all samples; rejected on a boundary."""
    if len(w) != problem.widths[0] + problem.hidden_bias:
        raise Rejected(where, f"expected {problem.widths[0] + problem.hidden_bias} numbers, got {len(w)}")
    pieces = []
    for i in range(len(problem.inputs)):
        at = problem.activations[0].pieces(dot(w, problem.row(i)))
        if len(at) > 1 and not problem.dead_row(i):
            raise Rejected(where, f"is on the boundary of sample {i + 1}")
        pieces.append(at[0])
    return tuple(pieces)
