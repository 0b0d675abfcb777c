"""Points of parameter space as people use them: exact fractions, NumPy arrays, a state_dict of PyTorch."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from symverify.errors import Usage
from symverify.kernel import Checked
from symverify.kernel.core.facts import Evaluated
from symverify.kernel.core.network import Point, rational
from symverify.kernel.core.proof import Fact
from symverify.kernel.reals.enclosure import Enclosure
from symverify.kernel.reals.facts import EnclosedPoint
from symverify.kernel.reals.minimum_in_box import BoxMinimum
from symverify.report.rationals import short
from symverify.text import plain

Which = Literal["at", "better"]
Risk = Fraction | Enclosure


@dataclass(frozen=True, slots=True, repr=False)
class ExactPoint:
    """A point of parameter space. `exact` are its affine maps (`.weight`, out × in, and `.bias`) in fractions.

    `risk` is its risk, an enclosure where it is not rational. Where a minimum is only known to be near, `radius` is how
    far in each parameter, and `risk` the minimum's; it is 0 for a point that is exactly the one.
    """

    exact: Point
    risk: Risk
    names: tuple[str, ...] = ()
    radius: Fraction = Fraction(0)

    def numpy(self) -> list[tuple[NDArray[np.float64], NDArray[np.float64] | None]]:
        """Weight (out × in) and bias of each affine map, rounded to the nearest floats. Raises Usage beyond them."""
        return [
            (_floats([[rational(x) for x in row] for row in layer.weight]), _bias(layer.bias)) for layer in self.exact
        ]

    def arrays(self) -> dict[str, NDArray[np.float64]]:
        """The same by name: those of the module that the problem was made from, else those of an nn.Sequential."""
        names = self.names or tuple(str(2 * m) for m in range(len(self.exact)))
        found: dict[str, NDArray[np.float64]] = {}
        for name, (weight, bias) in zip(names, self.numpy(), strict=True):
            found |= {f"{name}.weight": weight} | ({} if bias is None else {f"{name}.bias": bias})
        return found

    def state_dict(self) -> dict[str, Any]:
        """The same as tensors of PyTorch, for `module.load_state_dict`. Raises Usage where PyTorch is missing."""
        try:
            from_numpy = import_module("torch").from_numpy
        except ImportError:
            raise Usage("PyTorch is not installed", "run: pip install torch; or use .arrays()") from None
        return {name: from_numpy(array) for name, array in self.arrays().items()}

    def __repr__(self) -> str:
        widths = "-".join(map(str, [len(self.exact[0].weight[0]), *(len(layer.weight) for layer in self.exact)]))
        near = f", within {brief(self.radius)} of a minimum" if self.radius else ""
        return f"<ExactPoint {widths}, risk {brief(self.risk)}{near}>"


def brief(value: object) -> str:
    """A number of a statement in a few characters: a long fraction as a rounded decimal, marked ≈."""
    text = str(value)
    return short(Fraction(text)) if re.fullmatch(r"-?[0-9]+(/[0-9]+)?", text) else plain(text, 60)


def _bias(bias: tuple[Any, ...] | None) -> NDArray[np.float64] | None:
    return None if bias is None else _floats([rational(x) for x in bias])


def _floats(numbers: Any) -> NDArray[np.float64]:
    try:
        return np.array(numbers, dtype=np.float64)
    except OverflowError:
        raise Usage("a parameter is beyond the range of floats", "use .exact") from None


def found(checked: Checked, step: int, which: Which, names: tuple[str, ...]) -> ExactPoint | None:
    """The point that a step is about, or the better one that it knows; None where none is written down."""
    fact = checked.steps[step].fact
    if which == "better":
        better = next((each.better for each in _chain(fact) if hasattr(each, "better")), None)
        return None if better is None else ExactPoint(better.point, better.risk, names)
    premises = [checked.steps[index].fact for index in checked.steps[step].rests_on]
    for each in (*_chain(fact), *premises):
        match each:
            case Evaluated(point=point, risk=risk) | EnclosedPoint(point=point, risk=risk):
                return ExactPoint(point, risk, names)
            case BoxMinimum(centre=point, risk=risk, radius=radius):
                return ExactPoint(point, risk, names, radius)
    return None


def _chain(fact: Fact) -> Iterator[Any]:
    """A fact, and the minimum and the point that it is about, wherever it keeps them."""
    each: Any = fact
    while isinstance(each, Fact):
        yield each
        each = getattr(each, "minimum", None) or getattr(each, "at", None)
