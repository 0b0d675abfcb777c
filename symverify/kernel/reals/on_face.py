"""What the layers of a homogeneous network may carry, near a point or where C are 0 there: spans over the samples."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from ..core.activation import ONE, ZERO
from ..core.algebra import dot, echelon
from ..core.errors import within_budget
from ..core.network import Pattern, Place, Problem, Vector
from ..curvature.forms import nullspace


def carried(problem: Problem, pieces: Pattern, kinks: Sequence[Place], near: bool = False) -> list[list[list[Vector]]]:
    """Spans that hold the pre-activations of each layer's units, as vectors over the samples, where all z_C = 0.

    In the first layer ⟨c, x̃_i⟩ with c·x̃_b = 0 at the unit's own kinks b. In later ones those of the layer before,
    times the slopes there, with 0 at C; and 1 for a bias. Last the predictions', reduced. With `near` at all points
    near, and without the predictions: in the first layer c is any, and at C an activation is any number, the same for
    equal inputs.
    """
    entering: list[list[Vector]] = []
    for j in range(problem.widths[1]):
        if near and entering:
            entering.append(entering[0])
            continue
        rows = [problem.row(i) for m, unit, i in kinks if (m, unit) == (0, j) and not near]
        ways = nullspace(rows, problem.widths[0] + problem.has_bias(0))
        entering.append([tuple(dot(c, row) for row in map(problem.row, range(len(problem.inputs)))) for c in ways])
    layers = [entering]
    for m, layer in enumerate(pieces[:-1] if near else pieces):
        fresh = dict[Vector, None]()
        for j in range(len(layer)):
            held = {i for at, unit, i in kinks if (at, unit) == (m, j)}
            slopes = [ZERO if i in held else problem.activations[m].slopes[p] for i, p in enumerate(layer[j])]
            for phi in layers[m][j]:
                fresh[tuple(within_budget(s * x, s, x) for s, x in zip(slopes, phi, strict=True))] = None
            fresh |= dict.fromkeys(alone(problem, held) if near else ())
        found = [*(phi for phi in fresh if any(phi)), *[(ONE,) * len(problem.inputs)] * problem.has_bias(m + 1)]
        if len(found) > len(problem.inputs) or m == len(pieces) - 1:
            found = [tuple(map(Fraction, row)) for row in echelon(found)]
        layers.append([found] * problem.widths[m + 2])
    return layers


def alone(problem: Problem, held: set[int]) -> Iterator[Vector]:
    """For each sample of these 1 at it and where the input is equal, else 0."""
    for i in sorted(held):
        yield tuple(Fraction(x == problem.inputs[i]) for x in problem.inputs)
