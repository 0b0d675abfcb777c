"""What the readers of foreign models share: the model read, its one exception, and exact numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from symverify.errors import Usage

FLOATS = ("float16", "float32", "float64")
MAX_NUMBERS = 2**20
MAX_SIDES = 8
Matrix = list[list[Fraction]]
Vector = list[Fraction]


class NotImportable(Usage):
    """A model or its data cannot be made a network file; `.problem` says why, `.remedy` what to try."""


@dataclass(slots=True)
class Affine:
    """One affine map z = weight · a + bias: weight is out × in, bias None where the model has none."""

    name: str
    weight: Matrix
    bias: Vector | None

    @property
    def inputs(self) -> int:
        """How many numbers enter."""
        return len(self.weight[0])

    @property
    def outputs(self) -> int:
        """How many leave."""
        return len(self.weight)


@dataclass(frozen=True, slots=True)
class Model:
    """A chain of affine maps with an activation between each two; activations as network files spell them.

    `link` names what makes probabilities or rates of the last map's values, where the model ends with it ("softmax",
    "sigmoid", "exp"): it belongs to the loss, not to the network.
    """

    layers: tuple[Affine, ...]
    activations: tuple[object, ...]
    notes: tuple[str, ...] = ()
    link: str = ""


def exact(array: Any, name: str) -> np.ndarray[Any, np.dtype[Any]]:
    """The array's floats as the dyadic rationals that they are. Raises NotImportable for other types, NaN and Inf."""
    values = np.asarray(array)
    if values.dtype.name == "bfloat16":
        values = values.astype(np.float32)
    if values.dtype.name not in FLOATS:
        raise NotImportable(
            f"{quoted(name)} has numbers of type {values.dtype.name}", f"store it as one of {', '.join(FLOATS)}"
        )
    if values.ndim > MAX_SIDES:
        raise NotImportable(f"{quoted(name)} has {values.ndim} dimensions", f"use arrays of at most {MAX_SIDES}")
    if values.size > MAX_NUMBERS:
        raise NotImportable(f"{quoted(name)} has {values.size} numbers", f"use a network of at most {MAX_NUMBERS}")
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        index = ", ".join(map(str, bad[0]))
        raise NotImportable(
            f"{quoted(name)}[{index}] is {values[tuple(bad[0])]} ({len(bad)} such in it)",
            "train again, or repair the weights: only finite numbers are exact",
        )
    result = np.empty(values.shape, dtype=object)
    for place, value in np.ndenumerate(values):
        result[place] = Fraction(float(value))
    return result


def matrix(values: np.ndarray[Any, np.dtype[Any]], name: str) -> Matrix:
    """A two-dimensional array of fractions as rows. Raises NotImportable for another shape."""
    if values.ndim != 2 or not values.size:
        raise NotImportable(
            f"{quoted(name)} has the shape {shape(values.shape)}, not that of a weight matrix",
            "only fully connected layers can be imported",
        )
    return [list(row) for row in values]


def vector(values: np.ndarray[Any, np.dtype[Any]], size: int, name: str) -> Vector:
    """Per-channel numbers: an array of shape (size), (1, size) or of one number. Raises NotImportable."""
    flat = list(values.reshape(-1))
    if values.ndim > 2 or any(side != 1 for side in values.shape[:-1]) or len(flat) not in (1, size):
        raise NotImportable(
            f"{quoted(name)} has the shape {shape(values.shape)}, where {size} numbers, one per channel, are needed",
            "check that the layers fit together",
        )
    return flat if len(flat) == size else flat * size


def shape(sides: Sequence[int]) -> str:
    """A shape in words: "3 x 2"."""
    return " x ".join(map(str, sides)) or "a single number"


def quoted(name: object, limit: int = 60) -> str:
    """A stranger's name as messages show it: escaped, short; of a path (give it as a Path) all."""
    text = ascii(str(name) if isinstance(name, Path) else str(name)[:limit])
    return text if len(text) <= limit or isinstance(name, Path) else text[: limit - 3] + "...'"


def spelled(x: Fraction) -> str:
    """A number as network files spell it: "p" or "p/q"."""
    return str(x)
