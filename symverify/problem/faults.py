"""Every fault of a network file at once, each with its place, where the kernel's reader stops at the first.

What a number, a name or a loss may be is the kernel's to say: its readers are used here, piece by piece.
"""

import csv
import io
import re
from collections import Counter
from fractions import Fraction
from itertools import pairwise
from typing import TypeVar

from symverify.kernel.core.activation import ONE, ZERO, Activation
from symverify.kernel.core.errors import Malformed
from symverify.kernel.core.loss import Loss
from symverify.kernel.core.network import Problem
from symverify.kernel.core.text import Read, boolean, liberal, natural, shown, strict_json, text
from symverify.kernel.losses import LOSSES, positive
from symverify.kernel.network_file import (
    FAMILIES,
    FORMAT,
    Labels,
    OpenData,
    read_classes,
    read_columns,
    unknown_loss,
)
from symverify.kernel.network_file import read_activation as kernel_activation
from symverify.kernel.network_file import read_problem as kernel_read
from symverify.kernel.programs.chain import MAX_PARAMETERS
from symverify.kernel.reals.decay import read_decay
from symverify.problem.program_faults import program_faults
from symverify.problem.soft import Fields, listed, softly
from symverify.text import meant

T = TypeVar("T")
Faults = list[tuple[str, str]]
SMOOTH = frozenset({"tanh", "sigmoid", "gelu", "silu", "swish", "softplus", "elu", "selu", "celu", "mish", "erf"})
CALLED = {  # what people call activations and losses, in small letters
    "linear": "identity", "none": "identity", "absolute": "abs", "hardsigmoid": "hardsigmoid", "l2": "squared",
    "meansquarederror": "squared", "squarederror": "squared", "msel": "squared", "mseloss": "squared",
    "meanabsoluteerror": "absolute", "absoluteerror": "absolute", "l1loss": "absolute", "softmax": "cross_entropy",
    "categoricalcrossentropy": "cross_entropy", "sparsecategoricalcrossentropy": "cross_entropy",
    "crossentropyloss": "cross_entropy", "nll": "cross_entropy", "logloss": "logistic", "sigmoid": "logistic",
    "binarycrossentropy": "logistic", "bcewithlogitsloss": "logistic", "bceloss": "logistic", "svm": "hinge",
}  # fmt: skip
Sizes = tuple[int | None, int | None]  # of inputs and outputs, where known


def read_network(network: bytes, open_data: OpenData) -> Problem:
    """What the kernel reads. Raises Malformed with every fault where it finds one."""
    try:
        return kernel_read(network, open_data)
    except Malformed as error:
        if b'"symbols"' in network:  # of these the first fault is enough
            raise
        raise Malformed(*(network_faults(network, open_data) or error.faults)) from None


def network_faults(data: bytes, open_data: OpenData) -> Faults:
    """All that is wrong with a network file: (path in the file, what was expected there)."""
    try:
        read_problem(data, open_data)
    except Malformed as error:
        return list(error.faults)
    return []


Layers = list[tuple[list[list[T]], list[T] | None]]


def layers(number: Read[T]) -> Read[Layers[T]]:
    """Reads [{"weight": [[…], …], "bias": […]}, …], of any shape."""

    def read_layer(value: object, where: str) -> tuple[list[list[T]], list[T] | None]:
        with Fields(value, where) as fields:
            weight: list[list[T]] = fields.need("weight", listed(listed(number)), [])
            bias: list[T] | None = fields.take("bias", listed(number), None)
        return weight, bias

    return listed(read_layer)


def named(value: object, where: str) -> Fields:
    """An object with a "name", or the name alone."""
    return Fields({"name": value} if isinstance(value, str) else value, where)


def read_activation(value: object, where: str) -> None:
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
            pass
        elif name == "leaky_relu":
            slopes[0] = fields.take("negative_slope", liberal, Fraction(1, 100))
        elif name == "two_piece":
            slopes = [fields.need("negative_slope", liberal, ZERO), fields.need("positive_slope", liberal, ONE)]
        elif not fields.faults:
            known = ", ".join([*FAMILIES, "leaky_relu", "two_piece"])
            what = f"unknown activation {shown(name)}; known: {known}; or give breakpoints and slopes"
            what += meant(name, [*FAMILIES, "leaky_relu", "two_piece"], CALLED)
            if name in SMOOTH:
                what += f" ({name} is not piecewise linear, and every proof here is about pieces)"
            raise Malformed((where, what))


