"""The network file: architecture, activation, loss, data and, if it gives them, parameters, as a `Problem`."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from .activation import ONE, ZERO, Activation
from .errors import Malformed
from .loss import Loss
from .network import Layer, Point, Problem
from .poly import Scalar
from .text import Fields, Read, anything, boolean, liberal, listed, natural, shown, strict_json, text

FORMAT, MAX_PARAMETERS = "symverify-network/1", 2**20
FAMILIES: dict[str, dict[str, object]] = {
    "relu": {"breakpoints": [0], "slopes": [0, 1], "anchor": [0, 0]},
    "abs": {"breakpoints": [0], "slopes": [-1, 1], "anchor": [0, 0]},
    "hardtanh": {"breakpoints": [-1, 1], "slopes": [0, 1, 0], "anchor": [0, 0]},
    "relu6": {"breakpoints": [0, 6], "slopes": [0, 1, 0], "anchor": [0, 0]},
    "hardsigmoid": {"breakpoints": [-3, 3], "slopes": [0, "1/6", 0], "anchor": [0, "1/2"]},
    "identity": {"breakpoints": [], "slopes": [1], "anchor": [0, 0]},
}
Samples = list[tuple[list[Fraction], list[Fraction]]]


def named(value: object, where: str) -> Fields:
    """An object with a "name", or the name alone."""
    return Fields({"name": value} if isinstance(value, str) else value, where)


def read_activation(value: object, where: str) -> Activation:
    """An activation by name, by name and parameters, or by breakpoints, slopes and a point of its graph."""
    fields = named(value, where)
    name, breakpoints, anchor = fields.take("name", text, None), [ZERO], [ZERO, ZERO]
    if name in FAMILIES:
        fields.done()
        return read_activation(FAMILIES[name], where)
    if name is None:
        breakpoints, slopes = fields.need("breakpoints", listed(liberal)), fields.need("slopes", listed(liberal))
        anchor = fields.need("anchor", listed(liberal, 2, "numbers, a point [z, h(z)] of the graph"))
    elif name == "leaky_relu":
        slopes = [fields.take("negative_slope", liberal, Fraction(1, 100)), ONE]
    elif name == "two_piece":
        slopes = [fields.need(each, liberal) for each in ("negative_slope", "positive_slope")]
    else:
        known = ", ".join([*FAMILIES, "leaky_relu", "two_piece"])
        raise Malformed((where, f"unknown activation {shown(name)}; known: {known}; or give breakpoints and slopes"))
    fields.done()
    if len(slopes) != len(breakpoints) + 1:
        what = f"expected {len(breakpoints) + 1}, one more than breakpoints, got {len(slopes)}"
        raise Malformed((fields.at("slopes"), what))
    if any(a >= b for a, b in pairwise(breakpoints)):
        raise Malformed((fields.at("breakpoints"), "must increase strictly"))
    return Activation.of(breakpoints, slopes, anchor[0], anchor[1])


@dataclass(frozen=True, slots=True)
class Numbers:
    """How samples are read whose labels are numbers, one per output."""

    loss: Loss
    outputs: int

    def label(self, value: object, where: str) -> list[Fraction]:
        """The labels that the loss compares a prediction with."""
        return self.made(listed(liberal, self.outputs, "numbers, one per output")(value, where), where)

    def made(self, given: list[Fraction], where: str) -> list[Fraction]:
        """The labels that the loss makes of these numbers."""
        if fault := self.loss.fault(given):
            raise Malformed((where, fault))
        return self.loss.target(given)

    def samples(self, value: object, where: str, inputs: int) -> tuple[Samples, bytes]:
        """[{"x": […], "y": […]}, …]: the samples, and the bytes of a data file (none)."""

        def sample(each: object, at: str) -> tuple[list[Fraction], list[Fraction]]:
            fields = Fields(each, at)
            x, y = fields.need("x", listed(liberal, inputs, "numbers, one per input")), fields.need("y", self.label)
            fields.done()
            return x, y

        return listed(sample)(value, where), b""


ReadLoss = Callable[[object, str, int], tuple[Numbers, bool]]  # by outputs; and whether the mean is taken


def read_bias(value: object, where: str) -> tuple[bool, bool]:
    """true, false, or {"hidden": …, "output": …}."""
    fields = Fields(value if isinstance(value, dict) else {"hidden": value, "output": value}, where)
    hidden, output = fields.take("hidden", boolean, True), fields.take("output", boolean, True)
    fields.done()
    return hidden, output


def read_activations(value: object, where: str, count: int) -> list[Activation]:
    """One activation for all hidden layers, or a list with one for each."""
    if isinstance(value, list):
        return listed(read_activation, count, "activations, one per hidden layer, or one for all of them")(value, where)
    return [read_activation(value, where)] * count


def read_point(problem: Problem, number: Read[Scalar]) -> Read[Point]:
    """Reads [{"weight": [[…], …], "bias": […]}, …] of the architecture's shape, of rationals or of polynomials."""

    def read(value: object, where: str) -> Point:
        layers = listed(anything, len(problem.widths) - 1, "layers of parameters")(value, where)
        return tuple(read_layer(each, f"{where}[{m}]", m) for m, each in enumerate(layers))

    def read_layer(value: object, where: str, m: int) -> Layer:
        fields, (columns, rows) = Fields(value, where), problem.widths[m : m + 2]
        weight = fields.need("weight", listed(listed(number, columns, "numbers"), rows, "rows, one per unit"))
        bias = tuple(fields.need("bias", listed(number, rows, "numbers"))) if problem.has_bias(m) else None
        fields.done()
        return Layer(tuple(map(tuple, weight)), bias)

    return read


