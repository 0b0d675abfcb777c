"""How the steps about all labels, or those near the given ones, are told."""

from symverify.kernel.labels.cell_radius import CellRadius
from symverify.kernel.labels.cell_traps import CellTraps
from symverify.kernel.labels.closed_list import NoSpurious
from symverify.kernel.labels.every_slope import EverySlope
from symverify.kernel.labels.face_radius import FaceRadius
from symverify.kernel.labels.face_region import FaceRegion
from symverify.kernel.labels.forms import Condition, room
from symverify.kernel.labels.global_radius import GlobalRadius
from symverify.kernel.labels.global_region import GlobalRegion
from symverify.kernel.labels.slope_region import SlopeRegion
from symverify.kernel.labels.spurious_radius import SpuriousRadius
from symverify.kernel.reals.real_cell_traps import RealCellTraps
from symverify.report.context import affine_words
from symverify.report.document import Block, Code, Inline, More, formula, prose, table
from symverify.report.formula import Num
from symverify.report.rationals import enclosed, short
from symverify.report.story import Story, layers
from symverify.report.words import at_least


def tell_traps(story: Story, index: int) -> list[Block]:
    """The minima of all cells by risk, and that of one cell as a point."""
    fact = story.fact(index, CellTraps)
    blocks: list[Block] = [
        prose(
            "A unit of output weight $v ≠ 0$ whose input weights are in a cell adds $v$ times an affine function of "
            "them. The vectors $| v | ( w , 1 )$ of the cell are an open convex cone, so the differences of two of "
            "them are all of space: two units of the cell with output weights of both signs predict whatever the "
            "cell's features can, for these labels and for all others. The best such fit is a local minimum."
        ),
    ]
    above = None if fact.better is None else fact.better.risk
    rows: list[list[Inline]] = [
        [Num(risk), Code("".join(map(str, pieces))), "yes" if above is not None and risk > above else "not proved"]
        for pieces, risk in sorted(fact.traps, key=lambda each: (each[1], each[0]))
    ]
    if rows:
        blocks += table("With the labels of the file, by risk.", ("risk", "cell of each unit", "spurious"), rows, 60)
    if fact.minimum is not None:
        blocks.append(
            More("The minimum of the cell that was asked for", (layers(story.problem, fact.minimum.at.point),))
        )
    return blocks


def tell_real_traps(story: Story, index: int) -> list[Block]:
    """The minima of all cells with the labels in the file."""
    fact = story.fact(index, RealCellTraps)
    better = None if fact.better is None else fact.better.risk.upper
    rows: list[list[Inline]] = [
        ["none" if risk is None else enclosed(risk), Code("".join(map(str, pieces))),
         "yes" if better is not None and risk is not None and risk.lower > better else "not proved"]
        for pieces, risk in fact.traps
    ]  # fmt: skip
    return [
        prose(
            "Units of one cell and of output weights of both signs predict whatever the cell's features can. Where "
            "all labels are strictly inside the loss's domain they are a dual point themselves, so that a best fit in "
            "the span of the features exists; it is a local minimum. With the labels in the file a dual point for each "
            "cell shows the same, or a direction along which the risk falls for ever that there is no best fit."
        ),
        *(table("With the labels in the file.", ("risk", "cell of each unit", "spurious"), rows, 60) if rows else []),
    ]


def tell_spurious_radius(story: Story, index: int) -> list[Block]:
    """The form, and how far the labels are from those that are affine."""
    fact = story.fact(index, SpuriousRadius)
    form = ", ".join(map(str, fact.form))
    return [
        prose(
            f"The vector ({form}) is orthogonal to 1 and to every coordinate of the inputs, and equal on equal inputs, "
            "so its product with labels whose means over equal inputs are an affine function of the inputs is 0. Its "
            "product with the labels of the file, divided by the sum of its entries' sizes, is"
        ),
        formula("⟨ g , y ⟩ / Σ | g_i | = {}", fact.radius),
        prose(
            "and as long as every label moves by less than that the product stays positive: Theorem 1 goes through. "
            "The step also names an affine function that labels no farther than this have as their means over equal "
            "inputs, so that no larger number will do."
        ),
    ]


def tell_face_radius(story: Story, index: int) -> list[Block]:
    """The linear forms that keep a minimum on its face, the tightest first."""
    fact = story.fact(index, FaceRadius)
    bound = [(room(each.form), each) for each in fact.conditions]
    tight = sorted(((size, each) for size, each in bound if size is not None), key=lambda pair: pair[0])
    rows: list[list[Inline]] = [[each.what, at_least(size), _slope(each)] for size, each in tight]
    return [
        prose(
            "On the face of {} the best fit moves linearly with the labels, and so do parameters that predict it and "
            "the multipliers at its kinks. There is a local minimum on the face as long as these linear forms in the "
            "changes of the labels stay positive; each does as long as every label moves by less than its value "
            "divided by the sum of its coefficients' sizes.",
            story.theta(fact.at),
        ),
        *table("What may give way, the tightest first.", ("condition", "room", "coefficients"), rows, 12),
    ]


