"""The sides of hyperplanes through 0 that vectors can be on."""

from collections.abc import Sequence
from fractions import Fraction

from ..core.algebra import directed, echelon, integral
from ..core.errors import spend
from .chambers import chambers

Rows = Sequence[Sequence[Fraction]]


def sides_of(rows: Rows) -> list[list[int]]:
    """For each chamber of the hyperplanes w·row = 0 the sides of the rows, 1 or −1; 0 for rows that are 0.

    In the order of the numbers whose bits are the sides of the distinct hyperplanes, the first one lowest.
    """
    columns = independent(list(zip(*rows, strict=True)))
    own = [integral([row[c] for c in columns]) for row in rows]
    number = {plane: k for k, plane in enumerate(dict.fromkeys(directed(row) for row in own if any(row)))}
    found = []
    for cell in sorted(chambers(list(number), len(columns))) if number else [0]:
        spend(100 * len(own))
        sides = []
        for row in own:
            forward = next((x for x in row if x), 0)
            above = bool(forward) and bool(cell >> number[directed(row)] & 1)
            sides.append(0 if not forward else 1 if above == (forward > 0) else -1)
        found.append(sides)
    return found


def independent(columns: Rows) -> list[int]:
    """Numbers of columns that span the same space."""
    found = list[int]()
    for c, column in enumerate(columns):
        if len(echelon([*(columns[k] for k in found), column])) > len(found):
            found.append(c)
    return found
