"""`symverify export --rocq`: the data in the file are those of the network file, and Coq proves every claim in it."""

import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from symverify.kernel.core.network import Point, Problem
from symverify.problem.load import LoadedProblem, load, loads
from symverify.run.rocq import Exported, export_rocq
from tests.kernel.accepted import CASES, Case
from tests.kernel.corruption import text
from tests.rocq.agreement import kernel
from tests.rocq.cases import PROOFS, hashed, of_folder
from tests.rocq.random_certificates import random_cases, searched_cases
from tests.rocq.test_checker import approached
from tests.rocq.test_proofs import CLASSICAL_REALS

FOLDERS = [
    "absolute", "boundary", "dead-unit", "deep-vector", "four-points", "linear", "margins", "narrow", "quantile",
    "spike", "twins",
]  # fmt: skip


def exported(name: str, folder: Path, theory: Path) -> tuple[LoadedProblem, Exported]:
    """The Rocq file of a folder of proofs."""
    problem = load(PROOFS / name / "network.json")
    proof = (PROOFS / name / "network.symcert.json").read_bytes()
    return problem, export_rocq(problem, proof, folder, theory)


def nested(term: str) -> Any:
    """A Rocq list of lists, pairs and rationals as Python lists of fractions, tuples of a pair as lists."""
    term = re.sub(r"\(hex (0x[0-9a-f]+|\(-0x[0-9a-f]+\)) #", r"(\1 #", term)
    n = r"(?:0x[0-9a-f]+|\d+)"
    tokens = re.findall(rf"\(\(-{n}\) # {n}\)|\({n} # {n}\)|\(-{n}\)|{n}|true|false|[\[\](),;]", term)

    def value(at: int) -> tuple[Any, int]:
        token = tokens[at]
        if token in "[(":
            found, at = [], at + 1
            while tokens[at] not in "])":
                if tokens[at] in ",;":
                    at += 1
                    continue
                each, at = value(at)
                found.append(each)
            return found, at + 1
        if token in ("true", "false"):
            return token == "true", at + 1
        top, _, bottom = token.replace("(", "").replace(")", "").partition(" # ")
        return Fraction(int(top, 0), int(bottom or "1", 0)), at + 1

    return value(0)[0]


def field(written: str, name: str) -> Any:
    """A field of the record p."""
    match = re.search(rf"\b{name} := (.*?)(?:%nat)?(?:;\n? |; | \|\}})(?=\s*(?:\w+ :=|\.|$))", written, re.DOTALL)
    assert match, name
    return nested(match[1])


def rows(point: Point) -> Any:
    """Layers from the last to the first, the bias first."""
    return [
        [[*([layer.bias[j]] if layer.bias is not None else []), *row] for j, row in enumerate(layer.weight)]
        for layer in reversed(point)
    ]


def read_back(written: str, problem: Problem) -> None:
    """Data, activations, factor and given parameters are those of the network file."""
    data = [[list(x), list(y)] for x, y in zip(problem.inputs, problem.targets, strict=True)]
    assert field(written, "samples") == data
    layers = field(written, "layers")
    assert layers[0] == [problem.output_bias, [[], [1, 0]]]
    for h, (biased, (pieces, last)) in zip(reversed(problem.activations), layers[1:], strict=True):
        assert biased == problem.hidden_bias
        assert [each[0] for each in pieces] == list(h.breakpoints)
        assert [*[each[1] for each in pieces], last[0]] == list(h.slopes)
        assert [*[each[2] for each in pieces], last[1]] == list(h.offsets)
    assert field(written, "factor") == problem.loss.factor
    assert (field(written, "n_in"), field(written, "n_out")) == (problem.widths[0], problem.widths[-1])
    points = [nested(term) for term in re.findall(r"Definition th\d+ : params Q := (.*?)\.\n", written, re.DOTALL)]
    if problem.parameters is not None and points:
        assert rows(problem.parameters) in points


def compiled(folder: Path, theory: Path) -> subprocess.CompletedProcess[str]:
    """What coqc makes of the file."""
    if shutil.which("coqc") is None:
        pytest.skip("not installed: coqc")
    command = ["coqc", "-Q", str(theory), "Symverify", "-Q", ".", "Certificate", "certificate.v"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=900, check=False)


