"""The rule `minimum_in_box`: a local minimum exists near a trained point, enclosed by interval arithmetic."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from fractions import Fraction

from ..core.activation import ZERO
from ..core.errors import Declined, Malformed, Rejected, spend
from ..core.facts import Verdict
from ..core.network import Place, Point, Problem, rational
from ..core.proof import Proof, Reading, Value
from ..core.text import canonical, listed, natural
from ..curvature.hessian import MAX_HESSIAN, places
from ..programs.moves import Moves
from ..programs.parameters import fixed, values_of
from .box import Box, Lagrangian, velocities
from .collapsed import Unit, kept, require_collapsed, widened, without
from .enclosure import Bounds, Enclosure, scaled
from .facts import RealMinimum
from .fields import symmetries
from .interval import NONE, PRODUCT, Interval, deviations, inner, interval, require_positive
from .kinks import Kinks, read_kinks
from .rise import require_rise, sides_of_followers
from .row_fields import RowField, row_fields

Rows = list[list[Fraction]]


@dataclass(frozen=True, slots=True)
class BoxMinimum(RealMinimum):
    """Some real point within `radius` of `centre` in every parameter is a local minimum; its risk is enclosed.

    Its pre-activations in `kinks` (hidden layer, unit, sample) are exactly at breakpoints, all others are inside
    their pieces, but those of the hidden units `collapsed`, of which all parameters are 0. The parameters numbered
    `held` are exactly those of the centre.
    """

    centre: Point
    radius: Fraction
    risk: Enclosure
    kinks: tuple[Place, ...]
    held: tuple[int, ...]
    collapsed: tuple[Unit, ...] = ()

    @property
    def enclosed(self) -> Enclosure:
        return self.risk

    def with_better(self, claim: str, better: Value) -> Verdict:
        if claim != "minimum_in_box":
            return None
        spurious = None if better is None else True
        return "proved", {
            "radius": str(self.radius),
            "risk": self.risk,
            "spurious": spurious,
            "better_risk": better,
        }


@dataclass(frozen=True, slots=True)
class Candidate:
    """The certificate's numbers: see `minimum_in_box`."""

    kinks: Kinks
    centre: Point
    radius: Fraction
    multipliers: list[Fraction]
    held: list[int]

    @property
    def problem(self) -> Problem:
        """The network, its data and its loss."""
        return self.kinks.problem

    @property
    def where(self) -> str:
        """The step."""
        return self.kinks.where

    @property
    def free(self) -> list[int]:
        """The parameters that are not held, ξ."""
        held = set(self.held)
        return [c for c in range(self.problem.size()) if c not in held]

    def box(self, radius: Fraction, whole: bool = False) -> tuple[Box, list[Interval]]:
        """The parameters and the multipliers, each within `radius`, the held ones exactly unless it is `whole`."""
        held = set() if whole else set(self.held)
        numbers = map(rational, values_of(self.problem, self.centre))
        around = [interval(x, ZERO if c in held else radius) for c, x in enumerate(numbers)]
        box = Box(self.problem, around, self.kinks.pieces, self.where)
        return box, [interval(x, radius) for x in self.multipliers]


