"""Where to cut a domain of symbols, so that on each part the faces with local minima have one prediction."""

from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction

from symverify.ground.linear import primitive
from symverify.ground.lp import dot
from symverify.kernel.core.errors import Declined
from symverify.kernel.labels.closed_list import State
from symverify.kernel.labels.symbols import Family, SymbolicProblem

from .label_cones import label_cone
from .regions import Form, weights


def best_split(problem: SymbolicProblem, strata: Sequence[Sequence[State]]) -> Form | None:
    """A form in the symbols, not of one sign on the domain, that decides for most of these strata on which side of it
    they have local minima: they may where it is ≥ 0, or all where it is < 0 have none. None if there is none.
    """
    family, votes = problem.family, Counter[Form]()
    for stratum in strata:
        try:
            found = set(walls(family, stratum, problem))
        except Declined:
            continue
        votes.update(form for form in found if crosses(family, form))
    return min(votes, key=lambda form: (-votes[form], sum(map(abs, form)), form)) if votes else None


def walls(family: Family, stratum: Sequence[State], problem: SymbolicProblem) -> Iterator[Form]:
    """Forms that are ≥ 0 where the stratum has local minima; those that have to be > 0 as such that have to be ≤ 0."""
    cone = label_cone(problem, stratum)
    for side, part in ((1, cone.weak), (-1, cone.strict), (1, cone.equal), (-1, cone.equal)):
        for g in part:
            columns = zip(*family.labels, strict=True)
            form = primitive([side * dot(g, column) for column in columns])
            if any(form[1:]):
                yield tuple(map(Fraction, form))


def crosses(family: Family, form: Form) -> bool:
    """Whether it is not shown to be ≥ 0, nor to be < 0, on the whole domain."""
    return weights(family, form, False) is None and weights(family, tuple(-x for x in form), True) is None
