"""Flows that leave all predictions on a cell, and the signs of some kinks, as they are: the symmetries of a cell."""

from collections.abc import Iterator, Mapping, Sequence, Set
from fractions import Fraction

from ..core.activation import ONE, ZERO
from ..core.network import Pattern, Place, Point, Problem, rational
from ..programs.moves import Moves, Unit
from ..programs.moves import moves_of as moves_of_program
from ..programs.network import Programmed
from ..programs.parameters import numbered, values_of
from .face_flows import Face, on_face


def moves_of(
    problem: Problem, pattern: Pattern, kinked: Mapping[Unit, Set[Fraction]], kept: Set[Place] | None = None
) -> Iterator[Moves]:
    """The flows, as velocities in the parameters; `kinked` are the units with kinks to be kept, and their breakpoints.

    A unit is *free* if it has no such kink. With `kept`, the kinks themselves, whose lower pieces `pattern` has, the
    flow is one of every cell at them, all other pre-activations being strictly inside their pieces: then all units
    named below but the rescaled one must be free; and a sample on which all units of the layer above have slope 0 and
    no kink does not count, as nothing that happens below is seen there.
    1. A unit, all offsets 0 and all its kinks at the breakpoint 0, is rescaled.
    2. Units j, k with the same slopes and all offsets 0, j free: row j gains row k, column k of the next layer loses
       column j.
    3. j free, one slope on all samples, biases in both layers: its bias gains 1, the next biases make up for it.
    4. j free, all slopes 0: each entry of its row moves.
    5. All slopes and offsets 0: each outgoing entry moves.
    """
    for m, layer in enumerate(pattern):
        h, columns, below = problem.activations[m], problem.widths[m], problem.widths[m + 2]
        seen = range(len(problem.inputs)) if kept is None else seen_by(problem, pattern, m + 1, kept)
        slopes = [[h.slopes[unit[i]] for i in seen] for unit in layer]
        zero = [not any(h.offsets[unit[i]] for i in seen) for unit in layer]
        width = columns + problem.has_bias(m)
        frees = [(m, j) not in kinked for j in range(len(layer))]
        for j, free in enumerate(frees):
            for k in range(len(layer)):
                scaled = j == k and not any(kinked.get((m, j), ()))
                mixed = free and (frees[k] or kept is None)
                if zero[j] and zero[k] and slopes[j] == slopes[k] and (mixed or scaled):
                    gained: Moves = {(m, j, c): (ONE, (m, k, c)) for c in range(width)}
                    yield gained | {(m + 1, i, k): (-ONE, (m + 1, i, j)) for i in range(below)}
            if free and problem.has_bias(m) and problem.has_bias(m + 1) and len(set(slopes[j])) == 1:
                bias = problem.widths[m + 1]
                made_up: Moves = {(m + 1, i, bias): (-slopes[j][0], (m + 1, i, j)) for i in range(below)}
                yield {(m, j, columns): (ONE, None)} | made_up
            if not any(slopes[j]):
                alone = [(m, j, c) for c in range(width) if free]
                if zero[j] and (free or kept is None):
                    alone += [(m + 1, i, j) for i in range(below)]
                for place in alone:
                    yield {place: (ONE, None)}


def seen_by(problem: Problem, pattern: Pattern, m: int, kept: Set[Place]) -> Sequence[int]:
    """The samples on which some unit of hidden layer m has a slope other than 0, or a kink; all if it is the output."""
    samples = range(len(problem.inputs))
    if m == len(pattern):
        return samples
    slopes, units = problem.activations[m].slopes, list(enumerate(pattern[m]))
    return [i for i in samples if any(slopes[unit[i]] or (m, j, i) in kept for j, unit in units)]


def flows(
    problem: Problem,
    point: Point,
    pattern: Pattern,
    kinked: Mapping[Unit, Set[Fraction]],
    face: Face | None = None,
) -> list[list[Fraction]]:
    """The velocities at a point, in the order of `coordinates`; with a face, a chain's fields on it."""
    if face is not None and not isinstance(problem, Programmed):
        return list(on_face(face))
    values, number = [rational(x) for x in values_of(problem, point)], dict(list(numbered(problem)))
    found = list[list[Fraction]]()
    if isinstance(problem, Programmed):
        known = moves_of_program(problem, pattern, kinked)
    else:
        known = moves_of(problem, pattern, kinked)
    for moves in known:
        velocity = [ZERO] * len(values)
        for place, (q, source) in moves.items():
            velocity[number[place]] = q if source is None else q * values[number[source]]
        found.append(velocity)
    return found


def symmetries(problem: Problem, point: Point, pattern: Pattern) -> list[list[Fraction]]:
    """The flows of a cell that the point is strictly inside."""
    face = None if isinstance(problem, Programmed) else Face(problem, point, pattern, {})
    return flows(problem, point, pattern, {}, face)
