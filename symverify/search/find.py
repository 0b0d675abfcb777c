"""The smallest labels with a property of the loss surface, among all or whole ones: a Boolean search over linear forms.

Whether a cell has minima of a type of signs is a matter of linear forms in the labels; so how many components they
form is one, too, and z3's linear arithmetic decides whether some labels have the property. Then whole labels are
fixed one by one. What is not linear, the least risk, is tried label by label.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations_with_replacement, product

from symverify.cells.unit import unit_cells
from symverify.errors import Declined
from symverify.ground.time_limit import OutOfTime, timed
from symverify.kernel.cells.cell_minima import joined
from symverify.kernel.core.network import Problem
from symverify.opinion.solve import Answer, Solver
from symverify.opinion.terms import Terms, compare, polynomial, variable
from symverify.opinion.text import Script, conjunction, disjunction, negation

from .global_minimum import global_minimum
from .label_cones import LabelCone, Vector, type_cones

LARGEST, MAX_PATTERNS = 12, 1 << 10
PARTS = {False: "two components", True: "two orbits of components under exchanging units"}


@dataclass(frozen=True, slots=True)
class Found:
    """Labels with the property, and the cell that shows it, as a pattern, if it is about one."""

    labels: tuple[Fraction, ...]
    cell: str | None


@dataclass(frozen=True, slots=True)
class NotFound:
    """Why there are none, or none was found."""

    reason: str


def two_valleys(problem: Problem, whole: bool, orbits: bool, deadline: float) -> Found | NotFound:
    """Labels of positive risk in a cell without dead units whose minima form two components, or orbits of them."""
    names = [f"y{i + 1}" for i in range(len(problem.inputs))]
    cones = [(cell, dict(type_cones(problem, cell))) for cell in live_cells(problem)]
    formulas = [split(problem, cell, known, names, orbits) for cell, known in cones]
    several = disjunction(formulas)
    fixed = [compare(variable(names[0]), "=")] if problem.output_bias else []
    with Solver(seconds=max(deadline - time.monotonic(), 1.0)) as solver:

        def some(*more: str) -> bool:
            script = Script("QF_LRA", names, [several, *fixed, *more])
            reply = solver.solve(script.text(), deadline=deadline)
            if reply.answer is Answer.NO_ANSWER:
                raise Declined(f"the solver gave no answer: {reply.reason}")
            return reply.answer is Answer.SAT

        if not some():
            return NotFound(
                f"for no real labels the minima strictly inside a cell without dead units have positive risk and form "
                f"{PARTS[orbits]}; so says the solver, there is no certificate"
            )
        if not whole:
            return _real(solver, [several, *fixed], names, cones, problem, orbits, deadline)
        y = smallest(names, some, lambda y: _shown(problem, y, cones, orbits) is not None, _first(problem))
    if y is None:
        return NotFound(
            f"for no whole labels of size up to {LARGEST} the minima strictly inside a cell without dead units have "
            f"positive risk and form {PARTS[orbits]}, but for some real labels they do; so says the solver"
        )
    return Found(y, _shown(problem, y, cones, orbits))


def _real(
    solver: Solver, formulas: list[str], names: list[str], cones: list[tuple[tuple[Vector, ...], dict[int, LabelCone]]],
    problem: Problem, orbits: bool, deadline: float,
) -> Found | NotFound:  # fmt: skip
    script = Script("QF_LRA", names, formulas)
    reply = solver.solve(script.text(), model=True, deadline=deadline)
    if reply.model is None:
        return NotFound(f"the solver gave no labels: {reply.reason}")
    y = tuple(Fraction(reply.model[name]) for name in names)
    return Found(y, _shown(problem, y, cones, orbits))


def smallest(
    names: Sequence[str],
    some: Callable[..., bool],
    has: Callable[[tuple[Fraction, ...]], bool],
    first: Sequence[int] | None,
) -> tuple[Fraction, ...] | None:
    """Whole labels: least largest size, then least sum of sizes, then first in order. `some` labels fit in a box?"""
    for top in range(1, LARGEST + 1):
        box = [compare(variable(name), op, side * top) for name in names for op, side in (("<=", 1), (">=", -1))]
        if some(*box):
            for y in sized(len(names), top, first):
                if has(labels := tuple(map(Fraction, y))):
                    return labels
    return None


def sized(n: int, top: int, first: Sequence[int] | None = None) -> list[tuple[int, ...]]:
    """Whole labels of this largest size: by their sum of sizes, then in order."""
    span = range(-top, top + 1)
    found = list[tuple[int, ...]]()
    for y in timed(product(span if first is None else first, *[span] * (n - 1))):
        if max(map(abs, y)) == top:
            found.append(y)
    return sorted(found, key=lambda each: (sum(map(abs, each)), each))


def live_cells(problem: Problem) -> Iterator[tuple[Vector, ...]]:
    """The cells up to exchanging units, each unit with slope ≠ 0 on some sample."""
    h, units = problem.activations[0], unit_cells(problem)
    faces = [tuple(2 * int(p) for p in row) for row in units.pieces]
    alive = sorted(face for face in faces if any(h.slopes[place // 2] for place in face))
    yield from combinations_with_replacement(alive, problem.widths[1])


def split(
    problem: Problem, cell: Sequence[Vector], cones: dict[int, LabelCone], names: Sequence[str], orbits: bool
) -> str:
    """That the cell's types with minima form two orbits, or two components, and the risk is positive."""
    masks = sorted(cones)
    if 1 << len(masks) > MAX_PATTERNS:
        raise Declined("too many types of signs in a cell: at most two units")
    member = {mask: inside(cone, names) for mask, cone in cones.items()}
    ways = list[str]()
    for chosen in timed(product((False, True), repeat=len(masks))):
        there = {mask for mask, on in zip(masks, chosen, strict=True) if on}
        if there and count(cell, there)[orbits] > 1:
            ways.append(conjunction(member[m] if m in there else negation(member[m]) for m in masks))
    project = next(iter(cones.values())).project
    errors = [tuple(x - (i == k) for k, x in enumerate(row)) for i, row in enumerate(project)]
    away = [compare(form(e, names), "distinct") for e in errors if any(e)]
    return conjunction([disjunction(ways), disjunction(away)])


