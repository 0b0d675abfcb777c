"""From a trained float point to a local minimum of the piecewise smooth risk, in floats: kinks are constraints.

An active-set Newton method. On {z_B = t_B} a Newton step with absolute eigenvalues and a trust radius; where it meets a
breakpoint it crosses, if the risk falls beyond, or holds that kink; where it is stationary it releases the kink whose
multiplier says that the risk falls to one side, or follows negative curvature.
"""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from symverify.ground.floats import finite
from symverify.ground.linear import solve
from symverify.kernel.core.activation import ZERO
from symverify.kernel.core.algebra import integral, primitive, rays
from symverify.kernel.core.network import Vector
from symverify.kernel.programs.network import Programmed
from symverify.kernel.reals.kinks import entering, homogeneous
from symverify.kernel.reals.on_face import carried
from symverify.search.float_network import Array, FloatNetwork, Kink, Pieces, frozen
from symverify.search.programs.dependence import as_combination, candidates
from symverify.search.programs.float_program import FloatProgram

TOLERANCE, RADIUS, MAX_ROUNDS, NEAR = 2e-11, 0.3, 600, 1e-6
FLAT = 1e-8
MAX_CROSSINGS = 4  # of one kink, before it is held: else the path may zigzag along it for ever
FAR = 1e4  # a parameter beyond: the search ends
Held = tuple[list[Kink], dict[Kink, dict[Kink, Fraction]], Pieces]


@dataclass(slots=True)
class State:
    """Where the search stands: the held kinks with their lower pieces in `pieces`; `status` says how it ended."""

    v: Array
    pieces: Pieces
    kinks: list[Kink] = field(default_factory=list)
    dependents: dict[Kink, dict[Kink, Fraction]] = field(default_factory=dict)  # z_c = Σ α z_b for all parameters
    multipliers: Array = field(default_factory=lambda: np.zeros(0))
    crossings: Counter[Kink] = field(default_factory=Counter)
    gradient: float = np.inf
    status: str = ""
    trail: list[tuple[float, float]] = field(default_factory=list)  # the largest parameter as it grew, and the risk


def least(rows: Array, right: Array) -> Array:
    """The least-squares solution of least norm."""
    return np.asarray(np.linalg.lstsq(finite(rows), finite(right), rcond=1e-10)[0])


def descend(net: FloatNetwork, v: Array, deadline: float) -> State:
    """Until nothing falls; `status` is "stationary" then."""
    state = State(v, net.pieces(v))
    radius = RADIUS
    refused = dict[Kink, int]()
    with np.errstate(all="ignore"):
        for _ in range(MAX_ROUNDS):
            if time.monotonic() > deadline:
                state.status = "out of time"
                return state
            try:
                radius = one_round(net, state, radius, refused)
            except np.linalg.LinAlgError:  # of derivatives that overflow
                state.status = "beyond the range of floats"
            if state.status:
                return state
    state.status = "no end after many rounds"
    return state


def one_round(net: FloatNetwork, state: State, radius: float, refused: dict[Kink, int]) -> float:
    """A Newton step, a release or a way down negative curvature; the trust radius after it."""
    state.v = v = retracted(net, state, state.v)
    size = float(np.abs(v).max(initial=0))
    if not state.trail or size > 1.2 * state.trail[-1][0]:
        state.trail.append((size, net.risk(v)))
    if not size < FAR:
        state.status = f"a parameter is beyond {FAR:g}"
        return radius
    first = net.gradient(v, state.pieces)[0]
    rows = net.kinks(v, state.pieces, state.kinks)[1]
    basis = np.eye(net.size)
    if state.kinks:
        _, sizes, right = np.linalg.svd(finite(rows), full_matrices=True)
        basis = right[int((sizes > 1e-9 * max(1, sizes[0])).sum()) :].T
    state.multipliers = least(rows.T, first) if state.kinks else np.zeros(0)
    weights = dict(zip(state.kinks, state.multipliers.tolist(), strict=True))
    hessian = net.hessian(v, state.pieces, weights)
    values, vectors = np.linalg.eigh(finite(basis.T @ hessian @ basis))
    along = vectors.T @ (basis.T @ first)
    state.gradient = float(np.abs(basis.T @ first).max(initial=0))
    scale = max(1e-3, float(np.abs(values).max(initial=0)))
    if state.gradient < TOLERANCE * max(1, float(np.abs(hessian).max(initial=0))):
        if released(net, state, rows, refused):
            return max(radius, 1e-2)
        if state.status or not len(values) or values[0] >= -1e-7 * scale:
            state.status = state.status or "stationary"
            return radius
        if not fell(net, state, basis @ vectors[:, 0]):
            state.status = "a saddle that no step leaves"
        return 0.1
    sizes = np.maximum(np.abs(values), 1e-9 * scale)
    flat = (np.abs(values) < 1e-7 * scale) & (np.abs(along) < 1e-13)
    step = basis @ (-vectors @ np.where(flat, 0, along / sizes))
    if (length := float(np.linalg.norm(step))) > radius:
        step *= radius / length
    return stepped(net, state, step, float(first @ step), radius)


