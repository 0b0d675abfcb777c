"""An explicit curve of local minima, all of one risk, between two points of one component of a cell's minima.

The curve runs through finitely many nodes. Between neighbours it is linear in (v w, v, c), which keeps predictions
and cell, and in w for units with v = 0 at both. For that no output weight may change to the opposite sign from
node to node, and a unit whose weight is 0 at one end only has the same input weights at both. A polynomial in the
parameters themselves would not do: with one unit, v w = const makes every polynomial curve constant.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import product

from symverify.kernel.cells.strata import UnitClass, loss_gradient
from symverify.kernel.core.activation import ZERO
from symverify.kernel.core.algebra import sign
from symverify.kernel.core.network import Point, cell_of, predictions, rational, residuals

from .cell_minima import CellMinima
from .strata import Row

Signs = tuple[int, ...]
Units = list[tuple[Row, Fraction]]
State = tuple[tuple[int, int], ...]  # per class: its signs (0 none, 1 plus, 2 minus, 3 both), and for a pair of units
# with both signs whether the first is the negative one (else 0)


def between(found: CellMinima, a: Point, b: Point, t: Fraction) -> Point:
    """The point at 0 ≤ t ≤ 1 of the curve between two neighbouring nodes."""
    mixed = Units()
    for (w, v), (w_next, v_next) in zip(_units(a), _units(b), strict=True):
        first, last = ((1 - t) * v, t * v_next) if v and v_next else (1 - t, t)
        row = tuple((first * x + last * y) / (first + last) for x, y in zip(w, w_next, strict=True))
        mixed.append((row, (1 - t) * v + t * v_next))
    return _point(found, mixed, (1 - t) * _bias(a) + t * _bias(b))


def constant_risk_path(found: CellMinima, start: Point, goal: Point) -> tuple[Point, ...] | None:
    """The nodes of a curve of local minima from start to goal, or None if they are in different components.

    Raises ValueError if one of them is not a local minimum strictly inside the cell (Rejected if on a boundary).
    """
    problem, classes = found.strata.problem, found.strata.classes
    for point in (start, goal):
        r = residuals(problem, predictions(problem, point))
        if cell_of(problem, point) != found.strata.pattern or r != [loss_gradient(problem, found.best)]:
            raise ValueError("not a local minimum strictly inside the cell")
    first, last = _signs(start), _signs(goal)
    states = _states(found, _state(classes, first), _state(classes, last))
    if states is None:
        return None
    signs = [first]
    for here, after in zip(states, [*states[1:], states[-1]], strict=True):
        signs += _to_canonical(classes, signs[-1], here)
        if after != here:
            signs.append(_shared(classes, here, after))
    signs += [*_to_canonical(classes, last, states[-1])][-2::-1]
    nodes = [start]
    for each in signs[1:]:
        _append(found, nodes, _representative(found, each), keep=True)
    _append(found, nodes, goal, keep=False)
    return tuple(nodes)


def _units(point: Point) -> Units:
    """Input weights (with the bias, if there is one) and output weight of every unit."""
    first, last = point
    biases = [()] * len(first.weight) if first.bias is None else [(rational(b),) for b in first.bias]
    rows = [(*map(rational, row), *bias) for row, bias in zip(first.weight, biases, strict=True)]
    return list(zip(rows, map(rational, last.weight[0]), strict=True))


def _bias(point: Point) -> Fraction:
    return ZERO if point[1].bias is None else rational(point[1].bias[0])


def _point(found: CellMinima, units: Units, bias: Fraction) -> Point:
    return found.strata.parameters([w for w, _ in units], [v for _, v in units], bias)


def _signs(point: Point) -> Signs:
    return tuple(sign(v) for _, v in _units(point))


def _state(classes: Sequence[UnitClass], signs: Signs) -> State:
    state = []
    for each in classes:
        part = [signs[j] for j in each.units]
        mask = (1 in part) + 2 * (-1 in part)
        state.append((mask, int(len(part) == 2 and mask == 3 and part[0] < 0)))
    return tuple(state)


def _states(found: CellMinima, start: State, goal: State) -> list[State] | None:
    """A shortest chain of states with minima, each including the next or included in it."""
    before: dict[State, State | None] = {start: None}
    front = [start]
    while front and goal not in before:
        here, ahead = front, list[State]()
        for state in here:
            for after in _neighbours(found, state):
                if after not in before:
                    before[after] = state
                    ahead.append(after)
        front = ahead
    if goal not in before:
        return None
    chain, at = [goal], before[goal]
    while at is not None:
        chain, at = [at, *chain], before[at]
    return chain


def _neighbours(found: CellMinima, state: State) -> list[State]:
    one = sum(mask << 2 * k for k, (mask, _) in enumerate(state))
    near = list[State]()
    for other in found.reached:
        if other != one and other & one in (one, other):
            parts = []
            for k, (each, (mask, label)) in enumerate(zip(found.strata.classes, state, strict=True)):
                wanted = other >> 2 * k & 3
                free = wanted == 3 and len(each.units) == 2
                labels = ((label,) if mask == 3 else (0, 1)) if free else (0,)
                parts.append([(wanted, choice) for choice in labels])
            near += product(*parts)
    return near


def _canonical(size: int, mask: int, label: int) -> Signs:
    """The signs that stand for a class of `size` units in a state: with both signs, one unit is positive."""
    if mask == 3:
        return tuple(1 if j == label else -1 for j in range(size))
    return ((0, 1, -1)[mask],) * size


def _spread(classes: Sequence[UnitClass], parts: Sequence[Signs]) -> Signs:
    signs = {j: s for each, part in zip(classes, parts, strict=True) for j, s in zip(each.units, part, strict=True)}
    return tuple(signs[j] for j in range(len(signs)))


def _to_canonical(classes: Sequence[UnitClass], signs: Signs, state: State) -> list[Signs]:
    """From signs of this state to its canonical ones, never from one sign to the opposite one in one step."""
    parts = [tuple(signs[j] for j in each.units) for each in classes]
    chain = []
    for k, (mask, label) in enumerate(state):
        aim = _canonical(len(parts[k]), mask, label)
        if any(a * b < 0 for a, b in zip(parts[k], aim, strict=True)):
            for middle in _exchange(parts[k]):
                parts[k] = middle
                chain.append(_spread(classes, parts))
        parts[k] = aim
    return [*chain, _spread(classes, parts)]


def _exchange(part: Signs) -> list[Signs]:
    """From three or more signs, both occurring, to a plus at the first unit and a minus at one other, by steps."""
    size = len(part)
    plus = 0 if part[0] > 0 else part.index(1)
    others = [j for j in range(1, size) if part[j] < 0]
    minus = others[0] if others else next(j for j in range(1, size) if j != plus)

    def only(positive: int) -> Signs:
        return tuple(1 if j == positive else -1 if j == minus else 0 for j in range(size))

    return [only(plus)] if plus == 0 else [only(plus), only(0)]


def _shared(classes: Sequence[UnitClass], a: State, b: State) -> Signs:
    """Signs of the smaller of two states, opposite to the canonical signs of neither."""
    parts = []
    for each, (mask, label), (other, other_label) in zip(classes, a, b, strict=True):
        size, common = len(each.units), mask & other
        signs = _canonical(size, max(mask, other), label if mask == 3 else other_label)
        parts.append(signs if mask == other else tuple(s if common & (1 if s > 0 else 2) else 0 for s in signs))
    return _spread(classes, parts)


def _representative(found: CellMinima, signs: Signs) -> Point:
    """A local minimum with these signs: the vectors of its type's point, dealt out evenly."""
    mask = sum(each[0] << 2 * k for k, each in enumerate(_state(found.strata.classes, signs)))
    source = found.reached[mask]
    units = _units(source)
    dealt = [(row, ZERO) for row, _ in units]
    for each in found.strata.classes:
        for s in (1, -1):
            share = [j for j in each.units if signs[j] == s]
            given = [units[j] for j in each.units if sign(units[j][1]) == s]
            if share:
                eta = sum((abs(v) for _, v in given), ZERO)
                total = zip(*([abs(v) * x for x in row] for row, v in given), strict=True)
                row = tuple(sum(x, ZERO) / eta for x in total)
                for j in share:
                    dealt[j] = (row, s * eta / len(share))
    return _point(found, dealt, _bias(source))


def _append(found: CellMinima, nodes: list[Point], target: Point, keep: bool) -> None:
    """Go on to `target`, moving input weights only while the output weight is 0; keep them where target's is 0."""
    here, there = _units(nodes[-1]), _units(target)
    pairs = list(zip(here, there, strict=True))
    ready = [(w_next if not v and v_next else w, v) for (w, v), (w_next, v_next) in pairs]
    stay = [(w if not v_next and (v or keep) else w_next, v_next) for (w, v), (w_next, v_next) in pairs]
    steps = [_point(found, ready, _bias(nodes[-1])), _point(found, stay, _bias(target))]
    for node in [*steps, *([] if keep else [target])]:
        if node != nodes[-1]:
            nodes.append(node)
