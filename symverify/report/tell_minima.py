"""How the steps that prove local minima and valleys are told."""

from collections.abc import Sequence
from fractions import Fraction
from math import prod

from symverify.kernel.errors import KernelError
from symverify.kernel.facts import LocalMinimum, Minimum, SpuriousMinimum, Valley
from symverify.kernel.linear import dot, sign
from symverify.kernel.model import (
    Pattern,
    Point,
    Problem,
    Vector,
    coordinates,
    features,
    rational,
    residuals,
    trace,
)
from symverify.report.document import Block, Display, Inline, Items, More, Strong, Verbatim, para, table
from symverify.report.formula import Formula, Num, m, vector
from symverify.report.story import Story, layers, samples
from symverify.report.tell_points import interval, path_of

MAX_POLYNOMIALS = 20_000  # characters
MAX_PATHS = 400  # from an input to an output, times the samples
SHOWN = 8  # entries of a vector


def tell_interior(story: Story, index: int) -> list[Block]:
    """The cell, the predictions on it, and why the first-order minorant is constant there."""
    fact, problem = story.facts[index], story.problem
    if not isinstance(fact, LocalMinimum) or fact.pattern is None:
        return []
    name = story.theta(fact.at)
    return [
        para(Strong("The cell."), " At ", name, " no pre-activation is at a breakpoint. Those on the same pieces form an open "
             "set of parameters, the cell ", m("C"), " of ", name, ":"),
        *_region(problem, fact.at.point, fact.pattern),
        para("On ", m("C"), " the activation of each unit on each sample is one affine function, so every prediction is "
             "a polynomial in ", m("θ"), ", of degree at most 1 in each layer's parameters."),
        *_polynomials(problem, fact.pattern),
        para(Strong("The first-order minorant."), " The loss is convex and differentiable, so it lies above its tangents: with the "
             "residuals ", m("r_i"), " at ", name, ", for every ", m("θ")),
        Display((m("R ( θ ) − R (", name, ") ≥ Ψ ( θ ) = Σ_i ⟨ r_i , f ( x_i ; θ ) − f ( x_i ;", name, ") ⟩ ."),)),
        *_coefficients(problem, fact),
        para("So ", m("Ψ"), " is constant on ", m("C"), ", and it is 0 at ", name, ". Hence ", m("R ( θ ) ≥ R (", name, ")"),
             " for every ", m("θ"), " in ", m("C"), " and, by continuity, on its closure: ", name,
             " is a local minimum, and no point of its cell is better."),
    ]  # fmt: skip


def _region(problem: Problem, point: Point, pattern: Pattern) -> list[Block]:
    """Row by row a unit, the samples on one of its pieces, and the strict inequality with its numbers."""
    values = [[list(map(rational, z)) for z in trace(problem, point, i)] for i in range(len(problem.inputs))]
    rows: list[list[Inline]] = []
    for layer, units in enumerate(pattern):
        h = problem.activations[layer]
        for unit, pieces in enumerate(units):
            for piece in sorted(set(pieces)):
                on = [i for i, p in enumerate(pieces) if p == piece]
                z = [values[i][layer][unit] for i in on]
                rows.append([f"{layer + 1}, {unit + 1}", samples(on), interval("z", h, piece), _spread(z)])
    headings: list[Inline] = ["layer, unit", "samples", "inequality", m("z")]
    return table("The strict inequalities that hold at the point and define the cell.", headings, rows, limit=12)


def _spread(z: Sequence[Fraction]) -> Formula:
    """All values where they are few, else their range."""
    if len(set(z)) == 1:
        return Num(z[0])
    if len(z) <= 4:
        return m(*(part for index, x in enumerate(z) for part in ([",", x] if index else [x])))
    return m(min(z), "≤ z ≤", max(z))


def _polynomials(problem: Problem, pattern: Pattern) -> list[Block]:
    try:
        from symverify.landscape.expand import expand
    except ImportError:
        return []
    if prod(problem.widths) * len(problem.inputs) > MAX_PATHS:
        return []
    try:
        shown = str(expand(problem, pattern).text())
    except KernelError:
        return []
    if len(shown) > MAX_POLYNOMIALS:
        return []
    return [More("The predictions and the risk on this cell as polynomials", (Verbatim(shown),))]


def _cut(values: Vector) -> Formula:
    return vector(values) if len(values) <= SHOWN else m(vector(values[:SHOWN]), "…")


def _coefficients(problem: Problem, fact: LocalMinimum) -> list[Block]:
    """Every coefficient of Ψ is an inner product that vanishes; the table shows each."""
    rows = residuals(problem, fact.at.predictions)
    span = list(dict.fromkeys(features(problem, fact.pattern or ())))
    single = len(rows) == 1
    body: list[list[Inline]] = [
        [*([] if single else [str(k)]), _cut(phi), Num(dot(r, phi))] for k, r in enumerate(rows, 1) for phi in span
    ]
    said = m("r =", _cut(rows[0])) if single else m("r_k")
    return [
        para("On ", m("C"), " each coefficient of the polynomial ", m("Ψ"), " belongs to a path from an input (or a bias) to an "
             "output; it is the inner product, over the samples, of the residuals with a vector ", m("φ"), ": the input's "
             "values (or ones) times the slopes along the path. The vectors below span all of them, and each product is 0:"),
        *table(("The coefficients of the minorant, with ", said, "."),
               [*([] if single else ["output"]), m("φ"), m("⟨ r , φ ⟩")], body, limit=8),
    ]  # fmt: skip


