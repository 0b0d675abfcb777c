"""Curves along which the risk falls under losses with logarithms: what the verified checker wants proposed."""

from fractions import Fraction

from symverify.kernel.core.network import Problem
from symverify.kernel.core.poly import Poly
from symverify.kernel.core.proof import Step
from symverify.kernel.programs.values import evaluate
from symverify.kernel.reals.combination import Residuals
from symverify.kernel.reals.enclosure import PLACES, exp
from symverify.kernel.reals.facts import EnclosedPoint
from symverify.kernel.reals.real_descent import coefficient

from .losses import outside
from .paths import paths, write_path
from .terms import listing, number
from .writer import COMPUTED, Writer


def write_real_descent(out: Writer, index: int, step: Step) -> str | None:
    """The point is not a local minimum."""
    problem, number_of = out.problem, out.premise(step, "point")
    at = out.enclosed(number_of)
    path, th = write_path(out, index, step, "curve"), f"th{number_of}"
    first, order, slopes = beginnings(problem, at, step)
    found = {a: exp(a) for a in sorted(slopes)}
    whole = max((high.bit_length() - PLACES for _, high in found.values()), default=0)
    places = 208 + 3 * max(0, whole)  # large exponentials lose as many
    keys = [f"({number(a)}, {number(outside(each, 160, slopes[a] >= 0))})" for a, each in found.items()]
    proof = f"change (real {th}) with (real (start Qops {path})). rewrite <- path_start.\n   "
    proof += f"apply (ok_log_descent_sound {places} p {path} {first - 1} {order - 1} {listing(keys)}). {COMPUTED}"
    out.state(index, f"~ local_min (log_risk p) (real {th})", proof)
    return None


def beginnings(problem: Problem, at: EnclosedPoint, step: Step) -> tuple[int, int, dict[Fraction, Fraction]]:
    """The order by which predictions change first, that of their first combination with the residuals, and its parts.

    The parts are the weights of the loss's derivative at the numbers at which it is taken.
    """
    path = paths(problem, step.fields["curve"])
    moves = [Poly(()) + x for i in range(len(problem.inputs)) for x in evaluate(problem, path, i)[-1]]
    residuals = Residuals.joined(problem, at.predictions)
    degree = max(len(x.coefficients) for x in moves)
    first = next(m for m in range(1, degree) if any(coefficient(x, m) for x in moves))
    orders = range(first, min(degree, 2 * first))
    order = next(m for m in orders if not residuals.vanishes([coefficient(x, m) for x in moves]))
    _, weights = residuals.collected([coefficient(x, order) for x in moves])
    keys = {abs(f) if residuals.symmetric else f for f in residuals.f if f}
    return first, order, {a: weights.get(a, Fraction(0)) for a in keys}
