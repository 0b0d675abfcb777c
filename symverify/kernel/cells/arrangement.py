"""The hyperplanes of one hidden unit in its parameter space, and how many regions they leave."""

from math import comb

from ..core.algebra import Direction, directed, integral
from ..core.errors import elimination, spend
from ..core.network import Problem

MAX_RESTRICTIONS = 3_000_000


def arrangement(problem: Problem) -> tuple[list[Direction], bool]:
    """The hyperplanes ⟨w, x̃_i⟩ = t_p in a unit's parameter space, as central ones; whether only half counts.

    One breakpoint that a bias moves to 0 (or that is 0): the rows x̃_i. Otherwise the cone over the affine
    arrangement: rows (x̃_i, −t_p) and (0, 1), whose regions with last coordinate > 0 are the cells, half of all.
    """
    t = problem.activations[0].breakpoints
    rows = [problem.row(i) for i in range(len(problem.inputs)) if any(problem.row(i))]
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
    total, bits = 1, max(x.bit_length() for row in distinct for x in row)
    for k, h in enumerate(distinct):
        c = next(i for i, x in enumerate(h) if x)
        spend(500 + k * (400 + len(h) * elimination(bits)))
        total += regions([restricted(row, h, c) for row in distinct[:k]])
    return total


def work(rows: list[Direction]) -> int:
    """About how many restrictions it takes to count the regions."""
    return sum(comb(len(set(rows)), k) for k in range(len(rows[0]))) if rows else 0


def restricted(row: Direction, h: Direction, c: int) -> Direction:
    """The row on the hyperplane h, coordinate c (h[c] > 0) eliminated, canonical; never 0, as row and h differ."""
    return directed([x * h[c] - row[c] * y for i, (x, y) in enumerate(zip(row, h, strict=True)) if i != c])
