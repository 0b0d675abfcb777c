"""Values number by number: of a program's nodes, and of an activation."""

from fractions import Fraction

from ..core.activation import ONE, Activation
from ..core.errors import within_budget
from ..core.network import Affine, Pattern, Point, Problem, Vector, rational, run
from ..core.poly import Scalar, apart


def evaluate(problem: Problem, point: Point, i: int, pieces: Pattern | None = None) -> list[list[Scalar]]:
    """The values of all nodes on sample i, the input's first; see `run`."""
    return [apart(row) for row in run(problem, point, i, pieces)]


def trace(problem: Problem, point: Point, i: int, pieces: Pattern | None = None) -> list[list[Scalar]]:
    """The pre-activations of sample i, hidden layer by hidden layer, and last the prediction; see `run`."""
    values = evaluate(problem, point, i, pieces)
    return [*(values[node.source] for node in problem.bents), values[-1]]


def entering(problem: Problem, point: Point, node: Affine) -> list[list[Fraction]]:
    """What enters an affine node, sample by sample."""
    samples = range(len(problem.inputs))
    return [list(map(rational, apart(node.arriving(run(problem, point, i))))) for i in samples]


def columns(problem: Problem, point: Point, node: Affine) -> list[Vector]:
    """The same as vectors over the samples, and 1 where the node has a bias."""
    rows = entering(problem, point, node)
    return [*zip(*rows, strict=True), *[(ONE,) * len(rows)] * node.biased]


def height(h: Activation, z: Fraction) -> Fraction:
    """h(z)."""
    piece = h.pieces(z)[0]
    return within_budget(h.slopes[piece] * z + h.offsets[piece], h.slopes[piece], z)
