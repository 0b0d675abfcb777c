"""The sentences about facts of the kernel's storey `cells`."""

from collections.abc import Callable

from symverify.kernel.cells.atlas import Atlas
from symverify.kernel.cells.cell_cover import UnitCells
from symverify.kernel.cells.cell_infimum import CellInfimum
from symverify.kernel.cells.cell_minima import CellMinima
from symverify.kernel.cells.constant_risk_path import ConstantRiskPath
from symverify.kernel.cells.face_atlas import FaceAtlas
from symverify.kernel.cells.strata import Face, spelled
from symverify.kernel.core.errors import Declined
from symverify.kernel.core.proof import Fact
from symverify.report.document import say
from symverify.report.words import Names, Sentence, at_least, counted, verb


def _cells(fact: UnitCells, _: Names) -> Sentence:
    witnesses = "; a witness in each is given" * fact.listed
    return (f"one hidden unit has {counted(fact.count, 'cell')} on the data{witnesses}",)


def _minima(fact: CellMinima, _: Names) -> Sentence:
    where = f"{'strictly inside the cell' if fact.is_cell else 'on the face'} {face_words(fact.face)}"
    if not fact.components:
        above = say(": the risks there are all above {}", at_least(fact.risk)) if fact.is_cell else ()
        return (f"no local minimum is {where}", *above)
    if [size for _, size in fact.orbits] == [0] and fact.components == 1:
        return say(f"exactly one point is a local minimum {where}, of risk {{}}, the least there", fact.risk)
    one = fact.components == 1
    size = "one connected valley" if one else f"not one valley but {fact.components} components"
    orbits = "" if one else f" ({counted(len(fact.orbits), 'orbit')} under exchanging units on equal pieces)"
    sizes = ", ".join("not determined" if found is None else str(found) for _, found in fact.orbits)
    least = "the least in the cell" if fact.is_cell else "the least there"
    each = "dimension" if len(fact.orbits) == 1 else "dimensions"
    return say(f"the local minima {where} have risk {{}}, {least}, and are {size}{orbits}; {each} {sizes}", fact.risk)


def face_words(face: Face) -> str:
    """The pieces of a cell or face, as claims spell them."""
    try:
        return spelled(face)
    except Declined:  # more pieces than digits
        return "named by the step"


def _cell_infimum(fact: CellInfimum, _: Names) -> Sentence:
    face = tuple(tuple(2 * piece for piece in unit) for unit in fact.pattern[0])
    return say(f"the infimum of the risk over the cell {face_words(face)} is {{}}", fact.risk)


def _path(fact: ConstantRiskPath, names: Names) -> Sentence:
    return say(
        "{}, of risk {}, is a local minimum, joined to another one by a path of local minima, all of that risk",
        names.point(fact.minimum.at), fact.minimum.at.risk,
    )  # fmt: skip


def _atlas(fact: Atlas, _: Names) -> Sentence:
    found = [each for each in fact.minima if each.components]
    head = (
        f"of the {counted(fact.cells, 'cell')} up to exchanging units, {len(found)} "
        f"{verb(len(found), 'have')} local minima strictly inside"
    )
    if not found:
        return (head,)
    risks, orbits = len({each.risk for each in found}), sum(len(each.orbits) for each in found)
    several = sum(each.components > 1 for each in found)
    return (
        f"{head}, of {counted(risks, 'risk')}, in {counted(orbits, 'valley')} up to exchanging units; in {several} of "
        "these cells they are not connected",
    )


def _face_atlas(fact: FaceAtlas, _: Names) -> Sentence:
    faces = counted(fact.faces, "face")
    having = f"{fact.with_minima} {verb(fact.with_minima, 'have')}"
    head = f"of the {faces} up to exchanging units, cells included, {having} local"
    if not fact.valleys:
        return (f"{head} minima: the network has none",)
    risks = counted(len({each.risk for each in fact.valleys}), "risk")
    parts = "" if fact.components is None else f" ({counted(fact.components, 'connected component')})"
    valleys = counted(len(fact.valleys), "valley")
    return (f"{head} minima; these are all, in {valleys} up to exchanging units{parts}, of {risks}",)


SAYERS: dict[type[Fact], Callable[..., Sentence]] = {
    UnitCells: _cells,
    CellMinima: _minima,
    CellInfimum: _cell_infimum,
    ConstantRiskPath: _path,
    Atlas: _atlas,
    FaceAtlas: _face_atlas,
}
