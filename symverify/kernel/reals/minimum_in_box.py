"""The rule `minimum_in_box`: a local minimum exists near a trained point, enclosed by interval arithmetic."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from ..core.activation import ZERO
from ..core.algebra import dot, integral, primitive, rays, total
from ..core.errors import Declined, Malformed, Rejected, spend
from ..core.facts import Verdict
from ..core.network import Pattern, Place, Point, Problem, coordinates, rational
from ..core.proof import Reading, Value
from ..core.text import Fields, Read, canonical, listed, natural
from ..curvature.flows import moves_of
from ..curvature.hessian import MAX_HESSIAN, places
from ..programs.moves import Moves, Unit
from .box import Box, Lagrangian, velocities
from .enclosure import Enclosure, scaled
from .facts import RealMinimum
from .interval import NONE, PRODUCT, Interval, deviations, inner, interval, require_positive, summed
from .losses import RealLoss

Rows = list[list[Fraction]]


@dataclass(frozen=True, slots=True)
class BoxMinimum(RealMinimum):
    """Some real point within `radius` of `centre` in every parameter is a local minimum; its risk is enclosed.

    Its pre-activations in `kinks` (hidden layer, unit, sample) are exactly at breakpoints, all others are inside
    their pieces. The parameters numbered `held` are exactly those of the centre.
    """

    centre: Point
    radius: Fraction
    risk: Enclosure
    kinks: tuple[Place, ...]
    held: tuple[int, ...]

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

    problem: Problem
    centre: Point
    radius: Fraction
    kinks: list[Place]
    multipliers: list[Fraction]
    dependents: list[tuple[Place, list[Fraction]]]
    pieces: Pattern
    held: list[int]
    where: str

    @property
    def every(self) -> list[Place]:
        """C: the kinks B and those that depend on them."""
        return [*self.kinks, *(c for c, _ in self.dependents)]

    @property
    def free(self) -> list[int]:
        """The parameters that are not held, ξ."""
        held = set(self.held)
        return [c for c in range(self.problem.size()) if c not in held]

    def box(self, radius: Fraction) -> tuple[Box, list[Interval]]:
        """The parameters and the multipliers, each within `radius`, the held ones exactly."""
        held = set(self.held)
        numbers = map(rational, coordinates(self.centre))
        around = [interval(x, ZERO if c in held else radius) for c, x in enumerate(numbers)]
        return Box(self.problem, around, self.pieces, self.where), [interval(x, radius) for x in self.multipliers]


def minimum_in_box(step: Reading) -> BoxMinimum:
    """
    C pre-activations z_c at breakpoints t_c, no two of one sample in different layers, none a dead row's; B ⊆ C, and
    z_c − t_c = Σ α_cb (z_b − t_b) for all parameters, over the b of the same unit; R_s the risk with the lower pieces
    at C and the given ones elsewhere; L = R_s − Σ λ_b (z_b − t_b); held parameters, ξ the others
    on the box |ξ − centre| ≤ ρ, |λ − given| ≤ ρ:
      every other pre-activation is strictly inside its piece, and ℓ is twice continuously differentiable
      F = (∂L/∂ξ, z_B − t_B):   |Y F(centre)|_a + Σ_c |Y F' − 1|_ac ρ < ρ for each row a
      ∂²L/∂ξ² + τ NᵀN is positive definite, N = ∂z_B/∂ξ
      for each unit and each t ≠ 0 on a line where planes α_c·t = 0 of the unit's c meet, in both directions:
        Σ λ_b t_b + (σ⁺ − σ⁻) Σ_c p_c max(0, α_c·t) > 0, p_c = ∂L/∂h(z_c), σ the slopes of h below and above t_c
      as many flows as held parameters, valid in every cell around C, with velocities T there: |1 − Y_T T|_∞ < 1
    ------------------------------------------------------------------------------------------- [minimum_in_box]
      R has a local minimum in the box

    Weight decay is part of R; it breaks the flows, so with it nothing is held.

    Sound: by Krawczyk some ξ, λ in the box has F = 0. With t = z_B − t_B
    R = R_s + (σ⁺ − σ⁻) Σ p_c max(0, α_c·t) + o(|t|) around it; what is added to L there is linear on cones that those
    lines generate, as B has its own coordinate planes, so R ≥ L + ε |t|; and L, whose gradient
    vanishes and whose Hessian is positive on {z_B = t_B} to first order, is larger there. Flows bring every near θ
    into the slice of the held parameters and leave R as it is.
    """
    given = read_candidate(step)
    inverse, across = step.need("inverse", listed(listed(canonical))), step.need("across", listed(listed(canonical)))
    chosen, tau = step.need("flows", listed(natural)), step.need("tau", canonical)
    size = len(given.free) + len(given.kinks)
    require_shape(inverse, size, step.at("inverse"))
    require_shape(across, len(given.held), step.at("across"))
    if tau < 0:
        raise Rejected(step.at("tau"), "must not be negative")
    box, multipliers = given.box(given.radius)
    inside_pieces(given, box)
    padded = [*multipliers, *[NONE] * len(given.dependents)]
    found = box.lagrangian(given.every, padded, given.free)
    pulls, count = found.pulls, len(given.kinks)
    found = replace(found, kinks=found.kinks[:count], normals=found.normals[:count])
    is_zero(given, found, inverse)
    is_lowest(given, found, tau)
    is_strict(given, multipliers, pulls)
    is_slice(given, box, chosen, across)
    risk = scaled(Fraction(1), found.risk.bounds)
    return BoxMinimum(given.centre, given.radius, risk, tuple(given.every), tuple(given.held))


def kink(value: object, where: str) -> Place:
    """Hidden layer, unit, sample, from 0."""
    m, j, i = listed(natural, 3, "numbers: hidden layer, unit, sample")(value, where)
    return m, j, i


def read_candidate(step: Reading) -> Candidate:
    """The fields of the step that say where the minimum is."""
    problem = step.proof.problem
    centre, radius = step.point("centre"), step.need("radius", canonical)
    kinks = step.need("kinks", listed(kink))
    multipliers = step.need("multipliers", listed(canonical, len(kinks), "numbers, one per kink"))
    dependents = step.need("dependents", listed(dependent(len(kinks))))
    pieces = step.need("pieces", read_pieces(problem))
    held = step.need("held", listed(natural))
    size, samples = problem.size(), len(problem.inputs)
    if size > MAX_HESSIAN:
        raise Declined(f"a box of more than {MAX_HESSIAN} parameters")
    if radius <= 0:
        raise Rejected(step.at("radius"), "must be positive")
    if held and problem.decays:
        raise Rejected(step.at("held"), "weight decay leaves no parameter free to be held")
    if len(set(held)) < len(held) or any(c >= size for c in held):
        raise Rejected(step.at("held"), "must be different numbers of parameters")
    found = Candidate(problem, centre, radius, kinks, multipliers, dependents, pieces, held, step.where)
    require_kinks(found, samples, step.at("kinks"))
    for k in range(len(dependents)):
        require_dependent(found, k, f"{step.at('dependents')}[{k}]")
    return found


def dependent(count: int) -> Read[tuple[Place, list[Fraction]]]:
    """{"kink": …, "weights": one per kink of B}."""

    def read(value: object, where: str) -> tuple[Place, list[Fraction]]:
        fields = Fields(value, where)
        found = fields.need("kink", kink), fields.need("weights", listed(canonical, count, "numbers, one per kink"))
        fields.done()
        return found

    return read


def require_dependent(given: Candidate, k: int, where: str) -> None:
    """z_c = Σ α_cb z_b for all parameters, all breakpoints being 0: of one unit, and

    in the first layer x̃_c = Σ α_cb x̃_b; deeper a single b, of the same input, with α = 1.
    """
    problem, ((m, j, i), weights) = given.problem, given.dependents[k]
    if any(len(h.breakpoints) > 1 or any((*h.breakpoints, *h.offsets)) for h in problem.activations):
        raise Rejected(where, "needs activations with one breakpoint, at 0, and h(0) = 0")
    used = [(b, weight) for b, weight in zip(given.kinks, weights, strict=True) if weight]
    if not used or any(b[:2] != (m, j) for b, _ in used):
        raise Rejected(where, "depends on kinks of another unit, or on none")
    if m:
        (b, weight), *more = used
        if more or weight != 1 or problem.inputs[b[2]] != problem.inputs[i]:
            raise Rejected(where, "a kink beyond the first layer depends on one of equal input only")
    elif any(total(weight * problem.row(b[2])[c] for b, weight in used) != x for c, x in enumerate(problem.row(i))):
        raise Rejected(where, "the inputs do not combine to that of the kink")


def read_pieces(problem: Problem) -> Read[Pattern]:
    """A piece for each hidden layer, unit and sample."""

    def read(value: object, where: str) -> Pattern:
        layers = listed(listed(listed(natural)))(value, where)
        shape = [[len(problem.inputs)] * width for width in problem.widths[1:-1]]
        if [list(map(len, layer)) for layer in layers] != shape:
            raise Malformed((where, "expected a piece for each hidden layer, unit and sample"))
        for layer, h in zip(layers, problem.activations, strict=True):
            if any(p >= len(h.slopes) for unit in layer for p in unit):
                raise Malformed((where, "there is no such piece"))
        return tuple(tuple(map(tuple, layer)) for layer in layers)

    return read


def require_kinks(given: Candidate, samples: int, where: str) -> None:
    """Condition 0: the kinks exist, at the upper ends of their pieces; none twice, none a dead row's, none nested."""
    problem, layers = given.problem, dict[int, int]()
    if len(set(given.every)) < len(given.every):
        raise Rejected(where, "names a kink twice")
    for m, j, i in given.every:
        if m >= len(problem.activations) or j >= problem.widths[m + 1] or i >= samples:
            raise Rejected(where, "names a pre-activation that does not exist")
        if given.pieces[m][j][i] >= len(problem.activations[m].breakpoints):
            raise Rejected(where, f"{problem.unit_name(m, j)}: no breakpoint ends its piece on sample {i + 1}")
        if m == 0 and problem.dead_row(i):
            raise Rejected(where, f"holds a pre-activation that is 0 at every point, on sample {i + 1}")
        if layers.setdefault(i, m) != m:
            raise Rejected(where, f"holds kinks of sample {i + 1} in two layers")


