"""Searches that run to infinity: told from which samples, exactly; and not told where the last layer has a best fit."""

import json
import time

import numpy as np
import pytest

from symverify.problem.load import loads
from symverify.search.active_set import State, descend
from symverify.search.collapse import Left
from symverify.search.float_network import FloatNetwork
from symverify.search.recession import losing, runs_away
from tests.kernel.reals.made import Json, document


def ended(document: Json, numbers: list[float], kinks: list[tuple[int, int, int]] | None = None) -> Left:
    problem = loads(json.dumps(document)).problem
    v = np.array(numbers, dtype=float)
    return Left([], problem, State(v, FloatNetwork(problem).pieces(v), kinks or []))


def line(labels: list[int], loss: str = "logistic", **more: Json) -> Json:
    ys = [[y] for y in labels] if loss != "cross_entropy" else labels
    return document([1, 1, 2 if loss == "cross_entropy" else 1], "relu", loss, [-1, 0, 1, 2], ys, **more)


def test_the_samples_that_the_last_layer_separates() -> None:
    """h = max(0, x): on x = 1, 2 alone the output weight is felt."""
    assert losing(ended(line([1, 0, 1, 1]), [1, 0, 0.5, 0])) == [2, 3]
    assert losing(ended(line([1, 0, 1, 0]), [1, 0, 0.5, 0])) == []
    assert losing(ended(line([0, 0, 1, 1]), [1, 0, 0.5, 0])) == [0, 1, 2, 3]
    # separable by a sum of both, but for x = -1, which the unit does not see
    assert losing(ended(line([0, 0, 0, 1]), [1, 0, 0.5, 0])) == [0, 1, 2, 3]


def test_what_is_held_at_a_kink_is_0() -> None:
    """With x = 1 at the breakpoint, 10⁻¹² off in floats, its label does not count."""
    near = [1.0, -1 + 1e-12, 0.5, 0.0]
    assert losing(ended(line([1, 0, 0, 1]), near, [(0, 0, 2)])) == [3]


def test_classes() -> None:
    assert losing(ended(line([1, 0, 1, 1], "cross_entropy"), [1, 0, 0.5, 0, -0.5, 0])) == [2, 3]
    assert losing(ended(line([1, 0, 1, 0], "cross_entropy"), [1, 0, 0.5, 0, -0.5, 0])) == []


@pytest.mark.parametrize("network", [line([1, 0, 1, 1], weight_decay="1/10"), line([1, 0, 1, 1], "squared")])
def test_where_the_last_layer_always_has_a_best_fit(network: Json) -> None:
    assert losing(ended(network, [1, 0, 0.5, 0])) == []
    assert runs_away(ended(network, [1, 0, 0.5, 0])) is None


def test_words() -> None:
    near = ended(line([1, 0, 1, 1]), [1, 0, 0.5, 0])
    assert runs_away(near) == (
        f"the search ended at risk {FloatNetwork(near.problem).risk(near.state.v):.9g}, where a parameter is 1; "
        "from there the last layer lowers the risk for ever, on samples 3, 4: it seems to run to infinity"
    )
    far = ended(line([1, 0, 1, 2], "squared"), [1, 0, 30, 0])
    far.state.trail = [(10.0, 9000.0), (20.0, 8000.0), (25.0, 7000.0), (30.0, 600.0)]
    assert str(runs_away(far)).endswith("is 30, and was at 8000 where one was 20: it seems to run to infinity")
    sure = ended(line([1, 0, 1, 0]), [1, 0, -30, 0])
    assert str(runs_away(sure)).endswith(
        "is 30 and probabilities on samples 3, 4 are all but 0 or 1: it seems to run to infinity"
    )
    assert runs_away(ended(line([1, 0, 1, 0]), [1, 0, -20, 0])) is None


def test_derivatives_that_overflow_end_the_search() -> None:
    """exp(4·10⁶) is no float, and its derivative no number: told, not a traceback."""
    network = ended(line([0, 0, 1, 0]), [2000, 0, -2000, 0])
    state = descend(FloatNetwork(network.problem), network.state.v, time.monotonic() + 20)
    assert state.status == "beyond the range of floats"
    assert str(runs_away(Left([], network.problem, state))).endswith("it seems to run to infinity")


def test_where_a_search_begins_it_does_not_run_to() -> None:
    far = ended(line([1, 0, 1, 2], "squared"), [1, 0, 30, 0])
    far.state.trail = [(30.0, 600.0)]
    assert runs_away(far) is None
    beyond = ended(line([1, 0, 1, 2], "squared"), [1, 0, 1e200, 0])
    beyond.state.trail = [(1.0, 600.0)]
    assert runs_away(beyond) is None  # of no known risk
