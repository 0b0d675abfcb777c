"""What certifying has computed so far, kept so that it is not computed again after an interruption."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from symverify.search.global_minimum.covering import Covering


@dataclass(slots=True)
class Trail:
    """What covers the slices of leaves, in the order of asking; so many of them have been asked for since `rewind`."""

    covered: list[Covering] = field(default_factory=list)
    asked: int = 0

    def rewind(self) -> None:
        """The same slices will be asked for again."""
        self.asked = 0

    def ask(self, begin: Callable[[], Callable[[], Covering]]) -> Callable[[], Covering]:
        """Call what it returns for what covers the next slice, in order: known, or what `begin` has begun."""
        number, self.asked = self.asked, self.asked + 1
        if number < len(self.covered):
            return partial(self.covered.__getitem__, number)
        running = begin()

        def result() -> Covering:
            if number == len(self.covered):
                self.covered.append(running())
            return self.covered[number]

        return result
