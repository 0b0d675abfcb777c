"""Labels just beyond a radius for which another point is lower than a face's best fit."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import product

from symverify.ground.lp import dot
from symverify.kernel.core.errors import Declined
from symverify.kernel.core.network import Point, Problem, predictions
from symverify.kernel.labels.forms import Form, value

from .global_minimum import global_minimum

FARTHER, MAX_SAMPLES = Fraction(65, 64), 6


def lower_beyond(
    problem: Problem, errors: Sequence[Form], vectors: Sequence[Sequence[int]], radius: Fraction
) -> tuple[list[Fraction], Point] | None:
    """Changes of the labels, a little larger than the radius, and the point; None if the likeliest corner has none.

    That is the one at which a fixed vector of the tree proves least more than is needed.
    """
    n = len(errors)
    if n > MAX_SAMPLES or not vectors:
        return None
    labels = [y for (y,) in problem.targets]
    best: tuple[Fraction, tuple[int, ...]] | None = None
    for signs in product((1, -1), repeat=n):
        d = [radius * s for s in signs]
        y, e = [a + b for a, b in zip(labels, d, strict=True)], [value(form, d) for form in errors]
        for g in vectors:
            spare = dot(g, y) ** 2 / dot(g, g) - dot(e, e)
            if best is None or spare < best[0]:
                best = spare, signs
    if best is None:
        return None
    d = [radius * FARTHER * s for s in best[1]]
    moved = tuple((a + b,) for a, b in zip(labels, d, strict=True))
    try:
        found = global_minimum(replace(problem, targets=moved, parameters=None, witnesses=()))
    except Declined:
        return None
    if found.point is None:
        return None
    other = [f - y for (f,), (y,) in zip(predictions(problem, found.point), moved, strict=True)]
    e = [value(form, d) for form in errors]
    return (d, found.point) if dot(other, other) < dot(e, e) else None
