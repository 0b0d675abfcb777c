"""Steps under losses with logarithms and exponentials: the theorems, and what the verified checkers want proposed."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from symverify.kernel.core.facts import LowerBound
from symverify.kernel.core.network import Problem, Vector, cell_of, features
from symverify.kernel.core.proof import Step
from symverify.kernel.core.text import canonical, integer, listed, natural
from symverify.kernel.reals.enclosure import Enclosure, plus, scaled
from symverify.kernel.reals.facts import EnclosedPoint, NoMinimum, RationalMinimum, SpanMinimum, real_loss

from .cells import Rows, averaged, change, exchange, left_inverse, place_of, solved
from .losses import (
    TOO_NEAR,
    digits_for,
    entropy_logarithms,
    entropy_with,
    fewest,
    logarithms,
    loss_parts,
    parts_of,
    risk_with,
    rounded,
)
from .terms import constant, integers, listing, number, parameters, tree_arguments, vector, vectors
from .theorem1 import arguments, bend, obstacle
from .writer import COMPUTED, Writer


def span_risk(problem: Problem, dual: Rows, fits: Sequence[Vector], risk: Enclosure) -> tuple[int, str, str] | None:
    """Places to compute with, logarithms of the entropy, and those of the risk of predictions near the best ones."""
    logs, parts = entropy_logarithms(problem, dual), loss_parts(problem, fits)

    def suffices(given: int) -> bool:
        low = entropy_with(problem, dual, rounded(logs, given, True))
        return risk.lower <= low and risk_with(problem, fits, rounded(parts, given, True)) <= risk.upper

    if (with_ := fewest(problem, parts, suffices)) is None:
        return None
    return with_.places, vectors(rounded(logs, with_.given, True)), vectors(rounded(parts, with_.given, True))


def widths(problem: Problem) -> str:
    """Those of the hidden layers, from the last to the first."""
    return listing([f"{width}%nat" for width in reversed(problem.widths[1:-1])])


def write_enclosed_point(out: Writer, index: int, step: Step) -> str | None:
    """The parameters, and an enclosure of their risk."""
    at = out.enclosed(index)
    out.parts.append(f"Definition th{index} : params Q := {parameters(at.point, constant)}.\n")
    parts = loss_parts(out.problem, at.predictions)
    least = list(map(parts_of(out.problem).least, at.predictions))

    def proposed(given: int, above: bool) -> Rows:
        found = rounded(parts, given, above)
        return found if above else [list(map(max, row, low)) for row, low in zip(found, least, strict=True)]

    def suffices(given: int) -> bool:
        low, high = (risk_with(out.problem, at.predictions, proposed(given, side)) for side in (False, True))
        return at.risk.lower <= low and high <= at.risk.upper

    if (with_ := fewest(out.problem, parts, suffices)) is None:
        return TOO_NEAR
    below, above = (vectors(proposed(with_.given, side)) for side in (False, True))
    ends = out.ends(index, at.risk)
    proof = f"apply (ok_log_risk_sound {with_.places} p th{index}\n   {below}\n   {above}). {COMPUTED}"
    out.state(index, f"risk_between p th{index} {ends}", proof)
    return None


def without_checker(problem: Problem, step: Step) -> str | None:
    """Why a `span_minimum` has no verified checker; None if it has one."""
    if "pieces" not in step.fields:
        has_one = problem.output_bias and problem.activations
        return (
            None if has_one else "has a verified checker at a point's cell only with hidden layers and an output bias"
        )
    if flat(problem, step):
        alike = len(set(problem.inputs)) == 1
        return "has a verified checker for flat pieces only where not all inputs are equal" if alike else None
    needed = problem.widths[-1] - real_loss(problem).gauge
    if min(problem.widths[1:-1]) <= needed:
        return f"has a verified checker only where every hidden layer has more than {needed} units"
    return None


def flat(problem: Problem, step: Step) -> bool:
    """Whether one of the pieces has slope 0."""
    pieces = listed(natural)(step.fields["pieces"], "")
    return not all(h.slopes[p] for h, p in zip(problem.activations, pieces, strict=True))


def still(problem: Problem, pieces: Sequence[int]) -> str:
    """Hidden layers without weights, strictly inside these pieces, from the last to the first."""
    layers = []
    for h, p, (before, width) in zip(problem.activations, pieces, pairwise(problem.widths[:-1]), strict=True):
        low, high = h.breakpoints[p - 1 : p], h.breakpoints[p : p + 1]
        ends = [*low, *high] if low and high else [a + 1 for a in low] + [b - 1 for b in high]
        inner = sum(ends, Fraction(0)) / max(1, len(ends))
        layers.append(vectors([[inner, *[Fraction(0)] * before]] * width))
    return listing(layers[::-1])


def write_constants(out: Writer, index: int, step: Step, risk: Enclosure) -> str | None:
    """Infinitely many local minima with the best constants as predictions."""
    problem, rows = out.problem, listed(listed(canonical))
    dual, near = rows(step.fields["dual"], ""), [row[0] for row in rows(step.fields["near"], "")]
    below = still(problem, listed(natural)(step.fields["pieces"], ""))
    mean = [sum(column, Fraction(0)) / len(column) for column in zip(*problem.targets, strict=True)]
    fits = [tuple(near)] * len(problem.inputs)
    if (numbers := span_risk(problem, dual, fits, risk)) is None:
        return TOO_NEAR
    places, logs, parts = numbers
    given = [below, vector(mean), vectors(dual), logs, vector(near), parts]
    arguments_ = f"{widths(problem)}\n   {f'{chr(10)}   '.join(given)}"
    statement = f"minima_at_constants p {widths(problem)} {out.ends(index, risk)}"
    out.state(index, statement, f"apply (ok_constants_sound {places} p {arguments_}). {COMPUTED}")
    return None


def write_cell(out: Writer, index: int, step: Step, fact: SpanMinimum) -> str | None:
    """Infinitely many local minima near those of a point's cell; of affine predictions, if these are what it makes."""
    problem, number_of = out.problem, out.premise(step, "point")
    at = out.enclosed(number_of)
    place, with_ = place_of(problem, at), parts_of(problem).digits
    dual = averaged(place.entering, problem.targets, listed(listed(canonical))(step.fields["dual"], ""))
    direction = [Fraction(not i) for i in range(len(place.before[0]))]
    given = [vector(direction), vector(change(place)), vectors(left_inverse(place.entering)), vectors(dual)]
    ends = out.ends(index, fact.risk)
    given += [logarithms(problem, with_, dual), out.named(fact.risk.lower, f"low{index}")]
    rule, where, more = "span", "anywhere", ""
    if fact.affine:
        rule, where = "affine", "(at_affine_fit p)"
        more = f" {' '.join(map(vectors, exchange(problem, place.entering)))}"
    arguments_ = f"{f'{chr(10)}   '.join(given)} {out.ends(number_of, at.risk)}{more}"
    proof = f"apply (ok_cell_{rule}_sound {with_.places} p th{number_of} 0\n   {arguments_}); "
    proof += f"[{COMPUTED} | exact step{number_of}]"
    statement = f"many_minima local_min p th{number_of} {ends} {where}"
    out.state(index, statement, proof)
    return None


