"""The numbers of a valley: Coq and the extracted checker prove those that the kernel proves, and no others."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from symverify.problem.load import load
from symverify.run.rocq import export_rocq
from symverify.run.rocq.sizes import paths
from tests.kernel.corruption import mutants_of
from tests.rocq.agreement import differ, extracted, kernel
from tests.rocq.program_cases import PROOFS, Case, chains, folder, hashed
from tests.rocq.random_certificates import Random, random_cases, searched_cases
from tests.rocq.test_checker import edited
from tests.rocq.test_export import as_modules, compiled
from tests.rocq.test_programs import failing

WRONG = {
    "one dimension more": lambda size, exact: (size + 1, exact),
    "one dimension less": lambda size, exact: (size - 1, exact),
    "no dimension": lambda size, exact: (0, exact),
    "the other": lambda size, exact: (size, not exact),
}


@pytest.mark.parametrize("name", ["boundary", "deep-vector", "image", "residual"])
def test_the_checker_refuses_other_numbers(checker: Path, tmp_path: Path, name: str) -> None:
    document, proof = folder(name)
    index = next(k for k, each in enumerate(proof["claims"]) if each["claim"] == "valley")
    claim = proof["claims"][index]
    assert extracted(checker, tmp_path, document, proof).code == 0
    for change in WRONG.values():
        size, exact = change(claim["dimension"], claim["exact"])
        _, changed = folder(name)
        for key, value in (("dimension", size), ("exact", exact)):
            edited(f"claims.{index}.{key}", value)(document, changed)
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
    definitions = "\n".join(re.findall(r"^Definition (?!claims).*?\.$", source, re.DOTALL | re.MULTILINE))
    theorem = re.findall(r"^Theorem size\d+ :.*?Qed\.$", source, re.DOTALL | re.MULTILINE)[0]
    parts = [f"{definitions}\n{theorem}"]
    for old, new in CORRUPTED.values():
        corrupted, count = re.subn(old, new, theorem)
        before, found = re.subn(old, new, definitions, count=1) if not count else (definitions, 0)
        assert found or count, old
        parts.append(f"{before}\n{failing(corrupted)}")
    (tmp_path / "certificate.v").write_text(source.partition("\nDefinition p ")[0] + "\n" + as_modules(parts))
    done = compiled(tmp_path, built)
    assert done.returncode == 0, done.stderr


def valleys(cases: Iterable[Case], mutants: int) -> Iterator[Case]:
    """Those that claim valleys, and mutants of their claims."""
    for name, document, proof in cases:
        if "valley" not in {claim["claim"] for claim in proof["claims"]}:
            continue
        yield name, document, proof
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
        yield from ((f"{name}{where}", document, each) for where, each in mutants_of(rng, proof, mutants))
        for where, each in mutants_of(rng, document, mutants):
            yield f"{name}, network{where}", each, hashed(each, proof)


def agreed(checker: Path, target: Path, cases: Iterable[Case]) -> Counter[tuple[int, int]]:
    """How often which pair of codes; fails where they differ in anything, numbers among it."""
    seen: Counter[tuple[int, int]] = Counter()
    for name, document, proof in cases:
        one, other = kernel(document, proof), extracted(checker, target, document, proof)
        assert not differ(one, other), (name, document, proof, differ(one, other))
        assert one.code == other.code or other.rest[0].startswith("beyond the budget"), (name, document, proof, other)
        seen[one.code, other.code] += 1
    return seen


def test_agreement(checker: Path, tmp_path: Path) -> None:
    seen = agreed(
        checker, tmp_path, valleys((*random_cases(range(150)), *chains(range(80)), *searched_cases(range(20))), 3)
    )
    assert seen[0, 0] > 10
    assert seen[11, 11] > 30


@pytest.mark.long
def test_agreement_at_length(checker: Path, tmp_path: Path) -> None:
    cases = (*random_cases(range(6000)), *chains(range(3000)), *searched_cases(range(300)))
    assert agreed(checker, tmp_path, valleys(cases, 6))[0, 0] > 100


def test_too_many_paths_are_left_out(tmp_path: Path) -> None:
    """Paths of a program are counted through its nodes."""
    assert paths(load(PROOFS / "four-points" / "network.json").problem) == 6
    assert paths(load(PROOFS / "residual" / "network.json").problem) > 6
