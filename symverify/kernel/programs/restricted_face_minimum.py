"""The rule `restricted_face_minimum`: one layer of bent units, parameters frozen or tied; a point anywhere."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from ..core.activation import ONE, ZERO, Activation
from ..core.algebra import dot, sign, total
from ..core.errors import Rejected, within_budget
from ..core.face_minimum import Bends, bent_sum, unit_stays
from ..core.facts import Evaluated, LocalMinimum
from ..core.minorant import minorant
from ..core.network import Point, Vector, rational
from ..core.proof import Reading
from ..core.text import canonical, listed, optional
from .network import Programmed
from .terms import Term, Unit, activity, terms_of


@dataclass(slots=True)
class Group:
    """Bent units that share free parameters `slots`; `weight` is the parameter of a unit that has its own, if any."""

    units: list[Unit]
    slots: list[int]
    weight: int | None
    pull: dict[Unit, Vector] = field(default_factory=dict)


def restricted_face_minimum(step: Reading) -> LocalMinimum:
    """
    f = Σ q_t θ_t column_t (terms), pre-activations affine in the free parameters; each free parameter is of one kind:
      before inputs or 1:  Σ_t q_t Σ_i r_i column_t,i = 0
      before one unit u:   φ_u(w_u) = 0 and, near w_u, sign(q v) φ_u ≥ 0 where v ≠ 0, φ_u = 0 where v = 0
      inside a group g of units with frozen weights q_u:  Σ_u q_u φ_u(w) ≥ Σ_u q_u φ_u(w_g) near w_g
    -------------------------------------------------------------------------------------- [restricted_face_minimum]
      θ* is a local minimum

    Sound: φ_u(w) = Σ_i r_i h(z_u,i(w)). Near θ* the signs of the v ≠ 0 persist, and the minorant R(θ) − R(θ*) ≥ Ψ(θ) is
    the sum of the three kinds, each ≥ 0: Σ (θ_t − θ*_t) · 0, q v φ_u(w) − 0, and the groups' differences.
    """
    problem, at = step.proof.problem, step.premise("point", Evaluated)
    given = step.need("multipliers", listed(optional(listed(canonical))))
    if not isinstance(problem, Programmed):
        raise Rejected(step.where, "needs a general program")
    pull = minorant(step, at)
    found = groups(problem, pull, step.where)
    if len(given) != len(found):
        raise Rejected(step.at("multipliers"), f"expected {len(found)} entries, got {len(given)}")
    for k, (mu, group) in enumerate(zip(given, found, strict=True)):
        try:
            unit_stays(*tilt(problem, at.point, group, step.where), mu)
        except Rejected as error:
            name = " and ".join(problem.unit_name(*unit) for unit in group.units[:2])
            raise Rejected(f"{step.at('multipliers')}[{k}]", f"{name} {error.reason}") from None
    return LocalMinimum(at, None, pull)


def groups(problem: Programmed, pull: Sequence[Vector], where: str) -> list[Group]:
    """The groups of units, in the order of their first ones; the parameters before inputs or 1 are stationary."""
    terms = terms_of(problem, where)
    if any(t.slot == -1 for t in terms):
        raise Rejected(where, "two free parameters are multiplied behind a bent unit, or without one")
    plain, weights = dict[int, list[Term]](), dict[Unit, list[Term]]()
    for t in terms:
        if isinstance(t.column, tuple):
            weights.setdefault(t.column, []).append(t)
        elif t.slot is not None:
            plain.setdefault(t.slot, []).append(t)
    for slot, each in plain.items():
        if total(within_budget(t.factor * moment(problem, pull[t.output], t)) for t in each):
            raise Rejected(where, f"free parameter {slot + 1}, which enters the prediction linearly, has a pull")
    units = dict[Unit, set[int]]()
    for unit in weights:
        rates = (activity(problem, unit, i, where).rates for i in range(len(problem.inputs)))
        units[unit] = {slot for each in rates for slot in each}
    owners = [t.slot for each in weights.values() for t in each if t.slot is not None]
    inside = {slot for slots in units.values() for slot in slots}
    if len(set(owners)) < len(owners) or inside & {*owners, *plain} or set(owners) & set(plain):
        raise Rejected(where, "a free parameter is of two kinds, or the weight of two units")
    return grouped(weights, units, pull, where)


def grouped(
    weights: dict[Unit, list[Term]], units: dict[Unit, set[int]], pull: Sequence[Vector], where: str
) -> list[Group]:
    """Units joined where they share a parameter; one with a free weight has only that, and shares nothing."""
    found = list[Group]()
    for unit in sorted(weights):
        terms, slots = weights[unit], units[unit]
        owned = [t.slot for t in terms if t.slot is not None]
        if owned and len(terms) > 1:
            raise Rejected(where, "a unit with a free weight has another weight")
        factors = [total(t.factor * pull[t.output][i] for t in terms) for i in range(len(pull[0]))]
        group = Group([unit], sorted(slots), owned[0] if owned else None, {unit: tuple(factors)})
        for other in [g for g in found if slots & set(g.slots)]:
            found.remove(other)
            group = Group(
                sorted([*other.units, *group.units]),
                sorted({*other.slots, *group.slots}),
                group.weight if other.weight is None else other.weight,
                other.pull | group.pull,
            )
        if group.weight is not None and len(group.units) > 1:
            raise Rejected(where, "a unit with a free weight shares parameters with another")
        found.append(group)
    return sorted(found, key=lambda group: group.units[0])


def moment(problem: Programmed, r: Vector, term: Term) -> Fraction:
    """Σ_i r_i column_i of an input coordinate or of 1."""
    column = term.column
    return dot(r, [x[column] for x in problem.inputs]) if isinstance(column, int) else total(r)


def tilt(problem: Programmed, point: Point, group: Group, where: str) -> tuple[Fraction, list[Fraction], Bends, int]:
    """What `unit_stays` asks of a group: value, g and the bends of Σ_u φ_u, and the sign of its weight.

    As `bent_sum`, in the coordinates `group.slots`, the factors q included. Of frozen weights the value at the point
    does not matter: 0, and the sign 1.
    """
    values = [rational(x) for x in problem.free(point)]
    value, g, bends = bent_sum(bent_terms(problem, values, group, where), len(group.slots))
    if group.weight is None:
        return ZERO, g, bends, int(ONE)
    return value, g, bends, sign(values[group.weight])


def bent_terms(
    problem: Programmed, values: Sequence[Fraction], group: Group, where: str
) -> Iterator[tuple[Activation, Fraction, Fraction, Vector]]:
    """The terms of Σ_u φ_u, unit by unit, sample by sample."""
    for unit in group.units:
        for i, residual in enumerate(group.pull[unit]):
            found = activity(problem, unit, i, where)
            row = tuple(found.rates.get(slot, ZERO) for slot in group.slots)
            z = within_budget(found.start + dot(row, [values[slot] for slot in group.slots]))
            yield problem.bents[unit[0]].h, residual, z, row
