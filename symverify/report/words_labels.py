"""Sentences about facts for all labels, or for those near the given ones; see `words`."""

from collections.abc import Callable
from typing import Any

from symverify.kernel.core.proof import Fact
from symverify.kernel.labels.cell_traps import CellTraps
from symverify.report.document import Code, Inline, say

Sentence = tuple[Inline, ...]


def _traps(fact: CellTraps, names: Any) -> Sentence:
    said = say(
        "whatever the labels, each of the {} cells of a hidden unit, with all units in it, holds a local minimum "
        "strictly inside, which predicts the best fit that the cell's features allow",
        fact.count,
    )
    values = sorted({risk for _, risk in fact.traps})
    if values:
        risks = f"{len(values)} risk{'s' * (len(values) != 1)}"
        said += say(f"; with the labels of the file these have {risks}, from {{}} to {{}}", values[0], values[-1])
    if fact.better is not None:
        lower = names.other(fact.better)
        count = f"; {fact.spurious} of them are spurious local minima: {{}} has risk {{}}"
        said += say(count, lower, fact.better.risk)
    if fact.shown is not None:
        said += say("; that of the cell {} has risk {}", Code(fact.shown[0]), fact.shown[1])
    return said


LABEL_SAYERS: dict[type[Fact], Callable[..., Sentence]] = {CellTraps: _traps}
