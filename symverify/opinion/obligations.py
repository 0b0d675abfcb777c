"""Every step of a certificate as SMT-LIB obligations: premises ∧ ¬goal is unsatisfiable, the premises alone are not.

The statements are posed as lemmas that solvers answer: numbers at a point, one convexity inequality a sample,
the first-order minorant as a polynomial identity on the cell, and last the end-to-end statement in prediction
space. No division occurs. Losses other than the squared one get only the obligations that do not mention them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from symverify.cells.pattern import pattern_at
from symverify.kernel import Checked
from symverify.kernel.cells.cell_cover import UnitCells
from symverify.kernel.cited.assumptions import Assumptions
from symverify.kernel.core.activation import ONE, ZERO
from symverify.kernel.core.algebra import sign
from symverify.kernel.core.face_minimum import kinks
from symverify.kernel.core.facts import Evaluated, GlobalMinimum, LocalMinimum, LowerBound, SpuriousMinimum
from symverify.kernel.core.file import read_point
from symverify.kernel.core.network import Pattern, Point, Problem, rational, residuals, risk_along, trace
from symverify.kernel.core.poly import Poly, Scalar
from symverify.kernel.core.proof import Fact, Step, polynomial
from symverify.opinion.terms import Terms, along, combine, constant, margins, monomial, reach, univariate, variable
from symverify.opinion.text import Script, conjunction, disjunction, negation, relation

MAX_VARIABLES = 400  # of an identity over a cell
MAX_CELL_SIGNS = 400  # of a list of cells: cells times samples
MAX_VECTORS = 40  # of a lower bound
MAX_PREDICTIONS = 12  # of the end-to-end statement


@dataclass(frozen=True, slots=True)
class Obligation:
    """One statement of step `step`: for all values of `variables`, the premises imply the goal."""

    step: int
    rule: str
    name: str
    logic: str
    variables: tuple[str, ...]
    premises: tuple[str, ...]
    goal: str

    def refutation(self) -> str:
        """The script whose `unsat` is the statement."""
        return self._script((*self.premises, negation(self.goal)), "unsat is the proof")

    def vacuity(self) -> str | None:
        """The script whose `sat` shows that the premises can hold; None if there are none."""
        return self._script(self.premises, "sat: the premises can hold") if self.premises else None

    def _script(self, assertions: Sequence[str], expected: str) -> str:
        sorts = dict.fromkeys(self.variables, "Real")
        return Script(self.logic, sorts, tuple(assertions), (f"{self.rule}: {self.name}", expected)).text()  # type: ignore[arg-type]


def obligations(checked: Checked) -> list[Obligation]:
    """The obligations of all steps, in order."""
    found: list[Obligation] = []
    for index, step in enumerate(checked.steps):
        made = _of_step(checked.problem, step, checked.steps)
        found += [Obligation(index, step.rule, *parts) for parts in made]
    return found


Parts = tuple[str, str, tuple[str, ...], tuple[str, ...], str]


def _of_step(problem: Problem, step: Step, steps: Sequence[Step]) -> Iterator[Parts]:
    rule, fact = step.rule, step.fact
    if isinstance(fact, LocalMinimum) and fact.pattern is not None:
        yield from _interior(problem, fact.at, fact.pattern)
    elif isinstance(fact, LocalMinimum):
        yield from _face(problem, fact.at)
    elif isinstance(fact, SpuriousMinimum):
        yield from _lower(problem, fact)
    elif isinstance(fact, GlobalMinimum) and rule == "function_minimum":
        yield from _groups(problem, fact.at)
    elif isinstance(fact, Assumptions):
        yield from _no_affine_fit(problem, fact)
    elif rule == "function_bound" and isinstance(fact, LowerBound):
        yield from _group_means(problem, fact)
    elif rule == "global_lower_bound" and isinstance(fact, LowerBound):
        yield from _dual_vectors(problem, fact, step.fields["vectors"])
    elif isinstance(fact, UnitCells):
        yield from _all_cells(problem, step.fields.get("witnesses"))
    elif rule == "descent":
        start = steps[step.premises["point"][0]].fact
        yield from _descent(problem, start, read_point(problem, polynomial)(step.fields["curve"], ""))
    elif rule == "valley":
        premise = steps[step.premises["minimum"][0]].fact
        minimum = premise.minimum if isinstance(premise, SpuriousMinimum) else premise
        yield from _valley(problem, minimum, read_point(problem, polynomial)(step.fields["path"], ""))


def _forward(problem: Problem, point: Point, pattern: Pattern) -> tuple[list[str], list[str]]:
    """The network at a point as linear equations in z (pre-activations) and f (predictions): names, equations."""
    names, equations = [], []
    for i, x in enumerate(problem.inputs):
        entering: list[Terms] = [constant(v) for v in x]
        for m, layer in enumerate(point):
            last = m == len(point) - 1
            leaving = []
            for j, row in enumerate(layer.weight):
                name = f"f{i + 1}_{j + 1}" if last else f"z{m + 1}_{j + 1}_{i + 1}"
                bias = rational(layer.bias[j]) if layer.bias is not None else ZERO
                terms = [(rational(w), a) for w, a in zip(row, entering, strict=True)]
                equations.append(relation(combine((-1, variable(name)), (1, constant(bias)), *terms), "="))
                names.append(name)
                if not last:
                    h, p = problem.activations[m], pattern[m][j][i]
                    leaving.append(combine((h.slopes[p], variable(name)), (h.offsets[p], constant(1))))
            entering = leaving
    return names, equations


def _inside(problem: Problem, pattern: Pattern, less: str) -> list[str]:
    """The inequalities that keep every z in its piece; `less` is "<" (inside) or "<=" (closed)."""
    return [
        relation(combine((side, variable(f"z{m + 1}_{j + 1}_{i + 1}")), (-side, constant(t))), less)
        for m, layer in enumerate(pattern)
        for j, unit in enumerate(layer)
        for i, p in enumerate(unit)
        if not (m == 0 and problem.dead_row(i))
        for side, ends in (
            (-1, problem.activations[m].breakpoints[p - 1 : p] if p else ()),
            (1, problem.activations[m].breakpoints[p : p + 1]),
        )
        for t in ends
    ]


def _risk(problem: Problem, names: Sequence[Sequence[str]]) -> Terms:
    """The squared-loss risk of predictions that are variables."""
    return combine(
        *(
            (
                problem.loss.factor,
                combine((1, {monomial(f, f): ONE}), (-2 * y, variable(f)), (y * y, constant(1))),
            )
            for row, target in zip(names, problem.targets, strict=True)
            for f, y in zip(row, target, strict=True)
        )
    )


def _prediction_names(problem: Problem) -> list[list[str]]:
    return [[f"f{i + 1}_{k + 1}" for k in range(problem.widths[-1])] for i in range(len(problem.inputs))]


def _interior(problem: Problem, at: Evaluated, pattern: Pattern) -> Iterator[Parts]:
    names, equations = _forward(problem, at.point, pattern)
    goal = conjunction(_inside(problem, pattern, "<"))
    yield "the point is strictly inside its cell", "QF_LRA", tuple(names), tuple(equations), goal
    if problem.loss.quadratic:
        yield _convexity(problem, at)
    if problem.size() + len(names) <= MAX_VARIABLES:
        yield _identity(problem, at, pattern)
    if problem.loss.quadratic and len(problem.inputs) * problem.widths[-1] <= MAX_PREDICTIONS:
        rows, f = residuals(problem, at.predictions), _prediction_names(problem)
        tangent = combine(
            *((r[i], variable(f[i][k])) for k, r in enumerate(rows) for i in range(len(f))),
            *((-r[i] * at.predictions[i][k], constant(1)) for k, r in enumerate(rows) for i in range(len(f))),
        )
        goal = relation(combine((1, _risk(problem, f)), (-at.risk, constant(1))), ">=")
        everything = tuple(name for row in f for name in row)
        yield "no predictions of the cell have lower risk", "QF_NRA", everything, (relation(tangent, "="),), goal


def _convexity(problem: Problem, at: Evaluated) -> Parts:
    """(a−y)² − (b−y)² ≥ 2(b−y)(a−b) for every real a, at each prediction b and target y."""
    goals, names = [], []
    for row, b, y in zip(_prediction_names(problem), at.predictions, problem.targets, strict=True):
        for name, value, target in zip(row, b, y, strict=True):
            e = value - target
            square = combine((1, {monomial(name, name): ONE}), (-2 * target, variable(name)), (target**2, constant(1)))
            rest = combine((-(e * e), constant(1)), (-2 * e, variable(name)), (2 * e * value, constant(1)))
            goals.append(relation(combine((1, square), (1, rest)), ">="))
            names.append(name)
    return "the loss lies above its tangents", "QF_NRA", tuple(names), (), conjunction(goals)


def _identity(problem: Problem, at: Evaluated, pattern: Pattern) -> Parts:
    """Σ r_ik f_ik(θ) = Σ r_ik f_ik(θ*) for all θ in the cell's polynomial continuation."""
    names: list[str] = []
    equations: list[str] = []
    for m in range(len(problem.widths) - 1):
        for j in range(problem.widths[m + 1]):
            names += [f"w{m + 1}_{j + 1}_{c + 1}" for c in range(problem.widths[m])]
            names += [f"b{m + 1}_{j + 1}"] if problem.has_bias(m) else []
    for i, x in enumerate(problem.inputs):
        entering: list[Terms] = [constant(v) for v in x]
        for m in range(len(problem.widths) - 1):
            last, leaving = m == len(problem.widths) - 2, []
            for j in range(problem.widths[m + 1]):
                name = f"f{i + 1}_{j + 1}" if last else f"z{m + 1}_{j + 1}_{i + 1}"
                terms = [
                    (c, {tuple(sorted((*term, (f"w{m + 1}_{j + 1}_{column + 1}", 1)))): ONE})
                    for column, a in enumerate(entering)
                    for term, c in a.items()
                ]
                bias = [(1, variable(f"b{m + 1}_{j + 1}"))] if problem.has_bias(m) else []
                equations.append(relation(combine((-1, variable(name)), *bias, *terms), "="))
                names.append(name)
                if not last:
                    h, p = problem.activations[m], pattern[m][j][i]
                    leaving.append(combine((h.slopes[p], variable(name)), (h.offsets[p], constant(1))))
            entering = leaving
    rows, f = residuals(problem, at.predictions), _prediction_names(problem)
    minorant = combine(
        *((r[i], variable(f[i][k])) for k, r in enumerate(rows) for i in range(len(f))),
        *((-r[i] * at.predictions[i][k], constant(1)) for k, r in enumerate(rows) for i in range(len(f))),
    )
    title = "the first-order minorant is constant on the cell"
    return title, "QF_NRA", tuple(names), tuple(equations), relation(minorant, "=")


