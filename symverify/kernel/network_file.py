"""The network file in full: the losses of every storey, classes as labels, tables of samples, weight decay."""

import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from .core.activation import ONE
from .core.errors import Malformed
from .core.file import Numbers, Samples, named
from .core.file import read_problem as read_formed
from .core.loss import Loss
from .core.network import Problem
from .core.text import Fields, liberal, listed, shown, text
from .losses import LOSSES, positive
from .reals.decay import decayed

OpenData = Callable[[str], bytes]  # the bytes of a data file by its name


@dataclass(frozen=True, slots=True)
class Labels(Numbers):
    """Labels as numbers or, where the loss has classes, as one name or index; samples in the file, or in a table."""

    classes: tuple[str, ...]
    open_data: OpenData

    @property
    def classed(self) -> bool:
        """Whether one class may stand for the labels."""
        return self.loss.named(0, len(self.classes) or self.outputs, self.outputs) is not None

    def label(self, value: object, where: str) -> list[Fraction]:
        one = value[0] if isinstance(value, list) and len(value) == 1 else value
        if not self.classed or isinstance(one, list) or not (self.classes or self.outputs > 1):
            return Numbers.label(self, value, where)
        place = self.place(one, where)
        return self.made(self.loss.named(place, len(self.classes) or self.outputs, self.outputs) or [], where)

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

    def samples(self, value: object, where: str, inputs: int) -> tuple[Samples, bytes]:
        if isinstance(value, dict):
            return read_table(value, where, inputs, self)
        return Numbers.samples(self, value, where, inputs)


def read_classes(value: object, where: str, loss: Loss, outputs: int) -> tuple[str, ...]:
    """The names of the classes, distinct, as many as the loss has."""
    names = tuple(listed(text)(value, where))
    if len(set(names)) < len(names) or loss.named(0, len(names), outputs) is None:
        count = f"{len(names)} for the {loss.name} loss and {outputs} outputs"
        raise Malformed((where, f"expected distinct names, one for each class, got {count}"))
    return names


def read_table(value: object, where: str, width: int, labels: Labels) -> tuple[Samples, bytes]:
    """{"csv": file name, "inputs": [column, …], "targets": […]}: the samples and the bytes of the data file."""
    fields = Fields(value, where)
    name = fields.need("csv", text)
    inputs = fields.need("inputs", listed(text, width, "columns, one per input"))
    targets = fields.need("targets", lambda v, at: read_columns(v, at, labels))
    fields.done()
    if name in ("", ".", "..") or re.search(r"[/\\:\x00]", name):
        raise Malformed((fields.at("csv"), f"expected the name of a file beside this one, got {shown(name)}"))
    try:
        data = labels.open_data(name)
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
            samples.append((x, labels.label(cells[targets[0]], place)))
        else:
            samples.append((x, labels.made([liberal(cells[c], f"{at}, column {shown(c)}") for c in targets], place)))
    return samples, b"\0" + data


def read_columns(value: object, where: str, labels: Labels) -> list[str]:
    """The columns of the labels: one per output, or a single one where one class stands for them."""
    single = labels.classed and isinstance(value, list) and len(value) == 1
    return listed(text, 1 if single else labels.outputs, "columns, one per output")(value, where)


def unknown_loss(name: str) -> str:
    """What to say about the name of a loss."""
    known = ", ".join(f'"{each}"' for each in LOSSES)
    return f"unknown loss {shown(name)}; known: {known}"


def read_loss(value: object, where: str, outputs: int, open_data: OpenData) -> tuple[Labels, bool]:
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
    return Labels(loss, outputs, classes, open_data), reduction == "mean"


def read_problem(data: bytes, open_data: OpenData) -> Problem:
    """The problem in a network file; `open_data` gives the bytes of the data file that it names, if any.

    Raises Malformed at the first fault.
    """
    return read_formed(data, lambda v, at, outputs: read_loss(v, at, outputs, open_data), decayed)
