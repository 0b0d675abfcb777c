"""Points of lower risk: the theorem's extra unit, and a bounded search. Both end in an exact evaluation.

The extra unit (He, Wang and Tao 2020, Theorem 1): where some group of equal inputs has residuals that do not
cancel, a generic unit correlates with them, and giving it to that output lowers the risk. The search trains the
network in floats from fixed seeds; its hidden layers are rounded to short rationals and the last layer is then
refitted exactly, so a witness is a small exact network, never a float.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product as every

import numpy as np

from symverify.ground.floats import product
from symverify.kernel.core.activation import ONE, ZERO
from symverify.kernel.core.network import Layer, Point, Problem, Vector, rational, residuals, risk
from symverify.kernel.programs.values import height
from symverify.search.affine_minimum import carrier_of
from symverify.search.float_losses import measure_of
from symverify.search.kinked_fit import kinked_fit
from symverify.search.last_layer import arriving, independent, least_squares, predicted, predictions, printed
from symverify.search.training import Array, Training, heights_of

POLISH_WORK = 200_000  # parameters · samples · candidates
LEAST, MOST = 4, 12  # candidates: after one that is better, and of each kind
MAX_PAIRS = 1 << 18  # samples · kinks, in one direction: of more samples only some are kinks


@dataclass(frozen=True, slots=True)
class Witness:
    """A point and its exact risk."""

    point: Point
    risk: Fraction


def zero_point(problem: Problem) -> Point:
    """All parameters of a chain 0."""
    layers, biased = zip(problem.widths, problem.widths[1:], strict=False), len(problem.widths) - 2
    kept = (*(problem.hidden_bias,) * biased, problem.output_bias)
    return tuple(
        Layer(((ZERO,) * inputs,) * units, (ZERO,) * units if bias else None)
        for (inputs, units), bias in zip(layers, kept, strict=True)
    )


def affordable(problem: Problem) -> int:
    """How many candidates are cheap to try."""
    return POLISH_WORK // (problem.size() * len(problem.inputs))


def tries_few(problem: Problem) -> bool:
    """Whether a search ends after a few candidates, whose last layers can hardly fit all samples."""
    return affordable(problem) < LEAST and problem.widths[-2] + problem.output_bias < len(problem.groups)


def better_point(problem: Problem, start: Point, deadline: float, floor: Fraction = ZERO) -> Witness | None:
    """The lowest point found whose risk is strictly below that of `start`, by `deadline` (time.monotonic); else None.

    Ends early at `floor`, a known lower bound of the risk; once a point is found, a number of further candidates that
    falls with the problem's size is tried, so that equal inputs give equal witnesses unless the deadline ends it.
    """
    reached = predictions(problem, start)
    best = Witness(start, risk(problem, reached))
    first, polish = best, max(LEAST, affordable(problem))
    units = extra_units(problem, start, reached)
    for source in (units, trained(problem)):
        candidates = within_floats(source)
        while time.monotonic() <= deadline and best.risk > floor and polish and (hidden := next(candidates, None)):
            polish -= best is not first
            found = refit(problem, hidden)
            if found is None and source is units:  # the other units are the same, and as long
                break
            if found is not None and found.risk < best.risk:
                best = found
    return None if best is first else best


def within_floats(source: Iterator[Point]) -> Iterator[Point]:
    """The candidates, as long as floats can hold the numbers that they come from."""
    while True:
        try:
            with np.errstate(over="raise", invalid="raise"):
                candidate = next(source)
        except (StopIteration, OverflowError, FloatingPointError):
            return
        yield candidate


def refit(problem: Problem, point: Point) -> Witness | None:
    """The point with its last layer replaced by the best one on what arrives, by least squares or a linear program.

    For Huber the result is only a candidate, and its exact risk is what counts. None where its numbers are too long.
    """
    given, loss = arriving(problem, point), problem.loss
    kept = independent(given, problem.output_bias)
    if not kept:
        solved, found = [], risk(problem, [(ZERO,) * problem.widths[-1]] * len(problem.inputs))
    elif not loss.smooth:
        rows = [[row[j] for j in kept] for row in given.fractions()]
        fits = [kinked_fit(rows, y, loss, False) for y in zip(*problem.targets, strict=True)]
        solved = [list(each) for each in zip(*fits, strict=True)]
        found = risk(problem, predicted(given, kept, solved))
    elif (fit := least_squares(given, kept, problem.targets)) is None:
        return None
    else:
        solved, squared = fit.coefficients, loss.parts == ((ONE, ZERO, ZERO),)
        found = loss.factor * fit.distance if squared else risk(problem, predicted(given, kept, solved))
    return Witness(with_last_layer(problem, point, kept, solved), found) if printed([found]) else None


def with_last_layer(problem: Problem, point: Point, kept: Sequence[int], solved: Sequence[Sequence[Fraction]]) -> Point:
    """The point whose last layer has these coefficients (columns kept × outputs) and 0 elsewhere."""
    full = dict(zip(kept, solved, strict=True))
    outputs, width = problem.widths[-1], problem.widths[-2]
    weight = tuple(tuple(full[j][k] if j in full else ZERO for j in range(width)) for k in range(outputs))
    bias = tuple(full[width][k] if width in full else ZERO for k in range(outputs)) if problem.output_bias else None
    return (*point[:-1], Layer(weight, bias))


def extra_units(problem: Problem, start: Point, f: Sequence[Vector]) -> Iterator[Point]:
    """`start` with the first unit beyond the carriers replaced, layer by layer, by one that bends among the data.

    f are its predictions. Candidates bend at a sample; those that correlate best with the residuals, in floats, are
    first.
    """
    outputs = problem.widths[-1]
    if min(problem.widths[1:-1]) <= outputs or not problem.hidden_bias:
        return
    if not all(any(h.slopes) for h in problem.activations):
        return
    h = problem.activations[0]
    pull = _pull(problem, f)
    x = np.array([[float(v) for v in row] for row in problem.inputs])
    scored: list[tuple[float, int, int, int]] = []
    directions = list(_directions(problem))
    for number, w in enumerate(directions):
        z = product(x, np.array([float(v) for v in w]))
        kinks = np.arange(len(z))
        if len(z) > (count := max(MAX_PAIRS // len(z), MOST)):
            kinks = np.argsort(z, kind="stable")[np.arange(count) * len(z) // count]
        for which, t in enumerate(h.breakpoints):
            heights = heights_of(h, z[None, :] - z[kinks, None] + float(t))
            spread = ((heights - heights.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
            score = (product(heights, pull.T) ** 2).sum(axis=1) / np.where(spread > 1e-12, spread, np.inf)
            scored += [
                (-float(score[i]), number, which, int(kinks[i])) for i in np.argsort(-score, kind="stable")[:MOST]
            ]
    seen: set[tuple[tuple[Fraction, ...], Fraction]] = set()
    for _, number, which, i in sorted(scored):
        w = directions[number]
        b = h.breakpoints[which] - sum((a * v for a, v in zip(w, problem.inputs[i], strict=True)), ZERO)
        if (w, b) not in seen and len(seen) < MOST:
            seen.add((w, b))
            yield _with_unit(problem, start, w, b)


def _pull(problem: Problem, f: Sequence[Vector]) -> Array:
    """The residuals of the predictions f, or some subgradients, in floats, d_Y × n."""
    if problem.loss.smooth:
        return np.array([[float(r) for r in row] for row in residuals(problem, f)])
    return np.asarray(measure_of(problem)(np.array([[float(v) for v in row] for row in f]))[1].T)


def _directions(problem: Problem) -> Iterator[tuple[Fraction, ...]]:
    """First-layer weight rows to try: small integer vectors, primitive ones of either sign, a bounded number."""
    width = problem.widths[0]
    reach = 2 if width <= 2 else 1
    if width <= 4:
        vectors: Iterator[Sequence[int]] = iter(every(range(-reach, reach + 1), repeat=width))
    else:
        rng = np.random.default_rng(0)
        vectors = iter([*np.eye(width, dtype=int), *-np.eye(width, dtype=int), *rng.integers(-2, 3, (60, width))])
    for vector in vectors:
        if any(vector):
            yield tuple(Fraction(int(x)) for x in vector)


def _with_unit(problem: Problem, start: Point, w: Sequence[Fraction], b: Fraction) -> Point:
    """`start` whose unit d_Y+1 of the first layer is (w, b), carried through the later layers on the same channel."""
    extra = problem.widths[-1]
    layers: list[Layer] = []
    heights = list[Fraction]()
    if len(start) > 2:
        h, at = problem.activations[0], (sum((a * v for a, v in zip(w, x, strict=True)), b) for x in problem.inputs)
        heights = [height(h, z) for z in at]
    for m, layer in enumerate(start[:-1]):
        weight, bias = [list(map(rational, row)) for row in layer.weight], list(map(rational, layer.bias or ()))
        if m == 0:
            weight[extra], bias[extra] = list(w), b
        else:
            carrier = carrier_of(problem.activations[m], min(heights), max(heights))
            weight[extra] = [ZERO] * len(weight[extra])
            weight[extra][extra], bias[extra] = carrier.scale, carrier.shift
            heights = [carrier.slope * (carrier.scale * x + carrier.shift) + carrier.intercept for x in heights]
        layers.append(Layer(tuple(map(tuple, weight)), tuple(bias)))
    return (*layers, start[-1])


def trained(problem: Problem, starts: int = 60) -> Iterator[Point]:
    """Hidden layers of networks trained in floats, rounded to short rationals, the coarser roundings first."""
    training = Training(problem)
    scale = 1 + max((abs(float(x)) for row in problem.inputs for x in row), default=0.0)
    for seed in range(starts):
        layers = training.run(seed)
        for denominator in (1, 2, 4, 16, 128, 4096):
            yield tuple(_rounded(weight, bias, denominator, scale) for weight, bias in layers)


def _rounded(weight: Array, bias: Array | None, denominator: int, scale: float) -> Layer:
    """The layer in fractions of that denominator; the units of positively homogeneous layers keep their kinks."""

    def near(x: float) -> Fraction:
        return Fraction(round(min(max(x, -1e6 * scale), 1e6 * scale) * denominator), denominator)

    return Layer(
        tuple(tuple(near(float(x)) for x in row) for row in weight),
        None if bias is None else tuple(near(float(x)) for x in bias),
    )
