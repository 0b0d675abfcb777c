"""Outputs that cannot take every character, as Windows has them, and files whose line ends git has changed there."""

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from symverify.run.verify import verify_many

ROOT = Path(__file__).parents[2]
PROOF = ROOT / "proofs" / "four-points"
PAIR = [str(PROOF / "network.symcert.json"), str(PROOF / "network.json")]
COMMAND = "import sys; from symverify.cli import main; main()"


def said(encoding, *arguments, code=COMMAND, **environment):
    """The output of a command under an encoding of the standard streams, as bytes."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, check=False,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": encoding} | environment,
    )  # fmt: skip
    assert done.stderr == b""
    assert done.returncode == 0
    return done.stdout


def test_a_proof_is_told_in_signs_that_the_output_has():
    whole = said("utf-8", "explain", *PAIR).decode()
    assert "θ" in whole
    for encoding in ("cp1252", "cp437", "ascii"):
        told = said(encoding, "explain", *PAIR).decode(encoding)
        assert "theta" in told
        assert "\\u" not in told
        assert len(told.splitlines()) == len(whole.splitlines())


def test_a_page_is_the_same_in_any_encoding(tmp_path):
    pages = [said(encoding, "explain", *PAIR, "--html") for encoding in ("cp1252", "utf-8")]
    assert pages[0] == pages[1]
    assert pages[0].isascii()
    assert b"&#952;" in pages[0]


def test_junit_is_the_same_in_any_encoding(tmp_path):
    network = PROOF / "network.json"
    options = ["check", str(network), "--format", "junit", "-o", str(tmp_path / "a.symcert.json"), "--no-smt"]
    found = said("cp1252", *options)
    assert found.isascii()
    assert ElementTree.fromstring(found).get("failures") == "0"


def test_the_action_prints_names_that_the_output_lacks(tmp_path):
    folder = tmp_path / "нейрон"
    folder.mkdir()
    for path in PAIR:
        (folder / Path(path).name).write_bytes(Path(path).read_bytes())
    code = "import sys; from symverify.cli.action import main; sys.exit(main())"
    assert b"s PROVED" in said("cp1252", code=code, SYMVERIFY_PATHS=str(folder))


@pytest.mark.parametrize("with_table", [False, True])
def test_line_ends_that_git_has_changed_are_named(with_table, tmp_path):
    network = (PROOF / "network.json").read_bytes()
    if with_table:
        (tmp_path / "t.csv").write_bytes(b"u,v\n0,0\n1,0\n2,0\n3,1\n")
        data = b'{"csv": "t.csv", "inputs": ["u"], "targets": ["v"]}'
        network = b'{"format": "symverify-network/1", "layers": [1, 2, 1], "activation": "relu", "loss": "squared",\n'
        network += b'"data": ' + data + b"}\n"
    (tmp_path / "network.json").write_bytes(network)
    certificate = tmp_path / "network.symcert.json"
    arguments = ["check", str(tmp_path / "network.json"), "--no-smt", "--claims", "spurious_minimum"]
    said("utf-8", *arguments, "--fresh")
    assert verify_many([tmp_path])[0].code == 0  # the control
    changed = tmp_path / ("t.csv" if with_table else "network.json")
    changed.write_bytes(changed.read_bytes().replace(b"\n", b"\r\n"))
    for paths in ([tmp_path], [certificate, tmp_path / "network.json"]):
        (result,) = verify_many(paths)
        assert result.code in (2, 11)
        assert "network.json, or of its data, are not those that the certificate is about: git has" in result.reason
    changed.write_bytes(changed.read_bytes().replace(b"3", b"4"))
    assert "git has" not in verify_many([tmp_path])[0].reason


def test_this_repository_keeps_its_bytes():
    assert "* -text\n" in (ROOT / ".gitattributes").read_text()


def test_a_forged_certificate_is_not_blamed_on_line_ends(tmp_path):
    forged = tmp_path / "forged.symcert.json"
    forged.write_text(Path(PAIR[0]).read_text().replace('"risk": "3/20"', '"risk": "1/20"'))
    (result,) = verify_many([forged, Path(PAIR[1])])
    assert (result.code, result.reason) == (11, "claims[1].risk: claimed '1/20', proved '3/20'")
