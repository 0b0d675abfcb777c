"""Minima at which a program is linear on the data (He, Wang and Tao 2020, Theorem 1, in a program).

Every bent unit is put into one piece on all samples, affine node by affine node, with exact linear programs; the
parameters of the last nodes then take the best predictions that they reach. Where the minorant is constant on the cell
the point is a local minimum.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from math import inf
from random import Random

from symverify.errors import cause
from symverify.ground.linear import least_squares, nullspace
from symverify.ground.lp import Witness, solve_system
from symverify.kernel.core.activation import ZERO, Activation
from symverify.kernel.core.errors import Declined, Rejected
from symverify.kernel.core.network import Bent, Point, cell_of, predictions, residuals
from symverify.kernel.core.poly import Poly
from symverify.kernel.programs.network import Programmed
from symverify.search.affine_minimum import NotConstructible, fit_by_pieces
from symverify.search.programs.forms import Forms, NotAffine, Pieces, forms, free_nodes, tail

MAX_ATTEMPTS = 24
Constraint = tuple[Sequence[Fraction], Fraction]


@dataclass(frozen=True, slots=True)
class LinearMinimum:
    """A `point` whose minorant is constant on its cell, and a polynomial `path` of such points, if one was found."""

    point: Point
    path: Point | None


def linear_minimum(problem: Programmed, deadline: float = inf, attempts: int = MAX_ATTEMPTS) -> LinearMinimum:
    """The constructed minimum, by `deadline` (time.monotonic()). Raises NotConstructible with the reason."""
    if not problem.loss.smooth:
        raise NotConstructible("in a general program the construction needs a loss that is differentiable everywhere")
    reason = ""
    for number in range(attempts):
        if time.monotonic() > deadline:
            break
        rng = Random(number)
        pieces = chosen_pieces(problem, rng, number)
        found = attempt(problem, pieces, rng)
        if isinstance(found, LinearMinimum):
            return found
        reason = reason or found
    raise NotConstructible(reason or "there was no time to construct it")


def chosen_pieces(problem: Programmed, rng: Random, number: int) -> Pieces:
    """A piece for each unit: of comparisons any, else one of non-zero slope, unbounded ones before bounded ones."""
    found = []
    for node in problem.bents:
        h, width = node.h, unit_count(problem, node)
        sloped = [p for p, s in enumerate(h.slopes) if s]
        ends = [p for p in sloped if p in (0, len(h.slopes) - 1)]
        if problem.comparison(node.layer):
            found.append([rng.randrange(2) if number % 4 == 3 else int(number % 4 == 1) for _ in range(width)])
        elif number < 2:
            found.append([(ends or sloped or [0])[-1]] * width)
        else:
            found.append([rng.choice(sloped or [0]) for _ in range(width)])
    return found


def unit_count(problem: Programmed, node: Bent) -> int:
    """The number of units of a bent node."""
    return len(problem.constants(0)[node.source])


def attempt(problem: Programmed, pieces: Pieces, rng: Random) -> LinearMinimum | str:
    """One choice of pieces and of the parameters that are held; else the reason.

    The parameters that are fitted are those of the last nodes, or those of one node with all biases after it.
    """
    nodes, biases = free_nodes(problem), shifts(problem)
    later = [frozenset(s for _, each in nodes[k + 1 :] for s in each) for k in range(len(nodes))]
    choices = [(tail(problem), frozenset[int]())]
    choices += [
        (own | later[k] & biases, later[k] - biases) for k, (_, own) in reversed(list(enumerate(nodes))) if later[k]
    ]
    reason = ""
    for last, random in choices:
        held = {s: Fraction(rng.choice((-2, -1, 1, 2))) for s in sorted(random)}
        for _, own in nodes:
            stage = own - last - random
            if stage and (why := settle(problem, held, stage, pieces, rng)) is not None:
                return why
        with suppress(NotAffine):
            found = fitted(problem, held, last, pieces)
            if isinstance(found, LinearMinimum):
                return found
            reason = reason or found
    return reason


def settle(
    problem: Programmed, held: dict[int, Fraction], stage: frozenset[int], pieces: Pieces, rng: Random
) -> str | None:
    """Values for the parameters of one affine node, with all that depends on them strictly inside its pieces.

    None if there are some, else the reason.
    """
    names = sorted(stage)
    try:
        known = [forms(problem, i, held, stage, pieces) for i in range(len(problem.inputs))]
    except NotAffine:
        return "parameters that two affine maps share are multiplied with each other"
    strict = inside(problem, known, names, pieces)
    found = solve_system([], [], strict, len(names))
    if not isinstance(found, Witness):
        return stuck(problem, known, names, pieces)
    left = [s for s in names if s in shifts(problem)]
    for scale in (1, 4, 64):  # random directions first, then whatever is possible
        wished = {s: Fraction(rng.randint(-3, 3), scale) for s in names if s not in left}
        rows = []
        for row, rhs in strict:
            at = dict(zip(names, row, strict=True))
            rows.append(([at[s] for s in left], rhs - sum((at[s] * x for s, x in wished.items()), ZERO)))
        again = solve_system([], [], rows, len(left))
        if isinstance(again, Witness):
            held |= wished | dict(zip(left, again.x, strict=True))
            return None
    aside = [Fraction(rng.randint(-3, 3)) for _ in names]  # so that units differ
    size = room(strict, found.x, aside)
    held |= {s: x + size * u for s, x, u in zip(names, found.x, aside, strict=True)}
    return None


def room(strict: Sequence[Constraint], at: Sequence[Fraction], step: Sequence[Fraction]) -> Fraction:
    """A step size, at most 1, of which even twice as much keeps all constraints."""
    size = Fraction(1)
    for row, rhs in strict:
        drift = sum((a * b for a, b in zip(row, step, strict=True)), ZERO)
        if drift < 0:
            size = min(size, (sum((a * x for a, x in zip(row, at, strict=True)), ZERO) - rhs) / (-2 * drift))
    return size


def stuck(problem: Programmed, known: Sequence[Forms], names: Sequence[int], pieces: Pieces) -> str:
    """Why the parameters of a node cannot put all into these pieces: a unit that fits into none, if there is one."""
    for node in problem.bents:
        for j in range(len(pieces[node.layer]) if known[0][node.source] else 0):
            alone = [[values[node.source][j]] for values in known]
            if not any(form.rates for (form,) in alone):
                continue
            for p in range(len(node.h.slopes)):
                if isinstance(solve_system([], [], limits(node.h, p, alone, names), len(names)), Witness):
                    break
            else:
                return (
                    f"{problem.unit_name(node.layer, j)} is on two pieces with the parameters before it that were tried"
                )
    return "no parameters were found that put every bent unit into one piece on all samples"


def shifts(problem: Programmed) -> frozenset[int]:
    """The parameters that are biases."""
    return frozenset(s for slots in problem.slots for s in slots.bias or () if isinstance(s, int))


def inside(problem: Programmed, known: Sequence[Forms], names: Sequence[int], pieces: Pieces) -> list[Constraint]:
    """What says that every pre-activation that moves is strictly inside its piece: rows in the moving parameters."""
    found = dict[tuple[tuple[Fraction, ...], Fraction], None]()
    for node in problem.bents:
        for j, p in enumerate(pieces[node.layer]) if known[0][node.source] else ():
            alone = [[values[node.source][j]] for values in known]
            found |= dict.fromkeys((tuple(row), rhs) for row, rhs in limits(node.h, p, alone, names))
    return [(list(row), rhs) for row, rhs in found]


def limits(h: Activation, p: int, known: Forms, names: Sequence[int]) -> list[Constraint]:
    """Rows that say that the pre-activations that move are strictly inside a piece."""
    found = list[Constraint]()
    for z in (form for values in known for form in values if form.rates):
        row = [z.rates.get(s, ZERO) for s in names]
        if p > 0:
            found.append((row, h.breakpoints[p - 1] - z.start))
        if p < len(h.breakpoints):
            found.append(([-x for x in row], z.start - h.breakpoints[p]))
    return found


def fitted(
    problem: Programmed, held: Mapping[int, Fraction], last: frozenset[int], pieces: Pieces
) -> LinearMinimum | str:
    """The last parameters with the best predictions that they reach; the minimum, if it is one."""
    names = sorted(last)
    known = [forms(problem, i, held, last, pieces) for i in range(len(problem.inputs))]
    outputs = [form for values in known for form in values[-1]]
    rows = [[form.rates.get(s, ZERO) for s in names] for form in outputs]
    aims = [y - form.start for y, form in zip((y for row in problem.targets for y in row), outputs, strict=True)]
    strict = inside(problem, known, names, pieces)
    solution = best(problem, rows, aims)
    equal = [(row, sum((a * x for a, x in zip(row, solution, strict=True)), ZERO)) for row in rows]
    if strict:
        witness = solve_system([(row, rhs) for row, rhs in equal if any(row)], [], strict, len(names))
        if not isinstance(witness, Witness):
            return "the best predictions that the last parameters reach need other pieces"
        solution = witness.x
    values = dict(held) | dict(zip(names, solution, strict=True))
    point = problem.expand([values.get(s, ZERO) for s in range(problem.size())])
    try:
        pattern = cell_of(problem, point)
        if problem.tilted(pattern, residuals(problem, predictions(problem, point))) is not None:
            return (
                "no local minimum was constructed: the hidden parameters tried do not reach the best fit of their cell"
            )
    except (Rejected, Declined) as error:
        return cause(error)
    return LinearMinimum(point, path(problem, values, pieces, point))


def best(problem: Programmed, rows: Sequence[Sequence[Fraction]], aims: Sequence[Fraction]) -> list[Fraction]:
    """Parameters whose predictions have the least risk."""
    if not rows[0]:
        return []
    if problem.loss.quadratic:
        return [row[0] for row in least_squares(rows, [[aim] for aim in aims])]
    return list(fit_by_pieces([tuple(row) for row in rows], list(aims), problem.loss))


def path(problem: Programmed, values: Mapping[int, Fraction], pieces: Pieces, point: Point) -> Point | None:
    """A line of points with the same predictions in the cell: along the parameters of one node, if any can move."""
    for moving in candidates(problem):
        held = {s: x for s, x in values.items() if s not in moving}
        try:
            known = [forms(problem, i, held, moving, pieces) for i in range(len(problem.inputs))]
        except NotAffine:
            continue
        names = sorted(moving)
        rows = [[form.rates.get(s, ZERO) for s in names] for each in known for form in each[-1]]
        for step in nullspace(rows, len(names)):
            size = room(inside(problem, known, names, pieces), [values[s] for s in names], step)
            moves = dict(zip(names, step, strict=True))
            return problem.expand(
                [Poly.of([values[s], size * moves[s]]) if moves.get(s) else values[s] for s in range(problem.size())]
            )
    return None


def candidates(problem: Programmed) -> Iterator[frozenset[int]]:
    """Sets of parameters that may move together: the biases of a node and after it, then all parameters of a node."""
    nodes, biases = free_nodes(problem), shifts(problem)
    for k, (_, own) in enumerate(nodes):
        later = frozenset(s for _, each in nodes[k + 1 :] for s in each if s in biases)
        yield (own & biases) | later
    yield from (own for _, own in nodes)
