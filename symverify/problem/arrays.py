"""Tables of numbers from Python: lists, NumPy arrays, pandas frames, tensors; each float the dyadic rational it is.

Nothing of pandas or of a framework is imported: what a value can do says what it is.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from symverify.errors import Malformed
from symverify.kernel.core.text import MAX_DIGITS, liberal
from symverify.text import plain

Faults = list[tuple[str, str]]
MAX_FAULTS = 10


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of equal length, in Python's own values; `columns` and `labels` are their names where they have some."""

    what: str
    rows: list[list[object]]
    columns: tuple[str, ...]
    labels: tuple[str, ...]
    flat: bool  # whether it was one-dimensional

    def at(self, row: int, column: int) -> str:
        """The place of a cell: "X[3, 'age']", or "y[3]" of what is one-dimensional."""
        down = self.labels[row] if self.labels else str(row)
        if self.flat:
            return f"{self.what}[{down}]"
        return f"{self.what}[{down}, {self.columns[column] if self.columns else column}]"

    @property
    def width(self) -> int:
        """The number of columns."""
        return len(self.rows[0])


def table(value: Any, what: str) -> Table:
    """What is given as a table: samples in rows; what is one-dimensional has one column. Raises Malformed."""
    columns, labels = _names(value)
    listed = _listed(value, what)
    if not listed:
        raise Malformed((what, "is empty: give at least one sample"))
    cells: list[object] = [_opened(each, f"{what}[{i}]") for i, each in enumerate(listed)]
    flat = not isinstance(cells[0], list)
    if any(isinstance(each, list) == flat for each in cells):
        odd = next(i for i, each in enumerate(cells) if isinstance(each, list) == flat)
        raise Malformed((f"{what}[{odd}]", "some samples are lists and some are not: give all samples alike"))
    rows = [each if isinstance(each, list) else [each] for each in cells]
    widths = {len(row) for row in rows}
    if len(widths) > 1 or widths == {0}:
        odd = next(i for i, row in enumerate(rows) if len(row) != len(rows[0]) or not row)
        what_is = f"has {len(rows[odd])} numbers, and {what}[0] has {len(rows[0])}: give every sample as many"
        raise Malformed((f"{what}[{odd}]", what_is))
    return Table(what, rows, columns if len(columns) == len(rows[0]) else (), labels, flat)


def rows_of(value: Any) -> Any:
    """Samples of several axes as rows; anything else as it is."""
    sides = getattr(value, "shape", ())
    return value.reshape((sides[0], -1)) if isinstance(sides, tuple) and len(sides) > 2 else value


def sample_shape(value: Any) -> tuple[int, ...]:
    """The shape of one sample: of arrays and tensors as they say it, else of a row. Raises Malformed."""
    sides = tuple(int(x) for x in getattr(value, "shape", ()))
    return sides[1:] if len(sides) > 2 else (table(value, "X").width,)


def numbers(source: Table) -> list[list[Fraction]]:
    """The cells as exact numbers. Raises Malformed with the first of the cells that are none, each at its place."""
    faults: Faults = []
    found = [
        [_softly(cell, source.at(i, j), faults) for j, cell in enumerate(row)] for i, row in enumerate(source.rows)
    ]
    if len(faults) > MAX_FAULTS:
        faults[MAX_FAULTS:] = [(source.what, f"and {len(faults) - MAX_FAULTS} more")]
    if faults:
        raise Malformed(*faults)
    return found


def _softly(cell: object, where: str, faults: Faults) -> Fraction:
    try:
        return number(cell, where)
    except Malformed as error:
        faults.extend(error.faults)
        return Fraction(0)


def number(value: object, where: str) -> Fraction:
    """One exact number: a float is the dyadic rational that it is; text is read as in network files."""
    if isinstance(value, str):
        try:
            return liberal(value, where)
        except Malformed:
            what = f"is the text {plain(value, 40)!r}, not a number"
            remedy = "encode it as numbers (pandas.get_dummies, an OrdinalEncoder) or leave the column out"
            raise Malformed((where, f"{what}: {remedy}")) from None
    scalar = value.item() if isinstance(value, np.number | np.bool_) else value
    if isinstance(scalar, bool | int | Fraction) or (isinstance(scalar, float | Decimal) and math.isfinite(scalar)):
        made = Fraction(scalar)
    elif _missing(scalar):
        raise Malformed((where, "is missing (nan): drop such samples (dropna), or fill them in"))
    elif isinstance(scalar, float | Decimal):
        raise Malformed((where, f"is {scalar}: only finite numbers are exact; clip it, or drop the sample"))
    else:
        kind = type(value).__name__
        raise Malformed((where, f"is of type {plain(kind, 40)}: expected a number (int, float, Fraction, Decimal)"))
    if max(made.numerator.bit_length(), made.denominator.bit_length()) > 10 * MAX_DIGITS // 3:
        raise Malformed((where, f"has more than {MAX_DIGITS} digits: rescale the data"))
    return made


def _missing(value: object) -> bool:
    """None, NaN, and pandas' NA and NaT."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float | Decimal) and math.isnan(value)


def _names(value: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of columns and rows, as messages show them: of a pandas frame or series, else none."""
    index, columns = getattr(value, "index", None), getattr(value, "columns", None)
    down = () if callable(index) or index is None else tuple(plain(repr(each), 40) for each in index)
    across = () if callable(columns) or columns is None else tuple(plain(repr(each), 40) for each in columns)
    return across, down


def _listed(value: Any, what: str) -> list[object]:
    """The samples of a table, one-dimensional ones as they are."""
    opened = _opened(value, what)
    if not isinstance(opened, list):
        kind = type(value).__name__
        raise Malformed((what, f"is of type {plain(kind, 40)}: expected a list, an array or a data frame of samples"))
    return opened


def _opened(value: Any, where: str) -> object:
    """A list of what a value has in it; the value itself if it is a single one."""
    if isinstance(value, str | bytes | np.generic):
        return value
    if callable(getattr(value, "detach", None)):  # a tensor
        value = value.detach().cpu()
        value = value.double().numpy() if value.is_floating_point() else value.numpy()
    elif callable(getattr(value, "toarray", None)):
        raise Malformed((where, "is a sparse matrix: give it as a dense one, .toarray()"))
    elif callable(getattr(value, "to_numpy", None)) and hasattr(value, "__len__"):  # pandas, polars
        value = _array(value)
    if isinstance(value, np.ndarray):
        if value.ndim > 2:
            sides = " x ".join(map(str, value.shape))
            raise Malformed(
                (where, f"has the shape {sides}: give samples x features, for instance with .reshape(n, -1)")
            )
        return list(value) if value.ndim else value.item()
    if isinstance(value, Mapping):
        raise Malformed((where, "is a dict: give samples in rows, or a pandas.DataFrame of it"))
    if isinstance(value, Sequence) or (isinstance(value, Iterable) and not isinstance(value, str)):
        return list(value)
    return value


def _array(value: Any) -> Any:
    """As a NumPy array that keeps each column's numbers as they are."""
    try:
        return value.to_numpy(dtype=object)
    except TypeError:
        return value.to_numpy()


__all__ = ["Table", "number", "numbers", "rows_of", "sample_shape", "table"]
