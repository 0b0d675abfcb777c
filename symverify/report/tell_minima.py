"""How the steps that prove local minima and valleys are told."""

from collections.abc import Sequence
from fractions import Fraction
from math import prod

from symverify.kernel.core.algebra import dot, sign
from symverify.kernel.core.errors import KernelError
from symverify.kernel.core.face_minimum import kinks
from symverify.kernel.core.facts import LocalMinimum, SpuriousMinimum, Valley
from symverify.kernel.core.network import (
    Pattern,
    Point,
    Problem,
    Vector,
    coordinates,
    features,
    rational,
)
from symverify.kernel.programs.values import trace
from symverify.report.document import Block, Inline, Items, More, Verbatim, formula, prose, say, table
from symverify.report.formula import Formula, Num, Op, m, vector
from symverify.report.rationals import TABLE, abridged, short
from symverify.report.story import Story, layers, samples
from symverify.report.tell_points import interval
from symverify.report.words import local_minimum

MAX_POLYNOMIALS = 20_000  # characters
MAX_PATHS = 400  # from an input to an output, times the samples
SHOWN = 8  # entries of a vector


def tell_interior(story: Story, index: int) -> list[Block]:
    """The cell, the predictions on it, and why the first-order minorant is constant there."""
    fact, problem = story.fact(index, LocalMinimum), story.problem
    if fact.pattern is None:
        raise TypeError("interior_minimum without a pattern")
    name = story.theta(fact.at)
    return [
        prose(
            f"**The cell.** At {{}} no pre-activation is at a breakpoint{but_dead_rows(problem)}. The parameters "
            "whose pre-activations are on the same pieces form an open set, the cell $C$ of {}:",
            name,
            name,
        ),
        *_region(problem, fact.at.point, fact.pattern),
        prose(
            "On $C$ the activation of each unit on each sample is one affine function, so every prediction is a "
            "polynomial in $θ$, of degree at most 1 in each layer's parameters."
        ),
        *_polynomials(problem, fact.pattern),
        *minorant(name),
        *_coefficients(story, index, fact),
        prose(
            "So $Ψ$ is constant on $C$, and it is 0 at {}. Hence $R ( θ ) ≥ R ( {} )$ for every $θ$ in $C$ and, by "
            "continuity, on its closure.",
            name,
            name,
        ),
    ]


def but_dead_rows(problem: Problem) -> str:
    """Samples that enter the first layer as zero: there its pre-activations are 0 at every point, and bound no cell."""
    dead = [i for i in range(len(problem.inputs)) if problem.dead_row(i)]
    if not dead:
        return ""
    which = f"sample {samples(dead)}" if len(dead) == 1 else f"samples {samples(dead)}"
    return f" (but for those of hidden layer 1 on {which}, which are 0 whatever the parameters, and bound no cell)"


def minorant(name: Formula) -> list[Block]:
    return [
        prose(
            "**The first-order minorant.** The loss is convex, so it lies above a tangent at each prediction: with the "
            "slopes $r_i$ of these at {}, for every $θ$",
            name,
        ),
        formula("R ( θ ) − R ( {} ) ≥ Ψ ( θ ) = Σ_i ⟨ r_i , f ( x_i ; θ ) − f ( x_i ; {} ) ⟩ .", name, name),
    ]


def _region(problem: Problem, point: Point, pattern: Pattern) -> list[Block]:
    """Row by row a unit, the samples on one of its pieces, and the strict inequality with its numbers."""
    values = [[list(map(rational, z)) for z in trace(problem, point, i)] for i in range(len(problem.inputs))]
    rows: list[list[Inline]] = []
    for layer, units in enumerate(pattern):
        h = problem.activations[layer]
        for unit, pieces in enumerate(units):
            for piece in sorted(set(pieces)):
                on = [i for i, p in enumerate(pieces) if p == piece and not (layer == 0 and problem.dead_row(i))]
                if not on:
                    continue
                z = [values[i][layer][unit] for i in on]
                rows.append([f"{layer + 1}, {unit + 1}", samples(on), interval("z", h, piece), _spread(z)])
    headings: list[Inline] = ["layer, unit", "samples", "inequality", m("z")]
    return table("The strict inequalities that hold at the point and define the cell.", headings, rows, limit=12)


def _spread(z: Sequence[Fraction]) -> Formula:
    """All values where they are few, else their range."""
    if len(set(z)) == 1:
        return Num(z[0])
    if len(z) > 4:
        return m(min(z), "≤ z ≤", max(z))
    return m(z[0], *(part for x in z[1:] for part in (Op(","), x)))


def _polynomials(problem: Problem, pattern: Pattern) -> list[Block]:
    try:
        from symverify.search.expand import expand
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
    long = shown.count("\n") > 40 or abridged(shown) != shown
    return [More("The predictions and the risk on this cell as polynomials", (Verbatim(shown),), aside=long)]


def _cut(values: Vector) -> Formula:
    return vector(values) if len(values) <= SHOWN else m(vector(values[:SHOWN]), "…")


