"""How the steps about whole cells are told, and the atlas of their minima."""

from symverify.kernel.cells.arrangement import arrangement
from symverify.kernel.cells.atlas import Atlas
from symverify.kernel.cells.cell_cover import UnitCells
from symverify.kernel.cells.cell_minima import CellMinima
from symverify.kernel.cells.constant_risk_path import ConstantRiskPath
from symverify.kernel.cells.face_atlas import FaceAtlas
from symverify.report.document import Block, Code, Inline, More, prose, table
from symverify.report.formula import Num
from symverify.report.story import Story, layers
from symverify.report.words import counted, verb
from symverify.report.words_cells import face_words


def tell_cells(story: Story, index: int) -> list[Block]:
    """The hyperplanes of one unit, counted, and what that means for the network."""
    fact = story.fact(index, UnitCells)
    rows, half = arrangement(story.problem)
    planes = len(set(rows)) - half
    witnesses = " A point in each is given, and no two have the same pieces." if fact.listed else ""
    return [
        prose(
            f"In the space of one unit's input weights {counted(planes, 'hyperplane')} "
            f"{verb(planes, 'are')} where a pre-activation is at a breakpoint. Put in one by one, each cuts "
            "as many regions in two as those before it leave on it. In the end the regions, the unit's cells, are "
            f"{fact.count} in all.{witnesses}"
        ),
        prose(
            f"All units see the same data through the same activation, so the network has ${{}}^{fact.units}$ cells, "
            "one for each choice of a cell per unit.",
            fact.count,
        ),
    ]


def tell_cell_minima(story: Story, index: int) -> list[Block]:
    """The minima of one cell or face: their risk, components and dimensions."""
    fact = story.fact(index, CellMinima)
    name, pattern = story.theta(fact.cell), Code(face_words(fact.face))
    kind = "cell" if fact.is_cell else "face"
    head = prose(
        f"With the pieces of the {kind} of {{}}, {{}}, the predictions are linear in suitable coordinates, and the "
        "best of them have risk {}. Every local minimum there has predictions with their loss gradient.",
        name,
        pattern,
        fact.risk,
    )
    if not fact.components:
        none = "no parameters on it have them together with signs of output weights that a local minimum can have"
        return [head, prose(f"For every choice of signs of the output weights a multiplier shows that {none}.")]
    rows: list[list[Inline]] = [
        [str(k), "not determined" if size is None else str(size)] for k, (_, size) in enumerate(fact.orbits, 1)
    ]
    points = [block for k, (point, _) in enumerate(fact.orbits, 1) for block in (
        prose(f"A point of orbit {k}:"), layers(story.problem, point)
    )]  # fmt: skip
    return [
        head,
        prose(
            f"Each choice of signs of the output weights is reached by a point or excluded by a multiplier. Those that "
            f"are reached join to {counted(fact.components, 'component')}, up to exchanging units on equal pieces to "
            f"{counted(len(fact.orbits), 'orbit')}:"
        ),
        *table("", ("orbit", "dimension"), rows),
        More("A point of each orbit", tuple(points), aside=True),
    ]


def tell_atlas(story: Story, index: int) -> list[Block]:
    """All cells that have minima, lowest risk first."""
    fact = story.fact(index, Atlas)
    found = sorted((each for each in fact.minima if each.components), key=lambda each: (each.risk, each.face))
    rows: list[list[Inline]] = [
        [
            Num(each.risk),
            Code(face_words(each.face)),
            str(each.components),
            ", ".join("?" if size is None else str(size) for _, size in each.orbits),
            f"{story.number(each)}",
        ]
        for each in found
    ]
    return [
        prose(
            f"Up to exchanging units the network has {counted(fact.cells, 'cell')} on these data. For every one of "
            "them a step has found the local minima strictly inside: "
            f"{counted(len(found), 'cell')} {verb(len(found), 'have')} some."
        ),
        *table("Cells with local minima.", ("risk", "pattern", "components", "dimensions", "step"), rows, limit=40),
    ]


def tell_face_atlas(story: Story, index: int) -> list[Block]:
    """All valleys of local minima, lowest risk first."""
    fact = story.fact(index, FaceAtlas)
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
            f"Up to exchanging units the network has {counted(fact.faces, 'face')} on these data, its cells included: "
            "the pieces into which the hyperplanes where a pre-activation is at a breakpoint cut the space of all "
            "parameters. For every one of them a step has found the local minima on it. "
            f"{counted(fact.with_minima, 'face')} {verb(fact.with_minima, 'have')} some; joined "
            "across the faces they form these valleys, connected up to exchanging units:"
        ),
        *table("All local minima.", ("risk", "dimension", "components", "faces"), rows, limit=40),
        More("A point of each valley", tuple(points), aside=True),
    ]


def tell_constant_path(story: Story, index: int) -> list[Block]:
    """A polygon of minima in product coordinates."""
    fact = story.fact(index, ConstantRiskPath)
    name = story.theta(fact.minimum.at)
    return [
        prose(
            f"From {{}} a curve runs through {counted(len(fact.nodes), 'node')}, linear between neighbours in the "
            "coordinates $v_j w_j$, $v_j$ and $c$ (in $w_j$ where $v_j = 0$ at both). It stays strictly inside the "
            "cell, and the loss has the same gradient all along, which is what makes {} a local minimum.",
            name,
            name,
        ),
        prose("Its last node is"),
        layers(story.problem, fact.nodes[-1]),
    ]
