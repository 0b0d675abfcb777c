"""Cells and faces as regions to look for minima in: membership, best predictions, and exact linear programming."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from symverify.ground.linear import least_squares, nullspace
from symverify.ground.lp import Farkas, roomy_point, solve_system
from symverify.kernel.core.activation import ONE, ZERO
from symverify.kernel.core.algebra import sign
from symverify.kernel.core.errors import Declined
from symverify.kernel.core.network import Layer, Pattern, Place, Point, Problem, features, rational
from symverify.kernel.programs.values import trace
from symverify.kernel.reals.kinks import homogeneous
from symverify.kernel.reals.on_face import carried
from symverify.search.affine_minimum import NotConstructible, fit_by_pieces

Held = tuple[int, int, int, int]  # (hidden layer, unit, sample, breakpoint)
Vector = list[Fraction]
Constraint = tuple[Vector, Fraction]
MAX_CONSTRAINTS, GRID = 400, 2**20


@dataclass(frozen=True, slots=True)
class Region:
    """A cell, or its face on which the pre-activations `held` are at their breakpoints; `where` in words."""

    pattern: Pattern
    held: frozenset[Held]
    where: str

    def held_at(self, more: Iterable[Held]) -> "Region":
        """The face with these held as well."""
        held = self.held | frozenset(more)
        layers = len(self.pattern) > 1
        names = ", ".join(
            f"unit {j + 1}{f' of layer {m + 1}' * layers} at a breakpoint on sample {i + 1}"
            for m, j, i, _ in sorted(held)
        )
        return replace(self, held=held, where=f"the face with {names}")

    @property
    def kinks(self) -> list[Place]:
        """What is held: layer, unit, sample."""
        return [(m, j, i) for m, j, i, _ in sorted(self.held)]

    def across(self, crossed: Sequence[Held]) -> "Region":
        """The cell on the other side of these breakpoints."""
        pattern = [[list(unit) for unit in layer] for layer in self.pattern]
        for m, j, i, p in crossed:
            pattern[m][j][i] = p + 1 if pattern[m][j][i] <= p else p
        names = ", ".join(f"unit {j + 1} of layer {m + 1} on sample {i + 1}" for m, j, i, _ in crossed)
        frozen = tuple(tuple(map(tuple, layer)) for layer in pattern)
        return replace(self, pattern=frozen, where=f"the neighbouring cell with {names} across")

    def contains(self, problem: Problem, point: Point) -> bool:
        """Whether a point is in the region: strictly inside its pieces, held ones exactly at their breakpoints."""
        held = {(m, j, i): p for m, j, i, p in self.held}
        for i in range(len(problem.inputs)):
            for m, z in enumerate(list(trace(problem, point, i))[:-1]):
                for j, x in enumerate(z):
                    at = problem.activations[m].pieces(rational(x))
                    p = held.get((m, j, i))
                    fits = at == ((self.pattern[m][j][i],) if p is None else (p, p + 1))
                    if not fits and not (m == 0 and problem.dead_row(i)):
                        return False
        return True


def shallow(problem: Problem) -> bool:
    """One hidden layer and one output: points are then decided, and regions are linear in (v w, v, c_0)."""
    return len(problem.widths) == 3 and problem.widths[-1] == 1


def one_hidden(problem: Problem) -> bool:
    """One hidden layer: what is held is linear in (v w, v) for each output alone."""
    return len(problem.widths) == 3


def best_predictions(problem: Problem, region: Region, near: Sequence[Sequence[Fraction]]) -> list[Vector]:
    """The predictions (n × d_Y) of least risk among all that the region's polynomials span.

    For a loss that is no quadratic they are looked for from `near` on, and need not be the only ones. Raises
    NotConstructible.
    """
    if region.held and not one_hidden(problem):
        if not homogeneous(problem):
            raise NotConstructible("faces of deep networks need activations with one breakpoint, at 0, and h(0) = 0")
        rows = [list(row) for row in zip(*carried(problem, region.pattern, region.kinks)[-1][0], strict=True)]
    elif region.held:
        table, held = _products(problem, region)
        free = nullspace(held, len(table[0]))
        rows = [[sum((a * b for a, b in zip(row, base, strict=True)), ZERO) for base in free] for row in table]
    else:
        rows = [list(row) for row in zip(*features(problem, region.pattern), strict=True)]
    if not rows or not rows[0]:
        return [[ZERO] * problem.widths[-1] for _ in problem.inputs]
    if problem.loss.quadratic:
        columns = list(zip(*least_squares(rows, problem.targets), strict=True))
    else:
        rounded = [[round(f * GRID) / Fraction(GRID) for f in row] for row in near]
        starts = zip(*least_squares(rows, rounded), strict=True)
        labels = zip(*problem.targets, strict=True)
        columns = [fit_by_pieces(rows, y, problem.loss, b) for y, b in zip(labels, starts, strict=True)]
    return [[sum((a * b for a, b in zip(row, column, strict=True)), ZERO) for column in columns] for row in rows]


def _products(problem: Problem, region: Region) -> tuple[list[Vector], list[Vector]]:
    """Coefficients of predictions (per sample) and of what is held, in p_j = v_j w_j, v_j (unit by unit), c_0."""
    h, stride = problem.activations[0], problem.widths[0] + problem.hidden_bias + 1
    width = problem.widths[1] * stride + problem.output_bias
    table: list[Vector] = []
    for i in range(len(problem.inputs)):
        row: Vector = []
        for unit in region.pattern[0]:
            row += [h.slopes[unit[i]] * x for x in extended(problem, i)] + [h.offsets[unit[i]]]
        table.append(row + [ONE] * problem.output_bias)
    held = []
    for _, j, i, p in sorted(region.held):
        fixed = [ZERO] * width
        fixed[j * stride : (j + 1) * stride] = [*extended(problem, i), -h.breakpoints[p]]
        held.append(fixed)
    return table, held


def extended(problem: Problem, i: int) -> Vector:
    """x̃_i: the inputs of a sample, and 1 where the hidden layer has a bias."""
    return [*problem.inputs[i], *([ONE] if problem.hidden_bias else [])]


def minimum_by_lp(problem: Problem, region: Region, target: Sequence[Vector], like: Point) -> Point | None:
    """A point of a cell with predictions `target` and output weights of the signs of `like`; None if there is none.

    Exact: in (p_j, v_j, c_0) these points are the solutions of a strict linear system. Solutions near `like` are
    looked for first, in growing boxes. Units of output weight 0 stay as they are in `like`. With many constraints
    floats guess the point. Raises Declined where that finds none.
    """
    table, held = _products(problem, region)
    signs = [sign(rational(v)) for v in like[1].weight[0]]
    equalities = [(row, y[0]) for row, y in zip(table, target, strict=True)] + [(row, ZERO) for row in held]
    width, stride = len(table[0]), problem.widths[0] + problem.hidden_bias + 1
    strict: list[Constraint] = []
    for j, sigma in enumerate(signs):
        units = range(j * stride, (j + 1) * stride)
        if sigma:
            strict += _inside(problem, region, j, sigma, width)
        else:
            equalities += [([Fraction(c == d) for d in range(width)], ZERO) for c in units]
    if len(strict) > MAX_CONSTRAINTS:
        roomy = roomy_point(equalities, strict, _coordinates(problem, like), width)
        if roomy is None:
            raise Declined(f"more than {MAX_CONSTRAINTS} constraints, and linear programming in floats finds no point")
        return _point(problem, roomy, signs, like)
    found = solve_system(equalities, [], strict, width)
    if isinstance(found, Farkas):
        return None
    centre = _coordinates(problem, like)
    for exponent in range(-20, 8, 2):
        box: list[Constraint] = []
        for c, x in enumerate(centre):
            reach, unit = (1 + abs(x)) * Fraction(2) ** exponent, [Fraction(c == d) for d in range(width)]
            box += [(unit, x - reach), ([-u for u in unit], -x - reach)]
        near = solve_system(equalities, box, strict, width)
        if not isinstance(near, Farkas):
            return _point(problem, near.x, signs, like)
    return _point(problem, found.x, signs, like)


def _inside(problem: Problem, region: Region, j: int, sigma: int, width: int) -> list[Constraint]:
    """Unit j strictly inside its pieces, and its output weight of sign sigma, in (p, v, c_0)."""
    stride, t = problem.widths[0] + problem.hidden_bias + 1, problem.activations[0].breakpoints
    rows = [[ZERO] * (stride - 1) + [Fraction(sigma)]]
    for i in range(len(problem.inputs)):
        piece = region.pattern[0][j][i]
        for p, end in ((piece - 1, sigma), (piece, -sigma)):
            if 0 <= p < len(t) and not problem.dead_row(i):
                rows.append([end * x for x in (*extended(problem, i), -t[p])])
    return [([*[ZERO] * (j * stride), *row, *[ZERO] * (width - (j + 1) * stride)], ZERO) for row in rows]


def _coordinates(problem: Problem, point: Point) -> Vector:
    """A point in (p_j, v_j unit by unit, c_0), rounded: only the middle of the boxes to look in."""
    values: Vector = []
    for j, v in enumerate(map(rational, point[1].weight[0])):
        w = [rational(x) for x in (*point[0].weight[j], *(point[0].bias or ())[j : j + 1])]
        values += [*(v * x for x in w), v]
    values += [rational(x) for x in point[1].bias or ()]
    return [x.limit_denominator(2**30) for x in values]


def _point(problem: Problem, x: Sequence[Fraction], signs: Sequence[int], like: Point) -> Point:
    """The parameters of a solution in (p_j, v_j, c_0)."""
    inputs, stride = problem.widths[0], problem.widths[0] + problem.hidden_bias + 1
    weight, bias, out = [], [], []
    for j, sigma in enumerate(signs):
        *p, v = x[j * stride : (j + 1) * stride]
        row = (
            [a / v for a in p]
            if sigma
            else [rational(a) for a in (*like[0].weight[j], *(like[0].bias or ())[j : j + 1])]
        )
        weight.append(tuple(row[:inputs]))
        bias += row[inputs:]
        out.append(v)
    hidden = Layer(tuple(weight), tuple(bias) if problem.hidden_bias else None)
    return hidden, Layer((tuple(out),), (x[-1],) if problem.output_bias else None)
