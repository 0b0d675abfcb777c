"""The rule `tree_bound`: what deep networks cannot go below that have one unit in each layer after the first, or one

layer of several there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import reduce
from itertools import combinations, product
from math import comb
from operator import and_

from ..core.activation import ZERO
from ..core.algebra import dot, total
from ..core.errors import Declined, Malformed, Rejected, printable, spend
from ..core.facts import LowerBound
from ..core.network import Problem
from ..core.proof import Reading
from ..core.text import canonical, integer, listed, natural
from .sides import sides_of

MAX_CASES = 100_000
Sides = Sequence[int]
Entry = tuple[int, list[tuple[int, Fraction]]]


@dataclass(frozen=True, slots=True)
class Case:
    """First units, each with the sides of the samples and the sign of its output weight; then the later ones."""

    first: tuple[tuple[Sides, int], ...]
    later: tuple[tuple[Sides, int], ...]


def tree_bound(step: Reading) -> LowerBound:
    """
    layers d, h, 1, …, 1 or d, h, k, 1, squared loss, h homogeneous: at most one breakpoint, at 0, and h(0) = 0
    a case, of d, h, 1, 1 in place of d, h, k, 1: a set of min(h, all) first units (P: sides of the samples in a chamber
      of the w·x̃_i = 0, a sign), without those that are 0 on all samples, and sides of all samples and a sign for every
      later unit; f = A z, C z ≥ 0 for the network on these sides
    vectors g: ⟨g, y⟩ > 0, factor ⟨g, y⟩² ≥ ρ ⟨g, g⟩; g serves a case by an m ≥ 0 with Aᵀg + Cᵀm = 0
    some vector serves each case; for k > 1 some vector serves any k cases together
    ------------------------------------------------------------------------------------------- [tree_bound]
      R ≥ ρ

    Sound: absolute values of weights beyond the first layer are moved into those before, as h is homogeneous, so that
    f = A z with z the first rows and the biases, times the products on their ways out; the units' sides, closed, say
    C z ≥ 0. Units of equal sides and sign add up to one, and others may be 0. ⟨g, A z⟩ = −⟨m, C z⟩ ≤ 0, so that
    |y − f|² ≥ ⟨g, y⟩²/⟨g, g⟩. Were each of k second units to have first units of its own, f would be a sum of k such
    networks, and every f is one of these.
    """
    problem, risk = step.proof.problem, step.need("risk", canonical)
    if not untied(problem):
        raise Rejected(step.where, "needs layers d, h, 1, ..., 1 or d, h, k, 1, one breakpoint at 0, and h(0) = 0")
    one, together = alone(problem), problem.widths[2]
    vectors = step.need("vectors", listed(listed(integer)))
    if together == 1:
        given = [[each] for each in step.need("cases", listed(entry))]
    else:
        given = step.need("cases", listed(listed(entry)))
    labels, n = [y for (y,) in problem.targets], len(problem.inputs)
    for k, g in enumerate(vectors):
        where = f"{step.at('vectors')}[{k}]"
        if len(g) != n:
            raise Malformed((where, f"expected {n} integers"))
        gain = dot(list(map(Fraction, g)), labels)
        if gain <= 0 or problem.loss.factor * gain * gain < risk * sum(x * x for x in g):
            raise Rejected(where, "proves less than the claimed bound")
    count, every = cases(one)
    if len(given) != count:
        raise Rejected(step.at("cases"), f"expected {count}, got {len(given)}")
    spend(sum(map(len, given)) * n * sum(one.widths[1:]) * 6000)
    masks = list[int]()
    for k, (case, entries) in enumerate(zip(every, given, strict=True)):
        where = f"{step.at('cases')}[{k}]"
        for vector, multipliers in entries:
            if vector >= len(vectors):
                raise Rejected(where, "there is no such vector")
            serves(one, case, vectors[vector], multipliers, where)
        masks.append(sum({1 << vector for vector, _ in entries}))
    require_common(masks, together, step.at("cases"))
    return LowerBound(printable(risk), ())


def untied(problem: Problem) -> bool:
    """Whether the layers are d, h, 1, …, 1 or d, h, k, 1, and h is homogeneous."""
    widths = problem.widths
    later = widths[2:] if len(widths) > 4 else widths[3:]
    return len(widths) > 3 and set(later) == {1} and straight(problem)


def alone(problem: Problem) -> Problem:
    """The network with one of the units in its second hidden layer."""
    widths = problem.widths
    return problem if widths[2] == 1 else replace(problem, widths=(*widths[:2], 1, *widths[3:]), parameters=None)


def require_common(masks: Sequence[int], together: int, where: str) -> None:
    """Any so many of the sets of vectors, as bits, have one in common."""
    distinct = sorted(set(masks))
    size = min(together, len(distinct))
    if comb(len(distinct), size) > MAX_CASES:
        raise Declined(f"{comb(len(distinct), size)} choices of cases")
    spend(comb(len(distinct), size) * size * 20)
    if not all(reduce(and_, chosen) for chosen in combinations(distinct, size)):
        raise Rejected(where, f"no vector serves some {together} of them together")


def entry(value: object, where: str) -> Entry:
    """[vector, [[row, number], …]]."""
    if not isinstance(value, list) or len(value) != 2:
        raise Malformed((where, "expected the number of a vector, and multipliers"))

    def multiplier(each: object, at: str) -> tuple[int, Fraction]:
        if not isinstance(each, list) or len(each) != 2:
            raise Malformed((at, "expected a row and a number"))
        return natural(each[0], f"{at}[0]"), canonical(each[1], f"{at}[1]")

    return natural(value[0], f"{where}[0]"), listed(multiplier)(value[1], f"{where}[1]")


def straight(problem: Problem) -> bool:
    """Whether every activation has at most one breakpoint, at 0, and h(0) = 0."""
    return all(len(h.breakpoints) <= 1 and not any((*h.breakpoints, *h.offsets)) for h in problem.activations)


def cases(problem: Problem) -> tuple[int, Iterator[Case]]:
    """All cases, and their number."""
    n = len(problem.inputs)
    units = [
        (tuple(sides), sign)
        for sides in sides_of([problem.row(i) for i in range(n)])
        if any(side and slope(problem, 0, side) for side in sides)
        for sign in (1, -1)
    ]
    size, later = min(problem.widths[1], len(units)), len(problem.widths) - 3
    one = [(sides, sign) for sides in product((1, -1), repeat=n) for sign in (1, -1)] if n <= 16 else []
    count = comb(len(units), size) * (1 << later * (n + 1))
    if count > MAX_CASES:
        raise Declined(f"{count} cases of sides and signs")
    return count, (Case(first, rest) for first in combinations(units, size) for rest in product(one, repeat=later))


def slope(problem: Problem, m: int, side: int) -> Fraction:
    """h' on a side in hidden layer m."""
    slopes = problem.activations[m].slopes
    return slopes[-1] if side > 0 else slopes[0]


