"""How far labels may move, in every sample at once: the least distance, in the largest change, to other behaviour."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

from symverify.ground.linear import least_squares, primitive, solve
from symverify.ground.lp import dot
from symverify.ground.simplex import free, maximise
from symverify.kernel.cells.strata import face_of, unit_classes
from symverify.kernel.core.activation import ONE, ZERO
from symverify.kernel.core.algebra import sign
from symverify.kernel.core.network import Layer, Point, Problem, predictions, rational, risk
from symverify.kernel.labels.face import Moving

Row = tuple[Fraction, ...]


@dataclass(frozen=True, slots=True)
class AffineLabels:
    """The nearest labels that are an affine function of the inputs: A, then a; and the form that proves it."""

    form: tuple[int, ...]
    affine: Row


def nearest_affine(problem: Problem) -> AffineLabels | None:
    """max ⟨g, y⟩ over |g|₁ ≤ 1, g ⊥ 1, x and equal on equal inputs; None if the groups' labels are affine.

    The multipliers of the orthogonality are the nearest affine labels. On equal inputs only the sum of the labels
    enters: the best g is constant there.
    """
    groups, labels = problem.groups, [y for (y,) in problem.targets]
    columns, prices = [], []
    for group in groups:
        x = problem.inputs[group[0]]
        weight = len(group)
        ortho = [*(weight * a for a in x), Fraction(weight)]
        pull = sum((labels[i] for i in group), ZERO)
        for side in (1, -1):
            columns.append([*(side * a for a in ortho), *(-side * a for a in ortho), Fraction(weight)])
            prices.append(side * pull)
    rows = list(zip(*columns, strict=True))
    found = maximise(prices, rows, [*[0] * (len(rows) - 1), 1])
    if found is None or found.value <= 0:
        return None
    width = problem.widths[0] + 1
    g = [ZERO] * len(labels)
    for k, group in enumerate(groups):
        for i in group:
            g[i] = found.x[2 * k] - found.x[2 * k + 1]
    affine = tuple(found.dual[c] - found.dual[width + c] for c in range(width))
    return AffineLabels(tuple(primitive(g)), affine)


@dataclass(frozen=True, slots=True)
class Moves:
    """A point that is linear in the labels' changes, as the kernel's rules read it: see `symverify.kernel.labels.face`.

    `moves` has per unit D + 1 rows of n coefficients, or None; per kink `multipliers`: a constant and n of them.
    """

    moves: list[list[list[Fraction]] | None]
    shift: list[Fraction] | None
    multipliers: list[list[list[Fraction]]]

    def moving(self, problem: Problem, point: Point, labels: Sequence[Row]) -> Moving:
        """The point for all changes, as the kernel has it."""
        size, units = len(labels[0]) - 1, list[tuple[Row, ...] | None]()
        for j, (v, moves) in enumerate(zip(point[1].weight[0], self.moves, strict=True)):
            bias = () if point[0].bias is None else (point[0].bias[j],)
            at = [abs(rational(v)) * rational(x) for x in (*point[0].weight[j], *bias, ONE)]
            units.append(None if moves is None else tuple((a, *more) for a, more in zip(at, moves, strict=True)))
        shift = (ZERO if point[1].bias is None else rational(point[1].bias[0]), *(self.shift or [ZERO] * size))
        held = tuple(tuple(tuple(mu) for mu in unit) for unit in self.multipliers)
        return Moving(problem, point, tuple(labels), tuple(units), shift, held)


def face_moves(problem: Problem, point: Point, changes: Sequence[Row] | None = None) -> Moves | str:
    """The best fits of the point's face for labels y + Σ_k d_k changes_k; without changes each label is one of the d_k.

    With which units the best fits move is a choice where the features are dependent. Why not, if that is impossible.
    """
    n, face = len(problem.inputs), face_of(problem, point)
    unit = [tuple(Fraction(i == k) for i in range(n)) for k in range(n)]
    changes = unit if changes is None else changes
    member = {j: each for each in unit_classes(problem, face) for j in each.units}
    signs = [sign(rational(v)) for v in point[1].weight[0]]
    columns = [[s * x for x in column] for j, s in enumerate(signs) if s for column in member[j].columns]
    columns += [[ONE] * n] * problem.output_bias
    rows = [list(row) for row in zip(*columns, strict=True)] or [[ZERO]] * n
    found = least_squares(rows, [list(row) for row in zip(*changes, strict=True)])
    place, moves = 0, list[list[list[Fraction]] | None]()
    for j, s in enumerate(signs):
        if not s:
            moves.append(None)
            continue
        part, place = found[place : place + len(member[j].basis)], place + len(member[j].basis)
        across = [[b[c] for b in member[j].basis] for c in range(len(member[j].basis[0]))]
        moves.append([[dot(row, column) for column in zip(*part, strict=True)] for row in across])
    shift = list(found[place]) if problem.output_bias else None
    fitted = [[dot(row, column) for column in zip(*found, strict=True)] for row in rows]
    (first,) = zip(*predictions(problem, point), strict=True)
    errors = [
        [f - y, *(a - change[i] for a, change in zip(fitted[i], changes, strict=True))]
        for i, (f, (y,)) in enumerate(zip(first, problem.targets, strict=True))
    ]
    multipliers = list[list[list[Fraction]]]()
    for j, places in enumerate(face):
        if _multipliers(problem, places, [e[:1] for e in errors]) is None:
            return f"the point is no local minimum with the labels as they are: unit {j + 1} can lower the risk"
        held = _multipliers(problem, places, errors)
        if held is None or (not signs[j] and any(any(mu) for mu in held)):
            return f"unit {j + 1} has output weight 0, and the labels near these for which it stays are a null set"
        multipliers.append(held)
    return Moves(moves, shift, multipliers)


def all_used(point: Point) -> Point | None:
    """The same predictions without output weights 0: such units share the work of the first that has another weight.

    None if there is nothing to do, or no such unit.
    """
    first, last = point
    values = [rational(v) for v in last.weight[0]]
    live = next((j for j, v in enumerate(values) if v), None)
    idle = [j for j, v in enumerate(values) if not v]
    if live is None or not idle:
        return None
    part = values[live] / (len(idle) + 1)
    moved = [live if j in idle else j for j in range(len(values))]
    weight = tuple(part if j in idle or j == live else v for j, v in enumerate(values))
    bias = None if first.bias is None else tuple(first.bias[j] for j in moved)
    return Layer(tuple(first.weight[j] for j in moved), bias), Layer((weight,), last.bias)


def _multipliers(
    problem: Problem, places: Sequence[int], errors: Sequence[Sequence[Fraction]]
) -> list[list[Fraction]] | None:
    """Per kink μ with Σ_i e_i s_i x̃_i = Σ μ x̃, for the constant and each coefficient of the errors."""
    h, kinks = problem.activations[0], [i for i, place in enumerate(places) if place % 2]
    across = [list(row) for row in zip(*(problem.row(i) for i in kinks), strict=True)] or [[] for _ in problem.row(0)]
    solved = list[list[Fraction]]()
    for k in range(len(errors[0])):
        pull = [
            sum((h.slopes[p // 2] * problem.row(i)[c] * errors[i][k] for i, p in enumerate(places)), ZERO)
            for c in range(len(across))
        ]
        found = solve(across, pull, len(kinks)) if kinks else None if any(pull) else []
        if found is None:
            return None
        solved.append(found)
    return [list(row) for row in zip(*solved, strict=True)] if kinks else []


def robust_neighbour(forms: Sequence[Sequence[Fraction]]) -> Row | None:
    """Changes at which all forms (a constant, then coefficients) have the same room, of size at most 1 each."""
    size = len(forms[0]) - 1
    columns = [[*(-form[k + 1] for form in forms), *(Fraction(j == k) for j in range(size))] for k in range(size)]
    norms = [sum(map(abs, form[1:]), ZERO) for form in forms]
    wide = free(columns)
    slack = [*norms, *[ZERO] * size]
    rows = [list(row) for row in zip(*wide, slack, strict=True)]
    rows += [[-x for x in row[:-1]] + [ZERO] for row in rows[len(forms) :]]
    found = maximise([*[0] * (2 * size), 1], rows, [*(form[0] for form in forms), *[1] * (2 * size)])
    if found is None or found.value <= 0:
        return None
    return tuple(found.x[2 * k] - found.x[2 * k + 1] for k in range(size))


def spurious_within(problem: Problem, point: Point, better: Point, radius: Fraction | None) -> Fraction:
    """A size ρ of changes with (R(θ) − R(θ'))/c ≥ 2 ρ Σ |f(θ') − f(θ)| + n ρ², nearly the largest; at most `radius`."""
    f, g = predictions(problem, point), predictions(problem, better)
    gap = (risk(problem, f) - risk(problem, g)) / problem.loss.factor
    change, n = sum((abs(a - b) for (a,), (b,) in zip(f, g, strict=True)), ZERO), len(f)
    whole = 10**6  # (√(change² + n gap) − change) / n, rounded down
    root = Fraction(isqrt(int((change * change + n * gap) * whole * whole)), whole)
    found = max(ZERO, Fraction(int((root - change) / n * 1000), 1000))
    return found if radius is None else min(found, radius)
