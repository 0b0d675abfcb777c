"""The hyperplanes of one unit, and what samples that play no part cost a bound."""

import json
from collections.abc import Sequence
from random import Random

from symverify.kernel.check import apply
from symverify.kernel.core.errors import KernelError, metered
from symverify.kernel.core.global_lower_bound import counting
from symverify.kernel.core.proof import Proof
from symverify.kernel.core.units import Units
from symverify.kernel.network_file import read_problem
from tests.examples import network, samples
from tests.kernel.core.test_global_lower_bound import COVER, LINE, by_hand, document_of
from tests.kernel.corruption import Json, no_data
from tests.oracles.tree import grown


def test_breakpoints_that_are_no_integers() -> None:
    """⟨x, u⟩ = t ν with ν counted in sixths: at t = 1/2 and 2/3."""
    late = {"breakpoints": ["1/2", "2/3"], "slopes": [0, 1, 3], "anchor": [0, 0]}
    found = Units.of(
        read_problem(json.dumps(network([1, 1, 1], late, samples([1, 2], [1, 2]), bias=False)).encode(), no_data)
    )
    assert found.planes == ((1, -3), (1, -4), (2, -3), (2, -4))
    assert found.kinks == (1, 2)


def among(document: Json, step: Json, others: Sequence[Json]) -> tuple[Json, Json]:
    """The problem with other samples before and after its own, and the step about it, which does not weigh them."""
    before, own = len(others) // 2, len(document["data"])
    count = len(others) + own
    whole = document | {"data": [*others[:before], *document["data"], *others[before:]]}
    vectors = [[0] * before + g + [0] * (len(others) - before) for g in step["vectors"]]
    kinks = len(Units.of(read_problem(json.dumps(document).encode(), no_data)).kinks)
    tree = []
    for entry in step["tree"]:
        j, q = divmod(-1 - entry, 1 + own * kinks)
        tree.append(entry if entry >= 0 else -1 - (j * (1 + count * kinks) + q + (before * kinks if q else 0)))
    return whole, by_hand(step["risk"], vectors, tree)


def reason(document: Json, step: Json, budget: int = 10**9) -> str:
    """Why the step is not accepted; "" if it is."""
    try:
        with metered(budget):
            apply(Proof(read_problem(json.dumps(document).encode(), no_data)), step, "steps[0]")
    except KernelError as error:
        return str(error)
    return ""


def test_samples_without_a_part_cost_next_to_nothing() -> None:
    """The bound about four samples is about as cheap among 1,000 others, until it weighs them."""
    found = grown(LINE, COVER)
    assert found is not None
    step = by_hand("1", *found)
    assert reason(LINE, step, 10**7) == ""
    others = [{"x": [str(100 + k)], "y": [str(7 * (-1) ** k)]} for k in range(1000)]
    whole, padded = among(LINE, step, others)
    assert reason(whole, padded, 10**7) == ""
    padded["vectors"][0][:500] = [1, -1] * 250
    assert "budget" in reason(whole, padded, 10**7)


def test_a_bound_holds_among_more_samples_and_no_other_does() -> None:
    """Trees by the oracle and their corruptions: the same verdict with and without samples that play no part."""
    rng, accepted, refused = Random(5), 0, 0
    for _ in range(200):
        document = document_of(rng, rng.choice([1, 2]))
        if not Units.of(read_problem(json.dumps(document).encode(), no_data)).kinks:
            continue
        ys = [int(sample["y"][0]) for sample in document["data"]]
        pool = [[rng.randint(-2, 2) for _ in ys] for _ in range(60)]
        pool = [g for g in pool if sum(map(int.__mul__, g, ys)) > 0 and not (document["bias"]["output"] and sum(g))]
        found = grown(document, pool)
        if found is None:
            continue
        vectors, tree = found
        if rng.random() < 0.4:
            tree[rng.randrange(len(tree))] = rng.randint(-9, len(vectors) - 1)
        step = by_hand("1/1000", vectors, tree)
        d = len(document["data"][0]["x"])
        others = [{"x": [str(rng.randint(-2, 2)) for _ in range(d)], "y": [str(rng.randint(-3, 3))]} for _ in range(4)]
        alone, whole = reason(document, step), reason(*among(document, step, others))
        assert bool(alone) == bool(whole), (document, step)
        accepted, refused = accepted + (not alone), refused + bool(alone)
    assert accepted > 12
    assert refused > 5


def test_which_samples_count() -> None:
    """Those weighed and those named in a split; all where the hyperplanes are coordinates."""
    problem = read_problem(json.dumps(LINE).encode(), no_data)
    assert counting(problem, [[0, 1, -1, 0]], [0]) == {1, 2}
    assert counting(problem, [[0, 1, -1, 0]], [-1, -5, 0, 0, 0]) == {-1, 1, 2, 3}
    linear = read_problem(json.dumps(LINE | {"activation": "identity"}).encode(), no_data)
    assert counting(linear, [[0, 1, -1, 0]], [0]) is None