def _slope(each: Condition) -> str:
    return f"({', '.join(map(short, each.form[1:]))})"


def tell_cell_radius(story: Story, index: int) -> list[Block]:
    """What is shown at the corners of the labels' box."""
    fact = story.fact(index, CellRadius)
    n = len(story.problem.inputs)
    return [
        prose(
            f"The labels nearer than {{}} to those of the file form a box with {2**n} corners. For every combination "
            "of signs of the output weights that the cell's minima have, the step gives at each corner vectors in the "
            "closed cones of the cell that predict the best fit there; means of these serve the labels in between. "
            "Every other combination is weakly separated from the best fit at all corners.",
            at_least(fact.radius),
        )
    ]


def tell_global_radius(story: Story, index: int) -> list[Block]:
    """The tree, with a vector that moves with the labels."""
    fact = story.fact(index, GlobalRadius)
    if not story.steps[index].fields.get("tree"):
        return [prose("The face fits all these labels exactly, and no risk is below 0.")]
    return [
        prose(
            "The tree of splits is that of the global minimum. Where a leaf is served by the residuals of {}, these "
            "move with the labels, and every ray that they must not favour is checked for all labels in the box; other "
            "vectors are fixed, and the bounds that they prove are at least the risk at every corner of the box.",
            story.theta(fact.at),
        )
    ]


def tell_slopes(story: Story, index: int) -> list[Block]:
    """The better risk as a function of the slopes."""
    found = story.facts[index]
    fact = found.slope if isinstance(found, SlopeRegion) else story.fact(index, EverySlope)
    return [
        prose(
            "Whatever the slopes, the residuals of the affine fit are orthogonal to affine functions, so that a unit "
            "with a kink among the inputs is seen by them only through the difference of its slopes. With the best "
            "output weight and bias the risk is $R = {} − {} d^2 / V$, where d is the difference of the slopes and V a "
            "multiple of the squared deviation of the unit's values from their mean, a positive definite form in the "
            "slopes.",
            fact.risk, fact.gain,
        )
    ]  # fmt: skip


def tell_region(story: Story, index: int) -> list[Block]:
    """The linear forms that keep a minimum on its face for all values of the symbols."""
    fact = story.fact(index, FaceRegion)
    rows: list[list[Inline]] = [
        [each.what, affine_words(fact.family, each.form)] for each in fact.conditions if any(each.form[1:])
    ]
    return [
        prose(
            "On the face the best fit, parameters that predict it and the multipliers at its kinks are affine in the "
            "symbols. The equations of a local minimum hold as identities; what is left are these forms, which on "
            "the whole domain are positive, or, at the multipliers of kinks, not negative."
        ),
        *table("Forms that have to be positive.", ("condition", "form"), rows, 12),
    ]


def tell_global_region(story: Story, index: int) -> list[Block]:
    """The tree, with vectors at the corners of the symbols' box."""
    fact = story.fact(index, GlobalRegion)
    if not story.steps[index].fields.get("tree"):
        return [prose("The face fits all these labels exactly, and no risk is below 0.")]
    corners = 2**fact.minimum.family.size
    return [
        prose(
            f"The symbols' box has {corners} corners. A tree of splits sorts all networks by their units' regions; "
            "each leaf is served by one vector for every corner, with which no network of the leaf has a positive "
            "product. Means of these serve the values in between, and they prove at least the risk of the minimum "
            "there: that is checked as an inequality for every pair of corners. The residuals of the minimum are such "
            "vectors, too."
        )
    ]


def tell_closed_list(story: Story, index: int) -> list[Block]:
    """How the list is closed."""
    fact = story.fact(index, NoSpurious)
    parts = len(fact.parts)
    each = f"Linear forms cut the domain into {parts} parts. " * (parts > 1)
    which = "on each part at least " * (parts > 1) + str(fact.excluded)
    return [
        prose(
            f"{each}A choice of a face for each unit and of a sign of its output weight leaves one candidate for the "
            f"predictions of a local minimum, affine in the symbols. Of the {fact.strata} choices {which} are "
            "excluded, each by one linear form in the symbols: a direction in which the risk falls, or a vector that "
            "separates the candidate from what these faces and signs can predict. The others have one candidate in "
            "common. As the activation is positively homogeneous about a point that the biases can move to 0, some "
            "parameters have the least risk, so that all local minima have it."
        )
    ]
