"""Training a network in floats from a seed: limited-memory BFGS on the squared error, or on a loss of another kind.

Its results are guesses; `floats.product` makes them the same on every processor while the problem is small.
"""

from collections import deque
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from symverify.ground.floats import product
from symverify.kernel.core.activation import Activation
from symverify.kernel.core.network import Problem
from symverify.search.float_losses import measure_of

Array = npt.NDArray[np.float64]
STEPS, TRIES, MEMORY = 400, 40, 10
FALL, TURN = 1e-4, 0.9  # the weak Wolfe conditions
STILL, SLOW = 1e-5, 2e-9  # a gradient that is 0; a relative decrease that is none


def heights_of(h: Activation, z: Array) -> Array:
    """The activation in floats."""
    piece = np.searchsorted(np.array([float(t) for t in h.breakpoints]), z)
    slope, offset = np.array([float(s) for s in h.slopes]), np.array([float(o) for o in h.offsets])
    return np.asarray(z * slope[piece] + offset[piece])


class Training:
    """The problem in floats."""

    def __init__(self, problem: Problem) -> None:
        self.widths, self.size = problem.widths, problem.size()
        self.biased = [problem.has_bias(m) for m in range(len(problem.widths) - 1)]
        self.x = np.array([[float(v) for v in row] for row in problem.inputs])
        self.measure = measure_of(problem)
        self.pieces = [
            tuple(np.array([float(v) for v in part]) for part in (h.breakpoints, h.slopes, h.offsets))
            for h in problem.activations
        ]

    def run(self, seed: int) -> list[tuple[Array, Array | None]]:
        """Weight and bias of each layer near a minimum of the squared error, from random ones."""
        theta = np.random.default_rng(seed).normal(size=self.size) / np.sqrt(max(self.widths))
        value, slope = self.error(theta)
        memory = deque[tuple[Array, Array, float]](maxlen=MEMORY)
        for _ in range(STEPS):
            if np.abs(slope).max() <= STILL:
                break
            direction = -_scaled(slope, memory)
            if product(direction, slope) >= 0.0:
                memory.clear()
                direction = -slope
            found = self.along(theta, value, slope, direction, 1.0 if memory else 1.0 / np.abs(slope).sum())
            if found is None:
                break
            moved, lower, turned = found
            step, change = moved - theta, turned - slope
            if (bend := float(product(step, change))) > 1e-10 * product(change, change):
                memory.append((step, change, bend))
            fall, theta, value, slope = value - lower, moved, lower, turned
            if fall <= SLOW * max(abs(value), 1.0):
                break
        return self.layers(theta)

    def along(
        self, theta: Array, value: float, slope: Array, direction: Array, step: float
    ) -> tuple[Array, float, Array] | None:
        """A point on the ray with the weak Wolfe conditions, by bisection; with its value and gradient."""
        rate, low, high = float(product(direction, slope)), 0.0, np.inf
        for _ in range(TRIES):
            tried = theta + step * direction
            found, gradient = self.error(tried)
            if not found <= value + FALL * step * rate:
                high = step
            elif product(gradient, direction) < TURN * rate:
                low = step
            else:
                return tried, found, gradient
            step = (low + high) / 2 if high < np.inf else 2 * low
        return None

    def layers(self, theta: Array) -> list[tuple[Array, Array | None]]:
        """The parameters, layer by layer."""
        layers: list[tuple[Array, Array | None]] = []
        at = 0
        for columns, rows, biased in zip(self.widths[:-1], self.widths[1:], self.biased, strict=True):
            weight = theta[at : at + rows * columns].reshape(rows, columns)
            at += rows * columns
            layers.append((weight, theta[at : at + rows] if biased else None))
            at += rows * biased
        return layers

    def error(self, theta: Array) -> tuple[float, Array]:
        """The training loss and its gradient: Σ of squared errors for Huber too, whose minima these approximate."""
        layers = self.layers(theta)
        entering, slopes, a = [self.x], list[Array](), self.x
        for m, (weight, bias) in enumerate(layers):
            a = product(a, weight.T) + (0.0 if bias is None else bias)
            if m < len(self.pieces):
                breakpoints, slope, offset = self.pieces[m]
                piece = np.searchsorted(breakpoints, a)
                a = a * slope[piece] + offset[piece]
                slopes.append(slope[piece])
                entering.append(a)
        value, back = self.measure(a)
        gradient: list[Array] = []
        for m in reversed(range(len(layers))):
            weight, bias = layers[m]
            gradient = [product(back.T, entering[m]).ravel(), *([] if bias is None else [back.sum(axis=0)]), *gradient]
            if m:
                back = product(back, weight) * slopes[m - 1]
        return value, np.concatenate(gradient)


def _scaled(slope: Array, memory: Sequence[tuple[Array, Array, float]]) -> Array:
    """The inverse Hessian's approximation times the gradient (the two-loop recursion)."""
    vector, shares = slope.copy(), list[float]()
    for step, change, bend in reversed(memory):
        shares.append(float(product(step, vector)) / bend)
        vector -= shares[-1] * change
    if memory:
        _, change, bend = memory[-1]
        vector *= bend / float(product(change, change))
    for (step, change, bend), share in zip(memory, reversed(shares), strict=True):
        vector += (share - float(product(change, vector)) / bend) * step
    return vector
