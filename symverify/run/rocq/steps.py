"""One theorem for each step that has a verified checker."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from math import comb

from symverify.kernel.cells.limit import Limit
from symverify.kernel.cells.limit import unit as limit_unit
from symverify.kernel.check import rests_on
from symverify.kernel.core.facts import Evaluated, LowerBound
from symverify.kernel.core.network import Problem, Vector, pieces_at
from symverify.kernel.core.proof import Step
from symverify.kernel.core.text import canonical, integer, listed

from .descents import write_real_descent
from .paths import write_path
from .reals import (
    write_enclosed_point,
    write_no_minimum,
    write_real_interior,
    write_real_lower_bound,
    write_span_minimum,
    write_spurious_real,
    write_zero_infimum,
)
from .terms import (
    constant,
    integers,
    listing,
    log_loss,
    loss_term,
    means,
    number,
    parameters,
    slopes_of_means,
    tree_arguments,
    vector,
    vectors,
)
from .writer import COMPUTED, Writer, lifted

Write = Callable[[Writer, int, Step], str | None]
MOST_RAYS = 20_000  # sets of planes that the rays of a unit may take
MOST_CELLS = 12  # pre-activations on a breakpoint


def write_step(out: Writer, index: int, step: Step) -> str | None:
    """Write the theorem of a step; why not, if it is left out."""
    if out.problem.decays:  # the risk there is without a penalty
        return write_by({}, out, index, step, "has no verified checker with weight decay")
    loss, real = out.problem.loss, log_loss(out.problem) is not None
    covered = real or loss_term(loss) is not None
    named = f" for {loss.name} loss" * (real or not covered)
    writers = REAL_WRITERS if real else WRITERS if covered else {}
    return write_by(writers, out, index, step, f"has no verified checker{named}")


def write_by(writers: Mapping[str, Write], out: Writer, index: int, step: Step, lacking: str) -> str | None:
    """The same by the writer of its rule; `lacking` tells that there is none."""
    if missing := [each for each in rests_on(step) if each not in out.done]:
        return f"rests on step {missing[0]}"
    if (write := writers.get(step.rule)) is None:
        return lacking
    hand_on_slopes(out, index, step)
    return write(out, index, step)


def hand_on_slopes(out: Writer, index: int, step: Step) -> None:
    """The slopes of the loss that a step gives, or the minimum that it rests on."""
    if "subgradient" in step.fields:
        write_slopes(out, index, step)
    elif "minimum" in step.premises and (before := out.premise(step, "minimum")) in out.slopes:
        out.slopes[index] = out.slopes[before]


def write_slopes(out: Writer, index: int, step: Step) -> None:
    """The subgradient that a step gives, without the loss's factor."""
    rows = listed(listed(canonical))(step.fields["subgradient"], "")
    out.slopes[index] = f"slopes{index}"
    given = vectors([[r / out.problem.loss.factor for r in row] for row in rows])
    out.parts.append(f"Definition slopes{index} : list (list Q) := {given}.\n")


def write_point(out: Writer, index: int, step: Step) -> str | None:
    """The parameters, and their risk."""
    at = evaluated(out, index)
    out.parts.append(f"Definition th{index} : params Q := {parameters(at.point, constant)}.\n")
    out.state(index, f"risk_at p (real th{index}) = Q2R {number(at.risk)}", f"apply ok_risk_sound. {COMPUTED}")
    return None


def evaluated(out: Writer, index: int) -> Evaluated:
    """The point of a `point` step."""
    fact = out.checked.steps[index].fact
    if not isinstance(fact, Evaluated):
        raise TypeError("not a point")
    return fact


def on_breakpoints(out: Writer, step: Step) -> tuple[int, int]:
    """How many pre-activations of a point are on a breakpoint; and how many belong to dead rows."""
    problem, at = out.problem, evaluated(out, out.premise(step, "point"))
    around = pieces_at(problem, at.point)
    live = sum(len(pieces) > 1 for layer in around for unit in layer for pieces in unit)
    return live, sum(problem.dead_row(i) for i in range(len(problem.inputs))) * problem.widths[1]


def write_interior(out: Writer, index: int, step: Step) -> str | None:
    """Strictly inside a cell."""
    out.local(index, step, "apply (ok_interior_sound {})")
    return None


def write_adjacent(out: Writer, index: int, step: Step) -> str | None:
    """By all cells around."""
    if sum(on_breakpoints(out, step)) > MOST_CELLS:
        return "has too many cells for the verified checker"
    out.local(index, step, "apply (ok_adjacent_sound {})")
    return None


