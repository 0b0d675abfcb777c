"""The bound of one node of the search: the projection of the labels onto a cone of columns, in floats.

Every slot of a node contributes a non-negative combination of the columns of the rays in its closed cone. The
sum of these cones is the cone of all those columns, and the squared distance of the labels to it is a lower
bound of Σ(f − y)² for every tuple of units in the node. The residual g = y − f at the nearest point is
non-positive on all the columns: it is the dual vector that proves the bound.

Up to `SMALL` the search needs no numba. Above, where there is numba, compiled loops may go another way than these: the
same theorem, another certificate. Each is the same on every processor (`ground.floats`, `ground.loops`).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import numpy as np

from symverify.ground.floats import product, solve
from symverify.search.global_minimum.generators import Floats, Generators, Indices

FIRST = 1e-9  # the weight of a column to start with where none is known
LEAST = 1e-10  # a column (of length 1) counts as violated above this, against labels of length 1
SMALL = 30_000  # rays to the power of the width (at most 4) up to which compiling costs more than it saves
T = TypeVar("T")
_PLAIN = ContextVar("plain", default=False)
_NONE = np.zeros(0, dtype=np.int64)
Solver = Callable[[Floats, Floats], Floats]  # Gram matrix, moments


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """support: (p,) column numbers; weights: (p,), of columns of length 1; residual: (n,), of labels of length 1."""

    support: Indices
    weights: Floats
    residual: Floats

    @property
    def value(self) -> float:
        """The squared distance, as a share of the labels' squared length."""
        return float(product(self.residual, self.residual))


def project(
    model: Generators,
    plus: Indices,
    minus: Indices,
    warm: Indices = _NONE,
    free: Indices = _NONE,
    margin: float = 0.0,
    stop: float = -1.0,
    weights: Floats | None = None,
) -> Projection:
    """min ‖target − Σ x_k column_k‖² over x ≥ 0, for the model's columns +units[plus] and −units[minus].

    `warm` are column numbers to start with, with these weights. The weights of the (independent) columns `free` may
    have any sign; with a `margin` the residual is at most −margin on every other column instead of 0. A value that
    falls to `stop` ends the search for the nearest point.
    """
    engine, begun = _engine(model), np.full(len(warm), FIRST) if weights is None else weights
    found = engine(model.units, model.target, plus, minus, warm, begun, free, margin, LEAST, stop)
    return Projection(*found)


def nearest(model: Generators, target: Floats, plus: Indices, minus: Indices) -> Floats:
    """target − its nearest point in the cone of these columns, (n,)."""
    return _engine(model)(model.units, target, plus, minus, _NONE, np.zeros(0), _NONE, 0.0, LEAST, -1.0)[2]


def _engine(model: Generators) -> Callable[..., tuple[Indices, Floats, Floats]]:
    """The projection to use."""
    return _fastest() if compiling(model) else project_with_numpy


def large(model: Generators) -> bool:
    """Whether compiling pays."""
    return bool(model.count ** min(model.problem.widths[1], 4) > SMALL)


def compiling(model: Generators) -> bool:
    """Whether compiling pays, and there is numba and time for it."""
    return large(model) and not plain() and _fastest() is not project_with_numpy


def plain() -> bool:
    """Whether there is no time to compile."""
    return _PLAIN.get()


@contextmanager
def plainly() -> Iterator[None]:
    """Searches in here are not compiled."""
    token = _PLAIN.set(True)
    try:
        yield
    finally:
        _PLAIN.reset(token)


@cache
def _fastest() -> Callable[..., tuple[Indices, Floats, Floats]]:
    """The compiled projection if numba is installed, else the one in NumPy."""
    try:
        from symverify.search.global_minimum.compiled import project as compiled
    except ImportError:
        return project_with_numpy
    return interruptible(compiled)


def interruptible(compiled: Callable[..., T]) -> Callable[..., T]:
    """The compiled function, except that Ctrl-C inside it is a KeyboardInterrupt: numba wraps it in SystemErrors."""

    def engine(*arguments: object) -> T:
        try:
            return compiled(*arguments)
        except SystemError as error:
            cause: BaseException = error
            while cause.__cause__ is not None:
                cause = cause.__cause__
            raise cause from None

    return engine


