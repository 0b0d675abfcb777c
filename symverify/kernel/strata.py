"""The local minima in a cell or on a face of one hidden layer with scalar output, by the signs of the output weights.

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
from math import comb, prod

from .errors import MAX_PRINTED, Declined, Rejected, printable
from .facts import Atlas, CellInfimum, CellMinima, ConstantRiskPath, Evaluated, LocalMinimum, UnitCells
from .linear import Row, dot, nullspace, rank, sign
from .model import (
    ONE,
    ZERO,
    Face,
    Point,
    Problem,
    Vector,
    cell_of,
    predictions,
    rational,
    residuals,
    risk,
    trace,
    unit_name,
)
from .network import point_of, shape_faults
from .read import Fields, Layers, canonical, layers, listed, natural
from .rules import Proof, kinks, multipliers, unit_stays

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
    """The face that a point of one hidden layer is on. A dead row, whose pre-activation is always 0, bounds none."""
    columns: list[list[int]] = []
    for i in range(len(problem.inputs)):
        at = [problem.activations[0].pieces(rational(z)) for z in next(trace(problem, theta, i))]
        columns.append([2 * p[0] + (len(p) > 1 and not problem.dead_row(i)) for p in at])
    return tuple(zip(*columns, strict=True))


def unit_classes(problem: Problem, face: Face) -> list[UnitClass]:
    """The classes, by first unit. At a breakpoint the lower piece is used: there both give the same."""
    h, members, classes = problem.activations[0], dict[tuple[int, ...], list[int]](), []
    for j, place in enumerate(face):
        members.setdefault(place, []).append(j)
    inputs = [(*x, ONE) if problem.hidden_bias else x for x in problem.inputs]
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


def named_face(proof: Proof, step: Fields) -> tuple[Evaluated, Face, list[UnitClass]]:
    """The face that the step's point is on, so that it is not empty."""
    problem, at = proof.problem, proof.premise(step, "point", Evaluated)
    if len(problem.widths) != 3 or problem.widths[-1] != 1:
        raise Rejected(step.at("point"), "needs one hidden layer and scalar output")
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
    with Fields(value, where) as fields:
        vector: list[Fraction] = fields.need("vector", listed(canonical), [])
        given: Slots = fields.need("multipliers", listed(multipliers), [])
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
    if problem.output_bias and sum(g, ZERO):
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


def inside(problem: Problem, face: Face, r: Vector, step: Fields, name: str) -> list[tuple[str, Point]]:
    """The points in a field, with their places; each is on the face and has loss gradient r."""
    given: list[Layers[Fraction]] = step.need(name, listed(layers(canonical)), [])
    step.check()
    points = [(f"{step.at(name)}[{index}]", point_of(theta)) for index, theta in enumerate(given)]
    for (here, theta), raw in zip(points, given, strict=True):
        for where, what in shape_faults(problem, raw, here):
            raise Rejected(where, what)
        if face_of(problem, theta) != face:
            raise Rejected(here, "is in another cell or on another face")
        if residuals(problem, predictions(problem, theta)) != [r]:
            raise Rejected(here, "does not have the best predictions")
    return points


