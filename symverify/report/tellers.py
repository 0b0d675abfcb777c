"""The table of rules: how each is named and told. A rule that is not in it is told from its own documentation."""

from dataclasses import dataclass

from symverify.kernel.core.facts import Evaluated, GlobalMinimum
from symverify.kernel.programs.network import Programmed
from symverify.report.document import Block, Code, Inline, More, Para, Section, Strong, Verbatim, formula, para, prose
from symverify.report.story import Story, Teller, inference, step_list
from symverify.report.tell_boxes import tell_box, tell_decay, tell_tree
from symverify.report.tell_boxes import tell_face as tell_face_span
from symverify.report.tell_cells import tell_atlas, tell_cell_minima, tell_cells, tell_constant_path, tell_face_atlas
from symverify.report.tell_curvature import tell_adjacent, tell_critical, tell_kkt, tell_second_order
from symverify.report.tell_global import (
    tell_bracket,
    tell_infimum,
    tell_limit,
    tell_lower_bound,
    tell_not_attained,
)
from symverify.report.tell_labels import (
    tell_cell_radius,
    tell_closed_list,
    tell_face_radius,
    tell_global_radius,
    tell_global_region,
    tell_real_traps,
    tell_region,
    tell_slopes,
    tell_spurious_radius,
    tell_traps,
)
from symverify.report.tell_minima import tell_face, tell_interior, tell_valley
from symverify.report.tell_points import (
    tell_assumptions,
    tell_descent,
    tell_function_minimum,
    tell_linear_collapse,
    tell_point,
    tell_spurious,
)
from symverify.report.tell_program import tell_program_point
from symverify.report.words import told


@dataclass(frozen=True, slots=True)
class Telling:
    """A rule's heading, `{}` standing for the point; how its steps are told; the reason for it, in a sentence."""

    heading: str
    tell: Teller
    because: str


def untold(story: Story, index: int) -> list[Block]:
    """A step whose figure says it all."""
    return []


def tell_global(story: Story, index: int) -> list[Block]:
    """A point that meets a lower bound."""
    at = story.fact(index, GlobalMinimum).at
    return [
        prose("The risk of {} is the lower bound, and so the least of all:", story.theta(at)),
        formula("R ( θ ) ≥ {} = R ( {} )", at.risk, story.theta(at)),
    ]


