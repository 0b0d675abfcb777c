"""Chains as programs, and Theorem 1's minimum in chains without some biases, wherever they predict the affine fit."""

from symverify.kernel.core.algebra import dot
from symverify.kernel.core.errors import Rejected
from symverify.kernel.core.network import Affine, Bent, Problem, cell_of, predictions, residuals
from symverify.kernel.programs.network import Programmed
from symverify.kernel.programs.places import Slot, Slots, Wired
from symverify.search.affine_minimum import AffineMinimum, NotConstructible
from symverify.search.programs.linear_place import linear_minimum


def as_program(problem: Problem) -> Programmed:
    """The same network as a program, all parameters free, in the same order; its points are the chain's."""
    nodes, slots, count = list[Affine | Bent](), list[Slots](), 0
    for k, node in enumerate(problem.program):
        if isinstance(node, Bent):
            nodes.append(node)
            continue
        columns, units = problem.widths[node.layer], problem.widths[node.layer + 1]
        rows = list[tuple[Slot, ...]]()
        for _ in range(units):
            rows.append(tuple(range(count, count + columns + node.biased)))
            count += columns + node.biased
        bias = tuple(row[-1] for row in rows) if node.biased else None
        slots.append(Slots(tuple(row[:columns] for row in rows), bias))
        nodes.append(Wired(node.source, node.layer, node.biased, tuple((k, j) for j in range(columns))))
    names = tuple(f"layer{m + 1}" for m in range(len(problem.activations)))
    data = (problem.loss, problem.inputs, problem.targets, None, problem.sha256, problem.decay, ())
    more = (tuple(nodes), tuple(slots), names, (), len(problem.targets[0]))
    return Programmed(problem.name, (), False, False, (), *data, *more)


def without_biases(problem: Problem, deadline: float) -> AffineMinimum:
    """A minimum that predicts the best affine fit, and a path of such. Raises NotConstructible."""
    found = linear_minimum(as_program(problem), deadline, 8)
    point, path = found.point, found.path
    try:
        cell_of(problem, point)  # in a chain the kernel knows of dead pre-activations in the first layer only
    except Rejected as error:
        raise NotConstructible(f"the minimum that was found is strictly inside no cell: {error.reason}") from None
    pull = residuals(problem, predictions(problem, point))
    if any(dot(r, phi) for r in pull for phi in problem.affine_features()):
        raise NotConstructible("without these biases the network does not reach the best affine fit")
    if path is None:
        raise NotConstructible("no line of minima through the one that predicts the affine fit was found")
    return AffineMinimum(point, path)