def _face(problem: Problem, at: Evaluated) -> Iterator[Parts]:
    """Per unit, with m_u = |⟨u, δ⟩|: sign(v)(⟨g, δ⟩ + Σ a_u m_u) ≥ 0 for all δ."""
    (r,) = residuals(problem, at.predictions)
    for j in range(problem.widths[1]):
        v = sign(rational(at.point[1].weight[0][j]))
        _, g, bends = kinks(problem, at.point, j, r)
        deltas = [f"d{c + 1}" for c in range(len(g))]
        sizes, premises = [f"m{c + 1}" for c in range(len(bends))], []
        for size, u in zip(sizes, bends, strict=True):
            along = combine(*((x, variable(d)) for x, d in zip(u, deltas, strict=True)))
            premises.append(relation(combine((1, variable(size))), ">="))
            premises.append(disjunction([relation(combine((1, variable(size)), (s, along)), "=") for s in (-1, 1)]))
        change = combine(
            *((x, variable(d)) for x, d in zip(g, deltas, strict=True)),
            *((a, variable(size)) for size, a in zip(sizes, bends.values(), strict=True)),
        )
        goal = relation(combine((v or 1, change)), ">=" if v else "=")
        yield f"unit {j + 1} has no direction of descent", "QF_LRA", (*deltas, *sizes), tuple(premises), goal


