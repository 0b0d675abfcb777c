"""The certificates in proofs/ are accepted, by the bare kernel too, and are what the tool writes today."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import symverify
from symverify.certify.emitters import CLAIMS
from symverify.kernel.__main__ import verify

PROOFS = Path(__file__).parents[2] / "proofs"
FOLDERS = sorted(path.parent for path in PROOFS.glob("*/network.json"))


def test_there_are_proofs():
    assert len(FOLDERS) >= 10


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_kernel_accepts_it(folder):
    code, lines = verify(folder / "network.json", folder / "network.symcert.json")
    claims = json.loads((folder / "network.symcert.json").read_text())["claims"]
    refuted = any(claim["verdict"] == "refuted" for claim in claims)
    assert code == (10 if refuted else 0), lines
    assert len([line for line in lines if line.startswith("s ")]) == len(claims)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_it_is_made_again_byte_for_byte(folder):
    stated = json.loads((folder / "network.symcert.json").read_text())["claims"]
    names = list(dict.fromkeys(claim["claim"] for claim in stated if claim["claim"] in CLAIMS))
    cell = next((claim["cell"] for claim in stated if "cell" in claim), None)
    loaded = symverify.load(folder / "network.json")
    result = symverify.check(loaded, names, cell=cell, smt=False, timeout=600)  # also on a machine that is busy
    assert result.certificate == (folder / "network.symcert.json").read_bytes()


def test_bytes_do_not_depend_on_the_hash_seed(tmp_path):
    script = (
        "import sys, symverify; "
        "sys.stdout.buffer.write(symverify.check(symverify.load(sys.argv[1]), smt=False).certificate)"
    )
    network = PROOFS / "three-corners" / "network.json"
    made = {
        subprocess.run(
            [sys.executable, "-c", script, str(network)],
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            capture_output=True,
            check=True,
            cwd=PROOFS.parent,
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert made == {(PROOFS / "three-corners" / "network.symcert.json").read_bytes()}


def test_the_example_is_made_again_byte_for_byte():
    network = PROOFS.parent / "examples" / "four-points.json"
    result = symverify.check(symverify.load(network), smt=False)
    assert result.certificate == network.with_suffix(".symcert.json").read_bytes()
