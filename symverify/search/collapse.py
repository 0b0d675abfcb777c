"""Under weight decay some units run to 0: they are left out, and one comes back where it would lower the risk."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from symverify.kernel.core.network import Problem
from symverify.kernel.programs.network import Programmed
from symverify.kernel.reals.collapsed import Unit, kept, without
from symverify.search.active_set import State, descend
from symverify.search.float_network import Array, FloatNetwork
from symverify.search.programs.float_program import float_network

EARLY, LATE, RETURNS = 3e-2, 2e-3, 6
STARTS, STEPS = 40, 60
LOSS_OF_RISK = 1e-3


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a network: the hidden units that are gone, the problem without them, where the search ended."""

    gone: list[Unit]
    problem: Problem
    state: State


def left(problem: Problem, v: Array, deadline: float) -> Left:
    """The search for a local minimum, with units left out that run to 0."""
    if isinstance(problem, Programmed):
        return Left([], problem, descend(float_network(problem), v, deadline))
    gone = small_units(problem, v, EARLY) if problem.decays else []
    if gone and FloatNetwork(problem).risk(emptied(problem, gone, v)) > FloatNetwork(problem).risk(v) + LOSS_OF_RISK:
        gone = []
    for _ in range(RETURNS):
        small = without(problem, gone, "")
        state = descend(FloatNetwork(small), v[numbers(problem, gone)], deadline)
        found, v = Left(sorted(gone), small, state), embedded(problem, gone, state.v)
        more = [] if not problem.decays else [u for u in small_units(problem, v, LATE) if u not in gone]
        if more:
            gone = [*gone, *more]
            continue
        back = returning(problem, gone, small, state) if gone and state.status == "stationary" else None
        if back is None:
            break
        unit, v = back
        gone = [u for u in gone if u != unit]
    return found


def numbers(problem: Problem, gone: Sequence[Unit]) -> list[int]:
    """The places of the parameters that are left."""
    own, at, found = kept(problem, gone), 0, list[int]()
    for m in range(len(problem.widths) - 1):
        columns = problem.widths[m] + problem.has_bias(m)
        for j in range(problem.widths[m + 1]):
            found += [at + c for c in range(columns) if j in own[m + 1] and (c in own[m] or c == problem.widths[m])]
            at += columns
    return found


def embedded(problem: Problem, gone: Sequence[Unit], v: Array) -> Array:
    """Parameters of the network without the units as those of the whole one."""
    if not gone:
        return v
    whole = np.zeros(problem.size())
    whole[numbers(problem, gone)] = v
    return whole


def emptied(problem: Problem, gone: Sequence[Unit], v: Array) -> Array:
    """The parameters with those of the units 0."""
    return embedded(problem, gone, v[numbers(problem, gone)])


def small_units(problem: Problem, v: Array, tolerance: float) -> list[Unit]:
    """Hidden units of small rows and columns."""
    layers, found = FloatNetwork(problem).layers(v), list[Unit]()
    for m in range(len(layers) - 1):
        (weight, bias), following = layers[m], layers[m + 1][0]
        for j in range(len(weight)):
            row = np.linalg.norm(weight[j]) + (0 if bias is None else abs(bias[j]))
            if row < tolerance and np.linalg.norm(following[:, j]) < tolerance:
                found.append((m, j))
    return found


def returning(problem: Problem, gone: Sequence[Unit], small: Problem, state: State) -> tuple[Unit, Array] | None:
    """A unit that is gone and lowers the risk as it comes back, and the parameters with it; None if there is none."""
    net, whole = FloatNetwork(small), FloatNetwork(problem)
    before, v, own = net.risk(state.v), embedded(problem, gone, state.v), kept(problem, gone)
    for m in dict.fromkeys(m for m, _ in gone):
        way = steepest(net, state, m)
        if way is None:
            continue
        row, column = way
        unit = next(u for u in gone if u[0] == m)
        size = 0.05
        while size > 1e-4:
            moved = v.copy()
            layers = whole.layers(moved)
            layers[m][0][unit[1], own[m]] = size * row[: len(own[m])]
            if (bias := layers[m][1]) is not None:
                bias[unit[1]] = size * row[-1]
            layers[m + 1][0][own[m + 2], unit[1]] = -size * column
            if whole.risk(moved) < before:
                return unit, moved
            size /= 2
    return None


def steepest(net: FloatNetwork, state: State, m: int) -> tuple[Array, Array] | None:
    """Unit vectors w and v with the largest ⟨Σ p̂ h(w·ã), v⟩ found: fixed starts, then powers of G on their chambers."""
    entering, leaving = net.forward(state.v, state.pieces)
    weights = dict(zip(state.kinks, state.multipliers.tolist(), strict=True))
    if m + 1 == len(net.slopes):
        pull = net.factor * net.loss(leaving[-1])[1]
    else:
        pull = net.gradient(state.v, state.pieces, weights)[1][m + 1] * net.slopes[m + 1][state.pieces[m + 1]]
        for (layer, j, i), weight in weights.items():
            if layer == m + 1:
                pull[i, j] -= weight
    rows = np.hstack([entering[m], np.ones((len(pull), int(net.problem.has_bias(m))))])
    if not rows.size or not pull.size:
        return None
    best, found, noise = 0.0, None, np.random.default_rng(2)
    for w in noise.normal(size=(STARTS, rows.shape[1])):
        for _ in range(STEPS):
            w = w / (np.linalg.norm(w) or 1)
            slopes = net.slopes[m][(rows @ w > 0).astype(int) if len(net.slopes[m]) > 1 else np.zeros(len(rows), int)]
            turned = (pull * slopes[:, None]).T @ rows
            value = float(np.linalg.norm(turned @ w))
            if value > best:
                best, found = value, (w, turned @ w / value)
            w = w + 0.5 * turned.T @ (turned @ w) / max(float(np.linalg.norm(turned)) ** 2, 1e-300)
    return found
