"""The problem of this package: data, activation, width; and its integer normal form.

A network with one hidden layer and scalar output is f(x) = c0 + Σ_j v_j h(⟨w_j, x⟩ + b_j), and
R = factor · Σ_i (f(x_i) − y_i)². With x̃ = (x, 1) (or x, without hidden bias) one unit contributes

    σ · H(u, ν),    H(u, ν)_i = ν h(⟨u, x̃_i⟩ / ν),    u = |v| (w, b),  ν = |v|,  σ = sign v,

and H is positively homogeneous and continuous on ν ≥ 0 (at ν = 0 only the outer slopes count). When the
biases can move the one kink of h to the origin, H does not depend on ν and the coordinate ν is dropped.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from math import gcd, lcm

from symverify.ground import linear

Vector = tuple[Fraction, ...]


@dataclass(frozen=True, slots=True)
class Network:
    """W is width × d, b and v have `width` entries; b is zero without hidden bias, c0 without output bias."""

    W: tuple[Vector, ...]
    b: Vector
    v: Vector
    c0: Fraction


@dataclass(frozen=True, slots=True)
class Instance:
    """Data X (n × d) and y (n), the activation, the biases, the number `width` of hidden units.

    h has slope slopes[p] between breakpoints[p − 1] and breakpoints[p], and h(anchor[0]) = anchor[1].
    Risk is factor · Σ_i (f(x_i) − y_i)². Raises ValueError if the parts do not fit together.
    """

    X: tuple[Vector, ...]
    y: Vector
    breakpoints: Vector
    slopes: Vector
    anchor: tuple[Fraction, Fraction]
    hidden_bias: bool
    output_bias: bool
    width: int
    factor: Fraction = Fraction(1)

    def __post_init__(self) -> None:
        if not self.X or len(self.X) != len(self.y) or len({len(x) for x in self.X}) != 1:
            raise ValueError("X and y need the same number n ≥ 1 of samples, all of one dimension")
        if len(self.slopes) != len(self.breakpoints) + 1:
            raise ValueError("an activation with K breakpoints has K + 1 slopes")
        if any(s >= t for s, t in pairwise(self.breakpoints)):
            raise ValueError("breakpoints must increase")
        if self.width < 1 or self.factor <= 0:
            raise ValueError("width and factor must be positive")

    @property
    def inputs(self) -> tuple[Vector, ...]:
        """x̃: the inputs, with a last coordinate 1 if there is a hidden bias."""
        return tuple((*x, Fraction(1)) for x in self.X) if self.hidden_bias else self.X

    def h(self, z: Fraction) -> Fraction:
        """The activation at z."""
        start, value = self.anchor
        low, high = min(start, z), max(start, z)
        cuts = [low, *(t for t in self.breakpoints if low < t < high), high]
        rise = Fraction(0)
        for left, right in pairwise(cuts):
            rise += self.slopes[sum(t <= left for t in self.breakpoints)] * (right - left)
        return value + rise if z >= start else value - rise

    def predictions(self, network: Network) -> list[Fraction]:
        """f(x_i), n exact values."""
        values = []
        for x in self.X:
            units = zip(network.W, network.b, network.v, strict=True)
            inner = [v * self.h(b + sum((a * c for a, c in zip(w, x, strict=True)), Fraction(0))) for w, b, v in units]
            values.append(network.c0 + sum(inner, Fraction(0)))
        return values

    def loss(self, network: Network) -> Fraction:
        """Σ_i (f(x_i) − y_i)², exactly."""
        return sum(((f - y) ** 2 for f, y in zip(self.predictions(network), self.y, strict=True)), Fraction(0))

    def within(self) -> tuple[Fraction, list[Fraction]]:
        """min of Σ(f − y)² over *all* functions f of x, and its residual y − f.

        Equal inputs have equal predictions, so the group means are best.
        """
        groups: dict[Vector, list[Fraction]] = {}
        for x, y in zip(self.X, self.y, strict=True):
            groups.setdefault(x, []).append(y)
        mean = {x: sum(ys, Fraction(0)) / len(ys) for x, ys in groups.items()}
        residual = [y - mean[x] for x, y in zip(self.X, self.y, strict=True)]
        return sum((r * r for r in residual), Fraction(0)), residual


def instance(
    X: Sequence[Sequence[Fraction | int]],
    y: Sequence[Fraction | int],
    width: int,
    *,
    breakpoints: Sequence[Fraction | int] = (0,),
    slopes: Sequence[Fraction | int] = (0, 1),
    anchor: tuple[Fraction | int, Fraction | int] = (0, 0),
    hidden_bias: bool = True,
    output_bias: bool = True,
    factor: Fraction | int = 1,
) -> Instance:
    """An Instance from integers or fractions; the activation is ReLU unless said otherwise."""
    exact = [tuple(Fraction(x) for x in row) for row in X]
    return Instance(
        tuple(exact),
        tuple(Fraction(x) for x in y),
        tuple(Fraction(t) for t in breakpoints),
        tuple(Fraction(s) for s in slopes),
        (Fraction(anchor[0]), Fraction(anchor[1])),
        hidden_bias,
        output_bias,
        width,
        Fraction(factor),
    )


def integer_scale(values: Sequence[Fraction]) -> Fraction:
    """The s > 0 for which the values / s are coprime integers (1 if all are zero)."""
    common = lcm(*(v.denominator for v in values))
    return Fraction(gcd(*(v.numerator * (common // v.denominator) for v in values)) or 1, common)


@dataclass(frozen=True)
class Form:
    """H on integer coordinates p: parameter k is p_k / `scale[k]`; in perspective the last one is ν, scale · p.

    `basis` picks independent coordinates of x̃: the others change no function on the data. `shift` and
    `constant` are the z and h(z) that the biases move to the origin.
    """

    instance: Instance
    perspective: bool
    shift: Fraction
    constant: Fraction
    breakpoints: Vector
    slopes: Vector
    basis: tuple[int, ...]
    scale: Vector

    @property
    def dimension(self) -> int:
        """D, the number of coordinates."""
        return len(self.scale)

    @cached_property
    def rows(self) -> list[list[int]]:
        """n × (rank of the inputs) integers: z_i = ⟨rows_i, p⟩."""
        pairs = list(zip(self.basis, self.scale, strict=False))
        return [[int(x[k] / s) for k, s in pairs] for x in self.instance.inputs]

    @cached_property
    def pieces(self) -> tuple[list[int], list[int], list[int], int]:
        """Integers (thresholds t, slopes s, offsets o) and q: q·H = s z + o ν on the piece of z against t ν."""
        unit = self.scale[-1] if self.perspective else Fraction(0)
        inst = self.instance
        inside = [self.breakpoints[0] if self.breakpoints else Fraction(0), *self.breakpoints]
        offsets = [
            (inst.h(t + self.shift) - self.constant - s * t) * unit for t, s in zip(inside, self.slopes, strict=True)
        ]
        q = lcm(*(x.denominator for x in (*self.slopes, *offsets)))
        return (
            [int(t * unit) for t in self.breakpoints],
            [int(s * q) for s in self.slopes],
            [int(o * q) for o in offsets],
            q,
        )

    @cached_property
    def hyperplanes(self) -> list[tuple[list[int], int, Fraction]]:
        """(row of D integers, sample, size of the kink) for every sample and breakpoint.

        Without breakpoints the coordinate hyperplanes are used: they cut the linear cell into pointed cones.
        """
        tail = [0] if self.perspective else []
        planes = []
        if not self.breakpoints:
            for k in range(len(self.basis)):
                planes.append(([int(j == k) for j in range(len(self.basis))] + tail, 0, Fraction(0)))
            return planes
        for i, row in enumerate(self.rows):
            if any(row):
                for p, t in enumerate(self.pieces[0]):
                    cut = [*row, -t] if self.perspective else row
                    planes.append((cut, i, abs(self.slopes[p + 1] - self.slopes[p])))
        return planes

    def value(self, point: Sequence[Fraction]) -> list[Fraction]:
        """H at a point in integer coordinates, on the n samples."""
        thresholds, slopes, offsets, q = self.pieces
        scale = lcm(*(p.denominator for p in point))
        whole = [int(p * scale) for p in point]
        nu = whole[-1] if self.perspective else 0
        values = []
        for row in self.rows:
            z = sum([a * p for a, p in zip(row, whole, strict=False)])
            piece = sum([z > t * nu for t in thresholds])
            values.append(Fraction(slopes[piece] * z + offsets[piece] * nu, q * scale))
        return values

    def parameters(self, point: Sequence[Fraction]) -> tuple[list[Fraction], Fraction]:
        """(w, b) in the order of x̃ (zero at the redundant coordinates) and ν, of one integer-coordinate point."""
        u = [Fraction(0)] * len(self.instance.inputs[0])
        for k, s, p in zip(self.basis, self.scale, point, strict=False):
            u[k] = p / s
        return u, self.scale[-1] * point[-1] if self.perspective else Fraction(1)


def normal_form(inst: Instance) -> Form:
    """Drop breakpoints without a kink, move the origin where the biases can, reduce to full rank."""
    kept = [p for p, _ in enumerate(inst.breakpoints) if inst.slopes[p] != inst.slopes[p + 1]]
    breakpoints = [inst.breakpoints[p] for p in kept]
    slopes = [inst.slopes[0], *(inst.slopes[p + 1] for p in kept)]
    shift = Fraction(0)
    if inst.hidden_bias:
        if len(breakpoints) == 1:
            shift = breakpoints[0]
        elif not breakpoints and slopes[0]:
            shift = inst.anchor[0] - inst.anchor[1] / slopes[0]
    constant = inst.h(shift) if inst.output_bias else Fraction(0)
    breakpoints = [t - shift for t in breakpoints]
    perspective = len(breakpoints) > 1 or any(breakpoints) or inst.h(shift) != constant
    basis = linear.independent_rows(list(zip(*inst.inputs, strict=True)))
    scale = [integer_scale([x[k] for x in inst.inputs]) for k in basis]
    if perspective:
        scale.append(Fraction(lcm(*(t.denominator for t in breakpoints))))
    return Form(inst, perspective, shift, constant, tuple(breakpoints), tuple(slopes), tuple(basis), tuple(scale))
