"""The command line as people know it: version, help, completion, several files, patterns, the input, data elsewhere."""

import json
import os
import shutil
import subprocess
import sys
from xml.etree import ElementTree

import pytest

import symverify
from symverify.certify.emitters import CLAIMS
from symverify.cli import app
from symverify.cli import run as command
from symverify.report.glossary import GLOSSARY
from symverify.run.verdict import Verdict
from tests.run.inside import ROOT, inside

EXAMPLES = ROOT / "examples"
COMMANDS = [each.name or each.callback.__name__ for each in app.registered_commands]


def run(*arguments, **options):
    settings = {"capture_output": True, "text": True, "cwd": ROOT, "timeout": 120, "check": False} | options
    return subprocess.run([sys.executable, "-m", "symverify", *map(str, arguments)], **settings)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with two networks, in which the commands run."""
    shutil.copy(EXAMPLES / "four-points.json", tmp_path / "a.json")
    shutil.copy(EXAMPLES / "linear.json", tmp_path / "b.json")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def last(capsys):
    return capsys.readouterr().out.splitlines()[-1]


# version, help, completion


def test_the_version(folder):
    done = run("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"symverify {symverify.__version__}, kernel 2, Python {sys.version.split()[0]}\n"
    assert f'version = "{symverify.__version__}"' in (ROOT / "pyproject.toml").read_text()


@pytest.mark.parametrize("name", [None, *COMMANDS])
def test_help_fits_and_is_whole(name, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    assert command([*([name] if name else []), "--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert not any(line.endswith("...") for line in lines if "[" not in line)


def test_no_command_gets_the_help():
    done = run()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == inside("--help").stdout


def test_the_shell_completes_commands_claims_and_words():
    def completed(words, place):
        asked = {"_SYMVERIFY_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(place)}
        environment = os.environ | asked
        return run(env=environment).stdout.split()

    assert completed("symverify ch", 1) == ["check"]
    fitting = [f"point,global_{what}" for what in ("bounds", "minimum", "minimum_for_all", "radius")]
    assert sorted(completed("symverify check --claims point,glo", 3)) == fitting
    assert completed("symverify help bo", 2) == ["boundary"]
    unseen = os.environ | {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}  # which shell it is: said, not guessed
    assert "complete" in run("--show-completion", "bash", env=unseen).stdout


def test_the_glossary_has_every_claim_and_verdict(capsys):
    known = {"malformed"}  # of files, told by the message itself
    assert set(CLAIMS) <= set(GLOSSARY)
    assert {verdict.value for verdict in Verdict} - known <= set(GLOSSARY)
    assert all(text.endswith(".") and len(text) < 320 for text in GLOSSARY.values())
    for words in ("valley", "valleys", "global minimum", "GLOBAL_MINIMUM", "Weight Decay"):
        assert command(["help", *words.split()]) == 0
    assert capsys.readouterr().out.startswith("valley: Connected local minima")
    assert command(["help", "atlas"]) == 0
    both = capsys.readouterr().out
    assert both.startswith("atlas: ")
    assert "Usage: symverify atlas [OPTIONS]" in both
    assert command(["help"]) == 0
    listed = capsys.readouterr().out
    assert all(word in listed.replace("\n", " ") for word in [*GLOSSARY, *COMMANDS])


# several files


def test_several_files_and_patterns(folder, capsys):
    assert command(["check", "a.json", "b.json", "--no-smt"]) == 0
    assert last(capsys) == "s PROVED networks=2: 2 proved"
    assert sorted(each.name for each in folder.glob("*.symcert.json")) == ["a.symcert.json", "b.symcert.json"]
    assert command(["check", "*.json", "--no-smt"]) == 0
    assert last(capsys) == "s PROVED networks=2: 2 proved"
    assert command(["check", "[a]*.json", "a.json", "--no-smt", "--claims", "point"]) == 0


def test_what_is_wrong_with_one_file_is_told_and_the_others_go_on(folder, capsys):
    (folder / "c.json").write_text("{}")
    shutil.copy(EXAMPLES / "dead-unit.json", folder / "d.json")
    code = command(["check", "c.json", "a.json", "d.json", "--no-smt"])
    told = capsys.readouterr()
    assert code == 2
    assert told.err.startswith("c.json is not a network file that can be read:\n  format: is missing\n")
    assert told.out.splitlines()[-1] == "s MALFORMED networks=3: 1 proved, 1 refuted, 1 malformed"
    assert command(["check", "a.json", "d.json", "--no-smt"]) == 10


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (["check", "--no-smt", "--claims", "point"], "a.symcert.json"),
        (["check", "--no-smt", "--claims", "point", "--snap"], "a.snapped.json"),
        (["atlas"], "a.atlas.symcert.json"),
    ],
)
def test_one_certificate_goes_into_a_folder(folder, line, name):
    (folder / "out").mkdir()
    assert command([line[0], "a.json", *line[1:], "-o", "out"]) == 0
    assert name in [each.name for each in (folder / "out").iterdir()]
    assert not list(folder.glob("*.symcert.json"))


def test_several_files_in_a_folder_and_as_json_and_junit(folder, capsys):
    (folder / "out").mkdir()
    (folder / "c.json").write_text("{}")
    assert command(["check", "a.json", "b.json", "c.json", "--no-smt", "-o", "out", "--format", "json"]) == 2
    documents = json.loads(capsys.readouterr().out)
    assert [(each["network"], each["verdict"]) for each in documents] == [
        ("a.json", "proved"), ("b.json", "proved"), ("c.json", "malformed"),
    ]  # fmt: skip
    assert documents[2]["faults"][0] == {"path": "format", "problem": "is missing"}
    assert sorted(each.name for each in (folder / "out").iterdir()) == ["a.symcert.json", "b.symcert.json"]
    assert command(["check", "a.json", "b.json", "--no-smt", "--format", "junit"]) == 0
    assert len(ElementTree.fromstring(capsys.readouterr().out).findall("testsuite")) == 2
    assert command(["check", "a.json", "b.json", "-o", "one.symcert.json"]) == 2
    assert "is one place for 2 networks; name a folder that exists" in capsys.readouterr().err


def test_several_files_are_told_as_one_is(folder, capsys):
    """All digits with --exact, rounded values without; in JSON what --snap did, and what an earlier run proved."""
    data = [{"x": [str(k)], "y": [f"{k * k * k + 1}/1000000007"]} for k in range(4)]
    document = json.loads((folder / "a.json").read_text()) | {"name": "long", "data": data}
    for name in ("a.json", "c.json"):
        (folder / name).write_text(json.dumps(document | {"name": name}))
    asked = ["--no-smt", "--claims", "spurious_minimum"]

    def told(*arguments):
        assert command(["check", *arguments]) == 0
        return capsys.readouterr().out

    for more in ([], ["--exact"]):
        both = told("a.json", "c.json", *asked, *more).splitlines()
        for name in ("a.json", "c.json"):
            one = [line for line in told(name, *asked, *more).splitlines() if line.startswith("spurious_minimum:")]
            assert one[0] in both
            assert ("≈" in one[0]) is not bool(more)
    shutil.copy(EXAMPLES / "four-points.json", folder / "a.json")
    shutil.copy(EXAMPLES / "boundary.json", folder / "c.json")
    told("a.json", "c.json", "--fresh", "--no-smt", "--claims", "assumptions", "--snap")
    found = json.loads(told("a.json", "c.json", "--no-smt", "--claims", "point", "--snap", "--format", "json"))
    assert [(each["snap"]["network"], each["kept"]) for each in found] == [
        ("a.snapped.json", ["assumptions"]), ("c.snapped.json", ["assumptions"]),
    ]  # fmt: skip


def test_no_certificate_is_written_over_another(folder, capsys):
    for name in ("x", "y", "out"):
        (folder / name).mkdir()
    for name in ("x", "y"):
        shutil.copy(folder / "a.json", folder / name / "net.json")
    assert command(["check", "x/net.json", "y/net.json", "-o", "out", "--no-smt"]) == 2
    told = capsys.readouterr().err
    assert "two networks would have the certificate" in told
    assert "check them one by one, each with -o" in told
    assert not list((folder / "out").iterdir())


def test_the_input_is_a_network_file(folder):
    text = (folder / "a.json").read_text()
    done = run("check", "-", "--no-smt", "--claims", "point", input=text, cwd=folder)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1].startswith("s PROVED point at=given risk=3/20")
    assert not list(folder.glob("*.symcert.json"))
    done = inside("check", "-", "--no-smt", "-o", "proof.symcert.json", said=text, cwd=folder)
    assert (done.returncode, (folder / "proof.symcert.json").exists()) == (0, True)
    assert inside("cells", "-", "--count", said=text, cwd=folder).stdout.startswith("unit cells: 8\n")
    done = inside("check", "-", said="{", cwd=folder)
    assert (done.returncode, done.stderr.splitlines()[0]) == (
        2, "the standard input is not a network file that can be read:"
    )  # fmt: skip
    done = inside("check", "-", "--snap", said=text, cwd=folder)
    assert done.stderr == "--snap writes a network file beside the certificate; say where with -o\n"


def test_what_reads_the_input_leaves_no_file_that_is_called_like_it(folder):
    text = (folder / "a.json").read_text()
    done = inside("atlas", "-", said=text, cwd=folder)
    assert (done.returncode, "certificate:" in done.stdout) == (0, False)
    done = inside("atlas", "-", "-o", "proof.symcert.json", said=text, cwd=folder)
    assert (done.returncode, (folder / "proof.symcert.json").exists()) == (0, True)
    done = inside("explain", "proof.symcert.json", "a.json", "-o", "-", cwd=folder)
    assert (done.returncode, done.stderr) == (
        2, "cannot write '-': it is no file name; choose another place with -o\n"
    )  # fmt: skip
    assert sorted(each.name for each in folder.iterdir()) == ["a.json", "b.json", "proof.symcert.json"]


# data elsewhere


def test_cells_that_would_fill_the_memory_are_declined(folder, capsys):
    data = [{"x": [(k + 2) ** j % 97 for j in range(1, 25)], "y": [0]} for k in range(25)]
    document = {"format": "symverify-network/1", "layers": [24, 2, 1], "activation": "relu", "loss": "squared"}
    (folder / "n.json").write_text(json.dumps({**document, "data": data}))
    for more in ([], ["--count"], ["--format", "json"]):
        assert command(["cells", "n.json", *more]) == 3
        assert "too many chambers: 25 hyperplanes in 25 dimensions" in "".join(capsys.readouterr())


def test_the_data_may_lie_anywhere(folder, capsys):
    (folder / "far").mkdir()
    (folder / "far" / "table.csv").write_text("u,v\n0,0\n1,0\n2,0\n3,1\n")
    document = json.loads((folder / "a.json").read_text())
    document["data"] = {"csv": "train.csv", "inputs": ["u"], "targets": ["v"]}
    (folder / "n.json").write_text(json.dumps(document))
    assert command(["check", "n.json", "--no-smt"]) == 2
    assert "data.csv: cannot read 'train.csv': No such file" in capsys.readouterr().err
    data = ["--data", os.path.join("far", "table.csv")]
    assert command(["check", "n.json", "--no-smt", *data]) == 0
    assert command(["cells", "n.json", "--count", *data]) == 0
    for arguments in (["verify", "n.symcert.json", "n.json"], ["verify", "."], ["explain", "n.symcert.json", "n.json"]):
        capsys.readouterr()
        assert command([*arguments, *data]) == 0
        assert command(arguments) == 2
    (folder / "far" / "table.csv").write_text("u,v\n0,0\n1,0\n2,0\n3,2\n")
    assert command(["verify", "n.symcert.json", "n.json", *data]) == 2  # no network has that hash any more
    assert command(["explain", "n.symcert.json", "n.json", *data]) == 11


# streams


@pytest.mark.skipif(os.name == "nt", reason="POSIX pipes")
def test_nobody_reads_on():
    proof = "proofs/four-points/network.symcert.json proofs/four-points/network.json"
    script = f'"{sys.executable}" -m symverify explain {proof}'
    line = f"set -o pipefail; {script} | head -n 1; echo $?"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("PROVED: four points\n0\n", "")


def test_the_progress_line_has_no_jargon():
    said = []
    rows = [[(7 * i) % 5, (3 * i * i) % 11] for i in range(12)]
    problem = symverify.problem(rows, [(i * i) % 7 for i in range(12)], layers=[2, 2, 1])
    symverify.check(problem, smt=False, timeout=20, progress=said.append)
    assert "searching for the global minimum" in said
    assert not any(word in line for line in said for word in ("tuples", "covered", "rays"))
