"""How the steps about the infimum of the risk over all parameters are told."""

from collections.abc import Sequence
from fractions import Fraction
from typing import cast

from symverify.kernel.cells.infimum import Infimum
from symverify.kernel.cells.limit import Limit
from symverify.kernel.cells.not_attained import NotAttained
from symverify.kernel.core.algebra import dot
from symverify.kernel.core.facts import Bracket, LowerBound
from symverify.kernel.reals.facts import RealBracket
from symverify.report.document import Block, Inline, formula, prose, table
from symverify.report.formula import Num, Words, m, vector
from symverify.report.rationals import TABLE, enclosed, short
from symverify.report.story import Story
from symverify.report.words import at_least, at_most, counted

WIDE, SPARSE = 12, 6  # entries of a vector that a table shows; of a longer one, entries that are not 0


def tell_lower_bound(story: Story, index: int) -> list[Block]:
    """The dual vectors, weakest first, each with the bound that it proves."""
    fact, problem = story.fact(index, LowerBound), story.problem
    if not problem.loss.quadratic:  # the inequality below is that of the squared loss
        return []
    vectors = [[Fraction(x) for x in g] for g in cast(list[list[int]], story.steps[index].fields["vectors"])]
    targets = [y for (y,) in problem.targets]
    products = [(dot(g, targets), dot(g, g), g) for g in vectors]
    bounds = sorted((problem.loss.factor * a * a / b, a, b, g) for a, b, g in products)
    rows: list[list[Inline]] = [[_vector(g), Num(a), Num(b), at_least(bound)] for bound, a, b, g in bounds]
    tree = cast(list[int], story.steps[index].fields["tree"])
    leaves, units = sum(entry >= 0 for entry in tree), min(problem.widths[1], len(targets))
    enough = " (as many as there are samples do for any number)" if units < problem.widths[1] else ""
    splits, follow = len(tree) - leaves, ", and no split follows: it is the one leaf."
    if splits:
        each = "its one split" if splits == 1 else f"each of its {splits} splits"
        follow = (
            f"; {each} puts units of one region on the two "
            "sides of a hyperplane, or of the sign, in every possible number. So whatever the parameters, all units "
            f"are in the regions of one of the {leaves} leaves."
        )
    factor: list[Fraction] = [] if problem.loss.factor == 1 else [problem.loss.factor]
    constant = " The entries of each $g$ sum to 0, so that the output bias drops out." if problem.output_bias else ""
    planes = "one for each sample and breakpoint" if problem.activations[0].breakpoints else "those of its coordinates"
    return [
        prose(
            "Each unit adds to the predictions a vector $σ H ( u )$, $σ = ± 1$ the sign of its output weight, where "
            f"$u$ lies in a space that hyperplanes divide, {planes}; between them $H$ is "
            "linear. A region of a unit is a set of signs and of closed sides of these hyperplanes. The proof is a "
            f"tree. At its root {counted(units, 'unit')} may be anywhere{enough}{follow}"
        ),
        prose(
            "A leaf names an integer vector $g$ with $⟨ g , σ H ( u ) ⟩ ≤ 0$ on all the rays in the regions of its "
            "units, hence for all units there, as these are non-negative combinations of the rays around them."
            + constant
            + " So $⟨ g , f ⟩ ≤ 0$, and by the inequality of Cauchy and Schwarz"
        ),
        formula(
            "{} ≥ {} ≥ {}",
            m("R ( θ ) =", *factor, "Σ_i ( f ( x_i ; θ ) − y_i )^2"),
            m(*factor, "⟨ g , y ⟩^2 / ⟨ g , g ⟩"),
            at_least(fact.risk),
        ),
        *table(
            "The vectors, each with the bound that it proves.",
            (m("g"), m("⟨ g , y ⟩"), m("⟨ g , g ⟩"), "risk at least"),
            rows,
            limit=8,
        ),
    ]


def tell_limit(story: Story, index: int) -> list[Block]:
    """The units of a family of networks."""
    fact, step = story.fact(index, Limit), story.steps[index].fields
    units = cast(list[dict[str, object]], step["units"])
    rows: list[list[Inline]] = [
        [str(j), "+" if unit["sign"] == "1" else "−", _vector(_numbers(unit["u"])), Num(Fraction(str(unit["nu"])))]
        for j, unit in enumerate(units, 1)
    ]
    inner = "(w_j, b_j)" if story.problem.hidden_bias else "w_j"
    return [
        prose(
            "Units of output weight $± ν_j$, with the sign in the table, and input weights "
            f"{inner.replace('_j', 'ⱼ')} $= u_j / ν_j$, where an entry 0 of the last column stands for every small "
            "number $ν_j > 0$"
            + "; the other units are switched off by output weight 0" * (len(units) < story.problem.widths[1])
            + ("; the output bias is {}:" if story.problem.output_bias else ":"),
            *([Fraction(str(step["constant"]))] if story.problem.output_bias else []),
        ),
        *table("", ("unit", "sign", m("u_j"), m("ν_j")), rows),
        prose("The limit of the risk, as these numbers fall to 0, is {}.", fact.risk),
    ]


def tell_bracket(story: Story, index: int) -> list[Block]:
    """Two inequalities."""
    fact = story.fact(index, Bracket)
    if isinstance(fact, RealBracket):
        said = f"The bound and an upper end of the point's risk enclose the infimum: {enclosed(fact.risk)}."
        return [prose(said)]
    return [formula("{} ≤ {} R ≤ {}", at_least(fact.lower), Words("inf"), at_most(fact.upper))]


def tell_infimum(story: Story, index: int) -> list[Block]:
    """A bound that is approached."""
    fact = story.fact(index, Infimum)
    return [prose("The lower bound is the risk that points approach:"), formula("{} R = {}", Words("inf"), fact.risk)]


def tell_not_attained(story: Story, index: int) -> list[Block]:
    """The predictions that a network of this risk could have, and how many vectors refute each."""
    fact, premise = story.fact(index, NotAttained), story.fact(story.steps[index].premises["infimum"][0], Infimum)
    separators = cast(list[list[list[int]]], story.steps[index].fields["separators"])
    rows: list[list[Inline]] = [
        [
            _vector([y - r for (y,), r in zip(story.problem.targets, residual, strict=True)]),
            str(len(vectors)),
            _vector([Fraction(x) for x in vectors[0]]) if vectors else "",
        ]
        for residual, vectors in zip(premise.residuals, separators, strict=True)
    ]
    return [
        prose(
            "Equality in the lower bound leaves a network of risk {} only the predictions $f$ below. With each of them "
            "its units would have to be on certain faces of their cells. For every choice of faces one of the integer "
            "vectors $q$ has a product of at least 0 with all that the units can add there, but a negative one with "
            "$f$; or 0 with $f$, though a unit on one of the faces adds something positive. Neither is possible."
            + " The entries of each $q$ sum to 0, so that the output bias drops out."
            * story.problem.output_bias,
            fact.risk,
        ),
        *table("", (m("f"), "vectors", "the first of them"), rows, limit=8),
    ]


def _numbers(value: object) -> list[Fraction]:
    return [Fraction(str(x)) for x in cast(list[object], value)]


def _vector(values: Sequence[Fraction]) -> Inline:
    """(a, b, …); of many entries the first that are not 0, each with its sample's number."""
    if len(values) <= WIDE:
        return vector(list(values))
    entries = [f"{i}: {short(x, TABLE)}" for i, x in enumerate(values, 1) if x]
    return ", ".join([*entries[:SPARSE], *["…"] * (len(entries) > SPARSE)])
