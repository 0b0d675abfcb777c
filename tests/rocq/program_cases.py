"""Certificates about general programs, right and wrong: chains written as programs, random programs, the folders."""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import product
from random import Random

from symverify.kernel import Rejected
from symverify.kernel.core.algebra import dot
from symverify.kernel.core.network import Vector
from symverify.kernel.programs.restricted_lower_bound import relaxed
from tests.as_program import certificate_of, program_of
from tests.kernel.corruption import Json
from tests.kernel.programs.drawn import shallow_program, stationary
from tests.kernel.programs.test_restricted_lower_bound import CONTROLS
from tests.oracles.programs import random_program
from tests.rocq.agreement import kernel
from tests.rocq.cases import Case, hashed
from tests.rocq.random_certificates import random_cases, settled

FOLDERS = ["committee", "convolution", "image", "one-frozen", "residual"]


def chains(seeds: Iterable[int]) -> Iterator[Case]:
    """Random certificates about chains, which are written as programs; by the rules that have a verified checker."""
    for name, document, proof in random_cases(seeds):
        changed = program_of(document)
        found = certificate_of(changed, proof)
        if found is not None and not any(step["rule"] == "restricted_face_minimum" for step in found["steps"]):
            yield name, changed, hashed(changed, found)


def drawn(seeds: Iterable[int]) -> Iterator[Case]:
    """Random programs at points on kinks and off them, mostly with labels that make them stationary."""
    for seed in seeds:
        rng = Random(seed)
        nodes = random_program(rng) if rng.random() < 0.6 else shallow_program(rng)
        if (found := stationary(rng, nodes, rng.randint(1, 4))) is None:
            continue
        document, _ = found
        at = {"from": {"point": 0}}
        rule: Json = {
            "rule": rng.choice(["interior_minimum", "adjacent_cells", "adjacent_cells", "function_minimum"])
        } | at
        steps: list[Json] = [{"rule": "point", "parameters": "given"}, rule]
        if rng.random() < 0.3:
            steps += [{"rule": "spurious_minimum", "from": {"minimum": 1, "better": 0}}]
        claim = rng.choice(["point", "point", "spurious_linear_minimum", "spurious_minimum"])
        if rng.random() < 0.2:
            bracket = {"rule": "bracket", "from": {"bound": 1, "point": 0}}
            steps, claim = [steps[0], {"rule": "function_bound"}, bracket], "global_bounds"
        yield f"drawn {seed}", document, hashed(document, settled(document, steps, len(steps) - 1, claim))


def bounded() -> Iterator[Case]:
    """What the kernel's tests accept of bounds where output weights are frozen."""
    for name, each in CONTROLS.items():
        yield name, each.network, hashed(each.network, each.proof)


def trees(seeds: Iterable[int]) -> Iterator[Case]:
    """Random programs with one layer of bent units, and bounds by trees of short vectors; some of them hold."""
    for seed in seeds:
        rng = Random(f"tree {seed}")
        found = stationary(rng, shallow_program(rng), rng.randint(1, 3))
        if found is None:
            continue
        document, problem = found
        for sample in document["data"]:
            sample["y"] = [str(Fraction(y) + rng.randint(-2, 2)) for y in sample["y"]]
        loss = rng.choice(["squared", "squared", "huber", "absolute"])
        document["loss"] = {"name": loss, "reduction": "sum"}
        labels = [Fraction(sample["y"][0]) for sample in document["data"]]
        try:
            columns = relaxed(problem, "")[2]
        except Rejected:
            columns = [] if rng.random() < 0.2 else None
        able = [
            g for g in product(range(-2, 3), repeat=len(labels)) if columns is not None and sees(g, labels, columns)
        ]
        case = None
        for vectors in rng.sample(able, min(len(able), 12)):
            used = [vectors] if rng.random() < 0.7 else [vectors, rng.choice(able)]
            case = hashed(document, tree_proof(rng, document, used, loss == "squared"))
            if kernel(document, case).code == 0:
                break
        if case is not None:
            yield f"tree {seed}", document, case


def sees(g: Sequence[int], labels: Sequence[Fraction], columns: Sequence[Vector]) -> bool:
    """Whether a vector is orthogonal to the columns, and not to the labels."""
    return dot(g, labels) > 0 and not any(dot(g, column) for column in columns)


def tree_proof(rng: Random, document: Json, vectors: list[Sequence[int]], squared: bool) -> Json:
    """A bound by these vectors, with a split if there are two of them, and a point above it."""
    labels, tree = [Fraction(sample["y"][0]) for sample in document["data"]], [0]
    if len(vectors) > 1:
        tree = [-1 - rng.randint(0, len(labels) + 1), *rng.choices([0, 1], k=rng.randint(2, 3))]
    proved = [dot(g, labels) ** 2 / dot(g, g) if squared else dot(g, labels) / 4 for g in vectors]
    bound = {"rule": "restricted_lower_bound", "risk": str(min(proved)), "vectors": vectors, "tree": tree}
    steps: list[Json] = [{"rule": "point", "parameters": "given"}, bound]
    steps.append({"rule": "bracket", "from": {"bound": 1, "point": 0}})
    return settled(document, steps, 2, "global_bounds")
