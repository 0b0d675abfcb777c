"""A general program as a picture: its nodes in rows by their depth, and who is made of whom."""

from collections.abc import Sequence

from symverify.kernel.core.facts import Evaluated
from symverify.kernel.core.network import Bent, pieces_at
from symverify.kernel.programs.network import Programmed
from symverify.kernel.programs.places import Wired
from symverify.report.pictures import Picture
from symverify.report.svg import Canvas
from symverify.report.tell_program import named
from symverify.report.words import counted

WIDE, HIGH, GAP, SIDE, EDGE, SHOWN = 132, 46, 22, 60, 10, 40


def program_picture(problem: Programmed, at: Evaluated | None, key: str) -> Picture:
    """Boxes for nodes, with their units, free parameters and, at a point, pieces; lines from what they are made of."""
    depths, rows = placed(problem)
    count, levels = len(depths), max(depths) + 1
    width = max(480, (max(rows) + 1) * (WIDE + SIDE) + SIDE)
    height = levels * (HIGH + GAP) - GAP + 2 * EDGE
    said = f"{count} nodes in {levels} rows, the input at the top; lines lead from a node to those made of it."
    canvas = Canvas((0.0, 1.0), (0.0, 1.0), "The program as a graph", said, key, width, height)

    def corner(k: int) -> tuple[float, float]:
        alone = max(r for r, d in zip(rows, depths, strict=True) if d == depths[k])
        left = (width - alone * (WIDE + SIDE) - WIDE) / 2
        return left + rows[k] * (WIDE + SIDE), float(EDGE + depths[k] * (HIGH + GAP))

    for k in range(1, count):
        for source in made_of(problem, k):
            (x0, y0), (x1, y1) = corner(source), corner(k)
            if depths[k] - depths[source] > 1 and x0 == x1:  # around what is between
                aside, out = x0 + WIDE, x0 + WIDE + SIDE
                line = f"M{aside:g} {y0 + HIGH / 2:g}C{out:g} {y0:g} {out:g} {y1 + HIGH:g} {aside:g} {y1 + HIGH / 2:g}"
            elif depths[k] - depths[source] > 1:
                a, aside = x0 + WIDE / 2, x1 + WIDE if x0 > x1 else x1
                line = f"M{a:g} {y0 + HIGH:g}Q{a:g} {y1 + HIGH / 2:g} {aside:g} {y1 + HIGH / 2:g}"
            else:
                a, b = x0 + WIDE / 2, x1 + WIDE / 2
                line = f"M{a:g} {y0 + HIGH:g}C{a:g} {y0 + HIGH + GAP / 2:g} {b:g} {y1 - GAP / 2:g} {b:g} {y1:g}"
            canvas.parts.append(f'<path class="frame" d="{line}"/>')
    for k in range(count):
        x, y = corner(k)
        first, second, tip = told(problem, k, at)
        canvas.box(x, y, WIDE, HIGH, "frame", tip)
        canvas.label(x + WIDE / 2, y + 19, first, "label", "middle")
        canvas.label(x + WIDE / 2, y + 36, second, "label", "middle")
    where = "" if at is None else ", pieces of bent nodes at the first point of the proof"
    return Picture(canvas.svg(), f"The program: each node with its units{where}.", ())


def made_of(problem: Programmed, k: int) -> Sequence[int]:
    """The nodes that a node is made of."""
    node = problem.program[k - 1]
    return (node.source,) if isinstance(node, Bent) else sorted(set(node.sources)) if isinstance(node, Wired) else ()


def placed(problem: Programmed) -> tuple[list[int], list[int]]:
    """Per node its row, one more than the last of what it is made of, and its place there."""
    depths, rows, used = [0], [0], {0: 1}
    for k in range(1, min(len(problem.program), SHOWN) + 1):
        depths.append(1 + max(depths[source] for source in made_of(problem, k)))
        rows.append(used.get(depths[-1], 0))
        used[depths[-1]] = rows[-1] + 1
    return depths, rows


def told(problem: Programmed, k: int, at: Evaluated | None) -> tuple[str, str, str]:
    """Two short lines about a node, and what hovering tells."""
    if not k:
        return "input", counted(len(problem.inputs[0]), "number"), "a sample's numbers"
    node = problem.program[k - 1]
    units = len(problem.constants(0)[k])
    if isinstance(node, Bent):
        name = "max" if problem.comparison(node.layer) else problem.bent[node.layer][:14]
        return (
            name,
            pieces_told(problem, node, units, at),
            f"{counted(units, 'unit')}, slope{'s' * (len(node.h.slopes) > 1)} {', '.join(map(str, node.h.slopes))}",
        )
    slots = [slot for row in problem.slots[node.layer].rows() for slot in row]
    own = [slot for slot in slots if isinstance(slot, int)]
    free, wide = len(set(own)), counted(units, "unit")
    shared = "shared" if len(own) > free else "free"
    tip = f"affine map to {wide}, {counted(free, 'free parameter')}{', in several places each' * (shared == 'shared')}"
    return (
        named(problem, node.layer)[:14] or "fixed map",
        f"{wide}, {free} {shared}" if free else f"{wide}, frozen",
        tip,
    )


def pieces_told(problem: Programmed, node: Bent, units: int, at: Evaluated | None) -> str:
    """How many pre-activations are on each piece, over all samples; those at a breakpoint counted apart."""
    if at is None:
        return counted(units, "unit")
    found = [pieces for unit in pieces_at(problem, at.point)[node.layer] for pieces in unit]
    inside = [sum(pieces == (p,) for pieces in found) for p in range(len(node.h.slopes))]
    kinks = len(found) - sum(inside)
    return " | ".join(map(str, inside)) + (f", {kinks} at kinks" if kinks else "")
