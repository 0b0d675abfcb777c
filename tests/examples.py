"""Problems with known answers, for many tests: `EXAMPLES[name]`. Whatever is None is not known or not said.

Risks are in the problem's own units (its factor and reduction). Documents are network files as Python dicts,
without floats; `text(example)` is one as a file's bytes. Treat them as constants, `changed(example, …)` copies.
"""

import copy
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

Document = dict[str, Any]
Number = int | str


@dataclass(frozen=True, slots=True)
class Cell:
    """Facts about the local minima in one cell; the pattern is in the form of `symverify expand --pattern`."""

    pattern: str
    minimum: Fraction
    components: int


@dataclass(frozen=True, slots=True)
class Example:
    """A network file and what is known about its loss surface.

    affine: risk of the best affine fit, which the construction turns into a local minimum where one exists.
    better: a known risk below it; a proof must come out at least as low. better_point attains such a risk.
    spurious: whether the constructed minimum is; assumptions: which of A1 … A4 hold.
    point_minimum, point_risk, point_spurious: whether the file's own parameters are a local minimum, their risk …
    infimum, attained: of the risk over all parameters.
    """

    name: str
    document: Document
    affine: Fraction | None = None
    better: Fraction | None = None
    better_point: list[Document] | None = None
    spurious: bool | None = None
    assumptions: dict[str, bool] = field(default_factory=dict)
    point_minimum: bool | None = None
    point_risk: Fraction | None = None
    point_spurious: bool | None = None
    infimum: Fraction | None = None
    attained: bool | None = None
    cell: Cell | None = None


def samples(xs: Sequence[Number | Sequence[Number]], ys: Sequence[Number | Sequence[Number]]) -> list[Document]:
    """The "data" of a network file; a number stands for a vector of one."""

    def vector(value: Number | Sequence[Number]) -> list[Number]:
        return [value] if isinstance(value, int | str) else list(value)

    return [{"x": vector(x), "y": vector(y)} for x, y in zip(xs, ys, strict=True)]


def network(
    layers: list[int], activation: object, data: list[Document], factor: Number | None = None, **more: object
) -> Document:
    """A network file with squared loss summed over samples, times a factor."""
    loss: Document = {"name": "squared", "reduction": "sum"} | ({} if factor is None else {"factor": factor})
    form = {"format": "symverify-network/1", "layers": layers, "activation": activation, "loss": loss, "data": data}
    return form | more


def layer(weight: list[list[Number]], bias: list[Number] | None = None) -> Document:
    """One entry of "parameters"."""
    return {"weight": weight} | ({} if bias is None else {"bias": bias})


def two_piece(positive: Number, negative: Number) -> Document:
    """The activation with these slopes that meet at the origin."""
    return {"name": "two_piece", "positive_slope": positive, "negative_slope": negative}


def text(example: Example) -> bytes:
    """The example as the bytes of a network file."""
    return json.dumps(example.document).encode()


def changed(example: Example, **fields: object) -> Document:
    """A deep copy of the document with some fields replaced; one that is replaced by `...` is removed."""
    document = copy.deepcopy(example.document) | fields
    return {key: value for key, value in document.items() if value is not ...}


ALL_HOLD = {"A1": True, "A2": True, "A3": True, "A4": True}
FOUR = samples([0, 1, 2, 3], [0, 0, 0, 1])
TRIANGLE = samples([[1, 0], [0, 1], ["1/2", "1/2"]], [0, 0, 1])
DEEP = samples([[0, 0], [1, 0], [0, 1], [1, 1], [2, 1]], [[0, 1], [1, 0], [1, 0], [0, 2], [1, 1]])
TWO_CLUSTERS = samples([-1, 0, 1, 10, 11, 12], [0, 1, 0, 1, 0, 2])
TENT = samples([0, 1, 2, 3], [0, 2, 0, -1])
LINE = samples([0, 1, 2], [0, 1, 2])
FOUR_PIECES: Document = {"breakpoints": ["-2", "0", "1"], "slopes": ["0", "-1", "2", "1/2"], "anchor": ["0", "0"]}
LEAKY_THIRD = two_piece(1, "1/3")


