"""Is a point of a program with one layer of bent units a local minimum? As for chains, group by group."""

from collections.abc import Sequence
from fractions import Fraction

from symverify.kernel.core.activation import ZERO
from symverify.kernel.core.algebra import sign
from symverify.kernel.core.errors import Declined, Rejected
from symverify.kernel.core.network import Point, predictions, residuals, risk, risk_along
from symverify.kernel.core.poly import Poly
from symverify.kernel.programs.network import Programmed
from symverify.kernel.programs.restricted_face_minimum import Group, groups, tilt
from symverify.search.answers import Descends, Unknown
from symverify.search.decide import Bends, Down, Stays, rises, sloped, still

Moves = dict[int, list[Fraction]]  # per free parameter the coefficients of t, t², …


def decide_face(problem: Programmed, point: Point) -> Stays | Descends | Unknown:
    """Decide a point where the rule `restricted_face_minimum` applies; Unknown with the reason elsewhere."""
    pull = residuals(problem, predictions(problem, point))
    try:
        found = groups(problem, pull, "")
    except Rejected as error:
        return Unknown(error.reason)
    multipliers: list[list[Fraction] | None] = []
    for group in found:
        value, g, bends, v = tilt(problem, point, group, "")
        if value and group.weight is not None:
            moves: Moves = {group.weight: [Fraction(-sign(value))]}
            return falling(problem, point, moves, "an output weight has a non-zero derivative")
        try:
            outcome = still(g, bends) if v == 0 else rises([v * x for x in g], {u: v * a for u, a in bends.items()})
        except Declined as error:
            return Unknown(str(error))
        if isinstance(outcome, Down):
            moves = push(group, v, outcome.delta, g, bends)
            name = problem.unit_name(*group.units[0])
            return falling(problem, point, moves, f"the parameters of {name} have a descent direction")
        multipliers.append(outcome.multipliers)
    return Stays(tuple(multipliers))


def push(group: Group, v: int, delta: Sequence[Fraction | int], g: Sequence[Fraction], bends: Bends) -> Moves:
    """The group's parameters along tδ and, where its weight is 0, the weight at ∓t²."""
    moves: Moves = {slot: [Fraction(x)] for slot, x in zip(group.slots, delta, strict=True)}
    if v == 0 and group.weight is not None:
        moves[group.weight] = [ZERO, Fraction(-sign(sloped(g, bends, delta)))]
    return moves


def falling(problem: Programmed, point: Point, moves: Moves, why: str) -> Descends | Unknown:
    """The curve, if the risk strictly falls along it."""
    values = [Poly(()) + x + Poly.of([ZERO, *moves.get(s, [])]) for s, x in enumerate(problem.free(point))]
    curve = problem.expand(values)
    if (risk_along(problem, curve) - risk(problem, predictions(problem, point))).sign_after_zero() < 0:
        return Descends(curve, why)
    return Unknown("a curve that should fall does not")