def write_span_minimum(out: Writer, index: int, step: Step) -> str | None:
    """Infinitely many local minima with the best affine predictions; Theorem 1 itself, where its assumptions hold."""
    problem = out.problem
    if why := without_checker(problem, step):
        return why
    if not isinstance(step.fact, SpanMinimum):
        raise TypeError("not a minimum over a span")
    if "point" in step.premises:
        return write_cell(out, index, step, step.fact)
    if flat(problem, step):
        return write_constants(out, index, step, step.fact.risk)
    rows, risk = listed(listed(canonical)), step.fact.risk
    dual = averaged(problem.inputs, problem.targets, rows(step.fields["dual"], ""))
    if obstacle(problem) is None and not out.theorem1:
        proof = f"apply (ok_theorem1_sound p {arguments(problem, dual)}). {COMPUTED}"
        out.theorem("theorem1", f"valley_at_affine_fit p {widths(problem)}", proof)
        out.theorem1 = True
    near, fits = combination(problem, step, "near")
    bends = listing([bend(h) for h in reversed(problem.activations)])
    if (numbers := span_risk(problem, dual, fits, risk)) is None:
        return TOO_NEAR
    places, logs, parts = numbers
    given = [vectors(dual), logs, vectors(near), parts]
    arguments_ = f"{widths(problem)} {bends}\n   {f'{chr(10)}   '.join(given)}"
    proof = f"apply (ok_span_sound {places} p {arguments_}). {COMPUTED}"
    statement = f"minima_at_affine_fit p {widths(problem)} {out.ends(index, risk)}"
    out.state(index, statement, proof)
    return None


