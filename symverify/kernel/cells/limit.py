"""The rule `limit`: a risk that points come arbitrarily close to, as a weight goes to 0 and its unit to infinity."""

from dataclasses import dataclass
from fractions import Fraction

from ..core.algebra import dot
from ..core.errors import Malformed, Rejected, printable, within_budget
from ..core.facts import Reached
from ..core.network import risk
from ..core.proof import Reading
from ..core.text import Fields, canonical, listed

Unit = tuple[int, list[Fraction], Fraction]


@dataclass(frozen=True, slots=True)
class Limit(Reached):
    """Some points come arbitrarily close to the risk `risk` or below it."""

    risk: Fraction

    @property
    def most(self) -> Fraction:
        return self.risk


def limit(step: Reading) -> Limit:
    """
    one hidden layer, scalar output; units (σ, u, ν), ν ≥ 0, at most its width; c_0
    ------------------------------------------------------------------------------------- [limit]
      inf R ≤ R(f),  f_i = c_0 + Σ σ H(u, ν)_i,  H(u, ν)_i = ν h(⟨u, x̃_i⟩ / ν), by continuity at ν = 0

    Sound: for ν > 0 the term is that of the unit with v = σν, w = u/ν; as ν → 0 it tends to ⟨u, x̃_i⟩ times the
    outer slope on that side (and to 0 where ⟨u, x̃_i⟩ = 0).
    """
    problem, shift = step.proof.problem, step.need("constant", canonical)
    parts = step.need("units", listed(unit))
    if not problem.shallow:
        raise Rejected(step.where, "needs one hidden layer and scalar output")
    if len(parts) > problem.widths[1] or (shift and not problem.output_bias):
        raise Rejected(step.where, "needs more units, or an output bias that is not there")
    h, width, f = problem.activations[0], problem.widths[0] + problem.hidden_bias, [shift] * len(problem.inputs)
    for k, (side, u, nu) in enumerate(parts):
        if len(u) != width:
            raise Rejected(f"{step.at('units')}[{k}].u", f"expected {width} numbers, got {len(u)}")
        for i in range(len(f)):
            z = dot(u, problem.row(i))
            if nu:
                p = h.pieces(z / nu)[0]
                f[i] = within_budget(f[i] + side * (h.slopes[p] * z + h.offsets[p] * nu), z, nu, nu)
            else:
                f[i] = within_budget(f[i] + side * h.slopes[-1 if z > 0 else 0] * z, z)
    return Limit(printable(risk(problem, [(value,) for value in f])))


def unit(value: object, where: str) -> Unit:
    """{"sign": "1" or "-1", "u": […], "nu": …}: a unit by its sign, u = |v| (w, b) and ν = |v|."""
    fields = Fields(value, where)
    side, u = fields.need("sign", canonical), fields.need("u", listed(canonical))
    nu = fields.need("nu", canonical)
    fields.done()
    if abs(side) != 1:
        raise Malformed((fields.at("sign"), 'expected "1" or "-1"'))
    if nu < 0:
        raise Malformed((fields.at("nu"), "must not be negative"))
    return int(side), u, nu
