"""Every step of a certificate as SMT-LIB obligations: premises ∧ ¬goal is unsatisfiable, the premises alone are not.

One entry a rule, storey by storey: what poses it, or why nothing is posed. The statements are lemmas that solvers
answer: numbers at a point, tangents below the loss, the first-order minorant as a polynomial identity on the cell, and
last, where it is small, the end-to-end statement in prediction space. No division occurs. Where a step is too large
for a solver some of its statements, or all, are left out.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from symverify.kernel import Checked, Declined
from symverify.kernel.core.network import Problem
from symverify.kernel.core.proof import Step
from symverify.kernel.programs.network import Programmed
from symverify.kernel.reals.losses import RealLoss
from symverify.opinion import bounds, cell_rules, cited, curvature, labels, minima, paths, reals
from symverify.opinion.statement import Given, Obligation, Poser, Unposed
from symverify.opinion.text import TooLong

CORE: Mapping[str, Poser | Unposed] = {
    "point": minima.point,
    "interior_minimum": minima.interior_minimum,
    "adjacent_cells": curvature.adjacent_cells,
    "face_minimum": minima.face_minimum,
    "descent": paths.descent,
    "spurious_minimum": minima.spurious_minimum,
    "function_minimum": bounds.function_minimum,
    "valley": paths.valley,
    "function_bound": bounds.function_bound,
    "global_lower_bound": bounds.global_lower_bound,
    "global_minimum": minima.global_minimum,
    "bracket": Unposed("two numbers side by side; its premises' obligations state what they are"),
}
OF_PROGRAMS = Unposed("a rule of general programs, about sums over units that are not posed")
CURVATURE: Mapping[str, Poser | Unposed] = {
    "critical_point": curvature.critical_point,
    "second_order": curvature.second_order,
    "cell_kkt": curvature.cell_kkt,
    "substitution": OF_PROGRAMS,
}
CELLS: Mapping[str, Poser | Unposed] = {
    "cell_cover": cell_rules.cell_cover,
    "cell_minima": cell_rules.cell_minima,
    "cell_infimum": cell_rules.cell_infimum,
    "constant_risk_path": paths.constant_risk_path,
    "atlas": Unposed("counts cells; its premises' obligations are about the numbers in each"),
    "face_atlas": Unposed("counts faces and joins a finite graph; its premises' obligations are about the numbers"),
    "limit": bounds.limit,
    "infimum": Unposed("two equal numbers; its premises' obligations state what they are"),
    "not_attained": bounds.not_attained,
    "tree_bound": Unposed("one linear identity a case, and there are too many cases"),
}
LABELS: Mapping[str, Poser | Unposed] = {
    "cell_traps": labels.cell_traps,
    "spurious_labels": Unposed("a basis that the kernel computes from the inputs; the certificate says nothing"),
    "every_slope": labels.every_slope,
    "spurious_radius": labels.spurious_radius,
    "face_radius": labels.face_radius,
    "cell_radius": Unposed(
        "a long list of corners of a box; its premise's obligations are about the labels in the file"
    ),
    "global_radius": Unposed("a tree with a vector that moves with the labels; no single statement is short enough"),
    "spurious_region": labels.spurious_region,
    "slope_region": labels.slope_region,
    "face_region": labels.face_region,
    "hull": labels.hull,
    "global_region": Unposed("a tree with vectors at the corners of a box; no single statement is short enough"),
    "closed_list": Unposed("a long list of faces, each with a linear form; no single statement is short enough"),
}
CITED: Mapping[str, Poser | Unposed] = {
    "assumptions": cited.assumptions,
    "linear_collapse": Unposed("rests on a theorem of the literature, whose conditions are ranks and widths"),
}
EXPONENTIALS = Unposed("exponentials and logarithms, which the solver does not decide")
ENCLOSED = Unposed("about a risk that is enclosed, and intervals are not posed")  # the same of squared and Huber loss
REALS: Mapping[str, Poser | Unposed] = {
    "enclosed_point": EXPONENTIALS,
    "span_minimum": reals.dual_point,
    "spurious_real": EXPONENTIALS,
    "no_minimum": reals.dual_point,
    "zero_infimum": EXPONENTIALS,
    "real_cell_traps": EXPONENTIALS,
    "real_interior_minimum": EXPONENTIALS,
    "real_face_minimum": EXPONENTIALS,
    "real_function_minimum": EXPONENTIALS,
    "real_descent": EXPONENTIALS,
    "real_lower_bound": EXPONENTIALS,
    "minimum_in_box": Unposed("interval arithmetic with long dyadic numbers; nothing shorter states it"),
    "face_span": Unposed("interval arithmetic with long dyadic numbers; nothing shorter states it"),
    "decay_bound": Unposed("one quadratic inequality a chamber, and there are too many chambers"),
}
PROGRAMS: Mapping[str, Poser | Unposed] = {
    "restricted_face_minimum": OF_PROGRAMS,
    "restricted_lower_bound": OF_PROGRAMS,
}
KINKS = Unposed("a loss with kinks, of which subgradients alone are posed")
TABLE: Mapping[str, Poser | Unposed] = {**CORE, **PROGRAMS, **CURVATURE, **CELLS, **LABELS, **REALS, **CITED}
KINKED: Mapping[str, Poser] = {  # instead of CORE's, where the loss is not differentiable
    "interior_minimum": minima.interior_by_subgradient,
    "face_minimum": minima.subgradients,
    "function_minimum": minima.subgradients,
}
TOO_LARGE = Unposed("too large for a solver, or nothing is left to ask")
POSED_OF_PROGRAMS = frozenset(  # the other entries pose the layers of chains
    {
        "point",
        "interior_minimum",
        "descent",
        "spurious_minimum",
        "function_minimum",
        "valley",
        "function_bound",
        "global_minimum",
    }
)
OF_ANY_LOSS = frozenset({*REALS, "assumptions", "cell_cover"})  # the others' statements are about tangents of the loss


def obligations(checked: Checked) -> list[Obligation]:
    """The obligations of all steps, in order."""
    return posed(checked.problem, checked.steps)


def posed(problem: Problem, steps: Sequence[Step]) -> list[Obligation]:
    """The obligations of these steps, in order."""
    found: list[Obligation] = []
    for index, step in enumerate(steps):
        poser = _poser(problem, step)
        if not isinstance(poser, Unposed):
            facts = {role: tuple(steps[k].fact for k in at) for role, at in step.premises.items()}
            with suppress(TooLong, Declined):  # numbers that no solver should be asked about: no opinion
                for statement in poser(Given(problem, step, facts)):
                    found.append(Obligation(index, step.rule, statement))
    return found


def left_out(checked: Checked, found: Sequence[Obligation]) -> list[str]:
    """In words, the steps of which these obligations hold none, and why."""
    have = {made.step for made in found}
    lines = []
    for index, step in enumerate(checked.steps):
        if index not in have:
            poser = _poser(checked.problem, step)
            lines.append(f"step {index}, {step.rule}: {(poser if isinstance(poser, Unposed) else TOO_LARGE).reason}")
    return lines


def _poser(problem: Problem, step: Step) -> Poser | Unposed:
    """What poses a step, or why nothing does."""
    entry, real = TABLE[step.rule], isinstance(problem.loss, RealLoss)
    if isinstance(entry, Unposed):
        return ENCLOSED if entry is EXPONENTIALS and not real else entry
    if isinstance(problem, Programmed) and step.rule not in POSED_OF_PROGRAMS:
        return OF_PROGRAMS
    if not problem.loss.smooth and step.rule not in OF_ANY_LOSS:
        return EXPONENTIALS if real else KINKED.get(step.rule, KINKS)
    return entry
