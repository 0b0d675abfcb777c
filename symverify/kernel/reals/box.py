"""A network on a box of parameters, with its pieces held fixed: values, derivatives of the risk and of kinks, enclosed.

Every sample is evaluated forwards; derivatives are pulled back; second derivatives are tangents of the pull, one
parameter at a time. L = R − Σ_b λ_b z_b over the held kinks b = (hidden layer, unit, sample).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import assert_never

from ..core.errors import spend
from ..core.network import Affine, Bent, Pattern, Place, Problem
from ..curvature.hessian import places
from .interval import NONE, PRODUCT, WHOLE, Interval, inner, interval
from .jet import Jet, quadratics
from .losses import RealLoss

Values = list[list[Interval]]  # node by node, the input first


@dataclass(frozen=True, slots=True)
class Lagrangian:
    """L on a box: the risk, the gradient and the rows of the Hessian of L that were asked for.

    `kinks` are the values z_b − t_b, `normals` their gradients, `pulls` ∂L/∂a_b for a_b = h(z_b).
    """

    risk: Interval
    gradient: list[Interval]
    hessian: list[list[Interval]]
    kinks: list[Interval]
    normals: list[list[Interval]]
    pulls: list[Interval]


@dataclass(frozen=True, slots=True)
class Box:
    """Parameters in intervals, in the order of `places`, and the piece of each activation."""

    problem: Problem
    parameters: Sequence[Interval]
    pieces: Pattern
    where: str
    rows: list[list[list[Interval]]] = field(init=False)  # rows[layer][unit]: weights, then the bias
    places: list[Place] = field(init=False)

    def __post_init__(self) -> None:
        widths = self.problem.widths
        rows: list[list[list[Interval]]] = [[[] for _ in range(width)] for width in widths[1:]]
        found = list(places(self.problem))
        for (m, j, _), x in zip(found, self.parameters, strict=True):
            rows[m][j].append(x)
        object.__setattr__(self, "rows", rows)
        object.__setattr__(self, "places", found)

    def slope(self, m: int, j: int, i: int) -> Fraction:
        """h' on the piece of a pre-activation."""
        return self.problem.activations[m].slopes[self.pieces[m][j][i]]

    def values(self, i: int) -> Values:
        """The values of all nodes on sample i."""
        found: Values = [[interval(x) for x in self.problem.inputs[i]]]
        for node in self.problem.program:
            entering = found[node.source]
            match node:
                case Affine(layer=m, biased=biased):
                    column = [*entering, *[WHOLE] * biased]
                    found.append([inner(row, column) for row in self.rows[m]])
                case Bent(layer=m, h=h):
                    at = [self.pieces[m][j][i] for j in range(len(entering))]
                    found.append(
                        [z.times(h.slopes[p]) + interval(h.offsets[p]) for p, z in zip(at, entering, strict=True)]
                    )
                case _:
                    assert_never(node)
        return found

    def before(self, m: int) -> int:
        """The node of the pre-activations of hidden layer m."""
        return next(node.source for node in self.problem.program if isinstance(node, Bent) and node.layer == m)

    def backwards(self, i: int, values: Values, pulls: Values) -> list[Interval]:
        """Complete `pulls`, the derivatives of a function by the values of the nodes; those by the parameters."""
        found: list[list[Interval]] = [[] for _ in self.rows]
        for k, node in reversed(list(enumerate(self.problem.program, 1))):
            pull, before = pulls[k], pulls[node.source]
            match node:
                case Affine(layer=m, biased=biased):
                    column = [*values[node.source], *[WHOLE] * biased]
                    found[m] = [g * a if g != NONE else NONE for g in pull for a in column]
                    if node.source:
                        before[:] = self.through(m, pull, before)
                case Bent(layer=m):
                    before[:] = [
                        x + g.times(self.slope(m, j, i)) for j, (x, g) in enumerate(zip(before, pull, strict=True))
                    ]
                case _:
                    assert_never(node)
        return [x for rows in found for x in rows]

    def through(self, m: int, pull: Sequence[Interval], before: Sequence[Interval]) -> list[Interval]:
        """before + Wᵀ pull."""
        return [x + inner(pull, [row[c] for row in self.rows[m]]) for c, x in enumerate(before)]

    def forwards_tangent(self, i: int, values: Values, place: Place) -> Values:
        """The tangents of the values of all nodes as one parameter moves at speed 1."""
        at, unit, column = place
        found: Values = [[NONE] * len(values[0])]
        for node in self.problem.program:
            entering = found[node.source]
            match node:
                case Affine(layer=m):
                    rates = [inner(row[: len(entering)], entering) for row in self.rows[m]]
                    if m == at:
                        rates[unit] += values[node.source][column] if column < len(entering) else WHOLE
                    found.append(rates)
                case Bent(layer=m):
                    found.append([z.times(self.slope(m, j, i)) for j, z in enumerate(entering)])
                case _:
                    assert_never(node)
        return found

    def backwards_tangent(
        self, i: int, values: Values, pulls: Values, moved: Values, last: Sequence[Interval], place: Place
    ) -> list[Interval]:
        """The tangent of `backwards`, the pull of the prediction having the tangent `last`."""
        at, unit, column = place
        rates: Values = [[NONE] * len(each) for each in values]
        rates[-1] = list(last)
        found: list[list[Interval]] = [[] for _ in self.rows]
        for k, node in reversed(list(enumerate(self.problem.program, 1))):
            pull, rate, before = pulls[k], rates[k], rates[node.source]
            match node:
                case Affine(layer=m, biased=biased):
                    entering = [*values[node.source], *[WHOLE] * biased]
                    changes = [*moved[node.source], *[NONE] * biased]
                    found[m] = [
                        inner((r, g), (a, b))
                        for r, g in zip(rate, pull, strict=True)
                        for a, b in zip(entering, changes, strict=True)
                    ]
                    if node.source:
                        before[:] = self.through(m, rate, before)
                        if m == at and column < len(before):
                            before[column] += pull[unit]
                case Bent(layer=m):
                    before[:] = [
                        x + g.times(self.slope(m, j, i)) for j, (x, g) in enumerate(zip(before, rate, strict=True))
                    ]
                case _:
                    assert_never(node)
        return [x for rows in found for x in rows]

    def lagrangian(
        self, kinks: Sequence[Place], multipliers: Sequence[Interval], free: Sequence[int] = ()
    ) -> Lagrangian:
        """L with the rows `free` of its Hessian, which are parameters."""
        problem, size = self.problem, len(self.places)
        spend(3 * PRODUCT * size * len(problem.inputs) * (1 + len(kinks) + len(free)))
        risk, gradient, hessian = NONE, [NONE] * size, [[NONE] * size for _ in free]
        found = dict[Place, tuple[Interval, list[Interval], Interval]]()
        for i in range(len(problem.inputs)):
            values = self.values(i)
            local = self.jet(values[-1], i)
            risk += local.value
            held = {b: weight for b, weight in zip(kinks, multipliers, strict=True) if b[2] == i}
            pulls = self.pulled(values, local, held)
            gradient = add(gradient, self.backwards(i, values, pulls))
            for b in held:
                found[b] = self.kink(b, values, pulls)
            for row, c in enumerate(free):
                rates = self.bend_row(i, values, pulls, local, self.places[c])
                hessian[row] = add(hessian[row], rates)
        risk = risk.times(problem.loss.factor)
        if problem.decays:
            risk += self.penalise(gradient, hessian, free)
        rows = [found[b] for b in kinks]
        columns = [z for z, _, _ in rows], [normal for _, normal, _ in rows], [pull for _, _, pull in rows]
        return Lagrangian(risk, gradient, hessian, *columns)

    def pulled(self, values: Values, local: Jet, held: Mapping[Place, Interval]) -> Values:
        """The derivatives of a sample's part of L by the values of the nodes, before they are pulled back."""
        pulls = self.none(values)
        pulls[-1] = [each.times(self.problem.loss.factor) for each in local.slopes]
        for (m, j, _), weight in held.items():
            pulls[self.before(m)][j] -= weight
        return pulls

    def jet(self, f: Sequence[Interval], i: int) -> Jet:
        """The loss on a sample, around its predictions."""
        loss, y = self.problem.loss, self.problem.targets[i]
        return loss.jet(f, y) if isinstance(loss, RealLoss) else quadratics(loss, f, y, self.where)

    def penalise(self, gradient: list[Interval], hessian: list[list[Interval]], free: Sequence[int]) -> Interval:
        """Add the derivatives of the weight decay; its value."""
        value, rates = NONE, []
        for c, ((m, _, column), x) in enumerate(zip(self.places, self.parameters, strict=True)):
            rates.append(self.problem.decay[column == self.problem.widths[m]])
            gradient[c] += x.times(rates[-1])
            value += (x * x).times(rates[-1] / 2)
        for row, c in zip(hessian, free, strict=True):
            row[c] += interval(rates[c])
        return value

    def none(self, values: Values) -> Values:
        """Zeros in the shape of the values."""
        return [[NONE] * len(each) for each in values]

    def kink(self, b: Place, values: Values, pulls: Values) -> tuple[Interval, list[Interval], Interval]:
        """z_b − t_b, where the piece held there ends; its gradient; ∂L/∂a_b."""
        m, j, i = b
        node = self.before(m)
        end = self.problem.activations[m].breakpoints[self.pieces[m][j][i]]
        normal = self.derivative(i, values, node, j)
        return values[node][j] - interval(end), normal, pulls[self.after(m)][j]

    def after(self, m: int) -> int:
        """The node of the activations of hidden layer m."""
        each = enumerate(self.problem.program, 1)
        return next(k for k, node in each if isinstance(node, Bent) and node.layer == m)

    def bend_row(self, i: int, values: Values, pulls: Values, local: Jet, place: Place) -> list[Interval]:
        """A row of the Hessian of a sample's part of L."""
        moved = self.forwards_tangent(i, values, place)
        last = [inner(row, moved[-1]).times(self.problem.loss.factor) for row in local.bends]
        return self.backwards_tangent(i, values, pulls, moved, last, place)

    def derivative(self, i: int, values: Values, node: int, unit: int) -> list[Interval]:
        """The gradient of the value of a node's unit on sample i."""
        own = self.none(values)
        own[node][unit] = WHOLE
        return self.backwards(i, values, own)

    def pre_activations(self) -> Iterator[tuple[Place, Interval]]:
        """Every pre-activation, by (hidden layer, unit, sample)."""
        for i in range(len(self.problem.inputs)):
            values = self.values(i)
            for node in self.problem.program:
                if isinstance(node, Bent):
                    yield from (((node.layer, j, i), z) for j, z in enumerate(values[node.source]))


def add(u: Sequence[Interval], v: Sequence[Interval]) -> list[Interval]:
    """The sum of two vectors."""
    return [a + b for a, b in zip(u, v, strict=True)]


def velocities(moves: Mapping[Place, tuple[Fraction, Place | None]], box: Box) -> dict[Place, Interval]:
    """A flow on the box: each place moves at a constant, or at a multiple of another parameter."""
    at = dict(zip(box.places, box.parameters, strict=True))
    return {p: interval(q) if source is None else at[source].times(q) for p, (q, source) in moves.items()}
