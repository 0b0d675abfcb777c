"""Numbers, parameters and problems as Rocq terms; and what the verified checkers want to be proposed."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import lcm

from symverify.ground.linear import solve
from symverify.kernel.core.activation import Activation
from symverify.kernel.core.algebra import echelon, integral
from symverify.kernel.core.facts import Evaluated
from symverify.kernel.core.loss import Loss, Quadratic
from symverify.kernel.core.network import Point, Problem, Vector
from symverify.kernel.core.poly import Poly, Scalar
from symverify.kernel.reals.losses import CrossEntropy, Logistic, Poisson

Scales = tuple[int, int, int]


MOST_READ = 10**6  # of numbers in a proof
MOST_DECIMAL = 10**24  # longer numbers are in hexadecimal: nobody reads them, and Coq takes decimals quadratic time


def number(x: Fraction) -> str:
    """A rational in the scope Q."""
    top = whole(x.numerator)
    return top if x.denominator == 1 else f"({top} # {whole(x.denominator)})"


def is_long(x: Fraction) -> bool:
    """Whether a number has too many digits to be written more than once."""
    return max(abs(x.numerator), x.denominator) > MOST_DECIMAL


def long_number(x: Fraction) -> str:
    """A rational by its hexadecimal digits."""
    power = x.denominator.bit_length() - 1
    bottom = f"2 ^ {power}" if 1 < x.denominator == 1 << power else f"hex_positive {hexadecimal(x.denominator)}"
    return f"hex {hexadecimal(x.numerator)} # {bottom}"


def whole(n: int) -> str:
    """An integer, in parentheses if it is negative."""
    digits = str(n) if abs(n) < MOST_DECIMAL else f"{n:#x}"
    return f"({digits})" if n < 0 else digits


def listing(items: Sequence[str], separator: str = "; ") -> str:
    """A list."""
    return f"[{separator.join(items)}]"


def vector(v: Sequence[Fraction]) -> str:
    """A list of rationals."""
    return listing([number(x) for x in v])


def integers(v: Sequence[int]) -> str:
    """A list of integers; by hexadecimal digits where they are long: nobody reads them, and Coq reads digits faster."""
    if max(map(abs, v), default=0) < MOST_READ:
        return listing([whole(x) for x in v]) + "%Z"
    return f"(integers {listing([hexadecimal(x) for x in v])}%hex_int)"


def parameters(point: Point, entry: Callable[[Scalar], str]) -> str:
    """Layers from the last to the first, one row for each unit, the bias first."""
    layers = []
    for layer in reversed(point):
        biases: Sequence[Sequence[Scalar]] = (
            [()] * len(layer.weight) if layer.bias is None else [(b,) for b in layer.bias]
        )
        rows = [listing([entry(x) for x in (*b, *row)]) for b, row in zip(biases, layer.weight, strict=True)]
        layers.append(listing(rows))
    return listing(layers, ";\n  ")


def constant(x: Scalar) -> str:
    """A coordinate of a point."""
    return number(constant_of(x))


def constant_of(x: Scalar) -> Fraction:
    """Its value."""
    return x if isinstance(x, Fraction) else x.at_zero()


def over(x: Scalar, common: int, name: str) -> str:
    """A coordinate of a point, over the multiple of its denominator that has this name."""
    top = constant_of(x) * common
    if top.denominator != 1:
        raise ValueError("not a multiple of the denominator")
    return f"(hex {hexadecimal(top.numerator)} # {name})"


def coefficients(x: Scalar) -> str:
    """A coordinate of a path, as the list of its coefficients."""
    return vector(x.coefficients or (Fraction(0),)) if isinstance(x, Poly) else vector([x])


def log_loss(problem: Problem) -> str | None:
    """The name in `Statements.v` of a loss with logarithms or exponentials."""
    match problem.loss:
        case Logistic():
            return "Logistic"
        case CrossEntropy():
            return "CrossEntropy"
        case Poisson():
            return "Poisson"
    return None


def bent(low: int | Fraction, high: int | Fraction) -> tuple[Quadratic, ...]:
    """The parts of a loss with two slopes, which is 0 at the label."""
    zero = Fraction(0)
    return (zero, Fraction(low), zero), (zero, Fraction(high), zero)


def loss_term(loss: Loss) -> str | None:
    """The loss in `Statements.v` with these values; None if there is none."""
    if loss.quadratic:
        return "Squared"
    if loss.smooth:
        is_huber = [bool(a) for a, _, _ in loss.parts] == [False, True, False]
        return f"(Huber {number(loss.cuts[-1])})" if is_huber else None
    above, below = (loss.at(Fraction(label)).parts for label in (1, -1))
    if above == below == bent(-1, 1):
        return "Absolute"
    if above == below and above == bent(above[0][1], above[0][1] + 1):
        return f"(Quantile {number(-above[0][1])})"
    return "Hinge" if (above, below) == (bent(-1, 0), bent(0, 1)) else None


def activation(h: Activation) -> str:
    """The pieces, and the last one."""
    pieces = [f"({', '.join(map(number, each))})" for each in zip(h.breakpoints, h.slopes, h.offsets, strict=False)]
    return f"({listing(pieces)}, ({number(h.slopes[-1])}, {number(h.offsets[-1])}))"


def definition(problem: Problem, loss: str) -> str:
    """The problem: layers from the last to the first, samples, loss."""
    layers = [f"({str(problem.output_bias).lower()}, ([], (1, 0)))"]
    layers += [f"({str(problem.hidden_bias).lower()}, {activation(h)})" for h in reversed(problem.activations)]
    samples = [f"({vector(x)}, {vector(y)})" for x, y in zip(problem.inputs, problem.targets, strict=True)]
    sizes = f"n_in := {problem.widths[0]}%nat; n_out := {problem.widths[-1]}%nat"
    joined = listing(layers, ";\n    "), listing(samples, ";\n    ")
    return (
        f"Definition p : {'problem_of log_loss' if log_loss(problem) else 'problem'} := {{|\n"
        f"  layers := {joined[0]};\n  samples := {joined[1]};\n"
        f"  loss_of := {loss}; factor := {number(problem.loss.factor)}; {sizes} |}}.\n"
    )


# ---- proposals for the checkers ----
def affine_map(problem: Problem, at: Evaluated) -> str | None:
    """Rows (a_0, a) of an affine map with the point's predictions."""
    rows = [[Fraction(1), *x] for x in problem.inputs]
    found = [solve(rows, list(column), len(rows[0])) for column in zip(*at.predictions, strict=True)]
    return None if None in found else listing([vector(row) for row in found if row is not None])


