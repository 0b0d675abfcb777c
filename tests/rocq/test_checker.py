"""The stand-alone checker: the kernel's verdicts, strict reading, gaps named; agreement on corrupted certificates."""

import copy
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from random import Random
from typing import Any

import pytest

from symverify.kernel.table import RULES
from tests.examples import layer, network, samples
from tests.kernel.accepted import CASES
from tests.kernel.corruption import certificate, text
from tests.rocq.agreement import agree, both, extracted, kernel, python, run
from tests.rocq.cases import PROOFS, Case, of_certificate, of_folder, of_network, with_mutants
from tests.rocq.random_certificates import random_cases, searched_cases

CHAINS = sorted(  # of chains; those of programs are in test_programs.py
    path
    for path in PROOFS.glob("*/network.symcert.json")
    if "layers" in json.loads(path.with_name("network.json").read_text())
)
CORE = {"valley", "global_minimum", "point", "spurious_minimum", "global_bounds"}
COVERED = [name for name in CASES if name not in ("assumptions", "linear")]


@pytest.mark.parametrize("path", CHAINS, ids=lambda path: path.parent.name)
def test_every_proof(checker: Path, path: Path) -> None:
    """Every claim that is not named as left open is proved as the kernel proves it."""
    answer = run(checker, path.with_name("network.json"), path, "--covered")
    told = python(path.with_name("network.json").read_bytes(), path.read_bytes())
    network = json.loads(path.with_name("network.json").read_text())
    if "symbols" in network:
        assert (answer.code, answer.lines, answer.rest[0]) == (3, frozenset(), "not covered: symbols in labels")
        return
    proved = {line.split(" problem=")[0] for line in told.lines}
    opened = {line.removeprefix("left open: ") for line in answer.rest if line.startswith("left open: ")}
    mine = {line.split(" problem=")[0] for line in answer.lines}
    assert mine == {line for line in proved if line.split()[2] not in opened}
    assert not CORE & opened, opened


def test_every_rule_is_known() -> None:
    """So that one without a checker is named, and not called unknown."""
    source = (PROOFS / "rocq" / "checker" / "rules.ml").read_text(encoding="utf-8")
    names = source[source.index("let all_rules") : source.index("type state")]
    assert set(re.findall(r'"([a-z_]+)"', names)) == set(RULES)


