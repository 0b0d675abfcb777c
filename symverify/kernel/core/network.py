"""The objects: problem, program, point; predictions, risk, residuals, cells and the polynomials that f is on them.

A network is a program: a sequence of nodes, the first of which is the input and the last the prediction. An affine
node owns one `Layer` of the point, weight (out × in) and bias (out): rationals, or polynomials in t for a curve. A
bent node applies an activation to each of its units.

Indices: sample i (n of them), bent node (hidden layer) l from 0, unit j, output k.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import islice
from operator import add, mul

from .activation import ONE, ZERO, Activation
from .algebra import dot, echelon, rank, total, whole
from .errors import MAX_BITS, Declined, Rejected, multiplication, spend, within_budget
from .loss import Loss
from .poly import Poly, Scalar, Whole, apart, lifted

Vector = tuple[Fraction, ...]
Pattern = tuple[tuple[tuple[int, ...], ...], ...]  # piece[l][j][i]
Place = tuple[int, int, int]  # affine map, row, column; the bias is the column after the last


@dataclass(frozen=True, slots=True)
class Affine:
    """Layer `layer` of the point applied to the values of the node `source`."""

    source: int
    layer: int
    biased: bool

    def arriving(self, values: Sequence[Whole]) -> Whole:
        """What enters, of the values of all nodes."""
        return values[self.source]

    def joined(self, spans: Sequence[list[Vector]]) -> list[Vector]:
        """All that the nodes that enter are made of."""
        return spans[self.source]

    def spread(self, pulls: Sequence[list[Scalar]], back: Sequence[Scalar]) -> None:
        """Add the derivatives by what enters to those by the nodes' values."""
        pulls[self.source][:] = map(add, pulls[self.source], back)


@dataclass(frozen=True, slots=True)
class Bent:
    """The activation of hidden layer `layer` applied to each value of the node `source`."""

    source: int
    layer: int
    h: Activation


Program = tuple[Affine | Bent, ...]  # node 0 is the input; program[k] is node k + 1


@dataclass(frozen=True)
class Layer:
    """One affine map z ↦ weight·z + bias; bias is None where the architecture has none."""

    weight: tuple[tuple[Scalar, ...], ...]
    bias: tuple[Scalar, ...] | None

    @cached_property
    def rows(self) -> tuple[Sequence[Sequence[int | Poly]], int, int]:
        """All rows in integers, each followed by its bias, their common denominator, and the most bits."""
        rows = zip(self.weight, self.bias or [ZERO] * len(self.weight), strict=True)
        (flat, over, bits), width = lifted([x for row, bias in rows for x in (*row, bias)]), len(self.weight[0]) + 1
        return list(zip(*(iter(flat),) * width, strict=True)), over, bits

    def apply(self, a: Whole) -> Whole:
        """weight·a + bias."""
        (rows, over, size), (entering, under, bits), width = self.rows, a, len(a[0]) + 1
        if len(rows[0]) != width or len(rows) != len(self.weight):
            raise ValueError("a layer of another width than what enters")
        if (grown := bits + size + width.bit_length()) > MAX_BITS:
            raise Declined(f"a number grew beyond {MAX_BITS} bits")
        spend(len(rows) * (225 + width * multiplication(bits, size)))
        ends = [*entering, under]
        return [sum(map(mul, row, ends)) for row in rows], over * under, grown


Point = tuple[Layer, ...]