def write_face(out: Writer, index: int, step: Step) -> str | None:
    """By the rays of every unit."""
    problem = out.problem
    size = problem.widths[0] + problem.hidden_bias
    if comb(len(problem.inputs) + size, size - 1) > MOST_RAYS:
        return "has too many rays for the verified checker"
    th, rays = f"th{out.premise(step, 'point')}", listing(["None"] * problem.widths[1])
    out.local(index, step, f"apply (ok_face_sound {{}} {th} {rays})")
    return None


def write_descent(out: Writer, index: int, step: Step) -> str | None:
    """The point is not a local minimum."""
    path, th = write_path(out, index, step, "curve"), f"th{out.premise(step, 'point')}"
    proof = (
        f"change (real {th}) with (real (start Qops {path})). rewrite <- path_start. apply ok_descent_sound. {COMPUTED}"
    )
    out.state(index, f"~ local_min (risk_at p) (real {th})", proof)
    return None


def write_spurious(out: Writer, index: int, step: Step) -> str | None:
    """Spurious, by a better point."""
    minimum, better = out.premise(step, "minimum"), out.premise(step, "better")
    th = out.point_of(minimum)
    proof = f"apply (ok_better_sound p th{th} th{better}); [{COMPUTED} | exact step{minimum}]"
    out.state(index, f"spurious_min (risk_at p) (real th{th})", proof)
    return None


def write_function_minimum(out: Writer, index: int, step: Step) -> str | None:
    """A global minimum, as no function of the inputs does better."""
    at = out.premise(step, "point")
    th, fits = f"th{at}", vectors(evaluated(out, at).predictions)
    proof = lifted("global", th, out.slopes.get(index), f"apply (ok_global_function_sound {{}} {th} {fits})")
    out.state(index, f"global_min (risk_at p) (real {th})", proof)
    return None


def write_valley(out: Writer, index: int, step: Step) -> str | None:
    """Every point of the path is a local minimum, spurious if the first one is."""
    minimum = out.premise(step, "minimum")
    path, before = write_path(out, index, step, "path"), out.checked.steps[minimum]
    slopes = out.slopes.get(index)
    rule = "ok_valley_sound" if slopes is None else f"(ok_slopes_valley p {path} {slopes})"
    proof = f"apply {rule}; {COMPUTED}"
    if before.rule == "spurious_minimum":
        better = out.premise(before, "better")
        spurious = f"apply (ok_better_valley p {path} th{better}); [ | {COMPUTED}]. {proof}"
        out.state(index, f"spurious_valley p {path}", spurious)
    else:
        out.state(index, f"valley p {path}", proof)
    return None


def bound_of(step: Step) -> Fraction:
    """The number that a bound's fact proves."""
    if not isinstance(step.fact, LowerBound):
        raise TypeError("not a lower bound")
    return step.fact.risk


def write_function_bound(out: Writer, index: int, step: Step) -> str | None:
    """No network does better than the means."""
    fits, rho = vectors(means(out.problem)), number(bound_of(step))
    proof = f"apply (ok_function_bound_sound p {fits}). {COMPUTED}"
    if not out.problem.loss.smooth:
        slopes = vectors(slopes_of_means(out.problem))
        below = f"apply (ok_function_bound_sound (minorant_of p {slopes}) {fits})"
        proof = f"apply (ok_lost_sound p {fits} {slopes} 0); [ | {below}]; {COMPUTED}"
    out.state(index, f"lower_bound_any p {rho}", proof)
    return None


def vectors_and_tree(step: Step) -> str:
    """The vectors of a bound and its tree, line by line."""
    duals, tree = listed(listed(integer))(step.fields["vectors"], ""), listed(integer)(step.fields["tree"], "")
    return f"{listing([integers(g) for g in duals], ';' + chr(10) + '    ')}\n   {integers(tree)}"


def write_tree_bound(out: Writer, index: int, step: Step) -> str | None:
    """No network of this width does better, by the tree."""
    arguments = f"{' '.join(tree_arguments(out.problem))}\n   {vectors_and_tree(step)}"
    statement = f"lower_bound p {out.problem.widths[1]} {number(bound_of(step))}"
    out.state(index, statement, f"apply (ok_tree_bound_sound p {arguments}). {COMPUTED}")
    return None


def write_global(out: Writer, index: int, step: Step) -> str | None:
    """A point that attains a bound."""
    bound, th = out.premise(step, "bound"), out.premise(step, "point")
    before = out.checked.steps[bound]
    rho, width = number(bound_of(before)), out.problem.widths[1]
    rule = "ok_attains_sound p" if before.rule == "function_bound" else f"ok_global_minimum_sound p {width}"
    proof = f"apply ({rule} {rho} th{th}); [exact step{bound} | {COMPUTED}]"
    out.state(index, f"global_min (risk_at p) (real th{th})", proof)
    return None


def write_bracket(out: Writer, index: int, step: Step) -> str | None:
    """A bound, and a point's risk."""
    bound, th = out.premise(step, "bound"), out.premise(step, "point")
    out.state(index, f"({out.done[bound]}) /\\ ({out.done[th]})", f"exact (conj step{bound} step{th})")
    return None


