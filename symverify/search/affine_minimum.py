"""The construction of He, Wang and Tao (2020), Theorem 1: a local minimum that predicts the best affine fit.

The units 1 … d_Y of every hidden layer carry the fit's outputs, shifted into one piece of non-zero slope; all
other units are constant inside that piece. All paths then have the same slopes for all samples, so the
first-order minorant is constant on the cell. Moving the shift gives a path of such minima.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from symverify.errors import SymverifyError
from symverify.ground.linear import least_squares, solve
from symverify.ground.lp import dot
from symverify.ground.time_limit import on_time
from symverify.kernel.core.activation import ONE, ZERO, Activation
from symverify.kernel.core.loss import Loss
from symverify.kernel.core.network import Layer, Point, Problem
from symverify.kernel.core.poly import Poly
from symverify.search.kinked_fit import kinked_fit

ROUNDS, NEWTON, SHORT, GRID = 200, 200, 1e-12, 2**40
Array = npt.NDArray[Any]


class NotConstructible(SymverifyError):
    """The construction does not apply; the message says why."""


@dataclass(frozen=True, slots=True)
class AffineMinimum:
    """The constructed `point`, and a polynomial `path` from it, t in [0, 1], of points with its predictions."""

    point: Point
    path: Point


@dataclass(frozen=True, slots=True)
class Carrier:
    """How one hidden layer carries u: pre-activation scale·u + shift inside the piece, leaving as gain·u + offset."""

    scale: Fraction
    shift: Fraction
    rest: Fraction  # a pre-activation strictly inside the piece, for the other units
    slack: Fraction  # how far the shift may move, staying inside
    slope: Fraction
    intercept: Fraction


def affine_fit(problem: Problem) -> list[tuple[Fraction, ...]]:
    """The best affine model's columns per output: (A_k, a_k), d_X + 1 numbers each, exactly.

    A quadratic loss: normal equations. A piecewise linear one: a linear program. Else the piece of the loss that each
    sample's error is on is guessed and re-guessed until the guess fits its own solution; else NotConstructible.
    """
    rows = [(*x, ONE) for x in problem.inputs]
    if problem.loss.quadratic:
        return list(zip(*least_squares(rows, problem.targets), strict=True))
    if not problem.loss.smooth:
        return [tuple(kinked_fit(rows, y, problem.loss)) for y in zip(*problem.targets, strict=True)]
    return [fit_by_pieces(rows, list(y), problem.loss) for y in zip(*problem.targets, strict=True)]


def fit_by_pieces(
    rows: Sequence[Sequence[Fraction]],
    y: Sequence[Fraction],
    loss: Loss,
    near: Sequence[Fraction] | None = None,
) -> tuple[Fraction, ...]:
    """Σ ℓ'(e_i) x̃_i = 0 with ℓ'(e) = 2 a e + b on the guessed pieces, e = ⟨fit, x̃⟩ − y.

    The first guess: those of the fit `near`, and the fit moves away from that no more than it must; else the middle,
    and where that leads nowhere those of a descent in floats.
    """
    width = len(rows[0])
    start = [ZERO] * width if near is None else list(near)
    pieces = [len(loss.parts) // 2] * len(y)
    if near is not None:
        pieces = [_piece(loss, e, -1) for e in _errors(rows, start, y)]
    for _ in range(ROUNDS):
        bends, slopes = ([loss.parts[p][k] for p in pieces] for k in (0, 1))
        gram = [
            [sum((2 * a * row[c] * row[d] for a, row in zip(bends, rows, strict=True)), ZERO) for d in range(width)]
            for c in range(width)
        ]
        pulls = [2 * a * t - b for a, b, t in zip(bends, slopes, y, strict=True)]
        moment = [sum((pull * row[c] for pull, row in zip(pulls, rows, strict=True)), ZERO) for c in range(width)]
        left = [
            m - sum((a * b for a, b in zip(row, start, strict=True)), ZERO) for m, row in zip(moment, gram, strict=True)
        ]
        moved = solve(gram, left, width)
        if moved is None:
            break
        fit = [a + b for a, b in zip(start, moved, strict=True)]
        again = [_piece(loss, e, p) for e, p in zip(_errors(rows, fit, y), pieces, strict=True)]
        if again == pieces:
            return tuple(fit)
        pieces = again
    if near is None:
        return fit_by_pieces(rows, y, loss, descended(rows, y, loss))
    raise NotConstructible(f"the best fit under the {loss.name} loss was not found")


def descended(rows: Sequence[Sequence[Fraction]], y: Sequence[Fraction], loss: Loss) -> list[Fraction]:
    """A fit near the best one: Newton's method in floats, each step halved until the loss falls."""
    x, t = (np.array(each, dtype=float) for each in (rows, y))
    parts, cuts = np.array(loss.parts, dtype=float), np.array(loss.cuts, dtype=float)

    def value(fit: Array) -> float:
        e = x @ fit - t
        a, b, c = parts[np.searchsorted(cuts, e)].T
        return float(((a * e + b) * e + c).sum())

    fit, flat = np.zeros(x.shape[1]), 1e-9 * np.eye(x.shape[1]) * max(1.0, float((x * x).sum()))
    for _ in range(NEWTON):
        e = x @ fit - t
        a, b, _ = parts[np.searchsorted(cuts, e)].T
        step = -np.linalg.solve(x.T @ (2 * a[:, None] * x) + flat, x.T @ (2 * a * e + b))
        size, before = 1.0, value(fit)
        while size > SHORT and value(fit + size * step) >= before:
            size /= 2
        if size <= SHORT:
            break
        fit = fit + size * step
    return [Fraction(round(v * GRID), GRID) for v in fit.tolist()]


