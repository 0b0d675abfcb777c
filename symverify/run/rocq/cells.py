"""The minima of a point's cell under losses with logarithms: what the verified checkers want proposed."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from symverify.ground.linear import solve
from symverify.kernel.core.algebra import echelon
from symverify.kernel.core.network import Affine, Problem, Vector, cell_of
from symverify.kernel.programs.values import entering
from symverify.kernel.reals.facts import EnclosedPoint

Rows = list[list[Fraction]]


@dataclass(frozen=True, slots=True)
class Place:
    """For each sample what enters the last layer and the last hidden one, 1 first where there is a bias.

    `rates`: how fast the first unit of the last hidden layer changes with its pre-activation.
    """

    entering: Rows
    before: Rows
    rates: Vector


def place_of(problem: Problem, at: EnclosedPoint) -> Place:
    """What the verified checkers see of a point strictly inside a cell."""
    bent, last = problem.bents[-1], problem.program[-1]
    under = problem.program[bent.source - 1]
    if not (isinstance(last, Affine) and isinstance(under, Affine)):
        raise TypeError("not a chain of layers")

    def seen(node: Affine) -> Rows:
        return [[*[Fraction(1)] * node.biased, *row] for row in entering(problem, at.point, node)]

    pieces = cell_of(problem, at.point)[-1][0]
    return Place(seen(last), seen(under), tuple(bent.h.slopes[p] for p in pieces))


def solved(rows: Sequence[Sequence[Fraction]], values: Sequence[Fraction]) -> list[Fraction]:
    """Some x with ⟨row, x⟩ = value for all rows, where there is one."""
    if (found := solve(rows, values, len(rows[0]))) is None:
        raise ValueError("the last layer does not reach what the cell can predict")
    return found


def left_inverse(entering: Rows) -> Rows:
    """A row for each sample, 0 but for samples whose rows are a basis, to which these are dual."""
    basis = [next(c for c, x in enumerate(row) if x) for row in echelon(list(zip(*entering, strict=True)))]
    chosen = [entering[i] for i in basis]
    found = [[Fraction(0)] * len(entering[0]) for _ in entering]
    for i in basis:
        found[i] = solved(chosen, [Fraction(k == i) for k in basis])
    return found


def change(place: Place) -> list[Fraction]:
    """What the last layer does about it when the first hidden unit moves along its first coordinate."""
    return solved(place.entering, [s * row[0] for s, row in zip(place.rates, place.before, strict=True)])


def averaged(rows: Sequence[Sequence[Fraction]], targets: Sequence[Vector], dual: Rows) -> Rows:
    """The dual point with its mean at samples that are equal."""
    groups: dict[tuple[Fraction, ...], Rows] = {}
    keys = [(*row, *y) for row, y in zip(rows, targets, strict=True)]
    for key, p in zip(keys, dual, strict=True):
        groups.setdefault(key, []).append(p)
    means = {k: [sum(c, Fraction(0)) / len(each) for c in zip(*each, strict=True)] for k, each in groups.items()}
    return [means[key] for key in keys]


def exchange(problem: Problem, entering: Rows) -> tuple[Rows, Rows]:
    """Rows of maps from what enters the last layer to 1 and the inputs, and back."""
    inputs = [[Fraction(1), *x] for x in problem.inputs]
    from_, back = (
        [solved(rows, column) for column in zip(*images, strict=True)]
        for rows, images in ((entering, inputs), (inputs, entering))
    )
    return from_, back