def write_limit(out: Writer, index: int, step: Step) -> str | None:
    """Networks come as near to the risk as wanted."""
    if not isinstance(step.fact, Limit):
        raise TypeError("not a limit")
    units = []
    for each in listed(limit_unit)(step.fields["units"], ""):
        side, u, nu = each
        bias_first = [*u[-1:], *u[:-1]] if out.problem.hidden_bias else u
        units.append(f"({str(side > 0).lower()}, ({vector(bias_first)}, {number(nu)}))")
    width, rho = out.problem.widths[1], number(step.fact.risk)
    shift = number(canonical(step.fields["constant"], ""))
    proof = f"apply (ok_limit_sound p {width} {shift} {listing(units)} {rho}). {COMPUTED}"
    out.state(index, f"approached p {width} {rho}", proof)
    return None


def write_infimum(out: Writer, index: int, step: Step) -> str | None:
    """A bound that is approached."""
    bound, limit = out.premise(step, "bound"), out.premise(step, "limit")
    below = f"exact step{bound}"
    if out.checked.steps[bound].rule == "function_bound":
        below = f"apply ok_shallow_sound; [{COMPUTED} | exact step{bound}]"
    rho = number(bound_of(out.checked.steps[bound]))
    out.state(index, f"infimum p {out.problem.widths[1]} {rho}", f"split; [{below} | exact step{limit}]")
    return None


def write_not_attained(out: Writer, index: int, step: Step) -> str | None:
    """No network of this width has the risk of the bound."""
    before = out.checked.steps[out.premise(step, "infimum")]
    bound = out.checked.steps[out.premise(before, "bound")]
    rho, given = bound_of(bound), listed(listed(listed(integer)))(step.fields["separators"], "")
    width, factors, _, extra, units = tree_arguments(out.problem)
    arguments = f"{width} {factors} {extra} {units}"
    if bound.rule == "function_bound":
        fits = vector([fit for (fit,) in means(out.problem)])
        proof = f"apply (ok_unattained_functions_sound p {arguments} {fits} {nested(given[0])} {number(rho)})"
    else:
        duals, tree = listed(listed(integer))(bound.fields["vectors"], ""), listed(integer)(bound.fields["tree"], "")
        pairs = listing([f"({integers(g)}, {nested(qs)})" for g, qs in separated(out.problem, rho, duals, given)])
        proof = f"apply (ok_unattained_tree_sound p {arguments}\n   {pairs}\n   {integers(tree)} {number(rho)})"
    statement = f"infimum p {width} {number(rho)} /\\ unattained p {width} {number(rho)}"
    out.state(index, statement, f"split; [exact step{out.premise(step, 'infimum')} | {proof}; {COMPUTED}]")
    return None


def separated(
    problem: Problem, rho: Fraction, duals: Sequence[list[int]], given: Sequence[list[list[int]]]
) -> Iterator[tuple[list[int], list[list[int]]]]:
    """Each vector of a tree with the separators of its residual; with none if it proves more than the bound."""
    found: dict[Vector, list[list[int]]] = {}
    lists = iter(given)
    for g in duals:
        product, square = (
            sum((x * y for x, (y,) in zip(g, problem.targets, strict=True)), Fraction(0)),
            sum(x * x for x in g),
        )
        if problem.loss.factor * product**2 != rho * square:
            yield g, []
            continue
        residual = tuple(product * x / square for x in g)
        if residual not in found:
            found[residual] = next(lists)
        yield g, found[residual]


def nested(rows: Sequence[Sequence[int]]) -> str:
    """A list of lists of integers."""
    return listing([integers(row) for row in rows])


WRITERS: dict[str, Write] = {
    "point": write_point,
    "interior_minimum": write_interior,
    "adjacent_cells": write_adjacent,
    "face_minimum": write_face,
    "descent": write_descent,
    "spurious_minimum": write_spurious,
    "function_minimum": write_function_minimum,
    "valley": write_valley,
    "function_bound": write_function_bound,
    "global_lower_bound": write_tree_bound,
    "global_minimum": write_global,
    "bracket": write_bracket,
    "limit": write_limit,
    "infimum": write_infimum,
    "not_attained": write_not_attained,
}
REAL_WRITERS: dict[str, Write] = {
    "enclosed_point": write_enclosed_point,
    "span_minimum": write_span_minimum,
    "spurious_real": write_spurious_real,
    "real_interior_minimum": write_real_interior,
    "no_minimum": write_no_minimum,
    "real_descent": write_real_descent,
    "zero_infimum": write_zero_infimum,
    "real_lower_bound": write_real_lower_bound,
    "bracket": write_bracket,
}