def minimum_in_box(step: Reading) -> BoxMinimum:
    """
    C pre-activations z_c at breakpoints t_c, none a dead row's, and no two of one sample in different layers unless h
    is homogeneous (at most one breakpoint, at 0, and h(0) = 0); B ⊆ C, and z_c − t_c = Σ α_cb (z_b − t_b) for all
    parameters near; or h is homogeneous, z_c = 0 where z_B = 0, and c, which follows B, has a given λ_c; R_s the risk
    with the lower pieces at C and the given ones elsewhere; L = R_s − Σ λ_b (z_b − t_b) over B and what follows it;
    held parameters, ξ the others; all this without the units named collapsed, if any, of
    which `collapsed` shows that they stay 0
    where all parameters are within ρ of the centre: every other pre-activation is in its closed piece, with collapsed
    units strictly inside
    on the box |ξ − centre| ≤ ρ, |λ − given| ≤ ρ:
      ℓ is twice continuously differentiable
      F = (∂L/∂ξ, z_B − t_B):   |Y F(centre)|_a + Σ_c |Y F' − 1|_ac ρ < ρ for each row a
      ∂²L/∂ξ² + τ NᵀN is positive definite, N = ∂z_B/∂ξ
      for each group of B whose kinks others depend on together, and each t ≠ 0 on a line where planes α_c·t = 0 of
      the group's c meet, in both directions:
        Σ λ_b t_b + (σ⁺ − σ⁻) Σ_c p_c max(0, α_c·t) > 0, p_c = ∂L/∂h(z_c), σ the slopes of h below and above t_c;
      for each c that follows the same with a t of its own, or, with weights, one in the group of their b, and only
      the t with ±(t_c − Σ α_cb t_b) ≥ 0, whose planes cut the lines, too: the sign is that of `side_of`
      as many fields as held parameters, each leaving R as it is in every cell around C, or, where h is homogeneous,
        on {z_C = 0}, with velocities T there: |1 − Y_T T|_∞ < 1
    ------------------------------------------------------------------------------------------- [minimum_in_box]
      R has a local minimum in the box

    Weight decay is part of R; of the fields it leaves rotations of units that are alike.

    Sound: near the centre R is R_s with the pieces at C that the sides of the z_c say. By Krawczyk some ξ, λ in the box
    has F = 0, and N has full rank. There the derivative of R along δ is
    Σ λ_b t_b + (σ⁺ − σ⁻) Σ p_c max(0, α_c·t) with t the derivatives along δ of z_B and of what follows, of nested kinks
    the true ones. It is linear on cones that those lines generate, as there are coordinate planes, so positive for
    t ≠ 0, whichever t there are (z_c − Σ α_cb z_b being 0 on M and of one sign near, so is t_c − Σ α_cb t_b), and
    R ≥ R∘π + ε |z_B − t_B| near, with π a C¹ retraction onto M = {z_B = t_B}. On M all of C is at its breakpoints and
    R = R_s = L, which is least in the slice of the held parameters, strictly. Along the fields every point of M near
    comes into that slice.
    """
    none: list[Unit] = []
    units = step.take("collapsed", listed(collapsed_unit), none)
    given = read_candidate(about(step, without(step.proof.problem, units, step.at("collapsed"))))
    inverse, across, chosen, tau = read_witness(step, given)
    box, multipliers = given.box(given.radius)
    inside_pieces(given, strictly=bool(units))
    bounds = is_least(given, box, multipliers, inverse, tau)
    is_slice(given, box, chosen, across)
    risk = scaled(Fraction(1), bounds)
    if units:
        require_collapsed(units, given.kinks, box, multipliers)
    here = BoxMinimum(given.centre, given.radius, risk, tuple(given.kinks.every), tuple(given.held))
    return in_whole(step.proof.problem, units, here)


def about(step: Reading, problem: Problem) -> Reading:
    """The same step, read for another network."""
    if problem is step.proof.problem:
        return step
    other = copy(step)
    other.proof = Proof(problem)
    return other


def collapsed_unit(value: object, where: str) -> Unit:
    """Hidden layer, unit, from 0."""
    m, j = listed(natural, 2, "numbers: hidden layer, unit")(value, where)
    return m, j


def in_whole(problem: Problem, units: Sequence[Unit], found: BoxMinimum) -> BoxMinimum:
    """What is found of the network without the units, about the whole one."""
    if not units:
        return found
    own, every = kept(problem, units), list(places(problem))
    small = [p for p in every if p[1] in own[p[0] + 1] and (p[2] in own[p[0]] or p[2] == problem.widths[p[0]])]
    return replace(
        found,
        centre=widened(problem, units, found.centre),
        kinks=tuple((m, own[m + 1][j], i) for m, j, i in found.kinks),
        held=tuple(every.index(small[c]) for c in found.held),
        collapsed=tuple(units),
    )


def read_candidate(step: Reading, multiplied: bool = True) -> Candidate:
    """The fields of the step that say where the minimum is, with a multiplier for each kink of B if `multiplied`."""
    size = step.proof.problem.size()
    centre, radius = step.point("centre"), step.need("radius", canonical)
    kinks, held = read_kinks(step), step.need("held", listed(natural))
    weights = listed(canonical, len(kinks.basis), "numbers, one per kink")
    multipliers = step.need("multipliers", weights) if multiplied else []
    if size > MAX_HESSIAN:
        raise Declined(f"a box of more than {MAX_HESSIAN} parameters")
    if radius <= 0:
        raise Rejected(step.at("radius"), "must be positive")
    if len(set(held)) < len(held) or any(c >= size for c in held):
        raise Rejected(step.at("held"), "must be different numbers of parameters")
    return Candidate(kinks, centre, radius, multipliers, held)


def read_witness(step: Reading, given: Candidate) -> tuple[Rows, Rows, list[int], Fraction]:
    """What shows the conditions on the box: Y, Y_T, the numbers of the fields, τ."""
    inverse, across = step.need("inverse", listed(listed(canonical))), step.need("across", listed(listed(canonical)))
    chosen, tau = step.need("flows", listed(natural)), step.need("tau", canonical)
    size = len(given.free) + len(given.kinks.basis)
    require_shape(inverse, size, step.at("inverse"))
    require_shape(across, len(given.held), step.at("across"))
    if tau < 0:
        raise Rejected(step.at("tau"), "must not be negative")
    return inverse, across, chosen, tau