def read_loss(value: object, where: str, outputs: int | None) -> Labels | None:
    """{"name": …, "reduction": "mean" | "sum", "factor": …, "classes": […], and the loss's own options}.

    How its labels are read; None if the number of outputs is unknown.
    """
    loss: Loss | None = None
    classes: tuple[str, ...] = ()
    with named(value, where) as fields:
        name = fields.need("name", text, next(iter(LOSSES)))
        reduction = fields.take("reduction", text, "mean")
        factor = fields.take("factor", positive, ONE)
        if name in LOSSES:
            kind = LOSSES[name]
            loss = kind.of(factor, *(fields.take(option, *how) for option, how in kind.options.items()))
        else:
            fields.fault("name", unknown_loss(name) + meant(name, LOSSES, CALLED))
        if reduction not in ("mean", "sum"):
            fields.fault("reduction", f'expected "mean" or "sum", got {shown(reduction)}')
        if loss is None or outputs is None:
            fields.left.pop("classes", None)
        else:
            owner = loss
            classes = fields.take("classes", lambda v, at: read_classes(v, at, owner, outputs), ())
            if fault := loss.shape_fault(outputs):
                fields.faults.append((where, fault))
    return None if loss is None or outputs is None else Labels(loss, classes, outputs)


def read_bias(value: object, where: str) -> tuple[bool, bool]:
    """true, false, or {"hidden": …, "output": …}."""
    if not isinstance(value, dict):
        return boolean(value, where), boolean(value, where)
    with Fields(value, where) as fields:
        return fields.take("hidden", boolean, True), fields.take("output", boolean, True)


def read_activations(value: object, where: str, count: int | None) -> None:
    """One activation for all hidden layers, or a list with one for each; `count` None if that number is unknown."""
    if isinstance(value, list):
        listed(read_activation, count, "activations, one per hidden layer, or one for all of them")(value, where)
    else:
        read_activation(value, where)


def read_data(value: object, where: str, sizes: Sizes, labels: Labels | None, open_data: OpenData) -> None:
    """[{"x": […], "y": […]}, …] or a table beside the file."""

    def read_sample(each: object, at: str) -> None:
        with Fields(each, at) as fields:
            fields.need("x", listed(liberal, sizes[0], "numbers, one per input"), None)
            fields.need("y", labels_reader(labels, sizes[1]), None)

    if isinstance(value, dict):
        count = read_table(value, where, sizes, labels, open_data)
    else:
        count = len(listed(read_sample)(value, where))
    if not count:
        raise Malformed((where, "expected at least one sample"))


def labels_reader(labels: Labels | None, outputs: int | None) -> Read[list[Fraction]]:
    """How a sample's labels are read; numbers, where the loss is not known."""

    def read(value: object, where: str) -> list[Fraction]:
        numbers = listed(liberal, outputs, "numbers, one per output")
        if labels is None or (isinstance(value, list) and not labels.classed):
            given = numbers(value, where)
            if labels is not None and (fault := labels.loss.fault(given)):
                raise Malformed((where, fault))
            return given
        return labels.read(value, where)

    return read


def columns_reader(labels: Labels | None, outputs: int | None) -> Read[list[str]]:
    """How the columns of the labels are read."""
    if labels is None:
        return listed(text, outputs, "columns, one per output")
    return lambda value, where: read_columns(value, where, labels)


def cell_number(value: object, where: str) -> Fraction:
    """A number in a table; where it is none, what to do is told if it can be guessed."""
    try:
        return liberal(value, where)
    except Malformed as error:
        comma = isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]+,[0-9]+", value)
        missing = isinstance(value, str) and value.lower() in ("", "nan", "na", "n/a", "null", "none", "?")
        remedy = "; write it with a point" if comma else "; drop this line, or fill it in" if missing else ""
        raise Malformed((where, error.faults[0][1] + remedy)) from None


def read_table(value: object, where: str, sizes: Sizes, labels: Labels | None, open_data: OpenData) -> int:
    """{"csv": file name, "inputs": [column, …], "targets": […]}: the number of samples."""
    with Fields(value, where) as fields:
        name = fields.need("csv", text, "")
        inputs = fields.need("inputs", listed(text, sizes[0], "columns, one per input"), list[str]())
        targets = fields.need("targets", columns_reader(labels, sizes[1]), list[str]())
        if not fields.wrong("csv") and (name in ("", ".", "..") or re.search(r"[/\\:\x00]", name)):
            bare = re.split(r"[/\\]", name)[-1]
            remedy = f'; write "{bare}" here, and give the path on the command line with --data' if bare else ""
            fields.fault("csv", f"expected the name of a file beside this one, got {shown(name)}{remedy}")
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
                near = meant(column, [each for each in header if each not in columns]) or _separated(header)
                fields.fault(f"{part}[{index}]", f"{shown(column)} {what} of {shown(name)}, which has {seen}{near}")
    fields.check()
    number: Read[Fraction] = softly(cell_number, ZERO, fields.faults)
    label: Read[list[Fraction]] = softly(labels_reader(labels, sizes[1]), [], fields.faults)
    for line, row in table[1:]:
        at = f"{shown(name)}, line {line}"
        if len(row) != len(header):
            fields.faults.append((at, f"expected {len(header)} cells, got {len(row)}"))
            continue
        for column in inputs:
            number(row[place[column]], f"{at}, column {shown(column)}")
        if labels is not None and labels.classed and len(targets) == 1:
            label(row[place[targets[0]]], f"{at}, column {shown(targets[0])}")
            continue
        faults = len(fields.faults)
        given = [number(row[place[column]], f"{at}, column {shown(column)}") for column in targets]
        if labels is not None and len(fields.faults) == faults and (fault := labels.loss.fault(given)):
            fields.faults.append((f"{at}, column {', '.join(map(shown, targets))}", fault))
    fields.check()
    return len(table) - 1