def _coefficients(story: Story, index: int, fact: LocalMinimum) -> list[Block]:
    """Every coefficient of Ψ is an inner product that vanishes; the table shows each."""
    rows = story.slopes(index, fact.at)
    span = list(dict.fromkeys(features(story.problem, fact.pattern or ())))
    single = len(rows) == 1
    body: list[list[Inline]] = [
        [*([] if single else [str(k)]), _cut(phi), Num(dot(r, phi))] for k, r in enumerate(rows, 1) for phi in span
    ]
    said = m("r =", _cut(rows[0])) if single else m("r_k")
    headings: list[Inline] = [*([] if single else ["output"]), m("φ"), m("⟨ r , φ ⟩")]
    return [
        prose(
            "On $C$ each coefficient of the polynomial $Ψ$ belongs to a path from an input (or a bias) to an "
            "output; it is the inner product, over the samples, of the residuals with a vector $φ$: an input's values, "
            "ones, or constant terms of pieces, times the slopes along the path. The vectors below span all of them, "
            "and each product is 0:"
        ),
        *table(say("The coefficients of the minorant, with {}.", said), headings, body, limit=8),
    ]


def tell_face(story: Story, index: int) -> list[Block]:
    """Unit by unit: what meets at the point, and why its part of the minorant does not fall."""
    fact, problem = story.fact(index, LocalMinimum), story.problem
    name, at = story.theta(fact.at), fact.at
    (r,) = story.slopes(index, at)
    biased = problem.output_bias
    return [
        prose(
            "The point may lie on boundaries of cells, where the risk is not differentiable. One hidden layer and "
            f"one output make it decidable all the same. Write $x̃ = {'( x , 1 )' if problem.hidden_bias else 'x'}$, "
            "let $w_j$ be the parameters that enter unit $j$ and $v_j$ its output weight. The loss is convex, so "
            "near {} the risk is above its first-order minorant, which is a sum over the units:",
            name,
        ),
        formula(f"R ( θ ) − R ( {{}} ) ≥ Σ_j v_j φ ( w_j ) {'+ c Σ_i r_i' if biased else ''}", name),
        formula("φ ( w ) = Σ_i r_i h ( ⟨ w , x̃_i ⟩ )"),
        *([prose("The output bias $c$ contributes nothing: $Σ_i r_i = {}$.", sum(r, Fraction(0)))] if biased else []),
        prose("For each unit $φ$ vanishes at the point, and near it"),
        formula("φ ( w_j + δ ) = ⟨ g , δ ⟩ + Σ_u a_u | ⟨ u , δ ⟩ |"),
        prose(
            "with one bend $a_u$ for each boundary $⟨ u , δ ⟩ = 0$ through the point. Multipliers $μ_u$ with $v g = "
            "Σ_u μ_u u$ and $| μ_u | ≤ v a_u$ ($v = ± 1$ the sign of the output weight) show that $v φ ≥ 0$ nearby; "
            "so does a look at every ray in which the boundaries meet, as $φ$ is linear between them. Where the output "
            "weight is 0, $φ$ is 0 all around."
        ),
        *_units(story, index, at.point, r),
        prose(
            "The signs of the non-zero output weights persist near {}, so no term of the minorant is negative there.",
            name,
        ),
    ]


def _units(story: Story, index: int, point: Point, r: Vector) -> list[Block]:
    given = story.steps[index].fields.get("multipliers")
    multipliers = given if isinstance(given, list) else []
    rows: list[list[Inline]] = []
    for j in range(story.problem.widths[1]):
        value, g, bends = kinks(story.problem, point, j, r)
        weight = rational(point[1].weight[0][j])
        rays = [", ".join(short(Fraction(x), TABLE) for x in u) for u in list(bends)[:4]]
        bent = ", ".join(f"({ray})" for ray in rays) + (" …" if len(bends) > 4 else "")
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
    fact, problem = story.fact(index, Valley), story.problem
    minimum = local_minimum(fact.minimum)
    name, path = story.theta(minimum.at), story.path(index, "path")
    moving = sum(not isinstance(x, Fraction) and not x.is_constant() for x in coordinates(path))
    reasons = (
        say(
            "For every $t$ with $0 ≤ t ≤ 1$ the point $θ ( t )$ is strictly inside the same cell: the distance of each "
            "pre-activation from the ends of its piece is a polynomial in $t$, positive on the whole interval by its "
            "Bernstein coefficients."
        ),
        say("The prediction on every sample is a constant polynomial in $t$."),
        say(
            "What proved {} a local minimum was its cell and its predictions, nothing else. So the same proof holds at "
            "each of the infinitely many points of the path."
            + " The better point is better than all of them."
            * isinstance(fact.minimum, SpuriousMinimum),
            name,
        ),
    )
    return [
        prose(
            "Through {} runs a path of points that are all as good; $θ ( 0 ) = {}$, and "
            f"{moving} of the {problem.size()} parameters move:",
            name,
            name,
        ),
        layers(problem, path),
        Items(reasons),
        prose(
            "The derivative of the predictions by the parameters has rank {} at {}. "
            + (
                "That is the largest rank that it has on the cell, so the points of the cell with these predictions "
                "form near it a manifold"
                if fact.exact
                else "Near it the rank is that or larger, so the points of the cell with these predictions have there "
                "at most the dimension"
            )
            + " of the number of parameters, {}, less the rank: {}.",
            problem.size() - fact.dimension,
            name,
            problem.size(),
            fact.dimension,
        ),
    ]
