"""The strata of one hidden layer with scalar output: faces of the units, and signs of the output weights.

The hyperplanes ⟨w, x̃_i⟩ = t_p cut the input weights of a unit into relatively open faces, the largest of which are its
cells. Units on the same face form a class k. With z = (|v| w, |v|) = B_k y, B_k a basis of the vectors that satisfy the
face's equations, a unit of class k with weight v of sign s ≠ 0 is a point of the open convex cone {y : A_k y > 0}, and
adds s F_k y to the predictions; the columns of F_k are features. Cones are closed under addition, so which
predictions units with given signs reach depends only on their *type*: the set of slots (class, sign) that occur.
Slot 2k is (k, +), slot 2k + 1 is (k, −); a type is a bit mask of slots.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import compress, product
from math import prod

from ..core.activation import ONE, ZERO
from ..core.algebra import Row, dot, rank, total, whole
from ..core.errors import Declined, Rejected
from ..core.face_minimum import kinks, unit_stays
from ..core.facts import Evaluated
from ..core.network import Point, Problem, Vector, predictions, residuals
from ..core.proof import Reading, read_point
from ..core.text import Fields, canonical, listed, optional
from ..curvature.forms import nullspace

Face = tuple[tuple[int, ...], ...]  # per unit and sample: 2p strictly inside piece p, 2p + 1 between pieces p and p + 1
MAX_TYPES = 4096
Slots = list[list[Fraction] | None]  # a vector, or none, for every slot


@dataclass(frozen=True, slots=True)
class UnitClass:
    """Units on the same face: the vectors of B (D + 1 numbers; unit vectors in a cell), the rows of A, and the columns
    of F (vectors over the samples), both on the coordinates y of B.
    """

    units: tuple[int, ...]
    basis: tuple[Vector, ...]
    rows: tuple[Vector, ...]
    columns: tuple[Vector, ...]


def face_of(problem: Problem, theta: Point) -> Face:
    """The face that a point of one hidden layer is on, by its first layer alone.

    A dead row, whose pre-activation is always 0, bounds none.
    """
    columns = list[list[int]]()
    for i, x in enumerate(problem.inputs):
        at = problem.activations[0].pieces_of(theta[0].apply(whole(x)))
        columns.append([2 * p[0] + (len(p) > 1 and not problem.dead_row(i)) for p in at])
    return tuple(zip(*columns, strict=True))


def unit_classes(problem: Problem, face: Face) -> list[UnitClass]:
    """The classes, by first unit. At a breakpoint the lower piece is used: there both give the same."""
    h, members, classes = problem.activations[0], dict[tuple[int, ...], list[int]](), []
    for j, place in enumerate(face):
        members.setdefault(place, []).append(j)
    inputs = [problem.row(i) for i in range(len(problem.inputs))]
    for place, units in members.items():
        equal, rows, effects = list[Vector](), [(*(ZERO for _ in inputs[0]), ONE)], list[Vector]()
        for i, (x, at) in enumerate(zip(inputs, place, strict=True)):
            p = at // 2
            effects.append((*(h.slopes[p] * a for a in x), h.offsets[p]))
            if at % 2:
                equal.append((*x, -h.breakpoints[p]))
            elif not problem.dead_row(i):
                rows += [(*x, -t) for t in h.breakpoints[max(p - 1, 0) : p]]
                rows += [(*(-a for a in x), t) for t in h.breakpoints[p : p + 1]]
        basis = tuple(map(tuple, nullspace(equal, len(rows[0]))))
        if equal:
            rows, effects = ([tuple(dot(row, b) for b in basis) for row in part] for part in (rows, effects))
        classes.append(UnitClass(tuple(units), basis, tuple(rows), tuple(zip(*effects, strict=True))))
    return classes


def named_face(step: Reading) -> tuple[Evaluated, Face, list[UnitClass]]:
    """The face that the step's point is on, so that it is not empty."""
    problem, at = step.proof.problem, step.premise("point", Evaluated)
    if not problem.shallow:
        raise Rejected(step.roles.at("point"), "needs one hidden layer and scalar output")
    face = face_of(problem, at.point)
    return at, face, unit_classes(problem, face)


def signs_held(problem: Problem, theta: Point, j: int, r: Vector) -> tuple[int, ...]:
    """
    sign v: v φ ≥ 0 near w_j (φ = 0 for v = 0), φ(w) = Σ_i r_i h(⟨w, x̃_i⟩)
    ----------------------------------------------------------------------- [signs_held]
      a local minimum of loss gradient r with unit j on this face has one of these signs v of its output weight

    By face_minimum, of which this is unit j's condition: it depends only on r and the face, and all signs are held
    if 0 is. The rays decide it in both directions.
    """
    around = kinks(problem, theta, j, r)

    def stays(v: int) -> bool:
        try:
            unit_stays(*around, v, None)
        except Rejected:
            return False
        return True

    return (0, 1, -1) if stays(0) else tuple(v for v in (1, -1) if stays(v))