def cell_minima(proof: Proof, step: Fields) -> CellMinima:
    """
    C a cell or a face    f* in span(features(C)), r = factor · ∂ℓ/∂f at f* orthogonal to it
    every type of signs that r holds is one of: that of a point on C with f_i ∈ I_i = {f : factor · ℓ'(f − y_i) = r_i};
    or separated by a g that admits its slots and has sup {⟨g, f⟩ : f_i ∈ I_i} ≤ 0, < 0 if no slot of it is strict
    --------------------------------------------------------------------------------------------- [cell_minima]
      the local minima on C are its points with f_i ∈ I_i and signs that r holds: in a cell, all signs. They form Σ 2^p
      components: one term for each component of the graph of the non-empty types, joined by inclusion (an orbit of
      components under exchanging units of a class); p counts the classes of two units with both signs in all its types

    Sound: at a local minimum on C each φ_j, affine on the face of w_j, is 0 at w_j and of one sign around, so 0 on the
    face: Σℓ is minimal over the span, and its gradient is r. A separated type is empty: ⟨g, f⟩ ≥ 0 on it. In
    (v w, v, c) the minima with given signs σ are a convex set, times the faces of the units with v = 0, so
    connected; a segment joins σ' ≤ σ (some signs set to 0), and a path on C changes signs in no other way. All sign
    vectors of a type are joined through it, except (+, −) and (−, +) of a class of two units, which are joined
    exactly through types that lack one of these signs. A class that holds one sign only has it in every type.
    """
    problem, (at, face, classes) = proof.problem, named_face(proof, step)
    best: list[Fraction] = step.need("best", listed(canonical, len(problem.inputs), "predictions"), [])
    duals: list[tuple[list[Fraction], Slots]] = step.need("separators", listed(dual), [])
    step.check()
    r, span, reached = loss_gradient(problem, best), features(problem, classes), dict[int, Point]()
    if any(dot(r, phi) for phi in span) or rank(span) != rank([*span, best]):
        raise Rejected(step.at("best"), "are not the best predictions in the features' span")
    held = tuple(signs_held(problem, at.point, each.units[0], r) for each in classes)
    member = {j: k for k, each in enumerate(classes) for j in each.units}
    for here, theta in inside(problem, face, r, step, "witnesses"):
        signs = [sign(rational(v)) for v in theta[1].weight[0]]
        for j, s in enumerate(signs):
            if s not in held[member[j]]:
                raise Rejected(here, f"{unit_name(0, j)} has an output weight of a sign that no local minimum has")
        reached.setdefault(sum({1 << 2 * member[j] + (s < 0) for j, s in enumerate(signs) if s}), theta)
    ends, covers = [end(problem, f, y) for f, (y,) in zip(best, problem.targets, strict=True)], []
    for index, (g, given) in enumerate(duals):
        here = f"{step.at('separators')}[{index}]"
        allowed, strict = admitted(problem, classes, g, given, here)
        top = dot(g, [f for _, f in ends])
        if top > 0 or any(side * x > 0 for x, (side, _) in zip(g, ends, strict=True)):
            raise Rejected(here, "its products with best predictions are not bounded by 0")
        covers.append((allowed, strict, top < 0))
    for each in types([choices(signs, len(k.units)) for signs, k in zip(held, classes, strict=True)]):
        if each not in reached and not any(
            not each & ~allowed and (below or each & strict) for allowed, strict, below in covers
        ):
            raise Rejected(step.where, f"type {each:0{2 * len(classes)}b} has neither a witness nor a separator")
    components, orbits, fixed = 0, list[tuple[Point, int | None]](), not any(side for side, _ in ends)
    parts = tuple(map(frozenset, joined(set(reached))))
    for orbit in parts:
        pairs = [
            k for k, each in enumerate(classes) if len(each.units) == 2 and all(t >> 2 * k & 3 == 3 for t in orbit)
        ]
        size, largest = max((dimension(problem, classes, t), t) for t in orbit)
        components += 2 ** len(pairs)
        orbits.append((reached[largest], size if fixed else None))
    least = printable(risk(problem, [(f,) for f in best]))
    return CellMinima(at, face, least, components, tuple(orbits), parts, held)


def features(problem: Problem, classes: Sequence[UnitClass]) -> list[Vector]:
    """Vectors over the samples that span the predictions of all points with units of these classes."""
    return [f for each in classes for f in each.columns] + [(ONE,) * len(problem.inputs)] * problem.output_bias


def choices(held: Sequence[int], units: int) -> Sequence[int]:
    """The signs that a class can show in a type: as in `types`. Where 0 is not held, every unit has the one sign."""
    return (0, 1, 2, 3)[: 3 + (units > 1)] if 0 in held else [1 if s > 0 else 2 for s in held]


def end(problem: Problem, f: Fraction, y: Fraction) -> tuple[int, Fraction]:
    """The I_i of a best prediction f: (0, f) is {f}, (1, a) is [a, ∞), (−1, a) is (−∞, a]."""
    side = sign(f - y) if problem.loss.name == "huber" and abs(f - y) >= problem.loss.delta else 0
    return side, y + side * problem.loss.delta if side else f


def joined(left: set[int]) -> Iterator[set[int]]:
    """The classes of types that chains of inclusions join."""
    while left:
        front = [max(left)]
        orbit = set(front)
        while front:
            one = front.pop()
            fresh = {t for t in left - orbit if t & one in (t, one)}
            orbit |= fresh
            front += fresh
        left = left - orbit
        yield orbit


def dimension(problem: Problem, classes: Sequence[UnitClass], mask: int) -> int:
    """The dimension of the parameters of a type with given predictions; no unit of a class in use need have v = 0."""
    used = [bool(mask >> 2 * k & 3) for k in range(len(classes))]
    free = sum(len(each.units) * (len(each.columns) - 1 + on) for each, on in zip(classes, used, strict=True))
    return free + problem.output_bias - rank(features(problem, [*compress(classes, used)]))


