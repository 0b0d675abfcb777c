"""Candidates for the minimum: units as the rule `limit` spells them, exact, with the best output bias."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from symverify.kernel.core.activation import ONE, ZERO
from symverify.kernel.core.algebra import dot
from symverify.kernel.core.network import Layer, Point, Problem, Vector, rational
from symverify.kernel.core.units import Units

Unit = tuple[int, Vector, Fraction]  # σ = sign v, u = |v|·(w, b) in the order of x̃, ν = |v|


@dataclass(frozen=True, slots=True)
class Candidate:
    """f = c0 + Σ σ H(u, ν), H(u, ν)_i = ν h(⟨u, x̃_i⟩ / ν), where ν = 0 its limit; loss: Σ(f − y)².

    Every unit contributes something.
    """

    loss: Fraction
    units: tuple[Unit, ...]
    c0: Fraction

    def point(self, problem: Problem) -> Point | None:
        """The network, or None where it is only approached, as some ν → 0."""
        if any(not nu for _, _, nu in self.units):
            return None
        d, spare = problem.widths[0], problem.widths[1] - len(self.units)
        rows = [tuple(x / nu for x in u) for _, u, nu in self.units] + [(ZERO,) * (d + problem.hidden_bias)] * spare
        bias = tuple(row[-1] for row in rows) if problem.hidden_bias else None
        last = (*(sign * nu for sign, _, nu in self.units), *(ZERO,) * spare)
        return (
            Layer(tuple(row[:d] for row in rows), bias),
            Layer((last,), (self.c0,) if problem.output_bias else None),
        )


def evaluated(problem: Problem, units: Sequence[Unit]) -> Candidate:
    """The candidate with these units, without those that only add a constant to an output bias, or nothing."""
    kept, rest = list[Unit](), [y for (y,) in problem.targets]
    for unit in units:
        values = heights(problem, unit)
        constant = values[0] if problem.output_bias else ZERO
        if any(x != constant for x in values):
            kept.append(unit)
            rest = [r - unit[0] * x for r, x in zip(rest, values, strict=True)]
    c0 = sum(rest, ZERO) / len(rest) if problem.output_bias else ZERO
    return Candidate(sum(((r - c0) ** 2 for r in rest), ZERO), tuple(kept), c0)


def heights(problem: Problem, unit: Unit) -> list[Fraction]:
    """H(u, ν) on the samples."""
    (_, u, nu), h, values = unit, problem.activations[0], []
    for i in range(len(problem.inputs)):
        z = dot(u, problem.row(i))
        if nu:
            p = h.pieces(z / nu)[0]
            values.append(h.slopes[p] * z + h.offsets[p] * nu)
        else:
            values.append(h.slopes[-1 if z > 0 else 0] * z)
    return values


def units_of(problem: Problem, point: Point) -> list[Unit]:
    """The units of a network with one hidden layer and one output."""
    hidden, last = point
    units = []
    for j, (w, weight) in enumerate(zip(hidden.weight, last.weight[0], strict=True)):
        v = rational(weight)
        row = [*map(rational, w), *([] if hidden.bias is None else [rational(hidden.bias[j])])]
        if v:
            units.append((1 if v > 0 else -1, tuple(abs(v) * x for x in row), abs(v)))
    return units


@dataclass(frozen=True, slots=True)
class Chart:
    """From the integer coordinates of the kernel's `Units` to parameters: u at `place` is `scale` times coordinate k.

    `shift` is the z that a hidden bias moves to 0, `unit` how much ν is in the last coordinate (0: ν does not matter);
    q·H has the integers of `Units`.
    """

    places: tuple[tuple[int, Fraction], ...]
    size: int
    shift: Fraction
    unit: Fraction
    q: Fraction

    @staticmethod
    def of(problem: Problem, units: Units) -> "Chart":
        """The chart of a problem."""
        h, shift, table = problem.activations[0], ZERO, [problem.row(i) for i in range(len(problem.inputs))]
        if problem.hidden_bias and len(h.breakpoints) == 1:
            shift = h.breakpoints[0]
        elif problem.hidden_bias and not h.breakpoints and h.slopes[0]:
            shift = -h.offsets[0] / h.slopes[0]
        unit = Fraction(lcm(*((t - shift).denominator for t in h.breakpoints)) * units.cone)
        q = ONE
        if units.kinks:
            q = units.kinks[0] / (h.slopes[1] - h.slopes[0])
        elif units.start[0]:
            q = units.start[0] / h.slopes[0]
        elif units.start[1]:  # h is constant, and there is no output bias
            q = units.start[1] / (h.offsets[0] * unit)
        places, columns = [], list(zip(*table, strict=True))
        for column in zip(*units.rows, strict=True):
            found = ((c, _ratio(column, x)) for c, x in enumerate(columns))
            places.append(next((c, ratio) for c, ratio in found if ratio))
        return Chart(tuple(places), len(columns), shift, unit, q)

    def unit_at(self, sign: int, point: Sequence[Fraction], biased: bool) -> Unit:
        """The unit at a point in integer coordinates; ν is 1 where it does not matter."""
        u = [ZERO] * self.size
        for (place, scale), p in zip(self.places, point, strict=False):
            u[place] = scale * p
        nu = self.unit * point[-1] if self.unit else ONE
        if biased:
            u[-1] += self.shift * nu
        return sign, tuple(u), nu


def _ratio(column: Sequence[int], x: Vector) -> Fraction | None:
    """The s with column = s · x, if there is one."""
    pairs = list(zip(column, x, strict=True))
    ratio = next((a / b for a, b in pairs if b), ZERO)
    return ratio if all(a == ratio * b for a, b in pairs) else None