def project_with_numpy(
    units: Floats,
    target: Floats,
    plus: Indices,
    minus: Indices,
    warm: Indices,
    begun: Floats,
    free: Indices,
    margin: float,
    least: float,
    stop: float,
) -> tuple[Indices, Floats, Floats]:
    """Lawson and Hanson's active set method on the columns' Gram matrix."""
    signed = np.where(free < len(units), 1.0, -1.0)[:, None]
    columns = np.concatenate([signed * units[free % max(len(units), 1)], units[plus], -units[minus]])
    numbers = np.concatenate([free, plus, minus + len(units)])
    fixed = len(free)
    demand = np.where(np.arange(len(numbers)) < fixed, 0.0, margin)
    moments = product(columns, target) + demand
    place = {int(number): k for k, number in enumerate(numbers) if k >= fixed}
    known = [k for k, number in enumerate(warm) if int(number) in place]
    passive = [*range(fixed), *(place[int(warm[k])] for k in known)]
    weights = np.concatenate([np.zeros(fixed), begun[known]])
    banned: list[int] = []
    residual = target
    for _ in range(10 * units.shape[1] + 100):
        settled = settle(columns, moments, passive, weights, fixed, margin)
        if settled is None:
            banned.append(passive.pop())
            weights = weights[:-1]
        else:
            passive, weights = settled
            banned = []
            residual = target - product(weights, columns[passive])
            if product(residual, residual) <= stop:
                break
        prices = product(columns, residual) + demand
        prices[passive + banned] = 0.0
        prices[:fixed] = 0.0
        if not len(prices) or prices.max() <= least:
            break
        passive = [*passive, int(prices.argmax())]
        weights = np.append(weights, 0.0)
    return numbers[passive[: len(weights)]], weights, residual


def settle(
    columns: Floats,
    moments: Floats,
    passive: list[int],
    weights: Floats,
    fixed: int,
    margin: float,
    solver: Solver = solve,
) -> tuple[list[int], Floats] | None:
    """Least squares on the passive columns, dropping those whose weight would turn negative.

    None if the newest column, of weight 0, cannot take a positive one.
    """
    if margin and len(passive) > fixed and weights[-1] == 0.0:
        replaced = _replaced(columns[passive], weights, fixed, solver)
        if replaced is not None:
            leaving, weights = replaced
            if leaving < 0:
                return None
            weights = np.delete(weights, leaving)
            passive = passive[:leaving] + passive[leaving + 1 :]
    while passive:
        chosen = columns[passive]
        best = solver(product(chosen, chosen.T), moments[passive])
        negative = best <= 0.0
        negative[:fixed] = False
        if negative[-1] and weights[-1] == 0.0:
            return None
        if not negative.any():
            return passive, best
        steps = np.where(negative, weights / np.maximum(weights - best, 1e-300), np.inf)
        leaving = int(steps.argmin())
        weights = np.delete(weights + steps[leaving] * (best - weights), leaving)
        passive = passive[:leaving] + passive[leaving + 1 :]
    return passive, weights


def _replaced(chosen: Floats, weights: Floats, fixed: int, solver: Solver) -> tuple[int, Floats] | None:
    """Where the last of the columns depends on the others: give it weight until one of those has none left.

    Returns that one's place (−1 if none: then their margins contradict each other) and the weights; None where it
    does not depend.
    """
    *_, newest = chosen
    rest = chosen[:-1]
    shares = solver(product(rest, rest.T), product(rest, newest))
    left = newest - product(shares, rest)
    if product(left, left) >= 1e-11:
        return None
    steps = np.where(
        (shares > 1e-9) & (np.arange(len(shares)) >= fixed), weights[:-1] / np.maximum(shares, 1e-9), np.inf
    )
    leaving = int(steps.argmin()) if np.isfinite(steps).any() else -1
    if leaving < 0:
        return leaving, weights
    return leaving, np.append(weights[:-1] - steps[leaving] * shares, steps[leaving])
