"""Points of lower risk of a program: training in floats, short exact points, the last parameters refitted."""

import time
from collections.abc import Iterator
from fractions import Fraction

from symverify.ground.linear import least_squares
from symverify.kernel.core.activation import ZERO
from symverify.kernel.core.network import Bent, Point, predictions, rational, risk
from symverify.kernel.programs.network import Programmed
from symverify.kernel.programs.values import evaluate
from symverify.search.better import Witness
from symverify.search.programs.forms import forms, tail
from symverify.search.programs.training import rounded

MAX_SEEDS, GRIDS = 40, (4, 64, 4096, 2**20)


def better_point(problem: Programmed, start: Point, deadline: float, floor: Fraction = ZERO) -> Witness | None:
    """The lowest point found whose risk is strictly below that of `start`, by `deadline`; else None."""
    first = best = Witness(start, risk(problem, predictions(problem, start)))
    left = MAX_SEEDS
    for point in trained(problem, left):
        if time.monotonic() > deadline or best.risk <= floor or left == 0:
            break
        left -= best is not first
        found = Witness(point, risk(problem, predictions(problem, point)))
        best = min(best, found, key=lambda each: each.risk)
    return None if best is first else best


def trained(problem: Programmed, seeds: int) -> Iterator[Point]:
    """Trained points, rounded to grids, each also with its last parameters refitted."""
    last = tail(problem)
    for point in rounded(problem, seeds, GRIDS):
        yield point
        again = refitted(problem, point, last)
        if again is not None:
            yield again


def refitted(problem: Programmed, point: Point, last: frozenset[int]) -> Point | None:
    """The point with the best values of the parameters behind all bent nodes; None where there are none, or no loss."""
    values = [rational(x) for x in problem.free(point)]
    if not last or not problem.loss.quadratic or isinstance(problem.program[-1], Bent):
        return None
    held = {s: x for s, x in enumerate(values) if s not in last}
    names = sorted(last)
    rows, aims = list[list[Fraction]](), list[Fraction]()
    for i, target in enumerate(problem.targets):
        pieces = pieces_of(problem, point, i)
        known = forms(problem, i, held, last, pieces)
        if any(form.rates for node in problem.bents for form in known[node.source]):
            return None
        rows += [[form.rates.get(s, ZERO) for s in names] for form in known[-1]]
        aims += [y - form.start for y, form in zip(target, known[-1], strict=True)]
    solved = [row[0] for row in least_squares(rows, [[aim] for aim in aims])]
    return problem.expand([dict(zip(names, solved, strict=True)).get(s, x) for s, x in enumerate(values)])


def pieces_of(problem: Programmed, point: Point, i: int) -> list[list[int]]:
    """The piece of each unit on a sample."""
    known = evaluate(problem, point, i)
    return [[node.h.pieces(rational(z))[0] for z in known[node.source]] for node in problem.bents]
