"""The network file: architecture, activation, loss, data and, if it gives them, parameters, as a `Problem`."""

import csv
import hashlib
import io
import re
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from .activation import ONE, ZERO, Activation
from .errors import Malformed
from .loss import LOSSES, Loss
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
OpenData = Callable[[str], bytes]  # the bytes of a data file by its name


def named(value: object, where: str) -> Fields:
    """An object with a "name", or the name alone."""
    return Fields({"name": value} if isinstance(value, str) else value, where)


def positive(value: object, where: str) -> Fraction:
    """A number above 0."""
    if (number := liberal(value, where)) <= 0:
        raise Malformed((where, "must be positive"))
    return number


def read_activation(value: object, where: str) -> Activation:
    """An activation by name, by name and parameters, or by breakpoints, slopes and a point of its graph."""
    fields = named(value, where)
    name = fields.take("name", text, None)
    if name in FAMILIES:
        fields.done()
        return read_activation(FAMILIES[name], where)
    if name is None:
        breakpoints, slopes = fields.need("breakpoints", listed(liberal)), fields.need("slopes", listed(liberal))
        anchor = fields.need("anchor", listed(liberal, 2, "numbers, a point [z, h(z)] of the graph"))
    elif name == "leaky_relu":
        slopes, breakpoints, anchor = (
            [fields.take("negative_slope", liberal, Fraction(1, 100)), ONE],
            [ZERO],
            [ZERO, ZERO],
        )
    elif name == "two_piece":
        slopes = [fields.need(each, liberal) for each in ("negative_slope", "positive_slope")]
        breakpoints, anchor = [ZERO], [ZERO, ZERO]
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


def read_loss(value: object, where: str, samples: int) -> Loss:
    """{"name": …, "reduction": "mean" | "sum", "factor": …, and what else the loss needs}."""
    fields = named(value, where)
    name, reduction = fields.need("name", text), fields.take("reduction", text, "mean")
    factor = fields.take("factor", positive, ONE)
    if name not in LOSSES:
        known = ", ".join(f'"{each}"' for each in LOSSES)
        raise Malformed((fields.at("name"), f"unknown loss {shown(name)}; known: {known}"))
    if reduction not in ("mean", "sum"):
        raise Malformed((fields.at("reduction"), f'expected "mean" or "sum", got {shown(reduction)}'))
    kind, factor = LOSSES[name], factor / samples if reduction == "mean" else factor
    loss = kind.of(factor, *(fields.take(option, positive, ONE) for option in kind.options))
    fields.done()
    return loss


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


def read_data(value: object, where: str, sizes: tuple[int, int], open_data: OpenData) -> tuple[Samples, bytes]:
    """[{"x": […], "y": […]}, …] or a table beside the file: the samples and the bytes of the data file, if any."""

    def read_sample(each: object, at: str) -> tuple[list[Fraction], list[Fraction]]:
        fields = Fields(each, at)
        x = fields.need("x", listed(liberal, sizes[0], "numbers, one per input"))
        y = fields.need("y", listed(liberal, sizes[1], "numbers, one per output"))
        fields.done()
        return x, y

    if isinstance(value, dict):
        samples, data = read_table(value, where, sizes, open_data)
    else:
        samples, data = listed(read_sample)(value, where), b""
    if not samples:
        raise Malformed((where, "expected at least one sample"))
    return samples, data


def read_table(value: object, where: str, sizes: tuple[int, int], open_data: OpenData) -> tuple[Samples, bytes]:
    """{"csv": file name, "inputs": [column, …], "targets": […]}: the samples and the bytes of the data file."""
    fields = Fields(value, where)
    name = fields.need("csv", text)
    inputs = fields.need("inputs", listed(text, sizes[0], "columns, one per input"))
    targets = fields.need("targets", listed(text, sizes[1], "columns, one per output"))
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
        x, y = ([liberal(cells[c], f"{at}, column {shown(c)}") for c in columns] for columns in (inputs, targets))
        samples.append((x, y))
    return samples, b"\0" + data


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


def read_problem(data: bytes, open_data: OpenData) -> Problem:
    """The problem in a network file; `open_data` gives the bytes of the data file that it names, if any.

    Raises Malformed at the first fault. The problem's SHA-256 is that of exactly the bytes parsed: the file's,
    followed by a zero byte and the data file's where there is one.
    """
    fields = Fields(strict_json(data), "")
    if (form := fields.need("format", text)) != FORMAT:
        raise Malformed(("format", f'expected "{FORMAT}", got {shown(form)}'))
    name, (hidden, output) = fields.take("name", text, ""), fields.take("bias", read_bias, (True, True))
    widths = fields.need("layers", read_widths)
    activations = fields.need("activation", lambda v, at: read_activations(v, at, len(widths) - 2))
    samples, more = fields.need("data", lambda v, at: read_data(v, at, (widths[0], widths[-1]), open_data))
    loss = fields.need("loss", lambda v, at: read_loss(v, at, len(samples)))
    inputs, targets = (tuple(tuple(sample[k]) for sample in samples) for k in (0, 1))
    shape, sha256 = (name, tuple(widths), hidden, output, tuple(activations)), hashlib.sha256(data + more).hexdigest()
    problem = Problem(*shape, loss, inputs, targets, None, sha256)
    problem = replace(problem, parameters=fields.take("parameters", read_point(problem, liberal), None))
    fields.done()
    return problem
