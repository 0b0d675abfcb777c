"""What a command writes does not go over a proof or a problem that is there."""

import json
import os
import shutil
from pathlib import Path

import pytest

from symverify.cli import run as command

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a network and a proof, in which the commands run."""
    shutil.copy(ROOT / "examples" / "four-points.json", tmp_path / "a.json")
    for name in ("network.json", "network.symcert.json"):
        shutil.copy(ROOT / "proofs" / "four-points" / name, tmp_path / name.replace("network", "proof"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("there", ["a.json", "proof.symcert.json"])
@pytest.mark.parametrize(
    "words",
    [
        ["explain", "proof.symcert.json", "proof.json", "--html", "-o"],
        ["plot", "proof.symcert.json", "proof.json", "-o"],
        ["cells", "proof.json", "--format", "json", "-o"],
        ["kernel", "-o"],
        ["verify", "proof.symcert.json", "proof.json", "--summary"],
        ["check", "proof.json", "--no-smt", "--claims", "cells", "-o", "new.symcert.json", "--log"],
    ],
    ids=lambda words: words[0],
)
def test_no_report_goes_over_a_network_file_or_a_certificate(folder, capsys, words, there):
    shutil.copy(folder / there, folder / f"kept.{there}")
    before = (folder / there).read_bytes()
    assert command([*words, f"kept.{there}"]) == 2
    assert "is a network file or a certificate; choose another place" in capsys.readouterr().err
    assert (folder / f"kept.{there}").read_bytes() == before
    (folder / f"kept.{there}").write_text("<html>an old page</html>")
    assert command([*words, f"kept.{there}"]) in (
        (0, 2) if words[0] == "plot" else (0,)
    )  # of what is no picture's name


@pytest.mark.parametrize("given", [False, True])
def test_no_report_goes_over_the_data(folder, capsys, given):
    """Beside the network file, or where --data says."""
    table = folder / "far.csv" if given else folder / "t.csv"
    table.write_text("x,y\n0,0\n1,0\n2,1\n")
    document = {"format": "symverify-network/1", "layers": [1, 1, 1], "activation": "relu", "loss": "squared",
                "data": {"csv": "t.csv", "inputs": ["x"], "targets": ["y"]}}  # fmt: skip
    (folder / "n.json").write_text(json.dumps(document))
    named = ["--data", "far.csv"] if given else []
    assert command(["check", "n.json", "--no-smt", "--claims", "assumptions", *named]) == 0
    shutil.copy(table, folder / "p.svg")  # by a link the data has a picture's name
    table.unlink()
    table.symlink_to("p.svg")
    before = table.read_bytes()
    for words in (["explain", "n.symcert.json", "n.json", "-o"], ["plot", "n.symcert.json", "n.json", "-o"],
                  ["cells", "n.json", "-o"], ["regions", "n.json", "-o"],
                  ["check", "n.json", "--no-smt", "--claims", "assumptions", "--log"],
                  ["check", "n.json", "--no-smt", "--claims", "assumptions", "--fresh", "-o"]):  # fmt: skip
        capsys.readouterr()
        assert command([*words, "p.svg", *named]) == 2
        assert "choose another place with" in capsys.readouterr().err
        assert table.read_bytes() == before
    if given:
        assert command(["verify", "n.symcert.json", "n.json", *named, "--summary", "p.svg"]) == 2
        assert "'p.svg' is what is read here; choose another place with --summary" in capsys.readouterr().err
        assert table.read_bytes() == before


def test_find_replaces_what_is_there_only_when_told(folder, capsys):
    words = ["find", "--claim", "no_exchange", "--inputs", "0,1,2,3", "--integers", "-o"]
    for name in ("a.json", "proof.json", "mine.json"):
        (folder / "mine.symcert.json").write_text("mine")
        assert command([*words, name]) == 2
        assert "exists; choose another place with -o, or replace it with --force" in capsys.readouterr().err
    assert (folder / "mine.symcert.json").read_text() == "mine"
    assert not (folder / "mine.json").exists()
    assert command([*words, "mine.json", "--force"]) == 0
    assert command(["verify", "mine.symcert.json", "mine.json"]) == 0


def test_a_snapped_point_has_a_certificate_of_its_own(folder, capsys):
    pytest.importorskip("safetensors")
    train = ROOT / "examples" / "train"
    assert (
        command(["import", str(train / "model.safetensors"), "--data", str(train / "train.csv"), "-o", "t.json"]) == 0
    )
    for options in (["--snap"], [], ["--snap"]):
        assert command(["check", "t.json", "--no-smt", "--claims", "assumptions", *options]) == 0
    assert {"t.json", "t.snapped.json", "t.symcert.json", "t.snapped.symcert.json"} <= set(os.listdir(folder))
    assert command(["verify", "t.symcert.json", "t.snapped.symcert.json"]) == 0
    (folder / "t.snapped.json").write_text("{}")
    capsys.readouterr()
    assert command(["check", "t.json", "--no-smt", "--claims", "assumptions", "--snap"]) == 2
    assert "'t.snapped.json' exists, and is another file; choose another place" in capsys.readouterr().err
    assert command(["check", "t.json", "--no-smt", "--claims", "assumptions", "--snap", "--fresh"]) == 0
