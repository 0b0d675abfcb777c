"""Held kinks that are at 0 wherever others are, and multipliers for all of them with which the risk rises from each."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction

import numpy as np

from symverify.kernel.core.activation import ONE, ZERO
from symverify.kernel.core.algebra import dot, integral, primitive, rays
from symverify.kernel.core.errors import Rejected
from symverify.kernel.core.network import Place
from symverify.kernel.programs.network import Programmed
from symverify.kernel.reals.kinks import Following, Kinks, homogeneous, require_following
from symverify.kernel.reals.on_face import carried
from symverify.search.active_set import State, combination, least
from symverify.search.float_network import Array, FloatNetwork, frozen

SMALL, ZEROS = 1e-7, 1e-9


def followed(kinks: Kinks, state: State) -> Kinks:
    """The same kinks, with those at 0 that are not held yet, some of them named as following others.

    The multipliers of the state are then those that are furthest from the ends of what they may be.
    """
    if isinstance(kinks.problem, Programmed) or len(kinks.pieces) < 2 or not homogeneous(kinks.problem):
        return kinks
    net = FloatNetwork(kinks.problem)
    more, pieces = others(net, state, kinks), [p.copy() for p in state.pieces]
    rows = net.kinks(state.v, pieces, kinks.basis)[1]
    if not more and (not len(rows) or np.linalg.svd(rows, compute_uv=False)[-1] > SMALL):
        return kinks
    for m, j, i in more:
        pieces[m][i, j] = 0
    kinks = depending(replace(kinks, pieces=frozen(pieces)), more)
    whole = [*kinks.basis, *(c for c in more if c not in kinks.every)]
    needed = {b for _, row in kinks.dependents for b, x in zip(kinks.basis, row, strict=True) if x}
    found = split(kinks, whole, needed)
    state.kinks, state.pieces = [*found.basis, *(c for c, _ in found.following)], pieces
    state.multipliers = central(net, state, found)
    weights = dict(zip(state.kinks, map(Fraction, state.multipliers.tolist()), strict=True))
    return replace(found, following=tuple((c, weights[c]) for c, _ in found.following))


def others(net: FloatNetwork, state: State, kinks: Kinks) -> list[Place]:
    """The pre-activations at 0 beyond the first layer that are not held."""
    held = set(kinks.every)
    leaving = net.forward(state.v, state.pieces)[1]
    return [
        (m, int(j), int(i))
        for m, z in enumerate(leaving[1:-1], 1)
        for i, j in zip(*np.nonzero(np.abs(z) < ZEROS * max(1.0, float(np.abs(z).max(initial=0)))), strict=True)
        if (m, int(j), int(i)) not in held
    ]


def depending(kinks: Kinks, more: Sequence[Place]) -> Kinks:
    """The same with those of the others that depend on B at all points near."""
    spans = carried(kinks.problem, kinks.pieces, [*kinks.every, *more], near=True)
    found = list(kinks.dependents)
    for c in more:
        own = [b for b in kinks.basis if b[:2] == c[:2]]
        if row := combination(spans[c[0]][c[1]], own, c):
            found.append((c, [row.get(b, ZERO) for b in kinks.basis]))
    return replace(kinks, dependents=found)


def split(kinks: Kinks, whole: Sequence[Place], needed: set[Place]) -> Kinks:
    """As many kinks of the whole as can follow the others; but not those on which others depend."""
    basis, following = list(whole), list[Following]()
    rows = [dict(zip(kinks.basis, row, strict=True)) for _, row in kinks.dependents]

    def made(left: Sequence[Place], more: Sequence[Following]) -> Kinks:
        dependents = [(c, [row.get(b, ZERO) for b in left]) for (c, _), row in zip(kinks.dependents, rows, strict=True)]
        return replace(kinks, basis=list(left), dependents=dependents, following=tuple(more))

    for c in reversed(whole):
        if c[0] and c not in needed:
            left, more = [b for b in basis if b != c], [(c, ZERO), *following]
            with suppress(Rejected):
                require_following(made(left, more), "")
                basis, following = left, more
    return made(basis, following)


def central(net: FloatNetwork, state: State, kinks: Kinks) -> Array:
    """Of the λ with Nᵀλ = ∇R those with the largest s: the risk rises at least at rate s in each unit's directions."""
    from scipy.optimize import linprog  # SciPy loads slowly, and most problems do without it

    rows = net.kinks(state.v, state.pieces, state.kinks)[1]
    known = least(rows.T, net.gradient(state.v, state.pieces)[0])
    _, sizes, right = np.linalg.svd(rows.T)
    ways = right[int((sizes > SMALL * max(1, sizes[0])).sum()) :].T
    plain = pulled(net, state, kinks, {})
    along = np.array([pulled(net, state, kinks, {c: 1.0}) - plain for c in state.kinks]).T
    limits, bounds = list[Array](), list[float]()
    for t, heights in directions(kinks):
        turned = t + heights @ along
        limits.append(np.append(-turned @ ways, 1.0))
        bounds.append(float(heights @ plain + turned @ known))
    aim = np.append(np.zeros(ways.shape[1]), -1.0)
    found = linprog(aim, np.array(limits), np.array(bounds), bounds=(None, None))
    return known if found.x is None else known + ways @ found.x[:-1]


def directions(kinks: Kinks) -> list[tuple[Array, Array]]:
    """Each unit's t over B and what follows, and max(0, α_c·t) over those and what depends on B."""
    own, found = [*kinks.basis, *(c for c, _ in kinks.following)], list[tuple[Array, Array]]()
    planes = {c: {c: ONE} for c in own}
    planes |= {c: dict(zip(kinks.basis, row, strict=True)) for c, row in kinks.dependents}
    for unit in dict.fromkeys(c[:2] for c in own):
        places = [c for c in own if c[:2] == unit]
        near = {c: [row.get(b, ZERO) for b in places] for c, row in planes.items() if c[:2] == unit}
        for line in rays([primitive(integral(row)) for row in near.values()]):
            for t in ([Fraction(s * x) for x in line] for s in (-1, 1)):
                size = float(max(abs(x) for x in t))
                at = {c: float(x) / size for c, x in zip(places, t, strict=True)}
                heights = {c: max(0.0, float(dot(row, t)) / size) for c, row in near.items()}
                found.append((np.array([at.get(c, 0.0) for c in own]), np.array([heights.get(c, 0.0) for c in planes])))
    return found


def pulled(net: FloatNetwork, state: State, kinks: Kinks, weights: dict[Place, float]) -> Array:
    """p_c (σ⁺ − σ⁻) of B and what follows, then of what depends on B."""
    pulls = net.gradient(state.v, state.pieces, weights)[1]
    every = [*state.kinks, *(c for c, _ in kinks.dependents)]
    return np.array([pulls[m][i, j] * np.diff(net.slopes[m])[state.pieces[m][i, j]] for m, j, i in every])
