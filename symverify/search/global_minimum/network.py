"""From weights on rays back to networks: candidates for the minimum, exact."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import inf
from typing import Protocol

import numpy as np

from symverify.ground.floats import product
from symverify.search.global_minimum.candidate import Candidate, Unit, evaluated
from symverify.search.global_minimum.dual import exact_projection
from symverify.search.global_minimum.generators import Flags, Floats, Generators, Indices, Node
from symverify.search.global_minimum.relaxation import project

SPLITS = 8  # at most so many are tried
DESCENTS = 6  # steps of a descent, at most

Split = tuple[int, int]  # (slot, hyperplane)
Share = tuple[int, tuple[int, ...]]  # (σ, ray numbers): the rays that one unit may combine


def assign(model: Generators, node: Node, cones: Sequence[Flags], support: Indices) -> list[Indices]:
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
    model: Generators, node: Node, cones: Sequence[Flags], support: Indices, weights: Floats, residual: Floats
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
    best = (divmod(int(k), score.shape[1]) for k in order if score.flat[k] > 0.0)
    return tuple(dict.fromkeys((place, int(model.same[plane])) for place, plane in best))


def shares(model: Generators, node: Node, cones: Sequence[Flags], support: Indices) -> list[Share]:
    """The slots' rays in a projection without conflict."""
    rays = support % max(model.count, 1)
    lists = assign(model, node, cones, support)
    return [(slot[0], tuple(int(k) for k in rays[mine])) for slot, mine in zip(node, lists, strict=True) if len(mine)]


def candidate(model: Generators, parts: Sequence[Share]) -> Candidate:
    """The best network, or limit of networks, whose units combine these rays (each unit's in one closed cell)."""
    count = model.count
    plus, minus = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    for sign, rays in parts:
        (plus if sign > 0 else minus)[list(rays)] = True
    guess = project(model, np.flatnonzero(plus & model.live), np.flatnonzero(minus & model.live))
    exact = exact_projection(model, plus, minus, guess.support)
    return from_weights(model, parts, exact.weights)


def from_weights(model: Generators, parts: Sequence[Share], weights: dict[int, Fraction]) -> Candidate:
    """The candidate with these exact weights of columns; a column goes to the first part that has it."""
    scale = model.chart.q / model.label_scale
    return evaluated(model.problem, grouped(model, parts, {k: w * scale for k, w in weights.items()}))


def grouped(model: Generators, parts: Sequence[Share], weights: Mapping[int, Fraction]) -> list[Unit]:
    """The units with these weights of rays, one a part; a ray goes to the first part that has it."""
    left, units = dict(weights), list[Unit]()
    for sign, rays in parts:
        point = [Fraction(0)] * model.form.dimension
        for ray in rays:
            weight = left.pop(ray if sign > 0 else ray + model.count, Fraction(0))
            if weight:
                point = [p + weight * int(r) for p, r in zip(point, model.rays[ray], strict=True)]
        units.append(model.chart.unit_at(sign, point, model.problem.hidden_bias))
    return units


class Weighted(Protocol):
    """A combination of columns of length 1."""

    @property
    def support(self) -> Indices: ...
    @property
    def weights(self) -> Floats: ...


class Fit(Weighted, Protocol):
    """How good it is, too."""

    @property
    def value(self) -> float: ...


def random_units(model: Generators, seed: int, width: int) -> list[tuple[int, Floats]]:
    """So many float units (σ, u), each a combination of some rays."""
    rng = np.random.default_rng(seed)
    units = []
    for _ in range(width):
        few = rng.integers(0, model.count, 8) if model.count else np.zeros(0, dtype=np.int64)
        point = product(rng.standard_normal(len(few)), model.directions[few])
        if model.form.cone:
            point[-1] = abs(point[-1])
        units.append((int(rng.integers(0, 2)) * 2 - 1, point))
    return units


def local_search(
    model: Generators, units: Sequence[tuple[int, Floats]], fit: Callable[[Flags, Flags], Fit] | None = None
) -> tuple[float, list[Share]]:
    """Descend from float units (σ, u): fit their cells' columns, move to the new cells, repeat.

    Returns the value of the best tuple of cells and its parts. `fit`, by rays with σ = + and −: the projection, if it
    is not given.
    """
    best, parts = inf if fit else float(product(model.target, model.target)), list[Share]()
    for _ in range(DESCENTS):
        tried, projection, owners = _in_cells(model, units, fit)
        if projection is None or projection.value > best * (1 - 1e-9):
            break
        best, parts = projection.value, tried
        units = _moved(model, units, projection, owners)
    return best, parts


def _in_cells(
    model: Generators, units: Sequence[tuple[int, Floats]], fit: Callable[[Flags, Flags], Fit] | None
) -> tuple[list[Share], Fit | None, dict[int, int]]:
    """Fit the columns of the closed cells of the units; the parts, and which unit owns which column."""
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
    if fit is None:
        return parts, project(model, plus, minus), owners
    places = np.arange(model.count)
    return parts, fit(np.isin(places, plus), np.isin(places, minus)), owners


def _moved(
    model: Generators, units: Sequence[tuple[int, Floats]], projection: Weighted, owners: dict[int, int]
) -> list[tuple[int, Floats]]:
    """The units at the projection; a unit that got no weight stays where it was."""
    sums = [np.zeros(model.form.dimension) for _ in units]
    for number, weight in zip(projection.support, projection.weights, strict=True):
        sums[owners[int(number)]] += weight * model.directions[int(number) % model.count]
    return [(sign, new if new.any() else old) for (sign, old), new in zip(units, sums, strict=True)]


def start_units(model: Generators, node: Node, projection: Weighted) -> list[tuple[int, Floats]]:
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