@dataclass(frozen=True)
class Problem:
    """A network architecture with data and loss; `parameters` is the point that the file gives, if any,
    and `witnesses` are others to compare it with.

    `decay` is (μ, ν): ½ μ|weights|² + ½ ν|biases|² is added to the risk. Few rules know of it: those of `loss.rules`.
    """

    name: str
    widths: tuple[int, ...]
    hidden_bias: bool
    output_bias: bool
    activations: tuple[Activation, ...]
    loss: Loss
    inputs: tuple[Vector, ...]
    targets: tuple[Vector, ...]
    parameters: Point | None
    sha256: str
    decay: tuple[Fraction, Fraction] = (ZERO, ZERO)
    witnesses: tuple[Point, ...] = ()

    @cached_property
    def program(self) -> Program:
        """The chain input → affine → bent → … → affine."""
        nodes: list[Affine | Bent] = [Affine(0, 0, self.has_bias(0))]
        for m, h in enumerate(self.activations):
            nodes += [Bent(2 * m + 1, m, h), Affine(2 * m + 2, m + 1, self.has_bias(m + 1))]
        return tuple(nodes)

    @cached_property
    def bents(self) -> tuple[Bent, ...]:
        """The bent nodes, in order."""
        return tuple(node for node in self.program if isinstance(node, Bent))

    @property
    def decays(self) -> bool:
        """Whether a penalty is added to the loss."""
        return any(self.decay)

    @cached_property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """The samples, grouped by equal inputs."""
        found: dict[Vector, list[int]] = {}
        for i, x in enumerate(self.inputs):
            found.setdefault(x, []).append(i)
        return tuple(map(tuple, found.values()))

    @property
    def shallow(self) -> bool:
        """Whether it is one hidden layer with scalar output."""
        return len(self.widths) == 3 and self.widths[-1] == 1

    def has_bias(self, layer: int) -> bool:
        """Whether affine map `layer` (0 … L−1) has a bias."""
        return self.output_bias if layer == len(self.widths) - 2 else self.hidden_bias

    def size(self) -> int:
        """D, the number of parameters."""
        return sum(self.widths[m + 1] * (self.widths[m] + self.has_bias(m)) for m in range(len(self.widths) - 1))

    def dead_row(self, i: int) -> bool:
        """Whether sample i enters the first layer as the zero row: its pre-activations are 0 at every point."""
        return not self.hidden_bias and not any(self.inputs[i])

    def dead(self, layer: int, unit: int, i: int, pieces: Sequence[Sequence[Sequence[Sequence[int]]]] = ()) -> bool:
        """Whether a pre-activation on sample i is the same at all points, or near one on `pieces`: bounds no cell."""
        return layer == 0 and self.dead_row(i)

    def unit_name(self, layer: int, unit: int) -> str:
        """How messages name a unit, counted from 1."""
        return f"unit {unit + 1} of hidden layer {layer + 1}"

    def reader(self, number: Callable[[object, str], Scalar]) -> "Callable[[object, str], Point] | None":
        """How points are read, where not layer by layer."""
        return None

    def gather(self, rows: Sequence[Sequence[Scalar]]) -> list[Scalar]:
        """The derivatives by all parameters, from those by the entries of each affine map."""
        return [x for row in rows for x in row]

    def tilted(self, pattern: Pattern, pull: Sequence[Vector]) -> str | None:
        """Where Σ_ik r_ik f_ik is not constant on a cell, None if it is: r is orthogonal to all coefficients of f."""
        span = features(self, pattern)
        return next((f"output {k}" for k, r in enumerate(pull, 1) if any(dot(r, phi) for phi in span)), None)

    def reach(self, pattern: Pattern) -> int:
        """An upper bound of the rank of the derivative of θ ↦ (f_ik) on a cell."""
        return len(self.targets[0]) * rank(features(self, pattern))

    def row(self, i: int) -> Vector:
        """x̃_i: the input, followed by 1 where hidden layers have biases."""
        return (*self.inputs[i], ONE) if self.hidden_bias else self.inputs[i]

    def affine_features(self) -> list[Vector]:
        """The input coordinates, and 1, as vectors over the samples."""
        return [*zip(*self.inputs, strict=True), (ONE,) * len(self.inputs)]


def bounded(x: Scalar, *factors: Scalar) -> Scalar:
    """x itself, counted as `within_budget` does (as every polynomial is)."""
    return x if isinstance(x, Poly) else within_budget(x, *map(rational, factors))


