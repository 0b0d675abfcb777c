"""Lower bounds from parts of the samples: proved for the whole, found before the whole is searched."""

import time
from dataclasses import replace
from fractions import Fraction
from random import Random
from typing import Any

import pytest

from symverify.certify.certificate import Certificate
from symverify.kernel.core.network import Problem
from symverify.search.global_minimum import global_minimum, minimum
from symverify.search.global_minimum.few_samples import Parts, far, part, whole
from symverify.search.global_minimum.result import Result
from symverify.search.global_minimum.search import Search
from tests.search.test_global_minimum import random_problem
from tests.shallow import shallow


def proved(problem: Problem, lower: Fraction, proof: tuple[tuple[tuple[int, ...], ...], tuple[int, ...]]) -> bool:
    """Whether the kernel accepts the bound of the whole."""
    vectors, tree = [list(g) for g in proof[0]], list(proof[1])
    risk = str(lower * problem.loss.factor)
    return Certificate(problem).step("global_lower_bound", risk=risk, vectors=vectors, tree=tree) == 0


def has_parts(problem: Problem) -> bool:
    """Whether there are smaller parts, which are quickly searched."""
    return bool(problem.activations[0].breakpoints) and len(problem.inputs) > 2 and problem.widths[1] < 3


@pytest.mark.parametrize("seed", [seed for seed in range(50) if has_parts(random_problem(seed))])
def test_a_proof_for_a_part_is_one_for_the_whole(seed: int) -> None:
    """Of any activation, with and without biases, equal samples among them."""
    problem, rng = random_problem(seed), Random(seed)
    count = len(problem.inputs)
    chosen = sorted(rng.sample(range(count), max(count - 2, problem.widths[1])))
    found = global_minimum(part(problem, chosen))
    if found.lower:
        assert proved(problem, found.lower, whole(problem, chosen, (found.vectors, found.tree)))
    assert found.lower <= global_minimum(problem).upper


def test_far_samples_come_first() -> None:
    problem = shallow([[k] for k in range(6)], [0, 9, 1, -8, 2, 1], 1)
    assert far(problem, 2) == [1, 3]
    assert far(problem, 4) == [0, 1, 3, 4]
    assert far(replace(problem, output_bias=False), 3) == [1, 3, 4]


def test_parts_grow_while_there_is_time() -> None:
    problem = shallow([[k, k * k % 23] for k in range(40)], [k * k % 11 for k in range(40)], 2)
    parts, seen = Parts(problem), list[int]()
    known = global_minimum(part(problem, far(problem, parts.count)))

    def quick(some: Problem, _: float) -> Result:
        seen.append(len(some.inputs))
        return known if len(seen) == 1 else replace(known, lower=known.upper / 2, upper=known.upper / 2)

    parts.search(time.monotonic() + 1e6, quick)
    assert seen == [28, 35]
    assert parts.lower == known.lower > 0
    assert proved(problem, parts.lower, parts.proof)
    assert not parts.rest
    late = Parts(problem)
    late.search(time.monotonic() - 1.0, quick)
    assert (late.lower, len(seen)) == (0, 2)
    assert [Parts(replace(problem, widths=(2, h, 1))).count for h in (1, 2, 3, 4, 14)] == [28, 28, 18, 12, 14]


def test_a_part_that_is_not_searched_in_time_is_the_last() -> None:
    problem = shallow([[k, k * k % 23] for k in range(40)], [k * k % 11 for k in range(40)], 2)
    known, given = global_minimum(part(problem, far(problem, 28))), list[float]()

    def slow(_: Problem, seconds: float) -> Result:
        given.append(seconds)
        return replace(known, upper=known.upper + 1)

    parts = Parts(problem)
    parts.search(time.monotonic() + 1e-3, slow, 30.0)
    assert given == [30.0]
    assert parts.lower == known.lower


def test_a_bulky_search_that_is_interrupted_at_once_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C when the search of the whole begins: a part was searched before."""
    problem = shallow([[k, k * k % 23] for k in range(36)], [k * k * k % 11 for k in range(36)], 2)
    searched = minimum._searched

    def instead(search: Search, *rest: Any) -> bool:
        if len(search.problem.inputs) == 36:
            raise KeyboardInterrupt
        return searched(search, *rest)

    monkeypatch.setattr(minimum, "BULKY", 0)
    monkeypatch.setattr(minimum, "_searched", instead)
    found = global_minimum(problem, deadline=1000.0)
    assert 0 < found.lower < found.upper
    assert proved(problem, found.lower, (found.vectors, found.tree))
    assert sum(map(any, zip(*found.vectors, strict=True))) < 36
