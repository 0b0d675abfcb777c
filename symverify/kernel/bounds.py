"""Lower bounds of the risk over all of parameter space, and what follows when a point or a limit meets one."""

from fractions import Fraction

from . import attainment
from .cover import lower_bound, tight
from .errors import Malformed, Rejected, printable
from .facts import Bracket, Evaluated, Fact, GlobalMinimum, Infimum, Limit, LowerBound, NotAttained
from .linear import dot
from .model import ONE, ZERO, Vector, risk
from .read import Fields, canonical, listed, shown
from .rules import Proof, affine_optimum, groups


def function_bound(proof: Proof, step: Fields) -> LowerBound:
    """
    squared loss
    ------------------------------------------------------------------------------------ [function_bound]
      R ≥ factor · Σ of the targets' squared deviations from their mean over equal inputs

    Sound: a function of the inputs is constant on equal ones, and the mean is the only best constant.
    """
    problem = proof.problem
    if problem.loss.name != "squared":
        raise Rejected(step.where, "needs the squared loss")
    best: dict[int, Vector] = {}
    for group in groups(problem):
        targets = list(zip(*(problem.targets[i] for i in group), strict=True))
        best |= dict.fromkeys(group, tuple(sum(column, ZERO) / len(group) for column in targets))
    means = [best[i] for i in range(len(problem.inputs))]
    residual = tuple(a - b for y, f in zip(problem.targets, means, strict=True) for a, b in zip(y, f, strict=True))
    return LowerBound(printable(risk(problem, means)), (residual,))


def global_lower_bound(proof: Proof, step: Fields) -> LowerBound:
    """
    one hidden layer, scalar output, squared loss      dual vectors that cover all units (see `cover`)
    ----------------------------------------------------------------------------------------------- [global_lower_bound]
      R ≥ risk
    """
    problem = proof.problem
    least = step.need("risk", canonical, ZERO)
    vectors = step.need("vectors", listed(listed(integer)), list[list[int]]())
    step.check()
    if len(problem.widths) != 3 or problem.widths[-1] != 1 or problem.loss.name != "squared":
        raise Rejected(step.where, "needs one hidden layer, scalar output and squared loss")
    if least <= 0:
        raise Rejected(step.at("risk"), "a bound that is not positive needs no proof")
    labels, biases = [y[0] for y in problem.targets], (problem.hidden_bias, problem.output_bias)
    try:
        lower_bound(
            problem.inputs,
            labels,
            problem.activations[0],
            biases,
            problem.widths[1],
            vectors,
            least / problem.loss.factor,
        )
    except Rejected as error:
        raise Rejected(step.at(error.where), error.reason) from None
    return LowerBound(least, tight(labels, vectors, least / problem.loss.factor))


def integer(value: object, where: str) -> int:
    """An entry of a dual vector or separator: a JSON integer."""
    if type(value) is not int:
        raise Malformed((where, f"expected a whole number, got {shown(value)}"))
    return value


def global_minimum(proof: Proof, step: Fields) -> GlobalMinimum:
    """
    R ≥ ρ      R(θ*) = ρ
    ---------------------- [global_minimum]
      θ* is a global minimum
    """
    bound, at = proof.premise(step, "bound", LowerBound), proof.premise(step, "point", Evaluated)
    if at.risk != bound.risk:
        raise Rejected(step.at("point"), f"its risk {at.risk} is not the bound {bound.risk}")
    return GlobalMinimum(at, affine_optimum(proof.problem, at))


def bracket(proof: Proof, step: Fields) -> Bracket:
    """
    R ≥ ρ      a point, or a limit of points, of risk ρ' ≥ ρ
    --------------------------------------------------------- [bracket]
      ρ ≤ inf R ≤ ρ'
    """
    bound, upper = proof.premise(step, "bound", LowerBound), proof.premise(step, "point", Fact)
    if not isinstance(upper, Evaluated | Limit):
        raise Rejected(step.at("point"), "is neither a point nor a limit")
    return Bracket(bound.risk, upper.risk)


