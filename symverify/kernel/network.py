"""The network file: architecture, activation, loss, data and, if it gives them, parameters, as a `Problem`."""

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from typing import TypeVar

from .errors import Malformed
from .model import ONE, ZERO, Activation, Layer, Loss, Point, Problem
from .poly import Poly
from .read import Fields, Layers, Read, boolean, layers, liberal, listed, natural, shown, softly, strict_json, text

FORMAT, MAX_PARAMETERS = "symverify-network/1", 2**20
FAMILIES: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, str]]] = {
    "relu": (("0",), ("0", "1"), ("0", "0")),
    "abs": (("0",), ("-1", "1"), ("0", "0")),
    "hardtanh": (("-1", "1"), ("0", "1", "0"), ("0", "0")),
    "relu6": (("0", "6"), ("0", "1", "0"), ("0", "0")),
    "hardsigmoid": (("-3", "3"), ("0", "1/6", "0"), ("0", "1/2")),
    "identity": ((), ("1",), ("0", "0")),
}

S = TypeVar("S", Fraction, Poly)
Samples = list[tuple[list[Fraction], list[Fraction]]]
Sizes = tuple[int | None, int | None]  # of inputs and outputs, where known


def named(value: object, where: str) -> Fields:
    """An object with a "name", or the name alone."""
    return Fields({"name": value} if isinstance(value, str) else value, where)


def read_activation(value: object, where: str) -> Activation:
    """An activation by name, by name and parameters, or by breakpoints, slopes and a point of its graph."""
    breakpoints, slopes, anchor = [ZERO], [ZERO, ONE], [ZERO, ZERO]
    with named(value, where) as fields:
        name = fields.take("name", text, None)
        if name is None and not fields.faults:
            breakpoints = fields.need("breakpoints", listed(liberal), breakpoints)
            slopes = fields.need("slopes", listed(liberal), slopes)
            anchor = fields.need("anchor", listed(liberal, 2, "numbers, a point [z, h(z)] of the graph"), anchor)
            if not fields.wrong("breakpoints") and not fields.wrong("slopes") and len(slopes) != len(breakpoints) + 1:
                fields.fault("slopes", f"expected {len(breakpoints) + 1}, one more than breakpoints, got {len(slopes)}")
            if any(a >= b for a, b in pairwise(breakpoints)):
                fields.fault("breakpoints", "must increase strictly")
        elif name in FAMILIES:
            breakpoints, slopes, anchor = ([Fraction(x) for x in part] for part in FAMILIES[name])
        elif name == "leaky_relu":
            slopes[0] = fields.take("negative_slope", liberal, Fraction(1, 100))
        elif name == "two_piece":
            slopes = [fields.need("negative_slope", liberal, ZERO), fields.need("positive_slope", liberal, ONE)]
        elif not fields.faults:
            known = ", ".join([*FAMILIES, "leaky_relu", "two_piece"])
            raise Malformed(
                (where, f"unknown activation {shown(name)}; known: {known}; or give breakpoints and slopes")
            )
    return Activation.of(breakpoints, slopes, anchor[0], anchor[1])


def read_loss(value: object, where: str) -> tuple[Loss, bool]:
    """{"name": "squared" | "huber", "reduction": "mean" | "sum", "factor": …, "delta": …}, and whether it is a mean."""
    with named(value, where) as fields:
        name = fields.need("name", text, "squared")
        reduction = fields.take("reduction", text, "mean")
        factor = fields.take("factor", liberal, ONE)
        delta = fields.take("delta", liberal, ONE) if name == "huber" else ONE
        if name not in ("squared", "huber"):
            fields.fault("name", f'unknown loss {shown(name)}; known: "squared", "huber"')
        if reduction not in ("mean", "sum"):
            fields.fault("reduction", f'expected "mean" or "sum", got {shown(reduction)}')
        for field, number in (("factor", factor), ("delta", delta)):
            if number <= 0:
                fields.fault(field, "must be positive")
    return Loss(name, factor, delta), reduction == "mean"


def read_bias(value: object, where: str) -> tuple[bool, bool]:
    """true, false, or {"hidden": …, "output": …}."""
    if not isinstance(value, dict):
        return boolean(value, where), boolean(value, where)
    with Fields(value, where) as fields:
        return fields.take("hidden", boolean, True), fields.take("output", boolean, True)


def read_activations(value: object, where: str, count: int | None) -> list[Activation]:
    """One activation for all hidden layers, or a list with one for each; `count` None if that number is unknown."""
    if isinstance(value, list):
        return listed(read_activation, count, "activations, one per hidden layer, or one for all of them")(value, where)
    return [read_activation(value, where)] * (count or 0)


def read_data(value: object, where: str, sizes: Sizes, open_data: Callable[[str], bytes]) -> tuple[Samples, bytes]:
    """[{"x": […], "y": […]}, …] or a table beside the file: the samples and the bytes of the data file, if any."""

    def read_sample(each: object, at: str) -> tuple[list[Fraction], list[Fraction]]:
        with Fields(each, at) as fields:
            x = fields.need("x", listed(liberal, sizes[0], "numbers, one per input"), list[Fraction]())
            return x, fields.need("y", listed(liberal, sizes[1], "numbers, one per output"), list[Fraction]())

    if isinstance(value, dict):
        samples, data = read_table(value, where, sizes, open_data)
    else:
        samples, data = listed(read_sample)(value, where), b""
    if not samples:
        raise Malformed((where, "expected at least one sample"))
    return samples, data


