"""Points of deep and vector-valued networks with labels that make them stationary, drawn by kind.

`KINDS` has a generator for each kind: from a source of chance and the draw's number, a network file at a point, or None
where the draw does not do. With kinks the labels are such that the multipliers of every cell around the point are
strictly positive, or some of them are, or that the point is stationary on one cell alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from json import dumps
from random import Random

import numpy as np

from symverify.certify.certificate import parameters
from symverify.ground.linear import nullspace
from symverify.ground.lp import Constraint, Farkas, solve_system
from symverify.kernel.core.algebra import rank
from symverify.kernel.core.errors import Rejected
from symverify.kernel.core.facts import Evaluated
from symverify.kernel.core.interior_minimum import flat
from symverify.kernel.core.network import (
    Layer,
    Place,
    Point,
    Problem,
    cell_of,
    pieces_at,
    predictions,
    pullback,
    rational,
    residuals,
    risk,
    trace,
)
from symverify.kernel.curvature.cell_kkt import Cell, cells
from symverify.kernel.curvature.flows import flows
from symverify.kernel.curvature.hessian import derivatives
from symverify.kernel.programs.parameters import linear
from symverify.problem.load import loads
from symverify.search.affine_minimum import affine_minimum
from symverify.search.float_network import FloatNetwork, as_floats
from symverify.search.snap_equations import as_point

Document = dict[str, object]
Generator = Callable[[Random, int], Document | None]
MAX_KINKS = 4


@dataclass(frozen=True, slots=True)
class Shape:
    """Layers, activation, whether there are biases, samples."""

    layers: tuple[int, ...]
    activation: str
    bias: bool
    samples: int


SHAPES = [
    Shape((2, 2, 2), "relu", True, 7),
    Shape((2, 2, 2), "leaky_relu", True, 7),
    Shape((1, 2, 2, 1), "relu", True, 9),
    Shape((1, 2, 2, 1), "leaky_relu", True, 12),
    Shape((2, 2, 2, 1), "relu", False, 10),
    Shape((2, 2, 2, 2), "leaky_relu", False, 8),
    Shape((1, 1, 2), "relu", True, 4),
    Shape((2, 1, 2), "abs", True, 5),
    Shape((1, 2, 1, 1), "leaky_relu", True, 8),
    Shape((1, 1, 1, 1), "relu", True, 5),
    Shape((1, 1, 1, 2), "abs", True, 5),
    Shape((2, 2, 1, 1), "hardtanh", True, 8),
]
WIDE = [(1, 2, 2, 1), (2, 3, 2), (2, 3, 3, 2), (1, 2, 2, 2, 1), (2, 2, 2, 1), (2, 4, 3), (1, 3, 3, 2), (2, 3, 2, 1)]
FLAT = [
    Shape((1, 2, 2), "leaky_relu", True, 4),
    Shape((1, 1, 1, 2), "leaky_relu", True, 5),
    Shape((1, 2, 1, 1), "relu", True, 5),
    Shape((2, 2, 2), "leaky_relu", True, 6),
    Shape((1, 2, 2, 1), "abs", True, 6),
    Shape((2, 2, 2), "relu", False, 6),
]


def document(shape: Shape, xs: Sequence[Sequence[Fraction | int]], ys: Sequence[Sequence[Fraction | int]]) -> Document:
    """Squared loss with factor 1/2, so that r = f − y."""
    data = [{"x": [str(a) for a in x], "y": [str(b) for b in y]} for x, y in zip(xs, ys, strict=True)]
    form: Document = {"format": "symverify-network/1", "layers": list(shape.layers), "activation": shape.activation}
    loss = {"name": "squared", "reduction": "sum", "factor": "1/2"}
    return form | {"bias": shape.bias, "data": data, "loss": loss}


def plain(shape: Shape, xs: Sequence[Sequence[int]]) -> Problem:
    """With labels 0."""
    return loads(dumps(document(shape, xs, [[0] * shape.layers[-1]] * len(xs)))).problem


def inputs(noise: Random, shape: Shape, most: int = 3) -> list[list[int]]:
    """Small whole numbers."""
    return [[noise.randint(-most, most) for _ in range(shape.layers[0])] for _ in range(shape.samples)]


def somewhere(noise: Random, problem: Problem, parts: int = 1) -> Point:
    """Multiples of 1/parts from −2 to 2; whole ones, so that there are kinks."""
    return as_point(problem, [Fraction(noise.randint(-2 * parts, 2 * parts), parts) for _ in range(problem.size())])


def kinks_at(problem: Problem, theta: Point) -> list[Place]:
    """(hidden layer, unit, sample) of the pre-activations at breakpoints."""
    found = pieces_at(problem, theta)
    every = ((m, j, i) for m, layer in enumerate(found) for j, unit in enumerate(layer) for i in range(len(unit)))
    return [(m, j, i) for m, j, i in every if len(found[m][j][i]) > 1]


def labelled(noise: Random, shape: Shape, problem: Problem, theta: Point, wanted: Sequence[int]) -> Document | None:
    """The network at a point with a wanted number of kinks, with labels that make it stationary.

    None if the number is another one, or if only an exact fit is stationary.
    """
    if len(kinks_at(problem, theta)) not in wanted:
        return None
    f, k = predictions(problem, theta), shape.layers[-1]
    every = [cell for cell in cells(problem, Evaluated(theta, f, risk(problem, f), False))[1] if possible(cell)]
    r = pulls(noise, problem, every)
    if r is None:
        return None
    size = noise.choice([Fraction(1, 50), Fraction(1), Fraction(4)]) / max(map(abs, r))
    ys = [[b - size * r[i * k + c] for c, b in enumerate(row)] for i, row in enumerate(f)]
    return document(shape, problem.inputs, ys) | {"parameters": parameters(theta)}


def possible(cell: Cell) -> bool:
    """Whether the first layer's kinks can be on their sides of this cell together."""
    normals = [cell.kink(b)[0] for b, kink in enumerate(cell.kinks) if linear(cell.problem, kink)]
    rows = [(normal, Fraction(0)) for normal in normals if any(normal)]
    return not rows or not isinstance(solve_system([], [], rows, cell.problem.size()), Farkas)


