"""What certifying has computed so far, kept so that it is not computed again after an interruption."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from symverify.search.global_minimum.dual import DualVector

T = TypeVar("T")


@dataclass(slots=True)
class Trail:
    """What certifying has computed so far, in the order of asking: after an interruption it is not computed again.

    grown: places of the members of each group, and their common support. found: each group's dual vector. alone: the
    dual vectors of first members whose group has none.
    """

    grown: list[tuple[tuple[int, ...], tuple[int, ...]]] = field(default_factory=list)
    found: list[DualVector | None] = field(default_factory=list)
    alone: list[DualVector | None] = field(default_factory=list)


class Replay:
    """A walk along a trail, which it makes longer."""

    def __init__(self, trail: Trail) -> None:
        self.trail, self.places = trail, dict.fromkeys(("grown", "asked", "found", "alone"), 0)

    def next(self, name: str, entries: list[T], compute: Callable[[], T]) -> T:
        """The next entry, computed if the trail ends here."""
        place = self.places[name]
        self.places[name] += 1
        if place == len(entries):
            entries.append(compute())
        return entries[place]

    def asks(self) -> bool:
        """Whether the next group's dual vector is still to be computed."""
        self.places["asked"] += 1
        return self.places["asked"] > len(self.trail.found)
