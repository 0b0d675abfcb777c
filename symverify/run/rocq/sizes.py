"""The numbers of a valley in Rocq: how many directions the predictions move in at a point, and near it."""

from collections.abc import Sequence
from fractions import Fraction
from math import prod

from symverify.ground.linear import solve
from symverify.kernel.core.algebra import echelon
from symverify.kernel.core.facts import LocalMinimum, SpuriousMinimum, Valley
from symverify.kernel.core.network import Bent, Problem, Vector, pullback, rational
from symverify.kernel.core.proof import Step
from symverify.kernel.programs.network import Programmed
from symverify.kernel.programs.places import wired, zero

from .terms import listing, log_loss, vectors
from .writer import COMPUTED, Writer

MOST_PARAMETERS = 500
MOST_PATHS = 50_000  # of all samples


def paths(problem: Problem) -> int:
    """How many monomials the predictions of a sample have at most."""
    if not isinstance(problem, Programmed):
        return prod(width + 1 for width in problem.widths[:-1]) * problem.widths[-1]
    known = [[1] * len(problem.inputs[0])]
    for node in problem.program:
        if isinstance(node, Bent):
            known.append([count + 1 for count in known[node.source]])
            continue
        entering = [*wired(node).entering(known), *[1] * node.biased]
        rows = problem.slots[node.layer].rows()
        known.append([sum(n for slot, n in zip(row, entering, strict=True) if not zero(slot)) for row in rows])
    return sum(known[-1])


def derivatives(problem: Problem, minimum: LocalMinimum | SpuriousMinimum) -> list[Vector]:
    """Per sample and output the derivatives by all parameters, in the order of the Rocq file."""
    outputs, pattern = range(len(problem.targets[0])), minimum.pattern
    if pattern is None:
        raise TypeError("a valley by another rule")
    backs = [[Fraction(j == k) for j in outputs] for k in outputs]
    order = written_order(problem, minimum)
    found = []
    for i in range(len(problem.inputs)):
        for back in backs:
            row = [rational(x) for x in pullback(problem, minimum.at.point, i, pattern, back)]
            found.append(tuple(row[k] for k in order))
    return found


def written_order(problem: Problem, minimum: LocalMinimum | SpuriousMinimum) -> list[int]:
    """The numbers of the parameters as `gather` has them; of chains from the last layer to the first, biases first."""
    if isinstance(problem, Programmed):
        return list(range(problem.count))
    layers, start = [], 0
    for layer in minimum.at.point:
        rows = []
        for row in layer.weight:
            size = len(row)
            rows += [*[start + size] * (layer.bias is not None), *range(start, start + size)]
            start += size + (layer.bias is not None)
        layers.append(rows)
    return [k for rows in reversed(layers) for k in rows]


def dual(rows: Sequence[Vector]) -> tuple[list[int], list[list[Fraction]]]:
    """Parameters whose derivatives are a basis of the span of all, and rows that tell their coefficients."""
    pivots = sorted(next(c for c, x in enumerate(row) if x) for row in echelon(rows))
    basis = [[row[c] for row in rows] for c in pivots]
    units = [[Fraction(j == k) for j in range(len(pivots))] for k in range(len(pivots))]
    return pivots, [list(solve(basis, unit, len(rows)) or []) for unit in units]


def write_size(out: Writer, index: int, step: Step) -> tuple[str, str] | None:
    """Write the theorem about the numbers of a valley; None where they have no checker or it would take too long."""
    problem, fact = out.problem, step.fact
    if log_loss(problem) or not isinstance(fact, Valley):
        return None
    if problem.size() > MOST_PARAMETERS or paths(problem) * len(problem.inputs) > MOST_PATHS:
        return None
    pivots, inverse = dual(derivatives(problem, fact.minimum))
    th = f"th{out.point_of(index)}"
    kind, rule = ("program", "ok_program_size") if isinstance(problem, Programmed) else ("chain", "ok_size")
    numbers = f"{fact.dimension} {str(fact.exact).lower()}"
    given = f"{listing([str(k) for k in pivots])}%nat {vectors(inverse)}"
    statement = f"predictions_leave ({kind}_predictions p) (real {th}) {numbers}"
    out.theorem(f"size{index}", statement, f"apply ({rule}_sound p {th} {given} {numbers}). {COMPUTED}")
    return statement, f"exact size{index}"
