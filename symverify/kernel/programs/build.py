"""Building a program: what each operation of the file is, in affine and bent nodes, wires and slots.

Sums, poolings, convolutions and the rest are affine nodes with places frozen or tied; max(a, b) = a + relu(b − a);
reshaping, joining and permuting only rename wires.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from math import prod

from ..core.activation import ONE, ZERO, Activation
from ..core.errors import Malformed
from ..core.network import Affine, Bent
from .places import Slot, Slots, Wire, Wired

MAX_PLACES, MAX_NODES = 2**20, 4096
RELU = Activation((ZERO,), (ZERO, ONE), (ZERO, ZERO))
Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Value:
    """What a node of the file gives: a shape, channels first, and the wires of its entries, row by row."""

    shape: Shape
    wires: tuple[Wire, ...]

    @property
    def channels(self) -> int:
        """The size of the first axis."""
        return self.shape[0]

    @property
    def inner(self) -> int:
        """The number of entries of a channel."""
        return prod(self.shape[1:])

    def at(self, channel: int, place: Sequence[int]) -> int:
        """The number of an entry."""
        index = channel
        for size, x in zip(self.shape[1:], place, strict=True):
            index = index * size + x
        return index


@dataclass(frozen=True, slots=True)
class Window:
    """A sliding window: sizes of the kernel, steps, padding and dilation, one for each inner axis."""

    kernel: Shape
    stride: Shape
    padding: Shape
    dilation: Shape

    def places(self, shape: Shape) -> Shape:
        """The sizes of what comes out, where they are positive."""
        return tuple(
            (size + 2 * p - d * (k - 1) - 1) // s + 1
            for size, k, s, p, d in zip(shape, self.kernel, self.stride, self.padding, self.dilation, strict=True)
        )

    def fits(self, shape: Shape) -> bool:
        """Whether the window has a place."""
        return all(
            size + 2 * p >= d * (k - 1) + 1
            for size, k, p, d in zip(shape, self.kernel, self.padding, self.dilation, strict=True)
        )

    def at(self, place: Sequence[int], shape: Shape) -> Iterator[tuple[int, tuple[int, ...]]]:
        """At a place of the output: each place of the kernel by its number, and the entry under it, if inside."""
        for number, offset in enumerate(product(*map(range, self.kernel))):
            under = tuple(
                x * s - p + o * d
                for x, s, p, o, d in zip(place, self.stride, self.padding, offset, self.dilation, strict=True)
            )
            if all(0 <= x < size for x, size in zip(under, shape, strict=True)):
                yield number, under


@dataclass(slots=True)
class Builder:
    """The nodes so far: affine ones with their slots, bent ones with the name of the node in the file."""

    widths: list[int]
    nodes: list[Affine | Bent] = field(default_factory=list)
    slots: list[Slots] = field(default_factory=list)
    bent: list[str] = field(default_factory=list)
    comparing: set[str] = field(default_factory=set)
    places: int = 0

    def affine(self, wires: tuple[Wire, ...], slots: Slots, where: str) -> tuple[Wire, ...]:
        """A new affine node on these wires; its own wires."""
        self.room(len(slots.weight) * (len(wires) + 1), where)
        last = max(node for node, _ in wires)
        self.nodes.append(Wired(last, len(self.slots), slots.bias is not None, wires))
        self.slots.append(slots)
        return self.added(len(slots.weight))

    def room(self, places: int, where: str) -> None:
        """That so many more places are not too many."""
        self.places += places
        if self.places > MAX_PLACES or len(self.nodes) >= MAX_NODES:
            raise Malformed((where, f"more than {MAX_PLACES} entries of weight matrices, or {MAX_NODES} nodes"))

    def added(self, width: int) -> tuple[Wire, ...]:
        """The wires of the node that was just added."""
        self.widths.append(width)
        return tuple((len(self.nodes), j) for j in range(width))

    def frozen(
        self, wires: tuple[Wire, ...], rows: Sequence[dict[int, Fraction]], where: str, shift: Sequence[Fraction] = ()
    ) -> tuple[Wire, ...]:
        """An affine node of given numbers; a row is its entries that are not 0, by the numbers of the wires."""
        self.room(0, where)
        if len(rows) * len(wires) > MAX_PLACES:
            raise Malformed((where, f"more than {MAX_PLACES} entries of weight matrices"))
        weight = tuple(tuple(row.get(c, ZERO) for c in range(len(wires))) for row in rows)
        return self.affine(wires, Slots(weight, tuple(shift) if shift else None), where)

    def bend(self, value: Value, h: Activation, name: str, where: str) -> Value:
        """The activation of each entry."""
        node, wires = value.wires[0][0], value.wires
        if wires != tuple((node, j) for j in range(self.widths[node])):
            wires = self.frozen(wires, [{j: ONE} for j in range(len(wires))], where)
        self.room(0, where)
        self.nodes.append(Bent(wires[0][0], len(self.bent), h))
        self.bent.append(name)
        return Value(value.shape, self.added(len(wires)))

    def greatest(self, groups: Sequence[Sequence[Wire]], name: str, where: str) -> tuple[Wire, ...]:
        """The greatest of each group, by comparisons of pairs, round by round."""
        left = [list(group) for group in groups]
        self.comparing.add(name)
        while any(len(group) > 1 for group in left):
            pairs = [(k, group[j], group[j + 1]) for k, group in enumerate(left) for j in range(0, len(group) - 1, 2)]
            wires = tuple(wire for _, a, b in pairs for wire in (a, b))
            self.room(3 * len(pairs) * len(wires), where)
            rises = self.frozen(wires, [{2 * j: -ONE, 2 * j + 1: ONE} for j in range(len(pairs))], where)
            above = self.bend(Value((len(pairs),), rises), RELU, name, where).wires
            firsts = tuple(a for _, a, _ in pairs)
            tops = self.frozen((*firsts, *above), [{j: ONE, len(pairs) + j: ONE} for j in range(len(pairs))], where)
            again: list[list[Wire]] = [[] for _ in left]
            for (k, _, _), top in zip(pairs, tops, strict=True):
                again[k].append(top)
            for k, group in enumerate(left):
                again[k] += group[len(group) - len(group) % 2 :]
            left = again
        return tuple(wire for (wire,) in left)

    def convolved(
        self, value: Value, window: Window, groups: int, weight: Sequence[Slot], bias: Sequence[Slot] | None, where: str
    ) -> Value:
        """`weight` is out × in/groups × kernel, row by row; `bias` one for each channel that comes out."""
        shape, size = window.places(value.shape[1:]), prod(window.kernel)
        entering = value.channels // groups
        channels = len(weight) // (entering * size)
        self.room(channels * prod(shape) * (len(value.wires) + 1), where)
        self.places -= channels * prod(shape) * (len(value.wires) + 1)  # counted when the node is made
        rows: list[tuple[Slot, ...]] = []
        for out in range(channels):
            first = out // (channels // groups) * entering
            for place in product(*map(range, shape)):
                row: list[Slot] = [ZERO] * len(value.wires)
                for number, under in window.at(place, value.shape[1:]):
                    for c in range(entering):
                        row[value.at(first + c, under)] = weight[(out * entering + c) * size + number]
                rows.append(tuple(row))
        each = prod(shape)
        ends = None if bias is None else tuple(b for b in bias for _ in range(each))
        return Value((channels, *shape), self.affine(value.wires, Slots(tuple(rows), ends), where))

    def averaged(self, value: Value, window: Window, whole: bool, where: str) -> Value:
        """The mean under the window; with `whole` padding counts as zeros, else not at all."""
        shape, size = window.places(value.shape[1:]), prod(window.kernel)
        rows = []
        for channel in range(value.channels):
            for place in product(*map(range, shape)):
                under = [value.at(channel, each) for _, each in window.at(place, value.shape[1:])]
                rows.append(dict.fromkeys(under, Fraction(1, size if whole else max(len(under), 1))))
        return Value((value.channels, *shape), self.frozen(value.wires, rows, where))

    def pooled(self, value: Value, window: Window, name: str, where: str) -> Value:
        """The greatest under the window; padding does not count."""
        shape = window.places(value.shape[1:])
        groups = [
            [value.wires[value.at(channel, each)] for _, each in window.at(place, value.shape[1:])]
            for channel in range(value.channels)
            for place in product(*map(range, shape))
        ]
        if not all(groups):
            raise Malformed((where, "a window lies in the padding alone"))
        return Value((value.channels, *shape), self.greatest(groups, name, where))

    def finished(self, value: Value, where: str) -> int:
        """Make the value the last node's; the number of outputs."""
        if value.wires != tuple((len(self.nodes), j) for j in range(self.widths[-1])) or not self.nodes:
            self.frozen(value.wires, [{j: ONE} for j in range(len(value.wires))], where)
        return len(value.wires)