def read_widths(value: object, where: str) -> list[int]:
    """Three or more widths, each at least 1."""
    widths = listed(natural)(value, where)
    if len(widths) < 3 or min(widths) < 1:
        raise Malformed((where, "expected three or more widths, each at least 1: inputs, hidden layers, outputs"))
    if sum((a + 1) * b for a, b in pairwise(widths)) > MAX_PARAMETERS:
        raise Malformed((where, f"more than {MAX_PARAMETERS} parameters"))
    return widths


def read_problem(data: bytes, read_loss: ReadLoss, complete: Callable[[Problem, Fields], Problem]) -> Problem:
    """The problem in a network file, complete with what else the file says of the risk.

    Raises Malformed at the first fault. The problem's SHA-256 is that of exactly the bytes parsed: the file's,
    followed by a zero byte and the data file's where there is one.
    """
    fields = Fields(strict_json(data), "")
    if (version := fields.need("format", text)) != FORMAT:
        raise Malformed(("format", f'expected "{FORMAT}", got {shown(version)}'))
    name, (hidden, output) = fields.take("name", text, ""), fields.take("bias", read_bias, (True, True))
    widths = fields.need("layers", read_widths)
    activations = fields.need("activation", lambda v, at: read_activations(v, at, len(widths) - 2))
    labels, mean = fields.need("loss", lambda v, at: read_loss(v, at, widths[-1]))
    samples, more = fields.need("data", lambda v, at: labels.samples(v, at, widths[0]))
    if not samples:
        raise Malformed(("data", "expected at least one sample"))
    loss = replace(labels.loss, factor=labels.loss.factor / (len(samples) if mean else 1))
    inputs, targets = (tuple(tuple(sample[k]) for sample in samples) for k in (0, 1))
    shape, sha256 = (name, tuple(widths), hidden, output, tuple(activations)), hashlib.sha256(data + more).hexdigest()
    problem = complete(Problem(*shape, loss, inputs, targets, None, sha256), fields)
    problem = replace(problem, parameters=fields.take("parameters", read_point(problem, liberal), None))
    fields.done()
    return problem
