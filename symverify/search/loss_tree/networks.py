"""From a node's relaxation to networks: exact ones where its rays fall into few enough cells, descent elsewhere."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from symverify.ground.linear import solve
from symverify.kernel.core.activation import ONE, ZERO
from symverify.kernel.core.network import Point, Problem
from symverify.kernel.reals.losses import RealLoss
from symverify.search.global_minimum.candidate import Candidate, heights
from symverify.search.global_minimum.generators import Flags, Generators
from symverify.search.global_minimum.network import Share, grouped
from symverify.search.loss_tree.relaxation import Relaxation, Relaxed

PLACES, NEAR = 40, 1e-7


def network(shape: Generators, relaxation: Relaxation, parts: Sequence[Share]) -> Point | None:
    """The best network whose units combine these rays, exactly where it can be, else nearly; None for a limit only."""
    plus, minus = flags_of(shape, parts)
    found = relaxation(plus, minus, None, 0.0)
    fitted = _exactly(shape, found)
    weights, constant = fitted if fitted is not None else _nearly(shape, found)
    first = sum((w * shape.column(k)[0] for k, w in weights.items()), constant)
    units = grouped(shape, parts, {k: w * shape.chart.q for k, w in weights.items()})
    rest = first - sum((unit[0] * heights(shape.problem, unit)[0] for unit in units), ZERO)
    return Candidate(ZERO, tuple(units), rest if shape.problem.output_bias else ZERO).point(shape.problem)


def flags_of(shape: Generators, parts: Sequence[Share]) -> tuple[Flags, Flags]:
    """The rays with σ = + and with σ = −."""
    plus, minus = np.zeros(shape.count, dtype=bool), np.zeros(shape.count, dtype=bool)
    for sign, rays in parts:
        (plus if sign > 0 else minus)[list(rays)] = True
    return plus, minus


Fitted = tuple[dict[int, Fraction], Fraction]  # weights of the columns of integers, and the constant


def _nearly(shape: Generators, found: Relaxed) -> Fitted:
    """The floats, rounded; their constant is that of columns that are not centred."""
    weights, constant = dict[int, Fraction](), _short(found.constant)
    for k, x in zip(found.support.tolist(), found.weights.tolist(), strict=True):
        w = weights[k] = _short(x / float(shape.lengths[k % shape.count]))
        constant -= shape.problem.output_bias * w * Fraction(sum(shape.column(k)), len(shape.labels))
    return weights, constant + shape.problem.output_bias * _centre(shape)


def _centre(shape: Generators) -> Fraction:
    """What the labels are measured from."""
    if isinstance(shape.problem.loss, RealLoss):
        return ZERO
    return Fraction(sum(shape.labels), shape.label_scale * len(shape.labels))


def _short(x: float) -> Fraction:
    """Nearly x, of few binary places."""
    if x == 0.0:
        return ZERO
    unit = Fraction(2) ** (int(np.frexp(x)[1]) - PLACES)
    return round(Fraction(x) / unit) * unit


def _exactly(shape: Generators, found: Relaxed) -> Fitted | None:
    """The weights of the support, none of them negative, that the loss's pieces in floats make the best."""
    problem = shape.problem
    if isinstance(problem.loss, RealLoss):
        return None
    labels, numbers = [y for (y,) in problem.targets], [int(k) for k in found.support]
    columns = [shape.column(k) for k in numbers]
    rows = [[*(Fraction(c[i]) for c in columns), *[ONE] * problem.output_bias] for i in range(len(labels))]
    if not rows[0]:
        return {}, ZERO
    solved = (_huber if problem.loss.smooth else _through)(problem, rows, labels, found)
    if solved is None or min(solved[: len(numbers)], default=ZERO) < 0:
        return None
    return dict(zip(numbers, solved, strict=False)), solved[-1] if problem.output_bias else ZERO


Rows = Sequence[Sequence[Fraction]]


def _through(problem: Problem, rows: Rows, labels: Sequence[Fraction], found: Relaxed) -> list[Fraction] | None:
    """Through the labels that the floats go through."""
    size = 1.0 + float(np.abs(found.error).max())
    touched = np.flatnonzero(np.abs(found.error) < NEAR * size).tolist()
    return solve([rows[i] for i in touched], [labels[i] for i in touched], len(rows[0])) if touched else None


def _huber(problem: Problem, rows: Rows, labels: Sequence[Fraction], found: Relaxed) -> list[Fraction] | None:
    """Normal equations with the pieces of the loss that the floats are on."""
    delta, width = problem.loss.cuts[-1], len(rows[0])
    gram, moment = [[ZERO] * width for _ in range(width)], [ZERO] * width
    for row, y, e in zip(rows, labels, found.error.tolist(), strict=True):
        inner = abs(e) <= float(delta) * (1 + NEAR)
        for a in range(width):
            moment[a] += row[a] * (y if inner else delta if e < 0 else -delta)
            for b in range(width if inner else 0):
                gram[a][b] += row[a] * row[b]
    return solve(gram, moment, width)
