"""A network on a box of parameters, with its pieces held fixed: values, derivatives of the risk and of kinks, enclosed.

Every sample is evaluated forwards; derivatives are pulled back; second derivatives are tangents of the pull, one
parameter at a time. L = R − Σ_b λ_b z_b over the held kinks b = (hidden layer, unit, sample).
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from fractions import Fraction
from typing import assert_never

from ..core.activation import Activation
from ..core.errors import spend
from ..core.network import Affine, Bent, Pattern, Place, Problem
from .enclosure import exact
from .interval import NONE, PRODUCT, WHOLE, Interval, inner, interval, summed
from .jet import Jet, quadratics
from .layout import Layout, bent_node, layout_of
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
    """Parameters in intervals, in the order of their numbers, and the piece of each activation."""

    problem: Problem
    parameters: Sequence[Interval]
    pieces: Pattern
    where: str
    layout: Layout = field(init=False)
    rows: list[list[list[tuple[int, Interval]]]] = field(init=False)  # rows[layer][unit]: column, weight or bias

    def __post_init__(self) -> None:
        layout = layout_of(self.problem)
        rows = [
            [[(c, self.parameters[x] if isinstance(x, int) else interval(x)) for c, x in row] for row in unit]
            for unit in layout.rows
        ]
        object.__setattr__(self, "rows", rows)
        object.__setattr__(self, "layout", layout)

    def slope(self, m: int, j: int, i: int) -> Fraction:
        """h' on the piece of a pre-activation."""
        return self.problem.bents[m].h.slopes[self.pieces[m][j][i]]

    def values(self, i: int, held: Set[Place] = frozenset()) -> Values:
        """The values of all nodes on sample i; those of `held` are on both sides of the breakpoints of their pieces."""
        found: Values = [[interval(x) for x in self.problem.inputs[i]]]
        for node in self.problem.program:
            match node:
                case Affine(layer=m, biased=biased):
                    column = self.entering(m, found, WHOLE, biased)
                    found.append([summed(w * column[c] for c, w in row) for row in self.rows[m]])
                case Bent(layer=m, h=h):
                    bent = []
                    for j, z in enumerate(found[node.source]):
                        p = self.pieces[m][j][i]
                        bent.append(around(h, p, z) if (m, j, i) in held else on(h, p, z))
                    found.append(bent)
                case _:
                    assert_never(node)
        return found

    def entering(self, m: int, values: Values, one: Interval, biased: bool) -> list[Interval]:
        """What enters an affine node, of the values of all nodes, and what stands for 1 where it has a bias."""
        return [*(values[k][unit] for k, unit in self.layout.wires[m]), *[one] * biased]

    def before(self, m: int) -> int:
        """The node of the pre-activations of hidden layer m."""
        return self.problem.bents[m].source

    def backwards(self, i: int, values: Values, pulls: Values) -> list[Interval]:
        """Complete `pulls`, the derivatives of a function by the values of the nodes; those by the parameters."""
        found = [NONE] * len(self.parameters)
        for k, node in reversed(list(enumerate(self.problem.program, 1))):
            pull = pulls[k]
            match node:
                case Affine(layer=m, biased=biased):
                    column = self.entering(m, values, WHOLE, biased)
                    for j, c, number in self.layout.free[m]:
                        if pull[j] != NONE:
                            found[number] += pull[j] * column[c]
                    self.through(m, pull, pulls)
                case Bent(layer=m):
                    before = pulls[node.source]
                    before[:] = [
                        x + g.times(self.slope(m, j, i)) for j, (x, g) in enumerate(zip(before, pull, strict=True))
                    ]
                case _:
                    assert_never(node)
        return found

    def through(self, m: int, pull: Sequence[Interval], pulls: Values) -> None:
        """Add Wᵀ pull to the derivatives by what enters an affine node, but for the input's."""
        wires = self.layout.wires[m]
        for g, row in zip(pull, self.rows[m], strict=True):
            for c, w in row if g != NONE else ():
                if c < len(wires) and (node := wires[c][0]):
                    pulls[node][wires[c][1]] += w * g

    def forwards_tangent(self, values: Values, number: int, i: int) -> Values:
        """The tangents of the values of all nodes as one parameter moves at speed 1."""
        found: Values = [[NONE] * len(values[0])]
        moving = self.layout.places[number]
        for node in self.problem.program:
            match node:
                case Affine(layer=m, biased=biased):
                    column = self.entering(m, found, NONE, biased)
                    rates = [summed(w * column[c] for c, w in row if column[c] != NONE) for row in self.rows[m]]
                    own = self.entering(m, values, WHOLE, biased) if any(at == m for at, _, _ in moving) else []
                    for at, j, c in moving:
                        if at == m:
                            rates[j] += own[c]
                    found.append(rates)
                case Bent(layer=m):
                    found.append([z.times(self.slope(m, j, i)) for j, z in enumerate(found[node.source])])
                case _:
                    assert_never(node)
        return found

    def backwards_tangent(
        self, i: int, values: Values, pulls: Values, moved: Values, last: Sequence[Interval], number: int
    ) -> list[Interval]:
        """The tangent of `backwards`, the pull of the prediction having the tangent `last`."""
        rates: Values = [[NONE] * len(each) for each in values]
        rates[-1] = list(last)
        found = [NONE] * len(self.parameters)
        for k, node in reversed(list(enumerate(self.problem.program, 1))):
            pull, rate = pulls[k], rates[k]
            match node:
                case Affine(layer=m, biased=biased):
                    entering = self.entering(m, values, WHOLE, biased)
                    changes = self.entering(m, moved, NONE, biased)
                    for j, c, p in self.layout.free[m]:
                        found[p] += inner((rate[j], pull[j]), (entering[c], changes[c]))
                    self.through(m, rate, rates)
                    for at, j, c in self.layout.places[number]:
                        if at == m and c < len(self.layout.wires[m]):
                            source, unit = self.layout.wires[m][c]
                            rates[source][unit] += pull[j]
                case Bent(layer=m):
                    before = rates[node.source]
                    before[:] = [
                        x + g.times(self.slope(m, j, i)) for j, (x, g) in enumerate(zip(before, rate, strict=True))
                    ]
                case _:
                    assert_never(node)
        return found

    def lagrangian(
        self, kinks: Sequence[Place], multipliers: Sequence[Interval], free: Sequence[int] = ()
    ) -> Lagrangian:
        """L with the rows `free` of its Hessian, which are parameters."""
        problem, size = self.problem, len(self.parameters)
        spend(3 * PRODUCT * self.layout.edges * len(problem.inputs) * (1 + len(kinks) + len(free)))
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
                rates = self.bend_row(i, values, pulls, local, c)
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
        for c, x in enumerate(self.parameters):
            rates.append(self.problem.decay[c in self.layout.biases])
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
        end = self.problem.bents[m].h.breakpoints[self.pieces[m][j][i]]
        normal = self.derivative(i, values, node, j)
        return values[node][j] - interval(end), normal, pulls[self.after(m)][j]

    def after(self, m: int) -> int:
        """The node of the activations of hidden layer m."""
        return bent_node(self.problem, m)

    def bend_row(self, i: int, values: Values, pulls: Values, local: Jet, number: int) -> list[Interval]:
        """A row of the Hessian of a sample's part of L."""
        moved = self.forwards_tangent(values, number, i)
        last = [inner(row, moved[-1]).times(self.problem.loss.factor) for row in local.bends]
        return self.backwards_tangent(i, values, pulls, moved, last, number)

    def derivative(self, i: int, values: Values, node: int, unit: int) -> list[Interval]:
        """The gradient of the value of a node's unit on sample i."""
        own = self.none(values)
        own[node][unit] = WHOLE
        return self.backwards(i, values, own)

    def pre_activations(self, held: Set[Place]) -> Iterator[tuple[Place, Interval]]:
        """Every pre-activation, by (hidden layer, unit, sample), wherever those of `held` are."""
        for i in range(len(self.problem.inputs)):
            values = self.values(i, held)
            for node in self.problem.bents:
                yield from (((node.layer, j, i), z) for j, z in enumerate(values[node.source]))


def on(h: Activation, piece: int, z: Interval) -> Interval:
    """h on one of its pieces."""
    return z.times(h.slopes[piece]) + interval(h.offsets[piece])


def around(h: Activation, piece: int, z: Interval) -> Interval:
    """h on a piece and on the next one, each on its side of the breakpoint between them."""
    low, high = exact(h.breakpoints[piece])
    parts = []
    if z.lo <= high:
        parts.append(on(h, piece, Interval(z.lo, min(z.hi, high))))
    if z.hi >= low:
        parts.append(on(h, piece + 1, Interval(max(z.lo, low), z.hi)))
    return Interval(min(each.lo for each in parts), max(each.hi for each in parts))


def add(u: Sequence[Interval], v: Sequence[Interval]) -> list[Interval]:
    """The sum of two vectors."""
    return [a + b for a, b in zip(u, v, strict=True)]


def velocities(moves: Mapping[Place, tuple[Fraction, Place | None]], box: Box) -> dict[Place, Interval]:
    """A flow on the box: each place moves at a constant, or at a multiple of another parameter."""
    at = {places[0]: x for places, x in zip(box.layout.places, box.parameters, strict=True)}
    return {p: interval(q) if source is None else at[source].times(q) for p, (q, source) in moves.items()}
