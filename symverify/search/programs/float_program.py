"""A general program in floats, its pieces held fixed: what `FloatNetwork` has of a chain."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from symverify.kernel.core.network import Affine, Bent, Problem
from symverify.kernel.programs.network import Programmed
from symverify.kernel.programs.parameters import hidden, sizes
from symverify.kernel.reals.layout import layout_of
from symverify.search.float_network import Array, FloatNetwork, Kink, Pieces
from symverify.search.programs.dependence import forms_of


class FloatProgram(FloatNetwork):
    """A program's data, nodes and loss as floats; parameters are the free ones, in the order of their numbers."""

    def __init__(self, problem: Programmed) -> None:
        self.of_data(problem)
        self.problem: Programmed = problem
        layout = layout_of(problem)
        self.decay = np.array([float(problem.decay[c in layout.biases]) for c in range(self.size)])
        self.forms = forms_of(problem)
        affine = [node for node in problem.program if isinstance(node, Affine)]
        widths = sizes(problem)
        self.wires = [(np.array([k for k, _ in each]), np.array([j for _, j in each])) for each in layout.wires]
        self.bases, self.spots = list[Array](), list[tuple[npt.NDArray[np.intp], ...]]()
        for node, rows, free in zip(affine, layout.rows, layout.free, strict=True):
            base = np.zeros((len(rows), len(layout.wires[node.layer]) + node.biased))
            for j, row in enumerate(rows):
                for c, x in row:
                    base[j, c] = 0.0 if isinstance(x, int) else float(x)
            self.bases.append(base)
            spots = np.array(free, dtype=np.intp).reshape(-1, 3)
            self.spots.append((spots[:, 0], spots[:, 1], spots[:, 2]))
        self.widths, self.biased = widths, [node.biased for node in affine]
        self.fixed = [np.full((len(problem.inputs), width), -1, dtype=np.int64) for width in hidden(problem)]
        for i in range(len(problem.inputs)):
            known = problem.constants(i)
            for bent in problem.bents:
                for j, z in enumerate(known[bent.source]):
                    if z is not None:
                        self.fixed[bent.layer][i, j] = bent.h.pieces(z)[0]

    def matrices(self, v: Array) -> list[Array]:
        """Weights, and bias in the last column, of each affine node."""
        found = []
        for base, (units, columns, numbers) in zip(self.bases, self.spots, strict=True):
            matrix = base.astype(v.dtype)
            matrix[units, columns] = v[numbers]
            found.append(matrix)
        return found

    def column(self, m: int, values: list[Array]) -> Array:
        """What enters an affine node, n × its columns."""
        nodes, units = self.wires[m]
        found = np.stack([values[k][:, j] for k, j in zip(nodes.tolist(), units.tolist(), strict=True)], axis=1)
        return np.hstack([found, np.ones((len(found), 1))]) if self.biased[m] else found

    def forward(self, v: Array, pieces: Pieces | None = None) -> tuple[list[Array], list[Array]]:
        """The values of all nodes, the input first; and the pre-activations of bent nodes, last the prediction."""
        values, leaving, matrices = [self.inputs.astype(v.dtype)], list[Array](), self.matrices(v)
        for node in self.problem.program:
            m = node.layer
            if isinstance(node, Affine):
                values.append(self.column(m, values) @ matrices[m].T)
            else:
                leaving.append(z := values[node.source])
                at = self.located(m, z) if pieces is None else pieces[m]
                values.append(z * self.slopes[m][at] + self.offsets[m][at])
        return values, [*leaving, values[-1]]

    def located(self, m: int, z: Array) -> npt.NDArray[np.int64]:
        """The pieces of a bent node's pre-activations, the lower one at a breakpoint; of constant ones the exact."""
        found = np.searchsorted(self.breaks[m], z.real, side="left")
        return np.where(self.fixed[m] >= 0, self.fixed[m], found)

    def gradient(
        self, v: Array, pieces: Pieces, weights: Mapping[Kink, float] | None = None, risk: bool = True
    ) -> tuple[Array, list[Array]]:
        """The gradient of [R] − Σ weight · z; and the derivatives by the activations, bent node by bent node."""
        values, _ = self.forward(v, pieces)
        matrices, program = self.matrices(v), self.problem.program
        pulls = [np.zeros_like(each) for each in values]
        if risk:
            pulls[-1] = self.factor * self.loss(values[-1])[1]
        for (m, j, i), weight in (weights or {}).items():
            pulls[self.problem.bents[m].source][i, j] -= weight
        found, bent = np.zeros(self.size, dtype=v.dtype), dict[int, Array]()
        for k, node in reversed(list(enumerate(program, 1))):
            if isinstance(node, Bent):
                bent[node.layer] = pulls[k]
                pulls[node.source] = pulls[node.source] + pulls[k] * self.slopes[node.layer][pieces[node.layer]]
                continue
            units, columns, numbers = self.spots[node.layer]
            block = pulls[k].T @ self.column(node.layer, values)
            np.add.at(found, numbers, block[units, columns])
            before = pulls[k] @ matrices[node.layer]
            for c, (source, unit) in enumerate(zip(*(each.tolist() for each in self.wires[node.layer]), strict=True)):
                pulls[source][:, unit] += before[:, c]
        return found + (self.decay * v if risk else 0), [bent[m] for m in sorted(bent)]

    def normals(self, v: Array, pieces: Pieces, held: Sequence[Kink], entering: Sequence[Array]) -> Array:
        """∇z_b for the held kinks."""
        return np.array([-self.gradient(v, pieces, {b: 1.0}, risk=False)[0] for b in held])


def float_network(problem: Problem) -> FloatNetwork:
    """A network of either kind in floats."""
    return FloatProgram(problem) if isinstance(problem, Programmed) else FloatNetwork(problem)
