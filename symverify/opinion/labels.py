"""What is posed for the rules about all labels, or those near the given ones."""

from collections.abc import Iterator
from dataclasses import replace

from symverify.kernel.core.network import features
from symverify.kernel.core.text import canonical, listed
from symverify.kernel.labels.cell_traps import CellTraps
from symverify.opinion.cell_rules import MAX_DUALS, best_in_span
from symverify.opinion.equations import too_large
from symverify.opinion.statement import Given, Statement


def cell_traps(given: Given) -> Iterator[Statement]:
    """For each cell of a list the best predictions in its span; that every cell has them for all labels is algebra."""
    problem, fact = given.problem, given.fact(CellTraps)
    if too_large(problem) or not fact.traps:
        return
    fields = listed(lambda value, _: value)(given.step.fields["traps"], "traps")
    for number, ((pieces, _), each) in enumerate(zip(fact.traps, fields, strict=True), 1):
        if number > MAX_DUALS or not isinstance(each, dict):
            return
        best = listed(canonical)(each["best"], "best")
        for made in best_in_span(problem, features(problem, ((pieces,),)), best):
            yield replace(made, name=f"cell {number}: {made.name}")
