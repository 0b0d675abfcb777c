"""A network in floats, its pieces held fixed: risk, gradient, Hessian, kinks. A guess of everything, proof of none.

Parameters are a flat vector in the order of `coordinates`; pieces are an array n × width of each hidden layer.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from symverify.kernel.core.network import Pattern, Point, Problem, rational
from symverify.kernel.curvature.hessian import places
from symverify.kernel.programs.parameters import values_of
from symverify.kernel.reals.losses import CrossEntropy, Logistic, Poisson

Array = npt.NDArray[Any]
Kink = tuple[int, int, int]  # hidden layer, unit, sample; at the breakpoint that ends its piece
Pieces = list[npt.NDArray[np.int64]]
TINY = 1e-20


def frozen(pieces: Pieces) -> Pattern:
    """The pieces as the kernel has them: layer, unit, sample."""
    return tuple(tuple(tuple(int(p) for p in unit) for unit in layer.T) for layer in pieces)


class FloatNetwork:
    """A problem's data, activations and loss as floats."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.of_data(problem)
        self.decay = np.array([float(problem.decay[c == problem.widths[m]]) for m, _, c in places(problem)])
        self.dead = np.array([problem.dead_row(i) for i in range(len(problem.inputs))])

    def of_data(self, problem: Problem) -> None:
        """What any network has."""
        self.inputs = np.array([[float(x) for x in row] for row in problem.inputs])
        self.targets = np.array([[float(y) for y in row] for row in problem.targets])
        self.factor = float(problem.loss.factor)
        self.breaks = [np.array([float(t) for t in node.h.breakpoints]) for node in problem.bents]
        self.slopes = [np.array([float(s) for s in node.h.slopes]) for node in problem.bents]
        self.offsets = [np.array([float(o) for o in node.h.offsets]) for node in problem.bents]
        self.size = problem.size()

    def layers(self, v: Array) -> list[tuple[Array, Array | None]]:
        """Weights and biases."""
        found, at, widths = [], 0, self.problem.widths
        for m in range(len(widths) - 1):
            columns = widths[m] + self.problem.has_bias(m)
            block = v[at : at + widths[m + 1] * columns].reshape(widths[m + 1], columns)
            found.append((block[:, : widths[m]], block[:, -1] if self.problem.has_bias(m) else None))
            at += block.size
        return found

    def forward(self, v: Array, pieces: Pieces | None = None) -> tuple[list[Array], list[Array]]:
        """The values entering each affine map, and what leaves it (n × width): pre-activations, last the prediction."""
        entering, leaving = [self.inputs.astype(v.dtype)], list[Array]()
        layers = self.layers(v)
        for m, (weight, bias) in enumerate(layers):
            z = entering[m] @ weight.T + (0 if bias is None else bias)
            leaving.append(z)
            if m < len(layers) - 1:
                at = self.located(m, z) if pieces is None else pieces[m]
                entering.append(z * self.slopes[m][at] + self.offsets[m][at])
        return entering, leaving

    def located(self, m: int, z: Array) -> npt.NDArray[np.int64]:
        """The pieces of a layer's pre-activations, the lower one at a breakpoint; of dead rows as the kernel has it."""
        found = np.searchsorted(self.breaks[m], z.real, side="left")
        if m == 0 and self.dead.any():
            found[self.dead] = np.searchsorted(self.breaks[m], 0.0, side="left")
        return found

    def pieces(self, v: Array) -> Pieces:
        """The pieces at a point."""
        return [self.located(m, z) for m, z in enumerate(self.forward(v)[1][:-1])]

    def loss(self, f: Array) -> tuple[float, Array]:
        """The sum of ℓ, and its derivatives (n × d_Y)."""
        y = self.targets
        match self.problem.loss:
            case Logistic():
                p = 1 / (1 + np.exp(-f))
                return float((np.logaddexp(0, f.real) - y * f.real).sum()), p - y
            case CrossEntropy():
                shifted = f - f.real.max(1, keepdims=True)
                powers = np.exp(shifted)
                total = powers.sum(1, keepdims=True)
                return float(np.log(total.real).sum() - (y * shifted.real).sum()), powers / total - y
            case Poisson():
                return float((np.exp(f.real) - y * f.real).sum()), np.exp(f) - y
            case loss:
                e = f - y
                at = np.searchsorted(np.array([float(c) for c in loss.cuts]), e.real)
                a, b, c = (np.array([float(part[k]) for part in loss.parts])[at] for k in range(3))
                return float(((a * e + b) * e + c).real.sum()), 2 * a * e + b

    def risk(self, v: Array, pieces: Pieces | None = None) -> float:
        """R, on these pieces if they are given."""
        return self.factor * self.loss(self.forward(v, pieces)[1][-1])[0] + float(self.decay @ (v * v)) / 2

    def gradient(
        self, v: Array, pieces: Pieces, weights: Mapping[Kink, float] | None = None, risk: bool = True
    ) -> tuple[Array, list[Array]]:
        """The gradient of [R] − Σ weight · z; and the derivatives by the activations, layer by layer (n × width)."""
        entering, leaving = self.forward(v, pieces)
        pull = self.factor * self.loss(leaving[-1])[1] if risk else np.zeros_like(leaving[-1])
        found, pulls, layers = list[Array](), list[Array](), self.layers(v)
        for m in range(len(layers) - 1, -1, -1):
            weight, bias = layers[m]
            block = pull.T @ entering[m]
            found.append(np.hstack([block, pull.sum(0)[:, None]]).ravel() if bias is not None else block.ravel())
            if m:
                pulls.append(pull @ weight)
                pull = pulls[-1] * self.slopes[m - 1][pieces[m - 1]]
                for (layer, j, i), scale in (weights or {}).items():
                    if layer == m - 1:
                        pull[i, j] -= scale
        return np.concatenate(found[::-1]) + (self.decay * v if risk else 0), pulls[::-1]

    def hessian(self, v: Array, pieces: Pieces, weights: Mapping[Kink, float]) -> Array:
        """The Hessian of R − Σ weight · z, by complex steps."""
        found, at = np.zeros((self.size, self.size)), v.astype(complex)
        for d in range(self.size):
            at[d] += 1j * TINY
            found[d] = self.gradient(at, pieces, weights)[0].imag / TINY
            at[d] = v[d]
        return np.asarray((found + found.T) / 2)

    def kinks(self, v: Array, pieces: Pieces, held: Sequence[Kink]) -> tuple[Array, Array]:
        """z_b − t_b and ∇z_b for the held kinks."""
        entering, leaving = self.forward(v, pieces)
        z = np.array([leaving[m][i, j] - self.breaks[m][pieces[m][i, j]] for m, j, i in held])
        return z, self.normals(v, pieces, held, entering).reshape(len(held), self.size)

    def normals(self, v: Array, pieces: Pieces, held: Sequence[Kink], entering: Sequence[Array]) -> Array:
        """∇z_b for the held kinks, all of a layer at once: each is pulled back on its own sample."""
        rows, layers = np.zeros((len(held), self.size), dtype=v.dtype), self.layers(v)
        ends = np.cumsum([weight.size + (0 if bias is None else bias.size) for weight, bias in layers])
        for m in {m for m, _, _ in held}:
            own = [k for k, b in enumerate(held) if b[0] == m]
            units, samples = (np.array([held[k][part] for k in own]) for part in (1, 2))
            pull = np.eye(len(layers[m][0]), dtype=v.dtype)[units]
            for layer in range(m, -1, -1):
                weight, bias = layers[layer]
                column = entering[layer][samples]
                if bias is not None:
                    column = np.hstack([column, np.ones((len(own), 1))])
                block = (pull[:, :, None] * column[:, None, :]).reshape(len(own), -1)
                rows[own, ends[layer] - block.shape[1] : ends[layer]] = block
                if layer:
                    pull = (pull @ weight) * self.slopes[layer - 1][pieces[layer - 1][samples]]
        return rows


def as_floats(problem: Problem, point: Point) -> Array:
    """The parameters, rounded."""
    return np.array([float(rational(x)) for x in values_of(problem, point)])
