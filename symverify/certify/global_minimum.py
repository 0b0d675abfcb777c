"""The global minimum of a shallow scalar network, or a bracket; of any network where a point meets a lower bound."""

from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from fractions import Fraction
from math import comb
from pathlib import Path

from symverify.cells.unit import planes
from symverify.kernel.cells.arrangement import arrangement, regions, work
from symverify.kernel.core.activation import ZERO
from symverify.kernel.core.algebra import MAX_RAYS
from symverify.kernel.core.errors import MAX_WORK
from symverify.kernel.core.network import Layer, Point, Problem
from symverify.search.global_minimum import Family, Instance, Network

MAX_TUPLES, MAX_COLUMNS, LARGE = 10**9, 60_000_000, 10**6


@dataclass(frozen=True, slots=True)
class Options:
    """How to search: where to run the parts of a large search, and a checkpoint to save to and continue from."""

    executor: Callable[[], AbstractContextManager[Executor | None]] = nullcontext
    checkpoint: Path | None = None
    always: bool = False  # use the executor for small searches too


def applicable(problem: Problem) -> str | None:
    """Why the search does not apply, or None."""
    if len(problem.widths) != 3 or problem.widths[-1] != 1:
        return "the global minimum is computed for one hidden layer and scalar output"
    if not problem.loss.quadratic:
        return "the global minimum is computed for squared loss"
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
    if work(distinct) > MAX_WORK:
        return Estimate(f"cells of {len(rows)} hyperplanes in {dimension} dimensions", False, True)
    units = 2 * (regions(distinct) // (2 if cone else 1))
    tuples = comb(units + min(width, n) - 1, min(width, n))
    return Estimate(f"{units} units, {tuples} tuples of them", tuples <= MAX_TUPLES, tuples > LARGE)


def instance_of(problem: Problem) -> Instance:
    """The search's view of a problem."""
    h = problem.activations[0]
    z = h.breakpoints[0] if h.breakpoints else ZERO
    return Instance(
        X=problem.inputs,
        y=tuple(y[0] for y in problem.targets),
        breakpoints=h.breakpoints,
        slopes=h.slopes,
        anchor=(z, h.slopes[0] * z + h.offsets[0]),
        hidden_bias=problem.hidden_bias,
        output_bias=problem.output_bias,
        width=problem.widths[1],
        factor=problem.loss.factor,
    )


def network_of(point: Point) -> Network:
    """A point as the search spells it."""
    hidden, last = _numbers(point[0]), _numbers(point[1])
    zeros = (ZERO,) * len(hidden[0])
    return Network(tuple(map(tuple, hidden[0])), hidden[1] or zeros, tuple(last[0][0]), (last[1] or (ZERO,))[0])


def _numbers(layer: Layer) -> tuple[list[list[Fraction]], tuple[Fraction, ...] | None]:
    weight = [[x for x in row if isinstance(x, Fraction)] for row in layer.weight]
    return weight, None if layer.bias is None else tuple(x for x in layer.bias if isinstance(x, Fraction))


def point_of_network(problem: Problem, network: Network) -> Point:
    """A network of the search as a point."""
    return (
        Layer(network.W, network.b if problem.hidden_bias else None),
        Layer((network.v,), (network.c0,) if problem.output_bias else None),
    )


def limit_step(problem: Problem, family: Family, shift: Fraction, constant: Fraction) -> dict[str, object]:
    """The fields of the `limit` step for a family of networks."""
    units, c0 = [], family.c0
    for sign, u, nu in family.units:
        moved = [*u[:-1], u[-1] + shift * nu] if problem.hidden_bias else list(u)
        units.append({"sign": str(sign), "u": [str(x) for x in moved], "nu": str(nu)})
        c0 -= sign * nu * constant
    return {"constant": str(c0), "units": units}