def _lower(problem: Problem, fact: SpuriousMinimum) -> Iterator[Parts]:
    if not problem.loss.quadratic:
        return
    pattern = pattern_at(problem, fact.better.point)
    names, equations = _forward(problem, fact.better.point, pattern)
    lower = relation(
        combine((1, _risk(problem, _prediction_names(problem))), (-fact.minimum.at.risk, constant(1))), "<"
    )
    goal = conjunction([*_inside(problem, pattern, "<="), lower])
    yield "the other point has lower risk", "QF_NRA", tuple(names), tuple(equations), goal


def _groups(problem: Problem, at: Evaluated) -> Iterator[Parts]:
    """Per output: predictions that agree on equal inputs have no lower risk."""
    if not problem.loss.quadratic or len(set(problem.inputs)) > MAX_PREDICTIONS:
        return
    label = {x: c for c, x in enumerate(dict.fromkeys(problem.inputs))}
    for k in range(problem.widths[-1]):
        terms, least = Terms(), ZERO
        for x, f, y in zip(problem.inputs, at.predictions, problem.targets, strict=True):
            g = f"g{label[x] + 1}"
            square = combine((1, {monomial(g, g): ONE}), (-2 * y[k], variable(g)), (y[k] ** 2, constant(1)))
            terms = combine((1, terms), (1, square))
            least += (f[k] - y[k]) ** 2
        goal = relation(combine((1, terms), (-least, constant(1))), ">=")
        names = tuple(f"g{c + 1}" for c in range(len(label)))
        yield f"no function of the inputs does better on output {k + 1}", "QF_NRA", names, (), goal


