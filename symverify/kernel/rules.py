"""The proof rules: each reads its step, recomputes everything from the problem, and returns the fact it proves."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import mul
from typing import TypeVar

from .errors import Malformed, Rejected, printable
from .facts import (
    Evaluated,
    Fact,
    GlobalMinimum,
    LocalMinimum,
    Minimum,
    NotLocalMinimum,
    SpuriousMinimum,
    Valley,
)
from .linear import Direction, directed, dot, fractions, integral, rank, rays, sign, total
from .model import (
    ONE,
    ZERO,
    Pattern,
    Point,
    Problem,
    Vector,
    cell_of,
    coordinates,
    features,
    jacobian_rank,
    predictions,
    rational,
    residuals,
    risk,
    risk_along,
    trace,
    unit_name,
)
from .network import point_of, shape_faults
from .poly import Poly, positive_on_unit_interval
from .read import Fields, Layers, canonical, layers, listed, natural

F = TypeVar("F")


@dataclass(slots=True)
class Proof:
    """A proof being walked: the problem, the facts of the steps so far, and which of them have been used."""

    problem: Problem
    facts: list[Fact]
    used: set[int]

    def premise(self, step: Fields, name: str, kind: type[F]) -> F:
        """The fact of the earlier step that a field names, of the kind that the rule uses."""
        index = step.need(name, natural, -1)
        step.check()
        return self.fact(index, step.at(name), kind)

    def fact(self, index: int, where: str, kind: type[F]) -> F:
        """The fact of an earlier step."""
        if index >= len(self.facts):
            raise Rejected(where, f"step {index} does not come before this one")
        self.used.add(index)
        fact = self.facts[index]
        if not isinstance(fact, kind):
            raise Rejected(where, f"step {index} proves {type(fact).__name__}, expected {kind.__name__}")
        return fact


def polynomial(value: object, where: str) -> Poly:
    """A coordinate of a path: a rational, or the list of two or more coefficients of 1, t, t², …, the last not 0."""
    if not isinstance(value, list):
        return Poly.of([canonical(value, where)])
    coefficients = listed(canonical)(value, where)
    if len(coefficients) < 2 or not coefficients[-1]:
        raise Malformed((where, "expected at least two coefficients, the last one not 0"))
    return Poly.of(coefficients)


def curve(problem: Problem, step: Fields, name: str, start: Point) -> Point:
    """The polynomial path in a field, of the architecture's shape and with `start` at t = 0."""
    given: Layers[Poly] = step.need(name, layers(polynomial), [])
    step.check()
    path = point_of(given)
    for where, what in shape_faults(problem, given, step.at(name)):
        raise Rejected(where, what)
    if [rational(x if isinstance(x, Fraction) else x.at_zero()) for x in coordinates(path)] != coordinates(start):
        raise Rejected(step.at(name), "does not start at the point")
    return path


def point(proof: Proof, step: Fields) -> Evaluated:
    """
    parameters θ of the problem's architecture
    ------------------------------------------ [point]
      f(x_i; θ) and R(θ), computed exactly

    "given" stands for the parameters in the network file.
    """
    problem, value = proof.problem, step.left.get("parameters")
    if value == "given":
        step.left.pop("parameters")
        if problem.parameters is None:
            raise Rejected(step.at("parameters"), "the network file gives no parameters")
        theta = problem.parameters
    else:
        raw: Layers[Fraction] = step.need("parameters", layers(canonical), [])
        step.check()
        for where, what in shape_faults(problem, raw, step.at("parameters")):
            raise Rejected(where, what)
        theta = point_of(raw)
    f = predictions(problem, theta)
    return Evaluated(theta, f, printable(risk(problem, f)), value == "given")


