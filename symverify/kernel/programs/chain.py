"""The architecture in a network file with "layers": a chain of dense layers."""

from dataclasses import dataclass
from itertools import pairwise

from ..core.activation import Activation
from ..core.errors import Malformed
from ..core.loss import Loss
from ..core.network import Problem, Vector
from ..core.text import Fields, Read, boolean, listed, natural

MAX_PARAMETERS = 2**20


@dataclass(frozen=True, slots=True)
class Chain:
    """Dense layers with an activation after each but the last: the architecture in a file with "layers"."""

    widths: tuple[int, ...]
    bias: tuple[bool, bool]
    activations: tuple[Activation, ...]

    @property
    def inputs(self) -> int:
        """d_X."""
        return self.widths[0]

    @property
    def outputs(self) -> int:
        """d_Y."""
        return self.widths[-1]

    def problem(
        self, name: str, loss: Loss, inputs: tuple[Vector, ...], targets: tuple[Vector, ...], sha256: str
    ) -> Problem:
        """The problem of this network."""
        return Problem(name, self.widths, *self.bias, self.activations, loss, inputs, targets, None, sha256)


def read_chain(fields: Fields, activation: Read[Activation]) -> Chain:
    """{"layers": widths, "bias": …, "activation": …}."""
    bias, widths = fields.take("bias", read_bias, (True, True)), fields.need("layers", read_widths)
    activations = fields.need("activation", lambda v, at: read_activations(v, at, len(widths) - 2, activation))
    return Chain(tuple(widths), bias, tuple(activations))


def read_bias(value: object, where: str) -> tuple[bool, bool]:
    """true, false, or {"hidden": …, "output": …}."""
    fields = Fields(value if isinstance(value, dict) else {"hidden": value, "output": value}, where)
    hidden, output = fields.take("hidden", boolean, True), fields.take("output", boolean, True)
    fields.done()
    return hidden, output


def read_activations(value: object, where: str, count: int, activation: Read[Activation]) -> list[Activation]:
    """One activation for all hidden layers, or a list with one for each."""
    if isinstance(value, list):
        return listed(activation, count, "activations, one per hidden layer, or one for all of them")(value, where)
    return [activation(value, where)] * count


def read_widths(value: object, where: str) -> list[int]:
    """Three or more widths, each at least 1."""
    widths = listed(natural)(value, where)
    if len(widths) < 3 or min(widths) < 1:
        raise Malformed((where, "expected three or more widths, each at least 1: inputs, hidden layers, outputs"))
    if sum((a + 1) * b for a, b in pairwise(widths)) > MAX_PARAMETERS:
        raise Malformed((where, f"more than {MAX_PARAMETERS} parameters"))
    return widths
