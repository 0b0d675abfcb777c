"""General programs: a problem whose network is one; what no parameter moves, and the monomials on a cell.

A point has a `Layer` for each affine node, as a chain's has, with every entry written out: see `places`. So a
restricted network is the full one at T θ + t_0, and derivatives are gathered by T.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import NoReturn

from ..core.activation import ONE, ZERO, Activation
from ..core.algebra import dot, rank
from ..core.errors import Rejected, effort, spend, within_budget
from ..core.loss import Loss
from ..core.network import Affine, Bent, Pattern, Place, Point, Problem, Program, Vector, bounded, features, rational
from ..core.poly import Scalar
from ..core.text import Fields, Read
from .places import Owned, Slot, Slots, into, wired, zero
from .values import height

Monomial = tuple[int, ...]  # the free parameters of a product, sorted


class Absent:
    """What a chain of dense layers has, and a program has not: a rule that asks for it does not cover programs."""

    def __get__(self, problem: object, owner: type | None = None) -> NoReturn:
        raise Rejected("", "needs a chain of dense layers, and the network is a general program")

    def __set__(self, problem: object, value: object) -> None:
        """Nothing is kept."""


@dataclass(frozen=True, eq=False, repr=False)
class Programmed(Problem):
    """A problem whose network is a general program.

    `bent` names the nodes of the file that the bent nodes belong to; `owned` says how points are spelled.
    """

    nodes: Program = ()
    slots: tuple[Slots, ...] = ()
    bent: tuple[str, ...] = ()
    owned: tuple[Owned, ...] = ()
    outputs_count: int = 0
    comparing: frozenset[str] = frozenset()  # the nodes of the file whose bent nodes compare values for a maximum

    widths = Absent()
    hidden_bias = Absent()
    output_bias = Absent()
    activations = Absent()

    def __repr__(self) -> str:
        return f"<Programmed {self.name[:60]!a} {self.sha256}>"

    @property
    def program(self) -> Program:
        """The nodes after the input."""
        return self.nodes

    @property
    def shallow(self) -> bool:
        """Rules for chains of one hidden layer do not cover programs."""
        return False

    @property
    def outputs(self) -> int:
        """d_Y."""
        return self.outputs_count

    def has_bias(self, layer: int) -> bool:
        """Whether affine node `layer` has a bias."""
        return self.slots[layer].bias is not None

    def comparison(self, layer: int) -> bool:
        """Whether a bent node compares two values for a maximum."""
        return self.bent[layer] in self.comparing

    @cached_property
    def places(self) -> tuple[tuple[Place, int], ...]:
        """The free places and their slots, node by node, row by row."""
        return tuple(
            ((m, j, c), slot)
            for m, slots in enumerate(self.slots)
            for j, row in enumerate(slots.rows())
            for c, slot in enumerate(row)
            if isinstance(slot, int)
        )

    @cached_property
    def tied(self) -> frozenset[int]:
        """The slots with more than one place."""
        seen, twice = set[int](), set[int]()
        for _, slot in self.places:
            (twice if slot in seen else seen).add(slot)
        return frozenset(twice)

    def loose(self, layer: int) -> bool:
        """Whether every place of an affine node holds a free parameter of its own."""
        slots = [slot for row in self.slots[layer].rows() for slot in row]
        return all(isinstance(slot, int) and slot not in self.tied for slot in slots)

    def slot(self, place: Place) -> Slot:
        """What a place holds."""
        m, j, c = place
        weight, bias = self.slots[m].weight[j], self.slots[m].bias
        if c < len(weight):
            return weight[c]
        if bias is None:
            raise IndexError("a place of a bias that there is not")
        return bias[j]

    @cached_property
    def count(self) -> int:
        """D, the number of free parameters."""
        return 1 + max((slot for _, slot in self.places), default=-1)

    def size(self) -> int:
        """D, the number of free parameters."""
        return self.count

    def gather(self, rows: Sequence[Sequence[Scalar]]) -> list[Scalar]:
        """From the derivatives by every place, affine node by affine node, to those by the free parameters."""
        found: list[Scalar] = [ZERO] * self.count
        for slots, row in zip(self.slots, rows, strict=True):
            flat = [slot for each in slots.rows() for slot in each]
            for slot, x in zip(flat, row, strict=True):
                if isinstance(slot, int):
                    found[slot] = bounded(found[slot] + x) if slot in self.tied else x
        return found

    def free(self, point: Point) -> list[Scalar]:
        """The values of the free parameters at a point."""
        found: list[Scalar] = [ZERO] * self.count
        for (m, j, c), slot in self.places:
            layer = point[m]
            found[slot] = layer.weight[j][c] if c < len(layer.weight[j]) else (layer.bias or ())[j]
        return found

    def expand(self, values: Sequence[Scalar]) -> Point:
        """The point whose free parameters have these values."""
        if len(values) != self.count:
            raise ValueError(f"expected {self.count} numbers, got {len(values)}")
        return tuple(slots.filled(values) for slots in self.slots)

    def with_point(self, point: Point | None, witnesses: tuple[Point, ...] = ()) -> "Programmed":
        """The same problem with other given parameters, and points to compare them with."""
        return self._made(self.slots, self.owned, point, witnesses)

    def with_decay(self, decay: tuple[Fraction, Fraction], rules: frozenset[str]) -> "Programmed":
        """The same problem with a penalty on the free parameters, each counted once, and the rules that cover it."""
        return self._made(
            self.slots, self.owned, self.parameters, self.witnesses, replace(self.loss, rules=rules), decay
        )

    def restricted(self, slots: tuple[Slots, ...]) -> "Programmed":
        """The same nodes with other restrictions, and without parameters; points are spelled map by map, from 1."""
        owned = []
        for m, each in enumerate(slots):
            weight = [slot if isinstance(slot, int) else None for row in each.weight for slot in row]
            bias = [slot if isinstance(slot, int) else None for slot in each.bias or ()]
            if any(slot is not None for slot in (*weight, *bias)):
                shape = (len(each.weight), len(each.weight[0]))
                owned.append(Owned(f"map {m + 1}", shape, tuple(weight), tuple(bias)))
        return self._made(slots, tuple(owned), None, ())

    def _made(
        self,
        slots: tuple[Slots, ...],
        owned: tuple[Owned, ...],
        point: Point | None,
        witnesses: tuple[Point, ...],
        loss: Loss | None = None,
        decay: tuple[Fraction, Fraction] | None = None,
    ) -> "Programmed":
        chain: tuple[str, tuple[int, ...], bool, bool, tuple[Activation, ...]] = (self.name, (), False, False, ())
        data = (loss or self.loss, self.inputs, self.targets, point, self.sha256)
        return Programmed(
            *chain,
            *data,
            self.decay if decay is None else decay,
            witnesses,
            self.nodes,
            slots,
            self.bent,
            owned,
            self.outputs,
            self.comparing,
        )

    def constants(self, i: int) -> list[list[Fraction | None]]:
        """Per node and unit its value on sample i if no free parameter can change it, else None."""
        return self._constants[i]

    @cached_property
    def _constants(self) -> list[list[list[Fraction | None]]]:
        return [self._constants_of(i) for i in range(len(self.inputs))]

    def _constants_of(
        self, i: int, pieces: Sequence[Sequence[Sequence[Sequence[int]]]] = ()
    ) -> list[list[Fraction | None]]:
        """With `pieces`, of the first bent nodes, what is the same near a point where only these can be on sample i."""
        known: list[list[Fraction | None]] = [list(self.inputs[i])]
        for node in self.nodes:
            if isinstance(node, Bent):
                entering = known[node.source]
                own = pieces[node.layer] if node.layer < len(pieces) else ()
                near = [unit[i] for unit in own] or [()] * len(entering)
                known.append([level(node.h, z, p) for z, p in zip(entering, near, strict=True)])
                continue
            rows = [(*row,) for row in self.slots[node.layer].rows()]
            spend(50 * sum(map(len, rows)))
            ends = [*wired(node).entering(known), *[ONE] * node.biased]
            known.append([constant_sum(row, ends) for row in rows])
        return known

    def dead(self, layer: int, unit: int, i: int, pieces: Sequence[Sequence[Sequence[Sequence[int]]]] = ()) -> bool:
        """Whether a pre-activation on sample i is the same at all points, or near one on `pieces`: bounds no cell."""
        source = self.bents[layer].source
        if self.constants(i)[source][unit] is not None:
            return True
        return bool(pieces) and self._constants_of(i, pieces[:layer])[source][unit] is not None

    def before(self, layer: int) -> Affine | Bent | None:
        """The node whose values a bent node bends, None for the input."""
        source = self.bents[layer].source
        return self.program[source - 1] if source else None

    def linear(self, layer: int, unit: int, i: int) -> bool:
        """Whether a pre-activation on sample i is that of an affine node, and affine in the free parameters."""
        node = self.before(layer)
        if not isinstance(node, Affine):
            return False
        entering, row = wired(node).entering(self.constants(i)), self.slots[node.layer].weight[unit]
        return all(x is not None or zero(slot) for x, slot in zip(entering, row, strict=True))

    def unit_name(self, layer: int, unit: int) -> str:
        """How messages name a unit of a bent node, counted from 1."""
        return f"unit {unit + 1} of node {self.bent[layer]}"

    def tilted(self, pattern: Pattern, pull: Sequence[Vector]) -> str | None:
        """Where Σ_ik r_ik f_ik is not constant on a cell, if anywhere: by the span of all paths, else by monomials."""
        span = features(self, pattern)
        if not any(dot(r, phi) for r in pull for phi in span):
            return None
        summed: dict[Monomial, Fraction] = {}
        for r, output in zip(pull, monomials(self, pattern), strict=True):
            for monomial, column in output.items():
                summed[monomial] = within_budget(summed.get(monomial, ZERO) + dot(r, column))
        bad = next((monomial for monomial, x in sorted(summed.items()) if monomial and x), None)
        return None if bad is None else "free parameters " + " × ".join(str(slot + 1) for slot in bad)

    def reach(self, pattern: Pattern) -> int:
        """An upper bound of the rank of the derivative of θ ↦ (f_ik) on a cell.

        The columns of the derivative are combinations of the coefficients of the non-constant monomials.
        """
        outputs = monomials(self, pattern)
        names = {monomial: None for each in outputs for monomial in each if monomial}
        nothing = (ZERO,) * len(self.inputs)
        return rank([x for each in outputs for x in each.get(monomial, nothing)] for monomial in names)

    def reader(self, number: Read[Scalar]) -> Read[Point]:
        """Reads {"node": {"weight": …, "bias": …}, …}: of each node the parameters that are its own."""

        def read(value: object, where: str) -> Point:
            fields, values = Fields(value, where), [Fraction(0)] * self.count
            found: list[Scalar] = list(values)
            for each in self.owned:
                inner = fields.need(each.name, Fields)
                if any(slot is not None for slot in each.weight):
                    inner.need("weight", into(each.weight_shape, each.weight, number, found))
                if any(slot is not None for slot in each.bias):
                    inner.need("bias", into((len(each.bias),), each.bias, number, found))
                inner.done()
            fields.done()
            return self.expand(found)

        return read


def level(h: Activation, z: Fraction | None, pieces: Sequence[int]) -> Fraction | None:
    """The value of an activation that is the same near a point: of a number, or strictly inside a piece of slope 0."""
    if z is not None:
        return height(h, z)
    return h.offsets[pieces[0]] if len(pieces) == 1 and not h.slopes[pieces[0]] else None


def constant_sum(row: Sequence[Slot], entering: Sequence[Fraction | None]) -> Fraction | None:
    """Σ slot · entering if no free parameter can change it."""
    value = ZERO
    for slot, x in zip(row, entering, strict=True):
        if zero(slot) or x == 0:
            continue
        if x is None or isinstance(slot, int):
            return None
        value = within_budget(value + slot * x, slot, x)
    return value


def monomials(problem: Programmed, pattern: Pattern) -> list[dict[Monomial, Vector]]:
    """Per output the coefficients, vectors over the samples, of the monomials of f in the free parameters on a cell."""
    n = len(problem.inputs)
    spans: list[list[dict[Monomial, Vector]]] = [[{(): column} for column in zip(*problem.inputs, strict=True)]]
    one: dict[Monomial, Vector] = {(): (ONE,) * n}
    for node in problem.program:
        if isinstance(node, Bent):
            spans.append([bent(node, pattern[node.layer][j], z) for j, z in enumerate(spans[node.source])])
        else:
            ends = [*wired(node).entering(spans), *[one] * node.biased]
            spans.append([mixed(row, ends, n) for row in problem.slots[node.layer].rows()])
    return spans[-1]


def mixed(row: Sequence[Slot], entering: Sequence[dict[Monomial, Vector]], n: int) -> dict[Monomial, Vector]:
    """Σ slot · entering, as coefficients."""
    found: dict[Monomial, Vector] = {}
    for slot, terms in zip(row, entering, strict=True):
        if zero(slot):
            continue
        spend(len(terms) * (200 + n * effort(64)))
        for monomial, column in terms.items():
            name = monomial if isinstance(slot, Fraction) else tuple(sorted((*monomial, slot)))
            factor = slot if isinstance(slot, Fraction) else ONE
            before = found.get(name)
            grown = column if factor == 1 else tuple(within_budget(factor * x, factor, x) for x in column)
            if before is not None:
                grown = tuple(within_budget(a + b) for a, b in zip(before, grown, strict=True))
            found[name] = grown
    return found


def bent(node: Bent, pieces: Sequence[int], z: dict[Monomial, Vector]) -> dict[Monomial, Vector]:
    """The activation on these pieces, one per sample, of a unit, as coefficients."""
    slopes, offsets = [node.h.slopes[p] for p in pieces], [node.h.offsets[p] for p in pieces]
    spend(len(z) * len(pieces) * effort(64))
    found = {
        name: tuple(within_budget(s * x, s, x) for s, x in zip(slopes, column, strict=True))
        for name, column in z.items()
    }
    found = {name: column for name, column in found.items() if any(column)}
    if any(offsets):
        start = found.get((), (ZERO,) * len(pieces))
        found[()] = tuple(within_budget(a + b) for a, b in zip(start, offsets, strict=True))
    return found


def numbers(values: Sequence[Scalar]) -> list[Fraction]:
    """Scalars known to be numbers."""
    return [rational(x) for x in values]
