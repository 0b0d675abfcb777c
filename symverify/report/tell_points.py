"""How the steps about single points and about the problem are told."""

from collections.abc import Sequence
from fractions import Fraction

from symverify.kernel.cited.assumptions import Assumptions
from symverify.kernel.cited.linear_collapse import LinearCollapse
from symverify.kernel.core.activation import Activation
from symverify.kernel.core.algebra import total
from symverify.kernel.core.facts import Evaluated, GlobalMinimum, NotLocalMinimum, SpuriousMinimum
from symverify.kernel.core.network import Problem, Vector, risk_along
from symverify.kernel.labels.symbols import Family, SymbolicProblem
from symverify.kernel.programs.network import Programmed
from symverify.report.context import affine_words
from symverify.report.document import Block, Code, Display, Inline, Para, formula, prose, say, table
from symverify.report.formula import GAP, Formula, Line, Matrix, Num, Words, m, vector
from symverify.report.story import Story, layers, samples, scalar
from symverify.report.tell_program import program_blocks
from symverify.report.words import evidence, theorem_used


def problem_blocks(problem: Problem) -> list[Block]:
    """The network, its activation, the data and the risk."""
    n = len(problem.inputs)
    return [
        *(program_blocks(problem) if isinstance(problem, Programmed) else _chain(problem)),
        prose(f"The risk over the {n} samples is" if n != 1 else "The risk on the one sample is"),
        Display((_risk_formula(problem),)),
        *_decay_note(problem),
        *_loss_note(problem),
        *_data(problem),
    ]


def _chain(problem: Problem) -> list[Block]:
    """The layers and the activations."""
    widths = " – ".join(map(str, problem.widths))
    return [
        prose(
            f"A fully connected network with layer widths {widths} and {_biases(problem)}. Its $D = {{}}$ parameters "
            "are the entries of {}. From $a_0 = x$ it computes",
            problem.size(),
            m("θ = (", _parameter_names(problem), ")"),
        ),
        Display((_recursion(problem),)),
        *(
            _symbolic_slopes(problem)
            or [prose("with the continuous, piecewise linear activation"), *_activations(problem)]
        ),
    ]


def _symbols(problem: Problem) -> Family | None:
    return problem.family if isinstance(problem, SymbolicProblem) else None


def _symbolic_slopes(problem: Problem) -> list[Block]:
    """The activation if its slopes are symbols: the problem itself has those at their centre only."""
    if (family := _symbols(problem)) is None or not family.slopes:
        return []
    first, second = (Code(affine_words(family, form)) for form in family.slopes)
    return [
        prose(
            "with the continuous, piecewise linear activation of slope {} left of its one breakpoint and of slope {} "
            "right of it, for all values of the symbols: {}.",
            first,
            second,
            Code(family.domain()),
        )
    ]


def _decay_note(problem: Problem) -> list[Block]:
    """The penalty that is part of R."""
    if not problem.decays:
        return []
    weights, biases = problem.decay
    every = "free" if isinstance(problem, Programmed) else "all"
    return [
        prose(
            f"to which weight decay adds half of {{}} times the sum of the squares of {every} weights and of {{}} "
            f"times that of {every} biases: wherever this page speaks of the risk, the penalty is part of it.",
            weights,
            biases,
        )
    ]


def _biases(problem: Problem) -> str:
    return {
        (True, True): "biases in every layer",
        (False, False): "no biases",
        (True, False): "biases in the hidden layers only",
    }.get((problem.hidden_bias, problem.output_bias), "a bias in the last layer only")


def _parameter_names(problem: Problem) -> str:
    """W_1 , b_1 , W_2 , …, at most the first two layers and the last."""
    count = len(problem.widths) - 1
    layers_named = range(1, count + 1) if count <= 4 else [1, 2, count]
    names = [f"W_{layer}" + (f" , b_{layer}" if problem.has_bias(layer - 1) else "") for layer in layers_named]
    return " , ".join(names if count <= 4 else [*names[:2], "…", names[2]])


def _recursion(problem: Problem) -> Line:
    last = len(problem.widths) - 1
    return m(
        f"z_l = W_l {'a_l-1'.replace('-', '−')}",
        "+ b_l" if problem.hidden_bias else "",
        ", a_l = h ( z_l ) ,",
        GAP,
        f"f ( x ; θ ) = W_{last} a_{last - 1}",
        f"+ b_{last}" if problem.output_bias else "",
    )


def _activations(problem: Problem) -> list[Block]:
    distinct = list(dict.fromkeys(problem.activations))
    if len(distinct) == 1:
        return [Display((m("h ( z ) =", _pieces(distinct[0])),))]
    formulas = []
    for h in distinct:
        where = [number for number, other in enumerate(problem.activations) if other == h]
        formulas.append(m("h ( z ) =", _pieces(h), Words(f"in hidden layer {samples(where)}")))
    return [Display(tuple(formulas))]


