"""Points of lower risk under weight decay: the same search as from a trained point, from random ones."""

import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import chain

import numpy as np

from symverify.kernel.core.errors import KernelError
from symverify.kernel.core.network import Point, Problem, predictions
from symverify.kernel.reals.enclosed_point import enclosed_risk, penalty
from symverify.kernel.reals.enclosure import Enclosure
from symverify.search.collapse import embedded, left
from symverify.search.programs.float_program import float_network
from symverify.search.snap_equations import as_point

STARTS, PLACES, CLOSE = 12, 40, Fraction(1, 10**6)


def lower_point(
    problem: Problem, ceiling: Fraction, named: Sequence[Point], deadline: float
) -> tuple[Point, Enclosure] | None:
    """A point whose risk is below `ceiling`: one of those named, else the first found by the deadline."""
    for point in chain(named, minima(problem, deadline, float(ceiling))):
        if (risk := risk_of(problem, point)) is not None and risk.upper < ceiling:
            return point, risk
    return None


def lowest_point(problem: Problem, floor: Fraction, named: Sequence[Point], deadline: float) -> Point | None:
    """The lowest point of those named and those found by the deadline; one close to the lower bound `floor` ends it."""
    best: tuple[Fraction, Point] | None = None
    for point in chain(named, minima(problem, deadline, np.inf)):
        if best is not None and best[0] <= floor + CLOSE * (1 + abs(floor)):
            break
        risk = risk_of(problem, point)
        if risk is not None and (best is None or risk.upper < best[0]):
            best = risk.upper, point
    return None if best is None else best[1]


def minima(problem: Problem, deadline: float, ceiling: float) -> Iterator[Point]:
    """Local minima found from random points, rounded, if their risk is below."""
    noise = np.random.default_rng(4)
    for _ in range(STARTS):
        if time.monotonic() > deadline:
            return
        start = noise.normal(size=problem.size())
        found = left(problem, start, min(deadline, time.monotonic() + max((deadline - time.monotonic()) / 3, 0)))
        v = embedded(problem, found.gone, found.state.v)
        if np.isfinite(v).all() and float_network(problem).risk(v) < ceiling:
            yield as_point(problem, [Fraction(round(x * 2**PLACES), 2**PLACES) for x in v.tolist()])


def risk_of(problem: Problem, point: Point) -> Enclosure | None:
    """R at a rational point; None where the kernel declines it."""
    try:
        return enclosed_risk(problem, predictions(problem, point), penalty(problem, point))
    except KernelError:
        return None
