"""Certificates about network files, with names: drawn from seeds, of the folders, and mutants of both."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from random import Random

from tests.kernel.corruption import Json, mutants_of, text

PROOFS = Path(__file__).parents[2] / "proofs"
Case = tuple[str, Json, Json]  # name, network file, certificate
Draw = Callable[[Random], tuple[Json, Json] | None]


def hashed(document: Json, proof: Json) -> Json:
    """The certificate about this network file."""
    return proof | {"problem": hashlib.sha256(text(document)).hexdigest()}


def of_folder(name: str) -> tuple[Json, Json]:
    """The network file and the certificate of a folder, with the hash of what `text` writes."""
    document, proof = (json.loads((PROOFS / name / f"network{end}").read_text()) for end in (".json", ".symcert.json"))
    return document, hashed(document, proof)


def of_certificate(case: Case, rng: Random, count: int) -> Iterator[Case]:
    """Mutants of the certificate."""
    name, document, proof = case
    yield from ((f"{name}{where}", document, each) for where, each in mutants_of(rng, proof, count))


def of_network(case: Case, rng: Random, count: int) -> Iterator[Case]:
    """The certificate about mutants of the network file."""
    name, document, proof = case
    for where, each in mutants_of(rng, document, count):
        yield f"{name}, network{where}", each, hashed(each, proof)


def with_mutants(case: Case, count: int, rng: Random | None = None) -> Iterator[Case]:
    """The case, mutants of its certificate, and of its network file."""
    rng = rng or Random(case[0])
    yield case
    yield from of_certificate(case, rng, count)
    yield from of_network(case, rng, count)


def from_seeds(seeds: Iterable[int], mutants: int, *draws: Draw, name: str = "seed") -> Iterator[Case]:
    """What `draws`, in turn, make of each seed, unless it is nothing; and mutants of the certificate."""
    for seed in seeds:
        rng = Random(seed)
        if (drawn := draws[seed % len(draws)](rng)) is not None:
            case = f"{name} {seed}", *drawn
            yield case
            yield from of_certificate(case, rng, mutants)