def _separated(header: list[str]) -> str:
    """What to say where a table has one column that looks like several."""
    if len(header) == 1 and (sign := next((each for each in (";", "\t", "|") if each in header[0]), None)):
        return f"; its columns are separated by {sign!r}: save it with commas"
    return ""


def shape_faults(widths: list[int], biased: list[bool], given: Layers[Fraction], where: str) -> Faults:
    """How the shapes of `given` parameters differ from the architecture's."""
    if len(given) != len(widths) - 1:
        return [(where, f"expected {len(widths) - 1} layers of parameters, got {len(given)}")]
    faults = []
    for m, (weight, bias) in enumerate(given):
        rows, columns, here = widths[m + 1], widths[m], f"{where}[{m}]"
        if len(weight) != rows:
            faults.append((f"{here}.weight", f"expected {rows} rows, one per unit, got {len(weight)}"))
        for j, row in enumerate(weight):
            if len(row) != columns:
                faults.append((f"{here}.weight[{j}]", f"expected {columns} numbers, got {len(row)}"))
        if bias is None:
            faults += [(f"{here}.bias", "is missing")] if biased[m] else []
        elif not biased[m]:
            faults.append((f"{here}.bias", "this architecture has no bias here"))
        elif len(bias) != rows:
            faults.append((f"{here}.bias", f"expected {rows} numbers, got {len(bias)}"))
    return faults


def read_program(fields: Fields, open_data: OpenData) -> None:
    """What is beside the format and the name in a file with a "program"."""

    def activation(value: object, where: str) -> Activation:
        read_activation(value, where)
        return kernel_activation(value, where)

    network, found = program_faults(fields.take("program", lambda value, _: value, None), activation)
    fields.faults += found
    sizes = (None, None) if network is None else (network.inputs, network.outputs)
    labels: Labels | None = fields.need("loss", lambda v, at: read_loss(v, at, sizes[1]), None)
    fields.need("data", lambda v, at: read_data(v, at, sizes, labels, open_data), None)
    fields.take("weight_decay", read_decay, (ZERO, ZERO))
    for name in ("layers", "bias", "activation"):
        if fields.left.pop(name, None) is not None:
            fields.fault(name, "is not for a file with a program")
    given = fields.take("parameters", lambda value, _: value, None)
    if network is not None and given is not None and labels is not None:
        problem = network.problem("", labels.loss, (), (), "")
        softly(problem.reader(softly(liberal, ZERO, fields.faults)), None, fields.faults)(given, "parameters")


def read_problem(data: bytes, open_data: OpenData) -> None:
    """A network file. Raises Malformed with every fault found."""
    with Fields(strict_json(data), "") as fields:
        if (form := fields.need("format", text, FORMAT)) != FORMAT:
            raise Malformed(("format", f'expected "{FORMAT}", got {shown(form)}'))
        fields.take("name", text, "")
        fields.others = {
            "symbols": "labels or slopes that have some",
            "where": "files with symbols",
            "program": "networks that are no chains",
        }
        if "program" in fields.left:
            read_program(fields, open_data)
            return
        hidden, output = fields.take("bias", read_bias, (True, True))
        widths: list[int] = fields.need("layers", listed(natural), [])
        if not fields.wrong("layers") and (len(widths) < 3 or min(widths) < 1):
            fields.fault("layers", "expected three or more widths, each at least 1: inputs, hidden layers, outputs")
        if sum((a + 1) * b for a, b in pairwise(widths)) > MAX_PARAMETERS:
            fields.fault("layers", f"more than {MAX_PARAMETERS} parameters")
        known = not fields.wrong("layers")
        count, sizes = (len(widths) - 2, (widths[0], widths[-1])) if known else (None, (None, None))
        fields.need("activation", lambda v, at: read_activations(v, at, count), None)
        labels: Labels | None = fields.need("loss", lambda v, at: read_loss(v, at, sizes[1]), None)
        fields.need("data", lambda v, at: read_data(v, at, sizes, labels, open_data), None)
        fields.take("weight_decay", read_decay, (ZERO, ZERO))
        given: Layers[Fraction] | None = fields.take("parameters", layers(softly(liberal, ZERO, fields.faults)), None)
        none: list[Layers[Fraction]] = []
        others = fields.take("witnesses", listed(layers(softly(liberal, ZERO, fields.faults))), none)
        biased = [hidden] * (len(widths) - 2) + [output]
        if known and given is not None:
            fields.faults += shape_faults(widths, biased, given, "parameters")
        for k, other in enumerate(others if known else ()):
            fields.faults += shape_faults(widths, biased, other, f"witnesses[{k}]")
