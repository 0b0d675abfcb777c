"""Whether the risk falls for ever from where a search ended: along the last layer, or as far as the search went."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from symverify.kernel.core.activation import ONE, ZERO
from symverify.kernel.core.network import Vector
from symverify.kernel.programs.network import Programmed
from symverify.kernel.reals.losses import CrossEntropy, Logistic, RealLoss
from symverify.search.collapse import Left
from symverify.search.float_network import FloatNetwork
from symverify.search.programs.float_program import float_network
from symverify.search.span_dual import NotFitted, span_fit

FAR, GROWN, SMALL, SHORT = 25.0, 1.4, 1e-6, 2**40


@np.errstate(all="ignore")
def runs_away(found: Left) -> str | None:
    """Why there seems to be no minimum where the search went; None if there is no sign of that."""
    state, falling = found.state, losing(found)
    largest = float(np.abs(state.v).max(initial=0))
    if not falling and largest <= FAR:
        return None
    risk = float_network(found.problem).risk(state.v)
    if not np.isfinite(risk):
        return None
    words = f"the search ended at risk {risk:.9g}, where a parameter is {largest:.3g}"
    earlier = [(size, height) for size, height in state.trail if size < largest / GROWN and height > risk]
    if falling:
        words += f"; from there the last layer lowers the risk for ever, on {of_samples(falling)}"
    elif earlier:
        words += f", and was at {earlier[-1][1]:.9g} where one was {earlier[-1][0]:.3g}"
    elif sure := certain(found):
        words += f" and probabilities on {of_samples(sure)} are all but 0 or 1"
    elif not state.trail or largest < GROWN * state.trail[0][0]:  # it began there
        return None
    return f"{words}: it seems to run to infinity"


def of_samples(numbers: Sequence[int]) -> str:
    """The samples, numbered from 1."""
    return f"sample{'s' * (len(numbers) > 1)} {', '.join(str(i + 1) for i in numbers)}"


def certain(found: Left) -> list[int]:
    """The samples on which a probability is all but 0 or 1."""
    net, state = float_network(found.problem), found.state
    if not isinstance(found.problem.loss, Logistic | CrossEntropy):
        return []
    likely = net.targets + net.loss(net.forward(state.v, state.pieces)[1][-1])[1]
    return [i for i, row in enumerate(likely) if min(row.min(), (1 - row).min()) < SMALL]


def losing(found: Left) -> list[int]:
    """The samples that change along a direction of the last layer in which the risk falls for ever.

    Exact for the rounded parameters, with 0 at held kinks. Empty where the last layer has a best fit.
    """
    problem = found.problem
    if not isinstance(problem.loss, RealLoss) or problem.decays or isinstance(problem, Programmed):
        return []
    columns = last_columns(found)
    try:
        direction = span_fit(problem, columns).direction
    except NotFitted:
        return []
    if direction is None:
        return []
    moved = [
        [sum((b * c[i] for b, c in zip(row, columns, strict=True)), ZERO) for row in direction]
        for i in range(len(problem.inputs))
    ]
    return [i for i, row in enumerate(moved) if (len(set(row)) > 1 if problem.loss.gauge else any(row))]


def last_columns(found: Left) -> list[Vector]:
    """What the last hidden units make of the samples, and 1 if there is an output bias."""
    problem, state = found.problem, found.state
    pieces = [p.copy() for p in state.pieces]
    entering = FloatNetwork(problem).forward(state.v, pieces)[0][-1]
    m = len(pieces) - 1
    held = {(j, i) for layer, j, i in (*state.kinks, *state.dependents) if layer == m}
    columns: list[Vector] = [
        tuple(ZERO if (j, i) in held else Fraction(round(float(x) * SHORT), SHORT) for i, x in enumerate(column))
        for j, column in enumerate(entering.T)
    ]
    return columns + [(ONE,) * len(problem.inputs)] * problem.output_bias