def combination(problem: Problem, step: Step, name: str) -> tuple[Rows, list[Vector]]:
    """The affine map in a field, the constant first, and its values."""
    given = listed(listed(canonical))(step.fields[name], "")
    rows = [[row[-1], *row[:-1]] for row in given]  # the constant is the last vector of the span
    return rows, [
        tuple(row[0] + sum((a * b for a, b in zip(row[1:], x, strict=True)), Fraction(0)) for row in rows)
        for x in problem.inputs
    ]


def affine_combination(out: Writer, step: Step, name: str) -> tuple[Rows, list[Vector]]:
    """The same of a combination of the vectors of any span of affine predictions."""
    problem = out.problem
    if "point" in step.premises:
        spanning = features(problem, cell_of(problem, out.enclosed(out.premise(step, "point")).point))
    elif flat(problem, step):
        spanning = [(Fraction(1),) * len(problem.inputs)]
    else:
        return combination(problem, step, name)
    given = listed(listed(canonical))(step.fields[name], "")
    values = [
        [sum((b * x for b, x in zip(row, column, strict=True)), Fraction(0)) for row in given]
        for column in zip(*spanning, strict=True)
    ]
    inputs = [[Fraction(1), *x] for x in problem.inputs]
    rows = [solved(inputs, column) for column in zip(*values, strict=True)]
    return rows, list(map(tuple, values))


def write_no_minimum(out: Writer, index: int, step: Step) -> str | None:
    """No affine map is best; the infimum of their risks."""
    problem, fact = out.problem, step.fact
    if not isinstance(fact, NoMinimum) or not fact.affine:
        return "has a verified checker only where the span is that of affine maps"
    dual = listed(listed(canonical))(step.fields["dual"], "")
    direction, moves = affine_combination(out, step, "direction")
    near, fits = affine_combination(out, step, "near")
    gauged = real_loss(problem).gauge
    kept = [
        tuple(a for a, b in zip(f, t, strict=True) if b == (max(t) if gauged else 0))
        for f, t in zip(fits, moves, strict=True)
    ]
    with_ = parts_of(problem).digits
    given = [vectors(dual), logarithms(problem, with_, dual), vectors(direction), vectors(near)]
    given.append(vectors(rounded(loss_parts(problem, kept), with_.given, True)))
    ends = out.ends(index, fact.risk)
    proof = f"apply (ok_no_minimum_sound {with_.places} p\n   {f'{chr(10)}   '.join(given)} {ends}). {COMPUTED}"
    out.state(index, f"no_best_affine_map p {ends}", proof)
    return None


def write_zero_infimum(out: Writer, index: int, step: Step) -> str | None:
    """The infimum is 0, and no network has it."""
    th = f"th{out.premise(step, 'point')}"
    out.state(index, f"zero_infimum p {th}", f"apply (ok_zero_infimum_sound p {th}). {COMPUTED}")
    return None