@pytest.mark.parametrize("name", COVERED)
def test_accepted(checker: Path, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    told, answer = both(checker, tmp_path, case.network, case.proof)
    assert (answer.code, told.code) == (told.code, answer.code)
    assert answer.lines == {line for line in told.lines if " assumptions " not in line}


def test_gaps_are_named_and_undecided(checker: Path, tmp_path: Path) -> None:
    case = CASES["theorem 1"]
    extracted(checker, tmp_path, case.network, case.proof)
    answer = run(checker, tmp_path / "network.json", tmp_path / "certificate.json")
    assert answer.code == 3
    assert answer.rest[0] == "not covered: assumptions"
    assert answer.rest[-1] == "s UNDECIDED"


Change = Callable[[str, str], tuple[str, str]]


def simple() -> tuple[dict[str, Any], dict[str, Any]]:
    """An accepted case without gaps, to corrupt."""
    case = CASES["kink"]
    return copy.deepcopy(case.network), copy.deepcopy(case.proof)


def certificate_with(old: str, new: str) -> Change:
    """The certificate with one text for another."""
    return lambda network_file, proof: (network_file, proof.replace(old, new))


def network_with(old: str, new: str) -> Change:
    """The network file with one text for another."""
    return lambda network_file, proof: (network_file.replace(old, new, 1), proof)


STRICT: dict[str, tuple[Change, int, str]] = {
    "accepted": (lambda n, c: (n, c), 0, ""),
    "a key twice": (certificate_with('"steps"', '"claims": [], "steps"'), 2, "occurs twice"),
    "an unknown key": (certificate_with('"steps"', '"more": 1, "steps"'), 2, "more: unknown key"),
    "an unknown key of a step": (certificate_with('"rule": "point"', '"rule": "point", "x": 1'), 2, "x: unknown"),
    "a byte order mark": (lambda n, c: (n, "\ufeff" + c), 2, "byte order mark"),
    "more text": (lambda n, c: (n, c + "1"), 2, "more text"),
    "not a number": (certificate_with('"step": 1', '"step": NaN'), 2, "not JSON"),
    "half a surrogate pair": (certificate_with('"verdict"', '"\\ud800": 1, "verdict"'), 2, "surrogate"),
    "a rational not in lowest terms": (certificate_with('"0"', '"0/2"'), 2, "lowest terms"),
    "an older format": (certificate_with("certificate/2", "certificate/1"), 2, "format"),
    "another problem": (lambda n, c: (n + " ", c), 11, "another problem"),
    "a claim's risk": (certificate_with('"risk": "18"', '"risk": "18/1"'), 11, "claims[0].risk"),
    "a claim's verdict": (certificate_with('"proved"', '"refuted"'), 11, "claims[0].verdict"),
    "an unknown rule": (certificate_with("face_minimum", "face_maximum"), 2, "unknown rule"),
    "a step ahead": (certificate_with('{"point": 0}', '{"point": 1}'), 11, "does not come before"),
    "an unused step": (certificate_with('[["0"]]}', '[["0"]]}, {"rule": "function_bound"}'), 11, "no claim depends"),
    "NaN in the network": (network_with("-3", "NaN"), 2, "not JSON"),
    "a key twice in the network": (network_with('"loss"', '"layers": [1, 1, 1], "loss"'), 2, "occurs twice"),
}


@pytest.mark.parametrize("name", STRICT)
def test_strict(checker: Path, tmp_path: Path, name: str) -> None:
    change, code, message = STRICT[name]
    document, proof = simple()
    pair = change(text(document).decode(), json.dumps(proof))
    files = tmp_path / "network.json", tmp_path / "certificate.json"
    for file, content in zip(files, pair, strict=True):
        file.write_text(content)
    answer = run(checker, *files)
    assert answer.code == code, answer
    assert message in "\n".join(answer.rest), answer


def with_logarithms(count: int, seed: int) -> Iterator[Case]:
    """The proofs under logistic loss, cross-entropy and Poisson loss, mutants of them, and of their network files."""
    for name in ("logistic-line", "counts", "classes", "logistic-xor", "separable"):
        yield from with_mutants((name, *of_folder(name)), count, Random(seed))


def test_agreement_under_losses_with_logarithms(checker: Path, tmp_path: Path) -> None:
    agree(checker, tmp_path, with_logarithms(16, 0), {0: 3, 11: 20, 2: 50})


def test_data_beside_the_network(checker: Path, tmp_path: Path) -> None:
    """A table is read as the kernel reads it, and hashed with the network file."""
    document, proof = simple()
    xs, ys = ([sample[k][0] for sample in document["data"]] for k in ("x", "y"))
    table = 'x,"the ""y"""\r\n' + "".join(f" {x} ,{y}\r\n\r\n" for x, y in zip(xs, ys, strict=True))
    document["data"] = {"csv": "table.csv", "inputs": ["x"], "targets": ['the "y"']}
    data = table.encode()
    proof["problem"] = hashlib.sha256(text(document) + b"\0" + data).hexdigest()
    (tmp_path / "table.csv").write_bytes(data)
    assert extracted(checker, tmp_path, document, proof).code == 0
    (tmp_path / "table.csv").write_bytes(data + b"\n")
    assert extracted(checker, tmp_path, document, proof).code == 11
    (tmp_path / "table.csv").unlink()
    assert extracted(checker, tmp_path, document, proof).code == 2


def test_sha256(checker: Path, tmp_path: Path) -> None:
    """Network files of every length around a block."""
    document, proof = simple()
    for extra in range(0, 130, 7):
        document["name"] = "x" * extra
        proof["problem"] = hashlib.sha256(text(document)).hexdigest()
        assert extracted(checker, tmp_path, document, proof).code == 0


def test_not_regular_files(checker: Path, tmp_path: Path) -> None:
    assert run(checker, tmp_path, tmp_path).code == 2
    assert run(checker, tmp_path / "none", tmp_path / "none").code == 2


def corrupted(count: int, seed: int) -> Iterator[Case]:
    """Mutants of the accepted cases."""
    for name, case in CASES.items():
        yield from of_certificate((name, case.network, case.proof), Random(seed), count)


def miswritten(count: int, seed: int) -> Iterator[Case]:
    """The accepted certificates, about mutants of their network files."""
    for name, case in CASES.items():
        yield from of_network((name, case.network, case.proof), Random(seed), count)


def test_agreement_on_corrupted_networks(checker: Path, tmp_path: Path) -> None:
    agree(checker, tmp_path, miswritten(8, 0), {2: 60, 11: 5})


def test_agreement_on_corrupted_certificates(checker: Path, tmp_path: Path) -> None:
    agree(checker, tmp_path, corrupted(12, 0), {11: 30, 2: 80})


def test_agreement_on_random_certificates(checker: Path, tmp_path: Path) -> None:
    cases = chain(random_cases(range(120)), searched_cases(range(6), mutants=8))
    agree(checker, tmp_path, cases, {0: 25, 10: 1, 11: 30})


@pytest.mark.long
def test_agreement_at_length(checker: Path, tmp_path: Path) -> None:
    """All mutants of the accepted cases and of their networks, many of the proofs with logarithms; 5,000 random
    certificates with three mutants each; 500 that the search finds, with twelve."""
    known = chain(corrupted(10**9, 0), miswritten(10**9, 0), with_logarithms(1500, 0))
    drawn = chain(random_cases(range(5000), mutants=3), searched_cases(range(500), mutants=12))
    agree(checker, tmp_path, chain(known, drawn), {0: 500, 10: 100})


def approached(nu: str = "0") -> tuple[Any, Any]:
    """An infimum that is not attained, and what it rests on; with biases, and a unit that stays finite."""
    kink = {"breakpoints": [1], "slopes": [0, 1], "anchor": [0, 0]}
    document = network([1, 2, 1], kink, samples([1, 2], [3, 5]), bias={"hidden": True, "output": False})
    far = {"sign": "1", "u": ["2", "1"], "nu": nu}
    steps: list[Any] = [
        {"rule": "function_bound"},
        {"rule": "limit", "constant": "0", "units": [far]},
        {"rule": "infimum", "from": {"bound": 0, "limit": 1}},
        {"rule": "bracket", "from": {"bound": 0, "point": 1}},
    ]
    claims: list[Any] = [
        {"claim": "infimum", "verdict": "proved", "step": 2, "risk": "0", "attained": None},
        {"claim": "global_bounds", "verdict": "proved", "step": 3, "lower": "0", "upper": "0"},
    ]
    return document, certificate(document, steps, claims)


def test_infimum(checker: Path, tmp_path: Path) -> None:
    document, proof = approached()
    told, answer = both(checker, tmp_path, document, proof)
    assert (told.code, answer) == (0, told)
    document, proof = approached(nu="1/2")
    assert extracted(checker, tmp_path, document, proof).code == kernel(document, proof).code == 11


def test_a_wide_network_needs_no_more_units_than_samples(checker: Path, tmp_path: Path) -> None:
    """The tree of a bound begins with two units, the network has five."""
    document = network([1, 5, 1], "relu", samples([0, 0], [0, 1]))
    steps: list[Any] = [
        {"rule": "global_lower_bound", "risk": "1/2", "vectors": [[-1, 1]], "tree": [0]},
        {"rule": "point", "parameters": [layer([["0"]] * 5, ["0"] * 5), layer([["0"] * 5], ["1/2"])]},
        {"rule": "bracket", "from": {"bound": 0, "point": 1}},
    ]
    claim = {"claim": "global_bounds", "verdict": "proved", "step": 2, "lower": "1/2", "upper": "1/2"}
    assert extracted(checker, tmp_path, document, certificate(document, steps, [claim])).code == 0
    steps[0]["vectors"] = [[-1, 2]]
    assert extracted(checker, tmp_path, document, certificate(document, steps, [claim])).code == 11