def proved(folder: Path, theory: Path, source: str) -> subprocess.CompletedProcess[str]:
    """Coq accepts a file."""
    (folder / "certificate.v").write_text(source)
    done = compiled(folder, theory)
    assert done.returncode == 0, done.stderr
    return done


def as_modules(parts: Iterable[str]) -> str:
    """Parts of a file as its modules."""
    return "\n".join(f"Module M{k}.\n{part}\nEnd M{k}." for k, part in enumerate(parts))


def as_one(sources: Iterable[str]) -> str:
    """Exported files as modules of one file, which imports what they need."""
    heads, _, bodies = zip(*(source.partition("\nDefinition p ") for source in sources), strict=True)
    head = max(heads, key=lambda head: head.count("Rank"))
    return head + "\n" + as_modules("Definition p " + body for body in bodies)


def exports(controls: Mapping[str, Case], folder: Path, theory: Path) -> dict[str, str]:
    """The Rocq files of certificates; all claims are among the theorems."""
    found = {}
    for name, case in controls.items():
        made = export_rocq(loads(text(case.network)), json.dumps(case.proof).encode(), folder, theory)
        assert list(made.claims) == [f"claim_{claim['claim']}" for claim in case.proof["claims"]], made.left_out
        found[name] = made.file.read_text()
    return found


def failing_at(source: str, start: str, old: str, new: str) -> str:
    """A file as far as the theorem that begins in this way, with another text in it, which `Qed` refuses."""
    before, _, rest = source.partition(start)
    theorem = start + rest.split("Qed.")[0]
    assert old in theorem, (old, theorem)
    return f"{before}{theorem.replace(old, new)}Fail Qed. Abort."


def corrupted(source: str, changes: Iterable[tuple[str, str, str]], refused: Callable[[str], str]) -> list[str]:
    """For each change the definitions and a theorem, in which one text is another, with the proof `refused`."""
    definitions = "\n".join(re.findall(r"^Definition [^c].*?\.$", source, re.DOTALL | re.MULTILINE))
    parts = []
    for name, old, new in changes:
        theorem = re.findall(rf"^Theorem {name} :.*?Qed\.$", source, re.DOTALL | re.MULTILINE)[0]
        changed, count = re.subn(old, new, theorem, count=1)
        before, found = (definitions, 0) if count else re.subn(old, new, definitions, count=1)
        assert found or count, (name, old)
        parts.append(f"{before}\n{refused(changed)}")
    return parts


def proved_by_the_reals(folder: Path, theory: Path, sources: list[str]) -> None:
    """Coq accepts the files; each prints its axioms, which are of the classical reals."""
    done = proved(folder, theory, as_one(sources))
    named = re.findall(r"^([A-Za-z_][\w.']*)\s*(?::|$)", done.stdout, re.MULTILINE)
    assert named.count("Axioms") == len(sources)
    assert set(named) - {"Axioms"} <= CLASSICAL_REALS


@pytest.mark.parametrize("name", FOLDERS)
def test_round_trip(tmp_path: Path, name: str) -> None:
    problem, made = exported(name, tmp_path, tmp_path)
    read_back(made.file.read_text(), problem.problem)
    assert "claim_global_minimum" in made.claims


def test_coq_proves_every_claim(built: Path, tmp_path: Path) -> None:
    """All folders as modules of one file."""
    sources, claims = list[str](), 0
    for folder in sorted(PROOFS.glob("*/network.json")):
        if "layers" not in json.loads(folder.read_text()):
            continue  # a general program
        _, made = exported(folder.parent.name, tmp_path, built)
        if made.claims:
            sources.append(made.file.read_text())
            claims += len(made.claims)
            assert all(f"Theorem {claim} :" in sources[-1] for claim in made.claims)
    assert len(sources) >= 16
    assert claims >= 45
    proved_by_the_reals(tmp_path, built, sources)


def test_gaps_are_named(tmp_path: Path) -> None:
    _, made = exported("linear", tmp_path, tmp_path)
    assert "step 1, linear_collapse: has no verified checker" in made.left_out
    assert "claim linear_collapse: rests on step 1" in made.left_out
    assert made.claims == ("claim_global_minimum",)
    written = made.file.read_text()
    assert all(each in written for each in made.left_out)


