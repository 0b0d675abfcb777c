"""Pre-activations held at breakpoints: which depend on which, and that the risk rises from them to first order."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..core.algebra import dot, integral, primitive, rays, total
from ..core.errors import Malformed, Rejected, spend
from ..core.network import Pattern, Place, Problem
from ..core.proof import Reading
from ..core.text import Fields, Read, canonical, listed, natural
from ..curvature.forms import nullspace
from .interval import NONE, PRODUCT, Interval, interval, summed
from .on_face import carried

Dependent = tuple[Place, list[Fraction]]
Following = tuple[Place, Fraction]


@dataclass(frozen=True, slots=True)
class Kinks:
    """C: the kinks `basis`, B, those that depend on them, z_c = Σ α_cb z_b, and those that follow them, with a λ.

    Where all z_B = 0 what follows is 0, too. `pieces` has the lower ones at C.
    """

    problem: Problem
    pieces: Pattern
    basis: list[Place]
    dependents: list[Dependent]
    where: str
    following: tuple[Following, ...] = ()

    @property
    def every(self) -> list[Place]:
        """C: the kinks B, then those that depend on them, then those that follow."""
        return [*self.basis, *(c for c, _ in self.dependents), *(c for c, _ in self.following)]

    def multipliers(self, basis: Sequence[Interval]) -> list[Interval]:
        """The multipliers of C, from those of B."""
        return [*basis, *[NONE] * len(self.dependents), *(interval(x) for _, x in self.following)]

    def bend(self, c: Place) -> Fraction:
        """σ⁺ − σ⁻, by how much the slope grows at the breakpoint."""
        (m, j, i) = c
        slopes, piece = self.problem.activations[m].slopes, self.pieces[m][j][i]
        return slopes[piece + 1] - slopes[piece]


def homogeneous(problem: Problem) -> bool:
    """Whether every activation has at most one breakpoint, at 0, and h(0) = 0."""
    return all(len(h.breakpoints) <= 1 and not any((*h.breakpoints, *h.offsets)) for h in problem.activations)


def read_kinks(step: Reading) -> Kinks:
    """The fields "kinks", "dependents" and "pieces", with condition 0 of `minimum_in_box`."""
    problem, basis = step.proof.problem, step.need("kinks", listed(kink))
    dependents = step.need("dependents", listed(dependent(len(basis))))
    none: list[Following] = []
    following = tuple(step.take("following", listed(follower), none))
    found = Kinks(problem, step.need("pieces", read_pieces(problem)), basis, dependents, step.where, following)
    require_kinks(found, step.at("kinks"))
    if dependents:
        require_dependents(found, step.at("dependents"))
    if following:
        require_following(found, step.at("following"))
    return found


def kink(value: object, where: str) -> Place:
    """Hidden layer, unit, sample, from 0."""
    m, j, i = listed(natural, 3, "numbers: hidden layer, unit, sample")(value, where)
    return m, j, i


def dependent(count: int) -> Read[Dependent]:
    """{"kink": …, "weights": one per kink of B}."""

    def read(value: object, where: str) -> Dependent:
        fields = Fields(value, where)
        found = fields.need("kink", kink), fields.need("weights", listed(canonical, count, "numbers, one per kink"))
        fields.done()
        return found

    return read


def follower(value: object, where: str) -> Following:
    """{"kink": …, "multiplier": …}."""
    fields = Fields(value, where)
    found = fields.need("kink", kink), fields.need("multiplier", canonical)
    fields.done()
    return found


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


def require_kinks(given: Kinks, where: str) -> None:
    """The kinks exist, at the upper ends of their pieces; none twice, none a dead row's.

    They may be of one sample in several layers only where h is homogeneous.
    """
    problem, layers, nested = given.problem, dict[int, int](), homogeneous(given.problem)
    if len(set(given.every)) < len(given.every):
        raise Rejected(where, "names a kink twice")
    for m, j, i in given.every:
        if m >= len(problem.activations) or j >= problem.widths[m + 1] or i >= len(problem.inputs):
            raise Rejected(where, "names a pre-activation that does not exist")
        if given.pieces[m][j][i] >= len(problem.activations[m].breakpoints):
            raise Rejected(where, f"{problem.unit_name(m, j)}: no breakpoint ends its piece on sample {i + 1}")
        if m == 0 and problem.dead_row(i):
            raise Rejected(where, f"holds a pre-activation that is 0 at every point, on sample {i + 1}")
        if layers.setdefault(i, m) != m and not nested:
            raise Rejected(where, f"holds kinks of sample {i + 1} in two layers")


def require_dependents(given: Kinks, where: str) -> None:
    """z_c = Σ α_cb z_b for all parameters near, over b of the same unit, all breakpoints being 0.

    Whatever enters the unit near combines so: as b is one kink of equal input, or x̃_c = Σ α_cb x̃_b and the samples
    are strictly inside the same pieces in the layers below, or no unit of those lets anything of them pass.
    """
    if not homogeneous(given.problem):
        raise Rejected(f"{where}[0]", "needs activations with one breakpoint, at 0, and h(0) = 0")
    layers = carried(given.problem, given.pieces, given.every, near=True)
    for k, ((m, j, i), weights) in enumerate(given.dependents):
        used = [(b, weight) for b, weight in zip(given.basis, weights, strict=True) if weight]
        if not used or any(b[:2] != (m, j) for b, _ in used):
            raise Rejected(f"{where}[{k}]", "depends on kinks of another unit, or on none")
        spend(PRODUCT * len(layers[m][j]) * len(used))
        if any(total(x * phi[b[2]] for b, x in used) != phi[i] for phi in layers[m][j]):
            raise Rejected(f"{where}[{k}]", "need not be this combination of the others")


def require_following(given: Kinks, where: str) -> None:
    """Each is 0 where z_B = 0: beyond the first layer, and whatever enters its unit there and is 0 at B is 0 at it."""
    if not homogeneous(given.problem):
        raise Rejected(where, "needs activations with one breakpoint, at 0, and h(0) = 0")
    layers = carried(given.problem, given.pieces, given.every)
    for k, ((m, j, i), _) in enumerate(given.following):
        if m == 0:
            raise Rejected(f"{where}[{k}]", "a kink of the first layer may depend on others, not follow them")
        span = layers[m][j]
        rows = [[phi[b] for phi in span] for layer, unit, b in given.basis if (layer, unit) == (m, j)]
        spend(len(span) ** 2 * (1 + len(rows)) * PRODUCT)
        if any(dot(way, [phi[i] for phi in span]) for way in nullspace(rows, len(span))):
            raise Rejected(f"{where}[{k}]", "need not be 0 where the kinks of its unit are")


def require_rise(given: Kinks, multipliers: Sequence[Interval], pulls: Sequence[Interval]) -> None:
    """Condition 4: Σ λ_b t_b + (σ⁺ − σ⁻) Σ_c p_c max(0, α_c·t) > 0 on both directions of the lines of each unit.

    `multipliers` are the λ of C, `pulls` the p_c = ∂L/∂h(z_c). With one kink: λ < 0 < λ + p (σ⁺ − σ⁻), the risk rises
    to both sides of it. A kink that follows has a t of its own.
    """
    every, count, more = given.every, len(given.basis), len(given.dependents)
    for unit in dict.fromkeys(c[:2] for c in every):
        own = [c for c, b in enumerate(every) if b[:2] == unit and not count <= c < count + more]
        planes = [(c, [Fraction(c == k) for k in own]) for c in own]
        for c, (b, row) in enumerate(given.dependents, count):
            if b[:2] == unit:
                planes.append((c, [row[k] if k < count else Fraction(0) for k in own]))
        lines = rays([primitive(integral(plane)) for _, plane in planes])
        spend(2 * PRODUCT * len(lines) * len(planes))
        for t in [[Fraction(sign * x) for x in line] for line in lines for sign in (-1, 1)]:
            rise = summed(multipliers[k].times(x) for k, x in zip(own, t, strict=True))
            for c, plane in planes:
                if (height := dot(plane, t)) > 0:
                    rise += pulls[c].times(given.bend(every[c]) * height)
            if rise.lo <= 0:
                raise Rejected(given.where, f"the risk need not rise {directed_words(given, own, t)}")


def directed_words(given: Kinks, own: Sequence[int], t: Sequence[Fraction]) -> str:
    """Which way from the kinks of a unit."""
    moved = [(given.every[k], x) for k, x in zip(own, t, strict=True) if x]
    (m, j, i), first = moved[0]
    if len(moved) > 1:
        return f"where several kinks of {given.problem.unit_name(m, j)} open together"
    return f"{'above' if first > 0 else 'below'} the breakpoint of {given.problem.unit_name(m, j)} on sample {i + 1}"
