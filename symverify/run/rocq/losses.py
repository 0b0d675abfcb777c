"""What the verified checkers want proposed of a loss: its logarithms and exponentials, rounded to few places."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from symverify.kernel.core.network import Problem, Vector
from symverify.kernel.reals.enclosure import PLACES, Bounds, exp, log, log_sum_exp
from symverify.kernel.reals.facts import real_loss
from symverify.kernel.reals.losses import CrossEntropy, Logistic, Poisson, RealLoss

from .cells import Rows
from .terms import vectors

ZERO = Fraction(0)
Enclosed = Sequence[Sequence[Bounds]]
TOO_NEAR = "has an end that is nearer to the risk than the verified checker can tell"
GUARD = 10  # the checkers' exp is off by less than 2^8 units of its last place, relative to its value; two are compared


@dataclass(frozen=True, slots=True)
class Digits:
    """Binary places that the checkers compute with, and those of a proposed logarithm or exponential."""

    places: int
    given: int


@dataclass(frozen=True, slots=True)
class Parts:
    """What a loss is made of, for the prediction of one sample.

    `of` are the logarithms or exponentials in it, `least` numbers below them, as the verified checkers can tell without
    an exponential, and `logs` the numbers whose logarithms are in the entropy. `rates`: it has exponentials, which may
    be large, and its dual points are rates, not probabilities. `digits` is what enclosures with 128 places need.
    """

    of: Callable[[Vector], list[Bounds]]
    least: Callable[[Vector], list[Fraction]]
    logs: Callable[[Sequence[Fraction]], list[Fraction]] = list
    digits: Digits = Digits(168, 152)
    rates: bool = False


PARTS: dict[type[RealLoss], Parts] = {
    Logistic: Parts(
        lambda f: [log_sum_exp([ZERO, a]) for a in f],
        lambda f: [max(ZERO, a) for a in f],
        lambda p: [*p, *[1 - q for q in p]],
    ),
    CrossEntropy: Parts(lambda f: [log_sum_exp(f)], lambda f: [max(f)]),
    Poisson: Parts(lambda f: [exp(a) for a in f], lambda f: [ZERO] * len(f), digits=Digits(208, 160), rates=True),
}


def parts_of(problem: Problem) -> Parts:
    """Those of the problem's loss."""
    return PARTS[type(real_loss(problem))]


def digits_for(problem: Problem, spare: Fraction, work: Fraction) -> Digits:
    """Fewer, where a bound leaves something to spare: `work` numbers of size 1 may be wrong by it."""
    places = max(64, (work / spare).__ceil__().bit_length() + 6) if spare > 0 else 152
    return min(Digits(places + GUARD, places), parts_of(problem).digits, key=lambda each: each.places)


def outside(x: Bounds, given: int, above: bool) -> Fraction:
    """A number on that side of what is enclosed, with few places; what is known exactly itself."""
    if x[0] == x[1]:
        return Fraction(x[0], 1 << PLACES)
    end = x[1] if above else x[0]
    return Fraction((end >> PLACES - given) + (2 if above else -1), 1 << given)


def rounded(parts: Enclosed, given: int, above: bool) -> list[list[Fraction]]:
    """Numbers on that side of what is enclosed."""
    return [[outside(part, given, above) for part in row] for row in parts]


def loss_parts(problem: Problem, fits: Sequence[Vector]) -> Enclosed:
    """For each sample the logarithms and exponentials in the loss of its prediction."""
    return list(map(parts_of(problem).of, fits))


def risk_with(problem: Problem, fits: Sequence[Vector], parts: Rows) -> Fraction:
    """The risk of predictions, from the logarithms and exponentials in it."""
    losses = (
        sum(part) - sum(a * b for a, b in zip(f, y, strict=True))
        for f, y, part in zip(fits, problem.targets, parts, strict=True)
    )
    return problem.loss.factor * sum(losses, Fraction(0))


def entropy_logarithms(problem: Problem, dual: Rows) -> Enclosed:
    """The logarithms in the entropy; 0 for that of 0."""
    return [[log(a) if a else (0, 0) for a in parts_of(problem).logs(p)] for p in dual]


def logarithms(problem: Problem, with_: Digits, dual: Rows) -> str:
    """The same, rounded up, as a proposal."""
    return vectors(rounded(entropy_logarithms(problem, dual), with_.given, True))


def entropy_with(problem: Problem, dual: Rows, logs: Rows) -> Fraction:
    """The entropy of probabilities or rates, times the factor of the risk, from the logarithms in it."""
    parts = parts_of(problem)
    shift = sum((sum(p) for p in dual), ZERO) if parts.rates else ZERO
    pairs = zip(map(parts.logs, dual), logs, strict=True)
    return problem.loss.factor * (shift - sum(a * b for p, v in pairs for a, b in zip(p, v, strict=True)))


def fewest(problem: Problem, parts: Enclosed, suffices: Callable[[int], bool]) -> Digits | None:
    """The fewest hexadecimal digits where so many places of the proposed numbers, and of those in the loss, suffice."""
    most = parts_of(problem).digits.given
    given = next((g for g in (*range(64, most, 4), most) if suffices(g)), None)
    if given is None:
        return None
    large = max(part[1] for row in parts for part in row) if parts_of(problem).rates else 0
    return Digits(given + GUARD + (large >> PLACES).bit_length(), given)
