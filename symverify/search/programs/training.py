"""Training a program in floats: the minimiser of chains, on the free parameters of a program."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from symverify.ground.floats import product
from symverify.kernel.core.network import Affine, Bent, Point
from symverify.kernel.programs.network import Programmed
from symverify.kernel.programs.places import Wired
from symverify.search.float_losses import measure_of
from symverify.search.training import Training

Array = npt.NDArray[np.float64]


class ProgramTraining(Training):
    """The problem in floats; its one "layer" is the vector of free parameters."""

    def __init__(self, problem: Programmed) -> None:
        self.size = problem.size()
        self.widths = (max(len(problem.inputs[0]), *(len(each.weight) for each in problem.slots)),)
        self.x = np.array([[float(v) for v in row] for row in problem.inputs])
        self.measure = measure_of(problem)
        self.program = problem.program
        self.base: list[Array] = []
        self.free: list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]] = []  # flat places, and their slots
        for slots in problem.slots:
            rows = [list(row) for row in slots.rows()]
            self.base.append(np.array([[0.0 if isinstance(s, int) else float(s) for s in row] for row in rows]))
            flat = [s for row in rows for s in row]
            at = [k for k, s in enumerate(flat) if isinstance(s, int)]
            self.free.append((np.array(at, dtype=np.intp), np.array([flat[k] for k in at], dtype=np.intp)))

    def layers(self, theta: Array) -> list[tuple[Array, Array | None]]:
        """The free parameters."""
        return [(theta, None)]

    def matrices(self, theta: Array) -> list[Array]:
        """Weight and bias of each affine node."""
        found = []
        for base, (at, slots) in zip(self.base, self.free, strict=True):
            matrix = base.copy()
            matrix.flat[at] = theta[slots]
            found.append(matrix)
        return found

    def error(self, theta: Array) -> tuple[float, Array]:
        """The training loss and its gradient."""
        matrices, values, slopes = self.matrices(theta), [self.x], dict[int, Array]()
        for k, node in enumerate(self.program, 1):
            if isinstance(node, Bent):
                z = values[node.source]
                piece = np.searchsorted(np.array([float(t) for t in node.h.breakpoints]), z)
                slopes[k] = np.array([float(s) for s in node.h.slopes])[piece]
                values.append(z * slopes[k] + np.array([float(o) for o in node.h.offsets])[piece])
            else:
                values.append(product(self.entering(node, values), matrices[node.layer].T))
        value, back = self.measure(values[-1])
        pulls = [np.zeros_like(each) for each in values]
        pulls[-1] = back
        gradient = np.zeros(self.size)
        for k, node in reversed(list(enumerate(self.program, 1))):
            if isinstance(node, Bent):
                pulls[node.source] += pulls[k] * slopes[k]
                continue
            found = product(pulls[k].T, self.entering(node, values)).ravel()
            at, slots = self.free[node.layer]
            np.add.at(gradient, slots, found[at])
            if isinstance(node, Wired):
                before = product(pulls[k], matrices[node.layer])
                for c, (source, unit) in enumerate(node.wires):
                    pulls[source][:, unit] += before[:, c]
        return value, gradient

    def entering(self, node: Affine, values: list[Array]) -> Array:
        """What enters an affine node, and 1 where it has a bias."""
        if not isinstance(node, Wired):
            raise TypeError("an affine node of a chain")
        columns = [values[source][:, unit] for source, unit in node.wires]
        return np.stack([*columns, *[np.ones(len(self.x))] * node.biased], axis=1)


def rounded(problem: Programmed, seeds: int, grids: Sequence[int]) -> Iterator[Point]:
    """Points trained from each of the seeds, rounded to each of the grids."""
    training = ProgramTraining(problem)
    for seed in range(seeds):
        with np.errstate(over="ignore", invalid="ignore"):
            ((theta, _),) = training.run(seed)
        if np.isfinite(theta).all():
            for grid in grids:
                yield problem.expand([Fraction(round(float(x) * grid), grid) for x in theta])