def rational(x: Scalar) -> Fraction:
    """A scalar known to be a number."""
    if isinstance(x, Poly):
        raise TypeError("a polynomial where a number was expected")
    return x


def coordinates(point: Point) -> list[Scalar]:
    """All parameters: layer by layer, row by row, each weight row followed by its bias."""
    rows = ((row, (layer.bias or ())[j : j + 1]) for layer in point for j, row in enumerate(layer.weight))
    return [x for row, bias in rows for x in (*row, *bias)]


def run(problem: Problem, point: Point, i: int, pieces: Pattern | None = None) -> list[Whole]:
    """The values of all nodes on sample i, the input's first, in integers.

    With `pieces` the activations are replaced by those affine pieces. Without, the network itself: at a rational
    point its values, along a curve the polynomials that they are for all small t > 0.
    """
    values: list[Whole] = [whole(problem.inputs[i])]
    for node in problem.program:
        if isinstance(node, Affine):
            values.append(point[node.layer].apply(node.arriving(values)))
        else:
            row, given = values[node.source], None if pieces is None else [unit[i] for unit in pieces[node.layer]]
            spend((3 * len(row[0]) + len(node.h.breakpoints)) * multiplication(row[2], node.h.parts[-1]))
            values.append(node.h.bend(row, [p[0] for p in node.h.pieces_of(row)] if given is None else given))
    return values


def predictions(problem: Problem, point: Point) -> tuple[Vector, ...]:
    """f(x_i; point), n × d_Y."""
    return tuple(tuple(map(rational, apart(run(problem, point, i)[-1]))) for i in range(len(problem.inputs)))


def risk(problem: Problem, f: Sequence[Vector]) -> Fraction:
    """R of the predictions f (n × d_Y), with the problem's factor and reduction."""
    pairs = ((a, y) for u, v in zip(f, problem.targets, strict=True) for a, y in zip(u, v, strict=True))
    return problem.loss.factor * total(problem.loss.at(y).value(a - y) for a, y in pairs)


def risk_along(problem: Problem, path: Point) -> Poly:
    """R along a curve of polynomials in t, as the polynomial that it is for all small t ≥ 0."""
    f = (apart(run(problem, path, i)[-1]) for i in range(len(problem.inputs)))
    pairs = ((a, y) for u, v in zip(f, problem.targets, strict=True) for a, y in zip(u, v, strict=True))
    return sum((problem.loss.at(y).after_zero(Poly(()) + a - y) for a, y in pairs), Poly(())) * problem.loss.factor


def residuals(problem: Problem, f: Sequence[Vector]) -> list[Vector]:
    """r_k = (factor · ∂ℓ/∂f_ik)_i, one vector over the samples for each output k; ValueError at a kink of the loss."""
    loss, columns = problem.loss, zip(zip(*f, strict=True), zip(*problem.targets, strict=True), strict=True)
    pairs = (zip(u, v, strict=True) for u, v in columns)
    return [tuple(within_budget(loss.factor * loss.at(y).slope(a - y), a, y) for a, y in each) for each in pairs]


def pieces_at(problem: Problem, point: Point) -> list[list[list[tuple[int, ...]]]]:
    """[l][j][i]: the piece that each pre-activation is strictly inside, or the two that meet there.

    A dead pre-activation, as the 0 of a dead row in the first layer, bounds no cell: one piece, the lower, gives h. So
    it is in a program where all that enters it is the same near the point: units strictly inside pieces of slope 0.
    """
    c, rows = list[list[list[tuple[int, ...]]]](), (run(problem, point, i) for i in range(len(problem.inputs)))
    found = [[node.h.pieces_of(row[node.source]) for node in problem.bents] for row in rows]
    for m, at in enumerate(zip(*layer, strict=True) for layer in zip(*found, strict=True)):
        c += [[[p[: 2 - (len(p) > 1 and problem.dead(m, j, i, c))] for i, p in enumerate(u)] for j, u in enumerate(at)]]
    return c


