"""The atlas as a table and JSON: the valleys of local minima, inside the cells or over all faces, by risk."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from symverify.certify.certificate import parameters
from symverify.kernel.cells.atlas import Atlas
from symverify.kernel.cells.cell_minima import CellMinima
from symverify.kernel.cells.face_atlas import FaceAtlas, WholeValley
from symverify.kernel.cells.infimum import Infimum
from symverify.kernel.cells.not_attained import NotAttained
from symverify.kernel.core.facts import Bracket, Evaluated, GlobalMinimum
from symverify.kernel.core.network import Point
from symverify.kernel.core.proof import Fact
from symverify.report.render import number
from symverify.report.words_cells import face_words
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


@dataclass(frozen=True, slots=True)
class Mark:
    """A valley for the pictures, with a point of it; None: not known. `faces` meet it, in an atlas of all faces."""

    risk: Fraction
    dimension: int | None
    components: int | None
    spurious: bool | None
    faces: int | None = None
    point: Point | None = None


def entries(result: CheckResult) -> list[Entry]:
    """The cells with local minima strictly inside, lowest risk first, from the certificate; [] without an atlas."""
    facts = _facts(result)
    listed = [
        Entry(
            face_words(each.face),
            each.risk,
            each.components,
            tuple(size for _, size in each.orbits),
            spurious(each.risk, facts),
        )
        for each in _cells(facts)
    ]
    return sorted(listed, key=lambda entry: (entry.risk, entry.cell))


def valleys(result: CheckResult) -> list[tuple[WholeValley, bool | None]]:
    """The valleys of all local minima, lowest risk first, each with whether it is spurious (None: not known)."""
    facts = _facts(result)
    return [(each, spurious(each.risk, facts)) for each in _valleys(facts)]


def marks(facts: Sequence[Fact]) -> tuple[Mark, ...]:
    """For the picture: the valleys of all local minima, or else those inside each cell, up to exchanging units."""
    found = [
        Mark(each.risk, each.dimension, each.components, spurious(each.risk, facts), each.faces, each.point)
        for each in _valleys(facts)
    ]
    for each in () if found else _cells(facts):
        known = spurious(each.risk, facts)
        for (point, size), types in zip(each.orbits, each.types, strict=True):
            found.append(Mark(each.risk, size, _components(each, types), known, None, point))
    return tuple(sorted(found, key=lambda mark: (mark.risk, mark.dimension or 0, mark.components or 0)))


def _components(cell: CellMinima, types: frozenset[int]) -> int:
    """How many an orbit has: exchanging the units of a pair changes it where both signs are in all types of it."""
    classes = [cell.face.count(place) for place in dict.fromkeys(cell.face)]
    pairs = [k for k, size in enumerate(classes) if size == 2 and all(each >> 2 * k & 3 == 3 for each in types)]
    return 1 << len(pairs)


def spurious(risk: Fraction, facts: Sequence[Fact]) -> bool | None:
    """Whether local minima of this risk are spurious: known by the infimum of the risk, or by a point of lower risk."""
    reached = list[Fraction]()
    for fact in facts:
        match fact:
            case GlobalMinimum(at):
                return risk > at.risk
            case Infimum(least):
                return risk > least
            case NotAttained():
                return True
            case Bracket(_, upper):
                reached.append(upper)
            case Evaluated(risk=seen):
                reached.append(seen)
            case FaceAtlas():
                reached += [each.risk for each in fact.valleys]
    return True if reached and risk > min(reached) else None


def _facts(result: CheckResult) -> Sequence[Fact]:
    return [] if result.checked is None else [step.fact for step in result.checked.steps]


def _cells(facts: Sequence[Fact]) -> list[CellMinima]:
    """The cells with minima, of the first atlas."""
    return [each for atlas in [f for f in facts if isinstance(f, Atlas)][:1] for each in atlas.minima if each.orbits]


def _valleys(facts: Sequence[Fact]) -> list[WholeValley]:
    """The valleys of the first atlas over the faces."""
    return [each for atlas in [fact for fact in facts if isinstance(fact, FaceAtlas)][:1] for each in atlas.valleys]


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


def rows(result: CheckResult, whole: bool = False) -> list[tuple[str, ...]]:
    """The cells of the table: risk, cell, components, orbits' dimensions, spurious."""
    return [
        (
            number(str(entry.risk), whole),
            entry.cell,
            str(entry.components),
            ", ".join(shown(size) for size in entry.dimensions),
            _SPURIOUS[entry.spurious],
        )
        for entry in entries(result)
    ]


def valley_rows(result: CheckResult, whole: bool = False) -> list[tuple[str, ...]]:
    """The valleys of the table over all faces, as in VALLEY_HEADINGS."""
    return [
        (
            number(str(each.risk), whole),
            shown(each.dimension),
            shown(each.components),
            str(each.faces),
            _SPURIOUS[known],
        )
        for each, known in valleys(result)
    ]


def shown(count: int | None) -> str:
    """A number that may not be known."""
    return "?" if count is None else str(count)


HEADINGS = ("risk", "cell", "components", "dimensions", "spurious")
VALLEY_HEADINGS = ("risk", "dimension", "components", "faces", "spurious")