def inside_pieces(given: Candidate, box: Box) -> None:
    """Condition 1: every pre-activation that is not held is strictly inside its piece on the box.

    A dead row's first-layer pre-activation is 0 at every point: its piece must be the one that `pieces_at` gives it.
    """
    problem, kinks = given.problem, set(given.every)
    spend(PRODUCT * problem.size() * len(problem.inputs))
    for (m, j, i), z in box.pre_activations():
        h, piece = problem.activations[m], given.pieces[m][j][i]
        if m == 0 and problem.dead_row(i):
            if piece != h.pieces(ZERO)[0]:
                raise Rejected(given.where, f"{problem.unit_name(m, j)} is on another piece on sample {i + 1}")
        elif (m, j, i) not in kinks:
            low = h.breakpoints[piece - 1] if piece else None
            high = h.breakpoints[piece] if piece < len(h.breakpoints) else None
            if (low is not None and z.lower <= low) or (high is not None and z.upper >= high):
                raise Rejected(given.where, f"{problem.unit_name(m, j)} may leave its piece on sample {i + 1}")


def is_zero(given: Candidate, found: Lagrangian, inverse: Rows) -> None:
    """Condition 2: Krawczyk's test, |Y F(centre)|_a + Σ_c |Y F' − 1|_ac ρ < ρ."""
    box, multipliers = given.box(ZERO)
    here = box.lagrangian(given.kinks, multipliers)
    value = [*(here.gradient[c] for c in given.free), *here.kinks]
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


