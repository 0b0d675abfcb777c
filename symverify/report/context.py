"""What a certificate is about, in a title and one line: the network, its activation, the data and the loss."""

from fractions import Fraction
from functools import cache

from symverify.kernel.core.activation import Activation
from symverify.kernel.core.errors import Declined
from symverify.kernel.core.network import Problem
from symverify.kernel.labels.forms import Form
from symverify.kernel.labels.symbols import Family, SymbolicProblem
from symverify.kernel.network_file import FAMILIES, read_activation
from symverify.kernel.programs.network import Programmed
from symverify.problem.shape import architecture
from symverify.report.rationals import short

_SPELLED = {"relu": "ReLU", "abs": "absolute value", "relu6": "ReLU6", "hardtanh": "hard tanh",
            "hardsigmoid": "hard sigmoid", "identity": "linear"}  # fmt: skip


def title_words(problem: Problem) -> str:
    """The name that the network file gives (a stranger's text), or else what the network is."""
    return problem.name or network_words(problem)


def network_words(problem: Problem) -> str:
    """1-2-1 network; program of 5 nodes with 11 free parameters."""
    return architecture(problem) if isinstance(problem, Programmed) else f"{architecture(problem)} network"


def affine_words(family: Family, form: Form) -> str:
    """A form as an affine text in the symbols, or that it has too many digits to be shown."""
    try:
        return family.spelled(form)
    except Declined:
        return "affine, of too many digits to be shown"


def context_words(problem: Problem) -> str:
    """One line: 1-2-1 network, ReLU, 4 samples, sum of squared losses."""
    slopes = problem.family.slope_words if isinstance(problem, SymbolicProblem) else ""
    kinds = [slopes] if slopes else list(dict.fromkeys(activation_words(node.h) for node in problem.bents))
    count = len(problem.inputs)
    parts = [network_words(problem), *([" then ".join(kinds)] if len(kinds) < 4 else ["mixed activations"])]
    parts += [f"{count} sample{'s' * (count != 1)}", _loss(problem)]
    return ", ".join(part for part in parts if part)


@cache
def _named() -> dict[Activation, str]:
    return {read_activation(name, ""): _SPELLED.get(name, name) for name in FAMILIES}


def activation_words(h: Activation) -> str:
    """ReLU, hard tanh, leaky ReLU 1/10, 4 pieces."""
    if (known := _named().get(h)) is not None:
        return known
    if len(h.breakpoints) == 1 and not any((*h.breakpoints, *h.offsets)) and h.slopes[1] == 1:
        return f"leaky ReLU {short(h.slopes[0])}"
    if h.breakpoints:
        return f"{len(h.slopes)} pieces"
    return ("affine" if any(h.offsets) else "linear") if any(h.slopes) else "constant activation"


def _loss(problem: Problem) -> str:
    name, factor = f"{problem.loss.name.replace('_', ' ')} loss", problem.loss.factor
    scale = factor * len(problem.inputs)
    if scale == 1:
        said = f"mean {name}"
    elif factor == 1:
        said = f"summed {name}"
    elif scale == Fraction(1, 2):
        said = f"half the mean {name}"
    else:
        said = f"{short(factor)} × summed {name}"
    return f"{said}, weight decay" if problem.decays else said
