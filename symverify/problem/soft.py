"""Reading JSON values so that every fault is found: objects and lists that go on where something is wrong."""

import re
from types import TracebackType
from typing import Self, TypeVar

from symverify.kernel.core.errors import Malformed
from symverify.kernel.core.text import Read, shown
from symverify.text import meant

T = TypeVar("T")


def softly(read: Read[T], default: T, faults: list[tuple[str, str]]) -> Read[T]:
    """The same reader, except that where it fails it adds to the faults and gives the default."""

    def read_softly(value: object, where: str) -> T:
        try:
            return read(value, where)
        except Malformed as error:
            faults.extend(error.faults)
            return default

    return read_softly


class Fields:
    """A JSON object being read, in a `with`: each key is taken once; what is wrong is raised together at the end."""

    def __init__(self, value: object, where: str) -> None:
        self.where, self.faults, self.known = where, list[tuple[str, str]](), dict[str, None]()
        self.others: dict[str, str] = {}  # keys that such objects have elsewhere, and what makes them known there
        if not isinstance(value, dict):
            raise Malformed((where, f"expected an object, got {shown(value)}"))
        self.left: dict[str, object] = dict(value)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Whatever was not taken is unknown."""
        for name in self.left if kind is None else ():
            plain = re.fullmatch(r"[A-Za-z0-9_-]{1,60}", name)
            listed = f"unknown key; the keys here are {', '.join(self.known)}"
            if name in self.others:
                remark = f"; {name} is for {self.others[name]}"
            else:
                remark = meant(name, [*self.known, *self.others])
            self.fault(name if plain else shown(name), listed + remark)
        if kind is None:
            self.check()

    def check(self) -> None:
        """Raise what has been found wrong so far."""
        if self.faults:
            raise Malformed(*self.faults)

    def at(self, name: str) -> str:
        """The path of a field."""
        return f"{self.where}.{name}" if self.where and name else self.where or name

    def fault(self, name: str, what: str) -> None:
        """Record what is wrong with a field."""
        self.faults.append((self.at(name), what))

    def wrong(self, name: str) -> bool:
        """Whether a fault at the field, or inside it, is recorded."""
        return any(re.match(re.escape(self.at(name)) + r"($|[.\[])", where) for where, _ in self.faults)

    def take(self, name: str, read: Read[T], default: T) -> T:
        """The field as `read` reads it; its default if it is absent or, with its faults recorded, wrong."""
        self.known[name] = None
        if name not in self.left:
            return default
        return softly(read, default, self.faults)(self.left.pop(name), self.at(name))

    def need(self, name: str, read: Read[T], default: T) -> T:
        """The same for a field that must be there."""
        if name not in self.left:
            self.fault(name, "is missing")
        return self.take(name, read, default)


def listed(read: Read[T], size: int | None = None, what: str = "items") -> Read[list[T]]:
    """Reads an array, of a given size if any, item by item, and reports every wrong item."""

    def read_list(value: object, where: str) -> list[T]:
        if not isinstance(value, list):
            raise Malformed((where, f"expected a list, got {shown(value)}"))
        faults: list[tuple[str, str]] = []
        if size is not None and len(value) != size:
            faults.append((where, f"expected {size} {what}, got {len(value)}"))
        reader: Read[T | None] = softly(read, None, faults)
        good = [reader(item, f"{where}[{index}]") for index, item in enumerate(value)]
        if faults:
            raise Malformed(*faults)
        return good  # type: ignore[return-value]  # without faults, no item is None

    return read_list
