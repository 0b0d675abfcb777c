"""What is posed for losses over the reals: what has no exponential in it, the moments of a dual point."""

from collections.abc import Iterator

from symverify.kernel.core.text import canonical, listed
from symverify.kernel.reals.losses import CrossEntropy, Logistic
from symverify.opinion.statement import LINEAR, Given, Statement
from symverify.opinion.terms import compare, polynomial, variable
from symverify.opinion.text import conjunction

MAX_TERMS = 4000


def dual_point(given: Given) -> Iterator[Statement]:
    """The dual point is in the domain, and its moments over affine maps, or constants, are those of the labels."""
    problem, fields = given.problem, given.step.fields
    if "pieces" not in fields:
        return
    p = listed(listed(canonical))(fields["dual"], "")
    pieces = listed(lambda value, _: int(str(value)))(fields["pieces"], "")
    sloped = all(h.slopes[piece] for h, piece in zip(problem.activations, pieces, strict=True))
    span = problem.affine_features()[0 if sloped else -1 :]
    if len(p) * len(p[0]) * len(span) > MAX_TERMS:
        return
    names = [[f"p{i + 1}_{k + 1}" for k in range(len(row))] for i, row in enumerate(p)]
    terms = [[variable(name) for name in row] for row in names]
    known = [compare(x, "=", v) for row, vs in zip(terms, p, strict=True) for x, v in zip(row, vs, strict=True)]
    strictly = ">" if given.step.rule == "span_minimum" else ">="
    goals = [compare(x, strictly, 0) for row in terms for x in row]
    if isinstance(problem.loss, Logistic):
        goals += [compare(1 - x, strictly, 0) for row in terms for x in row]
    if isinstance(problem.loss, CrossEntropy):
        goals += [compare(sum(row, polynomial(0)), "=", 1) for row in terms]
    for k in range(len(p[0])):
        off = [row[k] - y[k] for row, y in zip(terms, problem.targets, strict=True)]
        goals += [compare(sum((x * v for x, v in zip(off, phi, strict=True)), polynomial(0)), "=") for phi in span]
    title = "the dual point is in its domain, and has the labels' moments"
    yield Statement(title, LINEAR, tuple(name for row in names for name in row), tuple(known), conjunction(goals))
