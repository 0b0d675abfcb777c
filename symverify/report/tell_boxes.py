"""How minima that are enclosed in a box are told: kinks as active constraints, the slice, the Hessian, the distance."""

from collections.abc import Sequence
from fractions import Fraction
from typing import cast

from symverify.kernel.core.facts import LowerBound
from symverify.kernel.core.network import Point, Problem, rational
from symverify.kernel.curvature.hessian import places
from symverify.kernel.programs.network import Programmed
from symverify.kernel.programs.parameters import fixed, hidden, values_of
from symverify.kernel.reals.enclosure import decimals
from symverify.kernel.reals.minimum_in_box import BoxMinimum
from symverify.report.document import Block, Code, Inline, More, para, prose, table
from symverify.report.formula import Formula, Num, Script
from symverify.report.rationals import is_short, within
from symverify.report.story import Story, samples
from symverify.report.words import at_least, at_most, counted, verb
from symverify.search.distances import distance

Place = Sequence[int]


def tell_box(story: Story, index: int) -> list[Block]:
    """The point, the equations that it solves, what is active, what is held, and why the risk rises on all sides."""
    fact = story.fact(index, BoxMinimum)
    held = len(fact.held)
    blocks = [
        *where(story, fact),
        *active(story, index, fact),
        prose(
            "**The equations.** With the risk on fixed pieces, and $L$ this less the multiples of the constraints, the "
            "derivatives of $L$ by the parameters that are free, and the constraints, vanish together at one point of "
            "the box: Newton's map, in interval arithmetic, takes the box into its interior."
        ),
        prose(
            "**Second order.** On the whole box the Hessian of $L$ in the free parameters, plus a multiple of the "
            "squares of the constraints' gradients, is positive definite: every pivot of its elimination is a positive "
            "interval. So along the constraints the risk has a strict minimum"
            + (" in the slice of the free parameters." if held else ".")
        ),
    ]
    if held:
        what = f"{counted(held, 'parameter')} {verb(held, 'are')} held at the centre's value"
        blocks.append(
            prose(
                f"**The slice.** The risk has symmetries, along which it is constant; to cut across them {what}, and "
                f"{'one symmetry moves it' if held == 1 else 'as many symmetries move them'} freely there."
            )
        )
    return [*blocks, *gone(fact)]


def tell_face(story: Story, index: int) -> list[Block]:
    """The point, what is active, and the span that predictions cannot leave."""
    fact = story.fact(index, BoxMinimum)
    free, program = story.problem.size() - len(fact.held), isinstance(story.problem, Programmed)
    paths = "products of slopes along paths times combinations of input values and 1"
    what = "what stands before products of free parameters, added to the predictions there" if program else paths
    kept = "With these constraints kept, all" if fact.kinks else "All"
    equations = "the residuals are orthogonal to $V$" + ", and the constraints hold" * bool(fact.kinks)
    return [
        *where(story, fact),
        *active(story, index, fact),
        prose(
            f"**The span.** {kept} that the network can predict near the point lies in a vector space $V$, spanned by "
            f"{what}. At one point of the box {equations}: {counted(free, 'equation')} for as many free parameters, by "
            "Newton's map in interval arithmetic."
        ),
        prose("The loss is convex: no predictions in $V$ have lower risk than those of that point."),
    ]


def _radius(x: Fraction) -> Formula:
    """A small power of 2 as such, as verdicts show it; else an upper bound."""
    power = x.denominator.bit_length() - 1
    small = x == Fraction(1, 2**power) and not is_short(x)
    return Script(Num(Fraction(2)), None, Num(Fraction(-power))) if small else at_most(x)


def where(story: Story, fact: BoxMinimum) -> list[Block]:
    """The box, the enclosed risk, and the distance from the given point."""
    problem = story.problem
    headings, rows = parameters(problem, fact.centre)
    found: list[Block] = [
        prose(
            "**The box.** The minimum is not written down: it is within {} of a centre in every parameter. Its risk is "
            f"{within(fact.risk)}.",
            _radius(fact.radius),
        ),
        More("The centre", tuple(table("", headings, rows, limit=60)), aside=True),
    ]
    if problem.parameters is not None:
        away = about(distance(problem, problem.parameters, fact.centre))
        found.append(para(f"The parameters in the network file are at distance {away} from the centre."))
    return found


