"""How large a search would be: counted or bounded, in no time, before it is begun."""

from random import Random

import pytest

import symverify
from symverify.certify import global_minimum
from symverify.certify.global_minimum import estimate
from tests.shallow import shallow


def drawn(n: int, d: int) -> list[list[int]]:
    rng = Random(n + 100 * d)
    return [[rng.randint(-50, 50) for _ in range(d)] for _ in range(n)]


@pytest.mark.parametrize(("n", "d"), [(3, 1), (6, 2), (5, 4), (4, 6)])
def test_the_bound_is_met_in_general_position(n: int, d: int, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = shallow(drawn(n, d), [0] * n, 2)
    counted = estimate(problem)
    monkeypatch.setattr(global_minimum, "COUNTED", 0)
    bounded = estimate(problem)
    assert bounded.words == f"at most {counted.words}"
    assert (bounded.affordable, bounded.large) == (counted.affordable, counted.large)


def test_equal_inputs_have_fewer_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = shallow([[1, 0], [0, 1], [1, 1], [2, 2], [3, 3]], [0] * 5, 1)
    units = int(estimate(problem).words.split()[0])
    monkeypatch.setattr(global_minimum, "COUNTED", 0)
    assert units < int(estimate(problem).words.split()[2])


@pytest.mark.parametrize("d", [14, 20])
def test_as_many_inputs_as_samples(d: int) -> None:
    """2^d cells, which nobody counts, and few rays: the search is short."""
    X, rng = [[int(i == k) for k in range(d)] for i in range(d)], Random(d)
    X.append([rng.randint(1, 3) for _ in range(d)])
    data = [{"x": x, "y": [rng.randint(-3, 3)]} for x in X]
    network = {"format": "symverify-network/1", "layers": [d, 1, 1], "bias": False, "activation": "relu"}
    report = symverify.check({**network, "loss": "squared", "data": data}, ["global_minimum"], smt=False, timeout=60)
    assert report["global_minimum"].verdict is symverify.Verdict.PROVED
