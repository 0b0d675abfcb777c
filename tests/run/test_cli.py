"""The command line as a user meets it: output, exit codes, no tracebacks."""

import json
import os
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from symverify.search.global_minimum.checkpoint import FORMAT
from tests.run.inside import ROOT, inside

EXAMPLES = ROOT / "examples"


def run(*arguments, **options):
    """As a process: each exit code is seen in some test."""
    command = [sys.executable, "-c", "from symverify.cli import main; main()", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120, check=False, **options)


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    path = tmp_path_factory.mktemp("cli") / "four.symcert.json"
    done = run("check", EXAMPLES / "four-points.json", "-o", path)
    return done, path


def test_check_ends_with_the_verdict_line(checked):
    done, path = checked
    assert done.returncode == 0
    assert done.stderr == ""
    last = done.stdout.splitlines()[-1]
    sha = json.loads(path.read_text())["problem"]
    assert last == f"s PROVED point at=given risk=3/20 spurious=true better=0 storey=core problem={sha}"
    assert f"certificate: {path}" in done.stdout


def test_a_small_check_loads_nothing_that_it_does_not_use(tmp_path):
    """SciPy alone costs as much time as this whole check; quantile loss, whose fit needs it, is the control.

    So do the claims that a file has nothing of: an asked claim about labels is the control.
    """
    families = "symverify.certify.labels symverify.report.words_labels"
    code = (
        "import sys; from symverify.cli import run; code = run(sys.argv[1:]);"
        "few = {'scipy', 'sympy', 'z3', 'numba', 'matplotlib', 'contourpy', 'symverify.search.kkt',"
        f"*{families.split()}}};"
        "print(code, *sorted(few & set(sys.modules)))"
    )
    cases = (
        ("four-points.json", "0"),
        ("quantile.json", "0 scipy"),
        ("four-points.json --claims every_slope", f"0 {families}"),
    )
    for example, expected in cases:
        name, *more = example.split()
        arguments = ["check", EXAMPLES / name, "--no-smt", "--fresh", "-o", tmp_path / f"{name}.symcert.json", *more]
        command = [sys.executable, "-c", code, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
        assert done.stdout.splitlines()[-1] == expected


@pytest.mark.parametrize(("given", "threads"), [(None, 1), ("2", 2)])
def test_blas_starts_no_threads_unless_they_are_asked_for(given, threads):
    """On small matrices they cost more than they bring; who sets their number has it."""
    code = (
        "from symverify.cli.process import process; from threadpoolctl import threadpool_info\n"
        "def command():\n"
        "    import numpy\n"
        "    print(*(each['num_threads'] for each in threadpool_info() if each['internal_api'] == 'openblas'))\n"
        "    return 0\n"
        "process(command)"
    )
    environment = {key: value for key, value in os.environ.items() if key != "OPENBLAS_NUM_THREADS"}
    environment |= {} if given is None else {"OPENBLAS_NUM_THREADS": given}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    assert done.stdout.split() in ([], [str(min(threads, processors))])  # another BLAS has no such number


def test_verify_and_the_bare_kernel_agree(checked):
    _, path = checked
    through = run("verify", path, EXAMPLES / "four-points.json")
    bare = subprocess.run(
        [sys.executable, "-m", "symverify.kernel", EXAMPLES / "four-points.json", path],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert through.returncode == bare.returncode == 0
    assert through.stdout.splitlines() == bare.stdout.splitlines()[1:]
    assert bare.stdout.startswith("c kernel 2, sources ")
    assert through.stdout.splitlines()[-1].startswith(
        "s PROVED point at=given risk=3/20 spurious=true better=0 storey=core"
    )


def test_json_has_the_documented_shape(tmp_path):
    done = inside("check", EXAMPLES / "three-corners.json", "--format", "json", "-o", tmp_path / "c", "--no-smt")
    document = json.loads(done.stdout)
    assert set(document) == {"problem_sha256", "verdict", "about", "claims", "certificate"}
    assert document["about"] == ["point"]
    assert document["verdict"] == "proved"
    point = next(claim for claim in document["claims"] if claim["name"] == "point")
    assert (point["risk"], point["verdict"], point["spurious"]) == ("1/3", "proved", True)
    assert set(point["smt"]) == {"confirmed", "unanswered", "contradicted", "unposed_steps"}
    assert isinstance(point["seconds"], float)


def test_junit_counts_failures(tmp_path):
    done = run("check", EXAMPLES / "dead-unit.json", "--format", "junit", "--no-smt", "-o", tmp_path / "c")
    suite = ElementTree.fromstring(done.stdout)
    assert done.returncode == 10
    assert suite.get("failures") == "1"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["check", "nowhere.json"], 2, "nowhere.json"),
        (["check", "examples"], 2, "examples"),
        (["check", "pyproject.toml"], 2, "file: is TOML, not a network file"),
        (["check", "examples/linear.json", "--claims", "nonsense"], 2, "unknown claim 'nonsense'; known: assumptions"),
        (["check", "examples/linear.json", "-o", "/nowhere/at/all.json"], 2, "choose another place with -o"),
        (["atlas", "examples/narrow.json", "-o", "/nowhere/at/all.json"], 2, "cannot write '/nowhere/at/all.json'"),
        (["check", "examples/narrow.json", "--dask", "nowhere"], 2, "no Dask scheduler answers at 'nowhere'"),
        (["check"], 2, "Missing argument"),
        (["frobnicate"], 2, "No such command"),
        (["expand", "examples/linear.json"], 2, "give either --at point or --pattern"),
        (["expand", "examples/linear.json", "--at", "point"], 2, "gives no parameters"),
        (["verify", "examples/linear.json", "examples/four-points.json"], 2, "format"),
    ],
)
def test_misuse_has_a_message_and_its_code(arguments, code, message):
    done = inside(*arguments)
    assert done.returncode == code
    assert message in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_another_problems_certificate_is_rejected(checked):
    done = run("verify", checked[1], EXAMPLES / "linear.json")
    assert done.returncode == 11
    assert "about another problem" in done.stdout


