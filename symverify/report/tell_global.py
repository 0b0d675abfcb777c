"""How the steps about the infimum of the risk over all parameters are told."""

from collections.abc import Sequence
from fractions import Fraction
from typing import cast

from symverify.kernel.cells.infimum import Infimum
from symverify.kernel.cells.not_attained import NotAttained
from symverify.kernel.core.algebra import dot
from symverify.kernel.core.facts import Bracket, Limit, LowerBound
from symverify.report.document import Block, Inline, formula, prose, table
from symverify.report.formula import Num, Words, m, vector
from symverify.report.story import Story

WIDE, SPARSE = 12, 6  # entries of a vector that a table shows; of a longer one, entries that are not 0


def tell_lower_bound(story: Story, index: int) -> list[Block]:
    """The dual vectors, weakest first, each with the bound that it proves."""
    fact, problem = story.facts[index], story.problem
    if not isinstance(fact, LowerBound):
        return []
    vectors = [[Fraction(x) for x in g] for g in cast(list[list[int]], story.steps[index].fields["vectors"])]
    targets = [y for (y,) in problem.targets]
    products = [(dot(g, targets), dot(g, g), g) for g in vectors]
    bounds = sorted((problem.loss.factor * a * a / b, a, b, g) for a, b, g in products)
    rows: list[list[Inline]] = [[_vector(g), Num(a), Num(b), Num(bound)] for bound, a, b, g in bounds]
    constants = ", and since its entries sum to 0 the output bias drops out" if problem.output_bias else ""
    factor: list[Fraction] = [] if problem.loss.factor == 1 else [problem.loss.factor]
    return [
        prose(
            "Each unit of a network lies in a closed cell, where it is linear, and its output weight has a sign. For "
            f"every choice of a cell and a sign for each of {problem.widths[1]} units, one of the {len(vectors)} "
            "integer vectors $g$ below has a product of at most 0 with all that these can contribute to the predictions"
            f"{constants}. So "
            "$⟨ g , f ⟩ ≤ 0$, and by the inequality of Cauchy and Schwarz"
        ),
        formula(
            "{} ≥ {} ≥ {}",
            m("R ( θ ) =", *factor, "Σ_i ( f ( x_i ; θ ) − y_i )^2"),
            m(*factor, "⟨ g , y ⟩^2 / ⟨ g , g ⟩"),
            fact.risk,
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
    fact, step = story.facts[index], story.steps[index].fields
    if not isinstance(fact, Limit):
        return []
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
            "number $ν_j > 0$; the other units are switched off by output weight 0"
            + (", and the output bias is {}:" if story.problem.output_bias else ":"),
            *([Fraction(str(step["constant"]))] if story.problem.output_bias else []),
        ),
        *table("", ("unit", "sign", m("u_j"), m("ν_j")), rows),
        prose("The limit of the risk, as these numbers fall to 0, is {}.", fact.risk),
    ]


def tell_bracket(story: Story, index: int) -> list[Block]:
    """Two inequalities."""
    fact = story.facts[index]
    if not isinstance(fact, Bracket):
        return []
    return [formula("{} ≤ {} R ≤ {}", fact.lower, Words("inf"), fact.upper)]


def tell_infimum(story: Story, index: int) -> list[Block]:
    """A bound that is approached."""
    fact = story.facts[index]
    if not isinstance(fact, Infimum):
        return []
    return [prose("The lower bound is the risk that points approach:"), formula("{} R = {}", Words("inf"), fact.risk)]


def tell_not_attained(story: Story, index: int) -> list[Block]:
    """The predictions that a network of this risk could have, and how many vectors refute each."""
    fact = story.facts[index]
    premise = story.facts[story.steps[index].premises["infimum"][0]]
    if not isinstance(fact, NotAttained) or not isinstance(premise, Infimum):
        return []
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
            "Equality in the lower bound leaves a network of risk {} only these predictions. With each of them every "
            "unit would lie on a face of its cell, and whichever these are, an integer vector $q$ has a product with "
            "the units' contributions on one side of that with the predictions:",
            fact.risk,
        ),
        *table("", ("predictions", "vectors", "the first of them"), rows, limit=8),
        formula("R ( θ ) > {} {} θ", fact.risk, Words("for every")),
    ]


def _numbers(value: object) -> list[Fraction]:
    return [Fraction(str(x)) for x in cast(list[object], value)]


def _vector(values: Sequence[Fraction]) -> Inline:
    """(a, b, …); of many entries the first that are not 0, each with its sample's number."""
    if len(values) <= WIDE:
        return vector(list(values))
    entries = [f"{i}: {x}".replace("-", "−") for i, x in enumerate(values, 1) if x]
    return ", ".join([*entries[:SPARSE], *["…"] * (len(entries) > SPARSE)])
