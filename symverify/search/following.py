"""Held kinks that are at 0 wherever others are, and multipliers for all of them with which the risk rises from each."""

from contextlib import suppress
from dataclasses import replace
from fractions import Fraction

import numpy as np

from symverify.kernel.core.errors import Rejected
from symverify.kernel.reals.kinks import Following, Kinks, require_following
from symverify.search.active_set import State
from symverify.search.float_network import Array, FloatNetwork

SMALL = 1e-7


def followed(kinks: Kinks, state: State) -> Kinks:
    """The same kinks, some of them named as following others, where their gradients at the state are dependent.

    The multipliers of the state are then those that are furthest from the ends of what they may be.
    """
    net = FloatNetwork(kinks.problem)
    rows = net.kinks(state.v, state.pieces, state.kinks)[1]
    if kinks.dependents or not len(rows) or np.linalg.svd(rows, compute_uv=False)[-1] > SMALL:
        return kinks
    state.multipliers = central(net, state, rows)
    basis, following = list(state.kinks), list[Following]()
    for c, weight in zip(state.kinks, state.multipliers.tolist(), strict=True):
        left, more = [b for b in basis if b != c], (*following, (c, Fraction(weight)))
        with suppress(Rejected):
            require_following(replace(kinks, basis=left, following=more), "")
            basis, following = left, list(more)
    return replace(kinks, basis=basis, following=tuple(following))


def central(net: FloatNetwork, state: State, rows: Array) -> Array:
    """Of the λ with Nᵀλ = ∇R those with the largest s: λ_c ≤ −s and λ_c + p_c (σ⁺ − σ⁻) ≥ s, p_c affine in λ."""
    from scipy.optimize import linprog  # SciPy loads slowly, and most problems do without it

    _, sizes, right = np.linalg.svd(rows.T)
    ways, known = right[int((sizes > SMALL * max(1, sizes[0])).sum()) :].T, state.multipliers
    plain = pulled(net, state, {})
    along = np.array([pulled(net, state, {c: 1.0}) - plain for c in state.kinks]).T
    below, above = np.hstack([ways, np.ones((len(known), 1))]), known + plain + along @ known
    rising = np.hstack([-ways - along @ ways, np.ones((len(known), 1))])
    aim = np.append(np.zeros(ways.shape[1]), -1.0)
    found = linprog(aim, np.vstack([below, rising]), np.concatenate([-known, above]), bounds=(None, None))
    return known if found.x is None else known + ways @ found.x[:-1]


def pulled(net: FloatNetwork, state: State, weights: dict[tuple[int, int, int], float]) -> Array:
    """p_c (σ⁺ − σ⁻) of the held kinks."""
    pulls = net.gradient(state.v, state.pieces, weights)[1]
    return np.array([pulls[m][i, j] * np.diff(net.slopes[m])[state.pieces[m][i, j]] for m, j, i in state.kinks])
