"""The entries of "weight" and "bias" in a "program": which parameters are free, shared or frozen."""

import re
from dataclasses import dataclass, field
from math import prod

from ..core.errors import Malformed
from ..core.text import Fields, anything, liberal, listed, shown, text
from .build import Shape
from .places import Owned, Slot

RESERVED = frozenset({"free", "true", "false", "null", "none", "nan", "inf", "infinity"})
SHARED = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}")


@dataclass(slots=True)
class Entries:
    """What the nodes read so far have: so many free parameters, those of a shared name, and the slots by node and part.

    `owned` says how points are spelled.
    """

    free: int = 0
    shared: dict[str, int] = field(default_factory=dict)
    named: dict[tuple[str, str], tuple[Shape, tuple[Slot, ...]]] = field(default_factory=dict)
    owned: list[Owned] = field(default_factory=list)

    def read(self, name: str, node: Fields, shape: Shape) -> tuple[tuple[Slot, ...], tuple[Slot, ...] | None]:
        """The slots of "weight" (of this shape) and "bias" (one per row); free ones are numbered row by row."""
        units, each = shape[0], prod(shape[1:])
        free: list[Slot | str | None] = [None] * prod(shape)
        weight = node.take("weight", lambda v, at: self.part(v, at, shape, "weight"), free)
        bias: list[Slot | str | None] | None = [None] * units
        if node.left.get("bias") is False:
            bias = node.take("bias", lambda *_: None, None)
        else:
            bias = node.take("bias", lambda v, at: self.part(v, at, (units,), "bias"), bias)
        weights: list[Slot] = []
        biases: list[Slot] = []
        own: list[int | None] = []
        own_bias: list[int | None] = []
        for j in range(units):
            for found, mine, part in (
                (weights, own, weight[j * each : (j + 1) * each]),
                (biases, own_bias, (bias or [])[j : j + 1]),
            ):
                for entry in part:
                    slot, new = self.slot(entry)
                    found.append(slot)
                    mine.append(new)
        self.named[name, "weight"] = shape, tuple(weights)
        if bias is not None:
            self.named[name, "bias"] = (units,), tuple(biases)
        if any(slot is not None for slot in (*own, *own_bias)):
            self.owned.append(Owned(name, shape, tuple(own), tuple(own_bias)))
        return tuple(weights), None if bias is None else tuple(biases)

    def slot(self, entry: Slot | str | None) -> tuple[Slot, int | None]:
        """The slot of an entry; it once more where its parameter is free and new, and so the node's own."""
        if entry is not None and not isinstance(entry, str):
            return entry, None
        if entry in self.shared:
            return self.shared[entry], None
        new, self.free = self.free, self.free + 1
        if entry is not None:
            self.shared[entry] = new
        return new, new

    def part(self, value: object, where: str, shape: Shape, what: str) -> list[Slot | str | None]:
        """true, "free"; a number, for all; {"like": node}; or nested lists of null (free), numbers and shared names."""
        if value is True or value == "free":
            return [None] * prod(shape)
        if isinstance(value, dict):
            fields = Fields(value, where)
            other = fields.need("like", text)
            fields.done()
            if (other, what) not in self.named:
                raise Malformed((f"{where}.like", f"{shown(other)} is not an earlier node with a {what}"))
            theirs, slots = self.named[other, what]
            if theirs != shape:
                raise Malformed(
                    (f"{where}.like", f"the {what} of {other} has shape {list(theirs)}, here it is {list(shape)}")
                )
            return list(slots)
        if not isinstance(value, list):
            return [liberal(value, where)] * prod(shape)
        found: list[Slot | str | None] = []

        def read(item: object, at: str, depth: int) -> None:
            if depth == len(shape):
                named = isinstance(item, str) and SHARED.fullmatch(item)
                if isinstance(item, str) and item.lower() in RESERVED:
                    raise Malformed((at, f"{shown(item)} is no name of a shared parameter; null is a free one"))
                found.append(None if item is None else str(item) if named else liberal(item, at))
                return
            for k, each in enumerate(listed(anything, shape[depth], "entries")(item, at)):
                read(each, f"{at}[{k}]", depth + 1)

        read(value, where, 0)
        return found
