"""General programs as Rocq terms, and one theorem for each step about them that has a verified checker."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import accumulate
from math import lcm

from symverify.kernel.check import Theorem
from symverify.kernel.core.facts import SpuriousMinimum
from symverify.kernel.core.network import Affine, Bent, pieces_at, residuals
from symverify.kernel.core.poly import Scalar
from symverify.kernel.core.proof import Step, polynomial, read_point
from symverify.kernel.programs.network import Programmed
from symverify.kernel.programs.parameters import sizes
from symverify.kernel.programs.places import wired, zero
from symverify.kernel.programs.restricted_lower_bound import relaxed

from .steps import MOST_CELLS, Write, bound_of, evaluated, vectors_and_tree, write_bracket, write_by
from .terms import (
    MOST_DECIMAL,
    activation,
    affine_map,
    coefficients,
    constant,
    constant_of,
    hexadecimal,
    is_long,
    listing,
    log_loss,
    loss_term,
    means,
    number,
    over,
    slopes_of_means,
    tree_arguments,
    vector,
    vectors,
    whole,
)
from .writer import COMPUTED, Writer

MANY_ENTRIES, MOST_SHARES = 200, 1000  # of the data: how they are written


def write_program_step(out: Writer, index: int, step: Step) -> str | None:
    """Write the theorem of a step; why not, if it is left out."""
    problem = program(out)
    if covered(problem):
        return write_by(WRITERS, out, index, step, "has no verified checker for general programs")
    decaying = " with weight decay" * problem.decays
    return write_by(
        {}, out, index, step, f"has no verified checker for {problem.loss.name} loss{decaying} on a program"
    )


def program(out: Writer) -> Programmed:
    """The problem, whose network is a program."""
    if not isinstance(out.problem, Programmed):
        raise TypeError("not a general program")
    return out.problem


def covered(problem: Programmed) -> bool:
    """Whether `Programs.v` has the risk."""
    return log_loss(problem) is None and loss_term(problem.loss) is not None and not problem.decays


def program_definition(problem: Programmed) -> str:
    """The nodes, with values by number: 1, the inputs, and then those of each node; samples, loss."""
    if not covered(problem):
        return ""
    starts = list(accumulate(sizes(problem), initial=1))
    nodes = []
    for node in problem.nodes:
        if isinstance(node, Bent):
            nodes.append(f"Bend {activation(node.h)} {numbers(starts, node.source)}")
        else:
            nodes.append(f"Affine {listing(list(affine_rows(problem, node, starts)), ';' + chr(10) + '      ')}")
    before, samples = data(problem)
    return (
        f"Definition p : program := {before}{{|\n  nodes := {listing(nodes, ';' + chr(10) + '    ')};\n"
        f"  outputs := {numbers(starts, len(problem.nodes))};\n  data := {samples};\n"
        f"  loss := {loss_term(problem.loss)}; scale := {number(problem.loss.factor)} |}}.\n"
    )


def data(problem: Programmed) -> tuple[str, str]:
    """The samples; where they are many, in whole shares of 1: Coq reads them in half the time.

    Returns what stands before the record, and the term.
    """
    pairs, separator = list(zip(problem.inputs, problem.targets, strict=True)), ";\n    "
    entries = [a for pair in pairs for v in pair for a in v]
    common = lcm(*(a.denominator for a in entries))
    if common == 1 or common > MOST_SHARES or len(entries) < MANY_ENTRIES:
        return "", listing([f"({vector(x)}, {vector(y)})" for x, y in pairs], separator)
    rows = [[listing([whole(int(a * common)) for a in v]) for v in pair] for pair in pairs]
    table = listing([f"({x}, {y})" for x, y in rows], separator)
    shares = "List.map (fun d => (List.map share (fst d), List.map share (snd d)))"
    return f"let share a := a # {common} in ", f"{shares} {table}%Z"


def numbers(starts: Sequence[int], node: int) -> str:
    """The numbers of the values of a node."""
    return f"{listing([str(k) for k in range(starts[node], starts[node + 1])])}%nat"


def affine_rows(problem: Programmed, node: Affine, starts: Sequence[int]) -> Iterator[str]:
    """For each unit what is multiplied with which value; the bias with 1."""
    places = [*(starts[source] + unit for source, unit in wired(node).wires), *[0] * node.biased]
    for row in problem.slots[node.layer].rows():
        terms = [(slot, k) for slot, k in zip(row, places, strict=True) if not zero(slot)]
        yield listing([f"weight {s} {k}" if isinstance(s, int) else f"number {number(s)} {k}" for s, k in terms])


def arranged(problem: Programmed, values: Sequence[Scalar], entry: Callable[[Scalar], str]) -> str:
    """The free parameters node by node of the file, a row for each unit: its weights, then its bias."""
    blocks, order = [], list[int]()
    for each in problem.owned:
        units, rows = each.weight_shape[0], []
        size = len(each.weight) // units
        for j in range(units):
            slots = [s for s in (*each.weight[j * size : (j + 1) * size], *each.bias[j : j + 1]) if s is not None]
            order += slots
            rows.append(listing([entry(values[s]) for s in slots]))
        blocks.append(listing(rows))
    if order != list(range(problem.count)):
        raise ValueError("the free parameters are not numbered in the order of the file")
    return listing(blocks, ";\n  ")


def slopes(out: Writer, index: int) -> str:
    """The slopes of the loss at a minimum where it has several; none stand for its derivatives."""
    given = out.slopes.get(index)
    return "None" if given is None else f"(Some {given})"


def write_point(out: Writer, index: int, step: Step) -> str | None:
    """The parameters, and their risk."""
    at, problem = evaluated(out, index), program(out)
    values = [constant_of(x) for x in problem.free(at.point)]
    common, entry = lcm(*(x.denominator for x in values)), constant
    each_long = all(x.denominator > MOST_DECIMAL for x in values if x)
    if common > MOST_DECIMAL and each_long and not begins(out, index):  # read and compared once
        out.parts.append(f"Definition d{index} := hex_positive {hexadecimal(common)}.")
        entry = partial(over, common=common, name=f"d{index}")
    out.parts.append(f"Definition th{index} : params Q := {arranged(problem, values, entry)}.\n")
    risk, minimum = (
        f"program_risk p (real th{index}) = Q2R {risk_at(out, index)}",
        f"local_min (program_risk p) (real th{index})",
    )
    proof = f"apply ok_program_risk_sound. {COMPUTED}"
    if at_once(out, index):
        flat = f"apply (ok_program_flat_sound p th{index} {risk_at(out, index)}). {COMPUTED}"
        out.theorem(f"flat{index}", f"{risk} /\\\n  {minimum}", flat)
        proof = f"exact (proj1 flat{index})"
    out.state(index, risk, proof)
    return None


def begins(out: Writer, index: int) -> bool:
    """Whether a path or a curve begins at a point, whose numbers must then stand there as in the path."""
    curves = [k for k, step in enumerate(out.checked.steps) if step.rule in ("valley", "descent")]
    return any(out.point_of(k) == index for k in curves)


def at_once(out: Writer, index: int) -> bool:
    """Whether a point's risk, of many digits, is proved together with the point's being a minimum inside a cell."""
    inside = any(s.rule == "interior_minimum" and out.premise(s, "point") == index for s in out.checked.steps)
    return inside and bool(out.problem.loss.quadratic) and is_long(evaluated(out, index).risk)


def risk_at(out: Writer, index: int) -> str:
    """The risk of a point: a number, or its name."""
    return out.named(evaluated(out, index).risk, f"rho{index}")


def write_interior(out: Writer, index: int, step: Step) -> str | None:
    """Strictly inside a cell."""
    at = out.point_of(index)
    proof = f"apply (ok_program_interior_sound p th{at} {slopes(out, index)}). {COMPUTED}"
    out.state(
        index, f"local_min (program_risk p) (real th{at})", f"exact (proj2 flat{at})" if at_once(out, at) else proof
    )
    return None


def write_adjacent(out: Writer, index: int, step: Step) -> str | None:
    """By all cells around."""
    at = out.premise(step, "point")
    around = pieces_at(out.problem, evaluated(out, at).point)
    if sum(len(pieces) > 1 for layer in around for unit in layer for pieces in unit) > MOST_CELLS:
        return "has too many cells for the verified checker"
    proof = f"apply (ok_program_adjacent_sound p th{at} {slopes(out, index)}). {COMPUTED}"
    out.state(index, f"local_min (program_risk p) (real th{at})", proof)
    return None


def write_spurious(out: Writer, index: int, step: Step) -> str | None:
    """Spurious, by a better point."""
    minimum, better = out.premise(step, "minimum"), out.premise(step, "better")
    at = out.point_of(minimum)
    proof = f"exact (ok_program_better_sound {risks(out, f'th{at}', at, better)} step{minimum})"
    out.state(index, f"spurious_min (program_risk p) (real th{at})", proof)
    return None


def risks(out: Writer, what: str, at: int, better: int) -> str:
    """What shows a better point: the problem, the points, their risks, and that the second is smaller."""
    low, high = risk_at(out, better), risk_at(out, at)
    return f"p {what} th{better} {high} {low} step{at} step{better} (eq_refl true)"


def write_path(out: Writer, index: int, step: Step, name: str) -> str:
    """A curve or a path: its definition; its name."""
    problem = program(out)
    path = read_point(problem, polynomial)(step.fields[name], "")
    term = arranged(problem, problem.free(path), coefficients)
    out.parts.append(f"Definition path{index} : params (list Q) := {term}.\n")
    return f"path{index}"


def write_valley(out: Writer, index: int, step: Step) -> str | None:
    """Every point of the path is a local minimum, spurious if the first one is."""
    minimum = out.premise(step, "minimum")
    path, before = write_path(out, index, step, "path"), out.checked.steps[minimum]
    proof = f"apply (ok_program_valley_sound p {path} {slopes(out, minimum)}). {COMPUTED}"
    if isinstance(before.fact, SpuriousMinimum):
        at, better = out.point_of(minimum), out.premise(before, "better")
        start = f"apply (ok_program_better_valley {risks(out, path, at, better)})"
        out.state(index, f"valley_of spurious_min p {path}", f"{start}. {proof}")
    else:
        out.state(index, f"valley_of local_min p {path}", proof)
    return None


def write_descent(out: Writer, index: int, step: Step) -> str | None:
    """The point is not a local minimum."""
    path, th = write_path(out, index, step, "curve"), f"th{out.premise(step, 'point')}"
    proof = f"change (real {th}) with (real (start Qops {path})). apply ok_program_descent_sound. {COMPUTED}"
    out.state(index, f"~ local_min (program_risk p) (real {th})", proof)
    return None


def write_function_bound(out: Writer, index: int, step: Step) -> str | None:
    """No network does better than the means."""
    fits, slopes_there, rho = means(out.problem), slopes_of_means(out.problem), number(bound_of(step))
    given = f"{vectors(fits)} {vectors(slopes_there)}"
    if fits == list(out.problem.targets) and not any(map(any, slopes_there)):  # Coq need not read them again
        given = "(List.map snd (data p)) (List.map (fun d => List.map (fun _ => 0) (snd d)) (data p))"
    out.state(index, f"program_bound p {rho}", f"apply (ok_program_bound_sound p {given}). {COMPUTED}")
    return None


def write_tree_bound(out: Writer, index: int, step: Step) -> str | None:
    """No network does better, by the tree, which begins with the signs of frozen output weights."""
    view, _, _ = relaxed(program(out), "")
    _, factors, homogeneous, extra, _ = tree_arguments(view)
    units = f"{activation(view.activations[0])} {str(view.hidden_bias).lower()}"
    proof = f"apply (ok_program_tree_sound p {units} {factors} {homogeneous} {extra}\n   {vectors_and_tree(step)})"
    out.state(index, f"program_bound p {number(bound_of(step))}", f"{proof}. {COMPUTED}")
    return None


def write_function_minimum(out: Writer, index: int, step: Step) -> str | None:
    """A global minimum, as no function of the inputs does better than its predictions."""
    at = out.premise(step, "point")
    problem, fact = out.problem, evaluated(out, at)
    given = out.slopes.get(index)
    if given is None:
        columns = zip(*residuals(problem, fact.predictions), strict=True)
        given = vectors([[r / problem.loss.factor for r in row] for row in columns])
    bound = f"apply (ok_program_bound_sound p {vectors(fact.predictions)} {given}). {COMPUTED}"
    proof = f"apply (program_attains p th{at} {risk_at(out, at)}); [ | exact step{at}]. {bound}"
    out.state(index, f"global_min (program_risk p) (real th{at})", proof)
    return None


def write_global(out: Writer, index: int, step: Step) -> str | None:
    """A point that attains a bound."""
    bound, th = out.premise(step, "bound"), out.premise(step, "point")
    rho = risk_at(out, th)
    proof = f"exact (program_attains p th{th} {rho} step{bound} step{th})"
    out.state(index, f"global_min (program_risk p) (real th{th})", proof)
    return None


def program_fit(out: Writer, theorem: Theorem) -> Iterator[tuple[str, str]]:
    """What a claim says about affine functions of the inputs: those near a point, those at one."""
    index, at = theorem.step, out.point_of(theorem.step)
    if theorem.claim == "spurious_linear_minimum":
        yield f"linear_near p (real th{at})", f"apply ok_program_linear_sound. {COMPUTED}"
    if theorem.claim == "spurious_minimum":
        given = affine_map(out.problem, evaluated(out, at))
        proof = f"apply (ok_program_affine_sound p th{at} {slopes(out, index)} {given}). {COMPUTED}"
        yield f"best_affine p (real th{at})", proof


WRITERS: dict[str, Write] = {
    "point": write_point,
    "interior_minimum": write_interior,
    "adjacent_cells": write_adjacent,
    "descent": write_descent,
    "spurious_minimum": write_spurious,
    "function_minimum": write_function_minimum,
    "valley": write_valley,
    "function_bound": write_function_bound,
    "restricted_lower_bound": write_tree_bound,
    "global_minimum": write_global,
    "bracket": write_bracket,
}
