"""How the steps about whole cells are told, and the atlas of their minima."""

from collections.abc import Sequence
from fractions import Fraction

from symverify.kernel.check import spelled
from symverify.kernel.facts import Bracket, Fact, GlobalMinimum, Infimum, SpuriousMinimum
from symverify.kernel.strata import Atlas, CellMinima, ConstantRiskPath
from symverify.report.document import Block, Code, Inline, More, formula, prose, table
from symverify.report.formula import Num
from symverify.report.story import Story, layers

Entry = tuple[Fraction, int | None, int, bool | None]  # risk, dimension, components, spurious


def tell_cell_minima(story: Story, index: int) -> list[Block]:
    """The minima of one cell: their risk, components and dimensions."""
    fact = story.facts[index]
    if not isinstance(fact, CellMinima):
        return []
    name, pattern = story.theta(fact.cell), Code(spelled(fact.pattern))
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
            f"The local minima strictly inside the cell of {{}}, of pattern {{}}, have risk {{}}, the least in the "
            f"cell. They form {joined}; up to exchanging units with equal pieces:",
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
    found = sorted((each for each in fact.minima if each.components), key=lambda each: (each.risk, each.pattern))
    rows: list[list[Inline]] = [
        [
            Num(each.risk),
            Code(spelled(each.pattern)),
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
    """The cells' minima for the picture; spurious where the proof knows a lower risk, global where it knows the "
    "least."""
    charts = [fact for fact in facts if isinstance(fact, Atlas)]
    least = [fact.at.risk for fact in facts if isinstance(fact, GlobalMinimum)]
    least += [fact.risk for fact in facts if isinstance(fact, Infimum)]
    reached = [fact.upper for fact in facts if isinstance(fact, Bracket)]
    reached += [fact.better.risk for fact in facts if isinstance(fact, SpuriousMinimum)]
    found: list[Entry] = []
    for each in (each for chart in charts[:1] for each in chart.minima if each.components):
        sizes = [size for _, size in each.orbits if size is not None]
        spurious = each.risk > min(least) if least else True if reached and each.risk > min(reached) else None
        found.append((each.risk, max(sizes, default=None), each.components, spurious))
    return tuple(sorted(found, key=lambda entry: (entry[0], entry[1] or 0, entry[2])))
