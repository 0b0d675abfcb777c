"""What a fact says, in words: the one place where a sentence about a proved statement is made."""

from symverify.kernel.cells.atlas import Atlas
from symverify.kernel.cells.cell_cover import UnitCells
from symverify.kernel.cells.cell_infimum import CellInfimum
from symverify.kernel.cells.cell_minima import CellMinima
from symverify.kernel.cells.constant_risk_path import ConstantRiskPath
from symverify.kernel.cells.face_atlas import FaceAtlas
from symverify.kernel.cells.infimum import Infimum
from symverify.kernel.cells.not_attained import NotAttained
from symverify.kernel.cited.assumptions import Assumptions
from symverify.kernel.cited.linear_collapse import LinearCollapse
from symverify.kernel.core.facts import (
    Bracket,
    Evaluated,
    GlobalMinimum,
    Limit,
    LocalMinimum,
    LowerBound,
    NotLocalMinimum,
    SpuriousMinimum,
    Valley,
)
from symverify.kernel.core.proof import Fact
from symverify.kernel.curvature.critical_point import CriticalPoint
from symverify.run.check import CheckResult, ClaimResult


def fact_words(fact: Fact) -> str:
    """The statement of a fact in plain words."""
    match fact:
        case Evaluated():
            return f"{'the given point' if fact.given else 'a point'} of risk {fact.risk}"
        case LocalMinimum():
            where = "" if fact.pattern is None else ": strictly inside its cell, where no point has lower risk"
            return f"{fact_words(fact.at)} is a local minimum{where}"
        case NotLocalMinimum():
            falls = "along a polynomial curve from it the risk strictly falls"
            return f"{fact_words(fact.at)} is not a local minimum: {falls}"
        case SpuriousMinimum():
            return f"{fact_words(fact.minimum)}; it is spurious: another point has risk {fact.better.risk}"
        case GlobalMinimum():
            fit = ", and predicts what the best affine fit does" if fact.affine else ""
            return f"{fact_words(fact.at)} is a global minimum{fit}"
        case Valley():
            size = f"{'' if fact.exact else 'at most '}{fact.dimension}"
            return (
                f"infinitely many: {fact_words(fact.minimum)}, and so is every point of a path through it, of the same "
                f"risk; the set of points of the cell with these predictions has local dimension {size}"
            )
        case Assumptions():
            return "; ".join(
                f"{name} {'holds' if is_so else 'fails'}: {evidence(name, is_so, where)}"
                for name, is_so, where in fact.holds
            )
        case LinearCollapse():
            return f"the network is linear: one cell, and every local minimum is global ({fact.theorem})"
        case UnitCells():
            return f"one hidden unit has {fact.count} cells on the data" + (
                "; a witness in each is given" * fact.listed
            )
        case LowerBound():
            return f"no point of parameter space has risk below {fact.risk}"
        case Limit():
            return f"some points come arbitrarily close to risk {fact.risk}"
        case Infimum():
            return f"the infimum of the risk over all parameters is {fact.risk}, approached by a limit of points"
        case NotAttained():
            return f"the infimum of the risk over all parameters is {fact.risk}, and no parameters attain it"
        case Bracket():
            return f"the infimum of the risk over all parameters is between {fact.lower} and {fact.upper}"
        case CriticalPoint():
            return f"{fact_words(fact.at)} is a critical point: strictly inside its cell, with gradient 0"
        case CellMinima():
            where = f"{'strictly inside the cell' if fact.is_cell else 'on the face'} of {fact_words(fact.cell)}"
            if not fact.components:
                above = f": the risks there are all above {fact.risk}" * fact.is_cell
                return f"no local minimum is {where}{above}"
            size = (
                "one connected valley" if fact.components == 1 else f"not one valley but {fact.components} components"
            )
            least = f"the least {'in the cell' if fact.is_cell else 'there'}"
            orbits = f"{len(fact.orbits)} up to exchanging units with equal pieces"
            return f"the local minima {where} have risk {fact.risk}, {least}, and are {size} ({orbits})"
        case CellInfimum():
            return f"the infimum of the risk over the cell of {fact_words(fact.cell)} is {fact.risk}"
        case ConstantRiskPath():
            return f"{fact_words(fact.minimum)}, joined to another one by a path of such minima, all of that risk"
        case Atlas():
            found = [each for each in fact.minima if each.components]
            values = sorted({each.risk for each in found})
            orbit_count = sum(len(each.orbits) for each in found)
            several = sum(len(each.orbits) > 1 or each.components > 1 for each in found)
            return (
                f"of the {fact.cells} cells up to exchanging units, {len(found)} have local minima strictly inside, in "
                f"{orbit_count} valleys of {len(values)} different risks; in {several} cells they are not one valley"
            )
        case FaceAtlas():
            risks, components = len({each.risk for each in fact.valleys}), fact.components
            counted = "" if components is None else f" ({components} connected components)"
            return (
                f"all local minima of the network: of its {fact.faces} faces up to exchanging units, cells included, "
                f"{fact.with_minima} have some, and they form {len(fact.valleys)} valleys up to exchanging units"
                f"{counted} of {risks} different risks"
            )
        case _:
            raise TypeError(f"no words for {type(fact).__name__}")


def evidence(name: str, holds: bool, where: tuple[int, ...]) -> str:
    """Why an assumption holds or fails; `where` are the samples or the layer, from 1, at which it fails."""
    first, second = (*where, 0, 0)[:2]
    match name, holds:
        case "A1", _:
            return f"{'no' if holds else 'an'} affine map fits the data"
        case "A2", True:
            return "inputs are distinct"
        case "A2", False:
            return f"samples {first} and {second} have equal inputs"
        case "A3", True:
            return "every hidden layer is wider than the output"
        case "A3", False:
            return f"hidden layer {first} is not wider than the output"
        case "A4", True:
            return "every activation has a breakpoint whose slopes do not cancel"
        case "A4", False:
            return f"in hidden layer {first} no breakpoint has slopes that do not cancel"
        case "AL", True:
            return "the loss is differentiable and stationary only at the target"
        case _:
            raise ValueError(f"no assumption {name}")


def claim_words(result: CheckResult, claim: ClaimResult) -> str:
    """What is proved about a claim, in plain words; "" where nothing is."""
    if result.checked is None or claim.theorem is None:
        return ""
    return fact_words(result.checked.steps[claim.theorem.step].fact)
