"""What the numbers of certificates of boxes have in common: radii, matrices, and how they are spelled."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from symverify.errors import SymverifyError
from symverify.ground.floats import finite
from symverify.kernel.reals.interval import Interval
from symverify.kernel.reals.kinks import Kinks
from symverify.search.float_network import Array

RADII = (64, 100, 40, 30)  # radii 2^-k to try
PLACES, MATRIX_PLACES = 200, 40
Fields = dict[str, object]


class NotEnclosed(SymverifyError):
    """Why no minimum was enclosed."""


def middle(x: Interval) -> float:
    """A float near the middle."""
    return float((x.lower + x.upper) / 2)


def matrix(rows: Sequence[Sequence[Interval]]) -> Array:
    """The middles."""
    return np.array([[middle(x) for x in row] for row in rows])


def inverted(square: Array) -> Array:
    """The inverse; raises LinAlgError where it has none to speak of."""
    if len(square) and not np.linalg.cond(finite(square)) < 1e13:
        raise np.linalg.LinAlgError("the equations of the minimum are singular")
    return np.linalg.inv(square) if len(square) else square


def spelled(rows: Array) -> list[list[str]]:
    """A matrix, rounded, as certificates spell it."""
    unit = 2**MATRIX_PLACES
    return [[str(Fraction(round(Fraction(x) * unit), unit)) for x in row] for row in rows.tolist()]


def spelled_kinks(kinks: Kinks) -> Fields:
    """The fields "kinks", "dependents" and "pieces", and "following" where there are such."""
    following = [
        {"kink": list(each.kink), "multiplier": str(each.multiplier)}
        | ({"weights": [str(x) for x in each.weights]} if each.weights else {})
        for each in kinks.following
    ]
    return {
        "kinks": [list(b) for b in kinks.basis],
        "dependents": [{"kink": list(c), "weights": [str(x) for x in row]} for c, row in kinks.dependents],
        "pieces": [[list(unit) for unit in layer] for layer in kinks.pieces],
    } | ({"following": following} if following else {})
