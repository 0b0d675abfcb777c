"""The cells of a hidden unit as text and JSON."""

import json
import re
from math import comb

import numpy as np

from symverify.cells.arrangement import count_chambers
from symverify.cells.unit import UnitCells, planes, unit_cells
from symverify.errors import NotShallow
from symverify.kernel.core.network import Problem
from symverify.report.rationals import abridged
from symverify.report.words import counted


def counts(problem: Problem, as_json: bool) -> str:
    """How many cells a unit has, the network has, and the network up to permutation of units, without listing them."""
    if len(problem.widths) != 3:
        raise NotShallow("cells are counted for networks with one hidden layer")
    rows, cone = planes(problem)
    unit = count_chambers(rows, len(rows) - 1 if cone else None) if rows else 1
    width = problem.widths[1]
    numbers = {
        "unit_cells": unit,
        "network_cells": unit**width,
        "network_cells_up_to_permutation": comb(unit + width - 1, width),
    }
    if as_json:
        return json.dumps(numbers)
    return "\n".join(f"{name.replace('_', ' ')}: {value}" for name, value in numbers.items())


def listing(problem: Problem, as_json: bool, where: str | None, rays: bool, limit: int, whole: bool = False) -> str:
    """The cells with a witness each (weights, bias last), those that `where` keeps, at most `limit` (0: all).

    In text, weights of many digits are rounded unless `whole`.
    Raises ValueError for a `where` that is not 'sample=piece,…'.
    """
    found = unit_cells(problem)
    kept = np.flatnonzero(_filter(found, where, len(problem.activations[0].breakpoints)))
    chosen = kept if limit == 0 else kept[:limit]
    spans = list(found.rays()) if rays else None
    records = [
        {"pattern": found.pattern(cell), "witness": [str(x) for x in found.witness(cell)]}
        | ({"rays": [list(ray) for ray in spans[cell]]} if spans is not None else {})
        for cell in map(int, chosen)
    ]
    if as_json:
        return json.dumps({"unit_cells": len(found), "selected": len(kept), "cells": records})
    lines = [f"{counted(len(found), 'cell')} of a unit, {len(kept)} selected"]
    for record in records:
        weights = " ".join(_shown(x, whole) for x in record["witness"])
        line = f"{record['pattern']}  weights {weights}"
        if "rays" in record:
            line += "  rays " + " ".join(f"({' '.join(_shown(x, whole) for x in ray)})" for ray in record["rays"])
        lines.append(line)
    if len(chosen) < len(kept):
        lines.append(f"… {len(kept) - len(chosen)} more; --limit 0 lists all")
    return "\n".join(lines)


def _shown(x: object, whole: bool) -> str:
    return str(x) if whole else abridged(str(x), True).replace("≈ ", "≈")


def _filter(found: UnitCells, where: str | None, last: int) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """Which cells have the pieces, of 0 to `last`, that are asked for."""
    keep = np.ones(len(found), dtype=np.bool_)
    for part in (where or "").split(",") if where else ():
        match = re.fullmatch(r"\s*([0-9]{1,9})\s*=\s*([0-9]{1,4})\s*", part)
        if match is None or not 1 <= int(match[1]) <= found.pieces.shape[1]:
            raise ValueError(f"--where takes sample=piece, with samples 1 to {found.pieces.shape[1]}; got {part!r}")
        if int(match[2]) > last:
            raise ValueError(f"--where {part.strip()}: the activation has the pieces 0 to {last}")
        keep &= found.pieces[:, int(match[1]) - 1] == int(match[2])
    return keep
