"""Descents from random networks in plain loops that numba compiles: where the search's first incumbent comes from.

Units are positively homogeneous: f_i = Σ_j σ_j (s z + κ max(0, z)), z = ⟨u_j, row_i⟩. A descent goes to the least
squares of the current cells; where that leads up, it goes to the first kink on the way and holds it from then on.
Without that most descents stop at a kink. Float results are guesses; imported only where numba is installed.
"""

from typing import Any

import numpy as np

from symverify.ground.loops import dot, loop, quick_loop

_STEPS = 40
_HALVINGS = 5
_HELD = 1e6  # what a held kink weighs in the least squares
_RIDGE = 1e-9
_SAME = 1e-7  # relative distance of losses that count as equal


@quick_loop
def _solve(A: Any, b: Any) -> None:
    """b becomes A⁻¹ b; A, symmetric and positive, becomes its factor."""
    size = b.shape[0]
    for i in range(size):
        for j in range(i + 1):
            value = A[i, j]
            for t in range(j):
                value -= A[i, t] * A[j, t]
            A[i, j] = np.sqrt(max(value, 1e-14)) if i == j else value / A[j, j]
        for t in range(i):
            b[i] -= A[i, t] * b[t]
        b[i] /= A[i, i]
    for i in range(size - 1, -1, -1):
        for t in range(i + 1, size):
            b[i] -= A[t, i] * b[t]
        b[i] /= A[i, i]


@quick_loop
def _height(row: Any, u: Any) -> float:
    z = 0.0
    for c in range(row.shape[0]):
        z += row[c] * u[c]
    return z


@quick_loop
def _loss(rows: Any, y: Any, bend: Any, u: Any, signs: Any) -> float:
    """Σ (y − f)², centred where there is an output bias. bend: slope, kink, and 1.0 with an output bias."""
    slope, kink, biased = bend
    total, square = 0.0, 0.0
    for i in range(rows.shape[0]):
        r = y[i]
        for j in range(u.shape[0]):
            z = _height(rows[i], u[j])
            r -= signs[j] * (slope * z + kink * max(z, 0.0))
        total += r
        square += r * r
    return float(square - biased * total * total / rows.shape[0])


@quick_loop
def _fit(rows: Any, y: Any, bend: Any, u: Any, signs: Any, held: Any, system: Any) -> None:
    """The least squares of the units' cells into the system's right side, one unit's parameters after the other's."""
    (slope, kink, biased), (A, b, F) = bend, system
    samples, size = rows.shape
    for j in range(u.shape[0]):
        for i in range(samples):
            above = _height(rows[i], u[j]) > 0.0 and not held[j, i]
            steep = signs[j] * (slope + kink * above)
            for c in range(size):
                F[j * size + c, i] = steep * rows[i, c]
    for a in range(b.shape[0]):
        if biased:
            mean = 0.0
            for i in range(samples):
                mean += F[a, i]
            for i in range(samples):
                F[a, i] -= mean / samples
        for c in range(a + 1):
            A[a, c] = dot(F[a], F[c])
        A[a, a] += A[a, a] * _RIDGE + _RIDGE
        b[a] = dot(F[a], y)
    for j in range(u.shape[0]):
        for i in range(samples):
            if held[j, i]:
                for a in range(size):
                    for c in range(a + 1):
                        A[j * size + a, j * size + c] += _HELD * rows[i, a] * rows[i, c]
    _solve(A, b)


@quick_loop
def _towards(u: Any, b: Any, step: float, v: Any) -> None:
    """v is so far on the way from u to b."""
    for j in range(u.shape[0]):
        for c in range(u.shape[1]):
            v[j, c] = u[j, c] + step * (b[j * u.shape[1] + c] - u[j, c])


@quick_loop
def _crossed(rows: Any, u: Any, b: Any, held: Any) -> tuple[float, int, int]:
    """How far the first kink on the way from u to b is, of which unit and sample; unit −1 if there is none."""
    size, step, unit, sample = rows.shape[1], 1.0, -1, -1
    for j in range(u.shape[0]):
        for i in range(rows.shape[0]):
            if not held[j, i]:
                now, then = _height(rows[i], u[j]), _height(rows[i], b[j * size : (j + 1) * size])
                if now * then < 0.0 and now / (now - then) < step:
                    step, unit, sample = now / (now - then), j, i
    return step, unit, sample


@loop
def _state(units: Any, sides: Any, u: Any, signs: Any) -> None:
    """Copy units and their signs into others."""
    for j in range(units.shape[0]):
        signs[j] = sides[j]
        for c in range(units.shape[1]):
            u[j, c] = units[j, c]


@quick_loop
def _descend(rows: Any, y: Any, bend: Any, u: Any, signs: Any, held: Any, v: Any, system: Any) -> float:
    """Move u down; its loss there."""
    for j in range(u.shape[0]):
        for i in range(rows.shape[0]):
            held[j, i] = False
    best = _loss(rows, y, bend, u, signs)
    for _ in range(_STEPS):
        _fit(rows, y, bend, u, signs, held, system)
        step, moved, new = 1.0, False, best
        for _ in range(_HALVINGS):
            _towards(u, system[1], step, v)
            new = _loss(rows, y, bend, v, signs)
            if new < best * (1 - _SAME):
                moved = True
                break
            step *= 0.4
        if not moved:
            step, unit, sample = _crossed(rows, u, system[1], held)
            if unit < 0:
                break
            held[unit, sample] = True
            _towards(u, system[1], step, v)
            new = _loss(rows, y, bend, v, signs)
            if new > best * (1 + 1e-9):
                continue
        best = min(new, best)
        _state(v, signs, u, signs)
    return best


@loop
def descents(rows: Any, y: Any, bend: Any, width: int, seed: int, counts: Any) -> Any:
    """The best units (width, D) and signs of so many descents, and their loss.

    rows: (n, D). y: (n,), centred with an output bias. counts: descents from random networks, then from the best one
    with one unit drawn anew, and how often the latter may fail to improve before the end.
    """
    fresh, hops, patience = counts
    np.random.seed(seed)
    (samples, size), signs = rows.shape, np.ones(width)
    system = np.empty((width * size, width * size)), np.empty(width * size), np.empty((width * size, samples))
    u, v, held = np.empty((width, size)), np.empty((width, size)), np.zeros((width, samples), np.bool_)
    between = np.empty(size)
    best, units, sides, vain = np.inf, np.zeros((width, size)), np.ones(width), 0
    for start in range(fresh + hops):
        first, last = 0, width
        if start >= fresh:
            _state(units, sides, u, signs)
            first = np.random.randint(0, width)
            last = first + 1
        for j in range(first, last):
            signs[j] = 1.0 if np.random.random() < 0.5 else -1.0
            for c in range(size):
                u[j, c] = np.random.normal()
            p, share = np.random.randint(0, samples), np.random.random()
            q = np.random.randint(0, samples)
            for c in range(size):
                between[c] = share * rows[p, c] + (1.0 - share) * rows[q, c]
            part = _height(between, u[j]) / max(_height(between, between), 1e-300)
            for c in range(size):
                u[j, c] -= part * between[c]
        loss = _descend(rows, y, bend, u, signs, held, v, system)
        if loss < best * (1 - _SAME):
            best, vain = loss, 0
            _state(u, signs, units, sides)
        elif start >= fresh:
            vain += 1
        if vain > patience:
            break
    return units, sides, best
