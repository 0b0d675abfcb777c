"""A network file evaluated plainly: values, risks, lower points nearby, ranks. Shares no code with the package.

Parameters are as in the files: layers with "weight" and "bias", numbers as exact text or integers.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Any

import flint

Json = Any
Numbers = list[Fraction]
FAMILIES = {
    "relu": ([0], [0, 1], (0, 0)),
    "abs": ([0], [-1, 1], (0, 0)),
    "hardtanh": ([-1, 1], [0, 1, 0], (0, 0)),
    "relu6": ([0, 6], [0, 1, 0], (0, 0)),
    "hardsigmoid": ([-3, 3], [0, Fraction(1, 6), 0], (0, Fraction(1, 2))),
    "identity": ([], [1], (0, 0)),
}


@dataclass(slots=True)
class Oracle:
    """A network file, evaluated plainly. Parameters are as in the files, numbers as exact text."""

    document: Json
    known: dict[int, tuple[Numbers, Numbers, tuple[Fraction, Fraction]]] = field(default_factory=dict)
    data: list[tuple[Numbers, Numbers]] = field(default_factory=list)

    def activation(self, layer: int) -> tuple[Numbers, Numbers, tuple[Fraction, Fraction]]:
        """Breakpoints, slopes and a point of the graph."""
        if layer not in self.known:
            self.known[layer] = self.read_activation(layer)
        return self.known[layer]

    def read_activation(self, layer: int) -> tuple[Numbers, Numbers, tuple[Fraction, Fraction]]:
        """The same, from the file."""
        given = self.document["activation"]
        given = given[layer] if isinstance(given, list) else given
        if isinstance(given, str):
            breakpoints, slopes, anchor = FAMILIES[given]
        elif "breakpoints" in given:
            breakpoints, slopes, anchor = given["breakpoints"], given["slopes"], given["anchor"]
        else:
            negative, positive = given.get("negative_slope", "1/100"), given.get("positive_slope", 1)
            breakpoints, slopes, anchor = [0], [negative, positive], (0, 0)
        x, y = map(Fraction, anchor)
        return [Fraction(t) for t in breakpoints], [Fraction(s) for s in slopes], (x, y)

    def apply(self, layer: int, z: Fraction) -> Fraction:
        """h(z): the integral of the slope from the known point."""
        breakpoints, slopes, (x, y) = self.activation(layer)
        low, high = min(x, z), max(x, z)
        edges = [low, *(t for t in breakpoints if low < t < high), high]
        rise = sum(
            ((b - a) * slopes[sum(t < (a + b) / 2 for t in breakpoints)] for a, b in pairwise(edges)), Fraction(0)
        )
        return y + (rise if z >= x else -rise)

    def pre_activations(self, point: Json, x: Sequence[Fraction]) -> list[Numbers]:
        """z of every layer, the last being the prediction."""
        found, a = [], list(x)
        for m, layer in enumerate(point):
            bias = layer.get("bias", ["0"] * len(layer["weight"]))
            z = [
                sum((Fraction(w) * v for w, v in zip(row, a, strict=True)), Fraction(b))
                for row, b in zip(layer["weight"], bias, strict=True)
            ]
            found.append(z)
            a = [self.apply(m, v) for v in z] if m < len(point) - 1 else z
        return found

    def samples(self) -> list[tuple[Numbers, Numbers]]:
        """The data."""
        if not self.data:
            self.data = [tuple([Fraction(v) for v in each[part]] for part in "xy") for each in self.document["data"]]
        return self.data

    def predictions(self, point: Json) -> list[Numbers]:
        """f(x_i)."""
        return [self.pre_activations(point, x)[-1] for x, _ in self.samples()]

    def loss(self, e: Fraction) -> Fraction:
        """ℓ at an error."""
        given = self.document["loss"]
        if isinstance(given, str) or given["name"] == "squared":
            return e * e
        delta = Fraction(given.get("delta", 1))
        return e * e / 2 if abs(e) <= delta else delta * abs(e) - delta * delta / 2

    def risk(self, point: Json) -> Fraction:
        """R."""
        return self.risk_of(self.predictions(point))

    def risk_of(self, predictions: list[Numbers]) -> Fraction:
        """R of predictions."""
        given = self.document["loss"]
        given = {} if isinstance(given, str) else given
        factor = Fraction(given.get("factor", 1))
        pairs = zip(predictions, self.samples(), strict=True)
        errors = [a - b for f, (_, y) in pairs for a, b in zip(f, y, strict=True)]
        whole = factor * sum(map(self.loss, errors), Fraction(0))
        return whole / len(self.samples()) if given.get("reduction", "mean") == "mean" else whole

    def lower_nearby(self, point: Json, trials: int = 40, seed: int = 0) -> Json | None:
        """A point of lower risk very close by, by exact sampling along straight and bent ways; None if none."""
        here, rng = self.risk(point), random.Random(seed)
        size = len(numbers(point))
        for trial in range(trials):
            dense = trial % 3 == 0
            first = [rng.randint(-3, 3) if dense or rng.random() < 2 / size else 0 for _ in range(size)]
            second = [rng.randint(-3, 3) if trial % 2 else 0 for _ in range(size)]
            t = Fraction(1, 2**60)
            there = moved(point, [t * a + t * t * b for a, b in zip(first, second, strict=True)])
            if self.risk(there) < here:
                return there
        return None

    def jacobian_rank(self, point: Json) -> int:
        """The rank of the derivative of all predictions: inside a cell they are affine in each single parameter."""
        here, step, rows = self.predictions(point), Fraction(1, 2**100), []
        for k in range(len(numbers(point))):
            there = self.predictions(moved(point, [step * (c == k) for c in range(len(numbers(point)))]))
            rows.append([(a - b) / step for f, g in zip(there, here, strict=True) for a, b in zip(f, g, strict=True)])
        return matrix_rank(rows)


def numbers(point: Json) -> Numbers:
    """All parameters in one list."""
    return [Fraction(x) for layer in point for row in [*layer["weight"], layer.get("bias", [])] for x in row]


def moved(point: Json, by: Sequence[Fraction]) -> Json:
    """The point plus a vector."""
    left = iter(by)
    return mapped(point, lambda x: str(Fraction(x) + next(left)))


def at(path: Json, t: Fraction) -> Json:
    """The point of a path at t."""

    def value(x: Json) -> str:
        coefficients = x if isinstance(x, list) else [x]
        return str(sum((Fraction(c) * t**k for k, c in enumerate(coefficients)), Fraction(0)))

    return mapped(path, value)


def mapped(point: Json, change: Callable[[Json], Json]) -> Json:
    """The point with every number replaced."""
    new = []
    for layer in point:
        weight = [[change(x) for x in row] for row in layer["weight"]]
        new.append({"weight": weight} | ({"bias": [change(x) for x in layer["bias"]]} if "bias" in layer else {}))
    return new


def matrix_rank(rows: Sequence[Sequence[Fraction]]) -> int:
    """The rank, by FLINT."""
    return int(flint.fmpq_mat([[flint.fmpq(x.numerator, x.denominator) for x in row] for row in rows]).rank())


def least_of_functions(oracle: Oracle) -> Fraction:
    """The least squared-loss risk of all functions of the inputs: each group of equal inputs gets its mean."""
    groups: dict[tuple[Fraction, ...], list[Numbers]] = defaultdict(list)
    for x, y in oracle.samples():
        groups[tuple(x)].append(y)
    means = {x: [sum(column, Fraction(0)) / len(ys) for column in zip(*ys, strict=True)] for x, ys in groups.items()}
    return oracle.risk_of([means[tuple(x)] for x, _ in oracle.samples()])


def assumptions(oracle: Oracle) -> dict[str, bool]:
    """A1 to A4 and AL."""
    samples, widths = oracle.samples(), oracle.document["layers"]
    affine = [[*x, Fraction(1)] for x, _ in samples]
    whole = [[*row, *y] for row, (_, y) in zip(affine, samples, strict=True)]
    bends = [[(a, b) for a, b in pairwise(oracle.activation(m)[1]) if a != b] for m in range(len(widths) - 2)]
    return {
        "A1": matrix_rank(whole) > matrix_rank(affine),
        "A2": len({tuple(x) for x, _ in samples}) == len(samples),
        "A3": min(widths[1:-1]) > widths[-1],
        "A4": all(any(a + b for a, b in layer) for layer in bends),
        "AL": True,
    }
