"""The network file: architecture, activation, loss, data and, if it gives them, parameters, as a `Problem`."""

import csv
import hashlib
import io
import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from .core.activation import ONE, ZERO, Activation
from .core.errors import Malformed, within_budget
from .core.loss import Loss
from .core.network import Point, Problem
from .core.proof import read_point
from .core.text import Fields, liberal, listed, shown, strict_json, text
from .labels.symbols import symbolic, without_symbols
from .losses import LOSSES, positive
from .programs.chain import Chain, read_chain
from .programs.network import Programmed
from .programs.nodes import Network, read_nodes
from .reals.decay import decayed

FORMAT = "symverify-network/1"
FAMILIES: dict[str, dict[str, object]] = {
    "relu": {"breakpoints": [0], "slopes": [0, 1], "anchor": [0, 0]},
    "abs": {"breakpoints": [0], "slopes": [-1, 1], "anchor": [0, 0]},
    "hardtanh": {"breakpoints": [-1, 1], "slopes": [0, 1, 0], "anchor": [0, 0]},
    "relu6": {"breakpoints": [0, 6], "slopes": [0, 1, 0], "anchor": [0, 0]},
    "hardsigmoid": {"breakpoints": [-3, 3], "slopes": [0, "1/6", 0], "anchor": [0, "1/2"]},
    "identity": {"breakpoints": [], "slopes": [1], "anchor": [0, 0]},
}
Samples = list[tuple[list[Fraction], list[Fraction]]]
OpenData = Callable[[str], bytes]  # the bytes of a data file by its name


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
    return activation_through(breakpoints, slopes, anchor[0], anchor[1])


def activation_through(t: Sequence[Fraction], slopes: Sequence[Fraction], x: Fraction, y: Fraction) -> Activation:
    """The activation through (x, y); a breakpoint between equal slopes is none and is dropped."""
    real = [p for p in range(len(t)) if slopes[p] != slopes[p + 1]]
    at, rate = [t[p] for p in real], [slopes[p] for p in (*real, -1)]
    shape = [ZERO]
    for p, cut in enumerate(at):
        shape.append(within_budget(shape[-1] + (rate[p] - rate[p + 1]) * cut))
    piece = bisect_left(at, x)
    shift = y - rate[piece] * x - shape[piece]
    return Activation(tuple(at), tuple(rate), tuple(o + shift for o in shape))


@dataclass(frozen=True, slots=True)
class Labels:
    """How a sample's labels are read: numbers, one per output, or where the loss has classes, one name or index."""

    loss: Loss
    classes: tuple[str, ...]
    outputs: int

    @property
    def classed(self) -> bool:
        """Whether one class may stand for the labels."""
        return self.loss.named(0, len(self.classes) or self.outputs, self.outputs) is not None

    def read(self, value: object, where: str) -> list[Fraction]:
        """The labels that the loss compares the prediction with."""
        one = value[0] if isinstance(value, list) and len(value) == 1 else value
        if self.classed and not isinstance(one, list) and (self.classes or self.outputs > 1):
            given = self.loss.named(self.place(one, where), len(self.classes) or self.outputs, self.outputs) or []
        else:
            given = listed(liberal, self.outputs, "numbers, one per output")(value, where)
        return self.made(given, where)

    def made(self, given: list[Fraction], where: str) -> list[Fraction]:
        """The labels that the loss makes of these numbers."""
        if fault := self.loss.fault(given):
            raise Malformed((where, fault))
        return self.loss.target(given)

    def place(self, value: object, where: str) -> int:
        """The number of the class, from 0."""
        if self.classes and isinstance(value, str) and value in self.classes:
            return self.classes.index(value)
        if self.classes and isinstance(value, str):
            known = ", ".join(map(shown, self.classes))
            raise Malformed((where, f"expected one of the classes {known}, got {shown(value)}"))
        number, last = liberal(value, where), (len(self.classes) or self.outputs) - 1
        if number.denominator > 1 or not 0 <= number <= last:
            raise Malformed((where, f"expected a class from 0 to {last}, got {shown(value)}"))
        return int(number)


def read_classes(value: object, where: str, loss: Loss, outputs: int) -> tuple[str, ...]:
    """The names of the classes, distinct, as many as the loss has."""
    names = tuple(listed(text)(value, where))
    if len(set(names)) < len(names) or loss.named(0, len(names), outputs) is None:
        count = f"{len(names)} for the {loss.name} loss and {outputs} outputs"
        raise Malformed((where, f"expected distinct names, one for each class, got {count}"))
    return names


def unknown_loss(name: str) -> str:
    """What to say about the name of a loss."""
    known = ", ".join(f'"{each}"' for each in LOSSES)
    return f"unknown loss {shown(name)}; known: {known}"


def read_loss(value: object, where: str, outputs: int) -> tuple[Labels, bool]:
    """{"name": …, "reduction": "mean" | "sum", "factor": …, "classes": […], and what else the loss needs}.

    With it how labels are read, and whether the factor is to be divided by the number of samples.
    """
    fields = named(value, where)
    name, reduction = fields.need("name", text), fields.take("reduction", text, "mean")
    factor = fields.take("factor", positive, ONE)
    if name not in LOSSES:
        raise Malformed((fields.at("name"), unknown_loss(name)))
    if reduction not in ("mean", "sum"):
        raise Malformed((fields.at("reduction"), f'expected "mean" or "sum", got {shown(reduction)}'))
    kind = LOSSES[name]
    loss = kind.of(factor, *(fields.take(option, *how) for option, how in kind.options.items()))
    if fault := loss.shape_fault(outputs):
        raise Malformed((where, fault))
    classes: tuple[str, ...] = fields.take("classes", lambda v, at: read_classes(v, at, loss, outputs), ())
    fields.done()
    return Labels(loss, classes, outputs), reduction == "mean"


