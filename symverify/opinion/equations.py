"""The network as a solver sees it: one interpreter of the problem's program, over any ring.

Variables: z{layer}_{unit}_{sample}, the pre-activations, and f{sample}_{output}, the predictions, all from 1. Layers
of a general program are its bent nodes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeVar, assert_never

from symverify.kernel.core.activation import ONE, ZERO
from symverify.kernel.core.network import Affine, Bent, Pattern, Point, Problem, pieces_at
from symverify.kernel.core.poly import Poly, Scalar
from symverify.kernel.programs.network import Programmed
from symverify.kernel.programs.parameters import hidden
from symverify.kernel.reals.layout import layout_of
from symverify.opinion.terms import Series, Terms, compare, polynomial, power, variable

MAX_EQUATIONS = 4000  # of one statement
Place = tuple[int, int, int]  # affine map, row, column; the bias is the column after the last
R = TypeVar("R", Terms, Series)


def z_name(layer: int, unit: int, sample: int) -> str:
    """A pre-activation's variable."""
    return f"z{layer + 1}_{unit + 1}_{sample + 1}"


def f_name(sample: int, output: int) -> str:
    """A prediction's variable."""
    return f"f{sample + 1}_{output + 1}"


def f_names(problem: Problem) -> list[list[str]]:
    """The variables of all predictions, n × d_Y."""
    return [[f_name(i, k) for k in range(len(problem.targets[0]))] for i in range(len(problem.inputs))]


def interpret(
    problem: Problem, pattern: Pattern, parameter: Callable[[Place], R], keep: Callable[[str, R], R]
) -> list[list[R]]:
    """The predictions (n × d_Y) of the network with these parameters, on the pieces of `pattern`.

    `keep` is told each pre-activation and prediction by its name, and says what stands for it from there on.
    """
    found: list[list[R]] = []
    layout = layout_of(problem)
    for i, x in enumerate(problem.inputs):
        values: list[Sequence[R | Fraction]] = [x]
        last: list[R] = []
        for node in problem.program:
            match node:
                case Affine(layer=m):
                    entering: list[R | Fraction] = [values[k][unit] for k, unit in layout.wires[m]]
                    entering.append(ONE)
                    last = []
                    for j, row in enumerate(layout.rows[m]):
                        parts = [parameter((m, j, c)) * entering[c] for c, _ in row] or [parameter((m, j, 0)) * ZERO]
                        last.append(sum(parts[1:], parts[0]))
                case Bent(layer=m, h=h):
                    kept = list[R | Fraction]()
                    for j, z in enumerate(values[node.source]):
                        p = pattern[m][j][i]
                        made = z if isinstance(z, Fraction) else keep(z_name(m, j, i), z)
                        kept.append(made * h.slopes[p] + h.offsets[p])
                    values.append(kept)
                    continue
                case _:
                    assert_never(node)
            values.append(last)
        found.append([keep(f_name(i, k), f) for k, f in enumerate(values[-1]) if not isinstance(f, Fraction)])
    return found


@dataclass(slots=True)
class Equations:
    """Variables and the equations that define them."""

    variables: list[str] = field(default_factory=list)
    relations: list[str] = field(default_factory=list)

    def define(self, name: str, value: Terms) -> Terms:
        """A fresh variable with this value."""
        self.variables.append(name)
        self.relations.append(compare(value, "=", variable(name)))
        return variable(name)

    def change(self, name: str, value: Series) -> Series:
        """The same for the changes of a number, order by order; the number itself stays."""
        orders = [self.define(f"{'d' * order}{name}", x) for order, x in enumerate(value.of[1:], 1)]
        return Series((value.of[0], *orders))


def scalar(x: Scalar) -> Terms:
    """A parameter: a number, or a polynomial in t."""
    if not isinstance(x, Poly):
        return polynomial(x)
    return sum((power("t", k) * c for k, c in enumerate(x.coefficients)), polynomial(0))


def entry(point: Point, place: Place) -> Scalar:
    """The parameter at a place."""
    m, j, c = place
    bias = point[m].bias
    return point[m].weight[j][c] if bias is None or c < len(point[m].weight[j]) else bias[j]


