"""The kernel as one file: the same bytes anywhere, the standard library alone, the folder's verdicts."""

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from symverify.cli import run as command
from symverify.kernel.__main__ import sources, verify
from symverify.run.packed import packed

ROOT = Path(__file__).parents[2]
PROOFS = sorted((ROOT / "proofs").glob("*/*.symcert.json"))


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    """The file, in a folder of its own."""
    path = tmp_path_factory.mktemp("kernel") / "symverify-kernel.pyz"
    assert command(["kernel", "-o", str(path)]) == 0
    return path


def alone(kernel, *arguments):
    """What Python makes of the file, isolated and without site packages."""
    return subprocess.run(
        [sys.executable, "-I", "-S", str(kernel), *map(str, arguments)], cwd=kernel.parent, capture_output=True,
        text=True, check=False,
    )  # fmt: skip


EVERY = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from symverify.kernel.__main__ import verify
for name in sys.argv[2:]:
    code, lines = verify(Path(name).with_name("network.json"), Path(name))
    print(name, code, *lines, sep="\\n")
"""


def test_it_verifies_the_proofs(kernel):
    """All of them by what is inside, in one isolated process that finds nothing else, and two by the file itself."""
    command = [sys.executable, "-I", "-S", "-c", EVERY, str(kernel), *map(str, PROOFS)]
    done = subprocess.run(command, cwd=kernel.parent, capture_output=True, text=True, check=True)
    expected = list[str]()
    for certificate in PROOFS:
        code, lines = verify(certificate.with_name("network.json"), certificate)
        assert code in (0, 10)
        expected += [str(certificate), str(code), *lines]
    assert (done.stdout.splitlines(), done.stderr) == (expected, "")


@pytest.mark.parametrize(("name", "code"), [("four-points", 0), ("dead-unit", 10)])
def test_the_file_prints_and_ends_as_the_folder_does(name, code, kernel):
    certificate = ROOT / "proofs" / name / "network.symcert.json"
    network = certificate.with_name("network.json")
    done = alone(kernel, network, certificate)
    first, *rest = done.stdout.splitlines()
    assert (done.returncode, (done.returncode, rest), done.stderr) == (code, verify(network, certificate), "")
    assert first.endswith(f", sources {sources()}")


def test_it_rejects_what_is_forged(kernel, tmp_path):
    shutil.copy(ROOT / "proofs" / "four-points" / "network.json", tmp_path)
    good = (ROOT / "proofs" / "four-points" / "network.symcert.json").read_text()
    (tmp_path / "forged").write_text(good.replace('"risk": "3/20"', '"risk": "1/20"', 1))
    done = alone(kernel, tmp_path / "network.json", tmp_path / "forged")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (11, "s REJECTED")


def test_its_bytes_are_always_the_same(kernel, tmp_path, monkeypatch):
    os.umask(os.umask(0o077))
    assert packed() == kernel.read_bytes()
    elsewhere = (
        "import sys, hashlib; from symverify.run.packed import packed\nprint(hashlib.sha256(packed()).hexdigest())"
    )
    copied = shutil.copytree(ROOT / "symverify", tmp_path / "symverify", ignore=shutil.ignore_patterns("__pycache__"))
    for path in copied.rglob("*"):
        os.utime(path, (10**9, 10**9))
    environment = {"PYTHONPATH": str(tmp_path), "PYTHONHASHSEED": "1", "TZ": "Asia/Tokyo", "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, "-c", elsewhere], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == hashlib.sha256(packed()).hexdigest()


def test_only_the_kernel_is_inside(kernel):
    names = zipfile.ZipFile(kernel).namelist()
    assert names == sorted(names)
    assert {name for name in names if not name.startswith("symverify/kernel/")} == {
        "__main__.py",
        "symverify/__init__.py",
    }
    here = {path.relative_to(ROOT).as_posix() for path in (ROOT / "symverify" / "kernel").rglob("*.py")}
    assert here <= set(names)


def test_it_says_what_it_wrote(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert command(["kernel"]) == 0
    made = (tmp_path / "symverify-kernel.pyz").read_bytes()
    assert hashlib.sha256(made).hexdigest() in capsys.readouterr().out
    assert command(["kernel", "-o", str(tmp_path / "no" / "k.pyz")]) == 2
