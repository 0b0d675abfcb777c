"""Weight decay: a penalty on the parameters, for which few rules are proved."""

from dataclasses import replace
from fractions import Fraction

from ..core.activation import ZERO
from ..core.errors import Malformed
from ..core.network import Problem
from ..core.text import Fields, liberal
from ..programs.network import Programmed

RULES = frozenset({"minimum_in_box", "spurious_real", "enclosed_point", "decay_bound", "bracket"})  # with a penalty


def decayed(problem: Problem, fields: Fields) -> Problem:
    """The problem with the "weight_decay" of its file, if there is one."""
    decay = fields.take("weight_decay", read_decay, (ZERO, ZERO))
    rules = problem.loss.rules & RULES if any(decay) else problem.loss.rules
    if isinstance(problem, Programmed):
        return problem.with_decay(decay, rules)
    return replace(problem, loss=replace(problem.loss, rules=rules), decay=decay)


def read_decay(value: object, where: str) -> tuple[Fraction, Fraction]:
    """μ, or {"weights": μ, "biases": ν}, as PyTorch's SGD has it: μ/2 times the sum of the squares is added to R."""
    if isinstance(value, dict):
        fields = Fields(value, where)
        found = fields.take("weights", liberal, ZERO), fields.take("biases", liberal, ZERO)
        fields.done()
    else:
        found = (liberal(value, where),) * 2
    if min(found) < 0:
        raise Malformed((where, "must not be negative"))
    return found