TELLINGS: dict[str, Telling] = {
    "point": Telling("The point {}", tell_point, "Sound, because everything is computed from the problem, over ℚ."),
    "interior_minimum": Telling(
        "{} is a local minimum, inside its cell",
        tell_interior,
        "Sound, because a convex loss lies above its tangents, and the tangents' sum is constant on the cell.",
    ),
    "face_minimum": Telling(
        "{} is a local minimum",
        tell_face,
        "Sound, because a convex loss lies above its tangents, and no unit's part of their sum falls near the point.",
    ),
    "restricted_face_minimum": Telling(
        "{} is a local minimum of the restricted network",
        untold,
        "Sound, because a convex loss lies above its tangents, and their sum, in which each parameter stands once for "
        "all its places, does not fall near the point.",
    ),
    "restricted_lower_bound": Telling(
        "A bound from below, for frozen output weights",
        untold,
        "Sound, because each leaf's vector makes no acute angle with what units in its region predict.",
    ),
    "substitution": Telling(
        "What holds of the free network holds of the restricted one",
        untold,
        "Sound, because the risk of the restricted network is that of the free one at an affine function of its "
        "parameters.",
    ),
    "descent": Telling(
        "{} is not a local minimum",
        tell_descent,
        "Sound, because for small t > 0 the risk along the curve is one polynomial, which starts by falling.",
    ),
    "spurious_minimum": Telling(
        "{} is spurious", tell_spurious, "Sound by definition: a local minimum with a strictly better point elsewhere."
    ),
    "function_minimum": Telling(
        "{} is a global minimum",
        tell_function_minimum,
        "Sound, because a function of the inputs cannot tell samples with equal inputs apart, and the loss is convex.",
    ),
    "valley": Telling(
        "A valley of infinitely many from {} on",
        tell_valley,
        "Sound, because the premises that make the point a minimum are the same all along the path.",
    ),
    "assumptions": Telling("The assumptions", tell_assumptions, ""),
    "linear_collapse": Telling(
        "Every activation is affine",
        tell_linear_collapse,
        "Sound by the theorem that is named, whose hypotheses the kernel has decided from the problem.",
    ),
    "global_minimum": Telling("{} is a global minimum", tell_global, "Sound, because the bound holds at every point."),
    "function_bound": Telling(
        "A lower bound of the risk",
        untold,
        "Sound, because a function of the inputs is constant on equal ones, and no constant has less loss there.",
    ),
    "global_lower_bound": Telling(
        "A lower bound of the risk",
        tell_lower_bound,
        "Sound by weak duality, leaf by leaf. The kernel derives the hyperplanes and their rays from the problem, "
        "walks the tree from its root, and finds that no branch is missing and that each leaf's vector serves it.",
    ),
    "bracket": Telling(
        "The infimum between two bounds",
        tell_bracket,
        "Sound, because the infimum is at least every lower bound and at most what is reached or approached.",
    ),
    "limit": Telling(
        "Points that approach a risk",
        tell_limit,
        "Sound, because the predictions are continuous in the units as their output weights shrink and their input "
        "weights grow.",
    ),
    "infimum": Telling(
        "The infimum of the risk", tell_infimum, "Sound, because a lower bound that is approached is the infimum."
    ),
    "not_attained": Telling(
        "The infimum is not attained",
        tell_not_attained,
        "Sound, because parameters that attain it would have predictions that the bound dictates, and their units "
        "would lie on certain faces of the cells; for every choice of faces one of the vectors separates these "
        "predictions from all that units with output weights other than 0 can add up to there.",
    ),
    "cell_cover": Telling(
        "The cells",
        tell_cells,
        "Sound, because a cell of the network is a cell for each unit, and all units share data and activation.",
    ),
    "adjacent_cells": Telling(
        "{} is a local minimum",
        tell_adjacent,
        "Sound, because every point near it is in the closure of one of the cells that meet there, and on each of them "
        "the first-order minorant of the convex loss is constant.",
    ),
    "second_order": Telling(
        "{} is a local minimum",
        tell_second_order,
        "Sound, because the points that the cell's symmetries reach all have the same risk and are critical, and the "
        "Hessian is positive definite in every direction across them.",
    ),
    "cell_kkt": Telling(
        "{} is a local minimum",
        tell_kkt,
        "Sound, because these cells cover all points near it, and on none of them does the risk fall: the gradient "
        "points nowhere down, and along what the multipliers leave the risk does not fall to second or higher order.",
    ),
    "critical_point": Telling(
        "{} is a critical point",
        tell_critical,
        "Sound, because on its cell the risk is differentiable, and the chain rule gives its gradient exactly.",
    ),
    "cell_minima": Telling(
        "The local minima of the cell or face of {}",
        tell_cell_minima,
        "Sound, because with one hidden layer and one output every local minimum in a cell or on a face has least "
        "loss over the span of the features there, so that the loss gradient is known; it tells the signs that output "
        "weights can have, and those with given signs form a convex set in suitable coordinates.",
    ),
    "atlas": Telling(
        "The atlas",
        tell_atlas,
        "Sound, because the cells of a network are products of cells of its units, so that their number is known.",
    ),
    "face_atlas": Telling(
        "All local minima",
        tell_face_atlas,
        "Sound, because every point is on one of the faces, whose number is known; and two sets of minima with given "
        "faces and signs touch just where the faces and signs of one are limits of those of the other.",
    ),
    "cell_traps": Telling(
        "Every cell holds local minima, whatever the labels",
        tell_traps,
        "Sound, because a best fit in the span of a cell's features is predicted by points strictly inside the cell, "
        "and its loss gradient is orthogonal to the features, which makes the first-order minorant constant there.",
    ),
    "real_cell_traps": Telling(
        "Every cell holds local minima, for all labels inside the loss's domain",
        tell_real_traps,
        "Sound, because strictly inside the domain of the loss's conjugate a dual point proves that a best fit exists, "
        "points strictly inside the cell predict it, and its loss gradient is orthogonal to the cell's features.",
    ),
    "spurious_radius": Telling(
        "How far the labels may move before Theorem 1 fails",
        tell_spurious_radius,
        "Sound, because a vector orthogonal to all affine labels and not to these shows that the residuals of the best "
        "affine fit do not vanish, which is all that the proof of Theorem 1 needs of the labels.",
    ),
    "face_radius": Telling(
        "How far the labels may move, at least, with a minimum left on the face of {}",
        tell_face_radius,
        "Sound, because the equations of a local minimum hold for all changes of the labels, as identities, and its "
        "inequalities are linear.",
    ),
    "cell_radius": Telling(
        "How far the labels may move, at least, with the same signs of output weights at the cell's minima",
        tell_cell_radius,
        "Sound, because the best fit is linear in the labels and the cones are convex, so that corners decide.",
    ),
    "global_radius": Telling(
        "How far the labels may move, at least, with a global minimum left on the face of {}",
        tell_global_radius,
        "Sound by weak duality, leaf by leaf, for each label vector in the box.",
    ),
    "spurious_labels": Telling(
        "The labels for which Theorem 1 holds",
        untold,
        "Sound, because the vectors are a basis of those that are orthogonal to affine labels and the same on equal "
        "inputs: with all products 0 no function of the inputs beats the affine fit, and else its residuals are not 0.",
    ),
    "every_slope": Telling(
        "Theorem 1 for all slopes",
        tell_slopes,
        "Sound, because the residuals of the affine fit do not depend on the activation, and one of two different "
        "slopes is not 0, so that some units predict that fit.",
    ),
    "slope_region": Telling(
        "Theorem 1 for all values of the symbols in the slopes",
        tell_slopes,
        "Sound, because the residuals of the affine fit do not depend on the activation, and one of two different "
        "slopes is not 0, so that some units predict that fit.",
    ),
    "spurious_region": Telling(
        "Theorem 1 for all values of the symbols",
        untold,
        "Sound, because a vector orthogonal to all affine labels and not to these shows that the residuals of the best "
        "affine fit do not vanish.",
    ),
    "face_region": Telling(
        "A local minimum for all values of the symbols",
        tell_region,
        "Sound, because the equations of a local minimum hold as identities in the symbols, and its inequalities are "
        "linear.",
    ),
    "hull": Telling(
        "It is spurious for all values of the symbols",
        untold,
        "Sound, because errors are affine in the symbols: with few symbols the difference of the two risks is a sum of "
        "products of weights, none negative, with the cross products of the errors at the corners of the box; with "
        "many it is positive at the centre by more than all other terms together can take away.",
    ),
    "global_region": Telling(
        "A global minimum on one face for all values of the symbols",
        tell_global_region,
        "Sound, because all is affine in the symbols: a mean of vectors that are admissible at a leaf is, too, and the "
        "bound that it proves is a form in the weights of the mean, none of whose coefficients is below the risk's.",
    ),
    "closed_list": Telling(
        "No spurious local minimum for any value of the symbols",
        tell_closed_list,
        "Sound, because every local minimum is on one of the listed faces with one of the signs.",
    ),
    "constant_risk_path": Telling(
        "A path of local minima from {}",
        tell_constant_path,
        "Sound, because the predictions are linear in these coordinates, and the units' cells are convex cones in "
        "them.",
    ),
    "cell_infimum": Telling(
        "The infimum of the risk over the cell of {}",
        untold,
        "Sound, because each choice of signs of the output weights has a bound of its own, from the convex loss.",
    ),
    "tree_bound": Telling(
        "A lower bound of the risk",
        tell_tree,
        "Sound by weak duality, case by case; the kernel lists the cases itself.",
    ),
    "minimum_in_box": Telling(
        "A local minimum in a box",
        tell_box,
        "Sound, because off the constraints the risk rises to first order, along them to second order, and symmetries "
        "bring every point near into the slice without changing it.",
    ),
    "face_span": Telling(
        "A local minimum in a box",
        tell_face_span,
        "Sound, because off the constraints the risk rises to first order, and along them a convex loss is least.",
    ),
    "decay_bound": Telling(
        "A lower bound for all widths",
        tell_decay,
        "Sound, because the penalty of a unit is at least what its predictions are worth, and a squared error plus a "
        "linear price has a known minimum.",
    ),
}