def _theorem_1() -> list[Example]:
    """Spurious local minima by construction: one hidden layer, any depth, any number of pieces."""
    fit = [layer([["3/10"], [0]], ["4/5", 1]), layer([[1, 0]], [-1])]
    quarter = [layer([["1/4", "1/4"], ["1/4", "1/4"]], [0, 0]), layer([["2/3", "2/3"]], [0])]
    exact = [layer([[0, 1], [-1, 1]], [0, 0]), layer([[2, -2]], [0])]
    risk, third = Fraction(3, 20), Fraction(1, 3)
    four = [
        ("four-points", "relu", [1, 2, 1], "93/800", ALL_HOLD),
        ("four-points-leaky", two_piece(1, "1/10"), [1, 2, 1], "2337/19360", ALL_HOLD),
        ("four-points-steep", two_piece("11/10", 1), [1, 2, 1], "5797/39200", ALL_HOLD),
        ("four-points-abs", "abs", [1, 2, 1], None, ALL_HOLD | {"A4": False}),
        ("four-points-hardtanh", "hardtanh", [1, 2, 1], None, ALL_HOLD),
        ("four-points-relu6", "relu6", [1, 2, 1], None, ALL_HOLD),
        ("four-points-hardsigmoid", "hardsigmoid", [1, 2, 1], None, ALL_HOLD),
        ("four-points-four-pieces", FOUR_PIECES, [1, 2, 1], None, ALL_HOLD),
        ("four-points-depth-5", "relu", [1, 2, 2, 2, 2, 1], None, ALL_HOLD),
        ("four-points-mixed", ["relu", "hardtanh", FOUR_PIECES], [1, 2, 3, 2, 1], None, ALL_HOLD),
    ]
    examples = [
        Example(
            name,
            network(widths, activation, FOUR, "1/2", name=name),
            affine=risk,
            better=None if better is None else Fraction(better),
            spurious=True,
            assumptions=holds,
        )
        for name, activation, widths, better, holds in four
    ]
    given = network([1, 2, 1], "relu", FOUR, "1/2", parameters=fit)
    examples.append(
        Example("four-points-given", given, risk, Fraction(93, 800), None, True, ALL_HOLD, True, risk, True)
    )
    for name, slopes in (("relu", "relu"), ("leaky", two_piece(1, "1/10")), ("steep", two_piece("11/10", 1))):
        document = network([2, 2, 1], slopes, TRIANGLE, "1/2", name=f"triangle-{name}")
        examples.append(Example(f"triangle-{name}", document, third, spurious=True, assumptions=ALL_HOLD))
    given = network([2, 2, 1], "relu", TRIANGLE, "1/2", parameters=quarter)
    zero = Fraction(0)
    examples.append(Example("triangle-given", given, third, zero, exact, True, ALL_HOLD, True, third, True, zero, True))
    document = network([2, 4, 3, 2], LEAKY_THIRD, DEEP, "1/2", name="deep")
    examples.append(Example("deep", document, Fraction(26, 15), spurious=True, assumptions=ALL_HOLD))
    return examples


def _not_spurious() -> list[Example]:
    """The construction gives a minimum that nothing beats, or that only a wider search can judge."""
    half, fifth = Fraction(1, 2), Fraction(1, 5)
    same_input = network([1, 2, 1], "relu", samples([0, 0], [0, 1]), name="same-input")
    narrow = network([1, 1, 1], "relu", samples([0, 1, 2, 3], ["-1/10", "13/10", "17/10", "31/10"]), name="narrow")
    linear = network([1, 2, 1], "identity", FOUR, "1/2", name="linear")
    return [
        Example(
            "same-input", same_input, half, assumptions=ALL_HOLD | {"A2": False}, spurious=False, infimum=half,
            attained=True,
        ),
        Example("narrow", narrow, fifth, assumptions=ALL_HOLD | {"A3": False}, infimum=fifth, attained=True),
        Example(
            "linear", linear, Fraction(3, 20), spurious=False, infimum=Fraction(3, 20), attained=True,
            cell=Cell("0000,0000", Fraction(3, 20), 1),
        ),
    ]  # fmt: skip


