"""General programs under logistic, cross-entropy and Poisson loss: cells in which they are linear, points of low risk.

The candidates are rational; only the enclosure of their risk counts.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from random import Random

from symverify.errors import cause
from symverify.kernel.core.activation import ZERO
from symverify.kernel.core.errors import Declined, Rejected
from symverify.kernel.core.network import Affine, Point, Vector, cell_of, features, predictions, rational
from symverify.kernel.programs.network import Programmed
from symverify.kernel.programs.values import columns
from symverify.kernel.reals.enclosed_point import enclosed_risk
from symverify.kernel.reals.facts import real_loss
from symverify.kernel.reals.zero_infimum import scalable
from symverify.search.affine_minimum import NotConstructible
from symverify.search.better_real import GROW, RealWitness
from symverify.search.programs.forms import free_nodes
from symverify.search.programs.linear_place import MAX_ATTEMPTS, chosen_pieces, settle
from symverify.search.programs.training import rounded
from symverify.search.span_dual import NotFitted, span_fit

SEEDS, GRIDS = 24, (64, 2**16)


@dataclass(frozen=True, slots=True)
class Place:
    """A point whose last affine map nearly has the best predictions of its cell, and a dual point (n × d_Y) of it."""

    point: Point
    dual: list[list[Fraction]]


def last_map(problem: Programmed) -> Affine:
    """The last affine map, if it is the prediction's and all its places are free. Raises NotConstructible."""
    last = problem.program[-1]
    if not isinstance(last, Affine) or not problem.loose(last.layer):
        raise NotConstructible("the prediction is not that of an affine map with all entries free")
    return last


def columns_of(problem: Programmed, point: Point) -> list[Vector]:
    """What enters the last affine map, as vectors over the samples, and 1 where it has a bias."""
    return columns(problem, point, last_map(problem))


def with_last(problem: Programmed, point: Point, weights: Sequence[Sequence[Fraction]]) -> Point:
    """The point with other entries of the last affine map, a row for each output."""
    values = [rational(x) for x in problem.free(point)]
    for row, slots in zip(weights, problem.slots[last_map(problem).layer].rows(), strict=True):
        for x, slot in zip(row, slots, strict=True):
            if isinstance(slot, int):
                values[slot] = x
    return problem.expand(list(values))


def best_in_cell(problem: Programmed, point: Point) -> Place | None:
    """The same hidden parameters with nearly the best predictions; None where the cell has no best ones."""
    fit = span_fit(problem, columns_of(problem, point))
    return None if fit.direction is not None else Place(with_last(problem, point, fit.near), fit.dual)


def linear_place(problem: Programmed, deadline: float) -> Place:
    """A cell where every bent unit is in one piece on all samples, and whose predictions the last map reaches.

    Raises NotConstructible, also where no predictions of it are best.
    """
    last, reason = last_map(problem), ""
    own = {slot for row in problem.slots[last.layer].rows() for slot in row if isinstance(slot, int)}
    for number in range(MAX_ATTEMPTS):
        if time.monotonic() > deadline:
            break
        rng, held = Random(number), dict[int, Fraction]()
        pieces = chosen_pieces(problem, rng, number)
        stages = [stage - own for _, stage in free_nodes(problem) if stage - own]
        why = next((w for stage in stages if (w := settle(problem, held, stage, pieces, rng)) is not None), None)
        if why is not None:
            reason = reason or why
            continue
        point = problem.expand([held.get(s, ZERO) for s in range(problem.size())])
        try:
            features(problem, cell_of(problem, point))
            if (found := best_in_cell(problem, point)) is not None:
                return found
            reason = reason or "no predictions of the cell are best: the labels are separable there"
        except (NotFitted, Rejected, Declined) as error:
            reason = reason or cause(error)
    raise NotConstructible(reason or "there was no time to construct it")


def witness(problem: Programmed, point: Point) -> RealWitness | None:
    """The point with its risk; where it wins, a multiple of its last map, if that may grow."""
    loss = real_loss(problem)
    for factor in (GROW, 1):
        there = grown(problem, point, factor) if factor > 1 and scalable(problem) else point
        f = predictions(problem, there)
        wins = scalable(problem) and all(loss.wins(u, y) for u, y in zip(f, problem.targets, strict=True))
        if factor > 1 and not wins:
            continue
        try:
            return RealWitness(there, enclosed_risk(problem, f), wins)
        except Declined:
            continue
    return None


def grown(problem: Programmed, point: Point, factor: int) -> Point:
    """The parameters of the last affine map times a number."""
    last = problem.program[-1]
    own = {s for row in problem.slots[getattr(last, "layer", 0)].rows() for s in row if isinstance(s, int)}
    values = [rational(x) for x in problem.free(point)]
    return problem.expand([factor * x if s in own else x for s, x in enumerate(values)])


def trained(problem: Programmed) -> Iterator[Point]:
    """Trained points, rounded to grids, each also with its last map refitted."""
    for point in rounded(problem, SEEDS, GRIDS):
        yield point
        try:
            if (again := best_in_cell(problem, point)) is not None:
                yield again.point
        except (NotConstructible, NotFitted):
            continue


def lowest_point(problem: Programmed, ceiling: Fraction | None, deadline: float) -> RealWitness | None:
    """The lowest point found by `deadline` (time.monotonic()), the first below `ceiling`, or one that wins."""
    best: RealWitness | None = None
    for point in trained(problem):
        if time.monotonic() > deadline:
            break
        found = witness(problem, point)
        if found is not None and (best is None or found.risk.upper < best.risk.upper):
            best = found
        if best is not None and (best.wins or (ceiling is not None and best.risk.upper < ceiling)):
            break
    return best
