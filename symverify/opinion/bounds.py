"""What is posed for the rules about bounds from below and above: functions, dual vectors, limits."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from symverify.kernel.cells.infimum import Infimum
from symverify.kernel.cells.limit import Limit, unit
from symverify.kernel.core.activation import ZERO
from symverify.kernel.core.algebra import dot
from symverify.kernel.core.facts import GlobalMinimum, LowerBound
from symverify.kernel.core.global_lower_bound import counting, directions, sides_of, signs
from symverify.kernel.core.network import Problem, Vector, residuals
from symverify.kernel.core.text import canonical, integer, listed
from symverify.kernel.core.units import Units
from symverify.opinion.equations import f_names
from symverify.opinion.losses import minorant, risk_at, risk_of, small, tangents
from symverify.opinion.statement import LINEAR, NONLINEAR, Given, Statement
from symverify.opinion.terms import Terms, compare, polynomial, variable
from symverify.opinion.text import conjunction, disjunction

MAX_VECTORS, MAX_LEAVES, MAX_NODES = (
    40,
    40,
    2000,
)  # of a lower bound: posed, posed, and the size of a tree that is walked
MAX_BENDS = 60  # samples times kinks of a leaf's statement
MAX_PARTS = 1000  # units times samples of a limit
MAX_CHOICES = 24  # units times samples times pieces of a statement about all networks


def function_minimum(given: Given) -> Iterator[Statement]:
    """ℓ lies above its tangents; Ψ is 0 for every function of the inputs; last, none has lower risk."""
    at = given.fact(GlobalMinimum).at
    yield from _functions(given.problem, at.predictions, at.risk)


def function_bound(given: Given) -> Iterator[Statement]:
    """The same at the best function's predictions, whose residuals the bound states."""
    problem, fact, outputs = given.problem, given.fact(LowerBound), len(given.problem.targets[0])
    if not problem.loss.quadratic:
        return
    (residual,) = fact.residuals
    rows = [residual[i * outputs : (i + 1) * outputs] for i in range(len(problem.inputs))]
    best = [tuple(a - b for a, b in zip(y, r, strict=True)) for y, r in zip(problem.targets, rows, strict=True)]
    yield from _functions(problem, best, fact.risk)


def _functions(problem: Problem, best: Sequence[Vector], risk: Fraction) -> Iterator[Statement]:
    label = {i: number for number, group in enumerate(problem.groups, 1) for i in group}
    names = [[f"g{label[i]}_{k + 1}" for k in range(len(problem.targets[0]))] for i in range(len(problem.inputs))]
    g = [[variable(name) for name in row] for row in names]
    distinct = tuple(dict.fromkeys(name for row in names for name in row))
    pull = residuals(problem, best)
    yield tangents(problem, best, pull)
    flat = compare(minorant(best, pull, g), "=")
    yield Statement("no function of the inputs changes the minorant", LINEAR, distinct, (), flat)
    if small(problem, len(distinct)):
        more, premises, total = risk_of(problem, g)
        goal = compare(total, ">=", risk)
        yield Statement("no function of the inputs does better", NONLINEAR, (*distinct, *more), premises, goal)


def dual_vectors(problem: Problem, risk: Fraction, vectors: Sequence[Sequence[int]]) -> Iterator[Statement]:
    """Errors u with ⟨g, u⟩ ≤ −⟨g, y⟩ and squares q_i ≥ −2λ g_i u_i − λ² g_i², λ = ⟨g, y⟩/⟨g, g⟩, sum to the bound.

    With an output bias predictions may move by any constant c: ⟨g, u⟩ ≤ −⟨g, y⟩ + c Σ g_i, so that Σ g_i has to be 0.
    """
    y = [label for (label,) in problem.targets]
    u, q = ([variable(f"{letter}{i + 1}") for i in range(len(y))] for letter in "uq")
    names = (*(f"{letter}{i + 1}" for letter in "uq" for i in range(len(y))), *["c1"] * problem.output_bias)
    for number, g in enumerate(vectors[:MAX_VECTORS], 1):
        pull = sum((a * b for a, b in zip(g, y, strict=True)), ZERO)
        rate = pull / sum(a * a for a in g)
        most = variable("c1") * sum(g) if problem.output_bias else 0
        premises = [compare(sum((x * a for x, a in zip(u, g, strict=True)), polynomial(pull)), "<=", most)]
        premises += [compare(s + x * (2 * rate * a), ">=", -((rate * a) ** 2)) for s, x, a in zip(q, u, g, strict=True)]
        goal = compare(sum(q, polynomial(0)), ">=", risk / problem.loss.factor)
        yield Statement(f"dual vector {number} proves the bound", LINEAR, names, tuple(premises), goal)


