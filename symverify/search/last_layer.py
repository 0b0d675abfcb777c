"""The best last layer on what hidden layers give, exactly, on all samples at once: integers over one denominator."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import fmpq, fmpz_mat

from symverify.ground.linear import independent_integers
from symverify.kernel.core.activation import ZERO, Activation
from symverify.kernel.core.algebra import whole
from symverify.kernel.core.errors import MAX_BITS, MAX_PRINTED, Declined
from symverify.kernel.core.network import Layer, Point, Problem, Vector, rational

Whole = list[list[int]]


@dataclass(frozen=True, slots=True)
class Arriving:
    """Per sample what enters the last layer, and last 1 where that has a bias: `rows` / `over`."""

    rows: Whole
    over: int

    def fractions(self) -> list[list[Fraction]]:
        """The same, number by number."""
        return [[Fraction(x, self.over) for x in row] for row in self.rows]


@dataclass(frozen=True, slots=True)
class Fit:
    """The coefficients (columns kept × outputs) of least Σ‖rows · coefficients − targets‖², and that sum."""

    coefficients: list[list[Fraction]]
    distance: Fraction


def arriving(problem: Problem, point: Point) -> Arriving:
    """What a chain's hidden layers give. Raises Declined where numbers outgrow the kernel's budget."""
    (flat, over, _), width = whole([x for row in problem.inputs for x in row]), problem.widths[0]
    rows = [flat[k * width : (k + 1) * width] for k in range(len(problem.inputs))]
    for h, layer in zip(problem.activations, point[:-1], strict=True):
        weights, under, _ = whole(entries(layer))
        across = fmpz_mat(len(layer.weight), width + 1, weights).transpose()
        values = fmpz_mat(len(rows), width + 1, [x for row in rows for x in (*row, over)]) * across
        if (over := over * under).bit_length() > MAX_BITS:
            raise Declined(f"a number grew beyond {MAX_BITS} bits")
        width = len(layer.weight)
        rows, over = bent(h, [int(x) for x in values.entries()], over, width)
    return Arriving([[*row, over] for row in rows] if problem.output_bias else rows, over)


def entries(layer: Layer) -> list[Fraction]:
    """Row by row, each with its bias, 0 where there is none."""
    rows = zip(layer.weight, layer.bias or [ZERO] * len(layer.weight), strict=True)
    return [rational(x) for row, bias in rows for x in (*row, bias)]


def bent(h: Activation, values: Sequence[int], over: int, count: int) -> tuple[Whole, int]:
    """The activation of values / over, `count` of them in a row, and the denominator."""
    breakpoints, slopes, offsets, unit, _ = h.parts
    cuts, rises = [t * over for t in breakpoints], [o * over for o in offsets]
    pieces = [bisect_left(cuts, z * unit) for z in values] if unit > 1 else [bisect_left(cuts, z) for z in values]
    made = [slopes[p] * z + rises[p] for p, z in zip(pieces, values, strict=True)]
    return [made[k : k + count] for k in range(0, len(made), count)], over * unit


def independent(given: Arriving, last_first: bool) -> list[int]:
    """The first independent columns, in order; with `last_first` the last one is taken before the others."""
    columns = len(given.rows[0])
    order = [columns - 1, *range(columns - 1)] if last_first else list(range(columns))
    return sorted(order[j] for j in independent_integers([[row[j] for j in order] for row in given.rows]))


def least_squares(given: Arriving, kept: Sequence[int], targets: Sequence[Sequence[Fraction]]) -> Fit | None:
    """The best fit by these independent columns; None where its numbers may be too long to be stated."""
    labels, scale, _ = whole([y for row in targets for y in row])
    design = fmpz_mat(len(given.rows), len(kept), [row[j] for row in given.rows for j in kept])
    aims, across = fmpz_mat(len(given.rows), len(targets[0]), labels), design.transpose()
    gram, moments = across * design, across * aims
    longest = max(int(x).bit_length() for x in gram.entries())
    if len(kept) * longest > 2 * MAX_PRINTED:
        return None
    solved = gram.solve(moments)
    rate, outputs = fmpq(given.over, scale), range(len(targets[0]))
    found = [[_fraction(solved[j, k] * rate) for k in outputs] for j in range(len(kept))]
    explained = sum((solved[j, k] * moments[j, k] for j in range(len(kept)) for k in outputs), fmpq(0))
    distance = _fraction((sum(y * y for y in labels) - explained) / (scale * scale))
    return Fit(found, distance) if printed([distance, *(x for row in found for x in row)]) else None


def printed(numbers: Sequence[Fraction]) -> bool:
    """Whether a certificate can state them."""
    return all(max(x.numerator.bit_length(), x.denominator.bit_length()) <= MAX_PRINTED for x in numbers)


def predicted(given: Arriving, kept: Sequence[int], coefficients: Sequence[Sequence[Fraction]]) -> tuple[Vector, ...]:
    """The predictions of a last layer with these coefficients (columns kept × outputs), n × outputs."""
    (flat, under, _), outputs = whole([x for row in coefficients for x in row]), len(coefficients[0])
    design = fmpz_mat(len(given.rows), len(kept), [row[j] for row in given.rows for j in kept])
    values, rate = (design * fmpz_mat(len(kept), outputs, flat)).entries(), given.over * under
    return tuple(tuple(Fraction(int(x), rate) for x in values[k : k + outputs]) for k in range(0, len(values), outputs))


def predictions(problem: Problem, point: Point) -> tuple[Vector, ...]:
    """f(x_i; point) of a chain, n × d_Y, as the kernel finds them. Raises Declined."""
    width = problem.widths[-2] + problem.output_bias
    columns = list(zip(*(iter(entries(point[-1])),) * (problem.widths[-2] + 1), strict=True))
    return predicted(arriving(problem, point), range(width), list(zip(*columns, strict=True))[:width])


def _fraction(x: fmpq) -> Fraction:
    return Fraction(int(x.p), int(x.q))
