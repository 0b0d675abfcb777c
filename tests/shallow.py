"""Problems with one hidden layer, scalar output and squared loss, made in Python; and what the tests ask about them."""

from collections.abc import Sequence
from fractions import Fraction

from symverify.kernel.core.network import Point, Problem, predictions, risk
from symverify.kernel.losses import squared
from symverify.kernel.network_file import activation_through

Number = Fraction | int


def shallow(
    X: Sequence[Sequence[Number]],
    y: Sequence[Number],
    width: int,
    *,
    breakpoints: Sequence[Number] = (0,),
    slopes: Sequence[Number] = (0, 1),
    anchor: tuple[Number, Number] = (0, 0),
    hidden_bias: bool = True,
    output_bias: bool = True,
    factor: Number = 1,
) -> Problem:
    """A problem from integers or fractions; the activation is ReLU unless said otherwise."""
    start, value = map(Fraction, anchor)
    return Problem(
        name="",
        widths=(len(X[0]), width, 1),
        hidden_bias=hidden_bias,
        output_bias=output_bias,
        activations=(
            activation_through([Fraction(t) for t in breakpoints], [Fraction(s) for s in slopes], start, value),
        ),
        loss=squared(Fraction(factor)),
        inputs=tuple(tuple(map(Fraction, row)) for row in X),
        targets=tuple((Fraction(x),) for x in y),
        parameters=None,
        sha256="",
    )


def table(problem: Problem) -> list[tuple[Fraction, ...]]:
    """x̃ of every sample."""
    return [problem.row(i) for i in range(len(problem.inputs))]


def labels(problem: Problem) -> list[Fraction]:
    return [y for (y,) in problem.targets]


def height(problem: Problem, z: Fraction) -> Fraction:
    """The activation at z."""
    h = problem.activations[0]
    piece = sum(t < z for t in h.breakpoints)
    return h.slopes[piece] * z + h.offsets[piece]


def loss(problem: Problem, point: Point) -> Fraction:
    """Σ_i (f(x_i) − y_i)², exactly."""
    return risk(problem, predictions(problem, point)) / problem.loss.factor
