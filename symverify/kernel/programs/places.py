"""The affine nodes of a general program: the wires that enter, and the places, free, tied or frozen.

A place is frozen to a number, or holds the free parameter of its *slot*; places of one slot are tied. A frozen zero is
no edge at all.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TypeVar

from ..core.algebra import whole
from ..core.errors import Malformed, multiplication, spend
from ..core.network import Affine, Layer, Vector, bounded
from ..core.poly import Scalar, Whole
from ..core.text import Read, shown

Slot = int | Fraction  # a free parameter's number, or a frozen number
Wire = tuple[int, int]  # a node and one of its units
T = TypeVar("T")


@dataclass(frozen=True)
class Wired(Affine):
    """An affine node into which any units of earlier nodes go, in the order of `wires`."""

    wires: tuple[Wire, ...]

    def joined(self, spans: Sequence[list[Vector]]) -> list[Vector]:
        """All that the nodes that enter are made of."""
        return list({id(phi): phi for source in self.sources for phi in spans[source]}.values())

    @cached_property
    def sources(self) -> tuple[int, ...]:
        """The nodes whose values enter."""
        return tuple(dict.fromkeys(node for node, _ in self.wires))

    def entering(self, values: Sequence[Sequence[T]]) -> list[T]:
        """What enters, of the values of all nodes."""
        return [values[node][unit] for node, unit in self.wires]

    def arriving(self, values: Sequence[Whole]) -> Whole:
        """The same of values in integers, over one denominator."""
        if len(self.sources) == 1:
            row, over, bits = values[self.sources[0]]
            return [row[unit] for _, unit in self.wires], over, bits
        found, over, bits = whole([Fraction(1, values[node][1]) for node in self.sources])
        rates, longest = dict(zip(self.sources, found, strict=True)), max(values[node][2] for node in self.sources)
        spend(len(self.wires) * multiplication(longest, max(map(int.bit_length, found))))
        rows = ((values[node][0][unit], rates[node]) for node, unit in self.wires)
        most = max([bits, *(values[node][2] + rate.bit_length() for node, rate in rates.items())])
        return [x * rate if rate > 1 else x for x, rate in rows], over, most

    def spread(self, pulls: Sequence[list[Scalar]], back: Sequence[Scalar]) -> None:
        """Add the derivatives by what enters to those by the nodes' values."""
        for (node, unit), x in zip(self.wires, back, strict=True):
            before = pulls[node][unit]
            pulls[node][unit] = bounded(before + x) if before != 0 else x


@dataclass(frozen=True, slots=True)
class Slots:
    """What the places of one affine node hold: weight (out × in) and bias (out)."""

    weight: tuple[tuple[Slot, ...], ...]
    bias: tuple[Slot, ...] | None

    def rows(self) -> Iterator[tuple[Slot, ...]]:
        """Per unit the weights and, where there is one, the bias."""
        for j, row in enumerate(self.weight):
            yield (*row, *(self.bias or ())[j : j + 1])

    def filled(self, values: Sequence[Scalar]) -> Layer:
        """The layer whose free places have these values."""

        def at(slot: Slot) -> Scalar:
            return slot if isinstance(slot, Fraction) else values[slot]

        bias = None if self.bias is None else tuple(map(at, self.bias))
        return Layer(tuple(tuple(map(at, row)) for row in self.weight), bias)


@dataclass(frozen=True, slots=True)
class Owned:
    """How the parameters of a node in the file are spelled: shapes, and the slots that are its own, None elsewhere."""

    name: str
    weight_shape: tuple[int, ...]
    weight: tuple[int | None, ...]  # row by row
    bias: tuple[int | None, ...]


def wired(node: Affine) -> Wired:
    """An affine node of a program."""
    if not isinstance(node, Wired):
        raise TypeError("an affine node of a chain")
    return node


def zero(slot: Slot) -> bool:
    """Whether a place is frozen to 0: there is no edge."""
    return isinstance(slot, Fraction) and not slot


def into(
    shape: Sequence[int], slots: Sequence[int | None], number: Read[Scalar], found: list[Scalar]
) -> Callable[[object, str], None]:
    """Reads nested lists of a shape into the values of the slots; null where a place is not the node's own."""

    def read(value: object, where: str, depth: int = 0, start: int = 0) -> None:
        if depth == len(shape):
            slot = slots[start]
            if slot is not None:
                found[slot] = number(value, where)
            elif value is not None:
                raise Malformed((where, f"is frozen or tied: expected null, got {shown(value)}"))
            return
        if not isinstance(value, list):
            raise Malformed((where, f"expected a list, got {shown(value)}"))
        if len(value) != shape[depth]:
            raise Malformed((where, f"expected {shape[depth]} entries, got {len(value)}"))
        step = 1
        for size in shape[depth + 1 :]:
            step *= size
        for k, item in enumerate(value):
            read(item, f"{where}[{k}]", depth + 1, start + k * step)

    return read
