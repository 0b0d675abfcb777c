"""The rule `global_lower_bound`: a few integer vectors bound the squared loss from below for every network.

One hidden layer, scalar output, f(x) = c0 + Σ_j v_j h(⟨w_j, x⟩ + b_j). Everything but the vectors is derived
here: full rank, cells, rays, and which cells each vector speaks for.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from itertools import chain, compress, product, repeat
from math import comb, lcm
from operator import mul, or_

from .errors import Declined, Rejected
from .linear import MAX_RAYS, Direction, Row, directed, echelon, integral, rays
from .model import ONE, ZERO, Activation

MAX_CORNERS, MAX_BYTES, MAX_UNIONS, MAX_VISITS, MAX_DEPTH = 2**21, 2**27, 2**40, 2**30, 400
GROUP, FEW = 256, 16  # rays whose cells are united before those of others, elements to look at one by one
TOP_BIT = bytes(byte >> 7 for byte in range(256))
DIGITS = bytes.maketrans(b"\0\1", b"01")


@dataclass(frozen=True, slots=True)
class Units:
    """H(u, ν)_i = ν h(⟨u, x̃_i⟩/ν) up to a positive factor: slope·z + offset·ν on the piece of z against t·ν.

    A unit contributes σ·H with σ = ±1, (u, ν) = |v|·((w, b), 1). Without `cone` H does not depend on ν, which is
    left out; with it ν is the last coordinate. rows: z_i = ⟨rows_i, u⟩.
    """

    rows: list[list[int]]
    cone: bool
    thresholds: list[int]
    slopes: list[int]
    offsets: list[int]

    @property
    def dimension(self) -> int:
        """The number of coordinates."""
        return len(self.rows[0]) + self.cone

    def planes(self) -> list[Direction]:
        """The hyperplanes that cut the parameters into cells on which H is linear, primitive and distinct.

        They have full rank: `rows` has, and ν = 0 is one of them in the cone. A linear h needs no cut; the
        coordinate hyperplanes only make the cells pointed. A zero row of x̃ has the constant pre-activation 0.
        """
        rank, last = len(self.rows[0]), [-t for t in self.thresholds]
        cuts = [[*row, t][: self.dimension] for row in self.rows if any(row) for t in last]
        if not self.thresholds:
            cuts = [[int(i == k) for i in range(self.dimension)] for k in range(rank)]
        if self.cone:
            cuts.append([0] * rank + [1])
        return list(dict.fromkeys(directed(cut) for cut in cuts))

    def values(self, point: Direction) -> list[int]:
        """H on the samples."""
        nu = point[-1] if self.cone else 0
        u = point[: len(self.rows[0])]
        cuts, slopes, parts = [t * nu for t in self.thresholds], self.slopes, [o * nu for o in self.offsets]
        z = [sum(map(mul, row, u)) for row in self.rows]
        return [slopes[p] * a + parts[p] for a, p in zip(z, [bisect_left(cuts, a) for a in z], strict=True)]


def dot(u: Sequence[int], v: Sequence[int]) -> int:
    """The inner product of vectors of one length."""
    if len(u) != len(v):
        raise ValueError("vectors of unequal length")
    return sum(map(mul, u, v))


def units(X: Sequence[Row], h: Activation, hidden: bool, output: bool) -> Units:
    """The contributions of one unit to the predictions, modulo constants where there is an output bias.

    A hidden bias moves the only kink of h (or the zero of a linear h) to 0, an output bias moves h(0) to 0. If h is
    then positively homogeneous, ν = |v| drops out: v h(z) = σ h(|v| z). Only independent columns of x̃ are kept,
    each scaled to integers: their combinations are the same pre-activations.
    """
    shift = ZERO
    if hidden and len(h.breakpoints) == 1:
        shift = h.breakpoints[0]
    elif hidden and not h.breakpoints and h.slopes[0]:
        shift = -h.offsets[0] / h.slopes[0]
    cuts = [t - shift for t in h.breakpoints]
    offsets = [o + s * shift for o, s in zip(h.offsets, h.slopes, strict=True)]
    if output:
        offsets = [o - offsets[sum(t < 0 for t in cuts)] for o in offsets]
    table = [[*x, ONE] if hidden else x for x in X]
    pivots = {next(c for c, x in enumerate(row) if x) for row in echelon(table)}
    kept = [integral(column) for c, column in enumerate(zip(*table, strict=True)) if c in pivots]
    unit = lcm(*(t.denominator for t in cuts))  # ν is counted in multiples of this, so that thresholds are integers
    whole = integral([*h.slopes, *(o * unit for o in offsets)])
    rows, pieces = [[column[i] for column in kept] for i in range(len(X))], len(h.slopes)
    return Units(rows, any(cuts) or any(offsets), [int(t * unit) for t in cuts], whole[:pieces], whole[pieces:])


def few(planes: int, dimension: int) -> bool:
    """Whether so many hyperplanes have few enough rays, and chambers around them, to visit."""
    count = comb(planes, max(dimension - 1, 0))
    return count <= MAX_RAYS and count << dimension <= MAX_CORNERS


def both_ways(planes: Sequence[Direction], dimension: int) -> list[Direction]:
    """The rays of hyperplanes of full rank, in both directions."""
    if not few(len(planes), dimension):
        raise Declined("too many intersections of hyperplanes")
    return [side for ray in rays(planes) for side in (ray, tuple(-x for x in ray))]


def around(planes: "Signs", ray: Direction) -> Iterator[int]:
    """The chambers whose closure contains the ray, as bit sets of the planes (columns) they are on the + side of.

    Off the ray's own hyperplanes they have its signs; on those they are the chambers of the quotient by the ray,
    which is the complement {x_c = 0} for a coordinate with ray_c ≠ 0.
    """
    base, negative = map(bit_set, planes(ray))
    zero = list(elements(~(base | negative) & ((1 << len(planes.columns)) - 1)))
    if len(zero) == len(ray) - 1:  # independent hyperplanes take all signs
        for signs in product((0, 1), repeat=len(zero)):
            yield base + sum(compress(zero, signs))
        return
    c = next(k for k, x in enumerate(ray) if x)
    own = [planes.columns[plane.bit_length() - 1] for plane in zero]
    for local in chambers([(*plane[:c], *plane[c + 1 :]) for plane in own], len(ray) - 1):
        yield base + sum(plane for k, plane in enumerate(zero) if local >> k & 1)


def chambers(planes: Sequence[Direction], dimension: int) -> set[int]:
    """All chambers of hyperplanes of full rank: each closed chamber is a pointed cone, so some ray is in it."""
    signs = Signs(planes)
    return {chamber for ray in both_ways(planes, dimension) for chamber in around(signs, ray)}


def closed_cells(shape: Units) -> tuple[list[Direction], list[list[int]], int]:
    """The rays, the numbers of the closed cells that each is in, and the number of cells.

    Cells are numbered in the order of their sign vectors, so most rays are in cells of nearby numbers; these rays come
    first, in the order of their cells. Without coordinates there are no rays and one cell, whose H is 0.
    """
    planes = shape.planes()
    both, signs, near = both_ways(planes, shape.dimension), Signs(planes), dict[Direction, list[int]]()
    for ray in both if not shape.cone else [ray for ray in both if ray[-1] >= 0]:
        near[ray] = [cell for cell in around(signs, ray) if not shape.cone or cell >> len(planes) - 1]
    number = {cell: k for k, cell in enumerate(sorted(set(chain(*near.values()))))}
    numbered = {ray: sorted(number[cell] for cell in inside) for ray, inside in near.items()}
    order = sorted(numbered, key=lambda ray: (numbered[ray][-1] - numbered[ray][0] > GROUP, numbered[ray], ray))
    return order, [numbered[ray] for ray in order], len(number) or 1


class Unions:
    """Unions of the sets of cells of many rays at once, group by group: within a group the numbers are small."""

    def __init__(self, near: Sequence[Sequence[int]]) -> None:
        self.groups = list[tuple[slice, int, list[int]]]()
        for start in range(0, len(near), GROUP):
            part = near[start : start + GROUP]
            base = min(cells[0] for cells in part)
            sets = [sum([1 << cell - base for cell in cells]) for cells in part]
            self.groups.append((slice(start, start + GROUP), base, sets))

    def __call__(self, chosen: bytes) -> int:
        """The cells of the chosen rays, those with a 1, as a bit set."""
        found = 0
        for place, base, sets in self.groups:
            found |= reduce(or_, compress(sets, chosen[place]), 0) << base
        return found


class Signs:
    """For all columns at once, on which an integer vector is positive and on which it is negative.

    Per sample the entries of all columns are packed into one integer of fields of `width` bits, so that one
    multiplication serves all columns. |⟨g, column⟩| < 2^(width − 1) is ensured, so after adding 2^(width − 1) to
    each field no field borrows from the next, and its top bit tells the sign.
    """

    def __init__(self, columns: Sequence[Sequence[int]]) -> None:
        self.columns, self.packed = columns, dict[int, list[int]]()
        self.norm = max((sum(map(abs, column)) for column in columns), default=0)

    def __call__(self, vector: Sequence[int]) -> tuple[bytes, bytes]:
        """Per column one byte, 1 where ⟨vector, column⟩ > 0 (and else 0); and the same for < 0."""
        top = max(1, *map(abs, vector))  # not 0: the columns' entries need room, too
        size = (self.norm * top + 1).bit_length() // 16 * 2 + 2  # even: few sizes to pack for
        if size * len(self.columns) * len(vector) > MAX_BYTES:
            raise Declined("a dual vector with too many digits")
        half = self.repeated((1 << (8 * size - 1)) - 1, size)
        if size not in self.packed:
            self.packed[size] = [self.pack(entries, size) - half for entries in zip(*self.columns, strict=True)]
        total = sum(g * entries for g, entries in zip(vector, self.packed[size], strict=True) if g)
        return self.tops(half + total, size), self.tops(half - total, size)

    def repeated(self, entry: int, size: int) -> int:
        """Σ_k entry · 2^(8·size·k), for entry ≥ 0."""
        return int.from_bytes(entry.to_bytes(size, "little") * len(self.columns), "little")

    def pack(self, entries: Sequence[int], size: int) -> int:
        """Σ_k (entries_k + 2^(8·size − 1) − 1) · 2^(8·size·k): the summands are not negative."""
        half = (1 << (8 * size - 1)) - 1
        return int.from_bytes(b"".join([(x + half).to_bytes(size, "little") for x in entries]), "little")

    def tops(self, fields: int, size: int) -> bytes:
        """The top bit of every field, in a byte of its own."""
        return fields.to_bytes(size * len(self.columns), "little")[size - 1 :: size].translate(TOP_BIT)


def bit_set(flags: bytes) -> int:
    """The set of the places that hold 1, where the others hold 0."""
    return int(flags[::-1].translate(DIGITS), 2)


def elements(bits: int) -> Iterator[int]:
    """The elements of a bit set, each as a bit set."""
    while bits:
        yield bits & -bits
        bits &= bits - 1


def checked(g: Sequence[int], labels: Sequence[int], output: bool, threshold: Fraction, where: str) -> None:
    """g ≠ 0, Σ g = 0 with an output bias, ⟨g, labels⟩ > 0 and ⟨g, labels⟩² ≥ threshold·⟨g, g⟩."""
    if len(g) != len(labels):
        raise Rejected(where, f"expected {len(labels)} integers, got {len(g)}")
    if not any(g):
        raise Rejected(where, "is zero")
    if output and sum(g) != 0:
        raise Rejected(where, "the entries do not sum to 0, and there is an output bias")
    gain = dot(g, labels)
    if gain <= 0:
        raise Rejected(where, "the product with the labels is not positive")
    if gain * gain < threshold * dot(g, g):
        raise Rejected(where, "proves less than the claimed bound")


def covered(bars: Iterable[int], universe: int, size: int, steps: Iterator[None] | None = None) -> bool:
    """Whether every subset of `size` elements of the universe avoids one of the `bars` (all are bit sets).

    A subset avoids the smallest bar or has an element in it; once all subsets with that element are known to avoid
    some bar, it leaves the universe. `steps` has an item for each set of bars that may still be gone through.
    """
    if universe.bit_count() < size:
        return True
    if size == 1:
        return emptied(bars, universe)
    bars = list(bars)
    if steps is None:
        steps = repeat(None, MAX_VISITS // (len(bars) + 1))
    spend(steps)
    inside = min((bar & universe for bar in bars), key=int.bit_count, default=universe)
    if inside and size > MAX_DEPTH:
        raise Declined("too many units at once")
    if size == 2:
        return not inside or paired([(bar, bar & inside) for bar in bars], inside, universe, steps)
    for element in elements(inside):
        if not covered((bar for bar in bars if not bar & element), universe, size - 1, steps):
            return False
        universe ^= element
    return True


def paired(bars: Sequence[tuple[int, int]], group: int, universe: int, steps: Iterator[None]) -> bool:
    """Whether each element of the (non-empty) group together with each of the universe avoids one of the bars.

    Each bar comes with its part in the group, whose elements are numbered anew. A bar with no part in it serves all
    of the group at once: what it avoids leaves the universe. One that contains the group serves none of it. The others
    serve elements in one half of it or the other; nearby cells are barred by much the same vectors.
    """
    spend(steps)
    mixed = list[tuple[int, int]]()
    for bar, part in bars:
        if not part:
            universe &= bar
            if not universe:
                return True
        elif part != group:
            mixed.append((bar, part))
    if group.bit_count() <= FEW:
        return all(emptied((bar for bar, part in mixed if not part & one), universe) for one in elements(group))
    half = group.bit_length() // 2
    mask = (1 << half) - 1
    if group & mask and not paired([(bar, part & mask) for bar, part in mixed], group & mask, universe, steps):
        return False
    return paired([(bar, part >> half) for bar, part in mixed], group >> half, universe, steps)


def spend(steps: Iterator[None]) -> None:
    """One step less."""
    if next(steps, steps) is steps:
        raise Declined("too many steps to see whether the dual vectors cover all units")


def emptied(bars: Iterable[int], universe: int) -> bool:
    """Whether the universe has no element in all of the bars."""
    for bar in bars:
        universe &= bar
        if not universe:
            return True
    return not universe


def lower_bound(
    X: Sequence[Row],
    y: Row,
    h: Activation,
    biases: tuple[bool, bool],
    width: int,
    vectors: Sequence[Sequence[int]],
    rho: Fraction,
) -> None:
    """
    every set of min(width, n, #units) units is covered by some g:
      σ ⟨g, H(ray)⟩ ≤ 0 on the rays of its units (cell, σ),  Σ g = 0 with an output bias,
      ⟨g, y⟩ > 0,  ⟨g, y⟩² ≥ ρ ⟨g, g⟩
    ------------------------------------------------------------------ [global_lower_bound]
    Σ_i (f(x_i) − y_i)² ≥ ρ  for every network of this width

    A unit is in a closed cell, there H is linear, so its column is a non-negative combination of those of the
    cell's rays. Where the units of a network are covered, ⟨g, f⟩ ≤ 0, so ⟨g, y − f⟩ ≥ ⟨g, y⟩ > 0 and Cauchy–Schwarz
    gives the bound. n units suffice: f − c0 is in a cone generated by columns in ℚⁿ, hence (Carathéodory) a
    combination of n of them. Fewer distinct units are a subset of a larger set, which is covered.
    """
    if rho <= 0:
        return  # a sum of squares
    shape, scale = units(X, h, *biases), lcm(*(value.denominator for value in y))
    labels = [int(value * scale) for value in y]
    directions, near, count = closed_cells(shape)
    if len(vectors) * len(near) * count > MAX_UNIONS:
        raise Declined("too many dual vectors")
    signs, union, bars = Signs([shape.values(ray) for ray in directions]), Unions(near), list[int]()
    for index, g in enumerate(vectors):
        checked(g, labels, biases[1], rho * scale * scale, f"vectors[{index}]")
        above, below = signs(g) if directions else (b"", b"")
        bars.append(union(above) | union(below) << count)
    bars.sort(key=int.bit_count)
    if not covered(bars, (1 << 2 * count) - 1, min(width, len(labels), 2 * count)):
        raise Rejected("vectors", "do not cover all units")


def tight(y: Row, vectors: Sequence[Sequence[int]], rho: Fraction) -> tuple[tuple[Fraction, ...], ...]:
    """The residuals y − f of which a network with Σ_i (f(x_i) − y_i)² = ρ has one, when `lower_bound` holds.

    Equality in Cauchy–Schwarz: ⟨g, y⟩² = ρ ⟨g, g⟩ for a vector g that covers the network, ⟨g, f⟩ = 0, and
    y − f = (⟨g, y⟩/⟨g, g⟩) g.
    """
    scale = lcm(*(value.denominator for value in y))
    labels, threshold, found = [int(value * scale) for value in y], rho * scale * scale, list[tuple[Fraction, ...]]()
    for g in vectors:
        gain, square = dot(g, labels), dot(g, g)
        if gain * gain == threshold * square:
            found.append(tuple(Fraction(gain * x, square * scale) for x in g))
    return tuple(dict.fromkeys(found))