def _errors(rows: Sequence[Sequence[Fraction]], fit: Sequence[Fraction], y: Sequence[Fraction]) -> list[Fraction]:
    return [dot(row, fit) - t for row, t in zip(rows, y, strict=True)]


def _piece(loss: Loss, e: Fraction, known: int) -> int:
    """The piece of the loss that the error is on; at a cut the one known."""
    found = bisect_left(loss.cuts, e)
    return known if e in loss.cuts and known in (found, found + 1) else found


def _short_between(low: Fraction, high: Fraction) -> Fraction:
    """A fraction of small denominator strictly between two numbers."""
    denominator = 1
    while True:
        on_time()
        numerator = low.numerator * denominator // low.denominator + 1
        if Fraction(numerator, denominator) < high:
            return Fraction(numerator, denominator)
        denominator *= 2


def carrier_of(h: Activation, low: Fraction, high: Fraction) -> Carrier:
    """Fit values in [low, high] strictly into a piece of non-zero slope, an unbounded one if there is any."""
    ends: list[Fraction | None] = [None, *h.breakpoints, None]
    sloped = [p for p, s in enumerate(h.slopes) if s]
    if not sloped:
        raise NotConstructible("an activation is constant")
    unbounded = [p for p in sloped if ends[p] is None or ends[p + 1] is None]
    p = max(unbounded or sloped, key=lambda q: (h.slopes[q] > 0, q))
    lower, upper = ends[p], ends[p + 1]
    if lower is not None and upper is not None:
        room = upper - lower
        scale = min(ONE, _short_between(ZERO, room / (2 * (high - low)))) if high > low else ONE
        middle = (low + high) / 2 * scale
        shift = _short_between(lower + room * 7 / 16 - middle, lower + room * 9 / 16 - middle)
        return Carrier(scale, shift, lower + room / 2, room / 16, h.slopes[p], h.offsets[p])
    if lower is not None:
        floor = lower.__floor__() + 1
        return Carrier(
            ONE, Fraction(max(0, floor - low.__floor__() + 1)), Fraction(floor), ONE, h.slopes[p], h.offsets[p]
        )
    if upper is not None:
        ceiling = upper.__ceil__() - 1
        return Carrier(
            ONE, Fraction(min(0, ceiling - high.__ceil__() - 1)), Fraction(ceiling), -ONE, h.slopes[p], h.offsets[p]
        )
    return Carrier(ONE, ZERO, ZERO, ONE, h.slopes[p], h.offsets[p])


def affine_minimum(problem: Problem) -> AffineMinimum:
    """The constructed local minimum and a path of them. Raises NotConstructible with the reason."""
    if not (problem.hidden_bias and problem.output_bias):
        raise NotConstructible("without all biases no minimum that predicts a best affine fit was found")
    if min(problem.widths[1:-1]) < problem.widths[-1]:
        raise NotConstructible("the construction needs every hidden layer to be as wide as the output")
    return carrying(problem, affine_fit(problem))


def carrying(problem: Problem, fit: Sequence[Sequence[Fraction]]) -> AffineMinimum:
    """The construction for an affine map, d_X + 1 coefficients per output. Raises NotConstructible."""
    outputs = problem.widths[-1]
    values = [dot(column, (*x, ONE)) for x in problem.inputs for column in fit]
    carriers = [carrier_of(h, min(values), max(values)) for h in problem.activations]
    layers: list[Layer] = []
    gain, offset = ONE, ZERO  # what arrives is gain·u + offset
    for m, carrier in enumerate(carriers):
        width, entering = problem.widths[m + 1], problem.widths[m]
        weight = [[ZERO] * entering for _ in range(width)]
        bias = [carrier.rest] * width
        for k in range(outputs):
            if m == 0:
                weight[k] = [carrier.scale * a for a in fit[k][:-1]]
                bias[k] = carrier.scale * fit[k][-1] + carrier.shift
            else:
                weight[k][k] = carrier.scale / gain
                bias[k] = carrier.shift - weight[k][k] * offset
        layers.append(Layer(tuple(map(tuple, weight)), tuple(bias)))
        gain, offset = carrier.slope * carrier.scale, carrier.slope * carrier.shift + carrier.intercept
    last = tuple(tuple(1 / gain if j == k else ZERO for j in range(problem.widths[-2])) for k in range(outputs))
    layers.append(Layer(last, (-offset / gain,) * outputs))
    return AffineMinimum(tuple(layers), _shifted(layers, carriers[0], outputs))


def _shifted(layers: list[Layer], first: Carrier, outputs: int) -> Point:
    """The path on which the first layer's shift moves by slack·t and the second affine map makes up for it."""

    def moving(layer: Layer, rate: list[Fraction]) -> Layer:
        bias = layer.bias or ()
        return Layer(layer.weight, tuple(Poly(()) + b + Poly.of([ZERO, v]) for b, v in zip(bias, rate, strict=True)))

    carried = [first.slack * (k < outputs) for k in range(len(layers[0].weight))]
    undone = [
        -sum((w * first.slope * v for w, v in zip(row, carried, strict=True) if isinstance(w, Fraction)), ZERO)
        for row in layers[1].weight
    ]
    return (moving(layers[0], carried), moving(layers[1], undone), *layers[2:])