def write_spurious_real(out: Writer, index: int, step: Step) -> str | None:
    """The same minima are spurious, by a better point."""
    minimum, better = out.premise(step, "minimum"), out.premise(step, "better")
    at, before = out.checked.steps[better].fact, out.checked.steps[minimum].fact
    if not isinstance(at, EnclosedPoint):
        return "has a verified checker only with a better point of enclosed risk"
    if isinstance(before, RationalMinimum):
        return write_spurious_point(out, index, step, before.at.risk, at.risk)
    if not isinstance(before, SpanMinimum):
        raise TypeError("not a minimum with a verified checker")
    if "point" in out.checked.steps[minimum].premises:
        return write_spurious_cell(out, index, step, before, at.risk)
    ends, better_ends = out.ends(minimum, before.risk), out.ends(better, at.risk)
    rule, place = ("log_better_sound", "affine_fit") if before.affine else ("better_constants", "constants")
    given = f"p {widths(out.problem)} th{better} {ends} {better_ends}"
    proof = f"apply (ok_{rule} {given}); [{COMPUTED} | exact step{better} | exact step{minimum}]"
    out.state(index, f"spurious_minima_at_{place} p {widths(out.problem)} {ends}", proof)
    return None


def write_spurious_point(out: Writer, index: int, step: Step, risk: Enclosure, lower: Enclosure) -> str | None:
    """A point is spurious, by a better one."""
    minimum, better = out.premise(step, "minimum"), out.premise(step, "better")
    at = out.premise(out.checked.steps[minimum], "point")
    ends = f"{out.ends(at, risk)} {out.ends(better, lower)}"
    steps = f"exact step{at} | exact step{better} | exact step{minimum}"
    proof = f"apply (ok_apart_sound p th{at} th{better} {ends}); [{COMPUTED} | {steps}]"
    out.state(index, f"spurious_min (log_risk p) (real th{at})", proof)
    return None


def write_spurious_cell(out: Writer, index: int, step: Step, before: SpanMinimum, lower: Enclosure) -> str | None:
    """The minima of a point's cell are spurious, by a better point."""
    minimum, better = out.premise(step, "minimum"), out.premise(step, "better")
    at = out.premise(out.checked.steps[minimum], "point")
    ends = out.ends(minimum, before.risk)
    where = "(at_affine_fit p)" if before.affine else "anywhere"
    arguments_ = f"p th{at} th{better} {ends} {out.ends(better, lower)} {where}"
    proof = f"apply (ok_apart_many {arguments_}); [{COMPUTED} | exact step{better} | exact step{minimum}]"
    out.state(index, f"many_minima spurious_min p th{at} {ends} {where}", proof)
    return None


def write_real_interior(out: Writer, index: int, step: Step) -> str | None:
    """Strictly inside a cell."""
    th = f"th{out.premise(step, 'point')}"
    out.state(index, f"local_min (log_risk p) (real {th})", f"apply (ok_log_interior_sound p {th}). {COMPUTED}")
    return None


def write_real_lower_bound(out: Writer, index: int, step: Step) -> str | None:
    """No network of this width does better, by the tree."""
    problem, fact, loss = out.problem, step.fact, real_loss(out.problem)
    if not isinstance(fact, LowerBound):
        raise TypeError("not a lower bound")
    duals = listed(listed(integer))(step.fields["vectors"], "")
    scales, tree = listed(canonical)(step.fields["scales"], ""), listed(integer)(step.fields["tree"], "")
    points = [
        [[y - x / q] for x, (y,) in zip(g, problem.targets, strict=True)] for g, q in zip(duals, scales, strict=True)
    ]
    spare = min(scaled(problem.loss.factor, plus(map(loss.entropy, dual))).lower for dual in points) - fact.risk
    work = problem.loss.factor * sum((abs(a) + 1 for dual in points for (a,) in dual), Fraction(0))
    with_ = digits_for(problem, spare, work)
    given = [
        f"({integers(g)}, ({number(q)}, {logarithms(problem, with_, dual)}))"
        for g, q, dual in zip(duals, scales, points, strict=True)
    ]
    arguments_ = f"{' '.join(tree_arguments(problem))}\n   {listing(given, f';{chr(10)}    ')}\n   {integers(tree)}"
    statement = f"log_lower_bound p {problem.widths[1]} {number(fact.risk)}"
    out.state(index, statement, f"apply (ok_log_tree_sound {with_.places} p {arguments_}). {COMPUTED}")
    return None
