"""The rule `atlas`: the minima inside all cells of the network."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

from ..core.errors import MAX_PRINTED, Declined, Rejected
from ..core.proof import Fact, Reading, Statement
from ..core.text import listed, natural
from .cell_cover import UnitCells
from .cell_minima import CellMinima


@dataclass(frozen=True, slots=True)
class Atlas(Fact):
    """All cells of the network up to exchanging units: how many, and the risks and orbits of minima inside them."""

    cells: int
    minima: tuple[CellMinima, ...]

    def settles(self, claim: str) -> tuple[str, Statement] | None:
        if claim != "atlas":
            return None
        inside = [each for each in self.minima if each.orbits]
        values = sorted({each.risk for each in inside})
        lowest, highest = (str(values[0]), str(values[-1])) if values else (None, None)
        seen: Statement = {"cells": self.cells, "cells_with_minima": len(inside), "distinct_risks": len(values)}
        valleys = sum(len(each.orbits) for each in inside)
        return "proved", {**seen, "valleys": valleys, "lowest": lowest, "highest": highest}


def atlas(step: Reading) -> Atlas:
    """
    a unit has u cells      cell_minima for C(u + h − 1, h) cells, no two the same up to exchanging units
    ------------------------------------------------------------------------------------------------- [atlas]
      these are all cells of the network, up to exchanging units
    """
    count, found = step.premise("cells", UnitCells), several(step, "minima")
    if not all(each.is_cell for each in found):
        raise Rejected(step.roles.at("minima"), "name a face that is no cell")
    return Atlas(all_of(found, count.count, count.units, step.roles.at("minima"), "cell"), tuple(found))


def several(step: Reading, role: str) -> list[CellMinima]:
    """The cells or faces that the earlier steps with this role are about."""
    indices = step.roles.need(role, listed(natural))
    step.premises[role] = tuple(indices)
    return [step.fact(index, f"{step.roles.at(role)}[{k}]", CellMinima) for k, index in enumerate(indices)]


def all_of(found: Sequence[CellMinima], places: int, units: int, where: str, what: str) -> int:
    """C(u + h − 1, h), if it is the number of different cells or faces found, up to exchanging the h units."""
    if len({tuple(sorted(each.face)) for each in found}) != len(found):
        raise Rejected(where, f"name a {what} twice, up to exchanging units")
    least = min(units, places - 1)
    if least * (places + units).bit_length() > MAX_PRINTED:
        raise Declined(f"too many {what}s to be stated")
    if len(found) != (every := comb(places + units - 1, least)):
        raise Rejected(where, f"expected all {every} {what}s, got {len(found)}")
    return every
