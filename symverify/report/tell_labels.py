"""How the steps about all labels, or those near the given ones, are told."""

from symverify.kernel.labels.cell_traps import CellTraps
from symverify.report.document import Block, Code, Inline, More, prose, table
from symverify.report.formula import Num
from symverify.report.story import Story, layers


def tell_traps(story: Story, index: int) -> list[Block]:
    """The minima of all cells by risk, and that of one cell as a point."""
    fact = story.fact(index, CellTraps)
    blocks: list[Block] = [
        prose(
            "A unit of output weight $v ≠ 0$ whose input weights are in a cell adds $v$ times an affine function of "
            "them. The vectors $| v | ( w , 1 )$ of the cell are an open convex cone, so the differences of two of "
            "them are all of space: two units of the cell with output weights of both signs predict whatever the "
            "cell's features can, for these labels and for all others. The best such fit is a local minimum."
        ),
    ]
    above = None if fact.better is None else fact.better.risk
    rows: list[list[Inline]] = [
        [Num(risk), Code("".join(map(str, pieces))), "yes" if above is not None and risk > above else "not proved"]
        for pieces, risk in sorted(fact.traps, key=lambda each: (each[1], each[0]))
    ]
    if rows:
        blocks += table("With the labels of the file, by risk.", ("risk", "cell of each unit", "spurious"), rows, 60)
    if fact.minimum is not None and (at := getattr(fact.minimum, "at", None)) is not None:
        blocks.append(More("The minimum of the cell that was asked for", (layers(story.problem, at.point),)))
    return blocks
