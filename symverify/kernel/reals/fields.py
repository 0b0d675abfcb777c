"""Vector fields that leave the risk as it is where kinks are held: along them every point near comes into a slice.

Where h is homogeneous (one breakpoint, at 0, and h(0) = 0) they need only be fields on M = {z_C = 0}; elsewhere they
are flows that are valid in every cell around the kinks.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from ..core.activation import ONE
from ..core.network import Affine, Pattern, Place, Problem
from ..curvature.flows import moves_of, seen_by
from ..curvature.forms import nullspace
from ..programs.moves import Formula, Moves
from ..programs.network import Programmed
from .kinks import homogeneous
from .layout import layout_of
from .losses import RealLoss
from .program_fields import scalings, symmetries_of_program


def symmetries(problem: Problem, pieces: Pattern, kinks: Sequence[Place]) -> Iterator[Moves]:
    """The fields for the kinks C, in this order: layer by layer, unit by unit; last those of the loss."""
    if isinstance(problem, Programmed):
        if not problem.decays:
            yield from symmetries_of_program(problem, pieces, kinks)
    elif problem.decays:
        if homogeneous(problem):
            for m in range(len(pieces)):
                yield from rotations(Layered(problem, pieces, kinks, m))
    elif homogeneous(problem):
        for m in range(len(pieces)):
            yield from fields_of(Layered(problem, pieces, kinks, m))
    else:
        kinked = dict[tuple[int, int], set[Fraction]]()
        for m, j, i in kinks:
            kinked.setdefault((m, j), set()).add(problem.activations[m].breakpoints[pieces[m][j][i]])
        yield from moves_of(problem, pieces, kinked, set(kinks))
    if isinstance(problem.loss, RealLoss) and problem.loss.gauge and not problem.decays:
        yield from common_rows(problem)
    if isinstance(problem, Programmed) and not problem.decays:
        yield from scalings(problem)


def common_rows(problem: Problem) -> Iterator[Moves]:
    """A number added to an entry of all output rows adds the same to all outputs."""
    last, layout = problem.program[-1], layout_of(problem)
    if not isinstance(last, Affine):
        return
    m = last.layer
    for c in range(len(layout.wires[m]) + last.biased):
        places = [(m, k, c) for k in range(len(layout.rows[m]))]
        if not isinstance(problem, Programmed) or all(map(Formula(problem).movable, places)):
            yield dict.fromkeys(places, (ONE, None))


class Layered:
    """A hidden layer of a homogeneous network: where its units are held, what is seen of them, their slopes."""

    def __init__(self, problem: Problem, pieces: Pattern, kinks: Sequence[Place], m: int) -> None:
        self.problem, self.pieces, self.m = problem, pieces, m
        self.columns = problem.widths[m] + problem.has_bias(m)
        self.units = range(problem.widths[m + 1])
        self.above = range(problem.widths[m + 2])
        self.held = [{i for layer, unit, i in kinks if (layer, unit) == (m, j)} for j in self.units]
        self.below = [{i for layer, k, i in kinks if (layer, k) == (m - 1, c)} for c in range(problem.widths[m])]
        self.lower = problem.activations[m - 1].slopes if m else ()
        self.seen = seen_by(problem, pieces, m + 1, set(kinks))

    def slope(self, j: int, i: int) -> Fraction:
        """h' on sample i."""
        return self.problem.activations[self.m].slopes[self.pieces[self.m][j][i]]

    def idle(self, c: int, samples: Sequence[int]) -> bool:
        """Whether what enters at a column is 0 on all these samples: a unit below that is held or of slope 0 there."""
        if c == self.problem.widths[self.m]:
            return not samples
        return all(i in self.below[c] or not self.lower[self.pieces[self.m - 1][c][i]] for i in samples)

    def mixes(self, j: int, k: int) -> bool:
        """Whether row j may gain row k while column k loses column j: where j is held z_k = 0, and elsewhere

        z_k = 0 or the slopes are equal.
        """
        return j == k or (
            self.held[j] <= self.held[k]
            and all(i in self.held[k] or self.slope(j, i) == self.slope(k, i) for i in self.seen)
        )

    def gain(self, j: int, k: int, sign: int = 1) -> Moves:
        """Row j gains row k; column k gains or loses column j."""
        gained: Moves = {(self.m, j, c): (ONE, (self.m, k, c)) for c in range(self.columns)}
        return gained | {(self.m + 1, q, k): (Fraction(sign), (self.m + 1, q, j)) for q in self.above}


def fields_of(layer: Layered) -> Iterator[Moves]:
    """Fields on M of a hidden layer. A sample is seen unless all units of the layer above are strictly of slope 0.

    1. mix, rescale: row j gains row k, column k loses column j.
    2. bias: j without kinks, of one slope on all samples seen, with biases in both layers: its bias gains 1, and the
       next biases make up for it.
    3. data: in the first layer row j gains c with ⟨c, x̃_i⟩ = 0 where j is held, and where j is seen and has a slope
       other than 0; in later ones any entry of the row before which there is 0 on these samples.
    4. dead out: if there j is seen only where it is held or of slope 0, each outgoing entry.
    """
    problem, m = layer.problem, layer.m
    for j in layer.units:
        held, seen = layer.held[j], [i for i in layer.seen if i not in layer.held[j]]
        for k in layer.units:
            if layer.mixes(j, k):
                yield layer.gain(j, k, -1)
        slopes = {layer.slope(j, i) for i in layer.seen}
        if not held and problem.has_bias(m) and problem.has_bias(m + 1) and len(slopes) == 1:
            (slope,) = slopes
            made_up: Moves = {(m + 1, q, problem.widths[m + 1]): (-slope, (m + 1, q, j)) for q in layer.above}
            yield {(m, j, problem.widths[m]): (ONE, None)} | made_up
        felt = [i for i in range(len(problem.inputs)) if i in held or (i in seen and layer.slope(j, i))]
        if m == 0:
            for row in nullspace([problem.row(i) for i in felt], layer.columns):
                yield {(m, j, c): (x, None) for c, x in enumerate(row) if x}
        else:
            for c in range(layer.columns):
                if layer.idle(c, felt):
                    yield {(m, j, c): (ONE, None)}
        if not any(layer.slope(j, i) for i in seen):
            for q in layer.above:
                yield {(m + 1, q, j): (ONE, None)}


def rotations(layer: Layered) -> Iterator[Moves]:
    """Fields on M that weight decay leaves: two units that mix both ways are rotated, rows and columns alike.

    All rows of a layer decay alike, and so do all columns of the next.
    """
    for j in layer.units:
        for k in layer.units[j + 1 :]:
            if layer.mixes(j, k) and layer.mixes(k, j):
                back = layer.gain(k, j)
                turned = {place: (-x, source) for place, (x, source) in back.items() if place[0] == layer.m}
                yield layer.gain(j, k, -1) | turned | {p: v for p, v in back.items() if p[0] > layer.m}
