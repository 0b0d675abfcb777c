"""Pre-activations held at breakpoints, and which of them depend on which."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..core.activation import ONE, Activation
from ..core.algebra import dot, total
from ..core.errors import Malformed, Rejected, spend, within_budget
from ..core.network import Affine, Pattern, Place, Problem, Vector
from ..core.proof import Reading
from ..core.text import Fields, Read, canonical, listed, natural
from ..curvature.forms import nullspace
from ..programs.network import Programmed
from ..programs.parameters import fixed, hidden
from ..programs.terms import activity
from .interval import NONE, PRODUCT, Interval, interval
from .on_face import carried

Dependent = tuple[Place, list[Fraction]]


@dataclass(frozen=True, slots=True)
class Following:
    """A kink that is 0 where others are, its multiplier, and α, one per kink of B, if z_c − Σ α_cb z_b has one sign."""

    kink: Place
    multiplier: Fraction
    weights: tuple[Fraction, ...] = ()


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
        return [*self.basis, *(c for c, _ in self.dependents), *(each.kink for each in self.following)]

    @property
    def sided(self) -> list[tuple[Fraction, ...]]:
        """The weights of those that follow and have such."""
        return [each.weights for each in self.following if each.weights]

    def multipliers(self, basis: Sequence[Interval]) -> list[Interval]:
        """The multipliers of C, from those of B."""
        return [*basis, *[NONE] * len(self.dependents), *(interval(each.multiplier) for each in self.following)]

    def bend(self, c: Place) -> Fraction:
        """σ⁺ − σ⁻, by how much the slope grows at the breakpoint."""
        (m, j, i) = c
        slopes, piece = self.problem.bents[m].h.slopes, self.pieces[m][j][i]
        return slopes[piece + 1] - slopes[piece]


def homogeneous(problem: Problem) -> bool:
    """Whether every activation has at most one breakpoint, at 0, and h(0) = 0."""
    return all(map(at_zero, (node.h for node in problem.bents)))


def at_zero(h: Activation) -> bool:
    """Whether an activation has at most one breakpoint, at 0, and h(0) = 0."""
    return len(h.breakpoints) <= 1 and not any((*h.breakpoints, *h.offsets))


def read_kinks(step: Reading) -> Kinks:
    """The fields "kinks", "dependents" and "pieces", with condition 0 of `minimum_in_box`."""
    problem, basis = step.proof.problem, step.need("kinks", listed(kink))
    dependents = step.need("dependents", listed(dependent(len(basis))))
    none: list[Following] = []
    following = tuple(step.take("following", listed(follower(len(basis))), none))
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


def follower(count: int) -> Read[Following]:
    """{"kink": …, "multiplier": …}, and perhaps "weights": one per kink of B."""

    def read(value: object, where: str) -> Following:
        fields, none = Fields(value, where), list[Fraction]()
        weights = fields.take("weights", listed(canonical, count, "numbers, one per kink"), none)
        found = Following(fields.need("kink", kink), fields.need("multiplier", canonical), tuple(weights))
        fields.done()
        return found

    return read


def read_pieces(problem: Problem) -> Read[Pattern]:
    """A piece for each hidden layer, unit and sample."""

    def read(value: object, where: str) -> Pattern:
        layers = listed(listed(listed(natural)))(value, where)
        shape = [[len(problem.inputs)] * width for width in hidden(problem)]
        if [list(map(len, layer)) for layer in layers] != shape:
            raise Malformed((where, "expected a piece for each hidden layer, unit and sample"))
        for layer, node in zip(layers, problem.bents, strict=True):
            if any(p >= len(node.h.slopes) for unit in layer for p in unit):
                raise Malformed((where, "there is no such piece"))
        return tuple(tuple(map(tuple, layer)) for layer in layers)

    return read


def require_kinks(given: Kinks, where: str) -> None:
    """The kinks exist, at the upper ends of their pieces; none twice, none a dead row's.

    They may be of one sample in several layers only where h is homogeneous.
    """
    problem, layers, nested, widths = given.problem, dict[int, int](), homogeneous(given.problem), hidden(given.problem)
    if len(set(given.every)) < len(given.every):
        raise Rejected(where, "names a kink twice")
    for m, j, i in given.every:
        if m >= len(widths) or j >= widths[m] or i >= len(problem.inputs):
            raise Rejected(where, "names a pre-activation that does not exist")
        if given.pieces[m][j][i] >= len(problem.bents[m].h.breakpoints):
            raise Rejected(where, f"{problem.unit_name(m, j)}: no breakpoint ends its piece on sample {i + 1}")
        if (z := fixed(problem, (m, j, i))) is not None:
            raise Rejected(where, f"holds a pre-activation that is {z} at every point, on sample {i + 1}")
        if layers.setdefault(i, m) != m and not nested:
            raise Rejected(where, f"holds kinks of sample {i + 1} in two layers")


def entering(problem: Programmed, i: int) -> Vector:
    """x̂_i: the input, followed by 1 where any affine node has a bias."""
    return (*problem.inputs[i], *[ONE] * any(node.biased for node in problem.program if isinstance(node, Affine)))


def require_dependents(given: Kinks, where: str) -> None:
    """z_c = Σ α_cb z_b for all parameters near, over b of the same unit, all breakpoints being 0.

    Whatever enters the unit near combines so: as b is one kink of equal input, or x̃_c = Σ α_cb x̃_b and the samples
    are strictly inside the same pieces in the layers below, or no unit of those lets anything of them pass.
    In a program see `require_in_program`.
    """
    if not homogeneous(given.problem):
        raise Rejected(f"{where}[0]", "needs activations with one breakpoint, at 0, and h(0) = 0")
    if isinstance(given.problem, Programmed):
        for k, each in enumerate(given.dependents):
            require_in_program(given, given.problem, each, f"{where}[{k}]")
        return
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
    if not homogeneous(given.problem) or isinstance(given.problem, Programmed):
        raise Rejected(where, "needs a chain of layers with one breakpoint, at 0, and h(0) = 0")
    layers = carried(given.problem, given.pieces, given.every)
    for k, each in enumerate(given.following):
        (m, j, i) = each.kink
        if m == 0:
            raise Rejected(f"{where}[{k}]", "a kink of the first layer may depend on others, not follow them")
        span = layers[m][j]
        rows = [[phi[b] for phi in span] for layer, unit, b in given.basis if (layer, unit) == (m, j)]
        spend(len(span) ** 2 * (1 + len(rows)) * PRODUCT)
        if any(dot(way, [phi[i] for phi in span]) for way in nullspace(rows, len(span))):
            raise Rejected(f"{where}[{k}]", "need not be 0 where the kinks of its unit are")


def require_in_program(given: Kinks, problem: Programmed, each: Dependent, where: str) -> None:
    """z_c = Σ α_cb z_b for all parameters near: all are affine functions of the free parameters, or of one unit and

    either it is one b of equal input, with α = 1, or x̂_c = Σ α_cb x̂_b, and in the layers below all these samples
    are inside the same pieces.
    """
    (m, j, i), weights = each
    used = [(b, weight) for b, weight in zip(given.basis, weights, strict=True) if weight]
    if used and affine_sum(problem, each[0], used):
        return
    if not used or any(b[:2] != (m, j) for b, _ in used):
        raise Rejected(where, "depends on kinks of another unit, or on none")
    (first, weight), *more = used
    if not more and weight == 1 and problem.inputs[first[2]] == problem.inputs[i]:
        return
    samples, held = [i, *(b[2] for b, _ in used)], set(given.every)
    rows = [entering(problem, k) for k in samples]
    if any(total(w * row[c] for row, (_, w) in zip(rows[1:], used, strict=True)) != x for c, x in enumerate(rows[0])):
        raise Rejected(where, "the inputs do not combine to that of the kink")
    for lower, layer in enumerate(given.pieces[:m]):
        for unit, pieces in enumerate(layer):
            if any((lower, unit, k) in held or pieces[k] != pieces[i] for k in samples):
                raise Rejected(where, f"{problem.unit_name(lower, unit)} is not inside one piece on its samples")


def affine_sum(problem: Programmed, c: Place, used: Sequence[tuple[Place, Fraction]]) -> bool:
    """Whether z_c = Σ α z_b, as affine functions of the free parameters."""
    if not all(problem.linear(*b) for b in (c, *(b for b, _ in used))):
        return False
    start, rates = Fraction(0), dict[int, Fraction]()
    for b, weight in ((c, -ONE), *used):
        form = activity(problem, b[:2], b[2], "")
        start = within_budget(start + weight * form.start, weight, form.start)
        for slot, x in form.rates.items():
            rates[slot] = within_budget(rates.get(slot, Fraction(0)) + weight * x, weight, x)
    return not any((start, *rates.values()))
