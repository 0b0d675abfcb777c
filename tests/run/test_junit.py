"""JUnit XML has a failure or an error wherever the exit code is not 0, beside controls that have none."""

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from symverify.cli import prove, several
from symverify.cli import run as command
from symverify.opinion import discharge
from symverify.opinion.solve import Answer, Reply

EXAMPLES = Path(__file__).parents[2] / "examples"
LARGE = {
    "format": "symverify-network/1", "layers": [3, 3, 1], "activation": "relu", "loss": "squared", "bias": False,
    "data": [{"x": [i % 7, i % 11, i % 13], "y": [i * i % 5]} for i in range(400)],
}  # fmt: skip
POINT = ["--claims", "point", "--no-smt", "--fresh"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with two networks, of which the first alone is proved."""
    shutil.copy(EXAMPLES / "four-points.json", tmp_path / "a.json")
    (tmp_path / "b.json").write_text('{"format": "symverify-network/1"')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def junit(capsys, *arguments):
    """The exit code, the suites, and the cases of each as (name, kind, message)."""
    code = command(["check", *map(str, arguments), "--format", "junit"])
    root = ElementTree.fromstring(capsys.readouterr().out)
    suites = root.findall("testsuite") if root.tag == "testsuites" else [root]
    found = []
    for suite in suites:
        cases = [(case.get("name"), *((part.tag, part.get("message")) for part in case)) for case in suite]
        kinds = [part[0] for _, *parts in cases for part in parts]
        for count, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert suite.get(count) == str(kinds.count(kind))
        assert suite.get("tests") == str(len(cases))
        found.append([(name, *parts[0]) if parts else (name, "", "") for name, *parts in cases])
    return code, found


def wrong(suites):
    return [case for cases in suites for case in cases if case[1] in ("failure", "error")]


def test_a_proof_has_neither(folder, capsys):
    assert junit(capsys, "a.json", *POINT) == (0, [[("point", "", "")]])


def test_a_skipped_claim_that_the_code_is_about_is_an_error(folder, capsys):
    (folder / "large.json").write_text(json.dumps(LARGE))
    code, (cases,) = junit(capsys, "large.json", "--no-smt")
    kinds = {name: (kind, message) for name, kind, message in cases}
    assert code == 3
    assert kinds["assumptions"] == ("", "")
    reason = "skipped: without all biases no minimum that predicts a best affine fit was found"
    assert kinds["spurious_minimum"] == ("error", f"undecided: {reason}")
    assert kinds["valley"] == ("skipped", reason)
    assert kinds["global_minimum"][0] == "skipped"
    assert len(wrong([cases])) == 1


def test_an_extra_that_is_skipped_is_no_error(folder, capsys):
    network = json.loads((folder / "a.json").read_text()) | {"bias": False}
    network["parameters"] = [{"weight": [["1"], ["0"]]}, {"weight": [["0", "0"]]}]
    (folder / "c.json").write_text(json.dumps(network))
    code, suites = junit(capsys, "c.json", "--no-smt")
    ((_, kind, _),) = [case for case in suites[0] if case[0] == "spurious_minimum"]
    assert kind == "skipped"
    assert code == {"": 0, "failure": 10, "error": 3}[next(case[1] for case in suites[0] if case[0] == "point")]


@pytest.mark.parametrize("networks", [["a.json"], ["a.json", "a2.json"]])
def test_a_contradiction_is_an_error_and_the_last_word(networks, folder, capsys, monkeypatch):
    shutil.copy("a.json", "a2.json")
    options = ["--claims", "point", "--fresh"]
    assert junit(capsys, *networks, *options)[0] == 0
    monkeypatch.setattr(discharge.Solver, "solve", lambda *_, **__: Reply(Answer.SAT, "", 0.0, None))
    code, suites = junit(capsys, *networks, *options)
    assert code == 70
    assert len(suites) == len(networks)
    for cases in suites:
        assert cases[0] == ("point", "", "")
        assert cases[1][1:] == ("error", f"contradicted: {cases[1][0]}")
        assert cases[1][0].startswith("z3 contradicts step 0 (point: ")
    assert command(["check", *networks, *options]) == 70
    lines = capsys.readouterr().out.splitlines()
    if len(networks) == 1:
        assert lines[-2].startswith("s PROVED point ")
        assert lines[-1] == f"s CONTRADICTED point {lines[-2].split()[-1]}"
    else:
        assert lines[-1] == "s CONTRADICTED networks=2: 2 contradicted"


@pytest.mark.parametrize("networks", [["b.json"], ["a.json", "b.json"], ["b.json", "a.json"]])
def test_a_file_that_cannot_be_read_is_an_error(networks, folder, capsys):
    code, suites = junit(capsys, *networks, *POINT)
    assert (code, len(suites)) == (2, len(networks))
    ((name, kind, message),) = suites[networks.index("b.json")]
    assert (name, kind) == ("run", "error")
    assert message.startswith("malformed: not JSON: ")
    assert len(wrong(suites)) == 1


@pytest.mark.parametrize("networks", [["a.json"], ["a.json", "b.json"]])
def test_what_cannot_be_asked_is_an_error_for_each(networks, folder, capsys):
    code, suites = junit(capsys, *networks, "--claims", "nonsense", "--no-smt")
    assert (code, len(wrong(suites))) == (2, len(networks))
    assert wrong(suites)[0][2].startswith("malformed: unknown claim 'nonsense'; known: ")


@pytest.mark.parametrize("form", ["junit", "json", "text"])
def test_an_interruption_leaves_no_file_out(form, folder, capsys, monkeypatch):
    asked = iter([False] * 2 + [True] * 9)  # the first file, and what is asked after it
    shutil.copy("a.json", "a2.json")
    monkeypatch.setattr(prove, "interrupted", lambda: next(asked, True))
    monkeypatch.setattr(several, "print_result", lambda *_: None)
    code = command(["check", "a.json", "a2.json", "b.json", *POINT, "--format", form])
    said = capsys.readouterr()
    assert code == 3  # the process makes it 130
    if form == "junit":
        suites = ElementTree.fromstring(said.out).findall("testsuite")
        assert [suite.get("name") for suite in suites] == [
            "symverify four points", "symverify a2.json", "symverify b.json",
        ]  # fmt: skip
        assert [error.get("message") for error in suites[0].iter("error")][-1:] == ["interrupted before its end"]
        for suite in suites[1:]:
            (error,) = suite.iter("error")
            assert error.get("message") == "undecided: not begun: the run was interrupted"
    elif form == "json":
        assert [(each["network"], each["verdict"]) for each in json.loads(said.out)][1:] == [
            ("a2.json", "undecided"), ("b.json", "undecided"),
        ]  # fmt: skip
    else:
        assert said.out.splitlines()[-1].startswith("s UNDECIDED networks=3: ")
        assert "b.json: not begun: the run was interrupted" in said.err
