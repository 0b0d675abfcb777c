"""From weights on rays back to networks: candidates for the minimum, exact."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from symverify.ground.floats import product
from symverify.search.global_minimum.dual import exact_projection
from symverify.search.global_minimum.instance import Network
from symverify.search.global_minimum.model import Flags, Floats, Indices, Model, Node
from symverify.search.global_minimum.relaxation import Projection, project

SPLITS = 8  # at most so many are tried

Split = tuple[int, int]  # (slot, hyperplane)
Share = tuple[int, tuple[int, ...]]  # (σ, ray numbers): the rays that one unit may combine


@dataclass(frozen=True, slots=True)
class Candidate:
    """loss: Σ(f − y)², the limit for ν → 0 where a unit has ν = 0; units: (σ, point in integer coordinates)."""

    loss: Fraction
    units: tuple[tuple[int, tuple[Fraction, ...]], ...]
    c0: Fraction


@dataclass(frozen=True, slots=True)
class Family:
    """Networks whose loss tends to the infimum as ε ↓ 0.

    Unit j has v = σ ν, (w, b) = u / ν with its (σ, u, ν) and ν replaced by ε where it is 0.
    """

    units: tuple[tuple[int, tuple[Fraction, ...], Fraction], ...]
    c0: Fraction

    def at(self, model: Model, epsilon: Fraction) -> Network:
        """The member for one ε > 0."""
        return _assembled(model, [(sign, u, nu or epsilon) for sign, u, nu in self.units], self.c0)


def assign(model: Model, node: Node, cones: Sequence[Flags], support: Indices) -> list[Indices]:
    """For each slot the positions in `support` it takes: each column goes to the first slot that may use it.

    Equal slots share one list, at the first of them.
    """
    rays, plus = support % max(model.count, 1), support < model.count
    taken = np.zeros(len(support), dtype=bool)
    lists = []
    for slot, cone in zip(node, cones, strict=True):
        mine = (plus if slot[0] > 0 else ~plus) & cone[rays] & ~taken
        taken |= mine
        lists.append(mine.nonzero()[0])
    return lists


def conflicts(
    model: Model, node: Node, cones: Sequence[Flags], support: Indices, weights: Floats, residual: Floats
) -> tuple[Split, ...]:
    """The (slot, hyperplane) most worth splitting on, the best first; none if every slot's rays lie in a closed cell.

    Where a slot's rays lie on both sides of a hyperplane, H of their sum is not the sum of their columns. The
    difference is kink · min(total on one side, total on the other), weighed by the residual of the sample.
    """
    owned = np.zeros((len(node), len(support)))
    for place, mine in enumerate(assign(model, node, cones, support)):
        owned[place, mine] = weights[mine]
    margins = model.margins[support % max(model.count, 1)]
    error = np.minimum(product(owned, np.maximum(margins, 0.0)), product(owned, np.maximum(-margins, 0.0)))
    size = np.abs(residual)
    importance = (size + 1e-6 * (size.max(initial=0.0) + 1e-300))[model.samples] * model.kinks
    score = np.where(error > 0.0, error * importance + 1e-300, -1.0)
    order = np.argsort(-score, axis=None, kind="stable")[:SPLITS]
    return tuple(divmod(int(k), score.shape[1]) for k in order if score.flat[k] > 0.0)


def shares(model: Model, node: Node, cones: Sequence[Flags], support: Indices) -> list[Share]:
    """The slots' rays in a projection without conflict."""
    rays = support % max(model.count, 1)
    lists = assign(model, node, cones, support)
    return [(slot[0], tuple(int(k) for k in rays[mine])) for slot, mine in zip(node, lists, strict=True) if len(mine)]


def candidate(model: Model, parts: Sequence[Share]) -> Candidate:
    """The best network, or limit of networks, whose units combine these rays (each unit's in one closed cell)."""
    count = model.count
    plus, minus = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    for sign, rays in parts:
        (plus if sign > 0 else minus)[list(rays)] = True
    guess = project(model, np.flatnonzero(plus & model.live), np.flatnonzero(minus & model.live))
    exact = exact_projection(model, plus, minus, guess.support)
    return from_weights(model, parts, exact.weights)


def from_weights(model: Model, parts: Sequence[Share], weights: dict[int, Fraction]) -> Candidate:
    """The candidate with these exact weights of columns; a column goes to the first part that has it."""
    left = dict(weights)
    scale = Fraction(model.form.pieces[3], model.label_scale)
    units = []
    for sign, rays in parts:
        point = [Fraction(0)] * model.form.dimension
        for ray in rays:
            weight = left.pop(ray if sign > 0 else ray + model.count, Fraction(0)) * scale
            if weight:
                point = [p + weight * int(r) for p, r in zip(point, model.rays[ray], strict=True)]
        units.append((sign, tuple(point)))
    return evaluated(model, units)


