"""Pre-activations held at breakpoints: which depend on which, and that the risk rises from them to first order."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..core.activation import ONE, Activation
from ..core.algebra import dot, integral, primitive, rays, total
from ..core.errors import Malformed, Rejected, spend, within_budget
from ..core.network import Affine, Pattern, Place, Problem, Vector
from ..core.proof import Reading
from ..core.text import Fields, Read, canonical, listed, natural
from ..programs.network import Programmed
from ..programs.parameters import fixed, hidden
from ..programs.terms import activity
from .interval import PRODUCT, Interval, summed

Dependent = tuple[Place, list[Fraction]]


@dataclass(frozen=True, slots=True)
class Kinks:
    """C: the kinks `basis`, B, and those that depend on them, z_c = Σ α_cb z_b; `pieces` has the lower ones at C."""

    problem: Problem
    pieces: Pattern
    basis: list[Place]
    dependents: list[Dependent]
    where: str

    @property
    def every(self) -> list[Place]:
        """C: the kinks B, then those that depend on them."""
        return [*self.basis, *(c for c, _ in self.dependents)]

    @property
    def weights(self) -> list[list[Fraction]]:
        """α_c for every c of C, the unit vectors first."""
        count = len(self.basis)
        return [[Fraction(a == b) for b in range(count)] for a in range(count)] + [w for _, w in self.dependents]

    def bend(self, c: Place) -> Fraction:
        """σ⁺ − σ⁻, by how much the slope grows at the breakpoint."""
        (m, j, i) = c
        slopes, piece = self.problem.bents[m].h.slopes, self.pieces[m][j][i]
        return slopes[piece + 1] - slopes[piece]

    @property
    def groups(self) -> list[list[Place]]:
        """B in parts, so that each kink of C depends on kinks of one part only."""
        found = list[list[Place]]()
        for b in self.basis:
            tied = [row for _, row in self.dependents if row[self.basis.index(b)]]
            near = {a for row in tied for a, x in zip(self.basis, row, strict=True) if x}
            joined = [part for part in found if near & set(part)]
            found = [part for part in found if part not in joined]
            found.append([*(a for part in joined for a in part), b])
        return found


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
    found = Kinks(problem, step.need("pieces", read_pieces(problem)), basis, dependents, step.where)
    require_kinks(found, step.at("kinks"))
    for k, each in enumerate(dependents):
        require_dependent(found, each, f"{step.at('dependents')}[{k}]")
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


def entering(problem: Problem, m: int, i: int) -> Vector:
    """x̂_i: the input, followed by 1 where any layer up to hidden layer m, in a program any affine node, has a bias."""
    if isinstance(problem, Programmed):
        biased = any(node.biased for node in problem.program if isinstance(node, Affine))
    else:
        biased = any(map(problem.has_bias, range(m + 1)))
    return (*problem.inputs[i], *[ONE] * biased)


def require_dependent(given: Kinks, each: Dependent, where: str) -> None:
    """z_c = Σ α_cb z_b for all parameters near, all breakpoints being 0: the b are of the same unit, and

    either it is one b of equal input, with α = 1, or x̂_c = Σ α_cb x̂_b, and in the layers below all these samples
    are inside the same pieces. Or, in a program, all are affine functions of the free parameters.
    """
    problem, ((m, j, i), weights) = given.problem, each
    if not homogeneous(problem):
        raise Rejected(where, "needs activations with one breakpoint, at 0, and h(0) = 0")
    used = [(b, weight) for b, weight in zip(given.basis, weights, strict=True) if weight]
    if isinstance(problem, Programmed) and used and affine_sum(problem, each[0], used):
        return
    if not used or any(b[:2] != (m, j) for b, _ in used):
        raise Rejected(where, "depends on kinks of another unit, or on none")
    (first, weight), *more = used
    if not more and weight == 1 and problem.inputs[first[2]] == problem.inputs[i]:
        return
    samples, held = [i, *(b[2] for b, _ in used)], set(given.every)
    rows = [entering(problem, m, k) for k in samples]
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


def require_rise(given: Kinks, multipliers: Sequence[Interval], pulls: Sequence[Interval]) -> None:
    """Condition 4: Σ λ_b t_b + (σ⁺ − σ⁻) Σ_c p_c max(0, α_c·t) > 0 on both directions of the lines of each group.

    `multipliers` are the λ, `pulls` the p_c = ∂L/∂h(z_c). With one kink: λ < 0 < λ + p (σ⁺ − σ⁻), the risk rises to
    both sides of it.
    """
    rows = given.weights
    for group in given.groups:
        own = [given.basis.index(b) for b in group]
        planes = [(c, [row[k] for k in own]) for c, row in enumerate(rows) if any(row[k] for k in own)]
        lines = rays([primitive(integral(plane)) for _, plane in planes])
        spend(2 * PRODUCT * len(lines) * len(planes))
        for t in [[Fraction(sign * x) for x in line] for line in lines for sign in (-1, 1)]:
            rise = summed(multipliers[k].times(x) for k, x in zip(own, t, strict=True))
            for c, plane in planes:
                if (height := dot(plane, t)) > 0:
                    rise += pulls[c].times(given.bend(given.every[c]) * height)
            if rise.lo <= 0:
                raise Rejected(given.where, f"the risk need not rise {directed_words(given, own, t)}")


def directed_words(given: Kinks, own: Sequence[int], t: Sequence[Fraction]) -> str:
    """Which way from the kinks of a unit."""
    moved = [(given.basis[k], x) for k, x in zip(own, t, strict=True) if x]
    (m, j, i), first = moved[0]
    if len(moved) > 1:
        return f"where several kinks of {given.problem.unit_name(m, j)} open together"
    return f"{'above' if first > 0 else 'below'} the breakpoint of {given.problem.unit_name(m, j)} on sample {i + 1}"
