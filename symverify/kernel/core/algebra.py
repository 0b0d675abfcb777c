"""Linear algebra over the rationals, by fraction-free elimination on integer rows; the rays of hyperplanes."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import combinations
from math import comb, gcd, lcm

from .errors import MAX_BITS, Declined, elimination, multiplication, spend, within_budget

Row = Sequence[Fraction]
Direction = tuple[int, ...]
MAX_RAYS = 2**17


def common(numbers: Iterable[Fraction | int]) -> int:
    """The common denominator."""
    scale = 1
    for x in numbers:
        if scale % x.denominator and (scale := lcm(scale, x.denominator)).bit_length() > MAX_BITS:
            raise Declined("the denominators of a row have no common multiple within the budget on numbers")
    return scale


def whole(row: Sequence[Fraction | int]) -> tuple[list[int], int, int]:
    """The row in integers over a common denominator, that, and the most bits of any of these."""
    over, longest = common(row), max([x.bit_length() for y in row for x in (y.numerator, y.denominator)], default=0)
    spend(len(row) * (75 + multiplication(over.bit_length(), 96 + longest)))  # before it is made, as it may be large
    found = [x.numerator * (over // x.denominator) for x in row]
    return found, over, max([over.bit_length(), *[x.bit_length() for x in found]])


def integral(row: Sequence[Fraction | int]) -> list[int]:
    """The positive multiple of a rational row with coprime integer entries (the zero row stays zero)."""
    spend(len(row) * elimination((found := whole(row))[2]))
    return list(primitive(found[0]))


def echelon(rows: Iterable[Sequence[Fraction | int]]) -> list[list[int]]:
    """Rows in echelon form that span the same space: as many as the rank, with distinct leading columns."""
    basis: dict[int, list[int]] = {}
    for row in rows:
        left = integral(row)
        for column in range(len(left)):
            if not left[column]:
                continue
            if (pivot := basis.setdefault(column, left)) is left:
                break
            a, b = pivot[column], left[column]
            left = list(primitive([a * y - b * x for x, y in zip(pivot, left, strict=True)]))
            if (bits := max(x.bit_length() for x in left)) > MAX_BITS:
                raise Declined("an elimination outgrew the budget on numbers")
            spend(len(left) * (elimination(bits) + (a.bit_length() >> 3)))  # short ones, too, may come from long ones
        if len(basis) == len(left):
            break
    return [basis[column] for column in sorted(basis)]


def rank(rows: Iterable[Sequence[Fraction | int]]) -> int:
    """The rank of a matrix given by its rows."""
    return len(echelon(rows))


def total(terms: Iterable[Fraction]) -> Fraction:
    """The sum, within the budget on numbers."""
    row, over, _ = whole([*terms])
    return within_budget(Fraction(sum(row), over))


def dot(u: Sequence[Fraction | int], v: Sequence[Fraction | int]) -> Fraction:
    """The inner product; vectors of unequal length are an error."""
    (a, over, bits), (b, under, size) = whole(u), whole(v)
    spend(len(a) * multiplication(bits, size))
    return within_budget(Fraction(sum([x * y for x, y in zip(a, b, strict=True)]), over * under))


def sign(x: Fraction | int) -> int:
    """−1, 0 or 1."""
    return (x > 0) - (x < 0)


def primitive(row: Sequence[int]) -> Direction:
    """The positive multiple with coprime entries (the zero row stays zero)."""
    common = gcd(*row) or 1
    return tuple(row) if common == 1 else tuple([x // common for x in row])


def directed(row: Sequence[int]) -> Direction:
    """The primitive multiple of a non-zero row whose first non-zero entry is positive."""
    ray = primitive(row)
    return ray if next(filter(None, ray)) > 0 else tuple(-x for x in ray)


def rays(rows: Sequence[Direction]) -> list[Direction]:
    """The rays, one of each two directions, of the hyperplanes ⟨row, x⟩ = 0, modulo their lineality space.

    The lineality space is complemented by the coordinate subspace of the pivot columns, on which the rows keep
    their rank D; there a ray is orthogonal to D − 1 independent rows: eliminate one at a time, until in the last three
    dimensions it is the cross product of two.
    """
    pivots = [next(c for c, x in enumerate(row) if x) for row in echelon(rows)]
    units = [tuple([int(i == c) for i in range(len(rows[0]))]) for c in pivots]
    if len(units) < 2:
        return units
    if comb(len(rows), len(units) - 1) > MAX_RAYS:
        raise Declined("too many intersections of hyperplanes")
    found, size, top = dict[Direction, None](), len(rows[0]), max(max(map(abs, row)) for row in rows).bit_length()

    def descend(basis: Sequence[Sequence[int]]) -> None:
        """Each vector of the basis comes after its products with the rows that are left, which change as it does.

        For the meter: all are minors of as many rows as have been eliminated, times one or two rows.
        """
        left, count, depth = len(basis[0]) - size, len(basis), len(units) - len(basis) + 2
        spend((size + left * max(1, left // 2 * (count == 3))) * (count + size) * elimination(2 * depth * (size + top)))
        pulls = zip(*[v[: left if count < 4 else left - count + 2] for v in basis], strict=True)  # or too few are left
        if count < 4:
            pairs = combinations(pulls, 2) if count == 3 else (((*pull, 0), (0, 0, 1)) for pull in pulls)
            turns = [x for (p, q, r), (s, t, u) in pairs if any(x := (q * u - r * t, r * s - p * u, p * t - q * s))]
            ends = zip(*[v[left:] for v in (*basis, basis[0])[:3]], strict=True)
            columns = [[a * x + b * y + c * z for a, b, c in turns] for x, y, z in ends]
            found.update(dict.fromkeys(map(directed, zip(*columns, strict=True))))
            return
        for i, pull in enumerate(pulls, 1):
            if any(pull):
                moved = [(q, v[i:]) for q, v in zip(pull, basis, strict=True)]
                p, pivot = moved.pop(next(k for k, x in enumerate(pull) if x))
                descend([primitive([p * a - q * b for a, b in zip(v, pivot, strict=True)]) for q, v in moved])

    descend([(*[row[c] for row in rows], *unit) for c, unit in zip(pivots, units, strict=True)])
    return list(found)
