"""From rows as given to the distinct hyperplanes of a full-rank arrangement, and back."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd
from operator import index as whole

import numpy as np

from symverify.cells.exterior import Indices, IntArray, Signs, integers
from symverify.ground.linear import independent_rows

Row = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Hyperplanes:
    """The distinct hyperplanes of m rows of length D and rank r.

    columns: the r pivot columns. normals: (n, r), primitive, in the order and orientation of their first rows;
    row i restricted to the columns is a positive multiple of orientation[i] · normals[number[i]].
    """

    width: int
    columns: tuple[int, ...]
    normals: IntArray
    number: Indices
    orientation: Signs

    @property
    def count(self) -> int:
        return len(self.normals)

    def spread(self, signs: Signs) -> Signs:
        """Signs per hyperplane (N, n) to signs per row (N, m)."""
        if len(self.number) == self.count:  # no two rows are parallel: number is 0 … n − 1
            return np.ascontiguousarray(signs)
        return signs[:, self.number] * self.orientation

    def lifted(self, vectors: IntArray) -> IntArray:
        """Vectors (N, r) on the pivot columns as vectors (N, D)."""
        full = np.zeros((len(vectors), self.width), dtype=vectors.dtype)
        full[:, list(self.columns)] = vectors
        return full


def integer_rows(rows: Sequence[Sequence[int]]) -> tuple[Row, ...]:
    """The rows as tuples of Python integers; ValueError unless they are non-zero and of equal length."""
    exact = tuple(tuple(whole(x) for x in row) for row in rows)
    if not exact:
        raise ValueError("an arrangement needs at least one row")
    if any(len(row) != len(exact[0]) for row in exact):
        raise ValueError("rows of different lengths")
    if not all(any(row) for row in exact):
        raise ValueError("a zero row has no hyperplane")
    return exact


def hyperplanes(rows: tuple[Row, ...]) -> Hyperplanes:
    """The distinct hyperplanes of `rows`, in coordinates on pivot columns of full rank."""
    columns = tuple(independent_rows(list(zip(*rows, strict=True))))
    found: dict[Row, int] = {}
    number, orientation = [], []
    for row in rows:
        common = gcd(*(row[column] for column in columns))
        normal = tuple(row[column] // common for column in columns)
        opposite = tuple(-x for x in normal)
        orientation.append(-1 if opposite in found else 1)
        number.append(found[opposite] if opposite in found else found.setdefault(normal, len(found)))
    normals = integers(list(found), len(columns))
    return Hyperplanes(
        len(rows[0]), columns, normals, np.array(number, dtype=np.int64), np.array(orientation, dtype=np.int8)
    )