def evaluated(model: Model, units: Sequence[tuple[int, tuple[Fraction, ...]]]) -> Candidate:
    """The exact loss of σ·H(point) summed over the units, with the best output bias."""
    y = model.instance.y
    total = [Fraction(0)] * len(y)
    for sign, point in units:
        total = [t + sign * value for t, value in zip(total, model.form.value(point), strict=True)]
    rest = [b - t for b, t in zip(y, total, strict=True)]
    c0 = sum(rest, Fraction(0)) / len(y) if model.instance.output_bias else Fraction(0)
    return Candidate(sum(((r - c0) ** 2 for r in rest), Fraction(0)), tuple(units), c0)


def family(model: Model, found: Candidate) -> Family:
    """The candidate as a family of networks; units that contribute nothing are left out."""
    units = []
    for sign, point in found.units:
        if any(model.form.value(point)):
            u, nu = model.form.parameters(point)
            units.append((sign, tuple(u), nu))
    return Family(tuple(units), found.c0)


def attaining(model: Model, found: Candidate) -> Network | None:
    """The network of a candidate, or None where some unit that contributes has ν = 0."""
    units = family(model, found)
    if any(not nu for _, _, nu in units.units):
        return None
    return _assembled(model, list(units.units), found.c0)


def _assembled(model: Model, units: list[tuple[int, tuple[Fraction, ...], Fraction]], c0: Fraction) -> Network:
    """Undo the shift of the kink and the constant: σ·H is v (h(⟨w, x⟩ + b) − constant)."""
    inst, form = model.instance, model.form
    W, b, v = [], [], []
    for sign, u, nu in units:
        scaled = [x / nu for x in u]
        W.append(tuple(scaled[: len(inst.X[0])]))
        b.append(scaled[-1] + form.shift if inst.hidden_bias else Fraction(0))
        v.append(sign * nu)
        c0 -= sign * nu * form.constant
    spare = inst.width - len(units)
    zeros = (Fraction(0),) * len(inst.X[0])
    idle = (Fraction(0),) * spare
    return Network((*W, *(zeros,) * spare), (*b, *idle), (*v, *idle), c0)


def local_search(model: Model, units: Sequence[tuple[int, Floats]], steps: int = 6) -> tuple[float, list[Share]]:
    """Descend from float units (σ, u): project onto their cells' columns, move to the new cells, repeat.

    Returns the value (a share, like Projection.value) and the parts of the best tuple of cells.
    """
    best, parts = float(product(model.target, model.target)), list[Share]()
    for _ in range(steps):
        tried, projection, owners = _in_cells(model, units)
        if projection is None or projection.value > best * (1 - 1e-9):
            break
        best, parts = projection.value, tried
        units = _moved(model, units, projection, owners)
    return best, parts


def _in_cells(
    model: Model, units: Sequence[tuple[int, Floats]]
) -> tuple[list[Share], Projection | None, dict[int, int]]:
    """Project onto the columns of the closed cells of the units; the parts, and which unit owns which column."""
    parts: list[Share] = []
    owners: dict[int, int] = {}
    for j, (sign, u) in enumerate(units):
        z = product(model.planes, u)
        z[np.abs(z) < 1e-9 * np.abs(z).max(initial=0.0)] = 0.0
        sides = (z >= 0).astype(np.int64)
        inside = np.logical_and.reduce(model.closed[sides, np.arange(len(z))], axis=0) & model.live
        rays = np.flatnonzero(inside)
        if len(rays):
            parts.append((sign, tuple(int(k) for k in rays)))
            for k in rays:
                owners.setdefault(int(k) if sign > 0 else int(k) + model.count, j)
    if not parts:
        return [], None, {}
    numbers = np.array(sorted(owners), dtype=np.int64)
    plus, minus = numbers[numbers < model.count], numbers[numbers >= model.count] - model.count
    return parts, project(model, plus, minus), owners


def _moved(
    model: Model, units: Sequence[tuple[int, Floats]], projection: Projection, owners: dict[int, int]
) -> list[tuple[int, Floats]]:
    """The units at the projection; a unit that got no weight stays where it was."""
    sums = [np.zeros(model.form.dimension) for _ in units]
    for number, weight in zip(projection.support, projection.weights, strict=True):
        sums[owners[int(number)]] += weight * model.directions[int(number) % model.count]
    return [(sign, new if new.any() else old) for (sign, old), new in zip(units, sums, strict=True)]


def start_units(model: Model, node: Node, projection: Projection) -> list[tuple[int, Floats]]:
    """One float unit per slot from a relaxation: its rays' sum; equal slots share theirs by similarity."""
    cones = [model.cone(slot) for slot in node]
    lists = assign(model, node, cones, projection.support)
    rays = projection.support % max(model.count, 1)
    units = []
    for place, (slot, mine) in enumerate(zip(node, lists, strict=True)):
        if not len(mine):
            continue
        order = mine[np.argsort(-projection.weights[mine], kind="stable")]
        copies = sum(other == slot for other in node[place:])
        groups = [[int(k)] for k in order[:copies]]
        for k in order[copies:]:
            fits = [product(model.units[rays[k]], model.units[rays[group[0]]]) for group in groups]
            groups[int(np.argmax(fits))].append(int(k))
        for group in groups:
            units.append((slot[0], product(projection.weights[group], model.directions[rays[group]])))
    return units
