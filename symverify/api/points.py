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
from symverify.kernel.check import rests_on
from symverify.kernel.core.facts import Evaluated
from symverify.kernel.core.network import Point, rational
from symverify.kernel.core.proof import Fact
from symverify.kernel.programs.network import Programmed
from symverify.kernel.reals.enclosure import Enclosure
from symverify.kernel.reals.facts import EnclosedPoint, SpanMinimum
from symverify.kernel.reals.minimum_in_box import BoxMinimum
from symverify.problem.load import LoadedProblem
from symverify.problem.shape import architecture
from symverify.report.rationals import View, enclosed, short
from symverify.text import plain

Which = Literal["at", "better"]
Risk = Fraction | Enclosure


@dataclass(frozen=True, slots=True, repr=False)
class ExactPoint:
    """A point of parameter space. `exact` are its affine maps (`.weight`, out × in, and `.bias`) in fractions.

    Of a general program they are those that its nodes unfold to, whose entries may be frozen or shared. `risk` is its
    risk, an enclosure where it is not rational. Where a minimum is only known to be near, `radius` is how far in each
    parameter, and `risk` the minimum's; it is 0 for a point that is exactly the one.
    """

    exact: Point
    risk: Risk
    owner: LoadedProblem | None = None
    radius: Fraction = Fraction(0)

    def numpy(self) -> list[tuple[NDArray[np.float64], NDArray[np.float64] | None]]:
        """Weight (out × in) and bias of each affine map, rounded to the nearest floats. Raises Usage beyond them."""
        return [
            (_floats([[rational(x) for x in row] for row in layer.weight]), _bias(layer.bias)) for layer in self.exact
        ]

    def arrays(self) -> dict[str, NDArray[np.float64]]:
        """The free parameters by name, each in its own shape, rounded as in `numpy`.

        The names are those of the model that the problem was made from; else those of an nn.Sequential, or of a general
        program the names of its nodes. An entry that is no parameter of its node is nan.
        """
        parts = self._parts()
        state = () if self.owner is None else self.owner.state
        if state:
            return {key: parts[node, part] for key, node, part in state}
        if self._program() is not None:
            return {f"{node}.{part}": array for (node, part), array in parts.items()}
        return {f"{2 * int(m)}.{part}": array for (m, part), array in parts.items()}

    def state_dict(self) -> dict[str, Any]:
        """The same as tensors of PyTorch, for `module.load_state_dict`, with what the module has beside them.

        Slopes, frozen parameters and statistics are as they were. Raises Usage where PyTorch is missing.
        """
        try:
            torch = import_module("torch")
        except ImportError:
            raise Usage("PyTorch is not installed", "run: pip install torch; or use .arrays()") from None
        held = {} if self.owner is None else self.owner.held
        return {name: torch.as_tensor(array) for name, array in {**self.arrays(), **held}.items()}

    def _program(self) -> Programmed | None:
        problem = None if self.owner is None else self.owner.problem
        return problem if isinstance(problem, Programmed) else None

    def _parts(self) -> dict[tuple[str, str], NDArray[np.float64]]:
        """The parameters by affine map, a number in a chain and a node in a program, and by "weight" and "bias"."""
        found: dict[tuple[str, str], NDArray[np.float64]] = {}
        if (program := self._program()) is None:
            for m, (weight, bias) in enumerate(self.numpy()):
                found[str(m), "weight"] = weight
                if bias is not None:
                    found[str(m), "bias"] = bias
            return found
        values = [rational(x) for x in program.free(self.exact)]
        for each in program.owned:
            parts = {"weight": (each.weight, each.weight_shape), "bias": (each.bias, (len(each.bias),))}
            for part, (slots, shape) in parts.items():
                if any(slot is not None for slot in slots):
                    flat = [np.nan if slot is None else values[slot] for slot in slots]
                    found[each.name, part] = _floats(flat).reshape(shape)
        return found

    def __repr__(self) -> str:
        widths = "-".join(map(str, [len(self.exact[0].weight[0]), *(len(layer.weight) for layer in self.exact)]))
        if (program := self._program()) is not None:
            widths = architecture(program)
        near = f", within {short(self.radius, View(toward='up'))} of a minimum" if self.radius else ""
        return f"<ExactPoint {widths}, risk {brief(self.risk)}{near}>"


def brief(value: object) -> str:
    """A number of a statement in a few characters: a long fraction as a rounded decimal, marked ≈."""
    if isinstance(value, Enclosure):
        return enclosed(value)
    text = str(value)
    return short(Fraction(text)) if re.fullmatch(r"-?[0-9]+(/[0-9]+)?", text) else plain(text, 60)


def _bias(bias: tuple[Any, ...] | None) -> NDArray[np.float64] | None:
    return None if bias is None else _floats([rational(x) for x in bias])


def _floats(numbers: Any) -> NDArray[np.float64]:
    try:
        return np.array(numbers, dtype=np.float64)
    except OverflowError:
        raise Usage("a parameter is beyond the range of floats", "use .exact") from None


def found(checked: Checked, step: int, which: Which, owner: LoadedProblem) -> ExactPoint | None:
    """The point that a step is about, or the better one that it knows; None where none is written down."""
    fact = checked.steps[step].fact
    if which == "better":
        better = next((each.better for each in _chain(fact) if hasattr(each, "better")), None)
        return None if better is None else ExactPoint(better.point, better.risk, owner)
    known = list(_chain(fact))
    if not any(isinstance(each, SpanMinimum) or hasattr(each, "better") for each in known):
        # else the minimum is not written down, and a premise is the better point, or one that is only near
        known += [checked.steps[index].fact for index in rests_on(checked.steps[step])]
    for each in known:
        match each:
            case Evaluated(point=point, risk=risk) | EnclosedPoint(point=point, risk=risk):
                return ExactPoint(point, risk, owner)
            case BoxMinimum(centre=point, risk=risk, radius=radius):
                return ExactPoint(point, risk, owner, radius)
    return None


def _chain(fact: Fact) -> Iterator[Any]:
    """A fact, and the minimum and the point that it is about, wherever it keeps them."""
    each: Any = fact
    while isinstance(each, Fact):
        yield each
        each = getattr(each, "minimum", None) or getattr(each, "at", None)