def tell_face(story: Story, index: int) -> list[Block]:
    """Unit by unit: what meets at the point, and why its part of the minorant does not fall."""
    fact, problem = story.facts[index], story.problem
    if not isinstance(fact, LocalMinimum):
        return []
    name, at = story.theta(fact.at), fact.at
    (r,) = residuals(problem, at.predictions)
    total = [m("Σ_i r_i =", sum(r, Fraction(0)))] if problem.output_bias else []
    return [
        para("The point may lie on boundaries of cells, where the risk is not differentiable. One hidden layer and one "
             "output make it decidable all the same. Write ", m("x̃ = ( x , 1 )") if problem.hidden_bias else m("x̃ = x"),
             ", let ", m("w_j"), " be the parameters that enter unit ", m("j"), " and ", m("v_j"), " its output weight. The "
             "loss is convex, so near ", name, " the risk is above its first-order minorant, which is a sum over the units:"),
        Display((m("R ( θ ) − R (", name, ") ≥ Σ_j v_j φ ( w_j )",
                   *(["+ c Σ_i r_i"] if total else []), ", φ ( w ) = Σ_i r_i h ( ⟨ w , x̃_i ⟩ )"),)),
        *([para("The output bias ", m("c"), " contributes nothing: ", *total, ".")] if total else []),
        para("For each unit ", m("φ"), " vanishes at the point, and near it"),
        Display((m("φ ( w_j + δ ) = ⟨ g , δ ⟩ + Σ_u a_u | ⟨ u , δ ⟩ |"),)),
        para("with one bend ", m("a_u"), " for each boundary ", m("⟨ u , δ ⟩ = 0"), " through the point. Multipliers ", m("μ_u"),
             " with ", m("v g = Σ_u μ_u u"), " and ", m("| μ_u | ≤ v a_u"), " (", m("v = ± 1"), " the sign of the output weight) "
             "show that ", m("v φ ≥ 0"), " nearby. Where the output weight is 0, ", m("φ"), " is 0 all around."),
        *_units(story, index, at.point, r),
        para("The signs of the non-zero output weights persist near ", name, ", so no term of the minorant is negative there: ",
             name, " is a local minimum."),
    ]  # fmt: skip


def _units(story: Story, index: int, point: Point, r: Vector) -> list[Block]:
    from symverify.kernel.rules import kinks

    given = story.steps[index].get("multipliers")
    multipliers = given if isinstance(given, list) else []
    rows: list[list[Inline]] = []
    for j in range(story.problem.widths[1]):
        value, g, bends = kinks(story.problem, point, j, r)
        weight = rational(point[1].weight[0][j])
        bent = ", ".join(f"({', '.join(map(str, u))})" for u in list(bends)[:4]) + (" …" if len(bends) > 4 else "")
        mu = multipliers[j] if j < len(multipliers) else None
        proof: Inline = "all rays visited" if mu is None and bends and weight else _cut(_rationals(mu))
        bend = _cut(tuple(sign(weight or 1) * a for a in bends.values())) if bends else "none"
        rows.append([str(j + 1), Num(weight), Num(value), _cut(tuple(g)), bent or "none", bend, proof])
    headings: list[Inline] = [m("j"), m("v_j"), m("φ ( w_j )"), m("g"), m("u"), m("v a_u"), m("μ")]
    return table("The units: boundaries that meet at the point, bends, multipliers.", headings, rows, limit=12)


def _rationals(mu: object) -> Vector:
    return tuple(Fraction(str(x)) for x in mu) if isinstance(mu, list) else ()


def tell_valley(story: Story, index: int) -> list[Block]:
    """The path, and the size of the set that it lies in."""
    fact, problem = story.facts[index], story.problem
    if not isinstance(fact, Valley):
        return []
    minimum = at_minimum(fact.minimum)
    name, path = story.theta(minimum.at), path_of(story, index, "path")
    moving = sum(not isinstance(x, Fraction) and not x.is_constant() for x in coordinates(path))
    size = "is exactly" if fact.exact else "is at most"
    each = "spurious local minimum" if isinstance(fact.minimum, SpuriousMinimum) else "local minimum"
    return [
        para("Through ", name, " runs a path of points that are all as good; ", m("θ ( 0 ) =", name),
             f", and {moving} of the {problem.size()} parameters move:"),
        layers(problem, path),
        Items((
            ("For every ", m("t"), " with ", m("0 ≤ t ≤ 1"), " the point ", m("θ ( t )"), " is strictly inside the same cell: the "
             "distance of each pre-activation from the ends of its piece is a polynomial in ", m("t"), ", positive on the "
             "whole interval by its Bernstein coefficients."),
            ("The prediction on every sample is a constant polynomial in ", m("t"), "."),
            ("What proved ", name, " a local minimum was its cell and its predictions, nothing else. So each of the "
             f"infinitely many points of the path is a {each}, of the same risk ", m(minimum.at.risk), "."),
        )),
        para("The points of the cell with these predictions form, near ", name, f", a set whose dimension {size} ",
             m(fact.dimension), ": the number of parameters, ", m(problem.size()), ", less the rank of the derivative of the "
             "predictions, ", m(problem.size() - fact.dimension), "."),
    ]  # fmt: skip


def at_minimum(fact: Minimum) -> LocalMinimum:
    """The local minimum in a fact about one."""
    found = fact.minimum if isinstance(fact, SpuriousMinimum) else fact
    if not isinstance(found, LocalMinimum):
        raise TypeError(f"no local minimum in {type(fact).__name__}")
    return found
