"""The global minimum of a shallow scalar network, or a bracket; of any network where a point meets a lower bound."""

from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from math import comb
from pathlib import Path

from symverify.cells.arrangement import most_chambers
from symverify.cells.unit import planes
from symverify.kernel.cells.arrangement import arrangement, regions, work
from symverify.kernel.core.algebra import MAX_RAYS
from symverify.kernel.core.network import Problem
from symverify.search.global_minimum import Candidate

MAX_TUPLES, MAX_COLUMNS, LARGE = 10**9, 60_000_000, 10**6
COUNTED = 30_000  # restrictions of hyperplanes up to which cells are counted, in a tenth of a second


@dataclass(frozen=True, slots=True)
class Options:
    """How to search: where to run the parts of a large search, and a checkpoint to save to and continue from.

    threads: so many of this process at once, where its loops are compiled; else the executor is used.
    """

    executor: Callable[[], AbstractContextManager[Executor | None]] = nullcontext
    threads: int = 1
    checkpoint: Path | None = None
    always: bool = False  # use the executor for small searches too


def applicable(problem: Problem) -> str | None:
    """Why the search does not apply, or None."""
    if len(problem.widths) != 3 or problem.widths[-1] != 1:
        return (
            "the global minimum is searched for where there is one hidden layer and one output, or where the layers "
            "are d, h, 1, ..., 1 and all activations bend at 0 alone, under squared loss"
        )
    return None


@dataclass(frozen=True, slots=True)
class Estimate:
    """The size of the search in words; whether to try it unasked; whether it is worth several processes."""

    words: str
    affordable: bool
    large: bool


def estimate(problem: Problem) -> Estimate:
    """How large the search for the global minimum would be."""
    rows, cone = planes(problem)
    n, width = len(problem.inputs), problem.widths[1]
    dimension = len(rows[0]) if rows else 1
    rays = comb(len(rows), dimension - 1)
    if rays * n > MAX_COLUMNS or rays > MAX_RAYS:
        return Estimate(f"about {rays} rays of {n} samples each", False, True)
    distinct, _ = arrangement(problem)
    counted = work(distinct) <= COUNTED
    cells = regions(distinct) if counted else most_chambers(len(set(distinct)), dimension)
    units = 2 * (cells // (2 if cone else 1))
    tuples = comb(units + min(width, n) - 1, min(width, n))
    words = f"{'' if counted else 'at most '}{units} units, {tuples} tuples of them"
    return Estimate(words, tuples <= MAX_TUPLES, tuples > LARGE)


def limit_step(found: Candidate) -> dict[str, object]:
    """The fields of the `limit` step."""
    units = [{"sign": str(sign), "u": [str(x) for x in u], "nu": str(nu)} for sign, u, nu in found.units]
    return {"constant": str(found.c0), "units": units}