def global_lower_bound(given: Given) -> Iterator[Statement]:
    """Each vector proves the bound; a leaf's vector admits its regions; at small sizes, some vector every network."""
    problem, fields = given.problem, given.step.fields
    if not problem.loss.quadratic:
        return
    vectors, tree = listed(listed(integer))(fields["vectors"], ""), listed(integer)(fields["tree"], "")
    yield from dual_vectors(problem, given.fact(LowerBound).risk, vectors)
    units = Units.of(problem, counting(problem, vectors, tree))
    if len(tree) <= MAX_NODES and len(units.planes) <= MAX_BENDS:
        seen = dict.fromkeys((g, region) for g, node in leaves(problem, units, tree) for region in node)
        for number, (g, region) in enumerate(list(seen)[:MAX_LEAVES], 1):
            yield _admits(units, region, vectors[g], f"vector {g + 1} admits region {number}")
    for plus, (names, premises, f) in networks(problem):
        some = [compare(sum((x * a for x, a in zip(f, g, strict=True)), polynomial(0)), "<=") for g in vectors]
        title = f"every network with {_signs(problem, plus)} has a vector"
        yield Statement(title, LINEAR, names, premises, disjunction(some))


Sides = tuple[tuple[int, int], ...]
"""The splits of a region, from the root: (the side's number, 0 for the high and 1 for the low one)."""


def leaves(problem: Problem, units: Units, tree: Sequence[int]) -> Iterator[tuple[int, list[Sides]]]:
    """The leaves of a bound's tree, each with its vector's number and its units' regions; see the kernel's `walk`."""
    closed = directions(units)
    sides, everything = sides_of(len(units.planes), signs(units.planes, closed)), (1 << 2 * len(closed)) - 1
    whole: tuple[int, Sides] = everything, ()
    pending = [[whole] * min(problem.widths[1], len(problem.inputs))]
    for entry in tree:
        node = pending.pop()
        if entry >= 0:
            yield entry, [splits for _, splits in node]
            continue
        j, q = divmod(-1 - entry, len(sides))
        places = [k for k, (rays, _) in enumerate(node) if rays == node[j][0]]
        for count in range(len(places), -1, -1):
            child = node.copy()
            for k, place in enumerate(places):
                low = k >= count
                child[place] = node[place][0] & sides[q][low], (*node[place][1], (q, int(low)))
            pending.append(child)


def _admits(units: Units, region: Sides, g: Sequence[int], title: str) -> Statement:
    """σ ⟨g, H(u)⟩ ≤ 0 for all u in the region: H_i = s z_i + o ν + Σ_p κ_p max(0, z_i − t_p ν)."""
    names = [f"u{c + 1}" for c in range(units.dimension)]
    wall = [sum((variable(u) * x for u, x in zip(names, plane, strict=True)), polynomial(0)) for plane in units.planes]
    premises = [compare(variable(name), ">=") for name in names[-1:] if units.cone]  # without a cone there may be none
    premises += [compare(wall[q - 1], "<=" if low else ">=") for q, low in region if q]
    bends, per, pull = list[str](), len(units.kinks), polynomial(0)
    for i, (row, weight) in enumerate(zip(units.rows, g, strict=True)):
        z = sum((variable(u) * x for u, x in zip(names, row, strict=False)), polynomial(0))  # no entry for ν
        pull += z * (units.start[0] * weight)
        if units.cone:
            pull += variable(names[-1]) * (units.start[1] * weight)
        for p, kink in enumerate(units.kinks):
            bends.append(f"m{i + 1}_{p + 1}")
            above, bend = wall[i * per + p], variable(bends[-1])
            off = conjunction([compare(above, "<="), compare(bend, "=")])
            premises.append(disjunction([off, conjunction([compare(above, ">="), compare(bend, "=", above)])]))
            pull += bend * (kink * weight)
    chosen = [1 - 2 * low for q, low in region if not q] or [1, -1]
    goal = conjunction(compare(pull * side, "<=") for side in chosen)
    return Statement(title, LINEAR, (*names, *bends), tuple(dict.fromkeys(premises)), goal)


Networks = tuple[tuple[str, ...], tuple[str, ...], list[Terms]]