@pytest.mark.parametrize("name", ["huber", "kink and idle unit", "bent"])
def test_other_rules(built: Path, tmp_path: Path, name: str) -> None:
    """Huber's loss, face_minimum, a curve without biases."""
    case = CASES[name]
    problem = loads(text(case.network))
    made = export_rocq(problem, json.dumps(case.proof).encode(), tmp_path, built)
    read_back(made.file.read_text(), problem.problem)
    proved(tmp_path, built, made.file.read_text())
    assert made.claims == ("claim_point",)


def test_infimum(built: Path, tmp_path: Path) -> None:
    document, proof = approached()
    made = export_rocq(loads(text(document)), json.dumps(proof).encode(), tmp_path, built)
    proved(tmp_path, built, made.file.read_text())
    assert made.claims == ("claim_infimum", "claim_global_bounds")


def test_what_is_refuted_is_called_so(tmp_path: Path) -> None:
    for name, claim in (("best-affine", "spurious_minimum"), ("dead-unit", "point")):
        written = exported(name, tmp_path, tmp_path)[1].file.read_text()
        assert f"(* The claim {claim} is refuted: this holds instead. *)\nTheorem claim_{claim} :" in written
        assert written.count("is refuted") == 1


def test_a_chain_that_is_linear_on_the_data_is_left_out(tmp_path: Path) -> None:
    """Of the claim Coq would only prove that the point is a spurious minimum."""
    document, proof = of_folder("four-points")
    for claim in proof["claims"]:
        claim["claim"] = claim["claim"].replace("spurious_minimum", "spurious_linear_minimum")
    made = export_rocq(loads(text(document)), json.dumps(hashed(document, proof)).encode(), tmp_path, tmp_path)
    assert "claim_point" in made.claims
    assert not any("linear" in claim for claim in made.claims)
    assert any(each.startswith("claim spurious_linear_minimum: that the network is linear") for each in made.left_out)


def test_a_point_under_a_loss_with_logarithms_has_its_risk(tmp_path: Path) -> None:
    _, made = exported("logistic-xor", tmp_path, tmp_path)
    parts = re.findall(r"Theorem claim_point : (.*?)\.\n", made.file.read_text(), re.DOTALL)
    assert parts[0].split(" /\\\n  ")[:2] == [
        "(spurious_min (log_risk p) (real th5))",
        "(risk_between p th5 low1 high1)",
    ]


def wider_classes() -> tuple[Any, Any]:
    """The folder `classes` with a fourth hidden unit, which the better point does not use."""
    document, proof = of_folder("classes")
    document["layers"] = [1, 4, 3]
    hidden, output = proof["steps"][2]["parameters"]
    hidden["weight"].append(["0"])
    hidden["bias"].append("0")
    for row in output["weight"]:
        row.append("0")
    proof["claims"] = [claim for claim in proof["claims"] if claim["claim"] == "spurious_minimum"]
    proof["claims"][0]["step"] = 2
    del proof["steps"][0]
    proof["steps"][2]["from"] = {"minimum": 0, "better": 1}
    return document, hashed(document, proof)


@pytest.mark.parametrize("change", ["", "moments", "label"])
def test_theorem_1_for_losses_with_logarithms(built: Path, tmp_path: Path, change: str) -> None:
    """Where its assumptions hold it is among the theorems, from the moments of the labels alone."""
    document, proof = wider_classes()
    made = export_rocq(loads(text(document)), json.dumps(proof).encode(), tmp_path, built)
    assert made.claims == ("claim_spurious_minimum",)
    written = made.file.read_text()
    assert "Theorem theorem1 : valley_at_affine_fit p" in written
    if change == "moments":
        written = re.sub(r"\[\[0x", "[[0x1", written, count=1)
    elif change == "label":
        written = re.sub(r"samples := \[\(\[(.*?)\], \[(.*?)\]\)", r"samples := [([\1], [1 # 2])", written, count=1)
    if change:
        assert written != made.file.read_text()
        made.file.write_text(written)
    done = compiled(tmp_path, built)
    assert (done.returncode == 0) == (change == ""), done.stderr