def _pieces(h: Activation) -> Formula:
    if not h.breakpoints:
        return _affine(h.slopes[0], h.offsets[0])
    rows: list[tuple[Formula, ...]] = []
    for piece, (s, o) in enumerate(zip(h.slopes, h.offsets, strict=True)):
        rows.append((_affine(s, o), Line((*m(Words("for")).parts, *interval("z", h, piece).parts))))
    return Matrix(tuple(rows), cases=True)


def _affine(slope: Fraction, offset: Fraction) -> Line:
    if not slope:
        return m(offset)
    size: list[str | Fraction] = [] if abs(slope) == 1 else [abs(slope)]
    tail: list[str | Fraction] = [] if not offset else ["+" if offset > 0 else "−", abs(offset)]
    return m(*(["−"] if slope < 0 else []), *size, "z", *tail)


def interval(name: str, h: Activation, piece: int) -> Line:
    """The open interval of a piece as inequalities on a variable."""
    lower, upper = h.breakpoints[piece - 1 : piece] if piece else (), h.breakpoints[piece : piece + 1]
    if not lower and not upper:
        return m(name, "∈ ℝ")
    if lower and upper:
        return m(lower[0], "<", name, "<", upper[0])
    return m(name, ">", lower[0]) if lower else m(name, "<", upper[0])


def _risk_formula(problem: Problem) -> Line:
    total = m("Σ_i") if len(problem.targets[0]) == 1 else m("Σ_i Σ_k")
    error = "f ( x_i ; θ ) − y_i" if len(problem.targets[0]) == 1 else "f_k ( x_i ; θ ) − y_ik"
    factor: list[str | Fraction] = [] if problem.loss.factor == 1 else [problem.loss.factor]
    power = "( " + error + " )^2"
    body = power if problem.loss.quadratic else "ℓ ( " + error + " )"
    if not problem.loss.parts:
        body = "ℓ ( f ( x_i ; θ ) , y_i )"
        total = m("Σ_i")
    return m("R ( θ ) =", *factor, total, body)


def _loss_note(problem: Problem) -> list[Block]:
    if problem.loss.quadratic:
        return []
    if not problem.loss.parts:
        return [prose(f"with the {problem.loss.name} loss")]
    ends = (None, *problem.loss.cuts, None)
    pieces = Matrix(
        tuple(
            (_quadratic(part), _between(low, high))
            for part, low, high in zip(problem.loss.parts, ends, ends[1:], strict=False)
        ),
        cases=True,
    )
    return [prose(f"with the {problem.loss.name} loss"), Display((m("ℓ ( e ) =", pieces),))]


def _quadratic(part: tuple[Fraction, Fraction, Fraction]) -> Formula:
    """a e² + b e + c, without what is 0."""
    parts: list[str | Formula | Fraction] = []
    for c, power in zip(part, ("e^2", "e", ""), strict=True):
        if c:
            parts += (["+"] if parts and c > 0 else ["−"] if c < 0 else []) + (
                [] if power and abs(c) == 1 else [abs(c)]
            )
            parts += [power] if power else []
    return m(*parts) if parts else Num(Fraction(0))


def _between(low: Fraction | None, high: Fraction | None) -> Formula:
    """low ≤ e ≤ high, an end that is None left out."""
    below: list[str | Fraction] = [] if low is None else [low, "≤"]
    above: list[str | Fraction] = [] if high is None else ["≤", high]
    return m(Words("for"), *below, "e", *above)


def _data(problem: Problem) -> list[Block]:
    family, caption = _symbols(problem), say("The data.")
    labels: list[Inline] = [_value(y) for y in problem.targets]
    if family is not None and not family.slopes:
        labels = [Code(affine_words(family, form)) if any(form[1:]) else Num(form[0]) for form in family.labels]
        caption = say("The data, the labels for all values of the symbols: {}.", Code(family.domain()))
    rows = [(str(i), _value(x), y) for i, (x, y) in enumerate(zip(problem.inputs, labels, strict=True), 1)]
    return table(caption, (m("i"), m("x_i"), m("y_i")), rows, limit=12)


def _value(x: Sequence[Fraction]) -> Formula:
    return Num(x[0]) if len(x) == 1 else vector(x[:8]) if len(x) <= 8 else m(vector(x[:8]), "…")


# steps


def tell_point(story: Story, index: int) -> list[Block]:
    """The matrices, what the network predicts there, the residuals and the risk."""
    at, problem = story.fact(index, Evaluated), story.problem
    name = story.theta(at)
    origin = "the parameters that the network file gives" if at.given else "a point given in the certificate"
    slope = m("r_i = ∂ R / ∂ f ( x_i )")
    if problem.loss.quadratic:
        rate = 2 * problem.loss.factor * problem.loss.parts[0][0]
        slope = m("r_i =", *([] if rate == 1 else [rate]), "( f ( x_i ;", name, ") − y_i )")
    where = "" if problem.loss.smooth else "; where the loss bends, the interval between its left and its right slope"
    caption = say(f"Predictions at {{}}, computed exactly, and the residuals {{}}{where}.", name, slope)
    rows: list[list[Inline]] = [
        [str(i + 1), _value(y), _value(f), _slopes(problem, f, y)]
        for i, (f, y) in enumerate(zip(at.predictions, problem.targets, strict=True))
    ]
    return [
        prose(f"Let {{}} be {origin}:", name),
        layers(problem, at.point),
        *table(caption, (m("i"), m("y_i"), m("f ( x_i ;", name, ")"), m("r_i")), rows, limit=10),
        prose("The risk, computed from these predictions, is {}.", story.risk(at)),
    ]


