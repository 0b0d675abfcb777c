"""The objects: activation, loss, problem, point; predictions, risk, residuals, cells and their polynomials.

Indices: sample i (n of them), hidden layer l from 0, unit j, output k. A point is one `Layer` per affine map,
weight (out × in) and bias (out), of rationals, or of polynomials in t for a curve.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from .errors import Rejected, within_budget
from .linear import dot, echelon, rank, total
from .poly import Poly

Scalar = Fraction | Poly
Vector = tuple[Fraction, ...]
ZERO, ONE = Fraction(0), Fraction(1)


@dataclass(frozen=True, slots=True)
class Activation:
    """Continuous piecewise linear: on piece p, between breakpoints p−1 and p, h(z) = slopes[p]·z + offsets[p]."""

    breakpoints: tuple[Fraction, ...]
    slopes: tuple[Fraction, ...]
    offsets: tuple[Fraction, ...]

    @staticmethod
    def of(breakpoints: Sequence[Fraction], slopes: Sequence[Fraction], x: Fraction, y: Fraction) -> "Activation":
        """The activation through (x, y); a breakpoint between equal slopes is none and is dropped."""
        real = [p for p in range(len(breakpoints)) if slopes[p] != slopes[p + 1]]
        at = [breakpoints[p] for p in real]
        rate = [slopes[p] for p in real] + [slopes[-1]]
        shape = [ZERO]
        for p, t in enumerate(at):
            shape.append(within_budget(shape[-1] + (rate[p] - rate[p + 1]) * t))
        piece = bisect_left(at, x)
        shift = y - rate[piece] * x - shape[piece]
        return Activation(tuple(at), tuple(rate), tuple(o + shift for o in shape))

    def pieces(self, z: Fraction) -> tuple[int, ...]:
        """The piece that z is strictly inside, or the two that meet at z."""
        p = bisect_left(self.breakpoints, z)
        return (p, p + 1) if p < len(self.breakpoints) and self.breakpoints[p] == z else (p,)

    def piece_after_zero(self, z: Scalar) -> int:
        """The piece of z, or of the polynomial z(t) for all small t > 0; either one where z stays at a breakpoint."""
        if not isinstance(z, Poly):
            return self.pieces(z)[0]
        at = self.pieces(z.at_zero())
        upper = len(at) > 1 and (z - self.breakpoints[at[0]]).sign_after_zero() > 0
        return at[-1] if upper else at[0]


@dataclass(frozen=True, slots=True)
class Loss:
    """R = factor · Σ_i Σ_k ℓ(f_ik − y_ik): ℓ(e) = e², or Huber's e²/2 for |e| ≤ delta, else delta(|e| − delta/2)."""

    name: str
    factor: Fraction
    delta: Fraction

    def value(self, e: Fraction) -> Fraction:
        """ℓ(e), without the factor."""
        if self.name == "squared":
            return e * e
        return e * e / 2 if abs(e) <= self.delta else self.delta * (abs(e) - self.delta / 2)

    def slope(self, e: Fraction) -> Fraction:
        """ℓ'(e), without the factor."""
        return 2 * e if self.name == "squared" else max(-self.delta, min(self.delta, e))

    def after_zero(self, e: Poly) -> Poly:
        """ℓ(e(t)) as a polynomial that is right for all small t ≥ 0."""
        if self.name == "squared":
            return e * e
        if (e * e - self.delta * self.delta).sign_after_zero() <= 0:
            return e * e * Fraction(1, 2)
        return (e * e.sign_after_zero() - self.delta / 2) * self.delta


def bounded(x: Scalar) -> Scalar:
    """x itself, within the budget on numbers (as every polynomial is)."""
    return x if isinstance(x, Poly) else within_budget(x)