def cell_infimum(proof: Proof, step: Fields) -> CellInfimum:
    """
    A_k z_q ≥ 0 for some slots q (one only of a class of one unit); f = c + Σ_q s F_k z_q; ρ = R(f)
    every choice of signs has a b, r = factor · ∂ℓ/∂f at b, that admits its slots, with R(b) − ⟨r, b⟩ ≥ ρ
    ------------------------------------------------------------------------------------------ [cell_infimum]
      inf of R over the cell = ρ

    A choice is both signs of a class of several units, one sign of a class of one unit. Sound: points strictly
    inside the cell, which is not empty, have predictions as near to f as wanted; and where the signs are those of
    a choice or 0, R(θ) ≥ R(b) + ⟨r, f(θ) − b⟩ ≥ ρ.
    """
    problem, (at, _, classes) = proof.problem, named_face(proof, step)
    pattern = cell_of(problem, at.point)
    limit: Slots = step.need("limit", listed(multipliers), [])
    f = [step.need("bias", canonical, ZERO) if problem.output_bias else ZERO] * len(problem.inputs)
    duals: list[tuple[list[Fraction], Slots]] = step.need("bounds", listed(dual), [])
    step.check()
    if len(limit) != 2 * len(classes):
        raise Rejected(step.at("limit"), f"expected {2 * len(classes)} vectors or nulls, got {len(limit)}")
    for slot, z in enumerate(limit):
        if z is not None:
            k, s, here = classes[slot // 2], 1 - 2 * (slot % 2), f"{step.at('limit')}[{slot}]"
            if len(k.units) == 1 and limit[slot ^ 1] is not None:
                raise Rejected(here, "one unit cannot have both signs")
            if len(z) != len(k.columns) or any(dot(row, z) < 0 for row in k.rows):
                raise Rejected(here, "is not in the closed cone of its class")
            f = [a + s * dot(row, z) for a, row in zip(f, zip(*k.columns, strict=True), strict=True)]
    least, covers = printable(risk(problem, [(x,) for x in f])), list[int]()
    for index, (b, given) in enumerate(duals):
        here = f"{step.at('bounds')}[{index}]"
        if len(b) != len(f):
            raise Rejected(here, f"expected {len(f)} predictions, got {len(b)}")
        r = loss_gradient(problem, b)
        covers.append(admitted(problem, classes, r, given, here)[0])
        if (bound := risk(problem, [(x,) for x in b]) - dot(r, b)) < least:
            raise Rejected(here, f"proves a risk of at least {printable(bound)}, not {least}")
    for each in types([(3,) if len(k.units) > 1 else (1, 2) for k in classes]):
        if all(each & ~allowed for allowed in covers):
            raise Rejected(step.at("bounds"), f"leave out the signs {each:0{2 * len(classes)}b}")
    return CellInfimum(at, pattern, least)


def constant_risk_path(proof: Proof, step: Fields) -> ConstantRiskPath:
    """
    θ_0 a local minimum by interior_minimum in C      θ_1, …, θ_m strictly inside C, with θ_0's loss gradient
    between neighbours no output weight changes its sign to the opposite, and where it is 0 at one of them only,
    the unit's input weights are the same at both
    ------------------------------------------------------------------------------------ [constant_risk_path]
      the curve θ_0 … θ_m, linear between neighbours in (v w, v, c), and in w where v = 0 at both, consists of
      local minima of equal risk

    Sound: these coordinates determine w where v ≠ 0 and predictions are linear in them; a unit's (|v| w, |v|) stays
    in the convex cone of its cell; {f : ℓ'(f − y_i) = const} is an interval.
    """
    problem, minimum = proof.problem, proof.premise(step, "minimum", LocalMinimum)
    if minimum.pattern is None or len(problem.widths) != 3 or problem.widths[-1] != 1:
        raise Rejected(step.at("minimum"), "needs interior_minimum, one hidden layer and scalar output")
    (r,), nodes = residuals(problem, minimum.at.predictions), [minimum.at.point]
    for here, theta in inside(problem, face_of(problem, minimum.at.point), r, step, "nodes"):
        for j, ends in enumerate(zip(nodes[-1][1].weight[0], theta[1].weight[0], strict=True)):
            w, w_next = ((p[0].weight[j], p[0].bias and p[0].bias[j]) for p in (nodes[-1], theta))
            v, v_next = map(rational, ends)
            if v * v_next < 0 or (bool(v) != bool(v_next) and w != w_next):
                raise Rejected(
                    here, f"{unit_name(0, j)} changes sign, or its input weights move where its sign appears"
                )
        nodes.append(theta)
    if len(nodes) == 1:
        raise Rejected(step.at("nodes"), "leads nowhere")
    return ConstantRiskPath(minimum, tuple(nodes))


def atlas(proof: Proof, step: Fields) -> Atlas:
    """
    a unit has u cells      cell_minima for C(u + h − 1, h) cells, no two the same up to exchanging units
    ------------------------------------------------------------------------------------------------- [atlas]
      these are all cells of the network, up to exchanging units
    """
    count = proof.premise(step, "cells", UnitCells)
    found = [
        proof.fact(index, f"{step.at('minima')}[{k}]", CellMinima)
        for k, index in enumerate(step.need("minima", listed(natural), list[int]()))
    ]
    step.check()
    if not all(each.is_cell for each in found):
        raise Rejected(step.at("minima"), "name a face that is no cell")
    return Atlas(all_of(found, count.count, count.units, step.at("minima"), "cell"), tuple(found))


def all_of(found: Sequence[CellMinima], places: int, units: int, where: str, what: str) -> int:
    """C(u + h − 1, h), if it is the number of different cells or faces found, up to exchanging the h units."""
    if len({tuple(sorted(each.face)) for each in found}) != len(found):
        raise Rejected(where, f"name a {what} twice, up to exchanging units")
    least = min(units, places - 1)
    if least * (places + units).bit_length() > MAX_PRINTED:
        raise Declined(f"too many {what}s to be stated")
    if len(found) != (every := comb(places + units - 1, least)):
        raise Rejected(where, f"expected all {every} {what}s, got {len(found)}")
    return every