def _points() -> list[Example]:
    """Given parameters, on boundaries and elsewhere, to be decided."""
    boundary = network(
        [1, 1, 1],
        "relu",
        samples([5, 4, 3, 1, -1], [2, 1, 0, -3, 3]),
        parameters=[layer([[1]], [-3]), layer([[1]], [0])],
    )
    lower = [layer([[-1]], [1]), layer([["3/2"]], [0])]
    dead = [layer([[0], [0]], [-1, -2]), layer([[1, 5]], ["2/3"])]
    moving = [layer([[1], [1]], [2, -5]), layer([[1, 1]], [0])]
    no_bias = network([1, 1, 1], "relu", samples([0, 1], [0, 1]), bias=False, parameters=[layer([[0]]), layer([[0]])])
    clusters = network([1, 2, 1], "relu", TWO_CLUSTERS, "1/2")
    return [
        Example(
            "boundary", boundary, better=Fraction(14), better_point=lower, point_minimum=True,
            point_risk=Fraction(18), point_spurious=True,
        ),
        Example(
            "dead-layer", clusters | {"parameters": dead}, point_minimum=True, point_risk=Fraction(5, 3),
            point_spurious=True,
        ),
        Example("not-stationary", clusters | {"parameters": moving}, point_minimum=False),
        Example("origin-no-bias", no_bias, point_minimum=False, point_risk=Fraction(1), infimum=Fraction(0)),
    ]  # fmt: skip


def _cells() -> list[Example]:
    """Cells with a known number of connected components of their minima."""
    twelfth, zero = Fraction(1, 12), Fraction(0)
    line = Fraction(0)
    return [
        Example(
            "tent-2", network([1, 2, 1], "relu", TENT, "1/2"), infimum=zero, cell=Cell("0111,0111", twelfth, 2)
        ),
        Example("tent-3", network([1, 3, 1], "relu", TENT, "1/2"), cell=Cell("0111,0111,0111", twelfth, 1)),
        Example("line-1", network([1, 1, 1], "relu", LINE), infimum=line, cell=Cell("111", line, 2)),
        Example("line-2", network([1, 2, 1], "relu", LINE), infimum=line, cell=Cell("111,111", line, 1)),
        Example(
            "linear-1", network([1, 1, 1], "identity", FOUR, "1/2"), Fraction(3, 20), spurious=False,
            infimum=Fraction(3, 20), attained=True, cell=Cell("0000", Fraction(3, 20), 2),
        ),
    ]  # fmt: skip


def _global_minima() -> list[Example]:
    """Known infima over all parameters."""
    shifted: Document = {"breakpoints": [1], "slopes": [0, 1], "anchor": [0, 0]}
    one = samples([1], [1])
    diagonal = samples([[0, 0], [1, 0], [2, 0]], [0, 1, 0])
    return [
        Example(
            "zigzag", network([1, 2, 1], "relu", samples([0, 1, 2, 3], [0, 3, -1, 2])), infimum=Fraction(9, 2),
            attained=True,
        ),
        Example(
            "more-units-than-cells", network([1, 5, 1], "relu", one, bias=False), infimum=Fraction(0), attained=True
        ),
        Example(
            "not-attained", network([1, 1, 1], shifted, samples([1, 2], [1, 2]), bias=False), infimum=Fraction(0),
            attained=False,
        ),
        Example("flat-inputs", network([2, 2, 1], "relu", diagonal), infimum=Fraction(0), attained=True),
        Example(
            "vector-linear",
            network([2, 1, 2], "identity", samples([[1, 0], [0, 1]], [[1, 0], [0, 1]]), bias=False),
            infimum=Fraction(1),
            attained=True,
        ),
    ]  # fmt: skip


EXAMPLES: dict[str, Example] = {
    example.name: example
    for group in (_theorem_1(), _not_spurious(), _points(), _cells(), _global_minima())
    for example in group
}