def test_what_has_no_checker_under_losses_with_logarithms(tmp_path: Path) -> None:
    _, made = exported("separable", tmp_path, tmp_path)
    assert set(made.claims) == {"claim_affine_infimum", "claim_valley"}
    assert "claim valley: dimension, exact have no verified checker" in made.left_out
    _, made = exported("logistic-xor", tmp_path, tmp_path)
    assert set(made.claims) == {"claim_valley", "claim_spurious_minimum", "claim_infimum", "claim_point"}
    _, made = exported("classes", tmp_path, tmp_path)
    assert set(made.claims) == {"claim_valley", "claim_spurious_minimum"}
    assert "theorem1" not in made.file.read_text()  # three hidden units for three outputs


@pytest.mark.parametrize("what", ["labels", "risk", "bias", "slope", "claim"])
def test_coq_refuses_what_is_corrupted(built: Path, tmp_path: Path, what: str) -> None:
    _, made = exported("narrow", tmp_path, built)
    written = made.file.read_text()
    change = {
        "labels": lambda s: re.sub(r"samples := \[\(\[(.*?)\], \[(.*?)\]\)", r"samples := [([\1], [7])", s, count=1),
        "risk": lambda s: re.sub(r"= Q2R (\(?[^.)]*\)?)\.", r"= Q2R (\1 + (1 # 1000000000)).", s, count=1),
        "bias": lambda s: re.sub(r"(th\d+ : params Q := \[\[\[)", r"\g<1>1 + ", s, count=1),
        "slope": lambda s: s.replace("[(0, 0, 0)], (1, 0)", "[(0, 0, 0)], (2, 0)"),
        "claim": lambda s: re.sub(r"(Theorem claim_[^.]*= Q2R \(?)(\d)", r"\g<1>1\2", s, count=1),
    }[what]
    corrupted = change(written)
    assert corrupted != written
    made.file.write_text(corrupted)
    done = compiled(tmp_path, built)
    assert done.returncode != 0
    assert "Error" in done.stderr


CORRUPTED: dict[str, tuple[str, str, str]] = {  # the theorem; one text of it or of a definition; another
    "a higher bound": ("step3", "lower_bound p 1 14", "lower_bound p 1 (14000000001 # 1000000000)"),
    "a vector's sign": ("step3", "[3; 0; (-2); (-5); 4]", "[(-3); 0; 2; 5; (-4)]"),
    "an entry of a vector": ("step3", "[3; 0; (-2)", "[4; 0; (-2)"),
    "a vector dropped": ("step3", "[[3; 0; (-2); (-5); 4]%Z;\n    ", "["),
    "a leaf dropped": ("step3", "2; 0]%Z", "2]%Z"),
    "a leaf more": ("step3", "2; 0]%Z", "2; 0; 0]%Z"),
    "another split": ("step3", "[(-1); 0; (-2)", "[(-2); 0; (-2)"),
    "samples swapped": ("step3", "([5], [2]);\n    ([4], [1]);", "([4], [1]);\n    ([5], [2]);"),
    "a label": ("step3", "([5], [2])", "([5], [0])"),
    "another risk": ("step1", "Q2R (614 # 29)", "Q2R ((614 # 29) + (1 # 1000000000))"),
    "a weight of a minimum": ("step2", "(1 # 29)]]", "(2 # 29)]]"),
    "another minimum": ("step9", "[[(-3); 1]]", "[[(-2); 1]]"),
    "another path": ("step6", "[(-2); (-1)]", "[(-2); 1]"),
    "no better point": ("step6", "path6 th4", "path6 th1"),
}