def read_data(value: object, where: str, inputs: int, labels: Labels, open_data: OpenData) -> tuple[Samples, bytes]:
    """[{"x": […], "y": […]}, …] or a table beside the file: the samples and the bytes of the data file, if any."""

    def read_sample(each: object, at: str) -> tuple[list[Fraction], list[Fraction]]:
        fields = Fields(each, at)
        x = fields.need("x", listed(liberal, inputs, "numbers, one per input"))
        y = fields.need("y", labels.read)
        fields.done()
        return x, y

    if isinstance(value, dict):
        samples, data = read_table(value, where, inputs, labels, open_data)
    else:
        samples, data = listed(read_sample)(value, where), b""
    if not samples:
        raise Malformed((where, "expected at least one sample"))
    return samples, data


def read_table(value: object, where: str, width: int, labels: Labels, open_data: OpenData) -> tuple[Samples, bytes]:
    """{"csv": file name, "inputs": [column, …], "targets": […]}: the samples and the bytes of the data file."""
    fields = Fields(value, where)
    name = fields.need("csv", text)
    inputs = fields.need("inputs", listed(text, width, "columns, one per input"))
    targets = fields.need("targets", lambda v, at: read_columns(v, at, labels))
    fields.done()
    if name in ("", ".", "..") or re.search(r"[/\\:\x00]", name):
        raise Malformed((fields.at("csv"), f"expected the name of a file beside this one, got {shown(name)}"))
    try:
        data = open_data(name)
        reader = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        table = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        why = error.strerror if isinstance(error, OSError) else f"not a CSV file in UTF-8: {error}"
        raise Malformed((fields.at("csv"), f"cannot read {shown(name)}: {why}")) from None
    header, samples = table[0][1] if table else [], Samples()
    for part, columns in (("inputs", inputs), ("targets", targets)):
        for index, column in enumerate(columns):
            if header.count(column) != 1:
                what = f"{shown(column)} is not the name of one column of {shown(name)}"
                raise Malformed((f"{fields.at(part)}[{index}]", what))
    for line, row in table[1:]:
        at = f"{shown(name)}, line {line}"
        if len(row) != len(header):
            raise Malformed((at, f"expected {len(header)} cells, got {len(row)}"))
        cells = dict(zip(header, row, strict=True))
        x = [liberal(cells[c], f"{at}, column {shown(c)}") for c in inputs]
        place = f"{at}, column {', '.join(map(shown, targets))}"
        if labels.classed and len(targets) == 1:
            samples.append((x, labels.read(cells[targets[0]], place)))
        else:
            samples.append((x, labels.made([liberal(cells[c], f"{at}, column {shown(c)}") for c in targets], place)))
    return samples, b"\0" + data


def read_columns(value: object, where: str, labels: Labels) -> list[str]:
    """The columns of the labels: one per output, or a single one where one class stands for them."""
    single = labels.classed and isinstance(value, list) and len(value) == 1
    return listed(text, 1 if single else labels.outputs, "columns, one per output")(value, where)


def read_problem(data: bytes, open_data: OpenData) -> Problem:
    """The problem in a network file; `open_data` gives the bytes of the data file that it names, if any.

    Raises Malformed at the first fault. The problem's SHA-256 is that of exactly the bytes parsed: the file's,
    followed by a zero byte and the data file's where there is one.
    """
    value, symbols = without_symbols(strict_json(data))
    fields = Fields(value, "")
    if (version := fields.need("format", text)) != FORMAT:
        raise Malformed(("format", f'expected "{FORMAT}", got {shown(version)}'))
    name = fields.take("name", text, "")
    network = read_architecture(fields)
    labels, mean = fields.need("loss", lambda v, at: read_loss(v, at, network.outputs))
    samples, more = fields.need("data", lambda v, at: read_data(v, at, network.inputs, labels, open_data))
    loss = replace(labels.loss, factor=labels.loss.factor / (len(samples) if mean else 1))
    inputs, targets = (tuple(tuple(sample[k]) for sample in samples) for k in (0, 1))
    problem = network.problem(name, loss, inputs, targets, hashlib.sha256(data + more).hexdigest())
    problem = decayed(problem, fields)
    at, none = read_point(problem, liberal), list[Point]()
    given, witnesses = fields.take("parameters", at, None), tuple(fields.take("witnesses", listed(at), none))
    fields.done()
    if isinstance(problem, Programmed):
        return problem.with_point(given, witnesses)
    return symbolic(replace(problem, parameters=given, witnesses=witnesses), symbols)


def read_architecture(fields: Fields) -> Chain | Network:
    """{"program": nodes}, or {"layers": …, "bias": …, "activation": …}."""
    if "program" in fields.left:
        return fields.need("program", lambda v, at: read_nodes(v, at, read_activation))
    return read_chain(fields, read_activation)
