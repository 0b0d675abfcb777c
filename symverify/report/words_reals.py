"""What facts about losses over the reals say, in words: one sentence for each kind of fact."""

from collections.abc import Callable
from fractions import Fraction

from symverify.kernel.core.facts import Evaluated
from symverify.kernel.core.proof import Fact
from symverify.kernel.reals.enclosure import Enclosure
from symverify.kernel.reals.facts import (
    EnclosedPoint,
    NoMinimum,
    NotRealMinimum,
    RationalMinimum,
    RealBracket,
    RealGlobalMinimum,
    RealMinimum,
    SpanMinimum,
    SpuriousReal,
    ZeroInfimum,
)
from symverify.kernel.reals.minimum_in_box import BoxMinimum
from symverify.kernel.reals.real_cell_traps import RealCellTraps
from symverify.report.document import Code, Inline, say
from symverify.report.formula import Num, Script
from symverify.report.rationals import enclosed, within
from symverify.report.words import each_cell, verb

Sentence = tuple[Inline, ...]


def _named(at: EnclosedPoint | Evaluated, otherwise: str = "a point") -> str:
    return "the given point" if at.given else otherwise


def _risk(risk: Enclosure | Fraction) -> Inline:
    """A number, or its digits that are sure; "in" before two ends."""
    return Num(risk) if isinstance(risk, Fraction) else within(risk)


def _point(fact: EnclosedPoint, _: object) -> Sentence:
    return say(f"{_named(fact)} has risk {{}}", _risk(fact.risk))


def _bracket(fact: RealBracket, _: object) -> Sentence:
    return (f"the infimum of the risk over all parameters is {within(fact.risk)}",)


def _span(fact: SpanMinimum, _: object) -> Sentence:
    return say(
        f"some point, not written down, that predicts {_fit(fact)}, of risk {{}}, is a local minimum, strictly "
        f"inside its cell, in whose closure no point has lower risk{_size(fact)}",
        _risk(fact.risk),
    )


def _fit(fact: SpanMinimum) -> str:
    return "a best affine fit" if fact.affine else "the best that its cell can predict"


def _size(fact: SpanMinimum) -> str:
    said = "the points of its cell of that risk are local minima, too, and form, near it, a set of dimension"
    return f"; {said} {fact.dimension}"


def _rational(fact: RationalMinimum, _: object) -> Sentence:
    inside = "" if fact.pattern is None else ": strictly inside its cell, in whose closure no point has lower risk"
    return say(f"{_named(fact.at)}, of risk {{}}, is a local minimum{inside}", _risk(fact.at.risk))


def _global(fact: RealGlobalMinimum, _: object) -> Sentence:
    fit = ", and predicts a best affine fit" if fact.affine else ""
    return say(
        f"{_named(fact.at)}, of risk {{}}, is a global minimum{fit}: no function of the inputs has lower risk",
        _risk(fact.at.risk),
    )


def _falls(fact: NotRealMinimum, _: object) -> Sentence:
    return say(
        f"{_named(fact.at)}, of risk {{}}, is not a local minimum: along a polynomial curve from it the risk "
        "strictly falls at once",
        _risk(fact.at.risk),
    )


def _enclosed(fact: BoxMinimum) -> Sentence:
    places = fact.radius.denominator.bit_length() - fact.radius.numerator.bit_length()
    places -= fact.radius > Fraction(2) ** -places
    size = Script(Num(Fraction(2)), None, Num(Fraction(-places)))
    return say("some point, not written down, each parameter within {} of one that is", size)


def _box(fact: BoxMinimum, _: object) -> Sentence:
    one = len(fact.kinks) == 1  # at least: a sample that is 0 may be at others, whatever the parameters
    kinks = f"at least {len(fact.kinks)} of its pre-activations {'is at a breakpoint' if one else 'are at breakpoints'}"
    kinks = f"; {kinks}" if fact.kinks else ""
    gone = f"; {len(fact.collapsed)} of its units {verb(len(fact.collapsed), 'are')} 0" if fact.collapsed else ""
    return *_enclosed(fact), *say(f", of risk {{}}, is a local minimum{kinks}{gone}", _risk(fact.risk))


def _minimum(fact: RealMinimum) -> tuple[Sentence, str]:
    match fact:
        case SpanMinimum():
            return (f"some point, not written down, that predicts {_fit(fact)}",), _size(fact)
        case RationalMinimum():
            return (_named(fact.at),), ""
        case BoxMinimum():
            return _enclosed(fact), ""
        case _:
            raise TypeError(f"no words for {type(fact).__name__}")


def _spurious(fact: SpuriousReal, _: object) -> Sentence:
    name, size = _minimum(fact.minimum)
    risk, other = fact.minimum.enclosed, _named(fact.better, "another point")
    said = f", of risk {{}}, is a spurious local minimum{size}{';' if size else ':'} {other} has risk {{}}"
    return *name, *say(said, _risk(risk), _risk(fact.better.risk))


def _none(fact: NoMinimum, _: object) -> Sentence:
    over = "affine maps of the inputs" if fact.affine else "the predictions of a cell"
    return say(f"the infimum of the risk over {over} is {{}}, and none of them attains it", _risk(fact.risk))


def _zero(_: ZeroInfimum, __: object) -> Sentence:
    return ("the infimum of the risk over all parameters is 0, and no parameters attain it",)


def _traps(fact: RealCellTraps, _: object) -> Sentence:
    said = say(
        f"for all labels {fact.inner}, {each_cell(fact.count)} of a hidden unit, with all units in it, holds a local "
        "minimum strictly inside, which predicts a best fit that the cell's features allow"
    )
    if fact.traps:
        holding = f"{len(fact.risks)} of them {verb(len(fact.risks), 'hold')}"
        said += (f"; with the labels in the file {holding} such a minimum",)
        if fact.ends is not None:
            said += say(", of risks from {} to {}", *map(enclosed, fact.ends))
        if len(fact.risks) < len(fact.traps):
            said += ("; in the others no fit that the features allow is best",)
    if fact.better is not None:
        count = f"; at least {fact.spurious} of these {verb(fact.spurious, 'are')} spurious: "
        count += f"{_named(fact.better, 'another point')} has risk {{}}"
        said += say(count, _risk(fact.better.risk))
    if fact.one is not None:
        cell, risk = fact.one
        none = "; in the cell {} no fit is best"
        said += (
            say(none, Code(cell)) if risk is None else say("; that of the cell {} has risk {}", Code(cell), _risk(risk))
        )
    return said


SAYERS: dict[type[Fact], Callable[..., Sentence]] = {
    EnclosedPoint: _point,
    SpanMinimum: _span,
    RationalMinimum: _rational,
    RealGlobalMinimum: _global,
    NotRealMinimum: _falls,
    SpuriousReal: _spurious,
    NoMinimum: _none,
    ZeroInfimum: _zero,
    RealCellTraps: _traps,
    RealBracket: _bracket,
    BoxMinimum: _box,
}
