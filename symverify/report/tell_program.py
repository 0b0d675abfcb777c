"""How a general program is told: its nodes, their places, and the points of it."""

from collections.abc import Sequence
from fractions import Fraction

from symverify.kernel.core.activation import Activation
from symverify.kernel.core.facts import Evaluated
from symverify.kernel.core.network import Bent
from symverify.kernel.programs.network import Programmed
from symverify.kernel.programs.places import Wired, zero
from symverify.report.document import Block, Code, Inline, prose, table
from symverify.report.formula import Formula, Num, m, vector
from symverify.report.story import Story, scalar

MAX_SHOWN = 8


def program_blocks(problem: Programmed) -> list[Block]:
    """The nodes in order."""
    rows: list[tuple[Inline, ...]] = [("0", "the input", "–", str(len(problem.inputs[0])), "–")]
    for k, node in enumerate(problem.program, 1):
        if isinstance(node, Bent):
            width = len(problem.constants(0)[k])
            compares = " (compares for a maximum)" if problem.comparison(node.layer) else ""
            name = Code(problem.bent[node.layer])
            rows.append((str(k), f"{pieces(node.h)}{compares}", str(node.source), str(width), name))
        elif isinstance(node, Wired):
            sources = ", ".join(map(str, sorted(set(node.sources))))
            own, units = named(problem, node.layer), str(len(problem.slots[node.layer].weight))
            rows.append((str(k), places(problem, node.layer), sources, units, Code(own) if own else "–"))
    return [
        prose(
            "A general program: each node is made of earlier ones, the first is the input and the last the prediction "
            "$f ( x ; θ )$. Its $D = {}$ free parameters $θ$ are entries of affine maps; other entries are frozen to "
            "numbers, or tied: they hold the same parameter.",
            problem.size(),
        ),
        *table("The nodes.", ("node", "what it is", "made of", "units", "name"), rows, limit=40),
    ]


def named(problem: Programmed, layer: int) -> str:
    """The name in the file of what an affine node's free parameters belong to; "" without any."""
    own = {slot for row in problem.slots[layer].rows() for slot in row if isinstance(slot, int)}
    return ", ".join(each.name for each in problem.owned if own & {*each.weight, *each.bias})


def places(problem: Programmed, layer: int) -> str:
    """An affine map in words: how many of its entries are free, tied, frozen."""
    slots = [slot for row in problem.slots[layer].rows() for slot in row]
    free = {slot for slot in slots if isinstance(slot, int)}
    tied = sum(isinstance(slot, int) for slot in slots) - len(free)
    frozen = sum(isinstance(slot, Fraction) and not zero(slot) for slot in slots)
    if not free:
        return "affine map, frozen"
    parts = [f"{len(free)} free parameter{'s' * (len(free) != 1)}"]
    parts += [f"{tied} more entries tied to them, as where a kernel slides"] if tied else []
    parts += [f"{frozen} frozen"] if frozen else []
    return f"affine map: {', '.join(parts)}"


def pieces(h: Activation) -> str:
    """An activation in words."""
    slopes, at = ", ".join(map(str, h.slopes)), ", ".join(map(str, h.breakpoints))
    cuts = f" and breakpoint{'s' * (len(h.breakpoints) > 1)} {at}" if at else ""
    return f"activation with slope{'s' * (len(h.slopes) > 1)} {slopes}{cuts}"


def tell_program_point(story: Story, index: int) -> list[Block]:
    """The free parameters and the predictions of a point of a program."""
    problem, at = story.problem, story.facts[index]
    if not isinstance(problem, Programmed) or not isinstance(at, Evaluated):
        return []
    values = problem.free(at.point)
    rows: list[tuple[Inline, ...]] = []
    for each in problem.owned:
        own = [slot for slot in (*each.weight, *each.bias) if slot is not None]
        shown = [scalar(values[slot]) for slot in own[:MAX_SHOWN]]
        more = [", …"] if len(own) > MAX_SHOWN else []
        rows.append((Code(each.name), m(*between(shown), *more), str(len(own))))
    outputs = [(str(i), Num(f[0]) if len(f) == 1 else vector(f[:MAX_SHOWN])) for i, f in enumerate(at.predictions, 1)]
    return [
        *table("Its free parameters, row by row.", ("node", "weights and biases", "how many"), rows, limit=24),
        *table("Its predictions.", (m("i"), m("f ( x_i )")), outputs, limit=12),
    ]


def between(parts: Sequence[Formula]) -> list[Formula | str]:
    """The parts with commas between them."""
    found: list[Formula | str] = []
    for k, part in enumerate(parts):
        found += [","] * bool(k) + [part]
    return found
