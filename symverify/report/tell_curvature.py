"""How the steps about the cells around a point, and about curvature, are told."""

from collections import Counter
from math import prod
from typing import cast

from symverify.kernel.core.algebra import rank
from symverify.kernel.core.facts import LocalMinimum
from symverify.kernel.core.network import Point, Problem, cell_of, pieces_at
from symverify.kernel.curvature.critical_point import CriticalPoint
from symverify.kernel.curvature.flows import symmetries
from symverify.report.document import Block, Inline, Items, formula, prose, say, table
from symverify.report.formula import Formula
from symverify.report.story import Story, samples
from symverify.report.tell_minima import but_dead_rows, minorant
from symverify.report.words import Sentence, counted


def meeting(problem: Problem, at: Point, name: Formula) -> list[Block]:
    """Which pre-activations are at breakpoints, and how many cells meet at the point."""
    around = pieces_at(problem, at)
    rows: list[list[Inline]] = [
        [f"{layer + 1}, {unit + 1}", samples(on), str(2 ** len(on))]
        for layer, units in enumerate(around)
        for unit, pieces in enumerate(units)
        if (on := [i for i, found in enumerate(pieces) if len(found) > 1])
    ]
    if not rows:
        bare = (
            f"**The cells.** At {{}} no pre-activation is at a breakpoint{but_dead_rows(problem)}: it is in one cell."
        )
        return [prose(bare, name)]
    cells = prod(len(found) for units in around for pieces in units for found in pieces)
    return [
        prose(
            "**The cells.** At {} some pre-activations are exactly at a breakpoint. Near it each of them is on one "
            "side, on the other, or still at it, where both pieces agree; so every point near {} has one of these "
            f"{counted(cells, 'choice')} of pieces:",
            name,
            name,
        ),
        *table("", ["layer, unit", "samples at a breakpoint", "choices"], rows, limit=12),
    ]


def tell_adjacent(story: Story, index: int) -> list[Block]:
    """The cells that meet, and the minorant on each."""
    fact = story.fact(index, LocalMinimum)
    name = story.theta(fact.at)
    return [
        *meeting(story.problem, fact.at.point, name),
        *minorant(name),
        prose(
            "With each choice $Ψ$ is a polynomial whose coefficients are the inner products of the residuals with the "
            "vectors that paths through the network give: input values, ones and constant terms, times slopes. The "
            "kernel has found each of these products to be 0, choice by choice. So $Ψ = 0$ all around {}.",
            name,
        ),
    ]


COMBINED = (
    "the gradient is a combination, with multipliers that are not negative, of the inequalities at the point that hold "
    "with equality"
)
KKT = {
    "flat": say("the first-order minorant of the convex loss is constant there"),
    "empty": say("no parameters near the point are strictly inside it: multipliers combine its inequalities to 0"),
    "face": say(
        f"{COMBINED}; and where those with positive multipliers stay equalities, the first-order minorant of the "
        "convex loss is constant"
    ),
    "multipliers": say(
        f"{COMBINED}; and the Hessian of the risk less that combination is positive definite in all directions but "
        "those that symmetries take up, of the cell or of its face where the kinks with positive multipliers stay, and "
        "those that a positive multiplier forbids"
    ),
    "eliminate": say(
        f"{COMBINED}; one direction is set apart: in the others, but those that symmetries take up or that a "
        "positive multiplier forbids, the Hessian is positive definite, and along a curve in that one the risk is "
        "constant, with nothing that the others could gain, or rises by more than they could"
    ),
}


def tell_kkt(story: Story, index: int) -> list[Block]:
    """Cell by cell why the risk does not fall there, the same reasons counted."""
    fact = story.fact(index, LocalMinimum)
    name = story.theta(fact.at)
    entries = cast(list[dict[str, object]], story.steps[index].fields["cells"])
    where = "this cell" if len(entries) == 1 else "each of these cells"
    counts = Counter(next(iter(entry)) for entry in entries)
    items: list[Sentence] = [(f"{counted(counts[kind], 'cell')}: ", *KKT[kind], ".") for kind in KKT if counts[kind]]
    return [
        *meeting(story.problem, fact.at.point, name),
        prose(
            f"On {where} predictions are polynomials, and the risk does not fall into it from {{}}:",
            name,
        ),
        Items(tuple(items)),
    ]


def tell_second_order(story: Story, index: int) -> list[Block]:
    """Gradient, Hessian, and the symmetries that explain its kernel."""
    fact, problem = story.fact(index, LocalMinimum), story.problem
    name, pattern = story.theta(fact.at), cell_of(problem, fact.at.point)
    size, span = problem.size(), rank(symmetries(problem, fact.at.point, pattern))
    return [
        prose(
            "**The cell.** {} is strictly inside a cell, on which the risk is a twice differentiable function of the "
            f"{size} parameters near {{}}. Its gradient there is 0:",
            name,
            name,
        ),
        formula("∇ R ( {} ) = 0", name),
        prose(
            "**The Hessian.** The Hessian $H$ of $R$ at {} is positive semidefinite, by exact elimination, and has "
            f"rank {size - span}. Its kernel, of dimension {span}, holds the directions in which the cell's symmetries "
            "move {}: exchanges of scale between a unit's input and output weights, mixtures of units on equal pieces, "
            "parameters of units that do not react, changes of a row that nothing feels. These span the kernel. They "
            "leave all predictions as they are.",
            name,
            name,
        ),
        *([] if span else [prose("There are none here: $H$ is positive definite.")]),
        prose(
            "So the points that the symmetries reach from {} have its risk and gradient 0, and in every direction "
            "across them the second derivative is positive, there and at the points nearby.",
            name,
        ),
    ]


def tell_critical(story: Story, index: int) -> list[Block]:
    """The gradient, and that this says nothing about the points nearby."""
    fact = story.fact(index, CriticalPoint)
    name = story.theta(fact.at)
    return [
        prose(
            "No pre-activation is at a breakpoint at {}"
            + but_dead_rows(story.problem)
            + ", so that near it the risk is differentiable. By the chain rule, in exact arithmetic, its derivative by "
            f"each of the {story.problem.size()} parameters is 0:",
            name,
        ),
        formula("∇ R ( {} ) = 0", name),
        prose("Whether {} is a minimum, a maximum or a saddle is another question.", name),
    ]
