"""What one unit of one hidden layer with scalar output can add to the predictions, and its hyperplanes.

f(x_i) = c_0 + Σ_j σ_j H(u_j, ν_j)_i with σ_j = ±1, (u_j, ν_j) = |v_j|·((w_j, b_j), 1) and H(u, ν)_i = ν h(⟨u, x̃_i⟩/ν).
"""

from dataclasses import dataclass
from math import lcm

from .activation import ZERO
from .algebra import Direction, echelon, integral
from .errors import spend
from .network import Problem


@dataclass(frozen=True, slots=True)
class Units:
    """H in reduced coordinates, up to a positive factor: s z + o ν + Σ_p κ_p max(0, z − t_p ν), z_i = ⟨rows_i, u⟩.

    `start` = (s, o), `kinks` = the κ_p, `planes` = z_i − t_p ν by sample and breakpoint, or for linear h the
    coordinates. Without `cone` H does not depend on ν, which is left out; with it ν is the last coordinate, ν ≥ 0.
    Together with ν the planes have full rank, so that H is linear on pointed cones between them.
    """

    rows: tuple[Direction, ...]
    cone: bool
    start: tuple[int, int]
    kinks: tuple[int, ...]
    planes: tuple[Direction, ...]

    @staticmethod
    def of(problem: Problem, counted: set[int] | None = None) -> "Units":
        """The units of a problem; samples that are not `counted` have zero rows, which bound nothing.

        A hidden bias moves the only kink of h (or the zero of a linear h) to 0, an output bias moves h(0) to 0. If h
        is then positively homogeneous, ν = |v| drops out: v h(z) = σ h(|v| z). Only independent columns of x̃ are
        kept, each scaled to integers: their combinations are the same pre-activations.
        """
        h, shift = problem.activations[0], ZERO
        if problem.hidden_bias and len(h.breakpoints) == 1:
            shift = h.breakpoints[0]
        elif problem.hidden_bias and not h.breakpoints and h.slopes[0]:
            shift = -h.offsets[0] / h.slopes[0]
        cuts = [t - shift for t in h.breakpoints]
        offsets = [o + s * shift for o, s in zip(h.offsets, h.slopes, strict=True)]
        offsets = [o - zero for zero in [offsets[sum(t < 0 for t in cuts)] * problem.output_bias] for o in offsets]
        table = [problem.row(i) for i in range(len(problem.inputs))]
        table = [row if counted is None or i in counted else (ZERO,) * len(row) for i, row in enumerate(table)]
        pivots = {next(c for c, x in enumerate(row) if x) for row in echelon(table)}
        kept = [integral(column) for c, column in enumerate(zip(*table, strict=True)) if c in pivots]
        unit = lcm(*(t.denominator for t in cuts))  # ν is counted in multiples of this: thresholds are integers
        whole, pieces = integral([*h.slopes, *(o * unit for o in offsets)]), len(h.slopes)
        rows, cone = tuple(tuple(column[i] for column in kept) for i in range(len(table))), any(cuts) or any(offsets)
        spend(1000 * len(rows) * (len(cuts) + 1) * (len(kept) + 1))
        planes = [(*row, *[-int(t * unit)] * cone) for row in rows for t in cuts]
        if not cuts:
            planes = [tuple(int(i == k) for i in range(len(kept) + cone)) for k in range(len(kept))]
        kinks = tuple(whole[p + 1] - whole[p] for p in range(pieces - 1))
        return Units(rows, cone, (whole[0], whole[pieces]), kinks, tuple(planes))

    @property
    def dimension(self) -> int:
        """The number of coordinates."""
        return len(self.rows[0]) + self.cone

    @property
    def walls(self) -> tuple[Direction, ...]:
        """All hyperplanes: the planes, and ν = 0."""
        return (*self.planes, *[(*[0] * (self.dimension - 1), 1)] * self.cone)
