"""The equations of snapping: predictions equal to f*, held pre-activations at their breakpoints; in floats and exactly."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from symverify.ground.linear import solve
from symverify.kernel.model import ZERO, Layer, Point, Problem
from symverify.landscape.snap_region import Region, Vector, shallow

Array = npt.NDArray[Any]


def as_point(problem: Problem, values: Sequence[Fraction]) -> Point:
    """Parameters in the model's order of coordinates as a point."""
    rest, layers = iter(values), []
    for m in range(len(problem.widths) - 1):
        width, biased = problem.widths[m], problem.has_bias(m)
        rows = [tuple(islice(rest, width + biased)) for _ in range(problem.widths[m + 1])]
        layers.append(Layer(tuple(row[:width] for row in rows), tuple(row[-1] for row in rows) if biased else None))
    return tuple(layers)


def linearised(problem: Problem, region: Region, theta: Array, goal: Array) -> tuple[Array, Array]:
    """f − goal and the held pre-activations minus their breakpoints, with the Jacobian; on the region's pieces.

    Works on floats and, with arrays of Fractions (dtype object), exactly. Rows: sample by sample the outputs, then
    the held ones; columns: the model's order of coordinates.
    """
    exact = theta.dtype == object

    def array(values: Sequence[Sequence[Fraction]]) -> Array:
        return np.array(values if exact else [[float(x) for x in row] for row in values], dtype=theta.dtype)

    a, at, tables = array(problem.inputs), 0, list[tuple[Array, Array, Array]]()
    ones = np.full((len(a), 1), 1 if not exact else Fraction(1), dtype=theta.dtype)
    first = ones
    for m in range(len(problem.widths) - 1):
        entering = np.hstack([a, ones]) if problem.has_bias(m) else a
        rows, columns = problem.widths[m + 1], entering.shape[1]
        weight = theta[at : at + rows * columns].reshape(rows, columns)
        at += rows * columns
        a, slopes = entering @ weight.T, None
        first = a if m == 0 else first
        if m < len(region.pattern):
            h, pieces = problem.activations[m], list(zip(*region.pattern[m], strict=True))
            slopes = array([[h.slopes[p] for p in row] for row in pieces])
            a = a * slopes + array([[h.offsets[p] for p in row] for row in pieces])
        tables.append((entering, weight, slopes))
    n, outputs = a.shape
    jacobian = np.zeros((n * outputs + len(region.held), len(theta)), dtype=theta.dtype)
    for k in range(outputs):
        back = np.zeros((n, outputs), dtype=theta.dtype)
        back[:, k] = ones[:, 0]
        stop = len(theta)
        for m in reversed(range(len(tables))):
            entering, weight, _ = tables[m]
            block = (back[:, :, None] * entering[:, None, :]).reshape(n, -1)
            jacobian[k : n * outputs : outputs, stop - block.shape[1] : stop] = block
            stop -= block.shape[1]
            if m:
                slopes = tables[m - 1][2]
                back = (back @ weight[:, : problem.widths[m]]) * slopes
    gap = list((a - goal).reshape(-1))
    for index, (_, j, i, p) in enumerate(sorted(region.held)):
        columns = tables[0][0].shape[1]
        jacobian[n * outputs + index, j * columns : (j + 1) * columns] = tables[0][0][i]
        t = problem.activations[0].breakpoints[p]
        gap.append(first[i, j] - (t if exact else float(t)))
    return np.array(gap, dtype=theta.dtype), jacobian


def repair(
    problem: Problem, region: Region, theta: Sequence[Fraction], target: Sequence[Vector], block: int
) -> list[Fraction] | None:
    """The parameters with one affine map, and the output bias, moved so that the predictions are exactly `target`.

    The predictions are affine in those. With one hidden layer and one output, all parameters may move: with
    u_j = (v_j + δv_j) δw_j the predictions are affine in (u, δv, δc_0), and so are the held pre-activations. The
    parameters that move are chosen for their conditioning, and as few as there are equations.
    """
    exact = np.array(theta, dtype=object)
    goal = np.array([list(row) for row in target], dtype=object)
    gap, jacobian = linearised(problem, region, exact, goal)
    sizes = [problem.widths[m + 1] * (problem.widths[m] + problem.has_bias(m)) for m in range(len(problem.widths) - 1)]
    joint, samples = shallow(problem), len(problem.inputs) * problem.widths[-1]
    stride, v = problem.widths[0] + problem.hidden_bias, exact[sizes[0] :]
    rows = jacobian.copy()
    if joint:  # columns of u: those of w divided by v; where held, all divided through
        for j in range(problem.widths[1]):
            at = slice(j * stride, (j + 1) * stride)
            rows[:samples, at] = rows[:samples, at] / v[j] if v[j] else ZERO
        for index, (_, j, _i, _p) in enumerate(sorted(region.held), start=samples):
            rows[index, sizes[0] + j] = gap[index]
            gap[index] = gap[index] * v[j]
        movable = list(range(len(theta)))
    else:
        start = sum(sizes[:block])
        movable = list(range(start, start + sizes[block]))
        if problem.output_bias and block < len(sizes) - 1:
            per = problem.widths[-2] + 1
            movable += [len(theta) - sizes[-1] + (k + 1) * per - 1 for k in range(problem.widths[-1])]
    order = _by_conditioning(rows[:, movable])
    movable = [movable[c] for c in order]
    step = solve([[row[c] for c in movable] for row in rows.tolist()], [-x for x in gap.tolist()], len(movable))
    if step is None:
        return None
    delta = [ZERO] * len(theta)
    for c, x in zip(movable, step, strict=True):
        delta[c] = x
    for j in range(problem.widths[1] if joint else 0):
        after = v[j] + delta[sizes[0] + j]
        for c in range(j * stride, (j + 1) * stride):
            if delta[c] and not after:
                return None
            delta[c] = delta[c] / after if delta[c] else ZERO
    return [x + d for x, d in zip(theta, delta, strict=True)]


def _by_conditioning(rows: Array) -> list[int]:
    """The columns in the order of pivoted QR: the first ones span all, and well."""
    from scipy.linalg import qr

    _, _, order = qr(rows.astype(float), mode="economic", pivoting=True)
    return [int(c) for c in order]
