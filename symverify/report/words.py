"""What facts and theorems say, in words: the one place where a sentence about a proved statement is made.

A sentence is made from the fact that the kernel established, or from a theorem and that fact, and from nothing else.
`Names` says how points are called: by symbols on a page, in words elsewhere.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module

from symverify.kernel import Checked, Theorem
from symverify.kernel.cells.infimum import Infimum
from symverify.kernel.cells.limit import Limit
from symverify.kernel.cells.not_attained import NotAttained
from symverify.kernel.cited.assumptions import Assumptions
from symverify.kernel.cited.linear_collapse import SHALLOW, LinearCollapse
from symverify.kernel.core.facts import (
    Bracket,
    Evaluated,
    GlobalMinimum,
    LocalMinimum,
    LowerBound,
    Minimum,
    NotLocalMinimum,
    SpuriousMinimum,
    Valley,
)
from symverify.kernel.core.proof import Fact
from symverify.kernel.curvature.critical_point import CriticalPoint
from symverify.kernel.reals.enclosure import Enclosure
from symverify.report.document import Code, Inline, Stranger, Strong, say
from symverify.report.formula import Formula, Num, text
from symverify.report.rationals import View, exact, is_short, within

Sentence = tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Names:
    """How sentences call points: by the symbol that `theta` gives, or else in words; `given` is the problem's own."""

    theta: Callable[[Evaluated], Formula] | None = None
    given: str = "the given point"

    def point(self, at: Evaluated, affine: bool = False) -> Inline:
        """A point; `affine` if the fact says that it predicts what a best affine fit does."""
        if self.theta is not None:
            return self.theta(at)
        return self.given if at.given else "the affine fit" if affine else "a point"

    def other(self, at: Evaluated) -> Inline:
        """A second point in the same sentence."""
        return self.theta(at) if self.theta is not None else self.given if at.given else "another point"

    def fit(self, at: Evaluated, affine: bool) -> str:
        """What is added about a best affine fit, where the name does not say it."""
        said = not affine or (self.theta is None and not at.given)
        return "" if said else ", and predicts what a best affine fit does"


WORDS = Names()


def told(fact: Fact, names: Names = WORDS) -> Sentence:
    """The fact as a sentence without its capital and its full stop. Raises TypeError for a fact without words."""
    say_it = sayer(type(fact))
    if say_it is None:
        raise TypeError(f"no words for {type(fact).__name__}")
    return say_it(fact, names)


FAMILIES = {storey: f"symverify.report.words_{storey}" for storey in ("cells", "labels", "reals")}


def sayer(fact: type[Fact]) -> Callable[..., Sentence] | None:
    """What says a fact of this kind, or None. The words of a storey of the kernel are loaded with its first fact."""
    for kind in fact.__mro__:
        storey = kind.__module__.removeprefix("symverify.kernel.").partition(".")[0]
        if kind not in SAYERS and storey in FAMILIES:
            SAYERS.update(import_module(FAMILIES[storey]).SAYERS)
        if kind in SAYERS:
            return SAYERS[kind]
    return None


def theorem_words(checked: Checked, theorem: Theorem, names: Names = WORDS) -> Sentence:
    """The theorem as a sentence: what its step proves, and what that means for its claim."""
    said = told(checked.steps[theorem.step].fact, names)
    if (theorem.claim, theorem.verdict) == ("spurious_minimum", "refuted"):
        return ("a best affine fit gives no spurious minimum here: ", *said)
    if theorem.claim == "spurious_linear_minimum":
        return (
            *said,
            "; at the minimum every unit is on one piece on all samples, so that predictions are affine there",
        )
    return said


def height(checked: Checked, theorem: Theorem) -> tuple[Fraction | Enclosure, str] | None:
    """How far the risk of a proved claim about a minimum is above the least risk, and the claim that proves that one.

    The claim is `global_minimum`, or `infimum` where it is not, or not known to be, attained. Where risks are
    enclosed the least one is 0, if it is rational at all, and the height is the risk itself.
    """
    proved = theorem.verdict == "proved" and theorem.claim in _MINIMA
    least = next((each for each in checked.theorems if each.claim in _LEAST and each.verdict == "proved"), None)
    risk, lowest = (dict(each.statement).get("risk") if each else None for each in (theorem, least))
    if not proved or least is None or not isinstance(lowest, str):
        return None
    if isinstance(risk, Enclosure):
        return (risk, least.claim) if lowest == "0" and risk.lower > 0 else None
    return (Fraction(risk) - Fraction(lowest), least.claim) if isinstance(risk, str) else None