@dataclass(frozen=True, slots=True)
class Layer:
    """One affine map z ↦ weight·z + bias; bias is None where the architecture has none."""

    weight: tuple[tuple[Scalar, ...], ...]
    bias: tuple[Scalar, ...] | None

    def apply(self, a: Sequence[Scalar]) -> list[Scalar]:
        """weight·a + bias; every partial sum stays within the budget on numbers."""
        z = list(self.bias or [ZERO] * len(self.weight))
        for j, row in enumerate(self.weight):
            for w, x in zip(row, a, strict=True):
                z[j] = bounded(z[j] + w * x)
        return z


Point = tuple[Layer, ...]
Pattern = tuple[tuple[tuple[int, ...], ...], ...]  # piece[l][j][i]
Face = tuple[tuple[int, ...], ...]  # per unit and sample: 2p strictly inside piece p, 2p + 1 at breakpoint p


@dataclass(frozen=True, slots=True)
class Problem:
    """A network architecture with data and loss; `parameters` is the point that the file gives, if any."""

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

    def has_bias(self, layer: int) -> bool:
        """Whether affine map `layer` (0 … L−1) has a bias."""
        return self.output_bias if layer == len(self.widths) - 2 else self.hidden_bias

    def size(self) -> int:
        """D, the number of parameters."""
        return sum(self.widths[m + 1] * (self.widths[m] + self.has_bias(m)) for m in range(len(self.widths) - 1))

    def dead_row(self, i: int) -> bool:
        """Whether sample i enters the first layer as the zero row: its pre-activations are 0 at every point."""
        return not self.hidden_bias and not any(self.inputs[i])


def coordinates(point: Point) -> list[Scalar]:
    """All parameters: layer by layer, row by row, each weight row followed by its bias."""
    return [
        x
        for layer in point
        for j, row in enumerate(layer.weight)
        for x in ((*row, layer.bias[j]) if layer.bias is not None else row)
    ]


def trace(problem: Problem, point: Point, i: int, pieces: Pattern | None = None) -> Iterator[list[Scalar]]:
    """The pre-activations of sample i, layer by layer, the last being the prediction.

    With `pieces` the activations are replaced by those affine pieces. Without, the network itself: at a
    rational point its values, along a curve the polynomials that they are for all small t > 0.
    """
    a: Sequence[Scalar] = problem.inputs[i]
    for m, layer in enumerate(point):
        z = layer.apply(a)
        yield z
        if m < len(point) - 1:
            h = problem.activations[m]
            at = [h.piece_after_zero(x) if pieces is None else pieces[m][j][i] for j, x in enumerate(z)]
            a = [bounded(x * h.slopes[p] + h.offsets[p]) for x, p in zip(z, at, strict=True)]


def rational(x: Scalar) -> Fraction:
    """A scalar known to be a number."""
    if isinstance(x, Poly):
        raise TypeError("a polynomial where a number was expected")
    return within_budget(x)


def predictions(problem: Problem, point: Point) -> tuple[Vector, ...]:
    """f(x_i; point), n × d_Y."""
    return tuple(tuple(rational(x) for x in list(trace(problem, point, i))[-1]) for i in range(len(problem.inputs)))


def risk(problem: Problem, f: Sequence[Vector]) -> Fraction:
    """R of the predictions f (n × d_Y), with the problem's factor and reduction."""
    errors = (a - b for u, v in zip(f, problem.targets, strict=True) for a, b in zip(u, v, strict=True))
    return problem.loss.factor * total(problem.loss.value(e) for e in errors)


def risk_along(problem: Problem, path: Point) -> Poly:
    """R along a curve of polynomials in t, as the polynomial that it is for all small t ≥ 0."""
    total = Poly(())
    for i, y in enumerate(problem.targets):
        for value, label in zip(list(trace(problem, path, i))[-1], y, strict=True):
            total += problem.loss.after_zero(Poly(()) + value - label)
    return total * problem.loss.factor