EPSILON = "(1 # 10000000000000000000000000)"
RISKS: dict[str, tuple[str, str, str]] = {  # the same of `logistic-line`, by regular expressions
    "a probability": ("step1", r"(binary \d+) \[\[0x", r"\1 [[0x1"),
    "a higher lower end": ("step1", r"(\[2%nat\]) low1 ", rf"\1 (low1 + {EPSILON}) "),
    "a lower upper end": ("step1", r"high1\.\nProof", f"(high1 - {EPSILON}).\nProof"),
    "a logarithm of the entropy": ("step1", r"\[\[\((-0x\w+)\)", r"[[(\g<1>9)"),
    "an affine map": ("step1", r"\[\[(\(-0x\w+\)); 0x(\w+)\]\]%hex", r"[[\1; 0x1\2]]%hex"),
    "a risk's lower end": ("step2", r"th2 low2 ", f"th2 (low2 + {EPSILON}) "),
    "a risk's upper end": ("step2", r"high2\.\nProof", f"(high2 - {EPSILON}).\nProof"),
    "a risk's logarithm": ("step2", r"\[\[0x(\w+)", r"[[0x1\1"),
    "a better point's risk": (
        "step3",
        r"Proof\. (.*?) high2\); (\[.*?\])\. Qed\.",
        rf"Proof. Fail (\1 (high2 - {EPSILON})); \2). Abort.",
    ),
    "a higher bound": ("step4", r"2 (\(\d+ # \d+\))\.", r"2 (\1 + (1 # 100000000000000000000))."),
    "an entry of a vector": ("step4", r"integers \[0x0; 0x(\w+)", r"integers [0x0; 0x1\1"),
    "a scale": ("step4", r"%hex_int\), \((\d+),", r"%hex_int), (1\1,"),
    "a leaf": ("step4", r"0; 3\]%Z", "0; 2]%Z"),
}
SLOPES: dict[str, tuple[str, str, str]] = {  # of `quantile`
    "a slope beyond those of the loss": ("step2", r"\[\(2 # 3\)\]", "[1]"),
    "slopes exchanged": ("step2", r"\[\(1 # 6\)\]; \[\(\(-1\) # 3\)\]", "[((-1) # 3)]; [(1 # 6)]"),
    "a higher bound": ("step3", r"lower_bound p 2 1\.", f"lower_bound p 2 (1 + {EPSILON})."),
    "no better point": ("step5", "th1 th4", "th1 th1"),
    "another path": ("step6", r"\[\(-2\); \(-1\)\]", "[(-2); 1]"),
    "no better point than those of the path": ("step6", "path6 th4", "path6 th1"),
}


@pytest.mark.parametrize(
    ("folder", "changes"),
    [
        ("boundary", {name: (step, re.escape(old), new) for name, (step, old, new) in CORRUPTED.items()}),
        ("logistic-line", RISKS),
        ("quantile", SLOPES),
    ],
    ids=["boundary", "logistic-line", "quantile"],
)
def test_coq_refuses_each_step_that_is_corrupted(
    built: Path, tmp_path: Path, folder: str, changes: dict[str, tuple[str, str, str]]
) -> None:
    """The proof in a folder is accepted; of each theorem `Qed` fails with any one thing wrong in it or a definition."""
    _, made = exported(folder, tmp_path, built)
    written = made.file.read_text()
    parts = corrupted(written, changes.values(), lambda theorem: theorem.replace("Qed.", "Fail Qed. Abort."))
    proved(tmp_path, built, written + "\n" + as_modules(parts))


def test_random_certificates(built: Path, tmp_path: Path) -> None:
    """What the kernel accepts Coq proves; with one label changed, which the kernel rejects, it refuses."""
    accepted, changed = list[str](), list[str]()
    for name, document, proof in [*random_cases(range(60)), *searched_cases(range(4))]:
        if kernel(document, proof).code not in (0, 10):
            continue
        made = export_rocq(loads(text(document)), json.dumps(proof).encode(), tmp_path, built)
        assert made.claims, name
        accepted.append(made.file.read_text())
        document["data"][0]["y"][0] += 7
        proof["problem"] = hashlib.sha256(text(document)).hexdigest()
        if kernel(document, proof).code == 11:
            label = r"(samples := \[\(\[.*?\], \[)"
            changed.append(re.sub(label, r"\g<1>7 + ", accepted[-1], count=1))
    assert len(accepted) > 12
    assert len(changed) > 5
    proved(tmp_path, built, as_one(accepted))
    for source in changed[:4]:
        (tmp_path / "certificate.v").write_text(source)
        assert "Error" in compiled(tmp_path, built).stderr