def read_table(value: object, where: str, sizes: Sizes, open_data: Callable[[str], bytes]) -> tuple[Samples, bytes]:
    """{"csv": file name, "inputs": [column, …], "targets": […]}: the samples and the bytes of the data file."""
    with Fields(value, where) as fields:
        name = fields.need("csv", text, "")
        inputs = fields.need("inputs", listed(text, sizes[0], "columns, one per input"), list[str]())
        targets = fields.need("targets", listed(text, sizes[1], "columns, one per output"), list[str]())
        if not fields.wrong("csv") and (name in ("", ".", "..") or re.search(r"[/\\:\x00]", name)):
            fields.fault("csv", f"expected the name of a file beside this one, got {shown(name)}")
    try:
        data = open_data(name)
        reader = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        table = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if row]
    except OSError as error:
        raise Malformed((f"{where}.csv", f"cannot read {shown(name)}: {error.strerror or error}")) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise Malformed((f"{where}.csv", f"{shown(name)} is not a CSV file in UTF-8: {error}")) from None
    header = table[0][1] if table else []
    count, place = Counter(header), {column: index for index, column in enumerate(header)}
    for part, columns in (("inputs", inputs), ("targets", targets)):
        for index, column in enumerate(columns):
            if count[column] != 1:
                what = "is the name of several columns" if count[column] else "is not a column"
                seen = ", ".join(map(shown, header[:20])) or "no columns"
                fields.fault(f"{part}[{index}]", f"{shown(column)} {what} of {shown(name)}, which has {seen}")
    fields.check()
    number: Read[Fraction] = softly(liberal, ZERO, fields.faults)
    samples = Samples()
    for line, row in table[1:]:
        at = f"{shown(name)}, line {line}"
        if len(row) != len(header):
            fields.faults.append((at, f"expected {len(header)} cells, got {len(row)}"))
            continue
        x, y = ([number(row[place[c]], f"{at}, column {shown(c)}") for c in columns] for columns in (inputs, targets))
        samples.append((x, y))
    fields.check()
    return samples, b"\0" + data


def shape_faults(problem: Problem, given: Layers[S], where: str) -> list[tuple[str, str]]:
    """How the shapes of `given` parameters differ from the architecture's."""
    if len(given) != len(problem.widths) - 1:
        return [(where, f"expected {len(problem.widths) - 1} layers of parameters, got {len(given)}")]
    faults = []
    for m, (weight, bias) in enumerate(given):
        rows, columns, here = problem.widths[m + 1], problem.widths[m], f"{where}[{m}]"
        if len(weight) != rows:
            faults.append((f"{here}.weight", f"expected {rows} rows, one per unit, got {len(weight)}"))
        for j, row in enumerate(weight):
            if len(row) != columns:
                faults.append((f"{here}.weight[{j}]", f"expected {columns} numbers, got {len(row)}"))
        if bias is None:
            faults += [(f"{here}.bias", "is missing")] if problem.has_bias(m) else []
        elif not problem.has_bias(m):
            faults.append((f"{here}.bias", "this architecture has no bias here"))
        elif len(bias) != rows:
            faults.append((f"{here}.bias", f"expected {rows} numbers, got {len(bias)}"))
    return faults


def point_of(given: Layers[S]) -> Point:
    """The point with these weights and biases."""
    return tuple(Layer(tuple(map(tuple, weight)), None if bias is None else tuple(bias)) for weight, bias in given)


def read_problem(data: bytes, open_data: Callable[[str], bytes]) -> Problem:
    """The problem in a network file; `open_data` gives the bytes of the data file that it names, if any.

    Raises Malformed with every fault found. The problem's SHA-256 is that of exactly the bytes parsed: the
    file's, followed by a zero byte and the data file's where there is one.
    """
    with Fields(strict_json(data), "") as fields:
        if (form := fields.need("format", text, FORMAT)) != FORMAT:
            raise Malformed(("format", f'expected "{FORMAT}", got {shown(form)}'))
        name, (hidden, output) = fields.take("name", text, ""), fields.take("bias", read_bias, (True, True))
        widths: list[int] = fields.need("layers", listed(natural), [])
        if not fields.wrong("layers") and (len(widths) < 3 or min(widths) < 1):
            fields.fault("layers", "expected three or more widths, each at least 1: inputs, hidden layers, outputs")
        if sum((a + 1) * b for a, b in pairwise(widths)) > MAX_PARAMETERS:
            fields.fault("layers", f"more than {MAX_PARAMETERS} parameters")
        known = not fields.wrong("layers")
        count, sizes = (len(widths) - 2, (widths[0], widths[-1])) if known else (None, (None, None))
        activations = fields.need("activation", lambda v, at: read_activations(v, at, count), list[Activation]())
        loss, mean = fields.need("loss", read_loss, (Loss("squared", ONE, ONE), True))
        nothing: tuple[Samples, bytes] = ([], b"")
        samples, more = fields.need("data", lambda v, at: read_data(v, at, sizes, open_data), nothing)
        given: Layers[Fraction] | None = fields.take("parameters", layers(softly(liberal, ZERO, fields.faults)), None)
        problem = Problem(
            name=name,
            widths=tuple(widths),
            hidden_bias=hidden,
            output_bias=output,
            activations=tuple(activations),
            loss=Loss(loss.name, loss.factor / max(len(samples), 1) if mean else loss.factor, loss.delta),
            inputs=tuple(tuple(x) for x, _ in samples),
            targets=tuple(tuple(y) for _, y in samples),
            parameters=None if given is None else point_of(given),
            sha256=hashlib.sha256(data + more).hexdigest(),
        )
        fields.faults += shape_faults(problem, given, "parameters") if known and given is not None else []
    return problem