def interior_minimum(proof: Proof, step: Fields) -> LocalMinimum:
    """
    θ* strictly inside a cell C      Σ_i r_ik φ_i = 0 for every output k and every φ in features(C)
    --------------------------------------------------------------------------------------------- [interior_minimum]
      θ* is a local minimum, and R(θ) ≥ R(θ*) on the closure of C

    Sound: ℓ is convex, so R(θ) − R(θ*) ≥ Ψ(θ) = Σ_ik r_ik (f_ik(θ) − f_ik(θ*)) with r = factor · ∂ℓ/∂f at θ*.
    On C the coefficients of the polynomial Ψ are the inner products of r_k with the coefficients of f_k, which
    the features span; all vanish, so Ψ is constant, and Ψ(θ*) = 0.
    """
    problem, at = proof.problem, proof.premise(step, "point", Evaluated)
    pattern = cell_of(problem, at.point)
    flat(problem, pattern, residuals(problem, at.predictions), step.where)
    return LocalMinimum(at, pattern)


def flat(problem: Problem, pattern: Pattern, pull: Sequence[Vector], where: str) -> None:
    """The minorant Ψ is constant on the cell: the residuals are orthogonal to all coefficients of f."""
    span = features(problem, pattern)
    for k, r in enumerate(pull):
        if any(dot(r, phi) for phi in span):
            raise Rejected(where, f"the first-order minorant is not constant on the cell (output {k + 1})")


def face_minimum(proof: Proof, step: Fields) -> LocalMinimum:
    """
    one hidden layer, scalar output        Σ_i r_i = 0 (with output bias)
    for every unit j, with φ_j(w) = Σ_i r_i h(⟨w, x̃_i⟩):  φ_j(w_j) = 0, and near w_j
        sign(v_j) · φ_j ≥ 0 where v_j ≠ 0,  φ_j = 0 where v_j = 0
    ---------------------------------------------------------------------------------- [face_minimum]
      θ* is a local minimum

    Sound: near θ* the signs of the v_j ≠ 0 persist and R(θ) − R(θ*) ≥ Σ_j v_j φ_j(w_j) + c_0 Σ_i r_i (minorant).
    """
    problem, at = proof.problem, proof.premise(step, "point", Evaluated)
    given = step.need("multipliers", listed(multipliers), list[list[Fraction] | None]())
    step.check()
    if len(problem.widths) != 3 or problem.widths[-1] != 1:
        raise Rejected(step.where, "needs one hidden layer and scalar output")
    if len(given) != problem.widths[1]:
        raise Rejected(step.at("multipliers"), f"expected {problem.widths[1]} entries, got {len(given)}")
    (r,), signs = residuals(problem, at.predictions), [sign(rational(v)) for v in at.point[1].weight[0]]
    if problem.output_bias and total(r):
        raise Rejected(step.where, "the residuals do not sum to 0")
    for j, (mu, v) in enumerate(zip(given, signs, strict=True)):
        try:
            unit_stays(*kinks(problem, at.point, j, r), v, mu)
        except Rejected as error:
            raise Rejected(f"{step.at('multipliers')}[{j}]", f"{unit_name(0, j)} {error.reason}") from None
    return LocalMinimum(at, None)


def multipliers(value: object, where: str) -> list[Fraction] | None:
    """The multipliers of one unit, or null where the kernel is to visit the rays."""
    return None if value is None else listed(canonical)(value, where)


def kinks(
    problem: Problem, theta: Point, j: int, r: Vector
) -> tuple[Fraction, list[Fraction], dict[Direction, Fraction]]:
    """φ_j at w_j and around it: its value, and g, {u: a} with φ_j(w_j + δ) − φ_j(w_j) = ⟨g, δ⟩ + Σ_u a_u |⟨u, δ⟩|.

    The u are primitive, pairwise not parallel, first non-zero entry positive, in sorted order; a_u may be 0. Rows
    x̃_i = 0 do not move with w_j.
    """
    h, value, bias = problem.activations[0], ZERO, theta[0].bias
    w = [rational(x) for x in (*theta[0].weight[j], *((bias[j],) if bias is not None else ()))]
    g = [ZERO] * (problem.widths[0] + problem.hidden_bias)
    bends: dict[Direction, Fraction] = {}
    for i, x in enumerate(problem.inputs):
        row = [*x, ONE] if problem.hidden_bias else [*x]
        z = dot(w, row)
        at = h.pieces(z)
        value = rational(value + r[i] * (h.slopes[at[0]] * z + h.offsets[at[0]]))
        rate = r[i] * (h.slopes[at[0]] + h.slopes[at[-1]]) / 2
        g = [rational(a + rate * b) for a, b in zip(g, row, strict=True)]
        if len(at) > 1 and any(row):
            u = directed(integral(row))
            lead = next(c for c, x in enumerate(u) if x)
            bend = r[i] * (h.slopes[at[1]] - h.slopes[at[0]]) / 2 * abs(row[lead] / u[lead])
            bends[u] = rational(bends.get(u, ZERO) + bend)
    return value, g, dict(sorted(bends.items()))


