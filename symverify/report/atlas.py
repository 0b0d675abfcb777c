"""The atlas as a table and JSON: the valleys of local minima, inside the cells or over all faces, by risk."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from symverify.certify.certificate import parameters
from symverify.kernel.cells.atlas import Atlas
from symverify.kernel.cells.face_atlas import FaceAtlas, WholeValley
from symverify.kernel.cells.strata import spelled
from symverify.kernel.core.proof import Fact
from symverify.report.tell_cells import spurious
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
    facts = _facts(result)
    listed = [
        Entry(
            spelled(each.face),
            each.risk,
            each.components,
            tuple(size for _, size in each.orbits),
            spurious(each.risk, facts),
        )
        for atlas in [fact for fact in facts if isinstance(fact, Atlas)][:1]
        for each in atlas.minima
        if each.orbits
    ]
    return sorted(listed, key=lambda entry: (entry.risk, entry.cell))


def valleys(result: CheckResult) -> list[tuple[WholeValley, bool | None]]:
    """The valleys of all local minima, lowest risk first, each with whether it is spurious (None: not known)."""
    facts = _facts(result)
    found = [fact for fact in facts if isinstance(fact, FaceAtlas)]
    return [(each, spurious(each.risk, facts)) for atlas in found[:1] for each in atlas.valleys]


def _facts(result: CheckResult) -> Sequence[Fact]:
    return [] if result.checked is None else [step.fact for step in result.checked.steps]


def as_json(result: CheckResult, faces: bool = False) -> str:
    """{"complete": …, "verdict": …, "minima": […]}, with an item for each cell, or with `faces` for each valley.

    Of a cell {"cell", "risk", "components", "dimensions", "spurious"}; of a valley {"risk", "dimension",
    "components", "faces", "spurious", "point"}.
    """
    cells: list[dict[str, object]] = [
        {
            "cell": entry.cell,
            "risk": str(entry.risk),
            "components": entry.components,
            "dimensions": list(entry.dimensions),
            "spurious": entry.spurious,
        }
        for entry in entries(result)
    ]
    whole: list[dict[str, object]] = [
        {
            "risk": str(each.risk),
            "dimension": each.dimension,
            "components": each.components,
            "faces": each.faces,
            "spurious": known,
            "point": parameters(each.point),
        }
        for each, known in valleys(result)
    ]
    atlas = result["face_atlas" if faces else "atlas"]
    head = {"complete": bool(atlas.statement), "verdict": atlas.verdict.value, "reason": atlas.reason}
    return json.dumps({**head, **atlas.statement, "minima": whole if faces else cells}, indent=2)


_SPURIOUS = {True: "yes", False: "no, global", None: "?"}


def rows(result: CheckResult) -> list[tuple[str, ...]]:
    """The cells of the table: risk, cell, components, orbits' dimensions, spurious."""
    return [
        (
            str(entry.risk),
            entry.cell,
            str(entry.components),
            ", ".join(shown(size) for size in entry.dimensions),
            _SPURIOUS[entry.spurious],
        )
        for entry in entries(result)
    ]


def valley_rows(result: CheckResult) -> list[tuple[str, ...]]:
    """The valleys of the table over all faces, as in VALLEY_HEADINGS."""
    return [
        (str(each.risk), shown(each.dimension), shown(each.components), str(each.faces), _SPURIOUS[known])
        for each, known in valleys(result)
    ]


def shown(count: int | None) -> str:
    """A number that may not be known."""
    return "?" if count is None else str(count)


HEADINGS = ("risk", "cell", "components", "dimensions", "spurious")
VALLEY_HEADINGS = ("risk", "dimension", "components", "faces", "spurious")
