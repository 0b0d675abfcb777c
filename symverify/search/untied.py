"""A lower bound for networks with two hidden layers: each second unit gets first units of its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from symverify.ground.cone_qp import minimise_over_cone
from symverify.ground.linear import primitive, solve
from symverify.ground.time_limit import on_time
from symverify.kernel.cells.tree_bound import alone, cases, untied
from symverify.kernel.core.activation import ONE, ZERO
from symverify.kernel.core.network import Problem
from symverify.search.float_network import Array
from symverify.search.tree_dual import NotFinished, Row, posed

SMALL = 1e-9
Entry = list[object]


@dataclass(frozen=True, slots=True)
class UntiedBound:
    """The least risk of the untied network, with the vectors and the entries of `tree_bound`."""

    risk: Fraction
    vectors: list[list[int]]
    cases: list[list[Entry]]


def widened(problem: Problem) -> bool:
    """Whether there are two hidden layers, the second of several units, and the rule is for the problem."""
    return untied(problem) and problem.widths[2] > 1


def untied_bound(problem: Problem, progress: Callable[[str], None]) -> UntiedBound | None:
    """Vectors until any k cases have one in common; None if the untied network fits the labels.

    Each comes from the convex program of k cases that have none. Raises NotFinished, and Declined when the time is up.
    """
    one = alone(problem)
    count, every = cases(one)
    parts = [posed(one, case) for case in every]
    own = len(parts[0][0][0]) - problem.output_bias
    floats = [(array(a, own), array(c, own)) for a, c in parts]
    masks, vectors, least = [0] * count, list[list[int]](), ONE
    while (chosen := apart(masks, problem.widths[2])) is not None:
        progress(f"a bound for two hidden layers, {len(vectors)} vectors for {count} cases")
        left = misfit(problem, [parts[k] for k in chosen])
        risk = problem.loss.factor * sum((e * e for e in left), ZERO)
        if not risk:
            return None
        least, g = min(least, risk) if vectors else risk, primitive(left)
        serving = [k for k, (a, c) in enumerate(floats) if near(a, c, g) is not None]
        for k in {*serving, *chosen}:
            masks[k] |= 1 << len(vectors)
        vectors.append(g)
    return spelled(least, vectors, masks, parts, floats, problem.widths[2])


def array(rows: Sequence[Row], own: int) -> Array:
    """In floats, without the column of the output bias: Σ g = 0, as the misfit has the best one."""
    on_time()
    return np.array([[float(x) for x in row[:own]] for row in rows])


def apart(masks: Sequence[int], together: int) -> list[int] | None:
    """Up to so many cases whose sets of vectors have none in common."""
    distinct = sorted({mask: k for k, mask in enumerate(masks)}.items(), key=lambda each: each[0].bit_count())

    def extended(common: int, start: int, left: int) -> list[int] | None:
        on_time()
        for at in range(start, len(distinct)):
            mask, k = distinct[at]
            if not common & mask:
                return [k]
            if left > 1 and (more := extended(common & mask, at + 1, left - 1)) is not None:
                return [k, *more]
        return None

    return extended(-1, 0, together)


def misfit(problem: Problem, parts: Sequence[tuple[list[Row], list[Row]]]) -> Row:
    """y − f for the best sum of the networks of these cases, with an output bias if there is one."""
    labels, last = [y for (y,) in problem.targets], [ONE] * problem.output_bias
    sizes = [len(a[0]) - len(last) for a, _ in parts]
    width = sum(sizes) + len(last)
    matrix = [
        [x for (a, _), size in zip(parts, sizes, strict=True) for x in a[i][:size]] + last for i in range(len(labels))
    ]
    cone, before = list[Row](), 0
    for (_, c), size in zip(parts, sizes, strict=True):
        cone += [[ZERO] * before + row[:size] + [ZERO] * (width - before - size) for row in c]
        before += size
    found = minimise_over_cone(matrix, labels, [ZERO] * width, cone, width)
    return [
        y - sum((a * x for a, x in zip(row, found.x, strict=True)), ZERO) for row, y in zip(matrix, labels, strict=True)
    ]


def near(a: Array, c: Array, g: Sequence[int]) -> Array | None:
    """Multipliers m ≥ 0 with Aᵀg + Cᵀm = 0 in floats, None if there are none."""
    from scipy.optimize import nnls  # SciPy loads slowly, and most problems do without it

    on_time()
    aim = -(a.T @ np.array(g, dtype=float))
    m, gap = nnls(c.T, aim)
    return None if gap > SMALL * (1 + float(np.abs(aim).max(initial=0))) else np.asarray(m)


def spelled(
    risk: Fraction,
    vectors: Sequence[list[int]],
    masks: Sequence[int],
    parts: Sequence[tuple[list[Row], list[Row]]],
    floats: Sequence[tuple[Array, Array]],
    together: int,
) -> UntiedBound:
    """Exact multipliers, for no more vectors than it takes. Raises NotFinished where floats were wrong."""
    kept = (1 << len(vectors)) - 1
    for v in range(len(vectors)):
        if apart([mask & kept & ~(1 << v) for mask in masks], together) is None:
            kept &= ~(1 << v)
    order, exact = [v for v in range(len(vectors)) if kept >> v & 1], list[list[Entry]]()
    have = list[int]()
    for mask, (a, c), (low, high) in zip(masks, parts, floats, strict=True):
        entries = [(v, multipliers(a, c, low, high, vectors[v])) for v in order if mask >> v & 1]
        exact.append([[order.index(v), rows] for v, rows in entries if rows is not None])
        have.append(sum(1 << v for v, rows in entries if rows is not None))
    if apart(have, together) is not None:
        raise NotFinished
    return UntiedBound(risk, [list(vectors[v]) for v in order], exact)


def multipliers(a: list[Row], c: list[Row], low: Array, high: Array, g: Sequence[int]) -> list[list[object]] | None:
    """Those in floats made exact on their support."""
    found = near(low, high, g)
    if found is None:
        return None
    support, columns = np.flatnonzero(found).tolist(), range(low.shape[1])
    aim = [-sum((x * row[k] for x, row in zip(g, a, strict=True)), ZERO) for k in columns]
    m = solve([[c[row][k] for row in support] for k in columns], aim, len(support)) if support else []
    if m is None or any(x < 0 for x in m) or (not support and any(aim)):
        return None
    return [[row, str(x)] for row, x in zip(support, m, strict=True) if x]
