"""The numbers of a `face_span` certificate: where near a stationary point the residuals are orthogonal to a span."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from symverify.kernel.core.errors import KernelError
from symverify.kernel.core.network import Point
from symverify.kernel.reals.box import Box
from symverify.kernel.reals.face_span import Direction, Equations, equations, span_of_face
from symverify.kernel.reals.interval import NONE, interval
from symverify.kernel.reals.kinks import Kinks
from symverify.search.box_numbers import (
    PLACES,
    RADII,
    Fields,
    NotEnclosed,
    inverted,
    matrix,
    middle,
    spelled,
    spelled_kinks,
)
from symverify.search.float_network import Array
from symverify.search.snap_equations import as_point

ROUNDS, SMALL = 40, 1e-12


@dataclass(slots=True)
class Guess:
    """Numbers on the way to a zero of the equations, moved in the coordinates `free` only."""

    kinks: Kinks
    span: list[Direction]
    numbers: list[Fraction]
    free: Sequence[int] = ()

    def equations(self, free: Sequence[int] = ()) -> Equations:
        """F here, with columns of F'."""
        return equations(self.kinks, self.span, self.box(), free)

    def box(self) -> Box:
        """The point."""
        return Box(self.kinks.problem, [interval(x) for x in self.numbers], self.kinks.pieces, self.kinks.where)


def spanned(kinks: Kinks, numbers: list[Fraction], prove: Callable[[Point, Fields], int]) -> tuple[int, Point]:
    """The step that the kernel accepts near the numbers, and the centre of its box. Raises NotEnclosed."""
    problem = kinks.problem
    guess = Guess(kinks, span_of_face(kinks), numbers)
    whole = matrix(guess.equations(range(problem.size())).rows).reshape(-1, problem.size())
    guess.free = onto(whole)
    inverse = newton(guess)
    chosen, across = multipliers_from(guess)
    free = set(guess.free)
    fields: Fields = {
        **spelled_kinks(kinks),
        "held": [c for c in range(problem.size()) if c not in free],
        "inverse": spelled(inverse),
        "columns": chosen,
        "across": spelled(across),
    }
    reason, centre = "", as_point(problem, guess.numbers)
    for k in RADII:
        try:
            return prove(centre, {**fields, "radius": str(Fraction(1, 2**k))}), centre
        except KernelError as error:
            reason = str(error)
    raise NotEnclosed(reason)


def onto(rows: Array) -> list[int]:
    """As many coordinates as rows, in which the rows are far from dependent."""
    from scipy.linalg import qr  # SciPy loads slowly, and most problems do without it

    count, size = rows.shape
    if count > size:
        raise NotEnclosed(f"{count} equations for {size} parameters")
    if not count:
        return []
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if not lengths.all():
        raise NotEnclosed("an equation does not depend on the parameters")
    _, triangle, order = qr(rows / lengths, mode="economic", pivoting=True)
    if abs(triangle[count - 1, count - 1]) < SMALL * abs(triangle[0, 0]):
        raise NotEnclosed("the predictions do not reach their span")
    return sorted(order[:count].tolist())


def newton(guess: Guess) -> Array:
    """Move the numbers to a zero of F, by chords; the inverse of F' there."""
    inverse = np.zeros((0, 0))
    for turn in range(ROUNDS):
        found = guess.equations(guess.free if turn < 3 else ())
        if turn < 3:
            inverse = inverted(matrix(found.rows).reshape(len(guess.free), len(guess.free)))
        value = np.array([middle(x) for x in found.values])
        if not len(value) or (turn > 2 and np.abs(value).max() < 2.0**-180):
            break
        change = -inverse @ value
        if not np.isfinite(change).all() or np.abs(change).max(initial=0) > 1:
            raise NotEnclosed("Newton's method leaves the point")
        for c, x in zip(guess.free, change.tolist(), strict=True):
            guess.numbers[c] = Fraction(round((guess.numbers[c] + Fraction(x)) * 2**PLACES), 2**PLACES)
    return inverse


def multipliers_from(guess: Guess) -> tuple[list[int], Array]:
    """Coordinates in which the gradients of the kinks B are independent, and the inverse of their transposed."""
    kinks = guess.kinks
    found = guess.box().lagrangian(kinks.basis, [NONE] * len(kinks.basis))
    normals = matrix(found.normals).reshape(len(kinks.basis), kinks.problem.size())
    chosen = onto(normals)
    return chosen, inverted(normals[:, chosen].T)
