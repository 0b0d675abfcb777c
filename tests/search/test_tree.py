"""The tree that the search writes: cones with equal rays are equal, vectors are numbered by first use, all are used."""

import random
from fractions import Fraction
from typing import Any

import pytest

from symverify.certify.certificate import Certificate
from symverify.kernel.core.errors import Rejected
from symverify.kernel.core.network import Problem
from symverify.search.global_minimum import Result, global_minimum, tree
from symverify.search.global_minimum.generators import Cuts, generators
from tests.shallow import shallow

F = Fraction
KINDS: list[dict[str, Any]] = [
    {},
    {"slopes": [F(1, 4), 1], "hidden_bias": False},
    {"breakpoints": [-1, 1], "slopes": [0, 1, 0]},
    {"breakpoints": [1], "slopes": [-1, 2], "hidden_bias": False, "output_bias": False},
    {"breakpoints": [-1, 0, 2], "slopes": [0, 1, 0, -1], "anchor": (0, 1)},
    {"breakpoints": [], "slopes": [2]},
]


def made(seed: int, n: int, width: int, spread: int = 6) -> Problem:
    """Inputs often equal or opposite, so that hyperplanes coincide."""
    rng = random.Random(seed)
    d = rng.randint(1, 2)
    X = [[rng.randint(-spread, spread) for _ in range(d)] for _ in range(n)]
    return shallow(X, [rng.randint(-5, 5) for _ in range(n)], width, **KINDS[seed % len(KINDS)])


def accepted(problem: Problem, vectors: Any, entries: Any, risk: Fraction) -> None:
    spelled = [list(g) for g in vectors]
    Certificate(problem).step("global_lower_bound", risk=str(risk), vectors=spelled, tree=list(entries))


@pytest.mark.parametrize("seed", range(24))
def test_cones_are_equal_where_their_rays_are(seed: int) -> None:
    """Whatever hyperplanes cut them out, in whatever order."""
    shape = generators(made(seed, 6, 1, 2))
    rng, known, planes = random.Random(seed), dict[int, Cuts](), sorted(set(shape.same))
    for _ in range(300):
        cuts: Cuts = ()
        for plane in rng.sample(planes, len(planes)):
            sides = [shape.bits((1, (*cuts, (plane, side)))) for side in (0, 1)]
            if shape.bits((1, cuts)) not in sides:
                side = rng.randint(0, 1)
                cuts = shape.halves(cuts, plane)[side]
                assert shape.bits((1, cuts)) == sides[side]
                assert known.setdefault(sides[side], cuts) == cuts
    assert len(set(known.values())) == len(known) > 1


def splits_of(result: Result) -> int:
    return sum(entry < 0 for entry in result.tree)


@pytest.mark.parametrize("seed", range(30))
def test_vectors_are_numbered_by_their_first_use(seed: int) -> None:
    problem = made(seed, 9, 1 + seed % 2)
    result = global_minimum(problem)
    if result.lower > 0:
        accepted(problem, result.vectors, result.tree, result.lower_risk)
        leaves = [entry for entry in result.tree if entry >= 0]
        assert list(dict.fromkeys(leaves)) == list(range(len(result.vectors)))
        assert splits_of(result) or len(result.tree) == 1


@pytest.mark.parametrize("seed", [0, 2, 6, 12, 13])
def test_the_kernel_misses_what_is_left_out(seed: int) -> None:
    problem = made(seed, 9, 2)
    result = global_minimum(problem)
    vectors, entries, risk = result.vectors, result.tree, result.lower_risk
    assert splits_of(result) > 5
    accepted(problem, vectors, entries, risk)
    for place in range(0, len(entries), 7):
        with pytest.raises(Rejected, match=r"the tree ends before|ends too early|does not|no unit"):
            accepted(problem, vectors, entries[:place] + entries[place + 1 :], risk)
    with pytest.raises(Rejected, match="proves less"):
        accepted(problem, vectors, entries, risk + F(1, 10**9))


@pytest.mark.parametrize("seed", [0, 2, 6])
def test_many_vectors_need_no_matching(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where looking at all pairs takes long, leaves keep the vectors that the search knows of; a tree all the same."""
    problem = made(seed, 9, 2)
    few = global_minimum(problem)
    monkeypatch.setattr(tree, "MATCHED", 0)
    monkeypatch.setattr(tree, "CHOSEN", 0)
    result = global_minimum(problem)
    accepted(problem, result.vectors, result.tree, result.lower_risk)
    assert result.lower == few.lower
    assert len(result.tree) >= len(few.tree)


def test_what_leaves_admit_is_the_same_compiled_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba")
    problem, asked = made(0, 24, 2, 20), list[object]()
    compiled = global_minimum(problem)
    assert tree.compiled(generators(problem)) is not None
    monkeypatch.setattr(tree, "compiled", asked.append)
    plain = global_minimum(problem)
    assert (plain.vectors, plain.tree) == (compiled.vectors, compiled.tree)
    assert asked


@pytest.mark.parametrize("seed", range(6))
def test_a_bracket_has_a_tree(seed: int) -> None:
    problem = made(6 * seed, 16, 3)
    result = global_minimum(problem, deadline=0.3)
    if result.lower > 0:
        accepted(problem, result.vectors, result.tree, result.lower_risk)