def unit_stays(
    value: Fraction, g: list[Fraction], bends: dict[Direction, Fraction], v: int, mu: list[Fraction] | None
) -> None:
    """
    value = 0, and v = 0: g = 0 and all a_u = 0;  v ≠ 0, one of
      v g = Σ_u μ_u u and |μ_u| ≤ v a_u for all u      (then the sum below is ≥ Σ_u (v a_u − |μ_u|) |⟨u, δ⟩| ≥ 0)
      v g ∈ span(u), and v (⟨g, ρ⟩ + Σ_u a_u |⟨u, ρ⟩|) ≥ 0 for every ray ±ρ of the hyperplanes u
    ---------------------------------------------------------------------------------------------- [unit_stays]
      v (⟨g, δ⟩ + Σ_u a_u |⟨u, δ⟩|) ≥ 0 for every δ (= 0 for v = 0)

    Rays suffice: the sum is linear on each closed chamber, and modulo the lineality space, on which g vanishes,
    a chamber is generated by its rays.
    """
    if value:
        raise Rejected("", "has a first-order term in its output weight")
    wanted = len(bends) if v else 0
    if mu is not None and len(mu) != wanted:
        raise Rejected("", f"needs {wanted} multipliers, got {len(mu)}")
    if not v:
        if any(g) or any(bends.values()):
            raise Rejected("", "has output weight 0, but moving its input weights first makes a difference")
    elif mu is not None:
        left = [v * x - total(m * u[c] for m, u in zip(mu, bends, strict=True)) for c, x in enumerate(g)]
        if any(left):
            raise Rejected("", "its multipliers do not combine to the gradient")
        if any(abs(m) > v * a for m, a in zip(mu, bends.values(), strict=True)):
            raise Rejected("", "has a multiplier beyond the bend at its boundary")
    else:
        if rank([*map(fractions, bends), g]) > rank(map(fractions, bends)):
            raise Rejected("", "has a gradient that is not spanned by its boundaries")
        for ray in rays(list(bends)):
            along = sum((a * abs(sum(map(mul, u, ray))) for u, a in bends.items()), ZERO)
            slope = sum(map(mul, g, ray), ZERO)
            if v * (along + slope) < 0 or v * (along - slope) < 0:
                raise Rejected("", "has a descent direction among its rays")


def descent(proof: Proof, step: Fields) -> NotLocalMinimum:
    """
    γ(t) polynomial, γ(0) = θ*      R(γ(t)) = R(θ*) + a t^m + O(t^(m+1)) for small t > 0, a < 0
    ------------------------------------------------------------------------------------------ [descent]
      θ* is not a local minimum

    Sound: for small t > 0 each pre-activation along γ has the sign, relative to a breakpoint, of its first
    non-zero coefficient, so R ∘ γ is one polynomial there; where it stays at a breakpoint both pieces agree.
    """
    problem, at = proof.problem, proof.premise(step, "point", Evaluated)
    path = curve(problem, step, "curve", at.point)
    if (risk_along(problem, path) - at.risk).sign_after_zero() >= 0:
        raise Rejected(step.at("curve"), "the risk does not fall along the curve")
    return NotLocalMinimum(at)


def spurious_minimum(proof: Proof, step: Fields) -> SpuriousMinimum:
    """
    θ* is a local minimum      R(θ') < R(θ*)
    ---------------------------------------- [spurious_minimum]
      θ* is a spurious local minimum
    """
    minimum = proof.premise(step, "minimum", LocalMinimum)
    better = proof.premise(step, "better", Evaluated)
    if better.risk >= minimum.at.risk:
        raise Rejected(step.at("better"), f"its risk {better.risk} is not below {minimum.at.risk}")
    return SpuriousMinimum(minimum, better, affine_optimum(proof.problem, minimum.at))