def scales(problem: Problem) -> Scales:
    """Factors L, a, b that turn inputs and activation into integers (Scale.v)."""
    h = problem.activations[0]
    inputs = lcm(*(x.denominator for row in problem.inputs for x in row))
    values = lcm(*(x.denominator for x in (*h.slopes, *h.offsets)))
    return inputs, lcm(*(t.denominator for t in h.breakpoints)), values


def linear_coordinates(problem: Problem, scale: Scales, homogeneous: bool) -> list[list[int]]:
    """For an affine activation: the coordinates that the tree splits by, as forms in (ν,) bias, weights.

    They are those of the columns of x̃ that are a basis of its column space, in the checker's scaled weights.
    """
    h, (inputs, arguments, _) = problem.activations[0], scale
    if h.breakpoints:
        return []
    table = [problem.row(i) for i in range(len(problem.inputs))]
    pivots = sorted(next(c for c, x in enumerate(row) if x) for row in echelon(table))
    basis = [[row[c] for c in pivots] for row in table]
    shares = [solve(basis, [row[c] for row in table], len(pivots)) or [] for c in range(len(table[0]))]
    forms = []
    for k in range(len(pivots)):
        row = [share[k] for share in shares]
        weights, bias = (row[:-1], row[-1:]) if problem.hidden_bias else (row, [])
        moved = bias[0] * h.offsets[0] / h.slopes[0] * arguments if bias and h.slopes[0] else Fraction(0)
        forms.append(integral([*[moved] * (not homogeneous), *bias, *(x * inputs for x in weights)]))
    return forms


def tree_arguments(problem: Problem) -> tuple[str, str, str, str, str]:
    """Width, scales, whether the activation is homogeneous, coordinates, units: what the checker of a tree is given."""
    h, width, scale = problem.activations[0], problem.widths[1], scales(problem)
    homogeneous = not any(h.breakpoints) and not any(h.offsets)
    extra = listing([integers(form) for form in linear_coordinates(problem, scale, homogeneous)])
    factors = "({}, {}, {})%Z".format(*scale)
    return str(width), factors, str(homogeneous).lower(), extra, str(min(width, len(problem.inputs)))


def means(problem: Problem) -> list[Vector]:
    """For each sample the prediction with the least loss on all samples with its input."""
    found: dict[int, Vector] = {}
    for group in problem.groups:
        columns = zip(*(problem.targets[i] for i in group), strict=True)
        found |= dict.fromkeys(group, tuple(problem.loss.best(column) for column in columns))
    return [found[i] for i in range(len(problem.targets))]


def slopes_of_means(problem: Problem) -> list[Vector]:
    """For each sample slopes of the loss at its mean that add up to 0 over the samples with its input."""
    ends = [
        [problem.loss.at(y).slopes(m - y) for m, y in zip(fit, labels, strict=True)]
        for fit, labels in zip(means(problem), problem.targets, strict=True)
    ]
    found: dict[int, Vector] = {}
    for group in problem.groups:
        columns = [list(column) for column in zip(*(ends[i] for i in group), strict=True)]
        shares = []
        for column in columns:
            low, high = (sum((side[k] for side in column), Fraction(0)) for k in (0, 1))
            shares.append(-low / (high - low) if high > low else Fraction(0))
        for i in group:
            found[i] = tuple(low + share * (high - low) for (low, high), share in zip(ends[i], shares, strict=True))
    return [found[i] for i in range(len(ends))]


def vectors(rows: Sequence[Sequence[Fraction]]) -> str:
    """A list of lists of rationals in a proof; by hexadecimal digits over one denominator where they are long."""
    flat = [x for row in rows for x in row]
    longest = max((x.denominator.bit_length() for x in flat), default=0)
    common = lcm(*(x.denominator for x in flat))
    if max((max(abs(x.numerator), x.denominator) for x in flat), default=0) < MOST_READ:
        return listing([vector(row) for row in rows])
    if common.bit_length() > 2 * longest:  # of different kinds: together they would be longer
        return listing([vector(row) for row in rows])
    tops = listing([listing([hexadecimal(int(x * common)) for x in row]) for row in rows])
    places = common.bit_length() - 1
    kind = f"binary {places}" if 1 < common == 2**places else f"fractions (hex_positive {hexadecimal(common)})"
    return f"({kind} {tops}%hex_int)"


def hexadecimal(n: int) -> str:
    """An integer in hexadecimal, in parentheses if it is negative."""
    return f"(-{-n:#x})" if n < 0 else f"{n:#x}"