def cell_of(problem: Problem, point: Point) -> Pattern:
    """The pattern of the cell that the point is strictly inside; rejected on an activation boundary."""
    found = pieces_at(problem, point)
    for m, j, unit in ((m, j, unit) for m, layer in enumerate(found) for j, unit in enumerate(layer)):
        if (i := next((i for i, at in enumerate(unit) if len(at) > 1), None)) is not None:
            raise Rejected("", f"{problem.unit_name(m, j)} is at a breakpoint on sample {i + 1}")
    return tuple(tuple(tuple(at[0] for at in unit) for unit in layer) for layer in found)


def features(problem: Problem, pattern: Pattern) -> list[Vector]:
    """Vectors φ over the samples that span every coefficient of f on the cell.

    On a cell f_k is a polynomial in θ; the coefficient of each monomial is a vector over the samples: the
    product of slopes along a path times an input coordinate, a 1 (a bias) or an offset. Returned: vectors
    with the same span, for every output k alike. Per node, those that span what its units' values are made of.
    """
    n = len(problem.inputs)
    spans: list[list[Vector]] = [list(zip(*problem.inputs, strict=True))]
    for node in problem.program:
        if isinstance(node, Affine):
            spans.append([*node.joined(spans), *[(ONE,) * n] * node.biased])
            continue
        if len(spans[node.source]) > n:
            spans[node.source] = [tuple(map(Fraction, row)) for row in echelon(spans[node.source])]
        fresh = dict[Vector, None]()
        for unit in dict.fromkeys(pattern[node.layer]):
            slopes = [node.h.slopes[p] for p in unit]
            for phi in spans[node.source]:
                fresh[tuple(within_budget(s * x, s, x) for s, x in zip(slopes, phi, strict=True))] = None
            fresh[tuple(node.h.offsets[p] for p in unit)] = None
        spans.append([phi for phi in fresh if any(phi)])
    return spans[-1]


def pullback(
    problem: Problem, point: Point, i: int, pattern: Pattern, back: Sequence[Scalar], node: int = -1
) -> list[Scalar]:
    """The derivatives of Σ_k back_k a_k by all parameters, in the order of `free`, on the pieces of `pattern`.

    a are the values on sample i of a node, of the prediction if none is named.
    """
    values = run(problem, point, i, pattern)
    pulls: list[list[Scalar]] = [[ZERO] * len(each[0]) for each in values]
    pulls[node] = list(back)
    found: list[list[Scalar]] = [[] for _ in point]
    for pull, each in reversed(list(zip(pulls[1:], problem.program, strict=True))):
        if isinstance(each, Affine):
            row = [*apart(each.arriving(values)), *[ONE] * each.biased]
            found[each.layer] = [bounded(g * a, g, a) if g != 0 else ZERO for g in pull for a in row]
            if each.source:
                turned = Layer(tuple(zip(*point[each.layer].weight, strict=True)), None)
                each.spread(pulls, apart(turned.apply(lifted(pull))))
        else:
            before, rates = pulls[each.source], [each.h.slopes[unit[i]] for unit in pattern[each.layer]]
            before[:] = [bounded(x + g * rate, g, rate) for x, g, rate in zip(before, pull, rates, strict=True)]
    return problem.gather(found)


def jacobian_rank(problem: Problem, point: Point, pattern: Pattern, most: int) -> int:
    """The rank at `point` of the derivative of θ ↦ (f_ik), on the pieces of `pattern`; it is at most `most`.

    Where a few samples reach that, no more are looked at.
    """
    outputs, n = range(len(problem.targets[0])), len(problem.inputs)
    units = [[Fraction(j == k) for j in outputs] for k in outputs]
    rows = (map(rational, pullback(problem, point, i, pattern, back)) for i in range(n) for back in units)
    found = rank(zip(*(few := [list(row) for row in islice(rows, most)]), strict=True))
    return found if found == most else rank(zip(*few, *rows, strict=True))
