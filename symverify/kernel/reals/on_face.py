"""What the layers of a homogeneous network may carry where pre-activations C are 0: spans over the samples."""

from collections.abc import Sequence
from fractions import Fraction

from ..core.activation import ONE
from ..core.algebra import dot, echelon
from ..core.errors import within_budget
from ..core.network import Pattern, Place, Problem, Vector
from ..curvature.forms import nullspace


def carried(problem: Problem, pieces: Pattern, kinks: Sequence[Place]) -> list[list[list[Vector]]]:
    """Spans that hold the pre-activations of each layer's units, as vectors over the samples, where all z_C = 0.

    In the first layer ⟨c, x̃_i⟩ with c·x̃_b = 0 at the unit's own kinks b. In later ones those of the layer before,
    times the slopes there, with 0 at C; and 1 for a bias. Last the predictions', reduced.
    """
    held, n = set(kinks), len(problem.inputs)
    entering: list[list[Vector]] = []
    for j in range(problem.widths[1]):
        rows = [problem.row(i) for m, unit, i in kinks if (m, unit) == (0, j)]
        ways = nullspace(rows, problem.widths[0] + problem.has_bias(0))
        entering.append([tuple(dot(c, problem.row(i)) for i in range(n)) for c in ways])
    layers = [entering]
    for m, layer in enumerate(pieces):
        h, fresh = problem.activations[m], dict[Vector, None]()
        for j, own in enumerate(layer):
            slopes = [Fraction(0) if (m, j, i) in held else h.slopes[p] for i, p in enumerate(own)]
            for phi in layers[m][j]:
                fresh[tuple(within_budget(s * x, s, x) for s, x in zip(slopes, phi, strict=True))] = None
        found = [*(phi for phi in fresh if any(phi)), *[(ONE,) * n] * problem.has_bias(m + 1)]
        if len(found) > n or m == len(pieces) - 1:
            found = [tuple(map(Fraction, row)) for row in echelon(found)]
        layers.append([found] * problem.widths[m + 2])
    return layers