def retracted(net: FloatNetwork, state: State, v: Array, rounds: int = 3) -> Array:
    """A nearby point where the held kinks are at their breakpoints."""
    for _ in range(rounds if state.kinks else 0):
        gaps, rows = net.kinks(v, state.pieces, state.kinks)
        if np.abs(gaps).max() < 1e-15:
            break
        v = v - least(rows, gaps)
    return v


def relocated(net: FloatNetwork, state: State, v: Array) -> None:
    """Move to v: the pieces there, but those of held kinks."""
    pieces = net.pieces(v)
    for m, j, i in (*state.kinks, *state.dependents):
        pieces[m][i, j] = state.pieces[m][i, j]
    state.v, state.pieces = v, pieces


def rises(net: FloatNetwork, state: State, t: dict[Kink, Fraction]) -> float:
    """Σ λ t + (σ⁺ − σ⁻) Σ p max(0, z): how the risk rises as the held kinks of a group open at the speeds t."""
    weights = dict(zip(state.kinks, state.multipliers.tolist(), strict=True))
    pulls = net.gradient(state.v, state.pieces, weights)[1]
    found = sum(weights[b] * float(x) for b, x in t.items())
    for (m, j, i), z in speeds(state, t).items():
        found += max(float(z), 0.0) * pulls[m][i, j] * np.diff(net.slopes[m])[state.pieces[m][i, j]]
    return float(found)


def speeds(state: State, t: dict[Kink, Fraction]) -> dict[Kink, Fraction]:
    """The same with the kinks that depend on them."""
    more = {c: row for c, row in state.dependents.items() if row.keys() & t.keys()}
    return t | {c: sum((a * t.get(b, ZERO) for b, a in row.items()), ZERO) for c, row in more.items()}


def groups(state: State) -> list[list[Kink]]:
    """The held kinks in parts, so that each one that depends on others depends on those of one part only."""
    found = list[list[Kink]]()
    for b in state.kinks:
        near = {a for row in state.dependents.values() if b in row for a in row}
        joined = [part for part in found if near & set(part)]
        found = [part for part in found if part not in joined]
        found.append([*(a for part in joined for a in part), b])
    return found


def released(net: FloatNetwork, state: State, rows: Array, refused: dict[Kink, int]) -> bool:
    """Open the kinks of a group in the way in which the risk falls most, and step there."""
    worst, way, weak = -1e-9, dict[Kink, Fraction](), dict[Kink, Fraction]()
    for own in groups(state):
        planes = [{b: Fraction(1)} for b in own] + [row for row in state.dependents.values() if row.keys() & set(own)]
        lines = rays([primitive(integral([plane.get(b, ZERO) for b in own])) for plane in planes])
        for t in [dict(zip(own, (Fraction(s * x) for x in line), strict=True)) for line in lines for s in (-1, 1)]:
            if (value := rises(net, state, t) / max(float(abs(x)) for x in t.values())) < worst:
                worst, way = value, t
            elif abs(value) < 1e-9 and not refused.get(next(iter(t))):
                weak = t
    if not way:
        return bool(weak) and slid(net, state, weak, refused)
    step = least(rows, np.array([float(way.get(b, ZERO)) for b in state.kinks]))
    before, old = net.risk(state.v), opened(net, state, way)
    size = 1e-2
    while size > 1e-13:
        there = retracted(net, state, state.v + size * step)
        if net.risk(there) < before:
            relocated(net, state, there)
            return True
        size /= 4
    first = next(iter(way))
    refused[first] = refused.get(first, 0) + 1
    state.kinks, state.dependents, state.pieces = old
    state.status = "stationary" if state.gradient < 1e-8 else "stuck"
    return False


def opened(net: FloatNetwork, state: State, way: dict[Kink, Fraction]) -> Held:
    """Open the kinks that move in a way, each to its side; what was held before."""
    old = (list(state.kinks), dict(state.dependents), [p.copy() for p in state.pieces])
    moved = speeds(state, way)
    for (m, j, i), z in moved.items():
        state.pieces[m][i, j] += z > 0
    state.kinks = [b for b in state.kinks if not moved.get(b, ZERO)]
    depend(net, state, state.v)
    return old


