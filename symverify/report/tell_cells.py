"""How the steps about whole cells are told, and the atlas of their minima."""

from collections.abc import Sequence
from fractions import Fraction

from symverify.kernel.cells.atlas import Atlas
from symverify.kernel.cells.cell_minima import CellMinima
from symverify.kernel.cells.constant_risk_path import ConstantRiskPath
from symverify.kernel.cells.face_atlas import FaceAtlas
from symverify.kernel.cells.infimum import Infimum
from symverify.kernel.cells.not_attained import NotAttained
from symverify.kernel.cells.strata import spelled
from symverify.kernel.core.facts import Bracket, GlobalMinimum, SpuriousMinimum
from symverify.kernel.core.proof import Fact
from symverify.report.document import Block, Code, Inline, More, formula, prose, table
from symverify.report.formula import Num
from symverify.report.story import Story, layers

Entry = tuple[Fraction, int | None, int, bool | None]  # risk, dimension, components, spurious


def tell_cell_minima(story: Story, index: int) -> list[Block]:
    """The minima of one cell or face: their risk, components and dimensions."""
    fact = story.facts[index]
    if not isinstance(fact, CellMinima):
        return []
    name, pattern = story.theta(fact.cell), Code(spelled(fact.face))
    where = "strictly inside the cell" if fact.is_cell else "on the face"
    if not fact.components and not fact.is_cell:
        return [prose("No local minimum is on the face of {}, {}.", name, pattern)]
    if not fact.components:
        return [
            prose(
                "No local minimum is strictly inside the cell of {}, of pattern {}: the best predictions for its "
                "pieces would have risk {}, and no point strictly inside the cell has them.",
                name,
                pattern,
                fact.risk,
            )
        ]
    rows: list[list[Inline]] = [
        [str(k), "not determined" if size is None else str(size)] for k, (_, size) in enumerate(fact.orbits, 1)
    ]
    joined = "one connected valley" if fact.components == 1 else f"{fact.components} components"
    points = [block for k, (point, _) in enumerate(fact.orbits, 1) for block in (
        prose(f"A point of orbit {k}:"), layers(story.problem, point)
    )]  # fmt: skip
    return [
        prose(
            f"The local minima {where} of {{}}, of pattern {{}}, have risk {{}}, the least there. They form {joined}; "
            "up to exchanging units with equal pieces:",
            name,
            pattern,
            fact.risk,
        ),
        *table("", ("orbit", "dimension"), rows),
        More("A point of each orbit", tuple(points), aside=True),
    ]


def tell_atlas(story: Story, index: int) -> list[Block]:
    """All cells that have minima, lowest risk first."""
    fact = story.facts[index]
    if not isinstance(fact, Atlas):
        return []
    found = sorted((each for each in fact.minima if each.components), key=lambda each: (each.risk, each.face))
    rows: list[list[Inline]] = [
        [
            Num(each.risk),
            Code(spelled(each.face)),
            str(each.components),
            ", ".join("?" if size is None else str(size) for _, size in each.orbits),
            f"{story.number(each)}",
        ]
        for each in found
    ]
    return [
        prose(
            f"Up to exchanging units the network has {fact.cells} cells on these data. For every one of them a step "
            f"has found the local minima strictly inside: {len(found)} cells have some."
        ),
        *table("Cells with local minima.", ("risk", "pattern", "components", "dimensions", "step"), rows, limit=40),
    ]


def tell_face_atlas(story: Story, index: int) -> list[Block]:
    """All valleys of local minima, lowest risk first."""
    fact = story.facts[index]
    if not isinstance(fact, FaceAtlas):
        return []
    rows: list[list[Inline]] = [
        [
            Num(each.risk),
            "not determined" if each.dimension is None else str(each.dimension),
            "not counted" if each.components is None else str(each.components),
            str(each.faces),
        ]
        for each in fact.valleys
    ]
    points = [block for k, each in enumerate(fact.valleys, 1) for block in (
        prose(f"A point of valley {k}, of risk {{}}:", each.risk), layers(story.problem, each.point)
    )]  # fmt: skip
    return [
        prose(
            f"Up to exchanging units the network has {fact.faces} faces on these data, its cells included: the pieces "
            "into which the hyperplanes where a pre-activation is at a breakpoint cut the space of all parameters. For "
            f"every one of them a step has found the local minima on it: {fact.with_minima} faces have some. These are "
            "all local minima of the network. Joined across the faces they form these valleys, connected up to "
            "exchanging units:"
        ),
        *table("All local minima.", ("risk", "dimension", "components", "faces"), rows, limit=40),
        More("A point of each valley", tuple(points), aside=True),
    ]


def tell_constant_path(story: Story, index: int) -> list[Block]:
    """A polygon of minima in product coordinates."""
    fact = story.facts[index]
    if not isinstance(fact, ConstantRiskPath):
        return []
    name = story.theta(fact.minimum.at)
    return [
        prose(
            f"From {{}} a curve runs through {len(fact.nodes)} nodes, linear between neighbours in the coordinates "
            "$v_j w_j$, $v_j$ and $c$. It stays strictly inside the cell, the loss has the same gradient all along, "
            "and every point of it is a local minimum:",
            name,
        ),
        formula("R = {}", fact.minimum.at.risk),
        prose("Its last node is"),
        layers(story.problem, fact.nodes[-1]),
    ]


def atlas_entries(facts: Sequence[Fact]) -> tuple[Entry, ...]:
    """The valleys, or the cells' minima, for the picture. A valley whose components are not counted is shown as one."""
    found = [
        (each.risk, each.dimension, each.components or 1, spurious(each.risk, facts))
        for each in (valley for fact in facts if isinstance(fact, FaceAtlas) for valley in fact.valleys)
    ]
    charts = [fact for fact in facts if isinstance(fact, Atlas) and not found]
    for each in (each for chart in charts[:1] for each in chart.minima if each.components):
        sizes = [size for _, size in each.orbits if size is not None]
        found.append((each.risk, max(sizes, default=None), each.components, spurious(each.risk, facts)))
    return tuple(sorted(found, key=lambda entry: (entry[0], entry[1] or 0, entry[2])))


def spurious(risk: Fraction, facts: Sequence[Fact]) -> bool | None:
    """Whether local minima of this risk are spurious: known by the infimum of the risk, or by a point of lower risk."""
    reached = list[Fraction]()
    for fact in facts:
        match fact:
            case GlobalMinimum(at):
                return risk > at.risk
            case Infimum(least):
                return risk > least
            case NotAttained(_):
                return True
            case Bracket(_, upper):
                reached.append(upper)
            case SpuriousMinimum(_, better):
                reached.append(better.risk)
            case FaceAtlas(_, _, valleys):
                reached += [each.risk for each in valleys]
    return True if reached and risk > min(reached) else None
