"""The closed cells of one unit, each by the rays that generate it."""

from collections.abc import Iterator, Sequence
from itertools import chain, compress, product
from math import comb

from ..core.algebra import Direction, directed, rays
from ..core.errors import Declined, spend
from ..core.global_lower_bound import directions, signs
from ..core.units import Units

MAX_CORNERS = 2**21


def closed_cells(units: Units) -> tuple[list[Direction], list[list[int]]]:
    """The rays, and for each closed cell the numbers of those in it; without coordinates one cell without rays."""
    planes = list(dict.fromkeys(directed(wall) for wall in units.walls if any(wall)))
    if comb(len(planes), max(units.dimension - 1, 0)) << units.dimension > MAX_CORNERS:
        raise Declined("too many intersections of hyperplanes")
    closed, found, top = directions(units), dict[int, list[int]](), planes.index(units.walls[-1]) if units.cone else 0
    for k, (up, down, ray) in enumerate(signs(planes, closed)):
        spend(100 * len(planes))
        for cell in around(planes, ray, up, down):
            if not units.cone or cell >> top & 1:  # ν > 0
                found.setdefault(cell, []).append(k)
    return closed, [found[cell] for cell in sorted(found)] or [[]]


def around(planes: Sequence[Direction], ray: Direction, up: int, down: int) -> Iterator[int]:
    """The chambers whose closure contains the ray, as sets of the planes they are on the + side of.

    Off the ray's own hyperplanes they have its signs; on those they are the chambers of the quotient by the ray,
    which is the complement {x_c = 0} for a coordinate with ray_c ≠ 0.
    """
    own = [k for k in range(len(planes)) if not (up | down) >> k & 1]
    if len(own) == len(ray) - 1:  # independent hyperplanes take all signs
        spend((200 + 60 * len(own)) << len(own))
        for chosen in product((0, 1), repeat=len(own)):
            yield up + sum(compress((1 << k for k in own), chosen))
        return
    c = next(k for k, x in enumerate(ray) if x)
    for local in chambers([(*planes[k][:c], *planes[k][c + 1 :]) for k in own], len(ray) - 1):
        spend(500 + 60 * len(own))
        yield up + sum(1 << k for place, k in enumerate(own) if local >> place & 1)


def chambers(planes: Sequence[Direction], dimension: int) -> set[int]:
    """All chambers of hyperplanes of full rank: each closed chamber is a pointed cone, so some ray is in it."""
    if comb(len(planes), max(dimension - 1, 0)) << dimension > MAX_CORNERS:
        raise Declined("too many intersections of hyperplanes")
    lines = rays(list(planes))
    both = [*lines, *(tuple(-x for x in line) for line in lines)]
    return set(chain(*(around(planes, ray, up, down) for up, down, ray in signs(planes, both))))