def residuals(problem: Problem, f: Sequence[Vector]) -> list[Vector]:
    """r_k = (factor · ∂ℓ/∂f_ik)_i, one vector over the samples for each output k."""
    rows = [
        [problem.loss.factor * problem.loss.slope(a - b) for a, b in zip(u, v, strict=True)]
        for u, v in zip(f, problem.targets, strict=True)
    ]
    return list(zip(*rows, strict=True))


def cell_of(problem: Problem, point: Point) -> Pattern:
    """The pattern of the cell that the point is strictly inside; rejected on an activation boundary.

    A dead row's first-layer pre-activation is the constant 0 and bounds no cell: either piece gives h(0).
    """
    columns: list[list[list[int]]] = [[[] for _ in range(width)] for width in problem.widths[1:-1]]
    for i in range(len(problem.inputs)):
        for m, z in enumerate(trace(problem, point, i)):
            for j, x in enumerate(z if m < len(columns) else ()):
                at = problem.activations[m].pieces(rational(x))
                if len(at) > 1 and not (m == 0 and problem.dead_row(i)):
                    raise Rejected("", f"{unit_name(m, j)} is at a breakpoint on sample {i + 1}")
                columns[m][j].append(at[0])
    return tuple(tuple(tuple(unit) for unit in layer) for layer in columns)


def unit_name(layer: int, unit: int) -> str:
    """How messages name a unit, counted from 1."""
    return f"unit {unit + 1} of hidden layer {layer + 1}"


def features(problem: Problem, pattern: Pattern) -> list[Vector]:
    """Vectors φ over the samples that span every coefficient of f on the cell.

    On a cell f_k is a polynomial in θ; the coefficient of each monomial is a vector over the samples: the
    product of slopes along a path times an input coordinate, a 1 (a bias) or an offset. Returned: vectors
    with the same span, for every output k alike.
    """
    n = len(problem.inputs)
    ones = (ONE,) * n
    span: list[Vector] = list(zip(*problem.inputs, strict=True))
    for m, layer in enumerate(pattern):
        if problem.has_bias(m):
            span.append(ones)
        h, fresh = problem.activations[m], dict[Vector, None]()
        for unit in dict.fromkeys(layer):
            slopes = [h.slopes[p] for p in unit]
            for phi in span:
                fresh[tuple(within_budget(s * x) for s, x in zip(slopes, phi, strict=True))] = None
            fresh[tuple(h.offsets[p] for p in unit)] = None
        span = [phi for phi in fresh if any(phi)]
        if len(span) > n:
            span = [tuple(Fraction(x) for x in row) for row in echelon(span)]
    return [*span, ones] if problem.output_bias else span


def jacobian_rank(problem: Problem, point: Point, pattern: Pattern) -> int:
    """The rank at `point` of the derivative of θ ↦ (f_ik), with the activations' pieces as in `pattern`."""
    rows = []
    for i in range(len(problem.inputs)):
        entering: list[Sequence[Fraction]] = [problem.inputs[i]]
        slopes = []
        for m, z in enumerate(trace(problem, point, i, pattern)):
            if m < len(pattern):
                h, at = problem.activations[m], [unit[i] for unit in pattern[m]]
                slopes.append([h.slopes[p] for p in at])
                entering.append([rational(x) * h.slopes[p] + h.offsets[p] for x, p in zip(z, at, strict=True)])
        for k in range(problem.widths[-1]):
            back = [ONE if j == k else ZERO for j in range(problem.widths[-1])]
            row: list[Fraction] = []
            for m in reversed(range(len(point))):
                for g in back:
                    row += [g * a for a in entering[m]] + ([g] if problem.has_bias(m) else [])
                if m:
                    columns = zip(*point[m].weight, strict=True)
                    back = [
                        within_budget(s * dot(back, [rational(w) for w in column]))
                        for s, column in zip(slopes[m - 1], columns, strict=True)
                    ]
            rows.append(row)
    return rank(rows)
