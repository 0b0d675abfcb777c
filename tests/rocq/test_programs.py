"""General programs in Rocq: the file reads back, Coq proves it, the extracted checker says what the kernel says."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from symverify.problem.load import load, loads
from symverify.run.rocq import export_rocq
from tests.kernel.corruption import text
from tests.kernel.programs.test_restricted_face_minimum import CONTROLS
from tests.oracles.programs import ACTIVATIONS, prediction
from tests.rocq.agreement import differ, extracted, kernel, python, run
from tests.rocq.program_cases import FOLDERS, PROOFS, Case, bounded, chains, drawn, folder, hashed, trees, with_mutants
from tests.rocq.random_certificates import Json
from tests.rocq.test_checker import edited, relabelled, swapped
from tests.rocq.test_export import as_modules, compiled, field, nested
from tests.rocq.test_proofs import CLASSICAL_REALS

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
    assert set(made.left_out) <= {"claim valley: dimension, exact have no verified checker"}
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
    assert field(source, "data") == data
    assert field(source, "scale") == problem.loss.factor
    for index, step in enumerate(proof["steps"]):
        if step["rule"] != "point":
            continue
        given = document["parameters"] if step["parameters"] == "given" else step["parameters"]
        term = re.search(rf"Definition th{index} : params Q := (.*?)\.\n", source, re.DOTALL)
        assert term
        flat = [x for block in nested(term[1]) for row in block for x in row]
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
    head = sources[0].partition("\nDefinition p ")[0]
    (tmp_path / "certificate.v").write_text(
        head + "\n" + as_modules(["Definition p " + source.partition("\nDefinition p ")[2] for source in sources])
    )
    done = compiled(tmp_path, built)
    assert done.returncode == 0, done.stderr
    named = re.findall(r"^([A-Za-z_][\w.']*)\s*(?::|$)", done.stdout, re.MULTILINE)
    assert named.count("Axioms") == len(sources)
    assert set(named) - {"Axioms"} <= CLASSICAL_REALS


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
    "slopes of the bound": ("step5", r"\[\[0\]; \[0\]", "[[1]; [0]"),
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


@pytest.mark.parametrize(("name", "corruptions"), [("residual", CORRUPTED), ("one-frozen", CORRUPTED_TREE)])
def test_coq_refuses_each_step_that_is_corrupted(
    built: Path, tmp_path: Path, name: str, corruptions: dict[str, tuple[str, str, str]]
) -> None:
    """Of each theorem `Qed`, or its proof, fails with any one thing wrong in it or a definition."""
    source = written(name, tmp_path, built)
    definitions = "\n".join(re.findall(r"^Definition [^c].*?\.$", source, re.DOTALL | re.MULTILINE))
    parts = []
    for step, old, new in corruptions.values():
        theorem = re.findall(rf"^Theorem {step} :.*?Qed\.$", source, re.DOTALL | re.MULTILINE)[0]
        corrupted, count = re.subn(old, new, theorem)
        before, found = re.subn(old, new, definitions, count=1) if not count else (definitions, 0)
        assert found or count, (step, old)
        parts.append(f"{before}\n{failing(corrupted)}")
    (tmp_path / "certificate.v").write_text(source + "\n" + as_modules(parts))
    done = compiled(tmp_path, built)
    assert done.returncode == 0, done.stderr


def failing(theorem: str) -> str:
    """The same theorem, whose proof must fail, at the latest when the kernel checks it."""
    statement, _, proof = theorem.partition("\nProof. ")
    tactics = proof.removesuffix(". Qed.").replace(". ", "; ")
    return f"{statement}\nProof. Fail (abstract ({tactics})). Abort."


def agree(checker: Path, target: Path, cases: Iterable[Case]) -> Counter[tuple[int, int]]:
    """How often which pair of codes; fails on the first contradiction."""
    seen: Counter[tuple[int, int]] = Counter()
    for name, document, proof in cases:
        one, other = kernel(document, proof), extracted(checker, target, document, proof)
        assert not differ(one, other), (name, json.dumps(document), json.dumps(proof), differ(one, other))
        seen[one.code, other.code] += 1
    return seen


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


BROKEN: dict[str, Callable[[Any, Any], None]] = {
    "a weight of the minimum": edited("steps.0.parameters.skip.weight.0.0", "-1"),
    "a breakpoint": edited("steps.6", {"rule": "point", "parameters": {"hidden": {"weight": [["1", "1"], ["0", "0"]],
        "bias": ["0", "1"]}, "skip": {"weight": [["0", "0"]]}, "through": {"weight": [["0", "0"]], "bias": ["1/2"]}}}),
    "a better point": edited("steps.2.parameters.through.bias.0", "3"),
    "the path": edited("steps.4.path.hidden.bias.1", ["1", "-2"]),
    "the claimed risk": edited("claims.0.risk", "1/3"),
    "the claimed bound": edited("claims.1.risk", "1"),
    "a label": relabelled,
    "samples swapped": lambda document, _: (swapped(document, _), document["data"][0].update(y=[1])),
    "an edge": lambda document, _: document["program"][3].update({"from": "hidden"}),
    "a frozen weight": lambda document, _: document["program"][3].update({"weight": [[None, None]], "bias": 1}),
}  # fmt: skip


BROKEN_TREE: dict[str, Callable[[Any, Any], None]] = {
    "a vector": edited("steps.1.vectors.0", [0, -1]),
    "a vector dropped": edited("steps.1.vectors", []),
    "a leaf dropped": edited("steps.1.tree", []),
    "a leaf more": edited("steps.1.tree", [0, 0]),
    "a higher bound": edited("steps.1.risk", "4000000001/1000000000"),
    "the claimed risk": edited("claims.0.risk", "5"),
    "a frozen weight is free": lambda document, proof: (
        document["program"][3].update({"weight": True}),
        document["parameters"].update({"f": {"weight": [[1]]}}),
    ),
    "the sign of a frozen weight": lambda document, _: document["program"][3].update({"weight": -1}),
    "another loss": lambda document, _: document.update({"loss": {"name": "absolute", "reduction": "sum"}}),
    "the mean": lambda document, _: document.update({"loss": "squared"}),
}


@pytest.mark.parametrize(
    ("name", "change"),
    [*[("residual", each) for each in BROKEN.items()], *[("one-frozen", each) for each in BROKEN_TREE.items()]],
    ids=lambda each: each if isinstance(each, str) else each[0],
)
def test_corrupted(checker: Path, tmp_path: Path, name: str, change: tuple[str, Callable[[Any, Any], None]]) -> None:
    """Accepted as it is, and refused with any one thing wrong."""
    document, proof = folder(name)
    for changed in (False, True):
        if changed:
            change[1](document, proof)
        answer = extracted(checker, tmp_path, document, hashed(document, proof))
        assert answer.code == (11 if changed else 0), answer


def test_agreement(checker: Path, tmp_path: Path) -> None:
    seen = agree(checker, tmp_path, (each for case in chains(range(100)) for each in with_mutants(case, 2)))
    assert seen[0, 0] > 10
    assert seen[10, 10] > 1
    assert seen[11, 11] > 30
    seen = agree(checker, tmp_path, (each for case in drawn(range(60)) for each in with_mutants(case, 3)))
    assert seen[0, 0] > 10
    assert seen[11, 11] > 20
    seen = agree(
        checker, tmp_path, (each for case in (*bounded(), *trees(range(60))) for each in with_mutants(case, 3))
    )
    assert seen[0, 0] > 20
    assert seen[11, 11] > 60
    folders = ((name, *folder(name)) for name in FOLDERS if name != "committee")
    seen = agree(checker, tmp_path, (each for case in folders for each in with_mutants(case, 40)))
    assert seen[11, 11] > 20
    assert seen[2, 2] > 50


@pytest.mark.long
def test_agreement_at_length(checker: Path, tmp_path: Path) -> None:
    """3,000 random chains as programs, 2,000 random programs, with mutants; many mutants of the folders."""
    folders = ((name, *folder(name)) for name in FOLDERS)
    cases: list[tuple[Iterable[tuple[str, Json, Json]], int]] = [
        (chains(range(3000)), 3), (drawn(range(2000)), 3), (folders, 400), (bounded(), 60), (trees(range(2000)), 2)
    ]  # fmt: skip
    for source, mutants in cases:
        assert agree(checker, tmp_path, (each for case in source for each in with_mutants(case, mutants)))[0, 0] > 3