def _group_means(problem: Problem, fact: LowerBound) -> Iterator[Parts]:
    """Predictions that agree on equal inputs have at least this risk."""
    label = {x: c for c, x in enumerate(dict.fromkeys(problem.inputs))}
    names = [[f"g{label[x] + 1}_{k + 1}" for k in range(problem.widths[-1])] for x in problem.inputs]
    distinct = sorted({name for row in names for name in row})
    if len(distinct) <= MAX_PREDICTIONS:
        goal = relation(combine((1, _risk(problem, names)), (-fact.risk, constant(1))), ">=")
        yield "no function of the inputs does better", "QF_NRA", tuple(distinct), (), goal


def _dual_vectors(problem: Problem, fact: LowerBound, vectors: object) -> Iterator[Parts]:
    """Errors u with ⟨g, u⟩ ≤ −⟨g, y⟩ and squares q_i ≥ −2λ g_i u_i − λ² g_i², λ = ⟨g, y⟩/⟨g, g⟩, sum to the bound.

    That the vectors cover all units is the kernel's to check, not the solver's.
    """
    y = [target[0] for target in problem.targets]
    names = [f"{letter}{i + 1}" for letter in "uq" for i in range(len(y))]
    for number, g in enumerate(vectors if isinstance(vectors, list) else ()):
        if number == MAX_VECTORS:
            return
        pull, size = sum((a * b for a, b in zip(g, y, strict=True)), ZERO), sum(a * a for a in g)
        rate = pull / size
        premises = [
            relation(combine(*((a, variable(f"u{i + 1}")) for i, a in enumerate(g)), (pull, constant(1))), "<=")
        ]
        for i, a in enumerate(g):
            above = combine(
                (1, variable(f"q{i + 1}")), (2 * rate * a, variable(f"u{i + 1}")), (rate * rate * a * a, constant(1))
            )
            premises.append(relation(above, ">="))
        total = combine(
            *((1, variable(f"q{i + 1}")) for i in range(len(y))), (-fact.risk / problem.loss.factor, constant(1))
        )
        yield (
            f"dual vector {number + 1} proves the bound",
            "QF_LRA",
            tuple(names),
            tuple(premises),
            relation(total, ">="),
        )


