"""A lower bound that needs no full search: inf R is at least its minimum over some of the samples.

The parts grow: of samples whose labels lie far from the mean first, as these weigh most. A dual vector of a part is one
of the whole with zeros elsewhere, and its tree serves the whole, whose planes have other numbers.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import comb

from symverify.cells.unit import planes
from symverify.kernel.core.activation import ZERO
from symverify.kernel.core.network import Problem
from symverify.search.global_minimum.relaxation import plain
from symverify.search.global_minimum.result import Result

QUICK = 20_000  # entries of the columns of all rays of the first part, a quarter as many for each unit beyond two
SLOWER = 10  # as much less where the search is not compiled
LEAST, GROWTH = 8, 1.25  # samples in the first part at least, and how many times more are in the next one
DEARER = 3.0  # about so many times longer takes the next part

Written = tuple[tuple[tuple[int, ...], ...], tuple[int, ...]]  # vectors and tree
Minimum = Callable[[Problem, float], Result]  # of a part, within so many seconds


@dataclass(slots=True)
class Parts:
    """The parts searched so far: `lower` ≤ inf Σ(f − y)² by the vectors and the tree of `proof`."""

    problem: Problem
    lower: Fraction = ZERO
    proof: Written = ((), ())
    count: int = field(init=False)
    seconds: float = 0.0  # that the last part took

    def __post_init__(self) -> None:
        width, (rows, _) = self.problem.widths[1], planes(self.problem)
        kinks, dimension = len(self.problem.activations[0].breakpoints), len(rows[0]) if rows else 1
        count, most = LEAST, (QUICK >> 2 * max(width - 2, 0)) // (SLOWER if plain() else 1)
        while count < len(self.problem.inputs) and 2 * comb(count * kinks, dimension - 1) * count < most:
            count += 1
        self.count = max(count, width)  # a tree's root has as many units as that of the whole

    @property
    def rest(self) -> bool:
        """Whether there is a larger part to search, smaller than the whole."""
        return self.count < len(self.problem.inputs) and bool(self.problem.activations[0].breakpoints)

    def search(self, until: float, minimum: Minimum, patience: float = 0.0) -> None:
        """Go on to larger parts as long as the next one will probably be searched by the time `until`.

        One that takes longer than that is ended, not before so many seconds.
        """
        while self.rest and (left := until - time.monotonic()) > DEARER * self.seconds:
            begun, chosen = time.monotonic(), far(self.problem, self.count)
            found = minimum(part(self.problem, chosen), max(left, patience))
            self.seconds = time.monotonic() - begun
            if found.lower > self.lower:
                self.lower, self.proof = found.lower, whole(self.problem, chosen, (found.vectors, found.tree))
            if not found.closed:
                return
            self.count = max(self.count + 1, int(self.count * GROWTH))


def far(problem: Problem, count: int) -> list[int]:
    """The samples whose labels lie farthest from the mean (from 0 without an output bias), in their order."""
    labels = [y for (y,) in problem.targets]
    centre = sum(labels, ZERO) / len(labels) * problem.output_bias
    order = sorted(range(len(labels)), key=lambda i: (-abs(labels[i] - centre), i))
    return sorted(order[:count])


def part(problem: Problem, chosen: Sequence[int]) -> Problem:
    """The problem on some of its samples, with the same factor."""
    inputs, targets = ([of[i] for i in chosen] for of in (problem.inputs, problem.targets))
    return replace(problem, inputs=tuple(inputs), targets=tuple(targets), parameters=None, witnesses=())


def whole(problem: Problem, chosen: Sequence[int], proof: Written) -> Written:
    """Vectors and tree of a part as those of the whole: see `tree` for what the entries mean."""
    count, kinks, (vectors, tree) = len(problem.inputs), len(problem.activations[0].breakpoints), proof
    place = {i: k for k, i in enumerate(chosen)}
    padded = tuple(tuple(g[place[i]] if i in place else 0 for i in range(count)) for g in vectors)

    def entry(code: int) -> int:
        if code >= 0:
            return code
        unit, side = divmod(-1 - code, 1 + len(chosen) * kinks)
        sample, kink = divmod(side - 1, kinks)
        return -1 - (unit * (1 + count * kinks) + (1 + chosen[sample] * kinks + kink if side else 0))

    return padded, tuple(map(entry, tree))
