"""The certificate steps about one cell: its local minima, its infimum, a path of constant risk."""

from collections.abc import Sequence
from fractions import Fraction

from symverify.kernel.core.network import Point
from symverify.search.cell_minima import CellMinima, FaceMinima
from symverify.search.strata import Dual

from .certificate import parameters


def cell_minima(found: CellMinima | FaceMinima) -> dict[str, object]:
    """The fields of the step `cell_minima`, but for "point", the step of a point strictly inside or on the face."""
    return {
        "best": vector(found.best),
        "witnesses": [parameters(found.reached[mask]) for mask in sorted(found.reached)],
        "separators": [spelled_dual(dual) for dual in found.separators],
    }


def cell_infimum(found: CellMinima) -> dict[str, object]:
    """The fields of the step `cell_infimum`, but for "point", the step of a point strictly inside."""
    limit, strata = found.infimum.limit, found.strata
    slots = range(2 * len(strata.classes))
    return {
        "limit": [vector(limit.vectors[slot]) if slot in limit.vectors else None for slot in slots],
        "bounds": [spelled_dual(dual) for dual in found.infimum.bounds],
        **({"bias": str(limit.bias)} if strata.problem.output_bias else {}),
    }


def constant_risk_path(nodes: Sequence[Point]) -> dict[str, object]:
    """The fields of the step `constant_risk_path`, but for "minimum", the step that proves its first node minimal."""
    return {"nodes": [parameters(node) for node in nodes[1:]]}


def vector(numbers: Sequence[Fraction]) -> list[str]:
    """Numbers as certificates spell them."""
    return [str(x) for x in numbers]


def spelled_dual(dual: Dual) -> dict[str, object]:
    """A vector and the multipliers of the slots that it admits, as certificates spell them."""
    rows = [None if kappa is None else vector(kappa) for kappa in dual.multipliers]
    return {"vector": vector(dual.vector), "multipliers": rows}
