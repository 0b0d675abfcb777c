"""Held kinks that are at 0 wherever others are, and multipliers for all of them with which the risk rises from each."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction

import numpy as np

from symverify.ground.floats import finite
from symverify.ground.linear import solve
from symverify.kernel.core.activation import ONE, ZERO
from symverify.kernel.core.errors import KernelError, Rejected
from symverify.kernel.core.network import Place, Vector
from symverify.kernel.programs.network import Programmed
from symverify.kernel.reals.kinks import Following, Kinks, homogeneous, require_following
from symverify.kernel.reals.layout import layout_of
from symverify.kernel.reals.on_face import carried
from symverify.kernel.reals.rise import Sides, openings, sides_of_followers
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
    if not more and (not len(rows) or np.linalg.svd(finite(rows), compute_uv=False)[-1] > SMALL):
        return kinks
    for m, j, i in more:
        pieces[m][i, j] = 0
    kinks = depending(replace(kinks, pieces=frozen(pieces)), more)
    whole = [*kinks.basis, *(c for c in more if c not in kinks.every)]
    needed = {b for _, row in kinks.dependents for b, x in zip(kinks.basis, row, strict=True) if x}
    found = split(kinks, whole, needed)
    state.kinks, state.pieces = [*found.basis, *(each.kink for each in found.following)], pieces
    state.multipliers, rate = central(net, state, found, {})
    if rate <= 0:
        found = beside(net, state, found)
    weights = dict(zip(state.kinks, map(Fraction, state.multipliers.tolist()), strict=True))
    return replace(found, following=tuple(replace(each, multiplier=weights[each.kink]) for each in found.following))


def beside(net: FloatNetwork, state: State, kinks: Kinks) -> Kinks:
    """The same, and where what follows is on one side of a combination near, that: its directions are fewer."""
    spans = carried(kinks.problem, kinks.pieces, kinks.every, near=True)
    numbers = {each[0]: x for each, x in zip(layout_of(kinks.problem).places, state.v.tolist(), strict=True)}
    found, sides = kinks, dict[Place, int]()

    def sign(place: Place) -> int:
        return int(np.sign(numbers[place]))

    for k, each in enumerate(kinks.following):
        with suppress(Rejected):
            wider = replace(each, weights=combined(kinks, each.kink, spans))
            more = replace(found, following=(*found.following[:k], wider, *found.following[k + 1 :]))
            sides = dict(sides_of_followers(more, sign, ""))
            found = more
    try:
        multipliers, rate = central(net, state, found, sides)
    except KernelError:  # too many directions
        return kinks
    if rate <= 0:
        return kinks
    state.multipliers = multipliers
    return found


def combined(kinks: Kinks, c: Place, spans: Sequence[Sequence[Sequence[Vector]]]) -> tuple[Fraction, ...]:
    """Weights of B with which z_c − Σ α z_b is made of lower kinks alone. Raises Rejected where there are none."""
    problem, (m, j, i) = kinks.problem, c
    own = [b for b in kinks.basis if b[:2] == (m, j)]
    rows, right = list[list[Fraction]](), list[Fraction]()
    for k in range(problem.widths[m]):
        slopes = [problem.activations[m - 1].slopes[p] for p in kinks.pieces[m - 1][k]]
        for phi in spans[m - 1][k]:
            rows.append([slopes[b[2]] * phi[b[2]] for b in own])
            right.append(slopes[i] * phi[i])
    if problem.has_bias(m):
        rows.append([ONE] * len(own))
        right.append(ONE)
    known = solve(rows, right, len(own))
    if known is None:
        raise Rejected("", "is no such combination")
    weights = dict(zip(own, known, strict=True))
    return tuple(weights.get(b, ZERO) for b in kinks.basis)


def others(net: FloatNetwork, state: State, kinks: Kinks) -> list[Place]:
    """The pre-activations at 0 beyond the first layer that are not held."""
    held = set(kinks.every)
    leaving = net.forward(state.v, state.pieces)[1]
    return [
        (m, int(j), int(i))
        for m, z in enumerate(leaving[1:-1], 1)
        for i, j in zip(*np.nonzero(np.abs(z) < ZEROS * max(1.0, float(np.abs(z).max(initial=0)))), strict=True)
        if (m, int(j), int(i)) not in held and kinks.problem.bents[m].h.breakpoints
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
            left, more = [b for b in basis if b != c], [Following(c, ZERO), *following]
            with suppress(Rejected):
                require_following(made(left, more), "")
                basis, following = left, more
    return made(basis, following)


def central(net: FloatNetwork, state: State, kinks: Kinks, sides: Sides) -> tuple[Array, float]:
    """Of the λ with Nᵀλ = ∇R those with the largest s, and s: the risk rises at least at rate s in each direction."""
    from scipy.optimize import linprog  # SciPy loads slowly, and most problems do without it

    rows = net.kinks(state.v, state.pieces, state.kinks)[1]
    known = least(rows.T, net.gradient(state.v, state.pieces)[0])
    _, sizes, right = np.linalg.svd(finite(rows.T))
    ways = right[int((sizes > SMALL * max(1, sizes[0])).sum()) :].T
    plain = pulled(net, state, kinks, {})
    along = np.array([pulled(net, state, kinks, {c: 1.0}) - plain for c in state.kinks]).T
    limits, bounds = list[Array](), list[float]()
    for t, heights in directions(kinks, sides):
        turned = t + heights @ along
        limits.append(np.append(-turned @ ways, 1.0))
        bounds.append(float(heights @ plain + turned @ known))
    aim = np.append(np.zeros(ways.shape[1]), -1.0)
    found = linprog(aim, np.array(limits), np.array(bounds), bounds=(None, None))
    return (known, -np.inf) if found.x is None else (known + ways @ found.x[:-1], float(found.x[-1]))


def directions(kinks: Kinks, sides: Sides) -> Iterator[tuple[Array, Array]]:
    """The directions t over B and what follows, the largest |t| being 1, and max(0, t_c) over those and the others."""
    own = [*kinks.basis, *(each.kink for each in kinks.following)]
    every = [*own, *(c for c, _ in kinks.dependents)]
    for opening in openings(kinks, sides):
        for t, heights in opening.directions():
            size = float(max(abs(x) for x in t))
            at = {c: float(x) / size for c, x in zip(opening.own, t, strict=True)}
            up = {c: max(0.0, float(x) / size) for c, x in heights.items()}
            yield np.array([at.get(c, 0.0) for c in own]), np.array([up.get(c, 0.0) for c in every])


def pulled(net: FloatNetwork, state: State, kinks: Kinks, weights: dict[Place, float]) -> Array:
    """p_c (σ⁺ − σ⁻) of B and what follows, then of what depends on B."""
    pulls = net.gradient(state.v, state.pieces, weights)[1]
    every = [*state.kinks, *(c for c, _ in kinks.dependents)]
    return np.array([pulls[m][i, j] * np.diff(net.slopes[m])[state.pieces[m][i, j]] for m, j, i in every])