def _no_affine_fit(problem: Problem, fact: Assumptions) -> Iterator[Parts]:
    holds = {name: is_so for name, is_so, _ in fact.holds}
    if not holds["A1"]:
        return
    names = [f"a{k + 1}_{c + 1}" for k in range(problem.widths[-1]) for c in range(problem.widths[0] + 1)]
    equations = [
        relation(
            combine(*((v, variable(f"a{k + 1}_{c + 1}")) for c, v in enumerate((*x, ONE))), (-y[k], constant(1))), "="
        )
        for x, y in zip(problem.inputs, problem.targets, strict=True)
        for k in range(problem.widths[-1])
    ]
    yield "no affine map fits the data", "QF_LRA", tuple(names), (), negation(conjunction(equations))


def _all_cells(problem: Problem, witnesses: object) -> Iterator[Parts]:
    """Weights on no boundary have one of the listed patterns."""
    rows = [(i, x) for i, x in enumerate(problem.inputs) if not problem.dead_row(i)]
    if not isinstance(witnesses, list) or len(witnesses) * len(rows) > MAX_CELL_SIGNS:
        return
    names = [f"w{c + 1}" for c in range(problem.widths[0] + problem.hidden_bias)]
    h, biased = problem.activations[0], [ONE] * problem.hidden_bias
    z = {i: combine(*((v, variable(w)) for v, w in zip((*x, *biased), names, strict=True))) for i, x in rows}
    off = [relation(combine((1, z[i]), (-t, constant(1))), "distinct") for i in z for t in h.breakpoints]
    patterns = []
    for w in witnesses:
        inside = []
        for i, x in rows:
            value = sum((Fraction(a) * b for a, b in zip(w, (*x, *biased), strict=True)), ZERO)
            for t in h.breakpoints:
                inside.append(relation(combine((1, z[i]), (-t, constant(1))), ">" if value > t else "<"))
        patterns.append(conjunction(inside))
    yield "there are no other cells", "QF_LRA", tuple(names), tuple(off), disjunction(patterns)


def _descent(problem: Problem, at: Fact, path: Point) -> Iterator[Parts]:
    if not isinstance(at, Evaluated) or not problem.loss.quadratic:
        return
    inner = margins(problem, along(problem, path, None))
    fall = (risk_along(problem, path) - at.risk) * -1
    span = reach([*(p for p in inner if p.coefficients), fall])
    if span is None:
        return
    interval = (relation(variable("t"), ">"), relation(combine((1, variable("t")), (-span, constant(1))), "<="))
    goal = conjunction([relation(univariate(fall), ">"), *(relation(univariate(p), ">=") for p in inner)])
    yield f"the risk falls for 0 < t ≤ {span}".replace("≤", "<="), "QF_NRA", ("t",), interval, goal


def _valley(problem: Problem, minimum: object, path: Point) -> Iterator[Parts]:
    if not isinstance(minimum, LocalMinimum) or minimum.pattern is None:
        return
    interval = (relation(variable("t"), ">="), relation(combine((1, variable("t")), (-1, constant(1))), "<="))
    inner = margins(problem, along(problem, path, minimum.pattern))
    inside = conjunction(sorted({relation(univariate(p), ">") for p in inner}))
    yield "the path stays strictly inside the cell", "QF_NRA", ("t",), interval, inside
    same = []
    for i, f in enumerate(minimum.at.predictions):
        values: list[Scalar] = list(trace(problem, path, i, minimum.pattern))[-1]
        same += [relation(univariate(Poly(()) + x - b), "=") for x, b in zip(values, f, strict=True)]
    yield "the predictions do not change along it", "QF_NRA", ("t",), interval, conjunction(sorted(set(same)))