_LEAST = {"global_minimum": "the global minimum", "infimum": "the infimum of the risk over all parameters"}
_MINIMA = frozenset({"spurious_minimum", "spurious_linear_minimum", "valley", "point"})


def height_words(checked: Checked, theorem: Theorem) -> Sentence:
    """The height as a sentence; () where it is not known, or 0."""
    found = height(checked, theorem)
    if found is None or not found[0]:
        return ()
    above, least = found[0], _LEAST[found[1]]
    if isinstance(above, Enclosure):
        return (f"the risk, {within(above)}, is above {least} by exactly that much",)
    exactly = "exactly " * is_short(above)
    return say(
        f"the risk {{}} is above {least} by {exactly}{{}}", Fraction(str(dict(theorem.statement)["risk"])), above
    )


def storey_words(theorem: Theorem) -> str:
    """The parts of the kernel that a theorem rests on."""
    parts = ["core", *(part for part in theorem.storey.split("+") if part != "core")]
    return f"kernel storey{'s' * (len(parts) > 1)} {' and '.join(parts)}"


def flat(sentence: Sequence[Inline], whole: bool = False) -> str:
    """A sentence as plain text; `whole`: its numbers exact, however long."""
    return "".join(_flat(part, whole) for part in sentence)


def _flat(part: Inline, whole: bool) -> str:
    match part:
        case str():
            return part
        case Num(value) if whole or is_short(value):
            return exact(value)
        case Stranger(found) | Strong(found) | Code(found):
            return found
        case _:
            return text(part)


def sentence(words: Sequence[Inline]) -> Sentence:
    """The words with a capital and a full stop."""
    first, *rest = words
    return (first[:1].upper() + first[1:] if isinstance(first, str) else first, *rest, ".")


def at_least(bound: Fraction) -> Num:
    """A lower bound: where it is rounded, downward, so that what is said stays true."""
    return Num(bound, View(toward="down"))


def at_most(bound: Fraction) -> Num:
    """An upper bound, rounded upward."""
    return Num(bound, View(toward="up"))


# one sentence for each kind of fact


def _evaluated(fact: Evaluated, names: Names) -> Sentence:
    return say("{} has risk {}", names.point(fact), fact.risk)


def _local(fact: LocalMinimum, names: Names) -> Sentence:
    said = say("{}, of risk {}, is a local minimum", names.point(fact.at), fact.at.risk)
    inside = ": strictly inside its cell, in whose closure no point has lower risk"
    return said if fact.pattern is None else (*said, inside)


def _no_local(fact: NotLocalMinimum, names: Names) -> Sentence:
    return say(
        "{}, of risk {}, is not a local minimum: along a polynomial curve from it the risk strictly falls at once",
        names.point(fact.at), fact.at.risk,
    )  # fmt: skip


def _spurious(fact: SpuriousMinimum, names: Names) -> Sentence:
    return say(
        "{}, of risk {}, is a spurious local minimum" + names.fit(fact.at, fact.affine) + ": {} has risk {}",
        names.point(fact.at, fact.affine), fact.at.risk, names.other(fact.better), fact.better.risk,
    )  # fmt: skip


def _global(fact: GlobalMinimum, names: Names) -> Sentence:
    return say(
        "{}, of risk {}, is a global minimum" + names.fit(fact.at, fact.affine) + ": no parameters have lower risk",
        names.point(fact.at, fact.affine), fact.at.risk,
    )  # fmt: skip


def local_minimum(fact: Minimum) -> LocalMinimum:
    """The local minimum in a fact about one."""
    found = fact.minimum if isinstance(fact, SpuriousMinimum) else fact
    if not isinstance(found, LocalMinimum):
        raise TypeError(f"no local minimum in {type(fact).__name__}")
    return found


def _valley(fact: Valley, names: Names) -> Sentence:
    inner, at, kind, affine, better = fact.minimum, fact.minimum.at, "local minima", False, Sentence()
    if isinstance(inner, SpuriousMinimum):
        kind, affine = "spurious local minima", inner.affine
        better = say("; {} has risk {}", names.other(inner.better), inner.better.risk)
    size = "" if fact.exact else "at most "
    return (
        *say(f"infinitely many {kind} of risk {{}}", at.risk),
        *say(": a path of them, with the same predictions, starts at {}", names.point(at, affine)),
        *say(f"; the points of its cell with these predictions form, near it, a set of dimension {size}{{}}",
             fact.dimension),
        *better,
    )  # fmt: skip