def count(cell: Sequence[Vector], types: set[int]) -> tuple[int, int]:
    """How many components minima of these types form, and orbits of them: as the kernel's cell_minima has it."""
    sizes = [sum(other == face for other in cell) for face in dict.fromkeys(cell)]
    parts = list(joined(set(types)))
    pairs = [
        sum(size == 2 and all(mask >> 2 * k & 3 == 3 for mask in part) for k, size in enumerate(sizes))
        for part in parts
    ]
    return sum(2**p for p in pairs), len(parts)


def inside(cone: LabelCone, names: Sequence[str]) -> str:
    """The labels of a cone, as a formula."""
    return conjunction(
        [compare(form(g, names), op) for part, op in ((cone.equal, "="), (cone.strict, ">")) for g in part]
    )


def form(g: Sequence[Fraction | int], names: Sequence[str]) -> Terms:
    """A linear form in the labels."""
    return sum((variable(name) * Fraction(x) for name, x in zip(names, g, strict=True)), polynomial(0))


def _shown(
    problem: Problem, y: Sequence[Fraction], cones: list[tuple[tuple[Vector, ...], dict[int, LabelCone]]], orbits: bool
) -> str | None:
    """The first cell that has the property with these labels."""
    for cell, known in cones:
        there = {mask for mask, cone in known.items() if cone.holds(y)}
        cone = next(iter(known.values()))
        if there and count(cell, there)[orbits] > 1 and cone.distance(y):
            return ",".join("".join(str(place // 2) for place in face) for face in cell)
    return None


def by_trying(
    problem: Problem,
    holds: Callable[[Problem, float], bool],
    what: str,
    deadline: float,
    stopped: Callable[[], bool] = lambda: False,
) -> Found | NotFound:
    """The first whole labels with a property, smallest first, up to a shift where there is an output bias.

    `what` says what the property is. `holds` gets the seconds left; a search for a global minimum that Ctrl-C ends
    returns, so `stopped` is asked after each.
    """
    largest = 0
    for top in range(1, LARGEST + 1):
        every = sized(len(problem.inputs), top, _first(problem))
        for y in sorted(every, key=lambda each: (sum(map(abs, each)), [(abs(x), -x) for x in each])):
            if (over := time.monotonic() > deadline) or stopped():
                tried, why = f"of size up to {largest}" if largest else "yet", "the time was up" if over else "asked to"
                return NotFound(f"none {tried} {what}; stopped there, as {why}")
            labels = tuple(map(Fraction, y))
            with suppress(OutOfTime):  # which the next round says
                if holds(replace(problem, targets=tuple((x,) for x in labels)), deadline - time.monotonic()):
                    return Found(labels, None)
        largest = top
    return NotFound(f"no whole labels of size up to {LARGEST} {what}; larger ones were not tried")


def _first(problem: Problem) -> list[int] | None:
    """The first label is 0 where an output bias shifts all labels."""
    return [0] if problem.output_bias else None


def affine_is_global(problem: Problem, seconds: float) -> bool:
    """Labels that are not affine, of which the best affine fit is a global minimum; False if that takes longer."""
    from .label_cones import projection

    n = len(problem.inputs)
    labels = [y for (y,) in problem.targets]
    project = projection(problem.affine_features(), n)
    cone = LabelCone((), (), (), project)
    distance = cone.distance(labels)
    if not distance:
        return False
    found = global_minimum(problem, deadline=seconds)
    return found.closed and found.lower == distance


def not_attained(problem: Problem, seconds: float) -> bool:
    """Labels for which no parameters have the least risk; False if seeing it takes longer."""
    return global_minimum(problem, deadline=seconds).attained is False