def slid(net: FloatNetwork, state: State, way: dict[Kink, Fraction], refused: dict[Kink, int]) -> bool:
    """Open kinks in a way in which the risk neither rises nor falls, along a direction in which it stays flat."""
    refused[next(iter(way))] = 1
    aim = sum(
        float(x) * row for (_, x), row in zip(way.items(), net.kinks(state.v, state.pieces, list(way))[1], strict=True)
    )
    before, old = net.risk(state.v), opened(net, state, way)
    rows = net.kinks(state.v, state.pieces, state.kinks)[1]
    weights = least(rows.T, net.gradient(state.v, state.pieces)[0]) if state.kinks else np.zeros(0)
    hessian = net.hessian(state.v, state.pieces, dict(zip(state.kinks, weights.tolist(), strict=True)))
    _, sizes, right = np.linalg.svd(finite(np.vstack([hessian, rows])))
    flat = right[int((sizes > FLAT * max(1, sizes[0])).sum()) :]
    step = flat.T @ (flat @ aim)
    size = RADIUS / max(float(np.linalg.norm(step)), 1e-9)
    while size > 1e-3:
        there = retracted(net, state, state.v + size * step)
        if not crossed(net, state, there) and net.risk(there) <= before + 1e-12 * max(1, abs(before)):
            relocated(net, state, there)
            return True
        size /= 2
    state.kinks, state.dependents, state.pieces = old
    return False


def depend(net: FloatNetwork, state: State, at: Array) -> None:
    """Find the kinks that depend on held ones, and hold none that depends on those before it; they are 0 at `at`."""
    problem, found, basis = net.problem, dict[Kink, dict[Kink, Fraction]](), list[Kink]()
    if not homogeneous(problem) or not state.kinks:
        state.dependents = {}
        return
    if isinstance(net, FloatProgram):
        depend_in_program(net, state)
        return
    z = net.forward(at, state.pieces)[1]
    zero = [np.abs(each) < NEAR * max(1.0, float(np.abs(each).max(initial=0))) for each in z[:-1]]
    spans = carried(problem, frozen(state.pieces), [*state.kinks, *state.dependents], near=True)
    for unit in dict.fromkeys(b[:2] for b in state.kinks):
        own = list[Kink]()
        for b in (b for b in state.kinks if b[:2] == unit):
            if row := combination(spans[unit[0]][unit[1]], own, b):
                found[b] = row
            else:
                own.append(b)
        basis += own
        for i in range(len(problem.inputs)):
            kink = (*unit, i)
            if kink in own or kink in found or problem.dead_row(i) or not zero[unit[0]][i, unit[1]]:
                continue
            if row := combination(spans[unit[0]][unit[1]], own, kink):
                found[kink] = row
                state.pieces[unit[0]][i, unit[1]] = 0
    state.kinks, state.dependents = basis, found


def combination(span: Sequence[Vector], own: Sequence[Kink], kink: Kink) -> dict[Kink, Fraction]:
    """z_c = Σ α z_b for all parameters near, over held kinks of its unit, into which the span enters; else empty."""
    weights = (
        solve([[phi[b[2]] for b in own] for phi in span], [phi[kink[2]] for phi in span], len(own)) if own else None
    )
    return {b: x for b, x in zip(own, weights or (), strict=False) if x}


def depend_in_program(net: FloatProgram, state: State) -> None:
    """The same in a general program, where kinks of several units may depend on each other."""
    found, basis = dict[Kink, dict[Kink, Fraction]](), list[Kink]()

    def row_of(kink: Kink) -> dict[Kink, Fraction]:
        own = [b for b in basis if b[:2] == kink[:2]]
        near = seen_combination(state, net.problem, own, kink) if own else {}
        return near or as_combination(basis, kink, net.forms)

    for b in state.kinks:
        if row := row_of(b):
            found[b] = row
        else:
            basis.append(b)
    for kink in candidates(net.problem, basis, net.forms):
        m, j, i = kink
        fresh = kink not in basis and kink not in found and net.fixed[m][i, j] < 0
        if fresh and (row := row_of(kink)):
            found[kink] = row
            state.pieces[m][i, j] = 0
    state.kinks, state.dependents = basis, found


