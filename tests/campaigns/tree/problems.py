"""Random degenerate problems of one hidden layer with scalar output, as network files.

Zero rows, repeated inputs, collinear inputs, missing biases, breakpoints off 0, several breakpoints, linear and
constant activations, h(0) ≠ 0, more units than samples, huge and tiny numbers.
"""

from collections.abc import Sequence
from fractions import Fraction
from random import Random

from tests.examples import Document, network

SHAPES: list[tuple[list[str], list[str], list[str]]] = [  # breakpoints, slopes, anchor
    (["0"], ["0", "1"], ["0", "0"]),
    (["0"], ["0", "1"], ["0", "0"]),
    (["0"], ["1/100", "1"], ["0", "0"]),
    (["0"], ["-1", "1"], ["0", "0"]),
    (["0"], ["2", "-1"], ["0", "0"]),
    (["1"], ["0", "1"], ["0", "0"]),
    (["-1/2"], ["1", "3"], ["0", "2"]),
    (["0"], ["0", "1"], ["0", "-1"]),
    (["-1", "1"], ["0", "1", "0"], ["0", "0"]),
    (["0", "2"], ["0", "1/6", "0"], ["0", "1/2"]),
    (["1", "2"], ["0", "1", "-1"], ["0", "0"]),
    (["-1", "0", "1"], ["0", "1", "-1", "0"], ["0", "1"]),
    ([], ["2"], ["0", "0"]),
    ([], ["1"], ["0", "3"]),
    ([], ["0"], ["0", "2"]),
    (["1"], ["2", "5"], ["1", "1"]),
    (["1"], ["1/2", "2"], ["0", "0"]),
]
SCALES = ["1", "1", "1", "1", "1/7", "1000000007", "1/1000003", "123456789123456789123456789"]


def random_problem(
    rng: Random, most_planes: int = 8, shapes: Sequence[int] = (), wide: int = 0, single: bool = False, **bias: bool
) -> Document:
    """A problem whose units have at most so many hyperplanes.

    Given numbers of SHAPES, one of these; with `wide` inputs up to ±wide; `single`: one input, one unit;
    hidden and output biases as given.
    """
    breakpoints, slopes, anchor = SHAPES[rng.choice(shapes)] if shapes else rng.choice(SHAPES)
    per, d = max(1, len(breakpoints)), rng.choice([1, 1, 1, 2, 2, 3])
    n = rng.randint(1, max(1, min(5, most_planes // per) - (d == 3)))
    bias = {"hidden": rng.random() < 0.5, "output": rng.random() < 0.5} | bias
    small = [-2, -1, -1, 0, 0, 1, 1, 2, 3]
    inputs = [[Fraction(rng.randint(-wide, wide) if wide else rng.choice(small)) for _ in range(d)] for _ in range(n)]
    if n > 1 and rng.random() < 0.3:
        inputs[-1] = list(inputs[0])
    if n > 1 and rng.random() < 0.3:
        inputs[rng.randrange(n)] = [Fraction(0)] * d
    if n > 2 and rng.random() < 0.3:
        inputs[1] = [2 * x for x in inputs[2]]
    for c in range(1, d):
        if rng.random() < 0.2:
            for x in inputs:
                x[c] = 2 * x[0] + (rng.random() < 0.2)
    stretch = [Fraction(rng.choice(SCALES)) for _ in range(d)] if rng.random() < 0.3 else [Fraction(1)] * d
    lift = Fraction(rng.choice(SCALES)) if rng.random() < 0.3 else Fraction(1)
    labels = [Fraction(rng.randint(-4, 4)) for _ in range(n)]
    if not any(labels):
        labels[0] = Fraction(1)
    data = [
        {"x": [str(x * s) for x, s in zip(row, stretch, strict=True)], "y": [str(y * lift)]}
        for row, y in zip(inputs, labels, strict=True)
    ]
    activation = {"breakpoints": breakpoints, "slopes": slopes, "anchor": anchor}
    if single:
        return network([1, 1, 1], activation, [{"x": s["x"][:1], "y": s["y"]} for s in data], bias=bias)
    width, factor = rng.choice([1, 1, 2, 2, 2, 3, 7]), rng.choice([None, None, "1/3", "5"])
    if width == 3 and n * per > 5:
        width = 2
    return network([d, width, 1], activation, data, factor, bias=bias)