TOLD_OF_PROGRAMS = ("minimum_in_box", "face_span")  # other rules are told of programs by their figures


def tell(story: Story, index: int) -> Section:
    """One step of the proof."""
    rule = story.rule(index)
    known = TELLINGS.get(rule) if rule in TOLD_OF_PROGRAMS or not isinstance(story.problem, Programmed) else None
    blocks = tell_program_point(story, index) if known is None else known.tell(story, index)
    blocks += [*_grounds(story, index, known), Para((Strong("Proved: "), *told(story.facts[index], story.names), "."))]
    raw = More("The step as the certificate has it", (Verbatim(story.raw(index)),), aside=True)
    heading: list[Inline] = [f"Step {index}. "]
    before, _, after = (rule if known is None else known.heading).partition("{}")
    heading += [before] if known is not None else [Code(before)]
    heading += [name, after] if (name := _subject(story, index)) is not None and known and "{}" in known.heading else []
    return Section(f"step-{index}", 3, tuple(part for part in heading if part != ""), (*blocks, raw))


def _subject(story: Story, index: int) -> Inline | None:
    """The name of the point that a fact is about."""
    at = subject(story.facts[index])
    return None if at is None else story.theta(at)


def subject(fact: object) -> Evaluated | None:
    """The point that a fact is about, wherever the fact keeps it."""
    for _ in range(4):
        if isinstance(fact, Evaluated):
            return fact
        fact = getattr(fact, "at", None) or getattr(fact, "minimum", None) or getattr(fact, "cell", None)
    return None


def _grounds(story: Story, index: int, known: Telling | None) -> list[Block]:
    """What the step rests on, and its rule: in full where it is used first."""
    rule, premises = story.rule(index), story.premises(index)
    figure, reason = inference(rule)
    blocks: list[Block] = [para(f"It rests on {step_list(premises)}.")] if premises else []
    if (first := story.first[rule]) < index:
        return [*blocks, para("By the rule ", Code(rule), f", as in step {first}.")]
    because = known.because if known is not None else reason
    return [*blocks, figure, *([para(because)] if because else [])]
