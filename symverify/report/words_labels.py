"""Sentences about facts for all labels, or for those near the given ones; see `words`."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from symverify.kernel.cells.strata import spelled
from symverify.kernel.core.proof import Fact
from symverify.kernel.labels.cell_radius import CellRadius
from symverify.kernel.labels.cell_traps import CellTraps
from symverify.kernel.labels.closed_list import NoSpurious
from symverify.kernel.labels.every_slope import EverySlope
from symverify.kernel.labels.face_radius import FaceRadius
from symverify.kernel.labels.face_region import FaceRegion, spelled_square
from symverify.kernel.labels.global_radius import GlobalRadius
from symverify.kernel.labels.global_region import GlobalRegion
from symverify.kernel.labels.hull import SpuriousHull
from symverify.kernel.labels.slope_region import SlopeRegion
from symverify.kernel.labels.spurious_labels import SpuriousLabels
from symverify.kernel.labels.spurious_radius import SpuriousRadius
from symverify.kernel.labels.spurious_region import SpuriousRegion
from symverify.report.document import Code, Inline, say
from symverify.report.words import at_least, at_most, counted, each_cell, verb

Sentence = tuple[Inline, ...]


def _traps(fact: CellTraps, names: Any) -> Sentence:
    said = say(
        f"whatever the labels, {each_cell(fact.count)} of a hidden unit, with all units in it, holds a local minimum "
        "strictly inside, which predicts a best fit that the cell's features allow"
    )
    values = sorted({risk for _, risk in fact.traps})
    if values:
        risks = say("risk {}", values[0])
        if len(values) > 1:
            risks = say(f"{len(values)} risks, from {{}} to {{}}", values[0], values[-1])
        said += ("; with the labels of the file these have ", *risks)
    if fact.better is not None:
        lower = names.other(fact.better)
        are = "is a spurious local minimum" if fact.spurious == 1 else "are spurious local minima"
        count = f"; at least {fact.spurious} of them {are} with these: {{}} has risk {{}}"
        said += say(count, lower, fact.better.risk)
    if fact.shown is not None:
        said += say("; that of the cell {} has risk {}", Code(fact.shown[0]), fact.shown[1])
    return said


NEARER = "as long as every label is nearer than {} to the one in the file, "
ALWAYS = "whatever the labels, "


def _within(radius: Fraction | None) -> Sentence:
    """For which labels it is so."""
    return (ALWAYS,) if radius is None else say(NEARER, at_least(radius))


def _lost(radius: Fraction) -> Sentence:
    """Beyond which labels it is not so: the radius is named once more, as it may be rounded to the other side."""
    said = "; at every distance above {} some labels have no local minimum there with output weights of these signs"
    return say(said, at_most(radius))


def _spurious(fact: SpuriousRadius, _: object) -> Sentence:
    form = ", ".join(map(str, fact.form))
    return (
        *_within(fact.radius),
        "a local minimum that predicts the best affine fit is spurious; ",
        *say(
            f"for some labels, each at most {{}} away, none is: the product with ({form}) is 0 for affine labels, "
            "and positive for the nearer ones",
            at_most(fact.radius),
        ),
    )


def _face(fact: FaceRadius, names: Any) -> Sentence:
    if fact.radius == 0:
        count = f"{counted(fact.vanishing, 'linear form')} in the labels"
        said = say(
            "{}, of risk {}, is a local minimum on the face {}, but some other labels, as near as one likes, "
            f"{'have none' if fact.exact else 'are not known to have one'} there with output weights of these signs: "
            f"{count} vanish{'es' * (fact.vanishing == 1)}",
            names.point(fact.at), fact.at.risk, Code(fact.face),
        )  # fmt: skip
        return (*said, *_neighbour(fact))
    said = (
        *_within(fact.radius),
        *say("there is a local minimum on the face {}, with output weights of the same signs as at {}, whose risk with "
             "the labels in the file is {}", Code(fact.face), names.point(fact.at), fact.at.risk),
    )  # fmt: skip
    if fact.exact and fact.radius is not None:
        said += _lost(fact.radius)
    if fact.better is not None and fact.spurious is not None:
        said += say(
            "; nearer than {} it is a spurious local minimum: {} is lower for these labels, and has risk {} with those "
            "in the file", at_least(fact.spurious), names.other(fact.better), fact.better.risk,
        )  # fmt: skip
    return said


def _neighbour(fact: FaceRadius) -> Sentence:
    """Labels close by at which the minimum is robust."""
    if fact.neighbour is None or fact.neighbour[1] is None:
        return ()
    changes = ", ".join(map(str, fact.neighbour[0]))
    return say(f"; with the labels changed by ({changes}) the face has one as long as every label is nearer than {{}} "
               "to those", at_least(fact.neighbour[1]))  # fmt: skip


def _cell(fact: CellRadius, _: object) -> Sentence:
    minima = fact.minima
    one = minima.components == 1
    how = "one connected valley" if one else f"{minima.components} components"
    orbits = "" if one else f" ({counted(len(minima.orbits), 'orbit')} under exchanging units)"
    said = say("the local minima strictly inside the cell {} form {}", Code(spelled(minima.face)), how + orbits)
    if fact.exact:
        others = "some labels have minima there with other signs of the output weights, or none with some of these"
        said += say(f"; within every distance above {{}} {others}", at_most(fact.radius))
    return (*_within(fact.radius), *said)


def _global(fact: GlobalRadius, names: Any) -> Sentence:
    more: Sentence = ()
    if fact.exact and fact.radius is not None:
        more = _lost(fact.radius)
    elif fact.beyond is not None:
        none = "none there with output weights of these signs is a global one: another point is lower"
        more = say(f"; for some labels, each at most {{}} away, {none}", at_most(fact.beyond))
    return (
        *_within(fact.radius),
        *say("there is a global minimum on the face of {}, whose risk with the labels in the file is {}, with output "
             "weights of the same signs", names.point(fact.at), fact.at.risk),
        *more,
    )  # fmt: skip


def _labels(fact: SpuriousLabels, _: object) -> Sentence:
    if not fact.forms:
        return ("whatever the labels, no function of the inputs is better than a best affine fit",)
    forms = ", ".join("(" + ", ".join(map(str, form)) + ")" for form in fact.forms)
    return (
        "a local minimum that predicts the best affine fit is spurious for exactly those labels whose product with at "
        f"least one of these vectors is not 0: {forms}",
    )


def _slopes(fact: EverySlope, _: object) -> Sentence:
    return say(
        "for every activation with one breakpoint, of slope a left of it and b right of it, a ≠ b, a local minimum "
        "that predicts the best affine fit, of risk {}, is spurious: a network with such an activation and a unit that "
        "has its kink at the input {} has risk {}",
        fact.risk, fact.kink, fact.better,
    )  # fmt: skip


def _spurious_region(fact: SpuriousRegion, _: object) -> Sentence:
    return (
        f"for all {fact.family.domain()}: a local minimum that predicts the best affine fit is spurious: the product "
        f"of some vector with all affine labels is 0, and with these it is {fact.family.spelled(fact.form)}, positive",
    )


def _slope_region(fact: SlopeRegion, _: object) -> Sentence:
    return say(
        f"for all {fact.domain}: with an activation of {fact.family.slope_words}, left and right of its one breakpoint"
        ", a local minimum that predicts the best affine fit, of risk {}, is spurious: a network with a unit that has "
        "its kink at the input {} has risk {}",
        fact.slope.risk, fact.slope.kink, fact.better,
    )  # fmt: skip


def _region(fact: FaceRegion, _: object) -> Sentence:
    risk = spelled_square(fact.family, fact.errors, fact.factor)
    return say(f"for all {fact.family.domain()}: there is a local minimum on the face {{}}, of risk {risk}",
               Code(fact.face))  # fmt: skip


def _hull(fact: SpuriousHull, names: Any) -> Sentence:
    lower = spelled_square(fact.better.family, fact.better.errors, fact.better.factor)
    return (*_region(fact.minimum, names), f", which is spurious: elsewhere there is one of risk {lower}, lower")


def _global_region(fact: GlobalRegion, names: Any) -> Sentence:
    risk = spelled_square(fact.minimum.family, fact.minimum.errors, fact.minimum.factor)
    return say(f"for all {fact.minimum.family.domain()}: there is a global minimum on the face {{}}, of risk {risk}",
               Code(fact.minimum.face))  # fmt: skip


def _closed(fact: NoSpurious, _: object) -> Sentence:
    parts = len(fact.parts)
    these = "for any of these values"
    if parts > 1:
        these = f"on each of the {parts} parts of a partition of these values, of which some may be empty"
    return (
        f"for all {fact.family.domain()}: no local minimum is spurious; all have risk {fact.formula}. Of the "
        f"{fact.strata} choices of faces and signs, up to exchanging units, {'at least ' * (parts > 1)}{fact.excluded} "
        f"{verb(fact.excluded, 'have')} none {these}",
    )


SAYERS: dict[type[Fact], Callable[..., Sentence]] = {
    CellTraps: _traps,
    SpuriousLabels: _labels,
    EverySlope: _slopes,
    SpuriousRadius: _spurious,
    FaceRadius: _face,
    CellRadius: _cell,
    GlobalRadius: _global,
    SlopeRegion: _slope_region,
    SpuriousRegion: _spurious_region,
    FaceRegion: _region,
    SpuriousHull: _hull,
    GlobalRegion: _global_region,
    NoSpurious: _closed,
}
