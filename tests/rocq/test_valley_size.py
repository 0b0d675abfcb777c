"""The numbers of a valley: Coq and the extracted checker prove those that the kernel proves, and no others."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random

import pytest

from symverify.problem.load import load
from symverify.run.rocq import export_rocq
from symverify.run.rocq.sizes import paths
from tests.kernel.corruption import edited
from tests.rocq.agreement import agree, extracted, kernel
from tests.rocq.cases import PROOFS, Case, of_folder, with_mutants
from tests.rocq.program_cases import chains
from tests.rocq.random_certificates import random_cases, searched_cases
from tests.rocq.test_export import as_modules, corrupted, proved
from tests.rocq.test_programs import failing

WRONG = {
    "one dimension more": lambda size, exact: (size + 1, exact),
    "one dimension less": lambda size, exact: (size - 1, exact),
    "no dimension": lambda size, exact: (0, exact),
    "the other": lambda size, exact: (size, not exact),
}


@pytest.mark.parametrize("name", ["boundary", "deep-vector", "image", "residual"])
def test_the_checker_refuses_other_numbers(checker: Path, tmp_path: Path, name: str) -> None:
    document, proof = of_folder(name)
    index = next(k for k, each in enumerate(proof["claims"]) if each["claim"] == "valley")
    claim = proof["claims"][index]
    assert extracted(checker, tmp_path, document, proof).code == 0
    for change in WRONG.values():
        size, exact = change(claim["dimension"], claim["exact"])
        changed = edited(edited(proof, f"claims[{index}].dimension", size), f"claims[{index}].exact", exact)
        answer = extracted(checker, tmp_path, document, changed)
        assert (answer.code, kernel(document, changed).code) == (11, 11), (change, answer)


CORRUPTED = {
    "one dimension more": (r"\b5 true", "6 true"),
    "one dimension less": (r"\b5 true", "4 true"),
    "another parameter": (r"\[0; (\d+)\]%nat", r"[\1; \1]%nat"),
    "a parameter dropped": (r"\[0; (\d+)\]%nat", r"[0]%nat"),
    "a row": (r"\(31 # 3\)", "(32 # 3)"),
    "a breakpoint": (r"\[\[\(14 # 5\)", "[[0"),
    "an input": (r"\(\[0\], ", "([1 # 3], "),
}


def test_coq_refuses_what_is_corrupted(built: Path, tmp_path: Path) -> None:
    """`Qed`, or the proof, fails with any one thing wrong in the theorem or a definition."""
    proof = (PROOFS / "four-points" / "network.symcert.json").read_bytes()
    made = export_rocq(load(PROOFS / "four-points" / "network.json"), proof, tmp_path, built)
    source = made.file.read_text()
    assert not any("dimension" in each for each in made.left_out)
    parts = corrupted(source, [(r"size\d+", old, new) for old, new in CORRUPTED.values()], failing)
    proved(tmp_path, built, source + "\n" + as_modules(parts))


def valleys(cases: Iterable[Case], mutants: int) -> Iterator[Case]:
    """Those that claim valleys, and mutants of their claims."""
    for name, document, proof in cases:
        if "valley" not in {claim["claim"] for claim in proof["claims"]}:
            continue
        rng = Random(name)
        for k, claim in enumerate(proof["claims"]):
            if isinstance(claim.get("dimension"), int):
                for size, exact in {
                    (claim["dimension"] + rng.randint(-2, 2), rng.random() < 0.5) for _ in range(mutants)
                }:
                    changed = {**claim, "dimension": size, "exact": exact}
                    yield (
                        f"{name} claims {size} {exact}",
                        document,
                        {**proof, "claims": [*proof["claims"][:k], changed, *proof["claims"][k + 1 :]]},
                    )
        yield from with_mutants((name, document, proof), mutants, rng)


def test_agreement(checker: Path, tmp_path: Path) -> None:
    cases = (*random_cases(range(150)), *chains(range(80)), *searched_cases(range(20)))
    agree(checker, tmp_path, valleys(cases, 3), {0: 10, 11: 30}, complete=True)


@pytest.mark.long
def test_agreement_at_length(checker: Path, tmp_path: Path) -> None:
    cases = (*random_cases(range(6000)), *chains(range(3000)), *searched_cases(range(300)))
    agree(checker, tmp_path, valleys(cases, 6), {0: 100}, complete=True)


def test_too_many_paths_are_left_out(tmp_path: Path) -> None:
    """Paths of a program are counted through its nodes."""
    assert paths(load(PROOFS / "four-points" / "network.json").problem) == 6
    assert paths(load(PROOFS / "residual" / "network.json").problem) > 6