def function_minimum(proof: Proof, step: Fields) -> GlobalMinimum:
    """
    Σ_{i in G} r_ik = 0 for every output k and every group G of samples with equal inputs
    ------------------------------------------------------------------------------------- [function_minimum]
      no function of the inputs, so no network, has risk below R(θ*)

    Sound: a function g is constant on each group, as f is, so R(g) − R(θ*) ≥ Σ_ik r_ik (g_k(x_i) − f_ik) = 0.
    """
    problem, at = proof.problem, proof.premise(step, "point", Evaluated)
    for r in residuals(problem, at.predictions):
        for group in groups(problem):
            if sum((r[i] for i in group), ZERO):
                raise Rejected(step.where, f"the residuals of the samples equal to sample {group[0] + 1} do not cancel")
    return GlobalMinimum(at, affine_optimum(problem, at))


def groups(problem: Problem) -> list[list[int]]:
    """The samples, grouped by equal inputs."""
    found: dict[Vector, list[int]] = {}
    for i, x in enumerate(problem.inputs):
        found.setdefault(x, []).append(i)
    return list(found.values())


def affine_optimum(problem: Problem, at: Evaluated) -> bool:
    """Whether the predictions are an affine function of the inputs, and the best one (Σ r_i x̃_i = 0)."""
    affine, outputs = (
        [*zip(*problem.inputs, strict=True), (ONE,) * len(problem.inputs)],
        zip(*at.predictions, strict=True),
    )
    stationary = all(not dot(r, phi) for r in residuals(problem, at.predictions) for phi in affine)
    return stationary and rank(affine) == rank([*affine, *outputs])


def valley(proof: Proof, step: Fields) -> Valley:
    """
    θ* a local minimum by interior_minimum in C    θ(t) polynomial, not constant, θ(0) = θ*
    θ(t) strictly inside C for all t in [0, 1]     f(x_i; θ(t)) does not depend on t
    ------------------------------------------------------------------------------------ [valley]
      every θ(t) is a local minimum of risk R(θ*); if θ* is spurious, so are all of them

    Sound: predictions and cell are those of θ*, and the premises of interior_minimum depend on nothing else.
    The set {θ in C: f = f*} near θ* is a manifold of dimension D − rank J where rank J is locally constant,
    as it is where it attains its bound, the dimension of the span of the coefficients of f.
    """
    problem, premise = proof.problem, proof.premise(step, "minimum", Minimum)
    minimum = premise.minimum if isinstance(premise, SpuriousMinimum) else premise
    if not isinstance(minimum, LocalMinimum) or minimum.pattern is None:
        raise Rejected(step.at("minimum"), "is not proved by interior_minimum")
    path = curve(problem, step, "path", minimum.at.point)
    if all(isinstance(x, Fraction) or x.is_constant() for x in coordinates(path)):
        raise Rejected(step.at("path"), "is constant")
    for i in range(len(problem.inputs)):
        for m, z in enumerate(trace(problem, path, i, minimum.pattern)):
            for j, x in enumerate(z):
                value = Poly(()) + x
                if m == len(minimum.pattern):
                    if not value.is_constant():
                        raise Rejected(step.at("path"), f"the prediction of sample {i + 1} changes along it")
                elif not (m == 0 and problem.dead_row(i)):
                    t, p = problem.activations[m].breakpoints, minimum.pattern[m][j][i]
                    margins = [value - lower for lower in t[p - 1 : p]] + [
                        (value - upper) * -1 for upper in t[p : p + 1]
                    ]
                    if not all(map(positive_on_unit_interval, margins)):
                        raise Rejected(step.at("path"), f"{unit_name(m, j)} leaves its piece on sample {i + 1}")
    attained = jacobian_rank(problem, minimum.at.point, minimum.pattern)
    bound = problem.widths[-1] * rank(features(problem, minimum.pattern))
    return Valley(premise, problem.size() - attained, attained == bound)
