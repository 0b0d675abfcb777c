"""Subgradients of losses that are not differentiable, by exact linear feasibility.

A certificate names r_ik between the one-sided derivatives of the loss at the prediction f_ik. All but those of samples
at a kink of the loss are fixed; the conditions of the rules are linear in them.
"""

from collections.abc import Sequence
from fractions import Fraction

from symverify.ground.lp import Constraint, Witness, solve_system
from symverify.kernel.core.activation import ONE, ZERO
from symverify.kernel.core.algebra import Direction, sign
from symverify.kernel.core.face_minimum import kinks
from symverify.kernel.core.network import Point, Problem, Vector, cell_of, features, predictions, rational

Rows = list[list[Fraction]]  # n × d_Y


def intervals(problem: Problem, f: Sequence[Vector]) -> list[list[tuple[Fraction, Fraction]]]:
    """Per sample and output the least and the largest r_ik, times the problem's factor."""
    loss = problem.loss
    return [
        [
            (low * loss.factor, high * loss.factor)
            for low, high in (loss.at(b).slopes(a - b) for a, b in zip(u, y, strict=True))
        ]
        for u, y in zip(f, problem.targets, strict=True)
    ]


def orthogonal(problem: Problem, f: Sequence[Vector], span: Sequence[Vector]) -> Rows | None:
    """Subgradients at the predictions f that are orthogonal to vectors over the samples, if there are any."""
    columns = []
    for ends in zip(*intervals(problem, f), strict=True):
        found = balanced(ends, span)
        if found is None:
            return None
        columns.append(found)
    return [list(row) for row in zip(*columns, strict=True)]


def balanced(ends: Sequence[tuple[Fraction, Fraction]], span: Sequence[Sequence[Fraction]]) -> list[Fraction] | None:
    """Numbers between the given ends that are orthogonal to the vectors, if there are any."""
    return feasible(ends, [(phi, ZERO) for phi in span], [])


def on_groups(problem: Problem, f: Sequence[Vector]) -> Rows | None:
    """Subgradients whose sum over each group of equal inputs is 0."""
    n = len(problem.inputs)
    return orthogonal(problem, f, [[Fraction(i in group) for i in range(n)] for group in problem.groups])  # type: ignore[misc]


def on_affine(problem: Problem, f: Sequence[Vector]) -> Rows | None:
    """Subgradients that are orthogonal to the inputs and to 1."""
    return orthogonal(problem, f, problem.affine_features())


def in_cell(problem: Problem, f: Sequence[Vector], point: Point) -> Rows | None:
    """Subgradients with which the minorant is constant on the cell of a point that is strictly inside one."""
    return orthogonal(problem, f, features(problem, cell_of(problem, point)))


def at_face(problem: Problem, point: Point) -> tuple[Rows, list[list[Fraction]]] | None:
    """Subgradients and multipliers with which `face_minimum` accepts the point, if there are any.

    Linear in both: φ_j(w_j) = 0; v_j ≠ 0: sign(v_j) g = Σ μ_u u and |μ_u| ≤ sign(v_j) a_u; v_j = 0: g = 0, a_u = 0.
    """
    n, ends = len(problem.inputs), [row[0] for row in intervals(problem, predictions(problem, point))]
    ones: list[tuple[Fraction, ...]] = [tuple(Fraction(i == k) for i in range(n)) for k in range(n)]
    equalities: list[tuple[list[Fraction], dict[int, Fraction]]] = []
    bounds: list[tuple[list[Fraction], dict[int, Fraction]]] = []
    if problem.output_bias:
        equalities.append(([ONE] * n, {}))
    extra, sizes = n, list[int]()
    for j, weight in enumerate(point[1].weight[0]):
        v, each = sign(rational(weight)), [kinks(problem, point, j, unit) for unit in ones]
        walls: list[Direction] = list(each[0][2])
        equalities.append(([value for value, _, _ in each], {}))
        for c in range(len(each[0][1])):
            rates = [(v or 1) * g[c] for _, g, _ in each]
            equalities.append((rates, {extra + k: Fraction(-u[c]) for k, u in enumerate(walls)} if v else {}))
        for k, u in enumerate(walls):
            bend = [(v or 1) * bends[u] for _, _, bends in each]
            if v:
                bounds += [(bend, {extra + k: Fraction(s)}) for s in (1, -1)]
            else:
                equalities.append((bend, {}))
        sizes.append(len(walls) if v else 0)
        extra += sizes[-1]

    def widened(rows: list[tuple[list[Fraction], dict[int, Fraction]]]) -> list[Constraint]:
        return [([*row, *(more.get(k, ZERO) for k in range(n, extra))], ZERO) for row, more in rows]

    found = feasible(ends, widened(equalities), widened(bounds))
    if found is None:
        return None
    multipliers, at = [], n
    for size in sizes:
        multipliers.append(found[at : at + size])
        at += size
    return [[r] for r in found[:n]], multipliers


def feasible(
    ends: Sequence[tuple[Fraction, Fraction]], equalities: Sequence[Constraint], inequalities: Sequence[Constraint]
) -> list[Fraction] | None:
    """Numbers, the first between the given ends, with row·x = / ≥ rhs."""
    width = max([len(row) for row, _ in [*equalities, *inequalities]], default=len(ends))
    free = [k for k in range(width) if k >= len(ends) or ends[k][0] < ends[k][1]]
    base = [ends[k][0] if k < len(ends) else ZERO for k in range(width)]

    def reduced(constraints: Sequence[Constraint]) -> list[Constraint]:
        """In the free unknowns, measured from `base`."""
        found: list[Constraint] = []
        for row, rhs in constraints:
            known = sum((a * b for a, b in zip(row, base, strict=True) if a and b), ZERO)
            found.append(([row[k] for k in free], rhs - known))
        return found

    several = reduced(inequalities)
    for place, k in enumerate(free):
        if k < len(ends):
            unit = [Fraction(place == other) for other in range(len(free))]
            several += [(unit, ZERO), ([-x for x in unit], ends[k][0] - ends[k][1])]
    outcome = solve_system(reduced(equalities), several, [], len(free))
    if not isinstance(outcome, Witness):
        return None
    x = base.copy()
    for place, k in enumerate(free):
        x[k] += outcome.x[place]
    return x
