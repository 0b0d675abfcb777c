"""Networks with fixed pieces, evaluated plainly, and exact derivatives by differences: shares no code with the kernel.

On fixed pieces each value is of degree at most 1 in each parameter, and the risk of the squared loss of degree 2.
"""

import random
from collections.abc import Callable, Sequence
from fractions import Fraction

from symverify.kernel.core.network import Pattern, Problem
from symverify.kernel.network_file import read_problem
from tests.examples import layer, network, samples
from tests.kernel.corruption import Json, no_data, text
from tests.oracles.network import Oracle, moved, numbers

Numbers = list[Fraction]
BENDS = {"breakpoints": [-1, 0, 2, 3], "slopes": [1, 0, 2, -1, 3], "anchor": [0, 1]}


def values(oracle: Oracle, pattern: Pattern, parameters: Json, i: int) -> list[Numbers]:
    """z of every layer on sample i, the prediction last; the activations continued from the given pieces."""
    found, a = [], oracle.samples()[i][0]
    for m, each in enumerate(parameters):
        bias = each.get("bias", [0] * len(each["weight"]))
        z = [
            sum((Fraction(w) * x for w, x in zip(row, a, strict=True)), Fraction(b))
            for row, b in zip(each["weight"], bias, strict=True)
        ]
        found.append(z)
        a = [piece(oracle, m, pattern[m][j][i], x) for j, x in enumerate(z)] if m < len(parameters) - 1 else z
    return found


def piece(oracle: Oracle, m: int, p: int, z: Fraction) -> Fraction:
    """The affine map of one piece: h at one end of it, and its slope."""
    breakpoints, slopes, (x, _) = oracle.activation(m)
    end = breakpoints[max(p - 1, 0)] if breakpoints else x
    return oracle.apply(m, end) + slopes[p] * (z - end)


def risk(oracle: Oracle, pattern: Pattern, parameters: Json) -> Fraction:
    """R on fixed pieces."""
    return oracle.risk_of([values(oracle, pattern, parameters, i)[-1] for i in range(len(oracle.samples()))])


def slopes_of(function: Callable[[Json], Fraction], parameters: Json) -> Numbers:
    """The gradient of a function of degree at most 2 in each parameter, by central differences."""
    return [
        (function(shifted(parameters, (c, 1))) - function(shifted(parameters, (c, -1)))) / 2
        for c in range(len(numbers(parameters)))
    ]


def bends_of(function: Callable[[Json], Fraction], parameters: Json) -> list[Numbers]:
    """Its Hessian, by central differences."""
    size, here = range(len(numbers(parameters))), function(parameters)

    def mixed(a: int, b: int) -> Fraction:
        if a == b:
            return function(shifted(parameters, (a, 1))) + function(shifted(parameters, (a, -1))) - 2 * here
        signs = [(s, t) for s in (1, -1) for t in (1, -1)]
        return sum((s * t * function(shifted(parameters, (a, s), (b, t))) for s, t in signs), Fraction(0)) / 4

    return [[mixed(a, b) for b in size] for a in size]


def shifted(parameters: Json, *steps: tuple[int, int]) -> Json:
    """The parameters with a whole number added to some, named as the kernel counts: each row followed by its bias."""
    change = dict(steps)
    return along(parameters, [Fraction(change.get(c, 0)) for c in range(len(numbers(parameters)))])


def along(parameters: Json, by: Sequence[Fraction]) -> Json:
    """The parameters plus a vector in the kernel's order."""
    left, ordered = iter(by), list[Fraction]()
    for each in parameters:
        rows = [[next(left) for _ in range(len(row) + ("bias" in each))] for row in each["weight"]]
        width = len(each["weight"][0])
        ordered += [x for row in rows for x in row[:width]] + [x for row in rows for x in row[width:]]
    return moved(parameters, ordered)


def drawn(rng: random.Random, widths: Sequence[int], n: int = 2) -> tuple[Problem, Oracle, Json, Pattern]:
    """A random network, parameters, and pieces that need not be those of any point."""
    hidden, output = rng.random() < 0.7, rng.random() < 0.5
    activations = [rng.choice(["relu", "abs", "identity", "hardtanh", BENDS]) for _ in widths[1:-1]]
    parameters = [
        layer(
            [[rng.randint(-2, 2) for _ in range(widths[m])] for _ in range(widths[m + 1])],
            [rng.randint(-2, 2) for _ in range(widths[m + 1])] if (hidden if m < len(widths) - 2 else output) else None,
        )
        for m in range(len(widths) - 1)
    ]
    xs = [[rng.randint(-2, 2) for _ in range(widths[0])] for _ in range(n)]
    ys = [[rng.randint(-2, 2) for _ in range(widths[-1])] for _ in range(n)]
    document = network(
        list(widths), activations, samples(xs, ys), "1/3", bias={"hidden": hidden, "output": output},
        parameters=parameters,
    )  # fmt: skip
    oracle = Oracle(document)
    pattern = tuple(
        tuple(tuple(rng.randrange(len(oracle.activation(m)[1])) for _ in range(n)) for _ in range(width))
        for m, width in enumerate(widths[1:-1])
    )
    return read_problem(text(document), no_data), oracle, parameters, pattern
