"""The rule `not_attained`: a few integer vectors show that no network has the risk that its lower bound allows.

The setting is that of `cover`. Everything but the vectors is derived here: predictions, cells, rays, faces.
"""

from collections.abc import Iterator, Sequence
from itertools import repeat

from .cover import MAX_BYTES, MAX_DEPTH, MAX_UNIONS, MAX_VISITS, Signs, closed_cells, dot, units
from .errors import Declined, Rejected
from .linear import Row, integral
from .model import Activation

Face = tuple[int, int]  # (0 for σ = +1, 1 for σ = −1; its rays, as the set bytes of an integer)


class Attainment:
    """What the units of a network with a given residual y − f can be; `homogeneous` if H does not depend on ν."""

    def __init__(self, X: Sequence[Row], y: Row, h: Activation, biases: tuple[bool, bool]) -> None:
        shape = units(X, h, *biases)
        self.y, self.output, self.homogeneous = y, biases[1], not shape.cone
        self.directions, near, count = closed_cells(shape)
        self.cells = [list[int]() for _ in range(count)]
        for k, cells in enumerate(near):
            for cell in cells:
                self.cells[cell].append(k)
        self.signs = Signs([shape.values(ray) for ray in self.directions])
        self.inner = int.from_bytes(bytes(ray[-1] > 0 for ray in self.directions), "little")

    def goal(self, residual: Row) -> list[int]:
        """A positive multiple of the predictions."""
        return integral([a - r for a, r in zip(self.y, residual, strict=True)])

    def faces(self, residual: Row) -> list[Face]:
        """What one unit may combine: the rays of a closed cell with ⟨residual, H⟩ = 0, where all have σ ⟨…⟩ ≤ 0.

        Left out are those without a ray with ν > 0: every unit has ν > 0.
        """
        found, both = dict[Face, None](), self.signs(integral(residual))
        zero = [not (up or down) for up, down in zip(*both, strict=True)]
        for cell in self.cells:
            rays = sum([1 << 8 * k for k in cell if zero[k]])
            if rays & self.inner:
                found |= {(side, rays): None for side in (0, 1) if not any(both[side][k] for k in cell)}
            if len(found) * len(self.directions) > MAX_BYTES:
                raise Declined("too many faces to see whether the infimum is attained")
        return list(found)

    def separates(self, q: Sequence[int], faces: Sequence[Face]) -> tuple[int, int]:
        """The faces with σ ⟨q, H⟩ ≥ 0, and those of them where it is positive on all rays with ν > 0; as bit sets."""
        up, down = (int.from_bytes(signs, "little") for signs in self.signs(q))
        admitted = strict = 0
        for k, (side, rays) in enumerate(faces):
            if not rays & (up if side else down):
                admitted |= 1 << k
                strict |= (not rays & self.inner & ~(down if side else up)) << k
        return admitted, strict


def unrefuted(
    sure: list[int], open_: list[tuple[int, int]], left: int, size: int, steps: Iterator[None], chosen: int = 0
) -> int | None:
    """A set that no separator refutes, of the `chosen` elements and at most `size` of those `left`; None if none.

    A set is refuted by a `sure` bit set that contains it, and by a pair of `open_` if the first contains it and the
    second meets it; all given here contain `chosen`. The sets inside the largest sure one are refuted, any other
    has an element outside it; once all sets with that element are done, it leaves those that are left.
    """
    if not sure:
        return chosen
    if next(steps, steps) is steps or size > MAX_DEPTH:
        raise Declined("too many sets of units to see whether the infimum is attained")
    outside = left & ~max(sure, key=lambda one: (one & left).bit_count())
    while size and outside:
        element = outside & -outside
        outside, left = outside ^ element, left ^ element
        meets = [one for one in sure if one & element] + [one for one, other in open_ if other & element]
        rest = [both for both in open_ if both[0] & element and not both[1] & element]
        found = unrefuted(meets, rest, left, size - 1, steps, chosen | element)
        if found is not None:
            return found
    return None


def not_attained(
    X: Sequence[Row],
    y: Row,
    h: Activation,
    biases: tuple[bool, bool],
    width: int,
    residuals: Sequence[Row],
    separators: Sequence[Sequence[Sequence[int]]],
) -> None:
    """
    for each residual r = y − f that a network of risk ρ can have: each set of at most min(width, n) faces is refuted
      by some q with Σ q = 0 (with an output bias) and σ ⟨q, H⟩ ≥ 0 on its faces: ⟨q, f⟩ < 0, or ⟨q, f⟩ = 0 and
      σ ⟨q, H⟩ > 0 on all rays with ν > 0 of one of its faces
    ----------------------------------------------------------------------------------------------- [not_attained]
    no network of this width has risk ρ

    A face is a sign σ with the rays of a closed cell on which ⟨r, H⟩ = 0; on its other rays σ ⟨r, H⟩ < 0. r is a
    positive multiple of a covering g, or 0, or the residual of the means over equal inputs, to which all H are
    orthogonal. In each case the network's units have σ ⟨r, H⟩ ≤ 0, and these add up to ⟨r, f − c0⟩ = 0: all are 0, so
    each unit is a non-negative combination of the rays of a face, with ν > 0. Units of one face add up to one, and n
    of them suffice (Carathéodory, on the units' own contributions, so ν stays positive). If q refutes their faces,
    ⟨q, f⟩ = Σ σ ⟨q, H⟩ ≥ 0, and > 0 if one of them is strict, as that unit has a ray with ν > 0: a contradiction.
    """
    found = Attainment(X, y, h, biases)
    if found.homogeneous:
        raise Rejected("", "the units are positively homogeneous, so the infimum is attained")
    if len(separators) != len(residuals):
        raise Rejected("separators", f"expected {len(residuals)} lists, one for each residual, got {len(separators)}")
    for index, (residual, vectors) in enumerate(zip(residuals, separators, strict=True)):
        goal, faces = found.goal(residual), found.faces(residual)
        if len(vectors) * len(faces) * len(found.directions) > MAX_UNIONS:
            raise Declined("too many separators")
        sure, open_ = list[int](), list[tuple[int, int]]()
        for k, q in enumerate(vectors):
            where = f"separators[{index}][{k}]"
            if len(q) != len(y):
                raise Rejected(where, f"expected {len(y)} integers, got {len(q)}")
            if biases[1] and sum(q) != 0:
                raise Rejected(where, "the entries do not sum to 0, and there is an output bias")
            if dot(q, goal) > 0:
                raise Rejected(where, "the product with the predictions is positive")
            both = found.separates(q, faces)
            if dot(q, goal):
                sure.append(both[0])
            else:
                open_.append(both)
        steps = repeat(None, MAX_VISITS // (len(vectors) + 1))
        if unrefuted(sure, open_, (1 << len(faces)) - 1, min(width, len(y)), steps) is not None:
            raise Rejected(f"separators[{index}]", "leave a set of units possible")
