"""Losses in floats, for training and fitting: value, slope and bend over all samples at once.

Results are guesses. The squared error stands in for every loss that is differentiable over the rationals.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from symverify.ground.floats import exp, log
from symverify.kernel.core.loss import Loss
from symverify.kernel.core.network import Problem
from symverify.kernel.reals.losses import CrossEntropy, Logistic, Poisson, RealLoss

Array = npt.NDArray[np.float64]
Measure = Callable[[Array], tuple[float, Array]]  # predictions n × d_Y ↦ Σ ℓ without the factor, and its slopes
MAX_EXPONENT, LARGE = 300.0, 700.0


def targets_of(problem: Problem) -> Array:
    """The labels, n × d_Y."""
    return np.array([[float(v) for v in row] for row in problem.targets])


def measure_of(problem: Problem) -> Measure:
    """What training minimises."""
    y, loss = targets_of(problem), problem.loss
    if isinstance(loss, RealLoss):
        return lambda f: (float(real_values(loss, f, y).sum()), real_slopes(loss, f, y))
    if not loss.smooth:
        return _kinked(loss, problem, y)

    def squared(f: Array) -> tuple[float, Array]:
        error = f - y
        return float((error * error).sum()), 2 * error

    return squared


def _kinked(loss: Loss, problem: Problem, y: Array) -> Measure:
    ends = np.array([[[float(s) for s in _slopes(loss.at(v))] for v in row] for row in problem.targets])

    def measure(f: Array) -> tuple[float, Array]:
        error = f - y
        slope = np.where(error > 0, ends[..., 1], ends[..., 0])
        return float((slope * error).sum()), slope

    return measure


def _slopes(loss: Loss) -> tuple[float, float]:
    low, high = loss.slopes(loss.cuts[0])
    return float(low), float(high)


def probabilities(loss: RealLoss, f: Array) -> Array:
    """The slope of ψ: σ(f), softmax f, e^f."""
    match loss:
        case Logistic():
            low = exp(-np.minimum(np.abs(f), LARGE))
            return np.asarray(np.where(f >= 0, 1.0, low) / (1.0 + low))
        case CrossEntropy():
            e = exp(np.maximum(f - f.max(axis=1, keepdims=True), -LARGE))
            return np.asarray(e / e.sum(axis=1, keepdims=True))
        case Poisson():
            return np.asarray(exp(np.clip(f, -LARGE, MAX_EXPONENT)))
        case _:
            raise TypeError(f"no float form of the {loss.name} loss")


def real_slopes(loss: RealLoss, f: Array, y: Array) -> Array:
    """∂ℓ/∂f."""
    return probabilities(loss, f) - y


def real_values(loss: RealLoss, f: Array, y: Array) -> Array:
    """ℓ per sample."""
    match loss:
        case Logistic():
            own = np.maximum(f, 0.0) + log(1.0 + exp(-np.minimum(np.abs(f), LARGE)))
            return np.asarray((own - y * f).sum(axis=1))
        case CrossEntropy():
            most = f.max(axis=1, keepdims=True)
            above = exp(np.maximum(f - most, -LARGE)).sum(axis=1)
            return np.asarray((most[:, 0] + log(above)) - (y * f).sum(axis=1))
        case Poisson():
            return np.asarray((exp(np.clip(f, -LARGE, MAX_EXPONENT)) - y * f).sum(axis=1))
        case _:
            raise TypeError(f"no float form of the {loss.name} loss")


def loss_values(problem: Problem, f: Array) -> Array:
    """ℓ per sample, summed over outputs, without the factor; f is G × n × d_Y, the result G × n."""
    loss, (count, n, outputs) = problem.loss, f.shape
    if isinstance(loss, RealLoss):
        y = np.tile(targets_of(problem), (count, 1))
        return np.asarray(real_values(loss, f.reshape(count * n, outputs), y).reshape(count, n))
    found = np.zeros((count, n))
    for k in range(outputs):
        for i, row in enumerate(problem.targets):
            own, e = loss.at(row[k]), f[:, i, k] - float(row[k])
            pieces = np.searchsorted([float(cut) for cut in own.cuts], e)
            a, b, c = (np.array([float(part[j]) for part in own.parts])[pieces] for j in range(3))
            found[:, i] += (a * e + b) * e + c
    return found


def real_bends(loss: RealLoss, p: Array) -> Array:
    """∂²ψ/∂f², n × d_Y × d_Y, from the probabilities."""
    match loss:
        case Logistic():
            return _diagonal(p * (1 - p))
        case CrossEntropy():
            return _diagonal(p) - p[:, :, None] * p[:, None, :]
        case Poisson():
            return _diagonal(p)
        case _:
            raise TypeError(f"no float form of the {loss.name} loss")


def _diagonal(p: Array) -> Array:
    return np.asarray(p[:, :, None] * np.eye(p.shape[1])[None])