def test_malformed_files_are_json_too(tmp_path):
    bad = tmp_path / "bad.json"
    bad.write_text('{"format": "symverify-network/1", "layers": [1, 2], "extra": 1}')
    done = run("check", bad, "--format", "json")
    document = json.loads(done.stdout)
    assert done.returncode == 2
    assert document["verdict"] == "malformed"
    assert {fault["path"] for fault in document["faults"]} >= {"layers", "extra", "data", "activation"}


def test_export_writes_queries_that_say_their_answer(checked, tmp_path):
    done = inside("export", checked[1], EXAMPLES / "four-points.json", "--smt2", tmp_path / "smt")
    files = sorted((tmp_path / "smt").iterdir())
    assert done.returncode == 0
    assert len(files) == int(done.stdout.split()[0]) > 10
    for file in files:
        assert file.read_text().rstrip().endswith("(check-sat)")
        assert "unsat confirms it" in file.read_text() or "sat: the premises can hold" in file.read_text()


def test_expand_prints_polynomials():
    done = inside("expand", EXAMPLES / "four-points.json", "--pattern", "0111,0000", "--format", "json")
    assert done.returncode == 0
    json.loads(done.stdout)


def test_the_atlas_over_the_faces(tmp_path):
    network = tmp_path / "one.json"
    network.write_text(
        '{"format": "symverify-network/1", "layers": [1, 1, 1], "activation": "relu", "bias": false,'
        ' "loss": "squared", "data": [{"x": [1], "y": [1]}]}'
    )
    done = inside("atlas", network, "--faces")
    assert done.returncode == 0
    table = [line.split() for line in done.stdout.splitlines() if line.strip()]
    assert table[0] == ["risk", "dimension", "components", "faces", "spurious"]
    assert table[2:4] == [["0", "1", "1", "1", "no,", "global"], ["1", "2", "1", "2", "yes"]]
    assert "s PROVED face_atlas faces=3 faces_with_minima=3 distinct_risks=2 valleys=2 components=2" in done.stdout
    assert inside("verify", tmp_path / "one.face_atlas.symcert.json", network).returncode == 0
    done = inside("atlas", network, "--faces", "--format", "json")
    document = json.loads(done.stdout)
    assert (document["complete"], document["verdict"], document["valleys"]) == (True, "proved", 2)
    assert [(each["risk"], each["dimension"], each["spurious"]) for each in document["minima"]] == [
        ("0", 1, False),
        ("1", 2, True),
    ]
    assert set(document["minima"][0]) == {"risk", "dimension", "components", "faces", "spurious", "point"}
    late = run("atlas", EXAMPLES / "two-valleys.json", "--faces", "--timeout", "1e-9", "-o", tmp_path / "c")
    assert late.returncode == 3
    assert "stopped after 0 of 153 faces, as the time was up" in late.stdout


def test_schema_is_json():
    assert json.loads(inside("schema").stdout)["$schema"].endswith("2020-12/schema")


def test_nothing_is_left_behind_by_a_refused_output(tmp_path):
    (tmp_path / "sub").mkdir()
    done = inside("cells", EXAMPLES / "four-points.json", "-o", tmp_path / "sub")
    assert done.returncode == 2
    assert list(tmp_path.rglob("*")) == [tmp_path / "sub"]


def test_a_checkpoint_of_something_else_is_refused(tmp_path):
    (tmp_path / "c.json.search").write_text("[1, 2")
    done = inside(
        "check", EXAMPLES / "narrow.json", "--claims", "global_minimum", "--resume", "-o", tmp_path / "c.json"
    )
    assert done.returncode == 2
    assert "is not a checkpoint of this problem" in done.stderr
    assert "remove it, or start without --resume" in done.stderr


def test_a_checkpoint_beside_a_program_is_no_rejection(tmp_path):
    """As the file was a chain when its search ended early."""
    state = {"format": FORMAT, "problem": "0" * 64, "nodes": 1}
    (tmp_path / "c.json.0123abcd.search").write_text(json.dumps(state))
    done = inside("check", EXAMPLES / "residual.json", "--claims", "point", "--no-smt", "-o", tmp_path / "c.json")
    assert (done.returncode, done.stderr) == (0, "")
    done = inside("check", EXAMPLES / "residual.json", "--no-smt", "--resume", "-o", tmp_path / "c.json")
    assert done.returncode == 2
    assert "is not a checkpoint of this problem" in done.stderr
