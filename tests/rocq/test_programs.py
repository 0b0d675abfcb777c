"""General programs in Rocq: the file reads back, Coq proves it, the extracted checker says what the kernel says."""

import json
import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path

import pytest

from symverify.problem.load import load, loads
from symverify.run.rocq import export_rocq
from tests.kernel.corruption import text
from tests.kernel.programs.test_restricted_face_minimum import CONTROLS
from tests.oracles.programs import ACTIVATIONS, prediction
from tests.rocq.agreement import agree, extracted, kernel, python, run
from tests.rocq.cases import PROOFS, Case, hashed, of_folder, with_mutants
from tests.rocq.program_cases import FOLDERS, bounded, chains, drawn, trees
from tests.rocq.test_export import as_modules, corrupted, field, nested, proved, proved_by_the_reals

CLAIMS = {
    "committee": {"global_minimum", "point"},
    "convolution": {"valley", "spurious_linear_minimum"},
    "image": {"valley", "spurious_linear_minimum"},
    "one-frozen": {"global_minimum", "point"},
    "residual": {"valley", "global_minimum", "point", "spurious_linear_minimum"},
}


def written(name: str, target: Path, theory: Path) -> str:
    """The Rocq file of a folder; every claim is in it."""
    proof = (PROOFS / name / "network.symcert.json").read_bytes()
    made = export_rocq(load(PROOFS / name / "network.json"), proof, target, theory)
    assert set(made.claims) == {f"claim_{claim}" for claim in CLAIMS[name]}
    assert made.left_out == ()
    return made.file.read_text()


def evaluated(source: str, parameters: list[Fraction], x: list[Fraction]) -> list[Fraction]:
    """The prediction of the nodes in the file, as `Programs.v` says it."""
    values = [Fraction(1), *x]
    nodes = source[source.index("nodes := [") : source.index(";\n  outputs :=")]
    for node in re.findall(r"Affine (\[.*?\]\])|Bend (\(.*?\)\)) (\[[\d; ]*\])%nat", nodes, re.DOTALL):
        if node[0]:
            new = []
            for row in re.findall(r"\[+([^\[\]]*)\]", node[0]):
                terms = re.findall(r"(weight|number) (\(\(-\d+\) # \d+\)|\(\d+ # \d+\)|\(-\d+\)|\d+) (\d+)", row)
                factors = [parameters[int(a)] if kind == "weight" else nested(f"[{a}]")[0] for kind, a, _ in terms]
                new.append(sum((a * values[int(k)] for a, (_, _, k) in zip(factors, terms, strict=True)), Fraction(0)))
            values += new
            continue
        assert nested(node[1]) == [[[0, 0, 0]], [1, 0]]  # all four have relu
        values += [ACTIVATIONS["relu"](values[int(k)]) for k in re.findall(r"\d+", node[2])]
    outputs = re.search(r"outputs := \[(.*?)\]", source)
    assert outputs
    return [values[int(k)] for k in outputs[1].split("; ")]


@pytest.mark.parametrize("name", FOLDERS)
def test_round_trip(tmp_path: Path, name: str) -> None:
    """Samples and factor are those of the file; the nodes predict what an evaluation of the file's operations does."""
    source, document = written(name, tmp_path, tmp_path), json.loads((PROOFS / name / "network.json").read_text())
    proof = json.loads((PROOFS / name / "network.symcert.json").read_text())
    problem = load(PROOFS / name / "network.json").problem
    data = [[list(x), list(y)] for x, y in zip(problem.inputs, problem.targets, strict=True)]
    if shares := re.search(r"let share a := a # (\d+) in", source):
        source = source.replace("List.map (fun d => (List.map share (fst d), List.map share (snd d))) ", "")
        data = [[[a * int(shares[1]) for a in v] for v in pair] for pair in data]
    assert field(source, "data") == data
    assert field(source, "scale") == problem.loss.factor
    for index, step in enumerate(proof["steps"]):
        if step["rule"] != "point":
            continue
        given = document["parameters"] if step["parameters"] == "given" else step["parameters"]
        term = re.search(rf"Definition th{index} : params Q := (.*?)\.\n", source, re.DOTALL)
        assert term
        common = re.search(rf"Definition d{index} := hex_positive (0x[0-9a-f]+)\.\n", source)
        assert (common is not None) == (f"# d{index})" in term[1])
        point = term[1].replace(f"# d{index})", f"# {common[1]})") if common else term[1]
        flat = [x for block in nested(point) for row in block for x in row]
        for x, _ in data[:6]:
            assert evaluated(source, flat, x) == prediction(document["program"], given, x)