def pulls(noise: Random, problem: Problem, every: Sequence[Cell]) -> list[Fraction] | None:
    """r ≠ 0 with ∇R_s = Σ λ_b N_b on all cells or on one, λ ≥ 1 or some λ ≥ 0; None if there is none."""
    n, k = len(problem.inputs), problem.widths[-1]
    count = n * k
    how = noise.choice(["strict", "strict", "some", "one cell"]) if every[0].kinks else "one cell"
    if how == "one cell":
        cell = noise.choice(every)
        columns = derivatives_of(problem, cell)
        free = nullspace([row for row in zip(*columns, strict=True) if any(row)], count)
        weights = [noise.randint(-3, 3) for _ in free]
        r = [sum((w * b[a] for w, b in zip(weights, free, strict=True)), Fraction(0)) for a in range(count)]
        return r if any(r) else None
    kinks = len(every[0].kinks)
    width, equal, least = count + kinks * len(every), list[Constraint](), list[Constraint]()
    for q, cell in enumerate(every):
        columns = derivatives_of(problem, cell)
        normals = [cell.kink(b)[0] for b in range(kinks)]
        for c in range(problem.size()):
            row = [Fraction(0)] * width
            row[:count] = [column[c] for column in columns]
            row[count + q * kinks : count + (q + 1) * kinks] = [-normal[c] for normal in normals]
            if any(row):
                equal.append((row, Fraction(0)))
        for b in range(kinks):
            row = [Fraction(0)] * width
            row[count + q * kinks + b] = Fraction(1)
            least.append((row, Fraction(how == "strict" or noise.random() < 0.5)))
    aim = [Fraction(noise.randint(-3, 3)) if a < count else Fraction(0) for a in range(width)]
    found = solve_system(equal, least, [(aim, Fraction(0))], width)
    return None if isinstance(found, Farkas) else list(found.x[:count])


def derivatives_of(problem: Problem, cell: Cell) -> list[list[Fraction]]:
    """The gradients of all predictions on a cell, sample by sample, output by output."""
    outputs = range(problem.widths[-1])
    units = [[Fraction(c == b) for b in outputs] for c in outputs]
    every = ((i, back) for i in range(len(problem.inputs)) for back in units)
    return [list(map(rational, pullback(problem, cell.at.point, i, cell.pattern, back))) for i, back in every]


