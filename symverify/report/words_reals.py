"""What facts about losses over the reals say, in words."""

from symverify.kernel.core.proof import Fact
from symverify.kernel.reals.facts import (
    EnclosedPoint,
    NoMinimum,
    NotRealMinimum,
    RationalMinimum,
    SpanMinimum,
    SpuriousReal,
    ZeroInfimum,
)


def real_words(fact: Fact) -> str | None:
    """The statement of such a fact in plain words; None for any other fact."""
    match fact:
        case EnclosedPoint():
            return f"{'the given point' if fact.given else 'a point'} of risk {fact.risk}"
        case SpanMinimum():
            fit = "the best affine fit" if fact.affine else "the best predictions that its cell can make"
            return (
                f"some point, not written down, predicts {fit}, of risk {fact.risk}, and is a local minimum, strictly "
                f"inside its cell, where no point has lower risk; the points of the cell of that risk, all of them "
                f"local minima, are a manifold of dimension {fact.dimension}"
            )
        case RationalMinimum():
            where = "" if fact.pattern is None else ": strictly inside its cell, where no point has lower risk"
            return f"{real_words(fact.at)} is a local minimum{where}"
        case NotRealMinimum():
            falls = "along a polynomial curve from it the risk strictly falls"
            return f"{real_words(fact.at)} is not a local minimum: {falls}"
        case SpuriousReal():
            return f"{real_words(fact.minimum)}; it is spurious: another point has risk {fact.better.risk}"
        case NoMinimum():
            over = "affine maps of the inputs" if fact.affine else "the predictions of a cell"
            return f"the infimum of the risk over {over} is {fact.risk}, and none of them attains it"
        case ZeroInfimum():
            return "the infimum of the risk over all parameters is 0, and no parameters attain it"
        case _:
            return None
