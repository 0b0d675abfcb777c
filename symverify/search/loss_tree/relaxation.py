"""The bound of one node of the search under a loss that is not the squared one, in floats.

As for the squared loss a node's networks are non-negative combinations of the columns of the rays in its regions; the
least loss of all of them is a lower bound. It is a linear program for losses that are piecewise linear; for Huber's
the projection of the labels onto the rays' columns and ± the coordinates, which cost δ each; for logistic and Poisson
loss Newton's method, each step of which is such a projection.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from symverify.errors import SymverifyError
from symverify.ground.floats import product, solve_wide
from symverify.kernel.core.network import Problem
from symverify.kernel.reals.enclosure import lower_end
from symverify.kernel.reals.facts import real_loss
from symverify.kernel.reals.losses import RealLoss
from symverify.search.float_losses import probabilities, real_bends, real_values, targets_of
from symverify.search.global_minimum.generators import Flags, Floats, Generators, Indices
from symverify.search.global_minimum.relaxation import settle

NEWTON, FLAT = 80, 1e-12  # steps at most, and the least curvature of a sample
HOPELESS = 0.9  # of the cut: a value below it need not be known better


class Unfinished(SymverifyError):
    """The search ended without a proof; the message says why."""


@dataclass(frozen=True, slots=True, eq=False)
class Relaxed:
    """value: Σ ℓ above its least value for any f. support: (p,) column numbers; weights: (p,), in the labels' unit.

    The weights are of columns of length 1, centred where there is an output bias, whose `constant` that of them is.
    residual: (n,), −∂ℓ/∂f: the dual vector that proves the bound. error: (n,), f − y.
    """

    value: float
    support: Indices
    weights: Floats
    constant: float
    residual: Floats
    error: Floats


Relaxation = Callable[[Flags, Flags, "Relaxed | None", float], Relaxed]  # rays with σ = +, with σ = −, near, cut


def relaxation_of(shape: Generators) -> Relaxation:
    """How nodes of this problem are bounded. A value far below the cut may be larger than the bound."""
    loss = shape.problem.loss
    if isinstance(loss, RealLoss):
        return _Smooth(shape, loss, targets_of(shape.problem), floors(shape.problem))
    return _Huber(shape) if loss.smooth else _Linear(shape, slopes_of(shape.problem))


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """The columns of a node: their numbers, and as rows of length 1; first a row of ones with an output bias."""

    numbers: Indices
    rows: Floats
    biased: bool

    @staticmethod
    def of(shape: Generators, plus: Flags, minus: Flags) -> "Columns":
        """Those of these rays."""
        ups, downs = np.flatnonzero(plus & shape.live), np.flatnonzero(minus & shape.live)
        biased = shape.problem.output_bias
        ones = np.ones((int(biased), len(shape.labels)))
        return Columns(
            np.concatenate([ups, downs + shape.count]),
            np.concatenate([ones, shape.units[ups], -shape.units[downs]]),
            biased,
        )

    def split(self, x: Floats) -> tuple[Indices, Floats, float]:
        """Support, weights and the constant of coefficients of all rows."""
        inner = x[int(self.biased) :]
        used = np.flatnonzero(inner > 0)
        return self.numbers[used], inner[used], float(x[0]) if self.biased else 0.0

    def begun(self, near: Relaxed | None) -> Floats:
        """Coefficients to start with."""
        x = np.zeros(len(self.rows))
        if near is not None:
            known = dict(zip(near.support.tolist(), near.weights.tolist(), strict=True))
            x[int(self.biased) :] = [known.get(k, 0.0) for k in self.numbers.tolist()]
            x[: int(self.biased)] = near.constant
        return x


def cheapest(rows: Floats, target: Floats, cost: Floats, fixed: int, begun: Floats) -> tuple[Floats, Floats]:
    """x with least ½‖target − Σ x_k rows_k‖² + ⟨cost, x⟩, x ≥ 0 but for the first `fixed`; and the residual.

    Lawson and Hanson's active set method, begun at the entries of `begun` that are not 0.
    """
    sizes = np.sqrt((rows * rows).sum(axis=1))
    sizes[sizes == 0] = 1.0
    units, demand = rows / sizes[:, None], -cost / sizes
    moments = product(units, target) + demand
    passive = [*range(fixed), *(int(k) for k in np.flatnonzero(begun[fixed:] > 0) + fixed)]
    weights, banned, residual = begun[passive] * sizes[passive], list[int](), target
    tiny = 1e-12 * (1.0 + float(np.abs(target).max(initial=0.0)))
    for _ in range(10 * rows.shape[1] + 100):
        settled = (
            settle(units, moments, passive, weights, fixed, bool(cost.any()), solve_wide) if passive else ([], weights)
        )
        if settled is None:
            banned.append(passive.pop())
            weights = weights[:-1]
        else:
            (passive, weights), banned = settled, []
            residual = target - product(weights, units[passive]) if passive else target
        prices = product(units, residual) + demand
        prices[passive + banned] = 0.0
        prices[:fixed] = 0.0
        if not len(prices) or prices.max() <= tiny:
            break
        passive = [*passive, int(prices.argmax())]
        weights = np.append(weights, 0.0)
    x = np.zeros(len(rows))
    x[passive[: len(weights)]] = weights
    return x / sizes, residual


@dataclass(frozen=True, slots=True, eq=False)
class _Linear:
    """ℓ has two slopes at each label, on the two sides of it: `ends`, (n, 2)."""

    shape: Generators
    ends: Floats

    def __call__(self, plus: Flags, minus: Flags, near: Relaxed | None, cut: float) -> Relaxed:
        from scipy.optimize import linprog  # SciPy loads slowly, and most problems do without it

        shape, columns = self.shape, Columns.of(self.shape, plus, minus)
        scale, n = shape.size * float(shape.unit), len(self.shape.labels)
        matrix = np.hstack([columns.rows.T, -np.eye(n), np.eye(n)])
        cost = np.concatenate([np.zeros(len(columns.rows)), self.ends[:, 1], -self.ends[:, 0]])
        limits = [(None if columns.biased and not k else 0.0, None) for k in range(len(cost))]
        outcome = linprog(cost, A_eq=matrix, b_eq=shape.target, bounds=limits, method="highs-ds")
        if outcome.x is None or outcome.fun is None:
            raise Unfinished("a linear program was not solved in floats")
        x, rest = outcome.x[: len(columns.rows)] * scale, outcome.x[len(columns.rows) :] * scale
        return Relaxed(
            float(outcome.fun) * scale, *columns.split(x), np.asarray(outcome.eqlin.marginals), rest[:n] - rest[n:]
        )


def slopes_of(problem: Problem) -> Floats:
    """The least and the largest slope of the loss at each label, (n, 2)."""
    ends = [problem.loss.at(y).slopes(problem.loss.at(y).cuts[0]) for (y,) in problem.targets]
    return np.array([[float(low), float(high)] for low, high in ends])


@dataclass(frozen=True, slots=True, eq=False)
class _Huber:
    """ℓ(e) = min over s of ½(e − s)² + δ|s|."""

    shape: Generators

    def __call__(self, plus: Flags, minus: Flags, near: Relaxed | None, cut: float) -> Relaxed:
        shape, columns = self.shape, Columns.of(self.shape, plus, minus)
        scale, n = shape.size * float(shape.unit), len(self.shape.labels)
        delta = float(shape.problem.loss.cuts[-1]) / scale
        rows = np.concatenate([columns.rows, np.eye(n), -np.eye(n)])
        cost = np.concatenate([np.zeros(len(columns.rows)), np.full(2 * n, delta)])
        begun = np.concatenate([columns.begun(near) / scale, np.zeros(2 * n)])
        x, residual = cheapest(rows, shape.target, cost, int(columns.biased), begun)
        value = float(product(residual, residual)) / 2 + float(product(cost, x))
        inner = x[: len(columns.rows)]
        error = product(inner, columns.rows) - shape.target
        return Relaxed(value * scale**2, *columns.split(inner * scale), residual * scale, error * scale)


@dataclass(frozen=True, slots=True, eq=False)
class _Smooth:
    """ℓ = ψ(f) − y f with ψ'' > 0. Where a sample is far on the wrong side its curvature counts for more than it is.

    labels: (n, 1); least: (n,), inf ℓ(·, y).
    """

    shape: Generators
    loss: RealLoss
    labels: Floats
    least: Floats

    def __call__(self, plus: Flags, minus: Flags, near: Relaxed | None, cut: float) -> Relaxed:
        columns, loss, y = Columns.of(self.shape, plus, minus), self.loss, self.labels
        x = columns.begun(near)
        free = np.zeros(len(x))

        def value(x: Floats) -> float:
            return float((real_values(loss, product(x, columns.rows)[:, None], y) - self.least).sum())

        here = value(x)
        if near is not None and (there := value(columns.begun(None))) < here:
            x, here = columns.begun(None), there
        for _ in range(NEWTON):
            f = product(x, columns.rows)
            p = probabilities(loss, f[:, None])
            g = (y - p)[:, 0]
            root = np.sqrt(np.maximum(real_bends(loss, p)[:, 0, 0], np.abs(g) / (4.0 + 2.0 * np.abs(f)) + FLAT))
            new, _ = cheapest(columns.rows * root, root * f + g / root, free, int(columns.biased), x)
            fall, length = float(product(g, product(new - x, columns.rows))), 1.0
            if not fall > 1e-13 * here or here < cut * HOPELESS * 0.1:
                break
            while (there := value(x + length * (new - x))) > here - 1e-4 * length * fall and length > 1e-9:
                length /= 2
            if there >= here:
                break
            x, here = x + length * (new - x), there
            if here < cut * HOPELESS and fall < 0.1 * (cut - here):
                break
        f = product(x, columns.rows)
        g = (y - probabilities(loss, f[:, None]))[:, 0]
        return Relaxed(here, *columns.split(x), g, f - y[:, 0])


def floors(problem: Problem) -> Floats:
    """inf ℓ(·, y) per sample, under a loss over the reals."""
    loss = real_loss(problem)
    return np.array([float(lower_end(loss.entropy(y))) for y in problem.targets])
