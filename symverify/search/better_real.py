"""Points of lower risk under logistic, cross-entropy and Poisson loss: training, rounding, a convex last layer.

The candidates are rational networks; only the enclosure of their risk counts.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from symverify.ground.linear import independent_rows
from symverify.kernel.core.errors import Declined
from symverify.kernel.core.network import Layer, Point, Problem
from symverify.kernel.reals.enclosed_point import enclosed_risk
from symverify.kernel.reals.enclosure import Enclosure
from symverify.kernel.reals.facts import real_loss
from symverify.search.better import extra_units, trained, with_last_layer, within_floats
from symverify.search.float_losses import targets_of
from symverify.search.last_layer import arriving, predictions
from symverify.search.span_dual import newton

POLISH, CAP, GROW = 24, 40.0, 8


@dataclass(frozen=True, slots=True)
class RealWitness:
    """A point, its risk, and whether it predicts every label with a margin, so that its multiples have risk → 0."""

    point: Point
    risk: Enclosure
    wins: bool


def lowest_point(
    problem: Problem, start: Point | None, ceiling: Fraction | None, deadline: float
) -> RealWitness | None:
    """The lowest point found by `deadline` (time.monotonic()); the search ends soon after one below `ceiling`.

    `start` carries an affine fit, with room for another unit. None if no candidate could be evaluated.
    """
    best: RealWitness | None = None
    left = POLISH
    sources = [trained(problem)]
    if start is not None:
        sources.insert(0, extra_units(problem, start, predictions(problem, start)))
    for source in sources:
        for hidden in within_floats(source):
            if time.monotonic() > deadline or left == 0:
                break
            below = best is not None and (ceiling is None or best.risk.upper < ceiling)
            left -= below
            found = refitted(problem, hidden)
            if found is not None and (best is None or found.risk.upper < best.risk.upper):
                best = found
            if best is not None and best.wins:
                return best
    return best


def refitted(problem: Problem, point: Point, places: int = 16) -> RealWitness | None:
    """The point with the best last layer on what arrives there, in floats, then rounded; scaled up if it wins.

    Rounded to so many binary places.
    """
    loss, rows = real_loss(problem), arriving(problem, point).fractions()
    kept = independent_rows(list(zip(*rows, strict=True)))
    if not kept:
        return None
    phi = np.array([[float(row[c]) for c in kept] for row in rows])
    scale = np.maximum(np.abs(phi).max(axis=0), 1e-300)
    beta = newton(loss, phi / scale, targets_of(problem), np.ones((len(rows), problem.widths[-1]), dtype=bool), CAP)
    if beta is None or not np.isfinite(beta).all():
        return None
    solved = [[Fraction(round(float(v) * 2**places), 2**places) for v in column] for column in (beta / scale).T]
    return evaluated(problem, with_last_layer(problem, point, kept, solved))


def evaluated(problem: Problem, point: Point) -> RealWitness | None:
    """The point with its risk; where it wins, a multiple of its last layer with a far lower risk."""
    loss, f = real_loss(problem), predictions(problem, point)
    wins = all(loss.wins(u, y) for u, y in zip(f, problem.targets, strict=True))
    try:
        risk = enclosed_risk(problem, f)
        grown = enclosed_risk(problem, [tuple(GROW * v for v in row) for row in f]) if wins else risk
    except Declined:
        return None
    if wins and grown.upper < risk.upper:
        return RealWitness((*point[:-1], _times(point[-1], GROW)), grown, True)
    return RealWitness(point, risk, wins)


def _times(layer: Layer, factor: int) -> Layer:
    def scaled(row: tuple[object, ...]) -> Iterator[Fraction]:
        return (factor * x for x in row if isinstance(x, Fraction))

    bias = None if layer.bias is None else tuple(scaled(layer.bias))
    return Layer(tuple(tuple(scaled(row)) for row in layer.weight), bias)
