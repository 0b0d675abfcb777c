"""A network in floats, at many parameter vectors at once; and where floats end, there is no picture."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import wraps
from itertools import chain
from typing import ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from symverify.errors import SymverifyError
from symverify.kernel.core.activation import Activation
from symverify.kernel.core.network import Point, Problem, coordinates
from symverify.kernel.core.poly import Poly
from symverify.kernel.reals.layout import layout_of
from symverify.search.float_losses import loss_values

Array = NDArray[np.float64]
P = ParamSpec("P")
T = TypeVar("T")


class NoView(SymverifyError):
    """There is no such picture of this problem, and why."""


def in_floats(make: Callable[P, T]) -> Callable[P, T]:
    """Where floats overflow, vanish or make a decomposition fail there is no picture, and no warning either."""

    @wraps(make)
    def made(*given: P.args, **more: P.kwargs) -> T:
        try:
            with np.errstate(all="ignore"):
                return make(*given, **more)
        except (OverflowError, ZeroDivisionError, np.linalg.LinAlgError):
            raise NoView("its numbers are too large or too small for a picture") from None

    return made


@dataclass(frozen=True, slots=True)
class Net:
    """A network in floats, evaluated at many parameter vectors (G × D, in the order of `coordinates`) at once."""

    problem: Problem
    inputs: Array
    targets: Array
    rates: Array  # of weight decay, for each parameter

    @staticmethod
    def of(problem: Problem) -> "Net":
        """The network with its data."""
        biases = layout_of(problem).biases if problem.decays else ()
        rates = floats([problem.decay[number in biases] for number in range(problem.size())])
        losses = [problem.loss.at(y) for y in dict.fromkeys(y for row in problem.targets for y in row)]
        floats([problem.loss.factor, *(x for each in losses for x in (*each.cuts, *chain(*each.parts)))])
        return Net(problem, floats(problem.inputs), floats(problem.targets), rates)

    def traces(self, thetas: Array, inputs: Array | None = None) -> list[Array]:
        """Pre-activations layer by layer, then the predictions; each G × n × width."""
        a = (self.inputs if inputs is None else inputs)[None, :, :]
        start, found = 0, []
        for m in range(len(self.problem.widths) - 1):
            rows, columns, bias = self.problem.widths[m + 1], self.problem.widths[m], self.problem.has_bias(m)
            size = rows * (columns + bias)
            block = thetas[:, start : start + size].reshape(len(thetas), rows, columns + bias)
            z = a @ block[:, :, :columns].transpose(0, 2, 1)
            z = z + block[:, None, :, columns] if bias else z
            found.append(z)
            a = activate(self.problem.activations[m], z) if m < len(self.problem.activations) else z
            start += size
        return found

    def risk(self, thetas: Array, predictions: Array) -> Array:
        """The risk, with the penalty of weight decay, at G parameter vectors with their predictions (G × n × d_Y)."""
        with np.errstate(over="ignore", invalid="ignore"):  # infinite: beyond the picture
            each = loss_values(self.problem, predictions)
            return np.asarray(float(self.problem.loss.factor) * each.sum(axis=1) + thetas**2 @ self.rates / 2)

    def work(self) -> int:
        """Multiplications for one evaluation on the data."""
        return max(self.problem.size(), 1) * max(len(self.problem.inputs), 1)


def activate(h: Activation, z: Array) -> Array:
    """The activation, elementwise."""
    pieces = np.searchsorted(floats(h.breakpoints), z)
    value: Array = floats(h.slopes)[pieces] * z + floats(h.offsets)[pieces]
    return value


def floats(values: Sequence[Fraction] | Sequence[Sequence[Fraction]]) -> Array:
    """Numbers, or rows of numbers."""
    return np.array([[float(x) for x in v] if not isinstance(v, Fraction) else float(v) for v in values], dtype=float)


def flat(point: Point) -> Array:
    """A rational point as a vector."""
    return floats([x for x in coordinates(point) if isinstance(x, Fraction)])


def along(path: Point, t: float) -> Array:
    """A polynomial path at t, as a vector."""
    values = []
    for x in coordinates(path):
        parts = x.coefficients if isinstance(x, Poly) else (x,)
        values.append(sum(float(c) * t**power for power, c in enumerate(parts)))
    return np.array(values, dtype=np.float64)