def seen_combination(state: State, problem: Programmed, own: Sequence[Kink], kink: Kink) -> dict[Kink, Fraction]:
    """z_c = Σ α z_b for all parameters near, over held kinks of its unit; empty if there is no such α to be seen."""
    m, _, i = kink
    if equal := [b for b in own if problem.inputs[b[2]] == problem.inputs[i]]:
        return {equal[0]: Fraction(1)}
    held = {*state.kinks, *state.dependents}

    def alike(k: int) -> bool:
        """Whether sample k is inside the same pieces below."""
        lower = [(layer, j) for layer in range(m) for j in range(state.pieces[layer].shape[1])]
        return all(
            state.pieces[layer][k, j] == state.pieces[layer][i, j]
            and (layer, j, k) not in held
            and (layer, j, i) not in held
            for layer, j in lower
        )

    own = [b for b in own if alike(b[2])]
    if not own:
        return {}
    rows = [entering(problem, b[2]) for b in own]
    near = least(np.array(rows, dtype=float).T, np.array(entering(problem, i), dtype=float))
    weights = [Fraction(x).limit_denominator(10**4) for x in near.tolist()]
    sums = [sum((x * row[c] for x, row in zip(weights, rows, strict=True)), ZERO) for c in range(len(rows[0]))]
    if tuple(sums) != entering(problem, i):
        return {}
    return {b: x for b, x in zip(own, weights, strict=True) if x}


def fell(net: FloatNetwork, state: State, way: Array) -> bool:
    """A step down along a direction of negative curvature."""
    before = net.risk(state.v)
    for sign in (1, -1):
        t = 0.1
        while t > 1e-6:
            there = retracted(net, state, state.v + sign * t * way)
            if net.risk(there) < before - 1e-14:
                relocated(net, state, there)
                return True
            t /= 2
    return False


def crossed(net: FloatNetwork, state: State, v: Array) -> list[Kink]:
    """The pre-activations, of those not held, that are on other pieces at v."""
    held, found = {*state.kinks, *state.dependents}, net.pieces(v)
    return [
        (m, int(j), int(i))
        for m, (new, old) in enumerate(zip(found, state.pieces, strict=True))
        for i, j in zip(*np.nonzero(new != old), strict=True)
        if (m, int(j), int(i)) not in held
    ]


def stepped(net: FloatNetwork, state: State, step: Array, slope: float, radius: float) -> float:
    """Step as far as the risk falls; at the first breakpoint beyond which it does not, hold that kink."""
    before = net.risk(state.v, state.pieces)

    def curve(t: float) -> Array:
        return retracted(net, state, state.v + t * step, 2)

    t = 1.0
    while t > 1e-16:
        there = curve(t)
        risk = net.risk(there)
        enough = risk <= before + 1e-4 * t * slope
        if not crossed(net, state, there):
            if enough or (risk <= before + 1e-15 * abs(before) and state.gradient < 1e-6):
                relocated(net, state, there)
                return min(radius * 3, 3.0) if t == 1 else max(radius / 2, 1e-6)
            t /= 2
            continue
        low, high = 0.0, t
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (low, middle) if crossed(net, state, curve(middle)) else (middle, high)
        first = crossed(net, state, at := curve(high))
        if first:
            uphill = beyond(net, state, first, at, curve(high + 1e-6) - curve(max(high - 1e-6, 0)))
            state.crossings.update(first)
            weary = state.crossings[first[0]] > MAX_CROSSINGS
            if not uphill and enough and not weary:
                relocated(net, state, there)
                return max(radius / 2, 1e-6)
            if (uphill or weary or high < 1e-12) and net.risk(at) <= before + 1e-13 * max(1, abs(before)):
                hold(net, state, first[0], at)
                return max(radius, 1e-3)
        t = min(high * 0.999, t / 2) if high > t / 2 else max(high * 0.999, t / 4)
    state.status = "no step" if radius < 1e-13 else ""
    return radius / 4


def beyond(net: FloatNetwork, state: State, first: Sequence[Kink], at: Array, way: Array) -> bool:
    """Whether the risk rises along a way on the pieces beyond the breakpoints."""
    found, pieces = net.pieces(at), [p.copy() for p in state.pieces]
    for m, j, i in first:
        pieces[m][i, j] = found[m][i, j]
    return bool(net.gradient(at, pieces)[0] @ way >= 0)


def hold(net: FloatNetwork, state: State, kink: Kink, at: Array) -> None:
    """Hold a kink that is being crossed, with its lower piece."""
    m, j, i = kink
    lower = min(int(state.pieces[m][i, j]), int(net.pieces(at)[m][i, j]))
    state.kinks.append(kink)
    state.pieces[m][i, j] = lower
    depend(net, state, at)
    relocated(net, state, at)
