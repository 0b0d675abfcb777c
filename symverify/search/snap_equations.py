"""The equations of snapping: predictions equal to f*, held pre-activations at breakpoints; in floats and exactly."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from symverify.ground.floats import product, spanning
from symverify.ground.linear import solve
from symverify.kernel.core.activation import ZERO
from symverify.kernel.core.network import Layer, Point, Problem
from symverify.kernel.core.poly import Scalar
from symverify.kernel.curvature.hessian import places
from symverify.kernel.programs.network import Programmed
from symverify.search.snap_region import Region, Vector, shallow

Array = npt.NDArray[Any]


def as_point(problem: Problem, values: Iterable[Scalar]) -> Point:
    """Parameters in the order of `free` as a point."""
    if isinstance(problem, Programmed):
        return problem.expand(list(values))
    rest, layers = iter(values), []
    for m in range(len(problem.widths) - 1):
        width, biased = problem.widths[m], problem.has_bias(m)
        rows = [tuple(islice(rest, width + biased)) for _ in range(problem.widths[m + 1])]
        layers.append(Layer(tuple(row[:width] for row in rows), tuple(row[-1] for row in rows) if biased else None))
    return tuple(layers)


@dataclass(frozen=True, slots=True)
class _Pass:
    """One affine map in a forward pass: what enters (n × in, with a 1 for the bias), its weight, z, and the slopes."""

    entering: Array
    weight: Array
    z: Array
    slopes: Array


def _forward(problem: Problem, region: Region, theta: Array) -> list[_Pass]:
    """The network on the region's pieces, floats or (dtype object) Fractions."""

    def array(values: Sequence[Sequence[Fraction]]) -> Array:
        exact = theta.dtype == object
        return np.array(values if exact else [[float(x) for x in row] for row in values], dtype=theta.dtype)

    a, at, passes = array(problem.inputs), 0, list[_Pass]()
    ones = array([[Fraction(1)]] * len(a))
    for m in range(len(problem.widths) - 1):
        entering = np.hstack([a, ones]) if problem.has_bias(m) else a
        size = problem.widths[m + 1] * entering.shape[1]
        weight = theta[at : at + size].reshape(problem.widths[m + 1], -1)
        at, z, slopes = at + size, product(entering, weight.T), ones
        if m < len(region.pattern):
            h, pieces = problem.activations[m], list(zip(*region.pattern[m], strict=True))
            slopes = array([[h.slopes[p] for p in row] for row in pieces])
            a = z * slopes + array([[h.offsets[p] for p in row] for row in pieces])
        passes.append(_Pass(entering, weight, z, slopes))
    return passes


def linearised(problem: Problem, region: Region, theta: Array, goal: Array) -> tuple[Array, Array]:
    """f − goal and the held pre-activations minus their breakpoints, with the Jacobian; on the region's pieces.

    Floats, or Fractions (dtype object): then exact. Rows: sample by sample the outputs, then the held ones in order;
    columns: the model's order of coordinates. `goal` is n × d_Y.
    """
    passes = _forward(problem, region, theta)
    n, outputs = goal.shape
    held = sorted(region.held)
    jacobian = np.zeros((n * outputs + len(held), len(theta)), dtype=theta.dtype)
    for k in range(outputs):
        back, stop = np.zeros((n, outputs), dtype=theta.dtype), len(theta)
        back[:, k] = passes[-1].slopes[:, 0]
        for m in reversed(range(len(passes))):
            block = (back[:, :, None] * passes[m].entering[:, None, :]).reshape(n, -1)
            jacobian[k : n * outputs : outputs, stop - block.shape[1] : stop] = block
            stop -= block.shape[1]
            if m:
                back = product(back, passes[m].weight[:, : problem.widths[m]]) * passes[m - 1].slopes
    gap = list((passes[-1].z - goal).reshape(-1))
    ends = np.cumsum([each.weight.size for each in passes]).tolist()
    for row, (m, j, i, p) in enumerate(held, start=n * outputs):
        back = np.zeros((1, problem.widths[m + 1]), dtype=theta.dtype)
        back[0, j] += 1
        for layer in range(m, -1, -1):
            block = (back.T * passes[layer].entering[i][None, :]).reshape(-1)
            jacobian[row, ends[layer] - len(block) : ends[layer]] = block
            if layer:
                below = passes[layer].weight[:, : problem.widths[layer]]
                back = product(back, below) * passes[layer - 1].slopes[i]
        t = problem.activations[m].breakpoints[p]
        gap.append(passes[m].z[i, j] - (t if theta.dtype == object else float(t)))
    return np.array(gap, dtype=theta.dtype), jacobian


