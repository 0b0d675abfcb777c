"""What the pictures show: for each point that a claim is about, a better one if known, and a valley or a curve from it.

A minimum that is not written down, under a loss over the reals, is shown by a rational point near it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

from symverify.kernel.cells.constant_risk_path import ConstantRiskPath
from symverify.kernel.core.activation import ONE, ZERO, Activation
from symverify.kernel.core.facts import (
    Evaluated,
    GlobalMinimum,
    LocalMinimum,
    NotLocalMinimum,
    SpuriousMinimum,
    Valley,
)
from symverify.kernel.core.network import Layer, Point, Problem, predictions
from symverify.kernel.core.proof import Fact
from symverify.kernel.curvature.critical_point import CriticalPoint
from symverify.kernel.reals.enclosed_point import enclosed_risk
from symverify.kernel.reals.enclosure import Enclosure
from symverify.kernel.reals.facts import (
    EnclosedPoint,
    NotRealMinimum,
    RationalMinimum,
    RealGlobalMinimum,
    RealMinimum,
    SpanMinimum,
    SpuriousReal,
)
from symverify.kernel.reals.minimum_in_box import BoxMinimum
from symverify.report.formula import text
from symverify.report.story import Story
from symverify.report.tellers import subject
from symverify.search.affine_minimum import NotConstructible, carrying

MAX_SCENES, GIVEN = 3, "the given point"
PLACES = 40  # binary places of a coefficient that is only shown


@dataclass(frozen=True, slots=True)
class Scene:
    """What a set of pictures shows: a point, a better one if known, and a valley or a descent curve from the point."""

    at: Evaluated
    name: str
    kind: str
    better: Evaluated | None
    better_name: str
    valley: Point | None
    descent: Point | None


def scenes(story: Story) -> tuple[Scene, ...]:
    """One scene for each point that a claim is about: the given point first, then those with a valley."""
    found: dict[Point, Scene] = {}
    for theorem in story.checked.theorems:
        scene = _scene(story, theorem.step) or _real_scene(story, theorem.step)
        if scene is None:
            continue
        known = found.get(scene.at.point)
        if known is None or (known.valley is None and scene.valley is not None):
            found[scene.at.point] = scene
    ranked = sorted(found.values(), key=lambda each: (not each.at.given, each.valley is None, each.better is None))
    return tuple(ranked[:MAX_SCENES])


def _scene(story: Story, index: int) -> Scene | None:
    fact = story.facts[index]
    at = subject(fact)
    if at is None:
        return None
    valley = story.path(index, "path") if isinstance(fact, Valley) else None
    descent = story.path(index, "curve") if isinstance(fact, NotLocalMinimum) else None
    inner = fact.minimum if isinstance(fact, Valley) else fact
    better = inner.better if isinstance(inner, SpuriousMinimum) else _lowest(story, at.risk)
    better_name = "" if better is None else text(story.theta(better))
    return Scene(at, text(story.theta(at)), kind_words(fact), better, better_name, valley, descent)


def _lowest(story: Story, risk: Fraction) -> Evaluated | None:
    """The lowest point that is known to be below a risk."""
    points = [fact for fact in story.facts if isinstance(fact, Evaluated | EnclosedPoint)]
    best = min(points, key=lambda found: found.most, default=None)
    return _shown(best) if best is not None and best.most < risk else None


def _shown(at: Evaluated | EnclosedPoint) -> Evaluated:
    """A point with one number for its risk, the middle of an enclosure."""
    if isinstance(at, Evaluated):
        return at
    return Evaluated(at.point, at.predictions, _middle(at.risk), at.given)


def _middle(risk: Enclosure) -> Fraction:
    return (risk.lower + risk.upper) / 2


def _real_scene(story: Story, index: int) -> Scene | None:
    """The same under a loss over the reals."""
    fact, place = story.facts[index], index
    if isinstance(fact, SpuriousReal):
        place = story.steps[index].premises["minimum"][0]
    inner: Fact = story.facts[place]
    descent = story.path(index, "curve") if isinstance(fact, NotRealMinimum) else None
    at = _near(story, place) if isinstance(inner, SpanMinimum) else None
    if isinstance(inner, RationalMinimum | RealGlobalMinimum | NotRealMinimum):
        at = _shown(inner.at)
    if isinstance(inner, BoxMinimum):
        f = predictions(story.problem, inner.centre)
        at = Evaluated(inner.centre, f, _middle(inner.risk), False)
    if at is None:
        return None
    risk = inner.enclosed if isinstance(inner, RealMinimum) else cast(RealGlobalMinimum | NotRealMinimum, inner).at.risk
    better = _shown(fact.better) if isinstance(fact, SpuriousReal) else _lowest(story, risk.lower)
    kind = "spurious local minimum" if isinstance(fact, SpuriousReal) else "local minimum"
    kind = "no local minimum" if descent is not None else kind
    kind = "global minimum" if isinstance(fact, RealGlobalMinimum) else kind
    name = GIVEN if at.given else "a point"
    if isinstance(inner, SpanMinimum | BoxMinimum):
        name, kind = "a point near the minimum", f"shown for a {kind}"
    return Scene(at, name, kind, better, "" if better is None else "a better point", None, descent)


def _near(story: Story, index: int) -> Evaluated | None:
    """A rational point near a minimum over a span; None where none is easily written down."""
    problem, step = story.problem, story.steps[index]
    if "point" in step.premises:
        at = story.facts[step.premises["point"][0]]
        return _shown(at) if isinstance(at, EnclosedPoint) else None
    rows, pieces = cast(list[list[str]], step.fields["near"]), cast(list[int], step.fields["pieces"])
    near = [[_short(Fraction(str(x))) for x in row] for row in rows]
    try:
        sloped = all(h.slopes[p] for h, p in zip(problem.activations, pieces, strict=True))
        wide = min(problem.widths[1:-1]) >= problem.widths[-1]
        if sloped and not wide:
            return None
        point = carrying(problem, near).point if sloped else _dead(problem, pieces, [row[0] for row in near])
    except NotConstructible:
        return None
    f = predictions(problem, point)
    return Evaluated(point, f, _middle(enclosed_risk(problem, f)), False)


def _short(x: Fraction) -> Fraction:
    return Fraction(round(x * 2**PLACES), 2**PLACES)


def _dead(problem: Problem, pieces: Sequence[int], constants: Sequence[Fraction]) -> Point:
    """All weights 0, the hidden biases strictly inside the pieces, the output biases these constants."""
    layers = []
    for m, (entering, width) in enumerate(zip(problem.widths, problem.widths[1:], strict=False)):
        last = m == len(problem.activations)
        bias = tuple(constants) if last else (_inside(problem.activations[m], pieces[m]),) * width
        layers.append(Layer(((ZERO,) * entering,) * width, bias))
    return tuple(layers)


def _inside(h: Activation, piece: int) -> Fraction:
    """A number strictly inside a piece."""
    ends = h.breakpoints[max(piece - 1, 0) : piece + 1]
    if len(ends) == 2:
        return (ends[0] + ends[1]) / 2
    return ends[0] + (ONE if piece else -ONE) if ends else ZERO


KINDS: dict[type[Fact], str] = {
    NotLocalMinimum: "not a local minimum",
    GlobalMinimum: "global minimum",
    SpuriousMinimum: "spurious local minimum",
    LocalMinimum: "local minimum",
    ConstantRiskPath: "local minimum",
    CriticalPoint: "critical point",
}


def kind_words(fact: Fact) -> str:
    """What a fact makes of the point that it is about, in two or three words."""
    return KINDS.get(type(fact.minimum if isinstance(fact, Valley) else fact), "point")