def is_strict(given: Candidate, multipliers: Sequence[Interval], pulls: Sequence[Interval]) -> None:
    """Condition 4: Σ λ_b t_b + (σ⁺ − σ⁻) Σ_c p_c max(0, α_c·t) > 0 on both directions of the lines of each unit.

    With one kink: λ < 0 < λ + p (σ⁺ − σ⁻), the risk rises to both sides of it.
    """
    count = len(given.kinks)
    rows = [[Fraction(a == b) for b in range(count)] for a in range(count)] + [w for _, w in given.dependents]
    for unit in dict.fromkeys(b[:2] for b in given.kinks):
        own = [k for k, b in enumerate(given.kinks) if b[:2] == unit]
        planes = [(c, [rows[c][k] for k in own]) for c, b in enumerate(given.every) if b[:2] == unit]
        lines = rays([primitive(integral(plane)) for _, plane in planes])
        spend(2 * PRODUCT * len(lines) * len(planes))
        for t in [[Fraction(sign * x) for x in line] for line in lines for sign in (-1, 1)]:
            rise = summed(multipliers[k].times(x) for k, x in zip(own, t, strict=True))
            for c, plane in planes:
                (m, j, i), height = given.every[c], dot(plane, t)
                slopes, piece = given.problem.activations[m].slopes, given.pieces[m][j][i]
                if height > 0:
                    rise += pulls[c].times((slopes[piece + 1] - slopes[piece]) * height)
            if rise.lo <= 0:
                raise Rejected(given.where, f"the risk need not rise {directed_words(given, own, t)}")


