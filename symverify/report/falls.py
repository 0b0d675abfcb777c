"""How the risk falls along a descent curve, in exact arithmetic, where it falls by less than floats of it can show."""

from collections.abc import Iterable, Iterator
from fractions import Fraction

from symverify.kernel.core.network import Point, Problem, risk_along
from symverify.kernel.core.poly import Poly, Scalar
from symverify.kernel.programs.values import evaluate
from symverify.kernel.reals.losses import RealLoss

PIECES = 256
SHORTEST = 500  # the curve is followed up to t = 2^-k, for k up to this
SMALLEST = Fraction(1, 10**280)  # far enough from where floats end


def exact_fall(problem: Problem, curve: Point) -> tuple[list[float], list[float]] | None:
    """R(γ(t)) − R(γ(0)) at the ends of PIECES of the curve, up to the reach at which the fall is deepest.

    First the values of t. The reaches are powers of 2 up to which R ∘ γ is certainly the polynomial that it is for
    small t. None where the loss is not piecewise polynomial, or the risk does not fall by what a float can hold.
    """
    if isinstance(problem.loss, RealLoss):
        return None
    fall = risk_along(problem, curve)
    fall -= fall.at_zero()
    steps = [gap for gap in _gaps(problem, curve) if gap.coefficients]
    reaches = (Fraction(1, 2**k) for k in range(SHORTEST))
    longest = next((reach for reach in reaches if all(_keeps_sign(gap, reach) for gap in steps)), None)
    if longest is None:
        return None
    tried = [longest / 2**k for k in range(SHORTEST)]
    reach = min(tried, key=lambda t: _at(fall, t))
    if _at(fall, reach) > -SMALLEST:
        return None
    ts = [reach * k / PIECES for k in range(PIECES + 1)]
    return [float(t) for t in ts], [float(_at(fall, t)) for t in ts]


def _gaps(problem: Problem, curve: Point) -> Iterator[Poly]:
    """What each pre-activation is from each breakpoint, and each error from each cut of the loss, along the curve."""
    for i, labels in enumerate(problem.targets):
        values = evaluate(problem, curve, i)
        for node in problem.bents:
            yield from _less(values[node.source], [node.h.breakpoints] * len(values[node.source]))
        yield from _less(values[-1], [[y + cut for cut in problem.loss.at(y).cuts] for y in labels])


def _less(values: Iterable[Scalar], ends: Iterable[Iterable[Fraction]]) -> Iterator[Poly]:
    for x, own in zip(values, ends, strict=True):
        yield from (Poly(()) + x - end for end in own)


def _keeps_sign(gap: Poly, reach: Fraction) -> bool:
    """Whether the first non-zero coefficient outweighs the later ones for 0 < t ≤ reach."""
    first = next(k for k, c in enumerate(gap.coefficients) if c)
    rest = Poly.of((Fraction(0), *map(abs, gap.coefficients[first + 1 :])))
    return _at(rest, reach) < abs(gap.coefficients[first])


def _at(p: Poly, t: Fraction) -> Fraction:
    value = Fraction(0)
    for c in reversed(p.coefficients):
        value = value * t + c
    return value