def inside_pieces(given: Candidate, strictly: bool = False) -> None:
    """Condition 1: every pre-activation that is not held is in its closed piece, all parameters being within ρ.

    Strictly inside where more is added to it: collapsed units. Held ones are on any side of their breakpoints. What is
    the same number at every point must have the piece that `pieces_at` gives it.
    """
    problem, held = given.problem, set(given.kinks.every)
    box, _ = given.box(given.radius, True)
    spend(PRODUCT * box.layout.edges * len(problem.inputs))
    for (m, j, i), z in box.pre_activations(held):
        h, piece = problem.bents[m].h, given.kinks.pieces[m][j][i]
        if (value := fixed(problem, (m, j, i))) is not None:
            if piece != h.pieces(value)[0]:
                raise Rejected(given.where, f"{problem.unit_name(m, j)} is on another piece on sample {i + 1}")
        elif (m, j, i) not in held:
            low = h.breakpoints[piece - 1] if piece else None
            high = h.breakpoints[piece] if piece < len(h.breakpoints) else None
            leaves = (low is not None and z.lower < low) or (high is not None and z.upper > high)
            if leaves or (strictly and (z.lower == low or z.upper == high)):
                raise Rejected(given.where, f"{problem.unit_name(m, j)} may leave its piece on sample {i + 1}")


def is_least(given: Candidate, box: Box, multipliers: Sequence[Interval], inverse: Rows, tau: Fraction) -> Bounds:
    """Conditions 2 to 4, and between which numbers the risk is on the box."""
    count, weights = len(given.kinks.basis), given.kinks.multipliers(multipliers)
    found = box.lagrangian(given.kinks.every, weights, given.free)
    pulls = found.pulls
    found = replace(found, kinks=found.kinks[:count], normals=found.normals[:count])
    is_zero(given, found, inverse)
    is_lowest(given, found, tau)
    signs = {places[0]: x.sign for places, x in zip(box.layout.places, box.parameters, strict=True)}
    sides = sides_of_followers(given.kinks, signs.__getitem__, f"{given.where}.following")
    require_rise(given.kinks, weights, pulls, sides)
    return found.risk.bounds


def is_zero(given: Candidate, found: Lagrangian, inverse: Rows) -> None:
    """Condition 2: Krawczyk's test, |Y F(centre)|_a + Σ_c |Y F' − 1|_ac ρ < ρ."""
    box, multipliers = given.box(ZERO)
    here = box.lagrangian(given.kinks.every, given.kinks.multipliers(multipliers))
    value = [*(here.gradient[c] for c in given.free), *here.kinks[: len(multipliers)]]
    normals = [[row[c] for c in given.free] for row in found.normals]
    upper = [
        [*(row[c] for c in given.free), *(-normal[a] for normal in normals)] for a, row in enumerate(found.hessian)
    ]
    derivative = upper + [[*normal, *[NONE] * len(normals)] for normal in normals]
    left = [[interval(x) for x in row] for row in inverse]
    for a, (row, spread) in enumerate(zip(left, deviations(left, derivative), strict=True)):
        if not inner(row, value).size + spread * given.radius < given.radius:
            raise Rejected(given.where, f"no zero of the gradient is shown to be in the box (row {a + 1})")


def is_lowest(given: Candidate, found: Lagrangian, tau: Fraction) -> None:
    """Condition 3: the Hessian of L is positive definite on the box, up to τ NᵀN."""
    rows = [[row[c] for c in given.free] for row in found.hessian]
    spend(PRODUCT * len(rows) ** 2 * (1 + len(found.normals)))
    for normal in found.normals if tau else ():
        n = [normal[c] for c in given.free]
        rows = [[x + (a * b).times(tau) for x, b in zip(row, n, strict=True)] for row, a in zip(rows, n, strict=True)]
    require_positive(rows, given.where, "the Hessian of the Lagrangian")


def is_slice(given: Candidate, box: Box, chosen: Sequence[int], across: Rows) -> None:
    """Condition 5: flows move the held parameters freely."""
    every: list[Moves | RowField] = [*symmetries(given.problem, given.kinks.pieces, given.kinks.every)]
    if any(k >= len(every) for k in chosen):
        every += row_fields(given.problem, given.kinks.pieces, given.kinks.every)
    if len(chosen) != len(given.held) or any(k >= len(every) for k in chosen):
        raise Rejected(given.where, f"expected {len(given.held)} numbers of flows, one per held parameter")
    where = [each[0] for each in box.layout.places]
    rates = [
        each.velocities(box) if isinstance(each, RowField) else velocities(each, box)
        for each in (every[k] for k in chosen)
    ]
    moved = [[rate.get(where[c], NONE) for c in given.held] for rate in rates]
    left = [[interval(x) for x in row] for row in across]
    if any(spread >= 1 for spread in deviations(left, moved)):
        raise Rejected(given.where, "the flows do not move the held parameters freely")


def require_shape(rows: Rows, size: int, where: str) -> None:
    """A square matrix of this size."""
    if len(rows) != size or any(len(row) != size for row in rows):
        raise Malformed((where, f"expected {size} rows of {size} numbers"))