def theorem_one(noise: Random, number: int) -> Document | None:
    """The construction of Theorem 1 on random labels."""
    layers = WIDE[number % len(WIDE)]
    shape = Shape(layers, noise.choice(["relu", "leaky_relu", "abs", "hardtanh", "relu6"]), True, 7)
    form = document(shape, inputs(noise, shape), [[noise.randint(-3, 3) for _ in range(layers[-1])] for _ in range(7)])
    return form | {"parameters": parameters(affine_minimum(loads(dumps(form)).problem).point)}


def dead_layer(noise: Random, number: int) -> Document | None:
    """A hidden layer whose units all have slope 0 on all samples; the prediction is the labels' mean."""
    layers = WIDE[number % len(WIDE)]
    shape = Shape(layers, noise.choice(["relu", "hardtanh", "relu6"]), True, 6)
    xs = inputs(noise, shape)
    problem = plain(shape, xs)
    theta, dead = list(somewhere(noise, problem)), noise.randrange(len(layers) - 2)
    z = [[rational(x) for x in list(trace(problem, tuple(theta), i))[dead]] for i in range(6)]
    low = [-1 - max(row[j] for row in z) for j in range(layers[dead + 1])]
    shift = [x if x < -2 else Fraction(-3) for x in low]
    theta[dead] = moved(theta[dead], [x - (shape.activation == "hardtanh") for x in shift])
    ys = [[noise.randint(-2, 3) for _ in range(layers[-1])] for _ in range(6)]
    f = predictions(problem, tuple(theta))[0]
    theta[-1] = moved(theta[-1], [Fraction(sum(y), 6) - b for y, b in zip(zip(*ys, strict=True), f, strict=True)])
    if len(kinks_at(problem, tuple(theta))) > MAX_KINKS:
        return None
    return document(shape, xs, ys) | {"parameters": parameters(tuple(theta))}


def moved(layer: Layer, by: Sequence[Fraction]) -> Layer:
    """Its bias moved."""
    if layer.bias is None:
        raise ValueError("the layer has a bias")
    return replace(layer, bias=tuple(b + x for b, x in zip(layer.bias, by, strict=True)))


def exact_fit(noise: Random, number: int) -> Document | None:
    """Risk 0, on kinks or not."""
    shape = SHAPES[number % len(SHAPES)]
    xs = inputs(noise, shape)
    problem = plain(shape, xs)
    theta = somewhere(noise, problem)
    return document(shape, xs, predictions(problem, theta)) | {"parameters": parameters(theta)}


def interior(noise: Random, number: int) -> Document | None:
    """Strictly inside a cell, all flat directions of the Hessian being flows of the cell."""
    shape = SHAPES[number % len(SHAPES)]
    problem = plain(shape, inputs(noise, shape, 4))
    form = labelled(noise, shape, problem, somewhere(noise, problem, 3), [0])
    return None if form is None or extra_flat(loads(dumps(form)).problem) else form


def flat_beside(noise: Random, number: int) -> Document | None:
    """Inside a cell; Hessian ≥ 0, more flat directions than the simplest flows, and no constant minorant."""
    shape = FLAT[number % len(FLAT)]
    problem = plain(shape, inputs(noise, shape))
    theta = tuple(thinned(noise, layer, 0.35) for layer in somewhere(noise, problem))
    form = labelled(noise, shape, problem, theta, [0])
    if form is None:
        return None
    drawn = loads(dumps(form)).problem
    return form if may_be_minimum(drawn) and not constant_minorant(drawn) and extra_flat(drawn) else None


def may_be_minimum(problem: Problem) -> bool:
    """Whether the Hessian has no eigenvalue that is clearly negative, in floats."""
    net, v = FloatNetwork(problem), as_floats(problem, given(problem))
    values = np.linalg.eigvalsh(net.hessian(v, net.pieces(v), {}))
    return bool(values[0] > -1e-9 * max(1.0, values[-1]))


def constant_minorant(problem: Problem) -> bool:
    """Whether the first-order minorant is constant on the point's cell."""
    theta = given(problem)
    try:
        flat(problem, cell_of(problem, theta), residuals(problem, predictions(problem, theta)), "")
    except Rejected:
        return False
    return True


def extra_flat(problem: Problem) -> bool:
    """Whether a point in a cell has flat directions beside changes of scale, mixtures and what moves dead units."""
    theta = given(problem)
    pattern = cell_of(problem, theta)
    hessian = derivatives(problem, theta, pattern)[1]
    return problem.size() - rank(hessian) > rank(flows(problem, theta, pattern, {}))