def test_coq_proves_every_claim(built: Path, tmp_path: Path) -> None:
    """The four folders, and a curve, breakpoints and a kinked loss, as modules of one file."""
    sources = [written(name, tmp_path, built) for name in FOLDERS]
    wanted = {"descent", "adjacent_cells", "function_minimum", "absolute", "spurious_minimum"}
    seen = set[str]()
    for _, document, proof in [*chains(range(90)), *drawn(range(40))]:
        if kernel(document, proof).code not in (0, 10):
            continue
        rules = {step["rule"] for step in proof["steps"]} | {claim["claim"] for claim in proof["claims"]}
        rules |= {document["loss"]["name"]} if isinstance(document["loss"], dict) else set()
        if rules & wanted <= seen:
            continue
        made = export_rocq(loads(text(document)), json.dumps(proof).encode(), tmp_path, built)
        if made.claims:
            seen |= rules & wanted
            sources.append(made.file.read_text())
    assert seen == wanted
    proved_by_the_reals(tmp_path, built, sources)


def test_numbers_with_many_digits(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All numbers written as those are: a point's risk, and that it is a local minimum, are proved at once."""
    for module in ("terms", "programs"):
        monkeypatch.setattr(f"symverify.run.rocq.{module}.MOST_DECIMAL", 0)
    sources = [written(name, tmp_path, built) for name in FOLDERS if name != "committee"]
    assert sum("ok_program_flat_sound" in source for source in sources) >= 2
    proved_by_the_reals(tmp_path, built, sources)


CORRUPTED: dict[str, tuple[str, str, str]] = {  # the theorem; a text of it or of a definition; another
    "a weight of the minimum": ("step1", r"(th0 : params Q := \[\[\[)3", r"\g<1>4"),
    "a risk": ("step0", r"Q2R \(1 # 4\)", "Q2R (1000000001 # 4000000000)"),
    "a label": ("step1", r"\(\[0; 0\], \[1\]\)", "([0; 0], [2])"),
    "a node's value": ("step0", r"weight 8 5", "weight 8 1"),
    "a parameter tied": ("step0", r"weight 9 6", "weight 8 6"),
    "the activation": ("step0", r"\(1, 0\)\) \[3; 4\]", "(2, 0)) [3; 4]"),
    "no better point": ("step3", r"step0 step2", "step0 step0"),
    "the path": ("step4", r"(path4 : params \(list Q\) := .*?)\[1; 1\]", r"\g<1>[1; (-2)]"),
    "a path that bends": ("step4", r"path4 : params \(list Q\) := \[\[\[\[3\]", "path4 : params (list Q) := [[[[3; 1]"),
    "a higher bound": ("step5", r"program_bound p 0", "program_bound p (1 # 1000000000)"),
    "slopes of the bound": ("step5", r"fun _ => 0", "fun _ => 1"),
    "not the bound's point": ("step7", r"th2", "th0"),
}
CORRUPTED_TREE: dict[str, tuple[str, str, str]] = {
    "a vector": ("step1", r"\[\(-1\); 0\]%Z", "[0; (-1)]%Z"),
    "a longer vector": ("step1", r"\[\(-1\); 0\]%Z", "[(-1); 0; 0]%Z"),
    "a higher bound": ("step1", r"program_bound p 4", "program_bound p (4000000001 # 1000000000)"),
    "a leaf dropped": ("step1", r"\[0\]%Z\)", "[]%Z)"),
    "a frozen weight is free": ("step1", r"number 1 3", "weight 0 3"),
    "the sign of a frozen weight": ("step1", r"number 1 3", "number (-1) 3"),
    "a number added": ("step1", r"\[number 1 3\]", "[number 1 3; number 1 0]"),
    "a label": ("step1", r"\[\(-2\)\]", "[(-1)]"),
    "samples swapped": ("step1", r"\[\(-1\)\], \[\(-2\)\]\);\s+\(\[1\], \[1\]", "[1], [1]); ([(-1)], [(-2)]"),
    "the activation": ("step1", r"sound p \(\[\(0, 0, 0\)\], \(1", "sound p ([(0, 0, 0)], (2"),
    "a bias": ("step1", r"weight 0 1\]", "weight 0 1; weight 1 0]"),
    "not the bound's point": ("step2", r"4 step1 step0", "4 step0 step0"),
}


CORRUPTED_LONG: dict[str, tuple[str, str, str]] = {  # of `committee`
    "a risk": ("flat1", r"(rho1 : Q := hex 0x)2", r"\g<1>3"),
    "a weight of the minimum": ("flat1", r"(th1 : params Q := \[\[\[\(hex \(-0x)3", r"\g<1>4"),
    "their denominator": ("flat1", r"(d1 := hex_positive 0x)2", r"\g<1>3"),
    "a label": ("flat1", r"\[295\]", "[300]"),
    "the scale": ("flat1", r"scale := \(1 # 120\)", "scale := (1 # 121)"),
}


@pytest.mark.parametrize(
    ("name", "corruptions"), [("residual", CORRUPTED), ("one-frozen", CORRUPTED_TREE), ("committee", CORRUPTED_LONG)]
)
def test_coq_refuses_each_step_that_is_corrupted(
    built: Path, tmp_path: Path, name: str, corruptions: dict[str, tuple[str, str, str]]
) -> None:
    """Of each theorem `Qed`, or its proof, fails with any one thing wrong in it or a definition."""
    source = written(name, tmp_path, built)
    parts = corrupted(source, corruptions.values(), failing)
    proved(tmp_path, built, source + "\n" + as_modules(parts))


def failing(theorem: str) -> str:
    """The same theorem, whose proof must fail, at the latest when the kernel checks it."""
    statement, _, proof = theorem.partition("\nProof. ")
    tactics = proof.removesuffix(". Qed.").replace(". ", "; ")
    return f"{statement}\nProof. Fail (abstract ({tactics})). Abort."


@pytest.mark.parametrize("name", FOLDERS)
def test_every_claim_is_proved(checker: Path, name: str) -> None:
    files = PROOFS / name / "network.json", PROOFS / name / "network.symcert.json"
    told, answer = python(files[0].read_bytes(), files[1].read_bytes()), run(checker, *files, "--covered")
    assert (answer.code, answer.lines) == (0, told.lines)
    assert {line.split()[2] for line in answer.lines} == CLAIMS[name]


def test_what_has_no_checker_is_named(checker: Path, tmp_path: Path) -> None:
    case = CONTROLS["frozen"]
    answer = extracted(checker, tmp_path, case.network, hashed(case.network, case.proof))
    assert (answer.code, answer.lines) == (3, frozenset())
    assert answer.rest[0] == "not covered: restricted_face_minimum"
    proof = json.dumps(hashed(case.network, case.proof)).encode()
    made = export_rocq(loads(text(case.network)), proof, tmp_path, tmp_path)
    assert "step 1, restricted_face_minimum: has no verified checker for general programs" in made.left_out
    assert made.claims == ()


def mutated(cases: Iterable[Case], count: int) -> Iterator[Case]:
    """The cases with mutants of each."""
    return chain.from_iterable(with_mutants(case, count) for case in cases)


def folders(*names: str) -> Iterator[Case]:
    """The certificates of folders."""
    return ((name, *of_folder(name)) for name in names)


def test_agreement(checker: Path, tmp_path: Path) -> None:
    agree(checker, tmp_path, mutated(chains(range(60)), 2), {0: 10, 10: 1, 11: 30})
    agree(checker, tmp_path, mutated(drawn(range(40)), 3), {0: 10, 11: 20})
    agree(checker, tmp_path, mutated(chain(bounded(), trees(range(40))), 3), {0: 20, 11: 60})
    others = folders(*(name for name in FOLDERS if name not in ("committee", "image")))
    agree(checker, tmp_path, mutated(others, 40), {11: 20, 2: 50})


@pytest.mark.long
def test_agreement_at_length(checker: Path, tmp_path: Path) -> None:
    """3,000 random chains as programs, 2,000 random programs, with mutants; many mutants of the folders."""
    cases: list[tuple[Iterable[Case], int]] = [
        (chains(range(3000)), 3), (drawn(range(2000)), 3), (folders(*FOLDERS), 400), (bounded(), 60),
        (trees(range(2000)), 2),
    ]  # fmt: skip
    for source, mutants in cases:
        agree(checker, tmp_path, mutated(source, mutants), {0: 3})