def directed_words(given: Candidate, own: Sequence[int], t: Sequence[Fraction]) -> str:
    """Which way from the kinks of a unit."""
    moved = [(given.kinks[k], x) for k, x in zip(own, t, strict=True) if x]
    (m, j, i), first = moved[0]
    if len(moved) > 1:
        return f"where several kinks of {given.problem.unit_name(m, j)} open together"
    return f"{'above' if first > 0 else 'below'} the breakpoint of {given.problem.unit_name(m, j)} on sample {i + 1}"


def symmetries(problem: Problem, pieces: Pattern, kinks: Sequence[Place]) -> Iterator[Moves]:
    """Condition 5: the flows that leave R as it is in every cell around the kinks, in this order."""
    kinked = dict[Unit, set[Fraction]]()
    for m, j, i in kinks:
        kinked.setdefault((m, j), set()).add(problem.activations[m].breakpoints[pieces[m][j][i]])
    yield from moves_of(problem, pieces, kinked, set(kinks))
    if isinstance(problem.loss, RealLoss) and problem.loss.gauge:
        last = len(problem.widths) - 2
        for c in range(problem.widths[last] + problem.has_bias(last)):
            yield {(last, k, c): (Fraction(1), None) for k in range(problem.widths[-1])}


def is_slice(given: Candidate, box: Box, chosen: Sequence[int], across: Rows) -> None:
    """Condition 5: flows move the held parameters freely."""
    every = list(symmetries(given.problem, given.pieces, given.every))
    if len(chosen) != len(given.held) or any(k >= len(every) for k in chosen):
        raise Rejected(given.where, f"expected {len(given.held)} numbers of flows, one per held parameter")
    where = list(places(given.problem))
    rates = [velocities(every[k], box) for k in chosen]
    moved = [[rate.get(where[c], NONE) for c in given.held] for rate in rates]
    left = [[interval(x) for x in row] for row in across]
    if any(spread >= 1 for spread in deviations(left, moved)):
        raise Rejected(given.where, "the flows do not move the held parameters freely")


def require_shape(rows: Rows, size: int, where: str) -> None:
    """A square matrix of this size."""
    if len(rows) != size or any(len(row) != size for row in rows):
        raise Malformed((where, f"expected {size} rows of {size} numbers"))
