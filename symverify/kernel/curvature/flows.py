"""Flows that leave all predictions on a cell, and the signs of some kinks, as they are: the symmetries of a cell."""

from collections.abc import Mapping, Set
from fractions import Fraction

from ..core.activation import ONE, ZERO
from ..core.network import Pattern, Point, Problem, rational
from .hessian import Place, places

Unit = tuple[int, int]  # hidden layer, unit


def flows(
    problem: Problem, point: Point, pattern: Pattern, kinked: Mapping[Unit, Set[Fraction]]
) -> list[list[Fraction]]:
    """Velocities at the point; `kinked` are the units with kinks to be kept, with the breakpoints that they are at.

    A unit is *free* if it has no such kink.
    1. A unit, all offsets 0 and all its kinks at the breakpoint 0, is rescaled.
    2. Units j, k with the same slopes and all offsets 0, j free: row j gains row k, column k of the next layer loses
       column j.
    3. j free, one slope on all samples, biases in both layers: its bias gains 1, the next biases make up for it.
    4. j free, all slopes 0: each entry of its row moves.
    5. All slopes and offsets 0: each outgoing entry moves.
    """
    index = {place: c for c, place in enumerate(places(problem))}
    found: list[list[Fraction]] = []

    def flow(moves: Mapping[Place, Fraction]) -> None:
        velocity = [ZERO] * len(index)
        for place, speed in moves.items():
            velocity[index[place]] += speed
        found.append(velocity)

    for m, layer in enumerate(pattern):
        h, columns, below = problem.activations[m], problem.widths[m], problem.widths[m + 2]
        slopes = [[h.slopes[p] for p in unit] for unit in layer]
        zero = [not any(h.offsets[p] for p in unit) for unit in layer]
        width, bias = columns + problem.has_bias(m), point[m].bias or ()
        rows = [[rational(x) for x in (*row, *bias[j : j + 1])] for j, row in enumerate(point[m].weight)]
        after = [[rational(x) for x in row] for row in point[m + 1].weight]
        for j in range(len(layer)):
            free = (m, j) not in kinked
            for k in range(len(layer)):
                scaled = j == k and not any(kinked.get((m, j), ()))
                if zero[j] and zero[k] and slopes[j] == slopes[k] and (free or scaled):
                    gained = {(m, j, c): rows[k][c] for c in range(width)}
                    flow(gained | {(m + 1, i, k): -after[i][j] for i in range(below)})
            if free and problem.has_bias(m) and problem.has_bias(m + 1) and len(set(slopes[j])) == 1:
                made_up = {(m + 1, i, problem.widths[m + 1]): -slopes[j][0] * after[i][j] for i in range(below)}
                flow({(m, j, columns): ONE} | made_up)
            if not any(slopes[j]):
                for c in range(width) if free else ():
                    flow({(m, j, c): ONE})
                for i in range(below) if zero[j] else ():
                    flow({(m + 1, i, j): ONE})
    return found