def parameters(problem: Problem, point: Point) -> tuple[list[Inline], list[list[Inline]]]:
    """Headings and rows of a table of a point's parameters: layer by layer, or node by node of a program."""
    if isinstance(problem, Programmed):
        values, rows = problem.free(point), list[list[Inline]]()
        for each in problem.owned:
            for part, slots in (("weight", each.weight), ("bias", each.bias)):
                known = [(k, slot) for k, slot in enumerate(slots, 1) if slot is not None]
                rows += [[Code(each.name), f"{part} {k}", about(rational(values[slot]))] for k, slot in known]
        return ["node", "parameter", "about"], rows
    return ["layer", "unit", "input", "about"], [
        [f"{m + 1}", f"{j + 1}", "bias" if c == problem.widths[m] else f"{c + 1}", about(rational(x))]
        for (m, j, c), x in zip(places(problem), values_of(problem, point), strict=True)
    ]


def active(story: Story, index: int, fact: BoxMinimum) -> list[Block]:
    """The kinks that are held, with their multipliers; those that depend on them."""
    if not fact.kinks:
        of = "of the network without the units that are 0 " if fact.collapsed else ""
        but, whose = but_constant(story.problem), "its" if of else "the"
        said = f"On the box no pre-activation {of}passes a breakpoint{but}: {whose} risk is smooth there."
        return [prose(f"**Constraints.** {said}")]
    fields = story.steps[index].fields
    given, more = fields.get("multipliers"), cast(list[dict[str, object]], fields["dependents"])
    following = cast(list[dict[str, object]], fields.get("following", []))
    count = len(fact.kinks) - len(more) - len(following)
    multipliers = ["" for _ in range(count)] if given is None else [about(Fraction(x)) for x in cast(list[str], given)]
    program = story.problem if isinstance(story.problem, Programmed) else None
    headings: list[Inline] = ["layer" if program is None else "node", "unit", "sample"]
    headings += ["multiplier, about"] if given is not None else []
    rows: list[list[Inline]] = [
        [
            str(m + 1) if program is None else Code(program.bent[m]),
            str(j + 1),
            str(i + 1),
            *([x] if given is not None else []),
        ]
        for (m, j, i), x in zip(fact.kinks[:count], multipliers, strict=True)
    ]
    for each in following:
        rows.append(
            [*(str(k + 1) for k in cast(list[int], each["kink"])), about(Fraction(cast(str, each["multiplier"])))]
        )
    words = f"{counted(len(rows), 'pre-activation')} {verb(len(rows), 'are')}"
    which = ", which the kernel encloses," if given is None else ""
    sided = sum("weights" in each for each in following)
    rises = "to both sides, and on every ray between kinks that depend on each other"
    if sided:
        rises = "in every direction in which the kinks of a unit can open together"
    found: list[Block] = [
        prose(
            f"**Constraints.** {words} exactly at a breakpoint, where the risk has a kink. The multiplier{which} is"
            f"{', but for the last,' * bool(following)} the rate of the risk as the pre-activation grows, on the lower "
            f"piece. With the bends of the activation the risk rises {rises}:"
        ),
        *table("", headings, rows),
    ]
    return [*found, *dependent(fact, count, len(more), len(following)), *one_sided(sided)]


def one_sided(count: int) -> list[Block]:
    """How many of the kinks that follow others open on one side of a combination of those only."""
    if not count:
        return []
    opens = "One of these opens" if count == 1 else f"{count} of these open"
    side = "only on one side of 0, or of a combination of others"
    return [para(f"{opens} {side}, as units below are at their breakpoints, too.")]


