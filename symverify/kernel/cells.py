"""Counting the cells of one hidden unit: the regions of its hyperplane arrangement, and complete lists of them."""

from fractions import Fraction
from math import comb

from .errors import Declined, Rejected
from .facts import UnitCells
from .linear import Direction, directed, dot, integral
from .model import ONE, Problem
from .read import Fields, canonical, listed
from .rules import Proof

MAX_WORK = 3_000_000


def arrangement(problem: Problem) -> tuple[list[Direction], bool]:
    """The hyperplanes ⟨w, x̃_i⟩ = t_p in a unit's parameter space, as central ones; whether only half counts.

    One breakpoint that a bias moves to 0 (or that is 0): the rows x̃_i. Otherwise the cone over the affine
    arrangement: rows (x̃_i, −t_p) and (0, 1), whose regions with last coordinate > 0 are the cells, half of all.
    """
    t = problem.activations[0].breakpoints
    rows = [[*x, ONE] if problem.hidden_bias else [*x] for x in problem.inputs]
    rows = [row for row in rows if any(row)]
    if len(t) <= 1 and (problem.hidden_bias or not any(t)):
        return [directed(integral(row)) for row in rows if t], False
    top = (*[0] * (problem.widths[0] + problem.hidden_bias), 1)
    return [*(directed(integral([*row, -p])) for row in rows for p in t), top], True


def regions(rows: list[Direction]) -> int:
    """
    r(∅) = 1      r(A + H) = r(A) + r(A restricted to H)
    ---------------------------------------------------- [regions]
      the number of regions of a central arrangement

    Sound: H cuts exactly the regions of A that it meets, one for each region of the arrangement A makes on H.
    Rows are canonical; equal ones are one hyperplane. In the plane every line adds two.
    """
    distinct = list(dict.fromkeys(rows))
    if not distinct:
        return 1
    if len(distinct[0]) <= 2:
        return 2 * len(distinct)
    total = 1
    for k, h in enumerate(distinct):
        c = next(i for i, x in enumerate(h) if x)
        total += regions([restricted(row, h, c) for row in distinct[:k]])
    return total


def work(rows: list[Direction]) -> int:
    """About how many restrictions it takes to count the regions."""
    return sum(comb(len(set(rows)), k) for k in range(len(rows[0]))) if rows else 0


def restricted(row: Direction, h: Direction, c: int) -> Direction:
    """The row on the hyperplane h, coordinate c (h[c] > 0) eliminated, canonical; never 0, as row and h differ."""
    return directed([x * h[c] - row[c] * y for i, (x, y) in enumerate(zip(row, h, strict=True)) if i != c])


def cell_cover(proof: Proof, step: Fields) -> UnitCells:
    """
    one hidden layer      u = number of regions of the arrangement of one unit
    witnesses, if given: u weight vectors, on no boundary, with pairwise different patterns
    ------------------------------------------------------------------------------------- [cell_cover]
      a unit has u cells (and these are all of them); the network u^h, and C(u + h − 1, h) up to permutation

    Sound: cells of the network are products of cells of the units, which share data and activation.
    """
    problem = proof.problem
    witnesses = step.take("witnesses", listed(listed(canonical)), None)
    step.check()
    if len(problem.widths) != 3:
        raise Rejected(step.where, "needs one hidden layer")
    rows, half = arrangement(problem)
    if work(rows) > MAX_WORK:
        raise Declined("too many hyperplanes in too many dimensions to count the regions")
    count = regions(rows) // (2 if half else 1)
    if witnesses is not None:
        patterns = {unit_pattern(problem, w, f"{step.at('witnesses')}[{k}]") for k, w in enumerate(witnesses)}
        if len(patterns) != len(witnesses):
            raise Rejected(step.at("witnesses"), "two of them lie in the same cell")
        if len(witnesses) != count:
            raise Rejected(step.at("witnesses"), f"expected one for each of the {count} cells, got {len(witnesses)}")
    return UnitCells(count, problem.widths[1], witnesses is not None)


def unit_pattern(problem: Problem, w: list[Fraction], where: str) -> tuple[int, ...]:
    """The pieces of a unit with weights w (bias last) on all samples; rejected on a boundary."""
    if len(w) != problem.widths[0] + problem.hidden_bias:
        raise Rejected(where, f"expected {problem.widths[0] + problem.hidden_bias} numbers, got {len(w)}")
    pieces = []
    for i, x in enumerate(problem.inputs):
        at = problem.activations[0].pieces(dot(w, [*x, ONE] if problem.hidden_bias else x))
        if len(at) > 1 and not problem.dead_row(i):
            raise Rejected(where, f"is on the boundary of sample {i + 1}")
        pieces.append(at[0])
    return tuple(pieces)
