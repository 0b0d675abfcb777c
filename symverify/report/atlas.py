"""The atlas as a table and JSON: the valleys of local minima inside the cells, by risk."""

import json
from dataclasses import dataclass
from fractions import Fraction

from symverify.kernel.check import spelled, walk
from symverify.kernel.facts import Bracket, GlobalMinimum, Infimum
from symverify.kernel.read import strict_json
from symverify.kernel.strata import Atlas
from symverify.run.check import CheckResult


@dataclass(frozen=True, slots=True)
class Entry:
    """The minima of one cell: their risk, the components and orbits that they form, and the orbits' dimensions.

    `spurious` is None where the global minimum is not known.
    """

    cell: str
    risk: Fraction
    components: int
    dimensions: tuple[int | None, ...]
    spurious: bool | None


def entries(result: CheckResult) -> list[Entry]:
    """The cells with local minima strictly inside, lowest risk first, from the certificate; [] without an atlas."""
    if result.certificate is None:
        return []
    document = strict_json(result.certificate)
    facts = walk(result.problem.problem, document["steps"] if isinstance(document, dict) else []).facts
    least: Fraction | None = None
    strict_floor: Fraction | None = None
    for fact in facts:
        if isinstance(fact, GlobalMinimum):
            least = fact.at.risk
        elif isinstance(fact, Infimum):
            least = fact.risk
        elif isinstance(fact, Bracket):
            strict_floor = fact.upper
    found = [fact for fact in facts if isinstance(fact, Atlas)]
    listed = []
    for each in found[0].minima if found else ():
        if each.orbits:
            spurious = each.risk > least if least is not None else None
            if spurious is None and strict_floor is not None and each.risk > strict_floor:
                spurious = True
            sizes = tuple(size for _, size in each.orbits)
            listed.append(Entry(spelled(each.pattern), each.risk, each.components, sizes, spurious))
    return sorted(listed, key=lambda entry: (entry.risk, entry.cell))


def as_json(result: CheckResult) -> str:
    """{"complete": …, "verdict": …, "minima": [{"cell", "risk", "components", "dimensions", "spurious"}]}."""
    rows = [
        {
            "cell": entry.cell,
            "risk": str(entry.risk),
            "components": entry.components,
            "dimensions": list(entry.dimensions),
            "spurious": entry.spurious,
        }
        for entry in entries(result)
    ]
    atlas = result["atlas"]
    head = {"complete": bool(atlas.statement), "verdict": atlas.verdict.value, "reason": atlas.reason}
    return json.dumps({**head, **atlas.statement, "minima": rows}, indent=2)


def rows(result: CheckResult) -> list[tuple[str, ...]]:
    """The cells of the table: risk, cell, components, orbits' dimensions, spurious."""
    words = {True: "yes", False: "no, global", None: "?"}
    return [
        (
            str(entry.risk),
            entry.cell,
            str(entry.components),
            ", ".join("?" if size is None else str(size) for size in entry.dimensions),
            words[entry.spurious],
        )
        for entry in entries(result)
    ]


HEADINGS = ("risk", "cell", "components", "dimensions", "spurious")
