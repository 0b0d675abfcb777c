"""What is posed for the rules about all labels, or those near the given ones."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from symverify.kernel.core.activation import ONE, ZERO
from symverify.kernel.core.network import features
from symverify.kernel.core.text import canonical, listed
from symverify.kernel.labels.cell_traps import CellTraps
from symverify.kernel.labels.every_slope import EverySlope
from symverify.kernel.labels.face_radius import FaceRadius
from symverify.kernel.labels.face_region import FaceRegion
from symverify.kernel.labels.forms import Form
from symverify.kernel.labels.hull import SpuriousHull
from symverify.kernel.labels.slope_region import SlopeRegion
from symverify.kernel.labels.spurious_radius import SpuriousRadius
from symverify.kernel.labels.spurious_region import SpuriousRegion
from symverify.kernel.labels.symbols import Family
from symverify.opinion.cell_rules import MAX_DUALS, best_in_span
from symverify.opinion.equations import too_large
from symverify.opinion.statement import LINEAR, NONLINEAR, Given, Statement
from symverify.opinion.terms import Terms, compare, polynomial, variable
from symverify.opinion.text import conjunction, disjunction

MAX_FORMS = 4_000  # of a list of conditions: conditions times labels


def cell_traps(given: Given) -> Iterator[Statement]:
    """For each cell of a list the best predictions in its span; that every cell has them for all labels is algebra."""
    problem, fact = given.problem, given.fact(CellTraps)
    if too_large(problem) or not fact.traps:
        return
    fields = listed(lambda value, _: value)(given.step.fields["traps"], "traps")
    for number, ((pieces, _), each) in enumerate(zip(fact.traps, fields, strict=True), 1):
        if number > MAX_DUALS or not isinstance(each, dict):
            return
        best = listed(canonical)(each["best"], "best")
        for made in best_in_span(problem, features(problem, ((pieces,),)), best):
            yield replace(made, name=f"cell {number}: {made.name}")


def box(names: Sequence[str], radius: Fraction) -> list[str]:
    """Changes of the labels that are smaller than the radius."""
    return [
        each for name in names for each in (compare(variable(name), "<", radius), compare(variable(name), ">", -radius))
    ]


def spurious_radius(given: Given) -> Iterator[Statement]:
    """Labels in the open box are not affine, in the mean over equal inputs; those of the edge are near enough."""
    problem, fact = given.problem, given.fact(SpuriousRadius)
    d = [f"d{i + 1}" for i in range(len(problem.inputs))]
    names = [f"a{c + 1}" for c in range(problem.widths[0] + 1)]
    edge = listed(canonical)(given.step.fields["affine"], "affine")
    off, near = list[str](), list[str]()
    held = [compare(variable(a), "=", v) for a, v in zip(names, edge, strict=True)]
    for group in problem.groups:
        x, mean = problem.inputs[group[0]], sum((problem.targets[i][0] for i in group), ZERO) / len(group)
        line = sum((variable(a) * v for a, v in zip(names, (*x, ONE), strict=True)), polynomial(0))
        moved = sum((variable(d[i]) for i in group), polynomial(0)) * Fraction(1, len(group))
        off.append(compare(line, "distinct", moved + mean))
        near += [compare(line - mean, "<=", fact.radius), compare(line - mean, ">=", -fact.radius)]
    yield Statement(
        "labels in the box are not affine", LINEAR, (*d, *names), tuple(box(d, fact.radius)), disjunction(off)
    )
    yield Statement("affine labels at the distance", LINEAR, tuple(names), tuple(held), conjunction(near))


def face_radius(given: Given) -> Iterator[Statement]:
    """The forms are positive in the open box."""
    fact = given.fact(FaceRadius)
    n = len(given.problem.inputs)
    d = [f"d{i + 1}" for i in range(n)]
    if not fact.conditions or len(fact.conditions) * n > MAX_FORMS or fact.radius == 0:
        return
    inside = () if fact.radius is None else tuple(box(d, fact.radius))
    goal = conjunction([compare(terms(each.form, d), ">" if each.strict else ">=") for each in fact.conditions])
    yield Statement("the conditions hold for all labels in the box", LINEAR, tuple(d), inside, goal)


def terms(form: Form, names: Sequence[str]) -> Terms:
    """The form in these variables."""
    return sum((variable(name) * x for name, x in zip(names, form[1:], strict=True)), polynomial(form[0]))


def every_slope(given: Given) -> Iterator[Statement]:
    """The deviation is positive for different slopes."""
    yield from _different(given.fact(EverySlope))


def slope_region(given: Given) -> Iterator[Statement]:
    """The same."""
    yield from _different(given.fact(SlopeRegion).slope)


def _different(fact: EverySlope) -> Iterator[Statement]:
    a, b, (p, q, r) = variable("a1"), variable("b1"), fact.form
    different = (compare(a - b, "distinct"),)
    yield Statement("the deviation is positive for different slopes", NONLINEAR, ("a1", "b1"), different,
                    compare(a * a * p + a * b * (2 * q) + b * b * r, ">"))  # fmt: skip


def _domain(family: Family, d: Sequence[str]) -> list[str]:
    """The distances of the symbols from their centres that are in the domain."""
    found = list[str]()
    for name, half in zip(d, family.half, strict=True):
        found += [compare(variable(name), "<=", half), compare(variable(name), ">=", -half)]
    return found + [compare(terms(form, d), ">") for form in family.where]


def spurious_region(given: Given) -> Iterator[Statement]:
    """The product is positive for all values of the symbols."""
    fact = given.fact(SpuriousRegion)
    d = [f"d{k + 1}" for k in range(fact.family.size)]
    goal = compare(terms(fact.form, d), ">")
    yield Statement("the product with the labels is positive", LINEAR, tuple(d), tuple(_domain(fact.family, d)), goal)


def face_region(given: Given) -> Iterator[Statement]:
    """The conditions hold for all values of the symbols."""
    fact = given.fact(FaceRegion)
    d = [f"d{k + 1}" for k in range(fact.family.size)]
    if fact.conditions and len(fact.conditions) * len(d) <= MAX_FORMS:
        goal = conjunction([compare(terms(each.form, d), ">" if each.strict else ">=") for each in fact.conditions])
        title = "the conditions hold for all values of the symbols"
        yield Statement(title, LINEAR, tuple(d), tuple(_domain(fact.family, d)), goal)


def hull(given: Given) -> Iterator[Statement]:
    """The first risk is above the second for all values of the symbols, where these are one or two."""
    fact = given.fact(SpuriousHull)
    family = fact.minimum.family
    d = [f"d{k + 1}" for k in range(family.size)]
    if family.size > 2:
        return
    gap = polynomial(0)
    for side, face in ((1, fact.minimum), (-1, fact.better)):
        for form in face.errors:
            gap += terms(form, d) * terms(form, d) * side
    title = "the risk is higher for all values of the symbols"
    yield Statement(title, NONLINEAR, tuple(d), tuple(_domain(replace(family, where=()), d)), compare(gap, ">"))