def _slopes(problem: Problem, f: Vector, y: Vector) -> Formula:
    """The derivative of the risk by a prediction, or the interval of its subgradients."""
    c, ends = problem.loss.factor, [problem.loss.at(b).slopes(a - b) for a, b in zip(f, y, strict=True)]
    if all(low == high for low, high in ends):
        return _value([c * low for low, _ in ends])
    parts = list[Formula | str]()
    for low, high in ends:
        parts += [",", m(c * low) if low == high else m("[", c * low, ",", c * high, "]")]
    return m(*parts[1:]) if len(ends) == 1 else m("(", *parts[1:], ")")


def tell_spurious(story: Story, index: int) -> list[Block]:
    """The strictly better point."""
    fact = story.fact(index, SpuriousMinimum)
    low, high = story.theta(fact.better), story.theta(fact.minimum.at)
    return [
        prose("Another point, {}, is strictly better than {}:", low, high),
        formula("R ( {} ) = {} < {} = R ( {} )", low, fact.better.risk, fact.minimum.at.risk, high),
        prose(
            "Both risks are exact rationals; they differ by {}. One better point is enough: a local minimum that is "
            "not a global one is called spurious.",
            fact.minimum.at.risk - fact.better.risk,
        ),
    ]


def tell_descent(story: Story, index: int) -> list[Block]:
    """The curve along which the risk falls at once."""
    fact = story.fact(index, NotLocalMinimum)
    path, name = story.path(index, "curve"), story.theta(fact.at)
    along = risk_along(story.problem, path)
    fall = next((power for power, c in enumerate(along.coefficients) if power and c), 0)
    return [
        prose("Leave {} along the polynomial curve $γ ( t )$, $γ ( 0 ) = {}$:", name, name),
        layers(story.problem, path),
        prose(
            "For all small $t > 0$ every pre-activation along it keeps to one side of each breakpoint (the first "
            "non-zero coefficient decides which) or stays at it, so the risk is one polynomial there:"
        ),
        formula("R ( γ ( t ) ) = {}", scalar(along)),
        prose(
            f"Its first non-zero coefficient after the constant, that of $t{f'^{fall}' if fall > 1 else ''}$, is "
            "negative. So points arbitrarily close to {} have strictly lower risk.",
            name,
        ),
    ]


def tell_function_minimum(story: Story, index: int) -> list[Block]:
    """Residuals that cancel over equal inputs."""
    fact, problem = story.fact(index, GlobalMinimum), story.problem
    rows = story.slopes(index, fact.at)
    body: list[list[Inline]] = [
        [
            samples(group),
            _value(problem.inputs[group[0]]),
            _value([total(r[i] for i in group) for r in rows]),
        ]
        for group in problem.groups
    ]
    name = story.theta(fact.at)
    return [
        prose(
            "No function of the inputs at all, and so no network, can do better than {}. A function takes one "
            "value on samples with equal inputs, and over each such group the residuals cancel:",
            name,
        ),
        *table("Sums of residuals over equal inputs.", ("samples", "input", m("Σ_i r_i")), body, limit=12),
        prose("The loss is convex, so for any function $g$ of the inputs"),
        formula("R ( g ) − R ( {} ) ≥ Σ_i ⟨ r_i , g ( x_i ) − f ( x_i ; {} ) ⟩ = 0 .", name, name),
    ]


def tell_assumptions(story: Story, index: int) -> list[Block]:
    """The theorem's assumptions, one by one."""
    fact = story.fact(index, Assumptions)
    rows: list[list[Inline]] = [
        [name, "holds" if is_so else "fails", evidence(name, is_so, where)] for name, is_so, where in fact.holds
    ]
    return [
        prose(
            "The assumptions of the theorem on spurious local minima, each decided exactly from the problem alone (by "
            "ranks over the rationals and comparisons). No other step rests on them."
        ),
        *table("", ("assumption", "", "because"), rows),
    ]


def tell_linear_collapse(story: Story, index: int) -> list[Block]:
    """A network without breakpoints."""
    said = (
        "Every activation is affine, so no pre-activation ever meets a breakpoint: no boundary of a cell divides the "
        "parameters. Every local minimum is a global one by "
    )
    return [Para((said, *theorem_used(story.fact(index, LinearCollapse)), "."))]
