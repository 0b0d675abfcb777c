"""The linear forms of label space against the certified atlas of all faces: the same faces, the same risks."""

import json
import random
from fractions import Fraction
from itertools import product

import pytest

import symverify
from symverify.kernel.cells.cell_minima import CellMinima
from symverify.problem.load import loads
from symverify.run.verdict import Verdict
from symverify.search.label_cones import facets, label_cone
from symverify.search.regions import strata
from tests.examples import network, samples

F = Fraction


def agree(seed: int, widths: tuple[int, ...] = (1,), most: int = 3) -> bool:
    """The faces with minima and their risks by label cones are those of face_atlas."""
    rng = random.Random(seed)
    width = rng.choice(widths)
    leaky = {"name": "leaky_relu", "negative_slope": rng.choice(["1/4", "-1/2"])}
    h = rng.choice(["relu", "abs", "hardtanh", leaky])
    n = rng.randint(3, 5 if width == 1 else 3 if h == "hardtanh" else most)
    hidden, output = rng.choice(list(product([True, True, False], repeat=2)))
    document = network([1, width, 1], h, samples(rng.sample(range(-3, 6), n), [rng.randint(-3, 3) for _ in range(n)]),
                       bias={"hidden": hidden, "output": output})  # fmt: skip
    problem = loads(json.dumps(document)).problem
    labels, by_face = [y for (y,) in problem.targets], dict[tuple[tuple[int, ...], ...], Fraction]()
    for stratum in strata(problem):
        cone = label_cone(problem, stratum)
        if cone.holds(labels):
            by_face[tuple(sorted(face for face, _ in stratum))] = problem.loss.factor * cone.distance(labels)
    result = symverify.check(loads(json.dumps(document)), ["face_atlas"], smt=False, timeout=1_200)
    assert result.checked is not None
    assert result["face_atlas"].verdict is Verdict.PROVED
    found = {
        tuple(sorted(step.fact.face)): step.fact.risk
        for step in result.checked.steps
        if isinstance(step.fact, CellMinima) and step.fact.orbits
    }
    assert by_face == found
    return bool(found)


@pytest.mark.parametrize("seed", range(10))
def test_label_cones_have_the_minima_of_the_atlas(seed: int) -> None:
    agree(seed)


@pytest.mark.long
def test_label_cones_have_the_minima_of_the_atlas_on_two_hundred_problems() -> None:
    assert sum(agree(seed, (1, 1, 2), 5) for seed in range(1000, 1200)) > 150


@pytest.mark.parametrize(("generators", "lines", "equal", "strict"), [
    ([(1, 0), (0, 1)], [], [], [(0, 1), (1, 0)]),
    ([(1, 0), (-1, 0)], [], [(0, 1)], []),
    ([(1, 0, 0), (0, 1, 0), (1, 1, 0)], [], [(0, 0, 1)], [(0, 1, 0), (1, 0, 0)]),
    ([], [(1, 1)], [(1, -1)], []),
    ([(1, 0)], [(1, 1)], [], [(1, -1)]),
    ([], [], [(1, 0), (0, 1)], []),
])  # fmt: skip
def test_facets_by_hand(generators: list[tuple[int, ...]], lines: list[tuple[int, ...]],
                        equal: list[tuple[int, ...]], strict: list[tuple[int, ...]]) -> None:  # fmt: skip
    found = facets(generators, lines, 2 if not generators else len(generators[0]))
    assert {max(g, tuple(-x for x in g)) for g in found[0]} == {max(g, tuple(-x for x in g)) for g in equal}
    assert sorted(found[1]) == sorted(strict)