def serves(
    problem: Problem, case: Case, g: Sequence[int], multipliers: Sequence[tuple[int, Fraction]], where: str
) -> None:
    """Aᵀg + Cᵀm = 0, pulled back from the output; the rows of C are first those of the first units, then of later ones.

    Row u n + i says that unit u is on its side on sample i.
    """
    n, count = len(problem.inputs), len(case.first)
    held = [[ZERO] * n for _ in range(count + len(case.later))]
    for row, m in multipliers:
        if row >= len(held) * n or m < 0:
            raise Rejected(where, "expected numbers of rows, with multipliers that are not negative")
        held[row // n][row % n] += m
    pull = list(map(Fraction, g))
    balanced = not problem.output_bias or not total(pull)
    for k in range(len(case.later) - 1, -1, -1):
        sides, sign = case.later[k]
        more = held[count + k]
        pull = [sign * slope(problem, k + 1, s) * x + s * m for x, s, m in zip(pull, sides, more, strict=True)]
        balanced = balanced and (not problem.has_bias(k + 1) or not total(pull))
    rows = [problem.row(i) for i in range(n)]
    for (sides, sign), more in zip(case.first, held[: len(case.first)], strict=True):
        own = [
            sign * slope(problem, 0, s) * x + s * m if s else ZERO for x, s, m in zip(pull, sides, more, strict=True)
        ]
        balanced = balanced and not any(dot(own, column) for column in zip(*rows, strict=True))
    if not balanced:
        raise Rejected(where, "the vector and its multipliers do not balance")