def given(problem: Problem) -> Point:
    """The point of the file."""
    if problem.parameters is None:
        raise ValueError("the network has parameters")
    return problem.parameters


def thinned(noise: Random, layer: Layer, share: float) -> Layer:
    """Some of its weights 0."""
    weight = tuple(tuple(Fraction(0) if noise.random() < share else x for x in row) for row in layer.weight)
    return Layer(weight, layer.bias)


def one_to_four_kinks(noise: Random, number: int) -> Document | None:
    """As many as the draw's number says."""
    shape = noise.choice(SHAPES)
    problem = plain(shape, inputs(noise, shape))
    return labelled(noise, shape, problem, somewhere(noise, problem), [number % 4 + 1])


def zero_weights(noise: Random, number: int) -> Document | None:
    """A layer of zero weights, or half of all."""
    shape = SHAPES[number % len(SHAPES)]
    problem = plain(shape, inputs(noise, shape))
    theta = list(somewhere(noise, problem))
    if noise.random() < 0.5:
        m = noise.randrange(len(theta))
        theta[m] = thinned(noise, theta[m], 1)
    else:
        theta = [thinned(noise, layer, 0.5) for layer in theta]
    return labelled(noise, shape, problem, tuple(theta), range(MAX_KINKS + 1))


def duplicate_units(noise: Random, number: int) -> Document | None:
    """Two units of a layer have the same row; in half of the draws the same outgoing weights, too."""
    shape = noise.choice([each for each in SHAPES if max(each.layers[1:-1]) > 1])
    problem = plain(shape, inputs(noise, shape))
    theta = list(somewhere(noise, problem))
    m = noise.choice([m for m, width in enumerate(shape.layers[1:-1]) if width > 1])
    weight, bias = theta[m].weight, theta[m].bias
    theta[m] = Layer((weight[0], weight[0], *weight[2:]), bias and (bias[0], bias[0], *bias[2:]))
    if noise.random() < 0.5:
        theta[m + 1] = replace(theta[m + 1], weight=tuple((row[0], row[0], *row[2:]) for row in theta[m + 1].weight))
    return labelled(noise, shape, problem, tuple(theta), range(number % 2, MAX_KINKS + 1))


def duplicate_samples(noise: Random, number: int) -> Document | None:
    """One or two inputs appear twice; in half of the draws on kinks."""
    shape = noise.choice(SHAPES)
    xs = inputs(noise, shape)
    for k in range(noise.randint(1, 2)):
        xs[2 * k + 1] = xs[2 * k]
    problem = plain(shape, xs)
    theta = somewhere(noise, problem)
    if number % 2 and not any(i < 2 for _, _, i in kinks_at(problem, theta)):
        return None
    return labelled(noise, shape, problem, theta, range(MAX_KINKS + 1))


def nested_kinks(noise: Random, number: int) -> Document | None:
    """One sample at breakpoints in different layers."""
    shape = noise.choice([each for each in SHAPES if len(each.layers) > 3])
    problem = plain(shape, inputs(noise, shape))
    theta = somewhere(noise, problem)
    kinks = kinks_at(problem, theta)
    if not any(m < n and i == k for m, _, i in kinks for n, _, k in kinks):
        return None
    return labelled(noise, shape, problem, theta, range(MAX_KINKS + 1))


def activation(name: str) -> Generator:
    """Points of networks with this activation, with none to four kinks in turn."""

    def drawn(noise: Random, number: int) -> Document | None:
        shape = replace(noise.choice(SHAPES), activation=name)
        problem = plain(shape, inputs(noise, shape))
        return labelled(noise, shape, problem, somewhere(noise, problem, 1 + 2 * (number % 5 == 0)), [number % 5])

    return drawn


KINDS: Mapping[str, Generator] = {
    "Theorem 1": theorem_one,
    "dead layer": dead_layer,
    "exact fit": exact_fit,
    "interior": interior,
    "one to four kinks": one_to_four_kinks,
    "zero weights": zero_weights,
    "duplicate units": duplicate_units,
    "duplicate samples": duplicate_samples,
    "nested kinks": nested_kinks,
    "hard tanh": activation("hardtanh"),
    "|z|": activation("abs"),
    "interior, more flat directions": flat_beside,
}