def dependent(fact: BoxMinimum, count: int, more: int, following: int) -> list[Block]:
    """The kinks after the first `count`: those that combine from them, and those at their breakpoints with them."""
    found: list[Block] = []
    if more:
        places_of = [samples([b[2]]) for b in fact.kinks[count : count + more]]
        found.append(
            para(
                f"{counted(more, 'other')} (on samples {', '.join(dict.fromkeys(places_of))}) depend on "
                "these, being a combination of them at all parameters near, and count in the same condition."
            )
        )
    if following:
        said = "is at its breakpoint wherever the others are: its multiplier was chosen"
        if following > 1:
            said = "are at their breakpoints wherever the others are: their multipliers were chosen"
        found.append(para(f"The last {'one' if following == 1 else str(following)} {said}."))
    return found


def but_constant(problem: Problem) -> str:
    """That some pre-activations are the same number at all parameters, where there are such."""
    places = ((m, j, i) for m, width in enumerate(hidden(problem)) for j in range(width) for i in samples_of(problem))
    if all(fixed(problem, place) is None for place in places):
        return ""
    return ", but where " + (
        "it is the same number at all parameters"
        if isinstance(problem, Programmed)
        else "a sample enters as 0 at all parameters"
    )


def samples_of(problem: Problem) -> range:
    """The samples' numbers."""
    return range(len(problem.inputs))


def gone(fact: BoxMinimum) -> list[Block]:
    """Units of which weight decay leaves nothing."""
    if not fact.collapsed:
        return []
    units = ", ".join(f"{j + 1} of hidden layer {m + 1}" for m, j in fact.collapsed)
    return [
        para(
            f"All parameters of {'unit' if len(fact.collapsed) == 1 else 'units'} {units} are 0. No small ones lower "
            "the risk: what they would gain is less than the penalty that they cost, in every direction of their input "
            "weights."
        )
    ]


def tell_decay(story: Story, index: int) -> list[Block]:
    """The dual vector, and in how many chambers it was checked."""
    fact = story.fact(index, LowerBound)
    count = len(cast(list[object], story.steps[index].fields["multipliers"])) // 2
    chambers = "the one chamber" if count == 1 else f"each of the {count} chambers"
    return [
        prose(
            "**A price for each sample.** The vector $g$ of the certificate prices the predictions. In "
            f"{chambers} of a unit's input weights, with either sign of its output weight, what a unit earns at these "
            "prices is at most what weight decay makes it cost. So no number of units does better than the prices say:"
        ),
        prose("$R ( θ ) ≥$ {} for every width.", at_least(fact.risk)),
    ]


def tell_tree(story: Story, index: int) -> list[Block]:
    """How many cases there are, and what each one has."""
    fields = story.steps[index].fields
    cases, vectors = cast(list[object], fields["cases"]), cast(list[object], fields["vectors"])
    one_of, several = "the vector" if len(vectors) == 1 else f"one of {len(vectors)} vectors", []
    there, each = ("is 1 case", "it") if len(cases) == 1 else (f"are {len(cases)} cases", "each of them")
    if (units := story.problem.widths[2]) > 1:
        each = f"any {units} of them together"
        several = [
            prose(
                f"**One unit at a time.** If each of the {units} units of the second hidden layer had first units of "
                "its own, the least risk would be no higher. Then the network is a sum of networks with one such unit."
            )
        ]
    return [
        *several,
        prose(
            "**Cases.** Weights beyond the first layer enter by their signs alone: their sizes are moved into what "
            "comes before them. With the sides of all samples in every unit chosen, and these signs, predictions are "
            f"linear in what is left, on a cone; there {there}. In {each} {one_of} $g$ makes no positive product with "
            "any prediction, and the labels are so far on its other side that the risk is at least"
        ),
        prose("$ρ =$ {}.", at_least(story.fact(index, LowerBound).risk)),
    ]


def about(x: Fraction) -> str:
    """Twelve digits, cut off."""
    if x.denominator < 10**6:
        return str(x)
    low, high = sorted((x, x * (1 + Fraction(1, 10**13))))
    return decimals(low, high, 12)