def leaves(problem: Problem, region: Region, theta: Array, margin: float = 1e-7) -> bool:
    """Whether a float point lies outside the region by more than rounding could mend."""
    for m, each in enumerate(_forward(problem, region, theta)[:-1]):
        t = [-np.inf, *map(float, problem.activations[m].breakpoints), np.inf]
        pieces = np.array(region.pattern[m]).T
        slack = margin * (1 + np.abs(each.z))
        outside = (each.z < np.array(t)[pieces] - slack) | (each.z > np.array(t)[pieces + 1] + slack)
        for layer, j, i, _ in region.held:
            outside[i, j] &= layer != m
        dead = [i for i in range(len(problem.inputs)) if m == 0 and problem.dead_row(i)]
        outside[dead] = False
        if outside.any():
            return True
    return False


def repair(
    problem: Problem, region: Region, theta: Sequence[Fraction], target: Sequence[Vector], block: int
) -> list[Fraction] | None:
    """The parameters with some moved so that predictions are exactly `target`, held ones at breakpoints; None if not.

    The predictions are affine in one affine map (number `block`) with the later biases. With one hidden layer and one
    output all parameters may move: with u_j = (v_j + δv_j) δw_j the equations are linear in (u, δv, δc_0). The
    parameters that move are as few as there are independent equations, chosen for their conditioning.
    """
    goal = np.array([list(row) for row in target], dtype=object)
    gap, rows = linearised(problem, region, np.array(theta, dtype=object), goal)
    joint = shallow(problem)
    movable = _movable(problem, block)
    stride = problem.widths[0] + problem.hidden_bias
    out = problem.widths[1] * stride  # where the output weights begin, with one hidden layer
    if joint:
        for j in range(problem.widths[1]):  # the columns of u_j are those of w_j divided by v_j
            rows[: len(target), j * stride : (j + 1) * stride] *= 1 / theta[out + j] if theta[out + j] else ZERO
        for row, (_, j, _i, _p) in enumerate(sorted(region.held), start=len(target)):  # multiplied by v_j + δv_j
            rows[row, out + j] = gap[row]
            gap[row] = gap[row] * theta[out + j]
    movable = [movable[c] for c in _by_conditioning(rows[:, movable])]
    step = solve(rows[:, movable].tolist(), [-x for x in gap.tolist()], len(movable))
    if step is None:
        return None
    delta = dict(zip(movable, step, strict=True))
    for j in range(problem.widths[1] if joint else 0):
        after = theta[out + j] + delta[out + j]
        moving = [c for c in range(j * stride, (j + 1) * stride) if delta[c]]
        if moving and not after:
            return None
        delta |= {c: delta[c] / after for c in moving}
    return [x + delta.get(c, ZERO) for c, x in enumerate(theta)]


def levelled(
    problem: Problem, region: Region, theta: Sequence[Fraction], target: Sequence[Vector], block: int
) -> list[Fraction] | None:
    """The parameters with the affine maps before a block moved so that what is held there is at breakpoints exactly."""
    goal, found = np.array([list(row) for row in target], dtype=object), list(theta)
    outputs, held, end = goal.size, sorted(region.held), 0
    for m in range(block):
        start, end = end, end + problem.widths[m + 1] * (problem.widths[m] + problem.has_bias(m))
        own = [outputs + k for k, (layer, *_) in enumerate(held) if layer == m]
        if not own:
            continue
        gap, rows = linearised(problem, region, np.array(found, dtype=object), goal)
        movable = [start + c for c in _by_conditioning(rows[own, start:end])]
        step = solve(rows[np.ix_(own, movable)].tolist(), [-x for x in gap[own].tolist()], len(movable))
        if step is None:
            return None
        for c, x in zip(movable, step, strict=True):
            found[c] += x
    return found


def _movable(problem: Problem, block: int) -> list[int]:
    """The parameters that may move: all with one hidden layer and one output; else one affine map and later biases.

    No path through the network has two of these, so that predictions are affine in them.
    """
    every = list(places(problem))
    if shallow(problem):
        return list(range(len(every)))
    return [k for k, (m, _, c) in enumerate(every) if m == block or (m > block and c == problem.widths[m])]


def _by_conditioning(rows: Array) -> list[int]:
    """The columns in the order of pivoted QR: the first ones span all of them, and well."""
    floats = rows.astype(float)
    first, _ = spanning(floats.T.copy(), 1e-12 * float(np.abs(floats).max(initial=0.0)))
    return [*first, *sorted(set(range(rows.shape[1])) - set(first))]