def limit(proof: Proof, step: Fields) -> Limit:
    """
    one hidden layer, scalar output; units (σ, u, ν), ν ≥ 0, at most its width; c_0
    ------------------------------------------------------------------------------------- [limit]
      inf R ≤ R(f),  f_i = c_0 + Σ σ H(u, ν)_i,  H(u, ν)_i = ν h(⟨u, x̃_i⟩ / ν), by continuity at ν = 0

    Sound: for ν > 0 the term is that of the unit with v = σν, w = u/ν; as ν → 0 it tends to ⟨u, x̃_i⟩ times the
    outer slope on that side (and to 0 where ⟨u, x̃_i⟩ = 0).
    """
    problem = proof.problem
    shift = step.need("constant", canonical, ZERO)
    parts = step.need("units", listed(unit), list[tuple[int, list[Fraction], Fraction]]())
    step.check()
    if len(problem.widths) != 3 or problem.widths[-1] != 1:
        raise Rejected(step.where, "needs one hidden layer and scalar output")
    width, h = problem.widths[0] + problem.hidden_bias, problem.activations[0]
    if len(parts) > problem.widths[1] or (shift and not problem.output_bias):
        raise Rejected(step.where, "needs more units, or an output bias that is not there")
    f = [shift] * len(problem.inputs)
    for k, (side, u, nu) in enumerate(parts):
        if len(u) != width:
            raise Rejected(f"{step.at('units')}[{k}].u", f"expected {width} numbers, got {len(u)}")
        for i, x in enumerate(problem.inputs):
            z = dot(u, [*x, ONE] if problem.hidden_bias else x)
            if nu:
                p = h.pieces(z / nu)[0]
                f[i] += side * (h.slopes[p] * z + h.offsets[p] * nu)
            else:
                f[i] += side * h.slopes[-1 if z > 0 else 0] * z
    return Limit(printable(risk(problem, [(value,) for value in f])))


def unit(value: object, where: str) -> tuple[int, list[Fraction], Fraction]:
    """{"sign": "1" or "-1", "u": […], "nu": …}: a unit by its sign, u = |v| (w, b) and ν = |v|."""
    with Fields(value, where) as fields:
        side, nu = fields.need("sign", canonical, ONE), fields.need("nu", canonical, ZERO)
        u = fields.need("u", listed(canonical), list[Fraction]())
        if abs(side) != 1:
            fields.fault("sign", 'expected "1" or "-1"')
        if nu < 0:
            fields.fault("nu", "must not be negative")
    return int(side), u, nu


def infimum(proof: Proof, step: Fields) -> Infimum:
    """
    R ≥ ρ      a limit of points has risk ρ
    ---------------------------------------- [infimum]
      inf R = ρ
    """
    bound, reached = proof.premise(step, "bound", LowerBound), proof.premise(step, "limit", Limit)
    if reached.risk != bound.risk:
        raise Rejected(step.at("limit"), f"its risk {reached.risk} is not the bound {bound.risk}")
    return Infimum(bound.risk, bound.residuals)


def not_attained(proof: Proof, step: Fields) -> NotAttained:
    """
    inf R = ρ      separators of the units' faces, for each residual a point of risk ρ can have (see `attainment`)
    --------------------------------------------------------------------------------------------- [not_attained]
      R > ρ at every point
    """
    problem, least = proof.problem, proof.premise(step, "infimum", Infimum)
    separators = step.need("separators", listed(listed(listed(integer))), list[list[list[int]]]())
    step.check()
    labels, biases = [y[0] for y in problem.targets], (problem.hidden_bias, problem.output_bias)
    try:
        attainment.not_attained(
            problem.inputs, labels, problem.activations[0], biases, problem.widths[1], least.residuals, separators
        )
    except Rejected as error:
        raise Rejected(step.at(error.where), error.reason) from None
    return NotAttained(least.risk)