def _assumptions(fact: Assumptions, _: Names) -> Sentence:
    parts = (f"{name} {'holds' if so else 'fails'}: {evidence(name, so, where)}" for name, so, where in fact.holds)
    return ("; ".join(parts),)


def evidence(name: str, holds: bool, where: tuple[int, ...]) -> str:
    """Why an assumption holds or fails; `where` are the samples or the layer, from 1, at which it fails."""
    first, second = (*where, 0, 0)[:2]
    match name, holds:
        case "A1", _:
            return f"{'no' if holds else 'an'} affine map has the labels as its values"
        case "A2", True:
            return "inputs are distinct"
        case "A2", False:
            return f"samples {first} and {second} have equal inputs"
        case "A3", True:
            return "every hidden layer is wider than the output"
        case "A3", False:
            return f"hidden layer {first} is not wider than the output"
        case "A4", True:
            return "every activation has a breakpoint whose two slopes do not sum to 0"
        case "A4", False:
            return f"the activation of hidden layer {first} has no breakpoint whose two slopes do not sum to 0"
        case "AL", True:
            return "the loss is differentiable and stationary only at the target"
        case "AL", False:
            return "the loss is not differentiable, or not stationary exactly at the target; not used"
        case _:
            raise ValueError(f"no assumption {name}")


def _linear(fact: LinearCollapse, _: Names) -> Sentence:
    return ("every activation is affine: one cell, and every local minimum is a global one, by ", *theorem_used(fact))


def theorem_used(fact: LinearCollapse) -> Sentence:
    """The theorem, and in brackets which of its hypotheses are met."""
    name, _, met = fact.theorem.partition("; ")
    if fact.theorem == SHALLOW:
        name = "the converse of interior_minimum"
        met = "with one hidden layer and one output, any local minimum inside a cell is least there; no rank condition"
    return say("{} (" + met + ")", Stranger(name))


def _bound(fact: LowerBound, _: Names) -> Sentence:
    return say("no parameters have risk below {}", at_least(fact.risk))


def _limit(fact: Limit, _: Names) -> Sentence:
    return say("the risk comes arbitrarily close to {}, or below it", at_most(fact.risk))


def _infimum(fact: Infimum, _: Names) -> Sentence:
    return say(
        "the infimum of the risk over all parameters is {}, which points approach; whether any attain it is open",
        fact.risk,
    )


def _not_attained(fact: NotAttained, _: Names) -> Sentence:
    return say(
        "the infimum of the risk over all parameters is {}, and no parameters attain it: there is no global minimum",
        fact.risk,
    )


def _bracket(fact: Bracket, _: Names) -> Sentence:
    ends = at_least(fact.lower), at_most(fact.upper)
    return say("the infimum of the risk over all parameters is at least {} and at most {}", *ends)


def _critical(fact: CriticalPoint, names: Names) -> Sentence:
    said = "{}, of risk {}, is a critical point: strictly inside its cell, with gradient 0"
    return say(said, names.point(fact.at), fact.at.risk)


def counted(count: int, what: str) -> str:
    """1 cell, 2 cells."""
    return f"{count} {what}{'s' * (count != 1)}"


def verb(count: int, several: str) -> str:
    """As one thing has it, or as several: is, are; has, have; holds, hold."""
    return several if count != 1 else {"are": "is", "have": "has"}.get(several, f"{several}s")


def each_cell(count: int) -> str:
    """The one cell; each of the 2 cells."""
    return "the one cell" if count == 1 else f"each of the {count} cells"


SAYERS: dict[type[Fact], Callable[..., Sentence]] = {
    Evaluated: _evaluated,
    LocalMinimum: _local,
    NotLocalMinimum: _no_local,
    SpuriousMinimum: _spurious,
    GlobalMinimum: _global,
    Valley: _valley,
    Assumptions: _assumptions,
    LinearCollapse: _linear,
    LowerBound: _bound,
    Limit: _limit,
    Infimum: _infimum,
    NotAttained: _not_attained,
    Bracket: _bracket,
    CriticalPoint: _critical,
}