def of_point(problem: Problem, point: Point, pattern: Pattern) -> Equations:
    """The network at a point, or along a path in t, on the pieces of `pattern`."""
    made = Equations()
    interpret(problem, pattern, lambda place: scalar(entry(point, place)), made.define)
    return made


def places(problem: Problem) -> list[Place]:
    """All parameters, each by the first place that holds it."""
    return [found[0] for found in layout_of(problem).places]


def held(problem: Problem, place: Place) -> Terms:
    """What a place holds: the variable of a parameter, or a number."""
    if not isinstance(problem, Programmed):
        return variable(parameter_name(place))
    slot = problem.slot(place)
    return polynomial(slot) if isinstance(slot, Fraction) else variable(parameter_name(first_places(problem)[slot]))


def first_places(problem: Programmed) -> dict[int, Place]:
    """Of each free parameter the first place."""
    return {slot: place for place, slot in reversed(problem.places)}


def parameter_name(place: Place) -> str:
    """A parameter's variable."""
    m, j, c = place
    return f"w{m + 1}_{j + 1}_{c + 1}"


def of_cell(problem: Problem, pattern: Pattern) -> Equations:
    """The network at unknown parameters, on the pieces of `pattern`."""
    made = Equations(list(map(parameter_name, places(problem))))
    interpret(problem, pattern, lambda place: held(problem, place), made.define)
    return made


def of_change(problem: Problem, point: Point, pattern: Pattern, order: int) -> tuple[Equations, list[list[Series]]]:
    """The network along θ + tδ, to an order in t: how its predictions change. The variables d… are δ."""
    made = Equations([f"d{parameter_name(place)}" for place in places(problem)])

    def moving(place: Place) -> Series:
        at = scalar(entry(point, place))
        return Series((at, variable(f"d{parameter_name(place)}"), *[polynomial(0)] * (order - 1)))

    def keep(name: str, value: Series) -> Series:
        return made.change(name, value)

    return made, interpret(problem, pattern, moving, keep)


def too_large(problem: Problem) -> bool:
    """Whether the network's equations on all samples are too many for one statement."""
    return len(problem.inputs) * units(problem) > MAX_EQUATIONS


def units(problem: Problem) -> int:
    """How many variables the equations of a sample define."""
    return sum(hidden(problem)) + len(problem.targets[0])


def inside(problem: Problem, pattern: Pattern, less: str) -> list[str]:
    """The inequalities that keep every pre-activation in its piece; `less` is "<" (inside) or "<=" (closed)."""
    return [
        compare((variable(z_name(m, j, i)) - t) * side, less)
        for m, layer in enumerate(pattern)
        for j, unit in enumerate(layer)
        for i, p in enumerate(unit)
        if not problem.dead(m, j, i, single(pattern))
        for side, ends in (
            (-1, problem.bents[m].h.breakpoints[p - 1 : p] if p else ()),
            (1, problem.bents[m].h.breakpoints[p : p + 1]),
        )
        for t in ends
    ]


def single(pattern: Pattern) -> list[list[list[tuple[int]]]]:
    """Each piece as the only one near."""
    return [[[(p,) for p in unit] for unit in layer] for layer in pattern]


def whereabouts(problem: Problem, point: Point) -> list[str]:
    """Where each pre-activation of the point is: strictly inside a piece, or at a breakpoint."""
    found = []
    around = pieces_at(problem, point)
    for m, layer in enumerate(around):
        t = problem.bents[m].h.breakpoints
        for j, unit in enumerate(layer):
            for i, at in enumerate(unit):
                z = variable(z_name(m, j, i))
                if len(at) > 1:
                    found.append(compare(z, "=", t[at[0]]))
                elif not problem.dead(m, j, i, around):
                    found += [compare(z, ">", lower) for lower in (t[at[0] - 1 : at[0]] if at[0] else ())]
                    found += [compare(z, "<", upper) for upper in t[at[0] : at[0] + 1]]
    return found
