"""An explicit curve of local minima, all of one risk, between two points of one component of a cell's minima.

The curve runs through finitely many nodes. Between neighbours it is linear in (v w, v, c), which keeps predictions
and cell, and in w for units with v = 0 at both. For that no output weight may change to the opposite sign from
node to node, and a unit whose weight is 0 at one end only has the same input weights at both. A polynomial in the
parameters themselves would not do: with one unit, v w = const makes every polynomial curve constant.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import product

from symverify.kernel.linear import sign
from symverify.kernel.model import ZERO, Point, cell_of, predictions, rational, residuals
from symverify.kernel.strata import loss_gradient

from .cell_minima import CellMinima
from .strata import Row, Strata, sign_of

Signs = tuple[int, ...]


def between(a: Point, b: Point, t: Fraction) -> Point:
    """The point at 0 ≤ t ≤ 1 between two neighbouring nodes."""
    old, new = _units(a), _units(b)
    mixed = []
    for (w, v), (w_next, v_next) in zip(old, new, strict=True):
        weight = (1 - t) * v + t * v_next
        if v or v_next:
            total = weight or v + v_next  # weight is 0 at an end only, where the other end's input weights hold
            parts = ((1 - t) * v, t * v_next) if weight else (v, v_next)
            mixed.append((tuple((parts[0] * x + parts[1] * y) / total for x, y in zip(w, w_next, strict=True)), weight))
        else:
            mixed.append((tuple((1 - t) * x + t * y for x, y in zip(w, w_next, strict=True)), weight))
    return _point(a, mixed, (1 - t) * _bias(a) + t * _bias(b))


def constant_risk_path(found: CellMinima, start: Point, goal: Point) -> tuple[Point, ...] | None:
    """The nodes of a curve of local minima from start to goal, or None if they are in different components.

    Raises ValueError if one of them is not a local minimum strictly inside the cell.
    """
    strata = found.strata
    for point in (start, goal):
        r = residuals(strata.problem, predictions(strata.problem, point))
        if cell_of(strata.problem, point) != strata.pattern or r != [loss_gradient(strata.problem, found.best)]:
            raise ValueError("not a local minimum strictly inside the cell")
    walk = _Walk(found)
    states = walk.states(_signs(start), _signs(goal))
    if states is None:
        return None
    signs = [_signs(start)]
    for here, after in zip(states, [*states[1:], None], strict=True):
        signs += walk.to_canonical(signs[-1], here)
        if after is not None:
            signs.append(walk.shared(here, after))
    signs += walk.to_canonical(_signs(goal), states[-1])[::-1][1:]
    nodes = [start]
    for each in signs[1:]:
        _append(nodes, walk.point(each))
    _append(nodes, goal)
    return tuple(nodes)