def dual(value: object, where: str) -> tuple[list[Fraction], Slots]:
    """{"vector": […], "multipliers": [vector or null, …]}."""
    fields = Fields(value, where)
    vector: list[Fraction] = fields.need("vector", listed(canonical))
    given: Slots = fields.need("multipliers", listed(optional(listed(canonical))))
    fields.done()
    return vector, given


def loss_gradient(problem: Problem, f: Row) -> Vector:
    """r = factor · ∂ℓ/∂f at the predictions f, one per sample."""
    return residuals(problem, [(x,) for x in f])[0]


def admitted(problem: Problem, classes: Sequence[UnitClass], g: Row, given: Slots, where: str) -> tuple[int, int]:
    """
    κ ≥ 0      s g F_k = κ A_k
    ---------------------------------------------------------------------- [admitted]
      s ⟨g, F_k z⟩ ≥ 0 where A_k z ≥ 0;  and > 0 where A_k z > 0, if κ ≠ 0

    Returns the slots for which `given` has such a κ, and those where it is not 0. With output bias also Σ_i g_i = 0.
    """
    if len(g) != len(problem.inputs) or len(given) != 2 * len(classes):
        raise Rejected(where, f"needs {len(problem.inputs)} numbers, and {2 * len(classes)} multipliers or nulls")
    if problem.output_bias and total(g):
        raise Rejected(where, "its vector does not sum to 0")
    allowed = strict = 0
    for slot, kappa in enumerate(given):
        if kappa is not None:
            k, s = classes[slot // 2], 1 - 2 * (slot % 2)
            if len(kappa) != len(k.rows) or min(kappa) < 0:
                raise Rejected(where, f"multipliers[{slot}] must be {len(k.rows)} numbers, none negative")
            if [s * dot(g, f) for f in k.columns] != [dot(kappa, a) for a in zip(*k.rows, strict=True)]:
                raise Rejected(where, f"multipliers[{slot}] do not combine to the vector's pull")
            allowed, strict = allowed | 1 << slot, strict | any(kappa) << slot
    return allowed, strict


def types(choices: Sequence[Sequence[int]]) -> Iterator[int]:
    """The types with one of these choices (0 neither sign, 1 plus, 2 minus, 3 both) for each class."""
    if prod(map(len, choices)) > MAX_TYPES:
        raise Declined(f"the cell has more than {MAX_TYPES} types of signs")
    return (sum(c << 2 * k for k, c in enumerate(chosen)) for chosen in product(*choices))


def inside(problem: Problem, face: Face, r: Vector, step: Reading, name: str) -> list[tuple[str, Point]]:
    """The points in a field, with their places; each is on the face and has loss gradient r."""
    given = step.need(name, listed(read_point(problem, canonical)))
    points = [(f"{step.at(name)}[{index}]", theta) for index, theta in enumerate(given)]
    for here, theta in points:
        if face_of(problem, theta) != face:
            raise Rejected(here, "is in another cell or on another face")
        if residuals(problem, predictions(problem, theta)) != [r]:
            raise Rejected(here, "does not have the best predictions")
    return points


def features(problem: Problem, classes: Sequence[UnitClass]) -> list[Vector]:
    """Vectors over the samples that span the predictions of all points with units of these classes."""
    return [f for each in classes for f in each.columns] + [(ONE,) * len(problem.inputs)] * problem.output_bias


def dimension(problem: Problem, classes: Sequence[UnitClass], mask: int) -> int:
    """The dimension of the parameters of a type with given predictions; no unit of a class in use need have v = 0."""
    used = [bool(mask >> 2 * k & 3) for k in range(len(classes))]
    free = sum(len(each.units) * (len(each.columns) - 1 + on) for each, on in zip(classes, used, strict=True))
    return free + problem.output_bias - rank(features(problem, [*compress(classes, used)]))


def spelled(face: Face) -> str:
    """A face as text: per unit (,) the pieces on the samples, one digit each, 0–9 then a–z; both pieces in brackets for
    a sample at a breakpoint: 0[01]11.
    """
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    if max(at for unit in face for at in unit) > 2 * len(digits) - 2:
        raise Declined("an activation with more than 36 pieces")
    return ",".join("".join(f"[{digits[a // 2 :][:2]}]" if a % 2 else digits[a // 2] for a in unit) for unit in face)
