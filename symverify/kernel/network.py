"""The network file: architecture, activation, loss, data and, if it gives them, parameters, as a `Problem`."""

import csv
import hashlib
import io
import re
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from typing import TypeVar

from .errors import Malformed
from .model import ONE, ZERO, Activation, Layer, Loss, Point, Problem
from .poly import Poly
from .read import Fields, Layers, Read, boolean, layers, liberal, listed, natural, shown, strict_json, text

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


def named(value: object, where: str) -> Fields:
    """An object with a "name", or the name alone."""
    return Fields({"name": value} if isinstance(value, str) else value, where)


def read_activation(value: object, where: str) -> Activation:
    """An activation by name, by name and parameters, or by breakpoints, slopes and a point of its graph."""
    breakpoints, slopes, anchor = [ZERO], [ZERO, ONE], [ZERO, ZERO]
    with named(value, where) as fields:
        if "name" not in fields.left:
            breakpoints = fields.need("breakpoints", listed(liberal), breakpoints)
            slopes = fields.need("slopes", listed(liberal), slopes)
            anchor = fields.need("anchor", listed(liberal), anchor)
            if any(a >= b for a, b in pairwise(breakpoints)):
                fields.fault("breakpoints", "must increase strictly")
            if len(slopes) != len(breakpoints) + 1 and not fields.faults:
                fields.fault("slopes", f"expected {len(breakpoints) + 1}, one more than breakpoints, got {len(slopes)}")
            if len(anchor) != 2:
                fields.fault("anchor", "expected a point [z, h(z)] of the graph")
        elif (name := fields.need("name", text, "")) in FAMILIES:
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


def read_sample(value: object, where: str) -> tuple[list[Fraction], list[Fraction]]:
    """{"x": […], "y": […]}."""
    with Fields(value, where) as fields:
        return fields.need("x", listed(liberal), []), fields.need("y", listed(liberal), [])


def read_table(value: object, where: str, open_data: Callable[[str], bytes]) -> tuple[Samples, bytes]:
    """{"csv": file name, "inputs": [column, …], "targets": […]}: the samples and the bytes of the data file."""
    with Fields(value, where) as fields:
        name = fields.need("csv", text, "")
        wanted = {part: fields.need(part, listed(text), list[str]()) for part in ("inputs", "targets")}
        if "csv" not in fields.left and (not name or name in (".", "..") or re.search(r"[/\\:\x00]", name)):
            fields.fault("csv", f"expected the name of a file beside this one, got {shown(name)}")
    try:
        data = open_data(name)
        table = [row for row in csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True) if row]
    except OSError as error:
        raise Malformed((f"{where}.csv", f"cannot read {shown(name)}: {error.strerror or error}")) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise Malformed((f"{where}.csv", f"{shown(name)} is not a CSV file in UTF-8: {error}")) from None
    header, faults, samples = [cell.strip() for cell in table[0]] if table else [], list[tuple[str, str]](), Samples()
    for part, columns in wanted.items():
        for index, column in enumerate(columns):
            if header.count(column) != 1:
                what = "is not a column" if column not in header else "is the name of several columns"
                seen = ", ".join(shown(cell) for cell in header[:20])
                faults.append(
                    (f"{where}.{part}[{index}]", f"{shown(column)} {what} of {shown(name)}, which has {seen}")
                )
    for number, row in enumerate(table[1:] if not faults else (), 2):
        place = f"{shown(name)}, row {number}"
        if len(row) != len(header):
            faults.append((place, f"expected {len(header)} cells, got {len(row)}"))
            continue
        sides: list[list[Fraction]] = []
        for columns in wanted.values():
            cells = {f"{place}, column {shown(column)}": row[header.index(column)].strip() for column in columns}
            sides.append([])
            for cell, content in cells.items():
                try:
                    sides[-1].append(liberal(content, cell))
                except Malformed as error:
                    faults += error.faults
        samples.append((sides[0], sides[1]))
    if faults:
        raise Malformed(*faults)
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
    value = strict_json(data)
    with Fields(value, "") as fields:
        if (form := fields.need("format", text, FORMAT)) != FORMAT:
            raise Malformed(("format", f'expected "{FORMAT}", got {shown(form)}'))
        name, (hidden, output) = fields.take("name", text, ""), fields.take("bias", read_bias, (True, True))
        widths: list[int] = fields.need("layers", listed(natural), [])
        if not fields.wrong("layers") and (len(widths) < 3 or min(widths) < 1):
            fields.fault("layers", "expected three or more widths, each at least 1: inputs, hidden layers, outputs")
        if sum((a + 1) * b for a, b in pairwise(widths)) > MAX_PARAMETERS:
            raise Malformed(("layers", f"more than {MAX_PARAMETERS} parameters"))
        count, several = max(len(widths) - 2, 0), isinstance(fields.left.get("activation"), list)
        one: Read[list[Activation]] = lambda each, where: [read_activation(each, where)] * count  # noqa: E731
        activations = fields.need("activation", listed(read_activation) if several else one, list[Activation]())
        if several and not fields.wrong("activation") and len(activations) != count:
            fields.fault("activation", f"expected one, or {count}, one per hidden layer; got {len(activations)}")
        rows: Read[tuple[Samples, bytes]] = lambda each, where: (listed(read_sample)(each, where), b"")  # noqa: E731
        table: Read[tuple[Samples, bytes]] = lambda each, where: read_table(each, where, open_data)  # noqa: E731
        nothing: tuple[Samples, bytes] = ([], b"")
        samples, more = fields.need("data", table if isinstance(fields.left.get("data"), dict) else rows, nothing)
        if not samples and not fields.wrong("data"):
            fields.fault("data", "expected at least one sample")
        loss, mean = fields.need("loss", read_loss, (Loss("squared", ONE, ONE), True))
        given: Layers[Fraction] | None = fields.take("parameters", layers(liberal), None)
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
        if not fields.wrong("layers"):
            for i, sample in enumerate(samples):
                for part, side, width in zip("xy", sample, (widths[0], widths[-1]), strict=True):
                    if len(side) != width:
                        fields.fault(f"data[{i}].{part}", f"expected {width} numbers, got {len(side)}")
            fields.faults += shape_faults(problem, given, "parameters") if given is not None else []
    return problem
