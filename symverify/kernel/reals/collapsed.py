"""Units of which weight decay leaves nothing: rows and columns 0, and no small ones lower the risk."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import isqrt

from ..cells.sides import sides_of
from ..core.activation import ZERO
from ..core.errors import Rejected, spend
from ..core.network import Layer, Point, Problem
from .box import Box
from .enclosure import UNIT
from .interval import PRODUCT, WHOLE, Interval, inner, interval, require_positive
from .kinks import Kinks, homogeneous

Unit = tuple[int, int]
SHORT = 2**24  # inputs of a unit are rounded to multiples of 1/SHORT


def kept(problem: Problem, units: Sequence[Unit]) -> list[list[int]]:
    """The units of each layer, of inputs and outputs too, that are not among these."""
    gone = set(units)
    return [
        [j for j in range(width) if (m - 1, j) not in gone or m in (0, len(problem.widths) - 1)]
        for m, width in enumerate(problem.widths)
    ]


def without(problem: Problem, units: Sequence[Unit], where: str) -> Problem:
    """The network without some hidden units."""
    if any(m >= len(problem.activations) or j >= problem.widths[m + 1] for m, j in units):
        raise Rejected(where, "names a unit that does not exist")
    if len(set(units)) < len(units):
        raise Rejected(where, "names a unit twice")
    return replace(problem, widths=tuple(map(len, kept(problem, units))), parameters=None) if units else problem


def widened(problem: Problem, units: Sequence[Unit], small: Point) -> Point:
    """A point of the network without the units as one of the whole network: their rows and columns are 0."""
    if not units:
        return small
    own, layers = kept(problem, units), []
    for m, layer in enumerate(small):
        columns = {c: k for k, c in enumerate(own[m])}
        rows = {j: k for k, j in enumerate(own[m + 1])}
        weight = tuple(
            tuple(layer.weight[rows[j]][columns[c]] if j in rows and c in columns else ZERO for c in range(a))
            for j, a in ((j, problem.widths[m]) for j in range(problem.widths[m + 1]))
        )
        bias = layer.bias
        if bias is not None:
            bias = tuple(bias[rows[j]] if j in rows else ZERO for j in range(problem.widths[m + 1]))
        layers.append(Layer(weight, bias))
    return tuple(layers)


def require_collapsed(units: Sequence[Unit], kinks: Kinks, box: Box, multipliers: Sequence[Interval]) -> None:
    """
    h homogeneous; all entries of the units' rows (μ_w: the least of their decays) and columns (μ_v) decay; every kink
    that depends on others in a layer above depends on one of equal input; on the box of the network without the units
      |Σ_i ∂L/∂z_q(i) h(w·ã_i)|_2 over the units q of the next layer < √(μ_w μ_v) for all |w| = 1
    -------------------------------------------------------------------------------------------- [collapsed]
      a minimum of the network without the units is one of the whole network, with 0 for them

    ã_i is what enters the unit on sample i, with 1 where there is a bias; μ/2 times the squares is the penalty.

    Sound: units of small rows w and columns v add u_i = Σ v h(w·ã_i) to the next layer's pre-activations, up to terms
    of third order where one feeds another. There R ≥ L, whose derivative in u is p̂: R grows by at least
    Σ ½ μ_w |w|² + ½ μ_v |v|² − κ |w| |v| > 0 to second order, with κ < √(μ_w μ_v).
    """
    problem = kinks.problem
    if not homogeneous(problem):
        raise Rejected(kinks.where, "collapsed units need activations with one breakpoint, at 0, and h(0) = 0")
    for m in dict.fromkeys(m for m, _ in units):
        weights, biases = problem.decay
        least = min(weights, biases) if problem.has_bias(m) else weights
        if not least * weights:
            raise Rejected(kinks.where, f"not every entry of a unit of hidden layer {m + 1} decays")
        for (layer, _, i), row in kinks.dependents:
            used = [b[2] for b, x in zip(kinks.basis, row, strict=True) if x]
            if layer > m and [problem.inputs[k] for k in used] != [problem.inputs[i]]:
                raise Rejected(
                    kinks.where, f"{problem.unit_name(layer, 0)} has a kink that depends on others of unequal input"
                )
        require_small(kinks, box, multipliers, m, least * weights)


def require_small(kinks: Kinks, box: Box, multipliers: Sequence[Interval], m: int, budget: Fraction) -> None:
    """κ² < budget for a unit of hidden layer m.

    For all w in a chamber of rational ã′ near the ã, Σ p̂ h(w·ã′) = G w with one matrix G, and
    |Σ p̂ (h(w·ã) − h(w·ã′))| ≤ max|σ| Σ |p̂_i| |ã_i − ã′_i| |w|.
    """
    problem = kinks.problem
    entering, pulls = around(kinks, box, multipliers, m)
    outputs = len(pulls[0])
    rounded = [[Fraction((x.lower + x.upper) * SHORT // 2, SHORT) for x in row] for row in entering]
    slope = max(map(abs, problem.activations[m].slopes))
    away = ZERO
    for row, near, pull in zip(entering, rounded, pulls, strict=True):
        off = sum(((x - interval(y)).size for x, y in zip(row, near, strict=True)), ZERO)
        away += slope * off * sum((p.size for p in pull), ZERO)
    bound = Fraction(isqrt(budget.numerator * UNIT * UNIT // budget.denominator), UNIT) - away
    if bound <= 0:
        raise Rejected(kinks.where, f"the box is too large for the collapsed units of hidden layer {m + 1}")
    for slopes in of_chambers(problem, m, rounded):
        spend(PRODUCT * len(rounded) * len(rounded[0]) * (outputs + 1))
        columns = [[p[q].times(s) for p, s in zip(pulls, slopes, strict=True)] for q in range(outputs)]
        turned = [[interval(x) for x in column] for column in zip(*rounded, strict=True)]
        matrix = [[inner(column, row) for row in turned] for column in columns]
        square = [[-inner(a, b) for b in matrix] for a in matrix]
        for k in range(outputs):
            square[k][k] += interval(bound * bound)
        require_positive(square, kinks.where, f"what keeps the collapsed units of hidden layer {m + 1} at 0")


def around(
    kinks: Kinks, box: Box, multipliers: Sequence[Interval], m: int
) -> tuple[list[list[Interval]], list[list[Interval]]]:
    """What enters hidden layer m on each sample, with 1 for a bias, and ∂L/∂z of the next layer."""
    problem, entering, pulls = kinks.problem, list[list[Interval]](), list[list[Interval]]()
    held = dict(zip(kinks.basis, multipliers, strict=True))
    source = 0 if m == 0 else box.after(m - 1)
    target = box.before(m + 1) if m + 1 < len(problem.activations) else len(problem.program)
    for i in range(len(problem.inputs)):
        values = box.values(i)
        pulled = box.pulled(values, box.jet(values[-1], i), {b: x for b, x in held.items() if b[2] == i})
        box.backwards(i, values, pulled)
        entering.append([*values[source], *[WHOLE] * problem.has_bias(m)])
        pulls.append(list(pulled[target]))
    return entering, pulls


def of_chambers(problem: Problem, m: int, rows: Sequence[Sequence[Fraction]]) -> list[list[Fraction]]:
    """The slopes of a unit of hidden layer m on the samples, for every chamber of the hyperplanes w·row = 0."""
    slopes = problem.activations[m].slopes
    slope = {1: slopes[-1], -1: slopes[0], 0: ZERO}
    return [[slope[side] for side in sides] for sides in sides_of(rows)]
