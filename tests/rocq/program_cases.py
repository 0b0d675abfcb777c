"""Certificates about general programs, right and wrong: chains written as programs, random programs, the folders."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random
from typing import Any

from tests.as_program import certificate_of, program_of
from tests.kernel.corruption import mutants_of, text
from tests.kernel.programs.drawn import shallow_program, stationary
from tests.oracles.programs import random_program
from tests.rocq.random_certificates import random_cases, settled

Json = Any
Case = tuple[str, Json, Json]
PROOFS = Path(__file__).parents[2] / "proofs"
FOLDERS = ["committee", "convolution", "image", "residual"]


def folder(name: str) -> tuple[Json, Json]:
    """The network file and the certificate of a folder, with the hash of what `text` writes."""
    document, proof = (json.loads((PROOFS / name / f"network{end}").read_text()) for end in (".json", ".symcert.json"))
    return document, hashed(document, proof)


def hashed(document: Json, proof: Json) -> Json:
    """The certificate about this network file."""
    return proof | {"problem": hashlib.sha256(text(document)).hexdigest()}


def with_mutants(case: Case, count: int) -> Iterator[Case]:
    """The case, mutants of its certificate, and of its network file."""
    name, document, proof = case
    yield case
    rng = Random(name)
    yield from ((f"{name}{where}", document, each) for where, each in mutants_of(rng, proof, count))
    for where, each in mutants_of(rng, document, count):
        yield f"{name}, network{where}", each, hashed(each, proof)


def chains(seeds: Iterable[int]) -> Iterator[Case]:
    """Random certificates about chains, which are written as programs; by the rules that have a verified checker."""
    for name, document, proof in random_cases(seeds):
        changed = program_of(document)
        found = certificate_of(changed, proof)
        if found is not None and not any(step["rule"].startswith("restricted") for step in found["steps"]):
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