def networks(problem: Problem) -> Iterator[tuple[int, Networks]]:
    """All networks of one hidden layer, by the number of their units with positive output weight: linear, where small.

    Variables, premises and predictions. With ν = |v| and u = ν (w, b) a unit adds ± ν h(⟨u, x̃_i⟩/ν), on piece p
    s_p ⟨u, x̃_i⟩ + o_p ν where t_(p−1) ν ≤ ⟨u, x̃_i⟩ ≤ t_p ν.
    """
    h, count = problem.activations[0], problem.widths[1]
    if count * len(problem.inputs) * len(h.slopes) > MAX_CHOICES:
        return
    names, premises, parts = list[str](), list[str](), list[list[Terms]]()
    for j in range(count):
        own = [f"u{j + 1}_{c + 1}" for c in range(len(problem.row(0)))]
        nu, parts = variable(f"v{j + 1}"), [*parts, []]
        names += [f"v{j + 1}", *own]
        still = conjunction(compare(variable(u), "=") for u in own)
        premises += [compare(nu, ">="), disjunction([compare(nu, ">"), still])]
        for i in range(len(problem.inputs)):
            z = sum((variable(u) * x for u, x in zip(own, problem.row(i), strict=True)), polynomial(0))
            names.append(f"a{j + 1}_{i + 1}")
            out = variable(names[-1])
            parts[-1].append(out)
            premises.append(disjunction(_on_piece(problem, p, z, nu, out) for p in range(len(h.slopes))))
    shift = [variable("c1")] if problem.output_bias else []
    names += ["c1"] * len(shift)
    for plus in range(count + 1):
        signs = [1 if j < plus else -1 for j in range(count)]
        f = [
            sum((part[i] * s for s, part in zip(signs, parts, strict=True)), sum(shift, polynomial(0)))
            for i in range(len(problem.inputs))
        ]
        yield plus, (tuple(names), tuple(premises), f)


def _signs(problem: Problem, plus: int) -> str:
    """Which networks the statement about so many units of sign + is about."""
    return f"{plus} output weights >= 0 and {problem.widths[1] - plus} <= 0"


def _on_piece(problem: Problem, p: int, z: Terms, nu: Terms, out: Terms) -> str:
    """t_(p−1) ν ≤ z ≤ t_p ν and out = s_p z + o_p ν."""
    h = problem.activations[0]
    held = [compare(z, ">=", nu * t) for t in (h.breakpoints[p - 1 : p] if p else ())]
    held += [compare(z, "<=", nu * t) for t in h.breakpoints[p : p + 1]]
    return conjunction([*held, compare(out, "=", z * h.slopes[p] + nu * h.offsets[p])])


def limit(given: Given) -> Iterator[Statement]:
    """The limit's predictions: s_p z + o_p ν on the piece p with t_(p−1) ν ≤ z ≤ t_p ν (ν = 0 too); and their risk."""
    problem, h = given.problem, given.problem.activations[0]
    parts, shift = listed(unit)(given.step.fields["units"], ""), canonical(given.step.fields["constant"], "")
    if len(parts) * len(problem.inputs) > MAX_PARTS:
        return
    names, premises, pieces, values = list[str](), list[str](), list[str](), list[Vector]()
    for i, (name,) in enumerate(f_names(problem)):
        total, value = polynomial(shift), shift
        for j, (side, u, nu) in enumerate(parts):
            z = dot(u, problem.row(i))
            p = h.pieces(z / nu)[0] if nu else (len(h.slopes) - 1) * (z > 0)
            out = z * h.slopes[p] + nu * h.offsets[p]
            names.append(f"a{j + 1}_{i + 1}")
            premises.append(compare(variable(names[-1]), "=", out))
            pieces.append(_on_piece(problem, p, polynomial(z), polynomial(nu), variable(names[-1])))
            total, value = total + variable(names[-1]) * side, value + side * out
        names.append(name)
        premises.append(compare(variable(name), "=", total))
        values.append((value,))
    within, risk = risk_at(problem, [[variable(name)] for (name,) in f_names(problem)], values)
    goal = conjunction([*pieces, *within, compare(risk, "=", given.fact(Limit).risk)])
    yield Statement("the risk of the limit", NONLINEAR, tuple(names), tuple(premises), goal)


def not_attained(given: Given) -> Iterator[Statement]:
    """At small sizes: no network has any of the predictions that the bound leaves."""
    problem, least = given.problem, given.premise("infimum", Infimum)
    for plus, (names, premises, f) in networks(problem):
        for number, residual in enumerate(least.residuals, 1):
            goal = [compare(x, "distinct", y - r) for x, (y,), r in zip(f, problem.targets, residual, strict=True)]
            title = f"no network with {_signs(problem, plus)} has predictions {number}"
            yield Statement(title, LINEAR, names, premises, disjunction(goal))
