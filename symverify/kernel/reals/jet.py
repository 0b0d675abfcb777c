"""ℓ with its first and second derivatives by the predictions of a sample, enclosed on a box of predictions."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..core.errors import Rejected
from ..core.loss import Loss
from .enclosure import UNIT, Bounds, exp, log_sum_exp
from .interval import NONE, WHOLE, Interval, inner, interval, summed


@dataclass(frozen=True, slots=True)
class Jet:
    """ℓ, ∂ℓ/∂f_k and ∂²ℓ/∂f_k∂f_l, without the factor."""

    value: Interval
    slopes: tuple[Interval, ...]
    bends: tuple[tuple[Interval, ...], ...]


def from_parts(
    values: Sequence[Interval],
    f: Sequence[Interval],
    y: Sequence[Fraction],
    slopes: Sequence[Interval],
    bends: Sequence[Interval],
) -> Jet:
    """Σ_k ψ(f_k) − y_k f_k from the values, slopes and bends of ψ."""
    labels = [interval(each) for each in y]
    matrix = tuple(tuple(b if k == j else NONE for j in range(len(bends))) for k, b in enumerate(bends))
    return Jet(summed(values) - inner(f, labels), tuple(a - b for a, b in zip(slopes, labels, strict=True)), matrix)


def quadratics(loss: Loss, f: Sequence[Interval], y: Sequence[Fraction], where: str) -> Jet:
    """The same for a loss of quadratic pieces, each error strictly inside one."""
    value, slopes, bends = NONE, [], []
    for prediction, label in zip(f, y, strict=True):
        e = prediction - interval(label)
        if any(e.lower <= cut <= e.upper for cut in loss.cuts):
            raise Rejected(where, f"the {loss.name} loss is not twice differentiable on the box")
        a, b, c = loss.part(e.lower)
        value += (e.times(a) + interval(b)) * e + interval(c)
        slopes.append(e.times(2 * a) + interval(b))
        bends.append(interval(2 * a))
    matrix = tuple(tuple(b if k == j else NONE for j in range(len(bends))) for k, b in enumerate(bends))
    return Jet(value, tuple(slopes), matrix)


def rising(x: Interval) -> Interval:
    """e^x."""
    return Interval(exp(x.lower)[0], exp(x.upper)[1])


def softmax(f: Sequence[Interval]) -> tuple[Interval, list[Interval]]:
    """log Σ e^f and the probabilities e^(f_k)/Σ e^f: both are monotone in each f_j."""
    low, high = [each.lower for each in f], [each.upper for each in f]
    probable = []
    for k in range(len(f)):
        least = share([b if j != k else low[k] for j, b in enumerate(high)], k)[0]
        most = share([a if j != k else high[k] for j, a in enumerate(low)], k)[1]
        probable.append(Interval(least, most))
    return Interval(log_sum_exp(low)[0], log_sum_exp(high)[1]), probable


def share(f: Sequence[Fraction], k: int) -> Bounds:
    """e^(f_k)/Σ e^f = 1/Σ_j e^(f_j − f_k), where one term is 1."""
    powers = summed(WHOLE if j == k else Interval(*exp(each - f[k])) for j, each in enumerate(f))
    found = WHOLE.over(powers)
    return max(found.lo, 0), min(found.hi, UNIT)
